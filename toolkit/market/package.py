"""Reading a Frictionless data package (the bundled one, or the user's own folder) into a validated `Market`.

Table schemas are declared once, in `toolkit.core.frames`; `datapackage.json` repeats them for other tools, and
`validate_package` says where file, descriptor and contract differ.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from functools import cache, partial
from importlib import resources
from pathlib import Path
from typing import Annotated

import dataframely as dy
import polars as pl
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from toolkit.core.decode import faults_of
from toolkit.core.errors import DataError, FrameError
from toolkit.core.frames import TABLES
from toolkit.core.messages import message
from toolkit.core.text import cleaned
from toolkit.market.market import FramesOnDemand, Market, Source
from toolkit.market.readers.parquet import read_own_parquet
from toolkit.market.readers.tabular import visible

AGAIN = message("Run `toolkit data validate --data PATH` for every fault, or install the package again.")


class _Described(BaseModel):
    """The keys of a data package's descriptor that are read; other keys of Frictionless are allowed."""

    model_config = ConfigDict(extra="allow", strict=True)


class _Field(_Described):
    name: str
    type: str


class _Schema(_Described):
    fields: list[_Field]


class Resource(_Described):
    """A table of a data package, and what it is weak in."""

    name: str
    path: str
    schema_: _Schema = Field(alias="schema")
    weaknesses: list[str] = []

    @field_validator("path")
    @classmethod
    def _inside(cls, path: str) -> str:
        if Path(path).is_absolute() or ".." in Path(path).parts or not path:
            raise ValueError("must be a file inside the package")
        return path


class _Source(_Described):
    name: str
    title: str
    licence: str = "unknown"
    path: str = ""
    rhythm_days: int = Field(default=0, ge=0, le=36_600)
    lag_days: int = Field(default=0, ge=0, le=36_600)
    complete_to: Annotated[date | None, Field(strict=False)] = None


class Descriptor(_Described):
    """A data package as it describes itself."""

    resources: list[Resource]
    sources: list[_Source]


FRICTIONLESS_TYPES = {pl.Date: "date", pl.String: "string", pl.Float64: "number", pl.Int64: "integer", pl.Boolean: "boolean"}


@dataclass(frozen=True, slots=True)
class PackageFault:
    """One rule that a table breaks: how often, and the first rows (counted in the file, header is row 1)."""

    table: str
    rule: str
    count: int
    rows: tuple[int, ...] = ()
    file: str = "datapackage.json"

    def __str__(self) -> str:
        where = f", first at row {', '.join(map(str, self.rows))}" if self.rows else ""
        return f"{self.file}: {self.rule} ({self.count} times{where})"


def bundled_folder() -> Path:
    """The folder of the data that ships with the package."""
    return Path(str(resources.files("toolkit.market"))) / "bundled"


def descriptor(folder: Path) -> Descriptor:
    """The parsed `datapackage.json` of a folder.

    Raises:
        DataError: when the folder holds none, it is not JSON, or something the toolkit reads is missing or of a wrong type.
    """
    path = folder / "datapackage.json"
    try:
        package = cleaned(json.loads(path.read_text(encoding="utf-8-sig")))
    except FileNotFoundError:
        raise DataError("{folder:s} is no data package: datapackage.json is missing.", folder=str(folder)) from None
    except (OSError, ValueError, RecursionError) as error:
        raise DataError("{file:s} cannot be read: {error:s}.", hint=AGAIN, file=str(path), error=str(error)) from error
    try:
        return Descriptor.model_validate(package)
    except ValidationError as error:
        faults = faults_of(error, Descriptor, "")
        told = "; ".join(f"{fault['key']} {fault['message']}".strip() for fault in faults[:3])
        raise DataError("{file:s}: {told}.", hint=AGAIN, details={"faults": faults}, file=str(path), told=told) from None


def sources(package: Descriptor) -> dict[str, Source]:
    """The sources that a package describes, by their id."""
    return {
        one.name: Source(one.name, one.title, one.licence, one.path, one.rhythm_days, one.lag_days, one.complete_to)
        for one in package.sources
    }


def read_table(path: Path, schema: type[dy.Schema]) -> pl.DataFrame:
    """One table (CSV, packed CSV or Parquet) with the column types of its contract; ranges and keys are not judged here.

    Raises:
        DataError: when the file is missing or a value has the wrong type.
    """
    dtypes = {name: column.dtype for name, column in schema.columns().items()}
    try:
        if path.suffix == ".parquet":
            frame = pl.read_parquet(path) if path.parent == bundled_folder() else read_own_parquet(path)
            frame = frame.cast({name: dtype for name, dtype in dtypes.items() if name in frame.columns})
        else:
            frame = pl.read_csv(path, schema_overrides=dtypes, try_parse_dates=False, encoding="utf8")
    except FileNotFoundError:
        raise DataError(
            "{path:s} is missing.", hint="The data package is incomplete: install it again.", path=str(path)
        ) from None
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        raise DataError(
            "{path:s} cannot be read: {splitlines}", hint=AGAIN, path=str(path), splitlines=str(error).splitlines()[0]
        ) from error
    missing = [name for name in dtypes if name not in frame.columns]
    if missing:
        raise FrameError(
            "{name:s}: column {missing!r:s} is missing.",
            details={"file": str(path), "missing": missing},
            name=path.name,
            missing=missing[0],
        )
    return visible(frame.select(list(dtypes)))


def load_market(folder: Path) -> Market:
    """The market of a data package. Of the bundled one every table is read when it is first asked for.

    Raises:
        DataError: when a table of another package is missing, unreadable, or breaks its contract.
    """
    package = descriptor(folder)
    paths = {entry.name: folder / entry.path for entry in package.resources if entry.name in TABLES}
    frames = FramesOnDemand({name: partial(read_table, path, TABLES[name]) for name, path in paths.items()})
    if folder != bundled_folder():  # the bundled tables are checked by the tests of every release
        for name, frame in frames.items():
            if not TABLES[name].is_valid(frame):
                raise _broken(name, paths[name], frame)
    return Market.of(frames, sources(package))


def _broken(name: str, path: Path, frame: pl.DataFrame) -> FrameError:
    """The first rule that a table breaks, with its rows."""
    first, *more = _contract_faults(name, path, frame)
    details = {"file": str(path), "rule": first.rule, "rows": list(first.rows)}
    return FrameError(
        "{folder:s}: {fault}, and {n} more rules are broken." if more else "{folder:s}: {fault}.",
        hint=AGAIN,
        details=details,
        folder=str(path.parent),
        fault=str(first),
        n=len(more),
    )


def _contract_faults(name: str, path: Path, frame: pl.DataFrame) -> list[PackageFault]:
    """Every rule of its contract that a table breaks."""
    numbered = frame.with_row_index("__row", offset=2)
    _, failures = TABLES[name].filter(frame)
    faults = []
    for rule, count in sorted(failures.counts().items()):
        invalid = failures.invalid().head(3)
        rows = numbered.join(invalid, on=frame.columns, how="semi", nulls_equal=True)["__row"].head(3)
        faults.append(PackageFault(name, rule, count, tuple(rows), path.name))
    return faults


@cache
def bundled_market() -> Market:
    """The market that ships with the package."""
    return load_market(bundled_folder())


def _table_faults(name: str, path: Path, resource: Resource, known_sources: set[str]) -> list[PackageFault]:
    schema = TABLES[name]
    try:
        frame = read_table(path, schema)
    except DataError as error:
        return [PackageFault(name, error.message, 1, file=path.name)]
    declared = [(field.name, field.type) for field in resource.schema_.fields]
    contract = [(column, FRICTIONLESS_TYPES[type(spec.dtype)]) for column, spec in schema.columns().items()]
    faults = []
    if declared != contract:
        faults.append(PackageFault(name, "datapackage.json declares other fields than the table's contract", 1, file=path.name))
    faults += _contract_faults(name, path, frame)
    numbered = frame.with_row_index("__row", offset=2)
    undescribed = numbered.filter(~pl.col("source").is_in(list(known_sources)))
    if undescribed.height:
        rows = tuple(undescribed["__row"].head(3))
        faults.append(PackageFault(name, "source without a description", undescribed.height, rows, path.name))
    return faults


def validate_package(folder: Path) -> tuple[PackageFault, ...]:
    """Every fault of every table against its contract and its descriptor; empty when all hold.

    Raises:
        DataError: when the folder is no data package.
    """
    package = descriptor(folder)
    described = {resource.name: resource for resource in package.resources}
    faults = [PackageFault(name, f"table {name!r} is not described", 1) for name in TABLES if name not in described]
    faults += [PackageFault(name, f"no contract for table {name!r}", 1) for name in described if name not in TABLES]
    known = set(sources(package))
    for name, resource in described.items():
        if name in TABLES:
            faults += _table_faults(name, folder / resource.path, resource, known)
    return tuple(faults)
