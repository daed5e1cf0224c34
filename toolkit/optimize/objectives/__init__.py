"""Objectives of a strategy: one file a family, each objective the frozen model of its own TOML table."""

from __future__ import annotations

from collections.abc import Mapping

from toolkit.core.discovery import models_by_kind
from toolkit.optimize.objectives.base import Objective


def objective_kinds() -> Mapping[str, type[Objective]]:
    """Every kind of objective and its model."""
    return models_by_kind(__name__, Objective)
