"""`toolkit event`: what prices did after a control event."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

import typer

from toolkit.cli.controls import EVENTS_HELP
from toolkit.cli.options import Common, without_prices
from toolkit.cli.terminal import console, print_json
from toolkit.core.text import figure

if TYPE_CHECKING:
    from rich.console import Console

    from toolkit.app.events import EventAnswer
    from toolkit.cli.tables import Table
    from toolkit.shocks.event_study import Case, Reaction


@without_prices
def event(
    event_id: Annotated[str, typer.Argument(metavar="ID", help="Id of an event (EV020) or number of a notice (23/2023).")],
    *,
    events: Annotated[str | None, typer.Option("--events", metavar="FILE", help=EVENTS_HELP)] = None,
    common: Common,
) -> None:
    """Show prices 1, 3, 6 and 12 months after an event, benchmark-adjusted, with overlaps and non-reactions."""
    from toolkit.app.events import event_study

    answer = event_study(common.context(events), event_id)
    if common.json:
        print_json(answer.to_json())
    else:
        _show(answer, console(common))


def _percent(figure: float | None) -> str:
    return "n/a" if figure is None else f"{figure:+.0%}"


def _cell(reaction: Reaction) -> str:
    """The adjusted change, the plain one (*) where the benchmark ends earlier, or why there is none."""
    if reaction.thin is not None:
        return "thin"
    return _percent(reaction.adjusted) if reaction.adjusted is not None or reaction.change is None else (
        f"{_percent(reaction.change)}*")  # fmt: skip


def _base(reaction: Reaction) -> str:
    """The level before the event, with its standard error where it has one."""
    if reaction.before is None:
        return "n/a"
    if reaction.before_error is None:
        return f"{figure(reaction.before, 4)} ±?"
    return figure(reaction.before, 4) + (f" ±{reaction.before_error:.0%}" if reaction.before_error else "")


def _cases(cases: Iterable[Case], *, with_event: bool) -> Table:
    from toolkit.cli.tables import Table

    first = ("event", "price of") if with_event else ("price of",)
    table = Table.of((*first, "from", "day"), ("base", "1 m", "3 m", "6 m", "12 m", "12 m plain", "overlaps"), keys=2)
    for case in cases:
        label = case.asset.replace("_", " ") + ("" if case.form_named else " (form not named)")
        cells = [*([case.event_id] if with_event else []), label, case.zero, str(case.day), _base(case.reactions[0])]
        last = case.reactions[-1]
        plain = "thin" if last.thin else _percent(last.change)
        overlaps = str(len(case.overlaps)) if case.overlaps else ""
        table.add_row(*cells, *(_cell(reaction) for reaction in case.reactions), plain, overlaps)
    return table


def _show(answer: EventAnswer, out: Console) -> None:
    from toolkit.cli.tables import Table

    event, found = answer.study.event, answer.study
    own = " (your own, not checked)" if answer.own else ""
    out.print(f"{event.event_id}: {event.title}, {event.instrument.replace('_', ' ')}{own}", markup=False, style="bold")
    if event.scope:
        out.print(event.scope, markup=False)
    effect = f", in effect {event.effective}" if event.effective else ""
    out.print(f"Announced {event.announced}{effect}; prices as known on {answer.as_of}.")
    if found.cases:
        out.print(_cases(found.cases, with_event=False))
        thin = sorted({case.asset for case in found.cases if any(r.thin == "before" for r in case.reactions)})
        if thin:
            out.print(f"Base too thin: of {', '.join(thin)} no change is told from a level of such error.", markup=False)
        ids = sorted({other for case in found.cases for other in case.overlaps})
        if ids:
            out.print(f"Overlap with {', '.join(ids)}: the changes are not of this event alone.", markup=False)
    if found.without_series:
        out.print(f"No monthly price series for {', '.join(found.without_series)}: no other series is put in its place.",
                  markup=False)  # fmt: skip
    if found.outside_series:
        out.print(f"The series of {', '.join(found.outside_series)} does not cover the months around the event.", markup=False)
    if not found.cases and not found.without_series and not found.outside_series:
        out.print("The event names no metal of its own: there is no price to study.")
    if answer.points.height:
        points = Table.of(("dated price points", "date"), ("price",), ("unit", "basis"))
        for row in answer.points.iter_rows(named=True):
            low, high = row["price_low"], row["price_high"]
            price = figure(low) if low == high else f"{figure(low)} to {figure(high)}"
            points.add_row(row["asset"], str(row["date"]), price, f"{row['currency']}/{row['unit']}", row["basis"])
        out.print(points)
        out.print("Price points differ in basis (ask, assessment, trade) and are never joined to a series.")
    if answer.comparable:
        out.print(
            f"Adjusted changes after all {len(answer.comparable)} official licences and bans with a series, from announcement:"
        )
        table = Table.of(("after",), ("n", "median", "lowest", "highest", "up", "down", "no reaction", "overlapping"))
        for row in answer.summaries:
            table.add_row(
                f"{row.horizon} m", str(row.n), _percent(row.median), _percent(row.low), _percent(row.high), str(row.up),
                str(row.down), str(row.none), str(row.overlapping),
            )  # fmt: skip
        out.print(table)
        out.print(_cases(answer.comparable, with_event=True))
    out.print(
        f"{answer.method} * not adjusted: the benchmark ends earlier. Benchmark: {', '.join(answer.benchmark)}.", markup=False
    )
