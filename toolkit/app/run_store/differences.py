"""What differs between two stored runs: in the question, in what was known, and in the answer."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from toolkit.app.run_store.entries import StoredRun, same_command
from toolkit.core.units import significant
from toolkit.records.backtest import Backtest
from toolkit.records.conflict import Conflict
from toolkit.records.run import Run
from toolkit.records.runs import RunDifference, RunDifferences
from toolkit.records.sources import Provenance
from toolkit.records.sweep import Sweep

Value = str | float | None
Fact = tuple[str, str, Value, str | None]
"""Part, key, value, unit."""
FRACTION = "fraction"
DIGITS = 10
"""Digits of a checksum that tell two apart."""
SOLVER_PRECISION = 1e-6
"""Weights and orders nearer than this are the same: solvers end there."""
FIGURES = ("growth", "volatility", "max_drawdown", "turnover", "costs", "storage")


def differences(first: StoredRun, second: StoredRun) -> RunDifferences:
    """What differs, in the order of the parts of a run.

    Args:
        first: The one.
        second: The other, of the same command.

    Raises:
        SpecError: for runs of different commands.
    """
    same_command(first, second)
    ours, others = ({fact[:2]: fact[2:] for fact in _facts(one)} for one in (first, second))
    parts = list(dict.fromkeys(part for part, _ in (*ours, *others)))
    keys = sorted(dict.fromkeys((*ours, *others)), key=lambda key: parts.index(key[0]))
    rows = []
    for part, key in keys:
        (one, unit), (other, unit_of_other) = (facts.get((part, key), (None, None)) for facts in (ours, others))
        if one != other and not (part in ("weights", "orders") and _same(one or 0.0, other or 0.0)):
            told = {"part": part, "key": key, "first": one, "second": other, "unit": unit or unit_of_other}
            rows.append(RunDifference.model_validate(told))
    return RunDifferences(schema_version=1, kind="runs-diff", first=first.entry, second=second.entry, differences=tuple(rows))


def _same(one: str | float, other: str | float) -> bool:
    return (
        isinstance(one, float | int)
        and isinstance(other, float | int)
        and math.isclose(one, other, rel_tol=SOLVER_PRECISION, abs_tol=SOLVER_PRECISION)
    )


def _facts(run: StoredRun) -> Iterator[Fact]:
    match run.record:
        case Backtest():
            yield from _of_backtest(run.record)
        case Sweep():
            yield from _of_sweep(run.record, run.inputs)
        case Run() | Conflict():
            yield from _question(run.record, run.inputs)
            yield from _known(run.record.data, run.record.versions)
            yield from _of_run(run.record) if isinstance(run.record, Run) else [("figures", "status", "infeasible", None)]


def _question(record: Run | Conflict, inputs: Mapping[str, Any]) -> Iterator[Fact]:
    settings = {**(inputs.get("settings") or {}), "as_of": record.as_of, "client": record.client, "seed": record.seed}
    yield from _flat("settings", "", settings)
    yield from _strategy(inputs)
    held = inputs.get("holdings") or {}
    # What is held of each asset is the sum of its lots.
    yield from _flat("holdings", "", {key: value for key, value in held.items() if key != "units" or not held.get("lots")})
    yield from _flat("prices", "", inputs.get("prices"))


def _strategy(inputs: Mapping[str, Any]) -> Iterator[Fact]:
    """Its keys, and not the checksum of all of them."""
    asked = inputs.get("strategy") or {}
    yield from _flat("strategy", "", {key: value for key, value in asked.items() if key != "fingerprint"})


def _known(data: Sequence[Provenance], versions: Mapping[str, str]) -> Iterator[Fact]:
    for row in data:
        source = f"{row.table}/{row.source_id}"
        yield "data", f"{source}.rows", row.rows, None
        yield "data", f"{source}.as_of", row.as_of, None
        yield "data", f"{source}.sha256", row.sha256[:DIGITS], None
    yield from _flat("versions", "", versions)


def _of_run(record: Run) -> Iterator[Fact]:
    money = record.currency
    for position in record.positions:
        yield "weights", position.asset, position.weight, FRACTION
    yield "weights", "cash", record.cash.weight, FRACTION
    for order in record.orders:
        if order.side != "keep":
            sign = -1.0 if order.side == "sell" else 1.0
            amount, unit = (order.value, money) if order.quantity is None else (order.quantity, order.unit)
            yield "orders", order.asset, sign * amount, unit
    yield "figures", "status", record.status, None
    yield "figures", "objective", record.objective.value, None
    yield "figures", "volatility", record.risk.volatility, FRACTION
    yield "figures", "cvar_95", record.risk.cvar_95, FRACTION
    for name, value in record.risk.measures.items():
        yield "figures", name, value, FRACTION
    if record.expected_return is not None:
        yield "figures", "expected_return", record.expected_return.value, FRACTION
    yield "figures", "cost of the trades", record.costs.entry, money
    yield "figures", "storage a year", record.costs.holding_per_year, money
    yield "figures", "warnings", len(record.warnings), None


def _of_backtest(record: Backtest) -> Iterator[Fact]:
    named = {"first date": record.dates[0], "last date": record.dates[-1], "as_of": record.as_of, "seed": record.seed}
    yield from _flat("settings", "", {**named, "currency": record.currency, "budget": record.budget, "prices": record.prices})
    for one in record.strategies:
        yield "strategy", one.name, one.fingerprint[:DIGITS], None
    yield from _known(record.data, {})
    for one in record.strategies:
        for asset, weight in one.weights[-1].items() if one.weights else ():
            yield "weights", f"{one.name}: {asset}", weight, FRACTION
    for one in record.strategies:
        yield "orders", one.name, len(one.orders), None
    for one in record.strategies:
        figures = one.figures.to_json()
        yield from (("figures", f"{one.name}: {name}", figures[name], FRACTION) for name in FIGURES)
        yield "figures", f"{one.name}: wealth", one.wealth[-1], record.currency


def _of_sweep(record: Sweep, inputs: Mapping[str, Any]) -> Iterator[Fact]:
    yield from _flat("settings", "", {**(inputs.get("settings") or {}), "as_of": record.as_of})
    yield from _strategy(inputs)
    yield from _flat("data", "", {"all files": str(inputs.get("data", ""))[:DIGITS]})
    yield from _flat("versions", "", inputs.get("versions"))
    yield "figures", "backtests", len(record.runs), None
    yield "figures", "without an answer", record.failed, None
    for name, value in zip(("least", "lower quartile", "median", "upper quartile", "greatest"), record.quantiles, strict=False):
        yield "figures", f"growth: {name}", value, FRACTION
    yield "figures", "deflated", record.deflated, None
    for run in record.runs:
        changes = ", ".join(f"{key} {value}" for key, value in run.changes.items())
        yield "figures", f"growth of {changes}" if changes else "growth", run.growth, FRACTION


def _flat(part: str, path: str, value: Any) -> Iterator[Fact]:
    """Facts of a table of JSON, a key each; lists of named tables and of lots go by their names, other lists are one text."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _flat(part, f"{path}.{key}" if path else str(key), item)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        names = [_name(item) for item in value]
        if value and None not in names and len({*names}) == len(names):
            for name, item in zip(names, value, strict=True):
                own = item if isinstance(item, Mapping) else _text(item[1:])
                yield from _flat(part, f"{path}.{name}" if path else str(name), own)
        else:
            yield part, path, "; ".join(map(_text, value)), None
    elif path:
        number = isinstance(value, float | int) and not isinstance(value, bool)
        yield part, path, significant(float(value)) if number else None if value is None else str(value), None


def _name(item: Any) -> Any:
    """The name of a table, or that of a lot, with which its row begins; None of anything else."""
    if isinstance(item, Mapping):
        return item.get("name", item.get("lot_id"))
    return item[0] if isinstance(item, list) and item and isinstance(item[0], str) else None


def _text(item: Any) -> str:
    if isinstance(item, Mapping):
        return ", ".join(f"{key} {value}" for key, value in item.items())
    if isinstance(item, list):
        return ", ".join(_text(one) for one in item if one)
    return f"{significant(item):.10g}" if isinstance(item, float) else str(item)
