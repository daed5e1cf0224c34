"""Backtests from the question to the record: on own prices, on the bundled data, and on questions that make no sense."""

from __future__ import annotations

import itertools
import json
from datetime import date
from functools import cache

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from threadpoolctl import threadpool_info, threadpool_limits

import toolkit as tk
from tests.examples import SOLVED
from toolkit.api.run import request_of
from toolkit.app.backtest.run import BacktestRequest
from toolkit.app.backtest.run import backtest as run_backtest
from toolkit.cli.main import run
from toolkit.market.market import Market as Package

KEYS = ["GLD", "SLV", "CPER", "PALL"]
MONTHS = pl.date_range(date(2021, 1, 31), date(2023, 12, 31), "1mo", eager=True).dt.month_end()
DAYS = pl.date_range(date(2022, 1, 1), date(2023, 6, 30), "1d", eager=True)
DAYS = DAYS.filter(DAYS.dt.weekday() <= 5)
AS_OF = "2024-01-15"
LEAST = tk.Strategy(
    objective=tk.MinRisk(),
    forecast=tk.ForecastSpec(covariance=tk.SampleCovariance()),
    constraints=[tk.Bounds(upper=0.6)],
    rebalance=tk.RebalanceSpec(every="quarter"),
)
EQUAL = tk.Strategy(objective=tk.EqualWeight(), forecast=tk.ForecastSpec(covariance=tk.SampleCovariance()))


def walk(dates: pl.Series, seed: int = 3, step: float = 0.05) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.round(100 * np.exp(rng.normal(0.004, step, (len(dates), len(KEYS))).cumsum(axis=0)), 6)


def frame(paths: np.ndarray, dates: pl.Series = MONTHS) -> pl.DataFrame:
    return pl.DataFrame({"date": dates, **dict(zip(KEYS, paths.T, strict=True))}).fill_nan(None)


def backtest(strategy, prices, **more):
    return tk.backtest(strategy, prices=prices, prices_currency="EUR", **{"as_of": AS_OF, "baselines": False, **more})


@cache
def undisturbed() -> dict[str, list]:
    return history(backtest(LEAST, frame(walk(MONTHS)), start="2021-12-31"))


def history(found: tk.Backtest) -> dict[str, list]:
    (one,) = found.found.strategies
    told = found.record["strategies"][0]
    return {
        "wealth": list(zip(found.found.dates, one.wealth, strict=True)),
        "weights": list(zip(found.found.dates, one.weights, strict=True)),
        "orders": told["orders"],
        "incidents": [(row["day"], row["kind"]) for row in told["incidents"]],
    }


@SOLVED
@given(st.integers(12, 34), st.integers(0, 100))
def test_nothing_decided_by_a_day_depends_on_what_comes_after_it(t, seed):
    paths = walk(MONTHS)
    rng = np.random.default_rng(seed)
    paths[t + 1 :] *= np.exp(rng.normal(0, 0.5, (len(MONTHS) - t - 1, 1)).cumsum(axis=0))
    day = str(MONTHS[t])
    true, poisoned = undisturbed(), history(backtest(LEAST, frame(np.round(paths, 6)), start="2021-12-31"))
    for part in ("wealth", "weights", "incidents"):
        kept = [[row for row in found[part] if row[0] <= day] for found in (true, poisoned)]
        assert kept[0] == kept[1]
    traded = [[order for order in found["orders"] if order["day"] <= day] for found in (true, poisoned)]
    assert traded[0] == traded[1]
    assert true["wealth"][-1] != poisoned["wealth"][-1]


def test_quantities_are_ordered_before_their_price_is_known():
    past, ordered = walk(MONTHS)[:12], []
    for change in (0.9, 0.7):  # falling prices: every purchase is paid for, none is cut
        paths = np.vstack([past, past[-1] * np.full((24, 4), change)])
        one = backtest(LEAST, frame(np.round(paths, 6)), start="2021-12-31", end="2022-02-28").found.strategies[0]
        ordered.append([(order.asset, order.units) for order in one.orders])
        assert all(order.price == pytest.approx(past[-1][KEYS.index(order.asset)] * change, rel=1e-6) for order in one.orders)
    assert len(ordered[0]) > 1
    assert ordered[0] == ordered[1]


@pytest.mark.parametrize("day", [date(2016, 3, 31), date(2018, 8, 31)])
def test_bundled_tables_after_a_day_change_nothing_up_to_it(day):
    """Prices and rates that were published later are wild; a trade up to the day is paid at its own price, which stays."""
    strategy = tk.Strategy(
        universe=tk.UniverseSpec(assets=["gold", "silver", "platinum"]),
        forecast=tk.ForecastSpec(covariance=tk.SampleCovariance()),
        objective=tk.MinRisk(),
        rebalance=tk.RebalanceSpec(every="quarter"),
    )
    market = tk.load_market()
    everything = market.package.until(date.max)
    wild = pl.col("date") > day
    prices = everything["prices"].with_columns(price=pl.when(wild).then(pl.col("price") * 7.0).otherwise("price"))
    rates = everything["fx"].with_columns(rate=pl.when(wild).then(pl.col("rate") * 0.3).otherwise("rate"))
    package: Package = market.package.replace("prices", prices).replace("fx", rates)
    poisoned = tk.Market(package)
    options = {"start": "2015-01-31", "end": "2019-06-30", "as_of": "2020-01-31", "baselines": False}
    true, other = (history(tk.backtest(strategy, one, **options)) for one in (market, poisoned))
    for part in ("wealth", "weights", "incidents"):
        kept = [[row for row in found[part] if row[0] <= day.isoformat()] for found in (true, other)]
        assert kept[0] == kept[1]
    assert true["wealth"][-1] != other["wealth"][-1]


def test_equal_weight_is_that_of_an_independent_computation():
    paths = walk(MONTHS)
    found = backtest(EQUAL, frame(paths), start="2021-12-31", budget=1e8).found
    # No spread is known of these assets: what is decided at one price is paid at the next, as far as there is money.
    cash, units, wealth = 1e8, np.zeros(4), [1e8]
    for before, now in itertools.pairwise(paths[11:]):
        trades = (cash + units @ before) / 4 / before - units
        sold, bought = np.minimum(trades, 0), np.maximum(trades, 0)
        cash -= sold @ now
        bought *= min(1.0, cash / (bought @ now))
        cash, units = cash - bought @ now, units + sold + bought
        wealth.append(cash + units @ now)
    np.testing.assert_allclose(found.strategies[0].wealth, wealth, rtol=1e-8)
    assert found.periods_per_year == 12


def test_daily_prices_are_annualised_by_their_own_days():
    prices = frame(walk(DAYS, step=0.01), DAYS)
    found = backtest(LEAST, prices, start="2022-10-03").found
    assert (found.monthly, found.periods_per_year) == (False, 252.0)
    returns = np.diff(found.strategies[0].wealth) / np.array(found.strategies[0].wealth)[:-1]
    assert found.strategies[0].figures.volatility == pytest.approx(returns.std(ddof=1) * 252**0.5)
    orders = found.strategies[0].orders
    dates = list(found.dates)
    assert all(dates.index(str(order.day)) == dates.index(str(order.decided)) + 1 for order in orders)


def test_of_less_than_a_year_no_rate_a_year_is_shown():
    found = backtest(EQUAL, frame(walk(MONTHS)), start="2023-06-30")
    figures = found.found.strategies[0].figures
    assert abs(figures.growth - figures.total) > 0.001
    assert f"{figures.total:+.1%}" in str(found)
    assert f"{figures.growth:+.1%}" not in str(found)


def test_baselines_and_comparisons_are_of_the_same_dates():
    found = backtest(LEAST, frame(walk(MONTHS)), baselines=True).found
    assert [one.name for one in found.strategies] == ["own", "equal-weight", "sample-minimum-risk", "own-held"]
    assert [one.role for one in found.strategies] == ["strategy", *["baseline"] * 3]
    assert {len(one.wealth) for one in found.strategies} == {len(found.dates)}
    assert [row.against for row in found.comparisons] == ["equal-weight", "sample-minimum-risk", "own-held"]
    held = found.strategies[3]
    assert len(held.decisions) == 1
    assert {str(order.day) for order in held.orders} == {found.dates[1]}
    growths = {one.name: one.figures.growth for one in found.strategies}
    for row in found.comparisons:
        assert row.growth == pytest.approx(growths["own"] - growths[row.against])
        assert row.interval is not None
        assert row.distinguishable is not (row.interval.low <= 0 <= row.interval.high)
    # By default it begins when half of the assets have a year of prices.
    assert found.dates[0] == str(MONTHS[12])


def test_the_command_prints_the_record_of_the_api_and_the_same_bytes_again(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    frame(walk(MONTHS)).write_csv("prices.csv")
    (tmp_path / "least.toml").write_text(LEAST.to_toml(), encoding="utf-8")
    words = ["backtest", "least.toml", "--prices", "prices.csv", "--prices-only", "--prices-currency", "EUR", "--as-of", AS_OF]
    told = []
    for _ in range(2):
        assert run([*words, "--json", "--quiet"]) == 0
        told.append(capsys.readouterr().out)
    assert told[0] == told[1]
    found = backtest(LEAST, frame(walk(MONTHS)), baselines=True)
    assert [one["figures"] for one in json.loads(told[0])["strategies"]] == [
        one["figures"] for one in found.record["strategies"]
    ]
    for form in ("terminal", "markdown", "html"):
        for language in ("en", "de"):
            assert run([*words, "--format", form, "--lang", language, "--no-baselines", "--quiet"]) == 0
            assert capsys.readouterr().out


def code(capsys, *words: str) -> tuple[int, dict]:
    result = run(
        ["backtest", *words, "--prices", "p.csv", "--prices-only", "--prices-currency", "EUR", "--as-of", AS_OF, "--json"]
    )
    return result, json.loads(capsys.readouterr().out)


def test_questions_that_make_no_sense_say_who_can_help(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    frame(walk(MONTHS)).write_csv("p.csv")
    own = LEAST.model_copy(update={"rebalance": None}).to_toml()
    for name, text in {
        "week": own + '\n[rebalance]\nevery = "week"\n',
        "stop": own.replace("upper = 0.6", "upper = 0.2") + '\n[rebalance]\non_infeasible = "stop"\n',
        "hold": own.replace("upper = 0.6", "upper = 0.2"),
        "year": own + '\n[rebalance]\nevery = "year"\n',
        "lead": own + '\n[universe]\nassets = ["GLD", "lead_of_mars"]\n',
    }.items():
        (tmp_path / f"{name}.toml").write_text(text, encoding="utf-8")
    assert code(capsys, "year.toml", "--start", "2030-01-01")[0] == 2
    assert code(capsys, "year.toml", "--start", "2023-01-01", "--end", "2022-01-01")[0] == 2
    assert code(capsys, "year.toml", "--end", "2030-01-01")[0] == 2
    result, told = code(capsys, "year.toml", "--start", "2023-12-01", "--end", "2023-12-31")
    assert (result, told["error"]["kind"], told["error"]["details"]["dates"]) == (3, "gap", 1)
    result, told = code(capsys, "year.toml", "--start", "2021-01-01", "--end", "2021-04-30")
    assert (result, told["error"]["kind"]) == (3, "gap")  # too few prices for any decision
    result, told = code(capsys, "year.toml", "--start", "2010-01-01", "--end", "2011-01-01")
    assert (result, told["error"]["hint"].partition(":")[0]) == (3, f"The first of their prices is of {MONTHS[0]}")
    assert code(capsys, "week.toml")[0] == 2
    assert code(capsys, "lead.toml")[0] == 3
    assert code(capsys, "none.toml")[0] == 2
    result, told = code(capsys, "stop.toml", "--no-baselines")
    assert (result, told["error"]["details"]["day"]) == (5, str(MONTHS[12]))
    result, told = code(capsys, "hold.toml", "--no-baselines")
    assert result == 5  # on no day was there an answer
    result, told = code(capsys, "year.toml", "--start", "2023-01-31", "--end", "2023-08-31", "--no-baselines")
    assert result == 0
    assert len(told["strategies"][0]["decisions"]) == 1
    assert any(words.startswith("Decisions of year: 1,") for words in told["warnings"])
    assert code(capsys, "year.toml", "year.toml")[0] == 2


def test_an_asset_that_comes_later_is_held_once_it_has_prices():
    paths = walk(MONTHS)
    paths[:20, 3] = np.nan
    found = backtest(EQUAL, frame(paths), start="2021-12-31").found.strategies[0]
    first = min(order.decided for order in found.orders if order.asset == "PALL")
    assert first == MONTHS[26]  # six changes need seven prices
    assert {order.asset for order in found.orders if order.decided < first} == {"GLD", "SLV", "CPER"}


def test_an_end_that_no_price_reaches_is_told():
    prices = frame(walk(MONTHS))
    late = backtest(EQUAL, prices, start="2023-06-30", end="2024-01-15").found
    told = [row.text for row in late.remarks if "ends on" in row.text]
    assert told == ["The backtest ends on 2023-12-31: no later date up to 2024-01-15 has a price."]
    for end in ("2023-12-31", None):
        found = backtest(EQUAL, prices, start="2023-06-30", end=end).found
        assert found.dates == late.dates
        assert not any("ends on" in row.text for row in found.remarks)


def test_trades_that_cost_nothing_are_told_of_what_is_net_of_all_costs():
    """A backtest of own prices without a spread said its growth after all costs, of which there were none."""
    told = backtest(EQUAL, frame(walk(MONTHS)), start="2023-06-30").found.warnings
    assert told == ("Trades of CPER, GLD, PALL, SLV cost nothing: no spread or fee of them is above nought.",)
    costs = tk.CostsSpec(spreads={"GLD": 0.002, "SLV": 0.004, "CPER": 0.004}, fees={"PALL": 5.0})
    dear = tk.Strategy(objective=EQUAL.objective, forecast=EQUAL.forecast, costs=costs)
    assert not backtest(dear, frame(walk(MONTHS)), start="2023-06-30").found.warnings


def test_a_start_before_all_prices_is_told():
    prices, first = frame(walk(MONTHS)), MONTHS[0]
    early = backtest(EQUAL, prices, start="2001-01-01", end="2023-12-31").found
    told = [row.text for row in early.remarks if "begins on" in row.text]
    assert told == [f"The backtest begins on {first}: no earlier date from 2001-01-01 on has a price."]
    within = backtest(EQUAL, prices, start=str(first.replace(day=1)), end="2023-12-31").found
    assert not any("begins on" in row.text for row in within.remarks)


def test_prices_that_ended_before_today_are_no_fault_of_a_backtest():
    old = {"start": "2023-06-30", "end": "2023-12-31", "as_of": "2024-12-31"}
    assert not any("days old" in text for text in backtest(EQUAL, frame(walk(MONTHS)), **old).found.warnings)
    assert any("days old" in text for text in tk.optimize(EQUAL, prices=frame(walk(MONTHS)), as_of="2024-12-31").warnings)


def test_linear_algebra_has_one_thread_whatever_the_process_has():
    seen: list[int] = []

    def decided(_name: str, _day: date) -> None:
        seen.extend(pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas")

    request = request_of(LEAST, None, prices=frame(walk(MONTHS)), prices_currency="EUR", as_of=AS_OF)
    with threadpool_limits(2):
        run_backtest(BacktestRequest((request,), date(2022, 12, 31), against_baselines=False, on_decision=decided))
    assert set(seen) == {1}


NAMES_THE_LAST = {
    "limit": {"constraints": [tk.Group(KEYS[2:], upper=0.5)]},
    "cost": {"costs": tk.CostsSpec(spreads={"PALL": 0.01})},
    "target": {"objective": tk.Track({"GLD": 0.5, "PALL": 0.4})},
    "view": {
        "objective": tk.MaxUtility(),
        "forecast": tk.ForecastSpec(
            covariance=tk.SampleCovariance(),
            returns=tk.ViewsReturns(views=[{"expression": "PALL - GLD", "value": 0.1, "confidence": 0.5}]),
        ),
    },
    "shock": {
        "scenarios": [tk.ShockSpec(name="stop", returns={"PALL": -0.5}, probability=0.1)],
        "views": [tk.ViewSpec(scenario="stop", probability=0.2)],
        "constraints": [tk.ScenarioLoss("stop", upper=0.2)],
    },
}


@pytest.mark.parametrize("named", NAMES_THE_LAST.values(), ids=NAMES_THE_LAST)
@pytest.mark.parametrize("missing", [slice(0, 18), slice(18, None)], ids=["begins", "ends"])
def test_what_names_an_asset_that_begins_or_ends_stops_no_decision(named, missing):
    paths = walk(MONTHS)
    paths[missing, 3] = np.nan
    strategy = tk.Strategy(
        **{"objective": tk.MinRisk(), "forecast": tk.ForecastSpec(covariance=tk.SampleCovariance()), **named}
    )
    found = backtest(strategy, frame(paths), start="2021-12-31")
    assert not {"no_forecast", "unsolved"} & {kind for _, kind in history(found)["incidents"]}


@pytest.mark.parametrize("stated", [{"returns": {"gallium": -0.2}}, {"probability": 0.1}], ids=["rate", "metals"])
def test_a_scenario_that_nothing_sizes_on_the_first_dates_delays_the_first_decision(stated):
    """A first date on which no control was known ended the whole command, and the hint did not say to begin later."""
    shock = tk.ShockSpec(name="lifted", lifted="CHN", assets=("gallium",) if "returns" in stated else (), **stated)
    both = EQUAL.model_copy(update={"universe": tk.UniverseSpec(assets=("gallium", "gold"))})
    strategy = both.model_copy(update={"scenarios": (shock,)})
    paths = walk(MONTHS)
    prices = pl.DataFrame({"date": MONTHS, "gallium": paths[:, 0], "gold": paths[:, 1]})
    asked = {"prices": prices, "prices_currency": "EUR", "as_of": AS_OF, "baselines": False}
    with pytest.raises(tk.GapError, match="a later day"):
        tk.backtest(strategy, start="2021-12-31", end="2023-05-31", **asked)
    if "returns" in stated:
        asked["baselines"] = True
        found = tk.backtest(strategy, start="2021-12-31", **asked).found
        assert found.strategies[0].decisions[0] == "2023-07-31"  # No. 23 of 2023 is of 3 July
        failed = [one.day for one in found.strategies[0].incidents if one.kind == "no_forecast"]
        assert failed == [*MONTHS[11:30]]
        gold = next(one for one in found.comparisons if one.against == "gold-only")
        assert (gold.interval, gold.distinguishable) == (None, False), "cash is compared with what could be bought"
        (remark,) = (one for one in found.remarks if "found no answer" in one.text)
        assert remark.remedy.startswith("It was in cash until 2023-07-31: choose that --start.")
        same = tk.backtest(both, start="2021-12-31", **asked).found
        assert all(one.interval is not None for one in same.comparisons)


def test_the_notes_of_a_backtest_stand_at_the_terminal(capsys, tmp_path, monkeypatch):
    """They were in the object and in the report alone: which dates it has was told to nobody who read the answer."""
    monkeypatch.chdir(tmp_path)
    frame(walk(MONTHS)).write_csv("p.csv")
    (tmp_path / "equal.toml").write_text(EQUAL.to_toml(), encoding="utf-8")
    words = ["backtest", "equal.toml", "--prices", "p.csv", "--prices-only", "--prices-currency", "EUR", "--as-of", AS_OF]
    words += ["--no-baselines", "--start", "2001-01-01"]
    begins = "The backtest begins on 2021-01-31: no earlier date from 2001-01-01 on has a price."
    assert run(words) == 0
    assert f"note: {begins}\n" in capsys.readouterr().err
    assert run([*words, "--json"]) == 0
    told = capsys.readouterr()
    assert begins in json.loads(told.out)["notes"]
    assert "note: " not in told.err


def test_a_limit_on_turnover_begins_after_the_first_purchase():
    least = LEAST.model_copy(update={"rebalance": tk.RebalanceSpec(every="month")})
    limited = least.model_copy(update={"constraints": (*LEAST.constraints, tk.Turnover(upper=0.01))})
    free, slow = (history(backtest(one, frame(walk(MONTHS)), start="2021-12-31"))["orders"] for one in (least, limited))
    first = [[order for order in orders if order["decided"] == "2021-12-31"] for orders in (free, slow)]
    assert first[0] == first[1]
    bought = lambda orders, day: sum(max(order["amount"], 0) for order in orders if order["decided"] == day)  # noqa: E731
    days = {order["decided"] for order in slow} - {"2021-12-31"}
    assert max(bought(slow, day) for day in days) < 0.015 * 100_000 < max(bought(free, day) for day in days)
