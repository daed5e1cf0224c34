"""Strategies with what stands in the files that they name: own forecasts and scenarios, costs by asset, own assets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol, Self, TypeVar, cast

from toolkit.core.errors import DataError, SpecError, ToolkitError
from toolkit.core.messages import message
from toolkit.core.text import repeated
from toolkit.market.readers.columns import check_columns, days, numbers, required_cells, texts
from toolkit.market.readers.contents import file_and_sheet
from toolkit.market.readers.tabular import read_table
from toolkit.strategy.decode import load_strategy
from toolkit.strategy.model import OwnAsset, Strategy, UniverseSpec
from toolkit.strategy.scenarios import DATE, LABEL, PROBABILITY, OwnScenarios

ASSET = "asset"
SECTOR = {"sector": "group"}
"""Another name of a column of own assets -> its key."""
GERMAN = {
    "datum": DATE,
    "szenario": LABEL,
    "wahrscheinlichkeit": PROBABILITY,
    "rendite": "return",
    "fehler": "error",
    "zins": "rate",
}
"""Name of a column of own forecasts -> its key."""
SHARES = ("spread", "storage")
UNSIGNED = 0.1
"""Largest share of own assets that needs no percent sign: 0.2 is 20 %, and is written by who means 0.2 %."""


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
    found = {name: _read(getattr(forecast, name), folder) for name in ("covariance", "returns", "scenarios")}
    charged, universe = _read(costs, folder), _with_own_assets(strategy.universe, folder)
    if all(found[key] is getattr(forecast, key) for key in found) and charged is costs and universe is strategy.universe:
        return strategy
    parts = {"forecast": forecast.model_copy(update=found), "costs": charged, "universe": universe}
    return strategy.model_copy(update=parts)


def _read(spec: T, folder: Path) -> T:
    if getattr(spec, "file", None) is None:
        return spec
    named = cast("FromFile", spec)
    with _opened(cast("str", named.file), folder) as path:
        return cast("T", named.with_table(*named_table(path, LABEL if isinstance(spec, OwnScenarios) else ASSET)))


@contextmanager
def _opened(file: str, folder: Path) -> Iterator[Path]:
    """Where a file stands that a strategy names; errors of its reader say that it does."""
    path = folder / file
    try:
        # A sheet of a workbook is no file of its own.
        yield path if file_and_sheet(path)[0].exists() else Path(file)
    except ToolkitError as error:
        error.add_note(f"read for the strategy: {file}")
        raise


def _with_own_assets(spec: UniverseSpec, folder: Path) -> UniverseSpec:
    """The universe with the assets of its file; one that the strategy states itself goes before its row."""
    if spec.file is None:
        return spec
    with _opened(spec.file, folder) as path:
        read = read_own_assets(path)
    stated = {own.asset for own in spec.own}
    whole = {"own": (*spec.own, *(own for own in read if own.asset not in stated)), "file": None}
    try:
        return UniverseSpec(**{**spec.model_dump(exclude_unset=True, exclude={"own"}), **whole})
    except SpecError as error:
        raise SpecError(
            "{file:s}: {removeprefix}",
            details=error.details,
            file=str(spec.file),
            removeprefix=error.message.removeprefix("UniverseSpec: "),
        ) from None


def read_own_assets(path: Path) -> tuple[OwnAsset, ...]:
    """Own assets of a file with a column `asset` and any of the keys of `OwnAsset`; an empty cell states nothing.

    Raises:
        DataError, FrameError: for a file that cannot be read, with the row.
        SpecError: for a value beyond its range, for a share above `UNSIGNED` without a percent sign, and for an asset that
            stands twice, with the row.
    """
    keys, table = [*OwnAsset.model_fields], read_table(path)
    names = {column: SECTOR.get(name := column.strip().lower(), name) for column in table.columns}
    if twice := repeated(names.values()):
        raise DataError(
            "{name:s}, row {header}: two columns are {twice!r:s}.",
            hint="Keep one of them.",
            name=table.name,
            header=table.header,
            twice=twice[0],
        )
    table = replace(table, cells=table.cells.rename(names))
    check_columns(table, required=(ASSET,), optional=keys[1:])
    required_cells(table, ASSET)
    columns = {key: texts(table, key).to_list() for key in (ASSET, "name", "group")}
    shares = {key: texts(table, key) for key in SHARES if key in table.columns}
    signed = {key: cells.str.ends_with("%").to_list() for key, cells in shares.items()}
    bare = [cells.str.strip_suffix("%").str.strip_chars_end() for key, cells in shares.items() if any(signed[key])]
    table = replace(table, cells=table.cells.with_columns(bare))
    columns |= {
        name: column.to_list()
        for name, column in numbers(table, [k for k in keys if k in table.columns and k not in columns]).to_dict().items()
    }
    found: dict[str, OwnAsset] = {}
    for i, row in enumerate(table.rows):
        where, cells = f"{table.name}, row {row}", {key: column[i] for key, column in columns.items() if column[i] is not None}
        if cells[ASSET] in found:
            raise SpecError(
                "{where:s}: {cells!r:s} stands twice.", hint="Give each asset one row.", where=where, cells=cells[ASSET]
            )
        for key in shares.keys() & cells.keys():
            share = cells[key]
            if signed[key][i]:
                cells[key] = share / 100
            elif UNSIGNED < share < 1:
                hint = message("Write {value:g} % or {share:g} %, whichever is meant.", value=100 * share, share=share)
                raise SpecError(
                    "{where:s}: {key:s} {share:g} may be a fraction or in per cent.",
                    hint=hint,
                    where=where,
                    key=key,
                    share=share,
                )
        try:
            found[cells[ASSET]] = OwnAsset(**cells)
        except SpecError as error:
            raise SpecError(
                "{where:s}: {removeprefix}",
                hint=error.hint,
                details=error.details,
                where=where,
                removeprefix=error.message.removeprefix("OwnAsset: "),
            ) from None
    return tuple(found.values())


def named_table(path: Path, names: str = ASSET) -> tuple[dict[str, list[Any]], str]:
    """Columns of a file of numbers, those of names and dates first, and the name of the file.

    Names stand in a column `names`; those of assets, where there are no dates, in the first one, whatever it is called.

    Raises:
        DataError, FrameError: for a file that cannot be read, and for cells that are no numbers or dates.
    """

    def header(records: Sequence[Sequence[str]]) -> tuple[list[str], int, int] | None:
        # A frame of pandas is written with a first column that has no name.
        return None if not records else ([records[0][0].strip() or names, *records[0][1:]], 0, 1)

    table = read_table(path, header=header)
    keys = {name: GERMAN.get(name.strip().lower(), name) for name in table.columns}
    told = {name: kind for name, key in keys.items() if (kind := key.strip().lower()) in (DATE, names)}
    if names == ASSET and DATE not in told.values():
        told = {table.columns[0]: ASSET}
    found: dict[str, list[Any]] = {}
    for name, kind in told.items():
        if table.cells[name].is_null().any():
            raise DataError(
                "{name:s}: a row has no name in the column {first!r:s}.",
                hint="Give the asset key of each row.",
                name=table.name,
                first=name,
            )
        read = days(table, name) if kind == DATE else table.cells[name]
        found[kind] = [str(cell).strip() for cell in read]
    others = [name for name in table.columns if name not in told]
    columns = numbers(table, others)
    return {**found, **{keys[name]: columns[name].to_list() for name in others}}, table.name
