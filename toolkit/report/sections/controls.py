"""Controls today: which measure names which form, for the owner and for those the owner may sell to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date

from toolkit.controls.state import Measure
from toolkit.core.grouping import by_key
from toolkit.records.conflict import Conflict
from toolkit.records.controls import ControlState, Route
from toolkit.records.positions import Position
from toolkit.records.subjects import Market
from toolkit.report.compose import section
from toolkit.report.document import Block, Figure, Line, Matrix, Missing, State, left, right
from toolkit.report.findings import Findings, is_confirmed
from toolkit.report.i18n.countries import CHINA
from toolkit.report.i18n.language import mark
from toolkit.report.i18n.names import origin, short_country
from toolkit.report.i18n.text import NONE, Inline, Span, Text, joined, muted, name, sentences, sources, strong, text
from toolkit.report.markers import OFFERS
from toolkit.report.tables.facts import instrument, legal_day, note, review, why_unconfirmed
from toolkit.report.tables.lanes import timeline

DUTIES = ("licence", "ban")
GRAVITY = ("ban", "licence", "exporter_whitelist")
MARKS = (
    ("on", mark("in force")),
    ("suspended", mark("suspended")),
    ("uncertain", mark("not settled, or uncertain for this form")),
    ("whitelist", mark("exporter list, not counted")),
)
BELOW_SIZE, OPEN = mark("only large pieces"), mark("not settled")
BY_DATES, BAN_BY_DATES = mark("by dates since {day}, unconfirmed"), mark("ban by dates since {day}, unconfirmed")
ALONE = (
    mark("{product} needs a Chinese licence or may not leave China"),
    mark("{product} is controlled only in part"),
    mark("A notice names {product} and asks for no licence today"),
    mark("{product} is in no notice that applies"),
)
"""The finding on one product: controlled, unsettled, named without a duty, not named."""
IN_FORCE = {
    "ban": mark("A Chinese ban on exports {towards} is in force on {product}"),
    "licence": mark("{product} needs a Chinese licence"),
}
"""The same where the law is in force, by the first word of the headline."""
SHOWN = ("in_force", "unchecked", "suspended")
"""Statuses with a cell, the one that is shown first."""
Cells = tuple[State | None, ...]


@section("controls", mark("Controls today"))
def controls(run: Findings) -> tuple[Block, ...] | Missing:
    """The matrix of metal and measure, then the timeline of the measures; of what is held or may be, where that is known."""
    run = replace(run, record=run.record.model_copy(update={"controls": _concerned(run)}))
    if not run.record.controls:
        return Missing(run.say.words("The toolkit knows no control on any product of this report."))
    # What returns next stands on the first screen of a short report, and so do the states.
    lanes = None if run.short else timeline(run)
    return (_matrix(run), *(figure for figure in (offers(run), lanes) if figure))


def _concerned(run: Findings) -> tuple[ControlState, ...]:
    """The products of the lots or of the positions, in short of what is held, or of what could be held; else all."""
    lots = () if run.exposure is None else run.exposure.lots
    shown = run.shown if run.short and run.positions else run.positions
    alone = {run.record.metal} if isinstance(run.record, Market) and run.record.metal else set[str]()
    could = (run.record.assets or ()) if isinstance(run.record, Conflict) else ()
    keys = {*(lot.asset for lot in lots), *(p.product for p in shown), *alone, *could}
    return tuple(_reaching_lots(run, row) for row in run.record.controls if not keys or row.asset in keys)


def _reaching_lots(run: Findings, row: ControlState) -> ControlState:
    """The state of a form, without its Chinese measures where it is of lots and none of them leaves China."""
    if not _is_elsewhere(run, row):
        return row
    routes = tuple(route.model_copy(update={"measures": ()}) for route in row.routes)
    return row.model_copy(
        update={"measures": (), "routes": routes, "listed": False, "uncertain": False, "headline": "not_listed"}
    )


def _is_elsewhere(run: Findings, row: ControlState) -> bool:
    """Whether it is a form of lots all of which are exported from elsewhere."""
    lots = () if run.exposure is None else run.exposure.lots
    places = {lot.export_from for lot in lots if (lot.asset, lot.form) == (row.asset, row.form)}
    return bool(places) and CHINA not in places


def _matrix(run: Findings) -> Figure:
    say, rows = run.say, run.record.controls
    columns = [(say.words("Licence or ban"), say.words("Licence, ban"))]
    for route in _routes(run, rows[0]):
        place, short = run.place(route.destination), short_country(route.destination, say)
        if route.end_user == "civil":
            columns.append((say.words("Ban to {place}", place=place), say.words("{country} ban", country=short)))
        else:
            military = say.words("{country} military", country=short)
            columns.append((military, military))
    columns.append((say.words("Exporter list"), say.words("Exporters")))
    cells = [(_states(run, row), row) for row in rows]
    lines = [*_grouped(run, [(states, row) for states, row in cells if any(states)])]
    lines += _reasons(run, [row for states, row in cells if not any(states)])
    shown = {state.mark for line in lines for state in line.states if state}
    sub = say("For delivery {towards}. Notices name forms, not elements.", towards=run.towards(run.record.owner.country))
    state = review(run) or say("Legal state of {day}.", day=legal_day(run))
    sub = text(state, " ", sub)
    return Figure(
        _finding(run, rows),
        sub,
        (
            Matrix(
                say.words("Chinese controls by metal and measure"), say.words("Metal and form"), tuple(columns), tuple(lines)
            ),
        ),
        tuple((state, say.words(words)) for state, words in MARKS if state in shown),
        sentences(*_source(run)),
    )


def _routes(run: Findings, row: ControlState) -> Sequence[Route]:
    """Deliveries with a column of their own; none in a short report on lots, whose resale has the buyers."""
    return () if run.short and run.exposure else row.routes


def _finding(run: Findings, rows: Sequence[ControlState]) -> Text:
    say, total = run.say, len(rows)
    counted = [row for row in rows if any(m.counts for m in row.measures)]
    need = sum(not row.uncertain for row in counted)
    unnamed = total - sum(row.listed for row in rows)
    if total == 1:
        (row,) = rows
        told = ALONE[0 if counted and not row.uncertain else 1 if counted else 2 if row.listed else 3]
        told = IN_FORCE.get(row.headline.partition("+")[0], told)
        product = run.title(row) if run.exposure is None else run.head(row)
        return say(told, product=product, towards=run.towards(run.record.owner.country))
    if not counted:
        return say("None of {total} products needs a Chinese licence or may not leave China", total=total)
    first = say.counted(
        need,
        "{N} product of {total} needs a Chinese licence or may not leave China",
        "{N} products of {total} need a Chinese licence or may not leave China",
        total=say.number_word(total),
    )
    clauses = [first]
    if doubtful := len(counted) - need:
        clauses.append(say.counted(doubtful, "{n} is controlled only in part", "{n} are controlled only in part"))
    if other := total - len(counted) - unnamed:
        clauses.append(
            say.counted(
                other,
                "{n} is named by a notice that asks for no licence today",
                "{n} are named by a notice that asks for no licence today",
            )
        )
    if unnamed:
        clauses.append(say.counted(unnamed, "{n} is in no notice that applies", "{n} are in no notice that applies"))
    return joined(clauses, "; ")


def _states(run: Findings, row: ControlState) -> Cells:
    own = [m for m in row.measures if not m.conditional]
    columns = _routes(run, row)
    routes = [_state(run, [m for m in route.measures if m.instrument in DUTIES]) for route in columns]
    # A measure that names buyers with a column of their own stands there; without that column it is a duty like others.
    shown = {m.event_id for route in columns for m in route.measures}
    duties = [m for m in own if m.instrument in DUTIES and m.event_id not in shown]
    return (
        _state(run, duties, column_of_licences=True),
        *routes,
        _state(run, [m for m in own if m.instrument == "exporter_whitelist"]),
    )


def _state(run: Findings, measures: Sequence[Measure], *, column_of_licences: bool = False) -> State | None:
    """The gravest measure of a cell, in force before suspended, plain before in doubt; a ban among licences is named as one."""
    official = [m for m in measures if m.standing == "official" and m.status in SHOWN]
    if not official:
        return None
    say, fmt = run.say, run.fmt
    m = min(
        official,
        key=lambda m: (SHOWN.index(m.status), GRAVITY.index(m.instrument), bool(_doubt(run, m)), m.since or date.min),
    )
    number = say.notice(m.number or m.authority)
    until = say.words("to {day}", day=fmt.short_date(m.until)) if m.until else ""
    if m.instrument == "exporter_whitelist":
        return State("whitelist", number, until or say.words("in force"))
    if m.status == "suspended":
        told = say.words("suspended to {day}", day=fmt.short_date(m.until)) if until else say.words("suspended")
        return State("suspended", number, told, brief=told, urgent=bool(until))
    since = fmt.short_date(m.status_since)
    doubt = _doubt(run, m)
    if doubt:
        return State("uncertain", number, *doubt)
    is_ban = column_of_licences and m.instrument == "ban"
    told = say.words("ban, since {day}", day=since) if is_ban else say.words("since {day}", day=since)
    held = next(
        (m for m in official if column_of_licences and m.instrument == "ban" and m.status == "suspended" and m.until), None
    )
    if held:
        day, ban = fmt.short_date(held.until), say.notice(held.number or held.authority)
        told = say.words("{state}; ban of {number} suspended to {day}", state=told, number=ban, day=day)
    return State("on", number, told, brief=told if is_ban or held else "", urgent=held is not None)


def _doubt(run: Findings, m: Measure) -> tuple[str, str] | None:
    """Why a measure in force is not plainly so, with its day and in short; None where it is."""
    say, since = run.say, run.fmt.short_date(m.status_since)
    if m.status == "unchecked" or m.certainty == "above_size":
        told = say.words(BELOW_SIZE if m.status == "in_force" else OPEN)
        return told, told
    if m.certainty != "named":
        return say.words("uncertain, since {day}", day=since), say.words("uncertain")
    if m.unconfirmed:
        told = BAN_BY_DATES if m.instrument == "ban" else BY_DATES
        return say.words(told, day=since), say.words("unconfirmed")
    return None


def _grouped(run: Findings, rows: Sequence[tuple[Cells, ControlState]]) -> Iterator[Line]:
    """Metals with the same states in one line, those with most measures first, the uncertain and the listed-only last."""
    groups = by_key(rows)

    def strictness(states: Cells) -> tuple[int, int]:
        marks = [state.mark for state in states if state]
        return (marks.count("uncertain") + (marks == ["whitelist"]) * 9, -len(marks))

    for states in sorted(groups, key=strictness):
        yield Line(_symbols(groups[states]), _names(run, groups[states]), states)


def _symbols(rows: Sequence[ControlState]) -> str:
    return ", ".join(dict.fromkeys(row.element or row.asset for row in rows))


def _names(run: Findings, rows: Sequence[ControlState]) -> Text:
    """Products by name; of lots the metal and the form that they are held in, as the table of lots has them."""
    if run.exposure is None:
        return joined(map(run.title, rows), ", ")
    told = [text(run.head(row), " (", name(run.say.term("term", row.form)), ")") for row in rows]
    return joined(dict.fromkeys(told), ", ")


def _reasons(run: Findings, rows: Sequence[ControlState]) -> Iterator[Line]:
    """Metals in no notice, by the reason that the ledger gives."""
    groups = by_key((_reason(run, row), row) for row in rows)
    for why, members in groups.items():
        yield Line(_symbols(members), _names(run, members), reason=why)


def _reason(run: Findings, row: ControlState) -> Text:
    """Why no notice applies, without the name of the metal, so that equal reasons are told once.

    A permit that another country asks for is in the line of sources, with its metals.
    """
    if _is_elsewhere(run, row):
        return run.say("Not from China: no Chinese notice applies to these lots.")
    if row.note and row.named_forms is None:
        return note(run, row.note)
    reason = run.say("No Chinese notice that applies names this form.")
    if not row.named_forms:
        return reason
    forms = run.say.series([run.say.term("term", form) for form in row.named_forms])
    return text(reason, " ", run.say("Forms of it that notices name: {forms}.", forms=forms))


def _source(run: Findings) -> Iterator[Text]:
    say = run.say
    yield say(
        "Source: notices of the Chinese authorities{markers}. A dash means that no notice applies.",
        markers=run.of_tables("controls"),
    )
    practice: dict[str, list[ControlState]] = {}
    abroad: dict[str, list[ControlState]] = {}
    facts: dict[str, Measure] = {}
    lots = run.exposure.lots if run.exposure else None
    binding = None if lots is None else {(lot.asset, number) for lot in lots for number, _ in lot.elsewhere}
    for row in run.record.controls:
        for m in row.measures:
            if m.status == "reported":
                practice.setdefault(m.event_id, []).append(row)
                facts[m.event_id] = m
        for m in row.elsewhere:
            if binding is not None and (row.asset, m.number or m.authority) not in binding:
                continue  # no lot of the metal has to leave that place
            abroad.setdefault(m.event_id, []).append(row)
            facts[m.event_id] = m
    for key, rows in practice.items():
        m = facts[key]
        yield say(
            "Reported by the press, not law: {measure}, {metals}, since {day}{markers}.",
            measure=instrument(run, m.instrument),
            metals=run.metals(rows),
            day=run.fmt.short_date(m.since),
            markers=run.of_sources(m.source_id),
        )
    for key, rows in abroad.items():
        m = facts[key]
        number = say.term("term", m.number or m.authority)
        yield say(
            "Moving {metals} out of {place} may need a permit of its own ({notice}){markers}.",
            metals=run.metals(rows),
            place=origin(m.origin or "", say),
            notice=text(number) if is_confirmed(m) else text(number, ", ", why_unconfirmed(run, m)),
            markers=run.of_sources(m.source_id),
        )


REACHING = "extraterritorial"
"""The instrument of clauses on goods made abroad."""


def offers(run: Findings) -> Figure | None:
    """The offers with their weights and control states, or None where every product has one origin."""
    say = run.say
    rows = [p for p in run.positions if p.offer_of]
    if not rows:
        return None
    table = run.table(
        "Offers by origin",
        rows,
        left("Offer", run.head),
        right("Weight", lambda p: strong(run.fmt.percent(p.weight)) if p in run.held else NONE),
        left("Chinese control", lambda p: _own(run, p)),
        left("May still reach it", lambda p: _reaching(run, p), "May reach it"),
    )
    return Figure(
        _offers_finding(run, rows),
        say("Controls on exports from China hold for what leaves China; an origin is as offered and takes a certificate."),
        (table,),
        source=say(
            "Source: notices of the Chinese authorities{markers}.",
            markers=sources(run.of_tables("controls"), run.rests_on(OFFERS)),
        ),
    )


def _offers_finding(run: Findings, rows: Sequence[Position]) -> Text:
    say = run.say
    held = {p.asset for p in run.held}
    bought = [p for p in rows if p.asset in held]
    abroad = sum(p.weight for p in bought if run.is_abroad(p))
    if not bought:
        return say("No product with a choice of origin is held")
    if abroad <= 0:
        return say("Where there is a choice of origin, all that is held is from China")
    share = run.fmt.percent(abroad)
    return say("{share} of value is offered as not from China, where no Chinese export licence is needed", share=share)


def _own(run: Findings, p: Position) -> Text:
    """The measures that hold for an offer: of lots from China those on the way to the owner."""
    state = run.controls.get(p.product)
    if state is None:
        return run.say("not known")
    if run.is_abroad(p):
        return run.say("none: not from China")
    counted = [m for m in state.measures if m.counts]
    if not counted:
        return run.say("none in force")
    told = ", ".join(f"{instrument(run, m.instrument)} ({_number(m, run)})" for m in counted)
    if state.uncertain:
        return run.say("{measures}, {doubt}", measures=told, doubt=Span(run.say.words("uncertain for this form"), "warn"))
    return text(told)


def _number(m: Measure, run: Findings) -> str:
    return run.say.notice(m.number or m.authority)


def _reaching(run: Findings, p: Position) -> Inline:
    """Clauses on goods made abroad, and measures of the country that the offer is from."""
    state = run.controls.get(p.product)
    if state is None or not run.is_abroad(p):
        return NONE
    found = [m for m in state.measures if m.instrument == REACHING]
    found += [m for m in state.elsewhere if m.origin == p.origin]
    if not found:
        return muted(run.say.words("no clause that the ledger knows"))
    told = []
    for m in found:
        status = run.say.word(m.status)
        if not is_confirmed(m):
            status = run.say.words("{status}, unconfirmed", status=status)
        told.append(text(f"{_number(m, run)} ({status})", run.of_sources(m.source_id)))
    return run.say.listed(told)
