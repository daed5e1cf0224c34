"""Limits on contributions to risk that cannot hold, and those that a local search did not find held.

Contributions add up: with numbers l >= 0 on the limited sets of assets such that every asset that may be held gets 1 in sum,
the same sum of contributions is the whole risk. Where that sum of limits is below 1 they contradict each other, wherever the
weights are; the least such sum is a linear program. That no l proves it says nothing: the set that the limits leave is not
convex, and whether it is empty a local search does not know.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import groupby

import numpy as np

from toolkit.core.errors import Infeasible, quoted
from toolkit.core.forecast import FloatArray
from toolkit.core.messages import message, named, together
from toolkit.optimize.constraints.base import outward
from toolkit.optimize.infeasibility.diagnose import explained, has_answer
from toolkit.optimize.infeasibility.relaxations import irreducible
from toolkit.optimize.problem import LinearConstraints, Problem
from toolkit.optimize.solvers.budgeting import largest_weights
from toolkit.optimize.solvers.highs import least
from toolkit.optimize.solvers.work import Work

ROUNDING = 1e-9
BINDING_SLACK = 1e-6
"""Slack of a limit that holds weights back."""
DIGITS = (4, 3, 2)
"""Decimals of a proposed limit: the most at which the search finds weights."""
STEPS = 20
SECONDS = 10.0
"""Of work, to confirm a proposal."""


def contributions_infeasible(problem: Problem, found: Callable[[Problem], bool]) -> Infeasible | None:
    """The error that proves that limits on contributions contradict each other; None where sums prove nothing.

    Args:
        problem: With such limits.
        found: Whether a search finds weights that hold the limits of a problem.
    """
    proof = _least_sum(problem)
    if proof is None:
        return None
    needed = irreducible(problem, lambda p: _least_sum(p) is None)
    names = [problem.constraints[i].name for i in needed]
    owner = next(contribution.owner for contribution in problem.risk_contributions() if contribution.owner in needed)
    most = _least_sum(replace(problem, constraints=tuple(problem.constraints[i] for i in needed))) or proof
    sentence = message(
        "limits on contributions to risk contradict each other: {names}. Contributions add up to the whole risk, and what "
        "these limits allow adds up to {most:.2%} of it.",
        names=named(names),
        most=most[0],
    )
    upper, name = _least_upper(problem, owner), problem.constraints[owner].name
    if upper is None:
        return Infeasible(
            sentence, hint="Drop {name!r:s}.", details={"conflict": names, "relaxation": {}, "set": []}, name=name
        )
    now = _upper(problem, owner)
    told = message("By this sum `upper` of {name!r:s} is at least {upper:.6g}", name=name, upper=upper)
    for digits in DIGITS:
        value = outward(upper, "upper", 0.0, digits)
        eased = _with_upper(problem, owner, value)
        if value <= 1 and found(eased) and has_answer(eased, Work(SECONDS)):
            setting = f"constraint.{name}.upper={value:g}"
            details = {"conflict": names, "relaxation": {name: upper - now}, "set": [setting]}
            return Infeasible(
                sentence, hint="{told}. Try --set {setting:s}.", details=details, told=told, setting=quoted(setting)
            )
    more = message("{told}, and the other constraints need more.", told=told)
    return explained(problem, together(sentence, more), names, Work(SECONDS))


def not_found(problem: Problem, limits: LinearConstraints, x: FloatArray) -> Infeasible:
    """The error of a search that ended at weights x, (n + 1,), which hold everything but limits on contributions."""
    broken, told = list[str](), list[str]()
    for owner, group in groupby(problem.risk_contributions(), lambda contribution: contribution.owner):
        worst = max(group, key=lambda contribution: contribution.value(x[:-1]) - contribution.limit)
        value, name = worst.value(x[:-1]), problem.constraints[owner].name
        if value > worst.limit + ROUNDING:
            broken.append(name)
            told.append(
                message(
                    "{value:.2%} from {label!r:s} against {limit:.2%} ({name!r:s})",
                    value=value,
                    label=worst.label,
                    limit=worst.limit,
                    name=name,
                )
            )
    near = {owner for owner, slack in zip(limits.owner, limits.h - limits.G @ x, strict=True) if slack <= BINDING_SLACK}
    near |= {
        constraint.owner
        for constraint in problem.convex_constraints()
        if constraint.price is None and constraint.excess(x) >= -BINDING_SLACK
    }
    others = [problem.constraints[i].name for i in sorted(near)]
    told = told or [message("no risk worth the name")]
    if others:
        sentence = message(
            "no allocation was found that holds the limits on contributions to risk together with {names}: the nearest takes "
            "{told:; }. The search is local, so this is no proof that there is none.",
            names=named(others),
            told=told,
        )
    else:
        sentence = message(
            "no allocation was found that holds the limits on contributions to risk: the nearest takes {told:; }. The "
            "search is "
            "local, so this is no proof that there is none.",
            told=told,
        )
    return explained(problem, sentence, [*broken, *others], Work(SECONDS), proven=False)


def _least_sum(problem: Problem) -> tuple[float, FloatArray] | None:
    """The least sum of limits over sets that cover every asset once, where it is below 1: sum, and multiples of the limits."""
    contributions, limits = problem.risk_contributions(), problem.linear_constraints().hard()
    if not contributions or not _invested(problem, limits):
        return None
    held = largest_weights(limits, None) > ROUNDING
    if not held.any():
        return None
    cover = np.array([contribution.members[held] for contribution in contributions]).T
    G = np.vstack([cover[1:], -cover[1:]])
    cost = np.array([contribution.limit for contribution in contributions])
    found = least(cost, G, np.repeat([1.0, -1.0], len(cover) - 1), cover[0])
    return None if found is None or found[1] >= 1 - ROUNDING else (found[1], found[0])


def _invested(problem: Problem, limits: LinearConstraints) -> bool:
    """Whether something is held for certain: nothing but cash takes no risk, and holds every limit on contributions."""
    cash = np.eye(len(problem.universe) + 1)[-1]
    most = least(-cash, limits.G, limits.h, np.ones(len(cash)))
    return most is not None and (problem.objective.needs_risk or -most[1] < 1 - BINDING_SLACK)


def _upper(problem: Problem, owner: int) -> float:
    return next(contribution.limit for contribution in problem.risk_contributions() if contribution.owner == owner)


def _with_upper(problem: Problem, owner: int, upper: float) -> Problem:
    constraints = list(problem.constraints)
    constraints[owner] = constraints[owner].model_copy(update={"upper": upper})
    return replace(problem, constraints=tuple(constraints))


def _least_upper(problem: Problem, owner: int) -> float | None:
    """The least `upper` of one constraint at which sums prove nothing; None where none up to 1 is enough."""
    upper = _upper(problem, owner)
    for _ in range(STEPS):
        proof = _least_sum(_with_upper(problem, owner, upper))
        if proof is None:
            return upper
        total, multiples = proof
        own = float(sum(m for m, of in zip(multiples, problem.risk_contributions(), strict=True) if of.owner == owner))
        if own <= ROUNDING:
            return None
        upper += (1 - total) / own
        if upper > 1 + ROUNDING:
            return None
    return None
