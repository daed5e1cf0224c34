"""The returns at which holding a given portfolio would be optimal: reverse optimisation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field, field_validator

from toolkit.core.decode import Spec
from toolkit.core.errors import SpecError
from toolkit.core.forecast import FloatArray
from toolkit.core.messages import Message, message
from toolkit.risk_model.covariance.form import CovarianceInputs, StructuredCovariance
from toolkit.risk_model.expected_returns.base import ExpectedReturns, signed_span, span
from toolkit.risk_model.expected_returns.prior import Prior, labelled, members, times, uncertainty


class EquilibriumReturns(Spec):
    """Pi = risk_aversion x Sigma @ weights (Sharpe 1974; He and Litterman 1999, equation 2), returns over cash.

    The expected returns at which `weights` are optimal: only risk that cannot be diversified is paid. No past return
    enters. For shares the weights are market capitalisations. No metal has one: what is
    above ground is unknown or is not for sale, so the equal weights of the default are a convention.

    Attributes:
        risk_aversion: Return asked for a unit of variance; 2.5 is that of He and Litterman (1999) for world equity.
        weights: ``equal``, or asset key or element -> size in any one unit, scaled to sum to 1; an element stands for
            all its products, in equal parts; what is not named has none.
        tau: Uncertainty of the returns, tau x Sigma; one over the years of data by default (`prior.uncertainty`).
    """

    kind: Literal["equilibrium"] = "equilibrium"
    risk_aversion: float = Field(default=2.5, gt=0)
    weights: Literal["equal"] | Annotated[Mapping[str, Annotated[float, Field(ge=0)]], Field(min_length=1)] = "equal"
    tau: float | None = Field(default=None, gt=0)

    @field_validator("weights", mode="before")
    @classmethod
    def _equal_or_a_table(cls, value: Any) -> Any:
        if value != "equal" and not isinstance(value, Mapping):
            raise ValueError(message('must be "equal" or a table of assets and sizes, not {value!r:s}', value=value))
        return value

    def estimate(self, inputs: CovarianceInputs, form: StructuredCovariance) -> ExpectedReturns:
        """Expected simple returns a year over cash, (n,), uncertain by tau x Sigma.

        Raises:
            SpecError: for weights of what is not there, or that are all zero.
        """
        prior = self.prior(inputs, form)
        return ExpectedReturns(prior.mean, prior.covariance(), prior.notes)

    def prior(self, inputs: CovarianceInputs, form: StructuredCovariance) -> Prior:
        """The expected returns as a prior, with Sigma in its factor form; see `estimate`."""
        weights, described = self._weights(inputs)
        mean = self.risk_aversion * times(form, weights)
        tau, source = uncertainty(inputs, self.tau)
        prior = Prior(mean, tau, form)
        note = message(
            "Equilibrium returns: risk aversion {aversion:g} x covariance x {weights}: {returns} a year over cash, with "
            "standard errors of {errors} percentage points ({source}).",
            aversion=self.risk_aversion,
            weights=described,
            returns=signed_span(mean),
            errors=span(prior.errors()),
            source=source,
        )
        return replace(prior, notes=(note,))

    def _weights(self, inputs: CovarianceInputs) -> tuple[FloatArray, Message]:
        """Weights (n,) that sum to 1, and the words for them."""
        n = len(inputs.assets)
        if self.weights == "equal":
            return np.full(n, 1.0 / n), message("equal weights (a convention: no metal has a market capitalisation)")
        weights, universe = np.zeros(n), labelled(inputs)
        for name, size in self.weights.items():
            at = members(universe, name, "forecast.returns.weights")
            weights[at] += size / len(at)
        if not weights.any():
            raise SpecError("forecast.returns.weights: every weight is zero.", hint='Give one a size, or write "equal".')
        absent = [key for key, weight in zip(inputs.assets, weights, strict=True) if weight == 0]
        if not absent:
            return weights / weights.sum(), message("the weights given")
        return weights / weights.sum(), message("the weights given (zero for {assets})", assets=absent)
