"""The section on customs flows: findings by what became of each flow, marks of the drawing, and what is not computed."""

from __future__ import annotations

import pytest

from tests.blocks import figures, panel, table_of, values
from tests.records import partial_findings
from toolkit.app.languages import language
from toolkit.report.charts.draw import draw
from toolkit.report.document import Missing
from toolkit.report.i18n.text import plain
from toolkit.report.topics.flows import flows

DE = language("de")
MONTHS = [f"{year}-{month:02d}" for year in (2024, 2025, 2026) for month in range(1, 13)][:30]
RULES = {
    "collapse": {"said": "Collapse: {months} months.", "with": {"months": 3}},
    "small": {"said": "No change below {small:.0%}.", "with": {"small": 0.1}},
    "diversion": {"said": "Re-routing is possible.", "with": {}},
}
UNKNOWN = {"value": None, "base": None, "reason": "missing"}


def around(after, value=-0.75):
    change = {"value": value, "base": 1000.0, "reason": ""}
    return {"day": "2025-02-04", "base": 1000.0, "after": after, "change": change, "collapse": None}


def control(number="No. 9 of 2025", instrument="licence", effective="2025-02-04", **changes):
    return {
        "event_id": "E", "number": number, "instrument": instrument, "destinations": ["all"], "effective": effective,
        "covers": True, "spells": [], "around": around(250.0), **changes,
    }  # fmt: skip


def flow(asset="gallium", quantity=None, state="running", controls=(), newest_of=None, **changes):
    """A flow of thirty months that ends in June 2026."""
    quantities = quantity or [1000.0] * 30
    since = None if state == "running" else "2025-10-31"
    newest = {
        "month": "2026-06", "latest": quantities[-1], "on_year": {"value": 0.0, "base": 1000.0, "reason": ""}, "year": 900.0,
        "year_before": 1000.0, "three_months": 950.0, "year_on_year": {"value": -0.1, "base": 1000.0, "reason": ""},
        "zeros_running": 0, "zeros_in_year": 0, "inferred_in_year": 0, "share": 0.25, "collapses": [], "partner": "CHN",
        "quantities": quantities, "inferred": [month for month, q in zip(MONTHS, quantities, strict=True) if q == 0],
        "became": {"state": state, "since": since, "months": 9 if state == "zero" else 0, "level": 50.0, "base": 1000.0},
    }  # fmt: skip
    total = {**newest, "partner": "WLD", "quantities": [4000.0] * 30, "inferred": []}
    return {
        "asset": asset, "name": f"{asset.capitalize()} ingot", "element": "X", "hs_code": "1", "reporter": "USA", "direction": "import",
        "months": MONTHS, "partners": [total, {**newest, **(newest_of or {})}], "watched": 1, "diversion": [],
        "controls": list(controls), "mixed": None, **changes,
    }  # fmt: skip


def build(*found, say=None, reported=(), without=()):
    data = [{"table": table, "source_id": table, "source": "S", "licence": "L", "as_of": "2026-06-30", "known_from": "2026-08-10",
             "overdue_days": 0} for table in ("flows", "controls")]  # fmt: skip
    part = {
        "as_of": "2026-08-20",
        "asked": None,
        "file": None,
        "notes": [],
        "origin": "CHN",
        "rules": RULES,
        "flows": list(found),
        "reported": list(reported),
        "without_flow": list(without),
    }
    record = {"as_of": "2026-08-20", "currency": "EUR", "data": [], "controls": [], "assets": [], "positions": []}
    return flows.build(partial_findings(record, {"flows": {**part, "data": data}}, say))


def titles(blocks):
    return [plain(figure.title) for figure in figures(blocks)]


def test_the_finding_names_what_is_at_zero_what_fell_and_what_is_back():
    found = (
        flow("bismuth", state="zero"),
        flow("antimony", state="fallen"),
        flow("indium", state="fallen"),
        flow(state="back"),
    )
    assert titles(build(*found))[0] == (
        "Bismuth from China has been at zero for nine months; antimony and indium have fallen to 5.0% of the year before their collapse, or less;"
        " gallium is arriving again"
    )
    assert titles(build(*found, say=DE))[0].startswith("Bismut aus China: seit neun Monaten bei null; Antimon und Indium sind")


def test_without_a_collapse_the_largest_change_is_the_finding():
    mild, strong = flow("indium"), flow("tungsten", newest_of={"year_on_year": {"value": -0.4, "base": 1.0, "reason": ""}})
    assert titles(build(mild, strong))[0] == "No flow from China shows a collapse; tungsten changed most in a year, by −40%"


def test_a_series_without_a_year_before_is_too_short_to_clear_a_flow():
    short = flow(newest_of={"year_before": None, "year_on_year": {"value": None, "base": None, "reason": "missing"}})
    assert titles(build(short))[0] == "The flows from China are too short to tell a collapse"


def test_a_mean_of_three_months_is_not_told_as_one_since_the_return():
    (cell,) = panel(build(flow(state="back"))).items
    assert plain(cell.note) == "back since Oct\u00a02025, lately 50 kg a month"


def test_a_panel_has_the_peak_the_number_and_the_ban_in_its_two_states():
    spells = [{"status": "in_force", "since": "2025-03-01", "until": "2025-11-08"},
              {"status": "suspended", "since": "2025-11-09", "until": "2026-11-27"}]  # fmt: skip
    ban = control("No. 46 of 2024 para 2", "ban", "2025-03-01", spells=spells, destinations=["USA"])
    blocks = build(flow(quantity=[1000.0] * 29 + [2500.0], controls=(control(effective="2024-06-01"), ban)))
    (cell,) = panel(blocks).items
    labels = {row["label"] for row in values(cell.chart.drawings[0]) if "label" in row}
    assert {"2.5 t", "No.\u00a09/2025", "No.\u00a046/2024\u00a0¶2", "2025", "2026"} <= labels
    svg = draw(cell.chart.drawings[0].spec)
    assert "fill-soft" in svg
    assert "fill-hatch" in svg
    words = dict(panel(blocks).legend)
    assert words["soft"] == "ban to the US in force"
    assert words["paused"] == "ban suspended"
    assert "zero" not in words
    assert "at most 2.5 t in Jun\u00a02026; the latest" in cell.chart.told


def test_a_licence_for_other_forms_is_dashed_and_said():
    covered, other = (panel(build(flow(controls=(control(covers=covers),)))) for covers in (True, False))
    assert "stroke-dasharray" not in draw(covered.items[0].chart.drawings[0].spec)
    assert "stroke-dasharray" in draw(other.items[0].chart.drawings[0].spec)
    assert "datedash" in dict(other.legend)
    assert "datedash" not in dict(covered.legend)


def test_a_missing_month_is_a_gap_and_an_inferred_zero_a_dot_and_an_asterisk():
    quantity: list[float | None] = [1000.0] * 10 + [None] + [1000.0] * 18 + [0.0]
    blocks = build(flow(quantity=quantity))
    rows = values(panel(blocks).items[0].chart.drawings[0])
    base = [row for row in rows if row["y"] == 112 and "x2" in row and "y2" not in row]
    assert len(base) == 2
    assert base[0]["x2"] < base[1]["x"]
    assert len([row for row in rows if row["y"] == 109]) == 1
    months = {plain(row.cells[0]): plain(row.cells[1]) for row in blocks[0].data.rows}
    assert months["Jun\u00a02026"] == "0*"
    assert months["Nov\u00a02024"] == "–"
    assert "zero" in dict(panel(blocks).legend)


def test_a_small_base_gives_a_dagger_and_levels_in_place_of_a_percentage():
    small = {"value": None, "base": 4.0, "reason": "small base"}
    blocks = build(flow(newest_of={"year": 350.0, "year_before": 4.0, "year_on_year": small}))
    cells = [plain(cell) for cell in table_of(figures(blocks)[1]).rows[0].cells]
    assert "†" in cells
    assert not any("%" in cell for cell in cells[:-1])
    assert plain(panel(blocks).items[0].note) == "350 kg a month, 4 kg in the year before"


@pytest.mark.parametrize(("change", "told"), [(-0.99998, "<\u202f−99.9%"), (-1.0, "−100.0%"), (0.5, "+50.0%")])
def test_a_fall_to_almost_nothing_is_no_fall_to_nothing(change, told):
    blocks = build(flow(newest_of={"year": 0.2, "year_on_year": {"value": change, "base": 9000.0, "reason": ""}}))
    cells = [plain(cell) for cell in table_of(figures(blocks)[1]).rows[0].cells]
    assert told in cells
    assert "<\u202f1" in cells


def test_effects_count_only_controls_that_cover_the_form():
    rows = (control(), control(number="No. 8 of 2024", around=around(1200.0, 0.2)),
            control(number="No. 7 of 2024", covers=False))  # fmt: skip
    blocks = build(flow(controls=rows))
    assert titles(blocks)[2] == ("In 1 of 2 cases of a control on the form less arrived in its first three months than before")
    assert [plain(row.cells[1]) for row in table_of(figures(blocks)[2]).rows][-1] == "No.\u00a07/2024, other forms"
    assert len(build(flow(controls=(control(around=None),)))) == 2


def test_reported_points_are_told_alone_with_their_standing():
    press = {"event_id": "E", "announced": "2026-05-20", "precision": "approximate", "metals": ["gallium"],
             "what": "exports of 3 kg", "authority": "", "instrument": "x", "standing": "reported", "source_id": None, "citation": "c", "confidence": "single press report", "confirmed": False}  # fmt: skip
    official = {**press, "precision": "day", "what": "no exports", "confidence": "verified", "confirmed": True}
    blocks = build(flow(), reported=[press, official])
    first, second = (row.cells for row in table_of(figures(blocks)[-1]).rows)
    assert [plain(cell) for cell in first] == ["About 20\u00a0May\u00a02026", "exports of 3 kg", "Single press report"]
    assert first[-1][0].style == "warn"
    assert [plain(cell) for cell in second] == ["20\u00a0May\u00a02026", "no exports", "verified"]
    assert "3" not in {plain(cell) for row in blocks[0].data.rows for cell in row.cells}


def test_hostile_names_stay_inside_their_span_and_nothing_is_said_of_nothing():
    name = "\u202edlog-neila <b>"
    blocks = build(flow(asset="x", name=name), without=[{"asset": "gold", "name": "Gold", "element": "Au"}])
    (span,) = panel(blocks).items[0].title
    assert span.style == "name"
    assert "Without a customs series here: gold." in plain(blocks[0].source)
    assert isinstance(build(), Missing)
    assert isinstance(build(flow(quantity=[0.0] * 30)), Missing)


def test_of_one_flow_and_one_control_no_count_is_told():
    """A page on one metal said that 1 of 1 flows was below the year before."""
    told = titles(build(flow("indium", controls=(control(covers=True),))))
    assert told[1:3] == [
        "Over the latest twelve months the flow from China was below the year before",
        "Less arrived in the first three months of the control on the form than before",
    ]
    both = titles(build(flow("indium"), flow("tungsten")))
    assert "of 2 flows" in both[1]
