"""Measures of the control ledger: their words, which of them are unconfirmed and why, and the timeline of their periods."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise

from toolkit.controls.state import Measure
from toolkit.records.controls import ControlState, MeasureSpells
from toolkit.records.dates import Upcoming
from toolkit.records.flows import ReportedFlow
from toolkit.records.resale import ResaleMeasure
from toolkit.report.charts.timeline import Mark, Swimlane, TimelineBar, TimelinePeriod, swimlanes
from toolkit.report.document import Chart, Figure, Table, left, pieces
from toolkit.report.findings import Findings, is_confirmed
from toolkit.report.i18n.formats import day, readable
from toolkit.report.i18n.language import mark
from toolkit.report.i18n.text import Text, name, text

DOUBTS = (
    ("secondary quotation", mark("from one secondary quotation, not looked up at its source")),
    ("partly verified", mark("partly not checked against the text")),
    ("not checked", mark("not checked against the text")),
    ("from memory", mark("not checked against the text")),
    ("single source", mark("one source, not confirmed elsewhere")),
    ("single trade-press report", mark("one press report, not confirmed elsewhere")),
)
"""How the ledger says that a row was not looked up, and how a reader is told."""
AGREED = mark("stated by both governments, act not seen")
REPORTED, CLAIMED, UNNAMED = mark("reported by the press"), mark("claimed by one side"), mark("not confirmed")
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
class Fact:
    """Something that a report rests on.

    Attributes:
        key: Id in the ledger, or of what price it is the source.
        standing: ``official``, ``reported``, ``agreed`` or ``claimed``.
        confidence: What was checked of it, in the words of the ledger.
        label: What it is called: number, title, authority or key.
        instrument: ``licence``, ``ban``, ``price``, ...
        metals: Keys of metals and groups.
        source: Citation; `source_id` is the key of the source, None where there is none.
        authority: Who says so; empty where nobody is named.
    """

    key: str
    standing: str
    confidence: str
    label: str
    instrument: str
    metals: tuple[str, ...]
    source: str
    source_id: str | None
    authority: str = ""


def facts(run: Findings) -> Iterator[Fact]:
    """Every fact behind this report: dates ahead, measures, those of other countries, reports of flows, yearly prices."""
    yield from _prices(run)
    yield from map(_reported, run.parts.flows.reported if run.parts.flows else ())
    yield from map(_dated, run.record.upcoming)
    for row in run.record.controls:
        yield from map(_stated, (*row.measures, *row.elsewhere, *_on_routes(row)))


def _reported(p: ReportedFlow) -> Fact:
    return Fact(
        p.event_id,
        p.standing,
        p.confidence,
        p.authority or p.event_id,
        p.instrument,
        p.metals,
        p.citation,
        p.source_id,
        p.authority,
    )


def _stated(m: Measure) -> Fact:
    label = m.number or m.authority or m.event_id
    return Fact(m.event_id, m.standing, m.confidence, label, m.instrument, m.metals, m.source, m.source_id, m.authority)


def _dated(row: Upcoming) -> Fact:
    label, metals = row.number or row.title, tuple(row.metals.split(";"))
    return Fact(row.event_id, row.standing, row.confidence, label, row.instrument, metals, row.source, None, row.authority)


def unconfirmed(run: Findings) -> Mapping[str, Fact]:
    """By id, the facts used that were not checked against the text, from one press report, or claimed by one side."""
    found: dict[str, Fact] = {}
    for fact in facts(run):
        if not is_confirmed(fact):
            found.setdefault(fact.key, fact)
    return found


def doubts(run: Findings) -> tuple[tuple[str, Text], ...]:
    """Items of a status line: how much of this report rests on unconfirmed facts and on sources that are overdue.

    Another report of the same run has other sections, and with them other facts and sources: the labels say whose they are.
    """
    say, late = run.say, sum(origin.overdue_days > 0 for origin in run.origins)
    known = ((say.words("Unconfirmed facts in this report"), text(run.fmt.number(len(unconfirmed(run))))),)
    if not run.origins:
        return known
    return (*known, (say.words("Overdue sources of this report"), say("{late} of {total}", late=late, total=len(run.origins))))


def concerned(run: Findings, event_id: str) -> tuple[ControlState, ...]:
    """The products of the report that a fact of the ledger speaks of, in order."""
    return tuple(
        row
        for row in run.record.controls
        if any(m.event_id == event_id for m in (*row.measures, *row.elsewhere, *_on_routes(row)))
    )


def why_unconfirmed(run: Findings, fact: Fact | Measure | ResaleMeasure | Upcoming) -> Text:
    """What is missing for it to be a fact: a claim, a report, or a look at the text."""
    if fact.standing == "agreed":
        return text(run.say.words(AGREED))
    if fact.standing == "claimed":
        if fact.authority:
            by = run.say.term("term", fact.authority)
            return run.say("claimed by {authority}; no legal act confirms it", authority=by)
        return text(run.say.words(CLAIMED))
    if fact.standing == "reported" and not fact.confidence.startswith("single"):
        return text(run.say.words(REPORTED))
    return text(doubt(run, fact.confidence))


def doubt(run: Findings, confidence: str) -> str:
    """What was not checked of a row of the ledger."""
    return run.say.words(next((words for part, words in DOUBTS if part in confidence), UNNAMED))


def review(run: Findings, reviewed: str | None = None) -> Text:
    """To which day the ledger was reviewed, for a report of a later day; nothing where it was reviewed to the day.

    `reviewed` stands in place of the day that the subject states.
    """
    reviewed = reviewed or run.record.ledger.reviewed_to
    if reviewed is None or day(reviewed) >= run.as_of:
        return ()
    return run.say(
        "Legal state of {day}, carried forward: what was announced since is not in the ledger.",
        day=run.fmt.long_date(reviewed),
    )


def legal_day(run: Findings) -> str:
    """The day of which legal states are: that of the report, or the last reviewed one before it, in words."""
    reviewed = run.record.ledger.reviewed_to
    return run.fmt.long_date(run.as_of if reviewed is None else min(day(reviewed), run.as_of))


def instrument(run: Findings, kind: str) -> str:
    """An instrument in the field's words."""
    words = readable(kind).replace("de facto", "de-facto").replace("exporter whitelist", "exporter list")
    return run.say.term("term", words)


def note(run: Findings, words: str) -> Text:
    """A remark of the ledger: one that remembers how it was made, or words of the data."""
    if words in run.record.phrases:
        return run.sentence(words)
    return run.say.translate(run.say.term("note", words))


def _prices(run: Findings) -> Iterator[Fact]:
    """The annual averages that are used, of a holdings file or of what a run holds."""
    held = [(p.asset, p.series, p.price_status, p.price_source) for p in run.positions]
    lots = [(p.asset, p.basis, p.status, p.source) for p in (run.exposure.prices if run.exposure else ())]
    titles = {origin.key: origin.title for origin in run.origins}
    for asset, basis, status, source in (*held, *lots):
        if status:
            key = f"price of {asset}"
            yield Fact(key, "official", status, basis or key, "price", (asset,), titles.get(source, source), source)


def _on_routes(row: ControlState) -> Iterator[Measure]:
    for route in row.routes:
        yield from route.measures


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
    spells: tuple[TimelineBar, ...]
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
    axis = TimelinePeriod(start, end, run.as_of)
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


def _chart(run: Findings, lanes: Sequence[Lane], axis: TimelinePeriod) -> Chart:
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


def _told(run: Findings, lanes: Sequence[Lane], axis: TimelinePeriod) -> str:
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


def _spells(row: MeasureSpells, today: date) -> Iterator[TimelineBar]:
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


def _bar(state: Mark, since: str | date, until: str | date | None) -> TimelineBar:
    return TimelineBar(state, day(since), None if until is None else day(until))
