"""Falls from a peak, by hand."""

import numpy as np

from tests.unit.backtest.worlds import MONTHS
from toolkit.backtest.drawdown import drawdown


def test_a_drawdown_by_hand():
    found = drawdown(MONTHS[:7], np.array([100.0, 110, 99, 104.5, 120, 90, 100]))
    assert (found.depth, found.peak, found.trough) == (0.25, MONTHS[4], MONTHS[5])
    assert found.longest == (MONTHS[1], MONTHS[4])  # until the peak was reached again, and not to the last date below it
    assert found.under_water == (MONTHS[4] - MONTHS[1]).days
    assert drawdown(MONTHS[:4], np.array([100.0, 110, 99, 104.5])).longest == (MONTHS[1], MONTHS[3])
    never = drawdown(MONTHS[:3], np.array([1.0, 2.0, 3.0]))
    assert (never.depth, never.under_water) == (0.0, 0)
