"""A store at size: 5,000 series of twenty years of days, imported, read and summed up.

Run on a quiet machine: `.venv/bin/python -m benchmarks.store [SERIES] [YEARS]`. Each step is a process; prints a table of wall
time, the time that processors worked, and the largest memory; of steps that change nothing the least of three runs.
Goals: import under 60 s, a panel under 1 s, memory under 1 GB.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

MAKE = """
import sys
from datetime import date
import numpy as np
import polars as pl
from toolkit.market.tables import Quotations
folder, series, years = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
days = pl.date_range(date(2006, 1, 2), date(2006 + years, 1, 1), eager=True)
days = days.filter(days.dt.weekday() <= 5).head(252 * years)
random = np.random.default_rng(0)
parts = []
for part in range(0, series, 250):
    frames = []
    for i in range(part, min(part + 250, series)):
        close = np.round(50 * np.exp(np.cumsum(random.normal(0, 0.012, len(days)))), 4)
        frames.append(pl.DataFrame({"date": days, "asset": f"SYM{i:05}", "close": close, "adjusted_close": close * 0.97}))
    told = {"currency": "USD", "factor": 1.0, "volume": None, "dividend": None, "split": None, "exchange": "PCX",
            "repaired": False, "source": "made"}
    rows = pl.concat(frames).with_columns(**{name: pl.lit(value) for name, value in told.items()}, known_from="date")
    rows = rows.cast({name: column.dtype for name, column in Quotations.columns().items()})
    rows.select(Quotations.column_names()).write_parquet(f"{folder}/part{part:05}.parquet")
pl.scan_parquet(f"{folder}/part*.parquet").sink_parquet(f"{folder}/all.parquet")
"""
IMPORT = """
import sys
from toolkit.cli.main import run
sys.exit(run(["data", "import", sys.argv[1] + "/all.parquet", "--data", sys.argv[1] + "/store", "--json"]))
"""
PANEL = """
import sys, time
from datetime import date
from toolkit.core.assets import Asset, Universe
from toolkit.market.store.merge import quoted_prices
from toolkit.market.store.store import Store
from toolkit.returns.panel import align
begun, worked = time.perf_counter(), time.process_time()
names = [f"SYM{i:05}" for i in range(0, int(sys.argv[2]), int(sys.argv[2]) // int(sys.argv[3]))]
rows = quoted_prices(Store.open(sys.argv[1] + "/store"), names, date(2030, 1, 1))
panel = align(rows, Universe(tuple(map(Asset.unknown, names))))
assert panel.prices.shape[1] == len(names)
print(time.perf_counter() - begun, time.process_time() - worked)
"""
QUERY = """
import sys
from toolkit.cli.main import run
sql = "SELECT asset, AVG(close) AS mean, COUNT(*) AS n FROM quotations_vintages GROUP BY asset ORDER BY asset LIMIT 3"
sys.exit(run(["data", "query", sql, "--data", sys.argv[1] + "/store", "--json"]))
"""
EXPORT = """
import sys
from toolkit.cli.main import run
file = sys.argv[1] + "/export.parquet"
sys.exit(run(["data", "export", "quotations", file, "--data", sys.argv[1] + "/store", "--json"]))
"""
VERIFY = """
import sys
from toolkit.cli.main import run
sys.exit(run(["data", "verify", "--data", sys.argv[1] + "/store", "--json"]))
"""
AGAIN = """
import sys
from datetime import date, datetime, UTC
import polars as pl
from toolkit.market.store.store import Store
store = Store.open(sys.argv[1] + "/store")
rows = store.scan("quotations").filter(pl.col("date") > date(2025, 4, 12)).drop("fetched_at").collect()
rows = rows.with_columns(close=pl.col("close") + 0.01)
commit = store.append({"quotations": rows}, source="made", fetched_at=datetime.now(UTC))
print(commit.rows, commit.revised)
"""


@dataclass(frozen=True)
class Run:
    """A process: seconds until its end and seconds that processors worked, its largest memory in MB, and what it printed."""

    wall: float
    worked: float
    memory: float
    out: str


def run(code: str, *arguments: str) -> Run:
    """Run code in a process of its own."""
    begun = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-c", code, *arguments], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    out = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"failed: {code}")
    return Run(time.perf_counter() - begun, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, out.strip())


def step(name: str, code: str, *arguments: str, times: int = 1) -> list[Run]:
    """Print a row of the table, the least of some runs, which are returned."""
    runs = [run(code, *arguments) for _ in range(times)]
    wall, worked = min(one.wall for one in runs), min(one.worked for one in runs)
    print(f"| {name} | {wall:.1f} s | {worked:.1f} s | {max(one.memory for one in runs):.0f} MB |", flush=True)
    return runs


def panel(folder: str, series: str, count: str, when: str = "") -> None:
    """Print the rows of a panel: the whole process, and what is left of it without the start of Python and its imports."""
    runs = step(f"panel of {count}{when}", PANEL, folder, series, count, times=3)
    wall, worked = (min(map(float, part)) for part in zip(*(one.out.split() for one in runs), strict=True))
    print(f"| - without the start of Python | {wall:.1f} s | {worked:.1f} s | |", flush=True)


def main() -> None:
    series, years = (*sys.argv[1:], *("5000", "20")[len(sys.argv) - 1 :])
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR")) as folder:
        load = os.getloadavg()[0]
        run(MAKE, folder, series, years)
        size = Path(folder, "all.parquet").stat().st_size / 1e6
        print(
            f"Measured on {datetime.now(UTC):%Y-%m-%d} with polars {version('polars')} on "
            f"{os.cpu_count()} cores, {load:.1f} other processes at work: {int(series):,} series of {years} years of days, "
            f"{size:.0f} MB of Parquet.\n\n| Step | Wall time | Processor time | Memory |\n|---|--:|--:|--:|"
        )
        step("`data import`", IMPORT, folder)
        for count in ("50", "500"):
            panel(folder, series, count)
        step("`data query` that averages every series", QUERY, folder, times=3)
        step("`data export`", EXPORT, folder)
        step("`data verify`", VERIFY, folder, times=3)
        step("append that revises eight days of every series", AGAIN, folder)
        panel(folder, series, "50", " after it")


if __name__ == "__main__":
    main()
