"""Interest on cash in a backtest: from a number, a text, a file or a frame, by the days of each rate."""

from datetime import date

import numpy as np
import pandas as pd
import polars as pl
import pytest

import toolkit as tk
from toolkit.app.backtest.cash_rate import CashRate
from toolkit.core.errors import DataError, GapError, SpecError

DATES = (date(2023, 12, 31), date(2024, 1, 31), date(2024, 2, 29), date(2024, 3, 31))
FRAME = pl.DataFrame({"date": [date(2024, 1, 16), date(2023, 1, 1), date(2024, 3, 1)], "rate": [0.04, 0.02, -0.01]})


@pytest.mark.parametrize("given", [0.03, "0.03", "0,03", "3 %", np.float64(0.03)])
def test_one_rate_counts_every_day(given):
    assert CashRate.of(given).between(DATES) == pytest.approx(np.array([31, 29, 31]) * 0.03 / 365.25)


def test_rates_count_from_their_dates_on(tmp_path):
    expected = np.array([16 * 0.02 + 15 * 0.04, 29 * 0.04 + 1 * 0.0, 1 * 0.04 - 30 * 0.01]) / 365.25
    german = tmp_path / "z.csv"
    german.write_text("Datum;Zins\n01.01.2023;0,02\n16.01.2024;0,04\n01.03.2024;-0,01\n", encoding="utf-8")
    pandas = FRAME.to_dict(as_series=False)
    series = pd.Series(pandas["rate"], index=pd.to_datetime(pandas["date"]))
    for given in (FRAME, german, str(german), series, series.to_frame("rate"), dict(FRAME.iter_rows())):
        assert CashRate.of(given).between(DATES) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (3, "3 a year is no rate"),
        ("nix.csv", "is not a number"),
        (True, "neither a rate nor columns"),
        (FRAME.rename({"rate": "yield"}), "neither a rate nor columns"),
        (pl.concat([FRAME, FRAME]), "a date stands twice"),
        (FRAME.with_columns(rate=None), "no date or no rate"),
        ({"soon": 0.03}, "no date or no rate"),
        (FRAME.clear(), "no date or no rate"),
    ],
)
def test_what_is_no_rate_is_refused(given, told):
    with pytest.raises((SpecError, DataError), match=told):
        CashRate.of(given)


def test_a_rate_is_known_on_the_first_date():
    with pytest.raises(GapError, match="none is known on 2023-12-31"):
        CashRate.of(FRAME.filter(pl.col("date") > date(2024, 1, 1))).between(DATES)


def test_cash_alone_grows_by_its_rate_and_has_no_ratio():
    days = pl.date_range(date(2023, 1, 31), date(2025, 12, 31), "1mo", eager=True).dt.month_end()
    returns = tk.frame(np.random.default_rng(2).normal(0.0, 0.04, (len(days), 2)), names=["AAA", "BBB"], dates=days)
    half = tk.Strategy(name="half", objective=tk.Track(target={"AAA": 0.25, "BBB": 0.25}))
    asked = {"returns": returns, "start": "2024-06-30", "budget": 100_000, "benchmark": "AAA"}
    plain, paid = tk.backtest(half, **asked), tk.backtest(half, cash_rate=0.05, **asked)
    names = [name for name in paid.wealth.columns if name != "date"]
    first = paid.wealth.row(1, named=True)
    assert all(first[name] == pytest.approx(100_000 * (1 + 0.05 * 31 / 365.25), abs=0.01) for name in names)  # all was cash
    interest = paid.attribution.filter((pl.col("strategy") == "half") & (pl.col("source") == "interest"))["amount"].item()
    assert interest == pytest.approx(0.5 * 100_000 * 0.05 * 1.5, rel=0.15)
    assert paid.attribution.filter(pl.col("strategy") == "half")["amount"].sum() == pytest.approx(
        paid.wealth["half"][-1] - 100_000, abs=0.02
    )
    days_of = np.diff([day.toordinal() for day in paid.wealth["date"]])
    over = paid.returns["half"].to_numpy() - 0.05 * days_of / 365.25
    figures = paid.figures.filter(pl.col("strategy") == "half").row(0, named=True)
    assert figures["sharpe"] == pytest.approx(over.mean() / over.std(ddof=1) * 12**0.5)
    its = returns.filter(pl.col("date") > date(2024, 6, 30))["AAA"].to_numpy() - 0.05 * days_of / 365.25
    beta, alpha = np.polyfit(its[1:], over[1:], 1)
    beside = paid.against_benchmark.filter(pl.col("strategy") == "half").row(0, named=True)
    assert (beside["beta"], beside["alpha"]) == pytest.approx((beta, 12 * alpha), abs=1e-3)
    assert plain.record["cash_rate"] == 0.0
    assert "Cash earns nothing." in plain.record["notes"]
    assert any("Cash earns 5.00%" in note for note in paid.record["notes"])
    assert plain.attribution.filter(pl.col("source") == "interest")["amount"].to_list() == [0.0] * len(names)
