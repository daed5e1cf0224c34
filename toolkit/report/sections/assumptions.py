"""Assumptions, how to read the page, and what it is not."""

from __future__ import annotations

from toolkit.records.run import Run
from toolkit.report.compose import section
from toolkit.report.document import Block, Notes, Panel
from toolkit.report.findings import Findings
from toolkit.report.i18n.language import mark
from toolkit.report.i18n.text import Span, Text, sentences, strong, text
from toolkit.report.topics.measures import legal_day


@section("assumptions", mark("Assumptions"))
def assumptions(run: Findings) -> tuple[Block, ...]:
    """The list that the markers A1, A2, ... link to, then how to read the report and the notice."""
    say = run.say
    listing = Notes(tuple((assumption.marker, assumption.words) for assumption in run.assumptions), assumed=True)
    read: list[Text] = [
        sentences(
            text(strong(say.words("How to read this report."))),
            () if run.short else say("Upright figures are data or computed from data."),
            text(Span(say.words("What is set like this is an assumption."), "assumption")),
            text(Span(say.words("What has dots below it alone is computed from data and an assumption."), "derived")),
            () if run.short else say("A dash means undefined or not applicable."),
            say("Prices are indicative: a customs value, an average or a dealer’s ask is no bid, and buy-back may be refused."),
        )
    ]
    if left_out := run.record.left_out if isinstance(run.record, Run) else ():
        read.append(
            say(
                "{lead} {names}. Each has no monthly price; none is interpolated.",
                lead=strong(say.words("Not part of the calculation:")),
                names=say.listed([say.name(row.name) for row in left_out]),
            )
        )
    read.append(
        sentences(
            text(strong(say.words("Not investment, tax or legal advice."))),
            say(
                "Legal states are those of {day}, read from published notices, and may have changed since.",
                day=legal_day(run),
            ),
        )
    )
    return (*((listing,) if listing.items else ()), Panel(tuple(read)))
