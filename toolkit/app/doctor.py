"""Checks of `toolkit doctor`."""

from __future__ import annotations

import importlib.util
import os
import platform
import tempfile
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import cvxpy as cp
import numpy as np
from cvxpy.error import SolverError

from toolkit.app.context import Context
from toolkit.app.languages import languages
from toolkit.app.report.pdf import INSTALL, browser
from toolkit.core.errors import DataError
from toolkit.optimize.solvers.solve import CONIC_ORDER, QUADRATIC_ORDER

LIBRARIES = ("cvxpy", "polars", "numpy", "scipy", "pydantic", "dataframely", "vl-convert-python")


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: what, whether it is in order, and the detail."""

    name: str
    ok: bool
    detail: str

    def to_json(self) -> dict[str, Any]:
        """JSON-ready."""
        return {"name": self.name, "ok": self.ok, "detail": self.detail}


def _solver(name: str) -> Finding:
    """Whether a solver is installed and solves a one-line problem."""
    if name not in cp.installed_solvers():
        return Finding(f"solver {name}", ok=False, detail="not installed")
    x = cp.Variable()
    try:
        cp.Problem(cp.Minimize(cp.square(x - 1))).solve(solver=name)
    except SolverError as error:
        return Finding(f"solver {name}", ok=False, detail=str(error))
    error = abs(float(np.asarray(x.value)) - 1.0)
    return Finding(f"solver {name}", ok=error < 1e-3, detail=f"solves a test problem to {error:.0e}")


def _write_access(folder: Path) -> Finding:
    place = folder
    while not place.exists() and place != place.parent:
        place = place.parent
    try:
        with tempfile.NamedTemporaryFile(dir=place):
            pass
    except OSError as error:
        return Finding("write access", ok=False, detail=f"{place}: {error.strerror}")
    return Finding("write access", ok=True, detail=str(folder))


def _printing() -> Finding:
    """The program that prints reports as PDF."""
    found = browser(os.environ) or ("WeasyPrint" if importlib.util.find_spec("weasyprint") else None)
    return Finding("reports as PDF", ok=found is not None, detail=found or INSTALL)


def examine(context: Context) -> tuple[Finding, ...]:
    """Every check, in the order a person would make them."""
    findings = [
        Finding("python", ok=True, detail=platform.python_version()),
        Finding("libraries", ok=True, detail=", ".join(f"{name} {version(name)}" for name in LIBRARIES)),
        *(_solver(name) for name in dict.fromkeys((*QUADRATIC_ORDER, *CONIC_ORDER))),
        Finding("threads", ok=True, detail=f"OPENBLAS_NUM_THREADS={os.environ.get('OPENBLAS_NUM_THREADS', 'not set')}"),
        _write_access(Path(context.settings.config.output.folder)),
        Finding("languages of reports", ok=True, detail=", ".join(languages())),
        _printing(),
    ]
    try:
        snapshot = context.snapshot
    except DataError as error:
        return (*findings, Finding("data", ok=False, detail=str(error)))
    for record in snapshot.provenance():
        if record.source.rhythm_days:
            age = f"{record.overdue_days} days overdue" if record.overdue_days else "current"
            newest = record.newest or record.known_from
            name = f"{record.table}, {record.source.id}"
            findings.append(Finding(name, ok=record.overdue_days == 0, detail=f"newest {newest}, {age}"))
    return tuple(findings)
