"""`toolkit factors` as a user runs it: the tables, the object, its agreement with `optimize`, and exit codes."""

from __future__ import annotations

import json

import pytest

from tests.subjects import AS_OF, factors
from tests.system.conftest import caller

TODAY = ("--as-of", "2026-11-24")
BEFORE = ("--as-of", "2022-12-31")
"""Before the first customs value, which takes most of the time."""
PRECIOUS = """
[about]
title = "Precious metals"
idea = "Three prices of exchanges."
source = "A test"

[universe]
assets = ["gold", "silver", "platinum"]

[objective]
kind = "equal_weight"
"""
KEYS = {
    "schema_version", "as_of", "strategy", "currency", "periods_per_year", "covariance", "factors", "assets", "tests",
    "factor_returns", "correlations", "bias", "notes", "data",
}  # fmt: skip
FACTOR = {"name", "members", "against", "volatility", "return_12m", "last"}
ASSET = {
    "asset", "name", "observation", "rhythm", "basis", "observations", "changes", "gaps", "missing", "first", "last",
    "own_weight", "raw", "corrected", "without_history", "low", "high", "forecast", "noise", "fit", "loadings",
}  # fmt: skip
BIAS = {"what", "horizon_months", "statistic", "error", "outcomes", "from", "to"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("factors")
    (made / "precious.toml").write_text(PRECIOUS, encoding="utf-8")
    rows = ["date,stone,glass"]
    rows += [f"{2022 + i // 12}-{1 + i % 12:02d},{100 * 1.03 ** (i % 7):.2f},{50 * 1.02 ** (i % 5):.2f}" for i in range(40)]
    (made / "own.csv").write_text("\n".join(rows), encoding="utf-8")
    return made


@pytest.fixture(autouse=True)
def _in_folder(folder, monkeypatch):
    monkeypatch.chdir(folder)


@pytest.fixture(scope="module")
def whole(folder, drawings):
    """The shipped basket: its object, and what is printed on a stream that is not UTF-8."""
    done = caller(folder, drawings)("factors", *TODAY, PYTHONIOENCODING="cp949")
    assert done.returncode == 0, done.stderr
    return factors(AS_OF).to_json(), done.stdout


def test_the_object_has_its_shape(whole):
    found, _ = whole
    assert set(found) >= KEYS
    assert all(set(factor) >= FACTOR for factor in found["factors"])
    assert all(set(asset) >= ASSET for asset in found["assets"])
    assert all(set(bias) >= BIAS for bias in found["bias"])
    names = [factor["name"] for factor in found["factors"]]
    assert names[:4] == ["precious_metals", "base_metals", "energy", "dollar"]
    assert all(list(asset["loadings"]) == names for asset in found["assets"])
    assert {row["factor"] for row in found["factor_returns"]} == set(names)
    assert [bias["what"] for bias in found["bias"]] == ["portfolios", "noisy"]
    assert {row["table"] for row in found["data"]} >= {"prices", "fx", "shares", "controls"}


def test_corrections_and_intervals_are_in_order(whole):
    for asset in whole[0]["assets"]:
        assert 0 < asset["low"] < asset["corrected"] < asset["high"]
        assert 0 <= asset["own_weight"] <= 1
        assert 0 <= asset["fit"] < 1
    seen = {asset["asset"]: asset["observation"] for asset in whole[0]["assets"]}
    assert (seen["gallium"], seen["gold"]) == ("customs_unit_value", "monthly_average")


def test_what_the_terminal_says(whole):
    _, shown = whole
    assert shown.isascii()
    assert max(map(len, shown.splitlines())) <= 100
    told = " ".join(shown.split())
    assert "A forecast that is right has 1.00" in told


def test_only_significant_loadings_are_marked(whole):
    found, shown = whole
    tested = [loading for asset in found["assets"] for loading in asset["loadings"].values() if loading["t"] is not None]
    marked = sum(abs(loading["t"]) >= 2 for loading in tested)
    assert 0 < marked < len(tested)
    assert shown.count(")*") == marked


def test_loadings_are_those_of_the_stored_run(whole, called):
    code, out, err = called("optimize", *TODAY, "--json", "--quiet", "--no-report")
    assert code == 0, err
    run_object = json.loads(out)
    loadings = {a["asset"]: {k: v["loading"] for k, v in a["loadings"].items()} for a in whole[0]["assets"]}
    assert {a["asset"]: a["loadings"] for a in run_object["assets"]} == loadings
    assert run_object["factor_model"] == {key: whole[0][key] for key in ("factors", "assets", "tests")}


def test_past_outcomes_do_not_change_with_the_day_of_the_question(as_json):
    """A year later the same months have the same scores: what both answers share is told by one more year of dates."""
    early = as_json("factors", "precious.toml", "--as-of", "2020-06-30")
    again = as_json("factors", "precious.toml", "--as-of", "2020-06-30")
    later = as_json("factors", "precious.toml", "--as-of", "2021-06-30")
    assert early == again
    (old,), (new,) = early["bias"], later["bias"]
    assert old["from"] == new["from"]
    assert old["to"] <= "2020-06-30"
    assert new["dates"] == old["dates"] + 12
    # What was there stays there: adding months adds their squares, and takes nothing from the sum so far.
    assert new["dates"] * new["statistic"] ** 2 > old["dates"] * old["statistic"] ** 2
    assert all(row["date"] <= "2020-06-30" for row in early["factor_returns"])


def test_own_prices_that_nobody_knows(as_json):
    found = as_json("factors", "equal-weight", "--prices", "own.csv", *TODAY)
    assert [asset["asset"] for asset in found["assets"]] == ["glass", "stone"]
    assert [factor["name"] for factor in found["factors"]] == ["equal_weight", "dollar"]
    assert found["factors"][0]["members"] == ["glass", "stone"]


@pytest.mark.testdata
def test_listed_daily_prices(as_json, testdata, tmp_path):
    head, *days = (testdata / "listed_adjclose_daily.csv").read_text(encoding="utf-8").splitlines()
    (tmp_path / "listed.csv").write_text("\n".join([head, *days[-1000:]]), encoding="utf-8")
    found = as_json("factors", "equal-weight", "--prices", str(tmp_path / "listed.csv"), *TODAY)
    assert found["periods_per_year"] == 252
    (bias,) = found["bias"]
    assert bias["what"] == "portfolios"
    assert 0.8 < bias["statistic"] < 1.25


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("nothing",), 2, "physical-basket"),
        (("equal-weight", "--prices", "missing.csv"), 3, "path"),
        (("precious.toml", "--prices", "own.csv", "--prices-only"), 3, "prices"),
        (("--as-of", "2011-01-01"), 3, "--as-of"),
        (("--as-of", "soon"), 2, "2026-05-31"),
    ],
)
def test_errors_name_the_remedy_and_have_their_code(called, arguments, code, told):
    got, out, _ = called("factors", *arguments, "--json")
    assert got == code, out
    assert told in json.loads(out)["error"]["hint"]


def test_correlations_are_told_pair_by_pair_with_their_number_and_interval(called):
    code, out, _ = called("factors", "precious.toml", "--correlations", *BEFORE)
    assert code == 0
    assert "Volatility a year" not in out
    assert "95% interval" in out
    _, text, _ = called("factors", "precious.toml", "--json", *BEFORE)
    rows = json.loads(text)["correlations"]
    assert {frozenset(row["assets"]) for row in rows} == {
        frozenset(pair) for pair in (("gold", "silver"), ("gold", "platinum"), ("silver", "platinum"))
    }
    for row in rows:
        assert row["low"] < row["observed"] < row["high"]
        assert row["periods"] > 100
        assert f"{row['forecast']:.2f}" in out
        assert f"{row['low']:.2f} to {row['high']:.2f}" in out
    assert [row["forecast"] for row in rows] == sorted((row["forecast"] for row in rows), reverse=True)
