"""Returns that every library is given, and what is asked of each."""

from __future__ import annotations

import importlib
import os
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
SHAPE = "BENCHMARK_SHAPE"
"""Variable of the environment with days and cap of a run, and of its child processes: ``500 0.2``."""
_DAYS, _CAP = os.environ.get(SHAPE, "500 0.2").split()
DAYS, CAP = int(_DAYS), float(_CAP)
YEAR, GROUPS = 252, 10
SHIPPED = 20
"""Assets of the data set that skfolio ships: prices of shares of the S&P 500 since 1990."""
AVERSION = 3.0
TAIL = 0.05


def returns_of(n: int) -> Array:
    """(days, n) daily returns: of `SHIPPED` assets those of skfolio's data set, of any other number simulated ones."""
    return shipped() if n == SHIPPED else simulated(n)


def shipped() -> Array:
    """(8312, 20) daily returns of the prices that skfolio ships."""
    prices = importlib.import_module("skfolio.datasets").load_sp500_dataset().to_numpy()
    return prices[1:] / prices[:-1] - 1.0


def simulated(n: int, days: int = DAYS) -> Array:
    """(days, n) daily returns: a market, five more factors, and noise of each asset's own size."""
    rng = np.random.default_rng(0)
    market = rng.normal(size=(days, 1)) * 0.01 + 0.0004
    others = rng.normal(size=(days, 5)) * 0.005
    own = rng.normal(size=(days, n)) * 0.015 * rng.uniform(0.5, 2, n)
    return market * rng.uniform(0.5, 1.5, n) + 0.5 * others @ rng.normal(size=(5, n)) + own


def names(n: int) -> list[str]:
    """Assets."""
    return [f"a{i}" for i in range(n)]


def group(i: int) -> str:
    """The group of asset i."""
    return f"g{i % GROUPS}"


@dataclass(frozen=True, slots=True)
class Truth:
    """What weights are judged by: the sample mean and covariance a year, and the days themselves."""

    returns: Array

    @property
    def centred(self) -> Array:
        """(days, n) roots of the covariance a year."""
        x = self.returns
        return (x - x.mean(axis=0)) * np.sqrt(YEAR / (len(x) - 1))

    def variance(self, w: Array) -> float:
        """A year."""
        return float(np.sum((self.centred @ w) ** 2))

    def mean(self, w: Array) -> float:
        """A year."""
        return float(YEAR * self.returns.mean(axis=0) @ w)

    def cvar(self, w: Array) -> float:
        """Mean loss of the worst `TAIL` of the days."""
        losses, count = np.sort(-(self.returns @ w))[::-1], TAIL * len(self.returns)
        whole = int(count)
        rest = (count - whole) * losses[whole] if count > whole else 0.0
        return float((losses[:whole].sum() + rest) / count)

    def parity(self, w: Array) -> float:
        """How far risk contributions are from equal: the largest less the least share."""
        if w.sum() <= 0:
            return np.inf
        share = w * (self.centred.T @ (self.centred @ w)) / self.variance(w)
        return float(np.ptp(share))

    def value(self, case: str, w: Array) -> float:
        """What the case minimises."""
        match case:
            case "max_utility":
                return AVERSION / 2 * self.variance(w) - self.mean(w)
            case "max_ratio":
                return -self.mean(w) / np.sqrt(self.variance(w))
            case "max_diversification":
                return -float(np.sqrt(np.sum(self.centred**2, axis=0)) @ w) / np.sqrt(self.variance(w))
            case "risk_parity":
                return self.parity(w)
            case "min_cvar":
                return self.cvar(w)
            case _:
                return self.variance(w)

    def broken(self, w: Array, *, capped: bool) -> float:
        """The largest violation of long-only, fully invested, and the caps."""
        groups = [w[g::GROUPS].sum() - CAP for g in range(GROUPS)] if capped else []
        return float(max([-w.min(), abs(w.sum() - 1), *groups]))
