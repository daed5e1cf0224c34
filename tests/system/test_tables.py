"""Every table of every command on narrow terminals: no column is lost, no figure and no word is broken."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

import toolkit.cli
from tests.lots import HEADER, TWELVE
from toolkit.cli.main import run
from toolkit.cli.tables import LONGEST_WORD, Table

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
def printed(monkeypatch: pytest.MonkeyPatch) -> list[Table]:
    """The tables that a command prints, as it prints them."""
    found: list[Table] = []
    original = Table.__rich_console__

    def recorded(self, console, options):
        found.append(self)
        return original(self, console, options)

    monkeypatch.setattr(Table, "__rich_console__", recorded)
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
    for table in printed:
        for j, column in enumerate(table.columns):
            assert set(column.heading.split()) <= set(words), column.heading
            for row in table.rows:
                if column.right:
                    assert any(row[j].strip() in line for line in lines), row[j]
                else:
                    assert {word for word in row[j].split() if len(word) <= LONGEST_WORD} <= set(words), row[j]


def test_parts_repeat_the_name_of_the_row():
    table = Table.of(("asset",), ("one", "two", "three"))
    table.add_row("gallium", "1,176.58", "128,073.57", "99.9%")
    console = Console(width=22, record=True, file=io.StringIO())
    console.print(table)
    told = console.export_text().splitlines()
    assert [line.split() for line in told] == [
        ["asset", "one"], ["gallium", "1,176.58"], ["asset", "two"], ["gallium", "128,073.57"], ["asset", "three"], ["gallium", "99.9%"],
    ]  # fmt: skip


def test_commands_print_no_other_tables():
    folder = Path(toolkit.cli.__file__).parent
    assert [file.name for file in sorted(folder.glob("*.py")) if "rich.table" in file.read_text()] == ["tables.py"]
