"""Evidence for what decades of yearly prices say: the prior of a metal's volatility held against each next year, and baskets.

`benchmarks.evidence` writes the table. Every prior sees only the years before the one it is held against.
"""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl

from toolkit.market.market import Market
from toolkit.returns.volatility_prior import RARE_EARTHS, volatility_prior, yearly_changes, yearly_prices

SPANS = ((1985, 1992), (1996, 2009), (2010, 2024))
"""First and last years of outcomes; between the second and the third source of history lie years without any."""


def known_prices(market: Market, day: date) -> pl.DataFrame:
    """Yearly prices as published on a day."""
    known = market.until(day)
    return yearly_prices(known["history"], known["unit_values"], known["prices_annual"])


def moment_correlation(changes: pl.DataFrame) -> float:
    """Mean product of the changes of two metals in a year, each over its own root mean square: tails count in full."""
    wide = changes.pivot(on="asset", index="year", values="change", aggregate_function="mean").drop("year").to_numpy()
    z = wide.astype(float) / np.sqrt(np.nanmean(np.square(wide.astype(float)), axis=0))
    count = np.isfinite(z).sum(axis=1)
    products = np.nansum(z, axis=1) ** 2 - np.nansum(z**2, axis=1)
    return float(products.sum() / (count * (count - 1)).sum())


def needed_correlation(bias: float, correlation: float, *, assets: int, goal: float = 1.5) -> float:
    """Correlation at which the bias of an equal-weighted basket would be the goal, volatilities alike and as they are."""
    own = 1.0 / assets
    return ((bias / goal) ** 2 * (own + (1.0 - own) * correlation) - own) / (1.0 - own)


def history_rows(history: pl.DataFrame) -> tuple[list[list[str]], dict[str, str]]:
    """Rows by span of years, and figures by their names in the template.

    Baskets are of equal weights in the minor metals that have a change in a year, at the correlation of the prior and at that
    of the moments of the years before.
    """
    changes = yearly_changes(history)
    minor = changes.filter(~pl.col("asset").is_in(sorted(RARE_EARTHS)))
    rows = []
    for first, last in SPANS:
        pairs: list[tuple[float, float]] = []
        baskets: list[list[float]] = []
        for year in range(first, last + 1):
            prior = volatility_prior(history.filter(pl.col("year") < year))
            if prior is None:
                continue
            size = {asset: metal.volatility for asset, metal in prior.metals.items()}
            own = changes.filter((pl.col("year") == year) & pl.col("asset").is_in(list(size)))
            pairs += [(change, size[asset]) for asset, change in own.select("asset", "change").iter_rows()]
            held = own.join(minor, on=["asset", "year"], how="semi").group_by("asset").agg(pl.col("change").mean())
            v = np.array([size[asset] for asset in held["asset"]])
            ranks = np.nan if prior.correlation is None else prior.correlation.mean
            correlations = (ranks, moment_correlation(minor.filter(pl.col("year") < year)))
            scale = [np.sqrt(r * v.sum() ** 2 + (1.0 - r) * (v**2).sum()) for r in correlations]
            baskets.append([held["change"].sum() / one for one in scale])
        change, expected = np.array(pairs).T
        z = np.abs(change / expected)
        cells = (np.mean(expected), np.mean(z > 2.0), np.mean(z > 3.0))
        sizes = (np.sqrt(np.mean(z**2)), np.median(z) / 0.6745, *np.sqrt(np.nanmean(np.square(baskets), axis=0)))
        rows.append([f"{first} to {last}", f"{len(z)}", *(f"{100 * c:.0f} %" for c in cells), *(f"{s:.2f}" for s in sizes)])
    prior = volatility_prior(history)
    assert prior is not None
    assert prior.correlation is not None
    return rows, {
        "degrees": f"{prior.degrees:.1f}",
        "yearly_correlation": f"{prior.correlation.mean:+.2f}",
        "moment_correlation": f"{moment_correlation(minor):+.2f}",
    }
