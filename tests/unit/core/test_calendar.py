"""Months as numbers, and days some months apart."""

from datetime import date, timedelta

import pytest

from toolkit.core.calendar import add_months, month_end, month_number


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2026, 3, 31), -1, date(2026, 2, 28)),
        (date(2026, 1, 15), -1, date(2025, 12, 15)),
        (date(2024, 3, 30), -1, date(2024, 2, 29)),
        (date(2024, 1, 31), 13, date(2025, 2, 28)),
        (date(2026, 6, 30), 0, date(2026, 6, 30)),
    ],
)
def test_the_same_day_some_months_away_or_the_last_of_a_shorter_month(day, months, expected):
    assert add_months(day, months) == expected


def test_a_month_ends_on_the_day_before_the_next_begins():
    for number in range(month_number(date(1999, 1, 1)), month_number(date(2029, 1, 1))):
        assert month_number(month_end(number)) == number
        assert month_number(month_end(number) + timedelta(days=1)) == number + 1
