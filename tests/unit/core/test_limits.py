"""Numbers of options."""

from __future__ import annotations

import math

import pytest

from toolkit.core.errors import SpecError
from toolkit.core.limits import LARGEST_RATIO, check_number


@pytest.mark.parametrize("value", [0, 1, -3.5, 1e15, -1e15, 1e-15, -1e-15])
def test_a_number_of_an_option_is_itself(value):
    assert check_number("--budget", value) is value


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 1.1e15, -1.1e15, 0.9e-15])
def test_a_number_that_floating_point_cannot_hold_to_the_cent_is_refused(value):
    with pytest.raises(SpecError) as error:
        check_number("--budget", value)
    assert error.value.message == f"--budget must be a finite number within 1e+15, not {value:g}."
    assert error.value.hint == "Write it in digits, of a size between 1e-15 and 1e+15."


def test_a_ratio_has_a_limit_of_its_own():
    assert check_number("--elasticity", 1000, LARGEST_RATIO) == 1000
    with pytest.raises(SpecError, match=r"--elasticity must be a finite number within 1000, not 1001\. .*1e-15 and 1000\."):
        check_number("--elasticity", 1001, LARGEST_RATIO)
