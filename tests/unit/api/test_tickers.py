"""Tickers that are words elsewhere: of quotations, of metals and of countries. A key of one's own series is that series."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import toolkit as tk
from toolkit.core.trade_names import ELEMENTS
from toolkit.report.i18n.countries import NAMES

SP500 = Path(__file__).with_name("sp500.txt").read_text().splitlines()[1:]
TICKERS = " ".join(SP500).split()
WORDS = [
    "LOW",
    "OPEN",
    "HIGH",
    "LAST",
    "VOL",
    "PER",
    "BID",
    "ASK",
    "CLOSE",
    "ALB",
    "ARE",
    "MAR",
    "AG",
    "W",
    "GOLD",
    "TIN",
    "LEAD",
]
"""Among them Lowe's, OpenDoor, High Tide, Bid Corporation, Albemarle, Alexandria, Marriott, First Majestic, Wayfair, Barrick."""
OTHERS = [
    "MSFT",
    "NVDA",
    "AAPL",
    "BRK.B",
    "7203.T",
    "XOM",
    "KO",
    "PEP",
    "JNJ",
    "PG",
    "T",
    "F",
    "SHEL",
    "SAP.DE",
    "TSM",
    "UL",
    "BP",
    "RIO",
]
METALS = {word for name in ELEMENTS.values() for word in (name, name.capitalize())}
NEVER = re.compile(rf"\b({'|'.join(map(re.escape, {*NAMES.values(), *METALS}))})\b")
"""Names of countries and metals."""
STRATEGY = tk.Strategy(objective=tk.MinRisk(), constraints=[tk.Bounds(upper=0.1), tk.Bounds(["ALB", "MAR"], lower=0.01)])


def changes(names: list[str], count: int = 40) -> pl.DataFrame:
    days = pl.date_range(date(2023, 1, 31), date(2026, 11, 30), "1mo", eager=True).dt.month_end()[-count:]
    values = np.random.default_rng(4).normal(0.006, 0.05, (count, len(names)))
    return tk.frame(values, names=names, dates=days)


def prices(names: list[str]) -> pl.DataFrame:
    return changes(names).with_columns(((pl.exclude("date") + 1).cum_prod() * 100).round(4))


def as_long(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.unpivot(index="date", variable_name="asset", value_name="price")


@pytest.mark.parametrize("shape", ["wide", "capitals", "long", "polars", "returns"])
def test_the_index_is_read_whatever_its_tickers_mean_elsewhere(shape, tmp_path):
    assert len(TICKERS) == len({*TICKERS}) > 500
    frame, path = prices(TICKERS), tmp_path / "index.csv"
    {"capitals": frame.rename({"date": "DATE"}), "long": as_long(frame)}.get(shape, frame).write_csv(path)
    given = {"polars": {"prices": frame}, "returns": {"returns": changes(TICKERS)}}.get(shape, {"prices": path})
    run = tk.optimize(STRATEGY, currency="USD", **given)
    assert run.weights["asset"].to_list() == [*sorted(TICKERS), "cash"]
    told = "\n".join([str(run), str(run.orders.to_dicts()), str(run.limits.to_dicts())])
    assert NEVER.findall(told) == []


def test_words_of_every_kind_stay_tickers_in_the_report(tmp_path):
    (tmp_path / "words.csv").write_text(prices([*WORDS, *OTHERS]).write_csv())
    run = tk.optimize(STRATEGY, prices=tmp_path / "words.csv", prices_currency="EUR", currency="EUR")
    assert {*run.weights["asset"]} == {*WORDS, *OTHERS, "cash"}
    assert run.orders.filter(pl.col("unit") != "unit").is_empty()
    for language in ("en", "de"):
        run.report(tmp_path / "run.html", language=language)
        body = re.sub(r"<(style|script)\b.*?</\1>|<[^>]*>", " ", (tmp_path / "run.html").read_text(), flags=re.DOTALL)
        names = ("Albania", "Albanien", "Morocco", "Marokko", "Emirat", "Peru", "Tungsten bar", "Wolframstange")
        assert [name for name in names if name in body] == []


def test_a_backtest_of_words(tmp_path):
    path = tmp_path / "words.csv"
    as_long(prices([*WORDS, *OTHERS])).write_csv(path)
    by_key = STRATEGY.model_copy(update={"constraints": (*STRATEGY.constraints, tk.Linear("W + GOLD + TIN <= 0.2"))})
    done = tk.backtest(by_key, prices=path, prices_currency="EUR", currency="EUR", start="2026-07-31", baselines=False)
    assert {*done.weights.columns} == {"date", "strategy", *WORDS, *OTHERS}
    assert NEVER.findall(str(done.orders.to_dicts())) == []


def test_what_is_held_is_found_by_the_key_of_its_series(tmp_path):
    path, lots = tmp_path / "words.csv", tmp_path / "lots.csv"
    prices([*WORDS, *OTHERS]).write_csv(path)
    lots.write_text("asset,quantity,unit\nAG,3,pcs\nGOLD,4,pcs\nALB,5,pcs\nW,6,pcs\n")
    run = tk.optimize(STRATEGY, prices=path, prices_currency="EUR", currency="EUR", holdings=lots, budget=50_000)
    held = run.weights.filter((pl.col("previous_weight") > 0) & (pl.col("asset") != "cash"))
    assert held["asset"].sort().to_list() == ["AG", "ALB", "GOLD", "W"]


@pytest.mark.parametrize(
    ("names", "read"),
    [
        (["gold", "silver"], ["gold", "silver"]),
        (["GOLD", "SILVER", "PLATINUM"], ["gold", "platinum", "silver"]),
        (["W", "Ga", "Ge"], ["gallium", "germanium", "tungsten"]),
        (["gold", "MSFT", "AAPL"], ["AAPL", "MSFT", "gold"]),
        (["GOLD", "MSFT"], ["GOLD", "MSFT"]),
        (["aapl", "msft", "low"], ["aapl", "low", "msft"]),
        (["LOW", "OPEN", "ALB", "W", "GOLD", "AAPL"], ["AAPL", "ALB", "GOLD", "LOW", "OPEN", "W"]),
    ],
)
def test_the_names_beside_it_say_what_a_word_is(names, read):
    run = tk.optimize(tk.Strategy(objective=tk.MinRisk()), returns=changes(names), currency="USD")
    assert sorted(run.weights["asset"]) == sorted([*read, "cash"])
    wide = tk.optimize(tk.Strategy(objective=tk.MinRisk()), market=tk.load_market().with_prices(
        prices(names), currency="USD", accept="levels", only=True), currency="USD")  # fmt: skip
    assert sorted(wide.weights["asset"]) == sorted([*read, "cash"])


def test_a_price_of_a_mass_is_that_of_a_metal_among_tickers(tmp_path):
    path = tmp_path / "mixed.csv"
    frame = as_long(prices(["W", "MSFT", "AAPL", "XOM"]))
    frame.with_columns(unit=pl.when(pl.col("asset") == "W").then(pl.lit("kg"))).write_csv(path)
    run = tk.optimize(tk.Strategy(objective=tk.MinRisk()), prices=path, prices_currency="USD", currency="USD")
    assert "tungsten" in run.weights["asset"]


@pytest.mark.parametrize("header", ["DATE,OPEN,HIGH,LOW,CLOSE,VOL,OI", "date,MSFT,LOW"])
def test_fields_that_tickers_do_not_outnumber_are_refused(header, tmp_path):
    (tmp_path / "mine.csv").write_text(header + "\n2026-10-30" + ",10" * header.count(",") + "\n")
    with pytest.raises(tk.DataError, match=r"'OI'|a price that does not say of what"):
        tk.optimize(STRATEGY, prices=tmp_path / "mine.csv")
