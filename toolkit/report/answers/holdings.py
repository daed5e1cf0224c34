"""A holdings file without lots, and how one is understood: its lots, and how its columns were read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import partial

from toolkit.market.layouts.fields import HOLDINGS
from toolkit.records.layouts import HoldingsCheck, ReadLot
from toolkit.report.answers.answer import Answer, Cell
from toolkit.report.document import Document
from toolkit.report.i18n.language import Language
from toolkit.report.topics.holdings import lot_names


def template(say: Language) -> str:
    """A holdings file without lots: what each column holds, an example behind a comment sign, and the header."""
    told, fields = partial(say.term, "column"), [field for field in HOLDINGS if field.example]
    separator = ";" if "," in say.fmt.number(0, 1) else ","
    intro = say.words(
        "Your lots, one row each. Lines that begin with # are comments. asset and quantity are enough; what is assumed for an "
        "empty cell stands behind each column. Headers and words may be English or German."
    )
    lines = [
        f"# {intro}",
        f"# {say.words('Check it with: toolkit holdings check THIS_FILE')}",
        "#",
        *(f"# {told(one.key)}: {told(one.holds)} ({say.words('empty')}: {told(one.absent)})" for one in fields),
        "#",
        f"# {say.words('example')}:",
        f"# {separator.join(told(one.example) for one in fields)}",
        separator.join(told(one.key) for one in fields),
    ]
    return "\n".join([*lines, ""])


def check(found: HoldingsCheck, as_of: date, say: Language) -> Document:
    """The lots without a fault, and the notes of reading."""
    answer, faulty = Answer(say, as_of), {fault.row for fault in found.faults}
    answer.heading(
        "{file}: {good:d} of {total:d} lots are understood",
        file=found.file, good=len(found.lots), total=len(found.lots) + len(faulty),
    )  # fmt: skip
    names = lot_names(found.lots, say)
    rows = (_lot(answer, row, names[row.lot_id]) for row in found.lots)
    if any(lot.paid is not None for lot in found.lots):
        answer.table("lot | asset | form | >quantity | bought | >price a unit | >paid | from | stored in | status", rows)
    else:
        unpaid = ([*row[:6], *row[7:]] for row in map(list, rows))
        answer.table("lot | asset | form | >quantity | bought | >price a unit | from | stored in | status", unpaid)
    answer.notes(answer.told("note: {words}", words=words) for words in found.notes)
    return answer.document("holdings")


def _lot(answer: Answer, row: ReadLot, name: str) -> Iterator[Cell]:
    yield answer.say.name(name)
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
