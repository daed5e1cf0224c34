"""What a fall of the objective is in units a reader knows: the words of a shadow price, for report and terminal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from toolkit.report import formats
from toolkit.report.measures import measure_words

NOTHING = 5e-6
"""A worth that would be written as zero."""
LEAST = 5e-5
"""Volatility that would."""


@dataclass(frozen=True, slots=True)
class Worth:
    """A fall of the objective, translated; what does not apply is None.

    Attributes:
        volatility: Points less, as a fraction.
        tracking_error: Likewise, of the difference to a target.
        cost: Less a year, as a fraction of the budget; with risk priced as the strategy prices it.
        ratio: More of the ratio.
        reward: More return a year, as a fraction.
        risk: Less of another measure of risk, as a fraction of the budget; `measure` names it.
    """

    volatility: float | None = None
    tracking_error: float | None = None
    cost: float | None = None
    ratio: float | None = None
    reward: float | None = None
    risk: float | None = None
    measure: str | None = None


def worth(objective: Mapping[str, Any], level: float, fall: float) -> Worth:
    """A fall of the objective in the reader's units.

    A fall f of the variance is f / (2 x volatility) of volatility. Where risk is priced as cost, `aversion / 2 x variance +
    costs`, f is the same as f of the budget a year, or as f / (aversion x volatility) of volatility.

    Args:
        objective: `objective` of the run object.
        level: Volatility a year at which variance is turned into volatility (for tracking, the tracking error).
        fall: Of the objective, in its own unit.
    """
    unit = objective["unit"]
    if unit in ("variance", "cost", "measure"):
        return _of_risk(objective, level, fall)
    if unit == "ratio":
        return Worth(ratio=fall)
    if unit == "return":
        return Worth(reward=fall)
    tracks = objective["kind"] == "track" and level > 0
    return Worth(tracking_error=fall / (2 * level)) if tracks else Worth()


def _of_risk(objective: Mapping[str, Any], level: float, fall: float) -> Worth:
    """A fall of risk alone, or of risk at its price and costs."""
    measure = objective.get("measure") or "variance"
    if objective["unit"] == "cost":
        exchange = objective["risk_aversion"] * level if measure == "variance" else 0.0
        return Worth(volatility=fall / exchange if exchange > 0 else None, cost=fall)
    if measure == "volatility":
        return Worth(volatility=fall)
    if measure != "variance":
        return Worth(risk=fall, measure=measure)
    return Worth(volatility=fall / (2 * level)) if level > 0 else Worth()


def in_words(gain: Worth, money: Callable[[float], str], budget: float) -> str | None:
    """The worth as a phrase; None where the strategy has no unit to speak in.

    Args:
        gain: What is to be told.
        money: How an amount in the reporting currency is written.
        budget: In that currency.
    """
    if gain.ratio is not None:
        return f"{formats.number(gain.ratio, 3)} more of the ratio"
    if gain.reward is not None:
        return f"{formats.number(100 * gain.reward, 2)} points more return a year"
    if gain.risk is not None:
        return f"{formats.number(100 * gain.risk, 2)} points less {measure_words(gain.measure or '')}"
    if gain.tracking_error is not None:
        return f"{formats.number(100 * gain.tracking_error, 2)} points less tracking error"
    calmer = gain.volatility
    less = None if calmer is None or calmer < LEAST else f"{formats.number(100 * calmer, 2)} points less volatility"
    if gain.cost is None:
        return less if calmer is None else less or "less than 0.01 points of volatility"
    told = f"{money(gain.cost * budget)} a year"
    return told if less is None else f"{told}, as much as {less}"


def fall_in_words(gain: Worth, fall: float, money: Callable[[float], str], budget: float) -> str | None:
    """Likewise of a fall that may be too small to be written; `gain` is its worth."""
    words = in_words(gain, money, budget)
    return "next to nothing" if words is not None and fall < NOTHING else words
