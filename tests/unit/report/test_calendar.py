"""The calendar: sentences from the structure of a date, what is confirmed and what is not, and a strip whose labels stay apart."""

from __future__ import annotations

import copy
from datetime import date, timedelta

import pytest

from tests.records import partial_findings
from tests.subjects import AS_OF, law
from tests.svg_texts import assert_apart, texts
from toolkit.app.languages import language
from toolkit.report.charts.strip import Dated, strip
from toolkit.report.charts.timeline import TimelinePeriod
from toolkit.report.document import Chart, Missing
from toolkit.report.i18n.formats import Formats
from toolkit.report.i18n.text import plain
from toolkit.report.topics.dates import calendar


def blocks(record, code="en"):
    return calendar.build(partial_findings(record, {}, language(code)))


def dates(record, code="en"):
    found = {}
    for entry in blocks(record, code)[1].dates:
        found.setdefault(entry.iso, entry)  # the first of a day
    return found


def test_each_date_says_what_happens_and_what_follows():
    found = dates(law())
    assert list(found) == ["2026-11-09", "2026-11-10", "2026-11-27", "2027-01-01", "2027-01-10"]
    assert plain(found["2026-11-27"].what) == (
        "Last day on which the ban to the US on gallium, germanium and antimony is suspended"
    )
    assert plain(found["2026-11-27"].note) == (
        "No.\u00a046/2024\u00a0¶2, suspended by No.\u00a072/2025. In force again from 28\u00a0Nov\u00a02026 unless it is extended."
    )
    lapsed = found["2026-11-10"]
    assert plain(lapsed.what).startswith("Suspension lapsed: No.\u00a055/2025")
    assert "by the dates of the acts; whether it was extended after 8\u00a0Oct\u00a02026 is not known" in plain(lapsed.note)
    assert plain(found["2027-01-10"].note) == "No legal act confirms it."


def test_what_is_not_confirmed_is_marked_and_never_the_next_date():
    found = dates(law())
    assert {iso: (entry.state, entry.confirmed, entry.standing) for iso, entry in found.items()} == {
        "2026-11-09": ("past", False, "official"),
        "2026-11-10": ("past", True, "official"),
        "2026-11-27": ("next", True, "official"),
        "2027-01-01": ("ahead", True, "official"),
        "2027-01-10": ("ahead", False, "claimed"),
    }
    record = copy.deepcopy(law())
    record["upcoming"] = [row for row in record["upcoming"] if row["date"] > "2026-12"]
    record["upcoming"][0]["confidence"] = "not checked against the text"
    assert {entry.state for entry in dates(record).values()} == {"ahead"}
    assert plain(blocks(record)[0].title) == "No official date is ahead; two of two dates ahead are not confirmed"


def test_the_title_names_the_next_official_date():
    assert plain(blocks(law())[0].title) == (
        "The next official date is 27\u00a0November\u00a02026, in\u00a03\u00a0days; one of three dates ahead is not confirmed"
    )
    assert plain(blocks(law(), "de")[0].title) == (
        "Der nächste amtliche Termin ist der 27.\u00a0November\u00a02026, in\u00a03\u00a0Tagen; "
        "einer von drei kommenden Terminen ist nicht bestätigt"
    )


@pytest.mark.parametrize(
    ("held", "told"),
    [
        ({}, ""),
        ({"gallium": "CHN", "gold": "CHE"}, "Names gallium, held here."),
        ({"gallium": "CHN", "antimony": "TJK"}, "Names gallium, held here."),
        ({"antimony": "TJK"}, ""),
    ],
)
def test_lots_are_named_where_a_date_names_them_and_a_chinese_ban_names_none_from_elsewhere(held, told):
    lots = [{"asset": key, "export_from": origin, "assumed_origin": False, "uncertain": False} for key, origin in held.items()]
    changes = [
        {"date": "2026-11-27", "metal": key, "what": "", "standing": "official"}
        for key, origin in held.items()
        if origin == "CHN"
    ]
    exposure = {"lots": lots, "purchases": [], "licence_delay": None, "prices": [], "next_changes": changes}
    record = {**law(), "kind": "exposure", "exposure": exposure} if lots else law()
    note = plain(dates(record)["2026-11-27"].note)
    assert ("held here" in note) == bool(told)
    assert note.endswith(told)


def test_of_several_dates_on_one_day_the_strip_has_one_label():
    record = law(date(2025, 10, 20))
    assert len(record["upcoming"]) > len({row["date"] for row in record["upcoming"]})
    (chart,) = blocks(record)[0].body
    fmt = Formats()
    words = [one.words for one in texts(chart.drawings[2].spec)]
    for day in {row["date"] for row in record["upcoming"]}:
        assert words.count(fmt.short_date(day)) == 1


@pytest.mark.parametrize("code", ["en", "de"])
@pytest.mark.parametrize("day", [date(2024, 11, 1), date(2025, 10, 20), AS_OF])
def test_no_labels_of_the_strip_meet(day, code):
    (chart,) = blocks(law(day), code)[0].body
    assert_apart(chart)


def test_labels_of_crowded_and_late_dates_stay_apart_and_inside():
    period = TimelinePeriod(AS_OF - timedelta(days=30), AS_OF + timedelta(days=400), AS_OF)
    days = [0, 1, 2, 3, 180, 181, 350, 380, 398, 399, 400]
    crowd = [Dated(AS_OF + timedelta(days=n), "firm") for n in days]
    assert_apart(Chart(strip(crowd, period, Formats("de")), "told"))


def test_without_a_date_the_section_says_so():
    assert isinstance(blocks({**law(), "upcoming": []}), Missing)
