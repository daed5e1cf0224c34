from datetime import date

import numpy as np
import polars as pl
import pytest

from toolkit.core.errors import DataError
from toolkit.market.market import Market, Snapshot, Source, _canonical_sha256

ROWS = [
    (date(2025, 1, 31), "gold", 1.0, date(2025, 2, 5)),
    (date(2025, 2, 28), "gold", 2.0, date(2025, 3, 5)),
    (date(2025, 3, 31), "gold", 3.0, date(2025, 2, 1)),  # a forecast: published before the day it speaks of
]


def prices(rows=ROWS) -> pl.DataFrame:
    frame = pl.DataFrame(rows, schema=["date", "asset", "price", "known_from"], orient="row")
    return frame.with_columns(
        currency=pl.lit("USD"),
        unit=pl.lit("kg"),
        quantity=pl.lit(None, dtype=pl.Float64),
        basis=pl.lit("monthly_average"),
        source=pl.lit("a"),
    )


def market(rows=ROWS) -> Market:
    return Market.of({"prices": prices(rows)}, {"a": Source("a", "A title", "CC0", rhythm_days=31, lag_days=5)})


def test_a_row_is_visible_only_when_it_was_known_and_speaks_of_the_past():
    assert market().until(date(2025, 2, 4))["prices"].height == 0
    assert market().until(date(2025, 2, 5))["prices"]["price"].to_list() == [1.0]
    assert market().until(date(2025, 3, 30))["prices"]["price"].to_list() == [1.0, 2.0]
    assert market().until(date(2025, 3, 31))["prices"].height == 3


def test_hashes_describe_the_visible_rows_alone_and_not_their_order():
    day = date(2025, 2, 10)
    (record,) = market().until(day).provenance()
    (poisoned,) = market([*ROWS[:1], (date(2025, 2, 28), "gold", 99.0, date(2025, 3, 5))]).until(day).provenance()
    assert record.sha256 == poisoned.sha256
    (shuffled,) = market(ROWS[::-1]).until(date(2025, 4, 1)).provenance()
    (sorted_,) = market().until(date(2025, 4, 1)).provenance()
    assert shuffled.sha256 == sorted_.sha256 != record.sha256


def test_hashes_of_stored_runs_hold_for_columns_of_one_text_and_of_none():
    frame = pl.DataFrame(
        {
            "source": ["x.csv"] * 4,
            "asset": ["b", "a", "a", "b"],
            "date": [date(2026, 1, day) for day in (2, 1, 2, 1)],
            "quantity": pl.Series([None] * 4, dtype=pl.Float64),
            "form": pl.Series([None] * 4, dtype=pl.String),
        }
    )
    assert _canonical_sha256(frame) == "c79d823aa652a9da1c075114e5468d9fc5d2718bd77180f9a26e59f84649f4f4"
    assert _canonical_sha256(frame.clear()) == "d1bffa48105b0cc61ab3b5e5496dac2ac6badfadd64c637e70b7861314d397e9"


def test_rates_are_read_once_whatever_table_is_exchanged():
    days, quotes = [date(2025, 1, 2), date(2025, 1, 2), date(2025, 1, 3)], ["USD", "JPY", "USD"]
    known = pl.DataFrame({"date": days, "base": ["EUR"] * 3, "quote": quotes, "rate": [1.1, 160.0, 1.2]})
    known = known.with_columns(known_from=pl.col("date"), source=pl.lit("a"))
    first, own = Market.of({"prices": prices(), "fx": known}, {}), prices()
    one, other = (first.replace("prices", own).until(date(2025, 4, 1)).rates.pair("EUR", "USD")[1] for _ in range(2))
    assert one.tolist() == [1.1, 1.2]
    assert np.shares_memory(one, other)
    exchanged = first.replace("fx", known.with_columns(pl.col("rate") * 2))
    assert exchanged.until(date(2025, 4, 1)).rates.pair("EUR", "USD")[1].tolist() == [2.2, 2.4]


def test_a_hash_tells_a_missing_quantity_from_none_at_all():
    missing, zero = (
        {one.sha256 for one in market().replace("prices", frame).until(date(2025, 4, 1)).provenance()}
        for frame in (
            market().until(date(2025, 4, 1))["prices"].with_columns(quantity=pl.lit(value, pl.Float64)) for value in (None, 0.0)
        )
    )
    assert missing != zero


def test_age_is_counted_beyond_interval_and_lag():
    (record,) = market(ROWS[:2]).until(date(2025, 6, 30)).provenance()
    assert record.as_of == "2025-02-28"
    assert record.overdue_days == (date(2025, 6, 30) - date(2025, 2, 28)).days - 31 - 5
    (fresh,) = market(ROWS[:2]).until(date(2025, 3, 20)).provenance()
    assert fresh.overdue_days == 0


def test_rows_of_a_simulation_that_ended_make_no_source_late():
    seen = market(ROWS[:2]).until(date(2025, 3, 20))
    past = {"prices": seen["prices"].filter(pl.col("date") < date(2025, 2, 1))}
    (used,), (old,) = seen.provenance(past, past=True), seen.provenance(past)
    assert used.as_of == old.as_of == "2025-01-31"
    assert used.overdue_days == 0 < old.overdue_days
    # A source whose newer rows such a simulation leaves out is not late for it, however late it is; one that it uses whole is.
    late = market(ROWS[:2]).until(date(2025, 6, 30))
    (cut,), (whole,) = late.provenance(past, past=True), late.provenance({"prices": late["prices"]}, past=True)
    assert cut.overdue_days == 0 < whole.overdue_days


def test_points_around_events_have_the_age_of_what_is_kept_and_not_of_their_own_days():
    points = pl.DataFrame({"date": [date(2025, 1, 15)], "known_from": [date(2025, 2, 1)], "source": ["kept"]})
    sources = {"kept": Source("kept", "A ledger", "CC0", rhythm_days=1, complete_to=date(2025, 6, 20))}
    snapshot = Snapshot(date(2025, 6, 30), {"price_points": points}, sources)
    (record,) = snapshot.provenance()
    assert (record.as_of, record.overdue_days) == ("2025-01-15", 9)


def test_there_is_no_other_way_to_look():
    assert not [
        name for name in dir(market()) if not name.startswith("_") and name not in ("of", "once", "replace", "under", "until")
    ]


def test_a_table_without_a_contract_is_refused():
    with pytest.raises(DataError) as refused:
        Market.of({"price": prices()}, {})
    assert "'prices'" in refused.value.hint


def test_a_table_is_complete_to_the_earliest_of_its_sources_and_never_beyond_the_day_asked():
    rows = pl.DataFrame({"date": [date(2025, 1, 15)] * 2, "known_from": [date(2025, 2, 1)] * 2, "source": ["a", "b"]})
    days = {"a": date(2025, 6, 20), "b": date(2025, 6, 10)}
    sources = {key: Source(key, key, "CC0", complete_to=day) for key, day in days.items()}
    assert Snapshot(date(2025, 6, 30), {"price_points": rows}, sources).complete_to("price_points") == days["b"]
    assert Snapshot(date(2025, 6, 1), {"price_points": rows}, sources).complete_to("price_points") == date(2025, 6, 1)
    silent = {**sources, "b": Source("b", "b", "CC0")}
    assert Snapshot(date(2025, 6, 30), {"price_points": rows}, silent).complete_to("price_points") is None
