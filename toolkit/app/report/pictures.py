"""The charts of a report as files: SVG that follows a reader who prefers the dark, and PNG for slides and letters."""

from __future__ import annotations

from pathlib import Path

from toolkit.app.languages import ENGLISH
from toolkit.app.report.drawings import kept_drawing
from toolkit.app.report.render import as_document
from toolkit.app.runs import put
from toolkit.app.subjects import DEFAULT_REPORT, Subject
from toolkit.report.charts.draw import bitmap, packed, standalone
from toolkit.report.formats.pictures import framed, pictures


def write_charts(subject: Subject, folder: Path, *, name: str | None = None, lang: str = ENGLISH) -> list[Path]:
    """Write every chart of a report, each as .svg and .png named by what it shows; return their paths.

    Args:
        subject: What the report is about.
        folder: Of the files; made where there is none.
        name: Of the report; by default the usual one of its kind of subject.
        lang: Code of a language.

    Raises:
        SpecError: for a report or a language that does not exist, and where a file cannot be written.
    """
    document, say = as_document(subject.record, subject.parts, name=name or DEFAULT_REPORT[subject.record.kind], lang=lang)
    written: list[Path] = []
    for picture in pictures(document, say.fmt):
        svg = framed(kept_drawing(picture.drawing), picture)
        written.append(put(folder / f"{picture.name}.svg", f"{standalone(svg)}\n".encode()))
        written.append(put(folder / f"{picture.name}.png", packed(bitmap(svg))))
    return written
