"""Customs flows: what still arrives from the controlling country, with the controls on each flow in sight."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from toolkit.records.parts.flows import Flow, FlowControl, Flows, ReportedFlow
from toolkit.report.charts.flow_bars import Dateline, FlowBars, Tint, flow_bars
from toolkit.report.compose import folded, section
from toolkit.report.document import Block, Chart, Figure, Missing, Panels, Shown, SmallMultiple, Table, left, legend, right
from toolkit.report.findings import Findings
from toolkit.report.i18n.formats import DASH, NARROW, capital, day
from toolkit.report.i18n.language import mark
from toolkit.report.i18n.text import NONE, Inline, Span, Text, joined, muted, name, plain, strong, text
from toolkit.supply.flows import Change, Diversion

ZERO, FALLEN, BACK = "zero", "fallen", "back"
INFERRED, MISSING = "inferred_zero", "not_available"
BAN, SUSPENDED = "ban", "suspended"


@section("flows", mark("Customs flows"), needs=["flows"])
def flows(run: Findings) -> tuple[Block, ...] | Missing:
    """Panels of the months; behind them the latest year, what flows did at each control, and what is only reported."""
    part = run.part(Flows)
    drawn = [flow for flow in part.flows if any(flow.quantity)]
    reported = _reported(run, part.reported) if part.reported and not run.short else None
    blocks: tuple[Block, ...] = folded(reported)
    if drawn:
        blocks = (_panels(run, drawn), *folded(recent(run, drawn), effects(run, drawn), reported))
    return blocks or Missing(run.say.words("Customs list no trade in these metals."))


def _panels(run: Findings, found: Sequence[Flow]) -> Figure:
    say = run.say
    months = sorted({month for flow in found for month in flow.months})
    sub = say(
        "Imports into {places} from {origin} by month, each panel on its own scale with its peak at the top left.",
        places=say.listed([run.place(code) for code in dict.fromkeys(flow.reporter for flow in found) if code]),
        origin=run.country(run.part(Flows).origin),
    )
    foot = say(
        "Source: customs statistics{marks}. One month at zero is no proof of a stop: holidays and trade through third "
        "countries give zeros too.",
        marks=run.of_tables("flows"),
    )
    notes = [
        say(" {metal}: {caution}", metal=run.head(flow), caution=say.translate(flow.mixed)) for flow in found if flow.mixed
    ]
    if others := run.part(Flows).without_flow:
        notes.append(say(" Without a customs series here: {metals}.", metals=run.metals(others)))
    items = tuple(_panel(run, flow, months) for flow in found)
    body = (Panels(items, _legend(run, found)),)
    return Figure(_finding(run, found), sub, body, (), text(foot, *notes), _months(run, found, months))


def _finding(run: Findings, found: Sequence[Flow]) -> Text:
    """What is at zero, what has fallen, what is back; else the largest change of a year."""
    say, fmt = run.say, run.fmt
    by = {state: [flow for flow in found if flow.became.state == state] for state in (ZERO, FALLEN, BACK)}
    origin = run.country(run.part(Flows).origin)
    clauses: list[Text] = []

    if rows := by[ZERO]:
        clauses.append(
            say.counted(
                len(rows),
                "{metals} from {origin} has been at zero for {months} months",
                "{metals} from {origin} have been at zero for {months} months or more",
                metals=run.metals(rows, first=not clauses), origin=origin,
                months=say.number_word(min(row.became.months for row in rows)),
            )
        )  # fmt: skip
    if rows := by[FALLEN]:
        share = max(row.became.share for row in rows)
        clauses.append(
            say.counted(
                len(rows),
                "{metals} has fallen to {share} of what it was",
                "{metals} have fallen to {share} of what they were, or less",
                metals=run.metals(rows, first=not clauses), share=fmt.percent(share),
            )
        )  # fmt: skip
    if rows := by[BACK]:
        clauses.append(
            say.counted(
                len(rows),
                "{metals} is arriving again",
                "{metals} are arriving again",
                metals=run.metals(rows, first=not clauses),
            )
        )
    if clauses:
        return joined(clauses, "; ")
    changes = [(value, flow) for flow in found if (value := flow.summary.year_on_year.value) is not None]
    if all(flow.summary.year_before is None and not flow.collapses for flow in found):
        return say("The flows from {origin} are too short to tell a collapse", origin=origin)
    if not changes:
        return say("No flow from {origin} shows a collapse", origin=origin)
    change, most = max(changes, key=lambda row: (abs(row[0]), row[1].asset))
    return say("No flow from {origin} shows a collapse; {metal} changed most in a year, by {change}", origin=origin,
               metal=run.metal(most), change=fmt.percent(change, 0, signed=True))  # fmt: skip


def _panel(run: Findings, flow: Flow, months: Sequence[str]) -> SmallMultiple:
    say = run.say
    known = dict(zip(flow.months, flow.quantity, strict=True))
    quantities = tuple(known.get(month) for month in months)
    peak = max(q for q in quantities if q is not None)
    bars = FlowBars(
        first=_first(months[0]),
        quantities=quantities,
        inferred=frozenset(months.index(m) for m, basis in zip(flow.months, flow.basis, strict=True) if basis == INFERRED),
        peak=mass(run, peak),
        lines=tuple(
            Dateline(day(control.effective), run.fmt.notices(control.number or ""), not control.covers)
            for control in flow.controls
            if control.instrument != BAN
        ),
        tints=tuple(
            Tint(day(spell.since), day(spell.until) if spell.until else None, spell.status == SUSPENDED)
            for control in flow.controls
            if control.instrument == BAN
            for spell in control.spells
        ),
        named=tuple(
            Dateline(day(control.effective), run.fmt.notices(control.number or ""))
            for control in flow.controls
            if control.instrument == BAN
        ),
    )
    note = _note(run, flow)
    told = say.words(
        "{metal}: imports by month, at most {peak} in {month}, {latest} in {last}; {note}.",
        metal=run.head(flow),
        peak=mass(run, peak),
        month=run.fmt.month(_first(months[quantities.index(peak)])),
        latest=mass(run, flow.summary.latest),
        last=run.fmt.month(_first(flow.summary.month)),
        note=note,
    )
    return SmallMultiple(text(run.head(flow)), note, Chart(flow_bars(bars, run.fmt), told))


def _note(run: Findings, flow: Flow) -> Text:
    """What became of the flow, in a few words; levels where a percentage would be of a small base."""
    say, fmt, became, summary = run.say, run.fmt, flow.became, flow.summary
    since = "" if became.since is None else fmt.month(became.since)
    match became.state:
        case "zero":
            return say("zero for {months} months", months=say.number_word(became.months))
        case "fallen":
            return say("{share} of before, since {month}", share=fmt.percent(became.share), month=since)
        case "back":
            return say("back since {month}, lately {mass} a month", month=since, mass=mass(run, became.level))
        case _ if (change := summary.year_on_year.value) is not None:
            return say("{change} on the year before", change=fmt.percent(change, 0, signed=True))
        case _ if summary.year_before is not None:
            return say(
                "{mass} a month, {before} in the year before",
                mass=mass(run, summary.year),
                before=mass(run, summary.year_before),
            )
        case _:
            return say("too short for a comparison")


def _legend(run: Findings, found: Sequence[Flow]) -> tuple[tuple[str, str], ...]:
    """The marks that occur."""
    say = run.say
    controls = [control for flow in found for control in flow.controls]
    spells = {spell.status for control in controls if control.instrument == BAN for spell in control.spells}
    places = {code for control in controls if control.instrument == BAN for code in control.destinations}
    to = say.listed([run.place(code) for code in sorted(places - {"all"})])
    return legend(
        (True, "new", say.words("imports in the month")),
        (any(c.instrument != BAN and c.covers for c in controls), "dateline", say.words("licence needed from this day")),
        (any(not c.covers for c in controls), "datedash", say.words("licence for other forms of the metal")),
        ("in_force" in spells, "soft", say.words("ban to {place} in force", place=to)),
        (SUSPENDED in spells, "paused", say.words("ban suspended")),
        (any(INFERRED in flow.basis for flow in found), "zero", say.words("zero, inferred: only trade is listed")),
    )


def _months(run: Findings, found: Sequence[Flow], months: Sequence[str]) -> Table:
    """Imports in kg, the latest month first; an inferred zero has an asterisk, a missing month a dash."""

    def quantities(flow: Flow) -> Shown[str]:
        by = {m: (q, b) for m, q, b in zip(flow.months, flow.quantity, flow.basis, strict=True)}

        def cell(month: str) -> Inline:
            quantity, basis = by.get(month, (None, MISSING))
            return NONE if quantity is None else text(run.fmt.number(quantity), "*" if basis == INFERRED else "")

        return right(run.head(flow), cell)

    return run.table(
        "imports by month in kg (* zero inferred)",
        reversed(months),
        left("Month", lambda month: run.fmt.month(_first(month))),
        *map(quantities, found),
        stacks=False,
    )


def _reported(run: Findings, points: Sequence[ReportedFlow]) -> Figure:
    say = run.say

    def when(point: ReportedFlow) -> Inline:
        day = run.fmt.short_date(point.date)
        return day if point.precision == "day" else say("About {day}", day=day)

    def known(point: ReportedFlow) -> Inline:
        words = say.term("term", point.confidence)
        return words if point.confirmed else Span(capital(words), "warn")

    table = run.table(
        "Reported flows",
        points,
        left("Date", when),
        left("What was reported", lambda point: name(say.term("term", point.what))),
        left("Standing", known),
    )
    title = say.counted(
        len(points),
        "One report tells of a flow that no series here holds",
        "{N} reports tell of flows that no series here holds",
    )
    sub = say("Single points, shown alone and never joined to a series.")
    foot = say("Source: {what}{marks}.", what=say.words("press and statements"), marks=run.of_tables("controls"))
    return Figure(title, sub, (table,), (), foot)


def _first(month: str) -> date:
    """The first day of a month written as 2026-07, or of the month of a day."""
    return date.fromisoformat(f"{month[:7]}-01")


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
    sub = say(
        "Imports from {origin} to {month}.",
        origin=origin, month=run.fmt.month(f"{max(flow.summary.month for flow in found)}-01"),
    )  # fmt: skip
    foot = say(
        "Own calculation{marks}. Share: of the imports of the metal from everywhere, over the twelve months. † {small} * Zeros "
        "inferred.",
        marks=run.of_tables("flows"),
        small=say.translate(part.rules.small),
    )
    diverted = [_diverted(run, flow, flow.diversion) for flow in found if flow.diversion and flow.diversion.suspected]
    if diverted:
        foot = text(foot, *(text(" ", words) for words in (*diverted, say.translate(part.rules.diversion))))
    table = run.table(
        "Two years of imports",
        found,
        left("Metal", run.head),
        right("Latest month, kg", lambda flow: _number(run, flow.summary.latest)),
        right("a year before", lambda flow: _number(run, flow.summary.on_year.base)),
        right("12 months, kg a month", lambda flow: _number(run, flow.summary.year, bold=True), "12 months"),
        right("12 before", lambda flow: _number(run, flow.summary.year_before)),
        right("Change", lambda flow: _change(run, flow.summary.year_on_year)),
        right("Months at zero", lambda flow: _zeros(run, flow)),
        right("Share of all imports", lambda flow: NONE if (s := flow.summary.share) is None else run.fmt.share(s), "Share"),
    )
    return Figure(title, sub, (table,), (), foot)


def _zeros(run: Findings, flow: Flow) -> Text:
    inferred = flow.summary.inferred_in_year
    return text(run.fmt.number(flow.summary.zeros_in_year), f" ({inferred}*)" if inferred else "")


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
    table = run.table(
        "Imports before and after a control",
        rows,
        left("Metal", lambda row: run.head(row[0])),
        left("Control", lambda row: _control(run, row[1])),
        right("First day", lambda row: run.fmt.short_date(row[1].effective)),
        right("Before", lambda row: _number(run, row[1].base)),
        right("First three months", lambda row: _number(run, row[1].after, bold=True)),
        right("Change", lambda row: _change(run, row[1].change)),
        right("Collapse from", lambda row: run.fmt.month(row[1].collapsed)),
    )
    foot = say(
        "Own calculation{marks}: mean of the twelve months before the month of the first day, and of the three from it on. "
        "Parcels sent ahead of an expected control raise the months before. † {small} {collapse}",
        marks=run.of_tables("flows"),
        small=say.translate(part.rules.small),
        collapse=say.translate(part.rules.collapse),
    )
    return Figure(title, sub, (table,), (), foot)


def _control(run: Findings, control: FlowControl) -> Text:
    say, number = run.say, run.fmt.notices(control.number or "")
    kind = say.words("ban") if control.instrument == "ban" else say.words("licence") if control.covers else ""
    what = say("{number}, {kind}", number=number, kind=kind) if kind else say("{number}, other forms", number=number)
    return what if control.covers else text(muted(plain(what)))


def _number(run: Findings, kg: float | None, *, bold: bool = False) -> Inline:
    """Whole kg; what rounds to none and is some is below one."""
    if kg is None:
        return NONE
    words = f"<{NARROW}{run.fmt.number(1)}" if 0 < kg < 0.5 else run.fmt.number(kg)
    return strong(words) if bold else words


def _change(run: Findings, change: Change | None) -> Inline:
    """A percentage; a dagger where the base is too small for one, a dash where a month is missing."""
    if change is None or change.value is None:
        return muted("†") if change and change.reason == "small base" else NONE
    if -1 < change.value < NEARLY_ALL:
        return f"<{NARROW}{run.fmt.percent(-0.999)}"
    return run.fmt.percent(change.value, signed=True)
