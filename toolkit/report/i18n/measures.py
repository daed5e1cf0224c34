"""Measures of risk in plain words."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from toolkit.report.i18n.formats import readable
from toolkit.report.i18n.language import Language, mark

CONFIDENCE = 0.95
"""At which a run object measures its tails: the worst twentieth."""
SQUARES: Mapping[str, str] = MappingProxyType({"variance": "volatility", "semivariance": "semideviation"})
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
        return say.term("term", readable(name))
    tail, level = say.words(WORST), ""
    if confidence is not None:
        part = _PARTS.get(round(confidence, 6))
        tail = say.words(part) if part else say.words("the worst {part}", part=say.fmt.limit(1 - confidence))
        level = f" {say.fmt.limit(confidence)}"
    return say.words(_WORDS[name], tail=tail, level=level)
