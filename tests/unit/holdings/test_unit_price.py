"""The price of a lot by the nearest grade."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from tests.lots import price_of
from toolkit.holdings.unit_price import Quotation, lot_price

PRICES = (
    price_of("gallium", 1.0, purity="99.99 %", error=0.3),
    price_of("gallium", 2.0, purity="6N"),
    price_of("gallium", 3.0, "oxide", "99.99 %"),
    price_of("indium", 4.0, purity="99.99 %"),
)


@pytest.mark.parametrize(
    ("asset", "form", "purity", "price", "nines"),
    [
        ("gallium", "metal", "99.99 %", 1.0, 0),
        ("gallium", "metal", "7N", 2.0, 1),
        ("gallium", "metal", "3N", 1.0, -1),
        ("gallium", "metal", "5N", 1.0, 1),
        ("gallium", "metal", None, 1.0, 0),
        ("gallium", "oxide", "5N", 3.0, 1),
        ("indium", "metal", "99.99 %", 4.0, 0),
    ],
)
def test_a_lot_has_the_price_of_the_nearest_grade_and_of_two_the_first(asset, form, purity, price, nines):
    found = lot_price(PRICES, asset, form, purity)
    assert found is not None
    assert (found.price.price, found.nines) == (price, nines)


def test_a_form_without_a_price_has_none():
    assert lot_price(PRICES, "indium", "oxide", None) is None


def test_the_error_of_another_grade_is_added_to_that_of_the_price():
    own, other = (lot_price(PRICES[:1], "gallium", "metal", purity) for purity in ("99.99 %", "7N"))
    assert own is not None
    assert other is not None
    assert own.standard_error(0.1) == pytest.approx(0.3)
    assert other.standard_error(0.4 / 3) == pytest.approx(0.5)
    dear = replace(other, price=replace(other.price, price=10.0))
    assert dear.standard_error(0.1) == pytest.approx((0.09 + 9) ** 0.5)


def test_a_quotation_that_differs_is_a_remark_on_its_holding():
    told = Quotation(900.0, 1000.0, date(2026, 11, 2), "ddp", "dealer", 2.0, "Prices differ.")
    (remark,) = told.remark("gallium")
    assert (remark.kind, remark.text, remark.assets) == ("data", "Prices differ.", ("gallium",))
    assert remark.remedy == "Ask a dealer for a price, and bring it with --prices."
    assert replace(told, told="").remark("gallium") == ()
