"""Cautions of the run in its own words: what weakens the answer first, how the numbers were made after it."""

from __future__ import annotations

from toolkit.report.compose import section
from toolkit.report.document import Block, Missing, Notes
from toolkit.report.findings import Findings
from toolkit.report.words.language import mark
from toolkit.report.words.text import strong, text


@section("warnings", mark("Cautions"), needs=["positions"])
def cautions(run: Findings) -> tuple[Block, ...] | Missing:
    """What weakens the answer, largest amount first, and how its numbers were made after it."""
    warnings, notes = run.record["warnings"], run.record.get("notes", ())
    if not warnings and not notes:
        return Missing(run.say.words("The run gave no warning."))
    made = text(strong(run.say.words("How the numbers were made.")), " ")
    told = [run.sentence(words) for words in warnings]
    told += [run.sentence(words) if i else text(made, run.sentence(words)) for i, words in enumerate(notes)]
    return (Notes(tuple(("", words) for words in told)),)
