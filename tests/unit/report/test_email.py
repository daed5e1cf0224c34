"""The mail: a draft that opens anywhere, holds what it shows, and says the same twice."""

from __future__ import annotations

import email
import re
import struct
import zlib
from dataclasses import replace
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.records import as_document
from toolkit.app.report.drawings import kept_bitmap
from toolkit.app.report.theme import theme
from toolkit.report import document as d
from toolkit.report.charts.draw import SIGNATURE, bitmap, drawn, packed
from toolkit.report.formats.email import DATES_OF_MAIL, LINE_OF_MAIL, ROWS_OF_MAIL, header, inline, letter, mail, reading
from toolkit.report.formats.html import render
from toolkit.report.i18n.language import Language
from toolkit.report.i18n.text import NONE, Span, name, text

from .kinds import bars, blocks, document

REPORTS = Path(__file__).resolve().parents[3] / "reports"

SENT = 1_000_000
CUT = 102 * 1024
"""Bytes at which mail services refuse a message, and at which the largest one cuts its HTML."""


def made(report: d.Document, paint=lambda drawing, scale: bitmap(drawn(drawing), scale)) -> bytes:
    return mail(report, theme().templates, paint, Language())


def read(content: bytes) -> EmailMessage:
    return email.message_from_bytes(content, policy=policy.default)  # pyright: ignore[reportReturnType]


def html_of(content: bytes) -> str:
    return next(part.get_content() for part in read(content).walk() if part.get_content_type() == "text/html")


class Tags(HTMLParser):
    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(source)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "img", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def every() -> bytes:
    return made(document(*blocks()))


def test_the_message_is_a_draft_with_text_and_page_and_pictures(every):
    message = read(every)
    assert [part.get_content_type() for part in message.walk()][:4] == [
        "multipart/alternative", "text/plain", "multipart/related", "text/html",
    ]  # fmt: skip
    assert message["X-Unsent"] == "1"
    assert message["Subject"] == "Title, 24 November 2026: subject"
    assert message["Date"].datetime == datetime(2026, 11, 24, tzinfo=UTC)
    assert not {"From", "To", "Cc", "Bcc", "Message-ID"} & set(message)


def test_a_report_is_short_with_the_page_attached_and_a_text_to_be_read(records):
    made_from, say = as_document(records["normal"])
    short, page = letter(made_from, say), render(made_from, theme(), say)
    message = read(mail(short, theme().templates, kept_bitmap, say, page.encode()))
    (attached,) = message.iter_attachments()
    assert (attached.get_filename(), attached.get_content_type()) == ("report.html", "text/html")
    assert attached.get_content().strip() == page.strip()
    body, words = (message.get_body((kind,)) for kind in ("html", "plain"))
    assert body is not None
    assert words is not None
    assert len(body.get_content()) < CUT / 2
    told = words.get_content()
    assert "|" not in told
    assert max(map(len, told.splitlines())) <= LINE_OF_MAIL
    joined = " ".join(told.split())
    heading = next(block for block in made_from.sections[0].content if isinstance(block, d.Heading))  # pyright: ignore[reportGeneralTypeIssues]
    for shown in ("".join(span.text for span in heading.text), "27 Nov 2026", "In the attached report", "Limits:"):
        assert " ".join(shown.split()) in joined
    assert "[S1]" not in told
    assert not re.search(r"\bS\d+<", body.get_content())


def test_a_letter_has_the_dates_ahead_alone_and_the_first_finding_of_each_section():
    def date(words: str, state: str) -> d.Date:
        return d.Date("2026-11-27", "27 Nov", "soon", text(words), (), "official", state)  # pyright: ignore[reportArgumentType]

    figures = tuple(d.Figure(text(f"finding {i}"), (), ()) for i in range(2))
    dates = d.Calendar((date("gone", "past"), *(date(f"date {i}", "ahead") for i in range(DATES_OF_MAIL + 2))))
    whole = d.Document(
        "T", "en", "2026-11-24", "day", "", (d.Section("s", "Risk?", (*figures, dates)), d.Section("m", "M", d.Missing("no.")))
    )
    told = reading(letter(whole, Language()), Language())
    assert "- Risk? finding 0" in told
    assert "finding 1" not in told
    assert "gone" not in told
    assert told.count("soon") == DATES_OF_MAIL


def test_a_letter_has_the_orders_by_name_with_the_month_of_their_prices(records):
    made_from, say = as_document(records["normal"])
    told = " ".join(reading(letter(made_from, say), say).split())
    held = [one for one in records["normal"]["positions"] if one["weight"] > 0]
    assert held
    for position in held:
        assert re.search(rf"- {re.escape(position['name'])}\. Order: buy [^;]+;.*?Last observed price, EUR: [^;]*20\d\d;", told)


def test_a_letter_has_the_first_table_and_says_what_it_leaves_out(records):
    made_from, say = as_document(records["normal"])
    rows = (
        *(d.Row((text(f"row {i}"), text(f"cell {i}"))) for i in range(ROWS_OF_MAIL + 2)),
        d.Row((text("sum"), text("all")), total=True),
    )
    section = d.Section("s", "S", (d.Table("T", (d.Column("a"), d.Column("b")), rows),))
    told = reading(letter(replace(made_from, sections=(section,)), say), say)
    assert f"row {ROWS_OF_MAIL - 1}. b: cell {ROWS_OF_MAIL - 1}" in told
    assert f"row {ROWS_OF_MAIL}." not in told
    assert "sum. b: all" in told
    assert "Two more rows stand in the attached report." in told


def test_equal_documents_are_equal_bytes(every):
    assert made(document(*blocks())) == every


def test_every_picture_is_inside_and_named_by_the_page(every):
    pictures = {part["Content-ID"].strip("<>"): part for part in read(every).walk() if part.get_content_type() == "image/png"}
    images = [attributes for tag, attributes in Tags(html_of(every)).tags if tag == "img"]
    assert {image["src"] for image in images} == {f"cid:{cid}" for cid in pictures}
    assert all(image["alt"] and 0 < int(image["width"] or 0) <= 640 for image in images)
    for part in pictures.values():
        assert part.get_content().startswith(SIGNATURE)
        assert part["Content-Disposition"].startswith("inline")


def test_the_page_needs_nothing_that_mail_programs_strip(every):
    page = html_of(every)
    found = Tags(page)
    assert found.open == []
    assert {tag for tag, _ in found.tags} <= {
        "html", "head", "meta", "title", "body", "table", "tr", "td", "th", "h1", "h2", "h3", "h4", "p", "b", "i", "br", "span", "img",
    }  # fmt: skip
    assert not any("class" in attributes or "id" in attributes for _, attributes in found.tags)
    assert not re.search(r"flex|grid|var\(|position|url\(|http", page.replace("http-equiv", ""))
    for tag, attributes in found.tags:
        assert tag != "table" or attributes.get("role") == "presentation" or attributes.get("aria-label")


@pytest.mark.parametrize("words", ["a\r\nBcc: x@y.example", "a\nb", "\u202ea", "\x00\x07", "稀土 Überlänge", "x" * 900])
def test_no_name_ends_a_header(words):
    message = read(made(document(*blocks()[:2], subject=words, title=words)))
    assert sorted(message.keys()) == ["Content-Type", "Date", "MIME-Version", "Subject", "X-Unsent"]
    assert message["Subject"] == header(f"{words}, 24 November 2026: {words}")
    assert len(message["Subject"]) <= 200
    assert message["Subject"].isprintable()


def test_names_that_turn_the_writing_are_isolated_by_characters():
    assert inline(text(name("\u202ea\u2069"), Span("", refs=("S1",)))).startswith("\u2068\u202ea\u2069<span")


def test_every_mark_of_a_legend_is_drawn_in_a_mail_too():
    """A swatch that the template does not know was a gap before its words."""
    names = {
        name for sheet in REPORTS.glob("assets/*.css") for name in re.findall(r"\.k\.([a-z0-9-]+)", sheet.read_text("utf-8"))
    }
    template = (REPORTS / "templates/email/mark.html.j2").read_text("utf-8")
    assert "plain" in names
    assert not {name for name in names if f'"{name}":' not in template}


def test_an_assumption_looks_like_one_without_a_style_sheet():
    assert "font-family:Georgia,serif" in inline(text(Span("5%", "assumption")))
    assert inline(text(NONE)).endswith("–</span>")


@pytest.mark.parametrize("which", ["normal", "hostile", "moved", "cash"])
def test_the_mail_of_a_report_is_within_its_limits(records, which):
    report, say = as_document(records[which])
    content = mail(letter(report, say), theme().templates, kept_bitmap, say)
    assert len(content) < SENT
    assert len(html_of(content).encode()) <= CUT
    assert "<script" not in html_of(content)
    Tags(html_of(content))


def test_a_packed_picture_has_the_same_pixels():
    def pixels(png: bytes) -> tuple[bytes, bytes]:
        head, data, at = b"", b"", 8
        while at < len(png):
            (length,) = struct.unpack(">I", png[at : at + 4])
            kind, content = png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
            assert zlib.crc32(kind + content) == int.from_bytes(png[at + 8 + length : at + 12 + length], "big")
            head, data = (content, data) if kind == b"IHDR" else (head, data + content * (kind == b"IDAT"))
            at += 12 + length
        return head, zlib.decompress(data)

    png = bitmap(drawn(d.Drawing(bars, (328,))))
    assert pixels(packed(png)) == pixels(png)
    assert len(packed(png)) < len(png)
    with pytest.raises(ValueError, match="no PNG"):
        packed(b"GIF89a")
