"""From a run object and a list of section names to a `Document`. A section is a module of `toolkit.report.sections`."""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from toolkit.core.errors import SpecError, did_you_mean
from toolkit.report import formats
from toolkit.report.document import Block, Document, Missing, Section
from toolkit.report.proposal import Proposal

Build = Callable[[Proposal], tuple[Block, ...] | Missing]


@dataclass(frozen=True, slots=True)
class Definition:
    """What `reports/NAME.toml` says: the title, and the sections in order."""

    title: str
    sections: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Builder:
    """A section that can be asked for by name."""

    name: str
    title: str
    build: Build


def section(name: str, title: str) -> Callable[[Build], Builder]:
    """Turn a function of a proposal into the section `name`; nothing is registered, `builders` finds the value."""
    return lambda build: Builder(name, title, build)


@functools.cache
def builders() -> Mapping[str, Builder]:
    """Every section by name, from the modules of `toolkit.report.sections`; two of one name are refused."""
    package = importlib.import_module("toolkit.report.sections")
    found: dict[str, Builder] = {}
    for info in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        for value in vars(importlib.import_module(info.name)).values():
            if not isinstance(value, Builder):
                continue
            if found.setdefault(value.name, value) is not value:
                raise SpecError(f"two report sections are named {value.name!r}.")
    return MappingProxyType(found)


def compose(record: Mapping[str, Any], definition: Definition) -> Document:
    """The document of a run.

    Args:
        record: The run object (`toolkit optimize --json`).
        definition: Title and sections in order.

    Raises:
        SpecError: for a section that does not exist, with the nearest names.
    """
    known = builders()
    for wanted in definition.sections:
        if wanted not in known:
            raise SpecError(f"no report section is named {wanted!r}.", hint=did_you_mean(wanted, known))
    proposal = Proposal.of(record)
    chosen = [known[wanted] for wanted in definition.sections]
    return Document(
        title=definition.title,
        as_of=record["as_of"],
        as_of_written=formats.long_date(record["as_of"]),
        subject=record["strategy"]["title"],
        sections=tuple(Section(builder.name, builder.title, builder.build(proposal)) for builder in chosen),
    )
