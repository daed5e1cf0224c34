"""Holdings and price files as people and programs write them, with what each means: tests/corpus/strangers."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal

FOLDER = Path(__file__).parent / "corpus" / "strangers"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lot:
    """A lot as a careful person reads it; what is None is not known, or of no matter."""

    asset: str
    kg: float | None = None
    units: float | None = None
    status: str | None = None
    country: str | None = None
    price_per_kg: float | None = None
    unit_price: float | None = None
    currency: str | None = None
    form: str | None = None
    purity: str | None = None
    origin_country: str | None = None
    purchase_date: date | None = None
    destination: str | None = None
    client: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """A price of the newest day of its asset; ``price`` is that of one unit of a listed instrument."""

    asset: str
    date: date
    price_per_kg: float | None = None
    price: float | None = None
    currency: str | None = None
    form: str | None = None
    purity: str | None = None
    side: str | None = None
    place: str | None = None
    basis: str | None = None
    counterparty: str | None = None
    least: float | None = None


@dataclass(frozen=True, slots=True)
class Stranger:
    """A file, its layout (columns, words, conventions) in the keys of ``truth.toml``, and its lots or prices."""

    path: Path
    kind: Literal["tidy", "confirm", "trap"]
    refuse: bool
    asks: tuple[str, ...]
    layout: dict[str, Any]
    lots: tuple[Lot, ...] = ()
    prices: tuple[Price, ...] = ()


def _stranger(name: str, truth: dict[str, Any]) -> Stranger:
    """The file of a table of ``truth.toml``."""
    lots = tuple(Lot(**lot) for lot in truth.pop("lots", ()))
    prices = tuple(Price(**row) for row in truth.pop("rows", ()))
    refuse, asks = truth.pop("refuse", False), tuple(truth.pop("asks", ()))
    return Stranger(FOLDER / name, truth.pop("kind"), refuse, asks, truth, lots, prices)


def strangers(of: Literal["lots", "prices"]) -> tuple[Stranger, ...]:
    """The files of holdings, or of prices."""
    return tuple(_stranger(name, truth) for name, truth in texts(of).items())


def texts(table: str) -> dict[str, Any]:
    """A table of ``truth.toml``: ``remark_texts`` and ``location_texts`` are text = meaning."""
    return tomllib.loads((FOLDER / "truth.toml").read_text("utf-8"))[table]
