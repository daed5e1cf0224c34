"""The terminal: one golden text a kind of block, and tables on terminals of any width."""

from __future__ import annotations

import dataclasses
import unicodedata

import pytest

from toolkit.report import document as d
from toolkit.report.formats.terminal import BOLD, PLAIN, cells, terminal, wrapped
from toolkit.report.i18n.language import Language
from toolkit.report.i18n.text import Span, name, strong, text

from .kinds import blocks, document, kinds


def written(*content: d.Block, **options) -> str:
    section = d.Section("all", "", content)
    return terminal(dataclasses.replace(document(), sections=(section,)), Language(), **options)


@pytest.mark.parametrize("block", blocks(), ids=[block.kind for block in blocks()])
def test_golden(block, request):
    golden = (request.path.parent / "golden" / "terminal" / f"{block.kind}.txt").read_text(encoding="utf-8")
    assert written(block) == golden


def test_every_kind_has_a_golden_text(request):
    assert {file.stem for file in (request.path.parent / "golden" / "terminal").glob("*.txt")} == kinds()


@pytest.mark.parametrize("width", [20, 40, 80, 200])
@pytest.mark.parametrize("block", blocks("a name of several words "), ids=[block.kind for block in blocks()])
def test_no_line_is_wider_than_the_terminal(block, width):
    assert max(map(cells, written(block, width=width).splitlines())) <= width


def table(heads: list[str], *rows: list[str]) -> d.Table:
    columns = tuple(d.Column(head.removeprefix(">"), "right" if head.startswith(">") else "left") for head in heads)
    return d.Table("c", columns, tuple(d.Row(tuple(text(name(cell)) for cell in row)) for row in rows))


def test_parts_repeat_the_name_of_the_row():
    told = written(table(["asset", ">one", ">two", ">three"], ["gallium", "1,176.58", "128,073.57", "99.9%"]), width=22)
    assert [line.split() for line in told.splitlines()] == [
        ["asset", "one"], ["gallium", "1,176.58"], ["asset", "two"], ["gallium", "128,073.57"], ["asset", "three"], ["gallium", "99.9%"],
    ]  # fmt: skip


def test_two_names_of_a_row_are_in_every_part():
    told = dataclasses.replace(table(["a", "b", ">c", ">d"], ["x", "y", "1,234,567", "7,654,321"]), keys=2)
    assert [line.split() for line in written(told, width=14).splitlines()] == [
        ["a", "b", "c"], ["x", "y", "1,234,567"], ["a", "b", "d"], ["x", "y", "7,654,321"],
    ]  # fmt: skip


def test_words_wrap_so_that_a_row_has_as_few_lines_as_it_can():
    long, short = "one two three four five six seven eight nine ten eleven twelve", "thirteen fourteen fifteen sixteen"
    lines = written(table(["what", "checked"], [long, short]), width=40).splitlines()
    assert len(lines) == 1 + 4


def test_wide_characters_take_two_cells_and_columns_stay_under_each_other():
    lines = written(table(["a", ">b"], ["鎵", "1"], ["xx", "22"])).splitlines()
    assert lines == ["a    b", "鎵   1", "xx  22"]
    assert cells("鎵a\u0301") == 3


def test_a_long_word_is_folded():
    assert list(wrapped("a " + "b" * 7, 3)) == ["a", "bbb", "bbb", "b"]


def test_signs_are_ascii_and_what_commands_a_terminal_is_gone():
    told = written(d.Paragraph(text("−5\u00a0% ± 1 – “x”\u202f¶2", name("\x1b[31mred\x07\u202e"))))
    assert told == '-5 % +/- 1 - "x" para 2\ufffd[31mred\ufffd\n'
    assert not [c for c in told if unicodedata.category(c) in ("Cc", "Cf") and c != "\n"]


def test_titles_are_bold_where_the_terminal_is_one():
    assert written(d.Heading(text(strong("x"))), bold=True) == f"{BOLD}x{PLAIN}\n"
    assert BOLD not in written(d.Heading(text(strong("x"))))


def test_a_space_that_does_not_break_keeps_a_figure_together():
    assert written(d.Paragraph(text("aaaa 12\u00a0kg")), width=8) == "aaaa\n12 kg\n"


def test_sections_have_titles_and_say_why_they_are_missing():
    sections = (
        d.Section("a", "First", (d.Paragraph(text("x", Span("", refs=("S1",)))),)),
        d.Section("b", "Second", d.Missing("Not known.")),
    )
    told = terminal(dataclasses.replace(document(), sections=sections), Language())
    assert told == "First\nx [S1]\n\nSecond\nNot known.\n"
