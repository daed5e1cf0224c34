"""The allocation: the way of the money, and orders, each against the record."""

from __future__ import annotations

import copy
import json
import re
from itertools import pairwise

import pytest

from tests.records import partial_findings, shown_name
from tests.subjects import proposal
from toolkit.app.languages import language
from toolkit.core.text import half_up
from toolkit.report.charts.waterfall import WaterfallStep, spans, waterfall
from toolkit.report.document import Columns, Figure
from toolkit.report.i18n.formats import Formats
from toolkit.report.i18n.text import plain
from toolkit.report.topics.allocation import allocation, cost_waterfall, items, to_the_cent

MONEY = "From the budget to what is held"


@pytest.fixture(scope="module")
def views():
    return proposal("control-pressure-views")


@pytest.fixture(scope="module")
def traded(tmp_path_factory):
    """Sells, buys, keeps, and has indium on order."""
    lots = tmp_path_factory.mktemp("lots") / "lots.csv"
    lots.write_text(
        "lot_id,asset,quantity,unit,purchase_date,origin_country,location,status\n"
        "SB-1,antimony,3000,kg,2024-09-01,CHN,DEU,stored\nHF-1,hafnium,3,kg,2024-09-01,CHN,DEU,stored\n"
        "IN-B,indium,30,kg,2026-10-03,KOR,,ordered\n"
    )
    return proposal(holdings=str(lots))


def figures(record, code="en"):
    """Figures of the section by the caption of their table, or by that of their data table."""
    found: dict[str, Figure] = {}
    for block in allocation.build(partial_findings(record, language=language(code))):
        for figure in block.figures if isinstance(block, Columns) else [block]:
            if isinstance(figure, Figure):
                found[figure.data.caption if figure.data else figure.body[0].caption] = figure
    return found


def number(words):
    return float(words.replace(",", "").replace("\u2212", "-"))


def test_the_money_goes_from_the_budget_to_metal_and_the_cents_close(records):
    record = records["origins"]
    rows = [[plain(cell) for cell in row.cells] for row in figures(record)[MONEY].data.rows]
    assert [row[0] for row in rows] == ["Budget", "Origin premium", "Half spread", "Stays in cash", "Placed in metal"]
    amounts = [round(100 * number(row[1])) for row in rows[1:-1]]
    levels = [round(100 * number(row[2])) for row in rows]
    assert levels[0] == round(100 * record["budget"])
    assert [after - before for before, after in pairwise(levels[:-1])] == amounts
    assert levels[-1] == levels[-2] == pytest.approx(100 * sum(p["value"] for p in record["positions"]), abs=1.5)
    assert -sum(amounts[:-1]) == round(100 * record["costs"]["entry"])


def test_each_part_of_the_cost_rests_on_its_own_assumption(records):
    run = partial_findings(records["origins"])
    assert {item.key: item.rests_on for item in items(run)} == {"premium": ("offers",), "spread": ("costs",)}
    record = copy.deepcopy(records["origins"])
    entry = record["costs"]["entry"]
    record["costs"]["items"]["entry"] = {"spread": 0.5 * entry, "premium": 0.3 * entry, "vat": 0.2 * entry, "fees": 0.0}
    run = partial_findings(record)
    assert {item.key: item.rests_on for item in items(run)}["vat"] == ("charges",)
    assert "As the strategy sets them, and no dealer quotes them: VAT." in {plain(a.words) for a in run.assumptions}


def test_a_cost_of_one_part_has_no_way_drawn(records):
    one, several = figures(records["normal"]), figures(records["origins"])
    assert MONEY not in one
    assert MONEY in several


def test_orders_where_nothing_was_held_are_added_up(records):
    record = records["normal"]
    table = figures(record)["Orders"].body[0]
    assert "Held after" not in [column.label for column in table.columns]
    last = [plain(cell) for cell in table.rows[-1].cells]
    assert last[0] == "Together"
    assert last[-2:] == [half_up(sum(p["value"] for p in record["positions"]), 0), half_up(record["costs"]["entry"], 0)]


def test_orders_are_those_of_the_record_with_the_cash_that_they_move(traded):
    record = traded
    figure = figures(record)["Orders"]
    table, notes = figure.body
    assert {order["side"] for order in record["orders"]} == {"buy", "sell", "keep"}, "a case of each"
    rows = [[plain(cell) for cell in row.cells] for row in table.rows]
    heads = [column.label for column in table.columns]
    positions = {p["asset"]: p for p in record["positions"]}
    for order, row in zip(record["orders"], rows[:-1], strict=True):
        cells = dict(zip(heads, row, strict=True))
        p, unit = positions[order["asset"]], order["unit"]
        assert cells["Product"] == shown_name(p)
        assert cells["Order"] == f"{order['side']} {order['quantity']:,.6g} {unit}"
        assert cells["Lots"] == ("–" if order["lots"] is None or p["offer_of"] else f"{order['lots']:,}")
        assert cells["Estimated price ± error, EUR"].endswith(f" / {unit}")
        assert cells["Value, EUR"] == half_up(order["value"], 0)
        assert cells["Cost, EUR"] == (half_up(order["cost"], 0) if order["cost"] else "–")
        assert cells["Held after"] == (f"{p['quantity']:,.6g} {unit}" if p["quantity"] else "–")
    moved = record["cash"]["value"] - record["money"]["cash_before"]
    assert number(rows[-1][heads.index("Value, EUR")].replace("+", "")) == pytest.approx(moved, abs=0.51)
    told = [plain(words) for _, words in notes.items]
    assert f"{record['cash']['value']:,.2f} after them" in next(words for words in told if words.startswith("Cash: "))
    for order in record["orders"]:
        if order["side"] == "sell":
            assert any(f"sold from {', '.join(order['lot_ids'])}: " in words for words in told)


def test_old_prices_are_told_with_their_error_as_prices_of_today(traded):
    table, notes = figures(traded)["Orders"].body
    assert any(plain(words).startswith("The errors hold, by what past prices missed,") for _, words in notes.items)
    indium = next(p for p in traded["positions"] if p["asset"].startswith("indium") and p["quantity"])
    assert indium["price_today_se"] > indium["price_se"]
    (row,) = (row for row in table.rows if plain(row.cells[0]).startswith("Indium"))
    (told_error,) = re.findall(r"±\s([\d.]+)", " ".join(map(plain, row.cells)))
    assert float(told_error) == pytest.approx(indium["price_today_se"], abs=0.06)


def test_where_nothing_is_traded_no_change_is_the_largest(traded):
    kept = {**traded, "orders": [{**order, "side": "keep"} for order in traded["orders"]]}
    titles = [plain(figure.title) for figure in figures(kept).values()]
    assert "Nothing is bought or sold" in titles
    assert not any("largest change" in title for title in titles)


def test_what_is_on_order_and_what_is_kept_is_said(traded):
    told = [plain(words) for _, words in figures(traded)["Orders"].body[1].items]
    assert any("30 kg are ordered or in transit: " in words for words in told)
    assert any(words.startswith("Hafnium") and words.endswith("held outside the strategy.") for words in told)
    told = [plain(words) for _, words in figures(traded, "de")["Aufträge"].body[1].items]
    assert any("30 kg sind bestellt oder unterwegs: " in words for words in told)


def test_expected_returns_have_the_errors_of_the_record_or_a_dash(views):
    figure = figures(views)["Expected returns"]
    expected, held = views["expected_return"], [p for p in views["positions"] if p["weight"] > 1e-4]
    rows = [[plain(cell) for cell in row.cells] for row in figure.body[0].rows]
    by_name = {p["asset"].capitalize(): p for p in held}
    for row in rows[:-1]:
        own = expected["assets"][by_name[row[0]]["asset"]]
        assert row[2:] == [f"{100 * own['value']:.1f}%".replace("-", "\u2212"), f"{100 * own['error']:.1f}%"]
    assert rows[-1][2:] == [f"{100 * expected['value']:.1f}%".replace("-", "\u2212"), f"{100 * expected['error']:.1f}%"]
    unknown = copy.deepcopy(views)
    unknown["expected_return"]["error"] = None
    for own in unknown["expected_return"]["assets"].values():
        own["error"] = None
    assert {plain(row.cells[3]) for row in figures(unknown)["Expected returns"].body[0].rows} == {"–"}


def test_without_a_forecast_nothing_is_said_of_expected_returns(records):
    assert records["normal"]["expected_return"] is None
    assert "Expected returns" not in figures(records["normal"])


def test_costs_by_published_terms_are_solid_and_plain(records):
    record = copy.deepcopy(records["normal"])
    for row in (*record["positions"], *record["assets"]):
        row["terms"] = "published"
    figure = cost_waterfall(partial_findings(record))
    assert figure.legend == ()
    assert not any(span.style == "derived" for span in figure.title)


def test_lots_of_assumed_terms_are_derived(records):
    record = records["moved"]
    known = {shown_name(p): p for p in record["positions"]}
    for row in figures(record)["Orders"].body[0].rows[:-1]:
        p = known[plain(row.cells[0])]
        if p["offer_of"]:  # a lot of one origin is held, and sold in no lots of the dealer
            continue
        styles = ("plain", "plain") if p["terms"] == "published" else ("derived", "assumption")
        assert (row.cells[2][0].style, row.cells[3][0].style) == styles


def test_a_waterfall_begins_each_bar_where_the_last_one_ended():
    steps = [
        WaterfallStep("whole", "", 100.0, "whole"),
        WaterfallStep("cost", "", 7.0, "cost", hollow=True),
        WaterfallStep("a", "", 13.0, "kept"),
    ]
    steps += [WaterfallStep("debt", "", -4.0, "kept"), WaterfallStep("b", "", 84.0, "kept")]
    lying = list(spans(steps))
    assert [(at.low, at.high) for at in lying] == [(0, 100), (93, 100), (80, 93), (80, 84), (0, 84)]
    assert [at.level for at in lying] == [100, 93, 80, 84, 0]
    drawings = waterfall(steps, Formats("de"))
    assert [drawing.minimum for drawing in drawings] == [0, 512]
    hollow = [layer for layer in json.loads(drawings[0].spec)["layer"] if layer["mark"].get("stroke")]
    assert [value["low"] for layer in hollow for value in layer["data"]["values"]] == [93]


@pytest.mark.parametrize(
    ("parts", "total", "cents"),
    [
        ({"a": 1.006, "b": 2.004}, 3.01, {"a": 1.01, "b": 2.0}),
        ({"a": 3.333, "b": 3.333, "c": 3.334}, 10.0, {"a": 3.33, "b": 3.33, "c": 3.34}),
        ({"a": 5.0}, 5.0, {"a": 5.0}),
    ],
)
def test_cents_are_shared_out_so_that_they_add_up(parts, total, cents):
    assert to_the_cent(parts, total) == cents
