"""Drawings kept on disk: the same figures under the same charts and engine are drawn once a machine."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
from pathlib import Path

from platformdirs import user_cache_path

from toolkit.app.runs import put
from toolkit.core.errors import SpecError
from toolkit.report import charts
from toolkit.report.charts.draw import ENGINE, bitmap, drawn, is_drawing, packed
from toolkit.report.document import Drawing

VARIABLE = "TOOLKIT_CACHE"
"""Folder of kept files, in place of the one the system has for it."""
FILES_KEPT = 2_000
"""Files that are kept; past that the oldest half goes."""
ENDS = {".svg": b"</svg>", ".png": b"IEND\xaeB`\x82"}
"""How a whole file of each kind ends; one that was cut off is made again."""


def folder() -> Path:
    """Where drawings are kept."""
    own = os.environ.get(VARIABLE)
    return (Path(own) if own else user_cache_path("toolkit")) / "drawings"


def kept_drawing(drawing: Drawing) -> str:
    """A drawing as SVG, from disk where it was made before; then its specification is not made either.

    A folder that cannot be written costs time and is no error.
    """
    path = _path(drawing.key, ".svg")
    if (kept := _kept(path)) is not None and is_drawing(svg := kept.decode(errors="replace")):
        return svg
    svg = drawn(drawing)
    _keep(path, svg.encode())
    return svg


def kept_bitmap(drawing: Drawing, scale: float) -> bytes:
    """A drawing as PNG, likewise.

    Args:
        drawing: What to draw.
        scale: Pixels of the bitmap for one of the drawing.
    """
    path = _path(f"{scale} {drawing.key}", ".png")
    if (kept := _kept(path)) is not None:
        return kept
    png = packed(bitmap(kept_drawing(drawing), scale))
    _keep(path, png)
    return png


def _path(what: str, suffix: str) -> Path:
    return folder() / f"{hashlib.sha256(f'{_engine()} {what}'.encode()).hexdigest()}{suffix}"


@functools.cache
def _engine() -> str:
    """What makes drawings: the library, and every line of the charts, so that none outlives a change of its chart."""
    digest = hashlib.sha256(ENGINE.encode())
    for module in sorted(Path(charts.__file__).parent.glob("*.py")):
        digest.update(module.read_bytes())
    return digest.hexdigest()


def _kept(path: Path) -> bytes | None:
    with contextlib.suppress(OSError):
        content = path.read_bytes()
        if content.endswith(ENDS[path.suffix]):
            return content
    return None


def _keep(path: Path, content: bytes) -> None:
    """Where too many are kept, the oldest half goes first; what cannot be kept is drawn again."""
    with contextlib.suppress(OSError, SpecError):
        kept = [*path.parent.glob("*")]
        if len(kept) > FILES_KEPT:
            for old in sorted(kept, key=lambda file: file.stat().st_mtime)[: FILES_KEPT // 2]:
                old.unlink(missing_ok=True)
        put(path, content)
