"""Data age and quality: what each price series is made of, what it lacks, and how old it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from toolkit.records.parts.quality import Quality, SeriesQuality
from toolkit.report.compose import section
from toolkit.report.document import Block, Figure, Shown, left, right
from toolkit.report.findings import Findings
from toolkit.report.i18n.language import mark
from toolkit.report.i18n.text import NONE, Inline, Span, Text, joined, muted, sentences, text

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
    rows = run.part(Quality).series
    shown = [one for one in FAULTS if any(one.found(row) for row in rows)]
    groups: dict[tuple[Text, ...], list[SeriesQuality]] = {}
    columns = _columns(run, shown)
    for row in rows:  # series of which the same is to be said share a row
        groups.setdefault(tuple(text(column.cell(row)) for column in columns), []).append(row)

    def names(those: list[SeriesQuality]) -> Text:
        return joined([run.head(those[0]), *(run.metal(row) for row in those[1:])], ", ")

    def of_first(column: Shown[SeriesQuality]) -> Shown[list[SeriesQuality]]:
        return Shown(column.head, lambda those: column.cell(those[0]), column.align, column.short)

    table = run.table("Quality of the price series", groups.values(), left("Metals", names), *map(of_first, columns))
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
    told = [
        say(
            "Series as known on {day}, each measured against itself; nothing is filled in or repaired.",
            day=run.fmt.long_date(run.as_of),
        )
    ]
    noisy = any(row.noisy for row in run.part(Quality).series)
    # Of noisy series each print may lie far off the level: that none is called stray is no finding.
    if absent := [say.words(one.words) for one in FAULTS if one not in shown and not (noisy and one.told is _stray)]:
        told += [say("No series has {faults}.", faults=say.listed(absent, alternatives=True))]
    if without:
        told += [say("No series is known for {metals}.", metals=run.metals(without))]
    return sentences(*told)


def _foot(run: Findings, rows: Sequence[SeriesQuality]) -> Text:
    say = run.say
    told = [say("Source: price series{markers}.", markers=run.of_prices(part="quality"))]
    if any(row.noisy for row in rows):
        told.append(
            say("A customs value is the value of all imports of a month over their quantity: mix, lots and lags move it.")
        )
    if any(row.old for row in rows):
        told.append(say("▲ marks a price that is older than the update frequency of its series explains."))
    return sentences(*told)


def _columns(run: Findings, shown: Sequence[Fault]) -> list[Shown[SeriesQuality]]:
    say, fmt = run.say, run.fmt

    def fault(one: Fault) -> Shown[SeriesQuality]:
        return right(say(one.head), lambda row: one.told(run, row) if one.found(row) else NONE)

    return [
        left(
            "Basis",
            lambda row: text(say.word(row.basis), muted(f", {say.words('noisy')}") if row.noisy else ""),
        ),
        right("Prices", lambda row: fmt.number(row.observations)),
        left("First", lambda row: fmt.month(row.first)),
        left("Newest", lambda row: fmt.month(row.last)),
        *map(fault, shown),
        right("Days old", lambda row: _age(run, row)),
        left("What is used", lambda row: say("estimated price") if row.noisy else say("as published"), "Used"),
    ]


def _age(run: Findings, row: SeriesQuality) -> Inline:
    age = run.fmt.number(row.age_days)
    return text(Span("▲ ", "warn"), Span(age, "warn")) if row.old else age


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
