"""A header: the field that it names in a word of the vocabulary, with a unit, a currency or a per cent sign in it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from toolkit.core.countries import foldings
from toolkit.core.currencies import MINOR_UNITS, RATED
from toolkit.core.currencies import currency as currency_of
from toolkit.core.errors import DataError
from toolkit.market.layouts.fields import IGNORE
from toolkit.market.layouts.vocabulary import vocabulary
from toolkit.market.readers import cells

COST = "cost"
"""Money of which the header does not say whether it is of a unit or of the lot."""
_PER = ("per", "je", "pro", "/", "p")
_PERCENT = ("%", "prozent", "percent", "pct")
_TOTAL = ("total", "gesamt", "insgesamt", "ges", "summe", "sum")
_MONEY = {"movements": ("price", "total", "date"), "bids": ("bid", IGNORE, "date"), "quotes": ("price", IGNORE, "valid_until")}
"""Kind of file -> its fields for the price of a unit, of all, and the day."""
_OF_LOT = ("purchase_price", "total_price", "purchase_date")
_TOKEN = re.compile(r"[^\W_][\w'.$]*|[€$£¥%/#円元]|\.")
MASSES = (cells.KG, cells.G, cells.T, cells.LB, cells.OZT)
_MASS = "|".join(
    sorted((word for word, unit in cells.UNITS.items() if unit not in (cells.PIECE, "mtu")), key=len, reverse=True)
)
_MONEY_WORD = r"[^\W\d_]{3}|Euro|US\$|[€$£元]"
_BY = r"\s*(?:/|\bper\b|\bje\b|\bpro\b|_(?:per_)?)\s*"
_COUNTED = rf"(?:(?:1|100|1000)\s*)?(?:{_MASS})"
_PER_MASS = re.compile(
    rf"(?i)(?<![^\W\d_])({_MONEY_WORD}){_BY}({_COUNTED}(?![^\W\d_])|(?:(?:1|100|1000)\s*)?[^\W\d_]+)|{_BY}({_COUNTED})(?![^\W\d_])"
)
"""A currency and what a price is per (``USD/kg``, ``EUR je 100 g``, ``USD/mtu``), or the mass alone; of ``5 kg`` it may as well
be that of a kg in packs of five."""
_MONEY_LAST = re.compile(rf"(?i)(.*?)(?:^|[\s(\[])\s*(?:in\s+)?({_MONEY_WORD})\s*[)\]]?")
_UNITS = re.compile(r"(?i)[\[(]?\s*(?:in\s+)?(.+?)\s*[\])]?")
_DAYS = re.compile(r"(?i)[dmyjta]{1,4}([./-][dmyjta]{1,4}){2}")
"""How days are written: ``TT.MM.JJJJ``, ``dd/mm/yyyy``, ``jj/mm/aaaa``."""
_MOST_NAMES = 100_000
"""Names whose readings are kept."""


@dataclass(frozen=True, slots=True)
class Header:
    """What a header says.

    Attributes:
        text: As in the file.
        key: Field; None for one that is not known, `COST` for a price of a unit or of the lot.
        sure: Whether its words can mean nothing else.
        unit: Mass that it names: of the quantity, or the one that a price is per.
        per_unit: Whether the unit is what a price is per.
        currency: Of a price.
        percent: Whether the cells are in per cent.
        name: Of prices, the text without currency and unit; the unit is ``unit`` where they are of no mass.
        money: Of prices, the currency as written: a hundredth of one has no code.
    """

    text: str
    key: str | None
    sure: bool = True
    unit: str | None = None
    per_unit: bool = False
    currency: str | None = None
    percent: bool = False
    name: str = ""
    money: str = ""


_OF_PROGRAMS = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
"""Between the words of a name that a program writes as one: ``TradeDate``, ``IBCommission``."""


@lru_cache(_MOST_NAMES)
def read_header(kind: str, text: str) -> Header:
    """The field that a header names, with a unit, a currency or a percent sign in it: ``Menge (kg)``, ``Preis EUR/kg``.

    Args:
        kind: Of the file, as of `toolkit.market.layouts.vocabulary.KINDS`.
        text: As in the file.
    """
    if kind != "prices":
        found, apart = _of_lots(kind, text), _OF_PROGRAMS.sub(" ", text)
        return found if found.key or apart == text else replace(_of_lots(kind, apart), text=text)
    found, words = stated_in(text), vocabulary().headers[kind]
    names = (found.name, text.partition(" (")[0])
    named = (words[one] for name in names for one in (*foldings(name), name.strip()) if one in words)
    key, sure = next(named, (None, False))
    return replace(found, key=key, sure=sure)


@lru_cache(_MOST_NAMES)
def stated_in(text: str) -> Header:
    """Name, currency and unit of a header or a line of prices: ``SPY (EUR)``, ``Gallium USD/kg CIF``, ``Price/kg``."""
    bare = text.strip().rstrip(f"* {cells.RAISED}") or text
    at = 0
    while match := _PER_MASS.search(bare, at):
        at = match.start() + 1  # ``Tin_USD_per_lb`` is no price in ``Tin`` per ``USD``
        money, unit = match[1] or "", (match[2] or match[3]).lower()
        if money and not (money in MINOR_UNITS or currency_of(money) in RATED):
            continue
        if money and currency_of(unit):  # EUR/USD
            return Header(text, None, name=bare)
        if money and cells.UNITS.get(unit.lstrip("10 ")) in (None, cells.PIECE, "mtu"):  # APT USD/mtu
            return _stating(text, bare, money, cells.PIECE)
        before, behind = bare[: match.start()].rstrip(" ([,-_").removesuffix(" in"), bare[match.end() :].lstrip(" )],-")
        behind = behind if {"(", "["} & {*behind} else behind.rstrip(")] ")
        return _stating(text, " ".join(filter(None, (before, behind))), money, unit)
    match = _MONEY_LAST.fullmatch(bare)
    if match and (match[2] in MINOR_UNITS or currency_of(match[2]) in RATED):
        name, in_brackets = match[1].rstrip(" (["), bare[-1] in ")]"
        if in_brackets or (name and (match[2] in RATED or is_price(name))):
            return _stating(text, name, match[2], cells.PIECE)
    return Header(text, None, name=text.strip())


def _stating(text: str, name: str, money: str, unit: str) -> Header:
    return Header(
        text,
        None,
        unit=unit,
        per_unit=unit != cells.PIECE,
        currency=currency_of(money) if money else None,
        name=name,
        money=money,
    )


def is_price(name: str) -> bool:
    """Whether a name is a word for a price."""
    words = vocabulary().headers["prices"]
    return any(words.get(one, ("", False))[0] in ("price", "bid", "ask", "close") for one in foldings(name))


def _of_lots(kind: str, text: str) -> Header:  # noqa: PLR0912  # a kind of word after the other
    words = vocabulary().headers[kind]
    price_key, total_key, day_key = _MONEY.get(kind, _OF_LOT)
    found, total = Header(text, None), False
    tokens = _TOKEN.findall(cells.tidy(text).casefold().replace("_", " "))
    if kind == "needs" and len(tokens) > 2 and tokens[-2] in _PER and names_month(tokens[-1]):  # Bedarf kg/Monat
        tokens = tokens[:-2]
    while tokens:
        name = " ".join(tokens)
        # A sign says what the cells are in; folding would lose it.
        for spelling in (*foldings(name), name) if tokens[-1] == "#" or tokens[-1][0].isalnum() else ():
            key, sure = words.get(spelling, (None, False))
            if spelling in ("fine", "fein") and found.unit:  # "Fine oz"
                key, sure = "quantity", True
            is_price = key in (COST, price_key, total_key) or (key == "quantity" and found.currency)  # "Amount EUR"
            if is_price and (total or key == "quantity"):
                return replace(found, key=total_key, sure=sure or key == COST)
            if key == COST and found.per_unit:
                return replace(found, key=price_key, sure=True)
            if key is not None and not total:
                is_mass = key == day_key and found.unit  # "Purchased kg"
                return replace(found, key=None) if is_mass else replace(found, key=key, sure=sure)
        last = tokens.pop()
        mass, money = cells.unit_in(last), _money(last)
        if mass and tokens and tokens[-1].isdecimal():  # a price of 100 g
            return Header(text, None)
        if mass and tokens and tokens[-1] in _PER:
            found = replace(found, unit=mass, per_unit=True)
            tokens.pop()
        elif mass and found.unit is None:
            found = replace(found, unit=mass)
        elif money and found.currency is None:
            found = replace(found, currency=money)
        elif last in _PERCENT:
            found = replace(found, percent=True)
        elif last.strip(".") in _TOTAL and (tokens or found.currency):
            total = True
        elif last not in (".", "/", "netto", "net") and (last != "in" or found == Header(text, None)):  # "Date in"
            return _within(found, tokens)
    key = price_key if found.per_unit else "quantity" if found.unit else total_key if total else None
    return replace(found, key=key, sure=False) if key and not found.percent else found


def merged(records: Sequence[Sequence[str]], at: int) -> list[str]:
    """The cells of a record, an empty one as the cell above it where something stands below: so merged cells are written.

    Args:
        records: The first of a file.
        at: The one that names the columns.
    """
    above = [*(records[at - 1] if at else ()), *[""] * len(records[at])]
    used = [any(i < len(record) and record[i].strip() for record in records[at + 1 :]) for i in range(len(records[at]))]
    return [text.strip() or (above[i].strip() if used[i] else "") for i, text in enumerate(records[at])]


def whole_header(records: Sequence[Sequence[str]], at: int) -> tuple[list[str], int, int]:
    """The names of columns of lots, the record that holds them, and how many records end with the header.

    Of two alike each is told with its group above, else with its number. A record of units alone, below, is part of the names:
    ``Weight`` above ``kg`` is ``Weight kg``.

    Args:
        records: As of `merged`, as what follows.
        at: The one that names the columns.
    """
    names, above = merged(records, at), records[at - 1] if at else ()
    groups = [next((text.strip() for text in above[i::-1] if text.strip()), "") for i in range(len(names))]
    told = [f"{group} {name}".strip() if names.count(name) > 1 else name for group, name in zip(groups, names, strict=True)]
    names = told if max(Counter(filter(None, told)).values(), default=0) == 1 else names
    names = [
        f"{name} ({names[: i + 1].count(name)})" if name and names.count(name) > 1 else name for i, name in enumerate(names)
    ]
    below = records[at + 1] if at + 1 < len(records) else ()
    if not _are_units(below, names):
        return names, at, at + 1
    return [f"{name} {unit.strip()}".strip() for name, unit in zip(names, below, strict=True)], at, at + 2


def _are_units(record: Sequence[str], names: Sequence[str]) -> bool:
    """Whether the cells of a record are units, currencies, per cent or ways to write a day, and none that of an asset."""
    filled = [(name, text.strip()) for name, text in zip(names, record, strict=False) if text.strip()]
    return (
        len(record) == len(names)
        and bool(filled)
        and all(_is_unit(text) and name and read_header("holdings", name).key != "asset" for name, text in filled)
    )


def _is_unit(text: str) -> bool:
    match = _UNITS.fullmatch(text)
    bare = match[1] if match else text
    tokens = _TOKEN.findall(bare.casefold())
    are_known = all(
        cells.unit_in(one) or one in cells.NO_ONE_MASS or _money(one) or one in (*_PER, *_PERCENT) for one in tokens
    )
    return _DAYS.fullmatch(bare) is not None or (bool(tokens) and are_known)


def names_month(word: str) -> bool:
    """Whether a word is that of a month, as of which a need is where it says nothing."""
    return vocabulary().meanings["period"].get(word) == "month"


def _within(found: Header, tokens: Sequence[str]) -> Header:
    """The mass, and the money per mass, within a name that is not known: ``lb bought``, ``Price EUR/kg purchase``."""
    masses = {at: unit for at, token in enumerate(tokens) if (unit := cells.unit_in(token))}
    if found.unit is not None or len({*masses.values()}) != 1:
        return found
    (unit,) = {*masses.values()}
    per = [at for at in masses if at > 1 and tokens[at - 1] in _PER and _money(tokens[at - 2])]
    if not per:
        return replace(found, unit=unit)
    return replace(found, unit=unit, per_unit=True, currency=found.currency or _money(tokens[per[0] - 2]))


def _money(word: str) -> str | None:
    if len(word) > 3 and word not in ("euro", "dollar", "yen", "franken"):
        return None
    try:
        return cells.currency(word)
    except DataError:
        return None
