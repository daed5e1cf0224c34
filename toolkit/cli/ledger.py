"""`toolkit ledger review|add`: what has passed since the last review of the control ledger; a finding of the user's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from toolkit.cli.controls import EVENTS_HELP
from toolkit.cli.options import Common, without_prices
from toolkit.cli.terminal import console, headline, print_json, say

if TYPE_CHECKING:
    from rich.console import Console

    from toolkit.app.ledger_add import AddedEvent
    from toolkit.app.ledger_review import CatalogueCheck, ReviewAnswer

_FIRST = 3
"""Rows of the catalogue that the terminal names beside an item."""

app = typer.Typer(help="The control ledger: what to look up before relying on it.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def _root() -> None:
    """The control ledger: what to look up before relying on it."""


@app.command("review")
@without_prices
def review(
    *,
    events: Annotated[str | None, typer.Option("--events", metavar="FILE", help=EVENTS_HELP)] = None,
    catalogue: Annotated[
        str | None,
        typer.Option(
            "--catalogue", metavar="FILE", help="China's dual-use licence catalogue, CSV or workbook, to check items by."
        ),
    ] = None,
    common: Common,
) -> None:
    """List what has passed since the last review: changes by date, ended suspensions, claims, and rows not checked."""
    from toolkit.app import ledger_review

    answer = ledger_review.review(common.context(events), catalogue)
    if common.json:
        print_json(answer.to_json())
        return
    _show(answer, console(common))
    if answer.check is not None:
        _show_catalogue(answer.check, console(common))


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
    from toolkit.app.ledger_add import add_event

    answer = add_event(common.context(), file, event, evidence, dry_run=dry_run)
    if common.json:
        print_json(answer.to_json())
    else:
        _show_added(answer, console(common))
    if answer.written:
        say(f"wrote {file}", common)


def _show_added(answer: AddedEvent, out: Console) -> None:
    from toolkit.cli.tables import Table

    event_id = answer.event["event_id"]
    if answer.is_there:
        out.print(f"{answer.file} says the same of {event_id} already: nothing is written.", markup=False)
        return
    out.print(headline(event_id, "" if answer.written else ": not written (--dry-run)"))
    out.print(f"evidence {answer.event['evidence']}, SHA-256 {answer.event['evidence_sha256']}", markup=False)
    if answer.changes:
        table = Table.of(("metal", "form", "to", "on"), ("was", "now", "measures"))
        for row in answer.changes:
            buyer = row.destination + ("" if row.end_user == "civil" else f", {row.end_user}")
            table.add_row(row.metal, row.form, buyer, str(row.day), _words(row.was), _words(row.now), ", ".join(row.measures))
        out.print(table)
    else:
        out.print("No control state changes by it on the days that it names.")
    for note in answer.notes:
        out.print(f"note: {note}", markup=False)
    out.print(f"Put it to a question with --events {answer.file}.", markup=False)


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
        shown = {row["event_id"]: f" ({row['evidence']}: {row['state']})" for row in answer.evidence}
        told = ", ".join(event_id + shown.get(event_id, "") for event_id in answer.own)
        out.print(f"Your own events, not checked: {told}.", markup=False)
    out.print("Control notices as compiled, by day; not legal advice.")


def _show_catalogue(check: CatalogueCheck, out: Console) -> None:
    from toolkit.cli.tables import Table

    told = check.to_json()
    counts = told["counts"]
    out.print(headline("Licence catalogue", f" {told['file']}, {told['items_read']} items read"))
    for note in told["notes"]:
        out.print(f"note: {note}", markup=False)
    agree = f"{counts['agreeing']} of {counts['codes']} codes of the ledger agree, {counts['in_part']} in eight digits alone"
    wrong = "" if counts["agreeing"] else " Look whether this is the catalogue of dual-use items."
    out.print(f"{agree}, {counts['lacked']} are lacked; a code counts once an item.{wrong}", markup=False)
    missing = len(told["missing_in_ledger"])
    out.print(
        f"{missing} codes of the catalogue for metals of the ledger are not in the ledger; {len(told['unread'])} rows not read."
    )
    lacked = [row for row in told["items"] if row["lacked"]]
    sure, may = ([row for row in lacked if row["may_be_left_out"] is left] for left in (False, True))
    uncoded = [row for row in told["items"] if not (row["agreeing"] or row["in_part"] or row["lacked"])]
    near = [row for row in told["items"] if row["in_part"]]
    for heading, rows, key in (
        ("The catalogue lacks codes of the ledger:", sure, "lacked"),
        ("Lacked, but suspended, not settled or not begun on the day or on 1 January, so no contradiction:", may, "lacked"),
        ("The first eight digits agree, and the rest was not compared:", near, "in_part"),
        ("Without a code in the ledger, found by control code or name alone:", uncoded, "similar"),
    ):
        table = Table.of(
            ("item", "notice", "status", "of its metals" if key == "similar" else "codes", "found in the catalogue")
        )
        for row in rows:
            cells = _found(row["similar"]) if key == "similar" else ", ".join(row[key])
            table.add_row(row["item"], row["notice"], _words(row["status"]), cells, _found(row["rows"]))
        if rows:
            out.print(heading)
            out.print(table)
    if told["missing_in_ledger"]:
        out.print("The ledger lacks codes of the catalogue for its metals:")
        table = Table.of(("code", "row", "name", "metals", "named in", "in the ledger for"))
        for row in told["missing_in_ledger"]:
            metals, items = ", ".join(row["metals"]), ", ".join(row["items"])
            table.add_row(row["code"], str(row["row"]), row["name"], metals, row["named_in"], items)
        out.print(table)
    if told["unread"]:
        out.print("Not read, so what is lacked may stand there:")
        table = Table.of(("row", "what", "cell", "remedy"))
        for row in told["unread"]:
            table.add_row(str(row["row"]), row["what"], row["value"], row["hint"])
        out.print(table)
    for sentence in told["not_judged"]:
        out.print(f"- {sentence}", markup=False)
    out.print("The ledger stays as it is. Put what you find, with the notice, into a file of your own:")
    out.print("toolkit ledger add findings.csv event_id=ID KEY=VALUE... --evidence FILE (docs/events.md).", markup=False)


def _found(rows: list[dict[str, Any]]) -> str:
    """The first rows of the catalogue, and how many there are more; JSON has them all."""
    shown = [f"row {row['row']}: {row['code'] or ''} {row['name']}".replace("  ", " ") for row in rows[:_FIRST]]
    return "; ".join(shown) + (f" and {len(rows) - _FIRST} more" if len(rows) > _FIRST else "")


def _words(key: str) -> str:
    return key.replace("_", " ")
