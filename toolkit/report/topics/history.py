"""After controls: what prices did, case by case, with overlaps and the cases without a reaction in sight."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from toolkit.records.findings import Parts
from toolkit.records.history import History, HistoryCase, Notice, PricePoint, PriceRange, Reaction, StudiedEvent
from toolkit.report.charts.indexed import Indexed, indexed, span
from toolkit.report.charts.reactions import Strip, reactions
from toolkit.report.compose import folded, section
from toolkit.report.document import (
    Block,
    Chart,
    Document,
    Figure,
    Notes,
    Panels,
    Row,
    Section,
    Shown,
    SmallMultiple,
    Table,
    left,
    legend,
    right,
)
from toolkit.report.findings import Findings
from toolkit.report.i18n.formats import day
from toolkit.report.i18n.language import Language, mark
from toolkit.report.i18n.text import NONE, Inline, Span, Text, joined, muted, name, plain, strong, text
from toolkit.shocks.event_study import Summary

HISTORY_PANELS = 5
"""Panels: with the legend they fill two rows of three; every case is in the table."""


@section("history", mark("After earlier controls"), needs=["history"])
def history(run: Findings) -> tuple[Block, ...]:
    """Panels of the price around each announcement; behind them all cases, and dated prices that belong to no series."""
    first = _strip(run) if run.short else None
    return (first or _panels(run), *folded(cases(run), None if run.short else points(run)))


def document(found: History, say: Language) -> Document:
    """The answer of `toolkit event`: its own cases, then the section of a report with its panels first."""
    run, asked, written = Findings.alone(found.as_of, Parts(history=found), say), found.asked, say.fmt.long_date(found.as_of)
    title, blocks = say.words("After earlier controls"), list[Block | None]()
    if asked:
        title = say.words(
            "{id}: {notice}, {instrument}, known on {day}",
            id=asked.event_id, notice=say.notice(asked.title), instrument=say.word(asked.instrument), day=written,
        )  # fmt: skip
        blocks += [Notes(tuple(("", words) for words in _about(run, asked))), _studied(run, asked)]
    if found.cases:
        blocks += [replace(_panels(run), data=None), cases(run)]
    content = tuple(block for block in (*blocks, points(run)) if block)
    return Document(title, say.code, found.as_of, written, "", (Section("event", title, content),))


def _about(run: Findings, asked: StudiedEvent) -> Iterator[Text]:
    """What the event covers, its days, and its metals without a price."""
    say, fmt = run.say, run.fmt
    if asked.scope:
        yield say.translate(asked.scope)
    announced = fmt.long_date(asked.announced)
    if asked.effective:
        first_day = fmt.long_date(asked.effective)
        yield say("Announced {announced}, in effect {effective}.", announced=announced, effective=first_day)
    else:
        yield say("Announced {announced}.", announced=announced)
    if asked.own:
        yield say("Your own event, not checked.")
    if asked.without_series:
        yield say(
            "No monthly price series for {metals}: no other series is put in its place.",
            metals=run.metals(map(run.product, asked.without_series)),
        )
    if asked.outside_series:
        yield say(
            "The series of {metals} does not cover the months around the event.",
            metals=run.metals(map(run.product, asked.outside_series)),
        )
    if not (asked.cases or asked.without_series or asked.outside_series):
        yield say("The event names no metal of its own: there is no price to study.")


def _studied(run: Findings, asked: StudiedEvent) -> Figure | None:
    """The cases of one event, from each of its days; None where it has none."""
    say, fmt = run.say, run.fmt
    if not asked.cases:
        return None
    table = run.table(
        "Change after each day of the event",
        asked.cases,
        left("Price of", lambda case: text(run.head(case), "" if case.form_named else muted(say.words(" (form not named)")))),
        left("From", lambda case: text(say.word(case.zero, ZEROS), muted(f" {fmt.short_date(case.day)}"))),
        right("Base", lambda case: _base(run, case.reactions[0])),
        *_after(run),
        right(
            say("{months} m, price alone", months=asked.cases[0].reactions[-1].horizon),
            lambda case: _percent(run, case.reactions[-1], case.reactions[-1].change),
            "alone",
        ),
        left("In the same year", lambda case: _in_that_year(run, case)),
        keys=2,
    )
    title = say("What prices did after {notice}", notice=say.notice(asked.title))
    sub = say(
        "Change of the price over base metals, from before the day to months after it. Bold: at least {limit}.",
        limit=_limit(run),
    )
    return Figure(title, sub, (table,), (), _weak(run, asked.cases))


def _base(run: Findings, reaction: Reaction) -> Text:
    """The level before the event, with its standard error where it has one."""
    if reaction.before is None:
        return text(NONE)
    level = run.fmt.significant(reaction.before, ",.4g")
    if reaction.before_error is None:
        return text(level, " ±?")
    return text(level, f" ±{run.fmt.percent(reaction.before_error, 0)}" if reaction.before_error else "")


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
    metals = plain(run.metals({case.asset: case for case in part.cases}.values()))
    told = "; ".join((metals, *(f"{strip.label}: {strip.written}, {strip.note}" for strip in strips)))
    legend = (("dot", say.words("one case")), ("median", say.words("median")))
    sub = say("Change of the price over base metals after each announcement, by months from it; logarithmic.")
    return Figure(_finding(run), sub, (Chart(reactions(strips, fmt), f"{told}."),), legend, _foot(run, part.cases))


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
    bases = say.series([say.word(basis) for basis in dict.fromkeys(case.basis for case in shown)])
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
        marks=run.of_prices(part="history"),
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
    first = sorted(ranked, key=lambda row: row[:4])[:HISTORY_PANELS]
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
    announced, last = day(case.announced), case.path[-1].month
    effective = case.effective if case.effective and case.effective[:7] <= last else None
    return Indexed(
        months=case.path,
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
    return legend(
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


def _paths(run: Findings, chosen: Sequence[HistoryCase]) -> Table:
    """Indices as printed and as a level, by month from that of the announcement."""
    fmt = run.fmt
    shifts = sorted({month.shift for case in chosen for month in case.path})

    def indices(case: HistoryCase) -> Shown[int]:
        by = {month.shift: month for month in case.path}

        def cell(shift: int) -> Inline:
            month = by.get(shift)
            if month is None or month.printed is None:
                return NONE
            return text(fmt.number(month.level), f" ({fmt.number(month.printed)})")

        return right(text(run.head(case), f", {label_of(run, case)}"), cell)

    return run.table(
        "index by month, the weighted mean and in brackets the price as published",
        shifts,
        right("Month", lambda shift: fmt.number(shift, signed=True)),
        *map(indices, chosen),
        stacks=False,
    )


NO = "none"
ZEROS = {"announcement": mark("announcement"), "effect": mark("first day in force")}
"""Days from which a change is measured."""
TOLD = 3
"""Months after the announcement that headlines speak of."""
KINDS = {
    "licence": mark("licence"),
    "ban": mark("ban"),
    "suspension": mark("suspension"),
    "exporter_whitelist": mark("exporter list"),
    "de_facto_stop": mark("stop in practice"),
    "import_tariff": mark("import tariff"),
    "technology": mark("technology list"),
    "entity_list": mark("entity list"),
    "quota": mark("export quota"),
    "strict_review": mark("strict review"),
}
"""Events that are cited by what they are, for want of a number."""


def label_of(run: Findings, event: Notice | HistoryCase) -> str:
    """The number of a notice, else what kind of measure it is."""
    if event.number:
        return run.fmt.notices(event.number)
    kind = event.instrument
    return run.say.word(kind, KINDS)


def _after(run: Findings) -> Iterator[Shown[HistoryCase]]:
    """A column for each horizon."""

    def column(i: int, months: int) -> Shown[HistoryCase]:
        return right(run.say("{months} m", months=months), lambda case: _cell(run, case.reactions[i]))

    return (column(i, row.horizon) for i, row in enumerate(run.part(History).summary))


def _limit(run: Findings) -> Span:
    """From which change on a price has reacted."""
    return run.assumed(run.fmt.percent(run.part(History).no_reaction, 0), "no_reaction")


def cases(run: Findings) -> Figure:
    """All cases by horizon, the report's metals first, with median, range and n; headed by those without a reaction."""
    say, part = run.say, run.part(History)
    found = sorted(part.cases, key=lambda case: (not case.concerns, case.announced, case.asset))
    table = run.table(
        "Change after each announcement",
        found,
        left("Metal", run.head),
        left(
            "Measure, announced",
            lambda case: text(label_of(run, case), muted(f" {run.fmt.short_date(case.announced)}")),
            "Measure",
        ),
        *_after(run),
        left("In the same year", lambda case: _in_that_year(run, case)),
        below=_totals(run),
    )
    method = (text(" ", say.translate(sentence)) for sentence in part.method)
    foot = text(say("Own calculation{marks}.", marks=run.of_prices(part="history")), *method, _weak(run, found))
    sub = say(
        "Change of the price over base metals, from before the announcement to months after it. Bold: at least {limit}.",
        limit=_limit(run),
    )
    return Figure(_title(run), sub, (table,), (), foot)


def _weak(run: Findings, found: Iterable[HistoryCase]) -> Text:
    """What the signs beside a change mean, those that occur."""
    flagged, foot = [reaction for case in found for reaction in case.reactions], text()
    if any(reaction.scarce and reaction.figure is not None for reaction in flagged):
        foot = run.say(" * A mean from less than a tenth of the usual quantity.")
    if any(reaction.adjusted is None and reaction.change is not None for reaction in flagged):
        foot = text(foot, run.say(" ‡ Not over base metals, whose series end earlier."))
    return foot


def _title(run: Findings) -> Text:
    """How many cases have no reaction at three months and at the last horizon."""
    say, rows = run.say, [row for row in run.part(History).summary if row.n]
    if not rows:
        return say("No change is known yet")
    first, last = next((row for row in rows if row.horizon == TOLD), rows[0]), rows[-1]

    def after(row: Summary) -> Text:
        return say.counted(row.horizon, "after one month", "after {n} months")

    title = say.counted(
        first.none,
        "{some} of {cases} cases shows no reaction {after}",
        "{some} of {cases} cases show no reaction {after}",
        some=run.fmt.number(first.none),
        cases=run.fmt.number(first.n),
        after=after(first),
    )
    if last is first:
        return title
    some, cases = run.fmt.number(last.none), run.fmt.number(last.n)
    return say("{title}, {some} of {cases} {after}", title=title, some=some, cases=cases, after=after(last))


def _in_that_year(run: Findings, case: HistoryCase) -> Inline:
    others = dict.fromkeys(label_of(run, other) for other in case.overlaps)
    return name(", ".join(others)) if others else NONE


def _percent(run: Findings, reaction: Reaction, change: float | None) -> Inline:
    """A change; where a mean is too noisy for one, that it is."""
    if reaction.thin:
        return muted(run.say.words("thin"))
    return NONE if change is None else run.fmt.percent(change, 0, signed=True)


def _cell(run: Findings, reaction: Reaction) -> Inline:
    if reaction.thin or reaction.figure is None:
        return _percent(run, reaction, None)
    signs = ("*" if reaction.scarce else "") + ("‡" if reaction.adjusted is None else "")
    style = muted if reaction.verdict == NO else strong
    return text(style(run.fmt.percent(reaction.figure, 0, signed=True)), style(signs))


def _totals(run: Findings) -> tuple[Row, ...]:
    say, fmt, rows = run.say, run.fmt, run.part(History).summary

    def row(label: str, cells: Iterable[Inline], *, total: bool = False) -> Row:
        return Row.of(strong(label), "", *cells, "", total=total)

    def signed(figure: float | None) -> Inline:
        return NONE if figure is None else strong(fmt.percent(figure, 0, signed=True))

    return (
        row(say.words("Median"), [signed(r.median) for r in rows], total=True),
        row(say.words("Lowest"), [signed(r.low) for r in rows]),
        row(say.words("Highest"), [signed(r.high) for r in rows]),
        row(say.words("Cases (n)"), [fmt.number(r.n) for r in rows]),
        row(say.words("Risen"), [fmt.number(r.up) for r in rows]),
        row(say.words("Fallen"), [fmt.number(r.down) for r in rows]),
        row(say.words("No reaction"), [fmt.number(r.none) for r in rows]),
    )


def points(run: Findings) -> Figure | None:
    """Dated prices around notices that no case covers; None where there are none."""
    say = run.say
    found = run.part(History).points
    if not found:
        return None
    title = say.counted(
        len(found),
        "One single price was reported around a notice",
        "{N} single prices were reported around notices",
    )
    sub = say(
        "Dated points, each of one basis, never joined to a series and in no median. Change between the middles of ranges."
    )
    foot = say("Source: {what}{marks}.", what=say.words("press and yearbooks"), marks=run.of_tables("price_points"))
    fmt = run.fmt
    table = run.table(
        "Dated prices around notices without a series",
        found,
        left("Metal", run.head),
        left("Around", lambda row: say.notice(row.notice)),
        left("Price of", lambda row: text(name(fmt.sentence(say.term("term", row.basis))), f", {row.unit}")),
        left("First price", lambda row: _dated(run, row.first)),
        left("Between", lambda row: joined([_dated(run, one) for one in row.between], "; ") if row.between else NONE)
        if any(row.between for row in found)
        else None,
        left("Last price", lambda row: _dated(run, row.last) if row.last else NONE),
        right("Change", lambda row: NONE if row.change is None else strong(fmt.percent(row.change, 0, signed=True))),
        left("Standing", lambda row: _standing(run, row)),
    )
    return Figure(title, sub, (table,), (), foot)


def _standing(run: Findings, row: PricePoint) -> Text:
    say = run.say
    kind = say.words("asked price") if row.kind == "ask" else say.words("assessment")
    where = say.words("press report") if row.press else say.words("yearbook")
    return say("{kind}, {where}", kind=kind, where=where) if row.exact else say(
        "{kind}, {where}, day approximate", kind=kind, where=where)  # fmt: skip


def _dated(run: Findings, price: PriceRange) -> Text:
    """A price or a range, and its day."""
    fmt = run.fmt
    ends = dict.fromkeys((fmt.quantity(price.low), fmt.quantity(price.high)))
    return text(joined(ends, "–"), muted(f" {fmt.short_date(price.date)}"))
