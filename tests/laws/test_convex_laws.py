"""Laws of convex limits, soft limits and measures: order and unit change nothing, looser is never worse, prices interpolate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.optimize.problems import NO_CASH, problem_of, random_covariance
from toolkit.core.assets import Asset
from toolkit.optimize.allocate import allocate
from toolkit.optimize.costs import Costs
from toolkit.optimize.solution import Allocation
from toolkit.scenarios.sets import Scenarios

SETTINGS = settings(max_examples=4)
"""Each example solves several cone programs, which take longest."""

N, S = 5, 80
seeds = st.integers(0, 10_000)
orders = st.permutations(range(N))
places = st.floats(0.05, 0.95)
SAME = 2e-7
"""Relative error of an objective that a cone solver leaves."""


@dataclass(frozen=True, slots=True)
class World:
    """What a random problem is made of, in the order of its assets."""

    covariance: np.ndarray
    expected: np.ndarray
    held: np.ndarray
    returns: np.ndarray
    shock: np.ndarray
    days: np.ndarray
    order: tuple[int, ...]

    @classmethod
    def of(cls, seed: int) -> World:
        """Volatilities near 20 %, and a path of scenarios with the same covariance."""
        rng = np.random.default_rng(seed)
        covariance = random_covariance(N, seed)
        covariance *= 0.2**2 / np.mean(np.diag(covariance))
        draws = rng.standard_t(6, size=(S, N)) @ np.linalg.cholesky(covariance).T * np.sqrt(4 / 6)
        return cls(
            covariance,
            rng.uniform(0.02, 0.15, N),
            rng.dirichlet(np.ones(N)),
            np.maximum(draws, -0.95),
            np.array([-0.5, -0.3, 0.0, 0.1, -0.1]),
            np.array([30.0, 20.0, 1.0, 2.0, 30.0]),
            tuple(range(N)),
        )

    def permuted(self, at: list[int]) -> World:
        """The same world with its assets in another order."""
        return World(
            self.covariance[np.ix_(at, at)],
            self.expected[at],
            self.held[at],
            self.returns[:, at],
            self.shock[at],
            self.days[at],
            tuple(self.order[i] for i in at),
        )

    def times(self, factor: float) -> World:
        """The same world with every risk so much larger."""
        return replace(self, covariance=self.covariance * factor**2, returns=self.returns * factor, shock=self.shock * factor)

    def solve(
        self, objective: Mapping[str, Any], constraints: list[Mapping[str, Any]], *, doubt: bool = False, **more: Any
    ) -> Allocation:
        """The answer to an objective and constraints."""
        keys = tuple(f"a{i}" for i in self.order)
        problem = problem_of(
            self.covariance,
            assets=[Asset(key=key, name=key.upper(), lot_size=1.0) for key in keys],
            objective=objective,
            constraints=constraints,
            expected=self.expected,
            previous=self.held,
            scenarios=Scenarios(keys, self.returns, np.full(S, 1 / S), True, "historical", 1.0),
            shocks={"it": self.shock},
            exit_days=self.days,
            **more,
        )
        if doubt:
            problem = replace(problem, forecast=replace(problem.forecast, expected_cov=self.covariance / 20))
        return allocate(problem)


LEAST, MOST, UTILITY = {"kind": "min_risk"}, {"kind": "max_return"}, {"kind": "max_utility"}
TARGET = {"a0": 0.5, "a1": 0.5}


@dataclass(frozen=True, slots=True)
class Case:
    """A limit, the objective that presses against it, and whether it leaves cash out."""

    keys: Mapping[str, Any]
    objective: Mapping[str, Any]
    invested: bool = True

    def constraints(self, upper: float | None, **keys: Any) -> list[Mapping[str, Any]]:
        """The constraints at a limit; None leaves it out."""
        rest: list[Mapping[str, Any]] = [NO_CASH] if self.invested else []
        if upper is not None and self.keys["kind"] == "liquidity":
            upper = min(upper, 1.0)
        return rest if upper is None else [*rest, {"name": "it", **self.keys, "upper": upper, **keys}]


def measured(name: str) -> Case:
    """A limit on a measure, where the largest return is sought."""
    return Case({"kind": "risk_limit", "measure": name}, MOST, invested=False)


CASES = {
    "turnover": Case({"kind": "turnover"}, LEAST),
    "tracking_error": Case({"kind": "tracking_error", "target": TARGET}, LEAST),
    "scenario_loss": Case({"kind": "scenario_loss", "scenario": "it"}, UTILITY),
    "liquidity": Case({"kind": "liquidity", "days": 7}, LEAST),
    **{name: measured(name) for name in ("volatility", "cvar", "mad", "semideviation", "worst_case", "cdar")},
}


def free_and_reach(kind: str, world: World) -> tuple[Allocation, float]:
    """The optimum without the limit, and what it would take of it: a limit binds at less than that."""
    case = CASES[kind]
    free = world.solve(case.objective, case.constraints(None))
    wide = world.solve(case.objective, case.constraints(99.0))
    value = wide.limits[-1].value
    assert value is not None
    return free, value


def tolerance(value: float) -> float:
    """How far apart two values of one optimum may be."""
    return SAME * (abs(value) + 1e-2)


@pytest.mark.parametrize("kind", CASES)
@SETTINGS
@given(seed=seeds, order=orders, place=places)
def test_permuting_assets_permutes_the_weights(kind, seed, order, place):
    world, case = World.of(seed), CASES[kind]
    _, reach = free_and_reach(kind, world)
    limits = case.constraints(place * max(reach, 0.02))
    one, other = world.solve(case.objective, limits), world.permuted(order).solve(case.objective, limits)
    assert other.objective == pytest.approx(one.objective, abs=tolerance(one.objective))
    np.testing.assert_allclose(other.weights, one.weights[list(order)], atol=2e-4)


@pytest.mark.parametrize("kind", CASES)
@SETTINGS
@given(seed=seeds, places=st.tuples(places, places, st.floats(1.0, 1.5)))
def test_looser_is_never_worse_and_a_limit_that_the_optimum_holds_is_none(kind, seed, places):
    world, case = World.of(seed), CASES[kind]
    free, reach = free_and_reach(kind, world)
    reach = max(reach, 0.02)
    answers = [
        world.solve(case.objective, case.constraints(place * reach)) for place in (*sorted(places[:2]), places[2] + 1e-3)
    ]
    values = [answer.objective for answer in answers]
    assert values[0] >= values[1] - tolerance(values[0])
    assert values[1] >= values[2] - tolerance(values[1])
    assert values[2] == pytest.approx(free.objective, abs=tolerance(free.objective))
    np.testing.assert_allclose(answers[2].weights, free.weights, atol=1e-3)
    for answer in answers:
        assert answer.limits[-1].slack is not None
        assert answer.limits[-1].slack >= -1e-6


@pytest.mark.parametrize("kind", CASES)
@SETTINGS
@given(seed=seeds, place=places, price=st.floats(1e-3, 10.0))
def test_a_price_leads_from_the_free_answer_to_the_hard_one(kind, seed, place, price):
    """Two inequalities that any exact answer holds, and that force both limits of the price.

    f(p) - f(free) <= p x excess(free), and excess(p) <= (f(hard) - f(free)) / p; between prices the excess never grows.
    """
    world, case = World.of(seed), CASES[kind]
    free, reach = free_and_reach(kind, world)
    upper = place * max(reach, 0.02)
    hard = world.solve(case.objective, case.constraints(upper))

    def soft(at: float) -> tuple[float, float]:
        answer = world.solve(case.objective, case.constraints(upper, soft=at))
        slack = answer.limits[-1].slack
        assert slack is not None
        return answer.objective, max(-slack, 0.0)

    cheap, dear = soft(price), soft(3 * price)
    beyond = max(reach - upper, 0.0)
    for at, (value, excess) in ((price, cheap), (3 * price, dear)):
        assert free.objective - tolerance(value) <= value <= hard.objective + tolerance(value)
        assert value - free.objective <= at * beyond + tolerance(value)
        assert excess * at <= hard.objective - free.objective + tolerance(value) + 1e-7 * at
    assert dear[1] <= cheap[1] + 1e-5
    multiplier = hard.limits[-1].shadow_price
    assert multiplier is not None
    above = soft(2 * multiplier + 1e-3)
    assert above == pytest.approx((hard.objective, 0.0), abs=1e-6)


@SETTINGS
@given(seed=seeds, uppers=st.tuples(st.floats(0.22, 0.9), st.floats(0.22, 0.9)))
def test_limits_on_contributions_hold_and_no_neighbour_is_better(seed, uppers):
    """The limit is not convex and only a local best is claimed: a looser limit may end in a worse place.

    What holds at any limit: it is held, no answer is better than without it, none that is near and holds it is better, and a
    limit that the free optimum holds changes nothing.
    """
    world = World.of(seed)
    free = world.solve(LEAST, [NO_CASH])
    rng = np.random.default_rng(seed)

    def largest(w):
        return float(np.max(w * (world.covariance @ w)) / (w @ world.covariance @ w))

    for upper in uppers:
        answer = world.solve(LEAST, [NO_CASH, {"name": "it", "kind": "risk_contribution", "upper": upper}])
        w = answer.weights
        assert largest(w) <= upper + 1e-6
        assert answer.objective >= free.objective - tolerance(free.objective)
        if largest(free.weights) <= upper - 1e-6:
            np.testing.assert_allclose(w, free.weights, atol=1e-5)
        for size in (1e-3, 1e-2):
            steps = rng.normal(size=(300, N)) * size
            near = np.clip(w + steps - steps.mean(axis=1, keepdims=True), 0, None)
            near /= near.sum(axis=1, keepdims=True)
            allowed = [v for v in near if largest(v) <= upper]
            assert all(v @ world.covariance @ v >= answer.objective * (1 - 1e-5) for v in allowed)


OBJECTIVES: Mapping[str, Mapping[str, Any]] = {
    "cvar": {"kind": "min_risk", "measure": "cvar", "confidence": 0.9},
    "doubted cvar": {"kind": "min_risk", "measure": "cvar", "confidence": 0.9, "ambiguity": 0.01},
    "semideviation": {"kind": "min_risk", "measure": "semideviation"},
    "drawdown": {"kind": "min_risk", "measure": "cdar", "confidence": 0.9},
    "robust": {"kind": "max_utility", "robust": "ellipsoid"},
    "ratio": {"kind": "max_ratio", "measure": "cvar", "confidence": 0.9},
    "budgets": {"kind": "risk_parity", "measure": "semideviation"},
}
CAP = {"name": "cap", "kind": "bounds", "upper": 0.4}


@pytest.mark.parametrize("name", OBJECTIVES)
@SETTINGS
@given(seed=seeds, order=orders, factor=st.floats(0.1, 3.0), budget=st.floats(1e2, 1e9))
def test_neither_the_order_nor_the_unit_nor_the_budget_moves_an_objective(name, seed, order, factor, budget):
    world = World.of(seed)

    def solve(of: World, **more: Any) -> Allocation:
        return of.solve(OBJECTIVES[name], [NO_CASH, CAP], doubt=name == "robust", **more)

    one, other = solve(world), solve(world.permuted(order))
    # Budgets of risk report a variance, which is not what they minimise: it is known as well as the weights are.
    assert other.objective == pytest.approx(one.objective, rel=1e-4 if name == "budgets" else 1e-6)
    np.testing.assert_allclose(other.weights, one.weights[list(order)], atol=1e-3)
    np.testing.assert_array_equal(solve(world, budget=budget).weights, one.weights)
    if name not in ("robust", "doubted cvar"):  # of which one part is no risk, and the other in units of return
        np.testing.assert_allclose(solve(world.times(factor)).weights, one.weights, atol=1e-3)


@pytest.mark.parametrize("kind", CASES)
@SETTINGS
@given(seed=seeds, place=places, factor=st.floats(0.2, 5.0))
def test_a_limit_in_another_unit_is_the_same_limit(kind, seed, place, factor):
    """Money k times as many, with charges k times as high, changes nothing; nor does risk, with its limit, where return is sought."""
    world, case = World.of(seed), CASES[kind]
    _, reach = free_and_reach(kind, world)
    upper = place * max(reach, 0.02)
    spread = np.linspace(0.01, 0.05, N)

    def charged(k: float) -> Allocation:
        costs = Costs(spread, spread / 5, fee=20 * k, in_objective=True)
        return world.solve(case.objective, case.constraints(upper), costs=costs, budget=1e5 * k)

    np.testing.assert_allclose(charged(factor).weights, charged(1.0).weights, atol=1e-9)
    if case.keys["kind"] == "risk_limit":
        one = world.solve(case.objective, case.constraints(upper))
        other = world.times(factor).solve(case.objective, case.constraints(upper * factor))
        assert other.objective == pytest.approx(one.objective, abs=1e-6)


def test_what_was_solved_before_changes_no_bit():
    first, second = World.of(1), World.of(2)
    for objective in OBJECTIVES.values():
        doubt = "robust" in objective
        one = first.solve(objective, [NO_CASH, CAP], doubt=doubt)
        second.solve(objective, [NO_CASH, CAP], doubt=doubt)
        np.testing.assert_array_equal(first.solve(objective, [NO_CASH, CAP], doubt=doubt).weights, one.weights)
    for case in CASES.values():
        one = first.solve(case.objective, case.constraints(0.1))
        second.solve(case.objective, case.constraints(0.3))
        np.testing.assert_array_equal(first.solve(case.objective, case.constraints(0.1)).weights, one.weights)
