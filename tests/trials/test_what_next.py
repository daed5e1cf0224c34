"""Owners of lots ask what to do with 50,000 EUR more, whatever they hold: shares, other forms, metals of no strategy.

Every kilogram of a file is traded, kept or named; what is bought and sold is paid from the money that is there, to the cent.
"""

from __future__ import annotations

import math

import pytest

from tests.records import report_html
from tests.trials.conftest import FILES, confirm
from tests.trials.test_ten_clients import CLIENTS, OZT
from toolkit.cli.main import run

SHEET = {
    "gallium": 18.5,
    "germanium": 1.5,
    "antimony": 250.0,
    "silver": 15.0,
    "gold": 10 * OZT,
    "neodymium": 20.0,
    "indium": 25.0,
}
REMARKS = {"Lieferung Dezember": "ordered"}
OTHER_FORMS = "asset,form,quantity,location\nantimony,oxide,200,Hamburg\nindium,phosphide,2,Hamburg\nindium,metal,5,Hamburg\n"
MONTHS = [f"{year}-{month:02d}" for year in (2024, 2025, 2026) for month in range(1, 13) if (year, month) < (2026, 11)]


@pytest.fixture
def what_next(ask, tmp_path):
    """The record of `optimize --holdings` with 50,000 EUR more, its money recomputed."""

    def asked(content: bytes, *more: str):
        (tmp_path / "mine.csv").write_bytes(content)
        confirm(ask, "mine.csv", *more, **REMARKS)
        code, run = ask("optimize", "--holdings", "mine.csv", "--budget", "50000", "--currency", "EUR", *more)
        assert code == 0, run
        for order in run["orders"]:
            assert order["value"] == pytest.approx(order["quantity"] * order["price"], abs=0.011)
            sign = {"buy": -1, "sell": 1, "keep": 0}[order["side"]]
            assert order["cash"] == pytest.approx(sign * order["value"] - abs(sign) * order["cost"], abs=0.011)
        assert run["cash"]["value"] == pytest.approx(50_000 + sum(order["cash"] for order in run["orders"]), abs=0.011)
        return run

    return asked


def held(run) -> dict[str, float]:
    """What is held before anything is traded, by the positions and by what has no price."""
    found: dict[str, float] = {}
    for row in run["positions"]:
        if row["previous_quantity"]:  # of a metal under control each origin is a position
            product = row["offer_of"] or row["asset"]
            found[product] = found.get(product, 0.0) + row["previous_quantity"]
    return found | run["held_unpriced"]


def test_a_german_spreadsheet_is_held_whole(what_next):
    run = what_next((FILES / "lagerbestand.csv").read_bytes())
    assert held(run) == pytest.approx(SHEET, rel=1e-9)
    kept = {order["asset"] for order in run["orders"] if order["side"] == "keep"}
    assert "neodymium" in kept  # of no strategy: kept and counted
    antimony = [row for row in run["positions"] if "antimony" in (row["asset"], row["offer_of"])]
    assert sum(row["ordered_quantity"] for row in antimony) == 250.0
    assert sum(row["quantity"] for row in antimony) >= 250.0
    report_html(run, lang="de")  # its sentences hold numbers such as 15,000


@pytest.mark.parametrize("client", ["english", "ounces", "oxides"])
def test_clients_are_answered(what_next, client):
    text, masses, _, _ = CLIENTS[client]
    run = what_next(text.encode())
    assert held(run) == pytest.approx(masses, rel=1e-9)


def test_a_ton_of_controlled_metal_at_no_place_is_not_sold_and_its_owner_is_told_to_name_the_place(ask, what_next, tmp_path):
    text, masses, _, _ = CLIENTS["pounds"]
    (tmp_path / "mine.csv").write_text(text, encoding="utf-8")
    code, kept = ask("optimize", "--holdings", "mine.csv", "--budget", "50000", "--currency", "EUR")
    assert code == 0
    told = "1,000 kg of antimony (row 2): place unknown, write it in the column location"
    assert any(told in note for note in kept["holdings_notes"])
    assert any(limit["soft"] and limit["slack"] < 0 for limit in kept["constraints"] if limit["name"] == "any metal")
    head, *rows = text.splitlines()
    placed = "\n".join((f"{head},location", *(f"{row},Hamburg" for row in rows)))
    assert held(what_next(placed.encode())) == pytest.approx(masses, rel=1e-9)


def test_another_form_than_the_traded_one_is_named_and_never_valued_as_it(what_next):
    run = what_next(OTHER_FORMS.encode())
    assert run["held_unpriced"] == {"antimony (oxide)": 200.0, "indium (phosphide)": 2.0}
    before = {row["asset"]: row["previous_quantity"] for row in run["positions"]}
    assert before["antimony"] == 0
    assert before["indium"] == 5
    price = next(row["price"] for row in run["positions"] if row["asset"] == "indium")
    assert run["money"]["held"] == pytest.approx(5 * price, abs=0.011)
    assert any("antimony (oxide), indium (phosphide)" in note for note in run["warnings"])


def test_shares_are_kept_at_the_price_of_their_own_file(what_next, tmp_path):
    prices = [180 + 3 * i + 5 * math.sin(2.3 * i) for i in range(len(MONTHS))]
    rows = [f"{month}-28,{p:.4f},{p:.4f},{p:.4f},{p:.4f},{p:.4f},10" for month, p in zip(MONTHS, prices, strict=True)]
    (tmp_path / "GLD.csv").write_text("\n".join(["Date,Open,High,Low,Close,Adj Close,Volume", *rows]), encoding="utf-8")
    run = what_next(b"asset,quantity\nGLD,20\nGallium,5\n", "--prices", "GLD.csv", "--prices-currency", "EUR")
    share = next(order for order in run["orders"] if order["asset"] == "GLD")
    assert (share["side"], share["quantity"], share["value"]) == ("keep", 20, pytest.approx(20 * prices[-1], abs=0.006))


def test_shares_with_two_prices_do_not_stop_the_answer(what_next, tmp_path):
    (tmp_path / "etf.csv").write_text("date,GLD\n2026-09-30,170\n2026-10-30,175.5\n", encoding="utf-8")
    run = what_next(b"asset,quantity\nGLD,20\nGallium,5\n", "--prices", "etf.csv", "--prices-currency", "EUR")
    assert run["held_unpriced"] == {"GLD": 20.0}
    assert any("too few prices" in note for note in run["warnings"])
    assert any("taken as stored" in note for note in run["holdings_notes"])


def test_a_date_of_the_law_that_names_nothing_held_is_no_headline(tmp_path, capsys):
    """A rule on magnets and tungsten stood first on the page of a holder of hafnium and indium."""
    file = tmp_path / "lots.csv"
    file.write_text("asset,quantity,origin,location\nhafnium,2,China,\nindium,40,South Korea,Rotterdam\n", encoding="utf-8")
    for day, words in (("2026-12-03", "No official change within 120 days names what is held"), ("2026-11-24", "No official")):
        assert run(["exposure", str(file), "--as-of", day]) == 0
        assert words in " ".join(capsys.readouterr().out.split())
    file.write_text("asset,quantity,origin,location\ntungsten,100,China,Rotterdam\n", encoding="utf-8")
    assert run(["exposure", str(file), "--as-of", "2026-12-03"]) == 0
    assert "DFARS 252.225-7052" in capsys.readouterr().out
