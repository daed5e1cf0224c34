"""Solving at a position, in the process of the demo: no Django here, and nothing of a visitor.

The data package is read once. A problem of a scenario and a budget is prepared once; a step of risk aversion or of the limit
on controls changes a coefficient of it and solves again.
"""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

import numpy as np

from toolkit.app.allocation.amounts import AllocationAmounts
from toolkit.app.allocation.costs import strategy_costs
from toolkit.app.allocation.prepare import Prepared, prepare
from toolkit.app.allocation.request import Request
from toolkit.app.config import resolve
from toolkit.app.context import Context
from toolkit.app.controls.own_events import OwnEvents
from toolkit.app.controls.states import control_states
from toolkit.app.definitions import find
from toolkit.app.optimize import NoAnswer, optimize
from toolkit.app.prices import PriceFiles
from toolkit.app.report import as_document
from toolkit.app.report.pdf import printer
from toolkit.app.subjects import DEFAULT_REPORT, with_parts
from toolkit.controls.ledger import CHINA
from toolkit.core.errors import DataError, Infeasible, ToolkitError
from toolkit.market.sources.base import data_sources
from toolkit.optimize.allocate import allocate
from toolkit.optimize.constraints.base import LowerUpperLimited
from toolkit.optimize.constraints.exposure import ControlExposure
from toolkit.optimize.infeasibility.diagnose import has_answer
from toolkit.optimize.problem import Problem
from toolkit.optimize.solution import AS_GOOD
from toolkit.optimize.solvers.work import Work
from toolkit.records.sources import Provenance
from toolkit.report.document import Document
from toolkit.risk_measures.variance import volatility
from toolkit.strategy.decode import load_strategy
from toolkit.strategy.model import Strategy
from toolkit.supply.concentration import country_exposure
from toolkit.web.demo.position import AVERSION, BUDGET, CAP, SCENARIOS, Holding, Outcome, Position, Scenario, Start
from toolkit.web.demo.trial import Gap, gaps

HALF = 0.5
NOT_SHOWN = "personal"
"""Word of a licence whose data may be shown to nobody else."""
OWN = "files"
"""Source of the host's own files, which he shows if he likes."""
NAME = "under export control"
LOTS_SECONDS = 0.3
"""That whole lots may be sought: what a second finds is nearly always found by then."""
EVENT = {
    "event_id": "scenario",
    "kind": "control",
    "standing": "official",
    "authority": "scenario",
    "origin": "China",
    "citation": "scenario of the live demo",
}
"""What the event of every scenario says."""


class Demo:
    """Everything that answers are made from.

    Args:
        day: Day of knowledge.
        prices: The host's own price files; bundled prices where there are none.
    """

    def __init__(self, day: date, prices: tuple[str, ...] = ()) -> None:
        self._day = day
        self._prices = PriceFiles(prices) if prices else None
        self._context = Context(resolve({}), day, today=day)
        self._context.snapshot  # noqa: B018  # read before the first visitor asks
        self._prepared = functools.lru_cache(maxsize=64)(self._prepare)
        self._events_of = functools.lru_cache(maxsize=64)(self._events)

    def start(self, strategy: str) -> Start:
        """Where the sliders of a strategy stand at first.

        Raises:
            DataError: where its data may not be shown.
        """
        loaded, owner = _load(strategy), self._context.settings.config.owner
        aversion = getattr(loaded.objective, "risk_aversion", None)
        limit = _limit(loaded)
        position = Position(
            strategy,
            BUDGET.on_grid(owner.budget),
            AVERSION.least if aversion is None else AVERSION.on_grid(aversion),
            CAP.most if limit is None or limit.upper is None else CAP.on_grid(100 * limit.upper),
        )
        prepared = self._prepared_for(strategy, "today", position.budget)
        has_cap = prepared.problem.data.controlled is not None
        found = Start(
            position, loaded.about.title, owner.currency, aversion is not None, has_cap, printer(os.environ) is not None
        )
        return replace(found, least_cap=self._first_cap(position)) if has_cap else found

    def _first_cap(self, position: Position) -> float:
        """The least limit at which each scenario has an answer that has one at the start."""
        lowest = [replace(position, cap=CAP.least, whole=False, scenario=scenario) for scenario in SCENARIOS]
        least = [self._least_cap(one) for one in lowest if self.solve(one).status == "infeasible"]
        return max((cap for cap in least if cap is not None and cap <= position.cap), default=CAP.least)

    def solve(self, position: Position) -> Outcome:
        """The answer at a position; no answer is an answer too."""
        currency = self._context.settings.config.owner.currency
        try:
            return self._solve(position, currency)
        except Infeasible as error:
            conflict = tuple(error.details.get("conflict", ()))
            least = self._least_cap(position)
            return Outcome("infeasible", self._day.isoformat(), currency, conflict=conflict, least_cap=least)
        except ToolkitError as error:
            return Outcome("failed", self._day.isoformat(), currency, conflict=(error.kind,))

    def _problem_at(self, position: Position) -> tuple[Prepared, Problem]:
        """What was prepared for a position, and the problem there."""
        prepared = self._prepared_for(position.strategy, position.scenario, position.budget)
        problem = _problem(prepared, _at(prepared.strategy, position), position.budget)
        if not position.whole:
            problem = replace(
                problem, constraints=tuple(one for one in problem.constraints if one.integer(problem.data) is None)
            )
        return prepared, problem

    def _least_cap(self, position: Position) -> float | None:
        """The smallest limit of the slider above a position without an answer that has one: more never has less room."""

        def has_one(cap: float) -> bool:
            return has_answer(self._problem_at(replace(position, cap=cap))[1], work.part(work.left / 4))

        work, low, high = Work(LOTS_SECONDS), position.cap, CAP.most
        if low >= high or not has_one(high):
            return None
        while high - low > CAP.step:
            middle = CAP.on_grid((low + high) / 2)
            low, high = (low, middle) if has_one(middle) else (middle, high)
        return high

    def _solve(self, position: Position, currency: str) -> Outcome:
        prepared, problem = self._problem_at(position)
        solver = prepared.strategy.solver
        allocation = allocate(problem, solver.model_copy(update={"time_limit": min(solver.time_limit, LOTS_SECONDS)}))
        money = AllocationAmounts.of(problem, allocation, prepared.prices, prepared.money.units, position.budget)
        data, keys = problem.data, problem.universe.keys
        days = [level.date for level, weight in zip(problem.forecast.levels, money.weights, strict=True) if weight > 0]
        controlled = [False] * len(keys) if data.controlled is None else [bool(one) for one in data.controlled]
        supply = country_exposure(dict(zip(keys, money.weights.tolist(), strict=True)), prepared.inputs.supply)
        countries = supply.as_mapping()
        largest = max(countries, key=lambda code: countries[code], default=None)
        holdings = tuple(
            Holding(
                asset.key,
                asset.name,
                float(money.weights[i]),
                float(money.values[i]),
                None if asset.lot_size is None or not position.whole else round(float(money.quantities[i]) / asset.lot_size),
                controlled[i],
            )
            for i, asset in enumerate(problem.universe)
        )
        return Outcome(
            status="optimal",
            as_of=self._day.isoformat(),
            currency=currency,
            holdings=holdings,
            cash=money.cash / money.wealth,
            volatility=float(volatility(problem.forecast, money.weights)),
            controlled=None if data.controlled is None else float(data.controlled @ money.weights),
            country=None if largest is None else (largest, countries[largest]),
            cost=float(problem.costs.annual(money.values / position.budget, problem.previous, position.budget))
            * position.budget
            / money.wealth,
            further=self._further(position.strategy) if position.scenario == "wider" else (),
            oldest=min(days).isoformat() if days else "",
            wealth=money.wealth,
            exceeded=tuple(limit.name for limit in allocation.limits if (limit.slack or 0.0) < -AS_GOOD),
        )

    def trial(self, strategy: str) -> tuple[Gap, ...]:
        """What is missing over the ranges of a strategy's sliders.

        Raises:
            ToolkitError: where it, or its data, cannot be shown.
        """
        return gaps(self.start(strategy), self.solve)

    def document(self, position: Position, language: str) -> Document:
        """The report of the toolkit at a position: its scenario is in the ledger as events of one's own.

        Args:
            position: On the grid.
            language: Code.

        Raises:
            DataError: where its data, or those of the parts beside the answer, may not be shown.
        """
        context = self._context_of(position.strategy, position.scenario, position.budget)
        strategy = _at(_load(position.strategy), position)
        try:
            record = optimize(Request(strategy, context, budget_given=True, prices=self._prices)).record
        except NoAnswer as error:
            record = error.record
        parts = with_parts(record, context).parts
        _check_shown((*record.data, *(row for part in parts.found for row in part.data)))
        return as_document(record, parts, name=DEFAULT_REPORT[record.kind], lang=language)[0]

    def _prepared_for(self, strategy: str, scenario: Scenario, budget: float) -> Prepared:
        """The problem at the configured budget; at its own where market impact grows with it."""
        costs = _load(strategy).costs
        usual = self._context.settings.config.owner.budget
        return self._prepared(strategy, scenario, usual if costs is None or costs.impact == 0 else budget)

    def _prepare(self, strategy: str, scenario: Scenario, budget: float) -> Prepared:
        context = self._context_of(strategy, scenario, budget)
        prepared = prepare(Request(_load(strategy), context, budget_given=True, prices=self._prices))
        _check_shown(prepared.inputs.snapshot.provenance(prepared.used_rows()))
        return prepared

    def _context_of(self, strategy: str, scenario: Scenario, budget: float) -> Context:
        """The data package with the controls of a scenario, and with a budget."""
        base, events = self._context, self._events_of(strategy, scenario)
        settings = resolve({"owner.budget": budget})
        if events is None:
            return base.under(settings)
        return Context(settings, base.as_of, events, today=base.today, package=base.market)

    def _further(self, strategy: str) -> tuple[str, ...]:
        """Metals of a strategy of which China makes half or more and that no control is on today."""
        prepared = self._prepared_for(strategy, "today", self._context.settings.config.owner.budget)
        data, supply = prepared.problem.data, prepared.inputs.supply
        controlled = np.zeros(len(data.universe)) if data.controlled is None else data.controlled
        free = [key for key, is_controlled in zip(data.universe.keys, controlled, strict=True) if not is_controlled]
        return tuple(key for key in free if key in supply and (supply[key].share(CHINA) or 0.0) >= HALF)

    def _events(self, strategy: str, scenario: Scenario) -> OwnEvents | None:
        """The events of a scenario, in the form of a user's own; None where it changes nothing."""
        if scenario == "today":
            return None
        if scenario == "wider":
            metals = sorted(self._further(strategy))
            event = {"instrument": "licence", "metals": metals, "forms": ["any"]}
        else:
            destination = self._context.settings.config.owner.country
            states = control_states(self._context.ledger, self._context.products, self._day, destination)
            counted = [
                measure for state in states for measure in state.measures if measure.counts and measure.status == "in_force"
            ]
            metals = sorted({metal for measure in counted for metal in measure.metals})
            acts_on = sorted({measure.event_id for measure in counted})
            event = {"instrument": "repeal", "metals": metals, "acts_on": acts_on, "relation": "repeals", "direction": "loosen"}
        return self._read({**EVENT, **event}) if metals else None

    def _read(self, event: Mapping[str, Any]) -> OwnEvents | None:
        day = self._day.isoformat()
        lines = [f"{key} = {json.dumps(value)}" for key, value in event.items()]
        with TemporaryDirectory() as folder:
            path = Path(folder) / "scenario.toml"
            path.write_text("\n".join(["[[event]]", *lines, f"announced = {day}", f"effective = {day}", ""]), encoding="utf-8")
            base = self._context
            return Context(base.settings, self._day, str(path), today=self._day, package=base.market).events


def _check_shown(rows: Iterable[Provenance]) -> None:
    """Refuse data whose terms keep them to who fetched them."""
    for row in rows:
        source = data_sources().get(row.source_id.partition(" (")[0])
        kept = source is not None and source.use != "bundling" and row.source_id.partition(" (")[0] != OWN
        if kept or NOT_SHOWN in row.licence.lower():
            hint = "Start the portal without the store, or with a strategy that does not use this source."
            raise DataError(f"{row.source} may not be shown to others: {row.licence}.", hint=hint)


@functools.lru_cache(maxsize=64)
def _load(strategy: str) -> Strategy:
    return load_strategy(find("strategies", strategy).path, ())


def _limit(strategy: Strategy) -> LowerUpperLimited | None:
    """The limit on what is under export control for the owner's country."""
    needs = ControlExposure(name=NAME, upper=1.0).needs
    found = (one for one in strategy.constraints if one.needs == needs)
    return cast("LowerUpperLimited | None", next(found, None))


def _at(strategy: Strategy, position: Position) -> Strategy:
    """The strategy with the objective and the limit of a position."""
    objective, limit, upper = strategy.objective, _limit(strategy), position.cap / 100
    if hasattr(objective, "risk_aversion"):
        objective = objective.model_copy(update={"risk_aversion": position.aversion})
    if limit is None:
        constraints = (*strategy.constraints, ControlExposure(name=NAME, upper=upper))
    else:
        changed = limit.model_copy(update={"upper": upper})
        constraints = tuple(changed if one is limit else one for one in strategy.constraints)
    return strategy.model_copy(update={"objective": objective, "constraints": constraints})


def _problem(prepared: Prepared, strategy: Strategy, budget: float) -> Problem:
    """The prepared problem with the terms of a strategy and another budget: no risk is estimated again.

    Args:
        prepared: Without holdings.
        strategy: The prepared one with other coefficients.
        budget: In the reporting currency.
    """
    problem = prepared.problem
    if budget == prepared.budget:
        return replace(problem, objective=strategy.objective, constraints=strategy.constraints)
    costs, _ = strategy_costs(
        strategy.costs,
        problem.universe,
        known=prepared.inputs.products,
        prices=prepared.prices,
        volatility=np.sqrt(problem.forecast.variances),
        production={},
        budget=budget,
        premium=problem.costs.premium,
    )
    data = replace(problem.data, budget=budget)
    lots = problem.lot_values * (prepared.budget / budget)
    return replace(
        problem, objective=strategy.objective, constraints=strategy.constraints, costs=costs, data=data, lot_values=lots
    )
