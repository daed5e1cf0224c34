"""`toolkit upcoming`: what changes on which date, confirmed or claimed."""

from __future__ import annotations

import sys
from functools import partial
from typing import Annotated

import typer

from toolkit.cli.controls import Events
from toolkit.cli.options import FORMATS, Common, without_prices
from toolkit.cli.terminal import show

FEEDS = ("ics", "rss")
"""Formats of a calendar and of a reader of news."""


@partial(without_prices, formats=(*FORMATS, *FEEDS))
def upcoming(
    *,
    within: Annotated[str, typer.Option("--within", metavar="SPAN", help="How far ahead: 90d, 12w, 3m or 1y.")] = "90d",
    alert: Annotated[bool, typer.Option("--alert", help="Exit with 8 when something falls within the span.")] = False,
    events: Events = None,
    common: Common,
) -> None:
    """List the dated changes ahead, as known on the day of --as-of, and the suspensions that have lapsed."""
    from toolkit.app.controls.answers import dates
    from toolkit.app.status import ALERT

    record = dates(common.context(events), within)
    if common.format in FEEDS:
        from toolkit.report.formats.feeds import FORMATS as WRITE

        # Lines of iCalendar end in CR LF on every system, and both formats are UTF-8 whatever the terminal is.
        sys.stdout.flush()
        sys.stdout.buffer.write(WRITE[common.format](record).encode())
    else:
        from toolkit.report.topics.dates import document

        show(common, record, document)
    if alert and record.upcoming:
        raise typer.Exit(ALERT)
