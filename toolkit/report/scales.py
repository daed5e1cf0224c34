"""In which unit a limit is told: per cent of value as most are, the root of a square, a loading."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from toolkit.report import formats
from toolkit.report.measures import SQUARES, measure_words
from toolkit.report.findings import Findings

POINT = 0.01
_OF = {"risk_contribution": " of risk", "max_return": " a year", "tracking_error": " a year"}
"""What a per cent is of, where it is not of value."""


@dataclass(frozen=True, slots=True)
class Scale:
    """How the numbers of a limit are read.

    Attributes:
        square: Name of the measure whose square the run speaks of; it is told by its root, which has a unit.
        loading: Bare numbers, no fractions.
        of: Behind what is asked.
    """

    square: str | None = None
    loading: bool = False
    of: str = ""

    def told(self, value: float) -> float:
        """A value of the run in the unit of the page."""
        return math.sqrt(max(value, 0.0)) if self.square else value

    def value(self, value: float) -> str:
        """What it came to."""
        return formats.number(value, 2) if self.loading else formats.percent(self.told(value))

    def asked(self, limit: float) -> str:
        """What was asked, with no decimals that it does not have."""
        if self.loading:
            return formats.plain_number(limit)
        root = formats.limit(self.told(limit))
        return f"{root} ({self.square} {formats.plain_number(limit)})" if self.square else f"{root}{self.of}"

    def room(self, c: Mapping[str, Any]) -> str:
        """How far it may still go: points, or hundredths of a loading."""
        left = c["limit"] - c["value"] if c["side"] == "upper" else c["value"] - c["limit"]
        if self.square:
            left = self.told(c["limit"]) - self.told(c["value"])
        return formats.number(100 * left, 1)

    def fall(self, price: float, limit: float) -> float:
        """What the objective falls by for one more point of room (one more hundredth of a loading)."""
        return price * POINT * (2 * self.told(limit) if self.square else 1.0)


def scale(run: Findings, c: Mapping[str, Any]) -> Scale:
    """The scale of a constraint."""
    kind = c["kind"]
    if kind == "factor_exposure":
        return Scale(loading=True)
    if kind == "risk_limit" and (square := _square(run, c)):
        return Scale(square=square)
    return Scale(of=" a year" if kind == "risk_limit" and _root(c) == "volatility" else _OF.get(kind, ""))


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


def measured(c: Mapping[str, Any]) -> str:
    """The measure of a limit on risk in words."""
    year = " a year" if str(c["where"]).endswith(" a year") else ""
    return f"{measure_words(_root(c), c.get('confidence'))}{year}"
