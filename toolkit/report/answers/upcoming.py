"""What changes on which date, confirmed or claimed, and the suspensions that have lapsed."""

from __future__ import annotations

from toolkit.records.answers.controls import Calendar, DatedChange
from toolkit.records.sources import Owner, Review
from toolkit.records.subjects import Market
from toolkit.report.answers.answer import Answer
from toolkit.report.document import Document
from toolkit.report.findings import Findings
from toolkit.report.i18n.language import Language
from toolkit.report.i18n.text import Text, text
from toolkit.report.sections.calendar import change_in_words, scope_in_words, standing_in_words


def upcoming(record: Calendar, say: Language) -> Document:
    """The dates ahead."""
    answer = Answer(say, record.as_of)
    answer.heading("Ahead of {day:%Y-%m-%d}, within {days:d} days", day=record.as_of, days=record.within_days)
    answer.lines(record.review)
    ledger = Market(
        as_of=record.as_of,
        owner=Owner(country="", currency=""),
        currency="",
        controls=(),
        timeline=(),
        upcoming=(),
        ledger=Review(reviewed_to=record.reviewed_to),
        rates=(),
        data=(),
        phrases={},
    )
    run = Findings.of(ledger, language=say)
    own = say.words(", yours")
    rows = (
        (
            say.fmt.short_date(row.date),
            row.days,
            standing_in_words(run, row) + (own if row.own else ""),
            _what(run, row),
            answer.word(row.confidence),
        )
        for row in record.upcoming
    )
    if not answer.table("date | >days | standing | what | checked", rows):
        answer.line("Nothing that is known.")
    answer.notes(text(say.fmt.short_date(row.date), ": ", _what(run, row)) for row in record.lapsed)
    return answer.document("upcoming", answer.told("Dates ahead"))


def _what(run: Findings, row: DatedChange) -> Text:
    """What happens and what follows from it, on which metals and to whom."""
    title, notes = change_in_words(run, row)
    if row.change in ("suspension_ends", "claim_ends"):
        notes = (*notes, scope_in_words(run, row))
    return text(title, ". ", *(part for note in notes for part in (note, " ")))
