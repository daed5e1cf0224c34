"""Linear algebra on one thread: the number of threads moves last bits, and last bits move whole lots."""

from __future__ import annotations

import os
import sys
from contextlib import ContextDecorator, ExitStack
from threading import Lock
from typing import ClassVar

ONE_BLAS_THREAD = {f"{name}_THREADS": "1" for name in ("OMP_NUM", "OPENBLAS_NUM", "MKL_NUM", "VECLIB_MAXIMUM")}
"""Environment of a library of linear algebra that is loaded while it holds, and of processes that are started."""


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
        from threadpoolctl import threadpool_limits  # noqa: PLC0415

        stack.enter_context(threadpool_limits(1, user_api="blas"))
    return stack
