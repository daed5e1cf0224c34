"""Quality of series: each blemish is found where it was put, and clean series have none."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from toolkit.core.units import periods_per_year
from toolkit.market import quality as module
from toolkit.market.quality import SPLITS, UNIT_RATIOS, findings, gap_findings, quality

BUNDLED = Path(__file__).parents[3] / "toolkit" / "market" / "bundled" / "prices.csv"


def walk(n: int, seed: int = 7, volatility: float = 0.05) -> np.ndarray:
    return 100 * np.exp(np.cumsum(volatility * np.random.default_rng(seed).standard_normal(n)))


def month_ends(n: int) -> list[date]:
    return pl.date_range(date(2020, 1, 1), date(2039, 1, 1), "1mo", eager=True).dt.month_end().head(n).to_list()


def frame(dates: list[date], prices, asset: str = "gold") -> pl.DataFrame:
    given = pl.DataFrame({"date": dates, "asset": asset, "price": np.asarray(prices, dtype=float), "known_from": dates})
    return given.with_columns(
        currency=pl.lit("USD"), unit=pl.lit("kg"), basis=pl.lit("exchange"), quantity=pl.lit(None, pl.Float64)
    )


def row_of(prices: pl.DataFrame, as_of: date | None = None) -> dict:
    return quality(prices, as_of=as_of or prices["date"].max()).row(0, named=True)


def bundled_exchange() -> pl.DataFrame:
    return pl.read_csv(BUNDLED, try_parse_dates=True).filter(pl.col("basis") == "monthly_average")


def test_a_clean_series_has_no_findings():
    prices = frame(month_ends(60), walk(60))
    row = row_of(prices)
    assert (row["observations"], row["expected"], row["coverage"], row["gaps"], row["rhythm"]) == (60, 60, 1.0, 0, "monthly")
    assert findings(quality(prices, as_of=month_ends(60)[-1])) == ()


def test_the_last_of_a_few_prices_is_not_judged_by_them():
    assert row_of(frame(month_ends(6), [400, 410, 420, 405, 415, 430]))["outliers"] == 0
    assert row_of(frame(month_ends(4), [1000, 1010, 1020, 1050]))["outliers"] == 0


@pytest.mark.parametrize("as_of", [date(y, m, 8) for y in range(2013, 2027) for m in (3, 6)])
def test_no_false_alarm_on_the_bundled_exchange_series(as_of):
    measured = quality(bundled_exchange(), as_of=as_of)
    assert measured.height > 5
    assert findings(measured) == ()


def test_old_exchange_series_are_called_old_and_nothing_else():
    message = findings(quality(bundled_exchange(), as_of=date(2026, 11, 24)))
    assert message
    assert all("days old" in sentence for sentence in message)


def test_the_bundled_unit_value_with_two_stray_prints_is_found():
    prices = pl.read_csv(BUNDLED, try_parse_dates=True).filter(pl.col("asset") == "ammonium_paratungstate")
    row = row_of(prices, date(2026, 9, 30))
    assert (row["outliers"], row["outlier_date"], row["unit_ratio"]) == (2, date(2026, 1, 31), None)


def test_what_was_not_known_is_not_seen():
    dates = month_ends(24)
    prices = frame(dates, walk(24)).with_columns(known_from=pl.col("date").dt.offset_by("40d"))
    assert row_of(prices, dates[-1])["last"] == dates[-3]


def test_gaps_are_counted_in_periods_of_the_series_itself():
    dates = [d for i, d in enumerate(month_ends(36)) if i not in {5, 6, 7, 20}]
    row = row_of(frame(dates, walk(32)))
    assert (row["observations"], row["expected"], row["gaps"], row["longest_gap"]) == (32, 36, 2, 3)
    assert row["longest_gap_after"] == dates[4]
    assert row["coverage"] == pytest.approx(32 / 36)
    (sentence,) = gap_findings(frame(dates, walk(32)))
    assert sentence == f"gold: 4 of 36 months have no price, never filled; the longest gap is 3 months after {dates[4]}."


@pytest.mark.parametrize(
    ("step", "name"),
    [("1d", "daily"), ("1w", "weekly"), ("1mo", "monthly"), ("3mo", "quarterly"), ("1y", "annual"), ("2mo", "irregular")],
)
def test_frequencies_agree_with_the_convention_of_core(step, name):
    dates = pl.date_range(date(2010, 1, 1), date(2020, 1, 1), step, eager=True)
    dates = dates.filter(dates.dt.weekday() < 6).to_list() if step == "1d" else dates.to_list()
    row = row_of(frame(dates, walk(len(dates))))
    assert (row["rhythm"], row["gaps"], row["coverage"]) == (name, 0, 1.0)
    known = {252.0: "daily", 52.0: "weekly", 12.0: "monthly", 4.0: "quarterly", 1.0: "annual"}
    assert known.get(periods_per_year(dates), "irregular") == name


def test_assessments_twice_a_week_have_no_gaps():
    dates = [d for i in range(365) if (d := date(2025, 1, 1) + timedelta(i)).weekday() in {1, 3}]
    row = row_of(frame(dates, walk(len(dates))))
    assert (row["rhythm"], row["gaps"], row["coverage"]) == ("irregular", 0, 1.0)


def test_before_the_first_price_there_is_nothing_to_say():
    measured = quality(frame(month_ends(12), walk(12)), as_of=date(2019, 1, 1))
    assert measured.is_empty()
    assert findings(measured) == ()


@pytest.mark.parametrize(("closed", "gaps"), [(7, 0), (8, 1)])
def test_a_holiday_of_a_daily_series_is_no_gap_but_a_longer_hole_is(closed, gaps):
    weekdays = [d for i in range(400) if (d := date(2025, 1, 6) + timedelta(i)).weekday() < 5]
    dates = weekdays[:100] + weekdays[100 + closed :]
    row = row_of(frame(dates, walk(len(dates))))
    assert (row["gaps"], row["longest_gap"]) == (gaps, closed)


def test_scattered_holes_of_a_daily_series_show_in_its_coverage():
    weekdays = [d for i in range(700) if (d := date(2025, 1, 6) + timedelta(i)).weekday() < 5]
    dates = [d for i, d in enumerate(weekdays) if i % 7]
    (sentence,) = findings(quality(frame(dates, walk(len(dates), volatility=0.01)), as_of=dates[-1]))
    assert sentence == "gold: only 86% of the weekdays have a price; nothing was filled in."


@pytest.mark.parametrize(("length", "message"), [(4, 0), (5, 1)])
def test_stale_runs(length, message):
    prices = walk(40)
    prices[10 : 10 + length] = 77.0
    row = row_of(frame(month_ends(40), prices))
    assert (row["stale_run"], row["stale_until"]) == (length, month_ends(40)[9 + length])
    assert (
        len([s for s in findings(quality(frame(month_ends(40), prices), as_of=month_ends(40)[-1])) if "in a row" in s])
        == message
    )


@pytest.mark.parametrize("position", [0, 20, 59])
@pytest.mark.parametrize("factor", [10.0, 0.1])
def test_a_misplaced_decimal_point_is_an_outlier_wherever_it_is(position, factor):
    prices = walk(60)
    prices[position] *= factor
    row = row_of(frame(month_ends(60), prices))
    assert (row["outliers"], row["outlier_date"], row["unit_ratio"]) == (1, month_ends(60)[position], None)
    assert np.sign(row["outlier_z"]) == np.sign(np.log(factor))


def test_a_crash_that_stays_is_a_large_move_and_no_outlier():
    prices = walk(60)
    prices[30:] *= 0.6
    row = row_of(frame(month_ends(60), prices))
    assert (row["large_moves"], row["outliers"], row["unit_ratio"]) == (1, 0, None)


@pytest.mark.parametrize("ratio", UNIT_RATIOS)
@pytest.mark.parametrize("direction", [1, -1])
def test_a_change_of_unit_is_suspected_by_name(ratio, direction):
    prices = walk(60, volatility=0.03)
    prices[30:] *= ratio**direction
    measured = quality(frame(month_ends(60), prices), as_of=month_ends(60)[-1])
    row = measured.row(0, named=True)
    assert (row["unit_date"], row["outliers"]) == (month_ends(60)[30], 0)
    # Grams of a troy ounce and ounces of a kilogram differ by 3 %, less than one month's move: either name will do.
    assert row["unit_ratio"] == pytest.approx(ratio, rel=0.04)
    assert UNIT_RATIOS[row["unit_ratio"]] in findings(measured)[0]


@pytest.mark.parametrize("ratio", SPLITS)
@pytest.mark.parametrize("direction", [1, -1])
@pytest.mark.parametrize("step", ["1d", "1w"])
def test_a_split_that_prices_of_days_or_weeks_still_show_is_told(ratio, direction, step):
    days = pl.date_range(date(2022, 1, 3), date(2024, 12, 31), step, eager=True)
    days = days.filter(days.dt.weekday() < 6).to_list()
    prices = walk(len(days), volatility=0.01 if step == "1d" else 0.02)
    prices[100:] *= ratio**direction
    measured = quality(frame(days, prices), as_of=days[-1])
    row = measured.row(0, named=True)
    assert (row["unit_date"], row["unit_ratio"], row["outliers"]) == (days[100], ratio, 0)
    assert "split" in findings(measured)[0]


def test_a_metal_of_three_times_the_price_in_a_month_is_no_split():
    prices = walk(60, volatility=0.03)
    prices[30:] *= 3.0
    assert row_of(frame(month_ends(60), prices))["unit_ratio"] is None


def test_a_unit_change_that_is_undone_by_the_next_print_is_an_outlier():
    prices = walk(60, volatility=0.03)
    prices[30] *= 1000
    row = row_of(frame(month_ends(60), prices))
    assert (row["outliers"], row["unit_ratio"]) == (1, None)


def test_a_constant_series_and_a_single_print_are_measurable():
    flat = row_of(frame(month_ends(12), [5.0] * 12))
    assert (flat["stale_run"], flat["outliers"], flat["large_moves"]) == (12, 0, 0)
    single = row_of(frame([date(2026, 1, 31)], [5.0]), date(2026, 2, 2))
    assert (single["observations"], single["expected"], single["rhythm"], single["age_days"]) == (1, 1, None, 2)
    assert single["outlier_z"] is None


@pytest.mark.parametrize(("days", "message"), [(76, 0), (78, 1)])
def test_age_is_judged_by_the_frequency(days, message):
    prices = frame(month_ends(36), walk(36))
    as_of = month_ends(36)[-1] + timedelta(days)
    measured = quality(prices, as_of=as_of)
    assert measured["age_days"].item() == days
    assert len(findings(measured)) == message


def test_control_characters_of_a_name_are_spelled_out():
    dates = [d for i, d in enumerate(month_ends(12)) if i != 5]
    (sentence,) = gap_findings(frame(dates, walk(11), asset="\x1b[2J"))
    assert "\x1b" not in sentence


def test_the_order_of_rows_does_not_matter():
    prices = pl.concat([frame(month_ends(40), walk(40, seed=s), asset=f"a{s}") for s in range(3)])
    assert quality(prices.sample(fraction=1, shuffle=True, seed=1), as_of=date(2030, 1, 1)).equals(
        quality(prices, as_of=date(2030, 1, 1))
    )


def test_windows_are_laid_around_what_may_be_large_alone(monkeypatch):
    """Rows of rolling medians do not grow with the rows of a series, and one move far inside is found as before."""
    days = pl.date_range(date(2015, 1, 1), date(2039, 1, 1), "1d", eager=True).head(4000).to_list()
    prices = 100 * np.exp(np.cumsum(0.01 * np.random.default_rng(3).uniform(-1, 1, 4000)))
    prices[2000] *= 1.5
    seen = []
    around = module._around_moves

    def noted(own) -> pl.DataFrame:
        found = around(own)
        seen.append(found.height)
        return found

    monkeypatch.setattr(module, "_around_moves", noted)
    row = quality(frame(days, prices), as_of=date(2039, 1, 1)).row(0, named=True)
    assert seen == [22]  # two changes, out and back, and ten rows on each side
    assert (row["large_moves"], row["outliers"], row["outlier_date"]) == (2, 1, days[2000])
