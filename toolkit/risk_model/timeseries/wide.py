"""Wide frames of assets and factors as arrays with labels: checked once, copied at most once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from toolkit.core.errors import DataError, did_you_mean
from toolkit.core.forecast import FloatArray

DATE = "date"


@dataclass(frozen=True, slots=True)
class Wide:
    """T periods of n assets and k factors, oldest first where there are dates.

    Attributes:
        dates: T, or none where the frame had no column `date`.
        factors: k names.
        frame: A column an asset, of 64-bit floats.
        x: (T, k) changes of the factors, NaN missing.
    """

    dates: tuple[date, ...]
    factors: tuple[str, ...]
    frame: pl.DataFrame
    x: FloatArray

    @property
    def assets(self) -> tuple[str, ...]:
        """N names."""
        return tuple(self.frame.columns)

    def blocks(self, size: int) -> Iterator[FloatArray]:
        """Changes (T, at most `size`) of so many assets after another, NaN missing.

        A block that fits into the cache of the processor is copied, multiplied and forgotten for less than it costs to copy the
        whole frame into new memory.
        """
        for start in range(0, self.frame.width, size):
            yield _array(self.frame[:, start : start + size])


def wide(changes: pl.DataFrame, factors: pl.DataFrame | tuple[str, ...]) -> Wide:
    """Arrays of two frames, or of one whose columns `factors` explain the others.

    Args:
        changes: A column an asset, a row a period, null where missing; may have a column `date`, by which it is sorted.
        factors: Another such frame (matched by `date` where both have it, else row by row), or columns of `changes`.

    Raises:
        DataError: for NaN, infinite or non-numeric values, no assets or factors, unknown columns, repeated dates, or frames
            that do not fit together.
    """
    if isinstance(factors, tuple):
        unknown = [name for name in factors if name not in changes.columns]
        if unknown:
            raise DataError(f"There is no column {unknown[0]!r}.", hint=did_you_mean(unknown[0], changes.columns))
        left, right = changes.drop(factors), changes.select(factors)
        dated = DATE in left.columns
        if dated:
            right = right.with_columns(left[DATE])
    else:
        left, right = changes, factors
        dated = DATE in left.columns and DATE in right.columns
    dates: tuple[date, ...] = ()
    if DATE in left.columns:
        left = _by_date(left)
        dates = tuple(left[DATE].to_list())
    if dated:
        right = _by_date(right)
        if not left[DATE].equals(right[DATE]):
            right = left.select(DATE).join(right, on=DATE, how="left", maintain_order="left")
    left, right = (frame.drop(DATE) if DATE in frame.columns else frame for frame in (left, right))
    if left.height != right.height:
        raise DataError(
            f"The assets have {left.height} rows and the factors {right.height}.",
            hint="Give both frames a column 'date', or the same rows.",
        )
    if not left.width or not right.width:
        raise DataError("A regression needs at least one asset and one factor.", hint="Name columns of both.")
    right = _floats(right)
    return Wide(dates, tuple(right.columns), _floats(left), _array(right))


def _by_date(frame: pl.DataFrame) -> pl.DataFrame:
    """Rows in the order of their dates; as they are if they already are in it."""
    day = frame[DATE]
    if day.null_count() or day.n_unique() != len(day):
        raise DataError("A date is missing or repeated.", hint="One row a date.")
    return frame if day.is_sorted() else frame.sort(DATE)


def _floats(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with every column in 64-bit floats."""
    if set(frame.dtypes) == {pl.Float64}:
        return frame
    other = [name for name, dtype in frame.schema.items() if not (dtype.is_numeric() or dtype == pl.Null)]
    if other:
        raise DataError(f"Column {other[0]!r} holds no numbers.", hint="Leave it out, or name it 'date' if it holds dates.")
    return frame.cast(pl.Float64)


def _array(frame: pl.DataFrame) -> FloatArray:
    """Values (T, n), one column after the other in memory, NaN where null; refuses NaN and infinite numbers.

    The sum of a column shows a value that is not finite without a mask of the size of the block.
    """
    values = frame.to_numpy()
    with np.errstate(invalid="ignore", over="ignore"):
        suspect = np.flatnonzero(~np.isfinite(values.sum(axis=0)))
    for i in suspect:
        column = frame.to_series(int(i))
        if np.count_nonzero(~np.isfinite(values[:, i])) > column.null_count():
            raise DataError(
                f"Column {column.name!r} holds NaN or an infinite number.",
                hint="Missing is null, in a file an empty cell.",
                details={"column": column.name},
            )
    return values
