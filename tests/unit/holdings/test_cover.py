"""Cover: stock through time, arrivals of orders under licences, and the day on which metal runs out."""

import math
from statistics import NormalDist

import numpy as np
import pytest

from toolkit.core.errors import SpecError
from toolkit.holdings.cover import (
    NEVER,
    ApprovalRate,
    Delivery,
    LicenceDelay,
    Licences,
    StockPaths,
    Supply,
    arrival_days,
    days_of_cover,
)

DELAY = LicenceDelay(76.5, 180, "test")
RATES = (ApprovalRate(19 / 141, "a chamber"), ApprovalRate(0.5, "a commissioner"))
BELIEFS = Licences(RATES, DELAY, 10.0)


def paths(stock: float, need: list[float], arrivals: list[tuple[float, float]]) -> StockPaths:
    kg = np.array([kg for kg, _ in arrivals])
    return StockPaths.of(Supply(stock, kg, np.array([[day for _, day in arrivals]])), np.array(need))


def test_a_stock_of_ten_days_ends_on_the_eleventh():
    found = paths(10.0, [1.0] * 20, [])
    assert found.stops.tolist() == [11.0]
    assert found.missing[0, -1] == 10.0
    assert days_of_cover(10.0, np.ones(20)) == 10.0


def test_what_arrives_on_a_day_is_used_on_it():
    assert paths(10.0, [1.0] * 20, [(10.0, 11.0)]).stops.tolist() == [NEVER]
    late = paths(10.0, [1.0] * 20, [(10.0, 13.0)])
    assert late.stops.tolist() == [11.0]
    assert late.missing[0, -1] == 2.0  # two days stand still, and two days of metal are left over
    assert late.stock[0, -1] == 2.0


def test_missing_metal_is_that_of_a_day_by_day_account():
    rng = np.random.default_rng(3)
    need = rng.uniform(0, 3, 60)
    arrivals = [(float(rng.uniform(1, 20)), float(day)) for day in rng.integers(1, 60, 4)]
    stock, missing, seen = 12.0, 0.0, []
    for day, use in enumerate(need, start=1):
        stock += sum(kg for kg, arrives in arrivals if arrives == day)
        missing += max(use - stock, 0.0)
        stock = max(stock - use, 0.0)
        seen.append((stock, missing))
    found = paths(12.0, [*need], arrivals)
    np.testing.assert_allclose(found.stock[0, 1:], [stock for stock, _ in seen], atol=1e-9)
    np.testing.assert_allclose(found.missing[0, 1:], [missing for _, missing in seen], atol=1e-9)


def test_days_of_cover_of_a_need_that_ends():
    assert days_of_cover(5.0, np.array([1.0, 1.0, 0.0])) == math.inf
    assert days_of_cover(0.0, np.ones(3)) == 0.0
    assert days_of_cover(1.5, np.array([1.0, 2.0, 2.0])) == 1.25
    assert days_of_cover(3.0, np.zeros(5)) == math.inf


def test_beliefs_lie_between_the_reports_and_move_to_ones_own_experience():
    assert RATES[0].rate < BELIEFS.probability < RATES[1].rate
    good = Licences(RATES, DELAY, 10.0, approved=30)
    assert good.probability > 0.75
    assert good.credence[1] > 0.95
    assert Licences(RATES, DELAY, 10.0, refused=30).probability < 0.12
    assert Licences(RATES, DELAY, 10.0, days=(20.0,) * 30).updated.median < 30
    assert Licences(RATES, DELAY, 10.0).updated == DELAY


def test_the_posterior_is_that_of_a_grid():
    """Beta-binomial by numerical integration over a grid of rates."""
    approved, refused = 4, 3
    grid = np.linspace(5e-5, 1 - 5e-5, 10_000)
    priors = []
    for one in RATES:
        density = grid ** (10 * one.rate - 1) * (1 - grid) ** (10 * (1 - one.rate) - 1)
        priors.append(density / density.sum())
    posterior = sum(prior * grid**approved * (1 - grid) ** refused for prior in priors)
    expected = float((posterior * grid).sum() / posterior.sum())
    assert Licences(RATES, DELAY, 10.0, approved, refused).probability == pytest.approx(expected, abs=2e-3)
    drawn = Licences(RATES, DELAY, 10.0, approved, refused).rates_drawn(np.random.default_rng(1), 40_000)
    assert drawn.mean() == pytest.approx(expected, abs=5e-3)


def test_arrivals_follow_their_distribution():
    orders = [
        Delivery("lead", 1.0, 30.0),
        Delivery("licence", 1.0, 1.0, "licence"),
        Delivery("banned", 1.0, 30.0, "never"),
        Delivery("no day", 1.0, None),
        Delivery("overdue", 1.0, -20.0),
    ]
    days = arrival_days(orders, BELIEFS, 1.5, draws=20_000, seed=7)
    assert np.quantile(days[:, 0], [0.5, 0.9]) == pytest.approx([30, 45], abs=1)
    came = days[np.isfinite(days[:, 1]), 1]
    assert len(came) / len(days) == pytest.approx(BELIEFS.probability, abs=0.01)
    assert np.quantile(came, [0.5, 0.9]) == pytest.approx([76.5, 180], rel=0.05)
    assert np.isinf(days[:, 2]).all()
    assert np.isinf(days[:, 3]).all()
    assert np.median(days[:, 4]) == pytest.approx(20, abs=1)


def test_an_old_order_that_has_not_come_is_late_by_the_time_of_its_contract():
    """A time of about 408 days of which 398 are over leaves the upper tail; it was taken for one of ten days."""
    spread = math.log(1.5) / NormalDist().inv_cdf(0.9)
    order = Delivery("old", 1.0, 10.0, ordered=398.0)
    days = arrival_days([order], None, 1.5, draws=40_000, seed=3)[:, 0]
    whole = 408.0 * np.exp(spread * np.random.default_rng(11).standard_normal(200_000))
    left = whole[whole > 398.0] - 398.0
    assert np.quantile(days, [0.1, 0.5, 0.9]) == pytest.approx(np.quantile(left, [0.1, 0.5, 0.9]), rel=0.03, abs=1.5)
    assert np.isfinite(arrival_days([Delivery("old", 1.0, 1.0, ordered=20_000.0)], None, 1.01, draws=100, seed=3)).all()
    assert {*arrival_days([order], None, 1.0, draws=100, seed=3)[:, 0]} == {10.0}


def test_an_application_that_waits_has_outlasted_its_days():
    order = Delivery("waits", 1.0, 1.0, "licence", applied=100.0)
    days = arrival_days([order], BELIEFS, 1.0, draws=20_000, seed=7)[:, 0]
    left = days[np.isfinite(days)]
    expected = [DELAY.quantile(p) - 100 for p in 1 - np.array([0.5, 0.1]) * DELAY.exceeds(100)]
    assert np.quantile(left, [0.5, 0.9]) == pytest.approx(expected, rel=0.06)


def test_draws_are_the_same_bytes_and_do_not_depend_on_what_follows():
    orders = [Delivery("a", 1.0, 30.0, "licence"), Delivery("b", 1.0, 60.0)]
    first = arrival_days(orders, BELIEFS, 1.5, draws=100, seed=5)
    assert first.tobytes() == arrival_days(orders, BELIEFS, 1.5, draws=100, seed=5).tobytes()
    assert first[:, 0].tobytes() == arrival_days(orders[:1], BELIEFS, 1.5, draws=100, seed=5)[:, 0].tobytes()


def test_orders_share_the_mood_of_the_authority():
    orders = [Delivery(key, 1.0, 1.0, "licence") for key in "ab"]
    came = np.isfinite(arrival_days(orders, BELIEFS, 1.5, draws=20_000, seed=1))
    assert np.corrcoef(came.T)[0, 1] > 0.05


def test_orders_that_are_drawn_apart_share_the_authority_too():
    came = [
        np.isfinite(arrival_days([Delivery(key, 1.0, 1.0, "licence")], BELIEFS, 1.5, draws=20_000, seed=1)[:, 0])
        for key in "ab"
    ]
    assert np.corrcoef(came)[0, 1] > 0.05


@pytest.mark.parametrize("late", [0.5, math.nan])
def test_a_lateness_below_one_is_refused(late):
    with pytest.raises(SpecError):
        arrival_days([], BELIEFS, late, draws=1, seed=0)


def test_a_need_below_zero_and_a_licence_of_which_nothing_is_known_are_refused():
    with pytest.raises(SpecError):
        paths(1.0, [1.0, -1.0], [])
    with pytest.raises(SpecError):
        arrival_days([Delivery("x", 1.0, 1.0, "licence")], None, 1.5, draws=1, seed=0)
    with pytest.raises(SpecError):
        ApprovalRate(1.0, "nobody")


def test_reports_weigh_as_many_own_applications_as_their_row_says():
    one = (ApprovalRate(0.2, "a chamber"),)
    for weight in (5.0, 10.0, 100.0):
        assert Licences(one, DELAY, weight, 6, 2).probability == pytest.approx((0.2 * weight + 6) / (weight + 8))


def test_supplies_are_added_kept_and_delayed_delivery_by_delivery():
    one = Supply(5.0, np.array([1.0, 2.0]), np.array([[3.0, 4.0], [NEVER, 6.0]]), 0.5)
    other = Supply(7.0, np.array([4.0]), np.array([[1.0], [2.0]]), 0.25)
    both = one + other
    assert (both.stock, both.bridged, both.kg.tolist()) == (12.0, 0.75, [1.0, 2.0, 4.0])
    assert both.days.tolist() == [[3.0, 4.0, 1.0], [NEVER, 6.0, 2.0]]
    assert both.cumulative(4).tolist() == [[12.75, 16.75, 16.75, 17.75, 19.75], [12.75, 12.75, 16.75, 16.75, 16.75]]
    kept = both.keep(np.array([True, False, True]))
    assert (kept.stock, kept.kg.tolist(), kept.days.tolist()) == (12.0, [1.0, 4.0], [[3.0, 1.0], [NEVER, 2.0]])
    late = both.later(np.array([False, True, False]), 10.0)
    assert (late.kg.tolist(), late.days.tolist()) == ([1.0, 2.0, 4.0], [[3.0, 14.0, 1.0], [NEVER, 16.0, 2.0]])


def test_days_and_stocks_of_draws_are_their_quantiles():
    arrivals = np.array([[2.0], [3.0], [NEVER], [NEVER]])
    found = StockPaths.of(Supply(2.0, np.array([4.0]), arrivals), np.ones(8))
    assert found.stops.tolist() == [7.0, 7.0, 3.0, 3.0]
    assert [found.stop_at(p) for p in (0.25, 0.5, 0.51, 1.0)] == [3, 3, 7, 7]
    assert found.fan([0.0, 0.5, 1.0], [0, 2, 8]).tolist() == [[2, 0, 0], [2, 0, 0], [2, 4, 0]]
    assert found.expected_missing == (2 + 2 + 6 + 6) / 4
    lasts = StockPaths.of(Supply(9.0, np.zeros(0), np.zeros((4, 0))), np.ones(8))
    assert (lasts.probability, lasts.stop_at(0.5)) == (0.0, None)
    for need in ([1.0, -1.0], [1.0, math.nan], [1.0, math.inf]):
        with pytest.raises(SpecError, match="zero or more"):
            StockPaths.of(Supply(9.0, np.zeros(0), np.zeros((4, 0))), np.array(need))


@pytest.mark.parametrize(("stock", "days"), [(0.0, 0.0), (0.5, 0.5), (2.0, 1.5), (5.0, 3.5), (7.0, NEVER), (8.0, NEVER)])
def test_days_of_cover_are_those_of_an_uneven_need(stock, days):
    assert days_of_cover(stock, np.array([1.0, 2.0, 0.0, 4.0])) == days


def test_what_cannot_be_is_refused_with_what_to_check():
    order = [Delivery("x", 1.0, 1.0, "licence")]
    for told, hint, made in (
        ("a licence delay needs 0 < median < tail.", "Check the days.", lambda: LicenceDelay(5.0, 5.0, "")),
        ("a rate of approval is between 0 and 1, not 0.", "Check the counts.", lambda: ApprovalRate(0.0, "")),
        ("a rate of approval is between 0 and 1, not 1.", "Check the counts.", lambda: ApprovalRate(1.0, "")),
        ("nine in ten deliveries arrive within 0.9 of their time.", "Give 1 or more.",
         lambda: arrival_days([], BELIEFS, 0.9, draws=1, seed=0)),
        ("nothing is known of licences on this day.", "Choose a later --as-of.",
         lambda: arrival_days(order, None, 1.5, draws=1, seed=0)),
        ("a need is a quantity of zero or more on each day.", "Correct the needs.", lambda: paths(1.0, [1.0, -0.1], [])),
        ("a need is a quantity of zero or more on each day.", "Correct the needs.", lambda: paths(1.0, [math.inf], [])),
    ):  # fmt: skip
        with pytest.raises(SpecError) as refused:
            made()
        assert (refused.value.message, refused.value.hint) == (told, hint)
    assert LicenceDelay(0.5, 0.6, "").median == 0.5


def test_a_licence_takes_longer_than_its_median_in_half_of_the_cases():
    assert DELAY.exceeds(0.0) == DELAY.exceeds(-1.0) == 1.0
    assert DELAY.exceeds(76.5) == pytest.approx(0.5)
    assert DELAY.exceeds(180.0) == pytest.approx(0.1)
    assert 0.999 < DELAY.exceeds(1.0) < 1.0
    assert DELAY.quantile(0.9) == pytest.approx(180.0)


def test_what_is_overdue_comes_within_the_time_that_it_is_late_and_what_is_due_today_tomorrow():
    for due, median in ((-20.0, 20.0), (0.0, 1.0), (-1.0, 1.0), (1.0, 1.0), (30.0, 30.0)):
        days = arrival_days([Delivery("x", 1.0, due)], None, 2.0, draws=20_001, seed=1)[:, 0]
        assert abs(np.median(days) - median) <= 1
        assert days.min() >= 1
    assert {*arrival_days([Delivery("x", 1.0, 0.0)], None, 1.0, draws=10, seed=1)[:, 0]} == {1.0}
    assert {*arrival_days([Delivery("x", 1.0, -3.0)], None, 1.0, draws=10, seed=1)[:, 0]} == {3.0}
    assert {*arrival_days([Delivery("x", 1.0, 1.0)], None, 1.0, draws=10, seed=1)[:, 0]} == {1.0}


def test_a_licence_applied_for_long_ago_comes_later_than_it_has_taken_already():
    order = Delivery("x", 1.0, 1.0, "licence", applied=76.5)
    days = arrival_days([order], BELIEFS, 1.0, draws=40_000, seed=2)[:, 0]
    came = days[np.isfinite(days)]
    delay = BELIEFS.updated
    half = delay.quantile(1.0 - 0.5 * delay.exceeds(76.5)) - 76.5
    assert abs(np.median(came) - half) <= 2
