"""The day after the next official date: how much of the lots may be sold to whom, before and after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from toolkit.core.countries import UNKNOWN_ORIGIN
from toolkit.holdings.resale import NO
from toolkit.records.parts.resale import AnswerValue, BuyerChange, ChangedLots, DayAfter
from toolkit.report.charts.basket import Slice, Stack, stacked
from toolkit.report.compose import section
from toolkit.report.document import Block, Chart, Figure, Table, left, right
from toolkit.report.findings import Findings
from toolkit.report.i18n.formats import capital
from toolkit.report.i18n.language import mark
from toolkit.report.i18n.names import origin as from_place
from toolkit.report.i18n.names import short_country
from toolkit.report.i18n.text import NONE, Text, name, sources, strong, text
from toolkit.report.markers import ORIGIN
from toolkit.report.sections.resale import ANSWER, BUYER, LEGEND, MARKS

FILL: Mapping[str, str] = {"on": "on", "suspended": "suspended", "uncertain": "uncertain", "clear": "cash"}
"""Fill of a bar by the mark of an answer in the matrix of resale."""
Bar = tuple[str, tuple[tuple[str, float, str], ...]]
"""The name of a bar, and its parts: words, value, fill."""
BUYERS: Mapping[str, str] = {
    "civil": mark("civil buyers"),
    "military": mark("military buyers"),
    "listed": mark("listed firms"),
}


@section("day-after", mark("The day after"), needs=["exposure", "day_after"])
def day_after(run: Findings) -> tuple[Block, ...]:
    """Two bars for each buyer for whom an answer changes: the value of the lots by answer today and on the day after."""
    part, say = run.part(DayAfter), run.say
    source = say("Source: control ledger{markers}.", markers=sources(run.of_tables("controls"), run.rests_on(ORIGIN)))
    if not any(one.today or one.after for one in part.buyers):
        title = say("{day} changes nothing for the resale of these lots", day=capital(run.fmt.long_date(part.date)))
        return (Figure(title, _sub(run), (), source=source),)
    rows = [row for one in part.buyers for row in _bars(run, one) if row[1]]
    told = "; ".join(f"{name}: {', '.join(f'{words} {run.money(value)}' for words, value, _ in parts)}" for name, parts in rows)
    stacks = [Stack(name, tuple(Slice(value, run.money(value), fill) for _, value, fill in parts)) for name, parts in rows]
    there = {part.fill for row in stacks for part in row.parts}
    legend = tuple((FILL[css], say.words(words)) for css, words in LEGEND if FILL[css] in there)
    drawing = (Chart(stacked(stacks, run.fmt), f"{told}."),) if rows else ()
    return (Figure(_finding(run), _sub(run), drawing, legend, source, _table(run)),)


def _buyer(run: Findings, one: BuyerChange) -> str:
    return run.say.words(BUYER[one.end_user], place=short_country(one.destination, run.say))


def _finding(run: Findings) -> Text:
    """The value that is closed to the buyer who loses most; where none is, that answers change."""
    part, say = run.part(DayAfter), run.say
    first = next((one for one in part.buyers if any(lots.after == NO for lots in one.lots)), None)
    if first is None:
        return say.counted(
            len(part.buyers),
            "After {day} the answer changes for {n} buyer, and nothing is closed",
            "After {day} the answer changes for {n} buyers, and nothing is closed",
            day=run.fmt.long_date(part.date),
        )
    words = {
        "day": run.fmt.long_date(part.after),
        "towards": run.towards(first.destination),
        "buyers": say.words(BUYERS[first.end_user]),
    }
    if first.closed <= 0:
        return say("From {day} lots without a price may no longer be sold {towards} ({buyers})", **words)
    value = run.money(first.closed)
    if all(lots.origin == UNKNOWN_ORIGIN for lots in first.lots if lots.after == NO):
        value = run.derived(value, ORIGIN, marked=False)
        return say(
            "From {day} {value} of these lots may no longer be sold {towards} ({buyers}), if they come from China",
            value=value,
            **words,
        )
    return say("From {day} {value} of these lots may no longer be sold {towards} ({buyers})", value=value, **words)


def _sub(run: Findings) -> Text:
    return run.say(
        "Value of the lots by what a buyer may be sold, today and on {day}, by the law known today: no extension is assumed. "
        "Buyers for whom nothing changes are left out.",
        day=run.fmt.long_date(run.part(DayAfter).after),
    )


def _bars(run: Findings, one: BuyerChange) -> tuple[Bar, ...]:
    """The lots of a buyer today and on the day after, what is closed first."""
    say = run.say
    then = run.fmt.short_date(run.part(DayAfter).after)
    rows = ((say.words("{buyer}: today", buyer=_buyer(run, one)), one.today), (say.words("from {day}", day=then), one.after))
    return tuple(
        (head, tuple(part for css, words in LEGEND if (part := _part(run, sums, css, words))[1] > 0)) for head, sums in rows
    )


def _part(run: Findings, sums: Sequence[AnswerValue], css: str, words: str) -> tuple[str, float, str]:
    return run.say.words(words), sum(one.value for one in sums if MARKS[one.answer] == css), FILL[css]


def _table(run: Findings) -> Table:
    say, part = run.say, run.part(DayAfter)
    return run.table(
        "Lots whose answer changes",
        [(one, lots) for one in part.buyers for lots in one.lots],
        left("Buyer", lambda row: _buyer(run, row[0])),
        left("Metal, form and origin", lambda row: _what(run, row[1])),
        right("Value, {currency}", lambda row: NONE if row[1].value is None else strong(run.fmt.number(row[1].value))),
        left("Today", lambda row: say.words(ANSWER[row[1].today])),
        left(say("From {day}", day=run.fmt.short_date(part.after)), lambda row: strong(say.words(ANSWER[row[1].after]))),
        left("Measure", lambda row: ", ".join(say.notice(number) for number in row[1].numbers) or NONE),
    )


def _what(run: Findings, lots: ChangedLots) -> Text:
    form = name(run.say.term("term", lots.form))
    return text(run.head(lots), ", ", form, ", ", _origin(run, lots.origin))


def _origin(run: Findings, code: str) -> str:
    return (
        run.say.words("origin unknown")
        if code == UNKNOWN_ORIGIN
        else run.say.words("from {place}", place=from_place(code, run.say))
    )
