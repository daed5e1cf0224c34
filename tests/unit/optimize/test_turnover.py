"""Limits on what changes hands where trades are dear: costs are turned over too, and leave less wealth to turn over."""

from typing import Any

import numpy as np
import pytest

from tests.unit.optimize.problems import problem_of, random_covariance
from toolkit.core.errors import Infeasible
from toolkit.optimize.allocate import allocate
from toolkit.optimize.costs import Costs
from toolkit.optimize.solution import Allocation
from toolkit.optimize.wealth import solve_for_wealth_after_costs


def _dear(seed: int, *, in_objective: bool = False) -> dict[str, Any]:
    """A portfolio that has to be changed, under VAT and spreads, within a turnover; keyword arguments of `problem_of`."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(3, 7))
    held = rng.dirichlet(np.ones(n)) * rng.choice([1.0, 0.8])
    held[rng.random(n) < 0.3] = 0.0
    turnover, least = float(rng.uniform(0.05, 0.6)), float(rng.uniform(0.2, 0.8))
    return {
        "covariance": random_covariance(n, seed),
        "constraints": [
            {"name": "cash", "kind": "cash", "upper": 0.05},
            {"name": "turnover", "kind": "turnover", "upper": turnover},
            {"name": "group", "kind": "group", "assets": [f"a{i}" for i in range(n // 2)], "lower": least},
        ],
        "objective": {"kind": str(rng.choice(["min_risk", "max_utility"]))},
        "expected": rng.uniform(-0.05, 0.3, n),
        "previous": held,
        "costs": Costs(
            half_spread=rng.uniform(0, 0.05, n),
            storage=np.zeros(n),
            vat=rng.uniform(0, 0.25, n),
            holding_years=1.0,
            in_objective=in_objective,
        ),
    }


@pytest.mark.parametrize("seed", [0, 2, 11, 18])
def test_what_gives_way_for_a_turnover_gives_way_by_no_more_than_it_must(seed):
    dear = _dear(seed)
    with pytest.raises(Infeasible) as refused:
        allocate(problem_of(**dear))
    assert refused.value.details["relaxation_least"]

    def pasted(less: float) -> Allocation:
        moved = {term["name"]: dict(term) for term in dear["constraints"]}
        for setting in refused.value.details["set"]:
            path, _, value = setting.partition("=")
            _, name, key = path.split(".")
            moved[name][key] = float(value) - (less if key == "upper" else -less)
        return allocate(problem_of(**{**dear, "constraints": [*moved.values()]}))

    assert all((limit.slack or 0.0) > -1e-6 for limit in pasted(0.0).limits)
    with pytest.raises(Infeasible):
        pasted(2e-4)


@pytest.mark.parametrize("turnover", [0.545, 0.55])
def test_a_limit_that_only_cheap_trades_hold_is_no_contradiction(turnover):
    """The optimum at any wealth costs more than that leaves; other trades within the limit cost less."""
    answer = allocate(
        problem_of(
            random_covariance(6, 71),
            constraints=[
                {"name": "cash", "kind": "cash", "upper": 0.05},
                {"name": "turnover", "kind": "turnover", "upper": turnover},
                {"name": "group", "kind": "group", "assets": ["a0", "a1", "a2"], "lower": 0.527},
            ],
            objective={"kind": "max_utility"},
            expected=np.array([0.0, 0.22, 0.16, 0.28, 0.26, 0.02]),
            previous=np.array([0.0, 0.169, 0.0, 0.089, 0.013, 0.161]),
            costs=Costs(
                half_spread=np.array([0.039, 0.047, 0.025, 0.022, 0.031, 0.026]),
                storage=np.zeros(6),
                vat=np.array([0.04, 0.086, 0.051, 0.172, 0.102, 0.241]),
            ),
        )
    )
    assert answer.status == "feasible"
    assert answer.lots_gap is not None
    assert answer.lots_gap < 1e-3
    assert all((limit.slack or 0.0) > -1e-6 and limit.shadow_price is None for limit in answer.limits)


@pytest.mark.parametrize("seed", [1, 24])
def test_wealth_is_what_trades_leave_to_the_last_digit(seed):
    problem = problem_of(**_dear(seed, in_objective=True))
    solved, _, wealth = solve_for_wealth_after_costs(problem, problem.linear_constraints(), None)
    assert solved.wealth == pytest.approx(wealth, abs=2e-10)
