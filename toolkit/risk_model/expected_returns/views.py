"""Views on returns, stated or made from control pressure, weighed against a prior (Black and Litterman 1992)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field, field_validator, model_validator

from toolkit.core.assets import Universe
from toolkit.core.decode import Given, Several, Spec
from toolkit.core.errors import SpecError
from toolkit.core.expression import terms
from toolkit.core.forecast import FloatArray
from toolkit.core.messages import Message, message
from toolkit.core.text import repeated
from toolkit.risk_model.covariance.form import CovarianceInputs, StructuredCovariance
from toolkit.risk_model.expected_returns.base import ExpectedReturns, signed_span, span, standard_errors
from toolkit.risk_model.expected_returns.equilibrium import EquilibriumReturns
from toolkit.risk_model.expected_returns.prior import Prior, labelled, members, uncertainty
from toolkit.risk_model.expected_returns.zero import ZeroReturns
from toolkit.risk_model.named import as_columns


def portfolio(expression: str, universe: Universe, where: str) -> FloatArray:
    """Coefficients (n,) of an expression of assets; an element is the mean of its products, as its return is.

    Args:
        expression: Sum of names with coefficients, such as ``gallium - 0.5 gold``.
        universe: n assets.
        where: Where the expression stands, for messages.

    Raises:
        SpecError: for a name that is neither an asset nor an element, or a sum in which everything cancels.
    """
    row = np.zeros(len(universe))
    for coefficient, name in terms(expression):
        at = members(universe, name, where)
        row[at] += coefficient / len(at)
    if not row.any():
        raise SpecError("{where:s}: everything in {expression!r:s} cancels.", where=where, expression=expression)
    return row


OWN_SHARE = 1e-10
"""Share of its variance that a view must add to the others to count as one of its own; rounding is far below."""


@dataclass(frozen=True, slots=True)
class Views:
    """Portfolios @ returns = values, each give or take its error.

    Attributes:
        labels: m names, for messages.
        portfolios: (m, n).
        values: (m,) a year.
        errors: (m,) standard errors, independent of each other; 0 is certain, infinite carries no information.
    """

    labels: tuple[str, ...]
    portfolios: FloatArray
    values: FloatArray
    errors: FloatArray


@dataclass(frozen=True, slots=True)
class Posterior:
    """Posterior of the mean returns, given the views.

    Attributes:
        mean: (n,).
        covariance: (n, n) of the mean: M of He and Litterman (1999), not Sigma + M.
        moves: (n, m) by how much each view moved each mean, given the others; the row sums are the whole move.
    """

    mean: FloatArray
    covariance: FloatArray
    moves: FloatArray


def black_litterman(prior: Prior, views: Views) -> Posterior:
    """Mean and covariance of the mean after the views (Black and Litterman 1992; He and Litterman 1999, equations 8, 9).

    In the form that inverts neither tau Sigma nor Omega (Walters 2014): with A = tau Sigma P' and K = P A + Omega,

        mean = prior + A K^-1 (values - P prior),    covariance = tau Sigma - A K^-1 A'.

    K is m x m and scaled to a unit diagonal; certain views (error 0) are met exactly. Views that say the same thing twice,
    both certain, leave K singular: the redundant directions are left out.

    Raises:
        SpecError: for certain views that contradict each other.
    """
    told = np.isfinite(views.errors)
    labels = tuple(label for label, kept in zip(views.labels, told, strict=True) if kept)
    P, gap = views.portfolios[told], (views.values - views.portfolios @ prior.mean)[told]
    A = prior.times(P.T)
    K = P @ A + np.diag(views.errors[told] ** 2)
    # The spread of assets that always move together has no variance but rounding, of either sign.
    gross = np.abs(P) @ prior.errors()
    size = np.sqrt(np.maximum(np.diag(K), (OWN_SHARE * gross) ** 2))
    whitened, pulls = _solve(0.5 * (K + K.T) / np.outer(size, size), (A / size).T, gap / size, labels)
    moves = np.zeros((len(prior.mean), len(told)))
    moves[:, told] = A * (pulls / size)
    return Posterior(prior.mean + moves.sum(axis=1), prior.covariance() - whitened.T @ whitened, moves)


def _solve(K: FloatArray, A: FloatArray, gap: FloatArray, labels: tuple[str, ...]) -> tuple[FloatArray, FloatArray]:
    """R @ A (r, n) and R'R @ gap (m,), with R'R the inverse of K on the r directions in which the views differ."""
    from scipy.linalg import cholesky, solve_triangular  # noqa: PLC0415  # 0.15 s to import

    try:
        lower = cholesky(K, lower=True)
        regular = np.diag(lower).min(initial=1.0) ** 2 > OWN_SHARE
    except np.linalg.LinAlgError:
        lower, regular = K, False
    if regular:
        pulls = solve_triangular(lower, solve_triangular(lower, gap, lower=True), lower=True, trans=1)
        return solve_triangular(lower, A, lower=True), pulls
    values, vectors = np.linalg.eigh(K)
    kept = values > OWN_SHARE
    conflict = np.abs(vectors[:, ~kept].T @ gap)
    if (conflict > 1e-6).any():
        at = np.flatnonzero(np.abs(vectors[:, ~kept][:, conflict.argmax()]) > 1e-3)
        raise SpecError(
            "forecast.returns.views: {at:s} cannot be certain: they contradict each other, or assets that always "
            "move together.",
            hint="Give at least one of them an `error`, or a `confidence` below 1.",
            at=" and ".join(repr(labels[i]) for i in at),
        )
    R = (vectors[:, kept] / np.sqrt(values[kept])).T
    return R @ A, R.T @ (R @ gap)


class ZeroPrior(Spec):
    """Before the views every return is zero over cash, give or take tau x Sigma."""

    kind: Literal["zero"] = "zero"
    tau: float | None = Field(default=None, gt=0)

    def prior(self, inputs: CovarianceInputs, form: StructuredCovariance) -> Prior:
        """Zeros (n,)."""
        tau, source = uncertainty(inputs, self.tau)
        prior = Prior(np.zeros(len(inputs.assets)), tau, form)
        note = message(
            "Before the views every expected return is zero over cash, with standard errors of {errors} percentage points "
            "({source}).",
            errors=span(prior.errors()),
            source=source,
        )
        return replace(prior, notes=(note,))


LARGEST_VIEW = 2.0
"""Beyond 200 % a year a view is in per cent."""


class View(Spec):
    """One statement: the return a year of a portfolio.

    Attributes:
        expression: ``gallium`` (absolute) or ``gallium - 0.5 * W`` (relative): asset keys or elements, an element being the
            mean of its products; plus and minus stand between blanks.
        value: Its return a year as a fraction.
        error: Standard error of `value`; 0 is certain.
        confidence: Instead of `error`, 0..1: how far the return of the portfolio goes from the prior to `value` if this were
            the only view (Idzorek 2007, in the closed form of Walters 2014: Omega = (1 - c) / c x P tau Sigma P'). One half
            is the Omega of He and Litterman (1999).
        date: From which day on it counts, until a later one of the same expression; without it on all days.
    """

    date: dt.date | None = Field(default=None, exclude_if=lambda day: day is None)
    expression: str
    value: float = Field(ge=-LARGEST_VIEW, le=LARGEST_VIEW)
    error: float | None = Field(default=None, ge=0)
    confidence: float | None = Field(default=None, ge=0, le=1)

    @field_validator("expression")
    @classmethod
    def _reads(cls, text: str) -> str:
        terms(text)
        return text

    @model_validator(mode="after")
    def _one_of_two(self) -> View:
        if (self.error is None) == (self.confidence is None):
            raise ValueError(message("needs exactly one of `error` and `confidence`"))
        return self


class ControlPressure(Spec):
    """A hypothesis of the user, not an estimate: metals under more export controls return more.

    Each metal of which the pressure is known gets the view that, against the mean of them all, it returns `premium` a year
    for each standard deviation of pressure: the number of legal measures in force on its traded form
    (`toolkit.risk_model.supply_characteristics.control_pressure`), standardised over the metals held. Why it could be so: a
    control that lasts splits the market and the price outside it rises while stocks run down. Why not: the price may have
    jumped on the day of the notice, and a licence that is granted, or a suspension, brings it back.

    Refuted by returns of the next twelve months, by metal and year, whose slope on standardised pressure is not above zero
    by two standard errors. Errors of the views are independent: with many
    metals the slope as a whole is far more certain than any one view.

    Attributes:
        premium: Return a year for one standard deviation of pressure.
        error: Standard error of each view.
    """

    premium: float = Field(ge=-LARGEST_VIEW, le=LARGEST_VIEW)
    error: float = Field(gt=0)

    def views(self, inputs: CovarianceInputs) -> tuple[Views, tuple[str, ...]]:
        """One view a metal with a known pressure, and notes on metals without."""
        found = inputs.pressure or {}
        known = [i for i, key in enumerate(inputs.assets) if key in found]
        pressure = np.array([found[inputs.assets[i]] for i in known])
        absent = [key for key in inputs.assets if key not in found]
        notes: tuple[str, ...] = ()
        if absent:
            notes = (message("No control pressure is known for {assets}: no view on them.", assets=absent),)
        if len(np.unique(pressure)) < 2:
            notes = (*notes, message("Control pressure is the same for every metal, or unknown: it makes no view."))
            return Views((), np.empty((0, len(inputs.assets))), np.empty(0), np.empty(0)), notes
        m = len(known)
        portfolios = np.zeros((m, len(inputs.assets)))
        portfolios[:, known] = np.eye(m) - 1.0 / m
        values = self.premium * (pressure - pressure.mean()) / pressure.std()
        labels = tuple(f"control pressure of {inputs.assets[i]}" for i in known)
        return Views(labels, portfolios, values, np.full(m, self.error)), notes


class ViewsReturns(Spec):
    """Black-Litterman: the posterior of a prior and of views with errors.

    Attributes:
        prior: ``{kind = "equilibrium", ...}`` or ``{kind = "zero"}``.
        views: Stated ones; in Python a frame too, a row each.
        control_pressure: Makes one view a metal.
    """

    kind: Literal["views"] = "views"
    prior: Annotated[EquilibriumReturns | ZeroPrior, Field(discriminator="kind")] = EquilibriumReturns()
    views: Given[Several[View]] = ()
    control_pressure: ControlPressure | None = None

    @model_validator(mode="before")
    @classmethod
    def _of_frame(cls, data: Any) -> Any:
        """A frame as views; an empty cell states nothing."""
        views = data.get("views") if isinstance(data, Mapping) else None
        if views is None or isinstance(views, Sequence) or (columns := as_columns(views, "expression")) is None:
            return data
        rows = (dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True))
        return {**data, "views": [{key: cell for key, cell in row.items() if cell is not None} for row in rows]}

    @model_validator(mode="after")
    def _says_something(self) -> ViewsReturns:
        if not self.views and self.control_pressure is None:
            raise ValueError(message("needs `views` or `control_pressure`"))
        if twice := repeated(f"{view.date} {view.expression}" for view in self.views if view.date is not None):
            raise ValueError(message("the view {twice:s} stands twice", twice=twice[0]))
        return self

    @property
    def by_date(self) -> bool:
        """Whether all that it states is dated."""
        return all(view.date is not None for view in self.views)

    def known_on(self, day: dt.date) -> ViewsReturns | EquilibriumReturns | ZeroReturns:
        """The same with the newest view of each expression that is of a day or of one before, and those without a date."""
        dated = sorted((view.date, view.expression) for view in self.views if view.date is not None and view.date <= day)
        newest = {expression: when for when, expression in dated}
        return self.with_views([view for view in self.views if view.date is None or newest.get(view.expression) == view.date])

    def with_views(self, views: Sequence[View]) -> ViewsReturns | EquilibriumReturns | ZeroReturns:
        """The same with other views; the prior where nothing moves it."""
        if views or self.control_pressure is not None:
            return self.model_copy(update={"views": tuple(views)})
        return ZeroReturns() if isinstance(self.prior, ZeroPrior) else self.prior

    def estimate(self, inputs: CovarianceInputs, form: StructuredCovariance) -> ExpectedReturns:
        """Posterior mean (n,) over cash and its covariance (n, n), as M of He and Litterman (1999).

        Raises:
            SpecError: for a view on what is not there, or certain views that contradict each other.
        """
        prior = self.prior.prior(inputs, form)
        views = self.stated(inputs, prior)
        notes: tuple[str, ...] = ()
        if self.control_pressure is not None:
            made, notes = self.control_pressure.views(inputs)
            views = _joined(views, made)
        found = black_litterman(prior, views)
        days = sorted({view.date for view in self.views if view.date is not None})
        dated = (message("Views: of {days}.", days=sorted({days[0], days[-1]})),) if days else ()
        told = (*prior.notes, *dated, *self._notes(inputs, prior, views, found), *notes, _change(prior, found))
        return ExpectedReturns(found.mean, found.covariance, told)

    def stated(self, inputs: CovarianceInputs, prior: Prior) -> Views:
        """The views of the strategy, with the errors that their confidence means.

        Raises:
            SpecError: for a view on what is not there.
        """
        universe, n = labelled(inputs), len(inputs.assets)
        rows = [portfolio(view.expression, universe, f"view {view.expression!r}") for view in self.views]
        portfolios = np.array(rows).reshape(len(rows), n)
        variance = np.einsum("mn,nm->m", portfolios, prior.times(portfolios.T))
        errors = [_error(view, own) for view, own in zip(self.views, variance, strict=True)]
        values = np.array([view.value for view in self.views])
        return Views(tuple(view.expression for view in self.views), portfolios, values, np.array(errors))

    def _notes(self, inputs: CovarianceInputs, prior: Prior, views: Views, found: Posterior) -> tuple[str, ...]:
        """One sentence a stated view, and one for all that control pressure makes."""
        stated = len(self.views)
        before, after = views.portfolios @ prior.mean, views.portfolios @ found.mean
        notes = [
            message(
                "View {view} = {value:+.1f %} a year, {error}: {before:+.1f %} before the views, {after:+.1f %} after them; it "
                "moves {moved}.",
                view=views.labels[j],
                value=views.values[j],
                error=_give_or_take(views.errors[j]),
                before=before[j],
                after=after[j],
                moved=_most(inputs, found.moves[:, j]),
            )
            for j in range(stated)
        ]
        if self.control_pressure is not None and len(views.labels) > stated:
            notes.append(
                message(
                    "View from control pressure, your hypothesis and not an estimate: {premium:+.1f %} a year for one standard "
                    "deviation of the number of legal measures in force, {error} for each of {count} assets; it moves {moved}.",
                    premium=self.control_pressure.premium,
                    error=_give_or_take(self.control_pressure.error),
                    count=len(views.labels) - stated,
                    moved=_most(inputs, found.moves[:, stated:].sum(axis=1)),
                )
            )
        return tuple(notes)


def _error(view: View, variance: float) -> float:
    """The standard error of a view, from its confidence where it states none; infinite where it has no confidence."""
    if view.confidence is None:
        return view.error or 0.0
    return float(np.sqrt((1.0 - view.confidence) / view.confidence * variance)) if view.confidence > 0 else np.inf


def _joined(first: Views, second: Views) -> Views:
    return Views(
        (*first.labels, *second.labels),
        np.vstack([first.portfolios, second.portfolios]),
        np.concatenate([first.values, second.values]),
        np.concatenate([first.errors, second.errors]),
    )


def _give_or_take(error: float) -> Message:
    if np.isfinite(error):
        return message("give or take {error:.1f} points", error=100 * error)
    return message("without any confidence")


def _most(inputs: CovarianceInputs, moves: FloatArray) -> Message:
    """The asset that moved most, and how far."""
    i = int(np.abs(moves).argmax())
    if not moves[i]:
        return message("nothing")
    return message("{asset} most, by {change:+.1f} points", asset=inputs.assets[i], change=100 * moves[i])


def _change(prior: Prior, found: Posterior) -> Message:
    return message(
        "Expected returns after the views: {returns} a year over cash, with standard errors of {errors} percentage points "
        "({before} before).",
        returns=signed_span(found.mean),
        errors=span(standard_errors(found.covariance)),
        before=span(prior.errors()),
    )
