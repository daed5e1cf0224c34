"""A limit on volatility that an objective sets itself, below the least that the constraints allow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from toolkit.core.errors import Infeasible, NumericalFailure, quoted
from toolkit.core.forecast import FloatArray
from toolkit.optimize.constraints.base import outward
from toolkit.optimize.functions import OBJECTIVE
from toolkit.optimize.infeasibility.confirm import has_answer
from toolkit.optimize.infeasibility.relaxations import OWN_NAME, RELAXED, hard_convex_constraints
from toolkit.optimize.problem import Problem
from toolkit.optimize.quadratic import Quadratic
from toolkit.optimize.solvers.work import Work

DIGITS = (4, 3, 2)
"""Decimals of the proposed limit: the most at which the proposal has an answer."""
PART = 0.5
"""Of the work that is left, to solve a proposal before it is made."""
GAP = 1e-3
"""Of the least variance in whole lots, relative."""


def without_own(problem: Problem) -> Problem:
    """The problem without the limit that its objective sets itself; the same where it sets none."""
    if not problem.objective_limits():
        return problem
    return replace(problem, objective=problem.objective.model_copy(update={"volatility": None}))


def below_minimum_volatility(problem: Problem, names: Sequence[str], work: Work) -> Infeasible:
    """The error that tells the least volatility.

    Args:
        problem: Whose objective limits it.
        names: Constraints that the limit is in conflict with.
        work: For the least volatility in whole lots.
    """
    constraint, lots = problem.objective_limits()[0], problem.integer_requirements() is not None
    what = "allocation in whole lots" if lots else "allocation"
    message = f"no {what} within the constraints has a volatility of {constraint.limit:.2%} or less"
    details = {"conflict": [OWN_NAME, *names], "relaxation": dict[str, float](), "set": list[str]()}
    x = _minimum_volatility(problem)
    least = constraint.function.value(x)
    if least > constraint.limit:
        details["relaxation"] = {OWN_NAME: least - constraint.limit}
        message += f": the least is {least:.2%}{' without lots' if lots else ''}"
    found = _minimum_volatility_lots(without_own(problem), x[:-1], work) if lots else least
    if found is None:
        hint = f"Raise {OWN_NAME}, and allow some cash: lots were not found in time."
        return Infeasible(f"{message}.", hint=hint, details={**details, "relaxation_known": False})
    if lots:
        details["relaxation"] = {OWN_NAME: found - constraint.limit}
        message += f", and {found:.2%} with them" if least > constraint.limit else f": the least is {found:.2%}"
    for digits in DIGITS:
        value = outward(found, "upper", RELAXED, digits)
        eased = replace(problem, objective=problem.objective.model_copy(update={"volatility": value}))
        if has_answer(eased, work.part(PART * work.left)):
            setting = f"{OWN_NAME}={value:.12g}"
            return Infeasible(f"{message}.", hint=f"Try --set {quoted(setting)}.", details={**details, "set": [setting]})
    return Infeasible(
        f"{message}.", hint=f"Raise {OWN_NAME}: how far was not found out.", details={**details, "relaxation_known": False}
    )


def _minimum_volatility(problem: Problem) -> FloatArray:
    """Weights (n + 1,) of the least volatility, where that is beyond the objective's own limit."""
    from toolkit.optimize.infeasibility.elastic import least_violation  # noqa: PLC0415  # half a second to import

    found = least_violation(problem.linear_constraints().hard(), hard_convex_constraints(problem), {OBJECTIVE: 0})
    if found is None:
        raise NumericalFailure("the least volatility within the constraints could not be found out.")
    return found[0]


def _minimum_volatility_lots(problem: Problem, relaxed: FloatArray, work: Work) -> float | None:
    """A low volatility in whole lots, the least but for the gap; None where no lots were found."""
    from toolkit.optimize.lots.exact import whole_lots  # noqa: PLC0415  # whole lots ask this module why there are none

    def entry(values: FloatArray) -> float:
        return problem.costs.entry(values - problem.previous, problem.data.budget)

    try:
        answer = whole_lots(
            problem,
            Quadratic.variance(problem.forecast),
            relaxed,
            1.0 - entry(relaxed),
            target_gap=GAP,
            size=0.0,
            work=work.part(work.left),
            diagnose=False,
            convex=hard_convex_constraints(problem),
        )
    except (Infeasible, NumericalFailure):
        return None
    return float(np.sqrt(problem.forecast.variance(answer.values / (1.0 - entry(answer.values)))))
