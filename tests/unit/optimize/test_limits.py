"""What is told of a limit on two assets of variances 0.04 and 0.01, worked out by hand."""

from __future__ import annotations

from dataclasses import asdict
from math import sqrt

import numpy as np
import pytest

from tests.unit.optimize.problems import NO_CASH, problem_of
from toolkit.core.assets import Asset
from toolkit.optimize.allocate import allocate
from toolkit.optimize.costs import Costs

COVARIANCE = np.diag([0.04, 0.01])
RETURNS = {"objective": {"kind": "max_return"}, "expected": np.array([0.1, 0.02])}
TARGET = {**RETURNS, "objective": {"kind": "max_return", "volatility": 0.12}}
# 0.04 w² + 0.01 (1 - w)² = 0.12², and the return of 0.08 dw for a change of the volatility.
AT_12 = 0.2 + sqrt(0.0004 + 0.2 * 0.0044) / 0.1
OF_12 = 0.08 * 0.24 / (0.1 * AT_12 - 0.02)
# Of the variance 0.6 are a0's: with r = w / (1 - w), 4 r² = 0.6 / 0.4.
RATIO = sqrt(0.375)
OF_SHARE = 0.08 * 1.5625 / (2 * RATIO) / (1 + RATIO) ** 2
UPPER, LOWER = {"side": "upper"}, {"side": "lower"}
CAP = {"kind": "bounds", "upper": 0.5, "hard": True}
OF_CAP = {**UPPER, "where": "a1", "shadow_price": 0.03, "shadow_price_less": None, "binding": True}


@pytest.mark.parametrize(
    ("term", "more", "told"),
    [
        (CAP, {}, {**OF_CAP, "value": 0.5, "limit": 0.5}),
        # At the least variance, 0.2 and 0.8: the nearest row is told, and no room is worth anything.
        (
            {**CAP, "upper": 0.9}, {},
            {**OF_CAP, "value": 0.8, "limit": 0.9, "binding": False, "shadow_price": 0, "shadow_price_less": 0},
        ),
        (
            {"kind": "bounds", "assets": ["a0"], "lower": 0.3}, {},
            {**LOWER, "value": 0.3, "limit": 0.3, "where": "a0", "binding": True, "shadow_price": 0.01, "shadow_price_less": 0.01},
        ),
        # What has grown to 0.6 is held: the price is that of the limit of what is held.
        (
            {"kind": "bounds", "upper": 0.5, "hold_upper": 0.6}, {"previous": np.array([0.3, 0.6])},
            {**OF_CAP, "value": 0.6, "limit": 0.5, "hold_limit": 0.6, "shadow_price": 0.02, "shadow_price_less": 0.02},
        ),
        (
            {"kind": "risk_limit", "measure": "volatility", "upper": 0.12}, RETURNS,
            {**UPPER, "value": 0.12, "limit": 0.12, "where": "volatility a year", "binding": True, "shadow_price": OF_12,
             "shadow_price_less": OF_12},
        ),
        (
            {"kind": "risk_limit", "measure": "volatility", "upper": 0.5}, RETURNS,
            {**UPPER, "value": 0.2, "limit": 0.5, "where": "volatility a year", "binding": False, "shadow_price": 0,
             "shadow_price_less": 0},
        ),
        (
            {"kind": "risk_contribution", "upper": 0.6}, RETURNS,
            {**UPPER, "value": 0.6, "limit": 0.6, "where": "a0", "binding": True, "shadow_price": OF_SHARE},
        ),
        (
            {"kind": "risk_contribution", "upper": 0.6}, {"objective": {"kind": "risk_parity"}},
            {**UPPER, "value": 0.5, "limit": 0.6, "where": "a0", "binding": False, "shadow_price": 0},
        ),
        ({"kind": "cardinality", "upper": 1}, {}, {**UPPER, "value": 1, "limit": 1, "binding": True}),
        ({"kind": "cardinality", "lower": 1}, {}, {**LOWER, "value": 2, "limit": 1, "slack": 1, "binding": False}),
        ({"kind": "cardinality", "lower": 2}, {}, {**LOWER, "value": 2, "limit": 2, "binding": True}),
        ({"kind": "cardinality", "lower": 1, "upper": 2}, {}, {**UPPER, "value": 2, "limit": 2, "binding": True}),
        ({"kind": "min_ticket", "fraction": 0.1}, {}, {}),
    ],
)  # fmt: skip
def test_a_limit_is_told_with_the_row_that_is_nearest_and_what_room_is_worth(term, more, told):
    answer = allocate(problem_of(COVARIANCE, constraints=[NO_CASH, {"name": "it", **term}], **more))
    nothing = {"value": None, "limit": None, "hold_limit": None, "side": None, "where": None, "slack": None, "binding": None}
    slack = {"slack": abs(told["limit"] - told["value"])} if told and "hold_limit" not in told else {"slack": 0} if told else {}
    expected = {**nothing, "name": "it", "kind": term["kind"], "shadow_price": None, "shadow_price_less": None, **slack, **told}
    (found,) = [asdict(one) for one in answer.limits if one.name == "it"]
    numbers = {key: one for key, one in expected.items() if not isinstance(one, str | bool | None)}
    assert {key: found[key] for key in expected.keys() - numbers} == {key: expected[key] for key in expected.keys() - numbers}
    assert {key: found[key] for key in numbers} == pytest.approx(numbers, rel=1e-5, abs=1e-7)


def test_the_limit_of_the_objective_is_told_too():
    answer = allocate(problem_of(COVARIANCE, constraints=[NO_CASH], **TARGET))
    (found,) = [one for one in answer.limits if one.kind == "max_return"]
    assert (found.name, found.side, found.where, found.binding) == ("objective.volatility", "upper", "volatility a year", True)
    numbers = found.value, found.limit, found.slack, found.shadow_price, found.shadow_price_less
    assert numbers == pytest.approx((0.12, 0.12, 0.0, OF_12, OF_12), rel=1e-5, abs=1e-7)


def test_every_limit_is_told_in_the_order_of_the_strategy():
    terms = [
        {"name": "few", "kind": "cardinality", "upper": 2}, {"name": "share", "kind": "risk_contribution", "upper": 0.9},
        {"name": "tail", "kind": "risk_limit", "measure": "volatility", "upper": 0.9}, {"name": "cap", **CAP}, NO_CASH,
    ]  # fmt: skip
    answer = allocate(problem_of(COVARIANCE, constraints=terms, **TARGET))
    assert [one.name for one in answer.limits] == ["few", "share", "tail", "cap", "no cash", "objective.volatility"]


def test_a_limit_on_risk_is_one_of_the_wealth_that_trades_leave():
    universe = [Asset(key, key) for key in ("a0", "a1")]
    costs = Costs(half_spread=np.full(2, 0.1), storage=np.zeros(2), in_objective=True)
    term = {"name": "it", "kind": "risk_limit", "measure": "volatility", "upper": 0.12}
    answer = allocate(problem_of(COVARIANCE, assets=universe, constraints=[NO_CASH, term], costs=costs, **RETURNS))
    (found,) = [one for one in answer.limits if one.name == "it"]
    share = answer.values / answer.values.sum()
    assert answer.values.sum() < 0.95
    assert found.value == pytest.approx(sqrt(share @ COVARIANCE @ share), rel=1e-6)
    assert found.binding
