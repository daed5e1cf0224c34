"""Characteristics of supply for the factor model: control pressure, N-1, import drop, companion share; dated, point in time.

Each figure at a date uses only rows published by that date. A characteristic without data is null, never zero.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from functools import partial

import polars as pl

from toolkit.controls.chronology import DAY, IN_FORCE
from toolkit.controls.ledger import CHINA, ControlLedger
from toolkit.controls.state import HEADLINES
from toolkit.core.assets import Asset
from toolkit.core.errors import DataError
from toolkit.core.messages import message
from toolkit.supply.concentration import scored_stage, supply_shares

CONTROL_PRESSURE, N_MINUS_1 = "control_pressure", "n_minus_1"
IMPORT_DROP, COMPANION_SHARE = "flow_shortfall", "companion_share"
NAMES = (CONTROL_PRESSURE, N_MINUS_1, IMPORT_DROP, COMPANION_SHARE)
ALL_PARTNERS = "WLD"
MONTHS_COMPARED, YEAR = 3, 12
"""Months of the flow that is compared, and of the flow that it is compared with."""
SCHEMA = {"date": pl.Date, "asset": pl.String, "name": pl.String, "value": pl.Float64, "known_from": pl.Date}


def control_pressure(ledger: ControlLedger, asset: Asset, on: date, *, destination: str, origin: str = CHINA) -> float | None:
    """Number of legal measures in force on the traded form, whoever the end user; None for an asset without a form.

    Measures that only accompany a control (reporting, general licences) and mere suspensions do not count.

    Args:
        ledger: The control ledger.
        asset: A product.
        on: Day of knowledge and of the status.
        destination: ISO-3 code of the country of import.
        origin: ISO-3 code of the country whose measures count.
    """
    if asset.form is None:
        return None
    state = ledger.state(asset.key, asset.form, on=on, destination=destination, origin=origin)
    return float(sum(m.is_law and m.status == IN_FORCE and m.instrument in HEADLINES for m in state.measures))


def import_drop(flows: pl.DataFrame, asset: str, on: date, *, reporter: str, direction: str = "import") -> float | None:
    """Drop of the last three known months against the twelve before them: ``1 - recent / usual``, means a month.

    0 is as usual, 1 is a stop, negative is more than usual. None unless all fifteen months are known, or when nothing flowed in
    the twelve.

    Args:
        flows: Table with the contract of `toolkit.core.frames.TradeFlows`.
        asset: Asset key.
        on: Day of knowledge; later months do not count.
        reporter: ISO-3 code of the country whose customs office counts.
        direction: ``import`` or ``export``.
    """
    return _drop(_flow(flows, asset, reporter, direction), on)


def _flow(flows: pl.DataFrame, asset: str, reporter: str, direction: str) -> list[tuple[date, date, float]]:
    """The date, the day of publication and the quantity of each row from all partners together."""
    rows = flows.filter(
        (pl.col("asset") == asset)
        & (pl.col("reporter") == reporter)
        & (pl.col("partner") == ALL_PARTNERS)
        & (pl.col("direction") == direction)
    )
    return list(rows.select("date", "known_from", "quantity").sort("date").iter_rows())


def _drop(flow: Sequence[tuple[date, date, float]], on: date) -> float | None:
    """`import_drop` of one flow."""
    months: dict[int, float] = {}
    for day, known, quantity in flow:
        if known <= on and day <= on:
            month = day.year * 12 + day.month
            months[month] = months.get(month, 0.0) + quantity
    last = sorted(months)[-(MONTHS_COMPARED + YEAR) :]
    if len(last) < MONTHS_COMPARED + YEAR or last[-1] - last[0] != MONTHS_COMPARED + YEAR - 1:
        return None  # too few, or a hole: the rows are not fifteen consecutive months
    usual = sum(months[month] for month in last[:YEAR]) / YEAR
    return 1.0 - (sum(months[month] for month in last[YEAR:]) / MONTHS_COMPARED) / usual if usual > 0 else None


def companion_share(metals: pl.DataFrame, asset: str, scale: Mapping[str, float], on: date) -> float | None:
    """Share of supply that is a by-product, from the word in the reference notes; None for a metal without a note.

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
        hint = message("The scale has {scale:s}.", scale=", ".join(sorted(scale)))
        raise DataError("no number stands for by_product {words!r:s} of {asset}.", hint=hint, words=words[0], asset=asset)
    return scale[words[0]]


def remaining_supply(shares: pl.DataFrame, asset: Asset, on: date) -> float | None:
    """Share of world supply that remains without the largest producer (N-1); None where no shares are known.

    The newest shares at the asset's stage count, see `scored_stage`. An asset without a stage, as a base metal in no table of
    products, is scored at the stage where least is left: the higher risk is the result of the EU studies (DOMAIN 1).

    Args:
        shares: Table with the contract of `toolkit.core.frames.Shares`.
        asset: Metal or product.
        on: Day of knowledge.
    """
    known = shares.filter((pl.col("known_from") <= on) & (pl.col("period_end") <= on) & (pl.col("asset") == asset.key))
    stages = [*known["stage"].unique().sort()]
    if stages and asset.stage is not None:
        stages = [scored_stage(asset.stage, stages) or asset.stage]
    return min((supply_shares(known, asset.key, stage).n_minus_1 for stage in stages), default=None)


def _on_dates(
    dates: Sequence[date], changes: Iterable[date | None], answer: Callable[[date], float | None]
) -> list[float | None]:
    """The answer on each date, asked once for all the dates between two days on which it can change."""
    cuts = sorted({day for day in changes if day is not None})
    found: dict[int, float | None] = {}
    places = [bisect_right(cuts, day) for day in dates]
    for place, day in zip(places, dates, strict=True):
        if place not in found:
            found[place] = answer(day)
    return [found[place] for place in places]


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
        assets: Metals or products.
        dates: Days of the question; each figure is what could be known on its day.
        ledger: A ledger that may know the future: it answers as of each day.
        shares: Table with the contract of `toolkit.core.frames.Shares`, all its rows.
        flows: Table with the contract of `TradeFlows`, all its rows.
        metals: Table with the contract of `Metals`, all its rows.
        scale: See `companion_share`.
        destination: ISO-3 code of the buyer's country, for control pressure.
        reporter: ISO-3 code of the country whose imports are meant.

    Returns:
        Columns date, asset, name (one of `NAMES`), value (null: no data), known_from (the date itself), sorted.
    """
    events = [day for e in ledger.events for day in (e.known_from, e.effective, e.ends and e.ends + DAY)]
    events += [scope.known_from for scope in ledger.scopes]
    frames: list[pl.DataFrame] = []
    for asset in assets:
        mine = shares.filter(pl.col("asset") == asset.key)
        noted = metals.filter(pl.col("asset") == asset.key)
        flow = _flow(flows, asset.key, reporter, "import")
        values = {
            CONTROL_PRESSURE: _on_dates(dates, events, partial(control_pressure, ledger, asset, destination=destination)),
            N_MINUS_1: _on_dates(dates, [*mine["known_from"], *mine["period_end"]], partial(remaining_supply, mine, asset)),
            IMPORT_DROP: _on_dates(dates, [day for row in flow for day in row[:2]], partial(_drop, flow)),
            COMPANION_SHARE: _on_dates(dates, noted["known_from"], partial(companion_share, noted, asset.key, scale)),
        }
        frames += [
            pl.DataFrame({"date": dates, "asset": asset.key, "name": name, "value": column, "known_from": dates}, schema=SCHEMA)
            for name, column in values.items()
        ]
    return pl.concat([pl.DataFrame(schema=SCHEMA), *frames]).sort("date", "asset", "name")
