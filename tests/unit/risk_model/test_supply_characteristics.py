"""Characteristics at a date use only what was known by then."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from toolkit.core.assets import Asset
from toolkit.core.frames import TABLES as CONTRACTS
from toolkit.market.package import bundled_folder, read_table
from toolkit.risk_model.supply_characteristics import (
    control_pressure,
    import_drop,
)


@pytest.fixture(scope="module")
def more():
    return {name: read_table(bundled_folder() / f"{name}.csv", CONTRACTS[name]) for name in ("flows", "metals")}


def gallium(tables):
    return Asset.from_row(tables["products"].row(by_predicate=pl.col("asset") == "gallium", named=True))


def test_pressure_follows_the_ledger_day_by_day(tables, ledger):
    days = [date(2023, 7, 31), date(2023, 8, 1), date(2024, 12, 3), date(2025, 11, 9), date(2026, 11, 28)]
    pressure = [control_pressure(ledger, gallium(tables), day, destination="USA") for day in days]
    assert pressure[0] == 0
    assert pressure[0] < pressure[1] < pressure[2]
    assert pressure[3] < pressure[4]


def test_the_future_changes_nothing(more):
    day = date(2025, 6, 30)
    poisoned = more["flows"].with_columns(
        quantity=pl.when(pl.col("known_from") > day).then(pl.lit(1e9)).otherwise(pl.col("quantity"))
    )
    known, seen = (import_drop(flows, "gallium", day, reporter="USA") for flows in (more["flows"], poisoned))
    assert known == seen
    assert known is not None


def flows(quantities):
    dates = pl.date_range(date(2024, 1, 1), date(2030, 1, 1), "1mo", eager=True).dt.month_end().head(len(quantities))
    fixed = {"asset": "a", "reporter": "USA", "partner": "WLD", "direction": "import"}
    frame = pl.DataFrame({"date": dates, "quantity": [None if q is None else float(q) for q in quantities]})
    return frame.with_columns(known_from=pl.col("date"), **{k: pl.lit(v) for k, v in fixed.items()}).drop_nulls("quantity")


@pytest.mark.parametrize(
    ("quantities", "expected"),
    [
        ([10] * 15, 0.0),
        ([10] * 12 + [0] * 3, 1.0),
        ([10] * 12 + [5] * 3, 0.5),
        ([10] * 12 + [20] * 3, -1.0),
        ([10] * 14, None),
        ([0] * 12 + [5] * 3, None),
        ([10] * 5 + [None] + [10] * 10, None),
    ],
)
def test_shortfall(quantities, expected):
    found = import_drop(flows(quantities), "a", date(2035, 1, 1), reporter="USA")
    assert found == (None if expected is None else pytest.approx(expected))
