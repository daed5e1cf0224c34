"""The bundled data at a fixed day with the default basket; the bundled ledger, and a way to write small ones."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import polars as pl
import pytest

from toolkit.controls.ledger import ControlLedger
from toolkit.core.assets import Asset, Universe
from toolkit.core.frames import TABLES as CONTRACTS
from toolkit.core.frames import ControlEvents, ControlScopes
from toolkit.market.package import bundled_folder, bundled_market, read_table

Tables = dict[str, pl.DataFrame]

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


@pytest.fixture(scope="session")
def tables() -> Tables:
    names = ("controls", "control_scopes", "control_items", "dual_use_list", "metals", "products", "shares")
    return {name: read_table(bundled_folder() / f"{name}.csv", CONTRACTS[name]) for name in names}


@pytest.fixture(scope="session")
def ledger(tables: Tables) -> ControlLedger:
    return ControlLedger.of(tables["controls"], tables["control_scopes"], tables["control_items"])


def _event(event_id: str, **values) -> dict:
    row = dict.fromkeys(ControlEvents.columns())
    row |= {
        "event_id": event_id,
        "kind": "control",
        "instrument": "licence",
        "direction": "tighten",
        "standing": "official",
        "announced": date(2020, 1, 1),
        "announced_precision": "day",
        "effective": date(2020, 2, 1),
        "authority": "Ministry",
        "origin": "CHN",
        "number": f"No. {event_id}",
        "destination": "all",
        "end_user": "all",
        "metals": "gallium",
        "coverage": "listed",
        "dual_use": True,
        "citation": "gazette",
        "source": "official_notices",
        "confidence": "verified",
    }
    row |= values
    return {"known_from": row["announced"], **{k: v for k, v in row.items() if k != "known_from" or v is not None}}


def _scope(event_id: str, asset: str = "gallium", form: str = "metal", **values) -> dict:
    row = dict.fromkeys(ControlScopes.columns())
    row |= {"event_id": event_id, "asset": asset, "form": form, "certainty": "named", "source": "official_notices"}
    return row | {"known_from": date(2020, 1, 1)} | values


@pytest.fixture(scope="session")
def frames() -> Callable[..., tuple[pl.DataFrame, pl.DataFrame]]:
    """(events, scopes) frames from rows given as keyword dictionaries; each event without scopes names gallium metal."""

    def build(*events: dict, scopes: list[dict] | None = None) -> tuple[pl.DataFrame, pl.DataFrame]:
        rows = [_event(**event) for event in events]
        listing = [row["event_id"] for row in rows if row["coverage"] == "listed"]
        named = [_scope(**scope) for scope in scopes] if scopes is not None else [_scope(i) for i in dict.fromkeys(listing)]
        types = {contract: {n: c.dtype for n, c in contract.columns().items()} for contract in (ControlEvents, ControlScopes)}
        return (
            pl.DataFrame(rows, schema=types[ControlEvents], orient="row"),
            pl.DataFrame(named, schema=types[ControlScopes], orient="row"),
        )

    return build
