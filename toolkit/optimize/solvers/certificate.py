"""KKT certificates: an answer is judged by its own optimality conditions, in the user's rows, not by a solver's word.

Boyd and Vandenberghe, Convex Optimization (2004), section 5.5.3.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from toolkit.core.forecast import FloatArray

ACCEPT = 1e-6
"""Largest residual of an answer that is called optimal."""
ACCEPT_INACCURATE = 1e-4
"""Largest residual of an answer that is accepted as inaccurate; beyond it the next solver is tried."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """Residuals of the optimality conditions, relative to the size of the problem.

    Attributes:
        primal: Largest violation of a constraint (fractions of the budget).
        dual: Largest entry of the stationarity residual or negative multiplier, over the largest gradient entry.
        gap: Sum of multiplier times slack, over the size of the objective.
    """

    primal: float
    dual: float
    gap: float

    @property
    def worst(self) -> float:
        """The largest of the three; infinite where one is no number."""
        return max(math.inf if math.isnan(one) else one for one in (self.primal, self.dual, self.gap))


def certify(
    gradient: FloatArray,
    A: FloatArray,
    slack: FloatArray,
    multipliers: FloatArray,
    equality: FloatArray,
    equality_residual: float,
    equality_multiplier: float,
    size: float,
) -> Certificate:
    """The certificate of min f(x) subject to A x <= b, e'x = r.

    Args:
        gradient: (n,) of f at x.
        A: (m, n) inequality rows.
        slack: (m,) b - A x.
        multipliers: (m,) of the inequality rows.
        equality: (n,) the equality row e.
        equality_residual: e'x - r.
        equality_multiplier: Its multiplier nu in the Lagrangian f + multipliers'(A x - b) + nu (e'x - r).
        size: A positive number of the size of f.
    """
    scale = max(float(np.max(np.abs(gradient), initial=0.0)), size)
    stationarity = gradient + A.T @ multipliers + equality_multiplier * equality
    return Certificate(
        primal=max(float(np.max(-slack, initial=0.0)), abs(equality_residual)),
        dual=max(float(np.max(np.abs(stationarity), initial=0.0)), float(np.max(-multipliers, initial=0.0))) / scale,
        gap=float(np.sum(np.abs(multipliers * slack))) / scale,
    )
