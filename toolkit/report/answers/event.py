"""What prices did after a control event, beside all comparable cases."""

from __future__ import annotations

from collections.abc import Iterator

from toolkit.records.answers.event import EventAnswer, PointRow
from toolkit.report.answers.answer import Answer, Cell
from toolkit.report.document import Document
from toolkit.report.i18n.language import Language
from toolkit.shocks.event_study import Case, Reaction, Summary


def event(found: EventAnswer, say: Language) -> Document:
    """The cases of the event, its dated price points, and every comparable case."""
    answer, event = Answer(say, found.as_of), found.event
    values = {"id": event.event_id, "title": answer.notice(event.title), "instrument": answer.word(event.instrument)}
    if found.own:
        answer.heading("{id}: {title}, {instrument} (your own, not checked)", **values)
    else:
        answer.heading("{id}: {title}, {instrument}", **values)
    answer.lines(event.scope or "")
    known = {"announced": event.announced, "day": found.as_of}
    if event.effective:
        answer.line(
            "Announced {announced:%Y-%m-%d}, in effect {effective:%Y-%m-%d}; prices as known on {day:%Y-%m-%d}.",
            effective=event.effective, **known,
        )  # fmt: skip
    else:
        answer.line("Announced {announced:%Y-%m-%d}; prices as known on {day:%Y-%m-%d}.", **known)
    answer.table(
        "price of | from | day | >base | >1 m | >3 m | >6 m | >12 m | >12 m plain | >overlaps",
        (_case(answer, case) for case in found.cases), keys=2,
    )  # fmt: skip
    _cautions(answer, found)
    if answer.table("dated price points | date | >price | unit | basis", (_point(answer, row) for row in found.price_points)):
        answer.line("Price points differ in basis (ask, assessment, trade) and are never joined to a series.")
    if found.comparable.cases:
        answer.line(
            "Adjusted changes after all {n} official licences and bans with a series, from announcement:",
            n=len(found.comparable.cases),
        )
        answer.table(
            "after | >n | >median | >lowest | >highest | >up | >down | >no reaction | >overlapping",
            (_summary(answer, row) for row in found.comparable.summary),
        )
        answer.table(
            "event | price of | from | day | >base | >1 m | >3 m | >6 m | >12 m | >12 m plain | >overlaps",
            ((case.event_id, *_case(answer, case)) for case in found.comparable.cases), keys=2,
        )  # fmt: skip
    answer.lines(found.method)
    benchmark = ", ".join(map(answer.metal, found.benchmark))
    answer.line("* not adjusted: the benchmark ends earlier. Benchmark: {metals}.", metals=benchmark)
    return answer.document("event")


def _cautions(answer: Answer, found: EventAnswer) -> None:
    if thin := sorted({case.asset for case in found.cases if any(r.thin == "before" for r in case.reactions)}):
        answer.line("Base too thin: of {metals:, } no change is given from a mean of such error.", metals=thin)
    if ids := sorted({other for case in found.cases for other in case.overlaps}):
        answer.line("Overlap with {ids}: the changes are not of this event alone.", ids=", ".join(ids))
    if found.without_series:
        answer.line(
            "No monthly price series for {metals:, }: no other series is put in its place.", metals=found.without_series
        )
    if found.outside_series:
        answer.line("The series of {metals:, } does not cover the months around the event.", metals=found.outside_series)
    if not found.cases and not found.without_series and not found.outside_series:
        answer.line("The event names no metal of its own: there is no price to study.")


def _case(answer: Answer, case: Case) -> Iterator[Cell]:
    say, last = answer.say, case.reactions[-1]
    yield answer.metal(case.asset) + ("" if case.form_named else say.words(" (form not named)"))
    yield answer.word(case.zero)
    yield case.day
    yield _base(answer, case.reactions[0])
    for reaction in case.reactions:
        yield _reaction(answer, reaction)
    yield say.words("thin") if last.thin else _percent(answer, last.change)
    yield str(len(case.overlaps)) if case.overlaps else ""


def _reaction(answer: Answer, reaction: Reaction) -> str:
    """The adjusted change, the plain one (*) where the benchmark ends earlier, or why there is none."""
    if reaction.thin is not None:
        return answer.say.words("thin")
    if reaction.adjusted is not None or reaction.change is None:
        return _percent(answer, reaction.adjusted)
    return f"{_percent(answer, reaction.change)}*"


def _base(answer: Answer, reaction: Reaction) -> str:
    """The level before the event, with its standard error where it has one."""
    if reaction.before is None:
        return answer.say.words("n/a")
    level = answer.number(reaction.before, ",.4g")
    if reaction.before_error is None:
        return f"{level} ±?"
    return level + (f" ±{answer.number(reaction.before_error, '.0%')}" if reaction.before_error else "")


def _point(answer: Answer, row: PointRow) -> Iterator[Cell]:
    low, high = (answer.number(price, ",.6g") for price in (row.price_low, row.price_high))
    yield answer.metal(row.asset)
    yield row.date
    yield low if low == high else answer.told("{low} to {high}", low=low, high=high)
    yield f"{row.currency}/{row.unit}"
    yield answer.say.known(row.basis)


def _summary(answer: Answer, row: Summary) -> Iterator[Cell]:
    yield answer.say.words("{n} m", n=row.horizon)
    yield row.n
    for value in (row.median, row.low, row.high):
        yield _percent(answer, value)
    yield from (row.up, row.down, row.none, row.overlapping)


def _percent(answer: Answer, value: float | None) -> str:
    return answer.say.words("n/a") if value is None else answer.number(value, "+.0%")
