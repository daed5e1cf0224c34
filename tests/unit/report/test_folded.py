"""Findings of the second order: the page keeps what they say, closes their tables, and opens them at full width."""

from __future__ import annotations

import re

import pytest

from tests.blocks import figures, table_of
from toolkit.app.report.theme import theme
from toolkit.report.compose import folded
from toolkit.report.document import Column, Columns, Document, Figure, Row, Section, Table
from toolkit.report.formats.html import render
from toolkit.report.i18n.language import Language
from toolkit.report.i18n.text import text

TABLE = Table("Figures", (Column("Metal", "left"), Column("Weight")), (Row((text("Gallium"), text("8.7%"))),))


def finding(title: str) -> Figure:
    return Figure(text(title), text("What is measured."), (TABLE,), (), text("Source: statistics."))


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_findings_stand_side_by_side_with_their_tables_closed(count):
    blocks = folded(*(finding(f"Finding {i}") for i in range(count)), None)
    assert len(blocks) == min(count, 1)
    assert isinstance(blocks[0], Columns) == (count > 1) if blocks else count == 0
    assert [(figure.body, table_of(figure)) for figure in figures(blocks)] == [((), TABLE)] * count


def test_title_and_measure_stay_and_the_source_goes_with_the_table():
    section = Section("x", "X", folded(finding("Finding")))
    page = render(Document("Test", "en", "2026-11-24", "24 November 2026", "", (section,)), theme(), Language())
    (closed,) = re.findall(r"<details>.*?</details>", page, re.DOTALL)
    assert "Source: statistics." in closed
    assert "Gallium" in closed
    rest = page.replace(closed, "")
    assert "Finding" in rest
    assert "What is measured." in rest
    assert "Source: statistics." not in rest


def test_a_figure_that_shows_something_keeps_its_source_beside_it():
    section = Section("x", "X", (finding("Finding"),))
    page = render(Document("Test", "en", "2026-11-24", "24 November 2026", "", (section,)), theme(), Language())
    assert "<details>" not in page
    assert "Source: statistics." in page
