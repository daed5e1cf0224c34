from __future__ import annotations

from datetime import date, timedelta
from typing import get_args

import numpy as np
import pytest
from pydantic import TypeAdapter, ValidationError
from scipy.optimize import nnls

from toolkit.core.errors import DataError, GapError
from toolkit.core.forecast import FloatArray
from toolkit.returns.observed_returns import Returns
from toolkit.risk_model.covariance import CovarianceSpec
from toolkit.risk_model.covariance.ewma import EwmaConstantCorrelationCovariance, EwmaCovariance
from toolkit.risk_model.covariance.factor import FEW_EIGENVALUES, FactorCovariance, NamedFactors, _few_least
from toolkit.risk_model.covariance.form import CovarianceInputs, spectrum
from toolkit.risk_model.covariance.nonlinear import NonlinearShrinkageCovariance
from toolkit.risk_model.covariance.own import OwnCovariance
from toolkit.risk_model.covariance.sample import SampleCovariance
from toolkit.risk_model.covariance.statistical import PcaCovariance, PoetCovariance

COMPLETE = [kind() for kind in get_args(get_args(CovarianceSpec)[0]) if not issubclass(kind, NamedFactors | OwnCovariance)]
"""Every estimator that works on complete periods."""
every_kind = pytest.mark.parametrize("spec", COMPLETE, ids=lambda spec: spec.kind)


def inputs(mean: np.ndarray, uncertainty: np.ndarray | None = None, year: float = 12.0) -> CovarianceInputs:
    T, n = mean.shape
    names = tuple("abcdefgh"[:n]) if n <= 8 else tuple(f"a{i}" for i in range(n))
    dates = tuple(date(2000, 1, 1) + timedelta(t) for t in range(T))
    if uncertainty is None:
        increments = Returns.exact(dates, names, mean)
    else:
        increments = Returns(dates, names, mean, np.arange(n), uncertainty)
    seen = np.isfinite(mean).any(axis=0)
    variance = np.where(seen, np.nanvar(np.where(seen, mean, 0.0), axis=0, ddof=1), 1.0) * year
    return CovarianceInputs(increments, increments, names, ("other",) * n, (), np.zeros((T, n)), lambda: variance, year)


def matrix(form) -> np.ndarray:
    return form.matrix


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
    with pytest.raises(GapError) as caught:
        SampleCovariance().estimate(inputs(holed))
    assert caught.value.details["asset"] == "c"


def test_ewma_weights_halve_each_half_life(returns):
    weights = np.array([0.5 ** ((59 - t) / 6) for t in range(60)])
    expected = sum(w * np.outer(r, r) for w, r in zip(weights, returns, strict=True)) / weights.sum() * 12
    assert matrix(EwmaCovariance(half_life=6).estimate(inputs(returns))) == pytest.approx(expected)


def test_factor_kind_takes_ragged_histories_and_keeps_each_variance(returns):
    holed = returns.copy()
    holed[:40, 1] = np.nan
    # Of series seen through noise, however little, the variance over the whole history is believed.
    data = inputs(holed, np.zeros((60, 3, 3)))
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


@pytest.mark.parametrize("spec", [FactorCovariance(), *COMPLETE], ids=lambda spec: spec.kind)
def test_one_asset_has_a_variance(returns, spec):
    found = matrix(spec.estimate(inputs(returns[:, :1])))
    assert found.shape == (1, 1)
    assert found[0, 0] == pytest.approx(returns[:, 0].var() * 12, rel=0.5)


@every_kind
def test_thin_histories_are_told(returns, spec):
    with pytest.raises(GapError, match="only 2 periods"):
        spec.estimate(inputs(returns[:2]))
    empty = returns.copy()
    empty[:, 1] = np.nan
    with pytest.raises(GapError) as caught:
        spec.estimate(inputs(empty))
    assert caught.value.details["asset"] == "b"


@every_kind
@pytest.mark.parametrize("value", [0.0, 0.01])
def test_a_price_that_does_not_move_is_no_riskless_asset(returns, spec, value):
    still = returns.copy()
    still[:, 2] = value
    with pytest.raises(DataError, match="'c' changes alike"):
        spec.estimate(inputs(still))


@every_kind
@pytest.mark.parametrize("T", [20, 60])
def test_collinear_series_give_numbers(spec, T):
    rng = np.random.default_rng(2)
    x = rng.standard_normal((T, 5)) * 0.1
    x = np.column_stack([x, x[:, 0], x[:, 1] - 2.0 * x[:, 2]])
    found = matrix(spec.estimate(inputs(x)))
    assert np.isfinite(found).all()
    assert np.linalg.eigvalsh(found)[0] > -1e-12
    assert np.allclose(found, found.T)
    assert found[0, 5] > 0.3 * found[0, 0]


@every_kind
@pytest.mark.parametrize(("T", "n"), [(14, 40), (30, 92), (24, 30)])
def test_fewer_periods_than_assets_give_numbers(spec, T, n):
    x = np.random.default_rng(3).standard_normal((T, n)) * 0.1
    form = spec.estimate(inputs(x))
    found = matrix(form)
    assert np.isfinite(found).all()
    assert (form.specific_var >= 0).all()
    # Only these two leave directions that the history has not seen without risk.
    definite = spec.kind not in ("sample", "ewma")
    assert (np.linalg.eigvalsh(found)[0] > 1e-4 * np.trace(found) / n) == definite


@every_kind
def test_loadings_are_no_wider_than_the_history(spec):
    form = spec.estimate(inputs(np.random.default_rng(4).standard_normal((30, 300)) * 0.1))
    if spec.kind != "poet":
        assert form.loadings.shape[1] <= 31
    assert np.isfinite(form.loadings).all()


@every_kind
def test_what_is_not_known_of_the_changes_is_added_to_the_variances(returns, spec):
    rng = np.random.default_rng(5)
    root = rng.standard_normal((60, 3, 3)) * 0.05
    spread = root @ root.transpose(0, 2, 1)
    extra = spread.mean(axis=0) * 12
    found, exact = matrix(spec.estimate(inputs(returns, spread))), matrix(spec.estimate(inputs(returns)))
    if spec.kind.startswith("ewma"):
        weights = 0.5 ** (np.arange(60)[::-1] / 12)
        extra = np.tensordot(weights / weights.sum(), spread, axes=1) * 12
    if spec.kind in ("sample", "nonlinear_shrinkage", "ewma"):
        assert found - exact == pytest.approx(extra)
    elif spec.kind == "dcc_nl":
        # How much is of the recent past and how much of the whole is chosen by likelihood.
        assert (np.diag(found - exact) > 0.5 * np.diag(extra)).all()
    elif spec.kind in ("ledoit_wolf", "oas"):
        assert np.trace(found - exact) == pytest.approx(np.trace(extra))
    else:
        assert np.diag(found - exact) == pytest.approx(np.diag(extra))


def test_half_life_follows_the_frequency(returns):
    for spec in (EwmaCovariance, EwmaConstantCorrelationCovariance):
        for year, life in ((12.0, 12.0), (252.0, 42.0)):
            default, explicit = (
                spec().estimate(inputs(returns, year=year)),
                spec(half_life=life).estimate(inputs(returns, year=year)),
            )
            assert matrix(default) == pytest.approx(matrix(explicit))
            assert default.notes[0].startswith(f"Half-life {life:g} periods")


def test_shrinkage_towards_one_correlation_keeps_variances_and_evens_correlations(returns):
    plain = matrix(EwmaCovariance(half_life=6).estimate(inputs(returns)))
    form = EwmaConstantCorrelationCovariance(half_life=6).estimate(inputs(returns))
    found = matrix(form)
    assert np.diag(found) == pytest.approx(np.diag(plain))

    def correlations(cov):
        return (cov / np.sqrt(np.outer(np.diag(cov), np.diag(cov))))[np.triu_indices(3, 1)]

    assert np.ptp(correlations(found)) < 0.8 * np.ptp(correlations(plain))
    assert correlations(found).mean() == pytest.approx(correlations(plain).mean())


def test_a_negative_mean_correlation_is_shrunk_to_none():
    rng = np.random.default_rng(6)
    x = rng.standard_normal((40, 2)) * 0.1
    x = np.column_stack([x[:, 0], x[:, 1] - x[:, 0], 0.2 * x[:, 0] - x[:, 1]])
    form = EwmaConstantCorrelationCovariance().estimate(inputs(x))
    assert form.notes[-1].endswith("towards one correlation of 0.00.")
    assert np.linalg.eigvalsh(matrix(form))[0] > 0


def test_nonlinear_shrinkage_needs_thirteen_periods(returns):
    NonlinearShrinkageCovariance().estimate(inputs(returns[:13]))
    with pytest.raises(GapError, match="12 usable periods; 13 are needed"):
        NonlinearShrinkageCovariance().estimate(inputs(returns[:12]))
    with pytest.raises(GapError, match="11 usable periods"):
        NonlinearShrinkageCovariance().estimate(inputs(np.random.default_rng(7).standard_normal((13, 12))))


def test_nonlinear_shrinkage_keeps_the_order_of_the_eigenvalues():
    x = np.random.default_rng(8).standard_normal((60, 92))
    found = matrix(NonlinearShrinkageCovariance().estimate(inputs(x)))
    _, vectors = np.linalg.eigh(np.cov(x.T))
    shrunk = np.einsum("ij,ij->j", vectors, found @ vectors)
    assert (np.diff(shrunk) > -1e-9).all()


def test_nonlinear_shrinkage_is_that_of_the_space_collinear_series_span():
    rng = np.random.default_rng(9)
    x, turn = rng.standard_normal((50, 6)) * 0.1, np.linalg.qr(rng.standard_normal((9, 6)))[0]
    own, wide = (matrix(NonlinearShrinkageCovariance().estimate(inputs(y))) for y in (x, x @ turn.T))
    assert wide == pytest.approx(turn @ own @ turn.T, abs=1e-12)


def test_pca_keeps_variances_and_has_as_many_components_as_asked(returns):
    form = PcaCovariance(components=2).estimate(inputs(returns))
    assert form.factors == ("component_1", "component_2")
    assert np.diag(matrix(form)) == pytest.approx(returns.var(axis=0, ddof=1) * 12)
    many = np.random.default_rng(3).normal(size=(300, 80)) @ np.diag(np.linspace(1.0, 3.0, 80))
    for rows in (many, many[:70]):  # the largest alone are the largest of all
        (values, vectors), (few, few_vectors) = spectrum(rows), spectrum(rows, 7, alone=True)
        assert few == pytest.approx(values[:7])
        assert np.abs(vectors[:, :7].T @ few_vectors) == pytest.approx(np.eye(7), abs=1e-8)
    assert matrix(PcaCovariance(components=9).estimate(inputs(returns))) == pytest.approx(np.cov(returns.T) * 12)


def test_poet_keeps_a_pair_together_and_drops_chance():
    rng = np.random.default_rng(10)
    market, own = rng.standard_normal((250, 1)), rng.standard_normal((250, 30))
    own[:, 1] = 0.8 * own[:, 0] + 0.6 * own[:, 1]
    x = (market + own) * 0.01
    poet, pca = (spec(components=1).estimate(inputs(x, year=252.0)) for spec in (PoetCovariance, PcaCovariance))
    assert poet.factors[0] == "component_1"
    assert set(poet.factors[1:]) == {f"residual_{i + 1}" for i in range(len(poet.factors) - 1)}
    difference = (matrix(poet) - matrix(pca)) / 252e-4
    # Soft thresholding keeps the pair, but pays with a part of its covariance of 0.8.
    assert 0.35 < difference[0, 1] < 0.8
    others = np.abs(np.triu(difference, 1))
    others[0, 1] = 0.0
    assert (others > 0.02).sum() <= 5
    assert np.diag(difference) == pytest.approx(np.zeros(30), abs=1e-12)


def test_poet_raises_its_threshold_until_the_rest_is_definite():
    x = np.random.default_rng(11).standard_normal((20, 40)) * 0.1
    form = PoetCovariance(threshold=0.0, components=1).estimate(inputs(x))
    assert np.linalg.eigvalsh(matrix(form))[0] > 0
    assert (form.specific_var > 0).all()


def universe(seed: int, n: int = 92, T: int = 60):
    """A market, two more factors and correlated pairs: the truth (n, n) and T periods of it."""
    rng = np.random.default_rng(seed)
    B = np.column_stack([np.full(n, 0.8), 0.5 * rng.standard_normal((n, 2))])
    own = np.eye(n)
    for i in range(0, n // 2, 2):
        own[i, i + 1] = own[i + 1, i] = 0.6
    sd = rng.uniform(0.4, 1.2, n)
    truth = 0.0025 * (B @ B.T + own * np.outer(sd, sd))
    return truth, rng.standard_normal((T, n)) @ np.linalg.cholesky(truth).T


def minimum_variance(cov: np.ndarray) -> np.ndarray:
    """Weights of the least norm where the covariance is singular."""
    w = np.linalg.pinv(cov, rcond=1e-10, hermitian=True) @ np.ones(len(cov))
    return w / w.sum()


def long_only_minimum_variance(cov: np.ndarray) -> np.ndarray:
    """min w'Cw, 1'w = 1, w >= 0, as nonnegative least squares with a heavy budget row (exact to the scaling)."""
    values, vectors = np.linalg.eigh(cov / np.diag(cov).mean())
    root = np.vstack([(vectors * np.sqrt(np.maximum(values, 0.0))).T, np.full(len(cov), 100.0)])
    w, _ = nnls(root, np.append(np.zeros(len(cov)), 100.0))
    return w / w.sum()


@pytest.mark.parametrize(
    "spec", [NonlinearShrinkageCovariance(), PcaCovariance(), PoetCovariance()], ids=lambda spec: spec.kind
)
def test_more_assets_than_periods_where_structure_must_win(spec):
    gains, losses = [], []
    for seed in range(6):
        truth, x = universe(seed)
        gain, loss = [], []
        for kind in (spec, SampleCovariance()):
            cov = matrix(kind.estimate(inputs(x, year=1.0)))
            books = [choose(cov) for choose in (minimum_variance, long_only_minimum_variance)]
            variance, believed = np.array([[w @ truth @ w, max(w @ cov @ w, 1e-12)] for w in books]).T
            gain.append(variance)
            # QLIKE less its least value, where it matters: of the portfolios that the estimate picks.
            loss.append(variance / believed - np.log(variance / believed) - 1.0)
        gains.append(gain[0] / gain[1])
        losses.append(loss[0] / loss[1])
    free, long_only = np.median(gains, axis=0)
    # Weights of least norm hold back the sample's, and a ban on shorts does more (Jagannathan and Ma 2003): still.
    assert free < 0.75
    assert long_only < 0.99
    assert np.max(losses, axis=0)[0] < 0.6
    # Without shorts the sample overfits less: only the factor forms, which know the market, believe better there too.
    if spec.kind != "nonlinear_shrinkage":
        assert np.max(losses, axis=0)[1] < 1.0


def test_as_many_assets_as_periods_are_no_cliff():
    excess = {}
    for T in (75, 93, 120):
        truth, x = universe(0, T=T)
        form = NonlinearShrinkageCovariance().estimate(inputs(x, year=1.0))
        w = np.linalg.solve(matrix(form), np.ones(92))
        w /= w.sum()
        excess[T] = w @ truth @ w * np.linalg.solve(truth, np.ones(92)).sum()
        assert any("oldest" in note for note in form.notes) == (T == 93)
    assert excess[93] < 1.3 * excess[75]
    assert excess[120] < excess[75]


def test_corrections_of_the_factor_covariance_leave_variances_and_definiteness():
    """Serial correlation and inflated directions decide what the factors explain, not how risky an asset is."""
    rng = np.random.default_rng(5)
    shock = rng.standard_normal((400, 2))
    smeared = shock[1:] + shock[:-1]  # two factors whose changes last two periods
    mean = 0.01 * (smeared @ rng.standard_normal((2, 6)) + 0.7 * rng.standard_normal((399, 6)))
    names = tuple("abcdef")
    dates = tuple(date(2000, 1, 1) + timedelta(days=t) for t in range(399))
    increments = Returns.exact(dates, (*names, "x", "y"), np.column_stack([mean, 0.01 * smeared]))
    given = CovarianceInputs(
        increments, increments, names, ("other",) * 6, (), np.zeros((399, 8)), lambda: mean.var(axis=0, ddof=1) * 252, 252.0
    )
    own = {"one": ("x",), "two": ("y",)}
    plain = FactorCovariance(factors=own).estimate(given)
    for spec in (FactorCovariance(factors=own, newey_west=3), FactorCovariance(factors=own, eigen_adjusted=True)):
        found = spec.estimate(given)
        assert np.diag(matrix(found)) == pytest.approx(np.diag(matrix(plain)))
        assert np.linalg.eigvalsh(matrix(found)).min() > 0
        assert np.trace(found.factor_cov[:2, :2]) > np.trace(plain.factor_cov[:2, :2])


def test_few_eigenvalues_of_a_large_matrix_are_found_one_by_one_and_none_is_missed():
    random = np.random.default_rng(3)
    basis, _ = np.linalg.qr(random.normal(size=(300, 300)))

    def with_least(*least: float) -> FloatArray:
        values = np.append(least, np.linspace(0.05, 3.0, 300 - len(least)))
        return (basis * values) @ basis.T

    for least in ((-8.0,), (-8.0, -0.3, 5e-4)):
        found = _few_least(with_least(*least))
        assert found is not None
        values, vectors = found
        assert values == pytest.approx(least, abs=1e-12)
        assert np.abs(vectors.T @ basis[:, : len(least)]) == pytest.approx(np.eye(len(least)), abs=1e-9)
    # More than are looked for: all are decomposed.
    assert _few_least(with_least(*np.linspace(-2.0, -1.0, FEW_EIGENVALUES + 1))) is None
