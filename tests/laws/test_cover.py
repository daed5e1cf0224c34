"""Laws of cover: more metal, earlier metal and less need never raise the probability of a stop; mass is conserved."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from toolkit.holdings.cover import NEVER, StockPaths, Supply, days_of_cover

KG = st.floats(0, 100, allow_nan=False)
DAYS = st.one_of(st.integers(1, 40).map(float), st.just(NEVER))
NEED = st.lists(st.integers(0, 10_000).map(lambda grams: grams / 1000), min_size=1, max_size=40).map(np.array)
ARRIVALS = st.lists(st.tuples(KG, st.lists(DAYS, min_size=5, max_size=5)), max_size=4)


def supply(stock, arrivals):
    days = np.array([days for _, days in arrivals]).T if arrivals else np.empty((5, 0))
    return Supply(stock, np.array([kg for kg, _ in arrivals]), days)


@given(KG, ARRIVALS, NEED, KG)
def test_more_stock_never_raises_the_probability_of_a_stop(stock, arrivals, need, more):
    before, after = (StockPaths.of(supply(kg, arrivals), need) for kg in (stock, stock + more))
    assert (after.stops >= before.stops).all()
    assert (after.missing <= before.missing + 1e-9).all()


@given(KG, ARRIVALS, NEED, st.integers(0, 20))
def test_later_deliveries_never_lower_it(stock, arrivals, need, days):
    one = supply(stock, arrivals)
    late = one.later(np.ones(len(arrivals), dtype=bool), days)
    assert (StockPaths.of(late, need).stops <= StockPaths.of(one, need).stops).all()


@given(KG, ARRIVALS, NEED)
def test_metal_is_conserved(stock, arrivals, need):
    found = StockPaths.of(supply(stock, arrivals), need)
    used = found.needed - found.missing
    np.testing.assert_allclose(found.stock, found.supplied - used, atol=1e-7)
    assert (np.diff(found.missing, axis=1) >= -1e-9).all()
    assert (np.diff(found.missing, axis=1) <= need + 1e-7).all()  # no day misses more than it needs


@given(KG, ARRIVALS, st.integers(1, 40))
def test_a_need_of_zero_is_covered_for_ever(stock, arrivals, days):
    found = StockPaths.of(supply(stock, arrivals), np.zeros(days))
    assert found.probability == 0
    assert days_of_cover(stock, np.zeros(days)) == NEVER


@given(KG, NEED)
def test_cover_without_deliveries_is_the_day_of_the_stop(stock, need):
    stop = StockPaths.of(supply(stock, []), need).stops[0]
    cover = days_of_cover(stock, need)
    assert (stop == NEVER) == (cover == NEVER) or abs(stock - need.sum()) < 1e-6
    if stop != NEVER and cover != NEVER:
        assert stop - 1 - 1e-6 <= cover <= stop + 1e-6
