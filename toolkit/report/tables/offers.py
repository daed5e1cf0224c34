"""Offers of one product by origin: which control holds for each, and which clauses may still reach it."""

from __future__ import annotations

from collections.abc import Sequence

from toolkit.records.controls import ControlState, Measure
from toolkit.records.positions import Position
from toolkit.report.document import Column, Figure, Row, Table
from toolkit.report.findings import Findings, is_confirmed
from toolkit.report.i18n.formats import readable
from toolkit.report.i18n.text import NONE, Span, Text, muted, sources, strong, text
from toolkit.report.markers import OFFERS
from toolkit.report.tables.facts import instrument

REACHING = "extraterritorial"
"""The instrument of clauses on goods made abroad."""


def offers(run: Findings) -> Figure | None:
    """The offers with their weights and control states, or None where every product has one origin."""
    say = run.say
    rows = [p for p in run.positions if p.offer_of]
    if not rows:
        return None
    columns = (
        Column(say.words("Offer"), "left"),
        Column(say.words("Weight")),
        Column(say.words("Chinese control"), "left"),
        Column(say.words("May still reach it"), "left", say.words("May reach it")),
    )
    cells = tuple(Row(_cells(p, run.controls.get(p.product), run)) for p in rows)
    return Figure(
        _finding(run, rows),
        say("Controls on exports from China hold for what leaves China; an origin is as offered and takes a certificate."),
        (Table(say.words("Offers by origin"), columns, cells),),
        source=say(
            "Source: notices of the Chinese authorities{markers}.",
            markers=sources(*run.of_tables("controls"), *run.rests_on(OFFERS)),
        ),
    )


def _finding(run: Findings, rows: Sequence[Position]) -> Text:
    say = run.say
    held = {p.asset for p in run.held}
    bought = [p for p in rows if p.asset in held]
    abroad = sum(p.weight for p in bought if run.is_abroad(p))
    if not bought:
        return say("No product with a choice of origin is held")
    if abroad <= 0:
        return say("Where there is a choice of origin, all that is held is from China")
    share = run.fmt.percent(abroad)
    return say("{share} of value is offered as not from China, where no Chinese export licence is needed", share=share)


def _cells(p: Position, state: ControlState | None, run: Findings) -> tuple[Text, ...]:
    held = any(p is other for other in run.held)
    weight = text(strong(run.fmt.percent(p.weight))) if held else text(NONE)
    if state is None:
        return (text(run.head(p)), weight, run.say("not known"), text(NONE))
    if not run.is_abroad(p):
        return (text(run.head(p)), weight, _own(state, run), text(NONE))
    return (text(run.head(p)), weight, run.say("none: not from China"), _reaching(p, state, run))


def _own(state: ControlState, run: Findings) -> Text:
    """The measures that hold for lots from China on the way to the owner."""
    counted = [m for m in state.measures if m.counts]
    if not counted:
        return run.say("none in force")
    told = ", ".join(f"{instrument(run, m.instrument)} ({_number(m, run)})" for m in counted)
    if state.uncertain:
        return run.say("{measures}, {doubt}", measures=told, doubt=Span(run.say.words("uncertain for this form"), "warn"))
    return text(told)


def _number(m: Measure, run: Findings) -> str:
    return run.fmt.notices(run.say.term("term", m.number or m.authority))


def _reaching(p: Position, state: ControlState, run: Findings) -> Text:
    """Clauses on goods made abroad, and measures of the country that the offer is from."""
    found = [m for m in state.measures if m.instrument == REACHING]
    found += [m for m in state.elsewhere if m.origin == p.origin]
    if not found:
        return text(muted(run.say.words("no clause that the ledger knows")))
    told = []
    for m in found:
        status = run.say.term("term", readable(m.status))
        if not is_confirmed(m):
            status = run.say.words("{status}, unconfirmed", status=status)
        told.append(text(f"{_number(m, run)} ({status})", sources(*run.of_sources(m.source_id))))
    return run.say.listed(told)
