"""Allocation: what to do and what it means, weights, costs and orders; and `toolkit optimize`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal
from math import sqrt
from types import MappingProxyType

from toolkit.records.explanation import ExplainedRun
from toolkit.records.limits import Limit
from toolkit.records.positions import Order, Position
from toolkit.records.run import Run
from toolkit.report.charts.basket import Slice
from toolkit.report.charts.waterfall import WaterfallStep, waterfall
from toolkit.report.compose import beside, opened, section
from toolkit.report.document import (
    Bar,
    Block,
    Chart,
    Document,
    Figure,
    Heading,
    KeyFigure,
    KeyFigures,
    Missing,
    Notes,
    Paragraph,
    Row,
    Section,
    Status,
    Table,
    left,
    legend,
    right,
)
from toolkit.report.findings import Findings
from toolkit.report.i18n.formats import capital, day
from toolkit.report.i18n.language import Language, mark
from toolkit.report.i18n.measures import measure_words, scale
from toolkit.report.i18n.names import of_strategy, source_of_dealer
from toolkit.report.i18n.text import NONE, Inline, Span, Text, joined, muted, plain, sentences, sources, strong, text
from toolkit.report.markers import CHARGES, COSTS, HALF_A_CENT, NORMAL, OFFERS, RATE, SET, SHOCKS, STORAGE, TERMS, UNCERTAIN
from toolkit.report.shorten import LARGEST_ROWS, largest
from toolkit.report.topics.controls import STANDINGS, basket_figure
from toolkit.report.topics.countries import exposure
from toolkit.report.topics.dates import next_change
from toolkit.report.topics.evidence import following, verdict
from toolkit.report.topics.factors import rests_on_pairs
from toolkit.report.topics.limits import explanation, limits
from toolkit.report.topics.measures import doubts

ASSUMED = ("assumption", "published_fee")
"""Terms of which spread and lot are assumed: what a vault publishes is its fee."""
CENT = Decimal("0.01")
LINES = {
    "spread": mark("half spread"),
    "premium": mark("origin premium"),
    "vat": mark("VAT"),
    "impact": mark("market impact"),
    "fees": mark("fees"),
}


@dataclass(frozen=True, slots=True)
class Item:
    """A part of the entry cost.

    Attributes:
        key: ``spread``, ``premium``, ``vat``, ``impact`` or ``fees``; empty where the run does not keep them apart.
        amount: In the reporting currency, whole cents.
        rests_on: Keys of the assumptions that this run makes and the amount rests on.
    """

    key: str
    amount: float
    rests_on: tuple[str, ...]


def items(run: Findings) -> tuple[Item, ...]:
    """The parts of the entry cost, the largest first; their cents add up to those of the cost."""
    total = run.proposal.costs.entry
    parts = run.entry_items or {"": total}
    return tuple(Item(key, amount, _rests_on(run, key)) for key, amount in to_the_cent(parts, total).items() if amount > 0)


def _rests_on(run: Findings, key: str) -> tuple[str, ...]:
    traded = any(p.terms in ASSUMED for p in run.shown if p.cost > 0)
    if key == "premium":
        found: tuple[str, ...] = (OFFERS,)
    elif key in SET:
        found = (CHARGES,)
    else:
        found = (COSTS,) if traded else ()
    return found if run.rests_on(*found).refs else ()


def entry_rests_on(run: Findings) -> tuple[str, ...]:
    """Keys of the assumptions that the entry cost rests on."""
    return tuple(dict.fromkeys(key for item in items(run) for key in item.rests_on))


def to_the_cent(parts: Mapping[str, float], total: float) -> dict[str, float]:
    """Parts in whole cents that add up to the cents of `total`: those with the largest rests are rounded up.

    Of a total whose own parts were rounded one by one, which is some cents away, each part takes its share.
    """
    scale = Decimal(str(total)) / whole if (whole := sum(Decimal(str(value)) for value in parts.values())) else Decimal(1)
    exact = {key: Decimal(str(value)) * scale / CENT for key, value in parts.items()}
    cents = {key: value.to_integral_value(ROUND_FLOOR) for key, value in exact.items()}
    missing = int((Decimal(str(total)) / CENT).to_integral_value(ROUND_HALF_UP) - sum(cents.values()))
    for key in sorted(parts, key=lambda key: cents[key] - exact[key])[: max(missing, 0)]:
        cents[key] += 1
    return {key: float(value * CENT) for key, value in cents.items()}


def cost_waterfall(run: Findings) -> Figure | None:
    """From the budget through each part of the entry cost to cash and metal; None where entering costs nothing."""
    record, say, fmt = run.proposal, run.say, run.fmt
    if record.costs.entry <= 0:
        return None
    placed, cash = sum(p.value for p in record.positions), record.cash.value
    found = items(run)
    assumed = any(item.rests_on for item in found)
    steps = [WaterfallStep(say.words("Budget"), fmt.number(record.budget), record.budget, "whole")]
    steps += [
        WaterfallStep(capital(_line(run, item.key)), fmt.number(-item.amount), item.amount, "cost", bool(item.rests_on))
        for item in found
    ]
    steps.append(WaterfallStep(say.words("Stays in cash"), fmt.number(cash), cash, "kept"))
    steps.append(WaterfallStep(say.words("Placed in metal"), fmt.number(placed), placed, "kept"))
    cost = run.derived(run.money(record.costs.entry), *entry_rests_on(run), marked=False)
    title = say(
        "Of {budget}, {placed} becomes metal, {cash} stays in cash and {cost} goes into trading",
        budget=run.money(record.budget),
        placed=run.money(placed),
        cash=run.money(cash),
        cost=cost,
    )
    told = [f"{step.label} {step.written}" for step in steps]
    return Figure(
        title,
        say("From the budget to what is held, in {currency}.", currency=run.currency),
        (Chart(waterfall(steps, fmt), f"{'; '.join(told)}."),),
        legend((assumed, "hollow", say.words("rests on an assumption"))),
        say("Own calculation{markers}.", markers=sources(run.of_prices(), run.rests_on(*entry_rests_on(run)))),
        _table(run, found),
    )


def _table(run: Findings, found: tuple[Item, ...]) -> Table:
    """The steps with their cents and what is left after each."""
    say, fmt = run.say, run.fmt
    level = Decimal(str(run.proposal.budget)).quantize(CENT, ROUND_HALF_UP)
    steps: list[tuple[Inline, Inline, Inline]] = [(say("Budget"), NONE, strong(fmt.number(float(level), 2)))]
    for item in found:
        level -= Decimal(str(item.amount))
        amount = run.derived(fmt.number(-item.amount, 2), *item.rests_on)
        steps.append((capital(_line(run, item.key)), amount, fmt.number(float(level), 2)))
    cash = Decimal(str(run.proposal.cash.value)).quantize(CENT, ROUND_HALF_UP)
    steps.append((say("Stays in cash"), fmt.number(float(-cash), 2), fmt.number(float(level - cash), 2)))
    return run.table(
        "From the budget to what is held",
        steps,
        left("Step", lambda step: step[0]),
        right("Amount, {currency}", lambda step: step[1]),
        right("Left, {currency}", lambda step: step[2]),
        # What is left: of a divisible answer the rounded values may add up to a cent more or less.
        below=[Row.of(say("Placed in metal"), NONE, strong(fmt.number(float(level - cash), 2)), total=True)],
        stacks=False,
    )


def _line(run: Findings, key: str) -> str:
    if not key:
        return run.say.words("Trading cost")
    return run.say.word(key, LINES)


def trade_rests_on(run: Findings, p: Position) -> tuple[str, ...]:
    """Keys of the assumptions that the cost of a trade rests on: terms of the dealer, a premium, charges of the strategy."""
    own = (COSTS,) if p.terms in ASSUMED else ()
    offered = (OFFERS,) if p.offer_of and "premium" in run.entry_items else ()
    charged = (CHARGES,) if run.rests_on(CHARGES).refs else ()
    keys = (*own, *offered, *charged)
    return keys if run.rests_on(*keys).refs else ()


def cost_of(run: Findings, p: Position, words: str) -> Span:
    """A cost in words, as data or as derived from what its trade rests on."""
    return run.derived(words, *trade_rests_on(run, p), marked=False)


UNCHANGED = 0.0005
"""A change of weight that would be shown as zero."""
MOSTLY_CASH = 0.5
SAME = 0.0005
"""Volatilities, and shares, that are written alike."""
STATUS = {
    "optimal": mark("optimal"),
    "optimal_inaccurate": mark("optimal to reduced accuracy"),
    "feasible": mark("whole lots"),
}
OWN = {
    "own_series": mark("{source} (own series)"),
    "own_price": mark("{source} (own price of a day)"),
    "dealer_ask": mark("{source} (a dealer’s ask)"),
    "dealer_bid": mark("{source} (a dealer’s bid)"),
    "dealer_bid_ask": mark("{source} (between a dealer’s bid and ask)"),
}
"""Whose a price is (`price_from`, of a dealer's the basis); of bundled ones the source says it."""
GAINS = MappingProxyType(
    {
        "cost": mark(
            "Under these limits no other whole lots are better by more than {gap} a year, in costs and risk at its price; the "
            "error of the prices alone is {error}."
        ),
        "variance": mark(
            "Under these limits no other whole lots have a volatility lower by more than {gap} a year; the error of the prices "
            "alone is {error}."
        ),
        "measure": mark(
            "Under these limits no other whole lots lower the measure of risk that is minimised by more than {gap}; the error "
            "of the prices alone is {error}."
        ),
        "return": mark(
            "Under these limits no other whole lots have a return expected to be higher by more than {gap} a year; the error "
            "of the prices alone is {error}."
        ),
    }
)
"""By the unit of the objective."""
UNKNOWN, CASH = ("whitelist", mark("unknown to the ledger")), ("cash", mark("cash"))
"""Marks of parts of the bar that have no standing."""


def document(record: Run, say: Language) -> Document:
    """The answer of `toolkit optimize`: what to do, weights, orders and limits; all of the section and why, where asked."""
    run = replace(Findings.of(record, None, say), origins=(), assumptions=())  # without the sections that markers refer to
    written = run.fmt.long_date(run.as_of)
    title = say.words("{title}, known on {day}", title=run.subject, day=written)
    if run.controlled is not None:
        title = say.words(
            "{title}, for delivery {towards}, known on {day}",
            title=run.subject, towards=run.towards(record.owner.country), day=written,
        )  # fmt: skip
    why = record.explanation if isinstance(record, ExplainedRun) else None
    opening = tuple(block for block in opened(run, answer) if not isinstance(block, Figure))
    told = opened(run, allocation) if why or not run.shown else (_weights(run), *_traded(run))
    sections = [
        Section("answer", title, opening),
        Section("allocation", say.words(allocation.title), (*told, *_priced_by(run))),
        Section("limits", say.words(limits.title), opened(run, limits)),
    ]
    if why:
        pairs = rests_on_pairs(run)
        sections += [
            Section("exposure", say.words(exposure.title), opened(run, exposure)[:1]),
            Section("explanation", say.words("Why this allocation"), (*explanation(run, why), *((pairs,) if pairs else ()))),
        ]
    return Document(title, say.code, record.as_of, written, "", tuple(one for one in sections if one.blocks))


def _priced_by(run: Findings) -> tuple[Block, ...]:
    """Whose prices are behind what is traded and held, a line a source and day."""
    say, traded = run.say, {order.asset for order in run.proposal.orders}
    of: dict[str, list[str]] = {}
    for p in run.positions:
        if p in run.held or p.asset in traded:
            key = p.basis if p.price_from == "dealer" else p.price_from
            source = say.words(OWN[key], source=source_of_dealer(p.price_source)) if key in OWN else p.price_source
            told = (source, run.fmt.short_date(p.price_date))
            of.setdefault(", ".join(part for part in told if part), []).append(say.term("name", p.name))
    lines = (
        say("Price from {source}: {names}.", source=source, names=plain(joined(say.shortened(names), ", ")))
        for source, names in of.items()
    )
    return (Notes(tuple(("", line) for line in lines)),) if of else ()


@section("answer", "", needs=["positions"], uses=["exit"])
def answer(run: Findings) -> tuple[Block, ...]:
    """Heading, paragraph, what changes next, key figures, the bar and the status line."""
    return (
        Heading(_result(run)),
        Paragraph(sentences(*_paragraph(run)), "answer"),
        *((Paragraph(told, "next"),) if (told := sentences(*_next_of_law(run), *_next_look(run))) else ()),
        KeyFigures((_controlled(run), _loss(run), _break_even(run) or _entry(run))),
        *((bar,) if (bar := _proposed(run)) else ()),
        *((Paragraph(told),) if (told := sentences(*_beside(run), *_proof(run), *_evidence(run))) else ()),
        Status(((run.say.words("Status"), _status(run)), *doubts(run))),
    )


def _result(run: Findings) -> Text:
    """What to do and what it means: orders, how much is under control, a bad year, and limits that do not hold."""
    say, found, loss = run.say, [_allocated(run)], _bad_year(run)
    if run.held and run.controlled is not None:
        share = run.fmt.percent(run.controlled)
        is_none = run.controlled < SAME
        found.append(
            say("nothing of it is under Chinese export control")
            if is_none
            else say("{share} is under Chinese export control", share=share)
        )
    if run.held and loss is not None and loss > 0:
        found.append(say("a bad year costs {loss}", loss=run.money(loss)))
    if run.broken:
        n, total = len(run.broken), say.number_word(len(run.limits))
        found.append(say.counted(n, "{n} limit of {total} is broken", "{n} limits of {total} are broken", total=total))
    return joined(found, "; ")


def _allocated(run: Findings) -> Text:
    """What is bought and sold, in the fewest words; of what stays mostly cash, that."""
    say, fmt, cash, held = run.say, run.fmt, run.proposal.cash.weight, len(run.held)
    if not held:
        return say("All of the {budget} stays in cash", budget=run.money(run.proposal.budget))
    if cash + sum(min(p.weight, 0.0) for p in run.held) > MOSTLY_CASH:  # what short positions brought in is not idle
        share = fmt.percent(cash, 0)
        return say.counted(
            held,
            "{share} stays in cash; the rest is {n} holding",
            "{share} stays in cash; the rest is {n} holdings",
            share=share,
        )
    money = {side: [one.value for one in run.proposal.orders if one.side == side] for side in ("buy", "sell")}
    found = []
    if values := money["buy"]:
        bought = run.money(sum(values))
        found.append(say.counted(len(values), "Buy {n} product for {money}", "Buy {n} products for {money}", money=bought))
    if values := money["sell"]:
        sold, n = run.money(sum(values)), len(values)
        if found:
            found.append(say.counted(n, "sell {n} product for {money}", "sell {n} products for {money}", money=sold))
        else:
            found.append(say.counted(n, "Sell {n} product for {money}", "Sell {n} products for {money}", money=sold))
    return joined([*(found or [say("Nothing is bought or sold")]), *_volatility(run)], "; ")


def _volatility(run: Findings) -> Iterator[Text]:
    """Of what was held before, how the trades change its volatility."""
    say, fmt, before, now = run.say, run.fmt, run.before, run.proposal.risk.volatility
    if not before or before.volatility <= 0:
        return
    was, becomes = fmt.percent(before.volatility), fmt.percent(now)
    if abs(now - before.volatility) < SAME:
        yield say("volatility stays at {now} a year", now=becomes)
    elif now < before.volatility:
        yield say("volatility falls from {before} to {now} a year", before=was, now=becomes)
    else:
        yield say("volatility rises from {before} to {now} a year", before=was, now=becomes)


def _limits_hold(run: Findings) -> Iterator[Text]:
    """Whether every limit holds, or how many do not at the last observed prices."""
    total, n = len(run.limits), len(run.broken_at_last)
    if not total or run.broken or run.yielded:
        return
    if n:
        yield run.say.counted(
            n,
            "At the last observed prices {n} limit of {total} is broken.",
            "At the last observed prices {n} limits of {total} are broken.",
            total=run.say.number_word(total),
        )
    else:
        yield run.say.counted(total, "The limit holds.", "Every limit holds.")


def _paragraph(run: Findings) -> Iterator[Text]:
    """What is placed and how much of it is under control; of an answer that buys nothing, that it stays cash."""
    if not run.held:
        yield run.say("Nothing is bought: {cash} is kept as cash, without metal risk.", cash=run.money(run.proposal.cash.value))
        return
    if (found := run.proposal.evidence) is not None and (found.verdict == "refuted" or found.against):
        yield verdict(run.say, found)
    yield _placed(run)
    if run.yielded and not run.broken:
        yield run.say(
            "In whole lots not every limit can be kept: {limits}.",
            limits=run.say.listed([_yielded(run, c) for c in run.yielded]),
        )
        if (least := run.proposal.limits_hold_from) is not None:
            yield run.say("With {budget}, for example, all limits hold.", budget=run.money(least))


def _beside(run: Findings) -> Iterator[Text]:
    """Whether the limits hold, what was weighed and not bought, and that no return is forecast."""
    yield from _limits_hold(run)
    if not run.held:
        return
    weighed = [p for p in run.proposal.positions if not (p.weight or p.previous_weight or p.outside)]
    if weighed:
        names = run.say.shortened([run.say.known(p.asset) for p in weighed])
        yield run.say("Weighed and not bought: {names}.", names=run.say.listed(names))
    if run.proposal.expected_return is None:
        yield run.say("No return is forecast.")
    if run.proposal.objective.kind == "track":
        error = run.fmt.percent(sqrt(run.proposal.objective.value))
        yield run.say("Tracking error {error} a year: the volatility of the difference to the target.", error=error)


def _evidence(run: Findings) -> Iterator[Text]:
    """What past prices say of following the strategy, and of holding instead."""
    if (found := run.proposal.evidence) is not None:
        own = run.proposal.rebalancing
        yield from following(run.say, found, own.every if run.short and own else None)


def _next_of_law(run: Findings) -> Iterator[Text]:
    """What of the law changes next; nothing where the ledger knows no holding, as of shares."""
    if run.controlled is not None or not run.held:
        yield from next_change(run)


def _next_look(run: Findings) -> Iterator[Text]:
    """When the strategy is looked at again, and what is kept until then."""
    found = run.proposal.rebalancing
    if found is None or found.next_look is None:
        return
    yield run.say("Next look on {day}; the strategy asks for no sale before.", day=run.fmt.long_date(found.next_look))
    if found.kept:
        names = run.say.shortened([run.say.known(key) for key in found.kept])
        yield run.say("Kept, since no limit on holding is exceeded: {names}.", names=run.say.listed(names))


def _yielded(run: Findings, c: Limit) -> Text:
    """A soft limit that gives way, by how much."""
    of = scale(run.say, c.kind, c.measure)
    told = {"value": of.value(c.value), "limit": of.asked(c.limit)}
    return run.say("{name} {value} for {limit}", name=of_strategy(c.name, run.say), **told)


def _placed(run: Findings) -> Text:
    largest = run.held[0]
    if short := sum(-p.value for p in run.held if p.value < 0):
        return run.say.counted(
            len(run.held),
            "{long} are held long and {short} short in {n} product, {metal} ({share}), with {cash} in cash.",
            "{long} are held long and {short} short in {n} products, most in {metal} ({share}), with {cash} in cash.",
            long=run.money(sum(p.value for p in run.held if p.value > 0)),
            short=run.money(short),
            metal=run.metal(largest),
            share=run.fmt.percent(largest.weight),
            cash=run.money(run.proposal.cash.value),
        )
    return run.say.counted(
        len(run.held),
        "The proposal places {placed} of {budget} in {n} product, {metal} ({share}), and keeps {cash} in cash.",
        "The proposal places {placed} of {budget} in {n} products, most in {metal} ({share}), and keeps {cash} in cash.",
        placed=run.money(sum(p.value for p in run.held)),
        budget=run.money(run.proposal.budget),
        metal=run.metal(largest),
        share=run.fmt.percent(largest.weight),
        cash=run.money(run.proposal.cash.value),
    )


def _unsettled(run: Findings) -> tuple[str, ...]:
    """The assumption that a form which no notice settles is controlled, where such a form is held."""
    return (UNCERTAIN,) if any(run.standing(p.product) == "unsettled" for p in run.held) else ()


def _controlled(run: Findings) -> KeyFigure:
    """The share under control, or the largest holding where no product is known to the ledger."""
    say, fmt, controlled, before = run.say, run.fmt, run.controlled, run.before
    if controlled is None:
        if not run.held:
            return KeyFigure(say.words("Largest holding"), text(NONE), say("nothing is held"))
        largest = run.held[0]
        return KeyFigure(say.words("Largest holding"), text(fmt.percent(largest.weight)), text(say.name(largest.name)))
    note: list[Inline] = [say("of value")]
    if before and before.controlled is not None:
        note = [say("of value, from {before}", before=fmt.percent(before.controlled))]
    limit = next((c for c in run.limits if c.kind == "control_exposure" and c.side == "upper"), None)
    if limit:
        note.append(say("limit {limit}", limit=fmt.limit(limit.limit)))
    if run.unjudged:
        unknown = fmt.percent(sum(p.weight for p in run.unjudged))
        note.append(say("{share} is in products that no ledger knows", share=unknown))
    doubt = _unsettled(run)
    markers = sources(run.of_tables("controls"), run.rests_on(*doubt))
    return KeyFigure(
        say.words("Under export control"),
        text(run.derived(fmt.percent(controlled), *doubt, marked=False)),
        text(joined(note, "; "), markers),
    )


def _bad_year(run: Findings) -> float | None:
    """The mean loss of the worst year in twenty, in money; None where no risk is known."""
    risk, costs = run.proposal.risk, run.proposal.costs
    return None if risk.cvar_95 is None else risk.cvar_95 * (run.proposal.budget - costs.entry)


def _loss(run: Findings) -> KeyFigure:
    """The mean loss of a bad year in money, with its share of value and the volatility."""
    say, fmt, risk = run.say, run.fmt, run.proposal.risk
    if risk.cvar_95 is None:
        return KeyFigure(say.words("Loss in a bad year"), text(NONE), say("not known"))
    share = {"share": fmt.percent(risk.cvar_95), "volatility": fmt.percent(risk.volatility)}
    if run.normal_tail:
        note = say(
            "{share} of value, the mean of the worst year in twenty; volatility {volatility} a year{prices}",
            prices=run.of_prices(), **share,
        )  # fmt: skip
    else:
        note = say(
            "{share} of value, the mean of the worst twentieth, by {method}; volatility {volatility} a year{prices}",
            method=run.sentence(risk.cvar_method), prices=run.of_prices(), **share,
        )  # fmt: skip
    amount = run.derived(run.money(_bad_year(run)), NORMAL, SHOCKS, marked=False)
    return KeyFigure(say.words("Loss in a bad year"), text(amount), text(note, run.rests_on(NORMAL, SHOCKS)))


def _break_even(run: Findings) -> KeyFigure | None:
    """The rise of prices after which a sale at the end of the holding period pays for all costs; None where it is not known."""
    found, say, costs = run.parts.exit, run.say, run.proposal.costs
    if found is None or found.years not in found.horizons or found.total.value <= 0:
        return None
    rise = found.total.rise[found.horizons.index(found.years)]
    if rise is None:
        return None
    years = 1 if found.years == 1 else 2
    label = say.counted(
        years, "Break-even after one year", "Break-even after {years} years", years=run.fmt.quantity(found.years)
    )
    note = say(
        "rise of prices that pays for the way in, storage and the way out; trading costs {entry}, holding {holding} a year",
        entry=run.derived(run.money(costs.entry), *entry_rests_on(run), marked=False),
        holding=run.derived(run.money(costs.holding_per_year), STORAGE, marked=False),
    )
    value = run.derived(run.fmt.percent(rise, signed=True), COSTS, STORAGE, marked=False)
    return KeyFigure(plain(label), text(value), text(note, run.rests_on(COSTS, STORAGE)))


def _entry(run: Findings) -> KeyFigure:
    say, costs = run.say, run.proposal.costs
    label = say.words("Trading cost")
    if not costs.entry:
        unknown = any(p.terms == "unknown" for p in run.held)
        why = say("no dealer terms are known, so none are counted") if unknown else say("nothing is traded at a spread")
        return KeyFigure(label, text(run.money(costs.entry)), why)
    rests = entry_rests_on(run)
    note = say(
        "{share} of the budget: {costs}; holding {holding} a year",
        share=run.derived(run.fmt.percent(costs.entry / run.proposal.budget), *rests, marked=False),
        costs=run.assumed(run.entry_words, *rests),
        holding=run.derived(run.money(costs.holding_per_year), STORAGE, marked=False),
    )
    return KeyFigure(label, text(run.derived(run.money(costs.entry), *rests, marked=False)), note)


def _status(run: Findings) -> Text:
    """How good the answer is known to be."""
    say, status, gap = run.say, run.proposal.status, run.proposal.solver.lots_gap
    message = text(say.word(status, STATUS))
    if gap is None:
        return say("{status}, not proven to be near the best", status=message) if status == "feasible" else message
    gap_told = run.fmt.percent(gap, 2)
    return say("{status}, proven to be at most {gap} of the best possible value away from it", status=message, gap=gap_told)


def _proof(run: Findings) -> Iterator[Text]:
    """What other whole lots could gain at most, and the error of the value; nothing where one is not known."""
    record = run.proposal
    gap, error = record.solver.lots_gap_value, record.value_se
    if gap is None or not error or record.objective.unit not in GAINS:
        return
    most, off = map(run.money, (gap, error))
    yield run.say(GAINS[record.objective.unit], gap=most, error=off)


def _proposed(run: Findings) -> Figure | None:
    """The proposal by product: what is under control first, the largest of each first, cash last.

    None where something is sold short: parts of a bar would not add up to the whole.
    """
    if any(p.weight < 0 for p in run.held):
        return None
    say, fmt = run.say, run.fmt
    unknown = {p.asset for p in run.unjudged}

    def mark_of(p: Position) -> str:
        return UNKNOWN[0] if p.asset in unknown else STANDINGS[run.standing(p.product)][0]

    order = [key for key, _ in (*STANDINGS.values(), UNKNOWN)]
    rows = sorted((p for p in run.held if p.weight > 0), key=lambda p: (order.index(mark_of(p)), -p.weight, p.asset))
    if not rows:
        return None
    place = run.towards(run.record.owner.country)
    slices = [Slice(p.weight, f"{run.head(p).text} {fmt.percent(p.weight)}", mark_of(p)) for p in rows]
    cash = run.proposal.cash.weight
    if cash > 0:
        slices.append(Slice(cash, f"{say.words('Cash')} {fmt.percent(cash)}", CASH[0]))
    marks = [*STANDINGS.values(), UNKNOWN, CASH]
    return basket_figure(run, slices, marks, say("Each product by its share of value, for delivery {towards}.", towards=place))


@section("allocation", mark("Allocation"), needs=["positions"])
def allocation(run: Findings) -> tuple[Block, ...] | Missing:
    """Weights, the way from the budget of a cost of several parts, the orders and the sum that closes."""
    if not run.shown:
        kept = run.money(run.proposal.cash.value, 2)
        return Missing(run.say.words("Nothing is held and nothing is bought: {cash} stays in cash.", cash=kept))
    if run.short:  # the bar of the first screen has the weights
        return _traded(run)
    return (*beside(_weights(run), cost_waterfall(run) if len(items(run)) > 1 else None), *_traded(run))


def _traded(run: Findings) -> tuple[Block, ...]:
    """The orders, the sum that closes, and what is expected of it."""
    expected = None if run.short else expected_returns(run)
    return (orders(run), Paragraph(_equation(run), "equation"), *((expected,) if expected else ()))


def _weights(run: Findings) -> Figure:
    say, fmt, before, cash, shown = run.say, run.fmt, run.before, run.proposal.cash, run.shown
    caps = run.proposal.caps.assets
    known = {p.asset: caps.get(p.asset, caps.get(p.element or "")) for p in shown}
    carried = run.proposal.risk_contributions
    first, others = largest(shown, lambda p: p.weight)
    rows: list[tuple[Inline, float, float, float | None, float]]
    rows = [(run.head(p), p.weight, p.previous_weight, known[p.asset], carried.get(p.asset, 0.0)) for p in first]
    if others:
        weight, before_that = sum(p.weight for p in others), sum(p.previous_weight for p in others)
        risk = sum(carried.get(p.asset, 0.0) for p in others)
        rows.append((say("{n} others", n=len(others)), weight, before_that, None, risk))
    rows.append((say("Cash"), cash.weight, cash.previous_weight, None, 0.0))
    weights = [cash.weight, *(weight for p in shown for weight in (p.weight, p.previous_weight))]
    scale = 1.12 * max(*map(abs, weights), *(cap for cap in known.values() if cap))
    short = any(row[1] < -UNCHANGED for row in rows)
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
    of = measure_words(run.proposal.risk.contributions_of, run.proposal.objective.confidence, say)
    sub = text(sub, " ", say("Risk: part of the {measure}.", measure=of))
    table = run.bars(
        "Weights",
        rows,
        left("Holding", lambda row: row[0]),
        right("now", lambda row: _weight(run, row[2], muted)) if before else None,
        right(say("new") if before else say("weight"), lambda row: _weight(run, row[1], strong)),
        right("change", lambda row: NONE if abs(row[1] - row[2]) < UNCHANGED else muted(fmt.points(row[1] - row[2])))
        if before
        else None,
        right("risk", lambda row: muted(fmt.percent(row[4])) if row[4] else NONE),
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


NEAR_LIMIT = 5e-4
"""A value this near to its limit is told with more digits."""
FAR_FROM_LEVEL = 0.25
"""A last price this far from the level, as a fraction of it, is marked."""
KEEP = "keep"
SIDES: Mapping[str, str] = {"buy": mark("buy {amount}"), "sell": mark("sell {amount}"), KEEP: mark("keep {amount}")}


def orders(run: Findings) -> Figure:
    """The order list as a table, and below it the cash and what is to be known of a trade."""
    say, fmt, rows = run.say, run.fmt, _orders_shown(run)
    lots = any(p.lots is not None for p in run.shown)
    traded = sum(order.side != KEEP for order, _ in rows)
    first, others = largest(rows, lambda row: row[0].value)
    table = run.table(
        "Orders",
        first,
        left("Product", lambda row: run.title(row[1])),
        right("Order", lambda row: _amount(run, *row)),
        right("Lots", lambda row: _count(run, *row)) if lots else None,
        right("Lot", lambda row: _lot(run, row[1])) if lots else None,
        right("Estimated price ± error, {currency}", lambda row: _estimated(run, row[1]), "Estimated, {currency}"),
        right("Last observed price, {currency}", lambda row: _last(run, row[1]), "Last observed"),
        right("Value, {currency}", lambda row: fmt.number(row[0].value)),
        right("Cost, {currency}", lambda row: cost_of(run, row[1], fmt.number(row[0].cost)) if row[0].cost else NONE),
        right("Held after", lambda row: _after(run, row[1])) if run.before else None,
        below=[*_other_orders(run, others, lots=lots), _sum(run, lots=lots)],
    )
    told = tuple(("", words) for words in _order_notes(run, first))
    return Figure(
        _orders_finding(run, traded, lots=lots),
        say(
            "Price of one unit: the estimate of the model with one standard error as the price of today, and the last observed "
            "one. An estimate is no offer."
        ),
        (table, Notes(told)) if told else (table,),
        source=_priced(run),
    )


def _other_orders(run: Findings, others: Sequence[tuple[Order, Position]], *, lots: bool) -> Iterator[Row]:
    """The sum of the orders that the table does not show; `orders.csv` of the run has all."""
    if others:
        value, cost = sum(order.value for order, _ in others), sum(order.cost for order, _ in others)
        told = (run.say("{n} others", n=len(others)), *[""] * (5 if lots else 3), run.fmt.number(value), run.fmt.number(cost))
        yield Row.of(*told, *([""] if run.before else []))


def _orders_shown(run: Findings) -> list[tuple[Order, Position]]:
    """Each order with its position, in the order of the record; what is below half a cent is left out."""
    positions = {p.asset: p for p in run.proposal.positions}
    return [(order, positions[order.asset]) for order in run.proposal.orders if order.value > HALF_A_CENT]


def _orders_finding(run: Findings, traded: int, *, lots: bool) -> Text:
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


def _priced(run: Findings) -> Text:
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
    return text(run.fmt.price(p.price), *error, () if run.short else muted(f" / {run.say.term('term', p.unit)}"))


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


def _order_notes(run: Findings, rows: list[tuple[Order, Position]]) -> Iterator[Text]:
    """Worth at the last prices, cash before and after the orders, lots that are sold with their rule, what is kept and why."""
    say, record = run.say, run.proposal
    yield from _at_last_prices(run)
    if len(rows) >= LARGEST_ROWS and (every := len(_orders_shown(run))) > len(rows):
        yield say("The {shown} largest of {all} orders; orders.csv of the run has all.", shown=len(rows), all=every)
    if any((run.as_of - day(p.price_date)).days > AGED and p.price_today_se for _, p in rows):
        yield say(
            "The errors hold, by what past prices missed, that prices are old, deliveries come months later and customs values "
            "are of one country."
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
        largest(run.held, lambda p: p.weight)[0],
        left("Holding", run.head),
        right("weight", lambda p: muted(fmt.percent(p.weight))),
        right("Expected return", lambda p: strong(fmt.percent(expected.assets[p.asset].value))),
        right("Standard error", lambda p: fmt.percent(expected.assets[p.asset].error)),
        below=[Row.of(say("Proposal"), "", strong(value), fmt.percent(expected.error), total=True)],
    )
    return Figure(title, sub, (table,))
