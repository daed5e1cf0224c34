"""What each strategy of a backtest did over time: wealth, falls, months, sizes of returns, and what it held."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from toolkit.records.backtest import Backtest, EventLosses, Interval, PeriodReturn, Simulated
from toolkit.records.subjects import BacktestSubject
from toolkit.report.charts.flow_bars import FlowBars, flow_bars
from toolkit.report.charts.heatmap import months as heat_map_of_months
from toolkit.report.charts.histogram import bins, histogram
from toolkit.report.charts.paths import ChartPath, Paths, paths
from toolkit.report.compose import section
from toolkit.report.document import (
    Block,
    Chart,
    Drawings,
    Figure,
    Missing,
    Panels,
    Paragraph,
    Shown,
    SmallMultiple,
    Table,
    left,
    legend,
    right,
)
from toolkit.report.findings import Findings
from toolkit.report.i18n.formats import Formats, capital, day
from toolkit.report.i18n.language import mark
from toolkit.report.i18n.names import of_key
from toolkit.report.i18n.text import NONE, Inline, Span, Text, muted, name, plain, strong, text
from toolkit.report.markers import COSTS

CONFIDENCE = 0.95
"""Of every interval and band, as the record says."""
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


def ends(fmt: Formats, interval: Interval | None) -> str:
    """The ends of an interval; nothing where there is none."""
    if interval is None:
        return ""
    low, high = (fmt.percent(end, 0, signed=True) for end in (interval.low, interval.high))
    return f"{low} … {high}"


LEAST_RETURNS = 8
"""Returns below which their distribution is not drawn."""
DRAWN = ("equal-weight", "gold-only")
"""Baselines whose falls are drawn: more lines hide each other."""


@section("growth", mark("Growth"), needs=["backtest"])
def growth(run: Findings) -> tuple[Block, ...]:
    """Wealth on a logarithmic axis with the band of noise of the first strategy, and the figures of all."""
    say, found, one = run.say, of(run), first(run)
    sub = say(
        "Wealth in {currency} after all costs, logarithmic; each began with {budget}.",
        currency=run.currency,
        budget=run.money(found.budget),
    )
    wealth = _by_date(
        run, say("wealth by date, {currency}", currency=run.currency), lambda one, i: run.fmt.number(one.wealth[i])
    )
    body = (growth_chart(run), _figures(run, found.strategies), _ratios(run, found), *_beside_benchmark(run, found))
    band, foot = legend((one.band, "band", _drawn_anew(run))), text(calculated(run), " ", _over(run, found))
    return (Figure(_inside(run, found, one), sub, body, band, foot, wealth),)


def _over(run: Findings, found: Backtest) -> Text:
    """What ratios are over."""
    if found.cash_rate:
        return run.say(
            "Sharpe and Sortino are over the rate of cash; worst twentieth is the mean loss of such periods between dates."
        )
    return run.say(
        "Sharpe, Sortino and Calmar are over no rate of interest; worst twentieth is the mean loss of such periods between "
        "dates."
    )


def growth_chart(run: Findings) -> Chart:
    """Wealth of the first strategy with its band, before the others."""
    say, fmt, found, one = run.say, run.fmt, of(run), first(run)
    dates = tuple(day(date) for date in found.dates)
    drawn = Paths(
        dates,
        ChartPath(briefly(run, one), one.wealth),
        tuple(ChartPath(briefly(run, other), other.wealth) for other in found.strategies[1:]),
        tuple((end.low, end.high) for end in one.band),
        "money",
    )
    ended = "; ".join(f"{title(run, other)}: {run.money(other.wealth[-1])}" for other in found.strategies)
    told = say.words(
        "Wealth from {first} to {last}: {ended}.", first=fmt.month(dates[0]), last=fmt.month(dates[-1]), ended=ended
    )
    return Chart(paths(drawn, fmt), told)


def _drawn_anew(run: Findings) -> str:
    say, part = run.say, run.fmt.percent(CONFIDENCE, 0)
    return say.words("where {part} of histories of its returns lie, drawn anew in blocks of months", part=part)


def _inside(run: Findings, found: Backtest, one: Simulated) -> Text:
    """How many of the others end inside the band of noise."""
    say, others = run.say, found.strategies[1:]
    if not one.band or not others:
        return say("{strategy} ends at {wealth}", strategy=name(title(run, one)), wealth=run.money(one.wealth[-1]))
    inside = sum(one.band[-1].low <= other.wealth[-1] <= one.band[-1].high for other in others)
    values = {"total": say.number_word(len(others)), "strategy": name(title(run, one))}
    if len(others) > 1 and inside == len(others):
        return say("All {total} others end inside the band of noise of {strategy}", **values)
    return say.counted(
        inside,
        "{N} of {total} others ends inside the band of noise of {strategy}",
        "{N} of {total} others end inside the band of noise of {strategy}",
        **values,
    )


def _figures(run: Findings, strategies: Sequence[Simulated]) -> Table:
    fmt = run.fmt
    made = {one.name: returned(run, one) for one in strategies}

    return run.table(
        "Figures after all costs",
        strategies,
        left("Strategy", functools.partial(_named, run)),
        right(text(made[strategies[0].name].head), lambda one: made[one.name].figure),
        right("Interval", lambda one: made[one.name].interval or NONE) if any(one.interval for one in made.values()) else None,
        right("Volatility", lambda one: fmt.percent(one.figures.volatility)),
        right("Deepest fall", lambda one: fmt.percent(one.figures.max_drawdown)),
        right("Days below a peak", lambda one: fmt.number(one.figures.days_under_water)),
        right("Turnover a year", lambda one: fmt.percent(one.figures.turnover, 0)),
        right("Trading costs a year", lambda one: fmt.percent(one.figures.costs)),
        right("Storage a year", lambda one: fmt.percent(one.figures.storage)),
    )


def _named(run: Findings, one: Simulated) -> Span:
    return strong(title(run, one)) if one.role == "strategy" else name(title(run, one))


def _ratios(run: Findings, found: Backtest) -> Table:
    """What was earned for the risk, and the best and the worst month."""
    fmt = run.fmt
    return run.table(
        "Ratios, and months",
        found.strategies,
        left("Strategy", functools.partial(_named, run)),
        right("Sharpe", lambda one: fmt.number(one.figures.sharpe, 2)),
        right("Sortino", lambda one: fmt.number(one.figures.sortino, 2)),
        right("Calmar", lambda one: fmt.number(one.figures.calmar, 2)),
        right("Worst twentieth", lambda one: fmt.percent(one.figures.cvar)),
        right("Skew", lambda one: fmt.number(one.figures.skew, 1)),
        right("Best month", lambda one: fmt.percent(one.figures.best_month)),
        right("Worst month", lambda one: fmt.percent(one.figures.worst_month)),
    )


def _beside_benchmark(run: Findings, found: Backtest) -> tuple[Table, ...]:
    """Beta and the like of each strategy; nothing where no benchmark was named."""
    fmt = run.fmt
    each = [(one, beside) for one in found.strategies if (beside := one.against_benchmark) and one.name != found.benchmark]
    if found.benchmark is None or not each:
        return ()
    named = next((title(run, one) for one in found.strategies if one.name == found.benchmark), None)
    benchmark = name(named or of_key(found.benchmark, run.say))
    table = run.table(
        run.say("Beside the benchmark {name}, since the first trade", name=benchmark),
        each,
        left(run.say("Beside {benchmark}", benchmark=benchmark), lambda row: _named(run, row[0])),
        right("Beta", lambda row: fmt.number(row[1].beta, 2)),
        right("Alpha", lambda row: fmt.percent(row[1].alpha)),
        right("Tracking error", lambda row: fmt.percent(row[1].tracking_error)),
        right("Information ratio", lambda row: fmt.number(row[1].information_ratio, 2)),
        right("Up capture", lambda row: fmt.percent(row[1].up_capture, 0)),
        right("Down capture", lambda row: fmt.percent(row[1].down_capture, 0)),
    )
    return (table,)


def _by_date(run: Findings, caption: Text, cell: Callable[[Simulated, int], str]) -> Table:
    """A figure of every strategy by date."""
    found = of(run)
    each = [right(text(briefly(run, one)), functools.partial(cell, one)) for one in found.strategies]
    days: Shown[int] = left("Date", lambda i: run.fmt.short_date(found.dates[i]))
    return run.table(caption, range(len(found.dates)), days, *each, stacks=False)


@section("falls", mark("Falls, and controls of the time"), needs=["backtest"])
def falls(run: Findings) -> tuple[Block, ...]:
    """How far below its highest the wealth was, and the largest fall after each control."""
    say, fmt, found, one = run.say, run.fmt, of(run), first(run)
    sub = say(
        "Wealth below its highest so far. With {count} dates no fall between two of them is seen.",
        count=fmt.number(len(found.dates)),
    )
    finding = say(
        "At its lowest {strategy} was {depth} below its highest; it stayed below one for {days} days",
        strategy=name(title(run, one)),
        depth=fmt.percent(one.figures.max_drawdown),
        days=fmt.number(one.figures.days_under_water),
    )
    table = _events(run, found)
    body = (falls_chart(run), table if isinstance(table, Table) else Paragraph(table))
    caption = say("below the highest so far, by date")
    depths = _by_date(run, caption, lambda one, i: fmt.percent(one.drawdown[i]))
    return (Figure(finding, sub, body, (), calculated(run), depths),)


def falls_chart(run: Findings) -> Chart:
    """How far below its highest so far the wealth of the first strategy was, and that of some others."""
    say, fmt, found, one = run.say, run.fmt, of(run), first(run)
    dates = tuple(day(date) for date in found.dates)
    behind = [other for other in found.strategies[1:] if other.role == "strategy" or other.name in DRAWN]
    drawn = Paths(
        dates,
        ChartPath(briefly(run, one), _below(one)),
        tuple(ChartPath(briefly(run, other), _below(other)) for other in behind),
        (),
        "percent",
        filled=True,
    )
    depths = "; ".join(f"{title(run, other)}: {fmt.percent(other.figures.max_drawdown)}" for other in (one, *behind))
    told = say.words("Deepest falls: {depths}.", depths=depths)
    return Chart(paths(drawn, fmt), told)


def _below(one: Simulated) -> tuple[float, ...]:
    return tuple(-depth for depth in one.drawdown)


def _events(run: Findings, found: Backtest) -> Table | Text:
    say, fmt = run.say, run.fmt
    if not found.events:
        return say("No official licence or ban on these metals was announced between the dates: of controls they tell nothing.")
    if not any(loss for event in found.events for loss in event.losses.values()):
        return say.counted(
            len(found.events),
            "In that time {n} official licence or ban on these metals was announced; nothing fell within three months.",
            "In that time {n} official licences and bans on these metals were announced; nothing fell within three months.",
        )

    def fell(one: Simulated) -> Shown[EventLosses]:
        return right(text(briefly(run, one)), lambda event: fmt.percent(event.losses[one.name]))

    def notice(event: EventLosses) -> Text:
        number = name(say.notice(event.title))
        return text(number, muted(f" · {fmt.short_date(event.announced)}"))

    return run.table(
        "Largest fall within three months after the announcement of a licence or ban",
        found.events,
        left("Notice", notice),
        left("Metals", lambda event: say.series([of_key(metal, say) for metal in event.metals])),
        *map(fell, found.strategies),
        keys=2,
    )


@section("months", mark("Month by month"), needs=["backtest"])
def months(run: Findings) -> tuple[Block, ...] | Missing:
    """Returns by year and month."""
    say, fmt, one = run.say, run.fmt, first(run)
    values = [row.value for row in one.months]
    if not values:
        return Missing(say.words("There is no month yet."))
    low, high = min(values), max(values)
    told = {
        "low": fmt.percent(low, signed=True),
        "high": fmt.percent(high, signed=True),
        "gains": fmt.number(sum(value > 0 for value in values)),
        "count": fmt.number(len(values)),
    }
    finding = say("{gains} of {count} months gained; they returned {low} to {high}", **told)
    most = max(-low, high)
    marked = [
        (key, say.words("{low} to {high}", low=fmt.percent(a * most), high=fmt.percent(b * most)))
        for key, a, b in (("r4", 0.75, 1), ("r3", 0.5, 0.75), ("r2", 0.25, 0.5), ("r1", 0, 0.25))
    ]
    sub = say("Return of each month and year in per cent, after all costs; the tint is its size beside the largest month.")
    below = legend((low < 0, "below", say.words("below zero")))
    chart = Chart(months_chart(run, one), f"{plain(finding)}.")
    return (Figure(finding, sub, (chart,), (*marked, *below), calculated(run), _months(run, one)),)


def months_chart(run: Findings, one: Simulated) -> Drawings:
    """A heat map of its months, a row a year."""
    by, short = _by_year_and_month(one), run.fmt.locale.months["format"]["abbreviated"]
    known, years = sorted({month for _, month in by}), [(day(row.ends).year, row.value) for row in one.calendar_years]
    returns = [[*(by.get((year, month)) for month in known), value] for year, value in years]
    heads = [*(str(short[month]) for month in known), run.say.words("Year")]
    return heat_map_of_months([str(year) for year, _ in years], heads, returns, run.fmt)


def _by_year_and_month(one: Simulated) -> dict[tuple[int, int], float]:
    return {(day(row.ends).year, day(row.ends).month): row.value for row in one.months}


@section("distribution", mark("Sizes of returns"), needs=["backtest"])
def distribution(run: Findings) -> tuple[Block, ...] | Missing:
    """How often returns between dates were how large."""
    say, fmt, one = run.say, run.fmt, first(run)
    values = [after / before - 1.0 for before, after in itertools.pairwise(one.wealth)]
    if len(values) < LEAST_RETURNS or one.figures.skew is None or one.figures.cvar is None:
        return Missing(say.words("Too few returns, or all alike: nothing is told of their sizes."))
    mean, worst = sum(values) / len(values), -one.figures.cvar
    told = {
        "low": fmt.percent(min(values), signed=True),
        "high": fmt.percent(max(values), signed=True),
        "worst": fmt.percent(worst, signed=True),
    }
    finding = say("Returns between two dates ran from {low} to {high}, the worst twentieth {worst} on average", **told)
    lines = sorted(
        (
            (worst, say.words("worst twentieth {value}", value=told["worst"])),
            (mean, say.words("mean {value}", value=fmt.percent(mean, signed=True))),
        )
    )
    sub = say("Number of returns between two dates by their size, after all costs: {count}.", count=fmt.number(len(values)))
    marked = (("plain", say.words("returns")), ("dashed", say.words("a normal distribution of the same mean and spread")))
    data = run.table(
        "returns by size",
        bins(values),
        right("From", lambda row: fmt.percent(row[0], signed=True)),
        right("To", lambda row: fmt.percent(row[1], signed=True)),
        right("Returns", lambda row: fmt.number(row[2])),
        stacks=False,
    )
    return (Figure(finding, sub, (Chart(histogram(values, lines, fmt), f"{plain(finding)}."),), marked, calculated(run), data),)


def _months(run: Findings, one: Simulated) -> Table:
    """A row a year, a column a month, and the year."""
    fmt = run.fmt
    short, by = fmt.locale.months["format"]["abbreviated"], _by_year_and_month(one)

    def of_month(month: int) -> Shown[PeriodReturn]:
        def cell(year: PeriodReturn) -> Inline:
            value = by.get((day(year.ends).year, month))
            return NONE if value is None else fmt.points(value)

        return right(text(short[month]), cell)

    return run.table(
        "Return of each month and year in per cent, after all costs",
        one.calendar_years,
        left("Year", lambda year: str(day(year.ends).year)),
        *map(of_month, sorted({month for _, month in by})),
        right("Year", lambda year: strong(fmt.points(year.value))),
    )


WEIGHT_PANELS = 8
"""Panels: with the legend they fill three rows of three; every asset is in the table."""
MONTHS_OF_PANEL = 300
"""Months that a panel has room for: the last ones."""
LEAST_MEAN_WEIGHT = 0.0005
"""Mean weight below which an asset has no panel."""


@section("weights", mark("Weights over time"), needs=["backtest"])
def weights(run: Findings) -> tuple[Block, ...] | Missing:
    """Weights at the ends of months."""
    say, fmt, found, one = run.say, run.fmt, of(run), first(run)
    months = _month_ends(found, one)
    mean = {key: sum(row.get(key, 0.0) for _, row in months) / len(months) for key in {key for _, row in months for key in row}}
    keys = sorted((key for key, weight in mean.items() if weight > LEAST_MEAN_WEIGHT), key=lambda key: (-mean[key], key))
    if not keys:
        return Missing(say.words("Nothing was ever held."))
    items = tuple(_panel(run, key, months, mean[key]) for key in keys[:WEIGHT_PANELS])
    cash = 1.0 - sum(mean.values())
    finding = say(
        "{metal} was its largest holding with {share} on average; {cash} were cash",
        metal=name(capital(of_key(keys[0], say))),
        share=fmt.percent(mean[keys[0]], 0),
        cash=fmt.percent(max(cash, 0.0), 0),
    )
    sub = say(
        "Share of wealth of {strategy} at the end of each month, each panel on its own scale with its peak at the top left.",
        strategy=name(title(run, one)),
    )
    drawn, data = Panels(items, (("new", say.words("share of wealth")),)), _weights_by_month(run, keys, months)
    return (Figure(finding, sub, (drawn,), (), calculated(run), data),)


Month = tuple[date, Mapping[str, float]]


def _month_ends(found: Backtest, one: Simulated) -> list[Month]:
    """The last date of each month and its weights, the opening, on which nothing is held, left out."""
    last = {(d := day(date)).year * 12 + d.month: (d, row) for date, row in zip(found.dates[1:], one.weights[1:], strict=True)}
    return [last[key] for key in sorted(last)][-MONTHS_OF_PANEL:]


def _panel(run: Findings, key: str, months: Sequence[Month], mean: float) -> SmallMultiple:
    say, fmt = run.say, run.fmt
    quantities = tuple(max(row.get(key, 0.0), 0.0) for _, row in months)
    peak = max(quantities)
    bars = FlowBars(months[0][0].replace(day=1), quantities, frozenset(), fmt.percent(peak, 0))
    title = capital(of_key(key, say))
    note = say("{mean} on average, {last} at the end", mean=fmt.percent(mean, 0), last=fmt.percent(quantities[-1], 0))
    told = say.words("{metal}: at most {peak} of wealth; {note}.", metal=title, peak=fmt.percent(peak, 0), note=note)
    return SmallMultiple(text(name(title)), note, Chart(flow_bars(bars, fmt), told))


def _weights_by_month(run: Findings, keys: Sequence[str], months: Sequence[Month]) -> Table:
    say, fmt = run.say, run.fmt

    def share(key: str) -> Shown[Month]:
        return right(
            text(capital(of_key(key, say))), lambda at: fmt.percent(weight) if (weight := at[1].get(key, 0.0)) else NONE
        )

    return run.table(
        "share of wealth by month",
        reversed(months),
        left("Month", lambda at: fmt.month(at[0])),
        *map(share, keys),
        right("Cash", lambda at: fmt.percent(1.0 - sum(at[1].values()))),
        stacks=False,
    )
