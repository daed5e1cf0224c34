"""`toolkit ledger review|add`: what has passed since the last review of the control ledger; a finding of the user's own."""

from __future__ import annotations

from typing import Annotated

import typer

from toolkit.cli.controls import Events
from toolkit.cli.options import Common, without_prices
from toolkit.cli.terminal import say, show
from toolkit.core.messages import message

app = typer.Typer(help="The control ledger: what to look up before relying on it.", no_args_is_help=True, rich_markup_mode=None)


@app.command("review")
@without_prices
def review(
    *,
    events: Events = None,
    common: Common,
) -> None:
    """List what has passed since the last review: changes by date, ended suspensions, claims, and rows not checked."""
    from toolkit.app.controls.ledger import review
    from toolkit.report.topics.controls import document

    show(common, review(common.context(events)), document)


@app.command("add")
@without_prices
def add(
    file: Annotated[str, typer.Argument(metavar="FILE", help="Your events (CSV or TOML), as of --events; made if not there.")],
    event: Annotated[
        list[str], typer.Argument(metavar="KEY=VALUE...", help="What the event says; keys are those of docs/events.md.")
    ],
    *,
    evidence: Annotated[str, typer.Option("--evidence", metavar="FILE", help="What shows it; its SHA-256 is kept.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what changes by it, and write nothing.")] = False,
    common: Common,
) -> None:
    """Append an event of your own, with its source and evidence, to a file for --events; the shipped ledger stays as it is."""
    from toolkit.app.controls.ledger import add_event
    from toolkit.report.topics.controls import document

    answer = add_event(common.context(), file, event, evidence, dry_run=dry_run)
    show(common, answer, document)
    if answer.written:
        say(message("wrote {file:s}", file=str(file)), common)
