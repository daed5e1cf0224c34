"""Random strategies: objectives x measures x limits x costs x lots, as problems of known shape."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tests.unit.optimize.problems import problem_of, random_covariance
from toolkit.core.assets import Asset
from toolkit.optimize.costs import Costs
from toolkit.optimize.problem import Problem
from toolkit.scenarios.sets import Scenarios

TAILS = ("cvar", "evar", "cdar")
MEASURES = (
    "variance", "volatility", "semideviation", "semivariance", "mad", "gini", "cvar", "evar", "worst_case", "average_drawdown",
    "ulcer", "cdar", "max_drawdown",
)  # fmt: skip
KINDS = (
    "min_risk",
    "min_risk",
    "max_utility",
    "max_return",
    "max_ratio",
    "max_diversification",
    "risk_parity",
    "track",
    "equal_weight",
)


def random_strategy(seed: int, *, lots: bool = False, kinds: tuple[str, ...] = KINDS) -> dict[str, Any]:
    """Keyword arguments of `problem_of`; the same for the same seed."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(3, 9))
    keys = [f"a{i}" for i in range(n)]
    covariance = random_covariance(n, seed)
    groups = ["technology_metals", "precious_metals"]
    assets = [Asset(key=key, name=key.upper(), lot_size=1.0, group=groups[i % 2]) for i, key in enumerate(keys)]
    held = rng.random() < 0.35
    previous = rng.dirichlet(np.ones(n)) * rng.uniform(0.3, 0.95) if held else None
    objective = _objective(rng, kinds, keys)
    draws = rng.standard_t(4, size=(int(rng.integers(24, 70)), n)) @ np.linalg.cholesky(covariance).T * 0.2
    count = len(draws)
    p = np.full(count, 1 / count) if rng.random() < 0.8 else rng.dirichlet(np.full(count, 4.0))
    costly = rng.random() < 0.6
    costs = Costs(
        half_spread=rng.uniform(0, 0.03, n) * costly,
        storage=rng.uniform(0, 0.01, n) * costly,
        fee=float(rng.choice([0.0, 0.0, 20.0])) * costly,
        in_objective=bool(costly and rng.random() < 0.6 and objective.get("measure") not in ("semivariance",)),
        impact=rng.uniform(0, 0.1, n) if costly and rng.random() < 0.25 else np.zeros(0),
    )
    constraints = _constraints(rng, keys, held=held)
    if lots:
        constraints += [{"name": "lots", "kind": "lots"}]
        if rng.random() < 0.3:
            constraints += [{"name": "count", "kind": "cardinality", "upper": int(rng.integers(2, n + 1))}]
        if rng.random() < 0.2:
            constraints += [{"name": "ticket", "kind": "min_ticket", "fraction": float(rng.choice([0.02, 0.1]))}]
    return {
        "covariance": covariance,
        "assets": assets,
        "objective": objective,
        "constraints": constraints,
        "costs": costs,
        "expected": rng.normal(0.03, 0.06, n),
        "lots": rng.uniform(0.002, 0.06, n) if lots else None,
        "previous": previous,
        "countries": {"CHN": rng.uniform(0, 1, n), "ZAF": rng.uniform(0, 0.3, n)},
        "controlled": (rng.random(n) < 0.5).astype(float),
        "scenarios": Scenarios(tuple(keys), np.maximum(draws, -0.9), p, True, "historical", 12.0),
    }


def _objective(rng: np.random.Generator, kinds: tuple[str, ...], keys: list[str]) -> dict[str, Any]:
    kind = str(rng.choice(kinds))
    objective: dict[str, Any] = {"kind": kind}
    if kind in ("min_risk", "max_utility", "max_ratio", "risk_parity") and rng.random() < 0.75:
        objective["measure"] = str(rng.choice(MEASURES))
        if kind != "min_risk" and objective["measure"] == "semivariance":
            objective["measure"] = "semideviation"
        if objective["measure"] in TAILS:
            objective["confidence"] = float(rng.choice([0.8, 0.9]))
    if kind == "max_return" and rng.random() < 0.5:
        objective["volatility"] = float(rng.uniform(0.12, 0.3))
    if kind == "track":
        objective["target"] = {key: 1 / len(keys) for key in keys[: max(2, len(keys) // 2)]}
    return objective


def _constraints(rng: np.random.Generator, keys: list[str], *, held: bool) -> list[dict[str, Any]]:
    n = len(keys)
    found: list[dict[str, Any]] = [{"name": "cash", "kind": "cash", "upper": float(rng.choice([0.0, 0.0, 0.05, 0.3, 1.0]))}]
    if rng.random() < 0.1:
        found[0]["lower"] = min(found[0]["upper"], 0.02)

    def maybe(chance: float, term: Mapping[str, Any]) -> None:
        if rng.random() < chance:
            found.append(dict(term))

    maybe(0.6, {"name": "cap", "kind": "bounds", "upper": float(rng.uniform(1.1 / n, 0.7))})
    maybe(0.2, {"name": "floor", "kind": "bounds", "lower": float(rng.uniform(0, 0.5 / n))})
    maybe(0.25, {"name": "group", "kind": "group", "groups": ["precious_metals"], "upper": float(rng.uniform(0.2, 0.8))})
    maybe(0.3, {"name": "China", "kind": "country_exposure", "country": "CHN", "upper": float(rng.uniform(0.25, 0.7))})
    maybe(0.3, {"name": "controlled", "kind": "control_exposure", "upper": float(rng.uniform(0.1, 0.8))})
    maybe(0.15, {"name": "line", "kind": "linear", "expression": f"{keys[0]} - {keys[1]} == {rng.choice([0.0, 0.05])}"})
    maybe(0.2, {"name": "volatile", "kind": "risk_limit", "measure": "volatility", "upper": float(rng.uniform(0.1, 0.3))})
    maybe(0.15, {"name": "tail", "kind": "risk_limit", "measure": "cvar", "upper": float(rng.uniform(0.04, 0.2))})
    target = {keys[0]: 0.4, keys[1]: 0.5}
    maybe(0.1, {"name": "near", "kind": "tracking_error", "target": target, "upper": float(rng.uniform(0.05, 0.3))})
    if held:
        maybe(0.4, {"name": "turnover", "kind": "turnover", "upper": float(rng.uniform(0.1, 0.6))})
    return found


def random_problem(seed: int, **more: Any) -> Problem:
    """The problem of `random_strategy`."""
    return problem_of(**random_strategy(seed, **more))
