"""Every table of every command on narrow terminals: no column is lost, no figure and no word is broken."""

from __future__ import annotations

from pathlib import Path

import pytest

import toolkit.app.answers
from tests.lots import HEADER, TWELVE
from toolkit.cli.main import run
from toolkit.cli.tables import Table as RichTable
from toolkit.report.document import Table
from toolkit.report.formats.terminal import LONGEST_WORD
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
    "upcoming": ("upcoming", "--within", "1y", *DAY),
    "exposure": ("exposure", "lots.csv", "--use", "gallium=2", *DAY),
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
    original, rich = toolkit.app.answers.terminal, RichTable.__rich_console__

    def recorded(document, *arguments, **options):
        for section in document.sections:
            for table in (block for block in section.content if isinstance(block, Table)):
                heads, right = [column.label for column in table.columns], [column.align == "right" for column in table.columns]
                found.append((heads, right, [[plain(cell) for cell in row.cells] for row in table.rows]))
        return original(document, *arguments, **options)

    def recorded_rich(self, console, options):
        found.append(([c.heading for c in self.columns], [c.right for c in self.columns], [list(row) for row in self.rows]))
        return rich(self, console, options)

    monkeypatch.setattr(toolkit.app.answers, "terminal", recorded)
    monkeypatch.setattr(RichTable, "__rich_console__", recorded_rich)
    return found


@pytest.mark.parametrize("width", [80, 60])
@pytest.mark.parametrize("name", COMMANDS)
def test_no_column_is_lost_and_no_figure_broken(name, width, printed, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", str(width))
    Path("lots.csv").write_text("\n".join([HEADER, GOLD, *TWELVE]))
    Path("prices.csv").write_text(PRICES)
    assert run(list(COMMANDS[name])) in (0, None)
    out = capsys.readouterr().out
    lines = out.splitlines()
    assert printed
    assert "…" not in out
    assert max(map(len, lines)) <= width
    words = out.split()
    for heads, right, rows in printed:
        for j, heading in enumerate(heads):
            assert set(ascii_of(heading).split()) <= set(words), heading
            for cell in (ascii_of(row[j]) for row in rows):
                if right[j]:
                    assert any(cell.strip() in line for line in lines), cell
                else:
                    assert {word for word in cell.split() if len(word) <= LONGEST_WORD} <= set(words), cell


def ascii_of(words: str) -> str:
    """As a terminal writes the signs of the answers."""
    return words.replace("\u2212", "-").replace("¶", "para ").replace("\u2013", "-").replace("\u202f", " ")
