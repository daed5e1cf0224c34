"""From a `Document` to a mail: a draft with the words as text, and as HTML that every mail program shows alike.

Mail programs strip style sheets, classes, grids and drawings. So everything is a table with its styles in place, charts are
bitmaps inside the message, and every block reads without either. Nothing is fetched, and equal documents give equal bytes.
"""

from __future__ import annotations

import hashlib
import re
import textwrap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

from markupsafe import Markup

from toolkit.report import document as d
from toolkit.report.charts.theme import LIGHT, SHEET
from toolkit.report.formats.brand import Brand
from toolkit.report.formats.html import environment_of
from toolkit.report.formats.plain import Form, Items, Medium, PlainData, Title, Words, isolated
from toolkit.report.i18n.language import Language
from toolkit.report.i18n.text import Span, Text, in_runs, plain

ATTACHED = "report.html"
"""Name of the report in its mail."""
SHARP = 2.0
"""Pixels of a bitmap to a px, for dense screens."""
MAIL_WIDTH = 640
"""Of the mail, in px."""
Paint = Callable[[d.Drawing, float], bytes]
"""From a specification and a scale to a PNG."""


def mail(
    document: d.Document,
    templates: Mapping[str, str],
    paint: Paint,
    say: Language,
    page: bytes = b"",
    brand: Brand | None = None,
) -> bytes:
    """The mail, without sender and receiver: mail programs open it as a draft.

    Args:
        document: What to show: a `letter`, which is within what mail services show and send.
        templates: File name -> source; those of the mail are in ``email/``.
        paint: Makes the bitmap of a chart.
        say: The language of the document.
        page: The report as a page, which is attached; none is where it is empty.
        brand: Whose name, colours and footer it carries; a logo is left to the page.
    """
    pictures: dict[str, MailPicture] = {}

    def picture(chart: d.Chart) -> MailPicture:
        png = paint(_drawing(chart), SHARP)
        # As wide as it was drawn, which stands in the head of the file, or as the mail is.
        found = MailPicture(png, min(MAIL_WIDTH, round(int.from_bytes(png[16:20], "big") / SHARP)))
        return pictures.setdefault(found.key, found)

    body = _page(document, templates, picture, say, brand or Brand())
    message = EmailMessage(policy=SMTP)
    subject = f"{document.title}, {document.as_of_written}" + (f": {document.subject}" if document.subject else "")
    message["Subject"] = header(subject)
    message["Date"] = datetime.fromisoformat(document.as_of).replace(tzinfo=UTC)
    message["X-Unsent"] = "1"
    message.set_content(reading(document, say), cte="quoted-printable")
    message.add_alternative(body, subtype="html", cte="quoted-printable")
    html = message.get_payload()[1]  # type: ignore[index]
    for found in pictures.values():
        name = f"{found.key}.png"
        html.add_related(found.png, "image", "png", cid=f"<{found.cid}>", filename=name, disposition="inline")  # type: ignore[union-attr]
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
class MailPicture:
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


def _drawing(chart: d.Chart) -> d.Drawing:
    """The widest that is no wider than a sheet; its type still reads when it is fitted to the mail."""
    return max((d for d in chart.drawings if d.minimum <= SHEET), key=lambda d: d.minimum, default=chart.drawings[0])


def _page(
    document: d.Document, templates: Mapping[str, str], picture: Callable[[d.Chart], MailPicture], say: Language, brand: Brand
) -> str:
    """The HTML of a mail."""
    environment, medium = environment_of(templates), Medium(say, frozenset({d.KeyFigures}))

    def show(form: Any) -> Markup:
        # A form by the template of its name; each value is escaped by the template that writes it.
        template = environment.get_template(f"email/{type(form).__name__.lower()}.html.j2")
        return Markup(template.render(block=form))  # noqa: S704

    def forms(section: d.Section) -> list[Form | d.Block]:
        return [form for block in section.blocks for form in medium.forms(block) if not isinstance(form, PlainData)]

    environment.globals |= {
        "c": brand.light, "brand": brand, "say": say.words, "show": show, "forms": forms, "picture": picture,
        "widest": MAIL_WIDTH,
    }  # fmt: skip
    environment.filters |= {"inline": inline, "plain": plain, "isolated": isolated}
    return environment.get_template("email/page.html.j2").render(document=document)


_LOOKS = {
    "plain": "{}",
    "name": "{}",
    "file": "{}",
    "strong": "<b>{}</b>",
    "muted": f'<span style="color:{LIGHT["mut"]}">{{}}</span>',
    "assumption": f'<i style="font-family:Georgia,serif;border-bottom:1px dotted {LIGHT["mut"]}">{{}}</i>',
    "derived": f'<span style="border-bottom:1px dotted {LIGHT["mut"]}">{{}}</span>',
    "warn": f'<b style="color:{LIGHT["warn"]}">{{}}</b>',
    "none": f'<span style="color:{LIGHT["mut"]}">{{}}</span>',
}
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


DATES_OF_MAIL, ROWS_OF_MAIL, LINE_OF_MAIL = 8, 15, 72
"""Dates and rows of a mail at most; characters of a line of its text (RFC 3676)."""


def letter(document: d.Document, say: Language) -> d.Document:
    """The document as a mail tells it: what it opens with, its first table and the dates ahead; of the rest what was found.

    Markers of sources are left out: what they stand for is in the report.
    """
    opening = tuple(section for section in document.sections if not section.title)
    titled = [section for section in document.sections if section.title]
    table = next(((replace(one, content=found),) for one in titled if (found := _table(one, say))), ())
    dates = (replace(section, content=found) for section in titled if (found := _calendar(section)))
    found = tuple(
        (section.title, figures[0].title)
        for section in titled
        if (figures := [part for part in d.apart(section.blocks) if isinstance(part, d.Figure)])
    )
    contents = (d.Section("contents", say.words("In the attached report"), (d.Notes(found),)),) if found else ()
    return replace(document, sections=_unmarked((*opening, *table, *dates, *contents)))


def _shown(section: d.Section) -> list[d.Block]:
    """Blocks of a section, and in place of a figure what it shows."""
    return [part for block in section.blocks for part in (block.body if isinstance(block, d.Figure) else (block,))]


def _table(section: d.Section, say: Language) -> tuple[d.Block, ...]:
    """The first table of a section, as far as a mail goes."""
    table = next((part for part in _shown(section) if isinstance(part, d.Table)), None)
    if table is None:
        return ()
    kept = tuple(row for number, row in enumerate(table.rows) if row.total or number < ROWS_OF_MAIL)
    left = len(table.rows) - len(kept)
    more = say.counted(left, "{N} more row stands in the attached report.", "{N} more rows stand in the attached report.")
    return (replace(table, rows=kept), d.Paragraph(more)) if left else (table,)


def _calendar(section: d.Section) -> tuple[d.Block, ...]:
    """The dates of a section that lie ahead, the nearest first."""
    dates = [one for part in _shown(section) if isinstance(part, d.Calendar) for one in part.dates if one.state != "past"]
    return (d.Calendar(tuple(dates[:DATES_OF_MAIL])),) if dates else ()


def _unmarked(value: Any) -> Any:
    if isinstance(value, Span):
        return replace(value, refs=())
    if isinstance(value, tuple):
        return tuple(map(_unmarked, value))
    if not is_dataclass(value) or isinstance(value, d.Drawing | type):
        return value
    return replace(value, **{field.name: _unmarked(getattr(value, field.name)) for field in fields(value)})


def reading(document: d.Document, say: Language) -> str:
    """A document as text to be read: lines of `LINE_OF_MAIL` characters, labels and their words, no tables of signs.

    Args:
        document: What a mail tells.
        say: Its language.
    """
    told = [f"{document.title}, {document.as_of_written}", document.subject]
    paragraphs = ["\n".join(isolated(words) for words in told if words)]
    for form in Medium(say).told(document):
        paragraphs += _paragraphs(form)
    return "\n\n".join(paragraphs) + "\n"


def _paragraphs(form: object) -> Iterator[str]:
    match form:
        case Title():
            words, sign = _filled(plain(form.text)), {1: "=", 2: "-"}.get(form.level)
            yield f"{words}\n{sign * max(map(len, words.splitlines()))}" if sign else words
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
    said = (f"{column.label}: {plain(cell)}" for column, cell in cells if plain(cell))
    return _filled(f"{plain(head[1])}. {'; '.join(said)}", "- ")


def _filled(words: str, first: str = "") -> str:
    return textwrap.fill(
        isolated(words), LINE_OF_MAIL, initial_indent=first, subsequent_indent=" " * len(first), break_long_words=False
    )
