"""What may happen and what it would cost: falls of factors, the scenarios a strategy names, the tail of all of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from toolkit.report import formats
from toolkit.report.document import Block, Column, Figure, Notes, Row, Table
from toolkit.report.measures import CONFIDENCE, ORDER, SQUARES, measure_words
from toolkit.report.findings import SHOCKS, Findings
from toolkit.report.text import NONE, Inline, Text, muted, name, sources, strong, text


def falls(run: Findings) -> Figure | None:
    """Losses by factor; statistical remainders have no name a reader could act on."""
    exposures: Mapping[str, float] = run.record["exposures"]["factors"]
    rows = [
        (s, key)
        for s in run.record["scenarios"]
        if s["kind"] == "factor" and (key := s["name"].removesuffix(" falls")) in exposures
    ]
    if not rows:
        return None
    rows.sort(key=lambda row: (-row[0]["loss"], row[1]))
    worst = rows[0]
    if worst[0]["loss"] <= 0:
        title = text("No named factor would cost anything by falling")
    else:
        title = text(f"A fall of {_factor(worst[1])} costs most: {formats.percent(worst[0]['loss'])} of value")
    columns = (Column("If this falls", "left"), Column("Exposure"), Column("Loss, %"), Column("How far", "left"))
    table = Table("Loss when a factor falls", columns, tuple(Row(_fall(s, key, exposures[key])) for s, key in rows))
    systematic = run.record["risk"]["systematic"]
    sub = "Loss of value over a year; a minus is a gain." + (
        "" if systematic is None else f" The factors explain {formats.percent(systematic, 0)} of the variance."
    )
    return Figure(title, text(sub), (table,), (), text("Own calculation", sources(*run.of_tables("prices", "fx")), "."))


def _fall(s: Mapping[str, Any], key: str, exposure: float) -> tuple[Text, ...]:
    return (
        text(formats.capital(_factor(key))),
        text(formats.number(exposure, 2)),
        text(strong(formats.number(100 * s["loss"], 1))),
        text(muted(s["method"])),
    )


def _factor(key: str) -> str:
    return {"dollar": "the dollar", "supply_shock": "the supply-shock factor", "energy": "energy"}.get(
        key, formats.readable(key)
    )


def shocks(run: Findings) -> Figure | None:
    """The scenarios that the strategy names, and the sentences on what they rest on."""
    rows = run.shocks
    if not rows:
        return None
    columns = (
        Column("If this happens", "left"),
        Column("Probability"),
        Column("Loss, %"),
        Column("Sizes and probability", "left", "Rests on"),
    )
    table = Table("Loss in the scenarios of the strategy", columns, tuple(Row(_shock(run, s)) for s in rows))
    sub = (
        "Loss of value at once; a minus is a gain. Probability within the horizon of the scenarios, after the strategy’s views."
    )
    foot = text("Own calculation", sources(*run.of_tables("controls", "prices"), *run.rests_on(SHOCKS)), ".")
    return Figure(_shocks_finding(rows), text(sub), (table, *_notes(run)), (), foot)


def _shock(run: Findings, s: Mapping[str, Any]) -> tuple[Text, ...]:
    chance = s.get("probability")
    return (
        text(name(formats.capital(s["name"]))),
        text(NONE if chance is None else run.assumed(formats.percent(chance, 0), SHOCKS, marked=False)),
        text(run.assumed(formats.number(100 * s["loss"], 1), SHOCKS, marked=False)),
        text(muted(s["method"])),
    )


def _shocks_finding(rows: tuple[Mapping[str, Any], ...]) -> Text:
    """The costliest, and where there is one the scenario that brings most."""
    worst, best = rows[0], rows[-1]
    parts: list[Inline] = []
    if worst["loss"] > 0:
        parts += ["“", name(worst["name"]), f"” would cost {formats.percent(worst['loss'])} of value"]
    if best["loss"] < 0:
        parts += ["; " if parts else "", "“", name(best["name"]), f"” would bring {formats.percent(-best['loss'])}"]
    return text(*parts) if parts else text("No scenario of the strategy would cost anything")


def tail(run: Findings) -> Figure | None:
    """Measures of risk over the scenarios of the strategy; squares are told by their roots."""
    risk = run.record["risk"]
    values: Mapping[str, float] = {key: v for key, v in risk.get("measures", {}).items() if key not in SQUARES}
    if not values:
        return None
    order = sorted(values, key=lambda key: (ORDER.index(key) if key in ORDER else len(ORDER), key))
    columns = (Column("Measure", "left"), Column("% of value"))
    rows = tuple(Row(_measure(key, values[key])) for key in order)
    told = risk["cvar_method"]
    if run.normal_tail:
        told = "the strategy’s scenarios, one path: falls from a peak along all of it, the others over one of its periods"
    sub = f"Over {told}. Volatility of the forecast alone: {formats.percent(risk['volatility'])} a year."
    table = Table("Risk over the scenarios", columns, rows)
    foot = text("Own calculation", sources(*run.of_tables("prices", "fx"), *run.rests_on(SHOCKS)), ".")
    body: tuple[Block, ...] = (table,) if run.shocks else (table, *_notes(run))
    return Figure(_tail_finding(run, values), text(sub), body, (), foot)


def _measure(key: str, value: float) -> tuple[Text, ...]:
    words = formats.capital(measure_words(key, CONFIDENCE))
    return (text(words), text(strong(formats.number(100 * value, 1))))


def _tail_finding(run: Findings, values: Mapping[str, float]) -> Text:
    if "cvar" in values and not run.normal_tail:
        return text(f"The worst twentieth of the scenarios loses {formats.percent(values['cvar'])} of value on average")
    if "max_drawdown" in values:
        return text(f"The largest fall from a peak in the scenarios is {formats.percent(values['max_drawdown'])} of value")
    return text("Risk over the scenarios of the strategy")


def _notes(run: Findings) -> tuple[Notes, ...]:
    """What the scenarios rest on, beside the table that shows them."""
    found = run.scenario_notes
    return (Notes(tuple(("", run.sentence(words)) for words in found)),) if found else ()
