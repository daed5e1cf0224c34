"""Numbers of the user by name: which belong to the assets of a universe, and what is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from toolkit.core.errors import DataError, SpecError, did_you_mean
from toolkit.core.forecast import FloatArray
from toolkit.core.messages import Message, first_names, message
from toolkit.core.text import repeated


def positions(names: Sequence[str], assets: Sequence[str], where: str) -> list[int]:
    """Position of each asset among the names of the user's numbers.

    Args:
        names: Of the numbers, in their order.
        assets: That need one each.
        where: Whose numbers they are, for messages.

    Raises:
        DataError: for assets without a number, and for a name that stands twice.
    """
    if twice := sorted(repeated(names)):
        raise DataError("{where:s}: {twice} stands twice.", hint="Give each asset once.", where=where, twice=twice)
    at = {name: i for i, name in enumerate(names)}
    missing = [asset for asset in assets if asset not in at]
    if missing:
        unused = [name for name in names if name not in assets]
        near = did_you_mean(missing[0], unused)
        raise DataError(
            "{where:s}: nothing is given for {names}.",
            hint=near or message("Add them under their asset keys, or exclude them from the universe."),
            details={"missing": missing, "unused": unused},
            where=where,
            names=first_names(missing),
        )
    return [at[asset] for asset in assets]


def not_read(where: str, file: str | None) -> SpecError:
    """The error of numbers that were never loaded from their file."""
    return SpecError(
        "{where:s}: {file!r:s} was not read.",
        hint="Load the strategy by its file, or give `values`.",
        where=where,
        file=file,
    )


def unused(names: Sequence[str], assets: Sequence[str]) -> tuple[Message, ...]:
    """A note on names that are no asset of the universe."""
    other = [name for name in names if name not in assets]
    return (message("Own forecast of {names} is not used: nothing here is called so.", names=other),) if other else ()


def as_columns(data: Any, names: str = "asset") -> Mapping[str, list[Any]] | None:
    """Columns of a frame of any library that narwhals knows; None for anything else.

    The index of a pandas frame is the first: `names`, or ``date`` where it has dates.
    """
    import narwhals as nw  # noqa: PLC0415  # who has no frame does not load it

    try:
        known = nw.from_native(data, eager_only=True)
    except TypeError:
        return None
    # Of pandas an empty cell is NaN, which is a number of any other library.
    columns = {
        str(one.name): [None if empty else cell for cell, empty in zip(one.to_list(), one.is_null(), strict=True)]
        if one.null_count()
        else one.to_list()
        for one in known.iter_columns()
    }
    index = nw.maybe_get_index(known)
    if index is None or index.dtype.kind in "iu":
        return columns
    return {"date" if index.dtype.kind == "M" else names: list(map(str, index)), **columns}


def named_columns(columns: Mapping[str, Sequence[Any]], where: str) -> tuple[list[str], dict[str, list[float]]]:
    """Names of the rows, and the other columns as numbers.

    Args:
        columns: Of a table with one row an asset, one of them with the names.
        where: Whose table it is, for messages.

    Raises:
        DataError: without one column of names, and for a cell that is empty or no number.
    """
    texts = [name for name, cells in columns.items() if any(isinstance(cell, str) for cell in cells)]
    if len(texts) != 1:
        told = (
            message("{n} columns of text: {names}", n=len(texts), names=texts[:5]) if texts else message("no column of names")
        )
        raise DataError(
            "{where:s} has {told}.",
            hint="Give one column with the asset keys, and numbers in the others.",
            where=where,
            told=told,
        )
    names = [str(cell) for cell in columns[texts[0]]]
    found: dict[str, list[float]] = {}
    for name, cells in columns.items():
        if name == texts[0]:
            continue
        bad = [row for row, cell in zip(names, cells, strict=True) if cell is None or not np.isfinite(cell)]
        if bad:
            raise DataError(
                "{where:s}: {name!r:s} of {bad!r:s} is not a finite number.",
                hint="Fill it in, or leave the asset out.",
                where=where,
                name=name,
                bad=bad[0],
            )
        found[name] = [float(cell) for cell in cells]
    return names, found


def matrix_of(names: Sequence[str], columns: Mapping[str, Sequence[float]], where: str) -> FloatArray:
    """(n, n) matrix with rows and columns in the order of `names`.

    Args:
        names: n names of the rows.
        columns: Name -> n numbers.
        where: Whose matrix it is, for messages.

    Raises:
        DataError: where rows and columns have other names.
    """
    only_rows, only_columns = [n for n in names if n not in columns], [n for n in columns if n not in names]
    if only_rows or only_columns:
        told = [message("rows {names}", names=first_names(only_rows))] if only_rows else []
        told += [message("columns {names}", names=first_names(only_columns))] if only_columns else []
        hint = did_you_mean((only_rows or only_columns)[0], only_columns if only_rows else only_rows)
        raise DataError(
            "{where:s}: rows and columns have other names, {told: and } alone.",
            hint=hint or message("A covariance has one row and one column an asset, under the same names."),
            where=where,
            told=told,
        )
    return np.array([columns[name] for name in names], dtype=float).T
