"""Scenario sets: joint returns of all assets over one period, with probabilities.

Measures of risk run on the same noun whether its rows are history, draws from the factor form or export-control shocks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Literal

import numpy as np

from toolkit.core.errors import DataError, GapError, SpecError, did_you_mean
from toolkit.core.forecast import FloatArray, Forecast, read_only
from toolkit.core.messages import message
from toolkit.returns.observed_returns import Returns

SUM_TOLERANCE = 1e-9
"""Largest deviation of a sum of probabilities from 1; within it they are scaled to 1."""


@dataclass(frozen=True, slots=True)
class Scenarios:
    """S joint outcomes of n assets over one period.

    Attributes:
        assets: n asset keys; the columns of `returns` are in this order.
        returns: (S, n) simple returns of a period in the reporting currency.
        probabilities: (S,), nonnegative, adding up to 1.
        ordered: Whether the rows are consecutive periods of one path, so that a drawdown has a meaning.
        kind: ``historical``, ``simulated``, ``own`` or ``shocked``.
        periods_per_year: A row is a change over 1 / periods_per_year of a year.
        labels: S names of the rows (a date, a shock); empty where rows have none.

    Raises:
        DataError: a shape is wrong, a number is not finite, or the probabilities are not a distribution.
    """

    assets: tuple[str, ...]
    returns: FloatArray
    probabilities: FloatArray
    ordered: bool
    kind: str
    periods_per_year: float
    labels: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        returns, p = read_only(self.returns), np.array(self.probabilities, dtype=np.float64)
        if len(set(self.assets)) != len(self.assets):
            raise DataError("an asset is named twice in the scenarios.")
        if returns.ndim != 2 or returns.shape[1] != len(self.assets) or not len(returns):
            raise DataError("scenarios of {n} assets have returns of shape {shape}.", n=len(self.assets), shape=returns.shape)
        if p.shape != (len(returns),):
            raise DataError("{n} scenarios have probabilities of shape {shape}.", n=len(returns), shape=p.shape)
        if self.labels and len(self.labels) != len(returns):
            raise DataError("{n} scenarios have {self_n} labels.", n=len(returns), self_n=len(self.labels))
        if not np.isfinite(returns).all():
            row, column = np.argwhere(~np.isfinite(returns))[0]
            raise DataError(
                "the return of {assets} in scenario {row} is not a finite number.", assets=self.assets[column], row=row + 1
            )
        if not (np.isfinite(p).all() and (p >= 0).all() and abs(p.sum() - 1) <= SUM_TOLERANCE):
            raise DataError(
                "the probabilities of the scenarios are not a distribution: they add up to {sum:.12g}.", sum=p.sum()
            )
        if not (np.isfinite(self.periods_per_year) and self.periods_per_year > 0):
            raise DataError(
                "scenarios need a positive number of periods a year, not {periods_per_year:g}.",
                periods_per_year=self.periods_per_year,
            )
        object.__setattr__(self, "returns", returns)
        object.__setattr__(self, "probabilities", read_only(p / p.sum()))

    def __len__(self) -> int:
        return len(self.returns)

    @property
    def mean(self) -> FloatArray:
        """(n,) mean return of a period."""
        return self.probabilities @ self.returns

    @property
    def covariance(self) -> FloatArray:
        """(n, n) covariance a period under the probabilities, with no correction for the size of the sample."""
        centred = self.returns - self.mean
        return (centred * self.probabilities[:, None]).T @ centred

    def portfolio(self, weights: FloatArray) -> FloatArray:
        """(S,) returns of a portfolio with these asset weights, (n,); what is not invested earns nothing."""
        return self.returns @ weights

    def reweighted(self, probabilities: FloatArray) -> Scenarios:
        """The same outcomes under other probabilities (S,), as views on scenarios ask for."""
        return replace(self, probabilities=probabilities)

    def centred(self, expected: FloatArray) -> Scenarios:
        """The same deviations around another mean: `expected` (n,) a year, zeros for a strategy without a forecast."""
        shift = expected / self.periods_per_year - self.mean
        return replace(self, returns=self.returns + shift)


MOST_RETURNS = 10_000_000
"""Returns of a set (scenarios times assets): their copies stay below a gigabyte."""


def check_size(count: int, assets: int, what: str) -> None:
    """Check the size of a scenario set before anything of that size is allocated.

    Args:
        count: Number of scenarios.
        assets: Number of assets.
        what: Where the scenarios come from, for the message.

    Raises:
        SpecError: for more than `MOST_RETURNS` returns; `what` says where they come from.
    """
    if count * assets > MOST_RETURNS:
        raise SpecError(
            "{what} of {assets} assets are {count:,} returns, more than the limit of {most:,}.",
            hint=message("Ask for at most {most:,} scenarios.", most=MOST_RETURNS // assets),
            what=what,
            assets=assets,
            count=count * assets,
            most=MOST_RETURNS,
        )


def historical(increments: Returns, periods_per_year: float, *, draws: int = 2, seed: int = 0) -> Scenarios:
    """Past periods in which every series has a change, equally probable.

    A series that is measured with error is known up to a posterior covariance. Its posterior means alone vary less than
    the price did (law of total variance), so that a tail read from them is too thin. Each period is therefore repeated
    `draws` times with posterior noise in antithetic pairs: means stay exact, and the expected covariance is the one that
    `Returns.pairwise` corrects to. The draws are independent between periods, which errors of a level are not;
    they are no path, and the set is not ordered. With ``draws=0`` the posterior means are taken in order: a path for
    drawdowns, smoother than the true one. Without noisy series the history itself is returned and `draws` is not used.

    Args:
        increments: Changes of the assets; `increments.take(assets)` for a choice and order of them.
        periods_per_year: Changes a year.
        draws: Even number of noisy copies of each period; 0 for the path of posterior means.
        seed: Of the posterior noise.

    Returns:
        T scenarios, or T * draws; ordered where they are T consecutive periods of one path.

    Raises:
        GapError: no period has a change of every series.
        SpecError: more than `MOST_RETURNS` returns are asked for.
    """
    seen = np.isfinite(increments.mean)
    complete = np.asarray(seen.all(axis=1))
    if not complete.any():
        shortest = increments.series[int(seen.sum(axis=0).argmin())]
        raise GapError(
            "there is no period in which every asset has a price change.",
            hint="Leave out the asset with the shortest history, {shortest}, or use simulated scenarios.",
            shortest=shortest,
        )
    own = increments.rows(complete)
    if len(own.noisy):
        check_size(max(draws, 1) * len(own.dates), len(own.series), f"{draws:,} draws of {len(own.dates)} periods")
    days = tuple(day.isoformat() for day in own.dates)
    if draws and len(own.noisy):
        copies = [own.mean + noise for noise in _posterior_noise(own, draws, seed)]
        returns, days, ordered = np.vstack(copies), days * draws, False
    else:
        returns, ordered = own.mean, bool(np.ptp(np.flatnonzero(complete)) == len(own.dates) - 1)
    equal = np.full(len(returns), 1 / len(returns))
    return Scenarios(increments.series, returns, equal, ordered, "historical", periods_per_year, days)


def _posterior_noise(own: Returns, draws: int, seed: int) -> FloatArray:
    """(draws, T, n) draws from the posterior of each period, the second half minus the first; zero for exact series."""
    values, vectors = np.linalg.eigh(own.uncertainty)
    roots = vectors * np.sqrt(np.clip(values, 0.0, None))[:, None, :]
    half = np.zeros((draws // 2, *own.mean.shape))
    z = np.random.default_rng(seed).standard_normal((*half.shape[:2], len(own.noisy)))
    half[:, :, own.noisy] = np.einsum("tij,dtj->dti", roots, z)
    return np.concatenate([half, -half])


def is_matched(forecast: Forecast, count: int, *, ordered: bool) -> bool:
    """Whether draws are enough to have the covariance of the forecast exactly.

    Args:
        forecast: Of n assets and k factors.
        count: Number of draws: 2 (k + n) are enough, or k + n + 1 of a path.
        ordered: Whether they are one path.
    """
    size = len(forecast.factors) + len(forecast.assets)
    return count >= (size + 1 if ordered else 2 * size)


def simulated(
    forecast: Forecast,
    count: int,
    seed: int,
    distribution: Literal["normal", "student_t"] = "normal",
    *,
    degrees: float = 5.0,
    ordered: bool = False,
    years: float | None = None,
) -> Scenarios:
    """Draws from the factor form, equally probable.

    Returns are B f + e with factors f and specific parts e drawn together. `student_t` scales both by one common
    chi-squared variable a scenario (multivariate t: joint tails), and keeps the
    covariance. Draws come in antithetic pairs and the k + n innovations are whitened within the sample where they can be
    (`is_matched`): mean and covariance of the set are those of the forecast over one period, exactly.

    Returns over a longer period are drawn as one change, not compounded: the forecast is of simple returns a year, and its
    mean and covariance grow with time. A draw may then fall below -1: see `limit_losses_to_total`.

    Args:
        forecast: Of n assets and k factors.
        count: S, even unless `ordered`.
        seed: The same seed gives the same scenarios.
        distribution: Of the innovations.
        degrees: Degrees of freedom of `student_t`, above 2: the fewer, the fatter the tails.
        ordered: One path of independent periods instead of antithetic pairs, for drawdowns.
        years: Length of a period; one period of the forecast by default.

    Raises:
        SpecError: more than `MOST_RETURNS` returns are asked for.
    """
    k = len(forecast.factors)
    size = k + len(forecast.assets)
    check_size(count, len(forecast.assets), f"{count:,} scenarios")
    rng = np.random.default_rng(seed)
    rows = count if ordered else count // 2
    z = rng.standard_normal((rows, size))
    if distribution == "student_t":
        z *= np.sqrt((degrees - 2) / rng.chisquare(degrees, rows))[:, None]
    if not ordered:
        z = np.concatenate([z, -z])
    if is_matched(forecast, count, ordered=ordered):
        z = z - z.mean(axis=0)
        z = np.linalg.solve(np.linalg.cholesky(z.T @ z / count), z.T).T
    values, vectors = np.linalg.eigh(forecast.factor_cov)
    factor_root = vectors * np.sqrt(np.clip(values, 0.0, None))
    changes = z[:, :k] @ (forecast.loadings @ factor_root).T + z[:, k:] * np.sqrt(forecast.specific_var)
    periods = forecast.periods_per_year if years is None else 1 / years
    returns = changes / np.sqrt(periods) + forecast.expected / periods
    return Scenarios(forecast.assets, returns, np.full(count, 1 / count), ordered, "simulated", periods)


@dataclass(frozen=True, slots=True)
class Shock:
    """One event that may happen within a period.

    Attributes:
        name: Name in reports and views.
        returns: Asset -> simple return when it happens; assets that are not named do not move.
        probability: Of happening within one period, 0..1.
        bands: Asset -> ends of the 90 % band of its return, where that is the median of a prior.
    """

    name: str
    returns: Mapping[str, float]
    probability: float
    bands: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("returns", "bands"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))
        if not 0 <= self.probability <= 1:
            raise SpecError(
                "the probability of {name!r:s} is {probability:g}, which is not within 0 and 1.",
                name=self.name,
                probability=self.probability,
            )
        for asset, change in self.returns.items():
            if not (np.isfinite(change) and change >= -1):
                raise SpecError(
                    "{name!r:s} moves {asset} by {change:g}: a return is a finite fraction of at least -1.",
                    name=self.name,
                    asset=asset,
                    change=change,
                )

    def row(self, assets: Sequence[str]) -> FloatArray:
        """(n,) returns of these assets; assets that are named but not held are left out."""
        return np.array([self.returns.get(asset, 0.0) for asset in assets])


TOTAL_LOSS = -1.0
STEPS, CONVERGED_VOLATILITY = 60, 1e-10
"""Fixed-point steps, and the relative error of volatility at which they end."""


def limit_losses_to_total(scenarios: Scenarios) -> tuple[Scenarios, float]:
    """The scenarios with returns of at least -1, and the share of scenarios in which an asset had less.

    A linear draw over a year from an asset with a volatility of 50 % falls below -1 in one of fifty cases. Cutting these off
    alone would raise the mean and lower the volatility, so the asset's other returns are stretched until both are what they
    were: r = (1 + mean) max(1 + k d, 0) / E max(1 + k d, 0) - 1 with the deviations d of the asset and one k an asset.
    Correlations are kept nearly, not exactly.
    """
    below = scenarios.returns < TOTAL_LOSS
    if not below.any():
        return scenarios, 0.0
    p, mean = scenarios.probabilities, scenarios.mean
    at = np.flatnonzero(below.any(axis=0) & (mean > TOTAL_LOSS))
    deviations = scenarios.returns[:, at] - mean[at]
    wanted = np.sqrt(p @ deviations**2)
    relative = deviations / (1.0 + mean[at])
    stretch = np.ones(len(at))
    returns = scenarios.returns.copy()
    for _ in range(STEPS):
        gross = _gross(relative, stretch, p) * (1.0 + mean[at])
        returns[:, at] = gross - 1.0
        reached = np.sqrt(p @ (returns[:, at] - mean[at]) ** 2)
        if np.abs(reached / wanted - 1.0).max() <= CONVERGED_VOLATILITY:
            break
        stretch = stretch * wanted / reached
    return replace(scenarios, returns=np.maximum(returns, TOTAL_LOSS)), float(p @ below.any(axis=1))


def _gross(relative: FloatArray, stretch: FloatArray, p: FloatArray) -> FloatArray:
    """(S, m) relative gross returns with mean one."""
    cut = np.maximum(1.0 + stretch * relative, 0.0)
    return cut / (p @ cut)


SCENARIOS_OF_SHOCK = 200
"""Scenarios of one shock: enough for the moments of the other returns, few enough for a linear program."""


def overlaid(base: Scenarios, shocks: Sequence[Shock], rows: int = SCENARIOS_OF_SHOCK) -> Scenarios:
    """The base set, and for each shock some of its scenarios with the shock added, of the shock's probability in total.

    A shock of s on a base return r gives (1 + r) (1 + s) - 1; a shock alone in place of a scenario would not move the other
    assets, and lower their risk by its probability. Its scenarios are taken at even distances from the two halves of the
    base, which keeps antithetic pairs together.

    Args:
        base: S scenarios, which happen when no shock does; their probabilities shrink by those of the shocks.
        shocks: Mutually exclusive within a period. One of probability 0 has its scenarios all the same, for views.
        rows: Scenarios of one shock; all of the base where it has fewer.

    Returns:
        S + len(shocks) * min(rows, S) scenarios, labelled with the shock, or as in the base.

    Raises:
        SpecError: two shocks share a name, one moves none of the assets, or their probabilities exceed 1 together.
    """
    events = tuple(shocks)
    if not events:
        return base
    if len({shock.name for shock in events}) != len(events):
        raise SpecError("two shocks share a name.", hint="Give each its own.")
    for shock in events:
        if not set(shock.returns) & set(base.assets):
            raise SpecError(
                "the shock {name!r:s} moves none of the assets.",
                hint=did_you_mean(next(iter(shock.returns), ""), base.assets),
                name=shock.name,
            )
    rest = 1 - sum(shock.probability for shock in events)
    if rest < -SUM_TOLERANCE:
        raise SpecError(
            "the shocks have a probability of {probability:g} together.",
            hint="They exclude each other: at most 1.",
            probability=1 - rest,
        )
    at = _spread(len(base), min(rows, len(base)))
    within = base.probabilities[at]
    if within.sum() <= SUM_TOLERANCE:
        raise SpecError("the scenarios under a shock have no probability.", hint="Use a base in which all of them have some.")
    within = within / within.sum()
    labels = base.labels or ("",) * len(base)
    return Scenarios(
        assets=base.assets,
        returns=np.vstack([base.returns, *((1 + base.returns[at]) * (1 + e.row(base.assets)) - 1 for e in events)]),
        probabilities=np.concatenate([base.probabilities * max(rest, 0.0), *(within * e.probability for e in events)]),
        ordered=False,
        kind="shocked",
        periods_per_year=base.periods_per_year,
        labels=labels + tuple(e.name for e in events for _ in at),
    )


def _spread(size: int, rows: int) -> np.ndarray:
    """`rows` ascending positions out of `size`: the same ones in the first and in the second half where both are even."""
    if size % 2 or rows % 2:
        return np.unique(np.linspace(0, size - 1, rows).round().astype(int))
    half = np.unique(np.linspace(0, size // 2 - 1, rows // 2).round().astype(int))
    return np.concatenate([half, half + size // 2])
