"""Views on a scenario set as linear constraints on its probabilities (Meucci 2008, Fully Flexible Views, section 3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from toolkit.core.forecast import FloatArray, read_only_arrays
from toolkit.scenarios.sets import Scenarios

Side = Literal["equal", "at_least", "at_most"]


@dataclass(frozen=True, slots=True)
class MomentView:
    """A view on the mean of a figure over the scenarios.

    Attributes:
        name: Name of the view in messages.
        figure: (S,) one number a scenario: a return, its square, 1 where something happens.
        value: Bound of the mean.
        side: Whether the mean is exactly, at least or at most that.
    """

    name: str
    figure: FloatArray
    value: float
    side: Side = "equal"

    def __post_init__(self) -> None:
        read_only_arrays(self)


def probability_view(name: str, happens: NDArray[np.bool_], value: float, side: Side = "equal") -> MomentView:
    """A view on the probability, over the period of a scenario set, that something happens.

    Args:
        name: Name of the view, for messages.
        happens: (S,) scenarios in which it happens.
        value: Probability.
        side: Whether it is exactly, at least or at most that.
    """
    return MomentView(name, happens.astype(float), value, side)


def mean_view(name: str, scenarios: Scenarios, row: FloatArray, value: float, side: Side = "equal") -> MomentView:
    """A view on the expected return of a combination of assets.

    Args:
        name: Name of the view, for messages.
        scenarios: Set of S scenarios of n assets.
        row: (n,) coefficients of the combination.
        value: Return a year.
        side: Whether it is exactly, at least or at most that.
    """
    return MomentView(name, scenarios.returns @ row, value / scenarios.periods_per_year, side)


def volatility_view(
    name: str, scenarios: Scenarios, row: FloatArray, value: float, side: Side = "equal", *, mean: float | None = None
) -> MomentView:
    """A view on the volatility of a combination of assets about a given mean.

    It is a view on the second moment about a mean that is given (Meucci 2008, section 3), because that is linear in the
    probabilities. It is one on the volatility if another view holds the mean there.

    Args:
        name: Name of the view, for messages.
        scenarios: Set of S scenarios of n assets.
        row: (n,) coefficients of the combination.
        value: Standard deviation a year.
        side: Whether it is exactly, at least or at most that.
        mean: Return a year; that under the probabilities of `scenarios` by default.
    """
    about = scenarios.mean @ row if mean is None else mean / scenarios.periods_per_year
    return MomentView(name, (scenarios.returns @ row - about) ** 2, value**2 / scenarios.periods_per_year, side)
