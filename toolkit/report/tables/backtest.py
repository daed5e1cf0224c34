"""A backtest as the sections on it and the answer of its command tell it: names, incidents, what can be concluded."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from toolkit.core.grouping import by_key
from toolkit.records.answers.backtest import Backtest, Comparison, Incident, Interval, Simulated
from toolkit.records.subjects import BacktestSubject
from toolkit.report.findings import Findings
from toolkit.report.i18n.formats import Formats
from toolkit.report.i18n.language import mark
from toolkit.report.i18n.text import Text, plain
from toolkit.report.markers import COSTS

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
CONFIDENCE = 0.95
"""Of every interval and band, as the record says."""
LONG = 100.0
"""Years beyond which their number says only that nobody will see them."""
BRIEFLY: Mapping[str, str] = {
    "equal-weight": mark("Equal weight"),
    "sample-minimum-risk": mark("Least sample risk"),
    "gold-only": mark("Gold only"),
}
"""Names of baselines where there is little room."""
HELD = "-held"
"""How the name of a strategy ends that is bought once and held."""


def of(run: Findings) -> Backtest:
    """The backtest that a report is about."""
    return run.needed(BacktestSubject).backtest


def first(run: Findings) -> Simulated:
    """The strategy that was named first: the one that sections on one strategy are about."""
    return of(run).strategies[0]


def title(run: Findings, one: Simulated) -> str:
    """The title of a strategy or baseline."""
    return plain(run.sentence(one.title))


def titles(run: Findings) -> Mapping[str, str]:
    """Name -> title."""
    return {one.name: title(run, one) for one in of(run).strategies}


def briefly(run: Findings, one: Simulated) -> str:
    """The title, or a shorter one of a baseline."""
    if one.role == "baseline" and one.name.endswith(HELD):
        return run.say.words("Bought and held")
    return run.say.words(BRIEFLY[one.name]) if one.role == "baseline" and one.name in BRIEFLY else title(run, one)


def calculated(run: Findings) -> Text:
    """The source line of what was simulated."""
    prices, costs = run.of_prices(), run.rests_on(COSTS)
    return run.say("Own calculation on prices{prices}, with costs{costs}.", prices=prices, costs=costs)


@dataclass(frozen=True, slots=True)
class Returned:
    """What a strategy made: a year, or of less than a year in all, which nobody should stretch to one.

    Attributes:
        head: What is measured.
        figure, words: The return, alone and in a sentence.
        interval: Its ends; empty where there is none, as there is of less than a year.
    """

    head: str
    figure: str
    words: str
    interval: str


def returned(run: Findings, one: Simulated) -> Returned:
    """What a strategy made, as every place of the report says it."""
    say, fmt, figures = run.say, run.fmt, one.figures
    if of(run).years < 1:
        figure = fmt.percent(figures.total, 1, signed=True)
        return Returned(say.words("Return in all"), figure, say.words("{growth} in all", growth=figure), "")
    figure, interval = fmt.percent(figures.growth, 1, signed=True), ends(fmt, figures.growth_interval)
    return Returned(say.words("Growth a year"), figure, say.words("{growth} a year", growth=figure), interval)


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


def ends(fmt: Formats, interval: Interval | None) -> str:
    """The ends of an interval; nothing where there is none."""
    if interval is None:
        return ""
    low, high = (fmt.percent(end, 0, signed=True) for end in (interval.low, interval.high))
    return f"{low} … {high}"


def needed(fmt: Formats, years: float | None) -> str:
    """How many years a difference would need; nothing where there is none."""
    if years is None:
        return ""
    return f"> {fmt.number(LONG)}" if years > LONG else fmt.number(years)


def told_apart(found: Backtest, one: Simulated, names: Mapping[str, str], told: Callable[..., Text]) -> Iterator[Text]:
    """What can be told of the growth of a strategy and that of each it is compared with, in sentences.

    Args:
        found: The backtest.
        one: The strategy.
        names: Name -> title.
        told: From a message and its values to its words in a language.
    """
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


def selection(found: Backtest, names: Mapping[str, str], told: Callable[..., Text]) -> Iterator[Text]:
    """What can be said of all strategies at once, in sentences; none where it was not asked for.

    Args:
        found: The backtest.
        names: Name -> title.
        told: From a message and its values to its words in a language.
    """
    one = found.selection
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
