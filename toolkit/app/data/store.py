"""`toolkit data list|validate|verify|compact` over a store, and values of tables as JSON."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date
from typing import Any

import polars as pl

from toolkit.app.context import Context
from toolkit.app.data.places import store_to_write
from toolkit.core.errors import DataError, FrameError
from toolkit.core.frames import TABLES
from toolkit.core.messages import message
from toolkit.market.fetched_quality import VALUES, check_fetched
from toolkit.market.store.compact import compact as compact_files
from toolkit.market.store.log import Entry, files_of
from toolkit.market.store.store import Store
from toolkit.market.store.verify import verify as verify_files
from toolkit.market.tables import FETCHED_AT, STORE_TABLES, Table
from toolkit.records.fetch import QualityFinding
from toolkit.records.store import Compacted, Correction, Stored, StoredTable, Verified

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


def _stored_table(name: str, entries: Sequence[Entry], today: date) -> StoredTable:
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
