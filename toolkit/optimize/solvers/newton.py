"""Least entropic and root-mean-square measures, of scenarios or of the drawdowns of a path, by Newton's method.

A quadratic program a step. EVaR is smooth wherever the worst distribution q is not the worst scenario alone: with t its
temperature and w = q / t, the Hessian in the losses l is diag(w) - q q' / t - v v' / Var_q(l) / t with v = q (l - E_q l), the
covariance under q of what the losses of the portfolio leave of the returns, over t, since EVaR is homogeneous of degree one.
That of the root of sum_s p_s max(l_s, 0)^2 is of the same form, with w = p / risk of the losses and nothing to be centred.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from toolkit.core.forecast import FloatArray
from toolkit.optimize.problem import LinearConstraints
from toolkit.optimize.quadratic import Quadratic
from toolkit.optimize.solvers.certificate import ACCEPT, Certificate
from toolkit.optimize.solvers.continuous import certify_weights
from toolkit.optimize.solvers.direct import EXACT, INFEASIBLE, SOLVED, DirectSolution, solve_direct
from toolkit.optimize.solvers.program import Duals
from toolkit.optimize.solvers.shortfall import Peaks, Shortfall, ShortfallPath, ShortfallTask
from toolkit.optimize.solvers.solve import OPTIONS, Attempt, Solved, SolverInfeasible
from toolkit.risk_measures.dispersion import SemiDeviation
from toolkit.risk_measures.tail import EVaR

MOST_STEPS = 50
"""Quadratic programs at most; five to ten are usual."""
HALVINGS = 30
"""Of a step that does not lead down."""
NEWTON_RESIDUAL = 1e-8
"""Residual of the optimality conditions at which the steps end."""
ROUNDING = 1e-14
"""Relative change of the objective that no step can be judged by."""
MISSED_SHARE = 0.1
"""See `Peaks.more`: every peak with a variable makes the quadratic program larger."""


@dataclass(frozen=True, slots=True)
class NewtonPoint:
    """Weights x, (n + 1,), the path of what they earn, the objective, and the measure with its derivatives in the losses.

    The Hessian is diag(w) about the mean under `centre` and without the direction of `spread`, all of them (S,).
    """

    x: FloatArray
    path: ShortfallPath
    value: float
    risk: float
    slopes: FloatArray
    w: FloatArray
    centre: FloatArray | float
    spread: FloatArray

    @classmethod
    def of(cls, task: ShortfallTask, earned: FloatArray, x: FloatArray) -> NewtonPoint:
        """The point of weights.

        Args:
            task: What is asked.
            earned: (S,) of the scenarios: in all up to each time where the measure is one of drawdowns.
            x: The weights.
        """
        measure = task.inner
        path = (
            ShortfallPath.of(earned)
            if measure is not task.measure
            else ShortfallPath(earned, np.zeros_like(earned), np.full(len(earned), -1))
        )
        losses, paid = path.depths, float(task.c @ x[:-1])
        if isinstance(measure, EVaR):
            q, temperature = measure.tilted(losses, task.p)
            risk = float(q @ losses)
            return cls(x, path, risk + paid, risk, q, q / temperature if temperature > 0 else 0 * q, q, losses - risk)
        below, risk = np.maximum(losses, 0.0), measure.numeric(losses, task.p)
        w = (losses > 0) * task.p / (risk or 1.0)
        return cls(x, path, risk + paid, risk, w * below, w, 0.0 * w, below)

    @property
    def curvature(self) -> float:
        """Along the losses themselves; zero where there is none to step by."""
        return float(self.w @ self.spread**2)

    def root(self, rows: FloatArray) -> FloatArray:
        """(S, n) R with |R d|^2 the second-order change of the measure where the losses change by rows d, (S, n)."""
        R = rows - self.centre @ rows
        R -= np.outer(self.spread, (self.w * self.spread) @ R / self.curvature)
        return R * np.sqrt(self.w / 2)[:, None]


def solve_smooth(task: ShortfallTask) -> Shortfall | None:
    """EVaR or a root mean square, of losses or drawdowns; None where the steps do not end, for a cone program to find it.

    Raises:
        SolverInfeasible: no point holds the limits.
    """
    p, c, limits, n, m = task.p, task.c, task.limits, len(task.c), len(task.limits.h)
    drawn, centred = task.inner is not task.measure, isinstance(task.measure, SemiDeviation)
    if drawn:
        earns = np.cumsum(task.returns, axis=0)
        start = Peaks.start(earns, c, limits, getattr(task.measure, "confidence", None))
    else:
        earns = task.returns - centred * (p @ task.returns)
        first = Quadratic(earns * np.sqrt(p)[:, None], np.zeros(n), c, np.zeros(n))
        start = _least(first, limits, np.ones(n + 1), first.scale).x
    if start is None or not len(start):
        return None
    now, times = NewtonPoint.of(task, earns @ start[:n], start), np.zeros(0, dtype=np.intp)
    for _ in range(MOST_STEPS):
        if not now.curvature > 0:
            return None
        peaks, scale = Peaks(earns, now.path, times), abs(now.value) or 1.0
        rows, z = peaks.rows(), np.concatenate([now.x[:n], peaks.maxima(), now.x[n:]])
        slope = np.append(c, np.zeros(len(times))) - rows.T @ now.slopes
        answer = _least(
            Quadratic(now.root(rows), np.zeros(len(slope)), slope, z[:-1]), peaks.limits(limits), peaks.budget, scale
        )
        if answer.status != SOLVED:
            return None
        x, fall = peaks.weights(answer.x), float(slope @ (answer.x - z)[:-1])
        end = NewtonPoint.of(task, earns @ x[:n], x)
        duals = Duals(answer.limits[:m] * scale, peaks.weights(answer.nonnegative) * scale, answer.equality * scale)
        tail = peaks.tail(end.slopes, answer.limits * scale) if drawn else end.slopes
        tail = tail - centred * p * tail.sum()
        held = certify_weights(c - task.returns.T @ tail, limits, x, duals, scale)
        missed = abs(float(tail @ (task.returns @ x[:n])) + end.risk) / scale
        certificate = Certificate(held.primal, max(held.dual, -float(tail.min()) * drawn), held.gap + missed)
        if certificate.worst <= NEWTON_RESIDUAL or (certificate.worst <= ACCEPT and -fall < ROUNDING * scale):
            solved = Solved("PIQP", SOLVED, certificate, (Attempt("PIQP", SOLVED, certificate.worst, "accepted"),))
            return Shortfall(x, end.risk, tail, duals, solved)
        more = peaks.more(end.path, answer.x, np.maximum(end.slopes, now.slopes), scale, MISSED_SHARE) if drawn else times
        step = 1.0
        while end.value > now.value + 1e-4 * step * fall + ROUNDING * scale and step > 2.0**-HALVINGS:
            step /= 2
            along = now.x + step * (x - now.x)
            end = NewtonPoint.of(task, earns @ along[:n], along)
        if step > 2.0**-HALVINGS:
            now = end
        elif len(more) == len(times):  # no peak was missed either
            return None
        times = more
    return None


def _least(quadratic: Quadratic, limits: LinearConstraints, budget: FloatArray, scale: float) -> DirectSolution:
    """PIQP's answer to the quadratic program.

    Raises:
        SolverInfeasible: no point holds the limits.
    """
    answer = solve_direct(quadratic, limits, budget, scale, {**OPTIONS["PIQP"], **EXACT})
    if answer.status == INFEASIBLE:
        raise SolverInfeasible((Attempt("PIQP", answer.status, None, "infeasible"),))
    return answer
