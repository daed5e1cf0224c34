"""Extensions found by looking in the folder of a package: one file a kind, no list to edit."""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, TypeVar

from pydantic import BaseModel

Model = TypeVar("Model", bound=BaseModel)


def models_by_kind(package: str, base: type[Model]) -> Mapping[str, type[Model]]:
    """The default of the field `kind` -> model, of every subclass of `base` that a module of `package` defines.

    A model whose `kind` has no default is a base of others. A folder that is appended to the `__path__` of the package is
    looked into as well.

    Args:
        package: Dotted name.
        base: Of the models.

    Raises:
        TypeError: for two models of one kind.
    """
    return _models_by_kind(package, base, tuple(importlib.import_module(package).__path__))


@functools.cache
def _models_by_kind(package: str, base: type[Any], folders: tuple[str, ...]) -> Mapping[str, type[Any]]:
    found: dict[str, type[Any]] = {}
    for info in pkgutil.iter_modules(folders):
        module = importlib.import_module(f"{package}.{info.name}")
        for value in vars(module).values():
            defined = isinstance(value, type) and issubclass(value, base) and value.__module__ == module.__name__
            if not defined or "kind" not in value.model_fields or value.model_fields["kind"].is_required():
                continue
            kind = value.model_fields["kind"].default
            if kind in found:
                raise TypeError(f"two models of {package} are of kind {kind!r}: {found[kind].__name__} and {value.__name__}")
            found[kind] = value
    return MappingProxyType(dict(sorted(found.items())))
