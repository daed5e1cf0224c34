"""The continuous optimum of the objectives that are quadratic, or that name their weights themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from toolkit.core.forecast import FloatArray
from toolkit.optimize.constraints.base import target_weights
from toolkit.optimize.functions import ConvexConstraint
from toolkit.optimize.objectives.models import Track
from toolkit.optimize.problem import LinearConstraints, Problem
from toolkit.optimize.quadratic import Quadratic
from toolkit.optimize.solvers.certificate import Certificate
from toolkit.optimize.solvers.hierarchical import hierarchical_weights, refuse_constraints
from toolkit.optimize.solvers.program import Duals, quadratic_program
from toolkit.optimize.solvers.solve import Solved, SolverAttempt, solve

SWEPT = 1e-6
"""Weights below it are the dust of an interior-point solver; what it costs to leave them out is of the second order."""


@dataclass(frozen=True, slots=True)
class Continuous:
    """The continuous optimum.

    Attributes:
        x: (n + 1,) weights, cash last.
        multipliers: (m,) of the limits, the rate at which the objective falls; None where they have no unit to read.
        convex_multipliers: Multipliers of the limits on convex functions by position of their constraint, likewise.
        signs: (n + 1,) multipliers of `x >= 0`, in the unit of the others; None where they are not known.
        inside: Convex limits that stand for limits which are not convex, around x.
    """

    x: FloatArray
    multipliers: FloatArray | None
    solver: str
    status: str
    attempts: tuple[SolverAttempt, ...]
    certificate: Certificate | None
    convex_multipliers: Mapping[int, float] | None = None
    signs: FloatArray | None = None
    inside: tuple[ConvexConstraint, ...] = ()

    @classmethod
    def of(
        cls,
        x: FloatArray,
        multipliers: FloatArray | None,
        solved: Solved,
        convex_multipliers: Mapping[int, float] | None = None,
        signs: FloatArray | None = None,
    ) -> Continuous:
        """A solver's accepted point, its dust swept up and put on the budget."""
        x = np.where(x < SWEPT * x.sum(), 0.0, x)
        told = (solved.solver, solved.status, solved.attempts, solved.certificate)
        return cls(x / x.sum(), multipliers, *told, convex_multipliers, signs)

    @classmethod
    def formula(cls, weights: FloatArray) -> Continuous:
        """Weights that need no solver, without cash."""
        return cls(np.append(weights, 0.0), None, "closed form", "optimal", (), None)


def certify_weights(gradient: FloatArray, limits: LinearConstraints, x: FloatArray, duals: Duals, size: float) -> Certificate:
    """The certificate of weights x, (n + 1,), in the user's rows: `G x <= h`, `x >= 0` and `sum(x) = 1`."""
    # The rows of `x >= 0` are an identity matrix, which would be the largest array of a large problem.
    scale, slack = max(float(np.abs(gradient).max()), size), limits.h - limits.G @ x
    stationarity = gradient + limits.G.T @ duals.limits - duals.nonnegative + duals.budget
    negative = -min(float(duals.limits.min(initial=0.0)), float(duals.nonnegative.min(initial=0.0)))
    return Certificate(
        primal=max(-float(slack.min(initial=0.0)), -float(x.min(initial=0.0)), abs(float(x.sum() - 1))),
        dual=max(float(np.abs(stationarity).max()), negative) / scale,
        gap=float(np.abs(duals.limits * slack).sum() + np.abs(duals.nonnegative * x).sum()) / scale,
    )


def solve_quadratic(problem: Problem, quadratic: Quadratic, limits: LinearConstraints, order: tuple[str, ...]) -> Continuous:
    """The least of a quadratic under the limits.

    Raises:
        Impossible, NumericalFailure: see `toolkit.optimize.solvers.solve`.
    """
    n = len(problem.universe)
    program = quadratic_program(n, len(quadratic.R), len(limits.h))
    scale = quadratic.scale()
    bound = program.bind(quadratic, limits.G, limits.h, scale)

    def certificate() -> Certificate:
        x = program.solution()
        return certify_weights(np.append(quadratic.gradient(x[:n]), 0.0), limits, x, program.duals(scale), scale)

    solved = solve(bound, order, certificate)
    duals = program.duals(scale)
    return Continuous.of(program.solution(), duals.limits, solved, signs=duals.nonnegative)


def solve_equal_weight(problem: Problem, limits: LinearConstraints, order: tuple[str, ...]) -> Continuous:
    """Equal weights where they hold the limits, else the nearest that do."""
    n = len(problem.universe)
    weights = np.full(n, 1.0 / n)
    if np.all(limits.G @ np.append(weights, 0.0) <= limits.h + 1e-12):
        return Continuous.formula(weights)
    answer = solve_quadratic(problem, Quadratic.distance(n, weights), limits, order)
    return Continuous(answer.x, None, answer.solver, answer.status, answer.attempts, None)


def solve_track(problem: Problem, objective: Track, limits: LinearConstraints, order: tuple[str, ...]) -> Continuous:
    """The target where it holds the limits, else the least variance of the difference to it."""
    target = target_weights(objective.target, problem.universe)
    x = np.append(target, 1.0 - target.sum())
    if np.all(limits.G @ x <= limits.h + 1e-12):
        return Continuous(np.clip(x, 0.0, None), np.zeros(len(limits.h)), "closed form", "optimal", (), None)
    return solve_quadratic(problem, Quadratic.tracking(problem, target), limits, order)


def solve_hierarchical(problem: Problem) -> Continuous:
    """Hierarchical risk parity; `SpecError` where a constraint would go unseen."""
    refuse_constraints(problem)
    return Continuous.formula(hierarchical_weights(problem.forecast.matrix, problem.universe.keys))
