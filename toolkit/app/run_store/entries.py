"""Stored runs, backtests and sweeps: found by name, listed, and read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from toolkit.app.run_store.lookup import LAST, find, folders
from toolkit.app.runs import AGAIN, INPUTS, RECORD, read_object, read_run, read_stored
from toolkit.core.errors import DataError, SpecError, ToolkitError
from toolkit.records.backtest import Backtest
from toolkit.records.changes import RunEntry, RunList
from toolkit.records.conflict import Conflict
from toolkit.records.reading import read
from toolkit.records.run import Run
from toolkit.records.subjects import BACKTEST, CONFLICT, BacktestSubject
from toolkit.records.sweep import Sweep

SWEEP = "sweep"

Stored = Run | Conflict | Backtest | Sweep


@dataclass(frozen=True, slots=True)
class StoredRun:
    """A stored run as it was read.

    Attributes:
        entry: As it is listed.
        record: The answer of its command.
        inputs: What it was made from, as far as that was stored beside it.
    """

    entry: RunEntry
    record: Stored
    inputs: Mapping[str, Any]


def run_list(output: Path) -> RunList:
    """Every stored run, the one written last first; one that cannot be read is listed with the reason.

    Args:
        output: The folder of output.
    """
    found = [_entry(folder) for folder in folders(output)]
    return RunList(schema_version=1, kind="runs", folder=str(output), runs=tuple(reversed(found)))


def pair(words: tuple[str, str], output: Path) -> tuple[StoredRun, StoredRun]:
    """Two stored runs; `last` beside another is the last one of the same command that is not this other.

    Args:
        words: As of `find`.
        output: The folder of output.

    Raises:
        DataError, SpecError: as of `find` and `load`.
    """
    if words.count(LAST) != 1:
        first, second = (load(find(word, output)) for word in words)
        return first, second
    other = load(find(words[1 - words.index(LAST)], output))
    alike = [run for run in run_list(output).runs if run.command == other.entry.command and run.folder != other.entry.folder]
    if not alike:
        raise DataError(
            "no other run of `toolkit {command}` is stored in {output} beside {run_id:s}.",
            hint="`toolkit runs list` tells which there are.",
            command=other.entry.command,
            output=output,
            run_id=other.entry.run_id,
        )
    last = load(Path(alike[0].folder))
    return (last, other) if words[0] == LAST else (other, last)


def load(path: Path) -> StoredRun:
    """A stored run.

    Args:
        path: As of `find`.

    Raises:
        SpecError: when it cannot be read, is damaged, or was written by another version.
    """
    if path.is_file():
        record: Stored = read(Backtest, read_object(path) or {}, str(path), AGAIN)
        return StoredRun(_entry(path), record, {})
    data = read_stored(path) or {}
    if data.get("kind") == SWEEP:
        record = read(Sweep, data, str(path / RECORD), AGAIN)
    else:
        found = read_run(path)
        record = found.backtest if isinstance(found, BacktestSubject) else found
    return StoredRun(_entry(path), record, read_object(path / INPUTS) or {})


def _entry(path: Path) -> RunEntry:
    """A stored run as it is listed: its few facts, from its object without its schema, so that thousands are listed at once."""
    file = path if path.is_file() else path / RECORD
    fields: dict[str, Any] = {
        "run_id": path.stem if path.is_file() else path.name,
        "written": date.fromtimestamp(file.stat().st_mtime),
        "folder": str(path),
        "fault": None,
    }
    try:
        found = (read_object(path) if path.is_file() else read_stored(path)) or {}
        fields |= _facts(found)
    except ToolkitError as error:
        fields |= {"fault": error.message}
    except (KeyError, TypeError, AttributeError):
        fields |= {"fault": f"{file} is no run of this version."}
    if fields["fault"] is not None:
        fields |= {"command": "unknown", "as_of": None, "strategies": [], "status": "unreadable", "client": None}
    return RunEntry.model_validate(fields)


def _facts(found: Mapping[str, Any]) -> dict[str, Any]:
    """Command, day, strategies, status and client of an object."""
    facts = {"as_of": found["as_of"], "client": found.get("client")}
    match found.get("kind"):
        case "backtest":
            backtest = found.get(BACKTEST, found)
            named = [one["name"] for one in backtest["strategies"] if one["role"] == "strategy"]
            return facts | {"command": "backtest", "strategies": named, "status": "complete"}
        case "sweep":
            status = "partial" if found["failed"] else "complete"
            return facts | {"command": "sweep", "strategies": [found["strategy"]], "status": status}
    status = "infeasible" if found.get("kind") == CONFLICT else found["status"]
    return facts | {"command": "optimize", "strategies": [found["strategy"]["name"]], "status": status}


def same_command(first: StoredRun, second: StoredRun) -> None:
    """Refuse two runs of different commands.

    Raises:
        SpecError: that names both commands.
    """
    one, other = first.entry, second.entry
    if one.command != other.command:
        raise SpecError(
            "{run_id:s} is of `toolkit {command}` and {other_run_id:s} of `toolkit {other_command}`.",
            hint="Compare two runs of one command: `toolkit runs list` tells which each is of.",
            run_id=one.run_id,
            command=one.command,
            other_run_id=other.run_id,
            other_command=other.command,
        )
