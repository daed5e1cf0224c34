"""Covariance estimators against the published formulas, written out one entry at a time, and against known truth."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import pytest

from toolkit.returns.observed_returns import Returns
from toolkit.risk_model.covariance.ewma import EwmaConstantCorrelationCovariance
from toolkit.risk_model.covariance.form import CovarianceInputs
from toolkit.risk_model.covariance.ledoit_wolf import LedoitWolfCovariance, OasCovariance
from toolkit.risk_model.covariance.nonlinear import NonlinearShrinkageCovariance
from toolkit.risk_model.covariance.sample import SampleCovariance
from toolkit.risk_model.covariance.statistical import PcaCovariance, PoetCovariance


def covariance(spec, mean: np.ndarray, uncertainty: np.ndarray | None = None) -> np.ndarray:
    """Of a period: one period a year."""
    T, n = mean.shape
    names = tuple(f"a{i}" for i in range(n))
    dates = tuple(date(2000, 1, 1) + timedelta(t) for t in range(T))
    if uncertainty is None:
        increments = Returns.exact(dates, names, mean)
    else:
        increments = Returns(dates, names, mean, np.arange(n), uncertainty)
    form = spec.estimate(
        CovarianceInputs(increments, increments, names, ("other",) * n, (), np.zeros((T, n)), lambda: np.ones(n), 1.0)
    )
    return form.loadings @ form.factor_cov @ form.loadings.T + np.diag(form.specific_var)


def in_order(values: np.ndarray) -> np.ndarray:
    """Pool adjacent violators: neighbours that fall become their mean, until none does."""
    blocks = [[value] for value in values]
    while any(fall := [np.mean(a) > np.mean(b) for a, b in pairwise(blocks)]):
        i = fall.index(True)
        blocks[i : i + 2] = [blocks[i] + blocks[i + 1]]
    return np.concatenate([np.full(len(block), np.mean(block)) for block in blocks])


def nonlinear_2020(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Ledoit and Wolf (2020), the analytical formula, eigenvalue by eigenvalue: shrunken ones and the vectors."""
    x = x - x.mean(axis=0)
    n, p = len(x) - 1, x.shape[1]
    values, vectors = np.linalg.eigh(x.T @ x / n)
    positive = values[max(0, p - n) :]
    h, m = n ** (-1 / 3), min(n, p)

    def kernel(t: float) -> float:
        return 3 / (4 * 5**0.5) * max(1 - t * t / 5, 0.0)

    def hilbert(t: float) -> float:
        log = np.log(abs((5**0.5 - t) / (5**0.5 + t)))
        return -3 * t / (10 * np.pi) + 3 / (4 * 5**0.5 * np.pi) * (1 - t * t / 5) * log

    shrunk = []
    for a in positive:
        f = sum(kernel((a - b) / (b * h)) / (b * h) for b in positive) / m
        H = sum(hilbert((a - b) / (b * h)) / (b * h) for b in positive) / m
        if p <= n:
            shrunk.append(a / ((np.pi * p / n * a * f) ** 2 + (1 - p / n - np.pi * p / n * a * H) ** 2))
        else:
            shrunk.append(a / (np.pi**2 * a**2 * (f**2 + H**2)))
    if p > n:
        log = np.log((1 + 5**0.5 * h) / (1 - 5**0.5 * h))
        at_zero = (3 / (10 * h * h) + 3 / (4 * 5**0.5 * h) * (1 - 1 / (5 * h * h)) * log) / np.pi * (1 / positive).mean()
        shrunk = [1 / (np.pi * (p - n) / n * at_zero)] * (p - n) + shrunk
    return np.array(shrunk), vectors


@pytest.mark.parametrize(("T", "p", "ordered"), [(120, 20, True), (400, 30, True), (25, 60, False), (60, 92, False)])
def test_nonlinear_shrinkage_is_the_papers_put_in_order(T, p, ordered):
    rng = np.random.default_rng(T)
    x = rng.standard_normal((T, p)) * np.geomspace(0.1, 1.0, p)
    shrunk, vectors = nonlinear_2020(x)
    assert bool((np.diff(shrunk) >= 0).all()) == ordered
    expected = (vectors * in_order(shrunk)) @ vectors.T
    assert covariance(NonlinearShrinkageCovariance(), x) == pytest.approx(expected, rel=1e-7, abs=1e-10)


@pytest.mark.parametrize(("T", "p"), [(60, 92), (130, 92)])
def test_order_lowers_the_loss(T, p):
    x = np.random.default_rng(T).standard_normal((T, p))
    shrunk, vectors = nonlinear_2020(x)
    plain, found = (vectors * shrunk) @ vectors.T, covariance(NonlinearShrinkageCovariance(), x)
    assert ((found - np.eye(p)) ** 2).sum() < ((plain - np.eye(p)) ** 2).sum()


def test_nonlinear_shrinkage_survives_one_dominant_factor():
    """At a ratio of 1e6 the closed form of the Hilbert transform is rounding; the paper's limit there is the eigenvalue."""
    rng = np.random.default_rng(1)
    x = rng.standard_normal((200, 30)) + 1000.0 * rng.standard_normal((200, 1))
    top = np.linalg.eigvalsh(np.cov(x.T))[-1]
    assert np.linalg.eigvalsh(covariance(NonlinearShrinkageCovariance(), x))[-1] == pytest.approx(top, rel=0.02)


def prial(specs, truth_root: np.ndarray, T: int, seeds: int = 12) -> list[float]:
    """Percentage relative improvement in average loss over the sample covariance (Ledoit and Wolf 2004, section 4)."""
    truth, losses = truth_root @ truth_root.T, np.zeros(len(specs) + 1)
    for seed in range(seeds):
        x = np.random.default_rng(seed).standard_normal((T, len(truth))) @ truth_root.T
        losses += [((covariance(spec, x) - truth) ** 2).sum() for spec in (*specs, SampleCovariance())]
    return list(1.0 - losses[:-1] / losses[-1])


@pytest.mark.parametrize("T", [133, 303, 606])
def test_nonlinear_shrinkage_improves_on_linear_and_sample(T):
    """The design of the paper: 20 % of 200 eigenvalues 1, 40 % 3, 40 % 10; fewer periods than assets as well."""
    root = np.diag(np.sqrt(np.repeat([1.0, 3.0, 10.0], [40, 80, 80])))
    nonlinear, linear = prial((NonlinearShrinkageCovariance(), LedoitWolfCovariance()), root, T, 3)
    assert nonlinear > linear > 0.3


def test_oas_is_equation_23():
    """Chen, Wiesel, Eldar and Hero (2010), with traces of the matrices as printed."""
    for T, p in ((24, 2), (30, 6), (20, 40)):
        x = np.random.default_rng(p).standard_normal((T, p)) * np.linspace(0.5, 2.0, p)
        S = np.cov(x.T, ddof=0)
        trace2, trace = np.trace(S @ S), np.trace(S)
        rho = min(((1 - 2 / p) * trace2 + trace**2) / ((T + 1 - 2 / p) * (trace2 - trace**2 / p)), 1.0)
        expected = (1 - rho) * S + rho * trace / p * np.eye(p)
        assert covariance(OasCovariance(), x) == pytest.approx(expected)


def test_oas_improves_on_ledoit_wolf_for_few_normal_periods():
    root = np.linalg.cholesky(0.5 ** np.abs(np.subtract.outer(np.arange(40), np.arange(40))))
    oas, linear = prial((OasCovariance(), LedoitWolfCovariance()), root, 12, 40)
    assert oas > linear > 0.3


def constant_correlation_2004(mean: np.ndarray, U: np.ndarray, w: np.ndarray) -> np.ndarray:
    """Ledoit and Wolf (2004, Honey), appendix, entry by entry, with weighted averages of z_t = x_t x_t' + U_t."""
    z = np.einsum("ti,tj->tij", mean, mean) + U
    n = z.shape[1]
    S = sum(a * b for a, b in zip(w, z, strict=True))
    sd = np.sqrt(np.diag(S))
    r = np.mean([S[i, j] / (sd[i] * sd[j]) for i in range(n) for j in range(n) if i != j])
    F = np.array([[S[i, i] if i == j else r * sd[i] * sd[j] for j in range(n)] for i in range(n)])
    pi = rho = 0.0
    for i in range(n):
        for j in range(n):
            asy = w @ (z[:, i, j] - S[i, j]) ** 2
            pi += asy
            if i == j:
                rho += asy
            else:
                ii = w @ ((z[:, i, i] - S[i, i]) * (z[:, i, j] - S[i, j]))
                jj = w @ ((z[:, j, j] - S[j, j]) * (z[:, i, j] - S[i, j]))
                rho += r / 2 * (sd[j] / sd[i] * ii + sd[i] / sd[j] * jj)
    delta = max(0.0, min((pi - rho) / ((F - S) ** 2).sum() * (w @ w), 1.0))
    return delta * F + (1 - delta) * S


@pytest.mark.parametrize("noise", [0.0, 0.5])
def test_ewma_towards_one_correlation_is_the_papers(noise):
    rng = np.random.default_rng(4)
    x = rng.standard_normal((60, 5)) * np.linspace(0.5, 2.0, 5) + 0.8 * rng.standard_normal((60, 1))
    root = noise * rng.standard_normal((60, 5, 5))
    U, w = root @ root.transpose(0, 2, 1), 0.5 ** (np.arange(60)[::-1] / 10.0)
    found = covariance(EwmaConstantCorrelationCovariance(half_life=10.0), x, U)
    expected = constant_correlation_2004(x, U, w / w.sum())
    assert found == pytest.approx(expected)


def factors(seed: int, T: int, n: int, k: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return (rng.standard_normal((T, k)) @ rng.standard_normal((k, n)) + rng.standard_normal((T, n))) * rng.uniform(0.5, 3.0, n)


@pytest.mark.parametrize(("T", "n"), [(60, 92), (250, 40)])
def test_pca_is_bai_ng_and_the_sample_diagonal(T, n):
    x = factors(5, T, n, 3)
    z = (x - x.mean(axis=0)) / x.std(axis=0, ddof=1)
    u, s, vt = np.linalg.svd(z, full_matrices=False)
    criterion = []
    for k in range(7):
        left = z - (u[:, :k] * s[:k]) @ vt[:k]
        criterion.append(np.log((left**2).sum() / (n * T)) + k * (n + T) / (n * T) * np.log(min(n, T)))
    k = int(np.argmin(criterion))
    assert k == 3
    sd = x.std(axis=0, ddof=1)
    expected = np.outer(sd, sd) * ((vt[:k].T * s[:k] ** 2) @ vt[:k] / (T - 1))
    np.fill_diagonal(expected, sd**2)
    assert covariance(PcaCovariance(), x) == pytest.approx(expected)


def test_poet_is_fan_liao_mincheva():
    T, n, k, C = 80, 25, 2, 0.6
    x = factors(6, T, n, k)
    x[:, 1] = x[:, 0] + 0.5 * x[:, 1]
    sd = x.std(axis=0, ddof=1)
    z = (x - x.mean(axis=0)) / sd
    _, values, vt = np.linalg.svd(z, full_matrices=False)
    u = z - z @ vt[:k].T @ vt[:k]
    rate = 1 / np.sqrt(n) + np.sqrt(np.log(n) / T)
    expected = (vt[:k].T * values[:k] ** 2) @ vt[:k] / (T - 1)
    for i in range(n):
        for j in range(n):
            s = u[:, i] @ u[:, j] / (T - 1)
            threshold = C * rate * np.sqrt(np.mean((u[:, i] * u[:, j] - np.mean(u[:, i] * u[:, j])) ** 2))
            expected[i, j] += s if i == j else np.sign(s) * max(abs(s) - threshold, 0.0)
    found = covariance(PoetCovariance(components=k, threshold=C), x)
    assert found == pytest.approx(expected * np.outer(sd, sd))
