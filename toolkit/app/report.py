"""The report of a run: definition, templates and style sheet from the folders of `reports/`, then compose and render."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import Field

from toolkit.app.definitions import find, folders
from toolkit.core.decode import Spec, decode, read_toml
from toolkit.core.errors import SpecError
from toolkit.report.compose import Definition, compose
from toolkit.report.html import Theme, render

DEFAULT = "allocation"
STYLE_SHEET = "report.css"


class ReportSpec(Spec):
    """`reports/NAME.toml`: users copy one and reorder the sections."""

    title: str = Field(min_length=1)
    sections: tuple[str, ...] = Field(min_length=1)


def report_html(record: Mapping[str, Any], name: str = DEFAULT) -> str:
    """The report of a run object as one HTML file that needs no network and no script.

    Args:
        record: The run object.
        name: A report by name, or the path of its TOML file.

    Raises:
        SpecError: for a definition, section or template that does not exist or is not valid.
    """
    path = find("reports", name).path
    spec = decode(ReportSpec, read_toml(path), file=str(path))
    return render(compose(record, Definition(spec.title, spec.sections)), theme())


def theme() -> Theme:
    """Templates and style sheet, file by file from the first folder that has it: a user may replace a single one."""
    templates: dict[str, str] = {}
    sheet: str | None = None
    for _, folder in folders("reports"):
        for path in sorted((folder / "templates").glob("*.html.j2")):
            templates.setdefault(path.name, _read(path))
        own = folder / "assets" / STYLE_SHEET
        if sheet is None and own.is_file():
            sheet = _read(own)
    if sheet is None:
        raise SpecError(f"no {STYLE_SHEET} is found.", hint="Install the toolkit again, or add reports/assets/report.css.")
    return Theme(templates, sheet)


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")
