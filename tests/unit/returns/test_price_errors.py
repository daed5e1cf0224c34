"""The error of a price as the price of today: closed forms, what it grows with, and what the past says of it."""

from __future__ import annotations

import math
from datetime import date

import numpy as np
import pytest

from benchmarks.price_errors import NOWHERE, annual_outcomes, customs_outcomes, held, monthly_outcomes
from tests.subjects import context
from toolkit.market.package import bundled_folder, load_market
from toolkit.returns.history import ANNUAL_AVERAGE, MONTHLY_AVERAGE
from toolkit.returns.price_errors import (
    OF_OWN_VOLATILITY,
    OF_VOLATILITY,
    PLACE,
    PriceErrors,
    error_of_sum,
    price_error,
)

CUSTOMS = "customs_unit_value"
INDEPENDENT = {"hafnium": 3.7, "rhenium": 2.8, "neodymium": 1.75}
"""What other sources say in the middle of 2026, in units of the mean of 2025; no parameter knows them."""


def test_the_parts_of_an_error_add_in_squares():
    scale = OF_VOLATILITY[CUSTOMS]
    found = price_error(CUSTOMS, 0.25, 0.5, 0.1)
    moved = 0.5 * math.sqrt(0.5)  # deliveries are three months late
    assert found.error == pytest.approx(math.sqrt(0.1**2 + (scale.error * moved) ** 2 + PLACE.error**2))
    assert found.interval == pytest.approx(math.sqrt(0.2**2 + (scale.interval * moved) ** 2 + PLACE.interval**2))
    low, high = found.bounds(100.0)
    assert low * high == pytest.approx(100.0**2)
    # The mean of a year is its own time: the error of its level counts once. A quotation of today is paid where it is quoted.
    assert price_error(ANNUAL_AVERAGE, 0.0, 0.5, 0.3) == price_error(ANNUAL_AVERAGE, 0.0, 0.5)
    assert price_error("own_quote", 0.0, 0.5).error == 0.0
    assert price_error("own_quote", -0.1, 0.5).error == 0.0


@pytest.mark.parametrize("basis", [CUSTOMS, ANNUAL_AVERAGE, MONTHLY_AVERAGE, "as_given"])
def test_an_older_price_is_less_certain(basis):
    found = [price_error(basis, age, 0.4).error for age in (0.0, 0.1, 0.5, 1.0)]
    assert found == sorted(found)
    assert found[0] < found[-1]


def test_past_statements_held_what_they_say():
    """Two thirds within one standard error, 95 % within the interval; those of the first half of the dates and of the second."""
    market = load_market(bundled_folder())
    kinds = (
        (customs_outcomes(market), OF_VOLATILITY[CUSTOMS]),
        (annual_outcomes(market), OF_VOLATILITY[ANNUAL_AVERAGE]),
        (monthly_outcomes(market), OF_OWN_VOLATILITY),
    )
    for outcomes, scale in kinds:
        within, interval = held(outcomes, scale, NOWHERE)
        assert 0.60 <= within <= 0.75
        assert 0.93 <= interval <= 0.97
        for first in (True, False):
            assert 0.60 <= held([one for one in outcomes if one.first is first], scale)[0] <= 0.76


def test_the_interval_of_a_mean_of_a_year_holds_what_independent_sources_say():
    snapshot = context(date(2026, 12, 1)).snapshot
    errors = PriceErrors.on(snapshot)
    for metal, multiple in INDEPENDENT.items():
        low, high = errors.of(metal, ANNUAL_AVERAGE, date(2025, 12, 31)).bounds(1.0)
        assert low < multiple < high


def test_volatility_is_that_of_decades_for_a_metal_without_an_exchange_and_of_its_own_series_else():
    errors = PriceErrors.on(context().snapshot)
    assert errors.prior is not None
    assert errors.volatility("gallium", CUSTOMS) == errors.prior.metals["gallium"].volatility
    gold = errors.series.prices(errors.series.place["gold"])
    realised = math.sqrt((np.diff(np.log(gold)) ** 2).mean() * 12.0 / (2.0 / 3.0))
    assert errors.volatility("gold", MONTHLY_AVERAGE) == pytest.approx(realised, rel=0.01)
    assert errors.volatility("gold", "own_quote") == errors.volatility("gold", MONTHLY_AVERAGE)


def test_errors_of_one_metal_add_up_and_those_of_two_do_not():
    assert error_of_sum((("gallium", 3.0), ("gallium", 4.0)), 0.2) == pytest.approx(7.0)
    assert error_of_sum((("gallium", 3.0), ("indium", 4.0)), 0.0) == pytest.approx(5.0)
    assert error_of_sum((("gallium", 3.0), ("indium", 4.0)), 1.0) == pytest.approx(7.0)
    assert error_of_sum((), 0.2) == 0.0
