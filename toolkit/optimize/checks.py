"""What no solver should ever see: numbers that are not finite, negative variances, a covariance that is not one.

A solver would answer such a problem with a status or with nonsense; here the asset or factor at fault is named.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from toolkit.core.errors import DataError, SpecError
from toolkit.core.forecast import FloatArray, Forecast, correlated_factors
from toolkit.core.messages import first_names, message
from toolkit.optimize.constraints.base import ConstraintData
from toolkit.optimize.costs import Costs

if TYPE_CHECKING:
    from toolkit.optimize.problem import Problem

ROUNDING = 1e-9
"""Asymmetry and negative eigenvalues below this share of the largest variance are rounding."""
LARGEST_BUDGET = 1e13
"""Above it the cents of a sum are lost in double precision."""


def _at(bad: NDArray[np.bool_], names: Sequence[str]) -> list[str]:
    """The names where a mask (first axis aligned with them) is true, at most five."""
    rows = np.flatnonzero(np.any(bad.reshape(len(names), -1), axis=1))
    return first_names([names[int(i)] for i in rows])


def _finite(what: str, array: FloatArray, names: Sequence[str]) -> None:
    if len(array) != len(names):
        raise DataError("{what}: {n} rows for {names} names.", what=what, n=len(array), names=len(names))
    if not (finite := np.isfinite(array)).all():
        raise DataError("{what} is not a finite number for {bad}.", what=what, bad=_at(~finite, names))


def check_forecast(forecast: Forecast) -> None:
    """Refuse a forecast that is not one.

    Raises:
        DataError: for NaN or infinite numbers, a negative specific variance, or a factor covariance that is not
            symmetric and positive semidefinite.
    """
    _finite("the factor loading", forecast.loadings, forecast.assets)
    _finite("the specific variance", forecast.specific_var, forecast.assets)
    _finite("the expected return", forecast.expected, forecast.assets)
    _finite("the factor covariance", forecast.factor_cov, forecast.factors)
    negative = forecast.specific_var < 0
    if negative.any():
        raise DataError("the specific variance is negative for {negative}.", negative=_at(negative, forecast.assets))
    F = forecast.factor_cov
    if F.shape != (len(forecast.factors),) * 2:
        raise DataError("the factor covariance is {shape} for {n} factors.", shape=F.shape, n=len(forecast.factors))
    tolerance, correlated = ROUNDING * float(np.max(np.abs(F), initial=0.0)), correlated_factors(F)
    if correlated.size and (crooked := np.abs(F - F.T) > tolerance).any():
        raise DataError("the factor covariance is not symmetric at {crooked}.", crooked=_at(crooked, forecast.factors))
    if not _semidefinite(F, correlated, tolerance):
        values, vectors = np.linalg.eigh(F)
        direction = forecast.factors[int(np.argmax(np.abs(vectors[:, 0])))]
        raise DataError(
            "the factor covariance is not positive semidefinite: its least eigenvalue is {values:.3g}, mostly of "
            "{direction!r:s}.",
            hint="Estimate it from one sample, or set negative eigenvalues to zero.",
            details={"eigenvalue": float(values[0]), "factor": direction},
            values=values[0],
            direction=direction,
        )


def _semidefinite(F: FloatArray, at: NDArray[np.intp], tolerance: float) -> bool:
    """By a Cholesky factorization of the shifted matrix of what is correlated, a tenth of the work of its eigenvalues."""
    if (F.diagonal() < -tolerance).any():
        return False
    try:
        if at.size:
            np.linalg.cholesky(F[np.ix_(at, at)] + tolerance * np.eye(len(at)))
    except np.linalg.LinAlgError:
        return False
    return True


def check_constraint_data(data: ConstraintData, lot_values: FloatArray) -> None:
    """Refuse a budget, holdings, shares or lots that are not numbers of their kind.

    Raises:
        SpecError: for the budget.
        DataError: for the rest.
    """
    if not np.isfinite(data.budget) or data.budget <= 0:
        raise SpecError(
            "the budget must be a positive number, not {budget:,.6g}.", hint="Give it with --budget.", budget=data.budget
        )
    if data.budget >= LARGEST_BUDGET:
        raise SpecError(
            "a budget of {budget:,.6g} is too large for its cents to be told: it must be below {largest_budget:,.0f}.",
            hint="Give --budget in another currency, or a part of it.",
            budget=data.budget,
            largest_budget=LARGEST_BUDGET,
        )
    keys = data.universe.keys
    if data.previous is not None:
        _finite("the value held today", data.previous, keys)
        negative = data.previous < 0
        if negative.any():
            negative &= np.array([asset.is_physical for asset in data.universe])
        if negative.any():
            raise DataError("the value held today is negative for {negative}.", negative=_at(negative, keys))
    for country, share in data.countries.items():
        _finite(f"the share of supply from {country}", share, keys)
    if len(lot_values) != len(keys):
        raise DataError("the value of a lot: {n} rows for {names} names.", n=len(lot_values), names=len(keys))
    bad = ~np.isnan(lot_values) & ~((lot_values > 0) & np.isfinite(lot_values))
    if bad.any():
        raise DataError("the value of a lot is not a positive number for {bad}.", bad=_at(bad, keys))


def check_returns(problem: Problem) -> None:
    """Refuse an objective that needs a forecast of returns where every expected return is zero.

    Raises:
        SpecError: with the objective.
    """
    if not problem.forecast.expected.any() and problem.objective.needs.returns:
        raise SpecError(
            "objective {kind!r:s} needs a forecast of returns, and every expected return is zero.",
            hint='Give one under `[forecast] returns`, or use kind = "min_risk".',
            kind=problem.objective.kind,
        )


def check_short(problem: Problem) -> None:
    """Refuse weights below zero where the objective, or what asks for whole lots, has no meaning with them.

    Raises:
        SpecError: with the objective or the constraints at fault, and the constraints that let weights be negative.
    """
    if not problem.data.negative.any():
        return
    lets = ", ".join(repr(own.name) for own in problem.constraints if own.least(problem.data))
    if problem.objective.long_only:
        raise SpecError(
            "objective {kind!r:s} takes no negative weights, and {lets} lets some be negative.",
            hint="Set the lower limits to 0, or use min_risk, max_utility, max_return, max_ratio or track.",
            kind=problem.objective.kind,
            lets=lets,
        )
    discrete = problem.integer_by_constraint().items()
    if asked := [repr(problem.constraints[i].name) for i, requirements in discrete if not requirements.of_values]:
        raise SpecError(
            "{asked}: whole lots, tickets and numbers of holdings go with weights of zero or more, and {lets} lets some be "
            "negative.",
            hint=message("Leave out {asked:s}, or set the lower limits to 0.", asked=" and ".join(asked)),
            asked=[*asked],
            lets=lets,
        )


@lru_cache(maxsize=2)
def check_costs(assets: tuple[str, ...], costs: Costs) -> None:
    """Refuse costs of trading and holding that are not; the same from day to day are checked once.

    Raises:
        DataError: for NaN, infinite or negative costs, a sale that brings nothing, and a holding period that is no time.
    """
    for what, rate in (
        ("the spread", costs.half_spread),
        ("the storage cost", costs.storage),
        ("the fee of a trade", costs.fees),
        ("the spread", costs.half_spread + costs.held_spread),
        ("the storage cost", costs.storage + costs.held_storage),
        ("the fee of a lot", costs.lot_fee),
        ("the value added tax", costs.vat),
        ("the premium", costs.premium),
        ("the market impact", costs.impact),
        ("the fee of a short position", costs.borrow),
    ):
        _finite(what, rate, assets)
        if (rate < 0).any():
            raise DataError("{what} is negative for {bad}.", what=what, bad=_at(rate < 0, assets))
    worthless = costs.sale >= 1
    if worthless.any():
        raise DataError("selling costs as much as it brings for {worthless}.", worthless=_at(worthless, assets))
    for site in costs.sites:
        if not np.isfinite(site.fee) or site.fee < 0:
            what = f"the charge of {site.name}"
            raise DataError("{what} must be a number of zero or more, not {charge:,.6g}.", what=what, charge=site.fee)
        if len(site.stored) != len(assets):
            raise DataError(
                "what is stored at {name:s}: {n} rows for {names} names.", name=site.name, n=len(site.stored), names=len(assets)
            )
    if not np.isfinite(costs.holding_years) or costs.holding_years <= 0:
        raise DataError(
            "the holding period must be a positive number of years, not {holding_years:g}.", holding_years=costs.holding_years
        )
