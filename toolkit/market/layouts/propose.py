"""A first layout of a stranger's file: what each column may be, why, and what to ask before it is read. It decides nothing."""

from __future__ import annotations

import contextlib
import difflib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import islice

import polars as pl
from pydantic import ValidationError

from toolkit.core.countries import fold, foldings
from toolkit.core.errors import DataError, SpecError, did_you_mean, nearest
from toolkit.core.messages import Message, message, named
from toolkit.core.places import place
from toolkit.core.text import one_line
from toolkit.core.trade_names import FORMS
from toolkit.market.layouts.fields import FIELDS, IGNORE, NOTHING, SEVERAL
from toolkit.market.layouts.headers import COST, Header, read_header
from toolkit.market.layouts.layout import MEANINGS, Column, Kind, Layout, said
from toolkit.market.layouts.vocabulary import vocabulary
from toolkit.market.readers import cells
from toolkit.market.readers.tabular import Table

_CELLS = 3
"""Cells of a column that a question shows."""
_EXPONENT = re.compile(r"(?<![\w.,])-?[0-9]{1,17}e-?[0-9]{1,2}(?![\w.,])")
"""A number as a workbook gives it, without a decimal mark."""
LEAVE_OUT = "leave_out"
"""What is answered of the first text of a row that is no lot."""
GONE = "gone"
"""What is answered of a column of the layout that the file has no more."""
_CONVENTIONS = ("of", "decimal", "dates", "sheet", "encoding", "shape", "layout")
_OF_A_ROW = (
    "lot_id", "lot", "quantity", "quantity_in", "quantity_out", "pieces", "ordered", "remark", "nothing", "series", "price",
    "total", "cash", "fees", "taxes", "document", "reverses", "into",
)  # fmt: skip
"""Fields that no value holds for all rows of."""
_FEW = 3
_AGREES = 5e-3
"""Relative difference below which money is a price times a quantity: the price was rounded."""
_BY_CELLS = ("form", "unit", "status", "size")
"""Fields whose cells are known words or sizes: a column of others, as ``Type`` of purchases and sales, is none of them."""
_SAY = message("Say it as NAME=MEANING: a header and a field, or ignore; a text and one of {words:, }.", words=[*MEANINGS])
_WHOLE = 0.02
"""Most by which shares that are rounded differ from their whole."""
_CLOSE = 0.85


@dataclass(frozen=True, slots=True)
class Question:
    """What the owner of a file is asked once; the answer is kept in the layout.

    Attributes:
        about: ``column``, ``text``, ``decimal``, ``dates`` or ``gone`` (a column of the layout that the file lacks).
        name: The header, or the text: what stands before ``=`` in an answer.
        cells: Some of the column, or where the text stands.
        asks: In words.
        proposed: The likely answer; None where there is none.
        answers: What can be answered.
    """

    about: str
    name: str
    cells: tuple[str, ...]
    asks: Message
    proposed: str | None
    answers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ColumnReading:
    """A column of a file, and how it is read.

    Attributes:
        header: As in the file.
        cells: Some of its distinct cells.
        reads: Field, ``ignore``, or None where nothing is proposed.
        per: Unit, currency or per cent that its header says, in words.
        why: The reason.
        sure: Whether it is read so without a question.
    """

    header: str
    cells: tuple[str, ...]
    reads: str | None
    per: str
    why: Message
    sure: bool


Settles = Callable[[Sequence[str]], bool]


def propose(
    table: Table, kind: Kind, is_asset: Callable[[str], bool], base: Layout | None, answers: Mapping[str, str]
) -> tuple[Layout, list[ColumnReading], list[Question]]:
    """A layout of a file, how it reads each column, and the questions that it leaves open.

    Args:
        table: Its cells.
        kind: Of the file.
        is_asset: Whether a text names an asset.
        base: A layout of a file much like it, or of it; None for the first one.
        answers: Header -> field or ``ignore``; text -> meaning, word or ``leave_out``; convention or field -> what holds for
            all rows.

    Raises:
        SpecError: for an answer that is none.
    """
    layout = answered(base or Layout(of=kind, columns={}), table, answers)
    found = _found(table, kind, layout)
    texts = {header.text: _texts(table, header.text) for header in found}
    settled = _settled(found, texts, is_asset)
    readings = [_reading(header, texts[header.text], layout, settled, found) for header in found]
    if layout.of == "movements":
        readings = [_of_money(one, header, table, found, layout) for one, header in zip(readings, found, strict=True)]
    # Of several that may be one field none is taken unasked.
    known = {header.text for header in found if header.key}
    open_keys = [one.reads for one in readings if one.reads not in (None, IGNORE, *SEVERAL[kind]) and one.header in known]
    twice = {key for key in open_keys if open_keys.count(key) > 1}
    named = {fold(name) for name in (*layout.columns, *layout.ignore)}
    readings = [
        replace(one, sure=False, why=message("another column may be {field:s} too", field=one.reads))
        if one.reads in twice and fold(one.header) not in named and one.header in known
        else one
        for one in readings
    ]
    first: dict[str, str] = {}
    for one in sorted(readings, key=lambda one: (fold(one.header) not in named, one.header not in known)):
        if one.reads and one.reads not in (IGNORE, *SEVERAL[kind]):
            first.setdefault(one.reads, one.header)
    by_text = {header.text: header for header in found}
    columns = {
        one.header: layout.columns.get(one.header) or Column.of(replace(by_text[one.header], key=one.reads))
        for one in readings
        if one.reads in SEVERAL[kind] or (one.reads and first.get(one.reads) == one.header)
    }
    ignore = tuple(one.header for one in readings if one.header not in columns)
    questions = [_question(kind, one, first) for one in readings if not one.sure]
    reads = {column.reads for column in columns.values()}
    lacking = [name for name in layout.differs(table.columns)[1] if layout.columns[name].reads not in reads]
    questions += [
        Question("gone", name, (), message("a column that the layout reads and the file has not"), GONE, (GONE,))
        for name in lacking
    ]
    return layout.model_copy(update={"columns": columns, "ignore": ignore}), readings, questions


def answered(  # noqa: PLR0912  # a kind of answer after the other
    layout: Layout, table: Table, answers: Mapping[str, str]
) -> Layout:
    """A layout with answers in it.

    Args:
        layout: Without them.
        table: The file.
        answers: As of `propose`.

    Raises:
        SpecError: for an answer that is none.
    """
    headers, columns, ignore = table.columns, dict(layout.columns), [*layout.ignore]
    words, remarks, every = dict(layout.words), dict(layout.remarks), dict(layout.every)
    leave_out, rest = [*layout.leave_out], dict[str, str]()
    ignored = list[str]()
    by_fold = {fold(header): header for header in headers}
    known = [field.key for field in FIELDS[layout.of]]
    for name, answer in answers.items():
        header = name if name in headers else by_fold.get(fold(name))
        if answer == "?":
            raise SpecError("{name:s}=?: say what it means.", hint=_SAY, name=name)
        if header is not None and (answer not in MEANINGS or (name in headers and answer in known)):
            columns.pop(header, None)
            ignore = [one for one in ignore if one != header]
            if answer == IGNORE:
                ignore.append(header)
                ignored.append(header)
            elif column := said(layout.of, answer):
                own = Column.of(replace(read_header(layout.of, header), key=column.reads))
                columns[header] = own.model_copy(update=column.model_dump(exclude_defaults=True))
            else:
                hint = did_you_mean(answer.partition(" ")[0], (*known, IGNORE))
                raise SpecError("{name:s}={answer:s}: no such field.", hint=hint, name=name, answer=answer)
        elif answer == GONE:
            columns.pop(name, None)
        elif answer == LEAVE_OUT:
            leave_out.append(name)
        elif name in _CONVENTIONS:
            rest |= {name: answer} if name != "layout" else {}
        elif header is None and name in known and name not in _OF_A_ROW:
            every[name] = answer
        elif not stands(table, name):
            raise SpecError("{name!r:s} stands nowhere in {file:s}.", hint=_SAY, name=name, file=table.name)
        elif answer in MEANINGS:
            remarks[name] = answer
        else:
            words[name] = answer
    kept = {header: column for header in ignored if (column := _of_few_words(layout.of, table, header, columns))}
    columns, ignore = columns | kept, [header for header in ignore if header not in kept]
    try:
        return Layout.model_validate(
            layout.model_dump()
            | {"columns": columns, "ignore": ignore, "words": words, "remarks": remarks, "every": every, "leave_out": leave_out}
            | rest
        )
    except ValidationError as error:
        raise SpecError("not a layout: {reason:s}.", reason=error.errors()[0]["msg"]) from None


def _of_few_words(kind: Kind, table: Table, header: str, columns: Mapping[str, Column]) -> Column | None:
    """How a column of few words is kept that its owner ignores: what they say is of no matter, and another word may be.

    Words by which rows of one asset differ, as purchase and sale do, are read as remarks. None for a column of other cells.

    Args:
        kind: Of the file.
        table: Its cells.
        header: Of the column.
        columns: Those that are read.

    Raises:
        SpecError: for a column of holdings in which a word of a sale stands.
    """
    only = tuple(dict.fromkeys(_texts(table, header)))
    if not 0 < len(only) <= _FEW or any(cells.amount(text) for text in only):
        return None
    if kind != "prices" and (sold := [one for one in only if not vocabulary().texts["sells"].isdisjoint(fold(one).split())]):
        raise SpecError(
            "{name:s}=ignore: its cells say {texts:, }, and a sale that is not read counts as held.",
            hint=message(
                "Give a list of what is held now; or say {name:s}=remark and what each of its words says of its row.",
                name=header,
            ),
            name=header,
            texts=named(sold),
        )
    reads = {name: columns[name].reads if name in columns else read_header(kind, name).key for name in table.columns}
    assets = [name for name, key in reads.items() if key == "asset" and name != header and kind != "prices"]
    counts = (table.cells.group_by(name).agg(pl.col(header).drop_nulls().n_unique())[header] for name in assets)
    return Column(reads="remark") if any((count > 1).any() for count in counts) else Column(reads=NOTHING, only=only)


def examples(texts: Iterable[str]) -> tuple[str, ...]:
    """Some of the distinct cells of a column, as a sheet shows them: with a decimal point in place of an exponent."""
    first = islice(dict.fromkeys(texts), _CELLS)
    return tuple(_EXPONENT.sub(lambda number: f"{Decimal(number[0]):f}", one_line(text)) for text in first)


def stands(table: Table, text: str) -> bool:
    """Whether a text stands in a file: a cell, a title, the name of its sheet."""
    comments = [one for texts in table.remarks.values() for one in (*texts, " ".join(texts))]
    beside = (*table.titles, table.sheet, *comments)
    folded = fold(text)
    return any(fold(one) == folded for one in beside) or any(
        fold(str(cell)) == folded for column in table.cells for cell in column.alias("").drop_nulls().unique()
    )


def _found(table: Table, kind: str, layout: Layout) -> list[Header]:
    """What each header says: by the layout where it names it."""
    by_layout = layout.headers(table.columns)
    return [mine if mine.key else read_header(kind, mine.text) for mine in by_layout]


def _texts(table: Table, header: str) -> list[str]:
    return [text for cell in table.cells[header].alias("").drop_nulls() if (text := cells.tidy(str(cell)))]


def _settled(
    found: Sequence[Header], texts: Mapping[str, Sequence[str]], is_asset: Callable[[str], bool]
) -> Callable[[Header], bool]:
    """Whether the cells of a column, or the other columns, show that a header which may mean several fields means this one."""
    keys = [header.key for header in found]
    has_unit = "unit" in keys

    def all_of(is_one: Callable[[str], bool]) -> Callable[[Header], bool]:
        return lambda header: bool(texts[header.text]) and all(map(is_one, texts[header.text]))

    statuses = vocabulary().meanings["status"]
    of_field: dict[str, Callable[[Header], bool]] = {
        "asset": all_of(is_asset),
        "lot_id": lambda _: True,
        "form": all_of(lambda text: any(one in FORMS for one in foldings(text))),
        "purity": all_of(lambda text: cells.amount(text) is not None or cells.without_purity(f"x {text}")[1] is not None),
        "quantity": lambda header: (has_unit or header.unit is not None) and not _adds_up(texts[header.text]),
        "unit": all_of(lambda text: any(one in cells.UNITS for one in foldings(text))),
        "purchase_date": lambda header: fold(header.text) not in ("date", "datum") and all_of(_is_day)(header),
        "location": all_of(lambda text: place(text).country is not None),
        "status": all_of(lambda text: any(one in statuses for one in foldings(text))),
        "size": all_of(_is_size),
        "client": lambda _: True,
        "remark": lambda _: True,
        "certificate": lambda _: True,
        "paid": all_of(lambda text: cells.amount(text) is not None),
        "purchase_price": lambda _: "purchase_date" in keys,
        "kind": lambda header: any(map(is_kind, texts[header.text])),
        "date": all_of(_is_day),
        **dict.fromkeys(("lot", "document", "price", "total", "price_is"), lambda _: True),
        "purchase_price_is": lambda _: "purchase_price" in keys,
    }
    return lambda header: of_field.get(header.key or "", lambda _: False)(header)


def _is_day(text: str) -> bool:
    return cells.day(text) is not None


def _is_size(text: str) -> bool:
    with contextlib.suppress(DataError):
        return cells.size(text, "kg", most=0) is not None
    return False


def holds_more(text: str) -> bool:
    """Whether a cell holds more than nothing or zero."""
    read = cells.amount(text)
    return bool(text) and (read is None or any(read.readings.values()))


def _adds_up(texts: Sequence[str]) -> bool:
    """Whether numbers are shares of a whole: they add up to 1 or to 100."""
    read = [cells.amount(text) for text in texts]
    numbers = [max(one.readings.values()) for one in read if one]
    return len(numbers) > 1 and any(
        max(numbers) <= whole and abs(sum(numbers) - whole) <= _WHOLE * whole for whole in (1.0, 100.0)
    )


def _reading(  # noqa: PLR0911, PLR0912  # one answer a kind of header
    header: Header, texts: Sequence[str], layout: Layout, settled: Callable[[Header], bool], found: Sequence[Header]
) -> ColumnReading:
    shown = examples(texts)
    per = header.unit or header.currency or ""
    if header.per_unit:
        per = message("{currency:s}/{unit}", currency=header.currency or "", unit=header.unit)
    per = "%" if header.percent else per

    def read(key: str | None, why: Message, *, sure: bool) -> ColumnReading:
        return ColumnReading(header.text, shown, key, per, why, sure)

    if fold(header.text) in {fold(name) for name in layout.ignore}:
        return read(IGNORE, message("ignored by the layout"), sure=True)
    if fold(header.text) in {fold(name) for name in layout.columns}:
        return read(header.key, message("by the layout"), sure=True)
    if header.key is None and not any(map(holds_more, texts)):
        if texts:
            return read(None, message("zero in each row"), sure=False)
        return read(NOTHING, message("empty"), sure=True)
    if not (texts or (header.sure and header.key)):
        return read(IGNORE, message("empty"), sure=True)
    exact = {one.key for one in found if one.sure and one is not header}
    match header.key:
        case None:
            near = nearly(layout.of, fold(header.text))
            why = message("its header is not known") if near is None else message("its header is nearly {field:s}", field=near)
            return read(near, why, sure=False)
        case "vat_state" if all(cells.amount(text.lstrip("-\u2212 ")) for text in texts):
            return read(IGNORE, message("amounts or rates of tax"), sure=True)
        case "lot_id" if not header.sure and ("lot_id" in exact or len({*texts}) < len(texts)):
            return read(IGNORE, message("numbers of rows"), sure=True)
        case "ordered" if any(one.key == "quantity" for one in found):
            return read("ordered", message("beside the quantity: what is ordered is a lot of its own"), sure=False)
        case "asset" if not header.sure and all(text.rstrip(".").isdecimal() for text in texts):
            numbered = any(one.key == "lot_id" for one in found)
            is_name = layout.of == "holdings" and not numbered
            return read("lot_id" if is_name else IGNORE, message("numbers of rows"), sure=True)
        case "client" if not header.sure and any(one.key == "client" for one in found if one is not header and one.sure):
            return read(IGNORE, message("beside the name of the client"), sure=True)
        case "pieces" if all(any(one in cells.UNITS for one in foldings(text)) for text in texts):
            return read("unit", message("its cells show it"), sure=True)
        case "asset" if not header.sure and "asset" in exact and not settled(header):
            return read(IGNORE, message("beside the column that names the asset"), sure=False)
        case "quantity" if layout.of == "holdings" and header.sure and header.unit is None and _adds_up(texts):
            return read("quantity", message("its numbers add up to a whole, as weights of a portfolio do"), sure=False)
        case key if key == COST:
            price, total = ("price", "total") if layout.of == "movements" else ("purchase_price", "total_price")
            of_lot = any(one.key == price for one in found)
            why = message("money, of one unit or of the lot")
            return read(total if of_lot else price, why, sure=of_lot)
        case key if header.sure:
            return read(key, message("its header says so"), sure=True)
        case key if settled(header):
            return read(key, message("its cells show it"), sure=True)
        case key if key in _BY_CELLS:
            return read(None, message("its header may mean {field:s}, and its cells do not", field=key), sure=False)
    return read(header.key, message("its header may mean it"), sure=False)


def nearly(kind: Kind, words: str) -> str | None:
    """The field whose header a text begins with (``Kaufpreis netto``) or is a slip of; None for another.

    Args:
        kind: Of the file.
        words: Header, folded.
    """
    known = {word: meant for word, (meant, sure) in vocabulary().headers[kind].items() if sure and len(word) > 3}
    # What stands behind a mass may make it another: gross, sold, open.
    begins = [name for name, meant in known.items() if meant != "quantity" and words.startswith(f"{name} ")]
    near = [max(begins, key=len)] if begins else nearest(words, list(known), n=1)
    is_close = near and (begins or difflib.SequenceMatcher(None, words, near[0]).ratio() >= _CLOSE)
    return known[near[0]] if is_close else None


def is_kind(text: str) -> bool:
    """Whether a text says what a movement is."""
    return any(one in vocabulary().meanings["kind"] for one in foldings(text))


def is_of_movements(table: Table, is_asset: Callable[[str], bool]) -> bool:
    """Whether the rows of a table are movements, and no lots: each has a day, and a kind or a direction.

    By a column that is called so or whose cells say purchase, sale, transfer ..., by columns of what came in and what went
    out, or by quantities of one asset with both signs.
    """
    found = [read_header("movements", text) for text in table.columns]
    by = {header.key: header for header in found}
    if "date" not in by:
        return False
    for header in found:
        texts = _texts(table, header.text) if header.key in ("kind", None) else []
        are_words = header.key and header.sure and not all(any(map(str.isdigit, text)) for text in texts)  # no numbers of files
        if texts and (are_words or (any if header.key else all)(map(is_kind, texts))):
            return True
    if {"quantity_in", "quantity_out"} <= by.keys():
        return True
    if not {"asset", "quantity"} <= by.keys() or any(one.key == "quantity" for one in found if one is not by["quantity"]):
        return False
    signs: dict[str, set[bool]] = {}
    for asset, quantity, day in zip(*(table.cells[by[key].text] for key in ("asset", "quantity", "date")), strict=True):
        if asset is not None and quantity is not None and day is not None and is_asset(str(asset)):
            signs.setdefault(fold(str(asset)), set()).add(str(quantity).lstrip().startswith(("-", "\u2212")))
    return any(len(both) > 1 for both in signs.values())


def _of_money(  # noqa: PLR0911  # a finding after the other
    one: ColumnReading, header: Header, table: Table, found: Sequence[Header], layout: Layout
) -> ColumnReading:
    """How a column of money of all is read: with fees and taxes in it or without them, by the price and the quantity.

    Args:
        one: By its header.
        header: What it says.
        table: The file.
        found: What each header says.
        layout: By which it is read.
    """
    if one.reads not in ("quantity", "total", "cash") or fold(one.header) in {fold(name) for name in layout.columns}:
        return one
    keys = {other.key for other in found if other is not header}
    if one.reads == "quantity":
        if keys.isdisjoint(("quantity_in", "quantity_out")):
            return one
        return replace(one, reads=IGNORE, why=message("a balance, beside what came in and what went out"), sure=False)
    if keys.isdisjoint(("quantity", "quantity_in", "quantity_out", "pieces")):
        if one.reads == "total" and not header.sure and not header.currency:
            return replace(one, reads="quantity", why=message("its header may mean it"), sure=False)
        return one
    if header.sure and {"total", "cash"} & keys:  # beside each other they say which is which
        return one
    beside = [other.text for other in found if other.key in ("fees", "taxes")]
    rows = table.cells.select(one.header, *beside).rows()
    has_costs = any(holds_more(_text(money)) and any(holds_more(_text(cost)) for cost in costs) for money, *costs in rows)
    shown = _money_is(table, found, one.header)
    if shown == "cash" and not (header.sure and one.reads == "total"):
        return replace(one, reads=shown, why=message("it is the quantity times the price, with the fees"), sure=True)
    if shown == one.reads:
        return one if header.sure else replace(one, why=message("it is the quantity times the price"), sure=True)
    if shown is None and header.sure and not (has_costs and one.reads == "total"):
        return replace(one, sure=True)
    return replace(
        one, reads=shown or one.reads, why=message("money of all: total without fees and taxes, or cash with them"), sure=False
    )


def _text(cell: object) -> str:
    return "" if cell is None else str(cell)


def _money_is(table: Table, found: Sequence[Header], column: str) -> str | None:
    """Whether money is the quantity times the price, or that and the fees and taxes; None where rows show neither, or both.

    Args:
        table: The file.
        found: What each header says.
        column: Header of the money.
    """
    by = {header.key: header for header in found if header.text != column}
    named = {key: header.text for key, header in by.items()}
    quantity, price = by.get("quantity") or by.get("pieces"), by.get("price")
    if quantity is None or price is None:
        return None
    beside = [amount.after for text in _texts(table, quantity.text) if (amount := cells.amount(text))]
    units = (
        {quantity.unit}
        if quantity.unit
        else {_unit(text) for text in (_texts(table, named["unit"]) if "unit" in by else beside)}
    )
    if price.per_unit and units != {price.unit}:
        return None
    texts = [column, quantity.text, price.text, *(named[key] for key in ("fees", "taxes") if key in named)]
    rows = [[cells.amount(str(cell)) if cell is not None else None for cell in row] for row in table.cells.select(texts).rows()]
    for mark in (".", ","):
        seen = set[str]()
        for money, *factors in ([abs(cell.readings.get(mark, float("nan"))) if cell else None for cell in row] for row in rows):
            if not (money and factors[0] and factors[1]):
                continue
            product, costs = factors[0] * factors[1], sum(filter(None, factors[2:]))
            apart = {"total": abs(money - product), "cash": min(abs(money - product - costs), abs(money - product + costs))}
            nearest = min(apart, key=lambda key: apart[key])
            is_near = apart[nearest] <= max(_AGREES * product if not costs else min(costs / 2, _AGREES * product), 0.011)
            seen.add(nearest if is_near and costs else "either" if is_near else "neither")
        if seen and "neither" not in seen and len(seen - {"either"}) < 2:
            return next(iter(seen - {"either"}), "total")
    return None


def _unit(text: str) -> str | None:
    return next((cells.UNITS[one] for one in foldings(text) if one in cells.UNITS), None)


def _question(kind: Kind, one: ColumnReading, first: Mapping[str, str]) -> Question:
    taken = one.reads is not None and first.get(one.reads, one.header) != one.header
    proposed = IGNORE if taken else one.reads
    fields: tuple[str, ...] = tuple(dict.fromkeys([one.reads or IGNORE, IGNORE, *(field.key for field in FIELDS[kind])]))
    return Question("column", one.header, one.cells, one.why, proposed, fields)
