"""Spans of time as a person writes them in a strategy: ``36 months``, ``3 years``."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator

from toolkit.core.messages import message

PERIOD = re.compile(r"^\s*(\d+(?:\.\d+)?)\s*(month|year)s?\s*$")


def months(text: str) -> float:
    """Months in a text such as ``36 months`` or ``3 years``."""
    match = PERIOD.match(text)
    if match is None or float(match[1]) <= 0:
        raise ValueError(message("must be a period such as '36 months' or '3 years', not {text!r:s}", text=text))
    return float(match[1]) * (12 if match[2] == "year" else 1)


def _period(text: str) -> str:
    months(text)
    return text


Period = Annotated[str, AfterValidator(_period)]
