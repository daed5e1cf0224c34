"""Covariance estimators, a family a file: a spec is its own TOML table, and its `estimate` returns a `StructuredCovariance`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toolkit.core.decode import Spec
from toolkit.core.discovery import union_of_kinds
from toolkit.risk_model.covariance.form import CovarianceEstimator

if TYPE_CHECKING:
    CovarianceSpec = CovarianceEstimator
else:
    CovarianceSpec = union_of_kinds(__name__, Spec, "estimate")
    """What `covariance = {kind = ...}` of a strategy may be: every spec of this folder with a `kind` and an `estimate`."""
