"""Whose report it is: name, logo and footer of an advisor, and two colours in place of those of data and of controls.

A colour is taken only where it can be read: 4.5 to 1 against the page, as WCAG 2.2 asks of text, in the light and in the dark.
"""

from __future__ import annotations

import base64
import colorsys
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from xml.etree import ElementTree as ET  # (parses what has no document type)

from toolkit.report.charts.theme import DARK, LIGHT

LEAST_CONTRAST = 4.5
"""Contrast of a colour against the page: WCAG 2.2, 1.4.3."""
ALIKE = 0.25
"""Distance of the two colours (of 1.73) below which marks of data and of controls could be taken for each other."""
TINTS: Mapping[str, tuple[str, tuple[float, float]]] = {"band": ("data", (0.8, 0.65)), "soft": ("ctl", (0.87, 0.75))}
"""Areas of a colour: how much of the page is mixed in, in the light and in the dark."""
PNG, SVG = b"\x89PNG\r\n\x1a\n", "{http://www.w3.org/2000/svg}"
DRAWN = frozenset(
    {"svg", "g", "path", "rect", "circle", "ellipse", "line", "polyline", "polygon", "text", "tspan"}
    | {"defs", "linearGradient", "radialGradient", "stop", "clipPath", "title", "desc"}
)
"""Elements that a logo may have: none of them runs, links or embeds."""


@dataclass(frozen=True, slots=True)
class Logo:
    """A picture that is carried in the page."""

    kind: str
    content: bytes = field(repr=False)

    @property
    def uri(self) -> str:
        """The picture as the address of an image."""
        return f"data:{self.kind};base64,{base64.b64encode(self.content).decode()}"


@dataclass(frozen=True, slots=True)
class Brand:
    """Whose report it is; the default is nobody's.

    Attributes:
        name: Instead of that of the toolkit at the head of the page.
        footer: Below the last section, and at the foot of slides.
        logo: At the head of the page.
        light: Colours of the theme by name, in the light and on paper.
        dark: Likewise, in the dark.
    """

    name: str = ""
    footer: str = ""
    logo: Logo | None = None
    light: Mapping[str, str] = field(default_factory=lambda: LIGHT)
    dark: Mapping[str, str] = field(default_factory=lambda: DARK)

    @property
    def css(self) -> str:
        """Rules that set the colours that differ from those of the toolkit."""
        changed = [name for name in LIGHT if (self.light[name], self.dark[name]) != (LIGHT[name], DARK[name])]
        if not changed:
            return ""
        light, dark = (";".join(f"--{name}:{colours[name]}" for name in changed) for colours in (self.light, self.dark))
        return f":root{{{light}}}@media (prefers-color-scheme:dark){{:root{{{dark}}}}}@media print{{:root{{{light}}}}}"


def coloured(light: Mapping[str, str], dark: Mapping[str, str]) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """All colours of the theme, with two of them and their tints replaced.

    Args:
        light: ``data`` and ``ctl`` in the light, where they are given.
        dark: Likewise in the dark.
    """
    made = []
    for whole, given, mixed in ((LIGHT, light, 0), (DARK, dark, 1)):
        tints = {name: mix(given[of], whole["paper"], shares[mixed]) for name, (of, shares) in TINTS.items() if of in given}
        made.append({**whole, **given, **tints})
    return made[0], made[1]


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours (WCAG 2.2), 1 to 21."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def nearest(colour: str, page: str) -> str:
    """The colour itself where it can be read on a page, else the one of its hue that is nearest in lightness and can.

    Args:
        colour: As ``#1b5e93``.
        page: Colour of the page.
    """
    hue, light, saturation = colorsys.rgb_to_hls(*_parts(colour))
    darker = _luminance(page) > 0.5
    steps = [light - i / 255 for i in range(256)] if darker else [light + i / 255 for i in range(256)]
    tried = (colour, *(_hex(colorsys.hls_to_rgb(hue, min(max(step, 0.0), 1.0), saturation)) for step in steps))
    return next(one for one in tried if contrast(one, page) >= LEAST_CONTRAST)


def alike(one: str, other: str) -> bool:
    """Whether two colours could be taken for each other."""
    return sum((a - b) ** 2 for a, b in zip(_parts(one), _parts(other), strict=True)) ** 0.5 < ALIKE


def mix(colour: str, page: str, share: float) -> str:
    """A tint of a colour.

    Args:
        colour: As ``#1b5e93``.
        page: Colour of the page.
        share: Of the page in the tint, 0 to 1.
    """
    return _hex(tuple(a * (1 - share) + b * share for a, b in zip(_parts(colour), _parts(page), strict=True)))


def is_picture(svg: str) -> str | None:
    """What an SVG logo has that no logo needs, or None where it is a picture and nothing else."""
    if re.search(r"<!DOCTYPE|<!ENTITY|<\?xml-stylesheet", svg, re.IGNORECASE):
        return "a document type or a style sheet from elsewhere"
    try:
        root = ET.fromstring(svg)  # noqa: S314  (without a document type there are no entities to expand)
    except ET.ParseError as error:
        return f"a fault of its XML: {error}"
    for element in root.iter():
        name = element.tag.removeprefix(SVG)
        if name not in DRAWN:
            return f"the element <{name}>"
        for key, value in element.attrib.items():
            if (
                key.lower().startswith("on")
                or key.endswith("href")
                or re.search(r"url\((?!#)|@import|javascript:", value, re.I)
            ):
                return f"the attribute {key.rpartition('}')[2]}"
    return None if root.tag == f"{SVG}svg" else "no element <svg> of SVG"


def _parts(colour: str) -> tuple[float, float, float]:
    red, green, blue = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return red, green, blue


def _hex(parts: tuple[float, ...]) -> str:
    return "#" + "".join(f"{round(255 * part):02x}" for part in parts)


def _luminance(colour: str) -> float:
    linear = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in _parts(colour))
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
