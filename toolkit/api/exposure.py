"""`exposure` of the Python API: what one holds, and what export controls mean for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any

import polars as pl

from toolkit.api.answers import ReportedAnswer, rows
from toolkit.api.market import Market, holdings_of, market_of
from toolkit.app.clients import client_name
from toolkit.app.context import Context
from toolkit.app.threads import one_thread
from toolkit.controls.events import CIVIL, end_user_of
from toolkit.core.errors import SpecError
from toolkit.records.exposure import ExposureAnswer

if TYPE_CHECKING:
    from toolkit.app.holdings.exposure import ExposureRequest
    from toolkit.app.subjects import Subject
    from toolkit.report.document import Document
    from toolkit.report.i18n.language import Language

LOT = (
    "lot_id", "asset", "form", "mass", "value", "origin", "destination", "end_user", "headline", "coverage", "controlled",
    "delivery", "client",
)  # fmt: skip
TOTAL = ("name", "lots", "value", "share", "unpriced")


@dataclass(frozen=True, eq=False, repr=False)
class Exposure(ReportedAnswer[ExposureAnswer]):
    """The exposure of a file of lots."""

    found: ExposureAnswer
    context: Context
    request: ExposureRequest

    @property
    def lots(self) -> pl.DataFrame:
        """One row a lot: its value, its law, and where it stands."""
        return rows(self.record["lots"], LOT)

    @property
    def deliveries(self) -> pl.DataFrame:
        """One row a state of delivery; they add up to the value of what is held."""
        return rows(self.record["deliveries"], TOTAL)

    @property
    def clients(self) -> pl.DataFrame:
        """One row a client that the file names: lots, value, its share of all, and what of it a control may stop."""
        found = [{**one["held"], "name": one["client"], "at_risk": one["at_risk"]["value"]} for one in self.record["clients"]]
        return rows(found, (*TOTAL, "at_risk"))

    def document(self, say: Language) -> Document:
        """What `toolkit exposure` prints."""
        from toolkit.report.topics.holdings import document  # noqa: PLC0415

        return document(self._subject.record, self._subject.parts, self.found.reading, say)

    @cached_property
    def _subject(self) -> Subject:
        from toolkit.app.subjects import holdings_of  # noqa: PLC0415  # who asks for figures alone does not pay for a report

        return holdings_of(self.found, self.request)


@one_thread()
def exposure(
    holdings: Any,
    market: Market | None = None,
    *,
    as_of: str | date | None = None,
    currency: str | None = None,
    country: str | None = None,
    owner_kind: str | None = None,
    loss: float | None = None,
    elasticity: str | None = None,
    cap: float | None = None,
    client: str | None = None,
    end_user: str = CIVIL,
) -> Exposure:
    """What is stored safe, what can fail to arrive, and to whom it may not be resold, lot by lot.

    Args:
        holdings: File or frame of lots (docs/holdings.md).
        market: What is known, own prices among it; by default the bundled market.
        as_of: Nothing published later is looked at; today by default.
        currency: Of values; by default that of the settings.
        country: The owner's; by default that of the settings.
        owner_kind: private, company or trust; by default that of the settings.
        loss: Fraction of supply that a stop takes, beside the usual ones.
        elasticity: ``LOW:HIGH`` of supply plus demand; cases by default.
        cap: Multiple of the price at which buyers substitute.
        client: Whose lots are meant, where the file has a column of clients.
        end_user: civil, military or listed: of lots that name none.

    Raises:
        DataError, FrameError, GapError: for bad input, with file, rows and remedy.
    """
    lots = holdings_of(holdings)
    if elasticity is not None and not isinstance(elasticity, str):
        raise SpecError(f"elasticity is a text, not {elasticity!r}.", hint='Write it as "0.25:0.7".')
    if loss is not None and (not isinstance(loss, int | float) or not 0 <= loss < 1):
        raise SpecError(f"loss must be a fraction of supply from 0 to below 1, not {loss!r}.", hint="50 % is 0.5.")
    found = market_of(market)
    from toolkit.app.holdings.exposure import ExposureRequest, expose  # noqa: PLC0415  # files of lots are read by it alone

    request = ExposureRequest(
        holdings=lots,
        context=found.context(as_of=as_of, owner__currency=currency, owner__country=country, owner__kind=owner_kind),
        prices=found.prices,
        loss=loss,
        elasticity=elasticity,
        cap=cap,
        client=client_name(client),
        end_user=end_user_of(end_user),
    )
    return Exposure(expose(request), request.context, request)
