"""The delay of a licence, and how long a stock lasts against it."""

from __future__ import annotations

import math

import pytest

from toolkit.core.errors import SpecError
from toolkit.holdings.cover import LicenceDelay, cover

DELAY = LicenceDelay(median=45.0, tail=120.0, statutory=63.0, source="test")


@pytest.mark.parametrize(("median", "tail", "statutory"), [(0.0, 1.0, 1.0), (2.0, 2.0, 1.0), (3.0, 2.0, 1.0), (1.0, 2.0, 0.0)])
def test_days_that_are_no_distribution_are_refused(median, tail, statutory):
    with pytest.raises(SpecError):
        LicenceDelay(median, tail, statutory, "test")


def test_a_stock_lasts_as_many_days_as_its_use_allows():
    assert cover("gallium", 6.0, 0.5, DELAY).days == pytest.approx(365.25)
    assert cover("gallium", 6.0, None, DELAY).days is None


@pytest.mark.parametrize("use", [0.0, -1.0, math.inf, math.nan])
def test_a_use_that_is_none_is_refused(use):
    with pytest.raises(SpecError):
        cover("gallium", 6.0, use, DELAY)


def test_without_stock_the_gap_is_the_mean_delay():
    mean = DELAY.median * math.exp(DELAY.sigma**2 / 2)
    assert DELAY.expected_gap(0.0) == pytest.approx(mean)
    assert DELAY.expected_gap(1e-6) == pytest.approx(mean)
