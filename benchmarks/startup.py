"""Wall time of the main job against the bare imports it cannot avoid, and of `--help` against typer alone.

Run on a quiet machine: `.venv/bin/python benchmarks/startup.py [REPEATS]`. Prints medians and ratios.
"""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
import tempfile
import time

COMMANDS = {
    "import cvxpy, polars": [sys.executable, "-c", "import cvxpy, polars"],
    "optimize --json --no-report": [sys.executable, "-m", "toolkit", "optimize", "--json", "--no-report", "--quiet"],
    "optimize --json (with report)": [sys.executable, "-m", "toolkit", "optimize", "--json", "--quiet"],
    "import typer": [sys.executable, "-c", "import typer"],
    "--help": [sys.executable, "-m", "toolkit", "--help"],
}


def main() -> None:
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    seconds: dict[str, list[float]] = {name: [] for name in COMMANDS}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(repeats):  # interleaved, so that a busy minute slows all of them
            for name, command in COMMANDS.items():
                started = time.perf_counter()
                subprocess.run(command, cwd=folder, check=True, capture_output=True)
                seconds[name].append(time.perf_counter() - started)
    median = {name: statistics.median(times) for name, times in seconds.items()}
    for name, value in median.items():
        print(f"{name:32} {value:6.2f} s")
    imports, job = median["import cvxpy, polars"], median["optimize --json --no-report"]
    print(f"main job / (1.5 x bare imports + 0.5 s) = {job / (1.5 * imports + 0.5):.2f}   (goal: at most 1)")
    print(f"--help / import typer                   = {median['--help'] / median['import typer']:.2f}   (goal: at most 3.5)")
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"largest peak memory of a child          = {peak:.0f} MB   (goal: under 400)")


if __name__ == "__main__":
    main()
