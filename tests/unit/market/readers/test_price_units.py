"""Currency and unit beside a price, in a header or a column of units."""

from __future__ import annotations

from datetime import date

import pytest

from toolkit.core.errors import DataError
from toolkit.market.readers.prices import read_prices

DAY = date(2026, 11, 26)
FILES = {
    "wide": (
        "Datum;Gallium (CNY/kg);Antimon EUR/t\n25.11.2026;9500;25500\n",
        [("Antimon", "EUR", "t"), ("Gallium", "CNY", "kg")],
    ),
    "price": ("date,asset,price (USD/lb)\n2026-11-25,antimony,14\n", [("antimony", "USD", "lb")]),
    "German price": ("Datum;Metall;Preis € pro kg\n25.11.2026;Gallium;1850\n", [("Gallium", "EUR", "kg")]),
    "units": (
        "Datum;Metall;Preis;Einheit\n25.11.2026;Sb;14;USD/lb\n25.11.2026;W;260;kg\n",
        [("Sb", "USD", "lb"), ("W", "USD", "kg")],
    ),
    "units beside currencies": (
        "Datum;Metall;Preis;Einheit;Währung\n25.11.2026;Sb;25500;EUR/t;\n25.11.2026;W;260;kg;CHF\n",
        [("Sb", "EUR", "t"), ("W", "CHF", "kg")],
    ),
    "no unit": ("date,Tin per lot,AB per kg\n2026-11-25,3,4\n", [("AB per kg", "USD", "unit"), ("Tin per lot", "USD", "unit")]),
}


@pytest.mark.parametrize(("text", "expected"), FILES.values(), ids=FILES)
def test_currency_and_unit_beside_a_price(tmp_path, text, expected):
    (tmp_path / "p.csv").write_text(text, encoding="utf-8")
    found = read_prices(tmp_path / "p.csv", today=DAY)
    assert found.frame.select("asset", "currency", "unit").rows() == expected
    defaulted = any("names no currency" in note for note in found.reading)
    assert defaulted == ((("USD" in [currency for _, currency, _ in expected]) and "USD" not in text) or "W;260;kg\n" in text)


def test_a_metal_in_two_units_is_refused(tmp_path):
    (tmp_path / "p.csv").write_text("date,Gallium (EUR/kg),gallium (USD/lb)\n2026-11-25,1800,900\n", encoding="utf-8")
    with pytest.raises(DataError, match="second currency"):
        read_prices(tmp_path / "p.csv", today=DAY, key=lambda name: name.lower())
