"""Limits: what each asks, what it came to, the room it leaves, and what one more point of it would be worth."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from toolkit.report import formats
from toolkit.report.compose import section
from toolkit.report.language import mark
from toolkit.report.countries import NAMES, country
from toolkit.report.document import Block, Column, Figure, Missing, Row, Table
from toolkit.report.measures import measure_words
from toolkit.report.origins import by_product
from toolkit.report.findings import HOLDS, Findings, is_soft, metal
from toolkit.report.scales import Scale, measured, scale
from toolkit.report.text import NONE, Inline, Span, Text, listed, muted, name, strong, text
from toolkit.report.worth import fall_in_words, worth

LOADING = " (per hundredth of a loading)"
NAMELESS = "objective.volatility"
"""The name of a limit that the objective sets itself."""
RULES = {
    "lots": "whole lots",
    "min_ticket": "a smallest amount for each holding",
    "no_trade": "what is not traded",
    "control_exposure": "the share under control, of which nothing here is known",
}
"""Terms without a number of their own."""


@section("limits", mark("Limits"), needs=["positions"])
def limits(run: Findings) -> tuple[Block, ...] | Missing:
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
    rows = tuple(Row(_cells(run, c), gauge=_used(run, c)) for c in run.limits)
    sub = "Values on whole lots." if run.record["solver"]["lots_gap"] is not None else "Values of the proposal."
    if run.record["solver"]["lots_gap"] is not None:
        sub += (
            " What a point is worth comes from the divisible problem, where a limit can bind that whole lots leave some room."
        )
    table = Table("Limits, room and price", columns, rows, gauge="Room used")
    return (Figure(_finding(run), text(sub), (table,), source=text(*_unit(run), _others(run))),)


def _finding(run: Findings) -> Text:
    total, broken, soft = len(run.limits), run.broken, run.yielded
    if broken:
        names = listed([name(c["name"]) for c in broken])
        return text(
            f"{formats.capital(formats.count(len(broken), 'limit'))} of {total} {formats.are(len(broken))} broken: ",
            names,
        )
    if soft:
        names, verb = listed([name(c["name"]) for c in soft]), "gives" if len(soft) == 1 else "give"
        rest = f"; the other{'s hold' if total - len(soft) > 1 else ' limit holds'}" if total > len(soft) else ""
        return text(f"{formats.capital(formats.count(len(soft), 'soft limit'))} {verb} way at {_price_of(soft)}: ", names, rest)
    binding = [c for c in run.limits if c["binding"]]
    hold = {1: "The limit holds", 2: "Both limits hold"}.get(total, f"All {formats.count(total, 'limit')} hold")
    if not binding:
        return text(f"{hold}, and none binds")
    if len(binding) == total:
        return text(f"{hold}, and {'it binds' if total == 1 else 'each of them binds'}")
    names = listed([text(_titled(c)) for c in binding])
    return text(f"{hold}; ", names, f" {'binds' if len(binding) == 1 else 'bind'}")


def _price_of(soft: tuple[Mapping[str, Any], ...]) -> str:
    return "its price" if len(soft) == 1 else "their price"


def _titled(c: Mapping[str, Any]) -> Inline:
    """The name of a limit, which the objective does not give to its own."""
    return "volatility" if c["name"] == NAMELESS else name(c["name"])


def _cells(run: Findings, c: Mapping[str, Any]) -> tuple[Text, ...]:
    read, side = scale(run, c), "at most" if c["side"] == "upper" else "at least"
    soft = " if the price allows" if is_soft(c) else ""
    label = "Volatility, set by the objective" if c["name"] == NAMELESS else name(c["name"])
    cells = [text(label), text(_place(run, c)), text(f"{side} {read.asked(c['limit'])}{soft}")]
    if run.before:
        cells.append(_now(run, c, read))
    cells.append(_value(c["value"], read, broken=c["slack"] < -HOLDS))
    return (*cells, text(read.room(c)), text(*_worth(run, c, read)))


def _value(value: float, read: Scale, *, broken: bool) -> Text:
    written = read.value(value)
    return text(Span(f"▲ {written}", "warn") if broken else strong(written))


def _place(run: Findings, c: Mapping[str, Any]) -> Inline:
    """Where a limit is tightest, in words: a country, a holding, a factor, a measure, a relation as it was written."""
    where = c["where"] or ""
    if c["kind"] in ("risk_limit", "tracking_error"):
        return measured(c)
    if where in ("", c["name"]) or c["name"] == NAMELESS:
        return NONE
    if where in NAMES:
        return country(where)
    factor = where.removesuffix(" falls")
    if factor in run.record["exposures"]["factors"] or where in {p["group"] for p in run.record["positions"]}:
        return formats.readable(where)
    spoken = {p["element"]: metal(p) for p in by_product(run.record["positions"]) if p["element"]}
    spoken |= {p["asset"]: metal(p) for p in run.record["positions"]}
    return spoken.get(where, name(where))


def _now(run: Findings, c: Mapping[str, Any], read: Scale) -> Text:
    """The value today, marked where today breaks the limit."""
    value = (run.before or {"limits": {}})["limits"].get(c["name"])
    if value is None:
        return text(NONE)
    broken = value > c["limit"] + HOLDS if c["side"] == "upper" else value < c["limit"] - HOLDS
    return _value(value, read, broken=True) if broken else text(muted(read.value(value)))


def _used(run: Findings, c: Mapping[str, Any]) -> float | None:
    """Share of an upper limit that is used; a floor, and a limit that asks for a gain, has no room that fills."""
    if c["side"] != "upper" or c["limit"] <= 0:
        return None
    read = scale(run, c)
    return min(max(read.told(c["value"]) / read.told(c["limit"]), 0.0), 1.0)


def _worth(run: Findings, c: Mapping[str, Any], read: Scale) -> tuple[Inline, ...]:
    """The shadow price per point in a unit a reader knows."""
    price, objective = c["shadow_price"], run.record["objective"]
    if not c["binding"]:
        return ("nothing: the limit does not bind",)
    if price is None:
        return (NONE,)
    fall = read.fall(price, c["limit"])
    words = fall_in_words(worth(objective, _level(run), fall), fall, run.money, run.record["budget"])
    if words is None:
        return (NONE,)
    return (f"{words}{LOADING if read.loading else ''}",)


def _level(run: Findings) -> float:
    """The volatility at which variance is turned into volatility; for tracking, the tracking error."""
    objective = run.record["objective"]
    tracks = objective["kind"] == "track"
    return math.sqrt(max(objective["value"], 0.0)) if tracks else run.record["risk"]["volatility"]


def _unit(run: Findings) -> tuple[Inline, ...]:
    """In which unit the prices are, and how they became one that a reader knows."""
    objective = run.record["objective"]
    words, measure = "Own calculation. “Point” is a percentage point.", objective.get("measure") or "variance"
    told = measure_words(measure, objective.get("confidence"))
    match objective["unit"]:
        case "cost":
            price = objective["risk_aversion"] / 2 if measure == "variance" else objective["risk_aversion"]
            aim = f"cost a year plus {formats.quantity(price)} times the {told}: at that price of risk a point is worth money"
        case "variance" | "measure" if measure == "variance":
            aim = "variance; its price is turned into volatility at the level of this run"
        case "variance" | "measure":
            aim = f"the {told}"
        case "ratio":
            aim = f"a ratio to the {'volatility' if measure == 'variance' else told}"
        case "return":
            aim = "expected return a year"
        case _ if objective["kind"] == "track":
            aim = "the variance of the difference to a target, told as tracking error"
        case _:
            named = " The strategy names its weights or shares of risk itself, so a limit has no price in volatility or money."
            return (words, named)
    return (words, f" The objective is {aim}.")


def _others(run: Findings) -> str:
    """Terms that set a rule, not a number."""
    counted = f"a number of holdings ({formats.count(len(run.held), 'is', 'are')} held)"
    rules = {**RULES, "cardinality": counted}
    found = [rules.get(c["kind"], formats.readable(c["kind"])) for c in run.record["constraints"] if c["value"] is None]
    if not found:
        return ""
    return f" Also kept: {formats.series(found)}."
