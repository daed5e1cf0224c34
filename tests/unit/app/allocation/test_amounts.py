"""Values, cash and entry costs add up to the budget to the cent, whatever the budget, and so do the printed numbers."""

import numpy as np
import pytest

from tests.unit.optimize.problems import problem_of, random_covariance
from toolkit.app.allocation.amounts import AllocationAmounts
from toolkit.core.assets import Asset
from toolkit.core.errors import SpecError
from toolkit.core.units import significant
from toolkit.optimize.allocate import allocate
from toolkit.optimize.costs import Costs

PRICES = np.array([913.37, 61.123, 5_120.777, 28.9])
BOUNDS = {"name": "cap", "kind": "bounds", "upper": 0.5}
CASH = {"name": "cash", "kind": "cash", "upper": 0.2}
LOTS = {"name": "lots", "kind": "lots"}


@pytest.mark.parametrize("lot_size", [1.0, 0.1])
@pytest.mark.parametrize(
    "budget", [9_999.995, 10_000.005, 12_345.6785, 50_000.0, 7.3e9 + 0.11, 3.2e11 + 0.07, 1e12, 9e12 + 0.37]
)
def test_values_cash_and_costs_add_up_to_the_budget(budget, lot_size):
    sizes = np.full(4, lot_size)
    costs = Costs(half_spread=np.array([0.01, 0.02, 0.005, 0.013]), storage=np.zeros(4))
    lots = sizes * PRICES / budget
    assets = [Asset(key=f"a{i}", name=f"A{i}", lot_size=lot_size) for i in range(4)]
    problem = problem_of(
        random_covariance(4), assets=assets, constraints=[BOUNDS, CASH, LOTS], lots=lots, costs=costs, budget=budget
    )
    money = AllocationAmounts.of(problem, allocate(problem), PRICES, np.zeros(4), budget)
    assert np.count_nonzero(money.values) >= 2
    assert 0 <= money.cash <= 0.2 * budget + sum(lots) * budget
    printed = {
        "v": [*map(significant, money.values)],
        "c": significant(money.cash),
        "e": significant(money.entry),
        "b": significant(budget),
    }
    assert sum(printed["v"]) + printed["c"] + printed["e"] == pytest.approx(printed["b"], abs=0.004, rel=0)
    assert all(round(value, 2) == pytest.approx(value, abs=1e-6, rel=1e-15) for value in [*money.values, money.entry])


@pytest.mark.parametrize("budget", [1e13, 1e15, 1e300])
def test_a_budget_whose_cents_are_lost_is_refused(budget):
    with pytest.raises(SpecError, match="too large"):
        problem_of(random_covariance(4), budget=budget)
