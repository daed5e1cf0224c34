"""How a holdings file is understood: its lots, and how its columns were read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from toolkit.core.places import place
from toolkit.report.answers.answer import Answer, Cell
from toolkit.report.document import Document
from toolkit.report.i18n.language import Language

if TYPE_CHECKING:
    from datetime import date

    from toolkit.app.holdings_check import HoldingsCheck


def check(found: HoldingsCheck, as_of: date, say: Language) -> Document:
    """The lots without a fault, and the notes of reading."""
    answer, lots = Answer(say, as_of), found.lots
    answer.heading(
        "{file}: {good:d} of {total:d} lots are understood",
        file=found.read.table.name, good=lots.height, total=len(found.read.rows),
    )  # fmt: skip
    rows = (_lot(answer, row) for row in lots.iter_rows(named=True))
    if lots["paid"].count():
        answer.table("lot | asset | form | >quantity | bought | >price a unit | >paid | from | stored in | status", rows)
    else:
        unpaid = ([*row[:6], *row[7:]] for row in map(list, rows))
        answer.table("lot | asset | form | >quantity | bought | >price a unit | from | stored in | status", unpaid)
    answer.notes(answer.told("note: {words}", words=words) for words in found.read.notes)
    return answer.document("holdings")


def _lot(answer: Answer, row: Mapping[str, Any]) -> Iterator[Cell]:
    yield answer.say.name(row["lot_id"])
    yield answer.metal(row["asset"])
    yield answer.word(row["form"] or "listed")
    yield f"{answer.number(row['quantity'], ',.6g')} {row['unit']}"
    yield row["purchase_date"]
    price = row["purchase_price"]
    yield "" if price is None else f"{answer.number(price, ',.6g')} {row['currency']}"
    yield "" if row["paid"] is None else answer.say.fmt.limit(row["paid"])
    yield row["origin_country"]
    yield (place(row["location"]).country if row["location"] else None) or answer.say.words("unknown")
    yield answer.word(row["status"])
