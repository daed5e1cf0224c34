"""Look-up of controlled items by tariff code or by words."""

from __future__ import annotations

from datetime import date

import polars as pl

from toolkit.controls.ledger import ControlLedger
from toolkit.core.errors import DataError, SpecError
from toolkit.core.text import words

SHORTEST_CODE = 4
"""Digits of a heading of the Harmonized System; fewer name a chapter, which is no help in a list of items."""


def _same_code(code: str, listed: str) -> bool:
    """Whether one code is the other or a heading of it: items carry 8 or 10 digits, people type 4 to 10."""
    return code.startswith(listed) or listed.startswith(code)


def find_items(ledger: ControlLedger, query: str, *, on: date) -> pl.DataFrame:
    """The controlled items that `query` finds, with the legal status of their notice on `on`.

    Args:
        ledger: A ledger built with its `control_items`.
        query: A tariff code of at least four digits (dots and spaces are ignored), or words that must all occur in the
            name of the item (English or Chinese), its metals, its control code or its notice.
        on: Day of the question; notices published later are not shown.

    Returns:
        The columns of `control_items` and `status`, in the order of the notices; empty when nothing is found.
    """
    if ledger.items is None:
        raise DataError("the ledger was built without its items.", hint="Give the table control_items to ControlLedger.of.")
    text = query.strip()
    code = text.replace(".", "").replace(" ", "")
    if not text or (code.isdecimal() and len(code) < SHORTEST_CODE):
        raise SpecError(
            "{query!r:s} is too short to look for.", hint="Give words, or at least four digits of a tariff code.", query=query
        )

    def matches(row: dict[str, str | None]) -> bool:
        if code.isdecimal():
            return any(_same_code(code, listed) for listed in words(row["hs_codes"]))
        hay = " ".join(row[name] or "" for name in ("item", "item_cn", "metals", "control_code", "notice")).casefold()
        return all(word in hay for word in text.casefold().split())

    known = ledger.items.filter(pl.col("known_from") <= on)
    found = known.filter(pl.Series([matches(row) for row in known.iter_rows(named=True)], dtype=pl.Boolean))
    status = [ledger.chronology.status(ledger[event_id], on, known=on) for event_id in found["event_id"]]
    return found.with_columns(pl.Series("status", status, dtype=pl.String)).sort("known_from", "notice", "item")
