"""Reading a Frictionless data package (the bundled one, or the user's own folder) into a validated `Market`.

Table schemas are declared once, in `toolkit.core.frames`; `datapackage.json` repeats them for other tools, and
`validate_package` says where file, descriptor and contract differ.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from importlib import resources
from pathlib import Path
from typing import Any

import dataframely as dy
import polars as pl

from toolkit.core.errors import DataError, FrameError
from toolkit.core.frames import TABLES
from toolkit.core.market import Market, Source
from toolkit.core.text import cleaned
from toolkit.data.files.tabular import visible

FRICTIONLESS_TYPES = {pl.Date: "date", pl.String: "string", pl.Float64: "number", pl.Int64: "integer", pl.Boolean: "boolean"}


@dataclass(frozen=True, slots=True)
class Fault:
    """One rule that a table breaks: how often, and the first rows (counted in the file, header is row 1)."""

    table: str
    rule: str
    count: int
    rows: tuple[int, ...] = ()

    def __str__(self) -> str:
        where = f", first at row {', '.join(map(str, self.rows))}" if self.rows else ""
        return f"{self.table}.csv: {self.rule} ({self.count} times{where})"


def bundled_folder() -> Path:
    """The folder of the data that ships with the package."""
    return Path(str(resources.files("toolkit.data"))) / "bundled"


def descriptor(folder: Path) -> dict[str, Any]:
    """The parsed `datapackage.json` of a folder.

    Raises:
        DataError: when the folder holds none, or it is not JSON.
    """
    path = folder / "datapackage.json"
    try:
        return cleaned(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise DataError(f"{folder} is no data package: datapackage.json is missing.") from None
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise DataError(f"{path} cannot be read: {error}.") from error


def sources(package: dict[str, Any]) -> dict[str, Source]:
    """The sources that a package describes, by their id."""
    return {
        entry["name"]: Source(
            id=entry["name"],
            title=entry["title"],
            licence=entry.get("licence", "unknown"),
            url=entry.get("path", ""),
            rhythm_days=entry.get("rhythm_days", 0),
            lag_days=entry.get("lag_days", 0),
            complete_to=date.fromisoformat(entry["complete_to"]) if "complete_to" in entry else None,
        )
        for entry in package.get("sources", [])
    }


def read_table(path: Path, schema: type[dy.Schema]) -> pl.DataFrame:
    """One CSV table with the column types of its contract; ranges and keys are not judged here.

    Raises:
        DataError: when the file is missing or a value has the wrong type.
    """
    dtypes = {name: column.dtype for name, column in schema.columns().items()}
    try:
        frame = pl.read_csv(path, schema_overrides=dtypes, try_parse_dates=False, encoding="utf8")
    except FileNotFoundError:
        raise DataError(f"{path} is missing.", hint="The data package is incomplete: install it again.") from None
    except (pl.exceptions.ComputeError, pl.exceptions.SchemaError, pl.exceptions.NoDataError) as error:
        raise DataError(f"{path.name}: {str(error).splitlines()[0]}", hint="Run `toolkit data validate`.") from error
    missing = [name for name in dtypes if name not in frame.columns]
    if missing:
        raise FrameError(f"{path.name}: column {missing[0]!r} is missing.", details={"file": str(path), "missing": missing})
    return visible(frame.select(list(dtypes)))


def load_market(folder: Path, tables: Iterable[str] | None = None) -> Market:
    """The market of a data package; `tables` narrows it to what is needed.

    Raises:
        DataError: when a table is missing or unreadable.
    """
    package = descriptor(folder)
    paths = {resource["name"]: folder / resource["path"] for resource in package.get("resources", [])}
    wanted = set(TABLES if tables is None else tables)
    frames = {name: read_table(path, TABLES[name]) for name, path in paths.items() if name in wanted and name in TABLES}
    return Market.of(frames, sources(package))


@functools.cache
def bundled_market() -> Market:
    """The market that ships with the package."""
    return load_market(bundled_folder())


def _table_faults(name: str, path: Path, resource: dict[str, Any], known_sources: set[str]) -> list[Fault]:
    schema = TABLES[name]
    try:
        frame = read_table(path, schema)
    except DataError as error:
        return [Fault(name, error.message, 1)]
    declared = [(field["name"], field["type"]) for field in resource["schema"]["fields"]]
    contract = [(column, FRICTIONLESS_TYPES[type(spec.dtype)]) for column, spec in schema.columns().items()]
    faults = []
    if declared != contract:
        faults.append(Fault(name, "datapackage.json declares other fields than the table's contract", 1))
    numbered = frame.with_row_index("__row", offset=2)
    _, failures = schema.filter(frame)
    for rule, count in sorted(failures.counts().items()):
        invalid = failures.invalid().head(3)
        rows = numbered.join(invalid, on=frame.columns, how="semi", nulls_equal=True)["__row"].head(3)
        faults.append(Fault(name, rule, count, tuple(rows)))
    undescribed = numbered.filter(~pl.col("source").is_in(list(known_sources)))
    if undescribed.height:
        faults.append(Fault(name, "source without a description", undescribed.height, tuple(undescribed["__row"].head(3))))
    return faults


def validate_package(folder: Path) -> tuple[Fault, ...]:
    """Every fault of every table against its contract and its descriptor; empty when all hold.

    Raises:
        DataError: when the folder is no data package.
    """
    package = descriptor(folder)
    described = {resource["name"]: resource for resource in package.get("resources", [])}
    faults = [Fault(name, "not described in datapackage.json", 1) for name in TABLES if name not in described]
    faults += [Fault(name, "no contract for this table", 1) for name in described if name not in TABLES]
    known = set(sources(package))
    for name, resource in described.items():
        if name in TABLES:
            faults += _table_faults(name, folder / resource["path"], resource, known)
    return tuple(faults)
