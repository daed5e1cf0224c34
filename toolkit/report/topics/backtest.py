"""What strategies would have done, beside baselines, and what so many months cannot say: `toolkit backtest` and reports."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from toolkit.core.grouping import by_key
from toolkit.records.backtest import Attribution, Backtest, Comparison, Incident, Simulated
from toolkit.records.findings import Parts
from toolkit.records.subjects import BacktestSubject
from toolkit.report.compose import answer, folded, section
from toolkit.report.document import (
    Bar,
    Block,
    Document,
    Figure,
    Heading,
    KeyFigure,
    KeyFigures,
    Notes,
    Paragraph,
    Status,
    left,
    legend,
    right,
)
from toolkit.report.findings import Findings
from toolkit.report.i18n.formats import Formats, capital
from toolkit.report.i18n.language import Language, mark
from toolkit.report.i18n.names import of_key
from toolkit.report.i18n.text import NONE, Inline, Span, Text, muted, name, plain, sentences, strong, text
from toolkit.report.markers import COSTS, DELIVERED, HALF_A_CENT
from toolkit.report.topics.simulated import (
    CONFIDENCE,
    calculated,
    distribution,
    ends,
    falls,
    first,
    growth,
    months,
    of,
    returned,
    title,
    titles,
    weights,
)

LONG = 100.0
"""Years beyond which their number says only that nobody will see them."""

INCIDENTS: Mapping[str, str] = {
    "unsolved": mark("no weights held the limits; kept as it was"),
    "no_forecast": mark("too little was known to decide; kept as it was"),
    "no_money": mark("nothing left to decide on"),
    "within_threshold": mark("every weight near its target; nothing traded"),
    "missing_price": mark("order without a price"),
    "ended": mark("last price of a series; sold at it"),
    "implausible_price": mark("order at a price far from those before"),
    "lapsed": mark("order never carried out"),
    "short": mark("purchases cut to the money"),
    "overdrawn": mark("bills above the cash; the largest overdraft"),
    "delayed": mark("waited for a licence"),
    "refused": mark("not bought under a ban"),
    "stopped": mark("stopped by a ban on the way"),
    "returned": mark("money returned"),
}
PRICES = {
    "observed": mark("as observed, customs unit values among them"),
    "estimated": mark("estimated behind customs unit values, as observed elsewhere"),
}


def document(found: Backtest, say: Language) -> Document:
    """The answer of `toolkit backtest`: the sections of its report."""
    run = Findings.alone(found.as_of, Parts(), say, found.currency, BacktestSubject, backtest=found, phrases=found.phrases)
    shown = (backtest_answer, growth, conclusions, falls, months, distribution)
    names = [title(run, one) for one in _asked(found)]
    return answer(run, plain(say.told("Backtest: {names:and}", names=names)), *shown, attribution, weights, incidents)


@section("backtest-answer", "", needs=["backtest"])
def backtest_answer(run: Findings) -> tuple[Block, ...]:
    """Heading, paragraph, three figures and the status line."""
    found, one = of(run), first(run)
    return (
        Heading(_result(run, found, one)),
        Paragraph(sentences(*_paragraph(run, found, one)), "answer"),
        KeyFigures(tuple(_figures(run, one))),
        Status(tuple(_status(run, found, one))),
    )


def _result(run: Findings, found: Backtest, one: Simulated) -> Text:
    say, names, told = run.say, titles(run), Told.of(one.name, found.comparisons)
    values = {"strategy": name(title(run, one)), "growth": returned(run, one).words}
    if told.better:
        return say(
            "{strategy}: {growth} after all costs, more than {others} by more than chance explains",
            others=say.listed([name(names[key]) for key in told.better]),
            **values,
        )
    if told.worse:
        return say(
            "{strategy}: {growth} after all costs, less than {others} by more than chance explains",
            others=say.listed([name(names[key]) for key in told.worse]),
            **values,
        )
    if told.unknown:
        years = run.fmt.number(found.years, 1)
        return say.counted(
            len(told.unknown),
            "{strategy}: {growth} after all costs; {years} years cannot tell it from what it is compared with",
            "{strategy}: {growth} after all costs; {years} years cannot tell it from any of {n} others",
            years=years,
            **values,
        )
    return say("{strategy}: {growth} after all costs", **values)


def _paragraph(run: Findings, found: Backtest, one: Simulated) -> Iterator[Text]:
    say, fmt, figures = run.say, run.fmt, one.figures
    yield say(
        "From {first} to {last} {budget} would have become {wealth}{marks}.",
        first=fmt.long_date(found.dates[0]),
        last=fmt.long_date(found.dates[-1]),
        budget=run.money(found.budget),
        wealth=run.derived(run.money(one.wealth[-1]), COSTS, DELIVERED),
        marks=run.of_prices(),
    )
    others = [other for other in found.strategies if other.role == "baseline"]
    if others:
        ended = [say("{name} at {wealth}", name=name(title(run, o)), wealth=run.money(o.wealth[-1])) for o in others]
        yield say("With the same money and costs would have ended: {others}.", others=say.listed(ended))
    if figures.max_drawdown > 0:
        yield say(
            "The deepest fall was {depth}, from {peak} to {trough}.",
            depth=fmt.percent(figures.max_drawdown),
            peak=fmt.month(figures.peak),
            trough=fmt.month(figures.trough),
        )
    else:
        yield say("On no date was it worth less than before.")


def _figures(run: Findings, one: Simulated) -> Iterator[KeyFigure]:
    say, fmt, figures = run.say, run.fmt, one.figures
    made = returned(run, one)
    note = (
        say("{part} of histories drawn anew: {ends}", part=fmt.percent(CONFIDENCE, 0), ends=made.interval)
        if made.interval
        else say("too little time for an interval")
    )
    yield KeyFigure(made.head, text(made.figure), note)
    days = say.counted(
        figures.days_under_water,
        "{n} day below an earlier peak at the longest",
        "{n} days below an earlier peak at the longest",
    )
    yield KeyFigure(say.words("Deepest fall"), text(fmt.percent(figures.max_drawdown)), days)
    note = say(
        "of mean wealth: trades {costs}, storage {storage}; turnover {turnover}",
        costs=fmt.percent(figures.costs, 1),
        storage=fmt.percent(figures.storage, 1),
        turnover=fmt.percent(figures.turnover, 0),
    )
    yield KeyFigure(say.words("Costs a year"), text(run.derived(fmt.percent(figures.costs + figures.storage), COSTS)), note)


def _status(run: Findings, found: Backtest, one: Simulated) -> Iterator[tuple[str, Text]]:
    say, fmt = run.say, run.fmt
    yield say.words("Prices"), say(PRICES[found.prices])
    yield say.words("Dates"), text(fmt.number(len(found.dates)))
    yield say.words("Decisions"), text(fmt.number(len(one.decisions)))
    yield say.words("Did not go as decided"), text(fmt.number(sum(len(rows) for _, rows, _ in by_kind(one))))


GOLD = "gold-only"


@section("conclusions", mark("What can be concluded"), needs=["backtest"])
def conclusions(run: Findings) -> tuple[Block, ...]:
    """What cannot be told from chance, every comparison, closed where none has an interval, and what no statistic repairs."""
    say, found = run.say, of(run)
    names = titles(run)
    compared = chain(*(told_apart(run, one) for one in _asked(found)), selection(run))
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
    asked = len(_asked(found))
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
    yield say("Income tax, bids that move and metal that no dealer has are not simulated.")


@dataclass(frozen=True, slots=True)
class Told:
    """Comparisons of a strategy by what can be told of them: names of what it beat, lost to, is not told apart from, and is."""

    better: tuple[str, ...]
    worse: tuple[str, ...]
    unknown: tuple[str, ...]
    same: tuple[str, ...]

    @classmethod
    def of(cls, strategy: str, comparisons: Sequence[Comparison]) -> Told:
        """Those of one strategy."""
        own = [c for c in comparisons if c.strategy == strategy]
        return cls(
            tuple(c.against for c in own if c.distinguishable and c.growth > 0),
            tuple(c.against for c in own if c.distinguishable and c.growth < 0),
            tuple(c.against for c in own if not c.distinguishable and not c.is_same),
            tuple(c.against for c in own if c.is_same),
        )


def by_kind(one: Simulated) -> Iterator[tuple[str, tuple[Incident, ...], float]]:
    """(kind, incidents, money concerned) in the order in which kinds first occur; of overdrafts, which last, the largest."""
    kinds = by_key((incident.kind, incident) for incident in one.incidents)
    for kind, found in kinds.items():
        amounts = [incident.amount for incident in found if incident.amount is not None]
        yield kind, tuple(found), max(amounts) if kind == "overdrawn" else sum(amounts)


def needed(fmt: Formats, years: float | None) -> str:
    """How many years a difference would need; nothing where there is none."""
    if years is None:
        return ""
    return f"> {fmt.number(LONG)}" if years > LONG else fmt.number(years)


def _asked(found: Backtest) -> list[Simulated]:
    """The strategies that were asked for."""
    return [one for one in found.strategies if one.role == "strategy"]


def told_apart(run: Findings, one: Simulated) -> Iterator[Text]:
    """What can be told of the growth of a strategy and that of each it is compared with, in sentences."""
    found, names, told = of(run), titles(run), run.say.told
    which = Told.of(one.name, found.comparisons)
    better, worse, unknown, same = (
        [names[key] for key in keys] for keys in (which.better, which.worse, which.unknown, which.same)
    )
    values = {"strategy": names[one.name], "years": found.years}
    if better:
        yield told("{strategy} grew faster than {others:and}, by more than chance explains.", others=better, **values)
    if worse:
        yield told("{strategy} grew more slowly than {others:and}, by more than chance explains.", others=worse, **values)
    if unknown:
        yield told(
            "{years:.1f} years cannot tell whether {strategy} grows faster or more slowly than {others:and}.",
            others=unknown, **values,
        )  # fmt: skip
    if same:
        yield told("On these dates {strategy} did the same as {others:and}.", others=same, **values)


def selection(run: Findings) -> Iterator[Text]:
    """What can be said of all strategies at once, in sentences; none where it was not asked for."""
    one, names, told = of(run).selection, titles(run), run.say.told
    if one is None:
        return
    if one.p_values is None:
        yield told(
            "{count:d} returns are too few to say which of several strategies is the best, or beats equal weight: {least:d} "
            "are the least.",
            count=one.returns, least=one.least,
        )  # fmt: skip
        return
    level, all_of = one.confidence, len(one.p_values)
    excluded = [names[key] for key in one.p_values if key not in one.best]
    if excluded:
        yield told(
            "Of these {count:d}, {excluded:and} can be excluded as the best at {level:.0%}; any of the others can be it (model "
            "confidence set, Hansen, Lunde and Nason 2011).",
            count=all_of, excluded=excluded, level=level,
        )  # fmt: skip
    else:
        yield told(
            "Of these {count:d}, none can be excluded as the best at {level:.0%} (model confidence set, Hansen, Lunde and "
            "Nason 2011).",
            count=all_of, level=level,
        )  # fmt: skip
    if one.superior_p is not None and one.benchmark is not None:
        values = {"benchmark": names[one.benchmark], "p": one.superior_p}
        if one.superior:
            strategies = [names[key] for key in one.superior]
            yield told(
                "{strategies:and} grew faster than {benchmark} by more than the best of as many without merit would: "
                "p = {p:.2f} (Hansen 2005), each of them at {level:.0%} (Romano and Wolf 2005).",
                strategies=strategies, level=level, **values,
            )  # fmt: skip
        else:
            yield told(
                "That no strategy grows faster than {benchmark} is not refuted: p = {p:.2f} (superior predictive ability, "
                "Hansen 2005), and stepwise none does at {level:.0%} (Romano and Wolf 2005).",
                level=level, **values,
            )  # fmt: skip
    yield told(
        "Blocks of {block:d} returns on average, {draws:,d} resampled paths, seed {seed:d}.",
        block=one.block, draws=one.draws, seed=one.seed,
    )  # fmt: skip


PAID = (("costs", mark("Costs of trades")), ("storage", mark("Storage")), ("lost", mark("Lost to bans")))
ROOM = 1.1
"""The longest bar leaves a tenth of its room free."""


@section("attribution", mark("What it came from"), needs=["backtest"])
def attribution(run: Findings) -> tuple[Block, ...]:
    """Gains of each metal, then what was paid; they add up to the change of wealth."""
    say, found, one = run.say, of(run), first(run)
    parts = one.attribution
    gains = sorted(parts.gains.items(), key=lambda item: (-item[1], item[0]))
    paid = [(say.words(words), -getattr(parts, key)) for key, words in PAID if abs(getattr(parts, key)) > HALF_A_CENT]
    total = one.wealth[-1] - found.budget
    scale = ROOM * (
        max(abs(amount) for amount in (parts.interest, *parts.gains.values(), *(paid_ for _, paid_ in paid))) or 1.0
    )

    rows: list[tuple[str, float, bool]] = [
        *((capital(_named(run, key)), gain, False) for key, gain in gains),
        *([(say.words("Interest on cash"), parts.interest, False)] if abs(parts.interest) > HALF_A_CENT else []),
        *((words, amount, True) for words, amount in paid),
    ]

    def share(amount: float) -> Span:
        return muted(run.fmt.percent(amount / found.budget, 1, signed=True))

    def bar(row: tuple[str, float, bool]) -> Bar:
        _, amount, is_paid = row
        if is_paid:
            return Bar(value=-amount / scale, hollow=True)
        return Bar(value=max(amount, 0.0) / scale or None, reference=-min(amount, 0.0) / scale or None)

    table = run.bars(
        "Change of wealth by what it came from",
        rows,
        left("Part", lambda row: row[0]),
        right("Amount", lambda row: run.money(row[1])),
        right("Of the budget", lambda row: share(row[1])),
        bar=bar,
        below=[Bar.of(say("Change of wealth"), strong(run.money(total)), share(total), total=True)],
    )
    marked = legend(
        (True, "new", say.words("gained")),
        (any(gain < 0 for _, gain in gains), "now", say.words("lost")),
        (paid, "hollow", say.words("paid, by assumed terms")),
    )
    sub = say(
        "Gains of its holdings by prices and exchange rates, and what was paid, {first} to {last}; the sum is exact.",
        first=run.fmt.month(found.dates[0]),
        last=run.fmt.month(found.dates[-1]),
    )
    return (Figure(_gained(run, parts), sub, (table,), marked, calculated(run)),)


def _named(run: Findings, key: str) -> str:
    return run.metal(run.product(key)).text if key in run.controls else of_key(key, run.say)


def _gained(run: Findings, parts: Attribution) -> Text:
    """What part of the gains was paid away; where there was no gain, what was paid."""
    say, gained, paid = run.say, sum(parts.gains.values()), parts.costs + parts.storage + parts.lost
    if not parts.gains:
        return say("Nothing was ever held")
    if gained <= 0:
        return say("Its holdings lost {loss}, and {paid} were paid", loss=run.money(-gained), paid=run.money(paid))
    key, most = max(parts.gains.items(), key=lambda item: (item[1], item[0]))
    return say(
        "Its holdings gained {gained}, {metal} most with {most}; {share} of it went into costs",
        gained=run.money(gained),
        metal=name(_named(run, key)),
        most=run.money(most),
        share=run.fmt.percent(paid / gained, 0),
    )


@section("incidents", mark("What did not go as decided"), needs=["backtest"])
def incidents(run: Findings) -> tuple[Block, ...]:
    """Kinds of incidents of each strategy: how often, the money concerned, the first and the last."""
    say, fmt, asked = run.say, run.fmt, _asked(of(run))
    found = [(one, *kind) for one in asked for kind in by_kind(one)]
    count = sum(len(rows) for _, _, rows, _ in found)
    finding = (
        say.counted(
            count,
            "{N} order or decision of {strategy} did not go as decided",
            "{N} orders or decisions of {strategy} did not go as decided",
            strategy=say.listed([name(title(run, one)) for one in asked]),
        )
        if count
        else say("Every order of {strategy} was carried out as decided", strategy=name(run.subject))
    )

    def metals(row: tuple[Simulated, str, Sequence[Incident], float]) -> Inline:
        named = dict.fromkeys(_named(run, incident.asset) for incident in row[2] if incident.asset is not None)
        return say.series(list(named)) if named else NONE

    table = run.table(
        "Incidents by kind",
        found,
        left("Strategy", lambda row: name(title(run, row[0]))) if len(asked) > 1 else None,
        left("What happened", lambda row: capital(say.words(INCIDENTS[row[1]]))),
        left("Metals", metals) if any(incident.asset is not None for _, _, those, _ in found for incident in those) else None,
        right("Times", lambda row: fmt.number(len(row[2]))),
        right("Money concerned, {currency}", lambda row: fmt.number(row[3]) if row[3] else NONE),
        right("First", lambda row: fmt.short_date(row[2][0].day)),
        right("Last", lambda row: fmt.short_date(row[2][-1].day)),
        keys=min(len(asked), 2),
    )
    if stuck := sum(one.stuck for one in asked):
        sub = say("At the end {money} were stuck in orders that a ban stopped; they count nothing.", money=run.money(stuck))
    else:
        sub = say("Orders wait for a price and lapse at the next decision; what is on its way may be late or stopped.")
    return (Figure(finding, sub, (table,) if found else ()),)
