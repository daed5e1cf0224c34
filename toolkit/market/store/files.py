"""Files that are whole or not there, whenever the process or the machine stops; and their hashes."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

from toolkit.core.errors import SpecError
from toolkit.core.messages import message

VALIDATORS = ".http.json"
"""File of the store with `ETag` and `Last-Modified` of what was fetched, by source: of no commit."""
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


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A draft beside a file, which takes its name at the end; it is removed where that is not reached.

    Raises:
        SpecError: when the system does not take it; nothing is left behind.
    """
    draft = None
    try:
        descriptor, name = tempfile.mkstemp(prefix=DRAFT, suffix=path.suffix, dir=path.parent)
        os.close(descriptor)
        draft = Path(name)
        yield draft
        flush(draft)
        draft.chmod(0o644)
        draft.replace(path)
        draft = None
        flush(path.parent)
    except OSError as error:
        raise unwritable(path.parent, error) from error
    finally:
        if draft is not None:
            draft.unlink(missing_ok=True)


def write_whole(path: Path, content: bytes) -> None:
    """Write a file under another name, flush it to the disk, and give it its name; raises as `replacing`."""
    with replacing(path) as draft:
        draft.write_bytes(content)


def make_folder(folder: Path) -> None:
    """Make a folder where there is none; raises as `replacing`."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(folder, error) from error


def flush(path: Path) -> None:
    """Flush a file, or the names in a folder where the system has that, to the disk."""
    if os.name == "nt" and path.is_dir():
        return
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def unwritable(place: Path, error: Exception) -> SpecError:
    """The error of a place that cannot be written."""
    hint = message("Check space and access, or name another store with --data. What was there before is as it was.")
    reason = getattr(error, "strerror", None) or error
    return SpecError("cannot write to {place}: {error:s}.", hint=hint, place=place, error=reason)
