"""From a `Document` to one HTML page: no script, no request, every word escaped.

Templates, style sheet and drawings are given, not read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import CodeType
from typing import Protocol

from jinja2 import BytecodeCache, DictLoader, StrictUndefined, TemplateNotFound
from jinja2.bccache import Bucket
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup, escape

from toolkit.core.errors import SpecError
from toolkit.report.charts.draw import drawn, titled
from toolkit.report.charts.theme import SHEET
from toolkit.report.document import Bar, BarTable, Chart, Column, Document, Drawing, Missing, Row, Table
from toolkit.report.formats.brand import Brand
from toolkit.report.formats.slides import slides
from toolkit.report.i18n.language import Language, mark
from toolkit.report.i18n.text import Span, Text, plain

PAGE = "page.html.j2"
SLIDES, SLIDE_ROOM = "slides/", (1766, 720)
"""Folder of the templates of slides; width and height that a slide of 1920 by 1080 px leaves a drawing."""


@dataclass(frozen=True, slots=True)
class Theme:
    """How a document looks as HTML.

    Attributes:
        templates: File name -> source: the page, and one template a block kind (``table.html.j2``).
        css: The style sheet, put into the page.
        slides_css: The style sheet of slides; their templates are in ``slides/``, before those of the page.
        brand: Whose name, logo and footer it carries.
        draw: From a drawing to SVG; one that keeps drawings saves the time of making them again.
    """

    templates: Mapping[str, str]
    css: str
    draw: Callable[[Drawing], str] = drawn
    slides_css: str = ""
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


class _Kind(Protocol):
    @property
    def kind(self) -> str: ...


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

    def show(block: _Kind) -> Markup:
        # Each value was escaped by the template that wrote it.
        return Markup(environment.get_template(f"{block.kind}.html.j2").render(block=block))  # noqa: S704

    spoken = say or Language()

    def picture(drawing: Drawing, told: str) -> Markup:
        # Drawings are made by `draw`, which keeps geometry and classes alone; the words are escaped by `titled`.
        return Markup(titled(theme.draw(drawing), told))  # noqa: S704

    def largest(chart: Chart) -> Markup:
        return Markup(titled(max(map(theme.draw, _for_slides(chart)), key=_scale), chart.told))  # noqa: S704

    def written(value: Text) -> Markup:
        return inline(value, none=spoken.words(NONE_SAID))

    environment.globals |= {"show": show, "row_cells": _row_cells, "Markup": Markup, "picture": picture}
    environment.globals |= {"say": spoken.words, "none_said": spoken.words(NONE_SAID)}
    environment.globals |= {"largest": largest}
    environment.filters |= {"plain": plain, "inline": written, "pct": _percentage, "css": _css_string}
    environment.tests |= {"missing": _is_missing}
    try:
        # The sheet is ours or the user's own file, and may not end its element.
        css = Markup((theme.slides_css if presented else theme.css).replace("</", "<\\/"))  # noqa: S704
        shown = {"slides": slides(document)} if presented else {}
        return environment.get_template(PAGE).render(document=document, css=css, brand=theme.brand, **shown)
    except TemplateNotFound as error:
        raise SpecError(f"the report has no template {error.name!r}.", hint="Add it to reports/templates/.") from error


def _for_slides(chart: Chart) -> tuple[Drawing, ...]:
    """Drawings whose type reads from the last row when they fill a slide."""
    return tuple(drawing for drawing in chart.drawings if drawing.minimum <= SHEET) or chart.drawings[:1]


def _scale(svg: str) -> float:
    """How much larger a drawing is shown on a slide: it fills a room of `SLIDE_ROOM` in one of two directions."""
    width, height = map(float, svg.split('viewBox="', 1)[1].split('"', 1)[0].split()[2:])
    return min(SLIDE_ROOM[0] / width, SLIDE_ROOM[1] / height)


NONE_SAID = mark("none")
"""What a dash says to who hears the page."""
_FORMS = {
    "plain": "{}",
    "strong": "<b>{}</b>",
    "muted": '<span class="m">{}</span>',
    "name": "<bdi>{}</bdi>",
    "assumption": '<i class="as">{}</i>',
    "derived": '<span class="de">{}</span>',
    "warn": '<span class="warn">{}</span>',
    "none": '<span class="m" aria-hidden="true">{}</span><span class="vh">{}</span>',
}


def inline(value: Text, none: str = NONE_SAID) -> Markup:
    """Spans as markup: names isolated, assumptions in their own type, markers as links to the rows they stand for."""
    return Markup("").join(_span(span, none) for span in value)


def _span(span: Span, none: str) -> Markup:
    words = Markup(_FORMS[span.style]).format(span.text, none) if span.text else Markup("")  # noqa: S704
    if not span.refs:
        return words
    links = Markup(" ").join(Markup('<a href="#{}">{}</a>').format(ref.lower(), ref) for ref in span.refs)
    return words + Markup('<span class="src">{}</span>').format(links)


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
