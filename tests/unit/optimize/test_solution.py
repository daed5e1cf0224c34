"""The answer to a problem: it holds every limit, and is no refusal where there is one."""

import numpy as np
import pytest

from tests.unit.optimize.problems import problem_of, random_covariance
from toolkit.core.errors import Infeasible
from toolkit.optimize.allocate import allocate
from toolkit.optimize.costs import Costs
from toolkit.optimize.solvers.solve import SolverSpec

FREE = {"name": "cash", "kind": "cash", "upper": 1.0}


def test_what_is_held_is_not_kept_beyond_the_limit_of_the_objective():
    """Today's holdings return as much as may be had within the limit on volatility, and are far beyond it."""
    covariance = random_covariance(3, seed=2)
    held = np.array([0.3, 0.3, 0.2])
    volatility = 0.4 * float(np.sqrt(held @ covariance @ held))
    answer = allocate(
        problem_of(
            covariance,
            objective={"kind": "max_return", "volatility": volatility},
            constraints=[FREE],
            expected=np.array([0.05, 0.02, 0.01]),
            previous=held,
        )
    )
    assert float(np.sqrt(answer.weights @ covariance @ answer.weights)) <= volatility * (1 + 1e-6)
    assert (answer.limits[-1].slack or 0.0) > -1e-6


@pytest.mark.parametrize("fee", [500.0, 2_000.0])
def test_a_limit_may_ask_for_a_trade_that_is_not_worth_its_fee(fee):
    """The fee is more than the holding that the limits ask for: that is dear, and not impossible."""
    small = {"name": "small", "kind": "bounds", "assets": ["a0"], "lower": 0.001, "upper": 0.001}
    answer = allocate(
        problem_of(
            random_covariance(3, seed=1),
            objective={"kind": "max_return"},
            constraints=[small, {"name": "cash", "kind": "cash", "upper": 0.1}],
            expected=np.array([0.0, 0.1, 0.05]),
            costs=Costs(half_spread=np.full(3, 0.01), storage=np.zeros(3), fee=fee),
        ),
        SolverSpec(time_limit=2.0),
    )
    assert answer.weights[0] == pytest.approx(0.001, abs=1e-9)
    assert answer.entry_cost == pytest.approx((0.01 + 2 * fee / 100_000) / 1.01, abs=1e-9)
    assert all((limit.slack or 0.0) > -1e-9 for limit in answer.limits)


@pytest.mark.parametrize("rule", [{"kind": "lots"}, {"kind": "cardinality", "upper": 3}])
def test_what_is_decided_may_need_a_trade_that_is_not_worth_its_fee(rule):
    """A holding of half a per cent, each trade for one per cent: dear, and not impossible."""
    strategy = {"lots": np.full(3, 0.001), "previous": np.array([0.5, 0.4, 0.0])}
    strategy["costs"] = Costs(half_spread=np.zeros(3), storage=np.zeros(3), fee=1_000.0)

    def answer(lower: float, upper: float):
        small = {"name": "small", "kind": "group", "assets": ["a2"], "lower": lower, "upper": upper}
        constraints = [small, {"name": "rule", **rule}]
        return allocate(problem_of(random_covariance(3, 1), constraints=constraints, **strategy), SolverSpec(time_limit=2.0))

    assert all((limit.slack or 0.0) > -1e-9 for limit in answer(0.005, 0.0065).limits)
    if rule["kind"] == "lots":  # a lot is 0.00104 at most and two are 0.002 at least, whatever the fees
        with pytest.raises(Infeasible) as caught:
            answer(0.0012, 0.0015)
        assert caught.value.details["relaxation"]["small"] < 0.0006


def test_a_search_that_ends_before_its_work_asks_for_less():
    """Every proposal has an answer when pasted: this one was found at a gap of a half only, and 'none was found' at 0.001."""
    costs = Costs(
        half_spread=np.array([0.03174, 0.02637, 0.02926]),
        storage=np.zeros(3),
        vat=np.array([0.2428, 0.11477, 0.06032]),
        impact=np.array([0.14096, 0.04956, 0.00534]),
        fee=50.0,
        holding_years=1.0,
        in_objective=True,
    )

    def answer(turnover: float, group: float):
        constraints = [
            {"name": "cash", "kind": "cash", "upper": 0.05},
            {"name": "turn", "kind": "turnover", "upper": turnover},
            {"name": "first", "kind": "group", "assets": ["a0"], "lower": group},
        ]
        strategy = {"objective": {"kind": "max_return"}, "costs": costs, "previous": np.array([0.0, 0.49647, 0.32917])}
        strategy |= {"constraints": constraints, "expected": np.array([0.09411, 0.1277, 0.17162])}
        return allocate(problem_of(random_covariance(3, 70138), **strategy))

    with pytest.raises(Infeasible) as caught:
        answer(0.504907, 0.414396)
    moved = caught.value.details["relaxation"]
    found = answer(*(round(limit, 4) for limit in (0.504907 + moved["turn"] + 5e-5, 0.414396 - moved["first"] - 5e-5)))
    assert all((limit.slack or 0.0) > -1e-7 for limit in found.limits)
