"""Measures of risk in plain words."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from toolkit.records.explanation import PointWorth
from toolkit.records.limits import Limit, Objective
from toolkit.report.i18n.language import Language, mark

TAIL_LEVEL = 0.95
"""At which a run object measures its tails: the worst twentieth."""
SQUARES: Mapping[str, str] = {"variance": "volatility", "semivariance": "semideviation"}
"""Measures that are the square of another, by which they are told: a root is in per cent, a square in nothing."""
WORST = mark("the worst outcomes")
_PARTS = {0.9: mark("the worst tenth"), 0.95: mark("the worst twentieth"), 0.99: mark("the worst hundredth")}
_WORDS = {
    "cvar": mark("average loss of {tail} (CVaR{level})"),
    "evar": mark("entropic bound on the loss of {tail} (EVaR{level})"),
    "worst_case": mark("loss in the worst scenario"),
    "max_drawdown": mark("largest fall from a peak"),
    "cdar": mark("average fall from a peak in {tail} (CDaR{level})"),
    "edar": mark("entropic bound on the fall from a peak in {tail} (EDaR{level})"),
    "average_drawdown": mark("average fall from a peak"),
    "ulcer": mark("root mean square fall from a peak (Ulcer index)"),
    "mean_loss": mark("average loss, gains counting zero"),
    "downside_deviation": mark("root mean square loss, gains counting zero (downside deviation)"),
    "volatility": mark("volatility"),
    "semideviation": mark("deviation below the mean (semideviation)"),
    "mad": mark("average distance from the mean (MAD)"),
    "gini": mark("average distance of two outcomes (Gini)"),
    "variance": mark("variance"),
    "semivariance": mark("variance below the mean (semivariance)"),
}
ORDER = tuple(_WORDS)
"""The tail first, then what counts both sides."""


def measure_words(name: str, confidence: float | None = None, say: Language | None = None) -> str:
    """A measure as a reader would say it; without a confidence the tail is left open.

    Args:
        name: As a strategy names it; one without words of its own is spelled out.
        confidence: Where the tail begins.
        say: The language, English where none is given.
    """
    say = say or Language()
    if name not in _WORDS:
        return say.word(name)
    tail, level = say.words(WORST), ""
    if confidence is not None:
        part = _PARTS.get(round(confidence, 6))
        tail = say.words(part) if part else say.words("the worst {part}", part=say.fmt.limit(1 - confidence))
        level = f" {say.fmt.limit(confidence)}"
    return say.words(_WORDS[name], tail=tail, level=level)


POINT = 0.01
YEARLY = mark("{limit} a year")
_OF = {"risk_contribution": mark("{limit} of risk"), "max_return": YEARLY, "tracking_error": YEARLY}
"""What a per cent is of, where it is not of value."""
SQUARED = {"variance": mark("{limit} (variance {square})"), "semivariance": mark("{limit} (semivariance {square})")}
SIDES = {"upper": mark("at most {limit}"), "lower": mark("at least {limit}")}
SOFT = {"upper": mark("at most {limit} if the price allows"), "lower": mark("at least {limit} if the price allows")}


@dataclass(frozen=True, slots=True)
class Scale:
    """How the numbers of a limit are read.

    Attributes:
        say: In whose language.
        square: Name of the measure whose square the run speaks of; it is told by its root, which has a unit.
        loading: Bare numbers, no fractions.
        count: Whole numbers, of holdings.
        of: Message around what is asked, where a per cent is of something else than value.
    """

    say: Language
    square: str | None = None
    loading: bool = False
    count: bool = False
    of: str | None = None

    def told(self, value: float) -> float:
        """A value of the run in the unit of the page."""
        return math.sqrt(max(value, 0.0)) if self.square else value

    def value(self, value: float) -> str:
        """What it came to."""
        if self.count:
            return self.say.fmt.plain_number(value)
        return self.say.fmt.number(value, 2) if self.loading else self.say.fmt.percent(self.told(value))

    def asked(self, limit: float) -> str:
        """What was asked, with no decimals that it does not have."""
        fmt = self.say.fmt
        if self.loading or self.count:
            return fmt.plain_number(limit)
        if self.square:
            return self.say.words(SQUARED[self.square], limit=fmt.limit(self.told(limit)), square=fmt.plain_number(limit))
        return self.say.words(self.of, limit=fmt.limit(limit)) if self.of else fmt.limit(limit)

    def room(self, c: Limit) -> str:
        """How far it may still go: points, or hundredths of a loading."""
        left = c.slack
        if self.count:
            return self.say.fmt.plain_number(left)
        if self.square:
            left = self.told(c.limit) - self.told(c.value)
        return self.say.fmt.number(100 * left, 1)

    def fall(self, price: float, limit: float) -> float:
        """What the objective falls by for one more point of room (one more hundredth of a loading)."""
        return price * POINT * (2 * self.told(limit) if self.square else 1.0)


def scale(say: Language, kind: str, measure: str | None) -> Scale:
    """How the numbers of a constraint are read.

    Args:
        say: The language.
        kind: Of the constraint.
        measure: Of a limit on risk.
    """
    if kind != "risk_limit":
        return Scale(say, loading=kind == "factor_exposure", count=kind == "cardinality", of=_OF.get(kind))
    if measure in SQUARES:
        return Scale(say, square=measure)
    return Scale(say, of=YEARLY if measure == "volatility" else None)


NOTHING = 5e-6
"""A worth that would be written as zero."""
LEAST_TOLD = 5e-5
"""Volatility that would."""


def _worth(**units: float | str | None) -> PointWorth:
    """A fall of the objective in some of the units, not yet in words."""
    return PointWorth.model_construct(**{**dict.fromkeys(PointWorth.model_fields), "words": "", **units})


def worth(objective: Objective, level: float, fall: float) -> PointWorth:
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
        return _worth(ratio=fall)
    if unit == "return":
        return _worth(reward=fall)
    tracks = objective.kind == "track" and level > 0
    return _worth(tracking_error=fall / (2 * level)) if tracks else _worth()


def _of_risk(objective: Objective, level: float, fall: float) -> PointWorth:
    """A fall of risk alone, or of risk at its price and costs."""
    measure = objective.measure or "variance"
    if objective.unit == "cost":
        exchange = (objective.risk_aversion or 0.0) * level if measure == "variance" else 0.0
        return _worth(volatility=fall / exchange if exchange > 0 else None, cost=fall)
    if measure == "volatility":
        return _worth(volatility=fall)
    if measure != "variance":
        return _worth(risk=fall, measure=measure)
    return _worth(volatility=fall / (2 * level)) if level > 0 else _worth()


def in_words(gain: PointWorth, money: Callable[[float], str], budget: float, say: Language) -> str | None:
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
    if less < LEAST_TOLD:
        return say.words("less than {points} points of volatility", points=_points(2 * LEAST_TOLD, say))
    return say.words("{points} points less volatility", points=_points(less, say))


def _cheaper(less: float | None, saved: str, say: Language) -> str:
    """Money a year, and what that is in volatility where it can be written."""
    if less is None or less < LEAST_TOLD:
        return say.words("{money} a year", money=saved)
    return say.words("{money} a year, as much as {points} points less volatility", money=saved, points=_points(less, say))


def fall_in_words(gain: PointWorth, fall: float, money: Callable[[float], str], budget: float, say: Language) -> str | None:
    """Likewise of a fall that may be too small to be written; `gain` is its worth."""
    words = in_words(gain, money, budget, say)
    return say.words("next to nothing") if words is not None and fall < NOTHING else words
