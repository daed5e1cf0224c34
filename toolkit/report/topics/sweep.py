"""Many backtests of one question and what they can say together, or the allocations of today in futures with shocks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from toolkit.records.sweep import AllocationFutures, Futures, FuturesRun, FutureValues, Sweep, SweepRun
from toolkit.report.answer import Answer, Cell
from toolkit.report.document import Document
from toolkit.report.i18n.language import Language

RUNS_SHOWN = 40
"""Backtests and allocations of a table; the object has all."""


def document(found: Sweep, say: Language) -> Document:
    """Figures of each backtest, their spread, and what the best of so many is worth."""
    answer = Answer(say, date.fromisoformat(found.as_of))
    count = len(found.runs)
    answer.heading("{name}: backtests of a sweep: {count:,d}, after all costs", name=found.strategy, count=count)
    if found.quantiles:
        least, low, middle, high, most = found.quantiles
        answer.line(
            "Growth a year, or in all where it is less than one: {middle:.1%} in the middle, "
            "half of them from {low:.1%} to {high:.1%}, all from {least:.1%} to "
            "{most:.1%}.",
            middle=middle, low=low, high=high, least=least, most=most,
        )  # fmt: skip
    if found.drawdowns and found.losing is not None:
        least, low, middle, high, most = found.drawdowns
        answer.line(
            "Deepest falls: {middle:.1%} in the middle, half of them from {low:.1%} to {high:.1%}, all from {least:.1%} to "
            "{most:.1%}. {losing:.0%} of the backtests ended below their start.",
            middle=middle, low=low, high=high, least=least, most=most, losing=found.losing,
        )  # fmt: skip
    if found.failed:
        answer.line("Without an answer: {count:,d}; the reasons stand in the table.", count=found.failed)
    if found.deflated is not None:
        answer.line(
            "The greatest Sharpe ratio of {tries:,d} tries is above what the greatest of as many without merit would be with "
            "{probability:.0%} probability (Bailey and Lopez de Prado 2014). Below 95 % it is not distinguishable from luck.",
            tries=found.tries, probability=found.deflated,
        )  # fmt: skip
    elif count > 1:
        answer.line(
            "Backtests over overlapping dates are not independent: their spread is no confidence interval, and the best of "
            "them is chosen after the fact."
        )
    answer.table(
        "varied | from | to | >growth | >volatility | >drawdown | >turnover | >costs",
        (_row(answer, run) for run in found.runs[:RUNS_SHOWN]),
    )
    if count > RUNS_SHOWN:
        answer.line("The first {shown:d} are shown; --json has all.", shown=RUNS_SHOWN)
    answer.line("The object of each is in {folder}.", folder=found.folder)
    return answer.document("sweep")


def _row(answer: Answer, run: SweepRun) -> Iterator[Cell]:
    last = [key.rpartition(".")[2] for key in run.changes]
    keys = last if len({*last}) == len(last) else [*run.changes]
    yield ", ".join(f"{key} {value}" for key, value in zip(keys, run.changes.values(), strict=True))
    if run.failure is not None:
        yield from (run.failure, "", "", "", "", "", "")
        return
    yield from (run.first or "", run.last or "")
    for value in (run.growth, run.volatility, run.max_drawdown, run.turnover, run.costs):
        yield "" if value is None else answer.number(value, ".1%")


OF_TABLE = (0.05, 0.5, 0.95)
"""Quantiles of the table."""


def futures(found: Futures, say: Language) -> Document:
    """The values of each allocation over its futures, with and without a shock."""
    answered = [run.found for run in found.runs if run.found is not None]
    answer = Answer(say, found.as_of, answered[0].phrases if answered else {})
    answer.heading("{name}: the allocation of today in futures with shocks", name=found.strategy)
    if answered:
        _first(answer, answered[0])
    answer.table(
        "varied | shock | >futures | >mean | >5 % quantile | >median | >95 % quantile | >mean of the worst 5 % | "
        ">below the budget",
        _rows(answer, found),
        keys=2,
    )
    if len(found.runs) > RUNS_SHOWN:
        answer.line("The first {shown:d} are shown; --json has all.", shown=RUNS_SHOWN)
    for run in found.runs[:RUNS_SHOWN]:
        if run.failure is not None:
            answer.line(
                "No allocation{varied}: {reason}", varied=f" ({_varied(run)})" if run.changes else "", reason=run.failure
            )
    if answered:
        answer.notes(answered[0].notes)
    answer.line("The object of each is in {folder}.", folder=found.folder)
    return answer.document("futures")


def _first(answer: Answer, one: AllocationFutures) -> None:
    """What the first allocation comes to, in words."""
    quantiles = {row.probability: row.value for row in one.values.quantiles}
    answer.line(
        "{budget:,.0f} {currency} invested on {day:%Y-%m-%d} are worth {low:,.0f} to {high:,.0f} {currency} after {months:.0f} "
        "months in nine of ten of {count:,} futures; in the worst twentieth {worst:,.0f} on average. {losing:.0%} end below "
        "the budget. These are draws from assumptions and few past cases, and no forecast.",
        budget=one.budget, currency=one.currency, day=date.fromisoformat(one.as_of), low=quantiles[0.05], high=quantiles[0.95],
        months=12 * one.years, count=one.values.futures, worst=one.values.worst_twentieth, losing=one.values.losing,
    )  # fmt: skip
    told = {"share": one.undelivered, "amount": one.undelivered_amount, "currency": one.currency}
    if one.undelivered and one.on_ban == "returned":
        answer.line(
            "In {share:.1%} of the futures new controls stop purchases before they arrive, of {amount:,.0f} {currency} on "
            "average; that money comes back.",
            **told,
        )
    elif one.undelivered:
        answer.line(
            "In {share:.1%} of the futures new controls stop purchases before they arrive, of {amount:,.0f} {currency} on "
            "average; that money is stuck and counts nothing.",
            **told,
        )


def _rows(answer: Answer, found: Futures) -> Iterator[list[Cell]]:
    for run in found.runs[:RUNS_SHOWN]:
        varied = _varied(run)
        if (one := run.found) is None:
            continue
        yield [varied, answer.told("all futures"), *_figures(answer, one.values)]
        yield [varied, answer.told("none comes"), *_figures(answer, one.without_shock)]
        for shock in one.shocks:
            name = answer.told("{name} ({probability:.0%})", name=answer.phrase(shock.name), probability=shock.probability)
            yield [varied, name, *_figures(answer, shock.values)]


def _varied(run: FuturesRun) -> str:
    return ", ".join(f"{key} {value}" for key, value in run.changes.items())


def _figures(answer: Answer, values: FutureValues | None) -> list[Cell]:
    if values is None:
        return ["0", *[""] * 6]
    quantiles = {row.probability: row.value for row in values.quantiles}
    low, middle, high = (quantiles[p] for p in OF_TABLE)
    money = (values.mean, low, middle, high, values.worst_twentieth)
    return [
        answer.number(values.futures, ",d"),
        *(answer.number(value, ",.0f") for value in money),
        answer.number(values.losing, ".0%"),
    ]
