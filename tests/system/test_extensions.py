"""A file in a folder on the path of its package is a new kind: every command knows it, and no list names it."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

Extend = Callable[[str, str], None]

STRATEGY = """
[about]
title = "t"
idea = "i"
source = "s"

[universe]
assets = ["gallium", "germanium", "gold", "silver"]

[objective]
kind = "min_risk"
"""
GAP = '''
    """A limit on the difference of two weights."""

    from typing import Literal

    import numpy as np

    from toolkit.optimize.constraints.base import ConstraintData, LinearConstraint, UpperLimited


    class WeightGap(UpperLimited):
        """`upper` of the absolute difference between the weights of `first` and `second`."""

        kind: Literal["weight_gap"] = "weight_gap"
        first: str
        second: str

        def linear(self, data: ConstraintData) -> LinearConstraint:
            """One row."""
            row = np.zeros((1, len(data.universe) + 1))
            row[0, list(self.members(self.first, data))] = 1.0
            row[0, list(self.members(self.second, data))] = -1.0
            return LinearConstraint.of((self.name,), row, -self.upper, self.upper)
'''
CONSTRAINT = """
[[constraint]]
name = "near each other"
kind = "weight_gap"
first = "gold"
second = "silver"
upper = 0.1
"""


@pytest.fixture
def extend(tmp_path: Path) -> Iterator[Extend]:
    """Puts a module into a folder on the path of a package, for as long as the test."""
    added: list[tuple[str, str, str]] = []

    def add(package: str, source: str) -> None:
        folder = tmp_path / package
        folder.mkdir()
        (folder / "added_by_a_test.py").write_text(dedent(source), encoding="utf-8")
        importlib.import_module(package).__path__.append(str(folder))
        added.append((package, str(folder), f"{package}.added_by_a_test"))

    yield add
    for package, folder, module in added:
        importlib.import_module(package).__path__.remove(folder)
        sys.modules.pop(module, None)


def strategy(tmp_path: Path, text: str) -> str:
    path = tmp_path / "extended.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def weights(answer) -> dict[str, float]:
    record = json.loads(answer.stdout)
    return {position["asset"]: position["weight"] for position in record["positions"]}


def limit(record: dict[str, Any]) -> dict[str, Any]:
    return next(row for row in record["constraints"] if row["name"] == "near each other")


def test_a_constraint_of_one_file_binds_is_priced_and_explained(tmp_path, toolkit, extend):
    extend("toolkit.optimize.constraints", GAP)
    path = strategy(tmp_path, STRATEGY + CONSTRAINT)
    answer = toolkit("optimize", path, "--json")
    assert answer.returncode == 0, answer.stderr
    held, record = weights(answer), json.loads(answer.stdout)
    assert abs(held["gold"] - held["silver"]) == pytest.approx(0.1, abs=1e-6)
    assert limit(record)["binding"]
    assert limit(record)["shadow_price"] > 0
    report = next((tmp_path / "work").rglob("*.html")).read_text(encoding="utf-8")
    assert "near each other" in report
    explained = json.loads(toolkit("optimize", path, "--explain", "--no-report", "--json").stdout)["explanation"]
    row = next(row for row in explained["limits"] if row["name"] == "near each other")
    assert row["price"] == pytest.approx(limit(record)["shadow_price"])


def test_a_constraint_of_one_file_holds_in_whole_lots_and_along_the_frontier(tmp_path, toolkit, extend):
    extend("toolkit.optimize.constraints", GAP)
    lots = STRATEGY + CONSTRAINT + '[[constraint]]\nname = "lots"\nkind = "lots"\n'
    held = weights(toolkit("optimize", strategy(tmp_path, lots), "--no-report", "--json"))
    assert abs(held["gold"] - held["silver"]) <= 0.1 + 1e-9
    costly = STRATEGY + CONSTRAINT + '[costs]\ninclude = ["spread", "storage"]\n'
    answer = toolkit("frontier", strategy(tmp_path, costly), "--json")
    points = json.loads(answer.stdout)["points"]
    assert len(points) > 1
    assert all(abs(p["weights"].get("gold", 0.0) - p["weights"].get("silver", 0.0)) <= 0.1 + 1e-6 for p in points)


def test_a_constraint_of_one_file_is_named_in_a_conflict_and_relaxed(tmp_path, toolkit, extend):
    extend("toolkit.optimize.constraints", GAP)
    tight = CONSTRAINT + '[[constraint]]\nname = "much gold"\nkind = "bounds"\nassets = ["gold"]\nlower = 0.6\n'
    answer = toolkit("optimize", strategy(tmp_path, STRATEGY + tight), "--no-report", "--json")
    details = json.loads(answer.stdout)["error"]["details"]
    assert set(details["conflict"]) >= {"much gold", "near each other"}
    assert details["set"]


def test_a_constraint_of_one_file_is_on_the_page_of_the_language(toolkit, extend):
    assert "weight_gap" not in toolkit("strategies", "language").stdout
    extend("toolkit.optimize.constraints", GAP)
    page = toolkit("strategies", "language").stdout
    assert '### `[[constraint]] kind = "weight_gap"`' in page
    assert "absolute difference between the weights" in page
