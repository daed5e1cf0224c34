"""The timeline of measures: lanes as the ledger has them, what is next in the title, and words that never meet."""

from __future__ import annotations

import copy
from datetime import date, timedelta

import pytest

from tests.records import partial_findings
from tests.subjects import AS_OF, context, law
from tests.svg_texts import assert_apart, room, texts
from toolkit.app.controls.states import timeline as recorded
from toolkit.app.languages import language
from toolkit.core.assets import Asset, Universe
from toolkit.report.charts.theme import PAGE, PHONE, SHEET, cut, width
from toolkit.report.charts.timeline import Swimlane, TimelineBar, TimelinePeriod, swimlanes
from toolkit.report.document import Chart
from toolkit.report.i18n.formats import Formats
from toolkit.report.i18n.text import plain
from toolkit.report.topics.measures import in_words, suspended_until, timeline


def figure(record, code="en"):
    return timeline(partial_findings(record, {}, language(code)))


def rows(found):
    return [[plain(cell) for cell in row.cells] for row in found.data.rows]


def test_the_title_is_the_next_return():
    assert plain(figure(law()).title) == (
        "The ban to the US on gallium, germanium and antimony returns on 28\u00a0November\u00a02026 "
        "unless its suspension is extended"
    )
    assert plain(figure(law(), "de").title).startswith("Das Ausfuhrverbot gegen die USA für Gallium, ")


def test_without_a_suspension_the_title_counts_what_has_no_end():
    record = law(date(2025, 10, 20))
    lasting = {
        (r["instrument"], tuple(r["destinations"]), r["end_user"], tuple(r["assets"]))
        for r in record["timeline"]
        if r["instrument"] in ("ban", "licence") and r["spells"] and r["spells"][-1]["until"] is None
    }
    assert len(lasting) == 7
    assert plain(figure(record).title) == "Seven measures of eight are in force with no end in sight"


def test_the_data_table_has_every_spell_of_the_ledger():
    record = law()
    told = [row for row in rows(figure(record)) if row[2] == "No.\u00a046/2024\u00a0¶2"]
    (kept,) = [row for row in record["timeline"] if row["event_id"] == "EV037b"]
    assert [row[3] for row in told] == ["in force", "suspended", "ahead, unless it is changed"]
    fmt = Formats()
    assert [(row[4], row[5]) for row in told] == [
        (fmt.short_date(s["since"]), fmt.short_date(s["until"]) if s["until"] else "open") for s in kept["spells"]
    ]


def test_an_uncertain_form_is_marked_in_its_lane():
    assert ["Bi, Te, W (uncertain), Mo (uncertain)", "licence"] in [row[:2] for row in rows(figure(law()))]


def test_a_claimed_extension_changes_no_spell_and_is_drawn_apart():
    record = copy.deepcopy(law())
    (row,) = [row for row in record["timeline"] if row["event_id"] == "EV037b"]
    row["claims"] = [{"since": "2026-11-28", "until": "2027-01-10", "authority": "someone", "event_id": "X"}]
    found = figure(record)
    assert [r[3] for r in rows(found) if r[2] == "No.\u00a046/2024\u00a0¶2"] == [
        "in force", "suspended", "ahead, unless it is changed", "extension only claimed",
    ]  # fmt: skip
    assert plain(found.title) == plain(figure(law()).title)
    assert "claimed" in {mark for mark, _ in found.legend}
    assert "claimed" not in {mark for mark, _ in figure(law()).legend}


def test_what_came_back_by_dates_alone_is_drawn_as_unconfirmed():
    products = Universe((Asset(key="holmium", name="Holmium metal", element="Ho", form="metal"),))
    (row,) = [
        row for row in recorded(context(AS_OF).ledger, ((a.key, a.form) for a in products), AS_OF) if row.event_id == "EV056"
    ]
    assert [claim.authority for claim in row.claims] == ["MOFCOM"]
    assert ("in_force", "2026-11-11", True) in [(spell.status, spell.since, spell.unconfirmed) for spell in row.spells]
    assert [spell.unconfirmed for spell in row.spells].count(True) == 1


def test_a_run_object_without_claims_is_still_drawn():
    record = copy.deepcopy(law())
    for row in record["timeline"]:
        del row["claims"]
    assert rows(figure(record)) == rows(figure(law()))


def test_reported_practice_has_a_lane_of_its_own():
    record = copy.deepcopy(law())
    row = next(row for row in record["controls"] if row["asset"] == "gallium")
    row["measures"].append(
        {**row["measures"][0], "event_id": "X", "instrument": "de_facto_stop", "standing": "reported", "status": "reported",
         "since": "2023-08-01", "until": "2023-10-31", "source_id": "press_reports"}
    )  # fmt: skip
    found = figure(record)
    assert ["Ga", "de-facto stop", "", "reported by the press, not law"] in [row[:4] for row in rows(found)]
    assert "reported" in {mark for mark, _ in found.legend}


def test_what_is_suspended_until_a_day_in_words():
    run = partial_findings(law())
    ends = suspended_until(run, "2026-11-27")
    assert plain(in_words(run, ends)) == "the ban to the US on gallium, germanium and antimony"
    assert suspended_until(run, "2026-11-26") == ()


@pytest.mark.parametrize("code", ["en", "de"])
@pytest.mark.parametrize("day", [date(2025, 10, 20), AS_OF])
def test_no_words_of_the_drawing_meet(day, code):
    (chart,) = figure(law(day), code).body
    assert [drawing.minimum for drawing in chart.drawings] == [0, SHEET, PAGE]
    assert [room(drawing.spec) for drawing in chart.drawings] == pytest.approx([PHONE, SHEET, PAGE], abs=1)
    assert_apart(chart)


def test_a_long_label_is_broken_and_one_too_long_is_cut():
    lane = Swimlane(
        "Metal " * 20, ("a measure of some length", "No. 1 of 2026, No. 2 of 2026", "x" * 90), (TimelineBar("on", AS_OF, None),)
    )
    period = TimelinePeriod(AS_OF - timedelta(days=400), AS_OF + timedelta(days=150), AS_OF)
    chart = Chart(swimlanes([lane, lane], period, Formats()), "told")
    assert_apart(chart)
    assert any(one.words.endswith("…") for one in texts(chart.drawings[0].spec))


def test_dates_on_either_edge_stay_inside():
    lane = Swimlane("Ga", ("licence",), (TimelineBar("suspended", AS_OF, AS_OF),))
    for today in (AS_OF - timedelta(days=400), AS_OF + timedelta(days=150)):
        assert_apart(
            Chart(
                swimlanes([lane], TimelinePeriod(AS_OF - timedelta(days=400), AS_OF + timedelta(days=150), today), Formats()),
                "t",
            )
        )


def test_words_are_cut_to_their_room():
    assert cut("licence", 100) == "licence"
    short = cut("a licence for all destinations", 90)
    assert short.endswith("…")
    assert width(short) <= 90
    assert width("licence", bold=True) > width("licence")


def test_the_drawing_hatches_what_is_suspended_and_dashes_what_is_ahead():
    (chart,) = figure(law()).body
    from toolkit.report.charts.draw import draw

    svg = draw(chart.drawings[0].spec)
    assert svg.count("fill-hatch") == 1
    assert 'stroke-dasharray="4,3"' in svg
    assert "No.\u00a046/2024\u00a0¶2, suspended" in chart.told
