"""Layouts of programs that write prices: a file of each, as that program writes it, is read by its layout and asks nothing."""

from __future__ import annotations

from datetime import date

import pytest

from tests.strangers import FOLDER
from tests.unit.market.readers.test_quotations import INVESTING, INVESTING_GERMAN, STOOQ, STOOQ_TEXT, YAHOO
from toolkit.market.layouts.layout import shipped
from toolkit.market.readers.prices import read_prices

DEALER = "Stand: 26.11.2026;;;\nMetall;Reinheit;Ankauf EUR/kg;Verkauf EUR/kg\nGallium;99,99 %;1.210,00;1.480,00\n"
FILES = {
    "yahoo": ("GLD.csv", YAHOO, 188.1),
    "stooq-csv": ("gld_us_d.csv", STOOQ, 190.72),
    "stooq-text": ("gld.us.txt", STOOQ_TEXT, 190.72),
    "investing-en": ("Gold Futures Historical Data.csv", INVESTING, 2042.8),
    "investing-de": ("Gold Futures Historische Daten.csv", INVESTING_GERMAN, 2042.8),
    "investing-fr": "Platine - Données Historiques.csv",
    "investing-es": "Datos históricos - Plata.csv",
    "agency-ranges": "agency-ranges-en.csv",
    "dealer-de": ("liste.csv", DEALER, 1480.0),
}
FIRST = {"investing-fr": 1812.3, "investing-es": 71.402, "agency-ranges": 1305.0}


def test_every_layout_of_prices_has_a_file():
    assert {name for name, layout in shipped().items() if layout.of == "prices"} == {*FILES}


@pytest.mark.parametrize("name", FILES)
def test_a_file_of_the_program_is_read_by_its_layout(name, tmp_path):
    file = FILES[name]
    if isinstance(file, str):
        path, price = tmp_path / file, FIRST[name]
        path.write_bytes((FOLDER / file).read_bytes())
    else:
        path, price = tmp_path / file[0], file[2]
        path.write_text(file[1], encoding="utf-8")
    found = read_prices(path, today=date(2026, 12, 1), several=True)
    assert f"{path.name}: read by the layout {name}." in map(str, found.reading)
    assert price in [*found.frame["price"], *found.quotes["price"]]
