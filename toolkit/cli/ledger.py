"""`toolkit ledger review`: what has passed since the control ledger was last reviewed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from toolkit.cli.controls import EVENTS_HELP
from toolkit.cli.options import Common, without_prices
from toolkit.cli.terminal import console, headline, print_json

if TYPE_CHECKING:
    from rich.console import Console

    from toolkit.app.ledger_review import ReviewAnswer

app = typer.Typer(help="The control ledger: what to look up before relying on it.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def _root() -> None:
    """The control ledger: what to look up before relying on it."""


@app.command("review")
@without_prices
def review(
    *,
    events: Annotated[str | None, typer.Option("--events", metavar="FILE", help=EVENTS_HELP)] = None,
    common: Common,
) -> None:
    """List what has passed since the last review: changes by date, ended suspensions, claims, and rows not checked."""
    from toolkit.app import ledger_review
    from toolkit.app.config import resolve

    answer = ledger_review.review(resolve(common.settings(), file=common.config), common.day(), events)
    if common.json:
        print_json(answer.to_json())
    else:
        _show(answer, console(common))


def _show(answer: ReviewAnswer, out: Console) -> None:
    from toolkit.cli.tables import Table

    def table(*headings: str) -> Table:
        made = Table()
        for heading in headings:
            made.add_column(heading)
        return made

    found = answer.found
    since = "" if found.days_since is None else f", {found.days_since} days after the last reviewed day"
    out.print(headline("Ledger review", f" on {found.as_of}{since}"))
    out.print(answer.review, markup=False)
    passed = table("day", "notice", "instrument", "was", "by its date now")
    for change in found.passed:
        passed.add_row(str(change.day), change.title, *(_words(w) for w in (change.instrument, change.was, change.now)))
    out.print(passed if found.passed else "No status has changed by its date since.")
    for suspension in found.ended:
        out.print(f"{suspension.last_day}: {suspension.what}.", markup=False)
    if found.unsettled:
        out.print(f"Not settled: {', '.join(dict.fromkeys(title for _, title in found.unsettled))}.", markup=False)
    if found.claims:
        claims = table("stated, act not seen", "by", "standing", "of the suspension", "until")
        for claim in found.claims:
            doubt = " (whether it covers this was not found)" if claim.relation == "may_extend" else ""
            until = "" if claim.until is None else str(claim.until)
            claims.add_row(claim.title, claim.authority, claim.standing, ", ".join(claim.acts_on) + doubt, until)
        out.print(claims)
    unchecked = table("not confirmed", "what", "metals", "checked")
    for row in found.unchecked:
        unchecked.add_row(row.title, _words(row.instrument), ", ".join(row.metals), row.confidence)
    out.print(unchecked if found.unchecked else "Every row was checked against its text.")
    if answer.own:
        out.print(f"Your own events, not checked: {', '.join(answer.own)}.", markup=False)
    out.print("Control notices as compiled, by day; not legal advice.")


def _words(key: str) -> str:
    return key.replace("_", " ")
