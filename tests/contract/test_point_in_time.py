"""What was known on ten dates, checked by hand against the sources: shares, annual and monthly prices, governance and law."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from toolkit.app.config import resolve
from toolkit.app.context import Context
from toolkit.app.controls.answers import controls
from toolkit.app.holdings.valuation import unit_prices
from toolkit.app.topics.supply import supply
from toolkit.returns.price_levels import price_levels

SETTINGS = resolve({}, file=None)
USGS = "USGS Mineral Commodity Summaries "

SHARES_OF_CHINA = [
    # day, antimony, tellurium, bismuth, indium (percent), edition, governance year
    ("2022-06-30", None, None, None, 2022, None),
    ("2023-07-31", 53.3, 80.7, 59.1, 2023, None),
    ("2023-08-31", 53.3, 80.7, 59.1, 2023, None),
    ("2024-06-30", 66.9, 81.6, 65.9, 2024, 2022),
    ("2024-12-03", 66.9, 81.6, 65.9, 2024, 2022),
    ("2025-02-04", 76.5, 81.8, 70.6, 2025, 2022),
    ("2025-06-30", 76.5, 81.8, 70.6, 2025, 2022),
    ("2025-11-12", 76.5, 81.8, 70.6, 2025, 2024),
    ("2026-03-31", 77.8, 86.0, 69.7, 2026, 2024),
    ("2026-11-25", 77.8, 86.0, 69.7, 2026, 2024),
]


@pytest.mark.parametrize(("day", "tellurium", "bismuth", "indium", "edition", "year"), SHARES_OF_CHINA)
def test_shares_are_those_of_the_edition_of_the_day(day, tellurium, bismuth, indium, edition, year):
    answer = supply(Context(SETTINGS, date.fromisoformat(day)))
    scored = {metal.asset: metal.scored for metal in answer.metals}
    for metal, percent in {"tellurium": tellurium, "bismuth": bismuth, "indium": indium}.items():
        at = scored[metal]
        if percent is None:
            assert at is None
            continue
        assert at is not None
        assert round(100 * at.producers[0].share, 1) == percent, metal
        assert (at.source_id, int(at.period_end[:4])) == (f"usgs_mcs_{edition}", edition - 1)
    gallium = scored["gallium"]
    assert gallium is not None
    assert gallium.source_id == f"usgs_mcs_{edition}"
    assert gallium.governance_year == year


ANNUAL_PRICES = [
    # day, rhenium, hafnium, neodymium, dysprosium, terbium (USD/kg of the year before the edition), edition
    ("2022-06-30", None, None, 49, 400, 1300, 2022),
    ("2023-07-31", 1100, 1900, 130, 390, 2000, 2023),
    ("2023-08-31", 1100, 1900, 130, 390, 2000, 2023),
    ("2024-06-30", 1070, 6200, 80, 323, 1300, 2024),
    ("2024-12-03", 1070, 6200, 80, 323, 1300, 2024),
    ("2025-02-04", 1370, 4600, 56, 260, 810, 2025),
    ("2025-06-30", 1370, 4600, 56, 260, 810, 2025),
    ("2025-11-12", 1370, 4600, 56, 260, 810, 2025),
    ("2026-03-31", 2600, 3800, 73, 239, 1010, 2026),
    ("2026-11-25", 2600, 3800, 73, 239, 1010, 2026),
]


@pytest.mark.parametrize(("day", "rhenium", "hafnium", "neodymium", "dysprosium", "terbium", "edition"), ANNUAL_PRICES)
def test_annual_prices_are_those_of_the_edition_of_the_day(day, rhenium, hafnium, neodymium, dysprosium, terbium, edition):
    snapshot = Context(SETTINGS, date.fromisoformat(day)).snapshot
    asked = {"rhenium": rhenium, "hafnium": hafnium, "neodymium": neodymium, "dysprosium": dysprosium, "terbium": terbium}
    products = tuple(asset for asset in Context(SETTINGS, date.fromisoformat(day)).products if asset.key in asked)
    found = {price.asset: price for price in unit_prices(snapshot, snapshot["prices"], products, "USD").values()}
    assert {key: found[key].price if key in found else None for key in asked} == pytest.approx(asked)
    for price in found.values():
        assert (price.source, price.date.year) == (f"usgs_mcs_{edition}", edition - 1)


MONTHLY_PRICES = [
    # day, month and value over quantity of US imports of tungsten and gallium (USD/kg), month and average of gold (USD/oz)
    ("2022-06-30", None, None, None, "2022-05", 1848.50),
    ("2023-07-31", "2023-05", 53.68, 300.84, "2023-06", 1942.90),
    ("2023-08-31", "2023-06", 72.33, 293.69, "2023-07", 1951.02),
    ("2024-06-30", "2024-04", 42.83, 489.75, "2024-05", 2351.13),
    ("2024-12-03", "2024-09", 43.10, 502.64, "2024-10", 2690.08),
    ("2025-02-04", "2024-11", 78.56, 511.75, "2024-12", 2648.01),
    ("2025-06-30", "2025-04", 71.19, 539.55, "2025-05", 3309.49),
    ("2025-11-12", "2025-09", 63.02, 621.70, "2025-10", 4058.33),
    ("2026-03-31", "2026-01", 62.75, 413.11, "2026-02", 5019.97),
    ("2026-11-25", "2026-07", 273.36, 1499.97, "2026-05", 4587.21),
]
GRAMS_PER_OUNCE = 31.1034768


@pytest.mark.parametrize(("day", "month", "tungsten", "gallium", "month_of_gold", "gold"), MONTHLY_PRICES)
def test_the_last_monthly_price_is_the_one_that_was_out(day, month, tungsten, gallium, month_of_gold, gold):
    on = date.fromisoformat(day)
    context = Context(SETTINGS, on)
    asked = {"tungsten": (month, tungsten), "gallium": (month, gallium), "gold": (month_of_gold, gold)}
    asked = {metal: (end, price) for metal, (end, price) in asked.items() if price is not None}
    found = price_levels(context.snapshot["prices"], asked)
    assert [f"{level.date:%Y-%m}" for level in found] == [end for end, _ in asked.values()]
    size = {"gold": GRAMS_PER_OUNCE / 1000}
    assert [level.raw * size.get(level.asset, 1) for level in found] == pytest.approx([p for _, p in asked.values()], abs=0.006)
    later = pl.max_horizontal("date", "known_from") > on
    every = context.market.until(date.max)["prices"]
    poisoned = every.with_columns(price=pl.when(later).then(pl.col("price") * 7).otherwise("price"))
    assert price_levels(context.market.replace("prices", poisoned).until(on)["prices"], asked) == found


LAW = [
    # day, holmium, terbium, gallium to the United States, tungsten bar
    ("2022-06-30", "not_covered", "not_covered", "not_covered", "not_covered"),
    ("2023-07-31", "not_listed", "not_listed", "not_listed", "not_listed"),
    ("2023-08-31", "not_listed", "not_listed", "licence", "not_listed"),
    ("2024-06-30", "not_listed", "not_listed", "licence", "whitelist"),
    ("2024-12-03", "not_listed", "not_listed", "ban", "licence_above_size"),
    ("2025-02-04", "not_listed", "not_listed", "ban", "licence_above_size"),
    ("2025-06-30", "not_listed", "licence", "ban", "licence_above_size"),
    ("2025-11-12", "licence_suspended", "licence", "licence+ban_suspended", "licence_above_size"),
    ("2026-03-31", "licence_suspended", "licence", "licence+ban_suspended", "licence_above_size"),
    ("2026-11-25", "licence", "licence", "licence+ban_suspended", "licence_above_size"),
]


@pytest.mark.parametrize(("day", "holmium", "terbium", "gallium", "tungsten"), LAW)
def test_the_law_is_that_of_the_day(day, holmium, terbium, gallium, tungsten):
    on = date.fromisoformat(day)
    inputs = Context(SETTINGS, on)
    asked = {"holmium": (None, "DEU"), "terbium": (None, "DEU"), "gallium": (None, "USA"), "tungsten": ("bar", "DEU")}
    found = {metal: controls(inputs, metal, form, {"destination": to}, on).headline for metal, (form, to) in asked.items()}
    assert found == {"holmium": holmium, "terbium": terbium, "gallium": gallium, "tungsten": tungsten}
