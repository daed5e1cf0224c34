"""Numbers, money and dates as a reader of one language expects them (REPORT-STYLE 7), from the locale data of babel (CLDR).

None is a dash, never a computed absurdity.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from babel import Locale
from babel.dates import format_date, format_skeleton

from toolkit.core.messages import SIGNIFICANT
from toolkit.core.text import OWN_MARK, figure, half_up

NBSP = "\u00a0"
NARROW = "\u202f"
MINUS = "\u2212"
DASH = "–"
DAYS, MONTHS = "yyyy-mm-dd", "mmm yyyy"
"""Number formats of dates in a workbook."""
ENGLISH = {"long": "d MMMM y", "short": "d MMM y"}
"""Day before month, as our English readers write it; the locale ``en`` alone is American."""
_ISO = re.compile(r"\b(\d{4}-\d{2}-\d{2})\b")
_YEAR_MONTH = re.compile(r"(?<![\d-])((?:19|20)\d\d)-(0[1-9]|1[0-2])(?![\d-])")
_SIGN = re.compile(r"(?<=[ (])-(?=\d)")
_GAP = re.compile(r"(?<=\d) %")
_NOTICE = re.compile(r"\bNo\. (\d+) of (\d{4})(?: para (\d+))?")


class Written(str):
    """A figure or a date as a reader sees it, that still holds what it writes: a workbook takes the value, not the words.

    Attributes:
        value: The number before it was rounded, or the date.
        form: Number format of a workbook (ECMA-376 part 1, 18.8.31) that shows the same digits.
    """

    __slots__ = ("form", "value")
    value: float | date | None
    form: str

    def __new__(cls, words: str, value: float | date | None = None, form: str = "") -> Written:
        """Words with what they write."""
        written = super().__new__(cls, words)
        written.value, written.form = value, form
        return written


@dataclass(frozen=True)
class Formats:
    """How one language writes figures and dates.

    Attributes:
        code: Of the language, as in ``de`` or ``pt_BR``.
    """

    code: str = "en"
    locale: Locale = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "locale", Locale.parse(self.code))

    def number(self, value: float | None, decimals: int = 0, *, signed: bool = False) -> str:
        """A number with thousands separators and a true minus; zero after rounding has no sign."""
        if value is None:
            return DASH
        digits = half_up(abs(value), decimals)
        told = digits.translate(self._separators)
        if any(c in "123456789" for c in digits):
            told = (MINUS if value < 0 else "+" if signed else "") + told
        return Written(told, value, _form(decimals, signed=signed))

    def percent(self, value: float | None, decimals: int = 1, *, signed: bool = False) -> str:
        """A fraction as a percentage."""
        if value is None:
            return DASH
        told = self._per_cent(self.number(100 * value, decimals, signed=signed))
        return Written(told, value, _form(decimals, "%", signed=signed))

    def share(self, value: float) -> str:
        """A weight in a sentence: a share that rounds to nothing is below the least that is written."""
        return f"<{NARROW}{self.percent(0.001)}" if 0 < value < 0.0005 else self.percent(value)

    def limit(self, value: float) -> str:
        """A limit as it was written: no decimals that it does not have."""
        told = self.plain_number(100 * value)
        return Written(self._per_cent(told), value, _form(_decimals(f"{100 * value:.6g}"), "%"))

    def plain_number(self, value: float) -> str:
        """A number as it was written: up to six digits and a true minus."""
        return self.significant(value, ".6g")

    def significant(self, value: float, spec: str) -> str:
        """A number with the significant digits of a specification such as ``,.6g``, as `toolkit.core.text.figure` writes it."""
        parts = SIGNIFICANT.fullmatch(spec)
        digits = format(value, spec) if parts is None else figure(value, int(parts[2] or 6), grouped=bool(parts[1]))
        return Written(digits.translate(self._separators).replace("-", MINUS), value, _form(_decimals(digits)))

    def points(self, value: float | None, decimals: int = 1) -> str:
        """A difference of fractions in percentage points, signed."""
        return DASH if value is None else self.number(100 * value, decimals, signed=True)

    def money(self, value: float | None, currency: str, decimals: int = 0, *, signed: bool = False) -> str:
        """An amount with the sign of its currency, or its code where there is none."""
        if value is None:
            return DASH
        sign = self.locale.currency_symbols.get(currency, currency)
        before = self._currency_first
        gap = "" if before and len(sign) == 1 else NBSP
        digits = self.number(value, decimals, signed=signed)
        above, digits = (digits[0], digits[1:]) if digits[0] in f"+{MINUS}" else ("", digits)
        told = above + (f"{sign}{gap}{digits}" if before else f"{digits}{gap}{sign}")
        quoted = sign.replace('"', "")
        written = (f'"{quoted}{gap}"', "") if before else ("", f'"{gap}{quoted}"')
        form = f"{written[0]}{_form(decimals)}{written[1]}"
        form = f"+{form};-{form};{form}" if signed else form
        return Written(told, value, form)

    def price(self, value: float | None, like: float | None = None) -> str:
        """Prices have three or four digits that mean something; an error or an older print takes the decimals of `like`."""
        if value is None:
            return DASH
        size = value if like is None else like
        return self.number(value, 0 if size >= 1000 else 1 if size >= 100 else 2 if size >= 1 else 4)

    def quantity(self, value: float) -> str:
        """Units or kilograms, without trailing zeros."""
        digits = f"{value:,.4f}".rstrip("0").rstrip(".")
        return Written(digits.translate(self._separators).replace("-", MINUS), value, _form(_decimals(digits)))

    def kilograms(self, value: float) -> str:
        """A mass with its unit on the same line."""
        return f"{self.quantity(value)}{NBSP}kg"

    def long_date(self, value: str | date | None) -> str:
        """27 November 2026, its parts not to be torn apart."""
        if value is None:
            return DASH
        pattern = ENGLISH["long"] if self.locale.language == "en" else "long"
        return Written(format_date(day(value), pattern, self.locale).replace(" ", NBSP), day(value), DAYS)

    def short_date(self, value: str | date | None) -> str:
        """27 Nov 2026."""
        if value is None:
            return DASH
        pattern = ENGLISH["short"] if self.locale.language == "en" else "medium"
        return Written(format_date(day(value), pattern, self.locale).replace(" ", NBSP), day(value), DAYS)

    def month(self, value: str | date | None) -> str:
        """Jul 2026."""
        if value is None:
            return DASH
        return Written(format_skeleton("yMMM", day(value), locale=self.locale).replace(" ", NBSP), day(value), MONTHS)

    def sentence(self, words: str) -> str:
        """A sentence of the run as this page writes: dates, months, notices, signs, the gap of per cent, no code marks."""
        told = _YEAR_MONTH.sub(lambda m: self.month(f"{m[1]}-{m[2]}-01"), _GAP.sub(self._per_cent(""), self.notices(words)))
        return _SIGN.sub(MINUS, told).replace(" +/- ", f"{NBSP}±{NBSP}").replace("`", "")

    def notices(self, words: str) -> str:
        """Notice numbers in short, No. 46/2024 ¶2 or Nr. 46/2024 Ziff. 2, and ISO dates as a reader writes them.

        Own events are marked as such; what is no date stays as it is.
        """

        def written(match: re.Match[str]) -> str:
            try:
                return self.short_date(match[1])
            except ValueError:
                return match[1]

        words = _ISO.sub(written, words)
        german = self.locale.language == "de"
        word, paragraph = ("Nr.", f"Ziff.{NBSP}") if german else ("No.", "¶")
        words = words.replace(OWN_MARK, " (eigene Angabe)") if german else words
        return _NOTICE.sub(lambda m: f"{word}{NBSP}{m[1]}/{m[2]}" + (f"{NBSP}{paragraph}{m[3]}" if m[3] else ""), words)

    def chart_locale(self) -> dict[str, object]:
        """`config.locale` of a Vega-Lite specification: axes write numbers and months as the text does."""
        symbols = self.locale.number_symbols["latn"]
        months, short = self.locale.months["format"]["wide"], self.locale.months["format"]["abbreviated"]
        days, short_days = self.locale.days["format"]["wide"], self.locale.days["format"]["abbreviated"]
        week = (6, 0, 1, 2, 3, 4, 5)
        return {
            "number": {"decimal": symbols["decimal"], "thousands": symbols["group"], "grouping": [3], "currency": ["", ""]},
            "time": {
                "dateTime": "%x, %X", "date": "%d.%m.%Y", "time": "%H:%M:%S", "periods": ["AM", "PM"],
                "days": [days[i] for i in week], "shortDays": [short_days[i] for i in week],
                "months": [months[i] for i in range(1, 13)], "shortMonths": [short[i] for i in range(1, 13)],
            },
        }  # fmt: skip

    @cached_property
    def _separators(self) -> dict[int, str]:
        symbols = self.locale.number_symbols["latn"]
        return {ord(","): symbols["group"], ord("."): symbols["decimal"]}

    @cached_property
    def _currency_first(self) -> bool:
        return self.locale.currency_formats["standard"].pattern.startswith("¤")

    def _per_cent(self, digits: str) -> str:
        gap = NARROW if "0%" not in self.locale.percent_formats[None].pattern else ""
        return f"{digits}{gap}%"


class TerminalFormats(Formats):
    """How a terminal shows them: ISO dates, which sort and can be searched for, and codes of currencies in any encoding."""

    def long_date(self, value: str | date | None) -> str:
        """2026-11-27; a dash for none."""
        return DASH if value is None else day(value).isoformat()

    short_date = long_date

    def month(self, value: str | date | None) -> str:
        """2026-07."""
        return DASH if value is None else f"{day(value):%Y-%m}"

    def money(self, value: float | None, currency: str, decimals: int = 0, *, signed: bool = False) -> str:
        """1,234 EUR."""
        return DASH if value is None else f"{self.number(value, decimals, signed=signed)}{NBSP}{currency}"


def _form(decimals: int, unit: str = "", *, signed: bool = False) -> str:
    """Number format of a workbook: thousands, decimals, a sign also above zero where that is asked for."""
    digits = "#,##0" + (f".{'0' * decimals}" if decimals else "") + unit
    return f"+{digits};-{digits};{digits}" if signed else digits


def _decimals(digits: str) -> int:
    """Decimals that a number was written with."""
    mantissa, _, exponent = digits.partition("e")
    return max(len(mantissa.partition(".")[2]) - int(exponent or 0), 0)


def day(iso: str | date) -> date:
    """A date of the run object."""
    return iso if isinstance(iso, date) else date.fromisoformat(iso)


def capital(words: str) -> str:
    """With a capital first letter, the rest untouched."""
    return words[:1].upper() + words[1:]


def readable(identifier: str) -> str:
    """The words of an identifier: ``customs_unit_value``."""
    return identifier.replace("_", " ")
