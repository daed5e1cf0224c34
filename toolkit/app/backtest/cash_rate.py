"""What cash earns in a backtest: a rate a year, or rates from dates on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from toolkit.app.strategies.own_files import DATE, named_table
from toolkit.core.errors import GapError, SpecError
from toolkit.core.forecast import FloatArray
from toolkit.core.messages import message
from toolkit.core.units import DAYS_PER_YEAR
from toolkit.market.readers.cells import number
from toolkit.risk_model.named import as_columns

NAME, RATE = "cash_rate", "rate"
FRACTION = message("Give a fraction a year: 0.03 is 3 %.")


@dataclass(frozen=True, slots=True)
class CashRate:
    """Interest a year on cash, simple between two dates of a backtest; what is borrowed pays it.

    Attributes:
        days: Ascending, each the first of its rate.
        rates: Fractions a year.
    """

    days: tuple[date, ...]
    rates: tuple[float, ...]

    def __post_init__(self) -> None:
        if odd := next((rate for rate in self.rates if not -1 < rate < 1), None):
            raise SpecError("{name:s}: {rate:g} a year is no rate.", hint=FRACTION, name=NAME, rate=odd)
        if any(after <= before for before, after in zip(self.days, self.days[1:], strict=False)):
            raise SpecError("{name:s}: a date stands twice.", hint="Give each date one rate.", name=NAME)

    @classmethod
    def of(cls, given: Any) -> CashRate:
        """The rate of a number or its text; of a file, a frame or a mapping with dates the rates from each on.

        Raises:
            SpecError: for anything else.
            DataError, FrameError: for a file that cannot be read.
        """
        if isinstance(given, str | PathLike) and Path(given).is_file():
            columns: Mapping[str, Sequence[Any]] | None = named_table(Path(given), DATE)[0]
        elif isinstance(given, str):
            text = given.strip()
            rate = number(NAME, text.removesuffix("%").rstrip())
            return cls((date.min,), (rate / 100 if text.endswith("%") else rate,))
        elif isinstance(given, int | float | np.number) and not isinstance(given, bool):
            return cls((date.min,), (float(given),))
        elif (items := getattr(given, "items", None)) is not None and getattr(given, "ndim", 1) == 1:
            pairs = [*items()]
            columns = {DATE: [day for day, _ in pairs], RATE: [rate for _, rate in pairs]}
        else:
            columns = as_columns(given)
        keys = {name.strip().lower(): name for name in columns or ()}
        if columns is None or {*keys} != {DATE, RATE}:
            raise SpecError(
                "{name:s} is neither a rate nor columns {date!r:s} and {rate!r:s}.",
                hint=FRACTION,
                name=NAME,
                date=DATE,
                rate=RATE,
            )
        try:
            days = [date.fromisoformat(str(cell)[:10]) for cell in columns[keys[DATE]]]
            rates = np.array(columns[keys[RATE]], dtype=float)
        except (TypeError, ValueError):
            days, rates = [], np.array([np.nan])
        if not len(rates) or not np.isfinite(rates).all():
            raise SpecError("{name:s}: a row has no date or no rate.", hint=FRACTION, name=NAME)
        days, found = zip(*sorted(zip(days, rates.tolist(), strict=True)), strict=True)
        return cls(days, found)

    def between(self, dates: Sequence[date]) -> FloatArray:
        """(T - 1,) interest from each of T dates to the next, a unit of cash: rates of its days, each of its part of a year.

        Raises:
            GapError: where none is known on the first date.
        """
        if self.days[0] > dates[0]:
            raise GapError(
                "{name:s}: none is known on {day}; the first is of {first}.",
                hint="Give earlier rates, or a later --start.",
                name=NAME,
                day=dates[0],
                first=self.days[0],
            )
        changes = np.array([max(day, dates[0]).toordinal() for day in self.days])
        at, rates = np.array([day.toordinal() for day in dates]), np.array(self.rates)
        earned = np.append(0.0, np.cumsum(rates[:-1] * np.diff(changes)))
        i = np.searchsorted(changes, at, side="right") - 1
        return np.diff(earned[i] + rates[i] * (at - changes[i])) / DAYS_PER_YEAR
