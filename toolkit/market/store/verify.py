"""Verification of a store: every byte that was committed is read and held against its hash."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from toolkit.core.errors import DataError
from toolkit.market.store.files import VALIDATORS, file_sha256, forget_digests
from toolkit.market.store.lock import LOCK
from toolkit.market.store.log import HEAD, Head, LogEntry, entry_path, read_entry
from toolkit.market.store.store import is_store
from toolkit.records.store import Damage, Verified


def verify(root: Path, as_of: date) -> Verified:
    """Read every committed file of a store on a day: data of every version, log, `store.json`.

    Raises:
        DataError: for a folder that is no store.
    """
    forget_digests()
    faults: dict[str, str] = {}
    expected: dict[Path, str] = {}
    head = Head()
    try:
        head = Head.read(root)
    except DataError as error:
        if not is_store(root):
            raise
        faults[HEAD] = error.message
    for table, (version, digest) in head.tables.items():
        folder = root / table
        for entry in _entries(folder, version, digest, faults, root):
            expected[entry_path(folder, entry.version)] = entry.sha256
            expected |= {folder / file.name: file.sha256 for file in entry.added}
    for path, digest in expected.items():
        try:
            if file_sha256(path) != digest:
                faults[_name(root, path)] = f"{path} is damaged: its SHA-256 is not the one that was committed."
        except OSError as error:
            faults[_name(root, path)] = f"{path} cannot be read: {error.strerror}."
    there = {path for path in root.rglob("*") if path.is_file() and path.name not in (LOCK, VALIDATORS)}
    left = () if faults else tuple(sorted(_name(root, path) for path in there - {*expected, root / HEAD}))
    read = there & {*expected, root / HEAD}
    versions = {table: version for table, (version, _) in sorted(head.tables.items())}
    size = sum(path.stat().st_size for path in read)
    return Verified.from_objects(
        as_of=as_of,
        store=str(root),
        versions=versions,
        files=len(read),
        bytes=size,
        damaged=[Damage(file=file, fault=fault) for file, fault in sorted(faults.items())],
        uncommitted=left,
    )


def _entries(folder: Path, version: int, digest: str, faults: dict[str, str], root: Path) -> list[LogEntry]:
    """Commits of a table from the last one on; where one is damaged, the one before it is read without knowing its hash."""
    found = []
    known: str | None = digest
    for number in range(version, -1, -1):
        try:
            entry = read_entry(folder, number, known)
        except DataError as error:
            faults[_name(root, entry_path(folder, number))] = error.message
            known = None
            continue
        found.append(entry)
        known = entry.previous
    return found


def _name(root: Path, path: Path) -> str:
    return path.relative_to(root).as_posix()
