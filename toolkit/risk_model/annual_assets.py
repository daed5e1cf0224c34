"""Which data each asset was estimated from, and the covariance of assets that have annual prices only.

An asset with annual prices only has no return in any period of the calendar. It is taken as exchangeable with the members
of its group that have some, its *donors*. Its factor loadings are the mean of theirs. Its residual is regressed on the mean
of theirs: the slope makes its mean correlation with them equal to the mean correlation among them; what remains of it has
the same correlation with the residuals of the group's other annual assets. So the covariance stays positive semidefinite by
construction, and the block of the assets with returns does not change.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl
from numpy.typing import NDArray

from toolkit.core.assets import Universe
from toolkit.core.forecast import FloatArray
from toolkit.returns.history import DAY_BY_DAY, AnnualPrices
from toolkit.returns.observation.joint import capped
from toolkit.returns.panel import Panel
from toolkit.returns.volatility_pooling import annual_changes
from toolkit.risk_model.covariance.form import DenseCovariance, StructuredCovariance

HIGHEST_CORRELATION = 0.95
"""Upper limit of a correlation taken from the group: an asset is never identical to it."""


def extend_to_annual_assets(
    form: StructuredCovariance,
    has_returns: NDArray[np.bool_],
    groups: tuple[str, ...],
    variance: FloatArray,
    within: Mapping[str, float],
) -> StructuredCovariance:
    """The covariance of all n assets from that of the h that have returns.

    The donors of an annual asset are the members of its group that have returns, or all assets that have some if none of
    these is in its group.

    Args:
        form: Covariance of the h assets, in their order.
        has_returns: (n,) which of the n they are.
        groups: (n,) group of each asset.
        variance: (n,) a year; only those of annual assets are used.
        within: Group -> mean correlation among its members (see `annual_correlation`), used where none of them has returns.

    Returns:
        The same named factors. Everything else becomes new components, which leave the covariance of the h assets as it
        was.
    """
    named = form.named
    F, B = form.factor_cov[np.ix_(named, named)], form.loadings[:, named]
    rest = form.matrix - B @ F @ B.T
    size = np.sqrt(np.diag(rest))
    donors = _donors(has_returns, groups)
    loadings, errors = np.zeros((2, len(has_returns), len(named)))
    loadings[has_returns], errors[has_returns] = B, form.loading_errors[:, named]
    group_loadings, errors[~has_returns] = _mean_loadings(B, form.loading_errors[:, named], donors)
    loadings[~has_returns] = capped(group_loadings, F, variance[~has_returns])
    systematic = loadings @ F @ loadings.T
    own = variance - np.diag(systematic)
    own[has_returns] = size**2
    correlation = np.eye(len(has_returns))
    correlation[np.ix_(has_returns, has_returns)] = rest / np.outer(size, size)
    alone = {group: level for group, level in within.items() if group not in np.array(groups)[has_returns]}
    _fill_annual_rows(
        correlation, has_returns, donors, np.array(groups)[~has_returns], _unexplained(alone, groups, variance, systematic, own)
    )
    names = tuple(form.factors[i] for i in named)
    place = np.where(has_returns, np.cumsum(has_returns) - 1, -1)
    doubts = None if form.correlation_errors is None else form.correlation_errors.take(place)
    return DenseCovariance(
        names, loadings, errors, F, np.sqrt(own), correlation, form.notes, form.model, doubts, form.half_life
    ).components()


def _donors(has_returns: NDArray[np.bool_], groups: tuple[str, ...]) -> NDArray[np.bool_]:
    """(s, h): the donors of each of the s annual assets."""
    names = np.array(groups)
    same = names[~has_returns][:, None] == names[has_returns][None, :]
    return same | ~same.any(axis=1, keepdims=True)


def _mean_loadings(loadings: FloatArray, errors: FloatArray, donors: NDArray[np.bool_]) -> tuple[FloatArray, FloatArray]:
    """Mean factor loadings (s, k) of the donors that have some, and their standard errors as loadings of the annual asset.

    Error^2 = mean error^2 of the donors + variance of their loadings; NaN, with a loading of zero, where no donor has any.
    """
    fitted = np.isfinite(errors)
    count = donors.astype(np.float64) @ fitted
    known = np.maximum(count, 1.0)
    b, v = np.where(fitted, loadings, 0.0), np.where(fitted, errors, 0.0) ** 2
    mean = donors @ b / known
    variance = donors @ v / known + np.maximum(donors @ b**2 / known - mean**2, 0.0)
    return mean, np.where(count > 0, np.sqrt(variance), np.nan)


def _unexplained(
    within: Mapping[str, float], groups: tuple[str, ...], variance: FloatArray, systematic: FloatArray, own: FloatArray
) -> dict[str, float]:
    """Mean correlation in each group of what the factors leave, from that of the whole changes."""
    found = {}
    for group, level in within.items():
        at = np.flatnonzero([other == group for other in groups])
        if len(at) < 2:
            continue
        pairs = np.ix_(at, at)
        left = level * np.sqrt(np.outer(variance[at], variance[at])) - systematic[pairs]
        left /= np.sqrt(np.outer(own[at], own[at]))
        found[group] = float(left[np.triu_indices(len(at), 1)].mean())
    return found


def _fill_annual_rows(
    correlation: FloatArray,
    has_returns: NDArray[np.bool_],
    donors: NDArray[np.bool_],
    among: NDArray[np.str_],
    target: Mapping[str, float],
) -> None:
    """Fill the rows of annual assets in the residual correlation (n, n), in place; the other block is known."""
    known = correlation[np.ix_(has_returns, has_returns)]
    slopes, levels = np.zeros(donors.shape), np.zeros(len(donors))
    for i, own in enumerate(donors):
        # One donor has no pair of its own: the mean of all pairs is next best.
        count = int(own.sum())
        block = known[np.ix_(own, own)] if count > 1 else known
        pairs = block.shape[0] * (block.shape[0] - 1)
        level = float(block.sum() - np.trace(block)) / pairs if pairs else 0.0
        levels[i] = min(max(level, 0.0), HIGHEST_CORRELATION)
        slopes[i, own] = levels[i] / (1.0 + (count - 1) * levels[i])
    across = slopes @ known
    inside = slopes @ known @ slopes.T
    for i in range(len(inside)):
        for j in range(i):
            if among[i] == among[j]:
                level = min(max(target.get(str(among[i]), levels[i]), 0.0), HIGHEST_CORRELATION)
                inside[i, j] = inside[j, i] = max(level, inside[i, j])
    np.fill_diagonal(inside, 1.0)
    correlation[np.ix_(~has_returns, has_returns)], correlation[np.ix_(has_returns, ~has_returns)] = across, across.T
    correlation[np.ix_(~has_returns, ~has_returns)] = inside


def annual_correlation(members: tuple[AnnualPrices, ...]) -> float | None:
    """Mean correlation among the annual changes that all members of a group share; None where these are fewer than three.

    With so few years its error is large. It is used only where no member has monthly changes, since the alternative, no
    correlation, would count one risk as many.
    """
    if len(members) < 2:
        return None
    shared = sorted(set.intersection(*({*history.years} for history in members)))
    rows = []
    for history in members:
        at = [history.years.index(year) for year in shared]
        rows.append(annual_changes(AnnualPrices(history.asset, tuple(shared), history.prices[at], history.averaged)))
    if len(rows[0]) < 3:
        return None
    white = np.array(rows)
    white /= np.linalg.norm(white, axis=1, keepdims=True)
    n = len(members)
    return (float((white.sum(axis=0) ** 2).sum()) - n) / (n * (n - 1))


def coverage(panel: Panel, universe: Universe, own_weight: FloatArray) -> pl.DataFrame:
    """Which data each asset was estimated from, one row an asset.

    Args:
        panel: From `toolkit.returns.panel.align` for this universe.
        universe: n assets.
        own_weight: (n,) of its own data in the volatility of each (see `toolkit.returns.volatility_pooling`).

    Returns:
        Columns `asset`, `rhythm`, `basis`, `first`, `last` (Date), `observations` (prices as they came), `changes` (used,
        between consecutive periods or years), `gaps` (runs of missing periods inside its span), `missing` (share of the
        panel's periods without a price), `volatility_from` (``own daily``, ``own monthly``, ``own annual``), `comovement_from`
        (loadings and correlations alike: ``own daily``, ``own monthly``, ``group``, ``all assets``) and `own_weight` of the
        volatility, the rest of which is the group's.
    """
    yearly = {history.asset: history for history in panel.annual}
    groups_with_returns = {asset.group for asset in universe if asset.key not in yearly}
    rows = []
    for asset, weight in zip(universe, own_weight, strict=True):
        i = panel.assets.index(asset.key)
        history = panel.histories[i]
        if asset.key in yearly:
            years = np.arange(panel.dates[0].year, panel.dates[-1].year + 1)
            seen = np.isin(years, yearly[asset.key].years)
            changes, own, comoves = (
                yearly[asset.key].changes,
                "own annual",
                "group" if asset.group in groups_with_returns else "all assets",
            )
        else:
            seen = np.isfinite(panel.prices[:, i])
            changes = int((seen[1:] & seen[:-1]).sum())
            own = comoves = "own monthly" if panel.monthly else f"own {DAY_BY_DAY}"
        rows.append(
            {
                "asset": asset.key,
                "rhythm": history.frequency,
                "basis": panel.bases[i],
                "first": history.first,
                "last": history.last,
                "observations": history.observations,
                "changes": changes,
                "gaps": _gaps(seen),
                "missing": 1.0 - float(seen.mean()),
                "volatility_from": own,
                "comovement_from": comoves,
                "own_weight": float(weight),
            }
        )
    return pl.DataFrame(rows)


def _gaps(seen: NDArray[np.bool_]) -> int:
    """Runs of missing periods between the first and the last that is there."""
    at = np.flatnonzero(seen)
    return int((np.diff(at) > 1).sum())
