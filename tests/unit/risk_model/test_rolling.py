from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from toolkit.core.errors import DataError, GapError
from toolkit.risk_model.rolling import rolling


def frame(values: np.ndarray, prefix: str) -> pl.DataFrame:
    return pl.DataFrame(values, schema=[f"{prefix}{i}" for i in range(values.shape[1])]).fill_nan(None)


def directly(x: np.ndarray, y: np.ndarray, window: int, needed: int) -> tuple[np.ndarray, np.ndarray]:
    """Window by window and asset by asset: loadings (W, n, k) and alpha, by lstsq on factors in units of their size."""
    W, n, k = len(x) - window + 1, y.shape[1], x.shape[1]
    loadings, alpha = np.full((W, n, k), np.nan), np.full((W, n), np.nan)
    for w in range(W):
        for i in range(n):
            own, other = y[w : w + window, i], x[w : w + window]
            rows = np.isfinite(own) & np.isfinite(other).all(axis=1)
            if rows.sum() >= needed:
                centre, scale = other[rows].mean(axis=0), other[rows].std(axis=0)
                design = np.column_stack([np.ones(rows.sum()), (other[rows] - centre) / scale])
                b = np.linalg.lstsq(design, own[rows])[0]
                loadings[w, i] = b[1:] / scale
                alpha[w, i] = b[0] - loadings[w, i] @ centre
    return loadings, alpha


def simulated(seed: int, T: int = 170, n: int = 4, k: int = 3) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((T, k))
    x[:, 0] += 1e3  # a mean of a thousand standard deviations
    x[:, 2] = 1e-4 * (x[:, 2] + 3 * x[:, 1])
    return x, x @ rng.standard_normal((k, n)) * np.array([1.0, 2.0, 0.5, 3.0]) + rng.standard_normal((T, n))


@pytest.mark.parametrize("window", [5, 40, 85, 170])
def test_windows_are_least_squares(window):
    x, y = simulated(0)
    found = rolling(frame(y, "a"), frame(x, "f"), window=window)
    loadings, alpha = directly(x, y, window, window)
    size = np.abs(loadings * x.std(axis=0)).max() / x.std(axis=0)
    assert (np.abs(found.loadings - loadings) / size).max() < 1e-8
    np.testing.assert_allclose(found.alpha, alpha, rtol=1e-8, atol=1e-8)
    assert (found.periods == window).all()


def test_windows_with_gaps_use_the_periods_they_have():
    x, y = simulated(1)
    rng = np.random.default_rng(2)
    y[:, 1:][rng.random((len(y), 3)) < 0.1] = np.nan
    y[:90, 3] = np.nan
    x[100, 1] = np.nan
    found = rolling(frame(y, "a"), frame(x, "f"), window=40, min_samples=34)
    loadings, alpha = directly(x, y, 40, 34)
    assert 0.1 < np.isnan(loadings[:, :, 0]).mean() < 0.9
    scale = np.nanstd(x, axis=0)
    np.testing.assert_allclose(found.loadings * scale, loadings * scale, rtol=1e-8, atol=1e-8)
    np.testing.assert_allclose(found.alpha, alpha, rtol=1e-8, atol=1e-8)
    assert found.periods[-1, 0] == 40
    assert found.periods[61, 0] == 39
    # By default a window must be whole.
    assert np.isnan(rolling(frame(y, "a"), frame(x, "f"), window=40).loadings[61]).all()


def test_a_factor_that_stands_still_or_repeats_another_in_some_windows():
    x, y = simulated(3)
    x[30:90, 1] = 0.4
    x[110:, 2] = 2 * x[110:, 1]
    found = rolling(frame(y, "a"), frame(x, "f"), window=30)
    assert np.isfinite(found.loadings).all()
    np.testing.assert_array_equal(found.loadings[30:61, :, 1], 0)
    # There is no telling which of the two it is: each takes half.
    last, single = found.loadings[-1], rolling(frame(y, "a"), frame(x[:, :2], "f"), window=30).loadings[-1]
    np.testing.assert_allclose(last[:, 1], single[:, 1] / 2, rtol=1e-8)
    np.testing.assert_allclose(last[:, 2], single[:, 1] / 4, rtol=1e-8)
    still = directly(x[:, [0, 2]], y, 30, 30)[0]
    np.testing.assert_allclose(found.loadings[45][:, [0, 2]] * [1, 1e-4], still[45] * [1, 1e-4], rtol=1e-8, atol=1e-8)


def test_a_wild_day_is_forgotten_with_its_window():
    x, y = simulated(4, T=120)
    wild = y.copy()
    wild[50] += 1e6
    calm, after = (rolling(frame(values, "a"), frame(x, "f"), window=20).loadings for values in (y, wild))
    assert np.abs(after[50] - calm[50]).max() > 1
    np.testing.assert_allclose(after[51:], calm[51:], rtol=1e-6, atol=1e-7)


def test_the_frame_has_a_row_a_window_and_asset():
    x, y = simulated(5, T=40)
    y[:15, 1] = np.nan
    days = [date(2024, 1, 1) + timedelta(t) for t in range(40)]
    changes = frame(y, "a").with_columns(date=pl.Series(days))
    found = rolling(changes.reverse(), frame(x, "f").with_columns(date=pl.Series(days)), window=30)
    assert found.dates == tuple(days[29:])
    table = found.frame()
    assert table.columns == ["date", "asset", "periods", "alpha", "f0", "f1", "f2"]
    assert table.height == 11 * 4
    assert table.filter(asset="a1")["f0"].null_count() == 11
    assert table.filter(date=days[-1], asset="a2")["f2"].item() == found.loadings[-1, 2, 2]
    bare = rolling(frame(y, "a"), frame(x, "f"), window=30).frame()
    assert bare["row"].to_list()[::4] == list(range(29, 40))


def test_a_constant_asset_has_loading_zero():
    x, y = simulated(6, T=60)
    y[:, 0] = 0.25
    found = rolling(frame(y, "a"), frame(x, "f"), window=30)
    np.testing.assert_array_equal(found.loadings[:, 0], 0)
    np.testing.assert_allclose(found.alpha[:, 0], 0.25)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"window": 4}, DataError, "3 factors within 4 periods"),
        ({"window": 20, "min_samples": 21}, DataError, "cannot ask for 21"),
        ({"window": 20, "min_samples": 4}, DataError, "cannot ask for 4"),
        ({"window": 61}, GapError, "60 periods hold no window of 61"),
    ],
)
def test_windows_that_cannot_be_are_refused(arguments, error, words):
    x, y = simulated(7, T=60)
    with pytest.raises(error, match=words):
        rolling(frame(y, "a"), frame(x, "f"), **arguments)
