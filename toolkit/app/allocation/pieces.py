"""Trades in whole pieces: held lots are sold by the piece, and whole lots of the dealer are bought.

The problem is solved in values, or in whole lots counted from zero. Where a sale would cut a piece, or a purchase a
lot of the dealer, the quantity of that asset is set to one that can be traded, and the rest is solved again.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

import numpy as np

from toolkit.app.allocation.holdings import WHOLE_PIECES
from toolkit.app.allocation.prepare import Prepared
from toolkit.app.allocation.rebalancing import NO_FURTHER, with_smallest_sale
from toolkit.app.allocation.sales import LEAST_PART_OF_LOT, sold
from toolkit.core.errors import Infeasible, ToolkitError
from toolkit.core.messages import message
from toolkit.core.remarks import Remark
from toolkit.optimize.allocate import allocate_giving_way
from toolkit.optimize.constraints.base import Constraint, ConstraintData, IntegerRequirements, LinearConstraint
from toolkit.optimize.problem import Problem
from toolkit.optimize.solution import Allocation, solve
from toolkit.optimize.solvers.work import Work
from toolkit.strategy.model import RebalanceSpec

NAME = "whole pieces"
ASSETS_TRIED = 6
"""Assets of which another quantity than the nearest is tried before trades are left as they are."""


class WholePieces(Constraint):
    """The value held of each asset of `values` is equal to it (key -> fraction of the budget)."""

    on_trades: ClassVar[bool] = True

    kind: Literal["whole_pieces"] = "whole_pieces"
    values: Mapping[str, float]

    def _at(self, data: ConstraintData) -> list[int]:
        return [data.universe.keys.index(key) for key in self.values]

    def linear(self, data: ConstraintData) -> LinearConstraint:
        """One row an asset: a value is no less a part of wealth than of the budget."""
        at, values = self._at(data), np.array([*self.values.values()])
        return LinearConstraint.of_assets(at, values, np.minimum(1.0, values / max(data.least_wealth, LEAST_PART_OF_LOT)), data)

    def integer(self, data: ConstraintData) -> IntegerRequirements:
        """The exact values."""
        least, greatest = np.zeros(len(data.universe)), np.full(len(data.universe), np.inf)
        least[self._at(data)] = greatest[self._at(data)] = [*self.values.values()]
        return IntegerRequirements(least=least, greatest=greatest)


@dataclass(frozen=True, slots=True)
class _Cut:
    """A trade that cuts a piece of a lot, or a lot of the dealer where `lots` is empty.

    Attributes:
        after: Quantity that would be held.
        lots: Ids of those of which a piece is cut.
        held: Quantities that can be held instead, that of today last.
    """

    after: float
    lots: tuple[str, ...]
    held: tuple[float, ...]


def allocate_in_pieces(prepared: Prepared) -> tuple[Prepared, Allocation]:
    """The allocation with trades in whole pieces, and the problem that it solves.

    Where no such quantities hold the limits, the trade stays as it is, with a warning. Nothing is bought in less than the least
    quantity of its quotation: of what would be, nothing is.

    Raises:
        Infeasible: where no weights hold the limits.
    """
    now, allocation = _in_pieces(prepared)
    while below := now.below_least(allocation):
        prepared = prepared.without_purchases(below)
        now, allocation = _in_pieces(prepared)
    return now, allocation


def _in_pieces(prepared: Prepared) -> tuple[Prepared, Allocation]:
    problem, allocation = _allocate(prepared)
    any_part = allocation
    now = prepared if problem is prepared.problem else replace(prepared, problem=problem)
    while found := _cut(now, allocation):  # each time of other assets
        for chosen in _tries(prepared, found):
            tried = _with_units(prepared, {**now.units, **chosen})
            try:
                allocation = solve(tried.problem, tried.strategy.solver, Work(tried.strategy.solver.time_limit))
            except ToolkitError:  # these quantities break a limit: the next
                continue
            now = tried
            break
        else:
            notes = (_left(now, key, cut) for key, cut in found.items() if len(cut.held) > 1)
            now = replace(now, inputs=replace(now.inputs, further=(*now.inputs.further, *notes)))
            break
    return now, allocation if allocation is any_part else replace(allocation, lots_gap=_gap(problem, allocation, any_part))


def _gap(problem: Problem, allocation: Allocation, any_part: Allocation) -> float | None:
    """The gap to the bound of trades of any part of a piece: that of the quantities that were set is of no other quantities."""
    objective, known = problem.objective, 0.0 if any_part.status != "feasible" else any_part.lots_gap
    minimised = objective.function(problem) is not None or objective.fraction(problem) is not None
    if known is None or not minimised or any_part.continuous.inside:
        return None
    bound = any_part.objective / (1.0 + known * np.sign(any_part.objective))
    return max(0.0, allocation.objective - bound) / abs(bound) if bound else None


def _allocate(prepared: Prepared) -> tuple[Problem, Allocation]:
    """The problem that has an answer, and the answer: what is kept is sold where nothing holds the limits without a sale."""
    strategy = prepared.strategy
    try:
        return allocate_giving_way(prepared.problem, strategy.solver)
    except Infeasible:
        selling = with_smallest_sale(prepared.problem, strategy.rebalance or RebalanceSpec(), strategy.solver)
        if selling is not None:
            with suppress(Infeasible):
                return allocate_giving_way(selling, strategy.solver)
        raise


def _tries(prepared: Prepared, found: Mapping[str, _Cut]) -> Iterator[dict[str, float]]:
    """Quantities by asset: the nearest; with another of one asset, by the money that it moves; those below; those held today.

    What is sold for a limit must often be a piece more of each asset.
    """
    prices = dict(zip(prepared.problem.universe.keys, prepared.prices.tolist(), strict=True))
    ranked = {
        key: sorted((abs(quantity - cut.after) * prices[key], quantity) for quantity in cut.held) for key, cut in found.items()
    }
    nearest = {key: options[0][1] for key, options in ranked.items()}
    others = sorted((far - options[0][0], key, other) for key, options in ranked.items() for far, other in options[1:])
    yield nearest
    yield from ({**nearest, key: other} for _, key, other in others[:ASSETS_TRIED])
    if len(found) > 1:
        yield {key: next((held for _, held in ranked[key] if held <= cut.after), nearest[key]) for key, cut in found.items()}
        yield {key: cut.held[-1] for key, cut in found.items()}


def _cut(prepared: Prepared, allocation: Allocation) -> dict[str, _Cut]:
    """Asset -> its trade that cuts a piece."""
    problem, owner, money = prepared.problem, prepared.request.owner, prepared.amounts(allocation)
    units, quantities, moving = (of.tolist() for of in (prepared.money.units, money.quantities, money.moved))
    trades = [*zip(problem.universe, units, quantities, moving, strict=True)]
    more = {asset.key for asset, before, after, moved in trades if after > before and moved}
    less = {
        asset.offer_of
        for asset in problem.universe
        if prepared.units.get(asset.key, math.inf) < prepared.held.units.get(asset.key, 0)
    }
    found: dict[str, _Cut] = {}
    for i, (asset, before, after, moved) in enumerate(trades):
        if not moved or asset.key in prepared.units:
            continue
        step = prepared.step(asset)
        if asset.key in less & more or (asset.offer_of in more and after < before):
            found[asset.key] = _Cut(after, (), (before,))  # no metal is sold and bought
            continue
        if before <= 0:
            continue
        if after > before:
            count = 0.0 if step is None else (after - before) / step
            if step is not None and abs(count - round(count)) > WHOLE_PIECES:
                found[asset.key] = _Cut(
                    after, (), _last(before, before + math.ceil(count) * step, before + math.floor(count) * step)
                )
            continue
        lots = tuple(lot for lot in prepared.held.of(asset.key) if prepared.why_kept(lot)[0] is None)
        rule = (float(prepared.prices[i]), owner.lot_order, prepared.request.as_of)

        def whole(quantity: float, lots=lots, rule=rule, step=step) -> float:
            return sum(sale.quantity for sale in sold(lots, quantity, *rule, step=step))

        wanted = before - after
        sale = whole(wanted)
        if not lots or wanted - sale <= LEAST_PART_OF_LOT * before:
            continue
        further = (sale + piece for piece in sorted(lot.piece or step or lot.quantity for lot in lots))
        fits = [up for up in further if up > wanted and abs(whole(up) - up) <= LEAST_PART_OF_LOT * before]
        partial = [one.lot.lot_id for one in sold(lots, wanted, *rule, whole=False) if one.quantity < one.lot.quantity]
        found[asset.key] = _Cut(after, tuple(partial), _last(before, before - sale, *(before - up for up in fits[:1])))
    return found


def _last(before: float, *others: float) -> tuple[float, ...]:
    return (*(one for one in others if one != before), before)


def _with_units(prepared: Prepared, units: Mapping[str, float]) -> Prepared:
    """The same with the quantities of some assets set."""
    problem, keys = prepared.problem, prepared.problem.universe.keys
    prices = dict(zip(keys, prepared.prices.tolist(), strict=True))
    term = WholePieces(name=NAME, values={key: quantity * prices[key] / prepared.budget for key, quantity in units.items()})
    lots = np.where([key in units for key in keys], np.nan, problem.lot_values)
    # The smallest sale is no number of whole pieces, and a whole piece more is sold than the limits ask.
    others = (one.without(units) if one.name == NO_FURTHER else one for one in problem.constraints)
    constraints = (*(one for one in others if one is not None), term)
    return replace(prepared, problem=replace(problem, constraints=constraints, lot_values=lots), units=units)


def _left(prepared: Prepared, key: str, cut: _Cut) -> Remark:
    """The warning of a trade that cannot be carried out as proposed."""
    i = prepared.problem.universe.keys.index(key)
    before = float(prepared.money.units[i])
    wanted = abs(before - cut.after)
    trades = sorted(abs(before - held) for held in cut.held)
    facts = {
        "quantity": wanted, "unit": prepared.problem.universe[key].unit, "asset": key,
        "value": wanted * float(prepared.prices[i]), "currency": prepared.request.owner.currency,
        "less": max(t for t in trades if t <= wanted), "more": max(trades),
    }  # fmt: skip
    if not cut.lots:
        text = message(
            "{quantity:,.6g} {unit} of {asset} ({value:,.2f} {currency}) are bought, which is no number of whole lots: neither "
            "{less:,.6g} nor {more:,.6g} hold the limits.",
            **facts,
        )
    else:
        text = message(
            "{quantity:,.6g} {unit} of {asset} ({value:,.2f} {currency}) are sold, which cuts a piece of {lots}: neither "
            "{less:,.6g} nor {more:,.6g} hold the limits.",
            lots=[*cut.lots],
            **facts,
        )
    return Remark("terms", text, message("Keep it with a constraint no_sell, or widen the limit."), (key,))
