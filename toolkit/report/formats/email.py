"""From a `Document` to a mail: a draft with the words as text, and as HTML that every mail program shows alike.

Mail programs strip style sheets, classes, grids and drawings. So everything is a table with its styles in place, charts are
bitmaps inside the message, and every block reads without either. Nothing is fetched, and equal documents give equal bytes.
"""

from __future__ import annotations

import hashlib
import re
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from itertools import zip_longest
from types import MappingProxyType
from typing import Any

from markupsafe import Markup

from toolkit.report import document as d
from toolkit.report.charts.theme import LIGHT, SHEET
from toolkit.report.document import (
    Bar,
    BarTable,
    Block,
    Chart,
    Document,
    Drawing,
    KeyFigures,
    Matrix,
    Missing,
    Notes,
    Panels,
    Section,
    Table,
)
from toolkit.report.formats.brand import Brand
from toolkit.report.formats.html import environment_of
from toolkit.report.formats.plain import Data, Form, Items, Key, Medium, Title, Words, isolated
from toolkit.report.i18n.language import Language
from toolkit.report.i18n.text import Span, Text, in_runs, plain

CLIPPED = 100_000
"""Bytes of HTML: past 102 KB the largest mail service cuts a message."""
ATTACHED = "report.html"
"""Name of the report in its mail."""
LARGEST = 950_000
"""Bytes of the message without what is attached, as it is sent."""
SCALES = (2.0, 1.5, 1.0)
"""Of a bitmap: for dense screens first; less where the message would grow too large."""
WIDEST = 640
"""Of the mail, in px."""
FLAT = 5
"""Columns that fit a phone side by side; a wider table becomes a block a row."""
SHOWN = frozenset({KeyFigures, BarTable, Matrix, Panels})
"""Kinds of blocks that a mail shows in a way of its own."""
PICTURES = (Chart, Panels)
FINDINGS, HEADING = frozenset({Title, Words, Items, Chart, Panels, KeyFigures}), frozenset()
"""What stays of a section that is shortened: all but its tables, or its heading alone."""

Paint = Callable[[Drawing, float], bytes]
"""From a specification and a scale to a PNG."""


def mail(
    document: Document, templates: Mapping[str, str], paint: Paint, say: Language, page: bytes = b"", brand: Brand | None = None
) -> bytes:
    """The mail, without sender and receiver: mail programs open it as a draft.

    Args:
        document: What to show.
        templates: File name -> source; those of the mail are in ``email/``.
        paint: Makes the bitmap of a chart.
        say: The language of the document.
        page: The report as a page, which is attached; none is where it is empty.
        brand: Whose name, colours and footer it carries; a logo is left to the page.
    """
    words = reading(document, say)
    pictures = _pictures(document, paint, LARGEST - CLIPPED - 2 * len(words.encode()), Medium(say, SHOWN))
    body = Page(templates, pictures, say, brand or Brand()).written(document)
    message = EmailMessage(policy=SMTP)
    subject = f"{document.title}, {document.as_of_written}" + (f": {document.subject}" if document.subject else "")
    message["Subject"] = header(subject)
    message["Date"] = datetime.fromisoformat(document.as_of).replace(tzinfo=UTC)
    message["X-Unsent"] = "1"
    message.set_content(words, cte="quoted-printable")
    message.add_alternative(body, subtype="html", cte="quoted-printable")
    html = message.get_payload()[1]  # type: ignore[index]
    for picture in {p.key: p for p in pictures.values()}.values():
        name = f"{picture.key}.png"
        html.add_related(picture.png, "image", "png", cid=f"<{picture.cid}>", filename=name, disposition="inline")  # type: ignore[union-attr]
    if page:
        message.add_attachment(page, "text", "html", filename=ATTACHED, params={"charset": "utf-8"})
    digest = hashlib.sha256(body.encode()).hexdigest()[:24]
    for number, part in enumerate(part for part in message.walk() if part.is_multipart()):
        part.set_boundary(f"=_{digest}_{number}")
    return message.as_bytes()


def header(words: str) -> str:
    """Words for the header of a mail: one line without control or direction characters, so that none can end it."""
    bare = "".join(character if character.isprintable() else " " for character in words)
    return re.sub(r"\s+", " ", bare).strip()[:200]


@dataclass(frozen=True, slots=True)
class Picture:
    """A chart as a bitmap; `width` is how wide it is shown, in px."""

    png: bytes
    width: int

    @property
    def key(self) -> str:
        """Name of the picture, from what is in it."""
        return hashlib.sha256(self.png).hexdigest()[:16]

    @property
    def cid(self) -> str:
        """Content id: what the page calls it."""
        return f"{self.key}@toolkit"


def _pictures(document: Document, paint: Paint, room: int, medium: Medium) -> Mapping[str, Picture]:
    """Key of a drawing -> picture; as sharp as the room in bytes allows, the last ones left out where it does not."""
    drawings = [_drawing(chart) for section in document.sections for chart in _charts(section, medium)]
    chosen: dict[str, Picture] = {}
    for scale in SCALES:
        chosen = {d.key: _picture(paint(d, scale), scale) for d in drawings}
        if sum(map(_sent, chosen.values())) <= room:
            return chosen
    kept: dict[str, Picture] = {}
    for key, picture in chosen.items():
        if sum(map(_sent, kept.values())) + _sent(picture) <= room:
            kept[key] = picture
    return kept


def _sent(picture: Picture) -> int:
    """Bytes of a picture on its way: four for three, in lines, with a few headers."""
    return len(picture.png) * 74 // 54 + 300


def _charts(section: Section, medium: Medium) -> Iterator[Chart]:
    if isinstance(section.content, Missing):
        return
    for block in section.content:
        for form in medium.forms(block):
            if isinstance(form, Chart):
                yield form
            elif isinstance(form, Panels):
                yield from (item.chart for item in form.items)


def _drawing(chart: Chart) -> Drawing:
    """The widest that is no wider than a sheet; its type still reads when it is fitted to the mail."""
    return max((d for d in chart.drawings if d.minimum <= SHEET), key=lambda d: d.minimum, default=chart.drawings[0])


def _picture(png: bytes, scale: float) -> Picture:
    """A bitmap as wide as it was drawn (the width stands in the head of the file), or as the mail is."""
    return Picture(png, min(WIDEST, round(int.from_bytes(png[16:20], "big") / scale)))


class Page:
    """The HTML of a mail, written section by section so that its size can be kept."""

    def __init__(self, templates: Mapping[str, str], pictures: Mapping[str, Picture], say: Language, brand: Brand) -> None:
        self._pictures = pictures
        self._medium = Medium(say, SHOWN)
        self._templates = environment_of(templates)
        self._templates.globals |= {
            "c": brand.light, "brand": brand, "say": say.words, "show": self._show, "picture": self._picture, "widest": WIDEST,
            "cuts": cuts, "key": lambda legend: self._show(Key(legend)),
        }  # fmt: skip
        self._templates.filters |= {"inline": inline, "plain": plain, "isolated": isolated}

    def written(self, document: Document) -> str:
        """The page, within what mail services show.

        Every section tells what it finds. Those that fit keep their tables too: what markers stand for before the rest, and
        of the rest what is read first; the others say what is left out.
        """
        sections = document.sections
        told = [self._section(section, FINDINGS) for section in sections]
        room = CLIPPED - len(self._framed(document, ()).encode()) - sum(map(_size, told))
        for i in reversed(range(len(told))):
            if room < 0:
                heading = self._section(sections[i], HEADING)
                room, told[i] = room + _size(told[i]) - _size(heading), heading
        for i in sorted(range(len(told)), key=lambda i: (not _is_reference(sections[i]), i)):
            whole = self._section(sections[i])
            if (more := _size(whole) - _size(told[i])) <= room:
                room, told[i] = room - more, whole
        return self._framed(document, told)

    def _framed(self, document: Document, sections: Sequence[Markup]) -> str:
        return self._templates.get_template("email/page.html.j2").render(document=document, sections=sections)

    def _section(self, section: Section, length: frozenset[type[Any]] | None = None) -> Markup:
        missing = section.content.reason if isinstance(section.content, Missing) else ""
        blocks = () if isinstance(section.content, Missing) else section.content
        forms = [form for block in blocks for form in self._medium.forms(block) if not isinstance(form, Data)]
        shown = forms if length is None else list(_shortened(forms, length))
        return self._rendered("section", section=section, missing=missing, forms=shown, shortened=len(shown) < len(forms))

    def _show(self, form: Any) -> Markup:
        """A form by the template of its name."""
        name = type(form).__name__.lower()
        if isinstance(form, Table) and len(form.columns) > FLAT:
            name = "rows"
        return self._rendered(name, block=form)

    def _rendered(self, name: str, **values: Any) -> Markup:
        # Each value is escaped by the template that writes it.
        return Markup(self._templates.get_template(f"email/{name}.html.j2").render(**values))  # noqa: S704

    def _picture(self, chart: Chart) -> Picture | None:
        return self._pictures.get(_drawing(chart).key)


def _shortened(forms: Sequence[Form | Block], length: frozenset[type[Any]]) -> Iterator[Form | Block]:
    """The forms that stay, and the legends of pictures among them."""
    for form, following in zip_longest(forms, forms[1:]):
        legend = isinstance(form, Key) and isinstance(following, PICTURES) and type(following) in length
        if legend or type(form) in length:
            yield form


def _size(words: str) -> int:
    return len(words.encode())


def _is_reference(section: Section) -> bool:
    """Whether markers in the text stand for rows of this section."""
    if isinstance(section.content, Missing):
        return False
    return any(
        (isinstance(block, Table) and any(row.anchor for row in block.rows))
        or (isinstance(block, Notes) and any(marker for marker, _ in block.items))
        for block in section.content
    )


_LOOKS = MappingProxyType(
    {
        "plain": "{}",
        "name": "{}",
        "strong": "<b>{}</b>",
        "muted": f'<span style="color:{LIGHT["mut"]}">{{}}</span>',
        "assumption": f'<i style="font-family:Georgia,serif;border-bottom:1px dotted {LIGHT["mut"]}">{{}}</i>',
        "derived": f'<span style="border-bottom:1px dotted {LIGHT["mut"]}">{{}}</span>',
        "warn": f'<b style="color:{LIGHT["warn"]}">{{}}</b>',
        "none": f'<span style="color:{LIGHT["mut"]}">{{}}</span>',
    }
)
_MARKERS = f'<span style="font-size:10px;color:{LIGHT["mut"]}">&nbsp;{{}}</span>'


def inline(value: Text) -> Markup:
    """Spans with their styles in place; a turn of the direction of writing is isolated by characters, which stay."""
    told = Markup("")
    for span in value:
        if span.text:
            told += Markup(_LOOKS[span.style]).format(isolated(span.text))  # noqa: S704
        if span.refs:
            told += Markup(_MARKERS).format("\u00a0".join(in_runs(span.refs)))  # noqa: S704
    return told


@dataclass(frozen=True, slots=True)
class Cut:
    """A piece of a bar from left to right: its width in per cent, whether it is filled, and whether a limit ends it."""

    width: int
    filled: bool
    limit: bool = False


def cuts(bar: Bar) -> tuple[Cut, ...]:
    """The bar of a row as pieces that cells can be: cut where it ends and where its limit stands."""
    value = _hundredth(bar.value or 0.0)
    limit = None if bar.cap is None else _hundredth(bar.cap)
    ends = sorted({value, 100} | ({limit} if limit else set()))
    starts = (0, *ends[:-1])
    return tuple(Cut(end - start, end <= value, end == limit) for start, end in zip(starts, ends, strict=True) if end > start)


def _hundredth(fraction: float) -> int:
    return round(100 * min(max(fraction, 0.0), 1.0))


DATES, WIDTH = 4, 72
"""Dates of a mail at most; characters of a line of its text (RFC 3676)."""


def letter(document: d.Document, say: Language) -> d.Document:
    """The document as a mail tells it, without the markers of sources: what they stand for is in the report."""
    opening = tuple(section for section in document.sections if not section.title)
    dates = [section for section in document.sections if (section.title and _calendar(section))]
    found = tuple((section.title, finding) for section in document.sections if section.title for finding in _finding(section))
    contents = d.Section("contents", say.words("In the attached report"), (d.Notes(found),)) if found else None
    sections = (
        *opening,
        *(replace(section, content=_calendar(section)) for section in dates),
        *((contents,) if contents else ()),
    )
    return replace(document, sections=_unmarked(sections))


def _calendar(section: d.Section) -> tuple[d.Block, ...]:
    """The dates of a section that lie ahead, the nearest first."""
    blocks = () if isinstance(section.content, d.Missing) else section.content
    shown = [part for block in blocks for part in (block.body if isinstance(block, d.Figure) else (block,))]
    dates = [one for part in shown if isinstance(part, d.Calendar) for one in part.dates if one.state != "past"]
    return (d.Calendar(tuple(dates[:DATES])),) if dates else ()


def _finding(section: d.Section) -> Iterator[Text]:
    """What a section finds first."""
    for block in () if isinstance(section.content, d.Missing) else section.content:
        for figure in block.figures if isinstance(block, d.Columns) else (block,):
            if isinstance(figure, d.Figure):
                yield figure.title
                return


def _unmarked(value: Any) -> Any:
    if isinstance(value, Span):
        return replace(value, refs=())
    if isinstance(value, tuple):
        return tuple(map(_unmarked, value))
    if not is_dataclass(value) or isinstance(value, d.Drawing | type):
        return value
    return replace(value, **{field.name: _unmarked(getattr(value, field.name)) for field in fields(value)})


def reading(document: d.Document, say: Language) -> str:
    """A document as text to be read: lines of `WIDTH` characters, labels and their words, no tables of signs.

    Args:
        document: What a mail tells.
        say: Its language.
    """
    told = [f"{document.title}, {document.as_of_written}", document.subject]
    paragraphs = ["\n".join(isolated(words) for words in told if words)]
    for section in document.sections:
        if section.title:
            paragraphs.append(_ruled(section.title, "-"))
        if isinstance(section.content, d.Missing):
            paragraphs.append(_filled(section.content.reason))
            continue
        for block in section.content:
            for form in Medium(say).forms(block):
                paragraphs += _paragraphs(form)
    return "\n\n".join(paragraphs) + "\n"


def _paragraphs(form: object) -> Iterator[str]:
    match form:
        case Title():
            yield _ruled(plain(form.text), "=") if form.level == 1 else _filled(plain(form.text))
        case Words():
            yield _filled(plain(form.text))
        case Items():
            yield "\n".join(_filled(_labelled(marker, plain(words)), "- ") for marker, words in form.items)
        case d.Table():
            yield "\n".join(_row(form, row) for row in form.rows)
        case d.Chart():
            yield _filled(form.told)
        case _:  # legends, and the data behind a picture
            return


def _labelled(label: str, words: str) -> str:
    return f"{label}{' ' if label.endswith('?') else ': '}{words}" if label else words


def _row(table: d.Table, row: d.Row) -> str:
    """A row as a line: its head, then what each column says of it."""
    head, *cells = zip(table.columns, row.cells, strict=True)
    said = (f"{column.label} {plain(cell)}" for column, cell in cells if plain(cell))
    return _filled(f"{plain(head[1])}: {', '.join(said)}", "- ")


def _filled(words: str, first: str = "") -> str:
    return textwrap.fill(
        isolated(words), WIDTH, initial_indent=first, subsequent_indent=" " * len(first), break_long_words=False
    )


def _ruled(words: str, sign: str) -> str:
    lines = _filled(words)
    return f"{lines}\n{sign * max(map(len, lines.splitlines()))}"
