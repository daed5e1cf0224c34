"""How an answer was made: cautions in their own words, what the strategy intends, and what identifies the run."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from toolkit.records.run import Run
from toolkit.report.compose import section
from toolkit.report.document import Block, Columns, Figure, Missing, Notes, Paragraph, left, right
from toolkit.report.findings import Findings
from toolkit.report.i18n.formats import readable
from toolkit.report.i18n.language import mark
from toolkit.report.i18n.names import of_strategy
from toolkit.report.i18n.text import Inline, Span, Text, name, strong, text

HASH = 12
"""Characters of a fingerprint that are shown."""
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
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
    if not run.record.warnings and not run.record.notes:
        return Missing(run.say.words("The run gave no warning."))
    read = run.record.holdings_notes if isinstance(run.record, Run) else ()
    made = () if run.short else [words for words in run.record.notes if words not in read]
    warnings = _told_here(run)
    if run.short and not warnings and not read:
        return () if run.record.warnings else Missing(run.say.words("The run gave no warning."))
    return _listed(run, warnings, read, made)


@section("file", mark("How the file was read"), needs=["exposure"])
def file(run: Findings) -> tuple[Block, ...]:
    """What weakens the values of the lots, then what was understood of the file and assumed where it says nothing.

    A short report says once what its other sections tell of old prices and sources and of lots without an origin.
    """
    return _listed(run, _told_here(run), run.record.notes, ())


def _told_here(run: Findings) -> Sequence[str]:
    """The warnings; of a short report those that its other sections do not tell."""
    warnings, phrases = run.record.warnings, run.record.phrases
    if not run.short:
        return warnings
    return [words for words in warnings if words not in phrases or phrases[words]["said"] not in ELSEWHERE]


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


@section("method", mark("Method and run"), needs=["about"])
def method(run: Findings) -> tuple[Block, ...]:
    """The idea and its source, then the identity of the run and of its data."""
    table = run.table(
        "Identity of the run",
        _identity(run),
        left("Item", lambda item: item[0]),
        left("Value", lambda item: item[1]),
        stacks=False,
    )
    return (Paragraph(text(*idea(run), *_run(run))), Columns((Figure(_finding(run), (), (), data=table), *_data(run))))


def _finding(run: Findings) -> Text:
    """How well the answer is proven, or why there is nothing to prove."""
    if not isinstance(run.record, Run):
        return run.say("No answer was found")
    solver, kkt = run.record.solver, run.record.solver.kkt
    if not kkt:
        return run.say("The weights are named by the strategy, not optimized")
    return run.say(
        "The optimum of {solver} is certified: no residual above {worst}",
        solver=name(solver.name),
        worst=_power(run, max(kkt.primal, kkt.dual, kkt.gap)),
    )


def _run(run: Findings) -> Iterator[Inline]:
    """What names the run, also on paper, where the folded tables stay behind."""
    yield from (strong(run.say.words("Run.")), " ")
    yield from run.say(
        "{id}, with the fingerprint {hash} of its strategy.",
        id=name(run.strategy_run.run_id),
        hash=name(run.strategy_run.strategy.fingerprint),
    )


def idea(run: Findings) -> Iterator[Inline]:
    """What the strategy believes, on what it rests and what would show it wrong, in its author's words."""
    say, about = run.say, run.strategy_run.about
    said = (
        (say.words("Idea."), about.idea), (say.words("Source."), about.source), (say.words("Refuted when:"), about.refuted_by)
    )  # fmt: skip
    for label, words in said:
        if words:
            yield from (strong(label), " ", _told(run, words), " ")


def _told(run: Findings, words: str) -> Span:
    """Words of the strategy as one sentence; they are looked up as the file has them, but for its line breaks."""
    spoken = of_strategy(" ".join(words.split()), run.say)
    return name(f"{spoken.text.rstrip('.')}.")


def _identity(run: Findings) -> Iterator[tuple[str, Text]]:
    """(what, value): enough to make the run again and to know whether it came out the same."""
    say, fmt, record = run.say, run.fmt, run.strategy_run
    yield say.words("Run"), text(name(record.run_id))
    strategy = record.strategy
    yield (
        say.words("Strategy"),
        say("{name}, fingerprint {hash}", name=name(strategy.name), hash=name(strategy.fingerprint)),
    )
    if isinstance(record, Run):
        yield from _solution(run)
    yield say.words("Seed"), text(fmt.number(record.seed))
    yield say.words("Versions"), text(name(", ".join(f"{key} {value}" for key, value in record.versions.items())))


def _solution(run: Findings) -> Iterator[tuple[str, Text]]:
    """How the answer was found and how well it is proven; a run without an answer has none of it."""
    say, fmt, objective = run.say, run.fmt, run.proposal.objective
    kind, value = say.word(objective.kind), fmt.plain_number(objective.value)
    yield say.words("Objective"), say("{kind}, value {value}", kind=kind, value=value)
    yield say.words("Solver"), _solver(run)
    yield say.words("Certificate"), _certificate(run)
    yield say.words("Periods a year"), text(fmt.quantity(run.proposal.periods_per_year))


def _solver(run: Findings) -> Text:
    """Which solver answered, and what those said that were asked before."""
    say, solver = run.say, run.proposal.solver

    attempts = [f"{a.solver}: {say.word(a.status)}, {say.word(a.outcome)}" for a in solver.attempts]
    told = {"solver": name(solver.name), "status": say.word(solver.status)}
    return (
        say("{solver}, {status}; attempts: {attempts}", **told, attempts="; ".join(attempts))
        if attempts
        else say("{solver}, {status}", **told)
    )


def _certificate(run: Findings) -> Text:
    say, kkt = run.say, run.proposal.solver.kkt
    if not kkt:
        return say("none: the weights are named, not optimized")
    return say(
        "primal residual {primal}, dual {dual}, gap {gap}",
        primal=_power(run, kkt.primal),
        dual=_power(run, kkt.dual),
        gap=_power(run, kkt.gap),
    )


def _power(run: Findings, value: float) -> str:
    """A very small number: 1.5 × 10⁻¹¹."""
    if not value:
        return run.fmt.number(value)
    exponent = math.floor(math.log10(abs(value)))
    return f"{run.fmt.number(value / 10.0**exponent, 1)} × 10{str(exponent).translate(_RAISED)}"


def _data(run: Findings) -> Iterator[Figure]:
    """The tables that the run was made from, each with the fingerprint of the rows that were used."""
    say, fmt = run.say, run.fmt
    used = run.record.data
    if not used:
        return
    table = run.table(
        "Data of the run",
        used,
        left("Table", lambda row: say.term("table", readable(row.table))),
        left("Source", lambda row: text(say.term("source", row.source), run.of_sources(row.source_id))),
        right("Rows", lambda row: fmt.number(row.rows)),
        right("Newest", lambda row: fmt.short_date(row.as_of)),
        left(text("SHA-256"), lambda row: name(row.sha256[:HASH])),
        stacks=False,
    )
    title = say.counted(
        len(used),
        "The run can be made again from {n} extract of data, known by its fingerprint",
        "The run can be made again from {n} extracts of data, each known by its fingerprint",
    )
    sub = say("Rows of each table and source that the run used, and the first {n} characters of their hash.", n=HASH)
    yield Figure(title, sub, (), data=table)


@section("also", mark("Also found"))
def also(run: Findings) -> Missing:
    """Filled by `toolkit.report.shorten`; a report that shows everything leaves nothing for it."""
    return Missing(run.say.words("Every finding stands in its own section."))
