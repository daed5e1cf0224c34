"""The protocol of risk measures: value and subgradient at given losses, and a convex form for optimization."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Protocol

import numpy as np

from toolkit.core.errors import SpecError
from toolkit.core.forecast import FloatArray
from toolkit.scenarios.sets import Scenarios

if TYPE_CHECKING:  # cvxpy takes half a second to import, and `--help` and a plain `optimize` need none of this
    import cvxpy as cp

    ConvexForm = tuple[cp.Expression, list[cp.Constraint]]


class Measure(Protocol):
    """A measure of risk of one period's (or one path's) losses. A frozen dataclass whose fields are its parameters.

    Attributes:
        name: Name in a strategy (``measure = "cvar"``).
        unit: Unit of the value, in words.
        needs_order: Whether the scenarios must be consecutive periods of a path.
        homogeneous: Whether the measure is positively homogeneous of degree 1: twice the position is twice the risk. Where
            not, it is of degree 2: four times the risk.
    """

    name: ClassVar[str]
    unit: ClassVar[str] = "fraction of value over a period"
    needs_order: ClassVar[bool] = False
    homogeneous: ClassVar[bool] = True

    def numeric(self, losses: FloatArray, probabilities: FloatArray) -> float:
        """The risk of losses (S,), positive is a loss, with probabilities (S,); in order of time where that matters."""
        ...

    def subgradient(self, losses: FloatArray, probabilities: FloatArray) -> FloatArray:
        """A subgradient (S,) of `numeric` at the losses: numeric(l) + q'(l' - l) <= numeric(l') for all l'.

        Where the measure is smooth it is the gradient. It gives linear cuts and the contributions of scenarios.
        """
        ...

    def convex(self, returns: cp.Expression, probabilities: FloatArray) -> ConvexForm:
        """The measure as a convex expression.

        Args:
            returns: (S,) affine in the variables; positive is a gain.
            probabilities: (S,) constants.

        Returns:
            A convex expression and the constraints of its own variables. Minimised over these it equals `numeric`, so
            it may be minimised or limited from above; its value at a limit that does not bind is an upper bound only.
            Solvers stop at absolute gaps: pass returns divided by `scale`, and multiply the value by it (by its square
            where the measure is not homogeneous).
        """
        ...


@dataclass(frozen=True)
class OfTail(Measure):
    """A measure of the worst 1 - confidence of outcomes."""

    confidence: float = 0.95

    def __post_init__(self) -> None:
        """Check that the confidence is strictly between 0 and 1."""
        if not 0 < self.confidence < 1:
            raise SpecError(
                "a confidence of {confidence:g} is not between 0 and 1.",
                hint="0.95 looks at the worst twentieth.",
                confidence=self.confidence,
            )


@dataclass(frozen=True)
class RootMeanSquare(Measure):
    """Root of the mean square of what of each outcome counts: its distance from the mean or from zero, or a part of it."""

    about_mean: ClassVar[bool] = True

    def away(self, losses: FloatArray, probabilities: FloatArray) -> FloatArray:
        """(S,) what counts of the losses (S,)."""
        return losses - probabilities @ losses

    def convex_away(self, returns: cp.Expression, probabilities: FloatArray) -> cp.Expression:
        """(S,) the same of returns, of either sign."""
        return probabilities @ returns - returns

    def numeric(self, losses: FloatArray, probabilities: FloatArray) -> float:
        """The risk of losses (S,) with probabilities (S,): no correction for the size of a sample."""
        return float(np.sqrt(probabilities @ self.away(losses, probabilities) ** 2))

    def subgradient(self, losses: FloatArray, probabilities: FloatArray) -> FloatArray:
        """Gradient (S,) at losses (S,); zero, which is one of many, where there is no risk."""
        risk = self.numeric(losses, probabilities)
        return self._slopes(self.away(losses, probabilities) / risk, probabilities) if risk > 0 else np.zeros(len(losses))

    def _slopes(self, slopes: FloatArray, probabilities: FloatArray) -> FloatArray:
        return around_mean(slopes, probabilities) if self.about_mean else probabilities * slopes

    def convex(self, returns: cp.Expression, probabilities: FloatArray) -> ConvexForm:
        """One second-order cone of S entries."""
        import cvxpy as cp  # noqa: PLC0415

        return cp.norm(cp.multiply(np.sqrt(probabilities), self.convex_away(returns, probabilities)), 2), []


@dataclass(frozen=True)
class MeanSquare(RootMeanSquare):
    """The square of it."""

    unit: ClassVar[str] = "squared fraction of value over a period"
    homogeneous: ClassVar[bool] = False

    def numeric(self, losses: FloatArray, probabilities: FloatArray) -> float:
        """The risk of losses (S,) with probabilities (S,): no correction for the size of a sample."""
        return float(probabilities @ self.away(losses, probabilities) ** 2)

    def subgradient(self, losses: FloatArray, probabilities: FloatArray) -> FloatArray:
        """Gradient (S,) at losses (S,)."""
        return self._slopes(2 * self.away(losses, probabilities), probabilities)

    def convex(self, returns: cp.Expression, probabilities: FloatArray) -> ConvexForm:
        """A sum of S squares."""
        import cvxpy as cp  # noqa: PLC0415

        return cp.sum_squares(cp.multiply(np.sqrt(probabilities), self.convex_away(returns, probabilities))), []


def around_mean(slopes: FloatArray, probabilities: FloatArray) -> FloatArray:
    """(S,) gradient in the losses of sum_s p_s f(loss_s - mean loss), for slopes f' (S,): the mean moves with every loss."""
    return probabilities * (slopes - probabilities @ slopes)


def check_order(measure: Measure | type[Measure], scenarios: Scenarios) -> None:
    """Check that scenarios are consecutive periods where the measure needs that.

    Raises:
        SpecError: the measure needs consecutive periods.
    """
    if measure.needs_order and not scenarios.ordered:
        raise SpecError(
            "the measure {name!r:s} needs consecutive periods, and the {kind} scenarios are none.",
            hint="Use historical prices without gaps and posterior draws, one simulated path, or own scenarios in order.",
            name=measure.name,
            kind=scenarios.kind,
        )


def measured(measure: Measure, scenarios: Scenarios, weights: FloatArray) -> float:
    """The risk of a portfolio on a scenario set.

    Args:
        measure: Risk measure.
        scenarios: Set of S scenarios of n assets.
        weights: (n,).

    Raises:
        SpecError: the measure needs consecutive periods and the scenarios are none.
    """
    check_order(measure, scenarios)
    return measure.numeric(-scenarios.portfolio(weights), scenarios.probabilities)


def scale(scenarios: Scenarios) -> float:
    """Scale of the returns for a solver: root mean square over all scenarios and assets; 1 if all are zero."""
    return float(np.sqrt(scenarios.probabilities @ np.mean(scenarios.returns**2, axis=1))) or 1.0


def possible(expression: cp.Expression, probabilities: FloatArray) -> cp.Expression:
    """The entries of a vector (S,) that have a probability."""
    held = np.flatnonzero(probabilities > 0)
    return expression if len(held) == len(probabilities) else expression[held]
