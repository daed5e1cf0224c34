"""Strategies with the numbers of the files that they name: covariances, expected returns, costs by asset."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, Self, TypeVar, cast

from toolkit.core.errors import DataError, ToolkitError
from toolkit.market.readers.columns import numbers
from toolkit.market.readers.tabular import read_table
from toolkit.strategy.decode import load_strategy
from toolkit.strategy.model import Strategy

ASSET = "asset"


class FromFile(Protocol):
    """A table of a strategy whose numbers may stand in a file."""

    file: str | None

    def with_table(self, columns: Mapping[str, Sequence[Any]], name: str) -> Self:
        """The same with the numbers of the file."""
        ...


T = TypeVar("T")


def read_strategy(path: Path, settings: tuple[str, ...] = ()) -> Strategy:
    """The strategy in a file, with overrides applied and with the numbers of the files that it names.

    Raises:
        SpecError, DataError: when one of them cannot be read.
    """
    return with_own_files(load_strategy(path, settings), path.parent)


def with_own_files(strategy: Strategy, folder: Path) -> Strategy:
    """The strategy with the numbers of its files; a relative path begins at `folder`, or else where the command runs."""
    forecast, costs = strategy.forecast, strategy.costs
    found = {"covariance": _read(forecast.covariance, folder), "returns": _read(forecast.returns, folder)}
    if all(found[key] is getattr(forecast, key) for key in found) and _read(costs, folder) is costs:
        return strategy
    return strategy.model_copy(update={"forecast": forecast.model_copy(update=found), "costs": _read(costs, folder)})


def _read(spec: T, folder: Path) -> T:
    if getattr(spec, "file", None) is None:
        return spec
    named = cast("FromFile", spec)
    path = folder / cast("str", named.file)
    try:
        return cast("T", named.with_table(*named_table(path if path.exists() else Path(cast("str", named.file)))))
    except ToolkitError as error:
        error.add_note(f"read for the strategy: {named.file}")
        raise


def named_table(path: Path) -> tuple[dict[str, list[Any]], str]:
    """Columns of a file with one row an asset, the names first, and the name of the file.

    Raises:
        DataError, FrameError: for a file that cannot be read, and for cells that are no numbers.
    """

    def header(records: Sequence[Sequence[str]]) -> tuple[list[str], int, int] | None:
        # A frame of pandas is written with a first column that has no name.
        return None if not records else ([records[0][0].strip() or ASSET, *records[0][1:]], 0, 1)

    table = read_table(path, header=header)
    first, *others = table.columns
    if table.cells[first].is_null().any():
        raise DataError(f"{table.name}: a row has no name in the column {first!r}.", hint="Give the asset key of each row.")
    names = [str(cell).strip() for cell in table.cells[first]]
    columns = numbers(table, others)
    return {ASSET: names, **{name: columns[name].to_list() for name in others}}, table.name
