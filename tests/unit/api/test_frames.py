"""Frames of any library, arrays with names, and prices whose returns are those given."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_allclose

import toolkit as tk
from toolkit.api.frames import as_polars, price_path

DAYS = [date(2024, 1, 31), date(2024, 2, 29), date(2024, 3, 31)]
VALUES = np.array([[0.1, np.nan], [-0.2, 0.05], [0.3, 0.02]])
NAMES = ["GLD", "SLV"]
EXPECTED = pl.DataFrame({"date": DAYS, "GLD": [0.1, -0.2, 0.3], "SLV": [None, 0.05, 0.02]})


@pytest.mark.parametrize(
    "given",
    [
        EXPECTED,
        pd.DataFrame(VALUES, columns=NAMES, index=pd.DatetimeIndex(DAYS)),
        pd.DataFrame(VALUES, columns=NAMES, index=list(map(str, DAYS))),
        pd.DataFrame(VALUES, columns=NAMES, index=pd.PeriodIndex(["2024-01", "2024-02", "2024-03"], freq="M")),
        pd.DataFrame({"date": pd.to_datetime(DAYS), "GLD": VALUES[:, 0], "SLV": VALUES[:, 1]}),
        {"date": DAYS, "GLD": VALUES[:, 0], "SLV": VALUES[:, 1]},
        tk.frame(VALUES, names=NAMES, dates=DAYS),
        tk.frame(VALUES, names=NAMES, dates=np.array(DAYS, dtype="datetime64[ns]")),
    ],
    ids=["polars", "pandas index", "pandas text", "pandas periods", "pandas column", "mapping", "array", "array of moments"],
)
def test_frames_of_any_library_are_one(given):
    found = as_polars(given, "returns")
    assert found.drop("date").equals(EXPECTED.drop("date"))
    assert price_path(found).equals(price_path(EXPECTED))


@pytest.mark.parametrize("given", [VALUES, [1, 2], 3.0])
def test_what_has_no_names_is_refused_and_told_how_to_name_it(given):
    with pytest.raises(tk.DataError, match="no names of columns") as found:
        as_polars(given, "prices")
    assert "tk.frame" in found.value.hint


@pytest.mark.parametrize(
    ("names", "dates", "told"),
    [
        (["GLD"], DAYS, "1 names"),
        (NAMES, DAYS[:2], "2 dates"),
        (["GLD", "GLD"], DAYS, "twice"),
        ([1, 2], DAYS, "no text: 1"),
        (NAMES, [*DAYS[:-1], pd.NaT], "no date"),
    ],
)
def test_an_array_and_its_names_must_fit(names, dates, told):
    with pytest.raises(tk.DataError, match=told):
        tk.frame(VALUES, names=names, dates=dates)


def test_a_price_path_has_the_returns_that_it_was_made_from():
    path = price_path(EXPECTED)
    assert path["date"].to_list() == [date(2023, 12, 31), *DAYS]
    assert_allclose(path["GLD"].to_numpy(), [100, 110, 88, 114.4])
    assert path["SLV"].to_list()[:2] == [None, 100.0]  # its level on the day before its first return
    assert_allclose(path["SLV"].pct_change().to_numpy()[2:], [0.05, 0.02])


@pytest.mark.parametrize("rule", ["MS", "BMS", "ME", "BME"])
def test_a_monthly_path_begins_in_the_month_before_whatever_the_day(rule):
    for begins in pd.date_range("2019-01-01", periods=14, freq="MS"):
        days = pd.date_range(begins, periods=3, freq=rule)
        first = price_path(tk.frame(np.full((3, 1), 0.1), names=["GLD"], dates=days))["date"][0]
        assert 12 * first.year + first.month + 1 == 12 * days[0].year + days[0].month


def test_a_daily_path_begins_one_period_before():
    days = [date(2024, 1, 2) + timedelta(days=i) for i in range(3)]
    assert price_path(tk.frame(np.zeros((3, 1)), names=["a"], dates=days))["date"][0] == date(2024, 1, 1)


@pytest.mark.parametrize(
    ("column", "told"),
    [
        ([0.1, None, 0.1], "gap on 2024-02-29"),
        ([None, None, None], "all missing"),
        ([0.1, -1.0, 0.1], "-100 %"),
        ([0.1, float("nan"), 0.1], "gap on 2024-02-29|finite"),
        ([0.1, float("inf"), 0.1], "finite"),
    ],
)
def test_what_is_no_series_of_returns_is_refused(column, told):
    with pytest.raises(tk.DataError, match=told):
        price_path(pl.DataFrame({"date": DAYS, "a": column}))


@pytest.mark.parametrize("first", range(5))
def test_no_return_of_a_day_is_lost_whatever_the_weekday_of_the_first(first):
    days = pl.Series([day.date() for day in pd.bdate_range("2024-01-01", periods=300)])[first:]
    values = np.random.default_rng(1).normal(0.0, 0.01, (len(days), 2))
    strategy = tk.Strategy(
        objective=tk.MinRisk(), forecast=tk.ForecastSpec(covariance=tk.SampleCovariance(), observation="raw")
    )
    run = tk.optimize(strategy, returns=tk.frame(values, names=NAMES, dates=days))
    assert [asset.volatility.observations for asset in run.found.assets] == [len(days)] * 2
    own = np.cov(values, rowvar=False)
    least = (own[1, 1] - own[0, 1]) / (own[0, 0] + own[1, 1] - 2 * own[0, 1])
    assert run.weights["weight"][0] == pytest.approx(least, abs=1e-6)


def test_returns_that_compound_to_what_no_price_is_are_told_to_be_per_cent():
    days = pl.date_range(date(2024, 1, 1), date(2024, 12, 31), "1d", eager=True)
    with pytest.raises(tk.DataError, match=r"compound to .* 0\.012 is 1\.2 %"):
        price_path(tk.frame(np.full((len(days), 1), 0.3), names=["a"], dates=days))


@pytest.mark.parametrize(
    "dates",
    [
        ["2024-01-31", "2024-02-29", "2024-03-31"],
        ["31.01.2024", "29.02.2024", "31.03.2024"],
        pl.Series(DAYS).cast(pl.Datetime).dt.replace_time_zone("Europe/Berlin"),
        pl.Series(DAYS).cast(pl.Datetime).dt.replace_time_zone("Asia/Tokyo"),
        pl.Series(DAYS).cast(pl.Datetime).dt.replace_time_zone("America/New_York"),
    ],
    ids=["text", "German", "Berlin", "Tokyo", "New York"],
)
def test_days_of_returns_are_read_as_those_of_prices(dates):
    """Text was an error of polars, and midnight in Berlin was the day before."""
    assert price_path(EXPECTED.with_columns(date=pl.Series(dates))).equals(price_path(EXPECTED))


def test_returns_need_dates():
    with pytest.raises(tk.DataError, match="no column 'date'"):
        price_path(EXPECTED.drop("date"))
    with pytest.raises(tk.DataError, match="two rows"):
        price_path(EXPECTED.head(1))


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (EXPECTED.lazy(), "lazy frame"),
        ({"date": DAYS, "GLD": [1.0, 2.0]}, "date 3, GLD 2"),
        ({"date": DAYS, 1: [1.0, 2.0, 3.0]}, "no text: 1"),
        (pd.DataFrame(VALUES, index=pd.DatetimeIndex(DAYS)), "no text: 0"),
        (pd.DataFrame(VALUES, columns=["a", "a"], index=pd.DatetimeIndex(DAYS)), "column 'a' occurs twice"),
        (pd.DataFrame(VALUES, columns=pd.MultiIndex.from_product([["Close"], NAMES])), "several levels"),
        (pd.DataFrame({"date": DAYS, "a": 1.0}, index=pd.DatetimeIndex(DAYS) + pd.Timedelta(days=1)), "other dates"),
        ("returns.csv", "is a path"),
    ],
    ids=["lazy", "ragged", "number", "pandas numbers", "twice", "levels", "two dates", "path"],
)
def test_frames_that_cannot_be_read_are_refused_with_the_mend(given, told):
    with pytest.raises(tk.DataError, match=told) as found:
        as_polars(given, "returns")
    assert found.value.hint


def test_returns_are_read_by_the_names_of_a_price_file_and_refused_with_the_mend():
    for given in (100.0 + np.arange(len(DAYS)), 1.0 + np.linspace(-0.02, 0.03, len(DAYS)), np.linspace(-0.9, 1.2, len(DAYS))):
        with pytest.raises(tk.DataError, match="beyond 50% more often than not") as error:
            price_path(pl.DataFrame({"date": DAYS, "a": given}))
        assert "Give prices in prices=." in error.value.hint
    assert price_path(EXPECTED.rename({"date": "Datum"})).equals(price_path(EXPECTED))
    with pytest.raises(tk.DataError, match=r"1\.2%") as found:
        price_path(pl.DataFrame({"date": DAYS, "a": ["1.2%", "0.1", "0.2"]}))
    assert "0.012" in found.value.hint
    with pytest.raises(tk.DataError, match="a row each") as found:
        price_path(EXPECTED.unpivot(index="date", variable_name="asset", value_name="return"))
    assert "pivot" in found.value.hint


def test_frames_of_answers_as_those_of_pandas_without_pyarrow():
    given = pl.DataFrame(
        {"day": [date(2024, 1, 31), None], "x": [1.5, None], "n": [1, None], "name": ["a", None], "yes": [True, False]}
    )
    found = tk.to_pandas(given)
    assert isinstance(found, pd.DataFrame)
    assert pd.api.types.is_datetime64_any_dtype(found["day"])
    assert found["day"][0] == pd.Timestamp("2024-01-31")
    assert found.isna().sum().to_list() == [1, 1, 1, 1, 0]
    assert tk.to_pandas(given.clear()).shape == (0, 5)
