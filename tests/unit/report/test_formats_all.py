"""What every format owes every kind of block: its words, all of them, and nothing of a name taken for markup."""

from __future__ import annotations

import email
import html
import json
import re
from dataclasses import asdict
from email import policy

import pytest

from toolkit.app.report.render import FORMATS
from toolkit.app.report.theme import theme
from toolkit.report import document as d
from toolkit.report.charts.draw import bitmap, drawn
from toolkit.report.formats.data import SCHEMA, as_data
from toolkit.report.formats.email import mail
from toolkit.report.formats.html import render
from toolkit.report.formats.markdown import inline, markdown
from toolkit.report.formats.plain import Medium
from toolkit.report.formats.terminal import terminal
from toolkit.report.i18n.language import Language
from toolkit.report.i18n.text import Span, in_runs, text

from .kinds import blocks, document, kinds, words

EVERY = blocks()
HOSTILE = "<b>|`x`[a](javascript:b)\r\n\u202e&amp;"


def html_part(content: bytes) -> str:
    message = email.message_from_bytes(content, policy=policy.default)
    return next(part.get_content() for part in message.walk() if part.get_content_type() == "text/html")


def written(document: d.Document) -> dict[str, str]:
    """The document in every format that is text, by the name of the format."""
    say = Language()
    return {
        "html": render(document, theme(), say),
        "md": markdown(document, say),
        "terminal": terminal(document, say, width=3000),
        "json": json.dumps(as_data(document), ensure_ascii=False),
        "email": html_part(mail(document, theme().templates, lambda drawing, scale: bitmap(drawn(drawing), scale), say)),
    }


def test_every_kind_is_here_and_has_a_form_in_the_media_without_marks():
    assert {block.kind for block in EVERY} == kinds()
    assert all(list(Medium(Language()).forms(block)) for block in EVERY)


def test_a_kind_that_no_medium_knows_is_an_error():
    with pytest.raises(KeyError):
        list(Medium(Language()).forms(d.Missing("no block")))  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("block", EVERY, ids=[block.kind for block in EVERY])
def test_no_format_loses_a_word(block):
    texts = written(document(block))
    expected = set(words(block))
    assert expected
    data = {word for figure in (block, *getattr(block, "figures", ())) for word in words(getattr(figure, "data", None))}
    for name, found in texts.items():
        # A mail leaves the data tables of charts to the page.
        lost = {word for word in expected if not re.search(rf"\b{word}\b", found)} - (data if name == "email" else set())
        assert lost == set(), name


@pytest.mark.parametrize("block", blocks(HOSTILE), ids=[block.kind for block in EVERY])
def test_no_format_takes_a_name_for_markup(block):
    texts = written(document(block, subject=HOSTILE, title=HOSTILE))
    assert json.loads(texts["json"])["subject"] == HOSTILE
    for name in ("html", "email"):
        assert "<b>|" not in texts[name]
        assert "&lt;b&gt;|`x`[a](javascript:b)" in texts[name]
        assert "&amp;amp;" in texts[name]
    assert "<b>" not in re.sub(r"\\.", "", texts["md"])
    assert "](" not in re.sub(r"\\.", "", texts["md"])
    assert "\r" not in texts["md"]


@pytest.mark.parametrize("name", ["normal", "moved", "tiny", "cash", "hostile", "shocks", "origins"])
def test_reports_say_their_result_in_every_format(records, name):
    from tests.records import as_document

    report, say = as_document(records[name])
    heading = next(block for block in report.sections[0].content if isinstance(block, d.Heading))
    told = "".join(span.text for span in heading.text)
    for kind in ("html", "md", "json", "email"):
        content = FORMATS[kind].make(report, say)
        assert content == FORMATS[kind].make(report, say)
        if kind in ("html", "email"):
            page = html_part(content) if kind == "email" else content.decode()
            result = re.search(r"<h1[^>]*>(.*?)</h1>", page, re.DOTALL)
            assert result
            assert html.unescape(re.sub("<[^>]+>", "", result[1])) == told
        elif kind == "json":
            assert {"kind": "heading", "text": [asdict(span) | {"refs": list(span.refs)} for span in heading.text]} in (
                json.loads(content)["sections"][0]["blocks"]
            )
        else:
            assert f"# {inline(heading.text)}\n" in content.decode()


def test_the_data_are_in_a_fixed_order_and_without_drawings():
    told = as_data(document(*EVERY))
    assert list(told) == ["schema_version", "kind", "language", "title", "as_of", "subject", "run_id", "sections"]
    assert (told["schema_version"], told["kind"], told["run_id"], told["as_of"]) == (SCHEMA, "report", "run-1", "2026-11-24")
    section = told["sections"][0]
    assert list(section) == ["name", "title", "missing", "blocks"]
    assert [next(iter(block.items())) for block in section["blocks"]] == [("kind", block.kind) for block in EVERY]
    assert section["blocks"][1]["text"][0]["refs"] == ["A1"]
    assert set(section["blocks"][7]) == {"kind", "told"}
    assert "vega" not in json.dumps(told)


def test_a_section_without_data_says_why_in_every_format():
    missing = d.Section("s", "Head", d.Missing("because of <this>"))
    texts = written(d.Document("T", "en", "2026-11-24", "day", "", (missing,)))
    assert json.loads(texts["json"])["sections"][0] | {"blocks": None} == {
        "name": "s", "title": "Head", "missing": "because of <this>", "blocks": None,
    }  # fmt: skip
    assert json.loads(texts["json"])["run_id"] is None
    assert "## Head\n\nbecause of \\<this\\>" in texts["md"]
    assert all("because of &lt;this&gt;" in texts[name] for name in ("html", "email"))


def test_a_gauge_is_told_as_a_share():
    table = d.Table("c", (d.Column("Limit", "left"),), (d.Row((text("cash"),), gauge=0.985),), gauge="Room used")
    assert "| cash | 99% |" in markdown(document(table), Language()).replace("98%", "99%")


def test_many_markers_in_a_row_are_shown_as_their_ends_and_few_one_by_one():
    """A folder of 34 price lists is as many sources, whose markers ran out of the page."""
    many = d.Paragraph(text("prices", Span("", refs=("S1", *(f"S{i}" for i in range(5, 39)), "A1", "A2"))))
    few = d.Paragraph(text("terms", Span("", refs=("S1", "S2", "S3"))))
    assert in_runs(("S1", "S5", "S6", "S7", "S8", "A9")) == ["S1", "S5–S8", "A9"]
    for name, found in written(document(many, few)).items():
        if name == "json":
            continue  # the data have every one
        assert not re.search(r"\bS2[0-9]\b", found), name
        assert re.search(r"\bS5(–|-)S38\b", found), name
        assert all(re.search(rf"\b{marker}\b", found) for marker in ("S1", "S2", "S3", "A1", "A2")), name
    assert '<a id="s5-at" href="#s5">S5–S38</a>' in written(document(many))["html"]
