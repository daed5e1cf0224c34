"""`performance` of the Python API: what holdings earned by their movements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from toolkit.api.answers import Answer, rows
from toolkit.api.market import Market, holdings_of, market_of
from toolkit.app.clients import client_name
from toolkit.app.context import Context
from toolkit.app.threads import one_thread
from toolkit.records import performance as records

EARNED = ("key", "put_in", "taken_out", "value", "rate", "money_weighted", "time_weighted", "time_weighted_a_year", "gross")


@dataclass(frozen=True, eq=False, repr=False)
class Performance(Answer[records.Performance]):
    """What holdings earned."""

    told = "topics.performance:document"
    found: records.Performance
    context: Context

    @property
    def metals(self) -> pl.DataFrame:
        """One row a metal: money in and out, value, returns."""
        return rows(self.record["metals"], EARNED)

    @property
    def lots(self) -> pl.DataFrame:
        """One row a lot: the same, what is held and sold, and from when on a sale is free of tax."""
        return rows(self.record["lots"], ("key", "metal", "first", "held", "sold", "cost", *EARNED[1:], "free_from"))

    @property
    def left(self) -> pl.DataFrame:
        """One row a lot, or a part of it, that was sold, taken or lost: what it cost and brought."""
        return rows(
            self.record["left"], ("lot_id", "metal", "how", "bought", "day", "quantity", "cost", "proceeds", "fees", "gain")
        )

    @property
    def years(self) -> pl.DataFrame:
        """One row a calendar year: value at both ends, money in and out, gain, return by time, and what was paid beside."""
        money = ("begin", "put_in", "taken_out", "end", "gain", "time_weighted", "fees", "storage", "tax")
        return rows(self.record["years"], ("year", *money))

    @property
    def path(self) -> pl.DataFrame:
        """One row a day: value, what was put in less what was taken out so far, and growth of 1 by time."""
        return rows(self.record["path"], ("day", "value", "paid", "is_flow", "index"))


@one_thread()
def performance(
    movements: Any,
    market: Market | None = None,
    *,
    as_of: str | date | None = None,
    currency: str | None = None,
    country: str | None = None,
    client: str | None = None,
    benchmarks: Sequence[str] = (),
) -> Performance:
    """Where the money went and what it earned: value, gain by its causes, returns by time and by money, each lot.

    Args:
        movements: File or frame of movements (docs/movements.md).
        market: What is known, own prices among it; by default the bundled market.
        as_of: Last day; nothing published later is looked at; today by default.
        currency: Of values; by default that of the settings.
        country: The owner's; by default that of the settings.
        client: Whose movements are meant, where the file has a column of clients.
        benchmarks: Metals, names of series among the own prices, or price files of one series.

    Raises:
        SpecError: for a list of lots, which tells no sales.
        DataError, FrameError: for bad input, with file, rows and remedy.
    """
    found = market_of(market)
    from toolkit.app.performance import PerformanceRequest  # noqa: PLC0415  # files of movements are read by it alone
    from toolkit.app.performance import performance as answer_of  # noqa: PLC0415

    context = found.context(as_of=as_of, owner__currency=currency, owner__country=country)
    request = PerformanceRequest(holdings_of(movements), context, found.prices, client_name(client), tuple(benchmarks))
    return Performance(answer_of(request), context)
