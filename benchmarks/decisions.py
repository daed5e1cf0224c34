"""Walk-forward decisions of every library on the same estimates, which are arrays before the clock starts.

Run: `.peers/bin/python -m benchmarks.backtests`. At each decision a library is given expected returns and covariance a year;
from `MANY` assets on the covariance is that of `FACTORS` factors, as loadings and specific variances where a library takes
these (the toolkit, cvxportfolio, skfolio) and as a matrix elsewhere. In the clock is everything from there to weights and
account: the problem, its solution, and for the toolkit the trades at the next day's prices to the cent, for cvxportfolio those
of its simulator, for the others weights that drift. Each peer has the solver that is fastest for it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import polars as pl

import toolkit as tk
from benchmarks.optimizer.peers import module
from toolkit.backtest.account import Account, Decision
from toolkit.backtest.prices import BacktestPrices
from toolkit.backtest.simulate import simulate
from toolkit.core.assets import Asset, Universe
from toolkit.core.forecast import Forecast
from toolkit.optimize.allocate import allocate
from toolkit.optimize.constraints.base import ConstraintData
from toolkit.optimize.costs import Costs
from toolkit.optimize.problem import Problem

AVERSION, MOST, RATE, YEAR = 5.0, 0.1, 0.001, 252
Array = np.ndarray
Decide = Callable[[int, Array], Array]
"""(n,) weights of a decision by its number and the (n,) weights that are held."""


@dataclass(frozen=True, slots=True)
class Walk:
    """What every library is given.

    Attributes:
        days: T trading days.
        changes: (T, n) returns.
        at: Positions of the days of decisions.
        window: Days behind an estimate.
        means: (decisions, n) a year.
        covariances: (decisions, n, n) a year.
        loadings, specific: (decisions, n, k) and (decisions, n) where the covariance is that of factors; None elsewhere.
    """

    days: pl.Series
    changes: Array
    at: list[int]
    window: int
    means: Array
    covariances: Array
    loadings: Array | None
    specific: Array | None

    @classmethod
    def of(cls, days: pl.Series, changes: Array, at: list[int], window: int, factors: int | None) -> Walk:
        """Mean and covariance of the window up to each decision.

        Args:
            days: T.
            changes: (T, n).
            at: Positions of the days of decisions.
            window: Days behind an estimate.
            factors: Number of principal components that stand for the covariance; None for the sample's.
        """
        past = [changes[t + 1 - window : t + 1] for t in at]
        means, found = np.array([of.mean(axis=0) * YEAR for of in past]), np.array([np.cov(of.T) * YEAR for of in past])
        if factors is None:
            return cls(days, changes, at, window, means, found, None, None)
        values, vectors = np.linalg.eigh(found)
        loadings = vectors[:, :, -factors:] * np.sqrt(values[:, None, -factors:])
        specific = np.einsum("tii->ti", found) - (loadings**2).sum(axis=2)
        covariances = loadings @ loadings.transpose(0, 2, 1) + specific[:, :, None] * np.eye(specific.shape[1])
        return cls(days, changes, at, window, means, covariances, loadings, specific)

    @property
    def keys(self) -> tuple[str, ...]:
        """n names."""
        return tuple(f"A{i:03d}" for i in range(self.changes.shape[1]))


def toolkit(walk: Walk) -> tuple[float, Array, Array]:
    """Seconds a decision; weights, and weights held before each decision, both (decisions, n)."""
    rows = sorted({t for i in walk.at for t in (i, i + 1) if t < len(walk.days)})
    levels = 100 * np.cumprod(1 + walk.changes, axis=0)[rows]
    dates, n = tuple(walk.days[i] for i in rows), len(walk.keys)
    none = np.zeros(levels.shape, dtype=bool)
    prices = BacktestPrices(dates, walk.keys, levels, levels, monthly=False, bases=("close",) * n, implausible=none)
    number, loadings = {walk.days[t]: i for i, t in enumerate(walk.at)}, walk.loadings
    if loadings is None:
        loadings = np.linalg.cholesky(walk.covariances)
    specific = np.zeros(walk.means.shape) if walk.specific is None else walk.specific
    before: list[Array] = []
    weights: list[Array] = []

    def run() -> None:
        keys = walk.keys
        universe = Universe(tuple(Asset.unknown(key) for key in keys))
        limits, objective = (tk.Bounds(upper=MOST), tk.Cash(upper=0.0)), tk.MaxUtility(risk_aversion=AVERSION)
        costs = Costs(np.full(n, RATE), np.zeros(n), holding_years=1.0, in_objective=True)
        names = tuple(f"component_{i}" for i in range(loadings.shape[2]))
        place, whole, alike = {day: i for i, day in enumerate(dates)}, np.full(n, np.nan), np.eye(len(names))

        def decide(day: date, account: Account) -> Decision:
            i, price = number[day], levels[place[day]]
            values = account.units * price
            wealth = float(values.sum()) + account.cash
            forecast = Forecast(keys, names, loadings[i], alike, specific[i], walk.means[i], float(YEAR), "own", ())
            data = ConstraintData(universe, wealth, previous=values / wealth)
            answer = allocate(Problem(forecast, data, objective, limits, costs, whole))
            before.append(values / wealth)
            weights.append(answer.weights)
            return Decision(keys, answer.values * wealth / price, price, costs, wealth, whole)

        simulate(decide, prices, budget=1e6)

    run()  # imports
    before.clear()
    weights.clear()
    began = time.process_time()
    run()
    return (time.process_time() - began) / len(walk.at), np.array(weights), np.array(before)


def pyportfolioopt(walk: Walk) -> Decide:
    """A new frontier for each decision, by PIQP: its covariance is no parameter."""
    peer = module("pypfopt")

    def decide(i: int, held: Array) -> Array:
        frontier = peer.EfficientFrontier(walk.means[i], walk.covariances[i], weight_bounds=(0, MOST), solver="PIQP")
        frontier.add_objective(peer.objective_functions.transaction_cost, w_prev=held, k=RATE)
        frontier.max_quadratic_utility(risk_aversion=AVERSION)
        return np.asarray(frontier.weights)

    return decide


def skfolio(walk: Walk) -> Decide:
    """A prior that hands over the estimates, of factors as its own factor model; its default solver is its fastest."""
    prior, peer, n = module("skfolio.prior"), module("skfolio.optimization"), len(walk.keys)

    class Given(prior.BasePrior):
        def __init__(self, found: object = None) -> None:
            self.found = found

        def fit(self, X: object, y: object = None, **told: object) -> Given:  # noqa: ARG002
            self.return_distribution_ = self.found
            return self

    found = []
    for i, t in enumerate(walk.at):
        model, past = None, walk.changes[t + 1 - walk.window : t + 1]
        if walk.loadings is not None and walk.specific is not None:
            k = walk.loadings.shape[2]
            model = prior.FactorModel(
                observations=np.arange(walk.window),
                asset_names=np.array(walk.keys),
                factor_names=np.array([str(j) for j in range(k)]),
                factor_families=None,
                loading_matrix=walk.loadings[i],
                exposures=None,
                factor_covariance=np.eye(k),
                factor_mu=np.zeros(k),
                factor_returns=np.zeros((walk.window, k)),
                idio_covariance=walk.specific[i],
                idio_mu=walk.means[i],
                idio_returns=None,
                idio_variances=None,
            )
        found.append(prior.ReturnDistribution(walk.means[i], walk.covariances[i], past, factor_model=model))

    def decide(i: int, held: Array) -> Array:
        optimizer = peer.MeanRisk(
            objective_function=peer.ObjectiveFunction.MAXIMIZE_UTILITY,
            risk_aversion=AVERSION / 2,
            max_weights=MOST,
            transaction_costs=RATE,
            previous_weights=held,
            prior_estimator=Given(found[i]),
        )
        return optimizer.fit(found[i].returns).weights_[:n]

    return decide


def walked(walk: Walk, decide: Decide) -> float:
    """Seconds a decision of a loop that drifts weights."""
    held = np.full(len(walk.keys), 1.0 / len(walk.keys))
    decide(0, held)  # imports
    began = time.process_time()
    for i, (before, t) in enumerate(zip([walk.at[0], *walk.at], walk.at, strict=False)):
        grown = held * np.prod(1 + walk.changes[before + 1 : t + 1], axis=0)
        held = decide(i, grown / grown.sum())
    return (time.process_time() - began) / len(walk.at)


def cvxportfolio(walk: Walk) -> tuple[Callable[[], float], Decide]:
    """What times its simulator, and its policy by itself; the policy is compiled once, and PIQP its fastest solver."""
    cvx, pd, names = module("cvxportfolio"), module("pandas"), [*walk.keys]
    frame = pd.DataFrame(walk.changes, index=pd.DatetimeIndex(walk.days.to_list()), columns=names).assign(cash=0.0)
    market = cvx.UserProvidedMarketData(
        returns=frame, cash_key="cash", min_history=pd.Timedelta(0), trading_frequency="monthly"
    )
    stamps = [*market.trading_calendar(frame.index[walk.at[0]], frame.index[-1])]
    known = [min(i, len(walk.at) - 1) for i in range(len(stamps))]

    def tables(of: Array) -> object:
        return pd.concat({stamp: pd.DataFrame(of[i], columns=names) for stamp, i in zip(stamps, known, strict=True)})

    if walk.loadings is None or walk.specific is None:
        square = {s: pd.DataFrame(walk.covariances[i], names, names) for s, i in zip(stamps, known, strict=True)}
        risk = cvx.FullCovariance(pd.concat(square))
    else:
        specific = pd.DataFrame(walk.specific[known], stamps, names)
        risk = cvx.FactorModelCovariance(F=tables(walk.loadings.transpose(0, 2, 1)), d=specific)
    means = pd.DataFrame(walk.means[known], stamps, names)

    def policy() -> Any:
        return cvx.SinglePeriodOptimization(
            cvx.ReturnsForecast(means) - AVERSION / 2 * risk - cvx.TransactionCost(a=RATE, b=None),
            [cvx.LongOnly(), cvx.NoCash(), cvx.MaxWeights(MOST)],
            include_cash_return=False,
            solver="PIQP",
        )

    def clock() -> float:
        simulator = cvx.MarketSimulator(market_data=market, costs=[cvx.TransactionCost(a=RATE, b=None)])
        began = time.process_time()
        found = simulator.backtest(policy(), start_time=stamps[0], end_time=frame.index[-1])
        return (time.process_time() - began) / len(found.u)

    def decide(i: int, held: Array) -> Array:
        owned = pd.Series([*held, 1.0 - held.sum()], index=[*names, "cash"]) * 1e6
        trades = policy().execute(owned, market, stamps[i])[0]
        return (owned + trades).to_numpy()[:-1] / 1e6

    return clock, decide


def compared(walk: Walk, peers: list[str], repeats: int) -> tuple[dict[str, list[float]], float]:
    """Seconds a decision of the toolkit and each peer, in turn; and the largest difference of a weight on the same holdings.

    Args:
        walk: The case.
        peers: Packages.
        repeats: Runs of each.
    """
    clocks: dict[str, Callable[[], float]] = {"toolkit": lambda: toolkit(walk)[0]}
    decides: dict[str, Decide] = {}
    for peer in peers:
        if peer == "cvxportfolio":
            clocks[peer], decides[peer] = cvxportfolio(walk)
            continue
        decides[peer] = {"pyportfolioopt": pyportfolioopt, "skfolio": skfolio}[peer](walk)
        clocks[peer] = lambda decide=decides[peer]: walked(walk, decide)
    found: dict[str, list[float]] = {name: [] for name in clocks}
    for _ in range(repeats):
        for name, clock in clocks.items():
            found[name].append(clock())
    _, weights, before = toolkit(walk)
    # The first decision is made from cash, and no market follows the last.
    some = range(1, len(walk.at) - 1, max(1, len(walk.at) // 12))
    apart = (np.abs(decide(i, before[i]) - weights[i]).max() for decide in decides.values() for i in some)
    return found, float(max(apart, default=0.0))
