"""An owner copies her dealer's list of two metals, ten months of this year: German dates, decimal commas, Windows-1252."""

from __future__ import annotations

import pytest

MONTHS = range(1, 11)
PRICES = {"Gallium": [790 + 41.5 * m + 7 * (m * m % 5) for m in MONTHS], "Germanium": [4000 + 85.25 * m for m in MONTHS]}
EURO = "\N{EURO SIGN}"


def german(price: float) -> str:
    return f"{price:,.2f}".translate({ord(","): ".", ord("."): ","})


@pytest.fixture
def dealer(tmp_path):
    rows = [f"28.{m:02d}.2026;{metal};{german(prices[m - 1])};EUR;kg" for metal, prices in PRICES.items() for m in MONTHS]
    (tmp_path / "liste.csv").write_text("\n".join(["Datum;Metall;Preis;Währung;Einheit", *rows]), encoding="cp1252")
    return "liste.csv"


def test_ten_months_of_this_year_are_enough(ask, dealer):
    code, run = ask("optimize", "--prices", dealer, "--currency", "EUR", "--budget", "50000", "--as-of", "2026-11-25")
    assert code == 0, run
    prices = {row["asset"]: row for row in run["positions"]}
    for metal, told in PRICES.items():
        assert prices[metal.lower()]["price"] == pytest.approx(told[-1], abs=0.005)
        assert prices[metal.lower()]["price_date"] == "2026-10-28"
