"""Short positions from Python: books, orders, the next run on what is held, words of the page, and limits of a file."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import toolkit as tk

NAMES = ["GLD", "SLV", "CPER", "PALL", "SPY"]


@pytest.fixture(scope="module")
def prices():
    days = pl.date_range(date(2021, 1, 31), date(2026, 5, 31), "1mo", eager=True).dt.month_end()
    drift = np.array([0.01, -0.02, 0.004, -0.01, 0.012])
    walk = np.exp(np.cumsum(np.random.default_rng(3).normal(drift, 0.05, (len(days), 5)), axis=0)) * 100
    return tk.frame(np.round(walk, 6), names=NAMES, dates=days)


def strategy(**costs):
    return tk.Strategy(
        name="long-short",
        objective=tk.MaxUtility(risk_aversion=3.0),
        constraints=[tk.Bounds(lower=-0.3, upper=0.8), tk.Gross(1.5), tk.Net(lower=0.5, upper=1.0)],
        forecast=tk.ForecastSpec(covariance=tk.LedoitWolfCovariance(), returns=tk.HistoricalReturns()),
        costs=tk.CostsSpec(fee=10.0, **costs) if costs else None,
    )


def test_books_close_and_limits_hold_with_short_positions(prices):
    run = tk.optimize(strategy(borrow=0.02), prices=prices, prices_currency="EUR", budget=100_000)
    weights = dict(run.weights.select("asset", "weight").iter_rows())
    assets = np.array([weights[name] for name in NAMES])
    assert assets.min() < -0.05
    assert np.abs(assets).sum() <= 1.5 + 1e-6
    assert sum(weights.values()) == pytest.approx(1.0, abs=1e-9)
    record = run.record
    spent = sum(p["value"] for p in record["positions"]) + record["cash"]["value"] + record["costs"]["entry"]
    assert spent == pytest.approx(100_000, abs=0.01)
    short = {p["asset"]: p for p in record["positions"] if p["weight"] < -1e-6}
    sold = {order["asset"]: order for order in record["orders"] if order["side"] == "sell"}
    assert {*sold} == {*short}
    for key, order in sold.items():
        assert order["quantity"] == pytest.approx(-short[key]["quantity"])
        assert order["cash"] == pytest.approx(order["value"] - order["cost"])
        assert "sold short" in order["note"]
    assert not {lot["asset"] for lot in record["lots"]} & {*short}
    borrowed = 0.02 * -sum(p["value"] for p in short.values())
    assert record["costs"]["items"]["yearly"]["borrow"] == pytest.approx(borrowed)
    assert record["costs"]["holding_per_year"] == pytest.approx(borrowed)
    assert sum(record["risk_contributions"].values()) == pytest.approx(1.0)
    assert record["risk"]["diversification_ratio"] >= 1.0 - 1e-9
    assert run.record["solver"]["kkt"]["dual"] <= 1e-6


def test_a_market_neutral_portfolio_is_not_told_to_be_mostly_cash(prices):
    limits = [tk.Bounds(lower=-0.3, upper=0.3), tk.Gross(0.8), tk.Net(lower=0.0, upper=0.0)]
    forecast = tk.ForecastSpec(covariance=tk.LedoitWolfCovariance(), returns=tk.HistoricalReturns())
    run = tk.optimize(tk.Strategy(objective=tk.MaxUtility(), constraints=limits, forecast=forecast), prices=prices)
    assert run.record["cash"]["weight"] == pytest.approx(1.0, abs=1e-6)
    assert not any("CASH" in words for words in run.warnings)


def test_more_short_than_long_is_a_book_too(prices):
    limits = [tk.Bounds(lower=-0.3, upper=0.3), tk.Net(lower=-0.4, upper=-0.2)]
    run = tk.optimize(tk.Strategy(objective=tk.MinRisk(), constraints=limits), prices=prices, prices_currency="EUR")
    assert run.record["cash"]["weight"] == pytest.approx(1.2, abs=1e-6)


def test_what_is_short_is_held_by_the_next_run_and_is_bought_back(prices):
    first = tk.optimize(strategy(), prices=prices, prices_currency="EUR", budget=100_000)
    first.save()
    again = tk.optimize(strategy(), prices=prices, prices_currency="EUR", holdings="last")
    assert {order["side"] for order in again.record["orders"]} == {"keep"}
    held = {p["asset"]: p["quantity"] for p in first.record["positions"]}
    assert {p["asset"]: p["previous_quantity"] for p in again.record["positions"]} == pytest.approx(held)
    long = strategy().model_copy(update={"constraints": (tk.Bounds(upper=0.8), tk.Net(lower=0.5, upper=1.0))})
    covered = tk.optimize(long, prices=prices, prices_currency="EUR", holdings="last")
    for order in covered.record["orders"]:
        if held[order["asset"]] < 0:
            assert order["side"] == "buy"
            assert order["quantity"] >= -held[order["asset"]] - 1e-6
    lots = {lot["asset"]: lot["quantity"] for lot in covered.record["lots"]}
    after = {p["asset"]: p["quantity"] for p in covered.record["positions"] if p["quantity"] > 1e-6}
    assert lots == pytest.approx(after)


HELD = {"GLD": 300.0, "SLV": -900.0, "SPY": 400.0, "PALL": -150.0}


def file_of(held: dict[str, float]) -> str:
    Path("lots.csv").write_text("asset,quantity\n" + "\n".join(f"{key},{value}" for key, value in held.items()))
    return "lots.csv"


def test_a_file_of_short_positions_is_the_book_of_its_weights(prices):
    worth = {key: units * prices[key][-1] for key, units in HELD.items()}
    total = sum(worth.values()) + 5_000.0  # cash, which no file states
    limited = strategy(borrow=0.02).model_copy(update={"constraints": (*strategy().constraints, tk.Turnover(upper=0.3))})
    given = {"prices": prices, "prices_currency": "EUR", "total": total}
    file = tk.optimize(limited, holdings=file_of(HELD), **given)
    weights = tk.optimize(limited, weights={key: value / total for key, value in worth.items()}, **given)
    assert file.weights["weight"].to_list() == pytest.approx(weights.weights["weight"].to_list(), abs=1e-7)
    assert {p["asset"]: p["previous_quantity"] for p in file.record["positions"] if p["previous_quantity"]} == HELD
    assert file.weights["weight"].min() < -0.05
    moved = sum(abs(o["value"]) for o in file.record["orders"] if o["side"] != "keep")
    assert moved <= 0.6 * total + 0.01  # as much sold as bought
    alone = tk.optimize(strategy(), holdings=file_of(HELD), prices=prices, prices_currency="EUR")
    assert alone.record["budget"] == pytest.approx(total - 5_000.0, abs=0.01)


@pytest.mark.parametrize("kept", [tk.NoTrade(["GLD", "PALL"]), tk.NoSell(["GLD", "SPY"]), tk.NoBuy(["SLV", "GLD"])])
def test_what_is_kept_of_a_book_with_shorts_pays_no_fee(prices, kept):
    asked = strategy(borrow=0.02).model_copy(update={"constraints": (*strategy().constraints, kept)})
    run = tk.optimize(asked, holdings=file_of(HELD), prices=prices, prices_currency="EUR")
    orders = {order["asset"]: order for order in run.record["orders"]}
    assert min(order["value"] for order in orders.values() if order["side"] != "keep") > 100.0
    still = {key: order["quantity"] for key, order in orders.items() if order["side"] == "keep"}
    assert still == {key: abs(HELD[key]) for key in still}
    if kept.kind == "no_trade":
        assert {*kept.assets} <= {*still}
    spent = run.weights["value"].sum() + run.record["costs"]["entry"]
    assert spent == pytest.approx(run.record["budget"], abs=0.01)


def test_who_may_only_buy_and_has_no_money_keeps_a_book_with_shorts(prices):
    asked = strategy(borrow=0.02).model_copy(update={"constraints": (*strategy().constraints, tk.BuyOnly())})
    run = tk.optimize(asked, holdings=file_of(HELD), prices=prices, prices_currency="EUR")
    assert {order["side"] for order in run.record["orders"]} == {"keep"}
    assert run.record["costs"]["entry"] == 0.0


def test_a_short_position_outside_the_strategy_is_kept_or_bought_back(prices):
    metals = tk.Strategy(objective=tk.MinRisk(), universe=tk.UniverseSpec(assets=("GLD", "CPER")), costs=tk.CostsSpec(fee=5.0))
    given = {"prices": prices, "prices_currency": "EUR", "holdings": file_of({"GLD": 300.0, "SPY": -40.0})}
    kept = tk.optimize(metals, **given)
    assert {o["asset"]: (o["side"], o["quantity"]) for o in kept.record["orders"]}["SPY"] == ("keep", 40.0)
    assert any("kept as it is" in note and "SPY" in note for note in kept.record["notes"])
    freed = tk.optimize(metals, sell_others=True, **given)
    assert -40.0 <= {p["asset"]: p["quantity"] for p in freed.record["positions"]}["SPY"] <= 0.0
    dear = tk.optimize(metals.model_copy(update={"objective": tk.MaxReturn(), "costs": tk.CostsSpec(borrows={"SPY": 0.5}),
                                                 "forecast": tk.ForecastSpec(returns=tk.HistoricalReturns())}),
                       sell_others=True, **given)  # fmt: skip
    assert {o["asset"]: (o["side"], o["quantity"]) for o in dear.record["orders"]}["SPY"] == ("buy", 40.0)


def test_pages_tell_short_positions_in_both_languages(prices, tmp_path):
    run = tk.optimize(strategy(borrow=0.02), prices=prices, prices_currency="EUR", budget=100_000)
    for language, words in (
        ("en", ("sold short or borrowed", "gross exposure", "short in")),
        ("de", ("leer verkauft oder geliehen", "Bruttoengagement")),
    ):
        page = run.report(tmp_path / f"{language}.html", language=language, name="full").read_text(encoding="utf-8")
        assert all(word in page for word in words)
        assert 'class="bars hol"' in page
        assert "width:-" not in page
    short = run.report(tmp_path / "short.html").read_text(encoding="utf-8")
    assert "short in" in short
    assert "What of it export controls reach" not in short  # parts of a bar that do not add up to the whole
    assert run.plot.weights().svg.startswith("<svg")
    printed = str(run)
    assert all(name in printed for name in NAMES if abs(dict(run.weights.select("asset", "weight").iter_rows())[name]) > 1e-4)


def test_a_frontier_of_short_positions_is_held_by_its_limits(prices):
    curve = tk.frontier(strategy(), prices=prices, prices_currency="EUR", points=5)
    weights = curve.points.select(NAMES).to_numpy()
    assert weights.min() < -0.05
    assert np.abs(weights).sum(axis=1).max() <= 1.5 + 1e-6


def test_metal_is_not_sold_short_whoever_prices_it(prices):
    per_kg = prices.rename({"GLD": "gold"}).with_columns(pl.col("gold") * 850)
    with pytest.raises(tk.SpecError, match="metal in a warehouse cannot be sold short: gold"):
        tk.optimize(strategy(), prices=per_kg, prices_currency="EUR")
