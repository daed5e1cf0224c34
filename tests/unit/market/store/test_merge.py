"""A store over a data package: which rows the market of a day has."""

from datetime import date, timedelta

import polars as pl
import pytest

from tests.stores import ECB, FETCHED, days, prices, rates
from toolkit.market.market import Market, Source
from toolkit.market.store.merge import merged, own_prices, quoted_prices, unused_prices, with_store
from toolkit.market.store.store import Store
from toolkit.market.tables import Table

FX, PRICES = Table.of("fx"), Table.of("prices")


def values(frame: pl.DataFrame, column: str = "rate") -> dict[date, float]:
    return dict(frame.select("date", column).sort("date").iter_rows())


def test_rows_of_the_same_source_come_together_by_observation():
    package = rates({date(2026, 1, 1): 1.0, date(2026, 1, 2): 1.0, date(2026, 1, 4): 1.0})
    stored = rates({date(2026, 1, 2): 2.0, date(2026, 1, 5): 2.0})
    expected = {date(2026, 1, 1): 1.0, date(2026, 1, 2): 2.0, date(2026, 1, 4): 1.0, date(2026, 1, 5): 2.0}
    assert values(merged(package, stored, FX)) == expected


def test_what_the_same_source_published_later_counts_wherever_it_is():
    package = rates({date(2026, 1, 2): 3.0}).with_columns(known_from=date(2026, 3, 1))
    stored = rates({date(2026, 1, 2): 2.0})
    assert values(merged(package, stored, FX)) == {date(2026, 1, 2): 3.0}


def test_another_source_replaces_a_series_from_its_first_to_its_last_day():
    package = rates(dict.fromkeys(days(date(2026, 1, 1), 10), 1.0), source="monthly")
    stored = rates({date(2026, 1, 3): 2.0, date(2026, 1, 5): 2.0})
    found = values(merged(package, stored, FX))
    assert [day.day for day, value in found.items() if value == 1.0] == [1, 2, 6, 7, 8, 9, 10]
    assert [day.day for day, value in found.items() if value == 2.0] == [3, 5]


def test_other_series_stay_as_they_are():
    package = pl.concat([rates({date(2026, 1, 1): 1.0}, "CHF"), rates({date(2026, 1, 1): 1.0}, "GBP")])
    found = merged(package, rates({date(2026, 1, 1): 2.0}, "GBP"), FX)
    assert dict(found.select("quote", "rate").iter_rows()) == {"CHF": 1.0, "GBP": 2.0}


@pytest.mark.parametrize("column", ["currency", "unit", "basis"])
def test_a_series_on_another_basis_replaces_the_whole_one_once_it_is_long_enough(column):
    package = prices("gallium", dict.fromkeys(days(date(2020, 1, 1), 40), 1.0), source="bundle")
    for count, left in ((5, 1.0), (24, 2.0)):
        stored = prices("gallium", dict.fromkeys(days(date(2026, 1, 1), count), 2.0), **{column: "EUR"})
        found = merged(package, stored, PRICES)
        assert found["price"].unique().to_list() == [left]
        PRICES.contract.validate(found)


def test_of_two_sources_of_a_series_the_one_that_goes_on_counts():
    stored = pl.concat(
        [rates({date(2026, 1, 1): 1.0, date(2026, 1, 3): 1.0}, source="a"), rates({date(2026, 1, 4): 2.0}, source="b")]
    )
    assert values(merged(stored.clear(), stored, FX)) == {date(2026, 1, 4): 2.0}


def test_a_market_over_a_store_sees_each_vintage_from_its_day_on(tmp_path):
    package = Market.of({"fx": rates({date(2026, 5, 1): 1.0}, source="bundle")}, {"bundle": Source("bundle", "Bundle", "free")})
    store = Store.open(tmp_path / "s", create=True)
    may = date(2026, 5, 4)
    store.append({"fx": rates({may: 1.1})}, source="ecb", fetched_at=FETCHED, described=[ECB])
    market = with_store(package, store)
    before = {day: values(market.until(day)["fx"]) for day in days(date(2026, 4, 30), 40)}
    assert before[date(2026, 5, 3)] == {date(2026, 5, 1): 1.0}
    assert before[may] == {date(2026, 5, 1): 1.0, may: 1.1}
    fetched = FETCHED + timedelta(days=4)
    store.append({"fx": rates({may: 1.2})}, source="ecb", fetched_at=fetched)
    after = with_store(package, Store.open(store.path))
    for day, found in before.items():
        expected = {**found, may: 1.2} if day >= fetched.date() else found
        assert values(after.until(day)["fx"]) == expected, day
    assert after.until(may).source("ecb") == ECB
    replaced = after.replace("fx", rates({date(2026, 1, 1): 9.0})).until(date(2026, 6, 30))
    assert values(replaced["fx"]) == {date(2026, 1, 1): 9.0}


def quotations(symbol: str, adjusted: list[float | None], source: str = "yahoo") -> pl.DataFrame:
    frame = prices(symbol, dict.fromkeys(days(date(2026, 1, 1), len(adjusted)), 10.0), source=source)
    told = {"factor": 1.0, "volume": None, "dividend": None, "split": None, "exchange": "PCX", "repaired": False}
    return frame.select(
        "date", "asset", close="price", adjusted_close=pl.Series(adjusted, dtype=pl.Float64), currency="currency",
        **{name: pl.lit(value) for name, value in told.items()}, source="source", known_from="known_from",
    )  # fmt: skip


def test_quotations_are_prices_of_what_is_named(tmp_path):
    store = Store.open(tmp_path / "s", create=True)
    frame = pl.concat([quotations("GLD", [9.0, 10.0]), quotations("LIT", [9.0, None]), quotations("REMX", [8.0, 9.0])])
    store.append({"quotations": frame}, source="yahoo", fetched_at=FETCHED)
    found = quoted_prices(store, ["GLD", "LIT", "none"], date(2026, 1, 31))
    PRICES.contract.validate(found)
    assert found.filter(asset="GLD").select("price", "basis").rows() == [(9.0, "adjusted_close"), (10.0, "adjusted_close")]
    assert found.filter(asset="LIT").select("price", "basis").rows() == [(10.0, "close"), (10.0, "close")]
    assert quoted_prices(store, ["GLD"], date(2026, 1, 1)).height == 1


def test_series_of_the_store_that_no_answer_uses_are_told_with_their_reason(tmp_path):
    day = date(2026, 1, 1)
    package = prices("gallium", dict.fromkeys(days(date(2020, 1, 1), 40), 1.0), source="bundle")
    package = pl.concat([package, package.with_columns(asset=pl.lit("indium"))])
    stored = {
        "komis": [prices("komis:gallium", dict.fromkeys(days(day, 30), 2.0))],
        "few": [prices("gallium", dict.fromkeys(days(day, 5), 2.0), currency="EUR")],
        "newer": [prices("indium", dict.fromkeys(days(day, 40), 2.0)), prices("hafnium", {day: 2.0})],
        "older": [prices("indium", dict.fromkeys(days(day, 39), 2.0))],
        "mine": [prices("gallium", {day: 3.0}, currency="EUR")],
        "mine too": [prices("gallium", {day: 6.0}, currency="EUR")],
        "my old list": [prices("gallium", {date(2025, 9, 30): 1.0}, currency="CHF")],
    }
    store = Store.open(tmp_path / "s", create=True)
    for name, frames in stored.items():
        rows = [frame.with_columns(source=pl.lit(name)) for frame in frames]
        store.append(
            {"prices": pl.concat(rows)},
            source=name,
            fetched_at=FETCHED,
            described=[Source(name, name, "x", own=name.startswith("m"))],
        )
    as_of = date(2026, 6, 1)
    market = merged(package, store.scan("prices", as_of).collect().select(package.columns), PRICES)
    own = own_prices(store, market, as_of)
    assert own["source"].to_list() == ["mine too"]
    found = unused_prices(store, package, market, own, ["gallium", "indium", "hafnium"], as_of)
    assert [(one.asset, one.source, one.reason, one.rows, one.used) for one in found] == [
        ("gallium", "few", "short", 5, "USD per kg, dealer"),
        ("indium", "older", "other_source", 39, "USD per kg, dealer"),
        ("komis:gallium", "komis", "unknown_name", 30, None),
        ("gallium", "mine", "same_day", 1, "EUR per kg, dealer"),
        ("gallium", "my old list", "other_source", 1, "EUR per kg, dealer"),
    ]  # fmt: skip
