"""A lot of metal: whether it is for sale, why it is kept, and what of it is in a record."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from toolkit.holdings.lots import Lot

LOT = Lot(
    "A", "gallium", 1234.5, False, "stored", "CHN", date(2024, 6, 10), 500.0, 20.0, "Shanghai", None, "CHN", 2.5, 0.1, 0.02
)


@pytest.mark.parametrize(
    ("lot", "why"),
    [
        (replace(LOT, arriving=True, obstacle="licence"), " (A): ordered or in transit, not before it arrives"),
        (replace(LOT, obstacle="may_not_return"), " (A): lent, pledged, seized or lost; may not come back"),
        (replace(LOT, obstacle="grade"), " (A): of another grade than what the price is for"),
        (replace(LOT, obstacle="place"), " (A): place unknown, write it in the column location"),
        (replace(LOT, obstacle="licence"), " in Shanghai (A): a licence, or part of a quota, is needed to leave"),
    ],
)
def test_a_lot_that_is_kept_says_why(lot, why):
    told = lot.why_kept()
    assert told == f"1,234.5 kg of gallium{why}"
    assert told.to_json()["with"].items() >= {"quantity": 1234.5, "asset": "gallium", "lot": "A"}.items()
    assert not lot.for_sale


def test_a_lot_that_has_arrived_and_that_nothing_stops_is_for_sale():
    assert LOT.for_sale
    assert not replace(LOT, arriving=True).for_sale


def test_a_record_has_the_lot_without_its_place():
    assert LOT.to_json() == ["A", "gallium", 1234.5, "stored", "CHN", "2024-06-10", 500.0, 20.0, None, "CHN", 2.5, 0.1, 0.02]
    assert replace(LOT, bought=None, obstacle="grade").to_json()[5:9] == [None, 500.0, 20.0, "grade"]
