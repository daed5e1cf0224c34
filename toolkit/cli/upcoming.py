"""`toolkit upcoming`: what changes on which date, confirmed or claimed."""

from __future__ import annotations

from typing import Annotated

import typer

from toolkit.cli.controls import EVENTS_HELP
from toolkit.cli.options import Common, without_prices
from toolkit.cli.terminal import console, headline, print_json


@without_prices
def upcoming(
    *,
    within: Annotated[str, typer.Option("--within", metavar="SPAN", help="How far ahead: 90d, 12w, 3m or 1y.")] = "90d",
    events: Annotated[str | None, typer.Option("--events", metavar="FILE", help=EVENTS_HELP)] = None,
    common: Common,
) -> None:
    """List the dated changes ahead, as known on the day of --as-of, and the suspensions that have lapsed."""
    from toolkit.app.config import resolve
    from toolkit.app.controls import calendar
    from toolkit.cli.tables import Table

    found = calendar(resolve(common.settings(), file=common.config), common.day(), within, events)
    record = found.to_json()
    if common.json:
        print_json(record)
        return
    out = console(common)
    out.print(headline("Ahead", f" of {record['as_of']}, within {record['within_days']} days"))
    table = Table()
    for heading in ("date", "days", "standing", "what", "checked"):
        table.add_column(heading, justify="right" if heading == "days" else "left")
    for row in record["upcoming"]:
        standing = row["standing"] + (", yours" if row["own"] else "")
        table.add_row(row["date"], str(row["days"]), standing, row["what"], row["confidence"])
    out.print(table if record["upcoming"] else "Nothing that is known.")
    for row in record["lapsed"]:
        out.print(f"{row['date']}: {row['what']}.", markup=False)
    out.print(record["review"], markup=False)
