"""Weighted regressions across assets, one a period, and the specific variances that weigh them.

Letters: T periods, n assets, p columns of the design, m series seen through noise.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from toolkit.core.forecast import FloatArray
from toolkit.returns.observed_returns import Returns
from toolkit.returns.pooling import pool

BoolArray = NDArray[np.bool_]
SPARE = 3
"""A cross-section needs so many assets more than the columns of its design."""
MINIMUM_KNOWN = 5
"""A characteristic known for fewer assets than this has no standard deviation worth dividing by."""
TRIM = 3.0
"""Standard deviations at which exposures are winsorised (Menchero, Orr and Wang 2011, USE4)."""
TOLERANCE = 0.01
"""A column of which the columns before it leave less than this unexplained is left out: its standard error would be ten
times that of a column that nothing else explains."""
ROUNDS, CONVERGED = 200, 1e-9


@dataclass(frozen=True, slots=True)
class Design:
    """The design of T regressions.

    Attributes:
        columns: (T, n, p): intercept, standardised characteristics, centred currency dummies; zero for absent assets and for
            columns that take no part.
        kept: (T, p) columns that are estimated.
        shown: (T, p) columns that have a result: those kept, and the currency that the constraint gives.
        collinear: (T, p) columns left out because those before them explain them.
        shares: (T, c) of the weights of a period in each of the c currencies, the last columns.
    """

    columns: FloatArray
    kept: BoolArray
    shown: BoolArray
    collinear: BoolArray
    shares: FloatArray


@dataclass(frozen=True, slots=True)
class CrossSections:
    """Regressions of T periods.

    Attributes:
        design: The design.
        coefficients: (T, p), zero where not `design.shown`.
        specific, posterior: (T, p, p) sampling covariance of the coefficients from specific variances, and from the
            posterior covariance of the changes.
        squares, expected: (T, n): expected squared residuals of the true changes, and those that the specific variances
            imply; zero where absent.
        r_squared: (T,) weighted, about the weighted mean; NaN without a regression or without variance.
    """

    design: Design
    coefficients: FloatArray
    specific: FloatArray
    posterior: FloatArray
    squares: FloatArray
    expected: FloatArray
    r_squared: FloatArray


def standardise(values: FloatArray, weights: FloatArray) -> tuple[FloatArray, BoolArray, BoolArray]:
    """Exposures with weighted mean 0 and equally weighted standard deviation 1 in each period, winsorised.

    The convention of Menchero, Orr and Wang (2011, USE4, section 2.2), with the weights of the regression in the place of
    capitalisation. A missing value is the mean, 0.

    Args:
        values: (T, n, k), NaN where missing.
        weights: (T, n), zero for assets that take no part.

    Returns:
        Exposures (T, n, k); which of their cells were known; which characteristics (T, k) vary and are known for enough
        assets. Those that do not are zero.
    """
    known = np.isfinite(values) & (weights > 0)[:, :, None]
    count = np.maximum(known.sum(axis=1, keepdims=True), 1)
    x = np.where(known, values, 0.0)

    away = np.where(known, x - x.sum(axis=1, keepdims=True) / count, 0.0)
    spread = np.sqrt((away**2).sum(axis=1, keepdims=True) / count)
    # Relative to the figures themselves: rounding is no variation.
    varies = (spread > 1e-9 * np.abs(x).max(axis=1, keepdims=True)) & (count >= MINIMUM_KNOWN)
    z = np.clip(np.divide(away, spread, out=np.zeros_like(away), where=varies), -TRIM, TRIM)
    mass = np.where(known, weights[:, :, None], 0.0)
    total = mass.sum(axis=1, keepdims=True)
    mean = np.divide((mass * z).sum(axis=1, keepdims=True), total, out=np.zeros_like(total), where=total > 0)
    scaled = np.where(varies & known, z - mean, 0.0)
    return scaled, known, varies[:, 0]


def independent(gram: FloatArray, active: BoolArray) -> BoolArray:
    """The active columns (T, p) that those before them do not explain, from weighted products (T, p, p).

    A Cholesky elimination in the given order; its pivots are the unexplained shares (1 - R squared).
    """
    scale = np.sqrt(np.einsum("tpp->tp", gram))
    scale = np.where(scale > 0, scale, 1.0)
    rest = gram / scale[:, :, None] / scale[:, None, :]
    kept = np.zeros_like(active)
    for j in range(active.shape[1]):
        pivot = rest[:, j, j]
        kept[:, j] = active[:, j] & (pivot > TOLERANCE)
        factor = np.divide(kept[:, j], pivot, out=np.zeros_like(pivot), where=kept[:, j])
        rest = rest - factor[:, None, None] * rest[:, :, j, None] * rest[:, j, None, :]
    return kept


def build_design(values: FloatArray, currency: FloatArray, weights: FloatArray) -> Design:
    """The design of every period.

    Dummies of all currencies and an intercept are collinear; as for the countries and industries of Barra's models the
    weighted sum of their coefficients is zero (Heston and Rouwenhorst 1994; Menchero, Orr and Wang 2011, USE4). They
    are entered about their weighted means, where one of them follows from the others.

    Args:
        values: (T, n, k) characteristics, NaN where missing.
        currency: (n, c) dummies; c is 0 where all assets are quoted alike.
        weights: (T, n), zero for absent assets.
    """
    present = weights > 0
    exposures, _, varies = standardise(values, weights)
    total = weights.sum(axis=1, keepdims=True)
    shares = np.divide(weights @ currency, total, out=np.zeros((len(weights), currency.shape[1])), where=total > 0)
    dummies = np.where(present[:, :, None], currency[None] - shares[:, None, :], 0.0)
    columns = np.concatenate([present[:, :, None].astype(np.float64), exposures, dummies], axis=2)
    inside = (shares > 0) & (shares < 1)
    active = np.hstack([present.any(axis=1, keepdims=True), varies, inside])
    kept = independent(np.einsum("tnp,tn,tnq->tpq", columns, weights, columns, optimize=True), active)
    at = slice(1 + values.shape[2], None)
    wanted = inside.sum(axis=1, keepdims=True) - 1
    # With fewer than all but one of its dummies a currency cannot be distinguished from a characteristic.
    whole = (wanted > 0) & (kept[:, at].sum(axis=1, keepdims=True) == wanted)
    kept[:, at] &= whole
    collinear = active & ~kept
    collinear[:, at] &= ~whole
    kept &= (present.sum(axis=1) >= kept.sum(axis=1) + SPARE)[:, None]
    shown = kept.copy()
    shown[:, at] = inside & whole & kept[:, :1]
    collinear &= kept[:, :1]
    return Design(columns * kept[:, None, :], kept, shown, collinear, shares)


def _constrained(design: Design) -> FloatArray:
    """Map (T, p, p) from coefficients of centred dummies to those whose weighted sum is zero."""
    periods, p = design.kept.shape
    c = design.shares.shape[1]
    mapping = np.tile(np.eye(p), (periods, 1, 1))
    mapping[:, p - c :, p - c :] -= design.shares[:, None, :]
    return mapping * design.shown[:, :, None]


def regress(changes: Returns, values: FloatArray, currency: FloatArray, specific: FloatArray) -> CrossSections:
    """Weighted least squares across assets in every period, with weights 1 / (specific + posterior variance).

    The changes are posterior means, so that the uncertainty of a true change adds to the error of a coefficient (the
    combining rule of Rubin 1987, ch. 3): A (D + V) A' for the operator A of the regression, specific variances D and the
    full posterior covariance V of the period. Variances are taken as known: a dozen residuals are too few to estimate them.

    Args:
        changes: (T, n) changes in the order of `values`.
        values: (T, n, k) characteristics, NaN where missing.
        currency: (n, c) dummies.
        specific: (n,) specific variances a period.
    """
    present = np.isfinite(changes.mean)
    y = np.where(present, changes.mean, 0.0)
    own = np.zeros_like(y)
    own[:, changes.noisy] = np.einsum("tmm->tm", changes.uncertainty)
    weights = np.where(present, 1.0 / (specific + own), 0.0)
    design = build_design(values, currency, weights)
    z = design.columns
    weighted = z.transpose(0, 2, 1) * weights[:, None, :]
    gram = weighted @ z
    scale = np.sqrt(np.einsum("tpp->tp", gram))
    scale = np.where(design.kept, scale, 1.0)
    scaled = gram / scale[:, :, None] / scale[:, None, :] + np.eye(gram.shape[1]) * ~design.kept[:, None, :]
    operator = np.linalg.solve(scaled, weighted / scale[:, :, None]) / scale[:, :, None]
    kernel = operator[:, :, changes.noisy] @ changes.uncertainty
    spread = (operator * specific) @ operator.transpose(0, 2, 1)
    doubt = kernel @ operator[:, :, changes.noisy].transpose(0, 2, 1)
    inside = present & design.kept[:, :1]
    residuals = np.where(inside, y - np.einsum("tnp,tpj,tj->tn", z, operator, y, optimize=True), 0.0)
    # Diagonals of M D M' and M V M' for M = I - Z A, without forming M.
    leverage = np.einsum("tnp,tpn->tn", z, operator)
    expected = specific * (1.0 - 2.0 * leverage) + np.einsum("tnp,tpq,tnq->tn", z, spread, z, optimize=True)
    unknown = own + np.einsum("tnp,tpq,tnq->tn", z, doubt, z, optimize=True)
    unknown[:, changes.noisy] -= 2.0 * np.einsum("tmp,tpm->tm", z[:, changes.noisy], kernel)
    mean = (weights * y).sum(axis=1) / np.maximum(weights.sum(axis=1), 1e-300)
    total = (weights * (y - mean[:, None]) ** 2).sum(axis=1)
    fit = np.divide((weights * residuals**2).sum(axis=1), total, out=np.full(len(y), np.nan), where=total > 0)
    mapping = _constrained(design)
    return CrossSections(
        design=design,
        coefficients=np.einsum("tqp,tpn,tn->tq", mapping, operator, y, optimize=True),
        specific=mapping @ spread @ mapping.transpose(0, 2, 1),
        posterior=mapping @ doubt @ mapping.transpose(0, 2, 1),
        squares=np.where(inside, residuals**2 + unknown, 0.0),
        expected=np.where(inside, expected, 0.0),
        r_squared=np.where(design.kept[:, 0], 1.0 - fit, np.nan),
    )


def specific_variances(changes: Returns, values: FloatArray, currency: FloatArray) -> FloatArray:
    """Specific variance a period of each asset (n,), with which the regressions are weighted.

    Almost unbiased estimation (Horn, Horn and Duncan 1975), iterated: each variance is multiplied by the ratio of its squared
    residuals to those it expects, which keeps it positive and corrects for the degrees of freedom that each asset loses by
    its own leverage. Their logs are pooled across assets by their errors, the square root of two over the degrees of freedom.

    Args:
        changes: (T, n); each series needs two different changes.
        values: (T, n, k) characteristics, NaN where missing.
        currency: (n, c) dummies.
    """
    own = np.zeros_like(changes.mean)
    own[:, changes.noisy] = np.einsum("tmm->tm", changes.uncertainty)
    own = np.where(np.isfinite(changes.mean), own, np.nan)
    variance = np.nanvar(changes.mean, axis=0) + np.nanmean(own, axis=0)
    for _ in range(ROUNDS):
        found = regress(changes, values, currency, variance)
        squares, expected = found.squares.sum(axis=0), found.expected.sum(axis=0)
        # An asset that is always fitted exactly, as the only one of its currency, does not identify its variance.
        says = expected > 1e-9 * variance
        raw = variance * np.divide(squares, expected, out=np.ones_like(squares), where=says)
        freedom = expected / variance
        logs = np.where(says, np.log(np.maximum(raw, 1e-300)), np.nan)[:, None]
        pooled, _ = pool(logs, np.sqrt(2.0 / np.maximum(freedom, 1e-9))[:, None])
        new = np.where(says, np.exp(pooled[:, 0]), variance)
        step = np.abs(np.log(new / variance)).max()
        variance = new
        if step < CONVERGED:
            break
    return variance
