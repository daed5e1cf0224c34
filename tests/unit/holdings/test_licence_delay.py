"""The delay of a licence."""

from __future__ import annotations

import pytest

from toolkit.core.errors import SpecError
from toolkit.holdings.cover import LicenceDelay

DELAY = LicenceDelay(median=45.0, tail=120.0, statutory=63.0, source="test")


@pytest.mark.parametrize(("median", "tail", "statutory"), [(0.0, 1.0, 1.0), (2.0, 2.0, 1.0), (3.0, 2.0, 1.0), (1.0, 2.0, 0.0)])
def test_days_that_are_no_distribution_are_refused(median, tail, statutory):
    with pytest.raises(SpecError):
        LicenceDelay(median, tail, statutory, "test")


def test_working_days_are_five_in_seven():
    assert LicenceDelay.of(observed=45, tail=120, statutory_working_days=45, source="test").statutory == pytest.approx(63.0)
