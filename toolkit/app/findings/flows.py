"""Customs flows of the report's metals: months by origin, what became of each flow, and the controls on it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

import polars as pl

from toolkit.app.findings.part import Ask, part
from toolkit.app.flows import CodeFlows, code_flows, reported_stops
from toolkit.controls.events import COUNTING, Event
from toolkit.controls.ledger import CHINA
from toolkit.core.messages import Message, message
from toolkit.records.answers.flows import ReportedPoint
from toolkit.records.parts.flows import Became, Flow, FlowControl, FlowFact, FlowRules, Flows, ReportedFlow
from toolkit.records.parts.flows import FlowSummary as Newest
from toolkit.supply.collapse import BASE_MONTHS, LOW, SHORTEST, Collapse
from toolkit.supply.flows import (
    DIVERSION_FALL,
    DIVERSION_OFFSET,
    INFERRED_ZERO,
    SMALL_BASE,
    FlowSeries,
    FlowSummary,
    change,
    mean,
)

YEAR = 12
LATELY = 12
"""Months in which the end of a collapse still counts as a flow that came back."""
ZERO, FALLEN, BACK, RUNNING = "zero", "fallen", "back", "running"
"""States of a flow: at zero, low since a collapse, back after one, or none of these."""
REPORTED, NOT_AVAILABLE = "reported", "not_available"
VERIFIED, LICENCE = "verified", "licence"
RULES: Mapping[str, Message] = MappingProxyType(
    {
        "collapse": message(
            "Collapse: {months} or more months in a row below {low:.0%} of the mean of the {base} months before; irregular "
            "trade needs more months, January and February count as one. A single month at zero is never a collapse.",
            months=SHORTEST, low=LOW, base=BASE_MONTHS,
        ),
        "small": message("No change is given from a base below {small:.0%} of the mean month of the series.", small=SMALL_BASE),
        "diversion": message(
            "Re-routing is possible where imports from one country fall by {fall:.0%} or more in a year and those from others "
            "rise by {offset:.0%} or more of what was lost; it is no proof.",
            fall=DIVERSION_FALL, offset=DIVERSION_OFFSET,
        ),
    }
)  # fmt: skip


@part("flows")
def flows(ask: Ask) -> Flows | None:
    """The flows of each metal of the report that has a tariff code to itself; None where none has, and nothing is reported.

    A month is told for the origin whose controls are asked about (China) where customs list it, and for all origins together.
    """
    everything = code_flows(ask.context, ask.context.snapshot["flows"])
    order = {asset: i for i, asset in enumerate(ask.assets)}
    codes = sorted(
        (code for code in everything if code.asset in order), key=lambda code: (order[code.asset or ""], code.hs_code)
    )
    reported = _reported(ask, reported_stops(ask.context, {code.asset for code in everything}))
    if not codes and not reported:
        return None
    found = {code.asset for code in codes}
    rows = ask.context.snapshot["flows"].filter(pl.col("hs_code").is_in([code.hs_code for code in codes]))
    events = ask.context.snapshot["controls"].filter(pl.col("event_id").is_in([point.event_id for point in reported]))
    return Flows(
        unit="kg",
        origin=CHINA,
        rules=FlowRules(**RULES),
        flows=tuple(_flow(ask, code) for code in codes),
        without_flow=tuple(ask.named(asset) for asset in ask.assets if asset not in found),
        reported=reported,
        data=ask.provenance(flows=rows, controls=events),
    )


def _flow(ask: Ask, code: CodeFlows) -> Flow:
    origin = next((partner for partner in code.partners if partner.series.partner == CHINA), None)
    watched = origin or code.total
    collapses = [found for partner, found in code.collapsed if partner == watched.series.partner]
    return Flow(
        **dict(ask.named(code.asset or "")),
        hs_code=code.hs_code,
        reporter=code.reporter or "",
        direction=code.direction or "",
        origin=CHINA if origin else None,
        months=tuple(f"{month:%Y-%m}" for month in code.total.series.months),
        total=code.total.series.quantities,
        quantity=watched.series.quantities,
        basis=tuple(_basis(watched.series, i) for i in range(len(watched.series.months))),
        summary=_summary(watched),
        became=_became(watched, collapses),
        collapses=tuple(collapses),
        diversion=next((found for found in code.diversions if found.origin == CHINA), None),
        controls=_controls(ask, code),
        mixed=code.mixed.caution if code.mixed else None,
    )


def _basis(series: FlowSeries, at: int) -> str:
    if series.quantities[at] is None:
        return NOT_AVAILABLE
    return INFERRED_ZERO if series.months[at] in series.inferred else REPORTED


def _summary(flow: FlowSummary) -> Newest:
    """The latest month, and the latest twelve months against the twelve before, kg a month."""
    q = flow.series.quantities
    before = mean(q[-2 * YEAR : -YEAR]) if len(q) >= 2 * YEAR else None
    return Newest.from_objects(
        flow,
        month=f"{flow.month:%Y-%m}",
        year=flow.twelve_months,
        year_before=before,
        year_on_year=change(flow.twelve_months, before, flow.series.mean),
        zeros_in_year=flow.zeros_in_twelve,
        inferred_in_year=flow.inferred_in_twelve,
    )


def _became(flow: FlowSummary, collapses: Sequence[Collapse]) -> Became:
    """Zeros count inside a collapse only; a flow is back that reaches half of what it was, as the rule of collapses counts."""
    months, last = flow.series.months, collapses[-1] if collapses else None
    if last and last.running and flow.zeros_running > 1:
        since = months[-flow.zeros_running].isoformat()
        return Became(state=ZERO, since=since, months=flow.zeros_running, level=0.0, base=last.base)
    if last and last.running:
        return Became(state=FALLEN, since=last.onset.isoformat(), months=0, level=last.mean, base=last.base)
    if last and (recent := flow.three_months) is not None and recent >= LOW * last.base:
        end = months.index(last.last)
        if len(months) - 1 - end <= LATELY:
            return Became(state=BACK, since=months[end + 1].isoformat(), months=0, level=recent, base=last.base)
    return Became(state=RUNNING, since=None, months=0, level=flow.twelve_months, base=None)


def _controls(ask: Ask, code: CodeFlows) -> tuple[FlowControl, ...]:
    """Licences and bans for all end users that bear on the flow, oldest first, with what the flow did around their first day.

    `covers` tells whether the traded form is named; a licence for other forms of the metal may slow its trade all the same.
    """
    of_event = {row.event_id: row for row in ask.record.timeline}
    around = {control.event_id: control for control in code.controls}
    form = ask.context.products[code.asset or ""].form
    rows: list[FlowControl] = []
    for event in ask.context.ledger.events:
        told = around.get(event.event_id)
        row = of_event.get(event.event_id)
        covers = form is not None and ask.context.ledger.certainty(event, code.asset or "", form, on=ask.as_of) is not None
        bears = event.instrument in COUNTING and event.end_user == "all" and {"all", code.reporter} & set(event.destinations)
        if not bears or event.effective is None or (told is None and not (covers and row)):
            continue
        if not covers and event.instrument != LICENCE:  # a ban that does not name the form does not bear on its flow
            continue
        rows.append(
            FlowControl.from_objects(
                event,
                covers=covers,
                spells=row.spells if row and covers else (),
                base=told.around.base if told else None,
                after=told.around.after if told else None,
                change=told.around.change if told else None,
                collapsed=told.around.collapse.onset.isoformat() if told and told.around.collapse else None,
            )
        )
    return tuple(sorted(rows, key=lambda row: (row.effective, row.event_id)))


def _reported(ask: Ask, points: Iterable[ReportedPoint]) -> tuple[ReportedFlow, ...]:
    """Reported points that name a metal of the report: told alone, never joined to a series."""
    ledger = ask.context.ledger
    return tuple(
        ReportedFlow.from_objects(
            point,
            date=point.announced,
            assets=tuple(asset for asset in ledger[point.event_id].metals if asset in ask.context.products),
            confirmed=point.confidence.startswith(VERIFIED),
            fact=_fact(ledger[point.event_id]),
        )
        for point in points
        if set(ledger[point.event_id].metals) & set(ask.assets)
    )


def _fact(event: Event) -> FlowFact:
    """What a list of unconfirmed facts says of a report."""
    return FlowFact.from_objects(event, number=None, source=event.citation, source_id=event.source)
