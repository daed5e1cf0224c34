"""Clocks of processor time: repetitions in turn in one process, and one child process for what may need to be stopped."""

from __future__ import annotations

import json
import math
import resource
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from benchmarks.optimizer.data import Array

BUDGET = 3.0
"""Seconds of repetitions of one library and case, beyond the first call and one more."""


@dataclass(slots=True)
class Clock:
    """One library on one case.

    Attributes:
        seconds: Of each call, the first of the process on this case first.
        weights: Of the last.
        trouble: Why there are none.
        limit: Seconds after which it was stopped.
    """

    seconds: list[float] = field(default_factory=list)
    weights: Array | None = None
    trouble: str = ""
    limit: float | None = None

    @property
    def first(self) -> float:
        """Seconds of the first call."""
        return self.seconds[0]

    @property
    def typical(self) -> float:
        """Median seconds of the calls after the first; a lower bound where it was stopped."""
        if self.limit is not None and not self.seconds:
            return self.limit
        return statistics.median(self.seconds[1:] or self.seconds)

    @property
    def best(self) -> float:
        """Least seconds of the calls after the first."""
        return min(self.seconds[1:] or self.seconds)


def call(work: Callable[[], Array], clock: Clock) -> None:
    """One timed call; a library that fails is told, never dropped in silence."""
    if clock.trouble:
        return
    started = time.process_time()
    try:
        clock.weights = work()
    except Exception as error:  # noqa: BLE001 - whatever a peer raises is its answer
        clock.trouble = f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
        return
    clock.seconds.append(time.process_time() - started)


def interleaved(works: dict[str, Callable[[], Array]], repeats: int) -> dict[str, Clock]:
    """Every library in turn, again and again, so that a busy minute slows all of them."""
    clocks = {name: Clock() for name in works}
    for turn in range(repeats + 1):
        for name, work in works.items():
            if turn < 2 or sum(clocks[name].seconds[1:]) < BUDGET:
                call(work, clocks[name])
    return clocks


WARM = 30
"""Processor seconds within which a process has imported its library and solved 30 assets."""


def child(peer: str, case: str, n: int, repeats: int, limit: float) -> Clock:
    """A peer in a process of its own, stopped after `limit` processor seconds and those of `WARM`."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "answer.json"
        command = [sys.executable, "-m", "benchmarks.optimizer", "--child", peer, case, str(n), str(repeats), str(file)]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        seconds = math.ceil(limit) + WARM
        resource.prlimit(process.pid, resource.RLIMIT_CPU, (seconds, seconds))
        process.wait()
        if not file.exists():
            code = process.returncode
            return (
                Clock(limit=limit)
                if code in (-signal.SIGXCPU, -signal.SIGKILL)
                else Clock(trouble=f"its process ended with {code}")
            )
        told = json.loads(file.read_text())
    weights = None if told["weights"] is None else np.array(told["weights"])
    return Clock(told["seconds"], weights, told["trouble"])


def answer(clock: Clock, file: Path) -> None:
    """Write what a child found, whole or not at all: it may be stopped at any moment."""
    weights = None if clock.weights is None else clock.weights.tolist()
    draft = file.with_suffix(".draft")
    draft.write_text(json.dumps({"seconds": clock.seconds, "weights": weights, "trouble": clock.trouble}))
    draft.rename(file)
