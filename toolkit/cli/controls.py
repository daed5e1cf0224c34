"""`toolkit controls`: which measures name a form of a metal, for a route, on a day."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from toolkit.cli.options import Common, without_prices
from toolkit.cli.terminal import console, headline, print_json
from toolkit.controls.events import EUROPEAN_UNION

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from rich.console import Console

    from toolkit.app.controls import ControlAnswer
    from toolkit.cli.tables import Table
    from toolkit.controls.state import ControlState, Measure

STATES = {"unchecked": "not settled here, text not checked", "agreed": "agreed, act not seen"}
"""Statuses that need more words."""

CERTAINTY = {"named": "", "above_size": ", not named below that size", "uncertain": ", form uncertain"}
EVENTS_HELP = "Your own events (CSV or TOML; - is a CSV on stdin) over the bundled ledger."


@without_prices
def controls(
    metal: Annotated[
        str | None, typer.Argument(metavar="[METAL]", help="Metal or element symbol; default: all products.")
    ] = None,
    *,
    form: Annotated[str | None, typer.Option("--form", help="Form as notices name it (metal, oxide, phosphide, InP).")] = None,
    to: Annotated[str | None, typer.Option("--to", metavar="COUNTRY", help="Buyer's country; default: the owner's.")] = None,
    origin: Annotated[str, typer.Option("--origin", metavar="COUNTRY", help="Country whose exports are asked about.")] = "CHN",
    end_user: Annotated[str, typer.Option("--end-user", help="civil, military (defence) or listed.")] = "civil",
    purity: Annotated[str | None, typer.Option("--purity", help="As traded: '99.99 %', 4N or 0.9999.")] = None,
    size: Annotated[str | None, typer.Option("--size", help="Of one solid piece: 30x700 or 120x120x50 in mm, or 5kg.")] = None,
    item: Annotated[
        str | None, typer.Option("--item", metavar="CODE|WORDS", help="Look up controlled items by tariff code or by words.")
    ] = None,
    events: Annotated[str | None, typer.Option("--events", metavar="FILE", help=EVENTS_HELP)] = None,
    common: Common,
) -> None:
    """Show the export controls on a metal, form by form, on the day of --as-of: law first, practice beside it."""
    from toolkit.app import controls as app
    from toolkit.controls.events import end_user_of
    from toolkit.controls.state import review_note
    from toolkit.core.errors import SpecError
    from toolkit.core.plain import plain
    from toolkit.core.size import PieceSize

    day = common.day()
    if item is not None and (metal is not None or form is not None):
        raise SpecError("--item looks through all notices; it takes no metal and no form.", hint=f"Try --item {metal or form}.")
    if form is not None and metal is None:
        raise SpecError(
            "--form needs a metal: notices name forms of metals.", hint=f"Try `toolkit controls METAL --form {form}`."
        )
    context = common.context(events)
    if item is not None:
        found = app.items(context, item, day)
        if common.json:
            told = {"query": item, "as_of": day.isoformat(), "reviewed_to": plain(context.ledger.reviewed_to)}
            print_json({**told, "items": plain(found)})
        else:
            _show_items(found.to_dicts(), item, console(common))
            console(common).print(review_note(context.ledger.reviewed_to, day), markup=False)
        return
    destination = app.check_country(to or context.settings.config.owner.country, "--to")
    end_user = end_user_of(end_user)
    piece = None if size is None else PieceSize.parse(size)
    source = app.check_country(origin, "--origin", EUROPEAN_UNION)
    route = app.Route(destination, source, end_user, app.parse_purity(purity), piece)
    if metal is None:
        states = app.product_controls(context, route, day)
        if common.json:
            told = {"as_of": day.isoformat(), "origin": route.origin, "destination": destination, "end_user": end_user}
            told |= {"reviewed_to": plain(context.ledger.reviewed_to)}
            print_json({**told, "products": [s.to_json() for s in states], "own_events": list(context.own)})
            return
        console(common).print(
            headline(f"Controls of {route.origin}", f" on exports to {destination}, {end_user} use, on {day}")
        )
        console(common).print(review_note(context.ledger.reviewed_to, day), markup=False)
        console(common).print(_state_table(states, lambda s: context.products[s.metal].name))
    else:
        answer = app.controls(context, metal, form, route, day)
        if common.json:
            print_json(answer.to_json())
            return
        _show(answer, console(common))
    if context.own:
        console(common).print(f"Your own events, not checked: {', '.join(context.own)}.", markup=False)
    console(common).print("Control notices as compiled, by day; not legal advice.")


def _table(*headings: str) -> Table:
    from toolkit.cli.tables import Table

    table = Table()
    for heading in headings:
        table.add_column(heading)
    return table


def _state_table(states: Iterable[ControlState], label: Callable[[ControlState], str]) -> Table:
    """One row a state: the law, and what is only reported in a column of its own."""
    table = _table("form", "law", "since", "until", "measures in force", "practice")
    for state in states:
        law = [m for m in state.measures if m.is_law and not m.conditional]
        leading = state.leading
        numbers = dict.fromkeys(_number(m) for m in law if m.status == "in_force")
        practice = dict.fromkeys(m.instrument.replace("_", " ") for m in state.measures if m.status == "reported")
        since = min((m.since for m in leading if m.since), default="")
        until = min((m.until for m in leading if m.until), default="")
        table.add_row(label(state), state.headline, str(since), str(until), ", ".join(numbers) or "none", ", ".join(practice))
    return table


def _number(measure: Measure) -> str:
    return measure.number if measure.number and measure.number != "none" else measure.authority


def _basis(state: ControlState) -> str:
    """Which measures the headline rests on, each with the end users that it names."""
    told = [
        f"{_number(m)} ({m.instrument.replace('_', ' ')}" + ("" if m.end_user == "all" else f", {m.end_user} users") + ")"
        for m in state.leading
    ]
    return ", ".join(dict.fromkeys(told))


def _show(answer: ControlAnswer, out: Console) -> None:
    state = answer.state
    route = f"{state.origin} to {state.destination}, {state.end_user} use, on {state.as_of}"
    out.print(f"{state.metal}, {state.form}: {state.headline}  ({route})", markup=False, style="bold")
    out.print(state.review, markup=False)
    if answer.basis != "asked":
        reason = {
            "traded": "The traded form is shown; other forms below.",
            "named": "No product trades this metal: a form that notices name is shown.",
            "metal": "No product trades this metal and no notice names a form of it.",
        }
        out.print(reason[answer.basis])
    if basis := _basis(state):
        out.print(f"Rests on {basis}.", markup=False)
    if state.unsettled:
        out.print(state.unsettled, markup=False)
    if state.note:
        out.print(state.note, markup=False)
    if state.measures:
        out.print(_measures(state.measures))
    if state.elsewhere:
        out.print("Measures of other jurisdictions on the same form (exports out of there):")
        out.print(_measures(state.elsewhere, confidence=True))
    for change in state.next_changes:
        out.print(f"{change.date} ({change.standing}): {change.what}", markup=False)
    others = [other for other in answer.forms if other.form != state.form]
    if others:
        out.print(_state_table(others, lambda s: s.form))


def _measures(measures: tuple[Measure, ...], *, confidence: bool = False) -> Table:
    table = _table("measure", "instrument", "state", "since", "until", "for", "confidence" if confidence else "standing")
    for m in measures:
        who = ", ".join(m.destinations) + ("" if m.end_user == "all" else f", {m.end_user}")
        state = STATES.get(m.status, m.status.replace("_", " ")) + (" (other route)" if m.conditional else "")
        state += CERTAINTY[m.certainty]
        last = m.confidence if confidence else m.standing + (", yours" if m.source_id == "user" else "")
        table.add_row(_number(m), m.instrument.replace("_", " "), state, str(m.since or ""), str(m.until or ""), who, last)
    return table


def _show_items(found: list[dict[str, object]], query: str, out: Console) -> None:
    if not found:
        out.print(f"No controlled item matches {query!r}.", markup=False)
        return
    table = _table("item", "metals", "codes", "notice", "state")
    for row in found:
        codes = str(row["hs_codes"] or row["control_code"] or "").replace(";", ", ")
        metals = str(row["metals"]).replace(";", ", ")
        table.add_row(str(row["item"]), metals, codes, str(row["notice"]), str(row["status"]).replace("_", " "))
    out.print(table)
