"""What one kg of each product is worth today, and what that figure is: a filtered level, a last print, or an annual average."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import polars as pl

from toolkit.app.exchange import last_rate
from toolkit.core.assets import Asset
from toolkit.core.market import Snapshot
from toolkit.factors.forecast import PriceLevel
from toolkit.factors.levels import price_levels
from toolkit.factors.panel import CUSTOMS

FILTERED, LAST_PRINT, ANNUAL = "filtered", "last_print", "annual_average"
KINDS = {FILTERED: "filtered level", LAST_PRINT: "last print", ANNUAL: "annual average"}
"""What a price is, and the words for it."""


@dataclass(frozen=True, slots=True)
class UnitPrice:
    """The price of one kg of a product in its traded form.

    Attributes:
        price: In the reporting currency.
        standard_error: Of `price`; 0 where it is taken as it is.
        kind: ``filtered`` (level behind noisy prints), ``last_print`` or ``annual_average``.
        date: The day that the last print, or the year of the average, ends.
        basis: Price basis, or the name of the annual series.
        quoted: The price before conversion, in `quoted_currency`; `rate_date` is the day of the exchange rate.
    """

    asset: str
    form: str
    price: float
    standard_error: float
    kind: str
    date: date
    basis: str
    quoted: float
    quoted_currency: str
    rate_date: date | None
    source: str


def unit_prices(
    snapshot: Snapshot, prices: pl.DataFrame, assets: tuple[Asset, ...], currency: str
) -> dict[tuple[str, str], UnitPrice]:
    """(asset, form) -> price of one kg. A product without any price known is not in the answer.

    Only the traded form of a product has a price: another form of the metal is another good.

    Args:
        snapshot: The market as known at the date of the question.
        prices: Visible prices, per kg.
        assets: Products that are held.
        currency: The reporting currency.

    Raises:
        DataError: when no exchange rate leads to the reporting currency.
    """
    levels = _filtered(prices, assets)
    found: dict[tuple[str, str], UnitPrice] = {}
    for asset in assets:
        if asset.form is None:
            continue
        last = prices.filter((pl.col("asset") == asset.key) & (pl.col("unit") == asset.unit)).sort("date").tail(1).to_dicts()
        kind, error = LAST_PRINT, 0.0
        if not last:
            last, kind = _annual(snapshot["prices_annual"], asset), ANNUAL
        if not last:
            continue
        row = last[0]
        price = row["price"]
        if asset.key in levels:
            price, error, kind = levels[asset.key].price, levels[asset.key].standard_error, FILTERED
        rate = last_rate(snapshot["fx"], row["currency"], currency)
        found[asset.key, asset.form] = UnitPrice(
            asset=asset.key,
            form=asset.form,
            price=price * rate.value,
            standard_error=error * rate.value,
            kind=kind,
            date=row["date"],
            basis=row["basis"],
            quoted=price,
            quoted_currency=row["currency"],
            rate_date=rate.date,
            source=row["source"],
        )
    return found


def _filtered(prices: pl.DataFrame, assets: tuple[Asset, ...]) -> dict[str, PriceLevel]:
    """Asset -> its level in the currency of quotation, where it is one behind noisy prints."""
    customs = set(prices.filter(pl.col("basis") == CUSTOMS)["asset"])
    levels = price_levels(prices, dict.fromkeys(asset.key for asset in assets if asset.key in customs))
    return {level.asset: level for level in levels if level.standard_error > 0}


def _annual(annual: pl.DataFrame, asset: Asset) -> list[dict]:
    """The newest annual average whose series names the form of the product, else any of the metal; empty without one."""
    rows = annual.filter((pl.col("asset") == asset.key) & (pl.col("unit") == asset.unit))
    form = (asset.form or "").split(" ")[0]
    rows = rows.filter(pl.col("date") == pl.col("date").max())
    named = rows.filter(pl.col("series").str.contains(form, literal=True))
    best = (named if named.height else rows).sort("series", "source").head(1)
    return best.with_columns(basis=pl.format("annual average, {}", "series")).to_dicts()
