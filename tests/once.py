"""Results that tests share: computed once in a session, by the worker that asks first."""

from __future__ import annotations

import fcntl
import functools
import hashlib
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

FOLDER = "TESTS_ONCE"
"""Environment variable of the folder that all workers of a session share."""


def once(make: Callable[P, T]) -> Callable[P, T]:
    """The function, called once in a session for the same arguments; each caller has a copy to change.

    Args:
        make: Deterministic; its arguments are known by their `repr`, paths of files by their names and bytes, and its results
            can be pickled.
    """

    @functools.cache
    def stored(file: Path) -> bytes:
        return file.read_bytes()

    @functools.wraps(make)
    def copied(*args: P.args, **kwargs: P.kwargs) -> T:
        given = [_identity(value) for value in (*args, *(word for pair in sorted(kwargs.items()) for word in pair))]
        question = repr((make.__module__, make.__qualname__, given))
        file = Path(os.environ[FOLDER], hashlib.sha256(question.encode()).hexdigest())
        with file.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not file.exists():
                file.write_bytes(pickle.dumps(make(*args, **kwargs)))
        return pickle.loads(stored(file))

    return copied


def _identity(value: Any) -> str:
    """What an argument is, wherever its file lies."""
    if isinstance(value, str | Path) and len(str(value)) < 300 and Path(value).is_file():
        return f"{Path(value).name} {hashlib.sha256(Path(value).read_bytes()).hexdigest()}"
    return repr(value)
