"""The commands of the toolkit, found by looking in this folder."""

from __future__ import annotations

import importlib
import pkgutil
from collections import Counter
from functools import cached_property
from typing import TYPE_CHECKING

import typer
from typer.core import TyperCommand, TyperGroup, TyperOption
from typer.main import get_command_from_info, get_group
from typer.models import CommandInfo

from toolkit import cli

if TYPE_CHECKING:
    from typer._click.core import Command, Context


FIRST = ("optimize", "frontier", "holdings", "strategies")
"""Commands at the head of the help page; the others follow by name."""


class EachOptionOnce(TyperCommand):
    """A command that refuses a second value for an option that takes one: the last would count, and nobody would see it."""

    def parse_args(self, ctx: Context, args: list[str]) -> list[str]:
        """Parse what was given."""
        _, _, given = self.make_parser(ctx).parse_args(args=[*args])
        for option, times in Counter(one for one in given if isinstance(one, TyperOption)).items():
            if times > 1 and not option.multiple and not option.is_flag:
                ctx.fail(f"{option.opts[0]} is given {times} times and takes one value.")
        return super().parse_args(ctx, args)


class Commands(TyperGroup):
    """Every module of this folder that has a function of its own name, or an `app` with commands below it.

    A command is imported when it is asked for; help pages and misspelt names ask for all. One whose name is a word of Python
    has `_` behind it in the name of its module and of its function.
    """

    def invoke(self, ctx: Context) -> object:
        """Run a command. An interruption is passed on: typer would end with its exit code and without a word."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise typer.Abort from None

    @cached_property
    def modules(self) -> dict[str, str]:
        """Name of the command -> that of its module, in the order of the help page; some may be none."""
        found = {info.name for info in pkgutil.iter_modules(cli.__path__)} - {"main"}
        return {name.rstrip("_").replace("_", "-"): name for name in (*FIRST, *sorted(found.difference(FIRST)))}

    def get_command(self, ctx: Context, cmd_name: str) -> Command | None:
        """The command of a name; a name that is none has all others in `commands`, among which the nearest is found."""
        if cmd_name not in self.commands and not self._found(cmd_name):
            self.list_commands(ctx)
        return self.commands.get(cmd_name)

    def list_commands(self, ctx: Context) -> list[str]:  # noqa: ARG002  # the signature of typer
        """Names of all commands, in the order of the help page."""
        return [name for name in self.modules if name in self.commands or self._found(name)]

    def _found(self, shown: str) -> bool:
        """Whether a name is that of a command, which then is in `commands`."""
        if (name := self.modules.get(shown)) is None:
            return False
        module = importlib.import_module(f"{cli.__name__}.{name}")
        if isinstance(group := getattr(module, "app", None), typer.Typer):
            for info in group.registered_commands:
                info.cls = EachOptionOnce
            self.commands[shown] = get_group(group)
        elif callable(command := getattr(module, name, None)):
            info = CommandInfo(shown, cls=EachOptionOnce, callback=command)
            self.commands[shown] = get_command_from_info(info, pretty_exceptions_short=False, rich_markup_mode=None)
        return shown in self.commands
