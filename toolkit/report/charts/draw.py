"""From a specification to SVG, without a browser, stripped to what a page needs.

Labels that the library generates for every mark are dropped: the drawing has one title that tells the numbers, and a data table
follows it. Ids and fonts are dropped too, so that equal specifications give equal bytes in any document.
"""

from __future__ import annotations

import functools
import re
import struct
import zlib
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from xml.etree import ElementTree as ET  #  (parses only what vl-convert has just drawn)

import vl_convert
from markupsafe import escape

from toolkit.report.charts.theme import DARK, LIGHT, TOKENS
from toolkit.report.document import Drawing

SVG = "http://www.w3.org/2000/svg"
ENGINE = f"vl-convert {version('vl-convert-python')}"
"""The library that draws."""
HATCH = (
    '<defs><pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<rect width="6" height="6" class="fill-paper"/><rect width="2" height="6" class="fill-ctl"/></pattern>'
    '<pattern id="unsure" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<rect width="5" height="5" class="fill-paper"/><rect width="1" height="5" class="fill-cur"/></pattern></defs>'
)
_CLASSES = {value: token for token, value in TOKENS.items()}
_KEPT = frozenset(
    {"d", "x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "r", "width", "height", "transform", "viewBox", "opacity"}
    | {"text-anchor", "font-size", "font-weight", "font-style"}
    | {"stroke-width", "stroke-linecap", "stroke-dasharray", "stroke-linejoin"}
)
"""Attributes that say where a mark is and how thick; ids, labels and fonts are none of them."""


_WRITTEN = frozenset({"class", "role", "fill"})
_MARKS = frozenset({"svg", "g", "path", "line", "rect", "circle", "ellipse", "polygon", "polyline", "text", "tspan"})


@functools.lru_cache(maxsize=256)
def draw(spec: str) -> str:
    """The drawing of a specification as SVG text with classes of the theme; it has no title yet.

    Raises:
        ValueError: for a colour that is not of the theme.
    """
    root = ET.fromstring(vl_convert.vegalite_to_svg(spec))  # noqa: S314
    _strip(root)
    compact(root)
    box = root.attrib["viewBox"]
    root.attrib = {"viewBox": box, "role": "img", "class": "drawn", "style": f"max-width:{box.split()[2]}px"}
    ET.register_namespace("", SVG)
    return ET.tostring(root, encoding="unicode", short_empty_elements=True)


def drawn(drawing: Drawing) -> str:
    """The drawing of a document as SVG text with classes of the theme; it has no title yet."""
    return draw(drawing.spec)


def is_drawing(svg: str) -> bool:
    """Whether a text may stand in a page as a drawing: well-formed, and nothing but the marks and attributes that `draw` keeps.

    A kept drawing comes from a folder that others may write to: what runs, links or embeds is no drawing.
    """
    if "<!" in svg or "<?" in svg:
        return False
    try:
        root = ET.fromstring(svg)  # noqa: S314  (without a document type there are no entities to expand)
    except ET.ParseError:
        return False
    style = root.attrib.pop("style", "")
    return re.fullmatch(r"max-width:[\d.]+px", style) is not None and all(
        mark.tag.removeprefix(f"{{{SVG}}}") in _MARKS and mark.attrib.keys() <= _KEPT | _WRITTEN for mark in root.iter()
    )


def titled(svg: str, title: str) -> str:
    """The drawing with the words that stand for it where it is not seen."""
    start = svg.index(">") + 1
    return f"{svg[:start]}<title>{escape(title)}</title>{svg[start:]}"


def standalone(svg: str, *, dark: bool = True) -> str:
    """A drawing that carries its colours, for where the style sheet of the page is not.

    Args:
        svg: What `draw` made.
        dark: Whether it follows a reader who prefers the dark; a bitmap cannot.
    """
    start = svg.index(">") + 1
    own = f"text{{font-family:Helvetica,Arial,'Liberation Sans',sans-serif}}{_rules(LIGHT)}"
    style = f"{own}@media(prefers-color-scheme:dark){{{_rules(DARK)}}}" if dark else own
    return f"{svg[:start]}<style>{style}</style>{HATCH}{svg[start:]}"


def bitmap(svg: str, scale: float = 2.0) -> bytes:
    """A drawing as PNG in the light colours, for mail programs that strip SVG."""
    # On no ground the engine leaves grey edges around what is drawn over something.
    ground = '<rect width="100%" height="100%" class="fill-paper"/>'
    return vl_convert.svg_to_png(standalone(svg, dark=False).replace(HATCH, HATCH + ground, 1), scale=scale)


def _rules(colours: Mapping[str, str]) -> str:
    rules = "".join(f".fill-{name}{{fill:{colour}}}.stroke-{name}{{stroke:{colour}}}" for name, colour in colours.items())
    return f"svg{{background:{colours['paper']}}}{rules}.fill-hatch{{fill:url(#hatch)}}.fill-unsure{{fill:url(#unsure)}}"


def _strip(element: ET.Element) -> None:
    """Drop generated labels, empty backgrounds and fonts; turn the stand-ins of colours into classes."""
    for child in list(element):
        tag = child.tag.removeprefix(f"{{{SVG}}}")
        ghost = child.attrib.get("class") in ("background", "foreground") or child.attrib.get("display") == "none"
        ghost = ghost or child.attrib.get("opacity") == "0"  # a label that had no room
        if ghost or tag == "defs" or (tag == "rect" and child.attrib.get("fill") == "white"):
            element.remove(child)
            continue
        _strip(child)
        if tag == "g" and not len(child):
            element.remove(child)
    classes = [
        f"{side}-{_colour(element.attrib[side])}"
        for side in ("fill", "stroke")
        if element.attrib.get(side, "none") not in ("none", "transparent")
    ]
    kept = {key: value for key, value in element.attrib.items() if key in _KEPT}
    if element.attrib.get("fill") in ("none", "transparent"):
        kept["fill"] = "none"
    element.attrib = {**kept, **({"class": " ".join(classes)} if classes else {})}


def _colour(value: str) -> str:
    """The token of a stand-in; a colour of the library's own would not follow the theme, and is refused."""
    try:
        return _CLASSES[value]
    except KeyError:
        raise ValueError(f"the drawing uses the colour {value!r}, which is no token of the theme") from None


SIGNATURE = b"\x89PNG\r\n\x1a\n"


def packed(png: bytes) -> bytes:
    """A PNG with its pixels compressed as far as they go, and nothing beside them.

    Args:
        png: A whole file.

    Raises:
        ValueError: for bytes that are no PNG.
    """
    if not png.startswith(SIGNATURE):
        raise ValueError("the bytes are no PNG")
    header, pixels, position = b"", b"", len(SIGNATURE)
    while position < len(png):
        (length,) = struct.unpack(">I", png[position : position + 4])
        kind, content = png[position + 4 : position + 8], png[position + 8 : position + 8 + length]
        header = content if kind == b"IHDR" else header
        pixels += content if kind == b"IDAT" else b""
        position += length + 12
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(zlib.decompress(pixels), 9)), (b"IEND", b""))
    return SIGNATURE + b"".join(_chunk(kind, content) for kind, content in chunks)


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


DEFAULTS = {
    ("opacity", "1"), ("text-anchor", "start"), ("x1", "0"), ("y1", "0"), ("x2", "0"), ("y2", "0"), ("font-weight", "normal"),
    ("transform", "translate(0,0)"), ("stroke-width", "1"), ("stroke-dasharray", ""),
}  # fmt: skip
"""Attributes that say what would hold without them."""
MEASURES = ("d", "transform", "x", "y", "x1", "x2", "y1", "y2", "width", "height")
_NUMBER = re.compile(r"-?\d+\.\d+(?:e-?\d+)?")


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


def _tenths(match: re.Match[str]) -> str:
    return f"{float(match[0]):.1f}".rstrip("0").rstrip(".").replace("-0", "0" if float(match[0]) > -0.05 else "-0")


def _without_shells(children: Iterable[ET.Element]) -> list[ET.Element]:
    """Children, with those of a group that says nothing in its place."""
    found: list[ET.Element] = []
    for child in children:
        shell = child.tag.endswith("}g") and not child.attrib
        found += list(child) if shell else [child]
    return found
