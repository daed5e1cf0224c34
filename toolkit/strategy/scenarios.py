"""Scenario sets, scenarios and views as tables of a strategy: `[forecast] scenarios`, `[[scenario]]` and `[[view]]`."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, Any, Literal, Self

import numpy as np
from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, model_validator

from toolkit.core.countries import Country
from toolkit.core.decode import Given, Several, Spec, faults_of, raise_faults
from toolkit.core.expression import terms
from toolkit.core.messages import message
from toolkit.core.units import FREQUENCIES, periods_per_year
from toolkit.risk_model.named import as_columns

PERIOD = re.compile(r"^\s*(\d+(?:\.\d+)?)\s*(month|year)s?\s*$")


def months(text: str) -> float:
    """Months in a text such as ``36 months`` or ``3 years``."""
    match = PERIOD.match(text)
    if match is None or float(match[1]) <= 0:
        raise ValueError(message("must be a period such as '36 months' or '3 years', not {text!r:s}", text=text))
    return float(match[1]) * (12 if match[2] == "year" else 1)


def _period(text: str) -> str:
    months(text)
    return text


Period = Annotated[str, AfterValidator(_period)]


class HistoricalScenarios(Spec):
    """Past periods in which every asset has a price, at the frequency of the prices.

    Attributes:
        draws: Noisy copies of each period of a series that is seen through noise, even; 0 for the ordered path of
            posterior means, which measures of drawdown need.
        mean: ``forecast`` centres the deviations on the expected returns of the strategy, ``history`` leaves them as they were.
    """

    kind: Literal["historical"] = "historical"
    draws: int = Field(default=2, ge=0, multiple_of=2)
    mean: Literal["forecast", "history"] = "forecast"


class SimulatedScenarios(Spec):
    """Draws from the forecast.

    Attributes:
        count: How many, even unless `ordered`.
        distribution: Of the innovations.
        degrees: Of freedom of ``student_t``.
        horizon: Length of a period; a year unless `ordered`.
        ordered: One path of periods at the frequency of the prices, which measures of drawdown need.
    """

    kind: Literal["simulated"] = "simulated"
    count: int = Field(default=2000, ge=2, le=200_000)
    distribution: Literal["normal", "student_t"] = "student_t"
    degrees: float = Field(default=5.0, gt=2)
    horizon: Period | None = None
    ordered: bool = False

    @model_validator(mode="after")
    def _drawn_in_pairs_or_in_order(self) -> SimulatedScenarios:
        if self.ordered and self.horizon is not None:
            raise ValueError(message("leaves out `horizon` where `ordered` is true: a path has the frequency of the prices"))
        if not self.ordered and self.count % 2:
            raise ValueError(message("needs an even count: scenarios are drawn in pairs, not {count}", count=self.count))
        return self

    @property
    def years(self) -> float | None:
        """Length of a period, None for the frequency of the prices."""
        return None if self.ordered else months(self.horizon or "1 year") / 12


DATE, LABEL, PROBABILITY = "date", "scenario", "probability"
"""Columns of own scenarios that are no asset, in any case."""
LONGEST_GAP, DAYS_OFF = 1.5, 5
"""Distance of two dates, in median distances and days, beyond which they are not of periods that follow each other."""
OFF_ONE = 1e-6
"""By which probabilities that were rounded may miss 1."""


class OwnScenarios(Spec):
    """Your own joint scenarios: simple returns of every asset over one period in the reporting currency, as fractions.

    A `file` (CSV, Parquet, a sheet), or in Python a frame, has a row a scenario and a column an asset under its key, perhaps a
    column `probability`, and one `date` or `scenario` that names the rows. Means stay as they are.

    Attributes:
        values: Asset -> its return in each scenario: 0.05 is 5 %.
        probabilities: Of the scenarios, adding up to 1; equal by default.
        periods_per_year: How many such periods are a year: 252 of days, 12 of months, 1 of years; by default from the dates.
        ordered: Whether the rows are consecutive periods of one path, which measures of drawdown need.
    """

    kind: Literal["own"] = "own"
    values: Given[Mapping[str, Several[float]]] = Field(default_factory=dict)
    probabilities: Several[Annotated[float, Field(ge=0)]] = ()
    periods_per_year: float | None = Field(default=None, gt=0, le=366)
    ordered: bool = False
    file: str | None = Field(default=None, min_length=1)

    @model_validator(mode="before")
    @classmethod
    def _of_frame(cls, data: Any) -> Any:
        """Frames as mappings."""
        values = data.get("values") if isinstance(data, Mapping) else None
        columns = values if values is None or isinstance(values, Mapping) else as_columns(values, LABEL)
        if columns is None and values is not None:
            raise ValueError(message("values need the names of their columns: give a frame, or asset -> returns"))
        return data if not columns else {**data, **_of_columns(columns, data)}

    @model_validator(mode="after")
    def _is_one_set(self) -> OwnScenarios:
        if not self.values and self.file is None:
            raise ValueError(message("needs `values` or a `file`"))
        counts = {len(column) for column in self.values.values()} | ({len(self.probabilities)} if self.probabilities else set())
        if self.values and (len(counts) > 1 or not min(counts)):
            raise ValueError(message("needs one return of every asset, and one probability, a scenario"))
        if self.values and self.periods_per_year is None:
            raise ValueError(
                message(
                    "needs `periods_per_year` (12 where a scenario is a month), which no dates of consecutive periods say: "
                    '--set \'forecast.scenarios={{kind = "own", periods_per_year = 12, file = "scenarios.csv"}}\''
                )
            )
        if self.ordered and self.probabilities:
            raise ValueError(message("has probabilities: periods of one path in order have none"))
        if self.probabilities and abs(math.fsum(self.probabilities) - 1.0) > OFF_ONE:
            raise ValueError(message("probabilities add up to {sum:.9g}, not to 1", sum=math.fsum(self.probabilities)))
        return self

    def with_table(self, columns: Mapping[str, Sequence[Any]], name: str) -> Self:
        """The same with the numbers of its file, `columns` by name.

        Raises:
            SpecError: for what is no set of scenarios.
        """
        stated = {**self.model_dump(exclude_unset=True), "file": None}
        try:
            return type(self).model_validate({**stated, "values": columns})
        except ValidationError as error:
            raise_faults(faults_of(error, type(self), "forecast.scenarios"), name)
            raise


def _of_columns(columns: Mapping[str, Sequence[Any]], stated: Mapping[str, Any]) -> dict[str, Any]:
    """Keys of own scenarios from the columns of a table; those that are `stated` stay.

    Raises:
        ValueError: for a cell that is no number, and dates that are not those of periods in order.
    """
    special = {name.strip().lower(): name for name in columns if name.strip().lower() in (DATE, LABEL, PROBABILITY)}
    found: dict[str, Any] = {"values": {name: column for name, column in columns.items() if name not in special.values()}}
    if (name := special.get(PROBABILITY)) is not None:
        found["probabilities"] = columns[name]
    for name in (*found["values"], *([special[PROBABILITY]] if PROBABILITY in special else [])):
        odd = next((i for i, cell in enumerate(columns[name]) if not _is_number(cell)), None)
        if odd is not None:
            raise ValueError(message("{name!r:s} has no number in scenario {row:d}", name=name, row=odd + 1))
    if (name := special.get(DATE)) is not None:
        periods = _periods_of(columns[name])
        if periods is None and stated.get("ordered"):
            raise ValueError(message("dates are not those of consecutive periods in order, and `ordered` says that they are"))
        if periods is not None and stated.get("periods_per_year") is None:
            found["periods_per_year"] = periods
    return found


def _is_number(cell: Any) -> bool:
    return isinstance(cell, int | float) and not isinstance(cell, bool) and math.isfinite(cell)


def _periods_of(cells: Sequence[Any]) -> float | None:
    """Periods a year of dates that follow each other without a hole, by day, week, month, quarter or year; None for others."""
    try:
        days = [date.fromisoformat(str(cell)[:10]) for cell in cells]
    except ValueError:
        return None
    gaps = np.diff([day.toordinal() for day in days])
    if not len(gaps) or gaps.min() <= 0 or gaps.max() > LONGEST_GAP * np.median(gaps) + DAYS_OFF:
        return None
    periods = periods_per_year(days)
    return periods if any(periods == known for known, *_ in FREQUENCIES) else None


ScenariosSpec = Annotated[HistoricalScenarios | SimulatedScenarios | OwnScenarios, Field(discriminator="kind")]
"""What `scenarios = {kind = ...}` of a strategy may be."""


def _sum_of_names(text: str) -> str:
    terms(text)
    return text


Fraction = Annotated[float, Field(ge=0, le=1)]
Expression = Annotated[str, AfterValidator(_sum_of_names)]


class ShockSpec(Spec):
    """Something that may happen within a year, with its returns.

    Attributes:
        name: Name in views, constraints and reports.
        returns: Asset or element -> simple return when it happens. What is not named only moves as it does anyway.
        control: Country (ISO-3) that announces new controls: assets that `returns` does not name have the default size of
            such a shock, from past ones.
        lifted: Country that suspends or repeals its controls; default sizes as for `control`.
        assets: The assets or elements that `control` or `lifted` is about; by default the kinds of metal that the country has
            controlled before.
        probability: Of happening within a year; the base rate of past events by default.
    """

    name: str = Field(min_length=1)
    returns: dict[str, Annotated[float, Field(ge=-1)]] = Field(default_factory=dict)
    control: Country | None = None
    lifted: Country | None = None
    assets: Several[str] = ()
    probability: Fraction | None = None

    @model_validator(mode="after")
    def _moves_something(self) -> ShockSpec:
        if self.control is not None and self.lifted is not None:
            raise ValueError(message("has both `control` and `lifted`: write two scenarios"))
        if self.origin is None and not self.returns:
            raise ValueError(message("needs `returns`, `control` or `lifted`"))
        if self.assets and self.origin is None:
            raise ValueError(message("has `assets`, which say what `control` or `lifted` is about, and neither of these"))
        return self

    @property
    def origin(self) -> str | None:
        """The country behind it."""
        return self.control or self.lifted


class Range(Spec):
    """A value, or a side that it is on: ``0.35``, ``{at_least = 0.2}``, ``{at_least = 0.2, at_most = 0.4}``."""

    at_least: float | None = None
    at_most: float | None = None

    @model_validator(mode="after")
    def _bounds_something(self) -> Range:
        if self.at_least is None and self.at_most is None:
            raise ValueError(message("needs a number, `at_least` or `at_most`"))
        if self.at_least is not None and self.at_most is not None and self.at_least > self.at_most:
            raise ValueError(
                message("has at_least {at_least:g} above at_most {at_most:g}", at_least=self.at_least, at_most=self.at_most)
            )
        return self

    @property
    def bounds(self) -> tuple[float, ...]:
        """The values that are named."""
        return tuple(value for value in (self.at_least, self.at_most) if value is not None)

    @property
    def exact(self) -> float | None:
        """The value, where it is one."""
        return self.at_least if self.at_least == self.at_most else None


def _range(value: Any) -> Any:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return {"at_least": value, "at_most": value}
    if value is not None and not isinstance(value, Mapping | Range):
        raise ValueError(message("must be a number, or a table with at_least or at_most, not {value!r:s}", value=value))
    return value


def _within(low: float, high: float, what: str) -> AfterValidator:
    def check(value: Range | None) -> Range | None:
        if value is not None and any(not low <= bound <= high for bound in value.bounds):
            raise ValueError(message("must be {what}", what=what))
        return value

    return AfterValidator(check)


class ViewSpec(Spec):
    """A statement about the scenarios, which are weighed anew to satisfy it.

    Attributes:
        name: Name in messages; its content by default.
        scenario: Name of a `[[scenario]]`: the view is of its `probability` within a year.
        expression: ``gallium - gold``: the view is of its `mean` or its `volatility` a year, or of the `probability` that its
            return over the horizon is `below` or `above` a level.
        probability, mean, volatility: A number, or a table with `at_least` or `at_most`. A volatility is about the viewed mean
            of the same expression, and holds the mean where no view gives it.
        below, above: Level of a return over the horizon.
    """

    name: str | None = Field(default=None, min_length=1)
    scenario: str | None = None
    expression: Expression | None = None
    probability: Annotated[Range | None, BeforeValidator(_range), _within(0.0, 1.0, message("within 0 and 1"))] = None
    mean: Annotated[Range | None, BeforeValidator(_range)] = None
    volatility: Annotated[Range | None, BeforeValidator(_range), _within(0.0, math.inf, message("at least 0"))] = None
    below: float | None = None
    above: float | None = None

    @model_validator(mode="after")
    def _is_of_one_thing(self) -> ViewSpec:
        if (self.scenario is None) == (self.expression is None):
            raise ValueError(message("needs exactly one of `scenario` and `expression`"))
        stated = [key for key in ("probability", "mean", "volatility") if getattr(self, key) is not None]
        levels = [key for key in ("below", "above") if getattr(self, key) is not None]
        if self.scenario is not None and (stated != ["probability"] or levels):
            raise ValueError(message("is of a scenario, and needs its `probability` and nothing else"))
        if self.expression is not None and len(stated) != 1:
            raise ValueError(message("needs exactly one of `mean`, `volatility` and `probability`"))
        if self.expression is not None and len(levels) != int(stated == ["probability"]):
            raise ValueError(message("needs one of `below` and `above` with a `probability` of an expression, and only there"))
        return self

    @property
    def label(self) -> str:
        """The name, else what it is about: ``mean of gallium - gold``."""
        if self.name is not None or self.expression is None:
            return self.name or self.scenario or ""
        if self.probability is None:
            return f"{'volatility' if self.mean is None else 'mean'} of {self.expression}"
        level = f"below {self.below:g}" if self.below is not None else f"above {self.above:g}"
        return f"probability of {self.expression} {level}"
