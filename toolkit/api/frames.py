"""Frames of any library as polars frames, arrays with the names of their columns, and prices from returns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from importlib import import_module
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from toolkit.core.errors import DataError, SpecError
from toolkit.core.text import repeated
from toolkit.market.readers.columns import days as days_of
from toolkit.market.readers.tabular import table_of

if TYPE_CHECKING:
    import narwhals as nw

DATE = "date"
DATES = (DATE, "datum")
"""Columns of dates, in any case."""
NAMES = "Give a frame, a mapping of names to columns, or tk.frame(array, names=[...], dates=[...])."
INDEX_START = 100.0
"""Level at which a price path made from returns begins."""
NO_RETURN = 0.5
"""What is beyond it in half of all periods, up or down, is a price or in per cent."""
NO_GROWTH = 25.0
"""Log of what no investment grows or falls to (7e10 times): such returns are in per cent."""

FRIDAY = 5
DAYS_OF_WEEKS = 21
"""Days that are further apart, in months that follow each other, are one a month."""


def frame(values: Any, *, names: Sequence[str], dates: Iterable[Any] | None = None) -> pl.DataFrame:
    """An array with the names of its columns.

    Args:
        values: (T, n) numbers; NaN where there is none.
        names: n names, of assets for instance.
        dates: T days, of rows that have one each.

    Raises:
        DataError: where the array has not as many columns as there are names, or rows as there are dates.
    """
    _check_names(list(names), "names")
    array = np.asarray(values, dtype=float)
    days = None if dates is None else list(dates)
    if array.ndim != 2 or array.shape[1] != len(names):
        hint = f"The array is {'x'.join(map(str, array.shape))}: give a (T, {len(names)}) array, or a name for each column."
        raise DataError(f"{len(names)} names do not fit the array.", hint=hint, details={"shape": list(array.shape)})
    if days is not None and len(days) != len(array):
        raise DataError(f"{len(days)} dates do not fit {len(array)} rows.", hint="Give one date a row.")
    if days is not None and None in (days := list(map(day_part, days))):
        raise DataError(f"row {days.index(None) + 1} has no date.", hint="Give its date, or leave it out.")
    columns = {name: pl.Series(column).fill_nan(None) for name, column in zip(names, array.T, strict=True)}
    return pl.DataFrame(columns if days is None else {DATE: pl.Series(days, dtype=pl.Date), **columns})


def to_pandas(data: pl.DataFrame) -> Any:
    """A frame of an answer as one of pandas, which needs no pyarrow: dates are datetime64, what is missing NaN, NaT or None.

    Raises:
        SpecError: where pandas is not installed.
    """
    try:
        pandas = import_module("pandas")
    except ModuleNotFoundError:
        raise SpecError("pandas is not installed.", hint="pip install pandas.") from None
    arrays = {*data.select(pl.selectors.numeric() | pl.selectors.temporal()).columns}
    columns = {one.name: one.to_numpy() if one.name in arrays else one.to_list() for one in data.iter_columns()}
    return pandas.DataFrame(columns)


def as_polars(data: Any, what: str) -> pl.DataFrame:
    """A frame of any library that narwhals knows, or a mapping of names to columns.

    A pandas frame whose index has dates, or text where no column has them, gets it as its column `date`; NaN is pandas' mark of
    a missing value, and null here.

    Args:
        data: The frame.
        what: What it is, for messages (``prices``).

    Raises:
        DataError: for anything else; an array has no names.
    """
    if isinstance(data, str | PathLike):
        raise DataError(f"{what}: {str(data)!r} is a path.", hint="Read it first: pl.read_csv(path).")
    if isinstance(data, Mapping):
        _check_names(list(data), what)
        columns = {name: pl.Series(name, _column(column)) for name, column in data.items()}
        if len({len(column) for column in columns.values()}) > 1:
            lengths = ", ".join(f"{name} {len(column)}" for name, column in columns.items())
            raise DataError(f"{what}: columns have different lengths: {lengths}.", hint="null stands for what is missing.")
        return pl.DataFrame(columns)
    if isinstance(data, pl.DataFrame):
        return data
    import narwhals as nw  # noqa: PLC0415  # a frame of polars does not wait for it

    try:
        known = nw.from_native(data)
    except TypeError:
        raise DataError(f"{what}: {type(data).__name__} has no names of columns.", hint=NAMES) from None
    except nw.exceptions.DuplicateError:
        twice = [repr(name) for name in repeated(map(str, getattr(data, "columns", ())))]
        told = f"{what}: {' '.join(['column', *twice[:1]])} occurs twice."
        raise DataError(told, hint="Rename or remove one of each.") from None
    if isinstance(known, nw.LazyFrame):
        raise DataError(f"{what}: a lazy frame has no values yet.", hint="Call .collect() first.")
    if getattr(getattr(data, "columns", None), "nlevels", 1) > 1:
        hint = "Give one column an asset, named as it: of a download of quotations data['Close']."
        raise DataError(f"{what}: columns have names of several levels.", hint=hint)
    _check_names(known.columns, what)
    columns = {column.name: _values(column) for column in known.iter_columns()}
    index = nw.maybe_get_index(known)
    dates = next((name for name in columns if name.lower() in DATES), None)
    if index is not None and len(index) and (hasattr(index[0], "year") or (dates is None and isinstance(index[0], str))):
        days = [day_part(getattr(day, "end_time", day)) for day in index]
        if dates is not None and [day_part(day) for day in columns[dates]] != days:
            raise DataError(f"{what}: the index has other dates than the column {dates!r}.", hint="Remove one of the two.")
        columns = columns if dates is not None else {DATE: days, **columns}
    return pl.DataFrame(columns, strict=False)


def _check_names(names: Sequence[Any], what: str) -> None:
    """`DataError` for names of columns that are no text, or occur twice."""
    odd = [name for name in names if not isinstance(name, str)]
    if odd:
        raise DataError(f"{what}: the name of a column is no text: {odd[0]!r}.", hint="Name columns as their assets.")
    if twice := sorted(repeated(names)):
        raise DataError(f"{what}: column {twice[0]!r} occurs twice.", hint="Rename or remove one of each.")


def _column(values: Any) -> pl.Series | list[Any]:
    array = np.asarray(values)
    if array.dtype.kind in "OUS":
        return list(values)
    return pl.Series(array).fill_nan(None) if array.dtype.kind == "f" else pl.Series(array)


def _values(column: nw.Series[Any]) -> list[Any]:
    gone = column.is_null().to_list()
    return [None if missing else value for value, missing in zip(column.to_list(), gone, strict=True)]


def day_part(value: Any) -> Any:
    """The day of a moment in its own time zone; text stays, and is read where files are."""
    moment = value.item() if isinstance(value, np.datetime64) else value
    if isinstance(moment, int):  # nanoseconds of numpy
        moment = np.datetime64(moment, "ns").astype("datetime64[D]").item()
    if isinstance(moment, datetime):
        return None if str(moment) == "NaT" else moment.date()
    return moment


def price_path(returns: pl.DataFrame) -> pl.DataFrame:
    """Prices (T + 1 rows) whose simple returns are those given: an index from 100 on the period before the first return.

    A series may begin later or end earlier than others. Nothing is filled: a gap inside a series is an error, since no
    price is known behind it.

    Args:
        returns: T rows, a column `date` and one of simple returns as fractions an asset; null where there is none.

    Raises:
        DataError: without dates, for a gap in a series, for a return of -100 % or less, and for prices in place of returns.
    """
    dates = next((name for name in returns.columns if name.lower() in DATES), DATE)
    returns = returns.rename({dates: DATE}) if dates in returns.columns else returns
    if {DATE, "asset"} <= {*returns.columns}:
        hint = "Give one column an asset: frame.pivot('asset', index='date', values='return')."
        raise DataError("returns have a column 'asset', a row each.", hint=hint)
    if DATE not in returns.columns:
        raise DataError("returns have no column 'date'.", hint="Name it date, or use tk.frame(array, names=..., dates=...).")
    read = returns[DATE]
    if read.dtype != pl.Date or read.null_count():
        read = days_of(table_of(returns.select(DATE), "returns"), DATE, month_until=date.today())
    if len(read) < max(2, returns.height):
        raise DataError("returns need at least two rows, each with a date.", hint="Write dates as 2026-05-31.")
    table = returns.with_columns(read)
    table = table if read.is_sorted() else table.sort(DATE)
    names, days = [name for name in table.columns if name != DATE], table[DATE]
    numbers = table.select(pl.col(names).cast(pl.Float64, strict=False))
    rates, whole = np.asarray(numbers.to_numpy(), order="F"), not sum(numbers.null_count().row(0))
    known = inside = np.ones(rates.shape, dtype=bool, order="F")
    if not whole:
        known = numbers.select(pl.all().is_not_null()).to_numpy()
        began, ahead = (np.logical_or.accumulate(known[::way], axis=0)[::way] for way in (1, -1))
        inside = began & ahead
    changes = rates if whole else np.where(inside, rates, 0.0)
    path = np.full((len(rates) + 1, len(names)), INDEX_START, order="F")
    with np.errstate(all="ignore"):
        np.add(changes, 1.0, out=path[1:])
        np.cumprod(path[1:], axis=0, out=path[1:])
        path[1:] *= INDEX_START
        often = 2 * ((changes > NO_RETURN) | (changes < -NO_RETURN)).sum(axis=0) >= inside.sum(axis=0)
        fair = known.any(axis=0) & np.isfinite(changes.sum(axis=0)) & (changes.min(axis=0) > -1) & (inside == known).all(axis=0)
        low, high = path.min(axis=0, initial=INDEX_START), path.max(axis=0, initial=INDEX_START)
        fair &= ~often & (low >= INDEX_START * np.exp(-NO_GROWTH)) & (high <= INDEX_START * np.exp(NO_GROWTH))
    for name, sound in zip(names, fair, strict=True):
        if not sound or table[name].dtype == pl.String:
            _check_returns(name, table[name], days)
    if not whole:  # the first price is that of the row before the first return
        none = np.zeros((1, len(names)), dtype=bool)
        path[~(np.vstack([inside, none]) | np.vstack([none, inside]))] = np.nan
    frame = pl.DataFrame(path, schema=names)
    return (frame if whole else frame.fill_nan(None)).insert_column(0, pl.concat([pl.Series(DATE, [_before(days)]), days]))


def _check_returns(name: str, given: pl.Series, days: pl.Series) -> None:
    """`DataError` for a column (T,) that is not one of simple returns as fractions without a gap."""
    series = given.cast(pl.Float64, strict=False)
    if given.dtype == pl.String and series.null_count() > given.null_count():
        text = given.filter(series.is_null() & given.is_not_null())[0]
        hint = "Give simple returns as fractions: 0.012 is 1.2 %."
        raise DataError(f"returns of {name!r} are no numbers: {text!r}.", hint=hint, details={"asset": name})
    known = np.flatnonzero(series.is_not_null())
    if not len(known):
        raise DataError(f"returns of {name!r} are all missing.", hint="Leave the column out.", details={"asset": name})
    first, last = int(known[0]), int(known[-1])
    rates = series[first : last + 1].to_numpy()
    if len(known) < last - first + 1:
        day = days[first + int(np.flatnonzero(~np.isfinite(rates))[0])]
        raise DataError(
            f"returns of {name!r} have a gap on {day}: no price is known after it.",
            hint="Give prices instead, which may have gaps, or leave the asset or its older part out.",
            details={"asset": name, "date": str(day)},
        )
    if not np.isfinite(rates).all():
        raise DataError(f"returns of {name!r} are not all finite numbers.", hint="Correct them; what is missing is null.")
    if found := no_returns(name, rates):
        raise found


def no_returns(name: str, rates: np.ndarray) -> DataError | None:
    """Why numbers (T,) of an asset are no simple returns as fractions; None where they may be."""
    why, hint = None, "Give simple returns as fractions: 0.012 is 1.2 %."
    if (rates <= -1).any():
        why = "have one of -100 % or less"
    elif np.median(np.abs(rates)) > NO_RETURN:
        why, hint = f"are beyond {NO_RETURN:.0%} more often than not", f"{hint} Give prices in prices=."
    elif np.abs(np.cumsum(np.log1p(rates))).max(initial=0.0) > NO_GROWTH:
        why = f"compound to {np.exp(np.log1p(rates).sum()):.0e} times the first value"
    return None if why is None else DataError(f"returns of {name!r} {why}.", hint=hint, details={"asset": name})


def check_levels(prices: pl.DataFrame) -> None:
    """`DataError` where numbers on both sides of zero, all below 1, are returns and no prices."""
    values = np.asarray(prices.select(pl.selectors.numeric().cast(pl.Float64)).to_numpy(), dtype=float)  # of no column, too
    low, high = np.fmin.reduce(values, axis=None, initial=np.inf), np.fmax.reduce(values, axis=None, initial=-np.inf)
    if -1 < low < 0 < high < 1:
        raise DataError("prices are on both sides of zero, as returns are.", hint="Give returns in returns=.")


def _before(days: pl.Series) -> date:
    """The day one period before the first of T days: the end of the month before for ends of months, and for any day a month.

    Of weekdays it is one too: a price on a Sunday would be that of no trading day, and the first return would be lost.
    """
    first, second = days[0], days[1]
    months = 12 * (second.year - first.year) + second.month - first.month
    ends = all((day + timedelta(days=1)).day == 1 for day in (first, second))
    if ends or (months == 1 and (second - first).days > DAYS_OF_WEEKS):
        return first.replace(day=1) - timedelta(days=1)
    before = first - (second - first)
    weekdays = bool((days.dt.weekday() <= FRIDAY).all())
    return before - timedelta(days=max(0, before.isoweekday() - FRIDAY)) if weekdays else before
