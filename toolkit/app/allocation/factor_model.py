"""The factor model of a forecast as records: its factors, and the observation and regression of each asset."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import combinations

import numpy as np

from toolkit.app.allocation.inputs import Inputs
from toolkit.core.assets import Universe
from toolkit.core.baskets import DOLLAR_SERIES
from toolkit.core.forecast import FloatArray, Forecast, with_factors
from toolkit.records.factors import (
    Correlation,
    CorrelationRisk,
    Factor,
    FactorAsset,
    FactorModel,
    FactorTests,
    Loading,
    PairRisk,
)
from toolkit.risk_model.covariance.factor import NORMAL_95, FactorCovariance, NamedFactors, rank_correlation
from toolkit.risk_model.timeseries.baskets import MARKET, SUPPLY
from toolkit.risk_model.weighting import decay
from toolkit.strategy.model import Strategy

SIGNIFICANT = 2.0
"""Absolute t-statistic from which a loading is marked: chance alone reaches it once in twenty."""
PRECIOUS = "precious_metals"
MOST_MOVING = 3
"""Pairs that are named of those on which a volatility rests."""
OF_COVERAGE = ("rhythm", "basis", "observations", "changes", "gaps", "missing", "volatility_from", "comovement_from")
"""Columns of `toolkit.risk_model.annual_assets.coverage` that a record has."""


def factor_model(strategy: Strategy, inputs: Inputs, forecast: Forecast, destination: str) -> FactorModel:
    """Factors and assets for the run object and for `toolkit factors`; null where something could not be estimated.

    Args:
        strategy: Whose covariance names the factors.
        inputs: Inputs of the forecast.
        forecast: The forecast.
        destination: ISO-3 code of the owner's country: which controls make the sides of the supply shock.
    """
    assets = _asset_rows(inputs, forecast)
    return FactorModel(
        factors=_factor_rows(strategy, inputs, forecast, destination),
        assets=assets,
        tests=_tests([loading for asset in assets for loading in asset.loadings.items()]),
    )


def correlations(forecast: Forecast, named: Mapping[int, str] | None = None) -> tuple[Correlation, ...]:
    """One record a pair of assets, the most correlated of the forecast first; null where there is no correlation.

    `periods` in which both changed, the rank correlation `observed` of what was printed with its 95 % interval (`low`,
    `high`), and the correlation of the `forecast`.

    Args:
        forecast: The forecast.
        named: Row -> name of the assets to include; None for all by their keys.
    """
    if forecast.printed is None:
        return ()
    names = dict(enumerate(forecast.assets)) if named is None else named
    at = sorted(names)
    # Of the covariance only the rows that are asked for are made.
    B = forecast.loadings[at]
    matrix = with_factors(B, forecast.factor_cov) @ B.T
    found, variances = [], forecast.variances
    weights = None if forecast.half_life is None else decay(len(forecast.printed), forecast.half_life)
    for (row, i), (column, j) in combinations(enumerate(at), 2):
        size = np.sqrt(variances[i] * variances[j])
        one = rank_correlation(forecast.printed[:, i], forecast.printed[:, j], weights)
        found.append(
            Correlation(
                assets=(names[i], names[j]),
                periods=one.periods,
                observed=one.value,
                low=one.low,
                high=one.high,
                forecast=float(matrix[row, column] / size) if size > 0 else None,
            )
        )
    return tuple(sorted(found, key=lambda row: (-(row.forecast or 0.0), row.assets)))


def correlation_risk(
    forecast: Forecast, universe: Universe, weights: FloatArray, rows: Sequence[Correlation]
) -> CorrelationRisk | None:
    """How far the volatility of a proposal rests on its correlations; None without any that was observed.

    Args:
        forecast: Of the n assets of the universe.
        universe: Offers of one product count as the product.
        weights: (n,).
        rows: Correlations by key of the product.
    """
    variance, size = forecast.variance(weights), np.sqrt(forecast.variances)
    share = weights * size
    parts: dict[str, float] = {}
    for asset, part in zip(universe, share.tolist(), strict=True):
        parts[asset.offer_of or asset.key] = parts.get(asset.offer_of or asset.key, 0.0) + part
    pairs = []
    for row in rows:
        if row.observed is not None and row.forecast is not None:
            more = 2.0 * parts[row.assets[0]] * parts[row.assets[1]] * (row.observed - row.forecast)
            changed = PairRisk(**row.model_dump(), volatility=float(np.sqrt(max(variance + more, 0.0))))
            pairs.append((abs(more), changed))
    if not variance or not any(moved for moved, _ in pairs):
        return None
    low = high = None
    if (errors := forecast.correlation_errors) is not None:
        products = np.outer(share, share)
        # The errors of pairs are independent, each pair stands twice; that of the mean of a prior moves all alike.
        own = 2.0 * float((np.triu(products, 1) ** 2 * errors.own**2).sum()) ** 0.5
        reach = NORMAL_95 * np.hypot(own, float((products * errors.common).sum()))
        low, high = (float(np.sqrt(max(variance + end, 0.0))) for end in (-reach, reach))
    pairs.sort(key=lambda one: -one[0])
    return CorrelationRisk(low=low, high=high, pairs=tuple(pair for moved, pair in pairs[:MOST_MOVING] if moved))


def _tests(loadings: list[tuple[str, Loading]]) -> FactorTests:
    """Number of different loadings, and of those distinguishable from zero.

    Pooling may give members of a group one loading: it is one estimate, and its weakest t-statistic counts.
    """
    weakest: dict[tuple[str, float], float] = {}
    for name, loading in loadings:
        if loading.t is not None and loading.loading is not None:
            key = name, round(loading.loading, 3)
            weakest[key] = min(abs(loading.t), weakest.get(key, np.inf))
    marked = sum(t >= SIGNIFICANT for t in weakest.values())
    return FactorTests(estimates=len(weakest), significant=marked, threshold=SIGNIFICANT)


def _factor_rows(strategy: Strategy, inputs: Inputs, forecast: Forecast, destination: str) -> tuple[Factor, ...]:
    """One row a named factor: members, annual volatility, and return of the last twelve months."""
    model, covariance = forecast.model, strategy.forecast.covariance or FactorCovariance()
    if model is None or not isinstance(covariance, NamedFactors):
        return ()
    priced = [*inputs.series.assets]
    known = {*priced, DOLLAR_SERIES}
    rows = []
    for j, name in enumerate(model.factors):
        against: list[str] = []
        if name == SUPPLY:
            members, against = _sides(inputs, priced, covariance, destination)
        elif name == MARKET:
            members = list(inputs.universe.keys)
        else:
            members = [key for key in covariance.members[name] if key in known]
        ended, year = _last_year(model.dates, model.realised[:, j], forecast.periods_per_year)
        rows.append(
            Factor(
                name=name,
                members=tuple(members),
                against=tuple(against),
                volatility=float(np.sqrt(max(forecast.factor_cov[j, j], 0.0))),
                return_12m=year,
                last=ended and ended.isoformat(),
            )
        )
    return tuple(rows)


def _sides(inputs: Inputs, priced: list[str], covariance: NamedFactors, destination: str) -> tuple[list[str], list[str]]:
    """Metals under control and not, as of today: the two sides of the supply shock."""
    held = {asset.key: asset for asset in inputs.products if asset.key in priced and asset.group != PRECIOUS}
    on = inputs.snapshot.as_of
    inside = [
        key
        for key, asset in held.items()
        if asset.form is not None and inputs.ledger.is_controlled(key, asset.form, on=on, destination=destination)
    ]
    others = (*held, *(key for key in covariance.members["base_metals"] if key in priced))
    return inside, [key for key in dict.fromkeys(others) if key not in inside]


def _last_year(dates: tuple[date, ...], returns: FloatArray, periods_per_year: float) -> tuple[date | None, float]:
    """Last period with a return, and the compounded return of the year that ended with it; NaN if part of it is missing."""
    known = np.flatnonzero(np.isfinite(returns))
    if not len(known):
        return None, float("nan")
    end = int(known[-1]) + 1
    year = returns[max(end - round(periods_per_year), 0) : end]
    whole = len(year) == round(periods_per_year)
    return dates[end - 1], float(np.prod(1.0 + year) - 1.0) if whole else float("nan")


def _asset_rows(inputs: Inputs, forecast: Forecast) -> tuple[FactorAsset, ...]:
    """One row an asset: observation model, volatility (observed, corrected, recent) and loadings."""
    named = list(forecast.named) if forecast.model is not None else []
    variance = forecast.variances
    B = forecast.loadings[:, named]
    explained = (B @ forecast.factor_cov[np.ix_(named, named)] * B).sum(axis=1)
    covered = {row["asset"]: row for row in forecast.coverage().to_dicts()} if forecast.coverage is not None else {}
    return tuple(
        FactorAsset.from_objects(
            risk,
            asset,
            asset=asset.key,
            observation=risk.model,
            **{key: covered[asset.key][key] for key in OF_COVERAGE},
            corrected=risk.latent,
            forecast=float(np.sqrt(max(variance[i], 0.0))),
            fit=float(explained[i] / variance[i]) if named and variance[i] > 0 else None,
            loadings={forecast.factors[j]: _loading(forecast, i, j) for j in named},
        )
        for i, (asset, risk) in enumerate(zip(inputs.universe, forecast.risks, strict=True))
    )


def _loading(forecast: Forecast, i: int, j: int) -> Loading:
    """A loading with its error and t-statistic; null where no regression fitted it."""
    loading = float(forecast.loadings[i, j])
    error = float("nan") if forecast.loading_errors is None else float(forecast.loading_errors[i, j])
    return Loading(loading=loading, error=error, t=loading / error if error > 0 else None)
