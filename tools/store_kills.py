"""Writers of a store killed at random moments (SIGKILL): `python -m tools.store_kills [N]`, 200 where no number is given.

Each writer appends a day of rates and of prices at a time and compacts after every fifth. After each kill the store must
verify, every append that was acknowledged must be there once, and what is there of a day must be whole in both tables.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl

from toolkit.market.store.compact import compact
from toolkit.market.store.store import Store
from toolkit.market.store.verify import verify

REPOSITORY = Path(__file__).resolve().parents[1]
FIRST = date(2000, 1, 1)
QUOTES = ("CHF", "GBP", "JPY", "USD")
COMPACT_EVERY = 5
LONGEST = 0.4
"""Seconds that a writer lives at most once it has begun."""


def day_of_rates(number: int) -> pl.DataFrame:
    """The rates of a day: one a currency."""
    day = FIRST + timedelta(days=number)
    told = {"date": day, "base": "EUR", "quote": list(QUOTES), "rate": 1.0 + number / 7, "source": "ecb", "known_from": day}
    return pl.DataFrame(told)


def day_of_prices(number: int) -> pl.DataFrame:
    """The price of a day."""
    day = FIRST + timedelta(days=number)
    told = {"date": [day], "asset": ["gallium"], "price": [1.0 + number], "currency": ["USD"], "unit": ["kg"]}
    rest = {"quantity": [None], "basis": ["dealer"], "source": ["dealer"], "known_from": [day]}
    return pl.DataFrame({**told, **rest}, schema_overrides={"quantity": pl.Float64})


def write(root: Path) -> None:
    """Append day by day until killed, and print the number of each day once it is committed."""
    store = Store.open(root, create=True)
    number = store.scan("fx").select(pl.len()).collect().item() // len(QUOTES)
    print("ready", flush=True)
    while True:
        tables = {"fx": day_of_rates(number), "prices": day_of_prices(number)}
        store.append(tables, source="test", fetched_at=datetime.now(UTC))
        print(number, flush=True)
        number += 1
        if number % COMPACT_EVERY == 0:
            compact(root)
            store = Store.open(root)


def kill_one(root: Path, after: float) -> int:
    """Start a writer, kill it after some seconds, and return the number of the last day it acknowledged; -1 for none."""
    writer = subprocess.Popen(
        [sys.executable, "-m", "tools.store_kills", "--write", str(root)],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "POLARS_MAX_THREADS": "1"},
    )
    assert writer.stdout is not None
    if writer.stdout.readline() == "ready\n":
        time.sleep(after)
    writer.send_signal(signal.SIGKILL)
    out, error = writer.communicate()
    if writer.returncode != -signal.SIGKILL:
        raise AssertionError(f"the writer ended by itself: {error}")
    numbers = [int(line) for line in out.split()]
    return max(numbers, default=-1)


def check(root: Path, acknowledged: int) -> int:
    """Check a store after a kill, and return how many days are in it.

    Raises:
        AssertionError: for damage, a lost or doubled row, or half a day.
    """
    found = verify(root, FIRST)
    assert not found.damaged, found.damaged
    store = Store.open(root)
    of_day = Counter(store.scan("fx").select("date").collect()["date"])
    assert set(of_day.values()) <= {len(QUOTES)}, "half a day, or one twice"
    assert len(of_day) > acknowledged, "an acknowledged append is lost"
    prices = store.scan("prices").sort("date").collect()["price"].to_list()
    assert prices == [1.0 + number for number in range(len(of_day))], "an append is there in one table only"
    return len(of_day)


def kills(root: Path, count: int, seed: int = 0) -> dict[str, int]:
    """Kill writers of one store, and complete the store afterwards.

    Args:
        root: Folder of the store.
        count: Number of writers.
        seed: Of the moments.

    Returns:
        Counts of kills, of days that were committed, and of commits that the next writer took back.
    """
    moments = random.Random(seed)
    Store.open(root, create=True)
    taken_back = 0
    for _ in range(count):
        acknowledged = kill_one(root, moments.uniform(0, LONGEST))
        taken_back += bool(verify(root, FIRST).uncommitted)
        check(root, acknowledged)
    store = Store.open(root)
    before = len(store.history("fx"))
    number = check(root, -1)
    store.append({"fx": day_of_rates(number), "prices": day_of_prices(number)}, source="test", fetched_at=datetime.now(UTC))
    assert len(store.history("fx")) > before
    compact(root)
    left = verify(root, FIRST).uncommitted
    assert not left, left
    return {"kills": count, "days": check(root, number), "left_by_killed": taken_back}


if __name__ == "__main__":
    if sys.argv[1:2] == ["--write"]:
        write(Path(sys.argv[2]))
    with tempfile.TemporaryDirectory() as folder:
        print(kills(Path(folder) / "store", int(sys.argv[1]) if sys.argv[1:] else 200))
