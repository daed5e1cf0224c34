"""Discovery of extensions: the models and the named values that the modules of a package define, one file a kind."""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, TypeVar, Union

from pydantic import BaseModel, Field

Model = TypeVar("Model", bound=BaseModel)
Value = TypeVar("Value", bound=Any)


def models_by_kind(package: str, base: type[Model], method: str | None = None) -> Mapping[str, type[Model]]:
    """The default of the field `kind` -> model, of every subclass of `base` that a module of `package` defines.

    A model whose `kind` has no default is a base of others. A folder that is appended to the `__path__` of the package is
    looked into as well.

    Args:
        package: Dotted name of the package.
        base: Base class of the models.
        method: Name of a method that a model must have to be a member; None where every subclass is one.

    Raises:
        TypeError: for two models of one kind.
    """
    return _models_by_kind(package, base, method, tuple(importlib.import_module(package).__path__))


def union_of_kinds(package: str, base: type[BaseModel], method: str) -> Any:
    """The discriminated union, by `kind`, of the models of `models_by_kind`: the type of a field.

    Args:
        package: Dotted name of the package; this is called while it is imported.
        base: Base class of the models.
        method: Name of a method that a model must have to be a member.
    """
    return Annotated[Union[tuple(models_by_kind(package, base, method).values())], Field(discriminator="kind")]  # noqa: UP007


@functools.cache
def values_by_name(packages: tuple[str, ...], kind: type[Value]) -> Mapping[str, Value]:
    """The `name` of a value -> the value, of every one of this type that a module of the packages holds, in their order.

    Raises:
        TypeError: for two values of one name.
    """
    found: dict[str, Value] = {}
    modules = [f"{one}.{info.name}" for one in packages for info in pkgutil.iter_modules(importlib.import_module(one).__path__)]
    for value in (value for module in modules for value in vars(importlib.import_module(module)).values()):
        if isinstance(value, kind) and found.setdefault(value.name, value) is not value:
            raise TypeError(f"two values of {', '.join(packages)} are named {value.name!r}")
    return MappingProxyType(found)


@functools.cache
def _models_by_kind(package: str, base: type[Any], method: str | None, folders: tuple[str, ...]) -> Mapping[str, type[Any]]:
    found: dict[str, type[Any]] = {}
    for info in pkgutil.iter_modules(folders):
        module = importlib.import_module(f"{package}.{info.name}")
        for value in vars(module).values():
            defined = isinstance(value, type) and issubclass(value, base) and value.__module__ == module.__name__
            field = value.model_fields.get("kind") if defined else None
            if field is None or field.is_required() or (method is not None and not hasattr(value, method)):
                continue
            kind = field.default
            if kind in found:
                raise TypeError(f"two models of {package} are of kind {kind!r}: {found[kind].__name__} and {value.__name__}")
            found[kind] = value
    return MappingProxyType(dict(sorted(found.items())))
