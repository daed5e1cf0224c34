"""Least CVaR, worst case and mean absolute deviation over scenarios: linear programs of hinges, rows as needed.

CVaR has one at its quantile (Rockafellar and Uryasev 2000, equation 17), the mean absolute deviation one at the mean, of which
the lower side counts twice (Feinstein and Thapa 1993).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from toolkit.core.errors import NumericalFailure, SpecError
from toolkit.core.forecast import FloatArray
from toolkit.optimize.problem import LinearConstraints
from toolkit.optimize.solvers.certificate import ACCEPT, ACCEPT_INACCURATE, Certificate, certify
from toolkit.optimize.solvers.cvar_lp import Hinges, Vertex, least
from toolkit.optimize.solvers.solve import Attempt, SolverInfeasible
from toolkit.risk_measures.base import Measure
from toolkit.risk_measures.dispersion import MeanAbsoluteDeviation
from toolkit.risk_measures.tail import CVaR, WorstCase

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
        multipliers: (m,) of the limits, the rate at which the objective falls when one is relaxed.
        nonnegative: (n + 1,) of `x >= 0`.
        budget: Of `sum(x) = 1`.
    """

    x: FloatArray
    risk: float
    tail: FloatArray
    multipliers: FloatArray
    nonnegative: FloatArray
    budget: float
    solver: str
    status: str
    attempts: tuple[Attempt, ...]
    certificate: Certificate


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
    size = float(np.sqrt(np.mean(task.returns[held] ** 2))) or float(np.max(np.abs(task.c))) or 1.0
    hinges = Hinges(task.hinged[held] / size, task.rates[held], task.c / size, task.quantile)
    attempts: list[Attempt] = []
    for name, width in (("HIGHS", max(task.returns.shape[1], LEAST_WIDTH)), ("HIGHS with all rows", len(held))):
        status, vertex = least(hinges, task.limits, width, careful=bool(attempts))
        if vertex is None:
            attempts.append(Attempt(name, status, None, "infeasible" if status == "infeasible" else "no answer"))
            if status == "infeasible":
                raise SolverInfeasible(tuple(attempts))
            continue
        slopes = np.zeros(len(task.returns))
        slopes[held] = vertex.slopes
        tail = slopes if task.quantile else slopes - task.probabilities * slopes.sum()
        risk = task.measure.numeric(-task.returns @ vertex.x[:-1], task.probabilities)
        certificate = certificate_of(task, vertex, slopes, tail, risk, size)
        accepted = certificate.worst <= (ACCEPT_INACCURATE if attempts else ACCEPT)
        outcome = "accepted" if accepted else "rejected by its certificate"
        attempts.append(Attempt(name, status, certificate.worst, outcome))
        if accepted:
            word = status if certificate.worst <= ACCEPT else "optimal_inaccurate"
            prices = size * vertex.limits, size * vertex.nonnegative, size * vertex.budget
            return Shortfall(vertex.x, risk, tail, *prices, name, word, tuple(attempts), certificate)
    told = "; ".join(f"{a.solver}: {a.status}, {a.outcome}" for a in attempts)
    raise NumericalFailure(
        "HiGHS reached no accepted answer ({told}).",
        hint="Loosen the constraints, or use fewer scenarios.",
        details={"attempts": [[a.solver, a.status, a.residual, a.outcome] for a in attempts]},
        told=told,
    )


def certificate_of(task: Task, vertex: Vertex, slopes: FloatArray, tail: FloatArray, risk: float, size: float) -> Certificate:
    """KKT in the user's rows and units, with a tail that is checked to be a subgradient of the measure at these weights.

    It is one if each scenario's slope is within 0 and its rate, they add up to 1 where there is an eta, and the mean loss
    under the tail is the measure itself.
    """
    x = vertex.x
    signed = np.isfinite(task.limits.lowest)
    rows = certify(
        gradient=np.append(task.c - task.returns.T @ tail, 0.0),
        A=np.vstack([task.limits.G, -np.eye(len(x))[signed]]),
        slack=np.concatenate([task.limits.h - task.limits.G @ x, x[signed]]),
        multipliers=size * np.concatenate([vertex.limits, vertex.nonnegative[signed]]),
        equality=np.ones(len(x)),
        equality_residual=float(x.sum() - 1),
        equality_multiplier=size * vertex.budget,
        size=size,
    )
    outside = [np.max(-slopes), np.max(slopes - task.rates), abs(slopes.sum() - 1) if task.quantile else 0.0]
    missed = abs(float(tail @ (-task.returns @ x[:-1])) - risk) / max(size, abs(risk))
    return Certificate(rows.primal, max(rows.dual, *map(float, outside)), rows.gap + missed)
