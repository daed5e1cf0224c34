"""Warnings and notes of an allocation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from toolkit.app.allocation.amounts import AllocationAmounts
from toolkit.app.allocation.scenarios import volatility_ratios
from toolkit.controls.ledger import CHINA
from toolkit.core.forecast import Forecast
from toolkit.core.grouping import by_key
from toolkit.core.limits import HELD
from toolkit.core.messages import Message, first_names, message, named
from toolkit.core.remarks import Remark, by_money, note
from toolkit.optimize.problem import Problem
from toolkit.optimize.solvers.budgeting import least_cash
from toolkit.records.sources import Provenance
from toolkit.returns.observed_returns import LOST
from toolkit.returns.panel import OF_WEEKS

if TYPE_CHECKING:
    from toolkit.app.allocation.prepare import Prepared
    from toolkit.optimize.solution import Allocation

MOSTLY_CASH = 0.5
IDLE = 0.1
"""Cash of a strategy without a limit on it that is worth a warning: it was to be fully invested."""
MORE_CASH, BROKEN = 0.01, 1e-6
"""Cash beyond that of a target that is worth a warning, and by how much the target breaks a limit."""
OTHER_PERIOD = 3.0
"""Volatilities of an own covariance so many times those of prices, or a part, are of another period: of months they are 3.5."""
LEAST_RATIO = 0.02
"""Own returns of which none is a larger part of the volatility of its price are of another period: of days, a 252nd."""
MOSTLY_LOST = 0.5
"""A history of which a larger part lacks an asset is worth a warning: risk read from the rest looks smaller than it is."""
LAW = ("controls", "control_scopes", "control_items", "dual_use_list")


def warnings(
    prepared: Prepared,
    allocation: Allocation,
    money: AllocationAmounts,
    provenance: Sequence[Provenance],
    further: Sequence[Remark],
) -> tuple[Remark, ...]:
    """Warnings and notes of an allocation, by the money that they concern; `further` ones are told with them."""
    inputs, problem, destination = prepared.inputs, prepared.problem, prepared.request.owner.country
    found = [*_of_answer(prepared, allocation, money), *_of_target(problem, money), *_of_own_covariance(problem.forecast)]
    found += [*_of_own_returns(prepared), *_of_own_scenarios(prepared)]
    if inputs.unpriced:
        names = [inputs.products[key].name for key in inputs.unpriced]
        found.append(note(message("No monthly price for {names}: annual prices are never interpolated.", names=names)))
    universe = inputs.universe
    products = {asset.key: asset.offer_of or asset.key for asset in universe}
    found += late(provenance, {asset: inputs.sources[key] for asset, key in products.items() if key in inputs.sources})
    found += [
        note(
            message(
                "{base} is converted to {quote} at the last known rate {rate:.4f} of {day:%Y-%m}.",
                base=rate.base,
                quote=rate.quote,
                rate=rate.value,
                day=rate.date,
            )
        )
        for rate in prepared.rates.values()
        if rate.date is not None and (inputs.snapshot.as_of - rate.date).days > 62
    ]
    if any(asset.terms == "assumption" for asset in universe):
        words = message(
            "Lots, spreads and storage are assumptions about typical dealer terms; replace them with your dealer's."
        )
        found.append(note(words))
    day = inputs.snapshot.as_of
    values, least = money.touched(universe), HELD * money.wealth
    of_none = [asset for asset in universe if asset.terms == "unknown"] if not np.any(problem.costs.fees) else []
    if count := sum(not asset.is_physical and values[asset.key] > least for asset in of_none):
        words = message(
            "Costs of trading shares and funds are not stated and count as nothing (assets: {count:d}).", count=count
        )
        found.append(note(words))
    if unknown := tuple(asset.key for asset in of_none if asset.is_physical):
        text = message("No dealer terms are known for {assets}: spread, storage and lots count as nothing.", assets=unknown)
        found.append(Remark("terms", text, message("Say what a trade costs (fee under [costs] of the strategy)."), unknown))
    states = {
        asset: inputs.ledger.state(
            products[asset.key], asset.form, on=day, destination=destination, origin=asset.origin or CHINA
        )
        for asset in universe
        if values[asset.key] > least
        and asset.form is not None
        and products[asset.key] in inputs.products
        and CHINA not in asset.outside
    }
    bought = universe.take(key for key, up in zip(universe.keys, money.values - money.before, strict=True) if up > least)
    banned = by_key((one.origin or CHINA, one) for one in bought if one in states and states[one].headline == "ban")
    for origin, assets in banned.items():
        text = message(
            "A ban of exports from {origin} to {destination} is in force on {assets}: what is bought has to come from "
            "elsewhere.",
            origin=origin,
            destination=destination,
            assets=[asset.name for asset in assets],
        )
        command = f"`toolkit controls {products[assets[0].key]} --to {destination}`"
        remedy = message("See {command}, and ask for proof of the origin.", command=command)
        found.append(Remark("law", text, remedy, tuple(asset.key for asset in assets)))
    if uncertain := [asset for asset, state in states.items() if state.uncertain]:
        names, keys = [asset.name for asset in uncertain], tuple(asset.key for asset in uncertain)
        text = message("The control state of {assets} is uncertain and counts as controlled.", assets=names)
        command = f"`toolkit controls {products[keys[0]]}`"
        found.append(Remark("law", text, message("See {command}, and have the goods classified.", command=command), keys))
    told = [remark for remark in (*found, *problem.notes(), *inputs.notes) if not _concerns_nothing(remark, values)]
    return by_money((*told, *further, *map(_of_forecast, problem.forecast.notes)), values)


def _of_forecast(line: str) -> Remark:
    """A note of the forecast, or a warning where prices that were given are not used."""
    if isinstance(line, Message) and line.template == OF_WEEKS.template:
        return Remark("data", line, message("Bring daily prices, or state your own covariance (kind own)."))
    return note(line)


def _concerns_nothing(remark: Remark, values: Mapping[str, float]) -> bool:
    """Whether it warns of the terms of trade of assets of which nothing is held or traded."""
    return remark.kind == "terms" and remark.assets is not None and not any(values.get(asset, 1.0) for asset in remark.assets)


def _of_answer(prepared: Prepared, allocation: Allocation, money: AllocationAmounts) -> Iterator[Remark]:
    problem, gap, wanted = prepared.problem, allocation.lots_gap, prepared.strategy.solver.gap
    # What short positions brought in is cash, and no idle money; nor is as much again, that stands behind them.
    cash = (money.cash + 2.0 * float(np.minimum(money.values, 0.0).sum())) / money.wealth
    if cash > MOSTLY_CASH:
        why = _why_cash(problem, float(allocation.continuous.x[-1]))
        text = message("MOSTLY CASH: {cash:.0%} of the budget is not placed; {why}.", cash=cash, why=why)
        remedy = message("Loosen the limits, or add a limit on cash, or raise the budget.")
        yield Remark("answer", text, remedy, money=money.cash)
    elif cash > IDLE and any(own.with_leftover_cash(1.0) != own for own in problem.constraints):
        text = message(
            "{cash:.0%} of the budget is not placed: whole lots, minimum tickets and the number of holdings leave no room.",
            cash=cash,
        )
        remedy = message("Loosen the limits, or say how much cash there may be (constraint of kind cash).")
        yield Remark("answer", text, remedy, money=money.cash)
    if gap is None and allocation.status == "feasible":
        text = message("Of how much better another answer in whole lots or few holdings could be nothing is proven.")
        yield Remark("answer", text)
    elif gap is not None and gap > wanted * (1 + 1e-6):
        ended = message("the time limit of the solver ended the search")
        if prepared.units:
            ended = message("of whole pieces other quantities were not searched")
        elif not allocation.out_of_work:
            ended = message("the search came to the precision of the solver")
        text = message(
            "The answer is proven to be at most {gap:.1%} of the best possible value away from it, not the {wanted:.1%} that "
            "were asked for: {ended:s}.",
            gap=gap,
            wanted=wanted,
            ended=ended,
        )
        yield Remark(
            "answer", text, message("Raise solver.time_limit.") if allocation.out_of_work and not prepared.units else ""
        )
    if not allocation.reproducible:
        text = message("The clock ended the search, not the work: another run may find other lots under the same run id.")
        yield Remark("answer", text, message("Raise solver.time_limit, or run it on a faster machine."))


def _of_target(problem: Problem, money: AllocationAmounts) -> Iterator[Remark]:
    """That limits which the tracked target breaks leave cash that it has not, and how far from it the weights are."""
    if problem.function is None or not (target := problem.function.quadratic.target).any():
        return
    wanted, limits = np.append(target, 1.0 - target.sum()), problem.linear_constraints()
    away = np.maximum(np.append(money.weights, money.cash / money.wealth) - wanted, 0.0)
    broken = np.flatnonzero(limits.rows.matvec(wanted) > limits.h + BROKEN)
    if away[-1] <= MORE_CASH or not len(broken):
        return
    names = named(dict.fromkeys(problem.constraints[limits.owner[row]].name for row in broken))
    text = message(
        "{away:.0%} of the wealth is not where the target has it, {cash:.0%} in cash: the target breaks {limits}.",
        away=float(away.sum()),
        cash=float(away[-1]),
        limits=names,
    )
    remedy = message("Loosen {limits}, or track a target within them.", limits=names)
    yield Remark("answer", text, remedy, money=float(away[-1] * money.wealth))


def _of_own_covariance(forecast: Forecast) -> Iterator[Remark]:
    """That an own covariance is of days, weeks or months, or a correlation, by the volatilities of the prices."""
    if forecast.covariance != "own":
        return
    prices = np.array([risk.latent for risk in forecast.risks])
    own = np.sqrt(forecast.variances)
    if 1 / OTHER_PERIOD <= np.median(own / prices) <= OTHER_PERIOD:
        return
    text = message(
        "Your own covariance has a median volatility of {own:.2%} a year, and the prices have {prices:.2%}.",
        own=float(np.median(own)),
        prices=float(np.median(prices)),
    )
    yield Remark("answer", text, message("Give variances a year: those of days times 252, of months times 12."))


def _of_own_returns(prepared: Prepared) -> Iterator[Remark]:
    """That own expected returns are of days or weeks, by the volatilities of the prices."""
    forecast, returns = prepared.problem.forecast, prepared.strategy.forecast.returns
    volatilities = np.array([risk.latent for risk in forecast.risks])
    if getattr(returns, "kind", None) != "own" or not 0 < np.max(np.abs(forecast.expected) / volatilities) < LEAST_RATIO:
        return
    text = message(
        "Your own expected returns are {most:.2%} a year at most, and the prices have a median volatility of {prices:.2%}.",
        most=float(np.max(np.abs(forecast.expected))),
        prices=float(np.median(volatilities)),
    )
    yield Remark("answer", text, message("Give returns a year: those of days times 252, of weeks times 52."))


def _of_own_scenarios(prepared: Prepared) -> Iterator[Remark]:
    """That own scenarios are of another period than is said, in per cent or noisy, by their volatilities."""
    if prepared.outlook is None or prepared.outlook.base.kind != "own":
        return
    ratio = volatility_ratios(prepared.outlook.base, prepared.problem.forecast)
    far = np.flatnonzero((ratio < 1 / OTHER_PERIOD) | (ratio > OTHER_PERIOD))
    if len(far):
        names = tuple(prepared.problem.universe.keys[i] for i in far)
        text = message(
            "Volatilities a year of your own scenarios are {low:.2g} to {high:.2g} times those of the forecast: {assets}.",
            low=float(ratio[far].min()),
            high=float(ratio[far].max()),
            assets=first_names(names),
        )
        yield Remark(
            "answer", text, message("Check periods_per_year, and that returns are fractions: 0.05 is 5 %."), assets=names
        )


def of_lost_periods(notes: Sequence[str]) -> tuple[Remark, ...]:
    """A warning where `Returns.lost_periods` told that most periods are not used, and how many are left."""
    found = [note.values for note in notes if isinstance(note, Message) and note.template == LOST.template]
    return tuple(
        Remark(
            "data",
            message(
                "Risk is read from {used} of {all} periods: the others lack an asset, most often {asset}.",
                used=of["all"] - of["lost"],
                all=of["all"],
                asset=of["asset"],
            ),
            message(
                "Leave {asset} out, or use covariance kind 'factor' and simulated scenarios, which take histories of different "
                "length.",
                asset=of["asset"],
            ),
        )
        for of in found
        if of["lost"] > MOSTLY_LOST * of["all"]
    )


def late(provenance: Sequence[Provenance], sources: Mapping[str, str]) -> list[Remark]:
    """Warnings of sources whose newer figures are due: of the law for the ledger, else of the data.

    Args:
        provenance: `data[]` of the record.
        sources: Asset key -> id of the source of its price.
    """
    overdue: dict[tuple[str, int, bool], dict[str, str]] = {}
    for entry in provenance:
        if entry.overdue_days > 0:
            when = (entry.as_of or entry.known_from, entry.overdue_days, entry.table in LAW)
            overdue.setdefault(when, {})[entry.source_id] = entry.source
    found: list[Remark] = []
    for (end, days, of_law), names in overdue.items():
        values = {"sources": list(names.values()), "end": date.fromisoformat(end)}
        text = message("{sources:; }: up to {end:%Y-%m-%d}; newer figures have been due for {days} days.", days=days, **values)
        if days == 1:
            text = message("{sources:; }: up to {end:%Y-%m-%d}; newer figures have been due for a day.", **values)
        if of_law:
            found.append(Remark("law", text, message("Look for newer notices before you act, and add them with --events.")))
        else:
            priced = tuple(asset for asset, source in sources.items() if source in names)
            found.append(Remark("data", text, message("Bring newer prices with --prices."), priced))
    return found


def _why_cash(problem: Problem, relaxed_cash: float) -> Message:
    """Whether limits, the objective or the size of the lots keep the budget in cash."""
    if least_cash(problem.linear_constraints().hard()) > MOSTLY_CASH:
        return message("the limits leave room for no more")
    if relaxed_cash > MOSTLY_CASH:
        return message("with less of it a limit would be broken or the objective would be worse")
    return message("the lots or least tickets are too large for the budget and its limits")
