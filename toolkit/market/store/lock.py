"""One writer at a time: a lock of the operating system, which ends with the process that holds it."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from toolkit.core.errors import SpecError
from toolkit.core.messages import message
from toolkit.market.store.files import unwritable

LOCK = "writer.lock"
WAIT = 60.0
"""Seconds that a writer waits for another."""
AGAIN = 0.05
"""Seconds between two attempts."""

if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        # A byte behind the number can be locked, while others read the number.
        os.lseek(descriptor, 1024, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        os.lseek(descriptor, 0, os.SEEK_SET)
else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


@contextmanager
def writing(folder: Path, wait: float = WAIT) -> Iterator[None]:
    """Hold the lock of a store; a process that was killed holds none.

    Raises:
        SpecError: when another process holds it for longer than `wait` seconds, with its number; and for a folder that cannot
            be written.
    """
    path = folder / LOCK
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise unwritable(folder, error) from error
    try:
        until = time.monotonic() + wait
        while True:
            try:
                _lock(descriptor)
                break
            except OSError:
                if time.monotonic() >= until:
                    raise _busy(folder, descriptor) from None
                time.sleep(AGAIN)
        with contextlib.suppress(OSError):  # a full disk takes no number; the lock holds without it
            os.ftruncate(descriptor, 0)
            os.write(descriptor, f"{os.getpid()}\n".encode())
        try:
            yield
        finally:
            os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


def _busy(folder: Path, descriptor: int) -> SpecError:
    """The error of a store that somebody else is writing."""
    os.lseek(descriptor, 0, os.SEEK_SET)
    owner = os.read(descriptor, 32).decode("ascii", "replace").strip()
    by = message("process {owner:s}", owner=owner) if owner else message("another process")
    details = {"pid": int(owner)} if owner.isdecimal() else {}
    return SpecError(
        "{by} is writing to {folder:s}.", hint="Wait until it ends, or end it.", details=details, by=by, folder=str(folder)
    )
