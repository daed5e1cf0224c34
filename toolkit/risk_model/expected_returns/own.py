"""Expected returns that the user states."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from toolkit.core.decode import Given, Spec
from toolkit.core.errors import DataError
from toolkit.core.messages import message
from toolkit.risk_model.covariance.form import CovarianceInputs, StructuredCovariance
from toolkit.risk_model.expected_returns.base import ExpectedReturns
from toolkit.risk_model.named import as_columns, named_columns, not_read, positions, unused

WHERE = "forecast.returns"
DATE = "date"
RETURN, ERROR = "return", "error"
"""Columns of a file."""
NAMES = {"expected_return": RETURN, RETURN: RETURN, ERROR: ERROR}
"""How they may be called."""
LARGEST_RETURN_A_YEAR = 10.0
"""Beyond 1,000 % a year a return is in per cent."""
USUAL = 1.0
"""Where half of them are beyond 100 % a year, all are."""


def _unused(value: object) -> bool:
    return not value


class OwnReturns(Spec):
    """Your own expected simple returns a year in the reporting currency, as fractions: 0.05 is 5 %.

    `values` is asset -> return, `errors` asset -> standard error, which `robust` reads; a `file` (CSV, Parquet, a sheet) has a
    column of names, a column `return` and perhaps one `error`, and in Python a frame or a series may be given. With a column
    `date` beside them a return counts from its day on, and the newest of each asset on a day is used; such a table may have a
    column an asset in place of names and returns.
    """

    kind: Literal["own"] = "own"
    values: Given[Mapping[str, float]] = Field(default_factory=dict)
    errors: Mapping[str, float] = Field(default_factory=dict, exclude_if=_unused)
    by_date: Mapping[str, Mapping[str, float]] = Field(default_factory=dict, exclude_if=_unused)
    errors_by_date: Mapping[str, Mapping[str, float]] = Field(default_factory=dict, exclude_if=_unused)
    file: str | None = Field(default=None, min_length=1)

    @model_validator(mode="before")
    @classmethod
    def _of_frame(cls, data: Any) -> Any:
        """Frames as mappings."""
        values = data.get("values") if isinstance(data, Mapping) else None
        if values is None or isinstance(values, Mapping):
            return data
        columns = as_columns(values)
        if columns is None and hasattr(values, "dtype") and not hasattr(values, "items"):
            raise ValueError(message("values need their names: write dict(zip(names, values)), or give a series or a frame"))
        return data if columns is None else {**data, **_by_name(columns, "the frame")}

    @model_validator(mode="after")
    def _is_given(self) -> OwnReturns:
        if not (self.values or self.by_date or self.file):
            raise ValueError(message("needs `values`, `by_date` or a `file`"))
        if odd := next((day for day in (*self.by_date, *self.errors_by_date) if not _is_day(day)), None):
            raise ValueError(message("by_date: {odd!r:s} is no date such as 2026-05-31", odd=odd))
        if other := [name for name in self.errors if name not in self.values]:
            raise ValueError(message("errors: {other!r:s} has no value", other=other[0]))
        return self

    def with_table(self, columns: Mapping[str, Sequence[Any]], name: str) -> Self:
        """The same with the numbers of its file, `columns` by name."""
        return self.model_copy(update={**_by_name(columns, name), "file": None})

    def known_on(self, day: date) -> Self:
        """The same with the newest returns of each asset that are of a day or of one before; `by_date` keeps these alone.

        Raises:
            DataError: where all are later.
        """
        if not self.by_date:
            return self
        newest = {asset: when for when in sorted(self.by_date) if when <= day.isoformat() for asset in self.by_date[when]}
        if not newest:
            raise DataError(
                "{where:s}: none is known on {day}; the first are of {first}.",
                hint="Choose a later day, or give those of earlier dates.",
                where=WHERE,
                day=day,
                first=date.fromisoformat(min(self.by_date)),
            )
        errors = {asset: self.errors_by_date[when][asset] for asset, when in newest.items() if when in self.errors_by_date}
        kept = {when: {a: self.by_date[when][a] for a in newest if newest[a] == when} for when in sorted({*newest.values()})}
        values = {asset: self.by_date[when][asset] for asset, when in newest.items()}
        return self.model_copy(update={"values": values, "errors": errors, "by_date": kept, "errors_by_date": {}})

    def estimate(self, inputs: CovarianceInputs, form: StructuredCovariance) -> ExpectedReturns:  # noqa: ARG002
        """Its values of the universe.

        Raises:
            SpecError: for a file that was not read.
            DataError: for an asset without a value, and values that are no returns.
        """
        if not self.values:
            raise not_read(WHERE, self.file)
        names = [*self.values]
        at = positions(names, inputs.assets, WHERE)
        mean = np.array([self.values[names[i]] for i in at])
        odd = ~((mean > -1) & (mean <= (LARGEST_RETURN_A_YEAR if np.median(np.abs(mean)) <= USUAL else USUAL)))
        if odd.any():
            raise DataError(
                "{where:s}: {mean:g} a year is no return of {assets!r:s}.",
                hint="Give fractions a year: 0.05 is 5 %, -1 would be everything.",
                where=WHERE,
                mean=mean[odd][0],
                assets=inputs.assets[int(odd.argmax())],
            )
        errors = None
        if self.errors:
            known = [*self.errors]
            errors = np.diag([self.errors[known[i]] ** 2 for i in positions(known, inputs.assets, f"{WHERE}.errors")])
        days = [date.fromisoformat(when) for when, of in self.by_date.items() if {*of} & {*inputs.assets}]
        dated = [message("Own expected returns: of {days}.", days=sorted({min(days), max(days)}))] if days else []
        return ExpectedReturns(mean, errors, (*dated, *unused(names, inputs.assets)))


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _by_name(columns: Mapping[str, Sequence[Any]], where: str) -> dict[str, Any]:
    """`values` and `errors` of a table, or those by date where it has dates.

    Raises:
        DataError: for columns with other names, for a name that stands twice, and for a cell that is no date or number.
    """
    dates = next((name for name in columns if name.strip().lower() == DATE), None)
    if dates is not None:
        rows = dict[str, dict[str, list[Any]]]()
        table, days = _long({name: column for name, column in columns.items() if name != dates}, columns[dates])
        for i, cell in enumerate(days):
            day = str(cell)[: len("2026-05-31")]
            if not _is_day(day):
                raise DataError(
                    "{where:s}: {cell!r:s} is no date.", hint="Write it as 2026-05-31.", where=where, cell=str(cell)
                )
            row = rows.setdefault(day, {name: [] for name in table})
            for name, column in table.items():
                row[name].append(column[i])
        of_days = {day: _by_name(rows[day], f"{where}, {day}") for day in sorted(rows)}
        found = {key: {day: of[key] for day, of in of_days.items() if key in of} for key in ("values", "errors")}
        return {"values": {}, "by_date": found["values"], "errors_by_date": found["errors"]}
    names, numbers = named_columns(columns, where)
    positions(names, (), where)
    known = {NAMES.get(name.strip().lower(), name): column for name, column in numbers.items()}
    if RETURN not in known or {*known} - {RETURN, ERROR} or len(known) < len(numbers):
        raise DataError(
            message(
                "{where:s} has the columns {columns} beside the names.",
                where=where,
                columns=[*numbers],
            )
            if numbers
            else message("{where:s} has names alone.", where=where),
            hint="Name the column of expected returns a year {return_!r:s}, and one of their standard errors {error!r:s}.",
            return_=RETURN,
            error=ERROR,
        )
    values = dict(zip(names, known[RETURN], strict=True))
    return {"values": values, **({"errors": dict(zip(names, known[ERROR], strict=True))} if ERROR in known else {})}


def _long(columns: Mapping[str, Sequence[Any]], days: Sequence[Any]) -> tuple[Mapping[str, Sequence[Any]], Sequence[Any]]:
    """Rows of an asset and a return, and their dates, of a table with a column an asset; an empty cell is no row.

    A table with names, or with columns of `NAMES`, is as it was.
    """
    if {name.strip().lower() for name in columns} & {*NAMES} or any(
        isinstance(one, str) for of in columns.values() for one in of
    ):
        return columns, days
    cells = [(name, cell, day) for name, of in columns.items() for cell, day in zip(of, days, strict=True) if cell is not None]
    names, values, dates = zip(*cells, strict=True) if cells else ((), (), ())
    return {"asset": names, RETURN: values}, dates
