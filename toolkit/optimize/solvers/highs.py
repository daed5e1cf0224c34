"""HiGHS as a value that rows are added to: one thread and a fixed seed, so that the same problem gives the same answer."""

from __future__ import annotations

import highspy
import numpy as np
from numpy.typing import NDArray

from toolkit.core.errors import NumericalFailure
from toolkit.core.forecast import FloatArray
from toolkit.optimize.solvers.work import PER_ITERATION, Work, iterations_of_step

FEASIBILITY = 1e-9
"""Tolerance that HiGHS holds rows and integrality to: limits are re-checked on the lots themselves."""

INFEASIBLE = (highspy.HighsModelStatus.kInfeasible, highspy.HighsModelStatus.kUnboundedOrInfeasible)
LEAST_STEPS = 300
"""What a program is given even where the work is used up."""
AGGREGATOR = 1 << 12
"""Rule of HiGHS's presolve (1.14, 1.15) that cuts off points where rows of small entries define a variable, as of a
covariance with small eigenvalues: of sixty whole-lot problems with one of a sample ten had a bound above a known answer."""
LINEAR_SECONDS = 60.0
NODES_BEFORE_BOUND = 1000
"""Nodes after which a bound that is good enough ends a search that may still find something better."""


class MixedIntegerProgram:
    """A mixed-integer linear program whose rows are added as they come."""

    def __init__(
        self, cost: FloatArray, upper: FloatArray, integer: NDArray[np.bool_], *, gap: float, lower: FloatArray | None = None
    ) -> None:
        self.width, self.enough = len(cost), np.inf
        self._steps, self._most, self._work, self._iterations_of_step = 0, 0, Work(0.0), 0.0
        self.highs = highspy.Highs()
        for option, value in {
            "output_flag": False,
            "threads": 1,
            "random_seed": 0,
            "mip_rel_gap": gap,
            "mip_improving_solution_save": True,
            "presolve_rule_off": AGGREGATOR,
            "mip_heuristic_run_rins": False,  # the caller searches neighbours itself
            "mip_heuristic_run_rens": False,
            "primal_feasibility_tolerance": FEASIBILITY,
            "mip_feasibility_tolerance": FEASIBILITY,
        }.items():
            self.highs.setOptionValue(option, value)
        self.highs.cbMipInterrupt += self._interrupt
        self.integer = integer
        self.highs.addVars(self.width, np.zeros(self.width) if lower is None else lower, upper)
        self.price(cost)
        self.demand_whole(asked=True)

    def price(self, cost: FloatArray) -> None:
        """Set what is minimised; columns that were added since cost nothing."""
        cost = np.pad(cost, (0, self.width - len(cost)))
        self.highs.changeColsCost(self.width, np.arange(self.width, dtype=np.int32), cost)

    def demand_whole(self, *, asked: bool) -> None:
        """Ask that the integer variables are whole, or leave it out."""
        self._whole = asked
        whole = self.integer & asked
        kinds = np.where(whole, highspy.HighsVarType.kInteger.value, highspy.HighsVarType.kContinuous.value)
        self.highs.changeColsIntegrality(self.width, np.arange(self.width, dtype=np.int32), kinds.astype(np.uint8))

    def narrow(self, columns: NDArray[np.integer], lower: FloatArray, upper: FloatArray) -> None:
        """Set the bounds of variables."""
        self.highs.changeColsBounds(len(columns), columns.astype(np.int32), lower, upper)

    def extend(self, upper: FloatArray, integer: NDArray[np.bool_]) -> int:
        """Add variables between zero and `upper` that cost nothing; returns the column of the first."""
        first = self.width
        self.highs.addVars(len(upper), np.zeros(len(upper)), upper)
        self.width, self.integer = first + len(upper), np.append(self.integer, integer)
        self.demand_whole(asked=True)
        return first

    def bounds(self, columns: NDArray[np.integer]) -> tuple[FloatArray, FloatArray]:
        """Lower and upper bounds of variables."""
        program = self.highs.getLp()
        return np.array(program.col_lower_)[columns], np.array(program.col_upper_)[columns]

    def within(self, gap: float, enough: float) -> None:
        """Stop at this absolute gap, and at no relative one; after many nodes also at a bound of `enough`."""
        self.enough = enough
        self.highs.setOptionValue("mip_rel_gap", 0.0)
        self.highs.setOptionValue("mip_abs_gap", gap)

    def _interrupt(self, event: highspy.highs.HighsCallbackEvent) -> None:
        told = event.data_out
        some = told.mip_primal_bound < highspy.kHighsInf
        self._steps += 1
        late = self._steps > LEAST_STEPS and self._work.over
        enough = some and told.mip_node_count >= NODES_BEFORE_BOUND and told.mip_dual_bound >= self.enough
        # HiGHS keeps what it was told last, from one run to the next.
        event.interrupt(bool(late or enough or self._steps >= self._most))

    def suggest(self, columns: NDArray[np.integer], values: FloatArray) -> None:
        """Values of the integer variables to start from; HiGHS completes them, and drops them where that is impossible."""
        self.highs.setSolution(len(columns), columns.astype(np.int32), values)

    def blank(self, rows: int) -> FloatArray:
        """Rows of zeros to fill in."""
        return np.zeros((rows, self.width))

    def add(self, coefficients: FloatArray, lower: FloatArray | float, upper: FloatArray | float) -> None:
        """Rows lower <= coefficients @ x <= upper."""
        rows, columns = np.nonzero(coefficients)
        starts = np.searchsorted(rows, np.arange(len(coefficients)))
        self.highs.addRows(
            len(coefficients),
            np.broadcast_to(np.asarray(lower, dtype=float), len(coefficients)).copy(),
            np.broadcast_to(np.asarray(upper, dtype=float), len(coefficients)).copy(),
            len(columns),
            starts.astype(np.int32),
            columns.astype(np.int32),
            coefficients[rows, columns],
        )

    def drop(self, rows: NDArray[np.integer]) -> None:
        """Take rows out again; those behind them move up."""
        self.highs.deleteRows(len(rows), rows.astype(np.int32))

    @property
    def rows(self) -> int:
        """Number of rows so far."""
        return int(self.highs.getNumRow())

    def solve(self, work: Work) -> tuple[FloatArray, float] | None:
        """The best point found and the proven bound of its objective; None when there is no point.

        Args:
            work: What may be spent.

        Raises:
            NumericalFailure: when HiGHS stops without an answer either way.
        """
        self._run(work)
        if self.highs.getModelStatus() in INFEASIBLE and self.integer.any():
            # HiGHS's presolve (1.15) calls programs infeasible that have a point, where a row leaves 1e-5 of room.
            self.highs.setOptionValue("presolve", "off")
            self._run(work)
            self.highs.setOptionValue("presolve", "choose")
        status, info = self.highs.getModelStatus(), self.highs.getInfo()
        if status in INFEASIBLE:
            return None
        if info.primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
            told = self.highs.modelStatusToString(status)
            raise NumericalFailure("HiGHS found no whole-lot allocation: {told}.", hint="Raise solver.time_limit.", told=told)
        return np.array(self.highs.getSolution().col_value), float(info.mip_dual_bound)

    def _run(self, work: Work) -> None:
        entries = int(self.highs.getNumNz())
        whole = bool(self.integer.any()) and self._whole
        each = (self._iterations_of_step or iterations_of_step(self.rows)) if whole else 1.0
        self._steps, self._most = 0, min(max(int(work.affords(PER_ITERATION, entries) / each), LEAST_STEPS), highspy.kHighsIInf)
        self.highs.setOptionValue("simplex_iteration_limit", highspy.kHighsIInf if whole else self._most)
        self._work = work
        self.highs.run()
        iterations = max(int(self.highs.getInfo().simplex_iteration_count), 0)
        if whole and self._steps > LEAST_STEPS:
            self._iterations_of_step = iterations / self._steps
        work.spend_on(PER_ITERATION, max(iterations, self._steps), entries)

    def solve_relaxed(self, work: Work) -> tuple[FloatArray, float, FloatArray] | None:
        """The optimum of the relaxed program, its objective and the multipliers of its rows; None when it is infeasible.

        Args:
            work: What may be spent.

        Raises:
            NumericalFailure: when HiGHS stops without an answer either way.
        """
        self._run(work)
        status = self.highs.getModelStatus()
        if status == highspy.HighsModelStatus.kUnknown:  # from the basis that it had; anew HiGHS often gets there
            self.highs.clearSolver()
            self._run(work)
            status = self.highs.getModelStatus()
        if status in INFEASIBLE:
            return None
        if status != highspy.HighsModelStatus.kOptimal:
            told = self.highs.modelStatusToString(status)
            raise NumericalFailure(
                "HiGHS stopped in the relaxation of the whole lots: {told}.", hint="Raise solver.time_limit.", told=told
            )
        solution = self.highs.getSolution()
        return np.array(solution.col_value), float(self.highs.getInfo().objective_function_value), np.array(solution.row_dual)

    def seen(self) -> list[FloatArray]:
        """Every point that was the best so far during the last solve."""
        return [np.array(found.col_value) for found in self.highs.getSavedMipSolutions()]


def least(
    cost: FloatArray, G: FloatArray, h: FloatArray, equality: FloatArray, lowest: FloatArray | None = None
) -> tuple[FloatArray, float] | None:
    """The least of cost'z subject to G z <= h, equality'z = 1 and z >= lowest: point and value; None where nothing holds.

    Args:
        cost: (n,).
        G: (m, n).
        h: (m,).
        equality: (n,) with no negative entry, so that the program is bounded where costs are not negative elsewhere.
        lowest: (n,) zeros where left out; beside it the rows have to bound the program.

    Raises:
        NumericalFailure: when HiGHS stops without an answer either way.
    """
    n = len(cost)
    program = MixedIntegerProgram(cost, np.full(n, np.inf), np.zeros(n, dtype=bool), gap=0.0, lower=lowest)
    program.add(equality[None], 1.0, 1.0)
    if len(h):
        program.add(G, -np.inf, h)
    found = program.solve_relaxed(Work(LINEAR_SECONDS))
    return None if found is None else found[:2]
