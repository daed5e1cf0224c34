"""Drawings kept on disk: the same specification under the same version of the engine is drawn once a machine."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from pathlib import Path

from platformdirs import user_cache_path

from toolkit.report.charts.draw import ENGINE, draw

VARIABLE = "TOOLKIT_CACHE"
"""Folder of kept files, in place of the one the system has for it."""
MOST = 2_000
"""Drawings that are kept; past that the oldest half goes."""


def folder() -> Path:
    """Where drawings are kept."""
    own = os.environ.get(VARIABLE)
    return (Path(own) if own else user_cache_path("toolkit")) / "drawings"


def kept_drawing(spec: str) -> str:
    """The drawing of a specification, from disk where it was made before.

    A folder that cannot be written costs time and is no error.
    """
    key = hashlib.sha256(f"{ENGINE} {spec}".encode()).hexdigest()
    path = folder() / f"{key}.svg"
    with contextlib.suppress(OSError, UnicodeDecodeError):
        kept = path.read_text(encoding="utf-8")
        if kept.endswith("</svg>"):
            return kept
    svg = draw(spec)
    with contextlib.suppress(OSError):
        _keep(path, svg)
    return svg


def _keep(path: Path, svg: str) -> None:
    """Written aside and renamed: two processes may draw at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    kept = sorted(path.parent.glob("*.svg"), key=lambda file: file.stat().st_mtime) if _many(path.parent) else []
    for old in kept[: MOST // 2]:
        old.unlink(missing_ok=True)
    descriptor, draft = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(svg)
    Path(draft).replace(path)


def _many(place: Path) -> bool:
    return sum(1 for _ in place.iterdir()) > MOST
