"""The user's own prices beside the bundled ones: which series count, for whom, and when a price is too far off to be one."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from toolkit.app.config import resolve
from toolkit.app.definitions import find
from toolkit.app.inputs import Inputs, gather
from toolkit.app.lots import LotNames
from toolkit.app.market import load
from toolkit.app.prices import PriceFiles, read_own
from toolkit.core.errors import DataError, GapError
from toolkit.strategy.decode import load_strategy

DAY = date(2026, 11, 24)
NAMED = """[about]
title = "x"
idea = "x"
source = "x"
[universe]
assets = ["gallium", "germanium"]
[objective]
kind = "min_risk"
"""


def own(folder: Path, text: str, name: str = "mine.csv", **options) -> PriceFiles:
    (folder / name).write_text(text, encoding="utf-8")
    return PriceFiles((str(folder / name),), **options)


def of(strategy: str, prices: PriceFiles | None, day: date = DAY) -> Inputs:
    return gather(load_strategy(find("strategies", strategy).path, ()), resolve({}, environment={}), day, prices=prices)


def months(asset: str, price: float, unit: str = "kg", count: int = 30) -> str:
    days = pl.date_range(date(2024, 1, 1), date(2026, 10, 1), "1mo", eager=True).dt.month_end()[-count:]
    rows = "".join(f"{day},{asset},{price * (1 + 0.01 * (i % 5))},{unit}\n" for i, day in enumerate(days))
    return f"date,asset,price,unit\n{rows}"


def bundled() -> pl.DataFrame:
    return load(resolve({}, environment={})).market.until(DAY)["prices"]


def series(inputs: Inputs, asset: str) -> pl.DataFrame:
    return inputs.snapshot["prices"].filter(pl.col("asset") == asset).sort("date")


ASKS = "date,asset,price,currency,unit,basis\n"


def test_asking_prices_are_in_no_series_and_a_market_price_of_the_day_may_stand_beside_them(tmp_path):
    text = ASKS + "2026-10-31,gallium,1650,EUR,kg,dealer_ask\n"
    text += "".join(f"2026-{month:02d}-28,gallium,{1300 + month},USD,kg,\n" for month in range(1, 10))
    inputs = of("physical-basket", own(tmp_path, text.replace("2026-10-31", "2026-09-28")))
    assert series(inputs, "gallium")["price"].to_list() == [1300 + month for month in range(1, 10)]
    assert inputs.asks is not None
    assert inputs.asks.select("asset", "price", "currency").rows() == [("gallium", 1650.0, "EUR")]
    alone = of("physical-basket", own(tmp_path, ASKS + "2026-10-31,gallium,1650,EUR,kg,dealer_ask\n"))
    assert series(alone, "gallium").equals(bundled().filter(pl.col("asset") == "gallium").sort("date"))
    assert alone.universe.keys == of("physical-basket", None).universe.keys


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("2026-10-31,galium,1650,EUR,kg,dealer_ask", "galium"),
        ("2026-10-31,gallium,165000,EUR,kg,dealer_ask", "times the bundled"),
        ("2026-10-31,gallium,-5,EUR,kg,dealer_ask", "not positive"),
    ],
)
def test_an_asking_price_that_cannot_be_meant_is_refused(tmp_path, row, message):
    with pytest.raises(DataError, match=message):
        of("physical-basket", own(tmp_path, ASKS + row + "\n"))


def test_one_own_price_replaces_its_series_and_leaves_every_other(tmp_path):
    inputs = of("physical-basket", own(tmp_path, months("gallium", 1400)))
    assert series(inputs, "gallium")["source"].unique().to_list() == ["mine.csv"]
    for asset in ("germanium", "gold", "brent"):
        assert series(inputs, asset).equals(bundled().filter(pl.col("asset") == asset).sort("date"))
    assert "gallium" in inputs.universe
    assert len(inputs.universe) == len(of("physical-basket", None).universe)


def test_a_strategy_that_names_no_assets_holds_those_of_the_file(tmp_path):
    inputs = of("minimum-risk", own(tmp_path, months("mine", 5, "unit")))
    assert inputs.universe.keys == ("mine",)
    assert set(inputs.prices["asset"]) == {"mine"}
    assert "gallium" in set(inputs.snapshot["prices"]["asset"])  # for what the holdings name


def test_prices_only_takes_nothing_from_the_bundle(tmp_path):
    files = own(tmp_path, months("gallium", 1400), only=True)
    assert set(of("minimum-risk", files).snapshot["prices"]["asset"]) == {"gallium"}
    (tmp_path / "named.toml").write_text(NAMED)
    with pytest.raises(GapError, match="germanium"):
        of(str(tmp_path / "named.toml"), files)


def test_own_rows_that_are_not_known_yet_hide_no_bundled_series(tmp_path):
    late = own(tmp_path, "date,asset,price,unit\n2024-01-31,gold,70000,kg\n2026-10-31,gallium,1400,kg\n")
    inputs = of("physical-basket", late, date(2026, 9, 1))
    assert set(series(inputs, "gallium")["source"]) != {"mine.csv"}
    with pytest.raises(GapError, match="no price was known"):
        of("physical-basket", late, date(2023, 6, 1))


@pytest.mark.parametrize("name", ["Gallium", "GALLIUM", "gallium"])
def test_the_case_of_a_metal_means_nothing(tmp_path, name):
    assert of("minimum-risk", own(tmp_path, months(name, 1400))).universe.keys == ("gallium",)


NAMES = {
    "Silber": "silver", "Ag": "silver", "Silberbarren": "silver", "Silver 999 bar": None, "AG": None,
    "Antimon": "antimony", "Sb": "antimony", "Antimony ingot": "antimony", "SB": None, "Antimon 99,65 %": "antimony",
    "Wolfram": "tungsten", "W": "tungsten", "Neodym": "neodymium", "Neodymoxid": "neodymium", "Neodymium metal": None,
    "Antimony trioxide": None, "Molybdenum powder": "molybdenum", "Hafnium crystal bar": "hafnium", "Germanium powder":
    "germanium_powder", "C": None, "GLD": None, "BRENT": "brent", "Mine": None,
}  # fmt: skip


@pytest.mark.parametrize(("name", "asset"), NAMES.items(), ids=NAMES)
def test_names_of_a_price_file_mean_what_they_mean_in_holdings(tmp_path, name, asset):
    """In both shapes; a ticker, and a form that is not traded, stay what the file says."""
    inputs = of("minimum-risk", None)
    names, snapshot = LotNames(inputs.ledger, inputs.products), load(resolve({}, environment={})).market.until(DAY)
    for text in (f"date;{name}\n2026-10-31;3\n", f"Datum;Metall;Preis\n31.10.2026;{name};3\n"):
        found = read_own(own(tmp_path, text, accept=("levels",)), snapshot, names)
        assert found.assets == (asset or name,)
        told = f"Names of mine.csv: {name} = {asset}."
        assert (told in [remark.text for remark in found.reading]) == (asset is not None and name.lower() != asset)


def test_a_german_name_is_the_product_with_its_controls(tmp_path):
    inputs = of("minimum-risk", own(tmp_path, months("Antimon", 15)))
    assert inputs.universe["antimony"].name == "Antimony ingot"
    assert inputs.unknown == ()
    assert inputs.supply["antimony"].shares
    assert "antimony" in {scope.asset for scope in inputs.ledger.scopes}


def test_a_dealers_list_under_german_names_prices_the_products_and_is_no_series(tmp_path):
    text = "Datum;Metall;Preis;Währung;Einheit;basis\n24.11.2026;Silber;44,10;EUR;ozt;dealer_ask\n"
    inputs = of("minimum-risk", None)
    found = read_own(own(tmp_path, text), inputs.snapshot, LotNames(inputs.ledger, inputs.products))
    assert (found.assets, found.asks["asset"].to_list()) == ((), ["silver"])
    assert found.asks["price"][0] == pytest.approx(44.10 / 0.0311034768)


def test_powder_of_a_metal_that_is_traded_as_oxide_is_a_question(tmp_path):
    with pytest.raises(DataError, match=r"mine.csv: .*may be the metal or the oxide"):
        of("minimum-risk", own(tmp_path, months("Neodympulver", 60)))


def test_two_names_of_a_metal_are_one_series_or_refused(tmp_path):
    head = "date,asset,price,currency,unit\n2026-09-30,Silber,1500,EUR,kg\n"
    inputs = of("minimum-risk", own(tmp_path, f"{head}2026-10-31,Ag,1510,EUR,kg\n2026-09-30,silver,1500,EUR,kg\n"))
    assert series(inputs, "silver")["price"].to_list() == [1500, 1510]
    for row, rule in (("1501,EUR,kg", "two_names"), ("1500,USD,kg", "one_currency"), ("1500,EUR,g", "one_unit")):
        with pytest.raises(DataError) as caught:
            of("minimum-risk", own(tmp_path, f"{head}2026-09-30,Ag,{row}\n"))
        assert (caught.value.details["rule"], caught.value.details["rows"]) == (rule, [2, 3] if rule == "two_names" else [3])
    with pytest.raises(DataError, match=r"names of one metal.*'Ag, Silber'"):
        of("minimum-risk", own(tmp_path, "date,Silber,Ag\n2026-09-30,1500,1501\n"))


def test_a_ticker_that_reads_like_a_metal_is_not_the_metal(tmp_path):
    rows = "".join(f"2026-10-{day:02d},20,21,19,{20 + day % 3},100\n" for day in range(1, 29))
    inputs = of("minimum-risk", own(tmp_path, f"Date,Open,High,Low,Close,Volume\n{rows}", "GOLD.csv"))
    assert inputs.universe.keys == ("GOLD",)
    assert any("not as gold" in note.text for note in inputs.notes)


FAR = {
    "g for kg": (1.4, "kg"),
    "a thousandfold": (1.4e6, "kg"),
    "an ounce without its unit": (2000 / 31.1, "kg"),
    "lb of t": (1400e3, "kg"),
}


@pytest.mark.parametrize(("price", "unit"), FAR.values(), ids=FAR)
def test_a_level_far_from_the_bundled_one_is_refused_unless_it_is_accepted(tmp_path, price, unit):
    text = months("gallium", price, unit)
    with pytest.raises(DataError) as caught:
        of("minimum-risk", own(tmp_path, text))
    assert (caught.value.details["rule"], caught.value.details["asset"]) == ("level", "gallium")
    assert "--accept gallium" in caught.value.hint
    for accept in ("gallium", "levels"):
        assert of("minimum-risk", own(tmp_path, text, accept=(accept,))).universe.keys == ("gallium",)


def test_a_price_that_cannot_be_per_kg_and_states_no_unit_stays_in_the_unit_of_the_file(tmp_path):
    silent = months("gallium", 1.4, "kg").replace(",kg", ",")
    inputs = of("minimum-risk", own(tmp_path, silent))
    (asset,) = inputs.universe
    assert (asset.unit, asset.lot_size, asset.element) == ("unit", 1.0, "Ga")
    assert series(inputs, "gallium")["price"][0] == pytest.approx(1.4, rel=0.001)
    assert any("cannot be a price per kg" in note.text for note in inputs.notes)
    with pytest.raises(DataError, match="times the bundled"):
        read_own(
            own(tmp_path, silent), load(resolve({}, environment={})).market.until(DAY), LotNames(inputs.ledger, inputs.products)
        )


@pytest.mark.parametrize(("price", "unit"), [(1.4, "g"), (1400, "kg"), (1.4e6, "t"), (635, "lb")])
def test_a_price_in_any_unit_of_mass_is_the_same_price(tmp_path, price, unit):
    inputs = of("minimum-risk", own(tmp_path, months("gallium", price, unit)))
    assert series(inputs, "gallium")["price"][0] == pytest.approx(1400, rel=0.001)
