"""What strategies would have done, beside baselines, and what so many months cannot say."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import chain

from toolkit.records.answers.backtest import Backtest, Comparison, Simulated
from toolkit.report.answers.answer import Answer, Cell
from toolkit.report.document import Document
from toolkit.report.i18n.language import Language
from toolkit.report.i18n.text import plain
from toolkit.report.tables.backtest import INCIDENTS, by_kind, ends, needed, selection, told_apart


def backtest(found: Backtest, say: Language) -> Document:
    """Performance, what can be concluded, losses after controls, and what did not go as decided."""
    answer = Answer(say, found.as_of, found.phrases)
    names = {one.name: plain(answer.sentence(one.title)) for one in found.strategies}
    first, last = date.fromisoformat(found.dates[0]), date.fromisoformat(found.dates[-1])
    asked = [names[one.name] for one in found.strategies if one.role == "strategy"]
    count = len(found.dates) - 1
    values = {"names": asked, "first": first, "last": last, "count": count}
    if found.monthly:
        answer.heading("{names:and} from {first:%Y-%m-%d} to {last:%Y-%m-%d} (months: {count:,d}), after all costs", **values)
    else:
        answer.heading("{names:and} from {first:%Y-%m-%d} to {last:%Y-%m-%d} (days: {count:,d}), after all costs", **values)
    answer.table(
        "strategy | >growth | >interval | >volatility | >drawdown | >days under water | >turnover | >costs | >storage",
        (_performance(answer, one, names, annual=found.years >= 1) for one in found.strategies),
    )
    if found.years >= 1:
        answer.line(
            "Growth, volatility, turnover, costs and storage are a year's. The interval holds 95 % of growths of resampled "
            "paths."
        )
    else:
        answer.line(
            "Growth is that of all dates: of less than a year no rate a year is given. Volatility, turnover, costs and storage "
            "are a year's, and so are the differences below."
        )
    answer.table(
        "strategy | >Sharpe | >Sortino | >Calmar | >worst twentieth | >skew | >best month | >worst month",
        (_ratios(answer, one, names) for one in found.strategies),
    )
    if found.cash_rate:
        answer.line(
            "Sharpe and Sortino are over the rate of cash; worst twentieth is the mean loss of such periods between dates."
        )
    else:
        answer.line(
            "Sharpe, Sortino and Calmar are over no rate of interest; worst twentieth is the mean loss of such periods between "
            "dates."
        )
    if found.benchmark is not None:
        benchmark = names.get(found.benchmark) or answer.metal(found.benchmark)
        answer.subtitle("Beside the benchmark {name}, since the first trade", name=benchmark)
        answer.table(
            "strategy | >beta | >alpha | >tracking error | >information ratio | >up capture | >down capture",
            (_beside(answer, one, names) for one in found.strategies if one.name != found.benchmark),
        )
    answer.subtitle("What can be concluded")
    _conclusion(answer, found, names)
    answer.table(
        "strategy | against | >growth more | >interval | >years needed",
        (_comparison(answer, one, names) for one in found.comparisons),
        keys=2,
    )
    if found.events:
        answer.subtitle("Losses within three months after a control")
    fell = any(loss for event in found.events for loss in event.losses.values())
    if found.events and not fell:
        count = len(found.events)
        answer.line(
            "Official licences and bans between the dates: {count:d}; nothing fell within three months of any.", count=count
        )
    if fell:
        answer.table(
            "notice | announced | metals",
            (
                [
                    answer.notice(event.title),
                    date.fromisoformat(event.announced),
                    ", ".join(answer.metal(key) for key in event.metals),
                    *(answer.number(event.losses[one.name], ".0%") for one in found.strategies),
                ]
                for event in found.events
            ),
            figures=[names[one.name] for one in found.strategies],
        )
    rows = [row for one in found.strategies for row in _incidents(answer, one, names)]
    if rows:
        answer.subtitle("What did not go as decided")
        answer.table("strategy | what happened | >times | >money | first | last", rows, keys=2)
    return answer.document("backtest", answer.told("Backtest: {names:and}", names=asked))


def _performance(answer: Answer, one: Simulated, names: dict[str, str], *, annual: bool) -> Iterator[Cell]:
    figures = one.figures
    yield names[one.name]
    yield answer.number(figures.growth if annual else figures.total, "+.1%")
    yield ends(answer.say.fmt, figures.growth_interval if annual else None)
    yield answer.number(figures.volatility, ".1%")
    yield answer.number(figures.max_drawdown, ".1%")
    yield figures.days_under_water
    yield answer.number(figures.turnover, ".0%")
    yield answer.number(figures.costs, ".2%")
    yield answer.number(figures.storage, ".2%")


def _ratios(answer: Answer, one: Simulated, names: dict[str, str]) -> Iterator[Cell]:
    figures = one.figures
    yield names[one.name]
    yield from (answer.number(value, ".2f") for value in (figures.sharpe, figures.sortino, figures.calmar))
    yield answer.number(figures.cvar, ".1%")
    yield answer.number(figures.skew, ".1f")
    yield from (answer.number(value, "+.1%") for value in (figures.best_month, figures.worst_month))


def _beside(answer: Answer, one: Simulated, names: dict[str, str]) -> Iterator[Cell]:
    found = one.against_benchmark
    yield names[one.name]
    if found is not None:
        yield answer.number(found.beta, ".2f")
        yield answer.number(found.alpha, "+.1%")
        yield answer.number(found.tracking_error, ".1%")
        yield answer.number(found.information_ratio, ".2f")
        yield from (answer.number(value, ".0%") for value in (found.up_capture, found.down_capture))


def _conclusion(answer: Answer, found: Backtest, names: dict[str, str]) -> None:
    """Which differences can be told from chance, and plainly that the others cannot."""
    strategies = [one for one in found.strategies if one.role == "strategy"]
    told = (told_apart(found, one, names, answer.told) for one in strategies)
    for words in chain(*told, selection(found, names, answer.told)):
        answer.paragraph(words)
    if not found.comparisons:
        answer.line("Nothing to compare with was simulated.")


def _comparison(answer: Answer, one: Comparison, names: dict[str, str]) -> Iterator[Cell]:
    yield names[one.strategy]
    yield names[one.against]
    yield answer.number(one.growth, "+.1%")
    yield ends(answer.say.fmt, one.interval)
    yield needed(answer.say.fmt, one.years_needed)


def _incidents(answer: Answer, one: Simulated, names: dict[str, str]) -> Iterator[tuple[Cell, ...]]:
    """One row a kind of incident."""
    for kind, incidents, money in by_kind(one):
        yield (
            names[one.name],
            answer.words(INCIDENTS, kind),
            len(incidents),
            answer.number(money, ",.0f") if money else "",
            incidents[0].day,
            incidents[-1].day,
        )
