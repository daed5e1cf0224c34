"""Commands found by looking in a folder."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Sequence

import typer


def add_commands(app: typer.Typer, package: str, first: Sequence[str] = ()) -> None:
    """Add every module of a package that has a function of its own name, or an `app` with commands below it.

    A command whose name is a word of Python has `_` behind it in the name of its module and of its function.

    Args:
        app: What they are added to.
        package: Dotted name of the package.
        first: Commands at the head of the help page; the others follow by name.
    """
    found = {info.name for info in pkgutil.iter_modules(importlib.import_module(package).__path__)} - {"main"}
    for name in (*first, *sorted(found.difference(first))):
        module, shown = importlib.import_module(f"{package}.{name}"), name.rstrip("_").replace("_", "-")
        if isinstance(group := getattr(module, "app", None), typer.Typer):
            app.add_typer(group, name=shown)
        elif callable(command := getattr(module, name, None)):
            app.command(shown)(command)
