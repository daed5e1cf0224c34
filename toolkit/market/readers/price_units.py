"""What stands beside prices: currency and unit in a header, a name or a cell; day, currency and unit in a line above."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

import polars as pl

from toolkit.core.countries import fold, foldings
from toolkit.core.currencies import MINOR_UNITS, RATED, currency_hint
from toolkit.core.currencies import currency as currency_of
from toolkit.core.errors import DataError
from toolkit.core.messages import Message, message, named
from toolkit.core.text import one_line
from toolkit.core.trade_names import metal_within
from toolkit.market.layouts.vocabulary import vocabulary
from toolkit.market.readers import cells
from toolkit.market.readers.tabular import Table

MASSES = (cells.KG, cells.G, cells.T, cells.LB, cells.OZT)
_MASS = "|".join(
    sorted((word for word, unit in cells.UNITS.items() if unit not in (cells.PIECE, "mtu")), key=len, reverse=True)
)
_MONEY = r"[^\W\d_]{3}|Euro|US\$|[€$£元]"
_BY = r"\s*(?:/|\bper\b|\bje\b|\bpro\b|_(?:per_)?)\s*"
_PER = re.compile(
    rf"(?i)(?<![^\W\d_])({_MONEY}){_BY}((?:(?:1|100|1000)\s*)?(?:(?:{_MASS})(?![^\W\d_])|[^\W\d_]+))|{_BY}((?:(?:1|100|1000)\s*)?"
    rf"(?:{_MASS}))(?![^\W\d_])"
)
"""A currency and what a price is per (``USD/kg``, ``EUR je 100 g``, ``USD/mtu``), or the mass alone; of ``5 kg`` it may as well
be that of a kg in packs of five."""
PER_MASS = rf"(?i){_BY}((?:(?:1|100|1000)\s*)?(?:{_MASS}))\s*$"
"""What a price is per, behind it in its cell."""
_MONEY_LAST = re.compile(rf"(?i)(.*?)(?:^|[\s(\[])\s*(?:in\s+)?({_MONEY})\s*[)\]]?")
_FACTOR = r"^\s*(1|100|1000)\s*(\p{L}.*)$"
_MOST_NAMES = 100_000
"""Names whose readings are kept."""
_DAY_WORDS = 3
"""Most words of a day: ``26 November 2026``."""


class Stated(NamedTuple):
    """What a header states beside its name.

    Attributes:
        name: The header without it.
        money: Currency as written; empty where it names none.
        unit: Mass that a price is of, ``unit`` where it is of none; empty where it says nothing of it.
    """

    name: str
    money: str = ""
    unit: str = ""

    @property
    def currency(self) -> str:
        """The code of the currency; empty for none, and for a hundredth of one."""
        return currency_of(self.money) or ""


@lru_cache(_MOST_NAMES)
def stated_in(header: str) -> Stated:
    """Name, currency and unit of a header: ``Preis EUR/kg``, ``SPY (EUR)``, ``Gallium USD/kg CIF``, ``Price/kg``."""
    text = header.strip().rstrip(f"* {cells.RAISED}") or header
    at = 0
    while match := _PER.search(text, at):
        at = match.start() + 1  # ``Tin_USD_per_lb`` is no price in ``Tin`` per ``USD``
        money, unit = match[1] or "", (match[2] or match[3]).lower()
        if money and not (money in MINOR_UNITS or currency_of(money) in RATED):
            continue
        if money and (currency_of(unit) or cells.UNITS.get(unit.lstrip("10 ")) in (None, cells.PIECE, "mtu")):
            return Stated(text) if currency_of(unit) else Stated(text, money, cells.PIECE)  # EUR/USD, APT USD/mtu
        before, behind = text[: match.start()].rstrip(" ([,-_").removesuffix(" in"), text[match.end() :].lstrip(" )],-")
        behind = behind if {"(", "["} & {*behind} else behind.rstrip(")] ")
        return Stated(" ".join(filter(None, (before, behind))), money, unit)
    match = _MONEY_LAST.fullmatch(text)
    if match and (match[2] in MINOR_UNITS or currency_of(match[2]) in RATED):
        name, in_brackets = match[1].rstrip(" (["), text[-1] in ")]"
        if in_brackets or (name and (match[2] in RATED or _is_price(name))):
            return Stated(name, match[2], cells.PIECE)
    return Stated(header.strip())


def _is_price(name: str) -> bool:
    words = vocabulary().headers["prices"]
    return any(words.get(one, ("", False))[0] in ("price", "bid", "ask", "close") for one in foldings(name))


@lru_cache(_MOST_NAMES)
def field_of(header: str) -> tuple[str, bool] | None:
    """The field that a header names, without currency and unit, and whether it can mean nothing else; None for any other."""
    words = vocabulary().headers["prices"]
    names = (stated_in(header).name, header.partition(" (")[0])
    return next((words[one] for name in names for one in (*foldings(name), name.strip()) if one in words), None)


def key_of(header: str) -> str | None:
    """The field that a header names or may name."""
    found = field_of(header)
    return found[0] if found else None


def states_alone(text: str) -> bool:
    """Whether a text is a currency, with what a price is per or without, and nothing else: ``USD/kg``, ``(EUR)``."""
    said = stated_in(f"x {text}")
    return " " not in text and said.name == "x" and bool(said.money)


def check_stated(table: Table, header: str, said: Stated) -> None:
    """Check that a header of prices in a currency or of a mass names the currency: they would be others, or count as pieces.

    Args:
        table: The file.
        header: As in the file.
        said: What it states.

    Raises:
        DataError: for pence, and for a mass without a known currency: its prices may be a hundredth or a thousand times.
    """
    if said.money in MINOR_UNITS:
        raise table.header_error("{name!r:s} is not in a currency.", currency_hint(said.money), name=header)
    if said.unit and not said.money and not _is_price(said.name):
        name = (said.name.rpartition(" ")[0] or said.name).rstrip(" ([,")
        hint = message(
            "Name the currency, as in {name!r:s}, and give prices in it, not in cents or thousands of it.",
            name=f"{name} USD/{said.unit}",
        )
        raise table.header_error("{name!r:s} states a unit and no currency that is known.", hint, name=header)


def is_known(name: str, key: Callable[[str], str | None] | None) -> bool:
    """Whether a name is a metal's.

    Args:
        name: As in the file.
        key: Name in the file -> asset that it means, or None.
    """
    try:
        return key is not None and key(name) is not None
    except DataError:  # powder that may be two things is refused where names are read
        return True


def is_ticker(name: str) -> bool:
    """Whether a name has the letters of a ticker, in one case: ``LOW``, ``BRK.B``, ``aapl``, ``7203.T``."""
    first, _, rest = name.replace("-", ".").replace("/", ".").partition(".")
    in_one_case = name.isascii() and (name.isupper() or name.islower())
    return in_one_case and f"{first}{rest}".isalnum() and len(first) <= 5 and len(rest) <= 3


def tickers_among(names: Collection[str], fields: Collection[str]) -> tuple[str, ...]:
    """The headers of a wide table that are words of quotations elsewhere and tickers here: ``LOW`` and ``OPEN`` among shares.

    The others say so: tickers in the same case, of which there are more than words, and as many that are no metal.

    Args:
        names: Headers without that of the dates.
        fields: Of these the words.
    """
    others = [name for name in names if name not in fields and is_ticker(name)] if all(map(is_ticker, fields)) else []
    clear = [name.isupper() for name in others if fields and not metal_within(name)]
    alike = {case: sum(name.isupper() == case for name in others) for case in (True, False)}
    are = all(alike[name.isupper()] > len(fields) <= clear.count(name.isupper()) for name in fields)
    return tuple(fields) if are else ()


def shares_among(names: Collection[str], metals: Collection[str]) -> tuple[str, ...]:
    """The names that are a metal's elsewhere and tickers here: ``W`` and ``GOLD`` among shares, as many as there are metals.

    Args:
        names: Of the series of a file whose prices are not of a mass.
        metals: Those that are a metal's; in small letters it is the metal.
    """
    shares = [name for name in names if name.isupper() and is_ticker(name)]
    others = sum(not metal_within(name) for name in shares if metals and name not in metals)
    return tuple(name for name in metals if name in shares) if others >= len(metals) else ()


@lru_cache(_MOST_NAMES)
def is_derived(name: str) -> bool:
    """Whether a name is that of a sum, an average or a change: ``Total``, ``Average 2025``, ``YTD avg Oct-26``."""
    texts = vocabulary().texts
    made = texts["derived"] | texts["totals"]
    words = [word for word in fold(name).split() if not word[0].isdigit()]  # 30d
    return not made.isdisjoint(words) and all(
        word in made or word in texts["windows"] or word in cells.MONTHS for word in words
    )


def says_none(text: str) -> bool:
    """Whether a cell says that no price is quoted: ``auf Anfrage``, ``closed``, ``n/a``."""
    return fold(text) in vocabulary().texts["no_price"] or not any(map(str.isalnum, text))


def holds_days(column: pl.Series) -> bool:
    """Whether every cell of a column that is not empty is a day or a month."""
    if column.dtype.is_numeric():
        return False
    written = column.drop_nulls().cast(pl.String)
    return len(written) > 0 and all(is_day(text) for text in (written[0], *written.unique()))


def is_day(text: str) -> bool:
    """Whether a text is a day, or a month with its year in digits."""
    return cells.day(text) is not None or (len(text) == len("2026-05") and text[:4].isdecimal() and cells.month(text) == text)


def of_one(rows: pl.DataFrame) -> pl.DataFrame:
    """Prices of one unit where they are of several, by its sign: 265 per ``100 g`` are 2.65 per ``g``, and ``mt`` is ``t``.

    Args:
        rows: With `price` and `unit`.
    """
    units = rows.select(pl.col("unit").unique()).to_series()  # a column of one constant is not written out
    spelled = {text: found for text in units if (found := cells.UNITS.get(text.casefold())) in MASSES and found != text}
    rows = rows.with_columns(pl.col("unit").replace(spelled)) if spelled else rows
    if not units.str.contains(_FACTOR).any():
        return rows
    parts = pl.col("unit").str.extract_groups(_FACTOR).struct
    count = parts.field("1").cast(pl.Float64).fill_null(1.0)
    return rows.with_columns(price=pl.col("price") / count, unit=pl.coalesce(parts.field("2"), "unit"))


def moneys_and_units(title: str) -> tuple[set[str], set[str]]:
    """Currencies and units that a line names."""
    words = "".join(sign if sign.isalpha() or sign in "€$£¥" else " " for sign in title.replace("$", " $ ")).split()
    moneys = {
        code for word in words if (len(word) == 3 and word.isupper()) or not word.isalpha() or word in ("Euro", "Dollar")
        if (code := currency_of(word))
    }  # fmt: skip
    return moneys, {cells.UNITS[one] for word in words for one in foldings(word) if one in cells.UNITS and len(word) > 1}


def stated_above(table: Table) -> tuple[Stated, Message] | None:
    """Currency and unit of all prices by the lines above the header, and a note on it; None where they name none, or two."""
    said = {line: stated_in(line) for line in table.titles}
    found = {(one.currency, one.unit): line for line, one in said.items() if one.currency and one.unit not in ("", cells.PIECE)}
    found = found or {(code, ""): line for line in said for code in moneys_and_units(line)[0]}
    if len(found) != 1:
        return None
    ((code, unit), line), *_ = found.items()
    of_file = {"file": table.name, "currency": code, "line": one_line(line)}
    words = message('{file}: prices are in {currency}, by the line "{line}".', **of_file)
    if unit:
        words = message('{file}: prices are in {currency} per {unit}, by the line "{line}".', **of_file, unit=unit)
    return Stated("", code, unit), words


def days_above(table: Table) -> Iterator[tuple[str, dt.date, str]]:
    """The word before each day in a line above the header, folded, the day, and the line."""
    for line in table.titles:
        words = line.split()
        for at in range(len(words)):
            readings = (cells.day(" ".join(words[at : at + count]).strip(",;.():")) for count in range(_DAY_WORDS, 0, -1))
            if day := next((read.day for read in readings if read and read.day), None):
                yield fold(words[at - 1]) if at else "", day, line


def with_date(table: Table) -> tuple[Table, tuple[Message, ...]]:
    """A table without a column of dates with the day of a line above its header (``Stand: 26.11.2026``), and a note on it.

    Raises:
        DataError: where no line, or more than one, has a date.
    """
    if "date" in table.columns:
        return table, ()
    found = {line: day for word, day, line in days_above(table) if word in vocabulary().texts["dated"]}
    if len({*found.values()}) != 1:
        fault = message("no column 'date', and no date above the header.")
        if found:
            fault = message("no column 'date', and two dates above the header: {lines:; }.", lines=named(found))
        hint = message(
            "Write the day into every row under 'date', or a line 'Stand: 26.11.2026' above the header; of columns of months "
            "write them as 2026-10, not years or quarters."
        )
        of_days = next((name for name in table.columns if name != "valid_until" and holds_days(table.cells[name])), None)
        if of_days is not None:
            hint = message(
                "Rename column {name!r:s} to 'date', or say it: --set {set!r:s}.", name=of_days, set=f"{of_days}=date"
            )
        raise table.header_error(fault, hint, details={"missing": ["date"]})
    line, day = next(iter(found.items()))
    told = message('{file}: prices are of {day:%Y-%m-%d}, by the line "{line}".', file=table.name, day=day, line=one_line(line))
    return replace(table, cells=table.cells.with_columns(date=pl.lit(day))), (told,)
