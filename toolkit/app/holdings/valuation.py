"""Price of one kg of each product today: an estimated price, the last observed one, an annual average or a quote."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any, NamedTuple

import polars as pl

from toolkit.app.holdings.names import PRECIOUS
from toolkit.app.prices import OwnPrices
from toolkit.controls.events import EU_MEMBERS
from toolkit.controls.ledger import CHINA
from toolkit.core.assets import Asset, Universe
from toolkit.core.countries import CUSTOMS_CHINA
from toolkit.core.messages import Message, message
from toolkit.core.units import KG_PER_UNIT
from toolkit.holdings.unit_price import Quotation, UnitPrice
from toolkit.market.exchange_rates import Rate, Rates, last_rate
from toolkit.market.market import Snapshot
from toolkit.market.price_series import PriceSeries
from toolkit.market.readers.price_checks import EUROPE
from toolkit.returns.history import ANNUAL_AVERAGE
from toolkit.returns.price_errors import PriceError, PriceErrors
from toolkit.returns.price_levels import LevelPath, level_paths
from toolkit.returns.quotes import BUNDLED, OWN_SERIES, mid_price, quoted_level, whose

FILTERED, LAST_PRINT, ANNUAL, QUOTE = "filtered", "last_print", "annual_average", "quote"
KINDS = {FILTERED: "estimated price", LAST_PRINT: "last observed price", ANNUAL: "annual average", QUOTE: "own price of a day"}
"""Kind of price -> its name."""
PLACES = ((CHINA, "China"), (EUROPE, "Europe|Rotterdam"), ("USA", r"\bUS\b|import|customs"))
"""Where a price is paid, ISO-3 or `EUROPE`, and what its basis says of that."""
COMPARABLE = timedelta(days=366)
"""A quotation this much older than a price, or less, is set beside it: the year of an annual average."""
APART = 1.25
"""From this ratio on two prices of one good are not the same price."""


def unit_prices(
    snapshot: Snapshot,
    prices: pl.DataFrame,
    assets: tuple[Asset, ...],
    currency: str,
    known: Mapping[str, LevelPath] | None = None,
    errors: PriceErrors | None = None,
) -> dict[tuple[str, str], UnitPrice]:
    """(asset, form) -> price of one kg. A product without any price known is not in the answer.

    Only the traded form of a product has a price: another form of the metal is another good.

    Args:
        snapshot: The market as known at the date of the question.
        prices: Visible prices, per kg.
        assets: Products that are held.
        currency: The reporting currency.
        known: Levels behind noisy prices that were filtered before.
        errors: Of these prices as those of the day; None where they were not found before.

    Raises:
        DataError: when no exchange rate leads to the reporting currency.
    """
    paths = level_paths(prices, [asset.key for asset in assets], known)
    errors = PriceErrors.on(snapshot, PriceSeries.of(prices)) if errors is None else errors
    found: dict[tuple[str, str], UnitPrice] = {}
    fx = Rates.of(snapshot["fx"])
    rate_of = functools.cache(lambda quoted: last_rate(fx, quoted, currency))
    newest = prices.sort("date").unique(["asset", "unit"], keep="last", maintain_order=True)
    newest_of = {(row["asset"], row["unit"]): row for row in newest.iter_rows(named=True)}
    for asset in assets:
        if asset.form is None:
            continue
        row = newest_of.get((asset.key, asset.unit))
        seen = observation(asset, row, paths.get(asset.key), snapshot)
        if seen is None:
            continue
        row, kind, price, error = seen
        rate, key = rate_of(row["currency"]), (asset.key, asset.form)
        europe = in_europe(snapshot, asset, price * rate.value, row["date"], row["basis"], currency)
        of_today = errors.of(asset.key, ANNUAL_AVERAGE if kind == ANNUAL else row["basis"], row["date"], error / price)
        found[key] = replace(
            _unit_price(row, key, price, error, of_today, rate, kind),
            purity=None if asset.group == PRECIOUS else asset.purity,
            status=row.get("status", ""),
            in_europe=europe,
        )
    return found


class Observation(NamedTuple):
    """What the price of a product rests on: a row of prices, its kind, and price and standard error in the row's currency."""

    row: Mapping[str, Any]
    kind: str
    price: float
    error: float


def observation(
    product: Asset, row: Mapping[str, Any] | None, path: LevelPath | None, known: Snapshot | Mapping[str, pl.DataFrame]
) -> Observation | None:
    """The price of a product in the currency in which it is quoted; None where there is none.

    Args:
        product: What is traded.
        row: Its last price; None where there is none, and an annual average is the price.
        path: Levels behind noisy prices up to that one; None for others.
        known: With the annual averages.
    """
    row, kind = (row, LAST_PRINT) if row is not None else (next(iter(_annual(known["prices_annual"], product)), None), ANNUAL)
    if row is None:
        return None
    return Observation(row, kind, row["price"], 0.0) if path is None else Observation(row, FILTERED, *path.last)


def with_own_prices(
    levels: Mapping[tuple[str, str], UnitPrice],
    own: OwnPrices,
    products: Universe,
    fx: pl.DataFrame,
    currency: str,
    errors: PriceErrors,
) -> tuple[tuple[UnitPrice, ...], tuple[Message, ...]]:
    """Prices of one kg, each with whose it is, own ones of a day in place of their products'; and a sentence on each of these.

    Those of forms and grades that are not traded stand behind.

    Args:
        levels: Of `unit_prices`.
        own: The user's prices; where nothing is taken from the bundle, only assets that have a price there have one.
        products: What is traded.
        fx: Exchange rates known.
        currency: The reporting currency.
        errors: Of prices as those of the day.
    """
    places = own.file.places
    found = {
        key: replace(level, price_from=OWN_SERIES, place=places.get(key[0])) if key[0] in own.assets else level
        for key, level in levels.items()
        if not own.only or key[0] in own.assets
    }
    told: list[Message] = []
    for row in own.quotes.iter_rows(named=True):
        key = next((key for key in levels if key[0] == row["asset"]), None)
        if key is None:
            continue
        rate = last_rate(fx, row["currency"], currency)
        quoted = quoted_level(row, products[row["asset"]], levels[key].price / rate.value)
        told.append(quoted.sentence)
        of_today = errors.of(key[0], row["basis"], row["date"], quoted.standard_error / quoted.price)
        price = _unit_price(row, key, quoted.price, quoted.standard_error, of_today, rate, QUOTE, whose(row["basis"]))
        found[key] = replace(price, purity=levels[key].purity, place=places.get(key[0]))
    goods: list[UnitPrice] = []
    for row in own.goods.iter_rows(named=True):
        key, rate = (row["asset"], row["form"]), last_rate(fx, row["currency"], currency)
        price, error = mid_price(row, products[key[0]].spread if key[0] in products else 0.0)
        told.append(
            message(
                "{asset} ({good}): lots of this are valued at the own price of {day:%Y-%m-%d}, {price:,.2f} {currency} a kg.",
                asset=key[0], good=" ".join(filter(None, (key[1], row["purity"]))), day=row["date"], price=price,
                currency=row["currency"],
            )
        )  # fmt: skip
        of_today = errors.of(key[0], row["basis"], row["date"], error / price)
        good = _unit_price(row, key, price, error, of_today, rate, QUOTE, whose(row["basis"]))
        goods.append(replace(good, purity=row["purity"], place=places.get(row["name"])))
    told += [
        _premium(price, level, currency)
        for key, level in levels.items()
        if (price := found.get(key)) and price.place and level.place and _area(price.place) != level.place
    ]
    return (*found.values(), *goods), tuple(told)


def _premium(own: UnitPrice, market: UnitPrice, currency: str) -> Message:
    """An own price of one place beside the price of another place that it replaces, both in the reporting currency."""
    return message(
        "{asset}: {price:,.2f} {currency} a kg paid in {place} on {day:%Y-%m-%d} is used; in {other_place} it was "
        "{market:,.2f} on {other_day:%Y-%m-%d} ({basis}): {premium:+.0%}, at the exchange rates of {rate_day:%Y-%m-%d}.",
        asset=own.asset, price=own.price, currency=currency, place=own.place, day=own.date, other_place=market.place,
        market=market.price, other_day=market.date, basis=market.basis.replace("_", " "), premium=own.price / market.price - 1,
        rate_day=own.rate_date or market.rate_date or own.date,
    )  # fmt: skip


def with_dealer_spreads(lots: pl.DataFrame, own: OwnPrices | None, products: Universe) -> pl.DataFrame:
    """Lots with the spread of the dealer who asks and pays for their form on one day, where the holdings file gives none.

    Args:
        lots: Columns of the holdings contract.
        own: The user's prices.
        products: What is traded.
    """
    if own is None:
        return lots
    known = {(asset.key, asset.form) for asset in products}
    goods = ((row["asset"], row["form"], row["spread"]) for row in own.goods.iter_rows(named=True))
    given = {(asset, form): spread for asset, form, spread in goods if (asset, form) not in known}
    spreads = {row["asset"]: row["spread"] for row in own.quotes.iter_rows(named=True)}
    given |= {key: spreads[key[0]] for key in known if key[0] in spreads}
    rows = zip(lots["asset"], lots["form"], lots["spread"], strict=True)
    filled = [given.get((asset, form)) if spread is None else spread for asset, form, spread in rows]
    return lots.with_columns(spread=pl.Series(filled, dtype=pl.Float64))


def _unit_price(
    row: Mapping[str, Any],
    key: tuple[str, str],
    price: float,
    error: float,
    of_today: PriceError,
    rate: Rate,
    kind: str,
    price_from: str = BUNDLED,
) -> UnitPrice:
    """The price of a kg of a metal in a form (`key`), from a price and its error in the currency of the row it rests on."""
    low, high = of_today.bounds(price * rate.value)
    return UnitPrice(
        asset=key[0],
        form=key[1],
        price=price * rate.value,
        standard_error=error * rate.value,
        price_today_se=price * rate.value * of_today.error,
        price_today_low=low,
        price_today_high=high,
        kind=kind,
        date=row["date"],
        basis=row["basis"],
        quoted=price,
        quoted_currency=row["currency"],
        rate_date=rate.date,
        source=row["source"],
        place=place_of(row["basis"]),
        price_from=price_from,
    )


def place_of(basis: str) -> str | None:
    """Where a price of this basis is paid, as of `PLACES`; None where the words do not say."""
    return next((place for place, pattern in PLACES if re.search(pattern, basis)), None)


def _area(place: str) -> str:
    """The place whose prices are comparable with those of a country: China with its customs area, or Europe; else itself."""
    return EUROPE if place in EU_MEMBERS else CHINA if place in CUSTOMS_CHINA else place


def in_europe(snapshot: Snapshot, asset: Asset, price: float, day: date, basis: str, currency: str) -> Quotation | None:
    """The newest quotation in Europe of the form of a product beside an annual average of another or an unknown place.

    None where there is none, and for a price that is no annual average: it is newer than any quotation known here.

    Args:
        snapshot: The market as known at the date of the question.
        asset: The product.
        price: Of one kg as it is used, in the reporting currency.
        day: Of that price.
        basis: What that price is.
        currency: The reporting currency.
    """
    form = (asset.form or "").split(" ")[0]
    if not basis.startswith(KINDS[ANNUAL]) or place_of(basis) == EUROPE or not form:
        return None
    rows = snapshot["price_points"].filter(
        pl.col("asset") == (asset.offer_of or asset.key),
        pl.col("basis").str.contains(dict(PLACES)[EUROPE]) & pl.col("basis").str.contains(rf"\b{form}\b"),
        pl.col("unit").is_in(list(KG_PER_UNIT)),
        pl.col("date") >= day - COMPARABLE,
    )
    if rows.is_empty():
        return None
    row = rows.sort("date", "basis").row(-1, named=True)
    per_kg = last_rate(snapshot["fx"], row["currency"], currency).value / KG_PER_UNIT[row["unit"]]
    low, high = row["price_low"] * per_kg, row["price_high"] * per_kg
    multiple = (low + high) / 2 / price
    one, several = message("{low:,.0f}", low=low), message("{low:,.0f} to {high:,.0f}", low=low, high=high)
    told = message(
        "{asset}: valued at {price:,.0f} {currency}/kg ({basis}); in Europe {quote} {currency}/kg was quoted on "
        "{day:%Y-%m-%d} ({quotation}), {multiple:.1f} times as much. The average is used, because one quotation is no "
        "series; metal outside China may be worth that, and an order cost it.",
        asset=asset.key,
        price=price,
        currency=currency,
        basis=basis,
        quote=one if low == high else several,
        day=row["date"],
        quotation=row["basis"],
        multiple=multiple,
    )
    return Quotation(
        low=low,
        high=high,
        date=row["date"],
        basis=row["basis"],
        source=row["source"],
        multiple=multiple,
        told="" if 1 / APART < multiple < APART else told,
    )


def annual_basis(snapshot: Snapshot, asset: Asset) -> tuple[str, str, str]:
    """Basis of the annual average of a product, how it was looked up, and id of its source; empty where there is none."""
    rows = _annual(snapshot["prices_annual"], asset)
    return (rows[0]["basis"], rows[0]["status"], rows[0]["source"]) if rows else ("", "", "")


def _annual(annual: pl.DataFrame, asset: Asset) -> list[dict]:
    """The newest annual average whose series names the form of the product, else any of the metal; empty without one."""
    rows = annual.filter((pl.col("asset") == (asset.offer_of or asset.key)) & (pl.col("unit") == asset.unit))
    form = (asset.form or "").split(" ")[0]
    rows = rows.filter(pl.col("date") == pl.col("date").max())
    named = rows.filter(pl.col("series").str.contains(form, literal=True))
    best = (named if named.height else rows).sort("series", "source").head(1)
    return best.with_columns(basis=pl.format("annual average, {}", "series")).to_dicts()
