"""Text that is safe to show: control and format characters can end a page, hide in a name, or command a terminal; and JSON."""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from pydantic_core import PydanticSerializationError, to_json

INVISIBLE = r"[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\x{FFFE}\x{FFFF}]"
"""Characters that `one_line` replaces, as a regular expression of polars (Rust)."""
OWN_MARK = " (own)"
"""Ends the title of an event that a user has given, wherever it is shown; reports translate it."""
WHOLE_PARTS = 1e15
"""Numbers below this have their whole part in fifteen digits."""
_BREAK = re.compile(r"[\t\n\x0b\x0c\r\x85\u2028\u2029]+")
_NAMES = ("name", "title", "asset")
_REPLACED = "\N{REPLACEMENT CHARACTER}"


def figure(value: float, digits: int = 6, *, grouped: bool = True) -> str:
    """A number in at most so many significant digits, the whole part never cut and never as an exponent from 1e-4 to 1e15.

    Args:
        value: An amount of money, a mass, a price.
        digits: Significant digits.
        grouped: Whether thousands are separated: 1,234,567.
    """
    comma = "," if grouped else ""
    whole = 10.0 ** (digits - 1) <= abs(value) < 1e15
    return format(value, f"{comma}.0f" if whole else f"{comma}.{digits}g")


def half_up(value: float, decimals: int) -> str:
    """A number with thousands separated and so many decimals; a tie goes away from zero, as in a ledger: 116.5 is 117.

    The tie is that of the number as it is written: fifteen digits, beyond which a float has noise.
    """
    if not abs(value) < WHOLE_PARTS:
        return f"{value:,.{decimals}f}"
    return f"{Decimal(f'{value:.15g}').quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP):,f}"


def one_line(text: str) -> str:
    """A name or a cell as one line of visible characters, composed (NFC) so that equal names are equal.

    Line breaks and tabs become a space. Format characters, which turn the direction of writing or have no width, are dropped:
    they make two names look the same. Other control characters, lone surrogates and what XML does not allow become U+FFFD.
    """
    if text.isascii() and text.isprintable():
        return text
    return printable(_BREAK.sub(" ", text))


def printable(text: str) -> str:
    """The same for text of several lines: line feeds and tabs stay."""
    if text.isascii() and text.isprintable():
        return text
    return unicodedata.normalize("NFC", "".join(map(_visible, text)))


def cleaned(data: Any) -> Any:
    """Parsed JSON or TOML with every text `printable`, and every key, name and title in one line."""
    match data:
        case str():
            return printable(data)
        case Mapping():
            named = {one_line(str(key)): value for key, value in data.items()}
            return {key: one_line(value) if _is_name(key, value) else cleaned(value) for key, value in named.items()}
        case list():
            return [cleaned(value) for value in data]
        case _:
            return data


def _is_name(key: str, value: Any) -> bool:
    return key in _NAMES and isinstance(value, str)


def _visible(character: str) -> str:
    if character.isprintable() or character in "\n\t":
        return character
    category = unicodedata.category(character)
    if category == "Cf":
        return ""
    return character if category in ("Zs", "Co") or (category == "Cn" and ord(character) & 0xFFFE != 0xFFFE) else _REPLACED


def repeated(names: Iterable[str]) -> list[str]:
    """Names that stand more than once, in the order of their first appearance."""
    return [name for name, times in Counter(names).items() if times > 1]


def words(text: str | None) -> tuple[str, ...]:
    """The entries of a column that holds a list, `;` between them."""
    return tuple(part.strip() for part in (text or "").split(";") if part.strip())


def indented(data: Any, *, ascii_only: bool = False) -> str:
    """`data` as JSON with an indent of one space, null for a number that is not finite.

    Args:
        data: What JSON can hold.
        ascii_only: Whether other letters are escaped.
    """
    try:
        return to_json(data, indent=1, ensure_ascii=ascii_only, inf_nan_mode="null").decode()
    except PydanticSerializationError:  # half a character, as in the name of a file that is no UTF-8
        return json.dumps(data, indent=1, ensure_ascii=ascii_only, allow_nan=False)
