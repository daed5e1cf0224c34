"""Measures of risk in plain words."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from toolkit.report import formats

CONFIDENCE = 0.95
"""At which a run object measures its tails: the worst twentieth."""
SQUARES: Mapping[str, str] = MappingProxyType({"variance": "volatility", "semivariance": "semideviation"})
"""Measures that are the square of another, by which they are told: a root is in per cent, a square in nothing."""
_PARTS = {0.9: "tenth", 0.95: "twentieth", 0.99: "hundredth"}
_WORDS = {
    "cvar": "average loss of {tail} (CVaR{level})",
    "evar": "entropic bound on the loss of {tail} (EVaR{level})",
    "worst_case": "loss in the worst scenario",
    "max_drawdown": "largest fall from a peak",
    "cdar": "average fall from a peak in {tail} (CDaR{level})",
    "average_drawdown": "average fall from a peak",
    "ulcer": "root mean square fall from a peak (Ulcer index)",
    "volatility": "volatility",
    "semideviation": "deviation below the mean (semideviation)",
    "mad": "average distance from the mean (MAD)",
    "gini": "average distance of two outcomes (Gini)",
    "variance": "variance",
    "semivariance": "variance below the mean (semivariance)",
}
ORDER = tuple(_WORDS)
"""The tail first, then what counts both sides."""


def measure_words(name: str, confidence: float | None = None) -> str:
    """A measure as a reader would say it; without a confidence the tail is left open.

    Args:
        name: As a strategy names it; one without words of its own is spelled out.
        confidence: Where the tail begins.
    """
    tail, level = "the worst outcomes", ""
    if confidence is not None:
        part = _PARTS.get(round(confidence, 6), formats.limit(1 - confidence))
        tail, level = f"the worst {part}", f" {formats.limit(confidence)}"
    return _WORDS.get(name, formats.readable(name)).format(tail=tail, level=level)
