"""Part "prices": prints and levels of the run itself, by month, at the rates of the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import polars as pl
import pytest

from tests.records import asked, facts_of
from tests.subjects import proposal
from toolkit.app.config import resolve
from toolkit.app.context import Context
from toolkit.app.topics import Ask
from toolkit.app.topics.prices import _by_month, _fall, _series, prices

AS_OF = date(2026, 11, 24)


def ask(record: Mapping[str, Any], as_of: date = AS_OF, assets: tuple[str, ...] = (), currency: str = "EUR") -> Ask:
    settings = resolve({"owner.currency": currency} if currency != "EUR" else {}, file=None)
    keys = assets or tuple(p["asset"] for p in record["positions"])
    return asked(Context(settings, as_of), keys, record)


@pytest.fixture(scope="module")
def record() -> dict[str, Any]:
    return proposal()


@pytest.fixture(scope="module")
def found(record) -> dict[str, Any]:
    part = facts_of(prices.find(ask(record)))
    assert part is not None
    return dict(part)


def test_levels_end_where_the_run_puts_them(record, found):
    positions = {p["asset"]: p for p in record["positions"]}
    noisy = [one for one in found["series"] if one["last"]["level"] is not None]
    assert {one["asset"] for one in noisy} == {k for k, p in positions.items() if p["basis"] == "customs_unit_value"}
    for one in noisy:
        p = positions[one["asset"]]
        assert one["last"]["level"] == pytest.approx(p["price"], rel=1e-9)
        assert one["last"]["error"] == pytest.approx(p["price_se"], rel=1e-9)
        assert one["last"]["print"] == pytest.approx(p["price_raw"], rel=1e-9)
        assert one["last"]["off"] == pytest.approx(p["price_raw"] / p["price"] - 1, rel=1e-6)


def test_prints_are_those_of_the_ledger_at_the_rate_of_their_month(record, found):
    asked = ask(record)
    snapshot = asked.context.snapshot
    dollars = snapshot["fx"].filter(quote="USD", base="EUR").sort("date")
    by_month = dollars.group_by(pl.col("date").dt.year().alias("y"), pl.col("date").dt.month().alias("m")).agg(
        pl.col("rate").mean()
    )
    rates = {(y, m): 1 / rate for y, m, rate in by_month.iter_rows()}
    newest = 1 / dollars["rate"][-1]
    for one in found["series"]:
        rows = snapshot["prices"].filter(pl.col("asset") == one["asset"])
        raw = {(day.year, day.month): price for day, price in rows.select("date", "price").iter_rows()}
        for row in one["months"]:
            at = row["month"].year, row["month"].month
            assert row["print"] == pytest.approx(raw[at] * rates.get(at, newest), rel=1e-11)
        # The last month is no other: its change is that of the price. What it is today, at today's rate, stands beside.
        last = one["months"][-1]
        assert one["last"]["print"] / last["print"] == pytest.approx(newest / rates[last["month"].year, last["month"].month])
        assert one["months"][0]["month"] >= found["from"]


def test_a_month_without_a_print_has_a_level_alone():
    context = ask({}, assets=("gallium",)).context
    asset = context.products["gallium"]
    rows = _by_month(context.snapshot["prices"], asset)
    path = dict.fromkeys(rows["month"], (0.0, 0.1))
    without = rows["month"][-3]
    told = _series(asset, rows.filter(pl.col("month") != without), path, context.snapshot["fx"], "USD", 1.0)
    months = {row.month: row for row in told.months}
    assert len(months) == rows.height
    assert [month for month, row in months.items() if row.print is None] == [without.isoformat()]
    assert months[without.isoformat()].level == 1.0


def test_what_is_no_customs_value_is_taken_as_published(found):
    gold = next(one for one in found["series"] if one["asset"] == "gold")
    assert gold["last"]["level"] is gold["last"]["off"] is None
    assert all(row["level"] is None for row in gold["months"])
    assert {row["table"] for row in found["data"]} == {"prices", "fx"}


def test_nothing_that_was_published_later_is_looked_at(record):
    early = date(2025, 6, 30)
    part = facts_of(prices.find(ask({}, early, ("gallium", "gold"))))
    visible = ask({}, early, ("gold",)).context.snapshot["prices"]
    assert visible["known_from"].max() <= early
    whole = facts_of(prices.find(ask({}, AS_OF, ("gallium", "gold"))))
    months = [{row["month"]: row["level"] for row in found["series"][0]["months"]} for found in (part, whole)]
    assert max(months[0]) <= early
    # Neither later prices nor later exchange rates change a level of the past.
    last = max(months[0])
    assert months[0][last] == pytest.approx(months[1][last], rel=1e-9)


def test_assets_without_a_price_by_month_are_named_and_none_is_nothing():
    part = facts_of(prices.find(ask({}, AS_OF, ("gallium", "hafnium"))))
    assert [row["asset"] for row in part["without"]] == ["hafnium"]
    assert facts_of(prices.find(ask({}, AS_OF, ("hafnium", "no_such_metal")))) is None


def test_exact_prices_alone_show_five_years():
    part = facts_of(prices.find(ask({}, AS_OF, ("gold",))))
    months = [row["month"] for row in part["series"][0]["months"]]
    assert months[0].year == months[-1].year - 5


def test_a_proposal_from_other_prices_does_not_show_these(record):
    other = {
        "positions": [
            {**p, "price_raw": p["price_raw"] * (1.01 if p["asset"] == "gallium" else 1.0)} for p in record["positions"]
        ]
    }
    part = facts_of(prices.find(ask(other | {}, assets=tuple(p["asset"] for p in record["positions"]))))
    assert "gallium" not in {one["asset"] for one in part["series"]}
    assert "indium" in {one["asset"] for one in part["series"]}


def test_in_the_currency_of_quotation_nothing_is_converted():
    part = facts_of(prices.find(ask({}, AS_OF, ("gallium",), "USD")))
    assert part["rates"] == {}
    assert {row["table"] for row in part["data"]} == {"prices"}


@pytest.mark.parametrize(
    ("values", "depth", "waited", "lasts"),
    [
        ([1.0, 2.0, 1.0, 1.5, 2.0, 3.0], -0.5, 3, False),
        ([4.0, 2.0, 3.0, 4.0, 5.0, 4.5], -0.5, 3, False),
        ([4.0, 3.0, 2.0, 3.0], -0.5, 3, True),
        ([1.0, 2.0, 3.0], 0.0, 0, False),
        ([2.0, None, 1.0, None, 1.5], -0.5, 4, True),
        ([5.0], 0.0, 0, False),
    ],
)
def test_falls_from_a_peak_and_the_time_below_it(values, depth, waited, lasts):
    months = [(date(2025, 1 + i, 28), value) for i, value in enumerate(values)]
    told = facts_of(_fall(months))
    assert (told["depth"], told["under_water"], told["lasts"]) == (pytest.approx(depth), waited, lasts)
    assert facts_of(_fall([(date(2025, 1, 31), None)])) is None
