"""Limits: what each asks, what it came to, the room it leaves, and what one more point of it would be worth."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from toolkit.report import formats
from toolkit.report.compose import section
from toolkit.report.countries import NAMES, country
from toolkit.report.document import Block, Column, Figure, Missing, Row, Table
from toolkit.report.proposal import HOLDS, Proposal
from toolkit.report.text import NONE, Inline, Span, Text, listed, muted, name, strong, text

POINT = 0.01
NOTHING = 5e-6
"""A price per point that would be written as zero."""


@section("limits", "Limits")
def limits(run: Proposal) -> tuple[Block, ...] | Missing:
    """The table of limits, and the terms that set no number."""
    if not run.limits:
        return Missing("The strategy sets no limit in numbers." + _others(run))
    before = run.before is not None
    columns = (
        Column("Limit", "left"),
        Column("Where it is tightest", "left", "Tightest"),
        Column("Asked"),
        *((Column("Now"),) if before else ()),
        Column("New"),
        Column("Room, points", short="Room"),
        Column("One more point", "left"),
    )
    rows = tuple(Row(_cells(run, c), gauge=_used(c)) for c in run.limits)
    sub = "Values on whole lots." if run.record["solver"]["lots_gap"] is not None else "Values of the proposal."
    sub += " What a point is worth comes from the divisible problem, where a limit can bind that whole lots leave some room."
    table = Table("Limits, room and price", columns, rows, gauge="Room used")
    return (Figure(_finding(run), text(sub), (table,), source=text(*_unit(run), _others(run))),)


def _finding(run: Proposal) -> Text:
    total, broken = len(run.limits), run.broken
    if broken:
        names = listed([name(c["name"]) for c in broken])
        return text(
            f"{formats.capital(formats.count(len(broken), 'limit'))} of {total} {formats.are(len(broken))} broken: ",
            names,
        )
    binding = [c for c in run.limits if c["binding"]]
    hold = (
        "The limit holds" if total == 1 else f"All {formats.WORDS[total] if total < len(formats.WORDS) else total} limits hold"
    )
    if not binding:
        return text(f"{hold}, and none binds")
    if len(binding) == total:
        return text(f"{hold}, and {'it binds' if total == 1 else 'each of them binds'}")
    return text(f"{hold}; ", listed([name(c["name"]) for c in binding]), f" {'binds' if len(binding) == 1 else 'bind'}")


def _cells(run: Proposal, c: Mapping[str, Any]) -> tuple[Text, ...]:
    side = "at most" if c["side"] == "upper" else "at least"
    where = c["where"] or ""
    place: Inline = NONE if where in ("", c["name"]) else country(where) if where in NAMES else name(where)
    cells = [text(name(c["name"])), text(place), text(f"{side} {formats.limit(c['limit'])}")]
    if run.before:
        cells.append(_now(run, c))
    broken = c["slack"] < -HOLDS
    value = formats.percent(c["value"])
    cells.append(text(Span(f"▲ {value}", "warn") if broken else strong(value)))
    return (*cells, text(formats.number(100 * c["slack"], 1)), text(*_worth(run, c)))


def _now(run: Proposal, c: Mapping[str, Any]) -> Text:
    """The value today, marked where today breaks the limit."""
    value = (run.before or {"limits": {}})["limits"].get(c["name"])
    if value is None:
        return text(NONE)
    broken = value > c["limit"] + HOLDS if c["side"] == "upper" else value < c["limit"] - HOLDS
    return text(Span(f"▲ {formats.percent(value)}", "warn") if broken else muted(formats.percent(value)))


def _used(c: Mapping[str, Any]) -> float | None:
    """Share of an upper limit that is used; a floor has no room that fills."""
    if c["side"] != "upper" or not c["limit"]:
        return None
    return min(max(c["value"] / c["limit"], 0.0), 1.0)


def _worth(run: Proposal, c: Mapping[str, Any]) -> tuple[Inline, ...]:
    """The shadow price per point in a unit a reader knows.

    The multiplier is the rate at which the objective falls. With variance as objective one point buys
    0.01 x price / (2 x volatility) of volatility; where risk is priced as cost, `aversion / 2 x variance + costs`, one point is
    worth 0.01 x price of the budget a year, the same as 0.01 x price / (aversion x volatility) of volatility.
    """
    price, objective = c["shadow_price"], run.record["objective"]
    if not c["binding"]:
        return ("nothing: the limit does not bind",)
    if price is None or objective["unit"] == "distance":
        return (NONE,)
    if POINT * price < NOTHING:
        return ("next to nothing",)
    return (_gain(run, POINT * price),)


def _gain(run: Proposal, worth: float) -> Inline:
    """What a fall of the objective by `worth` is, in words."""
    objective, volatility = run.record["objective"], run.record["risk"]["volatility"]
    match objective["unit"]:
        case "ratio":
            told: Inline = f"{formats.number(worth, 3)} more of the ratio"
        case "return":
            told = f"{formats.number(100 * worth, 2)} points more return a year"
        case "variance":
            told = _less(worth / (2 * volatility)) if volatility > 0 else NONE
        case _:
            told = f"{run.money(worth * run.record['budget'])} a year"
            if volatility > 0:
                told = f"{told}, as much as {_less(worth / (objective['risk_aversion'] * volatility))}"
    return told


def _less(volatility: float) -> str:
    return f"{formats.number(100 * volatility, 2)} points less volatility"


def _unit(run: Proposal) -> tuple[Inline, ...]:
    objective = run.record["objective"]
    words = "Own calculation. “Point” is a percentage point."
    match objective["unit"]:
        case "variance":
            return (words, " The objective is variance; its price is turned into volatility at the level of this run.")
        case "cost":
            half = formats.quantity(objective["risk_aversion"] / 2)
            return (
                words,
                f" The objective is cost a year plus {half} times the variance: at that price of risk a point is worth money.",
            )
        case "ratio":
            return (words, " The objective is a ratio to volatility.")
        case "return":
            return (words, " The objective is expected return a year.")
        case _:
            return (
                words,
                " The strategy names its weights or shares of risk itself, so a limit has no price in volatility or money.",
            )


def _others(run: Proposal) -> str:
    """Terms that set a rule, not a number."""
    rules = {"lots": "whole lots", "min_ticket": "a smallest amount for each holding", "cardinality": "a number of holdings"}
    found = [rules.get(c["kind"], formats.readable(c["kind"])) for c in run.record["constraints"] if c["value"] is None]
    if not found:
        return ""
    kept = found[0] if len(found) == 1 else f"{', '.join(found[:-1])} and {found[-1]}"
    return f" Also kept: {kept}."
