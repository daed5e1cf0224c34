"""Rank correlations of pairs: against scipy, over shared periods alone, with intervals that cover."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import spearmanr

from toolkit.risk_model.correlations import LEAST_SHARED, rank_correlation


def test_it_is_spearmans_over_the_periods_that_both_have():
    rng = np.random.default_rng(1)
    x = rng.normal(size=60).round(1)  # with ties
    y = 0.5 * x + rng.normal(size=60)
    x[:7], y[50:] = np.nan, np.nan
    found = rank_correlation(x, y)
    assert found.periods == 43
    assert found.value == pytest.approx(spearmanr(x[7:50], y[7:50]).statistic, abs=1e-12)
    assert found.low < found.value < found.high
    # An entry error is one rank of many.
    wild = y.copy()
    wild[20] = 1e6
    assert abs(rank_correlation(x, wild).value - found.value) < 0.1


@pytest.mark.parametrize(("x", "n"), [(np.arange(LEAST_SHARED - 1.0), LEAST_SHARED - 1), (np.ones(40), 40)])
def test_too_few_periods_and_a_price_that_never_changes_have_none(x, n):
    found = rank_correlation(x, np.random.default_rng(2).normal(size=len(x)))
    assert found.periods == n
    assert np.isnan([found.value, found.low, found.high]).all()


def test_the_interval_covers_at_its_rate():
    rng = np.random.default_rng(3)
    rho = 0.5
    truth = 6.0 / np.pi * np.arcsin(rho / 2.0)  # Spearman of the binormal (Pearson 1907)
    held = 0
    for _ in range(600):
        x = rng.normal(size=42)
        found = rank_correlation(x, rho * x + np.sqrt(1 - rho**2) * rng.normal(size=42))
        held += found.low <= truth <= found.high
    assert held / 600 == pytest.approx(0.95, abs=0.025)
