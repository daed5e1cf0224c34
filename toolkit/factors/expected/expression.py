"""Linear expressions of assets in a strategy: ``gallium - 0.5 * W``."""

from __future__ import annotations

import re

import numpy as np

from toolkit.core.assets import Universe
from toolkit.core.errors import SpecError
from toolkit.factors.expected.prior import members
from toolkit.factors.forecast import FloatArray

_SIGN = re.compile(r"(?:^|\s+)([+-])\s+")
_TERM = re.compile(r"(?:(\d+\.?\d*|\.\d+)\s*\*\s*)?(?P<name>[^\s*][^*]*)")
_STRAY = re.compile(r"(?:^|\s)[+-](?:\s|$)")


def terms(expression: str) -> tuple[tuple[float, str], ...]:
    """Coefficients and names of a sum; plus and minus stand between blanks, since keys such as ``BRK-B`` hold hyphens.

    Raises:
        ValueError: for what is not a sum of names, each with at most a number and ``*`` before it.
    """
    first, *rest = _SIGN.split(expression.strip())
    pieces = rest if first == "" and rest else ["+", first, *rest]
    found = []
    for sign, text in zip(pieces[::2], pieces[1::2], strict=True):
        match = _TERM.fullmatch(text)
        if match is None or _STRAY.search(match["name"]):
            raise ValueError(f"must be a sum such as 'gallium - 0.5 * germanium', not {expression!r}")
        found.append((float(f"{sign}{match[1] or 1}"), match["name"]))
    return tuple(found)


def portfolio(expression: str, universe: Universe, where: str) -> FloatArray:
    """Coefficients (n,) of the assets; an element is the mean of its products, as its return is.

    Raises:
        SpecError: for a name that is neither an asset nor an element, or a sum in which everything cancels.
    """
    row = np.zeros(len(universe))
    for coefficient, name in terms(expression):
        at = members(universe, name, where)
        row[at] += coefficient / len(at)
    if not row.any():
        raise SpecError(f"{where}: everything in {expression!r} cancels.")
    return row
