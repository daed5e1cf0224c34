"""How much of its processes a sweep uses, and the CPU time of a run alone and in the pool. Linux only.

Run: `OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 POLARS_MAX_THREADS=1 python -m benchmarks.sweep_pool --runs 1000`.

A run is a backtest of equal weight on bundled data, a quarter long, in a random universe of eight metals. Each sweep has a
process of its own. One of `FIRST` runs tells what the start costs (imports, the data read once by each process); what is over
it is that of the other runs. Efficiency is CPU time of the pool over processes x wall time. On a machine that others use too
it is a lower bound; the second figure leaves out the time in which a process could have run and another had the core.
"""

from __future__ import annotations

import argparse
import contextlib
import resource
import subprocess
import sys
import threading
import time
from dataclasses import astuple, dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

FIRST = 8
"""Runs of the short sweep."""
EVERY = 0.2
"""Seconds between two looks at how long the processes waited for a core."""
AS_OF = date(2026, 6, 30)
STARTS = (date(2025, 1, 31), date(2025, 12, 31))


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds of a sweep: wall time, CPU of the process that asks, CPU of the pool, its wait for a core; and its runs."""

    wall: float
    own: float
    pool: float
    waited: float
    runs: float

    def less(self, other: Spent) -> Spent:
        """What this sweep spent over another."""
        return Spent(*(ours - theirs for ours, theirs in zip(astuple(self), astuple(other), strict=True)))


def swept(runs: int, workers: int) -> None:
    """Sweep in this process, and print what it spent."""
    from toolkit.app.allocation.request import Request  # noqa: PLC0415  # imports are not timed
    from toolkit.app.config import resolve  # noqa: PLC0415
    from toolkit.app.context import Context  # noqa: PLC0415
    from toolkit.app.sweeps.executors import InProcess, Pool  # noqa: PLC0415
    from toolkit.app.sweeps.run import SweepRequest, sweep  # noqa: PLC0415

    request = Request("equal-weight", Context(resolve({}, file=None), AS_OF, None, AS_OF))
    waited, over = dict[str, float](), threading.Event()
    threading.Thread(target=_watch, args=(waited, over), daemon=True).start()
    with TemporaryDirectory() as folder:
        place, universes = Path(folder) / "backtests", -(-runs // 12)
        asked = SweepRequest(request, place, starts=STARTS, months=3, universes=universes, size=8, sample=runs)
        wall, own = time.perf_counter(), time.process_time()
        found = sweep(asked, InProcess() if workers == 1 else Pool(workers))
        wall, own = time.perf_counter() - wall, time.process_time() - own
    over.set()
    if found.failed:
        raise SystemExit(f"{found.failed} runs without an answer")
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    # Universes that are drawn twice are one run.
    print(wall, own, children.ru_utime + children.ru_stime, sum(waited.values()), len(found.runs))


def _watch(waited: dict[str, float], over: threading.Event) -> None:
    """Keep the newest time that each child of this process waited for a core."""
    while not over.wait(EVERY):
        for thread in Path("/proc/self/task").iterdir():
            # Threads and children end while they are looked at.
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                for child in (thread / "children").read_text().split():
                    waited[child] = int(Path(f"/proc/{child}/schedstat").read_text().split()[1]) / 1e9


def measured(runs: int, workers: int) -> Spent:
    """What a sweep spends in a process of its own."""
    run = [sys.executable, "-m", "benchmarks.sweep_pool", "--one", "--runs", str(runs), "--workers", str(workers)]
    return Spent(*map(float, subprocess.run(run, capture_output=True, text=True, check=True).stdout.split()))


def main() -> None:
    """Parse the command line, and print a line a figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--one", action="store_true", help="one sweep in this process")
    asked = parser.parse_args()
    if asked.one:
        swept(asked.runs, asked.workers)
        return
    few, whole = measured(FIRST, asked.workers), measured(asked.runs, asked.workers)
    alone = measured(asked.runs, 1).less(measured(FIRST, 1))
    more = whole.less(few)
    print(f"{whole.runs:.0f} runs, {asked.workers} processes: {whole.wall:.1f} s; {few.wall:.1f} s of {few.runs:.0f} runs")
    for name, spent in (("whole", whole), ("after the start", more)):
        could = asked.workers * spent.wall
        print(
            f"efficiency, {name}: {spent.pool / could:.1%}, of the time with a core {spent.pool / (could - spent.waited):.1%}"
        )
    print(f"CPU of a run: {1000 * alone.own / alone.runs:.0f} ms alone, {1000 * more.pool / more.runs:.0f} ms in the pool,")
    print(f"and {1000 * more.own / more.runs:.0f} ms of the process that asks and stores")


if __name__ == "__main__":
    main()
