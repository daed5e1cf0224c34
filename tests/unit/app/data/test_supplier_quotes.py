"""Quotations of several suppliers, terms and quantities: whose price values a metal is said by its owner, never guessed."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from toolkit.app.config import resolve
from toolkit.app.context import Context
from toolkit.app.data.map_prices import MappedPrices, map_prices
from toolkit.core.errors import DataError

TODAY = date(2026, 12, 1)
QUOTES = """Supplier,Metal,Purity,Price,Currency,Unit,Quote date,MOQ
Alpha Metals,Gallium,4N,1450,USD,kg,2026-11-20,25
Beta Trading,Gallium,4N,1180,USD,kg,2026-11-21,50
Gamma GmbH,Germanium,5N,5200,EUR,kg,2026-11-19,10
Beta Trading,Indium,4N,610,USD,kg,2026-11-21,100
"""
TERMS = """Metal,Purity,Incoterm,Price,Currency,Unit,Date
Gallium,4N,CIF Rotterdam,1450,USD,kg,2026-11-20
Gallium,4N,FOB Shanghai,1180,USD,kg,2026-11-21
"""
BREAKS = """Lieferant;Material;Reinheit;ab 10 kg;ab 100 kg;Währung;Einheit;Datum
Meier Metalle;Indium;4N;720;690;EUR;kg;20.11.2026
"""
BESIDE = """Datum;Gallium 4N;Indium;Währung;Einheit
2026-10-30;1450;690;USD;kg
2026-10-31;1455;688;USD;kg
"""


@pytest.fixture(scope="module")
def mapped(tmp_path_factory):
    folder, context = tmp_path_factory.mktemp("quotes"), Context(resolve({}, file=None), TODAY, None, TODAY)

    def read(text: str, **answers: str) -> MappedPrices:
        file: Path = folder / "quotes.csv"
        file.write_text(text, "utf-8")
        return map_prices(str(file), context, answers=answers)

    return read


def prices(found: MappedPrices) -> dict[str, list[float]]:
    assert found.file is not None, (found.questions, found.fault)
    return {key: rows["price"].to_list() for (key,), rows in found.file.frame.partition_by("asset", as_dict=True).items()}


def test_prices_of_several_suppliers_are_no_series_until_it_is_said_whose_count(mapped):
    """They were joined: the newest of any of them was the price of the metal."""
    assert [one.name for one in mapped(QUOTES).questions] == ["Alpha Metals", "Beta Trading"]
    said = mapped(QUOTES, **{"Alpha Metals": "no_meaning", "Beta Trading": "not_a_price"})
    # Who alone has a price of a metal is asked for that one.
    assert prices(said) == {"gallium": [1450], "germanium": [5200], "indium": [610]}
    left = next(words for words in said.file.reading if "no price of today" in words)
    assert "Beta Trading (Gallium)" in left
    assert "Indium" not in left


def test_prices_of_two_terms_of_delivery_are_refused_with_the_answer_that_keeps_one(mapped):
    found = mapped(TERMS)
    assert found.fault is not None
    assert "--set 'fob shanghai=not_a_price'" in str(found.fault.hint)
    assert prices(mapped(TERMS, **{"fob shanghai": "not_a_price"})) == {"gallium": [1450]}


BY_ROWS = """Metal;Purity;Quantity from;Price USD/kg;Date
Gallium;4N;1 kg;1450;2026-11-20
Gallium;4N;50 kg;1310;2026-11-20
Indium;4N;25 kg;610;2026-11-20
"""


def test_of_prices_by_quantity_in_rows_it_is_asked_which_quantity_counts(mapped, tmp_path):
    """They were two prices of one day, and so a fault with no way out."""
    assert [(one.name, one.answers) for one in mapped(BY_ROWS).questions] == [
        ("1 kg", ("no_meaning", "not_a_price")), ("50 kg", ("no_meaning", "not_a_price")),
    ]  # fmt: skip
    said = mapped(BY_ROWS, **{"1 kg": "not_a_price", "50 kg": "no_meaning"})
    assert prices(said) == {"gallium": [1310], "indium": [610]}
    assert said.file.least == {"gallium": 50, "indium": 25}


@pytest.mark.parametrize(
    ("header", "cell", "unit", "kg"),
    [
        ("MOQ", "25", "kg", 25),
        ("MOQ", "2 t", "kg", 2000),
        ("Mindestmenge (t)", "0.5", "kg", 500),
        ("min qty", "100", "lb", 45.359237),
    ],
)
def test_a_least_quantity_is_in_its_own_unit_in_that_of_its_header_or_of_its_price(mapped, header, cell, unit, kg):
    text = f"Date,Metal,Price,Currency,Unit,{header}\n2026-11-20,Gallium,1450,USD,{unit},{cell}\n"
    assert mapped(text).file.least == {"gallium": pytest.approx(kg)}


def test_prices_by_quantity_beside_a_column_of_metals_are_asked_about(mapped):
    """They were two assets, `ab 10 kg` and `ab 100 kg`."""
    assert [one.name for one in mapped(BREAKS).questions] == ["ab 10 kg", "ab 100 kg"]
    found = mapped(BREAKS, **{"ab 10 kg": "ignore", "ab 100 kg": "price"})
    assert (prices(found), found.file.least) == ({"indium": [690]}, {"indium": 100})


def test_a_currency_and_a_unit_beside_the_series_of_a_wide_file_are_refused(mapped):
    for text in (BESIDE, BESIDE.replace("688;USD", "688;EUR")):
        with pytest.raises(DataError, match="long shape"):
            mapped(text)


def test_a_share_whose_ticker_is_a_word_of_prices_is_asked_about_where_few_stand_beside_it(mapped):
    text = "date,LOW,ALB\n2026-10-30,230.1,88.2\n2026-10-31,231.0,88.9\n"
    assert [(one.name, one.proposed) for one in mapped(text).questions] == [("LOW", "series")]
    assert prices(mapped(text, LOW="series")) == {"ALB": [88.2, 88.9], "LOW": [230.1, 231.0]}


def test_dates_with_two_readings_name_the_answer_that_settles_them(mapped):
    text = "date,asset,price,currency,unit\n03/04/2026,gallium,1450,USD,kg\n"
    found = mapped(text)
    assert found.fault is not None
    assert "--set dates=day" in str(found.fault.hint)
    assert mapped(text, dates="month").file.frame["date"].to_list() == [date(2026, 3, 4)]


def test_a_column_of_names_of_which_nothing_is_known_is_asked_about_beside_the_price_of_each(mapped):
    """`Kurs` was said to be of nothing, though a column named what it is of."""
    text = "Datum;Wertpapier;Kurs;Währung\n" + "".join(
        f"2026-10-{day};{name};{price};EUR\n" for day in (29, 30) for name, price in (("FUND1", "50,1"), ("FUND2", "61,2"))
    )
    assert [(one.name, one.proposed) for one in mapped(text).questions] == [("Wertpapier", "asset")]
    assert prices(mapped(text, Wertpapier="asset")) == {"FUND1": [50.1, 50.1], "FUND2": [61.2, 61.2]}
