"""`toolkit upcoming`: what changes on which date, confirmed or claimed."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from toolkit.cli.controls import EVENTS_HELP
from toolkit.cli.options import Common, without_prices
from toolkit.cli.terminal import console, headline, print_json

if TYPE_CHECKING:
    from rich.console import Console


@without_prices
def upcoming(
    *,
    within: Annotated[str, typer.Option("--within", metavar="SPAN", help="How far ahead: 90d, 12w, 3m or 1y.")] = "90d",
    format: Annotated[  # noqa: A002
        str | None, typer.Option("--format", metavar="FORMAT", help="A feed on stdout: ics, rss or json.")
    ] = None,
    alert: Annotated[bool, typer.Option("--alert", help="Exit with 8 when something falls within the span.")] = False,
    events: Annotated[str | None, typer.Option("--events", metavar="FILE", help=EVENTS_HELP)] = None,
    common: Common,
) -> None:
    """List the dated changes ahead, as known on the day of --as-of, and the suspensions that have lapsed."""
    from toolkit.app.controls import calendar
    from toolkit.app.status import ALERT
    from toolkit.controls.feeds import FORMATS
    from toolkit.core.errors import SpecError, did_you_mean

    known = (*FORMATS, "json")
    if format not in (None, *known):
        raise SpecError(f"--format {format!r} is no format of a feed: {', '.join(known)}.", hint=did_you_mean(format, known))
    found = calendar(common.context(events), within)
    record = found.to_json()
    if common.json or format == "json":
        print_json(record)
    elif format is not None:
        # Lines of iCalendar end in CR LF on every system, and both formats are UTF-8 whatever the terminal is.
        sys.stdout.flush()
        sys.stdout.buffer.write(FORMATS[format](record).encode())
    else:
        _show(record, console(common))
    if alert and record["upcoming"]:
        raise typer.Exit(ALERT)


def _show(record: dict[str, Any], out: Console) -> None:
    from toolkit.cli.tables import Table

    out.print(headline("Ahead", f" of {record['as_of']}, within {record['within_days']} days"))
    out.print(record["review"], markup=False)
    table = Table()
    for heading in ("date", "days", "standing", "what", "checked"):
        table.add_column(heading, justify="right" if heading == "days" else "left")
    for row in record["upcoming"]:
        standing = row["standing"] + (", yours" if row["own"] else "")
        table.add_row(row["date"], str(row["days"]), standing, row["what"], row["confidence"])
    out.print(table if record["upcoming"] else "Nothing that is known.")
    for row in record["lapsed"]:
        out.print(f"{row['date']}: {row['what']}.", markup=False)
