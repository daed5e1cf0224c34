"""Every objective with few holdings and in whole lots against all choices there are: no answer is further from the best than told."""

import itertools
from typing import Any

import numpy as np
import pytest

from tests.unit.optimize.problems import NO_CASH, problem_of, random_covariance
from toolkit.core.assets import Asset, Universe
from toolkit.core.errors import ToolkitError
from toolkit.optimize.allocate import allocate
from toolkit.optimize.costs import Costs
from toolkit.optimize.solvers.solve import SolverSpec
from toolkit.scenarios.sets import Scenarios

SOLVER = SolverSpec(gap=1e-3)
OBJECTIVES: dict[str, dict[str, Any]] = {
    "min_risk": {"kind": "min_risk"},
    "cvar": {"kind": "min_risk", "measure": "cvar"},
    "semivariance": {"kind": "min_risk", "measure": "semivariance"},
    "max_utility": {"kind": "max_utility"},
    "max_return": {"kind": "max_return", "volatility": 0.2},
    "track": {"kind": "track", "target": "equal_weight"},
    "max_ratio": {"kind": "max_ratio"},
    "ratio to cvar": {"kind": "max_ratio", "measure": "cvar"},
    "information ratio": {"kind": "max_ratio", "benchmark": "equal_weight"},
    "max_diversification": {"kind": "max_diversification"},
}


def posed(objective: dict, *constraints: dict, n: int, seed: int, **more: Any):
    rng = np.random.default_rng(seed)
    covariance, expected = random_covariance(n, seed), rng.normal(0.06, 0.04, n)
    draws = rng.multivariate_normal(expected / 252, covariance / 252, 60)
    scenarios = Scenarios(
        assets=tuple(f"a{i}" for i in range(n)), returns=draws, probabilities=np.full(60, 1 / 60), ordered=True,
        kind="historical", periods_per_year=252.0,
    )  # fmt: skip
    return problem_of(covariance, objective=objective, constraints=constraints, expected=expected, scenarios=scenarios, **more)


def assert_true(answer, best: float) -> None:
    """The gap that is told is no less than that of the enumeration, and the answer is as good as was asked for."""
    assert answer.objective >= best - 1e-6 * abs(best)
    assert answer.lots_gap is not None
    assert answer.lots_gap <= SOLVER.gap * (1 + 1e-9)
    assert answer.objective - best <= answer.lots_gap * abs(best) + 1e-6 * abs(best)


@pytest.mark.parametrize("name", OBJECTIVES)
def test_few_holdings_agree_with_every_choice_of_them(name):
    n, most, objective, seed = 6, 2, OBJECTIVES[name], 0
    answer = allocate(posed(objective, NO_CASH, {"name": "few", "kind": "cardinality", "upper": most}, n=n, seed=seed), SOLVER)
    held = np.count_nonzero(answer.weights > 1e-7)
    assert held <= most
    (report,) = [limit for limit in answer.limits if limit.name == "few"]
    assert (report.value, report.limit, report.slack, report.side) == (held, most, most - held, "upper")
    assert report.binding == (held == most)
    best = np.inf
    for chosen in itertools.combinations(range(n), n - most):
        none = {"name": "none", "kind": "bounds", "upper": 0.0, "assets": [f"a{i}" for i in chosen]}
        try:
            best = min(best, allocate(posed(objective, NO_CASH, none, n=n, seed=seed)).objective)
        except ToolkitError:  # nothing of these is within the volatility, or beats the benchmark
            continue
    assert_true(answer, best)


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize(
    ("name", "fee"),
    [(name, fee) for name in OBJECTIVES for fee in (0.0, 120.0) if (name, fee) != ("semivariance", 120.0)],  # it has no price
)
def test_whole_lots_agree_with_every_number_of_them(name, seed, fee):
    n, objective = 3, OBJECTIVES[name]
    lot, most_cash = np.random.default_rng(seed).uniform(0.1, 0.2, n), 0.2
    assets = [Asset(key=f"a{i}", name=f"A{i}", lot_size=1.0) for i in range(n)]
    costs = Costs.of(Universe(tuple(assets)), fee=fee, in_objective=fee > 0)
    terms = ({"name": "cash", "kind": "cash", "upper": most_cash}, {"name": "lots", "kind": "lots"})
    problem = posed(objective, *terms, n=n, seed=seed, assets=assets, lots=lot, costs=costs)
    best, budget = np.inf, problem.data.budget
    for counts in itertools.product(*(range(int(1 / one) + 1) for one in lot)):
        values = np.array(counts) * lot
        wealth = 1 - costs.entry(values, budget)
        x = values / wealth
        over = any(own.excess(np.append(x, 1 - x.sum())) > 1e-9 for own in problem.objective_limits())
        if over or not -1e-12 <= 1 - x.sum() <= most_cash + 1e-12 or not x.any():
            continue
        charges = costs.charges(values, problem.previous, budget) / wealth if problem.objective.counts_charges else 0.0
        best = min(best, problem.objective.value(problem, x, charges if fee else 0.0))
    assert_true(allocate(problem, SOLVER), best)


def test_a_ratio_that_the_work_leaves_unproven_says_by_how_much():
    problem = posed({"kind": "max_diversification"}, NO_CASH, {"name": "few", "kind": "cardinality", "upper": 3}, n=10, seed=1)
    answer, proven = (allocate(problem, SolverSpec(gap=1e-3, time_limit=seconds)) for seconds in (0.02, 10.0))
    assert answer.lots_gap is not None
    assert proven.lots_gap is not None
    assert answer.lots_gap > SOLVER.gap >= proven.lots_gap
    assert proven.objective >= answer.objective / (1 - answer.lots_gap)


@pytest.mark.parametrize(
    ("objective", "limit"),
    [
        ({"kind": "min_risk", "measure": "cvar"}, None),
        ({"kind": "min_risk", "measure": "mad"}, None),
        ({"kind": "max_return"}, {"name": "tail", "kind": "risk_limit", "measure": "cvar", "upper": 0.02}),
    ],
)
def test_many_shares_have_an_answer_of_few_at_once(objective, limit):
    """No search finds these in the work that is granted: what it starts from does, and as well as a reader would by hand."""
    n, most, terms = 60, 8, [NO_CASH, *([limit] if limit else [])]
    weights = allocate(posed(objective, *terms, n=n, seed=3)).weights
    rest = [f"a{i}" for i in np.argsort(weights)[: n - most]]
    by_hand = allocate(posed(objective, *terms, {"name": "none", "kind": "bounds", "upper": 0.0, "assets": rest}, n=n, seed=3))
    few = {"name": "few", "kind": "cardinality", "upper": most}
    answer = allocate(posed(objective, *terms, few, n=n, seed=3), SolverSpec(time_limit=1.0))
    assert np.count_nonzero(answer.weights > 1e-6) <= most
    assert answer.objective <= by_hand.objective + 1e-6 * abs(by_hand.objective)
