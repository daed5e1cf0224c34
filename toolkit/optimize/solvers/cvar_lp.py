"""Linear programs with one hinge a scenario, exactly, by rows made only where they matter.

    min over x, eta of  c'x + eta + sum_s v_s max(-r_s'x - eta, 0),

where nearly all hinges are far from their kink: a scenario well beyond eta counts with its full rate v_s, one well short of
it with none. Only scenarios near the kink get a variable u_s and a row. Replacing max(z, 0) by z or by 0 elsewhere bounds it
from below, so the program is a relaxation, and its optimum is that of the whole program once no scenario is on the wrong
side. Those that are join the rows and the dual simplex continues from its basis. Each round adds one at least: it ends.

The idea, with cuts for whole tails instead of single scenarios, is that of Kuenzi-Bay and Mayer (2006); the rows of single
scenarios need a handful of rounds where cuts need hundreds.
"""

from __future__ import annotations

from dataclasses import dataclass

import highspy
import numpy as np
from numpy.typing import NDArray

from toolkit.core.forecast import FloatArray
from toolkit.optimize.problem import LinearConstraints

IntArray = NDArray[np.intp]
TOLERANCE = 1e-9
"""HiGHS holds rows and reduced costs to it, with returns scaled to the order of one."""
WRONG_SIDE = 1e-10
"""How far a scenario without a row may be on the wrong side of the kink, in the same units."""
OPTIONS = {
    "output_flag": False,
    "threads": 1,
    "random_seed": 0,
    "primal_feasibility_tolerance": TOLERANCE,
    "dual_feasibility_tolerance": TOLERANCE,
}
FAST = {
    "presolve": "off",  # takes longer than it saves on a dense program
    "simplex_scale_strategy": 0,  # the returns are scaled; HiGHS's own scaling costs half as many iterations again
}
"""What the first attempt does without."""


def quiet_weights(returns: FloatArray) -> FloatArray:
    """(n,) weights of a small mean square return, roughly: 20 multiplicative steps from the inverse second moments.

    Exponentiated gradient (Kivinen and Warmuth 1997) on scenarios of some 200,000 returns together. The weights know no
    limits and no probabilities, and only tell where the tail may be.
    """
    count, n = returns.shape
    some = returns[:: max(1, count * n // 200_000)]
    moments = some.T @ some / len(some)
    own = np.diag(moments)
    weights = 1 / np.maximum(own, 1e-6 * own.max() + 1e-300)
    weights /= weights.sum()
    for _ in range(20):
        slopes = moments @ weights
        square = max(float(weights @ slopes), 1e-300)
        weights = weights * np.exp(-np.clip(2 * (slopes / square - 1), -1, 1))
        weights /= weights.sum()
    return weights


@dataclass(frozen=True, slots=True)
class Hinges:
    """min c'x + eta + sum_s v_s max(-r_s'x - eta, 0), or the same with eta left out.

    Attributes:
        returns: (S, n) r.
        rates: (S,) v, positive.
        cost: (n,) c.
        quantile: Whether there is an eta.
        near: (n,) weights that are likely near the best; rough ones of little risk where none are given.
        budget: (n + 1,) what of x and cash adds up to one; all of them where it is None.
    """

    returns: FloatArray
    rates: FloatArray
    cost: FloatArray
    quantile: bool
    near: FloatArray | None = None
    budget: FloatArray | None = None

    def start(self, width: int) -> tuple[NDArray[np.bool_], IntArray]:
        """Which scenarios (S,) are taken to be beyond the kink, and the positions of those near it.

        At weights that are likely near the best. What is beyond the kink has a rate of less than one, and with those near
        it of at least one, so that eta is bounded.
        """
        losses = -(self.returns @ (quiet_weights(self.returns) if self.near is None else self.near))
        order = np.argsort(-losses, kind="stable")
        kink = np.searchsorted(np.cumsum(self.rates[order]), 1.0) if self.quantile else np.sum(losses > 0)
        kink = min(int(kink), len(losses) - 1)
        beyond = np.zeros(len(losses), dtype=bool)
        beyond[order[: max(kink - width, 0)]] = True
        return beyond, order[max(kink - width, 0) : kink + width + 1]


@dataclass(frozen=True, slots=True)
class Vertex:
    """An optimal vertex of the hinges with its multipliers; `slopes` (S,) of the hinges are within 0 and their rate."""

    x: FloatArray
    slopes: FloatArray
    limits: FloatArray
    nonnegative: FloatArray
    budget: float


class HingeRows:
    """The program in HiGHS with a row for the scenarios near the kink.

    Columns are x, cash, eta and a u for each row of a scenario; rows are the limits, the budget and these.
    """

    def __init__(self, hinges: Hinges, limits: LinearConstraints, width: int, *, careful: bool = False) -> None:
        self.hinges = hinges
        self.lowest = limits.lowest
        self.beyond, near = hinges.start(width)
        self.near: IntArray = np.empty(0, dtype=np.intp)
        self.n, self.m = hinges.returns.shape[1], len(limits.h)
        self.highs = highspy.Highs()
        for option, value in (OPTIONS if careful else OPTIONS | FAST).items():
            self.highs.setOptionValue(option, value)
        eta = np.inf if hinges.quantile else 0.0
        head = np.full(self.n + 2, np.inf)
        head[-1] = eta
        self.highs.addVars(self.n + 2, np.append(limits.lowest, -eta), head)
        rows = np.zeros((self.m + 1, self.n + 2))
        self.budget = np.ones(self.n + 1) if hinges.budget is None else hinges.budget
        rows[:-1, :-1], rows[-1, :-1] = limits.G, self.budget
        self._add_rows(rows, np.append(np.full(self.m, -np.inf), 1.0), np.append(limits.h, 1.0))
        self._add_scenarios(near)

    def _add_rows(self, rows: FloatArray, lower: FloatArray, upper: FloatArray) -> None:
        at, columns = np.nonzero(rows)
        starts = np.searchsorted(at, np.arange(len(rows)))
        self.highs.addRows(
            len(rows), lower, upper, len(at), starts.astype(np.int32), columns.astype(np.int32), rows[at, columns]
        )

    def _add_scenarios(self, new: IntArray) -> None:
        """u_s >= 0 at the rate v_s and rows r_s'x + eta + u_s >= 0; eta and x are priced by what is still beyond."""
        hinges, count, width = self.hinges, len(new), self.n + 2
        own = np.arange(self.highs.getNumCol(), self.highs.getNumCol() + count, dtype=np.int32)
        self.highs.addVars(count, np.zeros(count), np.full(count, np.inf))
        self.highs.changeColsCost(count, own, hinges.rates[new])
        shared = np.broadcast_to(np.arange(width, dtype=np.int32), (count, width))
        columns = np.hstack([shared, own[:, None]])
        values = np.hstack([hinges.returns[new], np.zeros((count, 1)), np.ones((count, 2))])
        starts = np.arange(count, dtype=np.int32) * (width + 1)
        bounds = np.zeros(count), np.full(count, np.inf)
        self.highs.addRows(count, *bounds, columns.size, starts, columns.ravel(), values.ravel())
        self.near = np.concatenate([self.near, new])
        full = np.where(self.beyond, hinges.rates, 0.0)
        rate_of_eta = 1.0 - full.sum() if hinges.quantile else 0.0
        cost = np.concatenate([hinges.cost - full @ hinges.returns, [0.0, rate_of_eta]])
        self.highs.changeColsCost(width, np.arange(width, dtype=np.int32), cost)

    def extend(self, back: IntArray, out: IntArray) -> None:
        """Rows for scenarios that came back from beyond the kink and for those that went beyond it.

        The basis stays dual feasible: a scenario that counted in full has its row active and its u basic, one that did
        not count has its row basic and its u at zero.
        """
        basis = self.highs.getBasis()
        status = highspy.HighsBasisStatus
        columns, rows = list(basis.col_status), list(basis.row_status)
        self.beyond[back] = False
        self._add_scenarios(np.concatenate([back, out]))
        basis.col_status = columns + [status.kBasic] * len(back) + [status.kLower] * len(out)
        basis.row_status = rows + [status.kLower] * len(back) + [status.kBasic] * len(out)
        self.highs.setBasis(basis)

    def wrong(self, most: int) -> tuple[IntArray, IntArray]:
        """Scenarios without a row that came back, and that went beyond the kink; the `most` worst of each."""
        point = np.asarray(self.highs.getSolution().col_value)
        z = -(self.hinges.returns @ point[: self.n]) - point[self.n + 1]
        z[self.near] = 0.0
        back, out = np.flatnonzero(self.beyond & (z < -WRONG_SIDE)), np.flatnonzero(~self.beyond & (z > WRONG_SIDE))
        return back[np.argsort(z[back], kind="stable")[:most]], out[np.argsort(-z[out], kind="stable")[:most]]

    def vertex(self) -> Vertex:
        """The optimum; HiGHS counts multipliers as the rate at which the objective rises with a row's bound."""
        solution = self.highs.getSolution()
        point, rows = np.asarray(solution.col_value), np.asarray(solution.row_dual)
        slopes = np.where(self.beyond, self.hinges.rates, 0.0)
        slopes[self.near] = rows[self.m + 1 :]
        x = np.maximum(point[: self.n + 1], self.lowest)
        reduced = np.asarray(solution.col_dual)[: self.n + 1]
        return Vertex(x / (self.budget @ x), slopes, -rows[: self.m], reduced, -float(rows[self.m]))


def least(hinges: Hinges, limits: LinearConstraints, width: int, *, careful: bool = False) -> tuple[str, Vertex | None]:
    """HiGHS's status and the optimal vertex of the hinges under the limits.

    Args:
        hinges: What is minimised, with returns of the order of one.
        limits: Rows over (x, cash), beside `x >= lowest` and `sum(x) = 1`.
        width: Scenarios on each side of the kink that have a row at first.
        careful: With HiGHS's presolve and scaling.
    """
    program = HingeRows(hinges, limits, width, careful=careful)
    while True:
        program.highs.run()
        status = program.highs.getModelStatus()
        if status != highspy.HighsModelStatus.kOptimal:
            return program.highs.modelStatusToString(status).lower(), None
        back, out = program.wrong(2 * width)
        if not len(back) and not len(out):
            return "optimal", program.vertex()
        program.extend(back, out)
