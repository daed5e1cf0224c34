"""Characteristics of supply: control pressure and the drop of imports, of what was published by a date.

A characteristic without data is None, never zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import polars as pl

from toolkit.controls.chronology import IN_FORCE
from toolkit.controls.ledger import CHINA, ControlLedger
from toolkit.controls.state import HEADLINES
from toolkit.core.assets import Asset

ALL_PARTNERS = "WLD"
MONTHS_COMPARED, YEAR = 3, 12
"""Months of the flow that is compared, and of the flow that it is compared with."""


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
