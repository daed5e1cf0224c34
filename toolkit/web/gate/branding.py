"""The colour of a webinar's pages."""

from __future__ import annotations

import re

COLOUR, PAPER, DARK_PAPER = "#1b5e93", "#ffffff", "#10161c"
"""Of the style sheet of the portal: its colour, and what it stands on by day and in the dark."""
READABLE = 4.5
"""Contrast of words (WCAG 2.2, 1.4.3)."""
STEPS = 20
"""Between a colour and white, for the one that is light enough in the dark."""


def _channels(colour: str) -> list[int]:
    return [int(colour[at : at + 2], 16) for at in (1, 3, 5)]


def luminance(colour: str) -> float:
    """Relative luminance of an sRGB colour, from 0 to 1 (WCAG 2.2)."""
    parts = [channel / 255 for channel in _channels(colour)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours, from 1 to 21 (WCAG 2.2)."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def in_the_dark(colour: str) -> str:
    """The colour, with as little white as makes it readable on dark paper."""
    mixed = (
        "#" + "".join(f"{round(channel + (255 - channel) * step / STEPS):02x}" for channel in _channels(colour))
        for step in range(STEPS + 1)
    )
    return next(one for one in mixed if contrast(one, DARK_PAPER) >= READABLE)


def sheet(colour: str) -> str:
    """The style sheet of a colour; empty for what is none, or cannot be read on white."""
    if not re.fullmatch("#[0-9a-f]{6}", colour) or contrast(colour, PAPER) < READABLE:
        return ""
    dark = f"@media (prefers-color-scheme: dark) {{ :root {{ --data: {in_the_dark(colour)}; }} }}"
    return f":root {{ --data: {colour}; }}\n{dark}\n"
