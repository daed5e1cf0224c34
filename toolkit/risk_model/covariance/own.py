"""A covariance that the user states."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from toolkit.core.decode import Given, Several, Spec
from toolkit.core.errors import DataError
from toolkit.core.messages import message
from toolkit.risk_model.covariance.form import CovarianceInputs, StructuredCovariance, factor_form
from toolkit.risk_model.named import as_columns, matrix_of, named_columns, not_read, positions, unused

WHERE = "forecast.covariance"
ROUNDING = 1e-8
"""Asymmetry and negative eigenvalues below this part of the largest variance are rounding of the file."""
LARGEST_VARIANCE = 25.0
"""A variance a year beyond a volatility of 500 % is in per cent, or of another period."""


class OwnCovariance(Spec):
    """Your own covariance of simple returns a year in the reporting currency, as fractions: 0.04 is a volatility of 20 %.

    `assets` names the rows and columns of `values`; a `file` (CSV, Parquet, a sheet) has a column of names and one column an
    asset, and in Python a frame may be given. Everything is found by its name, never by its position.
    """

    kind: Literal["own"] = "own"
    values: Given[Several[Several[float]]] = Field(default=())
    assets: Several[str] = ()
    file: str | None = Field(default=None, min_length=1)

    @model_validator(mode="before")
    @classmethod
    def _of_frame(cls, data: Any) -> Any:
        """Frames and arrays as lists."""
        if not isinstance(data, Mapping) or "values" not in data:
            return data
        values = data["values"]
        if isinstance(values, np.ndarray):
            return {**data, "values": values.tolist()}
        if isinstance(values, Sequence) or (columns := as_columns(values)) is None:
            return data
        names, numbers = named_columns(columns, "the frame")
        return {**data, "values": matrix_of(names, numbers, "the frame").tolist(), "assets": names}

    @model_validator(mode="after")
    def _is_square(self) -> OwnCovariance:
        if not self.values and self.file is None:
            raise ValueError(message("needs `values` and `assets`, or a `file`"))
        n = len(self.assets)
        if self.values and not n:
            raise ValueError(message("values: need `assets`, the names of their rows and columns"))
        if self.values and (len(self.values) != n or any(len(row) != n for row in self.values)):
            raise ValueError(message("values: needs {n} rows and columns, one of each for every one of `assets`", n=n))
        return self

    def with_table(self, columns: Mapping[str, Sequence[Any]], name: str) -> Self:
        """The same with the numbers of its file, `columns` by name."""
        names, numbers = named_columns(columns, name)
        matrix = matrix_of(names, numbers, name)
        return self.model_copy(update={"values": tuple(map(tuple, matrix.tolist())), "assets": tuple(names), "file": None})

    def estimate(self, inputs: CovarianceInputs) -> StructuredCovariance:
        """Its rows and columns of the universe.

        Raises:
            SpecError: for a file that was not read.
            DataError: for an asset without a row, and a matrix that is not symmetric and positive semidefinite.
        """
        if not self.values:
            raise not_read(WHERE, self.file)
        at = positions(self.assets, inputs.assets, WHERE)
        matrix = np.array(self.values, dtype=float)[np.ix_(at, at)]
        _check(matrix, inputs.assets)
        volatility = np.sqrt(np.diag(matrix))
        stated = message(
            "The covariance is your own, with volatilities of {least:.1%} to {most:.1%} a year: only the prices of holdings "
            "are estimated from price data.",
            least=float(volatility.min()),
            most=float(volatility.max()),
        )
        notes = (stated, *unused(self.assets, inputs.assets))
        return factor_form((matrix + matrix.T) / 2, np.zeros(len(at)), notes)


def _check(matrix: np.ndarray, assets: Sequence[str]) -> None:
    variance = np.diag(matrix)
    for bad, told, hint in (
        (
            ~np.isfinite(variance) | (variance <= 0),
            message("has no positive variance"),
            message("Give its variance a year as a fraction: 0.04."),
        ),
        (
            variance > LARGEST_VARIANCE,
            message("has a volatility above 500 % a year"),
            message("Give fractions a year: a volatility of 20 % is 0.04; a variance of a day times the days of a year."),
        ),
    ):
        if bad.any():
            raise DataError(
                "{where:s}: {asset!r:s} {told}.", hint=hint, where=WHERE, asset=assets[int(bad.argmax())], told=told
            )
    largest = float(variance.max())
    crooked = ~(np.abs(matrix - matrix.T) <= ROUNDING * largest)
    if crooked.any():
        i, j = (int(k) for k in np.unravel_index(int(crooked.argmax()), matrix.shape))
        raise DataError(
            "{where:s}: not symmetric for {assets} and {assets_assets}: {matrix:.6g} and {matrix_matrix:.6g}.",
            hint="Give the mean of the matrix and its transpose, (A + A') / 2.",
            details={"assets": [assets[i], assets[j]]},
            where=WHERE,
            assets=assets[i],
            assets_assets=assets[j],
            matrix=matrix[i, j],
            matrix_matrix=matrix[j, i],
        )
    values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
    if values[0] < -ROUNDING * largest * len(assets):
        heavy = [assets[int(k)] for k in np.argsort(-np.abs(vectors[:, 0]))[:3]]
        raise DataError(
            "{where:s}: not positive semidefinite: its least eigenvalue is {values:.3g}, mostly of {heavy}.",
            hint="Estimate it from one sample of complete rows, or set its negative eigenvalues to zero.",
            details={"eigenvalue": float(values[0]), "assets": heavy},
            where=WHERE,
            values=values[0],
            heavy=[*heavy],
        )
