"""A store at size: 5,000 series of twenty years of days, imported, read and summed up.

Run on a quiet machine: `.venv/bin/python -m benchmarks.store [SERIES] [YEARS]`. Each step is a process; prints its wall time,
the time that its processors worked, and its largest memory. Goals: import under 60 s, a panel under 1 s, memory under 1 GB.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
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
import polars as pl
from toolkit.market.store.store import Store
begun = time.perf_counter()
names = [f"SYM{i:05}" for i in range(0, int(sys.argv[2]), int(sys.argv[2]) // int(sys.argv[3]))]
store = Store.open(sys.argv[1] + "/store")
rows = store.scan("quotations", date(2030, 1, 1), series=names).select("date", "asset", "adjusted_close").collect()
panel = rows.pivot("asset", index="date", values="adjusted_close")
print(f"{panel.height} x {panel.width - 1} in {time.perf_counter() - begun:.2f} s after the imports")
"""
QUERY = """
import sys
from toolkit.cli.main import run
sql = "SELECT asset, AVG(close) AS mean, COUNT(*) AS n FROM quotations_vintages GROUP BY asset ORDER BY asset LIMIT 3"
sys.exit(run(["data", "query", sql, "--data", sys.argv[1] + "/store", "--json"]))
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


def measured(name: str, code: str, *arguments: str) -> None:
    """Run code in a process, and print what it took."""
    begun = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-c", code, *arguments], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    out = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{name} failed")
    try:
        told = {key: value for key, value in json.loads(out).items() if key in ("rows", "files", "bytes", "columns")}
        said = json.dumps(told)
    except ValueError:
        said = out.strip()
    wall, worked = time.perf_counter() - begun, used.ru_utime + used.ru_stime
    print(f"{name:34} {wall:7.2f} s  {worked:7.2f} s of processors  {used.ru_maxrss / 1024:6.0f} MB  {said[:100]}", flush=True)


def main() -> None:
    series, years = (*sys.argv[1:], *("5000", "20")[len(sys.argv) - 1 :])
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR")) as folder:
        measured("rows made", MAKE, folder, series, years)
        print(f"{Path(folder, 'all.parquet').stat().st_size / 1e6:.0f} MB of Parquet")
        measured("data import", IMPORT, folder)
        for count in ("50", "500"):
            measured(f"panel of {count} series", PANEL, folder, series, count)
        measured("data query over all rows", QUERY, folder)
        measured("data verify", VERIFY, folder)
        measured("fetch that revises eight days", AGAIN, folder)
        measured("panel of 50 series with vintages", PANEL, folder, series, "50")


if __name__ == "__main__":
    main()
