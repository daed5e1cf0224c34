"""Why an allocation is what it is: slopes of each holding, prices of limits, sensitivities, what whole lots changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from toolkit.records.answers.explanation import Bets, Explanation, HoldingSlopes, LimitPrice, Moves, Rounded, Rounding, Slopes
from toolkit.records.run import Run
from toolkit.report.answers.answer import Answer, Cell
from toolkit.report.i18n.language import mark
from toolkit.report.i18n.measures import fall_in_words
from toolkit.report.i18n.text import Text, plain, text

PRINTED_WEIGHT = 5e-5
"""Weights below this, and slopes below it, print as nothing."""
POINT = 0.01
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


def explain(answer: Answer, record: Run, told: Explanation) -> None:
    """An explanation behind the proposal of `record`."""
    answer.subtitle("Why this allocation, by the prices and controls known on {day:%Y-%m-%d}", day=record.as_of)
    names = {p.asset: answer.say.term("name", p.name) for p in record.positions}
    _holdings(answer, record, told)
    _bets(answer, told.bets)
    _limits(answer, record, told, names)
    _aversion(answer, told.risk_aversion, names)
    if told.rounding is not None:
        _rounding(answer, record, told.rounding, names)


def _holdings(answer: Answer, record: Run, told: Explanation) -> None:
    held = sorted((h for h in told.holdings if abs(h.weight) >= PRINTED_WEIGHT), key=lambda h: -h.risk_contribution)
    if not held:
        answer.line("Nothing is held.")
        return
    first = held[0]
    if first.slopes.volatility is None or first.slopes.cost is None:
        answer.line("{name} is all there is: nothing else could pay for more of it.", name=first.name)
        return
    values = {"name": first.name, "risk": _points(answer, POINT * first.slopes.volatility)}
    values["cost"] = _points(answer, POINT * first.slopes.cost)
    if first.funded_by == "cash":
        answer.line(
            "One more point of {name}, taken from cash, would change volatility by {risk} points and cost by {cost} points a "
            "year. Each holding likewise, in points:",
            **values,
        )
    else:
        answer.line(
            "One more point of {name}, taken from the other holdings in proportion, would change volatility by {risk} points "
            "and cost by {cost} points a year. Each holding likewise, in points:",
            **values,
        )
    written, parts = _parts(answer, record, held)
    answer.table(
        "one more point of | >weight | >of variance | >volatility | >cost",
        (_slopes(answer, h, parts, written) for h in held),
        figures=[answer.say.words(part) for part in (*parts, *([TOGETHER] if parts else []))],
    )
    answer.line(
        "Cost is what buying and selling take, spread over {years:g} years, and storage.",
        years=record.costs.holding_years,
    )
    unit = record.objective.unit
    if parts:
        answer.line(ADDS.get(unit, ADDS[""]))
    level = unit == "variance" and first.funded_by == "others" and len(held) > 1
    if level and all(abs(POINT * (h.slopes.volatility or 0.0)) < PRINTED_WEIGHT for h in held):
        answer.line("No small exchange between the holdings changes volatility: that is what least risk means.")


TOGETHER, BY_RISK, BY_COST = mark("together"), mark("by risk"), mark("by cost")
BY_RETURN, BY_OWN_RISK = mark("by return"), mark("by own risk")


def _parts(answer: Answer, record: Run, held: Sequence[HoldingSlopes]) -> tuple[Callable[[float], str], dict[str, Part]]:
    """How a slope of the objective is written, and heading -> part of it where there is more than one."""
    objective = record.objective
    reward = BY_OWN_RISK if objective.kind == "max_diversification" else BY_RETURN
    headings: dict[str, Part] = {
        BY_RISK: lambda slopes: slopes.objective_risk,
        BY_COST: lambda slopes: slopes.objective_cost,
        reward: lambda slopes: slopes.objective_reward,
    }
    found = {heading: part for heading, part in headings.items() if any(part(h.slopes) for h in held)}
    in_points = objective.unit in ("cost", "return")

    def written(slope: float) -> str:
        return _points(answer, slope) if in_points else answer.number(slope, "+.4f")

    return written, found if len(found) > 1 else {}


def _slopes(answer: Answer, h: HoldingSlopes, parts: Mapping[str, Part], written: Callable[[float], str]) -> Iterator[Cell]:
    yield answer.say.name(h.name)
    yield answer.number(h.weight, ".1%")
    yield answer.number(h.risk_contribution, ".1%")
    for slope in (h.slopes.volatility, h.slopes.cost):
        yield "" if slope is None else _points(answer, POINT * slope)
    for slope in (*(part(h.slopes) for part in parts.values()), *([h.slopes.objective] if parts else [])):
        yield "" if slope is None else written(POINT * slope)


def _bets(answer: Answer, bets: Bets) -> None:
    count = answer.say.counted(bets.holdings, "1 holding", "{count} holdings", count=str(bets.holdings))
    answer.line(
        "Spread over {count}: as many as {weight:.1f} equal holdings by weight, cash aside, {risk:.1f} by contribution to "
        "risk, and {bets:.1f} by the uncorrelated bets nearest to the holdings (minimum torsion).",
        count=plain(count), weight=bets.effective_holdings, risk=bets.effective_risks, bets=bets.effective_bets,
    )  # fmt: skip


def _limits(answer: Answer, record: Run, told: Explanation, names: Mapping[str, str]) -> None:
    rows = told.limits
    if not rows:
        answer.line("The strategy sets no limit in numbers.")
        return
    if binding := [limit for limit in rows if limit.binding]:
        head = answer.told("Limits reached, what a point more room is worth at the margin, and what it moves, in points.")
        if told.rounding is not None:
            head = text(head, " ", answer.told("Of the divisible problem, before whole lots."))
        answer.paragraph(head)
        answer.notes(_binding(answer, record, limit, names) for limit in binding)
    if free := [limit for limit in rows if not limit.binding]:
        answer.line("Limits not reached:")
        answer.notes(
            answer.told("{limit}: {room:.1f} points of room left.", limit=_limit(answer, limit, names), room=100 * limit.room)
            for limit in free
        )


def _binding(answer: Answer, record: Run, limit: LimitPrice, names: Mapping[str, str]) -> Text:
    values = {"limit": _limit(answer, limit, names), "price": _price(answer, record, limit)}
    if limit.soft is not None and limit.room < 0:
        head = answer.told(
            "{limit}: soft, exceeded by {points:.1f} points; a point of that is worth {price}.",
            points=-100 * limit.room,
            **values,
        )
    else:
        head = answer.told("{limit}: {price}.", **values)
    return head if limit.moves is None else text(head, " ", _moves(answer, limit.moves, names, limit.kind))


def _limit(answer: Answer, limit: LimitPrice, names: Mapping[str, str]) -> str:
    """A limit by its name, where it binds unless its name says so, and its value."""
    say = answer.say
    spoken = answer.country if limit.kind == "country_exposure" else str
    where = [names.get(label) or spoken(label) for label in limit.where if label]
    where = [label for label in where if label != limit.name]
    place = ", ".join(where[:WEIGHTS_NAMED])
    if (more := len(where) - WEIGHTS_NAMED) > 0:
        place += say.words(" and {n} more", n=more)
    value = say.fmt.limit(limit.limit)
    side = say.words("at most {limit}", limit=value) if limit.side == "upper" else say.words("at least {limit}", limit=value)
    return f"'{say.known(limit.name)}' ({place + ', ' if place else ''}{side})"


def _price(answer: Answer, record: Run, limit: LimitPrice) -> str:
    """What a point more room is worth, in words."""
    say = answer.say
    if limit.worth is not None:
        fall = POINT * (limit.price or 0.0)
        words = fall_in_words(limit.worth, fall, lambda value: say.fmt.money(value, record.currency), record.budget, say)
        return words or limit.worth.words
    if record.objective.unit == "distance":
        return say.words("no price, because the strategy names its weights or shares of risk itself")
    return say.words("its price is not known")


def _moves(answer: Answer, moved: Moves, names: Mapping[str, str], kind: str) -> Text:
    if moved.method is None:
        return answer.told("How the weights would move is not known: {reason}.", reason=answer.phrase(moved.reason or ""))
    weights, exact = _weights(answer, moved, names, POINT), moved.method == "derivative"
    until = _validity(answer, moved)
    if not weights:
        return (
            answer.told("More room moves no weight, {until}.", until=until)
            if exact
            else answer.told("More room moves no weight.")
        )
    values = {
        "weights": weights, "until": until, "risk": _points(answer, POINT * moved.volatility),
        "cost": _points(answer, POINT * moved.cost),
    }  # fmt: skip
    if kind == "factor_exposure" and exact:
        return answer.told(
            "Per hundredth of loading more room: {weights}; volatility {risk}, cost {cost} a year; {until}.", **values
        )
    if kind == "factor_exposure":
        return answer.told(
            "With one hundredth of loading more room, solved again: {weights}; volatility {risk}, cost {cost} a year.", **values
        )
    if exact:
        return answer.told("Per point more room: {weights}; volatility {risk}, cost {cost} a year; {until}.", **values)
    return answer.told("With one point more room, solved again: {weights}; volatility {risk}, cost {cost} a year.", **values)


def _validity(answer: Answer, moved: Moves) -> str:
    """Between which limits a rate holds."""
    say, ends = answer.say, (moved.valid_from, moved.valid_to)
    low, high = (None if end is None else say.fmt.limit(round(end, 4) + 0.0) for end in ends)
    if low is None and high is None:
        return say.words("at any value of the limit")
    if low is None or high is None:
        return (
            say.words("for limits up to {high}", high=high or "")
            if low is None
            else say.words("for limits from {low}", low=low)
        )
    return say.words("for limits from {low} to {high}", low=low, high=high)


def _weights(answer: Answer, moved: Moves, names: Mapping[str, str], step: float) -> str:
    """The largest moves of weights for a step, in points."""
    cash = answer.say.words("cash")
    slopes = [*((names[key], slope) for key, slope in moved.weights.items()), (cash, moved.cash)]
    ordered = sorted(slopes, key=lambda item: -abs(item[1]))
    told = [f"{name} {_points(answer, step * slope)}" for name, slope in ordered if abs(step * slope) >= PRINTED_WEIGHT]
    rest = len(told) - WEIGHTS_NAMED
    return ", ".join(told[:WEIGHTS_NAMED]) + (answer.say.words(" and {n} more by less", n=rest) if rest > 0 else "")


def _aversion(answer: Answer, moved: Moves | None, names: Mapping[str, str]) -> None:
    if moved is None:
        return
    at = moved.at
    if moved.method is None:
        answer.line(
            "Risk aversion {at:g}: how the weights would move is not known: {reason}.",
            at=at,
            reason=answer.phrase(moved.reason or ""),
        )
        return
    weights, exact = _weights(answer, moved, names, 1.0), moved.method == "derivative"
    if moved.valid_to is None:
        between = answer.told("from {low:.4g} without end", low=moved.valid_from or 0.0)
    else:
        between = answer.told("from {low:.4g} to {high:.4g}", low=moved.valid_from or 0.0, high=moved.valid_to)
    if not weights and exact:
        answer.line("Risk aversion {at:g}: any {between} gives the same weights.", at=at, between=plain(between))
        return
    if not weights:
        answer.line("Risk aversion {at:g}: one more moves no weight.", at=at)
        return
    values = {
        "at": at,
        "weights": weights,
        "risk": _points(answer, moved.volatility),
        "cost": _points(answer, moved.cost),
    }
    if exact:
        answer.line(
            "Risk aversion {at:g}, rate per unit more: {weights}; volatility {risk}, cost {cost} a year. The same metals are "
            "held and the same limits are reached {between}.",
            between=plain(between), **values,
        )  # fmt: skip
    else:
        answer.line(
            "Risk aversion {at:g}, with one more, solved again: {weights}; volatility {risk}, cost {cost} a year.", **values
        )


def _rounding(answer: Answer, record: Run, rounding: Rounding, names: Mapping[str, str]) -> None:
    answer.subtitle("What rounding to whole lots changed")
    rows = sorted(((names[key], pair) for key, pair in rounding.weights.items()), key=lambda row: -_larger(row[1]))
    answer.table(
        "hold | >divisible | >whole lots | >points",
        (
            (
                name, answer.number(pair.divisible, ".1%"), answer.number(pair.lots, ".1%"),
                _points(answer, pair.lots - pair.divisible),
            )
            for name, pair in (*rows, (answer.say.words("Cash"), rounding.cash))
            if _larger(pair) >= PRINTED_WEIGHT
        ),
    )  # fmt: skip
    risk, cost = rounding.volatility, rounding.cost
    answer.line(
        "Volatility {risk:.2%} in whole lots, {divisible:.2%} if metals were divisible; cost {cost:.2%} a year against "
        "{less:.2%}.",
        risk=risk.lots, divisible=risk.divisible, cost=cost.lots, less=cost.divisible,
    )  # fmt: skip
    if record.objective.unit == "cost":
        answer.line(
            "With risk at the strategy's price, whole lots cost {more:,.0f} {money} a year more than the divisible optimum, "
            "fixed fees of a trade aside.",
            more=(rounding.objective.lots - rounding.objective.divisible) * record.budget,
            money=record.currency,
        )  # fmt: skip


def _larger(pair: Rounded) -> float:
    return max(pair.divisible, pair.lots)


def _points(answer: Answer, value: float) -> str:
    """A change in percentage points, signed; what rounds to nothing has no sign."""
    return answer.say.fmt.points(value, 2)
