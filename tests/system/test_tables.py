"""Every table of every command on narrow terminals: no column is lost, no figure and no word is broken."""

from __future__ import annotations

import html
import importlib
import json
import re
from pathlib import Path

import pytest

import toolkit.app.answers
import toolkit.cli
from tests.lots import HEADER, TWELVE
from toolkit.cli.main import run
from toolkit.report.answer import Answer
from toolkit.report.document import Figure, Table
from toolkit.report.formats.plain import Medium, PlainData
from toolkit.report.formats.terminal import LONGEST_WORD, as_line, terminal
from toolkit.report.i18n.formats import NARROW, NBSP, readable
from toolkit.report.i18n.text import plain

DAY = ("--as-of", "2026-11-24")
PRICES = "date,asset,price\n" + "".join(
    f"{2020 + i // 12}-{i % 12 + 1:02d},a_long_name_of_an_asset,{128073.57 + 911 * (i * 7 % 5):.2f}\n" for i in range(48)
)
COMMANDS = {
    "allocation": ("optimize", "physical-basket", "--no-report", "--explain", *DAY),
    "frontier": ("frontier", "control-pressure-views", "--points", "11", *DAY),
    "point": ("frontier", "physical-basket", "--points", "11", *DAY),
    "controls": ("controls", *DAY),
    "gallium": ("controls", "gallium", "--to", "USA", *DAY),
    "items": ("controls", "--item", "gallium", *DAY),
    "exposure": ("exposure", "lots.csv", *DAY),
    "holdings": ("holdings", "check", "lots.csv", *DAY),
    "flows": ("flows", *DAY),
    "flow": ("flows", "germanium", *DAY),
    "supply": ("supply", *DAY),
    "metal": ("supply", "gallium", *DAY),
    "shock": ("shock", "gallium", "--premium", "0.3", *DAY),
    "event": ("event", "EV020", *DAY),
    "factors": ("factors", "equal-weight", "--as-of", "2022-12-31"),
    "doctor": ("doctor", *DAY),
    "strategies": ("strategies", "list"),
    "data": ("data", "list", *DAY),
    "quality": ("data", "validate", "--prices", "prices.csv", *DAY),
    "config": ("config", "show"),
}
GOLD = "W-2024-0001-Rotterdam,gold,metal,99.99 %,31.1035,kg,2024-03-01,61000,EUR,AUS,DEU,stored,individual,,,,"


@pytest.fixture
def printed(monkeypatch: pytest.MonkeyPatch) -> list[tuple[list[str], list[bool], list[list[str]]]]:
    """Headings, which of them are of figures, and rows of the tables that a command prints."""
    found: list[tuple[list[str], list[bool], list[list[str]]]] = []
    original = toolkit.app.answers.terminal

    def recorded(document, say, **options):
        for form in Medium(say).told(document):
            if isinstance(form, Table | PlainData):
                table = form.table if isinstance(form, PlainData) else form
                heads, right = [column.label for column in table.columns], [column.align == "right" for column in table.columns]
                rows = [[as_line(cell).replace(NBSP, " ").replace(NARROW, " ") for cell in row.cells] for row in table.rows]
                found.append((heads, right, rows))
        return original(document, say, **options)

    monkeypatch.setattr(toolkit.app.answers, "terminal", recorded)
    return found


@pytest.mark.parametrize("name", COMMANDS)
def test_no_column_is_lost_and_no_figure_broken(name, printed, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("lots.csv").write_text("\n".join([HEADER, GOLD, *TWELVE]))
    Path("prices.csv").write_text(PRICES)
    documents, original = [], toolkit.app.answers.terminal

    def recorded(document, say, **options):
        documents.append((document, say))
        return original(document, say, **options)

    monkeypatch.setattr(toolkit.app.answers, "terminal", recorded)
    monkeypatch.setenv("COLUMNS", "80")
    assert run(list(COMMANDS[name])) in (0, None)
    out = capsys.readouterr().out
    assert printed
    assert out.isascii()
    shown_whole(out, 80, printed)
    shown_whole("".join(terminal(*document, width=60) for document in documents), 60, printed)


def shown_whole(out, width, tables):
    """No line is wider, and every heading and every cell of the tables is there."""
    lines, words = out.splitlines(), out.split()
    assert max(map(len, lines)) <= width
    for heads, right, rows in tables:
        for j, heading in enumerate(heads):
            assert set(heading.replace("±", "+/-").split()) <= set(words), heading
            for cell in (row[j] for row in rows):
                if right[j]:
                    whole = any(cell.strip() in line for line in lines)
                    assert whole or (" " in cell.strip() and {*cell.split()} <= {*words}), cell
                else:
                    assert {word for word in cell.split() if len(word) <= LONGEST_WORD} <= set(words), cell


def test_commands_print_no_other_tables():
    files = [*Path(toolkit.cli.__file__).parent.glob("*.py")]
    assert files
    assert [file.name for file in files if "rich.table" in file.read_text(encoding="utf-8")] == []


def test_figures_are_the_same_in_german(printed, tmp_path, monkeypatch, capsys):
    """A language writes figures in its own way, and writes the same ones; no word of the data stays English."""
    monkeypatch.chdir(tmp_path)
    english_words: set[str] = set()
    original = Answer.word

    def recorded(self: Answer, identifier: str) -> str:
        if self.say.code == "de" and ("term", readable(identifier)) not in self.say.catalogue:
            english_words.add(readable(identifier))
        return original(self, identifier)

    monkeypatch.setattr(Answer, "word", recorded)
    Path("lots.csv").write_text("\n".join([HEADER, GOLD, *TWELVE]))
    for name in ("exposure", "gallium", "flow", "metal", "shock", "event"):
        assert run(list(COMMANDS[name])) in (0, None)
        english = [*printed]
        printed.clear()
        assert run([*COMMANDS[name], "--language", "de"]) in (0, None)
        assert [digits(table) for table in printed] == [digits(table) for table in english], name
        assert [heads for heads, _, _ in printed] != [heads for heads, _, _ in english]
        printed.clear()
    assert capsys.readouterr().out
    assert english_words == set()


def digits(table):
    """The digits of each cell of figures; dates of a terminal are ISO in any language."""
    _, right, rows = table
    return [[re.sub(r"\D", "", cell) for cell, figure in zip(row, right, strict=True) if figure] for row in rows]


@pytest.mark.parametrize("name", ["metal", "config"])
def test_a_page_and_markdown_hold_every_cell(name, tmp_path, monkeypatch, capsysbinary):
    monkeypatch.chdir(tmp_path)
    documents = []
    for module, render in (("toolkit.report.formats.markdown", "markdown"), ("toolkit.report.formats.html", "render")):
        original = getattr(importlib.import_module(module), render)

        def recorded(document, *arguments, original=original):
            documents.append(document)
            return original(document, *arguments)

        monkeypatch.setattr(f"{module}.{render}", recorded)
    for form in ("markdown", "html"):
        assert run([*COMMANDS[name], "--format", form]) in (0, None)
        out = html.unescape(capsysbinary.readouterr().out.decode()).replace("\\", "")
        out = " ".join(re.sub(r"<[^>]*>|\*\*", "", out).split())
        blocks = [block for section in documents[-1].sections for block in section.content]
        inner = [part for block in blocks for part in (block.body if isinstance(block, Figure) else (block,))]
        tables = [block for block in inner if isinstance(block, Table)]
        cells = [" ".join(plain(cell).split()) for table in tables for row in table.rows for cell in row.cells]
        assert cells
        assert [cell for cell in cells if cell not in out] == []


def test_json_is_a_format_and_an_option(capsys):
    assert run(["upcoming", *DAY, "--json"]) in (0, None)
    option = capsys.readouterr().out
    assert run(["upcoming", *DAY, "--format", "json"]) in (0, None)
    assert capsys.readouterr().out == option
    assert run(["upcoming", *DAY, "--within", "x", "--format", "json"]) == 2
    assert json.loads(capsys.readouterr().out)["error"]["kind"]


@pytest.mark.parametrize(
    "arguments",
    [("--format", "htm"), ("--format", "html", "--json"), ("--language", "xx"), ("--format", "ics")],
)
def test_a_format_or_a_language_that_is_not_there_is_refused(arguments, capsys):
    """Before anything is asked: the metal, which is not there, is not looked for."""
    assert run(["supply", "no_such_metal", *DAY, *arguments]) == 2
    assert capsys.readouterr().out == "" or "--json" in arguments
