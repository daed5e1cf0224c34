"""Characteristics of supply for the factor model: control pressure, N-1, flow shortfall, companion share; dated, point in time.

Each figure at a date uses only rows published by that date. A characteristic without data is null, never zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

import polars as pl

from toolkit.core.assets import Asset
from toolkit.core.errors import DataError
from toolkit.supply.chronology import IN_FORCE
from toolkit.supply.concentration import supply_shares
from toolkit.supply.controls import CHINA, ControlLedger
from toolkit.supply.state import HEADLINES

CONTROL_PRESSURE, N_MINUS_1 = "control_pressure", "n_minus_1"
FLOW_SHORTFALL, COMPANION_SHARE = "flow_shortfall", "companion_share"
NAMES = (CONTROL_PRESSURE, N_MINUS_1, FLOW_SHORTFALL, COMPANION_SHARE)
ALL_PARTNERS = "WLD"
RECENT, YEAR = 3, 12
"""Months of the flow that is compared, and of the flow that it is compared with."""
SCHEMA = {"date": pl.Date, "asset": pl.String, "name": pl.String, "value": pl.Float64, "known_from": pl.Date}


def control_pressure(ledger: ControlLedger, asset: Asset, on: date, *, destination: str, origin: str = CHINA) -> float | None:
    """Number of legal measures in force on the traded form for a destination, whoever the end user; None without a form.

    Measures that only accompany a control (reporting, general licences) and mere suspensions do not count.
    """
    if asset.form is None:
        return None
    state = ledger.state(asset.key, asset.form, on=on, destination=destination, origin=origin)
    return float(sum(m.is_law and m.status == IN_FORCE and m.instrument in HEADLINES for m in state.measures))


def flow_shortfall(flows: pl.DataFrame, asset: str, on: date, *, reporter: str, direction: str = "import") -> float | None:
    """How far the last three months known fall short of the twelve before them, by the month: ``1 - recent / usual``.

    0 is as usual, 1 is a stop, negative is more than usual. The months compared do not overlap. None unless all fifteen
    months are known, or when nothing flowed in the year before.
    """
    rows = flows.filter(
        (pl.col("asset") == asset)
        & (pl.col("reporter") == reporter)
        & (pl.col("partner") == ALL_PARTNERS)
        & (pl.col("direction") == direction)
        & (pl.col("known_from") <= on)
        & (pl.col("date") <= on)
    )
    months = rows.group_by(pl.col("date").dt.month_end()).agg(pl.col("quantity").sum()).sort("date").tail(RECENT + YEAR)
    if months.height < RECENT + YEAR:
        return None
    first, last = months["date"][0], months["date"][-1]
    if (last.year - first.year) * 12 + last.month - first.month != RECENT + YEAR - 1:
        return None  # a hole: the rows are not fifteen consecutive months
    quantity = months["quantity"].to_list()
    usual = sum(quantity[:YEAR]) / YEAR
    return 1.0 - (sum(quantity[YEAR:]) / RECENT) / usual if usual > 0 else None


def companion_share(metals: pl.DataFrame, asset: str, scale: Mapping[str, float], on: date) -> float | None:
    """The share of supply that is a by-product, by the word in the reference notes; None for a metal without a note.

    Args:
        metals: Table with the contract of `toolkit.core.frames.Metals`.
        asset: Asset key.
        scale: Word of the column `by_product` -> number 0..1: an assumption of the caller.
        on: Notes published later are not used.

    Raises:
        DataError: for a word that the scale does not have.
    """
    words = metals.filter((pl.col("asset") == asset) & (pl.col("known_from") <= on))["by_product"].drop_nulls()
    if words.is_empty():
        return None
    if words[0] not in scale:
        hint = f"The scale has {', '.join(sorted(scale))}."
        raise DataError(f"no number stands for by_product {words[0]!r} of {asset}.", hint=hint)
    return scale[words[0]]


def remaining_supply(shares: pl.DataFrame, asset: Asset, on: date) -> float | None:
    """N-1 of the newest shares known on `on` at the stage at which the metal is scored; None where there are none."""
    known = shares.filter((pl.col("known_from") <= on) & (pl.col("period_end") <= on) & (pl.col("asset") == asset.key))
    if asset.stage is None or known.filter(pl.col("stage") == asset.stage).is_empty():
        return None
    return supply_shares(known, asset.key, asset.stage).n_minus_1


def supply_characteristics(
    assets: Iterable[Asset],
    dates: Sequence[date],
    *,
    ledger: ControlLedger,
    shares: pl.DataFrame,
    flows: pl.DataFrame,
    metals: pl.DataFrame,
    scale: Mapping[str, float],
    destination: str,
    reporter: str,
) -> pl.DataFrame:
    """Every characteristic of every asset on every date.

    Args:
        assets: What is asked about.
        dates: Days of the question; each figure is what could be known on its day.
        ledger: A ledger that may know the future: it answers as of each day.
        shares: Table with the contract of `toolkit.core.frames.Shares`, all its rows.
        flows: Table with the contract of `TradeFlows`, all its rows.
        metals: Table with the contract of `Metals`, all its rows.
        scale: See `companion_share`.
        destination: ISO-3 code of the buyer's country, for control pressure.
        reporter: ISO-3 code of the country whose imports show a shortfall.

    Returns:
        Columns date, asset, name (one of `NAMES`), value (null: no data), known_from (the date itself), sorted.
    """
    rows: list[dict[str, object]] = []
    for asset in assets:
        for day in dates:
            values = {
                CONTROL_PRESSURE: control_pressure(ledger, asset, day, destination=destination),
                N_MINUS_1: remaining_supply(shares, asset, day),
                FLOW_SHORTFALL: flow_shortfall(flows, asset.key, day, reporter=reporter),
                COMPANION_SHARE: companion_share(metals, asset.key, scale, day),
            }
            rows += [{"date": day, "asset": asset.key, "name": n, "value": v, "known_from": day} for n, v in values.items()]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row").sort("date", "asset", "name")
