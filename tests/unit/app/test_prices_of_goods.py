"""A price belongs to a metal, a form and a grade: own prices of other goods value lots of them, and nothing else."""

from __future__ import annotations

import re
from datetime import date

import polars as pl
import pytest

from tests.subjects import context
from toolkit.app.assumptions import grade_step, metal_contents
from toolkit.app.config import resolve
from toolkit.app.context import Context
from toolkit.app.holdings.exposure import ExposureRequest, expose
from toolkit.app.prices import PriceFiles
from toolkit.core.errors import FrameError
from toolkit.market.layouts.unconfirmed import Unconfirmed

TODAY = date(2026, 12, 1)
LOTS = """lot_id,asset,form,purity,quantity,unit,origin_country,location,status
A,germanium,metal,5N,92,kg,CHN,Frankfurt,stored
B,gallium,metal,4N,10,kg,CHN,Frankfurt,stored
C,gallium,metal,7N,10,kg,CHN,Frankfurt,stored
D,germanium,oxide,5N,20,kg,CHN,Frankfurt,stored
E,gallium,arsenide,6N,100,kg,CHN,Frankfurt,stored
F,gallium,metal,98 %,10,kg,CHN,Frankfurt,stored
"""
WEIGHTS = {
    "H": 1.008, "C": 12.011, "N": 14.007, "O": 15.999, "P": 30.974, "S": 32.06, "Cl": 35.45, "Sc": 44.956, "Zn": 65.38,
    "Ga": 69.723, "Ge": 72.630, "As": 74.922, "Y": 88.906, "Mo": 95.95, "In": 114.82, "Sb": 121.76, "La": 138.91, "Ce": 140.12,
    "Pr": 140.91, "Nd": 144.24, "Sm": 150.36, "Eu": 151.96, "Gd": 157.25, "Tb": 158.93, "Dy": 162.50, "Ho": 164.93,
    "Er": 167.26, "Tm": 168.93, "Yb": 173.05, "Lu": 174.97, "W": 183.84, "Bi": 208.98,
}  # fmt: skip
"""Standard atomic weights, abridged to five digits: Prohaska and others, Pure and Applied Chemistry 94 (2022) 573."""


@pytest.fixture
def exposure(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lots.csv").write_text(LOTS, encoding="utf-8")
    market = Context(resolve({}, environment={}), TODAY)

    def of(prices: str | None = None, use: tuple[str, ...] = ()):
        if prices is not None:
            (tmp_path / "list.csv").write_text(prices, encoding="utf-8")
        files = None if prices is None else PriceFiles(("list.csv",))
        return expose(ExposureRequest(holdings="lots.csv", context=market, prices=files))

    return of


def value(answer) -> dict[str, float | None]:
    return {lot.lot_id: lot.value for lot in answer.lots}


@pytest.mark.parametrize(
    "text",
    [
        (
            "date,asset,form,purity,price,currency,unit\n2026-11-20,germanium,oxide,99.999%,2515,EUR,kg\n"
            "2026-11-20,gallium,metal,7N,2900,EUR,kg\n"
        ),
        "date,asset,price,currency,unit\n2026-11-20,germanium oxide,2515,EUR,kg\n2026-11-20,Gallium 7N,2900,EUR,kg\n",
    ],
)
def test_an_oxides_price_is_none_of_the_metal_and_that_of_7n_is_none_of_4n(exposure, text):
    """92 kg of germanium were sold at the 2,515 of the oxide, half of their price."""
    market, own = value(exposure()), value(exposure(text))
    assert own == {**market, "C": pytest.approx(29_000), "D": pytest.approx(50_300)}
    assert market["A"] is not None
    assert market["A"] > 92 * 4000


def test_a_lot_of_another_grade_is_valued_by_the_nearest_with_a_wider_error_in_both_directions(exposure):
    answer = exposure()
    lots = {lot.lot_id: lot for lot in answer.lots}
    usual = lots["B"]
    assert (usual.nines, usual.priced_as) == (0, None)
    assert [(lots[name].nines, lots[name].priced_as) for name in "CF"] == [(3, "99.99 %"), (-3, "99.99 %")]
    for name in "CF":
        assert lots[name].value == pytest.approx(usual.value)
        assert lots[name].value_se > usual.value_se
    higher, lower = (next(r for r in answer.remarks if f"that of {name} is" in r.text) for name in "CF")
    assert "rather more than less" in higher.text
    assert "rather less than more" in lower.text


def test_a_nearer_grade_of_ones_own_prices_goes_before_that_of_the_product(exposure):
    own = exposure("date,asset,purity,price,currency,unit\n2026-11-20,gallium,6N,2000,EUR,kg\n")
    (lot,) = (lot for lot in own.lots if lot.lot_id == "C")
    assert (lot.value, lot.nines, lot.priced_as) == (pytest.approx(20_000), 1, "6N")


@pytest.mark.parametrize("column", ["Grade", "Qualität", "Spec", "Form"])
@pytest.mark.parametrize(("asset", "cell", "lot"), [("gallium", "7N", "B"), ("germanium", "oxide", "A")])
def test_another_good_under_another_name_of_its_column_is_another_series(exposure, column, asset, cell, lot):
    text = f"date,asset,price,currency,unit,{column}\n2026-11-20,{asset},2900,EUR,kg,{cell}\n"
    assert value(exposure(text))[lot] == value(exposure())[lot]


def test_words_for_a_good_that_are_not_known_are_asked_about(exposure):
    with pytest.raises(Unconfirmed, match="'Spec'"):
        exposure("date,asset,price,currency,unit,Spec\n2026-11-20,germanium,2900,EUR,kg,special\n")


def test_a_remark_of_another_good_is_asked_about(exposure):
    with pytest.raises(Unconfirmed, match="'7N'"):
        exposure("date,asset,price,currency,unit,Remark\n2026-11-20,gallium,2900,EUR,kg,7N\n")


@pytest.mark.parametrize("cell", ["99.99 %", "4N5", "ingot"])
def test_what_says_no_other_good_is_the_metal(exposure, cell):
    answer = exposure(f"date,asset,price,currency,unit,Spec\n2026-11-20,gallium,1500,EUR,kg,{cell}\n")
    assert value(answer)["B"] == pytest.approx(15_000)


def test_sides_are_bid_ask_and_mid(exposure):
    rows = "2026-11-20,gallium,1400,EUR,kg,bid\n2026-11-20,gallium,1600,EUR,kg,ask\n"
    assert value(exposure(f"date,asset,price,currency,unit,side\n{rows}"))["B"] == pytest.approx(15_000)
    with pytest.raises(Unconfirmed, match="'buy'"):
        exposure(f"date,asset,price,currency,unit,side\n{rows.replace('bid', 'buy')}")


def test_a_price_of_another_place_is_told_with_its_premium(exposure):
    answer = exposure("date,asset,price,currency,unit,place\n2026-11-20,gallium,800,EUR,kg,Shanghai\n")
    (price,) = (price for price in answer.prices if price.asset == "gallium")
    assert price.place == "CHN"
    market = next(price for price in exposure().prices if price.asset == "gallium")
    assert market.place == "USA"
    (told,) = (text for text in answer.reading if "paid in" in text)
    assert f"{800 / market.price - 1:+.0%}" in told


@pytest.mark.parametrize("place", ["Atlantis", "nearby"])
def test_a_place_that_is_not_understood_and_two_of_one_asset_are_refused(exposure, place):
    with pytest.raises(FrameError, match="not understood"):
        exposure(f"date,asset,price,currency,unit,place\n2026-11-20,gallium,800,EUR,kg,{place}\n")
    with pytest.raises(FrameError, match="second place"):
        exposure(
            "date,asset,price,currency,unit,place\n2026-11-19,gallium,800,EUR,kg,China\n2026-11-20,gallium,1400,EUR,kg,Rotterdam\n"
        )


def test_the_metal_in_compounds_is_told(exposure):
    """100 kg of GaAs are no 100 kg of gallium."""
    metal = sum(lot.metal for lot in exposure().lots if lot.asset == "gallium")
    assert metal == pytest.approx(30 + 100 * 0.4820)


def test_contents_are_those_of_the_formulas():
    rows = context(TODAY).snapshot["compounds"]
    symbols = dict(context(TODAY).snapshot["metals"].select("asset", "symbol").rows()) | {
        "scandium": "Sc", "yttrium": "Y", "lanthanum": "La", "cerium": "Ce", "samarium": "Sm", "europium": "Eu",
        "gadolinium": "Gd", "holmium": "Ho", "erbium": "Er", "thulium": "Tm", "ytterbium": "Yb", "lutetium": "Lu",
    }  # fmt: skip
    assert rows.height > 30
    for asset, formula, content in rows.select("asset", "formula", "content").iter_rows():
        parts = {name: float(count or 1) for name, count in re.findall(r"([A-Z][a-z]?)(\d*)", formula)}
        metal = parts[symbols[asset]] * WEIGHTS[symbols[asset]]
        assert content == pytest.approx(metal / sum(n * WEIGHTS[name] for name, n in parts.items()), abs=5e-5), formula
    assert metal_contents(context(TODAY).snapshot)["gallium", "arsenide"] == pytest.approx(0.482, abs=1e-3)


def test_the_step_of_a_grade_is_that_of_refined_over_primary_gallium():
    """Root mean square over the years of the newest edition of each; 6N5 and 4N are two and a half nines apart."""
    snapshot = context(TODAY).snapshot
    yearly = snapshot["prices_annual"].filter((pl.col("asset") == "gallium") & pl.col("series").str.contains("purity"))
    newest = yearly.sort("known_from").group_by("date", "series").last()
    refined, primary = (newest.filter(pl.col("series").str.starts_with(word)) for word in ("high", "low"))
    steps = refined.join(primary, on="date").select((pl.col("price") / pl.col("price_right")).log() / 2.5).to_series()
    assert len(steps) >= 8
    assert grade_step(snapshot) == pytest.approx(float((steps**2).mean()) ** 0.5, abs=0.01)


def test_a_form_that_is_not_understood_makes_a_price_of_its_own_that_is_told(exposure):
    answer = exposure("date,asset,form,price,currency,unit\n2026-11-20,germanium,powder of something,2515,EUR,kg\n")
    assert value(answer) == value(exposure())
    assert any("germanium powder of something" in remark.text for remark in answer.remarks if remark.is_warning)
