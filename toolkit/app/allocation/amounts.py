"""Amounts of an allocation in money and units, reconciled to the budget."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from toolkit.core.assets import Universe
from toolkit.core.forecast import FloatArray
from toolkit.core.units import cents
from toolkit.optimize.costs import TRADED
from toolkit.optimize.problem import Problem
from toolkit.optimize.solution import Allocation

CENT = 0.01
"""Most that rounding an amount and what it costs moves, in budget currency."""


@dataclass(slots=True)
class AllocationAmounts:
    """Values, cash and costs, which add up to the budget, to the cent where lots are whole.

    Attributes:
        values, quantities, before: (n,) of what is held after and before the trades; costs: (n,) of these.
        moved: (n,) whether an asset is traded.
        entry: All costs of the trades; holding: those of a year.
        wealth: The budget less `entry`; weights: (n,) of it.
    """

    lots: FloatArray
    values: FloatArray
    quantities: FloatArray
    before: FloatArray
    moved: NDArray[np.bool_]
    costs: FloatArray
    entry: float
    wealth: float
    cash: float
    weights: FloatArray
    holding: float
    previous_weights: FloatArray
    previous_cash: float

    @classmethod
    def of(
        cls, problem: Problem, allocation: Allocation, prices: FloatArray, held: FloatArray, budget: float
    ) -> AllocationAmounts:
        """Amounts of an allocation.

        Args:
            problem: The problem of n assets that was solved.
            allocation: Its solution, as fractions of `budget`.
            prices: (n,) price of a unit in the reporting currency.
            held: (n,) units held before.
            budget: Wealth before costs, in the reporting currency.
        """
        lot_sizes = np.array([np.nan if asset.lot_size is None else asset.lot_size for asset in problem.universe])
        whole = np.isfinite(allocation.lots)
        rounded = cents if whole.any() else np.asarray
        values, previous = allocation.values * budget, held * prices
        quantities = np.where(whole, np.nan_to_num(allocation.lots * lot_sizes), values / prices)
        values, before = rounded(np.where(whole, quantities * prices, values)), rounded(previous)
        # A difference of a rounded cent is no trade.
        moved = np.abs(allocation.values - problem.previous) > TRADED
        values, quantities = np.where(moved, values, before), np.where(moved, quantities, held)
        costs = rounded(problem.costs.paid(np.where(moved, values - previous, 0.0), budget))
        entry = float(rounded(costs.sum()))
        wealth = budget - entry
        cash = wealth - float(values.sum())
        if whole.any():  # the difference of sums of cents; what the budget has beyond whole cents is cash
            cash = round(cash, 6) + 0.0
        if abs(cash) < 1e-9 * budget:  # rounding of floating point
            cash = 0.0
        elif -CENT * len(values) - TRADED * budget < cash < 0 and moved.any() and not problem.data.negative[-1]:
            most = int(np.argmax(np.where(moved, values * np.where(whole, CENT, 1.0), -1.0)))  # what is no lot, if anything is
            values[most] += cash
            quantities[most] = quantities[most] if whole[most] else values[most] / prices[most]
            cash = 0.0
        holding = (
            problem.costs.stored(values, before) + problem.costs.site_fees(values / budget) + problem.costs.borrowed(values)
        )
        return cls(
            allocation.lots, values, quantities, before, moved, costs, entry, wealth, cash, values / wealth, holding,
            previous / budget, (budget - float(before.sum())) / budget,
        )  # fmt: skip

    def touched(self, universe: Universe) -> dict[str, float]:
        """Asset -> the larger of its values before and after, whatever their sign."""
        return dict(zip(universe.keys, np.maximum(np.abs(self.values), np.abs(self.before)).tolist(), strict=True))
