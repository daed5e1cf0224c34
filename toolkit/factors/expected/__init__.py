"""Forecasts of returns, a family a file. Each spec is its own TOML table and ends in `ExpectedReturns`."""

from typing import Annotated

from pydantic import Field

from toolkit.factors.expected.base import ExpectedReturns
from toolkit.factors.expected.equilibrium import EquilibriumReturns
from toolkit.factors.expected.historical import HistoricalReturns
from toolkit.factors.expected.views import ViewsReturns
from toolkit.factors.expected.zero import ZeroReturns

ReturnsSpec = Annotated[
    ZeroReturns | HistoricalReturns | EquilibriumReturns | ViewsReturns,
    Field(discriminator="kind"),
]
"""What `returns = {kind = ...}` of a strategy may be."""

__all__ = ["EquilibriumReturns", "ExpectedReturns", "HistoricalReturns", "ReturnsSpec", "ViewsReturns", "ZeroReturns"]
