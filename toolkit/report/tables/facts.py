"""Facts of the control ledger behind a report: which of them are unconfirmed, why, and where they are from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from toolkit.report.findings import Findings, is_confirmed
from toolkit.report.i18n.formats import day, readable
from toolkit.report.i18n.language import mark
from toolkit.report.i18n.text import Text, text

Fact = Mapping[str, Any]
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


def facts(run: Findings) -> Iterator[Fact]:
    """Every fact behind this report: dates ahead, measures, those of other countries, reports of flows, yearly prices."""
    yield from _prices(run)
    yield from (point["fact"] for point in run.parts.get("flows", {}).get("reported", ()) if "fact" in point)
    yield from run.record.get("upcoming", ())
    for row in run.record.get("controls", ()):
        yield from row["measures"]
        yield from row["elsewhere"]
        for route in row["routes"]:
            yield from route["measures"]


def unconfirmed(run: Findings) -> Mapping[str, Fact]:
    """By id, the facts used that were not checked against the text, from one press report, or claimed by one side."""
    found: dict[str, Fact] = {}
    for fact in facts(run):
        if not is_confirmed(fact):
            found.setdefault(fact["event_id"], fact)
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


def concerned(run: Findings, event_id: str) -> tuple[Mapping[str, Any], ...]:
    """The products of the report that a fact of the ledger speaks of, in order."""
    return tuple(
        row
        for row in run.record.get("controls", ())
        if any(m["event_id"] == event_id for m in (*row["measures"], *row["elsewhere"], *_on_routes(row)))
    )


def why_unconfirmed(run: Findings, fact: Fact) -> Text:
    """What is missing for it to be a fact: a claim, a report, or a look at the text."""
    if fact["standing"] == "agreed":
        return text(run.say.words(AGREED))
    if fact["standing"] == "claimed":
        by = fact.get("authority", "")
        if by:
            return run.say("claimed by {authority}; no legal act confirms it", authority=run.say.term("term", by))
        return text(run.say.words(CLAIMED))
    if fact["standing"] == "reported" and not fact["confidence"].startswith("single"):
        return text(run.say.words(REPORTED))
    return text(run.say.words(next((words for part, words in DOUBTS if part in fact["confidence"]), UNNAMED)))


def review(run: Findings) -> Text:
    """To which day the ledger was reviewed, for a report of a later day; nothing where it was reviewed to the day."""
    reviewed = run.record.get("ledger", {}).get("reviewed_to")
    if reviewed is None or day(reviewed) >= run.as_of:
        return ()
    return run.say(
        "Ledger reviewed to {day}: later acts are not in it, and later states hold unless an act after that day "
        "says otherwise.",
        day=run.fmt.long_date(reviewed),
    )


def instrument(run: Findings, fact: Fact) -> str:
    """The instrument in the field's words."""
    words = readable(fact["instrument"]).replace("de facto", "de-facto").replace("exporter whitelist", "exporter list")
    return run.say.term("term", words)


def note(run: Findings, words: str) -> Text:
    """A remark of the ledger: one that remembers how it was made, or words of the data."""
    if words in run.record.get("phrases", {}):
        return run.sentence(words)
    return run.say.translate(run.say.term("note", words))


def _prices(run: Findings) -> Iterator[Fact]:
    """The annual averages that are used, of a holdings file or of what a run holds."""
    held = [(p, p.get("series"), p.get("price_status"), p.get("price_source")) for p in run.record.get("positions", ())]
    lots = [(p, p["basis"], p.get("status"), p["source"]) for p in run.record.get("exposure", {}).get("prices", ())]
    titles = {origin.key: origin.title for origin in run.origins}
    for price, basis, status, source in (*held, *lots):
        if status:
            yield {
                "event_id": f"price of {price['asset']}",
                "standing": "official",
                "confidence": status,
                "number": basis,
                "instrument": "price",
                "metals": [price["asset"]],
                "source": titles.get(source, source),
                "source_id": source,
            }


def _on_routes(row: Mapping[str, Any]) -> Iterator[Fact]:
    for route in row["routes"]:
        yield from route["measures"]
