"""Limits: what each asks, the room it leaves, what a point of it is worth and moves; and why they may leave no answer."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from toolkit.core.limits import HELD
from toolkit.core.messages import retellable
from toolkit.records.conflict import AskedLimit, Conflict, ConflictDetails
from toolkit.records.explanation import Explanation, HoldingSlopes, LimitPrice, Moves, Rounding, Slopes
from toolkit.records.limits import Limit
from toolkit.records.positions import BrokenLimit
from toolkit.report.compose import section
from toolkit.report.document import (
    Block,
    Figure,
    Heading,
    KeyFigure,
    KeyFigures,
    Missing,
    Paragraph,
    Row,
    Status,
    Table,
    left,
    right,
)
from toolkit.report.findings import WRITTEN_EXCESS, Findings
from toolkit.report.i18n.asked import asked, changed, kept, side_asked, step
from toolkit.report.i18n.language import mark
from toolkit.report.i18n.measures import SIDES, SOFT, SQUARES, Scale, fall_in_words, measure_words, scale, worth
from toolkit.report.i18n.names import of_strategy
from toolkit.report.i18n.origins import by_product
from toolkit.report.i18n.text import NONE, Inline, Span, Text, muted, name, plain, sentences, strong, text
from toolkit.report.topics.measures import doubts

LIMITS_IN_TITLE = 2
"""Binding limits that a title can name."""
SIDES_DIFFER = 0.01
"""Part of a price by which its other side differs before that is told."""
NAMELESS = "objective.volatility"
"""The name of a limit that the objective sets itself."""
PLACES = {"cash": mark("cash"), "turnover": mark("turnover"), "gross exposure": mark("gross exposure")}
AIMS = {
    "ratio": mark("The objective is a ratio to the {measure}."),
    "return": mark("The objective is expected return a year."),
    "track": mark("The objective is the variance of the difference to a target, told as tracking error."),
}
NO_UNIT = mark("The strategy names its weights or shares of risk itself, so a limit has no price in volatility or money.")
INDIVISIBLE = ("lots", "min_ticket")
"""Kinds of constraints that a larger budget makes easier to hold."""
LIMITS_NAMED = 2
"""Limits that give way and are all named in the paragraph; of more it names the one that gives most."""


@section("limits", mark("Limits"), needs=["positions"])
def limits(run: Findings) -> tuple[Block, ...] | Missing:
    """The table of limits, and the terms that set no number."""
    say = run.say
    if not run.limits:
        others = _others(run)
        return Missing(" ".join([say.words("The strategy sets no limit in numbers."), *([others] if others else [])]))
    table = run.table(
        "Limits, room and price",
        run.limits,
        left("Limit", lambda c: say("Volatility, set by the objective") if c.name == NAMELESS else of_strategy(c.name, say)),
        left("Where it is tightest", lambda c: _place(run, c), "Tightest"),
        right("Asked", lambda c: _asked(run, c)),
        right("Now", lambda c: _now(run, c)) if run.before is not None else None,
        right("New", lambda c: _value(c.value, _scale(run, c), broken=c.slack < -WRITTEN_EXCESS)),
        right("Room, points", lambda c: _scale(run, c).room(c), "Room"),
        left("One more point", lambda c: _worth(run, c)),
        gauge=say("Room used"),
        row=lambda c: Row(gauge=_used(run, c)),
    )
    sub = say("Values of the proposal.")
    if run.proposal.solver.lots_gap is not None:
        sub = say("Values on whole lots; the worth of a point is that before rounding.")
    foot = [say.words("Own calculation. “Point” is a percentage point."), "" if run.short else _aim(run), _others(run)]
    source = text(" ".join(words for words in foot if words))
    one_sided = [c for c in run.limits if _one_sided(c)]
    if one_sided:
        told = say(
            "The worth of a point of {names} is that of more room: less room costs more, since another limit holds the same.",
            names=_limit_names(run, one_sided),
        )
        source = text(source, " ", told)
    return (Figure(_limits_finding(run), sub, (table,), source=source),)


def _limits_finding(run: Findings) -> Text:  # noqa: PLR0911  # a state of the limits each
    say, total, broken, soft = run.say, len(run.limits), run.broken, run.yielded
    if broken:
        return say.counted(
            len(broken),
            "{N} limit of {total} is broken: {names}",
            "{N} limits of {total} are broken: {names}",
            total=say.number_word(total),
            names=_limit_names(run, broken),
        )
    if soft:
        first = say.counted(
            len(soft),
            "{N} soft limit gives way at its price: {names}",
            "{N} soft limits give way at their price: {names}",
            names=_limit_names(run, soft),
        )
        rest = total - len(soft)
        return text(first, "; ", say.counted(rest, "the other limit holds", "the others hold")) if rest else first
    if run.broken_at_last:
        return say.counted(
            len(run.broken_at_last),
            "Every limit holds at the estimated prices; at the last observed prices {n} of {total} is broken: {names}",
            "Every limit holds at the estimated prices; at the last observed prices {n} of {total} are broken: {names}",
            total=say.number_word(total),
            names=_limit_names(run, run.broken_at_last),
        )
    hold = say("Both limits hold") if total == 2 else say.counted(total, "The limit holds", "All {n} limits hold")
    binding = [c for c in run.limits if c.binding]
    if not binding:
        return say("{hold}, and none is reached", hold=hold)
    if len(binding) == total:
        return say.counted(total, "{hold}, and it is reached", "{hold}, and each of them is reached", hold=hold)
    if len(binding) > LIMITS_IN_TITLE:
        return say("{hold}; {count} of them are reached", hold=hold, count=say.number_word(len(binding)))
    return say.counted(
        len(binding), "{hold}; {names} is reached", "{hold}; {names} are reached", hold=hold, names=_limit_names(run, binding)
    )


def _limit_names(run: Findings, rows: Sequence[Limit | BrokenLimit]) -> Text:
    """Names of limits, one of which the objective does not give to its own."""
    return run.say.listed([run.say("volatility") if c.name == NAMELESS else of_strategy(c.name, run.say) for c in rows])


def _scale(run: Findings, c: Limit) -> Scale:
    return scale(run.say, c.kind, c.measure)


def _asked(run: Findings, c: Limit) -> Text:
    """What is asked of purchases, and up to where what is there is held: the slack is to there."""
    read = _scale(run, c)
    told = run.say((SIDES if c.soft is None else SOFT)[c.side], limit=read.asked(c.limit))
    if c.hold_limit is None or c.hold_limit == c.limit or c.side != "upper" or abs(c.hold_limit - c.value - c.slack) > HELD:
        return told
    return run.say("{asked}, held up to {held}", asked=told, held=read.asked(c.hold_limit))


def _value(value: float, read: Scale, *, broken: bool) -> Text:
    written = read.value(value)
    return text(Span("▲ ", "warn"), Span(written, "warn")) if broken else text(strong(written))


def _place(run: Findings, c: Limit) -> Inline:
    """Where a limit is tightest, in words: a country, a holding, a factor, a measure, a relation as it was written.

    Nothing where the name of the limit says it already.
    """
    say, where = run.say, c.where or ""
    if c.measure is not None or c.kind == "tracking_error":
        root = SQUARES.get(c.measure, c.measure) if c.measure else c.kind
        words = measure_words(root, c.confidence, say)
        return say("{measure} a year", measure=words) if root in ("volatility", "tracking_error") else words
    if c.days is not None:
        return say("not sold within {days} days", days=say.fmt.plain_number(c.days))
    if where in ("", c.name) or c.name == NAMELESS:
        return ""
    if c.kind == "country_exposure":
        return run.country(where)
    if where in PLACES:
        return say(PLACES[where])
    return _spoken(run, c.kind, where)


def _spoken(run: Findings, kind: str, where: str) -> Inline:
    """A label of the run in words: a factor or group, a metal; what the user wrote stays as written."""
    say = run.say
    if factor := next((s.factor for s in run.proposal.scenarios if s.name == where), None):
        return say("{factor} falls", factor=say.word(factor))
    if where in run.proposal.exposures.factors or where in {p.group for p in run.proposal.positions}:
        return say.word(where)
    spoken = {p.element: run.metal(p) for p in by_product(run.positions, run.offers) if p.element}
    spoken |= {p.asset: run.metal(p) for p in run.proposal.positions}
    return spoken.get(where) or (of_strategy(where, say) if kind == "scenario_loss" else name(say.term("metal", where)))


def _now(run: Findings, c: Limit) -> Inline:
    """The value today, marked where today breaks the limit."""
    value = run.before.limits.get(c.name) if run.before else None
    if value is None:
        return NONE
    read = _scale(run, c)
    broken = value > c.limit + WRITTEN_EXCESS if c.side == "upper" else value < c.limit - WRITTEN_EXCESS
    return _value(value, read, broken=True) if broken else muted(read.value(value))


def _used(run: Findings, c: Limit) -> float | None:
    """Share of an upper limit that is used; a floor, and a limit that asks for a gain, has no room that fills."""
    if c.side != "upper" or c.limit <= 0:
        return None
    read = _scale(run, c)
    return min(max(read.told(c.value) / read.told(c.limit), 0.0), 1.0)


def _worth(run: Findings, c: Limit) -> Inline:
    """The shadow price per point in a unit a reader knows."""
    price, objective = c.shadow_price, run.proposal.objective
    if _scale(run, c).count:
        return NONE
    if not c.binding:
        return run.say("nothing: the limit is not reached")
    if price is None:
        return NONE
    read = _scale(run, c)
    fall = read.fall(price, c.limit)
    words = fall_in_words(worth(objective, _level(run), fall), fall, run.money, run.proposal.budget, run.say)
    if words is None:
        return NONE
    return run.say("{worth} (per hundredth of a loading)", worth=words) if read.loading else words


def _one_sided(c: Limit) -> bool:
    """Whether less room costs by more than a solver's dust what more room is worth."""
    more, less = c.shadow_price, c.shadow_price_less
    return c.binding and more is not None and less is not None and less - more > SIDES_DIFFER * abs(less)


def _level(run: Findings) -> float:
    """The volatility at which variance is turned into volatility; for tracking, the tracking error."""
    objective = run.proposal.objective
    if objective.kind == "track":
        return math.sqrt(max(objective.value, 0.0))
    return run.proposal.relaxed.volatility or run.proposal.risk.volatility


def _aim(run: Findings) -> str:
    """What is made as small or as large as the limits allow, and how its prices became ones that a reader knows."""
    say, objective = run.say, run.proposal.objective
    measure = objective.measure or "variance"
    told = measure_words(measure, objective.confidence, say)
    unit = objective.unit
    if unit == "cost":
        price = (objective.risk_aversion or 0.0) / (2 if measure == "variance" else 1)
        return say.words(
            "The objective is cost a year plus {price} times the {measure}: at that price of risk a point is worth money.",
            price=say.fmt.quantity(price),
            measure=told,
        )
    if unit in ("variance", "measure"):
        if measure == "variance":
            return say.words("The objective is variance; its price is turned into volatility at the value of this run.")
        return say.words("The objective is the {measure}.", measure=told)
    if unit == "ratio":
        # A ratio to the variance's own root, which is what a reader calls risk.
        volatility = say.words("tracking error") if objective.benchmark else say.words("volatility")
        return say.words(AIMS[unit], measure=volatility if measure == "variance" else told)
    return say.words(AIMS.get(unit) or AIMS.get(objective.kind) or NO_UNIT)


def _others(run: Findings) -> str:
    """Terms that set a rule, not a number."""
    say = run.say
    rules = [c for c in run.proposal.constraints if c.value is None]
    found = [kept(run, c.kind) for c in rules]
    return say.words("Also kept: {rules}.", rules=say.series(tuple(dict.fromkeys(found)))) if found else ""


POINT = 0.01
PRINTED_WEIGHT = 5e-5
"""Weights and moves below this print as nothing."""
WEIGHTS_NAMED = 5
"""Weights that are named where something moves them, and places where a limit binds."""
ADDS = {
    "ratio": mark("By part, and together: what it takes from the ratio, which is made as large as the limits allow."),
    "return": mark(
        "By part, and together: what it takes from the return after costs, which is made as large as the limits allow, in "
        "points a year."
    ),
    "": mark(
        "By part, and together: what it adds to the objective, which is made as small as the limits allow, in points a year."
    ),
}
"""How the columns of the parts of the objective are read, by its unit."""
Part = Callable[[Slopes], float | None]
"""A slope of a part of the objective."""


def explanation(run: Findings, told: Explanation) -> Iterator[Block]:
    """Why an allocation is what it is: slopes of each holding, what more room moves, what whole lots changed."""
    say, fmt = run.say, run.fmt
    yield from _one_more(run, told)
    bets = told.bets
    yield Paragraph(
        say(
            "Spread over {count}: as many as {weight} equal holdings by weight, cash aside, {risk} by contribution to risk, "
            "and {bets} by the uncorrelated bets nearest to the holdings (minimum torsion).",
            count=say.counted(bets.holdings, "1 holding", "{count} holdings", count=str(bets.holdings)),
            weight=fmt.number(bets.effective_holdings, 1), risk=fmt.number(bets.effective_risks, 1),
            bets=fmt.number(bets.effective_bets, 1),
        )
    )  # fmt: skip
    yield from _room(run, told)
    if told.rounding is not None:
        yield Paragraph(text(*_lots(run, told.rounding)))


def _one_more(run: Findings, told: Explanation) -> Iterator[Block]:
    """What one more point of each holding would change."""
    say, fmt, objective = run.say, run.fmt, run.proposal.objective
    held = sorted((h for h in told.holdings if abs(h.weight) >= PRINTED_WEIGHT), key=lambda h: -h.risk_contribution)
    if not held:
        return
    first = held[0]
    if first.slopes.volatility is None or first.slopes.cost is None:
        yield Paragraph(say("{name} is all there is: nothing else could pay for more of it.", name=say.name(first.name)))
        return
    by_others = first.funded_by == "others"
    title = say(
        "One more point of {name}, taken from {source}, would change volatility by {risk} points and cost by {cost} points a "
        "year",
        name=say.name(first.name),
        source=say.words("the other holdings in proportion") if by_others else say.words("cash"),
        risk=fmt.points(POINT * first.slopes.volatility, 2),
        cost=fmt.points(POINT * first.slopes.cost, 2),
    )
    in_points, parts = objective.unit in ("cost", "return"), _parts(run, held)

    def slope(part: Part, *, points: bool) -> Callable[[HoldingSlopes], Inline]:
        def cell(h: HoldingSlopes) -> Inline:
            found = part(h.slopes)
            if found is None:
                return NONE
            return fmt.points(POINT * found, 2) if points else fmt.number(POINT * found, 4, signed=True)

        return cell

    table = run.table(
        "One more point of each holding",
        held,
        left("One more point of", lambda h: say.name(h.name)),
        right("Weight", lambda h: fmt.percent(h.weight)),
        right("Of variance", lambda h: fmt.percent(h.risk_contribution)),
        right("Volatility", slope(lambda slopes: slopes.volatility, points=True)),
        right("Cost", slope(lambda slopes: slopes.cost, points=True)),
        *(right(head, slope(part, points=in_points)) for head, part in parts.items()),
    )
    sub = [
        say(
            "Each holding likewise, in points. Cost is what buying and selling take, spread over {years} years, and storage.",
            years=fmt.quantity(run.proposal.costs.holding_years),
        )
    ]
    if parts:
        sub.append(say(ADDS.get(objective.unit, ADDS[""])))
    alike = all(abs(POINT * (h.slopes.volatility or 0.0)) < PRINTED_WEIGHT for h in held)
    if objective.unit == "variance" and by_others and len(held) > 1 and alike:
        sub.append(say("No small exchange between the holdings changes volatility: that is what least risk means."))
    yield Figure(title, sentences(*sub), (table,))


def _parts(run: Findings, held: Sequence[HoldingSlopes]) -> Mapping[str, Part]:
    """Heading -> part of the objective, and all of it, where it has more than one part."""
    own = run.proposal.objective.kind == "max_diversification"
    headings: dict[str, Part] = {
        mark("By risk"): lambda slopes: slopes.objective_risk,
        mark("By cost"): lambda slopes: slopes.objective_cost,
        mark("By own risk") if own else mark("By return"): lambda slopes: slopes.objective_reward,
    }
    found = {heading: part for heading, part in headings.items() if any(part(h.slopes) for h in held)}
    return {**found, mark("Together"): lambda slopes: slopes.objective} if len(found) > 1 else {}


def _room(run: Findings, told: Explanation) -> Iterator[Figure]:
    """What a point more room of each limit that is reached is worth and moves, and what a larger risk aversion does."""
    say, fmt = run.say, run.fmt
    names = {p.asset: say.term("name", p.name) for p in run.positions}
    rows: list[tuple[LimitPrice | None, Moves | None]] = [(limit, limit.moves) for limit in told.limits if limit.binding]
    if told.risk_aversion is not None:
        rows.append((None, told.risk_aversion))
    if not rows:
        return

    def one(row: tuple[LimitPrice | None, Moves | None]) -> Text:
        limit, moves = row
        if limit is None:
            at = fmt.quantity(moves.at if moves else 0.0)
            return say("Risk aversion {at}, one more", at=at)
        label = _price_of(run, limit, names)
        return say("{limit}, per hundredth of loading", limit=label) if limit.kind == "factor_exposure" else label

    def moved(row: tuple[LimitPrice | None, Moves | None]) -> Text:
        limit, moves = row
        if moves is None:
            return text(NONE)
        if moves.method is None:
            return say("not known: {reason}", reason=say.translate(retellable(moves.reason or "")))
        weights = _weights_moved(run, moves, names, 1.0 if limit is None else POINT)
        return text(weights) if weights else say("no weight")

    def change(row: tuple[LimitPrice | None, Moves | None], of: Callable[[Moves], float]) -> Inline:
        limit, moves = row
        known = moves is not None and moves.method is not None
        return fmt.points((1.0 if limit is None else POINT) * of(moves), 2) if known and moves else NONE

    table = run.table(
        "What more room moves",
        rows,
        left("Reached", one),
        left("A point more is worth", lambda row: NONE if row[0] is None else _point(run, row[0])),
        left("Moves, in points", moved),
        right("Volatility", lambda row: change(row, lambda moves: moves.volatility)),
        right("Cost a year", lambda row: change(row, lambda moves: moves.cost)),
        left("Holds for", lambda row: _valid(run, row[1]) if row[1] else NONE),
    )
    sub = say("Of the divisible problem, before whole lots.") if told.rounding is not None else ()
    yield Figure(say("What a point more room is worth at the margin, and what it moves"), sub, (table,))


def _price_of(run: Findings, limit: LimitPrice, names: Mapping[str, str]) -> Text:
    """A limit by its name, where it binds unless its name says so, and its value."""
    say = run.say
    spoken = run.country if limit.kind == "country_exposure" else str
    where = [names.get(label) or spoken(label) for label in limit.where if label and label != limit.name]
    place = ", ".join(where[:WEIGHTS_NAMED])
    if (more := len(where) - WEIGHTS_NAMED) > 0:
        place += say.words(" and {n} more", n=more)
    value = say.words(SIDES[limit.side or "upper"], limit=say.fmt.limit(limit.limit))
    return text(of_strategy(limit.name, say), f" ({place + ', ' if place else ''}{value})")


def _point(run: Findings, limit: LimitPrice) -> str:
    """What a point more room is worth, in words."""
    say = run.say
    if limit.worth is not None:
        words = fall_in_words(limit.worth, POINT * (limit.price or 0.0), run.money, run.proposal.budget, say)
        return words or limit.worth.words
    if run.proposal.objective.unit == "distance":
        return say.words("no price, because the strategy names its weights or shares of risk itself")
    return say.words("its price is not known")


def _weights_moved(run: Findings, moved: Moves, names: Mapping[str, str], step: float) -> str:
    """The largest moves of weights for a step, in points."""
    slopes = [*((names[key], slope) for key, slope in moved.weights.items()), (run.say.words("cash"), moved.cash)]
    ordered = sorted(slopes, key=lambda item: -abs(item[1]))
    told = [f"{asset} {run.fmt.points(step * slope, 2)}" for asset, slope in ordered if abs(step * slope) >= PRINTED_WEIGHT]
    rest = len(told) - WEIGHTS_NAMED
    return ", ".join(told[:WEIGHTS_NAMED]) + (run.say.words(" and {n} more by less", n=rest) if rest > 0 else "")


def _valid(run: Findings, moved: Moves) -> Text:
    """Between which values of the number a rate holds; one that was solved again is of its step."""
    say = run.say
    if moved.method != "derivative":
        return text(NONE) if moved.method is None else say("one step, solved again")
    low, high = (None if end is None else round(end, 4) + 0.0 for end in (moved.valid_from, moved.valid_to))
    write = say.fmt.plain_number if moved.at > 1 else say.fmt.limit
    if low is None and high is None:
        return say("any value")
    if low is None or high is None:
        return say("up to {high}", high=write(high or 0.0)) if low is None else say("from {low}", low=write(low))
    return say("{low} to {high}", low=write(low), high=write(high))


def _lots(run: Findings, rounding: Rounding) -> Iterator[Text]:
    """What whole lots cost."""
    say, fmt, cost = run.say, run.fmt, rounding.cost
    yield say(
        "Cost is {lots} a year in whole lots, and would be {divisible} if metals were divisible.",
        lots=fmt.percent(cost.lots, 2), divisible=fmt.percent(cost.divisible, 2),
    )  # fmt: skip
    if run.proposal.objective.unit == "cost":
        more = (rounding.objective.lots - rounding.objective.divisible) * run.proposal.budget
        yield say(
            " With risk at the strategy's price, whole lots cost {more} a year more than the divisible optimum, fixed fees of "
            "a trade aside.",
            more=run.money(more),
        )


@dataclass(frozen=True, slots=True)
class AskedRelaxation:
    """The least by which a limit gives way.

    Attributes:
        name: Of the limit.
        until: What it would ask then.
        by: How far that is; None where there is no number for it.
    """

    name: str
    until: Text
    by: Text | None


@section("no-answer", "", needs=["conflict"])
def no_answer(run: Findings) -> tuple[Block, ...]:
    """Heading, paragraph, key figures and status line of a run without an answer."""
    say = run.say
    return (
        Heading(_result(run)),
        Paragraph(sentences(*_paragraph(run)), "answer"),
        KeyFigures(tuple(_figures(run))),
        Status(
            (
                (say.words("Status"), say("no answer") if _details(run).proven else say("none found; the search is local")),
                *doubts(run),
            )
        ),
    )


@section("conflict", mark("Why there is no answer"), needs=["conflict"])
def conflict(run: Findings) -> tuple[Block, ...]:
    """The table of the limits concerned."""
    return (_table(run),)


def _details(run: Findings) -> ConflictDetails:
    return run.needed(Conflict).conflict.details


def _relaxation_known(run: Findings) -> bool:
    """Whether a relaxation, or that there is none, was found."""
    known, proven = _details(run).relaxation_known, _details(run).proven
    return proven if known is None else known


def _known(run: Findings) -> Mapping[str, AskedLimit]:
    """The limits of the strategy by name, as its file states them."""
    return {limit.name: limit for limit in run.needed(Conflict).conflict.limits}


def _named(run: Findings, names: Sequence[str]) -> list[Inline]:
    say = run.say
    return [say("the volatility that the objective sets") if n == NAMELESS else _quoted(run, n) for n in names]


def _quoted(run: Findings, words: str) -> Text:
    """The name of a limit, apart from the sentence around it."""
    return run.say("“{name}”", name=of_strategy(words, run.say))


def _asking(run: Findings, limit_name: str) -> Inline:
    """A limit in conflict with what it asks."""
    (label,) = _named(run, [limit_name])
    limit = _known(run).get(limit_name)
    return run.say("{limit} ({asked})", limit=label, asked=asked(run, limit)) if limit else label


def _indivisible(run: Findings) -> bool:
    """Whether whole lots or smallest amounts are part of the conflict."""
    known = _known(run)
    return any(known[n].kind in INDIVISIBLE for n in _details(run).conflict if n in known)


def _result(run: Findings) -> Text:
    if not _details(run).proven:
        return run.say("No allocation was found that meets the limits of this strategy")
    if _indivisible(run):
        return run.say("No allocation in whole lots meets the limits of this strategy")
    return run.say("No allocation meets the limits of this strategy")


def _paragraph(run: Findings) -> Iterator[Text]:
    """Which limits contradict each other, the least that would give way, and what was known of the law."""
    say, names = run.say, _details(run).conflict
    told = say.listed([_asking(run, n) for n in names])
    if not _details(run).proven:
        yield say("The search ended at the limits {names}. It is local, so this is no proof that there is none.", names=told)
    elif names:
        yield say.counted(
            len(names),
            "{N} limit cannot hold, whatever the others ask: {names}.",
            "{N} limits contradict each other: {names}.",
            names=told,
        )
        if len(names) > 1:
            fewer = say("Any fewer of them can be met together.")
            unknown = say("Whether fewer of them conflict already was not found out.")
            yield fewer if _details(run).irreducible else unknown
    else:
        yield run.sentence(run.needed(Conflict).conflict.message)
    if assets := run.needed(Conflict).assets:
        held = say.listed([run.metal(run.product(key)) for key in assets])
        yield say.counted(
            len(assets),
            "The strategy can hold {n} asset: {assets}.",
            "The strategy can hold {n} assets: {assets}.",
            assets=held,
        )
    if told := _details(run).not_sold:
        yield run.sentence(told)
    moves = _relaxations(run)
    if len(moves) > LIMITS_NAMED:
        most = say.counted(
            len(moves) - 1,
            "{most}; one more limit moves, by less.",
            "{most}; {n} more limits move, each by less.",
            most=_moved(run, _largest(run, moves)),
        )
        yield text(_enough(run), " ", most)
    elif moves:
        yield text(_enough(run), " ", say.listed([_moved(run, move) for move in moves]), ".")
    elif _relaxation_known(run):
        yield say("No limit can give way far enough; one of them would have to be dropped.")
    else:
        yield say("By how much a limit would have to give way was not found.")
    if _indivisible(run):
        yield say("A larger budget makes lots and smallest amounts easier to hold.")


def _enough(run: Findings) -> Text:
    """What introduces the limits that give way."""
    say = run.say
    least = say("The least that would have to give way:")
    return least if _details(run).relaxation_least else say("What is enough to give way, and less may be:")


def _moved(run: Findings, move: AskedRelaxation) -> Text:
    (label,) = _named(run, [move.name])
    return run.say("{limit} {asked}", limit=label, asked=strong(plain(move.until)))


def _largest(run: Findings, moves: Sequence[AskedRelaxation]) -> AskedRelaxation:
    sizes = _details(run).relaxation
    return max(moves, key=lambda move: sizes.get(move.name, 0.0))


def _relaxations(run: Findings) -> list[AskedRelaxation]:
    """The limits that give way, those in conflict first, each by how much."""
    details, known = _details(run), _known(run)
    order = [*details.conflict, *details.relaxation, *known]
    found = []
    for limit in (known[n] for n in dict.fromkeys(order) if n in known):
        for key, new in changed(details.settings, limit):
            found.append(AskedRelaxation(limit.name, side_asked(run, limit, key, new), step(run, limit, key, new)))
    return found


def _figures(run: Findings) -> Iterator[KeyFigure]:
    """Limits in conflict, what gives way most, and the money that was to be placed."""
    say, fmt, known = run.say, run.fmt, _known(run)
    names = _details(run).conflict
    total = max(len(known), len(names))
    value = say("{n} of {total}", n=fmt.number(len(names)), total=total)
    yield KeyFigure(say.words("Limits in conflict"), value, say.listed(_named(run, names)))
    moves = _relaxations(run)
    if moves:
        most = _largest(run, moves)
        (label,) = _named(run, [most.name])
        note = say("of {total} limits that would move, most: {limit} {asked}", total=len(moves), limit=label, asked=most.until)
        if len(moves) == 1:
            note = say("{limit} {asked}", limit=label, asked=most.until)
        label = say.words("Least relaxation") if _details(run).relaxation_least else say.words("Relaxation")
        yield KeyFigure(label, text(most.by or NONE), note)
    else:
        note = say("no limit can give way far enough") if _relaxation_known(run) else say("not found")
        yield KeyFigure(say.words("Least relaxation"), text(NONE), note)
    budget = run.needed(Conflict).budget
    yield KeyFigure(say.words("Budget"), text(run.money(budget)), say("stays as it is: nothing is proposed"))


def _table(run: Findings) -> Figure:
    """Every limit that is part of the conflict or gives way, what it asks and what it would ask."""
    say, details, known = run.say, _details(run), _known(run)
    moves = _relaxations(run)
    names = [*dict.fromkeys([*details.conflict, *(move.name for move in moves)])]
    own = {n: [move for move in moves if move.name == n] for n in names}
    least = details.relaxation_least
    table = run.table(
        say("Limits in conflict, and the least relaxation") if least else say("Limits in conflict, and a relaxation"),
        names,
        left("Limit", lambda n: say("Volatility, set by the objective") if n == NAMELESS else of_strategy(n, say)),
        left("Asks", lambda n: asked(run, known[n]) if n in known else NONE),
        left("In the conflict", lambda n: say("yes") if n in details.conflict else say("no, but gives way too")),
        left(
            "Would ask", lambda n: say.listed([text(strong(plain(move.until))) for move in own[n]]) if own[n] else NONE, "Then"
        ),
        left("Gives way by", lambda n: say.listed([move.by or NONE for move in own[n]]) if own[n] else NONE, "By"),
    )
    smallest = say(
        "Each limit as the strategy states it, and the smallest change of all of them together that leaves an answer."
    )
    sub = (
        smallest if least else say("Each limit as the strategy states it, and a change of them together that leaves an answer.")
    )
    return Figure(_finding(run, moves), sub, (table,), source=say("Own calculation."), data=_settings(run))


def _finding(run: Findings, moves: Sequence[AskedRelaxation]) -> Text:
    say = run.say
    if not moves:
        known = _relaxation_known(run)
        return say("No limit can give way far enough") if known else say("By how much a limit must give way was not found")
    touched = [*dict.fromkeys(move.name for move in moves)]
    return say.counted(
        len(touched),
        "It is enough that {n} limit gives way: {names}",
        "It is enough that {n} limits give way together: {names}",
        names=say.listed(_named(run, touched)),
    )


def _settings(run: Findings) -> Table | None:
    """The change as the toolkit takes it, for who runs the strategy again."""
    settings = [setting.rpartition("=") for setting in _details(run).settings]
    if not settings:
        return None
    return run.table(
        "Settings that leave an answer",
        settings,
        left("Setting", lambda setting: name(setting[0])),
        left("Value", lambda setting: name(setting[2])),
        stacks=False,
    )
