"""A price far from the known one, and the slip that explains it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest

from tests.subjects import context
from toolkit.core.messages import message
from toolkit.holdings.price_slips import KnownPrices, is_far, is_of_pound, price_doubts, price_warnings
from toolkit.market.exchange_rates import Rates

DAYS = [date(2026, month, 28) for month in (1, 2, 3, 4, 5)]
RATED_ON = [date(2026, month, 2) for month in range(1, 7)] + [DAYS[-1] + timedelta(days=400)]
FX = pl.DataFrame(
    [(day, "EUR", quote, rate) for day in RATED_ON for quote, rate in (("USD", 2.0), ("CNY", 8.0), ("JPY", 160.0))],
    schema=["date", "base", "quote", "rate"],
    orient="row",
)
KNOWN = KnownPrices(
    {
        ("gallium", "kg"): (DAYS, [10.0, 90.0, 20.0, 30.0, 100.0], ["USD"] * 5),
        ("indium", "kg"): ([date(2023, 12, 31), date(2024, 12, 31)], [5.0, 7.0], ["EUR"] * 2),
        ("GLD", "unit"): (DAYS[:1], [300.0], ["USD"]),
    },
    frozenset({"indium"}),
    Rates.by_date(FX),
)


@pytest.mark.parametrize(
    ("asset", "day", "level"),
    [
        ("gallium", None, 15.0),  # the median of the last three, in euros
        ("gallium", date(2026, 4, 28), 15.0),
        ("gallium", date(2026, 4, 27), 10.0),
        ("gallium", date(2026, 2, 28), 25.0),
        ("gallium", date(2026, 1, 28), 5.0),
        ("gallium", date(2026, 1, 1), 10.0),  # of the first ones after it, at the newest rate
        ("gallium", date(2024, 12, 1), None),
        ("gallium", DAYS[-1] + timedelta(days=400), 15.0),
        ("gallium", DAYS[-1] + timedelta(days=401), None),
        ("gallium", DAYS[0] - timedelta(days=401), None),
        ("indium", date(2024, 3, 1), 7.0),
        ("indium", date(2023, 3, 1), 5.0),
        ("indium", date(2022, 12, 31), 5.0),
        ("indium", None, 7.0),
        ("indium", date(2026, 3, 1), None),
        ("germanium", None, None),
    ],
)
def test_the_level_of_a_day_is_that_of_its_last_prices(asset, day, level):
    assert KNOWN.at(asset, day, "EUR") == level


def test_a_level_has_a_currency_with_a_rate_and_the_unit_that_is_asked_for():
    assert KNOWN.at("gallium", None, "USD") == 30.0
    assert KNOWN.at("gallium", None, "XAF") is None
    assert KNOWN.at("GLD", None, "USD") is None
    assert KNOWN.at("GLD", None, "USD", unit="unit") == 300.0
    assert KNOWN.assets == {"gallium", "indium", "GLD"}


@pytest.mark.parametrize(
    ("times", "unit", "currency", "beside", "words"),
    [
        (0.4536, "kg", "EUR", {}, "It looks like the price of one lb."),
        (1000.0, "kg", "EUR", {}, "It looks like the price of one t, or a thousands mark taken for a decimal one."),
        (0.001, "kg", "EUR", {}, "It looks like the price of one g, or a thousands mark taken for a decimal one."),
        (1000.0, "g", "EUR", {}, "It looks like the price of one kg, or a thousands mark taken for a decimal one."),
        (8.1, "kg", "EUR", {}, "It looks like a price in CNY."),
        (160.0, "kg", "EUR", {}, "It looks like a price in JPY."),
        (0.25, "kg", "CNY", {}, "It looks like a price in USD."),
        (20.0, "kg", "CNY", {}, "It looks like a price in JPY."),
        (25.0, "kg", "EUR", {"lot": 25.0}, "It looks like the price of a lot of 25 kg."),
        (25.0, "kg", "EUR", {"quantity": 25.0}, "It may be the price of the whole lot: then say so in purchase_price_is."),
        (4.0, "kg", "EUR", {}, None),
        (1.2, "kg", "EUR", {}, None),
        (8.0 * 1.49, "kg", "EUR", {}, "It looks like a price in CNY."),
        (8.0 * 1.51, "kg", "EUR", {}, None),
        (10.0, "unit", "XAF", {}, None),
        (12.0, "unit", "XAF", {"quantity": 10.0}, "It may be the price of the whole lot: then say so in purchase_price_is."),
    ],
)
def test_a_price_is_explained_by_the_nearest_slip(times, unit, currency, beside, words):
    assert KNOWN.slip(times, unit, currency, **beside) == words


def test_far_is_three_times_or_a_third_and_a_pound_is_known_within_a_tenth():
    assert [is_far(times) for times in (1 / 3, 0.34, 1.0, 2.99, 3.0)] == [True, False, False, False, True]
    assert [is_far(times, 10.0) for times in (0.1, 0.11, 9.9, 10.0)] == [True, False, False, True]
    assert [is_of_pound(times) for times in (0.4536, 2.2046, 0.42, 0.41, 0.49, 0.5, 1.0)] == [
        True, True, True, False, True, False, False
    ]  # fmt: skip


def frame(*rows: dict[str, Any]) -> pl.DataFrame:
    base = {
        "asset": "gallium", "form": "metal", "quantity": 10.0, "unit": "kg", "mass": 10.0, "currency": "EUR",
        "purchase_date": date(2026, 6, 30), "purchase_price": 1.0,
    }  # fmt: skip
    types = {"purchase_date": pl.Date, "purchase_price": pl.Float64, "mass": pl.Float64, "quantity": pl.Float64}
    return pl.DataFrame([{"lot_id": f"L{at}", **base, **row} for at, row in enumerate(rows)], schema_overrides=types)


def doubts(*rows: dict[str, Any], unit: str | None = None) -> dict[str, Any]:
    known = context(date(2026, 11, 24))
    return price_doubts(frame(*rows), known.snapshot["prices"], known.snapshot, known.products, unit=unit)


def test_a_purchase_far_from_the_level_of_its_day_is_doubted_with_its_slip():
    known = context(date(2026, 11, 24))
    prices = KnownPrices.of(known.snapshot["prices"], known.snapshot, known.products)
    level, newest = prices.at("gallium", date(2026, 6, 30), "EUR"), prices.at("gallium", None, "EUR")
    assert level is not None
    assert newest is not None
    found = doubts(
        {"purchase_price": level * 2.9},
        {"purchase_price": level * 1000},
        {"purchase_price": level / 1000 * 3.1, "unit": "g", "mass": 0.01},
        {"purchase_price": newest * 9.9, "purchase_date": None},
        {"purchase_price": newest * 10.1, "purchase_date": None},
        {"purchase_price": level * 1000, "form": "oxide"},
        {"purchase_price": None},
        {"purchase_price": level * 1000, "mass": None},
        {"purchase_price": level * 10},
        {"purchase_price": level * 4, "quantity": 1.0, "mass": 1.0},
    )
    assert list(found) == ["L1", "L2", "L4", "L8", "L9"]
    told = f"L1: bought at {level * 1000:,.0f} EUR a kg, 1,000 times the price of its day ({level:,.0f})."
    assert found["L1"] == f"{told} It looks like the price of one t, or a thousands mark taken for a decimal one."
    assert found["L2"].endswith("3.1 times the price of its day " + f"({level:,.0f}). Check price, unit and currency.")
    assert found["L4"].endswith(
        f"10.1 times the newest price ({newest:,.0f}), on an unknown day. Check price, unit and currency."
    )
    assert found["L8"].endswith("It may be the price of the whole lot: then say so in purchase_price_is.")
    assert found["L9"].endswith("Check price, unit and currency.")


def test_a_purchase_of_a_metal_with_annual_averages_is_held_against_its_year():
    known = context(date(2026, 11, 24))
    prices = KnownPrices.of(known.snapshot["prices"], known.snapshot, known.products)
    asset = min(prices.yearly)
    form = next(product.form for product in known.products if product.key == asset)
    day = max(prices.series[asset, "kg"][0])
    (told,) = doubts({"asset": asset, "form": form, "purchase_date": day, "purchase_price": 1e7}).values()
    assert "times the annual average nearest to that day" in told


def test_the_unit_that_the_header_names_goes_before_that_of_the_quantity():
    known = context(date(2026, 11, 24))
    level = KnownPrices.of(known.snapshot["prices"], known.snapshot, known.products).at("gallium", date(2026, 6, 30), "EUR")
    assert level is not None
    (of_header,) = doubts({"purchase_price": level * 453.6, "quantity": 1.0, "mass": 1.0}, unit="g").values()
    (of_quantity,) = doubts({"purchase_price": level * 453.6, "quantity": 1.0, "mass": 1.0}).values()
    assert of_header.endswith("It looks like the price of one lb.")
    assert not of_quantity.endswith("It looks like the price of one lb.")


def test_a_few_doubtful_prices_are_told_each_and_more_of_them_together():
    told = {f"L{at}": message("{lot}: far.", lot=f"L{at}") for at in range(6)}
    worth = {f"L{at}": ("gallium", 10.0 * at if at != 4 else None) for at in range(6)}
    few = price_warnings({lot: told[lot] for lot in list(told)[:4]}, worth)
    assert [(one.text, one.assets, one.money) for one in few] == [
        (f"L{at}: far.", ("gallium",), 10.0 * at) for at in range(4)
    ]  # fmt: skip
    many = price_warnings(told, worth)
    assert [one.text for one in many[:3]] == ["L0: far.", "L1: far.", "L2: far."]
    (rest,) = many[3:]
    assert rest.text == "3 more lots were bought at prices as far from that of their day: L3, L4, L5."
    assert (rest.kind, rest.remedy, rest.assets, rest.money) == ("data", "Check price, unit and currency.", None, 80.0)
    assert price_warnings({}, {}) == ()
