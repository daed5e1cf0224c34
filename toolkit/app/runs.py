"""Stored runs: `out/runs/RUN_ID/`, written under a hidden name and renamed, so that a killed process leaves no half run."""

from __future__ import annotations

import contextlib
import csv
import hashlib
import io
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from toolkit.core.errors import SpecError
from toolkit.core.messages import message
from toolkit.core.text import indented
from toolkit.records import reading
from toolkit.records.conflict import Conflict
from toolkit.records.run import Run
from toolkit.records.subjects import BacktestSubject

SCHEMA_VERSION = 2
"""Of the run object; 1 had no orders."""
RECORD, INPUTS = "run.json", "inputs.json"
"""The files of a run folder that hold the run object, and what it was made from."""
RUNS, REPORTS, BACKTESTS, SWEEPS, FUTURES = "runs", "reports", "backtests", "sweeps", "futures"
"""Folders of the output: proposals; reports, backtests with a report among them; backtests of sweeps, a file each; sweeps;
futures of allocations, a file each."""
DRAFT = ".draft-"
"""How the names of what is not whole yet begin."""
LONGEST_STRATEGY = 200
"""Bytes of the name of a strategy in that of a run: file systems allow 255 for the whole."""
AGAIN = message("Run the strategy again.")
STALE = 3600.0
"""Seconds after which a draft belongs to no process that still writes it: a run is written within seconds."""


def to_json(data: Any) -> str:
    """The one way JSON leaves the toolkit: UTF-8 text, stable, never NaN."""
    return indented(data) + "\n"


def run_id(as_of: str, strategy: str, inputs: Mapping[str, Any]) -> str:
    """The id of a run: date, strategy, and the first ten digits of the SHA-256 of everything that went in.

    Args:
        as_of: The day, ISO 8601.
        strategy: Name of the strategy; its first `LONGEST_STRATEGY` bytes are used.
        inputs: JSON-ready description of all inputs.
    """
    text = json.dumps(inputs, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    name = strategy.encode()[:LONGEST_STRATEGY].decode(errors="ignore")
    return f"{as_of}-{name}-{hashlib.sha256(text.encode()).hexdigest()[:10]}"


def csv_text(rows: Iterable[Iterable[Any]]) -> str:
    """Rows as CSV: an empty cell for None, and a formula sign at the beginning quoted: spreadsheets would run it."""

    def cell(value: Any) -> Any:
        is_formula = isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r"))
        return "" if value is None else f"'{value}" if is_formula else value

    buffer = io.StringIO(newline="")
    csv.writer(buffer, lineterminator="\n").writerows([cell(value) for value in row] for row in rows)
    return buffer.getvalue()


def weights_csv(record: Run) -> str:
    """`weights.csv`: one row a position and cash."""
    columns = ("asset", "weight", "previous_weight", "value", "quantity", "unit", "lots", "lot_size", "price")
    positions = ([getattr(position, column) for column in columns] for position in record.positions)
    return csv_text([columns, *positions, ["cash", record.cash.weight, None, record.cash.value, *[None] * 5]])


ORDERS = (
    "side", "asset", "quantity", "unit", "lots", "price", "value", "cost", "owed", "cash", "lot_ids", "note", "price_from",
    "price_source", "price_date",
)  # fmt: skip


def orders_csv(record: Run) -> str:
    """`orders.csv`: what is bought, sold and kept, one row an asset; `cash` is what a trade brings or takes."""
    rows = ({**dict(row), "lot_ids": " ".join(row.lot_ids)} for row in record.orders)
    return csv_text([ORDERS, *([row[name] for name in ORDERS] for row in rows)])


def run_files(record: Run | Conflict) -> dict[str, bytes]:
    """The files of a run, or of a conflict, which has no weights, but its report and its inputs, by name."""
    files = {RECORD: to_json(record.to_json()).encode()}
    if isinstance(record, Run):
        files["weights.csv"] = weights_csv(record).encode()
        files["orders.csv"] = orders_csv(record).encode()
    return files


def with_checksums(files: Mapping[str, bytes], inputs: Mapping[str, Any]) -> dict[str, bytes]:
    """The files of a run and `inputs.json` with the SHA-256 of each: a changed figure is never reported as computed.

    Args:
        files: By name, without this one.
        inputs: Strategy, configuration, data hashes, versions, seed.
    """
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    return {**files, INPUTS: to_json({**inputs, "sha256": digests}).encode()}


def read_stored(folder: Path, name: str = RECORD) -> dict[str, Any] | None:
    """A JSON file of a stored run as it was written; None where the run was stored without it.

    Raises:
        SpecError: when it cannot be read, or is not what the toolkit wrote.
    """
    try:
        content = (folder / name).read_bytes() if name == RECORD or (folder / name).is_file() else None
        digests = json.loads((folder / INPUTS).read_text(encoding="utf-8")).get("sha256")
    except FileNotFoundError as error:
        raise SpecError(
            "{folder:s} is no run of this toolkit: {name:s} is missing.",
            hint=AGAIN,
            folder=str(folder),
            name=Path(error.filename).name,
        ) from error
    except (OSError, ValueError, AttributeError, RecursionError) as error:
        raise SpecError(
            "the stored run {folder:s} cannot be read: {error:s}.", hint=AGAIN, folder=str(folder), error=str(error)
        ) from error
    if not isinstance(digests, dict):
        raise SpecError(
            "{folder:s} holds no checksums: {name:s} is no run of this version.",
            hint=AGAIN,
            folder=str(folder / INPUTS),
            name=folder.name,
        )
    if content is None or (name != RECORD and name not in digests):
        return None
    if hashlib.sha256(content).hexdigest() != digests.get(name):
        raise SpecError(
            "{folder:s} was changed after the run wrote it: its checksum is another.", hint=AGAIN, folder=str(folder / name)
        )
    try:
        found = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise SpecError(
            "{folder:s} cannot be read: {error:s}.", hint=AGAIN, folder=str(folder / name), error=str(error)
        ) from error
    if not isinstance(found, dict):
        raise SpecError(
            "{folder:s} must be a table, not {name:s}.", hint=AGAIN, folder=str(folder / name), name=type(found).__name__
        )
    return found


def read_run(folder: Path) -> Run | Conflict | BacktestSubject:
    """The run object of a stored run, checked against its schema.

    Raises:
        SpecError: as `read_stored`, and for a run of another version, or one with a key that is missing or of another type.
    """
    record = read_stored(folder) or {}
    if "kind" not in record and (version := record.get("schema_version")) != SCHEMA_VERSION:
        told = message(
            "the stored run {name:s} was written by another version: its schema is {version}, not {schema_version}.",
            name=folder.name,
            version=version,
            schema_version=SCHEMA_VERSION,
        )
        raise SpecError(told, hint=AGAIN)
    return reading.read_run(record, str(folder / RECORD), AGAIN)


def store(folder: Path, name: str, files: Mapping[str, bytes]) -> Path:
    """Write a run folder and return it: a reader sees no folder or a whole one, whenever the process is killed.

    A new folder is written under a hidden name and appears by one rename. In a folder that is there already each file is
    replaced by one rename, `run.json` last: the id is that of the inputs, so that the files of both belong together. Reports
    that were rendered into it later stay.

    Args:
        folder: Where it goes; made where it is not there.
        name: Of the new folder.
        files: Their contents by name.

    Raises:
        SpecError: when the folder cannot be written.
    """
    target = folder / name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _sweep(folder)
        draft = Path(tempfile.mkdtemp(prefix=DRAFT, dir=folder))
    except OSError as error:
        raise _unwritable(folder, error) from error
    try:
        for file, content in files.items():
            (draft / file).write_bytes(content)
        draft.chmod(0o755)
        if not target.is_dir():
            with contextlib.suppress(OSError):  # another writer of the same run was faster
                draft.replace(target)
                return target
        _sweep(target)
        for file in sorted(files, key=lambda file: file == RECORD):
            (draft / file).replace(target / file)
    except OSError as error:
        raise _unwritable(target, error) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return target


def read_object(path: Path) -> dict[str, Any] | None:
    """The object of a JSON file as it stands there; None where there is no file.

    Raises:
        SpecError: where it cannot be read.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError) as error:
        raise SpecError(
            "{path:s} cannot be read: {error:s}.",
            hint="Remove it: the same command makes it again.",
            path=str(path),
            error=str(error),
        ) from error


def stored_runs(folder: Path, pattern: str = "*") -> list[Path]:
    """The folders of stored runs, the one written last at the end; what is hidden is no run.

    Args:
        folder: Of the runs.
        pattern: Of the names, as of `Path.glob`.
    """
    written = []
    for file in folder.glob(f"{pattern}/{RECORD}"):
        if not file.parent.name.startswith("."):
            with contextlib.suppress(OSError):  # removed since it was listed
                written.append((file.stat().st_mtime_ns, file.parent))
    return [run for _, run in sorted(written)]


def put(path: Path, content: bytes) -> Path:
    """Write one file in one step: a reader sees the old one or the new one. Devices and pipes are written to as they are.

    Raises:
        SpecError: when it cannot be written.
    """
    try:
        if path.exists() and not path.is_file():
            path.write_bytes(content)
            return path
        path.parent.mkdir(parents=True, exist_ok=True)
        _sweep(path.parent)
        descriptor, draft = tempfile.mkstemp(prefix=DRAFT, dir=path.parent)
    except OSError as error:
        raise _unwritable(path.parent, error) from error
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        Path(draft).chmod(path.stat().st_mode if path.exists() else 0o644)
        Path(draft).replace(path)
    except OSError as error:
        raise _unwritable(path, error) from error
    finally:
        Path(draft).unlink(missing_ok=True)
    return path


def _sweep(folder: Path) -> None:
    """Remove drafts that a killed process left behind."""
    for draft in folder.glob(f"{DRAFT}*"):
        with contextlib.suppress(OSError):  # another process may sweep too
            if time.time() - draft.lstat().st_mtime < STALE:
                continue
            if draft.is_dir() and not draft.is_symlink():
                shutil.rmtree(draft, ignore_errors=True)
            else:
                draft.unlink()


def _unwritable(path: Path, error: OSError) -> SpecError:
    hint = message("Check space and access, or name another place; --out is that of runs and reports.")
    return SpecError("cannot write to {path:s}: {error:s}.", hint=hint, path=str(path), error=error.strerror or error)
