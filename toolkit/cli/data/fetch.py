"""`toolkit data fetch`."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Annotated

import typer

from toolkit.cli.options import Common, parse_day, without_prices
from toolkit.cli.terminal import say, show
from toolkit.core.errors import SourceError
from toolkit.core.messages import message

LIBRARIES = ("exchange_calendars", "httpx", "yfinance")
"""Of the extra `data`."""


@partial(without_prices, makes_store=True)
def fetch(
    sources: Annotated[
        list[str] | None, typer.Argument(metavar="[SOURCE]...", help="Sources; default: all that need no key or have it.")
    ] = None,
    *,
    series: Annotated[
        list[str] | None,
        typer.Option("--series", metavar="NAME", help="A series of the source, as SOURCE:NAME where several are; repeatable."),
    ] = None,
    since: Annotated[
        str | None, typer.Option("--since", metavar="DATE", help="First day; default: what the store does not have.")
    ] = None,
    required: Annotated[
        list[str] | None,
        typer.Option("--required", metavar="NAME", help="A source or SOURCE:SERIES without which it exits 4; repeatable."),
    ] = None,
    accept: Annotated[
        list[str] | None,
        typer.Option("--accept", metavar="RULE", help="A check whose findings are meant, or RULE:ASSET; repeatable."),
    ] = None,
    common: Common,
) -> None:
    """Bring series of public sources and of your own files up to date in the store, each checked before it is stored."""
    from datetime import UTC, datetime

    from toolkit.core.errors import SpecError

    for library in LIBRARIES:
        if importlib.util.find_spec(library) is None:
            hint = message('Install the extra: pip install "strategic-metals-toolkit[data]".')
            raise SpecError("live data needs {library}, which is not installed.", hint=hint, library=library)
    from toolkit.app.config import resolve
    from toolkit.app.data.fetch import FetchRequest, Stored
    from toolkit.app.data.fetch import fetch as ask
    from toolkit.app.data.places import store_to_write
    from toolkit.app.status import status_of
    from toolkit.report.topics.data import fetch as document

    first = parse_day("--since", since)
    if common.as_of is not None:
        raise SpecError("what is fetched is known from today: --as-of says nothing here.", hint="Leave --as-of out.")
    settings = resolve(common.settings(), file=common.config)
    request = FetchRequest(
        folder=store_to_write(settings),
        now=datetime.now(UTC),
        sources=tuple(sources or ()),
        series=tuple(series or ()),
        since=first,
        offline=common.offline,
        required=tuple(required or ()),
        accept=tuple(accept or ()),
        mirror=settings.config.data.mirror,
    )
    so_far = Stored()
    try:
        with _progress(common) as tell:
            found = ask(request, tell, so_far)
    except KeyboardInterrupt:
        say(message("interrupted; {n} series are stored, the next fetch goes on from them", n=len(so_far.outcomes)), common)
        raise typer.Exit(130) from None
    show(common, found, document)
    if found.missing:
        raise typer.Exit(status_of(SourceError("")).exit_code)


@contextmanager
def _progress(common: Common) -> Iterator[Callable[[int, int, int], None]]:
    """A bar with counts and rate on stderr, on a terminal only."""
    if common.quiet or common.no_color or "NO_COLOR" in os.environ or not sys.stderr.isatty():
        yield lambda *_: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
    )  # fmt: skip
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Fetching", total=None, rate="")

        def tell(done: int, total: int, rows: int) -> None:
            elapsed = bar.tasks[0].elapsed or 0.0
            rate = f"{rows:,} rows, {rows / elapsed:,.0f} a second" if elapsed > 0 and rows else ""
            bar.update(task, completed=done, total=total, rate=rate)

        yield tell
