"""Tables of customs flows: the latest year of each, and what each did when a control began."""

from __future__ import annotations

from collections.abc import Sequence

from toolkit.records.parts.flows import Flow, FlowControl, Flows
from toolkit.report.document import Column, Figure, Row, Table
from toolkit.report.findings import Findings
from toolkit.report.i18n.formats import DASH, NARROW
from toolkit.report.i18n.text import NONE, Text, muted, plain, sources, strong, text
from toolkit.supply.flows import Change, Diversion

TONNE = 1000.0
NEARLY_ALL = -0.9995
"""A fall that rounds to all of it and is not all of it."""


def mass(run: Findings, kg: float | None) -> str:
    """A quantity in kg, or in tonnes where it is one or more."""
    if kg is None:
        return DASH
    if kg >= TONNE:
        return run.say.words("{figure} t", figure=run.fmt.number(kg / TONNE, 1))
    return run.say.words("{figure} kg", figure=run.fmt.number(kg))


def recent(run: Findings, found: Sequence[Flow]) -> Figure:
    """The latest month and the latest twelve months against the twelve before, with the share of all imports."""
    say = run.say
    part, years = run.part(Flows), [(flow.summary.year, flow.summary.year_before) for flow in found]
    known = [(year, before) for year, before in years if year is not None and before is not None]
    lower, origin = sum(year < before for year, before in known), run.country(part.origin)
    if not known:
        title = say("No flow is known for two whole years yet")
    elif len(known) == 1:
        title = (
            say("Over the latest twelve months less came from {origin} than in the year before", origin=origin)
            if lower
            else say("Over the latest twelve months no less came from {origin} than in the year before", origin=origin)
        )
    else:
        title = say.counted(
            lower,
            "Over the latest twelve months {some} of {total} flows from {origin} was below the year before",
            "Over the latest twelve months {some} of {total} flows from {origin} were below the year before",
            some=run.fmt.number(lower),
            total=run.fmt.number(len(known)),
            origin=origin,
        )
    columns = (
        Column(say.words("Metal"), "left"), Column(say.words("Latest month, kg")), Column(say.words("a year before")),
        Column(say.words("12 months, kg a month"), short=say.words("12 months")), Column(say.words("12 before")),
        Column(say.words("Change")), Column(say.words("Months at zero")),
        Column(say.words("Share of all imports"), short=say.words("Share")),
    )  # fmt: skip
    sub = say(
        "Imports from {origin} to {month}.",
        origin=origin, month=run.fmt.month(f"{max(flow.summary.month for flow in found)}-01"),
    )  # fmt: skip
    foot = say(
        "Own calculation{marks}. Share: of the imports of the metal from everywhere, over the twelve months. † {small} * Zeros "
        "inferred.",
        marks=sources(*run.of_tables("flows")),
        small=say.translate(part.rules.small),
    )
    diverted = [_diverted(run, flow, flow.diversion) for flow in found if flow.diversion and flow.diversion.suspected]
    if diverted:
        foot = text(foot, *(text(" ", words) for words in (*diverted, say.translate(part.rules.diversion))))
    table = Table(say.words("Two years of imports"), columns, tuple(_row(run, flow) for flow in found))
    return Figure(title, sub, (table,), (), foot)


def _row(run: Findings, flow: Flow) -> Row:
    summary = flow.summary
    inferred = f" ({summary.inferred_in_year}*)" if summary.inferred_in_year else ""
    return Row(
        (
            text(run.head(flow)),
            _number(run, summary.latest),
            _number(run, summary.on_year.base),
            _number(run, summary.year, bold=True),
            _number(run, summary.year_before),
            _change(run, summary.year_on_year),
            text(run.fmt.number(summary.zeros_in_year), inferred),
            text(run.fmt.share(summary.share)) if summary.share is not None else text(NONE),
        )
    )


def _diverted(run: Findings, flow: Flow, found: Diversion) -> Text:
    return run.say(
        "{metal}: imports from other countries rose by {offset} of what those from {origin} lost; consistent with re-routing.",
        metal=run.head(flow), offset=run.fmt.percent(found.offset, 0), origin=run.country(found.origin),
    )  # fmt: skip


def effects(run: Findings, found: Sequence[Flow]) -> Figure | None:
    """The year before a control against its first three months; None where no series reaches around one."""
    say, part = run.say, run.part(Flows)
    rows = [(flow, control) for flow in found for control in flow.controls if control.base is not None]
    rows.sort(key=lambda row: (row[1].effective, not row[1].covers, row[0].asset))
    covered = [(c.after, c.base) for _, c in rows if c.covers and c.after is not None and c.base is not None]
    if not covered:
        return None
    lower = sum(after < before for after, before in covered)
    if len(covered) == 1:
        title = (
            say("Less arrived in the first three months of the control on the form than before")
            if lower
            else say("No less arrived in the first three months of the control on the form than before")
        )
    else:
        title = say(
            "In {some} of {total} cases of a control on the form less arrived in its first three months than before",
            some=run.fmt.number(lower),
            total=run.fmt.number(len(covered)),
        )
    sub = say("Imports from {origin}, kg a month.", origin=run.country(part.origin))
    columns = (
        Column(say.words("Metal"), "left"), Column(say.words("Control"), "left"), Column(say.words("First day")),
        Column(say.words("Before")), Column(say.words("First three months")), Column(say.words("Change")),
        Column(say.words("Collapse from")),
    )  # fmt: skip
    table = Table(say.words("Imports before and after a control"), columns, tuple(_effect(run, *row) for row in rows))
    foot = say(
        "Own calculation{marks}: mean of the twelve months before the month of the first day, and of the three from it on. "
        "Parcels sent ahead of an expected control raise the months before. † {small} {collapse}",
        marks=sources(*run.of_tables("flows")),
        small=say.translate(part.rules.small),
        collapse=say.translate(part.rules.collapse),
    )
    return Figure(title, sub, (table,), (), foot)


def _effect(run: Findings, flow: Flow, control: FlowControl) -> Row:
    say = run.say
    number = run.fmt.notices(control.number or "")
    kind = say.words("ban") if control.instrument == "ban" else say.words("licence") if control.covers else ""
    what = say("{number}, {kind}", number=number, kind=kind) if kind else say("{number}, other forms", number=number)
    return Row(
        (
            text(run.head(flow)),
            what if control.covers else text(muted(plain(what))),
            text(run.fmt.short_date(control.effective)),
            _number(run, control.base),
            _number(run, control.after, bold=True),
            _change(run, control.change),
            text(run.fmt.month(control.collapsed)) if control.collapsed else text(NONE),
        )
    )


def _number(run: Findings, kg: float | None, *, bold: bool = False) -> Text:
    """Whole kg; what rounds to none and is some is below one."""
    if kg is None:
        return text(NONE)
    words = f"<{NARROW}{run.fmt.number(1)}" if 0 < kg < 0.5 else run.fmt.number(kg)
    return text(strong(words) if bold else words)


def _change(run: Findings, change: Change | None) -> Text:
    """A percentage; a dagger where the base is too small for one, a dash where a month is missing."""
    if change is None or change.value is None:
        return text(muted("†")) if change and change.reason == "small base" else text(NONE)
    value = change.value
    if -1 < value < NEARLY_ALL:
        return text(f"<{NARROW}{run.fmt.percent(-0.999)}")
    return text(run.fmt.percent(value, signed=True))
