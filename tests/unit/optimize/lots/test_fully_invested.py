"""A strategy without a constraint on cash is fully invested, but for what whole lots and tickets leave over."""

from dataclasses import replace

import numpy as np
import pytest

from tests.unit.optimize.problems import problem_of
from toolkit.core.errors import Infeasible
from toolkit.optimize.allocate import allocate
from toolkit.strategy.decode import decode_strategy, override, with_defaults
from toolkit.strategy.model import Strategy

ABOUT = {"title": "t", "idea": "i", "source": "s"}


def strategy(objective: dict, *constraints: dict) -> Strategy:
    data = {"about": ABOUT, "objective": objective, "constraint": list(constraints)}
    return decode_strategy(data, name="x", file="x.toml")


def two_assets(constraints, lots=(np.nan, np.nan)):
    return replace(problem_of(np.diag([0.04, 0.09]), lots=np.array(lots)), constraints=tuple(constraints))


def kinds(of: Strategy) -> list[str]:
    return [constraint.kind for constraint in of.constraints]


def test_only_who_says_nothing_of_cash_is_fully_invested():
    least = {"kind": "min_risk"}
    assert kinds(strategy(least)) == ["fully_invested"]
    assert kinds(strategy(least, {"name": "c", "kind": "cash", "upper": 0.3})) == ["cash"]
    few = {"name": "few", "kind": "cardinality", "upper": 2}
    for target in ({"a": 0.4}, {"a": 0.4, "b": 0.6}, "equal_weight", "held"):
        assert kinds(strategy({"kind": "track", "target": target})) == []
        cashless = target == "equal_weight" or (isinstance(target, dict) and sum(target.values()) == 1)
        assert kinds(strategy({"kind": "track", "target": target}, few)) == ["cardinality", *["fully_invested"] * cashless]


def test_the_unwritten_limit_is_moved_by_its_name():
    data = with_defaults({"about": ABOUT, "objective": {"kind": "min_risk"}})
    moved = decode_strategy(override(data, ("constraint.fully invested.upper=0.2",)), name="x", file="x.toml")
    assert [(c.kind, c.upper) for c in moved.constraints] == [("fully_invested", 0.2)]


def test_least_risk_is_no_longer_all_cash_and_the_limit_has_a_price():
    answer = allocate(two_assets(strategy({"kind": "min_risk"}).constraints))
    assert answer.cash == pytest.approx(0.0, abs=1e-9)
    assert answer.limits[0].binding
    assert answer.limits[0].shadow_price > 0


@pytest.mark.parametrize(("lots", "most"), [((0.3, 0.3), 0.3), ((0.07, 0.3), 0.07), ((0.03, 0.011), 0.011)])
def test_whole_lots_leave_less_than_the_cheapest_lot_beyond_the_least_that_any_leave(lots, most):
    """Of 0.3 and 0.3 three fit and 0.1 stays; of the others some sum comes nearer to one than a lot."""
    terms = strategy({"kind": "min_risk"}, {"name": "lots", "kind": "lots"}).constraints
    answer = allocate(two_assets(terms, lots))
    least = min(1 - i * lots[0] - j * lots[1] for i in range(100) for j in range(100) if i * lots[0] + j * lots[1] <= 1 + 1e-12)
    assert least - 1e-9 <= answer.cash <= least + 1.5 * most + 1e-9
    assert answer.lots[0] * lots[0] + answer.lots[1] * lots[1] + answer.cash == pytest.approx(1)
    told = next(limit for limit in answer.limits if limit.kind == "fully_invested")
    assert told.slack >= 0
    assert told.value == pytest.approx(answer.cash)


def test_caps_that_leave_no_room_are_a_conflict_with_a_way_out():
    terms = strategy({"kind": "min_risk"}, {"name": "any", "kind": "bounds", "upper": 0.4}).constraints
    with pytest.raises(Infeasible) as refused:
        allocate(two_assets(terms))
    assert set(refused.value.details["conflict"]) == {"any", "fully invested"}
    assert refused.value.details["set"]
