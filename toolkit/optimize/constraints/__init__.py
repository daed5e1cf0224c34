"""Constraints of a strategy: one file a family, each constraint the frozen model of its own TOML table."""

from __future__ import annotations

from collections.abc import Mapping

from toolkit.core.discovery import models_by_kind
from toolkit.optimize.constraints.base import Constraint


def constraint_kinds() -> Mapping[str, type[Constraint]]:
    """Every kind of constraint and its model."""
    return models_by_kind(__name__, Constraint)
