"""Problems beyond a quadratic under linear limits: measures of risk, limits on convex functions, soft limits, costs of trading.

One cone program a problem, modelled in cvxpy and built anew each time. Ratios are made linear by the perspective of every
function (Charnes and Cooper 1962; Stoyanov, Rachev and Fabozzi 2007 for ratios over any coherent measure); budgets of risk
use the logarithmic barrier, which is correct for every measure that is homogeneous of degree one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cvxpy as cp
import numpy as np
from numpy.typing import NDArray

from toolkit.core.errors import SpecError, Unbounded
from toolkit.core.forecast import FloatArray
from toolkit.core.messages import message
from toolkit.optimize.functions import ConvexConstraints, ConvexFunction, Deviation
from toolkit.optimize.problem import LinearConstraints
from toolkit.optimize.quadratic import ConvexObjective
from toolkit.optimize.solvers.budgeting import exact_budgets
from toolkit.optimize.solvers.conic import solve_conic
from toolkit.optimize.solvers.continuous import Continuous

VANISHING = 1e-9
"""Risk of a mix over that of one asset, below which it counts as none."""
LEAST_CASH = 1e-7
"""Price of cash, over the risk of one asset, that decides between answers that differ in nothing else."""


@dataclass(frozen=True, slots=True)
class Model:
    """Variables and constraints of one program, before its objective.

    Attributes:
        x: (n + 1,) weights, or amounts where they are normalised by something else than their sum.
        one: The sum of x.
        penalty: Price of what is broken of soft limits.
        rows: `G x <= h one`; None where there are none.
        convex: Owner and constraint of each convex limit.
        signs: `x >= 0` of the weights that may not be negative.
        signed: (n + 1,) which these are.
        others: The own constraints of convex functions.
    """

    x: cp.Variable
    one: cp.Expression
    penalty: cp.Expression
    rows: cp.Constraint | None
    convex: tuple[tuple[int, cp.Constraint], ...]
    signs: cp.Constraint
    signed: NDArray[np.bool_]
    others: tuple[cp.Constraint, ...]

    @classmethod
    def of(cls, n: int, limits: LinearConstraints, convex: ConvexConstraints, *, one: float | None) -> Model:
        """The model of n assets under limits; `one` is the sum of x where it is known."""
        x = cp.Variable(n + 1)
        total: cp.Expression = cp.Constant(one) if one is not None else np.ones(n + 1) @ x
        signed = np.isfinite(limits.lowest)
        signs: cp.Constraint = x[signed] >= 0
        others: list[cp.Constraint] = []
        penalty: cp.Expression = cp.Constant(0.0)
        rows = None
        if len(limits.h):
            beyond: cp.Expression = limits.G @ x - limits.h * total
            soft = np.flatnonzero(limits.soft)
            if len(soft):
                slack = cp.Variable(len(soft), nonneg=True)
                penalty = penalty + limits.price[soft] @ slack
                beyond = beyond - np.eye(len(limits.h))[:, soft] @ slack
            rows = beyond <= 0
        held: list[tuple[int, cp.Constraint]] = []
        for constraint in convex:
            expression, own = constraint.function.convex(x, total)
            others += own
            room = constraint.limit * total
            if constraint.price is not None:
                slack = cp.Variable(nonneg=True)
                penalty, room = penalty + constraint.price * slack, room + slack
            held.append((constraint.owner, expression <= room))
        return cls(x, total, penalty, rows, tuple(held), signs, signed, tuple(others))

    def constraints(self, *more: cp.Constraint) -> list[cp.Constraint]:
        """All of them."""
        return [
            self.signs,
            *self.others,
            *([] if self.rows is None else [self.rows]),
            *(held for _, held in self.convex),
            *more,
        ]

    def multipliers(self, scale: float) -> tuple[FloatArray, dict[int, float], FloatArray]:
        """Of the rows, of the convex limits by owner, and of `x >= 0`, times the `scale` that the objective was divided by."""
        rows = np.zeros(0) if self.rows is None else np.asarray(self.rows.dual_value, dtype=float).reshape(-1)
        held: dict[int, float] = {}
        for owner, constraint in self.convex:
            held[owner] = held.get(owner, 0.0) + scale * float(np.asarray(constraint.dual_value).reshape(-1)[0])
        signs = np.zeros(len(self.signed))
        signs[self.signed] = scale * np.asarray(self.signs.dual_value, dtype=float).reshape(-1)
        return rows * scale, held, signs


def expression_of(function: ConvexObjective, model: Model) -> tuple[cp.Expression, list[cp.Constraint]]:
    """What is minimised, the price of broken soft limits among it, and the own constraints of its parts."""
    q, assets = function.quadratic, model.x[:-1]
    d = assets - q.target
    total: cp.Expression = q.c @ assets + model.penalty
    own = np.flatnonzero(q.s)
    if len(own):
        total = total + cp.sum_squares(cp.multiply(q.s[own], d[own]))
    if len(q.R):
        total = total + cp.sum_squares(q.R @ d)
    constraints: list[cp.Constraint] = []
    for part in function.parts:
        expression, needed = part.convex(model.x, model.one)
        total, constraints = total + expression, constraints + needed
    return total, constraints


def solve_convex(function: ConvexObjective, limits: LinearConstraints, convex: ConvexConstraints) -> Continuous:
    """The least of a convex function under limits, hard and soft, by one cone program.

    Args:
        function: What is minimised, over n assets.
        limits: The m rows over the assets and cash.
        convex: Limits on convex functions of the weights.

    Raises:
        SolverInfeasible, Unbounded, NumericalFailure: see `toolkit.optimize.solvers.solve`.
    """
    n, scale = len(function.quadratic.c), function.scale()
    model = Model.of(n, limits, convex, one=1.0)
    objective, own = expression_of(function, model)
    program = cp.Problem(cp.Minimize(objective / scale), model.constraints(cp.Zero(np.ones(n + 1) @ model.x - 1), *own))
    solved = solve_conic(program)
    rows, held, signs = model.multipliers(scale)
    return Continuous.of(np.array(model.x.value), rows, solved, limits, convex_multipliers=held, signs=signs)


def solve_ratio_of(
    risk: ConvexFunction,
    numerator: FloatArray,
    costs: tuple[ConvexFunction, ...],
    limits: LinearConstraints,
    convex: ConvexConstraints,
    *,
    relative: bool = False,
) -> Continuous:
    """Weights with the largest numerator'w - costs over risk; multipliers are those of the negative ratio.

    Args:
        risk: Homogeneous of degree one in the weights of the assets.
        numerator: (n,).
        costs: What the numerator loses beside: with them it is positive for some weights.
        limits: Hard ones.
        convex: Hard ones.
        relative: Whether risk and numerator are those of the difference to a benchmark.

    Raises:
        Unbounded: where some mix with a positive numerator has no risk.
    """
    n, best = len(numerator), limits.best(numerator)
    best = best if best > 0 else float(np.abs(numerator).max())
    model = Model.of(n, limits, convex, one=None)
    expression, own = risk.convex(model.x, model.one)
    size = max(abs(risk.value(np.append(row, 0.0))) for row in np.eye(n)) or 1.0
    gain: cp.Expression = np.append(numerator, 0.0) @ model.x
    for cost in costs:
        paid, needed = cost.convex(model.x, model.one)
        gain, own = gain - paid, own + needed
    # More than one would only be more risk: the limit binds, and without costs it is the equality of the literature.
    normal: cp.Constraint = gain / best >= 1
    # Cash moves no ratio: of all answers the one with least of it. Nor does the size of active weights: the largest.
    objective = expression / size + LEAST_CASH * (model.one if relative else model.x[n])
    sentence = message("the ratio can be improved without limit: a mix with a positive numerator has no risk.")
    solved = solve_conic(cp.Problem(cp.Minimize(objective), model.constraints(normal, *own)), sentence)
    y = np.maximum(np.array(model.x.value), limits.lowest)
    total = float(y.sum())
    value = total * risk.value(y / total)
    if value <= VANISHING * size * total:
        raise Unbounded(sentence, hint="Use another measure, or leave out series that do not move.")
    rows, held, signs = model.multipliers(size * best * total / value**2)
    return Continuous.of(y, rows, solved, limits, convex_multipliers=held, signs=signs)


def solve_parity_of(
    risk: ConvexFunction, budgets: FloatArray, limits: LinearConstraints, convex: ConvexConstraints, cash: float
) -> Continuous:
    """Weights whose contributions to risk are proportional to budgets, (n,), as far as the limits let them.

    Args:
        risk: Homogeneous of degree one, positive for every asset.
        budgets: (n,) with mean 1.
        limits: Hard ones.
        convex: Hard ones.
        cash: Weight of cash.

    Raises:
        SpecError: where an asset has no risk by this measure.
    """
    n = len(budgets)
    single = np.array([risk.value(np.append(row, 0.0)) for row in np.eye(n)])
    if np.any(single <= 0):
        raise SpecError("risk_parity: by this measure some asset has no risk to contribute.", hint="Use another measure.")
    # Cash is given, so rows of cash alone hold already, and would only be degenerate.
    rows = limits.part(np.any(limits.G[:, :-1] != 0, axis=1))
    model = Model.of(n, rows, convex, one=None)
    assets = model.x[:n]
    expression, own = risk.convex(model.x, model.one)
    # In the unit of each asset's own risk every logarithm is near zero.
    size = float(np.mean(single))
    barrier = budgets @ cp.log(cp.multiply(single / size, assets))
    tie = cp.Zero(np.append(np.full(n, -cash), 1 - cash) @ model.x)
    program = cp.Problem(cp.Minimize(expression / size - barrier), model.constraints(tie, *own))
    solved, x = solve_conic(program, message("risk_parity: some mix has no risk.")), np.array(model.x.value)
    if isinstance(risk, Deviation) and not convex:
        # The optimum of half the variance in place of the volatility over `size` is the same mix, of another size.
        unit = size * float(np.sqrt(budgets.sum()))
        if (exact := exact_budgets(risk, budgets, rows, cash, x / unit, model.multipliers(unit)[0])) is not None:
            x, solved = exact[0], replace(solved, status="optimal", certificate=exact[1])
    # The multipliers price the limits in the log-barrier objective, which has no unit a reader could use.
    return Continuous.of(x, None, solved, limits)
