"""Loadings of many assets on a few factors, beside what else computes them: `python -m benchmarks.loadings [REPEATS]`.

Both clocks of ours start at a wide polars frame. One thread of BLAS; polars-ols runs on every core it finds. Repetitions
are interleaved, so that a busy minute slows all, and the median is shown. What is too slow to run in full is run on a
few assets and scaled up, as the table says.

polars-ols pins versions of polars of its own, so it lives in a separate environment, never in the project's:
`python -m venv /tmp/polars_ols_venv && /tmp/polars_ols_venv/bin/pip install polars-ols polars numpy`. Another place is
named by POLARS_OLS_PYTHON.
"""

from __future__ import annotations

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # before numpy is imported

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
from statsmodels.regression.linear_model import OLS
from statsmodels.regression.rolling import RollingOLS

from toolkit.risk_model.regression import regress
from toolkit.risk_model.rolling import rolling

DAYS = 2500
FULL_ASSETS, FULL_FACTORS = 3000, 15
ROLLING_ASSETS, ROLLING_FACTORS, WINDOW = 200, 5, 252
SOME_OLS, SOME_POLARS, SOME_ROLLING = 30, 300, 2
"""Assets that stand for all, where all would take minutes."""
POLARS_OLS = Path(os.environ.get("POLARS_OLS_PYTHON", "/tmp/polars_ols_venv/bin/python"))
CODE = """
import sys, time
import numpy as np, polars as pl, polars_ols
frame, k, window = pl.read_ipc(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
factors = [pl.col(f"f{j}") for j in range(k)]
def expression(name):
    own = pl.col(name).least_squares
    if window:
        made = own.rolling_ols(*factors, window_size=window, min_periods=window, mode="coefficients", add_intercept=True)
    else:
        made = own.ols(*factors, mode="coefficients", add_intercept=True)
    return made.alias(name)
names = [name for name in frame.columns if name.startswith("a")]
frame.select(expression(names[0]))
started = time.perf_counter()
frame.select([expression(name) for name in names])
print(time.perf_counter() - started)
"""


def simulated(assets: int, factors: int) -> tuple[np.ndarray, np.ndarray]:
    """Factors (T, k) and assets (T, n) that load on them."""
    rng = np.random.default_rng(0)
    x = 0.01 * rng.standard_normal((DAYS, factors))
    return x, x @ rng.standard_normal((factors, assets)) + 0.02 * rng.standard_normal((DAYS, assets))


def frames(x: np.ndarray, y: np.ndarray) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Assets and factors, a column each, with memory of its own each, as after reading a file."""
    own = {f"a{i}": np.ascontiguousarray(y[:, i]) for i in range(y.shape[1])}
    return pl.DataFrame(own), pl.DataFrame({f"f{j}": np.ascontiguousarray(x[:, j]) for j in range(x.shape[1])})


def bare(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What cannot be avoided: a QR, a product, residual variances from squares."""
    Q, R = np.linalg.qr(np.column_stack([np.ones(len(x)), x]))
    product = Q.T @ y
    residual = (np.einsum("tn,tn->n", y, y) - (product * product).sum(axis=0)) / (len(x) - R.shape[0])
    return np.linalg.solve(R, product), residual


def polars_ols(changes: pl.DataFrame, factors: pl.DataFrame, window: int, folder: str) -> Callable[[], float]:
    """Seconds that polars-ols says it needs, in its own environment."""
    path = Path(folder) / f"{changes.width}.arrow"
    pl.concat([changes, factors], how="horizontal").write_ipc(path)
    command = [str(POLARS_OLS), "-c", CODE, str(path), str(factors.width), str(window)]
    return lambda: float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def clocked(work: Callable[[], object], scale: float = 1.0) -> Callable[[], float]:
    """Seconds of a call, scaled up to all assets."""

    def run() -> float:
        started = time.perf_counter()
        work()
        return scale * (time.perf_counter() - started)

    return run


def table(title: str, runs: dict[str, Callable[[], float]], repeats: int) -> dict[str, float]:
    """Medians of interleaved repetitions, printed with their ratios to ours."""
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(repeats):
        for name, run in runs.items():
            seconds[name].append(run())
    median = {name: statistics.median(times) for name, times in seconds.items()}
    print(f"\n{title} (median of {repeats})")
    for name, value in median.items():
        print(f"  {name:58} {1e3 * value:11.1f} ms {value / median['toolkit']:9.2f} x ours")
    return median


def full(repeats: int, folder: str, *, with_polars_ols: bool) -> None:
    """Full-sample loadings and residual variances."""
    x, y = simulated(FULL_ASSETS, FULL_FACTORS)
    changes, factors = frames(x, y)
    holes = changes.with_columns(pl.when(pl.int_range(pl.len()) % 20 == i % 20).then(None).otherwise(pl.col(name)).alias(name)
                                 for i, name in enumerate(changes.columns))  # fmt: skip
    X = np.column_stack([np.ones(DAYS), x])
    runs = {
        "bare QR and one product (numpy arrays)": clocked(lambda: bare(x, y)),
        "toolkit": clocked(lambda: regress(changes, factors)),
        "toolkit, every asset with 5 % of its days missing": clocked(lambda: regress(holes, factors)),
        "numpy lstsq (no residual variances)": clocked(lambda: np.linalg.lstsq(X, y, rcond=None)),
        f"statsmodels OLS ({SOME_OLS} assets, scaled up)": clocked(
            lambda: [OLS(y[:, i], X).fit().scale for i in range(SOME_OLS)], FULL_ASSETS / SOME_OLS
        ),
    }
    if with_polars_ols:
        some = polars_ols(changes.select(changes.columns[:SOME_POLARS]), factors, 0, folder)
        runs[f"polars-ols ({SOME_POLARS} assets, scaled up)"] = lambda: FULL_ASSETS / SOME_POLARS * some()
    found = table(f"Full sample: {FULL_ASSETS} assets x {DAYS} days x {FULL_FACTORS} factors", runs, repeats)
    result, exact = regress(changes, factors), np.linalg.lstsq(X, y, rcond=None)
    loading = np.abs(result.loadings - exact[0][1:].T).max()
    variance = np.abs(result.residual_variance / exact[1] * (DAYS - X.shape[1]) - 1.0).max()
    print(f"  largest difference from lstsq: loadings {loading:.1e}, residual variances {variance:.1e} of each")
    print(f"  ours / bare = {found['toolkit'] / next(iter(found.values())):.2f}   (goal: at most 3)")


def rolled(repeats: int, folder: str, *, with_polars_ols: bool) -> None:
    """Rolling loadings."""
    x, y = simulated(ROLLING_ASSETS, ROLLING_FACTORS)
    changes, factors = frames(x, y)
    rng = np.random.default_rng(1)
    holes = pl.DataFrame(np.where(rng.random(y.shape) < 0.02, np.nan, y), schema=changes.columns).fill_nan(None)
    X = np.column_stack([np.ones(DAYS), x])
    name = f"statsmodels RollingOLS, parameters only ({SOME_ROLLING} assets, scaled up)"
    runs = {
        "toolkit": clocked(lambda: rolling(changes, factors, window=WINDOW)),
        "toolkit, every asset with 2 % of its days missing": clocked(
            lambda: rolling(holes, factors, window=WINDOW, min_samples=200)
        ),
        name: clocked(
            lambda: [RollingOLS(y[:, i], X, window=WINDOW).fit(params_only=True) for i in range(SOME_ROLLING)],
            ROLLING_ASSETS / SOME_ROLLING,
        ),
    }
    if with_polars_ols:
        runs["polars-ols"] = polars_ols(changes, factors, WINDOW, folder)
    found = table(f"Rolling {WINDOW} days: {ROLLING_ASSETS} assets x {DAYS} days x {ROLLING_FACTORS} factors", runs, repeats)
    result = rolling(changes, factors, window=WINDOW)
    ends = range(0, len(result.alpha), 50)
    exact = np.array([np.linalg.lstsq(X[w : w + WINDOW], y[w : w + WINDOW], rcond=None)[0][1:].T for w in ends])
    print(f"  largest difference from lstsq, every 50th window: {np.abs(result.loadings[::50] - exact).max():.1e}")
    print(f"  RollingOLS / ours = {found[name] / found['toolkit']:.0f}   (goal: at least 30)")
    if with_polars_ols:
        print(f"  polars-ols / ours = {found['polars-ols'] / found['toolkit']:.1f}   (goal: at least 4)")


def main() -> None:
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    found = POLARS_OLS.exists() and not subprocess.run([str(POLARS_OLS), "-c", "import polars_ols"], check=False).returncode
    if not found:
        print(f"polars-ols: cannot be imported by {POLARS_OLS}; left out (see the top of this file).")
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        full(repeats, folder, with_polars_ols=found)
        rolled(repeats, folder, with_polars_ols=found)
    print(f"\nLoad of the machine: {load:.1f} before, {os.getloadavg()[0]:.1f} after, on {os.cpu_count()} cores.")


if __name__ == "__main__":
    main()
