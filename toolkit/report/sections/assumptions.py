"""Assumptions, how to read the page, and what it is not."""

from __future__ import annotations

from toolkit.report.compose import section
from toolkit.report.language import mark
from toolkit.report.document import Block, Notes, Panel
from toolkit.report.findings import Findings
from toolkit.report.text import Span, Text, listed, name, strong, text


@section("assumptions", mark("Assumptions"))
def assumptions(run: Findings) -> tuple[Block, ...]:
    """The list that the markers A1, A2, ... link to, then the notice."""
    listing = Notes(tuple((assumption.marker, assumption.words) for assumption in run.assumptions), assumed=True)
    read: list[Text] = [
        text(
            strong("How to read this report. "),
            "Upright figures are data or computed from data. ",
            Span("Figures in this type are assumptions", "assumption"),
            " or depend on one directly. A dash means undefined or not applicable. Prices are indicative: a customs value, an "
            "average or a dealer’s ask is not a bid, and buy-back may be refused.",
        )
    ]
    left_out = run.record["left_out"]
    if left_out:
        names = listed([name(row["name"]) for row in left_out])
        read.append(text(strong("Not part of the calculation: "), names, ". Each has no monthly price; none is interpolated."))
    notice = "Legal states are read from published notices and may have changed since the date given."
    read.append(text(strong("Not investment, tax or legal advice. "), notice))
    return (listing, Panel(tuple(read)))
