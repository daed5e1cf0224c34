"""What changed since last month, against the ledger and the tables themselves."""

from datetime import date

import polars as pl
import pytest

from tests.records import asked, facts_of
from tests.subjects import context
from toolkit.app.config import resolve
from toolkit.app.context import Context
from toolkit.app.subjects import base
from toolkit.app.topics.changes import changes


def part(day: date) -> dict:
    settings = resolve({}, file=None)
    inputs = Context(settings, day)
    found = facts_of(changes.find(asked(inputs, inputs.products.keys, base(inputs))))
    assert found is not None
    return found


def test_an_announcement_is_new_then_its_first_day_is_a_change_then_it_is_old():
    announced = {row["event_id"]: row for row in part(date(2023, 7, 20))["controls"]}
    assert (announced["EV020"]["was"], announced["EV020"]["now"], announced["EV020"]["day"]) == (
        None,
        "announced",
        date(2023, 7, 3),
    )
    begun = {row["event_id"]: row for row in part(date(2023, 8, 15))["controls"]}
    assert (begun["EV020"]["was"], begun["EV020"]["now"], begun["EV020"]["day"]) == ("announced", "in_force", date(2023, 8, 1))
    assert "EV020" not in {row["event_id"] for row in part(date(2023, 9, 15))["controls"]}


def test_a_suspension_that_ends_puts_what_it_suspended_back_in_force():
    rows = {row["event_id"]: row for row in part(date(2026, 12, 20))["controls"]}
    ended = rows["EV063"]
    assert (ended["was"], ended["now"], ended["day"]) == ("in_force", "expired", date(2026, 11, 28))
    assert "No. 46 of 2024 para 2" in ended["targets"]
    assert ended["targets_now"] == ["in_force"]
    assert "EV037b" not in rows  # one change, told once


def test_flows_are_the_rows_of_the_newest_month_and_new_only_when_published_since():
    day = date(2026, 9, 20)
    found = part(day)
    table = context(day).snapshot["flows"]
    for row in found["flows"]:
        mine = table.filter(pl.col("asset") == row["asset"])
        newest = mine.filter(pl.col("date") == mine["date"].max())
        whole = newest.filter(pl.col("partner") == "WLD")
        assert row["all"]["latest"] == whole["quantity"].sum()
        assert row["month"] == whole["date"][0]
        assert row["new"] == (newest["known_from"].max() > date(2026, 8, 20))
    assert any(row["new"] for row in found["flows"])
    assert not any(row["new"] for row in part(date(2026, 11, 24))["flows"])


def test_prices_change_only_by_what_became_known():
    late = part(date(2026, 11, 24))["prices"]
    assert late
    assert not any(row["new"] for row in late)
    # The exchange rate is one of each day, and moves every price in euros alike.
    assert {round(row["change"], 12) for row in late} == {round(late[0]["change"], 12)}
    assert abs(late[0]["change"]) < 0.03
    fresh = {row["asset"]: row for row in part(date(2026, 6, 20))["prices"]}
    assert fresh["gold"]["new"]
    # A month's change of gold in dollars; the exchange rate moves it by a few per cent.
    gold = context(date(2026, 6, 20)).snapshot["prices"].filter(pl.col("asset") == "gold").sort("date")
    assert fresh["gold"]["change"] == pytest.approx(gold["price"][-1] / gold["price"][-2] - 1, abs=0.05)


def test_the_ledger_tells_how_far_it_reaches():
    assert part(date(2026, 11, 24))["ledger_until"] < date(2026, 10, 24)
