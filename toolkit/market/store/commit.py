"""Commits to the Delta table of a table: data files first, then the log by deltalake, and `store.json` last."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from toolkit.core.errors import DataError
from toolkit.core.messages import message
from toolkit.market.store.files import DRAFT, file_sha256, flush, sha256, unwritable, write_whole
from toolkit.market.store.log import KEY, LOG, DataFile, Entry, Head, actions_digest, damaged, entry_path, read_entry
from toolkit.market.tables import Table

ROWS_OF_A_FILE = 500_000
"""Rows of a data file, and of the part of an import that is checked and sorted in memory at a time."""
ROWS_OF_A_GROUP = 32_768
"""Rows of a Parquet row group, the least that is read: about six series of twenty years of days."""


@dataclass(frozen=True, slots=True)
class Part:
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


def write_data_file(rows: pl.DataFrame, table: Table, folder: Path) -> DataFile:
    """Write rows, sorted by series and date, as a file that is named by its hash.

    Args:
        rows: With the columns and types of the table.
        table: Their table.
        folder: Of the table in the store.
    """
    buffer = io.BytesIO()
    rows.sort(table.order, nulls_last=False).write_parquet(buffer, row_group_size=ROWS_OF_A_GROUP, statistics=True)
    content = buffer.getvalue()
    lead = rows[table.series[0]]
    file = DataFile(sha256(content), len(content), rows.height, str(lead.min()), str(lead.max()))
    write_whole(folder / file.name, content)
    return file


def commit(root: Path, head: Head, parts: Sequence[Part]) -> Head:
    """Commit data files to the logs of tables, and then all of them at once by a new head, which is returned.

    Args:
        root: Folder of the store.
        head: What is committed.
        parts: What is added to each table.

    Raises:
        SpecError: when a log or the head cannot be written.
    """
    for part in parts:
        entry = _log(root, head, part)
        head = replace(head, tables={**head.tables, part.table.name: (entry.version, entry.sha256)})
    if parts:
        head.write(root)
    return head


def _log(root: Path, head: Head, part: Part) -> Entry:
    """Write the entry of a table into its log."""
    from deltalake import CommitProperties, DeltaTable, Schema  # noqa: PLC0415  # an extra, and 0.1 s
    from deltalake.transaction import (  # noqa: PLC0415
        AddAction,
        PostCommitHookProperties,
        RemoveAction,
        create_table_with_add_actions,
    )

    table, folder = part.table, root / part.table.name
    version, previous = head.tables.get(table.name, (-1, ""))
    lead = table.series[0]
    adds = [AddAction(one.name, one.size, {}, 0, not part.removed, _stats(one, lead)) for one in part.files]
    told = {
        **part.about,
        "previous": previous,
        "actions": actions_digest([{"path": one.path, "size": one.size, "stats": one.stats} for one in adds]),
    }
    properties = CommitProperties(custom_metadata={KEY: told}, max_commit_retries=0)
    no_hook = PostCommitHookProperties(create_checkpoint=False, cleanup_expired_logs=False)
    schema = Schema.from_arrow(pl.Schema(table.dtypes))
    with delta_writing(folder / LOG):
        if version < 0:
            create_table_with_add_actions(
                str(folder), schema, adds, mode="error", name=table.name, configuration={"delta.appendOnly": "true"},
                commit_properties=properties, post_commithook_properties=no_hook,
            )  # fmt: skip
        else:
            now = int(datetime.fromisoformat(part.about["fetched_at"]).timestamp() * 1000)
            gone = [RemoveAction(one.name, data_change=False, deletion_timestamp=now, size=one.size) for one in part.removed]
            DeltaTable(str(folder)).create_write_transaction(
                [*adds, *gone], "append", schema, commit_properties=properties, post_commithook_properties=no_hook
            )
    path = entry_path(folder, version + 1)
    flush(path)
    flush(path.parent)
    return read_entry(folder, version + 1)


@contextlib.contextmanager
def delta_writing(log: Path) -> Iterator[None]:
    """What the system or deltalake refuses while a log is written, as the error of a place that cannot be written."""
    from deltalake.exceptions import DeltaError  # noqa: PLC0415

    try:
        yield
    except (OSError, DeltaError) as error:
        raise unwritable(log, error) from error


def _stats(file: DataFile, lead: str) -> str:
    ends = {"minValues": {lead: file.low}, "maxValues": {lead: file.high}}
    return json.dumps({"numRecords": file.rows, **ends, "nullCount": {lead: 0}})


def take_back(root: Path, head: Head, tables: Iterable[str]) -> None:
    """Remove what a writer left that was killed or interrupted before its head was written: the append, drafts and checkpoints.

    No reader of the store has seen any of it, and its user was told that nothing was added. Called by who holds the lock.

    Args:
        root: Folder of the store.
        head: What is committed.
        tables: Names of tables that the store may have.

    Raises:
        DataError: for a log with more commits than one writer leaves, and for a damaged checkpoint.
    """
    sweep(root)
    for table in tables:
        folder = root / table
        if not folder.is_dir():
            continue
        sweep(folder)
        sweep(folder / LOG, "_commit_")
        _check_checkpoints(folder / LOG, head.checkpoints.get(table, {}))
        version, _ = head.tables.get(table, (-1, ""))
        further = entry_path(folder, version + 2)
        if further.exists():
            raise damaged(further, "does not follow the commit before it")
        entry_path(folder, version + 1).unlink(missing_ok=True)


def is_checkpoint(path: Path) -> bool:
    """Whether a file of a log is a checkpoint, or names the last one."""
    return path.name == "_last_checkpoint" or ".checkpoint." in path.name


def _check_checkpoints(log: Path, digests: Mapping[str, str]) -> None:
    """Remove checkpoints that no head names, and refuse the store where one that it names is damaged: deltalake reads it."""
    for path in filter(is_checkpoint, log.iterdir() if log.is_dir() else ()):
        if path.name not in digests:
            path.unlink()
        elif file_sha256(path) != digests[path.name]:
            hint = message("`toolkit data compact` writes it again.")
            raise DataError("{path:s} is damaged: its SHA-256 is not the one that was committed.", hint=hint, path=str(path))


def sweep(folder: Path, beginning: str = DRAFT) -> None:
    """Remove drafts of a writer that was killed."""
    for draft in folder.glob(f"{beginning}*") if folder.is_dir() else ():
        with contextlib.suppress(OSError):
            draft.unlink()


def check_data_file(folder: Path, file: DataFile) -> Path:
    """The path of a data file whose bytes have the hash that is its name.

    Raises:
        DataError: when it is missing or they have not.
    """
    path = folder / file.name
    try:
        found = file_sha256(path)
    except OSError as error:
        raise damaged(path, f"cannot be read: {error.strerror}") from error
    if found != file.sha256:
        raise damaged(path, "is damaged: its SHA-256 is not its name")
    return path
