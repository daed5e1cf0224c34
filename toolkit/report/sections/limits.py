"""Limits: what each asks, what it came to, the room it leaves, and what one more point of it would be worth."""

from __future__ import annotations

import math
from collections.abc import Sequence

from toolkit.records.limits import Limit
from toolkit.records.positions import BrokenLimit
from toolkit.report.compose import section
from toolkit.report.document import Block, Figure, Missing, Row, left, right
from toolkit.report.findings import WRITTEN_EXCESS, Findings
from toolkit.report.i18n.asked import kept
from toolkit.report.i18n.language import mark
from toolkit.report.i18n.measures import SIDES, SOFT, SQUARES, Scale, fall_in_words, measure_words, scale, worth
from toolkit.report.i18n.names import of_strategy
from toolkit.report.i18n.origins import by_product
from toolkit.report.i18n.text import NONE, Inline, Span, Text, muted, name, strong, text

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
        right("Asked", lambda c: say((SIDES if c.soft is None else SOFT)[c.side], limit=_scale(run, c).asked(c.limit))),
        right("Now", lambda c: _now(run, c)) if run.before is not None else None,
        right("New", lambda c: _value(c.value, _scale(run, c), broken=c.slack < -WRITTEN_EXCESS)),
        right("Room, points", lambda c: _scale(run, c).room(c), "Room"),
        left("One more point", lambda c: _worth(run, c)),
        gauge=say("Room used"),
        row=lambda c: Row(gauge=_used(run, c)),
    )
    sub = say("Values of the proposal.")
    if run.proposal.solver.lots_gap is not None:
        sub = say(
            "Values on whole lots; the worth of a point is that before rounding to lots, where a limit can leave less room."
        )
    foot = [say.words("Own calculation. “Point” is a percentage point."), _aim(run), _others(run)]
    source = text(" ".join(words for words in foot if words))
    one_sided = [c for c in run.limits if _one_sided(c)]
    if one_sided:
        told = say(
            "The worth of a point of {names} is that of more room: less room costs more, since another limit holds the same.",
            names=_names(run, one_sided),
        )
        source = text(source, " ", told)
    return (Figure(_finding(run), sub, (table,), source=source),)


def _finding(run: Findings) -> Text:  # noqa: PLR0911  # a state of the limits each
    say, total, broken, soft = run.say, len(run.limits), run.broken, run.yielded
    if broken:
        return say.counted(
            len(broken),
            "{N} limit of {total} is broken: {names}",
            "{N} limits of {total} are broken: {names}",
            total=say.number_word(total),
            names=_names(run, broken),
        )
    if soft:
        first = say.counted(
            len(soft),
            "{N} soft limit gives way at its price: {names}",
            "{N} soft limits give way at their price: {names}",
            names=_names(run, soft),
        )
        rest = total - len(soft)
        return text(first, "; ", say.counted(rest, "the other limit holds", "the others hold")) if rest else first
    if run.broken_at_last:
        return say.counted(
            len(run.broken_at_last),
            "Every limit holds at the estimated prices; at the last observed prices {n} of {total} is broken: {names}",
            "Every limit holds at the estimated prices; at the last observed prices {n} of {total} are broken: {names}",
            total=say.number_word(total),
            names=_names(run, run.broken_at_last),
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
        len(binding), "{hold}; {names} is reached", "{hold}; {names} are reached", hold=hold, names=_names(run, binding)
    )


def _names(run: Findings, rows: Sequence[Limit | BrokenLimit]) -> Text:
    """Names of limits, one of which the objective does not give to its own."""
    return run.say.listed([run.say("volatility") if c.name == NAMELESS else of_strategy(c.name, run.say) for c in rows])


def _scale(run: Findings, c: Limit) -> Scale:
    return scale(run.say, c.kind, c.measure)


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
    return math.sqrt(max(objective.value, 0.0)) if objective.kind == "track" else run.proposal.risk.volatility


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
