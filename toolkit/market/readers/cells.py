"""Numbers, units, currencies and dates as people write them, read by one convention a file: of holdings and of prices.

A cell that can be read in two ways is decided by the other cells of the same file or not at all: ``1.234`` is a thousand
where another cell is ``3,5``, a little more than one where another is ``3.5``, and an error where nothing settles it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache

from toolkit.core import currencies
from toolkit.core.countries import foldings
from toolkit.core.errors import DataError, SpecError, did_you_mean
from toolkit.core.limits import LARGEST
from toolkit.core.messages import Message, message
from toolkit.core.size import PieceSize
from toolkit.core.trade_names import SYMBOLS, without_purity_class
from toolkit.market.layouts.vocabulary import vocabulary

KG, G, T, LB, OZT, PIECE = "kg", "g", "t", "lb", "ozt", "unit"


UNITS = vocabulary().meanings["units"]
"""Spellings of units. ``oz``, ``pfund`` and ``ton`` are two masses each and are asked about, as is the unit of a content; short
and long tons are refused with their mass."""

NO_ONE_MASS = {
    "oz": message("Write ozt for the troy ounce (31.10 g) of precious metals, or give the mass in g."),
    "pfund": message("Write lb for the pound of 453.6 g, or give the mass in kg (a German Pfund is 0.5 kg)."),
    "ton": message("Write t for 1,000 kg, or give a short ton (907.2 kg) in kg."),
    "short ton": message("Give quantity and price in kg: a short ton is 907.18474 kg."),
    "long ton": message("Give quantity and price in kg: a long ton is 1016.0469 kg."),
    "mtu": message("Give the mass of the product in kg: an mtu is 10 kg of contained WO3, and its product weighs more."),
}

FORMULA_ERROR = re.compile(
    r"#(REF|BEZUG|NAME|VALUE|WERT|DIV/0|NUM|ZAHL|NULL|SPILL|CALC)[!?]|#N/A|#NV|Err:[0-9]+|=.+", re.I | re.S
)
"""Errors that Excel and LibreOffice show in English and German, and a formula that was never calculated."""
_PURE = (
    r"(?:(?:min|mind)\.?\s*|[>≥]\s*)?([0-9]{2}(?:[.,][0-9]+)?\s?%|9[0-9][.,][0-9]+|[2-7]N[0-9]?|99[0-9][.,][0-9](?:\s?/\s?1000)?|"
    r"0?[.,]99[0-9]{1,3}"
)
_PURE_END = rf"(?:\s?(?:fine|fein))?(?:\s(?-i:{'|'.join(SYMBOLS)})(?![^\W\d_]))?(?:\s?min\.?)?"
PURITY = re.compile(rf"(?i:[\s,;(]+{_PURE}|99[0-9](?:\s?/\s?1000)?){_PURE_END}[\s)]*$)")
"""A purity that ends the name of a product; the trade writes 99.65 for 99.65 %, and 999 or 999,9/1000 of a precious metal."""
_PURE_WITHIN = re.compile(rf"(?i:(?:^|[\s,;(]+){_PURE}){_PURE_END}(?:[\s,;)]+|$))")
_NUMBER = re.compile(r"([^0-9+\-.,]*)([+-]?\s*(?:[0-9][0-9.,' ]*|[.,][0-9]+)(?:e[+-]?[0-9]+)?)(.*)", re.IGNORECASE | re.DOTALL)
_PLAIN = re.compile(r"[0-9]{1,15}(?:\.(?:[0-9]{1,2}|[0-9]{4,15}))?")
"""A number as a program writes it, which reads in one way."""
_SPACED = re.compile(r"[0-9]{1,3}(?:[' ][0-9]{3})+(?:[.,][0-9]+)?")
NULL_DATES = frozenset(
    date(*day)
    for day in (
        (1, 1, 1), (1601, 1, 1), (1753, 1, 1), (1899, 12, 30), (1899, 12, 31), (1900, 1, 1), (1904, 1, 1), (1969, 12, 31),
        (1970, 1, 1),
    )
)  # fmt: skip
"""How SAP, Windows, SQL Server, Excel and Unix write an empty date: the day from which each counts, and the one before it."""
EMPTY_DATE = re.compile(r"[ ./:-]*0[0 ./:-]*|0?0?[./]0?1[./]1900|0?1/0?0/1900|1900-0?1-0?0|0001-01-01[T 0:.]*Z?")
"""An empty date that reads as no day: zeros, the 0 January 1900 of Excel, the first day of the calendar."""
FIRST_PURCHASE = date(1900, 1, 1)
"""No lot that somebody owns was bought before."""
_DATE = re.compile(r"([0-9]+|[^\W\d_]+)([年/., -]+)([0-9]+|[^\W\d_]+)([月/., -]+)([0-9]+)日?")
"""Three parts of a date and what stands between them."""
_MONTH = re.compile(r"([^\W\d]+)\.?[ -]([0-9]{4})|([0-9]{4})[ M-]([^\W\d]+|[0-9]{2})\.?|([01]?[0-9])[./]([0-9]{4})")
CLOCK = re.compile(r"[T ]+([0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]+)?)?) ?(Z|UTC|[+-][0-9]{2}:?[0-9]{2})?$")
"""A time of day behind a date, and its zone."""
MONTHS = {name: int(number) for name, number in vocabulary().meanings["months"].items() if not name.isdecimal()}


RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹†‡"
"""Marks of footnotes beside ``*``: a raised digit is no digit of the number before it."""
_SIGNS = str.maketrans(dict.fromkeys("’‘ʼ´`", "'") | dict.fromkeys(RAISED, "*"))


@lru_cache(1 << 16)
def tidy(text: str) -> str:
    """Text in one form of Unicode: wide digits and hard spaces become plain ones."""
    if text.isascii() and "`" not in text:
        return " ".join(text.split())
    return re.sub(r"\s+", " ", unicodedata.normalize("NFKC", text.translate(_SIGNS)).replace("−", "-")).strip()


@dataclass(frozen=True, slots=True)
class Amount:
    """A number as written, before the decimal mark is decided.

    Attributes:
        digits: Sign, digits and marks, without spaces.
        before, after: What stands around it: a currency, a unit, a percent sign.
        readings: Decimal mark under which it is a number -> that number, the point first; both for one without a mark.
    """

    digits: str
    before: str = ""
    after: str = ""
    readings: Mapping[str, float] = field(init=False, compare=False)

    def __post_init__(self) -> None:
        if _PLAIN.fullmatch(self.digits):
            marks = "." if "." in self.digits else ".,"
            object.__setattr__(self, "readings", dict.fromkeys(marks, float(self.digits)))
            return
        body, _, exponent = self.digits.lower().partition("e")
        sign, body = -1.0 if body.startswith("-") else 1.0, body.lstrip("+-")
        found: dict[str, float] = {}
        for mark, other in ((".", ","), (",", ".")):
            if _is_written_with(body, mark, other):
                number = float(body.replace(other, "").replace(",", ".") + (f"e{exponent}" if exponent else ""))
                found |= {mark: sign * number} if number < float("inf") else {}
        object.__setattr__(self, "readings", found)

    @property
    def is_ambiguous(self) -> bool:
        """Whether the two marks give two numbers."""
        return len(self.readings) > 1 and self.readings["."] != self.readings[","]


def _is_written_with(body: str, mark: str, other: str) -> bool:
    """Whether digits are a number with a decimal mark, the other one between groups of three digits."""
    whole, has_mark, decimals = body.partition(mark)
    first, *groups = whole.split(other)
    is_grouped = 1 <= len(first) <= 3 and first[0] != "0" and all(len(group) == 3 for group in groups)
    digits = whole.replace(other, "") + decimals
    return digits.isdecimal() and bool(decimals or not has_mark) and (is_grouped or not groups)


@lru_cache(1 << 16)  # a cell is asked about several times: for its column, its decimal mark and its number
def amount(text: str) -> Amount | None:
    """The number in a cell with what stands around it; None where there is none that is one number either way."""
    if _PLAIN.fullmatch(text):
        return Amount(text)
    words = re.sub(r"([.,])\s?[-\u2013\u2014]{1,2}(?=\s|$)", r"\g<1>00", tidy(text))  # 3.900,-
    match = _NUMBER.fullmatch(words)
    if match is None:
        return None
    digits = match[2].strip()
    sign, digits = (digits[0], digits[1:].strip()) if digits[0] in "+-" else ("", digits)
    if {*digits} & {*"' "}:
        if not _SPACED.fullmatch(digits):
            return None
        digits = digits.replace("'", "").replace(" ", "")
        # What is grouped by spaces has no other thousands mark: the one that is left is decimal.
        digits += "0" if {*digits} & {*".,"} else ""
    before, after = match[1].strip(), match[3].strip()
    if before and after.startswith("/"):  # EUR 500/kg
        before, after = "", before + after
    found = Amount(sign + digits, before, after)
    return found if found.readings else None


def number(name: str, text: str, most: float = LARGEST) -> float:
    """The number of an option or an argument; ``nan`` and infinity too, which `check_number` refuses.

    Args:
        name: Of the option, for the message.
        text: As given: ``100000``, ``100.000,00``, ``100,000.00``, ``1e5``.
        most: Largest value that it can have; a reading beyond is none.

    Raises:
        SpecError: for a text that is no number, and for a mark that may mean decimals or thousands.
    """
    found = amount(text)
    if found is None or found.before or found.after:
        try:
            return float(text)
        except ValueError:
            raise SpecError(
                "{name:s} {text!r:s} is not a number.", hint="Write it in digits, such as 100000 or 0.5.", name=name, text=text
            ) from None
    values = {*found.readings.values()}
    readings = sorted({value for value in values if abs(value) <= most} or values, key=abs)
    if len(readings) > 1:
        small, large = (f"{value:.12g}" for value in readings)
        raise SpecError(
            "{name:s} {text:s} may be {small:s} or {large:s}: its mark may mean decimals or thousands.",
            hint="Write {small:s} or {large:s}.",
            name=name,
            text=text,
            small=small,
            large=large,
        )
    return readings[0]


def decimal_mark(amounts: Mapping[Amount, int]) -> tuple[str | None, frozenset[Amount]]:
    """The decimal mark that every number of a file agrees on, None where none settles it, and those that use the other.

    Where both are used, the one that fewer numbers use is returned as the faulty one.

    Args:
        amounts: Numbers, and how often each occurs.
    """
    only: dict[str, set[Amount]] = {",": set(), ".": set()}
    for found in amounts:
        if len(found.readings) == 1:
            only[next(iter(found.readings))].add(found)
    if only["."] and only[","]:
        mark = max(only, key=lambda one: sum(amounts[found] for found in only[one]))
        return mark, frozenset(only["," if mark == "." else "."])
    return next((mark for mark, found in only.items() if found), None), frozenset()


def decided(found: Amount, mark: str) -> Message:
    """That a number with two readings is read by the others."""
    return message(
        'Numbers such as {text} are read as {value:.12g}: other numbers of the file write decimals with "{mark}".',
        text=found.digits,
        value=found.readings[mark],
        mark=mark,
    )


def purity(text: str, *, percent: bool) -> str:
    """A purity with a decimal point, as in the cell where it is no number.

    Args:
        text: As in the cell.
        percent: Whether its header says per cent; a number up to 1 is then a fraction: nothing is traded at less than 1 %.
    """
    words = tidy(text)
    found = amount(words)
    if found is None or found.before or found.after not in ("", "%"):
        return words
    # It is below a thousand, so its one mark is decimal whichever it is.
    plain = found.digits.replace(",", ".")
    if plain.count(".") > 1:
        return words
    number = f"{float(plain):.12g}" if "e" in plain.lower() else plain
    if not found.after and percent and float(plain) <= 1:
        return f"{100 * float(plain):.12g} %"
    return f"{number} %" if found.after or percent else number


def without_purity(text: str) -> tuple[str, str | None]:
    """The name of a product or a form without its purity, and the purity: ``Gallium 4N (99,99 %), Ingots``.

    Without a number its class: ``Gallium zone refined``.
    """
    (text, named), first = without_purity_class(text), None
    while found := PURITY.search(text) or _PURE_WITHIN.search(text):
        text, first = text.replace(found[0], " ", 1).strip(" ,;"), first or found[1]
    first = first and first.split("/")[0].strip()
    return text, purity(first, percent=not re.match("[0-9]{3}", first)) if first else named


_OUNCE = re.compile(r"(?i)(?<=[\d\s])(oz|ounces?|unzen?)\.?$")


def size(text: str, unit: str | None, *, most: float, precious: bool = False) -> PieceSize:
    """The size of one piece.

    Args:
        text: As in the cell.
        unit: That of its header, which a number alone is in.
        most: Mass of the lot in kg; 0 where it is not known.
        precious: Whether ounces are troy ounces without a word.

    Raises:
        DataError: for a text that is no size or may be two, and for a piece that is heavier than its lot.
    """
    words = tidy(text)
    if re.search(r"\b[1-9][0-9]{0,2}[.,][0-9]{3}\b", words):
        raise DataError("a mark that may mean decimals or thousands", hint="Write the size without it, as 1250 g.")
    try:
        words = f"{words} {unit}" if unit and re.fullmatch(r"[0-9.,]+", words) else words
        found = PieceSize.parse(_OUNCE.sub("ozt", words) if precious else words, "size")
    except SpecError as error:
        raise DataError("not a size of a piece", hint=error.hint) from None
    if found.mass and most and found.mass > most:
        raise DataError("a piece that is heavier than its lot", hint="Give the mass of one piece.")
    return found


def in_ounces(text: str) -> bool:
    """Whether the size of a piece is in ounces."""
    return bool(_OUNCE.search(tidy(text))) or tidy(text).casefold().endswith("ozt")


def unit_in(text: str) -> str | None:
    """The unit that a text spells; None for none."""
    return next((UNITS[spelling] for spelling in foldings(text) if spelling in UNITS), None)


@lru_cache(4096)
def unit(text: str, *, precious: bool, listed: bool) -> str:
    """The unit that a text names: one of the masses of `core.units`, or ``unit`` for a listed instrument.

    Args:
        text: As in the cell.
        precious: Whether ounces are troy ounces without a word.
        listed: Whether the asset is counted in pieces.

    Raises:
        DataError: for a text that names no unit, or one of two.
    """
    text = re.sub(r"(?i)\s+net(to)?\.?$", "", text)
    found = unit_in(text)
    if listed:
        if found == PIECE:
            return PIECE
        raise DataError("a listed instrument counted in a mass", hint="Count shares: leave the unit empty or write 'unit'.")
    if found == PIECE:
        raise DataError("pieces of unknown weight", hint="Give the mass in kg, g, t, lb or ozt.")
    if found == "oz" and precious:
        return OZT
    if found in NO_ONE_MASS:
        raise DataError(
            "a unit that is not read" if found.endswith(" ton") else "a unit that is not one mass", hint=NO_ONE_MASS[found]
        )
    if found is None:
        whole = message("Write the net mass of the whole lot as the quantity, with its unit.")  # "drums", "-60", "kg gross"
        is_part = re.search(r"\d|(?i:gross|brutto)", text)
        raise DataError("unknown unit", hint=whole if is_part else did_you_mean(text, (KG, G, T, LB, OZT)))
    return found


def currency(text: str) -> str:
    """The ISO 4217 code that a code, sign or name stands for.

    Raises:
        DataError: for a text that is none, and for the sign of two currencies.
    """
    found = currencies.currency(tidy(text))
    if found is None:
        fault = message("a sign of two currencies") if tidy(text) in ("¥", "￥") else message("not a currency code")
        raise DataError(fault, hint=currencies.currency_hint(tidy(text)))
    return found


@dataclass(frozen=True, slots=True)
class Day:
    """A date as written: `day` where one reading is left, `either` as (day first, month first) where two are."""

    day: date | None
    either: tuple[date | None, date | None] | None = None


@lru_cache(1 << 14)
def day(text: str) -> Day | None:  # noqa: PLR0911  # one form after the other
    """The date in a cell. None for what is no date of the calendar, and for a moment of another zone that is no midnight.

    ISO, ``20251231``, ``31.12.2025`` (day first, with dots), ``2025/12/31``, months by name. With slashes or hyphens the day or
    the month may be first. A time of day without a zone is left aside.

    Args:
        text: As in the cell.
    """
    words = tidy(text)
    moment = CLOCK.search(words)
    if moment and (not moment[2] or not {*moment[1]} - {*"0:.,"}):
        words = words[: moment.start()].strip()
    if len(words) == 8 and words.isdecimal():
        return _one(int(words[:4]), int(words[4:6]), int(words[6:])) if words[0] in "12" else None
    match = _DATE.fullmatch(words)
    if match is None:
        return None
    first, before, middle, behind, last = (part.strip() for part in match.groups())
    if not (first.isdigit() and middle.isdigit()):
        name, number = (middle, first) if first.isdigit() else (first, middle)
        found, has_day = month_number(name), number.isdigit() and len(number) <= 2
        has_year = len(last) == 4 or (len(last) == 2 and first.isdigit())
        return _one(_year(last), found, int(number)) if found and has_day and has_year else None
    between = {before, behind}
    if len(first) == 4 and max(len(middle), len(last)) <= 2:
        is_one = first[0] in "12" and (between <= {*"-/."} or (before, behind) == ("年", "月"))
        return _one(int(first), int(middle), int(last)) if is_one else None
    if max(len(first), len(middle)) > 2 or len(last) not in (2, 4):
        return None
    day_first, month_first = (_date(_year(last), *pair) for pair in ((int(middle), int(first)), (int(first), int(middle))))
    if between == {"."}:
        return Day(day_first) if day_first else None
    if not between <= {*"/-"} or not (day_first or month_first):
        return None
    return Day(day_first) if day_first == month_first else Day(None, (day_first, month_first))


def is_day(text: str) -> bool:
    """Whether a text is a day, or a month with its year in digits."""
    return day(text) is not None or (len(text) == len("2026-05") and text[:4].isdecimal() and month(text) == text)


def month_number(name: str) -> int | None:
    """1 to 12 for the name of a month; None for what is none."""
    return next((MONTHS[spelling] for spelling in foldings(name) if spelling in MONTHS), None)


def month(text: str) -> str | None:
    """The month in a cell as ``2026-05``: ``Mai 2026``, ``May-2026``, ``2026M05``, ``05/2026``; None for what is none."""
    match = _MONTH.fullmatch(tidy(text))
    if match is None:
        return None
    name, year = match[1] or match[4] or match[5], match[2] or match[3] or match[6]
    number = int(name) if name.isdigit() else month_number(name) or 0
    return f"{year}-{number:02}" if 1 <= number <= 12 else None


def _year(text: str) -> int:
    number = int(text)
    return number if len(text) == 4 else number + (2000 if number < 70 else 1900)


def _one(year: int, month: int, number: int) -> Day | None:
    found = _date(year, month, number)
    return None if found is None else Day(found)


def _date(year: int, month: int, number: int) -> date | None:
    try:
        return date(year, month, number)
    except ValueError:
        return None


def either_reading(found: Iterable[Day]) -> tuple[int | None, bool]:
    """0 for day first and 1 for month first where the dates of a file settle it, and whether they contradict each other."""
    settled = {0 if both[1] is None else 1 for one in found if (both := one.either) and None in both}
    return (settled.pop() if len(settled) == 1 else None), len(settled) > 1
