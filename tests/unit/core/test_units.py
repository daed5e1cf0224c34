import math
from datetime import date, timedelta

import numpy as np
import pytest

from toolkit.core.errors import DataError
from toolkit.core.units import cents, periods_per_year, significant


def month_ends(n: int) -> list[date]:
    return [date(2020 + m // 12, m % 12 + 1, 28) for m in range(n)]


def business_days(n: int) -> list[date]:
    days = [date(2020, 1, 1) + timedelta(days=i) for i in range(2 * n)]
    return [day for day in days if day.weekday() < 5][:n]


@pytest.mark.parametrize(
    ("dates", "periods"),
    [
        (month_ends(24), 12.0),
        (business_days(500), 252.0),
        ([date(2020, 1, 1) + timedelta(days=i) for i in range(500)], 365.25),
        ([date(2020, 1, 3) + timedelta(weeks=i) for i in range(60)], 52.0),
        ([date(year, 12, 31) for year in range(2010, 2020)], 1.0),
        ([date(2020, 1, 1), date(2020, 1, 31)], 12.0),
        ([date(2020, 1, 1) + timedelta(days=2 * i) for i in range(100)], 182.625),
        ([date(2020, 1, 1) + timedelta(days=i) for i in (0, 1, 3, 4)], 252.0),
        ([date(2020, 1, 1) + timedelta(days=i) for i in (0, 2, 4, 12)], 182.625),
    ],
)
def test_the_frequency_is_read_from_the_dates(dates, periods):
    assert periods_per_year(dates) == periods


def test_a_hole_in_a_monthly_series_does_not_change_its_frequency():
    dates = month_ends(36)
    assert periods_per_year(dates[:10] + dates[16:]) == 12.0


def test_one_date_has_no_frequency():
    with pytest.raises(DataError, match="one date has no frequency") as raised:
        periods_per_year([date(2020, 1, 1)] * 3)
    assert raised.value.hint == "Give at least two dates."


def test_numbers_that_leave_are_finite_and_never_negative_zero():
    assert significant(math.nan) is None
    assert significant(-math.inf) is None
    assert math.copysign(1, significant(-0.0)) == 1
    assert significant(1 / 3) == 0.333333333333
    assert significant(0.0) == 0.0


def test_large_numbers_that_leave_keep_their_hundredths():
    assert significant(1e10 / 3) == 3333333333.33
    assert significant(1e11 / 3) == 33333333333.33
    assert significant(-1e11 / 3) == -33333333333.33


def test_cents_round_like_a_bill():
    assert cents(2.675) == 2.68  # the float lies just below
    assert cents(-2.675) == -2.68
    assert cents(1e6 + 0.005) == 1000000.01
    assert math.copysign(1, cents(-0.001)) == 1


def test_cents_of_many_are_those_of_each():
    amounts = [2.675, -2.675, 1e6 + 0.005, 0.0, -0.001, 0.004999, 123.45]
    found = cents(np.array(amounts))
    assert found.tolist() == [cents(amount) for amount in amounts] == [2.68, -2.68, 1000000.01, 0.0, 0.0, 0.0, 123.45]
    assert np.copysign(1.0, found[4]) == 1
    assert math.isnan(cents(math.nan))
