"""This toolkit, as it is called, and its core alone: a covariance in factor form, a problem, an allocation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import piqp
import polars as pl

import toolkit as tk
from benchmarks.optimizer.data import AVERSION, CAP, GROUPS, TAIL, YEAR, Array, group, measure_of, names
from toolkit.core.assets import Asset, Universe
from toolkit.core.forecast import Forecast
from toolkit.optimize.allocate import allocate
from toolkit.optimize.analysis.frontier import Frontier, frontier
from toolkit.optimize.constraints import constraint_kinds
from toolkit.optimize.constraints.base import Constraint, ConstraintData
from toolkit.optimize.costs import Costs
from toolkit.optimize.objectives import objective_kinds
from toolkit.optimize.problem import Problem
from toolkit.scenarios.sets import Scenarios

KINDS = {"hrp": "hierarchical_risk_parity", "min_cvar": "min_risk", "frontier": "max_utility", "what_if": "min_risk"}
CAPPED = ("min_risk", "max_utility", "frontier", "what_if")


def forecast(returns: Array, keys: tuple[str, ...]) -> Forecast:
    """The sample covariance and mean a year; where assets outnumber days, the days themselves are the factors."""
    days, n = returns.shape
    mean = returns.mean(axis=0)
    rows = (returns - mean) * np.sqrt(YEAR / (days - 1))
    loadings = np.linalg.cholesky(rows.T @ rows) if n < days else rows.T
    factors = tuple(f"component_{i}" for i in range(loadings.shape[1]))
    cov = np.eye(len(factors))
    return Forecast(keys, factors, loadings, cov, np.zeros(n), YEAR * mean, float(YEAR), "sample", ())


def constraints(cap: float, *, capped: bool) -> tuple[Constraint, ...]:
    """Fully invested, and a cap on each group."""
    kinds = constraint_kinds()
    told = [{"name": "no cash", "kind": "cash", "upper": 0.0}]
    told += [{"name": f"cap {group(g)}", "kind": "group", "groups": (group(g),), "upper": cap} for g in range(GROUPS * capped)]
    return tuple(kinds[str(one["kind"])].model_validate(one) for one in told)


def prepared(case: str, n: int) -> Callable[[Array], Problem]:
    """From returns to the problem."""
    universe = Universe(tuple(Asset(key=key, name=key, group=group(i)) for i, key in enumerate(names(n))))
    kind = "min_risk" if measure_of(case) else KINDS.get(case, case)
    told = {"kind": kind, "risk_aversion": AVERSION} if kind in ("max_utility", "min_risk") else {"kind": kind}
    if case == "min_cvar":
        told |= {"measure": "cvar", "confidence": 0.95}
    if (measure := measure_of(case)) is not None:
        told = {"kind": "min_risk", "measure": measure}
    objective = objective_kinds()[kind].model_validate(told)
    terms = () if case == "hrp" else constraints(CAP, capped=case in CAPPED)
    costs, lots = Costs.of(universe), np.full(n, np.nan)

    def of(returns: Array) -> Problem:
        data = ConstraintData(universe=universe, budget=1e6)
        if case == "min_cvar" or measure is not None:
            even = np.full(len(returns), 1 / len(returns))
            days = Scenarios(universe.keys, returns, even, ordered=True, kind="historical", periods_per_year=float(YEAR))
            data = replace(data, scenarios=days)
        return Problem(forecast(returns, universe.keys), data, objective, terms, costs, lots)

    return of


def run(case: str, returns: Array) -> Callable[[], Array]:
    """What is timed: from returns to weights, (n,); of a frontier, (turning points, n), between which weights are linear.

    Universe, strategy and problem are built within the clock, as the models of the peers are.
    """
    n = returns.shape[1]
    if case == "frontier":
        return lambda: turning(frontier(prepared(case, n)(returns), 50))
    return lambda: allocate(prepared(case, n)(returns)).weights


def public(case: str, returns: Array) -> Callable[[], Array] | None:
    """`tk.optimize` from a frame to the frame of weights: model, records and checks of the data are within the clock."""
    n = returns.shape[1]
    start, days = date(1990, 1, 1), len(returns)
    every = pl.date_range(start, start + timedelta(days=2 * days), eager=True)
    weekdays = every.filter(every.dt.weekday() < 6).head(days).alias("date")  # Monday to Friday
    frame = pl.DataFrame(returns, schema=names(n)).insert_column(0, weekdays)
    caps = [tk.Group(names(n)[g::GROUPS], name=group(g), upper=CAP) for g in range(min(GROUPS, n))]
    measure = measure_of(case)
    made = {
        "min_risk": tk.MinRisk(),
        "max_utility": tk.MaxUtility(risk_aversion=AVERSION),
        "max_ratio": tk.MaxRatio(),
        "max_diversification": tk.MaxDiversification(),
        "risk_parity": tk.RiskParity(),
        "hrp": tk.HierarchicalRiskParity(),
        "min_cvar": tk.MinRisk(measure="cvar", confidence=1 - TAIL),
    }
    objective = made.get(case) if measure is None else tk.MinRisk(measure=measure)
    if objective is None:
        return None
    mean = {"returns": tk.HistoricalReturns(shrinkage=0.0)} if case in ("max_utility", "max_ratio") else {}
    strategy = tk.Strategy(
        objective=objective,
        constraints=[] if case == "hrp" else [tk.Cash(upper=0.0), *(caps if case in CAPPED else ())],
        forecast=tk.ForecastSpec(covariance=tk.SampleCovariance(), scenarios=tk.HistoricalScenarios(mean="history"), **mean),
    )

    def solved() -> Array:
        found = tk.optimize(strategy, returns=frame, currency="EUR").weights
        weights = dict(found.select("asset", "weight").iter_rows())
        return np.array([weights[name] for name in names(n)])

    return solved


def turning(found: Frontier) -> Array:
    """(turning points, n) weights."""
    if found.unresolved:
        raise RuntimeError(f"the frontier has gaps: {found.unresolved}")
    return np.array([one.point.weights[:-1] for one in found.critical])


def what_if(returns: Array) -> tuple[Callable[[], Array], Callable[[], Array]]:
    """The same problem with one cap moved, and PIQP alone with that program's matrices ready."""
    n = returns.shape[1]
    problem = prepared("what_if", n)(returns)
    caps = {g: constraints(CAP - 0.001 * (g + 1), capped=True)[1] for g in range(20)}
    allocate(problem)
    turn = [0]

    def again() -> Array:
        turn[0] += 1
        moved = (problem.constraints[0], caps[turn[0] % 20], *problem.constraints[2:])
        return allocate(replace(problem, constraints=moved)).weights

    L = problem.forecast.loadings
    P = np.asfortranarray(L @ L.T)
    P *= 2 / (np.trace(P) / n)
    G = np.zeros((GROUPS, n), order="F")
    for g in range(GROUPS):
        G[g, g::GROUPS] = 1.0
    bounds = np.full(GROUPS, -np.inf), np.full(GROUPS, CAP), np.zeros(n), np.full(n, np.inf)

    def raw() -> Array:
        solver = piqp.DenseSolver()
        solver.settings.eps_abs, solver.settings.eps_rel = 1e-9, 1e-10
        solver.setup(P, np.zeros(n), np.ones((1, n), order="F"), np.ones(1), G, *bounds)
        solver.solve()
        return solver.result.x

    return again, raw
