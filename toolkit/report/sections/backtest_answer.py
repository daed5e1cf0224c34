"""The opening of a backtest: what a strategy would have grown by, whether that differs from its baselines, and what it cost."""

from __future__ import annotations

from collections.abc import Iterator

from toolkit.records.answers.backtest import Backtest, Simulated
from toolkit.report.compose import section
from toolkit.report.document import Block, Heading, KeyFigure, KeyFigures, Paragraph, Status
from toolkit.report.findings import Findings
from toolkit.report.i18n.language import mark
from toolkit.report.i18n.text import Text, name, sentences, text
from toolkit.report.markers import COSTS, DELIVERED
from toolkit.report.tables.backtest import CONFIDENCE, Told, by_kind, first, of, returned, title, titles

PRICES = {
    "observed": mark("as observed, customs unit values among them"),
    "estimated": mark("estimated behind customs unit values, as observed elsewhere"),
}


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
