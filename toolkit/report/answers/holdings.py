"""A holdings file without lots, and how one is understood: its lots, and how its columns were read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import partial

from toolkit.core.messages import message
from toolkit.market.layouts.fields import HOLDINGS
from toolkit.records.answers.holdings import HoldingsCheck, HoldingsMap, ReadLot
from toolkit.records.answers.prices import PricesMap
from toolkit.report.answers.answer import Answer, Cell
from toolkit.report.document import Document
from toolkit.report.i18n.language import Language
from toolkit.report.i18n.text import name, text
from toolkit.report.tables.lots import lot_names


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


def columns(answer: Answer, found: HoldingsMap | PricesMap) -> None:
    """How each column is read and why, and what else is open.

    Args:
        answer: That is written.
        found: A file, and what its columns are.
    """
    say = answer.say
    answer.table(
        "column | cells | read as | unit | why",
        (
            [
                say.name(one.header),
                say.name(", ".join(one.cells)),
                say.name(one.reads or "?"),
                say.name(one.unit),
                answer.sentence(one.why if one.sure else message("asked: {why}", why=answer.phrase(one.why))),
            ]
            for one in found.columns
        ),
    )
    texts = [one for one in found.questions if one.about != "column"]
    answer.table(
        "open | where | what is asked | answers",
        (
            [say.name(one.name), say.name(", ".join(one.cells)), answer.sentence(one.asks), say.name(", ".join(one.answers))]
            for one in texts
        ),
    )


def closing(answer: Answer, found: HoldingsMap | PricesMap, *, command: bool) -> None:
    """The command that says what is open, or where the layout is kept.

    Args:
        answer: That is written.
        found: A file, and what its columns are.
        command: Whether the command is told.
    """
    sure = sum(one.sure for one in found.columns)
    if found.questions:
        answer.line(
            "{sure:d} of {all:d} columns are read without a question. To say the rest once:", sure=sure, all=len(found.columns)
        )
        if command:  # a terminal has it in one line, to be copied
            answer.paragraph(text(name(found.command)))
    elif found.written:
        answer.line("The layout is kept in {file}; the next file of this shape is read without a question.", file=found.written)


def mapped(found: HoldingsMap, as_of: date, say: Language, *, command: bool = True) -> Document:
    """How each column is read and why, what is open, and what says it.

    Args:
        found: The file.
        as_of: Day of the answer.
        say: Language.
        command: As of `closing`.
    """
    answer = Answer(say, as_of)
    if found.questions:
        answer.heading("{file}: {n:d} questions before it is read", file=found.file, n=len(found.questions))
    else:
        answer.heading("{file}: {lots:d} lots, nothing is open", file=found.file, lots=found.lots)
    columns(answer, found)
    answer.notes(answer.told("note: {words}", words=words) for words in found.notes)
    if found.faults:
        answer.line("{n:d} cells break a rule: `toolkit holdings check FILE` tells each.", n=found.faults)
    closing(answer, found, command=command)
    return answer.document("holdings-map")


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
