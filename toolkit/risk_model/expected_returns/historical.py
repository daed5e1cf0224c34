"""The historical mean, shrunk to a common mean, with its standard error."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field, field_validator

from toolkit.core.decode import Spec
from toolkit.core.errors import GapError
from toolkit.core.forecast import FloatArray
from toolkit.core.messages import message
from toolkit.risk_model.covariance.form import CovarianceInputs, StructuredCovariance
from toolkit.risk_model.expected_returns.base import ExpectedReturns, signed_span, span, standard_errors
from toolkit.risk_model.expected_returns.prior import Prior


class HistoricalReturns(Spec):
    """Arithmetic mean of past changes, shrunk towards one mean of all assets.

    Attributes:
        shrinkage: Weight w of the common mean: 0 believes the past, 1 believes that all assets return the same.
            ``bayes_stein`` computes the weight and the common mean from the data (see `bayes_stein`); with a number
            the common mean is the plain average.
    """

    kind: Literal["historical"] = "historical"
    shrinkage: Literal["bayes_stein"] | Annotated[float, Field(ge=0, le=1)] = "bayes_stein"

    @field_validator("shrinkage", mode="before")
    @classmethod
    def _known_or_a_number(cls, value: Any) -> Any:
        if isinstance(value, str) and value != "bayes_stein":
            raise ValueError(message('must be "bayes_stein" or a number from 0 to 1, not {value!r:s}', value=value))
        return value

    def estimate(self, inputs: CovarianceInputs, form: StructuredCovariance) -> ExpectedReturns:
        """Expected simple returns a year (n,), and a note with the standard errors of the unshrunk means.

        The mean of latent log changes gains half their variance (lognormal) to become one of simple returns.

        The covariance is that of the error of the shrunk mean under the prior in which w is the right weight. With V the
        sampling covariance of the means, true means that spread around a common one by V (1 - w) / w, and a common mean
        estimated as a'm, the error is (1 - w) V + w a'Va 11'. The sampling covariance of the shrunk mean alone,
        (1 - w)^2 V and so on, would leave out the bias that shrinking brings.

        Raises:
            GapError: when the weight cannot be computed, because the covariance is singular.
        """
        own = inputs.own
        seen = np.isfinite(own.mean)
        if not seen.any(axis=0).all():
            annual = inputs.assets[int((~seen.any(axis=0)).argmax())]
            raise GapError(
                "{annual!r:s} has annual prices only: no historical mean can be set beside those of months.",
                hint='Exclude it, or use returns of kind "zero", "equilibrium" or "views".',
                details={"asset": annual},
                annual=annual,
            )
        noisy = np.zeros(len(inputs.assets), dtype=bool)
        noisy[own.noisy] = True
        mean = (own.mean if seen.all() else np.where(seen, own.mean, 0.0)).sum(axis=0) / seen.sum(axis=0)
        raw = mean * inputs.periods_per_year + np.where(noisy, 0.5 * inputs.variance, 0.0)
        sampling = _sampling(seen, inputs, form)
        if self.shrinkage == "bayes_stein":
            weight, towards = bayes_stein(raw, sampling)
            how = message("a weight computed from the data (Bayes-Stein, Jorion 1986)")
        else:
            weight, towards = self.shrinkage, np.full(len(raw), 1.0 / len(raw))
            how = message("a weight given")
        common = float(towards @ raw)
        covariance = (1.0 - weight) * sampling + weight * float(towards @ sampling @ towards)
        note = message(
            "Historical means are {means} a year with standard errors of {errors} percentage points; they are shrunk by "
            "{weight:.0f %}, {how}, towards {common:+.1f %}, which leaves standard errors of {left}.",
            means=signed_span(raw),
            errors=span(standard_errors(sampling)),
            weight=weight,
            how=how,
            common=common,
            left=span(standard_errors(covariance)),
        )
        return ExpectedReturns((1.0 - weight) * raw + weight * common, covariance, (note,))


def _sampling(seen: np.ndarray, inputs: CovarianceInputs, form: StructuredCovariance) -> FloatArray:
    """Sampling covariance (n, n) of means over the periods `seen` (T, n): two means share the error of shared periods.

    The forecast's correlations, but each asset's variance over its own history: a forecast may weight the latest volatility,
    and the mean was made over all of them. Changes are taken as uncorrelated in time. The error of the first and
    last latent price is left out: twice the squared error of a level over the squared years, a few percent of the variance
    for a price known to 10 %.
    """
    years = seen.sum(axis=0) / inputs.periods_per_year
    # Numbers of periods are whole, and so exact whichever way they are counted.
    count = len(seen) if seen.all() else seen.T.astype(np.float64) @ seen
    shared = count / inputs.periods_per_year
    forecast = Prior(np.zeros(len(years)), 1.0, form).covariance()
    scale = np.sqrt(inputs.variance / np.diag(forecast)) / years
    # Shared periods are a Gram matrix: the elementwise product with a covariance stays one (Schur).
    return forecast * np.outer(scale, scale) * shared


def bayes_stein(mean: FloatArray, sampling: FloatArray) -> tuple[float, FloatArray]:
    """Weight of the common mean and the portfolio whose mean it is (Jorion 1986, equations 14 and 17).

    w = (n + 2) / (n + 2 + d'V^-1 d) with d the deviations from the mean of the minimum variance portfolio a. Jorion's
    T x Sigma^-1 is the inverse of V, the sampling covariance of the means: so written, histories may differ in length. He
    inflates the sample covariance by (T - 1) / (T - n - 2); a forecast that is already shrunk needs no such factor.

    Args:
        mean: (n,) unshrunk.
        sampling: (n, n) covariance V of their errors.

    Raises:
        GapError: when V is singular.
    """
    from scipy.linalg import cho_factor, cho_solve  # noqa: PLC0415  # 0.15 s to import

    n, size = len(mean), np.sqrt(np.diag(sampling))
    try:
        factor = cho_factor(sampling / np.outer(size, size), lower=True)
    except np.linalg.LinAlgError:
        factor = None
    if factor is None or np.diag(factor[0]).min() ** 2 < 1e-10:
        raise GapError(
            "the covariance of {n} assets is singular: how far to shrink their historical means cannot be computed.",
            hint='Use covariance kind "factor", or give `shrinkage` as a number from 0 to 1.',
            n=n,
        )
    towards = cho_solve(factor, 1.0 / size) / size
    towards = towards / towards.sum()
    gap = (mean - towards @ mean) / size
    distance = float(gap @ cho_solve(factor, gap))
    return (n + 2) / (n + 2 + distance), towards
