"""What so many months can and cannot conclude, in plain words and with the years that would be needed."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from toolkit.records.answers.backtest import Backtest
from toolkit.report.answers.answer import Answer
from toolkit.report.compose import folded, section
from toolkit.report.document import Block, Figure, Notes, left, right
from toolkit.report.findings import Findings
from toolkit.report.i18n.language import mark
from toolkit.report.i18n.text import NONE, Text, name, strong
from toolkit.report.tables.backtest import ends, first, needed, of, returned, selection, titles, told_apart

GOLD = "gold-only"


@section("conclusions", mark("What can be concluded"), needs=["backtest"])
def conclusions(run: Findings) -> tuple[Block, ...]:
    """What cannot be told from chance, every comparison, closed where none has an interval, and what no statistic repairs."""
    say, found = run.say, of(run)
    names, told = titles(run), Answer(say, found.as_of).told
    strategies = [one for one in found.strategies if one.role == "strategy"]
    compared = chain(*(told_apart(found, one, names, told) for one in strategies), selection(found, names, told))
    notes = Notes(tuple(("", words) for words in compared))
    others = Notes(tuple(("", words) for words in _limits(run, found)))
    if not found.comparisons:
        return (others,)
    table = run.table(
        "Growth against what it is compared with",
        found.comparisons,
        left("Strategy", lambda one: name(names[one.strategy])),
        left("Against", lambda one: name(names[one.against])),
        right("Difference a year, points", lambda one: strong(run.fmt.points(one.growth)), "Difference"),
        right("Interval", lambda one: ends(run.fmt, one.interval) or NONE),
        right("Years needed", lambda one: needed(run.fmt, one.years_needed) or NONE),
        keys=2,
    )
    sub = say("Years needed: when an interval around this difference would leave out zero; it narrows with their root.")
    foot = say("Own calculation on prices{prices}.", prices=run.of_prices())
    figure = Figure(_finding(run, found), sub, (table,), (), foot)
    known = any(one.interval for one in found.comparisons)
    return (notes, *((figure,) if known else folded(figure)), others)


def _finding(run: Findings, found: Backtest) -> Text:
    say, fmt = run.say, run.fmt
    apart = [one for one in found.comparisons if not one.is_same]
    if not apart:
        return say("Nothing that it is compared with did otherwise")
    widths = [one.interval.width / 2 for one in apart if one.interval is not None]
    if not widths:
        return say("The returns, or what was known at first, are too few for any interval")
    values = {"years": fmt.number(found.years, 1), "low": fmt.number(100 * min(widths)), "high": fmt.number(100 * max(widths))}
    return say("{years} years tell no difference below {low} to {high} points a year from chance", **values)


def _limits(run: Findings, found: Backtest) -> Iterator[Text]:
    """What no statistic of these dates repairs."""
    say, one = run.say, first(run)
    gold = next((other for other in found.strategies if other.name == GOLD), None)
    if gold is not None and gold.name != one.name:
        yield say(
            "Gold alone made {growth} over the same dates. They are one stretch of the market: how the strategy does "
            "in another is not in these figures, and no interval holds it.",
            growth=returned(run, gold).words,
        )
    if found.events:
        yield say.counted(
            len(found.events),
            "It lived through {n} official licence or ban on these metals: what a control does to it rests on that one case.",
            "It lived through {n} official licences and bans on these metals: what a control does to it rests on these few "
            "cases.",
        )
    else:
        yield say("It lived through no official licence or ban on these metals: what one does to it is not in these figures.")
    asked = sum(other.role == "strategy" for other in found.strategies)
    if asked > 1:
        yield say.counted(
            asked,
            "{N} strategy was tried.",
            "{N} strategies were tried: the best of several looks better than it is, and these intervals are not widened for "
            "that.",
        )
    else:
        yield say(
            "The intervals are not widened for strategies that were tried before this one: the best of several looks better "
            "than it is."
        )
    yield say("Income tax, interest on cash, bids that move and metal that no dealer has are not simulated.")
