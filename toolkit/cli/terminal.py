"""What reaches the terminal: data on stdout, everything else on stderr, on any stream and in any encoding."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from toolkit.cli.options import Common

if TYPE_CHECKING:
    from rich.console import Console

WIDTH = 100
"""Columns of a table where the stream is not a terminal and COLUMNS is not set."""


def tolerant_streams() -> None:
    """Never die on a character that the stream's encoding (cp1252, cp949) does not have."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # type: ignore[union-attr]


def print_json(data: Any) -> None:
    """One JSON object on stdout, in ASCII: the same bytes whatever the encoding of the stream."""
    sys.stdout.write(json.dumps(data, ensure_ascii=True, allow_nan=False, indent=1) + "\n")


def say(text: str, common: Common) -> None:
    """A line on stderr, unless `--quiet`."""
    if not common.quiet:
        sys.stderr.write(text + "\n")


def console(common: Common) -> Console:
    """A rich console on stdout: colour only on a terminal, and not where NO_COLOR is set."""
    from rich.console import Console

    plain = common.no_color or "NO_COLOR" in os.environ or not sys.stdout.isatty()
    asked = os.environ.get("COLUMNS", "")
    width = None if sys.stdout.isatty() else int(asked) if asked.isdecimal() and int(asked) else WIDTH
    return Console(no_color=plain, highlight=False, width=width, soft_wrap=False)


@contextmanager
def progress(text: str, common: Common) -> Iterator[None]:
    """A spinner on stderr while something runs, on a terminal only."""
    if common.quiet or common.no_color or "NO_COLOR" in os.environ or not sys.stderr.isatty():
        yield
        return
    from rich.console import Console

    with Console(stderr=True).status(text):
        yield
