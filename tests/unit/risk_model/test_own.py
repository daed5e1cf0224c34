"""Forecasts of the user: from files, frames and arrays, by name and never by position, refused with the mend."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import polars as pl
import pytest

import toolkit as tk

NAMES = ["GLD", "SLV", "SPY"]
SIGMA = np.array([[0.04, 0.03, 0.01], [0.03, 0.09, 0.012], [0.01, 0.012, 0.0225]])
MU = {"GLD": 0.03, "SLV": 0.05, "SPY": 0.07}
LIMITS = [tk.Bounds(lower=-2.0, upper=3.0), tk.Net(lower=1.0, upper=1.0)]


@pytest.fixture(scope="module")
def prices():
    days = pl.date_range(date(2021, 1, 31), date(2026, 5, 31), "1mo", eager=True).dt.month_end()
    walk = np.exp(np.cumsum(np.random.default_rng(3).normal(0.0, 0.05, (len(days), 3)), axis=0)) * 100
    return tk.frame(np.round(walk, 6), names=["SPY", "GLD", "SLV"], dates=days)


def weights(prices, covariance, returns=None):
    objective = tk.MinRisk() if returns is None else tk.MaxUtility(risk_aversion=4.0)
    forecast = tk.ForecastSpec(covariance=covariance, **({} if returns is None else {"returns": returns}))
    strategy = tk.Strategy(objective=objective, constraints=LIMITS, forecast=forecast)
    run = tk.optimize(strategy, prices=prices, prices_currency="EUR")
    return dict(run.weights.select("asset", "weight").iter_rows()), run


def shuffled():
    order = [2, 0, 1]
    return pd.DataFrame(SIGMA, NAMES, NAMES).iloc[order, [1, 2, 0]]


def covariances(tmp_path):
    frame, file = shuffled(), tmp_path / "cov.csv"
    frame.to_csv(file)
    parquet, german = tmp_path / "cov.parquet", tmp_path / "cov-de.csv"
    text = frame.map(lambda v: f"{v:.4f}".replace(".", ",")).to_csv(sep=";", index_label="asset")
    german.write_text(text, encoding="utf-8")
    named = pl.DataFrame({"asset": list(frame.index), **{name: frame[name].to_list() for name in frame.columns}})
    named.write_parquet(parquet)
    return {
        "array": tk.OwnCovariance(values=SIGMA, assets=NAMES),
        "pandas": tk.OwnCovariance(values=frame),
        "polars": tk.OwnCovariance(values=named),
        "csv": tk.OwnCovariance(file=str(file)),
        "parquet": tk.OwnCovariance(file=str(parquet)),
        "german csv": tk.OwnCovariance(file=str(german)),
    }


def test_weights_are_those_of_the_closed_form_whatever_the_covariance_was_given_as(prices, tmp_path):
    inverse = np.linalg.inv(SIGMA)
    closed = dict(zip(NAMES, inverse.sum(axis=0) / inverse.sum(), strict=True))
    for what, covariance in covariances(tmp_path).items():
        found, run = weights(prices, covariance)
        assert {name: found[name] for name in NAMES} == pytest.approx(closed, abs=1e-6), what
    assert run.record["risk"]["volatility"] == pytest.approx(1 / np.sqrt(inverse.sum()), abs=1e-6)
    assert any("covariance is your own" in note for note in run.record["notes"])


def test_expected_returns_are_read_by_name(prices, tmp_path):
    inverse, mu = np.linalg.inv(SIGMA), np.array([*MU.values()])
    gamma = (inverse.sum(axis=0) @ mu - 4.0) / inverse.sum()
    closed = dict(zip(NAMES, inverse @ (mu - gamma) / 4.0, strict=True))
    file = tmp_path / "mu.csv"
    file.write_text("name,Return,error\nSPY,0.07,0.02\nGLD,0.03,0.01\nSLV,0.05,0.03\n", encoding="utf-8")
    frame = pl.DataFrame({"asset": ["SLV", "SPY", "GLD"], "return": [0.05, 0.07, 0.03]})
    for returns in (
        tk.OwnReturns(values=MU),
        tk.OwnReturns(values=pd.Series(MU)),
        tk.OwnReturns(values=frame),
        tk.OwnReturns(file=str(file)),
    ):
        found, run = weights(prices, tk.OwnCovariance(values=SIGMA, assets=NAMES), returns)
        assert {name: found[name] for name in NAMES} == pytest.approx(closed, abs=1e-6)
    told = run.record["expected_return"]["assets"]
    assert told["SLV"] == {"value": pytest.approx(0.05), "error": pytest.approx(0.03)}


@pytest.mark.parametrize(
    ("frame", "told", "mend"),
    [
        (pd.DataFrame(SIGMA, ["GLD", "SLV", "SPX"], ["GLD", "SLV", "SPX"]), "nothing is given for SPY", "SPX"),
        (
            pd.DataFrame(SIGMA, ["GLD", "SLV", "SPX"], NAMES),
            "rows and columns have other names, rows SPX and columns SPY",
            "SPY",
        ),
        (pd.DataFrame(SIGMA + np.triu(np.full((3, 3), 0.001), 1), NAMES, NAMES), "not symmetric for GLD and SLV", "transpose"),
        (pd.DataFrame(SIGMA - 0.05 * (1 - np.eye(3)), NAMES, NAMES), "not positive semidefinite", "negative eigenvalues"),
        (pd.DataFrame(SIGMA * 1e4, NAMES, NAMES), "volatility above 500 %", "fractions a year"),
        (pd.DataFrame(SIGMA * [[1, 1, 1], [1, 1, 1], [1, 1, 0]], NAMES, NAMES), "'SPY' has no positive variance", "0.04"),
        (pd.DataFrame(np.where(np.eye(3) > 0, np.nan, SIGMA), NAMES, NAMES), "not a finite number", "Fill it in"),
    ],
)
def test_what_is_no_covariance_of_the_universe_is_refused_with_the_mend(prices, frame, told, mend):
    with pytest.raises(tk.DataError) as error:
        weights(prices, tk.OwnCovariance(values=frame))
    assert told in error.value.message
    assert mend in (error.value.hint or "") + error.value.message


@pytest.mark.parametrize(
    ("returns", "told"),
    [
        (lambda: tk.OwnReturns(values={"GLD": 0.1, "SLV": 0.1}), "nothing is given for SPY"),
        (lambda: tk.OwnReturns(values={**MU, "SPY": 12.0}), "12 a year is no return of 'SPY'"),
        (lambda: tk.OwnReturns(values=dict.fromkeys(MU, 4.0)), "4 a year is no return of 'GLD'"),
        (lambda: tk.OwnReturns(values=pl.DataFrame({"asset": NAMES, "mu": [0.1] * 3})), "columns mu beside the names"),
        (lambda: tk.OwnReturns(values=pl.DataFrame({"asset": ["GLD", "GLD"], "return": [0.1] * 2})), "GLD stands twice"),
    ],
)
def test_what_are_no_returns_of_the_universe_is_refused(prices, returns, told):
    with pytest.raises(tk.DataError, match=told):
        weights(prices, tk.OwnCovariance(values=SIGMA, assets=NAMES), returns())


def test_a_note_says_which_volatilities_a_covariance_gives_so_that_one_of_a_day_is_seen(prices):
    daily = weights(prices, tk.OwnCovariance(values=SIGMA / 252, assets=NAMES))[1]
    least, most = (100 * float(f(np.sqrt(np.diag(SIGMA) / 252))) for f in (min, max))
    assert any(f"volatilities of {least:.1f}% to {most:.1f}% a year" in note for note in daily.record["notes"])
    assert weights(prices, tk.OwnCovariance(values=SIGMA, assets=NAMES))[1].record["remarks"][0]["kind"] != "answer"
    monthly = weights(prices, tk.OwnCovariance(values=SIGMA / 12, assets=NAMES))[1]
    correlation = weights(prices, tk.OwnCovariance(values=np.diag([1.0, 1.0, 1.0]), assets=NAMES))[1]
    for run, median in ((daily, 20 / np.sqrt(252)), (monthly, 20 / np.sqrt(12)), (correlation, 100.0)):
        warning = run.record["remarks"][0]
        assert f"a median volatility of {median:.2f}% a year, and the prices have 1" in warning["text"]
        assert (warning["kind"], warning["text"]) == ("answer", run.record["warnings"][0])


def test_returns_of_a_day_taken_for_a_year_are_told(prices):
    for times, told in ((1.0, False), (1 / 252, True), (1 / 52, True)):
        own = tk.OwnReturns(values={name: mean * times for name, mean in MU.items()})
        warnings = weights(prices, tk.OwnCovariance(values=SIGMA, assets=NAMES), own)[1].warnings
        assert any("Your own expected returns" in text for text in warnings) == told
    most = max(map(abs, MU.values())) / 252
    own = tk.OwnReturns(values={name: mean / 252 for name, mean in MU.items()})
    (text,) = [
        text for text in weights(prices, tk.OwnCovariance(values=SIGMA, assets=NAMES), own)[1].warnings if "expected" in text
    ]
    assert f"are {100 * most:.2f}% a year at most, and the prices have a median volatility of 1" in text


def test_an_array_of_returns_without_names_is_refused_with_a_way_out():
    with pytest.raises(tk.SpecError, match=r"dict\(zip\(names, values\)\)"):
        tk.OwnReturns(values=np.array([0.1, 0.2]))


def test_an_array_without_names_is_refused(prices):
    for given in (
        lambda: tk.OwnCovariance(values=SIGMA),
        lambda: tk.OwnCovariance(values=SIGMA, assets=["GLD"]),
        tk.OwnCovariance,
    ):
        with pytest.raises(tk.SpecError, match="values"):
            given()
    with pytest.raises(tk.DataError, match="no column of names"):
        tk.OwnCovariance(values=pl.DataFrame(SIGMA, schema=NAMES))


def test_a_strategy_with_a_file_is_the_same_wherever_it_is_read_and_changes_with_the_numbers(tmp_path):
    covariances(tmp_path)
    text = '[about]\ntitle = "t"\nidea = "i"\nsource = "s"\n[objective]\nkind = "min_risk"\n'
    file = tmp_path / "own.toml"
    file.write_text(text + '[forecast]\ncovariance = {kind = "own", file = "cov.csv"}\n', encoding="utf-8")
    strategy = tk.load_strategy(file)
    assert sorted(strategy.forecast.covariance.assets) == sorted(NAMES)
    inline = tmp_path / "inline.toml"
    inline.write_text(strategy.to_toml(), encoding="utf-8")
    assert tk.load_strategy(inline).fingerprint == strategy.fingerprint
    (shuffled() * 2).to_csv(tmp_path / "cov.csv")
    assert tk.load_strategy(file).fingerprint != strategy.fingerprint
    with pytest.raises(tk.DataError, match="no file"):
        tk.load_strategy(file, "forecast.covariance.file=cof.csv")
