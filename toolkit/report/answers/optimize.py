"""What to hold, in how many lots, at what cost, how exposed it is, and how near its limits."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from toolkit.records.answers.explanation import ExplainedRun
from toolkit.records.factors import CorrelationRisk
from toolkit.records.limits import Constraint
from toolkit.records.positions import BrokenLimit, Order, Position
from toolkit.records.run import Run
from toolkit.report.answers.answer import Answer, Cell
from toolkit.report.answers.explain import explain
from toolkit.report.document import Document
from toolkit.report.i18n.language import Language, mark
from toolkit.report.i18n.names import source_of_dealer
from toolkit.report.i18n.text import joined, plain, text
from toolkit.report.tables.proof import proof
from toolkit.report.topics.evidence import following, verdict

RowT = TypeVar("RowT")
PRINTED_WEIGHT = 5e-5
"""Weights below this print as 0.0 % and are within the tolerance of a continuous solver."""
ROOM_OF_LOTS = 0.005
"""Of slack, from which whole lots stay away from a limit that the divisible optimum touches."""
ROWS_SHOWN_WHOLE, LARGEST_ROWS = 40, 20
"""Rows that a table shows whole; of more, those of the largest holdings or trades, and the sum of the others."""
SIDES = {"buy": mark("buy"), "sell": mark("sell"), "keep": mark("keep")}


def optimize(record: Run, say: Language) -> Document:
    """A proposal, and why it is what it is where that was asked for."""
    answer = Answer(say, record.as_of, record.phrases)
    answer.heading("{title}: {status}", title=record.strategy.title, status=answer.word(record.status))
    answer.line(
        "As of {day:%Y-%m-%d}, {budget:,.0f} {money}.",
        day=record.as_of, budget=record.budget, money=record.currency,
    )  # fmt: skip
    if record.evidence is not None and (record.evidence.verdict == "refuted" or record.evidence.against):
        answer.paragraph(verdict(say, record.evidence))
    held = sorted((p for p in record.positions if abs(p.weight) >= PRINTED_WEIGHT), key=lambda p: -p.weight)
    cash = record.cash
    last = (say.words("Cash"), *[""] * 4, answer.number(cash.value, ",.0f"), answer.number(cash.weight, ".1%"), "", "")
    answer.table(
        "hold | >lots | >lot | >price {money} | >+/- today | >value {money} | >weight | >risk | >cost {money}",
        (*_positions(answer, record, held), last), money=record.currency,
    )  # fmt: skip
    if record.limits_hold_from is not None:
        answer.line(
            "In whole lots not every limit can be kept; with {budget:,.0f} {money}, for example, all limits hold.",
            budget=record.limits_hold_from, money=record.currency,
        )  # fmt: skip
    listed = {row.asset for row in record.orders} | {p.asset for p in held}
    _price_sources(
        answer,
        (
            (p.price_source, p.price_from, p.basis, say.fmt.short_date(p.price_date), say.term("name", p.name))
            for p in record.positions
            if p.asset in listed
        ),
    )
    if record.before is not None:
        _orders(answer, record)
    _next_look(answer, record)
    if record.evidence is not None:
        for sentence in following(say, record.evidence):
            answer.paragraph(sentence)
    _risk(answer, record)
    _expected(answer, record, held)
    _last_prices(answer, record)
    if record.risk.contributions_of != "variance":
        answer.line("Risk is each holding's part of what is minimised: {what}.", what=answer.word(record.risk.contributions_of))
    _controls(answer, record)
    answer.table(
        "limit | where | >now | >at | >slack | state",
        (_limit(answer, c, c.limit, c.slack) for c in record.constraints if c.limit is not None and c.slack is not None),
    )
    if isinstance(record, ExplainedRun):
        explain(answer, record, record.explanation)
    return answer.document("optimize", text(say.known(record.strategy.title)))


def _largest(rows: Sequence[RowT], size: Callable[[RowT], float]) -> tuple[list[RowT], list[RowT]]:
    """The rows that a table shows and those that it sums up, each in their order."""
    if len(rows) <= ROWS_SHOWN_WHOLE:
        return [*rows], []
    first = {*sorted(range(len(rows)), key=lambda i: -abs(size(rows[i])))[:LARGEST_ROWS]}
    return [row for i, row in enumerate(rows) if i in first], [row for i, row in enumerate(rows) if i not in first]


def _positions(answer: Answer, record: Run, held: Sequence[Position]) -> Iterator[Iterable[Cell]]:
    shown, others = _largest(held, lambda p: p.weight)
    for p in shown:
        yield _position(answer, p, record.risk_contributions[p.asset])
    if others:
        yield (
            answer.say.words("{n} others", n=len(others)),
            *[""] * 4,
            answer.number(sum(p.value for p in others), ",.0f"),
            answer.number(sum(p.weight for p in others), ".1%"),
            answer.number(sum(record.risk_contributions[p.asset] for p in others), ".1%"),
            answer.number(sum(p.cost for p in others), ",.0f"),
        )


def _position(answer: Answer, p: Position, risk: float) -> Iterator[Cell]:
    whole = p.lots is not None
    yield answer.say.name(p.name)
    yield answer.number(p.lots, ",.0f") if whole else answer.number(p.quantity, ",.3f")
    yield "" if p.price is None else f"{answer.number(p.lot_size, ',.6g')} {p.unit}" if whole else p.unit
    yield answer.number(p.price, ",.2f")
    yield answer.number(p.price_today_se, ",.2f")
    yield answer.number(p.value, ",.0f")
    yield answer.number(p.weight, ".1%")
    yield answer.number(risk, ".1%")
    yield answer.number(p.cost, ",.0f")


def _orders(answer: Answer, record: Run) -> None:
    """What is bought, sold and kept, and where the cash comes from and goes to."""
    orders, money = record.orders, record.currency
    traded = [row for row in orders if row.side != "keep"]
    if not traded:
        answer.line("Nothing is traded: what is held is as good as any other answer.")
        return
    shown, others = _largest(orders, lambda row: row.cash)
    answer.table(
        "order | what | >quantity | >price {money} | >value {money} | >cost {money} | >cash {money} | lots",
        (*(_order(answer, row) for row in shown), *_other_orders(answer, others)), money=money, keys=2,
    )  # fmt: skip
    if others:
        answer.line(
            "The {shown:d} largest of {all:d} orders; orders.csv of the run has all.", shown=len(shown), all=len(orders)
        )
    answer.notes(answer.told("{name}: {note}.", name=row.name, note=answer.phrase(row.note)) for row in shown if row.note)
    owned = record.money
    cash = {
        "before": owned.cash_before, "added": owned.added, "money": money, "orders": sum(row.cash for row in traded),
        "left": record.cash.value,
    }  # fmt: skip
    if owned.reserved:
        answer.line(
            "Cash: {before:,.2f} {money} before ({added:,.2f} added, {owed:,.2f} of it for what is owed), {orders:+,.2f} by "
            "these orders, {left:,.2f} left.",
            owed=owned.reserved, **cash,
        )  # fmt: skip
    else:
        answer.line(
            "Cash: {before:,.2f} {money} before ({added:,.2f} added), {orders:+,.2f} by these orders, {left:,.2f} left.", **cash
        )


def _next_look(answer: Answer, record: Run) -> None:
    """When the strategy is looked at again, and what of holdings needs no sale before."""
    found = record.rebalancing
    if found is None or found.next_look is None:
        return
    if found.kept:
        names = answer.say.shortened([answer.metal(key) for key in found.kept])
        answer.line(
            "Next look on {day}; the strategy asks for no sale before. Kept, since no limit on holding is exceeded: {names}.",
            day=found.next_look, names=", ".join(map(str, names)),
        )  # fmt: skip
    else:
        answer.line("Next look on {day}; the strategy asks for no sale before.", day=found.next_look)


def _other_orders(answer: Answer, others: Sequence[Order]) -> Iterator[Iterable[Cell]]:
    """A row a side of what is not shown."""
    for side in SIDES:
        rows = [row for row in others if row.side == side]
        if rows:
            yield (
                answer.words(SIDES, side),
                answer.say.words("{n} others", n=len(rows)),
                *[""] * 2,
                answer.number(sum(row.value for row in rows), ",.2f"),
                answer.number(sum(row.cost for row in rows), ",.2f"),
                answer.number(sum(row.cash for row in rows), ",.2f") if side != "keep" else "",
                "",
            )


def _order(answer: Answer, row: Order) -> Iterator[Cell]:
    yield answer.words(SIDES, row.side)
    yield answer.say.name(row.name)
    of_returns = row.price is None
    yield "" if of_returns else f"{answer.number(row.quantity, ',.6g')} {row.unit}"
    yield "" if of_returns else f"{answer.number(row.price, ',.2f')} / {row.unit}"
    yield answer.number(row.value, ",.2f")
    yield answer.number(row.cost, ",.2f")
    yield answer.number(row.cash, ",.2f") if row.side != "keep" else ""
    yield ", ".join(map(answer.say.lot, row.lot_ids))


def _risk(answer: Answer, record: Run) -> None:
    risk, costs, money = record.risk, record.costs, record.currency
    told = {"volatility": risk.volatility, "entry": costs.entry, "money": money, "holding": costs.holding_per_year}
    if risk.cvar_95 is None:
        answer.line(
            "Volatility {volatility:.1%} a year; trading costs {entry:,.0f} {money}, then {holding:,.0f} {money} a year to "
            "hold.",
            **told,
        )
    else:
        answer.line(
            "Volatility {volatility:.1%} a year, loss in the worst twentieth {loss:.1%} ({method}); trading costs {entry:,.0f} "
            "{money}, then {holding:,.0f} {money} a year to hold.",
            loss=risk.cvar_95, method=answer.phrase(risk.cvar_method), **told,
        )  # fmt: skip
    for sentence in proof(answer.say, record):
        answer.paragraph(sentence)
    if record.correlation_risk is not None:
        _correlations(answer, record.correlation_risk)
    if record.objective.kind == "track":
        answer.line(
            "Tracking error {error:.1%} a year: the volatility of the difference to the target.",
            error=math.sqrt(record.objective.value),
        )


def _correlations(answer: Answer, found: CorrelationRisk) -> None:
    """What the volatility owes to correlations: its interval by their errors, and the pair that moves it most."""
    if found.low is not None and found.high is not None:
        answer.line(
            "By the errors of correlations alone the volatility lies between {low:.1%} and {high:.1%} (95%).",
            low=found.low, high=found.high,
        )  # fmt: skip
    for pair in found.pairs[:1]:
        one, other = (answer.metal(key) for key in pair.assets)
        answer.line(
            "It rests most on {one} with {other}: correlation {used:+.2f} used, {observed:+.2f} observed ({low:+.2f} to "
            "{high:+.2f}); with the observed one the volatility is {volatility:.1%}.",
            one=one, other=other, used=pair.forecast, observed=pair.observed, low=pair.low, high=pair.high,
            volatility=pair.volatility,
        )  # fmt: skip


def _expected(answer: Answer, record: Run, held: Sequence[Position]) -> None:
    expected = record.expected_return
    if expected is None:
        return

    def written(value: float, error: float | None) -> str:
        return answer.number(value, ".1%") + ("" if error is None else f" +/- {answer.number(error, '.1%')}")

    each = []
    for p in record.positions:
        if p in held:
            of = expected.assets[p.asset]
            each.append(f"{answer.say.term('name', p.name)} {written(of.value, of.error)}")
    answer.line(
        "Expected return {value} a year, as the strategy states it: {each}.",
        value=written(expected.value, expected.error), each="; ".join(map(str, answer.say.shortened(each))),
    )  # fmt: skip


def _last_prices(answer: Answer, record: Run) -> None:
    """The same basket at the last observed prices, and what it breaks there."""
    last = record.at_last_prices
    told = {"value": last.value, "money": record.currency}
    if not last.limits_broken:
        answer.line(
            "At the last observed prices what is held is worth {value:,.0f} {money} with its cash; every limit holds there "
            "too.",
            **told,
        )
        return
    broken = []
    for row in last.limits_broken:
        value, limit = _apart(answer, row)
        bounds = {"name": row.name, "value": value, "limit": limit}
        if answer.say.known(row.name) == answer.say.known(row.where or row.name):
            of = answer.told("{name} is {value}, the limit {limit}", **bounds)
        else:
            where = answer.country(row.where or "") if row.kind == "country_exposure" else row.where
            of = answer.told("{name} ({where}) is {value}, the limit {limit}", where=where, **bounds)
        broken.append(plain(of))
    answer.line(
        "At the last observed prices what is held is worth {value:,.0f} {money} with its cash, and these limits are broken "
        "there: {broken}.",
        broken="; ".join(broken), **told,
    )  # fmt: skip


def _apart(answer: Answer, row: BrokenLimit) -> tuple[str, str]:
    """Value and limit with as many digits as tell them apart."""
    bare = row.kind == "factor_exposure"
    specs = (f".{digits}{'f' if bare else '%'}" for digits in range(3 if bare else 1, 8))
    written = ((answer.number(row.value, spec), answer.number(row.limit, spec)) for spec in specs)
    return next(pair for pair in written if pair[0] != pair[1])


def _controls(answer: Answer, record: Run) -> None:
    exposures = record.exposures
    countries = sorted(exposures.country.items(), key=lambda item: -item[1])[:3]
    if exposures.controlled is None or not countries:
        return
    held = {row.asset for row in record.positions if row.weight > 0}
    known = [row.supply for row in record.assets if row.asset in held and row.supply]
    answer.line(
        "Under export control for {country}: {controlled:.1%} of value. Supply: {shares} ({editions}).",
        country=record.owner.country, controlled=exposures.controlled,
        shares=", ".join(f"{country} {answer.number(share, '.0%')}" for country, share in countries),
        editions=", ".join(sorted({supply.source_id for supply in known})),
    )  # fmt: skip


def _limit(answer: Answer, c: Constraint, limit: float, slack: float) -> Iterator[Cell]:
    """Value, limit, room and state of a constraint: per cent, but bare numbers of what is no fraction."""
    say, bare = answer.say, c.kind == "factor_exposure"
    slack = 0.0 if abs(slack) < PRINTED_WEIGHT else slack
    spec = ".3f" if bare else ".1%"
    written = say.fmt.plain_number if bare else say.fmt.limit
    at, held = written(limit), None if c.hold_limit is None else written(c.hold_limit)
    yield say.name(say.known(c.name))
    yield answer.place(c.where)
    yield answer.number(c.value, spec)
    if c.side != "upper":
        yield say("at least {limit}", limit=at)
    elif held is None or abs((c.hold_limit or 0.0) - (c.value or 0.0) - slack) > PRINTED_WEIGHT:
        yield say("at most {limit}", limit=at)
    else:  # what is there is held up to it, and the slack is to there
        yield say("at most {limit}, held up to {held}", limit=at, held=held)
    yield answer.number(slack, spec)
    if c.soft is not None and slack < 0:
        yield say.words("soft, broken at its price")
    elif held is not None and c.side == "upper" and (c.value or 0.0) > limit + PRINTED_WEIGHT:
        yield say.words("held above it, sold from {limit}", limit=held)
    elif c.binding:
        # The continuous optimum touches the limit; whole lots may stay away from it.
        yield say.words("at the limit") if slack < ROOM_OF_LOTS else say.words("at the limit before whole lots")
    else:
        yield ""


OWN = {
    "own_series": mark("{source} (own series)"),
    "own_price": mark("{source} (own price of a day)"),
    "dealer_ask": mark("{source} (a dealer’s ask)"),
    "dealer_bid": mark("{source} (a dealer’s bid)"),
    "dealer_bid_ask": mark("{source} (between a dealer’s bid and ask)"),
}
"""Whose a price is (`price_from`, of a dealer's the basis); of bundled ones the source says it."""


def _price_sources(answer: Answer, prices: Iterable[tuple[str, str, str, str, str]]) -> None:
    """A line for each source of prices.

    Args:
        answer: Where to.
        prices: Id of the source or name of the file, `price_from`, basis, what the price is or of which day, and name of the
            asset.
    """
    of: dict[str, list[str]] = {}
    for source, owner, basis, words, name in prices:
        key = basis if owner == "dealer" else owner
        told = answer.say.words(OWN[key], source=source_of_dealer(source)) if key in OWN else source
        of.setdefault(", ".join(part for part in (told, words) if part), []).append(name)
    for words, names in of.items():
        answer.line("Price from {source}: {names}.", source=words, names=plain(joined(answer.say.shortened(names), ", ")))
