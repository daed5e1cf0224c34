"""Forecasts of returns, a family a file: a spec is its own TOML table, and its `estimate` returns `ExpectedReturns`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toolkit.core.decode import Spec
from toolkit.core.discovery import union_of_kinds
from toolkit.risk_model.expected_returns.base import ReturnsEstimator

if TYPE_CHECKING:
    ReturnsSpec = ReturnsEstimator
else:
    ReturnsSpec = union_of_kinds(__name__, Spec, "estimate")
    """What `returns = {kind = ...}` of a strategy may be: every spec of this folder with a `kind` and an `estimate`."""
