"""HiGHS as a value that rows are added to, and that is solved again and again."""

import re

import highspy
import numpy as np
import pytest

from toolkit.optimize.solvers.highs import AGGREGATOR, MixedIntegerProgram
from toolkit.optimize.solvers.work import Work


def test_a_search_that_was_cut_short_is_no_order_to_cut_the_next_one_short():
    """A knapsack with many answers near the best: found by a search that may take its time, after one that may not."""
    chance = np.random.default_rng(0)
    n = 60
    weight, worth = chance.integers(1000, 9999, (10, n)).astype(float), chance.integers(1000, 9999, n).astype(float)

    def knapsack():
        program = MixedIntegerProgram(-worth, np.ones(n), np.ones(n, dtype=bool), gap=0.0)
        program.add(weight, 0.0, weight.sum(axis=1) / 2)
        program.within(1.0, np.inf)
        return program

    program = knapsack()
    _, hurried = program.solve(Work(0.0)) or ([], 0.0)
    assert program.highs.getModelStatus() == highspy.HighsModelStatus.kInterrupt
    point, patient = program.solve(Work(1e3)) or ([], 0.0)
    found, bound = knapsack().solve(Work(1e3)) or ([], 0.0)
    assert -worth @ point == pytest.approx(-worth @ found, abs=1.0)
    assert patient == pytest.approx(bound, abs=1.0)
    assert hurried < bound - 1.0


def test_the_rule_of_presolve_that_is_off_is_the_aggregator(tmp_path):
    """Rules are bits of a number: another version may count them otherwise, and would leave this one on without a word."""
    highs, log = highspy.Highs(), tmp_path / "log"
    for option, value in {"log_to_console": False, "log_file": str(log), "presolve_rule_off": AGGREGATOR}.items():
        highs.setOptionValue(option, value)
    x, y = highs.addVariable(0.0, 10.0, -1.0), highs.addVariable(0.0, 10.0, -1.0)
    highs.addConstr(x + y <= 4.0)
    highs.run()
    assert re.findall(r"Rule.*: (.*)", log.read_text()) == ["Aggregator"]
