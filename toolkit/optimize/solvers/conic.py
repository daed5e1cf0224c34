"""Certificates of convex programs in cvxpy's conic form, recomputed from the data of the program and a solver's point.

min x'P x / 2 + c'x subject to A x + s = b, s in K (Boyd and Vandenberghe, Convex Optimization (2004), section 5.9.2, with
a quadratic objective): optimal where A x + s = b, P x + c + A'y = 0, s in K, y in its dual and s'y = 0. K is a product of
cones, in the order and the signs in which Clarabel takes them.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import cvxpy as cp
import numpy as np

from toolkit.core.errors import NumericalFailure, SolveError, Unbounded
from toolkit.core.forecast import FloatArray
from toolkit.core.messages import message
from toolkit.optimize.solvers.certificate import ACCEPT, ACCEPT_INACCURATE, Certificate
from toolkit.optimize.solvers.solve import OPTIONS, Attempt, Solved, SolverInfeasible, in_words, listed

SOLVER = "CLARABEL"
SHORT_STEPS = {"min_terminate_step_length": 1e-8, "min_switch_step_length": 1e-3}
WAYS: MappingProxyType[str, dict[str, Any]] = MappingProxyType(
    {"": {}, "short steps": SHORT_STEPS, "not equilibrated": {**SHORT_STEPS, "equilibrate_enable": False}}
)
"""Settings by the words in which an attempt tells them. Near the border of power, exponential and many second-order cones
Clarabel's steps get short; by default it takes this for an end (`InsufficientProgress`), and it is only slow."""
PROOFS = {
    "PrimalInfeasible": cp.INFEASIBLE,
    "AlmostPrimalInfeasible": cp.INFEASIBLE_INACCURATE,
    "DualInfeasible": cp.UNBOUNDED,
    "AlmostDualInfeasible": cp.UNBOUNDED_INACCURATE,
}
"""Clarabel's words for programs without an optimum, and cvxpy's."""
ENDS = ("Solved", "AlmostSolved", "InsufficientProgress")
"""Clarabel's words for an end with a point; what the point is worth its certificate tells."""
NO_LIMIT = message("the objective can be improved without limit.")


def solve_conic(problem: cp.Problem, unbounded: str = NO_LIMIT) -> Solved:
    """Solve with Clarabel, leave the values in the variables and the multipliers in the constraints.

    The objective has to be of order one: residuals are relative to the largest entries that meet in them. Where one way of
    solving ends without an accurate point, the next of `WAYS` is tried; of inaccurate points the best is kept.

    Args:
        problem: The program.
        unbounded: What is said of one without an optimum.

    Raises:
        SolverInfeasible, Unbounded: where that is proven.
        NumericalFailure: where no point is accepted.
    """
    data, chain, inverse = problem.get_problem_data(SOLVER)
    if chain is None:
        raise SolveError("cvxpy found no way to hand the program to a cone solver.")
    attempts: list[Attempt] = []
    best: tuple[Certificate, Any] | None = None
    for words, settings in WAYS.items():
        name = f"{SOLVER} ({words})" if words else SOLVER
        raw = chain.solve_via_data(problem, data, warm_start=False, verbose=False, solver_opts={**OPTIONS[SOLVER], **settings})
        ended = str(raw.status)
        if ended in PROOFS:
            attempts.append(Attempt(name, PROOFS[ended], None, PROOFS[ended].partition("_")[0]))
            if attempts[-1].outcome == cp.INFEASIBLE:
                raise SolverInfeasible(tuple(attempts))
            raise Unbounded(unbounded, hint="Add a bound, a group limit or a risk limit.")
        if ended not in ENDS or not np.all(np.isfinite([*raw.x, *raw.z])):
            attempts.append(Attempt(name, ended, None, "no answer"))
            continue
        certificate = certify_conic(data, np.array(raw.x), np.array(raw.z))
        accurate = certificate.worst <= ACCEPT
        attempts.append(Attempt(name, ended, certificate.worst, "accepted" if accurate else "not accurate"))
        if best is None or certificate.worst < best[0].worst:
            best = certificate, raw
        if accurate:
            break
    if best is None or best[0].worst > ACCEPT_INACCURATE:
        raise NumericalFailure(
            "no way of solving reached an accepted answer ({told}).",
            hint="That is the solver's failure, and says nothing about the constraints. Fewer scenarios may help.",
            details=listed(attempts),
            told=in_words(attempts),
        )
    inverse[-1].solver_options = {"accept_unknown": True}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # cvxpy warns of inaccuracy; the certificate measures it
        problem.unpack_results(best[1], chain, inverse)
    return Solved(SOLVER, cp.OPTIMAL if best[0].worst <= ACCEPT else cp.OPTIMAL_INACCURATE, best[0], tuple(attempts))


def certify_conic(data: Mapping[str, Any], x: FloatArray, y: FloatArray) -> Certificate:
    """The certificate of a point x and multipliers y of a conic program."""
    A, b, c = data["A"], data["b"], data["c"]
    s = b - A @ x
    Px = data["P"] @ x if data.get("P") is not None else np.zeros_like(x)
    reduced = Px + c + A.T @ y
    size = max(1.0, float(np.max(np.abs(c), initial=0.0)))
    primal = max((cone.excess(s[rows]) for rows, cone in cones(data["dims"])), default=0.0)
    dual = max((cone.dual_excess(y[rows]) for rows, cone in cones(data["dims"])), default=0.0)
    return Certificate(
        primal=primal,
        dual=max(float(np.max(np.abs(reduced), initial=0.0)), dual) / size,
        gap=abs(float(s @ y)) / max(1.0, abs(float(c @ x + x @ Px / 2))),
    )


@dataclass(frozen=True, slots=True)
class Cone:
    """A cone by its kind: how far a point is outside it, and outside its dual.

    Attributes:
        kind: ``zero``, ``nonnegative``, ``second_order``, ``exponential`` or ``power``.
        exponent: Of a power cone |z| <= x^a y^(1 - a).
    """

    kind: str
    exponent: float = 0.5

    def excess(self, s: FloatArray) -> float:
        """Violation of s in K, 0 within it."""
        match self.kind:
            case "zero":
                out = float(np.max(np.abs(s), initial=0.0))
            case "nonnegative":
                out = float(np.max(-s, initial=0.0))
            case "second_order":
                out = float(np.linalg.norm(s[1:]) - s[0])
            case "exponential":
                out = _exponential(*s)
            case _:
                a = self.exponent
                inside = max(s[0], 0.0) ** a * max(s[1], 0.0) ** (1 - a)
                out = max(abs(s[2]) - inside, -s[0], -s[1])
        return max(out, 0.0)

    def dual_excess(self, y: FloatArray) -> float:
        """Violation of y in the dual cone."""
        match self.kind:
            case "zero":
                return 0.0
            case "exponential":
                # {(u, v, w): u < 0, -u exp(v / u) <= e w} and its limit at u = 0: in K after a change of variables.
                u, v, w = y
                return max(_exponential(u - v, -u, w), u, -w, 0.0)
            case "power":
                a = self.exponent
                return Cone("power", a).excess(np.array([y[0] / a, y[1] / (1 - a), y[2]]))
            case _:
                return self.excess(y)


def _exponential(x: float, y: float, z: float) -> float:
    """How far (x, y, z) is from y exp(x / y) <= z, y > 0, or its limit y = 0, x <= 0, z >= 0."""
    if y <= 1e-9:
        return max(-y, x if y <= 0 else 0.0, -z)
    if x / y > 50:  # by logarithms, where the exponential would overflow
        return x - y * float(np.log(max(z, 1e-300) / y))
    return y * float(np.exp(x / y)) - z


def cones(dims: Any) -> Iterator[tuple[slice, Cone]]:
    """The rows of each cone in cvxpy's order: zero, nonnegative, second order, exponential, power."""
    at = 0

    def rows(count: int) -> slice:
        nonlocal at
        at += count
        return slice(at - count, at)

    yield rows(dims.zero), Cone("zero")
    yield rows(dims.nonneg), Cone("nonnegative")
    for size in dims.soc:
        yield rows(size), Cone("second_order")
    for _ in range(dims.exp):
        yield rows(3), Cone("exponential")
    for exponent in dims.p3d:
        yield rows(3), Cone("power", float(exponent))
