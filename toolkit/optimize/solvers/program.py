"""The quadratic program: handed to PIQP by its matrices, and to any other solver by cvxpy."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from toolkit.core.errors import NumericalFailure, Unbounded
from toolkit.core.forecast import FloatArray
from toolkit.optimize.functions import TradeCost
from toolkit.optimize.problem import LinearConstraints
from toolkit.optimize.quadratic import ConvexObjective, Quadratic
from toolkit.optimize.solvers.certificate import ACCEPT, ACCEPT_INACCURATE, Certificate
from toolkit.optimize.solvers.direct import DirectSolution, solve_direct
from toolkit.optimize.solvers.solve import OPTIONS, Attempt, Order, Solved, SolverInfeasible, in_words, listed


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


@dataclass(slots=True)
class QuadraticProgram:
    """min |R (x - t)|^2 + |s * (x - t)|^2 + c'x  subject to  e'(x, cash) = 1, (x, cash) >= lowest, G (x, cash) <= h.

    Attributes:
        quadratic: What is minimised, divided by `scale`, a positive number of its size.
        limits: The rows.
        equality: (n + 1,) e: what a fractional program is normalised by; None for ones, the budget.
        trades: Rates that are paid on trades beside the quadratic, which PIQP alone can minimise.
        answer: Of the last solver that was tried.
    """

    quadratic: Quadratic
    limits: LinearConstraints
    scale: float
    equality: FloatArray | None = None
    trades: TradeCost | None = None
    answer: DirectSolution = field(default_factory=lambda: DirectSolution.none("unsolved"), init=False)

    def solve(self, order: Order, certify: Callable[[], Certificate]) -> Solved:
        """Try each solver in order until an answer holds its certificate: every attempt is recorded, none is silent.

        Args:
            order: Solvers to try.
            certify: Computes the certificate of `answer`.

        Raises:
            SolverInfeasible: when a solver proves infeasibility.
            Unbounded: when the objective has no minimum.
            NumericalFailure: when no answer is good enough; all attempts are in `details`.
        """
        attempts: list[Attempt] = []
        for name in order:
            if refusal := self._attempt(name):
                attempts.append(Attempt(name, "error", None, refusal))
                continue
            status = self.answer.status
            if status in ("infeasible", "infeasible_inaccurate"):
                attempts.append(Attempt(name, status, None, "infeasible"))
                raise SolverInfeasible(tuple(attempts))
            if status in ("unbounded", "unbounded_inaccurate"):
                raise Unbounded(
                    "the objective can be improved without limit.", hint="Add a bound, a group limit or a risk limit."
                )
            if status not in ("optimal", "optimal_inaccurate"):
                attempts.append(Attempt(name, status, None, "no answer"))
                continue
            certificate = certify()
            accepted = certificate.worst <= (ACCEPT if name != order[-1] else ACCEPT_INACCURATE)
            attempts.append(Attempt(name, status, certificate.worst, "accepted" if accepted else "rejected by its certificate"))
            if accepted:
                word = "optimal" if certificate.worst <= ACCEPT else "optimal_inaccurate"
                return Solved(name, word, certificate, tuple(attempts))
        raise NumericalFailure(
            "no solver reached an accepted answer ({told}).",
            hint="Name other solvers under `[solver] order`, or loosen the constraints.",
            details=listed(attempts),
            told=in_words(attempts),
        )

    def _attempt(self, name: str) -> str:
        """Solve by one solver; what it says where it gives up."""
        equality = np.ones(self.limits.rows.shape[1]) if self.equality is None else self.equality
        if name == "PIQP":
            self.answer = solve_direct(self.quadratic, self.limits, equality, self.scale, OPTIONS[name], self.trades)
            return ""
        import cvxpy as cp  # noqa: PLC0415 - half a second that a program solved by PIQP need not pay
        from cvxpy.error import SolverError  # noqa: PLC0415

        from toolkit.optimize.solvers.convex import Model, expression_of  # noqa: PLC0415

        model = Model.of(len(self.quadratic.c), self.limits, (), one=1.0 if self.equality is None else None)
        objective, _ = expression_of(ConvexObjective(self.quadratic), model)
        tie = cp.Zero(equality @ model.x - 1)
        problem = cp.Problem(cp.Minimize(objective / self.scale), model.constraints(tie))
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # cvxpy warns of inaccuracy; the certificate measures it
                problem.solve(solver=name, warm_start=False, **OPTIONS[name])
        except SolverError as error:
            return str(error).splitlines()[0]
        self.answer = DirectSolution.none(str(problem.status))
        if model.x.value is not None:
            rows, _, signs = model.multipliers(1.0)
            self.answer = DirectSolution(
                str(problem.status), np.array(model.x.value), rows, signs, float(np.asarray(tie.dual_value))
            )
        return ""

    def duals(self) -> Duals:
        """The multipliers, scaled back to the user's objective."""
        answer, scale = self.answer, self.scale
        return Duals(answer.limits * scale, answer.nonnegative * scale, answer.equality * scale)
