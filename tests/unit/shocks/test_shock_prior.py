"""The default size of a shock: what `toolkit shock` says of the same loss, what is an assumption, nothing known later."""

from __future__ import annotations

import statistics
from datetime import date

import pytest

from toolkit.app.allocation.shocks import strategy_shocks
from toolkit.app.config import resolve
from toolkit.app.context import Context
from toolkit.app.stops import price_responses, stop_shares
from toolkit.app.topics.whatif import shock
from toolkit.core.messages import message
from toolkit.shocks.base_rates import control_rate
from toolkit.shocks.elasticity import Elasticity, price_multiple
from toolkit.shocks.price_response import OBSERVED, PUBLISHED, ResponseCase
from toolkit.shocks.shock_prior import ASSUMPTION, POSTERIOR, ShockCase, Size, lifted_sizes, shock_prior, sizes_of, typical_fall
from toolkit.strategy.decode import decode_strategy

ON = date(2026, 11, 24)
DAY = date(2024, 1, 1)
PLAIN = {"about": {"title": "T", "idea": "I", "source": "S"}, "objective": {"kind": "min_risk"}}


def case(asset, change, *, event="E", months=12):
    return ShockCase(event, asset, DAY, change, months)


def fell(fall, kind=OBSERVED):
    return ResponseCase("E", "a", kind, DAY, 0.1, 0.1, 12, 0.5, fall)


def size(asset, change, low, high):
    return Size(asset, change, low, high, POSTERIOR, message("s"))


@pytest.fixture(scope="module")
def bundled():
    return Context(resolve({}, environment={}), ON)


def prior(context, **scenario):
    strategy = decode_strategy({**PLAIN, "scenario": [{"name": "x", **scenario}]}, name="x", file="x.toml")
    (found,) = strategy_shocks(strategy, context.products, context).priors
    return found


def test_the_typical_fall_is_the_median_of_what_was_observed():
    assert typical_fall([fell(0.0), fell(0.9), fell(0.4), fell(None), fell(1.0, PUBLISHED)]) == 0.4
    assert typical_fall([fell(None), fell(1.0, PUBLISHED)]) is None


def test_a_size_is_the_band_of_its_loss_by_hand():
    spread = Elasticity(0.5, 1.0, 2.0, "posterior", "s")
    one = sizes_of({"a": 0.8, "b": 0.1}, 0.5, lambda _: spread)
    assert one["a"].change == pytest.approx(0.6**-1 - 1)
    assert (one["a"].low, one["a"].high) == (pytest.approx(0.6**-0.5 - 1), pytest.approx(0.6**-2 - 1))
    assert one["b"].change == pytest.approx(0.95**-1 - 1)
    assert sizes_of({"a": 1.0}, 1.0, lambda _: spread)["a"].change == pytest.approx(price_multiple(0.99, 1.0) - 1)


@pytest.mark.parametrize("metal", ["gallium", "antimony", "tungsten", "indium"])
def test_the_default_size_is_what_shock_says_of_the_same_loss(bundled, metal):
    found = prior(bundled, control="CHN", assets=[metal]).sizes[metal]
    cases = price_responses(bundled, (metal,)).cases
    falls = [c.fall for c in cases if c.kind == OBSERVED and c.fall is not None]
    answer = shock(bundled, metal, loss=stop_shares(bundled, (metal,))[metal] * statistics.median(falls))
    low, _, median, _, high = (level.gain for level in answer.asked.levels)
    assert (found.low, found.change, found.high) == pytest.approx((low, median, high), rel=1e-9)
    assert found.low < found.change < found.high


def test_a_lifting_gives_back_what_a_control_added_until_there_are_enough():
    up = {"a": size("a", 0.25, 0.1, 1.0)}
    few = lifted_sizes(up, [case("a", 0.3, months=6), case("b", -0.1)])
    assert few["a"].basis == ASSUMPTION
    assert (1 + few["a"].change) * (1 + up["a"].change) == pytest.approx(1)
    assert (few["a"].low, few["a"].high) == (pytest.approx(-0.5), pytest.approx(1 / 1.1 - 1))
    many = lifted_sizes(up, [case(k, -0.1 * i, event=f"E{i % 2}") for i, k in enumerate("abcde")])
    assert (many["a"].basis, many["a"].change) == (OBSERVED, pytest.approx(-0.2))


def test_the_bundled_prior_says_what_it_rests_on(bundled):
    found = prior(bundled, control="CHN")
    rate, cases, sizes = found.notes()
    assert "10 times" in rate or "8 times" in rate
    assert "since 2023-07-03" in rate
    assert "90 % interval" in rate
    assert f"{len(found.cases)} past controls" in cases
    assert "without a control" in cases  # the same months, without one
    assert f"{found.fall:.0%} (median)" in cases
    assert "at a loss of" in sizes
    # Metals at risk that no notice named by the end of the window moved far less.
    assert statistics.median(c.change for c in found.placebo) < 0.1 < statistics.median(c.change for c in found.cases)
    assert all(c.asset not in ("copper", "gold") for c in found.placebo)


def test_its_cases_are_those_of_the_price_responses(bundled):
    found = {(c.event_id, c.asset): c.change for c in prior(bundled, control="CHN").cases}
    seen = price_responses(bundled, ("gallium",)).cases
    assert found == {(c.source, c.asset): c.change for c in seen if c.kind == OBSERVED}


def test_the_bundled_liftings_are_an_assumption_and_say_so(bundled):
    found = prior(bundled, lifted="CHN")
    assert {one.basis for one in found.sizes.values()} == {ASSUMPTION}
    assert all(-1 < one.low < one.change < one.high < 0 for one in found.sizes.values())
    assert {c.event_id for c in found.cases} == {"EV063"}
    assert "too few" in " ".join(found.notes())


def test_without_sizes_there_is_a_rate_alone(bundled):
    rate = control_rate(bundled.ledger, [*bundled.products], on=ON)
    assert rate is not None
    found = shock_prior(rate, (), {}, {}, benchmark=())
    assert not found.sizes
    assert len(found.notes()) == 1


def test_an_earlier_date_knows_less():
    found = prior(Context(resolve({}, environment={}), date(2025, 1, 30)), control="CHN", assets=["gallium"])
    assert {c.event_id for c in found.cases} <= {"EV020", "EV025", "EV032", "EV037b"}
    assert max(c.day for c in found.cases) <= date(2025, 1, 30)
    assert max(c.day for c in found.rate.changes) <= date(2025, 1, 30)
