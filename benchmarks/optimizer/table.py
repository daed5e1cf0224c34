"""Answers judged against each other, and tables of them."""

from __future__ import annotations

import importlib.metadata
import os
import platform
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.optimizer.data import CAP, DAYS, GROUPS, MEASURES, SHIPPED, Array, Truth
from benchmarks.optimizer.measure import Clock
from benchmarks.optimizer.peers import CAPPED, FAST

OURS, PUBLIC, RAW = "toolkit", "tk.optimize", "PIQP alone"
TOLERANCE = 1e-6
"""By how much, relative, an answer of ours may be worse than a peer's."""
HELD = 1e-7
"""Violation of a constraint up to which a peer's point is one of the frontier."""
TIE = 1.25
"""Ratio of two times, either way, up to which they are called a tie: runs of one program differ by as much."""
TITLES = {
    "min_risk": "least variance, group caps",
    "max_utility": "mean-variance utility, group caps",
    "frontier": "frontier of 50 points, group caps",
    "what_if": "one cap moved, solved again",
    "max_ratio": "largest Sharpe ratio",
    "max_diversification": "largest diversification",
    "risk_parity": "risk parity",
    "hrp": "hierarchical risk parity",
    "min_cvar": "least CVaR 95 %",
}
TITLES |= {f"least {measure}": f"least {measure.replace('_', ' ')}" for measure in MEASURES}
REFERENCE = ("hrp",)
"""No optimum, so its values are shown and not judged: libraries build different trees."""
SPREAD = ("risk_parity",)
"""Judged by a residual whose best value is zero: differences are absolute."""


@dataclass(slots=True)
class Row:
    """One library on one case.

    Attributes:
        value: What the case minimises, at its weights; of a frontier, the mean variance of its points.
        broken: Largest violation of a constraint.
        loss: By how much ours is worse, relative (negative where it is better).
        apart: Largest difference of a weight from ours.
    """

    case: str
    n: int
    library: str
    clock: Clock
    value: float | None = None
    broken: float | None = None
    loss: float | None = None
    apart: float | None = None

    @property
    def worse(self) -> bool:
        """Whether ours is worse than allowed."""
        return self.loss is not None and self.loss > TOLERANCE and self.case not in REFERENCE

    def line(self) -> str:
        """For the terminal."""
        if self.clock.trouble:
            return f"{self.case:20} {self.n:5} {self.library:15} {self.clock.trouble}"
        judged = "" if self.loss is None else f"  ours worse by {self.loss:9.1e}, weights differ by {self.apart:7.1e}"
        return f"{self.case:20} {self.n:5} {self.library:15} {spoken(self.clock):>14}{judged}"


def spoken(clock: Clock) -> str:
    """Seconds in words."""
    if clock.trouble:
        return "failed"
    more = "> " if clock.limit is not None and not clock.seconds else ""
    value = clock.typical
    return f"{more}{value:.1f} s" if value >= 1 else f"{more}{1e3 * value:.3g} ms"


def judged(case: str, n: int, clocks: dict[str, Clock], truth: Truth) -> list[Row]:
    """Rows with values, and every peer compared with ours."""
    rows = [Row(case, n, name, clock) for name, clock in clocks.items()]
    own = clocks[OURS].weights
    if own is None:
        return rows
    for row in rows:
        weights = row.clock.weights
        if weights is None or row.clock.trouble:
            continue
        row.broken = max(truth.broken(w, capped=case in CAPPED) for w in np.atleast_2d(weights))
        if case == "frontier":
            _along(row, own, truth)
        else:
            row.value = truth.value(case, weights)
            if row.library != OURS:
                best = truth.value(case, own)
                row.loss = best - row.value if case in SPREAD else (best - row.value) / abs(row.value)
                row.apart = float(np.max(np.abs(own - weights)))
    return rows


def _along(row: Row, turning: Array, truth: Truth) -> None:
    """A peer's points against ours of the same mean: weights are linear between turning points, so the line is exact."""
    if row.library == OURS or row.clock.weights is None:
        return
    means = np.array([truth.mean(w) for w in turning])
    losses, apart = [], []
    for w in np.atleast_2d(row.clock.weights):
        mean = truth.mean(w)
        if truth.broken(w, capped=True) > HELD or not means[0] <= mean <= means[-1]:
            continue
        own = np.array([np.interp(mean, means, turning[:, j]) for j in range(turning.shape[1])])
        losses.append(truth.variance(own) / truth.variance(w) - 1)
        apart.append(float(np.max(np.abs(own - w))))
    row.loss, row.apart = max(losses, default=None), max(apart, default=None)


def machine() -> str:
    """What it ran on."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    cpu = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.processor())
    return f"{cpu}, {os.cpu_count()} cores, one thread used, load {os.getloadavg()[0]:.1f}; Python {platform.python_version()}"


def record(rows: list[Row], known: dict[str, str]) -> dict[str, Any]:
    """Everything, for machines."""
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": machine(),
        "versions": versions(known),
        "days": DAYS,
        "rows": [
            {
                "case": r.case, "assets": r.n, "library": r.library, "seconds": r.clock.seconds, "stopped": r.clock.limit,
                "trouble": r.clock.trouble, "value": r.value, "violation": r.broken, "ours_worse_by": r.loss, "apart": r.apart,
            }
            for r in rows
        ],
    }  # fmt: skip


def versions(known: dict[str, str]) -> dict[str, str]:
    """Of the peers and of what all of them stand on."""
    libraries = {name: version for name, version in known.items() if not name.endswith(FAST)}
    return libraries | {name: importlib.metadata.version(name) for name in ("cvxpy", "clarabel", "piqp", "numpy", "scipy")}


def markdown(rows: list[Row], known: dict[str, str]) -> str:
    """Two tables: speed and parity."""
    told = ", ".join(f"{name} {version}" for name, version in versions(known).items())
    head = f"{datetime.now(UTC).date().isoformat()}; {machine()}; {told}."
    is_shipped = any(row.n == SHIPPED for row in rows)
    data = "The daily returns that skfolio ships" if is_shipped else f"{DAYS:,} simulated daily returns"
    what = (
        f"{data}, long-only, fully invested; where it says group caps, {GROUPS} groups of at most "
        f"{100 * CAP:.0f} % each. From returns to weights, processor time, median of the calls after the first."
    )
    return "\n".join([head, "", what, "", *_speed(rows), "", *_alone(rows), "", *_parity(rows), ""])


def _keys(rows: list[Row]) -> list[tuple[str, int]]:
    return list(dict.fromkeys((r.case, r.n) for r in rows))


def _speed(rows: list[Row]) -> list[str]:
    libraries = [name for name in dict.fromkeys(r.library for r in rows) if name not in (OURS, PUBLIC, RAW)]
    lines = [
        f"| Problem | Assets | called, first | called | core | {' | '.join(libraries)} | Peer / called | Peer / core |",
        f"|---|--:|--:|--:|--:|{'--:|' * len(libraries)}--:|--:|",
    ]
    for case, n in _keys(rows):
        if case == "what_if":
            continue
        here = {r.library: r.clock for r in rows if (r.case, r.n) == (case, n)}
        ours = here[OURS]
        if ours.trouble:
            lines.append(f"| {TITLES[case]} | {n} | failed: {ours.trouble} |")
            continue
        peers = [spoken(here[name]) if name in here else "none" for name in libraries]
        clocks = [here[name] for name in libraries if name in here and not here[name].trouble]
        fastest = min(clocks, key=lambda c: c.typical, default=Clock([float("nan")]))
        called = here.get(PUBLIC)
        public = ["none", "none"] if called is None else [f"{1e3 * called.first:.3g} ms", spoken(called)]
        ratios = ["" if called is None else _ratio(fastest, called), _ratio(fastest, ours)]
        lines.append(f"| {TITLES[case]} | {n} | {' | '.join([*public, spoken(ours), *peers, *ratios])} |")
    return lines


def _ratio(peer: Clock, ours: Clock) -> str:
    """How many times as long as ours the peer took, in bold where it is the faster."""
    ratio, bound = peer.typical / ours.typical, "" if peer.seconds else "> "
    told = "tie" if 1 / TIE <= ratio <= TIE else f"{bound}{ratio:.3g}"
    return f"**{told}**" if ratio < 1 / TIE else told


def _alone(rows: list[Row]) -> list[str]:
    lines = [
        "| One cap moved, solved again | Assets | toolkit | PIQP alone, matrices ready | toolkit / PIQP | Wanted |",
        "|---|--:|--:|--:|--:|---|",
    ]
    for case, n in _keys(rows):
        if case == "what_if":
            ours, raw = (next(r.clock for r in rows if (r.case, r.n, r.library) == (case, n, name)) for name in (OURS, RAW))
            wanted = "under 2 ms" if n <= 60 else "at most 3"
            lines.append(f"| | {n} | {spoken(ours)} | {spoken(raw)} | {ours.typical / raw.typical:.2g} | {wanted} |")
    return lines if len(lines) > 2 else []


def _parity(rows: list[Row]) -> list[str]:
    lines = [
        "| Problem | Assets | Peer | Ours worse by (relative) | Largest difference of a weight | Peer's worst violation |",
        "|---|--:|---|--:|--:|--:|",
    ]
    for row in rows:
        if row.library in (OURS, RAW):
            continue
        if row.clock.trouble or row.loss is None or row.apart is None or row.broken is None:
            why = row.clock.trouble or (f"stopped after {row.clock.limit:.0f} s" if row.clock.limit else "no answer")
            lines.append(f"| {TITLES[row.case]} | {row.n} | {row.library} | {why} | | |")
            continue
        cells = f"{row.loss:.1e} | {row.apart:.1e} | {max(row.broken, 0.0):.1e}"
        lines.append(f"| {TITLES[row.case]} | {row.n} | {row.library} | {cells} |")
    return lines
