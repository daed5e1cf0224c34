from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from toolkit.core.assets import Asset, Universe
from toolkit.core.errors import GapError
from toolkit.risk_model import observed
from toolkit.risk_model.covariance.ewma import EwmaCovariance
from toolkit.risk_model.covariance.factor import FactorCovariance
from toolkit.risk_model.covariance.ledoit_wolf import LedoitWolfCovariance
from toolkit.risk_model.covariance.sample import SampleCovariance
from toolkit.risk_model.expected_returns.historical import HistoricalReturns
from toolkit.risk_model.model import estimate

SPECS = (FactorCovariance(), SampleCovariance(), LedoitWolfCovariance(), EwmaCovariance())


@pytest.fixture(scope="module")
def forecast(arguments):
    return estimate(**arguments, covariance=FactorCovariance())


def test_diagonal_is_the_corrected_variance_of_each_asset(arguments, forecast):
    corrected = np.array([risk.latent**2 for risk in forecast.risks])
    forgetting_nothing = estimate(**arguments, covariance=FactorCovariance(volatility_half_life=1e9))
    assert np.diag(forgetting_nothing.matrix) == pytest.approx(corrected)
    noisy = np.array([risk.model == "customs_unit_value" for risk in forecast.risks])
    assert np.diag(forecast.matrix)[noisy] == pytest.approx(corrected[noisy])


def test_volatility_of_exact_prices_is_that_of_now(arguments):
    """Gold moved more in 2025 and 2026 than in the twelve years before."""
    prices = arguments["prices"]
    chosen = {**arguments, "universe": arguments["universe"].take(("gold", "silver", "platinum"))}
    for last, louder in ((date(2019, 6, 30), False), (date(2026, 5, 31), True)):
        found = estimate(**{**chosen, "prices": prices.filter(pl.col("date") <= last)}, covariance=FactorCovariance())
        ratio = np.sqrt(np.diag(found.matrix)) / [risk.latent for risk in found.risks]
        assert (ratio > 1.2).all() if louder else ratio.mean() < 1.0


def test_factors_are_named_and_loadings_carry_errors(forecast):
    assert forecast.factors[:5] == ("precious_metals", "base_metals", "energy", "dollar", "supply_shock")
    assert forecast.loading_errors.shape == (len(forecast.assets), 5)  # of components none is held
    assert (forecast.loading_errors > 0).all()
    precious = [forecast.assets.index(key) for key in ("gold", "silver", "platinum")]
    assert (forecast.loadings[precious, 0] > 4 * forecast.loading_errors[precious, 0]).all()


def test_no_volatility_collapses_and_every_noisy_one_is_corrected(forecast):
    for risk in forecast.risks:
        assert 0.1 < risk.low < risk.latent < risk.high
        # What averaging takes is given back; noise is taken away, but a year adds up the changes that persist.
        assert risk.model in ("customs_unit_value", "monthly_average")
        if risk.model == "monthly_average":
            assert risk.raw < risk.latent < 1.4 * risk.raw
        elif risk.asset != "antimony":
            assert risk.latent < 0.7 * risk.raw


def test_a_level_is_believed_not_printed(forecast):
    levels = {level.asset: level for level in forecast.levels}
    assert levels["gold"].price == levels["gold"].raw
    assert levels["gold"].standard_error == 0
    # Three high months in a row are a level: 176, 348 and 273 USD.
    assert levels["tungsten"].raw == pytest.approx(273.4, abs=0.1)
    assert levels["tungsten"].price == pytest.approx(273.4, rel=0.25)
    assert 0.05 < levels["tungsten"].standard_error / levels["tungsten"].price < 0.3
    # 116 after 217, 149 and 145.
    assert levels["tellurium"].price > 1.2 * levels["tellurium"].raw
    assert levels["gallium"].date == date(2026, 7, 31)


def test_noisy_series_of_a_day_are_fitted_once_whatever_is_held(arguments):
    """What a sweep over universes or estimators would spend most of its time on."""

    def fits(**changed):
        before = observed._called.cache_info().misses
        estimate(**{**arguments, "covariance": FactorCovariance(), **changed})
        return observed._called.cache_info().misses - before

    fits()
    assert fits(universe=arguments["universe"].take(("gallium", "gold")), covariance=SampleCovariance()) == 0
    assert fits(prices=arguments["prices"].filter(pl.col("date") <= date(2026, 4, 30))) == 2


def test_raw_sample_is_the_covariance_of_the_prices_as_given(arguments):
    keys = ("gallium", "gold", "tungsten")
    found = estimate(
        **{**arguments, "universe": arguments["universe"].take(keys)},
        covariance=SampleCovariance(),
        observation="raw",
        currency="USD",
    )
    wide = arguments["prices"].filter(pl.col("asset").is_in(keys)).pivot(on="asset", index="date", values="price").sort("date")
    prices = wide.drop_nulls().select(keys).to_numpy()
    assert found.matrix == pytest.approx(np.cov((prices[1:] / prices[:-1] - 1).T, ddof=1) * 12)
    assert all(
        risk.model == "as_is" and level.price == level.raw for risk, level in zip(found.risks, found.levels, strict=True)
    )


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.kind)
@pytest.mark.parametrize("observation", ["latent", "raw"])
@pytest.mark.parametrize("currency", ["EUR", "USD"])
def test_every_kind_is_finite_and_positive_semidefinite(arguments, spec, observation, currency):
    found = estimate(**arguments, covariance=spec, observation=observation, currency=currency)
    assert found.covariance == spec.kind
    assert np.linalg.eigvalsh(found.matrix).min() > 0
    assert (found.specific_var >= 0).all()
    assert not found.expected.any()


def test_dollar_translation_is_a_loading_of_one_more(arguments):
    keys = ("gold", "silver", "platinum")
    chosen = {**arguments, "universe": arguments["universe"].take(keys)}
    euro = estimate(**chosen, covariance=FactorCovariance(), currency="EUR")
    dollar = estimate(**chosen, covariance=FactorCovariance(), currency="USD")
    gain = [f.loadings[:, f.factors.index("dollar")] for f in (euro, dollar)]
    # Not exactly one: two months more have prices than rates, and simple returns compound.
    assert gain[0] - gain[1] == pytest.approx(np.ones(3), abs=0.1)


def test_age_of_the_last_rate_and_averaging_are_told(arguments):
    until_june = {**arguments, "fx": arguments["fx"].filter(pl.col("date") <= date(2026, 6, 30))}
    forecast = estimate(**until_june, covariance=FactorCovariance())
    assert any("2026-06" in note and "2026-07" in note for note in forecast.notes)
    assert any("Working 1960" in note for note in forecast.notes)


def test_annual_only_asset_is_a_gap_that_asks_for_a_price(arguments):
    wider = Universe((*arguments["universe"], Asset.unknown("hafnium")))
    with pytest.raises(GapError, match="hafnium"):
        estimate(**{**arguments, "universe": wider}, covariance=FactorCovariance())


def test_historical_returns_tell_their_error(arguments):
    found = estimate(**arguments, covariance=FactorCovariance(), returns=HistoricalReturns(shrinkage=0.5))
    means = estimate(**arguments, covariance=FactorCovariance(), returns=HistoricalReturns(shrinkage=0.0)).expected
    assert found.expected == pytest.approx(0.5 * means + 0.5 * means.mean())
    assert any("percentage points" in note for note in found.notes)


def test_prices_of_the_user_alone_fall_back_to_one_common_factor():
    rng = np.random.default_rng(0)
    days = [date(2022, 1, 3) + timedelta(days=i) for i in range(500)]
    days = [day for day in days if day.weekday() < 5]
    walk = np.exp((0.01 * rng.standard_normal((len(days), 1)) + 0.01 * rng.standard_normal((len(days), 3))).cumsum(axis=0))
    frame = pl.DataFrame({"date": days, "x": walk[:, 0], "y": walk[:, 1], "z": walk[:, 2]}).unpivot(
        index="date", variable_name="asset", value_name="price"
    )
    frame = frame.with_columns(
        currency=pl.lit("USD"), unit=pl.lit("share"), basis=pl.lit("close"), quantity=pl.lit(None, pl.Float64)
    )
    none = pl.DataFrame(schema={"asset": pl.String, "from": pl.Date, "to": pl.Date})
    fx = pl.DataFrame(schema={"date": pl.Date, "base": pl.String, "quote": pl.String, "rate": pl.Float64})
    found = estimate(
        prices=frame, fx=fx, universe=Universe(tuple(map(Asset.unknown, "xyz"))), controlled=none, covariance=FactorCovariance()
    )
    assert found.factors[0] == "equal_weight"
    assert found.periods_per_year == 252.0
    assert any("currency" in note or "measured in USD" in note for note in found.notes)
    correlation = found.matrix[0, 1] / np.sqrt(found.matrix[0, 0] * found.matrix[1, 1])
    assert correlation == pytest.approx(0.5, abs=0.1)
