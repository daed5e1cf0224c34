"""Whom a lot may be sold to, as a matrix with words, and its legal basis as data."""

from __future__ import annotations

import pytest

from tests.lots import TWELVE, ask_of, findings_of
from toolkit.report.document import Figure, KeyFigures, Matrix
from toolkit.report.i18n.text import plain
from toolkit.report.topics.holdings import holdings_answer
from toolkit.report.topics.resale import resale


@pytest.fixture(scope="module")
def ask(tmp_path_factory):
    return ask_of(tmp_path_factory.mktemp("resale"), *TWELVE)


def built(found) -> tuple[Figure, Matrix]:
    (figure,) = resale.build(found)
    assert isinstance(figure, Figure)
    matrix = figure.body[0]
    assert isinstance(matrix, Matrix)
    return figure, matrix


def test_answers_by_line_and_buyer(ask):
    figure, matrix = built(findings_of(ask))
    assert [head for head, _ in matrix.columns] == [
        "US, civil", "US, military", "Japan, military", "Listed firms: US, EU, Japan and Taiwan",
    ]  # fmt: skip
    lines = {(line.symbols, plain(line.names)): line.states for line in matrix.lines}
    chinese = next(states for (symbols, names), states in lines.items() if symbols == "Ga" and "China" in names)
    assert (chinese[0].mark, chinese[0].number) == ("suspended", "Yes today")
    assert chinese[0].urgent
    assert chinese[0].words == "No.\u00a046/2024\u00a0¶2, suspended to 27\u00a0Nov\u00a02026; law of EU not covered"
    assert (chinese[1].mark, chinese[1].number, chinese[1].words) == (
        "on",
        "No",
        "No.\u00a046/2024\u00a0¶1; law of EU not covered",
    )
    clear = {names for (_, names), states in lines.items() if {state.mark for state in states} == {"clear"}}
    assert not clear, "the law of the EU, which each lot has to pass, is in the ledger in part only"
    korean = next(states for (_, names), states in lines.items() if "indium" in names and "South Korea" in names)
    assert {(state.mark, state.number) for state in korean[:3]} == {("uncertain", "Not covered")}
    hafnium = next(states for (_, names), states in lines.items() if "hafnium from France" in names)
    assert {(state.mark, state.number) for state in hafnium} == {("uncertain", "Not settled")}
    assert all("not checked against the text" in state.words for state in hafnium)
    assert any("gallium (oxide) of unknown origin" in names for _, names in lines)
    assert "dual use" in plain(figure.source)
    assert "liability" in plain(figure.sub)


def test_the_title_has_the_share_that_is_barred(ask):
    found = findings_of(ask)
    exposure = ask.record.to_json()["exposure"]
    share = found.fmt.percent(exposure["resale_restricted"]["value"] / exposure["value"], 0)
    title = plain(built(found)[0].title)
    assert title.startswith(f"{share} of value is barred from some buyers")
    assert title.endswith("27\u00a0November\u00a02026")


def test_the_legal_basis_names_every_measure_behind_a_no(ask):
    data = built(findings_of(ask))[0].data
    assert data is not None
    rows = [[plain(cell) for cell in row.cells] for row in data.rows]
    assert ["US, military", "No", "No.\u00a046/2024\u00a0¶1"] in [row[1:4] for row in rows]
    assert all(row[2] != "Yes" for row in rows)
    assert {row[6] for row in rows if row[3].startswith("Regulation (EU)")} == {"not checked against the text"}


def test_lots_free_of_measures_have_no_bar(tmp_path):
    figure, matrix = built(findings_of(ask_of(tmp_path, TWELVE[4])))
    assert plain(figure.title) == "No lot of known origin is barred from the buyers that notices single out"
    assert {state.number for line in matrix.lines for state in line.states} == {"Not covered"}


def test_a_no_on_an_unsettled_form_is_none_in_the_legal_basis_either(tmp_path):
    bar = "W-1,tungsten,metal,99.95 %,40,kg,2025-12-08,70,EUR,CHN,Frankfurt,stored,,,,,"
    figure, matrix = built(findings_of(ask_of(tmp_path, bar)))
    assert plain(figure.title) == "Whether 100% of value may be passed on to some buyers is not settled"
    assert "Not settled" in {state.number for line in matrix.lines for state in line.states}
    assert figure.data is not None
    assert {plain(row.cells[2]) for row in figure.data.rows} == {"Not settled"}


def test_a_bar_that_may_come_with_a_licence_is_told(tmp_path):
    """Of an uncertain form at its origin every cell said "Licence" alone, military users and listed firms included."""
    rows = ["ND-1,neodymium,magnet,,5,kg,2025-01-10,300,EUR,CHN,Shanghai,stored,,,,,"]
    (line,) = built(findings_of(ask_of(tmp_path, *rows)))[1].lines
    assert {state.number for state in line.states} == {"Licence"}
    assert [state.words.endswith("; perhaps barred") for state in line.states] == [False, True, True, True]


def test_a_clause_on_goods_made_abroad_is_named_and_not_a_yes(tmp_path):
    oxide = "DY-2,dysprosium,oxide,99.5 %,5,kg,2025-01-10,300,EUR,CHN,Frankfurt,stored,,,,,"
    figure, matrix = built(findings_of(ask_of(tmp_path, oxide)))
    assert matrix.lines[0].states[0].number == "Not settled"
    assert "limb 1(3) reach goods made abroad" in plain(figure.source)


@pytest.mark.parametrize("rows", [(2, 6), (2, 6, 11)])
def test_lots_of_unknown_origin_are_told_as_if_from_china_and_never_as_nothing(tmp_path, rows):
    """Beside a matrix of No, a title of 0% or a key figure of lots without a price would deny it."""
    lots = [TWELVE[i].replace("CHN,Zug", "unknown,Frankfurt") for i in rows]
    ask = ask_of(tmp_path, *lots)
    found, exposure = findings_of(ask), ask.record.to_json()["exposure"]
    share = found.fmt.percent(exposure["resale_unknown_origin"]["value"] / exposure["value"], 0)
    title = plain(built(found)[0].title)
    assert title.startswith(
        f"{share} of value is barred from some buyers if it is from China; a further ban is suspended until"
    )
    (key,) = (
        item
        for block in holdings_answer.build(found)
        if isinstance(block, KeyFigures)
        for item in block.items
        if item.label == "Resale restricted"
    )
    assert plain(key.value).startswith(found.money(exposure["resale_unknown_origin"]["value"]))
    assert "if it is from China" in plain(key.note)
