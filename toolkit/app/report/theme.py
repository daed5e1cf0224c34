"""Templates and style sheets from the folders of `reports/`, file by file from the first folder that has one."""

from __future__ import annotations

from toolkit.app.definitions import folders
from toolkit.app.languages import read_text
from toolkit.app.report.drawings import kept_drawing
from toolkit.core.errors import SpecError
from toolkit.report.formats.brand import Brand
from toolkit.report.formats.html import Theme

STYLE_SHEET, PRINT, SLIDES = "report.css", "print.css", "slides/"
"""The first of the sheets; that of paper, which is not for slides; the folder of those for slides alone."""


def theme(brand: Brand | None = None) -> Theme:
    """Templates and style sheets: a user may replace a single one; the colours of a brand come after them."""
    brand = brand or Brand()
    templates = _found("templates", "**/*.html.j2")
    sheets = _found("assets", "**/*.css")
    if STYLE_SHEET not in sheets:
        raise SpecError(f"no {STYLE_SHEET} is found.", hint="Install the toolkit again, or add reports/assets/report.css.")
    order = sorted(sheets, key=lambda name: (name != STYLE_SHEET, name))
    css = {
        "page": "\n".join(sheets[name] for name in order if not name.startswith(SLIDES)),
        "slides": "\n".join(sheets[name] for name in order if name != PRINT),
    }
    return Theme(templates, css["page"] + brand.css, kept_drawing, css["slides"] + brand.css, brand)


def _found(folder: str, pattern: str) -> dict[str, str]:
    """Path below `folder` -> text, of the first place that has it."""
    found: dict[str, str] = {}
    for _, place in folders("reports"):
        for path in sorted((place / folder).glob(pattern)):
            found.setdefault(path.relative_to(place / folder).as_posix(), read_text(path))
    return found
