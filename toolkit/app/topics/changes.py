"""What changed: since last month's report, of controls, prices and the value of lots; and between two stored runs."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

import polars as pl

from toolkit.app.holdings.valuation import unit_prices
from toolkit.app.run_store.entries import StoredRun, same_command
from toolkit.app.topics.part import Ask, part
from toolkit.controls.changes import titles_acted_on
from toolkit.controls.events import SUSPENDS
from toolkit.controls.state import is_beyond_review
from toolkit.core.calendar import add_months
from toolkit.core.units import significant
from toolkit.market.exchange_rates import rates_used
from toolkit.market.market import Snapshot
from toolkit.records.backtest import Backtest
from toolkit.records.changes import Changes, ControlChange, PriceChange, PriceThen, RunDifference, RunDifferences, ValueChange
from toolkit.records.conflict import Conflict
from toolkit.records.run import Run
from toolkit.records.sources import Provenance
from toolkit.records.subjects import Holdings
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
TOLD = ("control", "practice")
"""Kinds of events that change what may leave a country; policy and markets are in the calendar."""


@part("changes")
def changes(ask: Ask) -> Changes:
    """Changes since last month's report: for each table what was known then and what is known now."""
    since = add_months(ask.as_of, -1)
    snapshot = ask.context.snapshot
    prices = tuple(_prices(ask, ask.context.on(since).snapshot))
    used = {
        "controls": snapshot["controls"],
        "prices": snapshot["prices"].filter(pl.col("asset").is_in([row.asset for row in prices])),
        "fx": rates_used(snapshot["fx"], {*snapshot["prices"]["currency"], ask.currency}),
    }
    return Changes.from_objects(
        ask.context.ledger,
        since=since,
        ledger_until=snapshot["controls"]["known_from"].max(),
        controls=tuple(_controls(ask, since)),
        prices=prices,
        value=_value(ask, prices),
        data=ask.provenance(**used),
    )


def _controls(ask: Ask, since: date) -> Iterator[ControlChange]:
    """Events announced since, and official ones whose status is another than it was; in the order of the day of the change.

    A suspension that began or ended is one change, with what it acts on beside it. `inferred` is a change that only the date of
    an earlier act tells, on a day to which the ledger was not reviewed.
    """
    ledger, chronology = ask.context.ledger, ask.context.ledger.chronology
    changed: dict[str, tuple[date, str | None, str, bool]] = {}
    for event in ledger.events:
        if event.kind not in TOLD:
            continue
        new = event.known_from > since
        was = None if new else chronology.status(event, since, known=since)
        now = chronology.status(event, ask.as_of, known=ask.as_of)
        if new or (event.is_law and was != now):
            day = event.known_from if new else chronology.period(event, ask.as_of).since
            changed[event.event_id] = day, was, now, not new and is_beyond_review(ledger.reviewed_to, day)
    targets = {key: titles_acted_on(chronology, ledger[key]) for key in changed if ledger[key].relation == SUSPENDS}
    targets_now: dict[str, set[str]] = {key: set() for key, acted_on in targets.items() if acted_on}
    for key, (_, was, now, _) in tuple(changed.items()):
        acting = chronology.acting_on(ledger[key], SUSPENDS, known=ask.as_of)
        found = [one.event_id for one in acting if one.event_id in targets_now]
        if found and was is not None:
            targets_now[found[-1]].add(now)
            del changed[key]
    for key, (day, was, now, inferred) in sorted(changed.items(), key=lambda item: (item[1][0], item[0])):
        event = ledger[key]
        yield ControlChange.from_objects(
            event,
            event_id=key,
            source_id=event.source,
            was=was,
            now=now,
            day=day.isoformat(),
            inferred=inferred,
            targets=targets.get(key, ()),
            targets_now=tuple(sorted(targets_now.get(key, ()))),
        )


def _prices(ask: Ask, then: Snapshot) -> Iterator[PriceChange]:
    """The level of each product as it was known then and as it is known now, in the reporting currency per kg."""
    snapshot = ask.context.snapshot
    products = tuple(asset for asset in ask.context.products if asset.key in ask.assets)
    now = unit_prices(snapshot, snapshot["prices"], products, ask.currency, ask.context.level_paths)
    before = unit_prices(then, then["prices"], products, ask.currency, ask.context.level_paths)
    monthly = set(snapshot["prices"]["asset"])
    for key in ask.assets:
        level = next((one for (asset, _), one in now.items() if asset == key), None)
        if level is None or key not in monthly:
            continue
        old = next((one for (asset, _), one in before.items() if asset == key), None)
        yield PriceChange.from_objects(
            level,
            asset=key,
            new=old is None or level.date > old.date,
            before=None if old is None else PriceThen.from_objects(old),
            change=None if old is None or old.basis != level.basis else level.price / old.price - 1.0,
        )


def _value(ask: Ask, prices: Sequence[PriceChange]) -> ValueChange | None:
    """The lots of the owner at the prices known then and now: those whose price is that of a product on the same basis."""
    if not ask.lots or not isinstance(ask.record, Holdings):
        return None
    earlier = {row.asset: row.before.price / row.price for row in prices if row.before and row.change is not None}
    now = {row.asset: row.price for row in prices}
    of_product = {
        (price.asset, price.form)
        for price in ask.record.exposure.prices
        if price.asset in earlier and math.isclose(price.price, now[price.asset], rel_tol=SOLVER_PRECISION)
    }
    valued = [(lot.asset, lot.value) for lot in ask.lots if lot.value is not None and (lot.asset, lot.form) in of_product]
    return ValueChange(
        before=sum(value * earlier[asset] for asset, value in valued),
        now=sum(value for _, value in valued),
        lots=len(valued),
        left_out=len(ask.lots) - len(valued),
    )


def differences(first: StoredRun, second: StoredRun) -> RunDifferences:
    """What differs between two stored runs, in the order of the parts of a run, with the law and prices from day to day.

    Args:
        first: The one.
        second: The other, of the same command.

    Raises:
        SpecError: for runs of different commands.
    """
    same_command(first, second)
    ours, others = ({fact[:2]: fact[2:] for fact in _facts(one)} for one in (first, second))
    parts = list(dict.fromkeys(of for of, _ in (*ours, *others)))
    rows = []
    for of, key in sorted(dict.fromkeys((*ours, *others)), key=lambda key: parts.index(key[0])):
        (one, unit), (other, unit_of_other) = (facts.get((of, key), (None, None)) for facts in (ours, others))
        if one != other and not (of in ("weights", "orders") and _same(one or 0.0, other or 0.0)):
            told = {"part": of, "key": key, "first": one, "second": other, "unit": unit or unit_of_other}
            rows.append(RunDifference.model_validate(told))
    then, now = sorted((first.record, second.record), key=lambda record: record.as_of)
    runs = [one for one in (then, now) if isinstance(one, Run | Conflict)]
    two_days = len(runs) == 2 and then.as_of < now.as_of
    law = two_days and len({(run.owner.country, repr(run.own_ledger)) for run in runs}) == 1
    return RunDifferences(
        as_of=now.as_of,
        since=then.as_of,
        ledger_until=now.as_of,
        reviewed_to=runs[-1].ledger.reviewed_to if runs else None,
        currency=runs[-1].currency if runs else None,
        law_compared=law,
        controls=tuple(_controls_between(*runs)) if law else (),
        prices=tuple(_prices_between(*runs)) if two_days else (),
        value=None,
        data=(),
        first=first.entry,
        second=second.entry,
        differences=tuple(rows),
    )


def _controls_between(then: Run | Conflict, now: Run | Conflict) -> Iterator[ControlChange]:
    """Measures on a product whose status is another in the later run, in the order of the day of the change."""
    before, after = (
        {measure.event_id: measure for row in run.controls for measure in (*row.measures, *row.elsewhere)}
        for run in (then, now)
    )
    ended = {key: measure for key, measure in before.items() if key not in after}
    changed = {key: measure for key, measure in after.items() if key not in before or before[key].status != measure.status}
    rows = [
        ControlChange.from_objects(
            measure,
            title=measure.number or measure.authority,
            was=before[key].status if key in before else None,
            now="expired" if key in ended else measure.status,
            day=min(str(measure.until or now.as_of), now.as_of) if key in ended else str(measure.status_since),
            inferred=measure.unconfirmed,
            targets=(),
            targets_now=(),
        )
        for key, measure in (changed | ended).items()
    ]
    yield from sorted(rows, key=lambda row: (row.day, row.event_id))


def _prices_between(then: Run | Conflict, now: Run | Conflict) -> Iterator[PriceChange]:
    """Prices of the products that both runs had, in the order of the later one."""
    if not (isinstance(then, Run) and isinstance(now, Run)) or then.currency != now.currency:
        return
    before = {row.asset: row for row in then.positions}
    for row in now.positions:
        old = before.get(row.asset)
        if row.price is None or old is None or old.price is None or old.unit != row.unit:
            continue
        yield PriceChange.from_objects(
            row,
            standard_error=row.price_se,
            date=row.price_date,
            new=row.price_date > old.price_date,
            before=PriceThen(price=old.price, date=old.price_date),
            change=row.price / old.price - 1.0 if (old.basis, old.price_from) == (row.basis, row.price_from) else None,
        )


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
    yield "figures", "value of what is held", record.money.held, money
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
