"""Allocation: weights now and proposed, what they cost, what rounding to lots changed, and the orders."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal

from toolkit.records.positions import Order, Position
from toolkit.report.compose import beside, folded, section
from toolkit.report.document import Bar, Block, Figure, Missing, Notes, Paragraph, Row, left, legend, right
from toolkit.report.findings import Findings
from toolkit.report.i18n.formats import day
from toolkit.report.i18n.language import mark
from toolkit.report.i18n.measures import scale
from toolkit.report.i18n.names import of_strategy
from toolkit.report.i18n.text import NONE, Inline, Span, Text, muted, sources, strong, text
from toolkit.report.markers import COSTS, RATE, TERMS
from toolkit.report.tables.costs import ASSUMED, CENT, cost_of, cost_waterfall, costs_by_trade, entry_rests_on, items

UNCHANGED = 0.0005
"""A change of weight that would be shown as zero."""


@section("allocation", mark("Allocation"), needs=["positions"])
def allocation(run: Findings) -> tuple[Block, ...] | Missing:
    """Weights beside costs, the orders and the sum that closes, and the effect of lots.

    A cost of several parts has its way from the budget drawn; one of a single part is told by the sum alone.
    """
    if not run.shown:
        kept = run.money(run.proposal.cash.value, 2)
        return Missing(run.say.words("Nothing is held and nothing is bought: {cash} stays in cash.", cash=kept))
    drawn = len(items(run)) > 1
    if run.short:  # the bar of the first screen has the weights
        return (orders(run), Paragraph(_equation(run), "equation"), *_folded(run, _rounding(run)))
    return (
        *beside(_weights(run), costs_by_trade(run)),
        *(beside(cost_waterfall(run), _rounding(run)) if drawn else ()),
        orders(run),
        Paragraph(_equation(run), "equation"),
        *((found,) if (found := expected_returns(run)) else ()),
        *(() if drawn else _folded(run, _rounding(run))),
    )


def _folded(run: Findings, figure: Figure | None) -> tuple[Block, ...]:
    """A finding with its table behind it, and its sources beside what is measured."""
    if figure is None:
        return ()
    return folded(replace(figure, sub=text(figure.sub, run.of_prices()), source=()))


def _weights(run: Findings) -> Figure:
    say, fmt, before, cash, shown = run.say, run.fmt, run.before, run.proposal.cash, run.shown
    caps = run.proposal.caps.assets
    known = {p.asset: caps.get(p.asset, caps.get(p.element or "")) for p in shown}
    rows: list[tuple[Inline, float, float, float | None]]
    rows = [(run.head(p), p.weight, p.previous_weight, known[p.asset]) for p in shown]
    rows.append((say("Cash"), cash.weight, cash.previous_weight, None))
    weights = [cash.weight, *(weight for p in shown for weight in (p.weight, p.previous_weight))]
    scale = 1.12 * max(*map(abs, weights), *(cap for cap in known.values() if cap))
    short = any(new < -UNCHANGED for _, new, _, _ in rows)
    distinct = sorted({cap for cap in known.values() if cap is not None})
    marks = ((distinct[0] / scale, say.words("limit {limit}", limit=run.fmt.limit(distinct[0]))),) if len(distinct) == 1 else ()
    marked = legend(
        (before, "now", say.words("now")),
        (True, "new", say.words("proposed")),
        (distinct, "cap", say.words("limit per holding")),
        (short, "hollow", say.words("sold short or borrowed")),
    )
    sub = say("Share of value after trading costs.")
    if before:
        sub = say("Share of value after trading costs. Grey is today, blue is proposed; change in percentage points.")
    table = run.bars(
        "Weights",
        rows,
        left("Holding", lambda row: row[0]),
        right("now", lambda row: _weight(run, row[2], muted)) if before else None,
        right(say("new") if before else say("weight"), lambda row: _weight(run, row[1], strong)),
        right("change", lambda row: NONE if abs(row[1] - row[2]) < UNCHANGED else muted(fmt.points(row[1] - row[2])))
        if before
        else None,
        bar=lambda row: Bar(
            value=abs(row[1]) / scale,
            reference=abs(row[2]) / scale if before else None,
            cap=None if row[3] is None else row[3] / scale,
            hollow=row[1] < -UNCHANGED,
            total=row is rows[-1],
        ),
        caps=marks,
    )
    return Figure(_weights_finding(run), sub, (table,), marked, _calculated(run))


def _calculated(run: Findings) -> Text:
    return run.say("Own calculation{markers}.", markers=run.of_prices())


def _weight(run: Findings, weight: float, style: Callable[[str], Span]) -> Span:
    """Cash below zero is a debt, and no dash."""
    return style(run.fmt.percent(weight)) if weight > 0 or weight < -UNCHANGED else NONE


def _change_finding(run: Findings) -> Text:
    say = run.say
    if all(row.side == "keep" for row in run.proposal.orders):
        return say("Nothing is bought or sold")
    largest = max(run.shown, key=lambda p: abs(p.weight - p.previous_weight))
    step = largest.weight - largest.previous_weight
    words = {"metal": run.metal(largest), "points": run.fmt.number(100 * abs(step), 1)}
    if step > 0:
        return say("The largest change is in {metal}, which gains {points} points", **words)
    return say("The largest change is in {metal}, which loses {points} points", **words)


def _weights_finding(run: Findings) -> Text:
    say, fmt = run.say, run.fmt
    if not run.held:
        return say("Everything held today is sold")
    if run.before:
        return _change_finding(run)
    first = run.held[0]
    head, weight = run.head(first), fmt.percent(first.weight)
    if len(run.held) == 1:
        return say("{metal} is the one holding, with {share} of value", metal=head, share=weight)
    if len(run.held) <= 3:
        return say("{metal} is the largest holding, with {share} of value", metal=head, share=weight)
    three = run.held[:3]
    return say(
        "{metals} hold {share} of value together",
        metals=run.metals(three, first=True),
        share=fmt.percent(sum(p.weight for p in three), 0),
    )


def _rounding(run: Findings) -> Figure | None:
    """From today through the optimum of divisible metals to whole lots; None where nothing is traded in lots."""
    say, fmt, cash = run.say, run.fmt, run.proposal.cash
    if all(p.lots is None for p in run.proposal.positions):
        return None
    ideal = {p.asset: p.relaxed_weight for p in run.proposal.positions}
    rows = [p for p in run.proposal.positions if max(p.weight, ideal[p.asset]) >= UNCHANGED]
    rows.sort(key=lambda p: (-max(p.weight, ideal[p.asset]), p.asset))
    steps = [(run.head(p), p.previous_weight, ideal[p.asset], p.weight) for p in rows]
    steps.append((Span(say.words("Cash")), cash.previous_weight, run.proposal.relaxed.cash, cash.weight))
    moved = sum(abs(lots - best) for _, _, best, lots in steps) / 2
    table = run.table(
        "Today, divisible, whole lots",
        steps,
        left("Holding", lambda step: step[0]),
        right("Today", lambda step: _share(run, step[1])) if run.before else None,
        right("Divisible", lambda step: _share(run, step[2])),
        right("Whole lots", lambda step: strong(fmt.percent(step[3])) if step[3] >= UNCHANGED else NONE, "Lots"),
        right("Rounding, points", lambda step: _points(run, step[3] - step[2]), "Rounding"),
        row=lambda step: Row(total=step is steps[-1]),
        stacks=False,
    )
    return Figure(_rounding_finding(run, rows, ideal, moved), _loss(run), (table,), source=_calculated(run))


def _rounding_finding(run: Findings, rows: Sequence[Position], ideal: Mapping[str, float], moved: float) -> Text:
    if moved < UNCHANGED or not rows:
        return run.say("Rounding to lots changes next to nothing")
    largest = max(rows, key=lambda p: abs(p.weight - ideal[p.asset]))
    return run.say(
        "Rounding to lots moves {points} points of value, most in {metal} ({step})",
        points=run.fmt.number(100 * moved, 1),
        metal=run.metal(largest),
        step=run.fmt.points(largest.weight - ideal[largest.asset]),
    )


def _share(run: Findings, weight: float) -> Span:
    return muted(run.fmt.percent(weight)) if abs(weight) >= UNCHANGED else NONE


def _points(run: Findings, step: float) -> str | Span:
    return run.fmt.points(step) if abs(step) >= UNCHANGED else NONE


def _loss(run: Findings) -> Text:
    """What is compared, what lots do to the volatility, and how near to the best of whole lots these are proven to be."""
    say, fmt, gap = run.say, run.fmt, run.proposal.solver.lots_gap
    if gap is None:
        told = say("Share of value: the optimum if metals were divisible, and the nearest in whole lots.")
    else:
        told = say(
            "Share of value: the optimum if metals were divisible, and whole lots, within {gap} of the best possible value.",
            gap=fmt.percent(gap, 2),
        )
    volatility = say(
        "Volatility is {lots} a year in whole lots, and would be {divisible} if metals were divisible.",
        lots=fmt.percent(run.proposal.risk.volatility),
        divisible=fmt.percent(run.proposal.relaxed.volatility),
    )
    return text(told, " ", volatility)


def _equation(run: Findings) -> Text:
    """Values, cash and costs add up to the budget; a continuous proposal may miss it by rounding, and then says so."""
    record = run.proposal
    placed = sum((Decimal(str(p.value)) for p in record.positions), Decimal(0))
    parts = (placed, Decimal(str(record.cash.value)), Decimal(str(record.costs.entry)))
    rounded = [part.quantize(CENT, ROUND_HALF_UP) for part in parts]
    budget = Decimal(str(record.budget)).quantize(CENT, ROUND_HALF_UP)
    metals, cash, costs = (run.money(float(part), 2) for part in rounded)
    return run.say(
        "{metals} placed + {cash} in cash + {costs} trading costs {sign} {budget} budget",
        metals=strong(metals),
        cash=strong(cash),
        costs=run.derived(costs, *entry_rests_on(run)),
        sign="=" if sum(rounded) == budget else "≈",
        budget=strong(run.money(float(budget), 2)),
    )


HALF_A_CENT = 0.005
"""Amounts below half a cent are no trade."""
NEAR_LIMIT = 5e-4
"""A value this near to its limit is told with more digits."""
FAR_FROM_LEVEL = 0.25
"""A last price this far from the level, as a fraction of it, is marked."""
KEEP = "keep"
SIDES: Mapping[str, str] = {"buy": mark("buy {amount}"), "sell": mark("sell {amount}"), KEEP: mark("keep {amount}")}


def orders(run: Findings) -> Figure:
    """The order list as a table, and below it the cash and what is to be known of a trade."""
    say, fmt, rows = run.say, run.fmt, _rows(run)
    lots = any(p.lots is not None for p in run.shown)
    traded = sum(order.side != KEEP for order, _ in rows)
    table = run.table(
        "Orders",
        rows,
        left("Product", lambda row: run.title(row[1])),
        right("Order", lambda row: _amount(run, *row)),
        right("Lots", lambda row: _count(run, *row)) if lots else None,
        right("Lot", lambda row: _lot(run, row[1])) if lots else None,
        right("Estimated price ± error, {currency}", lambda row: _estimated(run, row[1]), "Estimated, {currency}"),
        right("Last observed price, {currency}", lambda row: _last(run, row[1]), "Last observed"),
        right("Value, {currency}", lambda row: fmt.number(row[0].value)),
        right("Cost, {currency}", lambda row: cost_of(run, row[1], fmt.number(row[0].cost)) if row[0].cost else NONE),
        right("Held after", lambda row: _after(run, row[1])) if run.before else None,
        below=[_sum(run, lots=lots)],
    )
    told = tuple(("", words) for words in _notes(run, rows))
    return Figure(
        _title(run, traded, lots=lots),
        say(
            "Price of one unit: as estimated by the model, with one standard error as the price of today, and the last "
            "observed price beside it. An estimated price is no offer."
        ),
        (table, Notes(told)) if told else (table,),
        source=_source(run),
    )


def _rows(run: Findings) -> list[tuple[Order, Position]]:
    """Each order with its position, in the order of the record; what is below half a cent is left out."""
    positions = {p.asset: p for p in run.proposal.positions}
    return [(order, positions[order.asset]) for order in run.proposal.orders if order.value > HALF_A_CENT]


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
    markers = sources(run.of_prices(), run.rests_on(RATE))
    if run.rests_on(TERMS, COSTS).refs:
        terms = run.assumed(run.say.words("typical dealer terms"), TERMS, COSTS)
        return run.say("Source: price series{markers}; lots and costs {terms}.", markers=markers, terms=terms)
    return run.say("Source: price series{markers}.", markers=markers)


def _amount(run: Findings, order: Order, p: Position) -> Text:
    fmt, unit = run.fmt, run.say.term("term", p.unit)
    amount = text(fmt.percent(p.weight, 1)) if order.quantity is None else text(fmt.quantity(order.quantity), f" {unit}")
    return tuple(replace(span, style="strong") for span in run.say(SIDES[order.side], amount=amount))


def _estimated(run: Findings, p: Position) -> Inline:
    """The level with its error as the price of today; none where only returns are known."""
    if p.price is None or p.price_raw is None:
        return NONE
    error = (" ± ", run.fmt.price(p.price_today_se, like=p.price)) if p.price_today_se else ()
    return text(run.fmt.price(p.price), *error, muted(f" / {run.say.term('term', p.unit)}"))


def _last(run: Findings, p: Position) -> Inline:
    """The last print, likewise, with its month and source."""
    if p.price is None or p.price_raw is None:
        return NONE
    far = abs(p.price_raw / p.price - 1) > FAR_FROM_LEVEL
    last = ("▲ " if far else "", run.fmt.price(p.price_raw, like=p.price), f", {run.fmt.month(p.price_date)}")
    return text(*(Span(words, "warn" if far else "muted") for words in last), run.of_sources(p.price_source))


def _count(run: Findings, order: Order, p: Position) -> Inline:
    """How many lots; what a dealer sells as one is assumed, and with it how many of them make a weight."""
    if p.lot_size is None or order.lots is None:  # what is held is no whole number of them
        return NONE
    count = run.fmt.number(order.lots)
    return run.derived(count, TERMS, marked=False) if p.terms in ASSUMED else count


def _lot(run: Findings, p: Position) -> Inline:
    if p.lot_size is None:
        return NONE
    size = (run.fmt.quantity(p.lot_size), f" {run.say.term('term', p.unit)}")
    return text(*(run.assumed(words, TERMS, marked=False) if p.terms in ASSUMED else words for words in size))


def _after(run: Findings, p: Position) -> Inline:
    return text(strong(run.fmt.quantity(p.quantity)), strong(f" {run.say.term('term', p.unit)}")) if p.quantity else NONE


def _sum(run: Findings, *, lots: bool) -> Row:
    """What is bought, where nothing was held; else what the orders do to the cash."""
    say, fmt, cost = run.say, run.fmt, run.proposal.costs.entry
    paid = run.derived(fmt.number(cost), *entry_rests_on(run), marked=False) if cost else NONE
    blank = [""] * (5 if lots else 3)
    if not run.before:
        return Row.of(say("Together"), *blank, strong(fmt.number(sum(p.value for p in run.shown))), paid, total=True)
    moved = sum(order.cash for order in run.proposal.orders)
    change = strong(fmt.number(moved, signed=True)) if abs(moved) > HALF_A_CENT else NONE
    return Row.of(say("Change of cash"), *blank, change, paid, "", total=True)


AGED = 31
"""Days from which a price is told with its error as one of today."""


def _notes(run: Findings, rows: list[tuple[Order, Position]]) -> Iterator[Text]:
    """Worth at the last prices, cash before and after the orders, lots that are sold with their rule, what is kept and why."""
    say, record = run.say, run.proposal
    yield from _at_last_prices(run)
    aged = [p for _, p in rows if (run.as_of - day(p.price_date)).days > AGED]
    if old := [(p, p.price_today_se / p.price) for p in aged if p.price and p.price_today_se]:
        listed = [say("{metal} ± {error}", metal=run.metal(p), error=run.fmt.percent(error, 0)) for p, error in old]
        yield say(
            "Prices are of the day of the last observed one, deliveries follow the market by some months, and customs values "
            "are paid in one country. Their error as prices of today holds all of that, by what past prices missed: {metals}.",
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
            yield say("{metal}, sold from {lots}: {why}.", metal=metal, lots=", ".join(map(say.lot, order.lot_ids)), why=why)
        else:
            yield say("{metal}: {why}.", metal=metal, why=why)


def _at_last_prices(run: Findings) -> Iterator[Text]:
    """What is held after the orders at the last observed prices, and the limits that are broken there."""
    say, last, cash = run.say, run.proposal.at_last_prices, run.proposal.cash.value
    levels = sum(p.value for p in run.proposal.positions)
    if not run.held or abs(last.value - cash - levels) <= HALF_A_CENT:
        return
    yield say(
        "At the last observed prices these holdings cost {last}, at the estimated prices {levels}.",
        last=run.money(last.value - cash),
        levels=run.money(levels),
    )
    for c in run.broken_at_last:
        read = scale(say, c.kind, None)
        near = not read.loading and abs(c.value - c.limit) < NEAR_LIMIT
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
    value = fmt.percent(expected.value)
    if expected.error is None:
        title = say("The strategy expects a return of {value} a year", value=value)
    else:
        title = say("The strategy expects a return of {value} ± {error} a year", value=value, error=fmt.percent(expected.error))
    sub = say("Return a year as the strategy states or estimates it, before costs, with one standard error where there is one.")
    table = run.table(
        "Expected returns",
        run.held,
        left("Holding", run.head),
        right("weight", lambda p: muted(fmt.percent(p.weight))),
        right("Expected return", lambda p: strong(fmt.percent(expected.assets[p.asset].value))),
        right("Standard error", lambda p: fmt.percent(expected.assets[p.asset].error)),
        below=[Row.of(say("Proposal"), "", strong(value), fmt.percent(expected.error), total=True)],
    )
    return Figure(title, sub, (table,))
