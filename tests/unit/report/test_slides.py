"""Slides: one finding a slide, nothing that a slide cannot hold, nothing lost but data tables, and no script."""

from __future__ import annotations

import re

import pytest

from tests.records import as_document, report
from toolkit.app.report.theme import theme
from toolkit.report import document as d
from toolkit.report.formats.html import BARS, DATES, NOTES, PANELS, ROWS_OF_SLIDE, Slide, render, slides
from toolkit.report.i18n.language import Language
from toolkit.report.i18n.text import plain, text

from .kinds import blocks, document, words


def presented(*content: d.Block) -> d.Document:
    page = document(*content)
    return d.Document(page.title, "en", page.as_of, page.as_of_written, "", page.sections, layout="slides")


@pytest.mark.parametrize("block", blocks(), ids=[block.kind for block in blocks()])
def test_no_word_is_lost_but_the_data_behind_a_picture(block):
    found = render(presented(block), theme(), Language())
    figures = (block, *getattr(block, "figures", ()))
    # A caption of dates says how far off they are; what a date is noted for is not on a slide.
    left_out = {word for figure in figures for word in words(getattr(figure, "data", None))}
    assert {word for word in set(words(block)) - left_out if not re.search(rf"\b{word}\b", found)} == set()
    assert "<script" not in found
    assert not re.search(r'(?:href|src)="(?!#)', found)


def test_what_a_slide_cannot_hold_is_continued_in_nearly_equal_parts():
    row, bar, note = d.Row((text("x"),)), d.Bar(text("x"), (), 0.1), ("A1", text("x"))
    date = d.Date("2026-11-27", "w", "a", text("x"), (), "official", "ahead")
    cases = (
        (d.Table("c", (d.Column("h"),), (row,) * (2 * ROWS_OF_SLIDE + 1)), "rows", [5, 5, 5]),
        (d.BarTable("c", "h", (), (bar,) * (BARS + 1)), "bars", [5, 5]),
        (d.Notes((note,) * NOTES), "items", [NOTES]),
        (d.Calendar((date,) * (DATES + 3)), "dates", [DATES]),
    )
    for block, field, sizes in cases:
        found = slides(presented(block))
        assert [len(getattr(slide.blocks[0], field)) for slide in found] == sizes
        assert [slide.part for slide in found] == [(i + 1, len(sizes)) for i in range(len(sizes))]
    assert PANELS == 4


def test_a_calendar_shows_what_is_ahead_and_stands_below_its_strip():
    past = d.Date("2026-11-10", "w", "a", text("past"), (), "official", "past")
    ahead = d.Date("2026-11-27", "w", "a", text("ahead"), (), "official", "next")
    figure = d.Figure(text("next"), (), (d.Paragraph(text("strip")),))
    (slide,) = slides(presented(figure, d.Calendar((past, ahead))))
    assert [block.kind for block in slide.blocks] == ["paragraph", "calendar"]
    assert [plain(date.what) for date in slide.blocks[1].dates] == ["ahead"]  # pyright: ignore[reportAttributeAccessIssue]


def test_the_webinar_opens_with_the_nearest_date_and_every_slide_has_a_finding(records):
    made, _ = as_document(records["normal"], name="webinar")
    found: tuple[Slide, ...] = slides(made)
    assert made.layout == "slides"
    assert made.sections[0].name == "calendar"
    assert all(plain(slide.title) and slide.blocks for slide in found)
    page = report(records["normal"], name="webinar").decode()
    assert page.count('<section class="slide"') == len(found) == page.count('class="foot"')
    assert len(re.findall("<h1", page)) == 1
    assert 'id="slide-1"' in page
    assert f'href="#slide-{len(found)}"' in page
    assert f'href="#slide-{len(found) + 1}"' not in page
    german = report(records["normal"], name="webinar", lang="de").decode()
    assert "Notizen für den Vortrag" in german


def test_dates_in_rows_are_of_a_page_and_not_of_a_slide():
    rules = re.findall(r"([^{}]+)\{[^{}]*grid-template-columns", theme().slides_css)
    of_dates = [one.strip() for rule in rules for one in rule.split(",") if ".cal li" in one]
    assert of_dates
    assert all(one.startswith((".page ", ".slide ")) for one in of_dates)
