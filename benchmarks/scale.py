"""From a file of listed prices to weights, as whole processes, over numbers of assets: `python -m benchmarks.scale --help`.

Prices are simulated: a factor model of returns, of one seed. Every run is a process of its own that reads the file, estimates,
solves and prints weights: the command with its default estimators, the command with the sample covariance (which is what the
scripts estimate), and the shortest script of each peer that is installed, with the fastest solver that it takes for variance
(skfolio poses a cone program, which PIQP does not solve). Repetitions are in
turn, so that a busy minute slows all; processor seconds and peak memory are those that the system counts for the process.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from importlib.metadata import version
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.optimizer.table import machine

SIZES = (30, 200, 500, 1000, 3000)
DAYS = 2500
LAST = date(2026, 6, 30)
THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "POLARS_MAX_THREADS", "RAYON_NUM_THREADS")
STRATEGY = """[about]
title = "Least variance"
idea = "The least volatile mix of every series of the file, fully invested, none above a twentieth or twice its equal share."
source = "Markowitz (1952), Portfolio Selection, J. Finance 7"
refuted_by = "Its realised volatility is not below that of equal weights over three years of month ends."

[universe]
assets = "all"

[objective]
kind = "min_risk"

[[constraint]]
name = "any asset"
kind = "bounds"
upper = {upper}

[[constraint]]
name = "cash"
kind = "cash"
upper = 0.0
"""
SAMPLE = """
[forecast]
covariance = { kind = "sample" }
"""
PYPFOPT = """
import pandas as pd
from pypfopt import EfficientFrontier, risk_models
prices = pd.read_csv(FILE, index_col=0, parse_dates=True)
front = EfficientFrontier(None, risk_models.sample_cov(prices), weight_bounds=(0, UPPER), solver="PIQP")
front.min_volatility()
print(front.clean_weights())
"""
SKFOLIO = """
import pandas as pd
from skfolio.optimization import MeanRisk
from skfolio.preprocessing import prices_to_returns
prices = pd.read_csv(FILE, index_col=0, parse_dates=True)
model = MeanRisk(max_weights=UPPER).fit(prices_to_returns(prices))
print(dict(zip(prices.columns, model.weights_)))
"""
MODULES = {"pyportfolioopt": "pypfopt", "skfolio": "skfolio"}
PEERS = {"PyPortfolioOpt, PIQP": ("pypfopt", PYPFOPT), "skfolio": ("skfolio", SKFOLIO)}


def listed(n: int, days: int = DAYS, seed: int = 0) -> pl.DataFrame:
    """Prices of n series on as many weekdays, `date` and a column each: six factors, tails of 4 degrees of freedom.

    Args:
        n: Number of series.
        days: Number of prices of each.
        seed: Of the random numbers.
    """
    rng = np.random.default_rng(seed)
    loadings = np.column_stack([rng.uniform(0.5, 1.5, n), 0.4 * rng.normal(size=(n, 5))])
    factors = rng.standard_t(4, (days, 6)) * np.array([0.007, *(5 * [0.004])])
    own = np.clip(rng.standard_t(4, (days, n)), -20, 20) * rng.uniform(0.004, 0.02, n)
    prices = 100 * np.exp(np.cumsum(0.0002 + factors @ loadings.T + own, axis=0))
    weekdays = [LAST - timedelta(back) for back in range(2 * days) if (LAST - timedelta(back)).weekday() < 5]
    return pl.DataFrame({"date": weekdays[:days][::-1]} | {f"L{i:04d}": prices[:, i] for i in range(n)})


@dataclass(slots=True)
class Measured:
    """What the system counted for the runs of one program: processor seconds, and the most megabytes of any."""

    seconds: list[float] = field(default_factory=list)
    megabytes: float = 0.0
    failed: str = ""


def measure(command: Sequence[str], folder: Path, into: Measured) -> None:
    """Run a command once as a process of one thread."""
    # Installed programs are compiled once, and not in each run.
    environment = {**os.environ, **dict.fromkeys(THREADS, "1"), "HOME": str(folder), "PYTHONDONTWRITEBYTECODE": ""}
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=errors)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            errors.seek(0)
            into.failed = errors.read().decode(errors="replace").strip().splitlines()[-1:][0]
            return
    into.seconds.append(usage.ru_utime + usage.ru_stime)
    into.megabytes = max(into.megabytes, usage.ru_maxrss / 1024)


def programs(n: int, folder: Path, *, peers: bool) -> dict[str, list[str]]:
    """Name -> command, for a file of n series."""
    file, upper = folder / f"listed-{n}.csv", max(0.05, 2 / n)
    text = STRATEGY.replace("{upper}", f"{upper:.6f}")
    found = {}
    for name, more in (("toolkit", ""), ("toolkit, sample covariance", SAMPLE)):
        strategy = folder / f"least-{n}{'-sample' if more else ''}.toml"
        strategy.write_text(text + more)
        found[name] = [sys.executable, "-m", "toolkit", "optimize", str(strategy), "--prices", str(file), "--prices-only",
                       "--as-of", LAST.isoformat(), "--json", "--no-report"]  # fmt: skip
    for name, (module, script) in PEERS.items() if peers else ():
        if importlib.util.find_spec(module):
            code = script.replace("FILE", repr(str(file))).replace("UPPER", f"{upper:.6f}")
            found[name] = [sys.executable, "-W", "ignore", "-c", code]
    return found


def growth(sizes: Sequence[int], seconds: Sequence[float]) -> float:
    """Exponent between the first and the last of some sizes."""
    return math.log(seconds[-1] / seconds[0]) / math.log(sizes[-1] / sizes[0])


def main() -> None:
    """Parse, run in turn, print a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, metavar="N")
    parser.add_argument("--days", type=int, nargs="+", default=[500, DAYS], metavar="T")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--no-peers", action="store_true")
    parser.add_argument("--json", type=Path, metavar="FILE")
    options = parser.parse_args()
    rows = []
    known = [f"{name} {version(name)}" for name in ("skfolio", "pyportfolioopt") if importlib.util.find_spec(MODULES[name])]
    runs = "one run" if options.repeats == 1 else f"median of {options.repeats} runs in turn"
    print("; ".join([datetime.now(UTC).date().isoformat(), machine(), *known, f"{runs} of each"]), end=".\n\n")
    print("| Prices of each | Assets | Program | Processor seconds | Peak memory | Over the toolkit's time |")
    print("|--:|--:|---|--:|--:|--:|")
    for days in options.days:
        medians: dict[str, dict[int, float]] = {}
        for n in options.sizes:
            with tempfile.TemporaryDirectory() as name:
                folder = Path(name)
                listed(n, days).write_csv(folder / f"listed-{n}.csv", float_precision=4)
                commands = programs(n, folder, peers=not options.no_peers)
                found = {program: Measured() for program in commands}
                for _ in range(options.repeats):
                    for program, command in commands.items():
                        if not found[program].failed:
                            measure(command, folder, found[program])
            for program, one in found.items():
                if one.failed:
                    print(f"| {days:,} | {n:,} | {program} | failed: {one.failed} | | |", flush=True)
                    continue
                median = statistics.median(one.seconds)
                medians.setdefault(program, {})[n] = median
                own = medians.get("toolkit", {}).get(n, float("nan"))
                cells = f"{median:.2f} | {one.megabytes:,.0f} MB | {median / own:.2f}"
                print(f"| {days:,} | {n:,} | {program} | {cells} |", flush=True)
                rows.append({"days": days, "assets": n, "program": program, "seconds": one.seconds, "mb": one.megabytes})
        for program, of in medians.items():
            if len(of) > 1:
                sizes = [*of]
                exponent = growth(sizes, [*of.values()])
                print(f"| {days:,} | {sizes[0]:,} to {sizes[-1]:,} | {program}, growth exponent | {exponent:.2f} | | |")
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
