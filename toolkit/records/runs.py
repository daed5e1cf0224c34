"""Stored runs: `toolkit runs list`."""

from typing import Literal

from toolkit.records.base import Day, Record, Rows
from toolkit.records.fields import Client, FirstVersion


class RunEntry(Record):
    """A run, a backtest or a sweep that is stored."""

    run_id: str
    """Name of its folder, or of its file; `toolkit runs show` finds it by this."""
    command: Literal["optimize", "backtest", "sweep", "unknown"]
    """What made it; unknown where it cannot be read."""
    written: Day
    """Day on which its files were written."""
    as_of: Day | None
    """Day of knowledge; null where it cannot be read."""
    strategies: Rows[str]
    """Keys of the strategies that were asked for."""
    status: str
    """Of a run as `toolkit optimize --json` says, infeasible for one without an answer; complete, or partial where backtests
    of a sweep have no answer; unreadable."""
    client: Client
    folder: str
    """Its folder, or its file."""
    fault: str | None
    """Why it cannot be read; null where it can."""


class RunList(Record, schema="runs"):
    """Every stored run: `toolkit runs list`."""

    schema_version: FirstVersion
    kind: Literal["runs"]
    """Of the object."""
    folder: str
    """Where runs are stored: in its folders runs, reports and sweeps."""
    runs: Rows[RunEntry]
    """The one written last first."""
