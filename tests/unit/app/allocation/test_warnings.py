"""Warnings of an allocation: what is bought under a ban of exports to the owner."""

from datetime import date

import pytest

from tests.subjects import context
from toolkit.app.allocation.request import Request
from toolkit.app.optimize import optimize

BAN = "A ban of exports from CHN to USA is in force on"


@pytest.mark.parametrize(
    ("day", "country", "banned"),
    [
        (date(2026, 11, 27), "USA", ()),  # the last day of the suspension
        (date(2026, 11, 28), "USA", ("Gallium ingot", "Antimony ingot")),
        (date(2026, 11, 28), "DEU", ()),
    ],
)
def test_who_buys_under_a_ban_of_exports_is_told(day, country, banned):
    """The proposal told "under export control" alone, as of a licence that can be had."""
    record = optimize(Request("physical-basket", context(day, country))).record.to_json()
    assert {"gallium", "antimony"} <= {order["asset"] for order in record["orders"]}
    told = [words for words in record["warnings"] if "A ban of exports" in words]
    assert len(told) == bool(banned)
    assert all(words.startswith(f"{BAN} {', '.join(banned)}") for words in told)
