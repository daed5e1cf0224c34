"""On how many dates a strategy, followed over past prices, held its limits in the form that what is held may grow to."""

from __future__ import annotations

from collections import Counter
from datetime import date

import numpy as np

from toolkit.app.allocation.inputs import PricedMarket
from toolkit.app.backtest.decide import PastDecisions
from toolkit.app.backtest.run import BacktestRequest, followed
from toolkit.backtest.account import Account, Decision
from toolkit.backtest.prices import BacktestPrices
from toolkit.backtest.simulate import Backtest
from toolkit.records.evidence import LimitsKept
from toolkit.strategy.model import Strategy


def followed_with_limits(
    asked: BacktestRequest,
    strategy: Strategy,
    decide: PastDecisions,
    prices: BacktestPrices,
    budget: float,
    market: PricedMarket,
) -> tuple[Backtest, LimitsKept]:
    """A strategy over the dates of some prices, and the limits that were exceeded on a date or by a decision.

    Args:
        asked: As of `followed`.
        strategy: With its assets named one by one.
        decide: Its decisions, and its limits.
        prices: On the dates.
        budget: Cash at the start.
        market: Of the last day.
    """
    decisions: dict[date, Decision] = {}

    def noted(day: date, account: Account) -> Decision:
        return decisions.setdefault(day, decide(day, account))

    run = followed(asked, strategy, noted, prices, budget, market)
    dates = [entry for entry in run.entries if entry.units.any()]
    on_dates = [decide.exceeded(entry.day, Account(run.assets, entry.cash, entry.units)) for entry in dates]
    after = [decide.exceeded(day, _carried_out(run, day, decision)) for day, decision in decisions.items()]
    names = Counter(name for found in (*on_dates, *after) for name in found)
    return run, LimitsKept(
        dates=len(dates),
        exceeded=sum(map(bool, on_dates)),
        decisions=len(after),
        beyond=sum(map(bool, after)),
        names=tuple(name for name, _ in names.most_common()),
    )


def _carried_out(run: Backtest, day: date, decision: Decision) -> Account:
    """What would be owned if a decision were carried out on its day at its own prices."""
    entry, units = next(entry for entry in run.entries if entry.day == day), np.zeros(len(run.assets))
    at = [run.assets.index(key) for key in decision.assets]
    units[at] = decision.quantities
    amounts = (decision.quantities - entry.units[at]) * decision.prices
    cash = entry.cash - float(amounts.sum() + decision.costs.paid(amounts, decision.budget).sum())
    return Account(run.assets, cash, units)
