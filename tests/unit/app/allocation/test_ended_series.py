"""Listed instruments whose prices have ended: one rule for proposals and backtests."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import toolkit as tk
from toolkit.market.price_series import PriceSeries
from toolkit.returns.history import ended

LAST = date(2026, 11, 20)
PARITY = tk.Strategy(objective=tk.RiskParity(), constraints=[tk.Linear("DEAD + AAA <= 0.5"), tk.Bounds(["DEAD"], upper=0.3)])


def prices(until: date, every: str = "1d") -> pl.DataFrame:
    days = pl.date_range(date(2022, 1, 3), LAST, every, eager=True)
    days = days.filter(days.dt.weekday() < 6) if every == "1d" else days.dt.month_end().filter(days.dt.month_end() <= LAST)
    changes = np.random.default_rng(3).normal(0.0003, 0.012, (len(days), 4))
    frame = tk.frame(np.round(100 * np.exp(np.cumsum(changes, axis=0)), 4), names=["AAA", "BBB", "CCC", "DEAD"], dates=days)
    return frame.with_columns(DEAD=pl.when(pl.col("date") <= until).then("DEAD"))


@pytest.mark.parametrize(
    ("until", "every", "goes_on"),
    [
        (date(2025, 5, 23), "1d", False),
        (date(2026, 9, 30), "1d", True),
        (date(2026, 5, 31), "1mo", True),
        (date(2026, 3, 31), "1mo", False),
    ],
    ids=["a year", "seven weeks", "five months", "seven months"],
)
def test_what_a_backtest_calls_ended_is_not_bought(until, every, goes_on):
    run = tk.optimize(PARITY, prices=prices(until, every), prices_currency="EUR")
    assert ("DEAD" in run.weights["asset"]) is goes_on
    told = [text for text in run.warnings if "delisted" in text]
    assert [str(until) in text for text in told] == ([] if goes_on else [True])
    span = {"start": "2025-01-31", "end": "2026-10-31"}
    done = tk.backtest(PARITY, prices=prices(until, every), prices_currency="EUR", baselines=False, **span)
    assert ("ended" in done.incidents["kind"].to_list() if done.incidents.height else False) is not goes_on
    assert done.weights.filter(pl.col("date") > date(2025, 2, 28))["DEAD"].max() > 0  # it was held while it was there


def test_what_is_held_of_it_stays_until_it_may_be_sold():
    Path("lots.csv").write_text("asset,quantity,unit\nDEAD,100,pcs\nAAA,50,pcs\n")
    given = {"prices": prices(date(2025, 5, 23)), "prices_currency": "EUR", "holdings": "lots.csv", "budget": 10_000}
    kept, sold = (tk.optimize(PARITY, sell_others=sells, **given) for sells in (False, True))
    of_dead = [run.orders.filter(pl.col("asset") == "DEAD")["side"].to_list() for run in (kept, sold)]
    assert of_dead == [["keep"], ["sell"]]


def test_series_that_all_ended_go_on():
    rows = prices(date(2024, 6, 30)).filter(pl.col("date") <= date(2024, 6, 30))
    long = rows.unpivot(index="date", variable_name="asset", value_name="price").sort("asset", "date")
    filled = long.with_columns(
        known_from="date",
        currency=pl.lit("EUR"),
        unit=pl.lit("unit"),
        basis=pl.lit(""),
        quantity=pl.lit(None, dtype=pl.Float64),
    )
    series = PriceSeries.of(filled)
    assert ended(series) == {}
    short = filled.filter((pl.col("asset") != "DEAD") | (pl.col("date") < date(2024, 3, 1)))
    assert ended(PriceSeries.of(short)) == {"DEAD": date(2024, 2, 29)}
