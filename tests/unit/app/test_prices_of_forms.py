"""Own prices of forms that are not traded: they value lots, and nothing else."""

from __future__ import annotations

from datetime import date

import pytest

from toolkit.app.config import resolve
from toolkit.app.context import Context
from toolkit.app.holdings.exposure import ExposureRequest, expose
from toolkit.app.prices import PriceFiles
from toolkit.core.errors import DataError
from toolkit.market.layouts.unconfirmed import Unconfirmed

TODAY = date(2026, 11, 24)
LOTS = "lot_id,asset,form,quantity,unit,origin_country,location,status\nT,terbium,metal,2,kg,CHN,Frankfurt,stored\n"


@pytest.fixture
def exposure(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lots.csv").write_text(LOTS, encoding="utf-8")
    context = Context(resolve({}, environment={}), TODAY)

    def of(prices: str):
        (tmp_path / "list.csv").write_text(prices, encoding="utf-8")
        return expose(ExposureRequest(holdings="lots.csv", context=context, prices=PriceFiles(("list.csv",))))

    return of


def test_a_dealers_prices_of_another_form_value_lots_in_it_between_bid_and_ask(exposure):
    answer = exposure(
        "Stand: 20.11.2026;;;\nProdukt;Ankauf EUR/kg;Verkauf EUR/kg;Mindestmenge\nTerbium Metall;1.900,00;2.600,00;1 kg\n"
    )
    (lot,) = answer.lots
    assert lot.value == pytest.approx(2 * 2250)
    (price,) = answer.prices
    assert (price.form, price.date, price.kind) == ("metal", date(2026, 11, 20), "quote")
    assert not answer.unpriced


def test_a_price_per_gram_of_another_form_is_one_of_a_kilogram(exposure):
    answer = exposure("date,asset,price,currency,unit\n2026-11-20,Terbium metal,2.5,EUR,g\n")
    assert answer.lots[0].value == pytest.approx(2 * 2500)


def test_a_lot_by_the_name_of_its_series_is_valued_by_it(exposure, tmp_path):
    prices = "date,asset,price,currency,unit\n2026-11-20,Terbium Metall,2500,EUR,kg\n"
    exposure(prices)
    (tmp_path / "lots.csv").write_text(LOTS.replace("terbium,metal", "Terbium Metall,"), encoding="utf-8")
    assert exposure(prices).lots[0].value == pytest.approx(2 * 2500)


@pytest.mark.parametrize(("name", "purity"), [("Gallium 7N", "7N"), ("Gallium zone refined", "zone refined")])
def test_a_lot_by_the_name_of_a_series_of_another_purity_is_metal_of_it_and_no_instrument(exposure, tmp_path, name, purity):
    (tmp_path / "lots.csv").write_text(f"lot_id,asset,quantity,location\nA,{name},5,Frankfurt\nB,Gallium,5,Frankfurt\n")
    answer = exposure(f"date,asset,price,currency,unit\n2026-11-20,{name},2500,EUR,kg\n")
    own, traded = sorted(answer.lots, key=lambda lot: lot.lot_id)
    assert (own.asset, own.purity, own.value) == ("gallium", purity, pytest.approx(12500))
    assert traded.value != pytest.approx(12500)


def test_the_newest_price_of_a_series_of_another_form_counts(exposure):
    months = "".join(f"2026-{month:02}-28,Terbium metal,{2000 + month},EUR,kg\n" for month in range(1, 11))
    answer = exposure(f"date,asset,price,currency,unit\n{months}")
    assert answer.lots[0].value == pytest.approx(2 * 2010)


def test_a_dealers_price_of_what_nobody_knows_is_refused(exposure):
    with pytest.raises(DataError, match="no price series is known") as refused:
        exposure("Stand: 20.11.2026;;\nProdukt;Ankauf EUR/kg;Verkauf EUR/kg\nTerbiom Metal;1900,5;2600\n")
    assert "leave the row out, or bring a series" in refused.value.hint


def test_a_column_that_is_not_known_is_asked_about_and_currencies_and_units_are_read(exposure):
    base = "date,asset,price,currency,unit,{}\n2026-11-20,Terbium metal,2500,EUR,kg,{}\n"
    for name, cell in (("Verfügbar", "ja"), ("Ccy", "USD"), ("Einheit", "g"), ("Rabatt", "3 %")):
        with pytest.raises(Unconfirmed, match=name):
            exposure(base.format(name, cell))
