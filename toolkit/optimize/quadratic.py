"""The separable quadratic behind every first objective: q x' Sigma x + c' x, with Sigma in factor form."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from toolkit.core.forecast import FloatArray, Forecast
from toolkit.optimize.problem import Problem


@dataclass(frozen=True, slots=True)
class Quadratic:
    """f(x) = |R (x - target)|^2 + |s * (x - target)|^2 + c'x + constant, over n assets; cash costs and risks nothing.

    Attributes:
        R: (k, n) systematic risk, scaled so that its square is the objective's.
        s: (n,) specific risk, scaled likewise.
        c: (n,) linear cost.
        target: (n,) the point that risk is measured from; zeros but for projections.
    """

    R: FloatArray
    s: FloatArray
    c: FloatArray
    target: FloatArray

    @classmethod
    def variance(cls, forecast: Forecast) -> Quadratic:
        """Variance a year."""
        n = len(forecast.assets)
        return cls(*forecast.roots(), np.zeros(n), np.zeros(n))

    @classmethod
    def tracking(cls, problem: Problem, target: FloatArray) -> Quadratic:
        """Variance of the difference to `target`: the whole-lot objective of a strategy that names its weights itself."""
        n = len(problem.universe)
        R, s = problem.forecast.roots()
        # A portfolio without risk (one flat series) would leave the projection undetermined.
        floor = 1e-3 * np.sqrt(np.mean(np.diag(problem.forecast.matrix)) or 1.0)
        return cls(R, np.maximum(s, floor), np.zeros(n), target)

    @classmethod
    def linear(cls, c: FloatArray) -> Quadratic:
        """C'x alone, without risk."""
        n = len(c)
        return cls(np.zeros((0, n)), np.zeros(n), c, np.zeros(n))

    @classmethod
    def distance(cls, n: int, target: FloatArray) -> Quadratic:
        """Squared distance to `target`."""
        return cls(np.zeros((0, n)), np.ones(n), np.zeros(n), target)

    def value(self, x: FloatArray) -> float:
        """The objective at the asset weights x, (n,)."""
        d = x - self.target
        return float(np.sum((self.R @ d) ** 2) + np.sum((self.s * d) ** 2) + self.c @ x)

    def gradient(self, x: FloatArray) -> FloatArray:
        """Gradient of the objective at x, (n,)."""
        d = x - self.target
        return 2 * (self.R.T @ (self.R @ d) + self.s**2 * d) + self.c

    def scale(self) -> float:
        """A positive number of the size of f: solvers stop on absolute gaps, and daily variances are 1e-4."""
        diagonal = float(np.mean(np.sum(self.R**2, axis=0) + self.s**2))
        size = max(diagonal, float(np.max(np.abs(self.c), initial=0.0)))
        return size if size > 0 else 1.0
