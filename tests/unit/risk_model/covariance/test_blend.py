"""Covariances with memories by likelihood, and estimators blended by what they said of past months."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import ClassVar

import numpy as np
import polars as pl
import pytest

import toolkit as tk
from toolkit.core.assets import Asset, Universe
from toolkit.core.forecast import FloatArray
from toolkit.returns.observed_returns import Returns
from toolkit.risk_model.covariance import blend, form
from toolkit.risk_model.covariance.blend import MOST_OF_FACTORS, BlendCovariance, _named, _past_scores, pool_weights
from toolkit.risk_model.covariance.dynamic import DynamicCovariance
from toolkit.risk_model.covariance.factor import FactorCovariance
from toolkit.risk_model.covariance.form import LEARNED, CovarianceInputs, DenseCovariance
from toolkit.risk_model.covariance.nonlinear import shrunk_correlation
from toolkit.risk_model.evaluation import qlike
from toolkit.risk_model.model import estimate


def inputs(x: np.ndarray, noise: np.ndarray | None = None, year: float = 252.0) -> CovarianceInputs:
    T, n = x.shape
    names = tuple(f"a{i}" for i in range(n))
    dates = tuple(date(2000, 1, 1) + timedelta(t) for t in range(T))
    increments = Returns.exact(dates, names, x) if noise is None else Returns(dates, names, x, np.arange(n), noise)
    variance = np.nanvar(x, axis=0, ddof=1) * year
    return CovarianceInputs(increments, increments, names, ("other",) * n, (), np.zeros((T, n)), lambda: variance, year)


def correlated(seed: int, T: int, n: int, rho: float) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return 0.01 * (np.sqrt(rho) * rng.standard_normal((T, 1)) + np.sqrt(1.0 - rho) * rng.standard_normal((T, n)))


def garch(seed: int, T: int, n: int, alpha: float, beta: float) -> np.ndarray:
    """Changes (T, n) of assets with variances of GARCH(1,1) and mean 1."""
    rng = np.random.default_rng(seed)
    h, found = np.ones(n), np.empty((T, n))
    for t in range(T):
        found[t] = np.sqrt(h) * rng.standard_normal(n)
        h = 1.0 - alpha - beta + alpha * found[t] ** 2 + beta * h
    return 0.01 * found


def test_the_memory_is_that_of_the_process():
    """Variances that never change are the mean of all squares; a halving of volatility is seen within weeks."""
    still = correlated(0, 1500, 6, 0.3)
    found = DynamicCovariance().estimate(inputs(still)).matrix
    assert np.diag(found) == pytest.approx((still**2).mean(axis=0) * 252, rel=0.06)
    moving = garch(1, 2000, 8, 0.10, 0.88)
    wild, calm = moving.copy(), moving.copy()
    wild[-60:], calm[-60:] = 0.03 * np.random.default_rng(2).standard_normal((2, 60, 8)) / np.array([[[1]], [[6]]])
    told = [np.sqrt(np.diag(DynamicCovariance().estimate(inputs(x)).matrix)).mean() for x in (wild, calm)]
    assert told[0] > 2.0 * told[1]


def test_a_given_half_life_is_used():
    form = DynamicCovariance(volatility_half_life=33, half_life=77).estimate(inputs(garch(3, 600, 4, 0.1, 0.85)))
    assert "half-life 33 periods" in form.notes[-1]
    assert "77 periods" in form.notes[-1]


def test_forecasts_beat_those_that_do_not_forget():
    """QLIKE of the next month, on assets whose volatilities and correlations move."""
    rng = np.random.default_rng(4)
    T, n = 1260, 10
    level = np.exp(0.5 * np.sin(np.arange(T) / 60.0))[:, None]
    rho = (0.35 + 0.3 * np.sin(np.arange(T) / 90.0))[:, None]
    x = 0.01 * level * (np.sqrt(rho) * rng.standard_normal((T, 1)) + np.sqrt(1.0 - rho) * rng.standard_normal((T, n)))
    gains = []
    for end in range(800, 1230, 84):
        dynamic = DynamicCovariance().estimate(inputs(x[:end])).matrix / 252
        gains.append(qlike(np.cov(x[:end].T), x[end : end + 21]).mean() - qlike(dynamic, x[end : end + 21]).mean())
    assert np.mean(gains) > 0.2


def test_five_hundred_assets_in_a_year_of_days():
    x = correlated(5, 250, 500, 0.3)
    found = DynamicCovariance().estimate(inputs(x)).matrix
    values = np.linalg.eigvalsh(found)
    # The truth: 499 eigenvalues of 0.7 of a variance, one of 150.7; the sample has 250 of zero and 2.9 in the place of 0.7.
    assert values[0] > 0.3 * 0.0252
    assert values[-2] < 2.0 * 0.7 * 0.0252
    assert values[-1] == pytest.approx(150.7 * 0.0252, rel=0.35)


def test_shrunken_correlations_have_unit_variances_and_are_nearer_to_the_truth():
    for T in (40, 75, 93, 300):
        x = correlated(T, T, 80, 0.3) / 0.01
        rows, specific = shrunk_correlation(x / np.sqrt(T), T)
        found = rows.T @ rows + np.diag(specific)
        truth = 0.7 * np.eye(80) + 0.3
        assert np.diag(found) == pytest.approx(np.ones(80))
        assert np.linalg.eigvalsh(found)[0] > 0.05
        assert np.linalg.norm(found - truth) < np.linalg.norm(np.corrcoef(x.T) - truth)


def test_pool_weights_are_equal_without_days_and_follow_the_likely_density():
    assert pool_weights(np.empty((0, 3)), 21.0) == pytest.approx(np.full(3, 1 / 3))
    scores = np.column_stack([np.zeros(126), np.full(126, -3.0)])
    low = pool_weights(scores, 21.0)[1]
    assert 0.1 < low < 0.16  # all that is left is the prior: 21 of 168 days
    # Two estimators that are right on different days share: that is a mixture, not a contest.
    turns = np.where(np.arange(126)[:, None] % 2 == np.arange(2), 0.0, -4.0)
    assert pool_weights(turns, 21.0) == pytest.approx([0.5, 0.5], abs=1e-6)


def test_a_blend_lies_between_and_keeps_the_named_factors():
    x = correlated(6, 700, 5, 0.4)
    data = inputs(x)
    market = x.mean(axis=1, keepdims=True) + 0.001 * np.random.default_rng(7).standard_normal((700, 1))
    wide = Returns.exact(data.increments.dates, (*data.assets, "index"), np.hstack([x, market]))
    data = replace(data, increments=wide, local=wide, state=np.zeros((700, 6)))
    keys = {"factors": {"equity": ("index",)}}
    blend, factor = BlendCovariance(**keys).estimate(data), FactorCovariance(**keys).estimate(data)
    other = DynamicCovariance().estimate(data)
    weights = np.linalg.lstsq(np.column_stack([factor.matrix.ravel(), other.matrix.ravel()]), blend.matrix.ravel(), rcond=None)[
        0
    ]
    assert weights.sum() == pytest.approx(1.0)
    assert (weights > 0.1).all()
    assert blend.factors[0] == factor.factors[0] == "equity"
    assert blend.loadings[:, 0] == pytest.approx(factor.loadings[:, 0], rel=0.15)
    assert blend.model is not None
    assert (blend.specific_var >= 0).all()
    assert blend.notes[-1].startswith("Blended covariances: factor ")
    assert "84 past periods" in blend.notes[-1]


def test_a_series_too_short_for_common_days_leaves_the_factor_covariance():
    x = correlated(8, 400, 4, 0.4)
    x[:391, 3] = np.nan
    form = BlendCovariance().estimate(inputs(x))
    assert form.matrix == pytest.approx(FactorCovariance().estimate(inputs(x)).matrix)
    assert form.notes[-1] == "Left out of the blend, for want of common history: dcc_nl."


def test_a_series_of_some_months_is_blended_with_equal_weights():
    x = correlated(9, 600, 4, 0.4)
    x[:540, 3] = np.nan
    form = BlendCovariance().estimate(inputs(x))
    parts = [FactorCovariance().estimate(inputs(x)).matrix, DynamicCovariance().estimate(inputs(x)).matrix]
    assert np.isfinite(form.matrix).all()
    assert np.linalg.eigvalsh(form.matrix)[0] > 0
    ratio = np.diag(form.matrix - parts[1]) / np.diag(parts[0] - parts[1])
    assert ratio == pytest.approx(np.full(4, ratio[0]))


def test_collinear_assets_are_blended():
    x = correlated(10, 400, 3, 0.4)
    x = np.column_stack([x, x[:, 0]])
    found = BlendCovariance().estimate(inputs(x)).matrix
    assert np.isfinite(found).all()
    assert found[0, 3] > 0.8 * found[0, 0]


@pytest.mark.parametrize(("every", "periods", "kind"), [("1d", 400, "blend"), ("1mo", 48, "factor")])
def test_the_default_is_that_of_the_calendar(every, periods, kind):
    days = pl.date_range(pl.date(2020, 1, 1), pl.date(2030, 1, 1), every, eager=True).head(periods)
    values = 100.0 * np.cumprod(1.0 + correlated(11, periods, 2, 0.4), axis=0)
    prices = pl.concat(
        pl.DataFrame({"date": days, "asset": [name] * periods, "price": values[:, i]}) for i, name in enumerate("ab")
    ).with_columns(currency=pl.lit("EUR"), unit=pl.lit("share"), basis=pl.lit("close"), quantity=pl.lit(None, pl.Float64))
    rates = pl.DataFrame(schema={"date": pl.Date, "base": pl.String, "quote": pl.String, "rate": pl.Float64})
    controls = pl.DataFrame(schema={"asset": pl.String, "from": pl.Date, "to": pl.Date})
    universe = Universe(tuple(Asset.unknown(key) for key in "ab"))
    found = estimate(prices=prices, fx=rates, universe=universe, controlled=controls, covariance=None)
    assert found.covariance == kind


def test_past_months_are_scored_by_what_was_known_before_them():
    x = correlated(12, 600, 4, 0.4)
    poisoned = x.copy()
    poisoned[-21:] *= 10.0
    before, after = (_past_scores([DynamicCovariance()], inputs(y)) for y in (x, poisoned))
    assert before.shape == (84, 1)
    # The latest month comes first: its outcomes changed, no estimate did.
    assert (after[:21] < before[:21] - 10.0).all()
    assert after[21:] == pytest.approx(before[21:], rel=1e-12)


class CountingCovariance(DynamicCovariance):
    """One that notes how many assets it was asked about."""

    counts: ClassVar[list[int]] = []

    def matrix(self, inputs: CovarianceInputs) -> tuple[FloatArray, tuple[str, ...]]:
        self.counts.append(len(inputs.assets))
        return super().matrix(inputs)


def test_the_past_of_many_assets_is_scored_on_some_of_them(monkeypatch):
    """Weights and half-lives are a few numbers: a hundred assets tell them, and the work does not grow with the others."""
    data = inputs(garch(13, 500, LEARNED + 60, 0.08, 0.9) + correlated(14, 500, 1, 0.0))
    CountingCovariance.counts.clear()
    scores = _past_scores([CountingCovariance()], data)
    assert CountingCovariance.counts == [LEARNED] * 4
    assert np.isfinite(scores).all()
    some = BlendCovariance().estimate(data)
    monkeypatch.setattr("toolkit.risk_model.covariance.form.LEARNED", 1000)
    every = BlendCovariance().estimate(data)
    assert np.diag(some.matrix) == pytest.approx(np.diag(every.matrix), rel=0.2)
    weights = np.random.default_rng(15).dirichlet(np.ones(LEARNED + 60))
    assert weights @ some.matrix @ weights == pytest.approx(weights @ every.matrix @ weights, rel=0.02)


def test_series_that_explain_nothing_do_not_change_the_scores(monkeypatch):
    data = inputs(garch(13, 400, LEARNED + 30, 0.08, 0.9) + correlated(14, 400, 1, 0.0))
    members = [FactorCovariance(), DynamicCovariance()]
    narrow = _past_scores(members, data)
    sizes = []
    monkeypatch.setattr(blend, "_narrowed", lambda given, factors: sizes.append(len(given.local.series)) or given)
    np.testing.assert_array_equal(narrow, _past_scores(members, data))
    assert sizes == [len(data.local.series)]
    assert len(data.local.series) > LEARNED


def test_named_factors_keep_within_the_covariance():
    n = 12
    rng = np.random.default_rng(5)
    loadings = rng.uniform(0.5, 1.5, (n, 2))
    F = np.array([[0.04, 0.01], [0.01, 0.02]])
    form = DenseCovariance(("gold", "dollar"), loadings, np.full((n, 2), np.nan), F, np.full(n, 0.001**0.5), np.eye(n))
    root = rng.normal(size=(n, n))
    # Of the same volatilities, but with less variance than the factors explain in some direction.
    covariance = root @ root.T + 0.1 * np.eye(n)
    size = np.sqrt(np.diag(form.matrix) / np.diag(covariance))
    covariance *= np.outer(size, size)
    found = _named(form, covariance).components()
    B = found.loadings[:, :2]
    shares = np.linalg.eigvals(np.linalg.solve(covariance, B @ found.factor_cov[:2, :2] @ B.T)).real
    assert shares.max() == pytest.approx(MOST_OF_FACTORS, rel=1e-9)
    np.testing.assert_allclose(found.matrix, covariance, rtol=1e-7, atol=1e-9)


def test_a_residual_correlation_is_decomposed_once(monkeypatch):
    n = 40
    sizes = []
    eigh = np.linalg.eigh
    monkeypatch.setattr(np.linalg, "eigh", lambda matrix: sizes.append(len(matrix)) or eigh(matrix))
    FactorCovariance().estimate(inputs(correlated(0, 300, n, 0.3)))
    assert sizes.count(n) == 1


def test_a_blend_decomposes_no_covariance_of_which_it_takes_the_matrix_alone(monkeypatch):
    n = 20
    sizes = []
    eigh = np.linalg.eigh
    monkeypatch.setattr(np.linalg, "eigh", lambda matrix: sizes.append(len(matrix)) or eigh(matrix))
    data = inputs(correlated(0, 41, n, 0.3))  # no past month to learn from
    BlendCovariance().estimate(data)
    assert sizes.count(n) == 2, "the eigenvalues that are shrunk, and the components of the answer"


def test_a_covariance_is_the_same_with_components_and_without():
    data = inputs(garch(3, 300, 12, 0.08, 0.9) + correlated(1, 300, 12, 0.4))
    dense, form = FactorCovariance().dense(data), FactorCovariance().estimate(data)
    np.testing.assert_allclose(dense.matrix, form.matrix, rtol=1e-10, atol=1e-14)
    assert dense.variances == pytest.approx(np.diag(form.matrix), rel=1e-12)
    matrix, _ = DynamicCovariance().matrix(data)
    np.testing.assert_allclose(matrix, DynamicCovariance().estimate(data).matrix, rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize(("least", "share"), [(0.05, 1e-3), (5e-4, 1e-4)])
def test_components_of_many_assets_need_no_eigenvalues(monkeypatch, least, share):
    n = 30
    monkeypatch.setattr(form, "SOME_ASSETS", n - 1)
    basis = np.linalg.qr(np.random.default_rng(2).standard_normal((n, n)))[0]
    matrix = (basis * np.append(least, np.linspace(0.2, 2.0, n - 1))) @ basis.T
    size = np.sqrt(np.diag(matrix))
    deviation = np.linspace(0.1, 0.4, n)
    monkeypatch.setattr(np.linalg, "eigh", None)
    loadings, specific = form.correlated(matrix / np.outer(size, size), deviation)
    np.testing.assert_allclose(specific, share * deviation**2, rtol=1e-12)
    expected = matrix / np.outer(size, size) * np.outer(deviation, deviation)
    np.testing.assert_allclose(loadings @ loadings.T + np.diag(specific), expected, rtol=1e-12, atol=1e-15)


def test_components_of_many_assets_without_a_specific_share_are_the_principal_ones(monkeypatch):
    matrix = np.corrcoef(np.random.default_rng(2).standard_normal((5, 12)), rowvar=False)  # of rank four
    expected = form.correlated(matrix, np.ones(12))
    monkeypatch.setattr(form, "SOME_ASSETS", 11)
    for mine, other in zip(form.correlated(matrix, np.ones(12)), expected, strict=True):
        np.testing.assert_array_equal(mine, other)


@pytest.mark.parametrize(("common", "blended"), [(20, False), (300, True)])
def test_a_part_that_reads_a_small_part_of_the_history_is_left_out(common, blended):
    """It had half of the weight from 19 days of 1071, by the likelihood of none."""
    rng = np.random.default_rng(3)
    days = pl.date_range(date(2021, 1, 4), date(2022, 6, 30), eager=True)
    walk = 100 * np.exp(np.cumsum(rng.normal(0, 0.01, (len(days), 6)) + rng.normal(0, 0.008, (len(days), 1)), axis=0))
    walk[: len(days) - common, 5] = np.nan
    prices = pl.DataFrame({"date": days, **{f"S{i}": pl.Series(walk[:, i]).fill_nan(None) for i in range(6)}})
    strategy = tk.Strategy(objective=tk.MinRisk(), forecast=tk.ForecastSpec(covariance=tk.BlendCovariance()))
    notes = tk.optimize(strategy, prices=prices, prices_currency="EUR").record["notes"]
    assert any(note.startswith("Left out of the blend") for note in notes) is not blended
    assert any(note.startswith("Blended covariances") for note in notes) is blended
