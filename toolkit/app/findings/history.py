"""Prices after earlier controls: comparable cases, their paths, and the dated price points that no series has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import polars as pl

from toolkit.app.events import ComparableCases
from toolkit.app.findings.part import Ask, part
from toolkit.controls.events import Event
from toolkit.core.calendar import month_number
from toolkit.core.messages import message
from toolkit.records.parts.history import History, HistoryCase, Notice, PathMonth, PricePoint, PriceRange, Reaction
from toolkit.shocks.event_study import LARGEST_LEVEL_ERROR, NO_REACTION, Case, notice_key
from toolkit.shocks.event_study import Reaction as Measured
from toolkit.shocks.monthly_series import SMOOTHING, MonthlySeries, monthly, window
from toolkit.shocks.price_path import PathMonth as Month
from toolkit.shocks.price_path import is_scarce, price_path

VERIFIED, PRESS, ASKED = "verified", "press_reports", "ask"
NOTICE = "No. "
"""A number that begins so is cited by it; other events are told by their instrument."""
INDEX_DECIMALS = 1
"""Of a path, 100 before the event: a tenth of a point is finer than any drawing of it."""


@part("history")
def history(ask: Ask) -> History | None:
    """Cases with reactions and paths, those of the report's metals marked; None where no case is known.

    The cases are those of `toolkit event`: an official licence or ban that names the form of a series, from its announcement.
    Non-reactions are among them.
    """
    found = ask.context.comparable_cases
    if not found.cases:
        return None
    prices = ask.context.snapshot["prices"].filter(pl.col("asset").is_in([*(c.asset for c in found.cases), *found.benchmark]))
    series = monthly(prices)
    events = {event.event_id: event for event in ask.context.ledger.events}
    points = _points(ask, found)
    used = ask.context.snapshot["price_points"].filter(pl.struct("event", "asset", "basis").is_in([key for key, _ in points]))
    return History(
        benchmark=found.benchmark,
        no_reaction=NO_REACTION,
        method=(
            message(
                "The mean of a customs value is weighted over up to {months} months on one side of the announcement and never "
                "reaches across it; the first month after it is a single value.",
                months=SMOOTHING,
            ),
            message(
                "Changes are over the mean change of {metals}, base metals that no measure controls.", metals=found.benchmark
            ),
            message(
                "No change is given from or to a mean whose standard error is above {limit:.0%}.", limit=LARGEST_LEVEL_ERROR
            ),
            message("Cases are few and overlap, so they carry no test of significance."),
        ),
        notices=len({notice_key(events[case.event_id].title) for case in found.cases}),
        overlapping=sum(1 for case in found.cases if case.overlaps),
        cases=tuple(_case(ask, case, events, series, found.benchmark) for case in found.cases),
        summary=found.summaries,
        points=tuple(point for _, point in points),
        assumptions={"no_reaction": message("A change of a price by less than {limit:.0%} is no reaction.", limit=NO_REACTION)},
        data=ask.provenance(prices=prices, price_points=used),
    )


def _named(ask: Ask, asset: str) -> dict[str, Any]:
    """What a metal is called, and whether the report is about it."""
    name, element = asset.replace("_", " "), None
    if asset in ask.context.products:
        product = ask.context.products[asset]
        name, element = product.name, product.element
    return {"asset": asset, "name": name, "element": element, "concerns": asset in ask.assets}


def _case(
    ask: Ask, case: Case, events: Mapping[str, Event], series: Mapping[str, MonthlySeries], benchmark: Sequence[str]
) -> HistoryCase:
    event = events[case.event_id]
    return HistoryCase(
        **_named(ask, case.asset),
        **dict(_notice(event)),
        destinations=event.destinations,
        basis=case.basis,
        overlaps=tuple(_notice(events[key]) for key in case.overlaps),
        reactions=tuple(_reaction(reaction, case, series[case.asset]) for reaction in case.reactions),
        path=tuple(map(_month, price_path(series, case.asset, case.day, benchmark=benchmark))),
    )


def _notice(event: Event) -> Notice:
    return Notice.from_objects(event, number=event.number if event.number and event.number.startswith(NOTICE) else None)


def _reaction(reaction: Measured, case: Case, series: MonthlySeries) -> Reaction:
    zero = month_number(case.day)
    scarce = any(is_scarce(series, window(zero, shift)) for shift in (-1, reaction.horizon))
    return Reaction(**asdict(reaction), scarce=scarce)


def _month(month: Month) -> PathMonth:
    figures = {name: getattr(month, name) for name in ("printed", "level", "benchmark")}
    rounded = {name: None if figure is None else round(figure, INDEX_DECIMALS) for name, figure in figures.items()}
    return PathMonth.from_objects(month, month=f"{month.month:%Y-%m}", **rounded)


def _points(ask: Ask, found: ComparableCases) -> list[tuple[dict[str, Any], PricePoint]]:
    """Key and dated prices of notices that no case covers, one a notice, metal and basis: never joined to a series."""
    ledger = ask.context.ledger
    covered = {(notice_key(ledger[case.event_id].title), case.asset) for case in found.cases}
    table = ask.context.snapshot["price_points"].sort("asset", "event", "basis", "date")
    rows: list[tuple[dict[str, Any], PricePoint]] = []
    for (label, asset, basis), group in table.group_by("event", "asset", "basis", maintain_order=True):
        if (notice_key(str(label)), asset) in covered:
            continue
        first, last = group.row(0, named=True), group.row(-1, named=True)
        point = PricePoint(
            **_named(ask, str(asset)),
            notice=str(label).replace("/", " of ") if str(label).startswith(NOTICE) else str(label),
            basis=str(basis),
            kind=ASKED if ASKED in str(basis).split() else "assessment",
            unit=f"{first['currency']}/{first['unit']}",
            first=_price(first),
            last=_price(last) if group.height > 1 else None,
            change=_middle(last) / _middle(first) - 1.0 if group.height > 1 else None,
            sources=tuple(group["source"].unique().sort()),
            press=PRESS in group["source"],
            exact=set(group["status"]) == {VERIFIED},
            citation=last["citation"],
        )
        rows.append(({"event": label, "asset": asset, "basis": basis}, point))
    return sorted(rows, key=lambda row: (not row[1].concerns, row[1].first.date, row[1].asset))


def _price(row: Mapping[str, Any]) -> PriceRange:
    return PriceRange(date=row["date"].isoformat(), low=row["price_low"], high=row["price_high"])


def _middle(row: Mapping[str, Any]) -> float:
    return (row["price_low"] + row["price_high"]) / 2
