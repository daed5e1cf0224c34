"""How a strategy names a measure of risk, and which measures are limited by their root."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated

from pydantic import AfterValidator, AliasChoices
from pydantic_core import PydanticCustomError

from toolkit.core.errors import did_you_mean
from toolkit.core.messages import message
from toolkit.risk_measures import measure_of, measures
from toolkit.risk_measures.base import Measure, check_order
from toolkit.scenarios.sets import Scenarios

CLOSED: Mapping[str, int] = MappingProxyType({"variance": 2, "volatility": 1})
"""Measures that come from the covariance, a year, and the power of volatility that they are."""
ROOTS: Mapping[str, str] = MappingProxyType({"semivariance": "semideviation"})
"""Measures that are the square of another: the same weights have least of both, and the other is homogeneous."""


def _known(name: str) -> str:
    known = {*CLOSED, *measures()}
    if name not in known:
        told = message("is not a known measure: {name!r:s}", name=name)
        raise PydanticCustomError("measure", "is not a known measure", {"error": told, "hint": did_you_mean(name, known)})
    return name


def check_confidence(measure: str, confidence: float | None) -> None:
    """Refuse a confidence where the measure has none; `ValueError`, for models."""
    if confidence is not None and (measure in CLOSED or not hasattr(measures()[measure], "confidence")):
        raise ValueError(message("confidence: the measure {measure!r:s} has none", measure=measure))


MeasureName = Annotated[str, AfterValidator(_known)]
CONFIDENCE = AliasChoices("confidence", "level")
"""The key of a confidence, and the other word for it."""


def measure_of_strategy(name: str, confidence: float | None, scenarios: Scenarios) -> tuple[Measure, int]:
    """A measure that is homogeneous of degree one, and the power of it that `name` is.

    Raises:
        SpecError: for a confidence where none belongs, or a measure of paths on scenarios that are none.
    """
    measure = measure_of(ROOTS.get(name, name), confidence)
    check_order(measure, scenarios)
    return measure, 2 if name in ROOTS else 1
