"""Plausibility of a user's prices: comparison with the known price of the day, and the likely slip behind one far from it."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from statistics import median

import polars as pl

from toolkit.core.assets import Universe
from toolkit.core.messages import Message, few, message
from toolkit.core.remarks import Remark
from toolkit.core.units import KG_PER_UNIT
from toolkit.market.exchange_rates import Rates, rate_on
from toolkit.market.market import Snapshot
from toolkit.returns.history import annual_rows

FAR_RATIO, WRONG = 3.0, 10.0
"""Ratios to the known price, or its inverse, from which a price gets a warning, and is an error where it values something. Up
to three times is a dealer's premium, another region or a noisy price; ten and a thousand are slips."""
EXPLAINED_RATIO = 1.5
"""A slip explains a price that, without it, is at most this many times the known one or this part of it."""
FOREIGN = ("CNY", "JPY")
"""Currencies far from the dollar and the euro that metals are quoted in."""
PRICES_OF_LEVEL = 3
"""Prices of a series whose median is its level: one customs value may be an entry error."""
LEVEL_DAYS = 400
"""Largest age of a level with which a price is compared."""
SINGLY = 3
"""Lots with a warning each; more of them share one."""


@dataclass(frozen=True, slots=True, eq=False)
class KnownPrices:
    """Prices by asset and day, those of a mass per kg.

    Attributes:
        series: (asset, unit) -> dates, prices and currencies, by date; of an asset without a series, its annual averages.
        yearly: Keys of assets with annual averages alone, each dated the last day of its year.
        fx: Exchange rates.
    """

    series: Mapping[tuple[str, str], tuple[list[date], list[float], list[str]]]
    yearly: frozenset[str]
    fx: Rates

    @classmethod
    def of(cls, prices: pl.DataFrame, snapshot: Snapshot, products: Universe) -> KnownPrices:
        """Known prices of assets: `prices`, and annual averages of products that have none there.

        Args:
            prices: Visible rows with the contract of `toolkit.core.frames.Prices`.
            snapshot: What was known on a day; annual averages and exchange rates are read from it.
            products: The known products.
        """
        priced = {*prices["asset"].unique()}
        annual = annual_rows(snapshot["prices_annual"], products.take([key for key in products.keys if key not in priced]))
        columns = ("asset", "unit", "date", "price", "currency")
        rows = pl.concat([prices.select(columns), annual.select(columns)]).sort("date")
        kg = pl.col("unit").replace_strict(KG_PER_UNIT, default=None, return_dtype=pl.Float64)
        rows = rows.with_columns(
            price=pl.col("price") / kg.fill_null(1.0), unit=pl.when(kg.is_null()).then(pl.col("unit")).otherwise(pl.lit("kg"))
        )
        return cls(
            {
                (key[0], key[1]): (own["date"].to_list(), own["price"].to_list(), own["currency"].to_list())
                for key, own in rows.partition_by("asset", "unit", as_dict=True, maintain_order=True).items()
            },
            frozenset(annual["asset"]),
            Rates.by_date(snapshot["fx"]),
        )

    @property
    def assets(self) -> frozenset[str]:
        """Keys of assets with a price."""
        return frozenset(asset for asset, _ in self.series)

    def at(self, asset: str, day: date | None, currency: str, *, unit: str = "kg") -> float | None:
        """Median of the last prices up to a day, else of the first ones after it, in `currency`; None where none is near.

        Of annual averages the one of the year of the day, else the last before it.

        Args:
            asset: Key.
            day: None for the newest.
            currency: Of the answer, at the last rate known on the day.
            unit: That the answer is per: ``kg`` for a mass.
        """
        days, prices, currencies = self.series.get((asset, unit), ([], [], []))
        through, count = (day and date(day.year, 12, 31), 1) if asset in self.yearly else (day, PRICES_OF_LEVEL)
        last = len(days) if through is None else bisect_right(days, through)
        known = slice(max(last - count, 0), last) if last else slice(0, count)
        if not days or (day is not None and abs((day - days[known][-1 if last else 0]).days) > LEVEL_DAYS):
            return None
        rate = rate_on(self.fx, currencies[known][-1], currency, day if last else None)
        return None if rate is None else median(prices[known]) * rate

    def slip(
        self, times: float, unit: str, currency: str, *, lot: float | None = None, quantity: float | None = None
    ) -> Message | None:
        """The slip that best explains a price of `times` the known one; None where none does.

        Args:
            times: The price over the known one.
            unit: That it was read as the price of.
            currency: That it was read in.
            lot: Units of `unit` in a lot that is traded.
            quantity: Units of `unit` that were bought.
        """
        slips: list[tuple[float, Message]] = []
        for other, kg in KG_PER_UNIT.items() if unit in KG_PER_UNIT else ():
            factor = kg / KG_PER_UNIT[unit]
            words = message("It looks like the price of one {unit}.", unit=other)
            if math.isclose(abs(math.log10(factor)), 3.0):
                words = message(
                    "It looks like the price of one {unit}, or a thousands mark taken for a decimal one.", unit=other
                )
            slips.append((factor, words))
        slips.extend(
            (rate, message("It looks like a price in {currency}.", currency=other))
            for other in ((*FOREIGN, "USD") if currency in FOREIGN else FOREIGN)
            if (rate := rate_on(self.fx, currency, other)) is not None
        )
        if lot:
            slips.append((lot, message("It looks like the price of a lot of {lot:g} {unit}.", lot=lot, unit=unit)))
        if quantity:
            slips.append((quantity, message("It may be the price of the whole lot: then say so in purchase_price_is.")))
        if not slips:
            return None
        left, words = min(((abs(math.log(times / factor)), words) for factor, words in slips), key=lambda pair: pair[0])
        return words if left < min(math.log(EXPLAINED_RATIO), abs(math.log(times))) else None


def is_far(times: float, limit: float = FAR_RATIO) -> bool:
    """Whether a price that is `times` another is `limit` times it, or one over that, or beyond."""
    return not 1 / limit < times < limit


def is_of_pound(times: float) -> bool:
    """Whether a price of a kg is `times` the known one as that of a pound is, or the other way round, by a tenth at most."""
    return abs(abs(math.log(times)) + math.log(KG_PER_UNIT["lb"])) < math.log(1.1)


def price_doubts(
    lots: pl.DataFrame, prices: pl.DataFrame, snapshot: Snapshot, products: Universe, *, unit: str | None = None
) -> dict[str, Message]:
    """Lot id -> message, for every lot bought at a price far from the level of its day, with the likely slip.

    A lot without a day of purchase is held against the newest price, and is in doubt from ten times on: a metal may have risen
    threefold since.

    Args:
        lots: Columns of the holdings contract; those in the traded form of a product are looked at.
        prices: Visible prices.
        snapshot: Annual averages and exchange rates.
        products: Their traded forms.
        unit: That the file says purchase prices are per; None where they are per unit of the quantity.
    """
    known = KnownPrices.of(prices, snapshot, products)
    traded = {(asset.key, asset.form) for asset in products}
    found: dict[str, Message] = {}
    for row in lots.filter(pl.col("purchase_price").is_not_null() & pl.col("mass").is_not_null()).iter_rows(named=True):
        level = known.at(row["asset"], row["purchase_date"], row["currency"])
        if (row["asset"], row["form"]) not in traded or level is None:
            continue
        paid = row["purchase_price"] * row["quantity"] / row["mass"]
        times = paid / level
        dated = row["purchase_date"] is not None
        if not is_far(times, FAR_RATIO if dated else WRONG):
            continue
        words = {"lot": row["lot_id"], "paid": paid, "currency": row["currency"], "times": times, "level": level}
        cause = message("Check price, unit and currency.")
        if dated:
            quantity = row["quantity"] if row["quantity"] != 1 else None
            cause = known.slip(times, unit or row["unit"], row["currency"], quantity=quantity) or cause
            of_year = message(
                "{lot}: bought at {paid:,.6g} {currency} a kg, {times:,.3g} times the annual average nearest to that day "
                "({level:,.4g}). {cause}",
                **words,
                cause=cause,
            )
            of_day = message(
                "{lot}: bought at {paid:,.6g} {currency} a kg, {times:,.3g} times the price of its day ({level:,.4g}). {cause}",
                **words,
                cause=cause,
            )
            found[row["lot_id"]] = of_year if row["asset"] in known.yearly else of_day
        else:
            found[row["lot_id"]] = message(
                "{lot}: bought at {paid:,.6g} {currency} a kg, {times:,.3g} times the newest price ({level:,.4g}), on an "
                "unknown day. {cause}",
                **words,
                cause=cause,
            )
    return found


def price_warnings(doubts: Mapping[str, Message], lots: Mapping[str, tuple[str, float | None]]) -> tuple[Remark, ...]:
    """A warning for each of a few lots with a doubtful purchase price, and one for the others.

    Args:
        doubts: Of `price_doubts`.
        lots: Lot id -> asset, and what it is worth in the reporting currency, where that is known.
    """
    found = [Remark("data", text, "", lots[lot][:1], lots[lot][1]) for lot, text in doubts.items()]
    if len(found) > SINGLY + 1:
        rest = [*doubts][SINGLY:]
        text = message(
            "{n} more lots were bought at prices as far from that of their day: {lots}.", n=len(rest), lots=few(rest)
        )
        worth = sum(lots[lot][1] or 0.0 for lot in rest)
        found[SINGLY:] = [Remark("data", text, message("Check price, unit and currency."), None, worth)]
    return tuple(found)
