"""Sources and assumptions: dates that stand on every report, what is late, and each unconfirmed fact with its reason."""

from __future__ import annotations

import copy
import re

from tests.lots import TWELVE, ask_of, findings_of
from tests.records import partial_findings
from tests.subjects import law
from toolkit.app.languages import language
from toolkit.report.document import Missing
from toolkit.report.i18n.text import plain
from toolkit.report.topics.measures import unconfirmed
from toolkit.report.topics.sources import assumptions, data_sources

SHARES = {
    "table": "shares", "source": "USGS Mineral Commodity Summaries 2026", "source_id": "usgs_mcs_2026", "licence": "public domain",
    "as_of": "2025-12-31", "known_from": "2026-02-06", "rows": 1, "sha256": "0" * 64, "overdue_days": 0,
}  # fmt: skip


def blocks(record, parts=None, code="en"):
    return data_sources.build(partial_findings(record, parts or {}, language(code)))


def status(record, parts=None, code="en"):
    return {label: plain(words) for label, words in blocks(record, parts, code)[0].items}


def test_every_report_states_the_dates_it_rests_on():
    series = [
        {"basis": "monthly_average", "last": "2026-04-30"},
        {"basis": "customs_unit_value", "last": "2026-07-31"},
        {"basis": "monthly_average", "last": "2026-05-31"},
    ]
    found = status({**law(), "data": [*law()["data"], SHARES]}, {"quality": {"series": series, "without": []}})
    assert found == {
        "Legal state of": "8\u00a0October\u00a02026, carried forward",
        "Prices": "customs unit value to Jul\u00a02026 and monthly average to May\u00a02026",
        "Shares of supply": "USGS Mineral Commodity Summaries 2026 (2025)",
        "Unconfirmed facts in this report": "7",
    }


def test_the_bare_law_has_no_prices_to_date():
    assert list(status(law())) == ["Legal state of", "Unconfirmed facts in this report"]
    assert list(status(law(), code="de")) == ["Rechtslage vom", "Unbestätigte Angaben in diesem Bericht"]


def test_late_sources_are_counted_and_marked_in_words():
    record = copy.deepcopy(law())
    shown = [origin.key for origin in partial_findings(record).origins]
    overdue = dict(zip(shown, (1, 52), strict=False))
    for row in record["data"]:
        row["overdue_days"] = overdue.get(row["source_id"], 0)
    figure = blocks(record)[1]
    assert plain(figure.title).startswith("Two sources of ")
    ages = [row.cells[-1] for row in figure.body[0].rows if row.cells[-1]]
    assert all(span.style == "warn" for age in ages for span in age)
    assert [plain(age) for age in ages] == ["▲ one day", "▲ 52 days"]
    for row in record["data"]:
        row["overdue_days"] = 0
    figure = blocks(record)[1]
    assert plain(figure.title) == "No source is overdue"
    assert "Overdue" not in plain(figure.sub)
    assert "are those of this report" in plain(figure.sub)
    assert len(figure.body[0].columns) == 4


def test_nothing_is_known_before_the_day_it_speaks_of():
    """The ledger is reviewed to a later day than that of its newest row: it is known in that state from the review on."""
    found = partial_findings(law())
    assert any(row["as_of"] and row["known_from"] < row["as_of"] for row in found.record.to_json()["data"])
    assert all(origin.newest is None or origin.known_from >= origin.newest for origin in found.origins)
    newest = {origin.key: plain(row.cells[2]) for origin, row in zip(found.origins, blocks(law())[1].body[0].rows, strict=True)}
    assert newest["official_notices"].startswith("reviewed to ")
    # A statistic behind a remark on a form is no notice: its day is that of its newest figure.
    assert "control_scopes" in next(one.tables for one in found.origins if one.key == "usgs_mcs_2026")
    assert not newest["usgs_mcs_2026"].startswith("reviewed")


def test_every_marker_has_a_row_to_link_to():
    found = partial_findings(law())
    rows = data_sources.build(found)[1].body[0].rows
    assert [row.anchor for row in rows] == [origin.marker.lower() for origin in found.origins]


def test_unconfirmed_facts_are_those_the_ledger_did_not_look_up():
    record = law()
    shown = [*record["upcoming"]]
    for row in record["controls"]:
        shown += [*row["measures"], *row["elsewhere"]]
        for route in row["routes"]:
            shown += route["measures"]
    wanted = {m["event_id"] for m in shown if m["standing"] != "official" or not m["confidence"].startswith("verified")}
    assert set(unconfirmed(partial_findings(record))) == wanted
    assert len(wanted) == 7


def test_each_unconfirmed_fact_has_its_number_metals_reason_and_source():
    figure = blocks(law())[2]
    assert plain(figure.title) == "Seven facts used in this report are not confirmed"
    rows = {plain(row.cells[0]): [plain(cell) for cell in row.cells[1:]] for row in figure.body[0].rows}
    assert rows["Regulation (EU) 2021/821 Annex I"][:2] == [
        "Licence: bismuth, tungsten, rhenium and hafnium",
        "not checked against the text",
    ]
    assert rows["MOFCOM statement of 28\u00a0Sep\u00a02026, item 8"][1] == "claimed by MOFCOM; no legal act confirms it"
    assert rows["No.\u00a020/2026"][1] == "one source, not confirmed elsewhere"
    assert all(cells[-1] for cells in rows.values())
    assert not re.search(r"\d{4}-\d{2}-\d{2}", "; ".join(" ".join((head, *cells)) for head, cells in rows.items()))
    german = [plain(cell) for row in blocks(law(), code="de")[2].body[0].rows for cell in row.cells]
    assert [words for words in german if re.search(r"\b(of|the|and|seen|statement|Chinese)\b", words)] == []
    assert plain(blocks(law(), code="de")[2].title).startswith("Sieben in diesem Bericht verwendete Angaben")


def test_where_everything_is_confirmed_there_is_no_list():
    record = copy.deepcopy(law())
    record["upcoming"] = [row for row in record["upcoming"] if row["date"] == "2026-11-27"]
    for row in record["controls"]:
        sure = [m for m in row["measures"] if m["standing"] == "official" and m["confidence"].startswith("verified")]
        row["elsewhere"], row["measures"] = [], sure
    assert len(blocks(record)) == 2
    assert status(record)["Unconfirmed facts in this report"] == "0"


def test_without_sources_the_section_says_so():
    assert isinstance(blocks({**law(), "data": []}), Missing)


def test_assumptions_hold_for_every_subject_and_end_with_the_notice():
    for code, notice in (("en", "Not investment, tax or legal advice."), ("de", "Keine Anlage-, Steuer- oder Rechtsberatung.")):
        listing, panel = assumptions.build(partial_findings(law(), {}, language(code)))
        assert listing.assumed
        assert [marker for marker, _ in listing.items] == ["A1"]
        assert plain(panel.paragraphs[-1]).startswith(notice)
        assert [span.style for span in panel.paragraphs[0] if span.style in ("assumption", "derived")] == [
            "assumption",
            "derived",
        ]


def test_what_is_left_out_of_a_run_is_named(records):
    (_, panel) = assumptions.build(partial_findings(records["normal"]))
    words = plain(panel.paragraphs[1])
    assert all(row["name"] in words for row in records["normal"]["left_out"])
    assert words.endswith("none is interpolated.")


def test_nothing_assumed_leaves_no_empty_list():
    record = copy.deepcopy(law())
    record["controls"] = [row for row in record["controls"] if not row["uncertain"]]
    assert len(assumptions.build(partial_findings(record))) == 1


def test_reports_of_flows_are_counted_among_the_unconfirmed_facts():
    fact = {
        "event_id": "EV081", "authority": "China customs (GACC)", "instrument": "de_facto_stop", "metals": ["gallium"],
        "standing": "reported", "confidence": "single trade-press report, not confirmed elsewhere", "citation": "trade press",
        "source_id": "press_reports",
    }  # fmt: skip
    parts = {"flows": {"reported": [fact], "data": []}}
    before, after = status(law()), status(law(), parts)
    assert int(after["Unconfirmed facts in this report"]) == int(before["Unconfirmed facts in this report"]) + 1
    table = blocks(law(), parts)[-1].body[0]
    assert any("one press report, not confirmed elsewhere" in plain(row.cells[2]) for row in table.rows)


def assumed(record, code="en"):
    return {one.key: plain(one.words) for one in partial_findings(record, {}, language(code)).assumptions}


def test_storage_by_a_published_tariff_is_told_with_its_year(records):
    record = records["normal"]
    told = assumed(record)["storage"]
    assert told.startswith("Storage and insurance a year: 1.25% silver; 0.5% gold, platinum; 1.5% all others.")
    assert "For gold, silver and platinum it is the tariff that a vault published in 2021." in told
    only = {**record, "assets": [a for a in record["assets"] if a["terms"] == "published_fee"]}
    assert "0.5% gold, platinum" in assumed(only)["storage"]
    assert "Holding period 3 years" in assumed(only)["storage"]


def test_tax_on_a_purchase_is_named_also_where_none_is_charged(records, tmp_path):
    record = copy.deepcopy(records["normal"])
    assert record["vat"]["rate"] == 0.19
    assert assumed(record)["vat"].startswith("VAT for Germany by law: 19% (Sec. 12 para 1 and Sec. 25c UStG")
    assert "It is not charged here" in assumed(record)["vat"]
    assert "Sie wird hier nicht berechnet" in assumed(record, "de")["vat"]
    record["costs"]["items"]["entry"]["vat"] = 1900.0
    assert "the strategy sets is charged" in assumed(record)["vat"]
    record["vat"] = {"country": "JPN", "rate": None, "citation": None}
    assert assumed(record)["vat"].startswith("No rate of VAT for Japan is bundled.")
    lots = findings_of(ask_of(tmp_path, *TWELVE))
    assert any(one.key == "vat" and "19%" in plain(one.words) for one in lots.assumptions)
    assert "vat" not in assumed(law())


def test_an_unsettled_form_is_warned_of_and_assumed_only_where_something_of_it_is_held(records):
    record = records["normal"]
    held = {row["asset"] for row in record["positions"] if row["weight"]}
    unsettled = {row["asset"]: row["name"] for row in record["controls"] if row["uncertain"]}
    assert unsettled.keys() & held, unsettled
    assert unsettled.keys() - held, unsettled
    assumed = [plain(one.words) for one in partial_findings(record, {}).assumptions if one.key == "uncertain"]
    for told in (assumed, [text for text in record["warnings"] if "uncertain" in text]):
        (words,) = told
        assert {asset for asset, name in unsettled.items() if name in words} == unsettled.keys() & held


def test_a_page_of_lots_assumes_nothing_of_a_form_that_it_does_not_hold(tmp_path):
    keys = {one.key for one in findings_of(ask_of(tmp_path, *TWELVE)).assumptions}
    assert "uncertain" not in keys


def test_the_age_of_a_source_is_that_of_the_newest_figure_shown():
    record = copy.deepcopy(law())
    row = {**record["data"][0], "as_of": "2020-01-31", "overdue_days": 999, "table": "other"}
    before = next(o for o in partial_findings(record).origins if o.key == row["source_id"])
    record["data"].append(row)
    after = next(o for o in partial_findings(record).origins if o.key == row["source_id"])
    assert (after.newest, after.overdue_days) == (before.newest, before.overdue_days)
