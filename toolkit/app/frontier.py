"""The efficient frontier of a strategy, from the request to a table of points."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from toolkit.app.allocation.prepare import prepare
from toolkit.app.allocation.request import Request
from toolkit.app.runs import SCHEMA_VERSION, csv_text
from toolkit.core.messages import message
from toolkit.optimize.analysis.frontier import Frontier, Point, frontier
from toolkit.optimize.problem import Problem
from toolkit.records.frontier import EfficientFrontier, FrontierPoint, FrontierSolver
from toolkit.records.sources import StrategyName


def csv_of(found: EfficientFrontier) -> str:
    """Points and turning points: one column an asset, cash, and what changes at a turning point."""
    figures = ("point", "target", "risk_aversion", "volatility", "expected", "cost")
    rows = (
        [*(getattr(row, figure) for figure in figures), *(row.weights[asset] for asset in found.assets), row.cash,
         "; ".join(row.changes)]
        for row in found.in_order
    )  # fmt: skip
    return csv_text([[*figures, *found.assets, "cash", "critical"], *rows])


def efficient_frontier(request: Request, points: int) -> EfficientFrontier:
    """The frontier under the constraints of a strategy, whole lots relaxed.

    Raises:
        ToolkitError: of the kind that says who can help.
    """
    prepared = prepare(request)
    strategy, inputs = prepared.strategy, prepared.inputs
    # The frontier is of weights: what a lot is worth plays no part.
    problem = replace(prepared.problem, lot_values=np.full(len(inputs.universe), np.nan))
    forecast = problem.forecast
    found = frontier(problem, points, prepared.strategy.solver)
    return EfficientFrontier(
        schema_version=SCHEMA_VERSION,
        as_of=request.as_of.isoformat(),
        strategy=StrategyName(name=strategy.name, title=strategy.about.title, fingerprint=strategy.fingerprint),
        currency=request.owner.currency,
        against=found.against,
        assets=inputs.universe.keys,
        points=tuple(_point(problem, found, at, point=number) for number, at in enumerate(found.points, 1)),
        critical=tuple(_point(problem, found, at.point, changes=at.changes) for at in found.critical),
        unresolved=found.unresolved,
        solver=FrontierSolver(name=found.solver, worst_residual=found.worst),
        notes=(*_notes(problem, found), *(remark.text for remark in problem.notes()), *forecast.notes),
        data=inputs.snapshot.provenance(prepared.used_rows()),
    )


def _point(problem: Problem, found: Frontier, at: Point, **more: Any) -> FrontierPoint:
    """A point with its figures; without a forecast of returns the expected return is not zero but not known."""
    return FrontierPoint.from_objects(
        at,
        target=at.reward,
        expected=at.expected if found.against == "return" else None,
        weights=dict(zip(problem.universe.keys, at.weights[:-1], strict=True)),
        cash=at.weights[-1],
        **more,
    )


def _notes(problem: Problem, found: Frontier) -> list[str]:
    """Notes on the axes of the frontier and on relaxed constraints."""
    if found.against == "cost":
        traded = message("target is minus the cost a year: the strategy forecasts no returns, so risk is traded against cost")
    elif problem.costs.in_objective:
        traded = message("target is expected return less costs a year, before entry costs of a trade")
    else:
        traded = message("target is expected return a year")
    notes: list[str] = [message("{traded}; risk is variance, whatever the strategy's own objective.", traded=traded)]
    convex = {limit.owner for limit in problem.convex_constraints()}
    held = convex | set(problem.linear_constraints().owner)
    relaxed = [constraint.name for i, constraint in enumerate(problem.constraints) if i not in held]
    if relaxed:
        notes.append(message("Not part of the frontier: {names!r}.", names=relaxed))
    if convex:
        names = [problem.constraints[i].name for i in sorted(convex)]
        notes.append(message("Under {names!r} each point is solved by itself, and no turning points are told.", names=names))
    if problem.costs.impact.any():
        notes.append(message("Costs along the frontier leave out market impact, which is not linear."))
    notes += [
        message(
            "Turning points between {low:.6g} and {high:.6g} were not found exactly: several rows turn there at once.",
            low=low,
            high=high,
        )
        for low, high in found.unresolved
    ]
    return notes
