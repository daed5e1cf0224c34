"""`toolkit event`: what prices did after a control event."""

from __future__ import annotations

from typing import Annotated

import typer

from toolkit.cli.controls import Events
from toolkit.cli.options import Common, without_prices
from toolkit.cli.terminal import show


@without_prices
def event(
    event_id: Annotated[str, typer.Argument(metavar="ID", help="Id of an event (EV020) or number of a notice (23/2023).")],
    *,
    events: Events = None,
    common: Common,
) -> None:
    """Show prices 1, 3, 6 and 12 months after an event, benchmark-adjusted, with overlaps and non-reactions."""
    from toolkit.app.topics.history import event as ask
    from toolkit.report.topics.history import document

    answer = ask(common.context(events), event_id)
    show(common, answer, document)
