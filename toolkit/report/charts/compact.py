"""The same drawing in fewer bytes: tenths of a pixel, no defaults, no empty groups, and dots of one kind as one path."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable
from xml.etree import ElementTree as ET  #  (a type; nothing is parsed)

DEFAULTS = {
    ("opacity", "1"), ("text-anchor", "start"), ("x1", "0"), ("y1", "0"), ("x2", "0"), ("y2", "0"), ("font-weight", "normal"),
    ("transform", "translate(0,0)"), ("stroke-width", "1"), ("stroke-dasharray", ""),
}  # fmt: skip
"""Attributes that say what would hold without them."""
MEASURES = ("d", "transform", "x", "y", "x1", "x2", "y1", "y2", "width", "height")
FEW = 4
"""Dots of one kind below this number stay as they are."""
_NUMBER = re.compile(r"-?\d+\.\d+(?:e-?\d+)?")
_DOT = re.compile(r"M([\d.]+),0A\1,\1,0,1,1,-\1,0A\1,\1,0,1,1,\1,0Z?$")
_AT = re.compile(r"translate\(([-\d.]+),([-\d.]+)\)$")


def compact(element: ET.Element) -> None:
    """Shorten an element and all below it in place; what is seen stays the same to a tenth of a pixel."""
    for key in MEASURES:
        if key in element.attrib:
            element.attrib[key] = _NUMBER.sub(_tenths, element.attrib[key])
    for key, value in list(element.attrib.items()):
        if (key, value) in DEFAULTS:
            del element.attrib[key]
    for child in element:
        compact(child)
    element[:] = _without_shells(element)
    element[:] = _dots_together(element)


def _tenths(match: re.Match[str]) -> str:
    return f"{float(match[0]):.1f}".rstrip("0").rstrip(".").replace("-0", "0" if float(match[0]) > -0.05 else "-0")


def _without_shells(children: Iterable[ET.Element]) -> list[ET.Element]:
    """Children, with those of a group that says nothing in its place."""
    found: list[ET.Element] = []
    for child in children:
        shell = child.tag.endswith("}g") and not child.attrib
        found += list(child) if shell else [child]
    return found


def _dots_together(children: Iterable[ET.Element]) -> list[ET.Element]:
    """Filled circles of one size and colour that follow one another as one path of round points."""
    found: list[ET.Element] = []
    for kind, run in itertools.groupby(children, key=_dot):
        members = list(run)
        if kind is None or len(members) < FEW:
            found += members
            continue
        size, colour = kind
        places = [match for one in members if (match := _AT.match(one.attrib.get("transform", "translate(0,0)")))]
        path = "".join(f"M{place[1]},{place[2]}h0" for place in places)
        attributes = {"d": path, "stroke-width": f"{2 * float(size):g}", "stroke-linecap": "round", "class": f"stroke-{colour}"}
        found.append(ET.Element(members[0].tag, attributes))
    return found


def _dot(element: ET.Element) -> tuple[str, str] | None:
    """(radius, colour) of a filled circle that has nothing else to say; None for anything else."""
    shape = _DOT.match(element.attrib.get("d", ""))
    classes = set(element.attrib.get("class", "").split())
    fill = next((name.removeprefix("fill-") for name in classes if name.startswith("fill-")), None)
    message = element.attrib.keys() - ({"stroke-width"} if element.attrib.get("stroke-width") == "0" else set())
    bare = message <= {"d", "transform", "class"} and classes <= {f"fill-{fill}", f"stroke-{fill}"}
    return (shape[1], fill) if shape and fill and bare else None
