"""The `[costs]` table: charges in money become rates, names are checked, and what is not counted is told."""

from datetime import date

import numpy as np
import polars as pl
import pytest

from tests.subjects import context
from toolkit.app.allocation.costs import strategy_costs, world_production
from toolkit.app.allocation.request import Request
from toolkit.app.optimize import optimize
from toolkit.core.assets import Asset, Universe
from toolkit.core.decode import decode
from toolkit.core.errors import SpecError
from toolkit.optimize.costs import TRADING_DAYS_A_YEAR
from toolkit.strategy.model import CostsSpec

GALLIUM = Asset(
    "gallium", "Gallium", element="Ga", group="technology_metals", unit="kg", lot_size=2.0, spread=0.1, storage=0.015
)
GOLD = Asset("gold", "Gold", element="Au", group="precious_metals", unit="kg", lot_size=0.1, spread=0.02, storage=0.005)
FUND = Asset("fund", "Fund", unit="unit")
UNIVERSE = Universe((GALLIUM, GOLD, FUND))
PRICES = np.array([500.0, 100_000.0, 40.0])


def costs_of(table, **changed):
    given = {
        "known": Universe((*UNIVERSE, Asset("hafnium", "Hafnium", element="Hf"))),
        "prices": PRICES,
        "volatility": np.array([0.3, 0.15, 0.2]),
        "production": {},
        "budget": 100_000.0,
        "premium": np.zeros(3),
    }
    spec = None if table is None else decode(CostsSpec, table, file="test", where="costs")
    costs, remarks = strategy_costs(spec, UNIVERSE, **{**given, **changed})
    return costs, tuple(remark.text for remark in remarks)


def test_charges_by_lot_and_by_mass_come_to_their_money():
    costs, notes = costs_of({"fee_per_lot": 12.0, "storage_per_lot": 3.0, "storage_per_kg": 2.0})
    three = np.array([3 * 2.0 * 500.0, 0.0, 0.0])  # three lots of gallium
    assert costs.lot_fee @ three == pytest.approx(3 * 12.0)
    assert (costs.storage - [0.015, 0.005, 0.0]) @ three == pytest.approx(3 * 3.0 + 6 * 2.0)
    assert costs.lot_fee[2] == 0
    assert [note for note in notes if note.startswith("fund")] == [
        "fund: no known lot size, so charges per lot do not count.",
        "fund: no known mass, so charges per kg do not count.",
    ]


def test_items_that_are_not_included_count_as_nothing():
    table = {"include": ["spread"], "fee_per_lot": 12.0, "storage_per_kg": 2.0, "sites": [{"name": "Zug", "fee": 9.0}]}
    costs, _ = costs_of(table)
    assert not np.any([costs.lot_fee, costs.storage])
    assert costs.sites == ()


def test_a_rate_of_nothing_taxes_nothing():
    assert not costs_of({"vat": {"state": "paid", "rate": 0.0}})[0].vat.any()


def test_vat_is_paid_at_the_rates_given_and_not_before_metal_leaves_the_warehouse():
    table = {"state": "paid", "rate": 0.19, "rates": {"Au": 0.0}}
    costs, notes = costs_of({"vat": table})
    assert np.array_equal(costs.vat, [0.19, 0.0, 0.19])
    assert notes == ("VAT of 19 % is paid on purchases and not recovered; the rates are those of the strategy.",)
    for deferred in ("customs_warehouse", {**table, "state": "customs_warehouse"}):
        costs, notes = costs_of({"vat": deferred})
        assert not costs.vat.any()
        assert "falls due when it leaves" in notes[0]


def test_impact_takes_the_volumes_given_then_world_production_and_else_nothing():
    costs, notes = costs_of({"impact": 0.8, "volumes": {"gold": 1e9}}, production={"gallium": 900_000.0})
    day = 900_000 * 500 / TRADING_DAYS_A_YEAR
    by_hand = 0.8 / np.sqrt(TRADING_DAYS_A_YEAR) * np.array([0.3 * np.sqrt(1e5 / day), 0.15 * np.sqrt(1e5 / 1e9), 0.0])
    assert costs.impact == pytest.approx(by_hand)
    assert notes[0].startswith("Market volume of gallium: assumed")
    assert notes[1].startswith("No market volume is known for fund")


def test_without_the_table_terms_are_paid_and_not_optimized_and_premiums_with_them():
    costs, notes = costs_of(None, premium=np.array([0.3, 0.0, 0.0]))
    assert not costs.in_objective
    assert costs.purchase == pytest.approx([0.35, 0.01, 0.0])
    assert notes == ()


def test_sites_hold_what_they_name_and_no_asset_lies_at_two():
    groups = [{"name": "Zug", "fee": 90.0, "groups": ["precious_metals"]}, {"name": "Linz", "fee": 40.0, "assets": ["Ga"]}]
    costs, notes = costs_of({"sites": groups})
    assert [list(site.stored) for site in costs.sites] == [[False, True, False], [True, False, False]]
    assert notes == ("The charge of Zug, Linz is fixed: it is part of the cost a year and does not move the weights.",)
    with pytest.raises(SpecError, match="gold is stored at Zug and at Wien"):
        costs_of({"sites": [groups[0], {"name": "Wien", "fee": 1.0}]})


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ({"impact": 1.0, "volumes": {"galium": 1.0}}, "costs.volumes: 'galium' is neither.*'gallium'"),
        ({"vat": {"state": "paid", "rate": 0.1, "rates": {"glod": 0.0}}}, "costs.vat.rates: 'glod'.*'gold'"),
        ({"sites": [{"name": "Zug", "fee": 1.0, "groups": ["precious"]}]}, "costs.sites.*'precious'.*'precious_metals'"),
        ({"vat": "paid"}, "needs a rate"),
        ({"vat": {"state": "paid", "rate": 1.9}}, "costs.vat.rate"),
        ({"fee_per_lot": -1}, "costs.fee_per_lot"),
        ({"storage_per_kg": float("nan")}, "costs.storage_per_kg must be a finite number"),
        ({"impact": float("inf")}, "costs.impact must be a finite number"),
        ({"volumes": {"gallium": 0}}, "costs.volumes.gallium"),
        ({"sites": [{"name": "Zug", "fee": 1.0}, {"name": "Zug", "fee": 2.0}]}, "two sites are named 'Zug'"),
        ({"storage_per_ton": 1.0}, "costs.storage_per_ton is not a known key.*storage_per_lot"),
    ],
)
def test_what_is_wrong_is_told_in_the_users_words(table, told):
    with pytest.raises(SpecError, match=told):
        costs_of(table)


def test_a_name_that_the_toolkit_knows_and_this_universe_does_not_hold_is_no_fault():
    costs, _ = costs_of({"impact": 1.0, "volumes": {"hafnium": 5.0, "gallium": 1e6}})
    assert np.array_equal(costs.impact > 0, [True, False, False])


def test_keys_that_are_not_used_leave_the_fingerprint_alone():
    assert set(CostsSpec().model_dump(mode="json")) == {"holding_period", "include", "fee"}


def test_world_production_is_of_the_newest_period_with_quantities():
    day = date(2026, 2, 6)

    def row(year, country, quantity, share):
        return {
            "asset": "gallium",
            "stage": "processing",
            "country": country,
            "period_start": date(year, 1, 1),
            "period_end": date(year, 12, 31),
            "quantity": quantity,
            "unit": "kg",
            "share": share,
            "source": "usgs",
            "known_from": day,
        }

    rows = [row(2024, "CHN", 7e5, 1.0), row(2025, "CHN", 6e5, 0.75), row(2025, "JPN", None, 0.25), row(2026, "CHN", None, 1.0)]
    found = world_production(pl.DataFrame(rows), Universe((Asset("gallium", "Gallium", stage="processing"), GOLD)))
    assert found == {"gallium": pytest.approx(8e5)}


def test_the_costs_of_a_run_are_those_of_its_lots_by_hand():
    overrides = (
        'costs.vat={state = "paid", rate = 0.19, rates = {gold = 0.0}}',
        'costs.sites=[{name = "Zug", fee = 120.0}]',
        "costs.fee_per_lot=5.0",
        "costs.fee=20.0",
    )
    record = optimize(Request("physical-basket", context(date(2026, 10, 15)), overrides=overrides)).record.to_json()
    terms = {asset["asset"]: asset for asset in record["assets"]}
    held = [position for position in record["positions"] if position["value"] > 0]
    for position in held:
        paid = position["value"] * (1 + terms[position["asset"]]["spread"] / 2)
        tax = 0.0 if position["asset"] == "gold" else 0.19 * paid
        by_hand = paid - position["value"] + tax + 5.0 * position["lots"] + 20.0
        assert position["cost"] == pytest.approx(by_hand, abs=0.01)
    assert record["costs"]["entry"] == pytest.approx(sum(position["cost"] for position in held), abs=0.01)
    storage = sum(position["value"] * terms[position["asset"]]["storage"] for position in held)
    assert record["costs"]["holding_per_year"] == pytest.approx(storage + 120.0)
