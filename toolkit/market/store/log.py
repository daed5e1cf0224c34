"""The log of a store, which is that of Delta: every byte that is read is held against a hash first.

`store.json` names the last commit of each table with the SHA-256 of its file in `_delta_log`; that file names the SHA-256 of
the one before it, and so on to the first; an entry names data files by their SHA-256. What is not reached from `store.json`
is not committed. The files are actions of the Delta protocol (reader 1, writer 2; github.com/delta-io/delta, PROTOCOL.md),
so polars, Spark and DuckDB read the tables.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from toolkit.core.errors import DataError
from toolkit.core.messages import message
from toolkit.market.store.files import make_folder, sha256, write_whole
from toolkit.market.tables import Table

HEAD = "store.json"
LOG = "_delta_log"
FORMAT = 1
KEY = "toolkit"
"""Key of our own facts in `commitInfo` of a Delta commit."""
DELTA_TYPES: Mapping[type[pl.DataType], str] = {
    pl.Date: "date", pl.Datetime: "timestamp", pl.String: "string", pl.Float64: "double", pl.Int64: "long",
    pl.Boolean: "boolean"
}  # fmt: skip
DAMAGED = message(
    "Run `toolkit data verify` for every damaged file, and put them back from a copy; nothing was read from this one."
)


def damaged(path: Path, what: str) -> DataError:
    """The error of a file that is not as it was written."""
    return DataError("{file:s} {what}.", hint=DAMAGED, file=str(path), what=what)


@dataclass(frozen=True, slots=True)
class DataFile:
    """A data file as its commit names it.

    Attributes:
        sha256: Hash of its bytes, which is its name, too.
        size: In bytes.
        low, high: Least and greatest value of the first column of the series.
    """

    sha256: str
    size: int
    rows: int
    low: str
    high: str

    @property
    def name(self) -> str:
        """Of the file in the folder of its table."""
        return f"{self.sha256}.parquet"


@dataclass(frozen=True, slots=True)
class LogEntry:
    """A commit of a table.

    Attributes:
        sha256: Hash of its file in the log.
        previous: Hash of the file before it; empty for the first.
        about: What the fetch said of itself: source, time, hash of addresses, rows, how many of them are revisions.
    """

    version: int
    sha256: str
    previous: str
    about: Mapping[str, Any]
    added: tuple[DataFile, ...]
    removed: tuple[str, ...]

    @property
    def fetched_at(self) -> datetime:
        """When the rows were fetched."""
        return datetime.fromisoformat(self.about["fetched_at"])


@dataclass(frozen=True, slots=True)
class LogPart:
    """What a commit adds to a table.

    Attributes:
        files: In the folder of the table.
        about: What the fetch says of itself.
        removed: Files whose rows are in `files` now.
    """

    table: Table
    files: Sequence[DataFile]
    about: Mapping[str, Any]
    removed: Sequence[DataFile] = ()


@dataclass(frozen=True, slots=True)
class Head:
    """What `store.json` says.

    Attributes:
        tables: Table -> version and SHA-256 of its last commit.
    """

    tables: Mapping[str, tuple[int, str]] = field(default_factory=dict)

    def to_bytes(self) -> bytes:
        """The only bytes in which this is written, with a hash of themselves."""
        tables = {name: {"sha256": digest, "version": version} for name, (version, digest) in self.tables.items()}
        return _hashed({"format": FORMAT, "tables": tables})

    @classmethod
    def read(cls, folder: Path) -> Head:
        """The head of a store.

        Raises:
            DataError: for a folder that is no store, and for a file that is not as it was written.
        """
        path = folder / HEAD
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            hint = message("Make one with `toolkit data fetch` or `toolkit data import`, or name another folder.")
            raise DataError("{folder:s} is no store: {head} is missing.", hint=hint, folder=str(folder), head=HEAD) from None
        except OSError as error:
            raise DataError("{file:s} cannot be read: {error:s}.", file=str(path), error=error.strerror) from error
        try:
            told = json.loads(content)
            head = cls({name: (one["version"], one["sha256"]) for name, one in told["tables"].items()})
            whole = _hashed({key: told[key] for key in told if key != "sha256"}) == content
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            whole = False
            head = cls()
        if not whole:
            raise damaged(path, "is damaged")
        return head

    def write(self, folder: Path) -> None:
        """Replace the head of a store: what it names becomes visible at once."""
        write_whole(folder / HEAD, self.to_bytes())


def _hashed(told: Mapping[str, Any]) -> bytes:
    """JSON with a hash of itself."""
    digest = sha256(json.dumps(told, sort_keys=True).encode())
    return (json.dumps({**told, "sha256": digest}, sort_keys=True, indent=1) + "\n").encode()


def entry_path(folder: Path, version: int) -> Path:
    """The file of a commit in the folder of its table."""
    return folder / LOG / f"{version:020d}.json"


def read_entry(folder: Path, version: int, digest: str | None = None) -> LogEntry:
    """A commit of a table.

    Args:
        folder: Of the table.
        version: Its number.
        digest: The SHA-256 that its file must have; None for one of which it is not known.

    Raises:
        DataError: when the file is missing, has another hash, or was not written by the toolkit.
    """
    path = entry_path(folder, version)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise damaged(path, f"cannot be read: {error.strerror}") from error
    found = sha256(content)
    if digest is not None and found != digest:
        raise damaged(path, "is damaged: its SHA-256 is not the one that was committed")
    try:
        actions = [json.loads(line) for line in content.splitlines() if line]
        told = next(one["commitInfo"][KEY] for one in actions if "commitInfo" in one)
        added = [one["add"] for one in actions if "add" in one]
        files = tuple(_data_file(one) for one in added)
        removed = tuple(one["remove"]["path"] for one in actions if "remove" in one)
        return LogEntry(version, found, told["previous"], told, files, removed)
    except (ValueError, KeyError, TypeError, StopIteration) as error:
        raise damaged(path, "was not written by the toolkit, or is damaged") from error


def write_entry(folder: Path, part: LogPart, last: tuple[int, str]) -> tuple[int, str]:
    """Write the commit after the last one of a table.

    Args:
        folder: Of the table.
        part: What is added.
        last: Version and SHA-256 of the last commit; -1 and empty where there is none.

    Returns:
        Version and SHA-256 of the new one.

    Raises:
        SpecError: when it cannot be written.
    """
    (version, previous), table, about = last, part.table, part.about
    at, lead = round(datetime.fromisoformat(about["fetched_at"]).timestamp() * 1000), table.series[0]
    told = {"timestamp": at, "operation": "WRITE" if previous else "CREATE TABLE", KEY: {**about, "previous": previous}}
    actions: list[Mapping[str, Any]] = [{"commitInfo": told}]
    if not previous:
        fields = [
            {"name": name, "type": DELTA_TYPES[type(dtype)], "nullable": True, "metadata": {}}
            for name, dtype in table.dtypes.items()
        ]
        named = {"id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{table.name} {about}")), "name": table.name, "createdTime": at}
        schema = {"schemaString": json.dumps({"type": "struct", "fields": fields}), "partitionColumns": []}
        layout = {"format": {"provider": "parquet", "options": {}}, "configuration": {"delta.appendOnly": "true"}}
        actions += [{"protocol": {"minReaderVersion": 1, "minWriterVersion": 2}}, {"metaData": {**named, **schema, **layout}}]
    for one in part.files:
        ends = {"minValues": {lead: one.low}, "maxValues": {lead: one.high}, "nullCount": {lead: 0}}
        stats = {"stats": json.dumps({"numRecords": one.rows, **ends}), "dataChange": not part.removed}
        actions.append({"add": {"path": one.name, "partitionValues": {}, "size": one.size, "modificationTime": at, **stats}})
    gone = {"dataChange": False, "deletionTimestamp": at}
    actions += [{"remove": {"path": one.name, "size": one.size, **gone}} for one in part.removed]
    content = "".join(f"{json.dumps(one)}\n" for one in actions).encode()
    path = entry_path(folder, version + 1)
    make_folder(path.parent)
    write_whole(path, content)
    return version + 1, sha256(content)


def _data_file(action: Mapping[str, Any]) -> DataFile:
    stats = json.loads(action["stats"])
    low, high = (next(iter(stats[key].values())) for key in ("minValues", "maxValues"))
    return DataFile(action["path"].removesuffix(".parquet"), action["size"], stats["numRecords"], low, high)


def read_log(folder: Path, version: int, digest: str) -> tuple[LogEntry, ...]:
    """Every commit of a table, the first one first.

    Args:
        folder: Of the table.
        version: Of its last commit.
        digest: SHA-256 of the file of its last commit.
    """
    entries = []
    for number in range(version, -1, -1):
        entry = read_entry(folder, number, digest)
        entries.append(entry)
        digest = entry.previous
    return tuple(reversed(entries))


def files_of(entries: Iterable[LogEntry]) -> tuple[DataFile, ...]:
    """Data files after the last of some commits, in the order in which they came."""
    files: dict[str, DataFile] = {}
    for entry in entries:
        files.update({file.name: file for file in entry.added})
        for name in entry.removed:
            files.pop(name, None)
    return tuple(files.values())
