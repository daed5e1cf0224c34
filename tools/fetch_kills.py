"""Fetches killed at random moments (SIGKILL): `python -m tools.fetch_kills [N]`, 200 where no number is given.

A server on this machine plays the reference rates of a day, some of them revised since the day before; each fetch is of one day
more. After each kill the store must verify, have every vintage that it had, and hold whole series; a fetch that is left alone
must complete it.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl

from tests.loopback import Answer, Asked, Loopback
from toolkit.app.data import fetch as module
from toolkit.app.data.fetch import FetchRequest, fetch
from toolkit.market.sources.client import Pace
from toolkit.market.sources.ecb import CURRENCIES
from toolkit.market.store.store import Store
from toolkit.market.store.verify import verify

REPOSITORY = Path(__file__).resolve().parents[1]
FIRST = date(2026, 1, 5)
DAYS = 20
"""Days of a reply."""
SERIES = CURRENCIES[:12]
DELAY = 0.02
"""Seconds until a reply."""
LONGEST = 1.2
"""Seconds that a fetch lives at most once it has begun."""
COLUMNS = ("quote", "date", "rate", "known_from")


def _rates(day: date) -> Answer:
    """Rates of the last days up to one, of which the newest but one was revised on it."""
    head = "KEY,FREQ,CURRENCY,CURRENCY_DENOM,EXR_TYPE,EXR_SUFFIX,TIME_PERIOD,OBS_VALUE"
    lines = [head]
    for code in SERIES:
        for back in range(DAYS):
            then = day - timedelta(days=back)
            lines.append(
                f"EXR.D.{code}.EUR.SP00.A,D,{code},EUR,SP00,A,{then},{1 + then.toordinal() % 97 / 1000 + (back > 0) / 500}"
            )
    return Answer("\n".join([*lines, ""]).encode(), headers={"Content-Type": "text/csv"})


def _request(folder: Path, address: str, day: date) -> FetchRequest:
    now = datetime(day.year, day.month, day.day, 18, tzinfo=UTC)
    return FetchRequest(folder, now, ("ecb",), tuple(SERIES), mirror=address, pace=Pace(5.0, 2, 0.05))


def fetch_one(folder: Path, address: str, day: date) -> None:
    """Fetch a day, a commit a series, and print how many series are done."""
    module.BATCH = 1  # a commit a series: more moments at which a kill may halve something
    import httpx  # noqa: F401, PLC0415

    print("ready", flush=True)
    fetch(_request(folder, address, day), lambda done, _, __: print(done, flush=True))


def _killed(folder: Path, address: str, day: date, after: float) -> bool:
    """Kill a fetch after some seconds; whether it was alive."""
    command = [sys.executable, "-m", "tools.fetch_kills", "--fetch", str(folder), address, day.isoformat()]
    child = subprocess.Popen(
        command,
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "POLARS_MAX_THREADS": "1"},
    )
    assert child.stdout is not None
    if child.stdout.readline() == "ready\n":
        time.sleep(after)
    child.send_signal(signal.SIGKILL)
    out, error = child.communicate()
    if child.returncode not in (0, -signal.SIGKILL):
        raise AssertionError(error)
    return f"{len(SERIES)}" not in out.split()


def _rows(folder: Path) -> pl.DataFrame:
    return Store.open(folder).scan("fx").select(COLUMNS).collect()


def kills(folder: Path, count: int, seed: int = 0) -> dict[str, int]:
    """Kill fetches into one store, and complete it afterwards.

    Args:
        folder: Of the store.
        count: Number of fetches.
        seed: Of the moments.

    Returns:
        Counts of kills, of those that met a fetch that had not ended, of vintages, and of revised ones.
    """
    moments, alive = random.Random(seed), 0
    day = FIRST

    def answer(_: Asked) -> Answer:
        time.sleep(DELAY)
        return _rates(day)

    with Loopback().running() as server:
        server.routes["/data-api.ecb.europa.eu/"] = answer
        Store.open(folder, create=True)
        before = _rows(folder)
        for number in range(count):
            day = FIRST + timedelta(days=number)
            alive += _killed(folder, server.address, day, moments.uniform(0, LONGEST))
            damaged = verify(folder, day).damaged
            assert not damaged, damaged
            after = _rows(folder)
            assert after.unique().height == after.height, "a vintage is there twice"
            assert before.join(after, on=COLUMNS, how="anti").is_empty(), "a vintage is lost"
            of_series = after.filter(pl.col("date") == day)["quote"]
            whole = after.filter(pl.col("quote").is_in(of_series.implode()), pl.col("date") > day - timedelta(days=10))
            assert whole.select("quote", "date").unique().height == 10 * of_series.len(), "a series came in part"
            before = after
        found = fetch(_request(folder, server.address, day))
    assert {one.status for one in found.series} == {"ok"}, found.series
    last = Store.open(folder).scan("fx", day).collect()
    assert last.filter(pl.col("date") > day - timedelta(days=DAYS)).height == DAYS * len(SERIES), "a day is missing"
    assert not list(folder.rglob(".draft-*")), "a half file is left"
    rows = _rows(folder)
    revised = rows.height - rows.select("quote", "date").unique().height
    return {"kills": count, "alive": alive, "vintages": rows.height, "revised": revised}


if __name__ == "__main__":
    if sys.argv[1:2] == ["--fetch"]:
        fetch_one(Path(sys.argv[2]), sys.argv[3], date.fromisoformat(sys.argv[4]))
    else:
        with tempfile.TemporaryDirectory() as folder:
            print(kills(Path(folder) / "store", int(sys.argv[1]) if sys.argv[1:] else 200))
