"""Certificates: an answer that is no number is never accepted."""

from __future__ import annotations

import math
from itertools import permutations

import pytest

from toolkit.optimize.solvers.certificate import ACCEPT_INACCURATE, Certificate


@pytest.mark.parametrize("residuals", sorted({*permutations((0.0, 1e-9, math.nan))}, key=str))
def test_a_residual_that_is_no_number_is_accepted_by_no_limit(residuals):
    assert Certificate(*residuals).worst > ACCEPT_INACCURATE


def test_the_worst_residual_counts():
    assert Certificate(1e-9, 3e-7, 2e-8).worst == 3e-7
