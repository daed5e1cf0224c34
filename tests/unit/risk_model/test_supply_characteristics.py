"""Characteristics at a date use only what was known by then."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from toolkit.core.assets import Asset
from toolkit.core.errors import DataError
from toolkit.core.frames import TABLES as CONTRACTS
from toolkit.market.package import bundled_folder, read_table
from toolkit.risk_model.supply_characteristics import (
    NAMES,
    companion_share,
    control_pressure,
    import_drop,
    remaining_supply,
    supply_characteristics,
)

SCALE = {"yes": 1.0, "co-product": 0.5, "partly": 0.5, "no": 0.0}


@pytest.fixture(scope="module")
def more():
    return {name: read_table(bundled_folder() / f"{name}.csv", CONTRACTS[name]) for name in ("flows", "metals")}


def build(tables, more, ledger, dates, assets=("gallium", "neodymium"), shares=None, flows=None):
    rows = tables["products"].filter(pl.col("asset").is_in(assets)).iter_rows(named=True)
    return supply_characteristics(
        [Asset.from_row(row) for row in rows],
        dates,
        ledger=ledger,
        shares=tables["shares"] if shares is None else shares,
        flows=more["flows"] if flows is None else flows,
        metals=more["metals"],
        scale=SCALE,
        destination="USA",
        reporter="USA",
    )


def value(frame, day, asset, name):
    return frame.filter((pl.col("date") == day) & (pl.col("asset") == asset) & (pl.col("name") == name))["value"].item()


def test_pressure_follows_the_ledger_day_by_day(tables, more, ledger):
    days = [date(2023, 7, 31), date(2023, 8, 1), date(2024, 12, 3), date(2025, 11, 9), date(2026, 11, 28)]
    frame = build(tables, more, ledger, days)
    pressure = [value(frame, day, "gallium", "control_pressure") for day in days]
    assert pressure[0] == 0
    assert pressure[0] < pressure[1] < pressure[2]
    assert pressure[3] < pressure[4]
    assert {value(frame, day, "neodymium", "control_pressure") for day in days} == {0}
    assert frame.height == len(days) * 2 * len(NAMES)


def test_the_future_changes_nothing(tables, more, ledger):
    day = date(2025, 6, 30)
    seen = build(tables, more, ledger, [day])
    poisoned = build(
        tables,
        more,
        ledger,
        [day],
        shares=tables["shares"].with_columns(
            share=pl.when(pl.col("known_from") > day).then(pl.lit(0.01)).otherwise(pl.col("share"))
        ),
        flows=more["flows"].with_columns(
            quantity=pl.when(pl.col("known_from") > day).then(pl.lit(1e9)).otherwise(pl.col("quantity"))
        ),
    )
    assert seen.equals(poisoned)
    assert value(seen, day, "gallium", "n_minus_1") != value(
        build(tables, more, ledger, [date(2026, 6, 30)]), date(2026, 6, 30), "gallium", "n_minus_1"
    )


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


def test_companion_share_by_word(more):
    assert companion_share(more["metals"], "gallium", SCALE, date(2026, 11, 24)) == 1
    assert companion_share(more["metals"], "gallium", SCALE, date(2020, 1, 1)) is None
    assert companion_share(more["metals"], "nothing", SCALE, date(2026, 11, 24)) is None
    with pytest.raises(DataError, match="by_product"):
        companion_share(more["metals"], "gallium", {"no": 0.0}, date(2026, 11, 24))


def test_answers_asked_once_between_changes_are_those_of_every_day(tables, more, ledger):
    """Four metals on every 49th day: the grid equals the single questions."""
    days = pl.date_range(date(2023, 1, 3), date(2026, 9, 30), "49d", eager=True).to_list()
    keys = ("gallium", "antimony", "silver", "dysprosium")
    frame = build(tables, more, ledger, days, assets=keys)
    for row in tables["products"].filter(pl.col("asset").is_in(keys)).iter_rows(named=True):
        asset = Asset.from_row(row)
        for day in days:
            expected = {
                "control_pressure": control_pressure(ledger, asset, day, destination="USA"),
                "n_minus_1": remaining_supply(tables["shares"], asset, day),
                "flow_shortfall": import_drop(more["flows"], asset.key, day, reporter="USA"),
                "companion_share": companion_share(more["metals"], asset.key, SCALE, day),
            }
            assert {name: value(frame, day, asset.key, name) for name in NAMES} == expected


def test_without_a_stage_the_metal_is_scored_where_least_is_left():
    fixed = {"asset": "nickel", "period_start": date(2020, 1, 1), "period_end": date(2020, 12, 31), "source": "s"}
    rows = [
        {"stage": "extraction", "country": "IDN", "share": 0.4},
        {"stage": "extraction", "country": "PHL", "share": 0.6},
        {"stage": "processing", "country": "CHN", "share": 0.7},
        {"stage": "processing", "country": "IDN", "share": 0.3},
    ]
    shares = pl.DataFrame([{**fixed, **row, "known_from": date(2021, 1, 1)} for row in rows])
    nickel = Asset(key="nickel", name="Nickel")
    assert remaining_supply(shares, nickel, date(2021, 1, 1)) == pytest.approx(0.3)
    assert remaining_supply(shares, Asset(key="nickel", name="Nickel", stage="extraction"), date(2021, 1, 1)) == pytest.approx(
        0.4
    )
    assert remaining_supply(shares, nickel, date(2020, 12, 31)) is None
    assert remaining_supply(shares, Asset(key="tin", name="Tin"), date(2022, 1, 1)) is None
