"""`toolkit data diff`: what two states of a store have differently."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date
from typing import Any

import polars as pl

from toolkit.app.context import Context
from toolkit.app.data.store import as_json, opened
from toolkit.core.errors import SpecError, did_you_mean
from toolkit.core.messages import message
from toolkit.market.store.store import Store
from toolkit.market.store.vintages import differences, last_vintages
from toolkit.market.tables import Table
from toolkit.records.store import DifferenceCount, Differences, Revision


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
