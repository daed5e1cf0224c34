"""Cautions in their own words: what weakens the answer first, then how holdings were read and how numbers were made."""

from __future__ import annotations

from collections.abc import Sequence

from toolkit.records.run import Run
from toolkit.report.compose import section
from toolkit.report.document import Block, Missing, Notes
from toolkit.report.findings import Findings
from toolkit.report.i18n.language import mark
from toolkit.report.i18n.text import strong, text

ELSEWHERE = (
    "{assets}: valued at the {kind} of {day:%Y-%m-%d} ({basis}), {age} days old.",
    "{sources:; }: up to {end:%Y-%m-%d}; newer figures have been due for {days} days.",
    "{sources:; }: up to {end:%Y-%m-%d}; newer figures have been due for a day.",
    "Origin unknown, taken as the controlling country: {lots}.",
    "The lots are of {clients}, and every figure is of all of them together; --client NAME takes those of one.",
)
"""Warnings that a report of lots tells elsewhere: dates beside prices and in `Data and sources`, origins in the assumptions."""


@section("warnings", mark("Cautions"), needs=["positions"])
def cautions(run: Findings) -> tuple[Block, ...] | Missing:
    """What weakens the answer, largest amount first, and how its numbers were made after it."""
    warnings, notes = run.record.warnings, run.record.notes
    if not warnings and not notes:
        return Missing(run.say.words("The run gave no warning."))
    read = run.record.holdings_notes if isinstance(run.record, Run) else ()
    made = () if run.short else [words for words in notes if words not in read]
    if run.short and not warnings and not read:
        return Missing(run.say.words("The run gave no warning."))
    return _listed(run, warnings, read, made)


@section("file", mark("How the file was read"), needs=["exposure"])
def file(run: Findings) -> tuple[Block, ...]:
    """What weakens the values of the lots, then what was understood of the file and assumed where it says nothing.

    A short report says once what its other sections tell of old prices and sources and of lots without an origin.
    """
    warnings, phrases = run.record.warnings, run.record.phrases
    if run.short:
        warnings = tuple(w for w in warnings if w not in phrases or phrases[w]["said"] not in ELSEWHERE)
    return _listed(run, warnings, run.record.notes, ())


@section("simulation", mark("How it was simulated"), needs=["backtest"])
def simulation(run: Findings) -> tuple[Block, ...]:
    """What weakens the figures of a backtest, then what it did and left out."""
    return _listed(run, run.record.warnings, (), run.record.notes)


def _listed(run: Findings, warnings: Sequence[str], read: Sequence[str], made: Sequence[str]) -> tuple[Block, ...]:
    """One list of warnings, of how holdings were read, and of how numbers were made, the latter two with a lead."""
    say = run.say
    told = [run.sentence(words) for words in warnings]
    for lead, notes in (
        (say.words("How the holdings were read, and what was assumed."), read),
        (say.words("How the numbers were made."), made),
    ):
        told += [run.sentence(words) if i else text(strong(lead), " ", run.sentence(words)) for i, words in enumerate(notes)]
    return (Notes(tuple(("", words) for words in told)),)
