"""Checks of the series of a store: a row a check that found something, a line where none did."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from toolkit.records.fetch import QualityFinding
from toolkit.records.parts.stored import StoredChecks
from toolkit.report.document import Block, Column, Figure, Paragraph, Row, Table
from toolkit.report.findings import Findings
from toolkit.report.i18n.language import mark
from toolkit.report.i18n.text import Span, Text, text

CHECKS: Mapping[str, str] = {
    "unit_jump": mark("step by 10, 100 or 1000"),
    "revised_unit": mark("stored days again in another unit"),
    "duplicated_day": mark("two values for a day"),
    "future_date": mark("days ahead"),
    "unadjusted_split": mark("split that the closes still show"),
    "currency_switch": mark("another currency than before"),
    "unreported_split": mark("step like a split that is not reported"),
    "gap": mark("missing days"),
    "closed_day": mark("prices of days without a session"),
    "stale_run": mark("one price again and again"),
    "outlier": mark("prices far off both neighbours"),
}
ACTIONS: Mapping[str, str] = {
    "refused": mark("refused"),
    "accepted": mark("accepted by the user"),
    "kept": mark("used as it came"),
    "dropped": mark("rows left out"),
    "new_vintage": mark("kept as a new vintage"),
}
NAMED = 6
"""Series of a row that are named; the rest is counted."""


def stored_checks(run: Findings, checks: StoredChecks) -> Block:
    """What the checks found, by check and by what was done about it."""
    say = run.say
    if not checks.findings:
        return Paragraph(
            say.counted(
                checks.series,
                "The series of the store that this report uses passed every check.",
                "The {n} series of the store that this report uses passed every check.",
            )
        )
    concerned = len({finding.asset for finding in checks.findings})
    title = say.counted(
        concerned,
        "{N} of {total} series of the store needs a second look",
        "{N} of {total} series of the store need a second look",
        total=say.number_word(checks.series),
    )
    columns = (
        Column(say.words("Check"), "left"),
        Column(say.words("Series"), "left"),
        Column(say.words("Rows")),
        Column(say.words("First")),
        Column(say.words("What was done"), "left"),
    )
    table = Table(say.words("Checks of the series of the store"), columns, tuple(_rows(run, checks.findings)))
    return Figure(
        title, say("Nothing is filled in or repaired; a series with an error is used only if its error was accepted."), (table,)
    )


def _rows(run: Findings, findings: Sequence[QualityFinding]) -> Iterator[Row]:
    say = run.say
    groups: dict[tuple[str, str, str], list[QualityFinding]] = {}
    for finding in findings:
        groups.setdefault((finding.severity, finding.rule, finding.action), []).append(finding)
    for (severity, rule, action), found in groups.items():
        check = say.words(CHECKS[rule])
        names = [finding.asset for finding in found[:NAMED]]
        more = len(found) - len(names)
        days = [finding.date for finding in found if finding.date is not None]
        yield Row(
            (
                text(Span(f"▲ {check}", "warn")) if severity == "error" else text(check),
                say("{metals} and {n} more", metals=", ".join(names), n=more) if more else text(", ".join(names)),
                text(run.fmt.number(sum(finding.count for finding in found))),
                _day(run, min(days, default=None)),
                text(say.words(ACTIONS[action])),
            )
        )


def _day(run: Findings, day: str | None) -> Text:
    return text(run.fmt.short_date(day)) if day else ()
