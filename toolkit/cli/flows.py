"""`toolkit flows`: what customs data say of a metal, with alerts and their rule in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from toolkit.cli.options import Common, without_prices
from toolkit.cli.terminal import console, print_json

if TYPE_CHECKING:
    from rich.console import Console

    from toolkit.app.flows import CodeFlows, FlowAnswer
    from toolkit.cli.tables import Table
    from toolkit.supply.collapse import Collapse
    from toolkit.supply.flows import Change, FlowSummary

PARTNERS = 8
"""Partners that a table shows; --json gives all."""

RECENT = 24
"""Months back from the latest in which an ended collapse with a single partner is shown; --json gives all."""


@without_prices
def flows(
    metal: Annotated[
        str | None, typer.Argument(metavar="[METAL]", help="Metal, element symbol or tariff code; default: all.")
    ] = None,
    *,
    file: Annotated[
        str | None, typer.Option("--file", metavar="FILE", help="A customs file of your own (CSV or Parquet; - is stdin).")
    ] = None,
    common: Common,
) -> None:
    """Show customs flows by partner: recent change, months at zero, collapse alerts, diversion, effect of controls."""
    from toolkit.app.flows import flows as ask

    answer = ask(common.context(), metal, file)
    if common.json:
        print_json(answer.to_json())
    else:
        _show(answer, console(common))


def _show(answer: FlowAnswer, out: Console) -> None:
    from toolkit.supply.collapse import RULE
    from toolkit.supply.flows import DIVERSION_RULE

    origin = answer.file or ", ".join(str(record["source"]) for record in answer.provenance)
    out.print(
        f"Customs flows{f' of {answer.metal}' if answer.metal else ''}, known on {answer.as_of}", style="bold", markup=False
    )
    out.print(f"Source: {origin}. Masses in kg a month; % is left out where the base is small (*) or a month is missing (?).")
    one = answer.metal is not None
    if not one:
        out.print(_table([(code, code.total) for code in answer.codes]))
    for code in answer.codes:
        if one:
            out.print(_heading(code), style="bold", markup=False)
            out.print(_table([(code, s) for s in (code.total, *code.partners[:PARTNERS])]))
            if len(code.partners) > PARTNERS:
                out.print(f"{len(code.partners) - PARTNERS} more partners: --json.")
        _findings(code, out, one=one)
    for point in answer.reported:
        about = f"about {point.announced}" if point.precision == "approximate" else str(point.announced)
        out.print(f"Reported, a single point and part of no series: {point.what} ({about}).", markup=False)
        out.print(f"  {point.event_id}: {point.citation}; {point.confidence}.", markup=False)
    for note in answer.notes:
        out.print(note, markup=False)
    out.print(RULE, markup=False)
    if any(found.suspected for code in answer.codes for found in code.diversions):
        out.print(DIVERSION_RULE, markup=False)


def _heading(code: CodeFlows) -> str:
    who = " ".join(part for part in (code.reporter, f"{code.direction}s" if code.direction else None) if part)
    return f"HS {code.hs_code}{f', {code.asset}' if code.asset else ''}{f', {who}' if who else ''}"


def _table(rows: list[tuple[CodeFlows, FlowSummary]]) -> Table:
    from toolkit.cli.tables import Table

    many = len({code.hs_code for code, _ in rows}) > 1
    figures = ("month", "kg", "m/m", "y/y", "3 mo", "12 mo", "3 on 12", "zeros/12")
    table = Table.of(("metal" if many else "partner",), figures if many else (*figures, "share/12"))
    for code, s in rows:
        inferred = f" ({s.inferred_in_twelve} inf)" if s.inferred_in_twelve else ""
        cells = (
            code.name if many else _partner(s.series.partner),
            f"{s.month:%Y-%m}",
            _mass(s.latest),
            _percent(s.on_month),
            _percent(s.on_year),
            _mass(s.three_months),
            _mass(s.twelve_months),
            _percent(s.three_on_twelve),
            f"{s.zeros_in_twelve}{inferred}",
        )
        share = "" if s.share is None else f"{s.share:.0%}"
        table.add_row(*cells, *(() if many else (share,)))
    return table


def _findings(code: CodeFlows, out: Console, *, one: bool) -> None:
    prefix = "" if one else f"{code.name}: "
    if code.mixed is not None:
        out.print(prefix + code.mixed.caution, markup=False)
    total = code.total.series
    shown = {total.partner, *(s.series.partner for s in code.partners[:PARTNERS])}
    since = total.months[-RECENT:][0]
    told = [
        (partner, collapse)
        for partner, collapse in code.collapsed
        if collapse.running or (one and (partner == total.partner or collapse.last >= since))
        if partner in shown
    ]
    for partner, collapse in told:
        out.print(f"{prefix}{'ALERT' if collapse.running else 'Ended'}: {_told(partner, collapse)}", markup=False)
    if one and len(told) < len(code.collapsed):
        out.print(f"{len(code.collapsed) - len(told)} older collapses or of smaller partners: --json.")
    if one and not any(partner == total.partner for partner, _ in code.collapsed):
        out.print("No collapse of the flow with all partners.")
    for found in code.diversions:
        if found.suspected:
            risers = ", ".join(f"{name} +{_mass(rise)}" for name, rise in found.risers) or "not named by the source"
            out.print(
                f"{prefix}Possible diversion: {found.origin} {_mass(found.before)} to {_mass(found.after)} kg a month, others"
                f" {_mass(found.others_before)} to {_mass(found.others_after)} ({risers}).",
                markup=False,
            )
    if one:
        for control in code.controls:
            around = control.around
            verdict = "collapse" if around.collapse else "no stop shown"
            if code.mixed is not None and not around.collapse:
                verdict = "no stop shown, and none of one metal could show"
            measure = f"{control.title} ({control.instrument}), {_partner(control.partner)}"
            out.print(
                f"{around.day} {measure}: {_mass(around.base)} kg a month in the year before,"
                f" {_mass(around.after)} in the three months from then ({_percent(around.change)}): {verdict}.",
                markup=False,
            )


def _told(partner: str, collapse: Collapse) -> str:
    pulled = ""
    if collapse.month_before > 2:
        pulled = f" The month before stood at {collapse.month_before:.1f} times that level, as when buyers stock up."
    until = "still running" if collapse.running else f"until {collapse.last:%Y-%m}"
    return (
        f"flow with {_partner(partner)} collapsed from {collapse.onset:%Y-%m} ({until}; the rule held from the figures of"
        f" {collapse.confirmed:%Y-%m} on): {_mass(collapse.mean)} kg a month against {_mass(collapse.base)} in the year before,"
        f" {collapse.months} low months where {collapse.needed} were needed.{pulled}"
    )


def _partner(name: str) -> str:
    from toolkit.supply.flows import ALL_LISTED, WORLD

    return "all partners" if name in (WORLD, ALL_LISTED) else name


def _mass(kg: float | None) -> str:
    return "?" if kg is None else f"{kg:,.0f}"


def _percent(change: Change) -> str:
    if change.value is None:
        return "*" if change.reason == "small base" else "?"
    return f"{change.value:+.0%}"
