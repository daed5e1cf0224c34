"""`liquidation` of the Python API: what holdings would fetch, when, and what each lot lacks to be sold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any

import polars as pl

from toolkit.api.answers import ReportedAnswer, rows
from toolkit.api.market import Market, holdings_of, market_of
from toolkit.app.clients import client_name
from toolkit.app.context import Context
from toolkit.app.threads import one_thread
from toolkit.records.exit import ExitAnswer

if TYPE_CHECKING:
    from toolkit.app.subjects import Subject
    from toolkit.report.document import Document
    from toolkit.report.i18n.language import Language

GOOD = ("asset", "form", "lots", "quantity", "value", "spread", "terms", "later")


@dataclass(frozen=True, eq=False, repr=False)
class Liquidation(ReportedAnswer[ExitAnswer]):
    """What could be money within some days."""

    found: ExitAnswer
    context: Context
    subject: Subject
    reading: Sequence[str]

    @property
    def goods(self) -> pl.DataFrame:
        """One row a metal and form: what is for sale of it, the spread and what it rests on, money after the last rung."""
        return rows(self.record["ladder"]["goods"], GOOD)

    @property
    def rungs(self) -> pl.DataFrame:
        """One row a metal, form and number of days: money within them, and the ends of its interval."""
        found = [
            {"asset": one["asset"], "form": one["form"], **rung}
            for one in self.record["ladder"]["goods"]
            for rung in one["rungs"]
        ]
        return rows(found, ("asset", "form", "days", "money", "low", "high"))

    @property
    def lots(self) -> pl.DataFrame:
        """One row a lot and what it lacks, null for nothing: by the file, or the numbers of measures."""
        found = [
            {**one, **lack}
            for one in self.record["ladder"]["lots"]
            for lack in one["lacks"] or [{"what": None, "source": None}]
        ]
        return rows(found, ("lot_id", "asset", "value", "for_sale", "what", "source"))

    def document(self, say: Language) -> Document:
        """What `toolkit exit` prints."""
        from toolkit.report.topics.holdings import document  # noqa: PLC0415  # who asks for figures alone needs no document
        from toolkit.report.topics.liquidation import ANSWER  # noqa: PLC0415

        return document(self.subject.record, self.subject.parts, self.reading, say, ANSWER)

    @cached_property
    def _subject(self) -> Subject:
        return self.subject


@one_thread()
def liquidation(
    holdings: Any,
    market: Market | None = None,
    *,
    bids: Any = None,
    as_of: str | date | None = None,
    currency: str | None = None,
    country: str | None = None,
    client: str | None = None,
) -> Liquidation:
    """What could be money within 2, 14, 30 and 90 days, at which spread, and what each lot lacks to be sold.

    Args:
        holdings: File or frame of lots or movements (docs/holdings.md).
        market: What is known, own prices among it; by default the bundled market.
        bids: File or frame of own bids (docs/bids.md); by default those of the settings, if any.
        as_of: Nothing published later is looked at; today by default.
        currency: Of values; by default that of the settings.
        country: The owner's; by default that of the settings.
        client: Whose lots are meant, where the file has a column of clients.

    Raises:
        DataError, FrameError, GapError: for bad input, with file, rows and remedy.
    """
    found = market_of(market)
    from toolkit.app.holdings.exit import exit_answer  # noqa: PLC0415  # files of lots are read by it alone
    from toolkit.app.holdings.exposure import ExposureRequest  # noqa: PLC0415

    context = found.context(as_of=as_of, owner__currency=currency, owner__country=country)
    context = context if bids is None else replace(context, given_bids=holdings_of(bids))
    request = ExposureRequest(holdings_of(holdings), context, found.prices, client=client_name(client))
    answer, subject, reading = exit_answer(request)
    return Liquidation(answer, context, subject, reading)
