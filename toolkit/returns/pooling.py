"""Empirical-Bayes pooling of estimates that differ between assets by more than their errors, or do not."""

from __future__ import annotations

import numpy as np

from toolkit.core.forecast import FloatArray


def pool(
    estimate: FloatArray, error: FloatArray, prior: FloatArray | None = None, *, sampling: FloatArray | None = None
) -> tuple[FloatArray, FloatArray]:
    """Shrink each column of estimates towards a multiple of its prior shape.

    The spread between assets beyond their errors is the moment estimator of DerSimonian and Laird (1986); each estimate
    then moves to the common value by the share of its own error in the total (Efron and Morris 1975). The errors count that
    the spread is itself estimated from a few assets (Morris 1983, section 5); without that, the 68 % interval of eight
    pooled loadings covers 57 to 64 % of the true ones. Columns are treated one by one.

    Args:
        estimate: (n, k); NaN where an asset has none.
        error: (n, k) standard errors, positive where there is an estimate.
        prior: (n,) what the expected value is proportional to; ones (a common mean) by default.
        sampling: (n, k) standard errors that the answer carries through; `error`, which sets the weights, by default. For
            errors that are robust but too uncertain themselves to weigh by.

    Returns:
        Pooled estimates (n, k) and their standard errors. Fewer than three estimates of a column are left as they are;
        a missing one stays missing.
    """
    shape = np.ones(estimate.shape[0]) if prior is None else prior
    carried = error if sampling is None else sampling
    pooled, errors = estimate.copy(), carried.copy()
    for j in range(estimate.shape[1]):
        has = np.isfinite(estimate[:, j])
        b, v, z = estimate[has, j], error[has, j] ** 2, shape[has]
        if has.sum() < 3 or not (z * z).sum():
            continue
        w = 1.0 / v
        slope = (w * z * b).sum() / (w * z * z).sum()
        dispersion = (w * (b - slope * z) ** 2).sum()
        freedom = w.sum() - (w * w * z * z).sum() / (w * z * z).sum()
        between = max(0.0, (dispersion - (has.sum() - 1)) / freedom)
        w = 1.0 / (v + between)
        information = (w * z * z).sum()
        slope = (w * z * b).sum() / information
        own = between * w
        pooled[has, j] = own * b + (1.0 - own) * slope * z
        # Of own * v, the part own^2 * v is sampling error and the rest is the spread of the true values.
        variance = own * (1.0 - own) * v + (own * carried[has, j]) ** 2 + ((1.0 - own) * z) ** 2 / information
        doubt = 2.0 / max(has.sum() - 3, 1) * ((1.0 - own) * (b - slope * z)) ** 2
        errors[has, j] = np.sqrt(variance + doubt * w * (between + (w * v).sum() / w.sum()))
    return pooled, errors
