"""Checks of `toolkit doctor`."""

from __future__ import annotations

import os
import platform
import tempfile
from importlib.metadata import version
from pathlib import Path

import cvxpy as cp
import numpy as np
from cvxpy.error import SolverError

from toolkit.app.context import Context
from toolkit.app.languages import languages
from toolkit.app.report.pdf import INSTALL, printer
from toolkit.core.errors import DataError
from toolkit.optimize.solvers.solve import QUADRATIC_ORDER
from toolkit.records.lists import Check, Doctor

LIBRARIES = ("cvxpy", "polars", "numpy", "scipy", "pydantic", "dataframely", "vl-convert-python")


def _solver(name: str) -> Check:
    """Whether a solver is installed and solves a one-line problem."""
    if name not in cp.installed_solvers():
        return Check(name=f"solver {name}", ok=False, detail="not installed")
    x = cp.Variable()
    try:
        cp.Problem(cp.Minimize(cp.square(x - 1))).solve(solver=name)
    except SolverError as error:
        return Check(name=f"solver {name}", ok=False, detail=str(error))
    error = abs(float(np.asarray(x.value)) - 1.0)
    return Check(name=f"solver {name}", ok=error < 1e-3, detail=f"solves a test problem to {error:.0e}")


def _write_access(folder: Path) -> Check:
    place = folder
    while not place.exists() and place != place.parent:
        place = place.parent
    try:
        with tempfile.NamedTemporaryFile(dir=place):
            pass
    except OSError as error:
        return Check(name="write access", ok=False, detail=f"{place}: {error.strerror}")
    return Check(name="write access", ok=True, detail=str(folder))


def _printing() -> Check:
    """The program that prints reports as PDF."""
    found = printer(os.environ)
    return Check(name="reports as PDF", ok=found is not None, detail=found or INSTALL)


def examine(context: Context) -> Doctor:
    """Every check, in the order a person would make them."""
    found = [
        Check(name="python", ok=True, detail=platform.python_version()),
        Check(name="libraries", ok=True, detail=", ".join(f"{name} {version(name)}" for name in LIBRARIES)),
        *map(_solver, QUADRATIC_ORDER),
        Check(name="threads", ok=True, detail="1 of linear algebra, whatever OPENBLAS_NUM_THREADS says"),
        _write_access(Path(context.settings.config.output.folder)),
        Check(name="languages of reports", ok=True, detail=", ".join(languages())),
        _printing(),
    ]
    try:
        snapshot = context.snapshot
    except DataError as error:
        return Doctor(healthy=False, findings=(*found, Check(name="data", ok=False, detail=str(error))))
    for row in snapshot.provenance():
        if snapshot.source(row.source_id).rhythm_days:
            age = f"{row.overdue_days} days overdue" if row.overdue_days else "current"
            detail = f"newest {row.as_of or row.known_from}, {age}"
            found.append(Check(name=f"{row.table}, {row.source_id}", ok=row.overdue_days == 0, detail=detail))
    return Doctor(healthy=all(check.ok for check in found), findings=tuple(found))
