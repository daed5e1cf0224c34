"""Compaction of a store: small data files are merged.

No row changes and no version is lost: the files that were merged stay for the versions that name them.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from toolkit.market.store.commit import (
    ROWS_OF_A_FILE,
    LogPart,
    check_data_file,
    commit,
    take_back,
    write_data_file,
)
from toolkit.market.store.lock import writing
from toolkit.market.store.log import DataFile, Head, files_of, read_log
from toolkit.market.store.store import Store
from toolkit.market.tables import STORE_TABLES, Table
from toolkit.records.store import CompactedTable

SMALL = ROWS_OF_A_FILE // 2
"""Rows below which a file is merged with others."""


def compact(root: Path) -> tuple[CompactedTable, ...]:
    """Merge small data files of every table of the store in a folder.

    Raises:
        DataError: for a store that is damaged.
        SpecError: when it cannot be written. The store is as it was.
    """
    done = []
    with writing(root):
        head = Head.read(root)
        take_back(root, head, STORE_TABLES)
        _remove_uncommitted(Store(root, head))
        for name in sorted(head.tables):
            table, entries = Table.of(name), read_log(root / name, *head.tables[name])
            before = files_of(entries)
            small = [file for file in before if file.rows < SMALL]
            if len(small) > 1:
                merged = [write_data_file(rows, table, root / name) for rows in _merged(root / name, small)]
                newest = max(entry.fetched_at for entry in entries)
                about = {"source": "compact", "fetched_at": newest.isoformat(), "rows": 0, "revised": 0, "unchanged": 0}
                kept = {file.name for file in merged}
                removed = [file for file in small if file.name not in kept]
                head = commit(root, head, [LogPart(table, merged, about, removed)])
            after = files_of(read_log(root / name, *head.tables[name]))
            version = head.tables[name][0]
            done.append(CompactedTable(table=name, version=version, files_before=len(before), files_after=len(after)))
    return tuple(done)


def _merged(folder: Path, files: list[DataFile]) -> Iterator[pl.DataFrame]:
    """The rows of files, about `ROWS_OF_A_FILE` at a time."""
    group: list[DataFile] = []
    for file in files:
        group.append(file)
        if sum(one.rows for one in group) >= ROWS_OF_A_FILE:
            yield pl.read_parquet([check_data_file(folder, one) for one in group])
            group = []
    if group:
        yield pl.read_parquet([check_data_file(folder, one) for one in group])


def _remove_uncommitted(store: Store) -> None:
    """Remove data files that no commit names: their writer was killed before its commit."""
    for table in store.versions:
        folder = store.path / table
        named = {file.name for entry in store.history(table) for file in entry.added}
        for path in folder.glob("*.parquet"):
            if path.name not in named:
                path.unlink()
