"""Answers of the Python API are those of the commands, whatever the prices were given as."""

from __future__ import annotations

import copy
import json
import pickle
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_allclose

import toolkit as tk
from toolkit.cli.main import run

DAY = "2026-06-30"
LOTS = "lot_id,asset,quantity,unit,origin\nA1,gallium,25,kg,CHN\nA2,gold,1,kg,CHE\n"


def command(capsys, *words: str) -> dict:
    assert run([*words, "--json", "--quiet"]) == 0
    return json.loads(capsys.readouterr().out)


@pytest.fixture(scope="module")
def market():
    return tk.load_market()


@pytest.fixture(scope="module")
def basket(market):
    return tk.optimize("physical-basket", market, budget=100_000, as_of=DAY)


@pytest.fixture(scope="module")
def prices():
    days = pl.date_range(date(2021, 1, 31), date(2026, 5, 31), "1mo", eager=True).dt.month_end()
    walk = np.exp(np.cumsum(np.random.default_rng(3).normal(0.004, 0.05, (len(days), 4)), axis=0)) * 100
    return tk.frame(np.round(walk, 6), names=["GLD", "SLV", "CPER", "PALL"], dates=days)


STRATEGY = tk.Strategy(
    objective=tk.MinRisk("cvar", level=0.9),
    constraints=[tk.Bounds(upper=0.35), tk.Group(["GLD", "SLV"], upper=0.6)],
)


def test_a_run_is_that_of_the_command(basket, capsys):
    told = command(capsys, "optimize", "physical-basket", "--budget", "100000", "--as-of", DAY, "--no-report")
    assert dict(basket.record) == told
    assert json.loads(basket.to_json()) == told


def test_a_run_on_a_frame_is_that_of_the_command_on_a_file(prices, capsys):
    prices.write_csv("prices")
    Path("own.toml").write_text(STRATEGY.to_toml(), encoding="utf-8")
    told = command(capsys, "optimize", "own.toml", "--prices", "prices", "--prices-only", "--as-of", DAY, "--no-report")
    assert dict(tk.optimize(STRATEGY, prices=prices, as_of=DAY).record) == told


@pytest.mark.parametrize("library", ["pandas", "mapping"])
def test_frames_of_every_library_give_one_run(library, prices):
    columns = {name: prices[name].to_numpy() for name in prices.columns}
    frame = columns if library == "mapping" else pd.DataFrame(columns).set_index("date").rename_axis(None)
    first, second = (tk.optimize(STRATEGY, prices=given, as_of=DAY).record for given in (prices, frame))
    assert first == second


def test_a_column_without_prices_is_told_of_a_frame_of_an_earlier_day(prices):
    told = tk.optimize(STRATEGY, prices=prices.with_columns(EMPTY=pl.lit(None, pl.Float64)), as_of=DAY).record["notes"]
    assert "'EMPTY' has no prices and is left out." in told


def test_own_prices_go_over_those_of_a_market(market, capsys):
    own = pl.DataFrame({"date": pl.date_range(date(2022, 1, 31), date(2026, 5, 31), "1mo", eager=True).dt.month_end()})
    own = own.with_columns(gold=70_000.0 + 900 * (pl.int_range(pl.len()) * 7 % 11))
    own.write_csv("prices")
    strategy = tk.Strategy(objective=tk.MinRisk(), universe={"assets": ["gold", "silver", "platinum"]})
    Path("own.toml").write_text(strategy.to_toml(), encoding="utf-8")
    told = command(
        capsys, "optimize", "own.toml", "--prices", "prices", "--prices-currency", "USD", "--as-of", DAY, "--no-report"
    )
    found = tk.optimize(strategy, market, prices=own, prices_currency="USD", as_of=DAY)
    assert dict(found.record) == told
    assert {row["asset"]: row["price_from"] for row in told["positions"]} == {
        "gold": "own_series", "silver": "bundled", "platinum": "bundled",
    }  # fmt: skip


def test_returns_give_the_weights_of_their_prices(prices):
    path = prices.with_columns(pl.col("GLD", "SLV", "CPER", "PALL") / pl.col("GLD", "SLV", "CPER", "PALL").first() * 100)
    returns = prices.with_columns(pl.col("GLD", "SLV", "CPER", "PALL").pct_change()).slice(1)
    market = tk.Market.from_prices(path, currency="EUR")
    expected, found = tk.optimize(STRATEGY, market), tk.optimize(STRATEGY, returns=returns)
    assert found.record["as_of"] == "2026-05-31"  # the last day that anything is known of
    assert_allclose(found.weights["weight"], expected.weights["weight"], atol=1e-6)


def test_returns_of_products_have_neither_prices_nor_quantities(prices):
    names = {"GLD": "gold", "SLV": "gallium", "CPER": "germanium"}
    returns = prices.rename(names).with_columns(pl.exclude("date").pct_change()).slice(1)
    lots = tk.Strategy(objective=tk.MinRisk(), constraints=[tk.Bounds(upper=0.35), tk.Lots()])
    run = tk.optimize(lots, returns=returns)
    assert run.record["positions"][0]["value"] > 0
    assert run.weights["weight"].sum() == pytest.approx(1)
    for row in (*run.record["positions"], *run.record["orders"]):
        assert {row[key] for key in ("price", "price_raw", "quantity", "lots", "lot_size") if key in row} == {None}
    assert run.record["lots"] == []
    assert any("Only returns are known" in text for text in run.warnings)
    assert "Only returns are known" in str(run)
    assert "kg" not in run._written("terminal")
    assert run.report("out.html").stat().st_size > 1000
    Path("mine.csv").write_text(LOTS, encoding="utf-8")
    market = tk.load_market().with_returns(returns)
    with pytest.raises(tk.SpecError, match="only returns"):
        tk.optimize(lots, market, holdings="mine.csv")
    with pytest.raises(tk.SpecError, match="only returns"):
        tk.exposure("mine.csv", market)
    with pytest.raises(tk.SpecError, match="beside returns"):
        tk.optimize(lots, tk.load_market(), returns=returns)


def test_weights_that_are_asked_for_alone_are_those_of_the_record(market, prices):
    lots = tk.optimize("physical-basket", market, budget=100_000, as_of=DAY)
    returns = prices.select("date", pl.exclude("date").pct_change()).drop_nulls()
    for one in (lots, tk.optimize(tk.Strategy(objective=tk.MinRisk()), returns=returns)):
        alone, columns = one.weights, one.weights.columns
        of_record = pl.DataFrame(one.record["positions"], infer_schema_length=None)
        known = [name for name in columns if name in of_record.columns and of_record[name].null_count() < len(of_record)]
        assert alone.select(known).head(len(of_record)).equals(of_record.select(known))
        assert all(alone[name].null_count() == len(alone) for name in {*columns} - {*known})
        assert alone["value"][-1] == one.record["cash"]["value"]


def test_weights_orders_and_limits_are_frames(basket):
    weights = basket.weights
    assert weights["weight"].sum() == pytest.approx(1)
    assert weights["asset"][-1] == "cash"
    assert {*basket.orders["side"]} == {"buy"}
    assert basket.limits["name"].to_list() == [row["name"] for row in basket.record["constraints"]]
    assert basket.certificate["kkt"]["primal"] < 1e-6
    assert 0 < basket.risk["volatility"] < 1


def test_days_of_frames_are_dates(basket, market, prices):
    back = tk.backtest("equal-weight", tk.Market.from_prices(prices, currency="EUR"), start="2025-12-31", as_of=DAY)
    law = tk.controls("gallium", market, to="USA", as_of=DAY)
    for frame in (basket.orders, back.orders, back.figures, back.incidents, back.comparisons, law.measures):
        texts = frame.select(pl.selectors.string())
        told = texts.select(pl.all().str.contains(r"^\d{4}-\d{2}-\d{2}$").any()).row(0) if texts.height else ()
        assert not any(told), frame.schema
    assert back.orders.schema["day"] == back.wealth.schema["date"] == pl.Date
    assert back.orders["day"].min().isoformat() == back.record["strategies"][0]["orders"][0]["day"]


def test_a_backtest_from_before_the_prices_says_what_to_do(prices):
    strategy = tk.Strategy(objective=tk.MinRisk(), forecast=tk.ForecastSpec(covariance=tk.SampleCovariance()))
    found = tk.backtest(strategy, prices=prices, prices_currency="EUR", start="2010-01-31", as_of=DAY)
    assert "choose that --start" in " ".join(str(found).split())
    assert any("found no answer on" in told for told in found.warnings)
    assert found.wealth["date"][0] == prices["date"][0]


def test_own_prices_are_called_so_in_the_sources_of_a_report(prices):
    tk.optimize("equal-weight", prices=prices, prices_currency="EUR", as_of=DAY).report("own.md", language="de")
    assert "Preise: eigene Preise bis Mai 2026" in Path("own.md").read_text(encoding="utf-8").replace("\u00a0", " ")


def test_a_copy_of_an_answer_or_a_market_is_itself_and_both_go_to_other_processes(basket, market, prices):
    for one in (basket, market):
        assert copy.deepcopy(one) is one
    of_own = tk.optimize(STRATEGY, market, prices=prices, prices_currency="EUR", as_of=DAY)
    law = tk.controls("gallium", market, as_of=DAY)
    Path("lots.csv").write_text(LOTS)
    lots, book = tk.exposure("lots.csv", as_of=DAY), [tk.Bounds(lower=-0.2, upper=0.8), tk.Gross(1.4)]
    shorts = tk.Strategy(objective=tk.MaxReturn(), constraints=book, forecast=tk.ForecastSpec(returns=tk.HistoricalReturns()))
    curve = tk.frontier(shorts, prices=prices, prices_currency="EUR", points=3, as_of=DAY)
    back = tk.backtest("equal-weight", own := market.with_prices(prices, currency="EUR"), start="2025-12-31", as_of=DAY)
    for one in (lots, curve, back, basket, of_own, law):
        other = pickle.loads(pickle.dumps(pickle.loads(pickle.dumps(one))))
        assert other.to_json() == one.to_json()
        assert str(other) == str(one)
    assert other.states.equals(law.states)
    again = pickle.loads(pickle.dumps(of_own))
    assert again.weights.equals(of_own.weights)
    assert again.explain() == of_own.explain()  # solved again
    assert again.report("again.md").read_text() == of_own.report("first.md").read_text()
    sent = pickle.loads(pickle.dumps(own))
    assert tk.optimize(STRATEGY, sent, as_of=DAY).to_json() == tk.optimize(STRATEGY, own, as_of=DAY).to_json()
    assert pickle.loads(pickle.dumps(tk)) is tk


def test_weekly_prices_are_read_by_month_with_a_warning(prices):
    days = pl.date_range(date(2021, 1, 1), date(2026, 5, 29), "1w", eager=True)
    walk = np.exp(np.cumsum(np.random.default_rng(3).normal(0.001, 0.02, (len(days), 2)), axis=0)) * 100
    told = tk.optimize("equal-weight", prices=tk.frame(walk, names=["GLD", "SLV"], dates=days), prices_currency="EUR")
    assert told.record["periods_per_year"] == 12
    assert any("GLD, SLV are weekly" in words for words in told.warnings)
    assert not any("weekly" in words for words in tk.optimize(STRATEGY, prices=prices).warnings)


def test_an_answer_prints_what_the_command_prints_with_its_warnings_and_shows_its_page(basket, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    assert run(["optimize", "--budget", "100000", "--as-of", DAY, "--no-report", "--quiet"]) == 0
    printed = " ".join(str(basket).split())
    assert str(basket).startswith(capsys.readouterr().out)
    assert repr(basket) == str(basket)
    assert basket.warnings
    assert all(words.split(",")[0] in printed for words in basket.warnings)
    page = basket._repr_html_()
    assert page.startswith("<iframe sandbox")
    assert "Gallium" in page
    assert "Warnings" in page


def test_a_page_in_a_notebook_escapes_every_text(prices):
    page = tk.optimize(STRATEGY, prices=prices.rename({"CPER": '<b>x"y'}), as_of=DAY)._repr_html_()
    assert "&amp;lt;b&amp;gt;x" in page
    assert "<b>" not in page
    assert page.count('"') == 4  # of the two attributes


def test_pictures_are_drawn_and_saved(basket):
    picture = basket.plot.weights()
    assert "Gallium" in picture._repr_html_()
    assert picture.save("w.svg").read_text(encoding="utf-8") == picture.svg
    assert picture.save("w.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(tk.SpecError, match="svg"):
        picture.save("w.gif")


def test_a_report_is_written_in_the_format_of_its_ending_and_in_a_language(basket):
    text = basket.report("out.md", language="de").read_text(encoding="utf-8")
    assert "Grenzen" in text
    assert "Limits" not in text
    assert basket.report("out.xlsx").read_bytes().startswith(b"PK")
    with pytest.raises(tk.SpecError, match="no format"):
        basket.report("out.docx")


def test_a_frontier_is_that_of_the_command(market, capsys):
    found = tk.frontier("ex-china", market, points=7, as_of=DAY)
    assert dict(found.record) == command(capsys, "frontier", "ex-china", "--points", "7", "--as-of", DAY)
    assert found.points.height == 7
    assert_allclose(found.points.select([*found.record["assets"], "cash"]).sum_horizontal(), 1)
    assert found.turning_points.height == len(found.record["critical"])
    assert "<svg" in found.plot().svg
    assert "turning points" in str(found)
    assert found._repr_html_().startswith("<iframe sandbox")


def test_exposure_is_that_of_the_command(market, capsys):
    Path("mine.csv").write_text(LOTS, encoding="utf-8")
    found = tk.exposure("mine.csv", market, as_of=DAY)
    assert dict(found.record) == command(capsys, "exposure", "mine.csv", "--as-of", DAY)
    assert found.lots["lot_id"].to_list() == ["A1", "A2"]
    assert found.deliveries["value"].sum() == pytest.approx(found.record["value"])
    assert "gallium" in found._repr_html_()
    assert found.report("e.json").stat().st_size > 1000


@pytest.mark.parametrize("metal", ["gallium", None])
def test_controls_are_those_of_the_command(market, metal, capsys):
    found = tk.controls(metal, market, to="USA", as_of=DAY)
    words = [] if metal is None else [metal]
    assert dict(found.record) == command(capsys, "controls", *words, "--to", "USA", "--as-of", DAY)
    assert found.states.height > 1
    assert {*found.measures["metal"]} <= {*found.states["metal"]}
    assert "gallium" in str(found).lower()
    assert "gallium" in found._repr_html_().lower()


def test_what_contradicts_itself_is_refused(market, prices):
    with pytest.raises(tk.SpecError, match="two ways"):
        tk.optimize(STRATEGY, market, prices=prices, returns=prices)
    with pytest.raises(tk.SpecError, match="two ways"):
        tk.optimize(STRATEGY, market, budget=1.0, total=2.0)
    with pytest.raises(tk.SpecError, match="not a date"):
        tk.optimize(STRATEGY, market, as_of="30.06.2026")


@pytest.mark.parametrize("money", ["budget", "total"])
def test_a_sum_of_two_readings_is_refused(market, money):
    with pytest.raises(tk.SpecError, match="may be 100 or 100000"):
        tk.optimize(market=market, **{money: "100.000"})


def test_a_name_without_a_column_is_refused_with_the_nearest(prices):
    named = tk.Strategy(objective=tk.MinRisk(), constraints=[tk.Bounds(["GDL"], upper=0.2)])
    with pytest.raises(tk.DataError, match="GDL") as found:
        tk.optimize(named, prices=prices, as_of=DAY)
    assert "GLD" in found.value.hint


def test_contradicting_limits_come_with_a_relaxation(prices):
    tight = tk.Strategy(objective=tk.MinRisk(), constraints=[tk.Bounds(upper=0.2)])
    with pytest.raises(tk.Infeasible) as found:
        tk.optimize(tight, prices=prices, as_of=DAY)
    assert found.value.details["conflict"]


def test_a_market_reads_each_table_once(monkeypatch):
    import toolkit.market.package as package

    read: list[str] = []
    real = package.read_table
    monkeypatch.setattr(package, "read_table", lambda path, schema: read.append(path.name) or real(path, schema))
    package.bundled_market.cache_clear()  # another test has read it
    market = tk.load_market()
    for _ in range(2):
        tk.controls("gallium", market, as_of=DAY)
    assert read
    assert len(read) == len({*read})


def long_form(prices: pl.DataFrame) -> pl.DataFrame:
    return prices.unpivot(index="date", variable_name="asset", value_name="price")


@pytest.mark.parametrize("form", ["wide", "Datum", "long", "text", "file", "returns"])
def test_a_market_of_own_prices_alone_is_asked_about_its_last_day(form, prices):
    prices.write_csv("g.csv")
    given = {
        "Datum": prices.rename({"date": "Datum"}),
        "long": long_form(prices),
        "text": prices.with_columns(pl.col("date").cast(pl.String)),
        "file": "g.csv",
    }.get(form, prices)
    if form == "returns":
        market = tk.load_market().with_returns(prices.with_columns(pl.exclude("date").pct_change()).slice(1))
    else:
        market = tk.Market.from_prices(given, currency="EUR")
    assert market.last_day == date(2026, 5, 31)
    assert market.context().as_of == date(2026, 5, 31)


def test_an_assumed_currency_is_a_warning_and_a_named_one_is_none(prices, capsys):
    assumed = tk.optimize(STRATEGY, prices=prices, as_of=DAY)
    named = tk.optimize(STRATEGY, prices=prices, prices_currency="EUR", as_of=DAY)
    told = [text for text in assumed.warnings if "no currency" in text]
    assert len(told) == 1
    assert told[0] in str(assumed)
    assert not any("no currency" in text for text in named.warnings)
    assert assumed.weights.equals(named.weights)
    dollars = tk.optimize(STRATEGY, prices=prices, prices_currency="USD", as_of=DAY)
    assert dollars.record["positions"][0]["price"] != named.record["positions"][0]["price"]
    prices.write_csv("g.csv")
    Path("own.toml").write_text(STRATEGY.to_toml(), encoding="utf-8")
    words = ["optimize", "own.toml", "--prices", "g.csv", "--prices-only", "--as-of", DAY, "--no-report"]
    assert any("no currency" in text for text in command(capsys, *words)["warnings"])
    assert not any("no currency" in text for text in command(capsys, *words, "--prices-currency", "USD")["warnings"])


def test_what_can_be_checked_at_once_is(market, prices):
    with pytest.raises(tk.SpecError, match="XYZ"):
        tk.Market.from_prices(prices, currency="XYZ")
    with pytest.raises(tk.SpecError, match="XYZ"):
        market.with_returns(prices, currency="XYZ")
    with pytest.raises(tk.SpecError, match="without prices"):
        tk.optimize(STRATEGY, market, prices_currency="EUR")
    with pytest.raises(tk.DataError, match=r"none\.csv"):
        tk.load_market(events="none.csv")


@pytest.mark.parametrize(
    "moment",
    [
        DAY,
        date(2026, 6, 30),
        datetime(2026, 6, 30, 23, 30),
        datetime(2026, 6, 30, 23, 30, tzinfo=timezone(timedelta(hours=-8))),
        pd.Timestamp("2026-06-30 08:00", tz="Asia/Shanghai"),
        np.datetime64("2026-06-30"),
        np.datetime64("2026-06-30T10:00:00", "ns"),
    ],
    ids=str,
)
def test_a_day_is_that_of_a_moment_in_its_own_zone(market, moment):
    assert market.context(as_of=moment).as_of == date(2026, 6, 30)
    assert tk.controls("gallium", market, as_of=moment).record["as_of"] == DAY


@pytest.mark.parametrize("moment", [20260630, pd.NaT, np.datetime64("NaT", "D"), 1.5])
def test_what_is_no_day_is_refused(market, moment):
    with pytest.raises(tk.SpecError, match="not a date"):
        market.context(as_of=moment)


def test_arguments_of_a_wrong_kind_are_refused_with_the_mend(market, prices):
    Path("mine.csv").write_text(LOTS, encoding="utf-8")
    cases = {
        "prices=": lambda: tk.optimize(STRATEGY, prices),
        "seed": lambda: tk.optimize(STRATEGY, prices=prices, seed=-1),
        "whole number from": lambda: tk.optimize(STRATEGY, prices=prices, seed="a"),
        "points": lambda: tk.frontier(STRATEGY, prices=prices, points=5.5),
        "OasCovariance": lambda: tk.optimize(STRATEGY, prices=prices, covariance=np.eye(4)),
        r"Market.from_prices": lambda: tk.optimize(STRATEGY, prices=prices, accept=["GLD"]),
        "load_market.prices=": lambda: tk.sweep(STRATEGY, prices=prices),
        "not MinRisk": lambda: tk.optimize(tk.MinRisk(), prices=prices),
        "not dict": lambda: tk.backtest({"objective": {"kind": "min_risk"}}, prices=prices),
        "ViewsReturns": lambda: tk.frontier(STRATEGY, prices=prices, expected_returns=[0.1]),
        "Did you mean 'budget'": lambda: tk.optimize(STRATEGY, prices=prices, buget=1.0),
        "not a Run": lambda: tk.exposure(tk.optimize(STRATEGY, prices=prices), market),
        "0.25:0.7": lambda: tk.exposure("mine.csv", market, elasticity=(0.25, 0.7)),
        "not 50": lambda: tk.exposure("mine.csv", market, loss=50),
        '"0.9999"': lambda: tk.controls("gallium", market, purity=0.9999),
        "one at a time": lambda: tk.controls(["gallium"], market),
        "to is a text": lambda: tk.controls("gallium", market, to=["DEU", "USA"]),
        "starts are two days": lambda: tk.sweep(STRATEGY, market, starts="2025-10-31"),
        "list of values": lambda: tk.sweep(STRATEGY, market, vary={"objective.kind": "min_risk"}),
        r"run\.save\(\)": lambda: tk.optimize(STRATEGY, prices=prices, holdings=tk.optimize(STRATEGY, prices=prices)),
    }
    for told, ask in cases.items():
        with pytest.raises(tk.SpecError, match=told):
            ask()
    with pytest.raises(tk.DataError, match="no column 'asset'"):
        tk.optimize(STRATEGY, prices=prices, holdings=prices)
    assert market.with_prices(prices, accept="GLD").prices.accept == ("GLD",)
    with pytest.raises(tk.DataError, match="returns="):
        tk.optimize(STRATEGY, prices=prices.with_columns(pl.exclude("date").pct_change()))
    with pytest.raises(tk.DataError, match="cash"):
        tk.optimize(STRATEGY, prices=prices.with_columns(Cash=pl.lit(1.0) + pl.col("GLD")), as_of=DAY)


def test_whole_numbers_of_numpy_are_whole_numbers(market, prices):
    assert tk.optimize(STRATEGY, prices=prices, seed=np.int64(3)).record["seed"] == 3
    found = tk.frontier("ex-china", market, points=np.int32(3), as_of=DAY)
    assert found.points.height == 3


def test_a_market_is_shown_in_a_line(market, prices):
    assert "\n" not in repr(market.with_prices(prices, currency="EUR"))
    assert len(repr(market.with_prices(prices, currency="EUR"))) < 200


def test_prices_without_a_currency_keep_their_own_unit(prices, market):
    returns = prices.with_columns(pl.exclude("date").pct_change()).slice(1)
    least = tk.Strategy(objective=tk.MinRisk())
    alone, of_returns = tk.optimize(least, prices=prices), tk.optimize(least, returns=returns)
    assert_allclose(alone.risk["volatility"], of_returns.risk["volatility"], rtol=1e-6)
    beside = tk.optimize(
        least.model_copy(update={"universe": tk.UniverseSpec(assets=("GLD", "SLV"))}), market, prices=prices, as_of=DAY
    )
    assert "no currency" in " ".join(beside.warnings)


@pytest.mark.parametrize("ask", [tk.optimize, tk.backtest], ids=["optimize", "backtest"])
def test_prices_without_a_currency_beside_others_are_asked_about(prices, market, ask):
    mixed = tk.Strategy(objective=tk.MinRisk(), universe={"assets": ["GLD", "gold", "silver"]})
    with pytest.raises(tk.DataError, match=r"no currency of the prices of GLD.*beside those of gold, silver") as told:
        ask(mixed, market, prices=prices, as_of=DAY)
    assert "prices_currency=" in str(told.value.hint)
    ask(
        mixed,
        market,
        prices=prices,
        prices_currency="USD",
        as_of=DAY,
        **({"start": "2026-03-31"} if ask is tk.backtest else {}),
    )


def test_lots_at_prices_without_a_currency_beside_others_are_asked_about(market):
    Path("lots.csv").write_text(LOTS)
    own = {"date": [date(2026, 5, 31)], "asset": ["gold"], "price": [110_000.0], "unit": ["kg"]}
    with pytest.raises(tk.DataError, match="no currency of the prices of gold"):
        tk.exposure("lots.csv", market.with_prices(own), as_of=DAY)
    assert tk.exposure("lots.csv", market.with_prices(own, currency="EUR"), as_of=DAY).lots.height == 2


def test_a_backtest_beside_a_benchmark(prices):
    returns = prices.with_columns(pl.exclude("date").pct_change()).slice(1)
    done = tk.backtest(tk.Strategy(name="own", objective=tk.MinRisk()), returns=returns, start="2024-01-31", benchmark="GLD")
    ours, its = done.returns["own"].to_numpy(), returns.filter(pl.col("date") > date(2024, 1, 31))["GLD"].to_numpy()
    beside = done.against_benchmark.filter(pl.col("strategy") == "own").row(0, named=True)
    # The first month is spent in cash, and trades of returns cost nothing.
    beta, alpha = np.polyfit(its[1:], ours[1:], 1)
    assert (ours[0], done.figures["costs"][0]) == (0.0, 0.0)
    assert_allclose([beside["beta"], beside["alpha"]], [beta, 12 * alpha])
    figures = done.figures.filter(pl.col("strategy") == "own").row(0, named=True)
    assert (figures["best_month"], figures["worst_month"]) == pytest.approx((ours.max(), ours.min()))
    assert figures["sharpe"] == pytest.approx(ours.mean() / ours.std(ddof=1) * 12**0.5)
    [*_, last] = done.rolling.filter(pl.col("strategy") == "own").to_dicts()
    assert last["return"] == pytest.approx(done.wealth["own"][-1] / done.wealth["own"][-13] - 1)
    assert last["volatility"] == pytest.approx(ours[-12:].std(ddof=1) * 12**0.5)
    gains = done.attribution.filter(pl.col("strategy") == "own")["amount"].sum()
    assert gains == pytest.approx(done.wealth["own"][-1] - done.wealth["own"][0], abs=0.02)
    own = tk.Strategy(name="own", objective=tk.MinRisk())
    of_baseline = tk.backtest(own, returns=returns, start="2025-06-30", benchmark="equal-weight")
    assert of_baseline.against_benchmark.filter(pl.col("strategy") == "equal-weight")["tracking_error"].to_list() == [0.0]
    assert "Beside Equal" in str(of_baseline)
    with pytest.raises(tk.SpecError, match="'GLDD' is none of"):
        tk.backtest(tk.Strategy(objective=tk.MinRisk()), returns=returns, start="2025-06-30", benchmark="GLDD")


LEAST = tk.Strategy(objective=tk.MinRisk(), constraints=[tk.Turnover(upper=0.1)])
HELD = {"GLD": 0.5, "SLV": 0.3, "PALL": 0.1}


@pytest.mark.parametrize("form", ["mapping", "polars", "pandas"])
def test_weights_of_today_are_traded_from(prices, form):
    frame = pl.DataFrame({"asset": [*HELD, "cash"], "weight": [*HELD.values(), 0.1]})
    given = {"mapping": HELD, "polars": frame, "pandas": tk.to_pandas(frame)}[form]
    returns = prices.with_columns(pl.exclude("date").pct_change()).slice(1)
    of_returns = tk.optimize(LEAST, returns=returns, weights=given, budget=50_000)
    of_prices = tk.optimize(LEAST, prices=prices, prices_currency="EUR", weights=given, total=50_000)
    for found in (of_returns, of_prices):
        rows = {row["asset"]: row for row in found.weights.to_dicts()}
        assert {key: rows[key]["previous_weight"] for key in HELD} == pytest.approx(HELD)
        assert rows["cash"]["previous_weight"] == pytest.approx(0.1)
        moved = sum(abs(row["weight"] - row["previous_weight"]) for key, row in rows.items() if key != "cash")
        assert moved / 2 <= 0.1 + 1e-6
        assert found.weights["value"].sum() == pytest.approx(50_000, abs=0.01)
    assert_allclose(of_returns.weights["weight"], of_prices.weights["weight"], atol=1e-6)


@pytest.mark.parametrize(
    ("weights", "told"),
    [({"GLD": 1.2}, "add up to 1.2"), ({"GLDD": 0.2}, "'GLDD' has no price"), ({"GLD": float("nan")}, "no number"),
     (pl.DataFrame({"name": ["GLD"]}), "no columns 'asset'"), (pl.DataFrame({"asset": ["A", "A"], "weight": [0, 0]}), "occurs twice")],
    ids=["above one", "unknown", "nan", "columns", "twice"],
)  # fmt: skip
def test_weights_that_are_none_are_refused(prices, weights, told):
    with pytest.raises(tk.SpecError, match=told):
        tk.optimize(LEAST, prices=prices, weights=weights)


def test_a_frame_of_lots_is_that_of_its_file(prices, market):
    frame = pl.DataFrame({"asset": ["GLD", "PALL"], "quantity": [100, 50], "unit": ["pcs", "pcs"]})
    frame.write_csv("holdings")
    given = {"prices": prices, "prices_currency": "EUR"}
    of_frame, of_file = (tk.optimize(LEAST, holdings=lots, **given) for lots in (frame, "holdings"))
    assert of_frame.weights.equals(of_file.weights)
    lots = pl.DataFrame({"asset": ["gallium"], "quantity": [20.0], "unit": ["kg"], "purchase_date": [date(2025, 3, 1)]})
    assert tk.exposure(lots, market, as_of=DAY).lots["mass"].to_list() == [20.0]
    with pytest.raises(tk.SpecError, match="two ways"):
        tk.optimize(LEAST, holdings=frame, weights=HELD, **given)


@pytest.mark.parametrize(("first", "last"), [(date(2021, 1, 1), date(2024, 1, 31)), (date(2025, 6, 30), date(2026, 5, 31))])
def test_a_benchmark_without_prices_on_all_dates_is_refused(prices, first, last):
    part = prices.with_columns(PALL=pl.when(pl.col("date").is_between(first, last)).then("PALL"))
    own = tk.Strategy(name="own", objective=tk.MinRisk(), universe=tk.UniverseSpec(assets=("GLD", "SLV")))
    asked = {"prices": part, "prices_currency": "EUR", "start": "2025-01-31", "end": "2026-05-31"}
    with pytest.raises(tk.GapError, match="PALL has no price on"):
        tk.backtest(own, benchmark="PALL", **asked)
    assert tk.backtest(own, benchmark="CPER", **asked).against_benchmark.height > 0
