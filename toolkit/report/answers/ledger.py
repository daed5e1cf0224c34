"""What has passed since the last review of the control ledger, and a finding of one's own."""

from __future__ import annotations

from datetime import date

from toolkit.core.messages import few
from toolkit.records.answers.ledger import AddedEvent, LedgerReview
from toolkit.report.answers.answer import Answer
from toolkit.report.answers.controls import headline
from toolkit.report.document import Document
from toolkit.report.i18n.language import Language

METALS_OF_A_LAW = 3
"""Metals that are named beside a law; the object has all."""


def review(ledger: LedgerReview, say: Language) -> Document:
    """What to look up before relying on the ledger."""
    answer = Answer(say, ledger.as_of)
    if ledger.days_since is None:
        answer.heading("Ledger review on {day:%Y-%m-%d}", day=ledger.as_of)
    else:
        answer.heading(
            "Ledger review on {day:%Y-%m-%d}, {n:d} days after the last reviewed day", day=ledger.as_of, n=ledger.days_since
        )
    answer.lines(ledger.review)
    passed = (
        (answer.day(one.day), answer.notice(one.title), answer.word(one.instrument), answer.word(one.was), answer.word(one.now))
        for one in ledger.passed
    )
    if not answer.table("day | notice | instrument | was | by its date now", passed):
        answer.line("No status has changed by its date since.")
    answer.notes(answer.told("{day:%Y-%m-%d}: {what}.", day=one.last_day, what=one.what) for one in ledger.ended)
    if ledger.unconfirmed:
        titles = list(dict.fromkeys(one.title for one in ledger.unconfirmed))
        answer.line("In force by the end of a suspension alone, unconfirmed: {notices:, }.", notices=titles)
    answer.table(
        "stated, act not seen | by | standing | of the suspension | until",
        (
            (
                answer.notice(one.title), answer.notice(one.authority), answer.word(one.standing),
                ", ".join(map(answer.notice, one.acts_on)),
                answer.day(one.until),
            )
            for one in ledger.claims
        ),
    )  # fmt: skip
    unchecked = (
        (
            answer.notice(one.title),
            answer.word(one.instrument),
            ", ".join(map(answer.metal, one.metals)),
            answer.word(one.confidence),
        )
        for one in ledger.unchecked
    )
    if not answer.table("not confirmed | what | metals | checked", unchecked):
        answer.line("Every row was checked against its text.")
    answer.table(
        "export law of | in the ledger | >acts | metals named | why",
        (
            (
                row.law,
                answer.word(row.coverage),
                row.acts,
                answer.told("{metals}", metals=few([*map(answer.metal, row.metals)], METALS_OF_A_LAW)),
                answer.sentence(row.reason),
            )
            for row in ledger.coverage
        ),
    )
    answer.line("No answer is clear under a law that is not modelled: it says “not covered”.")
    if ledger.own_events:
        shown = {row.event_id: f" ({row.evidence}: {answer.word(row.state)})" for row in ledger.evidence}
        ids = ", ".join(event_id + shown.get(event_id, "") for event_id in ledger.own_events)
        answer.line("Your own events, not checked: {ids}.", ids=ids)
    answer.line("Control notices as compiled, by day; not legal advice.")
    return answer.document("ledger-review")


def added(found: AddedEvent, as_of: date, say: Language) -> Document:
    """What an event of one's own changes, as known on the day."""
    event, answer = found.event["event_id"], Answer(say, as_of)
    if found.is_there:
        answer.heading("{file} says the same of {id} already: nothing is written.", file=found.file, id=event)
        return answer.document("ledger-add")
    if found.written:
        answer.heading("{id}", id=event)
    else:
        answer.heading("{id}: not written (--dry-run)", id=event)
    answer.line("evidence {file}, SHA-256 {hash}", file=found.event["evidence"], hash=found.event["evidence_sha256"])
    changes = (
        (
            answer.metal(row.metal), answer.word(row.form),
            row.destination + ("" if row.end_user == "civil" else f", {answer.word(row.end_user)}"), answer.day(row.day),
            headline(answer, row.was), headline(answer, row.now), ", ".join(map(answer.notice, row.measures)),
        )
        for row in found.changes
    )  # fmt: skip
    if not answer.table("metal | form | to | on | was | now | measures", changes):
        answer.line("No control state changes by it on the days that it names.")
    answer.notes(answer.told("note: {words}", words=words) for words in found.notes)
    answer.line("Put it to a question with --events {file}.", file=found.file)
    return answer.document("ledger-add")
