"""The answer: the result in a heading and a few words, the basket as one bar, what changes next, and three figures."""

from __future__ import annotations

from collections.abc import Iterator

from toolkit.records.limits import Limit
from toolkit.report.compose import section
from toolkit.report.document import Block, Heading, KeyFigure, KeyFigures, Paragraph, Status
from toolkit.report.findings import Findings
from toolkit.report.i18n.language import mark
from toolkit.report.i18n.measures import scale
from toolkit.report.i18n.names import of_strategy
from toolkit.report.i18n.text import NONE, Inline, Text, joined, plain, sentences, sources, text
from toolkit.report.markers import COSTS, NORMAL, SHOCKS, STORAGE, UNCERTAIN
from toolkit.report.tables.basket import proposed
from toolkit.report.tables.costs import entry_rests_on
from toolkit.report.tables.proof import proof
from toolkit.report.topics.dates import next_change
from toolkit.report.topics.evidence import following, verdict
from toolkit.report.topics.measures import doubts

MOSTLY_CASH = 0.5
SAME = 0.0005
"""Volatilities, and shares, that are written alike."""
STATUS = {
    "optimal": mark("optimal"),
    "optimal_inaccurate": mark("optimal to reduced accuracy"),
    "feasible": mark("whole lots"),
}


@section("answer", "", needs=["positions"], uses=["exit"])
def answer(run: Findings) -> tuple[Block, ...]:
    """Heading, paragraph, what changes next, key figures, the bar and the status line."""
    return (
        Heading(_result(run)),
        Paragraph(sentences(*_paragraph(run)), "answer"),
        Paragraph(sentences(*next_change(run), *_next_look(run)), "next"),
        KeyFigures((_controlled(run), _loss(run), _break_even(run) or _entry(run))),
        *((bar,) if (bar := proposed(run)) else ()),
        *((Paragraph(told),) if (told := sentences(*_beside(run), *proof(run.say, run.proposal), *_evidence(run))) else ()),
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


def _limits(run: Findings) -> Iterator[Text]:
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
    yield from _limits(run)
    if not run.held:
        return
    weighed = [p for p in run.proposal.positions if not (p.weight or p.previous_weight or p.outside)]
    if weighed:
        names = run.say.shortened([run.say.known(p.asset) for p in weighed])
        yield run.say("Weighed and not bought: {names}.", names=run.say.listed(names))
    if run.proposal.expected_return is None:
        yield run.say("No return is forecast.")


def _evidence(run: Findings) -> Iterator[Text]:
    """What past prices say of following the strategy, and of holding instead."""
    if (found := run.proposal.evidence) is not None:
        yield from following(run.say, found)


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


def _doubt(run: Findings) -> tuple[str, ...]:
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
    doubt = _doubt(run)
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
        "{share} of the budget: {costs}",
        share=run.derived(run.fmt.percent(costs.entry / run.proposal.budget), *rests, marked=False),
        costs=run.assumed(run.entry_words, *rests),
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
