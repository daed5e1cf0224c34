"""Correlations of prices that are seen through noise: within the intervals of the same page, and steady from month to month."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest

from toolkit.app.allocation.factor_model import correlations
from toolkit.core.assets import Asset, Universe
from toolkit.core.calendar import month_end
from toolkit.core.forecast import Forecast
from toolkit.market.package import bundled_folder, load_market
from toolkit.returns.volatility_prior import correlation_prior, yearly_prices
from toolkit.risk_model.covariance.factor import FactorCovariance
from toolkit.risk_model.model import estimate

MARKET = load_market(bundled_folder())
METALS = ("antimony", "bismuth", "gallium", "germanium", "indium", "molybdenum", "tellurium", "tungsten")
EXCHANGE = ("gold", "silver", "copper", "zinc")
NO_RATES = pl.DataFrame(schema={"date": pl.Date, "base": pl.String, "quote": pl.String, "rate": pl.Float64})
NO_CONTROLS = pl.DataFrame(schema={"asset": pl.String, "from": pl.Date, "to": pl.Date})
QUARTERS = (date(2025, 6, 30), date(2025, 12, 31), date(2026, 3, 31), date(2026, 6, 30), date(2026, 9, 30))


def decades() -> pl.DataFrame:
    known = MARKET.until(date(2026, 9, 30))
    return yearly_prices(known["history"], known["unit_values"], known["prices_annual"])


def forecast_of(prices: pl.DataFrame) -> Forecast:
    keys = [key for key in (*METALS, *EXCHANGE) if key in prices["asset"]]
    return estimate(
        prices=prices,
        fx=NO_RATES,
        universe=Universe(tuple(Asset.unknown(key) for key in keys)),
        controlled=NO_CONTROLS,
        covariance=FactorCovariance(),
        currency="USD",
        history=decades(),
    )


def random_panel(seed: int) -> pl.DataFrame:
    """Prints of eight metals through noise of any size, some missing, beside exact ones; pairs correlate at random."""
    rng = np.random.default_rng(seed)
    n, months = len(METALS) + len(EXCHANGE), int(rng.integers(20, 80))
    root = rng.standard_normal((n, int(rng.integers(6, 30))))
    changes = root @ rng.standard_normal((root.shape[1], months)) / np.sqrt((root**2).sum(axis=1))[:, None]
    level = np.cumsum(0.06 * changes, axis=1)
    level[: len(METALS)] += np.exp(rng.uniform(-4.0, 0.0, (len(METALS), 1))) * rng.standard_t(3.0, (len(METALS), months))
    rows = []
    for i, key in enumerate((*METALS, *EXCHANGE)):
        noisy = key in METALS
        for t in range(months):
            if not (noisy and 0 < t < months - 1 and rng.uniform() < 0.05):
                price, basis = float(np.exp(level[i, t])), "customs_unit_value" if noisy else "monthly_average"
                day = month_end(12 * 2020 + t)
                rows.append((day, key, price, "USD", "kg", basis, 1000.0 if noisy else None))
    columns = ("date", "asset", "price", "currency", "unit", "basis", "quantity")
    return pl.DataFrame(rows, schema=list(columns), orient="row").sort("asset", "date")


def outside(forecast: Forecast) -> list[object]:
    rows = [row for row in correlations(forecast) if row.low is not None and {*row.assets} & {*METALS}]
    assert len(rows) > 20
    return [row for row in rows if not (row.low or 0.0) <= (row.forecast or 0.0) <= (row.high or 0.0)]


@pytest.mark.parametrize("seed", range(12))
def test_what_is_used_lies_inside_the_interval_of_random_noisy_panels(seed: int):
    forecast = forecast_of(random_panel(seed))
    assert not outside(forecast)
    assert np.linalg.eigvalsh(forecast.matrix).min() > 0


@pytest.mark.parametrize("day", QUARTERS)
def test_what_is_used_lies_inside_the_interval_on_any_day(day: date):
    found = bundled(day)
    assert not outside(found)


def bundled(day: date) -> Forecast:
    known = MARKET.until(day)["prices"]
    return forecast_of(known.filter(pl.col("asset").is_in([*METALS, *EXCHANGE])))


def test_a_correlation_that_was_never_observed_does_not_swing():
    """Antimony with tungsten was used at +0.05, 0.00, -0.10 and -0.50 while the observed one stayed at -0.08 to -0.04."""
    used = []
    for day in QUARTERS[1:]:
        found = bundled(day)
        i, j = (found.assets.index(key) for key in ("antimony", "tungsten"))
        used.append(found.matrix[i, j] / np.sqrt(found.matrix[i, i] * found.matrix[j, j]))
    assert np.ptp(used) < 0.2
    assert min(used) > -0.1


def test_the_prior_knows_pairs_of_decades_and_their_spread():
    prior = correlation_prior(decades())
    assert prior is not None
    assert 0.1 < prior.mean < 0.3
    assert 0.05 <= prior.spread < 0.2
    assert 0.02 < prior.error < 0.1
    assert prior.factors["base_metals"] > prior.factors["precious_metals"] > 0.0
