"""A walk-forward backtest beside peers, and its memory: days, monthly decisions, two-year window, mean-variance, costs.

Two tables: whole backtests here, and `benchmarks.decisions`, where everybody has the same estimates before the clock starts.

Run: `.peers/bin/python -m benchmarks.backtests` where the toolkit is installed with those of cvxportfolio, skfolio and
pyportfolioopt that are to be measured, others left out; `--assets 50 --years 10` is one case alone, `--memory 5 10 20` the
memory over so many years. Seconds are of the processor, a decision, without imports, the median of runs in turn. Everybody
estimates mean and covariance from the same window and trades at ten basis points. From `MANY` assets on covariances have
`FACTORS` principal components and specific variances where a library has such a model (the toolkit, cvxportfolio), and are
those of the sample elsewhere. The toolkit also reads the prices, keeps accounts to the cent, and asks on each day what was
published.
"""

from __future__ import annotations

import os

# Before numpy is imported: one thread for every library.
os.environ |= dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "POLARS_MAX_THREADS"), "1")

import argparse
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from importlib.metadata import version
from importlib.util import find_spec

import numpy as np
import polars as pl

import toolkit as tk
from benchmarks.decisions import AVERSION, MOST, RATE, Walk, compared
from benchmarks.optimizer.peers import module
from benchmarks.optimizer.table import machine

WINDOW = 504
MANY, FACTORS = 200, 15
CASES = ((50, 10), (500, 3))
"""Assets and years."""
REPEATS = 3
PEERS = {"pyportfolioopt": "pypfopt", "skfolio": "skfolio", "cvxportfolio": "cvxportfolio"}
"""Package -> module."""


def returns(years: int, assets: int) -> tuple[pl.Series, np.ndarray]:
    """Trading days, and returns (T, n) of three factors and noise."""
    rng = np.random.default_rng(0)
    days = pl.date_range(date(2025 - years, 1, 1), date(2024, 12, 31), "1d", eager=True)
    days = days.filter(days.dt.weekday() <= 5)
    loadings = rng.normal(1.0, 0.3, (assets, 3)) * [1.0, 0.5, 0.3]
    common = rng.normal(0.0, 0.007, (len(days), 3)) @ loadings.T
    return days, 2e-4 + common + rng.normal(0.0, 0.012, (len(days), assets))


def decisions(days: pl.Series) -> list[int]:
    """Positions of the last days of months with a whole window before them."""
    months = days.dt.month().to_numpy()
    return [int(t) for t in np.flatnonzero(months[1:] != months[:-1]) if t >= WINDOW]


def ours(days: pl.Series, changes: np.ndarray) -> float:
    """Seconds a decision."""
    prices = pl.DataFrame({"date": days, **dict(zip(names(changes), 100 * np.cumprod(1 + changes, axis=0).T, strict=True))})
    covariance = tk.PcaCovariance(components=FACTORS) if changes.shape[1] >= MANY else tk.SampleCovariance()
    strategy = tk.Strategy(
        objective=tk.MaxUtility(risk_aversion=AVERSION),
        forecast=tk.ForecastSpec(covariance=covariance, returns=tk.HistoricalReturns(), lookback="24 months"),
        constraints=[tk.Bounds(upper=MOST)],
        costs=tk.CostsSpec(fee_per_lot=100 * RATE, holding_period="1 year", include=["fees"]),
    )
    options = {"prices_currency": "EUR", "as_of": days[-1], "baselines": False}
    tk.backtest(strategy, prices=prices, start=days[-40], **options)  # imports
    began = time.process_time()
    found = tk.backtest(strategy, prices=prices, start=days[decisions(days)[0]], **options)
    return (time.process_time() - began) / len(found.found.strategies[0].decisions)


def pyportfolioopt(days: pl.Series, changes: np.ndarray) -> float:
    """Seconds a decision."""
    peer = module("pypfopt")

    def decide(window: np.ndarray, held: np.ndarray) -> np.ndarray:
        frontier = peer.EfficientFrontier(window.mean(axis=0) * 252, np.cov(window.T) * 252, weight_bounds=(0, MOST))
        frontier.add_objective(peer.objective_functions.transaction_cost, w_prev=held, k=RATE)
        frontier.max_quadratic_utility(risk_aversion=AVERSION)
        return np.asarray(frontier.weights)

    return walked(days, changes, decide)


def skfolio(days: pl.Series, changes: np.ndarray) -> float:
    """Seconds a decision."""
    peer = module("skfolio.optimization")

    def decide(window: np.ndarray, held: np.ndarray) -> np.ndarray:
        return (
            peer.MeanRisk(
                objective_function=peer.ObjectiveFunction.MAXIMIZE_UTILITY,
                risk_aversion=AVERSION / 2,
                max_weights=MOST,
                transaction_costs=RATE / 252,
                previous_weights=held,
            )
            .fit(window)
            .weights_
        )

    return walked(days, changes, decide)


def walked(days: pl.Series, changes: np.ndarray, decide: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> float:
    """Seconds a decision of a loop that drifts weights and decides at the ends of months."""
    at, held = decisions(days), np.full(changes.shape[1], 1.0 / changes.shape[1])
    decide(changes[at[0] - WINDOW : at[0]], held)  # imports
    began = time.process_time()
    for before, t in zip([at[0], *at], at, strict=False):
        grown = held * np.prod(1 + changes[before:t], axis=0)
        held = decide(changes[t - WINDOW : t], grown / grown.sum())
    return (time.process_time() - began) / len(at)


def cvxportfolio(days: pl.Series, changes: np.ndarray) -> float:
    """Seconds a decision."""
    cvx, pd = module("cvxportfolio"), module("pandas")

    frame = pd.DataFrame(changes, index=pd.DatetimeIndex(days.to_list()), columns=names(changes))
    frame["cash"] = 0.0
    data = {"returns": frame, "cash_key": "cash", "min_history": pd.Timedelta(0), "trading_frequency": "monthly"}
    window = pd.Timedelta(days=730)
    history = cvx.forecast.HistoricalFactorizedCovariance(rolling=window)
    many = changes.shape[1] >= MANY
    risk = cvx.FactorModelCovariance(num_factors=FACTORS, Sigma=history) if many else cvx.FullCovariance(history)
    policy = cvx.SinglePeriodOptimization(
        cvx.ReturnsForecast(cvx.forecast.HistoricalMeanReturn(rolling=window))
        - AVERSION / 2 * risk
        - cvx.TransactionCost(a=RATE, b=None),
        [cvx.LongOnly(), cvx.LeverageLimit(1), cvx.MaxWeights(MOST)],
        include_cash_return=False,
    )
    simulator = cvx.MarketSimulator(market_data=cvx.UserProvidedMarketData(**data), costs=[cvx.TransactionCost(a=RATE, b=None)])
    start = frame.index[decisions(days)[0]]
    began = time.process_time()
    found = simulator.backtest(policy, start_time=start, end_time=frame.index[-1])
    return (time.process_time() - began) / len(found.u)


def names(changes: np.ndarray) -> list[str]:
    return [f"A{i:03d}" for i in range(changes.shape[1])]


def peak() -> float:
    """Largest memory of this process so far, in megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def beside_peers(cases: list[tuple[int, int]]) -> None:
    """Print two tables, a row a case: milliseconds a decision of each library, and the fastest peer over the toolkit."""
    peers = [package for package, name in PEERS.items() if find_spec(name)]
    libraries = ", ".join(f"{peer} {version(peer)}" for peer in peers)
    print(f"{datetime.now(UTC).date()}; {machine()}; {libraries}.\n")
    head = ["Assets", "Years of days", "Decisions", "toolkit", *peers, "Fastest peer / toolkit"]
    print("Whole backtests, from prices:\n")
    print("|", " | ".join(head), "|\n|" + "--:|" * len(head))
    for assets, years in cases:
        days, changes = returns(years, assets)
        clocks: dict[str, list[float]] = {name: [] for name in ("ours", *peers)}
        for _ in range(REPEATS):
            for name, clock in clocks.items():
                clock.append(globals()[name](days, changes))
        print(row(assets, years, len(decisions(days)), clocks), flush=True)
    print("\nDecisions on the same estimates:\n")
    print("|", " | ".join([*head, "Weights apart, at most"]), "|\n|" + "--:|" * (len(head) + 1))
    for assets, years in cases:
        days, changes = returns(years, assets)
        at = decisions(days)
        walk = Walk.of(days, changes, at, WINDOW, FACTORS if assets >= MANY else None)
        clocks, apart = compared(walk, peers, 2 * REPEATS + 1)  # each takes seconds
        print(row(assets, years, len(at), clocks), f"{apart:.0e} |", flush=True)


def row(assets: int, years: int, count: int, clocks: dict[str, list[float]]) -> str:
    """A row of a table.

    Args:
        assets: Of the case.
        years: Of days.
        count: Of decisions.
        clocks: Seconds a decision of runs of the toolkit, then of peers.
    """
    own, *others = (1000 * statistics.median(clock) for clock in clocks.values())
    told = [f"{value:.1f} ms" for value in (own, *others)] + ([f"{min(others) / own:.1f}"] if others else ["-"])
    return " | ".join([f"| {assets} | {years} | {count}", *told]) + " |"


def memory(years: list[int], assets: int) -> None:
    """Print a line a history: the peak of a process that simulates it, and what there was before."""
    for count in years:
        run = [sys.executable, "-m", "benchmarks.backtests", "--peak", "--years", str(count), "--assets", str(assets)]
        found = subprocess.run(run, capture_output=True, text=True, check=True).stdout
        print(f"{count:3} years: {found.strip()}", flush=True)


def main() -> None:
    """Parse the command line and print what it asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--years", type=int)
    parser.add_argument("--assets", type=int)
    parser.add_argument("--memory", type=int, nargs="+", metavar="YEARS")
    parser.add_argument("--peak", action="store_true", help="of this process, of one backtest")
    asked = parser.parse_args()
    case = asked.assets or CASES[0][0], asked.years or CASES[0][1]
    if asked.memory:
        memory(asked.memory, case[0])
    elif asked.peak:
        days, changes = returns(case[1], case[0])
        before = peak()
        ours(days, changes)
        print(f"{peak():.0f} MB at most, {before:.0f} MB before the backtest, of which prices {changes.nbytes / 2**20:.0f} MB")
    else:
        beside_peers([case] if asked.assets or asked.years else [*CASES])


if __name__ == "__main__":
    main()
