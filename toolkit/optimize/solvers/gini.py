"""Least Gini mean difference over scenarios: a linear program of pairs, with rows for those that may change places.

With the losses in some order, E|X - X'| = q'l + sum over pairs of 4 p_s p_t max(l_t - l_s, 0), where s is behind t in that
order and q is the subgradient that the order gives: pairs that keep their order add nothing. Near the optimum only those that
are close to each other can change places, some thousands of millions; the rest stays out until it does. The order comes from
steps of Newton's kind: the Gini difference is nearly a multiple of the standard deviation, whose curvature is known.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from toolkit.core.forecast import FloatArray
from toolkit.core.messages import message
from toolkit.optimize.problem import LinearConstraints
from toolkit.optimize.quadratic import Quadratic
from toolkit.optimize.solvers.certificate import ACCEPT
from toolkit.optimize.solvers.continuous import solve_quadratic
from toolkit.optimize.solvers.cvar_lp import WRONG_SIDE, Hinges, IntArray, least
from toolkit.optimize.solvers.shortfall import Shortfall, ShortfallTask, judged, not_accepted, record_failure
from toolkit.optimize.solvers.solve import QUADRATIC_ORDER, Attempt
from toolkit.risk_measures.dispersion import GiniMeanDifference

STEPS = 40
"""Quadratic programs at most on the way to the order."""
CONVERGED_OBJECTIVE = 1e-7
"""Relative fall of the objective at which they end."""
PAIRS = 2000, 20
"""Pairs that are looked at from the start: so many, and so many more for each asset."""
ROUNDS = 60
"""Linear programs at most; three to six are usual."""
COMPARISONS_AT_ONCE = 4_000_000
"""Comparisons of two losses that are held in memory at once."""


def solve_gini(task: ShortfallTask) -> Shortfall:
    """The least of c'x + E|X - X'| under the limits.

    Raises:
        SolverInfeasible: no point holds the limits.
        NumericalFailure: no answer holds its certificate.
    """
    returns, limits, measure, size = task.returns, task.limits, task.measure, task.size
    held = np.flatnonzero(task.p > 0)
    scaled, p, cost = returns[held] / size, task.p[held], task.c / size
    width = max(returns.shape[1], 20)
    x = _approached(scaled, p, cost, limits)
    losses = -(scaled @ x[:-1])
    order = np.argsort(losses, kind="stable")
    ordered, mass, slope = scaled[order], p[order], measure.subgradient(losses, p)[order]
    first, second = _closest(losses[order], PAIRS[0] + PAIRS[1] * len(cost))
    attempts: list[Attempt] = []
    for _ in range(ROUNDS):
        # The later of a pair has the larger loss: z = its loss less that of the earlier, and a hinge where z is negative.
        rates, rows = 4 * mass[first] * mass[second], ordered[first] - ordered[second]
        hinges = Hinges(rows, rates, cost - ordered.T @ slope, quantile=False, near=x[:-1])
        status, vertex = least(hinges, limits, width, careful=bool(attempts))
        if vertex is None:
            record_failure(attempts, "HIGHS", status)
            if len(attempts) > 1:
                break
            continue
        x = vertex.x
        more = _inverted(-ordered @ x[:-1], first, second)
        if len(more[0]):
            first, second = np.append(first, more[0]), np.append(second, more[1])
            continue
        tail = np.zeros(len(returns))
        turned = slope.copy()
        np.add.at(turned, first, vertex.slopes)
        np.add.at(turned, second, -vertex.slopes)
        tail[held[order]] = turned
        if (answer := judged(task, hinges, vertex, tail, size, ("HIGHS", status), attempts, ACCEPT)) is not None:
            return answer
        if len(attempts) > 1:
            break
    raise not_accepted(attempts, message("pairs of scenarios kept changing places"))


def _approached(returns: FloatArray, p: FloatArray, c: FloatArray, limits: LinearConstraints) -> FloatArray:
    """Weights (n + 1,) near the best, by quadratic programs with the slope there and the curvature of a standard deviation.

    Raises:
        SolverInfeasible: no point holds the limits.
    """
    n, measure = len(c), GiniMeanDifference()
    centred = (returns - p @ returns) * np.sqrt(p)[:, None]
    root = np.asarray(np.linalg.qr(centred, mode="r")) if len(centred) > n else centred

    def lowest(quadratic: Quadratic) -> FloatArray:
        return solve_quadratic(quadratic, limits, QUADRATIC_ORDER).x

    def value(x: FloatArray) -> float:
        return measure.numeric(-returns @ x[:n], p) + float(c @ x[:n])

    zeros = np.zeros(n)
    x = lowest(Quadratic(root, zeros, c, zeros))
    best, damping = value(x), 1.0
    for _ in range(STEPS):
        losses = -(returns @ x[:n])
        variance, risk = float(np.sum((root @ x[:n]) ** 2)), measure.numeric(losses, p)
        if variance <= 0:
            break
        slope = c - returns.T @ measure.subgradient(losses, p)
        curvature = np.sqrt(damping * risk / variance / 2)
        following = lowest(Quadratic(curvature * root, zeros, slope, x[:n]))
        reached = value(following)
        fall = (best - reached) / max(abs(best), 1e-300)
        if fall > 0:
            x, best = following, reached
        else:
            damping *= 4
        if abs(fall) < CONVERGED_OBJECTIVE or damping > 1e4:
            break
    return x


def _closest(losses: FloatArray, number: int) -> tuple[IntArray, IntArray]:
    """Positions (first, second) of about the `number` closest pairs of rising losses, (S,)."""
    count = len(losses)
    every = np.arange(count)

    def last(width: float) -> IntArray:
        return np.searchsorted(losses, losses + width, side="right") - 1

    low, high = 0.0, float(losses[-1] - losses[0])
    if count * (count - 1) // 2 > number:
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (middle, high) if np.sum(last(middle) - every) < number else (low, middle)
    reach = np.maximum(last(high) - every, 0) if high > 0 else np.minimum(count - 1 - every, 1)
    first = np.repeat(every, reach)
    return first, first + 1 + np.arange(len(first)) - np.repeat(np.cumsum(reach) - reach, reach)


def _inverted(losses: FloatArray, first: IntArray, second: IntArray) -> tuple[IntArray, IntArray]:
    """Positions of pairs, earlier and later, of losses that no longer rise and that are not among those known."""
    count = len(losses)
    known: NDArray[np.int64] = first.astype(np.int64) * count + second
    lowest_behind = np.append(np.minimum.accumulate(losses[::-1])[::-1][1:], np.inf)
    involved = np.flatnonzero(losses - lowest_behind > WRONG_SIDE)
    found: list[NDArray[np.int64]] = []
    for some in np.array_split(involved, max(1, len(involved) * count // COMPARISONS_AT_ONCE)):
        turned = (losses[some][:, None] - losses > WRONG_SIDE) & (np.arange(count) > some[:, None])
        rows, columns = np.nonzero(turned)
        found.append(some[rows].astype(np.int64) * count + columns)
    new = np.setdiff1d(np.concatenate(found) if found else np.empty(0, dtype=np.int64), known)
    return new // count, new % count
