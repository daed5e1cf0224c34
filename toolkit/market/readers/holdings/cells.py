"""Cells of a holdings file read one by one; what is wrong with one is noted and does not stop the reading."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from toolkit.core.countries import fold, foldings
from toolkit.core.errors import did_you_mean
from toolkit.core.limits import LARGEST
from toolkit.core.messages import message, sentence, together
from toolkit.market.layouts.headers import Header
from toolkit.market.layouts.layout import Layout, Meaning
from toolkit.market.layouts.propose import Question
from toolkit.market.readers import cells
from toolkit.market.readers.holdings.lots import CellFault, Names
from toolkit.market.readers.tabular import Table

_LEAST_PER_CENT = 0.1
"""No spread and no storage fee is lower: a smaller number under a header in per cent is likely a fraction."""


@dataclass(slots=True)
class RowCells:
    """The cells of one table, with the faults and defaults that reading them leaves."""

    table: Table
    layout: Layout
    headers: Sequence[Header]
    names: Names
    today: date
    client: str | None = None
    faults: list[CellFault] = field(default_factory=list)
    questions: dict[str, Question] = field(default_factory=dict)
    defaults: dict[str, list[str]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    header: dict[str, Header] = field(default_factory=dict)
    raw: dict[str, list[Any]] = field(default_factory=dict)
    mark: str | None = None
    month_first: int | None = None
    lots: list[str] = field(default_factory=list)
    beside: dict[tuple[str, str], str | None] = field(default_factory=dict)
    remarks: Mapping[str, Meaning] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=dict)
    told: Sequence[tuple[Header, Sequence[str]]] = ()

    def _text(self, key: str, i: int) -> str | None:
        cell = self.raw[key][i] if key in self.raw else None
        return None if cell is None else cells.tidy(str(cell)) or None

    def _fault(self, i: int, column: str, rule: str, fault: str, hint: str, /, *, cell: Any = None, **values: Any) -> None:
        """Note a fault; `fault` and `hint` are templates, and `cell` is what is faulty where that is not the whole cell."""
        text = self._text(column, i) if cell is None else str(cell)
        told = sentence(fault, values), sentence(hint, values)
        self.faults.append(CellFault(self.table.rows[i], column, self._text("lot_id", i), text, rule, *told))

    def _is_precious(self, asset: str | None) -> bool:
        return asset is not None and self.names.is_precious(asset)

    def _meaning(self, text: str) -> Meaning | None:
        """What the owner said that a text says of its lot."""
        return self.remarks.get(fold(text))

    def _default(self, what: str, lot: str) -> None:
        self.defaults.setdefault(what, []).append(lot)

    def _number(self, i: int, key: str) -> tuple[float | None, cells.Amount | None]:
        """The number in a cell and what stands around it; None where it is empty or faulty (the fault is noted)."""
        cell = self.raw[key][i] if key in self.raw else None
        if cell is None:
            return None, None
        if not isinstance(cell, str):
            is_number = not isinstance(cell, bool | date | datetime)
            if is_number and abs(float(cell)) <= LARGEST:
                return float(cell), cells.Amount(repr(float(cell)))
            self._no_number(i, key, finite=not is_number)
            return None, None
        found = cells.amount(cell)
        if found is None:
            self._no_number(i, key, finite=fold(cell) not in ("nan", "inf", "infinity"))
        if found is None or (found.is_ambiguous and self.mark is None):  # the latter is told once for the file
            return None, None
        value = found.readings.get(self.mark or next(iter(found.readings)))
        if value is not None and abs(value) > LARGEST:
            self._no_number(i, key, finite=False)
            return None, None
        return value, found

    def _no_number(self, i: int, key: str, *, finite: bool) -> None:
        if finite:
            hint = message("Write a plain number such as 1234.5, without words; leave the cell empty where a value is missing.")
            self._fault(i, key, "number", "not a number", hint)
        else:
            self._fault(i, key, "finite", "not a finite number within 1e15", "Leave the cell empty where a value is missing.")

    def _word(self, i: int, key: str, known: Mapping[str, str], *, default: str, remedy: str = "") -> str | None:
        text = self._text(key, i)
        if text is None:
            self._default(key, self.lots[i])
            return default
        found = next((known[spelling] for spelling in foldings(text) if spelling in known), None)
        if found is None:
            hint = together(did_you_mean(text, known.values()), remedy)
            self._fault(i, key, f"unknown_{key}", "unknown {key:s}", hint, key=key)
        return found

    def _fraction(self, i: int, key: str) -> float | None:
        value, found = self._number(i, key)
        if value is None or found is None:
            return None
        if found.before or found.after not in ("", "%"):
            return self._fault(i, key, "number", "not a number", "Write 15 % or 0.15.")
        if not found.after and self.header[key].percent and 0 < value < _LEAST_PER_CENT:
            hint = message(
                "Write {percent:g} % or {value:g} %, whichever is meant: the header says per cent.",
                percent=100 * value,
                value=value,
            )
            return self._fault(i, key, "percent", "a {key:s} that may be a fraction or in per cent", hint, key=key)
        if found.after == "%" or self.header[key].percent:
            value /= 100
        if not 0 <= value < 1:
            return self._fault(
                i, key, "fraction", "a {key:s} outside 0..1", "Write 15 % as 15 % or as the fraction 0.15.", key=key
            )
        return value
