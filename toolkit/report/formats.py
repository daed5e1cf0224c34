"""Numbers, money and dates as an English reader expects them (REPORT-STYLE 7). None is a dash, never a computed absurdity."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

NBSP = "\u00a0"
MINUS = "\u2212"
DASH = "–"
SYMBOLS = {"EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥"}
WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_ISO = re.compile(r"\b(\d{4}-\d{2}-\d{2})\b")
_YEAR_MONTH = re.compile(r"(?<![\d-])((?:19|20)\d\d)-(0[1-9]|1[0-2])(?![\d-])")
_SIGN = re.compile(r"(?<=[ (])-(?=\d)")
_GAP = re.compile(r"(?<=\d) %")
_NOTICE = re.compile(r"\bNo\. (\d+) of (\d{4})(?: para (\d+))?")


def number(value: float | None, decimals: int = 0, *, signed: bool = False) -> str:
    """A number with thousands separators and a true minus; zero after rounding has no sign."""
    if value is None:
        return DASH
    digits = f"{abs(value):,.{decimals}f}"
    if not any(c in "123456789" for c in digits):
        return digits
    return (MINUS if value < 0 else "+" if signed else "") + digits


def percent(value: float | None, decimals: int = 1) -> str:
    """A fraction as a percentage."""
    return DASH if value is None else number(100 * value, decimals) + "%"


def share(value: float) -> str:
    """A weight in a sentence: a share that rounds to nothing is said to be small."""
    return "under 0.1%" if 0 < value < 0.0005 else percent(value)


def limit(value: float) -> str:
    """A limit as it was written: no decimals that it does not have."""
    return f"{100 * value:.6g}%".replace("-", MINUS)


def plain_number(value: float) -> str:
    """A number as it was written: up to six digits and a true minus."""
    return f"{value:.6g}".replace("-", MINUS)


def points(value: float | None, decimals: int = 1) -> str:
    """A difference of fractions in percentage points, signed."""
    return DASH if value is None else number(100 * value, decimals, signed=True)


def money(value: float | None, currency: str, decimals: int = 0) -> str:
    """An amount with the sign of its currency, or its code where there is none."""
    if value is None:
        return DASH
    sign = SYMBOLS.get(currency, currency + NBSP)
    digits = number(value, decimals)
    return f"{MINUS}{sign}{digits[1:]}" if digits.startswith(MINUS) else sign + digits


def price(value: float | None, like: float | None = None) -> str:
    """Prices have three or four digits that mean something; an error or an older print takes the decimals of `like`."""
    if value is None:
        return DASH
    size = value if like is None else like
    return number(value, 0 if size >= 1000 else 1 if size >= 100 else 2 if size >= 1 else 4)


def quantity(value: float) -> str:
    """Units or kilograms, without trailing zeros."""
    return f"{value:,.4f}".rstrip("0").rstrip(".")


def day(iso: str | date) -> date:
    """A date of the run object."""
    return iso if isinstance(iso, date) else date.fromisoformat(iso)


def long_date(value: str | date) -> str:
    """27 November 2026, its parts not to be torn apart."""
    d = day(value)
    return f"{d.day}{NBSP}{MONTHS[d.month - 1]}{NBSP}{d.year}"


def short_date(value: str | date | None) -> str:
    """27 Nov 2026."""
    if value is None:
        return DASH
    d = day(value)
    return f"{d.day}{NBSP}{MONTHS[d.month - 1][:3]}{NBSP}{d.year}"


def month(value: str | date | None) -> str:
    """Jul 2026."""
    return DASH if value is None else short_date(value).split(NBSP, 1)[1]


def distance(value: str | date, today: date) -> str:
    """How far off a day is."""
    days = (day(value) - today).days
    if abs(days) <= 1:
        return {-1: "yesterday", 0: "today", 1: "tomorrow"}[days]
    return f"in {days}{NBSP}days" if days > 0 else f"{-days}{NBSP}days ago"


def count(n: int, one: str, many: str | None = None) -> str:
    """A count with its noun; small ones in words."""
    return f"{WORDS[n] if n < len(WORDS) else f'{n:,}'} {one if n == 1 else many or one + 's'}"


def are(n: int) -> str:
    """The verb of a count."""
    return "is" if n == 1 else "are"


def series(words: Sequence[str]) -> str:
    """Words with commas between them, and “and” before the last."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def capital(words: str) -> str:
    """With a capital first letter, the rest untouched."""
    return words[:1].upper() + words[1:]


def dates_in_words(sentence: str) -> str:
    """ISO dates inside a sentence as a reader writes them; what is no date stays as it is."""

    def written(match: re.Match[str]) -> str:
        try:
            return short_date(match[1])
        except ValueError:
            return match[1]

    return notices(_ISO.sub(written, sentence))


def sentence(words: str) -> str:
    """A sentence of the run as this page writes: dates, months, notices, signs, per cent without a gap, no code marks."""
    told = _YEAR_MONTH.sub(lambda m: month(f"{m[1]}-{m[2]}-01"), _GAP.sub("%", dates_in_words(words)))
    return _SIGN.sub(MINUS, told).replace(" +/- ", f"{NBSP}±{NBSP}").replace("`", "")


def notices(words: str) -> str:
    """Notice numbers in the short form of tables and lanes: No. 46/2024 ¶2."""
    return _NOTICE.sub(lambda m: f"No.{NBSP}{m[1]}/{m[2]}" + (f"{NBSP}¶{m[3]}" if m[3] else ""), words)


def readable(identifier: str) -> str:
    """The words of an identifier: ``customs_unit_value``."""
    return identifier.replace("_", " ")
