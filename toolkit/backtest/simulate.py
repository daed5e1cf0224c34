"""The simulation of a strategy: a fold of its decisions over dates and prices.

On each date, in this order: cash earns its interest and storage is paid, since the last date; metal arrives, or a ban stops
it; the orders of the last decision are traded at the price observed on the date; at the end of a period a decision is made with
what is known on the date, to be traded at the next price. So nothing that a decision is made with is newer than the decision,
and no trade is made at a price that its decision knew.
"""

from __future__ import annotations

import itertools
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cached_property
from itertools import compress
from typing import Literal

import numpy as np

from toolkit.backtest.account import Account, Decision, Delivery, affordable
from toolkit.backtest.prices import BacktestPrices
from toolkit.core.errors import DataError, SolveError, SpecError, ToolkitError
from toolkit.core.forecast import FloatArray, read_only, read_only_arrays
from toolkit.core.units import DAYS_PER_YEAR, cents
from toolkit.holdings.cover import TAIL, LicenceDelay
from toolkit.records.backtest import Incident, Trade
from toolkit.strategy.model import RebalanceSpec

LICENCE, BAN = ("licence",), ("ban",)
"""Instruments that delay, and that stop, a delivery."""


@dataclass(frozen=True, slots=True)
class Deliveries:
    """Whether and when what is bought arrives.

    Attributes:
        controlled: Asset, day and instruments -> whether one of them is in force on the export of the asset that day.
        delay: Distribution of the days from an order to its arrival.
        drawn: Which of them: the median, the ninth decile, or a draw for each order.
        seed: Of the draws; that of one order does not depend on other orders.
    """

    controlled: Callable[[str, date, tuple[str, ...]], bool]
    delay: LicenceDelay
    drawn: Literal["median", "tail", "drawn"] = "median"
    seed: int = 0

    def arrives(self, asset: str, ordered: date) -> date:
        """The day on which an order arrives unless a ban stops it; the same day where no licence is needed."""
        if not self.controlled(asset, ordered, LICENCE):
            return ordered
        return ordered + timedelta(days=round(float(self.delay.quantile(self._probability(asset, ordered)))))

    def is_banned(self, asset: str, day: date) -> bool:
        """Whether a ban stops deliveries of an asset on a day."""
        return self.controlled(asset, day, BAN)

    def _probability(self, asset: str, ordered: date) -> float:
        if self.drawn == "median":
            return 0.5
        if self.drawn == "tail":
            return TAIL
        draws = np.random.default_rng([self.seed, ordered.toordinal(), zlib.crc32(asset.encode())])
        return float(np.clip(draws.random(), 1e-6, 1 - 1e-6))


Decide = Callable[[date, Account], Decision]
"""Makes a decision on a day from what was known on it, given what is owned.

Raises:
    DataError: where too little was known for one.
    SolveError: where the limits cannot be held, or no solver found an answer.
"""
DEFAULT = RebalanceSpec()
LEAST_INCIDENT = 0.001
"""Part of wealth from which an overdraft, or purchases that were not paid for, are told: less is bills and prices of a day."""
PERIODS: dict[str, Callable[[date], object]] = {
    "day": lambda day: day,
    "week": lambda day: day.isocalendar()[:2],
    "month": lambda day: (day.year, day.month),
    "quarter": lambda day: (day.year, (day.month - 1) // 3),
    "year": lambda day: day.year,
    "never": lambda _: 0,
}
"""What the dates of one period have in common."""


@dataclass(frozen=True, slots=True)
class BookEntry:
    """The account at the end of a date, and what changed it since the date before.

    To the cent: wealth = cash + the sum of values; wealth = wealth before + gain + interest - storage - costs - lost to bans;
    and cash = cash before + interest - bought and sold - storage - costs + returned.

    Attributes:
        day: The date.
        cash: At its end.
        units: (n,) stored and on their way.
        values: (n,) of them at the price observed, or last observed.
        gain: Of the metal held, by prices and exchange rates.
        storage: Paid.
        costs: Of trades.
        traded: Purchases less sales, without costs.
        turnover: Purchases and sales together.
        returned: Money back from orders that a ban stopped.
        lost: Value of metal that a ban stopped, less what was returned.
        interest: On the cash of the date before; below zero what was paid on borrowed money.
    """

    day: date
    cash: float
    units: FloatArray
    values: FloatArray
    gain: float = 0.0
    storage: float = 0.0
    costs: float = 0.0
    traded: float = 0.0
    turnover: float = 0.0
    returned: float = 0.0
    lost: float = 0.0
    interest: float = 0.0

    def __post_init__(self) -> None:
        read_only_arrays(self)

    @property
    def wealth(self) -> float:
        """Cash and values; money that is stuck counts nothing until it is returned."""
        return round(self.cash + float(self.values.sum()), 2)


@dataclass(frozen=True)  # no slots: wealth is added up once
class Backtest:
    """What a strategy did.

    Attributes:
        assets: n keys.
        entries: One a date, T; the first is the opening, before any trade.
        trades, incidents: In the order of time.
        decided: Days of decisions.
        stuck: Money that was stuck at the end.
        periods_per_year: Of the dates.
        rates: (T - 1,) interest on a unit of cash between the dates.
    """

    assets: tuple[str, ...]
    entries: tuple[BookEntry, ...]
    trades: tuple[Trade, ...]
    incidents: tuple[Incident, ...]
    decided: tuple[date, ...]
    stuck: float
    periods_per_year: float
    rates: FloatArray

    @property
    def dates(self) -> tuple[date, ...]:
        """T dates."""
        return tuple(entry.day for entry in self.entries)

    @cached_property
    def wealth(self) -> FloatArray:
        """(T,) in the reporting currency."""
        return read_only(np.array([entry.wealth for entry in self.entries]))

    @property
    def weights(self) -> FloatArray:
        """(T, n) values as fractions of wealth."""
        return np.array([entry.values for entry in self.entries]) / self.wealth[:, None]

    @property
    def returns(self) -> FloatArray:
        """(T - 1,) simple returns of wealth, net of every cost."""
        return self.wealth[1:] / self.wealth[:-1] - 1.0


@dataclass(slots=True)
class _Log:
    trades: list[Trade] = field(default_factory=list)
    incidents: list[Incident] = field(default_factory=list)
    decided: list[date] = field(default_factory=list)
    failure: ToolkitError | None = None


def decision_dates(dates: Sequence[date], every: str, *, monthly: bool) -> tuple[date, ...]:
    """The first date, and the last date of each period but the last date of all, which no trade can follow.

    Args:
        dates: T ascending dates.
        every: ``day``, ``week``, ``month``, ``quarter``, ``year`` or ``never``.
        monthly: Whether the dates are ends of months.

    Raises:
        SpecError: for periods shorter than the distance of the dates.
    """
    if monthly and every in ("day", "week"):
        raise SpecError(
            "rebalance.every: prices are monthly, and {every!r:s} is more often.",
            hint='Write every = "month", or bring daily prices of every asset (--prices).',
            every=every,
        )
    period = PERIODS[every]
    ends = [day for day, after in itertools.pairwise(dates) if period(day) != period(after)]
    return tuple(dict.fromkeys((dates[0], *ends)))


def simulate(
    decide: Decide,
    prices: BacktestPrices,
    *,
    budget: float,
    rebalance: RebalanceSpec = DEFAULT,
    deliveries: Deliveries | None = None,
    rates: FloatArray | None = None,
) -> Backtest:
    """Carry out the decisions of a strategy, one date after the other.

    Where too little was known for the first one, it is made on the first date on which it can be.

    Args:
        decide: Makes a decision from what was known on a day.
        prices: Of everything that it may decide to hold, on the dates of the backtest.
        budget: Cash on the first date, in the reporting currency.
        rebalance: When decisions are made, and what becomes of those that cannot be; the defaults of the table.
        deliveries: Licences and bans; None where everything arrives when it is bought.
        rates: (T - 1,) interest on a unit of cash from each of the T dates to the next; None where cash earns nothing.

    Raises:
        SolveError: where `on_infeasible` is ``stop``, with the day.
        DataError: where no decision was possible on any date.
        SpecError: for decisions more often than there are prices.
    """
    days = set(decision_dates(prices.dates, rebalance.every, monthly=prices.monthly))
    account = Account(prices.assets, float(cents(budget)), np.zeros(len(prices.assets)))
    log, entries = _Log(), list[BookEntry]()
    rates = np.zeros(len(prices.dates) - 1) if rates is None else rates
    value_at = np.full(len(prices.assets), np.nan)
    for i, day in enumerate(prices.dates):
        value_at = np.where(np.isfinite(prices.observed[i]), prices.observed[i], value_at)
        if (prices.ends == i - 1).any():  # that a price was the last is not known on its day
            account = replace(account, ended=tuple(compress(prices.assets, prices.ends < i)))
        if i:
            account = _sold_out(account, prices, i, value_at, log)
            interest = float(cents(account.cash * rates[i - 1]))
            account = replace(account, cash=round(account.cash + interest, 2))
            account, entry = _next(account, entries[-1], prices, i, value_at, deliveries, rebalance, log)
            entry = replace(entry, interest=interest)
        else:
            entry = BookEntry(day, account.cash, account.units, np.zeros(len(prices.assets)))
        entries.append(entry)
        again = not log.decided and isinstance(log.failure, DataError) and day != prices.dates[-1]
        if day in days and entry.wealth <= 0:
            log.incidents.append(Incident(day, "no_money"))
        elif day in days or again:
            account = _decide(decide, account, day, rebalance, log)
    if not log.decided and log.failure is not None:
        raise log.failure
    stuck = round(sum(claim.paid for claim in account.stuck), 2)
    return Backtest(
        prices.assets,
        tuple(entries),
        tuple(log.trades),
        tuple(log.incidents),
        tuple(log.decided),
        stuck,
        prices.periods_per_year,
        read_only(rates),
    )


def _decide(decide: Decide, account: Account, day: date, rebalance: RebalanceSpec, log: _Log) -> Account:
    """The account with the orders of a new decision; those of the last one that are still open lapse."""
    try:
        decision = decide(day, account)
    except (SolveError, DataError) as error:
        if isinstance(error, SolveError) and rebalance.on_infeasible == "stop":
            error.message = f"on {day}: {error.message}"
            error.details["day"] = day.isoformat()
            raise
        log.failure = error
        kind = "unsolved" if isinstance(error, SolveError) else "no_forecast"
        log.incidents.append(Incident(day, kind, reason=error.message))
        return account
    log.decided.append(day)
    if account.decision is not None:
        lapsed = np.flatnonzero(account.orders)
        log.incidents += [Incident(day, "lapsed", account.decision.assets[k]) for k in lapsed]
    owned = account.owned[account.at(decision)]
    orders = decision.quantities - owned
    far = np.abs(orders) * decision.prices / decision.budget
    if rebalance.threshold and account.owned.any() and far.max() <= rebalance.threshold:
        log.incidents.append(Incident(day, "within_threshold"))
        orders = np.zeros(len(orders))
    return replace(account, decision=decision, orders=orders, ordered=day)


def _sold_out(account: Account, prices: BacktestPrices, i: int, value_at: FloatArray, log: _Log) -> Account:
    """The account with orders to sell what has had its last price, and no others of it."""
    if account.decision is None or not (left := prices.ends < i).any():
        return account
    at = account.at(account.decision)
    now = prices.ends[at] == i - 1
    for k in np.flatnonzero(now & (account.units[at] != 0)):
        amount = float(cents(account.units[at[k]] * value_at[at[k]]))
        log.incidents.append(Incident(prices.dates[i], "ended", account.decision.assets[k], amount))
    return replace(account, orders=np.where(left[at], np.where(now, -account.units[at], 0.0), account.orders))


def _next(
    account: Account,
    before: BookEntry,
    prices: BacktestPrices,
    i: int,
    value_at: FloatArray,
    deliveries: Deliveries | None,
    rebalance: RebalanceSpec,
    log: _Log,
) -> tuple[Account, BookEntry]:
    """The account after a date, and its entry."""
    day = prices.dates[i]
    account, storage = _stored(account, prices, i)
    owned = account.owned
    held = _values(owned, value_at)
    gain = round(float((held - before.values).sum()), 2)
    account, returned, lost = _received(account, day, value_at, deliveries, rebalance, log)
    account, traded, turnover, costs = _traded(account, prices, i, value_at, deliveries, log)
    credit = 0.0 if account.decision is None else account.decision.credit
    values = held if account.owned is owned else _values(account.owned, value_at)
    if -account.cash - credit > LEAST_INCIDENT * (account.cash + float(values.sum())):
        log.incidents.append(Incident(day, "overdrawn", amount=round(-account.cash - credit, 2)))
    return account, BookEntry(day, account.cash, account.owned, values, gain, storage, costs, traded, turnover, returned, lost)


def _values(units: FloatArray, price: FloatArray) -> FloatArray:
    return cents(np.where(units != 0, units * price, 0.0))


def _stored(account: Account, prices: BacktestPrices, i: int) -> tuple[Account, float]:
    """Storage, charges of sites and fees of short positions since the date before, on the value at published prices."""
    if account.decision is None or account.decision.costs.held_for_nothing or not account.units.any():
        return account, 0.0
    decision, at = account.decision, account.at(account.decision)
    years = (prices.dates[i] - prices.dates[i - 1]).days / DAYS_PER_YEAR
    known = prices.published[i, at]
    values = np.where(np.isfinite(known), account.units[at] * known, 0.0)
    costs = decision.costs
    rate = costs.stored(values, np.zeros(len(values))) + costs.borrowed(values) + costs.site_fees(values / decision.budget)
    paid = cents(rate * years)
    return replace(account, cash=round(account.cash - paid, 2)), paid


def _received(
    account: Account,
    day: date,
    value_at: FloatArray,
    deliveries: Deliveries | None,
    rebalance: RebalanceSpec,
    log: _Log,
) -> tuple[Account, float, float]:
    """Metal that arrives is stored; that of a ban's is lost, and its money returned or stuck until the ban ends."""
    if deliveries is None or not (account.arriving or account.stuck):
        return account, 0.0, 0.0
    units, arriving, stuck, returned = account.units.copy(), list[Delivery](), list[Delivery](), 0.0
    held = _values(account.owned, value_at)
    for claim in account.stuck:
        if deliveries.is_banned(claim.asset, day):
            stuck.append(claim)
        else:
            returned += claim.paid
            log.incidents.append(Incident(day, "returned", claim.asset, claim.paid))
    for delivery in account.arriving:
        if deliveries.is_banned(delivery.asset, min(delivery.arrives, day)):  # a later one finds it in the warehouse
            log.incidents.append(Incident(day, "stopped", delivery.asset, delivery.paid))
            if rebalance.on_ban == "returned":
                returned += delivery.paid
            else:
                stuck.append(delivery)
        elif delivery.arrives <= day:
            units[account.assets.index(delivery.asset)] += delivery.quantity
        else:
            arriving.append(delivery)
    returned = round(returned, 2)
    account = replace(
        account, cash=round(account.cash + returned, 2), units=units, arriving=tuple(arriving), stuck=tuple(stuck)
    )
    return account, returned, round(float((held - _values(account.owned, value_at)).sum()) - returned, 2)


def _traded(
    account: Account,
    prices: BacktestPrices,
    i: int,
    value_at: FloatArray,
    deliveries: Deliveries | None,
    log: _Log,
) -> tuple[Account, float, float, float]:
    """The open orders at the prices observed on a date, or the last of a series: purchases less sales, both together, costs."""
    if account.decision is None or not account.orders.any():
        return account, 0.0, 0.0, 0.0
    decision, at, day = account.decision, account.at(account.decision), prices.dates[i]
    price, wanted = np.where(prices.ends[at] == i - 1, value_at[at], prices.observed[i, at]), account.orders.copy()
    waits = (wanted != 0) & ~np.isfinite(price)
    for k in np.flatnonzero(waits):
        kind = "implausible_price" if prices.implausible[i, at[k]] else "missing_price"
        log.incidents.append(Incident(day, kind, decision.assets[k]))
    if deliveries is not None:
        for k in np.flatnonzero(wanted > 0):
            if deliveries.is_banned(decision.assets[k], day):
                amount = None if waits[k] else float(wanted[k] * price[k])
                log.incidents.append(Incident(day, "refused", decision.assets[k], amount))
                wanted[k], waits[k] = 0.0, False
    orders = np.where(waits, wanted, 0.0)
    # What has not arrived cannot be sold; what may be short can be sold without being there.
    least = np.where(decision.quantities < 0, -np.inf, -np.clip(account.units[at], 0.0, None))
    wanted = np.maximum(np.where(waits, 0.0, wanted), least)
    trades = affordable(decision, wanted, account.owned[at], price, account.cash + decision.credit)
    if trades.short > LEAST_INCIDENT * decision.budget:
        log.incidents.append(Incident(day, "short", amount=trades.short))
    units, arriving = account.units.copy(), list(account.arriving)
    made = np.flatnonzero(trades.units)
    told = (of[made].tolist() for of in (trades.units, price, trades.amounts, trades.costs))
    for k, quantity, paid, amount, cost in zip(made.tolist(), *told, strict=True):
        key = decision.assets[k]
        log.trades.append(Trade(account.ordered, day, key, quantity, paid, amount, cost))
        arrives = day if deliveries is None or amount < 0 else deliveries.arrives(key, account.ordered)
        if arrives > day:
            arriving.append(Delivery(key, quantity, amount, account.ordered, arrives))
            log.incidents.append(Incident(day, "delayed", key, amount))
        else:
            units[at[k]] += quantity
    traded, costs = round(float(trades.amounts.sum()), 2), round(float(trades.costs.sum()), 2)
    account = replace(
        account, cash=round(account.cash - traded - costs, 2), units=units, arriving=tuple(arriving), orders=orders
    )
    return account, traded, round(float(np.abs(trades.amounts).sum()), 2), costs
