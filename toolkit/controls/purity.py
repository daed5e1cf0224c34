"""Purity as traded (``99.99 %``, ``4N5``, ``999.9``) read as a fraction, from which on notices may list a form, and as a grade.

A grade is the number of nines: dealers trade 4N as one good, 7N as another, at a price of its own.
"""

from __future__ import annotations

import math
import re
from functools import lru_cache

from toolkit.core.trade_names import PURITY_CLASSES, without_purity_class

_AT_MOST = re.compile(r"[<≤]\s*[\d.,]+\s*%?")
_AROUND = re.compile(
    r"(?i)\b(?:min|mind|mindestens|minimum|ca|approx|typ|fine|fineness|fein|feinheit|reinheit|purity|pure|rein)\b\.?|[>≥~()]"
)
_NINES = re.compile(r"(?<![\w.,])(\d{1,2})N(\d?)(?!\w)", re.IGNORECASE)
_TO = r"\s*(?:[-–\u2014]|to|bis)\s*\d{1,3}(?:[.,]\d+)?"
_PERCENT = re.compile(rf"(?<![\d.,])(\d{{1,3}}(?:[.,]\d+)?)(?:{_TO})?\s*%")
_RANGE = re.compile(rf"\d{_TO}\s*%")
_PERCENT_EACH = re.compile(r"(?<![\d.,])\d{1,3}(?:[.,]\d+)?(?![\d.,])")
_KARAT = re.compile(r"(\d{1,2})[\s-]?(?:k|kt|ct|karat|carat)\.?(?:\s+\w+)?", re.IGNORECASE)
_PLAIN = re.compile(r"(\d*[.,]?\d+)(?:\s?/\s?1000|\s?er)?")


@lru_cache(4096)  # many lots state the same
def purity_fraction(text: str | None) -> float | None:
    """The fraction that `text` states; None when it states none, or an ambiguous one.

    Understood, with a decimal point or comma: a percentage, nines (``4N5`` is 0.99995), fineness in thousandths as for precious
    metals (``999.9``, ``925/1000``), a fraction (``.925``), karats and sterling. Of a range the lower end is what is promised.
    What is stated as below (``Zr < 0.5 %``) or is below 1 % is of something else.
    """
    words = _AT_MOST.sub(" ", (text or "").strip().replace("\u2009", " "))
    shares = [share for share in map(_number, _PERCENT.findall(words)) if share >= 1]  # less is an impurity: "As 0.05 %"
    found = [round(share / 100, 12) for share in shares[:1]]  # inclusive: 99.99 / 100 is below 0.9999
    found += [float(f"0.{'9' * int(nines)}{digit}") for nines, digit in _NINES.findall(words) if nines.strip("0") or digit]
    if found:
        return min(found) if max(found) <= 1 else None
    words = " ".join(_AROUND.sub(" ", words).split())
    if words.casefold().startswith("sterling"):
        return 0.925
    if (karat := _KARAT.fullmatch(words)) and 0 < int(karat[1]) <= 24:
        return int(karat[1]) / 24
    if plain := _PLAIN.fullmatch(words):
        number = _number(plain[1])
        if number <= 1:
            return number
        return round(number / 1000, 12) if 500 <= number <= 1000 else None  # a bare 99.9 may be percent or a slip: not guessed
    return None


def settled_purity(text: str | None) -> float | None:
    """The fraction that `text` states, against which a threshold is held; None also of a range, which may lie on both sides."""
    return None if _RANGE.search(text or "") else purity_fraction(text)


@lru_cache(4096)
def grades(text: str | None) -> tuple[int, int] | None:
    """The least and the greatest number of nines that `text` states, ``(3, 4)`` of ``99.95-99.99 %``; None without one.

    Those of a class where it states no number: zone refined.
    """
    if (lowest := purity_fraction(text)) is None or lowest >= 1:
        return PURITY_CLASSES.get(without_purity_class(text or "")[1] or "")
    written = [share / 100 for share in map(_number, _PERCENT_EACH.findall(text or "")) if _RANGE.search(text or "")]
    stated = [_nines(share) for share in written if lowest <= share < 1]
    return _nines(lowest), max([_nines(lowest), *stated, *(int(nines) for nines, _ in _NINES.findall(text or ""))])


def grades_apart(one: str | None, other: str | None) -> int:
    """Nines by which the second purity is above the first, negative below it; 0 where their grades meet or one states none."""
    first, second = grades(one), grades(other)
    if first is None or second is None:
        return 0
    return max(second[0] - first[1], 0) - max(first[0] - second[1], 0)


def _nines(share: float) -> int:
    return math.floor(-math.log10(1 - share) + 1e-9)  # 1 - 0.9999 is below 1e-4 by a rounding, or above it


def _number(text: str) -> float:
    return float(text.replace(",", "."))
