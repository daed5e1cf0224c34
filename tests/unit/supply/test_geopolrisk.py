"""GeoPolRisk: imports, lots, unknown origins, and what is refused."""

from __future__ import annotations

from datetime import date
from types import MappingProxyType

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.core.errors import DataError, GapError
from toolkit.core.frames import TABLES
from toolkit.market.package import bundled_folder, read_table
from toolkit.supply.concentration import GovernanceRisk, SupplyShares
from toolkit.supply.geopolrisk import (
    geopolrisk,
    geopolrisk_of_lots,
    import_risk,
    imports_by_origin,
    supply_potential,
)

GOVERNANCE = GovernanceRisk(2022, "wgi", date(2023, 10, 1), MappingProxyType({"CHN": 0.6, "DEU": 0.4}))
SUPPLY = SupplyShares(
    "tin", "processing", "a", date(2024, 1, 1), date(2024, 12, 31), date(2025, 2, 6), ("CHN",), (0.8,), 0.2
)  # fmt: skip


def test_score_of_a_country_by_hand():
    found = geopolrisk(SUPPLY, {"CHN": 30.0, "DEU": 10.0}, GOVERNANCE, unit="USA", production=60.0)
    assert found.risk == pytest.approx((0.6 * 30 + 0.4 * 10) / 100)
    assert found.score == pytest.approx(0.64 * 0.22)
    assert found.score_bounds == (pytest.approx(found.score), pytest.approx(found.score))


def test_unknown_origins_count_half_and_show_their_bounds():
    found = geopolrisk(SUPPLY, {"CHN": 50.0, "unknown": 50.0}, GOVERNANCE, unit="own lots")
    assert (found.risk, found.risk_low, found.risk_high) == pytest.approx((0.55, 0.3, 0.8))
    assert found.unknown == 50.0


@given(st.dictionaries(st.sampled_from(["CHN", "DEU", "unknown"]), st.floats(0.001, 1e9), min_size=1), st.floats(0, 1e9))
def test_scores_lie_in_their_bounds_and_masses_have_no_unit(imports, production):
    found = geopolrisk(SUPPLY, imports, GOVERNANCE, unit="x", production=production)
    assert 0 <= found.risk_low <= found.risk + 1e-12 <= found.risk_high + 2e-12 <= 1 + 3e-12
    tonnes = {origin: mass / 1000 for origin, mass in imports.items()}
    assert geopolrisk(SUPPLY, tonnes, GOVERNANCE, unit="x", production=production / 1000).risk == pytest.approx(found.risk)


def test_lots_are_added_up_by_metal_and_metals_without_shares_have_no_score():
    lots = pl.DataFrame(
        {
            "asset": ["tin", "tin", "lead"],
            "origin_country": ["CHN", "DEU", "CHN"],
            "mass": [1.0, 3.0, 5.0],
        }
    )
    (found,) = geopolrisk_of_lots(lots, {"tin": SUPPLY}, GOVERNANCE)
    assert (found.asset, found.imports, found.risk) == ("tin", 4.0, pytest.approx(0.45))


def test_nothing_and_negative_masses_are_refused():
    with pytest.raises(GapError):
        import_risk(0.0, 0.0)
    with pytest.raises(DataError):
        import_risk(-1.0, 2.0)
    with pytest.raises(DataError, match="DEU"):
        geopolrisk(SUPPLY, {"CHN": 3.0, "DEU": -1.0}, GOVERNANCE, unit="x")
    with pytest.raises(DataError):
        supply_potential(0.1, 0.0)


def test_bundled_imports_of_a_year_leave_the_unnamed_rest_unknown():
    flows = read_table(bundled_folder() / "flows.csv", TABLES["flows"])
    found = imports_by_origin(flows, "antimony", "USA", 2024)
    year = flows.filter((pl.col("asset") == "antimony") & (pl.col("date").dt.year() == 2024))
    totals = dict(year.group_by("partner").agg(pl.col("quantity").sum()).iter_rows())
    assert set(found) == {"CHN", "unknown"}
    assert sum(found.values()) == pytest.approx(totals["WLD"])
    assert found["CHN"] == totals["CHN"]
    with pytest.raises(GapError, match="2026"):  # the year is not over
        imports_by_origin(flows, "antimony", "USA", 2026)
