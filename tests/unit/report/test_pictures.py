"""Charts as files: each with its finding, what is measured, its legend and its source, named by what it shows."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest

from tests.records import as_document, report
from toolkit.report import document as d
from toolkit.report.charts.draw import bitmap, drawn, is_drawing, standalone
from toolkit.report.charts.theme import width
from toolkit.report.formats.pictures import MARGIN, MARKS, Picture, file_word, framed, lines, pictures
from toolkit.report.i18n.formats import Formats
from toolkit.report.i18n.text import name, plain, text

from .kinds import bars, blocks, document

HOSTILE = "</title><script>alert(1)</script>"


def made(document: d.Document) -> list[Picture]:
    return list(pictures(document, Formats()))


def test_every_drawing_of_a_page_is_a_picture_and_every_table_with_bars(records):
    full, say = as_document(records["normal"], name="full")
    found = list(pictures(full, say.fmt))
    assert len({picture.name for picture in found}) == len(found)
    assert all(re.fullmatch(r"[a-z0-9-]+", picture.name) for picture in found)
    page = report(records["normal"], name="full").decode()
    charts = page.count('<div class="chart">') + len(re.findall(r'<table class="[^"]*\bbt\b', page))
    assert len(found) == charts > 10
    assert all(picture.title and full.as_of_written in picture.source for picture in found)


def test_a_figure_says_its_title_measure_legend_and_source_in_the_picture():
    figure = next(block for block in blocks() if isinstance(block, d.Figure))
    (picture,) = made(document(figure))
    svg = framed(drawn(picture.drawing), picture)
    words = " ".join(ET.fromstring(svg).itertext())
    for told in (plain(figure.title), plain(figure.sub), plain(figure.source), "legend", picture.told):
        assert told in words
    assert MARKS["on"] in svg
    assert "fill-ctl{fill:#b0391c}" in standalone(svg)
    assert bitmap(svg).startswith(b"\x89PNG")


def test_a_table_with_bars_is_drawn_with_its_bars_limits_and_words():
    rows = (
        d.Bar(text(name("Gallium")), (text("20.0%"), text("€7")), 0.5, cap=0.8),
        d.Bar(text("Gold"), (text("10.0%"), text("€3")), 0.25, reference=0.4, hollow=True),
    )
    table = d.BarTable("Weights", "Metal", (d.Column("weight"), d.Column("value")), rows, ((0.8, "limit 40%"),))
    (picture,) = made(document(d.Figure(text("t"), (), (table,))))
    assert picture.name == "all-weights"
    assert picture.told == "Weights: Gallium 20.0%, €7; Gold 10.0%, €3."
    svg = drawn(picture.drawing)
    assert is_drawing(svg)
    words = {element.text for element in ET.fromstring(svg).iter() if element.text}
    assert {"Gallium", "Gold", "20.0%", "10.0%", "weight", "value", "limit 40%"} <= words
    for look in ("fill-data", "stroke-data", "fill-cur"):
        assert look in svg


def test_a_name_ends_no_element_and_no_folder():
    chart = d.Chart((d.Drawing(bars, (328,)),), HOSTILE)
    figure = d.Figure(text(name(HOSTILE)), text(name(HOSTILE)), (chart,), (("none", HOSTILE),), text(name(HOSTILE)))
    (picture,) = made(document(figure))
    svg = framed(drawn(picture.drawing), picture)
    ET.fromstring(svg)
    assert "<script" not in svg
    assert file_word("../../Preise nach Monat, €/kg") == "preise-nach-monat-kg"


@pytest.mark.parametrize("words", ["", "one", "a word that is followed by many others " * 9, "x" * 300])
def test_lines_fit_and_keep_every_word(words):
    found = list(lines(words, 300, 12))
    assert " ".join(found).split() == words.split()
    assert all(width(line, 12) <= 300 or " " not in line for line in found)
    assert MARGIN > 0


def test_every_mark_of_a_legend_is_drawn(records):
    full, say = as_document(records["normal"], name="full")
    used = {mark for picture in pictures(full, say.fmt) for mark, _ in picture.legend}
    assert used <= MARKS.keys()
