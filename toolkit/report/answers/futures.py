"""Today's allocation in futures with shocks: what it is worth at the end, in money."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from toolkit.records.answers.sweep import AllocationFutures, Futures, FuturesRun, FutureValues
from toolkit.report.answers.answer import Answer, Cell
from toolkit.report.document import Document
from toolkit.report.i18n.language import Language

SHOWN = (0.05, 0.5, 0.95)
"""Quantiles of the table."""
ALLOCATIONS_SHOWN = 40
"""Allocations of the table; the object has all."""


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
    if len(found.runs) > ALLOCATIONS_SHOWN:
        answer.line("The first {shown:d} are shown; --json has all.", shown=ALLOCATIONS_SHOWN)
    for run in found.runs[:ALLOCATIONS_SHOWN]:
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
    for run in found.runs[:ALLOCATIONS_SHOWN]:
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
    low, middle, high = (quantiles[p] for p in SHOWN)
    money = (values.mean, low, middle, high, values.worst_twentieth)
    return [
        answer.number(values.futures, ",d"),
        *(answer.number(value, ",.0f") for value in money),
        answer.number(values.losing, ".0%"),
    ]
