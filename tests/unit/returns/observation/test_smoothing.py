from __future__ import annotations

import numpy as np
import pytest

from toolkit.returns.observation.smoothing import AS_IS, BOUND, GELTNER, VOLATILITY_FACTOR, Geltner, getmansky, unsmooth


def smoothed(seed, periods, n, f=0.6):
    true = 0.05 * np.random.default_rng(seed).standard_normal((periods, n))
    printed = true.copy()
    for t in range(1, periods):
        printed[t] = f * printed[t - 1] + (1 - f) * true[t]
    return printed


def test_geltners_published_example():
    # DOMAIN.md, section 10: f = 0.5 turns 20 % into 34.6 %.
    f = np.array([0.5])
    assert 0.2 * Geltner(f, f, f, f > 0).factor[0] == pytest.approx(0.346, abs=5e-4)


def test_unsmoothing_is_geltners_formula_and_keeps_mean_and_gaps():
    printed = smoothed(0, 300, 3) + 0.01
    printed[40:43, 1] = np.nan
    found = unsmooth(printed)
    assert found.method == (GELTNER,) * 3
    f = found.coefficient[0]
    assert found.changes[1:, 0] == pytest.approx((printed[1:, 0] - f * printed[:-1, 0]) / (1 - f))
    assert np.array_equal(np.isnan(found.changes), np.isnan(printed))
    assert np.nanmean(found.changes, axis=0) == pytest.approx(np.nanmean(printed, axis=0), abs=2e-3)
    assert found.factor == pytest.approx(np.sqrt((1 + found.coefficient) / (1 - found.coefficient)))
    assert (found.factor_error > 0).all()


def test_order_scale_and_the_other_series_do_not_matter():
    printed = np.column_stack([smoothed(1, 200, 2), np.random.default_rng(2).standard_normal((200, 2))])
    found = unsmooth(printed)
    order = [3, 1, 0, 2]
    again = unsmooth(0.1 * printed[:, order])
    assert again.method == tuple(found.method[i] for i in order)
    assert again.factor == pytest.approx(found.factor[order])
    assert again.changes == pytest.approx(0.1 * found.changes[:, order])
    assert unsmooth(printed[:, :1]).factor == pytest.approx(found.factor[:1])


def test_a_later_change_moves_earlier_ones_only_through_the_parameters():
    printed = smoothed(3, 400, 1)
    whole, shorter = unsmooth(printed), unsmooth(printed[:-1])
    assert shorter.changes == pytest.approx(whole.changes[:-1], abs=2e-3)


def test_constant_short_reverting_and_missing_series_come_back_as_they_are():
    changes = np.full((60, 4), np.nan)
    changes[:, 0] = 0.0
    changes[:12, 1] = np.linspace(0.0, 1.0, 12)
    noise = np.random.default_rng(4).standard_normal(61)
    changes[:, 2] = np.diff(noise)
    found = unsmooth(changes)
    assert found.method == (AS_IS,) * 4
    assert np.array_equal(found.changes, changes, equal_nan=True)
    assert (found.factor == 1.0).all()
    assert found.coefficient[2] == pytest.approx(-0.5, abs=0.2)
    for name in ("coefficient", "error", "weights", "factor_error"):
        assert np.isfinite(getattr(found, name)).all()


def test_an_almost_unit_root_is_bounded():
    found = unsmooth(smoothed(5, 500, 1, f=0.98))
    assert found.factor[0] <= np.sqrt((1.0 + BOUND) / (1.0 - BOUND)) + 1e-12


def test_limits_of_averaging_and_the_equivalent_smoothing_weights():
    assert pytest.approx(np.sqrt(1.5), rel=1e-3) == VOLATILITY_FACTOR
    theta = np.array([1.0, 2.0 - np.sqrt(3.0)]) / (3.0 - np.sqrt(3.0))
    assert 1 / np.linalg.norm(theta) == pytest.approx(np.sqrt(1.5))
    walk = np.random.default_rng(8).standard_normal((4000 * 21, 1)).cumsum(axis=0)
    found = getmansky(np.diff(walk.reshape(4000, 21, 1).mean(axis=1), axis=0), 1)
    assert found.weights[0] == pytest.approx(theta, abs=0.02)
