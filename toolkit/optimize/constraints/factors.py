"""Limits on what a portfolio owes to a factor of the forecast."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from toolkit.core.errors import SpecError, did_you_mean
from toolkit.core.messages import message
from toolkit.core.remarks import Remark
from toolkit.optimize.constraints.base import ConstraintData, LinearConstraint, LowerUpperLimited


class FactorExposure(LowerUpperLimited):
    """`lower`, `upper` of the loading of the portfolio on `factor`: the change of its value, as a fraction, for one unit.

    Loadings may be negative or above one, and so may their limits. Cash loads on nothing.
    """

    on_factors: ClassVar[bool] = True

    kind: Literal["factor_exposure"] = "factor_exposure"
    factor: str = Field(min_length=1, kw_only=False)
    lower: float | None = None
    upper: float | None = None

    def linear(self, data: ConstraintData) -> LinearConstraint:
        """One row: the weighted loading."""
        if not data.loadings:
            raise SpecError(
                "constraint {name!r:s}: the covariance of this strategy has no named factors.",
                hint=message('Use covariance = {{kind = "factor"}}.'),
                name=self.name,
            )
        if self.factor not in data.loadings:
            raise SpecError(
                "constraint {name!r:s}: unknown factor {factor!r:s}.",
                hint=did_you_mean(self.factor, data.loadings),
                name=self.name,
                factor=self.factor,
            )
        return self.row(self.factor, data.loadings[self.factor])

    def notes(self, data: ConstraintData) -> tuple[Remark, ...]:
        """Names the assets whose loading is not known."""
        unfitted = data.unfitted.get(self.factor, ())
        if not unfitted:
            return ()
        text = message(
            "{name}: no loading on {factor} could be fitted for {assets}; they count as zero.",
            name=self.name,
            factor=self.factor,
            assets=unfitted,
        )
        return (Remark("data", text, message("Bring a longer price history, or leave them out."), tuple(unfitted)),)
