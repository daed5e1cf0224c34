"""`toolkit help`: what there is to ask, for people and for programs."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import fields
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from toolkit.cli.options import Common, without_prices
from toolkit.cli.terminal import print_json
from toolkit.core.errors import SpecError, did_you_mean

if TYPE_CHECKING:
    from typer._click.core import Command

SHARED = frozenset(field.name for field in fields(Common))


@without_prices
def help_(
    names: Annotated[list[str] | None, typer.Argument(metavar="[COMMAND]...", help="One command, as `data import`.")] = None,
    *,
    common: Common,
) -> None:
    """Show the commands, or one; with --json what a program needs to call them: options, exit codes, names of schemas."""
    from toolkit.app.status import ALERT, TABLE, WARNINGS_UNDER_STRICT
    from toolkit.cli.main import command as root
    from toolkit.records.published import published

    found = dict(_commands(root, typer.Context(root, info_name="toolkit"), ()))
    chosen = " ".join(names or ())
    if chosen not in found:
        raise SpecError("there is no command {name!r:s}.", hint=did_you_mean(chosen, found), name=chosen)
    if not common.json:
        command, context = found[chosen]
        sys.stdout.write(command.get_help(context) + "\n")
        return
    below = {name: command for name, (command, _) in found.items() if not isinstance(command, TyperGroup)}
    told = {name: _told(command) for name, command in below.items() if not names or name == chosen}
    shared = [_option(one) for one in below["help"].params if one.name in SHARED]
    codes = {kind.kind: status.exit_code for kind, status in TABLE} | {"strict": WARNINGS_UNDER_STRICT, "alert": ALERT}
    schemas = sorted(name for name in published() if not names or name == chosen.replace(" ", "-"))
    print_json({"commands": told, "shared_options": shared, "exit_codes": codes, "schemas": schemas}, common.part)


def _commands(command: Command, context: typer.Context, path: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    """A command with its context, and those below it, by the words that call them."""
    yield " ".join(path), (command, context)
    if isinstance(command, TyperGroup):
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            if below is not None and not below.hidden:
                yield from _commands(below, typer.Context(below, parent=context, info_name=name), (*path, name))


def _told(command: Command) -> dict[str, Any]:
    own = [_option(one) for one in command.params if one.name not in SHARED | {"help"}]
    return {"help": (command.help or "").partition("\n")[0], "options": own}


def _option(one: Any) -> dict[str, Any]:
    """An option, or an argument, which has no hyphens; a default that is no word, number or list is left out."""
    about = {
        "name": one.opts[0],
        "help": one.help or "",
        "required": one.required,
        "repeatable": one.multiple or one.nargs != 1,
    }
    return {**about, **({"default": one.default} if isinstance(one.default, str | int | float) else {})}
