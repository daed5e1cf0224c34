"""Purchases of lots: day, cost, debt and terms of storage, as the holdings file gives them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from toolkit.core.grouping import by_key
from toolkit.core.messages import Message, few, message
from toolkit.core.remarks import Remark
from toolkit.core.units import cents
from toolkit.market.exchange_rates import Rates, rate_on


@dataclass(frozen=True, slots=True)
class Purchase:
    """The purchase of one lot and its terms.

    Attributes:
        bought: Day of the purchase; None where the file does not say.
        cost: Of the whole lot in the reporting currency, at the last rate known for the day of the purchase; None where the
            file gives no price or no rate leads to that currency.
        owed: What is still to be paid of it in the reporting currency, at the last rate known; 0 where there is none.
        spread: Round trip, as a fraction, of the file or of a dealer's own prices; None for the usual terms.
        vat_state, custody: As the file says.
        without_rate: The currency that was paid, or is owed, where no rate leads from it to the reporting currency.
        doubted: The price paid is far from the level of its day, so that no gain is computed.
        lot_id: Id in the holdings file.
        storage: A year, as a fraction of value; None for the usual terms of the dealer.
    """

    lot_id: str
    bought: date | None
    cost: float | None
    owed: float
    spread: float | None
    storage: float | None
    vat_state: str | None
    custody: str | None
    doubted: bool = False
    without_rate: str | None = None


def purchases(lots: pl.DataFrame, fx: pl.DataFrame, currency: str, doubted: Collection[str] = ()) -> tuple[Purchase, ...]:
    """One purchase a lot, in the order of the frame.

    Args:
        lots: Columns of the holdings contract (`toolkit.market.readers.holdings.lots.Lots`).
        fx: Exchange rates known.
        currency: The reporting currency.
        doubted: Ids of lots whose price is far from the level of its day.
    """
    rates = Rates.by_date(fx)

    def rate_of(quoted: str, day: date | None) -> float | None:
        return rate_on(rates, quoted, currency, day)

    return tuple(
        Purchase(
            lot_id=row["lot_id"],
            bought=row["purchase_date"],
            cost=_cost(row, rate_of),
            owed=_owed(row, rate_of),
            spread=row["spread"],
            storage=row["storage_fee"],
            vat_state=row["vat_state"],
            custody=row["custody"],
            doubted=row["lot_id"] in doubted,
            without_rate=_without_rate(row, rate_of),
        )
        for row in lots.iter_rows(named=True)
    )


def _cost(row: dict[str, Any], rate_of: Callable[[str, date | None], float | None]) -> float | None:
    rate = None if row["purchase_price"] is None else rate_of(row["currency"], row["purchase_date"])
    return None if rate is None else row["purchase_price"] * row["quantity"] * rate


def _owed(row: dict[str, Any], rate_of: Callable[[str, date | None], float | None]) -> float:
    if row["paid"] is None or row["paid"] == 1 or row["status"] == "planned":
        return 0.0
    return cents((1 - row["paid"]) * row["purchase_price"] * row["quantity"] * (rate_of(row["currency"], None) or 0.0))


def _without_rate(row: dict[str, Any], rate_of: Callable[[str, date | None], float | None]) -> str | None:
    if row["purchase_price"] is None or row["status"] == "planned":
        return None
    return row["currency"] if rate_of(row["currency"], row["purchase_date"]) is None else None


def without_rate(bought: Sequence[Purchase]) -> Iterator[Remark]:
    """A warning of the lots that were paid in a currency without an exchange rate: no sum of costs, gains or debts has them."""
    lots = by_key((purchase.without_rate, purchase.lot_id) for purchase in bought if purchase.without_rate)
    for currency, ids in lots.items():
        text = message(
            "No exchange rate of {currency} is known: what was paid for {lots} is in no cost, gain or debt.",
            currency=currency, lots=few(ids),
        )  # fmt: skip
        remedy = message("Bring rates with --rates FILE, or fetch them: `toolkit data fetch ecb`.")
        yield Remark("data", text, remedy, comes_first=True)


def gaps(lots: pl.DataFrame) -> Iterator[Message]:
    """Messages on lots without a purchase in the file."""
    bought = lots.filter(pl.col("status") != "planned")
    if undated := bought.filter(pl.col("purchase_date").is_null())["lot_id"].to_list():
        yield message("No purchase date, so no holding period is told: {lots}.", lots=few(undated))
    if unpaid := bought.filter(pl.col("purchase_price").is_null())["lot_id"].to_list():
        yield message("No purchase price, so no gain is told: {lots}.", lots=few(unpaid))
