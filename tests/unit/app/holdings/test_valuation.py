"""Prices of products: where they are paid, and what is quoted in Europe beside an average of a year of elsewhere."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import replace
from datetime import date

import polars as pl
import pytest

from tests.blocks import table_of
from tests.lots import TWELVE, ask_of, findings_of
from tests.records import report_html
from tests.subjects import AS_OF, context, proposal, with_parts
from toolkit.app.holdings.valuation import APART, EUROPE, annual_basis, in_europe, place_of, unit_prices
from toolkit.report.i18n.text import plain
from toolkit.report.topics.holdings import holdings
from toolkit.report.topics.measures import unconfirmed

ORDER = """lot_id,asset,form,purity,quantity,unit,purchase_date,purchase_price,currency,origin_country,location,status
a,dysprosium,oxide,99.5 %,20,kg,2026-08-01,400,EUR,CHN,,ordered
"""


@pytest.fixture(scope="module")
def inputs():
    return context(AS_OF)


@pytest.fixture(scope="module")
def prices(inputs):
    return unit_prices(inputs.snapshot, inputs.snapshot["prices"], tuple(inputs.products), "USD")


def test_an_average_of_elsewhere_stands_beside_each_quotation_of_its_form_in_europe(inputs, prices):
    """Over all products and points, so that the next row of either table cannot stand alone."""
    points = inputs.snapshot["price_points"]
    beside = set()
    for (asset, form), price in prices.items():
        there = points.filter(
            pl.col("asset") == asset,
            pl.col("basis").str.contains("Europe") | pl.col("basis").str.contains("Rotterdam"),
            pl.col("basis").str.contains(form.split()[0], literal=True),
            pl.col("date").dt.year() == price.date.year,
        )
        if price.kind == "annual_average" and price.place != EUROPE and there.height:
            assert price.in_europe is not None
            assert price.in_europe.date == there["date"].max()
            assert bool(price.in_europe.told) == (not 1 / APART < price.in_europe.multiple < APART)
            beside.add(asset)
        if price.in_europe is not None:
            assert price.kind == "annual_average"
    assert beside == {"dysprosium", "terbium"}


def test_a_price_and_its_error_are_in_one_currency(inputs, prices):
    euros = unit_prices(inputs.snapshot, inputs.snapshot["prices"], tuple(inputs.products), "EUR")
    noisy = [key for key, price in prices.items() if price.standard_error]
    assert noisy
    for key in noisy:
        share = prices[key].standard_error / prices[key].price
        assert euros[key].price != prices[key].price
        assert euros[key].standard_error / euros[key].price == pytest.approx(share)


def test_what_is_of_one_origin_has_the_source_and_the_quotation_of_its_product(inputs):
    """Terbium of Myanmar had a price of 2025-12-31 without a source, and no word on what Rotterdam asks."""
    product = inputs.products["terbium"]
    held = replace(product, key="terbium_MMR", offer_of="terbium", origin="MMR")
    basis, _, source = annual_basis(inputs.snapshot, held)
    assert (basis, source) == (annual_basis(inputs.snapshot, product)[0], "usgs_mcs_2026")
    asked = in_europe(inputs.snapshot, held, 904.0, date(2025, 12, 31), basis, "EUR")
    assert asked is not None
    assert asked.low > 904


def test_dysprosium_of_china_is_told_with_the_price_asked_in_rotterdam(prices):
    dysprosium, terbium = prices["dysprosium", "oxide"], prices["terbium", "oxide"]
    assert (dysprosium.price, dysprosium.place) == (239.0, "CHN")
    assert (dysprosium.in_europe.low, dysprosium.in_europe.multiple) == (1100.0, pytest.approx(1100 / 239))
    assert (terbium.in_europe.low, terbium.in_europe.high) == (2000.0, 4000.0)
    assert "(oxide Rotterdam ask (Adamas)), 4.6 times as much. The average is used, because" in dysprosium.in_europe.told


def test_a_quotation_is_seen_from_the_day_on_which_it_is_known():
    inputs = context(date(2025, 12, 1))
    found = unit_prices(inputs.snapshot, inputs.snapshot["prices"], (inputs.products["dysprosium"],), "USD")
    assert found["dysprosium", "oxide"].in_europe.date == date(2025, 5, 6)


@pytest.mark.parametrize(
    ("basis", "place"),
    [
        ("annual average, oxide 99.5 % fob China", "CHN"),
        ("annual average, Rotterdam duties unpaid 99.99 %", "Europe"),
        ("annual average, US spot cathode", "USA"),
        ("customs_unit_value", "USA"),
        ("annual average, metal pellets", None),
    ],
)
def test_the_place_is_that_of_the_words_of_the_basis(basis, place):
    assert place_of(basis) == place


def test_holdings_show_both_prices_and_count_a_secondary_quotation_as_unconfirmed(tmp_path):
    ask = ask_of(tmp_path, *TWELVE)
    found = findings_of(ask)
    figure = next(block for block in holdings.build(found) if "average of a year" in plain(block.title))
    cells = {plain(row.cells[0]).split(",")[0]: [plain(cell) for cell in row.cells[1:]] for row in table_of(figure).rows}
    used, there = (float(cells["Dysprosium"][i].replace(",", "")) for i in (0, 6))
    assert there / used == pytest.approx(1100 / 239, rel=1e-3)
    assert cells["Dysprosium"][5] == "China"
    assert cells["Hafnium"][5:] == ["not stated", "–", "–"]
    assert any(text.startswith("dysprosium: valued at") for text in ask.record.warnings)
    assert not {"price of dysprosium", "price of hafnium"} & {*unconfirmed(found)}
    doubt = {"status": "verified (one secondary quotation); secondary quotation"}
    prices = tuple(dataclasses.replace(p, **doubt) if p.asset == "dysprosium" else p for p in found.record.exposure.prices)
    record = found.record.model_copy(update={"exposure": found.record.exposure.model_copy(update={"prices": prices})})
    assert {key for key in unconfirmed(replace(found, record=record)) if key.startswith("price")} == {"price of dysprosium"}


@pytest.mark.parametrize("language", ["en", "de"])
def test_an_order_is_valued_with_both_prices_where_it_stands(tmp_path, language):
    (tmp_path / "orders.csv").write_text(ORDER, encoding="utf-8")
    record = proposal(holdings=str(tmp_path / "orders.csv"), total=100000.0)
    row = next(p for p in record["positions"] if p["offer_of"] == "dysprosium")
    assert (row["series"], row["place"]) == ("annual average, oxide 99.5 % fob China", "CHN")
    assert row["in_europe"]["low"] / row["price"] == pytest.approx(1100 / 239, rel=1e-6)
    assert row["in_europe"]["told"] in record["warnings"]
    subject = with_parts(record)
    page = report_html(dict(subject.record), parts=subject.parts, lang=language)
    words = re.sub(r"<[^>]+>", "", page)
    assert words.count({"en": "4.6 times as much", "de": "das 4,6-Fache"}[language]) == 2
