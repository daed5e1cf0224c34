"""Linear expressions of names in a strategy: ``gallium - 0.5 * W``."""

from __future__ import annotations

import re

from toolkit.core.messages import message

_SIGN = re.compile(r"(?:^|\s+)([+-])\s+")
_TERM = re.compile(r"(?:(\d+\.?\d*|\.\d+)\s*\*\s*)?(?P<name>[^\s*][^*]*)")
_STRAY = re.compile(r"(?:^|\s)[+-](?:\s|$)")


def terms(expression: str) -> tuple[tuple[float, str], ...]:
    """Coefficients and names of a sum; plus and minus stand between blanks, since keys such as ``BRK-B`` hold hyphens.

    Raises:
        ValueError: for what is not a sum of names, each with at most a number and ``*`` before it; the message names the
            position.
    """
    first, *rest = _SIGN.split(expression.strip())
    pieces = rest if first == "" and rest else ["+", first, *rest]
    found = []
    for sign, text in zip(pieces[::2], pieces[1::2], strict=True):
        match = _TERM.fullmatch(text)
        if match is None or _STRAY.search(match["name"]):
            whole, spot = expression.strip(), text.strip()
            raise ValueError(
                message(
                    "must be a sum such as 'gallium - 0.5 * germanium', not {expression!r:s}; it cannot be read at {spot!r:s}",
                    expression=whole,
                    spot=spot,
                )
                if spot and spot != whole
                else message("must be a sum such as 'gallium - 0.5 * germanium', not {expression!r:s}", expression=whole)
            )
        found.append((float(f"{sign}{match[1] or 1}"), match["name"].strip()))
    return tuple(found)
