"""Customs flows: what still arrives from the controlling country, with the controls on each flow in sight."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from toolkit.records.parts.flows import Flow, Flows, ReportedFlow
from toolkit.report.charts.flow_bars import Dateline, FlowBars, Tint, flow_bars
from toolkit.report.compose import folded, section
from toolkit.report.document import Block, Column, Figure, Missing, Panels, Row, SmallMultiple, Table
from toolkit.report.findings import Findings
from toolkit.report.i18n.formats import capital, day
from toolkit.report.i18n.language import mark
from toolkit.report.i18n.text import NONE, Span, Text, joined, name, sources, text
from toolkit.report.tables.flow_tables import effects, mass, recent

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
        marks=sources(*run.of_tables("flows")),
    )
    notes = [
        say(" {metal}: {caution}", metal=run.head(flow), caution=say.translate(flow.mixed)) for flow in found if flow.mixed
    ]
    if others := run.part(Flows).without_flow:
        notes.append(say(" Without a customs series here: {metals}.", metals=say.listed([run.metal(row) for row in others])))
    items = tuple(_panel(run, flow, months) for flow in found)
    body = (Panels(items, _legend(run, found)),)
    return Figure(_finding(run, found), sub, body, (), text(foot, *notes), _months(run, found, months))


def _finding(run: Findings, found: Sequence[Flow]) -> Text:
    """What is at zero, what has fallen, what is back; else the largest change of a year."""
    say, fmt = run.say, run.fmt
    by = {state: [flow for flow in found if flow.became.state == state] for state in (ZERO, FALLEN, BACK)}
    origin = run.country(run.part(Flows).origin)
    clauses: list[Text] = []

    def metals(rows: Sequence[Flow]) -> Text:
        return say.listed([run.metal(row) if clauses or i else run.head(row) for i, row in enumerate(rows)])

    if rows := by[ZERO]:
        clauses.append(
            say.counted(
                len(rows),
                "{metals} from {origin} has been at zero for {months} months",
                "{metals} from {origin} have been at zero for {months} months or more",
                metals=metals(rows), origin=origin, months=say.number_word(min(row.became.months for row in rows)),
            )
        )  # fmt: skip
    if rows := by[FALLEN]:
        share = max(row.became.share for row in rows)
        clauses.append(
            say.counted(
                len(rows),
                "{metals} has fallen to {share} of what it was",
                "{metals} have fallen to {share} of what they were, or less",
                metals=metals(rows), share=fmt.percent(share),
            )
        )  # fmt: skip
    if rows := by[BACK]:
        clauses.append(say.counted(len(rows), "{metals} is arriving again", "{metals} are arriving again", metals=metals(rows)))
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
    return SmallMultiple(text(run.head(flow)), note, flow_bars(bars, told, run.fmt))


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
            return say("{change} in a year", change=fmt.percent(change, 0, signed=True))
        case _ if summary.year_before is not None:
            return say(
                "{mass} a month, {before} a year ago", mass=mass(run, summary.year), before=mass(run, summary.year_before)
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
    rows = (
        (True, "new", say.words("imports in the month")),
        (any(c.instrument != BAN and c.covers for c in controls), "dateline", say.words("licence needed from this day")),
        (any(not c.covers for c in controls), "datedash", say.words("licence for other forms of the metal")),
        ("in_force" in spells, "soft", say.words("ban to {place} in force", place=to)),
        (SUSPENDED in spells, "paused", say.words("ban suspended")),
        (any(INFERRED in flow.basis for flow in found), "zero", say.words("zero, inferred: only trade is listed")),
    )
    return tuple((sign, words) for shown, sign, words in rows if shown)


def _months(run: Findings, found: Sequence[Flow], months: Sequence[str]) -> Table:
    """Imports in kg, the latest month first; an inferred zero has an asterisk, a missing month a dash."""
    columns = (Column(run.say.words("Month"), "left"), *(Column(run.head(flow).text) for flow in found))
    by = [{m: (q, b) for m, q, b in zip(flow.months, flow.quantity, flow.basis, strict=True)} for flow in found]

    def cell(figure: tuple[float | None, str]) -> Text:
        quantity, basis = figure
        if quantity is None:
            return text(NONE)
        return text(run.fmt.number(quantity), "*" if basis == INFERRED else "")

    rows = tuple(
        Row((text(run.fmt.month(_first(month))), *(cell(one.get(month, (None, MISSING))) for one in by)))
        for month in reversed(months)
    )
    return Table(run.say.words("imports by month in kg (* zero inferred)"), columns, rows, stacks=False)


def _reported(run: Findings, points: Sequence[ReportedFlow]) -> Figure:
    say = run.say
    rows: list[Row] = []
    for point in points:
        when = run.fmt.short_date(point.date)
        known = say.term("term", point.confidence)
        rows.append(
            Row(
                (
                    text(when) if point.precision == "day" else say("About {day}", day=when),
                    text(name(say.term("term", point.what))),
                    text(known) if point.confirmed else text(Span(capital(known), "warn")),
                )
            )
        )
    heads = (say.words("Date"), say.words("What was reported"), say.words("Standing"))
    table = Table(say.words("Reported flows"), tuple(Column(head, "left") for head in heads), tuple(rows))
    title = say.counted(
        len(points),
        "One report tells of a flow that no series here holds",
        "{N} reports tell of flows that no series here holds",
    )
    sub = say("Single points, shown alone and never joined to a series.")
    foot = say("Source: {what}{marks}.", what=say.words("press and statements"), marks=sources(*run.of_tables("controls")))
    return Figure(title, sub, (table,), (), foot)


def _first(month: str) -> date:
    """The first day of a month written as 2026-07, or of the month of a day."""
    return date.fromisoformat(f"{month[:7]}-01")
