"""The page for a board: money at risk, what the orders do, and nothing of it that names anybody where it is redacted."""

import re
from datetime import date

import pytest

from tests.subjects import context
from toolkit.app.cover import CoverRequest, cover
from toolkit.app.languages import language
from toolkit.app.report.render import FORMATS
from toolkit.records.cover import CoverAnswer
from toolkit.report.topics.cover import board, document

NAMES = ("Jena", "Dresden", "GA-2", "Nippon", "Q-1")


@pytest.fixture(scope="module")
def found(tmp_path_factory) -> CoverAnswer:
    folder = tmp_path_factory.mktemp("board")
    files = {
        "lots": "lot_id,asset,purity,quantity,origin,location,status,delivery date\n"
        "GA-1,gallium,6N,30,China,Jena,stored,\nGA-2,gallium,6N,40,China,,ordered,2027-01-20\n",
        "needs": "asset,purity,quantity,site,missing_cost,currency\ngallium,6N,10,Jena,90000,EUR\ngallium,4N,4,Dresden,,\n",
        "quotes": "quote,asset,purity,price,currency,origin_country,lead_time,counterparty\nQ-1,gallium,6N,900,EUR,Japan,30,Nippon\n",
    }
    for name, text in files.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    lots, needs, quotes = (str(folder / f"{name}.csv") for name in files)
    return cover(CoverRequest(lots, needs, context(date(2026, 11, 24)), [quotes]))


def page(found: CoverAnswer, code: str, *, redacted: bool) -> str:
    spoken = language(code)
    return FORMATS["md"].make(board(found, spoken, redacted=redacted), spoken).decode().replace("\u00a0", " ")


def test_money_at_risk_and_what_the_orders_do(found):
    told = page(found, "en", redacted=False)
    at_risk = sum(one.missing_cost or 0.0 for one in found.needs)
    assert at_risk > 0
    assert f"{at_risk:,.0f} EUR" in told
    assert all(name in told for name in NAMES)
    assert "lots.csv" not in told  # how files were read is nothing for a board
    assert found.plan is not None
    (after,) = [one.after for one in found.plan.reached if one.need == "gallium 6N Jena"]
    assert f"{after:.0%}" in told
    assert len(found.plan.orders) == 2
    assert "order 1 of them" in told  # for both needs
    ahead = told.split("## Dates ahead")[1]
    assert "due to arrive" in ahead
    assert "at the latest" not in ahead  # they stand with the orders
    for one in found.plan.orders:
        row = next(
            line
            for line in told.splitlines()
            if line.startswith(f"| {one.quote} | {one.counterparty} |") and one.need[8:] in line
        )
        assert f"| {one.quantity:,.6g} | {one.cost:,.0f} |" in row


@pytest.mark.parametrize("code", ["en", "de"])
def test_a_redacted_page_names_nobody_and_no_money(found, code):
    told = page(found, code, redacted=True)
    assert not [name for name in NAMES if name in told]
    assert not re.search(r"\d EUR", told)
    assert "Gallium" in told or "gallium" in told


def test_a_need_without_a_quotation_says_why_and_rows_are_named_in_the_language_of_the_page(tmp_path):
    (tmp_path / "needs.csv").write_text("asset,purity,quantity\ngallium,6N,3\n", encoding="utf-8")
    (tmp_path / "quotes.csv").write_text("asset,price,currency,origin,lead_time\ngallium,900,EUR,Japan,30\n", encoding="utf-8")
    needs, quotes = str(tmp_path / "needs.csv"), str(tmp_path / "quotes.csv")
    found, spoken = cover(CoverRequest(None, needs, context(date(2026, 11, 24)), [quotes])), language("de")
    told = " ".join(FORMATS["terminal"].make(document(found, spoken), spoken).decode().split())
    assert "Kein Angebot passt für Gallium: Reinheit nicht bekannt." in told
    assert "Zeile 2" in told
    assert "row 2" not in told
