"""Cautions of the run in its own words: what weakens the answer first, how the numbers were made after it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from toolkit.report.compose import section
from toolkit.report.language import mark
from toolkit.report.document import Block, Figure, Missing, Notes
from toolkit.report.findings import Findings
from toolkit.report.text import text

GROUPS: Mapping[str, str] = {
    "answer": "What weakens the answer",
    "data": "What the data lack",
    "terms": "Inputs, and what is assumed of them",
    "method": "How the numbers were made",
}
"""Kinds of cautions in the order in which they are read."""


@section("warnings", mark("Cautions"), needs=["positions"])
def cautions(run: Findings) -> tuple[Block, ...] | Missing:
    """One sentence each, those of a kind together where the run tells them apart."""
    found: Sequence[str] = run.record["warnings"]
    if not found:
        return Missing("The run gave no warning.")
    kinds: Mapping[str, Sequence[str]] = run.record.get("cautions", {})
    grouped = [(GROUPS[kind], kinds[kind]) for kind in GROUPS if kinds.get(kind)]
    if not grouped:
        return (_notes(run, found),)
    return tuple(Figure(text(title), (), (_notes(run, sentences),)) for title, sentences in grouped)


def _notes(run: Findings, sentences: Sequence[str]) -> Notes:
    return Notes(tuple(("", run.sentence(words)) for words in sentences))
