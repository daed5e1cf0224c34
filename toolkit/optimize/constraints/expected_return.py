"""Limits on the expected return: a point of the classical frontier."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from toolkit.core.errors import SpecError
from toolkit.core.messages import message
from toolkit.optimize.constraints.base import ConstraintData, LinearConstraint, LowerUpperLimited, Multiple, outward


class ExpectedReturn(LowerUpperLimited):
    """`lower`, `upper` of the expected return a year, before costs: least risk over a `lower` is a point of Markowitz (1952).

    Returns are those of `[forecast] returns`. Cash earns nothing.
    """

    kind: Literal["expected_return"] = "expected_return"
    lower: Multiple | None = None
    upper: Multiple | None = None

    def linear(self, data: ConstraintData) -> LinearConstraint:
        """One row: the weighted return."""
        if data.forecast is None or not data.forecast.expected.any():
            raise SpecError(
                "constraint {name!r:s}: the strategy expects no return of anything.",
                hint=message(
                    'Choose `[forecast] returns`, such as {{kind = "historical"}} or {{kind = "own", file = "returns.csv"}}.'
                ),
                name=self.name,
            )
        return self.row(self.name, data.forecast.expected)

    def relaxed(self, side: str, move: float, digits: int) -> Mapping[str, float]:
        """The limit on that side, which may pass zero.

        Args:
            side: ``lower`` or ``upper``.
            move: By how much it gives way, a return a year.
            digits: Decimals of the answer.
        """
        return {side: outward(getattr(self, side), side, move, digits)}
