"""Commits to the Delta table of a table: data files first, then the log, and `store.json` last."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

import polars as pl

from toolkit.market.store.files import DRAFT, file_sha256, sha256, write_whole
from toolkit.market.store.log import LOG, DataFile, Head, LogPart, damaged, entry_path, write_entry
from toolkit.market.tables import Table

ROWS_OF_A_FILE = 500_000
"""Rows of a data file, and of the part of an import that is checked and sorted in memory at a time."""
ROWS_OF_A_GROUP = 32_768
"""Rows of a Parquet row group, the least that is read: about six series of twenty years of days."""


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


def commit(root: Path, head: Head, parts: Sequence[LogPart]) -> Head:
    """Commit data files to the logs of tables, and then all of them at once by a new head, which is returned.

    Args:
        root: Folder of the store.
        head: What is committed.
        parts: What is added to each table.

    Raises:
        SpecError: when a log or the head cannot be written.
    """
    tables = dict(head.tables)
    for part in parts:
        name = part.table.name
        tables[name] = write_entry(root / name, part, tables.get(name, (-1, "")))
    head = Head(tables)
    if parts:
        head.write(root)
    return head


def take_back(root: Path, head: Head, tables: Iterable[str]) -> None:
    """Remove what a writer left that was killed or interrupted before its head was written: the append and drafts.

    No reader of the store has seen any of it, and its user was told that nothing was added. Called by who holds the lock.

    Args:
        root: Folder of the store.
        head: What is committed.
        tables: Names of tables that the store may have.

    Raises:
        DataError: for a log with more commits than one writer leaves.
    """
    sweep(root)
    for table in tables:
        folder = root / table
        if not folder.is_dir():
            continue
        sweep(folder)
        for draft in (
            DRAFT,
            "_commit_",
            "_last_checkpoint",
            "*.checkpoint.",
        ):  # all but ours by deltalake, which wrote logs before
            sweep(folder / LOG, draft)
        version, _ = head.tables.get(table, (-1, ""))
        further = entry_path(folder, version + 2)
        if further.exists():
            raise damaged(further, "does not follow the commit before it")
        entry_path(folder, version + 1).unlink(missing_ok=True)


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
