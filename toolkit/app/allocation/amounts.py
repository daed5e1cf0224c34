"""Amounts of an allocation in money and units, reconciled to the budget."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from toolkit.core.forecast import FloatArray
from toolkit.core.units import cents
from toolkit.optimize.costs import TRADED
from toolkit.optimize.problem import Problem
from toolkit.optimize.solution import Allocation


class AllocationAmounts:
    """Values, cash and costs, which add up to the budget, to the cent where lots are whole."""

    __slots__ = (
        "before",
        "cash",
        "costs",
        "entry",
        "holding",
        "lots",
        "moved",
        "previous_cash",
        "previous_weights",
        "quantities",
        "values",
        "wealth",
        "weights",
    )

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
        money = cls()
        lot_sizes = np.array([np.nan if asset.lot_size is None else asset.lot_size for asset in problem.universe])
        whole = np.isfinite(allocation.lots)
        values = allocation.values * budget
        quantities = np.where(whole, np.nan_to_num(allocation.lots * lot_sizes), values / prices)
        if whole.any():
            values = np.array([cents(value) for value in np.where(whole, quantities * prices, values)])
        previous = held * prices
        before = np.array([cents(value) for value in previous]) if whole.any() else previous
        # A difference of a rounded cent is no trade.
        moved = np.abs(allocation.values - problem.previous) > TRADED
        values, quantities = np.where(moved, values, before), np.where(moved, quantities, held)
        costs = problem.costs.paid(np.where(moved, values - previous, 0.0), budget)
        if whole.any():
            costs = np.array([cents(cost) for cost in costs])
        money.values, money.quantities, money.costs = values, quantities, costs
        money.before, money.moved, money.lots = before, moved, allocation.lots
        money.entry = cents(float(costs.sum())) if whole.any() else float(costs.sum())
        money.wealth = budget - money.entry
        money.cash = money.wealth - float(values.sum())
        if whole.any():  # the difference of sums of cents; what the budget has beyond whole cents is cash
            money.cash = round(money.cash, 6) + 0.0
        if abs(money.cash) < 1e-9 * budget:  # rounding of floating point
            money.cash = 0.0
        money.weights = values / money.wealth
        money.holding = problem.costs.stored(values, before) + problem.costs.site_fees(values / budget)
        money.holding += problem.costs.borrowed(values)
        money.previous_weights = previous / budget
        money.previous_cash = (budget - float(before.sum())) / budget
        return money

    before: FloatArray
    cash: float
    costs: FloatArray
    entry: float
    holding: float
    lots: FloatArray
    moved: NDArray[np.bool_]
    previous_cash: float
    previous_weights: FloatArray
    quantities: FloatArray
    values: FloatArray
    wealth: float
    weights: FloatArray
