"""Priors of volatility from decades of yearly prices: on simulated histories with a known truth, and on the bundled ones."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from toolkit.core.assets import Asset, Universe
from toolkit.market.market import Market
from toolkit.market.package import bundled_folder, load_market
from toolkit.returns.history import AnnualPrices
from toolkit.returns.observation.local_level import local_levels
from toolkit.returns.volatility_prior import MINOR, RARE, REAL, VolatilityPrior, volatility_prior, with_prior, yearly_prices
from toolkit.risk_model.covariance.factor import FactorCovariance
from toolkit.risk_model.model import estimate

MARKET = load_market(bundled_folder())
TABLES = ("history", "unit_values", "prices_annual")
METALS = ("antimony", "bismuth", "gallium", "germanium", "indium", "molybdenum", "tellurium", "tungsten")


def decades(day: date, market: Market = MARKET) -> pl.DataFrame:
    known = market.until(day)
    return yearly_prices(*(known[name] for name in TABLES))


def long_of(
    log_price: np.ndarray, names: list[str], *, first: int = 1970, series: str = REAL, noisy: bool = False
) -> pl.DataFrame:
    rows = [
        (name, series, first + t, float(np.exp(log_price[t, i])), noisy)
        for i, name in enumerate(names)
        for t in range(len(log_price))
    ]
    schema = {"asset": pl.String, "series": pl.String, "year": pl.Int32, "price": pl.Float64, "noisy": pl.Boolean}
    return pl.DataFrame(rows, schema=schema, orient="row").sort("asset", "series", "year")


def yearly_averages(changes: np.ndarray) -> np.ndarray:
    """(years, n) mean log price of each year of changes (12 * years, n) of months."""
    return np.cumsum(changes, axis=0).reshape(-1, 12, changes.shape[1]).mean(axis=1)


def fat_months(rng: np.random.Generator, sigma: np.ndarray, years: int, nu: float = 3.0) -> np.ndarray:
    """Changes of months (12 * years, n) whose variance is drawn anew every year; sigma (n,) is that of a year."""
    scale = sigma * np.sqrt((nu - 2.0) / rng.chisquare(nu, (years, len(sigma))))
    return np.repeat(scale / np.sqrt(12.0), 12, axis=0) * rng.standard_normal((12 * years, len(sigma)))


def prior_of(history: pl.DataFrame, own: tuple[AnnualPrices, ...] = ()) -> VolatilityPrior:
    found = volatility_prior(history, own)
    assert found is not None
    return found


def test_volatility_of_a_year_is_found_behind_averages_of_years_with_fat_tails():
    rng = np.random.default_rng(0)
    sigma = np.exp(rng.normal(np.log(0.4), 0.3, 60))
    names = [f"m{i:02d}" for i in range(60)]
    prior = prior_of(long_of(yearly_averages(fat_months(rng, sigma, 40)), names))
    score = np.array(
        [(prior.metals[name].mean - np.log(s)) / prior.metals[name].error for name, s in zip(names, sigma, strict=True)]
    )
    assert 3.0 <= prior.degrees <= 5.0
    # An average mixes two years' variances, which thins its tails a little.
    assert np.mean(score) == pytest.approx(0.0, abs=0.7)
    assert np.sqrt(np.mean((score - score.mean()) ** 2)) == pytest.approx(1.0, abs=0.2)
    assert np.exp(prior.metals[MINOR].mean) == pytest.approx(0.4, rel=0.15)


def test_noise_of_trade_does_not_pass_for_volatility():
    rng = np.random.default_rng(1)
    changes = 0.3 / np.sqrt(12.0) * rng.standard_normal((12 * 40, 30))
    names = [f"m{i:02d}" for i in range(30)]
    clean = yearly_averages(changes)
    loud = clean + 0.2 * rng.standard_normal(clean.shape)
    sizes = [
        np.exp(prior_of(long_of(log_price, names, noisy=noisy)).metals[MINOR].mean)
        for log_price, noisy in ((clean, False), (loud, True), (loud, False))
    ]
    assert sizes[1] == pytest.approx(sizes[0], rel=0.1)
    assert sizes[2] > 1.3 * sizes[0]


def test_a_calm_window_weighs_little_and_a_long_one_more():
    """Months of two calm years, seen through noise, do not undo what forty years of a group say; twenty years do in part."""
    rng = np.random.default_rng(2)
    prior = prior_of(long_of(yearly_averages(fat_months(rng, np.full(20, 0.5), 40)), [f"m{i:02d}" for i in range(20)]))
    weights, sizes = [], []
    for months in (24, 240):
        calm = np.cumsum(0.1 / np.sqrt(12.0) * rng.standard_normal((months, 2)), axis=0) + 0.02 * rng.standard_normal(
            (months, 2)
        )
        levels = local_levels(calm, np.full(calm.shape, np.nan), 12.0)
        found, weight = with_prior(levels, ("m00", "unheard"), np.full(2, months / 12.0), prior)
        assert (found.volatility > levels.volatility).all()
        weights.append(weight)
        sizes.append(found.volatility)
    assert (weights[0] < weights[1]).all()
    assert (sizes[0] > sizes[1]).all()
    # A metal without a history of its own has its group's, of which less is known.
    assert (np.array(weights)[:, 1] > np.array(weights)[:, 0]).all()
    assert sizes[0][0] > 0.35


def test_metals_of_an_exchange_keep_their_own():
    prior = prior_of(decades(date(2026, 1, 1)))
    assert np.isnan(prior.of(("copper", "gold"))).all()
    assert np.isfinite(prior.of(("gallium", "dysprosium", "a metal of nobody"))).all()
    assert prior.of(("a metal of nobody",))[0][0] == prior.metals[MINOR].mean
    assert prior.of(("thulium",))[0][0] == prior.metals[RARE].mean


def test_list_prices_and_what_moves_with_the_grade_are_left_out():
    found = decades(date(2026, 1, 1))
    assert not {*found.filter(pl.col("series") == REAL)["asset"]} & {"gallium", "germanium", "beryllium", "hafnium"}
    assert not {"2611", "2613", "2617"} & {series[:4] for series in found["series"]}
    assert found["year"].min() == 1970


def test_history_is_that_of_the_day():
    """Trade of a year is known a year later, rare earths to 2020 in 2024, averages by edition; the future changes nothing."""
    day = date(2024, 1, 15)
    found = decades(day)
    assert found.filter("noisy")["year"].max() == 2021
    assert found.filter(pl.col("asset") == "rare_earths", pl.col("series") == REAL)["year"].max() == 1992
    assert found.filter(pl.col("asset") == "rhenium", pl.col("series") != REAL)["year"].max() == 2022
    poisoned = MARKET
    for name in TABLES:
        frame = MARKET.until(date.max)[name]
        later = frame.filter(pl.col("known_from") > day)
        column = {"history": "value", "unit_values": "value", "prices_annual": "price"}[name]
        poisoned = poisoned.replace(
            name, pl.concat([frame.filter(pl.col("known_from") <= day), later.with_columns(pl.col(column) * 1e6)])
        )
    assert decades(day, poisoned).equals(found)
    assert volatility_prior(decades(date(1997, 1, 1))) is None


def test_own_annual_averages_stand_in_place_of_those_of_the_tables():
    history = decades(date(2026, 9, 1))
    wild = AnnualPrices("rhenium", tuple(range(2018, 2026)), np.exp(1.5 * np.arange(8) % 3.0), averaged=True)
    before, after = prior_of(history), prior_of(history, (wild,))
    assert after.metals["rhenium"].mean > before.metals["rhenium"].mean + 0.1


def test_before_2025_a_tripling_is_no_event_of_five_sigma():
    """With the months known at the end of June 2024 alone it is one of six; decades make it one below three and a half."""
    month = date(2024, 6, 30)
    arguments = {
        "prices": MARKET.until(date(2026, 11, 1))["prices"].filter(pl.col("date") <= month),
        "fx": MARKET.until(month)["fx"].head(0),
        "universe": Universe(tuple(Asset.unknown(key) for key in METALS)),
        "controlled": pl.DataFrame(schema={"asset": pl.String, "from": pl.Date, "to": pl.Date}),
        "covariance": FactorCovariance(),
        "currency": "USD",
    }
    alone, found = estimate(**arguments), estimate(**arguments, history=decades(month + timedelta(days=1)))
    assert min(np.log(3.0) / np.sqrt(np.diag(alone.matrix))) > 5.0
    assert max(np.log(3.0) / np.sqrt(np.diag(found.matrix))) < 3.5
    assert [risk.without_history for risk in found.risks] == pytest.approx([risk.latent for risk in alone.risks])
    assert all(risk.without_history is None for risk in alone.risks)
    assert all(risk.low < risk.latent < risk.high and risk.own_weight < 0.3 for risk in found.risks)
    assert [level.price for level in found.levels] == [level.price for level in alone.levels]
    assert np.linalg.eigvalsh(found.matrix)[0] > 0.0


def test_raw_prices_have_no_prior(arguments):
    history = decades(date(2026, 1, 1))
    raw = [estimate(**arguments, covariance=FactorCovariance(), observation="raw", history=h).matrix for h in (None, history)]
    assert np.array_equal(*raw)
