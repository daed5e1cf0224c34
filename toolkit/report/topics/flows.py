"""Customs flows: what still arrives from the controlling country, with the controls on each flow in sight."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date

from toolkit.core.messages import retellable
from toolkit.records.findings import Parts
from toolkit.records.flows import CodeFlows, ControlOnFlow, CustomsFlows, PartnerFlow, ReportedFlow
from toolkit.report.charts.flow_bars import Dateline, FlowBars, Tint, flow_bars
from toolkit.report.compose import folded, section, unfolded
from toolkit.report.document import (
    Block,
    Chart,
    Document,
    Figure,
    Missing,
    Notes,
    Panels,
    Section,
    Shown,
    SmallMultiple,
    Table,
    left,
    legend,
    right,
)
from toolkit.report.findings import Findings
from toolkit.report.i18n import names
from toolkit.report.i18n.formats import DASH, NARROW, capital, day
from toolkit.report.i18n.language import Language, mark
from toolkit.report.i18n.text import NONE, Inline, Span, Text, joined, muted, name, plain, strong, text
from toolkit.supply.collapse import Collapse
from toolkit.supply.flows import ALL_LISTED, WORLD, Change, Diversion

ZERO, FALLEN, BACK = "zero", "fallen", "back"
BAN, SUSPENDED = "ban", "suspended"
PARTNERS = 8
"""Partners that a table shows; the record has all."""
MONTHS_SHOWN = 24
"""Months back from the latest in which an ended collapse with a single partner is told; the record has all."""
PULLED_FORWARD = 2.0
"""Months of the year before that one month before a collapse brought, from which on it is told."""


@section("flows", mark("Customs flows"), needs=["flows"])
def flows(run: Findings) -> tuple[Block, ...] | Missing:
    """Panels of the months; behind them the latest year, what flows did at each control, and what is only reported."""
    return _blocks(run, run.part(CustomsFlows))


def document(found: CustomsFlows, say: Language) -> Document:
    """The answer of `toolkit flows`: the section of a report, and who traded, how each collapse was found, and the rules."""
    run = Findings.alone(found.as_of, Parts(flows=found), say)
    told, drawn = _blocks(run, found), _drawn(found)
    blocks = () if isinstance(told, Missing) else told
    if drawn:  # the table of all months is for a report, and the JSON has them
        blocks = (replace(_panels(run, found, drawn), data=None), *blocks[1:])
    written = say.fmt.long_date(found.as_of)
    title = say.words("Customs flows, known on {day}", day=written)
    if found.asked:
        metal = names.of_key(found.asked, say)
        title = say.words("Customs flows of {metal}, known on {day}", metal=metal, day=written)
        blocks = (*blocks, *folded(*(_partners(run, code) for code in found.flows if len(code.partners) > 1)))
    judged = [("", words) for code in found.flows for words in _cautions(run, code, every=bool(found.asked))]
    rules = () if _effects(run, found, drawn) else (found.rules.collapse,)
    notes = [("", say.translate(words)) for words in (*rules, *map(retellable, found.notes))]
    content = (*unfolded(blocks), Notes((*judged, *notes)))
    return Document(title, say.code, found.as_of, written, "", (Section("flows", title, content),))


def _blocks(run: Findings, found: CustomsFlows) -> tuple[Block, ...] | Missing:
    drawn = _drawn(found)
    reported = _reported(run, found.reported) if found.reported and not run.short else None
    if drawn:
        return (_panels(run, found, drawn), *folded(_recent(run, found, drawn), _effects(run, found, drawn), reported))
    return folded(reported) or Missing(run.say.words("Customs list no trade in these metals."))


def _drawn(found: CustomsFlows) -> list[CodeFlows]:
    return [code for code in found.flows if any(code.flow.quantities)]


def _counterparty(run: Findings, found: CustomsFlows, drawn: Sequence[CodeFlows]) -> str:
    """With whom the flows are."""
    say, origin = run.say, run.country(found.origin)
    if not any(code.watched for code in drawn):
        return say.words("with all partners")
    return say.words("to {place}", place=origin) if drawn[0].direction == "export" else say.words("from {place}", place=origin)


def _panels(run: Findings, found: CustomsFlows, drawn: Sequence[CodeFlows]) -> Figure:
    say = run.say
    months = sorted({month for code in drawn for month in code.months})
    places = [run.place(code) for code in dict.fromkeys(code.reporter for code in drawn) if code]
    sub = say(
        "Customs of {places}: flows {counterparty} by month, each panel on its own scale with its peak at the top left.",
        places=say.listed(places) or found.file or "", counterparty=_counterparty(run, found, drawn),
    )  # fmt: skip
    together = [code for code in drawn if not code.watched]
    foot = say(
        "Source: {source}{marks}. One month at zero is no proof of a stop: holidays and trade through third countries give "
        "zeros too.",
        source=found.file or say.words("customs statistics"), marks=run.of_tables("flows"),
    )  # fmt: skip
    notes = [
        say(" {metal}: {caution}", metal=run.head(code), caution=say.translate(code.mixed)) for code in drawn if code.mixed
    ]
    if together and len(together) < len(drawn):
        notes.append(say(" All partners together: {metals}.", metals=run.metals(together)))
    if found.without_flow:
        notes.append(say(" Without a customs series here: {metals}.", metals=run.metals(found.without_flow)))
    items = tuple(_panel(run, code, months) for code in drawn)
    title, body = _finding(run, found, drawn), (Panels(items, _legend(run, drawn)),)
    return Figure(title, sub, body, (), text(foot, *notes), _months(run, drawn, months))


def _finding(run: Findings, found: CustomsFlows, drawn: Sequence[CodeFlows]) -> Text:
    """What is at zero, what has fallen, what is back; else the largest change of a year."""
    say, fmt, counterparty = run.say, run.fmt, _counterparty(run, found, drawn)
    by = {state: [code for code in drawn if code.flow.became.state == state] for state in (ZERO, FALLEN, BACK)}
    clauses: list[Text] = []

    if rows := by[ZERO]:
        clauses.append(
            say.counted(
                len(rows),
                "{metals} {counterparty} has been at zero for {months} months",
                "{metals} {counterparty} have been at zero for {months} months or more",
                metals=run.metals(rows, first=not clauses), counterparty=counterparty,
                months=say.number_word(min(row.flow.became.months for row in rows)),
            )
        )  # fmt: skip
    if rows := by[FALLEN]:
        share = max(row.flow.became.share for row in rows)
        clauses.append(
            say.counted(
                len(rows),
                "{metals} has fallen to {share} of the year before its collapse",
                "{metals} have fallen to {share} of the year before their collapse, or less",
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
    changes = [(value, code) for code in drawn if (value := code.flow.year_on_year.value) is not None]
    if all(code.flow.year_before is None and not code.flow.collapses for code in drawn):
        return say("The flows {counterparty} are too short to tell a collapse", counterparty=counterparty)
    if not changes:
        return say("No flow {counterparty} shows a collapse", counterparty=counterparty)
    change, most = max(changes, key=lambda row: (abs(row[0]), row[1].asset))
    return say(
        "No flow {counterparty} shows a collapse; {metal} changed most in a year, by {change}",
        counterparty=counterparty,
        metal=run.metal(most),
        change=fmt.percent(change, 0, signed=True),
    )


def _panel(run: Findings, code: CodeFlows, months: Sequence[str]) -> SmallMultiple:
    say, flow = run.say, code.flow
    known = dict(zip(code.months, flow.quantities, strict=True))
    quantities = tuple(known.get(month) for month in months)
    peak = max(q for q in quantities if q is not None)
    bans = [control for control in code.controls if control.instrument == BAN]
    bars = FlowBars(
        first=first_day(months[0]),
        quantities=quantities,
        inferred=frozenset(months.index(month) for month in flow.inferred),
        peak=mass(run, peak),
        lines=tuple(
            Dateline(day(control.effective), run.fmt.notices(control.number or ""), not control.covers)
            for control in code.controls
            if control not in bans
        ),
        tints=tuple(
            Tint(day(spell.since), day(spell.until) if spell.until else None, spell.status == SUSPENDED)
            for control in bans
            for spell in control.spells
        ),
        named=tuple(Dateline(day(control.effective), run.fmt.notices(control.number or "")) for control in bans),
    )
    note = _note(run, flow)
    told = say.words(
        "By month, at most {peak} in {month}; the latest {latest} in {last}.",
        peak=mass(run, peak),
        month=run.fmt.month(first_day(months[quantities.index(peak)])),
        latest=mass(run, flow.latest),
        last=run.fmt.month(first_day(flow.month)),
    )
    return SmallMultiple(text(run.head(code)), note, Chart(flow_bars(bars, run.fmt), told))


def _note(run: Findings, flow: PartnerFlow) -> Text:
    """What became of the flow, in a few words; levels where a percentage would be of a small base."""
    say, fmt, became = run.say, run.fmt, flow.became
    since = "" if became.since is None else fmt.month(became.since)
    match became.state:
        case "zero":
            return say("zero for {months} months", months=say.number_word(became.months))
        case "fallen":
            return say("{share} of before, since {month}", share=fmt.percent(became.share), month=since)
        case "back":
            return say("back since {month}, lately {mass} a month", month=since, mass=mass(run, became.level))
        case _ if (change := flow.year_on_year.value) is not None:
            return say("{change} on the year before", change=fmt.percent(change, 0, signed=True))
        case _ if flow.year_before is not None:
            return say(
                "{mass} a month, {before} in the year before", mass=mass(run, flow.year), before=mass(run, flow.year_before)
            )
        case _:
            return say("too short for a comparison")


def _legend(run: Findings, drawn: Sequence[CodeFlows]) -> tuple[tuple[str, str], ...]:
    """The marks that occur."""
    say = run.say
    controls = [control for code in drawn for control in code.controls]
    spells = {spell.status for control in controls if control.instrument == BAN for spell in control.spells}
    places = {code for control in controls if control.instrument == BAN for code in control.destinations}
    to = say.listed([run.place(code) for code in sorted(places - {"all"})])
    return legend(
        (True, "new", say.words("quantity of the month")),
        (any(c.instrument != BAN and c.covers for c in controls), "dateline", say.words("licence needed from this day")),
        (any(not c.covers for c in controls), "datedash", say.words("licence for other forms of the metal")),
        ("in_force" in spells, "soft", say.words("ban to {place} in force", place=to)),
        (SUSPENDED in spells, "paused", say.words("ban suspended")),
        (any(code.flow.inferred for code in drawn), "zero", say.words("zero, inferred: only trade is listed")),
    )


def _months(run: Findings, drawn: Sequence[CodeFlows], months: Sequence[str]) -> Table:
    """Imports in kg, the latest month first; an inferred zero has an asterisk, a missing month a dash."""

    def quantities(code: CodeFlows) -> Shown[str]:
        by = dict(zip(code.months, code.flow.quantities, strict=True))

        def cell(month: str) -> Inline:
            quantity = by.get(month)
            return NONE if quantity is None else text(run.fmt.number(quantity), "*" if month in code.flow.inferred else "")

        return right(run.head(code), cell)

    return run.table(
        "flows by month in kg (* zero inferred)",
        reversed(months),
        left("Month", lambda month: run.fmt.month(first_day(month))),
        *map(quantities, drawn),
        stacks=False,
    )


def _reported(run: Findings, points: Sequence[ReportedFlow]) -> Figure:
    say = run.say

    def when(point: ReportedFlow) -> Inline:
        day = run.fmt.short_date(point.announced)
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


def first_day(month: str) -> date:
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


def _recent(run: Findings, found: CustomsFlows, drawn: Sequence[CodeFlows]) -> Figure:
    """The latest month and the latest twelve months against the twelve before, with the share of all imports."""
    say, counterparty = run.say, _counterparty(run, found, drawn)
    counted = [code for code in drawn if code.watched] or drawn
    years = [(code.flow.year, code.flow.year_before) for code in counted]
    known = [(year, before) for year, before in years if year is not None and before is not None]
    lower = sum(year < before for year, before in known)
    if not known:
        title = say("No flow is known for two whole years yet")
    elif len(known) == 1:
        title = (
            say("Over the latest twelve months the flow {counterparty} was below the year before", counterparty=counterparty)
            if lower
            else say(
                "Over the latest twelve months the flow {counterparty} was not below the year before", counterparty=counterparty
            )
        )
    else:
        title = say.counted(
            lower,
            "Over the latest twelve months {some} of {total} flows {counterparty} was below the year before",
            "Over the latest twelve months {some} of {total} flows {counterparty} were below the year before",
            some=run.fmt.number(lower),
            total=run.fmt.number(len(known)),
            counterparty=counterparty,
        )
    sub = say(
        "Flows {counterparty}, to {month}.",
        counterparty=counterparty, month=run.fmt.month(f"{max(code.flow.month for code in drawn)}-01"),
    )  # fmt: skip
    foot = say(
        "Own calculation{marks}. Share: of the flow with all partners, over the twelve months. † {small} * Zeros inferred.",
        marks=run.of_tables("flows"),
        small=say.translate(found.rules.small),
    )
    diverted = [_diverted(run, code, one) for code in drawn for one in _suspected(code)]
    if diverted:
        foot = text(foot, *(text(" ", words) for words in (*diverted, say.translate(found.rules.diversion))))
    rows = [(code, code.flow) for code in drawn]
    table = _years(run, mark("Two years of customs flows"), rows, left("Metal", lambda row: _flow_of(run, row[0], counted)))
    return Figure(title, sub, (table,), (), foot)


def _flow_of(run: Findings, code: CodeFlows, counted: Sequence[CodeFlows]) -> Text:
    """The metal; of a flow that is none from the country in question, that all partners are meant."""
    return text(run.head(code), "" if code in counted else muted(run.say.words(", all partners")))


Traded = tuple[CodeFlows, PartnerFlow]


def _years(run: Findings, caption: Inline, rows: Sequence[Traded], first: Shown[Traded]) -> Table:
    """The latest month and year of flows against those before."""
    return run.table(
        caption,
        rows,
        first,
        right("Latest month, kg", lambda row: quantity(run, row[1].latest)),
        right("a year before", lambda row: quantity(run, row[1].on_year.base)),
        right("12 months, kg a month", lambda row: quantity(run, row[1].year, bold=True), "12 months"),
        right("12 before", lambda row: quantity(run, row[1].year_before)),
        right("Change", lambda row: relative(run, row[1].year_on_year)),
        right("Months at zero", lambda row: _zeros(run, row[1])),
        right("Share of all partners", lambda row: NONE if (s := row[1].share) is None else run.fmt.share(s), "Share"),
    )


def _zeros(run: Findings, flow: PartnerFlow) -> Text:
    return text(run.fmt.number(flow.zeros_in_year), f" ({flow.inferred_in_year}*)" if flow.inferred_in_year else "")


def _partners(run: Findings, code: CodeFlows) -> Figure:
    """The same by partner."""
    say, rows = run.say, [(code, one) for one in code.partners[: PARTNERS + 1]]
    title = say("{metal} by partner: HS {code}", metal=run.head(code), code=code.hs_code)
    left_out = len(code.partners) - len(rows)
    foot = say("{n} more partners: --json.", n=left_out) if left_out else ()
    table = _years(run, mark("Flows by partner"), rows, left("Partner", lambda row: _partner(run, row[1].partner)))
    return Figure(title, (), (table,), (), foot)


def _partner(run: Findings, partner: str) -> str:
    """The partner of a flow: a country, or all together."""
    return run.say.words("all partners") if partner in (WORLD, ALL_LISTED) else run.country(partner)


def _suspected(code: CodeFlows) -> list[Diversion]:
    return [one for one in code.diversion if one.suspected]


def _diverted(run: Findings, code: CodeFlows, found: Diversion) -> Text:
    return run.say(
        "{metal}: flows with other countries rose by {offset} of what those with {origin} lost; consistent with re-routing.",
        metal=run.head(code), offset=run.fmt.percent(found.offset, 0), origin=run.country(found.origin),
    )  # fmt: skip


def _effects(run: Findings, found: CustomsFlows, drawn: Sequence[CodeFlows]) -> Figure | None:
    """The year before a control against its first three months; None where no series reaches around one."""
    say = run.say
    rows = [(code, c, c.around) for code in drawn for c in code.controls if c.around is not None and c.around.base is not None]
    rows.sort(key=lambda row: (row[1].effective, not row[1].covers, row[0].asset))
    covered = [around for _, control, around in rows if control.covers and around.after is not None]
    if not covered:
        return None
    lower = sum((around.after or 0.0) < (around.base or 0.0) for around in covered)
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
    sub = say("Flows {counterparty}, kg a month.", counterparty=_counterparty(run, found, drawn))
    table = run.table(
        "Flows before and after a control",
        rows,
        left("Metal", lambda row: run.head(row[0])),
        left("Control", lambda row: _control(run, row[1])),
        right("First day", lambda row: run.fmt.short_date(row[1].effective)),
        right("Before", lambda row: quantity(run, row[2].base)),
        right("First three months", lambda row: quantity(run, row[2].after, bold=True)),
        right("Change", lambda row: relative(run, row[2].change)),
        right("Collapse from", lambda row: run.fmt.month(row[2].collapse.onset) if row[2].collapse else NONE),
    )
    foot = say(
        "Own calculation{marks}: mean of the twelve months before the month of the first day, and of the three from it on. "
        "Parcels sent ahead of an expected control raise the months before. † {small} {collapse}",
        marks=run.of_tables("flows"),
        small=say.translate(found.rules.small),
        collapse=say.translate(found.rules.collapse),
    )
    return Figure(title, sub, (table,), (), foot)


def _control(run: Findings, control: ControlOnFlow) -> Text:
    say, number = run.say, run.fmt.notices(control.number or "")
    kind = say.words("ban") if control.instrument == "ban" else say.words("licence") if control.covers else ""
    what = say("{number}, {kind}", number=number, kind=kind) if kind else say("{number}, other forms", number=number)
    return what if control.covers else text(muted(plain(what)))


def quantity(run: Findings, kg: float | None, *, bold: bool = False) -> Inline:
    """Whole kg; what rounds to none and is some is below one."""
    if kg is None:
        return NONE
    words = f"<{NARROW}{run.fmt.number(1)}" if 0 < kg < 0.5 else run.fmt.number(kg)
    return strong(words) if bold else words


def relative(run: Findings, change: Change | None) -> Inline:
    """A percentage; a dagger where the base is too small for one, a dash where a month is missing."""
    if change is None or change.value is None:
        return muted("†") if change and change.reason == "small base" else NONE
    if -1 < change.value < NEARLY_ALL:
        return f"<{NARROW}{run.fmt.percent(-0.999)}"
    return run.fmt.percent(change.value, signed=True)


def _cautions(run: Findings, code: CodeFlows, *, every: bool) -> Iterator[Text]:
    """What else the code counts, and the collapses that run; where `every` one is asked for, also the last that ended."""
    if code.mixed:
        yield text(run.head(code), ": ", run.say.translate(code.mixed))
    for flow in code.partners[: PARTNERS + 1]:
        last = flow.collapses[-1] if flow.collapses else None
        lately = last and (flow is code.partners[0] or f"{last.last}"[:7] >= code.months[-MONTHS_SHOWN:][0])
        if last and (last.running or (every and lately)):
            yield _collapse(run, code, flow, last)


def _collapse(run: Findings, code: CodeFlows, flow: PartnerFlow, found: Collapse) -> Text:
    fmt, say = run.fmt, run.say
    told = say(
        "{metal}, {partner}: collapsed from {onset} ({until}; the rule held from the figures of {confirmed} on): {mean} kg a "
        "month against {base} in the year before, {months} low months where {needed} were needed.",
        metal=run.head(code),
        partner=_partner(run, flow.partner),
        onset=fmt.month(found.onset),
        until=say.words("still running") if found.running else say.words("until {month}", month=fmt.month(found.last)),
        confirmed=fmt.month(found.confirmed),
        mean=fmt.number(found.mean),
        base=fmt.number(found.base),
        months=found.months,
        needed=found.needed,
    )
    if found.month_before <= PULLED_FORWARD:
        return told
    return text(
        told,
        " ",
        say(
            "The month before stood at {times} times the mean of the year before, as when buyers stock up.",
            times=fmt.number(found.month_before, 1),
        ),
    )
