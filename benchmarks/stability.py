"""Evidence that proposals and correlations stand still when nothing but the month changes; `benchmarks.evidence` writes it.

A proposal is made anew at every month end, from nothing and with the same money, so that whatever differs is a new estimate, a
new price or a new law.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from itertools import pairwise

import numpy as np
import polars as pl

import toolkit as tk
from benchmarks.decades import known_prices
from toolkit.core.assets import Asset, Universe
from toolkit.core.calendar import month_end, month_number
from toolkit.core.errors import ToolkitError
from toolkit.core.forecast import FloatArray, Forecast
from toolkit.market.market import Market
from toolkit.market.package import bundled_folder
from toolkit.returns import volatility_prior
from toolkit.risk_model.covariance.factor import FactorCovariance
from toolkit.risk_model.evaluation import qlike
from toolkit.risk_model.model import estimate

LAST = date(2026, 10, 31)
MONTHS = 12
"""Changes of month that are measured."""
PRICE_OF_RISK = 6.0
"""Aversion of the default strategy, at which the variance that a change saves is worth money."""
METALS = ("antimony", "bismuth", "gallium", "germanium", "indium", "molybdenum", "tellurium", "tungsten")
NO_RATES = pl.DataFrame(schema={"date": pl.Date, "base": pl.String, "quote": pl.String, "rate": pl.Float64})
NO_CONTROLS = pl.DataFrame(schema={"asset": pl.String, "from": pl.Date, "to": pl.Date})


def month_ends(count: int) -> list[date]:
    return [month_end(month_number(LAST) - back) for back in reversed(range(count + 1))]


def turnover(before: FloatArray, after: FloatArray) -> float:
    """Half the sum of absolute differences of weights (n,)."""
    return 0.5 * float(np.abs(after - before).sum())


def strategy_rows() -> list[list[str]]:
    """One row a shipped strategy: turnover a month before lots and in lots, what it costs, and what it is worth, a year."""
    market, rows = tk.load_market(), []
    for name in sorted(path.stem for path in (bundled_folder().parents[2] / "strategies").glob("*.toml")):
        try:
            runs = [tk.optimize(name, market, as_of=day) for day in month_ends(MONTHS)]
        except ToolkitError as error:
            rows.append([name, f"no proposal: {type(error).__name__}", *[""] * 5])
            continue
        rows.append([name, *_cells(runs)])
    return rows


def _cells(runs: Sequence[tk.Run]) -> list[str]:
    """Cells of a strategy from its runs, a month apart."""
    relaxed, lots, costs, worth = [], [], [], []
    for before, after in pairwise(runs):
        keys = sorted({*_weights(before, "relaxed_weight"), *_weights(after, "relaxed_weight")})
        kind = {name: [_of(run, name, keys) for run in (before, after)] for name in ("relaxed_weight", "weight")}
        relaxed.append(turnover(*kind["relaxed_weight"]))
        lots.append(turnover(*kind["weight"]))
        spread = {a["asset"]: a["spread"] for a in after.record["assets"]}
        moved = np.abs(kind["relaxed_weight"][1] - kind["relaxed_weight"][0])
        costs.append(0.5 * float(moved @ np.array([spread.get(key, 0.0) or 0.0 for key in keys])))
        forecast = after.result.prepared.problem.forecast
        at = [forecast.assets.index(key) for key in keys if key in forecast.assets]
        matrix = forecast.matrix[np.ix_(at, at)]
        old, new = (w[[i for i, key in enumerate(keys) if key in forecast.assets]] for w in kind["relaxed_weight"])
        worth.append(0.5 * PRICE_OF_RISK * float(old @ matrix @ old - new @ matrix @ new))
    # What a change saves is earned until the next one, a month later.
    paid, saved = 12.0 * float(np.mean(costs)), float(np.mean(worth))
    mark = "more than it earns" if paid > max(saved, 0.0) else ""
    return [
        *(f"{100 * np.mean(part):.1f} %" for part in (relaxed, lots)),
        f"{100 * max(relaxed):.1f} %",
        f"{100 * paid:.1f} %",
        f"{100 * saved:.2f} %",
        mark,
    ]


def _weights(run: tk.Run, name: str) -> dict[str, float]:
    return {p["asset"]: p[name] or 0.0 for p in run.record["positions"]}


def _of(run: tk.Run, name: str, keys: Sequence[str]) -> FloatArray:
    found = _weights(run, name)
    return np.array([found.get(key, 0.0) for key in keys])


@contextmanager
def prior_of(strength: float | None) -> Iterator[None]:
    """The prior of correlations worth so many times its periods; None for none."""
    shipped = volatility_prior.correlation_prior

    def changed(history: pl.DataFrame) -> volatility_prior.CorrelationPrior | None:
        found = shipped(history)
        return None if strength is None or found is None else replace(found, spread=found.spread / np.sqrt(strength))

    volatility_prior.correlation_prior = changed
    try:
        yield
    finally:
        volatility_prior.correlation_prior = shipped


PRIORS = (("none", None), ("a quarter", 0.25), ("**as shipped**", 1.0), ("four times", 4.0))
HORIZONS = (1, 6, 12)
"""Months."""


def strength_rows(market: Market, smallest: Callable[[FloatArray], FloatArray]) -> list[list[str]]:
    """One row a strength of the prior: eight customs metals month by month, held against the observed prices that came.

    QLIKE of log changes from the level believed at the start, whose error and noise are in the variance; turnover of the
    portfolio of least variance; both in the halves of the months too, so that what one half prefers is seen in the other.
    """
    universe, day = Universe(tuple(Asset.unknown(key) for key in METALS)), date.today()
    prices = market.until(day)["prices"].filter(pl.col("asset").is_in(METALS)).with_columns(pl.col("date").dt.month_end())
    wide = prices.pivot(on="asset", index="date", values="price").sort("date")
    dates, logs = wide["date"].to_list(), np.log(wide.select(METALS).to_numpy().astype(float))
    rows = []
    for name, strength in PRIORS:
        losses: dict[int, list[float]] = {h: [] for h in HORIZONS}
        held, pairs = [], []
        for t in range(17, len(dates) - 1):
            with prior_of(strength):
                found = _estimated(prices.filter(pl.col("date") <= dates[t]), universe, known_prices(market, dates[t]))
            held.append(smallest(found.matrix))
            size = np.sqrt(np.diag(found.matrix))
            pairs.append((found.matrix / np.outer(size, size))[np.triu_indices(len(size), 1)])
            own = np.array([level.standard_error / level.price for level in found.levels]) ** 2
            own += np.array([risk.noise for risk in found.risks]) ** 2
            start = np.log([level.price for level in found.levels])
            for h in HORIZONS:
                if t + h < len(dates) and np.isfinite(change := logs[t + h] - start).all():
                    losses[h].append(float(qlike(found.matrix * h / 12 + np.diag(own), change[None])[0]))
        moves = np.array([turnover(*two) for two in pairwise(held)])
        steps = np.abs(np.diff(pairs, axis=0)).mean()
        rows.append([name, f"{steps:.3f}", _halves(100 * moves, 1, " %"), *(_halves(np.array(losses[h]), 2) for h in HORIZONS)])
    return rows


def _halves(values: FloatArray, digits: int, unit: str = "") -> str:
    """Mean of all, and of either half."""
    middle = len(values) // 2
    whole, first, second = (f"{part.mean():.{digits}f}" for part in (values, values[:middle], values[middle:]))
    return f"{whole}{unit} ({first}, {second})"


def _estimated(prices: pl.DataFrame, universe: Universe, history: pl.DataFrame) -> Forecast:
    return estimate(
        prices=prices,
        fx=NO_RATES,
        universe=universe,
        controlled=NO_CONTROLS,
        covariance=FactorCovariance(),
        currency="USD",
        history=history,
    )


NOISE = (0.14, 0.11, 0.04, 0.03, 0.10, 0.09, 0.19, 0.31)
"""Of a print, log points: that of the bundled series."""
TRUTHS = (("0.2 +/- 0.1", 0.2, 0.1), ("0.2 +/- 0.25", 0.2, 0.25), ("0", 0.0, 0.0), ("0.5", 0.5, 0.0))


def simulated_rows(market: Market, smallest: Callable[[FloatArray], FloatArray], seeds: int = 15) -> list[list[str]]:
    """One row a true correlation and prior: error of the forecast's, volatility above the least possible, bias, turnover."""
    history, universe = known_prices(market, LAST), Universe(tuple(Asset.unknown(key) for key in METALS))
    rows, n, months = [], len(METALS), 46
    for told, mean, spread in TRUTHS:
        scores: dict[str, list[tuple[float, ...]]] = {name: [] for name, _ in PRIORS}
        for seed in range(seeds):
            rng = np.random.default_rng(seed)
            pairs = np.triu(rng.normal(0.0, spread, (n, n)), 1)
            values, vectors = np.linalg.eigh(mean + (1.0 - mean) * np.eye(n) + pairs + pairs.T)
            truth = (vectors * np.maximum(values, 0.05)) @ vectors.T
            truth /= np.sqrt(np.outer(np.diag(truth), np.diag(truth)))
            level = np.cumsum(0.06 * rng.multivariate_normal(np.zeros(n), truth, months), axis=0)
            prints = np.exp(level + np.array(NOISE) * rng.standard_normal((months, n)))
            days = [month_end(month_number(LAST) - months + 1 + t) for t in range(months)]
            columns = {"currency": "USD", "unit": "kg", "basis": "customs_unit_value", "quantity": 1000.0}
            wide = pl.DataFrame({"date": days, **dict(zip(METALS, prints.T, strict=True))})
            prices = wide.unpivot(index="date", variable_name="asset", value_name="price").with_columns(
                **{key: pl.lit(value) for key, value in columns.items()}
            )
            least = smallest(truth) @ truth @ smallest(truth)
            for name, strength in PRIORS:
                weights, forecasts = [], []
                for day in (days[-4], days[-1]):
                    with prior_of(strength):
                        matrix = _estimated(prices.filter(pl.col("date") <= day), universe, history).matrix
                    size = np.sqrt(np.diag(matrix))
                    forecasts.append(matrix / np.outer(size, size))
                    weights.append(smallest(forecasts[-1]))
                w, found = weights[-1], forecasts[-1]
                true = w @ truth @ w
                error = np.sqrt(np.mean((found - truth)[np.triu_indices(n, 1)] ** 2))
                scores[name].append((error, np.sqrt(true / least) - 1.0, np.sqrt(true / (w @ found @ w)), turnover(*weights)))
        for name, _ in PRIORS:
            error, above, bias, moved = np.mean(scores[name], axis=0)
            rows.append([told, name, f"{error:.2f}", f"{100 * above:.1f} %", f"{bias:.2f}", f"{100 * moved:.1f} %"])
    return rows
