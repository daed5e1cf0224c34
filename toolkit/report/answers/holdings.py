"""A holdings file without lots, and how one is understood: its lots, and how its columns were read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import partial

from toolkit.market.layouts.fields import FIELDS
from toolkit.records.layouts import HoldingsCheck, HoldingsStock, ReadLot, SellPreview
from toolkit.report.answers.answer import Answer, Cell
from toolkit.report.document import Document
from toolkit.report.i18n.language import Language
from toolkit.report.topics.holdings import lot_names


def template(say: Language, kind: str = "holdings") -> str:
    """A file of lots or of movements without rows: what each column holds, an example behind a comment sign, and the header."""
    told, fields = partial(say.term, "column"), [field for field in FIELDS[kind] if field.example]
    separator = ";" if "," in say.fmt.number(0, 1) else ","
    intro = say.words(
        "Your lots, one row each. Lines that begin with # are comments. asset and quantity are enough; what is assumed for an "
        "empty cell stands behind each column. Headers and words may be English or German."
    )
    if kind == "movements":
        intro = say.words(
            "What was bought, moved and sold, one row each. Lines that begin with # are comments. Kinds are buy, order, "
            "deliver, sell, transfer, split, adjust, deposit, withdraw, loss, fee, storage, tax, income and reversal."
        )
    if kind == "bids":
        intro = say.words("What was offered to you for what you hold, one row each. Lines that begin with # are comments.")
    look = say.words("Check it with: toolkit holdings check THIS_FILE")
    lines = [
        f"# {intro}",
        f"# {look if kind != 'bids' else say.words('Look at it with: toolkit holdings map THIS_FILE --set of=bids')}",
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
    answer.table(
        "sold | lot | asset | >quantity | bought | >proceeds | >cost | >gain before fees",
        (
            [
                answer.day(one.date), say.name(one.lot), answer.metal(one.asset),
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


def sale(found: SellPreview, say: Language) -> Document:
    """What each order of lots makes of a sale, side by side and lot by lot."""
    answer = Answer(say, found.as_of)
    what = f"{answer.number(found.quantity, ',.6g')} {found.unit}"
    answer.heading(
        "{what} of {asset} at {price} {currency} a {unit}",
        what=what, asset=answer.metal(found.asset), price=answer.number(found.price, ",.2f"), currency=found.currency,
        unit=found.unit,
    )  # fmt: skip
    if found.price_kind:
        answer.line(
            "The price ({kind}, {day}) is wrong by more than {error} {currency} as that of today in one of three cases; "
            "--price gives an offer.",
            kind=answer.word(found.price_kind), day=answer.day(found.price_date), error=answer.number(found.price_se, ",.2f"),
            currency=found.currency,
        )  # fmt: skip

    def money(amount: float | None) -> str:
        return say.words("not known") if amount is None else answer.number(amount, ",.2f")

    done = [one for one in found.orders if one.refused is None]
    answer.table(
        "order of lots | >gain | >of it taxable | >tax | >net",
        ([say.name(one.order), money(one.gain), money(one.taxable), money(one.tax), money(one.net)] for one in done),
    )
    answer.table(
        "order of lots | lot | >quantity | bought | >proceeds | >cost | >gain | free of tax",
        (
            [
                say.name(one.order), say.name(lot.lot), f"{answer.number(lot.quantity, ',.6g')} {lot.unit}",
                answer.day(lot.bought), money(lot.proceeds), money(lot.cost), money(lot.gain),
                say.words("free") if lot.is_free else say.words("not known") if lot.free_from is None
                else answer.told("in {n:d} days", n=lot.days_to_free),
            ]
            for one in done
            for lot in one.lots
        ),
    )  # fmt: skip
    answer.notes(
        answer.told("{order}: {why}", order=one.order, why=answer.phrase(one.refused))
        for one in found.orders
        if one.refused is not None
    )
    if not found.has_rule:
        answer.line("No period after which a sale is free of tax is known for this owner (owner.tax_free_after).")
    elif found.tax_rate is None:
        answer.line("Net is before tax: --tax-rate or owner.tax_rate gives a rate. Not advice.")
    if found.written is not None:
        answer.line("Movements that were added to {file}: {n:d}.", n=found.written, file=found.file)
    return answer.document("sell")


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
