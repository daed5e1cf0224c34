"""From a `Document` to one HTML page: no script, no request, every word escaped.

Templates and style sheet are given, not read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from jinja2 import DictLoader, Environment, StrictUndefined, TemplateNotFound
from markupsafe import Markup, escape

from toolkit.core.errors import SpecError
from toolkit.report.document import Bar, BarTable, Column, Document, Missing, Row, Table
from toolkit.report.text import Span, Text

PAGE = "page.html.j2"


@dataclass(frozen=True, slots=True)
class Theme:
    """How a document looks as HTML.

    Attributes:
        templates: File name -> source: the page, and one template a block kind (``table.html.j2``).
        css: The style sheet, put into the page.
    """

    templates: Mapping[str, str]
    css: str


class _Kind(Protocol):
    @property
    def kind(self) -> str: ...


def render(document: Document, theme: Theme) -> str:
    """The page; the same document and theme give the same text.

    Raises:
        SpecError: when the theme lacks the template of a block kind.
    """
    environment = Environment(
        loader=DictLoader(dict(theme.templates)),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )

    def show(block: _Kind) -> Markup:
        # Each value was escaped by the template that wrote it.
        return Markup(environment.get_template(f"{block.kind}.html.j2").render(block=block))  # noqa: S704

    environment.globals |= {"show": show, "row_cells": _row_cells, "Markup": Markup}
    environment.filters |= {"inline": inline, "pct": _percentage}
    environment.tests |= {"missing": _is_missing}
    try:
        # The sheet is ours or the user's own file, and may not end its element.
        css = Markup(theme.css.replace("</", "<\\/"))  # noqa: S704
        return environment.get_template(PAGE).render(document=document, css=css)
    except TemplateNotFound as error:
        raise SpecError(f"the report has no template {error.name!r}.", hint="Add it to reports/templates/.") from error


def inline(value: Text) -> Markup:
    """Spans as markup: names isolated, assumptions in their own type, markers as links to the rows they stand for."""
    return Markup("").join(_span(span) for span in value)


_FORMS = {
    "plain": "{}",
    "strong": "<b>{}</b>",
    "muted": '<span class="m">{}</span>',
    "name": "<bdi>{}</bdi>",
    "assumption": '<i class="as">{}</i>',
    "warn": '<span class="warn">{}</span>',
    "none": '<span class="m" aria-hidden="true">{}</span><span class="vh">none</span>',
}


def _span(span: Span) -> Markup:
    words = Markup(_FORMS[span.style]).format(span.text) if span.text else Markup("")  # noqa: S704
    if not span.refs:
        return words
    links = Markup(" ").join(Markup('<a href="#{}">{}</a>').format(ref.lower(), ref) for ref in span.refs)
    return words + Markup('<span class="src">{}</span>').format(links)


def _percentage(fraction: float) -> Markup:
    """A position for a style attribute, inside the room whatever the figure."""
    return escape(f"{100 * min(max(fraction, 0.0), 1.0):.2f}%")


def _row_cells(block: Table | BarTable, row: Row | Bar) -> Iterator[tuple[Column, Text]]:
    """Cells with their columns; one too many or too few is a fault of the section, not a shorter row."""
    return zip(block.columns, row.cells, strict=True)


def _is_missing(content: object) -> bool:
    return isinstance(content, Missing)
