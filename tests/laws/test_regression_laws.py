"""What must not change loadings: order, units, and a factor that never moves."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from toolkit.returns.observed_returns import Returns
from toolkit.risk_model.factor_regression import fit
from toolkit.risk_model.regression import regress
from toolkit.risk_model.rolling import rolling

T, WINDOW = 60, 25
ASSETS, FACTORS = ("a", "b", "c", "d"), ("f", "g", "h")
DAYS = [date(2024, 1, 1) + timedelta(t) for t in range(T)]
seeds = st.integers(0, 10_000)


def panel(seed: int) -> tuple[np.ndarray, pl.DataFrame]:
    """Prices (T + 1, 4), some of them missing, and a frame of factors."""
    rng = np.random.default_rng(seed)
    x = 0.01 * rng.standard_normal((T, 3))
    y = x @ rng.standard_normal((3, 4)) + 0.01 * rng.standard_normal((T, 4))
    prices = np.exp(np.vstack([np.zeros(4), y]).cumsum(axis=0))
    prices[:, 2:][rng.random((T + 1, 2)) < 0.04] = np.nan
    return prices, pl.DataFrame(x, schema=list(FACTORS)).with_columns(date=pl.Series(DAYS))


def changes(prices: np.ndarray) -> pl.DataFrame:
    return pl.DataFrame(prices[1:] / prices[:-1] - 1, schema=list(ASSETS)).fill_nan(None).with_columns(date=pl.Series(DAYS))


def everything(frame: pl.DataFrame, factors: pl.DataFrame, assets=ASSETS, names=FACTORS) -> dict[str, np.ndarray]:
    """Every figure in the order of `assets` and `names`, loadings and errors of both."""
    whole = regress(frame, factors)
    parts = rolling(frame, factors, window=WINDOW, min_samples=18)
    rows, columns = [whole.assets.index(a) for a in assets], [whole.factors.index(f) for f in names]
    return {
        "loadings": whole.loadings[np.ix_(rows, columns)],
        "errors": whole.errors[np.ix_(rows, columns)],
        "t": whole.t[np.ix_(rows, columns)],
        "rolling": parts.loadings[:, rows][:, :, columns],
        "alpha": whole.alpha[rows],
        "rolling alpha": parts.alpha[:, rows],
        "variance": whole.residual_variance[rows],
        "r squared": whole.r_squared[rows],
        "periods": parts.periods[:, rows],
    }


def assert_same(found: dict[str, np.ndarray], expected: dict[str, np.ndarray]) -> None:
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, rtol=1e-7, atol=1e-10, err_msg=name)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(seed=seeds, assets=st.permutations(ASSETS), factors=st.permutations(FACTORS), rows=st.permutations(range(T)))
def test_the_order_of_assets_factors_and_rows_changes_nothing(seed, assets, factors, rows):
    prices, x = panel(seed)
    y = changes(prices)
    found = everything(
        y[list(rows)].select("date", *assets), x.sample(fraction=1.0, shuffle=True, seed=seed).select(*factors, "date")
    )
    assert_same(found, everything(y, x))


@settings(max_examples=25, deadline=None, derandomize=True)
@given(seed=seeds, currency=st.floats(1e-4, 1e4), factor=st.floats(1e-6, 1e6), sign=st.sampled_from([-1.0, 1.0]))
def test_units_of_prices_change_nothing_and_those_of_a_factor_its_loading_only(seed, currency, factor, sign):
    prices, x = panel(seed)
    unit = sign * factor
    expected = everything(changes(prices), x)
    found = everything(changes(prices * currency), x.with_columns(pl.col("g") * unit))
    for name in ("loadings", "errors", "t", "rolling"):
        scale = {"errors": abs(unit), "t": sign}.get(name, unit)
        found[name] = found[name] * np.array([1.0, scale, 1.0])
    assert_same(found, expected)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(seed=seeds, level=st.sampled_from([0.0, 0.3, -1e5]))
def test_a_factor_that_never_moves_changes_nothing(seed, level):
    prices, x = panel(seed)
    found = everything(changes(prices), x.with_columns(still=pl.lit(level)))
    assert_same(found, everything(changes(prices), x))
    zero = everything(changes(prices), x.with_columns(still=pl.lit(level)), names=("still",))
    assert not zero["loadings"].any()
    assert not np.nan_to_num(zero["rolling"]).any()


@settings(max_examples=25, deadline=None, derandomize=True)
@given(seed=seeds, among=st.integers(1, 3))
def test_collinear_factors_explain_as_much_and_are_never_nan(seed, among):
    prices, x = panel(seed)
    twin = x.with_columns(twin=sum((pl.col(name) for name in FACTORS[:among]), pl.lit(0.0)))
    found, expected = everything(changes(prices), twin), everything(changes(prices), x)
    assert np.isfinite(found["loadings"]).all()
    np.testing.assert_array_equal(np.isnan(found["rolling"]), np.isnan(expected["rolling"]))
    for name in ("variance", "r squared", "alpha", "rolling alpha"):
        np.testing.assert_allclose(found[name], expected[name], rtol=1e-6, atol=1e-9, err_msg=name)


SERIES = ("gold", "silver", "copper", "zinc", "lead", "brent", "natural_gas_us", "u", "v", "w")
HELD = ("gold", "copper", "u", "v", "w")
GROUPS = {"gold": "precious", "copper": "base", "u": "rest", "v": "rest", "w": "rest"}


def model(values: np.ndarray, series=SERIES, held=HELD, **options):
    """Loadings by asset and factor of one simulated history."""
    dates = tuple(date(2015 + t // 12, t % 12 + 1, 28) for t in range(len(values)))
    increments = Returns.exact(dates, series, values)
    state = np.zeros(values.shape)
    state[20:, [series.index(name) for name in ("u", "v")]] = 1.0
    groups = tuple(GROUPS[name] for name in held)
    found = fit(
        increments, increments, held, groups, ("copper", "zinc", "u", "v", "w"), state, np.full(len(held), 0.2), 12.0, **options
    )
    return {name: (found.loadings[i], found.errors[i], found.t[i]) for i, name in enumerate(held)}, found.factors


@settings(max_examples=20, deadline=None, derandomize=True)
@given(seed=seeds, order=st.permutations(SERIES), held=st.permutations(HELD), lags=st.integers(0, 2), fades=st.booleans())
def test_the_model_does_not_know_the_order_of_its_series(seed, order, held, lags, fades):
    rng = np.random.default_rng(seed)
    values = 0.05 * rng.standard_normal((72, 10)) + 0.03 * rng.standard_normal((72, 1))
    values[rng.random(values.shape) < 0.03] = np.nan
    options = {"lags": lags, "half_life": 30.0 if fades else None}
    expected, names = model(values, **options)
    found, same = model(values[:, [SERIES.index(name) for name in order]], tuple(order), tuple(held), **options)
    assert names == same
    for key in HELD:
        for one, other in zip(found[key], expected[key], strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-8, atol=1e-10)


@settings(max_examples=20, deadline=None, derandomize=True)
@given(seed=seeds, lags=st.integers(0, 2))
def test_an_energy_price_that_never_moves_changes_no_other_loading(seed, lags):
    rng = np.random.default_rng(seed)
    values = 0.05 * rng.standard_normal((72, 10)) + 0.03 * rng.standard_normal((72, 1))
    absent, still = values.copy(), values.copy()
    absent[:, 5:7], still[:, 5:7] = np.nan, 0.0
    expected, names = model(absent, lags=lags)
    found, _ = model(still, lags=lags)
    assert "energy" not in names
    for key in HELD:
        np.testing.assert_allclose(found[key][0], expected[key][0], rtol=1e-8, atol=1e-10)
        np.testing.assert_allclose(found[key][1], expected[key][1], rtol=1e-8)
