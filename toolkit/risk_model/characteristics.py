"""Returns of characteristics, period by period: the premia of metals whose supply is at risk.

The cross-sectional model of Rosenberg and Marathe (1976), as in Grinold and Kahn (2000, ch. 3) and Barra's USE4 (Menchero, Orr
and Wang 2011),

    r_it = alpha_t + sum_k x_ik,t-1 f_kt + e_it,

with exposures x that were known when the period began and regressions weighted by 1 / (specific + posterior variance). USE4
weighs by the square root of capitalisation, its stand-in for the inverse of specific variance; a metal has no capitalisation,
so the variance itself is estimated. Premia are tested as in Fama and MacBeth (1973): by how the estimates vary over
time, with the correction of Newey and West (1987) for their autocorrelation.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

from toolkit.core.errors import DataError, GapError
from toolkit.core.forecast import FloatArray, read_only_arrays
from toolkit.core.messages import message
from toolkit.returns.observed_returns import Returns
from toolkit.returns.panel import MINIMUM_CHANGES
from toolkit.risk_model.cross_section import MINIMUM_KNOWN, SPARE, CrossSections, regress, specific_variances
from toolkit.risk_model.premia import MINIMUM_PERIODS, factor_covariance, mean_and_error

MARKET = "market"
"""Name of the intercept: the weighted mean change of all assets."""
CURRENCY = "currency:"
"""Prefix of currency factors; the rest is the currency of quotation."""


@dataclass(frozen=True, slots=True)
class Exposures:
    """Characteristics of n assets when each of T periods began.

    Attributes:
        dates: T days; nothing published later is in the row.
        assets, names: n asset keys and k characteristics. A characteristic is left out of a period whose earlier names
            explain it, so the order of the names decides.
        values: (T, n, k) in any unit, NaN where not known.
        currencies: n currencies of quotation.
    """

    dates: tuple[date, ...]
    assets: tuple[str, ...]
    names: tuple[str, ...]
    values: FloatArray
    currencies: tuple[str, ...]

    def __post_init__(self) -> None:
        read_only_arrays(self)
        if self.values.shape != (len(self.dates), len(self.assets), len(self.names)):
            raise DataError("exposures of shape {shape} do not fit their dates, assets and names.", shape=self.values.shape)
        if len(self.currencies) != len(self.assets):
            raise DataError("one currency of quotation an asset is needed.")


@dataclass(frozen=True, slots=True)
class CharacteristicReturns:
    """The return of each characteristic, with errors.

    A return is that of one standard deviation of exposure, as a fraction; the market's is that of the weighted mean asset.
    NaN stands for what could not be estimated, and only for that; `frame` and `summary` have null there.

    Attributes:
        dates: T last dates of the periods.
        factors: p names: the market, the characteristics, the currencies where there is more than one.
        returns, errors: (T, p) a period, with standard errors.
        counts: (T,) assets with a change in the period.
        r_squared: (T,) weighted, about the market. Chance alone gives (columns - 1) / (assets - 1).
        premia, premium_errors, t_statistics: (p,) mean a year, its error (see `toolkit.risk_model.premia.mean_and_error`), and
            their ratio; the last two are NaN below `MINIMUM_PERIODS`.
        periods: (p,) periods with a return.
        covariance: (p, p) of the factor returns a year, without estimation error, positive semidefinite; NaN in rows of
            factors with fewer than `MINIMUM_PERIODS` periods, zero between two that share fewer.
        assets: n that took part.
        specific_var: (n,) a year: the regressions are weighted by the inverse of its sum with the posterior variance.
        imputed, cells: (p,) number of missing exposures that were set to the mean of their period, and of all exposures.
        periods_per_year: Changes a year.
        notes: What was imputed, left out or missing, and why.
    """

    dates: tuple[date, ...]
    factors: tuple[str, ...]
    returns: FloatArray
    errors: FloatArray
    counts: NDArray[np.intp]
    r_squared: FloatArray
    premia: FloatArray
    premium_errors: FloatArray
    t_statistics: FloatArray
    periods: NDArray[np.intp]
    covariance: FloatArray
    assets: tuple[str, ...]
    specific_var: FloatArray
    imputed: NDArray[np.intp]
    cells: NDArray[np.intp]
    periods_per_year: float
    notes: tuple[str, ...]

    def __post_init__(self) -> None:
        read_only_arrays(self)

    def frame(self) -> pl.DataFrame:
        """One row a period and factor: date, factor, value, standard_error (null where missing), assets."""
        size = len(self.factors)
        return pl.DataFrame(
            {
                "date": [day for day in self.dates for _ in range(size)],
                "factor": list(self.factors) * len(self.dates),
                "value": self.returns.ravel(),
                "standard_error": self.errors.ravel(),
                "assets": np.repeat(self.counts, size),
            },
            schema_overrides={"date": pl.Date, "factor": pl.String, "assets": pl.Int64},
            nan_to_null=True,
        )

    def summary(self) -> pl.DataFrame:
        """One row a factor: factor, premium, standard_error, t_statistic, volatility (all a year), periods, imputed, cells."""
        return pl.DataFrame(
            {
                "factor": list(self.factors),
                "premium": self.premia,
                "standard_error": self.premium_errors,
                "t_statistic": self.t_statistics,
                "volatility": np.sqrt(np.diag(self.covariance)),
                "periods": self.periods,
                "imputed": self.imputed,
                "cells": self.cells,
            },
            schema_overrides={"factor": pl.String, "periods": pl.Int64, "imputed": pl.Int64, "cells": pl.Int64},
            nan_to_null=True,
        )


def characteristic_returns(changes: Returns, exposures: Exposures, periods_per_year: float) -> CharacteristicReturns:
    """Regress the changes of every period on the characteristics known when it began.

    Rules: a period with fewer assets than columns of its design plus `SPARE` has no returns; a characteristic known for
    fewer than `MINIMUM_KNOWN` assets, or the same for all, has none in that period; nor has one that those before it
    explain to all but `TOLERANCE`. A missing exposure is the mean of its period. Assets with fewer than
    `MINIMUM_CHANGES` changes are left out. Every use of a rule is in the notes.

    A posterior mean is shrunk towards its prior, which has no characteristics: returns in single periods are then shrunk
    towards zero, means over many periods hardly, because the changes add up to the price. Smoothing also spreads a jump over
    the periods beside it, those before it among them: nobody could have earned these returns. Prints taken as they are
    (`Returns.exact`) have neither fault, and larger errors.

    Args:
        changes: T periods of simple returns in one currency, with the assets of `exposures` among the series. Where
            currencies of quotation differ, their factors carry the exchange rates.
        exposures: Row t was known when period t began.
        periods_per_year: Changes a year.

    Raises:
        DataError: for exposures that do not belong to the periods or were not known in time, or a price that never changes.
        GapError: when no period has enough assets.
    """
    _check(changes, exposures)
    own = changes.take(exposures.assets)
    counts = np.isfinite(own.mean).sum(axis=0)
    use = counts >= MINIMUM_CHANGES
    assets = tuple(key for key, kept in zip(exposures.assets, use, strict=True) if kept)
    own, values = own.take(assets), exposures.values[:, use]
    quoted = [currency for currency, kept in zip(exposures.currencies, use, strict=True) if kept]
    currencies = sorted(set(quoted)) if len(set(quoted)) > 1 else []
    dummies = np.array([[float(one == other) for other in currencies] for one in quoted]).reshape(len(assets), len(currencies))
    _check_moves(own)
    if not (np.isfinite(own.mean).sum(axis=1) > SPARE).any():
        raise GapError(
            "no period has {spare} assets with a change: nothing can be compared across assets.",
            hint="Bring prices of more assets, or longer ones.",
            spare=SPARE + 1,
        )
    variance = specific_variances(own, values, dummies)
    found = regress(own, values, dummies, variance)
    factors = (MARKET, *exposures.names, *(CURRENCY + currency for currency in currencies))
    returns = np.where(found.design.shown, found.coefficients, np.nan)
    sampling = found.specific + found.posterior
    errors = np.where(found.design.shown, np.sqrt(np.maximum(np.einsum("tpp->tp", sampling), 0.0)), np.nan)
    mean, error, periods = mean_and_error(returns, *(np.einsum("tpp->tp", part) for part in (found.specific, found.posterior)))
    imputed, cells = _imputed(own, values, found)
    tested = periods >= MINIMUM_PERIODS
    error = np.where(tested, error, np.nan)
    short = tuple(key for key, kept in zip(exposures.assets, use, strict=True) if not kept)
    return CharacteristicReturns(
        dates=own.dates,
        factors=factors,
        returns=returns,
        errors=errors,
        counts=np.isfinite(own.mean).sum(axis=1),
        r_squared=found.r_squared,
        premia=mean * periods_per_year,
        premium_errors=error * periods_per_year,
        t_statistics=np.divide(mean, error, out=np.full_like(mean, np.nan), where=error > 0),
        periods=periods,
        covariance=factor_covariance(returns, found.specific, found.posterior) * periods_per_year,
        assets=assets,
        specific_var=variance * periods_per_year,
        imputed=imputed,
        cells=cells,
        periods_per_year=periods_per_year,
        notes=_notes(factors, found, imputed, cells, periods, short, quoted),
    )


def _check(changes: Returns, exposures: Exposures) -> None:
    """Check that exposures belong to the periods and were known when these began."""
    if len(exposures.dates) != len(changes.dates):
        raise DataError("{n} dates of exposures for {changes_n} periods.", n=len(exposures.dates), changes_n=len(changes.dates))
    unknown = sorted(set(exposures.assets) - set(changes.series))
    if unknown:
        raise DataError("no changes of {unknown}.", hint="Leave them out of the exposures.", unknown=[*unknown])
    if len(set(exposures.assets)) < len(exposures.assets):
        raise DataError("an asset occurs twice in the exposures.")
    ends = (None, *changes.dates[:-1])
    for known, start, end in zip(exposures.dates, ends, changes.dates, strict=True):
        if known >= end or (start is not None and known > start):
            hint = message("Give what was known when the period began.")
            raise DataError(
                "exposures of {known} are too late for the period that ends on {end}.", hint=hint, known=known, end=end
            )


def _check_moves(own: Returns) -> None:
    """Check that every price changes: the weight of a variance of zero would be infinite."""
    seen = np.isfinite(own.mean)
    spread = np.where(seen, own.mean, -np.inf).max(axis=0) - np.where(seen, own.mean, np.inf).min(axis=0)
    still = [key for key, width in zip(own.series, spread, strict=True) if width <= 1e-12]
    if still:
        raise DataError("the price of {still!r:s} never changes, or always by the same.", hint="Exclude it.", still=still[0])


def _imputed(own: Returns, values: FloatArray, found: CrossSections) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Number of missing exposures that were set to the mean, and of all exposures that were used, (p,) each."""
    present = np.isfinite(own.mean)
    used = found.design.kept[:, None, :] & present[:, :, None]
    k = values.shape[2]
    missing = used[:, :, 1 : 1 + k] & ~np.isfinite(values)
    imputed = np.zeros(used.shape[2], dtype=np.intp)
    imputed[1 : 1 + k] = missing.sum(axis=(0, 1))
    return imputed, used.sum(axis=(0, 1))


def _notes(
    factors: tuple[str, ...],
    found: CrossSections,
    imputed: NDArray[np.intp],
    cells: NDArray[np.intp],
    periods: NDArray[np.intp],
    short: tuple[str, ...],
    quoted: list[str],
) -> tuple[str, ...]:
    """The notes, in a fixed order."""
    design = found.design
    notes: list[str] = []
    if short:
        notes.append(message("Fewer than {least} changes, left out: {assets}.", least=MINIMUM_CHANGES, assets=short))
    if len(set(quoted)) == 1:
        notes.append(message("All assets are quoted in {currency}: there is no currency factor.", currency=quoted[0]))
    run = int(design.kept[:, 0].sum())
    if run < len(design.kept):
        notes.append(
            message(
                "{missing} of {periods} periods have fewer assets than columns plus {spare}, and no returns.",
                missing=len(design.kept) - run,
                periods=len(design.kept),
                spare=SPARE,
            )
        )
    for j, name in enumerate(factors):
        if (times := int(design.collinear[:, j].sum())) > 0:
            notes.append(
                message(
                    "{name}: left out of {times} periods, because the factors before it explain it.", name=name, times=times
                )
            )
        if (absent := run - int(periods[j]) - int(design.collinear[:, j].sum())) > 0:
            lacking = {"name": name, "absent": absent, "run": run}
            if name.startswith(CURRENCY):
                notes.append(message("{name}: no return in {absent} of {run} periods, the same for all.", **lacking))
            else:
                notes.append(
                    message(
                        "{name}: no return in {absent} of {run} periods, known for fewer than {least} assets, or the same for "
                        "all.",
                        least=MINIMUM_KNOWN,
                        **lacking,
                    )
                )
        if imputed[j]:
            notes.append(
                message(
                    "{name}: {imputed} of {cells} exposures ({share:.0%}) were not known and stand at the mean.",
                    name=name,
                    imputed=int(imputed[j]),
                    cells=int(cells[j]),
                    share=imputed[j] / cells[j],
                )
            )
        if 0 < periods[j] < MINIMUM_PERIODS:
            notes.append(message("{name}: {periods} periods are too few for a test.", name=name, periods=int(periods[j])))
    return tuple(notes)
