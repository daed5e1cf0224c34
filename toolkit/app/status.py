"""The one table from error to exit code (and, for the portal, to HTTP status)."""

from __future__ import annotations

from dataclasses import dataclass

from toolkit.core.errors import (
    DataError,
    Infeasible,
    NumericalFailure,
    SolveError,
    SourceError,
    SpecError,
    ToolkitError,
    Unbounded,
)

WARNINGS_UNDER_STRICT = 7
"""Exit code of a run that finished with warnings under `--strict`."""

ALERT = 8
"""Exit code of `upcoming --alert` when something falls within the window."""


@dataclass(frozen=True, slots=True)
class ExitStatus:
    """Process exit code and HTTP status of an error."""

    exit_code: int
    http: int


TABLE: tuple[tuple[type[ToolkitError], ExitStatus], ...] = (
    (SpecError, ExitStatus(2, 400)),
    (SourceError, ExitStatus(4, 502)),
    (DataError, ExitStatus(3, 422)),
    (Infeasible, ExitStatus(5, 422)),
    (Unbounded, ExitStatus(5, 422)),
    (NumericalFailure, ExitStatus(6, 500)),
    (SolveError, ExitStatus(6, 500)),
    (ToolkitError, ExitStatus(1, 500)),
)
"""First match wins: special classes come before general ones."""


def status_of(error: ToolkitError) -> ExitStatus:
    """The status of an error."""
    return next(status for kind, status in TABLE if isinstance(error, kind))
