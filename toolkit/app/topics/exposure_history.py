"""Export controls on what is held over time: today's lots on every past day, or what a backtest held on each of its dates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import date
from functools import cache
from itertools import groupby, pairwise
from operator import itemgetter
from typing import Any, Unpack

from toolkit.app.topics.part import Ask, part
from toolkit.controls.periods import FormStanding, form_history
from toolkit.controls.state import Route, piece_of
from toolkit.core.calendar import add_months
from toolkit.holdings.exposure import STORED_SAFE
from toolkit.holdings.exposure_history import Change, Exposure, Part, changes, exposure_on
from toolkit.records.backtest import Backtest
from toolkit.records.exposure_history import ControlHistory
from toolkit.records.subjects import BacktestSubject, Holdings

MONTHS_SHOWN_BEFORE = 6
"""Months that are shown before the first change."""
WITHOUT = 24
"""Months that are shown where nothing ever changed."""
DAY = date.resolution


@part("control_history")
def control_history(ask: Ask) -> ControlHistory | None:
    """Shares of value under control over time and the measures behind them; None for a run and for the market alone."""
    match ask.record:
        case BacktestSubject():
            return _of_backtest(ask, ask.record.backtest)
        case Holdings():
            return _of_lots(ask)
    return None


def _of_lots(ask: Ask) -> ControlHistory | None:
    held = [(lot, lot.value) for lot in ask.lots if lot.value]
    value = sum(of_lot for _, of_lot in held)
    if not value:
        return None

    @cache
    def history(metal: str, form: str, purity: str | None, size: str | None, *route: str) -> tuple[FormStanding, ...]:
        origin, destination, end_user = route
        found = {"origin": origin, "destination": destination, "end_user": end_user}
        return _history(ask, metal, form, **piece_of(purity, size), **found)

    parts = [
        Part(
            lot.asset,
            of_lot / value,
            lot.delivery == STORED_SAFE,
            history(lot.asset, lot.form, lot.purity, lot.size, lot.export_from, lot.destination, lot.end_user),
        )
        for lot, of_lot in held
    ]
    found = changes(parts)
    start = add_months(found[0].day, -MONTHS_SHOWN_BEFORE) if found else add_months(ask.as_of, -WITHOUT)
    points = [exposure_on(parts, start), *(exposure_on(parts, day) for day in dict.fromkeys(one.day for one in found))]
    return _record(ask, "lots", points, found, {point.day: point for point in points})


def _of_backtest(ask: Ask, found: Backtest) -> ControlHistory | None:
    """The exposure of the first strategy: once metal is there it is outside its origin."""
    days, weights = [date.fromisoformat(day) for day in found.dates], found.strategies[0].weights
    mean = {
        key: sum(row.get(key, 0.0) for row in weights) / len(weights) for key in sorted({key for row in weights for key in row})
    }
    keys = sorted(mean, key=lambda key: (-mean[key], key))
    products = {key: ask.context.products[key] for key in keys if key in ask.context.products}
    formed = {key: asset.form for key, asset in products.items() if asset.form is not None}
    histories = {key: _history(ask, key, form) for key, form in formed.items()}
    if not histories:
        return None

    def on(row: Mapping[str, float], day: date) -> Exposure:
        held = [Part(key, row.get(key, 0.0), outside=True, history=history) for key, history in histories.items()]
        return replace(exposure_on(held, day), stoppable=None)

    points = [on(row, day) for row, day in zip(weights, days, strict=True)]
    every = changes([Part(key, 1.0, outside=True, history=history) for key, history in histories.items()])
    inside = [one for one in every if days[0] < one.day <= days[-1]]
    # A change counts from the first date on or after it.
    after = {one.day: next(point for point in points if point.day >= one.day) for one in inside}
    metals = [{**dict(ask.named(key)), "form": form, "periods": list(_periods(histories[key]))} for key, form in formed.items()]
    return _record(ask, "backtest", points, inside, after, metals, [key for key in keys if key not in histories])


def _history(ask: Ask, metal: str, form: str, **route: Unpack[Route]) -> tuple[FormStanding, ...]:
    route.setdefault("destination", ask.context.settings.config.owner.country)
    return form_history(ask.context.ledger, metal, form, until=ask.as_of, **route)


def _periods(history: Sequence[FormStanding]) -> Iterator[dict[str, Any]]:
    """Days in one status, adjacent ones together, each with the measures that began it first."""
    ends = [after.since - DAY for _, after in pairwise(history)]
    statuses = ["controlled" if one.controlled else "suspended" if one.suspended else "" for one in history]
    for status, group in groupby(zip(statuses, history, [*ends, None], strict=True), key=itemgetter(0)):
        rows = list(group)
        if status:
            numbers = dict.fromkeys(number for _, standing, _ in rows for _, number, _ in standing.measures)
            yield {"status": status, "since": rows[0][1].since, "until": rows[-1][2], "numbers": list(numbers)}


def _record(
    ask: Ask,
    subject: str,
    points: Sequence[Exposure],
    found: Sequence[Change],
    after: Mapping[date, Exposure],
    metals: Sequence[Mapping[str, Any]] = (),
    unjudged: Sequence[str] = (),
) -> ControlHistory:
    """The part on ``lots`` or on a ``backtest``; `after` is the exposure after the changes of a day."""
    snapshot = ask.context.snapshot
    return ControlHistory.model_validate(
        {
            "subject": subject,
            "destination": ask.context.settings.config.owner.country,
            "points": points,
            "changes": [
                {**asdict(one), "stoppable": (then := after[one.day]).stoppable, "outside": then.outside} for one in found
            ],
            "metals": metals,
            "unjudged": unjudged,
            "data": ask.provenance(controls=snapshot["controls"], control_scopes=snapshot["control_scopes"]),
        }
    )
