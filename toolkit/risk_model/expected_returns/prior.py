"""Prior of the mean returns before any view: normal, with a multiple of the covariance of returns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from toolkit.core.assets import Asset, Universe
from toolkit.core.errors import DataError, SpecError
from toolkit.core.forecast import FloatArray
from toolkit.core.messages import Message, message
from toolkit.risk_model.covariance.form import CovarianceInputs, StructuredCovariance


@dataclass(frozen=True, slots=True)
class Prior:
    """Mean returns are normal around `mean` with covariance tau x Sigma (Black and Litterman 1992).

    Sigma stays in its factor form, so that a product with m portfolios costs n m k and not n squared m.

    Attributes:
        mean: (n,) simple returns a year.
        tau: How uncertain the mean is, as a multiple of the variance of one year.
        form: Sigma, a year.
        notes: Notes on the estimate.
    """

    mean: FloatArray
    tau: float
    form: StructuredCovariance
    notes: tuple[str, ...] = ()

    def times(self, portfolios: FloatArray) -> FloatArray:
        """Tau x Sigma @ portfolios, (n, m)."""
        return self.tau * times(self.form, portfolios)

    def covariance(self) -> FloatArray:
        """Tau x Sigma, (n, n)."""
        systematic = self.form.loadings @ self.form.factor_cov @ self.form.loadings.T
        # The product of three matrices is symmetric only up to rounding.
        found = systematic + systematic.T
        found *= 0.5 * self.tau
        found.flat[:: len(found) + 1] += self.tau * self.form.specific_var
        return found

    def errors(self) -> FloatArray:
        """Standard errors (n,) of the mean."""
        form = self.form
        systematic = np.einsum("ik,ik->i", form.loadings @ form.factor_cov, form.loadings)
        return np.sqrt(self.tau * (systematic + form.specific_var))


def times(form: StructuredCovariance, portfolios: FloatArray) -> FloatArray:
    """Sigma @ portfolios (n, ...) through the loadings."""
    specific = form.specific_var.reshape(-1, *[1] * (portfolios.ndim - 1))
    return form.loadings @ (form.factor_cov @ (form.loadings.T @ portfolios)) + specific * portfolios


def uncertainty(inputs: CovarianceInputs, tau: float | None) -> tuple[float, Message]:
    """Tau and the message on its source.

    By default one over the years of data of the median asset: Sigma a year over T years is the sampling covariance of a
    mean of T years, which is how Blamont and Firoozye (2003) and Walters (2014, The Black-Litterman Model in Detail,
    section "Calibrating tau") read tau.
    """
    if tau is not None:
        return tau, message("tau = {tau:g}, given", tau=tau)
    periods = np.isfinite(inputs.own.mean).sum(axis=0)
    years = float(np.median(periods)) / inputs.periods_per_year
    source = message(
        "tau = {tau:.3f}, one over the {years:.1f} years of data of the median asset", tau=1.0 / years, years=years
    )
    return 1.0 / years, source


def labelled(inputs: CovarianceInputs) -> Universe:
    """The universe of the inputs, in which names are looked up."""
    elements = inputs.elements or (None,) * len(inputs.assets)
    return Universe(tuple(Asset(key, key, element) for key, element in zip(inputs.assets, elements, strict=True)))


def members(universe: Universe, name: str, where: str) -> list[int]:
    """Positions of the assets that a name stands for: a key, else every product of an element.

    Args:
        universe: n assets.
        name: Asset key or symbol of an element.
        where: Where the name stands, for messages.

    Raises:
        SpecError: if `name` is neither; the message has `where`, the hint the nearest names.
    """
    try:
        return list(universe.members(name))
    except DataError as error:
        raise SpecError(message("{where:s}: {message}", where=where, message=error.message), hint=error.hint) from error
