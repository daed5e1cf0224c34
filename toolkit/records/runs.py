"""Stored runs, and what differs between two of them."""

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


class RunDifference(Record):
    """One thing that differs."""

    part: Literal["settings", "strategy", "holdings", "prices", "data", "versions", "weights", "orders", "figures"]
    """What it belongs to: of the question (settings, strategy, holdings, own prices), of what was known (data, versions), or of
    the answer (weights, orders, key figures)."""
    key: str
    """Which, as a path of keys."""
    first: str | float | None
    """In the first run; null where it has none."""
    second: str | float | None
    """In the second."""
    unit: str | None
    """fraction, a currency, or that of the asset; null for what is no quantity."""


class RunDifferences(Record, schema="runs-diff"):
    """What differs between two stored runs: `toolkit runs diff`."""

    schema_version: FirstVersion
    kind: Literal["runs-diff"]
    """Of the object."""
    first: RunEntry
    """The one."""
    second: RunEntry
    """The other."""
    differences: Rows[RunDifference]
    """First those of the question, then of what was known, then of the answer; empty where nothing differs."""
