"""Convex functions that are minimised: x' Sigma x + c'x with Sigma in factor form, and other convex functions beside it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from toolkit.core.forecast import FloatArray, Forecast
from toolkit.optimize.functions import ConvexFunction, TradeCost


@dataclass(frozen=True)  # no slots: its size is looked for once
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
    def tracking(cls, forecast: Forecast, target: FloatArray) -> Quadratic:
        """Variance of the difference to `target`: the whole-lot objective of a strategy that names its weights itself."""
        n = len(forecast.assets)
        R, s = forecast.roots()
        # A portfolio without risk (one flat series) would leave the projection undetermined.
        floor = 1e-3 * np.sqrt(np.mean(np.diag(forecast.matrix)) or 1.0)
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
        return float(((self.R @ d) ** 2).sum() + ((self.s * d) ** 2).sum() + self.c @ x)

    def gradient(self, x: FloatArray) -> FloatArray:
        """Gradient of the objective at x, (n,)."""
        d = x - self.target
        return 2 * (self.R.T @ (self.R @ d) + self.s**2 * d) + self.c

    @cached_property
    def variances(self) -> FloatArray:
        """(n,) risk of each asset by itself."""
        return np.einsum("kn,kn->n", self.R, self.R) + self.s**2

    @cached_property
    def scale(self) -> float:
        """A positive number of the size of f: solvers stop on absolute gaps, and daily variances are 1e-4."""
        size = max(float(self.variances.mean()), float(np.abs(self.c).max(initial=0.0)))
        return size if size > 0 else 1.0


@dataclass(frozen=True, slots=True)
class ConvexObjective:
    """f(x) = quadratic(x) + the sum of the parts, over weights x, (n + 1,), of assets and cash.

    Attributes:
        power: In which the user states f: 2 where f is the root of a square.
    """

    quadratic: Quadratic
    parts: tuple[ConvexFunction, ...] = ()
    power: int = 1

    def value(self, x: FloatArray) -> float:
        """The objective at x."""
        return self.quadratic.value(x[:-1]) + sum(part.value(x) for part in self.parts)

    def gradient(self, x: FloatArray) -> FloatArray:
        """(n + 1,) a subgradient at x."""
        own = np.append(self.quadratic.gradient(x[:-1]), 0.0)
        return own + sum((part.gradient(x) for part in self.parts), np.zeros_like(own))

    def from_holdings(self, held: FloatArray) -> ConvexObjective:
        """The same where trades begin at other holdings, (n,); what is not traded from any stays."""
        parts = (
            replace(part, previous=held) if isinstance(part, TradeCost) and part.previous.any() else part for part in self.parts
        )
        return replace(self, parts=tuple(parts))

    def scale(self) -> float:
        """A positive number of the size of f, for solvers that stop on absolute gaps."""
        n = len(self.quadratic.c)
        single = np.vstack([np.append(row, 0.0) for row in np.eye(n)])
        size = max((abs(part.value(x)) for part in self.parts for x in single), default=0.0)
        return max(self.quadratic.scale if self._quadratic_counts() else 0.0, size) or 1.0

    @property
    def is_quadratic(self) -> bool:
        """Whether it is a quadratic with risk and nothing beside."""
        return not self.parts and bool(self.quadratic.R.any() or self.quadratic.s.any())

    def _quadratic_counts(self) -> bool:
        q = self.quadratic
        return bool(q.R.any() or q.s.any() or q.c.any())
