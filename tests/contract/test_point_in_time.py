"""What was known on ten dates, checked by hand against the editions: shares, annual prices, governance and law."""

from __future__ import annotations

from datetime import date

import pytest

from toolkit.app.config import resolve
from toolkit.app.context import Context
from toolkit.app.controls import Route, controls
from toolkit.app.supply import supply
from toolkit.app.valuation import unit_prices

SETTINGS = resolve({}, file=None)
USGS = "USGS Mineral Commodity Summaries "

SHARES_OF_CHINA = [
    # day, antimony, tellurium, bismuth, indium (percent), edition, governance year
    ("2022-06-30", None, None, None, None, 2022, None),
    ("2023-07-31", 54.3, 53.3, 80.7, 59.1, 2023, None),
    ("2023-08-31", 54.3, 53.3, 80.7, 59.1, 2023, None),
    ("2024-06-30", 48.0, 66.9, 81.6, 65.9, 2024, 2022),
    ("2024-12-03", 48.0, 66.9, 81.6, 65.9, 2024, 2022),
    ("2025-02-04", 57.7, 76.5, 81.8, 70.6, 2025, 2022),
    ("2025-06-30", 57.7, 76.5, 81.8, 70.6, 2025, 2022),
    ("2025-11-12", 57.7, 76.5, 81.8, 70.6, 2025, 2024),
    ("2026-03-31", 36.1, 77.8, 86.0, 69.7, 2026, 2024),
    ("2026-11-25", 36.1, 77.8, 86.0, 69.7, 2026, 2024),
]


@pytest.mark.parametrize(("day", "antimony", "tellurium", "bismuth", "indium", "edition", "year"), SHARES_OF_CHINA)
def test_shares_are_those_of_the_edition_of_the_day(day, antimony, tellurium, bismuth, indium, edition, year):
    answer = supply(Context(SETTINGS, date.fromisoformat(day)))
    scored = {metal.asset: metal.scored for metal in answer.metals}
    for metal, percent in {"antimony": antimony, "tellurium": tellurium, "bismuth": bismuth, "indium": indium}.items():
        at = scored[metal]
        if percent is None:
            assert at is None
            continue
        assert at is not None
        assert round(100 * at.supply.share("CHN"), 1) == percent, metal
        assert (at.source, at.supply.period_end.year) == (f"{USGS}{edition}", edition - 1)
    gallium = scored["gallium"]
    assert gallium is not None
    assert gallium.source == f"{USGS}{edition}"
    assert (gallium.governed and gallium.governed.year) == year


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


LAW = [
    # day, holmium, terbium, gallium to the United States, tungsten bar
    ("2022-06-30", "not_listed", "not_listed", "not_listed", "not_listed"),
    ("2023-07-31", "not_listed", "not_listed", "not_listed", "not_listed"),
    ("2023-08-31", "not_listed", "not_listed", "licence", "not_listed"),
    ("2024-06-30", "not_listed", "not_listed", "licence", "whitelist"),
    ("2024-12-03", "not_listed", "not_listed", "ban", "whitelist"),
    ("2025-02-04", "not_listed", "not_listed", "ban", "licence_above_size"),
    ("2025-06-30", "not_listed", "licence", "ban", "licence_above_size"),
    ("2025-11-12", "licence_suspended", "licence", "licence+ban_suspended", "licence_above_size"),
    ("2026-03-31", "licence_suspended", "licence", "licence+ban_suspended", "licence_above_size"),
    ("2026-11-25", "licence_unsettled", "licence", "licence+ban_suspended", "licence_above_size"),
]


@pytest.mark.parametrize(("day", "holmium", "terbium", "gallium", "tungsten"), LAW)
def test_the_law_is_that_of_the_day(day, holmium, terbium, gallium, tungsten):
    on = date.fromisoformat(day)
    inputs = Context(SETTINGS, on)
    asked = {"holmium": (None, "DEU"), "terbium": (None, "DEU"), "gallium": (None, "USA"), "tungsten": ("bar", "DEU")}
    found = {
        metal: controls(inputs, metal, form, Route(destination=to), on).state.headline for metal, (form, to) in asked.items()
    }
    assert found == {"holmium": holmium, "terbium": terbium, "gallium": gallium, "tungsten": tungsten}
