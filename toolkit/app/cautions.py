"""What a reader must know before trusting a proposal, in sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from toolkit.app.exchange import Rate
from toolkit.app.inputs import Inputs
from toolkit.app.money import Money
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
    rates: Mapping[str, Rate],
    provenance: Sequence[Mapping[str, Any]],
    owner: Mapping[str, str],
) -> dict[str, list[str]]:
    """The warnings of a run by kind, what weakens the answer first: answer, data, terms, method."""
    answer: list[str] = []
    data: list[str] = []
    terms: list[str] = []
    cash = money.cash / money.wealth
    if cash > MOSTLY_CASH:
        answer.append(f"MOSTLY CASH: {cash:.0%} of the budget is not placed; {_why_cash(problem, relaxed_cash)}.")
    if lots_gap is not None and lots_gap > wanted_gap * (1 + 1e-6):
        answer.append(
            f"The whole lots are proven to be within {lots_gap:.1%} of the best, not the {wanted_gap:.1%} that were asked for: "
            "raise solver.time_limit, or live with it."
        )
    if inputs.unpriced:
        names = ", ".join(inputs.products[key].name for key in inputs.unpriced)
        data.append(f"No monthly price for {names}: bring your own with --prices; annual prices are never interpolated.")
    stale: dict[tuple[str, str, int], list[str]] = {}
    for entry in provenance:
        if entry["overdue_days"] > 0:
            key = (entry["source"], entry["as_of"] or entry["known_from"], entry["overdue_days"])
            stale.setdefault(key, []).append(entry["table"])
    data += [
        f"{source} ({', '.join(tables)}) ends on {end}, {days} days later than its rhythm explains."
        for (source, end, days), tables in stale.items()
    ]
    for rate in rates.values():
        if rate.date is not None and (inputs.snapshot.as_of - rate.date).days > 62:
            data.append(
                f"{rate.base} is converted to {rate.quote} at the last known rate {rate.value:.4f} of {rate.date:%Y-%m}."
            )
    assumed = [asset.name for asset in inputs.universe if asset.terms == "assumption"]
    if assumed:
        terms.append("Lots, spreads and storage are assumptions about typical dealer terms; replace them with your dealer's.")
    unknown = [asset.key for asset in inputs.universe if asset.terms == "unknown"]
    if unknown:
        terms.append(f"No dealer terms are known for {', '.join(unknown)}: spread, storage and lots count as nothing.")
    day, destination = inputs.snapshot.as_of, owner["country"]
    uncertain = [
        asset.name
        for asset in inputs.universe
        if asset.form is not None
        and (product := asset.offer_of or asset.key) in inputs.products
        and inputs.ledger.state(product, asset.form, on=day, destination=destination).uncertain
    ]
    if uncertain:
        answer.append(f"The control state of {', '.join(uncertain)} is uncertain and counts as controlled.")
    return {
        "answer": [*answer, *problem.notes()],
        "data": data,
        "terms": [*terms, *inputs.notes],
        "method": list(forecast.notes),
    }


def _why_cash(problem: Problem, relaxed_cash: float) -> str:
    """Whether limits, the objective or the size of the lots keep the budget in cash."""
    if least_cash(problem.inequalities().hard()) > MOSTLY_CASH:
        return "the limits leave room for no more"
    if relaxed_cash > MOSTLY_CASH:
        return "the objective prefers cash to what the limits allow; a constraint of kind 'cash' caps it"
    return "the lots are too large for the budget"
