"""`cover` of the Python API: when metal that is used runs out, and what to order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from toolkit.api.answers import Answer, rows
from toolkit.api.market import Market, holdings_of, market_of
from toolkit.app.clients import client_name
from toolkit.app.context import Context
from toolkit.app.threads import one_thread
from toolkit.records import cover as records

NEED = (
    "key", "asset", "form", "purity", "site", "kg_a_month", "stock", "on_order", "days", "probability", "stop_early",
    "stop_middle", "stop_late", "missing", "missing_cost",
)  # fmt: skip
QUOTE = ("quote", "need", "why", "counterparty", "origin", "per_kg", "licence", "chance", "risk", "expected", "valid_until")
ORDER = ("quote", "need", "counterparty", "quantity", "cost", "latest")


@dataclass(frozen=True, eq=False, repr=False)
class Cover(Answer[records.CoverAnswer]):
    """When metal runs out, and what to order."""

    told = "topics.cover:document"
    found: records.CoverAnswer
    context: Context

    @property
    def needs(self) -> pl.DataFrame:
        """One row a need: stock, days of cover, probability of a stop and the days of its quantiles."""
        return rows(self.record["needs"], NEED)

    @property
    def stock(self) -> pl.DataFrame:
        """One row a need and week: the quantiles of its stock, kg."""
        found = [{"key": need["key"], **point} for need in self.record["needs"] for point in need["fan"]]
        return rows(found, ("key", "day", "low", "middle", "high"))

    @property
    def quotes(self) -> pl.DataFrame:
        """One row a quotation: landed cost of a kg of contained metal, what it needs to leave, what its risk costs."""
        return rows(self.record["quotes"], QUOTE)

    @property
    def orders(self) -> pl.DataFrame:
        """One row an order: what is bought of which quotation, and by when; without a row where there are no quotations."""
        return rows((self.record["plan"] or {"orders": ()})["orders"], ORDER)


@one_thread()
def cover(
    holdings: Any,
    needs: Any,
    market: Market | None = None,
    *,
    quotes: Any = None,
    licences: Any = None,
    as_of: str | date | None = None,
    months: int = 12,
    probability: float = 0.05,
    budget: float | None = None,
    shares: Mapping[str, float] | None = None,
    interest: float = 0.0,
    currency: str | None = None,
    country: str | None = None,
    client: str | None = None,
) -> Cover:
    """When metal that is used runs out, how probable that is, and which orders keep it running.

    Args:
        holdings: File or frame of lots or movements (docs/holdings.md); None where nothing is there.
        needs: File or frame of what is used (docs/cover.md).
        market: What is known; by default the bundled market.
        quotes: File or frame of quotations, or a list of those of several suppliers.
        licences: File or frame of own applications for licences.
        as_of: Day of the question; today by default.
        months: Asked about.
        probability: Of a stop, that orders may leave to each metal.
        budget: Money for orders, in the reporting currency: what misses least for it, in place of `probability`.
        shares: Country of origin (ISO-3) or supplier -> largest share of what is ordered of a metal.
        interest: Of money that is tied up, a year.
        currency: Of money; by default that of the settings.
        country: The owner's; by default that of the settings.
        client: Whose lots are meant, where the file has a column of clients.

    Raises:
        SpecError: for an argument that cannot be used.
        DataError, FrameError: for bad input, with file, rows and remedy.
    """
    from toolkit.app.cover import CoverRequest  # noqa: PLC0415  # its solver is loaded by it alone
    from toolkit.app.cover import cover as answer_of  # noqa: PLC0415

    context = market_of(market).context(as_of=as_of, owner__currency=currency, owner__country=country)
    held, used, applied = (None if one is None else holdings_of(one) for one in (holdings, needs, licences))
    several = quotes if isinstance(quotes, list | tuple) else [] if quotes is None else [quotes]
    quoted = [holdings_of(one) for one in several]
    request = CoverRequest(
        held, used or "", context, quoted, applied, client_name(client), months, probability, budget, shares, interest
    )
    return Cover(answer_of(request), context)
