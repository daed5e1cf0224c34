"""Reader of holdings files: CSV, workbook or Parquet, one row a lot, by a layout; what is not known exactly is asked."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from typing import cast

from toolkit.core.errors import DataError, SeveralSheets, SpecError, did_you_mean
from toolkit.core.messages import message, named, together
from toolkit.market.layouts.headers import merged, read_header, whole_header
from toolkit.market.layouts.layout import OF_OWNERS, SUFFIX, Kind, Layout
from toolkit.market.layouts.propose import (
    NO_ANSWERS,
    Columns,
    MovementColumns,
    Question,
    answered,
    is_of_movements,
    open_file,
    propose,
)
from toolkit.market.readers.faults import Fault
from toolkit.market.readers.holdings.lots import Names, ReadFile
from toolkit.market.readers.holdings.movements import with_movements
from toolkit.market.readers.holdings.needs import with_records
from toolkit.market.readers.holdings.rows import is_asset, with_lots
from toolkit.market.readers.tabular import MAX_NAME, TITLES, Source, Table

LAYOUT = "layout"
_FEW = 3
"""Columns by which a file much like another differs from it."""
MOST_LOTS = 100_000
"""Lots of one file; more are refused."""
_NEEDED: Mapping[Kind, Sequence[str]] = {
    "holdings": ("asset", "quantity"), "movements": ("asset", "quantity", "date"), "bids": ("asset", "bid", "date"),
    "needs": ("asset", "quantity"), "quotes": ("asset", "price", "lead_time"), "licences": ("outcome",),
}  # fmt: skip
"""Kind of file -> fields without which it is none."""
_QUANTITIES = ("pieces", "ordered", "quantity_in", "quantity_out")
"""Fields that say how much, in place of a quantity."""
_OF_MOVEMENTS = ("kind", "quantity_in", "quantity_out")
"""Fields of movements alone: what is answered of a column says what its file is."""
_ROWS_OF: Mapping[Kind, Callable[[ReadFile, Names, date, str | None], ReadFile]] = {
    "holdings": with_lots, "movements": with_movements, "bids": with_records, "needs": with_records, "quotes": with_records,
    "licences": with_records,
}  # fmt: skip


def parse(
    path: Source | Table,
    *,
    names: Names,
    today: date,
    client: str | None = None,
    layout: Layout | None = None,
    answers: Mapping[str, str] = NO_ANSWERS,
    of: Kind | None = None,
) -> ReadFile:
    """The rows of a holdings file that can be read, the faults of the others, and what is to be asked before it is used.

    Args:
        path: As of `read_table`.
        names: How assets, forms and instruments are recognised.
        today: Day on which the file is read: only a planned lot may have a later purchase.
        client: Whose lots are meant, where the file has a column of clients; None for all.
        layout: By which it is read; None for the one that is found for it, else for its words.
        answers: To questions, as of `toolkit.market.layouts.propose.answered`.
        of: What its rows are; None for lots or movements.

    Raises:
        DataError: for a file that is no table or whose header lacks asset or quantity, and for a client that it does not name.
        SpecError: for a layout or an answer that is none.
    """
    broken: list[Fault] = []
    answers = answers if of is None else {**answers, "of": of}
    if (said_of := answers.get("of")) not in (None, *_NEEDED):
        raise SpecError("of={kind:s}: no such file.", hint=did_you_mean(said_of, _NEEDED), kind=said_of)
    kinds = OF_OWNERS if said_of in (None, *OF_OWNERS) else (cast("Kind", said_of),)
    try:  # who holds nothing has a file with a header alone
        opened = open_file(path, kinds, layout, answers, partial(_header, kinds=kinds), may_be_empty=True, faults=broken)
    except SeveralSheets as error:
        every = message(
            "All of one owner are '{file:s}#{sheets:s}'; where each is one client's, '{file:s}#*' is all of them.",
            file=error.details["file"],
            sheets="+".join(error.details["sheets"]),
        )
        raise SeveralSheets(error.message, hint=together(error.hint, every), details=error.details) from None
    table, found = opened.table.visible(), opened.layouts
    if table.cells.height > MOST_LOTS:
        raise DataError(
            "{file:s} has {rows:,} rows; at most {most:,} lots are read.",
            hint="Split the file.",
            file=table.name,
            rows=table.cells.height,
            most=MOST_LOTS,
        )

    names_asset = partial(is_asset, names=names)

    def read(by: str, base: Layout | None) -> ReadFile:
        moves = not {*_OF_MOVEMENTS}.isdisjoint(answer.partition(" ")[0] for answer in answers.values())
        is_moves = base is None and (moves or is_of_movements(table, names_asset))
        guess: Kind = said_of or ("movements" if is_moves else "holdings")
        kind: Kind = base.of if base is not None and not said_of else guess
        base = base if base is None or base.of == kind else None
        columns = (MovementColumns if kind == "movements" else Columns)(
            table, answered(base or Layout(of=kind, columns={}), table, answers), names_asset
        )
        proposed, readings, questions = propose(columns)
        keys = {column.reads for column in proposed.columns.values()}
        keys |= set() if keys.isdisjoint(_QUANTITIES) else {"quantity"}
        needed = _NEEDED[kind]
        if lacking := [key for key in needed if key not in keys]:
            raise _lacks(table, opened.path, lacking, [one.header for one in readings if one.reads is None], answers)
        headers = proposed.headers(table.columns)
        raw = ReadFile(table, opened.path, proposed, by, readings, questions, answers, headers, [*broken])
        return _ROWS_OF[kind](raw, names, today, client)

    own = next(((name, one) for name, one in found if layout is not None or name in opened.own), None)
    if own is not None:
        return read(*own)
    fitting = [(name, one) for name, one in found if one.fits(table.columns)]
    if (said := answers.get(LAYOUT)) is not None:
        return read(*next(((name, one) for name, one in fitting if name == said), ("", None)))
    return _of_several([read(name, one) for name, one in fitting], lambda base: read(*base), _nearest(found, table.columns))


def _of_several(
    options: list[ReadFile], read: Callable[[tuple[str, Layout | None]], ReadFile], near: tuple[str, Layout] | None
) -> ReadFile:
    """The one reading of layouts of other files, where they agree with each other and with its own words; else a question."""
    if not options:
        if near is None:
            return read(("", None))
        try:
            plain = read(("", None))
        except (DataError, SpecError):
            return read(near)
        return read(near) if plain.questions else plain
    try:
        plain = read(("", None))
    except (DataError, SpecError):  # such an answer is of a field that its own words do not name
        return options[0] if all(one.rows == options[0].rows for one in options) else _asked(options)
    is_clean = not (plain.questions or plain.faults)
    agree = all(one.rows == options[0].rows for one in options)
    if agree and (not is_clean or plain.rows == options[0].rows):
        return options[0]
    return _asked([*options, plain])


def _asked(options: Sequence[ReadFile]) -> ReadFile:
    names = tuple(one.by or "none" for one in options)
    asks = message("layouts of other files fit, and read it differently: which is its own?")
    question = Question(LAYOUT, LAYOUT, names, asks, None, tuple(dict.fromkeys((*names, "none"))))
    return replace(options[0], questions=(*options[0].questions, question))


def _nearest(found: Sequence[tuple[str, Layout]], headers: Sequence[str]) -> tuple[str, Layout] | None:
    """The layout of a file much like this one, but for few columns that are new or gone; None for none."""
    apart = [(sum(map(len, one.differs(headers))), name, one) for name, one in found if name.endswith(SUFFIX)]
    return min(
        ((name, one) for n, name, one in apart if n <= _FEW and 2 * n <= len(headers)), default=None, key=lambda one: one[0]
    )


def _lacks(table: Table, path: str, lacking: Sequence[str], unread: Sequence[str], answers: Mapping[str, str]) -> DataError:
    """The error of a file in which no column is the asset, or the quantity, after some answers."""
    said = [f"--set {shlex.quote(f'{name}={answer}')}" for name, answer in answers.items()]
    command = " ".join([f"toolkit holdings map {shlex.quote(path)}", *said, f"--set 'COLUMN={lacking[0]}'"])
    hint = message(
        "The header needs all of: {needed:, }. Say which of {names:, } it is: {command:s}",
        needed=named(lacking),
        names=named(unread or table.columns),
        command=command,
    )
    other = message(
        "Where its letters are others than they should be, say its encoding: --set encoding=gb18030, cp932 or cp1250."
    )
    sheet = message("The table may be on another sheet: {file:s}#SHEET.", file=path) if table.sheet else ""
    return table.header_error(
        "no column {keys:s}.",
        together(
            hint, message("Where the header has two rows, write it in one."), sheet, other if table.encoding == "cp1252" else ""
        ),
        details={"faults": [*lacking]},
        keys=" and no column ".join(map(repr, lacking)),
    )


def _header(records: Sequence[Sequence[str]], *, kinds: Sequence[Kind]) -> tuple[list[str], int, int] | None:
    """The header of the first record that names what a kind of file needs."""
    for at, record in enumerate(records[:TITLES]):
        below = records[at + 1] if at + 1 < len(records) else ()
        is_finer = sum(map(bool, record)) < sum(map(bool, below)) or any(
            one and not name for name, one in zip(record, below, strict=False)
        )
        are_groups = is_finer and _has_words(below) and _names_lots(merged(records, at + 1), kinds)
        if _names_lots(merged(records, at), kinds) and _has_words(record) and not are_groups:
            return whole_header(records, at)
    return None


def _names_lots(record: Sequence[str], kinds: Sequence[Kind]) -> bool:
    names = [text for text in record if len(text) <= MAX_NAME]
    for kind in kinds:
        keys = {read_header(kind, text).key for text in names}
        keys |= set() if keys.isdisjoint(_QUANTITIES) else {"quantity"}
        if keys.issuperset(_NEEDED[kind][:2]):
            return True
    return False


def _has_words(record: Sequence[str]) -> bool:
    """Whether some cells are filled, and none with a number."""
    return any(text.strip() for text in record) and not any(text.strip()[:1].isdigit() for text in record)
