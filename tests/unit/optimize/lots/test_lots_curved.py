"""Whole lots with measures of risk, limits on them, soft limits and costs of trading, against enumeration of every answer."""

import itertools
import time
from dataclasses import replace

import cvxpy as cp
import numpy as np
import pytest

from tests.unit.optimize.problems import problem_of, random_covariance
from toolkit.core.assets import Asset
from toolkit.core.errors import Infeasible
from toolkit.optimize.allocate import allocate
from toolkit.optimize.costs import Costs, Site
from toolkit.optimize.functions import ConvexConstraint, Deviation, RiskOf, TradeCost
from toolkit.optimize.infeasibility.diagnose import lots_infeasible
from toolkit.optimize.lots.exact import whole_lots
from toolkit.optimize.lots.rounding import Score
from toolkit.optimize.quadratic import Quadratic
from toolkit.optimize.solvers.mixed_integer import LotTerms
from toolkit.optimize.solvers.solve import SolverSpec
from toolkit.optimize.solvers.work import Work
from toolkit.risk_measures.dispersion import GiniMeanDifference
from toolkit.risk_measures.tail import CVaR
from toolkit.scenarios.sets import Scenarios

LOTS = {"name": "lots", "kind": "lots"}
CASH = {"name": "cash", "kind": "cash", "upper": 0.15}
CAP = {"name": "cap", "kind": "bounds", "upper": 0.55}
WEALTH = 0.95


def sample(n=4, seed=0, size=40, constraints=(CASH, CAP), fee=0.0, **data):
    """A problem in lots, its scenarios and a quadratic without risk."""
    rng = np.random.default_rng(seed)
    covariance = random_covariance(n, seed)
    lot = rng.uniform(0.08, 0.2, n)
    assets = [Asset(key=f"a{i}", name=f"A{i}", lot_size=1.0, spread=float(rng.uniform(0.02, 0.2))) for i in range(n)]
    problem = problem_of(covariance, assets=assets, constraints=[*constraints, LOTS], lots=lot, **data)
    if fee:
        problem = problem_of(
            covariance,
            assets=assets,
            constraints=[*constraints, LOTS],
            lots=lot,
            costs=Costs.of(problem.universe, fee=fee),
            **data,
        )
    returns = rng.multivariate_normal(np.full(n, 0.02), covariance / 12, size=size)
    scenarios = Scenarios(problem.universe.keys, returns, np.full(size, 1 / size), False, "simulated", 12.0)
    return problem, scenarios


def nothing(n):
    return Quadratic(np.zeros((0, n)), np.zeros(n), np.zeros(n), np.zeros(n))


def enumerate_lots(problem, quadratic, parts=(), convex=(), wealth=WEALTH, charged=False):
    """The least objective over all whole-lot answers that hold every limit, and its lots: from the definitions alone."""
    limits, costs, lot, best = problem.linear_constraints(), problem.costs, problem.lot_values, (np.inf, ())
    price = limits.price if len(limits.price) else np.full(len(limits.h), np.inf)
    for counts in itertools.product(*(range(int(1 / a) + 1) for a in lot)):
        values = np.array(counts) * lot
        paid = costs.entry(values - problem.previous, problem.data.budget)
        cash, total = 1 - values.sum() - paid, 1 - paid
        x = np.append(values, cash) / total
        beyond = np.maximum(limits.G @ x - limits.h, 0.0)
        soft = np.isfinite(price)
        if cash < -1e-12 or beyond[~soft].max(initial=0.0) > 1e-10:
            continue
        over = [(c, max(c.function.value(x) - c.limit, 0.0)) for c in convex]
        if any(c.price is None and excess > 1e-9 for c, excess in over):
            continue
        value = quadratic.value(values / wealth) + sum(p.value(x) for p in parts) * total / wealth
        value += price[soft] @ beyond[soft] * total / wealth
        value += sum(c.price * excess for c, excess in over if c.price is not None) * total / wealth
        value += costs.charges(values, problem.previous, problem.data.budget) / wealth if charged else 0.0
        best = min(best, (value, counts))
    return best


def agree(problem, quadratic, parts=(), convex=(), *, charged=False):
    n = len(problem.universe)
    relaxed = np.full(n, 0.9 / n)
    answer = whole_lots(
        problem,
        quadratic,
        relaxed,
        WEALTH,
        target_gap=1e-6,
        size=0.0,
        work=Work(20.0),
        parts=parts,
        convex=convex,
        charged=charged,
    )
    value, counts = enumerate_lots(problem, quadratic, parts, convex, charged=charged)
    assert answer.objective == pytest.approx(value, rel=2e-6, abs=1e-9)
    assert answer.bound <= value + 1e-9
    assert answer.gap <= 1e-6
    assert answer.values == pytest.approx(answer.lots * problem.lot_values)
    return answer, counts


@pytest.mark.parametrize("seed", range(2))
def test_a_limit_on_cvar_in_lots_agrees_with_enumeration(seed):
    problem, scenarios = sample(seed=seed)
    risk = RiskOf(CVaR(confidence=0.9), scenarios)
    free, _ = agree(problem, Quadratic(np.zeros((0, 4)), np.zeros(4), -np.arange(1.0, 5.0), np.zeros(4)))
    for part in (0.93, 0.85, 0.3):
        constraint = ConvexConstraint(risk, part * risk.value(np.append(free.values, 0.0)), -1)
        linear = Quadratic(np.zeros((0, 4)), np.zeros(4), -np.arange(1.0, 5.0), np.zeros(4))
        if np.isinf(enumerate_lots(problem, linear, convex=(constraint,))[0]):
            with pytest.raises(Infeasible):
                agree(problem, linear, convex=(constraint,))
            assert "cvar" in lots_infeasible(problem, (constraint,), Work(9.0), proven=True).message
        else:
            held, _ = agree(problem, linear, convex=(constraint,))
            assert held.objective > free.objective


@pytest.mark.parametrize("seed", range(2))
def test_a_soft_limit_on_cvar_is_paid_for(seed):
    problem, scenarios = sample(seed=seed)
    risk = RiskOf(CVaR(confidence=0.9), scenarios)
    reward = Quadratic(np.zeros((0, 4)), np.zeros(4), -np.array([0.02, 0.05, 0.08, 0.11]), np.zeros(4))
    agree(problem, reward, convex=(ConvexConstraint(risk, 0.03, 0, price=0.7),))


@pytest.mark.parametrize("seed", range(2))
def test_a_tracking_error_in_lots_agrees_with_enumeration(seed):
    problem, _ = sample(seed=seed)
    root, specific = problem.forecast.roots()
    target = np.array([0.3, 0.3, 0.2, 0.1])
    error = Deviation(root, specific, target, "tracking error")
    reward = Quadratic(np.zeros((0, 4)), np.zeros(4), -np.array([0.02, 0.05, 0.08, 0.11]), np.zeros(4))
    agree(problem, reward, convex=(ConvexConstraint(error, 0.06, 0),))
    agree(problem, reward, convex=(ConvexConstraint(error, 0.03, 0, price=1.5),))


@pytest.mark.parametrize("seed", range(2))
def test_costs_of_trading_in_lots_agree_with_enumeration(seed):
    rng = np.random.default_rng(seed)
    problem, _ = sample(seed=seed, previous=np.array([0.3, 0.1, 0.0, 0.0]))
    trades = TradeCost(rng.uniform(0, 0.1, 4), rng.uniform(0, 0.1, 4), rng.uniform(0, 0.2, 4), problem.previous)
    agree(problem, problem.objective.function(problem).quadratic, parts=(trades,))


@pytest.mark.parametrize("seed", range(2))
def test_a_fee_is_never_paid_without_a_trade(seed):
    """Paying fees for nothing would bring cash below its limit."""
    tight = {"name": "cash", "kind": "cash", "upper": 0.06}
    problem, _ = sample(seed=seed, constraints=(tight, CAP), fee=2_000.0, previous=np.array([0.31, 0.0, 0.0, 0.0]))
    agree(problem, problem.objective.function(problem).quadratic)


@pytest.mark.parametrize("seed", range(2))
def test_market_impact_is_paid_from_the_cash(seed):
    """The bound is tight although the limit on cash rewards paying for impact that no trade has."""
    tight = {"name": "cash", "kind": "cash", "upper": 0.1}
    plain, _ = sample(seed=seed, constraints=(tight, CAP), previous=np.array([0.3, 0.0, 0.0, 0.0]))
    problem = replace(plain, costs=replace(plain.costs, impact=np.random.default_rng(seed).uniform(0.0, 0.05, 4)))
    quadratic = problem.objective.function(problem).quadratic
    answer = whole_lots(problem, quadratic, np.full(4, 0.22), WEALTH, target_gap=1e-3, size=0.0, work=Work(9.0))
    value, counts = enumerate_lots(problem, quadratic)
    assert tuple(answer.lots) == counts
    assert answer.objective == pytest.approx(value, rel=1e-9)
    assert answer.bound <= value
    assert answer.gap <= 1e-3
    # As large as for a metal whose market is a tenth as deep: ten times the impact.
    agree(replace(plain, costs=replace(plain.costs, impact=10 * problem.costs.impact)), quadratic)


@pytest.mark.parametrize("seed", range(2))
def test_a_soft_row_is_paid_for(seed):
    soft = {"name": "cap", "kind": "bounds", "upper": 0.3, "soft": 0.05}
    problem, _ = sample(seed=seed, constraints=(CASH, soft))
    agree(problem, problem.objective.function(problem).quadratic)


@pytest.mark.parametrize("seed", range(2))
def test_the_largest_return_in_lots_agrees_with_enumeration(seed):
    rng = np.random.default_rng(seed)
    lot = rng.uniform(0.05, 0.2, 4)
    objective = {"kind": "max_return", "volatility": 0.22}
    problem = problem_of(
        random_covariance(4, seed),
        objective=objective,
        constraints=[CASH, LOTS],
        lots=lot,
        expected=rng.uniform(0.01, 0.1, 4),
    )
    answer = allocate(problem, SolverSpec(gap=1e-6))
    root, specific = problem.forecast.roots()
    constraint = ConvexConstraint(Deviation(root, specific, np.zeros(4), "volatility"), 0.22, -1)
    reward = Quadratic(np.zeros((0, 4)), np.zeros(4), -problem.forecast.expected, np.zeros(4))
    value, counts = enumerate_lots(problem, reward, convex=(constraint,), wealth=1.0)
    assert answer.objective == pytest.approx(value, rel=2e-6)
    assert answer.lots.tolist() == list(counts)
    assert np.sqrt(problem.forecast.variance(answer.weights)) <= 0.22 * (1 + 1e-9)


def best_of_every_choice(problem, constraint, most, floor):
    """The largest return of at most `most` holdings of at least `floor` each: a cone program for every choice of them."""
    n, forecast, costs = len(problem.universe), problem.forecast, problem.costs
    root, specific = forecast.roots()
    best = -np.inf
    for number in range(1, most + 1):
        for chosen in itertools.combinations(range(n), number):
            held = list(chosen)
            values = cp.Variable(number)
            wealth = 1 - costs.purchase[held] @ values
            cash = wealth - cp.sum(values)
            risk = cp.norm(np.vstack([root, np.diag(specific)])[:, held] @ values)
            rows = [values >= floor, cash >= 0, cash <= 0.1 * wealth, risk <= constraint.limit * wealth]
            program = cp.Problem(cp.Maximize(forecast.expected[held] @ values / WEALTH), rows)
            program.solve(solver=cp.CLARABEL)
            if program.status == cp.OPTIMAL:
                best = max(best, float(forecast.expected[held] @ values.value / WEALTH))
    return best


@pytest.mark.parametrize("gap", [1e-3, 1e-6])
@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize(
    ("asked", "most", "floor"),
    [
        ({"name": "few", "kind": "cardinality", "upper": 2}, 2, 0.0),
        ({"name": "ticket", "kind": "min_ticket", "fraction": 0.22}, 4, 0.22),
    ],
)
def test_the_largest_return_of_few_holdings_agrees_with_every_choice(asked, most, floor, seed, gap):
    """No lots: linear programs approach a limit on volatility from outside, and an answer has to hold it."""
    rng = np.random.default_rng(seed)
    assets = [Asset(key=f"a{i}", name=f"A{i}", spread=float(rng.uniform(0.02, 0.2))) for i in range(5)]
    problem = problem_of(
        random_covariance(5, seed),
        assets=assets,
        constraints=[{"name": "cash", "kind": "cash", "upper": 0.1}, asked],
        expected=rng.uniform(0.01, 0.1, 5),
    )
    root, specific = problem.forecast.roots()
    least = np.sqrt(problem.forecast.variance(allocate(problem).weights))
    constraint = ConvexConstraint(Deviation(root, specific, np.zeros(5), "volatility"), 1.05 * least, -1)
    reward = Quadratic(np.zeros((0, 5)), np.zeros(5), -problem.forecast.expected, np.zeros(5))
    answer = whole_lots(
        problem,
        reward,
        np.full(5, 0.18),
        WEALTH,
        target_gap=gap,
        size=0.0,
        work=Work(9.0),
        convex=(constraint,),
    )
    best = best_of_every_choice(problem, constraint, most, floor)
    assert answer.gap <= gap
    assert -best - 1e-8 <= answer.objective <= -best * (1 - gap) + 1e-8
    assert answer.bound <= -best + 1e-8
    total = 1 - problem.costs.entry(answer.values, problem.data.budget)
    assert np.sqrt(problem.forecast.variance(answer.values / total)) <= constraint.limit + 1e-9
    held = answer.values[answer.values > 0]
    assert len(held) <= most
    assert held.min() >= floor - 1e-9


def test_the_time_limit_holds():
    """Neither the relaxation nor moving lots goes on when the time is over."""
    problem, scenarios = sample(n=5, size=400)
    risk = RiskOf(GiniMeanDifference(), scenarios)
    started = time.process_time()
    answer = whole_lots(
        problem, nothing(5), np.full(5, 0.18), WEALTH, target_gap=1e-12, size=0.0, work=Work(0.3), parts=(risk,)
    )
    assert time.process_time() - started < 2.0
    assert answer.bound <= answer.objective


def test_lots_that_no_convex_limit_allows_name_the_limit():
    problem, scenarios = sample()
    constraint = ConvexConstraint(RiskOf(CVaR(confidence=0.9), scenarios), 1e-4, -1)
    with pytest.raises(Infeasible):
        whole_lots(
            problem,
            nothing(4),
            np.full(4, 0.2),
            WEALTH,
            target_gap=1e-3,
            size=0.0,
            work=Work(5.0),
            convex=(constraint,),
        )
    told = lots_infeasible(problem, (constraint,), Work(5.0), proven=True)
    assert told.details["conflict"] == ["objective.cvar", "cash", "cap", "lots"]
    assert not told.details["irreducible"]


def test_few_holdings_agree_with_enumeration():
    problem, _ = sample(constraints=({"name": "cash", "kind": "cash", "upper": 0.4}, CAP))
    few = {"name": "few", "kind": "cardinality", "upper": 2}
    counted, _ = sample(constraints=({"name": "cash", "kind": "cash", "upper": 0.4}, CAP, few))
    quadratic = problem.objective.function(problem).quadratic
    answer = whole_lots(counted, quadratic, np.full(4, 0.2), WEALTH, target_gap=1e-6, size=0.0, work=Work(9.0))
    lot, best = problem.lot_values, np.inf
    for pair in itertools.combinations(range(4), 2):
        only = [i in pair for i in range(4)]
        for counts in itertools.product(*(range(int(1 / a) + 1 if use else 1) for a, use in zip(lot, only, strict=True))):
            values = np.array(counts) * lot
            left = 1 - problem.costs.entry(values, problem.data.budget)
            cash = left - values.sum()
            if 0 <= cash <= 0.4 * left and values.max() <= 0.55 * left:
                best = min(best, quadratic.value(values / WEALTH))
    assert answer.objective == pytest.approx(best, rel=2e-6)
    assert np.count_nonzero(answer.lots) <= 2


def test_what_rounding_by_hand_costs():
    lot = np.array([0.03, 0.05, 0.07, 0.02])
    problem = problem_of(random_covariance(4, 1), constraints=[CASH, CAP, LOTS], lots=lot)
    quadratic = problem.objective.function(problem).quadratic
    relaxed = allocate(problem).continuous.x[:-1]
    answer = whole_lots(problem, quadratic, relaxed, WEALTH, target_gap=1e-6, size=0.0, work=Work(9.0))
    score = Score(problem, LotTerms.of(problem), problem.linear_constraints(), quadratic, (), (), WEALTH)
    by_hand, values = score.rounded(relaxed * WEALTH)
    assert np.round(values / problem.lot_values) * problem.lot_values == pytest.approx(values)
    assert score.one(values)[0] == 0
    assert answer.rounding_cost == pytest.approx(quadratic.value(values / WEALTH) / answer.objective - 1, abs=1e-12)
    assert by_hand >= answer.objective


def test_where_no_rounding_holds_the_limits_there_is_no_cost_of_it():
    tight = {"name": "cash", "kind": "cash", "upper": 0.001}
    lots = np.array([0.3, 0.4, 0.15, 0.25])
    problem = problem_of(np.diag([0.01, 0.04, 0.3, 0.3]), constraints=[tight, LOTS], lots=lots)
    answer = whole_lots(
        problem,
        problem.objective.function(problem).quadratic,
        np.array([0.75, 0.2, 0.03, 0.02]),
        1.0,
        target_gap=1e-6,
        size=0.0,
        work=Work(9.0),
    )
    assert answer.lots @ lots >= 0.999
    assert answer.rounding_cost is None


@pytest.mark.parametrize("held", [False, True])
@pytest.mark.parametrize("seed", range(2))
def test_fees_of_trades_and_sites_weigh_in_lots(seed, held):
    """Two sites, each with a charge: enumeration counts what each answer pays, whatever the amounts."""
    problem, _ = sample(seed=seed)
    stored = np.array([True, True, False, False])
    costs = replace(
        problem.costs,
        fee=300.0,
        holding_years=1.0,
        in_objective=True,
        sites=(Site("one", 900.0, stored), Site("other", 700.0, ~stored)),
    )
    previous = problem.lot_values * np.array([1, 0, 2, 0]) if held else None
    problem = replace(problem, costs=costs, data=replace(problem.data, previous=previous))
    quadratic = replace(
        problem.objective.function(problem).quadratic, R=problem.forecast.roots()[0], s=problem.forecast.roots()[1]
    )
    free, _ = agree(problem, quadratic)
    charged, counts = agree(problem, quadratic, charged=True)
    assert charged.objective > free.objective
    assert counts == tuple(charged.lots)


def test_contributions_to_risk_hold_in_lots():
    problem, _ = sample(seed=1, constraints=(CASH, {"name": "share", "kind": "risk_contribution", "upper": 0.4}))
    answer = allocate(problem)
    w = answer.weights
    share = w * (problem.forecast.matrix @ w) / problem.forecast.variance(w)
    assert share.max() <= 0.4 + 1e-6
    assert answer.limits[1].value == pytest.approx(share.max())
