"""Files that are whole or not there, whenever the process or the machine stops; and their hashes."""

from __future__ import annotations

import hashlib
import os
import tempfile
from functools import lru_cache
from pathlib import Path

from toolkit.core.errors import SpecError

DRAFT = ".draft-"
"""Beginning of the names of files that are being written."""


def sha256(content: bytes) -> str:
    """SHA-256 in hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def file_sha256(path: Path) -> str:
    """SHA-256 of a file; what this process has read stays known while path, size, inode and time of change are the same.

    A flaw of the disk that leaves those alone is found by the next process, and by `verify`, which reads everything.
    """
    state = path.stat()
    return _digest(str(path), state.st_size, state.st_ino, state.st_mtime_ns, state.st_ctime_ns)


@lru_cache(maxsize=65_536)
def _digest(path: str, *_state: int) -> str:
    with open(path, "rb") as file:  # noqa: PTH123  # a cached function keeps texts, not paths
        return hashlib.file_digest(file, "sha256").hexdigest()


def forget_digests() -> None:
    """Read every file again."""
    _digest.cache_clear()


def write_whole(path: Path, content: bytes) -> None:
    """Write a file under another name, flush it to the disk, and give it its name.

    Raises:
        SpecError: when the system does not take it; nothing is left behind.
    """
    draft = None
    try:
        descriptor, draft = tempfile.mkstemp(prefix=DRAFT, dir=path.parent)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(draft).chmod(0o644)
        Path(draft).replace(path)
        draft = None
        flush_folder(path.parent)
    except OSError as error:
        raise unwritable(path.parent, error) from error
    finally:
        if draft is not None:
            Path(draft).unlink(missing_ok=True)


def flush_file(path: Path) -> None:
    """Flush a file that somebody else wrote to the disk."""
    descriptor = os.open(path, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def flush_folder(folder: Path) -> None:
    """Flush the names in a folder to the disk, where the system has that."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def unwritable(place: Path, error: OSError) -> SpecError:
    """The error of a place that cannot be written."""
    hint = "Check space and access, or name another store with --data. What was there before is as it was."
    return SpecError(f"cannot write to {place}: {error.strerror or error}.", hint=hint)
