"""The table of price multiples in DOMAIN 9a, and the delay that its text gives."""

from __future__ import annotations

import pytest

from toolkit.core.errors import SpecError
from toolkit.holdings.cover import LicenceDelay
from toolkit.shocks.elasticity import Elasticity, linear_multiple, price_band, price_multiple


@pytest.mark.parametrize(
    ("loss", "elasticity", "multiple", "digits"),
    [
        (0.2, 0.25, 2.44, 2),
        (0.2, 0.40, 1.75, 2),
        (0.2, 0.70, 1.38, 2),
        (0.5, 0.25, 16, 6),
        (0.5, 0.40, 5.66, 2),
        (0.5, 0.70, 2.69, 2),
    ],
)
def test_published_multiples(loss, elasticity, multiple, digits):
    assert round(price_multiple(loss, elasticity), digits) == multiple


def test_the_linear_rule_understates_as_the_text_says():
    assert linear_multiple(0.2, 0.40) - 1 == pytest.approx(0.5)
    assert price_multiple(0.2, 0.40) - 1 == pytest.approx(0.75, abs=0.005)


def test_quantiles_of_the_delay_of_a_licence():
    delay = LicenceDelay(76.5, 180, "test")
    assert delay.quantile(0.5) == pytest.approx(76.5)
    assert delay.quantile(0.9) == pytest.approx(180.0)


@pytest.mark.parametrize(
    ("loss", "elasticity"), [(1.0, 0.4), (-0.1, 0.4), (0.5, 0.0), (0.5, float("nan")), (float("nan"), 0.4), (0.99, 0.01)]
)
def test_out_of_range_is_refused(loss, elasticity):
    with pytest.raises(SpecError):
        price_multiple(loss, elasticity)


def test_a_cap_below_the_price_is_refused():
    with pytest.raises(SpecError, match="cap"):
        price_band(0.5, Elasticity(0.25, 0.4, 0.7, "given", "test"), cap=0.9)


def test_elasticities_out_of_order_are_refused():
    with pytest.raises(SpecError, match="low to high"):
        Elasticity(0.7, 0.4, 0.25, "given", "test")
