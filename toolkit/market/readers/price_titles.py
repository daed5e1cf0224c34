"""What stands above a price list: its day, currency and unit, in lines."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace

import polars as pl

from toolkit.core.countries import fold, foldings
from toolkit.core.currencies import currency as currency_of
from toolkit.core.messages import Message, message, named
from toolkit.core.text import one_line
from toolkit.market.layouts.headers import Header, stated_in
from toolkit.market.layouts.prices import holds_days
from toolkit.market.layouts.vocabulary import vocabulary
from toolkit.market.readers import cells
from toolkit.market.readers.tabular import Table

_DAY_WORDS = 3
"""Most words of a day: ``26 November 2026``."""


def moneys_and_units(title: str) -> tuple[set[str], set[str]]:
    """Currencies and units that a line names."""
    words = "".join(sign if sign.isalpha() or sign in "€$£¥" else " " for sign in title.replace("$", " $ ")).split()
    moneys = {
        code for word in words if (len(word) == 3 and word.isupper()) or not word.isalpha() or word in ("Euro", "Dollar")
        if (code := currency_of(word))
    }  # fmt: skip
    units = (word for before, word in zip(["", *words], words, strict=False) if len(word) > 1 or before in ("in", "en"))
    return moneys, {cells.UNITS[one] for word in units for one in foldings(word) if one in cells.UNITS}


def stated_above(table: Table) -> tuple[Header, Message] | None:
    """Currency and unit of all prices by the lines above the header, and a note on it; None where they name none, or two."""
    said = {line: stated_in(line) for line in table.titles}
    found = {
        (one.currency, one.unit): line for line, one in said.items() if one.currency and one.unit not in (None, cells.PIECE)
    }
    found = found or {(code, None): line for line in said for code in moneys_and_units(line)[0]}
    if len(found) != 1:
        return None
    ((code, unit), line), *_ = found.items()
    of_file = {"file": table.name, "currency": code, "line": one_line(line)}
    words = message('{file}: prices are in {currency}, by the line "{line}".', **of_file)
    if unit:
        words = message('{file}: prices are in {currency} per {unit}, by the line "{line}".', **of_file, unit=unit)
    return Header(line, None, currency=code, unit=unit), words


def days_in(line: str) -> Iterator[tuple[str, dt.date]]:
    """The word before each day in a line, folded, and the day."""
    words = line.split()
    for at in range(len(words)):
        readings = (cells.day(" ".join(words[at : at + count]).strip(",;.():")) for count in range(_DAY_WORDS, 0, -1))
        if day := next((read.day for read in readings if read and read.day), None):
            yield fold(words[at - 1]) if at else "", day


def with_date(table: Table) -> tuple[Table, tuple[Message, ...]]:
    """A table without a column of dates with the day of a line above its header (``Stand: 26.11.2026``), and a note on it.

    Raises:
        DataError: where no line, or more than one, has a date.
    """
    if "date" in table.columns:
        return table, ()
    dated = vocabulary().texts["dated"]
    found = {line: day for line in table.titles for word, day in days_in(line) if word in dated}
    if len({*found.values()}) != 1:
        fault = message("no column 'date', and no date above the header.")
        if found:
            fault = message("no column 'date', and two dates above the header: {lines:; }.", lines=named(found))
        hint = message(
            "Write the day into every row under 'date', or a line 'Stand: 26.11.2026' above the header; of columns of months "
            "write them as 2026-10, not years or quarters."
        )
        of_days = next((name for name in table.columns if name != "valid_until" and holds_days(table.cells[name])), None)
        if of_days is not None:
            hint = message(
                "Rename column {name!r:s} to 'date', or say it: --set {set!r:s}.", name=of_days, set=f"{of_days}=date"
            )
        raise table.header_error(fault, hint, details={"missing": ["date"]})
    line, day = next(iter(found.items()))
    told = message('{file}: prices are of {day:%Y-%m-%d}, by the line "{line}".', file=table.name, day=day, line=one_line(line))
    return replace(table, cells=table.cells.with_columns(date=pl.lit(day))), (told,)
