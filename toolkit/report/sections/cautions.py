"""Cautions of the run in its own words: what weakens the answer first, how the numbers were made after it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from toolkit.report.compose import section
from toolkit.report.document import Block, Figure, Missing, Notes
from toolkit.report.findings import Findings
from toolkit.report.language import mark

GROUPS: Mapping[str, str] = MappingProxyType(
    {
        "answer": mark("What weakens the answer"),
        "data": mark("What the data lack"),
        "terms": mark("Inputs, and what is assumed of them"),
        "method": mark("How the numbers were made"),
    }
)
"""Kinds of cautions in the order in which they are read."""


@section("warnings", mark("Cautions"), needs=["positions"])
def cautions(run: Findings) -> tuple[Block, ...] | Missing:
    """One sentence each, those of a kind together where the run tells them apart."""
    found: Sequence[str] = run.record["warnings"]
    if not found:
        return Missing(run.say.words("The run gave no warning."))
    kinds: Mapping[str, Sequence[str]] = run.record.get("cautions", {})
    grouped = [(GROUPS[kind], kinds[kind]) for kind in GROUPS if kinds.get(kind)]
    if not grouped:
        return (_notes(run, found),)
    return tuple(Figure(run.say(title), (), (_notes(run, sentences),)) for title, sentences in grouped)


def _notes(run: Findings, sentences: Sequence[str]) -> Notes:
    return Notes(tuple(("", run.sentence(words)) for words in sentences))
