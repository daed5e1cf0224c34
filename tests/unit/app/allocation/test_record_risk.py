"""Shares of the variance by factor, Euler's, against differences of the variance itself; what rows of limits state."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from tests.subjects import proposal
from tests.unit.optimize.problems import NO_CASH, problem_of, random_covariance
from toolkit.app.allocation.record_risk import factor_shares, lots_gap_value
from toolkit.core.forecast import Forecast
from toolkit.optimize.allocate import allocate
from toolkit.optimize.solvers.solve import SolverSpec

STRATEGIES = Path(__file__).parents[4] / "strategies"
FACTORS = ("gold", "dollar", "component_1")


@pytest.fixture
def forecast() -> Forecast:
    rng = np.random.default_rng(1)
    root = rng.standard_normal((3, 3)) * 0.2
    return Forecast(
        assets=("a", "b", "c", "d"), factors=FACTORS, loadings=rng.standard_normal((4, 3)), factor_cov=root @ root.T,
        specific_var=np.array([0.01, 0.02, 0.03, 0.04]), expected=np.zeros(4), periods_per_year=12.0, covariance="factor",
        levels=(),
    )  # fmt: skip


def test_a_share_is_what_the_variance_grows_by_when_a_factor_counts_a_little_more(forecast):
    weights = np.array([0.4, 0.3, 0.2, 0.1])
    shares = factor_shares(forecast, weights)
    step = 1e-6
    for k, name in enumerate(FACTORS[:2]):
        scale = np.ones(3)
        scale[k] += step
        louder = replace(forecast, loadings=forecast.loadings * scale)
        growth = (louder.variance(weights) / forecast.variance(weights) - 1) / step
        assert shares[name] == pytest.approx(growth / 2, abs=1e-5)
    assert sum(shares.values()) == pytest.approx(1)
    assert set(shares) == {"gold", "dollar", "specific"}


def test_nothing_held_and_no_named_factor_have_no_shares(forecast):
    assert factor_shares(forecast, np.zeros(4)) is None
    assert factor_shares(replace(forecast, factors=("component_1", "component_2", "residual_1")), np.full(4, 0.25)) is None


def test_a_limit_states_what_it_measures_and_within_how_many_days_it_sells():
    rows = {row["kind"]: row for row in proposal("can-be-sold")["constraints"]}
    assert (rows["liquidity"]["days"], rows["liquidity"]["measure"]) == (7, None)
    (cvar,) = (
        row
        for row in proposal("return-under-cvar", overrides=("solver.time_limit=0.5",))["constraints"]
        if row["kind"] == "risk_limit"
    )
    assert (cvar["measure"], cvar["confidence"], cvar["days"]) == ("cvar", 0.95, None)


@pytest.mark.parametrize(("measure", "power"), [("volatility", 1), ("variance", 2)])
def test_figures_of_a_limit_on_risk_are_in_the_unit_of_its_measure(tmp_path, measure, power):
    limit = f'[[constraint]]\nname = "calm"\nkind = "risk_limit"\nmeasure = "{measure}"\nupper = 0.9\n'
    file = tmp_path / "strategy.toml"
    file.write_text(f"{(STRATEGIES / 'minimum-risk.toml').read_text(encoding='utf-8')}\n{limit}", encoding="utf-8")
    run = proposal(str(file))
    (row,) = (row for row in run["constraints"] if row["name"] == "calm")
    assert row["measure"] == measure
    assert row["value"] == pytest.approx(run["risk"]["volatility"] ** power)


@pytest.mark.parametrize(
    ("objective", "worth"),
    [
        ({"kind": "min_risk"}, lambda w, covariance, mu: -np.sqrt(w @ covariance @ w)),
        ({"kind": "max_return", "volatility": 0.9}, lambda w, covariance, mu: w @ mu),
    ],
)
def test_the_gap_of_whole_lots_in_money_holds_whatever_other_lots_gain(objective, worth):
    """Nine lots of four assets, all ways to place them; the search may stop early."""
    covariance, mu, lot = random_covariance(4, seed=5), np.array([0.02, 0.05, 0.03, 0.04]), 1 / 9
    whole = [{"name": "lots", "kind": "lots"}, NO_CASH]
    problem = problem_of(covariance, objective=objective, expected=mu, constraints=whole, lots=np.full(4, lot))
    answer = allocate(problem, SolverSpec(gap=0.3))
    told = lots_gap_value(problem, answer, 90_000.0)
    ways = [np.array(w) * lot for w in product(range(10), repeat=4) if sum(w) == 9]
    gained = 90_000.0 * (max(worth(w, covariance, mu) for w in ways) - worth(answer.weights, covariance, mu))
    assert told is not None
    assert -1e-6 <= gained <= told + 1e-6
    equal = problem_of(covariance, objective={"kind": "equal_weight"}, constraints=whole, lots=np.full(4, lot))
    assert lots_gap_value(equal, allocate(equal), 90_000.0) is None
