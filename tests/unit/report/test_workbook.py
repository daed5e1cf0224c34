"""Workbooks of reports: figures are numbers, dates are dates, words are never formulas, and nothing on a page is lost."""

from __future__ import annotations

import io
import re
import sys
import zipfile
from datetime import date
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from tests import subjects as known
from tests.lots import HEADER, TWELVE
from tests.records import as_document
from toolkit.core.errors import SpecError
from toolkit.report import document as d
from toolkit.report.formats.plain import Medium
from toolkit.report.formats.workbook import LONGEST_SHEET_NAME, sheets, workbook
from toolkit.report.formats.workbook import _figure as figure_of  # pyright: ignore[reportPrivateUsage]
from toolkit.report.i18n.formats import Formats
from toolkit.report.i18n.language import Language
from toolkit.report.i18n.text import NONE, Span, muted, name, plain, strong, text

from .kinds import blocks, document, words

GERMAN = Language(Formats("de"))


def cells(document: d.Document, say: Language | None = None) -> dict[str, list[list[Any]]]:
    book = CalamineWorkbook.from_filelike(io.BytesIO(workbook(document, say or Language())))
    return {sheet: book.get_sheet_by_name(sheet).to_python() for sheet in book.sheet_names}


def row_of(*values: object, say: Language | None = None) -> list[Any]:
    """The cells of a table of one row, as a spreadsheet reads them."""
    columns = (d.Column("Name", "left"), *(d.Column(f"c{i}") for i in range(1, len(values))))
    table = d.Table("caption", columns, (d.Row(tuple(text(value) for value in values)),))  # pyright: ignore[reportArgumentType]
    return cells(document(table), say)["Section"][-1]


@pytest.mark.parametrize("code", ["en", "de"])
def test_a_figure_is_a_number_with_all_its_decimals_in_every_language(code):
    fmt = Formats(code)
    given = (1234.5678, 0.12345, -0.5, 98765.432, 3.25, 0.0421)
    found = row_of(
        "x",
        fmt.number(given[0], 1),
        fmt.percent(given[1]),
        fmt.points(given[2]),
        fmt.money(given[3], "EUR"),
        fmt.price(given[4]),
        fmt.limit(given[5]),
        say=Language(fmt),
    )
    assert found == ["x", 1234.5678, 0.12345, -50.0, 98765.432, 3.25, 0.0421]


def test_a_date_is_a_date_and_what_is_not_defined_is_empty():
    fmt = Formats("de")
    found = row_of("x", fmt.long_date("2026-11-27"), fmt.month("2026-07-31"), NONE, fmt.number(None), say=GERMAN)
    assert found == ["x", date(2026, 11, 27), date(2026, 7, 31), "", ""]


def test_a_column_of_numbers_keeps_numbers_whose_cells_say_more():
    fmt = Formats()
    level = text(fmt.price(22.8), " ± ", fmt.price(0.66), " / kg")
    dated = text(fmt.price(23.15), muted(f", {fmt.month('2026-07-31')}"), Span("", refs=("S4",)))
    assert row_of("x", level, dated, text(fmt.number(5), " of ", fmt.number(11))) == ["x", 22.8, 23.15, "5 of 11"]
    assert row_of(text("No. ", fmt.number(5)), strong(fmt.number(4)))[0] == "No. 5", "a head stays words"


@pytest.mark.parametrize("name", ["moved", "lots", "backtest"])
def test_a_cell_of_a_column_of_numbers_is_a_number_unless_it_says_two(name, subjects, tmp_path):
    if name == "lots":
        found = known.holdings(tmp_path / "lots.csv", "\n".join([HEADER, *TWELVE]))
    else:
        found = known.backtest() if name == "backtest" else subjects[name]
    told, _ = as_document(found.record, found.parts, name="backtest" if name == "backtest" else "full")
    forms = [form for sheet in sheets(told, Medium(Language())) for form in sheet.forms if isinstance(form, d.Table)]
    numbers = [
        (table.caption, column.label, cell)
        for table in forms
        for row in table.rows
        for column, cell in zip(table.columns, row.cells, strict=True)
        if column.align == "right" and column.label != "Years" and re.search(r"\d", plain(cell))
    ]
    assert len(numbers) > 100
    for caption, label, cell in numbers:
        one_of_two = len(re.findall(r"\d[\d.,]*", plain(cell))) > 1 or plain(cell).startswith(("<", "–"))
        assert figure_of(cell, number=True) is not None or one_of_two, (caption, label, plain(cell))
    alone = {label: figure_of(cell, number=True) for _, label, cell in numbers}
    if name == "moved":
        assert {alone[label] is not None for label in ("Order", "Lot", "Estimated price ± error, EUR", "low")} == {True}


def test_the_number_format_shows_what_the_page_writes():
    fmt = Formats()
    values = (fmt.money(7.5, "EUR", 2), fmt.percent(0.5, signed=True), text(fmt.price(22.8), ' / "kg"'))
    columns = (d.Column("Name", "left"), *(d.Column(f"c{i}") for i in range(3)))
    table = d.Table("c", columns, (d.Row((text("x"), *(text(value) for value in values))),))
    with zipfile.ZipFile(io.BytesIO(workbook(document(table), Language()))) as parts:
        styles = parts.read("xl/styles.xml").decode()
    for form in ("&quot;€&quot;#,##0.00", "+#,##0.0%;-#,##0.0%;#,##0.0%", "#,##0.00&quot; / kg&quot;"):
        assert f'formatCode="{form}"' in styles, form


@pytest.mark.parametrize("words", ["=1+1", '=HYPERLINK("http://x")', "+49", "-5", "@SUM(A1)", "http://example.org"])
def test_no_word_becomes_a_formula_or_a_link(words):
    made = document(d.Table("caption", (d.Column(words, "left"),), (d.Row((text(name(words)),)),)), subject=words)
    content = workbook(made, Language())
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        inside = {part: parts.read(part).decode() for part in parts.namelist() if part.endswith(".xml")}
    assert not any("<f>" in part or "<f " in part for part in inside.values())
    assert "http://" not in "".join(
        part for name, part in inside.items() if "worksheets/" in name and "hyperlink" in part
    ).replace("http://schemas.", "")
    assert cells(made)["Section"][-1] == [words]
    assert ('quotePrefix="1"' in inside["xl/styles.xml"]) == (words[0] in "=+-@")


def test_no_word_of_a_table_is_lost():
    for block in blocks():
        tables = [block, *getattr(block, "figures", ()), getattr(block, "data", None)]
        expected = {
            word for one in tables if isinstance(one, d.Table | d.BarTable | d.Matrix | d.Calendar) for word in words(one)
        }
        dates = {one.written for one in getattr(block, "dates", ())}  # these are dates there
        found = " ".join(str(cell) for rows in cells(document(block)).values() for row in rows for cell in row)
        assert {word for word in expected - dates if word not in found} == set(), block.kind


def test_sheets_have_names_that_the_format_allows_and_no_two_the_same():
    table = d.Table("c", (d.Column("a", "left"),), (d.Row((text("b"),)),))
    titles = ("Spread, exit and holding period of what is held", "A [b]: c*?/\\d", "Answer", "answer", "A [b]: c*?/\\d")
    made = d.Document("T", "en", "2026-11-24", "day", "", tuple(d.Section("s", title, (table, table)) for title in titles))
    found = [sheet.name for sheet in sheets(made, Medium(Language()))]
    assert len({name.casefold() for name in found} | {"answer"}) == 11
    assert all(len(name) <= LONGEST_SHEET_NAME and not set(name) & set("[]:*?/\\'") for name in found)
    assert list(cells(made)) == ["Answer", *found]


def test_the_first_sheet_has_the_answer_its_date_and_what_markers_stand_for(records):
    made, say = as_document(records["normal"])
    first = cells(made, say)["Answer"]
    heading = next(block for block in made.sections[0].content if isinstance(block, d.Heading))  # pyright: ignore[reportGeneralTypeIssues]
    flat = [cell for row in first for cell in row]
    assert "".join(span.text for span in heading.text) in flat
    assert date.fromisoformat(made.as_of) in flat
    assert {"S1", "A1"} <= {row[0] for row in first}
    assert workbook(made, say) == workbook(made, say)


def test_without_its_library_the_error_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "xlsxwriter", None)
    with pytest.raises(SpecError) as error:
        workbook(document(), Language())
    assert error.value.hint == "pip install 'strategic-metals-toolkit[xlsx]'"
