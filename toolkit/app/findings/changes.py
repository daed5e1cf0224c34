"""The part `changes`: what became known within the last month, of controls, customs flows and prices."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import polars as pl

from toolkit.app.findings.part import Ask, part
from toolkit.app.valuation import UnitPrice, unit_prices
from toolkit.controls.changes import titles_acted_on
from toolkit.controls.events import SUSPENDS
from toolkit.controls.ledger import CHINA
from toolkit.controls.state import is_beyond_review
from toolkit.core.calendar import add_months
from toolkit.market.exchange_rates import rates_used
from toolkit.market.market import Snapshot
from toolkit.supply.flows import WORLD, flow_series, summarise

TOLD = ("control", "practice")
"""Kinds of events that change what may leave a country; policy and markets are in the calendar."""


@part("changes")
def changes(ask: Ask) -> dict[str, Any] | None:
    """Changes since last month's report: for each table what was known then and what is known now."""
    since = add_months(ask.as_of, -1)
    snapshot = ask.context.snapshot
    then = ask.context.on(since).snapshot
    prices = list(_prices(ask, then))
    flows = list(_flows(ask, since))
    used = {
        "controls": snapshot["controls"],
        "prices": snapshot["prices"].filter(pl.col("asset").is_in([row["asset"] for row in prices])),
        "fx": rates_used(snapshot["fx"], {*snapshot["prices"]["currency"], ask.currency}),
        "flows": snapshot["flows"].filter(pl.col("asset").is_in([row["asset"] for row in flows])),
    }
    return {
        "since": since,
        "ledger_until": snapshot["controls"]["known_from"].max(),
        "reviewed_to": ask.context.ledger.reviewed_to,
        "controls": list(_controls(ask, since)),
        "flows": flows,
        "prices": prices,
        "data": ask.provenance(**used),
    }


def _controls(ask: Ask, since: date) -> Iterator[dict[str, Any]]:
    """Events announced since, and official ones whose status is another than it was; in the order of the day of the change.

    A suspension that began or ended is one change, with what it acts on beside it. `inferred` is a change that only the date of
    an earlier act tells, on a day to which the ledger was not reviewed.
    """
    chronology = ask.context.ledger.chronology
    rows = []
    for event in ask.context.ledger.events:
        if event.kind not in TOLD:
            continue
        new = event.known_from > since
        was = None if new else chronology.status(event, since, known=since)
        now = chronology.status(event, ask.as_of, known=ask.as_of)
        if not new and (not event.is_law or was == now):
            continue
        day = event.known_from if new else chronology.period(event, ask.as_of).since
        rows.append(
            {
                "event_id": event.event_id,
                "title": event.title,
                "kind": event.kind,
                "instrument": event.instrument,
                "standing": event.standing,
                "confidence": event.confidence,
                "source_id": event.source,
                "origin": event.origin,
                "destinations": event.destinations,
                "metals": event.metals,
                "was": was,
                "now": now,
                "day": day,
                "inferred": not new and is_beyond_review(ask.context.ledger.reviewed_to, day),
                "targets": titles_acted_on(chronology, event) if event.relation == SUSPENDS else (),
                "targets_now": [],
            }
        )
    suspensions = {row["event_id"]: row for row in rows if row["targets"]}
    for row in tuple(rows):
        acting = chronology.acting_on(ask.context.ledger[row["event_id"]], SUSPENDS, known=ask.as_of)
        found = [suspensions[s.event_id] for s in acting if s.event_id in suspensions]
        if found and row["was"] is not None:
            found[-1]["targets_now"] = sorted({*found[-1]["targets_now"], row["now"]})
            rows.remove(row)
    yield from sorted(rows, key=lambda row: (row["day"], row["event_id"]))


def _flows(ask: Ask, since: date) -> Iterator[dict[str, Any]]:
    """The newest month of each metal's imports, in all and from China, against the month and the year before."""
    table = ask.context.snapshot["flows"]
    for asset in ask.assets:
        rows = table.filter(pl.col("asset") == asset)
        if rows.is_empty():
            continue
        newest = rows.filter(pl.col("date") == pl.col("date").max())
        series = {one.partner: one for one in flow_series(rows)}
        whole = series.get(WORLD)
        if whole is None:
            continue
        part_of = series.get(CHINA)
        told = {"all": summarise(whole), "china": None if part_of is None else summarise(part_of, whole)}
        yield {
            "asset": asset,
            "reporter": whole.reporter,
            "month": whole.months[-1],
            "new": any(known > since for known in newest["known_from"]),
            **{
                key: None
                if one is None
                else {
                    "latest": one.latest,
                    "on_month": one.on_month,
                    "on_year": one.on_year,
                    "zeros_running": one.zeros_running,
                    "inferred": one.month in one.series.inferred,
                }
                for key, one in told.items()
            },
        }


def _prices(ask: Ask, then: Snapshot) -> Iterator[dict[str, Any]]:
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
        yield {
            "asset": key,
            "price": level.price,
            "standard_error": level.standard_error,
            "date": level.date,
            "basis": level.basis,
            "new": old is None or level.date > old.date,
            "before": None if old is None else {"price": old.price, "date": old.date},
            "change": _change(level, old),
        }


def _change(level: UnitPrice, old: UnitPrice | None) -> float | None:
    return None if old is None or old.basis != level.basis else level.price / old.price - 1.0
