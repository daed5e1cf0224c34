"""Full-sample loadings and residual variances of many assets on a few factors, from a wide frame.

Every asset is regressed on the periods in which it and all factors are known; nothing is filled in. Assets without a gap
share one orthogonal decomposition and one product. The others take one product with their masks each; whose own periods are
too few to tell the factors apart by are decomposed one by one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from toolkit.core.errors import DataError, GapError
from toolkit.core.forecast import FloatArray, read_only
from toolkit.core.messages import message
from toolkit.risk_model.timeseries.basis import CONSTANT, Basis
from toolkit.risk_model.timeseries.wide import Wide, wide

CANCELLED = 1e-6
"""Residual share below which the sum of squares is computed from residuals: a difference of sums has too few digits."""
CONDITION = 1e6
"""Of the products of an asset's own periods in the common basis; beyond, they are decomposed on their own."""
BLOCK = 256
"""Assets at a time: ten years of their days fit into the cache of a processor."""


@dataclass(frozen=True, slots=True)
class Regression:
    """Ordinary least squares of n assets on an intercept and k factors.

    Attributes:
        assets, factors: n and k names.
        alpha: (n,) intercepts a period.
        loadings: (n, k), units of the asset for one of the factor. A constant factor has loading zero and takes no degree of
            freedom. Where the factors are collinear: of all loadings that fit equally well those with the least sum of
            squares per standard deviation of the factors.
        errors: (n, k) standard errors for residuals of one variance that are not correlated (zero for a constant factor;
            where factors are collinear, of the combination that is shown).
        residual_variance: (n,) a period, unbiased (divisor: periods less rank less one).
        r_squared: (n,) share of the variance about the mean that is explained.
        periods: (n,) in which the asset and all factors are known.
        notes: Fallbacks taken.
    """

    assets: tuple[str, ...]
    factors: tuple[str, ...]
    alpha: FloatArray
    loadings: FloatArray
    errors: FloatArray
    residual_variance: FloatArray
    r_squared: FloatArray
    periods: NDArray[np.int64]
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in ("alpha", "loadings", "errors", "residual_variance", "r_squared"):
            object.__setattr__(self, name, read_only(getattr(self, name)))
        self.periods.setflags(write=False)

    @property
    def t(self) -> FloatArray:
        """(n, k) t-statistics; zero where the error is."""
        return np.divide(self.loadings, self.errors, out=np.zeros_like(self.loadings), where=self.errors > 0)


@dataclass(frozen=True, slots=True)
class _Sums:
    """Sufficient statistics of n assets: means, coefficients, their scaled variances, sums of squares."""

    mean: FloatArray
    loadings: FloatArray
    unscaled: FloatArray
    residual: FloatArray
    total: FloatArray
    periods: NDArray[np.int64]
    rank: NDArray[np.int64]
    centre: FloatArray

    @classmethod
    def concatenated(cls, pieces: list[_Sums]) -> _Sums:
        """The statistics of all pieces, in order."""
        return cls(*(np.concatenate([getattr(piece, name) for piece in pieces]) for name in cls.__dataclass_fields__))

    def take(self, order: NDArray[np.intp]) -> _Sums:
        """The statistics of some assets, in this order."""
        return _Sums(*(getattr(self, name)[order] for name in self.__dataclass_fields__))


def regress(changes: pl.DataFrame, factors: pl.DataFrame | tuple[str, ...]) -> Regression:
    """Regress every asset on all factors.

    Standard errors are the classical ones; those of the time-series block of the model are Newey and West's
    (`toolkit.risk_model.timeseries.least_squares`).

    Args:
        changes: A column an asset, a row a period, null where missing; may have a column `date`.
        factors: Another such frame (matched by `date` where both have it, else row by row), or columns of `changes`.

    Raises:
        GapError: for an asset with fewer periods than the rank of the factors plus two, three at least.
        DataError: for an asset that never changes, NaN, infinite or non-numeric values, names or dates that do not match.
    """
    data = wide(changes, factors)
    known = np.asarray(np.isfinite(data.x).all(axis=1), dtype=bool)
    x = data.x if known.all() else data.x[known]
    if len(x) < 3:
        raise _too_short(data.factors, len(x), 3)
    basis = Basis.of(x)
    pieces: list[_Sums] = []
    for block in data.blocks(BLOCK):
        y = block if known.all() else block[known]
        gaps = ~np.isfinite(y.sum(axis=0))
        if not gaps.any():
            pieces.append(_complete(basis, y))
            continue
        names = data.assets[len(pieces) * BLOCK :]
        parts = [(at, _complete(basis, y[:, at])) for at in (np.flatnonzero(~gaps),) if len(at)]
        pieces.append(_joined([*parts, *_masked(names, np.flatnonzero(gaps), basis, x, y)]))
    return _result(data, basis, _Sums.concatenated(pieces))


def _too_short(names: tuple[str, ...], have: int, needed: int) -> GapError:
    shown = ", ".join(repr(name) for name in names[:5]) + (" and others" if len(names) > 5 else "")
    return GapError(
        f"{shown}: {have} common periods are too few for a regression.",
        hint=f"At least {needed} are needed: bring a longer history or fewer factors.",
        details={"names": list(names), "periods": have, "needed": needed},
    )


def _notes(data: Wide, basis: Basis, sums: _Sums) -> tuple[str, ...]:
    """Notes on constant and on collinear factors."""
    constant = [name for name, row in zip(data.factors, basis.back, strict=True) if not row.any()]
    notes = [message("Constant factors have loading zero: {factors}.", factors=constant)] if constant else []
    if basis.rank < len(data.factors) - len(constant):
        notes.append(
            message(
                "The factors are collinear (rank {rank}): of equally good loadings the smallest are shown, per standard "
                "deviation of the factors.",
                rank=basis.rank,
            )
        )
    fewer = [data.assets[i] for i in np.flatnonzero(sums.rank < basis.rank)]
    if fewer:
        notes.append(message("Factors that are constant or collinear in the periods of their own: {assets}.", assets=fewer))
    return tuple(notes)


def _complete(basis: Basis, y: FloatArray) -> _Sums:
    """Assets (T, n) without a gap: one product."""
    T, n = y.shape
    extended = np.column_stack([np.full(T, T**-0.5), basis.Q])
    product = extended.T @ y
    mean = product[0] * T**-0.5
    # Over the longer stride of either memory layout this is one pass without a temporary.
    square = np.einsum("tn,tn->n", y, y)
    total = square - product[0] ** 2
    residual = total - (product[1:] ** 2).sum(axis=0)
    loadings = (basis.back @ product[1:]).T
    again = np.flatnonzero(residual < CANCELLED * square)
    if len(again):
        away = y[:, again] - mean[again]
        total[again] = (away**2).sum(axis=0)
        rest = away - basis.Q @ product[1:, again]
        residual[again] = (rest**2).sum(axis=0)
        # A constant asset keeps nothing but the rounding of its mean.
        total[again] = np.where(total[again] > CONSTANT**2 * square[again], total[again], 0.0)
    unscaled = np.broadcast_to((basis.back**2).sum(axis=1), loadings.shape)
    periods, rank = np.full(n, T), np.full(n, basis.rank)
    return _Sums(mean, loadings, unscaled, residual, total, periods, rank, np.broadcast_to(basis.centre, loadings.shape))


def _masked(
    names: tuple[str, ...], at: NDArray[np.intp], basis: Basis, x: FloatArray, block: FloatArray
) -> list[tuple[NDArray[np.intp], _Sums]]:
    """Assets with gaps, at positions `at` of a block: normal equations of their own periods in the common basis, refined once.

    In the orthonormal basis of the whole sample the products of a part of it are nearly a multiple of the identity, so that
    normal equations lose no digits as they would on the factors. The correction from residuals is that of Bjorck (1987,
    Linear Algebra and its Applications 88/89).

    Returns:
        Positions within the block and their sums: all well-conditioned assets together, then the others one by one.
    """
    y = block[:, at]
    seen = np.isfinite(y)
    periods = seen.sum(axis=0)
    if periods.min() < 3:
        raise _too_short(tuple(names[i] for i in at[periods < 3]), int(periods.min()), 3)
    T, r = basis.Q.shape
    Z = np.column_stack([np.ones(T), basis.Q * np.sqrt(T)])
    upper = np.triu_indices(r + 1)
    M = seen.T.astype(np.float64)
    packed = M @ (Z[:, upper[0]] * Z[:, upper[1]])
    gram = np.empty((len(at), r + 1, r + 1))
    gram[:, upper[0], upper[1]] = gram[:, upper[1], upper[0]] = packed / periods[:, None]
    values = np.linalg.eigvalsh(gram)
    # A factor that is constant, or collinear with others, everywhere but in the gaps shows as a small eigenvalue here.
    fine = (periods >= r + 2) & (values[:, 0] * CONDITION > values[:, -1])
    rows = np.flatnonzero(fine)
    filled = np.where(seen, y, 0.0)
    found = [(at[rows], _solve_masked(basis, Z, gram[rows], filled[:, rows], M[rows]))] if len(rows) else []
    for i in np.flatnonzero(~fine):
        own = Basis.of(x[seen[:, i]])
        if periods[i] < own.rank + 2:
            raise _too_short((names[at[i]],), int(periods[i]), own.rank + 2)
        found.append((at[i : i + 1], _complete(own, y[seen[:, i], i : i + 1])))
    return found


def _solve_masked(basis: Basis, Z: FloatArray, gram: FloatArray, y: FloatArray, M: FloatArray) -> _Sums:
    """Coefficients in the basis Z (T, r + 1) with mean products `gram` (n, r + 1, r + 1); y is zero where M (n, T) is."""
    T, periods = len(Z), M.sum(axis=1)
    inverse = np.linalg.inv(gram)

    def step(rest: FloatArray) -> FloatArray:
        return np.einsum("nij,nj->ni", inverse, (rest.T @ Z) / periods[:, None])

    mean = y.sum(axis=0) / periods
    away = np.where(M.T > 0, y - mean, 0.0)
    c = step(away)
    c = c + step(away - M.T * (Z @ c.T))
    residual = ((away - M.T * (Z @ c.T)) ** 2).sum(axis=0)
    total = (away**2).sum(axis=0)
    square = (y * y).sum(axis=0)
    total = np.where(total > CONSTANT**2 * square, total, 0.0)
    back = basis.back * np.sqrt(T)
    loadings = c[:, 1:] @ back.T
    unscaled = np.einsum("kr,nrs,ks->nk", back, inverse[:, 1:, 1:], back, optimize=True) / periods[:, None]
    # The intercept of the basis is that at the mean of the factors over the whole sample.
    rank = np.full(len(periods), basis.rank)
    centre = np.broadcast_to(basis.centre, loadings.shape)
    return _Sums(mean + c[:, 0], loadings, unscaled, residual, total, periods.astype(np.int64), rank, centre)


def _joined(pieces: list[tuple[NDArray[np.intp], _Sums]]) -> _Sums:
    """Pieces in the order of their positions."""
    order = np.argsort(np.concatenate([at for at, _ in pieces]))
    return _Sums.concatenated([sums for _, sums in pieces]).take(order)


def _result(data: Wide, basis: Basis, sums: _Sums) -> Regression:
    """Variances and errors from the sums; refuses what has none."""
    constant = [data.assets[i] for i in np.flatnonzero(sums.total <= 0)]
    if constant:
        raise DataError(
            f"{constant[0]!r} does not change in any period that it shares with the factors.",
            hint=f"Leave out series that stand still: {', '.join(constant[:5])}.",
            details={"names": constant},
        )
    freedom = sums.periods - sums.rank - 1
    if (freedom < 1).any():
        lacking = np.flatnonzero(freedom < 1)
        names = tuple(data.assets[i] for i in lacking)
        raise _too_short(names, int(sums.periods[lacking[0]]), int(sums.rank[lacking[0]]) + 2)
    variance = sums.residual / freedom
    return Regression(
        assets=data.assets,
        factors=data.factors,
        alpha=sums.mean - np.einsum("nk,nk->n", sums.loadings, sums.centre),
        loadings=sums.loadings,
        errors=np.sqrt(sums.unscaled * variance[:, None]),
        residual_variance=variance,
        r_squared=1.0 - sums.residual / sums.total,
        periods=sums.periods,
        notes=_notes(data, basis, sums),
    )
