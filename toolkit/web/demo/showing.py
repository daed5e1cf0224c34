"""An answer of the demo in the visitor's language: sentences, figures and rows of its page."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from toolkit.report.i18n.language import Language, mark
from toolkit.report.i18n.names import short_country
from toolkit.web.demo.position import SCENARIOS, Outcome, Position, Start
from toolkit.web.demo.trial import BASES, Gap

SCENARIO_WORDS = {
    "today": mark("as in force today"),
    "wider": mark("also on every metal of which China makes half or more"),
    "lifted": mark("none: what is in force is repealed"),
}
PER_CENT_LINES = 25
"""Per cent between the lines of the bars."""


def sliders(start: Start, position: Position, say: Language) -> dict[str, Any]:
    """What the controls of the page are made from.

    Args:
        start: Of the strategy.
        position: Where they stand.
        say: The language.
    """
    units, words = {"budget": start.currency, "aversion": "", "cap": "%"}, settings_of(position, start.currency, say)
    found = [
        {
            "name": name,
            "label": label,
            "range": start.ranges[name],
            "value": getattr(position, name),
            "unit": unit,
            "shown": shown,
        }
        for (name, unit), (label, shown) in zip(units.items(), words, strict=False)
        if name in start.ranges
    ]
    scenarios = [(name, say.words(SCENARIO_WORDS[name]), name == position.scenario) for name in SCENARIOS]
    return {"ranges": found, "scenarios": scenarios if start.has_cap else scenarios[:1]}


def settings_of(position: Position, currency: str, say: Language) -> list[tuple[str, str]]:
    """Where sliders stood, as rows of words.

    Args:
        position: Of the sliders.
        currency: Of the budget.
        say: The language.
    """
    return [
        (say.words("Budget"), say.fmt.money(position.budget, currency)),
        (say.words("Risk aversion"), say.fmt.number(position.aversion, 1)),
        (say.words("At most under export control"), say.fmt.percent(position.cap / 100, 0)),
        (say.words("Export controls of China"), say.words(SCENARIO_WORDS[position.scenario])),
    ]


def _advice(outcome: Outcome, say: Language) -> str:
    """Where there is an answer, for who is at a position without one."""
    if outcome.status != "infeasible":
        return ""
    if outcome.least_cap is None:
        return say.words("Another budget may leave an answer.")
    limit = say.fmt.percent(outcome.least_cap / 100, 0)
    return say.words("From {limit} under export control on there is an answer, with the rest as it is.", limit=limit)


def _beside_assets(outcome: Outcome, position: Position, say: Language) -> tuple[str, str]:
    """Cash, and what buying costs: with the assets they are the budget. Empty in a step that an earlier version kept."""
    if not outcome.wealth:
        return "", ""
    amounts = outcome.cash * outcome.wealth, position.budget - outcome.wealth
    cash, costs = (say.fmt.money(amount, outcome.currency) for amount in amounts)
    return cash, costs


def gap_told(gap: Gap, start: Start, say: Language) -> str:
    """What is missing, in a sentence.

    Args:
        gap: What the trial of a strategy found.
        start: Of the strategy.
        say: The language.
    """
    if gap.kind == "mixed":
        few, every = (say.fmt.number(value) for value in gap.values)
        return say.words(
            "With several sliders moved, {few} of {every} positions that were tried have no answer.", few=few, every=every
        )
    if gap.kind in ("slow", "unfinished"):
        seconds = say.fmt.number(gap.values[0], 1 if gap.kind == "slow" else 0)
        return (
            say.words("An answer takes {seconds} s: visitors wait.", seconds=seconds)
            if gap.kind == "slow"
            else say.words("The trial ended after {seconds} s, before everything was tried.", seconds=seconds)
        )
    where = [*BASES].index(gap.slider)
    label = settings_of(start.position, start.currency, say)[where][0]
    if gap.kind == "effect":
        return say.words("{slider}: nothing changes near the start.", slider=label)
    at = [settings_of(replace(start.position, **{gap.slider: value}), start.currency, say)[where][1] for value in gap.values]
    values = (
        say.series(at) if len(at) < 3 or gap.slider == "scenario" else say.words("{first} to {last}", first=at[0], last=at[-1])
    )
    return (
        say.words("{slider}: no answer at {values}.", slider=label, values=values)
        if gap.kind == "answer"
        else say.words("{slider}: limits of the strategy are exceeded at {values}.", slider=label, values=values)
    )


def shown(outcome: Outcome, position: Position, say: Language) -> dict[str, Any]:
    """What the page shows of an answer.

    Args:
        outcome: The answer.
        position: That it is the answer at.
        say: The language.
    """
    fmt = say.fmt
    if outcome.status != "optimal":
        limits = say.series([say.known(name) for name in outcome.conflict])
        said = (
            say.words("No allocation keeps these limits together: {limits}.", limits=limits)
            if outcome.status == "infeasible"
            else say.words("There is no answer at this position.")
        )
        return {"outcome": outcome, "finding": said, "advice": _advice(outcome, say), "position": position}
    held = sorted((one for one in outcome.holdings if one.weight > 0), key=lambda one: -one.weight)
    largest = 100 * max((one.weight for one in held), default=1.0)
    scale = min(100.0, PER_CENT_LINES * (1 + largest // PER_CENT_LINES))
    rows = [
        {
            "key": one.asset,
            "name": say.term("name", one.name),
            "weight": fmt.percent(one.weight),
            "width": round(100 * 100 * one.weight / scale, 2),
            "value": fmt.money(one.value, outcome.currency),
            "lots": "" if one.lots is None else fmt.number(one.lots),
            "controlled": one.controlled,
        }
        for one in held
    ]
    controlled = None if outcome.controlled is None else fmt.percent(outcome.controlled)
    figures = [("volatility", say.words("Volatility a year"), fmt.percent(outcome.volatility), "")]
    if controlled is not None:
        figures.append(
            (
                "controlled",
                say.words("Under export control"),
                controlled,
                say.words("limit {limit}", limit=fmt.percent(position.cap / 100, 0)),
            )
        )
    if outcome.country is not None:
        code, share = outcome.country
        figures.append(("country", say.words("Largest supplier"), fmt.percent(share), short_country(code, say)))
    figures.append(("cost", say.words("Cost a year"), fmt.percent(outcome.cost), say.words("spread, storage and fees")))
    first = held[0] if held else None
    finding = (
        say.words("Everything stays in cash.")
        if first is None
        else say.words(
            "{count} of {all} metals; the largest is {name} with {weight}.",
            count=fmt.number(len(held)),
            all=fmt.number(len(outcome.holdings)),
            name=say.name(first.name),
            weight=fmt.percent(first.weight),
        )
    )
    further = say.series([say.term("metal", key) for key in outcome.further])
    note = say.words("Under control in this scenario and not today: {metals}.", metals=further) if outcome.further else ""
    return {
        "outcome": outcome,
        "position": position,
        "finding": finding,
        "figures": figures,
        "rows": rows,
        "cash": fmt.percent(outcome.cash),
        "money": _beside_assets(outcome, position, say),
        "note": note,
        "exceeded": say.series([say.known(name) for name in outcome.exceeded]),
        "as_of": fmt.long_date(outcome.as_of),
        "oldest": fmt.long_date(outcome.oldest) if outcome.oldest else "",
        "settings": "; ".join(f"{label} {value}" for label, value in settings_of(position, outcome.currency, say)),
        "spoken": say.words(
            "{finding} Volatility {volatility}, under export control {controlled}.",
            finding=finding,
            volatility=fmt.percent(outcome.volatility),
            controlled=controlled or "–",
        ),
    }
