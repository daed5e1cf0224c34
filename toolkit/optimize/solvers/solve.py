"""Solvers, what became of each that was tried, and the accepted answer: nothing is retried in silence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from pydantic import Field

from toolkit.core.decode import Spec
from toolkit.core.errors import SpecError, did_you_mean
from toolkit.optimize.solvers.certificate import Certificate

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


class SolverSpec(Spec):
    """Solvers to try in order, seconds for one mixed-integer problem, and the gap at which whole lots are good enough."""

    order: Order | None = None
    time_limit: float = Field(default=10.0, gt=0)
    gap: float = Field(default=1e-3, gt=0, lt=1)


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


def in_words(attempts: Sequence[Attempt]) -> str:
    """The attempts as an error tells them."""
    return "; ".join(f"{a.solver}: {a.status}, {a.outcome}" for a in attempts)


def listed(attempts: Sequence[Attempt]) -> dict[str, list[list[Any]]]:
    """The attempts as details of an error."""
    return {"attempts": [[a.solver, a.status, a.residual, a.outcome] for a in attempts]}
