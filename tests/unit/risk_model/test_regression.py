from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from statsmodels.regression.linear_model import OLS

from toolkit.core.errors import DataError, GapError
from toolkit.risk_model.regression import regress


def frame(values: np.ndarray, prefix: str) -> pl.DataFrame:
    return pl.DataFrame(values, schema=[f"{prefix}{i}" for i in range(values.shape[1])]).fill_nan(None)


def simulated(seed: int, T: int = 300, n: int = 6, k: int = 4) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((T, k)) * np.logspace(-3, 3, k)
    x[:, 1] += 1e3 * np.abs(x[:, 1]).max()  # a factor far from zero
    return x, x @ rng.standard_normal((k, n)) / np.logspace(-3, 3, k).max() + rng.standard_normal((T, n)) * 1e-3


def assert_is_ols(found, i: int, y: np.ndarray, x: np.ndarray) -> None:
    """Every figure of one asset is statsmodels', on the rows where nothing is missing and factors in units of their size."""
    rows = np.isfinite(y) & np.isfinite(x).all(axis=1)
    scale = x[rows].std(axis=0)
    centre = x[rows].mean(axis=0)
    result = OLS(y[rows], np.column_stack([np.ones(rows.sum()), (x[rows] - centre) / scale])).fit()
    slope = result.params[1:] / scale
    np.testing.assert_allclose(found.loadings[i] * scale, result.params[1:], rtol=1e-8, atol=1e-8 * result.bse[1:].min())
    np.testing.assert_allclose(found.errors[i], result.bse[1:] / scale, rtol=1e-8)
    np.testing.assert_allclose(found.alpha[i], result.params[0] - slope @ centre, rtol=1e-8)
    np.testing.assert_allclose(found.residual_variance[i], result.scale, rtol=1e-8)
    np.testing.assert_allclose(1 - found.r_squared[i], 1 - result.rsquared, rtol=1e-7)
    np.testing.assert_allclose(found.t[i], result.tvalues[1:], rtol=1e-7, atol=1e-7)
    assert found.periods[i] == rows.sum()


@pytest.mark.parametrize("share", [0.0, 0.3])
def test_every_figure_is_that_of_ordinary_least_squares(share):
    x, y = simulated(0)
    rng = np.random.default_rng(1)
    y[:, 2:][rng.random((len(y), y.shape[1] - 2)) < share] = np.nan
    if share:
        y[:200, 3] = np.nan  # starts late
        y[12:, 4] = np.nan  # a dozen periods
        x[5, 0] = np.nan
    found = regress(frame(y, "a"), frame(x, "f"))
    for i in range(y.shape[1]):
        assert_is_ols(found, i, y[:, i], x)
    assert found.notes == ()


def test_gaps_keep_the_digits_that_collinearity_would_cost():
    rng = np.random.default_rng(2)
    x = rng.standard_normal((400, 3))
    x[:, 2] = x[:, 0] + 1e-5 * x[:, 2]  # condition 1e5: normal equations on the factors would keep six digits
    y = x @ np.array([[1.0], [2.0], [3.0]]) + rng.standard_normal((400, 1))
    y[rng.random(400) < 0.2] = np.nan
    rows = np.isfinite(y[:, 0])
    exact = np.linalg.lstsq(np.column_stack([np.ones(rows.sum()), x[rows]]), y[rows, 0])[0]
    np.testing.assert_allclose(regress(frame(y, "a"), frame(x, "f")).loadings[0], exact[1:], rtol=1e-9)


def test_the_little_that_a_near_perfect_fit_leaves_keeps_its_digits():
    rng = np.random.default_rng(3)
    x = rng.standard_normal((200, 2))
    y = x @ np.ones((2, 1)) + 1e-7 * rng.standard_normal((200, 1))
    residual = OLS(y[:, 0], np.column_stack([np.ones(200), x])).fit().scale
    np.testing.assert_allclose(regress(frame(y, "a"), frame(x, "f")).residual_variance, residual, rtol=1e-7)


def test_collinear_factors_share_the_loading_and_it_is_said():
    rng = np.random.default_rng(4)
    x = rng.standard_normal((100, 2))
    y = 2.0 * x[:, :1] + rng.standard_normal((100, 3)) * 0.1
    twice = np.column_stack([x, 5.0 * x[:, 0]])
    y[3, 2] = np.nan
    found, plain = regress(frame(y, "a"), frame(twice, "f")), regress(frame(y, "a"), frame(x, "f"))
    np.testing.assert_allclose(found.loadings[:, 0], plain.loadings[:, 0] / 2)
    np.testing.assert_allclose(found.loadings[:, 2], plain.loadings[:, 0] / 2 / 5)
    np.testing.assert_allclose(found.loadings[:, 1], plain.loadings[:, 1])
    np.testing.assert_allclose(found.residual_variance, plain.residual_variance)
    np.testing.assert_allclose(found.t[:, [0, 2]], plain.t[:, [0, 0]])
    assert "collinear (rank 2)" in found.notes[0]


def test_a_factor_that_stands_still_in_the_periods_of_an_asset_has_loading_zero_there():
    rng = np.random.default_rng(5)
    x, y = rng.standard_normal((100, 2)), rng.standard_normal((100, 3))
    x[:40, 1] = 0.7
    y[40:, 1] = np.nan
    found = regress(frame(y, "a"), frame(x, "f"))
    assert found.loadings[1, 1] == 0
    assert found.errors[1, 1] == 0
    assert found.t[1, 1] == 0
    assert np.isfinite(found.loadings).all()
    assert (found.loadings[[0, 2], 1] != 0).all()
    assert_is_ols(regress(frame(y, "a"), frame(x[:, :1], "f")), 1, y[:, 1], x[:, :1])
    np.testing.assert_allclose(found.loadings[1, 0], regress(frame(y, "a"), frame(x[:, :1], "f")).loadings[1, 0])
    assert found.notes[-1].endswith("a1.")


def test_rows_are_matched_by_date_in_any_order():
    x, y = simulated(6, T=50)
    days = [date(2020, 1, 1) + timedelta(t) for t in range(50)]
    changes, factors = frame(y, "a").with_columns(date=pl.Series(days)), frame(x, "f").with_columns(date=pl.Series(days))
    expected = regress(changes.drop("date"), factors.drop("date"))
    shuffled = regress(changes.sample(fraction=1.0, shuffle=True, seed=1), factors.sample(fraction=1.0, shuffle=True, seed=2))
    np.testing.assert_array_equal(shuffled.loadings, expected.loadings)
    together = regress(changes.hstack(factors.drop("date").get_columns()), tuple(f"f{j}" for j in range(4)))
    np.testing.assert_array_equal(together.loadings, expected.loadings)
    assert together.factors == ("f0", "f1", "f2", "f3")
    # Dates that the factors lack drop out.
    assert regress(changes, factors[10:]).periods.tolist() == [40] * 6


GOOD = np.random.default_rng(7).standard_normal((30, 2))


@pytest.mark.parametrize(
    ("changes", "factors", "error", "words"),
    [
        ({"a": GOOD[:2, 0]}, {"f": GOOD[:2, 1]}, GapError, "2 common periods"),
        ({"a": GOOD[:3, 0]}, {"f": GOOD[:3, 1], "g": GOOD[3:6, 1]}, GapError, "3 common periods"),
        ({"a": [*GOOD[:2, 0], *[None] * 28]}, {"f": GOOD[:, 1]}, GapError, "2 common periods"),
        ({"a": [None] * 30}, {"f": GOOD[:, 1]}, GapError, "0 common periods"),
        ({"a": GOOD[:, 0]}, {"f": [None] * 30}, GapError, "0 common periods"),
        ({"a": np.full(30, 0.3)}, {"f": GOOD[:, 1]}, DataError, "'a' does not change"),
        ({"b": GOOD[:, 1], "a": [*[0.3] * 29, None]}, {"f": GOOD[:, 1]}, DataError, "'a' does not change"),
        ({"a": [*GOOD[:29, 0], np.nan]}, {"f": GOOD[:, 1]}, DataError, "'a' holds NaN"),
        ({"a": GOOD[:, 0]}, {"f": [*GOOD[:28, 1], None, np.inf]}, DataError, "'f' holds NaN or an infinite"),
        ({"a": ["x"] * 30}, {"f": GOOD[:, 1]}, DataError, "holds no numbers"),
        ({"a": GOOD[:, 0]}, {"f": GOOD[:9, 1]}, DataError, "30 rows and the factors 9"),
        ({"a": GOOD[:, 0]}, {}, DataError, "30 rows and the factors 0"),
        ({"date": [date(2020, 1, 1)] * 30, "a": GOOD[:, 0]}, {"f": GOOD[:, 1]}, DataError, "repeated"),
        ({"a": GOOD[:, 0], "gold": GOOD[:, 1]}, ("golt",), DataError, "gold"),
    ],
)
def test_what_cannot_be_regressed_is_refused_in_words(changes, factors, error, words):
    factors = factors if isinstance(factors, tuple) else pl.DataFrame(factors)
    with pytest.raises(error, match=words):
        regress(pl.DataFrame(changes), factors)
