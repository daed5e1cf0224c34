"""The store: appends, vintages, versions, and what it refuses."""

import json
import os
import sys
import threading
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
from deltalake import DeltaTable
from polars.testing import assert_frame_equal

from tests.full_disks import no_file_beyond
from tests.stores import ECB, FETCHED, days, made, prices, rates
from toolkit.core.errors import DataError, FrameError, SpecError
from toolkit.market.store.compact import compact
from toolkit.market.store.files import sha256
from toolkit.market.store.lock import writing
from toolkit.market.store.store import Store, is_store
from toolkit.market.store.verify import verify
from toolkit.market.tables import STORE_TABLES, Table

MAY = date(2026, 5, 4)


def rate(store: Store, day: date, as_of: date) -> float | None:
    found = store.scan("fx", as_of=as_of).filter(pl.col("date") == day).collect()
    return found["rate"].item() if found.height else None


@pytest.mark.parametrize("name", STORE_TABLES)
def test_every_table_can_be_kept(name):
    table = Table.of(name)
    assert {*table.key, *table.values, "known_from"} == set(table.contract.columns())
    assert table.contract.columns()[table.series[0]].dtype == pl.String


def test_a_revision_changes_no_answer_dated_before_its_fetch(tmp_path):
    store = made(tmp_path / "s")
    assert rate(store, MAY, date(2026, 6, 2)) == 1.1
    assert rate(store, MAY, date(2026, 6, 3)) == 1.2
    assert rate(store, MAY, date(2026, 5, 3)) is None
    assert store.scan("fx").filter(pl.col("date") == MAY).collect().height == 2


def test_of_two_revisions_of_one_day_the_later_one_holds(tmp_path):
    store = made(tmp_path / "s")
    again = FETCHED + timedelta(days=2, hours=3)
    store.append({"fx": rates({MAY: 1.3})}, source="ecb", fetched_at=again)
    store.append({"fx": rates({MAY: 1.1})}, source="ecb", fetched_at=again + timedelta(hours=1))
    assert rate(store, MAY, date(2026, 6, 2)) == 1.1
    assert rate(store, MAY, date(2026, 6, 3)) == 1.1
    assert store.scan("fx", version=2, as_of=date(2026, 6, 3)).filter(date=MAY).collect()["rate"].item() == 1.3


def test_what_is_there_is_not_added_again(tmp_path):
    store = made(tmp_path / "s")
    before = verify(store.path, date(2026, 11, 26))
    day = dict.fromkeys(days(date(2026, 5, 1), 3), 1.1)
    commit = store.append({"fx": rates(day)}, source="ecb", fetched_at=FETCHED + timedelta(days=9))
    assert (commit.rows, commit.unchanged, commit.versions, commit.files) == ({"fx": 0}, {"fx": 3}, {"fx": 1}, {"fx": ()})
    assert verify(store.path, date(2026, 11, 26)) == before


def test_a_gap_that_is_filled_later_was_not_known_before(tmp_path):
    store = Store.open(tmp_path / "s", create=True)
    store.append({"fx": rates({date(2026, 5, 1): 1.0, date(2026, 5, 9): 1.1})}, source="ecb", fetched_at=FETCHED)
    commit = store.append(
        {"fx": rates({date(2026, 5, 5): 1.2, date(2026, 4, 1): 0.9})}, source="ecb", fetched_at=FETCHED + timedelta(days=5)
    )
    assert (commit.rows, commit.revised) == ({"fx": 2}, {"fx": 0}), "nothing that was stored is revised"
    assert rate(store, date(2026, 5, 5), date(2026, 6, 5)) is None
    assert rate(store, date(2026, 5, 5), date(2026, 6, 6)) == 1.2
    assert rate(store, date(2026, 4, 1), date(2026, 4, 1)) == 0.9, "beyond the ends of a series the source says when"


def test_series_of_one_name_from_two_sources_are_two(tmp_path):
    store = made(tmp_path / "s")
    commit = store.append({"fx": rates({MAY: 1.15}, source="fed")}, source="fed", fetched_at=FETCHED)
    assert (commit.rows, commit.revised) == ({"fx": 1}, {"fx": 0})
    assert store.last("fx", "ecb") == {"EUR/USD": date(2026, 5, 20)}
    assert store.last("fx", "fed") == {"EUR/USD": MAY}


def test_versions_stay_as_they_were(tmp_path):
    store = made(tmp_path / "s")
    assert store.scan("fx", version=0).collect().height == 20
    assert store.scan("fx", version=1).collect().height == 21
    with pytest.raises(DataError, match="no version 2"):
        store.scan("fx", version=2)
    compact(store.path)
    later = Store.open(store.path)
    assert later.versions["fx"] == 2
    assert later.scan("fx", version=0).collect().height == 20


@pytest.mark.parametrize(
    ("frame", "rule"),
    [
        (rates({MAY: 1.0}).with_columns(rate=pl.lit(-1.0)), "rate|min_exclusive"),
        (pl.concat([rates({MAY: 1.0}), rates({MAY: 1.0})]), "primary_key"),
        (rates({date(2026, 6, 9): 1.0}), "future_date"),
        (rates({MAY: 1.0}).with_columns(rate=pl.lit(float("nan"))), "rate|nan"),
    ],
)
def test_rows_that_break_a_rule_add_nothing(tmp_path, frame, rule):
    store = made(tmp_path / "s")
    before = verify(store.path, date(2026, 11, 26))
    with pytest.raises(FrameError) as raised:
        store.append({"prices": prices("indium", {MAY: 300.0}), "fx": frame}, source="ecb", fetched_at=FETCHED)
    assert raised.value.details["rule"] == rule
    assert verify(store.path, date(2026, 11, 26)).versions == before.versions


@pytest.mark.parametrize("column", ["currency", "unit", "basis"])
def test_a_series_does_not_switch_its_currency_unit_or_basis(tmp_path, column):
    store = made(tmp_path / "s")
    other = prices("gallium", {date(2026, 5, 20): 900.0}, **{column: "EUR"})
    with pytest.raises(FrameError) as raised:
        store.append({"prices": other}, source="dealer", fetched_at=FETCHED)
    assert raised.value.details["rule"] == f"{column}_of_a_series"
    store.append({"prices": other.with_columns(source=pl.lit("another"))}, source="another", fetched_at=FETCHED)


def test_a_column_that_is_missing_and_a_table_without_a_contract_are_named(tmp_path):
    store = made(tmp_path / "s")
    with pytest.raises(FrameError, match="'rate' is missing"):
        store.append({"fx": rates({MAY: 1.0}).drop("rate")}, source="ecb", fetched_at=FETCHED)
    with pytest.raises(DataError, match="prise") as raised:
        store.append({"prise": rates({MAY: 1.0})}, source="ecb", fetched_at=FETCHED)
    assert "'prices'" in raised.value.hint


def test_commits_keep_what_was_asked_by_its_hash_and_the_sources(tmp_path):
    store = made(tmp_path / "s")
    about = store.history("fx")[0].about
    assert about["rows"] == 20
    assert "https://a" not in str(about)
    assert store.sources() == {"ecb": ECB}
    assert store.history("fx")[-1].fetched_at == FETCHED + timedelta(days=2)


def test_another_reader_of_delta_sees_the_same_rows(tmp_path):
    store = made(tmp_path / "s")
    compact(store.path)
    store = Store.open(store.path)
    for name in store.versions:
        theirs = pl.read_delta(str(store.path / name))
        assert_frame_equal(theirs, store.scan(name).collect(), check_row_order=False, check_exact=True)


def test_a_store_with_checkpoints_of_deltalake_is_read_and_written_on(tmp_path):
    store = made(tmp_path / "s")
    DeltaTable(str(store.path / "fx")).create_checkpoint()
    head = store.path / "store.json"
    told = {**json.loads(head.read_bytes()), "checkpoints": {"fx": {}}}
    told["sha256"] = sha256(json.dumps({key: told[key] for key in sorted(told) if key != "sha256"}, sort_keys=True).encode())
    head.write_text(json.dumps(told, sort_keys=True, indent=1) + "\n")
    assert not verify(store.path, date(2026, 11, 26)).damaged
    before = Store.open(store.path).scan("fx").collect()
    Store.open(store.path).append({"fx": rates({MAY: 1.4})}, source="ecb", fetched_at=FETCHED + timedelta(days=3))
    assert not list(store.path.rglob("*checkpoint*"))
    assert pl.read_delta(str(store.path / "fx")).height == before.height + 1
    assert not verify(store.path, date(2026, 11, 26)).damaged


def test_merging_changes_no_row(tmp_path):
    store = made(tmp_path / "s")
    before = store.scan("fx").collect()
    done = {one.table: one for one in compact(store.path)}
    assert (done["fx"].files_before, done["fx"].files_after) == (2, 1)
    after = Store.open(store.path).scan("fx").collect()
    assert_frame_equal(before, after, check_row_order=False, check_exact=True)
    assert not verify(store.path, date(2026, 11, 26)).damaged
    assert [one.files_after for one in compact(store.path)] == [1, 1]
    Store.open(store.path).append({"fx": rates({MAY: 1.4})}, source="ecb", fetched_at=FETCHED + timedelta(days=3))
    assert rate(Store.open(store.path), MAY, date(2026, 6, 4)) == 1.4


def test_an_export_goes_back_as_it_was(tmp_path):
    store = made(tmp_path / "s")
    rows = store.scan("fx").collect()
    other = Store.open(tmp_path / "t", create=True)
    commit = other.append({"fx": rows}, source="export", fetched_at=datetime.now(UTC))
    assert (commit.rows, commit.revised) == ({"fx": 21}, {"fx": 1})
    assert_frame_equal(other.scan("fx").collect(), rows, check_row_order=False, check_exact=True)
    assert rate(other, MAY, date(2026, 6, 2)) == 1.1
    assert other.append({"fx": rows}, source="export", fetched_at=datetime.now(UTC)).rows == {"fx": 0}


def test_a_folder_with_something_else_in_it_becomes_no_store(tmp_path):
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(DataError, match="not empty"):
        Store.open(tmp_path, create=True)
    assert not is_store(tmp_path)
    with pytest.raises(DataError, match="no store"):
        Store.open(tmp_path)


def test_a_second_writer_names_the_first_one_or_waits_for_it(tmp_path):
    store = made(tmp_path / "s")
    with writing(store.path), pytest.raises(SpecError) as raised:
        store.append({"fx": rates({MAY: 1.5})}, source="ecb", fetched_at=FETCHED, wait=0.2)
    assert raised.value.details == {"pid": os.getpid()}
    ended = threading.Event()
    with writing(store.path):

        def add() -> None:
            Store.open(store.path).append({"fx": rates({MAY: 1.5})}, source="ecb", fetched_at=FETCHED)
            ended.set()

        thread = threading.Thread(target=add)
        thread.start()
        assert not ended.wait(0.3)
    thread.join(30)
    assert ended.is_set()
    assert Store.open(store.path).versions["fx"] == 2


def test_writers_at_once_lose_nothing(tmp_path):
    store = made(tmp_path / "s", revised=False)
    quotes = ["AAA", "BBB", "CCC", "DDD", "EEE", "FFF"]

    def add(quote: str) -> None:
        Store.open(store.path).append({"fx": rates({MAY: 2.0}, quote)}, source="ecb", fetched_at=FETCHED)

    threads = [threading.Thread(target=add, args=(quote,)) for quote in quotes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    found = Store.open(store.path).scan("fx").filter(pl.col("date") == MAY).collect()["quote"]
    assert sorted(found) == [*quotes, "USD"]


@pytest.mark.skipif(sys.platform == "win32", reason="needs limits of POSIX")
@pytest.mark.parametrize("limit", [16, 400, 1000, 8000])
def test_a_disk_that_takes_no_more_leaves_the_store_as_it_was(tmp_path, limit):
    store = made(tmp_path / "s")
    before = verify(store.path, date(2026, 11, 26))
    many = rates({day: 1.0 + i / 7 for i, day in enumerate(days(date(2000, 1, 1), 5000))}, "GBP")
    with no_file_beyond(limit), pytest.raises(SpecError, match="cannot write"):
        store.append({"fx": many}, source="ecb", fetched_at=FETCHED + timedelta(days=9))
    after = verify(store.path, date(2026, 11, 26))
    assert (after.damaged, after.versions, after.files) == ((), before.versions, before.files)
    later = Store.open(store.path).append({"fx": rates({MAY: 1.0}, "CHF")}, source="ecb", fetched_at=FETCHED)
    assert later.rows == {"fx": 1}
    assert not verify(store.path, date(2026, 11, 26)).damaged


def test_reading_writes_nothing(tmp_path):
    store = made(tmp_path / "s")
    for path in (store.path, *store.path.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        states = {path: path.stat().st_mtime_ns for path in store.path.rglob("*")}
        read = Store.open(store.path)
        assert read.scan("fx", as_of=date(2026, 6, 3)).collect().height == 20
        assert not verify(store.path, date(2026, 11, 26)).damaged
        assert {path: path.stat().st_mtime_ns for path in store.path.rglob("*")} == states
    finally:
        for path in (store.path, *store.path.rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)


def test_the_plan_of_a_query_reads_the_files_columns_and_rows_that_are_asked_for(tmp_path):
    store = Store.open(tmp_path / "s", create=True)
    names = ("antimony", "bismuth", "cobalt")
    parts = (prices(name, dict.fromkeys(days(date(2026, 1, 1), 50), 1.0)) for name in names)
    store.append({"prices": parts}, source="dealer", fetched_at=FETCHED)
    asked = store.scan("prices", date(2026, 2, 1), series=["bismuth"])
    plan = asked.select("date", "price").explain(engine="streaming")
    [file] = [path.name for path in (tmp_path / "s" / "prices").glob("*.parquet") if path.name in plan]
    assert pl.read_parquet(tmp_path / "s" / "prices" / file)["asset"].unique().to_list() == ["bismuth"]
    assert "PROJECT 4/10 COLUMNS" in plan  # those of the answer, and those of the days
    selection = next(line for line in plan.splitlines() if "SELECTION" in line)
    assert all(word in selection for word in ('col("asset").is_in', 'col("date")', 'col("known_from")'))
    for other in (tmp_path / "s" / "prices").glob("*.parquet"):
        if other.name != file:
            other.write_bytes(b"damaged")
    assert asked.collect().height == 32, "no other file is opened"
