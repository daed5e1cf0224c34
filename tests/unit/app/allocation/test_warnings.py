"""Warnings of an allocation: bans of exports to the owner, histories of which most is not used, own prices left out."""

from datetime import date

import numpy as np
import polars as pl
import pytest

import toolkit as tk
from tests.subjects import context
from toolkit.app.allocation.request import Request
from toolkit.app.allocation.warnings import late
from toolkit.app.optimize import optimize
from toolkit.records.sources import Provenance

BAN = "A ban of exports from CHN to USA is in force on"


@pytest.mark.parametrize(
    ("day", "country", "banned"),
    [
        (date(2026, 11, 27), "USA", ()),  # the last day of the suspension
        (date(2026, 11, 28), "USA", ("Gallium ingot", "Antimony ingot")),
        (date(2026, 11, 28), "DEU", ()),
    ],
)
def test_who_buys_under_a_ban_of_exports_is_told(day, country, banned):
    """The proposal told "under export control" alone, as of a licence that can be had."""
    record = optimize(Request("physical-basket", context(day, country))).record.to_json()
    assert {"gallium", "antimony"} <= {order["asset"] for order in record["orders"]}
    told = [words for words in record["warnings"] if "A ban of exports" in words]
    assert len(told) == bool(banned)
    assert all(words.startswith(f"{BAN} {', '.join(banned)}") for words in told)


def shares(late: int) -> pl.DataFrame:
    """Three shares of a hundred days, the last of them listed after `late` of these."""
    days = pl.date_range(date(2026, 1, 1), date(2026, 6, 30), "1d", eager=True)
    days = days.filter(days.dt.weekday() < 6).head(100)
    paths = 100 * np.exp(np.random.default_rng(5).normal(0, 0.01, (100, 3)).cumsum(axis=0))
    frame = pl.DataFrame({"date": days, **dict(zip(("ALFA", "CORA", "LATE"), paths.T, strict=True))})
    return frame.with_columns(LATE=pl.when(pl.int_range(pl.len()) >= late).then("LATE"))


@pytest.mark.parametrize("forecast", [
    tk.ForecastSpec(covariance=tk.SampleCovariance()),
    tk.ForecastSpec(covariance=tk.FactorCovariance(), scenarios=tk.HistoricalScenarios()),
])  # fmt: skip
@pytest.mark.parametrize(("late", "told"), [(30, False), (70, True)])
def test_risk_read_from_a_small_part_of_the_history_is_a_warning(forecast, late, told):
    """One late listing cut the history of all to a month, and the answer showed a fraction of the risk without a word."""
    strategy = tk.Strategy(objective=tk.MinRisk("cvar" if forecast.scenarios else "variance"), forecast=forecast)
    record = tk.optimize(strategy, prices=shares(late), prices_currency="EUR").record
    words = "Risk is read from 29 of 99 periods: the others lack an asset, most often LATE."
    assert (words in record["warnings"]) is told
    assert f"{late} of 99 periods lack an asset and were not used, most for LATE." in (
        *record["notes"], *record["scenario_notes"],
    )  # fmt: skip


def test_what_a_strategy_excludes_is_not_warned_of():
    frozen = pl.when(pl.int_range(pl.len()) < 80).then("LATE").otherwise(pl.col("LATE").get(80))
    market = tk.Market.from_prices(shares(0).with_columns(LATE=frozen), currency="EUR")
    for exclude, warned in (((), True), (("LATE",), False)):
        strategy = tk.Strategy(
            objective=tk.MinRisk(),
            universe=tk.UniverseSpec(exclude=exclude),
            forecast=tk.ForecastSpec(covariance=tk.FactorCovariance()),
            constraints=[tk.Bounds(upper=0.6)],
        )
        found = tk.optimize(strategy, market).record["warnings"]
        assert any(words.startswith(("LATE", "Own prices of LATE")) for words in found) is warned


@pytest.mark.parametrize(("days", "words"), [(1, "have been due for a day."), (2, "have been due for 2 days.")])
def test_one_day_is_no_plural(days, words):
    entry = Provenance(
        table="fx", source="ECB", source_id="ecb", licence="free", as_of="2026-10-30", known_from="2026-10-30", rows=1,
        sha256="", overdue_days=days,
    )  # fmt: skip
    (remark,) = late([entry], {})
    assert str(remark.text).endswith(words)
