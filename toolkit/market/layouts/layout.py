"""How one shape of file is read: proposed, confirmed by the owner of the file, kept as TOML beside it."""

from __future__ import annotations

import contextlib
import json
import tomllib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from toolkit.core.countries import fold
from toolkit.core.currencies import currency
from toolkit.core.errors import SpecError
from toolkit.core.messages import message
from toolkit.market.layouts.fields import FIELDS, IGNORE, KINDS_OF_MOVEMENTS, SALE_ORDERS, SEVERAL
from toolkit.market.layouts.headers import COST, Header, read_header
from toolkit.market.layouts.texts import as_answered
from toolkit.market.layouts.vocabulary import vocabulary
from toolkit.market.readers.cells import UNITS

Kind = Literal["holdings", "prices", "movements", "bids", "needs", "quotes", "licences"]
Shape = Literal["long", "wide", "ohlc"]
"""Of a price file: a row a price, a column a series, or the fields of days of trading."""
OF_OWNERS: tuple[Kind, ...] = ("holdings", "movements")
"""Kinds of file that may stand where holdings are asked for."""
Meaning = Literal[
    "stored", "in_transit", "ordered", "planned", "at_risk", "not_mine", "no_meaning", "not_a_price", "once", "each"
]
"""What a text says of a lot: where it stands, that it may not come back, that it is another's, or nothing of these; of a price
that it is none; of the number of a document that its rows which say the same are one movement, or one each."""
MEANINGS: tuple[Meaning, ...] = get_args(Meaning)
OF_LOTS = MEANINGS[: MEANINGS.index("no_meaning") + 1]
"""Those of a lot."""
OF_ROWS: tuple[Meaning, ...] = ("no_meaning", "not_mine")
"""Those of a bid, a need, a quotation or an application: it counts, or is left out."""
OF_DOCUMENTS: tuple[Meaning, ...] = ("once", "each")
"""Those of a document."""
DIRECTIONS = ("signed", "credited", "moved")
"""What quantities of a file without kinds are: bought and sold, bought and taken back, or brought and taken."""
SUFFIX = ".layout.toml"
_SHIPPED = Path(__file__).parent / "shipped"


class Column(BaseModel):
    """How one column is read.

    Attributes:
        reads: Field.
        unit: Mass of its numbers, where no cell says another.
        per: Mass that its price is per.
        currency: Of its price.
        percent: Whether its numbers are in per cent.
        optional: Whether a file of this shape may lack it.
        only: What its cells may be, of a column that says nothing as long as they are: any other cell is a fault.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    reads: str
    unit: str | None = None
    per: str | None = None
    currency: str | None = None
    percent: bool = False
    optional: bool = False
    only: tuple[str, ...] = ()

    @field_validator("reads")
    @classmethod
    def _is_a_field(cls, key: str) -> str:
        known = dict.fromkeys(field.key for fields in FIELDS.values() for field in fields)
        if key not in known:
            raise ValueError(f"{key!r} is no field; {', '.join(known)}")
        return key

    @field_validator("unit", "per")
    @classmethod
    def _is_a_unit(cls, unit: str | None) -> str | None:
        if unit is not None and unit not in UNITS.values():
            raise ValueError(f"{unit!r} is no unit; {', '.join(sorted({*UNITS.values()}))}")
        return unit

    @classmethod
    def of(cls, header: Header) -> Column:
        """As a header says."""
        per = header.unit if header.per_unit and header.unit in UNITS.values() else None
        unit = None if header.per_unit else header.unit
        return cls(reads=str(header.key), unit=unit, per=per, currency=header.currency, percent=header.percent)

    def header(self, text: str) -> Header:
        """What the header of the column says by the layout."""
        return Header(
            text, self.reads, unit=self.per or self.unit, per_unit=bool(self.per), currency=self.currency, percent=self.percent
        )


class Layout(BaseModel):
    """How a shape of file is read. Each of its columns is read or ignored by name: what it says cannot be lost unseen.

    Attributes:
        of: Kind of file.
        shape: Of prices: a row a price, a column a series, or the fields of a day of trading; None where the columns settle it.
        columns: Header -> how it is read.
        ignore: Headers that are not read.
        decimal: Decimal mark of numbers with two readings; None where the numbers of the file settle it.
        dates: Whether the day or the month is first in dates with two readings; None where the dates of the file settle it.
        every: Field -> what holds where no cell says otherwise.
        words: Text of a cell -> the word of the vocabulary, or the name, that it stands for.
        remarks: Text -> what it says of its lot.
        leave_out: First texts of rows that are no lot: a sum, a note.
        sheet: That is read, of a workbook of several.
        encoding: Of text that is neither UTF-8 nor UTF-16; None for Windows-1252.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    of: Kind = "holdings"
    shape: Shape | None = None
    sheet: str | None = None
    encoding: Literal["cp1252", "cp1250", "gb18030", "cp932"] | None = None
    decimal: Literal[".", ","] | None = None
    dates: Literal["day", "month"] | None = None
    leave_out: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    every: Mapping[str, str] = Field(default_factory=dict)
    columns: Mapping[str, Column]
    words: Mapping[str, str] = Field(default_factory=dict)
    remarks: Mapping[str, Meaning] = Field(default_factory=dict)

    @field_validator("columns", mode="before")
    @classmethod
    def _from_words(cls, columns: Any) -> Any:
        if not isinstance(columns, Mapping):
            return columns
        return {name: {"reads": one} if isinstance(one, str) else one for name, one in columns.items()}

    @model_validator(mode="after")
    def _each_field_once(self) -> Layout:
        keys = [column.reads for column in self.columns.values() if column.reads not in SEVERAL[self.of]]
        if twice := {key for key in keys if keys.count(key) > 1}:
            raise ValueError(f"two columns are read as {', '.join(sorted(twice))}")
        if both := {*self.columns} & {*self.ignore}:
            raise ValueError(f"read and ignored: {', '.join(sorted(both))}")
        known = {field.key for field in FIELDS[self.of]}
        if unknown := {*self.every, *keys} - known:
            raise ValueError(f"no fields: {', '.join(sorted(unknown))}")
        for key, meant in (("status", vocabulary().meanings["status"]), ("unit", UNITS)):
            if key in self.every and fold(self.every[key]) not in meant:
                raise ValueError(f"every {key} is {self.every[key]!r}, and so none")
        for key, words in (("kind", (*DIRECTIONS, *KINDS_OF_MOVEMENTS)), ("sale_order", SALE_ORDERS)):
            if self.every.get(key, words[0]) not in words:
                raise ValueError(f"every {key} is {self.every[key]!r}, and so none")
        if "currency" in self.every and currency(self.every["currency"]) is None:
            raise ValueError(f"every currency is {self.every['currency']!r}, and so none")
        return self

    def fits(self, headers: Sequence[str]) -> bool:
        """Whether a file with these headers is of this shape."""
        return not any(self.differs(headers))

    def differs(self, headers: Sequence[str]) -> tuple[list[str], list[str]]:
        """Headers that the layout does not name, and columns that it reads and the file lacks."""
        named = {as_answered(name) for name in (*self.columns, *self.ignore)}
        there = {as_answered(name) for name in headers}
        new = [name for name in headers if as_answered(name) not in named]
        return new, [name for name, column in self.columns.items() if as_answered(name) not in there and not column.optional]

    def headers(self, names: Sequence[str]) -> list[Header]:
        """What each header of a file of this shape says."""
        columns = {as_answered(name): column for name, column in self.columns.items()}
        found = ((name, columns.get(as_answered(name))) for name in names)
        return [Header(name, None) if column is None else column.header(name) for name, column in found]

    def to_toml(self) -> str:
        """As it is kept, and edited by hand."""
        lines = [f'of = "{self.of}"']
        told = ("shape", "sheet", "encoding", "decimal", "dates", "leave_out", "ignore")
        lines += [f"{key} = {_value(value)}" for key in told if (value := getattr(self, key))]
        lines += ["", "[columns]", *(f"{_value(name)} = {_column(column)}" for name, column in self.columns.items())]
        for key in ("every", "words", "remarks"):
            if table := getattr(self, key):
                lines += ["", f"[{key}]", *(f"{_value(name)} = {_value(value)}" for name, value in table.items())]
        return "\n".join([*lines, ""])


def _column(column: Column) -> str:
    given = column.model_dump(exclude_defaults=True)
    if len(given) == 1:
        return _value(column.reads)
    return f"{{ {', '.join(f'{key} = {_value(value)}' for key, value in given.items())} }}"


def _value(value: Any) -> str:
    """A string, a flag or a list in TOML: its basic strings are those of JSON but for one character."""
    return json.dumps([*value] if isinstance(value, tuple) else value, ensure_ascii=False).replace("\x7f", "\\u007f")


def load_layout(file: Path) -> Layout:
    """The layout that a file holds.

    Raises:
        SpecError: for a file that is none.
    """
    try:
        return Layout.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SpecError("cannot read the layout {file:s}: {reason:s}.", file=str(file), reason=str(error)) from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        hint = message("`toolkit holdings map FILE` writes one of holdings, `toolkit data map FILE` one of prices.")
        reason = f"{where}: {first['msg']}" if where else first["msg"]
        raise SpecError("{file:s} is no layout: {reason:s}.", hint=hint, file=str(file), reason=reason) from None


@cache
def shipped() -> Mapping[str, Layout]:
    """Layouts of known programs, by name."""
    return {file.stem: load_layout(file) for file in sorted(_SHIPPED.glob("*.toml"))}


def beside(file: Path, sheet: str | None = None) -> Path:
    """Where the layout of a file, or of a sheet of a workbook, is kept."""
    return file.with_name(f"{file.stem}{f'.{sheet}' if sheet else ''}{SUFFIX}")


def found_for(file: Path, kinds: Collection[Kind], sheet: str | None = None) -> Iterator[tuple[str, Layout]]:
    """The layouts by which a file may be read, each with its name: beside it, in its folder, of a known program.

    Args:
        file: It need not exist: for standard input one of the working folder.
        kinds: That the file may be of.
        sheet: Of a workbook.

    Raises:
        SpecError: for one beside the file that is none; others that are none are no layouts of it.
    """
    own = [kept for kept in dict.fromkeys((beside(file, sheet), beside(file))) if kept.is_file()]
    yield from ((kept.name, layout) for kept in own if (layout := load_layout(kept)).of in kinds)
    for other in sorted({*file.parent.glob(f"*{SUFFIX}")} - {*own}):
        with contextlib.suppress(SpecError):
            if (layout := load_layout(other)).of in kinds:
                yield other.name, layout
    yield from ((name, layout) for name, layout in shipped().items() if layout.of in kinds)


def said(kind: str, text: str) -> Column | None:
    """How a column is read, from words such as ``purchase_price EUR/kg``; None for those that name no field."""
    field, _, rest = text.partition(" ")
    header = read_header(kind, f"{field} {rest}")
    known = {one.key for one in FIELDS[kind]}
    key = field if field in known else header.key
    return Column.of(replace(header, key=key)) if key not in (None, COST, IGNORE) else None
