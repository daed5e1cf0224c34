"""What limits of a strategy count: the facts that a problem is made of."""

from __future__ import annotations

from datetime import date

import pytest

from toolkit.app.allocation.prepare import _country_rows
from toolkit.core.assets import Asset, Universe
from toolkit.supply.concentration import SupplyShares


def test_a_limit_on_a_country_counts_the_highest_share_that_a_source_gives():
    def made(asset, china, peru, elsewhere):
        days = (date(2025, 1, 1), date(2025, 12, 31), date(2026, 2, 6))
        return SupplyShares(asset, "refining", "a", *days, ("CHN", "PER"), (china, peru), 1 - china - peru, elsewhere)

    universe = Universe(tuple(Asset.unknown(key, "kg") for key in ("x", "y", "z")))
    supply = {"x": made("x", 0.5, 0.2, {"CHN": {"b": 0.9, "c": 0.4}}), "y": made("y", 0.6, 0.3, {})}
    rows = _country_rows(universe, supply)
    assert rows["CHN"] == pytest.approx([0.9, 0.6, 0.0])
    assert rows["PER"] == pytest.approx([0.2, 0.3, 0.0])
