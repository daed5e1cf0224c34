"""Warnings of the run, in its own words."""

from __future__ import annotations

from toolkit.report import formats
from toolkit.report.compose import section
from toolkit.report.document import Block, Missing, Notes
from toolkit.report.proposal import Proposal
from toolkit.report.text import text


@section("warnings", "Warnings")
def cautions(run: Proposal) -> tuple[Block, ...] | Missing:
    """One sentence each."""
    found = run.record["warnings"]
    return (
        (Notes(tuple(("", text(formats.dates_in_words(words))) for words in found)),)
        if found
        else Missing("The run gave no warning.")
    )
