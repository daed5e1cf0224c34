"""Search for strategies and reports: the workspace, then the folders of a checkout, then those of the wheel."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import toolkit
from toolkit.core.errors import SpecError, did_you_mean
from toolkit.core.messages import message

LONGEST_FILE_NAME = 255
"""Bytes of the name of a file."""


@dataclass(frozen=True, slots=True)
class Definition:
    """A TOML definition and where it came from: ``workspace``, ``repository`` or ``shipped``."""

    name: str
    path: Path
    origin: str


def folders(kind: str) -> tuple[tuple[str, Path], ...]:
    """(origin, folder) in the order of search; `kind` is ``strategies`` or ``reports``."""
    package = Path(toolkit.__file__).parent
    places = [("workspace", Path.cwd() / kind)]
    if (package.parent / "pyproject.toml").is_file():
        places.append(("repository", package.parent / kind))
    places.append(("shipped", package / "_shipped" / kind))
    return tuple(places)


def definitions(kind: str) -> tuple[Definition, ...]:
    """Every definition by name, sorted; the first folder that has a name wins."""
    found: dict[str, Definition] = {}
    for origin, folder in folders(kind):
        for path in sorted(folder.glob("*.toml")):
            found.setdefault(path.stem, Definition(path.stem, path, origin))
    return tuple(found[name] for name in sorted(found))


def find(kind: str, name: str) -> Definition:
    """A definition by name or by the path of a file.

    Raises:
        SpecError: when there is none; the nearest names are in the hint.
    """
    as_path = Path(name)
    if len(as_path.name.encode(errors="replace")) > LONGEST_FILE_NAME:
        raise SpecError(
            "{name:s}... is longer than the name of a file can be.",
            hint="Use at most {longest} bytes.",
            name=name[:60],
            longest=LONGEST_FILE_NAME,
        )
    if as_path.suffix == ".toml" or as_path.is_file():
        if not as_path.is_file():
            raise SpecError("{file:s} does not exist.", file=name)
        return Definition(as_path.stem, as_path, "file")
    known = {definition.name: definition for definition in definitions(kind)}
    if name not in known:
        unknown = message("no strategy is named {name!r:s}.", name=name)
        if kind == "reports":
            unknown = message("no report is named {name!r:s}.", name=name)
        raise SpecError(unknown, hint=did_you_mean(name, known))
    return known[name]
