"""Convex programs: the quadratic one by its matrices, the others in cvxpy, compiled once a shape (DPP).

The covariance enters in factor form: an n x n matrix as a Parameter re-solves slower than rebuilding.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from toolkit.core.errors import SolveError
from toolkit.core.forecast import FloatArray
from toolkit.optimize.functions import TradeCost
from toolkit.optimize.problem import LinearConstraints
from toolkit.optimize.quadratic import Quadratic
from toolkit.optimize.solvers.direct import Answer, solve_direct

if TYPE_CHECKING:
    import cvxpy as cp


@dataclass(frozen=True, slots=True)
class Duals:
    """Multipliers of the user's rows in the user's units.

    Attributes:
        limits: (m,) of `G x <= h`; the rate at which the objective falls when a limit is relaxed.
        nonnegative: (n + 1,) of `x >= 0`.
        budget: Of `sum(x) = 1`.
    """

    limits: FloatArray
    nonnegative: FloatArray
    budget: float


def _dual(constraint: cp.Constraint) -> FloatArray:
    """The multiplier of a solved constraint as a flat array."""
    return np.asarray(constraint.dual_value, dtype=float).reshape(-1)


@dataclass(frozen=True, slots=True)
class Numbers:
    """What a quadratic program is bound to; see `QuadraticProgram.bind`."""

    quadratic: Quadratic
    limits: LinearConstraints
    e: FloatArray
    scale: float
    trades: TradeCost | None = None


class CompiledQuadratic:
    """The quadratic program in cvxpy, compiled once a shape (DPP): what every solver but PIQP is fed from.

    Arguments as in `QuadraticProgram`, and the weights, of n + 1, that may be negative.
    """

    def __init__(self, n: int, k: int, m: int, negative: tuple[int, ...]) -> None:
        import cvxpy as cp  # noqa: PLC0415 - half a second that a program solved by PIQP need not pay

        self.x = cp.Variable(n + 1, name="x")
        self.R, self.s, self.c = cp.Parameter((k, n)), cp.Parameter(n, nonneg=True), cp.Parameter(n)
        self.Rt, self.st = cp.Parameter(k), cp.Parameter(n)
        self.G, self.h, self.e = cp.Parameter((m, n + 1)), cp.Parameter(m), cp.Parameter(n + 1)
        assets = self.x[:n]
        risk = cp.sum_squares(cp.multiply(self.s, assets) - self.st)
        if k:
            risk = risk + cp.sum_squares(self.R @ assets - self.Rt)
        self.signed = np.setdiff1d(np.arange(n + 1), negative)
        self.nonnegative: cp.Constraint = self.x[self.signed] >= 0
        self.equality: cp.Constraint = cp.Zero(self.e @ self.x - 1)
        self.limits: cp.Constraint = self.G @ self.x <= self.h
        constraints = [self.nonnegative, self.equality, *([self.limits] if m else [])]
        self.problem = cp.Problem(cp.Minimize(risk + self.c @ assets), constraints)
        if not self.problem.is_dpp():
            raise SolveError("the quadratic program is not DPP: it would be compiled again at every solve.")

    def solve(self, bound: Numbers, **options: Any) -> Answer:
        """The answer of a solver that cvxpy knows.

        Args:
            bound: What is to be solved.
            options: Of `cvxpy.Problem.solve`.

        Raises:
            cvxpy.error.SolverError: when the solver gives up.
        """
        quadratic, root = bound.quadratic, 1 / np.sqrt(bound.scale)
        self.R.value, self.s.value, self.c.value = quadratic.R * root, quadratic.s * root, quadratic.c / bound.scale
        self.Rt.value = quadratic.R @ quadratic.target * root
        self.st.value = quadratic.s * quadratic.target * root
        self.G.value, self.h.value, self.e.value = bound.limits.G, bound.limits.h, bound.e
        self.problem.solve(**options)
        if self.x.value is None:
            return Answer.none(str(self.problem.status))
        limits = _dual(self.limits) if len(bound.limits.h) else np.zeros(0)
        x, equality = np.asarray(self.x.value, dtype=float), float(_dual(self.equality)[0])
        signs = np.zeros(len(x))
        signs[self.signed] = _dual(self.nonnegative)
        return Answer(str(self.problem.status), x, limits, signs, equality)


class QuadraticProgram:
    """min |R (x - t)|^2 + |s * (x - t)|^2 + c'x  subject to  e'(x, cash) = 1, (x, cash) >= lowest, G (x, cash) <= h.

    The equality is the budget, e = 1, or what a fractional program is normalised by. PIQP is handed the matrices; any other
    solver is fed by cvxpy.

    Args:
        n: Number of assets.
        k: Number of factors.
        m: Number of limit rows.
    """

    def __init__(self, n: int, k: int, m: int) -> None:
        self.shape = (n, k, m)
        self._bound: Numbers | None = None
        self._answer: Answer = Answer.none("unsolved")

    def bind(
        self,
        quadratic: Quadratic,
        limits: LinearConstraints,
        scale: float,
        equality: FloatArray | None = None,
        trades: TradeCost | None = None,
    ) -> QuadraticProgram:
        """Set what is to be solved, the objective divided by `scale`; returns what `toolkit.optimize.solvers.solve` solves.

        Args:
            quadratic: What is minimised.
            limits: The m rows.
            scale: A positive number of the size of the objective.
            equality: (n + 1,) the row e; ones, the budget, where it is left out.
            trades: Rates that are paid on trades beside the quadratic; PIQP alone can.
        """
        self._bound = Numbers(quadratic, limits, np.ones(self.shape[0] + 1) if equality is None else equality, scale, trades)
        self._answer = Answer.none("unsolved")
        return self

    def solve(self, solver: str, *, warm_start: bool = False, **options: Any) -> None:
        """Solve what is bound; `status` says how it went.

        Raises:
            cvxpy.error.SolverError: when a solver that cvxpy feeds gives up.
        """
        if (it := self._bound) is None:
            raise SolveError("the quadratic program is solved before anything is bound to it.")
        if solver == "PIQP":
            self._answer = solve_direct(it.quadratic, it.limits, it.e, it.scale, options, it.trades)
        elif it.trades is not None:
            raise SolveError("{solver} is not given costs of trades; PIQP is.", solver=solver)
        else:
            compiled = compiled_quadratic(*self.shape, tuple(np.flatnonzero(it.limits.negative).tolist()))
            self._answer = compiled.solve(it, solver=solver, warm_start=warm_start, **options)

    @property
    def status(self) -> str:
        """Of the last solve, in cvxpy's words."""
        return self._answer.status

    def solution(self) -> FloatArray:
        """(n + 1,) weights of the assets and of cash."""
        return self._answer.x

    def duals(self, scale: float) -> Duals:
        """The multipliers, scaled back to the user's objective."""
        answer = self._answer
        return Duals(answer.limits * scale, answer.nonnegative * scale, answer.equality * scale)


class ReturnProgram:
    """min c'x  subject to  |(R x, s * x)| <= v, sum(x) + cash = 1, x >= 0, cash >= 0, G (x, cash) <= h.

    A second-order cone program (Lobo, Vandenberghe, Boyd, Lebret 1998, section 3.4); arguments as in `QuadraticProgram`.
    """

    def __init__(self, n: int, k: int, m: int) -> None:
        import cvxpy as cp  # noqa: PLC0415 - see `CompiledQuadratic`

        self.x = cp.Variable(n + 1, name="x")
        self.R, self.s, self.c = cp.Parameter((k, n)), cp.Parameter(n, nonneg=True), cp.Parameter(n)
        self.G, self.h = cp.Parameter((m, n + 1)), cp.Parameter(m)
        assets = self.x[:n]
        specific = cp.multiply(self.s, assets)
        # R and s are bound over the limit on volatility, so that the cone is one-sided at 1 whatever the unit of risk.
        self._risk: cp.Constraint = cp.norm(cp.hstack([self.R @ assets, specific]) if k else specific, 2) <= 1
        self._nonnegative: cp.Constraint = self.x >= 0
        self._budget: cp.Constraint = cp.Zero(cp.sum(self.x) - 1)
        self._limits: cp.Constraint = self.G @ self.x <= self.h
        constraints = [self._risk, self._nonnegative, self._budget, *([self._limits] if m else [])]
        self.problem = cp.Problem(cp.Minimize(self.c @ assets), constraints)
        if not self.problem.is_dpp():
            raise SolveError("the program of largest return is not DPP: it would be compiled again at every solve.")
        self._m = m

    def bind(
        self, R: FloatArray, s: FloatArray, c: FloatArray, G: FloatArray, h: FloatArray, volatility: float, scale: float
    ) -> cp.Problem:
        """Set the parameters, the objective divided by `scale`; returns the problem to solve."""
        self.R.value, self.s.value, self.c.value = R / volatility, s / volatility, c / scale
        self.G.value, self.h.value = G, h
        return self.problem

    def solution(self) -> FloatArray:
        """(n + 1,) weights of the assets and of cash."""
        return np.asarray(self.x.value, dtype=float)

    def duals(self, scale: float) -> tuple[Duals, float]:
        """The multipliers of the rows, and that of the volatility over its limit, in the user's objective."""
        limits = _dual(self._limits) if self._m else np.zeros(0)
        rows = Duals(limits * scale, _dual(self._nonnegative) * scale, float(_dual(self._budget)[0]) * scale)
        return rows, float(_dual(self._risk)[0]) * scale


class RiskBudgetProgram:
    """min |R y|^2 / 2 + |s * y|^2 / 2 - b' log(y)  subject to the limits made homogeneous in the sum of y and cash.

    Without limits the optimum has risk contributions proportional to b (Spinu 2013); with limits it is the constrained
    risk budgeting of Richard and Roncalli (2019). The cash weight is given: cash has no risk to contribute.
    """

    def __init__(self, n: int, k: int, m: int) -> None:
        import cvxpy as cp  # noqa: PLC0415 - see `CompiledQuadratic`

        self.y = cp.Variable(n + 1, name="y")
        self.R, self.s, self.b = cp.Parameter((k, n)), cp.Parameter(n, nonneg=True), cp.Parameter(n, nonneg=True)
        self.G = cp.Parameter((m, n + 1))
        self.cash = cp.Parameter(n + 1)
        assets = self.y[:n]
        risk = cp.sum_squares(cp.multiply(self.s, assets)) / 2
        if k:
            risk = risk + cp.sum_squares(self.R @ assets) / 2
        self._nonnegative: cp.Constraint = self.y >= 0
        self._cash: cp.Constraint = cp.Zero(self.cash @ self.y)
        self._limits: cp.Constraint = self.G @ self.y <= 0
        constraints = [self._nonnegative, self._cash, *([self._limits] if m else [])]
        self.problem = cp.Problem(cp.Minimize(risk - self.b @ cp.log(assets)), constraints)
        if not self.problem.is_dpp():
            raise SolveError("the risk budgeting program is not DPP: it would be compiled again at every solve.")
        self._m = m

    def bind(self, R: FloatArray, s: FloatArray, budgets: FloatArray, G: FloatArray, cash: FloatArray) -> cp.Problem:
        """Set the parameters.

        Args:
            R: (k, n) systematic risk.
            s: (n,) specific risk.
            budgets: (n,) share of risk each asset is to contribute, up to a common factor.
            G: (m, n + 1) limits with the right-hand side folded in, because `G y <= h sum(y)` has none.
            cash: (n + 1,) row that ties cash to the sum.
        """
        self.R.value, self.s.value, self.b.value = R, s, budgets
        self.G.value, self.cash.value = G, cash
        return self.problem

    def solution(self) -> FloatArray:
        """(n + 1,) the variable y, not normalised."""
        return np.asarray(self.y.value, dtype=float)

    def multipliers(self) -> tuple[FloatArray, FloatArray, float]:
        """Multipliers of the limits, of `y >= 0` and of the cash row."""
        limits = _dual(self._limits) if self._m else np.zeros(0)
        return limits, _dual(self._nonnegative), float(_dual(self._cash)[0])


def quadratic_program(n: int, k: int, m: int) -> QuadraticProgram:
    """The quadratic program of a shape."""
    return QuadraticProgram(n, k, m)


@functools.lru_cache(maxsize=16)
def compiled_quadratic(n: int, k: int, m: int, negative: tuple[int, ...]) -> CompiledQuadratic:
    """The compiled program of a shape: structure is paid for once."""
    return CompiledQuadratic(n, k, m, negative)


@functools.lru_cache(maxsize=16)
def return_program(n: int, k: int, m: int) -> ReturnProgram:
    """The compiled program of largest return of a shape."""
    return ReturnProgram(n, k, m)


@functools.lru_cache(maxsize=16)
def risk_budget_program(n: int, k: int, m: int) -> RiskBudgetProgram:
    """The compiled risk budgeting program of a shape."""
    return RiskBudgetProgram(n, k, m)
