"""Spread, exit and tax lots on the page: what rests on an assumption looks like it, and sums close."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

import pytest

from tests.blocks import rows
from tests.lots import TWELVE, ask_of, findings_of
from tests.records import asked, partial_findings
from tests.subjects import AS_OF, all_cash, proposal
from tests.svg_texts import assert_apart, texts
from toolkit.app.config import resolve
from toolkit.app.context import Context
from toolkit.app.topics.exit import exit_
from toolkit.records.exit import Exit
from toolkit.report.charts.lot_gantt import LotPeriod, lot_gantt
from toolkit.report.compose import ReportDefinition, compose
from toolkit.report.document import BarTable, Chart, Columns, Missing, Paragraph
from toolkit.report.findings import Findings
from toolkit.report.i18n.formats import Formats
from toolkit.report.i18n.text import plain
from toolkit.report.topics.exit import exit_ as section


@pytest.fixture(scope="module")
def ask(tmp_path_factory):
    return ask_of(tmp_path_factory.mktemp("exit-page"), *TWELVE)


@pytest.fixture(scope="module")
def found(ask):
    return findings_of(ask)


def of_run(record) -> Findings:
    settings = resolve({}, file=None)
    part = exit_.find(asked(Context(settings, AS_OF), tuple(p["asset"] for p in record["positions"]), record))
    return partial_findings(record, {} if part is None else {"exit": part})


def test_a_price_is_not_a_bid(found):
    warning = section.build(found)[0]
    assert isinstance(warning, Paragraph)
    assert "is not a bid" in plain(warning.text)
    assert "may be refused" in plain(warning.text)


def test_the_waterfall_goes_from_value_to_what_is_left(found):
    pair = section.build(found)[1]
    assert isinstance(pair, Columns)
    total = found.parts.to_json()["exit"]["total"]
    chart = pair.figures[0].body[0]
    assert isinstance(chart, Chart)
    assert f"Value today: {found.money(total['value'])}" in chart.told
    assert f"Half the spread: {found.money(-total['sale'])}" in chart.told
    assert f"After 3 years: {found.money(total['net'])}" in chart.told
    assert plain(pair.figures[0].title).endswith(f"would bring {found.money(total['net_now'])}")
    assert "customs_warehouse (1)" in plain(pair.figures[0].source)


def test_rises_rest_on_assumptions_and_look_like_it(found):
    pair = section.build(found)[1]
    assert isinstance(pair, Columns)
    table = pair.figures[1].body[0]
    assert isinstance(table, BarTable)
    assert all(bar.hollow for bar in table.bars if not bar.total)
    assert {span.style for bar in table.bars for cell in bar.cells for span in cell} == {"derived"}
    assert [column.label for column in table.columns] == ["1\u00a0year", "3\u00a0years", "5\u00a0years"]
    # Products of the same figures share a row, and no figure has two.
    drawn = [tuple(plain(cell) for cell in bar.cells) for bar in table.bars if not bar.total]
    assert len(drawn) == len(set(drawn))
    assert set(drawn) == {
        tuple(found.fmt.percent(rise) for rise in row["rise"])
        for row in found.parts.to_json()["exit"]["products"]
        if row["value"] > 0
    }


def test_terms_of_the_file_are_no_assumption(tmp_path):
    found = findings_of(ask_of(tmp_path, TWELVE[0]))
    pair = section.build(found)[1]
    assert isinstance(pair, Columns)
    bars = pair.figures[1].body[0]
    assert isinstance(bars, BarTable)
    assert not bars.bars[0].hollow
    assert plain(bars.bars[0].cells[1]) == found.fmt.percent((1 + 3 * 0.0125) / (1 - 0.1475 / 2) - 1)
    assert not found.rests_on("costs").refs


def test_products_close_to_their_total(found):
    told = rows(section.build(found)[2])
    for column in (1, 4, 5):
        values = [float(row[column].replace(",", "")) for row in told]
        assert sum(values[:-1]) == pytest.approx(values[-1], abs=len(told))


def test_tax_lots_count_what_is_near_and_sum_what_is_free(found):
    figure = section.build(found)[3]
    assert plain(figure.title) == "Three lots become tax-free within 90 days, the next on 11\u00a0December\u00a02026"
    told = rows(figure)
    assert next(row for row in told if row[0] == "IN-1")[4] == "17"
    lots = found.parts.to_json()["exit"]["tax"]["lots"]
    free = [lot for lot in lots if lot["state"] == "free"]
    known = [lot["gain"] for lot in free if lot["gain"] is not None]
    word = found.say.number_word(len(free)).capitalize()
    assert f"{word} lots are tax-free today, gain {found.money(sum(known))}." in plain(figure.sub)
    assert told[-1][-1] == found.fmt.number(sum(lot["gain"] for lot in lots if lot["gain"] is not None), signed=True)
    assert len(told) == len(lots) + 1
    assert any(span.style == "derived" for span in figure.title)
    assert found.rests_on("tax").refs


def test_names_in_the_drawing_are_isolated(tmp_path):
    evil = "\u05d0\u05d1-2"  # from right to left
    found = findings_of(ask_of(tmp_path, TWELVE[1].replace("GA-2", evil, 1)))
    chart = next(block for block in section.build(found)[3].body if isinstance(block, Chart))
    labels = [layer["data"]["values"][0]["label"] for layer in json.loads(chart.drawings[0].spec)["layer"] if "label" in str(layer)
              and "label" in layer["data"]["values"][0]]  # fmt: skip
    assert any(label.startswith(f"\u2068{evil}\u2069 · ") for label in labels)


def test_a_loss_is_called_one_and_a_doubtful_purchase_price_tells_none(tmp_path):
    dear, tonne = (
        TWELVE[1].replace(",980,", ",1980,"),
        "SB-1,antimony,metal,99.65 %,2,t,2025-12-01,31,USD,TJK,Antwerp,stored,,,,,",
    )
    ask = ask_of(tmp_path, dear, tonne)
    figure = section.build(findings_of(ask))[3]
    (lot,) = (lot for lot in findings_of(ask).parts.to_json()["exit"]["tax"]["lots"] if lot["lot_id"] == "GA-2")
    (chart,) = (block for block in figure.body if isinstance(block, Chart))
    assert lot["gain"] < 0
    assert f"loss {findings_of(ask).money(-lot['gain'])}" in chart.told
    assert "antimony, tax-free from" in chart.told
    assert "gain not known" in chart.told
    assert f"All lots with a known gain together: loss {findings_of(ask).money(-lot['gain'])}." in plain(figure.sub)
    assert "One lot has a purchase price that is far from the price of its day: its gain is in no sum." in plain(figure.source)
    german = section.build(findings_of(ask, "de"))[3]
    assert "Verlust" in plain(german.sub)


def test_lots_that_are_all_free_of_tax_are_told_in_one_sum_and_not_drawn(tmp_path):
    found = findings_of(ask_of(tmp_path, TWELVE[0], TWELVE[2]))
    figure = section.build(found)[3]
    assert not figure.body
    gain = sum(lot["gain"] for lot in found.parts.to_json()["exit"]["tax"]["lots"])
    assert f"Two lots are tax-free today, gain {found.money(gain)}. All lots together: gain" in plain(figure.sub)
    assert len(figure.data.columns) == 8


def test_without_a_rule_gains_alone_are_told(tmp_path):
    for country, told in (
        ("FRA", "No rule on the taxation of private sales is bundled for France"),
        ("USA", "Any metal is a collectible"),
        ("GBR", "no order of lots is taken for the rule"),
    ):
        figure = section.build(findings_of(ask_of(tmp_path, *TWELVE[:3], country=country)))[3]
        assert told in plain(figure.sub)
        assert len(rows(figure)[0]) == 6
        assert not any(isinstance(block, Chart) for block in figure.body)


def test_the_clock_of_another_country_is_told_with_its_law(tmp_path):
    found = findings_of(ask_of(tmp_path, *TWELVE[:3], country="AUT"))
    assert "Austria: a private sale more than one year after the purchase is tax-free" in plain(section.build(found)[3].sub)
    assert any("Sec. 31 EStG 1988" in plain(one.words) for one in found.assumptions)
    free = section.build(findings_of(ask_of(tmp_path, *TWELVE[:3], country="CHE")))[3]
    assert plain(free.title) == "A private sale of any lot is tax-free"


def test_a_proposal_starts_with_what_is_paid():
    record = proposal()
    found = of_run(record)
    blocks = section.build(found)
    assert len(blocks) == 3
    chart = blocks[1].figures[0].body[0]
    paid = found.parts.to_json()["exit"]["total"]["value"] + found.parts.to_json()["exit"]["total"]["entry"]
    assert chart.told.startswith(f"Paid: {found.money(paid)}; Entry costs: ")


def test_all_cash_has_no_way_out():
    document = compose(of_run(all_cash(proposal())), ReportDefinition("Test", ("exit",)))
    assert isinstance(document.sections[0].content, Missing)


@pytest.mark.parametrize(("years", "told"), [(1.0, "Nach einem Jahr"), (1.5, "Nach 1,5 Jahren")])
def test_a_holding_period_of_one_year_is_told_in_the_singular(ask, years, told):
    found = findings_of(ask, "de")
    part = found.part(Exit).model_copy(update={"years": years})
    steps = section.build(replace(found, parts=found.parts.model_copy(update={"exit": part})))[1]
    assert told in steps.figures[0].body[0].told


def test_a_planned_lot_is_in_no_tax_sum_and_that_is_said(tmp_path):
    figure = section.build(findings_of(ask_of(tmp_path, TWELVE[0], TWELVE[9])))[-1]
    assert "One lot that is only planned" in plain(figure.source)
    assert plain(figure.title).startswith("Every lot with a day of purchase")


def test_no_words_of_the_periods_meet_or_leave_a_phone():
    """The name of a lot comes from outside and may be of any length."""
    names = ("W-01", "稀土" * 40, "x" * 300, "GE")
    words = "germanium, tax-free from 21 Jan 2027, gain €6,507"
    periods = [LotPeriod(name, words, date(2026, 1, 20 + i), date(2027, 1, 21 + i)) for i, name in enumerate(names)]
    chart = Chart(lot_gantt(periods, date(2026, 11, 24), Formats()), "told")
    assert_apart(chart)
    shown = [one.words for one in texts(chart.drawings[0].spec)]
    assert sum(one.startswith("tax-free from") for one in shown) == 4, "a second line on a phone"
    assert sum("tax-free from" in one for one in [t.words for t in texts(chart.drawings[2].spec)]) == 4
