"""Linear expressions of assets in a strategy: ``gallium - 0.5 * W``."""

from __future__ import annotations

import numpy as np

from toolkit.core.assets import Universe
from toolkit.core.errors import SpecError
from toolkit.core.expression import terms
from toolkit.core.forecast import FloatArray
from toolkit.risk_model.expected_returns.prior import members


def portfolio(expression: str, universe: Universe, where: str) -> FloatArray:
    """Coefficients (n,) of an expression of assets; an element is the mean of its products, as its return is.

    Args:
        expression: Sum of names with coefficients, such as ``gallium - 0.5 gold``.
        universe: n assets.
        where: Where the expression stands, for messages.

    Raises:
        SpecError: for a name that is neither an asset nor an element, or a sum in which everything cancels.
    """
    row = np.zeros(len(universe))
    for coefficient, name in terms(expression):
        at = members(universe, name, where)
        row[at] += coefficient / len(at)
    if not row.any():
        raise SpecError("{where:s}: everything in {expression!r:s} cancels.", where=where, expression=expression)
    return row
