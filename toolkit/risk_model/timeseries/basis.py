"""Orthonormal basis of centred factors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from toolkit.core.forecast import FloatArray

RANK = 1e-10
"""Singular values of the standardised factors below this share of the largest count as zero: exact collinearity, rounded."""
CONSTANT = 1e-12
"""A factor or asset that varies by less than this share of its size is constant."""


@dataclass(frozen=True, slots=True)
class Basis:
    """Orthonormal basis of the centred factors.

    Attributes:
        Q: (T, r) with Q'Q = 1 and columns that sum to zero.
        back: (k, r): loadings = back @ (Q'y).
        centre: (k,) means.
    """

    Q: FloatArray
    back: FloatArray
    centre: FloatArray

    @classmethod
    def of(cls, X: FloatArray) -> Basis:
        """From factors (T, k): Householder QR of the standardised columns; where they are collinear, its singular vectors."""
        centre = X.mean(axis=0)
        d = X - centre
        # Once more: of a column far from zero the first mean is off by a rounding error that the basis would keep.
        offset = d.mean(axis=0)
        d, centre = d - offset, centre + offset
        size = np.sqrt((d * d).sum(axis=0))
        moving = size > CONSTANT * np.abs(X).max(axis=0, initial=0.0) * np.sqrt(len(X))
        back = np.zeros((X.shape[1], int(moving.sum())))
        if not moving.any():
            return cls(np.empty((len(X), 0)), back, centre)
        Q, R = np.linalg.qr(d[:, moving] / size[moving])
        U, values, Vt = np.linalg.svd(R)
        rank = int((values > RANK * values[0]).sum())
        if rank == len(values):
            inverse = np.linalg.inv(R)
        else:
            Q, inverse = Q @ U[:, :rank], Vt[:rank].T / values[:rank]
        back = np.zeros((X.shape[1], rank))
        back[moving] = inverse / size[moving, None]
        return cls(Q, back, centre)

    @property
    def rank(self) -> int:
        """Rank of the factors."""
        return self.Q.shape[1]
