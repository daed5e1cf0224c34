"""What a reader must know before trusting a proposal, in sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from toolkit.app.exchange import Rate
from toolkit.app.inputs import Inputs
from toolkit.app.money import Money
from toolkit.core.said import Said, said
from toolkit.factors.forecast import Forecast
from toolkit.optimize.problem import Problem
from toolkit.optimize.programs.budgeting import least_cash

MOSTLY_CASH = 0.5


def cautions(
    inputs: Inputs,
    problem: Problem,
    forecast: Forecast,
    money: Money,
    relaxed_cash: float,
    lots_gap: float | None,
    wanted_gap: float,
    reproducible: bool,  # noqa: FBT001
    rates: Mapping[str, Rate],
    provenance: Sequence[Mapping[str, Any]],
    owner: Mapping[str, str],
) -> dict[str, list[str]]:
    """The warnings of a run by kind, what weakens the answer first.

    Kinds: ``answer``; ``left_out``, ``late`` and ``assumed``, which a report shows as what is not part of it, as the age of its
    sources and among its assumptions; ``terms``; ``method``.
    """
    answer: list[str] = []
    left_out: list[str] = []
    terms: list[str] = []
    cash = money.cash / money.wealth
    if cash > MOSTLY_CASH:
        why = _why_cash(problem, relaxed_cash)
        answer.append(said("MOSTLY CASH: {cash:.0%} of the budget is not placed; {why}.", cash=cash, why=why))
    if lots_gap is not None and lots_gap > wanted_gap * (1 + 1e-6):
        answer.append(
            said(
                "The whole lots are proven to be within {gap:.1%} of the best, not the {wanted:.1%} that were asked for: "
                "the time limit of the solver ended the search.",
                gap=lots_gap,
                wanted=wanted_gap,
            )
        )
    if not reproducible:
        answer.append(
            said(
                "The clock ended the search, not the work: another run may find other lots under the same run id. Raise "
                "solver.time_limit, or run it on a faster machine."
            )
        )
    if inputs.unpriced:
        left_out.append(
            said(
                "No monthly price for {names}: bring your own with --prices; annual prices are never interpolated.",
                names=[inputs.products[key].name for key in inputs.unpriced],
            )
        )
    stale: dict[tuple[str, str, int], list[str]] = {}
    for entry in provenance:
        if entry["overdue_days"] > 0:
            key = (entry["source"], entry["as_of"] or entry["known_from"], entry["overdue_days"])
            stale.setdefault(key, []).append(entry["table"])
    late: list[str] = [
        said(
            "{source} ({tables}) ends on {end:%Y-%m-%d}, {days} days later than its rhythm explains.",
            source=source,
            tables=tables,
            end=date.fromisoformat(end),
            days=days,
        )
        for (source, end, days), tables in stale.items()
    ]
    assumed: list[str] = [
        said(
            "{base} is converted to {quote} at the last known rate {rate:.4f} of {day:%Y-%m}.",
            base=rate.base,
            quote=rate.quote,
            rate=rate.value,
            day=rate.date,
        )
        for rate in rates.values()
        if rate.date is not None and (inputs.snapshot.as_of - rate.date).days > 62
    ]
    if any(asset.terms == "assumption" for asset in inputs.universe):
        assumed.append(
            said("Lots, spreads and storage are assumptions about typical dealer terms; replace them with your dealer's.")
        )
    unknown = [asset.key for asset in inputs.universe if asset.terms == "unknown"]
    if unknown:
        terms.append(said("No dealer terms are known for {assets}: spread, storage and lots count as nothing.", assets=unknown))
    day, destination = inputs.snapshot.as_of, owner["country"]
    uncertain = [
        asset.name
        for asset in inputs.universe
        if asset.form is not None
        and (product := asset.offer_of or asset.key) in inputs.products
        and inputs.ledger.state(product, asset.form, on=day, destination=destination).uncertain
    ]
    if uncertain:
        answer.append(said("The control state of {assets} is uncertain and counts as controlled.", assets=uncertain))
    return {
        "answer": [*answer, *problem.notes()],
        "left_out": left_out,
        "late": late,
        "assumed": assumed,
        "terms": [*terms, *inputs.notes],
        "method": list(forecast.notes),
    }


def _why_cash(problem: Problem, relaxed_cash: float) -> Said:
    """Whether limits, the objective or the size of the lots keep the budget in cash."""
    if least_cash(problem.inequalities().hard()) > MOSTLY_CASH:
        return said("the limits leave room for no more")
    if relaxed_cash > MOSTLY_CASH:
        return said("the objective prefers cash to what the limits allow, and no limit caps it")
    return said("the lots are too large for the budget")
