"""The bundled data at a fixed day, and the default basket."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from toolkit.core.assets import Asset, Universe
from toolkit.market.package import bundled_market

BASKET = [
    "gallium",
    "germanium",
    "indium",
    "antimony",
    "bismuth",
    "tellurium",
    "tungsten",
    "molybdenum",
    "gold",
    "silver",
    "platinum",
]


@pytest.fixture(scope="session")
def snapshot():
    return bundled_market().until(date(2026, 11, 24))


@pytest.fixture(scope="session")
def basket(snapshot) -> Universe:
    return Universe(tuple(Asset.from_row(row) for row in snapshot["products"].to_dicts())).take(BASKET)


@pytest.fixture(scope="session")
def controlled() -> pl.DataFrame:
    spells = [
        ("gallium", date(2023, 8, 1)),
        ("germanium", date(2023, 8, 1)),
        ("graphite_flake", date(2023, 12, 1)),
        ("antimony", date(2024, 9, 15)),
        ("tungsten", date(2025, 2, 4)),
        ("ammonium_paratungstate", date(2025, 2, 4)),
        ("tellurium", date(2025, 2, 4)),
        ("bismuth", date(2025, 2, 4)),
        ("molybdenum", date(2025, 2, 4)),
    ]
    rows = [{"asset": asset, "from": start, "to": None} for asset, start in spells]
    return pl.DataFrame(rows, schema={"asset": pl.String, "from": pl.Date, "to": pl.Date})


@pytest.fixture(scope="session")
def arguments(snapshot, basket, controlled) -> dict:
    return {"prices": snapshot["prices"], "fx": snapshot["fx"], "universe": basket, "controlled": controlled}
