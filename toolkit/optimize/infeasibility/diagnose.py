"""Why there is no answer: an irreducible set of conflicting constraints and the least relaxation, in the user's names.

Deletion filter and elastic program: Chinneck, Feasibility and Infeasibility in Optimization (2008), chapters 6 and 7. Where
all limits are linear, feasibility is a small linear program; with limits on risk a cone program; with whole lots, tickets or
a number of holdings a small mixed-integer one, in which entry costs count too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from pydantic import ValidationError

from toolkit.core.errors import Infeasible, NumericalFailure, ToolkitError, quoted
from toolkit.core.forecast import FloatArray
from toolkit.core.messages import Message, message, named, together
from toolkit.optimize.constraints.base import outward
from toolkit.optimize.functions import OBJECTIVE, ConvexConstraints
from toolkit.optimize.infeasibility.relaxations import (
    LEAST_RELAXATION,
    OBJECTIVE_TABLE,
    Relaxation,
    feasible,
    hard_convex_constraints,
    irreducible,
    least_violation,
    name_of,
    nearest_weights,
    relaxable_columns,
    relaxations_at,
    trades_are_limited,
)
from toolkit.optimize.lots.exact import whole_lots
from toolkit.optimize.problem import Problem
from toolkit.optimize.quadratic import Quadratic
from toolkit.optimize.solution import ANY, solve
from toolkit.optimize.solvers.highs import MixedIntegerProgram
from toolkit.optimize.solvers.mixed_integer import HELD, LotTerms, ProgramColumns, lot_program
from toolkit.optimize.solvers.solve import SolverSpec
from toolkit.optimize.solvers.work import Work

A_HOLDING = 0.1
"""One holding more or fewer counts as much as this fraction of the budget when relaxations are weighed."""
RATIO_STEPS = 6
"""Dinkelbach steps at most; two or three are usual."""


def discrete_feasible(problem: Problem, work: Work) -> bool | None:
    """Whether some whole-lot answer holds; None where the work did not suffice to know."""
    try:
        program, columns = lot_program(problem, 0, {})
        found = _holding(program, columns, hard_convex_constraints(problem), {}, work)
    except NumericalFailure:
        return None
    return False if found is None else True if found[1] else None


def discrete_relaxations(problem: Problem, work: Work, near: FloatArray | None = None) -> tuple[list[Relaxation], bool] | None:
    """Moves at which whole lots hold, and whether they are the least in sum; None when it is proven that none is enough.

    Moves of the number of holdings are weighed by `A_HOLDING`.

    Args:
        problem: With its discrete terms.
        work: For the programs.
        near: (n + 1,) weights around which limits on contributions to risk are made convex; None where there are none.

    Raises:
        NumericalFailure: when the work is used up before any were found.
    """
    limits, convex = problem.linear_constraints().hard(), hard_convex_constraints(problem)
    if near is not None:
        convex += tuple(contribution.around(near[:-1]) for contribution in problem.risk_contributions())
    counts = {i for i, d in problem.integer_by_constraint().items() if d.counts}
    relaxable = relaxable_columns(problem, {*limits.owner, *(constraint.owner for constraint in convex)} | counts)
    found = _nearest_lots(problem, relaxable, counts, convex, work)
    if found is None:
        return None
    best, least = found[0], found[1] and near is None and not problem.costs.impact.any()
    n, columns = len(problem.universe), ProgramColumns(len(problem.universe), len(relaxable))
    # The program may waste money on market impact: what is left in cash is counted again.
    paid = problem.costs.entry(best[:n] - problem.previous, problem.data.budget)
    x = np.append(best[:n], 1.0 - best[:n].sum() - paid) / (1.0 - paid)
    relaxations = relaxations_at(problem.at_wealth(1.0 - paid), limits, x)
    held = best[columns.block(HELD)] > 0.5
    for owner in sorted(counts):
        for count in problem.integer_by_constraint()[owner].counts:
            number = round(float(held @ count.members))
            if count.most is not None and number > count.most:
                relaxations.append(Relaxation(owner, "upper", number - count.most))
            if number < count.fewest:
                relaxations.append(Relaxation(owner, "lower", count.fewest - number))
    return relaxations, least


def _nearest_lots(
    problem: Problem, relaxable: Mapping[int, int], counts: set[int], convex: ConvexConstraints, work: Work
) -> tuple[FloatArray, bool] | None:
    """A point of the mixed-integer program at which limits (position -> slack) give way, and whether by the least sum.

    Limits are fractions of wealth after entry costs and moves come out in money, so what is least is a ratio: Dinkelbach
    (1967). None where it is proven that none is enough.

    Raises:
        NumericalFailure: when the work is used up before any was found.
    """
    n = len(problem.universe)
    start = ProgramColumns(n, 0).total
    slack = {owner: start + j for owner, j in relaxable.items()}
    ratio, best = 0.0, None
    program, columns = lot_program(problem, len(relaxable), slack)
    weighed = np.array([A_HOLDING if owner in counts else 1.0 for owner in relaxable])
    for _ in range(RATIO_STEPS):
        cost = np.zeros(columns.total)
        cost[columns.own] = weighed
        cost[: n + 1] = -ratio
        program.price(cost)
        try:
            found = _holding(program, columns, convex, slack, work)
        except NumericalFailure:
            if best is None:
                raise
            return best, False
        if found is None:
            return None if best is None else (best, False)
        point, exact = found
        if not exact:
            return (point if best is None else best), False
        wealth = float(point[: n + 1].sum())
        following = float(weighed @ point[columns.own]) / wealth
        if best is not None and following > ratio - LEAST_RELAXATION:
            break
        best, ratio = point, following
    return None if best is None else (best, True)


def _holding(
    program: MixedIntegerProgram, columns: ProgramColumns, convex: ConvexConstraints, slack: Mapping[int, int], work: Work
) -> tuple[FloatArray, bool] | None:
    """The best point by cutting planes (Kelley 1960), and whether limits on convex functions hold there; None where none is.

    Raises:
        NumericalFailure: when the work is used up before there was any.
    """
    n, last = columns.n, None
    while True:
        try:
            found = program.solve(work)
        except NumericalFailure:
            if last is None:
                raise
            return last, False
        if found is None:
            return None
        point, wealth = found[0], float(found[0][: n + 1].sum())
        x, whole = found[0][: n + 1] / wealth, True
        for constraint in (limit for limit in convex if limit.held is None):  # of the turnover the program has exact rows
            given = point[slack[constraint.owner]] / wealth if constraint.owner in slack else 0.0
            if constraint.excess(x) - given <= LEAST_RELAXATION:
                continue
            slope, row = constraint.function.gradient(x), program.blank(1)
            row[0, : n + 1] = slope + constraint.excess(x) - slope @ x
            if constraint.owner in slack:
                row[0, slack[constraint.owner]] = -1.0
            program.add(row, -np.inf, 0.0)
            whole = False
        last = point
        if whole or work.over:
            return point, whole


DIGITS = (4, 6, 9, 12)
"""Decimals of a proposed limit: the fewest at which the proposal has a solution."""
SECONDS = 10.0
"""Of work, where nothing else is said."""
PART = 0.2
"""Of what is left, for each question whether some whole lots hold."""
ROOM = (1e-4, 1e-3, 0.01, 0.03, 0.1)
"""What is added to moves until a proposal has an answer: costs that only an answer knows need room, and so does a search."""
VOLATILITY_DIGITS = (4, 3, 2)
"""Decimals of the proposed limit: the most at which the proposal has an answer."""
PROPOSAL_PART = 0.5
"""Of the work that is left, to solve a proposal before it is made."""
VOLATILITY_GAP = 1e-3
"""Of the least variance in whole lots, relative."""


def conflict(problem: Problem, work: Work | None = None) -> Infeasible | None:
    """The error that explains the conflict between the limits on weights; None when there is none, or nothing is proven."""
    work, problem = Work(SECONDS) if work is None else work, problem.at_wealth(1.0)
    if feasible(problem):  # what trades cost may leave no room for them
        return discrete_conflict(problem, work) if trades_are_limited(problem) else None
    free = without_own(problem)
    if free is not problem and feasible(free):
        if free.integer_requirements() is not None and (other := discrete_conflict(problem, work)) is not None:
            return other
        return _volatility_conflict(problem, _names(problem, irreducible(problem, feasible)), work)
    needed = irreducible(free, feasible)
    names = _names(free, needed)
    if len(names) > 1:
        return explained(problem, message("these constraints contradict each other: {names}.", names=named(names)), names, work)
    return explained(problem, message("a constraint cannot hold: {names}.", names=named(names)), names, work)


def _volatility_conflict(problem: Problem, names: list[str], work: Work) -> Infeasible:
    """The error that tells the least volatility, and what has to give way with it where more volatility is not enough."""
    told = _below_minimum_volatility(problem, names, work)
    if told.details["set"]:
        return told
    other = explained(problem, told.message, [name_of(problem, OBJECTIVE), *names], work)
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
        return _volatility_conflict(problem, _names(problem, irreducible(problem, feasible)), work)
    needed = irreducible(free, feasible)
    names = _names(free, needed)
    kinds = {free.constraints[i].kind for i in needed}
    what = _allocation(lots="lots" in kinds)
    sentence = (
        message("no {what} holds these constraints together: {names}.", what=what, names=named(names))
        if len(names) > 1
        else message("no {what} holds this constraint: {names}.", what=what, names=named(names))
    )
    if unknown:
        fewer = message("Whether fewer of them conflict already was not found out within solver.time_limit.")
        sentence = together(sentence, fewer)
    more = message("Raise --budget, or drop one of them.") if kinds & {"lots", "min_ticket"} else ""
    return explained(problem, sentence, names, work, more, irreducible=not unknown)


def _allocation(*, lots: bool) -> Message:
    """What was looked for."""
    return message("allocation in whole lots") if lots else message("allocation")


def not_found(problem: Problem, sentence: str, work: Work) -> NumericalFailure:
    """The error of a search that found nothing and proved nothing, with a relaxation that has an answer where one was found."""
    details = {"proven": False, "relaxation": dict[str, float](), "set": list[str]()}
    relaxations = _relaxations(problem, work)
    relaxed = (
        None
        if isinstance(relaxations, NumericalFailure) or relaxations is None
        else _relaxation(problem, relaxations, work, roomy=True)
    )
    if relaxed is None:
        return NumericalFailure(sentence, hint="Raise solver.time_limit, or loosen a limit.", details=details)
    return NumericalFailure(
        sentence,
        hint="With {told:; } there is an answer. Try {options:s}, or raise solver.time_limit.",
        details={**details, "set": relaxed.settings, "relaxation": relaxed.amounts},
        told=relaxed.told,
        options=relaxed.options,
    )


def explained(
    problem: Problem,
    sentence: str,
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
        sentence: Why.
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
    relaxations = _relaxations(problem, work)
    if relaxations is None:
        hint = more or message("No limit can give way far enough: drop {names: or }.", names=named(names))
        return Infeasible(sentence, hint=hint, details={**details, "relaxation_known": True})
    relaxed = None if isinstance(relaxations, NumericalFailure) else _relaxation(problem, relaxations, work, roomy=False)
    if relaxed is None:
        hint = message(
            "By how much a limit would have to give way was not found out: loosen or drop {names: or }.", names=named(names)
        )
        return Infeasible(sentence, hint=together(hint, more), details={**details, "relaxation_known": False})
    moves = (
        message("Least relaxation: {told:; }.", told=relaxed.told)
        if relaxed.least and proven
        else message("A relaxation that has an answer (a smaller one may do): {told:; }.", told=relaxed.told)
    )
    return Infeasible(
        sentence,
        hint=together(moves, message("Try {options:s}.", options=relaxed.options), more),
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
    lots = problem.integer_requirements() is not None or trades_are_limited(problem)
    contributions = bool(problem.risk_contributions())
    try:
        near = None if lots and not contributions else nearest_weights(problem)
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
    told: list[Message]
    amounts: dict[str, float]
    least: bool

    @property
    def options(self) -> str:
        """The settings as options of the command."""
        return " ".join(f"--set {quoted(setting)}" for setting in self.settings)


def _relaxation(problem: Problem, relaxations: tuple[list[Relaxation], bool], work: Work, *, roomy: bool) -> _Proposal | None:
    """The first relaxation that was solved, `roomy` what leaves whole lots a choice before the least; None where none was."""
    found, least = relaxations
    if not found:
        return None
    exact = [(found, digits, least) for digits in DIGITS]
    wider = [(wide, DIGITS[0], False) for room in (0.0, *ROOM) if (wide := _widened(problem, found, room)) != found]
    for tried, digits, proven in [*wider[:1], *exact, *wider[1:]] if roomy else [*exact, *wider]:
        changed = _changed(problem, tried, digits)
        if changed is None or not has_answer(changed[0], work.part(PART * work.left)):
            continue
        told = [
            message("{name!r:s} {key:s} from {old:s} to {new:s}", name=name, key=key, old=_toml(old), new=_toml(new))
            for name, key, old, new in changed[1]
        ]
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


def without_own(problem: Problem) -> Problem:
    """The problem without the limit that its objective sets itself; the same where it sets none."""
    own = problem.objective.limit(problem)
    return problem if own is None else replace(problem, objective=problem.objective.model_copy(update={own[0]: None}))


def _below_minimum_volatility(problem: Problem, names: Sequence[str], work: Work) -> Infeasible:
    """The error that tells the least volatility where the objective's limit on it conflicts with the constraints `names`."""
    limited, lots = problem.objective.limit(problem), problem.integer_requirements() is not None
    if limited is None:
        raise ValueError("the objective sets no limit")
    (key, constraint), name = limited, name_of(problem, OBJECTIVE)
    details = {"conflict": [name, *names], "relaxation": dict[str, float](), "set": list[str]()}
    x, with_least = _minimum_volatility(problem), message("")
    least = constraint.function.value(x)
    if least > constraint.limit:
        details["relaxation"] = {name: least - constraint.limit}
        with_least = message(": the least is {least:.2%}", least=least)
        if lots:
            with_least = message(": the least is {least:.2%} without lots", least=least)
    found = _minimum_volatility_lots(without_own(problem), x[:-1], work) if lots else least
    if lots and found is not None:
        details["relaxation"] = {name: found - constraint.limit}
        if least > constraint.limit:
            with_least = message(": the least is {least:.2%} without lots, and {found:.2%} with them", least=least, found=found)
        else:
            with_least = message(": the least is {least:.2%}", least=found)
    sentence = message(
        "no {what} within the constraints has a volatility of {limit:.2%} or less{with_least}.",
        what=_allocation(lots=lots),
        limit=constraint.limit,
        with_least=with_least,
    )
    if found is None:
        hint = message("Raise {name:s}, and allow some cash: lots were not found in time.", name=name)
        return Infeasible(sentence, hint=hint, details={**details, "relaxation_known": False})
    for digits in VOLATILITY_DIGITS:
        value = outward(found, "upper", LEAST_RELAXATION, digits)
        eased = replace(problem, objective=problem.objective.model_copy(update={key: value}))
        if has_answer(eased, work.part(PROPOSAL_PART * work.left)):
            setting = f"{name}={value:.12g}"
            return Infeasible(
                sentence, hint="Try --set {setting:s}.", details={**details, "set": [setting]}, setting=quoted(setting)
            )
    return Infeasible(
        sentence, hint="Raise {name:s}: how far was not found out.", details={**details, "relaxation_known": False}, name=name
    )


def _minimum_volatility(problem: Problem) -> FloatArray:
    """Weights (n + 1,) of the least volatility, where that is beyond the objective's own limit."""
    found = least_violation(problem.linear_constraints().hard(), hard_convex_constraints(problem), {OBJECTIVE: 0})
    if found is None:
        raise NumericalFailure("the least volatility within the constraints could not be found out.")
    return found[0]


def _minimum_volatility_lots(problem: Problem, relaxed: FloatArray, work: Work) -> float | None:
    """A low volatility in whole lots, the least but for the gap; None where no lots were found."""

    def entry(values: FloatArray) -> float:
        return problem.costs.entry(values - problem.previous, problem.data.budget)

    try:
        answer = whole_lots(
            problem,
            Quadratic.variance(problem.forecast),
            relaxed,
            1.0 - entry(relaxed),
            target_gap=VOLATILITY_GAP,
            size=0.0,
            work=work.part(work.left),
            convex=hard_convex_constraints(problem),
        )
    except (Infeasible, NumericalFailure):
        return None
    return float(np.sqrt(problem.forecast.variance(answer.values / (1.0 - entry(answer.values)))))


def has_answer(problem: Problem, work: Work) -> bool:
    """Whether the problem was solved from the start; a failure of the solver counts as no answer."""
    try:
        solve(problem.at_wealth(1.0), SolverSpec(gap=ANY), work)
    except ToolkitError:
        return False
    return True


def lots_infeasible(problem: Problem, convex: ConvexConstraints, work: Work, *, proven: bool) -> ToolkitError:
    """Why there is no answer: the constraints that conflict, or that none was found and none was ruled out."""
    if (told := discrete_conflict(problem, work)) is not None:
        return told
    discrete = [*problem.integer_by_constraint()]
    trades = [own.owner for own in problem.convex_constraints() if own.held is not None]
    rules = named(_names(problem, discrete or trades))
    more = message("Raise --budget, or drop {rules}.", rules=rules) if discrete else ""
    names = sorted({problem.constraints[contribution.owner].name for contribution in problem.risk_contributions()})
    if names:
        sentence = message(
            "no allocation that holds {rules} was found that holds the limits on contributions to risk: {names}. "
            "That is no proof that there is none.",
            rules=rules,
            names=named(names),
        )
        return explained(problem, sentence, names, work, more, proven=False)
    if proven:
        own = [(own.function.label, own.limit) for own in convex if own.owner == OBJECTIVE]
        names = [f"objective.{label.split()[0]}" for label, _ in own]
        names += [constraint.name for constraint in problem.constraints]
        within = [message("within a {label} of {limit:.2%}", label=label, limit=limit) for label, limit in own]
        told = [message("no allocation holds {rules} and every other limit", rules=rules), *within]
        fewer = message("Whether fewer of them conflict already was not found out.")
        return explained(problem, together(message("{told:, }.", told=told), fewer), names, work, more, irreducible=False)
    return not_found(
        problem,
        message(
            "no allocation that holds {rules} and every limit was found within solver.time_limit, and none was ruled out.",
            rules=rules,
        ),
        work,
    )
