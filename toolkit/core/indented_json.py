"""JSON with a line an item."""

import json
from typing import Any

from pydantic_core import PydanticSerializationError, to_json


def indented(data: Any, *, ascii_only: bool = False) -> str:
    """`data` as JSON with an indent of one space, null for a number that is not finite.

    Args:
        data: What JSON can hold.
        ascii_only: Whether other letters are escaped.
    """
    try:
        return to_json(data, indent=1, ensure_ascii=ascii_only, inf_nan_mode="null").decode()
    except PydanticSerializationError:  # half a character, as in the name of a file that is no UTF-8
        return json.dumps(data, indent=1, ensure_ascii=ascii_only, allow_nan=False)
