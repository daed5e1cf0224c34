"""The store: append-only tables with every vintage, read only through hashes that hold."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from toolkit.core.errors import DataError, FrameError, did_you_mean
from toolkit.core.messages import message
from toolkit.market.market import Source
from toolkit.market.store.commit import ROWS_OF_A_FILE, LogPart, check_data_file, commit, take_back, write_data_file
from toolkit.market.store.files import make_folder, sha256
from toolkit.market.store.lock import WAIT, writing
from toolkit.market.store.log import HEAD, DataFile, Head, LogEntry, files_of, read_log
from toolkit.market.store.vintages import addition, check_fixed, check_whole, last_vintages, visible
from toolkit.market.tables import FETCHED_AT, STORE_TABLES, Table

Frames = pl.DataFrame | Iterable[pl.DataFrame]


@dataclass(frozen=True, slots=True)
class Commit:
    """What an append has committed; a table without a new row keeps its version.

    Attributes:
        versions: Table -> version of its log now.
        rows: Table -> rows that were added.
        revised: Table -> how many of them are new vintages of an observation that the store had.
        unchanged: Table -> rows that the store had already.
        files: Table -> SHA-256 of the data files that were added.
    """

    versions: Mapping[str, int]
    rows: Mapping[str, int]
    revised: Mapping[str, int]
    unchanged: Mapping[str, int]
    files: Mapping[str, tuple[str, ...]]


class Store:
    """A store as it was when it was opened, or after the last append through it; what others commit is seen by `open`.

    To read takes no lock and writes nothing.
    """

    def __init__(self, path: Path, head: Head) -> None:
        self.path, self._head, self._logs = path, head, dict[str, tuple[LogEntry, ...]]()

    @classmethod
    def open(cls, path: Path | str, *, create: bool = False) -> Store:
        """The store in a folder.

        Args:
            path: The folder.
            create: Whether to make an empty store where none is.

        Raises:
            DataError: for a folder that is no store, or one whose `store.json` is damaged.
            SpecError: when a new one cannot be written.
        """
        path = Path(path).absolute()
        if create and not is_store(path):
            _create(path)
        return cls(path, Head.read(path))

    @property
    def versions(self) -> dict[str, int]:
        """Table -> version of its log."""
        return {name: version for name, (version, _) in sorted(self._head.tables.items())}

    @property
    def head(self) -> Head:
        """What `store.json` said."""
        return self._head

    def history(self, table: str) -> tuple[LogEntry, ...]:
        """Every commit of a table, the first one first; none for a table that the store does not have."""
        if table not in self._logs:
            if table not in self._head.tables:
                Table.of(table)
                return ()
            self._logs[table] = read_log(self.path / table, *self._head.tables[table])
        return self._logs[table]

    def sources(self) -> dict[str, Source]:
        """The sources of its rows by id, as the last commit of each describes them."""
        found = {}
        for name in self.versions:
            for entry in self.history(name):
                for one in entry.about.get("sources", ()):
                    day = one["complete_to"]
                    found[one["id"]] = Source(**{**one, "complete_to": date.fromisoformat(day) if day else None})
        return found

    def scan(
        self,
        table: str,
        as_of: date | None = None,
        version: int | None = None,
        *,
        series: Sequence[str] | None = None,
    ) -> pl.LazyFrame:
        """Rows of a table. The data files that can hold them are hashed first; of those, polars reads what the query asks for.

        Args:
            table: Its name.
            as_of: The last vintage of each observation as known on this day; every vintage when None.
            version: Version to read; the last one when None.
            series: Values of the first column of the series (the asset; of exchange rates the base currency); all when None.

        Raises:
            DataError: for a table that has no contract, a version that is not there, or a damaged file.
        """
        described = Table.of(table)
        entries = self._until(table, version)
        lead = described.series[0]
        asked = None if series is None else sorted({*series})
        rows = self._rows(described, [file for file in files_of(entries) if _may_hold(file, asked)])
        if asked is not None:
            rows = rows.filter(pl.col(lead).is_in(asked))
        if as_of is None:
            return rows
        rows = rows.filter(visible(described, as_of))
        return last_vintages(rows, described) if any(entry.about["revised"] for entry in entries) else rows

    def last(self, table: str, source: str) -> dict[str, date]:
        """Series -> date of its last observation from a source; `/` stands between the columns of a series."""
        described = Table.of(table)
        if described.reference is None:
            raise DataError("table {table!r:s} has no dates of observations.", table=table)
        of_source = self.scan(table).filter(pl.col("source") == source)
        name = pl.concat_str(described.series, separator="/").alias("series")
        newest = of_source.group_by(described.series).agg(pl.col(described.reference).max().alias("last"))
        return dict(newest.select(name, "last").sort("series").collect(engine="streaming").iter_rows())

    def append(
        self,
        tables: Mapping[str, Frames],
        *,
        source: str,
        fetched_at: datetime,
        addresses: Sequence[str] = (),
        described: Sequence[Source] = (),
        correction: str = "",
        wait: float = WAIT,
        **about: Any,
    ) -> Commit:
        """Add what the store does not have, in one commit: readers see all of it or nothing.

        Rows are compared with the last vintage of each observation (`toolkit.market.store.vintages.addition`). Rows that have
        `fetched_at` are an export of a store: they are added as they are, each vintage once. A correction may have another
        currency, unit or basis than the store: it is new vintages, known from the day of the fetch on, of whole series.

        Args:
            tables: Table -> rows of its contract; parts of a large one hold different series.
            source: Whose answer this is.
            fetched_at: When it came, with a time zone.
            addresses: What was asked; only their hash is kept, since they can hold keys.
            described: Title, licence and release interval of the ids in the column `source`.
            correction: Why these rows replace those of the store; empty for an observation or a revision of the source.
            wait: Seconds to wait for another writer.
            about: What is to be kept with the commit besides, ready for JSON.

        Raises:
            FrameError: for rows that break the contract of their table, or switch the currency, unit or basis of a series; for
                a correction that corrects nothing, or only a part of a series.
            DataError: for a store that is damaged.
            SpecError: for another writer that does not end, and a disk that takes no more. The store is as it was.
        """
        if fetched_at.tzinfo is None:
            raise ValueError("fetched_at needs a time zone")
        fetched_at = fetched_at.astimezone(UTC)
        kept = [Table.of(name) for name in tables]
        with writing(self.path, wait):
            self._see(Head.read(self.path))
            take_back(self.path, self._head, STORE_TABLES)
            told = {
                **about,
                "source": source,
                "fetched_at": fetched_at.isoformat(),
                "addresses_sha256": sha256("\n".join(sorted(addresses)).encode()),
                "sources": [
                    {**asdict(one), "complete_to": one.complete_to and one.complete_to.isoformat()} for one in described
                ],
            }
            told |= {"correction": correction} if correction else {}
            added = {table.name: self._write(table, tables[table.name], fetched_at, correct=bool(correction)) for table in kept}
            if correction and not any(counts["revised"] for _, counts in added.values()):
                hint = message(
                    "`toolkit data list` and `toolkit data query` show series and sources of the store; --source names one."
                )
                raise FrameError("no row of the store is corrected by these.", hint=hint)
            parts = [
                LogPart(table, files, {**told, **counts}) for table in kept for files, counts in [added[table.name]] if files
            ]
            self._see(commit(self.path, self._head, parts))
        rows, revised, unchanged = (
            {name: counts[key] for name, (_, counts) in added.items()} for key in ("rows", "revised", "unchanged")
        )
        versions = {table.name: self.versions[table.name] for table in kept if table.name in self.versions}
        digests = {name: tuple(file.sha256 for file in files) for name, (files, _) in added.items()}
        return Commit(versions, rows, revised, unchanged, digests)

    def _see(self, head: Head) -> None:
        """Take another head for what is committed."""
        changed = {name for name in self._logs if self._head.tables.get(name) != head.tables.get(name)}
        for name in changed:
            del self._logs[name]
        self._head = head

    def _write(
        self, table: Table, frames: Frames, fetched_at: datetime, *, correct: bool
    ) -> tuple[list[DataFile], Counter[str]]:
        """Write what is new of some rows into data files."""
        folder = self.path / table.name
        files: list[DataFile] = []
        counts: Counter[str] = Counter()
        for given in (frames,) if isinstance(frames, pl.DataFrame) else frames:
            rows, revised, unchanged = self._new(table, given, fetched_at, correct=correct)
            counts.update(rows=rows.height, revised=revised, unchanged=unchanged)
            if rows.height:
                make_folder(folder)
                files += (write_data_file(part, table, folder) for part in rows.iter_slices(ROWS_OF_A_FILE))
        return files, counts

    def _new(self, table: Table, given: pl.DataFrame, fetched_at: datetime, *, correct: bool) -> tuple[pl.DataFrame, int, int]:
        """Rows that the store does not have; how many of them are revisions; and how many it has."""
        if FETCHED_AT in given.columns and correct:  # an export that was edited
            given = last_vintages(_typed(given, table, [*table.dtypes]).lazy(), table).collect()
        elif FETCHED_AT in given.columns:
            rows = _typed(given, table, [*table.dtypes])
            missing = self._missing(table, rows)
            revised = missing.height - missing.select(table.key).unique().height
            return missing, revised, rows.height - missing.height
        rows = _typed(given, table, list(table.contract.columns()))
        _check(table, rows, fetched_at)
        stored = self.scan(table.name, series=rows[table.series[0]].unique().to_list())
        spans = None
        if table.reference in table.key:
            date_of = pl.col(table.reference)
            ends = date_of.min().alias("first"), date_of.max().alias("last"), pl.col(FETCHED_AT).max().alias("fetched")
            fixed = [pl.col(name) for name in table.fixed]
            if any("correction" in entry.about for entry in self.history(table.name)):
                fixed = [one.sort_by("known_from", FETCHED_AT) for one in fixed]
            spans = (
                stored.group_by(*table.series, "source").agg(*ends, *(one.last() for one in fixed)).collect(engine="streaming")
            )
            if correct:
                check_whole(rows, last_vintages(stored, table).collect(engine="streaming"), table)
            else:
                check_fixed(rows, spans, table)
            stored = stored.filter(date_of.is_between(rows[table.reference].min(), rows[table.reference].max()))
        matching = stored.join(rows.lazy().select(table.key), on=table.key, how="semi", nulls_equal=True)
        found = addition(rows, last_vintages(matching, table).collect(engine="streaming"), spans, table, fetched_at)
        return found.rows, found.revised, found.unchanged

    def _missing(self, table: Table, rows: pl.DataFrame) -> pl.DataFrame:
        """Vintages that the store does not have."""
        vintage = [*table.key, "known_from", FETCHED_AT]
        if rows.select(vintage).is_duplicated().any():
            raise FrameError("{name:s}: a vintage is there twice.", details={"table": table.name}, name=table.name)
        stored = self.scan(table.name, series=rows[table.series[0]].unique().to_list())
        return rows.join(stored.select(vintage).collect(engine="streaming"), on=vintage, how="anti", nulls_equal=True)

    def _until(self, table: str, version: int | None) -> tuple[LogEntry, ...]:
        entries = self.history(table)
        if version is None:
            return entries
        if not 0 <= version < len(entries):
            hint = (
                message("It has versions 0 to {n}.", n=len(entries) - 1) if entries else message("The store has no rows of it.")
            )
            raise DataError("table {table!r:s} has no version {version}.", hint=hint, table=table, version=version)
        return entries[: version + 1]

    def _rows(self, table: Table, files: Sequence[DataFile]) -> pl.LazyFrame:
        """Rows of data files whose hashes hold."""
        if not files:
            return pl.LazyFrame(schema=table.dtypes)
        folder = self.path / table.name
        with ThreadPoolExecutor(os.cpu_count()) as threads:  # a hash does not hold the interpreter's lock
            paths = list(threads.map(lambda file: check_data_file(folder, file), files))
        return pl.scan_parquet(paths, glob=False)


def is_store(path: Path) -> bool:
    """Whether a folder is a store."""
    return (path / HEAD).is_file()


def _create(path: Path) -> None:
    """Make an empty store; a folder that holds something else is refused."""
    make_folder(path)
    with writing(path):
        if is_store(path):
            return
        others = [one.name for one in path.iterdir() if not one.name.startswith((".", "writer."))]
        if others:
            hint = message("It holds {others!r:s}. Name a new folder.", others=sorted(others)[0])
            raise DataError("{path:s} is no store and is not empty.", hint=hint, path=str(path))
        Head().write(path)


def _may_hold(file: DataFile, series: Sequence[str] | None) -> bool:
    """Whether a file can hold rows of a series, by the least and greatest in it."""
    return series is None or any(file.low <= one <= file.high for one in series)


def _typed(rows: pl.DataFrame, table: Table, columns: Sequence[str]) -> pl.DataFrame:
    """The columns of a table with their types."""
    for name in columns:
        if name not in rows.columns:
            raise FrameError(
                "{name:s}: column {column!r:s} is missing.", hint=did_you_mean(name, rows.columns), name=table.name, column=name
            )
    try:
        return rows.select(pl.col(name).cast(table.dtypes[name]) for name in columns)
    except pl.exceptions.PolarsError as error:
        raise FrameError("{name:s}: {error:s}", name=table.name, error=str(error).splitlines()[0]) from error


def _check(table: Table, rows: pl.DataFrame, fetched_at: datetime) -> None:
    """Refuse rows that break their contract, or speak of a day after the fetch (a day of grace, for time zones)."""
    if not table.contract.is_valid(rows):
        _, failures = table.contract.filter(rows)
        rule, count = max(failures.counts().items(), key=lambda one: one[1])
        first = failures.invalid().head(3).select(table.key)
        told = "; ".join(", ".join(str(value) for value in row) for row in first.iter_rows())
        details = {"table": table.name, "rule": rule, "count": count}
        raise FrameError(
            "{name:s}: {rule} ({count} rows, first {told}).",
            hint="Nothing was added.",
            details=details,
            name=table.name,
            rule=rule,
            count=count,
            told=told,
        )
    if table.reference:
        late = rows.filter(pl.col(table.reference) > fetched_at.date() + timedelta(days=1))
        for row in late.select(table.key).iter_rows():
            told = ", ".join(str(value) for value in row)
            details = {"table": table.name, "rule": "future_date", "count": late.height}
            raise FrameError(
                "{name:s}: {height} rows are of days to come, first {told}.",
                details=details,
                name=table.name,
                height=late.height,
                told=told,
            )
