"""Markdown as a reader of CommonMark with tables understands it, under names that try to be more than names."""

from __future__ import annotations

import pytest
from markdown_it import MarkdownIt

from tests.records import as_document
from toolkit.report.document import Column, Notes, Paragraph, Row, Table
from toolkit.report.formats.markdown import inline, markdown
from toolkit.report.i18n.language import Language
from toolkit.report.i18n.text import NONE, Span, muted, name, strong, text

from .kinds import document

READER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
NAMES = (
    "<script>alert(1)</script>", "a|b\\|c", "`code` ``x``", "[x](javascript:alert(1))", "![i](data:x)", "*b* _i_ ~~s~~", "&lt;&#65;",
    "# head", "- item", "1. item", "+ plus", "--- x", "==", "<https://evil.example>", "$x$", "tail\\", "a\r\nb", "c\u2028d", "  spaced  ",
)  # fmt: skip


def tokens(source: str):
    for token in READER.parse(source):
        yield token
        yield from token.children or ()


def seen(source: str) -> str:
    """The text a reader sees."""
    return "".join(t.content if t.type in ("text", "text_special", "code_inline") else "" for t in tokens(source))


@pytest.mark.parametrize("hostile", NAMES)
@pytest.mark.parametrize("wrap", [name, strong, muted, lambda words: Span(words, "assumption")])
def test_a_name_is_seen_as_it_is_and_makes_nothing(hostile, wrap):
    source = inline(text(wrap(hostile)), first=True)
    expected = hostile.replace("\r\n", " ").replace("\u2028", " ").strip()
    assert seen(source).strip() == expected
    made = {t.type for t in tokens(source)}
    assert made <= {
        "paragraph_open",
        "paragraph_close",
        "inline",
        "text",
        "text_special",
        "strong_open",
        "strong_close",
        "em_open",
        "em_close",
    }


@pytest.mark.parametrize("hostile", NAMES)
def test_a_name_in_a_table_stays_in_its_cell(hostile):
    table = Table("c", (Column("Metal", "left"), Column("Sum")), (Row((text(name(hostile)), text("1"))),))
    found = list(tokens(markdown(document(table), Language())))
    cells = [found[i + 1] for i, token in enumerate(found) if token.type in ("td_open", "th_open")]
    assert len(cells) == 4
    assert (
        "".join(child.content for child in cells[2].children or ()).strip()
        == hostile.replace("\r\n", " ").replace("\u2028", " ").strip()
    )
    assert cells[3].content == "1"


@pytest.mark.parametrize(
    "link", ["https://evil.example/a", "HTTP://evil.example", "www.evil.example", "me@evil.example", "mailto:me@evil.example"]
)
def test_bare_addresses_are_cut_where_a_linker_would_begin(link):
    written = inline(text(name(link)))
    assert written != link
    assert seen(written) == link
    assert not any(start in written for start in ("s://", "P://", "www.", "e@"))


@pytest.mark.parametrize("turning", ["\u202edlog", "\u05d0\u05d1", "a\u2069\u202eb", "\u2066x\u202e"])
def test_a_name_that_turns_the_writing_turns_itself_alone(turning):
    written = inline(text("before ", name(turning), " after"))
    inner = written.removeprefix("before \u2068").removesuffix("\u2069 after")
    assert len(inner) == len(written) - len("before \u2068\u2069 after")
    assert not set(inner) & set("\u2066\u2067\u2068\u2069")


def test_ordinary_words_carry_no_invisible_characters():
    assert inline(text(name("Indium ingot"))) == "Indium ingot"


def test_emphasis_stands_only_where_it_is_read_as_emphasis():
    for spans in (
        text(strong("In 3 days"), ": last"), text("a ", Span("€5", "assumption", ("A1",)), "."), text(strong("bold "), "then"),
        text("(", Span("7.135 €", "assumption"), ")"), text(Span("Jun 2026", "assumption"), Span("), for.", "assumption")),
        text("word", Span("(x)", "assumption"), "word"), text(strong("end."), "more"), text(Span("a", "warn"), strong("b")),
    ):  # fmt: skip
        assert "*" not in seen(inline(spans))
    assert inline(text(strong("In 3 days"), ": last")) == "**In 3 days**: last"
    assert inline(text("at ", Span("€5", "assumption", ("A1",)), " a year")) == "at *€5*[A1] a year"


def test_lists_tables_and_paragraphs_in_full():
    written = markdown(
        document(
            Paragraph(text("12. of", " May"), "intro"),
            Table("c", (Column("M", "left"), Column("S")), (Row((text("a"), text(NONE))), Row((text("b"), ())))),
            Notes((("A1", text("given ", Span("5%", "assumption"))), ("", text("- x"))), assumed=True),
        ),
        Language(),
    )
    assert written == (
        "Title. As of **24\u00a0November\u00a02026**.\n\n## Section\n\n12\\. of May\n\n"
        "| M | S |\n| :--- | ---: |\n| a | – |\n| b |  |\n\n- **A1** *given 5%*\n- *- x*\n\n---\n\n"
        "Title, 24\u00a0November\u00a02026. subject\n"
    )


def test_the_report_of_hostile_names_has_no_markup_of_theirs(records):
    report, say = as_document(records["hostile"])
    made = {token.type for token in tokens(markdown(report, say))}
    assert not made & {"html_inline", "html_block", "link_open", "image", "code_inline", "fence", "code_block"}
    assert "table_open" in made
