"""Limits on contributions to risk: not convex, so solved by a sequence of convex problems inside the true limit.

w_S'(Sigma w) <= c w'Sigma w says w'A w <= c w'Sigma w with A = (D Sigma + Sigma D) / 2, D the members of S. A = P - N, both
positive semidefinite, and with H = N + c Sigma the limit is a difference of convex functions, w'P w - w'H w <= 0. A tangent
in place of w'H w is below it, so that what holds the tangent's limit holds the true one: the convex-concave procedure (Yuille
and Rangarajan 2003; with a penalty for starts that do not hold it, Lipp and Boyd 2016). Its limit point is a KKT point of
the problem as it stands: locally best, and no more is claimed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from toolkit.core.forecast import FloatArray
from toolkit.optimize.functions import ConvexConstraint

if TYPE_CHECKING:
    import cvxpy as cp

    from toolkit.optimize.functions import ConvexForm


RISKLESS_VARIANCE = 1e-8
"""Variance a year below which nothing is held but what a solver leaves of zero weights."""


@dataclass(frozen=True, slots=True)
class RiskContributionLimit:
    """The part of the variance that some assets bring, and the limit on it.

    Attributes:
        label: Who they are.
        members: (n,) 1.0 for them.
        covariance: (n, n).
        limit: A fraction.
        owner: Position of the constraint that sets it.
    """

    label: str
    members: FloatArray
    covariance: FloatArray
    limit: float
    owner: int = 0

    def value(self, weights: FloatArray) -> float:
        """The share at weights, (n,); 0 where there is no risk."""
        slope = self.covariance @ weights
        variance = float(weights @ slope)
        return float((self.members * weights) @ slope) / variance if variance > RISKLESS_VARIANCE else 0.0

    def around(self, weights: FloatArray, price: float | None = None) -> ConvexConstraint:
        """A convex limit that implies the true one, tight at weights, (n,); in units of the variance there, hard or priced."""
        own = self.members[:, None] * self.covariance
        values, vectors = np.linalg.eigh((own + own.T) / 2)
        convex = (vectors * np.sqrt(np.clip(values, 0.0, None))).T
        concave = (vectors * np.clip(-values, 0.0, None)) @ vectors.T + self.limit * self.covariance
        unit = float(weights @ self.covariance @ weights) or 1.0
        kept = convex[np.any(convex, axis=1)] / np.sqrt(unit)
        tangent = _Tangent(self.label, kept, 2 * concave @ weights / unit, float(weights @ concave @ weights) / unit)
        return ConvexConstraint(tangent, 0.0, self.owner, price)


@dataclass(frozen=True, slots=True)
class _Tangent:
    """|L x|^2 / one - g'x + a one."""

    label: str
    L: FloatArray
    g: FloatArray
    a: float

    def value(self, x: FloatArray) -> float:
        w = x[:-1]
        return float(np.sum((self.L @ w) ** 2) - self.g @ w + self.a)

    def gradient(self, x: FloatArray) -> FloatArray:
        return np.append(2 * self.L.T @ (self.L @ x[:-1]) - self.g, 0.0)

    def convex(self, x: cp.Expression, one: cp.Expression) -> ConvexForm:
        import cvxpy as cp  # noqa: PLC0415

        square = cp.sum_squares(self.L @ x[:-1]) if one.is_constant() else cp.quad_over_lin(self.L @ x[:-1], one)
        return square - self.g @ x[:-1] + self.a * one, []
