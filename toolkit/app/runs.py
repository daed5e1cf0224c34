"""Stored runs: `out/runs/RUN_ID/`, written under a temporary name and renamed, so that a killed process leaves no half run."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from toolkit.core.errors import SpecError


def to_json(data: Any) -> str:
    """The one way JSON leaves the toolkit: UTF-8 text, stable, never NaN."""
    return json.dumps(data, ensure_ascii=False, allow_nan=False, indent=1) + "\n"


def run_id(as_of: str, strategy: str, inputs: Mapping[str, Any]) -> str:
    """An id that says date and strategy, and is derived from everything that went in."""
    text = json.dumps(inputs, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return f"{as_of}-{strategy}-{hashlib.sha256(text.encode()).hexdigest()[:10]}"


def weights_csv(record: Mapping[str, Any]) -> str:
    """`weights.csv`: one row a position and cash."""
    columns = ("asset", "weight", "previous_weight", "value", "quantity", "unit", "lots", "lot_size", "price")
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(columns)
    for position in record["positions"]:
        writer.writerow(["" if position[column] is None else _literal(position[column]) for column in columns])
    writer.writerow(["cash", record["cash"]["weight"], "", record["cash"]["value"], "", "", "", "", ""])
    return buffer.getvalue()


def _literal(value: Any) -> Any:
    """A leading formula sign is quoted: spreadsheets would run it."""
    return f"'{value}" if isinstance(value, str) and value[:1] in "=+-@\t\r" else value


def run_files(record: Mapping[str, Any], inputs: Mapping[str, Any]) -> dict[str, bytes]:
    """The files of a run but its report, by name.

    Args:
        record: The run object, or that of a conflict, which has no weights.
        inputs: Strategy, configuration, data hashes, versions, seed.
    """
    files = {"run.json": to_json(record).encode(), "inputs.json": to_json(inputs).encode()}
    if "positions" in record:
        files["weights.csv"] = weights_csv(record).encode()
    return files


def store(folder: Path, name: str, files: Mapping[str, bytes]) -> Path:
    """Write a folder in one step and return it; an equal one that is there already is replaced.

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
        draft = Path(tempfile.mkdtemp(prefix=".draft-", dir=folder))
    except OSError as error:
        raise _unwritable(folder, error) from error
    try:
        for file, content in files.items():
            (draft / file).write_bytes(content)
        draft.chmod(0o755)
        if target.exists():
            old = Path(tempfile.mkdtemp(prefix=".old-", dir=folder))
            target.replace(old / "run")
            draft.replace(target)
            shutil.rmtree(old)
        else:
            draft.replace(target)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return target


def put(path: Path, content: bytes) -> Path:
    """Write one file in one step: a reader sees the old one or the new one.

    Raises:
        SpecError: when it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, draft = tempfile.mkstemp(prefix=".draft-", dir=path.parent)
    except OSError as error:
        raise _unwritable(path.parent, error) from error
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        Path(draft).chmod(0o644)
        Path(draft).replace(path)
    except OSError as error:
        raise _unwritable(path, error) from error
    finally:
        Path(draft).unlink(missing_ok=True)
    return path


def _unwritable(path: Path, error: OSError) -> SpecError:
    return SpecError(f"cannot write to {path}: {error.strerror}.", hint="Name another folder with --out.")
