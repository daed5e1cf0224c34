"""What changes on which date, confirmed or claimed, and the suspensions that have lapsed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from toolkit.records.controls import Upcoming
from toolkit.records.sources import Owner, Review
from toolkit.records.subjects import Market
from toolkit.report.answers.answer import Answer
from toolkit.report.document import Document
from toolkit.report.findings import Findings
from toolkit.report.i18n.language import Language
from toolkit.report.i18n.text import Text, text
from toolkit.report.sections.calendar import change_in_words, scope_in_words, standing_in_words


def upcoming(record: Mapping[str, Any], say: Language) -> Document:
    """The dates ahead, as `toolkit.app.controls.Calendar.to_json` has them."""
    answer = Answer(say, record["as_of"])
    answer.heading("Ahead of {day:%Y-%m-%d}, within {days:d} days", day=record["as_of"], days=record["within_days"])
    answer.lines(record["review"])
    ledger = Market(
        as_of=record["as_of"],
        owner=Owner(country="", currency=""),
        currency="",
        controls=(),
        timeline=(),
        upcoming=(),
        ledger=Review(reviewed_to=record["reviewed_to"]),
        rates=(),
        data=(),
        phrases={},
    )
    run = Findings.of(ledger, language=say)
    own = say.words(", yours")
    rows = (
        (
            say.fmt.short_date(row["date"]),
            row["days"],
            standing_in_words(run, Upcoming.model_validate(row)) + (own if row["own"] else ""),
            _what(run, row),
            answer.word(row["confidence"]),
        )
        for row in record["upcoming"]
    )
    if not answer.table("date | >days | standing | what | checked", rows):
        answer.line("Nothing that is known.")
    answer.notes(text(say.fmt.short_date(row["date"]), ": ", _what(run, row)) for row in record["lapsed"])
    return answer.document("upcoming", answer.told("Dates ahead"))


def _what(run: Findings, row: Mapping[str, Any]) -> Text:
    """What happens and what follows from it, on which metals and to whom."""
    change = Upcoming.model_validate(row)
    title, notes = change_in_words(run, change)
    if change.change in ("suspension_ends", "claim_ends"):
        notes = (*notes, scope_in_words(run, change))
    return text(title, ". ", *(part for note in notes for part in (note, " ")))
