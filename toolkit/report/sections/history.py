"""After earlier controls: what prices did, case by case, with overlaps and the cases without a reaction in sight."""

from __future__ import annotations

from collections.abc import Sequence

from toolkit.records.parts.history import History, HistoryCase, PathMonth
from toolkit.report.charts.indexed import Indexed, Month, indexed, span
from toolkit.report.charts.reactions import Strip, reactions
from toolkit.report.compose import folded, section
from toolkit.report.document import Block, Column, Figure, Panels, Row, SmallMultiple, Table
from toolkit.report.findings import Findings
from toolkit.report.i18n.formats import day, readable
from toolkit.report.i18n.language import mark
from toolkit.report.i18n.text import NONE, Text, plain, sources, text
from toolkit.report.tables.history_tables import TOLD, cases, label_of, points

MOST = 5
"""Panels: with the legend they fill two rows of three; every case is in the table."""


@section("history", mark("After earlier controls"), needs=["history"])
def history(run: Findings) -> tuple[Block, ...]:
    """Panels of the price around each announcement; behind them all cases, and dated prices that belong to no series."""
    first = _strip(run) if run.short else None
    return (first or _panels(run), *folded(cases(run), None if run.short else points(run)))


def _strip(run: Findings) -> Figure | None:
    """Every case as a dot by horizon, with the median; None where no case reaches a horizon."""
    say, fmt, part = run.say, run.fmt, run.part(History)
    strips: list[Strip] = []
    for row in part.summary:
        changes = [r.adjusted for case in part.cases for r in case.reactions if r.horizon == row.horizon]
        known = tuple(change for change in changes if change is not None)
        if row.median is None or not known:
            continue
        label = plain(say.counted(row.horizon, "one month", "{n} months", n=fmt.number(row.horizon)))
        note = say.words("{n} cases", n=fmt.number(row.n))
        strips.append(Strip(label, note, known, row.median, fmt.percent(row.median, 0, signed=True)))
    if not strips:
        return None
    metals = plain(say.listed([run.metal(case) for case in {case.asset: case for case in part.cases}.values()]))
    told = "; ".join((metals, *(f"{strip.label}: {strip.written}, {strip.note}" for strip in strips)))
    legend = (("dot", say.words("one case")), ("median", say.words("median")))
    sub = say("Change of the price over base metals after each announcement, by months from it; logarithmic.")
    return Figure(_finding(run), sub, (reactions(strips, f"{told}.", fmt),), legend, _foot(run, part.cases))


def _finding(run: Findings) -> Text:
    """Median, range and n at three months; where no case reaches them, at the first horizon that one does."""
    say, fmt = run.say, run.fmt
    rows = sorted(run.part(History).summary, key=lambda r: r.horizon != TOLD)
    row = next((r for r in rows if r.n), None)
    if row is None or row.median is None:
        return say("No earlier control is followed by a known price")
    values = {
        "cases": fmt.number(row.n),
        "low": fmt.percent(row.low, 0, signed=True),
        "high": fmt.percent(row.high, 0, signed=True),
        "median": fmt.percent(abs(row.median), 0),
    }
    if row.median < 0:
        return say.counted(
            row.horizon,
            "One month after an announcement the median metal stood {median} below base metals; the range runs from {low} to "
            "{high} (n = {cases})",
            "{N} months after an announcement the median metal stood {median} below base metals; the range runs from {low} to "
            "{high} (n = {cases})",
            **values,
        )
    return say.counted(
        row.horizon,
        "One month after an announcement the median metal stood {median} above base metals; the range runs from {low} to "
        "{high} (n = {cases})",
        "{N} months after an announcement the median metal stood {median} above base metals; the range runs from {low} to "
        "{high} (n = {cases})",
        **values,
    )


def _panels(run: Findings) -> Figure:
    say, part = run.say, run.part(History)
    chosen = _chosen(part.cases)
    paths = [_path(run, case) for case in chosen]
    drawings = indexed(paths, run.fmt)
    items = tuple(
        SmallMultiple(text(run.head(case)), _note(run, case), drawing) for case, drawing in zip(chosen, drawings, strict=True)
    )
    sub = say("Price, 100 before the announcement, log scale, by months from it; the change beside a name is over base metals.")
    foot = _foot(run, chosen)
    return Figure(_finding(run), sub, (Panels(items, _legend(run, chosen, span(paths))),), (), foot, _paths(run, chosen))


def _foot(run: Findings, shown: Sequence[HistoryCase]) -> Text:
    """Where the prices of these cases are from, and how far all cases depend on each other."""
    say, part = run.say, run.part(History)
    bases = say.series([say.term("term", readable(basis)) for basis in dict.fromkeys(case.basis for case in shown)])
    overlapping = say.counted(
        part.overlapping,
        "{some} of {total} cases shares its year with other events on the metal.",
        "{some} of {total} cases share their year with other events on the metal.",
        some=run.fmt.number(part.overlapping),
        total=run.fmt.number(len(part.cases)),
    )
    return say(
        "Source: price series{marks}; basis: {bases}. {overlapping} Notices: {notices}; cases of one notice are not "
        "independent.",
        bases=bases,
        marks=sources(*run.of_prices(part="history")),
        overlapping=overlapping,
        notices=run.fmt.number(part.notices),
    )


def _chosen(cases: Sequence[HistoryCase]) -> list[HistoryCase]:
    """The report's metals first, each with its first notice before any with a second; shown in the order of time."""
    seen: dict[str, int] = {}
    ranked: list[tuple[bool, int, str, str, HistoryCase]] = []
    for case in sorted(cases, key=lambda case: (case.announced, case.asset)):
        turn = seen[case.asset] = seen.get(case.asset, 0) + 1
        if case.path:
            ranked.append((not case.concerns, turn, case.announced, case.asset, case))
    first = sorted(ranked, key=lambda row: row[:4])[:MOST]
    return [row[-1] for row in sorted(first, key=lambda row: row[2:4])]


def _note(run: Findings, case: HistoryCase) -> Text:
    """The notice and the change at three months, or at the last horizon that is known."""
    say = run.say
    known = [reaction for reaction in case.reactions if reaction.figure is not None]
    at = next((r for r in known if r.horizon == TOLD), known[-1] if known else None)
    if at is None:
        return text(label_of(run, case))
    change = run.fmt.percent(at.figure, 0, signed=True)
    return say.counted(
        at.horizon,
        "{notice}, {change} in a month",
        "{notice}, {change} in {months} months",
        notice=label_of(run, case),
        change=change,
        months=run.fmt.number(at.horizon),
    )


def _path(run: Findings, case: HistoryCase) -> Indexed:
    months = tuple(Month(m.shift, m.printed, m.level, m.benchmark) for m in case.path)
    announced, last = day(case.announced), case.path[-1].month
    effective = case.effective if case.effective and case.effective[:7] <= last else None
    return Indexed(
        months=months,
        announced=announced,
        effective=day(effective) if effective else None,
        others=tuple((day(when), label) for when, label in _others(run, case)),
        told=_told(run, case),
    )


def _others(run: Findings, case: HistoryCase) -> list[tuple[str, str]]:
    """Other events on the metal inside the panel, by the first of their days that lies in it."""
    first, last = case.path[0].month, case.path[-1].month
    found: list[tuple[str, str]] = []
    for other in case.overlaps:
        days = [when for when in (other.announced, other.effective) if when and first <= when[:7] <= last]
        found += [(days[0], label_of(run, other))] if days else []
    return sorted(found)


def _told(run: Findings, case: HistoryCase) -> str:
    say, fmt = run.say, run.fmt
    changes = [
        say.words("{change} after {months}", change=fmt.percent(r.figure, 0, signed=True), months=fmt.number(r.horizon))
        for r in case.reactions
        if r.figure is not None
    ]
    others = [label for _, label in _others(run, case)]
    told = say.words(
        "{metal}, {notice}, announced {day}. Over base metals, by months: {changes}.",
        metal=run.head(case),
        notice=label_of(run, case),
        day=fmt.long_date(case.announced),
        changes=", ".join(changes),
    )
    return f"{told} {say.words('In the same year: {others}.', others=say.series(others))}" if others else told


def _legend(run: Findings, chosen: Sequence[HistoryCase], span: tuple[float, float]) -> tuple[tuple[str, str], ...]:
    say, (low, high) = run.say, span
    rows = (
        (True, "print", say.words("price of a month as published")),
        (True, "line", say.words("mean, weighted over three months")),
        (True, "bench", say.words("base metals without a control")),
        (True, "zeroline", say.words("announcement")),
        (any(case.effective for case in chosen), "dateline", say.words("first day in force")),
        (any(_others(run, case) for case in chosen), "otherline", say.words("another event on the metal")),
        (
            any(m.printed and not low <= m.printed <= high for case in chosen for m in case.path),
            "beyond",
            say.words("price beyond the scale"),
        ),
    )
    return tuple((sign, words) for shown, sign, words in rows if shown)


def _paths(run: Findings, chosen: Sequence[HistoryCase]) -> Table:
    """Indices as printed and as a level, by month from that of the announcement."""
    say, fmt = run.say, run.fmt
    heads = [f"{run.head(case).text}, {label_of(run, case)}" for case in chosen]
    columns = (Column(say.words("Month"), "right"), *(Column(head) for head in heads))
    shifts = sorted({month.shift for case in chosen for month in case.path})
    by = [{month.shift: month for month in case.path} for case in chosen]

    def cell(month: PathMonth | None) -> Text:
        if month is None or month.printed is None:
            return text(NONE)
        return text(fmt.number(month.level), f" ({fmt.number(month.printed)})")

    rows = tuple(Row((text(fmt.number(s, signed=True)), *(cell(one.get(s)) for one in by))) for s in shifts)
    return Table(
        say.words("index by month, the weighted mean and in brackets the price as published"), columns, rows, stacks=False
    )
