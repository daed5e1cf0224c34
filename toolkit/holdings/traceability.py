"""Traceability of a lot: its origin and its certificate, each known, claimed or unknown."""

from __future__ import annotations

from dataclasses import dataclass

from toolkit.core.countries import UNKNOWN_ORIGIN

KNOWN, CLAIMED, UNKNOWN = "known", "claimed", "unknown"
AFFIRMATIONS = frozenset({"yes", "y", "true", "x", "1", "ja", "available", "present", "vorhanden"})
"""Words that claim a certificate without naming the document."""
DENIALS = frozenset({"no", "n", "false", "0", "none", "nein", "-", "n/a", "missing"})


@dataclass(frozen=True, slots=True)
class Traceability:
    """The state of a lot's papers as its owner's file gives it; the toolkit sees no document.

    Attributes:
        origin: ``known`` when a country is stated and a document is named that can show it, ``claimed`` when only stated.
        certificate: ``known`` when a document is named, ``claimed`` when one is said to exist.
    """

    origin: str
    certificate: str


def traceability(origin_country: str, certificate: str | None) -> Traceability:
    """The traceability of one lot.

    Args:
        origin_country: ISO-3, or ``unknown``.
        certificate: The cell of the holdings file: a number or name of a document, an affirmation, a denial, or nothing.
    """
    word = (certificate or "").strip().casefold()
    paper = UNKNOWN if not word or word in DENIALS else CLAIMED if word in AFFIRMATIONS else KNOWN
    if origin_country == UNKNOWN_ORIGIN:
        return Traceability(UNKNOWN, paper)
    return Traceability(KNOWN if paper == KNOWN else CLAIMED, paper)
