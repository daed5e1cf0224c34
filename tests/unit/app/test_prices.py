"""The user's own prices beside the bundled ones: which series count, for whom, and when a price is too far off to be one."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from tests.subjects import context
from toolkit.app.allocation.inputs import Inputs, load_inputs
from toolkit.app.allocation.request import Request
from toolkit.app.config import resolve
from toolkit.app.context import Context
from toolkit.app.data.map_prices import map_prices
from toolkit.app.definitions import find
from toolkit.app.holdings.exposure import ExposureRequest, expose
from toolkit.app.holdings.names import LotNames
from toolkit.app.optimize import optimize
from toolkit.app.prices import PriceFiles, read_own
from toolkit.core.errors import DataError, FrameError, GapError
from toolkit.core.remarks import by_money
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
    return load_inputs(load_strategy(find("strategies", strategy).path, ()), context(day), prices=prices)


def months(asset: str, price: float, unit: str = "kg", count: int = 30) -> str:
    days = pl.date_range(date(2024, 1, 1), date(2026, 10, 1), "1mo", eager=True).dt.month_end()[-count:]
    rows = "".join(f"{day},{asset},{price * (1 + 0.01 * (i % 5))},{unit}\n" for i, day in enumerate(days))
    return f"date,asset,price,unit\n{rows}"


def bundled() -> pl.DataFrame:
    return context(DAY).snapshot["prices"]


def series(inputs: Inputs, asset: str) -> pl.DataFrame:
    return inputs.snapshot["prices"].filter(pl.col("asset") == asset).sort("date")


ASKS = "date,asset,price,currency,unit,basis\n"


def test_asking_prices_are_in_no_series_and_a_market_price_of_the_day_may_stand_beside_them(tmp_path):
    text = ASKS + "2026-10-31,gallium,1650,EUR,kg,dealer_ask\n"
    text += "".join(f"2026-{month:02d}-28,gallium,{1300 + month},USD,kg,\n" for month in range(1, 10))
    inputs = of("physical-basket", own(tmp_path, text.replace("2026-10-31", "2026-09-28")))
    assert series(inputs, "gallium")["price"].to_list() == [1300 + month for month in range(1, 10)]
    assert inputs.quotes is not None
    assert inputs.quotes.select("asset", "price", "currency").rows() == [("gallium", 1650.0, "EUR")]
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


def both_sides(last: date, count: int = 12) -> str:
    """Bid and ask of gallium, month after month up to a day."""
    days = pl.date_range(date(2023, 1, 1), last, "1mo", eager=True).dt.month_end()[-count:]
    rows = "".join(f"{day},Gallium,{1300 + i},{1500 + i}\n" for i, day in enumerate(days))
    return f"Date,Metal,Bid USD/kg,Ask USD/kg\n{rows}"


def test_bid_and_ask_month_after_month_are_the_series_of_a_metal_and_the_last_are_a_price_of_today(tmp_path):
    inputs = of("physical-basket", own(tmp_path, both_sides(date(2026, 10, 1))))
    assert series(inputs, "gallium")["price"].to_list() == [1400 + i for i in range(12)]
    assert inputs.quotes is not None
    assert inputs.quotes.select("asset", "price", "basis").rows() == [("gallium", 1411.0, "dealer_bid_ask")]


def test_a_gap_of_a_series_is_told_once_by_every_command(tmp_path):
    holed = "".join(line for line in months("gallium", 1400).splitlines(keepends=True) if "2025-0" not in line)
    files = own(tmp_path, holed + months("tin", 30).partition("\n")[2], currency="USD")
    (tmp_path / "lots.csv").write_text("asset,quantity\ngallium,2\n", encoding="utf-8")
    today = Context(resolve({"owner.country": "DEU"}, file=None), DAY, today=DAY)
    inputs = load_inputs(load_strategy(find("strategies", "physical-basket").path, ()), today, prices=files)
    exposed = expose(ExposureRequest(str(tmp_path / "lots.csv"), today, files))
    for told in (inputs.notes, exposed.remarks):
        assert [str(remark.text) for remark in told if "never filled" in remark.text] == [
            "gallium: 9 of 30 months have no price, never filled; the longest gap is 9 months after 2024-12-31."
        ]


def test_bid_and_ask_of_long_ago_are_the_series_and_no_price_of_today(tmp_path):
    inputs = of("physical-basket", own(tmp_path, both_sides(date(2025, 12, 1))))
    assert series(inputs, "gallium").height == 12
    assert inputs.quotes is None or inputs.quotes.is_empty()
    told = [str(remark.text) for remark in inputs.notes]
    assert not any("too old to be one of today" in text for text in told)  # it says that the bundled price is used
    assert any("the newest price is" in text and "gallium" in text for text in told)


def test_prices_that_are_all_too_old_are_named_once_an_asset(tmp_path):
    with pytest.raises(GapError, match=r"one of today: gallium of 2025-12-31\. "):
        of("physical-basket", own(tmp_path, both_sides(date(2025, 12, 1), count=4)))


def test_one_own_price_replaces_its_series_and_leaves_every_other(tmp_path):
    inputs = of("physical-basket", own(tmp_path, months("gallium", 1400), currency="USD"))
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
    late = own(tmp_path, "date,asset,price,unit\n2026-08-20,gold,120000,kg\n2026-10-31,gallium,1400,kg\n", currency="USD")
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
    "Gallium price": "gallium", "Indium spot": "indium", "Antimon Preis": "antimony", "Germanium_price": "germanium",
    "Gallium price index": None, "Indium (spot)": "indium", "Gallium Close": "gallium", "Antimon Kurs": "antimony",
    "Gallium last week": None, "Gallium DDP US": "gallium", "Gallium DDP inkl. MwSt.": None,
    "Gold 91.67": None, "Silver 90 %": None, "Gallium 98 %": None, "Indium 99.9 %": None, "Indium 99.995 %": "indium", "Gallium 7N": None, "Gold 925": None,
}  # fmt: skip


@pytest.mark.parametrize(("name", "asset"), NAMES.items(), ids=NAMES)
def test_names_of_a_price_file_mean_what_they_mean_in_holdings(tmp_path, name, asset):
    """In both shapes; a ticker, and a form that is not traded, stay what the file says."""
    inputs = of("minimum-risk", None)
    names, snapshot = LotNames(inputs.ledger, inputs.products), context(DAY).snapshot
    for text in (f"date;{name}\n2026-10-31;3\n", f"Datum;Metall;Preis\n31.10.2026;{name};3\n"):
        found = read_own(own(tmp_path, text, accept=("levels",)), snapshot, names, "USD")
        assert {*found.assets, *found.quotes["asset"]} == {asset or name}
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
    found = read_own(own(tmp_path, text), inputs.snapshot, LotNames(inputs.ledger, inputs.products), "USD")
    assert (found.assets, found.quotes["asset"].to_list()) == ((), ["silver"])
    assert found.quotes["price"][0] == pytest.approx(44.10 / 0.0311034768)


def test_powder_of_a_metal_that_is_traded_as_oxide_is_a_question(tmp_path):
    with pytest.raises(DataError, match=r"mine.csv: .*may be the metal or the oxide"):
        of("minimum-risk", own(tmp_path, months("Neodympulver", 60)))


def test_two_names_of_a_metal_are_one_series_or_refused(tmp_path):
    head = "date,asset,price,currency,unit\n2026-09-30,Silber,1500,EUR,kg\n"
    more = "".join(f"2026-{month:02d}-28,Ag,{1500 + month},EUR,kg\n" for month in range(2, 9))
    inputs = of("minimum-risk", own(tmp_path, f"{head}{more}2026-10-31,Ag,1510,EUR,kg\n2026-09-30,silver,1500,EUR,kg\n"))
    assert series(inputs, "silver")["price"].to_list() == [*range(1502, 1509), 1500, 1510]
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
        read_own(own(tmp_path, silent), context(DAY).snapshot, LotNames(inputs.ledger, inputs.products), "USD")


@pytest.mark.parametrize(("price", "unit"), [(1.4, "g"), (1400, "kg"), (1.4e6, "t"), (635, "lb")])
def test_a_price_in_any_unit_of_mass_is_the_same_price(tmp_path, price, unit):
    inputs = of("minimum-risk", own(tmp_path, months("gallium", price, unit)))
    assert series(inputs, "gallium")["price"][0] == pytest.approx(1400, rel=0.001)


QUOTED = "date,asset,price,currency,unit\n"


def levels_of(prices: PriceFiles | None, *, holdings: str | None = None) -> dict:
    """The record of a proposal for the default strategy."""
    settings = resolve({"owner.currency": "EUR", "owner.country": "DEU"}, environment={})
    return optimize(
        Request("physical-basket", Context(settings, DAY), total=100000.0, holdings=holdings, prices=prices)
    ).record.to_json()


def test_a_price_of_today_sets_the_price_of_its_metal_and_leaves_history_risk_and_every_other(tmp_path):
    rows = "2026-11-20,gallium,1650,EUR,kg\n2026-11-02,gallium,1500,EUR,kg\n2026-11-20,Indium,0.65,EUR,g\n"
    files = own(tmp_path, QUOTED + rows)
    inputs = of("physical-basket", files)
    assert inputs.own == ()
    assert inputs.prices.equals(of("physical-basket", None).prices)
    record, before = levels_of(files), levels_of(None)
    plain = {p["asset"]: p for p in before["positions"]}
    for p in record["positions"]:
        if p["asset"] not in {"gallium", "indium"}:
            assert (p["price"], p["price_from"]) == (plain[p["asset"]]["price"], "bundled")
    price = {p["asset"]: p for p in record["positions"]}
    for key, stated in (("gallium", 1650.0), ("indium", 650.0)):
        p = price[key]
        assert (p["price"], p["price_date"], p["basis"]) == (pytest.approx(stated), "2026-11-20", "own_quote")
        assert p["price_se"] == pytest.approx(0.075 * stated)
        assert (p["price_from"], p["price_source"]) == ("own_price", "mine.csv")
    assert record["assets"] == before["assets"]
    assert any("dealer_ask or dealer_bid" in text for text in record["notes"])
    assert any(text.startswith("gallium: the own price of 2026-11-20, 1,650.00 EUR a kg +/- 7.5%") for text in record["notes"])


@pytest.mark.parametrize(("basis", "factor"), [("dealer_ask", 1 / 1.075), ("dealer_bid", 1 / 0.925), ("", 1.0)])
def test_what_a_dealer_asks_or_pays_lies_half_a_spread_off_the_middle_in_every_command(tmp_path, basis, factor):
    files = own(tmp_path, f"{ASKS}2026-11-20,gallium,1650,EUR,kg,{basis}\n")
    (tmp_path / "lots.csv").write_text("asset,quantity\ngallium,2\n", encoding="utf-8")
    proposed = next(p for p in levels_of(files)["positions"] if p["asset"] == "gallium")
    settings = resolve({"owner.currency": "EUR", "owner.country": "DEU"}, environment={})
    held = expose(ExposureRequest(str(tmp_path / "lots.csv"), Context(settings, DAY), files)).to_json()["prices"][0]
    for found, error in ((proposed, proposed["price_se"]), (held, held["standard_error"])):
        assert found["price"] == pytest.approx(1650 * factor)
        assert error == pytest.approx(0.0 if basis else 0.075 * 1650)
        assert found["basis"] == (basis or "own_quote")
        assert found["price_from"] == ("dealer" if basis else "own_price")


@pytest.mark.parametrize("unit", ["oz", "Unze", "ozt", "Feinunze"])
def test_an_ounce_of_a_precious_metal_is_the_troy_ounce_as_in_holdings(tmp_path, unit):
    inputs = of("physical-basket", own(tmp_path, QUOTED + f"2026-11-20,gold,4200,EUR,{unit}\n"))
    assert inputs.quotes.select("price", "unit").rows() == [(pytest.approx(4200 / 0.0311034768), "kg")]
    with pytest.raises(DataError, match=r"gallium is priced per 'oz'") as error:
        of("physical-basket", own(tmp_path, QUOTED + "2026-11-20,gallium,42,EUR,oz\n"))
    assert "31.10 g" in error.value.hint


def test_an_old_series_that_counts_as_the_price_of_today_is_the_first_warning(tmp_path):
    """Below others it was one of "3 more": who orders at a price of 2024 has to see it."""
    days = pl.date_range(date(2023, 1, 1), date(2024, 12, 1), "1mo", eager=True).dt.month_end()
    text = "date,asset,price,currency,unit\n" + "".join(f"{day},gallium,{500 + i % 3},EUR,kg\n" for i, day in enumerate(days))
    told = by_money([one for one in of("minimum-risk", own(tmp_path, text)).notes if one.is_warning], {"gallium": 1.0})
    assert "the newest price is" in told[0].text
    assert "counts as the price of today" in told[0].remedy


BOTH = {
    "rows": [f"{ASKS}2026-11-20,gallium,1500,EUR,kg,dealer_bid\n2026-11-20,gallium,1650,EUR,kg,dealer_ask\n"],
    "files": [
        f"{ASKS}2026-11-20,gallium,{price},EUR,kg,{basis}\n" for price, basis in ((1650, "dealer_ask"), (1500, "dealer_bid"))
    ],
    "Ankauf, Verkauf": ["Stand: 20.11.2026\nMetall;Ankauf EUR/kg;Verkauf EUR/kg\nGallium;1.500,00;1.650,00\n"],
    "Geld, Brief": ["Datum;Metall;Geld;Brief;Währung;Einheit\n20.11.2026;Gallium;1.500,00;1.650,00;EUR;kg\n"],
}


@pytest.mark.parametrize("name", BOTH)
def test_a_purchase_pays_what_a_dealer_asks_and_holdings_are_valued_between_both_sides(tmp_path, name):
    paths = [own(tmp_path, text, f"{i}.csv").paths[0] for i, text in enumerate(BOTH[name])]
    files = PriceFiles(tuple(paths))
    p = next(p for p in levels_of(files)["positions"] if p["asset"] == "gallium")
    assert (p["price"], p["price_se"], p["basis"]) == (pytest.approx(1575), 0, "dealer_bid_ask")
    assert p["quantity"] > 0
    assert (p["value"] + p["cost"]) / p["quantity"] == pytest.approx(1650, rel=1e-4)
    (tmp_path / "lots.csv").write_text("asset,quantity\ngallium,2\n", encoding="utf-8")
    settings = resolve({"owner.currency": "EUR", "owner.country": "DEU"}, environment={})
    held = expose(ExposureRequest(str(tmp_path / "lots.csv"), Context(settings, DAY), files)).to_json()["prices"][0]
    assert (held["price"], held["standard_error"], held["price_from"]) == (pytest.approx(1575), 0, "dealer")


def test_a_dealer_asks_no_less_than_he_pays_and_both_on_one_day(tmp_path):
    both = f"{ASKS}2026-11-20,gallium,1650,EUR,kg,dealer_ask\n2026-11-{{}},gallium,{{}},EUR,kg,dealer_bid\n"
    for bid in (1700, 1.5):
        with pytest.raises(DataError, match="a dealer asks 1650 and pays"):
            of("physical-basket", own(tmp_path, both.format(20, bid)))
    inputs = of("physical-basket", own(tmp_path, both.format(19, 1500)))
    assert inputs.quotes["basis"].to_list() == ["dealer_ask"]
    assert any("dealer_bid of gallium is of 2026-11-19" in remark.text for remark in inputs.notes if remark.is_warning)


def test_an_old_price_of_a_day_is_no_price_of_today(tmp_path):
    old = QUOTED + "2025-11-20,gallium,650,EUR,kg\n"
    with pytest.raises(GapError, match="every price is too old to be one of today: gallium of 2025-11-20"):
        of("physical-basket", own(tmp_path, old))
    inputs = of("physical-basket", own(tmp_path, old + "2026-11-20,germanium,4900,EUR,kg\n"))
    assert inputs.quotes is not None
    assert inputs.quotes["asset"].to_list() == ["germanium"]
    assert any("too old to be one of today" in remark.text for remark in inputs.notes if remark.is_warning)


def test_prices_of_a_day_beside_a_series_are_held_too_by_a_strategy_that_names_nothing(tmp_path):
    text = months("germanium", 5000) + "2026-11-20,gallium,1650,kg\n2026-11-20,hafnium,4000,kg\n"
    inputs = of("minimum-risk", own(tmp_path, text))
    assert inputs.universe.keys == ("gallium", "germanium", "hafnium")
    assert inputs.own == ("germanium",)


def test_three_weeks_of_days_are_a_price_of_today_and_a_quarter_is_a_series(tmp_path):
    days = pl.date_range(date(2026, 8, 1), date(2026, 11, 20), "1d", eager=True)
    for count, series_of in ((21, ()), (100, ("gallium",))):
        rows = "".join(f"{day},gallium,{1600 + i},EUR,kg\n" for i, day in enumerate(days[-count:]))
        inputs = of("minimum-risk", own(tmp_path, QUOTED + rows))
        assert (inputs.own, inputs.quotes["price"].to_list()) == (series_of, [] if series_of else [1620.0])


def test_a_short_series_of_what_has_no_history_is_left_to_who_estimates(tmp_path):
    inputs = of("minimum-risk", own(tmp_path, QUOTED + "2026-11-20,GLD,650,EUR,unit\n"))
    assert inputs.own == ("GLD",)
    only = of("minimum-risk", own(tmp_path, QUOTED + "2026-11-20,gallium,1650,EUR,kg\n", only=True))
    assert only.own == ("gallium",)


@pytest.mark.parametrize(("currency", "told"), [("CNY", ["antimony"]), ("USD", [])])
def test_of_prices_of_metals_in_yuan_it_is_told_that_chinas_home_market_includes_tax(tmp_path, currency, told):
    text = f"date,asset,price,currency,unit\n2026-11-20,antimony,150000,{currency},t\n2026-11-20,OWN,5,{currency},unit\n"
    files = own(tmp_path, text.replace("150000,USD", "21000,USD"))
    assert [r.assets for r in of("physical-basket", files).notes if "home market" in r.text] == [tuple(told)] * len(told)


SLIPS = {
    "gallium per lb": (1400 / 2.2046 / 1.4, "kg", "USD", "price of one lb"),
    "in yuan": (1400 * 7.1, "kg", "USD", "price in CNY"),
    "lot of 25 kg": (23 * 25, "kg", "USD", "of a lot of 25 kg"),
    "per ounce": (1400 / 32.15, "kg", "USD", "price of one ozt"),
    "per gram": (1.45, "kg", "USD", "price of one g"),
    "per tonne": (1.45e6, "kg", "USD", "price of one t"),
    "kilogram stated as gram": (1450, "g", "USD", "price of one kg"),
    "dollars stated as yuan": (1450, "kg", "CNY", "price in USD"),
    "a pound": (1450 * 0.45359237, "kg", "USD", "It looks like the price of one lb."),
    "four times": (1400 * 4, "kg", "USD", "No slip"),
}


@pytest.mark.parametrize(("price", "unit", "currency", "slip"), SLIPS.values(), ids=SLIPS)
@pytest.mark.parametrize("count", [1, 30])
def test_a_price_three_times_off_is_told_with_the_slip_that_explains_it_and_ten_times_off_refused(
    tmp_path, price, unit, currency, slip, count
):
    asset = "antimony" if slip and "25 kg" in slip else "gallium"
    text = (
        months(asset, price, unit, count)
        .replace("price,unit", "price,unit,currency")
        .replace(f",{unit}\n", f",{unit},{currency}\n")
    )
    files = own(tmp_path, text)
    try:
        (told,) = [r.text for r in of("physical-basket", files).notes if r.comes_first and "times the bundled" in r.text]
        refused = False
    except DataError as error:
        told, refused = f"{error.message} {error.hint}", "--accept" in (error.hint or "")
    assert slip in told
    (times,) = re.findall(r"([\d.,]+) times", told)
    assert refused == (not 0.1 < float(times.replace(",", "")) < 10)
    accepted = of("physical-basket", own(tmp_path, text, accept=(asset,)))
    assert not [r for r in accepted.notes if "times the bundled" in r.text]


def test_a_series_that_nothing_uses_is_a_warning(tmp_path):
    """A download of gold futures beside a strategy that holds gold bars: its price was ignored without a word."""
    head = "Date,Open,High,Low,Close,Adj Close,Volume\n"
    yahoo = head + "2026-11-20,4700,4720,4690,4710,4710,1000\n2026-11-23,4710,4730,4700,4725,4725,12\n"
    inputs = of("physical-basket", own(tmp_path, yahoo, "GC=F.csv"))
    (told,) = [remark for remark in inputs.notes if "are not used" in remark.text]
    assert (told.is_warning, told.comes_first, told.assets) == (True, True, ("GC=F",))
    assert "GC=F" not in inputs.universe
    assert not [remark for remark in inputs.notes if remark.text.startswith("Own prices for")]
    held = of("minimum-risk", own(tmp_path, months("mine", 5)))
    assert not [remark for remark in held.notes if "are not used" in remark.text]


def test_own_prices_under_a_code_that_names_no_metal_are_a_warning_of_an_exposure(tmp_path):
    """An agency's `MB-GA-0001` valued nothing, and the lots of gallium stood at the bundled price without a word."""
    lots = tmp_path / "lots.csv"
    lots.write_text("asset,quantity,unit\ngallium,10,kg\n")
    coded = own(tmp_path, months("MB-GA-0001", 1400))
    told = [
        one for one in expose(ExposureRequest(str(lots), context(DAY), prices=coded)).remarks if "value no metal" in one.text
    ]
    assert [(one.is_warning, "MB-GA-0001" in one.text) for one in told] == [(True, True)]
    lots.write_text("asset,quantity\nMB-GA-0001,10\n")
    assert not [one for one in expose(ExposureRequest(str(lots), context(DAY), prices=coded)).remarks if "no metal" in one.text]


AMBIGUOUS = {
    "thousands": ('Date,Gallium USD/kg,Rhenium USD/kg\n2026-11-20,"1,400","2,580"\n', ".", [1400.0, 2580.0]),
    "decimals": ("Datum;Antimon EUR/kg;Wismut EUR/kg\n20.11.2026;22,800;49,100\n", ",", [22.8, 49.1]),
    "beside a price of its size": ('date,gallium\n2026-09-30,980\n2026-10-31,"1,010"\n', ".", [980.0, 1010.0]),
    "a dealer's": ("Datum;Metall;Ankauf EUR/kg;Verkauf EUR/kg\n20.11.2026;Gallium;1.210;1.390\n", ",", [1210.0, 1390.0]),
}


@pytest.mark.parametrize(("text", "mark", "prices"), AMBIGUOUS.values(), ids=AMBIGUOUS)
def test_a_decimal_mark_that_nothing_in_a_file_settles_is_asked_for_with_the_command_that_says_it(tmp_path, text, mark, prices):
    """Known prices and the size of others settled it in silence."""
    files, names = own(tmp_path, text), LotNames(context(DAY).ledger, context(DAY).products)
    with pytest.raises(FrameError, match="a mark that may mean decimals or thousands") as error:
        read_own(files, context(DAY).snapshot, names, "USD")
    assert all(f"--set decimal={mark} --write" in error.value.hint for mark in ",.")
    layout = map_prices(str(files.paths[0]), context(DAY), answers={"decimal": mark}).columns.layout
    (tmp_path / "mine.layout.toml").write_text(layout.to_toml(), encoding="utf-8")
    file = read_own(files, context(DAY).snapshot, names, "USD").file
    assert sorted([*file.frame["price"], *file.quotes["price"]]) == prices


LISTS = {
    "fastmarkets": "Export\nGenerated: 26 Nov 2026 10:21 GMT\nSymbol,Description,Assessment Date,Low,Mid,High,Currency,Unit\n"
    'MB-GA-0001,"Gallium 99.99% Ga min, in-whs Rotterdam, $/kg",20/11/2026,"1,300.00","1,325.00","1,350.00",USD,kg\n',
    "agency": "Argus Metals - Minor metals,,,,,,\nReport date:,20-Nov-2026,,,,,\nQuote,Timing,Unit,Low,High,Mid,±\n"
    "Gallium 99.99% min du Rotterdam,Prompt,$/kg,1250.00,1400.00,1325.00,0.00\n"
    "Bismuth needles A-grade,Prompt,$/kg,38.5,41,39.75,0.00\n",
    "dealer": "Preisliste Nr. 47/2026;gültig ab 20.11.2026;;;;\nAlle Preise in EUR zzgl. MwSt.;;;;;\nArt.-Nr.;Bezeichnung;Einheit;VK;AK;Mindestmenge\n"
    "1001;Gallium 99,99 %;kg;1.390,00;1.150,00;1\n1007;Indium;kg;auf Anfrage;;5\n",
}


def listed(folder: Path, name: str):
    inputs = of("physical-basket", None)
    return read_own(own(folder, LISTS[name]), context(DAY).snapshot, LotNames(inputs.ledger, inputs.products), "USD")


@pytest.mark.parametrize(("name", "prices"), [("fastmarkets", [1325.0]), ("agency", [1325.0]), ("dealer", [1390.0, 1150.0])])
def test_lists_of_agencies_and_dealers_are_prices_of_their_day(tmp_path, name, prices):
    file = listed(tmp_path, name).file
    of_gallium = pl.concat([file.frame, file.quotes]).filter(asset="gallium")
    assert sorted(of_gallium["price"]) == sorted(prices)
    assert {*of_gallium["date"]} == {date(2026, 11, 20)}


def test_a_metal_with_words_that_are_no_form_is_told_as_no_price_of_it(tmp_path):
    (warning,) = (remark for remark in listed(tmp_path, "agency").reading if "more than metal and form" in remark.text)
    assert warning.text.endswith(": Bismuth needles A-grade.")
    assert warning.is_warning


def test_what_is_named_for_a_metal_and_more_is_held_only_where_a_strategy_names_it(tmp_path):
    text = months("Gallium brutto", 1900) + months("indium", 450).partition("\n")[2]
    prices = own(tmp_path, text)
    assert of("minimum-risk", prices).universe.keys == ("indium",)
    (tmp_path / "named.toml").write_text(NAMED.replace('"gallium", "germanium"', '"Gallium brutto", "indium"'), "utf-8")
    held = load_inputs(load_strategy(tmp_path / "named.toml", ()), context(DAY), prices=prices)
    assert set(held.universe.keys) == {"Gallium brutto", "indium"}
    stated = load_strategy(find("strategies", "minimum-risk").path, ('universe.own=[{asset = "Gallium brutto"}]',))
    assert set(load_inputs(stated, context(DAY), prices=prices).universe.keys) == {"Gallium brutto", "indium"}
    with pytest.raises(GapError, match="the names of all own prices say more than a traded metal: Gallium brutto") as error:
        of("minimum-risk", own(tmp_path, months("Gallium brutto", 1900)))
    assert "without tax and premium" in error.value.hint
