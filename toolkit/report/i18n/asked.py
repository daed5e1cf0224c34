"""What a limit of a strategy asks, in words, before there is an answer: from its keys, not from its value at a proposal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from toolkit.report.findings import Findings
from toolkit.report.i18n.formats import readable
from toolkit.report.i18n.language import mark
from toolkit.report.i18n.measures import SQUARES, measure_words
from toolkit.report.i18n.scales import SIDES, YEARLY, Scale, unit
from toolkit.report.i18n.text import Text, name, plain, text

Limit = Mapping[str, Any]
RULES = {
    "lots": mark("whole lots of every metal that is sold in lots"),
    "no_trade": mark("no trade in what it names"),
    "buy_only": mark("no sale of what it names"),
    "no_sell": mark("no sale of what it names"),
    "no_buy": mark("no purchase of what it names"),
    "whole_pieces": mark("trades in whole pieces"),
}
"""Terms that set no number."""
SMALLEST = 1e-3
"""A move that is told as less than this: a tenth of a point."""


def asked(run: Findings, limit: Limit) -> Text:
    """What a constraint asks: its sides, its rule, or its expression as it was written."""
    kind = limit["kind"]
    if kind == "linear":
        return text(name(limit["expression"]))
    if kind == "min_ticket":
        least = run.money(limit["value"]) if "value" in limit else run.fmt.limit(limit["fraction"])
        return run.say("at least {amount} in each holding", amount=least)
    sides = [plain(side_asked(run, limit, side, limit[side])) for side in SIDES if limit.get(side) is not None]
    if not sides:
        return run.say(RULES[kind]) if kind in RULES else text(run.say.term("term", readable(kind)))
    told = run.say.series(sides)
    if kind == "risk_limit":
        words = measure_words(SQUARES.get(limit["measure"], limit["measure"]), limit.get("confidence"), run.say)
        return run.say("{measure} {asked}", measure=words, asked=told)
    return text(told)


def side_asked(run: Findings, limit: Limit, side: str, value: Any) -> Text:
    """One side of a constraint at a value: at most 20%, at least two holdings; an expression as it was written."""
    if limit["kind"] == "linear":
        return text(name(str(value)))
    if limit["kind"] == "cardinality":
        if side == "lower":
            return run.say.counted(int(value), "at least {n} holding", "at least {n} holdings")
        return run.say.counted(int(value), "at most {n} holding", "at most {n} holdings")
    return run.say(SIDES[side], limit=scale_of(run, limit).asked(float(value)))


def scale_of(run: Findings, limit: Limit) -> Scale:
    """How the numbers of a constraint are read."""
    measure = limit.get("measure")
    if limit["kind"] != "risk_limit":
        return unit(run.say, limit["kind"])
    if measure in SQUARES:
        return Scale(run.say, square=measure)
    return Scale(run.say, of=YEARLY if measure == "volatility" else None)


def changed(settings: list[str], limit: Limit) -> Iterator[tuple[str, Any]]:
    """(key, new value) of a constraint among the options of a relaxation, `constraint.NAME.KEY=VALUE`."""
    start = f"{limit['name']}." if limit["name"].startswith("objective.") else f"constraint.{limit['name']}."
    for setting in settings:
        if limit["name"].startswith("objective.") and setting.startswith(f"{limit['name']}="):
            yield "upper", float(setting.partition("=")[2])
        elif setting.startswith(start):
            key, _, value = setting.removeprefix(start).partition("=")
            yield key, value if limit["kind"] == "linear" else float(value)


def step(run: Findings, limit: Limit, key: str, new: Any) -> Text | None:
    """By how much a limit gives way, in points, holdings or the unit of a loading; None where there is no number for it."""
    old, fmt = limit.get(key), run.fmt
    if limit["kind"] == "linear" or old is None:
        return None
    if limit["kind"] == "cardinality":
        return run.say.counted(abs(int(new) - int(old)), "{n} holding", "{n} holdings")
    read = scale_of(run, limit)
    move = abs(read.told(float(new)) - read.told(float(old)))
    if read.loading:
        return text(fmt.number(move, 2))
    if move < SMALLEST:
        return run.say("less than {points} points", points=fmt.number(100 * SMALLEST, 1))
    return run.say("{points} points", points=fmt.number(100 * move, 1))
