"""Dates: what changes when, the next official change in a paragraph, and which of what is held a change names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from toolkit.core.messages import retellable
from toolkit.holdings.exposure import LotExposure
from toolkit.records.controls import MeasureSpells
from toolkit.records.dates import Dates, Upcoming
from toolkit.records.findings import Parts
from toolkit.records.positions import Position
from toolkit.records.sources import Review
from toolkit.records.subjects import Market
from toolkit.report.charts.strip import Dated, Mark, strip
from toolkit.report.charts.timeline import TimelinePeriod
from toolkit.report.compose import section
from toolkit.report.document import Block, Calendar, Chart, Date, Document, Figure, Heading, Missing, Paragraph, Section
from toolkit.report.findings import Findings, is_confirmed, official_dates
from toolkit.report.i18n.countries import CHINA
from toolkit.report.i18n.formats import capital, day
from toolkit.report.i18n.language import Language, mark
from toolkit.report.i18n.names import of_key
from toolkit.report.i18n.text import Span, Text, joined, name, plain, strong, text
from toolkit.report.topics.measures import in_words, instrument, review, suspended_until, why_unconfirmed

BACK, LEAST, AFTER = timedelta(days=30), timedelta(days=90), timedelta(days=20)
"""What the strip shows: before the day of the report, at least after it, and after the last date."""
STANDING: Mapping[str, str] = {
    "official": mark("official"),
    "reported": mark("reported"),
    "claimed": mark("claimed"),
    "agreed": mark("agreed, act not seen"),
    "not checked": mark("not checked against the text"),
}
LEGEND: tuple[tuple[Mark, str], ...] = (
    ("next", mark("next official date")),
    ("firm", mark("official")),
    ("open", mark("agreed, claimed, reported or not checked")),
    ("past", mark("lapsed")),
)
ORDER: tuple[Mark, ...] = tuple(key for key, _ in LEGEND)
"""Of marks on one day the first is drawn."""


@section("calendar", mark("What changes when"))
def calendar(run: Findings) -> tuple[Block, ...] | Missing:
    """The strip, then the dates in order, the next one marked."""
    rows = run.record.upcoming
    if not rows:
        return Missing(run.say.words("The ledger knows no dated change within 400 days."))
    if run.short and run.parts.changes:  # what has lapsed stands among what changed
        rows = tuple(row for row in rows if row.status == "ahead") or rows
    if run.short and run.held:
        rows = tuple(row for row in rows if touched(run, row))
        if not rows:
            return Missing(run.say.words("No dated change within 400 days names what is held."))
    following = next((row.date for row in official_dates(rows)), None)
    listed = Calendar(tuple(_entry(run, row, following) for row in rows))
    figure = _figure(run, rows, following)
    return (replace(figure, body=(listed,), legend=()),) if run.short else (figure, listed)


def document(found: Dates, say: Language) -> Document:
    """The answer of `toolkit upcoming`: what is ahead, then what has lapsed, as the calendar of a report has them."""
    run, written = Findings.alone(found.as_of, Parts(), say), say.fmt.long_date(found.as_of)
    told = {
        "upcoming": (*found.upcoming, *found.lapsed),
        "own_events": found.own_events,
        "ledger": Review.model_construct(reviewed_to=found.reviewed_to),
    }
    run = replace(run, record=run.record.model_copy(update=told))
    title = say.counted(found.within_days, "Ahead of {day}, within {n} day", "Ahead of {day}, within {n} days", day=written)
    following = next((row.date for row in official_dates(found.upcoming)), None)
    blocks: list[Block] = [
        Calendar(tuple(_entry(run, row, following) for row in rows)) for rows in (found.upcoming, found.lapsed) if rows
    ]
    if not found.upcoming:
        blocks.insert(0, Paragraph(say("Nothing that is known.")))
    content = (Heading(title), Paragraph(say.translate(retellable(found.review))), *blocks)
    return Document(say.words("Dates ahead"), say.code, found.as_of, written, "", (Section("upcoming", "", content),))


def standing(row: Upcoming) -> str:
    """What a date rests on: a key of `STANDING`."""
    return (
        "not checked"
        if ("memory" in row.confidence or "not checked" in row.confidence) and row.standing == "official"
        else row.standing
    )


def _figure(run: Findings, rows: Sequence[Upcoming], following: str | None) -> Figure:
    say, fmt = run.say, run.fmt
    days = {date: [row for row in rows if row.date == date] for date in dict.fromkeys(row.date for row in rows)}
    dated = [Dated(day(date), _first(same, following)) for date, same in days.items()]
    shown = [one for one in dated if one.day >= run.as_of - BACK]
    last = max((one.day for one in shown), default=run.as_of)
    period = TimelinePeriod(run.as_of - BACK, max(run.as_of + LEAST, last + AFTER), run.as_of)
    told = "; ".join(f"{fmt.long_date(row.date)}, {standing_in_words(run, row)}" for row in rows)
    marks = {one.mark for one in shown}
    reviewed = review(run)
    dates = say("Dates in the control ledger, the next 400 days, each with what it rests on.")
    return Figure(
        _finding(run, rows, following),
        text(dates, " ", reviewed) if reviewed and not run.short else dates,
        (Chart(strip(shown, period, fmt), f"{told}."),) if shown else (),
        tuple((f"date-{key}", say.words(words)) for key, words in LEGEND if key in marks),
        say("Source: control ledger{markers}.", markers=run.of_tables("controls")),
    )


def _finding(run: Findings, rows: Sequence[Upcoming], following: str | None) -> Text:
    say = run.say
    ahead = [row for row in rows if row.status == "ahead"]
    unsure = sum(not is_confirmed(row) for row in ahead)
    if following is None:
        first = say("No official date is ahead")
    else:
        when = {"day": run.fmt.long_date(following), "away": run.away(following)}
        of_held = run.short and run.held
        first = (
            say("The next official date that names what is held is {day}, {away}", **when)
            if of_held
            else say("The next official date is {day}, {away}", **when)
        )
    if not unsure:
        return first
    rest = say.counted(
        unsure,
        "{n} of {total} dates ahead is not confirmed",
        "{n} of {total} dates ahead are not confirmed",
        total=say.number_word(len(ahead)),
    )
    return text(first, "; ", rest)


def _mark(row: Upcoming, following: str | None) -> Mark:
    if row.status == "lapsed":
        return "past"
    if not is_confirmed(row):
        return "open"
    return "next" if row.date == following else "firm"


def _first(rows: Sequence[Upcoming], following: str | None) -> Mark:
    """The mark of a day with several dates."""
    marks = {_mark(row, following) for row in rows}
    return next(one for one in ORDER if one in marks)


def standing_in_words(run: Findings, row: Upcoming) -> str:
    """What a date rests on, for a reader."""
    own = run.say.words(", yours") if row.event_id in run.record.own_events else ""
    return run.say.word(standing(row), STANDING) + own


def _entry(run: Findings, row: Upcoming, following: str | None) -> Date:
    title, notes = change_in_words(run, row)
    key = "official_notices" if row.standing == "official" else "press_reports"
    notes = tuple(note for note in (*notes, *_concerned(run, row)) if note)
    markers = cited if (cited := run.of_sources(key)).refs else run.of_tables("controls")
    shown = _mark(row, following)
    return Date(
        iso=row.date,
        written=run.fmt.short_date(row.date),
        away=run.away(row.date),
        what=title if notes else text(title, markers),
        note=text(joined(notes, " "), markers) if notes else (),
        standing=standing_in_words(run, row),
        state="past" if shown == "past" else "next" if shown == "next" else "ahead",
        confirmed=is_confirmed(row),
    )


def change_in_words(run: Findings, row: Upcoming) -> tuple[Text, tuple[Text, ...]]:
    """What happens, and what follows from it, a sentence each."""
    say, acts = run.say, _titles(run, row.acts_on)
    title = name(run.say.notice(row.title))
    match row.change:
        case "begins":
            return say("{notice} takes effect", notice=title), (scope_in_words(run, row),)
        case "ends":
            return say("Last day of {notice}", notice=title), (scope_in_words(run, row),)
        case "claim_ends":
            claimed = say(
                "Last day of the extension of {notices} that {authority} claimed", notices=acts, authority=_authority(run, row)
            )
            return claimed, (say("No legal act confirms it."),)
        case "lapsed":
            told = say("Suspension lapsed: {notices}", notices=acts)
            return told, (say("Suspended by {notice}.", notice=title), *_after_lapse(run, row))
        case _:
            return _suspension_ends(run, row, acts, title)


def _suspension_ends(run: Findings, row: Upcoming, acts: Text, title: Span) -> tuple[Text, tuple[Text, ...]]:
    say, ends = run.say, suspended_until(run, row.date)
    if ends:
        told = say.counted(
            len(ends),
            "Last day on which {measures} is suspended",
            "Last day on which {measures} are suspended",
            measures=in_words(run, ends),
        )
        by = say("{notices}, suspended by {notice}.", notices=acts, notice=title)
    else:
        told = say("Last day of the suspension of {notices}", notices=acts)
        by = say("Suspended by {notice}.", notice=title)
    if not row.returns:
        return told, (by,)
    if row.never_operated:
        day, first = run.fmt.short_date(row.returns), _titles(run, row.never_operated)
        return told, (
            by,
            say("From {day} these apply unless it is extended, {first} for the first time.", day=day, first=first),
        )
    return told, (by, say("In force again from {day} unless it is extended.", day=run.fmt.short_date(row.returns)))


def _after_lapse(run: Findings, row: Upcoming) -> Iterator[Text]:
    say, fmt = run.say, run.fmt
    since = fmt.short_date(row.returns) if row.returns else None
    reviewed = run.record.ledger.reviewed_to
    if since and reviewed and row.returns and row.returns > reviewed:
        yield say(
            "In force again since {day} by the dates of the acts; whether it was extended after {reviewed} is not known.",
            day=since, reviewed=run.fmt.short_date(reviewed),
        )  # fmt: skip
    elif since:
        yield say("In force again since {day}.", day=since)
    told = {other.date for other in run.record.upcoming if other.change == "claim_ends"}
    for claim in row.claims:
        if claim.until in told:
            continue  # Its end has an entry of its own.
        who = name(say.term("term", claim.authority))
        if claim.until:
            yield say(
                "{authority} claims an extension to {day}; no legal act confirms it.",
                authority=who,
                day=fmt.short_date(claim.until),
            )
        else:
            yield say("{authority} claims an extension; no legal act confirms it.", authority=who)


def reach_in_words(run: Findings, row: Upcoming) -> Text:
    """On which metals and to whom it is."""
    if not row.destinations:
        return run.say("Names {metals}.", metals=_metals(run, row))
    towards = run.say.listed([run.towards(code) for code in row.destinations])
    return run.say("Names {metals}, for delivery {towards}.", metals=_metals(run, row), towards=towards)


def _metals(run: Findings, row: Upcoming) -> Text:
    return run.say.listed([name(of_key(metal.strip(), run.say)) for metal in row.metals.split(";") if metal.strip()])


def scope_in_words(run: Findings, row: Upcoming) -> Text:
    """What it is, on which metals and to whom."""
    say, metals = run.say, _metals(run, row)
    what = instrument(run, row.instrument)
    if row.instrument in ("suspension", "repeal") and row.acts_on:
        return say("{measure} of {notices}.", measure=capital(what), notices=_titles(run, row.acts_on))
    if row.destinations:
        places = say.listed([run.place(code) for code in row.destinations])
        return say("{measure} to {places}: {metals}.", measure=capital(what), places=places, metals=metals)
    return (
        say("{measure}: {metals}.", measure=capital(what), metals=metals)
        if metals
        else say("{measure}.", measure=capital(what))
    )


def _concerned(run: Findings, row: Upcoming) -> Iterator[Text]:
    """Which of the things held it names; without periods of measures, whose words name them, its metals and what is checked."""
    if metals := touched(run, row):
        yield run.say("Names {metals}, held here.", metals=run.say.listed(metals))
    if run.record.timeline:
        return
    if row.change in ("suspension_ends", "claim_ends"):
        yield reach_in_words(run, row)
    if row.standing == "official" and not is_confirmed(row):
        yield text(capital(plain(why_unconfirmed(run, row))), ".")


def _titles(run: Findings, titles: Sequence[str]) -> Text:
    return run.say.listed([name(run.say.notice(title)) for title in titles])


def _authority(run: Findings, row: Upcoming) -> Span:
    return name(run.say.term("term", row.authority))


PLANNED = "planned"
"""Status of a lot that is not owned: in no total of what is held."""
SOON = 120
"""Days ahead within which a change of the law belongs into the first paragraph."""


def next_change(run: Findings) -> Iterator[Text]:
    """What returned by its date alone, the next official change, and which holdings it names."""
    say, fmt = run.say, run.fmt
    if not (run.short and run.parts.changes):  # else what returned stands among what changed
        yield from _returned(run)
    near = [row for row in official_dates(run.record.upcoming) if (day(row.date) - run.as_of).days <= SOON]
    if not near:
        yield say("No official change of a control is dated within {days} days.", days=SOON)
        return
    if not (mine := [row for row in near if _concerns(run, row)]):
        yield say("No official change within {days} days names what is held or proposed.", days=SOON)
        return
    row = mine[0]
    when = strong(f"{capital(run.away(row.date))}, {fmt.long_date(row.date)}")
    suspended = suspended_until(run, row.date)
    markers = run.of_tables("controls")
    if suspended:
        numbers = dict.fromkeys(say.notice(r.number or r.event_id) for r in suspended)
        yield say.counted(
            len(suspended),
            "{when}: last day on which {measures} ({numbers}) is suspended; in force again from {again} unless that is "
            "extended{markers}.",
            "{when}: last day on which {measures} ({numbers}) are suspended; in force again from {again} unless that is "
            "extended{markers}.",
            when=when,
            measures=in_words(run, suspended),
            numbers=", ".join(numbers),
            again=fmt.long_date(day(row.date) + timedelta(days=1)),
            markers=markers,
        )
    else:
        yield say("{when}: {what}{markers}.", when=when, what=run.sentence(row.what), markers=markers)
    if metals := touched(run, row):
        yield _met(run, text(run.say.listed(metals), *_share(run, row)), suspended)


def _returned(run: Findings) -> Iterator[Text]:
    """Suspensions that have ended since the last review: what they suspended is in force by dates alone."""
    say, fmt, reviewed = run.say, run.fmt, run.record.ledger.reviewed_to
    for row in run.record.upcoming:
        if row.status != "lapsed" or not (reviewed and row.returns and row.returns > reviewed):
            continue
        if not _concerns(run, row):
            continue
        ended = suspended_until(run, row.date)
        numbers = say.listed([name(say.notice(title)) for title in row.acts_on])
        told = {
            "when": strong(f"{capital(run.away(row.date))}, {fmt.long_date(row.date)}"),
            "day": fmt.long_date(row.returns),
            "reviewed": fmt.long_date(reviewed),
            "markers": run.of_tables("controls"),
        }
        if ended:
            yield say(
                "{when}: last day on which {measures} ({numbers}) stood suspended. In force since {day} by the dates of the "
                "acts; whether that was extended after {reviewed} is not known{markers}.",
                measures=in_words(run, ended),
                numbers=numbers,
                **told,
            )
        else:
            yield say(
                "{when}: the suspension of {numbers} ended. In force since {day} by the dates of the acts; whether that was "
                "extended after {reviewed} is not known{markers}.",
                numbers=numbers,
                **told,
            )
        if metals := touched(run, row):
            yield _met(run, text(say.listed(metals), *_share(run, row)), ended)


def _concerns(run: Findings, row: Upcoming) -> bool:
    """Whether a change names what is held or proposed, the metal of the page, or something of the market."""
    if isinstance(run.record, Market) and not run.exposure:
        return run.record.metal is None or run.record.metal in _named(row)
    return bool(touched(run, row))


def touched(run: Findings, row: Upcoming) -> list[Span]:
    """Metals of the proposal or of lots that a dated change names; none of the market alone.

    A Chinese measure reaches lots exported from China or of unknown origin, and no offer from elsewhere.
    """
    if run.exposure:
        return [run.metal(run.product(key)) for key in sorted({lot.asset for lot in _lots(run, row)})]
    return [run.metal(p) for p in _positions(run, row)]


def _lots(run: Findings, row: Upcoming) -> list[LotExposure]:
    named, chinese = _named(row), row.origin == CHINA
    if suspended := suspended_until(run, row.date):  # a notice names forms: of which lots are, its periods know
        named &= {asset for measure in suspended for asset in measure.assets}
    if run.exposure and row.kind == "control" and row.status == "ahead":
        named &= {change.metal for change in run.exposure.next_changes if change.date == row.date}
    lots = run.exposure.lots if run.exposure else ()
    return [lot for lot in lots if lot.asset in named and (lot.export_from == CHINA or not chinese)]


def _positions(run: Findings, row: Upcoming) -> list[Position]:
    named, chinese = _named(row), row.origin == CHINA
    return [p for p in run.held if p.product in named and not (chinese and run.is_abroad(p))]


def _named(row: Upcoming) -> set[str]:
    return {words.strip() for words in row.metals.split(";")}


def _share(run: Findings, row: Upcoming) -> Text:
    """How much of what is held, or owned and ordered, it names; nothing where no lot has a price."""
    if run.exposure is None:
        part = sum(p.weight for p in _positions(run, row))
    elif run.exposure.value > 0:
        owned = [lot.value for lot in _lots(run, row) if lot.status != PLANNED]
        if owned and all(value is None for value in owned):
            return run.say(" (without a price)")
        part = sum(value or 0.0 for value in owned) / run.exposure.value
    else:
        return ()
    return run.say(" ({share} of value)", share=run.fmt.percent(part))


def _met(run: Findings, metals: Text, suspended: Sequence[MeasureSpells]) -> Text:
    """What the end of a suspension means for what is held: for its delivery, or for its resale elsewhere."""
    say, owner = run.say, run.record.owner.country
    reached = {"all", owner, *(lot.destination for lot in (run.exposure.lots if run.exposure else ()))}
    elsewhere = suspended and all(not reached & set(t.destinations) for t in suspended)
    held = say("The lots hold {metals}", metals=metals) if run.exposure else say("The proposal holds {metals}", metals=metals)
    if not elsewhere:
        return text(held, ".")
    others = say.listed([run.towards(code) for code in dict.fromkeys(d for t in suspended for d in t.destinations)])
    towards = run.towards(owner)
    return say(
        "{held}; this suspension concerns resale {others}, not delivery {towards}.", held=held, others=others, towards=towards
    )
