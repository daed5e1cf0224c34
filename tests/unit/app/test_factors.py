"""The factor model as records, and forecasts held against what followed: shapes, agreement and no look-ahead."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import polars as pl
import pytest

from toolkit.app.allocation.factor_model import factor_model
from toolkit.app.allocation.forecast import strategy_forecast
from toolkit.app.allocation.inputs import load_inputs
from toolkit.app.config import resolve
from toolkit.app.context import Context
from toolkit.app.definitions import find
from toolkit.app.factors import factors, outcomes, walk_forward
from toolkit.core.frames import TABLES
from toolkit.market.market import Market
from toolkit.risk_model.covariance.sample import SampleCovariance
from toolkit.strategy.decode import load_strategy

AS_OF = date(2026, 11, 24)
SETTINGS = resolve({}, file=None)
BASKET = load_strategy(find("strategies", "physical-basket").path, ())
BEFORE = date(2022, 12, 31)
"""Before the first customs value, which takes most of the time."""
METALS = ("gold", "silver", "platinum")


def precious(strategy=BASKET):
    """The strategy on three exchange-priced metals: quick, and old enough for many outcomes."""
    universe = strategy.universe.model_copy(update={"assets": METALS})
    return strategy.model_copy(update={"universe": universe})


@pytest.fixture(scope="module")
def inputs():
    return load_inputs(precious(), Context(SETTINGS, AS_OF))


@pytest.fixture(scope="module")
def forecast(inputs):
    return strategy_forecast(precious(), inputs, "EUR", "DEU")


@pytest.fixture(scope="module")
def model(inputs, forecast):
    return factor_model(precious(), inputs, forecast, "DEU").to_json()


def test_rows_are_those_of_the_forecast(forecast, model):
    assert [a["asset"] for a in model["assets"]] == list(METALS)
    assert [f["name"] for f in model["factors"]] == list(forecast.model.factors)
    for i, a in enumerate(model["assets"]):
        assert a["forecast"] == pytest.approx(np.sqrt(forecast.matrix[i, i]))
        assert a["fit"] == pytest.approx(forecast.model.fit[i])
        assert 0 < a["low"] < a["corrected"] < a["high"]
        for j, name in enumerate(forecast.model.factors):
            told = a["loadings"][name]
            assert told["loading"] == pytest.approx(forecast.loadings[i, j])
            assert told["t"] == pytest.approx(told["loading"] / told["error"], nan_ok=True)


def test_a_factor_names_its_members_and_the_year_it_had(inputs, forecast, model):
    told = {f["name"]: f for f in model["factors"]}
    assert told["dollar"]["members"] == ["currency:USD"]
    assert set(told["precious_metals"]["members"]) <= set(inputs.prices["asset"])
    metals = told["base_metals"]
    j = forecast.model.factors.index("base_metals")
    known = np.isfinite(forecast.model.realised[:, j])
    last = forecast.model.realised[known, j][-12:]
    assert metals["return_12m"] == pytest.approx(np.prod(1 + last) - 1)
    assert metals["last"] == [day.isoformat() for day, there in zip(forecast.model.dates, known, strict=True) if there][-1]
    shock = told["supply_shock"]
    assert "gallium" in shock["members"]
    assert "copper" in shock["against"]
    assert not set(shock["members"]) & {*shock["against"], "gold"}


def test_what_a_factor_returned_is_what_its_members_returned(inputs, model):
    """The correction for monthly averages multiplies volatility by 1.22: of a return it would make another one."""
    told = {f["name"]: f for f in model["factors"]}
    for name in ("precious_metals", "base_metals", "energy"):
        prices = inputs.prices.filter(pl.col("asset").is_in(list(told[name]["members"])))
        wide = prices.pivot(on="asset", index="date", values="price").sort("date").drop("date").to_numpy()
        months = wide[-12:] / wide[-13:-1] - 1.0
        assert told[name]["return_12m"] == pytest.approx(np.prod(1.0 + months.mean(axis=1)) - 1.0)
        whole = wide[-1] / wide[-13] - 1.0
        assert whole.min() < told[name]["return_12m"] < whole.max() + 0.05


def test_shared_estimates_count_once_and_by_their_weakest_test(model):
    tests = model["tests"]
    shown = [t for a in model["assets"] for t in a["loadings"].values() if np.isfinite(t["t"])]
    assert 0 < tests["estimates"] <= len(shown)
    assert tests["significant"] <= sum(abs(t["t"]) >= tests["threshold"] for t in shown)


def test_another_covariance_has_no_factors_and_says_so(inputs, tmp_path):
    spec = precious().forecast.model_copy(update={"covariance": SampleCovariance()})
    sample = precious().model_copy(update={"forecast": spec})
    found = strategy_forecast(sample, inputs, "EUR", "DEU")
    rows = factor_model(sample, inputs, found, "DEU").to_json()
    assert found.model is None
    assert rows["factors"] == []
    assert all(a["fit"] is None and a["loadings"] == {} for a in rows["assets"])
    text = find("strategies", "equal-weight").path.read_text(encoding="utf-8")
    own = tmp_path / "plain.toml"
    own.write_text(
        text.replace('assets = "all"', 'assets = ["gold", "silver"]') + '\n[forecast]\ncovariance = {kind = "sample"}\n'
    )
    answer = factors(Context(SETTINGS, BEFORE), str(own))
    assert any("'sample' has no named factors" in note for note in answer.notes)
    assert answer.factor_returns == ()
    assert [bias.what for bias in answer.bias] == ["portfolios"]


@pytest.fixture(scope="module")
def past():
    return load_inputs(precious(), Context(SETTINGS, BEFORE))


@pytest.fixture(scope="module")
def scored(past):
    return walk_forward(precious(), past, "EUR", "DEU")


def test_months_are_scored_once_each(scored):
    (bias,) = scored
    assert bias.what == "portfolios"
    assert bias.assets == tuple(sorted(METALS))
    first, last = date.fromisoformat(bias.first), date.fromisoformat(bias.last)
    months = (last.year - first.year) * 12 + last.month - first.month
    assert bias.dates == months
    assert bias.outcomes == 50 * bias.dates
    # A deliberately wide band: the figure is data, not a claim; a wrong unit (months for years) lies far outside.
    assert 0.6 < bias.statistic < 1.6
    assert 0.02 < bias.error < 0.3


def test_a_price_known_later_changes_no_outcome_that_ended_before(inputs):
    """However wild: neither a forecast nor an outcome of the past knows of it, and those after it do."""
    day = date(2024, 12, 31)  # customs values and their filter are there before it and after
    wild = pl.col("date").gt(day) & pl.col("asset").is_in(["gold", "gallium"])
    prices = inputs.prices.with_columns(price=pl.when(wild).then(pl.col("price") * 9.0).otherwise("price"))
    frames = {name: inputs.snapshot[name] for name in TABLES if name in inputs.snapshot}
    changed = replace(inputs, snapshot=Market.of({**frames, "prices": prices}, {}).until(AS_OF))
    (true, _), (other, _) = (outcomes(precious(), one, "EUR", "DEU") for one in (inputs, changed))
    before = [n for n, outcome in enumerate(true) if outcome.ends <= day]
    assert len(before) > 90
    for n in before:
        assert np.array_equal(true[n].scores, other[n].scores)
    after = [n for n, outcome in enumerate(true) if outcome.begins >= day]
    assert after
    assert not any(np.array_equal(true[n].scores, other[n].scores) for n in after[:1])


def test_the_seed_moves_the_portfolios_and_little_else(past, scored):
    other = walk_forward(precious(), past, "EUR", "DEU", seed=7)
    assert other != scored
    assert other[0].statistic == pytest.approx(scored[0].statistic, rel=0.15)
    assert walk_forward(precious(), past, "EUR", "DEU") == scored


def test_noisy_prices_answer_for_level_and_print(monkeypatch):
    """A forecast with the truth in it: latent volatility, level error and noise add up to outcomes of size one."""
    from toolkit.app import factors as module

    rng = np.random.default_rng(3)
    months = pl.date_range(date(1990, 1, 1), date(2025, 12, 1), "1mo", eager=True).dt.month_end()
    T, n, sd, noise = len(months), 40, 0.30, 0.15
    latent = np.cumsum(rng.standard_normal((T, n)) * sd / np.sqrt(12), axis=0)
    prints = latent + noise * rng.standard_normal((T, n))
    assets = tuple(f"m{i:02d}" for i in range(n))
    path = module._Path(tuple(months), True, assets, prints, np.zeros((T - 1, n)))
    scores = []
    for t in range(0, T - 6, 6):
        levels = latent[t] + 0.05 * rng.standard_normal(n)
        forecast = _Forecast(assets, months[t], np.exp(levels), 0.05, sd, noise)
        scores.append(module._noisy_outcomes(path, forecast).scores)
    assert np.sqrt(np.mean(np.square(scores))) == pytest.approx(1.0, abs=0.04)


class _Forecast:
    """Only what the score of noisy prices reads."""

    def __init__(self, assets, day, levels, error, sd, noise):
        self.variances = np.full(len(assets), sd**2)
        self.risks = [type("Risk", (), {"model": "customs_unit_value", "noise": noise}) for _ in assets]
        self.levels = [
            type("Level", (), {"asset": key, "date": day, "price": level, "standard_error": error * level})
            for key, level in zip(assets, levels, strict=True)
        ]


def test_risk_is_the_same_with_and_without_expected_returns(inputs, forecast):
    assert np.array_equal(strategy_forecast(precious(), inputs, "EUR", "DEU", risk_alone=True).matrix, forecast.matrix)
