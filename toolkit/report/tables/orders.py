"""The orders of a proposal: what is bought, sold and kept, at which price and cost, from which lots, and the cash of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from toolkit.records.orders import Order
from toolkit.records.positions import Position
from toolkit.report.document import Column, Figure, Notes, Row, Table
from toolkit.report.findings import Findings
from toolkit.report.i18n.formats import day
from toolkit.report.i18n.language import mark
from toolkit.report.i18n.names import of_strategy
from toolkit.report.i18n.scales import scale
from toolkit.report.i18n.text import NONE, Span, Text, muted, sources, strong, text
from toolkit.report.markers import COSTS, RATE, TERMS
from toolkit.report.tables.costs import ASSUMED, cost_of, entry_rests_on

TRADED = 0.005
"""Amounts below half a cent are no trade."""
NEAR = 5e-4
"""A value this near to its limit is told with more digits."""
FAR = 0.25
"""A last price this far from the level, as a fraction of it, is marked."""
KEEP = "keep"
SIDES: Mapping[str, str] = {"buy": mark("buy {amount}"), "sell": mark("sell {amount}"), KEEP: mark("keep {amount}")}


def orders(run: Findings) -> Figure:
    """The order list as a table, and below it the cash and what is to be known of a trade."""
    say, cur, rows = run.say, run.currency, _rows(run)
    lots = any(p.lots is not None for p in run.shown)
    traded = sum(order.side != KEEP for order, _ in rows)
    columns = (
        Column(say.words("Product"), "left"),
        Column(say.words("Order")),
        *((Column(say.words("Lots")), Column(say.words("Lot"))) if lots else ()),
        Column(
            say.words("Estimated price ± error, {currency}", currency=cur),
            short=say.words("Estimated, {currency}", currency=cur),
        ),
        Column(say.words("Last observed price, {currency}", currency=cur), short=say.words("Last observed")),
        Column(say.words("Value, {currency}", currency=cur)),
        Column(say.words("Cost, {currency}", currency=cur)),
        *((Column(say.words("Held after")),) if run.before else ()),
    )
    body = tuple(Row(_cells(run, order, p, lots=lots)) for order, p in rows)
    table = Table(say.words("Orders"), columns, (*body, _sum(run, lots=lots)))
    told = tuple(("", words) for words in _notes(run, rows))
    return Figure(
        _title(run, traded, lots=lots),
        say(
            "Price of one unit: as estimated by the model, with one standard error, and the last observed price beside it. An "
            "estimated price is no offer."
        ),
        (table, Notes(told)) if told else (table,),
        source=_source(run),
    )


def _rows(run: Findings) -> list[tuple[Order, Position]]:
    """Each order with its position, in the order of the record; what is below half a cent is left out."""
    positions = {p.asset: p for p in run.proposal.positions}
    return [(order, positions[order.asset]) for order in run.proposal.orders if order.value > TRADED]


def _title(run: Findings, traded: int, *, lots: bool) -> Text:
    if not traded:
        return run.say("Nothing is traded: what is held is as good as any other answer")
    if lots:
        return run.say.counted(
            traded,
            "{N} order in whole lots, indicative until a dealer confirms",
            "{N} orders in whole lots, indicative until a dealer confirms",
        )
    return run.say.counted(
        traded, "{N} order, indicative until a dealer confirms", "{N} orders, indicative until a dealer confirms"
    )


def _source(run: Findings) -> Text:
    markers = sources(*run.of_prices(), *run.rests_on(RATE))
    if run.rests_on(TERMS, COSTS):
        terms = run.assumed(run.say.words("typical dealer terms"), TERMS, COSTS)
        return run.say("Source: price series{markers}; lots and costs {terms}.", markers=markers, terms=terms)
    return run.say("Source: price series{markers}.", markers=markers)


def _cells(run: Findings, order: Order, p: Position, *, lots: bool) -> tuple[Text, ...]:
    fmt, say = run.fmt, run.say
    unit = say.term("term", p.unit)
    amount = text(fmt.percent(p.weight, 1)) if order.quantity is None else text(fmt.quantity(order.quantity), f" {unit}")
    return (
        text(run.title(p)),
        tuple(replace(span, style="strong") for span in say(SIDES[order.side], amount=amount)),
        *(_lots(run, order, p, unit) if lots else ()),
        *_prices(run, p, unit),
        text(fmt.number(order.value)),
        text(cost_of(run, p, fmt.number(order.cost))) if order.cost else text(NONE),
        *((_after(run, p, unit),) if run.before else ()),
    )


def _prices(run: Findings, p: Position, unit: str) -> tuple[Text, Text]:
    """Level and last print; none where only returns are known."""
    if p.price is None or p.price_raw is None:
        return text(NONE), text(NONE)
    fmt = run.fmt
    error = (" ± ", fmt.price(p.price_se, like=p.price)) if p.price_se else ()
    far = abs(p.price_raw / p.price - 1) > FAR
    last = ("▲ " if far else "", fmt.price(p.price_raw, like=p.price), f", {fmt.month(p.price_date)}")
    return (
        text(fmt.price(p.price), *error, muted(f" / {unit}")),
        text(*(Span(words, "warn" if far else "muted") for words in last), sources(*run.of_sources(p.price_source))),
    )


def _lots(run: Findings, order: Order, p: Position, unit: str) -> tuple[Text, Text]:
    """Count and size; what a dealer sells as a lot is assumed, and with it how many of them make a weight."""
    if p.lot_size is None:
        return text(NONE), text(NONE)
    assumed, size = p.terms in ASSUMED, (run.fmt.quantity(p.lot_size), f" {unit}")
    lot = text(*(run.assumed(words, TERMS, marked=False) if assumed else words for words in size))
    if order.lots is None:  # what is held is no whole number of them
        return text(NONE), lot
    count = run.fmt.number(order.lots)
    return text(run.derived(count, TERMS, marked=False) if assumed else count), lot


def _after(run: Findings, p: Position, unit: str) -> Text:
    return text(strong(run.fmt.quantity(p.quantity)), strong(f" {unit}")) if p.quantity else text(NONE)


def _sum(run: Findings, *, lots: bool) -> Row:
    """What is bought, where nothing was held; else what the orders do to the cash."""
    say, fmt, cost = run.say, run.fmt, run.proposal.costs.entry
    paid = text(run.derived(fmt.number(cost), *entry_rests_on(run), marked=False)) if cost else text(NONE)
    blank = (text(""),) * (5 if lots else 3)
    if not run.before:
        return Row((say("Together"), *blank, text(strong(fmt.number(sum(p.value for p in run.shown)))), paid), total=True)
    moved = sum(order.cash for order in run.proposal.orders)
    change = text(strong(fmt.number(moved, signed=True))) if abs(moved) > TRADED else text(NONE)
    return Row((say("Change of cash"), *blank, change, paid, text("")), total=True)


AGED = 31
"""Days from which a price is told with its error as one of today."""


def _notes(run: Findings, rows: list[tuple[Order, Position]]) -> Iterator[Text]:
    """Worth at the last prices, cash before and after the orders, lots that are sold with their rule, what is kept and why."""
    say, record = run.say, run.proposal
    yield from _at_last_prices(run)
    aged = [p for _, p in rows if (run.as_of - day(p.price_date)).days > AGED]
    if old := [(p, p.price_today_se / p.price) for p in aged if p.price and p.price_today_se]:
        listed = [say("{metal} ± {error}", metal=run.head(p), error=run.fmt.percent(error, 0)) for p, error in old]
        yield say(
            "Estimated prices are of the day of the last observed price, and deliveries follow the market by some months. "
            "Taken as prices of today their error is wider, by the volatility of that time: {metals}.",
            metals=say.listed(listed),
        )
    yield from (run.sentence(p.in_europe.told) for _, p in rows if p.in_europe and p.in_europe.told)
    if run.before and any(order.side != KEEP for order, _ in rows):
        before, added, left = record.money.cash_before, record.money.added, record.cash.value
        yield say(
            "Cash: {before} before the orders, of it {added} added; {left} after them.",
            before=run.money(before, 2),
            added=run.money(added - record.money.reserved, 2),
            left=run.money(left, 2),
        )
    for order, p in rows:
        if not order.note:
            continue
        metal, why = run.head(p), run.sentence(order.note)
        if order.side == "sell" and order.lot_ids:
            yield say("{metal}, sold from {lots}: {why}.", metal=metal, lots=", ".join(order.lot_ids), why=why)
        else:
            yield say("{metal}: {why}.", metal=metal, why=why)


def _at_last_prices(run: Findings) -> Iterator[Text]:
    """What is held after the orders at the last observed prices, and the limits that are broken there."""
    say, last, cash = run.say, run.proposal.at_last_prices, run.proposal.cash.value
    levels = sum(p.value for p in run.proposal.positions)
    if not run.held or abs(last.value - cash - levels) <= TRADED:
        return
    yield say(
        "At the last observed prices these holdings cost {last}, at the estimated prices {levels}.",
        last=run.money(last.value - cash),
        levels=run.money(levels),
    )
    for c in run.broken_at_last:
        read = scale(say, c.kind, None)
        near = not read.loading and abs(c.value - c.limit) < NEAR
        yield say(
            "Broken at the last observed prices: {name} is {value}, the limit {limit}.",
            name=of_strategy(c.name, say),
            value=strong(run.fmt.percent(read.told(c.value), 3) if near else read.value(c.value)),
            limit=read.asked(c.limit),
        )


def expected_returns(run: Findings) -> Figure | None:
    """Expected return of the proposal and of each holding, where the strategy states any."""
    say, fmt, expected = run.say, run.fmt, run.proposal.expected_return
    if expected is None:
        return None
    named = {p.asset: p for p in run.held}

    def row(label: Text, value: float, error: float | None, weight: float | None, *, total: bool = False) -> Row:
        share = text(muted(fmt.percent(weight))) if weight is not None else text("")
        told = text(NONE) if error is None else text(fmt.percent(error))
        return Row((label, share, text(strong(fmt.percent(value))), told), total=total)

    rows = [
        row(text(run.head(p)), expected.assets[key].value, expected.assets[key].error, p.weight) for key, p in named.items()
    ]
    rows.append(row(say("Proposal"), expected.value, expected.error, None, total=True))
    columns = (
        Column(say.words("Holding"), "left"),
        Column(say.words("weight")),
        Column(say.words("Expected return")),
        Column(say.words("Standard error")),
    )
    value = fmt.percent(expected.value)
    if expected.error is None:
        title = say("The strategy expects a return of {value} a year", value=value)
    else:
        title = say("The strategy expects a return of {value} ± {error} a year", value=value, error=fmt.percent(expected.error))
    sub = say("Return a year as the strategy states or estimates it, before costs, with one standard error where there is one.")
    return Figure(title, sub, (Table(say.words("Expected returns"), columns, tuple(rows)),))
