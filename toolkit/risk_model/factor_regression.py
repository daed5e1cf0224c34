"""Factor regressions: the factors of an asset are built without it (leave one out).

A factor is the mean change of its members: precious metals, base metals, energy, the dollar, and a supply shock
(controlled minus uncontrolled metals, membership by date). For each asset the factors are built anew without it, so
that no asset explains itself. The supply factor is made orthogonal to the others, whose histories are longer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from toolkit.core.baskets import DOLLAR, MEMBERS
from toolkit.core.forecast import FactorRegression, FloatArray
from toolkit.returns.observation.joint import capped, expected_loadings
from toolkit.returns.observed_returns import Returns
from toolkit.returns.pooling import pool
from toolkit.returns.volatility_prior import CorrelationPrior
from toolkit.risk_model.timeseries.baskets import SUPPLY, BasketFactors, LeaveOneOutFactors
from toolkit.risk_model.timeseries.least_squares import exact_least_squares, least_squares
from toolkit.risk_model.timeseries.moments import Portfolios, exact_moments
from toolkit.risk_model.weighting import decay

CHANGES_AT_ONCE = 50_000
"""Changes of factors and assets that are regressed together: they stay in the cache."""


@dataclass(frozen=True, slots=True)
class _Explained:
    """Of b assets: loadings, classical and Newey-West errors, variances of the factors a period, each (b, k); periods."""

    loadings: FloatArray
    classical: FloatArray
    robust: FloatArray
    variance: FloatArray
    periods: int


def fit(
    local: Returns,
    total: Returns,
    assets: tuple[str, ...],
    groups: tuple[str, ...],
    metals: tuple[str, ...],
    state: FloatArray,
    variance: FloatArray,
    periods_per_year: float,
    supply_scores: Mapping[str, float] | None = None,
    *,
    half_life: float | None = None,
    lags: int | tuple[int, ...] = 0,
    members: Mapping[str, tuple[str, ...]] = MEMBERS,
    realised: Returns | None = None,
    prior: CorrelationPrior | None = None,
) -> FactorRegression:
    """Regress every asset on the factors built without it; pool the loadings within each group.

    Least squares on posterior second moments, so that a latent change counts with its uncertainty. Standard errors are those of
    Newey and West (1987) with 4 (N / 100)^(2/9) lags, carried through the pooling; the weights of the pooling are set by the
    classical ones, which are more precise in a few dozen periods. Both treat the smoothed moments as data and are too small
    where noise is large; those of Newey and West are also a sixth too small at 43 periods (a fifteenth at 120). A factor that
    has no member left without the asset, or no common period with it, gets loading zero.

    Args:
        local: Changes of all N series in their currencies of quotation, of which the factors are made.
        total: Changes in the reporting currency, which are explained. The dollar factor takes up the difference.
        assets: n assets to explain.
        groups: (n,) group of each: loadings are pooled among its members.
        metals: Series on the sides of the supply shock.
        state: (T, N) from `membership`.
        variance: (n,) a year, which the factors may explain up to a share only.
        periods_per_year: Of the increments.
        supply_scores: 0..1 an asset, proportional to its expected loading on the supply shock; one without
            a score counts as the mean of its group.
        half_life: Periods after which a change counts half, in loadings and in the factor covariance; None: never.
        lags: Periods by which a factor may lead the asset, for all or for each: the loading is the sum of the coefficients
            on the factor now and so many periods before (Dimson 1979). For assets whose prices are stale.
        members: Series behind each observed factor.
        realised: Changes that no correction of volatility has scaled, in the currencies of quotation: what the factors
            returned. Those of `local` by default.
        prior: Of the correlations with factors, for assets that are measured with error. It says nothing of the dollar, in
            which they are quoted.
    """
    weights = np.ones(len(local.dates)) if half_life is None else decay(len(local.dates), half_life)
    recipe = LeaveOneOutFactors.of(local, metals, state, assets, members)
    whole = recipe.without()
    returned = whole
    if realised is not None and realised is not local and not np.array_equal(realised.mean, local.mean, equal_nan=True):
        returned = LeaveOneOutFactors.of(realised, metals, state, assets, members).without()
    k = len(whole.names)
    cov, _ = _clean(Portfolios.of(whole.mean, whole.weights, local.uncertainty), whole.names, weights)
    raw, classical, robust = np.full((3, len(assets), k), np.nan)
    periods = np.zeros(len(assets), dtype=np.intp)
    delays = np.broadcast_to(lags, len(assets)).tolist()
    for at, names, found in _explained(recipe, local, total, assets, delays, weights):
        for j, name in enumerate(names):
            if name in whole.names:
                column = whole.names.index(name)
                # Without one member a factor is more volatile: count the loading per unit of the factor as published.
                unit = np.sqrt(found.variance[:, j] / cov[column, column]) if cov[column, column] > 0 else np.nan
                raw[at, column] = found.loadings[:, j] * unit
                classical[at, column], robust[at, column] = found.classical[:, j] * unit, found.robust[:, j] * unit
        periods[at] = found.periods
    if prior is not None:
        noisy = np.isin(total.at(assets), total.noisy)
        own = (raw[noisy], classical[noisy], robust[noisy])
        size = variance[noisy] / periods_per_year
        raw[noisy], classical[noisy], robust[noisy] = _with_prior(*own, periods[noisy], whole.names, cov, size, prior)
    scores = supply_scores if whole.names[-1] == SUPPLY else None
    pooled, errors = _pool_groups(raw, classical, robust, assets, groups, scores)
    # A factor with the one asset held as its only member explains none.
    used = np.flatnonzero(np.isfinite(raw).any(axis=0))
    factor_cov = cov[np.ix_(used, used)] * periods_per_year
    before = np.nan_to_num(pooled[:, used])
    loadings = capped(before, factor_cov, variance)
    length = np.linalg.norm(before, axis=1)
    scale = np.divide(np.linalg.norm(loadings, axis=1), length, out=np.ones_like(length), where=length > 0)
    explained = np.einsum("ik,kl,il->i", loadings, factor_cov, loadings) / variance
    names = tuple(whole.names[j] for j in used)
    return FactorRegression(
        assets=assets,
        factors=names,
        loadings=loadings,
        errors=errors[:, used] * scale[:, None],
        factor_cov=factor_cov,
        fit=explained,
        periods=tuple(periods.tolist()),
        dates=local.dates,
        returns=whole.mean[:, used],
        realised=returned.mean[:, used],
    )


def _explained(
    recipe: LeaveOneOutFactors,
    local: Returns,
    total: Returns,
    assets: tuple[str, ...],
    delays: Sequence[int],
    weights: FloatArray,
) -> Iterator[tuple[Sequence[int], tuple[str, ...], _Explained]]:
    """Positions of assets, names of their factors, and their loadings, in any order.

    Assets without delay that are explained over the same periods by factors of exact prices are regressed together.
    """
    places = total.at(assets)
    plain = recipe.outsiders(assets) if not len(local.noisy) and recipe.without().names[-1:] != (SUPPLY,) else np.empty(0, int)
    plain = plain[np.array(delays)[plain] == 0]
    alone = np.ones(len(assets), dtype=bool)
    alone[plain] = False
    together: dict[tuple[tuple[str, ...], bytes], list[tuple[int, FloatArray]]] = {}

    def gather(
        i: int, names: tuple[str, ...], changes: FloatArray
    ) -> Iterator[tuple[Sequence[int], tuple[str, ...], _Explained]]:
        key = names, np.packbits(np.isfinite(changes)).tobytes()
        together.setdefault(key, []).append((i, changes))
        if len(together[key]) * changes.size >= CHANGES_AT_ONCE:
            yield from _explain_together(*_stacked(together.pop(key)), names, weights)

    at_once = max(1, CHANGES_AT_ONCE // (2 * len(weights)))
    for some in (plain[i : i + at_once] for i in range(0, len(plain), at_once)):
        names, factors = recipe.of_outsiders([assets[i] for i in some])
        changes = np.concatenate([factors, total.mean.T[places[some], None]], axis=1)
        if np.isfinite(changes).all():
            yield from _explain_together(some.tolist(), changes, names, weights)
            continue
        for i, own in zip(some.tolist(), changes, strict=True):
            yield from gather(i, names, own)
    for i in np.flatnonzero(alone).tolist():
        part = recipe.without(assets[i])
        if delays[i] or len(local.noisy) or part.names[-1] == SUPPLY:
            yield [i], part.names, _explain(_stack(part, local, total, int(places[i])), part.names, weights, delays[i])
        else:
            yield from gather(i, part.names, np.stack([*part.mean.T, total.mean[:, places[i]]]))
    for (names, _), every in together.items():
        yield from _explain_together(*_stacked(every), names, weights)


def _stacked(every: Sequence[tuple[int, FloatArray]]) -> tuple[Sequence[int], FloatArray]:
    """Positions, and changes (b, k + 1, T)."""
    positions, changes = zip(*every, strict=True)
    return positions, np.stack(changes)


def _explain_together(
    positions: Sequence[int], changes: FloatArray, names: tuple[str, ...], weights: FloatArray
) -> Iterator[tuple[Sequence[int], tuple[str, ...], _Explained]]:
    """As `_explained`, of exact changes (b, k + 1, T) in the same periods, without a supply shock."""
    moments, deviations = exact_moments(changes, weights)
    # The variances of the factors are over all their periods, also those before the asset's first.
    longer = np.isfinite(changes[0, :-1]).all(axis=0).sum() > moments.count
    variances = np.einsum("bkk->bk", (exact_moments(changes[:, :-1], weights)[0] if longer else moments).covariance)
    found, regular = exact_least_squares(changes, weights, moments, deviations)
    at = np.flatnonzero(regular).tolist()
    loadings, classical, robust = (one[at] for one in found.summed(len(names)))
    yield [positions[i] for i in at], names, _Explained(loadings, classical, robust, variances[at], found.count)
    for i in np.flatnonzero(~regular).tolist():
        yield [positions[i]], names, _explain(Portfolios(changes[i].T, None), names, weights, 0)


def _stack(factors: BasketFactors, local: Returns, total: Returns, place: int) -> Portfolios:
    """The factors, then the series at a place."""
    mean = np.column_stack([factors.mean, total.mean[:, place]])
    if not len(local.noisy):
        return Portfolios(mean, None)
    own = np.broadcast_to((local.noisy == place).astype(np.float64), (len(local.dates), 1, len(local.noisy)))
    return Portfolios.of(mean, np.concatenate([factors.weights, own], axis=1), local.uncertainty)


def _clean(factors: Portfolios, names: tuple[str, ...], weights: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Covariance (k, k) a period of the factors, the supply shock orthogonal to the others, and its slopes on them."""
    k = len(names) - (names[-1] == SUPPLY)
    observed = np.arange(k)
    cov = np.zeros((len(names), len(names)))
    cov[:k, :k] = factors.take(observed).moments(weights).covariance
    slope = np.zeros(k)
    if k < len(names):
        joint = factors.take(np.arange(k + 1)).moments(weights).covariance
        slope = np.asarray(np.linalg.lstsq(joint[:k, :k], joint[:k, k], rcond=None)[0], dtype=np.float64)
        cov[k, k] = max(float(joint[k, k] - joint[k, :k] @ slope), 0.0)
    return cov, slope


def _explain(stack: Portfolios, names: tuple[str, ...], weights: FloatArray, lags: int) -> _Explained:
    """Loadings of the last portfolio, one asset, on the others in two steps, each over its own longest window."""
    cov, slope = _clean(stack, names, weights)
    r, k = len(names), len(slope)
    every = np.arange(r * (lags + 1)).reshape(lags + 1, r)
    target = every.size
    late = stack.lagged(lags) if lags else stack
    seen = every[:, :k].ravel()
    first = least_squares(late.take(np.append(seen, target)), weights)
    loadings, classical, robust = first.summed(k)
    if k < r:
        # The shock orthogonal to the other factors, at each lag, and the residual of the asset in the first step.
        matrix = np.zeros((lags + 2, target + 1))
        for lag in range(lags + 1):
            matrix[lag, every[lag]] = np.append(-slope, 1.0)
        matrix[-1, target] = 1.0
        matrix[-1, seen] = -np.nan_to_num(first.values)
        second = least_squares(late.combined(matrix), weights).summed(1)
        pairs = zip((loadings, classical, robust), second, strict=True)
        loadings, classical, robust = (np.append(old, new) for old, new in pairs)
    return _Explained(loadings[None], classical[None], robust[None], np.diag(cov)[None], first.count)


def _with_prior(
    raw: FloatArray,
    classical: FloatArray,
    robust: FloatArray,
    periods: NDArray[np.intp],
    names: tuple[str, ...],
    factor_cov: FloatArray,
    variance: FloatArray,
    prior: CorrelationPrior,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Loadings and errors (m, k) of assets that are measured with error: the posterior of a normal with a normal prior.

    The mean of the prior has an error too. The dollar, in which they are quoted, has no prior.

    Args:
        raw: Of the periods alone, with errors `classical` and `robust`.
        classical: (m, k).
        robust: (m, k).
        periods: (m,) of each.
        names: k factors.
        factor_cov: (k, k) a period.
        variance: (m,) a period.
        prior: Of their correlations.
    """
    known = np.array([prior.factors.get(name, np.nan) for name in names])
    expected = expected_loadings(known, factor_cov, variance)
    own = np.where(np.array(names) == DOLLAR, 1.0, (periods / (periods + prior.periods))[:, None])
    factor_variance = np.where(np.isfinite(known) & (np.diag(factor_cov) > 0), np.diag(factor_cov), np.inf)
    doubt = ((1.0 - own) * prior.error) ** 2 * np.outer(variance, 1.0 / factor_variance)
    return own * raw + (1.0 - own) * expected, np.sqrt(own * classical**2 + doubt), np.sqrt(own * robust**2 + doubt)


def _pool_groups(
    raw: FloatArray,
    classical: FloatArray,
    robust: FloatArray,
    assets: tuple[str, ...],
    groups: tuple[str, ...],
    scores: Mapping[str, float] | None,
) -> tuple[FloatArray, FloatArray]:
    """Loadings (n, k) and errors pooled within each group; the last column along the scores where there are any."""
    pooled, errors = raw.copy(), robust.copy()
    for group in dict.fromkeys(groups):
        members = np.array([other == group for other in groups])
        pooled[members], errors[members] = pool(raw[members], classical[members], sampling=robust[members])
        own = [asset for asset, other in zip(assets, groups, strict=True) if other == group]
        known = [scores[asset] for asset in own if asset in scores] if scores else []
        if scores and known:
            prior = np.array([scores.get(asset, float(np.mean(known))) for asset in own])
            last = pool(raw[members, -1:], classical[members, -1:], prior, sampling=robust[members, -1:])
            pooled[members, -1:], errors[members, -1:] = last
    return pooled, errors
