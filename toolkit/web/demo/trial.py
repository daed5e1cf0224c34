"""A strategy tried over the ranges of its sliders, before visitors do."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from itertools import groupby
from typing import Any, Literal

from toolkit.web.demo.position import SCENARIOS, Outcome, Position, Range, Start

TRIED = 5
"""Values of a slider that are tried, its ends among them."""
MIXED = 8
"""Positions with every slider moved that are tried."""
NEAR = 0.1
"""Part of the range within which a slider changes something."""
SLOW_SECONDS = 1.0
"""Seconds of an answer that visitors do not wait for gladly."""
TRIAL_SECONDS = 30.0
"""Seconds after which nothing more is tried."""
BASES = {"budget": 2, "aversion": 3, "cap": 5, "scenario": 7}
"""Of the Halton sequence that spreads the mixed positions."""


@dataclass(frozen=True, slots=True)
class Gap:
    """What visitors would find missing.

    Attributes:
        kind: ``answer`` where there is none, ``limits`` where one exceeds limits of the strategy, ``effect`` of a slider that
            changes nothing near its start, ``mixed`` positions without an answer (`values`: their number, and that of all),
            ``slow`` (median seconds), ``unfinished`` (seconds).
        slider: A field of `Position`; empty where it is none's.
        values: At which, neighbours of those that were tried.
    """

    kind: Literal["answer", "limits", "effect", "mixed", "slow", "unfinished"]
    slider: str = ""
    values: tuple[Any, ...] = ()

    def as_record(self) -> dict[str, Any]:
        """In JSON."""
        return asdict(self)


def gaps(start: Start, solve: Callable[[Position], Outcome]) -> tuple[Gap, ...]:
    """The gaps of a strategy: each slider over its range with the others at their start, then all of them moved.

    Args:
        start: Of the strategy.
        solve: The answer at a position.
    """
    took: list[float] = []
    began = time.monotonic()

    def tried(positions: Iterable[Position]) -> list[tuple[Position, Outcome]]:
        found: list[tuple[Position, Outcome]] = []
        for position in positions:
            at = time.monotonic()
            if at - began > TRIAL_SECONDS:
                break
            found.append((position, solve(position)))
            took.append(time.monotonic() - at)
        return found

    first, found = solve(start.position), list[Gap]()
    ranges: dict[str, Range | None] = {**start.ranges, **({"scenario": None} if start.has_cap else {})}
    for slider, grid in ranges.items():
        at = tried(replace(start.position, **{slider: value}) for value in _values(grid))
        found += _runs("answer", slider, [(one, outcome.status != "optimal") for one, outcome in at])
        found += _runs("limits", slider, [(one, bool(outcome.exceeded)) for one, outcome in at])
        if grid is not None:
            near = tried(replace(start.position, **{slider: value}) for value in _near(grid, getattr(start.position, slider)))
            if near and all(_shown(outcome) == _shown(first) for _, outcome in near):
                found.append(Gap("effect", slider))
    mixed = tried(
        replace(start.position, **{name: _spread(name, grid, k) for name, grid in ranges.items()}) for k in range(1, MIXED + 1)
    )
    if missing := sum(outcome.status != "optimal" for _, outcome in mixed):
        found.append(Gap("mixed", values=(missing, len(mixed))))
    if took and (middle := statistics.median(took)) > SLOW_SECONDS:
        found.append(Gap("slow", values=(round(middle, 1),)))
    if time.monotonic() - began > TRIAL_SECONDS:
        found.append(Gap("unfinished", values=(TRIAL_SECONDS,)))
    return tuple(found)


def _values(grid: Range | None) -> list[Any]:
    """Values of a slider over its range, or every scenario."""
    if grid is None:
        return [*SCENARIOS]
    return [grid.on_grid(grid.least + (grid.most - grid.least) * k / (TRIED - 1)) for k in range(TRIED)]


def _near(grid: Range, at: float) -> list[float]:
    """A little less and a little more than at the start."""
    return [grid.on_grid(at + sign * NEAR * (grid.most - grid.least)) for sign in (-1, 1)]


def _spread(slider: str, grid: Range | None, k: int) -> Any:
    """The k-th value of a slider in a sequence that fills its range (Halton 1960, Numerische Mathematik 2)."""
    base, part, fraction = BASES[slider], 0.0, 1.0
    while k:
        fraction /= base
        part += fraction * (k % base)
        k //= base
    if grid is None:
        return SCENARIOS[int(part * len(SCENARIOS))]
    return grid.on_grid(grid.least + part * (grid.most - grid.least))


def _runs(kind: Literal["answer", "limits"], slider: str, tried: list[tuple[Position, bool]]) -> list[Gap]:
    """A gap for each run of neighbours at which something is missing."""
    runs = [(missing, [*group]) for missing, group in groupby(tried, key=lambda one: one[1])]
    return [Gap(kind, slider, tuple(getattr(one, slider) for one, _ in group)) for missing, group in runs if missing]


def _shown(outcome: Outcome) -> tuple[Any, ...]:
    return outcome.status, [(one.asset, round(one.weight, 4), round(one.value)) for one in outcome.holdings]
