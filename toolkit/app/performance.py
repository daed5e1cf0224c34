"""What holdings earned: movements valued at the levels of their days as they are known now."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from toolkit.app.context import Context
from toolkit.app.holdings.check import stock_of
from toolkit.app.holdings.lots import fine_share
from toolkit.app.holdings.own_rates import OwnRates
from toolkit.app.holdings.past_prices import GOLD, PastPrices
from toolkit.app.prices import PriceFiles
from toolkit.backtest.drawdown import drawdown
from toolkit.core.calendar import month_end, month_number
from toolkit.core.countries import fold, foldings
from toolkit.core.errors import SpecError, did_you_mean
from toolkit.core.grouping import sums_by_key
from toolkit.core.messages import few, message, named, phrases
from toolkit.core.remarks import Remark, by_money, in_record, note
from toolkit.core.units import KG_PER_UNIT, cents
from toolkit.holdings.holding_period import HoldingRule
from toolkit.holdings.movements import Part, Sale, Stock
from toolkit.holdings.performance import (
    PARTS,
    PAY,
    YEAR,
    Costs,
    Flow,
    Gain,
    Good,
    History,
    Levels,
    Owned,
    Paid,
    Parcel,
    a_year,
    chunks,
    grown,
    internal_rate,
    internal_rates,
    interval,
)
from toolkit.holdings.price_slips import is_far
from toolkit.market.exchange_rates import Rates, rate_on
from toolkit.market.readers.tabular import Table
from toolkit.records.performance import Performance

LEAST_MONTHS = 12
"""Months of returns below which no risk is told."""
_PAID = {"fees": 1, "storage": 1, "tax": 1, "income": -1}
"""Part of a gain that is paid, or received -> sign of the payment."""


@dataclass(frozen=True, slots=True)
class PerformanceRequest:
    """A request for what holdings earned.

    Attributes:
        movements: File of movements, or cells of a frame.
        context: Settings, day, and market as known on it.
        prices: The user's own; None for the bundled prices alone.
        client: Whose movements are meant, where the file has a column of clients; None for all.
        benchmarks: Metals, names of series among the own prices, or price files of one series.
    """

    movements: str | Table
    context: Context
    prices: PriceFiles | None = None
    client: str | None = None
    benchmarks: tuple[str, ...] = ()


def performance(request: PerformanceRequest) -> Performance:
    """What the movements of a file earned.

    Raises:
        SpecError: for a list of lots, which tells no sales.
        DataError, FrameError: for bad input, with file, rows and remedy.
    """
    context, currency = request.context, request.context.settings.config.owner.currency
    read = stock_of(request.movements, context, prices=request.prices, client=request.client)
    found = _Parcels(read.stock, context, fine=read.read.fine)
    every = (*found.parcels, *found.withdrawn)
    moved = {day for one in every for day in (one.bought, one.ended) if day}
    moved |= {one.day for one in (*found.paid, *found.deposits)}
    file, reading = read.read.table.name, read.read.notes
    del read  # the rows of a large file are half of the memory
    prices = PastPrices(context, request.prices, sorted({one.good for one in every}, key=repr), _days(moved, context.as_of))
    levels, owned = prices.levels(), found.owned(prices.worth)
    unpriced = sorted({one.lot_id for one in owned.parcels if not one.ended and not levels.quote(one.good, levels.days[-1])})
    (whole,) = _earned([(("", None), owned)], levels)
    missing = sorted(
        {one.metal for one in owned.parcels for day in (one.bought, one.ended) if day and not levels.quote(one.good, day)}
    )
    far = sorted({one.lot_id for one in every if _is_far(one, levels)})
    others = [_Benchmark(name, request, prices) for name in request.benchmarks]
    unknown = [one.unknown(owned) for one in others]
    turned = sorted({one.metal for one in owned.parcels if one.good in levels.turned and one.ended is None})
    remarks = [*map(note, reading), *prices.remarks, *found.remarks(missing, unpriced, far), *filter(None, unknown)]
    told = by_money(remarks, {})
    return Performance.from_objects(
        as_of=context.as_of,
        file=file,
        client=request.client,
        currency=currency,
        account=bool(owned.deposits),
        whole=whole,
        metals=[*_by(owned, lambda one: one.metal, levels)],
        clients=[*_by(owned, lambda one: one.client, levels)] if len({one.client for one in every}) > 1 else (),
        lots=[*_lots(owned, levels, context.settings.config.owner.holding_rule)],
        left=[*_left(owned)],
        years=[*_years(owned, levels)],
        path=[*_path(owned, levels)],
        benchmarks=[*_benchmarks(owned, prices, others)],
        risk=_risk(owned, levels),
        unpriced=unpriced,
        missing=missing,
        turned=turned,
        left_out=found.left_out,
        reading=reading,
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


def _by(owned: Owned, key: Callable[[Parcel | Paid], str | None], levels: Levels) -> Iterator[dict[str, Any]]:
    """What each metal, or each client, earned, sorted by name."""
    parts = [
        (name, part) for name, part in sorted(owned.parts(key).items(), key=lambda item: item[0] or "") if name is not None
    ]
    clients = [{one.client for one in part.parcels} for _, part in parts]
    keys = [(name, own.pop() if len(own) == 1 else None) for (name, _), own in zip(parts, clients, strict=True)]
    return _earned([(key, part) for key, (_, part) in zip(keys, parts, strict=True)], levels)


class _Parcels:
    """The parcels of a stock in the reporting currency, and what is in no figure."""

    def __init__(self, stock: Stock, context: Context, *, fine: bool) -> None:
        fx, quote = Rates.by_date(context.snapshot["fx"]), context.settings.config.owner.currency
        self.own_rates = OwnRates(stock, lambda base, day: None if base is None else rate_on(fx, base, quote, day), quote)
        self.rates: dict[tuple[str | None, str | None], float] = {}
        self.left_out: list[dict[str, str]] = []
        self.parcels: list[Parcel] = []
        self.withdrawn: list[Parcel] = []
        self.traded = {(asset.key, asset.form): asset for asset in context.products}
        self.fine = fine
        self.away = sorted({one.lot for one in stock.parts if one.status != "stored" or not one.is_there(stock.day)})
        for one in (*stock.parts, *stock.left):
            self._add(one)
        known = {(one.client, one.lot_id) for one in (*self.parcels, *self.withdrawn)}
        self.paid = tuple(one for one in self._paid(stock) if one.lot_id is None or (one.client, one.lot_id) in known)
        own = self.own_rates
        given = [
            (one.date, float(one.amount) * rate) for one in stock.moneys if (rate := own(one.rate, one.currency, one.date))
        ]
        self.deposits = tuple(Flow(day, cents(amount)) for day, amount in given)

    def _quantity(self, one: Part | Sale) -> float:
        """Fine kg of metal, units of a listed instrument."""
        mass = float(one.quantity) * KG_PER_UNIT.get(one.unit, 1.0)
        return mass if self.fine else mass * fine_share(self.traded.get((one.asset, one.form or "")), one.purity)

    def _add(self, one: Part | Sale) -> None:
        currency = one.currency if isinstance(one, Part) else one.cost_currency
        rate = self.own_rates(one.rate if isinstance(one, Part) else one.cost_rate, currency, one.bought)
        if one.cost is None or rate is None:
            self.left_out.append({"lot_id": one.lot, "why": "cost" if one.cost is None else "rate"})
            return
        is_mass = one.unit in KG_PER_UNIT
        good = (one.asset, one.form, one.purity) if is_mass else (one.asset, None, None)
        of_purchase = (one.fees, one.taxes) if isinstance(one, Part) else (one.purchase_fees, one.purchase_taxes)
        bought = (one.bought, cents(float(one.cost) * rate), _costs(*of_purchase, rate))
        unpaid = cents(float(one.unpaid) * rate)
        self.rates[one.client, one.lot] = rate
        parcel = Parcel(one.lot, one.client, good, self._quantity(one), *bought, unpaid=unpaid)
        if isinstance(one, Part):
            self.parcels.append(parcel)
            return
        sold = self.own_rates(one.rate, one.currency or currency, one.date)
        ended = replace(parcel, ended=one.date, exit_costs=_costs(one.fees, one.taxes, sold or 0.0), how=one.kind)
        if one.kind == "loss" and not one.proceeds:
            self.parcels.append(replace(ended, proceeds=0.0))
        elif one.kind == "withdraw":
            self.withdrawn.append(ended)
        elif one.proceeds is None or sold is None:
            self.left_out.append({"lot_id": one.lot, "why": "proceeds" if one.proceeds is None else "rate"})
        else:
            self.parcels.append(replace(ended, proceeds=cents(float(one.proceeds) * sold)))

    def _paid(self, stock: Stock) -> Iterator[Paid]:
        for one in stock.payments:
            rate = self.own_rates(one.rate, one.currency, one.date)
            if rate is None:
                self.left_out.append({"lot_id": one.lot or one.kind, "why": "rate"})
            else:
                kind = "fees" if one.kind == "fee" else one.kind
                debt = self.rates.get((one.client, one.lot), 0.0) if one.kind == PAY else 0.0
                of_what = (one.lot, one.asset, one.client, cents(float(one.amount) * debt))
                yield Paid(one.date, kind, cents(float(one.amount) * rate), *of_what)

    def owned(self, worth: Callable[[Good, date], float]) -> Owned:
        """Parcels, of which what was taken leaves at its value on the day.

        Args:
            worth: Price of a unit of a good on a day, NaN where none is known.
        """
        taken = [(one, one.quantity * worth(one.good, one.ended)) for one in self.withdrawn if one.ended]
        self.left_out += [{"lot_id": one.lot_id, "why": "proceeds"} for one, value in taken if np.isnan(value)]
        valued = [replace(one, proceeds=cents(value)) for one, value in taken if not np.isnan(value)]
        return Owned((*self.parcels, *valued), self.paid, self.deposits)

    def remarks(self, missing: list[str], unpriced: list[str], far: list[str]) -> Iterator[Remark]:
        """Warnings of what is in no figure, or in no value.

        Args:
            missing: Metals without a price on a day on which they moved.
            unpriced: Lots without one today.
            far: Lots bought or sold at a price far from that of the day.
        """
        if unpriced:
            text = message("No price of today is known, so that all together has no value: {lots}.", lots=few(unpriced))
            yield Remark("data", text, message("Ask a dealer for a price, and bring it with --prices."), comes_first=True)
        if self.left_out:
            lots = few(sorted({one["lot_id"] for one in self.left_out}))
            text = message(
                "In no figure, because a price paid or received, or an exchange rate, is not known: {lots}.", lots=lots
            )
            yield Remark("data", text, message("Write it into the file, or bring rates with --rates FILE."), comes_first=True)
        if self.own_rates.unused:
            days = few([message("{day:%Y-%m-%d}", day=day) for day in sorted(self.own_rates.unused)])
            text = message(
                "Own exchange rates far from the ECB's of the day, or of a currency without one, are not used: {days}.",
                days=days,
            )
            yield Remark("data", text, message("Correct them in the column rate, or bring rates with --rates FILE."))
        if self.away:
            text = message("In the value although it has not arrived, or may not come back: {lots}.", lots=few(self.away))
            yield Remark("answer", text, message("What may fail to arrive: `toolkit exposure` on the same file."))
        if missing:
            text = message("No price of {metals} is known on a day on which they were bought or sold.", metals=missing)
            remedy = message("Bring prices of these days with --prices: without one the spread is part of the price.")
            yield Remark("data", text, remedy, tuple(missing))
        if far:
            text = message(
                "Bought or sold at three times the price of its day or more, or a third of it or less: {lots}.", lots=few(far)
            )
            yield Remark("data", text, message("Check price, unit and currency."), comes_first=True)


def _costs(fees: Decimal, taxes: Decimal, rate: float) -> Costs:
    """Costs of a trade in the reporting currency."""
    return Costs(cents(float(fees) * rate), cents(float(taxes) * rate))


Key = tuple[str, str | None]
"""Metal, lot or client, and whose it is."""


def _is_far(one: Parcel, levels: Levels) -> bool:
    """Whether a lot was bought or sold at a price far from that of its day."""
    paid = [(one.bought, one.cost), (one.ended, one.proceeds)]
    known = ((levels.quote(one.good, day), money / one.quantity) for day, money in paid if day and money)
    return any(is_far(price / (found.level * found.rate)) for found, price in known if found)


def _earned(parts: Sequence[tuple[Key, Owned]], levels: Levels) -> Iterator[dict[str, Any]]:
    """What each of some parcels earned, as of `toolkit.records.performance.Earned`."""
    day, owners = levels.days[-1], [owned for _, owned in parts]
    held = [[(one.quantity, levels.quote(one.good, day)) for one in owned.parcels if one.ended is None] for owned in owners]
    # Each parcel to the cent, as in its gain: else the sums of parts differ by one.
    worth = [sum(cents(quantity * quote.level * quote.rate) for quantity, quote in own if quote) for own in held]
    values = [round(one + float(owned.money([day])[0]), 2) for one, owned in zip(worth, owners, strict=True)]
    valued = [all(quote for _, quote in own) for own in held]
    returns = _returns(owners, levels)
    ends = [
        # Of listed instruments alone both are one: a price without an error.
        None if not known or one.value_ends[0] == one.value_ends[1] else one.value_ends
        for known, one in zip(valued, returns, strict=True)
    ]
    cases = [
        (owned.flows, (value, *(own or ())) if known else ())
        for owned, value, known, own in zip(owners, values, valued, ends, strict=True)
    ]
    rates = internal_rates(cases, day)
    for at, ((key, client), owned) in enumerate(parts):
        flows, gains, one, own = owned.flows, owned.gains(levels), returns[at], ends[at]
        first = min((flow.day for flow in flows), default=day)
        days, (rate, *of_rate) = (day - first).days, rates[at] or [None]
        of_time = None if own is None or math.isnan(one.by_time) else [end - 1.0 for end in one.index_ends]
        yield {
            "key": key,
            "client": client,
            "first": first,
            "put_in": round(sum(flow.amount for flow in flows if flow.amount > 0), 2),
            "taken_out": round(-sum(flow.amount for flow in flows if flow.amount < 0), 2),
            "value": values[at] if valued[at] else None,
            "value_ends": _ends(own),
            "gain": _gain(Gain.sum(gains.values())),
            "realised": round(sum(gain.total for (_, sold), gain in gains.items() if sold), 2),
            "rate": rate if days >= YEAR else None,
            "rate_ends": _ends(of_rate) if of_rate and None not in (rate, *of_rate) and days >= YEAR else None,
            "money_weighted": None if rate is None else (1.0 + rate) ** (days / YEAR) - 1.0,
            "time_weighted": one.by_time,
            "time_weighted_ends": _ends(of_time),
            "time_weighted_a_year": a_year(one.by_time, days),
            "gross": one.gross,
        }


@dataclass(frozen=True, slots=True)
class _Returns:
    """Returns by time of one owner, after and before costs, and ends of its value and of its growth of 1."""

    by_time: float
    gross: float
    value_ends: Sequence[float]
    index_ends: Sequence[float]


def _returns(owners: Sequence[Owned], levels: Levels) -> list[_Returns]:
    """Returns by time of each of n owners: those with the same goods, and as many days, together."""
    found: list[_Returns | None] = [None] * len(owners)
    holds = [any(one.ended is None for one in owned.parcels) or bool(owned.deposits) for owned in owners]
    goods = [repr([*dict.fromkeys(one.good for one in owned.parcels)]) for owned in owners]
    order = sorted(range(len(owners)), key=lambda at: (holds[at], goods[at], len(owners[at].days)))
    sizes = [len(owners[at].days) + 1 for at in order]
    gone = holds.count(False)
    for some in (*chunks(order[:gone], sizes[:gone]), *chunks(order[gone:], sizes[gone:])):
        own = [owners[at] for at in some]
        history = History.of(own, levels, ())
        track = history.track(levels)
        growth, gross = track.index()[-1] - 1.0, track.index(gross=True)[-1] - 1.0
        ends = np.zeros((2, len(own), 2))  # of what is not held nothing may differ
        if holds[some[0]]:
            drawn = history.track(levels, drawn=True)
            ends = np.stack([interval(drawn.value[-1].T).T, interval(drawn.index()[-1].T).T])
        for at, *one in zip(some, growth.tolist(), gross.tolist(), *ends.tolist(), strict=True):
            found[at] = _Returns(*one)
    return [one for one in found if one]


def _ends(found: Sequence[float | None] | None) -> dict[str, float | None] | None:
    return None if found is None else {"low": found[0], "high": found[1]}


def _gain(gain: Gain) -> dict[str, float]:
    return {part: getattr(gain, part) for part in (*PARTS, "total")}


def _lots(owned: Owned, levels: Levels, rule: HoldingRule | None) -> Iterator[dict[str, Any]]:
    """Each lot, by the day of its purchase."""
    parts = sorted(
        owned.parts(lambda one: (one.client, one.lot_id)).items(), key=lambda item: (item[1].parcels[0].bought, item[0][1])
    )
    earned = _earned([((lot, client), part) for (client, lot), part in parts], levels)
    for (_, part), of_part in zip(parts, earned, strict=True):
        parcels = part.parcels
        held = [one for one in parcels if one.ended is None]
        yield {
            **of_part,
            "metal": parcels[0].metal,
            "held": sum(one.quantity for one in held),
            "sold": sum(one.quantity for one in parcels if one.ended),
            "cost": round(sum(one.cost for one in held), 2),
            "free_from": rule.free_from(held[0].bought) if rule and held and held[0].good[1] is not None else None,
        }


def _left(owned: Owned) -> Iterator[dict[str, Any]]:
    """What left, by its day."""
    gone = [(one.ended, one.lot_id, one) for one in owned.parcels if one.ended]
    for day, lot, one in sorted(gone, key=lambda item: item[:2]):
        costs, proceeds = one.costs + one.exit_costs, one.proceeds or 0.0
        yield {
            **{name: getattr(one, name) for name in ("client", "metal", "how", "bought", "quantity", "cost")},
            "lot_id": lot, "day": day, "proceeds": proceeds, "fees": round(costs.fees, 2), "tax": round(costs.tax, 2),
            "gain": round(proceeds - one.cost - costs.paid, 2),
        }  # fmt: skip


def _paid_by_year(owned: Owned) -> Mapping[tuple[int, str], float]:
    """(Year, part of a gain) -> what was paid, or received, in it."""
    found = [((one.day.year, one.kind), _PAID[one.kind] * one.amount) for one in owned.paid if one.kind in _PAID]
    for one in owned.parcels:
        for day, costs in ((one.bought, one.costs), (one.ended, one.exit_costs)):
            if day:
                found += [((day.year, "fees"), costs.fees), ((day.year, "tax"), costs.tax)]
    return sums_by_key(found)


def _years(owned: Owned, levels: Levels) -> Iterator[dict[str, Any]]:
    """Each calendar year from the first movement on."""
    ends = {day for day, after in pairwise((*levels.days, date.max)) if day.year < after.year}
    track, days = owned.track(levels, days=ends), sorted(ends | {*owned.days})
    index, value, paid = track.index(), track.value, _paid_by_year(owned)
    for year in sorted({day.year for day in days}):
        own = [at for at, day in enumerate(days) if day.year == year]
        before, end = own[0] - 1, own[-1]
        begin = float(value[before]) if before >= 0 else 0.0
        put, out = (round(float(money[own].sum()), 2) for money in (track.money_in, track.money_out))
        yield {
            "year": year,
            "begin": begin,
            "put_in": put,
            "taken_out": out,
            "end": float(value[end]),
            "gain": float(value[end]) + out - begin - put,
            "time_weighted": float(index[end] / (index[before] if before >= 0 else 1.0)) - 1.0,
            **{part: round(paid.get((year, part), 0.0), 2) for part in _PAID},
        }


def _path(owned: Owned, levels: Levels) -> Iterator[dict[str, Any]]:
    """The whole on each day."""
    track, drawn = owned.track(levels), owned.track(levels, drawn=True)
    low, high = interval(drawn.value.T)
    paid, index = np.cumsum(track.money_in - track.money_out), track.index()
    for at, day in enumerate(levels.days):
        value = float(track.value[at])
        known = not math.isnan(value)
        yield {
            "day": day,
            "value": value if known else None,
            "ends": _ends([float(low[at]), float(high[at])]) if known else None,
            "paid": round(float(paid[at]), 2),
            "is_flow": day in owned.days,
            "index": float(index[at]),
        }


class _Benchmark:
    """A metal or a series into which the same money would have gone.

    Args:
        name: Metal, name of a series among the own prices, or a price file of one series.
        request: With the own prices.
        prices: Of what was held, whose days these are.

    Raises:
        SpecError: for a name of neither, and for a file of several series.
    """

    def __init__(self, name: str, request: PerformanceRequest, prices: PastPrices) -> None:
        context, files = request.context, request.prices
        keys = prices.own.assets if prices.own else ()
        if Path(name).is_file():
            files = PriceFiles((name,), files and files.currency)
            own = PastPrices(context, files, (), prices.days).own
            keys = own.assets if own else ()
            if len(keys) != 1:
                hint = message("Bring it with --prices, and name one: {names:, }.", names=named(keys))
                raise SpecError("{name:s} is not one series of prices.", hint=hint, name=name)
            name = keys[0]
        by_fold = {spelling: key for key in keys for spelling in foldings(key)}
        key = next((by_fold[one] for one in foldings(name) if one in by_fold), None) or context.symbols.get(fold(name), name)
        product = next((asset for asset in context.products if asset.key == key and asset.form), None)
        if product is None and key not in keys:
            known = [*keys, *context.products.keys]
            raise SpecError("no series {name!r:s} of own prices, and no metal.", hint=did_you_mean(name, known), name=name)
        self.key, self.good = key, (key, product.form, product.purity) if product else (key, None, None)
        self.prices = PastPrices(context, files, [self.good], prices.days)

    def levels(self, owned: Owned) -> list[float]:
        """On the day of each flow, and on the last; NaN where none is known."""
        return [self.prices.worth(self.good, day) for day in (*(flow.day for flow in owned.flows), self.prices.days[-1])]

    def unknown(self, owned: Owned) -> Remark | None:
        """A warning where its price is not known on a day of a flow; None where it is on all."""
        if not any(map(math.isnan, self.levels(owned))):
            return None
        text = message("No price of {name} is known on a day on which money moved: it is no benchmark.", name=self.key)
        return Remark("data", text, message("Bring prices of these days with --prices."))


def _benchmarks(owned: Owned, prices: PastPrices, others: Sequence[_Benchmark]) -> Iterator[dict[str, Any]]:
    """The same money in others, in gold, and in cash without interest."""
    flows, day = owned.flows, prices.days[-1]
    found = [(one.key, one.levels(owned)) for one in others]
    gold = next((asset for asset in prices.products if asset.key == GOLD and GOLD not in {one.key for one in others}), None)
    if gold is not None and gold.form:
        good = (GOLD, gold.form, gold.purity)
        found.append((GOLD, [prices.worth(good, one) for one in (*(flow.day for flow in flows), day)]))
    for key, levels in found:
        if not any(map(math.isnan, levels)):
            value = cents(grown(flows, levels[:-1], levels[-1]))
            yield {"key": key, "value": value, "rate": internal_rate(flows, value, day)}
    value = round(sum(flow.amount for flow in flows), 2)
    yield {"key": "cash", "value": value, "rate": internal_rate(flows, value, day)}


def _risk(owned: Owned, levels: Levels) -> dict[str, Any] | None:
    """Risk by month ends; None below `LEAST_MONTHS`, or where a level is missing."""
    ends = [at for at, day in enumerate(levels.days) if day == month_end(month_number(day))]
    index = owned.track(levels).index()[ends]
    if len(ends) <= LEAST_MONTHS or np.isnan(index).any() or (index <= 0).any():
        return None
    returns = index[1:] / index[:-1] - 1.0
    deepest = drawdown([levels.days[at] for at in ends], index)
    return {
        "volatility": float(returns.std(ddof=1)) * math.sqrt(12.0),
        "depth": deepest.depth,
        "peak": deepest.peak,
        "trough": deepest.trough,
        "days_below": (deepest.longest[1] - deepest.longest[0]).days,
    }
