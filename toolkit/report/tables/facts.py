"""Facts of the control ledger behind a report: which of them are unconfirmed, why, and where they are from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from toolkit.controls.state import Measure
from toolkit.records.controls import ControlState
from toolkit.records.dates import Upcoming
from toolkit.records.flows import ReportedFlow
from toolkit.records.resale import ResaleMeasure
from toolkit.report.findings import Findings, is_confirmed
from toolkit.report.i18n.formats import day, readable
from toolkit.report.i18n.language import mark
from toolkit.report.i18n.text import Text, text

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
    return (
        (say.words("Unconfirmed facts in this report"), text(run.fmt.number(len(unconfirmed(run))))),
        (say.words("Overdue sources of this report"), say("{late} of {total}", late=late, total=len(run.origins))),
    )


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
    return text(run.say.words(next((words for part, words in DOUBTS if part in fact.confidence), UNNAMED)))


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
