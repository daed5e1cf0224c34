"""Forecasts of returns, a family a file. Each spec is its own TOML table and ends in `ExpectedReturns`."""

from typing import Annotated

from pydantic import Field

from toolkit.risk_model.expected_returns.base import ExpectedReturns
from toolkit.risk_model.expected_returns.equilibrium import EquilibriumReturns
from toolkit.risk_model.expected_returns.historical import HistoricalReturns
from toolkit.risk_model.expected_returns.views import ViewsReturns
from toolkit.risk_model.expected_returns.zero import ZeroReturns

ReturnsSpec = Annotated[
    ZeroReturns | HistoricalReturns | EquilibriumReturns | ViewsReturns,
    Field(discriminator="kind"),
]
"""What `returns = {kind = ...}` of a strategy may be."""

__all__ = ["EquilibriumReturns", "ExpectedReturns", "HistoricalReturns", "ReturnsSpec", "ViewsReturns", "ZeroReturns"]
