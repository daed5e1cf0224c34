"""Vintages of observations: what a fetch adds to what is there, and what was known on a day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import polars as pl

from toolkit.core.errors import FrameError
from toolkit.market.tables import FETCHED_AT, Table

_OLD = "__old"
_THERE = "__there"


@dataclass(frozen=True, slots=True, eq=False)  # frames have no truth value
class Addition:
    """Rows that a fetch adds, and how many of them revise an observation; `unchanged` rows were there already."""

    rows: pl.DataFrame
    revised: int
    unchanged: int


def last_vintages(rows: pl.LazyFrame, table: Table) -> pl.LazyFrame:
    """The last vintage of every observation: the one known last, and of those of one day the one fetched last."""
    return rows.sort("known_from", FETCHED_AT, maintain_order=True).unique(table.key, keep="last", maintain_order=True)


def visible(table: Table, as_of: date) -> pl.Expr:
    """Whether a row was known on a day and speaks of no later one."""
    known = pl.col("known_from") <= as_of
    return known & (pl.col(table.reference) <= as_of) if table.reference else known


def addition(
    rows: pl.DataFrame, last: pl.DataFrame, spans: pl.DataFrame | None, table: Table, fetched_at: datetime
) -> Addition:
    """The rows of a fetch that the store does not have.

    A value that differs from the last vintage is a new vintage, known from the day of the fetch on at the earliest, whatever
    the source says: nobody knew it before. So is an observation that an earlier fetch of its series would have brought, had it
    been there: one between the first and the last one of the store, and one after the last that should have been known on the
    day of that fetch. Any other is known from when the source says: what came since, history before the first, a new series.

    Args:
        rows: Of the contract of the table, one an observation.
        last: Last vintages of these observations in the store.
        spans: First and last date of each series in the store, and the time of its last addition (`first`, `last`, `fetched`);
            None for a table without dates.
        table: Their table.
        fetched_at: When they were fetched, UTC.
    """
    before = last.select(*table.key, *(pl.col(name).alias(f"{name}{_OLD}") for name in (*table.values, "known_from")))
    joined = rows.join(before.with_columns(pl.lit(value=True).alias(_THERE)), on=table.key, how="left", nulls_equal=True)
    there = pl.col(_THERE).is_not_null()
    same = pl.all_horizontal(there, *(pl.col(name).eq_missing(pl.col(f"{name}{_OLD}")) for name in table.values))
    new = joined.filter(~same)
    late = pl.col(_THERE).is_not_null()
    if spans is not None:
        new = new.join(spans, on=[*table.series, "source"], how="left", nulls_equal=True)
        day = pl.col(str(table.reference))
        overdue = (day > pl.col("last")) & (pl.col("known_from") <= pl.col("fetched").dt.date())
        late |= (day.is_between(pl.col("first"), pl.col("last")) | overdue).fill_null(value=False)
    revised = new.filter(there).height
    known = pl.max_horizontal("known_from", f"known_from{_OLD}", pl.lit(fetched_at.date()))
    dated = new.with_columns(
        pl.when(late).then(known).otherwise("known_from").alias("known_from"),
        pl.lit(fetched_at, dtype=table.dtypes[FETCHED_AT]).alias(FETCHED_AT),
    )
    return Addition(dated.select(list(table.dtypes)), revised, rows.height - new.height)


def check_fixed(rows: pl.DataFrame, spans: pl.DataFrame, table: Table) -> None:
    """Refuse rows of a series in another currency, unit or basis than the store has of it.

    Args:
        rows: Of a fetch.
        spans: One row a series of the store, with its fixed columns.
        table: Their table.

    Raises:
        FrameError: with the first of them.
    """
    if not table.fixed:
        return
    on = [*table.series, "source"]
    joined = rows.select(*on, *table.fixed).unique().join(spans, on=on, suffix=_OLD)
    changed = joined.filter(pl.any_horizontal(pl.col(name) != pl.col(f"{name}{_OLD}") for name in table.fixed))
    for row in changed.sort(on).iter_rows(named=True):
        column = next(name for name in table.fixed if row[name] != row[f"{name}{_OLD}"])
        series = "/".join(str(row[name]) for name in table.series)
        raise FrameError(
            "{series} of {source}: {column:s} is {now!r:s} now, and was {before!r:s}.",
            hint="Nothing was added. A series keeps its currency, unit and basis: give the new one a name of its own; "
            "if what is stored is wrong: `toolkit data import FILE --correct REASON`, with every row of the "
            "series.",
            details={"table": table.name, "series": series, "rule": f"{column}_of_a_series", "count": changed.height},
            series=series,
            source=row["source"],
            column=column,
            now=row[column],
            before=row[f"{column}{_OLD}"],
        )


def check_whole(rows: pl.DataFrame, stored: pl.DataFrame, table: Table) -> None:
    """Refuse a correction after which a series would be in two currencies, units or bases.

    Args:
        rows: The correction.
        stored: Last vintages of the store.
        table: Their table.

    Raises:
        FrameError: with the first series of which it lacks rows.
    """
    if not table.fixed:
        return
    on = [*table.series, "source"]
    kept = stored.join(rows, on=table.key, how="anti", nulls_equal=True)
    kinds = rows.select(*on, *table.fixed).unique(on)
    left = kept.join(kinds, on=on, suffix="_corrected")
    left = left.filter(pl.any_horizontal(pl.col(name) != pl.col(f"{name}_corrected") for name in table.fixed))
    for row in left.sort(table.key).iter_rows(named=True):
        series, first = "/".join(str(row[name]) for name in table.series), row[str(table.reference)]
        raise FrameError(
            "{series} of {source}: {height} rows would stay as they are, the first of {first}.",
            hint="Nothing was added. A correction has every row of its series: `toolkit data export` writes them.",
            details={"table": table.name, "rule": "whole_series", "count": left.height},
            series=series,
            source=row["source"],
            height=left.height,
            first=first,
        )


def differences(before: pl.DataFrame, after: pl.DataFrame, table: Table) -> pl.DataFrame:
    """Observations that two states of a table have differently.

    Args:
        before: Last vintages, one row an observation.
        after: Those of the other state.
        table: Their table.

    Returns:
        The key, each value as it was and as it is (`NAME_before`, `NAME_after`), and `change`: ``added``, ``removed`` or
        ``revised``.
    """
    sides = []
    for side, frame in (("before", before), ("after", after)):
        values = (pl.col(name).alias(f"{name}_{side}") for name in table.values)
        sides.append(frame.select(*table.key, *values, pl.lit(value=True).alias(side)))
    joined = sides[0].join(sides[1], on=table.key, how="full", coalesce=True, nulls_equal=True)
    same = pl.all_horizontal(
        pl.col("before"), pl.col("after"),
        *(pl.col(f"{name}_before").eq_missing(pl.col(f"{name}_after")) for name in table.values),
    )  # fmt: skip
    change = (
        pl.when(pl.col("before").is_null())
        .then(pl.lit("added"))
        .when(pl.col("after").is_null())
        .then(pl.lit("removed"))
        .otherwise(pl.lit("revised"))
    )
    found = joined.filter(~same.fill_null(value=False)).with_columns(change=change)
    return found.drop("before", "after").sort(table.key)
