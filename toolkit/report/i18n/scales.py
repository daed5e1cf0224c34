"""In which unit a limit is told: per cent of value as most are, the root of a square, a loading."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from toolkit.report.findings import Findings
from toolkit.report.i18n.language import Language, mark
from toolkit.report.i18n.measures import SQUARES, measure_words

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
        of: Message around what is asked, where a per cent is of something else than value.
    """

    say: Language
    square: str | None = None
    loading: bool = False
    of: str | None = None

    def told(self, value: float) -> float:
        """A value of the run in the unit of the page."""
        return math.sqrt(max(value, 0.0)) if self.square else value

    def value(self, value: float) -> str:
        """What it came to."""
        return self.say.fmt.number(value, 2) if self.loading else self.say.fmt.percent(self.told(value))

    def asked(self, limit: float) -> str:
        """What was asked, with no decimals that it does not have."""
        fmt = self.say.fmt
        if self.loading:
            return fmt.plain_number(limit)
        if self.square:
            return self.say.words(SQUARED[self.square], limit=fmt.limit(self.told(limit)), square=fmt.plain_number(limit))
        return self.say.words(self.of, limit=fmt.limit(limit)) if self.of else fmt.limit(limit)

    def room(self, c: Mapping[str, Any]) -> str:
        """How far it may still go: points, or hundredths of a loading."""
        left = c["limit"] - c["value"] if c["side"] == "upper" else c["value"] - c["limit"]
        if self.square:
            left = self.told(c["limit"]) - self.told(c["value"])
        return self.say.fmt.number(100 * left, 1)

    def fall(self, price: float, limit: float) -> float:
        """What the objective falls by for one more point of room (one more hundredth of a loading)."""
        return price * POINT * (2 * self.told(limit) if self.square else 1.0)


def scale(run: Findings, c: Mapping[str, Any]) -> Scale:
    """The scale of a constraint of the run object."""
    kind = c["kind"]
    if kind == "risk_limit":
        square = _square(run, c)
        return Scale(run.say, square=square, of=None if square or _root(c) != "volatility" else YEARLY)
    return unit(run.say, kind)


def unit(say: Language, kind: str) -> Scale:
    """The scale of a kind of constraint whose measure is not its own."""
    return Scale(say, loading=kind == "factor_exposure", of=_OF.get(kind))


def _root(c: Mapping[str, Any]) -> str:
    """The measure in which a limit on risk is solved: `where` names it."""
    return str(c["where"] or "").removesuffix(" a year")


def _square(run: Findings, c: Mapping[str, Any]) -> str | None:
    """The square that a limit speaks of; the run names only its root, so the value is compared with both."""
    risk = run.record["risk"]
    levels = {"volatility": risk["volatility"], "semideviation": risk.get("measures", {}).get("semideviation")}
    level, root = levels.get(_root(c)), _root(c)
    if not level or abs(c["value"] - level) <= abs(c["value"] - level**2):
        return None
    return next(square for square, of in SQUARES.items() if of == root)


def measured(run: Findings, c: Mapping[str, Any]) -> str:
    """The measure of a limit on risk in words."""
    words = measure_words(_root(c), c.get("confidence"), run.say)
    return run.say.words("{measure} a year", measure=words) if str(c["where"]).endswith(" a year") else words
