"""Every named limit, re-checked on the final weights and priced where the certificate has a price."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from toolkit.core.forecast import FloatArray
from toolkit.optimize.constraints.base import Constraint, HoldingCount, HoldLimited
from toolkit.optimize.costs import TRADED
from toolkit.optimize.functions import OBJECTIVE, ConvexConstraint
from toolkit.optimize.problem import LinearConstraints, Problem
from toolkit.optimize.risk_contribution import RiskContributionLimit
from toolkit.optimize.shadow_prices import BINDING, Price, ShadowPrices
from toolkit.optimize.solvers.continuous import Continuous
from toolkit.optimize.solvers.solve import Order


@dataclass(frozen=True, slots=True)
class LimitReport:
    """One named constraint, re-checked on the final weights.

    Attributes:
        value: At the row nearest to its limit (or furthest beyond it).
        limit: Of that row, as the strategy states it.
        hold_limit: Beyond which what is held is sold; None where that is `limit`.
        side: ``upper`` or ``lower``.
        where: What the row speaks of.
        slack: Distance to the limit that holds, that of what has grown through it, negative when broken.
        binding: Whether the continuous optimum touches the limit.
        shadow_price: Fall of the objective per unit by which the whole limit is relaxed, that of holding where it holds (None
            where there is no certificate).
        shadow_price_less: Rise of the objective per unit by which it is tightened; None where that leaves no answer, or
            nothing is known of it.
    """

    name: str
    kind: str
    value: float | None = None
    limit: float | None = None
    hold_limit: float | None = None
    side: str | None = None
    where: str | None = None
    slack: float | None = None
    binding: bool | None = None
    shadow_price: float | None = None
    shadow_price_less: float | None = None


def limit_reports(
    problem: Problem,
    x: FloatArray,
    continuous: Continuous,
    *,
    relaxed: LinearConstraints,
    wealth: float = 1.0,
    order: Order | None = None,
) -> tuple[LimitReport, ...]:
    """One report a named constraint at x, (n + 1,), and one for a limit that the objective itself sets.

    Args:
        problem: Whose constraints are told.
        x: The final weights.
        continuous: The continuous optimum.
        relaxed: Its rows with the limits that it was held to.
        wealth: After the costs of the final trades, as a fraction of the budget.
        order: Solvers to try where a price is found by solving again.
    """
    reports, limits = [], problem.linear_constraints()
    values, relaxed_slack = limits.rows.matvec(x), relaxed.h - relaxed.rows.matvec(continuous.x)
    curved = {own.owner: own for own in problem.convex_constraints()}
    contributions, found = problem.risk_contributions(), ShadowPrices.of(problem, relaxed, continuous, order)
    for position, constraint in enumerate(problem.constraints):
        rows = [row for row, owner in enumerate(limits.owner) if owner == position]
        if position in curved:
            price = None if found is None else found.convex(position)
            reports.append(_on_convex(constraint.name, constraint.kind, curved[position], x, continuous.x, price, wealth))
            continue
        if own := [contribution for contribution in contributions if contribution.owner == position]:
            price = None if found is None else found.convex(position)
            reports.append(_on_contributions(constraint, own, x, continuous.x, 0.0 if price is None else price.more))
            continue
        if not rows:
            discrete = constraint.integer(problem.data)
            counts = () if discrete is None else discrete.counts
            reports.append(_on_count(constraint, counts[0], x) if counts else LimitReport(constraint.name, constraint.kind))
            continue
        row = min(rows, key=lambda r: (limits.h[r] - values[r], r))
        sign = 1.0 if limits.sides[row] == "upper" else -1.0
        price = None if found is None else found.rows(rows, position)
        limit, most = float(sign * limits.h[row]) + 0.0, None
        if sign > 0 and isinstance(constraint, HoldLimited) and constraint.upper is not None:
            limit, most = constraint.upper, constraint.most_held
        reports.append(
            LimitReport(
                name=constraint.name,
                kind=constraint.kind,
                value=float(sign * values[row]) + 0.0,
                limit=limit,
                hold_limit=None if most == limit else most,
                side=limits.sides[row],
                where=limits.labels[row],
                slack=float(limits.h[row] - values[row]),
                binding=bool(min(relaxed_slack[rows]) <= BINDING),
                shadow_price=price and price.more,
                shadow_price_less=price and price.less,
            )
        )
    if (own := problem.objective.limit(problem)) is not None:
        price = None if found is None else found.convex(OBJECTIVE)
        reports.append(_on_convex(f"objective.{own[0]}", problem.objective.kind, own[1], x, continuous.x, price, wealth))
    return tuple(reports)


def _on_convex(
    name: str, kind: str, own: ConvexConstraint, x: FloatArray, relaxed: FloatArray, price: Price | None, wealth: float
) -> LimitReport:
    """The report of a limit on a convex function, in the power in which its user speaks of it."""
    power = own.power
    value, limit = own.at(wealth).function.value(x) ** power, own.limit**power
    unit = power * own.limit ** (power - 1)  # d limit^power / d limit: the multiplier belongs to the limit of the root
    return LimitReport(
        name=name,
        kind=kind,
        value=value,
        limit=limit,
        side="upper",
        where=own.function.label,
        slack=limit - value,
        binding=own.excess(relaxed) >= -BINDING,
        shadow_price=None if price is None else price.more / unit,
        shadow_price_less=None if price is None or price.less is None else price.less / unit,
    )


def _on_count(constraint: Constraint, count: HoldingCount, x: FloatArray) -> LimitReport:
    """The report of a number of holdings, on the side that is nearer: the continuous problem knows no price of it."""
    number = int(count.members @ (np.abs(x[:-1]) > TRADED))
    sides = {"upper": (count.most, 1), "lower": (count.fewest or None, -1)}
    slack, side = min((sign * (limit - number), side) for side, (limit, sign) in sides.items() if limit is not None)
    return LimitReport(
        name=constraint.name,
        kind=constraint.kind,
        value=float(number),
        limit=float(sides[side][0] or 0),
        side=side,
        slack=float(slack),
        binding=slack <= 0,
    )


def _on_contributions(
    constraint: Constraint, contributions: Sequence[RiskContributionLimit], x: FloatArray, relaxed: FloatArray, price: float
) -> LimitReport:
    """The report of a limit on contributions to risk, at the largest."""
    largest = max(contributions, key=lambda contribution: contribution.value(x[:-1]))
    value, limit = largest.value(x[:-1]), largest.limit
    touched = max(contribution.value(relaxed[:-1]) for contribution in contributions) >= limit - BINDING
    return LimitReport(
        name=constraint.name,
        kind=constraint.kind,
        value=value,
        limit=limit,
        side="upper",
        where=largest.label,
        slack=limit - value,
        binding=touched,
        shadow_price=price,
    )
