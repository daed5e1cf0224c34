"""From a `Document` to its pictures as files: each drawing with its finding, what is measured, its legend and its source.

A file leaves the report behind, so it carries what a reader needs: no chart stands without its title, unit and source.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count

from markupsafe import escape

from toolkit.report import document as d
from toolkit.report.charts.bars import bars
from toolkit.report.charts.theme import width
from toolkit.report.i18n.formats import Formats
from toolkit.report.i18n.text import plain

MARGIN, LINE_HEIGHT, NARROWEST_PICTURE = 16.0, 1.35, 400.0
"""Margin in px, height of a line over the size of its type, least width of a picture."""
TITLE, WORDS = 16.0, 12.5
"""Sizes of type in px."""
_BOX = '<rect width="22" height="11" class="{}"/>'
_DOT = '<circle cx="11" cy="5.5" r="5" class="{}"/>'
_ROW = '<path d="M0 5.5H22" fill="none" class="{}" stroke-width="2"/>'
_RULE = '<path d="M11 -2V13" fill="none" class="{}" stroke-width="2"/>'
_OPEN = '<rect x=".75" y=".75" width="20.5" height="9.5" fill="none" class="{}" stroke-width="1.5"/>'
_RING = '<circle cx="11" cy="5.5" r="4.5" class="fill-paper {}" stroke-width="2"/>'
_DIAMOND = '<path d="M11 0l5.5 5.5l-5.5 5.5l-5.5 -5.5z" class="{}"/>'


def _dashed(mark: str) -> str:
    return mark.replace("/>", ' stroke-dasharray="3 2"/>')


def _tint(mark: str, opacity: float) -> str:
    return mark.replace("/>", f' opacity="{opacity}"/>')


_FORMS = {
    _BOX: {
        "on": "fill-ctl", "licensed": "fill-ctl", "suspended": "fill-hatch stroke-ctl", "whitelist": "fill-wl",
        "now": "fill-cur", "new": "fill-data", "band": "fill-band", "soft": "fill-soft", "unsure": "fill-unsure",
        "r4": "fill-data", "cash": "fill-grid", "plain": "fill-band stroke-data",
    },
    _OPEN: {"clear": "stroke-mut", "part": "stroke-mut", "hollow": "stroke-data"},
    _dashed(_OPEN): {"ahead": "stroke-ctl", "uncertain": "stroke-ctl", "unsettled": "stroke-ctl"},
    _RULE: {"cap": "stroke-ink", "dateline": "stroke-ctl", "median": "stroke-data"},
    _dashed(_RULE): {"zeroline": "stroke-ink", "otherline": "stroke-mut", "datedash": "stroke-ctl"},
    _ROW: {"line": "stroke-data", "bench": "stroke-cur"},
    _dashed(_ROW): {"dashed": "stroke-data"},
    _DOT: {
        "level": "fill-data", "free": "fill-data", "scored": "fill-data", "print": "fill-dot", "date-next": "fill-ctl",
        "date-firm": "fill-mut", "date-past": "fill-cur", "dot": "fill-dot",
    },
    _RING: {"raw": "stroke-dot", "supposed": "stroke-data"},
    _dashed(_RING): {"date-open": "stroke-ctl"},
    _DIAMOND: {"shared": "fill-data", "outside": "fill-ink"},
    _tint(_BOX, 0.5): {"paused": "fill-hatch"},
    _tint(_BOX, 0.1): {"r1": "fill-data"},
    _tint(_BOX, 0.28): {"r2": "fill-data", "below": "fill-mut"},
    _tint(_BOX, 0.45): {"r3": "fill-data"},
}  # fmt: skip
MARKS: Mapping[str, str] = {
    **{mark: form.format(look) for form, looks in _FORMS.items() for mark, look in looks.items()},
    "tinted": _BOX.format("fill-soft") + '<path d="M0 0H22" fill="none" class="stroke-ctl" stroke-width="1.5"/>',
    "bandline": _BOX.format("fill-band") + _ROW.format("stroke-data"),
    "beyond": '<path d="M6.5 9h9l-4.5 -8z" class="fill-dot"/>',
    "zero": '<circle cx="11" cy="7" r="1.5" class="fill-dot"/>',
}
"""Marks of legends in a room of 22 by 11 px, by the names of `Figure.legend`."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that stands alone.

    Attributes:
        name: What it shows, as the name of a file without its ending.
        drawing: Its widest drawing.
        told: The words that say it.
        title: The finding.
        sub: What is measured.
        legend: (mark, words).
        source: Where it comes from.
    """

    name: str
    drawing: d.Drawing
    told: str
    title: str
    sub: str = ""
    legend: tuple[tuple[str, str], ...] = ()
    source: str = ""


def pictures(document: d.Document, fmt: Formats) -> Iterator[Picture]:
    """Every drawing of a document and every table with bars, in reading order; no two names are equal."""
    taken: set[str] = set()
    for section in document.sections:
        for block in d.apart(section.blocks):
            for found in _of(block, fmt):
                stem = file_word(f"{section.name} {found.name}")
                name = next(one for n in count(1) if (one := stem if n == 1 else f"{stem}-{n}") not in taken)
                taken.add(name)
                origin = f"{document.title}, {document.as_of_written}."
                yield replace(found, name=name, source=f"{found.source} {origin}".strip())


def _of(block: d.Block, fmt: Formats) -> Iterator[Picture]:
    if not isinstance(block, d.Figure):
        return
    title, sub, source = plain(block.title), plain(block.sub), plain(block.source)
    for part in block.body:
        chart = bars(part, fmt) if isinstance(part, d.BarTable) and part.bars else part
        if isinstance(chart, d.Chart):
            named = part.caption if isinstance(part, d.BarTable) else block.data.caption if block.data else ""
            yield Picture(named, chart.drawings[-1], chart.told, title, sub, block.legend, source)
        if isinstance(part, d.Panels):
            for item in part.items:
                head, note = plain(item.title), plain(item.note)
                over = f"{head}: {note}" if note else head
                legend = (*block.legend, *part.legend)
                yield Picture(head, item.chart.drawings[-1], item.chart.told, over, sub, legend, source)


def file_word(words: str) -> str:
    """Words as the name of a file: letters and digits in lower case, hyphens between, at most 80 characters."""
    return re.sub(r"[\W_]+", "-", words.casefold()).strip("-")[:80].rstrip("-")


def framed(svg: str, picture: Picture) -> str:
    """A drawing below its title and above its legend and source, in the classes of the theme.

    Args:
        svg: What `toolkit.report.charts.draw.draw` made of the drawing.
        picture: What stands around it.
    """
    left, top, wide, high = map(float, svg.split('viewBox="', 1)[1].split('"', 1)[0].split())
    room = max(wide, NARROWEST_PICTURE)
    page = _Page(room)
    page.words(picture.title, TITLE, "fill-ink", bold=True)
    page.words(picture.sub, WORDS, "fill-mut")
    page.y += 10
    inside = svg[svg.index(">") + 1 : svg.rindex("</svg>")]
    page.parts.append(f'<g transform="translate({MARGIN - left:g},{page.y - top:g})">{inside}</g>')
    page.y += high + 12
    page.legend(picture.legend)
    page.words(picture.source, WORDS - 1, "fill-mut")
    size = f"{room + 2 * MARGIN:g}", f"{page.y + MARGIN:g}"
    box = f'viewBox="0 0 {size[0]} {size[1]}" width="{size[0]}" height="{size[1]}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {box} role="img"><title>{escape(picture.told)}</title>'
    return f"{head}{''.join(page.parts)}</svg>"


class _Page:
    """What is written from the top, line by line."""

    def __init__(self, room: float) -> None:
        self._room, self.y, self.parts = room, MARGIN, list[str]()

    def words(self, words: str, size: float, look: str, *, bold: bool = False) -> None:
        """Words in lines that fit the picture."""
        for line in lines(words, self._room, size, bold=bold):
            self._text(line, MARGIN, size, look, bold=bold)
            self.y += size * LINE_HEIGHT

    def legend(self, entries: Sequence[tuple[str, str]]) -> None:
        """Marks with their words, as many in a line as fit."""
        x = MARGIN
        for mark, words in entries:
            wide = (30 if mark in MARKS else 0) + width(words, WORDS) + 18
            if x > MARGIN and x + wide > MARGIN + self._room:
                x, self.y = MARGIN, self.y + WORDS * 1.5
            if mark in MARKS:
                self.parts.append(f'<g transform="translate({x:g},{self.y + 2:g})">{MARKS[mark]}</g>')
            self._text(words, x + (30 if mark in MARKS else 0), WORDS, "fill-mut")
            x += wide
        self.y += WORDS * 1.7 if entries else 0

    def _text(self, words: str, x: float, size: float, look: str, *, bold: bool = False) -> None:
        weight = ' font-weight="bold"' if bold else ""
        self.parts.append(
            f'<text x="{x:g}" y="{self.y + size:g}" font-size="{size:g}" class="{look}"{weight}>{escape(words)}</text>'
        )


def lines(words: str, room: float, size: float, *, bold: bool = False) -> Iterator[str]:
    """Words in lines no wider than the room; a word that is wider stands alone.

    Args:
        words: On one line.
        room: Of a line, in px.
        size: Of the type, in px.
        bold: Whether in the bold face.
    """
    line = ""
    for word in words.split():
        longer = f"{line} {word}".strip()
        if line and width(longer, size, bold=bold) > room:
            yield line
            line = word
        else:
            line = longer
    if line:
        yield line
