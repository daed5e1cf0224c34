"""Prices after controls: comparable cases, their paths, the dated price points that no series has; and one event among them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict
from typing import Any

import polars as pl

from toolkit.app.context import Context
from toolkit.app.topics.part import Ask, named, part
from toolkit.controls.events import Event
from toolkit.core.calendar import month_number
from toolkit.core.messages import message
from toolkit.records.history import History, HistoryCase, Notice, PathMonth, PricePoint, PriceRange, Reaction, StudiedEvent
from toolkit.shocks.event_study import (
    LARGEST_LEVEL_ERROR,
    NO_REACTION,
    Case,
    EventStudy,
    find_event,
    is_scarce,
    notice_key,
    price_path,
    study,
)
from toolkit.shocks.event_study import PathMonth as Month
from toolkit.shocks.event_study import Reaction as Measured
from toolkit.shocks.monthly_series import SMOOTHING, MonthlySeries, window

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
    cases = ask.context.comparable_cases.cases
    return _answer(ask.context, lambda case: case.asset in ask.assets, ask.assets) if cases else None


def event(context: Context, name: str) -> History:
    """The study of the event with this id or number beside all comparable cases, on what was known on the day.

    Raises:
        DataError: for an event that is not known, with the nearest names.
    """
    asked, found = find_event(context.ledger, name), context.comparable_cases
    own = study(context.ledger, asked, found.series, traded=found.traded, benchmark=found.benchmark)
    return _answer(context, lambda case: case.event_id == asked.event_id, {case.asset for case in own.cases}, own)


def _answer(
    context: Context, concerns: Callable[[Case], bool], assets: Collection[str], study: EventStudy | None = None
) -> History:
    """Comparable cases, and the event that is studied.

    Args:
        context: What was known on the day.
        concerns: Whether a comparable case is of what is asked about.
        assets: Metals that are asked about.
        study: Of one event; None for a report.
    """
    found = context.comparable_cases
    cases = tuple(_case(context, case, concerns=concerns(case)) for case in found.cases)
    priced = {case.asset for case in found.cases} | {*found.benchmark, *(assets if study else ())}
    prices = context.snapshot["prices"].filter(pl.col("asset").is_in(priced))
    points = _points(context, assets, study.event if study else None)
    used = context.snapshot["price_points"].filter(pl.struct("event", "asset", "basis").is_in([key for key, _ in points]))
    return History(
        schema_version=2,
        as_of=context.as_of.isoformat(),
        asked=study
        and StudiedEvent.from_objects(
            _notice(study.event),
            study.event,
            study,
            own=study.event.event_id in context.own,
            cases=tuple(_case(context, case, concerns=True) for case in study.cases),
        ),
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
        notices=len({notice_key(context.ledger[case.event_id].title) for case in found.cases}),
        overlapping=sum(1 for case in found.cases if case.overlaps),
        cases=cases,
        summary=found.summaries,
        points=tuple(point for _, point in points),
        assumptions={"no_reaction": message("A change of a price by less than {limit:.0%} is no reaction.", limit=NO_REACTION)},
        data=context.snapshot.provenance({"prices": prices, "price_points": used}),
    )


def _case(context: Context, case: Case, *, concerns: bool) -> HistoryCase:
    found, event = context.comparable_cases, context.ledger[case.event_id]
    return HistoryCase.from_objects(
        named(context, case.asset),
        _notice(event),
        event,
        case,
        concerns=concerns,
        overlaps=tuple(_notice(context.ledger[key]) for key in case.overlaps),
        reactions=tuple(_reaction(reaction, case, found.series[case.asset]) for reaction in case.reactions),
        path=tuple(map(_month, price_path(found.series, case.asset, case.day, benchmark=found.benchmark))),
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


def _points(context: Context, assets: Collection[str], event: Event | None) -> list[tuple[dict[str, Any], PricePoint]]:
    """Key and dated prices, one row a notice, metal and basis: never joined to a series.

    Args:
        context: What was known on the day.
        assets: Metals that are asked about.
        event: Whose prices are looked for; None for those of all notices that no comparable case covers.
    """
    covered = {(notice_key(context.ledger[case.event_id].title), case.asset) for case in context.comparable_cases.cases}
    wanted = notice_key(event.number) if event and event.number else None
    table = context.snapshot["price_points"].sort("asset", "event", "basis", "date")
    rows: list[tuple[dict[str, Any], PricePoint]] = []
    for (label, asset, basis), group in table.group_by("event", "asset", "basis", maintain_order=True):
        key = notice_key(str(label))
        if key != wanted if event else (key, asset) in covered:
            continue
        first, *further = group.rows(named=True)
        last = further[-1] if further else None
        point = PricePoint.from_objects(
            named(context, str(asset)),
            concerns=event is not None or asset in assets,
            notice=str(label).replace("/", " of ") if str(label).startswith(NOTICE) else str(label),
            basis=str(basis),
            kind=ASKED if ASKED in str(basis).split() else "assessment",
            unit=f"{first['currency']}/{first['unit']}",
            first=_price(first),
            between=tuple(map(_price, further[:-1])),
            last=last and _price(last),
            change=last and _middle(last) / _middle(first) - 1.0,
            sources=tuple(group["source"].unique().sort()),
            press=PRESS in group["source"],
            exact=set(group["status"]) == {VERIFIED},
            citation=(last or first)["citation"],
        )
        rows.append(({"event": label, "asset": asset, "basis": basis}, point))
    return sorted(rows, key=lambda row: (not row[1].concerns, row[1].first.date, row[1].asset))


def _price(row: Mapping[str, Any]) -> PriceRange:
    return PriceRange(date=row["date"].isoformat(), low=row["price_low"], high=row["price_high"])


def _middle(row: Mapping[str, Any]) -> float:
    return (row["price_low"] + row["price_high"]) / 2
