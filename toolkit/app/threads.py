"""Linear algebra on one thread, since the number of threads moves last bits, and last bits move whole lots; and its memory."""

from __future__ import annotations

import os
import sys
from contextlib import ContextDecorator, ExitStack
from functools import cache, lru_cache
from threading import Lock
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController

ONE_BLAS_THREAD = {f"{name}_THREADS": "1" for name in ("OMP_NUM", "OPENBLAS_NUM", "MKL_NUM", "VECLIB_MAXIMUM")}
"""Environment of a library of linear algebra that is loaded while it holds, and of processes that are started."""
LARGEST_KEPT = 32 * 2**20 - 2**16
"""Bytes of the largest block from which the limits of glibc are learned."""


class one_thread(ContextDecorator):  # noqa: N801  # a context and a decorator, as those of contextlib
    """One thread of every BLAS of the process, those that are loaded within among them.

    The limit is one of the process: of several threads within, the last to leave gives back what the first one found.
    """

    _lock: ClassVar[Lock] = Lock()
    _entered: ClassVar[int] = 0
    _before: ClassVar[ExitStack] = ExitStack()

    def __enter__(self) -> None:
        with self._lock:
            if not one_thread._entered:
                one_thread._before = _limited()
            one_thread._entered += 1

    def __exit__(self, *error: object) -> None:
        with self._lock:
            one_thread._entered -= 1
            if not one_thread._entered:
                one_thread._before.close()


def _limited() -> ExitStack:
    """What gives back the threads of the libraries that are loaded, and the environment of those that are not yet."""
    stack = ExitStack()
    for name in ONE_BLAS_THREAD:
        if (before := os.environ.get(name)) is None:
            stack.callback(os.environ.pop, name, None)
        else:
            stack.callback(os.environ.__setitem__, name, before)
    os.environ.update(ONE_BLAS_THREAD)
    if "numpy" in sys.modules:  # before it none is loaded: the command that prints its help does not pay
        _keep_memory()
        stack.enter_context(_libraries(len(sys.modules)).limit(limits=1, user_api="blas"))
    return stack


@cache
def _keep_memory() -> None:
    """Let glibc keep up to 64 MB that arrays gave back, once in a process.

    Its limits follow the largest block below 32 MB that was freed (mallopt(3), `M_MMAP_THRESHOLD`): it is shown one, which is
    never written to. Without that every array of a megabyte is fetched from the system page by page, again and again.
    Another libc, or limits in the environment (``MALLOC_TRIM_THRESHOLD_``, as a nanny of Dask sets), make it do nothing.
    """
    import numpy as np  # noqa: PLC0415  # it is loaded

    np.empty(LARGEST_KEPT, dtype=np.uint8)


@lru_cache(maxsize=1)
def _libraries(modules: int) -> ThreadpoolController:  # noqa: ARG001  # none is loaded without one more module
    """The libraries that are loaded with so many modules: to look for them takes as long as a small solution."""
    from threadpoolctl import ThreadpoolController  # noqa: PLC0415

    return ThreadpoolController()
