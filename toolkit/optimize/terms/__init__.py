"""What a strategy may say: one file a family of constraints or objectives, each term a frozen model of its own TOML table.

A new kind costs one new file here. `kinds` collects them; nothing registers itself by being imported.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Mapping
from types import MappingProxyType

from toolkit.optimize.terms.base import Constraint, Objective


@functools.cache
def _kinds(base: type[Constraint] | type[Objective]) -> Mapping[str, type]:
    found: dict[str, type] = {}
    for module_info in pkgutil.iter_modules(__path__):
        if module_info.name == "base":
            continue
        module = importlib.import_module(f"{__name__}.{module_info.name}")
        for value in vars(module).values():
            is_term = isinstance(value, type) and issubclass(value, base) and value.__module__ == module.__name__
            if not is_term or value.model_fields["kind"].is_required():  # what several kinds share is no kind
                continue
            kind = value.model_fields["kind"].default
            if kind in found:
                raise TypeError(f"two terms are of kind {kind!r}: {found[kind].__name__} and {value.__name__}")
            found[kind] = value
    return MappingProxyType(dict(sorted(found.items())))


def constraint_kinds() -> Mapping[str, type[Constraint]]:
    """Every constraint kind and its model."""
    return _kinds(Constraint)


def objective_kinds() -> Mapping[str, type[Objective]]:
    """Every objective kind and its model."""
    return _kinds(Objective)
