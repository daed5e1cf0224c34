"""Limits of what is taken from outside and of what counts as nothing, stated once."""

from __future__ import annotations

from toolkit.core.errors import SpecError
from toolkit.core.messages import message

LARGEST = 1e15
"""No price, quantity or sum of money in an option or a file is larger: floating point keeps no cents beyond."""
LARGEST_RATIO = 1e3
"""No elasticity, premium, trade parameter or multiple of a price is larger: the highest on record are below 100."""
HELD = 1e-6
"""Weights below this are what a solver leaves of nothing, and no holding."""
MOST_FUTURES = 200_000
"""Futures of an allocation: as many as a strategy may have scenarios."""


def check_number(name: str, value: float, most: float = LARGEST) -> float:
    """The number of an option, zero or of a size between 1e-15 and `most`.

    Args:
        name: Name of the option, for the message.
        value: The number given.
        most: Largest accepted absolute value.

    Raises:
        SpecError: for any other, NaN and infinity too.
    """
    if value != 0 and not 1 / LARGEST <= abs(value) <= most:
        hint = message("Write it in digits, of a size between {least:g} and {most:g}.", least=1 / LARGEST, most=most)
        raise SpecError(
            "{name:s} must be a finite number within {most:g}, not {value:g}.", hint=hint, name=name, most=most, value=value
        )
    return value
