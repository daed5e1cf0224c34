"""Rows and stores for tests."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl

from toolkit.market.market import Source
from toolkit.market.store.store import Store

FETCHED = datetime(2026, 6, 1, 12, tzinfo=UTC)
ECB = Source("ecb", "European Central Bank", "free with attribution", rhythm_days=1, lag_days=1)


def rates(values: dict[date, float], quote: str = "USD", source: str = "ecb") -> pl.DataFrame:
    """Rates of a euro, each known on its day."""
    days = sorted(values)
    frame = {"date": days, "base": "EUR", "quote": quote, "rate": [values[day] for day in days], "source": source}
    return pl.DataFrame({**frame, "known_from": days})


def prices(asset: str, values: dict[date, float], **more: str) -> pl.DataFrame:
    """Prices a kg in dollars, each known on its day."""
    days = sorted(values)
    told = {"currency": "USD", "unit": "kg", "quantity": None, "basis": "dealer", "source": "dealer", **more}
    frame = pl.DataFrame({"date": days, "asset": asset, "price": [values[day] for day in days], **told, "known_from": days})
    return frame.cast({"quantity": pl.Float64})


def days(first: date, count: int) -> list[date]:
    """Days in a row."""
    return [first + timedelta(days=i) for i in range(count)]


def made(folder: Path, *, revised: bool = True) -> Store:
    """A store with two commits of rates, one of prices, and a revision of a rate on 2026-06-03."""
    store = Store.open(folder, create=True)
    first = dict.fromkeys(days(date(2026, 5, 1), 20), 1.1)
    store.append(
        {"fx": rates(first), "prices": prices("gallium", dict.fromkeys(days(date(2026, 5, 1), 3), 900.0))},
        source="ecb", fetched_at=FETCHED, addresses=["https://a"], described=[ECB],
    )  # fmt: skip
    if revised:
        store.append({"fx": rates({date(2026, 5, 4): 1.2})}, source="ecb", fetched_at=FETCHED + timedelta(days=2))
    return store
