"""From a `Document` to one HTML page: no request, no script that it needs, every word escaped.

Templates, style sheet, script and drawings are given, not read.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from types import CodeType

from jinja2 import BytecodeCache, DictLoader, StrictUndefined, TemplateNotFound
from jinja2.bccache import Bucket
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup, escape

from toolkit.core.errors import SpecError
from toolkit.report import document as d
from toolkit.report.charts.draw import drawn, titled
from toolkit.report.charts.theme import SHEET
from toolkit.report.document import Bar, BarTable, Chart, Column, Document, Drawing, Missing, Row, Table
from toolkit.report.formats.brand import Brand
from toolkit.report.i18n.language import Language, mark
from toolkit.report.i18n.text import Span, Text, in_runs, plain, text

PAGE = "page.html.j2"
SLIDES, SLIDE_ROOM = "slides/", (1766, 720)
"""Folder of the templates of slides; width and height that a slide of 1920 by 1080 px leaves a drawing."""


@dataclass(frozen=True, slots=True)
class Theme:
    """How a document looks as HTML.

    Attributes:
        templates: File name -> source: the page, and one template a block kind (``table.html.j2``).
        css: The style sheet, put into the page.
        script: Of tables, put into the page, which runs no other; slides have none.
        slides_css: The style sheet of slides; their templates are in ``slides/``, before those of the page.
        brand: Whose name, logo and footer it carries.
        draw: From a drawing to SVG; one that keeps drawings saves the time of making them again.
    """

    templates: Mapping[str, str]
    css: str
    draw: Callable[[Drawing], str] = drawn
    slides_css: str = ""
    script: str = ""
    brand: Brand = field(default_factory=Brand)


class _Compiled(BytecodeCache):
    """Templates of this process, each compiled once for a name and a source: a tenth of a second of every document."""

    def __init__(self) -> None:
        self._codes: dict[tuple[str, str], CodeType | None] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._codes.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._codes[bucket.key, bucket.checksum] = bucket.code


_COMPILED = _Compiled()


def environment_of(templates: Mapping[str, str]) -> ImmutableSandboxedEnvironment:
    """Templates by name, in which every word is escaped.

    One may be of the folder that the user stands in: it shows a document, and reaches nothing of Python.
    """
    return ImmutableSandboxedEnvironment(
        loader=DictLoader(dict(templates)),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        bytecode_cache=_COMPILED,
    )


def render(document: Document, theme: Theme, say: Language | None = None) -> str:
    """The page; the same document and theme give the same text.

    Args:
        document: What to show.
        theme: How.
        say: The language of the document, for the few words that belong to the page itself.

    Raises:
        SpecError: when the theme lacks the template of a block kind.
    """
    presented = document.layout == "slides"
    own = {name.removeprefix(SLIDES): source for name, source in theme.templates.items() if name.startswith(SLIDES)}
    environment = environment_of({**theme.templates, **(own if presented else {})})

    def show(block: d.Block) -> Markup:
        # Each value was escaped by the template that wrote it.
        return Markup(environment.get_template(f"{block.kind}.html.j2").render(block=block))  # noqa: S704

    spoken = say or Language()

    def picture(drawing: Drawing, told: str) -> Markup:
        # Drawings are made by `draw`, which keeps geometry and classes alone; the words are escaped by `titled`.
        return Markup(titled(theme.draw(drawing), told))  # noqa: S704

    def largest(chart: Chart) -> Markup:
        return Markup(titled(max(map(theme.draw, _for_slides(chart)), key=_scale), chart.told))  # noqa: S704

    cited = set[str]()

    def written(value: Text) -> Markup:
        return inline(value, none=spoken.words(NONE_SAID), cited=cited)

    def back(anchor: str) -> Markup:
        """A link from the row that a marker stands for to where the marker stands first; nothing where it stands nowhere."""
        key = anchor.lower()
        link = Markup(' <a class="back" href="#{}-at" aria-label="{}">↑</a>')
        return link.format(key, spoken.words(BACK)) if key in cited else Markup("")

    environment.globals |= {"show": show, "row_cells": _row_cells, "Markup": Markup, "picture": picture}
    environment.globals |= {"say": spoken.words, "none_said": spoken.words(NONE_SAID)}
    environment.globals |= {"largest": largest, "back": back}
    environment.filters |= {"plain": plain, "inline": written, "pct": _percentage, "css": _css_string}
    environment.tests |= {"missing": _is_missing}
    try:
        # The sheet is ours or the user's own file, and may not end its element.
        css = Markup((theme.slides_css if presented else theme.css).replace("</", "<\\/"))  # noqa: S704
        script = Markup("" if presented else theme.script)  # noqa: S704
        hashed = b64encode(sha256(script.encode()).digest()).decode()
        shown = {"slides": slides(document)} if presented else {}
        return environment.get_template(PAGE).render(
            document=document, css=css, script=script, hashed=hashed, brand=theme.brand, **shown
        )
    except TemplateNotFound as error:
        raise SpecError(
            "the report has no template {name!r:s}.", hint="Add it to reports/templates/.", name=error.name
        ) from error


def _for_slides(chart: Chart) -> tuple[Drawing, ...]:
    """Drawings whose type reads from the last row when they fill a slide."""
    return tuple(drawing for drawing in chart.drawings if drawing.minimum <= SHEET) or chart.drawings[:1]


def _scale(svg: str) -> tuple[float, float]:
    """How much larger a drawing is shown on a slide, where it fills `SLIDE_ROOM` in one of two directions, and its width."""
    width, height = map(float, svg.split('viewBox="', 1)[1].split('"', 1)[0].split()[2:])
    return round(min(SLIDE_ROOM[0] / width, SLIDE_ROOM[1] / height), 2), width


BACK = mark("Back to where it is cited first")
NONE_SAID = mark("none")
"""What a dash says to who hears the page."""
_FORMS = {
    "plain": "{}",
    "strong": "<b>{}</b>",
    "muted": '<span class="m">{}</span>',
    "name": "<bdi>{}</bdi>",
    "file": '<a href="./{0}"><bdi>{0}</bdi></a>',
    "assumption": '<i class="as">{}</i>',
    "derived": '<span class="de">{}</span>',
    "warn": '<span class="warn">{}</span>',
    "none": '<span class="m" aria-hidden="true">{}</span><span class="vh">{}</span>',
}


def inline(value: Text, none: str = NONE_SAID, cited: set[str] | None = None) -> Markup:
    """Spans as markup: names isolated, assumptions in their own type, markers as links to the rows they stand for.

    Args:
        value: The spans.
        none: What a dash says.
        cited: Markers that stand on the page already; the first of each has an id, and is added. None for no ids.
    """
    return Markup("").join(_span(span, none, cited) for span in value)


def _span(span: Span, none: str, cited: set[str] | None) -> Markup:
    words = Markup(_FORMS[span.style]).format(span.text, none) if span.text else Markup("")  # noqa: S704
    if not span.refs:
        return words
    links = list[Markup]()
    for run in in_runs(span.refs):
        key, place = run.split("–")[0].lower(), Markup("")
        if cited is not None and key not in cited:
            cited.add(key)
            place = Markup(' id="{}-at"').format(key)
        links.append(Markup('<a{} href="#{}">{}</a>').format(place, key, run))
    return words + Markup('<span class="src">{}</span>').format(Markup(" ").join(links))


def _percentage(fraction: float) -> Markup:
    """A position for a style attribute, inside the room whatever the figure."""
    return escape(f"{100 * min(max(fraction, 0.0), 1.0):.2f}%")


def _css_string(words: str) -> Markup:
    """Words as a string of a style sheet: whatever could end it is written as a code point."""
    kept = (c for c in words if c.isprintable() or c.isspace())
    told = "".join(c if c.isascii() and (c.isalnum() or c == " ") else f"\\{ord(c):x} " for c in kept)
    return Markup(f'"{told}"')  # noqa: S704


def _row_cells(block: Table | BarTable, row: Row | Bar) -> Iterator[tuple[Column, Text]]:
    """Cells with their columns; one too many or too few is a fault of the section, not a shorter row."""
    return zip(block.columns, row.cells, strict=True)


def _is_missing(content: object) -> bool:
    return isinstance(content, Missing)


ROWS_OF_SLIDE, BARS, LINES, PANELS, NOTES, DATES = 7, 9, 5, 4, 6, 4
"""What a slide holds at most: rows of a table, bars, lines of the matrix, small charts, notes, dates ahead."""


@dataclass(frozen=True, slots=True)
class Slide:
    """A slide.

    Attributes:
        section: Title of its section, above the finding.
        title: The finding.
        blocks: What shows it.
        legend: (mark, words) of what is shown.
        notes: For who presents: paragraphs.
        part: (number, of how many) where a finding takes several slides.
    """

    section: str
    title: Text
    blocks: tuple[d.Block, ...] = ()
    legend: tuple[tuple[str, str], ...] = ()
    notes: tuple[Text, ...] = ()
    part: tuple[int, int] = (1, 1)


def slides(document: d.Document) -> tuple[Slide, ...]:
    """The slides of a document in reading order."""
    return tuple(slide for section in document.sections for slide in _of(section))


def _of(section: d.Section) -> Iterator[Slide]:
    title = next((block.text for block in section.blocks if isinstance(block, d.Heading)), text(section.title))
    found: list[Slide] = []
    said: list[Text] = []
    for block in d.apart(section.blocks):
        if isinstance(block, d.Figure) and block.body:
            found.append(_figure(section.title, block))
        elif (words := _said(block)) is not None:
            said += words
        elif found and (isinstance(block, d.Calendar) or not section.title):
            found[-1] = replace(found[-1], blocks=(*found[-1].blocks, block))
        else:
            found.append(Slide(section.title, title, (block,)))
    if section.blocks:
        found = found or [Slide(section.title, title)]
        found[0] = replace(found[0], notes=(*found[0].notes, *said))
    for slide in found:
        yield from _parts(slide)


def _said(block: d.Block) -> tuple[Text, ...] | None:
    """What is told and not shown; None of a block that is shown."""
    match block:
        case d.Heading():
            return ()
        case d.Figure():
            return (block.title,)
        case d.Paragraph() if block.role != "answer":
            return (block.text,)
        case d.Status():
            return tuple(text(f"{label}: ", words) for label, words in block.items)
        case d.Panel():
            return block.paragraphs
        case _:
            return None


def _figure(section: str, figure: d.Figure) -> Slide:
    notes = tuple(words for words in (figure.sub, figure.source) if plain(words))
    of_panels = (entry for part in figure.body if isinstance(part, d.Panels) for entry in part.legend)
    return Slide(section, figure.title, figure.body, (*figure.legend, *of_panels), notes)


def _parts(slide: Slide) -> Iterator[Slide]:
    """A slide, or as many as its longest block needs."""
    cut = [_cut(block) for block in slide.blocks]
    several = max(map(len, cut), default=1)
    for i in range(several):
        blocks = tuple(pieces[i] for pieces in cut if i < len(pieces))
        yield replace(slide, blocks=blocks, notes=slide.notes if i == 0 else (), part=(i + 1, several))


def _cut(block: d.Block) -> list[d.Block]:
    """A block in pieces that fit a slide."""
    match block:
        case d.Table():
            cut = [replace(block, rows=rows, stacks=False) for rows in d.pieces(block.rows, ROWS_OF_SLIDE)]
        case d.BarTable():
            cut = [replace(block, bars=bars) for bars in d.pieces(block.bars, BARS)]
        case d.Matrix():
            cut = [replace(block, lines=lines) for lines in d.pieces(block.lines, LINES)]
        case d.Panels():
            cut = [replace(block, items=items, legend=()) for items in d.pieces(block.items, PANELS)]
        case d.Calendar():
            ahead = tuple(one for one in block.dates if one.state != "past") or block.dates
            cut = [replace(block, dates=ahead[:DATES])]
        case d.Chart(parts=(_, *_)):
            cut = list(block.parts)
        case d.Notes():
            cut = [replace(block, items=items) for items in d.pieces(block.items, NOTES)]
        case _:
            cut = [block]
    return list(cut)
