"""A day, a week, a month, a quarter or a year as people write when something arrives, by the last day that it may mean."""

from __future__ import annotations

import re
from datetime import date, timedelta

from toolkit.market.readers import cells

_WEEK = re.compile(r"(?:kw|cw|wk|sem\.?|week|woche) ?([0-9]{1,2})[/ ]+(20[0-9]{2})", re.IGNORECASE)
_QUARTER = re.compile(r"q([1-4])[/ ]+(20[0-9]{2})", re.IGNORECASE)


def last_day(text: str, *, day_first: bool | None = None) -> date | None:
    """The last day that a text may mean: of ``KW 3/2027`` the Sunday; None for no day.

    Args:
        text: As in the cell.
        day_first: Of a date with two readings; None for the later one.
    """
    text = cells.tidy(text)
    if read := cells.day(text):
        both = [day for day in read.either or () if day]
        day = read.day or (max(both) if day_first is None or len(both) < 2 else both[not day_first])
        return None if day in cells.NULL_DATES else day
    if month := cells.month(text):
        return _end_of_month(int(month[:4]), int(month[5:]))
    if (found := _WEEK.fullmatch(text)) and 1 <= int(found[1]) <= 52:
        return date.fromisocalendar(int(found[2]), int(found[1]), 7)
    if found := _QUARTER.fullmatch(text):
        return _end_of_month(int(found[2]), 3 * int(found[1]))
    return date(int(text), 12, 31) if re.fullmatch("20[0-9]{2}", text) else None


def _end_of_month(year: int, month: int) -> date:
    return date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)
