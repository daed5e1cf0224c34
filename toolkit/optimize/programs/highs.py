"""HiGHS as a value that rows are added to: one thread and a fixed seed, so that the same problem gives the same answer."""

from __future__ import annotations

import highspy
import numpy as np
from numpy.typing import NDArray

from toolkit.core.errors import NumericalFailure
from toolkit.factors.forecast import FloatArray

FEASIBILITY = 1e-9
"""Tolerance that HiGHS holds rows and integrality to: limits are re-checked on the lots themselves."""


class MixedIntegerProgram:
    """A mixed-integer linear program whose rows are added as they come."""

    def __init__(
        self,
        cost: FloatArray,
        upper: FloatArray,
        integer: NDArray[np.bool_],
        *,
        gap: float,
        time_limit: float,
        lower: FloatArray | None = None,
    ) -> None:
        self.width, self.time_limit = len(cost), time_limit
        self.highs = highspy.Highs()
        for option, value in {
            "output_flag": False,
            "threads": 1,
            "random_seed": 0,
            "mip_rel_gap": gap,
            "mip_improving_solution_save": True,
            "mip_heuristic_run_rins": False,  # the caller searches neighbours itself
            "mip_heuristic_run_rens": False,
            "time_limit": time_limit,
            "primal_feasibility_tolerance": FEASIBILITY,
            "mip_feasibility_tolerance": FEASIBILITY,
        }.items():
            self.highs.setOptionValue(option, value)
        self.integer = integer
        self.highs.addVars(self.width, np.zeros(self.width) if lower is None else lower, upper)
        self.price(cost)
        self.demand_whole(asked=True)

    def price(self, cost: FloatArray) -> None:
        """Set what is minimised."""
        self.highs.changeColsCost(self.width, np.arange(self.width, dtype=np.int32), cost)

    def demand_whole(self, *, asked: bool) -> None:
        """Ask that the integer variables are whole, or leave it out."""
        whole = self.integer & asked
        kinds = np.where(whole, highspy.HighsVarType.kInteger.value, highspy.HighsVarType.kContinuous.value)
        self.highs.changeColsIntegrality(self.width, np.arange(self.width, dtype=np.int32), kinds.astype(np.uint8))

    def narrow(self, columns: slice, lower: FloatArray, upper: FloatArray) -> None:
        """Set the bounds of a run of variables."""
        chosen = np.arange(columns.start, columns.stop, dtype=np.int32)
        self.highs.changeColsBounds(len(chosen), chosen, lower, upper)

    def within(self, gap: float) -> None:
        """Stop at this absolute gap, and at no relative one."""
        self.highs.setOptionValue("mip_rel_gap", 0.0)
        self.highs.setOptionValue("mip_abs_gap", gap)

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

    def solve(self, seconds: float | None = None) -> tuple[FloatArray, float] | None:
        """The best point found and the proven bound of its objective; None when there is no point.

        Args:
            seconds: At most, when less than at first.

        Raises:
            NumericalFailure: when HiGHS stops without an answer either way.
        """
        if seconds is not None:
            self.highs.setOptionValue("time_limit", seconds)
        self.highs.run()
        status, info = self.highs.getModelStatus(), self.highs.getInfo()
        if status in (highspy.HighsModelStatus.kInfeasible, highspy.HighsModelStatus.kUnboundedOrInfeasible):
            return None
        if info.primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
            told = self.highs.modelStatusToString(status)
            raise NumericalFailure(f"HiGHS found no whole-lot allocation: {told}.", hint="Raise solver.time_limit.")
        return np.array(self.highs.getSolution().col_value), float(info.mip_dual_bound)

    def solve_relaxed(self) -> tuple[FloatArray, float, FloatArray] | None:
        """The optimum of the relaxed program, its objective and the multipliers of its rows; None when it is infeasible.

        Raises:
            NumericalFailure: when HiGHS stops without an answer either way.
        """
        self.highs.setOptionValue("time_limit", self.time_limit)
        self.highs.run()
        status = self.highs.getModelStatus()
        if status in (highspy.HighsModelStatus.kInfeasible, highspy.HighsModelStatus.kUnboundedOrInfeasible):
            return None
        if status != highspy.HighsModelStatus.kOptimal:
            told = self.highs.modelStatusToString(status)
            raise NumericalFailure(
                f"HiGHS stopped in the relaxation of the whole lots: {told}.", hint="Raise solver.time_limit."
            )
        solution = self.highs.getSolution()
        return np.array(solution.col_value), float(self.highs.getInfo().objective_function_value), np.array(solution.row_dual)

    def seen(self) -> list[FloatArray]:
        """Every point that was the best so far during the last solve."""
        return [np.array(found.col_value) for found in self.highs.getSavedMipSolutions()]
