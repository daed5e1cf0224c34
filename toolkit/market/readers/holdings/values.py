"""Strict readers of cells, one a type: a value, or the fault of the cell with its remedy. None of them knows another cell."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from toolkit.core.countries import UNKNOWN_ORIGIN, country, country_hint, fold, foldings
from toolkit.core.limits import LARGEST
from toolkit.core.messages import Message, message, sentence, together
from toolkit.core.places import place
from toolkit.market.layouts.headers import Header
from toolkit.market.layouts.texts import is_marked
from toolkit.market.layouts.vocabulary import vocabulary
from toolkit.market.readers import cells

_NOTHING = "-\u2013\u2014\u2212_?./ "
"""Signs of a cell that is left open; ``✗`` or ``!`` says something."""
_LEAST_PER_CENT = 0.1
"""No spread and no storage fee is lower: a smaller number under a header in per cent is likely a fraction."""
_WEEK = re.compile(r"(?:kw|cw|wk|sem\.?|week|woche) ?([0-9]{1,2})[/ ]+(20[0-9]{2})", re.IGNORECASE)
_QUARTER = re.compile(r"q([1-4])[/ ]+(20[0-9]{2})", re.IGNORECASE)


class Faulty(Exception):
    """A cell that breaks a rule.

    Attributes:
        rule: Its name.
        fault: What is wrong.
        hint: How to mend it.
        column: Field of the cell; None for the one that is read.
        cell: What is faulty, where that is not the whole cell.
    """

    def __init__(
        self, rule: str, fault: str, hint: str, /, *, column: str | None = None, cell: Any = None, **values: Any
    ) -> None:
        super().__init__(rule)
        self.rule, self.column, self.cell = rule, column, cell
        self.fault, self.hint = sentence(fault, values), sentence(hint, values)


def empty(key: str) -> Faulty:
    """The fault of an empty cell that has to be filled."""
    return Faulty("empty", "no {key:s}", message("Fill the {key!r:s} cell, or leave the row out.", key=key), key=key)


def is_unknown(text: str | None) -> bool:
    """Whether a cell says that what it would say is not known."""
    folded = fold(text or "-")
    return text is not None and (folded in vocabulary().texts["unknown"] if folded else {*text} <= {*_NOTHING})


@lru_cache(1 << 16, typed=True)  # a row asks for one several times
def number(cell: Any, mark: str | None) -> tuple[float, cells.Amount] | None:
    """A number and what stands around it; None of one with two readings where nothing settles the mark, which is asked.

    Args:
        cell: As in the file, not empty.
        mark: Decimal mark of the file.
    """
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        found, value = cells.Amount(repr(float(cell))), float(cell)
    else:
        found = cells.amount(str(cell)) if isinstance(cell, str) else None
        if found is not None and found.is_ambiguous and mark is None:
            return None
        value = None if found is None else found.readings.get(mark or next(iter(found.readings)))
    is_word = found is None and fold(str(cell)) in ("nan", "inf", "infinity")
    if is_word or (value is not None and not abs(value) <= LARGEST):
        raise Faulty("finite", "not a finite number within 1e15", "Leave the cell empty where a value is missing.")
    if found is None or is_marked(f"0 {found.before}{found.after}"):
        hint = message("Write a plain number such as 1234.5, without words; leave the cell empty where a value is missing.")
        raise Faulty("number", "not a number", hint)
    return None if value is None else (value, found)  # one with the other mark is told for the whole file


def fraction(key: str, found: tuple[float, cells.Amount], *, percent: bool) -> float:
    """A fraction from 0 to below 1.

    Args:
        key: Its field.
        found: As `number` reads it.
        percent: Whether its header says per cent.
    """
    value, shown = found
    if shown.before or shown.after not in ("", "%"):
        raise Faulty("number", "not a number", "Write 15 % or 0.15.")
    if not shown.after and percent and 0 < value < _LEAST_PER_CENT:
        hint = message(
            "Write {percent:g} % or {value:g} %, whichever is meant: the header says per cent.",
            percent=100 * value,
            value=value,
        )
        raise Faulty("percent", "a {key:s} that may be a fraction or in per cent", hint, key=key)
    value = value / 100 if shown.after == "%" or percent else value
    if not 0 <= value < 1:
        raise Faulty("fraction", "a {key:s} outside 0..1", "Write 15 % as 15 % or as the fraction 0.15.", key=key)
    return value


def known_word(text: str | None, known: Mapping[str, str]) -> str | None:
    """What a text means, by spellings of a vocabulary; None for none of them."""
    return next((known[one] for one in foldings(text or "") if one in known), None)


def origin(text: str) -> str:
    """The country that a metal comes from, or that it is not known."""
    if is_unknown(text):
        return UNKNOWN_ORIGIN
    if (found := country(text)) is None:
        hint = together(country_hint(text), message("Or write '{word:s}'.", word=UNKNOWN_ORIGIN))
        raise Faulty("origin_country", "not a country", hint)
    return found


def destination(text: str) -> str:
    """The country that a lot goes to; what names none is a fault, since another country would decide its law."""
    if (found := country(text)) is None:
        lies_in = place(text).country
        hint = message("{place:s} lies in {country:s}: write the country.", place=text, country=lies_in) if lies_in else None
        hint = together(hint or country_hint(text), message("Without a word the owner's country counts."))
        raise Faulty("destination", "not a country", hint)
    return found


def purchase_day(text: str, *, month_first: int | None) -> date | tuple[date, date]:
    """The day of a purchase, both readings where nothing settles the order; of a month its last day.

    Args:
        text: As in the cell.
        month_first: Whether the month comes first in the dates of the file; None where nothing settles it.
    """
    read = cells.day(text)
    if read is None:
        if cells.month(text) and (last := last_day(text)):
            return last
        hint = message("Write dates as 2026-05-31 or 31.05.2026: holding periods are counted in days.")
        raise Faulty("date", "not a date", hint)
    if read.day is not None:
        return read.day
    day_first, other = read.either or (None, None)
    if day_first and other:
        return (day_first, other) if month_first is None else (other if month_first else day_first)
    if month_first is None or bool(month_first) != (day_first is None):
        hint = message("Some dates of the file have the day first and some the month: write them all as 2026-05-31.")
        raise Faulty("date_order", "dates in two orders", hint)
    return day_first or other or date.min


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


def unit_named(per: str, *, precious: bool) -> str | None:
    """The unit that a word names; the ounce of a precious metal is the troy ounce."""
    found = cells.UNITS.get(fold(per))
    return cells.OZT if found == "oz" and precious else found


def per_of(header: Header | None) -> str:
    """The unit that the header of a price says it is per."""
    return header.unit or "" if header is not None and header.per_unit else ""


ABOVE_ZERO: Message = message(
    "Give a quantity above zero. A sale is no lot: take it off the quantity of its lot, and leave its row out."
)
NEGATIVE = re.compile(r"\(\s*\d[\d.,' ]*\w*\s*\)|\d[\d.,' ]*-")
"""A negative number as accounts write it: ``(5 kg)``, ``5-``."""


def quantity(cell: Any, mark: str | None, *, may_be_short: bool) -> tuple[float | None, str]:
    """A quantity above zero and its unit, as far as they stand in the cell.

    Args:
        cell: As in the file; None where it is empty.
        mark: Decimal mark of the file.
        may_be_short: Whether it may be below zero, as a position that was sold short is.
    """
    if cell is None:
        raise empty("quantity")
    if isinstance(cell, str) and NEGATIVE.fullmatch(cells.tidy(cell)):
        raise Faulty("positive", "a quantity that is not positive", ABOVE_ZERO)
    if (found := number(cell, mark)) is None:
        return None, ""
    value, shown = found
    if shown.before:
        raise Faulty("number", "not a number", "Write the number alone, or with its unit behind it.")
    if value < 0 and not may_be_short:
        raise Faulty("positive", "a quantity that is not positive", ABOVE_ZERO)
    return value, shown.after
