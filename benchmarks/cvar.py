"""Least CVaR under group caps, beside the peers, in one process: `python -m benchmarks.cvar [REPEATS] [FILE.json]`.

From returns to weights: long only, fully invested, a cap on each of six groups. Repetitions are in turn, so that a busy minute
slows all, and the median of processor time is shown; the first call of each is reported apart. Every answer must hold the
limits to 1e-6 and have the same CVaR to 1e-6 of it, else the run fails. Peers run with their own defaults and, marked so, with
HiGHS.

The peers live in a separate environment, never in the project's:
`python -m venv /tmp/peers-cvar && /tmp/peers-cvar/bin/pip install skfolio pyportfolioopt riskfolio-lib cvxpy==1.9.3`.
Another place is named by PEERS_PACKAGES. The project's own packages, cvxpy among them, come first on the path.
"""

from __future__ import annotations

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # before numpy is imported

import json
import statistics
import sys
import time
import warnings
from collections.abc import Callable
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from benchmarks.optimizer.data import YEAR
from benchmarks.optimizer.ours import forecast as forecast_of
from toolkit.core.assets import Asset, Universe
from toolkit.optimize.allocate import allocate
from toolkit.optimize.constraints import constraint_kinds
from toolkit.optimize.constraints.base import ConstraintData
from toolkit.optimize.costs import Costs
from toolkit.optimize.objectives import objective_kinds
from toolkit.optimize.problem import Problem
from toolkit.risk_measures.tail import CVaR
from toolkit.scenarios.sets import Scenarios

sys.path.append(os.environ.get("PEERS_PACKAGES", "/tmp/peers-cvar/lib/python3.11/site-packages"))

GROUPS, CAP, CONFIDENCE = 6, 0.2, 0.95
CASES = ((200, 2500), (30, 10_000))
"""Assets and scenarios."""
SAME = 1e-6

Solver = Callable[[np.ndarray], np.ndarray]


def simulated(n: int, count: int) -> np.ndarray:
    """(count, n) daily returns with fat tails: five common factors, and own parts of very different sizes."""
    rng = np.random.default_rng(n)
    loadings = 0.003 * rng.normal(1, 0.5, (n, 5))
    own = np.exp(rng.normal(np.log(0.012), 0.5, n))
    drift = rng.normal(0.0003, 0.0003, n)
    return rng.standard_t(4, (count, 5)) @ loadings.T + rng.standard_t(4, (count, n)) * own + drift


def groups(n: int) -> np.ndarray:
    """(GROUPS, n) who belongs where."""
    return (np.arange(n) % GROUPS == np.arange(GROUPS)[:, None]).astype(float)


def ours(returns: np.ndarray) -> np.ndarray:
    """Universe, strategy and problem are built within the clock, as the models of the peers are."""
    count, n = returns.shape
    universe = Universe(tuple(Asset(key=f"a{i}", name=f"a{i}", group=f"g{i % GROUPS}") for i in range(n)))
    kinds = constraint_kinds()
    terms = [kinds["cash"].model_validate({"name": "no cash", "kind": "cash", "upper": 0.0})]
    caps = [{"name": f"g{j}", "kind": "group", "groups": (f"g{j}",), "upper": CAP} for j in range(GROUPS)]
    terms += [kinds["group"].model_validate(cap) for cap in caps]
    objective = objective_kinds()["min_risk"].model_validate({"kind": "min_risk", "measure": "cvar", "confidence": CONFIDENCE})
    even = np.full(count, 1 / count)
    days = Scenarios(universe.keys, returns, even, ordered=True, kind="historical", periods_per_year=float(YEAR))
    data = ConstraintData(universe=universe, budget=1e6, scenarios=days)
    forecast = forecast_of(returns, universe.keys)
    return allocate(Problem(forecast, data, objective, tuple(terms), Costs.of(universe), np.full(n, np.nan))).weights


def peers() -> dict[str, Solver]:
    """The same problem in each peer's own words."""
    import pandas as pd  # noqa: PLC0415
    import pypfopt  # noqa: PLC0415
    from skfolio import RiskMeasure  # noqa: PLC0415
    from skfolio.optimization import MeanRisk  # noqa: PLC0415

    def frame(returns: np.ndarray) -> pd.DataFrame:
        return pd.DataFrame(returns, columns=[f"a{i}" for i in range(returns.shape[1])])

    def skfolio(solver: str) -> Solver:
        def solve(returns: np.ndarray) -> np.ndarray:
            data = frame(returns)
            model = MeanRisk(
                risk_measure=RiskMeasure.CVAR,
                cvar_beta=CONFIDENCE,
                groups={name: [f"g{i % GROUPS}"] for i, name in enumerate(data.columns)},
                linear_constraints=[f"g{j} <= {CAP}" for j in range(GROUPS)],
                solver=solver,
            )
            return np.asarray(model.fit(data).weights_)

        return solve

    def pyportfolioopt(solver: str | None) -> Solver:
        def solve(returns: np.ndarray) -> np.ndarray:
            data = frame(returns)
            # It takes the names of the assets from the expected returns, which a least risk does not use.
            model = pypfopt.EfficientCVaR(data.mean(), data, beta=CONFIDENCE, solver=solver)
            sectors = {name: f"g{i % GROUPS}" for i, name in enumerate(data.columns)}
            model.add_sector_constraints(sectors, {}, {f"g{j}": CAP for j in range(GROUPS)})
            return np.array(list(model.min_cvar().values()))

        return solve

    def riskfolio_lib(solver: str | None) -> Solver:
        import riskfolio  # noqa: PLC0415

        def solve(returns: np.ndarray) -> np.ndarray:
            model = riskfolio.Portfolio(returns=frame(returns), alpha=1 - CONFIDENCE)
            if solver:
                model.solvers = [solver]
            model.assets_stats(method_mu="hist", method_cov="hist")
            model.ainequality, model.binequality = groups(returns.shape[1]), np.full((GROUPS, 1), CAP)
            return model.optimization(model="Classic", rm="CVaR", obj="MinRisk", hist=True).to_numpy().ravel()

        return solve

    there = find_spec("riskfolio") is not None
    return {
        "skfolio": skfolio("CLARABEL"),
        "skfolio, HiGHS": skfolio("HIGHS"),
        "PyPortfolioOpt": pyportfolioopt(None),
        "PyPortfolioOpt, HiGHS": pyportfolioopt("HIGHS"),
        **({"Riskfolio-Lib": riskfolio_lib(None), "Riskfolio-Lib, HiGHS": riskfolio_lib("HIGHS")} if there else {}),
    }


def verified(weights: np.ndarray, returns: np.ndarray) -> float:
    """The CVaR of weights that hold the limits."""
    sums = groups(len(weights)) @ weights
    worst = max(-weights.min(), abs(weights.sum() - 1), (sums - CAP).max())
    if worst > SAME:
        raise SystemExit(f"a limit is missed by {worst:.1e}.")
    return CVaR(CONFIDENCE).numeric(-returns @ weights, np.full(len(returns), 1 / len(returns)))


def measured(n: int, count: int, solvers: dict[str, Solver], repeats: int) -> dict[str, dict[str, float]]:
    """Seconds of the first call and the median of those after it, and the CVaR, of each."""
    returns = simulated(n, count)
    seconds: dict[str, list[float]] = {name: [] for name in solvers}
    risks: dict[str, float] = {}
    for _ in range(repeats + 1):
        for name, solve in solvers.items():
            started = time.process_time()
            weights = solve(returns)
            seconds[name].append(time.process_time() - started)
            risks[name] = verified(weights, returns)
    for name, risk in risks.items():
        if abs(risk / risks["toolkit"] - 1) > SAME:
            raise SystemExit(f"{name} has a CVaR of {risk:.10g}, the toolkit {risks['toolkit']:.10g}.")
    return {
        name: {"first": times[0], "median": statistics.median(times[1:]), "cvar": risks[name]}
        for name, times in seconds.items()
    }


def main() -> None:
    warnings.simplefilter("ignore")  # the peers' own
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    packages = (
        "skfolio",
        "PyPortfolioOpt",
        *(["Riskfolio-Lib"] if find_spec("riskfolio") else []),
        "cvxpy",
        "highspy",
        "clarabel",
        "numpy",
    )
    report: dict[str, object] = {"versions": {name: version(name) for name in packages}, "repeats": repeats}
    print(", ".join(f"{name} {version(name)}" for name in packages))
    solvers = {"toolkit": ours, **peers()}
    cases = []
    for n, count in CASES:
        found = measured(n, count, solvers, repeats)
        own = found["toolkit"]["median"]
        fastest = min((name for name in found if name != "toolkit"), key=lambda name: found[name]["median"])
        ratio = found[fastest]["median"] / own
        print(f"\n{n} assets, {count:,} scenarios, CVaR {CONFIDENCE:.0%}")
        for name, values in found.items():
            times = values["median"] / own
            first, risk = values["first"], values["cvar"]
            print(f"  {name:22} {values['median']:8.4f} s  {times:6.1f} x  first {first:.3f} s  CVaR {risk:.9f}")
        print(f"  {ratio:.1f} x the fastest peer, {fastest}")
        cases.append(
            {
                "assets": n,
                "scenarios": count,
                "results": found,
                "fastest_peer": fastest,
                "ratio": ratio,
            }
        )
    report["cases"] = cases
    if len(sys.argv) > 2:
        Path(sys.argv[2]).write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
