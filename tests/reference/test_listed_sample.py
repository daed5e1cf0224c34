"""Minimum variance on real daily prices against an independent quadratic program on the same returns."""

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy.optimize import minimize

from toolkit.app.allocation.request import Request
from toolkit.app.config import resolve
from toolkit.app.context import Context
from toolkit.app.optimize import optimize
from toolkit.app.prices import PriceFiles

STRATEGY = """
[about]
title = "Sample minimum variance"
idea = "test"
source = "Markowitz (1952)"
[universe]
assets = "all"
[forecast]
covariance = {kind = "sample"}
observation = "raw"
[objective]
kind = "min_risk"
[[constraint]]
name = "no cash"
kind = "cash"
upper = 0.0
"""


@pytest.mark.testdata
def test_weights_of_an_independent_program(testdata: Path, tmp_path: Path):
    file = testdata / "listed_adjclose_daily.csv"
    (tmp_path / "sample.toml").write_text(STRATEGY)
    request = Request(
        str(tmp_path / "sample.toml"),
        Context(resolve({"owner.currency": "USD"}), __import__("datetime").date(2026, 11, 24)),
        prices=PriceFiles((str(file),)),
    )
    record = optimize(request).record.to_json()
    prices = pl.read_csv(file).drop("date")
    returns = prices.to_numpy()[1:] / prices.to_numpy()[:-1] - 1
    covariance = np.cov(returns, rowvar=False) * 252
    n = len(covariance)
    best = minimize(
        lambda w: w @ covariance @ w,
        np.full(n, 1 / n),
        jac=lambda w: 2 * covariance @ w,
        bounds=[(0, 1)] * n,
        constraints=[{"type": "eq", "fun": lambda w: w.sum() - 1, "jac": lambda w: np.ones(n)}],
        method="SLSQP",
        options={"maxiter": 1000, "ftol": 1e-16},
    )
    weights = {p["asset"]: p["weight"] for p in record["positions"]}
    assert [weights[name] for name in prices.columns] == pytest.approx(best.x, abs=1e-4)
    assert record["periods_per_year"] == 252
    assert record["risk"]["volatility"] == pytest.approx(np.sqrt(best.fun), rel=1e-4)
    assert json.dumps(record, allow_nan=False)
