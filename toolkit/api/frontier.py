"""`frontier` of the Python API."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from os import PathLike
from typing import Any, Unpack

import numpy as np
import polars as pl

from toolkit.api.answers import Answer
from toolkit.api.market import Market
from toolkit.api.plot import Picture
from toolkit.api.run import OfPrices, asks, request_of
from toolkit.app.context import Context
from toolkit.app.frontier import efficient_frontier
from toolkit.app.threads import one_thread
from toolkit.core.errors import SpecError
from toolkit.records import frontier as records
from toolkit.strategy.model import Strategy


@dataclass(frozen=True, eq=False, repr=False)
class EfficientFrontier(Answer[records.EfficientFrontier]):
    """What the constraints of a strategy allow, from least risk to the largest return or the least cost."""

    told = "topics.frontier:document"
    found: records.EfficientFrontier
    context: Context

    @property
    def points(self) -> pl.DataFrame:
        """One row a point: its figures, and a column of weights for each asset and for cash."""
        return self._frame(self.record["points"])

    @property
    def turning_points(self) -> pl.DataFrame:
        """The points at which the set of limits that bind changes, and what changes there."""
        return self._frame(self.record["critical"])

    def plot(self) -> Picture:
        """Risk against what is traded for it."""
        from toolkit.report.charts.frontier import frontier_svg  # noqa: PLC0415  # the drawing library is large

        return Picture(frontier_svg(self.found))

    def _frame(self, entries: Iterable[Mapping[str, Any]]) -> pl.DataFrame:
        told = [
            {**{key: value for key, value in entry.items() if key not in ("weights", "cash", "changes")}, **entry["weights"],
             "cash": entry["cash"], **({"changes": entry["changes"]} if "changes" in entry else {})}
            for entry in entries
        ]  # fmt: skip
        return pl.DataFrame(told, infer_schema_length=None)


@one_thread()
@asks(OfPrices)
def frontier(
    strategy: str | PathLike[str] | Strategy = "physical-basket",
    market: Market | None = None,
    *,
    points: int = 50,
    **asked: Unpack[OfPrices],
) -> EfficientFrontier:
    """The efficient frontier of a strategy's constraints: risk against return, or against cost where none is forecast.

    Args:
        strategy: Itself, its name, or the path of its file.
        market: What is known; by default the bundled market.
        points: Evenly spaced, 2 at least.
        asked: Arguments of `toolkit.api.run.OfPrices`; of the budget costs depend that do not grow with it.

    Raises:
        SpecError: where nothing is traded against risk, or a limit is neither hard nor convex.
        ToolkitError: as of `optimize`.
    """
    if isinstance(points, bool) or not isinstance(points, int | np.integer):
        raise SpecError(f"points must be a whole number, not {points!r}.")
    request = request_of(strategy, market, **asked)
    return EfficientFrontier(efficient_frontier(request, int(points)), request.context)
