"""`toolkit mcp`: a door for agents over the Model Context Protocol."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def mcp(
    folder: Annotated[str, typer.Option("--folder", metavar="DIR", help="Files below it alone are read.")] = ".",
) -> None:
    """Answer an agent on standard input and output: seven read-only tools, short answers with their doubts first."""
    from toolkit.app.mcp import server

    server(Path(folder)).run("stdio")
