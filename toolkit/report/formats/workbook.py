"""From a `Document` to a workbook (.xlsx): the answer and its sources first, then each figure with a table on its own sheet.

A figure is a number with the number format of what the page writes, a date is a date; a cell that says more than one figure
stays words. Words are typed as words: nothing that begins like a formula becomes one, also when the cell is edited.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from toolkit.core.errors import SpecError
from toolkit.core.messages import message
from toolkit.report import document as d
from toolkit.report.formats.plain import Form, Items, Medium, PlainData, Title, Words
from toolkit.report.i18n.formats import DASH, Written
from toolkit.report.i18n.language import Language, mark
from toolkit.report.i18n.text import Text, in_runs, plain, text

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.worksheet import Worksheet

INSTALL = message("pip install 'strategic-metals-toolkit[xlsx]'")
FORMULA = re.compile(r"[=+\-@\t\r]")
"""How words begin that a program may take for a formula."""
LONGEST_SHEET_NAME = 31
"""Characters of the name of a sheet: a limit of the format."""
NARROWEST, WIDEST_COLUMN = 10, 60
"""Width of a column, in characters."""
PANEL = 4
"""Level of the title of one of several small charts: their figures stand in the table behind them."""
_BARRED = re.compile(r"[\[\]:*?/\\']")
_PAGE = frozenset({d.Heading, d.KeyFigures, d.Status, d.Calendar})
"""Kinds of blocks that a workbook shows in a way of its own."""


@dataclass(frozen=True, slots=True)
class WorkbookSheet:
    """What a sheet shows, under its name."""

    name: str
    forms: tuple[Form | d.Block, ...]

    @property
    def title(self) -> str:
        """The finding that it shows, or what its first table holds."""
        titles = (plain(form.text) for form in self.forms if isinstance(form, Title))
        return next(titles, next((form.caption for form in self.forms if isinstance(form, d.Table)), ""))


def workbook(document: d.Document, say: Language) -> bytes:
    """The workbook; the same document gives the same bytes.

    Raises:
        SpecError: where xlsxwriter is not installed.
    """
    try:
        from xlsxwriter import Workbook  # noqa: PLC0415  # of an extra
    except ImportError as error:
        raise SpecError("a workbook needs xlsxwriter, which is not installed.", hint=INSTALL) from error
    file, medium = io.BytesIO(), Medium(say, _PAGE)
    with Workbook(file, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        book.set_properties({"title": document.title, "created": datetime.fromisoformat(document.as_of)})
        found = tuple(sheets(document, medium))
        _answer(Pen(book, book.add_worksheet(say.words("Answer")), say), document, found, medium)
        for sheet in found:
            _table_sheet(Pen(book, book.add_worksheet(sheet.name), say), sheet)
    return file.getvalue()


def sheets(document: d.Document, medium: Medium) -> Iterator[WorkbookSheet]:
    """A sheet for each figure, list of dates or list of assumptions that has rows, in reading order."""
    taken = {medium.say.words("Answer").casefold()}
    for section in document.sections:
        shown = [forms for block in d.apart(section.blocks) if (forms := tuple(_forms(block, medium)))]
        for forms in shown:
            stem = _BARRED.sub(" ", section.title or document.title)
            names = [_cut(stem, LONGEST_SHEET_NAME)] if len(shown) == 1 else []
            names += [f"{_cut(stem, LONGEST_SHEET_NAME - 4)} {n}" for n in range(1, len(taken) + 2)]
            chosen = next(name for name in names if name.casefold() not in taken)
            taken.add(chosen.casefold())
            yield WorkbookSheet(chosen, forms)


def _cut(words: str, room: int) -> str:
    """Words in so many characters, cut between two of them where that leaves enough."""
    words = " ".join(words.split())
    if len(words) <= room:
        return words
    whole = words[: room + 1].rpartition(" ")[0].rstrip(" ,;")
    return whole if len(whole) > room // 2 else words[:room].strip()


def _forms(block: d.Block, medium: Medium) -> Iterator[Form | d.Block]:
    """What a sheet shows of a block: its tables, with the words around them; nothing of a block without rows."""
    forms = [_data(form, medium.say) for form in medium.forms(block)]
    if any(isinstance(form, d.Table) or (isinstance(form, Items) and form.items and form.items[0][0]) for form in forms):
        for form, before in zip(forms, (None, *forms), strict=False):
            of_panel = isinstance(before, Title) and before.level == PANEL and isinstance(form, Words)
            if not of_panel and not (isinstance(form, Title) and form.level == PANEL):
                yield form


def _data(form: Form | d.Block, say: Language) -> Form | d.Block:
    """The table behind a picture as the table itself, and a calendar as one."""
    if isinstance(form, PlainData):
        return form.table
    if not isinstance(form, d.Calendar):
        return form
    heads = (mark("Date"), mark("What"), mark("Standing"))
    rows = (
        d.Row((text(Written(one.written, date.fromisoformat(one.iso), "yyyy-mm-dd")), _whole(one), text(one.standing)))
        for one in form.dates
    )
    return d.Table(say.words("Dates"), tuple(d.Column(say.words(head), "left") for head in heads), tuple(rows))


def _whole(one: d.Date) -> Text:
    return text(f"{one.away}: ", one.what, " " if plain(one.what).endswith(".") else ". ", one.note)


class Pen:
    """Writes one sheet from the top, row by row."""

    def __init__(self, book: Workbook, sheet: Worksheet, say: Language) -> None:
        self._book, self.sheet, self._say, self.row = book, sheet, say, 0
        self._formats: dict[tuple[tuple[str, Any], ...], Any] = {}
        self._widths: dict[int, int] = {}

    def style(self, **properties: Any) -> Any:
        """A format of cells, one for the same properties."""
        key = tuple(sorted(properties.items()))
        if key not in self._formats:
            self._formats[key] = self._book.add_format({"valign": "top", **properties})
        return self._formats[key]

    def cell(self, column: int, value: Text, *, number: bool = False, **looks: Any) -> None:
        """A cell of the row: a number or a date where the words write one, else words; nothing for a dash.

        Args:
            column: From 0.
            value: What it says.
            number: Whether words around the one figure belong to its number format: a cell of a column of numbers.
            looks: Properties of its format.
        """
        if plain(value).strip() in ("", DASH):
            if looks:
                self.sheet.write_blank(self.row, column, None, self.style(**looks))
            return
        looks |= {"italic": True} if any(span.style == "assumption" for span in value) else {}
        if (found := _figure(value, number=number)) is not None:
            figure, form = found
            style = self.style(num_format=form, **looks)
            shown = len(plain(value)) + 2
            if isinstance(figure, date):
                self.sheet.write_datetime(self.row, column, datetime(figure.year, figure.month, figure.day), style)
            else:
                self.sheet.write_number(self.row, column, figure, style)
        else:
            words = _words(value)
            shown = len(words)
            looks |= {"quote_prefix": True} if FORMULA.match(words) else {}
            self.sheet.write_string(self.row, column, words[:32_767], self.style(text_wrap=True, **looks))
        self._widths[column] = max(self._widths.get(column, NARROWEST), min(shown, WIDEST_COLUMN))

    def line(self, value: Text, **looks: Any) -> None:
        """Words across the sheet, which widen no column."""
        words = _words(value)
        looks |= {"quote_prefix": True} if FORMULA.match(words) else {}
        self.sheet.write_string(self.row, 0, words[:32_767], self.style(**looks))
        self.row += 1

    def table(self, table: d.Table) -> None:
        """Heads and rows; a column is one of numbers where it stands on the right."""
        for j, column in enumerate(table.columns):
            self.cell(j, text(column.label), bold=True, bottom=1, align=column.align)
        self.row += 1
        for row in table.rows:
            looks = {"top": 1} if row.total else {}
            for j, (column, cell) in enumerate(zip(table.columns, row.cells, strict=True)):
                self.cell(j, cell, number=column.align == "right", align=column.align, **looks)
            self.row += 1

    def close(self) -> None:
        """Set the widths of the columns, to what they hold."""
        for column, width in self._widths.items():
            self.sheet.set_column(column, column, width + 1)


def _table_sheet(pen: Pen, sheet: WorkbookSheet) -> None:
    tables = sum(isinstance(form, d.Table) for form in sheet.forms)
    for form in sheet.forms:
        match form:
            case Title():
                pen.line(form.text, bold=True, font_size=12)
            case Words():
                pen.line(form.text, font_color="#52606d")
            case Items():
                for marker, words in form.items:
                    pen.cell(0, text(marker), bold=True)
                    pen.cell(1, words)
                    pen.row += 1
            case d.Table():
                pen.row += 1 if pen.row else 0
                head = pen.row
                pen.table(form)
                if tables == 1:
                    pen.sheet.freeze_panes(head + 1, 1)
                    pen.sheet.repeat_rows(head)
                pen.row += 1
            case _:  # pictures and their legends
                pass
    pen.sheet.set_landscape()
    pen.sheet.fit_to_pages(1, 0)
    pen.close()


def _answer(pen: Pen, document: d.Document, found: Sequence[WorkbookSheet], medium: Medium) -> None:
    """The first sheet: the answer, its key figures, what the other sheets hold, and what the markers stand for."""
    say = medium.say
    day = Written(document.as_of_written, date.fromisoformat(document.as_of), "yyyy-mm-dd")
    pen.line(text(document.title), bold=True, font_size=14)
    for label, value in ((say.words("As of"), day), ("", document.subject), (say.words("Run"), document.run_id)):
        if value:
            pen.cell(0, text(label))
            pen.cell(1, text(value), align="left")
            pen.row += 1
    for section in document.sections:
        if not section.title:
            for block in d.apart(section.blocks):
                _opening(pen, medium.forms(block))
    pen.row += 1
    pen.line(text(say.words("Contents")), bold=True, font_size=12)
    for sheet in found:
        pen.sheet.write_url(pen.row, 0, f"internal:'{sheet.name}'!A1", pen.style(underline=1), sheet.name)
        pen.cell(1, text(sheet.title))
        pen.row += 1
    for section in document.sections:
        if rows := list(_references(section)):
            pen.row += 1
            pen.line(text(section.title), bold=True, font_size=12)
            for marker, words in rows:
                pen.cell(0, text(marker))
                pen.cell(1, words)
                pen.row += 1
    pen.close()
    pen.sheet.set_column(0, 0, 28)
    pen.sheet.set_column(1, 1, 90)


def _opening(pen: Pen, forms: Iterable[Form | d.Block]) -> None:
    for form in forms:
        match form:
            case d.Heading():
                pen.row += 1
                pen.line(form.text, bold=True, font_size=12)
            case Words():
                pen.cell(1, form.text)
                pen.row += 1
            case d.KeyFigures():
                for item in form.items:
                    pen.cell(0, text(item.label), bold=True)
                    pen.cell(1, item.value, number=True, align="left", bold=True)
                    pen.cell(2, item.note)
                    pen.row += 1
            case d.Status():
                for label, words in form.items:
                    pen.cell(0, text(label))
                    pen.cell(1, words, align="left")
                    pen.row += 1
            case _:  # tables have sheets of their own
                pass


def _references(section: d.Section) -> Iterator[tuple[str, Text]]:
    """What the markers stand for, in words."""
    for block in d.apart(section.blocks):
        for part in block.body if isinstance(block, d.Figure) else (block,):
            if isinstance(part, d.Table):
                marked = (row for row in part.rows if row.anchor[1:].isdigit())
                yield from ((row.anchor.upper(), _without(row.anchor, row.cells[0])) for row in marked)
            if isinstance(part, d.Notes):
                yield from ((marker, words) for marker, words in part.items if marker)


def _without(marker: str, cell: Text) -> Text:
    """A cell without the marker that it begins with."""
    return cell[1:] if cell and cell[0].text.strip().casefold() == marker else cell


def _figure(value: Text, *, number: bool) -> tuple[float | date, str] | None:
    """The one figure of a cell with its number format, in a column of figures with words or an error beside; else None."""
    spans = [span for span in value if span.text.strip()]
    held = [(i, span.text) for i, span in enumerate(spans) if isinstance(span.text, Written) and span.text.value is not None]
    if not held or (len(spans) > 1 and not number):
        return None
    at, written = held[0]
    others = [(i, other) for i, other in held[1:] if not isinstance(other.value, date)]
    if written.value is None or (others and "±" not in "".join(span.text for span in spans[at + 1 : others[0][0]])):
        return None
    before = "".join(span.text for span in spans[:at])
    after = "".join(span.text for span in spans[at + 1 :]) + "".join(f" {ref}" for span in value for ref in in_runs(span.refs))
    if len(before) + len(after) > 60:
        return None
    return written.value, ";".join(f"{_quoted(before)}{part}{_quoted(after)}" for part in written.form.split(";"))


def _quoted(words: str) -> str:
    """Words inside a number format."""
    return f'"{words.replace(chr(34), "")}"' if words else ""


def _words(value: Text) -> str:
    """A cell in words, with the markers of its sources."""
    return " ".join("".join(span.text + "".join(f" [{ref}]" for ref in span.refs) for span in value).split())
