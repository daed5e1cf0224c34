"""`toolkit optimize --explain` for people: tables and sentences, plain enough for any terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

    from toolkit.cli.tables import Table

SHOWN = 5e-5
"""Weights below this, and slopes below it, print as nothing."""
POINT = 0.01
LARGEST = 5
"""Weights that are named where something moves them, and places where a limit binds."""

Object = Mapping[str, Any]


def show_explanation(out: Console, record: Object, told: Object) -> None:
    """Print an explanation.

    Args:
        out: Where to.
        record: The run object.
        told: Its explanation.
    """
    names = {position["asset"]: position["name"] for position in record["positions"]}
    out.print()
    out.print(f"Why this allocation, by the prices and controls known on {record['as_of']}", style="bold", markup=False)
    _show_holdings(out, record, told)
    for line in (*_bets(told), "", *_limits(record, told, names), *_aversion(told, names)):
        out.print(line, markup=False)
    if told["rounding"] is not None:
        _show_rounding(out, record, told["rounding"], names)


def points(value: float) -> str:
    """A change in percentage points, signed; what rounds to nothing has no sign."""
    written = f"{100 * value:+.2f}"
    return "0.00" if float(written) == 0 else written


def _table(headings: Sequence[str]) -> Table:
    from toolkit.cli.tables import Table

    table = Table()
    for i, heading in enumerate(headings):
        table.add_column(heading, justify="right" if i else "left")
    return table


def _show_holdings(out: Console, record: Object, told: Object) -> None:
    held = sorted((h for h in told["holdings"] if h["weight"] >= SHOWN), key=lambda h: -h["risk_contribution"])
    if not held:
        out.print("Nothing is held.", markup=False)
        return
    first, key = held[0], f"from_{held[0]['funded_by']}"
    if first[key]["volatility"] is not None:
        paid = "taken from cash" if key == "from_cash" else "taken from the other holdings in proportion"
        risk, cost = points(POINT * first[key]["volatility"]), points(POINT * first[key]["cost"])
        out.print(
            f"One more point of {first['name']}, {paid}, would change volatility by {risk} points and cost by {cost} points"
            " a year. Each holding likewise, in points:",
            markup=False,
        )
    else:
        out.print(f"{first['name']} is all there is: nothing else could pay for more of it.", markup=False)
        return
    unit, parts = _parts(record, held, key)
    table = _table(["one more point of", "weight", "of variance", "volatility", "cost", *parts, *(["together"] * bool(parts))])
    for h in held:
        cells = ["" if h[key][slope] is None else points(POINT * h[key][slope]) for slope in ("volatility", "cost")]
        own = [h[key][slope] for slope in (*parts.values(), *(["objective"] * bool(parts)))]
        cells += ["" if slope is None else unit(POINT * slope) for slope in own]
        table.add_row(h["name"], f"{h['weight']:.1%}", f"{h['risk_contribution']:.1%}", *cells)
    out.print(table)
    for line in _reading(record, held, key, parts):
        out.print(line, markup=False)


def _reading(record: Object, held: Sequence[Object], key: str, parts: Mapping[str, str]) -> Iterator[str]:
    """How the table is to be read."""
    years = f"{record['costs']['holding_years']:g}"
    yield f"Cost is what buying and selling take, spread over {years} years, and storage."
    objective = record["objective"]
    if parts:
        what = {
            "ratio": "takes from the ratio, which is made as large as the limits allow",
            "return": "takes from the return after costs, which is made as large as the limits allow, in points a year",
        }.get(objective["unit"], "adds to the objective, which is made as small as the limits allow, in points a year")
        yield f"By part, and together: what it {what}."
    level = objective["unit"] == "variance" and key == "from_others" and len(held) > 1
    if level and all(abs(POINT * h[key]["volatility"]) < SHOWN for h in held):
        yield "No small exchange between the holdings changes volatility: that is what least risk means."


def _parts(record: Object, held: Sequence[Object], key: str) -> tuple[Callable[[float], str], dict[str, str]]:
    """How a slope of the objective is written, and heading -> key of its parts where there is more than one."""
    unit = record["objective"]["unit"]
    reward = "by own risk" if record["objective"]["kind"] == "max_diversification" else "by return"
    headings = {"by risk": "objective_risk", "by cost": "objective_cost", reward: "objective_reward"}
    found = {heading: slope for heading, slope in headings.items() if any(h[key].get(slope) for h in held)}
    written = points if unit in ("cost", "return") else lambda value: f"{value:+.4f}"
    return written, found if len(found) > 1 else {}


def _bets(told: Object) -> Iterator[str]:
    b = told["bets"]
    count = "1 holding" if b["holdings"] == 1 else f"{b['holdings']} holdings"
    yield (
        f"Spread over {count}: as many as {b['effective_holdings']:.1f} equal holdings by weight, cash aside,"
        f" {b['effective_risks']:.1f} by contribution to risk, and {b['effective_bets']:.1f} by the uncorrelated bets nearest"
        " to the holdings (minimum torsion)."
    )


def _place(limit: Object, names: Mapping[str, str]) -> str:
    """Where a limit binds, in the reader's words; empty where its name says it."""
    from toolkit.report.i18n.countries import country

    where = [names.get(label, country(label)) for label in limit["where"] if label]
    where = [label for label in where if label != limit["name"]]
    more = f" and {len(where) - LARGEST} more" if len(where) > LARGEST else ""
    return f"{', '.join(where[:LARGEST])}{more}, " if where else ""


def _limits(record: Object, told: Object, names: Mapping[str, str]) -> Iterator[str]:
    rows = told["limits"]
    if not rows:
        yield "The strategy sets no limit in numbers."
        return
    binding, free = ([limit for limit in rows if limit["binding"] is state] for state in (True, False))
    if binding:
        divisible = " Of the divisible problem, before whole lots." if told["rounding"] is not None else ""
        yield f"Limits that bind, what a point more room is worth at the margin, and what it moves, in points.{divisible}"
    for limit in binding:
        broken = limit["soft"] is not None and limit["room"] < 0
        beyond = f"soft, exceeded by {-100 * limit['room']:.1f} points; a point of that is worth " if broken else ""
        yield f"- {_limit(limit, names)}: {beyond}{_price(record, limit)}."
        if limit["moves"] is not None:
            yield f"  {_moves(limit['moves'], names, limit['kind'])}"
    if free:
        yield "Limits that do not bind:"
    for limit in free:
        yield f"- {_limit(limit, names)}: {100 * limit['room']:.1f} points of room left."


def _limit(limit: Object, names: Mapping[str, str]) -> str:
    side = "at most" if limit["side"] == "upper" else "at least"
    return f"'{limit['name']}' ({_place(limit, names)}{side} {100 * limit['limit']:.6g}%)"


def _price(record: Object, limit: Object) -> str:
    if limit["worth"] is not None:
        return limit["worth"]["words"]
    if record["objective"]["unit"] == "distance":
        return "no price, because the strategy names its weights or shares of risk itself"
    return "its price is not known"


def _moves(moved: Object, names: Mapping[str, str], kind: str) -> str:
    if moved["method"] is None:
        return f"How the weights would move is not known: {moved['reason']}."
    slopes = [(names[key], slope) for key, slope in moved["weights"].items()] + [("cash", moved["cash"])]
    unit = "hundredth of loading" if kind == "factor_exposure" else "point"
    exact = moved["method"] == "derivative"
    told, until = _weights(slopes, POINT), _validity(moved)
    if not told:
        return f"More room moves no weight{f', {until}' if exact else ''}."
    totals = f"volatility {points(POINT * moved['volatility'])}, cost {points(POINT * moved['cost'])} a year"
    if exact:
        return f"Per {unit} more room: {told}; {totals}; {until}."
    return f"With one {unit} more room, solved again: {told}; {totals}."


def _validity(moved: Object) -> str:
    """Between which limits a rate holds."""
    ends = (moved["valid_from"], moved["valid_to"])
    low, high = (None if end is None else f"{round(100 * end, 2) + 0.0:g}%" for end in ends)
    if low is None and high is None:
        return "at any value of the limit"
    if low is None or high is None:
        return f"for limits up to {high}" if low is None else f"for limits from {low}"
    return f"for limits from {low} to {high}"


def _weights(slopes: list[tuple[str, float]], step: float) -> str:
    """The largest moves of weights for a step, in points."""
    ordered = sorted(slopes, key=lambda item: -abs(item[1]))
    told = [f"{name} {points(step * slope)}" for name, slope in ordered if abs(step * slope) >= SHOWN]
    rest = len(told) - LARGEST
    return ", ".join(told[:LARGEST]) + (f" and {rest} more by less" if rest > 0 else "")


def _aversion(told: Object, names: Mapping[str, str]) -> Iterator[str]:
    moved = told["risk_aversion"]
    if moved is None:
        return
    at = f"{moved['at']:g}"
    if moved["method"] is None:
        yield f"Risk aversion {at}: how the weights would move is not known: {moved['reason']}."
        return
    slopes = [(names[key], slope) for key, slope in moved["weights"].items()] + [("cash", moved["cash"])]
    shown, low, high = _weights(slopes, 1.0), moved["valid_from"], moved["valid_to"]
    exact = moved["method"] == "derivative"
    between = "" if not exact else f"from {low or 0.0:.4g} {'without end' if high is None else f'to {high:.4g}'}"
    if not shown:
        yield f"Risk aversion {at}: " + (f"any {between} gives the same weights." if exact else "one more moves no weight.")
        return
    change = f"{shown}; volatility {points(moved['volatility'])}, cost {points(moved['cost'])} a year"
    if exact:
        yield f"Risk aversion {at}, rate per unit more: {change}. The same metals are held and the same limits bind {between}."
    else:
        yield f"Risk aversion {at}, with one more, solved again: {change}."


def _show_rounding(out: Console, record: Object, rounding: Object, names: Mapping[str, str]) -> None:
    out.print()
    out.print("What rounding to whole lots changed", style="bold", markup=False)
    table = _table(["hold", "divisible", "whole lots", "points"])
    rows = [(names[key], pair) for key, pair in rounding["weights"].items()]
    for name, pair in [*sorted(rows, key=lambda row: -max(row[1].values())), ("Cash", rounding["cash"])]:
        if max(pair.values()) >= SHOWN:
            change = pair["lots"] - pair["divisible"]
            table.add_row(name, f"{pair['divisible']:.1%}", f"{pair['lots']:.1%}", points(change))
    out.print(table)
    risk, cost = rounding["volatility"], rounding["cost"]
    out.print(
        f"Volatility {risk['lots']:.2%} in whole lots, {risk['divisible']:.2%} if metals were divisible;"
        f" cost {cost['lots']:.2%} a year against {cost['divisible']:.2%}.",
        markup=False,
    )
    if record["objective"]["unit"] == "cost":
        more = (rounding["objective"]["lots"] - rounding["objective"]["divisible"]) * record["budget"]
        out.print(
            f"With risk at the strategy's price, whole lots cost {more:,.0f} {record['currency']} a year more than the"
            " divisible optimum, fixed fees of a trade aside.",
            markup=False,
        )
