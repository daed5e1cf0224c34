"""The peers, each in the shortest way its own documentation shows, from a frame of returns to weights.

skfolio and PyPortfolioOpt take the name of a solver: each runs with its default and with the fastest of those that solve the
case as well.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from benchmarks.optimizer.data import (
    AVERSION,
    CAP,
    GROUPS,
    MEASURES,
    OF_TAIL,
    TAIL,
    YEAR,
    Array,
    Truth,
    group,
    measure_of,
    names,
)
from benchmarks.optimizer.measure import Clock, call

FAST = ", fastest solver"
"""End of the name of a peer that is given its solver."""
Work = Callable[[], Array]
SOLVERS = ("HIGHS", "PIQP", "CLARABEL", "OSQP")
SOLVED = ("skfolio", "PyPortfolioOpt")
"""Peers that can be given a solver."""
UNENDING = ("least gini", "least average_drawdown", "least ulcer")
"""Cases in which some solver does not end within minutes: the peer's default alone is timed."""
LOOSE = 1e-4
"""By how much, relative, a solver's answer may be worse than the best to be called an answer."""
PACKAGES = {
    "skfolio": ("skfolio", "skfolio"),
    f"skfolio{FAST}": ("skfolio", "skfolio"),
    "Riskfolio-Lib": ("riskfolio", "riskfolio-lib"),
    "PyPortfolioOpt": ("pypfopt", "pyportfolioopt"),
    f"PyPortfolioOpt{FAST}": ("pypfopt", "pyportfolioopt"),
    "cvxportfolio": ("cvxportfolio", "cvxportfolio"),
}
CAPPED = ("min_risk", "max_utility", "frontier")
POINTS = 50


def module(name: str) -> Any:
    """A module of another environment, of which this one's type checker knows nothing."""
    return importlib.import_module(name)


def installed() -> dict[str, str]:
    """Peer -> version, of those that can be imported."""
    found = {}
    for peer, (name, package) in PACKAGES.items():
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                module(name)
        except ImportError:
            continue
        found[peer] = importlib.metadata.version(package)
    return found


def run(peer: str, case: str, returns: Array) -> Callable[[], Array] | None:
    """What is timed: (n,) weights, or (points, n) of a frontier; None where the peer has no such objective."""
    pd = module("pandas")
    frame = pd.DataFrame(returns, columns=names(returns.shape[1]), index=pd.bdate_range("2020-01-01", periods=len(returns)))
    name = peer.removesuffix(FAST)
    if peer.endswith(FAST):
        return _fastest({"skfolio": skfolio, "PyPortfolioOpt": pyportfolioopt}[name], case, frame, Truth(returns))
    if name in SOLVED:
        return (skfolio if name == "skfolio" else pyportfolioopt)(case, frame, None)
    return {"Riskfolio-Lib": riskfolio, "cvxportfolio": cvxportfolio}[name](case, frame)


def _fastest(
    maker: Callable[..., Callable[[], Array] | None], case: str, frame: Any, truth: Truth
) -> Callable[[], Array] | None:
    """The peer with the solver that answered fastest, twice each; None where no other than its default answers."""
    if case == "frontier":  # minutes each
        return maker(case, frame, "PIQP")
    if case in UNENDING:
        return None
    found: list[tuple[float, float, Work]] = []
    for solver in SOLVERS:
        work, clock = maker(case, frame, solver), Clock()
        if work is None:
            return None
        call(work, clock)
        call(work, clock)
        if not clock.trouble and clock.weights is not None and truth.broken(clock.weights, capped=case in CAPPED) < LOOSE:
            found.append((clock.typical, truth.value(case, clock.weights), work))
    best = min((value for _, value, _ in found), default=0.0)
    fair = [(seconds, at, work) for at, (seconds, value, work) in enumerate(found) if value - best <= LOOSE * abs(best)]
    return min(fair)[2] if fair else None


def skfolio(case: str, frame: Any, solver: str | None) -> Callable[[], Array] | None:
    """Estimators in the manner of scikit-learn."""
    sk, found = module("skfolio"), module("skfolio.optimization")
    aim, variance = found.ObjectiveFunction, sk.RiskMeasure.VARIANCE
    MeanRisk = partial(found.MeanRisk, solver=solver) if solver else found.MeanRisk
    caps: dict[str, Any] = {}
    if case in CAPPED:
        caps["groups"] = {key: [group(i)] for i, key in enumerate(frame.columns)}
        caps["linear_constraints"] = [f"{group(g)} <= {CAP}" for g in range(GROUPS)]
    if measure := measure_of(case):
        options = {f"{measure}_beta": 1 - TAIL} if measure in OF_TAIL else {}
        options |= {"min_acceptable_return": 0.0} if measure == "mean_loss" else {}
        risk = sk.RiskMeasure[MEASURES[measure].upper()]
        return lambda: MeanRisk(aim.MINIMIZE_RISK, risk, **options).fit(frame).weights_
    made: dict[str, Callable[[], Any]] = {
        "min_risk": lambda: MeanRisk(aim.MINIMIZE_RISK, variance, **caps),
        "max_utility": lambda: MeanRisk(aim.MAXIMIZE_UTILITY, variance, AVERSION / 2, **caps),
        "frontier": lambda: MeanRisk(aim.MINIMIZE_RISK, variance, efficient_frontier_size=POINTS, **caps),
        "max_ratio": lambda: MeanRisk(aim.MAXIMIZE_RATIO, variance),
        "min_cvar": lambda: MeanRisk(aim.MINIMIZE_RISK, sk.RiskMeasure.CVAR, cvar_beta=1 - TAIL),
        "risk_parity": lambda: found.RiskBudgeting(variance),
        "max_diversification": found.MaximumDiversification,
        "hrp": lambda: found.HierarchicalRiskParity(variance),
    }
    return None if case not in made else lambda: made[case]().fit(frame).weights_


def riskfolio(case: str, frame: Any) -> Callable[[], Array] | None:
    """A portfolio object that is told how to estimate."""
    rp = module("riskfolio")
    A = np.array([[1.0 if i % GROUPS == g else 0.0 for i in range(frame.shape[1])] for g in range(GROUPS)])

    def portfolio() -> Any:
        made = rp.Portfolio(returns=frame, alpha=TAIL)
        made.assets_stats(method_mu="hist", method_cov="hist")
        if case in CAPPED:
            made.ainequality, made.binequality = A, np.full((GROUPS, 1), CAP)
        return made

    def flat(weights: Any) -> Array:
        if weights is None:
            raise RuntimeError("no weights")
        return weights.to_numpy().T if weights.shape[1] > 1 else weights.to_numpy()[:, 0]

    made: dict[str, Callable[[], Any]] = {
        "min_risk": lambda: portfolio().optimization(rm="MV", obj="MinRisk"),
        "max_utility": lambda: portfolio().optimization(rm="MV", obj="Utility", l=AVERSION / 2),
        "frontier": lambda: portfolio().efficient_frontier(rm="MV", points=POINTS),
        "max_ratio": lambda: portfolio().optimization(rm="MV", obj="Sharpe", rf=0),
        "min_cvar": lambda: portfolio().optimization(rm="CVaR", obj="MinRisk"),
        "risk_parity": lambda: portfolio().rp_optimization(rm="MV"),
        "hrp": lambda: rp.HCPortfolio(returns=frame).optimization(model="HRP", rm="MV", linkage="single", leaf_order=False),
    }
    return None if case not in made else lambda: flat(made[case]())


def pyportfolioopt(case: str, frame: Any, solver: str | None) -> Callable[[], Array] | None:
    """Moments first, then an efficient frontier."""
    pypfopt = module("pypfopt")
    mapper, upper = {key: group(i) for i, key in enumerate(frame.columns)}, {group(g): CAP for g in range(GROUPS)}

    def front() -> Any:
        mean = pypfopt.expected_returns.mean_historical_return(frame, returns_data=True, compounding=False, frequency=YEAR)
        # Its default for these, OSQP, stops at its limit of iterations along a frontier of 200 assets.
        chosen = solver or ("CLARABEL" if case == "frontier" else None)
        made = pypfopt.EfficientFrontier(
            mean, pypfopt.risk_models.sample_cov(frame, returns_data=True, frequency=YEAR), solver=chosen
        )
        if case in CAPPED:
            made.add_sector_constraints(mapper, {}, upper)
        return made

    def many() -> Array:
        least = front()
        least.min_volatility()
        start = least.portfolio_performance()[0]
        # The largest mean that the caps allow: whole groups from the best asset down.
        mean = least.expected_returns
        best = [(float(mean[g::GROUPS].max()), CAP) for g in range(GROUPS)]
        end, left = 0.0, 1.0
        for value, cap in sorted(best, reverse=True):
            end, left = end + value * min(cap, left), max(0.0, left - cap)
        moving, found = front(), []
        for target in np.linspace(start, end - 1e-6 * (end - start), POINTS):
            moving.efficient_return(float(target))
            found.append(moving.weights.copy())
        return np.array(found)

    def tail() -> Array:
        made = pypfopt.EfficientCVaR(None, frame, beta=1 - TAIL, solver=solver)
        made.min_cvar()
        return made.weights

    def done(step: Callable[[Any], Any]) -> Callable[[], Array]:
        def solve() -> Array:
            made = front()
            step(made)
            return made.weights

        return solve

    made: dict[str, Callable[[], Array]] = {
        "min_risk": done(lambda f: f.min_volatility()),
        "max_utility": done(lambda f: f.max_quadratic_utility(risk_aversion=AVERSION)),
        "max_ratio": done(lambda f: f.max_sharpe(risk_free_rate=0.0)),
        "frontier": many,
        "min_cvar": tail,
        "hrp": lambda: np.array([dict(pypfopt.HRPOpt(returns=frame).optimize())[key] for key in frame.columns]),
    }
    return made.get(case)


def cvxportfolio(case: str, frame: Any) -> Callable[[], Array] | None:
    """A trade from cash into the weights of a single-period policy."""
    cvx, pd = module("cvxportfolio"), module("pandas")
    if case not in ("min_risk", "max_utility"):
        return None
    columns = [*frame.columns, "cash"]
    exposure = pd.DataFrame(
        [[1.0 if i % GROUPS == g else 0.0 for i in range(frame.shape[1])] for g in range(GROUPS)],
        columns=frame.columns,
        index=[group(g) for g in range(GROUPS)],
    )
    wide = frame.assign(cash=0.0)
    caps = pd.Series(CAP, index=exposure.index)

    def solve() -> Array:
        sigma, mean = frame.cov(), frame.mean()
        risk = cvx.FullCovariance(sigma)
        aim = -risk if case == "min_risk" else cvx.ReturnsForecast(mean) - AVERSION / 2 * risk
        limits = [cvx.LongOnly(), cvx.NoCash(), cvx.FactorMaxLimit(exposure.T, caps)]
        policy = cvx.SinglePeriodOptimization(aim, limits, include_cash_return=False)
        market = cvx.UserProvidedMarketData(returns=wide, cash_key="cash", min_history=pd.Timedelta("1d"))
        held = pd.Series([0.0] * frame.shape[1] + [1e6], index=columns)
        trades = policy.execute(held, market)[0]
        return trades.to_numpy()[:-1] / 1e6

    return solve
