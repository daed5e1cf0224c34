"""An owner copies her dealer's list of two metals, ten months of this year: German dates, decimal commas, Windows-1252."""

from __future__ import annotations

import pytest

MONTHS = range(1, 11)
PRICES = {"Gallium": [790 + 41.5 * m + 7 * (m * m % 5) for m in MONTHS], "Germanium": [4000 + 85.25 * m for m in MONTHS]}
EURO = "\N{EURO SIGN}"


def german(price: float) -> str:
    return f"{price:,.2f}".translate({ord(","): ".", ord("."): ","})


def test_signs_of_currencies_are_read(ask, dealer, tmp_path):
    """`€ 1.234,50` in place of a column of currencies is the same list."""
    text = (tmp_path / dealer).read_text(encoding="cp1252")
    lines = [line.split(";") for line in text.splitlines()]
    signed = [["Datum", "Metall", "Preis", "Einheit"], *([d, m, f"{EURO} {p}", u] for d, m, p, _, u in lines[1:])]
    (tmp_path / "signed.csv").write_text("\n".join(map(";".join, signed)), encoding="cp1252")
    (tmp_path / "lots.csv").write_text("asset,quantity\ngallium,5\ngermanium,2\n", encoding="utf-8")
    answers = [ask("exposure", "lots.csv", "--prices", name, "--as-of", "2026-11-25") for name in (dealer, "signed.csv")]
    assert [code for code, _ in answers] == [0, 0]
    assert answers[0][1]["lots"] == answers[1][1]["lots"]
    (tmp_path / "mixed.csv").write_text(
        (tmp_path / "signed.csv").read_text(encoding="cp1252").replace(f"{EURO} ", "", 1), encoding="cp1252"
    )
    code, record = ask("exposure", "lots.csv", "--prices", "mixed.csv")
    assert code == 3
    assert record["error"]["details"]["rule"] == "one_currency"


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
