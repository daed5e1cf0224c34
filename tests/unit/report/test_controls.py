"""The control matrix: every product once, its states as the ledger has them, equal ones together, in two languages."""

from __future__ import annotations

import copy
from datetime import date

import pytest

from tests.records import partial_findings
from tests.subjects import AS_OF, HOSTILE, context, holdings, law
from toolkit.app.languages import language
from toolkit.app.report.theme import theme
from toolkit.app.subjects import market_record
from toolkit.report.compose import ReportDefinition, compose
from toolkit.report.document import Missing
from toolkit.report.formats.html import render
from toolkit.report.i18n.text import plain
from toolkit.report.topics.controls import controls


def matrix_figure(record, code="en"):
    return controls.build(partial_findings(record, {}, language(code)))[0]


def lines(record, code="en"):
    (matrix,) = matrix_figure(record, code).body
    return {line.symbols: line for line in matrix.lines}


@pytest.mark.parametrize("day", [date(2023, 6, 1), date(2024, 12, 10), date(2025, 10, 20), AS_OF])
def test_every_product_is_in_one_line_with_its_own_states(day):
    record = law(day)
    found = lines(record)
    symbols = [symbol for key in found for symbol in key.split(", ")]
    assert sorted(symbols) == sorted({row["element"] for row in record["controls"]})
    for row in record["controls"]:
        (line,) = [line for key, line in found.items() if row["element"] in key.split(", ")]
        # The first cell is the duty on the way to the owner: a state where one counts, none where none does.
        counts = any(m["counts"] and m["instrument"] in ("ban", "licence") for m in row["measures"])
        assert bool(line.states and line.states[0] and line.states[0].mark in ("on", "uncertain")) == counts
        for route, state in zip(row["routes"], line.states[1:], strict=False):
            duties = [m for m in route["measures"] if m["instrument"] in ("ban", "licence")]
            suspended = bool(duties) and all(m["status"] == "suspended" for m in duties)
            assert (state is not None and state.mark == "suspended") == suspended


def test_a_suspension_with_an_end_is_urgent_and_its_words_are_kept_on_a_phone():
    state = lines(law())["Ga, Ge"].states[1]
    assert (state.mark, state.number, state.urgent) == ("suspended", "No.\u00a046/2024\u00a0¶2", True)
    assert state.brief == state.words == "suspended to 27\u00a0Nov\u00a02026"
    assert lines(law())["Ga, Ge"].states[0].brief == ""


@pytest.mark.parametrize(
    ("day", "mark", "words"),
    [
        (date(2026, 11, 27), "on", "since 1 Aug 2023; ban of No. 46/2024 ¶2 suspended to 27 Nov 2026"),
        (date(2026, 11, 28), "uncertain", "ban by dates since 28 Nov 2026, unconfirmed"),
    ],
)
def test_a_suspended_ban_to_the_owner_stands_beside_the_licence_where_it_has_no_column(day, mark, words):
    """A short report on lots has no columns of buyers: to an owner in the US the ban was in no cell until it returned."""
    record = market_record(context(day, "USA")).to_json()
    for row in record["controls"]:
        row["routes"] = []
    state = lines(record | {"warnings": []})["Ga, Ge"].states[0]
    assert (state.mark, state.words.replace("\u00a0", " ")) == (mark, words)
    assert state.brief == (state.words if mark == "on" else "unconfirmed")
    assert state.urgent == (day == date(2026, 11, 27))


@pytest.mark.parametrize(("code", "both"), [("en", ("Licence", "ban")), ("de", ("Genehm", "Verbot"))])
def test_the_label_on_a_phone_names_what_the_column_holds(code, both):
    (matrix,) = matrix_figure(law(), code).body
    assert all(word in label for label in matrix.columns[0] for word in both)


@pytest.mark.parametrize(("symbol", "brief"), [("Mo", "uncertain"), ("W", "only large pieces")])
def test_an_unsettled_form_says_so_in_words(symbol, brief):
    states = [state for state in lines(law())[symbol].states if state and state.mark != "whitelist"]
    assert {state.mark for state in states} == {"uncertain"}
    assert {state.brief for state in states} == {brief}


def test_the_title_counts_what_is_controlled_and_what_is_not_named():
    record = law()
    need = sum(any(m["counts"] for m in row["measures"]) for row in record["controls"])
    unnamed = sum(not row["listed"] for row in record["controls"])
    assert (need, unnamed, len(record["controls"])) == (11, 5, 17)
    assert plain(matrix_figure(record).title) == (
        "Eight products of 17 need a Chinese licence or may not leave China; three are controlled only in part; "
        "one is named by a notice that asks for no licence today; five are in no notice that applies"
    ), "the parts add up to the whole"
    assert plain(matrix_figure(record, "de").title) == (
        "Acht von 17 Produkten brauchen eine chinesische Ausfuhrgenehmigung oder dürfen China nicht verlassen; "
        "drei sind nur zum Teil kontrolliert; "
        "eines steht in einer Bekanntmachung, die heute keine Genehmigung verlangt; "
        "fünf stehen in keiner geltenden Bekanntmachung"
    )


def test_before_the_first_notice_equal_reasons_are_told_once_with_the_forms_that_are_named():
    record = law(date(2023, 6, 1))
    assert plain(matrix_figure(record).title) == (
        "One product of 17 needs a Chinese licence or may not leave China; 16 are in no notice that applies"
    )
    reasons = {key: plain(line.reason) for key, line in lines(record).items()}
    assert set(reasons.values()) == {
        "",
        "The export law of China is in the ledger in part only: that it finds no control is no proof.",
    }
    assert reasons["Hf"] == ""
    reasons = {key: plain(line.reason) for key, line in lines(law(date(2024, 10, 1))).items()}
    assert reasons["In"] == (
        "No Chinese notice that applies names this form. Forms of it that notices name: antimonide and indium gallium arsenide."
    )
    early, late = ({row["asset"]: row["named_forms"] for row in law(day)["controls"]} for day in (date(2024, 10, 1), AS_OF))
    assert (early["indium"], early["gold"], early["gallium"]) == (["antimonide", "indium gallium arsenide"], [], None)
    assert (late["indium"], late["gold"], late["platinum"], late["gallium"]) == (None, [], [], None), (
        "who is told more, is told it"
    )
    assert len({reason for reason in reasons.values() if reason}) == len([reason for reason in reasons.values() if reason])


def test_the_legend_has_the_marks_that_are_drawn_and_no_other():
    legend = {mark for mark, _ in matrix_figure(law(date(2025, 10, 20))).legend}
    drawn = {state.mark for line in lines(law(date(2025, 10, 20))).values() for state in line.states if state}
    assert legend == drawn
    assert "suspended" not in legend


def test_practice_that_the_press_reports_is_told_as_no_law():
    record = copy.deepcopy(law())
    row = next(row for row in record["controls"] if row["asset"] == "gallium")
    row["measures"].append(
        {**row["measures"][0], "event_id": "X", "instrument": "de_facto_stop", "standing": "reported", "status": "reported",
         "since": "2023-08-01", "until": "2023-10-31", "counts": False, "source_id": "press_reports",
         "confidence": "single trade-press report, not confirmed elsewhere"}
    )  # fmt: skip
    figure = matrix_figure(record)
    assert "Reported by the press, not law: de-facto stop, gallium, since 1\u00a0Aug\u00a02023" in plain(figure.source)
    assert lines(record)["Ga, Ge"].states == lines(law())["Ga, Ge"].states
    assert "kein geltendes Recht" in plain(matrix_figure(record, "de").source)


def test_a_permit_of_another_country_is_marked_as_not_checked():
    words = plain(matrix_figure(law()).source)
    assert (
        "out of the EU may need a permit of its own (Regulation (EU) 2021/821 Annex I, not checked against the text)" in words
    )


def test_without_products_the_section_says_so():
    record = {**law(), "controls": []}
    assert isinstance(controls.build(partial_findings(record, {}, language("de"))), Missing)


def test_hostile_names_stay_inside_their_spans():
    record = copy.deepcopy(law())
    for row, name in zip(record["controls"], HOSTILE, strict=False):
        row["name"], row["element"] = name, None
    page = render(compose(partial_findings(record), ReportDefinition("T", ("controls", "calendar"))), theme())
    assert page.count("<script") == 1
    assert f"<bdi>{HOSTILE[1]}</bdi>" in page


def test_a_line_names_its_measures_on_a_phone_and_hides_what_has_no_end():
    page = render(compose(partial_findings(law()), ReportDefinition("T", ("controls",))), theme())
    assert '<td role="cell" class="long"><span class="mk suspended"></span><span class="lb" aria-hidden="true">US ban ' in page
    assert page.count('class="brief urgent"') == 2


OWN = """lot_id,asset,form,purity,quantity,unit,purchase_date,purchase_price,currency,origin_country,location,status
a,dysprosium,metal,99.5,20,kg,2026-01-03,420,EUR,CHN,DEU,stored
b,gallium,metal,4N,3,kg,2026-01-03,420,EUR,CHN,DEU,stored
c,gallium,oxide,4N,3,kg,2026-01-03,420,EUR,CHN,DEU,stored
d,indium,phosphide,4N,3,kg,2026-01-03,420,EUR,CHN,DEU,stored
"""


def test_lots_that_are_not_from_china_need_no_chinese_licence(tmp_path):
    rows = [
        "lot_id,asset,form,purity,quantity,unit,purchase_date,purchase_price,currency,origin_country,location,status",
        "a,gallium,metal,4N,12,kg,2025-01-10,600,EUR,CHN,DEU,stored",
        "b,germanium,metal,5N,5,kg,2025-01-10,2600,EUR,CAN,DEU,stored",
        "c,bismuth,metal,4N,5,kg,2025-01-10,20,EUR,unknown,DEU,stored",
    ]
    found = holdings(tmp_path / "abroad.csv", "\n".join(rows))
    figure = controls.build(partial_findings(found.record, found.parts))[0]
    assert plain(figure.title).startswith("Two products of three need a Chinese licence")
    (matrix,) = figure.body
    reasons = {line.symbols: plain(line.reason) for line in matrix.lines if not line.states}
    assert reasons == {"Ge": "Not from China: no Chinese notice applies to these lots."}


def test_lots_have_the_state_of_their_own_form_and_not_that_of_the_traded_one(tmp_path):
    found = holdings(tmp_path / "lots.csv", OWN)
    (matrix,) = controls.build(partial_findings(found.record, found.parts))[0].body
    named = {plain(line.names): line.states for line in matrix.lines}
    assert set(named) == {"Dysprosium (metal)", "Gallium (metal), Gallium (oxide)", "Indium (phosphide)"}
    # Indium metal is in no notice, and indium phosphide is.
    assert all(states[0].mark == "on" for states in named.values())
    (of_indium,) = [row for row in law()["controls"] if row["asset"] == "indium"]
    assert not of_indium["listed"]


def test_what_lots_are_of_in_two_states_of_the_law_is_named_by_each(tmp_path):
    sized = [row.replace("d,indium,phosphide,4N", f"{key},tungsten,{form},99.95") for key, form in (("e", "metal"), ("f", "carbide"))
             for row in OWN.splitlines()[-1:]]  # fmt: skip
    found = holdings(tmp_path / "two.csv", "\n".join([OWN.splitlines()[0], *sized]))
    states = {row["form"]: row["uncertain"] for row in found.record["controls"] if row["asset"] == "tungsten"}
    assert states == {"metal": True, "carbide": False}


def test_a_licence_that_is_plain_goes_before_one_in_doubt(tmp_path):
    """Bismuth of 5N is named by No. 10/2025; No. 51/2024 asks for its silver too, and made the line uncertain."""
    rows = "lot_id,asset,purity,quantity,unit,origin_country,status\nB,bismuth,5N,400,kg,CHN,ordered\n"
    found = holdings(tmp_path / "lots.csv", rows)
    (matrix,) = controls.build(partial_findings(found.record, found.parts))[0].body
    (line,) = matrix.lines
    assert (line.states[0].mark, line.states[0].number) == ("on", "No.\xa010/2025")
