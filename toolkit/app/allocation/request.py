"""The request of a command that optimizes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from toolkit.app.config import Owner, Settings
from toolkit.app.context import Context
from toolkit.app.definitions import find
from toolkit.app.prices import PriceFiles
from toolkit.app.strategies.own_files import read_strategy, with_own_files
from toolkit.market.readers.tabular import Table
from toolkit.risk_model.expected_returns.own import OwnReturns
from toolkit.risk_model.expected_returns.views import ViewsReturns
from toolkit.strategy.model import Strategy
from toolkit.strategy.scenarios import OwnScenarios

if TYPE_CHECKING:
    from toolkit.app.allocation.holdings import Held


@dataclass(frozen=True, slots=True)
class Request:
    """A request for an allocation.

    Attributes:
        strategy: The strategy, its name, or the path of its file.
        context: Settings, day, and market as known on it.
        overrides: `--set` options on a strategy that is named.
        scenarios, expected: In place of those of its forecast; None for these.
        budget_given: Whether the budget was asked for on this call, rather than being the configured default.
        prices: The user's own; None for the bundled prices alone.
        total: The whole, holdings included, where that was asked for.
        sell_others: Whether what is held outside the strategy may be sold.
        holdings: File, or cells of a frame of lots, or a stored run (its id, or ``last``), or what is held itself; None for an
            empty start.
        client: Name of the client, as of `toolkit.app.clients`.
    """

    strategy: str | Strategy
    context: Context
    overrides: tuple[str, ...] = ()
    budget_given: bool = False
    prices: PriceFiles | None = None
    holdings: str | Table | Held | None = None
    seed: int = 0
    client: str | None = None
    total: float | None = None
    sell_others: bool = False
    scenarios: OwnScenarios | None = None
    expected: OwnReturns | ViewsReturns | None = None

    def read_strategy(self) -> Strategy:
        """The strategy with the overrides; `SpecError` for an unknown name or a file with faults."""
        if isinstance(self.strategy, Strategy):
            found = self.strategy
        else:
            found = read_strategy(find("strategies", self.strategy).path, self.overrides)
        own = {name: one for name, one in (("scenarios", self.scenarios), ("returns", self.expected)) if one is not None}
        if own:
            found = found.model_copy(update={"forecast": found.forecast.model_copy(update=own)})
        return with_own_files(found, Path())

    @property
    def settings(self) -> Settings:
        """Country, currency and money of the owner."""
        return self.context.settings

    @property
    def owner(self) -> Owner:
        """Country, currency and order of sales."""
        return self.settings.config.owner

    @property
    def as_of(self) -> date:
        """The day asked about."""
        return self.context.as_of


Own = TypeVar("Own", OwnScenarios, OwnReturns)


def own_forecast(given: Any, kind: type[Own]) -> Own | None:
    """A part of a forecast that is given: a path, a frame, or the table itself; None for None."""
    if given is None or isinstance(given, kind):
        return given
    return kind(file=str(given)) if isinstance(given, str | PathLike) else kind(values=given)
