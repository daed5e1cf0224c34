"""Linear algebra has one thread in every question, whatever the process has."""

from __future__ import annotations

import os
import platform
import subprocess
import sys

import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from toolkit.app.threads import ONE_BLAS_THREAD, one_thread

SHARES = """
import sys
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl

rng, n, days = np.random.default_rng(100), 100, 300
returns = rng.normal(size=(days, 6)) @ rng.normal(size=(6, n)) * 0.01 + rng.normal(size=(days, n)) * 0.01
dates = [day for i in range(7 * days) if (day := date(2022, 1, 3) + timedelta(i)).weekday() < 5][:days]
keys = [f"S{i:03d}" for i in range(n)]
prices = pl.DataFrame({"date": dates, **dict(zip(keys, (100 * np.exp(np.cumsum(returns, 0))).T, strict=True))})
import toolkit as tk

strategy = tk.Strategy(
    universe=tk.UniverseSpec(assets=keys, own=[tk.OwnAsset(asset=key, lot_size=1.0) for key in keys]),
    objective=tk.MinRisk(),
    constraints=[tk.Bounds(upper=0.2), tk.Lots()],
    forecast=tk.ForecastSpec(covariance=tk.SampleCovariance()),
    solver=tk.SolverSpec(time_limit=0.3),
)
print(tk.optimize(strategy, prices=prices, prices_currency="EUR", as_of=str(dates[-1]), budget=20000).to_json())

from toolkit.cli.main import run

prices.write_csv("prices.csv")
own = "".join(f'[[universe.own]]\\nasset = "{key}"\\nlot_size = 1.0\\n' for key in keys)
Path("shares.toml").write_text(f'''
[universe]
assets = {keys}
{own}[objective]
kind = "min_risk"
[[constraint]]
name = "cap"
kind = "bounds"
upper = 0.2
[[constraint]]
name = "lots"
kind = "lots"
[forecast]
covariance = {{ kind = "sample" }}
[solver]
time_limit = 0.3
'''.replace("'", '"'))
sys.exit(run(["optimize", "shares.toml", "--prices", "prices.csv", "--prices-currency", "EUR", "--currency", "EUR", "--budget",
              "20000", "--as-of", str(dates[-1]), "--json", "--no-report"]))
"""
"""Prints what Python and what the command line answers."""


def printed(folder, threads: int) -> bytes:
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": str(threads), "POLARS_MAX_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", SHARES], cwd=folder, env=environment, capture_output=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def test_a_hundred_shares_have_the_same_lots_with_any_number_of_threads(tmp_path):
    assert printed(tmp_path, 1) == printed(tmp_path, 2)


def threads() -> set[int]:
    return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}


def test_the_process_gets_back_what_it_had_when_the_last_has_left(monkeypatch):
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "2")
    first, second = one_thread(), one_thread()
    with threadpool_limits(2):
        before = threads()
        first.__enter__()
        second.__enter__()
        first.__exit__()
        assert threads() == {1}
        assert {os.environ[name] for name in ONE_BLAS_THREAD} == {"1"}
        second.__exit__()
        assert threads() == before
        assert os.environ["OPENBLAS_NUM_THREADS"] == "2"


FAULTS = """
import resource
import numpy as np
from toolkit.app.threads import one_thread

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(50):
        [np.ones(2**17) for _ in range(4)]
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

faults()
with one_thread():
    faults()
    print(faults())
"""


def test_memory_of_arrays_is_not_fetched_again_and_again():
    if platform.libc_ver()[0] != "glibc":
        pytest.skip("another allocator")
    # A nanny of Dask in an earlier test leaves limits of glibc in the environment, which are then no longer learned.
    env = {name: value for name, value in os.environ.items() if not name.startswith("MALLOC_")}
    done = subprocess.run([sys.executable, "-c", FAULTS], capture_output=True, text=True, check=True, env=env)
    assert int(done.stdout) < 5_000, "of 200 megabytes, 51,200 pages"
