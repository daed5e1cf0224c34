"""What is held is sold for a reason: limits of holding, moves that pay over the time they last, and small budgets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.optimize.problems import NO_CASH, problem_of
from toolkit.app.allocation.prepare import prepare
from toolkit.app.allocation.rebalancing import (
    KEPT,
    SETTLED,
    charged_moves,
    marginal_variance_errors,
    with_smallest_sale,
    within_rebalancing,
)
from toolkit.app.allocation.record_risk import limit_rows
from toolkit.app.allocation.request import Request
from toolkit.app.config import resolve
from toolkit.app.context import Context
from toolkit.app.optimize import optimize
from toolkit.core.errors import Infeasible
from toolkit.core.forecast import FloatArray, Forecast
from toolkit.optimize.allocate import allocate, allocate_giving_way
from toolkit.optimize.costs import Costs
from toolkit.optimize.problem import GIVING_WAY
from toolkit.optimize.solvers.solve import SolverSpec
from toolkit.records.run import Run
from toolkit.strategy.model import RebalanceSpec

DAY = date(2026, 11, 24)
PRICED = {"kind": "min_risk", "risk_aversion": 6.0}
COVARIANCE = np.array([[0.09, 0.01, 0.0], [0.01, 0.04, 0.0], [0.0, 0.0, 0.0625]])
CAP = {"name": "cap", "kind": "bounds", "upper": 0.4}
PHYSICAL = (
    "can-be-sold", "ex-china", "few-holdings", "least-drawdown", "origin-at-a-premium", "physical-basket", "return-under-cvar",
    "robust-utility", "us-ban-returns", "wary-tail",
)  # fmt: skip
"""Shipped strategies in whole lots."""


def costs(spread: float = 0.15, move: float = 0.0) -> Costs:
    return Costs(np.full(3, spread / 2), np.full(3, 0.01), in_objective=True, move=np.full(3, move))


def turnover(held: np.ndarray, charged: Costs, *limits: dict) -> float:
    problem = problem_of(COVARIANCE, objective=PRICED, constraints=[NO_CASH, *limits], previous=held, costs=charged)
    return float(np.abs(allocate(problem).values - held).sum())


@pytest.mark.parametrize(
    ("held", "more", "kept"),
    [
        (0.45, {}, 0.45),
        (0.60, {}, 0.50),
        (0.60, {"hold_upper": 0.55}, 0.55),
        (0.45, {"hard": True}, 0.40),
        (0.30, {}, 0.30),
    ],
)
def test_a_limit_stops_purchases_and_what_has_grown_is_sold_from_its_limit_of_holding(held, more, kept):
    """Every trade is charged so much that nothing moves but for a limit."""
    previous = np.array([held, (1 - held) / 2, (1 - held) / 2])
    problem = problem_of(
        COVARIANCE, objective=PRICED, constraints=[NO_CASH, {**CAP, **more}], previous=previous, costs=costs(move=10.0)
    )
    answer = allocate(within_rebalancing(problem, RebalanceSpec()))
    assert answer.weights[0] == pytest.approx(kept, abs=2e-3)
    (report,) = (one for one in answer.limits if one.name == "cap")
    assert (report.limit, report.hold_limit) == (0.4, None if more.get("hard") else more.get("hold_upper", 0.5))
    assert report.slack >= -1e-6


def test_what_has_grown_through_a_limit_is_not_bought():
    problem = problem_of(COVARIANCE, objective=PRICED, constraints=[CAP], previous=np.array([0.42, 0.2, 0.1]), costs=costs())
    asked = within_rebalancing(problem, RebalanceSpec(sell="beyond_hold"))
    assert {one.name: one.assets for one in asked.constraints[1:]} == {SETTLED: ("a0",), KEPT: ("a1", "a2")}
    assert (allocate(asked).values >= problem.previous - 1e-9).all()


def test_of_a_group_that_has_grown_through_its_limit_nothing_is_bought_that_is_not_held_either():
    """Wealth may be less after costs, and what that leaves room for was bought of what had not been held."""
    group = {"name": "group", "kind": "group", "assets": ("a0", "a1"), "upper": 0.5}
    previous, cash = np.array([0.52, 0.0, 0.3]), {"name": "cash", "kind": "cash", "upper": 0.02}
    problem = problem_of(COVARIANCE, objective=PRICED, constraints=[cash, group], previous=previous, costs=costs())
    assert allocate(within_rebalancing(problem, RebalanceSpec(sell="beyond_hold"))).values[1] == pytest.approx(0.0, abs=1e-9)


def test_a_lot_that_no_purchase_could_follow_is_not_sold_because_costs_of_others_make_its_share_larger():
    """A bar at 39.5 % of a limit of 40: buying something else made it 40.3 %, and the whole bar was sold."""
    limits = [{"name": "cash", "kind": "cash", "upper": 0.02}, CAP, {"name": "whole lots", "kind": "lots"}]
    previous, lots = np.array([0.395, 0.2, 0.2]), np.array([0.395, 0.01, 0.01])
    problem = problem_of(COVARIANCE, objective=PRICED, constraints=limits, previous=previous, costs=costs(0.2), lots=lots)
    answer = allocate(within_rebalancing(problem, RebalanceSpec(sell="beyond_hold")))
    assert answer.values[0] == pytest.approx(0.395)
    assert answer.weights[0] > 0.4


@pytest.mark.parametrize("lots", [None, np.full(3, 0.01)], ids=["any size", "lots"])
@pytest.mark.parametrize(
    "kind", [{"kind": "min_risk"}, {"kind": "max_utility", "risk_aversion": 3.0}, {"kind": "max_diversification"}]
)
def test_what_a_limit_lets_sell_is_sold_down_to_the_limit_and_no_further(kind, lots):
    """No cost weighs a trade here: an objective alone would sell half of it, and the others were moved with it."""
    previous, whole = np.array([0.6, 0.2, 0.2]), [] if lots is None else [{"name": "whole lots", "kind": "lots"}]
    limits, free = [{"name": "cash", "kind": "cash", "upper": 0.02}, CAP, *whole], Costs(np.full(3, 0.02), np.zeros(3))
    problem = problem_of(
        COVARIANCE, objective=kind, constraints=limits, previous=previous, costs=free, lots=lots,
        expected=np.array([-0.5, 0.05, 0.02]),
    )  # fmt: skip
    after = allocate(within_rebalancing(problem, RebalanceSpec(sell="beyond_hold"))).values
    assert after[0] == pytest.approx(0.5, abs=0.012)
    assert (after[1:] >= 0.2 - 1e-9).all()


@pytest.mark.parametrize("kind", [PRICED, {"kind": "max_diversification"}])
def test_bills_that_were_more_than_the_cash_are_paid_by_the_smallest_sale(kind):
    """Cash below zero left no answer where nothing may be sold."""
    previous = np.array([0.4, 0.3, 0.31])
    problem = problem_of(COVARIANCE, objective=kind, constraints=[NO_CASH], previous=previous, costs=costs())
    answer = allocate(within_rebalancing(problem, RebalanceSpec(sell="beyond_hold")))
    sold = np.clip(previous - answer.values, 0.0, None).sum()
    assert 0.01 <= sold < 0.012
    assert answer.cash == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize("held", [(0.40016735, 0.06356619, 0.39897022), (0.19861225, 0.15883383, 0.4991183)])
def test_what_the_costs_of_a_purchase_alone_carry_through_a_limit_is_sold_as_little_as_may_be(held):
    """Money must be placed, which makes wealth smaller and the share of what is kept larger than its limit."""
    limits, spec = [{**NO_CASH, "upper": 0.05}, CAP], RebalanceSpec(sell="beyond_hold", new_money_first=True)
    problem = problem_of(COVARIANCE, objective=PRICED, constraints=limits, previous=np.array(held), costs=costs())
    asked = within_rebalancing(problem, spec)
    with pytest.raises(Infeasible):
        allocate(asked)
    selling = with_smallest_sale(asked, spec, SolverSpec())
    assert selling is not None
    answer = allocate(selling)
    assert 0 < np.clip(held - answer.values, 0.0, None).sum() < 0.01
    assert answer.cash <= 0.05 + 1e-6
    assert with_smallest_sale(asked, RebalanceSpec(sell="never"), SolverSpec()) is None


def test_a_limit_on_contributions_to_risk_lets_sell_what_it_needs_and_its_price_is_no_limit_of_the_page():
    limit = {"name": "risk", "kind": "risk_contribution", "upper": 0.5}
    previous = np.array([0.5, 0.25, 0.25])
    problem = problem_of(COVARIANCE, objective=PRICED, constraints=[NO_CASH, limit], previous=previous, costs=costs(0.02))
    asked = within_rebalancing(problem, RebalanceSpec(sell="beyond_hold"))
    answer = allocate(asked)
    parts = answer.weights * (COVARIANCE @ answer.weights)
    assert (parts / parts.sum()).max() == pytest.approx(0.5, abs=1e-3)
    assert {row.name for row in limit_rows(asked, answer)} == {"no cash", "risk"}


@given(cost=st.floats(0.0, 0.3), more=st.floats(1.0, 3.0), first=st.floats(0.05, 0.9))
def test_more_cost_never_means_more_trade(cost, more, first):
    held = np.array([first, (1 - first) * 0.7, (1 - first) * 0.3])
    once, again = (replace(costs(each), move=costs(each).of_moves(1.0)) for each in (cost, cost * more))
    assert turnover(held, again) <= turnover(held, once) + 1e-5


@given(doubt=st.floats(0.0, 0.5), more=st.floats(1.0, 3.0), first=st.floats(0.05, 0.9))
def test_a_wider_error_never_means_more_trade_and_no_band_is_the_charge_of_the_holding_period(doubt, more, first):
    held = np.array([first, (1 - first) * 0.7, (1 - first) * 0.3])
    assert turnover(held, costs(0.02, move=doubt * more)) <= turnover(held, costs(0.02, move=doubt)) + 1e-5
    forecast = problem_of(COVARIANCE).forecast
    problem = problem_of(COVARIANCE, objective=PRICED)
    free = charged_moves(costs(), RebalanceSpec(band=0.0), forecast, problem.objective, held)
    assert not free.move.any()
    assert (costs().of_moves(5.0) == 0).all()


WEIGHTS = st.lists(st.floats(0.02, 1.0), min_size=3, max_size=3).map(lambda parts: np.array(parts) / sum(parts))
SALES = st.sampled_from(["free", "beyond_hold"])


@given(target=WEIGHTS, sell=SALES, lots=st.booleans(), priced=st.booleans())
def test_where_no_estimate_changes_nothing_is_traded(target, sell, lots, priced):
    """What was proposed and bought is kept by the same strategy on the same data, whatever it tends to."""
    objective = PRICED if priced else {"kind": "max_utility", "risk_aversion": 3.0}
    lots = lots and (priced or sell != "free")  # what whole lots leave over is another at another wealth
    limits = [{"name": "fully invested", "kind": "fully_invested"}, {**CAP, "upper": 0.5}]
    asked = {
        "objective": objective, "costs": costs(0.03), "expected": 0.2 * target,
        "constraints": [*limits, *([{"name": "whole lots", "kind": "lots"}] if lots else ())],
    }  # fmt: skip
    lot = np.array([0.05, 0.03, 0.02])
    first = allocate(problem_of(COVARIANCE, **asked, lots=lot if lots else None))
    wealth = 1.0 - first.entry_cost
    again = problem_of(COVARIANCE, **asked, lots=lot / wealth if lots else None, previous=first.values / wealth)
    charged = replace(again.costs, move=again.costs.of_moves(1.0))
    asked_again = within_rebalancing(replace(again, costs=charged), RebalanceSpec(sell=sell))
    assert allocate(asked_again).values == pytest.approx(again.previous, abs=1e-6)


@given(held=WEIGHTS, cash=st.floats(0.0, 0.3), sell=SALES, lots=st.booleans())
def test_a_limit_is_never_exceeded_by_buying_and_a_limit_for_holding_never_at_all(held, cash, sell, lots):
    previous = held * (1.0 - cash)
    whole = [{"name": "whole lots", "kind": "lots"}] if lots else []
    problem = problem_of(
        COVARIANCE, objective=PRICED, constraints=[CAP, *whole], previous=previous, costs=costs(0.05),
        lots=previous / np.array([10, 7, 5]) if lots else None,
    )  # fmt: skip
    answer = allocate(within_rebalancing(problem, RebalanceSpec(sell=sell, new_money_first=True)))
    bought = answer.values > previous + 1e-6
    assert (answer.weights[bought] <= 0.4 + 1e-6).all()
    assert (answer.weights <= 0.5 + 1e-6).all()


def test_new_money_is_placed_without_a_sale_and_towards_the_target():
    held = np.array([0.6, 0.1, 0.1])
    target = allocate(problem_of(COVARIANCE, objective=PRICED, constraints=[NO_CASH], costs=costs())).weights
    problem = problem_of(COVARIANCE, objective=PRICED, constraints=[NO_CASH], previous=held, costs=costs())
    asked = within_rebalancing(problem, RebalanceSpec(new_money_first=True))
    after = allocate(asked).values
    assert (after >= held - 1e-9).all()
    before = np.abs(held / held.sum() - target).sum()
    assert np.abs(after / after.sum() - target).sum() < before


def covariance_draws(forecast: Forecast, count: int, seed: int) -> FloatArray:
    """Covariances (count, n, n) a year, drawn about that of a forecast.

    A correlation is normal with its errors, those of the mean of a prior common to all pairs; a matrix that is none is made
    one by its spectrum (Rebonato and Jaeckel 1999), which draws pairs a little together. A volatility is lognormal with the
    68 % interval of its asset, independently.

    Args:
        forecast: Of n assets; correlations without errors stay as they are.
        count: Number of draws.
        seed: Of the random numbers.
    """
    n = len(forecast.assets)
    size = np.sqrt(forecast.variances)
    found = np.broadcast_to(forecast.matrix / np.outer(size, size), (count, n, n)).copy()
    rng = np.random.default_rng(seed)
    if (errors := forecast.correlation_errors) is not None:
        pairs = np.triu(rng.standard_normal((count, n, n)), 1)
        found += errors.own * (pairs + pairs.transpose(0, 2, 1)) + errors.common * rng.standard_normal((count, 1, 1))
        values, vectors = np.linalg.eigh(found)
        found = (vectors * np.maximum(values, 1e-3)[:, None, :]) @ vectors.transpose(0, 2, 1)
        scale = np.sqrt(np.einsum("sii->si", found))
        found /= scale[:, :, None] * scale[:, None, :]
    spread = np.array([0.5 * np.log(risk.high / risk.low) for risk in forecast.risks])
    drawn = size * np.exp(spread * rng.standard_normal((count, n)))
    return found * drawn[:, :, None] * drawn[:, None, :]


def test_errors_of_marginal_variances_are_those_of_draws():
    forecast = prepare(Request("physical-basket", Context(resolve({}), DAY))).problem.forecast
    weights = np.full(len(forecast.assets), 1 / len(forecast.assets))
    drawn = (covariance_draws(forecast, 4000, 1) @ weights).std(axis=0)
    assert marginal_variance_errors(forecast, weights) == pytest.approx(drawn, rel=0.35)


@pytest.mark.parametrize("budget", [3e3, 5e3, 1e4, 3e4, 1e5, 3e6])
def test_every_budget_has_an_answer_and_names_the_limits_that_gave_way(tmp_path, monkeypatch, budget):
    """Below 40,000 the default strategy ended with no allocation: lots of 25 kg beside a limit of cash."""
    monkeypatch.chdir(tmp_path)
    record = optimize(Request("physical-basket", Context(resolve({"owner.budget": budget}), DAY))).record
    assert sum(position.value for position in record.positions) > 0.4 * budget
    broken = {limit.name for limit in record.constraints if limit.slack is not None and limit.slack < -1e-6}
    assert broken == {limit.name for limit in record.constraints if limit.soft and limit.slack < -1e-6}
    assert (record.limits_hold_from is None) == (not broken)
    if budget >= 1e5:
        assert not broken


@pytest.mark.parametrize("strategy", ["physical-basket", "us-ban-returns"])
def test_the_budget_from_which_all_limits_hold_is_the_same_from_any_below_it_and_holds_them(tmp_path, monkeypatch, strategy):
    monkeypatch.chdir(tmp_path)

    def proposed(budget: float) -> Run:
        return optimize(Request(strategy, Context(resolve({"owner.budget": budget}), DAY))).record

    least, again = (proposed(budget).limits_hold_from for budget in (3e3, 6e3))
    assert least is not None
    assert least == again
    for times in (1.0, 1.5):
        at_least = proposed(times * least)
        assert at_least.limits_hold_from is None
        assert not any(limit.soft and limit.slack < -1e-6 for limit in at_least.constraints if limit.slack is not None)


@pytest.mark.parametrize("strategy", PHYSICAL)
def test_a_small_budget_has_an_answer_under_every_shipped_strategy_in_lots(tmp_path, monkeypatch, strategy):
    monkeypatch.chdir(tmp_path)
    record = optimize(Request(strategy, Context(resolve({"owner.budget": 3e3}), DAY))).record
    assert any(position.value for position in record.positions)


def test_a_limit_gives_way_only_where_nothing_holds_every_limit():
    yields, held = [{**CAP, "upper": 0.3, "gives_way": True}, NO_CASH], np.array([0.8, 0.1, 0.1])
    with pytest.raises(Infeasible):  # limits that contradict each other
        allocate_giving_way(problem_of(COVARIANCE, constraints=yields))
    problem, answer = allocate_giving_way(problem_of(COVARIANCE, constraints=yields, previous=held))
    assert [one.soft for one in problem.constraints] == [GIVING_WAY, None]
    assert np.clip(answer.weights - 0.3, 0.0, None).sum() == pytest.approx(0.1, abs=1e-5)
    kept = [{**CAP, "gives_way": True}, NO_CASH]
    asked = problem_of(COVARIANCE, constraints=kept)
    problem, answer = allocate_giving_way(asked)
    assert problem is asked
    hard = allocate(problem_of(COVARIANCE, constraints=[CAP, NO_CASH]))
    assert answer.weights == pytest.approx(hard.weights, abs=1e-9)


def utility(policy: Callable[[np.ndarray], np.ndarray], target: np.ndarray, paths: list[np.ndarray], cost: float) -> float:
    """Mean of -risk_aversion / 2 x variance - costs of trades a year, over quarters of paths (T, n) of log returns."""
    found = []
    for path in paths:
        values, total = target.copy(), 0.0
        for change in path:
            values = values * np.exp(change)
            held = values / values.sum()
            after = policy(held)
            paid = cost * np.abs(after - held).sum()
            values = after * values.sum() * (1 - paid)
            total -= 3.0 * (after @ COVARIANCE[:2, :2] @ after) / 4 + paid
        found.append(total / (len(path) / 4))
    return float(np.mean(found))


def test_with_known_truth_the_policy_is_near_the_best_band_without_trade():
    """Two assets of known covariance, 15 % between buying and selling: the best of 24 bands is found by trying them."""
    covariance, half = COVARIANCE[:2, :2], 0.075
    target = np.linalg.solve(covariance, np.ones(2))
    target /= target.sum()
    rng = np.random.default_rng(3)
    paths = [rng.multivariate_normal(-np.diag(covariance) / 8, covariance / 4, size=60) for _ in range(3)]
    base = Costs(np.full(2, half), np.zeros(2), in_objective=True)
    charged = replace(base, move=base.of_moves(1.0))

    def own(held: np.ndarray) -> np.ndarray:
        return allocate(problem_of(covariance, objective=PRICED, constraints=[NO_CASH], previous=held, costs=charged)).weights

    def banded(width: float) -> Callable[[np.ndarray], np.ndarray]:
        return lambda held: target + np.clip(held - target, -width, width)

    best = max(utility(banded(width), target, paths, half) for width in np.linspace(0, 0.46, 24))
    assert utility(own, target, paths, half) >= 1.10 * best  # both are below zero
    assert utility(banded(0.0), target, paths, half) < 1.10 * best
