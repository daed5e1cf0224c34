"""Least CVaR, worst case, mean loss and mean absolute deviation of scenarios, CVaR and the largest of drawdowns of a path.

Linear programs of hinges, rows as needed. CVaR has one at its quantile (Rockafellar and Uryasev 2000, equation 17), the mean
absolute deviation one at the mean, of which the lower side counts twice (Feinstein and Thapa 1993).

A drawdown is the running maximum of the cumulative return less that return. Near an optimum few of its peaks change: those
have variables, m_k >= m_(k-1) and m_k >= C_k x for the cumulative return C_k at the k-th of them, and any other depth counts
from the peak of a point near by. That bounds drawdowns from below: a relaxation, which is exact once no peak is missed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from toolkit.core.errors import NumericalFailure
from toolkit.core.forecast import FloatArray
from toolkit.optimize.problem import LinearConstraints
from toolkit.optimize.rows import SparseRows
from toolkit.optimize.solvers.certificate import ACCEPT, ACCEPT_INACCURATE, Certificate
from toolkit.optimize.solvers.continuous import certify_weights
from toolkit.optimize.solvers.cvar_lp import Hinges, IntArray, Vertex, least
from toolkit.optimize.solvers.program import Duals
from toolkit.optimize.solvers.solve import Attempt, Solved, SolverInfeasible, in_words, listed
from toolkit.risk_measures.base import Measure
from toolkit.risk_measures.below_zero import MeanLoss
from toolkit.risk_measures.dispersion import MeanAbsoluteDeviation
from toolkit.risk_measures.drawdown import OfDrawdowns
from toolkit.risk_measures.tail import CVaR

LEAST_WIDTH = 20
"""Scenarios on each side of the kink that have a row at first, or as many as there are assets where these are more."""
MOST_ROUNDS = 60
"""Linear programs at most until no peak is missed; three to six are usual."""
JOINING_SHARE = 1e-3
"""See `Peaks.more`: a linear program with a few peaks more costs less than another round."""
MISSED = 1e-10
"""Part of the risk that peaks without a variable may add to it."""
GRID = 60
"""Times of the path at which drawdowns are looked at for a start."""


@dataclass(frozen=True, slots=True)
class Shortfall:
    """The optimum.

    Attributes:
        x: (n + 1,) weights, cash last.
        risk: The measure at x, in the unit of the returns.
        tail: (S,) subgradient of the measure at x that the multipliers belong to: for CVaR and the worst case a
            distribution, the worst one. The gradient of the objective is c - returns' tail.
        duals: Multipliers of the rows.
        solved: How it was found.
    """

    x: FloatArray
    risk: float
    tail: FloatArray
    duals: Duals
    solved: Solved


@dataclass(frozen=True, slots=True)
class ShortfallTask:
    """The least of c'x + measure(-returns x) subject to G (x, cash) <= h, sum(x, cash) = 1 and the least weights.

    Attributes:
        measure: Of risk.
        returns: (S, n) of the assets; cash earns nothing.
        p: (S,) probabilities.
        c: (n,) cost of a unit of weight, in the unit of the returns; zeros for the risk alone.
        limits: The user's hard rows.
    """

    measure: Measure
    returns: FloatArray
    p: FloatArray
    c: FloatArray
    limits: LinearConstraints

    @property
    def inner(self) -> Measure:
        """What is taken of the losses, or of the depths where the measure is one of drawdowns."""
        return self.measure.of_depths if isinstance(self.measure, OfDrawdowns) else self.measure

    @property
    def size(self) -> float:
        """A positive number of the size of the returns."""
        return float(np.sqrt(np.mean(self.returns[self.p > 0] ** 2))) or float(np.max(np.abs(self.c))) or 1.0


@dataclass(frozen=True, slots=True)
class ShortfallPath:
    """The cumulative return (S,) of weights, its running maximum, and where that was reached: -1 for the start, a peak of 0."""

    earned: FloatArray
    highest: FloatArray
    last: IntArray

    @classmethod
    def of(cls, earned: FloatArray) -> ShortfallPath:
        """Of a cumulative return."""
        highest = np.maximum(np.maximum.accumulate(earned), 0.0)
        reached = np.where(np.diff(highest, prepend=0.0) > 0, np.arange(len(earned)), -1)
        return cls(earned, highest, np.maximum.accumulate(reached))

    @property
    def depths(self) -> FloatArray:
        """(S,) the drawdowns."""
        return self.highest - self.earned


@dataclass(frozen=True, slots=True)
class Peaks:
    """The drawdowns of weights x as returns `rows @ (x, m)` with the sign of a gain.

    Attributes:
        cumulative: (S, n) returns up to each time.
        near: The path from whose peaks depths count that no variable speaks of.
        times: (K,) of the peaks that have a variable m, in order.
    """

    cumulative: FloatArray
    near: ShortfallPath
    times: IntArray

    @classmethod
    def start(
        cls, cumulative: FloatArray, cost: FloatArray, limits: LinearConstraints, confidence: float | None
    ) -> FloatArray | None:
        """(n + 1,) weights of the least CDaR of some times of the path alone; None where HiGHS finds none.

        Args:
            cumulative: (S, n).
            cost: (n,).
            limits: Hard rows.
            confidence: Of the CDaR; 0.95 where the measure has none.
        """
        S, n = cumulative.shape
        at = np.unique(np.linspace(0, S - 1, GRID).round().astype(np.intp))
        some, count = cumulative[at], len(at)
        peaks = cls(some, ShortfallPath.of(np.zeros(count)), np.arange(count))
        rates = np.full(count, 1 / (count * (1 - (confidence or CVaR.confidence))))
        _, vertex = least(peaks.hinges(rates, cost, np.zeros(n)), peaks.limits(limits), count)
        return None if vertex is None else peaks.weights(vertex.x)

    @property
    def own(self) -> tuple[IntArray, IntArray]:
        """Times whose depth counts from a variable, and which one."""
        group = np.searchsorted(self.times, np.arange(len(self.cumulative)), side="right") - 1
        at = np.flatnonzero((group >= 0) & ((self.near.last < 0) | np.isin(self.near.last, self.times)))
        return at, group[at]

    @property
    def fixed(self) -> IntArray:
        """Times whose depth counts from a peak without a variable."""
        return np.flatnonzero((self.near.last >= 0) & ~np.isin(self.near.last, self.times))

    def rows(self) -> FloatArray:
        """(S, n + K)."""
        n, (at, group), fixed = self.cumulative.shape[1], self.own, self.fixed
        rows = np.hstack([self.cumulative, np.zeros((len(self.cumulative), len(self.times)))])
        rows[fixed, :n] -= self.cumulative[self.near.last[fixed]]
        rows[at, n + group] = -1.0
        return rows

    def limits(self, limits: LinearConstraints) -> LinearConstraints:
        """The user's rows over (x, m, cash), and below them those of the variables."""
        n, K, m = self.cumulative.shape[1], len(self.times), len(limits.h)
        if not K:
            return limits
        G = np.insert(np.vstack([limits.G, np.zeros((2 * K, n + 1))]), [n] * K, 0.0, axis=1)
        G[m : m + K, :n] = self.cumulative[self.times]
        G[m : m + K, n:-1] = -np.eye(K)
        G[m + K :, n:-1] = np.eye(K, k=-1) - np.eye(K)
        words, negative = ("",) * len(G), limits.negative
        negative = np.insert(negative, [n] * K, False) if len(negative) else negative
        return LinearConstraints(
            SparseRows.of(G), np.append(limits.h, np.zeros(2 * K)), (0,) * len(G), words, words, negative=negative
        )

    def hinges(self, rates: FloatArray, cost: FloatArray, x: FloatArray) -> Hinges:
        """The hinges of the depths at rates (S,), beside a cost (n,) of weights that are near x, (n,)."""
        none = np.zeros(len(self.times))
        held, near = rates > 0, np.append(x, self.maxima())
        return Hinges(self.rows()[held], rates[held], np.append(cost, none), quantile=True, near=near, budget=self.budget)

    @property
    def budget(self) -> FloatArray:
        """(n + K + 1,) what of (x, m, cash) adds up to one."""
        return np.concatenate([np.ones(self.cumulative.shape[1]), np.zeros(len(self.times)), [1.0]])

    def maxima(self) -> FloatArray:
        """(K,) m of the path near by."""
        return np.maximum.accumulate(np.maximum(self.near.earned[self.times], 0.0))

    def weights(self, z: FloatArray) -> FloatArray:
        """(n + 1,) of the weights and cash in z, (n + K + 1,)."""
        return np.append(z[: self.cumulative.shape[1]], z[-1])

    def more(self, path: ShortfallPath, z: FloatArray, slopes: FloatArray, risk: float, share: float) -> IntArray:
        """`times` and the peaks that are missed at a point.

        Args:
            path: Of its weights.
            z: (n + K + 1,) the point.
            slopes: (S,) how much each depth counts.
            risk: By which what is missed is judged.
            share: Of the time that misses most; one that misses less does not bring its peak in.
        """
        highest, (at, group), fixed = np.zeros(len(slopes)), self.own, self.fixed
        highest[at] = z[self.cumulative.shape[1] + group]
        highest[fixed] = path.earned[self.near.last[fixed]]
        missed = slopes * (path.highest - highest)
        if missed.sum() <= MISSED * abs(risk):
            return self.times
        some = missed > share * missed.max()
        both = np.concatenate([self.times, path.last[some], self.near.last[some]])
        return np.unique(both[both >= 0])

    def tail(self, slopes: FloatArray, multipliers: FloatArray) -> FloatArray:
        """(S,) slopes in the losses of the periods.

        A subgradient where it is not negative: then what the depths (S,) count, less what is laid on the peaks, can be drawn
        from peaks that are not later.

        Args:
            slopes: (S,) in the depths.
            multipliers: Of `limits`, those of the variables last.
        """
        K, moved, fixed = len(self.times), slopes.copy(), self.fixed
        np.subtract.at(moved, self.near.last[fixed], slopes[fixed])
        moved[self.times] -= multipliers[len(multipliers) - 2 * K : len(multipliers) - K].clip(0.0)
        return np.cumsum(moved[::-1])[::-1]


def rates_of(measure: Measure, p: FloatArray) -> tuple[FloatArray, bool]:
    """The measure of losses (S,) as sum_s rates_s max(loss_s - eta, 0): the rates, and whether there is an eta, added to it."""
    match measure:
        case MeanLoss():
            return p, False
        case MeanAbsoluteDeviation():
            return 2 * p, False
        case CVaR(confidence=confidence):
            return p / (1 - confidence), True
        case _:  # a tail no larger than the least probable scenario is that of the worst one alone
            return p / float(p[p > 0].min()), True


def solve_shortfall(task: ShortfallTask) -> Shortfall:
    """Least CVaR, worst case, mean loss or mean absolute deviation.

    Rows near the kink first; if that answer fails, a row for every scenario, and all of HiGHS's own precautions.

    Raises:
        SolverInfeasible: no point holds the limits.
        NumericalFailure: no answer holds its certificate.
    """
    held, size = np.flatnonzero(task.p > 0), task.size
    centred = isinstance(task.measure, MeanAbsoluteDeviation)
    rates, quantile = rates_of(task.measure, task.p[held])
    hinged = task.returns[held] - centred * (task.p @ task.returns)
    hinges = Hinges(hinged / size, rates, task.c / size, quantile)
    attempts: list[Attempt] = []
    for name, width in (("HIGHS", max(task.returns.shape[1], LEAST_WIDTH)), ("HIGHS with all rows", len(held))):
        status, vertex = least(hinges, task.limits, width, careful=bool(attempts))
        if vertex is None:
            record_failure(attempts, name, status)
            continue
        tail = np.zeros(len(task.returns))
        tail[held] = vertex.slopes
        tail -= centred * task.p * tail.sum()
        worst = ACCEPT_INACCURATE if attempts else ACCEPT
        if (answer := judged(task, hinges, vertex, tail, size, (name, status), attempts, worst)) is not None:
            return answer
    raise not_accepted(attempts)


def solve_drawdown(task: ShortfallTask) -> Shortfall | None:
    """CVaR or the largest of drawdowns; None where no answer holds its certificate, for a cone program to find it.

    The mean of drawdowns has no such program: all peaks of the path count, and an interior point is as fast.
    """
    limits, size, n = task.limits, task.size, len(task.c)
    rates, _ = rates_of(task.inner, task.p)
    cumulative, cost, width = np.cumsum(task.returns / size, axis=0), task.c / size, max(n, LEAST_WIDTH)
    if (x := Peaks.start(cumulative, cost, limits, getattr(task.measure, "confidence", None))) is None:
        return None
    path = ShortfallPath.of(cumulative @ x[:n])
    order = np.argsort(-path.depths, kind="stable")
    deep = int(np.searchsorted(np.cumsum(rates[order]), 1.0)) + width
    times = np.unique(path.last[order[: deep + 1]])
    times = times[times >= 0]
    for _ in range(MOST_ROUNDS):
        peaks = Peaks(cumulative, path, times)
        hinges = peaks.hinges(rates, cost, x[:n])
        status, vertex = least(hinges, peaks.limits(limits), width)
        if vertex is None:
            return None
        x = peaks.weights(vertex.x)
        path, slopes = ShortfallPath.of(cumulative @ x[:n]), np.zeros(len(rates))
        slopes[rates > 0] = vertex.slopes
        counts = np.maximum(slopes, task.inner.subgradient(path.depths, task.p))
        more = peaks.more(path, vertex.x, counts, float(counts @ path.depths), JOINING_SHARE)
        if len(more) == len(times):
            tail = peaks.tail(slopes, vertex.limits)
            own = Vertex(x, vertex.slopes, vertex.limits[: len(limits.h)], peaks.weights(vertex.nonnegative), vertex.budget)
            answer = judged(task, hinges, own, tail, size, ("HIGHS", status), [], ACCEPT)
            return answer if tail.min() >= -ACCEPT else None
        times = more
    return None


def record_failure(attempts: list[Attempt], name: str, status: str) -> None:
    """Record that HiGHS ended without a vertex; `SolverInfeasible` where that is a proof."""
    attempts.append(Attempt(name, status, None, "infeasible" if status == "infeasible" else "no answer"))
    if status == "infeasible":
        raise SolverInfeasible(tuple(attempts))


def not_accepted(attempts: list[Attempt], otherwise: str = "") -> NumericalFailure:
    """The error of a search without an accepted answer; `otherwise` says why where nothing was judged."""
    return NumericalFailure(
        "HiGHS reached no accepted answer ({told}).",
        hint="Loosen the constraints, or use fewer scenarios.",
        details=listed(attempts),
        told=in_words(attempts) or otherwise,
    )


def judged(
    task: ShortfallTask,
    hinges: Hinges,
    vertex: Vertex,
    tail: FloatArray,
    size: float,
    ended: tuple[str, str],
    attempts: list[Attempt],
    worst: float,
) -> Shortfall | None:
    """The vertex as an answer where its certificate holds, which is recorded either way.

    KKT in the user's rows and units, with a tail that is checked to be a subgradient of the measure at these weights. It is one
    if each scenario's slope is within 0 and its rate, they add up to 1 where there is an eta, and the mean loss under the tail
    is the measure itself.

    Args:
        task: What is asked.
        hinges: Of the scaled program.
        vertex: Its optimum, over the user's rows.
        tail: (S,) subgradient.
        size: By which returns were divided.
        ended: Name of the attempt, and HiGHS's status.
        attempts: So far.
        worst: Largest residual that is accepted.
    """
    x, slopes, losses = vertex.x, vertex.slopes, -(task.returns @ vertex.x[:-1])
    risk = task.measure.numeric(losses, task.p)
    duals = Duals(size * vertex.limits, size * vertex.nonnegative, size * vertex.budget)
    rows = certify_weights(task.c - task.returns.T @ tail, task.limits, x, duals, size)
    outside = [np.max(-slopes), np.max(slopes - hinges.rates), abs(slopes.sum() - 1) if hinges.quantile else 0.0]
    missed = abs(float(tail @ losses) - risk) / max(size, abs(risk))
    certificate = Certificate(rows.primal, max(rows.dual, *map(float, outside)), rows.gap + missed)
    accepted = certificate.worst <= worst
    outcome = "accepted" if accepted else "rejected by its certificate"
    attempts.append(Attempt(ended[0], ended[1], certificate.worst, outcome))
    word = ended[1] if certificate.worst <= ACCEPT else "optimal_inaccurate"
    return Shortfall(x, risk, tail, duals, Solved(ended[0], word, certificate, tuple(attempts))) if accepted else None
