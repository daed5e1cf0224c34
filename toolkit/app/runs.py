"""Stored runs: `out/runs/RUN_ID/`, written under a temporary name and renamed, so that a killed process leaves no half run."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import shutil
import tempfile
from collections.abc import Callable, Mapping
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


def store(folder: Path, record: Mapping[str, Any], inputs: Mapping[str, Any], report: Callable[[], str] | None) -> Path:
    """Write a run folder in one step and return it; an equal run that is there already is replaced.

    Args:
        folder: The output folder; runs go to its `runs/`.
        record: The run object.
        inputs: Strategy, configuration, data hashes, versions, seed.
        report: Renders the HTML report; None leaves it out.

    Raises:
        SpecError: when the folder cannot be written.
    """
    runs = folder / "runs"
    target = runs / record["run_id"]
    try:
        runs.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=".draft-", dir=runs))
    except OSError as error:
        raise SpecError(f"cannot write to {folder}: {error.strerror}.", hint="Name another folder with --out.") from error
    try:
        (draft / "run.json").write_text(to_json(record), encoding="utf-8")
        (draft / "inputs.json").write_text(to_json(inputs), encoding="utf-8")
        (draft / "weights.csv").write_text(weights_csv(record), encoding="utf-8", newline="")
        if report is not None:
            (draft / "report.html").write_text(report(), encoding="utf-8")
        draft.chmod(0o755)
        if target.exists():
            old = Path(tempfile.mkdtemp(prefix=".old-", dir=runs))
            target.replace(old / "run")
            draft.replace(target)
            shutil.rmtree(old)
        else:
            draft.replace(target)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return target
