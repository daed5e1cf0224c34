"""Registrations as a CSV file that spreadsheets read as words: none of its cells is a formula (OWASP ASVS 1.2.10)."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable

from toolkit.web.models import Registration

FORMULA = re.compile(r"[\s\ufeff\u200b-\u200f\u2060\x00-\x1f]*[=+\-@|%\uff1d\uff0b\uff0d\uff20]|[\s]*[\t\r\n\x00]")
"""Beginnings that a spreadsheet may take for a formula, also behind blanks and characters of no width, and in full width."""
COLUMNS = ("name", "email", "company", "state", "language", "registered", "confirmed", "news", "source")


def neutralise(text: str) -> str:
    """A cell that is words: what may begin a formula has an apostrophe before it."""
    return f"'{text}" if FORMULA.match(text) else text


def registrations_csv(registrations: Iterable[Registration]) -> bytes:
    """A CSV file, UTF-8 with the mark that spreadsheets look for, every cell quoted.

    Args:
        registrations: With `news`, whether a confirmed consent to news was given.
    """
    file = io.StringIO(newline="")
    writer = csv.writer(file, quoting=csv.QUOTE_ALL)
    writer.writerow(COLUMNS)
    for one in registrations:
        words = (one.name, one.email, one.company, one.state, one.language)
        times = (f"{one.created:%Y-%m-%d %H:%M}", f"{one.confirmed:%Y-%m-%d %H:%M}" if one.confirmed else "")
        news = "yes" if one.news else "no"  # type: ignore[attr-defined]  # annotated
        writer.writerow([neutralise(cell) for cell in (*words, *times, news, one.source)])
    return b"\xef\xbb\xbf" + file.getvalue().encode()
