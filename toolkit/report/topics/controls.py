"""Export controls: which measures name which form on a route, law first, practice beside it; and the ledger itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import TypeVar

from toolkit.controls.state import ABOVE_SIZE, Measure, headline_word
from toolkit.controls.state import UNCERTAIN as FORM_UNCERTAIN
from toolkit.core.grouping import by_key
from toolkit.core.messages import few, retellable
from toolkit.records.conflict import Conflict
from toolkit.records.controls import (
    AddedEvent,
    ControlledItems,
    ControlState,
    FormState,
    LawCoverage,
    LedgerReview,
    MetalControls,
    ProductControls,
    Route,
    Standing,
)
from toolkit.records.findings import Parts
from toolkit.records.positions import Position
from toolkit.records.subjects import Market
from toolkit.report.charts.basket import Slice, basket
from toolkit.report.compose import section
from toolkit.report.document import (
    Block,
    Chart,
    Document,
    Figure,
    Heading,
    Line,
    Matrix,
    Missing,
    Notes,
    Paragraph,
    Section,
    Shown,
    State,
    left,
    right,
)
from toolkit.report.findings import Findings, is_confirmed
from toolkit.report.i18n.countries import CHINA
from toolkit.report.i18n.formats import DASH, day
from toolkit.report.i18n.language import Language, mark
from toolkit.report.i18n.names import of_key, origin, short_country
from toolkit.report.i18n.text import NONE, Inline, Span, Text, joined, muted, name, plain, sentences, sources, strong, text
from toolkit.report.markers import OFFERS, UNCERTAIN
from toolkit.report.topics.measures import doubt, instrument, legal_day, note, review, timeline, why_unconfirmed

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
STANDINGS: Mapping[Standing, tuple[str, str]] = {
    "controlled": ("on", mark("licence or ban in force")),
    "unsettled": ("uncertain", mark("controlled only in part")),
    "plain": ("plain", mark("no control applies")),
}
"""Class of the mark of a standing, and the words beside it."""
UNKNOWN = ("whitelist", mark("unknown to the ledger"))
CASH = ("cash", mark("cash"))
STATUS = {"unchecked": mark("not settled here, text not checked"), "agreed": mark("agreed, act not seen")}
"""Statuses with words of their own."""
ABOVE, NOT_SETTLED = mark("only large pieces"), mark("form uncertain")
CERTAINTY = {"above_size": ABOVE, "uncertain": NOT_SETTLED}
"""How well the words of a notice settle a form that they do not plainly name."""
SUFFIXES = {
    "_suspended": mark("suspended"),
    "_unchecked": STATUS["unchecked"],
    ABOVE_SIZE: ABOVE,
    FORM_UNCERTAIN: NOT_SETTLED,
}
"""Ends of a word of a headline, in their order."""
BASIS = {
    "traded": mark("The traded form is shown; other forms below."),
    "named": mark("No product trades this metal: a form that notices name is shown."),
    "metal": mark("No product trades this metal and no notice names a form of it."),
}
"""Why a form is shown that nobody asked for."""
StateT = TypeVar("StateT", bound=FormState)
METALS_OF_A_LAW = 3
"""Metals that are named beside a law; the object has all."""


def document(found: MetalControls | ProductControls | ControlledItems | LedgerReview | AddedEvent, say: Language) -> Document:
    """The answer of `toolkit controls` and of `toolkit ledger`."""
    run = Findings.alone(found.as_of, Parts(), say)
    match found:
        case MetalControls():
            told = _of_metal(run, found)
        case ProductControls():
            told = _of_products(run, found)
        case ControlledItems():
            told = _of_items(run, found)
        case LedgerReview():
            told = _to_review(run, found)
        case AddedEvent():
            told = _added(run, found)
    title, *blocks = told
    written, words = run.fmt.long_date(run.as_of), plain(title.text) if isinstance(title, Heading) else ""
    return Document(words, say.code, found.as_of, written, "", (Section("controls", words, tuple(blocks)),))


def _route(run: Findings, found: FormState | ProductControls) -> str:
    return run.say.words(
        "{origin} to {destination}, {user} use, on {day}",
        origin=short_country(found.origin, run.say), destination=short_country(found.destination, run.say),
        user=run.say.word(found.end_user), day=run.fmt.short_date(run.as_of),
    )  # fmt: skip


def _of_metal(run: Findings, found: MetalControls) -> Iterator[Block]:
    """The title, then one metal and its other forms."""
    say = run.say
    yield Heading(
        say(
            "{metal}, {form}: {law}  ({route})",
            metal=of_key(found.metal, say), form=say.word(found.form), law=_law(run, found), route=_route(run, found),
        )
    )  # fmt: skip
    yield from _sentences(run, found.review, say.words(BASIS[found.form_basis]) if found.form_basis in BASIS else "")
    if basis := list(dict.fromkeys(_basis(run, m) for m in _leading(found))):
        yield Paragraph(say("Rests on {measures}.", measures=", ".join(basis)))
    yield from _sentences(run, found.doubt, found.note)

    def standing(m: Measure) -> str:
        return say.word(m.standing) + (say.words(", yours") if m.source_id == "user" else "")

    yield from _measures(run, found.measures, left("Standing", standing))
    if found.elsewhere:
        yield Paragraph(say("Measures of other jurisdictions on the same form (exports out of there):"))
        yield from _measures(run, found.elsewhere, left("Checked", lambda m: say.word(m.confidence)))
    if found.next_changes:
        yield Notes(
            tuple(
                (
                    "",
                    say(
                        "{day} ({standing}): {what}.",
                        day=run.fmt.short_date(change.date), standing=say.word(change.standing), what=_told(run, change.what),
                    ),
                )
                for change in found.next_changes
            )
        )  # fmt: skip
    if others := [state for state in found.forms if state.form != found.form]:
        yield _states_of(run, others, left("Form", lambda state: say.word(state.form)))
    if found.listed_items:
        yield Paragraph(
            say("On China's list of dual-use items too, read from a compilation: look them up in the official text.")
        )
        yield run.table(
            "China's list of dual-use items",
            found.listed_items,
            left("Code", lambda row: row.control_code),
            left("Item", lambda row: row.number),
            left("Words of the list", lambda row: row.item),
        )
    yield from _closing(run, found.own_events)


def _of_products(run: Findings, found: ProductControls) -> Iterator[Block]:
    """The title, then the traded form of every product."""
    yield Heading(run.say("Export controls: {route}", route=_route(run, found)))
    yield from _sentences(run, found.review, found.doubt, found.note)
    yield _states_of(run, found.products, left("Product", lambda state: run.say.name(state.name)))
    yield from _closing(run, found.own_events)


def _of_items(run: Findings, found: ControlledItems) -> Iterator[Block]:
    """The title, then controlled items that a tariff code or words find."""
    say = run.say
    yield Heading(say("Controlled items that match {query!r}", query=found.query))
    if found.rows:
        yield run.table(
            "Controlled items",
            found.rows,
            left("Item", lambda row: row.item),
            left("Metals", lambda row: row.metals.replace(";", ", ")),
            left("Codes", lambda row: (row.hs_codes or row.control_code or "").replace(";", ", ")),
            left("Notice", lambda row: say.notice(row.notice)),
            left("State", lambda row: say.word(row.status, STATUS)),
        )
    else:
        yield Paragraph(say("No controlled item matches {query!r}.", query=found.query))
    yield from _sentences(run, found.review)


def _to_review(run: Findings, ledger: LedgerReview) -> Iterator[Block]:
    """The title, then what to look up before relying on the ledger."""
    say, fmt = run.say, run.fmt
    written = fmt.long_date(run.as_of)
    if ledger.days_since is None:
        yield Heading(say("Ledger review on {day}", day=written))
    else:
        yield Heading(say("Ledger review on {day}, {n} days after the last reviewed day", day=written, n=ledger.days_since))
    yield from _sentences(run, ledger.review)
    if ledger.passed:
        yield run.table(
            "Passed since",
            ledger.passed,
            left("Day", lambda one: fmt.short_date(one.day)),
            left("Notice", lambda one: say.notice(one.title)),
            left("Instrument", lambda one: instrument(run, one.instrument)),
            left("Was", lambda one: say.word(one.was)),
            left("By its date now", lambda one: say.word(one.now)),
        )
    else:
        yield Paragraph(say("No status has changed by its date since."))
    if ledger.ended:
        yield Notes(
            tuple(
                ("", say("{day}: {what}.", day=fmt.short_date(one.last_day), what=_told(run, one.what))) for one in ledger.ended
            )
        )
    if titles := list(dict.fromkeys(one.title for one in ledger.unconfirmed)):
        notices = ", ".join(map(say.notice, titles))
        yield Paragraph(say("In force by the end of a suspension alone, unconfirmed: {notices}.", notices=notices))
    if ledger.claims:
        yield run.table(
            "Stated, act not seen",
            ledger.claims,
            left("Stated, act not seen", lambda one: say.notice(one.title)),
            left("By", lambda one: say.notice(one.authority)),
            left("Standing", lambda one: say.word(one.standing)),
            left("Of the suspension", lambda one: ", ".join(map(say.notice, one.acts_on))),
            left("Until", lambda one: fmt.short_date(one.until) if one.until else NONE),
        )
    if ledger.unchecked:
        yield run.table(
            "Not confirmed",
            ledger.unchecked,
            left("Not confirmed", lambda one: say.notice(one.title)),
            left("Instrument", lambda one: instrument(run, one.instrument)),
            left("Metals", lambda one: ", ".join(of_key(key, say) for key in one.metals)),
            left("Checked", lambda one: doubt(run, one.confidence)),
        )
    else:
        yield Paragraph(say("Every row was checked against its text."))

    def metals(law: LawCoverage) -> Text:
        return say.told("{metals}", metals=few([of_key(key, say) for key in law.metals], METALS_OF_A_LAW))

    yield run.table(
        "Export laws in the ledger",
        ledger.coverage,
        left("Export law of", lambda row: row.law),
        left("In the ledger", lambda row: say.word(row.coverage)),
        right("Acts", lambda row: fmt.number(row.acts)),
        left("Metals named", metals),
        left("Why", lambda row: _told(run, row.reason)),
    )
    yield Paragraph(say("No answer is clear under a law that is not modelled: it says “not covered”."))
    shown = {row.event_id: f" ({row.evidence}: {say.word(row.state)})" for row in ledger.evidence}
    yield from _closing(run, [event_id + shown.get(event_id, "") for event_id in ledger.own_events])


def _added(run: Findings, found: AddedEvent) -> Iterator[Block]:
    """The title, then what an event of one's own changes."""
    say, event, key = run.say, found.event, found.event["event_id"]
    if found.is_there:
        yield Heading(say("{file} says the same of {id} already: nothing is written.", file=name(found.file), id=name(key)))
        return
    yield Heading(text(name(key)) if found.written else say("{id}: not written (--dry-run)", id=name(key)))
    yield Paragraph(say("evidence {file}, SHA-256 {hash}", file=name(event["evidence"]), hash=name(event["evidence_sha256"])))
    if found.changes:
        yield run.table(
            "States that change",
            found.changes,
            left("Metal", lambda row: of_key(row.metal, say)),
            left("Form", lambda row: say.word(row.form)),
            left("For", lambda row: _buyers(run, [row.destination], "all" if row.end_user == "civil" else row.end_user)),
            left("Day", lambda row: run.fmt.short_date(row.day)),
            left("Was", lambda row: headline(run, row.was)),
            left("Now", lambda row: headline(run, row.now)),
            left("Measures", lambda row: ", ".join(map(say.notice, row.measures))),
        )
    else:
        yield Paragraph(say("No control state changes by it on the days that it names."))
    if found.notes:
        yield Notes(tuple(("", say("note: {words}", words=_told(run, words))) for words in found.notes))
    yield Paragraph(say("Put it to a question with --events {file}.", file=found.file))


def _told(run: Findings, words: str) -> Text:
    return run.say.translate(retellable(words))


def _sentences(run: Findings, *sentences: str) -> Iterator[Paragraph]:
    """Sentences of a record, a paragraph each; empty ones are none."""
    return (Paragraph(_told(run, words)) for words in sentences if words)


def _closing(run: Findings, own: Sequence[str]) -> Iterator[Paragraph]:
    if own:
        yield Paragraph(run.say("Your own events, not checked: {ids}.", ids=", ".join(own)))
    yield Paragraph(run.say("Control notices as compiled, by day; not legal advice."))


def _law(run: Findings, state: FormState) -> str:
    """The headline, with the doubt where it rests on the end of a suspension alone."""
    law = headline(run, state.headline)
    return run.say.words("{law}, unconfirmed", law=law) if state.unconfirmed else law


def headline(run: Findings, words: str) -> str:
    """The headline of a state in words."""
    return " + ".join(_part(run, part) for part in words.split("+"))


def _part(run: Findings, part: str) -> str:
    """An instrument with its status and with how well a notice settles the form."""
    told = []
    for suffix in reversed(SUFFIXES):
        if part.endswith(suffix):
            told.insert(0, run.say.words(SUFFIXES[suffix]))
            part = part.removesuffix(suffix)
    law = run.say.word("exporter_list" if part == "whitelist" else part)
    return f"{law} ({', '.join(told)})" if told else law


def _leading(state: FormState) -> tuple[Measure, ...]:
    """The legal measures that the headline rests on."""
    parts = {part.removesuffix(FORM_UNCERTAIN).removesuffix(ABOVE_SIZE) for part in state.headline.split("+")}
    law = (m for m in state.measures if m.is_law and not m.conditional)
    return tuple(m for m in law if headline_word(m.instrument, m.status) in parts)


def _states_of(run: Findings, states: Sequence[StateT], head: Shown[StateT]) -> Block:
    """A row a form: the law, and what is only reported in a column of its own."""
    say, fmt = run.say, run.fmt

    def days(state: FormState) -> tuple[str, str]:
        words = by_key((headline_word(m.instrument, m.status), m) for m in _leading(state))
        # A word stands from the first of its measures to the last, the headline while all its words do.
        since = max((min(day(m.status_since) for m in same) for same in words.values()), default=None)
        lasts = [max(day(m.until) for m in same if m.until) for same in words.values() if all(m.until for m in same)]
        return fmt.short_date(since) if since else DASH, fmt.short_date(min(lasts)) if lasts else DASH

    def in_force(state: FormState) -> str:
        law = [m for m in state.measures if m.is_law and not m.conditional and m.status == "in_force"]
        return ", ".join(dict.fromkeys(_number(run, m) for m in law)) or say.words("none")

    def practice(state: FormState) -> str:
        reported = [instrument(run, m.instrument) for m in state.measures if m.status == "reported"]
        return ", ".join(dict.fromkeys(reported)) or DASH

    return run.table(
        "Controls form by form",
        states,
        head,
        left("Law", lambda state: _law(run, state)),
        left("Since", lambda state: days(state)[0]),
        left("Until", lambda state: days(state)[1]),
        left("Measures in force", in_force),
        left("Practice", practice),
    )


def _measures(run: Findings, measures: Sequence[Measure], last: Shown[Measure]) -> Iterator[Block]:
    say, fmt = run.say, run.fmt

    def state(m: Measure) -> str:
        told = [
            say.word(m.status, STATUS),
            *([say.words("unconfirmed")] if m.unconfirmed else ()),
            *([say.words("other route")] if m.conditional else ()),
            *([say.words(CERTAINTY[m.certainty])] if m.certainty in CERTAINTY else ()),
        ]
        return ", ".join(told)

    if measures:
        yield run.table(
            "Measures",
            measures,
            left("Measure", lambda m: _number(run, m)),
            left("Instrument", lambda m: instrument(run, m.instrument)),
            left("State", state),
            left("Since", lambda m: fmt.short_date(m.status_since)),
            left("Until", lambda m: fmt.short_date(m.until) if m.until else NONE),
            left("For", lambda m: _buyers(run, m.destinations, m.end_user)),
            last,
        )


def _buyers(run: Findings, destinations: Sequence[str], end_user: str) -> str:
    """For whom a measure is: codes, which are the same in any language, and the end users that it names."""
    where = ", ".join(code if code.isupper() else run.say.word(code) for code in destinations)
    return where if end_user == "all" else f"{where}, {run.say.word(end_user)}"


def _basis(run: Findings, m: Measure) -> str:
    """A measure that the headline rests on, with the end users that it names."""
    users = "" if m.end_user == "all" else run.say.words(", {users} users", users=run.say.word(m.end_user))
    return f"{_number(run, m)} ({instrument(run, m.instrument)}{users})"


def _number(run: Findings, m: Measure) -> str:
    return run.say.notice(m.number if m.number and m.number != "none" else m.authority)


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
    """Deliveries with a column of their own; in short of civil buyers alone, and none of lots, whose resale has the buyers."""
    if not run.short:
        return row.routes
    return () if run.exposure else [route for route in row.routes if route.end_user == "civil"]


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
    routes = [_cell(run, [m for m in route.measures if m.instrument in DUTIES]) for route in columns]
    # A measure that names buyers with a column of their own stands there; without that column it is a duty like others.
    shown = {m.event_id for route in columns for m in route.measures}
    duties = [m for m in own if m.instrument in DUTIES and m.event_id not in shown]
    return (
        _cell(run, duties, column_of_licences=True),
        *routes,
        _cell(run, [m for m in own if m.instrument == "exporter_whitelist"]),
    )


def _cell(run: Findings, measures: Sequence[Measure], *, column_of_licences: bool = False) -> State | None:
    """The gravest measure of a cell, in force before suspended, plain before in doubt; a ban among licences is named as one."""
    official = [m for m in measures if m.standing == "official" and m.status in SHOWN]
    if not official:
        return None
    say, fmt = run.say, run.fmt
    m = min(
        official,
        key=lambda m: (SHOWN.index(m.status), GRAVITY.index(m.instrument), bool(_not_plain(run, m)), m.since or date.min),
    )
    number = say.notice(m.number or m.authority)
    until = say.words("to {day}", day=fmt.short_date(m.until)) if m.until else ""
    if m.instrument == "exporter_whitelist":
        return State("whitelist", number, until or say.words("in force"))
    if m.status == "suspended":
        told = say.words("suspended to {day}", day=fmt.short_date(m.until)) if until else say.words("suspended")
        return State("suspended", number, told, brief=told, urgent=bool(until))
    since = fmt.short_date(m.status_since)
    doubt = _not_plain(run, m)
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


def _not_plain(run: Findings, m: Measure) -> tuple[str, str] | None:
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
    told = ", ".join(f"{instrument(run, m.instrument)} ({_number(run, m)})" for m in counted)
    if state.uncertain:
        return run.say("{measures}, {doubt}", measures=told, doubt=Span(run.say.words("uncertain for this form"), "warn"))
    return text(told)


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
        told.append(text(f"{_number(run, m)} ({status})", run.of_sources(m.source_id)))
    return run.say.listed(told)


def basket_figure(run: Findings, slices: Sequence[Slice], marks: Sequence[tuple[str, str]], sub: Text, *rests: str) -> Figure:
    """A bar of a whole in the colours of its controls.

    Args:
        run: The findings.
        slices: Parts of the bar, from the top down.
        marks: Class and words of each kind of part.
        sub: What the parts are.
        rests: Keys of further assumptions behind it.
    """
    there = {part.fill for part in slices}
    legend = tuple((key, run.say.words(words)) for key, words in marks if key in there)
    told = "; ".join(part.label for part in slices)
    foot = run.say(
        "Source: notices of the Chinese authorities{markers}.",
        markers=sources(run.of_tables("controls"), run.rests_on(UNCERTAIN, *rests)),
    )
    title = run.say("What of it export controls reach")
    return Figure(title, sub, (Chart(basket(slices, run.fmt), f"{told}."),), legend, foot)
