"""Loadings over rolling windows of many assets on a few factors, from a wide frame.

The products of every window are the sum of the running products from the back of one block of days and from the front of the
next (van Herk 1992, Pattern Recognition Letters 13, for extrema). Nothing is ever subtracted, so no error accumulates and an
outlier has no effect on windows after it; a window costs two additions whatever its length.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

from toolkit.core.errors import DataError, GapError
from toolkit.core.forecast import FloatArray
from toolkit.risk_model.timeseries.basis import CONSTANT, Basis
from toolkit.risk_model.timeseries.wide import DATE, wide

PIVOT = 1e-5
"""A window in which a factor keeps less than this share of its squares, after its mean and the factors before it, is decomposed
on its own: its products have too few digits left."""
BLOCK = 64
"""Assets with gaps that are summed at a time, which bounds the memory."""


@dataclass(frozen=True, slots=True)
class RollingLoadings:
    """Ordinary least squares on an intercept and k factors in each of W windows.

    A factor that is constant in a window has loading zero there; of collinear ones see `regression.Regression`.

    Attributes:
        dates: W last dates of the windows; none where the frame had no column `date`.
        assets, factors: n and k names.
        window: Its length in periods.
        alpha: (W, n) intercepts a period.
        loadings: (W, n, k), units of the asset for one of the factor.
        periods: (W, n) in which the asset and all factors are known. Where they are too few, alpha and loadings are NaN.
    """

    dates: tuple[date, ...]
    assets: tuple[str, ...]
    factors: tuple[str, ...]
    window: int
    alpha: FloatArray
    loadings: FloatArray
    periods: NDArray[np.int64]

    def __post_init__(self) -> None:
        # Views of what `rolling` made and nobody else holds: copies would cost as much as the regressions.
        for array in (self.alpha, self.loadings, self.periods):
            array.setflags(write=False)

    def frame(self) -> pl.DataFrame:
        """A row a window and asset: `date` (or `row`) of its last period, `asset`, `periods`, `alpha`, a column a factor."""
        W, n = self.alpha.shape
        last = pl.Series(DATE, self.dates) if self.dates else pl.Series("row", np.arange(W) + self.window - 1)
        return pl.DataFrame(
            [
                last.gather(np.repeat(np.arange(W), n)),
                pl.Series("asset", self.assets * W, pl.String),
                pl.Series("periods", self.periods.ravel()),
                pl.Series("alpha", self.alpha.ravel(), nan_to_null=True),
                *(pl.Series(name, self.loadings[:, :, j].ravel(), nan_to_null=True) for j, name in enumerate(self.factors)),
            ]
        )


def rolling(
    changes: pl.DataFrame, factors: pl.DataFrame | tuple[str, ...], *, window: int, min_samples: int | None = None
) -> RollingLoadings:
    """Regress every asset on all factors in each window of so many periods.

    Args:
        changes: A column an asset, a row a period, null where missing; may have a column `date`.
        factors: Another such frame (matched by `date` where both have it, else row by row), or columns of `changes`.
        window: Length in periods (rows), k + 2 at least. Windows that would start before the first row are left out.
        min_samples: Periods in which the asset and all factors must be known; the whole window by default. Nothing is filled
            in: a window is regressed on the periods it has.

    Raises:
        GapError: for fewer rows than the window.
        DataError: for a window or `min_samples` out of range, NaN, infinite or non-numeric values, names or dates that do not
            match.
    """
    data = wide(changes, factors)
    k, T = len(data.factors), len(data.x)
    needed = window if min_samples is None else min_samples
    if not max(k + 2, 3) <= needed <= window:
        raise DataError(
            f"A regression on {k} factors within {window} periods cannot ask for {needed} of them.",
            hint=f"Ask for {max(k + 2, 3)} at least, and for no more than the window has.",
        )
    if window > T:
        raise GapError(f"{T} periods hold no window of {window}.", hint="Bring a longer history or take a shorter window.")
    known = np.asarray(np.isfinite(data.x).all(axis=1), dtype=bool)
    values = next(data.blocks(len(data.assets)))
    seen = np.isfinite(values) & known[:, None]
    x, centre, size = _standardised(data.x, known)
    y, level = _centred(values, seen)
    W, n = T - window + 1, len(data.assets)
    loadings, alpha, periods = np.empty((W, k, n)), np.empty((W, n)), np.empty((W, n), dtype=np.int64)
    gaps = np.count_nonzero(seen, axis=0) < np.count_nonzero(known)
    # Assets without a gap share their products; the others have their own.
    for at, mask in _shared(gaps, seen, known):
        for rows, scaled, intercepts, counts in _fitted(x, mask, y[:, at], window, needed):
            slopes = np.divide(scaled, size[:, None], out=scaled)
            loadings[rows, :, at] = slopes
            alpha[rows, at] = intercepts - np.einsum("k,wkn->wn", centre, slopes) + level[at]
            periods[rows, at] = counts
    return RollingLoadings(
        dates=data.dates[window - 1 :],
        assets=data.assets,
        factors=data.factors,
        window=window,
        alpha=alpha,
        loadings=loadings.transpose(0, 2, 1),
        periods=periods,
    )


def _shared(
    gaps: NDArray[np.bool_], seen: NDArray[np.bool_], known: NDArray[np.bool_]
) -> list[tuple[slice | NDArray[np.intp], FloatArray]]:
    """Groups of assets with their masks: (T, 1) for all that share it, (T, n) for those that have one each."""
    common = known[:, None].astype(np.float64)
    if not gaps.any():
        return [(slice(None), common)]
    parts = np.flatnonzero(gaps)
    blocks = [parts[start : start + BLOCK] for start in range(0, len(parts), BLOCK)]
    whole = np.flatnonzero(~gaps)
    own = [(at, seen[:, at].astype(np.float64)) for at in blocks]
    return [(whole, common), *own] if len(whole) else [*own]


def _centred(values: FloatArray, seen: NDArray[np.bool_]) -> tuple[FloatArray, FloatArray]:
    """Columns about their mean, zero where not seen, and the means: products then lose no digits to a level far from zero."""
    filled = np.where(seen, values, 0.0)
    centre = filled.sum(axis=0) / np.maximum(np.count_nonzero(seen, axis=0), 1)
    return np.where(seen, filled - centre, 0.0), centre


def _standardised(values: FloatArray, known: NDArray[np.bool_]) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Factors about their mean in units of their deviation, zero where not known; means and deviations.

    A constant factor becomes zeros.
    """
    away, centre = _centred(values, np.broadcast_to(known[:, None], values.shape))
    size = np.sqrt((away * away).sum(axis=0) / max(np.count_nonzero(known), 1))
    moving = size > CONSTANT * np.abs(values[known]).max(axis=0, initial=0.0)
    size = np.where(moving, size, 1.0)
    return np.where(moving, away / size, 0.0), centre, size


def _sums(left: FloatArray, right: FloatArray, window: int) -> Iterator[tuple[int, FloatArray]]:
    """Sums over every window of left (T, f) times right (T, n), a block of windows after another.

    Yields:
        First window of the block and the sums (at most `window`, f, n), in memory that the next block uses again.
    """
    T, f, n = len(left), left.shape[1], right.shape[1]
    products, tail, out = np.empty((window, f, n)), np.zeros((window + 1, f, n)), np.empty((window, f, n))
    head = np.empty((f, n))
    for start in range(0, T, window):
        size = min(window, T - start)
        first = start - window + 1
        skipped = max(-first, 0)
        np.multiply(left[start : start + size, :, None], right[start : start + size, None, :], out=products[:size])
        head[:] = 0.0
        for j in range(size):
            head += products[j]
            if j >= skipped:
                np.add(head, tail[j + 1], out=out[j])
        if size == window:
            tail[window - 1] = products[-1]
            for j in range(window - 2, 0, -1):
                np.add(tail[j + 1], products[j], out=tail[j])
        yield first + skipped, out[skipped:size]


@dataclass(frozen=True, slots=True)
class _Products:
    """Sums over w windows for n assets with g masks of their own (n) or one of all (1).

    Attributes:
        first: Number of the first window.
        count: (w, g) periods.
        level: (w, k, g) of the factors.
        squares: (w, k, k, g) of the products of the factors.
        cross: (w, k + 1, n) of the assets, alone and times the factors.
    """

    first: int
    count: FloatArray
    level: FloatArray
    squares: FloatArray
    cross: FloatArray


def _products(x: FloatArray, mask: FloatArray, y: FloatArray, window: int) -> Iterator[_Products]:
    """Products of factors (T, k) and assets (T, n), zero where the mask (T, 1 or n) is, a block of windows after another."""
    k = x.shape[1]
    design = np.column_stack([np.ones(len(x)), x])
    if mask.shape[1] == 1:
        for first, sums in _sums(design, np.hstack([mask, mask * x, y]), window):
            yield _Products(first, sums[:, 0, :1], sums[:, 1:, :1], sums[:, 1:, 1 : k + 1, None], sums[:, :, k + 1 :])
        return
    upper = np.triu_indices(k)
    features = np.hstack([design, x[:, upper[0]] * x[:, upper[1]]])
    for (first, own), (_, cross) in zip(_sums(features, mask, window), _sums(design, y, window), strict=True):
        squares = np.empty((len(own), k, k, own.shape[2]))
        squares[:, upper[0], upper[1]] = squares[:, upper[1], upper[0]] = own[:, k + 1 :]
        yield _Products(first, own[:, 0], own[:, 1 : k + 1], squares, cross)


def _fitted(
    x: FloatArray, mask: FloatArray, y: FloatArray, window: int, needed: int
) -> Iterator[tuple[slice, FloatArray, FloatArray, NDArray[np.int64]]]:
    """Regressions of assets (T, n) on standardised factors (T, k), a block of windows after another.

    Args:
        x: Zero where a factor is not known.
        mask: (T, n), or (T, 1) for assets that share it: 1 where asset and factors are known.
        y: Zero where the mask is.
        window: Its length.
        needed: Periods below which a window has no answer (NaN).

    Yields:
        Windows, slopes (w, k, n), intercepts (w, n) and periods (w, n or 1).
    """
    for block in _products(x, mask, y, window):
        first, count, cross = block.first, block.count, block.cross
        enough = count >= needed
        mean = block.level / np.maximum(count, 1.0)[:, None]
        centred = block.squares - block.level[:, :, None] * mean[:, None]
        inverse, sound = _inverse(centred, np.einsum("wkkn->wkn", block.squares))
        moments = cross[:, 1:]
        moments -= mean * cross[:, :1]
        # For one mask a batch of products, which BLAS does; for many an inverse each.
        slopes = inverse[..., 0] @ moments if mask.shape[1] == 1 else np.einsum("wijn,wjn->win", inverse, moments)
        intercepts = cross[:, 0] / np.maximum(count, 1.0) - (mean * slopes).sum(axis=1)
        for w, group in zip(*np.nonzero(~sound & enough), strict=True):
            at = slice(None) if mask.shape[1] == 1 else slice(group, group + 1)
            rows = np.flatnonzero(mask[first + w : first + w + window, group]) + first + w
            basis = Basis.of(x[rows])
            slopes[w, :, at] = basis.back @ (basis.Q.T @ y[rows, at])
            intercepts[w, at] = y[rows, at].mean(axis=0) - basis.centre @ slopes[w, :, at]
        if not enough.all():
            lacking = np.broadcast_to(~enough, intercepts.shape)
            slopes[np.broadcast_to(lacking[:, None], slopes.shape)] = np.nan
            intercepts[lacking] = np.nan
        yield slice(first, first + len(count)), slopes, intercepts, count.astype(np.int64)


def _inverse(centred: FloatArray, squares: FloatArray) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Inverses of symmetric (W, k, k, g), by sweeping all at once (Goodnight 1979, The American Statistician 33).

    Args:
        centred: Products about the mean.
        squares: (W, k, g) sums of squares about zero, whose digits the centred ones share.

    Returns:
        Inverses, and which (W, g) can be trusted: no factor keeps less than `PIVOT` of its squares beside those before it.
    """
    k = centred.shape[1]
    scale = np.sqrt(np.where(squares > 0, squares, 1.0))
    A = centred / scale[:, :, None] / scale[:, None]
    sound = np.ones((len(A), A.shape[3]), dtype=bool)
    for j in range(k):
        pivot = A[:, j, j].copy()
        fine = pivot > PIVOT
        sound &= fine
        pivot = np.where(fine, pivot, 1.0)
        row = A[:, j] / pivot[:, None]
        A -= A[:, :, j, None] * row[:, None]
        A[:, j], A[:, :, j] = row, row
        A[:, j, j] = -1.0 / pivot
    return -A / scale[:, :, None] / scale[:, None], sound
