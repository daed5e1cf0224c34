"""What trading and holding costs, held against sums done by hand."""

from dataclasses import replace

import numpy as np
import pytest

from tests.unit.optimize.problems import NO_CASH, problem_of, random_covariance
from tests.unit.optimize.random_strategies import random_problem
from toolkit.core.assets import Asset
from toolkit.core.errors import DataError, Infeasible
from toolkit.optimize.allocate import allocate
from toolkit.optimize.costs import TRADING_DAYS_A_YEAR, Costs, Site, impact_coefficients
from toolkit.optimize.problem import check_costs
from toolkit.optimize.solution import solve
from toolkit.optimize.solvers.solve import SolverSpec
from toolkit.optimize.solvers.work import Work

NOT_COSTS = [
    ({"half_spread": [0.1, -0.1]}, "the spread is negative for b"),
    ({"storage": [np.nan, 0.0]}, "the storage cost is not a finite number for a"),
    ({"vat": [0.0, -0.19]}, "value added tax is negative for b"),
    ({"premium": [np.inf, 0.0]}, "the premium is not a finite number for a"),
    ({"impact": [0.0, np.nan]}, "the market impact is not a finite number for b"),
    ({"lot_fee": [0.0]}, "the fee of a lot: 1 rows for 2 names"),
    ({"lot_fee": [0.0, 1.0]}, "selling costs as much as it brings for b"),
    ({"fee": -1.0}, "the fee of a trade is negative for a, b"),
    ({"sites": (Site("Zug", np.nan, np.array([True, True])),)}, "the charge of Zug"),
    ({"sites": (Site("Zug", 1.0, np.array([True])),)}, "stored at Zug: 1 rows"),
    ({"holding_years": 0.0}, "holding period"),
]


def of(**given: object) -> Costs:
    arrays = {name: np.array(value) if isinstance(value, list) else value for name, value in given.items()}
    return Costs(**{"half_spread": np.array([0.05, 0.02]), "storage": np.array([0.01, 0.004]), **arrays})


def random_costs(seed: int, n: int = 5) -> Costs:
    rng = np.random.default_rng(seed)
    half, storage, lot, vat, premium, impact = rng.uniform(0, 0.2, (6, n))
    return Costs(half, storage, 40.0, 2.5, lot_fee=lot, vat=vat, premium=premium, impact=impact)


def test_where_nothing_was_held_a_spread_and_storage_cost_what_they_always_did_to_the_last_digit():
    rng = np.random.default_rng(1)
    for years in (1.0, 3.0, 7 / 12):
        half, storage = rng.uniform(0, 0.2, (2, 1000))
        assert np.array_equal(Costs(half, storage, holding_years=years).annual_rate, 2 * half / years + storage)


def test_a_year_of_a_holding_is_storage_the_exit_and_the_purchase_over_the_years():
    costs = of(holding_years=4.0, vat=[0.19, 0.0], premium=[0.2, 0.0], lot_fee=[0.01, 0.0])
    bought = (0.05 + 0.2 + 0.01 + 0.19 * 1.25) / 4
    assert costs.trade_rate == pytest.approx([bought, 0.02 / 4])
    assert costs.annual_rate == pytest.approx([0.01 + (0.05 + 0.01) / 4 + bought, 0.004 + 0.04 / 4])
    assert costs.annual_rate == pytest.approx(costs.holding_rate + costs.trade_rate)


def test_keeping_what_is_held_costs_storage_and_the_exit_alone():
    costs, held = of(fee=50.0, vat=[0.19, 0.19]), np.array([0.3, 0.2])
    assert costs.entry(held - held, 100_000.0) == 0
    assert costs.annual(held, held, 100_000.0) == pytest.approx(costs.holding_rate @ held)


def test_a_sale_pays_no_tax_and_no_premium():
    costs = of(vat=[0.19, 0.19], premium=[0.5, 0.5])
    assert costs.entry(np.array([-0.2, -0.1]), 1.0) == pytest.approx(0.05 * 0.2 + 0.02 * 0.1)


@pytest.mark.parametrize("seed", range(5))
def test_fractions_and_money_agree_and_no_trades_cost_more_than_the_most(seed):
    costs, rng, budget = random_costs(seed), np.random.default_rng(seed), 250_000.0
    before, after = (rng.dirichlet(np.ones(6))[:5] for _ in range(2))
    entry = costs.entry(after - before, budget)
    assert costs.paid((after - before) * budget, budget).sum() == pytest.approx(entry * budget)
    assert entry <= costs.most(budget)


def test_impact_is_the_square_root_law():
    sigma, volume, budget, spent = 0.32, 2_000_000.0, 400_000.0, 100_000.0
    b = impact_coefficients(0.9, np.array([sigma]), np.array([volume]), budget)
    by_hand = 0.9 * sigma / np.sqrt(TRADING_DAYS_A_YEAR) * np.sqrt(spent / volume) * spent
    costs = Costs(np.zeros(1), np.zeros(1), impact=b)
    assert costs.paid(np.array([spent]), budget) == pytest.approx([by_hand])


def test_without_a_volume_there_is_no_impact():
    assert np.array_equal(impact_coefficients(1.0, np.ones(2), np.array([np.nan, 1.0]), 1.0) > 0, [False, True])


def test_a_site_charges_once_if_anything_is_stored_there():
    sites = (Site("Zug", 100.0, np.array([True, False])), Site("Linz", 30.0, np.array([False, True])))
    costs = of(sites=sites)
    assert costs.site_fees(np.array([0.4, 0.0])) == 100.0
    assert costs.site_fees(np.array([0.4, 0.1])) == 130.0
    assert costs.site_fees(np.zeros(2)) == 0.0


@pytest.mark.parametrize(("given", "told"), NOT_COSTS)
def test_what_is_no_cost_is_refused_by_name(given, told):
    with pytest.raises(DataError, match=told):
        check_costs(("a", "b"), of(**given))


def test_the_optimum_buys_until_risk_saved_weighs_the_cost_of_a_year():
    """Two assets without correlation, fully invested: 2 v1 x1 + c1 = 2 v2 x2 + c2 at risk aversion 2."""
    variances, costs = np.array([0.04, 0.04]), of(holding_years=2.0, in_objective=True, premium=[0.02, 0.0])
    problem = problem_of(
        np.diag(variances), objective={"kind": "min_risk", "risk_aversion": 2.0}, costs=costs, constraints=[NO_CASH]
    )
    x = allocate(problem).continuous.x[:2]
    rate = costs.annual_rate
    first = (2 * variances[1] + rate[1] - rate[0]) / (2 * variances.sum())
    assert x == pytest.approx([first, 1 - first], abs=1e-6)


def test_costs_that_are_not_given_are_zero():
    costs = Costs.of(problem_of(random_covariance(3)).universe)
    assert not np.any([costs.lot_fee, costs.vat, costs.premium, costs.impact])
    assert costs.sites == ()


def test_a_limit_on_turnover_holds_where_a_fee_decides_what_is_traded():
    """What is kept pays no fee, and no fee moves the wealth by which it is kept: one asset stays as it was to a millionth."""
    answer = allocate(random_problem(5333))
    (turnover,) = [limit for limit in answer.limits if limit.name == "turnover"]
    assert turnover.binding
    assert turnover.slack == pytest.approx(0.0, abs=1e-8)
    assert answer.weights == pytest.approx(answer.continuous.x[:-1], abs=1e-9)


@pytest.mark.parametrize("in_objective", [True, False])
@pytest.mark.parametrize("upper", [0.2, 0.2003])
def test_turnover_without_room_for_costs_is_told_with_a_relaxation_that_has_an_answer(upper, in_objective):
    """A fifth is to be invested; what that costs leaves less wealth, of which it is more than a fifth."""
    costs = Costs(half_spread=np.full(3, 0.01), storage=np.zeros(3), in_objective=in_objective)

    def solved(**limits: float):
        constraints = [{"name": kind, "kind": kind, "upper": limit} for kind, limit in limits.items()]
        return allocate(
            problem_of(random_covariance(3), constraints=constraints, costs=costs, previous=np.array([0.4, 0.4, 0.0]))
        )

    given = {"cash": 0.0, "turnover": upper}
    with pytest.raises(Infeasible) as found:
        solved(**given)
    assert {*found.value.details["conflict"]} == {*given}
    (setting,) = found.value.details["set"]
    path, _, value = setting.partition("=")
    solved(**given | {path.split(".")[1]: float(value)})


@pytest.mark.parametrize("seed", range(6200, 6220))
def test_no_answer_breaks_a_limit_that_its_continuous_optimum_holds(seed):
    try:
        answer = solve(random_problem(seed), SolverSpec(), Work(10.0))
    except Infeasible:
        return
    for limit in answer.limits:
        assert limit.slack is None or limit.slack > -1e-7
    money = answer.values.sum() + answer.entry_cost + answer.cash * (1 - answer.entry_cost)
    assert money == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize("lower", [0.0, -0.2])
def test_the_function_at_another_wealth_is_the_one_made_there(lower):
    assets = [Asset.unknown(key) for key in "abcd"]
    costs = Costs(
        np.array([0.01, 0.02, 0.03, 0.04]), np.full(4, 0.002), holding_years=1.0, in_objective=True, borrow=np.full(4, 0.03)
    )
    told = {"name": "each", "kind": "bounds", "lower": lower, "upper": 0.9}
    problem = problem_of(
        random_covariance(4), assets=assets, constraints=[told], costs=costs, previous=np.array([0.5, 0.2, 0.0, 0.3])
    )
    x = np.array([0.4, 0.3, lower, 0.3 - lower, 0.0])
    assert problem.function is not None
    moved, made = problem.at_wealth(0.95).function, replace(problem, wealth=0.95).function
    assert moved is not None
    assert made is not None
    assert moved.value(x) == made.value(x) != problem.function.value(x)
    assert np.array_equal(moved.gradient(x), made.gradient(x))


def test_trades_of_some_assets_cost_what_they_do_among_all():
    costs, at, trades = random_costs(0), np.array([4, 1]), np.array([3000.0, -500.0])
    every = np.zeros(5)
    every[at] = trades
    assert np.array_equal(costs.paid(trades, 1e5, at), costs.paid(every, 1e5)[at])
    assert costs.paid(trades, 1e5, at).min() > 40.0
