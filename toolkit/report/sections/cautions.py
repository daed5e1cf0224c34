"""Cautions of the run in its own words: what weakens the answer first, how the numbers were made after it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from toolkit.report.compose import section
from toolkit.report.document import Block, Missing, Notes
from toolkit.report.findings import Findings
from toolkit.report.words.language import mark
from toolkit.report.words.text import Text, strong, text

GROUPS: Mapping[str, str] = MappingProxyType(
    {
        "answer": mark("What weakens the answer."),
        "data": mark("What the data lack."),
        "terms": mark("What the inputs lack."),
        "method": mark("How the numbers were made."),
    }
)
"""Kinds of cautions in the order in which they are read; the others have a place of their own on the page.

Late sources are marked in the table of sources, what is taken as given stands among the assumptions, and what has no price
in their panel. Runs of before told late sources and missing prices as ``data``.
"""


@section("warnings", mark("Cautions"), needs=["positions"])
def cautions(run: Findings) -> tuple[Block, ...] | Missing:
    """One sentence each, those of a kind after their lead where the run tells kinds apart."""
    found: Sequence[str] = run.record["warnings"]
    if not found:
        return Missing(run.say.words("The run gave no warning."))
    kinds: Mapping[str, Sequence[str]] = run.record.get("cautions", {})
    if not kinds:
        return (Notes(tuple(("", run.sentence(words)) for words in found)),)
    told = tuple(("", words) for words in _grouped(run, kinds))
    if not told:
        return Missing(run.say.words("What this run warns of stands with the sources and among the assumptions."))
    return (Notes(told),)


def _grouped(run: Findings, kinds: Mapping[str, Sequence[str]]) -> Iterator[Text]:
    for kind, lead in GROUPS.items():
        for i, words in enumerate(kinds.get(kind, ())):
            sentence = run.sentence(words)
            yield sentence if i else text(strong(run.say.words(lead)), " ", sentence)
