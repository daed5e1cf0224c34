"""Who was estimated from what, and what stands in for the co-movement of an asset that has no changes of its own.

An asset with annual prices only is *silent*: no period of the calendar has a change of it. Among the members of its group
it counts as one more that could be any of them (exchangeable). Its loadings are the mean of theirs. What the factors leave
of it is the regression on the mean of theirs, with the slope at which its mean correlation with them is the mean
correlation among them, and a remainder that it shares with the other silent members to the same degree. So the covariance
stays positive semidefinite by construction, and the part that belongs to the others is not touched.
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
from toolkit.risk_model.covariance.form import StructuredCovariance, with_rest

HIGHEST = 0.95
"""No correlation that is borrowed is closer to one than this: an asset is never its group."""


def extend_to_annual_assets(
    form: StructuredCovariance,
    heard: NDArray[np.bool_],
    groups: tuple[str, ...],
    variance: FloatArray,
    within: Mapping[str, float],
) -> StructuredCovariance:
    """The covariance of all n assets from that of the h that have changes.

    A silent asset borrows from the members of its group that are heard, or from all that are if none of them is.

    Args:
        form: Of the h assets, in their order.
        heard: (n,) which they are.
        groups: (n,).
        variance: (n,) a year; only those of silent assets are used.
        within: Group -> mean correlation among its members (see `annual_correlation`), used where none of them is heard.

    Returns:
        The same named factors. Everything else becomes new components, which leave the covariance of the h assets as it
        was.
    """
    named = form.named
    F, B = form.factor_cov[np.ix_(named, named)], form.loadings[:, named]
    rest = form.matrix - B @ F @ B.T
    size = np.sqrt(np.diag(rest))
    lenders = _lenders(heard, groups)
    loadings, errors = np.zeros((2, len(heard), len(named)))
    loadings[heard], errors[heard] = B, form.loading_errors[:, named]
    borrowed, errors[~heard] = _mean_loadings(B, form.loading_errors[:, named], lenders)
    loadings[~heard] = capped(borrowed, F, variance[~heard])
    systematic = loadings @ F @ loadings.T
    own = variance - np.diag(systematic)
    own[heard] = size**2
    correlation = np.eye(len(heard))
    correlation[np.ix_(heard, heard)] = rest / np.outer(size, size)
    alone = {group: level for group, level in within.items() if group not in np.array(groups)[heard]}
    _borrow(correlation, heard, lenders, np.array(groups)[~heard], _unexplained(alone, groups, variance, systematic, own))
    return with_rest(form, named, loadings, errors, own, correlation)


def _lenders(heard: NDArray[np.bool_], groups: tuple[str, ...]) -> NDArray[np.bool_]:
    """(s, h): which heard assets each silent one borrows from."""
    names = np.array(groups)
    same = names[~heard][:, None] == names[heard][None, :]
    return same | ~same.any(axis=1, keepdims=True)


def _mean_loadings(loadings: FloatArray, errors: FloatArray, lenders: NDArray[np.bool_]) -> tuple[FloatArray, FloatArray]:
    """Mean loadings (s, k) of the lenders that have one, and the error of taking it for one's own.

    That is their own errors, and how much they differ; NaN with a loading of zero where no lender has any.
    """
    fitted = np.isfinite(errors)
    count = lenders.astype(np.float64) @ fitted
    known = np.maximum(count, 1.0)
    b, v = np.where(fitted, loadings, 0.0), np.where(fitted, errors, 0.0) ** 2
    mean = lenders @ b / known
    variance = lenders @ v / known + np.maximum(lenders @ b**2 / known - mean**2, 0.0)
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


def _borrow(
    correlation: FloatArray,
    heard: NDArray[np.bool_],
    lenders: NDArray[np.bool_],
    among: NDArray[np.str_],
    target: Mapping[str, float],
) -> None:
    """Fill the rows of silent assets in a correlation (n, n) whose heard block is known."""
    known = correlation[np.ix_(heard, heard)]
    slopes, levels = np.zeros(lenders.shape), np.zeros(len(lenders))
    for i, own in enumerate(lenders):
        # One lender has no pair of its own: the mean of all pairs is next best.
        count = int(own.sum())
        block = known[np.ix_(own, own)] if count > 1 else known
        pairs = block.shape[0] * (block.shape[0] - 1)
        level = float(block.sum() - np.trace(block)) / pairs if pairs else 0.0
        levels[i] = min(max(level, 0.0), HIGHEST)
        slopes[i, own] = levels[i] / (1.0 + (count - 1) * levels[i])
    across = slopes @ known
    inside = slopes @ known @ slopes.T
    for i in range(len(inside)):
        for j in range(i):
            if among[i] == among[j]:
                level = min(max(target.get(str(among[i]), levels[i]), 0.0), HIGHEST)
                inside[i, j] = inside[j, i] = max(level, inside[i, j])
    np.fill_diagonal(inside, 1.0)
    correlation[np.ix_(~heard, heard)], correlation[np.ix_(heard, ~heard)] = across, across.T
    correlation[np.ix_(~heard, ~heard)] = inside


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
    """Who was estimated from what, one row an asset.

    Args:
        panel: From `toolkit.returns.panel.align` for this universe.
        universe: n assets.
        own_weight: (n,) of its own data in the volatility of each (see `thin.PooledVolatility`).

    Returns:
        Columns `asset`, `rhythm`, `basis`, `first`, `last` (Date), `observations` (prices as they came), `changes` (used,
        between consecutive periods or years), `gaps` (runs of missing periods inside its span), `missing` (share of the
        panel's periods without a price), `volatility_from` (``own daily``, ``own monthly``, ``own annual``), `comovement_from`
        (loadings and correlations alike: ``own daily``, ``own monthly``, ``group``, ``all assets``) and `own_weight` of the
        volatility, the rest of which is the group's.
    """
    yearly = {history.asset: history for history in panel.annual}
    heard = {asset.group for asset in universe if asset.key not in yearly}
    rows = []
    for asset, weight in zip(universe, own_weight, strict=True):
        i = panel.assets.index(asset.key)
        history = panel.histories[i]
        if asset.key in yearly:
            years = np.arange(panel.dates[0].year, panel.dates[-1].year + 1)
            seen = np.isin(years, yearly[asset.key].years)
            changes, own, comoves = yearly[asset.key].changes, "own annual", "group" if asset.group in heard else "all assets"
        else:
            seen = np.isfinite(panel.prices[:, i])
            changes = int((seen[1:] & seen[:-1]).sum())
            own = comoves = "own monthly" if panel.monthly else f"own {DAY_BY_DAY}"
        rows.append(
            {
                "asset": asset.key,
                "rhythm": history.rhythm,
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
