"""A file in a folder on the path of its package is a new kind: every command knows it, and no list names it."""

from __future__ import annotations

import importlib
import json
import subprocess
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


EVEN = '''
    """Variance, and a price for uneven weights."""

    from __future__ import annotations

    from typing import TYPE_CHECKING, Literal

    import numpy as np

    from toolkit.optimize.objectives.base import Objective
    from toolkit.optimize.quadratic import ConvexObjective, Quadratic

    if TYPE_CHECKING:
        from toolkit.optimize.problem import Problem


    class EvenRisk(Objective):
        """Variance a year + `evenness` x sum of squared weights."""

        kind: Literal["even_risk"] = "even_risk"
        evenness: float = 1.0

        def function(self, problem: Problem) -> ConvexObjective:
            """The sum."""
            root, specific = problem.forecast.roots()
            zeros = np.zeros(len(specific))
            return ConvexObjective(Quadratic(root, np.sqrt(specific**2 + self.evenness), zeros, zeros))

        def unit(self, problem: Problem) -> str:
            """A variance."""
            return "variance"
'''


@pytest.mark.parametrize("lots", [False, True])
def test_an_objective_of_one_file_is_solved_explained_and_reported(tmp_path, toolkit, extend, lots):
    extend("toolkit.optimize.objectives", EVEN)
    cap = '[[constraint]]\nname = "cap"\nkind = "bounds"\nassets = ["gold"]\nupper = 0.2\n'
    text = STRATEGY.replace('"min_risk"', '"even_risk"\nevenness = 100.0') + cap
    path = strategy(tmp_path, text + '[[constraint]]\nname = "lots"\nkind = "lots"\n' * lots)
    answer = toolkit("optimize", path, "--explain", "--json")
    assert answer.returncode == 0, answer.stderr
    record = json.loads(answer.stdout)
    held = weights(answer)
    assert held["gold"] <= 0.2 + 1e-9
    assert held["silver"] == pytest.approx(0.8 / 3, abs=0.05 if lots else 1e-2)
    assert record["objective"]["kind"] == "even_risk"
    assert record["objective"]["value"] > 100 * sum(weight**2 for weight in held.values())
    assert record["explanation"]["holdings"][0]["from_cash"]["objective"] > 0
    row = next(row for row in record["explanation"]["limits"] if row["name"] == "cap")
    assert row["price"] == pytest.approx(2 * 100 * (0.8 / 3 - 0.2), rel=0.05)
    assert next((tmp_path / "work").rglob("*.html")).read_text(encoding="utf-8")
    assert 'kind = "even_risk"' in toolkit("strategies", "language").stdout


PRELUDE = """
import contextlib
import importlib.util
import io
import json
import sys
for package, folder in [item.split("=") for item in sys.argv.pop(1).split(";")]:
    spec = importlib.util.find_spec(package)
    spec.submodule_search_locations.append(folder)
    sys.modules[package] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules[package])
from toolkit.cli.main import run
answers = []
for arguments in json.load(sys.stdin):
    with contextlib.redirect_stdout(io.StringIO()) as out:
        run(arguments)
    answers.append(out.getvalue())
print(json.dumps(answers))
"""
"""Prints what each of the commands prints; the packages are there once a file was added to each."""
ADDED = {
    "toolkit.risk_model.covariance": """
        import numpy as np
        from typing import Literal
        from toolkit.core.decode import Spec
        from toolkit.risk_model.covariance.form import CovarianceInputs, StructuredCovariance, factor_form

        class EqualVolatility(Spec):
            '''The same volatility for each asset, and no correlation.'''

            kind: Literal["equal_volatility"] = "equal_volatility"
            volatility: float = 0.3

            def estimate(self, inputs: CovarianceInputs) -> StructuredCovariance:
                n = len(inputs.assets)
                return factor_form(np.eye(n) * self.volatility**2, np.zeros(n), ())
    """,
    "toolkit.risk_model.expected_returns": """
        import numpy as np
        from typing import Literal
        from toolkit.core.decode import Spec
        from toolkit.risk_model.covariance.form import CovarianceInputs, StructuredCovariance
        from toolkit.risk_model.expected_returns.base import ExpectedReturns

        class RankedReturns(Spec):
            '''`step` more for each asset of the universe than for the one before it.'''

            kind: Literal["ranked"] = "ranked"
            step: float = 0.01

            def estimate(self, inputs: CovarianceInputs, form: StructuredCovariance) -> ExpectedReturns:
                return ExpectedReturns(self.step * np.arange(1, len(inputs.assets) + 1))
    """,
    "toolkit.cli": """
        def added_by_a_test() -> None:
            '''Print a word.'''
            print("found")
    """,
}
FORECAST = """
[forecast]
covariance = {kind = "equal_volatility", volatility = 0.3}
returns = {kind = "ranked", step = 0.02}
"""


def test_a_covariance_a_forecast_of_returns_and_a_command_of_one_file_each_are_found(tmp_path):
    parts = []
    for package, source in ADDED.items():
        folder = tmp_path / package
        folder.mkdir()
        (folder / "added_by_a_test.py").write_text(dedent(source), encoding="utf-8")
        parts.append(f"{package}={folder}")
    text = STRATEGY.replace('"min_risk"', '"max_utility"\nrisk_aversion = 2.0') + FORECAST
    tight = '[[constraint]]\nname = "calm"\nkind = "risk_limit"\nmeasure = "volatility"\nupper = 0.1\n'
    work, paths = tmp_path / "work", {}
    for name, more in {"plain": "", "lots": '[[constraint]]\nname = "lots"\nkind = "lots"\n', "tight": tight}.items():
        (work / name).mkdir(parents=True)
        paths[name] = strategy(work / name, text + more)
    commands = [
        ["optimize", paths["plain"], "--no-report", "--json"],
        ["optimize", paths["plain"], "--explain", "--json", "--set", "objective.risk_aversion=3.0"],
        ["optimize", paths["lots"], "--no-report", "--json"],
        ["optimize", paths["tight"], "--no-report", "--json"],
        ["frontier", paths["plain"], "--json"],
        ["strategies", "language"],
        ["added-by-a-test"],
    ]
    done = subprocess.run(
        [sys.executable, "-c", PRELUDE, ";".join(parts)],
        cwd=work, input=json.dumps(commands), capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    *answers, page, word = json.loads(done.stdout)
    answer, explained, whole, refused, points = map(json.loads, answers)
    held = {row["asset"]: row["weight"] for row in answer["positions"]}
    # Without correlation the weights of the largest r'w - w'w x 0.09 are a straight line in the returns, two per cent apart.
    assert held["germanium"] - held["gallium"] == pytest.approx(0.02 / 0.18, abs=1e-6)
    assert held["silver"] - held["gold"] == pytest.approx(0.02 / 0.18, abs=1e-6)
    holdings = {row["asset"]: row for row in explained["explanation"]["holdings"]}
    assert holdings["silver"]["from_cash"]["objective_reward"] == pytest.approx(-0.08, abs=1e-9)
    report = next(work.rglob("*.html")).read_text(encoding="utf-8")
    assert all(row["name"] in report for row in holdings.values())
    assert all(row["volatility"]["used"] == pytest.approx(0.3) for row in explained["assets"])
    assert whole["solver"]["lots_gap"] is not None
    assert all(position["lots"] == int(position["lots"]) for position in whole["positions"])
    details = refused["error"]["details"]
    assert "calm" in details["conflict"]  # four alike without correlation have half the volatility of one: 0.15
    assert details["relaxation"]["calm"] == pytest.approx(0.05, abs=1e-3)
    assert points["points"][-1]["expected"] == pytest.approx(0.08, abs=1e-6)
    assert "equal_volatility" in page
    assert "ranked" in page
    assert word == "found\n"
