"""The timeline of measures: which lanes there are, what they say, and what the next turn of them is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise

from toolkit.controls.state import Measure
from toolkit.records.controls import ControlState, MeasureSpells
from toolkit.report.charts.timeline import Bar, Mark, Period, Swimlane, swimlanes
from toolkit.report.document import Chart, Figure, Table, left, pieces
from toolkit.report.findings import Findings
from toolkit.report.i18n.formats import day
from toolkit.report.i18n.language import mark
from toolkit.report.i18n.text import Text, name
from toolkit.report.tables.facts import instrument

AHEAD = timedelta(days=150)
"""How far the axis goes beyond the day of the report: far enough to see what follows the next deadlines."""
SHOWN = 5
"""Years that the axis goes back: a licence of 1998 would leave no room for what changed since."""
LANES_OF_SLIDE = 6
"""Lanes that a slide shows in type that is read across a room."""
SUSPENDED, BAN, LICENCE, WHITELIST = "suspended", "ban", "licence", "exporter_whitelist"
STATES: Mapping[Mark, str] = {
    "on": mark("in force"),
    "suspended": mark("suspended"),
    "unsettled": mark("in force by dates alone, unconfirmed"),
    "ahead": mark("ahead, unless it is changed"),
    "claimed": mark("extension only claimed"),
    "reported": mark("reported by the press, not law"),
    "whitelist": mark("exporter list, not counted"),
}
"""What a bar says, in the order of the legend."""


@dataclass(frozen=True, slots=True)
class Lane:
    """A measure, the metals it names, and its spells.

    Attributes:
        instrument: What kind of measure it is, as the ledger names it.
        metals: Symbols, as they stand before the bars.
        names: The metals in a sentence.
        sources: Ids of the sources that it is from.
    """

    instrument: str
    metals: str
    names: Text
    measure: str
    notice: str
    spells: tuple[Bar, ...]
    sources: tuple[str, ...]


def timeline(run: Findings) -> Figure | None:
    """The figure, or None when no measure has a lane."""
    lanes = (*_lanes(run), *_practice(run))
    if not lanes:
        return None
    say, fmt = run.say, run.fmt
    start = date(max(min(s.since for lane in lanes for s in lane.spells).year, run.as_of.year - SHOWN), 1, 1)
    end = run.as_of + AHEAD
    sub = say(
        "Chinese measures on these products, {start} to {end}. A suspended measure is not repealed.",
        start=str(start.year),
        end=fmt.month(end),
    )
    axis = Period(start, end, run.as_of)
    parts = pieces(lanes, LANES_OF_SLIDE)
    shown = {spell.mark for lane in lanes for spell in lane.spells if spell.since < end}
    return Figure(
        _finding(run, lanes),
        sub,
        (replace(_chart(run, lanes, axis), parts=tuple(_chart(run, part, axis) for part in parts) if len(parts) > 1 else ()),),
        tuple((state, say.words(words)) for state, words in STATES.items() if state in shown),
        say(
            "Source: control ledger{markers}.",
            markers=run.of_sources(*(key for lane in lanes for key in lane.sources)),
        ),
        _table(run, lanes),
    )


def _chart(run: Findings, lanes: Sequence[Lane], axis: Period) -> Chart:
    swim = [Swimlane(lane.metals, tuple(part for part in (lane.measure, lane.notice) if part), lane.spells) for lane in lanes]
    return Chart(swimlanes(swim, axis, run.fmt), _told(run, lanes, axis))


def _table(run: Findings, lanes: Sequence[Lane]) -> Table:
    say, fmt = run.say, run.fmt
    return run.table(
        "Periods of each measure",
        [(lane, spell) for lane in lanes for spell in lane.spells],
        left("Metals", lambda row: name(row[0].metals)),
        left("Measure", lambda row: row[0].measure),
        left("Notice", lambda row: row[0].notice),
        left("State", lambda row: say.words(STATES[row[1].mark])),
        left("From", lambda row: fmt.short_date(row[1].since)),
        left("To, inclusive", lambda row: fmt.short_date(row[1].until) if row[1].until else say.words("open")),
        stacks=False,
    )


def _told(run: Findings, lanes: Sequence[Lane], axis: Period) -> str:
    """The lanes in words: whom, what, and how it stands on the day of the report."""
    say = run.say
    told = []
    for lane in lanes:
        now = next((s for s in lane.spells if s.since <= run.as_of and (s.until is None or s.until >= run.as_of)), None)
        state = say.words(STATES[now.mark]) if now else say.words("not in force")
        told.append(", ".join(part for part in (lane.metals, lane.measure, lane.notice, state) if part))
    lead = say.words(
        "Lanes from {start} to {end}, as they stand on {day}:",
        start=str(axis.start.year),
        end=str(axis.end.year),
        day=run.fmt.long_date(run.as_of),
    )
    return f"{lead} {'; '.join(told)}."


def _finding(run: Findings, lanes: Sequence[Lane]) -> Text:
    say = run.say
    returns = [
        (spell.since, lane)
        for lane in lanes
        for before, spell in pairwise(lane.spells)
        if before.mark == "suspended" and spell.since > run.as_of
    ]
    if returns:
        since, lane = min(returns, key=lambda item: item[0])
        return _returns(run, lane, run.fmt.long_date(since))
    last = [[s for s in lane.spells if s.mark in ("on", "suspended", "unsettled", "ahead")][-1:] for lane in lanes]
    law = [spells[0] for spells in last if spells]
    if not law:
        return say("No ban and no licence requirement names these products")
    in_force = sum(spell.mark == "on" and spell.until is None for spell in law)
    return say.counted(
        in_force,
        "{N} measure of {total} is in force with no end in sight",
        "{N} measures of {total} are in force with no end in sight",
        total=say.number_word(len(law)),
    )


def _returns(run: Findings, lane: Lane, when: str) -> Text:
    say = run.say
    if lane.instrument == BAN:
        return say(
            "The {ban} on {metals} returns on {day} unless its suspension is extended",
            ban=lane.measure, metals=lane.names, day=when,
        )  # fmt: skip
    if lane.instrument == LICENCE:
        return say(
            "The licence requirement for {metals} returns on {day} unless its suspension is extended",
            metals=lane.names, day=when,
        )  # fmt: skip
    return say(
        "The measure “{measure}” on {metals} returns on {day} unless its suspension is extended",
        measure=lane.measure, metals=lane.names, day=when,
    )  # fmt: skip


def _lanes(run: Findings) -> Iterator[Lane]:
    """One lane a measure; measures that run in parallel on the same metals share it."""
    rows = [row for row in run.record.timeline if row.spells]
    licensed = {asset for row in rows if row.instrument == LICENCE for asset in row.assets}
    merged: dict[tuple[object, ...], list[MeasureSpells]] = {}
    for row in rows:
        periods = tuple((s.status, s.since, s.until) for s in row.spells)
        merged.setdefault((row.instrument, row.destinations, row.end_user, row.assets, periods), []).append(row)
    for group in merged.values():
        row = group[0]
        concerned = [run.controls[asset] for asset in row.assets if asset in run.controls]
        if not concerned:
            continue
        everything = len(row.assets) > len(licensed) / 2 and set(row.assets) == licensed
        numbers = [run.say.notice(r.number or r.event_id) for r in group]
        yield Lane(
            row.instrument,
            run.say.words("All under licence") if everything else _symbols(run, concerned, row.uncertain),
            run.metals(concerned),
            measure(run, row),
            ", ".join(numbers),
            tuple(_spells(row, run.as_of)),
            tuple(r.source_id for r in group),
        )


def _practice(run: Findings) -> Iterator[Lane]:
    """One lane for each stop that the press reports: practice, not law."""
    found: dict[str, tuple[Measure, list[ControlState]]] = {}
    for row in run.record.controls:
        for m in row.measures:
            if m.status == "reported" and m.since:
                found.setdefault(m.event_id, (m, []))[1].append(row)
    for fact, rows in found.values():
        yield Lane(
            fact.instrument,
            _symbols(run, rows, [row.asset for row in rows if row.uncertain]),
            run.metals(rows),
            instrument(run, fact.instrument),
            "",
            (_bar("reported", fact.since or fact.status_since, fact.until),),
            (fact.source_id,),
        )


def _symbols(run: Findings, rows: Sequence[ControlState], uncertain: Sequence[str]) -> str:
    """Symbols of the products; one of the `uncertain`, whose form the measure leaves open, is marked in words."""
    told: dict[str, None] = {}
    for row in rows:
        symbol = row.element or run.head(row).text
        told[run.say.words("{metal} (uncertain)", metal=symbol) if row.asset in uncertain else symbol] = None
    return ", ".join(told)


def measure(run: Findings, row: MeasureSpells) -> str:
    """A measure in words: what it is, and for whom where not for all."""
    say = run.say
    if row.instrument == WHITELIST:
        return say.words("exporter list")
    if "all" in row.destinations:
        return instrument(run, row.instrument)
    places = say.listed([run.place(code) for code in row.destinations])
    military = row.end_user != "all"
    if row.instrument == BAN:
        return (
            say.words("ban to {places}, military", places=places) if military else say.words("ban to {places}", places=places)
        )
    return say.words("{measure} to {places}", measure=instrument(run, row.instrument), places=places)


def suspended_until(run: Findings, last: str) -> tuple[MeasureSpells, ...]:
    """The measures whose suspension has its last day on `last`."""
    rows = run.record.timeline
    return tuple(row for row in rows if any(s.status == SUSPENDED and s.until == last for s in row.spells))


def in_words(run: Findings, rows: Sequence[MeasureSpells]) -> Text:
    """Measures in a sentence: the ban to the US on gallium and germanium."""
    say = run.say
    told = []
    for row in rows:
        metals = run.metals(run.controls[asset] for asset in row.assets if asset in run.controls)
        if row.instrument == BAN:
            told.append(say("the {ban} on {metals}", ban=measure(run, row), metals=metals))
        elif row.instrument == LICENCE:
            told.append(say("the licence requirement for {metals}", metals=metals))
        else:
            told.append(say("the measure “{measure}” on {metals}", measure=measure(run, row), metals=metals))
    return say.listed(told)


def _spells(row: MeasureSpells, today: date) -> Iterator[Bar]:
    for spell in row.spells:
        state: Mark = "on" if day(spell.since) <= today else "ahead"
        if spell.status == SUSPENDED:
            state = "suspended"
        elif spell.unconfirmed and day(spell.since) <= today:
            state = "unsettled"
        elif row.instrument == WHITELIST:
            state = "whitelist"
        yield _bar(state, spell.since, spell.until)
    yield from (_bar("claimed", claim.since, claim.until) for claim in row.claims)


def _bar(state: Mark, since: str | date, until: str | date | None) -> Bar:
    return Bar(state, day(since), None if until is None else day(until))
