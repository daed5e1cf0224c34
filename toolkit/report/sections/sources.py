"""Data and sources: where every figure comes from, and how old it is."""

from __future__ import annotations

from toolkit.report import formats
from toolkit.report.compose import section
from toolkit.report.language import mark
from toolkit.report.document import Block, Column, Missing, Paragraph, Row, Table
from toolkit.report.findings import Origin, Findings
from toolkit.report.sections.answer import unconfirmed
from toolkit.report.text import Span, Text, muted, name, text

TABLES = {
    "control_scopes": "forms named by notices",
    "controls": "control events",
    "fx": "exchange rates",
    "prices": "prices",
    "products": "products",
    "shares": "shares of supply",
}


@section("sources", mark("Data and sources"))
def data_sources(run: Findings) -> tuple[Block, ...] | Missing:
    """The table that the markers S1, S2, ... link to."""
    if not run.origins:
        return Missing("The run names no source.")
    late = sum(origin.overdue_days > 0 for origin in run.origins)
    total = len(run.origins)
    behind = "No source is" if not late else f"{formats.capital(formats.count(late, 'source'))} of {total} {formats.are(late)}"
    facts = len(unconfirmed(run))
    said = f"{formats.capital(formats.count(facts, 'fact'))} of the control ledger used here {formats.are(facts)} unconfirmed:"
    said += " from memory, from one press report or claimed by one side."
    intro = f"{behind} later than the rhythm of publication explains. {said}"
    columns = tuple(Column(label, "left") for label in ("Source", "Used for", "Licence", "Newest", "Known from", "Age"))
    return (
        Paragraph(text(intro), "intro"),
        Table("Sources, licence and age", columns, tuple(_row(origin) for origin in run.origins)),
    )


def _row(origin: Origin) -> Row:
    used = ", ".join(TABLES.get(table, formats.readable(table)) for table in origin.tables)
    cells: tuple[Text, ...] = (
        text(muted(f"{origin.marker} "), name(origin.title)),
        text(used),
        text(origin.licence),
        text(formats.short_date(origin.newest)),
        text(formats.short_date(origin.known_from)),
        text(Span(f"▲ {origin.overdue_days} days behind its rhythm", "warn")) if origin.overdue_days else text("current"),
    )
    return Row(cells, anchor=origin.marker.lower())
