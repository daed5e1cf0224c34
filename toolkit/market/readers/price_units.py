"""What stands beside prices: currency and unit in headers, columns of units or above, a date above, sides of a spread."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import polars as pl

from toolkit.core.countries import fold, foldings
from toolkit.core.currencies import MINOR_UNITS, RATED, currency_hint
from toolkit.core.currencies import currency as currency_of
from toolkit.core.errors import DataError
from toolkit.core.messages import Message, message, named
from toolkit.core.text import one_line
from toolkit.market.layouts.vocabulary import vocabulary
from toolkit.market.readers import cells as cell
from toolkit.market.readers.columns import alike
from toolkit.market.readers.price_checks import DEALER_ASK, DEALER_BID
from toolkit.market.readers.tabular import Table

MISSING = ("null", "N/A", "n/a", "n.a.", "k.A.", "-", "–")
"""Texts of a missing value."""
_ONE_MASS = (cell.KG, cell.G, cell.T, cell.LB, cell.OZT)
_OF_MASS = (word for word, unit in cell.UNITS.items() if unit not in (cell.PIECE, "mtu"))
_MASSES = "|".join(sorted(_OF_MASS, key=len, reverse=True))
_MASS = rf"(?:\s*(?:/|\bper\b|\bje\b|\bpro\b)\s*|_(?:per_)?)((?:(?:1|100|1000)\s*)?(?:{_MASSES}))"
"""What a price is per; a price of ``5 kg`` may as well be that of a kg in packs of five."""
_OWN_WORD = re.compile(r"(?i)(\S.*?)\s+(?:in\s+)?([^\W\d_]{3}|[€$£])")
_PER = rf"(?i)^(.*?)(?:^|[\s(\[,_])(\p{{L}}{{3}}|Euro|US\$|[€$£]){_MASS}\s*[)\]]?$"
_PRICE_PER = re.compile(rf"(?i)(price|preis){_MASS}")
"""A header of prices that says what they are per and leaves the currency to a column of its own: ``Price/kg``."""
Stated = Mapping[str, tuple[str, str]]
"""Header -> currency and unit that it stated."""
_HEADER = re.compile(_PER.replace(r"\p{L}", r"[^\W\d_]"))
_MONEY_BEHIND = re.compile(r"^(.*\S)\s*[(\[]\s*([^\W\d_]{3}|[€$£])\s*[)\]]$")
"""A header with a currency in brackets and no mass: ``SPY (EUR)``, ``RIO.L (GBp)``."""
_PAIR_ABOVE = re.compile(rf"(?i)(?<![^\W\d_])([^\W\d_]{{3}}|Euro|US\$|[€$£]){_MASS}\b")
_NOT_MONEY = re.compile(rf"(?i)([^\s(\[]{{1,20}}){_MASS}\s*[)\]]?$")
"""A header that states a mass and no known currency before it: ``Bismuth (cents/lb)``, ``Gallium TEUR/t``."""
_OF_OTHER = re.compile(r"(?<![\w/])([A-Z]{3}|Euro|US\$|[€$£])\s*/\s*[^\W\d_]+\b")
"""A currency per what is no mass, or of many masses: ``APT USD/mtu``, ``Brent USD/bbl``."""
_MONEY_ABOVE = re.compile(r"\b[Ii]n\s+([A-Z]{3}|[€$£]|Euro|Dollar|US-Dollar)(?![^\W\d_])")
"""Currency, and unit, of all prices in a line above the header: ``Preise (EUR/kg)``, ``all prices in USD``."""
_TITLE = re.compile(
    r"(?i)\b(?:stand|datum|vom|g[üu]e?ltig ab|as of|as at|valid from|dated?|offer|angebot)\b[\s:]*(?:vom\s+)?(.+)"
)
"""A date of all rows in a line above the header: ``Stand: 26.11.2026``, ``Preisliste vom 26.11.2026``, ``as of 2026-11-26``."""
_BEHIND = rf"(?i){_MASS}\s*$"
"""What a price is per, behind it."""
_FIGURE = re.compile(r"(?i)[0-9#=]|^.?(?:nan|inf)")
"""Of a cell that is no mere word: a number, a formula or an error of one."""
_ISO_MONTH = re.compile(r"[12][0-9]{3}-[01][0-9]")


def stated_in(header: str) -> tuple[str, str, str] | None:
    """Name, currency as written and what a price is per, of a header that states them: ``Preis EUR/kg``, ``SPY (EUR)``."""
    if match := _HEADER.match(header.strip()):
        return match[1].strip(" ([,-"), match[2], match[3].lower()
    if (match := _PAIR_ABOVE.search(header)) and (currency_of(match[1]) in RATED):  # ``Gallium USD/kg CIF Rotterdam``
        before, behind = header[: match.start()].rstrip(" ([,-"), header[match.end() :].lstrip(" )],-")
        behind = behind if {"(", "["} & {*behind} else behind.rstrip(")] ")
        return " ".join(filter(None, (before, behind))), match[1], match[2].lower()
    if (match := _OF_OTHER.search(header)) and currency_of(match[1]) in RATED and not currency_of(match[0].split("/")[1]):
        return header.strip(), match[1], "unit"
    if match := _PRICE_PER.fullmatch(header.strip()):
        return match[1], "", match[2].lower()
    match = _OWN_WORD.fullmatch(header.strip())
    if match and (match[2] in RATED or (_is_price(match[1]) and currency_of(match[2]))):
        return match[1], match[2], "unit"  # ``SPY EUR``, ``Ankauf in €``
    match = _MONEY_BEHIND.match(header.strip())
    return (match[1], match[2], "unit") if match and (match[2] in MINOR_UNITS or currency_of(match[2]) in RATED) else None


def _is_price(name: str) -> bool:
    words = vocabulary().headers["prices"]
    return any(words.get(one, ("", False))[0] in ("price", "bid", "ask", "close") for one in foldings(name))


def field_of(header: str) -> tuple[str, bool] | None:
    """The field that a header names, without currency and unit, and whether it can mean nothing else; None for any other."""
    words = vocabulary().headers["prices"]
    stated = stated_in(header)
    names = (stated[0] if stated else header, header.partition(" (")[0])
    return next((words[one] for name in names for one in (*foldings(name), name.strip()) if one in words), None)


def key_of(header: str) -> str | None:
    """The field that a header names or may name."""
    found = field_of(header)
    return found[0] if found else None


def states_alone(text: str) -> bool:
    """Whether a text is a currency, with what a price is per or without, and nothing else: ``USD/kg``, ``(EUR)``."""
    name, money, _ = stated_in(f"x {text}") or ("", "", "")
    return name in ("x", f"x {text}") and " " not in text and bool(currency_of(money) or money in MINOR_UNITS)


def check_stated(table: Table, columns: Iterable[str]) -> None:
    """Check that no header of prices names what they are per without a known currency: they would count as pieces.

    Args:
        table: The file.
        columns: Headers that state no currency and unit as `stated_in` reads them.

    Raises:
        DataError: for the first that does; with what the prices may be a hundredth or a thousand times.
    """
    for header in columns:
        if match := _NOT_MONEY.search(header):
            hint = message(
                "Name the currency, as in {name!r:s}, and give prices in it, not in cents or thousands of it.",
                name=f"{header[: match.start()].strip(' ([,-') or match[1]} USD/{match[2]}",
            )
            raise table.header_error("{name!r:s} states a unit and no currency that is known.", hint, name=header)


def with_field(field: str, header: str) -> str:
    """The header of a field of prices with the currency and unit that a column's states: ``price EUR/t`` of ``Kurs EUR/t``."""
    _, money, unit = stated_in(header) or ("", "", "")
    behind = f"({money})" if unit == "unit" else f"{money}/{unit}"
    return f"{field} {behind}" if currency_of(money) or money in MINOR_UNITS or (unit and not money) else field


def is_known(name: str, key: Callable[[str], str | None] | None, headers: Sequence[str] = ()) -> bool:
    """Whether a name is a metal's.

    Args:
        name: As in the file.
        key: Name in the file -> asset that it means, or None.
        headers: That begin with it: where one is a metal's as a whole (``Gallium 99.99% min``), the name is none of its own.
    """
    try:
        return key is not None and key(name) is not None and not any(map(key, headers))
    except DataError:  # powder that may be two things is refused where names are read
        return True


def _says_none(text: str) -> bool:
    return fold(text) in vocabulary().texts["no_price"]


def without_words(table: Table, worded: Mapping[str, Collection[str]]) -> tuple[Table, tuple[Message, ...]]:
    """A table in which cells that say that no price is quoted are empty, and a note that counts them.

    Args:
        table: As read.
        worded: Column -> its cells with words.
    """
    gone = {name: [word for word in given if _says_none(word)] for name, given in worded.items()}
    given = {name: table.cells[name].alias("").is_in(words) for name, words in gone.items() if words}
    if not given:
        return table, ()
    texts = pl.concat([table.cells[name].alias("").filter(mask) for name, mask in given.items()])
    counts = texts.filter(~texts.is_in(MISSING)).value_counts(sort=True, name="n").sort("n", "", descending=[True, False])
    told = [message("{word} ({n:d})", word=word, n=n) for word, n in counts.iter_rows()]
    emptied = [pl.select(pl.when(~mask).then(table.cells[name])).to_series().alias(name) for name, mask in given.items()]
    note = message("{file}: cells that say that there is no price are left empty: {words}.", file=table.name, words=told)
    return replace(table, cells=table.cells.with_columns(emptied)), (note,) if told else ()


def has_words_alone(column: pl.Series) -> bool:
    """Whether a column, under no name, which polars might take for a regular expression, has words and no figure."""
    if column.dtype != pl.String or column.null_count() == len(column):
        return False
    given = column.drop_nulls()
    if any(map(_FIGURE.search, given.head(1))):
        return False
    words = given.unique().to_list()
    return not any(map(_FIGURE.search, words)) and any(not _says_none(word) for word in words)


def units_apart(table: Table) -> Table:
    """The table with what its prices are per as a column: ``kg`` of ``31,50 EUR/kg``, where no other column says it."""
    price = table.cells["price"] if "price" in table.columns and "unit" not in table.columns else None
    if price is None or price.dtype != pl.String or not price.str.contains(_BEHIND).any():
        return table
    apart = (pl.col("price").str.replace(_BEHIND, ""), pl.col("price").str.extract(_BEHIND).alias("unit"))
    return replace(table, cells=table.cells.with_columns(*apart))


def of_one(rows: pl.DataFrame) -> pl.DataFrame:
    """Prices of one unit where they are of several, by its sign: 265 per ``100 g`` are 2.65 per ``g``, and ``mt`` is ``t``.

    Args:
        rows: With `price` and `unit`.
    """
    units = rows.select(pl.col("unit").unique()).to_series()  # a column of one constant is not written out
    spelled = {text: found for text in units if (found := cell.UNITS.get(text.casefold())) in _ONE_MASS and found != text}
    rows = rows.with_columns(pl.col("unit").replace(spelled)) if spelled else rows
    if not units.str.contains(r"^\s*[1-9]").any():
        return rows
    parts = pl.col("unit").str.extract_groups(r"^\s*(1|100|1000)\s*(\p{L}.*)$").struct
    count = parts.field("1").cast(pl.Float64).fill_null(1.0)
    return rows.with_columns(price=pl.col("price") / count, unit=pl.coalesce(parts.field("2"), "unit"))


def without_units(table: Table) -> tuple[Table, Stated]:
    """The table with headers and units without currencies, and header -> (currency, unit) of those that stated them.

    A currency of a cell fills an empty one of the column of currencies.

    Raises:
        DataError: for a header in pence, and for one that is that of another column but for its currency or unit.
    """
    found: dict[str, tuple[str, str]] = {}
    names: dict[str, str] = {}
    for header in table.columns:
        name, money, unit = stated_in(header) or ("", "", "")
        if money in MINOR_UNITS:
            raise table.header_error("{name!r:s} is not in a currency.", currency_hint(money), name=header)
        code = currency_of(money)
        if code and name and name != header and name in {*table.columns, *names.values()}:
            hint = message("Leave one of them out.")
            raise table.header_error("{name!r:s} and another column are the same price of a metal.", hint, name=header)
        if name and (code or not money):
            names[header], found[name] = name, (code or "", unit)
    cells = table.cells.rename(names)
    if "unit" in cells.columns and cells["unit"].dtype == pl.String:
        code, unit = (cells["unit"].str.strip_chars().str.extract(_PER, group) for group in (2, 3))
        if code.is_not_null().any():
            given = cells["currency"] if "currency" in cells.columns else pl.Series([None] * cells.height, dtype=pl.String)
            cells = cells.with_columns(
                pl.coalesce(unit.str.to_lowercase(), cells["unit"]).alias("unit"), pl.coalesce(given, code).alias("currency")
            )
    return replace(table, cells=cells), found


@dataclass(frozen=True, slots=True)
class Above:
    """Currency and unit of all prices by a line above the header.

    Attributes:
        currency: Its code.
        unit: Mass that a price is of; None where the line names none.
        note: What was read, and from which line.
    """

    currency: str
    unit: str | None
    note: Message


def stated_above(table: Table) -> Above | None:
    """What the lines above the header state of all prices; None where they state no currency, or two."""
    found: dict[tuple[str, str | None], str] = {}
    for line in table.titles:
        pairs = [(currency_of(match[1]), match[2].lower()) for match in _PAIR_ABOVE.finditer(line)]
        alone = [(currency_of(match[1]), None) for match in _MONEY_ABOVE.finditer(line)]
        found |= {(code, unit): line for code, unit in pairs or alone if code}
    if len(found) != 1:
        return None
    ((code, unit), line), *_ = found.items()
    words = message(
        '{file}: prices are in {currency}, by the line "{line}".', file=table.name, currency=code, line=one_line(line)
    )
    if unit:
        words = message(
            '{file}: prices are in {currency} per {unit}, by the line "{line}".',
            file=table.name, currency=code, unit=unit, line=one_line(line),
        )  # fmt: skip
    return Above(code, unit, words)


def with_date(table: Table) -> tuple[Table, tuple[Message, ...]]:
    """A long table without a column of dates with that of a line above its header, and a note on it.

    Raises:
        DataError: where no line, or more than one, has a date.
    """
    if "date" in table.columns or not {"asset", "price"} <= {*table.columns}:
        return table, ()
    found = {text: day for text in table.titles if (day := _title_day(text)) is not None}
    if len({*found.values()}) != 1:
        hint = date_hint(
            table, message("Write the day into every row under 'Datum', or a line 'Stand: 26.11.2026' above the header.")
        )
        fault = message("no column 'date', and no date above the header.")
        if found:
            lines = named(found)
            fault = message("no column 'date', and two dates above the header: {lines:; }.", lines=lines)
        raise table.header_error(fault, hint)
    line, day = next(iter(found.items()))
    told = message('{file}: prices are of {day:%Y-%m-%d}, by the line "{line}".', file=table.name, day=day, line=one_line(line))
    return replace(table, cells=table.cells.with_columns(date=pl.lit(day))), (told,)


def no_date(table: Table) -> DataError:
    """The error of a table without a column `date`, or with years or quarters across."""
    hint = message("Write each price with its day under 'date', or months across as 2026-10; not years or quarters.")
    return table.header_error("no column 'date'.", date_hint(table, hint), details={"missing": ["date"]})


def date_hint(table: Table, otherwise: Message) -> Message:
    """How to name the dates of a table without a column `date`: the column of days, if there is one."""
    of_days = next((name for name in table.columns if name != "valid_until" and holds_days(table.cells[name])), None)
    if of_days is None:
        return otherwise
    return message("Rename column {name!r:s} to 'date', or say it: --set {set!r:s}.", name=of_days, set=f"{of_days}=date")


def holds_days(column: pl.Series) -> bool:
    """Whether every cell of a column that is not empty is a day or a month."""
    written = column.drop_nulls().cast(pl.String).unique()
    return len(written) > 0 and all(_ISO_MONTH.fullmatch(text) or cell.day(text) is not None for text in written)


def _title_day(text: str) -> dt.date | None:
    """The day that a line above the header states; None where it states none in one reading."""
    match = _TITLE.search(text)
    words = match[1].split() if match else []
    readings = (cell.day(" ".join(words[:count]).rstrip(",;.)")) for count in (3, 2, 1))
    return next((reading.day for reading in readings if reading and reading.day), None)


def of_two_sides(table: Table, stated: Stated) -> tuple[Table, tuple[Message, ...]]:
    """A table with a column of what a dealer pays and one of what he asks as one with a row for each price that is quoted.

    Args:
        table: As read; of any other, only rows without a quotation are left out.
        stated: Header -> currency and unit that it stated.
    """
    sides = {name: side for name, side in (("bid", DEALER_BID), ("ask", DEALER_ASK)) if name in table.columns}
    if "asset" not in table.columns or {"price", "basis"} & {*table.columns} or not sides:
        return quoted(table)
    parts, rows = [], []
    for (name, basis), prices in zip(sides.items(), alike([table.cells[name] for name in sides]), strict=True):
        part = table.cells.drop(*sides).with_columns(prices.alias("price"), basis=pl.lit(basis))
        if name in stated:
            part = part.with_columns(
                pl.lit(text).alias(column)
                for column, text in zip(("currency", "unit"), stated[name], strict=True)
                if column not in part.columns
            )
        parts.append(part)
        rows.append(table.rows)
    cells, numbers = pl.concat(parts, how="diagonal"), pl.concat(rows)
    given = cells["price"].is_not_null()
    return quoted(replace(table, cells=cells.filter(given), rows=numbers.filter(given)))


def quoted(table: Table) -> tuple[Table, tuple[Message, ...]]:
    """A long table without the rows that say that no price is quoted (``auf Anfrage``), and a note on them.

    Args:
        table: As read; any other comes back as it is.
    """
    if not {"asset", "price"} <= {*table.columns} or table.cells["price"].dtype != pl.String:
        return table, ()
    words = unquoted(table.cells["price"])
    none = table.cells["price"].is_in(words).fill_null(value=False)
    named = [
        f"{asset} ({word})"
        for asset, word in table.cells.filter(none).select("asset", "price").unique(maintain_order=True).rows()
    ]
    notes = (message("{file}: no price is quoted for {names}.", file=table.name, names=named),) if named else ()
    return replace(table, cells=table.cells.filter(~none), rows=table.rows.filter(~none)), notes


def unquoted(prices: pl.Series) -> list[str]:
    """What cells say, each once, where no price is quoted."""
    texts = prices.alias("").drop_nulls().cast(pl.String).unique()
    return [text for text in texts.filter(~texts.str.contains("[0-9]")) if _says_none(text)]
