"""The account of a backtest: cash, metal, what is ordered, on its way or stuck; and the trades that change it.

Money is kept in whole cents: every amount that is paid, earned or valued is rounded once, where it arises, so that the
identities of `Entry` hold exactly.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from toolkit.core.forecast import FloatArray, read_only_arrays
from toolkit.core.units import cents
from toolkit.optimize.costs import TRADED, Costs

SHARES = 2**50
"""Parts of a purchase, far below a cent, of which as many are bought as there is money for."""
SECTIONS = np.arange(1, 32)
"""Of the interval in which their number is looked for, each round in one of 32."""
AROUND = np.concatenate([-(SHARES >> 2 * SECTIONS[:15]), [0], SHARES >> 2 * SECTIONS[14::-1]])
"""Distances of the numbers that are tried first from one that is about right, ever closer to it."""
WHOLE_LOTS = 1e-9
"""Distance from a whole number of lots within which a quantity is whole."""


@dataclass(frozen=True, slots=True)
class Decision:
    """Quantities to hold, and the terms at which is traded and stored until the next decision.

    Attributes:
        assets: m keys.
        quantities: (m,) units to hold after trading, what is on its way included.
        prices: (m,) of a unit in the reporting currency, as believed when the decision was made.
        costs: Of trading and storing the m assets.
        budget: Wealth that was distributed, in the reporting currency.
        steps: (m,) quantity that an asset is traded in whole multiples of; NaN where any can be traded.
    """

    assets: tuple[str, ...]
    quantities: FloatArray
    prices: FloatArray
    costs: Costs
    budget: float
    steps: FloatArray

    def __post_init__(self) -> None:
        read_only_arrays(self)

    @property
    def weights(self) -> FloatArray:
        """(m,) weights that are aimed at, as believed."""
        return self.quantities * self.prices / self.budget

    @property
    def credit(self) -> float:
        """Money that it borrows, in the reporting currency."""
        return max(0.0, float(self.quantities @ self.prices) - self.budget)


@dataclass(frozen=True, slots=True)
class Delivery:
    """Metal that is paid and has not arrived; once a ban has stopped it, the money that is stuck.

    Attributes:
        asset: Key.
        quantity: Units.
        paid: For them, without costs, in the reporting currency.
        ordered, arrives: Days.
    """

    asset: str
    quantity: float
    paid: float
    ordered: date
    arrives: date


@dataclass(frozen=True, slots=True)
class Account:
    """What is owned on a day, in the order of the n assets of the prices.

    Attributes:
        assets: n keys.
        cash: In the reporting currency; below zero where bills were more than there was.
        units: (n,) stored; below zero what was borrowed and sold.
        arriving: Paid and on its way.
        stuck: Paid, and stopped by a ban.
        decision: In force: its orders and its terms.
        orders: (m,) units of its assets that are still to be bought (above zero) or sold.
        ordered: Day of the decision.
        ended: Keys whose series of prices has ended: nothing is decided on them any more.
    """

    assets: tuple[str, ...]
    cash: float
    units: FloatArray
    arriving: tuple[Delivery, ...] = ()
    stuck: tuple[Delivery, ...] = ()
    decision: Decision | None = None
    orders: FloatArray = field(default_factory=lambda: np.zeros(0))
    ordered: date = date.min
    ended: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        read_only_arrays(self)

    @property
    def on_its_way(self) -> FloatArray:
        """(n,) units that are paid and have not arrived."""
        found = np.zeros(len(self.assets))
        for delivery in self.arriving:
            found[self.assets.index(delivery.asset)] += delivery.quantity
        return found

    @property
    def owned(self) -> FloatArray:
        """(n,) units stored and on their way."""
        return self.units + self.on_its_way if self.arriving else self.units

    @property
    def units_by_asset(self) -> Mapping[str, float]:
        """Asset -> units stored, or short where they are below zero."""
        return {key: float(units) for key, units in zip(self.assets, self.units, strict=True) if units}

    def at(self, decision: Decision) -> NDArray[np.intp]:
        """(m,) positions of the assets of a decision."""
        return _positions(self.assets, decision.assets)


@lru_cache(maxsize=8)
def _positions(assets: tuple[str, ...], wanted: tuple[str, ...]) -> NDArray[np.intp]:
    """(m,) positions of those wanted, the same from day to day."""
    place = {key: i for i, key in enumerate(assets)}
    return np.array([place[key] for key in wanted], dtype=np.intp)


@dataclass(frozen=True, slots=True)
class Trades:
    """Trades of the m assets of a decision on one day.

    Attributes:
        units: (m,) bought (above zero) and sold.
        amounts: (m,) paid for them (above zero) and received, without costs.
        costs: (m,) paid beside.
        short: Part of the purchases, without costs, for which there was no money.
    """

    units: FloatArray
    amounts: FloatArray
    costs: FloatArray
    short: float = 0.0


def affordable(decision: Decision, wanted: FloatArray, owned: FloatArray, prices: FloatArray, cash: float) -> Trades:
    """The trades that the money allows: all sales, then the largest common part of all purchases, in whole lots.

    Args:
        decision: Its lots and costs.
        wanted: (m,) units to buy (above zero) and to sell.
        owned: (m,) units before.
        prices: (m,) of a unit in the reporting currency; those of what is not traded do not count.
        cash: Before, with what may be borrowed.
    """
    at = np.flatnonzero(wanted)  # of hundreds of assets a few are traded
    prices, owned, bought, sold = prices[at], owned[at], np.maximum(wanted[at], 0.0), np.minimum(wanted[at], 0.0)
    before, whole = cents(owned * prices), np.isfinite(decision.steps[at])
    steps = np.where(whole, decision.steps[at], 1.0) if whole.any() else None

    def part(shares: FloatArray) -> tuple[tuple[FloatArray, FloatArray, FloatArray], FloatArray]:
        """Units, amounts and costs, (k, m), and cash left, (k,), where these shares, (k,), of all purchases are made."""
        units = bought * shares[:, None]
        if steps is not None:
            units = np.where(whole & (shares[:, None] < 1), np.floor(units / steps + WHOLE_LOTS) * steps, units)
        units += sold
        amounts = cents((owned + units) * prices) - before
        amounts = np.where(np.abs(amounts) > TRADED * decision.budget, amounts.round(2), 0.0)
        costs = cents(decision.costs.paid(amounts, decision.budget, at))
        return (units, amounts, costs), (cash - (amounts + costs).sum(axis=1)).round(2)

    def trades(found: tuple[FloatArray, FloatArray, FloatArray], k: int, short: float = 0.0) -> Trades:
        all_assets = np.zeros((3, len(wanted)))
        for own, of in zip(all_assets, found, strict=True):
            own[at] = of[k]
        units, amounts, costs = all_assets
        return Trades(np.where(amounts == 0, 0.0, units), amounts, costs, short)

    found, (most, least) = part(np.array([0.0, 1.0]))
    spent = float(np.maximum(found[1][1], 0.0).sum())
    if not spent or least >= 0:
        return trades(found, 1)
    # What is paid grows with the share, about in proportion: the last that fits is near where all the money would be spent,
    # and none is better than one that leaves not a cent.
    kept, k, low, high, rest = found, 0, 0, SHARES, most
    near = int(SHARES * max(most, 0.0) / (max(most, 0.0) - least)) + AROUND
    while rest and high - low > 1:
        near = near[(near > low) & (near < high)]
        found, left = part(near / SHARES)
        if fit := int(np.count_nonzero(left >= 0)):  # those that fit come first
            kept, k, low, rest = found, fit - 1, int(near[fit - 1]), float(left[fit - 1])
        high = int(near[fit]) if fit < len(near) else high
        near = low + (high - low) * SECTIONS // (len(SECTIONS) + 1)
    return trades(kept, k, round(spent - float(np.maximum(kept[1][k], 0.0).sum()), 2))
