"""The part `changes`: what became known within the last month, of controls, customs flows and prices."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import polars as pl

from toolkit.app.holdings.valuation import unit_prices
from toolkit.app.topics.part import Ask, part
from toolkit.controls.changes import titles_acted_on
from toolkit.controls.events import SUSPENDS
from toolkit.controls.ledger import CHINA
from toolkit.controls.state import is_beyond_review
from toolkit.core.calendar import add_months
from toolkit.market.exchange_rates import rates_used
from toolkit.market.market import Snapshot
from toolkit.records.changes import Changes, ControlChange, FlowChange, FlowNews, PriceChange, PriceThen
from toolkit.supply.flows import WORLD, FlowSummary, flow_series, summarise

TOLD = ("control", "practice")
"""Kinds of events that change what may leave a country; policy and markets are in the calendar."""


@part("changes")
def changes(ask: Ask) -> Changes:
    """Changes since last month's report: for each table what was known then and what is known now."""
    since = add_months(ask.as_of, -1)
    snapshot = ask.context.snapshot
    then = ask.context.on(since).snapshot
    prices = tuple(_prices(ask, then))
    flows = tuple(_flows(ask, since))
    used = {
        "controls": snapshot["controls"],
        "prices": snapshot["prices"].filter(pl.col("asset").is_in([row.asset for row in prices])),
        "fx": rates_used(snapshot["fx"], {*snapshot["prices"]["currency"], ask.currency}),
        "flows": snapshot["flows"].filter(pl.col("asset").is_in([row.asset for row in flows])),
    }
    return Changes.from_objects(
        ask.context.ledger,
        since=since,
        ledger_until=snapshot["controls"]["known_from"].max(),
        controls=tuple(_controls(ask, since)),
        flows=flows,
        prices=prices,
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


def _flows(ask: Ask, since: date) -> Iterator[FlowChange]:
    """The newest month of each metal's imports, in all and from China, against the month and the year before."""
    table = ask.context.snapshot["flows"]
    for asset in ask.assets:
        rows = table.filter(pl.col("asset") == asset)
        series = {one.partner: one for one in flow_series(rows)} if rows.height else {}
        whole = series.get(WORLD)
        if whole is None:
            continue
        newest = rows.filter(pl.col("date") == pl.col("date").max())
        part_of = series.get(CHINA)
        yield FlowChange(
            asset=asset,
            reporter=whole.reporter or "",
            month=whole.months[-1].isoformat(),
            new=any(known > since for known in newest["known_from"]),
            all=_news(summarise(whole)),
            china=None if part_of is None else _news(summarise(part_of, whole)),
        )


def _news(flow: FlowSummary) -> FlowNews:
    return FlowNews.from_objects(flow, inferred=flow.month in flow.series.inferred)


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
