"""Checks of fetched series: each blemish is found where it was put, refused or kept as its rule says, and clean series pass."""

from datetime import date, timedelta

import polars as pl
import pytest

from tests.yahoo_charts import weekdays
from toolkit.market.fetched_quality import RULES, check_fetched

AS_OF = date(2026, 11, 26)
NEW_YORK = [
    day for day in weekdays(date(2026, 9, 8), 57) if day <= date(2026, 11, 24)
]  # no holiday but Labor Day the day before
PRICES = [50.0 + (i % 7) * 0.3 + i * 0.05 for i in range(len(NEW_YORK))]


def quotations(days=NEW_YORK, closes=PRICES, *, asset="REMX", currency="USD", exchange="PCX", split=None):
    return pl.DataFrame(
        {
            "date": days, "asset": asset, "close": closes, "adjusted_close": closes, "currency": currency, "exchange": exchange,
            "split": split or [None] * len(days), "source": "yahoo", "known_from": days,
        },
        schema_overrides={"split": pl.Float64, "exchange": pl.String},
    )  # fmt: skip


def checked(rows, stored=None, accept=()):
    return check_fetched("quotations", rows, rows.clear() if stored is None else stored, as_of=AS_OF, accept=accept)


def found(result):
    return {finding.rule: finding for finding in result.findings}


def changed(at, factor, until=None):
    return [price * factor if at <= i < (until or len(PRICES)) else price for i, price in enumerate(PRICES)]


def test_a_clean_series_is_kept_without_a_finding():
    rows = quotations()
    result = checked(rows)
    assert result.findings == ()
    assert result.rows.equals(rows)


@pytest.mark.parametrize("factor", [10.0, 100.0, 1000.0, 0.01])
@pytest.mark.parametrize("until", [None, 31])
def test_a_step_by_a_change_of_unit_refuses_the_series(factor, until):
    result = checked(quotations(closes=changed(30, factor, until)))
    finding = found(result)["unit_jump"]
    assert (finding.severity, finding.action, result.rows) == ("error", "refused", None)
    assert finding.value == pytest.approx(factor, rel=0.05)
    assert finding.date == NEW_YORK[30].isoformat()


def test_a_step_against_what_is_stored_is_found_at_the_seam():
    stored, new = quotations().head(30), quotations(closes=changed(0, 100.0)).tail(20)
    assert found(checked(new, stored))["unit_jump"].date == new["date"][0].isoformat()
    # A step that is stored already was accepted then.
    old = quotations(closes=changed(20, 100.0))
    assert "unit_jump" not in found(checked(old.tail(5), old.head(45)))


def test_stored_days_that_come_in_another_unit_are_refused():
    result = checked(quotations(closes=changed(0, 100.0)), quotations())
    assert found(result)["revised_unit"].count == len(NEW_YORK)
    assert result.rows is None


def test_what_is_accepted_by_its_rule_is_kept():
    rows = quotations(closes=changed(30, 100.0))
    for accept in (("unit_jump",), ("unit_jump:REMX",)):
        result = checked(rows, accept=accept)
        assert found(result)["unit_jump"].action == "accepted"
        assert result.rows.height == rows.height
    assert checked(rows, accept=("unit_jump:LIT", "gap")).rows is None


def test_a_customs_unit_value_may_step():
    days = [date(2025, month, 28) for month in range(1, 13)]
    prices = [10.0, 11.0, 9.0, 95.0, 10.0, 12.0, 9.5, 10.5, 11.0, 10.0, 9.0, 10.0]
    rows = pl.DataFrame(
        {"date": days, "asset": "tellurium", "price": prices, "currency": "USD", "basis": "customs_unit_value", "source": "own"}
    )
    result = check_fetched("prices", rows, rows.clear(), as_of=AS_OF)
    assert found(result)["unit_jump"].severity == "warning"
    assert result.rows is not None


def test_a_day_that_comes_twice_with_two_prices_is_refused_and_with_one_is_kept_once():
    rows = quotations()
    other = rows[10].with_columns(close=pl.lit(51.111))
    result = checked(pl.concat([rows[:11], other, rows[11:]]))
    assert (found(result)["duplicated_day"].action, result.rows) == ("refused", None)
    result = checked(pl.concat([rows[:11], other, rows[11:]]), accept=("duplicated_day",))
    assert result.rows["close"].to_list() == PRICES
    same = checked(pl.concat([rows[:11], rows[10], rows[11:]]))
    assert (found(same)["duplicated_day"].severity, same.rows.height) == ("note", rows.height)


def test_a_date_ahead_is_refused_but_the_day_that_has_begun_elsewhere_is_not():
    rows = quotations(exchange=None)
    tomorrow = rows[-1].with_columns(date=pl.lit(AS_OF + timedelta(days=1)))
    assert "future_date" not in found(checked(pl.concat([rows, tomorrow])))
    ahead = pl.concat([rows, rows[-1].with_columns(date=pl.lit(AS_OF + timedelta(days=40)))])
    assert checked(ahead).rows is None
    accepted = checked(ahead, accept=("future_date",))
    assert (found(accepted)["future_date"].action, accepted.rows.height) == ("dropped", rows.height)


def test_unsorted_days_are_sorted():
    rows = quotations()
    result = checked(rows.reverse())
    assert found(result)["unsorted"].severity == "note"
    assert result.rows.equals(rows)


def test_a_split_that_the_closes_still_show_is_refused():
    split = [3.0 if i == 30 else None for i in range(len(NEW_YORK))]
    raw = [price * 3 if i < 30 else price for i, price in enumerate(PRICES)]
    result = checked(quotations(closes=raw, split=split))
    assert (found(result)["unadjusted_split"].value, result.rows) == (3.0, None)
    assert checked(quotations(split=split)).findings == ()


def test_a_step_by_the_ratio_of_a_split_that_is_not_told_is_a_warning():
    halved = [price * 2 if i < 30 else price for i, price in enumerate(PRICES)]
    result = checked(quotations(closes=halved))
    assert found(result)["unreported_split"].value == pytest.approx(0.5, rel=0.05)
    assert result.rows is not None


def test_another_currency_is_refused_whatever_is_accepted():
    result = checked(quotations(currency="EUR"), quotations(), accept=("currency_switch",))
    assert (found(result)["currency_switch"].action, result.rows) == ("refused", None)


def test_a_revision_is_told_and_kept_as_a_new_vintage():
    result = checked(quotations(closes=changed(55, 1.02)), quotations())
    finding = found(result)["revision"]
    assert (finding.action, finding.severity, finding.count) == ("new_vintage", "note", len(NEW_YORK) - 55)
    assert finding.value == pytest.approx(0.02)


def test_sessions_without_a_price_are_told_by_the_calendar_of_the_exchange():
    rows = quotations()
    holes = rows.filter(~pl.col("date").is_in([NEW_YORK[7], NEW_YORK[20]]))
    finding = found(checked(holes))["gap"]
    assert (finding.count, finding.date) == (2, NEW_YORK[7].isoformat())
    assert finding.value == pytest.approx(1 - 2 / len(NEW_YORK))
    sunday = pl.concat([rows, rows[-1].with_columns(date=pl.lit(date(2026, 11, 22)))])
    assert found(checked(sunday))["closed_day"].count == 1


def test_gaps_of_series_without_a_calendar_are_told_by_their_own_rhythm():
    days = [date(2025, month, 28) for month in (1, 2, 3, 4, 5, 8, 9, 10, 11, 12)]
    rows = pl.DataFrame({"date": days, "asset": "gold", "price": [float(i) + 50 for i in range(10)], "currency": "USD"})
    rows = rows.with_columns(source=pl.lit("own"))
    assert found(check_fetched("prices", rows, rows.clear(), as_of=AS_OF))["gap"].count == 2


def test_runs_and_stray_prints_are_kept():
    stuck = [50.0 if 20 <= i < 27 else price for i, price in enumerate(PRICES)]
    assert found(checked(quotations(closes=stuck)))["stale_run"].value == 7.0
    stray = [price * 1.6 if i == 25 else price for i, price in enumerate(PRICES)]
    result = checked(quotations(closes=stray))
    assert found(result)["outlier"].date == NEW_YORK[25].isoformat()
    assert result.rows is not None


def flows(*rows):
    key = {"reporter": "CHN", "partner": "JPN", "direction": "export", "asset": "gallium", "source": "own", "quantity": 1.0}
    return pl.DataFrame({"date": [day for day, _ in rows], "value": [value for _, value in rows]}).with_columns(
        **{name: pl.lit(value) for name, value in key.items()}
    )


def test_dates_of_flows_are_checked_and_their_levels_are_not():
    day, ahead = date(2026, 9, 30), date(2090, 1, 31)
    rows = flows((date(2026, 8, 31), 1.0), (day, 1000.0))
    assert check_fetched("flows", rows, rows.clear(), as_of=AS_OF).findings == ()
    twice = check_fetched("flows", flows((day, 1.0), (day, 2.0)), rows.clear(), as_of=AS_OF)
    assert (twice.rows, found(twice)["duplicated_day"].action) == (None, "refused")
    assert found(twice)["duplicated_day"].asset == "CHN/JPN/export/gallium"
    late = check_fetched("flows", flows((day, 1.0), (ahead, 2.0)), rows.clear(), as_of=AS_OF, accept=["future_date"])
    assert late.rows["date"].to_list() == [day]


def test_an_annual_price_in_another_unit_is_refused_and_each_series_of_a_metal_is_one_of_its_own():
    columns = {"date": [date(2024, 12, 31), date(2025, 12, 31)] * 2, "series": ["metal", "metal", "oxide", "oxide"]}
    rows = pl.DataFrame(
        {**columns, "asset": "antimony", "price": [10.0, 11.0, 1000.0, 1050.0], "currency": "USD", "source": "usgs"}
    )
    assert check_fetched("prices_annual", rows, rows.clear(), as_of=AS_OF).findings == ()
    jumped = rows.with_columns(price=pl.Series([10.0, 1000.0, 1000.0, 1050.0]))
    [finding] = check_fetched("prices_annual", jumped, rows.clear(), as_of=AS_OF).findings
    assert (finding.rule, finding.asset, finding.action) == ("unit_jump", "antimony/metal", "refused")


def test_the_documented_rules_are_those_that_refuse():
    import toolkit.market.fetched_quality as module

    listed = [line.split("|")[1].strip(" `") for line in module.__doc__.splitlines() if "| error" in line]
    assert {*listed} - {"currency_switch"} == {*RULES}
