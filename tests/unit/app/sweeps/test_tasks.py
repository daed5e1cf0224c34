"""Futures of today's allocation: against an independent computation, through a pool, in both languages."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import numpy as np
import pytest

import toolkit as tk
from tests.unit.app.sweeps.questions import request
from toolkit.app.sweeps.executors import InProcess, Pool
from toolkit.app.sweeps.run import futures
from toolkit.cli.main import run
from toolkit.core.errors import SpecError

AS_OF = "2026-05-01"


def shocked(probability: float = 0.3, **more: object) -> tk.Strategy:
    """Least risk of three funds, and a fall that takes two of them."""
    fall = tk.ShockSpec(name="fall", returns={"GLD": -0.5, "SLV": -0.25}, probability=probability)
    forecast = tk.ForecastSpec(covariance=tk.SampleCovariance(), scenarios=tk.SimulatedScenarios(distribution="normal"))
    return tk.Strategy(objective=tk.MinRisk(), forecast=forecast, constraints=[tk.Bounds(upper=0.6)], scenarios=[fall], **more)


def test_values_are_those_of_an_independent_draw(tmp_path: Path) -> None:
    found = futures(request(tmp_path, tmp_path / "store", of=shocked(), futures=40_000), InProcess()).runs[0].found
    assert found is not None
    amounts = np.array([found.amounts[key] for key in ("GLD", "SLV", "CPER")])
    assert amounts.sum() + found.cash == pytest.approx(found.budget)
    prices = np.loadtxt(tmp_path / "prices.csv", delimiter=",", skiprows=1, usecols=(1, 2, 3))
    covariance = np.cov((prices[1:] / prices[:-1] - 1).T) * 12
    rng = np.random.default_rng(99)
    returns = rng.multivariate_normal(np.zeros(3), covariance, 400_000)
    falls = rng.random(400_000) < 0.3
    returns[falls] = (1 + returns[falls]) * (1 + np.array([-0.5, -0.25, 0.0])) - 1
    worth = found.cash + (1 + returns) @ amounts
    assert found.values.mean == pytest.approx(worth.mean(), rel=0.004)
    for row in found.values.quantiles:
        assert row.value == pytest.approx(np.quantile(worth, row.probability), rel=0.012)
    assert found.values.losing == pytest.approx((worth < found.budget).mean(), abs=0.015)
    lowest = np.sort(worth)[:20_000].mean()
    assert found.values.worst_twentieth == pytest.approx(lowest, rel=0.012)
    (shock,) = found.shocks
    assert shock.values is not None
    assert (shock.probability, shock.values.futures / 40_000) == pytest.approx((0.3, 0.3), abs=0.01)
    assert shock.values.mean == pytest.approx(worth[falls].mean(), rel=0.004)


def test_the_same_bytes_from_a_pool_and_other_ones_from_another_seed(tmp_path: Path) -> None:
    here = futures(request(tmp_path, tmp_path / "a", of=shocked(), futures=500), InProcess()).runs[0]
    there = futures(request(tmp_path, tmp_path / "b", of=shocked(), futures=500), Pool(2)).runs[0]
    assert here.fingerprint == there.fingerprint
    assert (tmp_path / f"a/{here.fingerprint}.json").read_bytes() == (tmp_path / f"b/{there.fingerprint}.json").read_bytes()
    more = futures(request(tmp_path, tmp_path / "a", of=shocked(), futures=501), InProcess()).runs[0]
    assert more.fingerprint != here.fingerprint


def test_what_has_no_shock_and_what_has_dates_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="begin on the day of knowledge"):
        futures(request(tmp_path, tmp_path / "store", of=shocked(), futures=10, end=date(2023, 6, 30)), InProcess())
    none = futures(request(tmp_path, tmp_path / "store", futures=10), InProcess())
    assert none.failed == 1
    assert "no shock on what" in str(none.runs[0].failure)
    metals = tk.Strategy(universe=tk.UniverseSpec(assets=("gold", "silver")), objective=tk.EqualWeight())
    told = str(tk.futures(metals, count=10, as_of=AS_OF, folder=tmp_path / "own"))
    assert "No allocation: no shock on what own may hold" in told.replace("\n", " ")
    assert "[[scenario]]" in told  # the remedy


def test_new_controls_stop_what_waits_for_a_licence(capsys: pytest.CaptureFixture[str]) -> None:
    """Of metals that need a licence some purchases are late; money that is stuck is worth less than money that is returned."""
    options = ["--futures", "2000", "--as-of", AS_OF, "--vary", "rebalance.delay=none,tail"]
    assert run(["sweep", "physical-basket", *options, "--vary", "rebalance.on_ban=returned,stuck", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    none, also_none, returned, stuck = (one["found"] for one in answer["runs"])
    assert none["undelivered"] == also_none["undelivered"] == 0
    assert none["values"] == also_none["values"]
    assert 0 < returned["undelivered"] == stuck["undelivered"] < returned["shocks"][0]["probability"]
    lost = returned["values"]["mean"] - stuck["values"]["mean"]
    assert lost == pytest.approx(stuck["undelivered"] * stuck["undelivered_amount"])
    assert returned["without_shock"] == none["without_shock"]
    assert run(["sweep", "physical-basket", *options, "--lang", "de"]) == 0  # stored: the same values
    german = capsys.readouterr().out
    assert "keine Prognose" in german
    assert "neue Kontrollen Chinas" in german.replace("\n", " ")


def test_the_python_api_gives_a_frame_of_money(tmp_path: Path) -> None:
    found = tk.futures("us-ban-returns", count=400, as_of=AS_OF, folder=tmp_path / "store")
    assert found.values["shock"].to_list() == ["all futures", "without a shock", "US ban returns", "China lifts its controls"]
    assert (found.values["5 %"] < found.values["50 %"]).all()
    assert found.values["futures"][0] == 400 == found.values["futures"][1:].sum()
    with pytest.raises(SpecError, match="cannot be drawn"):
        tk.futures("us-ban-returns", count=0)
