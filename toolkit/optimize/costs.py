"""What trading and holding costs: rates, charges and market impact in the universe's order.

A purchase is paid today and an exit at the end of the holding period, so both are spread over its years; storage is paid
every year. What is held already is kept for nothing: only what changes hands pays half a spread now.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from toolkit.core.assets import Universe
from toolkit.core.forecast import FloatArray, read_only

COST_ITEMS = ("spread", "storage", "fees")
TRADING_DAYS_A_YEAR = 252
"""Days in a year on which markets trade: from a volatility a year to that of a day, from a year's turnover to a day's."""
TRADED = 1e-7
"""A change of less than this part of the budget (a cent in 100,000) is below the precision of a solver and no trade."""


def impact_coefficients(prefactor: FloatArray | float, volatility: FloatArray, volume: FloatArray, budget: float) -> FloatArray:
    """(n,) b of the cost b |d|^1.5 of trading d, both as fractions of the budget: the square-root law of impact.

    Trading the value q moves the price by prefactor x sigma x sqrt(q / V), sigma and V the volatility and the turnover of a
    day, and the whole trade pays it (Grinold and Kahn 2000, ch. 16; Kyle and Obizhaeva 2016). Almgren, Thum, Hauptmann and
    Li (2005) find the exponent 0.6 in place of 0.5 for large US shares; for metals nobody has measured it.

    Args:
        prefactor: (n,) of the law, about 1; 0 for no impact.
        volatility: (n,) a year.
        volume: (n,) turnover of a day in the currency of the budget; NaN where it is not known, which costs no impact.
        budget: In that currency.
    """
    known = np.isfinite(volume)
    share = np.where(known, budget / np.where(known, volume, 1.0), 0.0)
    return prefactor * volatility / np.sqrt(TRADING_DAYS_A_YEAR) * np.sqrt(share)


@dataclass(frozen=True, slots=True)
class Site:
    """A place of storage that charges for being used at all.

    Attributes:
        fee: A year, in budget currency, once if anything is stored there.
        stored: (n,) true for the assets that are stored there.
    """

    name: str
    fee: float
    stored: NDArray[np.bool_]


def _nothing() -> FloatArray:
    return np.zeros(0)


@dataclass(frozen=True, eq=False)  # no slots: rates are added up once
class Costs:
    """Costs of trading and holding the universe; arrays that are not given are zeros.

    Attributes:
        half_spread: (n,) paid on each trade, as a fraction of its value.
        storage: (n,) a year, as a fraction of the value.
        fee: (n,) fixed fee a trade, in budget currency; a number stands for all.
        holding_years: Over how long the round trip is spread.
        in_objective: Whether the annual cost is part of what is minimised.
        lot_fee: (n,) fees of the lots that are traded, as a fraction of their value.
        vat: (n,) value added tax that is paid on a purchase and not recovered, as a fraction of the price paid.
        premium: (n,) part of the purchase price that no sale regains, as a fraction of the value.
        impact: (n,) b of the market impact b |d|^1.5 of a trade, cost and trade as fractions of the budget.
        sites: Places of storage with a charge of their own.
        held_spread, held_storage: (n,) what `half_spread` and `storage` of the lots that are held differ by from these.
        borrow: (n,) fee a year of what is borrowed to sell it short, as a fraction of the value.
        move: (n,) what moving a unit of what is held is charged beyond its sale, a year: see `of_moves`. It is weighed and
            never paid.
        any_size: Whether trades may cost more than they move.
    """

    half_spread: FloatArray
    storage: FloatArray
    fee: FloatArray | float = 0.0
    holding_years: float = 3.0
    in_objective: bool = False
    lot_fee: FloatArray = field(default_factory=_nothing)
    vat: FloatArray = field(default_factory=_nothing)
    premium: FloatArray = field(default_factory=_nothing)
    impact: FloatArray = field(default_factory=_nothing)
    sites: tuple[Site, ...] = ()
    held_spread: FloatArray = field(default_factory=_nothing)
    held_storage: FloatArray = field(default_factory=_nothing)
    borrow: FloatArray = field(default_factory=_nothing)
    move: FloatArray = field(default_factory=_nothing)
    any_size: bool = False

    def __post_init__(self) -> None:
        n = len(self.half_spread)
        for name in ("lot_fee", "vat", "premium", "impact", "held_spread", "held_storage", "borrow", "move"):
            given = getattr(self, name)
            object.__setattr__(self, name, read_only(given if len(given) else np.zeros(n)))

    @classmethod
    def of(
        cls,
        universe: Universe,
        *,
        include: tuple[str, ...] = COST_ITEMS,
        fee: FloatArray | float = 0.0,
        holding_years: float = 3.0,
        in_objective: bool = False,
    ) -> Costs:
        """Costs from the terms of each asset; items that are not included count as zero."""
        zeros = np.zeros(len(universe))
        return cls(
            half_spread=np.array([a.spread / 2 for a in universe]) if "spread" in include else zeros,
            storage=np.array([a.storage for a in universe]) if "storage" in include else zeros,
            fee=fee if "fees" in include else 0.0,
            holding_years=holding_years,
            in_objective=in_objective,
        )

    # Once, as a fraction of the value that changes hands

    @cached_property
    def fees(self) -> FloatArray:
        """(n,) fixed fee of a trade of each asset, in budget currency."""
        return np.full(len(self.half_spread), self.fee, dtype=float)

    @cached_property
    def moves_prices(self) -> bool:
        """Whether any trade has an impact on the market."""
        return bool(self.impact.any())

    @cached_property
    def charges_trades(self) -> bool:
        """Whether any trade costs a fee."""
        return bool(self.fees.any())

    @cached_property
    def purchase(self) -> FloatArray:
        """(n,) paid once on what is bought: half the spread, the premium and the fees of its lots, and VAT on what is paid."""
        paid = self.half_spread + self.premium
        return paid + self.lot_fee + self.vat * (1.0 + paid)

    @cached_property
    def sale(self) -> FloatArray:
        """(n,) paid once on what is sold: half the spread of what is held, and the fees of its lots."""
        return self.half_spread + self.held_spread + self.lot_fee

    def worthwhile(self, budget: float) -> tuple[FloatArray, FloatArray]:
        """(n,) the smallest sale and purchase that cost less than they move, in cents too, as fractions of the budget."""
        fees = self.fees / budget * (not self.any_size)
        return fees / np.maximum(0.99 - self.sale, 0.1), fees / np.maximum(0.99 - self.purchase, 0.1)

    # A year

    @cached_property
    def trade_rate(self) -> FloatArray:
        """(n,) cost a year per unit bought today: the purchase over the holding period."""
        return self.purchase / self.holding_years

    @cached_property
    def sale_rate(self) -> FloatArray:
        """(n,) cost a year per unit sold today: the sale over the holding period."""
        return self.sale / self.holding_years

    @cached_property
    def move_rate(self) -> FloatArray:
        """(n,) charge a year per unit of what is held and sold today: the sale over the holding period, and `move`."""
        return self.sale_rate + self.move

    def of_moves(self, years: float, doubt: FloatArray | float = 0.0) -> FloatArray:
        """(n,) `move` of who expects that a move of what is held is reversed after so many years.

        A move pays a sale and the purchase of something else once, over the years that it lasts and not over the holding
        period: ``(sale + mean purchase) (1 / years - 1 / holding years) + doubt``. What new money buys is not charged.

        Args:
            years: That a move lasts; longer than the holding period is that.
            doubt: (n,) by which its gain may be wrong, a year.
        """
        sooner = max(1.0 / years - 1.0 / self.holding_years, 0.0)
        return (self.sale + float(self.purchase.mean())) * sooner + doubt

    @cached_property
    def impact_rate(self) -> FloatArray:
        """(n,) a of a |d|^1.5, the cost a year of the market impact of today's trades d."""
        return self.impact / self.holding_years

    @cached_property
    def holding_rate(self) -> FloatArray:
        """(n,) cost a year per unit held, however it came to be held: the exit over the holding period, and storage.

        What is bought of an asset that is held counts at the terms of its lots; `annual` and `stored` tell them apart.
        """
        return self.sale_rate + self.storage + self.held_storage

    @cached_property
    def short_rate(self) -> FloatArray:
        """(n,) cost a year per unit that is short: the repurchase over the holding period, and the fee of what is borrowed."""
        return self.trade_rate + self.borrow

    @cached_property
    def annual_rate(self) -> FloatArray:
        """(n,) cost a year per unit held where nothing was held before: purchase and exit over the years, and storage.

        `holding_rate` + `trade_rate`. Fees of a trade, charges of a site and market impact are left out: the first two
        depend on what is held at all and belong to the whole-lot problem, the last is not linear.
        """
        return (self.sale_rate + self.trade_rate) + self.storage + self.held_storage

    @cached_property
    def held_for_nothing(self) -> bool:
        """Whether nothing is charged for what is held: no storage, no site, no fee of a short position."""
        return not (self.sites or self.storage.any() or self.held_storage.any() or self.borrow.any())

    def annual(self, values: FloatArray, previous: FloatArray, budget: float) -> float:
        """Cost a year of holding `values` after `previous`, both (n,) fractions of the budget, and so is the cost.

        Everything is counted: storage, the charges of sites and the fees of short positions, the exit, and what is paid today
        over the holding period.
        """
        entry = self.entry(values - previous, budget)
        long, short = np.clip(values, 0.0, None), np.clip(-values, 0.0, None)
        exit_cost = (self.half_spread + self.lot_fee) @ long + self.held_spread @ np.minimum(long, previous)
        exit_cost = exit_cost + self.purchase @ short
        held = self.stored(values, previous) + self.borrowed(values) + self.site_fees(values) / budget
        return held + float(exit_cost + entry) / self.holding_years

    def slope(self, weights: FloatArray, previous: FloatArray) -> FloatArray:
        """(n,) slope of the cost a year towards more of each asset: what is bought pays, what is not sold saves."""
        d = weights - previous
        trades = np.where(d >= 0, self.trade_rate, -self.move_rate)
        held = np.where(weights < 0, -self.short_rate, self.holding_rate)
        return held + trades + 1.5 * self.impact_rate * np.sqrt(np.abs(d)) * np.sign(d)

    def stored(self, values: FloatArray, previous: FloatArray) -> float:
        """Cost of storage a year of `values` after `previous`, both (n,), in their unit: what is kept at its own terms."""
        long = np.clip(values, 0.0, None)
        return float(self.storage @ long + self.held_storage @ np.minimum(long, previous))

    def borrowed(self, values: FloatArray) -> float:
        """Fee a year of what of `values`, (n,), is sold short, in their unit."""
        return float(self.borrow @ np.clip(-values, 0.0, None))

    def held(self, weights: FloatArray) -> float:
        """Cost a year of `weights`, (n,), but for the trades that lead to them: storage, fees of short positions, the exit."""
        return float(self.holding_rate @ np.clip(weights, 0.0, None) + self.short_rate @ np.clip(-weights, 0.0, None))

    def charges(self, values: FloatArray, previous: FloatArray, budget: float) -> float:
        """What of `annual` is charged whatever the amount: fees of today's trades over the years, and those of sites."""
        fees = float(self.fees @ (np.abs(values - previous) > TRADED))
        return (fees / self.holding_years + self.site_fees(values)) / budget

    # Amounts

    def entry(self, trades: FloatArray, budget: float) -> float:
        """Cost of trades today; they, (n,), and it are fractions of the budget, a purchase positive and a sale negative."""
        return self.proportional(trades) + float(self.fees @ (np.abs(trades) > TRADED)) / budget

    def proportional(self, trades: FloatArray) -> float:
        """`entry` without the fees of trades, which do not depend on their size."""
        rates = float(self.purchase @ np.maximum(trades, 0.0) + self.sale @ np.maximum(-trades, 0.0))
        return rates + float(self.impact @ np.abs(trades) ** 1.5) if self.moves_prices else rates

    def paid(self, trades: FloatArray, budget: float, at: NDArray[np.intp] | slice = slice(None)) -> FloatArray:
        """(.., m) cost of each of today's trades.

        Args:
            trades: (.., m) in budget currency, as the cost is.
            budget: In that currency.
            at: Positions of the m assets; all of them by default.
        """
        size = np.abs(trades)
        paid = np.where(trades > 0, self.purchase[at], self.sale[at]) * size
        if self.moves_prices:
            paid += self.impact[at] * np.sqrt(size / budget) * size
        return paid + np.where(size > TRADED * budget, self.fees[at], 0.0) if self.charges_trades else paid

    def most(self, budget: float) -> float:
        """Upper bound of `entry`: everything is sold, as much is bought again, and every asset pays the fee of a trade."""
        return float(self._most_rate + self.fees.sum() / budget)

    @cached_property
    def _most_rate(self) -> float:
        rates = (self.purchase, self.sale, 2 * self.impact)
        return float(sum(np.max(rate, initial=0.0) for rate in rates))

    def site_fees(self, values: FloatArray) -> float:
        """Charges a year of the sites at which any of `values`, (n,), is stored, in budget currency."""
        return float(sum(site.fee for site in self.sites if np.any(values[site.stored] > TRADED)))
