"""The look of a report: templates and style sheets, and the name, logo and colours of an advisor (`--theme`)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from pydantic import Field

from toolkit.app.definitions import folders
from toolkit.app.languages import read_text
from toolkit.app.report.drawings import kept_drawing
from toolkit.core.decode import Spec, decode, read_toml
from toolkit.core.errors import SpecError
from toolkit.core.messages import message
from toolkit.report.charts.theme import DARK, LIGHT
from toolkit.report.formats.brand import LEAST_CONTRAST, PNG, Brand, Logo, alike, coloured, contrast, is_picture, nearest
from toolkit.report.formats.html import Theme

STYLE_SHEET, PRINT, SLIDES, SCRIPT = "report.css", "print.css", "slides/", "tables.js"
"""The first of the sheets; that of paper, which is not for slides; the folder of those for slides; what sorts and copies."""


def theme(brand: Brand | None = None) -> Theme:
    """Templates and style sheets: a user may replace a single one; the colours of a brand come after them."""
    brand = brand or Brand()
    templates = _found("templates", "**/*.html.j2")
    sheets = _found("assets", "**/*.css")
    if STYLE_SHEET not in sheets:
        raise SpecError(
            "no {style_sheet} is found.",
            hint="Install the toolkit again, or add reports/assets/report.css.",
            style_sheet=STYLE_SHEET,
        )
    order = sorted(sheets, key=lambda name: (name != STYLE_SHEET, name))
    css = {
        "page": "\n".join(sheets[name] for name in order if not name.startswith(SLIDES)),
        "slides": "\n".join(sheets[name] for name in order if name != PRINT),
    }
    ours = (place / "assets" / SCRIPT for origin, place in folders("reports") if origin != "workspace")  # not of any folder
    script = read_text(next(path for path in ours if path.is_file()))
    return Theme(templates, css["page"] + brand.css, kept_drawing, css["slides"] + brand.css, script, brand)


def _found(folder: str, pattern: str) -> dict[str, str]:
    """Path below `folder` -> text, of the first place that has it."""
    found: dict[str, str] = {}
    for _, place in folders("reports"):
        for path in sorted((place / folder).glob(pattern)):
            found.setdefault(path.relative_to(place / folder).as_posix(), read_text(path))
    return found


LOGO_BYTES = 100_000
"""Bytes of a logo: it is part of every page."""
COLOURS: Mapping[str, str] = MappingProxyType({"data": "data", "controls": "ctl"})
"""Keys of the file and the colours of the theme that they replace."""


class ThemeSpec(Spec):
    """A theme: every key may be left out; a colour without its dark one gets the nearest that can be read in the dark."""

    name: str = Field("", max_length=80)
    footer: str = Field("", max_length=400)
    logo: str = ""
    data: str | None = Field(None, pattern="^#[0-9a-fA-F]{6}$")
    data_dark: str | None = Field(None, pattern="^#[0-9a-fA-F]{6}$")
    controls: str | None = Field(None, pattern="^#[0-9a-fA-F]{6}$")
    controls_dark: str | None = Field(None, pattern="^#[0-9a-fA-F]{6}$")


def brand_of(name: str) -> Brand:
    """A theme by the path of its file, or by the name of one in `reports/themes/`; raises as `read_brand`."""
    places = (place / "themes" / f"{name}.toml" for _, place in folders("reports"))
    named = (place for place in places if Path(name).name == name and place.is_file())
    return read_brand(next(named, Path(name)))


def read_brand(path: Path) -> Brand:
    """A theme from its file.

    Args:
        path: Of the TOML file; a logo is looked for beside it.

    Raises:
        SpecError: for a key that does not exist, a colour that cannot be read on the page (with the nearest that can), two
            colours that are alike, and a logo that is too large, no PNG or SVG, or more than a picture.
    """
    spec = decode(ThemeSpec, read_toml(path), file=str(path))
    light: dict[str, str] = {}
    dark: dict[str, str] = {}
    for key, token in COLOURS.items():
        own: str | None = getattr(spec, key)
        own_dark: str | None = getattr(spec, f"{key}_dark")
        if own is not None:
            light[token] = _readable(own, LIGHT["paper"], key, path)
        if own_dark is not None:
            dark[token] = _readable(own_dark, DARK["paper"], f"{key}_dark", path)
        elif own is not None:
            dark[token] = nearest(own, DARK["paper"])
    colours = coloured(light, dark)
    if any(alike(one["data"], one["ctl"]) for one in colours):
        raise SpecError(
            "the colours of data and of controls are too much alike.", hint="Take another.", details={"file": str(path)}
        )
    return Brand(spec.name.strip(), spec.footer.strip(), _logo(path.parent / spec.logo) if spec.logo else None, *colours)


def _readable(colour: str, page: str, key: str, path: Path) -> str:
    if (found := contrast(colour, page)) >= LEAST_CONTRAST:
        return colour.lower()
    raise SpecError(
        "{key:s} = {colour} has a contrast of {found:.1f} to 1 against the page {page}; {least} is needed.",
        hint="The nearest that holds is {nearest}.",
        details={"file": str(path), "key": key},
        key=key,
        colour=colour,
        found=found,
        page=page,
        least=LEAST_CONTRAST,
        nearest=nearest(colour, page),
    )


def _logo(path: Path) -> Logo:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SpecError(
            "the logo {path:s} cannot be read: {error:s}.",
            hint="It is looked for beside the theme.",
            path=str(path),
            error=error.strerror,
        ) from error
    if len(content) > LOGO_BYTES:
        raise SpecError(
            "the logo {path:s} has {n:,} bytes.",
            hint="At most {largest:,} are carried in every page.",
            path=str(path),
            n=len(content),
            largest=LOGO_BYTES,
        )
    if content.startswith(PNG):
        return Logo("image/png", content)
    try:
        fault = is_picture(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        fault = message("neither the signature of a PNG nor the text of an SVG")
    if fault is not None:
        raise SpecError(
            "the logo {path:s} is refused: it has {fault}.",
            hint="Use a PNG, or an SVG of shapes and text alone.",
            path=str(path),
            fault=fault,
        )
    return Logo("image/svg+xml", content)
