"""`toolkit data ...`: every module of this folder is a command."""

from __future__ import annotations

import typer

from toolkit.cli.commands import Commands


class InFolder(Commands):
    """The commands of this folder."""

    package = __name__


app = typer.Typer(
    cls=InFolder,
    help="Data: what is bundled or in a store, how old it is, and whether it holds its contracts.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
