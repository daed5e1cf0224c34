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
MEASURES = {
    "mad": "mean_absolute_deviation",
    "mean_loss": "first_lower_partial_moment",
    "semideviation": "semi_deviation",
    "gini": "gini_mean_difference",
    "worst_case": "worst_realization",
    "evar": "evar",
    "cdar": "cdar",
    "edar": "edar",
    "average_drawdown": "average_drawdown",
    "max_drawdown": "max_drawdown",
    "ulcer": "ulcer_index",
}
"""Measure of the toolkit -> the function of `skfolio.measures` by which the answers of all are judged."""
OF_TAIL = ("evar", "cdar", "edar")
"""Those with a confidence."""
OF_DRAWDOWN = ("cdar", "edar", "average_drawdown", "max_drawdown", "ulcer")


def measure_of(case: str) -> str | None:
    """The measure whose least is asked for: ``least evar``."""
    return case.removeprefix("least ") if case.startswith("least ") else None


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
                measure = measure_of(case)
                return self.variance(w) if measure is None else self.of_peer(measure, w)

    def of_peer(self, measure: str, w: Array) -> float:
        """A measure by skfolio's own arithmetic."""
        judge = importlib.import_module("skfolio.measures")
        earned = self.returns @ w
        series = judge.get_drawdowns(earned, compounded=False) if measure in OF_DRAWDOWN else earned
        options = {"beta": 1 - TAIL} if measure in OF_TAIL else {}
        options |= {"min_acceptable_return": 0.0} if measure == "mean_loss" else {}
        return float(getattr(judge, MEASURES[measure])(series, **options))

    def broken(self, w: Array, *, capped: bool) -> float:
        """The largest violation of long-only, fully invested, and the caps."""
        groups = [w[g::GROUPS].sum() - CAP for g in range(GROUPS)] if capped else []
        return float(max([-w.min(), abs(w.sum() - 1), *groups]))
