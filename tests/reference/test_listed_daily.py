"""Daily listed prices (17 instruments, 2012 to 2021): the estimators where every price is exact and history long."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from toolkit.core.assets import Asset, Universe
from toolkit.risk_model.covariance.factor import FactorCovariance
from toolkit.risk_model.covariance.sample import SampleCovariance
from toolkit.risk_model.model import estimate

FILE = Path(__file__).parents[3] / "shared" / "testdata" / "listed_adjclose_daily.csv"
pytestmark = [pytest.mark.testdata, pytest.mark.skipif(not FILE.exists(), reason="../shared/testdata is not here")]


@pytest.fixture(scope="module")
def arguments():
    wide = pl.read_csv(FILE, try_parse_dates=True)
    prices = wide.unpivot(index="date", variable_name="asset", value_name="price").drop_nulls()
    prices = prices.with_columns(
        currency=pl.lit("USD"), unit=pl.lit("share"), basis=pl.lit("adjusted_close"), quantity=pl.lit(None, pl.Float64)
    )
    return {
        "prices": prices,
        "fx": pl.DataFrame(schema={"date": pl.Date, "base": pl.String, "quote": pl.String, "rate": pl.Float64}),
        "universe": Universe(tuple(Asset.unknown(key) for key in wide.columns[1:])),
        "controlled": pl.DataFrame(schema={"asset": pl.String, "from": pl.Date, "to": pl.Date}),
        "currency": "USD",
    }


def test_sample_covariance_of_daily_prices_is_numpys_at_252_days(arguments):
    found = estimate(**arguments, covariance=SampleCovariance(), observation="raw")
    wide = pl.read_csv(FILE, try_parse_dates=True)
    prices = wide.select(found.assets).drop_nulls().to_numpy()
    assert found.periods_per_year == 252.0
    assert found.matrix == pytest.approx(np.cov((prices[1:] / prices[:-1] - 1).T) * 252)


def test_factor_covariance_of_a_long_history_is_near_the_sample(arguments):
    factor = estimate(**arguments, covariance=FactorCovariance(volatility_half_life=1e9, half_life=1e9))
    sample = estimate(**arguments, covariance=SampleCovariance())
    first, second = (np.sqrt(np.diag(found.matrix)) for found in (factor, sample))
    # Fat tails make ten years of days know a volatility to some per cent: that much it is pulled to the others.
    assert first == pytest.approx(second, rel=0.05)
    correlations = [found.matrix / np.outer(sd, sd) for found, sd in ((factor, first), (sample, second))]
    assert np.abs(correlations[0] - correlations[1]).max() < 0.02
