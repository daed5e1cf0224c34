"""Arithmetic of months: month numbers, and days some months apart."""

from __future__ import annotations

from calendar import monthrange
from datetime import date


def month_number(day: date) -> int:
    """Number of the month, 12 year + month - 1: differences are months apart."""
    return day.year * 12 + day.month - 1


def month_end(number: int) -> date:
    """The last day of the month of that number."""
    year, month = divmod(number, 12)
    return date(year, month + 1, monthrange(year, month + 1)[1])


def add_months(day: date, months: int) -> date:
    """The same day some months later, or earlier where negative; the last of a month that is shorter."""
    end = month_end(month_number(day) + months)
    return end.replace(day=min(day.day, end.day))
