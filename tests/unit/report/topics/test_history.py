"""The section on earlier controls: the finding, which panels are shown, one scale, overlaps by name, and what is not known."""

from __future__ import annotations

import re

import pytest

from tests.blocks import figures, panel, rows, table_of, values
from tests.records import partial_findings
from toolkit.app.languages import language
from toolkit.report.charts.draw import draw
from toolkit.report.i18n.text import plain
from toolkit.report.topics.history import history

DE = language("de")
HORIZONS = (1, 3, 6, 12)


def reaction(horizon, adjusted, **changes):
    verdict = "unknown" if adjusted is None else "none" if abs(adjusted) < 0.1 else "up" if adjusted > 0 else "down"
    return {"horizon": horizon, "change": adjusted, "adjusted": adjusted, "benchmark": 0.0, "verdict": verdict, "scarce": False,
            "thin": None, **changes}  # fmt: skip


def case(
    asset="gallium", number="No. 9 of 2024", announced="2024-06-15", adjusted=(0.05, 0.2, 0.4, None), level=150.0, **changes
):
    path = [
        {"shift": s, "month": f"{2024 + (5 + s) // 12}-{1 + (5 + s) % 12:02d}", "printed": 100.0 if s < 0 else level,
         "level": None if s == 0 else 100.0 if s < 0 else level, "benchmark": 100.0 if s < 6 else None, "scarce": False}
        for s in range(-6, 13)
    ]  # fmt: skip
    return {
        "asset": asset, "name": asset.capitalize(), "element": "X", "concerns": True, "event_id": f"E-{asset}-{number}",
        "number": number, "instrument": "licence", "kind": "control", "announced": announced, "effective": "2024-08-01",
        "destinations": ["all"], "basis": "customs_unit_value", "overlaps": [], "path": path,
        "reactions": [reaction(h, a) for h, a in zip(HORIZONS, adjusted, strict=True)], **changes,
    }  # fmt: skip


def summary(cases):
    rows = []
    for i, horizon in enumerate(HORIZONS):
        known = sorted(a for c in cases if (a := c["reactions"][i]["adjusted"]) is not None)
        rows.append({
            "horizon": horizon, "n": len(known), "overlapping": 0, "median": known[len(known) // 2] if known else None,
            "low": known[0] if known else None, "high": known[-1] if known else None, "up": 0, "down": 0,
            "none": sum(abs(a) < 0.1 for a in known),
        })  # fmt: skip
    return rows


def build(*cases, say=None, points=()):
    data = [{"table": t, "source_id": t, "source": "S", "licence": "L", "as_of": "2025-05-31", "known_from": "2025-06-10",
             "overdue_days": 0} for t in ("prices", "price_points")]  # fmt: skip
    part = {
        "benchmark": ["copper"], "no_reaction": 0.1, "notices": 2, "overlapping": sum(bool(c["overlaps"]) for c in cases),
        "cases": list(cases), "summary": summary(cases), "points": list(points), "data": data,
        "method": [{"said": "Changes are over {metals}.", "with": {"metals": ["copper"]}}],
        "assumptions": {"no_reaction": {"said": "Less than {limit:.0%} is no reaction.", "with": {"limit": 0.1}}},
    }  # fmt: skip
    record = {"as_of": "2025-06-20", "currency": "EUR", "data": [], "controls": [], "assets": [], "positions": []}
    return history.build(partial_findings(record, {"history": part}, say))


def test_the_finding_is_median_range_and_n_at_three_months():
    cases = [case(), case("indium", adjusted=(0.0, -0.05, 0.1, 0.2)), case("bismuth", adjusted=(0.5, 0.7, 1.0, 2.0))]
    assert plain(build(*cases)[0].title) == (
        "Three months after an announcement the median metal stood 20% above base metals; the range runs from −5% to +70% (n = 3)"
    )
    german = plain(build(*cases, say=DE)[0].title)
    assert german.startswith("Drei Monate nach einer Bekanntmachung lag das Metall im Median 20\u202f% über Industriemetallen")


def test_a_falling_median_is_below_and_an_early_report_speaks_of_one_month():
    assert "stood 30% below base metals" in plain(build(case(adjusted=(0.0, -0.3, None, None)))[0].title)
    assert plain(build(case(adjusted=(0.25, None, None, None)))[0].title).startswith("One month after an announcement")


def test_panels_take_the_reports_metals_and_first_notices_first_in_order_of_time():
    mine = [case(f"m{i}", announced=f"2024-06-{10 + i}") for i in range(4)]
    second = case("m0", "No. 10 of 2024", "2024-06-25")
    other = case("other", announced="2024-06-01", concerns=False)
    items = panel(build(other, second, *mine)).items
    assert [plain(item.title) for item in items] == ["M0", "M1", "M2", "M3", "M0"]
    assert plain(items[-1].note) == "No.\u00a010/2024, +20% in 3 months"
    # The table leaves none out.
    assert [row[0] for row in rows(figures(build(other, second, *mine))[1])].count("Other") == 1


def test_all_panels_have_one_scale_that_holds_every_level():
    high, flat = panel(build(case(level=380.0), case("indium", level=101.0, announced="2024-06-16"))).items
    for item in (high, flat):
        assert {row["label"] for row in values(item.chart.drawings[0]) if "label" in row} >= {"100", "200", "500"}


def test_a_print_beyond_the_scale_is_a_triangle_at_its_edge():
    wild = case()
    wild["path"][-1] = {**wild["path"][-1], "printed": 2000.0}
    legend = dict(panel(build(wild)).legend)
    assert legend["beyond"] == "price beyond the scale"
    assert "beyond" not in dict(panel(build(case())).legend)
    spec = panel(build(wild)).items[0].chart.drawings[0].spec
    assert "triangle-up" in spec
    assert "triangle-up" not in panel(build(case())).items[0].chart.drawings[0].spec


def test_the_level_is_a_line_that_stops_at_the_event():
    svg = draw(panel(build(case())).items[0].chart.drawings[0].spec)
    lines = re.findall(r'<path[^>]*class="stroke-data"', svg)
    assert len(lines) == 2


def test_overlapping_events_are_named_in_panel_words_and_table():
    notice = {
        "event_id": "A",
        "number": "No. 46 of 2024 para 2",
        "instrument": "ban",
        "announced": "2024-12-03",
        "effective": None,
    }
    practice = {**notice, "event_id": "B", "number": None, "instrument": "de_facto_stop", "announced": "2024-03-01"}
    outside = {**notice, "event_id": "C", "number": "No. 1 of 2023", "announced": "2023-07-03"}
    blocks = build(case(overlaps=[practice, notice, outside]))
    (item,) = panel(blocks).items
    labels = {row["label"] for row in values(item.chart.drawings[0]) if "label" in row}
    assert {"stop in practice", "No.\u00a046/2024\u00a0¶2"} <= labels
    assert "No.\u00a01/2023" not in labels
    assert "In the same year: stop in practice and No.\u00a046/2024\u00a0¶2." in item.chart.told
    assert rows(figures(blocks)[1])[0][-1] == "stop in practice, No.\u00a046/2024\u00a0¶2, No.\u00a01/2023"
    assert "1 of 1 cases shares its year" in plain(blocks[0].source)


def test_the_table_has_every_horizon_with_median_range_and_n_and_dashes_for_the_unknown():
    blocks = build(case(), case("indium", adjusted=(0.02, -0.05, 0.3, None), announced="2024-06-20"))
    cases = figures(blocks)[1]
    found = rows(cases)
    assert found[0][2:6] == ["+5%", "+20%", "+40%", "–"]
    totals = {row[0]: row[2:6] for row in found[2:]}
    assert totals["Cases (n)"] == ["2", "2", "2", "0"]
    assert totals["Lowest"] == ["+2%", "−5%", "+30%", "–"]
    assert totals["No reaction"] == ["2", "1", "0", "0"]
    assert plain(cases.title) == "1 of 2 cases shows no reaction after three months, 0 of 2 after six months"
    table = table_of(cases)
    assert [table.rows[0].cells[i][0].style for i in (2, 3)] == ["muted", "strong"]
    assert any(span.style == "assumption" and span.text == "10%" for span in cases.sub)


@pytest.mark.parametrize(("changes", "cell", "note"), [
    ({"scarce": True}, "+20%*", "less than a tenth of the usual quantity"),
    ({"adjusted": None, "change": 0.2}, "+20%‡", "Not over base metals"),
])  # fmt: skip
def test_a_weak_figure_carries_a_sign_that_is_explained(changes, cell, note):
    weak = case()
    weak["reactions"][1] |= changes
    blocks = build(weak, case("indium"))
    assert rows(figures(blocks)[1])[0][3] == cell
    assert note in plain(figures(blocks)[1].source)
    assert note not in plain(figures(build(case()))[1].source)


def test_price_points_stand_alone_with_basis_and_standing():
    point = {
        "asset": "terbium", "name": "Terbium oxide", "element": "Tb", "concerns": False, "notice": "No. 18 of 2025",
        "basis": "oxide 99.99 % Europe (Argus)", "kind": "assessment", "unit": "USD/kg", "sources": ["press_reports"], "press": True,
        "first": {"date": "2025-04-06", "low": 930.0, "high": 1000.0}, "between": [], "last": {"date": "2025-05-06", "low": 2000.0, "high": 4000.0},
        "change": 2.11, "exact": True, "citation": "c",
    }  # fmt: skip
    ask = {**point, "kind": "ask", "last": None, "change": None, "exact": False}
    english, german = (figures(build(case(), points=[point, ask], say=say))[2] for say in (None, DE))
    assert rows(english)[0] == [
        "Terbium", "No.\u00a018/2025", "oxide 99.99% Europe (Argus), USD/kg", "930–1,000 6\u00a0Apr\u00a02025",
        "2,000–4,000 6\u00a0May\u00a02025", "+211%", "assessment, press report",
    ]  # fmt: skip
    assert rows(english)[1][-3:] == ["–", "–", "asked price, press report, day approximate"]
    assert rows(german)[1][-1] == "Briefkurs, Pressebericht, Tag ungefähr"
    assert plain(english.title) == "Two single prices were reported around notices"
    assert len(build(case())) == 2


def test_a_mean_that_is_too_noisy_for_a_change_is_told_from_a_month_that_is_not_known():
    weak = case(adjusted=(0.05, None, None, 0.3))
    weak["reactions"][1] |= {"thin": "after"}
    blocks = build(weak)
    assert rows(figures(blocks)[1])[0][2:6] == ["+5%", "thin", "–", "+30%"]
