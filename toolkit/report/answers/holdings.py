"""How a holdings file is understood: its lots, and how its columns were read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from toolkit.records.answers.holdings import HoldingsCheck, ReadLot
from toolkit.report.answers.answer import Answer, Cell
from toolkit.report.document import Document
from toolkit.report.i18n.language import Language


def check(found: HoldingsCheck, as_of: date, say: Language) -> Document:
    """The lots without a fault, and the notes of reading."""
    answer, faulty = Answer(say, as_of), {fault.row for fault in found.faults}
    answer.heading(
        "{file}: {good:d} of {total:d} lots are understood",
        file=found.file, good=len(found.lots), total=len(found.lots) + len(faulty),
    )  # fmt: skip
    rows = (_lot(answer, row) for row in found.lots)
    if any(lot.paid is not None for lot in found.lots):
        answer.table("lot | asset | form | >quantity | bought | >price a unit | >paid | from | stored in | status", rows)
    else:
        unpaid = ([*row[:6], *row[7:]] for row in map(list, rows))
        answer.table("lot | asset | form | >quantity | bought | >price a unit | from | stored in | status", unpaid)
    answer.notes(answer.told("note: {words}", words=words) for words in found.notes)
    return answer.document("holdings")


def _lot(answer: Answer, row: ReadLot) -> Iterator[Cell]:
    yield answer.say.name(row.lot_id)
    yield answer.metal(row.asset)
    yield answer.word(row.form or "listed")
    yield f"{answer.number(row.quantity, ',.6g')} {row.unit}"
    yield answer.day(row.purchase_date)
    price = row.purchase_price
    yield "" if price is None else f"{answer.number(price, ',.6g')} {row.currency}"
    yield "" if row.paid is None else answer.say.fmt.limit(row.paid)
    yield answer.origin(row.origin_country)
    yield row.country or answer.say.words("unknown")
    yield answer.word(row.status)
