"""The base rate of new controls: counts by hand, the Gamma posterior, and nothing from the future."""

from __future__ import annotations

import math
from datetime import date

import pytest
from scipy.stats import gamma

from toolkit.controls.ledger import ControlLedger
from toolkit.core.assets import Asset
from toolkit.shocks.base_rates import FIRST, LIFT, LIFTED, TIGHTENED, control_changes, control_rate

ON = date(2026, 11, 24)
METALS = tuple(Asset(key, key, form="metal") for key in ("gallium", "germanium", "indium"))


@pytest.fixture
def small(frames):
    """2020: gallium. 2022: gallium and germanium again by one ban. 2024: the ban is suspended. A quota in 2018."""
    events = [
        {"event_id": "Q", "instrument": "quota", "announced": date(2018, 1, 1), "known_from": date(2018, 1, 1)},
        {"event_id": "A", "announced": date(2020, 1, 1), "known_from": date(2020, 1, 1)},
        {
            "event_id": "B",
            "instrument": "ban",
            "announced": date(2022, 1, 1),
            "effective": date(2022, 1, 1),
            "known_from": date(2022, 1, 1),
            "destination": "USA",
            "metals": "gallium; germanium",
        },
        {
            "event_id": "C",
            "instrument": "suspension",
            "announced": date(2024, 1, 1),
            "effective": date(2024, 1, 1),
            "known_from": date(2024, 1, 1),
            "acts_on": "B",
            "relation": "suspends",
            "coverage": "acts_on",
        },
        {
            "event_id": "M",
            "instrument": "ban",
            "announced": date(2023, 1, 1),
            "known_from": date(2023, 1, 1),
            "end_user": "military",
            "metals": "indium",
        },
    ]
    scopes = [
        {"event_id": "Q"},
        {"event_id": "A"},
        {"event_id": "B", "asset": "gallium"},
        {"event_id": "B", "asset": "germanium"},
        {"event_id": "M", "asset": "indium"},
    ]
    return ControlLedger.of(*frames(*events, scopes=scopes), assets=("gallium", "germanium", "indium"))


def test_listings_and_tightenings_are_told_apart_and_others_are_none(small):
    found = control_changes(small, METALS, on=ON)
    assert [(c.event_id, c.asset, c.kind) for c in found] == [
        ("A", "gallium", FIRST),
        ("B", "gallium", TIGHTENED),
        ("B", "germanium", FIRST),
    ]
    freed = control_changes(small, METALS, on=ON, direction=LIFT)
    assert [(c.event_id, c.asset, c.kind) for c in freed] == [("C", "gallium", LIFTED), ("C", "germanium", LIFTED)]


def test_the_notice_that_starts_the_clock_is_not_counted(small):
    on = date(2025, 12, 31)
    rate = control_rate(small, METALS, on=on)
    years = (on - date(2020, 1, 1)).days / 365.25
    assert rate.used.since == date(2020, 1, 1)
    assert (rate.used.events, rate.used.notices) == (2, 1)
    assert rate.used.metal_years == pytest.approx(3 * years)
    assert [c.counted for c in rate.changes] == [False, True, True]
    first, tightened = rate.parts
    controlled = years + (on - date(2022, 1, 1)).days / 365.25
    assert (first.events, tightened.events) == (1, 1)
    assert tightened.metal_years == pytest.approx(controlled)
    assert first.metal_years + tightened.metal_years == pytest.approx(rate.used.metal_years)
    # The long run starts with the quota, and counts every event.
    assert (rate.long_run.since, rate.long_run.events) == (date(2018, 1, 1), 3)


def test_the_interval_is_the_jeffreys_posterior_with_the_counts_of_a_notice_taken_together(small):
    used = control_rate(small, METALS, on=date(2025, 12, 31)).used
    assert used.dispersion == 2  # both metals of one notice
    posterior = gamma((2 + 0.5) / 2, scale=2 / used.metal_years)
    assert used.rate == pytest.approx(posterior.mean())
    assert (used.low, used.high) == pytest.approx((posterior.ppf(0.05), posterior.ppf(0.95)))
    assert used.probability == pytest.approx(1 - math.exp(-used.rate))


def test_nothing_from_the_future_counts(small):
    early = date(2021, 6, 30)
    rate = control_rate(small, METALS, on=early)
    assert rate == control_rate(small.known(early), METALS, on=early)
    assert rate.used.events == 0
    assert rate.used.rate > 0  # half an event of Jeffreys: never seen is not impossible


def test_in_the_first_year_the_clock_is_the_long_one(small):
    rate = control_rate(small, METALS, on=date(2020, 6, 30))
    assert rate.used.since == date(2018, 1, 1)
    assert rate.used.events == 1
    assert rate.long_run is None


def test_without_any_measure_there_is_no_rate(small):
    assert control_rate(small, METALS, on=date(2017, 1, 1)) is None
    assert control_rate(small, METALS, on=ON, origin="AUS") is None
    assert control_rate(small, (Asset("fund", "fund"),), on=ON) is None
    assert control_rate(small, METALS, on=date(2019, 1, 1), direction=LIFT) is None  # nothing to lift yet


def test_liftings_are_counted_over_the_years_under_control(small):
    on = date(2025, 12, 31)
    rate = control_rate(small, METALS, on=on, direction=LIFT)
    assert (rate.used.events, rate.used.notices) == (2, 1)
    days = (on - date(2020, 1, 1)).days + (on - date(2022, 1, 1)).days
    assert rate.used.metal_years == pytest.approx(days / 365.25)


def test_the_bundled_ledger(ledger, tables):
    technology = [Asset.from_row(row) for row in tables["products"].iter_rows(named=True) if row["group"] != "precious_metals"]
    rate = control_rate(ledger.known(ON), technology, on=ON)
    assert rate.used.since == date(2023, 7, 3)
    assert (rate.used.events, rate.used.notices) == (10, 4)
    # Indium metal is on no list: compounds alone are named. Neodymium and praseodymium are not in No. 18 of 2025.
    assert {c.asset for c in rate.changes}.isdisjoint({"indium", "neodymium", "praseodymium", "rhenium"})
    assert 0.15 < rate.used.probability < 0.25
    assert rate.long_run.probability < 0.07
