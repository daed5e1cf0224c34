"""A first answer where holdings are counted: the largest of the relaxation are kept, and one is exchanged for another.

Relax and fix (Wolsey 1998, section 12.5), with half of what is too many left out at a time, and local exchange.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from toolkit.core.errors import ToolkitError
from toolkit.core.forecast import FloatArray
from toolkit.optimize.constraints.bounds import Bounds
from toolkit.optimize.continuous import solve_continuous
from toolkit.optimize.costs import TRADED
from toolkit.optimize.lots.approximation import Approximation, solve_fixed_integer
from toolkit.optimize.lots.rounding import Incumbent
from toolkit.optimize.solvers.solve import SolverInfeasible
from toolkit.optimize.solvers.work import Work

LEFT_OUT = 0.5
"""Part of the holdings that are too many which is left out before the rest is solved again."""
EXCHANGED = 3
"""Smallest holdings that are exchanged, and others that are tried in the place of each."""
EXCHANGES = 40
"""Rounds of exchange at most."""
PART_OF_WORK = 0.2
PER_SOLUTION = 0.05
"""Seconds of a continuous problem, of the machine that `Work` counts in."""


def start_with_few(near: Approximation, values: FloatArray, best: Incumbent, gap: float) -> None:
    """Offer answers with as many holdings as are allowed.

    Args:
        near: The program.
        values: (n,) of the continuous optimum.
        best: What they are offered to.
        gap: That is searched for.
    """
    if not near.score.terms.counts:
        return
    work = best.work.part(PART_OF_WORK * best.work.left)
    while (kept := _fewer(near, values, 1.0 if work.over else LEFT_OUT)) is not None:
        following = _continuous(near, kept, work)
        values = np.where(kept, values, 0.0) if following is None else following
    tolerance = gap * max(abs(near.score.one(values)[1]), best.size)
    _settle(near, _at_least(near, values), best, tolerance, work)
    for _ in range(EXCHANGES if np.isfinite(best.value) else 0):
        before = best.value
        for other in _exchanged(near, best.values):
            if work.over or before - best.value > tolerance:
                break
            _settle(near, other, best, tolerance, work)
        if before - best.value <= tolerance:
            break


def _continuous(near: Approximation, kept: NDArray[np.bool_], work: Work) -> FloatArray | None:
    """(n,) values of the continuous optimum where only some assets, (n,), are held; None where there is none."""
    problem = near.score.problem
    none = Bounds([problem.universe.keys[i] for i in np.flatnonzero(~kept)], name=" not held", upper=0.0, hard=True)
    fewer = replace(problem, constraints=(*problem.constraints, none))
    work.spend(PER_SOLUTION)
    try:
        found = solve_continuous(fewer, fewer.linear_constraints(), None)
    except (SolverInfeasible, ToolkitError):  # the search goes on without it
        return None
    values = np.maximum(found.x[:-1], 0.0) * near.score.wealth
    near.cut(values)
    return values


def _settle(near: Approximation, values: FloatArray, best: Incumbent, tolerance: float, work: Work) -> None:
    """Offer values, (n,), and the best of the same holdings, in whole lots where they are."""
    best.offer(near.score.terms.whole(values), moved=bool(near.score.terms.in_lots.any()))
    if near.score.terms.loose.any() and (found := solve_fixed_integer(near, values, tolerance, work)) is not None:
        best.offer(found, moved=False)


def _fewer(near: Approximation, values: FloatArray, part: float) -> NDArray[np.bool_] | None:
    """(n,) what may be held where a part of the smallest holdings of each number that is too large is left out; else None."""
    kept, too_many = np.ones(len(values), dtype=bool), False
    for count in near.score.terms.counts:
        held = (count.members > 0) & (values > TRADED)
        over = 0 if count.most is None else int(held.sum()) - count.most
        if over > 0:
            smallest = np.flatnonzero(held)[np.argsort(values[held], kind="stable")]
            kept &= held | (count.members == 0)
            kept[smallest[: int(np.ceil(part * over))]], too_many = False, True
    return kept if too_many else None


def _at_least(near: Approximation, values: FloatArray) -> FloatArray:
    """(n,) the values, with the least holding of others where fewer are held than must be."""
    terms, found, slope = near.score.terms, values.copy(), near.score.gradient(values)
    for count in terms.counts:
        short = count.fewest - int(np.sum((count.members > 0) & (found > TRADED)))
        others = np.flatnonzero((count.members > 0) & (found <= TRADED))
        chosen = others[np.argsort(slope[others], kind="stable")][: max(short, 0)]
        found[chosen] = np.maximum(terms.floor[chosen], terms.lot[chosen])
    return found


def _exchanged(near: Approximation, values: FloatArray) -> list[FloatArray]:
    """Values, (n,), with a small holding given to what lowers the objective most."""
    terms, slope = near.score.terms, near.score.gradient(values)
    counted = np.any([count.members > 0 for count in terms.counts], axis=0)
    held, others = np.flatnonzero(counted & (values > TRADED)), np.flatnonzero(counted & (values <= TRADED))
    out = held[np.argsort(values[held], kind="stable")][:EXCHANGED]
    into = others[np.argsort(slope[others], kind="stable")][:EXCHANGED]
    found = []
    for i in out:
        for j in into:
            other = values.copy()
            other[j], other[i] = max(values[i], terms.floor[j]), 0.0
            found.append(other)
    return found
