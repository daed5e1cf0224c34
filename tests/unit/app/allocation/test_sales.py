"""Which lots are sold, and how much of each."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from tests.subjects import proposal
from toolkit.app.allocation.sales import sold, waiting
from toolkit.holdings.holding_period import RULES, LotOrder
from toolkit.holdings.lots import Lot

LOTS = """lot_id,asset,form,purity,quantity,unit,purchase_date,purchase_price,currency,origin_country,location,status
a,gallium,metal,99.99 %,20,kg,2024-08-01,400,EUR,KOR,Frankfurt,stored
b,germanium,metal,5N,9,kg,2024-08-01,400,EUR,BEL,Frankfurt,stored
c,indium,metal,99.99 %,0.8,kg,2024-08-01,500,EUR,KOR,Frankfurt,stored
"""
DAY = date(2026, 11, 24)
PRICE = 100.0


def lot(name: str, bought: date | None, cost: float | None, **fields) -> Lot:
    """Ten kilograms."""
    return Lot(name, "gallium", 10.0, fields.pop("arriving", False), "stored", "CHN", bought, cost, **fields)


FREE = lot("free", date(2025, 11, 23), 100.0)
TAXED = lot("taxed", date(2026, 3, 1), 900.0)
MORE_GAIN = lot("more", date(2026, 2, 1), 500.0)
AT_A_LOSS = lot("loss", date(2025, 12, 2), 1200.0)
EVEN = lot("even", date(2025, 12, 2), 1000.0)
SOON = lot("soon", date(2025, 12, 24), 100.0)
LATER = lot("later", date(2025, 12, 25), 100.0)
UNKNOWN_COST = lot("unknown", date(2025, 12, 2), None)
ORDERED = lot("ordered", date(2025, 12, 2), 100.0, arriving=True)


@pytest.mark.parametrize(
    ("one", "order", "country", "waits"),
    [
        (SOON, "least_tax", "DEU", True),
        (LATER, "least_tax", "DEU", False),
        (FREE, "least_tax", "DEU", False),
        (AT_A_LOSS, "least_tax", "DEU", False),
        (EVEN, "least_tax", "DEU", False),
        (UNKNOWN_COST, "least_tax", "DEU", True),
        (ORDERED, "least_tax", "DEU", False),
        (SOON, "fifo", "DEU", False),
        (SOON, "least_tax", "USA", False),
    ],
    ids=lambda value: value.lot_id if isinstance(value, Lot) else str(value),
)
def test_a_lot_waits_where_a_gain_is_free_of_tax_within_a_month(one, order, country, waits):
    assert waiting((one,), PRICE, LotOrder(order, RULES.get(country)), DAY) == ((one,) if waits else ())


def test_no_period_of_metal_holds_for_a_listed_instrument():
    order = LotOrder("least_tax", RULES["DEU"])
    free, taxed = (replace(one, is_listed=True) for one in (FREE, replace(TAXED, bought=date(2025, 11, 1))))
    assert waiting((replace(SOON, is_listed=True),), PRICE, order, DAY) == ()
    (first,) = sold((free, taxed), 10.0, PRICE, order, DAY)
    assert (first.lot.lot_id, first.free_from) == ("taxed", None)  # the older one


@pytest.mark.parametrize(
    ("order", "country", "first"),
    [
        ("least_tax", "DEU", ["free", "loss", "taxed", "more", "soon"]),
        ("fifo", "DEU", ["free", "loss", "soon", "more", "taxed"]),
        ("least_tax", "USA", ["free", "loss", "soon", "more", "taxed"]),
        ("lifo", "DEU", ["taxed", "more", "soon", "loss", "free"]),
        ("highest_cost", "DEU", ["loss", "taxed", "more", "free", "soon"]),
    ],
)
def test_what_is_sold_first(order, country, first):
    lots = (SOON, TAXED, MORE_GAIN, AT_A_LOSS, FREE)
    sales = sold(lots, 50.0, PRICE, LotOrder(order, RULES.get(country)), DAY)
    assert [sale.lot.lot_id for sale in sales] == first
    part = sold(lots, 14.0, PRICE, LotOrder(order, RULES.get(country)), DAY)
    assert [(sale.lot.lot_id, sale.quantity) for sale in part] == [(first[0], 10.0), (first[1], 4.0)]


@pytest.mark.parametrize("order", ["least_tax", "fifo"])
def test_what_has_not_arrived_comes_last(order):
    assert [sale.lot.lot_id for sale in sold((ORDERED, TAXED), 14.0, PRICE, LotOrder(order, RULES["DEU"]), DAY)] == [
        "taxed",
        "ordered",
    ]


def test_a_gain_is_of_a_unit():
    """Fifty kilograms for 4,500 gain less a kilogram than ten for 500, and more in all."""
    large = Lot("large", "gallium", 50.0, False, "stored", "CHN", date(2026, 4, 1), 4500.0)
    assert [sale.lot.lot_id for sale in sold((MORE_GAIN, large), 60.0, PRICE, LotOrder("least_tax", RULES["DEU"]), DAY)] == [
        "large",
        "more",
    ]


@pytest.mark.parametrize(
    ("piece", "step", "whole", "parts", "pieces"),
    [
        (3.0, None, True, [6.0], [2]),
        (3.0, None, False, [8.0], [None]),
        (10.0, None, True, [], []),
        (None, 5.0, True, [5.0], [None]),
        (None, None, True, [8.0], [None]),
        (4.0, None, True, [8.0], [2]),
    ],
)
def test_a_piece_is_cut_only_where_it_has_to_be(piece, step, whole, parts, pieces):
    sales = sold(
        (lot("a", None, None, piece=piece),), 8.0, PRICE, LotOrder("least_tax", RULES["DEU"]), DAY, step=step, whole=whole
    )
    assert [sale.quantity for sale in sales] == parts
    assert [sale.pieces for sale in sales] == pieces


def test_what_is_held_after_the_orders_is_what_was_held_less_the_sales_and_a_lot_a_purchase(tmp_path):
    """Of a lot that is sold in part its cost goes with it; one that is not sold stays as it is."""
    (tmp_path / "lots.csv").write_text(LOTS, encoding="utf-8")
    record = proposal(holdings=str(tmp_path / "lots.csv"), total=100000.0)
    orders, after = record["orders"], {one["lot_id"]: one for one in record["lots"]}
    gone = {part["lot_id"]: part["quantity"] for order in orders for part in order["from_lots"]}
    before = {"a": (20.0, 8000.0), "b": (9.0, 3600.0), "c": (0.8, 400.0)}
    for name, (quantity, cost) in before.items():
        left, one = quantity - gone.get(name, 0.0), after.pop(name)
        assert one["quantity"] == pytest.approx(left)
        assert one["cost"] == pytest.approx(cost * left / quantity)
    assert set(gone) == {"a", "b"}
    assert "toolkit cover FILE --needs" in record["holdings_notes"][0]  # it may be stock that is used up
    assert all(part["free"] for order in orders for part in order["from_lots"])  # bought in 2024
    bought = {order["asset"]: order for order in orders if order["side"] == "buy"}
    assert {one["asset"] for one in after.values()} == {*bought}
    for one in after.values():
        order = bought[one["asset"]]
        assert one["quantity"] == pytest.approx(order["quantity"], rel=1e-6)
        assert one["cost"] == pytest.approx(order["value"] + order["cost"], abs=0.02)
        assert not one["arriving"]
