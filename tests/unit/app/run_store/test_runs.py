"""`toolkit runs list|show|diff`: what is stored is found, shown as its command showed it, and compared."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import toolkit as tk
from tests.unit.app.sweeps.questions import price_file
from toolkit.app.topics.changes import _same
from toolkit.cli.main import run

ASKED = ["--as-of", "2023-12-31", "--quiet"]
Ask = Callable[..., Any]


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two proposals that differ in one limit, one without an answer, a backtest with its report, and a sweep."""
    folder = tmp_path_factory.mktemp("runs")
    files = ["--prices", str(price_file(folder)), "--prices-only", "--prices-currency", "EUR", "--out", str(folder / "out")]
    for command in (
        ["optimize", "minimum-risk", "--set", "constraint.any metal.upper=0.5"],
        ["optimize", "minimum-risk", "--set", "constraint.any metal.upper=0.35"],
        ["optimize", "minimum-risk", "--set", "constraint.any metal.upper=0.2"],
        ["backtest", "equal-weight", "--start", "2023-06-30", "--report", "--client", "Erika"],
        ["sweep", "equal-weight", "--starts", "2023-09-30:2023-10-31"],
        ["sweep", "equal-weight", "--starts", "2023-08-31:2023-10-31"],
    ):
        code = run([*command, *files, *ASKED])
        assert code == (5 if command[-1].endswith("0.2") else 0)
    return folder / "out"


@pytest.fixture
def ask(output: Path, capsys: pytest.CaptureFixture[str]) -> Ask:
    def asked(*words: str, code: int = 0) -> Any:
        capsys.readouterr()
        assert run(["runs", *words, "--out", str(output), "--json"]) == code
        return json.loads(capsys.readouterr().out)

    return asked


def ids(ask: Ask, command: str, status: str | None = None) -> list[str]:
    rows = ask("list")["runs"]
    return [row["run_id"] for row in rows if row["command"] == command and status in (None, row["status"])]


def test_every_kind_is_listed_the_last_one_first(ask: Ask) -> None:
    rows = ask("list")["runs"]
    assert [row["command"] for row in rows] == ["sweep", "sweep", "backtest", "optimize", "optimize", "optimize"]
    assert [row["status"] for row in rows] == ["complete", "complete", "complete", "infeasible", "optimal", "optimal"]
    assert {row["as_of"] for row in rows} == {"2023-12-31"}
    assert rows[2]["client"] == "Erika"
    assert rows[2]["strategies"] == ["equal-weight"]


def test_each_is_shown_as_its_command_wrote_it(ask: Ask, output: Path) -> None:
    for command, folder in (("optimize", "runs"), ("sweep", "sweeps")):
        name = ids(ask, command)[0]
        assert ask("show", name) == json.loads((output / folder / name / "run.json").read_text(encoding="utf-8"))
    (name,) = ids(ask, "backtest")
    stored = json.loads((output / "reports" / name / "run.json").read_text(encoding="utf-8"))
    assert ask("show", name) == stored["backtest"]
    assert ask("show", name[-10:]) == stored["backtest"]
    assert ask("show", "last") == ask("show", ids(ask, "sweep")[0])


def test_a_backtest_of_a_sweep_is_found_by_its_fingerprint(ask: Ask, output: Path) -> None:
    for one in ask("show", "last")["runs"]:
        stored = json.loads((output / "backtests" / f"{one['fingerprint']}.json").read_text(encoding="utf-8"))
        assert ask("show", one["fingerprint"][:9]) == stored


@pytest.mark.parametrize("kind", ["terminal", "markdown", "html"])
@pytest.mark.parametrize("lang", ["en", "de"])
def test_each_is_shown_in_each_format_and_language(
    ask: Ask, output: Path, capsys: pytest.CaptureFixture[str], kind: str, lang: str
) -> None:
    stored = [row["run_id"] for row in ask("list")["runs"]]
    shown = {name: _printed(["show", name], output, kind, lang, capsys) for name in stored}
    assert len({*shown.values()}) == len(stored)
    conflict = shown[ids(ask, "optimize", "infeasible")[0]]
    assert ("keine Antwort" if lang == "de" else "no answer") in conflict
    assert "any metal" in conflict
    assert "Erika" in _printed(["list"], output, kind, lang, capsys)


def _printed(words: list[str], output: Path, kind: str, lang: str, capsys: pytest.CaptureFixture[str]) -> str:
    capsys.readouterr()
    assert run(["runs", *words, "--out", str(output), "--format", kind, "--lang", lang]) == 0
    return capsys.readouterr().out


def test_what_differs_is_told_in_the_language_of_the_reader(ask: Ask, output: Path, capsys: pytest.CaptureFixture[str]) -> None:
    second, first = ids(ask, "optimize", "optimal")
    told = _printed(["diff", first, second], output, "markdown", "de", capsys)
    assert "durchschnittlicher Verlust des schlechtesten Zwanzigstels" in told
    of = {row.split("|")[2].strip() for row in told.splitlines() if row.startswith("|")}
    assert not of & {"cash", "cvar 95", "status", "warnings", "expected return"}, of


def test_one_changed_limit_and_what_came_of_it_are_all_that_differs(ask: Ask) -> None:
    second, first = ids(ask, "optimize", "optimal")
    rows = ask("diff", first, second)["differences"]
    asked = [row for row in rows if row["part"] in ("settings", "strategy", "holdings", "prices", "data", "versions")]
    told = {"part": "strategy", "key": "constraints.any metal.upper", "first": 0.5, "second": 0.35, "unit": None}
    assert asked == [told]
    weights = {row["key"]: (row["first"], row["second"]) for row in rows if row["part"] == "weights"}
    for side, name in enumerate((first, second)):
        positions = {one["asset"]: one["weight"] for one in ask("show", name)["positions"]}
        assert {key: pair[side] for key, pair in weights.items() if key != "cash"} == {
            key: positions[key] for key in weights if key != "cash"
        }
    assert {"volatility", "objective"} <= {row["key"] for row in rows if row["part"] == "figures"}


def test_a_run_does_not_differ_from_itself(ask: Ask) -> None:
    for row in ask("list")["runs"]:
        assert ask("diff", row["run_id"], row["run_id"])["differences"] == []


def test_sweeps_differ_by_their_starts(ask: Ask) -> None:
    second, first = ids(ask, "sweep")
    rows = ask("diff", first, second)["differences"]
    told = {row["key"]: (row["first"], row["second"]) for row in rows if row["part"] == "settings"}
    assert told == {"starts": ("2023-09-30:2023-10-31", "2023-08-31:2023-10-31")}
    assert "growth of start 2023-08-31" in {row["key"] for row in rows}


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["show", "2023"], 3, "6 stored runs are meant"),
        (["show", "nothing"], 3, "no run 'nothing'"),
        (["show", "last", "--as-of", "2023-12-31"], 2, "a date of its own"),
    ],
)
def test_what_means_no_run_is_refused(ask: Ask, words: list[str], code: int, told: str) -> None:
    assert told in ask(*words, code=code)["error"]["message"]


def test_last_beside_another_is_the_last_other_one_of_its_command(ask: Ask, output: Path) -> None:
    (backtest,), (last, first) = ids(ask, "backtest"), ids(ask, "optimize", "optimal")
    assert ids(ask, "sweep")  # one of these is the last of all
    conflict = ids(ask, "optimize", "infeasible")[0]
    assert [one["run_id"] for one in map(ask("diff", "last", first).get, ("first", "second"))] == [conflict, first]
    assert [one["run_id"] for one in map(ask("diff", conflict, "last").get, ("first", "second"))] == [conflict, last]
    assert "no other run of `toolkit backtest`" in ask("diff", "last", backtest, code=3)["error"]["message"]
    assert ask("diff", "last", "last")["differences"] == []
    stored = tk.runs(output)
    assert stored.record == ask("list")
    assert stored.table["run_id"].to_list() == [row["run_id"] for row in ask("list")["runs"]]
    assert stored.show(first).to_json() == ask("show", first)
    assert stored.diff("last", first)["key"].to_list() == [row["key"] for row in ask("diff", "last", first)["differences"]]


def test_runs_of_two_commands_are_not_compared(ask: Ask) -> None:
    message = ask("diff", ids(ask, "optimize")[0], ids(ask, "sweep")[0], code=2)["error"]["message"]
    assert "`toolkit optimize`" in message
    assert "`toolkit sweep`" in message


def test_a_damaged_run_is_listed_with_the_reason_and_the_others_stand(
    tmp_path: Path, output: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name = next((output / "runs").iterdir()).name
    for folder, content in (("changed", None), ("foreign", '{"kind": "run"}'), ("cut", "{")):
        target = tmp_path / "runs" / folder
        target.mkdir(parents=True)
        for file in (output / "runs" / name).iterdir():
            (target / file.name).write_bytes(file.read_bytes())
        text = (target / "run.json").read_text(encoding="utf-8")
        (target / "run.json").write_text(text.replace("2023", "2024") if content is None else content, encoding="utf-8")
    assert run(["runs", "list", "--out", str(tmp_path), "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["runs"]
    assert [row["status"] for row in rows] == ["unreadable"] * 3
    assert all(row["fault"] for row in rows)
    assert run(["runs", "show", "changed", "--out", str(tmp_path)]) == 2
    assert run(["runs", "list", "--out", str(tmp_path)]) == 0
    assert "checksum" in capsys.readouterr().out


def test_an_empty_store_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["runs", "list", "--out", str(tmp_path)]) == 0
    assert "No run is stored" in capsys.readouterr().out


def test_what_is_held_is_compared_lot_by_lot_in_words(output, ask, tmp_path, capsys):
    """The lots of a run were a list of Python in one cell, wider than any terminal."""
    first = ids(ask, "optimize", "optimal")[0]
    folder = output.parent
    files = ["--prices", str(folder / "prices.csv"), "--prices-only", "--prices-currency", "EUR", "--out", str(tmp_path)]
    limit = ["--set", "constraint.any metal.upper=0.5"]
    assert run(["optimize", "minimum-risk", *limit, *files, *ASKED]) == 0
    assert run(["optimize", "minimum-risk", *limit, *files, *ASKED, "--holdings", str(output / "runs" / first)]) == 0
    capsys.readouterr()
    runs = tk.runs(tmp_path)
    one, other = (row["run_id"] for row in runs.table.iter_rows(named=True))
    assert run(["runs", "diff", one, other, "--out", str(tmp_path), "--json"]) == 0
    held = [row for row in json.loads(capsys.readouterr().out)["differences"] if row["part"] == "holdings"]
    lots = [row["first"] or row["second"] for row in held if row["key"].startswith("lots.")]
    assert len(lots) >= 2
    assert not any(row["key"].startswith("units.") or row["key"] == "lots" for row in held)
    assert not any("[" in words or "None" in words for words in lots)
    assert run(["runs", "diff", one, other, "--out", str(tmp_path), "--no-color"]) == 0
    heads = [line.split("  ") for line in capsys.readouterr().out.splitlines() if line.startswith("Part ")]
    assert [[head.strip() for head in line if head.strip()] for line in heads] == [
        ["Part", "What", "In the first", "In the second", "Change"]
    ]


def test_what_a_solver_cannot_tell_apart_is_no_difference():
    one, other = 0.02, 0.02 + 3e-9
    assert _same(one, other)
    assert not _same(one, 0.0201)
