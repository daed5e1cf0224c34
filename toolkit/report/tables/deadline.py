"""The next official change, for the first paragraph of a report, and what of the subject it names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from toolkit.holdings.exposure import LotExposure
from toolkit.records.controls import MeasureSpells, Upcoming
from toolkit.records.positions import Position
from toolkit.records.subjects import Market
from toolkit.report.findings import Findings, official_dates
from toolkit.report.i18n.countries import CHINA
from toolkit.report.i18n.formats import capital, day
from toolkit.report.i18n.text import Span, Text, name, strong, text
from toolkit.report.tables.lanes import in_words, suspended_until
from toolkit.report.tables.lots import PLANNED

SOON = 120
"""Days ahead within which a change of the law belongs into the first paragraph."""


def deadline(run: Findings) -> Iterator[Text]:
    """What returned by its date alone, the next official change, and which holdings it names."""
    say, fmt = run.say, run.fmt
    if not (run.short and run.parts.changes):  # else what returned stands among what changed
        yield from _returned(run)
    near = [row for row in official_dates(run.record.upcoming) if (day(row.date) - run.as_of).days <= SOON]
    if not near:
        yield say("No official change of a control is dated within {days} days.", days=SOON)
        return
    row = near[0]
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
    if not elsewhere:
        if run.exposure:
            return say("The lots hold {metals}.", metals=metals)
        return say("The proposal holds {metals}.", metals=metals)
    towards = run.towards(owner)
    others = say.listed([run.towards(code) for code in dict.fromkeys(d for t in suspended for d in t.destinations)])
    if run.exposure:
        return say(
            "The lots hold {metals}; this suspension concerns resale {others}, not delivery {towards}.",
            metals=metals, towards=towards, others=others,
        )  # fmt: skip
    return say(
        "The proposal holds {metals}; this suspension concerns resale {others}, not delivery {towards}.",
        metals=metals, towards=towards, others=others,
    )  # fmt: skip
