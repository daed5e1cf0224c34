import itertools

import numpy as np
import pytest

from benchmarks.lots import random_problem
from tests.unit.optimize.problems import NO_CASH, problem_of, random_covariance
from toolkit.core.assets import Asset
from toolkit.core.errors import Infeasible
from toolkit.optimize.allocate import allocate
from toolkit.optimize.costs import Costs
from toolkit.optimize.solvers.solve import SolverSpec

LOTS = {"name": "lots", "kind": "lots"}
CASH = {"name": "cash", "kind": "cash", "upper": 0.1}


def brute_force(problem, upper_cash=0.1, cap=None, floor=0.0):
    """The best of all whole-lot answers, at the wealth the optimizer measures risk with."""
    relaxed = allocate(
        problem_of(
            problem.forecast.matrix,
            assets=problem.universe.assets,
            constraints=[c.model_dump() for c in problem.constraints if c.kind not in ("lots", "min_ticket")],
            costs=problem.costs,
            budget=problem.data.budget,
            previous=problem.data.previous,
        )
    )
    wealth, best = 1 - relaxed.entry_cost, (np.inf, None)
    covariance, lot = problem.forecast.matrix, problem.lot_values
    for counts in itertools.product(*(range(int(1 / a) + 1) for a in lot)):
        values = np.array(counts) * lot
        traded = np.abs(values - problem.previous)
        cost = problem.costs.half_spread @ traded + problem.costs.fee / problem.data.budget * np.count_nonzero(traded > 1e-12)
        cash = 1 - values.sum() - cost
        left = 1 - cost
        held = values[values > 0]
        if cash < -1e-12 or cash > upper_cash * left + 1e-12 or (cap and np.any(values > cap * left + 1e-12)):
            continue
        if np.any(held < floor - 1e-12):
            continue
        x = values / wealth
        best = min(best, (x @ covariance @ x, counts), key=lambda item: item[0])
    return best


@pytest.mark.parametrize("seed", range(6))
def test_whole_lots_agree_with_brute_force(seed):
    covariance = random_covariance(3, seed)
    lot = np.random.default_rng(seed).uniform(0.05, 0.2, 3)
    assets = [Asset(key=f"a{i}", name=f"A{i}", lot_size=1.0, spread=0.1) for i in range(3)]
    cap = {"name": "cap", "kind": "bounds", "upper": 0.6}
    problem = problem_of(covariance, assets=assets, constraints=[CASH, LOTS, cap], lots=lot)
    answer = allocate(problem, SolverSpec(gap=1e-6))
    value, counts = brute_force(problem, cap=0.6)
    x = answer.values / (
        1 - allocate(problem_of(covariance, assets=assets, constraints=[CASH, cap], costs=problem.costs)).entry_cost
    )
    assert x @ covariance @ x <= value * (1 + 1e-5)
    assert tuple(answer.lots) == counts
    assert answer.lots_gap is not None
    assert answer.lots_gap <= 1e-6
    assert answer.status == "feasible"


def test_every_limit_is_checked_on_the_lots_and_the_money_closes():
    covariance = random_covariance(6, seed=2)
    lot = np.array([0.13, 0.02, 0.01, 0.06, 0.005, 0.03])
    assets = [Asset(key=f"a{i}", name=f"A{i}", lot_size=1.0, spread=0.15) for i in range(6)]
    controlled = np.array([1.0, 1, 0, 0, 1, 0])
    terms = [
        {"name": "cash", "kind": "cash", "upper": 0.05},
        {"name": "controlled", "kind": "control_exposure", "upper": 0.4},
        {"name": "cap", "kind": "bounds", "upper": 0.3},
        LOTS,
    ]
    problem = problem_of(covariance, assets=assets, constraints=terms, lots=lot, controlled=controlled)
    answer = allocate(problem)
    assert controlled @ answer.weights <= 0.4
    assert answer.weights.max() <= 0.3
    assert 0 <= answer.cash <= 0.05
    assert answer.values == pytest.approx(np.round(answer.lots) * lot)
    assert answer.values.sum() + answer.cash * (1 - answer.entry_cost) + answer.entry_cost == pytest.approx(1, abs=1e-12)
    assert all(limit.slack >= 0 for limit in answer.limits if limit.slack is not None)


def test_a_minimum_ticket_is_nothing_or_enough():
    covariance = np.diag([0.01, 0.02, 0.3, 0.5])
    ticket = {"name": "ticket", "kind": "min_ticket", "fraction": 0.2}
    problem = problem_of(covariance, constraints=[NO_CASH, ticket])
    answer = allocate(problem)
    held = answer.weights[answer.weights > 1e-9]
    assert len(held) < 4
    assert held.min() >= 0.2 - 1e-9
    assert np.isnan(answer.lots).all()


def test_a_ticket_in_money_is_relative_to_the_budget():
    ticket = {"name": "ticket", "kind": "min_ticket", "value": 30_000}
    answer = allocate(problem_of(np.diag([0.01, 0.02, 0.3]), constraints=[NO_CASH, ticket]))
    assert (answer.values[answer.values > 1e-9] >= 0.3 - 1e-9).all()


def test_tickets_of_some_assets_are_the_best_of_all_choices():
    """The least variance over every choice of what is held, each a problem of its own with a floor on what has a ticket."""
    covariance = random_covariance(4, 5)
    tickets = [
        {"name": "large", "kind": "min_ticket", "fraction": 0.35, "assets": ["a0", "a1"]},
        {"name": "small", "kind": "min_ticket", "fraction": 0.05, "assets": ["a2"]},
    ]
    answer = allocate(problem_of(covariance, constraints=[NO_CASH, *tickets]))
    least = []
    for held in itertools.product((0, 1), repeat=3):
        floors = [own * least for own, least in zip(held, (0.35, 0.35, 0.05), strict=True)]
        chosen = [
            {"name": key, "kind": "bounds", "assets": [key], "lower": floor, "upper": 1.0 if own else 0.0}
            for key, own, floor in zip(("a0", "a1", "a2"), held, floors, strict=True)
        ]
        w = allocate(problem_of(covariance, constraints=[NO_CASH, *chosen])).weights[:4]
        least.append(w @ covariance @ w)
    assert answer.weights[:4] @ covariance @ answer.weights[:4] == pytest.approx(min(least), rel=2e-3)
    for at, floor in enumerate((0.35, 0.35, 0.05)):
        assert answer.weights[at] < 1e-9 or answer.weights[at] >= floor - 1e-9


def test_the_least_number_of_lots_that_is_sold():
    assets = [Asset(key="a", name="A", lot_size=1.0, minimum_lots=5), Asset(key="b", name="B", lot_size=1.0)]
    cash = {"name": "cash", "kind": "cash", "upper": 0.2}
    answer = allocate(problem_of(np.diag([0.5, 0.01]), assets=assets, constraints=[cash, LOTS], lots=np.array([0.1, 0.1])))
    assert answer.lots[0] in (0.0, *range(5, 11))


def test_a_fee_makes_few_trades_better_than_many():
    assets = [Asset(key=f"a{i}", name=f"A{i}", lot_size=1.0) for i in range(4)]
    covariance, lot = np.diag([0.04] * 4), np.full(4, 0.01)
    cash = {"name": "cash", "kind": "cash", "upper": 0.05}
    free = problem_of(covariance, assets=assets, constraints=[cash, LOTS], lots=lot)
    dear = problem_of(covariance, assets=assets, constraints=[cash, LOTS], lots=lot, costs=Costs.of(free.universe, fee=2_000.0))
    answer = allocate(dear)
    assert answer.entry_cost == pytest.approx(0.02 * np.count_nonzero(answer.lots))
    assert answer.values.sum() + answer.entry_cost <= 1


def test_what_is_held_already_is_not_paid_for_again():
    assets = [Asset(key=k, name=k, lot_size=1.0, spread=0.2) for k in "ab"]
    previous = np.array([0.5, 0.0])
    problem = problem_of(
        np.diag([0.04, 0.04]),
        assets=assets,
        constraints=[{"name": "cash", "kind": "cash", "upper": 0.05}, LOTS],
        lots=np.array([0.01, 0.01]),
        previous=previous,
    )
    answer = allocate(problem, SolverSpec(gap=1e-6))
    assert answer.entry_cost == pytest.approx(0.1 * np.abs(answer.values - previous).sum(), abs=1e-12)
    assert answer.values[1] > 0.4


def test_a_budget_below_one_lot_says_so():
    with pytest.raises(Infeasible, match="whole lots") as refused:
        allocate(problem_of(np.diag([0.04, 0.04]), constraints=[CASH, LOTS], lots=np.array([1.2, 3.0])))
    assert "--budget" in refused.value.hint


def test_an_asset_without_lots_is_held_in_any_quantity():
    problem = problem_of(np.diag([0.04, 0.04]), constraints=[NO_CASH, LOTS], lots=np.array([0.3, np.nan]))
    answer = allocate(problem)
    assert float(answer.lots[0]).is_integer()
    assert np.isnan(answer.lots[1])
    assert answer.weights.sum() == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize(("seed", "known"), [(0, 8.26466e-3), (9, 1.303717e-2)])
def test_small_eigenvalues_of_a_covariance_cut_off_no_answer(seed, known):
    """HiGHS's presolve called one answer optimal to 3e-9 that is 1.8e-3 worse than another, and left the other without a bound."""
    problem = random_problem(30, seed, dense=True)
    answer = allocate(problem, SolverSpec(time_limit=10.0))
    assert answer.lots_gap <= 1e-3
    held = answer.lots * problem.lot_values
    assert held @ problem.forecast.matrix @ held <= known * 1.001
