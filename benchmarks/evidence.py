"""Out-of-sample evidence for the covariances: walk-forward on listed and bundled prices, and on a simulated universe.

Run: `python -m benchmarks.evidence [--listed FILE]`. Writes docs/evidence.md. The listed series
(../shared/testdata/listed_adjclose_daily.csv) are not part of the repository. Every estimate sees only what was there on
its day.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Literal

import numpy as np
import piqp
import polars as pl

from benchmarks import decades, levels, price_errors, stability, strategies
from toolkit.core.assets import Asset, Universe
from toolkit.core.forecast import FloatArray
from toolkit.market.market import Market
from toolkit.market.package import bundled_folder, load_market
from toolkit.risk_model.covariance import CovarianceSpec
from toolkit.risk_model.covariance.blend import BlendCovariance
from toolkit.risk_model.covariance.dynamic import DynamicCovariance
from toolkit.risk_model.covariance.ewma import EwmaConstantCorrelationCovariance, EwmaCovariance
from toolkit.risk_model.covariance.factor import FactorCovariance
from toolkit.risk_model.covariance.ledoit_wolf import LedoitWolfCovariance, OasCovariance
from toolkit.risk_model.covariance.nonlinear import NonlinearShrinkageCovariance
from toolkit.risk_model.covariance.sample import SampleCovariance
from toolkit.risk_model.covariance.statistical import PcaCovariance, PoetCovariance
from toolkit.risk_model.evaluation import bias_statistic, qlike, random_portfolios, standardised
from toolkit.risk_model.model import estimate

ROOT = Path(__file__).parents[1]
LISTED = ROOT.parent / "shared" / "testdata" / "listed_adjclose_daily.csv"
PAGE = ROOT / "docs" / "evidence.md"
TEMPLATE = Path(__file__).with_name("evidence.template.md")
LISTED_FACTORS = {
    "precious_metals": ("GLD", "SLV", "PPLT", "PALL"),
    "base_metals": ("COPX", "PICK", "XME"),
    "energy": ("USO",),
    "dollar": ("UUP",),
    "equity": ("SPY",),
}
NO_RATES = pl.DataFrame(schema={"date": pl.Date, "base": pl.String, "quote": pl.String, "rate": pl.Float64})
NO_CONTROLS = pl.DataFrame(schema={"asset": pl.String, "from": pl.Date, "to": pl.Date})
CAP = 0.25
WARM_UP = 504


def minimum_variance(covariance: FloatArray, cap: float = CAP) -> FloatArray:
    """Long-only weights (n,) of least variance, none above the cap."""
    n = len(covariance)
    solver = piqp.DenseSolver()
    solver.settings.eps_abs = solver.settings.eps_rel = 1e-12
    scaled = covariance * n / np.trace(covariance)
    solver.setup(scaled, np.zeros(n), np.ones((1, n)), np.ones(1), None, None, None, np.zeros(n), np.full(n, cap))
    solver.solve()
    return np.clip(solver.result.x, 0.0, None)


@dataclass(frozen=True)
class Score:
    """Out-of-sample record of one estimator."""

    volatility: float
    loss: float
    bias: FloatArray
    outcomes: FloatArray
    losses: FloatArray

    def cells(self) -> list[str]:
        return [
            f"{100 * self.volatility:.2f} %",
            f"{self.loss:.2f}",
            f"{self.bias.mean():.2f}",
            f"{self.bias.min():.2f} to {self.bias.max():.2f}",
        ]


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|" + "|".join([" --- "] + [" --: "] * (len(head) - 1)) + "|"]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)])


# (a) listed, daily


def listed_prices(file: Path) -> tuple[pl.DataFrame, tuple[str, ...]]:
    wide = pl.read_csv(file, try_parse_dates=True)
    prices = wide.unpivot(index="date", variable_name="asset", value_name="price").drop_nulls()
    prices = prices.with_columns(
        currency=pl.lit("USD"), unit=pl.lit("share"), basis=pl.lit("adjusted_close"), quantity=pl.lit(None, pl.Float64)
    )
    return prices, tuple(wide.columns[1:])


def walk_listed(prices: pl.DataFrame, names: tuple[str, ...], spec: CovarianceSpec, lookback: int | None) -> Score:
    """Monthly rebalance, long-only, 25 % cap; buy and hold within the month."""
    universe = Universe(tuple(Asset.unknown(key) for key in names))
    wide = prices.pivot(on="asset", index="date", values="price").sort("date").drop_nulls()
    dates, values = wide["date"].to_list(), wide.select(names).to_numpy()
    returns = values[1:] / values[:-1] - 1.0
    months = [d.year * 12 + d.month for d in dates[1:]]
    starts = [t for t in range(1, len(months)) if months[t] != months[t - 1] and t >= WARM_UP]
    portfolios = random_portfolios(len(names), 50)
    daily, losses, scores = [], [], []
    for start, end in zip(starts, [*starts[1:], len(returns)], strict=True):
        forecast = estimate(
            prices=prices.filter(pl.col("date") <= dates[start]),
            fx=NO_RATES,
            universe=universe,
            controlled=NO_CONTROLS,
            covariance=spec,
            currency="USD",
            lookback_months=lookback,
        )
        month = returns[start:end]
        grown = np.cumprod(1.0 + month, axis=0)
        value = np.concatenate([[1.0], grown @ minimum_variance(forecast.matrix)])
        daily.append(value[1:] / value[:-1] - 1.0)
        losses.append(qlike(forecast.matrix / forecast.periods_per_year, month))
        volatility = np.sqrt(np.einsum("pi,ij,pj->p", portfolios, forecast.matrix, portfolios) * len(month) / 252)
        scores.append(standardised((grown[-1] - 1.0) @ portfolios.T, volatility))
    outcomes, loss = np.concatenate(daily), np.concatenate(losses)
    bias = bias_statistic(np.array(scores))[0]
    return Score(float(outcomes.std(ddof=1) * np.sqrt(252)), float(loss.mean()), bias, outcomes, loss)


def halves(score: Score) -> list[str]:
    """Volatility of the two halves of the outcomes."""
    middle = len(score.outcomes) // 2
    return [f"{100 * part.std(ddof=1) * np.sqrt(252):.2f} %" for part in (score.outcomes[:middle], score.outcomes[middle:])]


def listed_part(file: Path) -> tuple[str, str]:
    prices, names = listed_prices(file)
    shipped = FactorCovariance(factors=LISTED_FACTORS)
    rivals: list[tuple[str, CovarianceSpec, int | None]] = [
        ("sample, all history", SampleCovariance(), None),
        ("sample, 24 months", SampleCovariance(), 24),
        ("sample, 12 months", SampleCovariance(), 12),
        ("Ledoit-Wolf, all history", LedoitWolfCovariance(), None),
        ("Ledoit-Wolf, 24 months", LedoitWolfCovariance(), 24),
        ("Ledoit-Wolf, 12 months", LedoitWolfCovariance(), 12),
        ("OAS, 12 months", OasCovariance(), 12),
        ("nonlinear shrinkage, 12 months", NonlinearShrinkageCovariance(), 12),
        ("PCA, 12 months", PcaCovariance(), 12),
        ("POET, 12 months", PoetCovariance(), 12),
        ("EWMA, half-life 63", EwmaCovariance(half_life=63), None),
        ("EWMA, as shipped", EwmaCovariance(), None),
        ("EWMA to constant correlation, as shipped", EwmaConstantCorrelationCovariance(), None),
        ("factor, every day alike", FactorCovariance(factors=LISTED_FACTORS, half_life=1e6, volatility_half_life=1e6), None),
        ("factor", shipped, None),
        ("dcc_nl", DynamicCovariance(), None),
        ("**blend, as shipped**", BlendCovariance(factors=LISTED_FACTORS), None),
        ("factor, no named factor", FactorCovariance(), None),
        ("factor, Newey-West, 5 lags", FactorCovariance(factors=LISTED_FACTORS, newey_west=5), None),
        ("factor, eigen-adjusted", FactorCovariance(factors=LISTED_FACTORS, eigen_adjusted=True), None),
    ]
    rows = []
    for name, spec, lookback in rivals:
        score = walk_listed(prices, names, spec, lookback)
        rows.append([name, *score.cells(), *halves(score)])
        print(rows[-1], file=sys.stderr)
    head = ["estimator", "volatility", "QLIKE a day", "bias", "50 portfolios", "first half", "second half"]
    grid = []
    for fast in (21.0, 42.0, 63.0, 126.0):
        for slow in (63.0, 126.0, 252.0):
            spec = FactorCovariance(factors=LISTED_FACTORS, volatility_half_life=fast, half_life=slow)
            score = walk_listed(prices, names, spec, None)
            grid.append([f"{fast:.0f} / {slow:.0f}", *score.cells(), *halves(score)])
            print(grid[-1], file=sys.stderr)
    head_grid = ["half-life of volatility / correlation, days", *head[1:]]
    return table(head, rows), table(head_grid, grid)


BLOCK = 63
"""Days of a block of the bootstrap: volatility clusters over a quarter."""


def difference(own: Score, other: Score, days: slice = slice(None)) -> tuple[str, str]:
    """Volatility and QLIKE of one less those of another on the same days, with block-bootstrap standard errors."""
    pairs = np.column_stack([own.outcomes[days], other.outcomes[days], own.losses[days] - other.losses[days]])
    starts = np.random.default_rng(0).integers(0, len(pairs) - BLOCK + 1, (1000, -(-len(pairs) // BLOCK)))
    drawn = pairs[(starts[:, :, None] + np.arange(BLOCK)).reshape(1000, -1)[:, : len(pairs)]]
    volatility = [100 * np.sqrt(252) * (x[..., 0].std(-1, ddof=1) - x[..., 1].std(-1, ddof=1)) for x in (pairs, drawn)]
    loss = [x[..., 2].mean(-1) for x in (pairs, drawn)]
    return f"{volatility[0]:+.2f} +/- {volatility[1].std():.2f}", f"{loss[0]:+.2f} +/- {loss[1].std():.2f}"


def rates_prices() -> tuple[pl.DataFrame, tuple[str, ...]]:
    """Prices in euro of the currencies of the bundled daily rates, from 2012 on, with the label of one more currency."""
    rates = bundled_market().until(date.today())["fx"].filter(pl.col("date") >= date(2012, 1, 1))
    prices = rates.select("date", asset="quote", price=1.0 / pl.col("rate")).with_columns(
        currency=pl.lit("USD"), unit=pl.lit("share"), basis=pl.lit("close"), quantity=pl.lit(None, pl.Float64)
    )
    return prices, tuple(prices["asset"].unique().sort())


def paired_part(file: Path) -> str:
    """Volatility and QLIKE less those of `factor`, whole and in both halves, in two universes."""
    rivals: tuple[CovarianceSpec, ...] = (EwmaConstantCorrelationCovariance(), DynamicCovariance(), BlendCovariance())
    rows = []
    for universe, (prices, names) in (("listed", listed_prices(file)), ("currencies", rates_prices())):
        base = walk_listed(prices, names, FactorCovariance(), None)
        middle = len(base.outcomes) // 2
        for spec in rivals:
            score = walk_listed(prices, names, spec, None)
            spans = (slice(None), slice(middle), slice(middle, None))
            cells = zip(*(difference(score, base, span) for span in spans), strict=True)
            rows.append([f"{universe}: {spec.kind}", *(cell for kind in cells for cell in kind)])
            print(rows[-1], file=sys.stderr)
    spans = ("", ", first half", ", second half")
    return table(["less factor", *(f"{what}{span}" for what in ("volatility", "QLIKE") for span in spans)], rows)


LONGEST = 2_600
"""Days of a series without dates that are looked at."""


def undated_prices(address: str, *, relatives: bool) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """The last days of a CSV, a column an asset, as prices in months of 21 days; columns that are no numbers are left out.

    Args:
        address: File or URL.
        relatives: Whether a row holds prices over those of the row before instead of prices.
    """
    wide = pl.read_csv(address, infer_schema_length=None).select(pl.col(pl.Float64, pl.Int64).cast(pl.Float64))
    wide = (wide.with_columns(pl.all().cum_prod()) if relatives else wide).drop_nulls().tail(LONGEST)
    months, days = np.divmod(np.arange(wide.height), 21)
    dates = [date(1990 + m // 12, m % 12 + 1, d + 1) for m, d in zip(months.tolist(), days.tolist(), strict=True)]
    prices = wide.with_columns(date=pl.Series(dates)).unpivot(index="date", variable_name="asset", value_name="price")
    prices = prices.with_columns(
        currency=pl.lit("USD"), unit=pl.lit("share"), basis=pl.lit("close"), quantity=pl.lit(None, pl.Float64)
    )
    return prices, tuple(wide.columns)


def series_part(addresses: Sequence[tuple[str, bool]]) -> str:
    """`blend` less `factor` on daily series that the user names as ``NAME=ADDRESS``, each with whether it is of relatives."""
    rows = []
    for text, relatives in addresses:
        name, _, address = text.partition("=")
        prices, names = undated_prices(address, relatives=relatives)
        own, base = (walk_listed(prices, names, spec, None) for spec in (BlendCovariance(), FactorCovariance()))
        middle = len(base.outcomes) // 2
        volatility, loss = difference(own, base)
        halves_of = (difference(own, base, span)[1].split()[0] for span in (slice(middle), slice(middle, None)))
        rows.append([name, volatility, loss, *halves_of])
    return table(["series", "volatility", "QLIKE a day", "QLIKE, first half", "QLIKE, second half"], rows)


# (b) more assets than days, simulated


def simulated_prices(seed: int, n: int = 92, days: int = 60) -> tuple[pl.DataFrame, FloatArray, tuple[str, ...]]:
    """Prices of n assets on three factors whose series are there too, and the true covariance of a day."""
    rng = np.random.default_rng(seed)
    sd = np.array([0.010, 0.007, 0.005])
    loadings = rng.normal([1.0, 0.0, 0.0], [0.3, 0.6, 0.6], size=(n, 3))
    specific = np.exp(rng.normal(np.log(0.012), 0.4, size=n))
    truth = (loadings * sd**2) @ loadings.T + np.diag(specific**2)
    factors = rng.standard_normal((days, 3)) * sd
    returns = factors @ loadings.T + rng.standard_normal((days, n)) * specific
    names = tuple(f"a{i:02d}" for i in range(n))
    series = (*names, "market", "second", "third")
    prices = 100.0 * np.cumprod(1.0 + np.vstack([np.zeros(n + 3), np.hstack([returns, factors])]), axis=0)
    days_of = pl.date_range(date(2024, 1, 1), date(2024, 12, 31), "1d", eager=True)
    days_of = days_of.filter(days_of.dt.weekday() <= 5)[: days + 1]
    wide = pl.DataFrame(dict(zip(series, prices.T, strict=True))).with_columns(date=days_of)
    long = wide.unpivot(index="date", variable_name="asset", value_name="price").with_columns(
        currency=pl.lit("USD"), unit=pl.lit("share"), basis=pl.lit("close"), quantity=pl.lit(None, pl.Float64)
    )
    return long, truth, names


def simulated_part(seeds: int = 20) -> str:
    declared = {"market": ("market",), "second": ("second",), "third": ("third",)}
    rivals: list[tuple[str, CovarianceSpec]] = [
        ("sample", SampleCovariance()),
        ("Ledoit-Wolf", LedoitWolfCovariance()),
        ("OAS", OasCovariance()),
        ("nonlinear shrinkage", NonlinearShrinkageCovariance()),
        ("EWMA, as shipped", EwmaCovariance()),
        ("PCA", PcaCovariance()),
        ("POET", PoetCovariance()),
        ("dcc_nl", DynamicCovariance()),
        ("blend, named factors", BlendCovariance(factors=declared)),
        ("**factor, named factors**", FactorCovariance(factors=declared)),
        ("factor, one common factor", FactorCovariance()),
    ]
    excess: dict[str, list[float]] = {name: [] for name, _ in rivals}
    loss: dict[str, list[float]] = {name: [] for name, _ in rivals}
    for seed in range(seeds):
        prices, truth, names = simulated_prices(seed)
        universe = Universe(tuple(Asset.unknown(key) for key in names))
        best = minimum_variance(truth)
        for name, spec in rivals:
            found = estimate(
                prices=prices, fx=NO_RATES, universe=universe, controlled=NO_CONTROLS, covariance=spec, currency="USD"
            )
            daily = found.matrix / found.periods_per_year
            w = minimum_variance(daily)
            excess[name].append(float(np.sqrt((w @ truth @ w) / (best @ truth @ best)) - 1.0))
            sign, size = np.linalg.slogdet(daily)
            singular = sign <= 0 or np.linalg.cond(daily) > 1e12
            loss[name].append(np.inf if singular else float(size + np.trace(np.linalg.solve(daily, truth))))
    rows = []
    for name, above in excess.items():
        middle = float(np.median(loss[name]))
        rows.append([name, f"{100 * np.median(above):.1f} %", "singular" if np.isinf(middle) else f"{middle:.1f}"])
        print(rows[-1], file=sys.stderr)
    return table(["estimator", "volatility above the least possible", "expected QLIKE"], rows)


# (c) bundled, monthly


HORIZONS = (1, 6, 12)
"""Months. Monthly averages overlap: a change over h months has the variance of h - 1/3 (Working 1960)."""
EXCHANGE = ("aluminium", "brent", "copper", "gold", "lead", "natural_gas_us", "nickel", "platinum", "silver", "tin", "zinc")
CUSTOMS = ("antimony", "bismuth", "gallium", "germanium", "indium", "molybdenum", "tellurium", "tungsten")
CURRENCY = "USD"


def bundled_market() -> Market:
    return load_market(bundled_folder())


def known(market: Market, day: date, assets: Sequence[str]) -> pl.DataFrame:
    """Prices of some assets as published on a day."""
    return market.until(day)["prices"].filter(pl.col("asset").is_in(assets))


def wide_of(market: Market, assets: Sequence[str]) -> tuple[list[date], FloatArray]:
    """Month ends and prices (T, n)."""
    prices = known(market, date.today(), assets).with_columns(pl.col("date").dt.month_end())
    wide = prices.pivot(on="asset", index="date", values="price").sort("date")
    return wide["date"].to_list(), wide.select(assets).to_numpy().astype(float)


def walk_exchange(market: Market, spec: CovarianceSpec, observation: Literal["latent", "raw"]) -> list[str]:
    """Forecasts at every month end, held against the changes of the following months.

    One month: simple returns of 50 random long-only portfolios. Six and twelve: log changes, whose portfolio sums are not
    ruled by a doubling of natural gas. A forecast from observed prices is one of month-end prices by its own account too.
    """
    universe = Universe(tuple(Asset.unknown(key) for key in EXCHANGE))
    dates, values = wide_of(market, EXCHANGE)
    portfolios = random_portfolios(len(EXCHANGE), 50)
    held: list[float] = []
    losses: list[float] = []
    scores: dict[int, list[FloatArray]] = {h: [] for h in HORIZONS}
    for t in range(36, len(dates) - 1):
        found = estimate(
            prices=known(market, dates[t] + timedelta(days=20), EXCHANGE),
            fx=NO_RATES,
            universe=universe,
            controlled=NO_CONTROLS,
            covariance=spec,
            observation=observation,
            currency=CURRENCY,
        )
        month = values[t + 1] / values[t] - 1.0
        averaging = 2.0 / 3.0 if observation == "latent" else 1.0
        held.append(float(minimum_variance(found.matrix) @ month))
        losses.append(float(qlike(found.matrix * averaging / 12, month[None, :])[0]))
        for h in HORIZONS:
            if t + h < len(dates):
                change = month if h == 1 else np.log(values[t + h] / values[t])
                length = h - 1.0 / 3.0 if observation == "latent" else float(h)
                volatility = np.sqrt(np.einsum("pi,ij,pj->p", portfolios, found.matrix, portfolios) * length / 12)
                scores[h].append(standardised(portfolios @ change, volatility))
    biases = [bias_statistic(np.array(scores[h]))[0] for h in HORIZONS]
    return [
        f"{100 * np.std(held, ddof=1) * np.sqrt(12):.2f} %",
        f"{np.mean(losses):.2f}",
        *(f"{b.mean():.2f} ({b.min():.2f} to {b.max():.2f})" for b in biases),
    ]


def walk_customs(market: Market, observation: Literal["latent", "raw"], first: int, *, history: bool = True) -> list[str]:
    """Forecasts of the shipped model held against later observed prices, from the level believed at the start; log changes.

    A latent forecast answers for h months of its volatility, for the error of its price and for the noise of the observed;
    a raw one for h months of the volatility of observed prices, from the last of them.
    """
    volatilities: list[FloatArray] = []
    universe = Universe(tuple(Asset.unknown(key) for key in CUSTOMS))
    dates, values = wide_of(market, CUSTOMS)
    logs = np.log(values)
    scores: dict[int, list[FloatArray]] = {h: [] for h in HORIZONS[1:]}
    basket: dict[int, list[float]] = {h: [] for h in HORIZONS[1:]}
    w = np.full(len(CUSTOMS), 1.0 / len(CUSTOMS))
    for t in range(first, len(dates) - HORIZONS[1]):
        found = estimate(
            prices=market.until(date.today())["prices"].filter(pl.col("date").dt.month_end() <= dates[t]),
            fx=NO_RATES,
            universe=universe,
            controlled=NO_CONTROLS,
            covariance=FactorCovariance(),
            observation=observation,
            currency=CURRENCY,
            history=decades.known_prices(market, dates[t]) if history else None,
        )
        volatilities.append(np.sqrt(np.diag(found.matrix)))
        error = np.array([level.standard_error / level.price for level in found.levels])
        own = error**2 + np.array([risk.noise for risk in found.risks]) ** 2
        start = np.log([level.price for level in found.levels])
        for h in HORIZONS[1:]:
            if t + h < len(dates):
                change = logs[t + h] - start
                scores[h].append(standardised(change, np.sqrt(np.diag(found.matrix) * h / 12 + own)))
                if np.isfinite(change).all():
                    basket[h].append(float(w @ change / np.sqrt(w @ found.matrix @ w * h / 12 + w**2 @ own)))
    cells = []
    for h in HORIZONS[1:]:
        z = np.concatenate(scores[h])
        z = z[np.isfinite(z)]
        cells += [f"{np.sqrt(np.mean(z**2)):.2f}", f"{np.median(np.abs(z)) / 0.6745:.2f}"]
        cells.append(f"{np.sqrt(np.mean(np.square(basket[h]))):.2f}")
    size = float(np.mean(volatilities))
    return [
        f"{dates[first]:%Y-%m} to {dates[-1 - HORIZONS[1]]:%Y-%m}",
        f"{100 * size:.0f} %",
        f"{np.log(3.0) / size:.1f}",
        *cells,
    ]


def exchange_part(market: Market) -> str:
    rivals: list[tuple[str, CovarianceSpec, Literal["latent", "raw"]]] = [
        ("sample, observed", SampleCovariance(), "raw"),
        ("Ledoit-Wolf, observed", LedoitWolfCovariance(), "raw"),
        ("EWMA, observed, as shipped", EwmaCovariance(), "raw"),
        ("sample", SampleCovariance(), "latent"),
        ("Ledoit-Wolf", LedoitWolfCovariance(), "latent"),
        ("EWMA, as shipped", EwmaCovariance(), "latent"),
        ("**factor, as shipped**", FactorCovariance(), "latent"),
    ]
    rows = []
    for name, spec, observation in rivals:
        rows.append([name, *walk_exchange(market, spec, observation)])
        print(rows[-1], file=sys.stderr)
    head = ["estimator", "volatility", "QLIKE a month", *(f"bias, {h} months" for h in HORIZONS)]
    return table(head, rows)


def customs_part(market: Market) -> dict[str, str]:
    rows = []
    rivals: tuple[tuple[str, Literal["latent", "raw"], bool], ...] = (
        ("observed", "raw", False),
        ("latent, months alone", "latent", False),
        ("**latent, as shipped**", "latent", True),
    )
    for name, observation, history in rivals:
        for first in (17, 29):
            rows.append([name, *walk_customs(market, observation, first, history=history)])
            print(rows[-1], file=sys.stderr)
    kinds = ("RMS", "median-based", "basket")
    cells = table(
        ["forecast", "made", "volatility", "a tripling", *(f"{h} months, {kind}" for h in HORIZONS[1:] for kind in kinds)], rows
    )
    logs = np.log(wide_of(market, CUSTOMS)[1])
    rises = np.exp(np.nanmedian(logs[-6:], axis=0) - np.nanmedian(logs[12:18], axis=0))
    doubled = [key for key, rise in zip(CUSTOMS, rises, strict=True) if rise > 2.0]
    told = ", ".join(f"{key} x {rise:.1f}" for key, rise in zip(CUSTOMS, rises, strict=True))
    text = (
        f"{cells}\n\nThe median observed price of the last six months against that of the six before the first forecast: "
        f"{told}; "
        f"{len(doubled)} of {len(CUSTOMS)} more than doubled."
    )
    return {"customs": text, "basket_bias": rows[-2][-1]}


def history_part(market: Market) -> dict[str, str]:
    """Tables and figures on decades of yearly prices by their names in the template."""
    head = ["years", "outcomes", "volatility", "beyond 2", "beyond 3", "RMS", "median-based", "basket", "basket, moments"]
    rows, figures = decades.history_rows(decades.known_prices(market, date.today()))
    return {"history": table(head, rows), **figures}


def drift_part(market: Market) -> str:
    """Mean correlation of overlapping changes of the customs values, each cut to three deviations of its running median."""
    values = np.log(wide_of(market, CUSTOMS)[1])
    middle = np.array([np.nanmedian(values[max(0, t - 2) : t + 3], axis=0) for t in range(len(values))])
    reach = 3.0 * 1.4826 * np.nanmedian(np.abs(values - middle), axis=0)
    cut = middle + np.clip(values - middle, -reach, reach)
    rows = []
    pairs = np.triu_indices(len(CUSTOMS), 1)
    for h in (1, 3, 6, 12):
        correlations = np.corrcoef((cut[h:] - cut[:-h]).T)[pairs]
        rows.append([f"{h}", f"{correlations.mean():+.2f}", f"{correlations.min():+.2f} to {correlations.max():+.2f}"])
    return table(["months of a change", "mean correlation", "28 pairs"], rows)


def levels_part(market: Market) -> dict[str, str]:
    """Tables and figures on price levels by their names in the template."""
    known = market.until(date.today())
    head = ["forecast", "error, mean", "error, RMS", "68 % interval", "95 % interval", "68 %, first half", "68 %, second half"]
    lags = levels.lag_rows(known)
    return {
        "levels": table(head, levels.level_rows(known)),
        "level_metals": "\n".join("| " + " | ".join(row) + " |" for row in levels.metal_rows(known)),
        "lag": table(["months later", "prices", "distance, RMS", "distance, mean"], lags),
        "assessed": lags[0][1],
        "siblings": table(["series", "sibling", "correlation", "explained"], levels.sibling_rows(known)),
        "assessed_prices": table(
            ["what is known of", "forecasts", "metals", "correlation", "error of the filter", "with the assessed price"],
            levels.assessed_rows(known),
        ),
        "tungsten": levels.path_of(known, "tungsten", 6),
        "less_likely": levels.less_likely(known),
    }


def stability_part(market: Market) -> dict[str, str]:
    """Tables on correlations through noise and on proposals from month to month, by their names in the template."""
    loss = [f"QLIKE, {h} months" for h in stability.HORIZONS]
    spread = ["strategy", "turnover a month", "in whole lots", "largest", "cost a year", "saves a year", "turns by"]
    truth = ["true correlations", "prior", "error", "volatility above the least", "bias", "turnover in three months"]
    return {
        "noisy_truth": table(truth, stability.simulated_rows(market, minimum_variance)),
        "prior_strength": table(
            ["prior", "change of a pair a month", "turnover a month", *loss], stability.strength_rows(market, minimum_variance)
        ),
        "proposals": table(spread, stability.strategy_rows()),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--listed", type=Path, default=LISTED)
    parser.add_argument(
        "--part",
        choices=(
            "listed",
            "paired",
            "series",
            "simulated",
            "exchange",
            "customs",
            "history",
            "levels",
            "drift",
            "errors",
            "stability",
            "strategies",
        ),
        help="print one part and write nothing",
    )
    parser.add_argument("--series", action="append", default=[], metavar="NAME=ADDRESS", help="daily prices, for --part series")
    parser.add_argument(
        "--relatives", action="append", default=[], metavar="NAME=ADDRESS", help="daily price relatives, likewise"
    )
    parser.add_argument(
        "--kept", type=Path, help="JSON file of parts that are done, which are not made again: hours may lie between"
    )
    options = parser.parse_args()
    series = [*((text, False) for text in options.series), *((text, True) for text in options.relatives)]
    if bool(series) != (options.part == "series") or not all("=" in text for text, _ in series):
        parser.error("--part series needs --series or --relatives NAME=ADDRESS, and they need it")
    market = bundled_market()
    parts: dict[str, Callable[[], str | tuple[str, ...]]] = {
        "simulated": simulated_part,
        "exchange": lambda: exchange_part(market),
        "customs": lambda: tuple(customs_part(market).values()),
        "history": lambda: tuple(history_part(market).values()),
        "levels": lambda: tuple(levels_part(market).values()),
        "drift": lambda: drift_part(market),
        "errors": lambda: tuple(price_errors.parts(market, table).values()),
        "stability": lambda: tuple(stability_part(market).values()),
        "strategies": lambda: tuple(strategies.parts(table).values()),
        "listed": lambda: listed_part(options.listed),
        "paired": lambda: paired_part(options.listed),
        "series": lambda: series_part(series),
    }
    if options.part:
        found = parts[options.part]()
        print(found if isinstance(found, str) else "\n\n".join(found))
        return
    if not options.listed.exists():
        raise SystemExit(f"{options.listed} is not here: name the file with --listed")
    groups: dict[str, Callable[[], dict[str, str]]] = {
        "listed": lambda: dict(zip(("listed", "grid"), listed_part(options.listed), strict=True)),
        "paired": lambda: {"paired": paired_part(options.listed)},
        "simulated": lambda: {"simulated": simulated_part()},
        "exchange": lambda: {"exchange": exchange_part(market)},
        "customs": lambda: customs_part(market),
        "drift": lambda: {"drift": drift_part(market)},
        "history": lambda: history_part(market),
        "levels": lambda: levels_part(market),
        "errors": lambda: price_errors.parts(market, table),
        "stability": lambda: stability_part(market),
        "strategies": lambda: strategies.parts(table),
    }
    kept: dict[str, dict[str, str]] = json.loads(options.kept.read_text()) if options.kept and options.kept.exists() else {}
    for name, made in groups.items():
        if name not in kept:
            kept[name] = made()
        if options.kept:
            options.kept.write_text(json.dumps(kept))
    sections = {name: content for part in kept.values() for name, content in part.items()}
    text = TEMPLATE.read_text(encoding="utf-8")
    known = (float(sections["basket_bias"]), float(sections["yearly_correlation"]))
    sections["needed_correlation"] = f"{decades.needed_correlation(*known, assets=len(CUSTOMS)):+.2f}"
    for name, content in sections.items():
        text = text.replace("{{ " + name + " }}", content)
    PAGE.write_text(text, encoding="utf-8")
    print(f"wrote {PAGE}")


if __name__ == "__main__":
    main()
