"""Data age and quality: what each price series is made of, what it lacks, and how old it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from toolkit.records.parts.quality import Quality, SeriesQuality
from toolkit.report.compose import section
from toolkit.report.document import Block, Column, Figure, Row, Table
from toolkit.report.findings import Findings
from toolkit.report.i18n.formats import readable
from toolkit.report.i18n.language import mark
from toolkit.report.i18n.text import NONE, Inline, Span, Text, joined, muted, sources, text

REPEATED = 2
"""Equal prices in a row that are worth a word."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Something a price series may have: a column where one has it, a word in the sub-line where none does."""

    head: str
    words: str
    found: Callable[[SeriesQuality], bool]
    told: Callable[[Findings, SeriesQuality], Text]


@section("quality", mark("Data age and quality"), needs=["quality"])
def quality(run: Findings) -> tuple[Block, ...]:
    """One table of the price series, those alike in one row."""
    say, rows = run.say, run.part(Quality).series
    shown = [one for one in FAULTS if any(one.found(row) for row in rows)]
    columns = (
        Column(say.words("Metals"), "left"),
        Column(say.words("Basis"), "left"),
        Column(say.words("Prices")),
        Column(say.words("First"), "left"),
        Column(say.words("Newest"), "left"),
        *(Column(say.words(one.head)) for one in shown),
        Column(say.words("Days old")),
        Column(say.words("What is used"), "left", say.words("Used")),
    )
    table = Table(say.words("Quality of the price series"), columns, tuple(_alike(run, rows, shown)))
    return (Figure(_finding(run, rows), _sub(run, shown), (table,), source=_foot(run, rows)),)


def _finding(run: Findings, rows: Sequence[SeriesQuality]) -> Text:
    say, noisy = run.say, sum(row.noisy for row in rows)
    ages = [row.age_days for row in rows]
    if min(ages) == max(ages):
        first = say("The newest prices are {days} days old", days=ages[0])
    else:
        first = say("The newest prices are {least} to {most} days old", least=min(ages), most=max(ages))
    if not noisy:
        return first
    rest = say.counted(
        noisy,
        "{n} of {total} series is a customs value, which carries noise",
        "{n} of {total} series are customs values, which carry noise",
        total=say.number_word(len(rows)),
    )
    return text(first, "; ", rest)


def _sub(run: Findings, shown: Sequence[Fault]) -> Text:
    say, without = run.say, run.part(Quality).without
    spans: list[Inline] = [
        say(
            "Series as known on {day}, each measured against itself; nothing is filled in or repaired.",
            day=run.fmt.long_date(run.as_of),
        )
    ]
    noisy = any(row.noisy for row in run.part(Quality).series)
    # Of noisy series each print may lie far off the level: that none is called stray is no finding.
    if absent := [say.words(one.words) for one in FAULTS if one not in shown and not (noisy and one.told is _stray)]:
        spans += [" ", say("No series has {faults}.", faults=say.listed(absent, alternatives=True))]
    if without:
        spans += [" ", say("No series is known for {metals}.", metals=say.listed([run.metal(row) for row in without]))]
    return text(*spans)


def _foot(run: Findings, rows: Sequence[SeriesQuality]) -> Text:
    say = run.say
    foot = say("Source: price series{markers}.", markers=sources(*run.of_prices(part="quality")))
    spans: list[Inline] = [foot]
    if any(row.noisy for row in rows):
        spans += [
            " ",
            say("A customs value is the value of all imports of a month over their quantity: mix, lots and lags move it."),
        ]
    if any(row.old for row in rows):
        spans += [" ", say("▲ marks a price that is older than the update frequency of its series explains.")]
    return text(*spans)


def _alike(run: Findings, rows: Sequence[SeriesQuality], shown: Sequence[Fault]) -> Iterator[Row]:
    """Series of which the same is to be said share a row."""
    groups: dict[tuple[Text, ...], list[SeriesQuality]] = {}
    for row in rows:
        groups.setdefault(_cells(run, row, shown), []).append(row)
    for cells, members in groups.items():
        names = [run.head(members[0]), *(run.metal(row) for row in members[1:])]
        yield Row((joined(names, ", "), *cells))


def _cells(run: Findings, row: SeriesQuality, shown: Sequence[Fault]) -> tuple[Text, ...]:
    say, fmt = run.say, run.fmt
    age = fmt.number(row.age_days)
    return (
        text(say.term("term", readable(row.basis)), muted(f", {say.words('noisy')}") if row.noisy else ""),
        text(fmt.number(row.observations)),
        text(fmt.month(row.first)),
        text(fmt.month(row.last)),
        *(one.told(run, row) if one.found(row) else text(NONE) for one in shown),
        text(Span("▲ ", "warn"), Span(age, "warn")) if row.old else text(age),
        say("estimated price") if row.noisy else say("as published"),
    )


def _missing(run: Findings, row: SeriesQuality) -> Text:
    missing = row.expected - row.observations
    return run.say("{missing} of {total}", missing=missing, total=row.expected)


def _repeated(run: Findings, row: SeriesQuality) -> Text:
    return text(run.fmt.number(row.stale_run), muted(f" ({run.fmt.month(row.stale_until)})"))


def _stray(run: Findings, row: SeriesQuality) -> Text:
    """Jumps that look like another unit, or prints far off both neighbours with the month of the worst."""
    if row.unit_ratio is not None:
        return run.say("change of unit or split {month}?", month=run.fmt.month(row.unit_date))
    return text(run.fmt.number(row.outliers), muted(f" ({run.fmt.month(row.outlier_date)})"))


FAULTS = (
    Fault(mark("Missing periods"), mark("a gap"), lambda row: row.expected > row.observations, _missing),
    Fault(mark("Same price in a row"), mark("the same price twice in a row"), lambda row: row.stale_run >= REPEATED, _repeated),
    Fault(
        mark("Outliers"),
        mark("an outlier"),
        lambda row: row.outliers > 0 or row.unit_ratio is not None,
        _stray,
    ),
)
