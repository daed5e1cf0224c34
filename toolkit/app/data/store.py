"""`toolkit data list|validate|verify|compact` over a store, and values of tables as JSON."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date
from pathlib import Path
from typing import Any

import polars as pl

from toolkit.app.context import Context
from toolkit.app.data.places import store_to_write
from toolkit.core.errors import DataError, FrameError, SpecError, did_you_mean
from toolkit.core.frames import TABLES
from toolkit.core.messages import message
from toolkit.market.fetched_quality import VALUES, check_fetched
from toolkit.market.store.compact import compact as compact_files
from toolkit.market.store.files import file_sha256, replacing
from toolkit.market.store.log import LogEntry, files_of
from toolkit.market.store.store import Store
from toolkit.market.store.verify import verify as verify_files
from toolkit.market.store.vintages import differences, last_vintages
from toolkit.market.tables import FETCHED_AT, STORE_TABLES, Table
from toolkit.records.store import (
    Compacted,
    Correction,
    DifferenceCount,
    Differences,
    Exported,
    QualityFinding,
    QueryResult,
    Revision,
    Stored,
    StoredTable,
    Verified,
)

SERIES = 200
"""Series that are read at a time."""


def stored(store: Store, today: date) -> Stored:
    """The tables of a store and their ages."""
    rows = tuple(_stored_table(name, store.history(name), today) for name in store.versions)
    corrections = tuple(
        Correction(
            table=name, source=entry.about["source"], fetched_at=entry.fetched_at.isoformat(timespec="seconds"),
            rows=entry.about["rows"], reason=reason,
        )
        for name in store.versions
        for entry in store.history(name)
        if (reason := entry.about.get("correction"))
    )  # fmt: skip
    return Stored(store=str(store.path), tables=rows, corrections=corrections)


def _stored_table(name: str, entries: Sequence[LogEntry], today: date) -> StoredTable:
    files, fetched = files_of(entries), max(entry.fetched_at for entry in entries)
    return StoredTable(
        table=name, version=entries[-1].version, rows=sum(file.rows for file in files), files=len(files),
        bytes=sum(file.size for file in files), fetched_at=fetched.astimezone(UTC).isoformat(timespec="seconds"),
        age_days=(today - fetched.date()).days,
    )  # fmt: skip


def opened(context: Context) -> Store:
    """The store that the settings name, by default the one in the default place; `DataError` where none is."""
    return context.store or Store.open(store_to_write(context.settings))


def verify(context: Context) -> Verified:
    """The hashes of every committed file of the store that the settings name, by default the one in the default place.

    Raises:
        DataError: for damaged files, with all of them, and for a folder that is no store.
    """
    root = store_to_write(context.settings)
    record = verify_files(root, context.as_of)
    if damaged := record.damaged:
        names = ", ".join(one.file for one in damaged[:3])
        more = f" and {len(damaged) - 3} more" if len(damaged) > 3 else ""
        hint = message("Put the files back from a copy. What is left can be read by version; a fetch brings lost rows again.")
        raise DataError(
            "{root} is damaged: {names:s}{more}.",
            hint=hint,
            details=record.to_json(),
            root=root,
            names=names,
            more=more,
        )
    return record


def compact(context: Context) -> Compacted:
    """Merge small files of the store.

    Raises:
        DataError: for a store that is damaged, and a folder that is none.
        SpecError: for one that cannot be written.
    """
    root = opened(context).path
    return Compacted(as_of=context.as_of.isoformat(), store=str(root), tables=compact_files(root))


def check_contracts(context: Context) -> int:
    """Hold every table of a store, over the package and as known on the day, against its contract; return their number.

    Raises:
        FrameError: with the rules that rows break.
    """
    faults = []
    store = opened(context)
    for name in store.versions:
        counts: Counter[str] = Counter()
        for rows in (context.snapshot[name],) if name in TABLES else in_parts(store, name, context.as_of):
            counts.update(STORE_TABLES[name].filter(rows)[1].counts())
        faults += [f"{name}: {rule} ({count} rows)" for rule, count in sorted(counts.items())]
    if faults:
        told = "; ".join(faults)
        raise FrameError(
            "{path:s}: {n} rules are broken: {told}.",
            details={"faults": faults},
            path=str(store.path),
            n=len(faults),
            told=told,
        )
    return len(store.versions)


def in_parts(store: Store, table: str, as_of: date, where: pl.Expr | None = None) -> Iterator[pl.DataFrame]:
    """Rows of a table as known on a day, those of some series of one source at a time: a store may be larger than memory.

    Args:
        store: The store.
        table: Name of the table.
        as_of: Day of knowledge.
        where: Which rows; all when None.
    """
    first = Table.of(table).series[0]
    kept = pl.lit(value=True) if where is None else where
    names = store.scan(table, as_of).filter(kept).select(pl.col(first).unique().sort()).collect().to_series().to_list()
    for start in range(0, len(names), SERIES):
        rows = store.scan(table, as_of, series=names[start : start + SERIES]).filter(kept).drop(FETCHED_AT).collect()
        yield from rows.partition_by("source", maintain_order=True)


def stored_quality(context: Context, series: Mapping[str, Sequence[str]] | None = None) -> tuple[QualityFinding, ...]:
    """Findings in the series of a store as known on the day, errors first.

    What a fetch would refuse is there because it was accepted, or was imported.

    Args:
        context: Names the store and the day.
        series: Table -> values of the first column of its series; every series of every table that is checked when None.
    """
    store = opened(context)
    found: list[QualityFinding] = []
    for name in (name for name in store.versions if name in VALUES):
        where = None if series is None else pl.col(VALUES[name][0]).is_in(series.get(name, ()))
        for rows in in_parts(store, name, context.as_of, where):
            found += check_fetched(name, rows, rows.clear(), as_of=context.as_of).findings
    # Rows of a store are in no order of their own.
    kept = (finding for finding in found if finding.rule != "unsorted")
    accepted = (
        finding.model_copy(update={"action": "accepted"}) if finding.action == "refused" else finding for finding in kept
    )
    order = ("error", "warning", "note")
    return tuple(sorted(accepted, key=lambda finding: (order.index(finding.severity), finding.rule, finding.asset)))


def as_json(value: Any) -> Any:
    """A value of a frame in the types that JSON has; what is no number is null."""
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else None
        case list() | tuple():
            return [as_json(entry) for entry in value]
        case Mapping():
            return {str(key): as_json(entry) for key, entry in value.items()}
        case _:
            return value.isoformat() if hasattr(value, "isoformat") else str(value)


def diff(context: Context, before: str, after: str, *, table: str | None = None, added: bool = False) -> Differences:
    """Revisions between two states of a store.

    Args:
        context: Names the store.
        before: A day (what was known on it), or a version of `table`.
        after: The other day or version.
        table: Table that is compared; every one when None.
        added: Whether observations that only the later state has are rows of the answer, not only counted.

    Raises:
        SpecError: for a state that is neither, and a version without a table.
        DataError: for a table or a version that the store does not have.
    """
    store = opened(context)
    if table is not None and table not in store.versions:
        raise SpecError("the store has no table {table!r:s}.", hint=did_you_mean(table, store.versions), table=table)
    names = [table] if table is not None else list(store.versions)
    rows, counts = [], []
    for name in names:
        described = Table.of(name)
        was, now = (_state(store, described, text, several=table is None) for text in (before, after))
        found = differences(was, now, described)
        number = Counter(found["change"])
        if number:
            counts.append(
                DifferenceCount(table=name, added=number["added"], removed=number["removed"], revised=number["revised"])
            )
        rows += _rows(found if added else found.filter(pl.col("change") != "added"), described)
    told = {"as_of": context.as_of.isoformat(), "store": str(store.path), "before": before, "after": after}
    return Differences(**told, counts=tuple(counts), rows=tuple(rows))


def _state(store: Store, table: Table, text: str, *, several: bool) -> pl.DataFrame:
    """The last vintages of a table on a day, or of a version."""
    if text.isdecimal():
        if several:
            raise SpecError("version {text} of which table?", hint="Name it with --table, or compare two days.", text=text)
        return last_vintages(store.scan(table.name, version=int(text)), table).collect(engine="streaming")
    try:
        day = date.fromisoformat(text)
    except ValueError:
        hint = message("Write a day as 2026-05-31, or the number of a version of `toolkit data list`.")
        raise SpecError("{text!r:s} is neither a day nor a version.", hint=hint, text=text) from None
    return store.scan(table.name, day).collect(engine="streaming")


def _rows(found: pl.DataFrame, table: Table) -> Iterator[Revision]:
    for row in found.iter_rows(named=True):
        values: dict[str, dict[str, Any]] = {"before": {}, "after": {}}
        for name in table.values:
            was, now = row[f"{name}_before"], row[f"{name}_after"]
            if was != now:
                values["before"] |= {name: as_json(was)} if row["change"] != "added" else {}
                values["after"] |= {name: as_json(now)} if row["change"] != "removed" else {}
        key = {name: as_json(row[name]) for name in table.key}
        yield Revision(table=table.name, key=key, change=row["change"], before=values["before"], after=values["after"])


SORTED = 5_000_000
"""Rows up to which an export is sorted; a larger one streams in the order of the data files, each of which is sorted."""


def export(context: Context, table: str, file: Path, *, as_of: date | None = None, version: int | None = None) -> Exported:
    """Write a table to a file, in one step.

    Args:
        context: Names the store.
        table: Name of the table.
        file: Ends in ``.csv`` or ``.parquet``; one that is there is replaced.
        as_of: Day of knowledge of the rows; every vintage when None.
        version: Version that is written; the last one when None.

    Raises:
        SpecError: for another ending, a table that the store does not have, and a file that cannot be written.
        DataError: for a damaged file or an unknown version.
    """
    store = opened(context)
    if table not in store.versions:
        raise SpecError("the store has no table {table!r:s}.", hint=did_you_mean(table, store.versions), table=table)
    if file.suffix not in (".csv", ".parquet"):
        raise SpecError("{name:s} is neither .csv nor .parquet.", hint="Name a file that ends in one of them.", name=file.name)
    rows = store.scan(table, as_of, version)
    number = rows.select(pl.len()).collect(engine="streaming").item()
    if number <= SORTED:
        rows = rows.sort(Table.of(table).order)
    with replacing(file) as draft:
        if file.suffix == ".csv":
            rows.with_columns(pl.col(FETCHED_AT).dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ")).sink_csv(draft)
        else:
            rows.sink_parquet(draft)
    used = store.versions[table] if version is None else version
    told = {"as_of": context.as_of.isoformat(), "store": str(store.path), "table": table, "file": str(file)}
    return Exported(**told, version=used, rows=number, sha256=file_sha256(file))


READS = ("select", "with", "show", "explain")
"""First words of statements that write nothing."""
VINTAGES = "_vintages"
"""Ending of the names of tables of a store with every vintage."""


def query(context: Context, sql: str) -> QueryResult:
    """The rows that a query selects.

    A table is that of the market as known on the day; `quotations` and, with every vintage, `NAME_vintages` are those of the
    store. polars reads of files what the query asks for.

    Raises:
        SpecError: for a statement that is no query, or that polars does not understand.
        DataError: for one that cannot be answered, and for a damaged file.
    """
    first = re.match(r"[\s(]*(\w*)", sql)
    if first is None or first[1].lower() not in READS or ";" in sql.rstrip("; \n\t"):
        raise SpecError("a query is one SELECT.", hint='For example: toolkit data query "SELECT * FROM prices LIMIT 5".')
    named = set(re.findall(r"\w+", sql.lower()))
    try:
        with pl.SQLContext(_tables(context, named), eager=False) as tables:
            rows = tables.execute(sql).collect(engine="streaming")
    except pl.exceptions.SQLInterfaceError as error:
        raise SpecError("not understood: {first_line}", hint=_known(context), first_line=_first_line(error)) from None
    except pl.exceptions.SQLSyntaxError as error:
        raise SpecError("not understood: {first_line}", first_line=_first_line(error)) from None
    except pl.exceptions.PolarsError as error:
        raise DataError("the query has no answer: {first_line}", hint=_known(context), first_line=_first_line(error)) from None
    values = tuple(tuple(as_json(value) for value in row) for row in rows.iter_rows())
    return QueryResult(as_of=context.as_of.isoformat(), columns=tuple(rows.columns), rows=values)


def _tables(context: Context, named: set[str]) -> dict[str, pl.LazyFrame]:
    """The tables that a query names."""
    found = {name: context.snapshot[name].lazy() for name in sorted(named) if name in context.snapshot}
    if context.store is not None:
        for name in STORE_TABLES:
            if name in named and name not in found:
                found[name] = context.store.scan(name, context.as_of)
            if f"{name}{VINTAGES}" in named:
                found[f"{name}{VINTAGES}"] = context.store.scan(name)
    return found


def _known(context: Context) -> str:
    names = [*(name for name in STORE_TABLES if name in context.snapshot)]
    if context.store is not None:
        names += [*({*context.store.versions} - {*names}), *(f"{name}{VINTAGES}" for name in context.store.versions)]
    return f"Tables: {', '.join(sorted(names))}."


def _first_line(error: Exception) -> str:
    return f"{str(error).splitlines()[0].rstrip('.')}."
