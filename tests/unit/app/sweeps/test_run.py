"""Sweeps: what is varied, what is stored, and what a killed one leaves."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

import toolkit as tk
from tests.unit.app.sweeps.questions import price_file, request
from toolkit.app.allocation.request import Request
from toolkit.app.config import resolve
from toolkit.app.context import Context
from toolkit.app.sweeps.executors import InProcess, Pool
from toolkit.app.sweeps.run import FAILED, SweepRequest, sweep
from toolkit.cli.main import run
from toolkit.core.errors import SpecError

OWN_BAN = """
[[event]]
event_id = "own-ban"
kind = "control"
instrument = "ban"
standing = "official"
announced = 2025-11-05
effective = 2025-11-05
authority = "MOFCOM"
origin = "China"
metals = ["gallium"]
forms = ["metal"]
citation = "a test"
"""
STARTS = (date(2022, 12, 31), date(2023, 3, 31))


def test_each_start_is_a_backtest_and_what_is_stored_is_not_computed_again(tmp_path: Path) -> None:
    store, told = tmp_path / "store", list[tuple[int, int, int]]()
    asked = request(tmp_path, store, starts=STARTS, on_progress=lambda *counts: told.append(counts))
    found = sweep(asked, InProcess())
    assert [one.changes["start"] for one in found.runs] == ["2022-12-31", "2023-01-31", "2023-02-28", "2023-03-31"]
    assert [one.first for one in found.runs] == [one.changes["start"] for one in found.runs]
    assert told == [(0, 4, 0), (1, 4, 0), (2, 4, 0), (3, 4, 0), (4, 4, 0)]
    (store / f"{found.runs[2].fingerprint}.json").unlink()
    told.clear()
    assert sweep(asked, InProcess()) == found
    assert told == [(3, 4, 3), (4, 4, 3)]


def test_windows_of_equal_length_end_before_the_day_of_knowledge(tmp_path: Path) -> None:
    found = sweep(request(tmp_path, tmp_path / "store", starts=(date(2023, 5, 31), date(2023, 12, 31)), months=6), InProcess())
    assert [(one.first, one.last) for one in found.runs] == [("2023-05-31", "2023-11-30"), ("2023-06-30", "2023-12-31")]
    for one in found.runs:  # over half a year the return in all, which no rate a year stretches
        figures = json.loads((tmp_path / "store" / f"{one.fingerprint}.json").read_text())["strategies"][0]["figures"]
        assert one.growth == figures["total"] != figures["growth"]


def test_what_prices_do_not_cover_is_no_window_of_that_length(tmp_path: Path) -> None:
    asked = request(tmp_path, tmp_path / "store", starts=(date(2020, 11, 30), date(2021, 2, 28)), months=12)
    early = sweep(asked, InProcess())
    assert [one.failure for one in early.runs[:2]] == [
        "there are prices from 2021-01-31 to 2021-11-30 alone.",
        "there are prices from 2021-01-31 to 2021-12-31 alone.",
    ]
    assert [one.failure for one in early.runs[2:]] == [None, None]


def test_values_and_random_universes_are_each_with_each_and_repeat(tmp_path: Path) -> None:
    vary = (("constraint.any metal.upper", ("0.5", "0.7")),)
    store = tmp_path / "store"
    asked = request(tmp_path, store, of="minimum-risk", vary=vary, universes=2, size=2, start=date(2023, 6, 30))
    found, again = sweep(asked, InProcess()), sweep(asked, InProcess())
    assert found == again
    assert len(found.runs) == len({one.fingerprint for one in found.runs}) == 4
    assert {one.changes["constraint.any metal.upper"] for one in found.runs} == {"0.5", "0.7"}
    assert {len(one.changes["universe"].split()) for one in found.runs} == {2}


def test_a_sample_is_of_the_whole_and_repeats_with_its_seed(tmp_path: Path) -> None:
    more = {"starts": (date(2022, 12, 31), date(2023, 6, 30)), "months": 6, "universes": 3, "size": 2}
    whole = sweep(request(tmp_path, tmp_path / "store", **more), InProcess())
    found = sweep(request(tmp_path, tmp_path / "store", sample=5, **more), InProcess())
    assert len(whole.runs) == 21
    assert len(found.runs) == 5
    rows = [one.fingerprint for one in whole.runs]
    assert (places := [rows.index(one.fingerprint) for one in found.runs]) == sorted(places)
    assert len({one.changes["start"] for one in found.runs}) > 1
    assert len({one.changes["universe"] for one in found.runs}) > 1
    assert sweep(request(tmp_path, tmp_path / "store", sample=5, **more), InProcess()) == found
    growths = [one.growth for one in found.runs if one.growth is not None]
    assert found.losing == sum(growth < 0 for growth in growths) / 5
    falls = [one.max_drawdown for one in found.runs if one.max_drawdown is not None]
    assert found.drawdowns == pytest.approx(np.quantile(falls, [0, 0.25, 0.5, 0.75, 1]))


def test_own_events_are_part_of_the_question_and_of_the_fingerprint(tmp_path: Path) -> None:
    """A ban that the user knows of stops what is on its way, in a process that has only the task."""
    file = tmp_path / "own.toml"
    file.write_text(OWN_BAN, encoding="utf-8")
    told = {}
    for name, events in (("without", None), ("with", str(file))):
        context = Context(resolve({}, file=None), date(2026, 6, 30), events, date(2026, 6, 30))
        rebalance = tk.RebalanceSpec(every="quarter", delay="median", on_ban="stuck")
        universe = tk.UniverseSpec(assets=("gallium", "gold"))
        strategy = tk.Strategy(universe=universe, objective=tk.EqualWeight(), rebalance=rebalance)
        asked = SweepRequest(Request(strategy, context), tmp_path / "store", start=date(2025, 9, 30))
        executor = InProcess() if events is None else Pool(2)
        (run_of,) = sweep(asked, executor).runs
        stored = json.loads((tmp_path / "store" / f"{run_of.fingerprint}.json").read_text(encoding="utf-8"))
        told[name] = (run_of.fingerprint, {one["kind"] for one in stored["strategies"][0]["incidents"]})
    assert told["with"][0] != told["without"][0]
    assert "stopped" in told["with"][1] - told["without"][1]


def test_a_backtest_without_an_answer_is_recorded_and_the_others_stand(tmp_path: Path) -> None:
    store = tmp_path / "store"
    found = sweep(request(tmp_path, store, starts=(date(2023, 10, 31), date(2024, 1, 31))), InProcess())
    failed = [one for one in found.runs if one.failure is not None]
    assert found.failed == len(failed) > 0
    assert all((store / f"{one.fingerprint}{FAILED}").is_file() for one in failed)
    assert any(one.growth is not None for one in found.runs)


def test_data_that_change_under_a_sweep_are_refused_and_the_next_one_tries_again(tmp_path: Path) -> None:
    file = price_file(tmp_path)
    before = file.read_bytes()

    def change(*_: int) -> None:
        file.write_bytes(before + b"\n")

    asked = request(tmp_path, tmp_path / "store", starts=STARTS, on_progress=change)
    assert sweep(asked, InProcess()).failed == 4
    file.write_bytes(before)
    assert sweep(replace(asked, on_progress=lambda *_: None), InProcess()).failed == 0


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"starts": (date(2023, 3, 31), date(2023, 1, 31))}, "is before"),
        ({"starts": (date(2023, 3, 1), date(2023, 3, 5))}, "no month ends"),
        ({"universes": 2, "size": 9}, "9 of 3 assets"),
        ({"starts": (date(2023, 9, 30), date(2023, 11, 30)), "months": 6}, "--months 6: from 2023-09-30 on"),
    ],
)
def test_a_question_without_an_answer_is_refused(tmp_path: Path, more: dict[str, object], told: str) -> None:
    with pytest.raises(SpecError, match=told):
        sweep(request(tmp_path, tmp_path / "store", **more), InProcess())


def any_of_group(group: int) -> bool:
    """Whether a process of a group lives."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def test_the_command_goes_on_after_kill_9_and_computes_only_what_is_missing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    prices, store = price_file(tmp_path), tmp_path / "out" / "backtests"
    options = ["equal-weight", "--prices", str(prices), "--prices-only", "--prices-currency", "EUR", "--as-of", "2023-12-31"]
    command = ["sweep", *options, "--starts", "2022-01-31:2023-06-30", "--out", str(tmp_path / "out"), "--json"]
    code = "import sys; from toolkit.cli.main import main; sys.exit(main())"
    words, silent = [sys.executable, "-c", code, *command, "--workers", "2"], subprocess.DEVNULL
    process = subprocess.Popen(words, stdout=silent, stderr=silent, start_new_session=True)
    deadline = time.monotonic() + 60
    while not [*store.glob("*.json")] and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    while any_of_group(process.pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not any_of_group(process.pid)  # its workers end with it
    before = {file: file.stat().st_mtime_ns for file in store.glob("*.json")}
    assert 0 < len(before) < 18
    assert run(command) == 0
    found = json.loads(capsys.readouterr().out)
    assert len(found["runs"]) == 18
    assert found["failed"] == 0
    assert all(file.stat().st_mtime_ns == written for file, written in before.items())
    assert not [*store.glob(".draft*")] or len([*store.glob("*.json")]) == 18


@pytest.mark.parametrize(
    "options",
    [
        ["--vary", "nothing"],
        ["--starts", "2023"],
        ["--universes", "two"],
        ["--cluster", "remote:2"],
        ["--start", "2023-01-31", "--starts", "2023-01-31:2023-02-28"],
    ],
)
def test_options_that_say_nothing_are_refused(options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["sweep", "equal-weight", *options]) == 2
    assert "error:" in capsys.readouterr().err
