"""Files of lots, movements, bids and prices: a template, what is read of one, and how its columns are understood."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import partial

from toolkit.core.messages import message
from toolkit.market.layouts.fields import FIELDS
from toolkit.market.layouts.layout import OF_OWNERS
from toolkit.records.layouts import HoldingsCheck, HoldingsMap, HoldingsStock, PricesMap, ReadLot
from toolkit.report.answer import Answer, Cell
from toolkit.report.document import Document
from toolkit.report.i18n.language import Language
from toolkit.report.i18n.text import name, text
from toolkit.report.topics.holdings import lot_name, lot_names


def template(say: Language, kind: str = "holdings") -> str:
    """A file of a kind without rows: what each column holds, an example behind a comment sign, and the header."""
    told, fields = partial(say.term, "column"), [field for field in FIELDS[kind] if field.example]
    separator = ";" if "," in say.fmt.number(0, 1) else ","
    match kind:
        case "holdings":
            intro = say.words("Your lots, one row each; asset and quantity are enough.")
        case "movements":
            intro = say.words(
                "What was bought, moved and sold, one row each. Kinds are buy, order, deliver, sell, transfer, split, adjust, "
                "deposit, withdraw, loss, fee, storage, tax, income and reversal."
            )
        case "bids":
            intro = say.words("What was offered to you for what you hold, one row each.")
        case "needs":
            intro = say.words("What you use, one row for each metal and site; asset and quantity are enough.")
        case "quotes":
            intro = say.words("What you can order, one row for each price of a quotation.")
        case _:
            intro = say.words("Your applications for export licences, one row each.")
    more = say.words(
        "Lines that begin with # are comments. What is assumed for an empty cell stands behind each column. Headers and words "
        "may be English or German."
    )
    if kind in OF_OWNERS:
        look = say.words("Check it with: toolkit holdings check THIS_FILE")
    else:
        look = say.words("Look at it with: toolkit holdings map THIS_FILE --set of={kind:s}", kind=kind)
    lines = [
        f"# {intro} {more}",
        f"# {look}",
        "#",
        *(f"# {told(one.key)}: {told(one.holds)} ({say.words('empty')}: {told(one.absent)})" for one in fields),
        "#",
        f"# {say.words('example')}:",
        f"# {separator.join(told(one.example) for one in fields)}",
        separator.join(told(one.key) for one in fields),
    ]
    return "\n".join([*lines, ""])


def check(found: HoldingsCheck, as_of: date, say: Language) -> Document:
    """The lots without a fault, and the notes of reading.

    Args:
        found: The file.
        as_of: Day of the answer.
        say: Language.
    """
    answer, faulty = Answer(say, as_of), {fault.row for fault in found.faults}
    if found.of == "movements" and found.error is not None:
        answer.heading("{file}: no stock is told before its movements are settled", file=found.file)
    elif found.of == "movements":
        answer.heading("{file}: {lots:d} lots on {day}", file=found.file, lots=len(found.lots), day=answer.day(as_of))
    else:
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


def stock(found: HoldingsStock, say: Language) -> Document:
    """What is there on the day, where the money is, and what was sold."""
    answer, names = Answer(say, found.as_of), lot_names(found.lots, say)
    answer.heading("{file}: {lots:d} lots on {day}", file=found.file, lots=len(found.lots), day=answer.day(found.as_of))
    rows = ([*row[:6], *row[7:]] for row in (list(_lot(answer, row, names[row.lot_id])) for row in found.lots))
    answer.table("lot | asset | form | >quantity | bought | >price a unit | from | stored in | status", rows)
    answer.table(
        "currency | >paid in | >realised gain | >at cost in stock | >taken out | >fees, storage and taxes",
        (
            [
                one.currency,
                *(answer.number(value, ",.2f") for value in (one.paid_in, one.gain, one.stock, one.taken_out, one.costs)),
            ]
            for one in found.money
        ),
    )
    several = len({one.client for one in found.sales}) > 1
    answer.table(
        "sold | lot | asset | >quantity | bought | >proceeds | >cost | >gain before fees",
        (
            [
                answer.day(one.date), say.name(lot_name(one.lot, one.client, say, several=several)), answer.metal(one.asset),
                f"{answer.number(one.quantity, ',.6g')} {one.unit}", answer.day(one.bought),
                _money(answer, one.proceeds, one.currency), _money(answer, one.cost, one.cost_currency),
                _money(answer, one.gain, one.currency),
            ]
            for one in found.sales
        ),
    )  # fmt: skip
    if owed := [f"{answer.number(one.owed, ',.2f')} {one.currency}" for one in found.money if one.owed]:
        answer.line("Still to be paid, and in the cost of the stock: {money}.", money=owed)
    if unknown := [f"{answer.number(one.unknown, ',.2f')} {one.currency}" for one in found.money if one.unknown]:
        answer.line("In no gain, since a cost or a price is not known: {money}.", money=unknown)
    answer.notes(answer.told("note: {words}", words=words) for words in found.notes)
    if found.written:
        answer.line("The lots are written to {file}.", file=found.written)
    return answer.document("holdings")


def _money(answer: Answer, amount: float | None, currency: str | None) -> str:
    return answer.say.words("not known") if amount is None else f"{answer.number(amount, ',.2f')} {currency}"


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


def mapped(found: HoldingsMap | PricesMap, as_of: date, say: Language, *, command: bool = True) -> Document:
    """How each column is read and why, what is open, and of prices the newest of each series.

    Args:
        found: The file.
        as_of: Day of the answer.
        say: Language.
        command: Whether the command that answers is told.
    """
    answer = Answer(say, as_of)
    if found.questions:
        answer.heading("Open questions before {file} is read: {n:d}", file=found.file, n=len(found.questions))
    elif isinstance(found, HoldingsMap) and found.faults:
        answer.heading("{file}: its columns are known, and cells of it are wrong", file=found.file)
    elif isinstance(found, HoldingsMap) and found.movements is not None:
        answer.heading(
            "{file}: nothing is open; movements: {n:d}, lots on {day}: {lots:d}",
            file=found.file, n=found.movements, lots=found.lots, day=answer.day(as_of),
        )  # fmt: skip
    elif isinstance(found, HoldingsMap) and found.of != "holdings":
        answer.heading("{file}: nothing is open; rows: {n:d}", file=found.file, n=found.lots)
    elif isinstance(found, HoldingsMap):
        answer.heading("{file}: nothing is open; lots: {lots:d}", file=found.file, lots=found.lots)
    elif found.fault:
        answer.heading("{file}: its columns are known, and its prices cannot be read", file=found.file)
    else:
        answer.heading("{file}: nothing is open; series: {n:d}", file=found.file, n=len(found.series))
    _columns(answer, found)
    if isinstance(found, PricesMap):
        _series(answer, found)
    answer.notes(answer.told("note: {words}", words=words) for words in found.notes)
    if isinstance(found, HoldingsMap):
        answer.notes(answer.told("fault: {words}", words=words) for words in found.wrong)
    _closing(answer, found, command=command)
    return answer.document("prices-map" if isinstance(found, PricesMap) else "holdings-map")


def _series(answer: Answer, found: PricesMap) -> None:
    """The newest price of each series, and why there is none."""
    say = answer.say
    answer.table(
        "series | >prices | from | to | >newest | currency | unit | basis",
        (
            [
                say.name(one.asset), one.prices, answer.day(one.first), answer.day(one.last),
                answer.number(one.price, ",.6g"),
                one.currency, say.name(one.unit), say.name(one.basis),
            ]
            for one in found.series
        ),
    )  # fmt: skip
    answer.notes(answer.told("fault: {words}", words=words) for words in found.fault)


def _columns(answer: Answer, found: HoldingsMap | PricesMap) -> None:
    """How each column is read and why, and what else is open."""
    say = answer.say
    answer.table(
        "column | cells | read as | unit | why",
        (
            [
                say.name(one.header),
                say.name(", ".join(one.cells)),
                say.name(one.reads or "?"),
                answer.sentence(one.unit),
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


def _closing(answer: Answer, found: HoldingsMap | PricesMap, *, command: bool) -> None:
    """The command that says what is open, or where the layout is kept."""
    sure = sum(one.sure for one in found.columns)
    if found.questions:
        answer.line(
            "{sure:d} of {all:d} columns are read without a question. To say the rest once:", sure=sure, all=len(found.columns)
        )
        if command:  # a terminal has it in one line, to be copied
            answer.paragraph(text(name(found.command)))
    elif found.written:
        answer.line("The layout is kept in {file}; the next file of this shape is read without a question.", file=found.written)
