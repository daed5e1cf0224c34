"""What must not change a panel, nor what is read from thin histories: order of assets and of rows, and the unit of a price."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.examples import FITTED
from toolkit.core.assets import Asset, Universe
from toolkit.returns.panel import align
from toolkit.returns.volatility_pooling import annual_volatility, effective_excess, log_volatility, pooled_volatility
from toolkit.risk_model.annual_assets import coverage, extend_to_annual_assets
from toolkit.risk_model.covariance.form import StructuredCovariance

KEYS = ("a", "b", "c", "hf", "nd")
MONTHS = [date(2018 + i // 12, i % 12 + 1, 28) for i in range(72)]


def prices() -> pl.DataFrame:
    """Three ragged monthly series and two annual ones."""
    rng = np.random.default_rng(0)
    rows = []
    for key, start, end in (("a", 0, 72), ("b", 30, 72), ("c", 0, 50)):
        walk = 10.0 * np.exp(0.05 * rng.standard_normal(72).cumsum())
        rows += [(key, day, walk[i], "close") for i, day in enumerate(MONTHS) if start <= i < end and rng.random() > 0.15]
    for key in ("hf", "nd"):
        rows += [(key, date(2018 + i, 12, 31), float(np.exp(rng.standard_normal())), "annual_average") for i in range(6)]
    frame = pl.DataFrame(rows, schema=["asset", "date", "price", "basis"], orient="row")
    return frame.with_columns(currency=pl.lit("USD"), unit=pl.lit("kg"), quantity=pl.lit(None, pl.Float64))


PRICES = prices()


def universe(keys=KEYS) -> Universe:
    return Universe(tuple(Asset.unknown(key) for key in keys))


def volatilities(frame: pl.DataFrame) -> np.ndarray:
    """Pooled volatilities of `KEYS` from a panel."""
    panel = align(frame, universe())
    returns = panel.simple_returns()
    groups = ("g",) * len(KEYS)
    annual = {history.asset: annual_volatility(history) for history in panel.annual}
    own = [annual[key][0] if key in annual else np.nanstd(returns[:, i], ddof=1) * np.sqrt(12) for i, key in enumerate(KEYS)]
    count = [annual[key][1] if key in annual else np.isfinite(returns[:, i]).sum() for i, key in enumerate(KEYS)]
    estimates = log_volatility(np.array(own), np.array(count, float), effective_excess(returns, groups))
    return pooled_volatility(*estimates, groups).volatility


REFERENCE, VOLATILITIES = align(PRICES, universe()), volatilities(PRICES)


@FITTED
@given(order=st.permutations(KEYS), seed=st.integers(0, 1000))
def test_order_of_rows_and_of_assets_changes_no_panel(order, seed):
    found = align(PRICES.sample(fraction=1.0, shuffle=True, seed=seed), universe(order))
    assert (found.dates, found.assets, found.bases, found.currencies) == (
        REFERENCE.dates,
        REFERENCE.assets,
        REFERENCE.bases,
        REFERENCE.currencies,
    )
    assert found.histories == REFERENCE.histories
    assert np.array_equal(found.prices, REFERENCE.prices, equal_nan=True)
    for one, other in zip(found.annual, REFERENCE.annual, strict=True):
        assert (one.asset, one.years, one.prices.tolist()) == (other.asset, other.years, other.prices.tolist())
    weights = np.arange(5.0)
    at = [KEYS.index(key) for key in order]
    assert coverage(found, universe(order), weights[at]).sort("asset").equals(coverage(REFERENCE, universe(), weights))


@FITTED
@given(scale=st.floats(1e-6, 1e6), key=st.sampled_from(KEYS))
def test_unit_of_a_price_changes_no_volatility(scale, key):
    price = pl.when(pl.col("asset") == key).then(pl.col("price") * scale).otherwise(pl.col("price"))
    assert volatilities(PRICES.with_columns(price=price)) == pytest.approx(VOLATILITIES, rel=1e-8)


@FITTED
@given(data=st.data(), n=st.integers(1, 8))
def test_pooling_is_blind_to_order_and_follows_a_common_scale(data, n):
    own = np.array(data.draw(st.lists(st.floats(0.01, 2.0), min_size=n, max_size=n)))
    counts = np.array(data.draw(st.lists(st.integers(2, 3000), min_size=n, max_size=n)), float)
    groups = tuple(data.draw(st.lists(st.sampled_from("xy"), min_size=n, max_size=n)))
    order = data.draw(st.permutations(range(n)))
    mean, variance = log_volatility(own, counts, np.zeros(n))
    found = pooled_volatility(mean, variance, groups)
    moved = pooled_volatility(mean[order] + np.log(3.0), variance[order], tuple(groups[i] for i in order))
    assert moved.volatility == pytest.approx(3.0 * found.volatility[order], rel=1e-9)
    assert moved.error == pytest.approx(found.error[order], rel=1e-9)
    assert ((found.own_weight >= 0) & (found.own_weight <= 1 + 1e-12)).all()
    # Each lies between its own estimate and the others of its group.
    for group in set(groups):
        at = [i for i in range(n) if groups[i] == group]
        assert (np.log(found.volatility[at]) <= mean[at].max() + 1e-9).all()
        assert (np.log(found.volatility[at]) >= mean[at].min() - 1e-9).all()


@given(
    seed=st.integers(0, 10_000), n=st.integers(2, 8), named=st.booleans(), within=st.floats(-0.5, 1.0), rank=st.integers(1, 9)
)
def test_annual_assets_leave_the_others_alone_and_every_covariance_positive(seed, n, named, within, rank):
    rng = np.random.default_rng(seed)
    has_returns = rng.random(n) < 0.6
    has_returns[0] = True
    h = int(has_returns.sum())
    groups = tuple(rng.choice(list("xyz"), n))
    factors = tuple(("precious_metals" if named and i == 0 else f"residual_{i}") for i in range(rank))
    specific = rng.uniform(0.0, 0.1, h) if named else np.zeros(h)
    specific += 0.01 if named else 0.0
    errors = np.full((h, rank), np.nan)
    errors[:, :1] = 0.1 if named else np.nan
    form = StructuredCovariance(factors, rng.standard_normal((h, rank)) * 0.2, np.eye(rank), specific, errors)
    variance = rng.uniform(0.01, 1.0, n)
    whole = form.loadings @ form.factor_cov @ form.loadings.T + np.diag(specific)
    found = extend_to_annual_assets(form, has_returns, groups, variance, dict.fromkeys("xyz", within))
    matrix = found.loadings @ found.factor_cov @ found.loadings.T + np.diag(found.specific_var)
    assert np.isfinite(matrix).all()
    assert np.linalg.eigvalsh(matrix).min() > -1e-9
    assert matrix[np.ix_(has_returns, has_returns)] == pytest.approx(whole, abs=1e-8)
    assert np.diag(matrix)[~has_returns] == pytest.approx(variance[~has_returns])
    order = rng.permutation(n)
    at = np.flatnonzero(has_returns)
    inner = [list(at).index(i) for i in order if has_returns[i]]
    turned = StructuredCovariance(factors, form.loadings[inner], form.factor_cov, specific[inner], errors[inner])
    again = extend_to_annual_assets(
        turned, has_returns[order], tuple(groups[i] for i in order), variance[order], dict.fromkeys("xyz", within)
    )
    other = again.loadings @ again.factor_cov @ again.loadings.T + np.diag(again.specific_var)
    assert other == pytest.approx(matrix[np.ix_(order, order)], abs=1e-8)
