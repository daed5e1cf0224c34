"""Every shipped strategy: decodes, says its idea and what would refute it, runs, and its books close."""

from datetime import date
from pathlib import Path

import pytest

from toolkit.app.config import resolve
from toolkit.app.optimize import propose
from toolkit.app.request import Request
from toolkit.strategy.decode import load_strategy

FOLDER = Path(__file__).resolve().parents[2] / "strategies"
NAMES = sorted(path.stem for path in FOLDER.glob("*.toml"))


def test_the_shipped_set():
    assert {"physical-basket", "minimum-risk", "risk-parity", "ex-china", "equal-weight"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_it_says_its_idea_its_source_and_its_refutation(name):
    about = load_strategy(FOLDER / f"{name}.toml").about
    assert len(about.idea) > 40
    assert len(about.source) > 20
    assert about.refuted_by


@pytest.mark.parametrize("day", [date(2025, 6, 30), date(2026, 11, 24)])
@pytest.mark.parametrize("name", NAMES)
def test_it_runs_on_the_bundled_data_and_its_books_close(name, day):
    record = propose(Request(str(FOLDER / f"{name}.toml"), resolve({}), day)).record
    positions, cash = record["positions"], record["cash"]
    assert sum(p["weight"] for p in positions) + cash["weight"] == pytest.approx(1, abs=1e-9)
    spent = sum(p["value"] for p in positions) + cash["value"] + record["costs"]["entry"]
    assert spent == pytest.approx(record["budget"], abs=0.01)
    assert sum(p["cost"] for p in positions) == pytest.approx(record["costs"]["entry"], abs=0.01)
    assert cash["value"] >= -1e-6
    assert record["status"] in ("optimal", "feasible")
    for constraint in record["constraints"]:
        if constraint["slack"] is not None:
            assert constraint["slack"] >= -1e-6, constraint
    assert record["risk"]["volatility"] > 0.03
