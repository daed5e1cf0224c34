"""A report as data: sections of a few block kinds, frozen inside and out, that any format can render.

A block names its kind; a format has one template for each kind. Blocks hold words and numbers that are already written,
because what a number is called and how it is rounded belongs to the section that knows what it means.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Generic, Literal, TypeVar

from toolkit.report.i18n.formats import DASH
from toolkit.report.i18n.language import Language
from toolkit.report.i18n.text import NONE, Inline, Text, plain, text

T = TypeVar("T")
Align = Literal["left", "right"]
Layout = Literal["page", "slides"]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table; `short` is its label where a row becomes a block on a phone."""

    label: str
    align: Align = "right"
    short: str = ""


def legend(*entries: tuple[object, str, str]) -> tuple[tuple[str, str], ...]:
    """The marks of a picture with their words, of each (whether it is drawn, mark, words)."""
    return tuple((mark, words) for drawn, mark, words in entries if drawn)


@dataclass(frozen=True, slots=True)
class Row:
    """The cells of a row, the first of which is its head.

    Attributes:
        total: Set apart by a rule, as sums are.
        anchor: Id that markers link to.
        gauge: Share of the room that is used, for tables with a gauge column; None shows no gauge.
    """

    cells: tuple[Text, ...] = ()
    total: bool = False
    anchor: str = ""
    gauge: float | None = None

    @classmethod
    def of(cls, *cells: Inline, total: bool = False) -> Row:
        """A row of its own, such as the sum below the others; a cell that is a dash and nothing else is none."""
        return cls(tuple(text(NONE if cell == DASH else cell) for cell in cells), total)


@dataclass(frozen=True, slots=True)
class Table:
    """A table. `stacks` turns rows into blocks on a phone; others scroll in their own region.

    Attributes:
        gauge: Label of a last column of gauges; empty for none.
        keys: Leading columns that name a row, for a medium that prints a wide table in parts.
    """

    kind: ClassVar[str] = "table"
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    stacks: bool = True
    gauge: str = ""
    keys: int = 1


@dataclass(frozen=True, slots=True)
class Shown(Generic[T]):
    """A column with its cell for the thing that a row is about; a head of bare words is a message, and so is `short`."""

    head: Inline
    cell: Callable[[T], Inline]
    align: Align
    short: Inline


def left(head: Inline, cell: Callable[[T], Inline], short: Inline = "") -> Shown[T]:
    """A column of words.

    Args:
        head: A message, or what is told already.
        cell: What it shows of each thing.
        short: Its label on a phone, where that is another; likewise.
    """
    return Shown(head, cell, "left", short)


def right(head: Inline, cell: Callable[[T], Inline], short: Inline = "") -> Shown[T]:
    """A column of figures.

    Args:
        head: A message, or what is told already.
        cell: What it shows of each thing.
        short: Its label on a phone, where that is another; likewise.
    """
    return Shown(head, cell, "right", short)


def tabled(
    say: Language,
    caption: Inline,
    things: Iterable[T],
    *columns: Shown[T] | None,
    below: Iterable[Row] = (),
    stacks: bool = True,
    keys: int = 1,
    gauge: Inline = "",
    row: Callable[[T], Row] = lambda _: Row(),
    **values: Inline,
) -> Table:
    """A table with a row for each thing; arguments as those of `Table`.

    Args:
        say: The language.
        caption: Of the table: a message, or what is told already.
        things: What the rows are about.
        columns: From left to right; those that are None are left out.
        below: Rows under those of the things.
        stacks: Whether rows become blocks on a phone.
        keys: Leading columns that name a row.
        gauge: Label of the gauges, where there are any.
        row: The row of a thing without its cells: its `gauge`, `anchor` or `total`.
        values: What stands in the places of caption and heads.
    """

    def told(words: Inline) -> str:
        return say.words(words, **values) if isinstance(words, str) else plain(text(words))

    shown = [column for column in columns if column]
    heads = tuple(Column(told(one.head), one.align, told(one.short) if one.short else "") for one in shown)
    rows = [replace(row(thing), cells=Row.of(*(one.cell(thing) for one in shown)).cells) for thing in things]
    return Table(told(caption), heads, (*rows, *below), stacks, told(gauge) if gauge else "", keys)


@dataclass(frozen=True, slots=True)
class Bar:
    """A row of a bar table; fractions of the full width, None for a bar that is not there.

    Attributes:
        hollow: The value rests on an assumption, or is the size of a short position.
        free: It is of something that no control reaches, beside bars of what one does.
    """

    label: Text = ()
    cells: tuple[Text, ...] = ()
    value: float | None = None
    reference: float | None = None
    cap: float | None = None
    hollow: bool = False
    controlled: bool = False
    free: bool = False
    total: bool = False

    @classmethod
    def of(cls, label: Inline, *cells: Inline, total: bool = False) -> Bar:
        """Words in a row of their own, without a bar; a cell that is a dash and nothing else is none."""
        return cls(text(label), Row.of(*cells).cells, total=total)


@dataclass(frozen=True, slots=True)
class BarTable:
    """A table with a bar in each row: it reflows, needs no script and is its own data table.

    Attributes:
        caps: (position, words) of limits, written above the bars.
    """

    kind: ClassVar[str] = "bartable"
    caption: str
    head: str
    columns: tuple[Column, ...]
    bars: tuple[Bar, ...]
    caps: tuple[tuple[float, str], ...] = ()


def barred(
    say: Language,
    caption: str,
    things: Collection[T],
    head: Shown[T],
    *columns: Shown[T] | None,
    bar: Callable[[T], Bar],
    below: Iterable[Bar] = (),
    caps: tuple[tuple[float, str], ...] = (),
) -> BarTable:
    """A table with a row and its bar for each thing; arguments as those of `tabled` and `BarTable`.

    Args:
        say: The language.
        caption: Of the table: a message.
        things: What the rows are about.
        head: The label of a bar.
        columns: The cells beside it; those that are None are left out.
        bar: The bar of a thing without its words: its `value`, `reference`, ...
        below: Bars under those of the things.
        caps: Limits above the bars.
    """
    table = tabled(say, caption, (), head, *columns)
    shown = [column for column in columns if column]
    words = [Bar.of(head.cell(thing), *(one.cell(thing) for one in shown)) for thing in things]
    bars = [replace(bar(thing), label=one.label, cells=one.cells) for thing, one in zip(things, words, strict=True)]
    return BarTable(table.caption, table.columns[0].label, table.columns[1:], (*bars, *below), caps)


@dataclass(frozen=True, slots=True)
class Drawing:
    """One drawing of a chart for rooms of at least `minimum` px.

    The figures are the data; their specification is made when a format asks for it, and never for a drawing that is kept.

    Attributes:
        build: From the figures to Vega-Lite as JSON: a function of `toolkit.report.charts`.
        figures: What it is given: plain values and frozen records, whose `repr` says all of them.
    """

    build: Callable[..., str]
    figures: tuple[Any, ...] = ()
    minimum: int = 0

    @property
    def spec(self) -> str:
        """The specification."""
        return self.build(*self.figures)

    @property
    def key(self) -> str:
        """What tells this drawing from others: its function and its figures."""
        return f"{self.build.__module__}.{self.build.__qualname__}{self.figures!r}"


Drawings = tuple[Drawing, ...]
"""Of one chart, narrowest first; a format shows the widest that fits."""


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart in one or more drawings; `told` says it in words with its numbers.

    Attributes:
        parts: The same in several charts, for slides, on which the whole would be too small; empty where it is not.
    """

    kind: ClassVar[str] = "chart"
    drawings: Drawings
    told: str
    parts: tuple[Chart, ...] = ()


@dataclass(frozen=True, slots=True)
class State:
    """A cell of the control matrix: the mark, the notice, and what is said below it; `brief` is what a phone says of it."""

    mark: Literal["on", "suspended", "uncertain", "whitelist", "clear"]
    number: str
    words: str
    brief: str = ""
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """Metals that share the same states, or, without any, the reason in words."""

    symbols: str
    names: Text
    states: tuple[State | None, ...] = ()
    reason: Text = ()


@dataclass(frozen=True, slots=True)
class Matrix:
    """Controls by metal and measure; `columns` are (head, label on a phone)."""

    kind: ClassVar[str] = "matrix"
    caption: str
    head: str
    columns: tuple[tuple[str, str], ...]
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Figure:
    """A finding with what shows it: title, what is measured, legend of (mark, words), body, source line, data table."""

    kind: ClassVar[str] = "figure"
    title: Text
    sub: Text
    body: tuple[Block, ...]
    legend: tuple[tuple[str, str], ...] = ()
    source: Text = ()
    data: Table | None = None


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph; `role` is ``answer`` under the result, ``next`` for what changes next, ``equation`` for a sum."""

    kind: ClassVar[str] = "paragraph"
    text: Text
    role: Literal["body", "intro", "answer", "next", "equation"] = "body"


@dataclass(frozen=True, slots=True)
class Heading:
    """The result, the one heading of the page."""

    kind: ClassVar[str] = "heading"
    text: Text


@dataclass(frozen=True, slots=True)
class KeyFigure:
    """A figure large enough to be read across a room."""

    label: str
    value: Text
    note: Text


@dataclass(frozen=True, slots=True)
class KeyFigures:
    """The three figures under the answer."""

    kind: ClassVar[str] = "keyfigures"
    items: tuple[KeyFigure, ...]


@dataclass(frozen=True, slots=True)
class Status:
    """The status line: (label, words)."""

    kind: ClassVar[str] = "status"
    items: tuple[tuple[str, Text], ...]


@dataclass(frozen=True, slots=True)
class Date:
    """An entry of the calendar. `state` is ``past``, ``next`` or ``ahead``.

    Attributes:
        standing: A word such as official or claimed; `confirmed` is whether it was looked up in an official act.
    """

    iso: str
    written: str
    away: str
    what: Text
    note: Text
    standing: str
    state: Literal["past", "next", "ahead"]
    confirmed: bool = True


@dataclass(frozen=True, slots=True)
class Calendar:
    """Dates in order."""

    kind: ClassVar[str] = "calendar"
    dates: tuple[Date, ...]


@dataclass(frozen=True, slots=True)
class Notes:
    """A list of sentences; `marker` names one that others refer to, `assumed` sets them in the assumption type."""

    kind: ClassVar[str] = "notes"
    items: tuple[tuple[str, Text], ...]
    assumed: bool = False


@dataclass(frozen=True, slots=True)
class Panel:
    """Paragraphs that are set apart, such as what the report is not."""

    kind: ClassVar[str] = "panel"
    paragraphs: tuple[Text, ...]


@dataclass(frozen=True, slots=True)
class Columns:
    """Figures side by side where there is room."""

    kind: ClassVar[str] = "columns"
    figures: tuple[Figure, ...]


@dataclass(frozen=True, slots=True)
class SmallMultiple:
    """One of several small charts that are read alike: its name, what to see in it, a chart of one drawing."""

    title: Text
    note: Text
    chart: Chart


@dataclass(frozen=True, slots=True)
class Panels:
    """Small multiples in a grid; the legend of (mark, words) takes the last cell, on a phone the first."""

    kind: ClassVar[str] = "panels"
    items: tuple[SmallMultiple, ...]
    legend: tuple[tuple[str, str], ...] = ()


Block = (
    Heading
    | Paragraph
    | KeyFigures
    | Status
    | Figure
    | Table
    | BarTable
    | Chart
    | Matrix
    | Calendar
    | Notes
    | Panel
    | Columns
    | Panels
)


@dataclass(frozen=True, slots=True)
class Missing:
    """Why a section has nothing to show; it keeps its heading and says so."""

    reason: str


@dataclass(frozen=True, slots=True)
class Section:
    """A section of a document; one without a title opens the page.

    Attributes:
        pair: Whether it is the first or the second of two that stand side by side where there is room.
    """

    name: str
    title: str
    content: tuple[Block, ...] | Missing
    pair: Literal["", "first", "second"] = ""

    @property
    def blocks(self) -> tuple[Block, ...]:
        """What it shows; nothing where that is missing."""
        return () if isinstance(self.content, Missing) else self.content

    @property
    def missing(self) -> str:
        """Why it has nothing to show; empty where it has."""
        return self.content.reason if isinstance(self.content, Missing) else ""


def apart(blocks: Iterable[Block]) -> Iterator[Block]:
    """Blocks in order, figures side by side one by one."""
    for block in blocks:
        yield from block.figures if isinstance(block, Columns) else (block,)


def pieces(items: Sequence[T], most: int) -> list[tuple[T, ...]]:
    """Items in pieces of nearly the same length, each of at most so many; one empty piece of none."""
    number = max(-(-len(items) // most), 1)
    size = max(-(-len(items) // number), 1)
    return [tuple(items[i : i + size]) for i in range(0, len(items), size)] or [()]


@dataclass(frozen=True, slots=True)
class Document:
    """A finished report in one language, before any format; `run_id` is empty where it is about no run.

    Attributes:
        layout: How a page or a PDF shows it: to be read, or to be presented, one finding a slide.
    """

    title: str
    language: str
    as_of: str
    as_of_written: str
    subject: str
    sections: tuple[Section, ...]
    run_id: str = ""
    layout: Layout = "page"
