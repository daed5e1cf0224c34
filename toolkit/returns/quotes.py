"""Quotes: single prices of a user, bid or ask of a dealer, or a market series too short for risk.

They set the price of the product that they name, and nothing else: history and risk are those of its series.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import polars as pl

from toolkit.core.assets import Asset
from toolkit.core.messages import Message, message
from toolkit.core.remarks import Remark, note
from toolkit.market.market import Snapshot
from toolkit.market.readers.price_checks import AS_GIVEN, CUSTOMS, DEALER_ASK, DEALER_BID, DEALER_BOTH, MOST_ASKED, OF_DEALERS
from toolkit.market.readers.price_shapes import not_both_sides
from toolkit.returns.history import DAY_BY_DAY, frequency
from toolkit.returns.panel import MINIMUM_CHANGES

OWN_QUOTE = "own_quote"
"""Basis of own prices of a day that state none."""
BUNDLED, OWN_SERIES, OWN_PRICE, DEALER = "bundled", "own_series", "own_price", "dealer"
"""Origin of a price: the package, a series or a single price of the user's files, a dealer's list in them."""
DAILY_CHANGES = 60
"""A quarter of daily prices is a series; of less, the bundled months tell more of risk."""
QUOTE_DAYS = 93
"""A price of a day that is older is no price of today, where a bundled one is newer."""


@dataclass(frozen=True, slots=True)
class QuotedLevel:
    """The mid price that a quote implies.

    Attributes:
        price: In the currency and unit of the quotation.
        standard_error: Of `price`: half the spread, where bid or ask is not stated; else 0.
        sentence: What was taken for the price.
    """

    price: float
    standard_error: float
    sentence: Message


def too_short(rows: pl.DataFrame, snapshot: Snapshot) -> tuple[str, ...]:
    """Sorted keys of assets whose own prices are too few for risk, and whose bundled ones are not.

    Fewer than `MINIMUM_CHANGES` changes from month to month, and fewer than `DAILY_CHANGES` of a daily series. Customs values
    are a series: one of them is no price of a day.

    Args:
        rows: Own prices, rows of `toolkit.core.frames.Prices`.
        snapshot: Bundled prices by month and year.
    """
    history = {*snapshot["prices"]["asset"], *snapshot["prices_annual"]["asset"]}
    asked = rows.filter((pl.col("basis") != CUSTOMS) & pl.col("asset").is_in(history))
    found = []
    for (key,), own in asked.partition_by("asset", as_dict=True).items():
        days = own["date"].unique().sort()
        months = days.dt.year().cast(pl.Int64) * 12 + days.dt.month()
        changes = int((months.unique().sort().diff() == 1).sum())
        daily = frequency(days.to_list()) == DAY_BY_DAY and len(days) > DAILY_CHANGES
        if changes < MINIMUM_CHANGES and not daily:
            found.append(str(key))
    return tuple(sorted(found))


def newest_quotes(rows: pl.DataFrame, snapshot: Snapshot) -> tuple[pl.DataFrame, tuple[Remark, ...]]:
    """The newest quote of each product, a dealer's before another of that day; and remarks on quotes that are not used.

    What a dealer asks and pays on one day is one row on `DEALER_BOTH` at the price between them, with their `spread` as a
    fraction of it; it is null in other rows.

    Args:
        rows: Rows of `toolkit.core.frames.Prices`.
        snapshot: What bundled prices are as new.

    Raises:
        DataError: for a dealer who asks less than he pays, or `MOST_ASKED` times as much.
    """
    own = rows.with_columns(of_dealer=pl.col("basis").is_in(OF_DEALERS), basis=pl.col("basis").replace({AS_GIVEN: OWN_QUOTE}))
    newest = own.sort("asset", "date", "of_dealer").group_by("asset", maintain_order=True).last()
    newest, told = _of_both_sides(newest, own.filter("of_dealer"))
    newest = newest.select(*rows.columns, "spread")
    bundled = pl.concat([snapshot[table].select("asset", "date") for table in ("prices", "prices_annual")])
    bundled = bundled.group_by("asset").agg(other=pl.col("date").max())
    since = snapshot.as_of - timedelta(days=QUOTE_DAYS)
    dated = newest.join(bundled, on="asset", how="left", maintain_order="left")
    old = dated.filter(pl.col("date") < since, pl.col("date") < pl.col("other"))
    told += [
        Remark(
            "data",
            message(
                "{source}: the price of {asset} is of {day:%Y-%m-%d} and too old to be one of today: the bundled one of "
                "{other:%Y-%m-%d} is used.",
                source=row["source"], asset=row["asset"], day=row["date"], other=row["other"],
            ),
            message("Bring a price of this month, or a series of at least seven months."),
            (row["asset"],),
            comes_first=True,
        )
        for row in old.iter_rows(named=True)
    ]  # fmt: skip
    used = newest.filter(~pl.col("asset").is_in(old["asset"].implode()))
    few = used.filter(~pl.col("basis").is_in((*OF_DEALERS, DEALER_BOTH)))["asset"].to_list()
    if few:
        text = message(
            "Too few own prices of {assets} for a series: the newest is the price of today, between bid and ask; history and "
            "risk are the bundled ones. If it is what a dealer asks or pays, write dealer_ask or dealer_bid in a column basis.",
            assets=few,
        )
        told.append(note(text))
    return used, tuple(told)


def _of_both_sides(newest: pl.DataFrame, dealers: pl.DataFrame) -> tuple[pl.DataFrame, list[Remark]]:
    """Newest prices, those of a dealer with their other side where it is of the same day; a warning on one that is older."""
    other = dealers.sort("date").group_by("asset", "basis", maintain_order=True).last()
    other = other.select("asset", other="basis", before="date", second="price")
    pairs = newest.filter("of_dealer").join(other, on="asset").filter(pl.col("basis") != pl.col("other"))
    told: list[Remark] = []
    both: dict[str, tuple[float, float]] = {}
    for row in pairs.sort("asset").iter_rows(named=True):
        key = row["asset"]
        if row["before"] < row["date"]:
            text = message(
                "{source}: {basis} of {asset} is of {before:%Y-%m-%d}, older than the dealer's other price of {day:%Y-%m-%d}, "
                "and not used.",
                source=row["source"], basis=row["other"], asset=key, before=row["before"], day=row["date"],
            )  # fmt: skip
            told.append(Remark("data", text, message("Give both of one day."), (key,), comes_first=True))
            continue
        ask, bid = (row["price"], row["second"])[:: 1 if row["basis"] == DEALER_ASK else -1]
        if not bid <= ask < MOST_ASKED * bid:
            raise not_both_sides(row, ask=ask, bid=bid)
        both[key] = (0.5 * (ask + bid), 2.0 * (ask - bid) / (ask + bid))
    price, spread = ({key: pair[i] for key, pair in both.items()} for i in (0, 1))
    keyed = pl.col("asset")
    return newest.with_columns(
        price=keyed.replace_strict(price, default=pl.col("price"), return_dtype=pl.Float64),
        spread=keyed.replace_strict(spread, default=None, return_dtype=pl.Float64),
        basis=pl.when(keyed.is_in([*both])).then(pl.lit(DEALER_BOTH)).otherwise(pl.col("basis")),
    ), told


def whose(basis: str) -> str:
    """Origin of a quote, by its basis."""
    return DEALER if basis in (*OF_DEALERS, DEALER_BOTH) else OWN_PRICE


def mid_price(row: Mapping[str, Any], spread: float) -> tuple[float, float]:
    """The price between bid and ask that a quote implies, and its standard error: half the spread where the side is unknown.

    Args:
        row: Of `newest_quotes`.
        spread: That of a round trip, as a fraction.
    """
    half, price = 0.5 * spread, row["price"]
    sides = {DEALER_BOTH: price, DEALER_ASK: price / (1.0 + half), DEALER_BID: price / (1.0 - half)}
    return (sides[row["basis"]], 0.0) if row["basis"] in sides else (price, half * price)


def quoted_level(row: Mapping[str, Any], asset: Asset, market: float, *, spread_is_paid: bool = True) -> QuotedLevel:
    """The price level that a quote implies, in its own currency and unit.

    Args:
        row: Of `newest_quotes`.
        asset: The product; its spread is that of a round trip, as a fraction.
        market: The level without it, in the same currency and unit.
        spread_is_paid: Whether a trade costs half the spread; if not, it is made at what a dealer asks or pays.
    """
    half, basis = 0.5 * asset.spread, row["basis"]
    words = {
        "asset": asset.key, "day": row["date"], "price": row["price"], "currency": row["currency"],
        "unit": row["unit"], "level": market,
    }  # fmt: skip
    price, error = mid_price(row, asset.spread if spread_is_paid else 0.0)
    if basis == DEALER_BOTH:
        text = message(
            "{asset}: the dealer asks {ask:,.2f} and pays {bid:,.2f} {currency} a {unit} on {day:%Y-%m-%d}: valued at the "
            "price between them, {price:,.2f}, bought and sold at his; the price estimated from the market is {level:,.2f}.",
            **words,
            ask=row["price"] * (1.0 + row["spread"] / 2.0),
            bid=row["price"] * (1.0 - row["spread"] / 2.0),
        )
        return QuotedLevel(price, error, text)
    if basis == DEALER_ASK:
        text = message(
            "{asset}: the dealer asks {price:,.2f} {currency} a {unit} on {day:%Y-%m-%d}, which a purchase pays, half the "
            "spread included; the price estimated from the market is {level:,.2f}.",
            **words,
        )
        return QuotedLevel(price, error, text)
    if basis == DEALER_BID:
        text = message(
            "{asset}: the dealer pays {price:,.2f} {currency} a {unit} on {day:%Y-%m-%d}, which a sale brings, half the spread "
            "deducted; the price estimated from the market is {level:,.2f}.",
            **words,
        )
        return QuotedLevel(price, error, text)
    text = message(
        "{asset}: the own price of {day:%Y-%m-%d}, {price:,.2f} {currency} a {unit} +/- {half:.1%} (half the spread), is "
        "taken; the price estimated from the market is {level:,.2f}.",
        **words,
        half=half,
    )
    return QuotedLevel(row["price"], half * row["price"], text)
