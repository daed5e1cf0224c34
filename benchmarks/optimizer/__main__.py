"""Ours and every peer in one run on the same returns, from returns to weights, one thread, answers compared.

Run from the repository's root, with the peers in an environment of their own:

    python -m venv /tmp/peers-venv
    /tmp/peers-venv/bin/pip install skfolio riskfolio-lib pyportfolioopt cvxportfolio <what pyproject.toml requires>
    /tmp/peers-venv/bin/python -m benchmarks.optimizer --markdown FILE --json FILE

A peer that is not installed is told. The clock of every library starts at a frame (ours: an array) of daily returns and ends
at weights: universe, constraints, moments, model and solution are in it, imports are not. It counts processor time.
From 1000 assets on, each peer has a process of its own and is stopped after `--limit` seconds ("more than").
"""

from __future__ import annotations

import os

# Before numpy is imported: one thread for every library.
os.environ["OPENBLAS_NUM_THREADS"] = "1"
os.environ["OMP_NUM_THREADS"] = "1"
os.environ["MKL_NUM_THREADS"] = "1"
os.environ["RAYON_NUM_THREADS"] = "1"
os.environ["NUMBA_NUM_THREADS"] = "1"
os.environ["POLARS_MAX_THREADS"] = "1"

import argparse
import json
import sys
import warnings
from pathlib import Path

from benchmarks.optimizer import measure, ours, peers, table
from benchmarks.optimizer.data import MEASURES, SHIPPED, Truth, returns_of

MEAN_VARIANCE = ("min_risk", "max_utility")
SHARED = ("max_ratio", "max_diversification", "risk_parity", "hrp", "min_cvar")
ALONE = 1000
"""Number of assets from which every peer has a process of its own."""


def cases(sizes: list[int]) -> list[tuple[str, int]]:
    """What is run."""
    found = [(case, n) for n in sizes for case in MEAN_VARIANCE]
    found += [("frontier", n) for n in sizes if n <= 200]
    found += [("what_if", n) for n in sorted({*sizes, 60}) if n <= 1000 and n != SHIPPED]
    found += [(case, n) for n in sizes if n in (30, SHIPPED) for case in SHARED]
    found += [(f"least {measure}", n) for n in sizes if n in (30, SHIPPED) for measure in MEASURES]
    return found + [("min_cvar", n) for n in sizes if n == 200]


def run(case: str, n: int, repeats: int, limit: float, known: dict[str, str]) -> list[table.Row]:
    """One case: all clocks, judged."""
    returns = returns_of(n)
    truth = Truth(returns)
    if case == "what_if":
        again, raw = ours.what_if(returns)
        clocks = measure.interleaved({table.OURS: again, table.RAW: raw}, repeats)
        return [table.Row(case, n, name, clock) for name, clock in clocks.items()]
    works = {table.OURS: ours.run(case, returns)}
    if (public := ours.public(case, returns)) is not None:
        works[table.PUBLIC] = public
    if n < ALONE:
        makers = {peer: peers.run(peer, case, returns) for peer in known}
        works |= {peer: work for peer, work in makers.items() if work is not None}
    clocks = measure.interleaved(works, repeats)
    if n >= ALONE:
        able = [peer for peer in known if peers.run(peer, case, returns_of(30)) is not None]
        clocks |= {peer: measure.child(peer, case, n, 2, limit) for peer in able}
    return table.judged(case, n, clocks, truth)


def child(peer: str, case: str, n: str, repeats: str, file: str) -> None:
    """The other side of `measure.child`."""
    warm = peers.run(peer, case, returns_of(30))
    work = peers.run(peer, case, returns_of(int(n)))
    clock = measure.Clock()
    if warm is None or work is None:
        raise SystemExit(3)
    measure.call(warm, measure.Clock())
    for _ in range(int(repeats)):
        measure.call(work, clock)
        measure.answer(clock, Path(file))


def main() -> None:
    """Parse, run, print and write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.optimizer", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[30, 200, 1000, 3000], metavar="N")
    parser.add_argument("--only", nargs="+", metavar="CASE", help="run these cases only")
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--limit", type=float, default=60.0, help="processor seconds a peer may take from 1000 assets on")
    parser.add_argument("--markdown", type=Path, metavar="FILE")
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--child", nargs=5, help=argparse.SUPPRESS)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    if options.child:
        child(*options.child)
        return
    known = peers.installed()
    for peer in sorted(set(peers.PACKAGES) - set(known)):
        print(f"{peer}: not installed, left out.", file=sys.stderr)
    rows = []
    for case, n in cases(options.sizes):
        if options.only and case not in options.only:
            continue
        found = run(case, n, options.repeats, options.limit, known)
        rows += found
        for row in found:
            print(row.line(), flush=True)
    text = table.markdown(rows, known)
    print(f"\n{text}")
    if options.markdown:
        options.markdown.write_text(text)
    if options.json:
        options.json.write_text(json.dumps(table.record(rows, known), indent=1))
    if any(row.worse for row in rows):
        raise SystemExit("an answer of ours is worse than a peer's by more than the tolerance")


if __name__ == "__main__":
    main()
