"""The section on prices: findings from the distances of prints to levels, panels that are read alike, months behind them."""

from __future__ import annotations

import copy
import json
import re

import pytest

from tests.records import partial_findings
from toolkit.app.languages import language
from toolkit.report.charts.draw import draw
from toolkit.report.document import Missing, Panels
from toolkit.report.i18n.text import plain
from toolkit.report.topics.prices import prices

DE = language("de")


def series(asset: str, prints: list[float | None], levels: list[float] | None = None, name: str = "", **changes):
    """A series from November 2025 on; levels with a standard error of a tenth."""
    months = ["2025-11-30", "2025-12-31", "2026-01-31", "2026-02-28"][: len(prints)]
    believed = levels or [None] * len(prints)
    last = {"month": months[-1], "print": prints[-1], "level": None, "error": None, "off": None}
    if levels:
        last |= {"level": levels[-1], "error": 0.1 * levels[-1], "off": prints[-1] / levels[-1] - 1}
    rows = [
        {"month": month, "print": printed, "level": level, "error": None if level is None else 0.1}
        for month, printed, level in zip(months, prints, believed, strict=True)
    ]
    return {
        "asset": asset, "name": name or asset.capitalize(), "element": "X", "unit": "kg", "quoted": "USD", "months": rows,
        "basis": "customs_unit_value" if levels else "monthly_average", "last": last, "fall": None, **changes,
    }  # fmt: skip


GALLIUM = series("gallium", [900.0, 1500.0, 1000.0, 1300.0], [1000.0, 1020.0, 1040.0, 1060.0])
INDIUM = series("indium", [300.0, 310.0, 320.0, 330.0], [300.0, 308.0, 319.0, 328.0])
GOLD = series("gold", [90000.0, None, 98000.0, 100000.0])


def build(*found, say=None, positions=(), without=()):
    part = {
        "currency": "EUR",
        "from": "2025-11-30",
        "series": list(found),
        "without": list(without),
        "rates": {"USD": "2026-01-31"},
    }
    source = {"table": "prices", "source_id": "customs", "source": "Customs", "licence": "PD", "as_of": "2026-02-28",
              "known_from": "2026-03-15", "overdue_days": 0}  # fmt: skip
    record = {"as_of": "2026-03-20", "currency": "EUR", "data": [], "controls": [], "assets": [], "positions": list(positions)}
    return prices.build(partial_findings(record, {"prices": {**part, "data": [source]}}, say))


def figure(*found, **options):
    (only,) = build(*found, **options)
    return only


def marks(panel):
    (drawing,) = panel.chart.drawings
    return json.loads(drawing.spec)["layer"]


def test_the_title_counts_prints_that_are_far_off_and_names_the_farthest():
    far = series("tellurium", [100.0, 100.0, 100.0, 160.0], [100.0, 100.0, 100.0, 100.0])
    assert plain(figure(GALLIUM, INDIUM).title) == (
        "For one of two metals the last customs value is more than 10% off the estimated price: gallium, by 23%"
    )
    assert plain(figure(GALLIUM, INDIUM, far).title).startswith("For two of three metals")
    assert plain(figure(GALLIUM, INDIUM, far).title).endswith("; tellurium by 60%")
    assert plain(figure(INDIUM, GOLD).title) == "The last customs value of indium is 1% off the estimated price"
    near = series("tellurium", [100.0, 100.0, 100.0, 102.0], [100.0, 100.0, 100.0, 100.0])
    assert plain(figure(INDIUM, near).title).endswith("more than 10% off its estimated price; that of tellurium is 2% off")
    assert plain(figure(GALLIUM).title) == "The last customs value of gallium is 23% off the estimated price"
    assert plain(figure(GOLD).title).startswith("No price has to be estimated")


def test_panels_show_prints_level_and_two_standard_errors():
    (panels,) = figure(GOLD, GALLIUM).body
    assert isinstance(panels, Panels)
    (first,) = panels.items
    assert plain(first.title) == "Gallium"
    assert plain(first.note) == "+23% off the estimate"
    assert (
        first.chart.told
        == "Gallium: estimated price 1,060 ± 106 EUR per kg (one standard error), last value 1,300 (Feb\u00a02026)."
    )
    months = first.chart.drawings[0].figures[0]
    assert {month.printed for month in months if month.printed} == {900.0, 1500.0, 1000.0, 1300.0}
    assert months[0].band == pytest.approx((1000 * 2.718281828**-0.2, 1000 * 2.718281828**0.2))
    band, dots = (next(layer for layer in marks(first) if layer["mark"]["type"] == kind) for kind in ("area", "circle"))
    assert len(band["data"]["values"]) == len(months)
    assert all(row["y"] > row["y2"] for row in band["data"]["values"])
    assert len(dots["data"]["values"]) == 4
    assert [mark for mark, _ in panels.legend] == ["print", "bandline"]


def test_prices_taken_as_published_are_drawn_where_nothing_is_noisy_and_else_stand_in_the_table():
    mixed, exact = figure(GOLD, GALLIUM), figure(GOLD)
    assert "Taken as published, and in the table alone: gold." in plain(mixed.source)
    assert [column.label for column in mixed.data.columns] == ["Month", "Gallium", "Gold"]
    (panels,) = exact.body
    assert plain(panels.items[0].note) == "month average, last Feb\u00a02026"
    assert [mark for mark, _ in panels.legend] == ["line"]
    assert "in the table alone" not in plain(exact.source)


def test_a_missing_month_breaks_the_line():
    gold = figure(GOLD).body[0].items[0]
    (line,) = (layer["data"]["values"] for layer in marks(gold) if layer["mark"]["type"] == "line")
    assert [row["run"] for row in line] == [0, 1, 1]


def test_all_panels_have_one_axis_of_time_and_prices_have_ticks_of_1_2_5():
    panels = figure(GALLIUM, INDIUM).body[0].items
    words = [[row for layer in marks(panel) for row in layer["data"]["values"] if "label" in row] for panel in panels]
    months = [[(row["x"], row["label"]) for row in rows if "\u00a0" in row["label"]] for rows in words]
    assert months[0] == months[1] != []
    for panel in panels:
        ticks = next(layer for layer in marks(panel) if layer["mark"].get("align") == "right")["data"]["values"]
        assert 2 <= len(ticks) <= 4
        assert all(row["label"].strip("0.,")[0] in "125" for row in ticks)


def test_the_words_say_how_levels_and_rates_were_made():
    sub = plain(figure(GALLIUM, GOLD).sub)
    rates = plain(figure(GALLIUM, GOLD).source)
    assert sub.startswith("EUR per kg, logarithmic, Nov\u00a02025 to Feb\u00a02026.")
    assert "An estimated price uses no value after its own month." in rates
    assert "what they are today at the rate of 31\u00a0January\u00a02026, the last known one" in rates
    assert "smoothed" not in plain(figure(GOLD).source)
    source = figure(GALLIUM, without=[{"asset": "hafnium", "name": "Hafnium", "element": "Hf"}]).source
    assert "Without a price by month: hafnium." in plain(source)
    assert any(span.refs == ("S1",) for span in source)


def test_a_proposal_with_other_levels_says_so():
    position = {"asset": "gallium", "name": "Gallium", "price": 1060.0, "weight": 1.0, "price_from": "bundled"}
    assert "other prices" not in plain(figure(GALLIUM, positions=[position]).source)
    assert "other prices" in plain(figure(GALLIUM, positions=[{**position, "price": 1300.0}]).source)
    # The price of an offer is that of its origin.
    assert "other prices" not in plain(figure(GALLIUM, positions=[{**position, "price": 1300.0, "offer_of": "gallium"}]).source)


def test_the_months_are_behind_the_panels_newest_first():
    data = figure(GALLIUM, GOLD).data
    rows = [[plain(cell) for cell in row.cells] for row in data.rows]
    assert rows[0] == ["Feb\u00a02026", "1,300 1,060 ± 106", "100,000"]
    assert rows[2] == ["Dec\u00a02025", "1,500 1,020 ± 102", "–"]
    assert [column.label for column in data.columns] == ["Month", "Gallium", "Gold"]


def test_no_price_at_all_is_said():
    found = build(series("gallium", [None, None]))
    assert isinstance(found, Missing)
    assert build(series("gallium", [None, None]), say=DE).reason == "Kein Metall dieses Berichts hat einen monatlichen Preis."


def test_a_hostile_name_stays_inside_its_span():
    hostile = copy.deepcopy(GALLIUM) | {"name": "<script>\u202e", "element": None}
    shown = figure(hostile)
    spans = [span for span in (*shown.title, *shown.body[0].items[0].title) if "script" in span.text]
    assert len(spans) == 2
    assert all(span.style == "name" for span in spans)


def test_a_panel_has_a_round_point_for_each_value():
    many = series("gallium", [900.0, 1500.0, 1000.0, 1300.0], [1000.0, 1020.0, 1040.0, 1060.0])
    drawn = draw(figure(many).body[0].items[0].chart.drawings[0].spec)
    assert len(re.findall(r'<path[^>]*d="M[^"]*A[^"]*"[^>]*class="fill-dot', drawn)) == 4
