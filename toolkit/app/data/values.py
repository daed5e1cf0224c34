"""Values of tables as JSON: exact numbers, ISO dates and times."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any


def as_json(value: Any) -> Any:
    """A value of a frame in the types that JSON has; what is no number is null."""
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else None
        case list() | tuple():
            return [as_json(entry) for entry in value]
        case Mapping():
            return {str(key): as_json(entry) for key, entry in value.items()}
        case _:
            return value.isoformat() if hasattr(value, "isoformat") else str(value)
