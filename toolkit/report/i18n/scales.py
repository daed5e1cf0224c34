"""In which unit a limit is told: per cent of value as most are, the root of a square, a loading."""

from __future__ import annotations

import math
from dataclasses import dataclass

from toolkit.records.limits import Limit
from toolkit.report.i18n.language import Language, mark
from toolkit.report.i18n.measures import SQUARES

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

    def room(self, c: Limit) -> str:
        """How far it may still go: points, or hundredths of a loading."""
        left = c.limit - c.value if c.side == "upper" else c.value - c.limit
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
        return Scale(say, loading=kind == "factor_exposure", of=_OF.get(kind))
    if measure in SQUARES:
        return Scale(say, square=measure)
    return Scale(say, of=YEARLY if measure == "volatility" else None)
