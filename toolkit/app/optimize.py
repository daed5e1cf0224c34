"""`propose`: from a request to a run record, in the order of the design's sentence: market, forecast, allocation, record."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from toolkit import __version__
from toolkit.app.config import Settings
from toolkit.app.definitions import find
from toolkit.app.exchange import last_rate
from toolkit.app.forecast import strategy_forecast
from toolkit.app.inputs import Inputs, gather
from toolkit.app.record import run_record
from toolkit.app.runs import run_id, store
from toolkit.core.assets import Universe
from toolkit.core.errors import GapError, SpecError
from toolkit.data.files.holdings import read_holdings
from toolkit.factors.forecast import FloatArray
from toolkit.optimize.allocate import Solver, allocate
from toolkit.optimize.problem import Costs, Problem
from toolkit.optimize.terms.base import Facts
from toolkit.optimize.terms.exposure import DEFAULT_INSTRUMENTS, ControlExposure, CountryExposure
from toolkit.strategy.decode import load_strategy
from toolkit.strategy.model import Strategy, months
from toolkit.supply.concentration import SupplyShares, supply_shares

LIBRARIES = ("clarabel", "cvxpy", "numpy", "piqp", "polars", "scipy")


@dataclass(frozen=True, slots=True)
class Request:
    """What a user asks for.

    Attributes:
        strategy: Name or path.
        overrides: `--set` options.
        budget_given: Whether the budget was asked for on this call, rather than being the configured default.
        prices, holdings: Files, None for the bundled prices and for an empty start.
    """

    strategy: str
    settings: Settings
    as_of: date
    overrides: tuple[str, ...] = ()
    budget_given: bool = False
    prices: str | None = None
    prices_currency: str = "USD"
    holdings: str | None = None
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Result:
    """A finished proposal: the run object of the contract, and what it was made from."""

    record: Mapping[str, Any]
    inputs: Mapping[str, Any]
    folder: Path

    def save(self, *, report: bool) -> Path:
        """Write the run folder, with the HTML report if asked for, and return it."""
        if not report:
            return store(self.folder, self.record, self.inputs, None)
        # The report's libraries take as long to import as the solver: only who wants a report pays.
        from toolkit.app.report import report_html  # noqa: PLC0415

        return store(self.folder, self.record, self.inputs, lambda: report_html(self.record))


def propose(request: Request) -> Result:
    """Propose an allocation.

    Raises:
        ToolkitError: of the kind that says who can help.
    """
    config = request.settings.config
    currency, destination = config.owner.currency, config.owner.country
    strategy = load_strategy(find("strategies", request.strategy).path, request.overrides)
    inputs = gather(strategy, request.settings, request.as_of, prices=request.prices, prices_currency=request.prices_currency)
    forecast = strategy_forecast(strategy, inputs, currency, destination)
    rates = {level.currency: last_rate(inputs.snapshot["fx"], level.currency, currency) for level in forecast.levels}
    prices = np.array([level.price * rates[level.currency].value for level in forecast.levels])
    held, budget = _holdings(request, inputs, prices, config.owner.budget)
    facts = _facts(strategy, inputs, request.as_of, destination, budget, held * prices / budget)
    universe = inputs.universe
    costs = Costs.of(universe)
    if strategy.costs is not None:
        spec = strategy.costs
        costs = Costs.of(
            universe,
            include=spec.include,
            fee=spec.fee,
            holding_years=months(spec.holding_period) / 12,
            in_objective=True,
        )
    lots = np.array([np.nan if asset.lot_size is None else asset.lot_size for asset in universe])
    problem = Problem(forecast, facts, strategy.objective, strategy.constraints, costs, lots * prices / budget)
    solver = Solver(strategy.solver.order, strategy.solver.time_limit, strategy.solver.gap)
    allocation = allocate(problem, solver)

    used = _used_rows(inputs, currency)
    provenance = [record.to_json() for record in inputs.snapshot.provenance(used)]
    made_from = {
        "as_of": request.as_of.isoformat(),
        "strategy": {"name": strategy.name, "fingerprint": strategy.fingerprint, **strategy.canonical()},
        "settings": {"country": destination, "currency": currency, "budget": budget},
        "prices": inputs.own_prices,
        "holdings": None if request.holdings is None else [float(quantity) for quantity in held],
        "data": {f"{entry['table']}/{entry['source_id']}": entry["sha256"] for entry in provenance},
        "versions": {"toolkit": __version__, "python": platform.python_version(), **{n: version(n) for n in LIBRARIES}},
        "seed": request.seed,
    }
    record = run_record(
        run_id=run_id(request.as_of.isoformat(), strategy.name, made_from),
        as_of=request.as_of,
        owner={"country": destination, "currency": currency},
        budget=budget,
        strategy=strategy,
        inputs=inputs,
        problem=problem,
        allocation=allocation,
        prices=prices,
        held=held,
        rates=rates,
        provenance=provenance,
        versions=made_from["versions"],
    )
    return Result(record, made_from, Path(config.output.folder))


def _holdings(request: Request, inputs: Inputs, prices: FloatArray, budget: float) -> tuple[FloatArray, float]:
    """Units held today, (n,), and the budget: stored and travelling lots count, orders and plans do not.

    Raises:
        SpecError: when the holdings are worth more than the budget that was asked for.
    """
    universe = inputs.universe
    if request.holdings is None:
        return np.zeros(len(universe)), budget
    forms = {asset.key: (asset.form,) if asset.form else () for asset in inputs.products}
    frame = read_holdings(request.holdings, known_assets=forms, today=date.today()).frame
    owned = frame.filter(pl.col("status").is_in(["stored", "in_transit"]))
    mass = dict(owned.group_by("asset").agg(pl.col("mass").sum()).iter_rows())
    outside = sorted(set(mass) - set(universe.keys))
    if outside:
        raise GapError(
            f"the holdings list {', '.join(outside)}, which the strategy cannot hold or which has no price.",
            hint="Take them out of the file, or use a strategy whose universe has them.",
            details={"assets": outside},
        )
    held = np.array([mass.get(key, 0.0) for key in universe.keys])
    worth = float(held @ prices)
    if worth > budget:
        if request.budget_given:
            raise SpecError(
                f"the holdings are worth {worth:,.0f}, more than the budget of {budget:,.0f}.", hint="Raise --budget."
            )
        budget = float(np.ceil(worth))
    return held, budget


def _facts(strategy: Strategy, inputs: Inputs, day: date, destination: str, budget: float, previous: FloatArray) -> Facts:
    universe = inputs.universe

    def controls(to: str, instruments: tuple[str, ...]) -> FloatArray:
        return np.array(
            [
                asset.form is not None
                and asset.key in inputs.products
                and inputs.ledger.is_controlled(asset.key, asset.form, on=day, destination=to, instruments=instruments)
                for asset in universe
            ],
            dtype=float,
        )

    asked = {
        (constraint.destination or "", constraint.instruments): controls(
            constraint.destination or destination, constraint.instruments
        )
        for constraint in strategy.constraints
        if isinstance(constraint, ControlExposure)
    }
    stages = {c.stage for c in strategy.constraints if isinstance(c, CountryExposure) and c.stage is not None}
    known = {key: supply for key, supply in inputs.supply.items() if key in universe}
    return Facts(
        universe=universe,
        budget=budget,
        countries=_country_rows(universe, known),
        stages={stage: _country_rows(universe, _at_stage(inputs, stage)) for stage in sorted(stages)},
        controlled=None if len(inputs.unknown) == len(universe) else controls(destination, DEFAULT_INSTRUMENTS),
        controls_by=asked,
        unknown_supply=tuple(key for key in universe.keys if key not in known),
        unknown_assets=inputs.unknown,
        previous=previous,
    )


def _at_stage(inputs: Inputs, stage: str) -> Mapping[str, SupplyShares]:
    shares = inputs.snapshot["shares"].filter(pl.col("stage") == stage)
    there = set(shares["asset"])
    return {key: supply_shares(shares, key, stage) for key in inputs.universe.keys if key in there}


def _country_rows(universe: Universe, supply: Mapping[str, SupplyShares]) -> dict[str, FloatArray]:
    """Country -> (n,) share of each asset's supply; the unnamed remainder is many countries and has no row."""
    countries = sorted({country for shares in supply.values() for country in shares.countries})
    return {
        country: np.array([supply[key].share(country) if key in supply else 0.0 for key in universe.keys])
        for country in countries
    }


def _used_rows(inputs: Inputs, currency: str) -> dict[str, pl.DataFrame]:
    """The rows behind the numbers, for hashes and ages: a table that was not read is not listed."""
    tables = ["prices"]
    if set(inputs.prices["currency"].unique()) != {currency}:
        tables.append("fx")
    if len(inputs.unknown) < len(inputs.universe):
        tables += ["products", "shares", "flows", "controls", "control_scopes"]
    frames = {table: inputs.snapshot[table] for table in tables}
    return {table: frame for table, frame in frames.items() if frame.height}
