"""A store over a data package: which of their rows are the market of a day."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from functools import partial

import polars as pl

from toolkit.core.frames import TABLES
from toolkit.market.market import Market
from toolkit.market.store.store import Store
from toolkit.market.tables import Table
from toolkit.records.store import UnusedReason, UnusedSeries

QUOTED = "quotations"
ADJUSTED_CLOSE, CLOSE = "adjusted_close", "close"
"""Bases of prices that are quotations of a day."""
REPLACING_OBSERVATIONS = 24
"""Observations from which on a series replaces one of another kind: two years of months, as models of risk ask for at least."""

PARTS_OF_ONE: Mapping[str, tuple[str, ...]] = {"shares": ("asset", "stage", "period_start", "source")}
"""Table of fractions -> columns of those that make a whole: an edition that is corrected may name other countries."""
OFF = 0.005
"""Of such a sum, as the contract allows."""
NOT_READ = ("energy",)
"""Tables that no answer is made from."""


def with_store(market: Market, store: Store) -> Market:
    """The market of a package with the last vintages of a store over its rows: see `merged`."""
    names = [name for name in store.versions if name in TABLES]
    return market.under({name: partial(_over, store, Table.of(name)) for name in names}, store.sources())


def _over(store: Store, table: Table, package: pl.DataFrame, as_of: date) -> pl.DataFrame:
    return merged(package, store.scan(table.name, as_of).collect().select(package.columns), table)


def merged(package: pl.DataFrame, stored: pl.DataFrame, table: Table) -> pl.DataFrame:
    """Rows of a store over those of a package, one an observation.

    Of a series that the store has from several sources, that of the newest observation counts (of equal ones the longest, then
    the first by name). It replaces the rows of the package of the same observations, unless the same source published those
    later, and from its first to its last date those of other sources. Where it is in another currency or unit, or on another
    basis, it replaces the whole series once it has `REPLACING_OBSERVATIONS` of them, and counts for nothing before. Fractions
    of one world are taken together, from the store if they add up there.

    Args:
        package: Rows of the contract.
        stored: Last vintages of a store, without `fetched_at`.
        table: Their table.
    """
    keyed = table.contract.primary_key() or package.columns
    if stored.is_empty():
        return package
    series = [name for name in table.series if name in keyed and name != "source"]
    if table.reference in table.key and "source" not in keyed:
        stored = _one_source(stored, series, str(table.reference))
    if table.fixed:
        stored = _long_enough(package, stored, table)
    if table.name in PARTS_OF_ONE:
        return _whole_groups(package, stored, PARTS_OF_ONE[table.name]).sort(keyed)
    stored = _with_newer(package, stored, keyed)
    rest = package.join(stored, on=keyed, how="anti", nulls_equal=True)
    if table.reference in table.key and "source" not in keyed:
        day = pl.col(str(table.reference))
        fixed = [pl.col(name).first().alias(f"{name}_stored") for name in table.fixed]
        spans = stored.group_by(series).agg(
            day.min().alias("first"), day.max().alias("last"), pl.col("source").first().alias("source_stored"), *fixed
        )
        joined = rest.join(spans, on=series, how="left", nulls_equal=True)
        within = day.is_between(pl.col("first"), pl.col("last")) & (pl.col("source") != pl.col("source_stored"))
        others = [pl.col(name) != pl.col(f"{name}_stored") for name in table.fixed]
        rest = joined.filter(~pl.any_horizontal(within, *others).fill_null(value=False)).select(package.columns)
    return pl.concat([rest, stored]).sort(keyed)


def _long_enough(package: pl.DataFrame, stored: pl.DataFrame, table: Table) -> pl.DataFrame:
    """The rows of a store without those of short series that the package has in another currency, unit or basis."""
    on = list(table.series)
    kinds = package.group_by(on).agg(pl.col(name).last().alias(f"{name}_package") for name in table.fixed)
    joined = stored.join(kinds, on=on, how="left", nulls_equal=True)
    other = pl.any_horizontal(pl.col(name) != pl.col(f"{name}_package") for name in table.fixed).fill_null(value=False)
    return joined.filter(~(other & (pl.len().over(on) < REPLACING_OBSERVATIONS))).select(stored.columns)


def _whole_groups(package: pl.DataFrame, stored: pl.DataFrame, group: Sequence[str]) -> pl.DataFrame:
    """Fractions by group: the store's where they add up, unless the package's were published later."""
    whole = stored.filter((pl.col("share").sum().over(group) - 1).abs() < OFF)
    there = package.group_by(group).agg(pl.col("known_from").max().alias("there"))
    older = whole.join(there, on=group).filter(pl.col("known_from").max().over(group) < pl.col("there"))
    whole = whole.join(older, on=group, how="anti")
    return pl.concat([package.join(whole, on=group, how="anti"), whole])


def _with_newer(package: pl.DataFrame, stored: pl.DataFrame, on: list[str]) -> pl.DataFrame:
    """The rows of a store; of an observation that the same source published later in the package, that row."""
    on = list(dict.fromkeys((*on, "source")))
    both = package.join(stored.select(*on, pl.col("known_from").alias("stored_from")), on=on, nulls_equal=True)
    newer = both.filter(pl.col("known_from") > pl.col("stored_from")).select(package.columns)
    return pl.concat([stored.join(newer, on=on, how="anti", nulls_equal=True), newer])


def _one_source(stored: pl.DataFrame, series: list[str], reference: str) -> pl.DataFrame:
    """The rows of one source a series."""
    of_source = stored.group_by(*series, "source").agg(pl.col(reference).max().alias("last"), pl.len().alias("rows"))
    if of_source.select(series).is_duplicated().any():
        order = of_source.sort([*series, "last", "rows", "source"], descending=[*(False for _ in series), True, True, False])
        chosen = order.unique(series, keep="first", maintain_order=True)
        return stored.join(chosen, on=[*series, "source"], how="semi", nulls_equal=True)
    return stored


def unused_prices(
    store: Store, package: pl.DataFrame, market: pl.DataFrame, own: pl.DataFrame, products: Collection[str], as_of: date
) -> tuple[UnusedSeries, ...]:
    """Series in the store that are in no answer, by asset and source.

    Args:
        store: The store.
        package: Rows of `toolkit.core.frames.Prices` of the package, as known on the day.
        market: Those of the market: the store's over those of the package.
        own: Those of `own_prices`, which stand before the market's.
        products: Assets that can be held.
        as_of: Day of knowledge.
    """
    kind = pl.format("{} per {}, {}", "currency", "unit", "basis").alias("kind")
    in_use = {*market.select("asset", "source", kind).unique().iter_rows()}
    kinds = dict(market.sort("date").group_by("asset").agg(kind.last()).iter_rows())
    known = {*package["asset"], *products}
    found = []
    for asset, source, told, count in _counted(store, "prices", kind, as_of):
        if asset not in known:
            found.append(_unused("prices", asset, source, told, count, "unknown_name"))
        elif (asset, source, told) not in in_use:
            reason = "short" if kinds[asset] != told and count < REPLACING_OBSERVATIONS else "other_source"
            found.append(_unused("prices", asset, source, told, count, reason, kinds[asset]))
    used = pl.concat([market.select(own.columns), own]).with_columns(kind)
    rows = store.scan("prices", as_of).filter(pl.col("source").is_in(_own(store))).with_columns(kind).collect()
    beside = rows.join(used, on=["asset", "source", "kind"], how="anti")
    instead = used.group_by("asset", maintain_order=True).agg(pl.col("kind", "date").sort_by("date").last())
    series = beside.group_by("asset", "source", "kind").agg(pl.len(), pl.col("date").max()).sort("asset", "source", "kind")
    sets = series.join(instead, on="asset", suffix="_used", maintain_order="left")
    for asset, source, told, count, last, other, newest in sets.iter_rows():
        found.append(_unused("prices", asset, source, told, count, "same_day" if last == newest else "other_source", other))
    return tuple(found)


def unused_flows(store: Store, market: pl.DataFrame, known: Collection[str], as_of: date) -> tuple[UnusedSeries, ...]:
    """Customs flows of public sources in the store that are in no answer, by asset and source.

    Args:
        store: The store.
        market: Rows of `toolkit.core.frames.TradeFlows` as known on the day, the store's over those of the package.
        known: Assets that have flows in the package, and metals; others are codes of the tariff.
        as_of: Day of knowledge.
    """
    kind = pl.format("{} {}", "reporter", "direction").alias("kind")
    in_use = {*market.select("asset", "source", kind).unique().iter_rows()}
    return tuple(
        _unused("flows", *one, "other_source" if one[0] in known else "unknown_name")
        for one in _counted(store, "flows", kind, as_of)
        if one[0] not in known or one[:3] not in in_use
    )


def unread_series(store: Store, as_of: date) -> tuple[UnusedSeries, ...]:
    """Series of the store in tables that no answer is made from."""
    kind = pl.format("{} per {}", "currency", "unit").alias("kind")
    return tuple(_unused(table, *one, "not_read") for table in NOT_READ for one in _counted(store, table, kind, as_of))


def _counted(store: Store, table: str, kind: pl.Expr, as_of: date) -> list[tuple[str, str, str, int]]:
    """Asset, source, kind and number of rows of the series of public sources in a table."""
    rows = store.scan(table, as_of).filter(~pl.col("source").is_in(_own(store)))
    counted = rows.group_by("asset", "source", kind).agg(pl.len()).sort("asset", "source", "kind")
    return counted.collect(engine="streaming").rows()


def _unused(
    table: str, asset: str, source: str, kind: str, rows: int, reason: UnusedReason, used: str | None = None
) -> UnusedSeries:
    return UnusedSeries(table=table, asset=asset, source=source, reason=reason, rows=rows, kind=kind, used=used)


def _own(store: Store) -> list[str]:
    """Sources that are files of the user."""
    return [name for name, source in store.sources().items() if source.own]


def own_prices(store: Store, market: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """Prices from files of the user that are in no series of the market: prices of a day, as a dealer's list gives them.

    Of several of his files on an asset the one with the newest price counts, what a dealer asks and pays on one day together.

    Args:
        store: The store.
        market: Rows of `toolkit.core.frames.Prices` as known on the day, the store's over those of the package.
        as_of: Day of knowledge.

    Returns:
        Rows of `toolkit.core.frames.Prices`.
    """
    own = _own(store)
    rows = store.scan("prices", as_of).filter(pl.col("source").is_in(own)).collect().select(market.columns)
    followed = market.filter(pl.col("source").is_in(own))["asset"].unique()
    rows = rows.filter(~pl.col("asset").is_in(followed.implode()))
    file = pl.col("source").str.replace(r" \([a-z_]+\)$", "")
    return rows.sort("date", "source").filter(file == file.last().over("asset"))


def quoted_prices(store: Store, assets: Collection[str], as_of: date) -> pl.DataFrame:
    """Quotations of some symbols as rows of `toolkit.core.frames.Prices`, a share or contract a unit.

    A symbol with an adjusted close of every day has that for its price, as returns need; another has its closes. Of two sources
    of a symbol the one of the newest quotation counts.

    Args:
        store: The store.
        assets: Symbols.
        as_of: Day of knowledge.
    """
    columns = ("date", "asset", "close", "adjusted_close", "currency", "source", "known_from")
    rows = store.scan(QUOTED, as_of, series=sorted(assets)).select(columns).collect()
    rows = _one_source(rows, ["asset"], "date")
    without = rows.filter(pl.col("adjusted_close").is_null())["asset"].unique()
    adjusted = ~pl.col("asset").is_in(without.implode())
    return rows.select(
        "date", "asset",
        price=pl.when(adjusted).then("adjusted_close").otherwise("close"),
        currency="currency",
        unit=pl.lit("unit"),
        quantity=pl.lit(None, pl.Float64),
        basis=pl.when(adjusted).then(pl.lit(ADJUSTED_CLOSE)).otherwise(pl.lit(CLOSE)),
        source="source",
        known_from="known_from",
    )  # fmt: skip
