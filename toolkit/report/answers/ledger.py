"""What has passed since the last review of the control ledger, the licence catalogue beside it, and a finding of one's own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date

from toolkit.controls.licence_catalogue import CatalogueRow, ItemCheck
from toolkit.records.answers.ledger import AddedEvent, CatalogueCheck, LedgerReview
from toolkit.report.answers.answer import Answer
from toolkit.report.answers.controls import headline
from toolkit.report.document import Document
from toolkit.report.i18n.language import Language, mark

ITEMS_NAMED = 3
"""Rows of the catalogue that are named beside an item; the object has all."""
FOUND = mark("item | notice | status | codes | found in the catalogue")


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
    if ledger.unsettled:
        answer.line("Not settled: {notices:, }.", notices=list(dict.fromkeys(one.title for one in ledger.unsettled)))
    doubt = say.words(" (whether it covers this was not found)")
    answer.table(
        "stated, act not seen | by | standing | of the suspension | until",
        (
            (
                answer.notice(one.title), answer.notice(one.authority), answer.word(one.standing),
                ", ".join(map(answer.notice, one.acts_on)) + (doubt if one.relation == "may_extend" else ""),
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
    if ledger.own_events:
        shown = {row.event_id: f" ({row.evidence}: {answer.word(row.state)})" for row in ledger.evidence}
        ids = ", ".join(event_id + shown.get(event_id, "") for event_id in ledger.own_events)
        answer.line("Your own events, not checked: {ids}.", ids=ids)
    answer.line("Control notices as compiled, by day; not legal advice.")
    if ledger.catalogue is not None:
        _catalogue(answer, ledger.catalogue)
    return answer.document("ledger-review")


def _catalogue(answer: Answer, told: CatalogueCheck) -> None:
    counts, items = told.counts, told.checked
    answer.subtitle("Licence catalogue {file}, {n:,d} items read", file=told.file, n=told.items_read)
    answer.notes(answer.told("note: {words}", words=words) for words in told.notes)
    answer.line(
        "{agreeing:d} of {codes:d} codes of the ledger agree, {in_part:d} in eight digits alone, {lacked:d} are lacked; a "
        "code counts once an item.",
        **counts.to_json(),
    )
    if not counts.agreeing:
        answer.line("Look whether this is the catalogue of dual-use items.")
    answer.line(
        "{missing:d} codes of the catalogue for metals of the ledger are not in the ledger; {unread:d} rows not read.",
        missing=len(told.missing_in_ledger), unread=len(told.unread),
    )  # fmt: skip
    lacked = [row for row in items if row.lacked]
    uncoded = [row for row in items if not (row.agreeing or row.in_part or row.lacked)]
    sure, may = ([row for row in lacked if row.may_be_left_out is left] for left in (False, True))
    if sure:
        answer.line("The catalogue lacks codes of the ledger:")
        answer.table(FOUND, _items(answer, sure, lambda row: row.lacked))
    if may:
        answer.line("Lacked, but suspended, not settled or not begun on the day or on 1 January, so no contradiction:")
        answer.table(FOUND, _items(answer, may, lambda row: row.lacked))
    if near := [row for row in items if row.in_part]:
        answer.line("The first eight digits agree, and the rest was not compared:")
        answer.table(FOUND, _items(answer, near, lambda row: row.in_part))
    if uncoded:
        answer.line("Without a code in the ledger, found by control code or name alone:")
        answer.table("item | notice | status | of its metals | found in the catalogue", _items(answer, uncoded, None))
    if told.missing_in_ledger:
        answer.line("The ledger lacks codes of the catalogue for its metals:")
        answer.table(
            "code | row | name | metals | named in | in the ledger for",
            (
                (row.code, str(row.row), row.name, ", ".join(map(answer.metal, row.metals)), row.named_in,
                 ", ".join(row.items))
                for row in told.missing_in_ledger
            ),
        )  # fmt: skip
    if told.unread:
        answer.line("Not read, so what is lacked may stand there:")
        answer.table("row | what | cell | remedy", ((str(row.row), row.what, row.value, row.hint) for row in told.unread))
    answer.notes(told.not_judged)
    answer.line(
        "The ledger stays as it is. Put what you find, with the notice, into a file of your own: toolkit ledger add "
        "findings.csv event_id=ID KEY=VALUE... --evidence FILE (docs/events.md)."
    )


def _items(
    answer: Answer, rows: Iterable[ItemCheck], codes_of: Callable[[ItemCheck], Iterable[str]] | None
) -> Iterable[Sequence[str]]:
    for row in rows:
        codes = _rows(answer, row.similar) if codes_of is None else ", ".join(codes_of(row))
        yield row.item, answer.notice(row.notice), answer.word(row.status), codes, _rows(answer, row.rows)


def _rows(answer: Answer, rows: Sequence[CatalogueRow]) -> str:
    """The first rows of the catalogue, and how many there are more."""
    told = [
        answer.say.words("row {row}: {what}", row=str(row.row), what=f"{row.code or ''} {row.name}".strip())
        for row in rows[:ITEMS_NAMED]
    ]
    return "; ".join(told) + (answer.say.words(" and {n} more", n=len(rows) - ITEMS_NAMED) if len(rows) > ITEMS_NAMED else "")


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
