"""What must not change a forecast: order, units, and an asset that has nothing to do with it."""

from __future__ import annotations

import functools
from datetime import date

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.examples import FITTED, SOLVED
from toolkit.core.assets import Asset, Universe
from toolkit.market.package import bundled_market
from toolkit.returns.observed_returns import Returns
from toolkit.risk_model.covariance.ewma import EwmaCovariance
from toolkit.risk_model.covariance.factor import FactorCovariance
from toolkit.risk_model.covariance.form import CovarianceInputs
from toolkit.risk_model.covariance.ledoit_wolf import LedoitWolfCovariance
from toolkit.risk_model.covariance.sample import SampleCovariance
from toolkit.risk_model.model import estimate

SNAPSHOT = bundled_market().until(date(2026, 11, 24))
KEYS = ("gallium", "tellurium", "tungsten", "indium", "gold", "silver")
UNIVERSE = Universe(tuple(Asset.from_row(row) for row in SNAPSHOT["products"].to_dicts())).take(KEYS)
CONTROLLED = pl.DataFrame(
    {
        "asset": ["gallium", "tungsten", "tellurium"],
        "from": [date(2023, 8, 1), date(2025, 2, 4), date(2025, 2, 4)],
        "to": [None] * 3,
    },
    schema={"asset": pl.String, "from": pl.Date, "to": pl.Date},
)
SPECS = (FactorCovariance(), SampleCovariance(), LedoitWolfCovariance(), EwmaCovariance())


def forecast(prices=SNAPSHOT["prices"], universe=UNIVERSE, spec=SPECS[0]):
    return estimate(prices=prices, fx=SNAPSHOT["fx"], universe=universe, controlled=CONTROLLED, covariance=spec)


@functools.cache
def reference(kind):
    """The forecast that nothing was changed for."""
    return forecast(spec=next(spec for spec in SPECS if spec.kind == kind))


@SOLVED
@given(order=st.permutations(KEYS), seed=st.integers(0, 1000), spec=st.sampled_from(SPECS))
def test_permuting_assets_and_rows_changes_nothing(order, seed, spec):
    found = forecast(SNAPSHOT["prices"].sample(fraction=1.0, shuffle=True, seed=seed), UNIVERSE.take(order), spec)
    at = [order.index(key) for key in KEYS]
    assert found.matrix[np.ix_(at, at)] == pytest.approx(reference(spec.kind).matrix, rel=1e-9, abs=1e-12)
    for i, risk in zip(at, reference(spec.kind).risks, strict=True):
        other = found.risks[i]
        assert (other.asset, other.model, other.first, other.last) == (risk.asset, risk.model, risk.first, risk.last)
        numbers = [[r.raw, r.latent, r.low, r.high, r.noise, r.observations, r.own_weight] for r in (other, risk)]
        assert numbers[0] == pytest.approx(numbers[1], rel=1e-9)


@SOLVED
@given(scale=st.floats(1e-3, 1e4), key=st.sampled_from(KEYS), spec=st.sampled_from(SPECS))
def test_scaling_a_price_changes_no_risk_and_scales_its_level(scale, key, spec):
    scaled = SNAPSHOT["prices"].with_columns(
        pl.when(pl.col("asset") == key).then(pl.col("price") * scale).otherwise(pl.col("price")).alias("price")
    )
    found = forecast(scaled, spec=spec)
    assert found.matrix == pytest.approx(reference(spec.kind).matrix, rel=1e-6, abs=1e-9)
    i = KEYS.index(key)
    assert found.levels[i].price == pytest.approx(reference(spec.kind).levels[i].price * scale, rel=1e-6)


def with_stranger(seed: int, like: str, noise: float) -> tuple[pl.DataFrame, Universe]:
    """The prices and universe with one more asset: a random walk on the dates, basis and quantities of another."""
    rows = SNAPSHOT["prices"].filter(pl.col("asset") == like)
    rng = np.random.default_rng(seed)
    walk = np.exp(rng.normal(0, 0.1, rows.height).cumsum() + rng.normal(0, noise, rows.height))
    extra = rows.with_columns(asset=pl.lit("unrelated"), price=pl.Series(walk))
    return pl.concat([SNAPSHOT["prices"], extra]), Universe((*UNIVERSE, Asset.unknown("unrelated")))


def deviation_and_correlation(matrix):
    sd = np.sqrt(np.diag(matrix))
    return sd, matrix / np.outer(sd, sd)


@SOLVED
@given(seed=st.integers(0, 1000), spec=st.sampled_from(SPECS), noisy=st.booleans())
def test_an_unrelated_asset_barely_changes_the_others(seed, spec, noisy):
    prices, universe = with_stranger(seed, "gallium" if noisy else "gold", 0.2 if noisy else 0.0)
    found = forecast(prices, universe, spec)
    assert np.isfinite(found.matrix).all()
    before, old = deviation_and_correlation(reference(spec.kind).matrix)
    after, new = deviation_and_correlation(found.matrix[:-1, :-1])
    # The noisy ones share a persistence, all a regime, and linear shrinkage moves variances towards their mean.
    assert after == pytest.approx(before, rel=0.2)
    assert np.abs(new - old).max() < 0.2


def test_the_same_inputs_give_the_same_bytes():
    again = forecast()
    assert again.matrix.tobytes() == reference(SPECS[0].kind).matrix.tobytes()
    assert again.notes == reference(SPECS[0].kind).notes


@FITTED
@given(seed=st.integers(0, 10_000), n=st.integers(1, 6))
def test_ragged_histories_give_a_covariance_that_keeps_every_variance(seed, n):
    rng = np.random.default_rng(seed)
    mean = rng.standard_normal((60, n)) @ rng.standard_normal((n, n)) * 0.05
    for column, start in enumerate(rng.integers(0, 48, n)):
        mean[:start, column] = np.nan
    mean[rng.random(mean.shape) < 0.1] = np.nan
    names = tuple("abcdef"[:n])
    dates = tuple(date(2020 + t // 12, t % 12 + 1, 28) for t in range(60))
    increments = Returns.exact(dates, names, mean)
    variance = np.nanvar(mean, axis=0, ddof=1) * 12
    form = FactorCovariance(volatility_half_life=1e9).estimate(
        CovarianceInputs(increments, increments, names, ("other",) * n, (), np.zeros((60, n)), lambda: variance, 12.0)
    )
    found = form.loadings @ form.factor_cov @ form.loadings.T + np.diag(form.specific_var)
    assert np.linalg.eigvalsh(found).min() > 0
    assert np.diag(found) == pytest.approx(variance)
