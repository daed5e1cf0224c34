"""Costs by asset: from the strategy and from its file, counted where they are charged."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest

import toolkit as tk
from toolkit.app.strategies.own_files import with_own_files

NAMES = ["GLD", "SLV", "SPY"]
CSV = "asset;spread;fee;borrow;storage;impact;volume\nGLD;0,002;5;0,01;0,0004;;\nSLV;0,006;;0,03;;1;2000000\nSPY;;7;;;;\n"


@pytest.fixture(scope="module")
def prices():
    days = pl.date_range(date(2021, 1, 31), date(2026, 5, 31), "1mo", eager=True).dt.month_end()
    walk = np.exp(np.cumsum(np.random.default_rng(3).normal([0.01, -0.02, 0.01], 0.05, (len(days), 3)), axis=0)) * 100
    return tk.frame(np.round(walk, 6), names=NAMES, dates=days)


def run(prices, costs, lower=-0.3):
    strategy = tk.Strategy(
        objective=tk.MaxUtility(risk_aversion=3.0),
        constraints=[tk.Bounds(lower=lower, upper=0.9)],
        forecast=tk.ForecastSpec(covariance=tk.SampleCovariance(), returns=tk.HistoricalReturns()),
        costs=costs,
    )
    return tk.optimize(strategy, prices=prices, prices_currency="EUR", budget=100_000)


def test_a_file_and_the_keys_of_the_strategy_say_the_same(prices, tmp_path):
    file = tmp_path / "costs.csv"
    file.write_text(CSV, encoding="utf-8")
    stated = tk.CostsSpec(
        fee=3.0,
        spreads={"GLD": 0.002, "SLV": 0.006}, fees={"GLD": 5.0, "SPY": 7.0}, borrows={"GLD": 0.01, "SLV": 0.03},
        storages={"GLD": 0.0004}, impacts={"SLV": 1.0}, volumes={"SLV": 2e6},
    )  # fmt: skip
    read = tk.CostsSpec(fee=3.0, file=str(file))
    one, other = run(prices, stated), run(prices, read)
    assert one.record["positions"] == other.record["positions"]
    resolved = with_own_files(tk.Strategy(objective=tk.MinRisk(), costs=read), tmp_path)
    assert resolved.costs == stated
    position = {p["asset"]: p for p in one.record["positions"]}
    assert position["SLV"]["weight"] < -0.05
    fees = {"GLD": 5.0, "SLV": 3.0, "SPY": 7.0}
    half = {"GLD": 0.001, "SLV": 0.003, "SPY": 0.0}
    volatility = {a["asset"]: a["volatility"]["used"] for a in one.record["assets"]}
    for key, p in position.items():
        size = abs(p["value"])
        impact = volatility[key] / np.sqrt(252) * np.sqrt(size / 2e6) * size if key == "SLV" else 0.0
        assert p["cost"] == pytest.approx(half[key] * size + fees[key] * (size > 1e-2) + impact, rel=1e-6)
    yearly = one.record["costs"]["items"]["yearly"]
    assert yearly["borrow"] == pytest.approx(0.03 * -position["SLV"]["value"], rel=1e-6)
    assert yearly["storage"] == pytest.approx(0.0004 * position["GLD"]["value"], rel=1e-6)
    terms = {a["asset"]: a["terms"] for a in one.record["assets"]}
    assert terms == {"GLD": "given", "SLV": "given", "SPY": "unknown"}


def test_a_dear_asset_is_held_less(prices):
    free = {p["asset"]: p["weight"] for p in run(prices, tk.CostsSpec(), lower=0.0).record["positions"]}
    dear = {p["asset"]: p["weight"] for p in run(prices, tk.CostsSpec(storages={"SPY": 0.05}), lower=0.0).record["positions"]}
    assert dear["SPY"] < free["SPY"] - 0.01


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("asset,spraed\nGLD,0.1\n", "unknown column 'spraed'"),
        ("asset,spread\nGLD,0.1\nGLD,0.2\n", "GLD stands twice"),
        ("asset,spread\nGLD,1.5\n", "must be below 1"),
        ("asset,spread\nGOLDX,0.1\n", "'GOLDX' is neither an asset nor an element"),
        ("asset,spread\nGLD,cheap\n", "not a number"),
    ],
)
def test_what_are_no_costs_are_refused(prices, tmp_path, text, told):
    file = tmp_path / "costs.csv"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(tk.ToolkitError, match=told):
        run(prices, tk.CostsSpec(file=str(file)))
