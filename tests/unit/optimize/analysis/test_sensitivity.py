"""Derivatives of the optimum against solving again, and slopes of the objective against differences of its value."""

from dataclasses import replace

import numpy as np
import pytest

from tests.unit.optimize.problems import NO_CASH, problem_of, random_covariance
from toolkit.core.assets import Asset
from toolkit.optimize.analysis.marginal import annual_cost, from_others, marginals
from toolkit.optimize.analysis.sensitivity import ActiveSet, analyse
from toolkit.optimize.continuous import solve_continuous
from toolkit.optimize.costs import Costs

N = 8
ASSETS = [
    Asset(key=f"a{i}", name=f"A{i}", lot_size=1.0, group="precious_metals" if i < 3 else "technology_metals") for i in range(N)
]
CAP = {"name": "any", "kind": "bounds", "upper": 0.22}
GROUP = {"name": "precious", "kind": "group", "groups": ["precious_metals"], "lower": 0.35, "upper": 0.8}
CASH = {"name": "cash", "kind": "cash", "upper": 0.05}
RATES = np.linspace(0.002, 0.05, N)
COSTS = Costs(half_spread=np.full(N, 0.012), storage=RATES, in_objective=True)
EXPECTED = np.linspace(0.02, 0.12, N)


def prepared(objective, constraints, *, costs=COSTS, seed=1, **more):
    return problem_of(
        random_covariance(N, seed=seed),
        assets=ASSETS,
        objective=objective,
        constraints=constraints,
        costs=costs,
        expected=EXPECTED,
        **more,
    )


QUADRATIC = [
    ({"kind": "min_risk"}, [CAP, GROUP, NO_CASH]),
    ({"kind": "min_risk", "risk_aversion": 4.0}, [CAP, GROUP, CASH]),
    ({"kind": "max_utility", "risk_aversion": 5.0}, [CAP, GROUP, CASH]),
    ({"kind": "track", "target": {"a0": 0.5, "a4": 0.4}}, [CAP, GROUP, CASH]),
]
KINDS = ["variance", "cost", "utility", "track"]


def exact_point(problem, limits):
    """The optimum to the last digit: the face of the solver's answer, so that differences of it mean something."""
    continuous = solve_continuous(problem, limits, None)
    active_set = ActiveSet.of(problem.objective.function(problem).quadratic, limits, continuous.x, continuous.multipliers)
    assert active_set is not None
    return active_set.x


def moved(problem, entry, by):
    """The limits with the rows of an entry given more room."""
    limits = problem.linear_constraints()
    owner = next(i for i, constraint in enumerate(problem.constraints) if constraint.name == entry.name)
    rows = [r for r in range(len(limits.h)) if limits.owner[r] == owner and limits.sides[r] == entry.side]
    h = limits.h.copy()
    h[rows] += by
    return replace(limits, h=h)


@pytest.mark.parametrize(("objective", "constraints"), QUADRATIC, ids=KINDS)
def test_derivatives_by_limits_agree_with_central_differences(objective, constraints):
    problem = prepared(objective, constraints, costs=COSTS if objective != {"kind": "min_risk"} else Costs(np.zeros(N), RATES))
    found = analyse(problem)
    assert found.limits
    step, checked = 1e-3, 0
    for entry in found.limits:
        assert entry.reason is None
        assert entry.low is not None, "a plain quadratic is differentiated, not solved again"
        if min(entry.high - entry.at, entry.at - entry.low) <= step:
            continue
        up, down = (exact_point(problem, moved(problem, entry, by)) for by in (step, -step))
        assert entry.slope == pytest.approx((up - down) / (2 * step), rel=1e-5, abs=1e-7)
        values = [problem.objective.function(problem).quadratic.value(x[:-1]) for x in (up, down)]
        assert entry.price == pytest.approx((values[1] - values[0]) / (2 * step), rel=1e-4, abs=1e-9)
        checked += 1
    assert checked >= 1


@pytest.mark.parametrize(("objective", "constraints"), QUADRATIC, ids=KINDS)
def test_prices_are_the_multipliers_of_the_certificate(objective, constraints):
    problem = prepared(objective, constraints)
    found = analyse(problem)
    limits = problem.linear_constraints()
    for entry in found.limits:
        owner = next(i for i, constraint in enumerate(problem.constraints) if constraint.name == entry.name)
        rows = [r for r in range(len(limits.h)) if limits.owner[r] == owner and limits.sides[r] == entry.side]
        assert entry.price == pytest.approx(found.continuous.multipliers[rows].sum(), rel=1e-5, abs=1e-8)


@pytest.mark.parametrize(("objective", "constraints"), QUADRATIC[1:3], ids=KINDS[1:3])
def test_the_derivative_by_risk_aversion_agrees_with_central_differences(objective, constraints):
    problem = prepared(objective, constraints)
    entry = analyse(problem).risk_aversion
    assert entry.low < entry.at < entry.high
    step = min(1e-3, 0.4 * (entry.high - entry.at), 0.4 * (entry.at - entry.low))
    points = []
    for by in (step, -step):
        aversion = problem.objective.model_copy(update={"risk_aversion": entry.at + by})
        other = replace(problem, objective=aversion)
        points.append(exact_point(other, other.linear_constraints()))
    assert entry.slope == pytest.approx((points[0] - points[1]) / (2 * step), rel=1e-4, abs=1e-9)


def test_the_derivative_holds_up_to_its_range_and_not_beyond():
    problem = prepared({"kind": "min_risk", "risk_aversion": 4.0}, [CAP, GROUP, CASH])
    found = analyse(problem)
    ended = 0
    for entry in found.limits:
        sign = 1.0 if entry.side == "upper" else -1.0
        reach = sign * ((entry.high if sign > 0 else entry.low) - entry.at)
        if not np.isfinite(reach) or reach > 0.5:
            continue
        ended += 1
        start = exact_point(problem, problem.linear_constraints())
        inside = exact_point(problem, moved(problem, entry, 0.9 * reach))
        assert inside == pytest.approx(start + 0.9 * reach * entry.slope, abs=1e-9)
        beyond = exact_point(problem, moved(problem, entry, reach + 0.02))
        assert np.max(np.abs(beyond - start - (reach + 0.02) * entry.slope)) > 1e-5
    assert ended
    aversion = found.risk_aversion
    other = replace(
        problem, objective=problem.objective.model_copy(update={"risk_aversion": 0.5 * (aversion.at + aversion.high)})
    )
    near, far = exact_point(problem, problem.linear_constraints()), exact_point(other, other.linear_constraints())
    # Weights are linear in one over the risk aversion.
    line = near - aversion.slope * aversion.at**2 * (1 / other.objective.risk_aversion - 1 / aversion.at)
    assert far == pytest.approx(line, abs=1e-9)


@pytest.mark.parametrize("seed", range(12))
def test_the_face_is_the_optimum_also_where_a_solver_cannot_tell_what_is_active(seed):
    """Costs tuned so that an asset is about to enter or a cap about to bind: judged by its own optimality conditions."""
    tilted = Costs(half_spread=np.linspace(0.06, 0.0, N), storage=RATES, in_objective=True)
    problem = prepared({"kind": "min_risk", "risk_aversion": 4.0}, [CAP, GROUP, CASH], costs=tilted, seed=seed)
    entry = analyse(problem).risk_aversion
    edge = replace(problem, objective=problem.objective.model_copy(update={"risk_aversion": entry.low * (1 + 1e-6)}))
    for posed_problem in (problem, edge):
        limits = posed_problem.linear_constraints()
        continuous = solve_continuous(posed_problem, limits, None)
        quadratic = posed_problem.objective.function(posed_problem).quadratic
        active_set = ActiveSet.of(quadratic, limits, continuous.x, continuous.multipliers)
        assert active_set is not None
        multipliers, signs = np.split(active_set.duals, [len(limits.h)])
        slope = np.append(quadratic.gradient(active_set.x[:-1]), 0.0) + limits.G.T @ multipliers - signs
        assert np.ptp(slope) <= 1e-12
        assert active_set.x.sum() == pytest.approx(1, abs=1e-12)
        slack = limits.h - limits.G @ active_set.x
        assert min(slack.min(), active_set.x.min(), active_set.duals.min()) >= -1e-10
        assert abs(multipliers @ slack) + abs(signs @ active_set.x) <= 1e-12


def test_a_cap_that_nothing_touches_is_not_listed_and_cash_held_at_nothing_is():
    wide = {"name": "wide", "kind": "bounds", "upper": 0.9}
    problem = prepared({"kind": "min_risk", "risk_aversion": 60.0}, [wide, NO_CASH])
    found = analyse(problem)
    assert [entry.name for entry in found.limits] == ["no cash"]
    entry = found.limits[0]
    room = 1e-3
    again = exact_point(problem, moved(problem, entry, room))
    assert entry.slope[-1] == pytest.approx(1)
    assert again == pytest.approx(exact_point(problem, problem.linear_constraints()) + room * entry.slope, abs=1e-9)
    assert entry.low == pytest.approx(entry.at), "cash cannot be held below nothing"


def test_two_limits_that_say_the_same_are_worth_nothing_alone():
    twin = {"name": "twin", "kind": "group", "assets": ["a0", "a1", "a2"], "lower": 0.5}
    same = {"name": "same", "kind": "linear", "expression": "a0 + a1 + a2 >= 0.5"}
    alone = analyse(prepared({"kind": "min_risk", "risk_aversion": 4.0}, [twin, CASH]))
    both = analyse(prepared({"kind": "min_risk", "risk_aversion": 4.0}, [twin, same, CASH]))
    assert alone.limits[0].price > 1e-3
    pair = [entry for entry in both.limits if entry.name != "cash"]
    assert len(pair) == 2
    assert any(entry.low is None for entry in pair), "solved again: the active rows change at once"
    for entry in pair:
        assert entry.price == pytest.approx(0, abs=1e-6)


def test_an_equality_is_priced_on_the_side_that_pulls():
    exact = {"name": "exact", "kind": "bounds", "assets": ["a7"], "lower": 0.1, "upper": 0.1}
    found = analyse(prepared({"kind": "min_risk", "risk_aversion": 4.0}, [exact, CASH]))
    sides = {entry.side: entry for entry in found.limits if entry.name == "exact"}
    pulling = max(sides.values(), key=lambda entry: entry.price)
    assert pulling.price > 1e-4
    assert min(entry.price for entry in sides.values()) == pytest.approx(0, abs=1e-8)
    assert pulling.slope[7] == pytest.approx(1.0 if pulling.side == "upper" else -1.0)


@pytest.mark.parametrize(
    "objective",
    [
        {"kind": "max_ratio"},
        {"kind": "max_diversification"},
        {"kind": "max_return", "volatility": 0.16},
        {"kind": "risk_parity"},
        {"kind": "equal_weight"},
    ],
    ids=lambda objective: objective["kind"],
)
def test_other_objectives_are_solved_again_with_a_point_more_room(objective):
    cap = {"name": "cap", "kind": "bounds", "assets": ["a0", "a7"], "upper": 0.1}
    problem = prepared(objective, [cap, NO_CASH], costs=None)
    found = analyse(problem)
    assert found.risk_aversion is None
    assert found.limits
    for entry in found.limits:
        assert entry.low is None
        assert entry.slope.sum() == pytest.approx(0, abs=1e-6)
        if entry.name == "objective.volatility":
            x = found.continuous.x + 0.01 * entry.slope
            assert problem.forecast.variance(x[:-1]) == pytest.approx(0.17**2, rel=1e-6)
            continue
        x = solve_continuous(problem, moved(problem, entry, 0.01), None).x
        assert x == pytest.approx(found.continuous.x + 0.01 * entry.slope, abs=1e-9)
        if objective["kind"] not in ("risk_parity", "equal_weight"):
            assert entry.price >= -1e-6, "more room is never worse"


@pytest.mark.parametrize(
    "objective",
    [
        {"kind": "min_risk"},
        {"kind": "max_utility"},
        {"kind": "max_ratio", "risk_free": 0.01},
        {"kind": "max_return", "volatility": 0.3},
        {"kind": "max_diversification"},
        {"kind": "track", "target": {"a0": 0.5, "a4": 0.4}},
    ],
    ids=lambda objective: objective["kind"],
)
@pytest.mark.parametrize("costs", [COSTS, Costs(np.zeros(N), RATES)], ids=["costs", "free"])
@pytest.mark.parametrize("previous", [None, np.full(N, 0.1)], ids=["new", "held"])
def test_the_parts_of_the_gradient_add_up_to_differences_of_the_objective(objective, costs, previous):
    # Ratios and largest returns count the cost of a new holding, whatever is held.
    known = previous is not None and objective["kind"] not in ("max_ratio", "max_return")
    problem = prepared(objective, [], costs=costs, **({"previous": previous} if known else {}))
    weights = np.random.default_rng(2).dirichlet(np.ones(N)) * 0.95
    found = marginals(problem, weights)
    steps = 1e-6 * np.eye(N)
    slopes = [
        (problem.objective.value(problem, weights + e) - problem.objective.value(problem, weights - e)) / 2e-6 for e in steps
    ]
    assert found.objective.total == pytest.approx(slopes, rel=1e-6, abs=1e-8)
    deviation = [
        np.sqrt(problem.forecast.variance(weights + e)) - np.sqrt(problem.forecast.variance(weights - e)) for e in steps
    ]
    assert found.volatility == pytest.approx(np.array(deviation) / 2e-6, rel=1e-6)
    spent = [(annual_cost(problem, weights + e) - annual_cost(problem, weights - e)) / 2e-6 for e in steps]
    assert found.cost == pytest.approx(spent, rel=1e-6)


def test_what_names_its_own_weights_has_no_slope_of_an_objective():
    for objective in ({"kind": "risk_parity"}, {"kind": "equal_weight"}):
        assert marginals(prepared(objective, []), np.full(N, 1 / N)).objective is None


def test_paid_by_the_others_in_proportion():
    problem = prepared({"kind": "min_risk"}, [NO_CASH])
    weights = np.random.default_rng(4).dirichlet(np.ones(N))
    slopes = marginals(problem, weights).volatility
    step = 1e-6
    for i in range(N):
        rest = weights.copy()
        rest[i] = 0
        direction = np.eye(N)[i] - rest / rest.sum()
        up, down = (np.sqrt(problem.forecast.variance(weights + by * direction)) for by in (step, -step))
        assert from_others(slopes, weights, i) == pytest.approx((up - down) / (2 * step), rel=1e-5, abs=1e-8)
    assert from_others(np.ones(2), np.array([1.0, 0.0]), 0) is None


def test_a_limit_on_risk_is_moved_and_solved_again():
    cap = {"name": "calm", "kind": "risk_limit", "measure": "volatility", "upper": 0.14}
    problem = prepared({"kind": "max_utility", "risk_aversion": 0.5}, [cap, CASH], costs=None)
    found = analyse(problem)
    entry = next(entry for entry in found.limits if entry.name == "calm")
    assert entry.low is None
    assert entry.at == pytest.approx(0.14)
    x = found.continuous.x + 0.01 * entry.slope
    assert problem.forecast.variance(x[:-1]) == pytest.approx(0.15**2, rel=1e-4)
    # More room is worth less and less: the step's price is below that of the certificate.
    assert 0 < entry.price <= found.continuous.convex_multipliers[0] * (1 + 1e-6)
