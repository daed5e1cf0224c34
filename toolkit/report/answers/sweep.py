"""Many backtests of one question: each of them, and what they can and cannot say together."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from toolkit.records.answers.sweep import Sweep, SweepRun
from toolkit.report.answers.answer import Answer, Cell
from toolkit.report.document import Document
from toolkit.report.i18n.language import Language

BACKTESTS_SHOWN = 40
"""Rows of a table of backtests; the object has all."""


def sweep(found: Sweep, say: Language) -> Document:
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
        (_row(answer, run) for run in found.runs[:BACKTESTS_SHOWN]),
    )
    if count > BACKTESTS_SHOWN:
        answer.line("The first {shown:d} are shown; --json has all.", shown=BACKTESTS_SHOWN)
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
