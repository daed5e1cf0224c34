"""Least CVaR, worst case and mean absolute deviation over scenarios: linear programs of hinges, rows as needed.

CVaR has one at its quantile (Rockafellar and Uryasev 2000, equation 17), the mean absolute deviation one at the mean, of which
the lower side counts twice (Feinstein and Thapa 1993).

Least EVaR by Newton's method, a quadratic program a step: it is smooth wherever the worst distribution q is not the worst
scenario alone. With t its temperature, the Hessian in the losses l is (diag(q) - qq' - vv' / Var_q(l)) / t with
v = q (l - E_q l): the covariance under q of what the losses of the portfolio leave of the returns, over t, since EVaR is
homogeneous of degree one.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from toolkit.core.errors import NumericalFailure, SpecError
from toolkit.core.forecast import FloatArray
from toolkit.optimize.problem import LinearConstraints
from toolkit.optimize.quadratic import Quadratic
from toolkit.optimize.solvers.certificate import ACCEPT, ACCEPT_INACCURATE, Certificate
from toolkit.optimize.solvers.continuous import Continuous, certify_weights
from toolkit.optimize.solvers.cvar_lp import Hinges, Vertex, least
from toolkit.optimize.solvers.program import Duals, QuadraticProgram
from toolkit.optimize.solvers.solve import Attempt, Solved, SolverInfeasible, in_words, listed
from toolkit.risk_measures.base import Measure
from toolkit.risk_measures.dispersion import MeanAbsoluteDeviation
from toolkit.risk_measures.tail import CVaR, EVaR, WorstCase

MOST_STEPS = 50
"""Quadratic programs at most; eight to fifteen are usual."""
NEWTON_HALVINGS = 30
"""Of a step that does not lead down."""
NEWTON_RESIDUAL = 1e-8
"""Residual of the optimality conditions at which the steps end."""
NEWTON_ROUNDING = 1e-14
"""Relative change of the objective that no step can be judged by."""
LEAST_WIDTH = 20
"""Scenarios on each side of the kink that have a row at first, or as many as there are assets where these are more."""


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
class Task:
    """What is asked: the measure of -returns x is `sum_s rates_s max(-hinged_s'x - eta, 0)`, plus eta for a quantile."""

    measure: Measure
    returns: FloatArray
    hinged: FloatArray
    probabilities: FloatArray
    rates: FloatArray
    c: FloatArray
    limits: LinearConstraints
    quantile: bool


def solve_shortfall(
    returns: FloatArray, probabilities: FloatArray, confidence: float, c: FloatArray, limits: LinearConstraints
) -> Shortfall:
    """The least of c'x + CVaR(-returns x) subject to G (x, cash) <= h, sum(x, cash) = 1, all of them at least zero.

    Args:
        returns: (S, n) of the assets; cash earns nothing.
        probabilities: (S,).
        confidence: alpha, above 0; 1 asks for the least worst case.
        c: (n,) cost of a unit of weight, in the unit of the returns; zeros for the risk alone.
        limits: The user's rows.

    Raises:
        SpecError: the confidence is not above 0 and at most 1.
        SolverInfeasible: no point holds the limits.
        NumericalFailure: no answer holds its certificate.
    """
    if not 0 < confidence <= 1:
        raise SpecError(
            "a confidence of {confidence:g} is not above 0 and at most 1.",
            hint="0.95 looks at the worst twentieth.",
            confidence=confidence,
        )
    # A tail no larger than the least probable scenario is that of the worst one alone.
    tail = 1 - confidence if confidence < 1 else float(probabilities[probabilities > 0].min())
    measure = CVaR(confidence) if confidence < 1 else WorstCase()
    return _solve(Task(measure, returns, returns, probabilities, probabilities / tail, c, limits, quantile=True))


def solve_deviation(returns: FloatArray, probabilities: FloatArray, c: FloatArray, limits: LinearConstraints) -> Shortfall:
    """The same with the mean absolute deviation in place of CVaR.

    Raises:
        SolverInfeasible, NumericalFailure: see `solve_shortfall`.
    """
    centred = returns - probabilities @ returns
    measure = MeanAbsoluteDeviation()
    return _solve(Task(measure, returns, centred, probabilities, 2 * probabilities, c, limits, quantile=False))


def _solve(task: Task) -> Shortfall:
    """Rows near the kink first; if that answer fails, a row for every scenario, and all of HiGHS's own precautions."""
    held = np.flatnonzero(task.probabilities > 0)
    returns = task.returns[held]
    size = float(np.sqrt(np.mean(returns**2))) or float(np.max(np.abs(task.c))) or 1.0
    hinged = returns if task.hinged is task.returns else task.hinged[held]
    hinges = Hinges(hinged / size, task.rates[held], task.c / size, task.quantile)
    attempts: list[Attempt] = []
    for name, width in (("HIGHS", max(task.returns.shape[1], LEAST_WIDTH)), ("HIGHS with all rows", len(held))):
        status, vertex = least(hinges, task.limits, width, careful=bool(attempts))
        if vertex is None:
            record_failure(attempts, name, status)
            continue
        slopes = np.zeros(len(task.returns))
        slopes[held] = vertex.slopes
        tail = slopes if task.quantile else slopes - task.probabilities * slopes.sum()
        worst = ACCEPT_INACCURATE if attempts else ACCEPT
        if (answer := judged(task, vertex, slopes, tail, size, (name, status), attempts, worst)) is not None:
            return answer
    raise not_accepted(attempts)


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
    task: Task,
    vertex: Vertex,
    slopes: FloatArray,
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
        vertex: Of the scaled program.
        slopes: Of the hinges.
        tail: (S,) subgradient.
        size: By which returns were divided.
        ended: Name of the attempt, and HiGHS's status.
        attempts: So far.
        worst: Largest residual that is accepted.
    """
    x, losses = vertex.x, -(task.returns @ vertex.x[:-1])
    risk = task.measure.numeric(losses, task.probabilities)
    duals = Duals(size * vertex.limits, size * vertex.nonnegative, size * vertex.budget)
    rows = certify_weights(task.c - task.returns.T @ tail, task.limits, x, duals, size)
    outside = [np.max(-slopes), np.max(slopes - task.rates), abs(slopes.sum() - 1) if task.quantile else 0.0]
    missed = abs(float(tail @ losses) - risk) / max(size, abs(risk))
    certificate = Certificate(rows.primal, max(rows.dual, *map(float, outside)), rows.gap + missed)
    accepted = certificate.worst <= worst
    outcome = "accepted" if accepted else "rejected by its certificate"
    attempts.append(Attempt(ended[0], ended[1], certificate.worst, outcome))
    word = ended[1] if certificate.worst <= ACCEPT else "optimal_inaccurate"
    return Shortfall(x, risk, tail, duals, Solved(ended[0], word, certificate, tuple(attempts))) if accepted else None


def solve_entropic(
    measure: EVaR, returns: FloatArray, probabilities: FloatArray, c: FloatArray, limits: LinearConstraints
) -> Continuous | None:
    """The least of c'x + EVaR(-returns x) under the limits; None where the steps do not end, for a cone program to find it.

    Args:
        measure: With its confidence.
        returns: (S, n) of the assets; cash earns nothing.
        probabilities: (S,).
        c: (n,) cost of a unit of weight, in the unit of the returns.
        limits: The user's hard rows.

    Raises:
        SolverInfeasible: no point holds the limits.
    """
    n, p = len(c), probabilities
    centred = (returns - p @ returns) * np.sqrt(p)[:, None]
    quadratic, x = Quadratic(centred, np.zeros(n), c, np.zeros(n)), np.zeros(0)
    for _ in range(MOST_STEPS):
        program = QuadraticProgram(quadratic, limits, quadratic.scale)
        try:
            solved = program.solve(("PIQP",), partial(_certificate_of, program))
        except NumericalFailure:
            return None
        y, duals = program.answer.x, program.duals()
        losses = -(returns @ y[:-1])
        reached = measure.numeric(losses, p) + float(c @ y[:-1])
        if len(x):
            start, slope = measure.numeric(-(returns @ x[:-1]), p) + float(c @ x[:-1]), quadratic.gradient(x[:-1])
            step, fall = 1.0, float(slope @ (y - x)[:-1])
            certificate = certify_weights(c - returns.T @ measure.subgradient(losses, p), limits, y, duals, abs(reached))
            if certificate.worst <= NEWTON_RESIDUAL or (certificate.worst <= ACCEPT and -fall < NEWTON_ROUNDING * abs(start)):
                found = Solved("PIQP", "optimal", certificate, solved.attempts)
                return Continuous.of(y, duals.limits, found, limits, signs=duals.nonnegative)
            while reached > start + 1e-4 * step * fall + NEWTON_ROUNDING * abs(start):
                step /= 2
                if step < 2.0**-NEWTON_HALVINGS:
                    return None
                along = x + step * (y - x)
                reached = measure.numeric(-(returns @ along[:-1]), p) + float(c @ along[:-1])
            y = x + step * (y - x)
            losses = -(returns @ y[:-1])
        x = y
        worst, temperature = measure.tilted(losses, p)
        if temperature <= 0:
            return None
        spread = losses - worst @ losses
        rows = returns - worst @ returns
        rows -= np.outer(spread, (worst * spread) @ rows / float(worst @ spread**2))
        R = rows * np.sqrt(worst / (2 * temperature))[:, None]
        quadratic = Quadratic(R, np.zeros(n), c - returns.T @ worst, x[:-1])
    return None


def _certificate_of(program: QuadraticProgram) -> Certificate:
    x = program.answer.x
    return certify_weights(program.quadratic.gradient(x[:-1]), program.limits, x, program.duals(), program.scale)
