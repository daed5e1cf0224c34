"""Work is counted; the clock is a backstop that loading a solver does not reach."""

import time

from toolkit.optimize.solvers.work import Work


def test_loading_a_solver_ends_no_search_that_has_little_time():
    work = Work(0.01)
    until = time.process_time() + 0.3
    while time.process_time() < until:  # what the first import of a solver takes
        pass
    assert not work.over
    assert not work.part(0.001).over
    work.spend(0.01)
    assert work.over
    assert not work.late
