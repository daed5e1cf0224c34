"""What a backtest held over time: one panel a metal, with the controls on its form as they were known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from toolkit.records.answers.backtest import Backtest, Simulated
from toolkit.records.parts.control_history import MetalHistory
from toolkit.report.charts.flow_bars import Dateline, FlowBars, Tint, flow_bars
from toolkit.report.compose import section
from toolkit.report.document import Block, Chart, Figure, Missing, Panels, Shown, SmallMultiple, Table, left, legend, right
from toolkit.report.findings import Findings
from toolkit.report.i18n.formats import capital, day
from toolkit.report.i18n.language import mark
from toolkit.report.i18n.names import of_key
from toolkit.report.i18n.text import NONE, name, text
from toolkit.report.tables.backtest import first, of, title

WEIGHT_PANELS = 8
"""Panels: with the legend they fill three rows of three; every asset is in the table."""
MONTHS_OF_PANEL = 300
"""Months that a panel has room for: the last ones."""
LEAST_MEAN_WEIGHT = 0.0005
"""Mean weight below which an asset has no panel."""


@section("weights", mark("Weights over time"), needs=["backtest"], uses=["control_history"])
def weights(run: Findings) -> tuple[Block, ...] | Missing:
    """Weights at the ends of months; a licence or ban in force is a tint, a suspended one a hatch."""
    say, fmt, found, one = run.say, run.fmt, of(run), first(run)
    months = _months(found, one)
    mean = {key: sum(row.get(key, 0.0) for _, row in months) / len(months) for key in {key for _, row in months for key in row}}
    keys = sorted((key for key, weight in mean.items() if weight > LEAST_MEAN_WEIGHT), key=lambda key: (-mean[key], key))
    if not keys:
        return Missing(say.words("Nothing was ever held."))
    history = run.parts.control_history
    metals = {metal.asset: metal for metal in (history.metals if history else ())}
    items = tuple(_panel(run, key, months, mean[key], metals.get(key)) for key in keys[:WEIGHT_PANELS])
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
    foot = say(
        "Own calculation; controls as known on each day, for delivery {towards}{marks}.",
        towards=run.towards(run.record.owner.country),
        marks=run.of_tables("controls"),
    )
    return (
        Figure(
            finding,
            sub,
            (Panels(items, _legend(run, [metals[key] for key in keys[:WEIGHT_PANELS] if key in metals])),),
            (),
            foot,
            _table(run, keys, months),
        ),
    )


Month = tuple[date, Mapping[str, float]]


def _months(found: Backtest, one: Simulated) -> list[Month]:
    """The last date of each month and its weights, the opening, on which nothing is held, left out."""
    last = {(d := day(date)).year * 12 + d.month: (d, row) for date, row in zip(found.dates[1:], one.weights[1:], strict=True)}
    return [last[key] for key in sorted(last)][-MONTHS_OF_PANEL:]


def _panel(run: Findings, key: str, months: Sequence[Month], mean: float, metal: MetalHistory | None) -> SmallMultiple:
    say, fmt = run.say, run.fmt
    quantities = tuple(max(row.get(key, 0.0), 0.0) for _, row in months)
    peak, begin, end = max(quantities), months[0][0], months[-1][0]
    periods = [p for p in (metal.periods if metal else ()) if day(p.since) <= end and (not p.until or day(p.until) >= begin)]
    started = [Dateline(day(p.since), fmt.notices(p.numbers[0])) for p in periods if p.numbers]
    bars = FlowBars(
        first=begin.replace(day=1),
        quantities=quantities,
        inferred=frozenset(),
        peak=fmt.percent(peak, 0),
        tints=tuple(Tint(day(p.since), day(p.until) if p.until else None, p.status == "suspended") for p in periods),
        named=tuple(started),
    )
    title = capital(of_key(key, say))
    note = say("{mean} on average, {last} at the end", mean=fmt.percent(mean, 0), last=fmt.percent(quantities[-1], 0))
    told = say.words("{metal}: at most {peak} of wealth; {note}.", metal=title, peak=fmt.percent(peak, 0), note=note)
    return SmallMultiple(text(name(title)), note, Chart(flow_bars(bars, fmt), told))


def _legend(run: Findings, metals: Sequence[MetalHistory]) -> tuple[tuple[str, str], ...]:
    say, kinds = run.say, {period.status for metal in metals for period in metal.periods}
    return legend(
        (True, "new", say.words("share of wealth")),
        ("controlled" in kinds, "soft", say.words("licence or ban in force")),
        ("suspended" in kinds, "paused", say.words("suspended")),
    )


def _table(run: Findings, keys: Sequence[str], months: Sequence[Month]) -> Table:
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
