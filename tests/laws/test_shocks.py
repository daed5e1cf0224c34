"""Laws of the constant-elasticity shock and of the licence delay."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.holdings.cover import LicenceDelay
from toolkit.shocks.elasticity import (
    Elasticity,
    implied_elasticity,
    linear_multiple,
    price_band,
    price_multiple,
)

LOSS = st.floats(0.01, 0.9)
ELASTICITY = st.floats(0.2, 3.0)
DELAY = LicenceDelay(76.5, 180.0, "test")


@given(LOSS, ELASTICITY)
def test_inversion_returns_the_elasticity(loss, elasticity):
    assert implied_elasticity(loss, price_multiple(loss, elasticity)) == pytest.approx(elasticity, rel=1e-9)


@given(LOSS, ELASTICITY)
def test_the_market_clears_at_the_new_price(loss, elasticity):
    # Independent of the closed form: supply (1 - loss) p**e equals demand p**-n, split any way.
    p = price_multiple(loss, elasticity)
    e = 0.3 * elasticity
    assert (1 - loss) * p**e == pytest.approx(p ** -(elasticity - e), rel=1e-9)


@given(LOSS, ELASTICITY)
def test_the_linear_rule_is_exact_only_for_small_shocks(loss, elasticity):
    assert price_multiple(loss, elasticity) > linear_multiple(loss, elasticity)
    assert price_multiple(1e-7, elasticity) - 1 == pytest.approx(linear_multiple(1e-7, elasticity) - 1, rel=1e-5)


@given(LOSS, LOSS, ELASTICITY)
def test_more_loss_means_a_higher_price(first, second, elasticity):
    low, high = sorted((first, second))
    assert price_multiple(low, elasticity) <= price_multiple(high, elasticity)


@given(LOSS, st.tuples(ELASTICITY, ELASTICITY, ELASTICITY), st.floats(1.0, 50.0))
def test_a_band_is_ordered_and_never_above_its_cap(loss, values, cap):
    low, central, high = sorted(values)
    band = price_band(loss, Elasticity(low, central, high, "given", "test"), cap=cap)
    assert 1 <= band.low <= band.central <= band.high <= cap
    assert band.capped == (price_multiple(loss, low) > cap)


@given(st.floats(0.01, 0.99))
def test_quantile_and_probability_are_inverse(p):
    assert DELAY.exceeds(DELAY.quantile(p)) == pytest.approx(1 - p, abs=1e-9)
