"""Purity as traded (``99.99 %``, ``4N5``, ``999.9``) read as a fraction: some notices list a form only from a purity on."""

from __future__ import annotations

import re

NINES = re.compile(r"(\d{1,2})N(\d?)", re.IGNORECASE)
PERCENT = re.compile(r"(\d{1,3}(?:\.\d+)?)(?:\s*-\s*\d{1,3}(?:\.\d+)?)?\s*%")
PLAIN = re.compile(r"\d+(?:\.\d+)?")


def purity_fraction(text: str | None) -> float | None:
    """The fraction that `text` states; None when it states none, or an ambiguous one.

    Understood: a percentage (of a range, the lower end, since that is what is promised), nines (``4N5`` is 0.99995), fineness
    in thousandths as for precious metals (``999.9``), and a fraction.
    """
    words = (text or "").strip().replace("\u2009", " ")
    percent = PERCENT.search(words)
    if percent:
        share = round(float(percent[1]) / 100, 12)  # 99.99 / 100 falls below 0.9999, and thresholds are inclusive
        return share if share <= 1 else None
    nines = NINES.fullmatch(words)
    if nines:
        digits = "9" * int(nines[1]) + nines[2]
        return float(f"0.{digits}") if digits else None
    if PLAIN.fullmatch(words):
        number = float(words)
        if number <= 1:
            return number
        return round(number / 1000, 12) if 500 <= number <= 1000 else None  # a bare 99.9 may be percent or a slip: not guessed
    return None
