"""Where the words of a drawing stand, for tests that no two of them meet."""

from __future__ import annotations

import re
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from toolkit.report.charts.draw import SVG, draw
from toolkit.report.charts.theme import width
from toolkit.report.document import Chart

_AT = re.compile(r"translate\((-?[\d.]+)[, ]+(-?[\d.]+)\)")


@dataclass(frozen=True)
class Words:
    """Words at px of a drawing: `left` and `right` end, and their base line."""

    words: str
    left: float
    right: float
    base: float


def texts(spec: str) -> list[Words]:
    """The words of a drawing, without the ground that is drawn below them in the colour of the paper."""
    found: list[Words] = []

    def walk(element: ET.Element, x: float, y: float) -> None:
        if at := _AT.match(element.get("transform", "")):
            x, y = x + float(at[1]), y + float(at[2])
        if element.tag == f"{{{SVG}}}text" and element.text and "stroke-paper" not in element.get("class", ""):
            bold, size = element.get("font-weight") == "bold", float(element.get("font-size", "12.5").removesuffix("px"))
            long = width(element.text, size, bold=bold)
            left = x - {"middle": long / 2, "end": long}.get(element.get("text-anchor", "start"), 0.0)
            found.append(Words(element.text, left, left + long, y))
        for child in element:
            walk(child, x, y)

    walk(ET.fromstring(draw(spec)), 0.0, 0.0)
    return found


def room(spec: str) -> float:
    """Width of a drawing in px."""
    return float(ET.fromstring(draw(spec)).attrib["viewBox"].split()[2])


def assert_apart(chart: Chart) -> None:
    """In none of its drawings do two words on one line meet, or words leave the drawing."""
    for drawing in chart.drawings:
        shown = texts(drawing.spec)
        assert shown
        for one in shown:
            assert one.left >= -1, one
            assert one.right <= room(drawing.spec) + 3, one
            for other in shown:
                if other is not one and abs(one.base - other.base) < 8:
                    assert one.right <= other.left + 1 or other.right <= one.left + 1, (one, other)
