"""The delay of a licence."""

from __future__ import annotations

import pytest

from toolkit.core.errors import SpecError
from toolkit.holdings.cover import LicenceDelay


@pytest.mark.parametrize(("median", "tail"), [(0.0, 1.0), (2.0, 2.0), (3.0, 2.0)])
def test_days_that_are_no_distribution_are_refused(median, tail):
    with pytest.raises(SpecError):
        LicenceDelay(median, tail, "test")
