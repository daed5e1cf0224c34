"""Licences and bans of the ledger in backtests of bundled prices."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

import toolkit as tk

BAN = "2024-12-03"
"""Exports of gallium to the United States are banned from this day to 2025-11-08."""


@pytest.fixture(scope="module")
def market():
    return tk.load_market()


def gallium_and_gold(market, country: str, **rebalance):
    strategy = tk.Strategy(
        universe=tk.UniverseSpec(assets=["gallium", "gold"]),
        objective=tk.EqualWeight(),
        forecast=tk.ForecastSpec(covariance=tk.SampleCovariance()),
        rebalance=tk.RebalanceSpec(**rebalance),
    )
    options = {"start": "2024-09-30", "end": "2025-12-31", "as_of": "2026-06-30", "currency": "USD", "country": country}
    return tk.backtest(strategy, market, baselines=False, **options).found.strategies[0]


def days(one, kind):
    return [(row.asset, str(row.day)) for row in one.incidents if row.kind == kind]


def test_gallium_for_germany_is_late_and_gold_is_not(market):
    found = gallium_and_gold(market, "DEU", every="quarter", delay="median")
    assert {asset for asset, _ in days(found, "delayed")} == {"gallium"}
    assert not days(found, "stopped")
    none = gallium_and_gold(market, "DEU", every="quarter")
    assert not days(none, "delayed")
    # It is paid on the same day, and saves the storage of the time on its way.
    assert found.wealth[1] == none.wealth[1]
    assert found.figures.storage < none.figures.storage


@pytest.mark.parametrize("on_ban", ["stuck", "returned"])
def test_what_is_ordered_for_the_united_states_before_the_ban_does_not_arrive(market, on_ban):
    found = gallium_and_gold(market, "USA", every="quarter", delay="tail", on_ban=on_ban)
    first = next(order for order in found.orders if order.asset == "gallium")
    assert (first.decided, first.day) == (date(2024, 9, 30), date(2024, 10, 31))
    # Four months after the order the ban has come: the metal is stopped at the end of the month of the ban.
    assert days(found, "stopped") == [("gallium", "2024-12-31")]
    assert date.fromisoformat(BAN) < first.decided + timedelta(days=120)
    assert {day for _, day in days(found, "refused")} <= {f"2025-{month}" for month in ("01-31", "04-30", "07-31", "10-31")}
    assert all(str(order.day) < BAN or order.day > date(2025, 11, 8) for order in found.orders if order.asset == "gallium")
    back = [row for row in found.incidents if row.kind == "returned"]
    if on_ban == "stuck":
        assert [(row.asset, row.day, row.amount) for row in back] == [("gallium", date(2025, 11, 30), first.amount)]
        assert found.stuck == 0
    else:
        assert not back
    assert all("gallium" not in weights for weights in found.weights[3:13])
