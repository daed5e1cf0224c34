"""Why there is no answer: an irreducible set of conflicting constraints and the least relaxation, in the user's names.

Deletion filter and elastic program: Chinneck, Feasibility and Infeasibility in Optimization (2008), chapters 6 and 7. Where
all limits are linear, feasibility is a small linear program; with limits on risk a cone program; with whole lots, tickets or
a number of holdings a small mixed-integer one, in which entry costs count too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from pydantic import ValidationError

from toolkit.core.errors import Infeasible, NumericalFailure, quoted
from toolkit.core.forecast import FloatArray
from toolkit.optimize.constraints.base import outward
from toolkit.optimize.functions import OBJECTIVE, ConvexConstraints
from toolkit.optimize.infeasibility.confirm import has_answer
from toolkit.optimize.infeasibility.discrete import discrete_feasible, discrete_relaxations
from toolkit.optimize.infeasibility.relaxations import (
    OBJECTIVE_TABLE,
    OWN_NAME,
    RELAXED,
    Relaxation,
    hard_convex_constraints,
    name_of,
    relaxable_columns,
    relaxations_at,
)
from toolkit.optimize.infeasibility.volatility_limit import below_minimum_volatility, without_own
from toolkit.optimize.problem import LinearConstraints, Problem
from toolkit.optimize.solvers.linear import least
from toolkit.optimize.solvers.mixed_integer import LotTerms
from toolkit.optimize.solvers.work import Work

DIGITS = (6, 9, 12)
"""Decimals of a proposed limit: the fewest at which the proposal has a solution."""
SOME = 1e-3
"""Weight that a proposal leaves every asset where each has to contribute to risk."""
SECONDS = 10.0
"""Of work, where nothing else is said."""
PART = 0.2
"""Of what is left, for each question whether some whole lots hold."""
ROOM = (1e-4, 1e-3, 0.01, 0.03, 0.1)
"""What is added to moves until a proposal has an answer: costs that only an answer knows need room, and so does a search."""
STEPS, ARRIVED = 20, 1e-5
"""Cone programs at most that look for weights within limits on contributions, and the change of the weights that ends them."""


def conflict(problem: Problem, work: Work | None = None) -> Infeasible | None:
    """The error that explains the conflict between the limits on weights; None when there is none."""
    if _feasible(problem):
        return None
    work = Work(SECONDS) if work is None else work
    free = without_own(problem)
    if free is not problem and _feasible(free):
        if free.integer_requirements() is not None and (other := discrete_conflict(problem, work)) is not None:
            return other
        return _below_minimum_volatility(problem, _names(problem, irreducible(problem, _feasible)), work)
    needed = irreducible(free, _feasible)
    names = _names(free, needed)
    told = ", ".join(repr(name) for name in names)
    alone = "these constraints contradict each other" if len(names) > 1 else "a constraint cannot hold"
    return explained(problem, f"{alone}: {told}.", names, work)


def _below_minimum_volatility(problem: Problem, names: list[str], work: Work) -> Infeasible:
    """The error that tells the least volatility, and what has to give way with it where more volatility is not enough."""
    told = below_minimum_volatility(problem, names, work)
    if told.details["set"]:
        return told
    other = explained(problem, told.message, [OWN_NAME, *names], work)
    return other if other.details["set"] else told


def discrete_conflict(problem: Problem, work: Work | None = None) -> Infeasible | None:
    """The error that explains why no whole-lot answer holds the constraints; None where one does, or nothing is proven."""
    work = Work(SECONDS) if work is None else work
    unknown = 0

    def feasible(part: Problem) -> bool:
        nonlocal unknown
        found = discrete_feasible(part, work.part(PART * work.left))
        unknown += found is None
        # What is not proven infeasible is blamed for nothing.
        return found is not False

    if feasible(problem):
        return None
    free = without_own(problem)
    if free is not problem and feasible(free):
        return _below_minimum_volatility(problem, _names(problem, irreducible(problem, feasible)), work)
    needed = irreducible(free, feasible)
    names = _names(free, needed)
    kinds = {free.constraints[i].kind for i in needed}
    what = "allocation in whole lots" if "lots" in kinds else "allocation"
    together = "these constraints together" if len(names) > 1 else "this constraint"
    message = f"no {what} holds {together}: {', '.join(repr(name) for name in names)}."
    if unknown:
        message += " Whether fewer of them conflict already was not found out within solver.time_limit."
    more = "Raise --budget, or drop one of them." if kinds & {"lots", "min_ticket"} else ""
    return explained(problem, message, names, work, more, irreducible=not unknown)


def not_found(problem: Problem, message: str, work: Work) -> NumericalFailure:
    """The error of a search that found nothing and proved nothing, with a relaxation that has an answer where one was found."""
    details = {"proven": False, "relaxation": dict[str, float](), "set": list[str]()}
    relaxations = _relaxations(problem, work)
    relaxed = (
        None
        if isinstance(relaxations, NumericalFailure) or relaxations is None
        else _relaxation(problem, relaxations, work, roomy=True)
    )
    if relaxed is None:
        return NumericalFailure(message, hint="Raise solver.time_limit, or loosen a limit.", details=details)
    return NumericalFailure(
        message,
        hint=f"With {'; '.join(relaxed.told)} there is an answer. Try {relaxed.options}, or raise solver.time_limit.",
        details={**details, "set": relaxed.settings, "relaxation": relaxed.amounts},
    )


def explained(
    problem: Problem,
    message: str,
    names: list[str],
    work: Work,
    more: str = "",
    *,
    irreducible: bool = True,
    proven: bool = True,
) -> Infeasible:
    """The error with the least relaxation, or with one that has an answer.

    Args:
        problem: Without an answer.
        message: Why.
        names: Of the constraints that conflict.
        work: For the relaxation.
        more: What else to do.
        irreducible: Whether any fewer of the constraints are known not to conflict.
        proven: Whether that there is no answer is.
    """
    details = {
        "conflict": names,
        "relaxation": dict[str, float](),
        "set": list[str](),
        "irreducible": irreducible,
        "proven": proven,
    }
    listed = " or ".join(repr(name) for name in names)
    relaxations = _relaxations(problem, work)
    if relaxations is None:
        hint = more or f"No limit can give way far enough: drop {listed}."
        return Infeasible(message, hint=hint, details={**details, "relaxation_known": True})
    relaxed = None if isinstance(relaxations, NumericalFailure) else _relaxation(problem, relaxations, work, roomy=False)
    if relaxed is None:
        hint = f"By how much a limit would have to give way was not found out: loosen or drop {listed}."
        return Infeasible(message, hint=f"{hint} {more}".strip(), details={**details, "relaxation_known": False})
    kind = "Least relaxation" if relaxed.least and proven else "A relaxation that has an answer (a smaller one may do)"
    return Infeasible(
        message,
        hint=f"{kind}: {'; '.join(relaxed.told)}. Try {relaxed.options}. {more}".strip(),
        details={
            **details,
            "relaxation": relaxed.amounts,
            "set": relaxed.settings,
            "relaxation_known": True,
            "relaxation_least": relaxed.least and proven,
        },
    )


def _relaxations(problem: Problem, work: Work) -> tuple[list[Relaxation], bool] | NumericalFailure | None:
    """Moves and whether they are the least; None where it is proven that none is enough, the failure where it is not known."""
    lots, contributions = problem.integer_requirements() is not None, bool(problem.risk_contributions())
    try:
        near = None if lots and not contributions else _nearest_weights(problem)
        if lots and (near is not None or not contributions):
            return discrete_relaxations(_with_leftover(problem), work.part(work.left / 2), near)
    except NumericalFailure as failure:
        return failure
    return None if near is None else (relaxations_at(problem, problem.linear_constraints().hard(), near), not contributions)


def _with_leftover(problem: Problem) -> Problem:
    """The problem with the price of the cheapest lot in cash where it is to be fully invested, as lots leave it over."""
    spare = LotTerms.of(problem).cheapest(problem.costs)
    return replace(problem, constraints=tuple(own.with_leftover_cash(spare) for own in problem.constraints))


def _names(problem: Problem, positions: list[int]) -> list[str]:
    return [problem.constraints[i].name for i in positions]


def irreducible(problem: Problem, feasible: Callable[[Problem], bool]) -> list[int]:
    """Positions of constraints that conflict, while any one less does not."""
    needed = list(range(len(problem.constraints)))
    for position in tuple(needed):
        rest = [i for i in needed if i != position]
        if not feasible(replace(problem, constraints=tuple(problem.constraints[i] for i in rest))):
            needed = rest
    return needed


@dataclass(frozen=True, slots=True)
class _Proposal:
    """Limits that give way until there is an answer.

    Attributes:
        settings: Each changed key as the command takes it.
        told: Each in words.
        amounts: Name of a limit -> the largest of its moves.
        least: Whether it is proven that nothing less is enough.
    """

    settings: list[str]
    told: list[str]
    amounts: dict[str, float]
    least: bool

    @property
    def options(self) -> str:
        """The settings as options of the command."""
        return " ".join(f"--set {quoted(setting)}" for setting in self.settings)


def _relaxation(problem: Problem, relaxations: tuple[list[Relaxation], bool], work: Work, *, roomy: bool) -> _Proposal | None:
    """The first relaxation that was solved; None where none was.

    Args:
        problem: Without an answer.
        relaxations: That leave a point, and whether they are the least.
        work: Of which every proposal takes a part.
        roomy: Whether to try first what leaves whole lots a choice.
    """
    found, least = relaxations
    if not found:
        return None
    exact = [(found, digits, least) for digits in DIGITS]
    wider = [(wide, DIGITS[0], False) for room in (0.0, *ROOM) if (wide := _widened(problem, found, room)) != found]
    for tried, digits, proven in [*wider[:1], *exact, *wider[1:]] if roomy else [*exact, *wider]:
        changed = _changed(problem, tried, digits)
        if changed is None or not has_answer(changed[0], work.part(PART * work.left)):
            continue
        told = [f"{name!r} {key} from {_toml(old)} to {_toml(new)}" for name, key, old, new in changed[1]]
        paths = [(name if name == OBJECTIVE_TABLE else f"constraint.{name}", key, new) for name, key, _, new in changed[1]]
        settings = [f"{path}.{key}={_toml(new)}" for path, key, new in paths]
        amounts: dict[str, float] = {}
        for relaxation in tried:
            name = name_of(problem, relaxation.owner)
            amounts[name] = max(relaxation.amount, amounts.get(name, 0.0))
        return _Proposal(settings, told, amounts, proven)
    return None


def _widened(problem: Problem, relaxations: list[Relaxation], room: float) -> list[Relaxation]:
    """The moves and some room more; a limit on cash gives way by the price of a lot at least, so that lots are a choice."""
    spare = LotTerms.of(problem).cheapest(problem.costs)
    cash = {i for i, constraint in enumerate(problem.constraints) if constraint.on_cash}
    return [
        replace(relaxation, amount=room + (max(relaxation.amount, spare) if relaxation.owner in cash else relaxation.amount))
        for relaxation in relaxations
    ]


def _changed(
    problem: Problem, relaxations: list[Relaxation], digits: int
) -> tuple[Problem, list[tuple[str, str, Any, Any]]] | None:
    """The problem with its limits moved, and name, key, old and new value of each; None where a limit cannot be so."""
    objective, constraints, changes = problem.objective, list(problem.constraints), list[tuple[str, str, Any, Any]]()
    for relaxation in relaxations:
        if relaxation.owner == OBJECTIVE and (limited := objective.limit(problem)) is not None:
            key, own = limited
            limit = outward(own.limit, "upper", relaxation.amount, digits)
            objective = objective.model_copy(update={key: limit})
            changes.append((OBJECTIVE_TABLE, key, own.limit, limit))
            continue
        old = constraints[relaxation.owner]
        changed = old.relaxed(relaxation.side, relaxation.amount, digits)
        changes += [(old.name, key, getattr(old, key), new) for key, new in changed.items()]
        try:
            constraints[relaxation.owner] = type(old).model_validate({**old.model_dump(), **changed})
        except ValidationError:
            return None
    return replace(problem, objective=objective, constraints=tuple(constraints)), changes


def _toml(value: Any) -> str:
    return f"{value:.12g}" if isinstance(value, float) else str(value)


# Limits on weights


def _linear_program(limits: LinearConstraints, width: int, columns: Mapping[int, int]) -> FloatArray | None:
    """Weights (n + 1,) at which the limits of some constraints (position -> slack) give way by the least sum; None for none."""
    slack = np.zeros((len(limits.h), len(columns)))
    for row, owner in enumerate(limits.owner):
        if owner in columns:
            slack[row, columns[owner]] = -1.0
    cost = np.concatenate([np.zeros(width), np.ones(len(columns))])
    found = least(cost, np.hstack([limits.G, slack]), limits.h, 1.0 - cost)
    return None if found is None else found[0][:width]


def _feasible(problem: Problem) -> bool:
    """Whether some weights hold every hard limit."""
    limits, convex = problem.linear_constraints().hard(), hard_convex_constraints(problem)
    if not convex:
        return _linear_program(limits, len(problem.universe) + 1, {}) is not None
    from toolkit.optimize.infeasibility.elastic import least_violation  # noqa: PLC0415

    # All give way: such a program has a solution for certain, and a cone solver is good at those.
    owners = sorted({*limits.owner, *(constraint.owner for constraint in convex)})
    found = least_violation(limits, convex, {owner: at for at, owner in enumerate(owners)})
    return found is not None and found[1] <= RELAXED


def _nearest_weights(problem: Problem) -> FloatArray | None:
    """Weights (n + 1,) at which limits give way by the least sum, all of one constraint alike; None when none is enough.

    With limits on contributions to risk a sequence of convex programs inside them, whose end is not known to be the least.
    """
    limits, convex, contributions = (
        problem.linear_constraints().hard(),
        hard_convex_constraints(problem),
        problem.risk_contributions(),
    )
    columns = relaxable_columns(problem, {*limits.owner, *(constraint.owner for constraint in convex), *contributions})
    roomy = _with_room(problem, limits)
    point = _nearest(roomy, convex, columns)
    if point is None and roomy is not limits:
        point = _nearest(limits, convex, columns)
    x = np.append(np.full(len(problem.universe), 1.0 / len(problem.universe)), 0.0)
    for _ in range(STEPS if contributions and point is not None else 0):
        inside = tuple(
            contribution.around(x[:-1], owner, None) for owner, group in contributions.items() for contribution in group
        )
        point = _nearest(limits, (*convex, *inside), columns)
        if point is None:
            raise NumericalFailure("no weights near the limits on contributions to risk were found.")
        if float(np.max(np.abs(point - x))) < ARRIVED:
            break
        x = point
    return point


def _nearest(limits: LinearConstraints, convex: ConvexConstraints, columns: Mapping[int, int]) -> FloatArray | None:
    if not convex:
        return _linear_program(limits, limits.G.shape[1], columns)
    from toolkit.optimize.infeasibility.elastic import least_violation  # noqa: PLC0415

    found = least_violation(limits, convex, columns)
    return None if found is None else found[0]


def _with_room(problem: Problem, limits: LinearConstraints) -> LinearConstraints:
    """The limits, and some weight for every asset where without one there are no budgets of risk."""
    if not problem.objective.holds_everything:
        return limits
    n = len(problem.universe)
    return LinearConstraints(
        np.vstack([limits.G, -np.eye(n, n + 1)]),
        np.append(limits.h, np.full(n, -SOME)),
        (*limits.owner, *[OBJECTIVE] * n),
        (*limits.labels, *problem.universe.keys),
        (*limits.sides, *["lower"] * n),
    )
