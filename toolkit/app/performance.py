"""What holdings earned: movements valued at the levels of their days as they are known now."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from functools import cache
from typing import Any

import numpy as np
import polars as pl

from toolkit.app.context import Context
from toolkit.app.holdings.check import stock_of
from toolkit.app.holdings.lots import fine_mass
from toolkit.app.holdings.valuation import ANNUAL, unit_prices, with_own_prices
from toolkit.app.prices import OwnPrices, PriceFiles, read_own, with_stored
from toolkit.app.holdings.names import LotNames
from toolkit.backtest.evaluation import drawdown
from toolkit.core.calendar import month_end, month_number
from toolkit.core.forecast import FloatArray
from toolkit.core.messages import message, phrases
from toolkit.core.remarks import Remark, by_money, in_record, note
from toolkit.core.units import KG_PER_UNIT, cents
from toolkit.holdings.movements import Part, Sale, Stock
from toolkit.holdings.performance import (
    YEAR,
    Flow,
    Gain,
    Good,
    Levels,
    Owned,
    Paid,
    Parcel,
    a_year,
    grown,
    internal_rate,
    interval,
)
from toolkit.holdings.price_slips import LEVEL_DAYS
from toolkit.holdings.unit_price import UnitPrice, lot_price
from toolkit.market.exchange_rates import last_rate, rate_on, rates_used
from toolkit.market.market import FramesOnDemand, Snapshot
from toolkit.market.price_series import PriceSeries
from toolkit.records.performance import Performance
from toolkit.returns.price_errors import OF_VOLATILITY, PLACE, PriceErrors

GOLD = "gold"
LEAST_MONTHS = 12
"""Months of returns below which no risk is told."""
_KIND = {"fee": "fees", "storage": "storage", "tax": "tax"}
"""Kind of a payment -> part of a gain; any other is of fees."""


@dataclass(frozen=True, slots=True)
class PerformanceRequest:
    """A request for what holdings earned.

    Attributes:
        movements: File of movements, or ``-``.
        context: Settings, day, and market as known on it.
        prices: The user's own; None for the bundled prices alone.
        client: Whose movements are meant, where the file has a column of clients; None for all.
    """

    movements: str
    context: Context
    prices: PriceFiles | None = None
    client: str | None = None


def performance(request: PerformanceRequest) -> Performance:
    """What the movements of a file earned.

    Raises:
        SpecError: for a list of lots, which tells no sales.
        DataError, FrameError: for bad input, with file, rows and remedy.
    """
    context, currency = request.context, request.context.settings.config.owner.currency
    read = stock_of(request.movements, context, prices=request.prices, client=request.client)
    found = _Parcels(read.stock, context)
    flows = {one.bought for one in found.parcels} | {one.ended for one in found.parcels if one.ended}
    flows |= {one.day for one in (*found.paid, *found.deposits)}
    prices = _Prices(request, sorted({one.good for one in found.parcels}, key=repr), _days(flows, context.as_of))
    levels, owned = prices.levels(), found.owned(prices.worth)
    unpriced = {one.lot_id for one in owned.parcels if one.ended is None and levels.quote(one.good, levels.days[-1]) is None}
    whole = _earned("", None, owned, levels)
    missing = sorted({one.good[0] for one in owned.parcels for day in (one.bought, one.ended) if day and not levels.quote(one.good, day)})
    of_client = sorted({one.client for one in owned.parcels if one.client})
    remarks = [*map(note, read.read.notes), *prices.remarks, *found.remarks(missing)]
    told = by_money(remarks, {})
    return Performance.from_objects(
        as_of=context.as_of,
        file=read.read.table.name,
        client=request.client,
        currency=currency,
        account=bool(owned.deposits),
        whole=whole,
        metals=[
            _earned(metal, None, owned.part(lambda one, metal=metal: _metal(one) == metal), levels)
            for metal in sorted({one.good[0] for one in owned.parcels})
        ],
        clients=[
            _earned(client, client, owned.part(lambda one, client=client: one.client == client), levels)
            for client in (of_client if len(of_client) > 1 else ())
        ],
        lots=[*_lots(owned, levels, context.settings.config.owner.holding_rule)],
        years=[*_years(owned, levels)],
        path=[*_path(owned, levels)],
        benchmarks=[*_benchmarks(owned, prices)],
        risk=_risk(owned, levels),
        unpriced=sorted(unpriced),
        missing=missing,
        left_out=found.left_out,
        reading=read.read.notes,
        **in_record(told),
        data=context.snapshot.provenance(prices.used),
        phrases=phrases(words for one in told for words in (one.text, one.remedy)),
    )


def _days(flows: Iterable[date], as_of: date) -> tuple[date, ...]:
    """Days on which something moved, the ends of months between, and the last."""
    moved = {*flows}
    first = min(moved, default=as_of)
    ends = map(month_end, range(month_number(first), month_number(as_of)))
    return tuple(sorted({*moved, *ends, as_of}))


def _metal(one: Parcel | Paid) -> str | None:
    return one.good[0] if isinstance(one, Parcel) else one.metal


class _Parcels:
    """The parcels of a stock in the reporting currency, and what is in no figure."""

    def __init__(self, stock: Stock, context: Context) -> None:
        fx, quote = context.snapshot["fx"], context.settings.config.owner.currency
        self.rate: Callable[[str | None, date], float | None] = cache(
            lambda base, day: None if base is None else rate_on(fx, base, quote, day)
        )
        self.left_out: list[dict[str, str]] = []
        self.parcels: list[Parcel] = []
        self.withdrawn: list[Parcel] = []
        mass = fine_mass(context.products)
        for one in stock.parts:
            self._add(one, mass)
        for one in stock.left:
            self._add(one, mass)
        self.paid = tuple(self._paid(stock))
        given = [(day, amount * rate) for day, base, amount in stock.moneys if (rate := self.rate(base, day))]
        self.deposits = tuple(Flow(day, cents(amount)) for day, amount in given)

    def _add(self, one: Part | Sale, mass: Callable[[Part | Sale], float]) -> None:
        currency = one.currency if isinstance(one, Part) else one.cost_currency
        rate = self.rate(currency, one.bought)
        if one.cost is None or rate is None:
            self.left_out.append({"lot_id": one.lot, "why": "cost" if one.cost is None else "rate"})
            return
        is_mass = one.unit in KG_PER_UNIT
        good = (one.asset, one.form, one.purity) if is_mass else (one.asset, None, None)
        fees = one.fees if isinstance(one, Part) else one.purchase_fees
        bought = (one.bought, cents(float(one.cost) * rate), cents(float(fees) * rate))
        parcel = Parcel(one.lot, one.client, good, mass(one) if is_mass else float(one.quantity), *bought)
        if isinstance(one, Part):
            self.parcels.append(parcel)
            return
        sold = self.rate(one.currency or currency, one.date)
        ended = replace(parcel, ended=one.date, exit_fees=cents(float(one.fees) * (sold or 0.0)))
        if one.kind == "loss":
            self.parcels.append(replace(ended, proceeds=0.0))
        elif one.kind == "withdraw":
            self.withdrawn.append(ended)
        elif one.proceeds is None or sold is None:
            self.left_out.append({"lot_id": one.lot, "why": "proceeds" if one.proceeds is None else "rate"})
        else:
            self.parcels.append(replace(ended, proceeds=cents(float(one.proceeds) * sold)))

    def _paid(self, stock: Stock) -> Iterator[Paid]:
        for one in stock.payments:
            rate = self.rate(one.currency, one.date)
            if rate is None:
                self.left_out.append({"lot_id": one.lot or one.kind, "why": "rate"})
            else:
                kind = _KIND.get(one.kind, "fees")
                yield Paid(one.date, kind, cents(float(one.amount) * rate), one.lot, one.asset, one.client)
