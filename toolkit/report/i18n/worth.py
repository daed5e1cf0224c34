"""What a fall of the objective is in units a reader knows: the words of a shadow price, for report and terminal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from toolkit.records.answers.explanation import PointWorth
from toolkit.records.limits import Objective
from toolkit.report.i18n.language import Language
from toolkit.report.i18n.measures import measure_words

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


def worth(objective: Objective, level: float, fall: float) -> Worth:
    """A fall of the objective in the reader's units.

    A fall f of the variance is f / (2 x volatility) of volatility. Where risk is priced as cost, `aversion / 2 x variance +
    costs`, f is the same as f of the budget a year, or as f / (aversion x volatility) of volatility.

    Args:
        objective: `objective` of the run object.
        level: Volatility a year at which variance is turned into volatility (for tracking, the tracking error).
        fall: Of the objective, in its own unit.
    """
    unit = objective.unit
    if unit in ("variance", "cost", "measure"):
        return _of_risk(objective, level, fall)
    if unit == "ratio":
        return Worth(ratio=fall)
    if unit == "return":
        return Worth(reward=fall)
    tracks = objective.kind == "track" and level > 0
    return Worth(tracking_error=fall / (2 * level)) if tracks else Worth()


def _of_risk(objective: Objective, level: float, fall: float) -> Worth:
    """A fall of risk alone, or of risk at its price and costs."""
    measure = objective.measure or "variance"
    if objective.unit == "cost":
        exchange = (objective.risk_aversion or 0.0) * level if measure == "variance" else 0.0
        return Worth(volatility=fall / exchange if exchange > 0 else None, cost=fall)
    if measure == "volatility":
        return Worth(volatility=fall)
    if measure != "variance":
        return Worth(risk=fall, measure=measure)
    return Worth(volatility=fall / (2 * level)) if level > 0 else Worth()


def in_words(gain: Worth | PointWorth, money: Callable[[float], str], budget: float, say: Language) -> str | None:
    """The worth as a phrase; None where the strategy has no unit to speak in.

    Args:
        gain: What is to be told.
        money: How an amount in the reporting currency is written.
        budget: In that currency.
        say: The language.
    """
    if gain.ratio is not None:
        return say.words("{ratio} more of the ratio", ratio=say.fmt.number(gain.ratio, 3))
    if gain.reward is not None:
        return say.words("{points} points more return a year", points=_points(gain.reward, say))
    if gain.risk is not None:
        measure = measure_words(gain.measure or "", say=say)
        return say.words("{points} points less {measure}", points=_points(gain.risk, say), measure=measure)
    if gain.tracking_error is not None:
        return say.words("{points} points less tracking error", points=_points(gain.tracking_error, say))
    return _calmer(gain.volatility, say) if gain.cost is None else _cheaper(gain.volatility, money(gain.cost * budget), say)


def _points(value: float, say: Language) -> str:
    return say.fmt.number(100 * value, 2)


def _calmer(less: float | None, say: Language) -> str | None:
    if less is None:
        return None
    if less < LEAST:
        return say.words("less than {points} points of volatility", points=_points(2 * LEAST, say))
    return say.words("{points} points less volatility", points=_points(less, say))


def _cheaper(less: float | None, saved: str, say: Language) -> str:
    """Money a year, and what that is in volatility where it can be written."""
    if less is None or less < LEAST:
        return say.words("{money} a year", money=saved)
    return say.words("{money} a year, as much as {points} points less volatility", money=saved, points=_points(less, say))


def fall_in_words(
    gain: Worth | PointWorth, fall: float, money: Callable[[float], str], budget: float, say: Language
) -> str | None:
    """Likewise of a fall that may be too small to be written; `gain` is its worth."""
    words = in_words(gain, money, budget, say)
    return say.words("next to nothing") if words is not None and fall < NOTHING else words
