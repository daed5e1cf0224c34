"""Rows of limits by their entries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from toolkit.core.forecast import FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class SparseRows:
    """A matrix by those of its entries that are not zero, its methods as scipy names them: a limit on a single asset has one.

    `scipy.sparse` takes a tenth of a second to import, which who asks about ten metals need not wait for.

    Attributes:
        shape: (m, p).
        at, columns: Row and column of each entry, row by row.
        values: Of each.
    """

    shape: tuple[int, int]
    at: NDArray[np.intp]
    columns: NDArray[np.intp]
    values: FloatArray

    @classmethod
    def of(cls, matrix: FloatArray) -> SparseRows:
        """Those of a matrix (m, p)."""
        at, columns = np.nonzero(matrix)
        return cls(matrix.shape, at, columns, matrix[at, columns])

    @classmethod
    def stacked(cls, blocks: Sequence[SparseRows], p: int) -> SparseRows:
        """One block (.., p) below the other."""
        starts = np.cumsum([0, *(block.shape[0] for block in blocks)])
        if not blocks:
            return cls.of(np.zeros((0, p)))
        at = np.concatenate([block.at + start for block, start in zip(blocks, starts[:-1], strict=True)])
        columns, values = (np.concatenate([getattr(block, of) for block in blocks]) for of in ("columns", "values"))
        return cls((int(starts[-1]), p), at, columns, values)

    @classmethod
    def unit(cls, columns: Sequence[int] | NDArray[np.intp], p: int) -> SparseRows:
        """One row, with the entry 1, for each of some columns of p."""
        m = len(columns)
        return cls((m, p), np.arange(m), np.asarray(columns, dtype=np.intp), np.ones(m))

    def matvec(self, x: FloatArray) -> FloatArray:
        """(m,) the matrix times x, (p,)."""
        return np.bincount(self.at, self.values * x[self.columns], self.shape[0]).astype(np.float64, copy=False)

    def rmatvec(self, y: FloatArray) -> FloatArray:
        """(p,) the transposed matrix times y, (m,)."""
        return np.bincount(self.columns, self.values * y[self.at], self.shape[1]).astype(np.float64, copy=False)

    def take(self, kept: NDArray[np.bool_], sign: float = 1.0) -> SparseRows:
        """The rows where a mask (m,) is true, times a sign."""
        if kept.all():
            return self if sign == 1.0 else SparseRows(self.shape, self.at, self.columns, sign * self.values)
        of, place = kept[self.at], np.cumsum(kept) - 1
        return SparseRows((int(kept.sum()), self.shape[1]), place[self.at[of]], self.columns[of], sign * self.values[of])

    def toarray(self) -> FloatArray:
        """(m, p)."""
        found = np.zeros(self.shape)
        found[self.at, self.columns] = self.values
        return found
