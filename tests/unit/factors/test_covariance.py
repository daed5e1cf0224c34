from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from pydantic import TypeAdapter, ValidationError

from toolkit.core.errors import GapError
from toolkit.factors.covariance import (
    CovarianceInputs,
    CovarianceSpec,
    EwmaCovariance,
    FactorCovariance,
    LedoitWolfCovariance,
    SampleCovariance,
)
from toolkit.factors.increments import Increments


def inputs(mean: np.ndarray, uncertainty: np.ndarray | None = None) -> CovarianceInputs:
    T, n = mean.shape
    names = tuple("abcdefgh"[:n])
    spread = np.zeros((T, n, n)) if uncertainty is None else uncertainty
    dates = tuple(date(2000 + t // 12, t % 12 + 1, 28) for t in range(T))
    increments = Increments(dates, names, mean, np.arange(n), spread)
    variance = np.diag(increments.pairwise()[0]) * 12
    return CovarianceInputs(increments, increments, names, ("other",) * n, (), np.zeros((T, n)), variance, 12.0)


def matrix(form) -> np.ndarray:
    return form.loadings @ form.factor_cov @ form.loadings.T + np.diag(form.specific_var)


@pytest.fixture
def returns() -> np.ndarray:
    rng = np.random.default_rng(0)
    return rng.multivariate_normal(np.zeros(3), 0.01 * np.array([[1, 0.5, 0], [0.5, 2, 0], [0, 0, 1.0]]), size=60)


def test_specs_are_told_apart_by_kind_and_refuse_unknown_keys():
    adapter = TypeAdapter(CovarianceSpec)
    assert adapter.validate_python({"kind": "ewma", "half_life": 6}) == EwmaCovariance(half_life=6)
    for wrong in ({"kind": "ewma", "halflife": 6}, {"kind": "garch"}, {"kind": "ewma", "half_life": 0}):
        with pytest.raises(ValidationError):
            adapter.validate_python(wrong)


def test_sample_is_numpys(returns):
    assert matrix(SampleCovariance().estimate(inputs(returns))) == pytest.approx(np.cov(returns.T) * 12)


def test_sample_adds_what_is_not_known_of_the_changes(returns):
    spread = np.tile(0.002 * np.eye(3), (60, 1, 1))
    found = matrix(SampleCovariance().estimate(inputs(returns, spread)))
    assert found == pytest.approx((np.cov(returns.T) + 0.002 * np.eye(3)) * 12)


def test_incomplete_periods_are_dropped_and_counted(returns):
    holed = returns.copy()
    holed[:20, 1] = np.nan
    form = SampleCovariance().estimate(inputs(holed))
    assert matrix(form) == pytest.approx(np.cov(returns[20:].T) * 12)
    assert form.notes == ("20 of 60 periods lack an asset and were not used, most for b.",)


def test_too_few_complete_periods_name_the_asset_to_blame(returns):
    holed = returns.copy()
    holed[:57, 2] = np.nan
    for spec in (SampleCovariance(), LedoitWolfCovariance(), EwmaCovariance()):
        with pytest.raises(GapError) as caught:
            spec.estimate(inputs(holed))
        assert caught.value.details["asset"] == "c"


def test_ewma_weights_halve_each_half_life(returns):
    weights = np.array([0.5 ** ((59 - t) / 6) for t in range(60)])
    expected = sum(w * np.outer(r, r) for w, r in zip(weights, returns, strict=True)) / weights.sum() * 12
    assert matrix(EwmaCovariance(half_life=6).estimate(inputs(returns))) == pytest.approx(expected)


def test_factor_kind_takes_ragged_histories_and_keeps_each_variance(returns):
    holed = returns.copy()
    holed[:40, 1] = np.nan
    data = inputs(holed)
    found = matrix(FactorCovariance().estimate(data))
    assert np.diag(found) == pytest.approx(data.variance)
    assert np.linalg.eigvalsh(found).min() > 0
    long = holed[:, [0, 2]]
    assert np.diag(found)[[0, 2]] == pytest.approx(np.diag(np.cov(long.T)) * 12)


def test_factor_kind_keeps_a_correlation_that_no_factor_explains():
    rng = np.random.default_rng(1)
    pair = rng.multivariate_normal([0, 0], 0.01 * np.array([[1, 0.7], [0.7, 1]]), size=500)
    found = matrix(FactorCovariance().estimate(inputs(np.hstack([pair, 0.1 * rng.standard_normal((500, 2))]))))
    correlation = found / np.sqrt(np.outer(np.diag(found), np.diag(found)))
    assert correlation[0, 1] == pytest.approx(0.7, abs=0.07)
    assert abs(correlation[2, 3]) < 0.12


def test_one_asset_has_a_variance(returns):
    for spec in (FactorCovariance(), SampleCovariance(), LedoitWolfCovariance(), EwmaCovariance()):
        found = matrix(spec.estimate(inputs(returns[:, :1])))
        assert found.shape == (1, 1)
        assert found[0, 0] == pytest.approx(returns[:, 0].var() * 12, rel=0.5)
