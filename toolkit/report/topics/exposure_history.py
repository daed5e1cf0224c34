"""Exposure through time: what controls would have meant for today's lots, or for a backtest's holdings, on every past day."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date

from toolkit.core.grouping import by_key
from toolkit.holdings.exposure_history import Exposure
from toolkit.records.exposure_history import ControlHistory, MeasureChange
from toolkit.report.charts.exposure_steps import exposure_steps
from toolkit.report.compose import section
from toolkit.report.document import Block, Chart, Figure, Shown, Table, left, legend, right
from toolkit.report.findings import Findings
from toolkit.report.i18n.language import mark
from toolkit.report.i18n.names import of_key
from toolkit.report.i18n.text import NONE, Inline, Span, Text, muted, name, sources, strong, text
from toolkit.report.markers import DELIVERED, FORM, ORIGIN, UNCERTAIN

WHAT: Mapping[str, str] = {
    "in_force": mark("in force"),
    "suspended": mark("suspended, not repealed"),
    "unchecked": mark("in force, not checked against the text"),
    "reported": mark("a stop in practice is reported"),
    "ended": mark("ended"),
}
AGAIN = mark("in force again")
SEEN = 0.005
"""Shares below this, and changes of them, have no mark in the picture."""


@section("exposure-history", mark("Exposure through time"), needs=["control_history"])
def exposure_history(run: Findings) -> tuple[Block, ...]:
    """Steps of the shares under control with the notices behind them, and what each notice changed."""
    say, fmt, found = run.say, run.fmt, run.part(ControlHistory)
    end = found.points[-1].day if found.subject == "backtest" else run.as_of
    told = say.words("Under control: {shares}.", shares="; ".join(_shares(run, found)))
    figure = Chart(exposure_steps(found.points, end, _notices(run, found.changes), fmt), told)
    table = _table(run, found)
    foot = say(
        "Source: control ledger as known on each day{marks}.",
        marks=sources(run.of_tables("controls"), run.rests_on(ORIGIN, FORM, UNCERTAIN, DELIVERED)),
    )
    if found.unjudged:
        names = say.series([of_key(key, say) for key in found.unjudged])
        foot = text(*foot, " ", *say("The ledger knows nothing of {names}: counted as under no control.", names=name(names)))
    body = (figure, table) if table.rows else (figure,)
    return (Figure(_finding(run, found), _sub(run, found), body, _legend(run, found), foot, _points(run, found)),)


def _stoppable(at: Exposure | MeasureChange) -> float:
    """What a control could stop; of a backtest nothing is told of it."""
    return 0.0 if at.stoppable is None else at.stoppable


def _under(at: Exposure | MeasureChange) -> float:
    """All that is under control."""
    return at.outside if at.stoppable is None else at.stoppable + at.outside


def _finding(run: Findings, found: ControlHistory) -> Text:
    say, fmt, last = run.say, run.fmt, found.points[-1]
    most = max(found.points, key=_under)
    if _under(most) < SEEN:
        return say("On no day was any of it under an export control")
    if found.subject == "backtest":
        return say(
            "At most {most} of wealth was in metals under control ({month}); {now} at the end",
            most=fmt.percent(_under(most), 0),
            month=fmt.month(most.day),
            now=fmt.percent(_under(last), 0),
        )
    before = found.points[0]
    return say(
        "Of today’s holdings {before} were under control in {month}, {now} are now; {stop} can be stopped",
        before=fmt.percent(_under(before), 0),
        month=fmt.month(before.day),
        now=fmt.percent(_under(last), 0),
        stop=fmt.percent(_stoppable(last), 0),
    )


def _sub(run: Findings, found: ControlHistory) -> Text:
    say, towards = run.say, run.towards(found.destination)
    if found.subject == "backtest":
        return say(
            "Share of wealth in forms that needed a licence for export {towards}, or were banned, as known on each date. A "
            "control hits what is still to be bought: metal that has arrived cannot be stopped.",
            towards=towards,
        )
    return say(
        "Today’s lots at today’s value, where they are today, under the law of each past day {towards} as known on it. What is "
        "stored outside its origin could be stopped on none of them.",
        towards=towards,
    )


def _legend(run: Findings, found: ControlHistory) -> tuple[tuple[str, str], ...]:
    say, points = run.say, found.points
    return legend(
        (any(p.stoppable for p in points), "on", say.words("under control, could be stopped")),
        (any(p.outside for p in points), "tinted", say.words(OUTSIDE[found.subject])),
        (any(p.suspended for p in points), "suspended", say.words("suspended: stops nothing, and can return")),
    )


OUTSIDE: Mapping[str, str] = {
    "lots": mark("under control, stored outside its origin: cannot be stopped"),
    "backtest": mark("under control"),
}


def _notices(run: Findings, changes: Sequence[MeasureChange]) -> list[tuple[date, str]]:
    """The notices of each day that begin, are suspended or resume, in short."""
    days = by_key((one.day, one.number) for one in changes)
    found = []
    for when, numbers in sorted(days.items()):
        names = list(dict.fromkeys(numbers))
        words = run.fmt.notices(names[0]) if len(names) == 1 else run.say.words("{n} notices", n=len(names))
        found.append((when, words))
    return found


def _shares(run: Findings, found: ControlHistory) -> list[str]:
    """The shares at the first and the last point and after each change."""
    kept = [
        found.points[0],
        *(p for p in found.points[1:] if p.day in {one.day for one in found.changes}),
        found.points[-1],
    ]
    return [f"{run.fmt.short_date(p.day)} {run.fmt.percent(_under(p), 0)}" for p in dict.fromkeys(kept)]


def _table(run: Findings, found: ControlHistory) -> Table:
    say, fmt = run.say, run.fmt

    def happened(one: MeasureChange) -> str:
        again = one.status == "in_force" and one.before == "suspended"
        return say.words(AGAIN if again else WHAT[one.status])

    def share(value: float, written: Callable[[str], Span]) -> Span:
        return written(fmt.percent(value, 0)) if value >= SEEN else NONE

    stoppable: Shown[MeasureChange] = right("Could be stopped", lambda one: share(_stoppable(one), muted))
    return run.table(
        "Notices and what they changed",
        found.changes,
        left("Day", lambda one: fmt.short_date(one.day)),
        left("Notice", lambda one: name(say.notice(one.number))),
        left("What happened", happened),
        left("Metals", lambda one: say.series([of_key(key, say) for key in one.assets])),
        right("Under control then", lambda one: share(_under(one), strong)),
        stoppable if found.subject == "lots" else None,
        keys=2,
    )


def _points(run: Findings, found: ControlHistory) -> Table:
    say, fmt, lots = run.say, run.fmt, found.subject == "lots"

    def share(value: float | None) -> Inline:
        return fmt.percent(value) if value else NONE

    return run.table(
        "shares under control by day",
        found.points,
        left("From", lambda p: fmt.short_date(p.day)),
        right("Could be stopped", lambda p: share(p.stoppable)) if lots else None,
        right(say("Under control, cannot be stopped") if lots else say("Under control"), lambda p: share(p.outside)),
        right("Suspended", lambda p: share(p.suspended)),
        stacks=False,
    )
