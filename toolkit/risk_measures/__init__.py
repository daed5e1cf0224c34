"""Measures of risk, a family a file. Losses are positive, volatility is annual.

A new measure costs one class that names `Measure` as its base, in any module here. `measures` collects them; nothing registers
itself by being imported.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType, ModuleType
from typing import TYPE_CHECKING, cast

from toolkit.core.errors import SpecError, did_you_mean

if TYPE_CHECKING:
    from toolkit.risk_measures.base import Measure


@functools.cache
def measures() -> Mapping[str, type[Measure]]:
    """Every measure of the package by its name; call one with its parameters (``measures()["cvar"](confidence=0.99)``).

    Raises:
        TypeError: two measures share a name.
    """
    names = (info.name for info in pkgutil.iter_modules(__path__) if info.name != "base")
    return collected(importlib.import_module(f"{__name__}.{name}") for name in names)


def measure_of(name: str, confidence: float | None = None) -> Measure:
    """The measure that a strategy names, at the confidence it asks for or else at the measure's own.

    Raises:
        SpecError: no measure has that name, it has no confidence, or the confidence is not between 0 and 1.
    """
    known = measures()
    if name not in known:
        raise SpecError("no measure of risk is called {name!r:s}.", hint=did_you_mean(name, known), name=name)
    if confidence is None:
        return known[name]()
    levelled = [each for each, measure in known.items() if hasattr(measure, "confidence")]
    if name not in levelled:
        raise SpecError(
            "the measure {name!r:s} has no confidence level.",
            hint="Leave it out: {levelled:s} have one.",
            name=name,
            levelled=", ".join(levelled),
        )
    return cast("Callable[..., Measure]", known[name])(confidence=confidence)


def collected(modules: Iterable[ModuleType]) -> Mapping[str, type[Measure]]:
    """The measures that these modules define, by name and in its order; one without a name is a base of others.

    Raises:
        TypeError: two measures share a name.
    """
    from toolkit.risk_measures.base import Measure  # noqa: PLC0415

    found: dict[str, type[Measure]] = {}
    for module in modules:
        for value in vars(module).values():
            is_measure = isinstance(value, type) and Measure in value.__mro__[1:] and value.__module__ == module.__name__
            if not is_measure or not hasattr(value, "name"):
                continue
            if value.name in found:
                raise TypeError(f"two measures are named {value.name!r}: {found[value.name].__name__} and {value.__name__}")
            found[value.name] = value
    return MappingProxyType(dict(sorted(found.items())))
