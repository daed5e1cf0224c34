"""Strategies as scikit-learn estimators."""

from __future__ import annotations

import tempfile

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import check_estimator

import toolkit as tk
from toolkit.sklearn import Allocator

RNG = np.random.default_rng(11)
X = pd.DataFrame(RNG.normal(3e-4, 0.01, (300, 3)) * [1.0, 1.5, 2.0], columns=["GLD", "SLV", "CPER"])
SAMPLE = tk.ForecastSpec(covariance=tk.SampleCovariance())


@pytest.mark.filterwarnings("ignore:returns of")  # the checks fit on any numbers
def test_it_is_an_estimator(monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))  # it keeps arrays in files there
    done = check_estimator(Allocator(), on_skip=None)
    assert sum(check["status"] == "passed" for check in done) >= 40
    # What is skipped asks for another kind of array, which the environment has to allow.
    assert {check["check_name"] for check in done if check["status"] != "passed"} <= {"check_array_api_input"}


def test_least_variance_is_the_closed_form():
    found = Allocator(tk.Strategy(objective=tk.MinRisk(), forecast=SAMPLE)).fit(X)
    inverse = np.linalg.solve(np.cov(X.to_numpy().T), np.ones(3))
    assert_allclose(found.weights_, inverse / inverse.sum(), atol=1e-8)
    assert_allclose(found.predict(X), X.to_numpy() @ found.weights_)
    assert found.allocation_.continuous.certificate.worst < 1e-6


def test_limits_speak_of_columns_and_of_a_year():
    limit = tk.Strategy(
        objective=tk.MaxReturn(),
        forecast=tk.ForecastSpec(covariance=tk.SampleCovariance(), returns=tk.HistoricalReturns(shrinkage=0.0)),
        constraints=[tk.RiskLimit("volatility", upper=0.12), tk.Cash(upper=1.0), tk.Bounds(["GLD"], lower=0.2)],
    )
    found = Allocator(limit, periods_per_year=250.0).fit(X)
    assert found.predict(X).std(ddof=1) * np.sqrt(250) <= 0.12 + 1e-6
    assert found.weights_[0] >= 0.2 - 1e-8
    assert_allclose(found.weights_.sum() + found.cash_, 1)


def test_a_name_that_is_no_column_is_told_with_the_nearest():
    with pytest.raises(ValueError, match=r"GDL.*GLD"):
        Allocator(tk.Strategy(objective=tk.MinRisk(), constraints=[tk.Bounds(["GDL"], upper=0.2)])).fit(X)


@pytest.mark.parametrize(
    "keys",
    [
        {"costs": {"fee": 1.0}},
        {"universe": {"assets": ["GLD"]}},
        {"forecast": {"lookback": "1 year"}},
        {"constraints": [tk.CountryExposure("CHN", upper=0.5)]},
        {"constraints": [tk.ControlExposure(upper=0.5)]},
        {"constraints": [tk.Lots()]},
        {"constraints": [tk.MinTicket(value=12_000.0)]},
        {"constraints": [tk.KeepAtLeast({"GLD": 5_000.0})]},
        {"constraints": [tk.TrackingError("held", upper=0.1)]},
        {"constraints": [tk.Group(groups=["precious_metals"], upper=0.2)]},
        {"objective": tk.Track("held")},
    ],
    ids=["costs", "universe", "lookback", "countries", "controls", "lots", "money", "kept", "held", "groups", "to held"],
)
def test_what_returns_do_not_tell_is_refused_and_not_left_out(keys):
    with pytest.raises(ValueError, match="does not tell"):
        Allocator(tk.Strategy(**{"objective": tk.MinRisk(), **keys})).fit(X)


def test_a_column_of_dates_is_no_asset():
    days = pd.bdate_range("2025-01-01", periods=len(X))
    dated = tk.frame(X.to_numpy(), names=list(X), dates=days)
    for table in (dated, X.assign(date=days)):
        with pytest.raises(ValueError, match=r"'date' has dates"):
            Allocator().fit(table)
        with pytest.raises(ValueError, match=r"'date' has dates"):
            Allocator().fit(X).predict(table)
    assert_allclose(Allocator().fit(dated.drop("date")).weights_, Allocator().fit(X).weights_)


@pytest.mark.parametrize("table", [X * 100, (1 + X).cumprod() * 50], ids=["per cent", "prices"])
def test_what_looks_like_no_returns_is_a_warning(table):
    with pytest.warns(UserWarning, match="as fractions"):
        Allocator().fit(table)


def test_days_of_an_index_that_are_another_period_are_a_warning(recwarn):
    for rule, periods in (("B", 252), ("D", 365.25), ("W-FRI", 52), ("ME", 12)):
        table = pd.DataFrame(np.asarray(X), index=pd.date_range("2000-01-31", periods=len(X), freq=rule))
        Allocator(periods_per_year=periods).fit(table)
        assert not recwarn.list, rule
    with pytest.warns(UserWarning, match="12 rows a year.*periods_per_year=12"):
        Allocator().fit(table)


def test_a_strategy_is_an_object_a_name_or_a_file_and_its_solver_counts(tmp_path):
    strategy = tk.Strategy(objective=tk.MinRisk(), forecast=SAMPLE)
    (tmp_path / "own.toml").write_text(strategy.to_toml())
    assert_allclose(Allocator(tmp_path / "own.toml").fit(X).weights_, Allocator(strategy).fit(X).weights_)
    with pytest.raises(ValueError, match="not MinRisk"):
        Allocator(tk.MinRisk()).fit(X)
    with pytest.raises(ValueError, match="unknown solver"):
        Allocator(tk.Strategy(objective=tk.MinRisk(), solver=tk.SolverSpec(order=["none"]))).fit(X)


def test_columns_in_another_order_are_refused_and_not_aligned():
    found = Allocator().fit(X)
    with pytest.raises(ValueError, match="order"):
        found.predict(X[["SLV", "GLD", "CPER"]])


def test_nothing_is_filled():
    with pytest.raises(ValueError, match="NaN"):
        Allocator().fit(X.mask(X.quantile(0.99) < X))


def test_it_is_cloned_and_cross_validated():
    strategy = tk.Strategy(objective=tk.MinRisk("cvar", confidence=0.9))
    copy = clone(Allocator(strategy, periods_per_year=12.0))
    assert copy.get_params(deep=False) == {"strategy": strategy, "periods_per_year": 12.0, "gaps": "raise"}
    folds = [(range(200), range(200, 250)), (range(250), range(250, 300))]
    with pytest.raises(ValueError, match="partitions"):
        cross_val_predict(copy, X, cv=TimeSeriesSplit(2))
    first = copy.fit(X.iloc[folds[0][0]]).predict(X.iloc[folds[0][1]])
    assert first.shape == (50,)


def test_a_search_chooses_by_the_sharpe_ratio():
    tries = [tk.Strategy(objective=tk.MinRisk(), forecast=SAMPLE, constraints=[tk.Bounds([name], lower=1.0)]) for name in X]
    search = GridSearchCV(make_pipeline(Allocator()), {"allocator__strategy": tries}, cv=TimeSeriesSplit(2)).fit(X)
    later = [X.iloc[test] for _, test in TimeSeriesSplit(2).split(X)]
    wanted = np.mean([part.mean() / part.std() * np.sqrt(252) for part in later], axis=0)
    assert_allclose(search.cv_results_["mean_test_score"], wanted, atol=1e-6)
    assert search.best_index_ == np.argmax(wanted)


def test_keys_of_the_strategy_are_parameters():
    limits = [tk.Bounds(upper=0.8, name="any fund"), tk.Bounds(["GLD"], lower=0.1)]
    allocator = Allocator(tk.Strategy(objective=tk.MinRisk("cvar", confidence=0.9), constraints=limits, forecast=SAMPLE))
    found = allocator.get_params()
    assert found["strategy__objective__confidence"] == 0.9
    assert found["strategy__constraint__any fund__upper"] == 0.8
    assert found["strategy__forecast__covariance__kind"] == "sample"
    copy = clone(allocator).set_params(**{"strategy__constraint__any fund__upper": np.float64(0.5), "periods_per_year": 12.0})
    assert (copy.strategy.constraints[0].upper, copy.periods_per_year) == (0.5, 12.0)
    assert allocator.strategy.constraints[0].upper == 0.8
    assert copy.fit(X).weights_.max() <= 0.5 + 1e-8
    assert clone(allocator).set_params(strategy__forecast__covariance=tk.LedoitWolfCovariance()).fit(X).weights_.shape == (3,)
    assert Allocator().set_params(strategy__objective__measure="cvar").fit(X).strategy.objective.measure == "cvar"
    for key, told in (("strategy__objective__confidnce", "confidence"), ("strategy__objective__confidence", "1.5")):
        with pytest.raises(ValueError, match=told):
            clone(allocator).set_params(**{key: 1.5})


def test_a_search_over_a_key_of_the_strategy():
    utility = tk.Strategy(
        objective=tk.MaxUtility(risk_aversion=1.0),
        forecast=tk.ForecastSpec(covariance=tk.SampleCovariance(), returns=tk.HistoricalReturns(shrinkage=0.0)),
    )
    grid = {"allocator__strategy__objective__risk_aversion": [0.5, 50.0]}
    search = GridSearchCV(make_pipeline(Allocator(utility)), grid, cv=TimeSeriesSplit(2)).fit(X)
    tries = [Allocator(tk.Strategy(objective=tk.MaxUtility(risk_aversion=a), forecast=utility.forecast)) for a in (0.5, 50.0)]
    folds = list(TimeSeriesSplit(2).split(X))
    wanted = [np.mean([one.fit(X.iloc[a]).score(X.iloc[b]) for a, b in folds]) for one in tries]
    assert_allclose(search.cv_results_["mean_test_score"], wanted)
    assert wanted[0] != wanted[1]


def test_gaps_are_dropped_where_that_is_asked_for():
    holed = X.mask(np.random.default_rng(2).random(X.shape) < 0.02)
    whole = holed.dropna()
    with pytest.warns(UserWarning, match=f"{len(X) - len(whole)} of 300 rows"):
        found = Allocator(gaps="drop").fit(holed)
    assert_allclose(found.weights_, Allocator().fit(whole).weights_)
    held = found.predict(holed)
    assert held.isna().equals(holed.isna().any(axis=1))
    assert found.score(holed) == pytest.approx(found.score(whole))
    with pytest.raises(ValueError, match="too few"):
        Allocator(gaps="drop").fit(holed.assign(GLD=np.nan))
    with pytest.raises(ValueError, match="gaps is"):
        Allocator(gaps="fill").fit(X)


def test_what_is_predicted_has_the_index_and_weights_have_names():
    days = pd.bdate_range("2025-01-01", periods=len(X))
    found = Allocator().fit(X.set_index(days))
    told = found.predict(X.set_index(days))
    assert isinstance(told, pd.Series)
    assert told.index.equals(days)
    assert isinstance(found.predict(tk.frame(X.to_numpy(), names=list(X))), np.ndarray)
    assert list(found.named_weights_) == ["GLD", "SLV", "CPER", "cash"]
    assert sum(found.named_weights_.values()) == pytest.approx(1.0)
    assert list(Allocator().fit(X.to_numpy()).named_weights_) == ["x0", "x1", "x2", "cash"]
