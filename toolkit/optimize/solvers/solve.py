"""Solving with an explicit order of solvers: every attempt is recorded, every answer certified, nothing retried in silence."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Protocol

from toolkit.core.errors import NumericalFailure, SpecError, Unbounded, did_you_mean
from toolkit.optimize.solvers.certificate import ACCEPT, ACCEPT_INACCURATE, Certificate

OPTIONS: MappingProxyType[str, dict[str, Any]] = MappingProxyType(
    {
        "PIQP": {"eps_abs": 1e-9, "eps_rel": 1e-10, "max_iter": 500},
        "CLARABEL": {"tol_gap_abs": 1e-10, "tol_gap_rel": 1e-10, "tol_feas": 1e-10, "max_threads": 1, "max_iter": 200},
        # OSQP's defaults stop 0.4 % off the optimum.
        "OSQP": {"eps_abs": 1e-9, "eps_rel": 1e-9, "max_iter": 200_000, "polishing": True},
    }
)
"""Tolerances of the solvers that may be named in `[solver] order`. They end after iterations and never by the clock, which
would give another answer on another machine."""

Order = tuple[str, ...]
QUADRATIC_ORDER = ("PIQP", "CLARABEL", "OSQP")
CONIC_ORDER = ("CLARABEL",)


class Bound(Protocol):
    """A program with its numbers: a `cvxpy.Problem`, or one that is handed to a solver without it."""

    def solve(self, solver: str, *, warm_start: bool, **options: Any) -> object:
        """Solve it by one solver."""
        ...

    @property
    def status(self) -> object:
        """How that went, in cvxpy's words."""
        ...


@dataclass(frozen=True, slots=True)
class Attempt:
    """One solver that was tried.

    Attributes:
        solver: Its name.
        status: Its own word.
        residual: Largest relative violation of the optimality conditions.
        outcome: Whether the answer was taken, and why not.
    """

    solver: str
    status: str
    residual: float | None
    outcome: str


@dataclass(frozen=True, slots=True)
class Solved:
    """An accepted answer."""

    solver: str
    status: str
    certificate: Certificate
    attempts: tuple[Attempt, ...]


class SolverInfeasible(Exception):
    """A solver proved that there is no feasible point; `toolkit.optimize.infeasibility` says why in the user's words."""

    def __init__(self, attempts: tuple[Attempt, ...]) -> None:
        super().__init__("infeasible")
        self.attempts = attempts


def check_order(order: Order) -> tuple[str, ...]:
    """The order in upper case; `SpecError` for a solver that is not known here."""
    for name in order:
        if name.upper() not in OPTIONS:
            raise SpecError("solver.order: unknown solver {name!r:s}.", hint=did_you_mean(name.upper(), OPTIONS), name=name)
    return tuple(name.upper() for name in order)


def solve(problem: Bound, order: Order, certify: Callable[[], Certificate]) -> Solved:
    """Try each solver in order until an answer holds its certificate.

    Args:
        problem: A bound program.
        order: Solvers to try.
        certify: Computes the certificate of the answer that the variables hold.

    Raises:
        SolverInfeasible: when a solver proves infeasibility.
        Unbounded: when the objective has no minimum.
        NumericalFailure: when no answer is good enough; all attempts are in `details`.
    """
    attempts: list[Attempt] = []
    for name in order:
        status = _attempt(problem, name)
        if isinstance(status, Attempt):
            attempts.append(status)
            continue
        if status in ("infeasible", "infeasible_inaccurate"):
            attempts.append(Attempt(name, status, None, "infeasible"))
            raise SolverInfeasible(tuple(attempts))
        if status in ("unbounded", "unbounded_inaccurate"):
            raise Unbounded("the objective can be improved without limit.", hint="Add a bound, a group limit or a risk limit.")
        if status not in ("optimal", "optimal_inaccurate"):
            attempts.append(Attempt(name, status, None, "no answer"))
            continue
        certificate = certify()
        accepted = certificate.worst <= (ACCEPT if name != order[-1] else ACCEPT_INACCURATE)
        attempts.append(Attempt(name, status, certificate.worst, "accepted" if accepted else "rejected by its certificate"))
        if accepted:
            word = "optimal" if certificate.worst <= ACCEPT else "optimal_inaccurate"
            return Solved(name, word, certificate, tuple(attempts))
    told = "; ".join(f"{a.solver}: {a.status}, {a.outcome}" for a in attempts)
    raise NumericalFailure(
        "no solver reached an accepted answer ({told}).",
        hint="Name other solvers under `[solver] order`, or loosen the constraints.",
        details={"attempts": [[a.solver, a.status, a.residual, a.outcome] for a in attempts]},
        told=told,
    )


def _attempt(problem: Bound, name: str) -> str | Attempt:
    """The status that one solver ends with, or the attempt to record where it gave up."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # cvxpy warns of inaccuracy; the certificate measures it
            problem.solve(solver=name, warm_start=False, **OPTIONS[name])
    except _refusals() as error:
        return Attempt(name, "error", None, str(error).splitlines()[0])
    return str(problem.status)


def _refusals() -> type[Exception]:
    """What a solver raises when it gives up; imported only then, for what is solved without cvxpy need not wait for it."""
    from cvxpy.error import SolverError  # noqa: PLC0415

    return SolverError
