"""Commands found by looking in a folder."""

from __future__ import annotations

import importlib
import pkgutil
from collections import Counter
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

import typer
from typer.core import TyperCommand, TyperGroup, TyperOption
from typer.main import get_command_from_info, get_group
from typer.models import CommandInfo

if TYPE_CHECKING:
    from typer._click.core import Command, Context


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
    """Every module of a package that has a function of its own name, or an `app` with commands below it.

    A command is imported when it is asked for; help pages and misspelt names ask for all. One whose name is a word of Python
    has `_` behind it in the name of its module and of its function.
    """

    package: ClassVar[str]
    """Dotted name of the package."""
    first: ClassVar[Sequence[str]] = ()
    """Commands at the head of the help page; the others follow by name."""

    @cached_property
    def modules(self) -> dict[str, str]:
        """Name of the command -> that of its module, in the order of the help page; some may be none."""
        found = {info.name for info in pkgutil.iter_modules(importlib.import_module(self.package).__path__)} - {"main"}
        return {name.rstrip("_").replace("_", "-"): name for name in (*self.first, *sorted(found.difference(self.first)))}

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
        module = importlib.import_module(f"{self.package}.{name}")
        if isinstance(group := getattr(module, "app", None), typer.Typer):
            for info in group.registered_commands:
                info.cls = EachOptionOnce
            self.commands[shown] = get_group(group)
        elif callable(command := getattr(module, name, None)):
            info = CommandInfo(shown, cls=EachOptionOnce, callback=command)
            self.commands[shown] = get_command_from_info(info, pretty_exceptions_short=False, rich_markup_mode=None)
        return shown in self.commands
