"""Shocks added to scenarios: other returns of the scenario stay in a year in which a shock happens."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from toolkit.core.errors import SpecError, did_you_mean
from toolkit.scenarios.sets import SUM_TOLERANCE, Scenarios, Shock

SCENARIOS_OF_SHOCK = 200
"""Scenarios of one shock: enough for the moments of the other returns, few enough for a linear program."""


def overlaid(base: Scenarios, shocks: Sequence[Shock], rows: int = SCENARIOS_OF_SHOCK) -> Scenarios:
    """The base set, and for each shock some of its scenarios with the shock added, of the shock's probability in total.

    A shock of s on a base return r gives (1 + r) (1 + s) - 1; a shock alone in place of a scenario would not move the other
    assets, and lower their risk by its probability. Its scenarios are taken at even distances from the two halves of the
    base, which keeps antithetic pairs together.

    Args:
        base: S scenarios, which happen when no shock does; their probabilities shrink by those of the shocks.
        shocks: Mutually exclusive within a period. One of probability 0 has its scenarios all the same, for views.
        rows: Scenarios of one shock; all of the base where it has fewer.

    Returns:
        S + len(shocks) * min(rows, S) scenarios, labelled with the shock, or as in the base.

    Raises:
        SpecError: two shocks share a name, one moves none of the assets, or their probabilities exceed 1 together.
    """
    events = tuple(shocks)
    if not events:
        return base
    if len({shock.name for shock in events}) != len(events):
        raise SpecError("two shocks share a name.", hint="Give each its own.")
    for shock in events:
        if not set(shock.returns) & set(base.assets):
            raise SpecError(
                "the shock {name!r:s} moves none of the assets.",
                hint=did_you_mean(next(iter(shock.returns), ""), base.assets),
                name=shock.name,
            )
    rest = 1 - sum(shock.probability for shock in events)
    if rest < -SUM_TOLERANCE:
        raise SpecError(
            "the shocks have a probability of {probability:g} together.",
            hint="They exclude each other: at most 1.",
            probability=1 - rest,
        )
    at = _spread(len(base), min(rows, len(base)))
    within = base.probabilities[at]
    if within.sum() <= SUM_TOLERANCE:
        raise SpecError("the scenarios under a shock have no probability.", hint="Use a base in which all of them have some.")
    within = within / within.sum()
    labels = base.labels or ("",) * len(base)
    return Scenarios(
        assets=base.assets,
        returns=np.vstack([base.returns, *((1 + base.returns[at]) * (1 + e.row(base.assets)) - 1 for e in events)]),
        probabilities=np.concatenate([base.probabilities * max(rest, 0.0), *(within * e.probability for e in events)]),
        ordered=False,
        kind="shocked",
        periods_per_year=base.periods_per_year,
        labels=labels + tuple(e.name for e in events for _ in at),
    )


def _spread(size: int, rows: int) -> np.ndarray:
    """`rows` ascending positions out of `size`: the same ones in the first and in the second half where both are even."""
    if size % 2 or rows % 2:
        return np.unique(np.linspace(0, size - 1, rows).round().astype(int))
    half = np.unique(np.linspace(0, size // 2 - 1, rows // 2).round().astype(int))
    return np.concatenate([half, half + size // 2])
