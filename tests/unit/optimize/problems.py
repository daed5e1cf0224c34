"""Small problems with known shape, for tests of the optimizer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from toolkit.core.assets import Asset, Universe
from toolkit.core.forecast import Forecast
from toolkit.optimize.allocate import allocate
from toolkit.optimize.constraints import constraint_kinds
from toolkit.optimize.constraints.base import ConstraintData
from toolkit.optimize.costs import Costs
from toolkit.optimize.limits import LimitReport
from toolkit.optimize.objectives import objective_kinds
from toolkit.optimize.problem import Problem
from toolkit.optimize.solution import Allocation


def forecast_of(
    keys: Sequence[str], covariance: np.ndarray, expected: np.ndarray | None = None, factors: int | None = None
) -> Forecast:
    """A forecast with exactly this covariance: eigenvectors as loadings, nothing specific."""
    values, vectors = np.linalg.eigh(covariance)
    n = len(keys)
    return Forecast(
        assets=tuple(keys),
        factors=tuple(f"component_{i}" for i in range(n)),
        loadings=vectors,
        factor_cov=np.diag(np.clip(values, 0, None)),
        specific_var=np.zeros(n),
        expected=np.zeros(n) if expected is None else expected,
        periods_per_year=12.0,
        covariance="sample",
        levels=(),
    )


def random_covariance(n: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    factors = rng.normal(size=(n, 3)) * 0.15
    return factors @ factors.T + np.diag(rng.uniform(0.02, 0.15, n))


def problem_of(
    covariance: np.ndarray,
    *,
    assets: Sequence[Asset] | None = None,
    objective: Mapping[str, Any] | None = None,
    constraints: Sequence[Mapping[str, Any]] = (),
    costs: Costs | None = None,
    expected: np.ndarray | None = None,
    lots: np.ndarray | None = None,
    budget: float = 100_000.0,
    **data: Any,
) -> Problem:
    n = len(covariance)
    assets = assets or [Asset(key=f"a{i}", name=f"A{i}", lot_size=1.0) for i in range(n)]
    universe = Universe(tuple(assets))
    chosen = dict(objective or {"kind": "min_risk"})
    return Problem(
        forecast=forecast_of(universe.keys, covariance, expected),
        data=ConstraintData(universe=universe, budget=budget, **data),
        objective=objective_kinds()[chosen["kind"]].model_validate(chosen),
        constraints=tuple(constraint_kinds()[c["kind"]].model_validate(c) for c in constraints),
        costs=costs or Costs.of(universe),
        lot_values=np.full(n, np.nan) if lots is None else lots,
    )


NO_CASH = {"name": "no cash", "kind": "cash", "upper": 0.0}


def worth_of_room(
    kind: str, term: Mapping[str, Any], covariance: np.ndarray, **more: Any
) -> tuple[Allocation, LimitReport, float]:
    """The answer under a limit on six assets, its report, and what room is worth by solving with a little less and more."""
    data = {
        "countries": {"CHN": np.array([0.9, 0.8, 0.1, 0.5, 0.2, 0.3])},
        "controlled": np.array([1.0, 0, 1.0, 1.0, 0, 0]),
    }
    others = [] if kind == "cash" else [NO_CASH]
    side = "upper" if "upper" in term else "lower"

    def solve(change: float) -> Allocation:
        moved = {**term, side: term[side] + (change if side == "upper" else -change)}
        return allocate(problem_of(covariance, constraints=[*others, {"name": "it", "kind": kind, **moved}], **data, **more))

    base, step = solve(0.0), 1e-4
    (report,) = [limit for limit in base.limits if limit.name == "it"]
    return base, report, (solve(-step).objective - solve(step).objective) / (2 * step)
