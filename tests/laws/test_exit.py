"""Laws of bids and of what could be money: the median alone is the spread, longer is never less, and all of it is somewhere."""

import math
from datetime import date, timedelta
from itertools import pairwise
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.holdings.exit import FEWEST, RUNGS, WINDOW_DAYS, Bid, Days, bids_seen, steps, within

DAY = date(2026, 12, 1)
PRICES = st.floats(1, 1e6)


@st.composite
def bids(draw) -> Bid:
    """A bid for gallium at a level of 1000, in the window."""
    made = DAY - timedelta(draw(st.integers(0, WINDOW_DAYS - 1)))
    kg, holds = draw(st.none() | st.floats(0.001, 1e4)), draw(st.none() | st.dates(DAY - timedelta(20), DAY + timedelta(20)))
    return Bid(made, "gallium", "metal", draw(st.floats(1, 5000)), 1000.0, kg, None, holds)


@given(st.lists(bids(), min_size=FEWEST, max_size=8), st.randoms())
def test_more_bids_of_the_same_median_never_change_the_spread_and_order_is_of_no_matter(found, random):
    middle = median(one.price for one in found)
    lower = Bid(DAY, "gallium", "metal", middle, 1000.0)
    more = [*found, lower, lower]
    random.shuffle(more)
    (before,), (after,) = bids_seen(found, DAY), bids_seen(more, DAY)
    assert after.spread == pytest.approx(before.spread, abs=1e-12)
    assert (after.low, after.high) == (before.low, before.high)


@given(
    st.lists(bids(), max_size=6), st.floats(0.01, 1e4), st.floats(1, 1e7), st.floats(0, 1), st.floats(0, 1.9),
    st.none() | st.tuples(st.floats(0.5, 30), st.floats(0, 60), st.floats(0, 300)),
)  # fmt: skip
def test_longer_is_never_less_and_every_kg_is_sold_once(found, quantity, value, error, spread, ends):
    days = ends and Days(ends[0], ends[0] + ends[1], sum(ends))
    seen = next(iter(bids_seen(found, DAY)), None)
    own = spread if seen is None or seen.spread is None else seen.spread
    parts = steps(quantity, value, error * value, own, days, seen)
    assert math.isclose(sum(one.quantity for one in parts), quantity, rel_tol=1e-9)
    money = [within(parts, rung) for rung in (*RUNGS, math.inf)]
    for one, longer in pairwise(money):
        assert one.money <= longer.money
        assert one.low <= longer.low
        assert one.high <= longer.high
    for one in money:
        assert one.low <= one.money * (1 + 1e-12)
        assert one.money <= one.high * (1 + 1e-12)
    offered = [one for one in parts if one.by == "offer"]
    # What no bid holds for brings its value less half of the spread, whenever it is sold.
    rest = quantity - sum(one.quantity for one in offered)
    brought = sum(one.amount.money for one in parts if one.by != "offer")
    assert brought == pytest.approx(value * (1 - own / 2) * rest / quantity, rel=1e-6, abs=1e-6 * value)
    assert all(one.days is None for one in parts) == (days is None)
