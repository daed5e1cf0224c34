"""How wide words are, for labels that must not meet: drawings are made without a browser that could measure them.

The faces of the page (Helvetica, Arial, Liberation Sans) share their advance widths.
"""

from __future__ import annotations

from collections.abc import Mapping

from toolkit.report.charts.theme import LABEL_TEXT

_GROUPS = {
    0: "\u2066\u2067\u2068\u2069",
    222: "ijl'’",
    278: "I ft/.,:;! \u00a0\u202f",
    333: "r()-·“”",
    500: "cksvxyzJ",
    556: "abdeghnopqu0123456789–?LßäöüFT¶",
    584: "+=<>~±−",
    667: "ABEKPSVXYÄ",
    722: "CDHNRUÜw",
    778: "GOQÖ",
    833: "mM",
    944: "W",
    1000: "%…▲",
}
_ADVANCE: Mapping[str, int] = {letter: width for width, letters in _GROUPS.items() for letter in letters}
_OTHER = 1000
"""Thousandths of the size: what a letter of another script takes at most."""
BOLD = 1.08
"""How much wider the bold face is, on the average of words."""


def width(words: str, size: float = LABEL_TEXT, *, bold: bool = False) -> float:
    """Width of words in px, at `size` px of type."""
    return sum(_ADVANCE.get(letter, _OTHER) for letter in words) * size / 1000 * (BOLD if bold else 1.0)


def cut(words: str, room: float, size: float = LABEL_TEXT) -> str:
    """The words, with an ellipsis where they do not fit the room.

    Args:
        words: In one line.
        room: px.
        size: px of type.
    """
    if width(words, size) <= room:
        return words
    kept = words
    while kept and width(f"{kept}…", size) > room:
        kept = kept[:-1]
    return f"{kept.rstrip()}…"
