"""A first layout of a stranger's file: what each column may be, why, and what to ask before it is read. It decides nothing."""

from __future__ import annotations

import contextlib
import difflib
import math
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import Any

import polars as pl
from pydantic import ValidationError

from toolkit.core.countries import fold, foldings
from toolkit.core.errors import DataError, SpecError, did_you_mean, nearest
from toolkit.core.messages import Message, message, named
from toolkit.core.places import place
from toolkit.core.text import one_line
from toolkit.core.trade_names import FORMS
from toolkit.market.layouts.fields import FIELDS, IGNORE, NOTHING, SEVERAL
from toolkit.market.layouts.headers import Header, read_header, whole_header
from toolkit.market.layouts.layout import MEANINGS, Column, Kind, Layout, beside, found_for, said
from toolkit.market.layouts.texts import as_answered, is_code, is_marked
from toolkit.market.layouts.vocabulary import vocabulary
from toolkit.market.readers import cells
from toolkit.market.readers.contents import LEGACY, file_and_sheet
from toolkit.market.readers.faults import Fault
from toolkit.market.readers.tabular import TITLES, Source, Table, read_table
from toolkit.market.readers.tabular import Header as FindHeader

NO_ANSWERS: Mapping[str, str] = MappingProxyType({})
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
_FEW, _FLAG = 3, 2
"""Most words of a column that says nothing, and most characters of a code that is a flag."""
_BY_CELLS = ("form", "unit", "status", "size")
"""Fields whose cells are known words or sizes: a column of others, as ``Type`` of purchases and sales, is none of them."""
_SAY = message("Say it as NAME=MEANING: a header and a field, or ignore; a text and one of {words:, }.", words=[*MEANINGS])
_WHOLE = 0.02
"""Most by which shares that are rounded differ from their whole."""
_CLOSE = 0.85


_LOOKED_AT = 50
"""Rows of which a question shows cells."""
SAID, SHOWN, MAYBE = message("its header says so"), message("its cells show it"), message("its header may mean it")
Reading = tuple[str | None, Message, bool]
"""Field, ``ignore`` or None; the reason; whether it is read so without a question."""


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
        unit: Unit, currency or per cent that its header says, in words.
        why: The reason.
        sure: Whether it is read so without a question.
    """

    header: str
    cells: tuple[str, ...]
    reads: str | None
    unit: str
    why: Message
    sure: bool


@dataclass(frozen=True, slots=True, eq=False)  # frames have no truth value
class Proposal:
    """A file with the layout by which it is read, and what is open.

    Attributes:
        table: Its cells.
        path: As it was given.
        layout: By which it is read.
        by: Name of a layout that was found for it; empty where it was read by its words.
        readings: How each of its columns is read, and why.
        questions: What is open; with one the file is not read.
        given: Answers that were given with it.
    """

    table: Table
    path: str
    layout: Layout
    by: str = ""
    readings: Sequence[ColumnReading] = ()
    questions: Sequence[Question] = ()
    given: Mapping[str, str] = field(default_factory=dict)

    def grouped(self) -> Sequence[Fault]:
        """Faults of its values, where they are known."""
        return ()

    def unknown_words(self) -> Sequence[str]:
        """Cells that are none of the words their column may have; what each means can be said, as of a text."""
        return ()


@dataclass(frozen=True, slots=True, eq=False)
class Opened:
    """A file before its columns are known.

    Attributes:
        table: Its cells.
        path: As it was given.
        layouts: Those by which it may be read, each with its name; its own come first.
        own: Names under which its own is kept.
    """

    table: Table
    path: str
    layouts: Sequence[tuple[str, Layout]]
    own: Collection[str]


_OF_HEADERS = ("asset", "quantity", "price", "bid", "filed", "outcome", "lead_time")
"""Fields of which an answer shows where the header is."""


def open_file(
    path: Source | Table,
    kinds: Collection[Kind],
    layout: Layout | None,
    answers: Mapping[str, str],
    find: FindHeader,
    **options: Any,
) -> Opened:
    """The cells of a file below the header that a layout or an answer names, else its own.

    Args:
        path: As of `read_table`.
        kinds: That the file may be of.
        layout: By which it is read; None for those that are found for it.
        answers: As of `answered`.
        find: Finds the header of a file without a layout.
        options: More arguments of `read_table`.

    Raises:
        DataError: for a file that is no table.
        SpecError: for a layout beside the file that is none, and an unknown encoding.
    """
    named_file = path if isinstance(path, str | Path) and str(path) != "-" else None
    file, sheet = (Path("stdin"), None) if named_file is None else file_and_sheet(named_file)
    found = [("", layout)] if layout is not None else [*found_for(file, kinds, sheet)]
    legacy = answers.get("encoding") or next((one.encoding for _, one in found[:1] if one.encoding), "cp1252")
    if legacy not in LEGACY:
        raise SpecError("encoding={name:s}: no such encoding.", hint=did_you_mean(legacy, LEGACY), name=legacy)
    named = [
        {as_answered(name) for name, one in layout.columns.items() if not one.optional and any(map(str.isalpha, name))}
        for _, layout in found
    ]
    told = {as_answered(name) for name, answer in answers.items() if answer.split(" ")[0] in _OF_HEADERS}
    named = [names for names in (*named, told) if names]

    def header(records: Sequence[Sequence[str]]) -> tuple[list[str], int, int] | None:
        for at, record in enumerate(records[:TITLES] if named else ()):
            there = {as_answered(text) for text in record if any(map(str.isalpha, text))}
            if there and any(names <= there for names in named):
                return ([text.strip() for text in record], at, at + 1) if "prices" in kinds else whole_header(records, at)
        return find(records)

    table = read_table(path, header=header, legacy=legacy, **options)
    given = str(path) if isinstance(path, str | Path) else table.name
    own = {beside(file, sheet).name, beside(file).name} if named_file is not None else set[str]()
    return Opened(table, given, found, own)


class Columns:
    """The columns of a file: what each header says, the cells below it, and the field that it is proposed to be."""

    def __init__(self, table: Table, layout: Layout, is_asset: Callable[[str], bool]) -> None:
        self.table, self.layout, self.is_asset = table, layout, is_asset
        self.named = {as_answered(name): column for name, column in layout.columns.items()}
        self.ignored = {as_answered(name) for name in layout.ignore}
        self.found = {
            mine.text: mine
            if mine.key
            else Header(mine.text, IGNORE)
            if as_answered(mine.text) in self.ignored
            else read_header(layout.of, mine.text)
            for mine in layout.headers(table.columns)
        }
        self._distinct: dict[str, list[str]] = {}
        self.first = table.cells.head(_LOOKED_AT).to_dict(as_series=False)

    def cells(self, name: str) -> list[str]:
        """The cells of a column, as text."""
        return [text for cell in self.table.cells[name].alias("").drop_nulls() if (text := cells.tidy(str(cell)))]

    def texts(self, name: str) -> list[str]:
        """The distinct cells of a column, as text."""
        if name not in self._distinct:
            column = self.table.cells[name].alias("").drop_nulls().cast(pl.String).unique(maintain_order=True)
            self._distinct[name] = [text for cell in column if (text := cells.tidy(cell))]
        return self._distinct[name]

    def shown(self, name: str) -> tuple[str, ...]:
        """Some cells of a column."""
        return examples(str(cell) for cell in self.first[name] if cell is not None)

    def all_of(self, name: str, is_one: Callable[[str], Any]) -> bool:
        """Whether a column has cells, and each is of a kind."""
        return bool(self.texts(name)) and all(map(is_one, self.texts(name)))

    def others(self, header: Header) -> list[Header]:
        """What the headers of the other columns say."""
        return [one for one in self.found.values() if one is not header]

    def readings(self) -> list[ColumnReading]:
        """How each column is proposed to be read."""
        return [self.reading(header, self.read(header)) for header in self.found.values()]

    def reading(self, header: Header, found: Reading) -> ColumnReading:
        """A column, with some of its cells and what its header says of them."""
        per = header.currency or header.unit or ""
        if header.per_unit:
            per = message("{currency:s}/{unit}", currency=header.currency or "", unit=header.unit)
        return ColumnReading(header.text, self.shown(header.text), found[0], "%" if header.percent else per, *found[1:])

    def read(self, header: Header) -> Reading:  # noqa: PLR0911  # one answer a kind of header
        """The field that a column is proposed to be: by the layout, by what its kind of file knows of it, by its header."""
        name, folded = as_answered(header.text), fold(header.text)
        if name in self.ignored:
            return IGNORE, message("ignored by the layout"), True
        if column := self.named.get(name):
            usual = {*map(as_answered, column.only)}
            more = (text for text in self.texts(header.text) if (usual or holds_more(text)) and as_answered(text) not in usual)
            if column.reads == NOTHING and any(more):
                return None, message("it says more than when its layout was confirmed"), False
            return header.key, message("by the layout"), True
        if is_marked(header.text):
            return header.key, message("a sign beside its words, as of a doubt or a note"), False
        if found := self.of_kind(header):
            return found
        if header.key is None:
            if near := nearly(self.layout.of, folded):
                return near, message("its header is nearly {field:s}", field=near), False
            known = {field.key for field in FIELDS[self.layout.of]} & {"asset", "form", "status", "unit"}
            meant = next((key for key in sorted(known) if self.settles(header)[key]()), None)
            return meant, SHOWN if meant else message("its header is not known"), False
        if header.sure:
            return header.key, SAID, True
        return (header.key, SHOWN, True) if self.is_settled(header) else (header.key, MAYBE, False)

    def is_settled(self, header: Header) -> bool:
        """Whether its cells, or the other columns, show that a header which may mean several fields means this one."""
        return self.settles(header).get(header.key or "", lambda: False)()

    def settles(self, header: Header) -> Mapping[str, Callable[[], bool]]:
        """Field -> whether a column is shown to be it.

        Args:
            header: Of the column.
        """
        name, keys = header.text, {one.key for one in self.found.values()}
        meant, always = vocabulary().meanings, lambda: True

        def is_of(words: Collection[str]) -> Callable[[], bool]:
            return lambda: self.all_of(name, lambda text: any(one in words for one in foldings(text)))

        return {
            **dict.fromkeys(
                ("lot_id", "client", "remark", "certificate", "lot", "document", "price", "total", "price_is"), always
            ),
            "asset": lambda: self.all_of(name, self.is_asset),
            "form": is_of(FORMS), "unit": is_of(cells.UNITS), "status": is_of(meant["status"]),
            "purity": lambda: self.all_of(name, lambda text: cells.amount(text) or cells.without_purity(f"x {text}")[1]),
            "quantity": lambda: ("unit" in keys or header.unit is not None) and not _adds_up(self.cells(name)),
            "purchase_date": lambda: fold(name) not in ("date", "datum") and self.all_of(name, cells.day),
            "date": lambda: self.all_of(name, cells.day),
            "location": lambda: self.all_of(name, lambda text: place(text).country),
            "size": lambda: self.all_of(name, _is_size),
            "paid": lambda: self.all_of(name, cells.amount),
            "purchase_price": lambda: "purchase_date" in keys,
            "purchase_price_is": lambda: "purchase_price" in keys,
            "kind": lambda: any(map(is_kind, self.texts(name))),
        }  # fmt: skip

    def may_be_shares(self, header: Header, others: Collection[str | None]) -> bool:
        """Whether quantities may be weights of a portfolio: no unit is told, and they add up to a whole."""
        return header.unit is None and "unit" not in others and _adds_up(self.cells(header.text))

    def of_kind(self, header: Header) -> Reading | None:  # noqa: PLR0911, PLR0912  # one answer a kind of header
        """What is known of a column of a list of lots or movements beside its word; None where that decides."""
        name, texts, of = header.text, self.texts(header.text), self.layout.of
        if header.key is None and not any(map(holds_more, texts)):
            return (None, message("zero in each row"), False) if texts else (NOTHING, message("empty"), True)
        if not (texts or (header.sure and header.key)):
            return IGNORE, message("empty"), True
        others = self.others(header)
        there, exact = {one.key for one in others}, {one.key for one in others if one.sure}
        match header.key:
            case "vat_state" if all(cells.amount(text.lstrip("-\u2212 ")) for text in texts):
                return IGNORE, message("amounts or rates of tax"), True
            case "lot_id" if not header.sure and ("lot_id" in exact or len(texts) < len(self.cells(name))):
                return IGNORE, message("numbers of rows"), True
            case "ordered" if "quantity" in there:
                return IGNORE, message("beside the quantity: what is ordered is a row of its own"), False
            case "asset" if not header.sure and all(text.rstrip(".").isdecimal() for text in texts):
                is_name = of == "holdings" and "lot_id" not in there
                return "lot_id" if is_name else IGNORE, message("numbers of rows"), True
            case "client" if not header.sure and "client" in exact:
                return IGNORE, message("beside the name of the client"), True
            case "pieces" if all(any(one in cells.UNITS for one in foldings(text)) for text in texts):
                return "unit", SHOWN, True
            case "asset" if not header.sure and "asset" in exact and not self.is_settled(header):
                return IGNORE, message("beside the column that names the asset"), False
            case "quantity" if of == "holdings" and header.sure and self.may_be_shares(header, there):
                return "quantity", message("its numbers add up to a whole, as weights of a portfolio do"), False
            case "purchase_price" if not (header.unit or "total_price" in there) and _is_summed(self.cells(name)):
                return "total_price", message("its last number is the sum of the others"), False
            case "cost":
                price, total = ("price", "total") if of == "movements" else ("purchase_price", "total_price")
                why = message("money, of one unit or of the lot")
                return total if price in there else price, why, price in there
            case key if key in _BY_CELLS and not header.sure and not self.is_settled(header):
                return None, message("its header may mean {field:s}, and its cells do not", field=key), False
            case _:
                return None


class MovementColumns(Columns):
    """The columns of a list of movements, of which money of all may be with fees and taxes in it or without them."""

    def is_of_quantities(self, header: Header) -> bool:
        """Whether each cell is an amount with nothing before it: a receipt may be ``R-100`` too."""
        found = [cells.amount(text) for text in self.texts(header.text)]
        return all(one is not None and not one.before for one in found)

    def of_kind(self, header: Header) -> Reading | None:  # noqa: PLR0911  # one answer a kind of header
        """What is known of a column of movements beside its word; None where that decides."""
        others, sides = self.others(header), {"quantity_in", "quantity_out"}
        there = {one.key for one in others if one.key not in sides or self.is_of_quantities(one)}
        if header.key in sides and not self.is_of_quantities(header):
            return IGNORE, message("its cells are no quantities"), False
        if header.key == "quantity" and there & sides:
            return IGNORE, message("a balance, beside what came in and what went out"), False
        if header.key is None and "kind" not in there and (texts := self.texts(header.text)) and all(map(is_kind, texts)):
            return "kind", SHOWN, True
        if header.key != "total" or not self.texts(header.text) or ({"total", "cash"} & there and header.sure):
            return super().of_kind(header)
        if not header.sure and not header.currency and there.isdisjoint({"quantity", "pieces", *sides}):
            return "quantity", MAYBE, False
        costs = [one.text for one in self.others(header) if one.key in ("fees", "taxes")]
        has_costs = any(holds_more(text) for cost in costs for text in self.texts(cost))
        # A price beside a total shows in each row whether it is one.
        if header.sure and ("price" in there or not has_costs):
            return super().of_kind(header)
        if "price" in there and not has_costs:
            return "total", SHOWN, True
        return "total", message("money of all: total without fees and taxes, or cash with them"), False


def propose(columns: Columns) -> tuple[Layout, list[ColumnReading], list[Question]]:
    """A layout of a file, how it reads each column, and the questions that it leaves open.

    Args:
        columns: Of the file, with the answers that were given in their layout.
    """
    layout, several = columns.layout, (None, IGNORE, *SEVERAL[columns.layout.of])
    named = {*columns.named, *columns.ignored}
    known = {header.text for header in columns.found.values() if header.key}
    readings = columns.readings()
    # Of several that may be one field none is taken unasked.
    open_keys = [one.reads for one in readings if one.reads not in several and one.header in known]
    twice = {key for key in open_keys if open_keys.count(key) > 1}
    readings = [
        replace(one, sure=False, why=message("another column may be {field:s} too", field=one.reads))
        if one.reads in twice and as_answered(one.header) not in named and one.header in known
        else one
        for one in readings
    ]
    first: dict[str, str] = {}
    for one in sorted(readings, key=lambda one: (as_answered(one.header) not in named, one.header not in known)):
        if one.reads and one.reads not in several:
            first.setdefault(one.reads, one.header)
    read = {
        one.header: layout.columns.get(one.header) or _column(layout.of, columns.found[one.header], one.reads)
        for one in readings
        if one.reads and one.reads != IGNORE and first.get(one.reads, one.header) == one.header
    }
    ignore = tuple(one.header for one in readings if one.header not in read)
    questions = [_question(layout, one, first) for one in readings if not one.sure]
    reads = {column.reads for column in read.values()}
    lacking = [name for name in layout.differs(columns.table.columns)[1] if layout.columns[name].reads not in reads]
    about = message("a column that the layout reads and the file has not")
    questions += [Question("gone", name, (), about, GONE, (GONE,)) for name in lacking]
    return layout.model_copy(update={"columns": read, "ignore": ignore}), readings, questions


def _column(kind: Kind, header: Header, key: str) -> Column:
    """How a column is kept; what a header of prices says of currency and unit, it says the next time too."""
    return Column(reads=key) if kind == "prices" else Column.of(replace(header, key=key))


def answered(  # noqa: PLR0912  # a kind of answer after the other
    layout: Layout, table: Table, answers: Mapping[str, str]
) -> Layout:
    """A layout with answers in it.

    Args:
        layout: Without them.
        table: The file.
        answers: Header -> field or ``ignore``; text -> meaning, word or ``leave_out``; convention or field -> what holds for
            all rows.

    Raises:
        SpecError: for an answer that is none.
    """
    headers, columns, ignore = table.columns, dict(layout.columns), [*layout.ignore]
    words, remarks, every = dict(layout.words), dict(layout.remarks), dict(layout.every)
    leave_out, rest = [*layout.leave_out], dict[str, str]()
    ignored = list[str]()
    spelled = {as_answered(header): header for header in headers}
    known = [field.key for field in FIELDS[layout.of]]
    for name, answer in answers.items():
        header = name if name in headers else spelled.get(as_answered(name))
        if answer == "?":
            raise SpecError("{name:s}=?: say what it means.", hint=_SAY, name=name)
        if header is not None and (answer not in MEANINGS or (name in headers and answer in known)):
            columns.pop(header, None)
            ignore = [one for one in ignore if one != header]
            if answer == IGNORE or (answer == NOTHING and any(map(holds_more, Columns(table, layout, bool).texts(header)))):
                ignore.append(header)
                ignored.append(header)
            elif column := said(layout.of, answer):
                gone = [one for one in columns if one not in headers and columns[one].reads == column.reads]
                columns = {key: one for key, one in columns.items() if key not in gone or one.reads in SEVERAL[layout.of]}
                own = Column.of(replace(read_header(layout.of, header), key=column.reads))
                columns[header] = own.model_copy(update=column.model_dump(exclude_defaults=True))
                if answer != column.reads and is_cell(table, name):  # ``metallo`` is a header, and the form of a row
                    words[name] = answer
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

    So is one code of all rows that is short: ``1``, ``F2``. Words by which rows of one asset differ, as purchase and sale
    do, are read as remarks. None for a column of other cells.

    Args:
        kind: Of the file.
        table: Its cells.
        header: Of the column.
        columns: Those that are read.

    Raises:
        SpecError: for a column of holdings in which a word of a sale stands.
    """
    only = tuple(Columns(table, Layout(of=kind, columns={}), bool).texts(header))
    is_flag = len(only) == 1 and len(only[0]) <= _FLAG and table.cells.height > 1
    if not 0 < len(only) <= _FEW or (not is_flag and any(cells.amount(text) or is_code(text) for text in only)):
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


def is_cell(table: Table, text: str) -> bool:
    """Whether a cell of a table is a text."""
    spelled = as_answered(text)
    return any(as_answered(str(cell)) == spelled for column in table.cells for cell in column.alias("").drop_nulls().unique())


def stands(table: Table, text: str) -> bool:
    """Whether a text stands in a file: a cell, a title, the name of its sheet."""
    comments = [one for texts in table.remarks.values() for one in (*texts, " ".join(texts))]
    beside = (*table.titles, table.sheet, *comments)
    spelled = as_answered(text)
    return any(as_answered(one) == spelled for one in beside) or is_cell(table, text)


def _is_size(text: str) -> bool:
    with contextlib.suppress(DataError):
        return cells.size(text, "kg", most=0) is not None
    return False


def holds_more(text: str) -> bool:
    """Whether a cell holds more than nothing or zero."""
    read = cells.amount(text)
    return bool(text) and (read is None or any(read.readings.values()))


def _is_summed(texts: Sequence[str]) -> bool:
    """Whether the last of several numbers is the sum of those before it, as below a column of whole prices."""
    read = [one.readings for text in texts if (one := cells.amount(text))]
    columns = [[one.get(mark, math.nan) for one in read] for mark in (".", ",")]
    return len(read) > 2 and any(math.isclose(math.fsum(one[:-1]), one[-1], rel_tol=1e-4) for one in columns)


def _adds_up(texts: Sequence[str]) -> bool:
    """Whether numbers are shares of a whole: they add up to 1 or to 100."""
    read = [cells.amount(text) for text in texts]
    numbers = [max(one.readings.values()) for one in read if one]
    return len(numbers) > 1 and any(
        max(numbers) <= whole and abs(sum(numbers) - whole) <= _WHOLE * whole for whole in (1.0, 100.0)
    )


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
    columns = MovementColumns(table, Layout(of="movements", columns={}), is_asset)
    found = [*columns.found.values()]
    by = {header.key: header for header in found}
    if "date" not in by:
        return False
    for header in found:
        texts = columns.texts(header.text) if header.key in ("kind", None) else []
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


def _question(layout: Layout, one: ColumnReading, first: Mapping[str, str]) -> Question:
    is_taken = one.reads is not None and first.get(one.reads, one.header) != one.header
    known = [field.key for field in FIELDS[layout.of] if field.key != "series" or layout.shape == "wide"]
    fields: tuple[str, ...] = tuple(dict.fromkeys([one.reads or IGNORE, IGNORE, *known]))
    return Question("column", one.header, one.cells, one.why, IGNORE if is_taken else one.reads, fields)
