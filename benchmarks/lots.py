"""Whole lots to a proven gap of 0.1 %: median time and gap over random instances of each kind.

Run: `OPENBLAS_NUM_THREADS=1 .venv/bin/python -m benchmarks.lots [INSTANCES] [KIND ...]`. The time is of the processor, from a
problem to lots, where the continuous program of that structure is compiled. Measures of risk are of 2,000 scenarios.
"""

from __future__ import annotations

import statistics
import sys
import time
from typing import Any

import numpy as np

from toolkit.core.assets import Asset, Universe
from toolkit.core.errors import ToolkitError
from toolkit.core.forecast import Forecast
from toolkit.optimize.allocate import allocate
from toolkit.optimize.constraints import constraint_kinds
from toolkit.optimize.constraints.base import ConstraintData
from toolkit.optimize.costs import Costs
from toolkit.optimize.objectives import objective_kinds
from toolkit.optimize.problem import Problem
from toolkit.optimize.solvers.solve import SolverSpec
from toolkit.scenarios.sets import Scenarios

BUDGET = 100_000.0
CAPS: list[dict[str, Any]] = [
    {"name": "cash", "kind": "cash", "upper": 0.05},
    {"name": "lots", "kind": "lots"},
    {"name": "cap", "kind": "bounds", "upper": 0.2},
    {"name": "controlled", "kind": "control_exposure", "upper": 0.4},
    {"name": "china", "kind": "country_exposure", "country": "CHN", "upper": 0.35},
    {"name": "south africa", "kind": "country_exposure", "country": "ZAF", "upper": 0.25},
]
VARIANTS: dict[str, dict[str, Any]] = {
    "min_risk": {},
    "min_risk, sample covariance": {"dense": True},
    "max_utility": {"objective": {"kind": "max_utility", "risk_aversion": 6.0}},
    "max_utility, sample covariance": {"objective": {"kind": "max_utility", "risk_aversion": 6.0}, "dense": True},
    "cardinality": {"constraints": [{"name": "few", "kind": "cardinality", "upper": 10}]},
    "ticket": {"constraints": [{"name": "ticket", "kind": "min_ticket", "fraction": 0.05}]},
    "fee": {"fee": 100.0, "objective": {"kind": "min_risk"}},
    "held before": {"held": True},
    "risk_parity": {"objective": {"kind": "risk_parity"}},
    "max_return": {"objective": {"kind": "max_return", "volatility": 0.13}},
}
SCENARIOS = 2000
METHOD = "cholesky"
"""Of drawing normal numbers: the signs of eigenvectors, numpy's default, depend on the number of threads."""
for measure in ("mad", "cvar", "evar"):
    for metals, budget in ((30, 100_000), (30, 1_000_000), (60, 100_000), (60, 1_000_000)):
        VARIANTS[f"{measure}, {metals} metals, {budget:,}"] = {"measure": measure, "metals": metals, "budget": budget}
for measure in ("semivariance", "gini", "worst_case", "cdar", "ulcer", "average_drawdown"):
    VARIANTS[f"{measure}, 30 metals, 100,000"] = {"measure": measure}


def random_problem(
    n: int,
    seed: int,
    *,
    dense: bool = False,
    objective: dict[str, Any] | None = None,
    constraints: list[dict[str, Any]] | None = None,
    fee: float = 0.0,
    held: bool = False,
    measure: str | None = None,
    budget: float = BUDGET,
) -> Problem:
    """n metals with lots of 100 to 6,000, half spreads of 2 to 10 %, a factor or a sample covariance."""
    rng = np.random.default_rng(seed)
    loadings = np.column_stack([rng.uniform(0.5, 1.5, n), rng.normal(size=(n, 4)) * 0.6])
    factor_cov = np.diag(np.array([0.15, 0.12, 0.1, 0.08, 0.06]) ** 2)
    specific = rng.uniform(0.08, 0.3, n) ** 2
    if dense:
        covariance = loadings @ factor_cov @ loadings.T + np.diag(specific)
        sample = np.cov(rng.multivariate_normal(np.zeros(n), covariance, size=120, method=METHOD), rowvar=False)
        values, vectors = np.linalg.eigh(sample)
        loadings, factor_cov, specific = vectors, np.diag(values), np.zeros(n)
    assets = tuple(Asset(key=f"a{i}", name=f"A{i}", lot_size=1.0, spread=float(rng.uniform(0.04, 0.2))) for i in range(n))
    universe = Universe(assets)
    country = np.where(rng.random(n) < 0.6, rng.uniform(0.2, 0.95, n), 0.05)
    lot_values = np.exp(rng.uniform(np.log(0.001), np.log(0.06), n)) * BUDGET / budget
    previous = np.zeros(n)
    if held:
        some = rng.choice(n, n // 3, replace=False)
        previous[some] = lot_values[some] * np.ceil(0.05 / lot_values[some])
        previous *= min(1.0, 0.6 / previous.sum())
    forecast_cov = loadings @ factor_cov @ loadings.T + np.diag(specific)
    if measure:
        objective = {"kind": "min_risk", "measure": measure}
    outcomes = None
    if measure:
        outcomes = rng.multivariate_normal(np.full(n, 0.004), forecast_cov / 12, size=SCENARIOS, method=METHOD)
        outcomes *= np.sqrt(5 / rng.chisquare(5, size=(SCENARIOS, 1)))
    return Problem(
        forecast=Forecast(
            assets=universe.keys,
            factors=tuple(f"f{i}" for i in range(loadings.shape[1])),
            loadings=loadings,
            factor_cov=factor_cov,
            specific_var=specific,
            expected=rng.uniform(-0.02, 0.12, n),
            periods_per_year=12.0,
            covariance="sample",
            levels=(),
        ),
        data=ConstraintData(
            universe=universe,
            budget=budget,
            countries={"CHN": country, "ZAF": np.where(country < 0.1, rng.uniform(0, 0.6, n), 0.0)},
            controlled=(rng.random(n) < 0.4).astype(float),
            previous=previous if held else None,
            scenarios=None
            if outcomes is None
            else Scenarios(
                universe.keys,
                outcomes,
                np.full(SCENARIOS, 1 / SCENARIOS),
                ordered=True,
                kind="simulated",
                periods_per_year=12.0,
            ),
        ),
        objective=objective_kinds()[(objective or {"kind": "min_risk"})["kind"]].model_validate(
            objective or {"kind": "min_risk"}
        ),
        constraints=tuple(constraint_kinds()[c["kind"]].model_validate(c) for c in [*CAPS, *(constraints or [])]),
        costs=Costs.of(universe, fee=fee),
        lot_values=lot_values,
    )


def proven_gap(problem: Problem) -> float:
    """Solve the problem, from the continuous optimum to lots."""
    return allocate(problem, SolverSpec(time_limit=10.0)).lots_gap or 0.0


def main() -> None:
    arguments = sys.argv[1:]
    for name in arguments[1:] or VARIANTS:
        variant = dict(VARIANTS[name])
        instances = int(arguments[0]) if arguments else 4 if "measure" in variant else 10
        n = variant.pop("metals", 30)
        proven_gap(random_problem(n, 999, **variant))
        seconds: list[float] = []
        gaps: list[float] = []
        for seed in range(instances):
            problem = random_problem(n, seed, **variant)
            began = time.process_time()
            try:
                gaps.append(proven_gap(problem))
            except ToolkitError as error:
                print(f"{name}, seed {seed}: {error.message}")
            seconds.append(time.process_time() - began)
        print(
            f"{name:36} median {statistics.median(seconds):5.2f} s, worst {max(seconds):5.2f} s, "
            f"largest gap {max(gaps, default=np.nan):.2e}",
            flush=True,
        )


if __name__ == "__main__":
    main()
