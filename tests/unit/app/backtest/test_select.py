"""`toolkit backtest --select`: all strategies compared at once, in the object, the answer and the report."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.unit.app.sweeps.questions import price_file
from toolkit.cli.main import run


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("select")
    prices = ["--prices", str(price_file(folder)), "--prices-only", "--prices-currency", "EUR"]
    return [*prices, "--as-of", "2023-12-31", "--out", str(folder / "out"), "--quiet"]


def test_the_set_its_blocks_and_its_seed_are_recorded_and_told(files: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["backtest", "equal-weight", "risk-parity", "--start", "2021-10-31", "--no-baselines", "--select", *files]
    assert run([*asked, "--seed", "3", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["selection"]
    assert (found["returns"], found["block"], found["seed"], found["benchmark"]) == (26, 3, 3, "equal-weight")
    assert set(found["p_values"]) == {"equal-weight", "risk-parity"}
    assert max(found["p_values"].values()) == 1.0
    assert run([*asked, "--lang", "de", "--report"]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "Blöcke von im Mittel 3 Renditen" in told
    page = next(Path(files[files.index("--out") + 1]).rglob("report.de.html")).read_text(encoding="utf-8")
    assert "Blöcke von im Mittel 3 Renditen" in page


def test_too_few_months_are_refused_in_a_sentence(files: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["backtest", "equal-weight", "risk-parity", "--start", "2023-06-30", "--no-baselines", *files]
    assert run([*asked, "--select"]) == 0
    assert "6 returns are too few" in " ".join(capsys.readouterr().out.split())
    assert run([*asked, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["selection"] is None


def test_one_strategy_alone_is_no_choice(files: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["backtest", "equal-weight", "--start", "2023-06-30", "--no-baselines", "--select", *files]) == 2
    assert "there is one" in capsys.readouterr().err
