"""Prior of the volatility of metals with few months of prices, from decades of yearly prices.

Forty months of low volatility are one draw from a process whose years differ. Log changes x of a year are Student t, a normal
whose variance is drawn anew every year:

    x_t ~ N(0, lambda_t s^2),    1 / lambda_t ~ chi^2(nu) / nu,    sigma^2 = E x^2 = s^2 nu / (nu - 2).

The scale s of a metal is its likeliest (expectation-maximisation: Lange, Little and Taylor 1989, JASA 84), with the
sampling variance (nu + 3) / (2 nu N) of log s for N independent years; log sigma is pooled within a group as in
`toolkit.returns.volatility_pooling`, and nu, common to all, is averaged over its likelihood. Sources, a metal those that it
has: unit values of the USGS from `SINCE` on, deflated; annual averages of its summaries; unit values of world trade in and
salts. The average of a year takes a third of the variance away (Working 1960). Unit values of trade have noise beside it,
and the variance of a year is theirs plus twice their first autocovariance (see `toolkit.returns.observation.local_level`).

The volatility v of n years of months is mostly lower than that of a year ahead, because few windows hold the years that make
the tails. The log of the mean of n draws of lambda has, exactly for one year and to 0.02 for more at nu = 3 (by simulation),

    log v ~ log sigma - a / sqrt(n), variance b / sqrt(n),    a = (log(nu / (nu - 2)) - log(nu / 2) + psi(nu / 2)) / 2,
                                                              b = psi'(nu / 2) / 4.

With the error of v itself this is a normal likelihood of log sigma, and the pooled history is its prior. That volatility
clusters from one year to the next, weakly in these data, is not used: it would lower the risk after years of low volatility.

Correlations have a prior too. That of two minor metals is normal over pairs: its mean is that of their rank correlations over
the years that all share, its variance that of these less their sampling variance (pi / 3)^2 (1 - r^2)^2 / (N - 1), both on the
scale of normals. In simulation the difference is unbiased, for normal changes and for those of nu = 3.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from toolkit.core.baskets import MEMBERS
from toolkit.core.forecast import FloatArray
from toolkit.returns.history import AnnualPrices
from toolkit.returns.observation.local_level import LocalLevels
from toolkit.returns.volatility_pooling import AVERAGED_VARIANCE, polygammas, pooled_volatility

SINCE = 1970
"""First year of the unit values of the USGS: before, prices of most of these metals were lists of their producers."""
UNCHANGED_YEARS = 0.25
"""A price unchanged in more than this share of years is such a list, and left out."""
DEGREES = np.arange(2.5, 6.5, 0.5)
"""Nodes of nu; nearer to 2 the variance would rest on tails beyond those of any series."""
CLUSTERED = 1.3
"""Years in a row that say as much of a scale as one alone: the weights of neighbours correlate with 0.16 since 1970."""
SHARED = 15
"""Years that two metals must share for a correlation of their changes."""
LEAST_PAIR_SPREAD = 0.05
"""Least standard deviation of true correlations over pairs: two hundred pairs of two decades do not tell it from zero."""
LEAST_SCALE = 0.01
"""Least scale: prices that hardly move are lists too."""
ITERATIONS = 40
REAL, NOMINAL = "unit value, 1998 USD", "unit value"
MIXED = "(?i)ores|waste"
"""Titles of subheadings whose unit values move with the grade."""
EXCHANGE = (*MEMBERS["precious_metals"], *MEMBERS["base_metals"])
"""Metals with a market for every day and no need of a prior."""
RARE_EARTHS = frozenset({
    "rare_earths", "lanthanum", "cerium", "praseodymium", "neodymium", "neodymium_praseodymium", "samarium", "europium",
    "gadolinium", "terbium", "dysprosium", "holmium", "erbium", "thulium", "ytterbium", "lutetium", "yttrium", "scandium",
})  # fmt: skip
MINOR, RARE = "minor metals", "rare earths"


def group_of(asset: str) -> str:
    """The group whose histories stand for an asset that has none."""
    return RARE if asset in RARE_EARTHS else MINOR


def yearly_prices(history: pl.DataFrame, unit_values: pl.DataFrame, annual: pl.DataFrame) -> pl.DataFrame:
    """The yearly prices from which a prior is estimated.

    Args:
        history: Visible rows of `toolkit.core.frames.History`; metals of an exchange tell correlations alone.
        unit_values: Visible rows of `toolkit.core.frames.UnitValues`.
        annual: Visible rows of `toolkit.core.frames.AnnualPrices`.

    Returns:
        Columns `asset`, `series`, `year`, `price`, `noisy` (whether grades are mixed in it), sorted by the first three.
    """
    year = pl.col("date").dt.year().alias("year")
    known = pl.col("asset").is_not_null() & ~pl.col("asset").is_in(EXCHANGE)
    since = history.filter(pl.col("asset").is_not_null() & (year >= SINCE))
    lists = _lists(since.filter(pl.col("series") == NOMINAL).select("asset", "date", "value"))
    real = since.filter(pl.col("series") == REAL).join(lists, on="asset", how="anti")
    traded = unit_values.filter(known & ~pl.col("title").str.contains(MIXED))
    editions = annual.filter(known).sort("known_from", "source").unique(["asset", "series", "date"], keep="last")
    editions = editions.join(_lists(editions.select("asset", "series", "date", "price")), on=["asset", "series"], how="anti")
    parts = (
        real.select("asset", "series", year, price="value", noisy=pl.lit(value=False)),
        editions.select("asset", "series", year, "price", noisy=pl.lit(value=False)),
        traded.select("asset", year, series="hs_code", price=pl.col("value") / pl.col("quantity"), noisy=pl.lit(value=True)),
    )
    return pl.concat(parts, how="diagonal").sort("asset", "series", "year")


def _lists(prices: pl.DataFrame) -> pl.DataFrame:
    """The series among prices (columns of names, `date`, and the price last) that stood still too often."""
    *names, _, price = prices.columns
    still = prices.sort("date").group_by(names).agg(still=(pl.col(price).diff() == 0.0).mean())
    return still.filter(pl.col("still") > UNCHANGED_YEARS)


@dataclass(frozen=True, slots=True)
class MetalVolatility:
    """Volatility of a year of one metal, of which log sigma is normal; currency of quotation.

    Attributes:
        mean, error: Of log sigma.
        own_weight: How far `mean` follows the metal's own years, 0..1; the rest is its group's.
        years: Number of these.
    """

    mean: float
    error: float
    own_weight: float
    years: int

    @property
    def volatility(self) -> float:
        """Root of the expected variance."""
        return math.exp(self.mean + self.error**2)


@dataclass(frozen=True, slots=True)
class CorrelationPrior:
    """Prior of the correlation of the changes of two metals, which is normal over pairs.

    Attributes:
        mean, error: Mean over pairs, and its standard error.
        spread: Standard deviation of the true correlations over pairs.
        factors: Mean correlation of a minor metal with the mean change of the members of a factor, by its name in
            `toolkit.core.baskets.MEMBERS`; without those of which there is no history.
    """

    mean: float
    error: float
    spread: float
    factors: Mapping[str, float]

    @property
    def periods(self) -> float:
        """Number of periods without noise that tell a correlation as well as the prior does."""
        return ((1.0 - self.mean**2) / self.spread) ** 2


@dataclass(frozen=True, slots=True)
class VolatilityPrior:
    """Prior of the volatility of metals.

    Attributes:
        metals: By name; `MINOR` and `RARE` are those of a metal without a history.
        correlation: Of two minor metals in the same years; None where no two share enough.
        degrees: Posterior mean of nu.
        shift, spread: Its a and b.
    """

    metals: Mapping[str, MetalVolatility]
    correlation: CorrelationPrior | None
    degrees: float
    shift: float
    spread: float

    def of(self, assets: Sequence[str]) -> tuple[FloatArray, FloatArray]:
        """Mean and error (n,) of log sigma; NaN for metals of an exchange, which need no prior."""
        found = [None if asset in EXCHANGE else self.metals.get(asset) or self.metals[group_of(asset)] for asset in assets]
        mean, error = (
            np.array([np.nan if metal is None else getattr(metal, name) for metal in found]) for name in ("mean", "error")
        )
        return mean, error


def volatility_prior(history: pl.DataFrame, own: Sequence[AnnualPrices] = ()) -> VolatilityPrior | None:
    """The prior that histories give; None where there are none.

    Args:
        history: From `yearly_prices`.
        own: Annual averages of assets of a universe, which stand in place of those of the same assets in `history`.
    """
    mine = [one for one in own if one.averaged and one.asset not in EXCHANGE]
    if mine:
        others = ~pl.col("asset").is_in([one.asset for one in mine])
        theirs = history.filter(others | (pl.col("series") == REAL) | pl.col("noisy"))
        rows = [(one.asset, "", *pair, False) for one in mine for pair in zip(one.years, one.prices.tolist(), strict=True)]
        history = pl.concat([theirs, pl.DataFrame(rows, schema=theirs.schema, orient="row")]).sort("asset", "series", "year")
    rows = yearly_changes(history)
    if rows.is_empty():
        return None
    years = rows.group_by("asset").agg(pl.col("year").n_unique()).sort("asset")
    assets, count = years["asset"].to_list(), years["year"].to_numpy()
    metal = np.searchsorted(assets, rows["asset"].to_list())
    names, groups = (*assets, MINOR, RARE), (*map(group_of, assets), MINOR, RARE)
    if {*groups[:-2]} != {MINOR, RARE}:
        # A group of which there is no history at all has that of the other.
        groups = (MINOR,) * len(names)
    unknown, density = np.full(2, np.nan), np.empty(len(DEGREES))
    means, errors, weights = np.empty((3, len(DEGREES), len(names)))
    for k, nu in enumerate(DEGREES):
        scale, density[k] = _likeliest(rows["change"].to_numpy(), metal, nu)
        log_sigma = np.log(scale) + 0.5 * np.log(nu / (nu - 2.0))
        sampling = CLUSTERED * (nu + 3.0) / (2.0 * nu * count)
        found = pooled_volatility(np.append(log_sigma, unknown), np.append(sampling, unknown), groups)
        means[k], errors[k], weights[k] = np.log(found.volatility), found.error, found.own_weight
    likelihood = np.exp(density - density.max())
    likelihood /= likelihood.sum()
    mean = likelihood @ means
    error = np.sqrt(likelihood @ (errors**2 + (means - mean) ** 2))
    digamma, trigamma = polygammas(0.5 * DEGREES)
    shift = 0.5 * (np.log(DEGREES / (DEGREES - 2.0)) - np.log(0.5 * DEGREES) + digamma)
    found = zip(names, mean.tolist(), error.tolist(), (likelihood @ weights).tolist(), [*count.tolist(), 0, 0], strict=True)
    return VolatilityPrior(
        metals={name: MetalVolatility(*values) for name, *values in found},
        correlation=correlation_prior(history),
        degrees=float(likelihood @ DEGREES),
        shift=float(likelihood @ shift),
        spread=0.25 * float(likelihood @ trigamma),
    )


def yearly_changes(history: pl.DataFrame) -> pl.DataFrame:
    """Log changes of minor metals and rare earths between consecutive years, of the variance of a year.

    Returns:
        Columns `asset`, `year` and `change`.
    """
    history = history.filter(~pl.col("asset").is_in(EXCHANGE))
    same = (pl.col("asset").shift() == pl.col("asset")) & (pl.col("series").shift() == pl.col("series"))
    rows = history.with_columns(change=pl.col("price").log().diff(), next=same & (pl.col("year").diff() == 1)).filter("next")
    pairs = rows.with_columns(before=pl.col("change").shift()).filter(same & pl.col("noisy"))
    product, square = float((pairs["change"] * pairs["before"]).sum()), float((pairs["change"] ** 2).sum())
    # At least a tenth of the variance is no noise: a guard for tables of a few years.
    factor = max(1.0 + 2.0 * product / square, 0.1) if square else 1.0
    scale = pl.when("noisy").then(factor).otherwise(1.0 / AVERAGED_VARIANCE).sqrt()
    return rows.select("asset", "year", change=pl.col("change") * scale)


def correlation_prior(history: pl.DataFrame) -> CorrelationPrior | None:
    """The prior from all pairs of minor metals that share `SHARED` changes; None where there are no such pairs.

    Its error is that of the mean of equal correlations r of n series over N years, whose variance is
    2 (1 - r)^2 (1 + (n - 1) r)^2 / (n (n - 1) (N - 1)).
    """
    real = history.filter((pl.col("series") == REAL) & ~pl.col("asset").is_in(RARE_EARTHS))
    wide = real.pivot(on="asset", index="year", values="price").sort("year").drop("year")
    every = np.diff(np.log(wide.to_numpy().astype(np.float64)), axis=0)
    minor = ~np.isin(wide.columns, EXCHANGE)
    changes = every[:, minor & (np.isfinite(every).sum(axis=0) >= SHARED)]
    shared = np.isfinite(changes).all(axis=1)
    both = changes[shared]
    years, n = both.shape
    if years < SHARED or n < 2:
        return None
    baskets = {}
    for name, members in MEMBERS.items():
        of = every[shared][:, np.isin(wide.columns, members)]
        if (kept := np.isfinite(of).all(axis=0)).any():
            baskets[name] = of[:, kept].mean(axis=1)
    columns = np.column_stack([both, *baskets.values()])
    correlations = 2.0 * np.sin(np.pi / 6.0 * np.atleast_2d(np.corrcoef(columns.argsort(axis=0).argsort(axis=0).T)))
    pairs = correlations[np.triu_indices(n, 1)]
    mean = float(pairs.mean())
    sampling = (np.pi / 3.0) ** 2 * float(((1.0 - pairs**2) ** 2).mean()) / (years - 1)
    size = math.sqrt(2.0 / (n * (n - 1) * (years - 1)))
    return CorrelationPrior(
        mean=mean,
        error=size * (1.0 - mean) * max(1.0 + (n - 1) * mean, 1.0),
        factors=dict(zip(baskets, correlations[n:, :n].mean(axis=1).tolist(), strict=True)),
        spread=max(math.sqrt(max(float(pairs.var()) - sampling, 0.0)), LEAST_PAIR_SPREAD),
    )


def _likeliest(x: FloatArray, metal: NDArray[np.intp], nu: float) -> tuple[FloatArray, float]:
    """Likeliest scale (m,) of changes (N,) that are Student t about zero, each of the metal of that number; log density."""
    changes = np.bincount(metal)
    square = np.maximum(np.bincount(metal, x**2) / changes, LEAST_SCALE**2)
    for _ in range(ITERATIONS):
        weight = (nu + 1.0) / (nu + x**2 / square[metal])
        square = np.maximum(np.bincount(metal, weight * x**2) / changes, LEAST_SCALE**2)
    log_density = -0.5 * np.log(square[metal]) - 0.5 * (nu + 1.0) * np.log1p(x**2 / (nu * square[metal]))
    constant = math.lgamma(0.5 * (nu + 1.0)) - math.lgamma(0.5 * nu) - 0.5 * math.log(nu)
    return np.sqrt(square), float(log_density.sum() + len(x) * constant)


def with_prior(
    levels: LocalLevels, assets: Sequence[str], years: FloatArray, prior: VolatilityPrior
) -> tuple[LocalLevels, FloatArray]:
    """The levels with volatilities of the year ahead, given their own months and the prior.

    Args:
        levels: Of m series.
        assets: m names.
        years: (m,) of prints behind each.
        prior: Of their metals.

    Returns:
        `levels` with `volatility` (m,) the root of the expected variance and `volatility_error` of its log; how far each
        follows its own months (m,), 0..1. Metals of an exchange keep theirs, with NaN for a weight.
    """
    mean, error = prior.of(assets)
    own = levels.own_log_volatility + prior.shift / np.sqrt(years)
    variance = levels.own_log_error**2 + prior.spread / np.sqrt(years)
    weight = error**2 / (error**2 + variance)
    log_sigma, left = mean + weight * (own - mean), error * np.sqrt(1.0 - weight)
    known = np.isfinite(weight)
    return replace(
        levels,
        volatility=np.where(known, np.exp(log_sigma + left**2), levels.volatility),
        volatility_error=np.where(known, left, levels.volatility_error),
    ), weight
