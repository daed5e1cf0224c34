"""Which column of a file is which field of its table, where the header does not say it in words that are known.

A mapping is field -> column, or field -> ``=VALUE`` for a value that every row has.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date

import polars as pl

from toolkit.core.countries import country
from toolkit.core.currencies import currency
from toolkit.core.errors import SpecError, did_you_mean
from toolkit.core.messages import Message, message, together
from toolkit.market.readers import cells as cell
from toolkit.market.readers import flows, prices
from toolkit.market.readers.price_units import SIDES, column_name, holds_days, with_field
from toolkit.market.readers.tabular import Table
from toolkit.market.store.store import Store

PRICES, FLOWS = "prices", "flows"
FIELDS = {PRICES: (*prices.REQUIRED, *prices.OPTIONAL), FLOWS: (*flows.REQUIRED, *flows.OPTIONAL)}
Ask = Callable[[str, tuple[str, ...]], str | None]
"""What asks in which column a field is; None for a field that the file does not have."""


def mapping_of(cells: Table, store: Store, table: str, given: Mapping[str, str], ask: Ask | None) -> dict[str, str]:
    """The mapping that is given, else that of an earlier file with this header, else as asked where the header names no date.

    Args:
        cells: The file.
        store: Keeps the mappings of earlier files.
        table: Table of the store that it goes to, `PRICES` or `FLOWS`.
        given: As of ``--column``.
        ask: None where nobody can be asked.

    Raises:
        SpecError: for a field or a column that is none.
    """
    for name, column in given.items():
        if name not in FIELDS[table]:
            raise SpecError("--column {name:s}=...: no such field.", hint=did_you_mean(name, FIELDS[table]), name=name)
        if column not in cells.columns and not column.startswith("="):
            whole = message("A value of all rows is written --column {name:s}==VALUE.", name=name)
            hint = together(did_you_mean(column, cells.columns), whole)
            raise SpecError("--column {name:s}={column:s}: the file has no such column.", hint=hint, name=name, column=column)
    if given:
        return dict(given)
    for entry in reversed(store.history(table)):
        if entry.about.get("header") == list(cells.columns):
            return dict(entry.about["mapping"])
    if ask is None or prices.price_header([list(cells.columns)]) is not None or table == FLOWS:
        return {}
    answers = {name: ask(name, cells.columns) for name in (*prices.REQUIRED, "currency", "unit")}
    return {name: column for name, column in answers.items() if column}


def mapped(cells: Table, table: str, mapping: Mapping[str, str]) -> tuple[Table, tuple[Message, ...]]:
    """A file under the names of its fields, and a note on columns that are none of them.

    Args:
        cells: The file.
        table: `PRICES` or `FLOWS`.
        mapping: Of some of its columns; without one for assets, a file of prices keeps all others.
    """
    if not mapping:
        return cells, ()
    given = {
        with_field(name, column): pl.Series([column[1:]] * cells.cells.height, dtype=pl.String)
        if column.startswith("=")
        else cells.cells[column]
        for name, column in mapping.items()
    }
    rest = [name for name in cells.columns if name not in {*mapping, *mapping.values()}]
    left: list[str] = []
    if table == FLOWS or "asset" in mapping:
        left = [name for name in rest if (field := _field(name, table)) is None or field in mapping]
    frame = pl.DataFrame([column.alias(name) for name, column in given.items()])
    frame = frame.hstack([cells.cells[name] for name in rest if name not in left])
    notes = (message("Columns that are not read: {columns}.", columns=left),) if left else ()
    return replace(cells, cells=frame), notes


def _field(column: str, table: str) -> str | None:
    """The field that a header names in a known word; both sides of a dealer's prices are ``price``."""
    if table == FLOWS:
        known = flows.ALSO.get(column, column)
    else:
        name = column_name(column)
        known = "price" if name in SIDES else prices.GERMAN.get(name, name)
    return known if known in FIELDS[table] else None


def proposed(cells: Table, table: str, today: date) -> Iterator[tuple[dict[str, str], str]]:
    """Mappings by what is in the columns, and what each assumes besides: that without an assumption first.

    A field has the column whose header names it, else the first one left whose cells are all of its kind.

    Args:
        cells: The file.
        table: `PRICES` or `FLOWS`.
        today: Day of prices in a file without dates.
    """
    found: dict[str, str] = {}
    for column in cells.columns:
        if (field := _field(column, table)) is not None:
            found.setdefault(field, column)
    kinds: dict[str, Callable[[str], bool]] = {
        "currency": lambda text: currency(text) is not None,
        "unit": lambda text: text.casefold() in cell.UNITS,
        "price": _is_amount,
        "asset": lambda text: not _is_amount(text),
    }
    if table == FLOWS:
        kinds = {
            "hs_code": lambda text: re.fullmatch(r"[0-9]{4,10}", text.replace(".", "")) is not None,
            "partner": lambda text: text == flows.WORLD or country(text) is not None,
            "quantity_kg": _is_amount,
        }
    left = [column for column in cells.cells if column.name not in found.values() and column.null_count() < len(column)]
    for column in filter(holds_days, left):
        found.setdefault("date", column.name)
    for field, is_kind in kinds.items():
        texts = {one.name: one.drop_nulls().cast(pl.String).unique() for one in left if one.name not in found.values()}
        column = next((name for name, written in texts.items() if all(map(is_kind, written))), None)
        if column is not None:
            found.setdefault(field, column)
    of_sides = [name for name, column in found.items() if column_name(column) in SIDES]
    told = {name: found[name] for name in FIELDS[table] if name in found and name not in of_sides}
    yield told, ""
    if table == FLOWS and "partner" not in found:
        yield {**told, "partner": f"={flows.WORLD}"}, " and its rows of all partners together"
    if table == PRICES and "date" not in found:
        yield {**told, "date": f"={today}"}, " and its prices of today"


def kept(mapping: Mapping[str, str]) -> dict[str, str]:
    """What of a mapping holds for the next file with this header: its dates are others."""
    return {name: column for name, column in mapping.items() if name not in ("date", "known_from") or column[0] != "="}


def _is_amount(text: str) -> bool:
    """Whether a text is a number, with a currency beside it or none."""
    found = cell.amount(text)
    word = (found.before or found.after) if found else ""
    return found is not None and not (found.before and found.after) and (not word or currency(word) is not None)
