"""Tables of what prices did after earlier controls: every case by horizon, and dated prices that belong to no series."""

from __future__ import annotations

from types import MappingProxyType

from toolkit.records.parts.history import History, HistoryCase, Notice, PricePoint, PriceRange, Reaction
from toolkit.report.document import Column, Figure, Row, Table
from toolkit.report.findings import Findings
from toolkit.report.i18n.formats import readable
from toolkit.report.i18n.language import mark
from toolkit.report.i18n.text import NONE, Text, joined, muted, name, sources, strong, text
from toolkit.shocks.event_study import Summary

NO = "none"
TOLD = 3
"""Months after the announcement that headlines speak of."""
KINDS = MappingProxyType(
    {
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
)
"""Events that are cited by what they are, for want of a number."""


def label_of(run: Findings, event: Notice | HistoryCase) -> str:
    """The number of a notice, else what kind of measure it is."""
    if event.number:
        return run.fmt.notices(event.number)
    kind = event.instrument
    return run.say.words(KINDS[kind]) if kind in KINDS else run.say.term("term", readable(kind))


def cases(run: Findings) -> Figure:
    """All cases by horizon, the report's metals first, with median, range and n; headed by those without a reaction."""
    say, part = run.say, run.part(History)
    found = sorted(part.cases, key=lambda case: (not case.concerns, case.announced, case.asset))
    horizons = [row.horizon for row in part.summary]
    limit = run.assumed(run.fmt.percent(part.no_reaction, 0), "no_reaction")
    columns = (
        Column(say.words("Metal"), "left"), Column(say.words("Measure, announced"), "left", say.words("Measure")),
        *(Column(say.words("{months} m", months=months)) for months in horizons),
        Column(say.words("In the same year"), "left"),
    )  # fmt: skip
    table = Table(say.words("Change after each announcement"), columns, (*(_case(run, case) for case in found), *_totals(run)))
    sub = say(
        "Change of the price over base metals, from before the announcement to months after it. Bold: at least {limit}.",
        limit=limit,
    )
    method = (text(" ", say.translate(sentence)) for sentence in part.method)
    foot = text(say("Own calculation{marks}.", marks=sources(*run.of_prices(part="history"))), *method)
    flagged = [reaction for case in found for reaction in case.reactions]
    if any(reaction.scarce and reaction.figure is not None for reaction in flagged):
        foot = text(foot, say(" * A mean from less than a tenth of the usual quantity."))
    if any(reaction.adjusted is None and reaction.change is not None for reaction in flagged):
        foot = text(foot, say(" ‡ Not over base metals, whose series end earlier."))
    return Figure(_title(run), sub, (table,), (), foot)


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


def _case(run: Findings, case: HistoryCase) -> Row:
    others = [label_of(run, other) for other in case.overlaps]
    return Row(
        (
            text(run.head(case)),
            text(label_of(run, case), muted(f" {run.fmt.short_date(case.announced)}")),
            *(_cell(run, reaction) for reaction in case.reactions),
            text(name(", ".join(dict.fromkeys(others)))) if others else text(NONE),
        )
    )


def _cell(run: Findings, reaction: Reaction) -> Text:
    if reaction.figure is None:
        return text(NONE)
    signs = ("*" if reaction.scarce else "") + ("‡" if reaction.adjusted is None else "")
    style = muted if reaction.verdict == NO else strong
    return text(style(run.fmt.percent(reaction.figure, 0, signed=True)), style(signs))


def _totals(run: Findings) -> tuple[Row, ...]:
    say, fmt, rows = run.say, run.fmt, run.part(History).summary

    def row(label: str, cells: list[Text], *, total: bool = False) -> Row:
        return Row((text(strong(label)), (), *cells, ()), total=total)

    def signed(figure: float | None) -> Text:
        return text(NONE) if figure is None else text(strong(fmt.percent(figure, 0, signed=True)))

    return (
        row(say.words("Median"), [signed(r.median) for r in rows], total=True),
        row(say.words("Lowest"), [signed(r.low) for r in rows]),
        row(say.words("Highest"), [signed(r.high) for r in rows]),
        row(say.words("Cases (n)"), [text(fmt.number(r.n)) for r in rows]),
        row(say.words("No reaction"), [text(fmt.number(r.none)) for r in rows]),
    )


def points(run: Findings) -> Figure | None:
    """Dated prices around notices that no case covers; None where there are none."""
    say = run.say
    found = run.part(History).points
    if not found:
        return None
    columns = (
        Column(say.words("Metal"), "left"), Column(say.words("Around"), "left"), Column(say.words("Price of"), "left"),
        Column(say.words("First price"), "left"), Column(say.words("Last price"), "left"), Column(say.words("Change")),
        Column(say.words("Standing"), "left"),
    )  # fmt: skip
    title = say.counted(
        len(found),
        "One single price was reported around a notice",
        "{N} single prices were reported around notices",
    )
    sub = say(
        "Dated points, each of one basis, never joined to a series and in no median. Change between the middles of ranges."
    )
    foot = say("Source: {what}{marks}.", what=say.words("press and yearbooks"), marks=sources(*run.of_tables("price_points")))
    table = Table(say.words("Dated prices around notices without a series"), columns, tuple(_point(run, row) for row in found))
    return Figure(title, sub, (table,), (), foot)


def _point(run: Findings, row: PricePoint) -> Row:
    say = run.say
    kind = say.words("asked price") if row.kind == "ask" else say.words("assessment")
    where = say.words("press report") if row.press else say.words("yearbook")
    standing = say("{kind}, {where}", kind=kind, where=where) if row.exact else say(
        "{kind}, {where}, day approximate", kind=kind, where=where)  # fmt: skip
    return Row(
        (
            text(run.head(row)),
            text(run.fmt.notices(say.term("term", row.notice))),
            text(name(run.fmt.sentence(say.term("term", row.basis))), f", {row.unit}"),
            _dated(run, row.first),
            _dated(run, row.last) if row.last else text(NONE),
            text(NONE) if row.change is None else text(strong(run.fmt.percent(row.change, 0, signed=True))),
            standing,
        )
    )


def _dated(run: Findings, price: PriceRange) -> Text:
    """A price or a range, and its day."""
    fmt = run.fmt
    ends = dict.fromkeys((fmt.quantity(price.low), fmt.quantity(price.high)))
    return text(joined(ends, "–"), muted(f" {fmt.short_date(price.date)}"))
