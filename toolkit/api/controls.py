"""`controls` of the Python API: the export controls on a metal, or on every product."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import polars as pl

from toolkit.api.answers import Answer, rows
from toolkit.api.market import Market, market_of
from toolkit.app.context import Context
from toolkit.app.controls import answers as app
from toolkit.app.threads import one_thread
from toolkit.controls.events import EUROPEAN_UNION, end_user_of
from toolkit.core.errors import SpecError
from toolkit.core.size import PieceSize
from toolkit.records.controls import MetalControls, ProductControls

if TYPE_CHECKING:
    from toolkit.report.document import Document
    from toolkit.report.i18n.language import Language

STATE = ("metal", "form", "headline", "listed", "uncertain")


@dataclass(frozen=True, eq=False, repr=False)
class Controls(Answer[MetalControls | ProductControls]):
    """The state of a metal form by form, or of every product; not legal advice."""

    found: MetalControls | ProductControls
    context: Context

    @property
    def states(self) -> pl.DataFrame:
        """One row a form: what the law says of it on the day and for the destination."""
        found = self.record.get("products") or self.record["forms"] or [self.record]
        return rows(found, STATE)

    @property
    def measures(self) -> pl.DataFrame:
        """One row a measure on a form: its instrument, status and days."""
        found = self.record.get("products") or self.record["forms"] or [self.record]
        entries = [{"metal": one["metal"], "form": one["form"], **measure} for one in found for measure in one["measures"]]
        return rows(entries)

    def document(self, say: Language) -> Document:
        """What `toolkit controls` prints."""
        from toolkit.report.topics.controls import document  # noqa: PLC0415

        return document(self.found, say)


@one_thread()
def controls(
    metal: str | None = None,
    market: Market | None = None,
    *,
    to: str | None = None,
    origin: str = "CHN",
    form: str | None = None,
    end_user: str = "civil",
    purity: str | None = None,
    size: str | None = None,
    as_of: str | date | None = None,
) -> Controls:
    """The export controls on a metal, form by form: law first, practice beside it.

    Args:
        metal: By key or element symbol; None for the traded form of every product.
        market: What is known, own events among it; by default the bundled market.
        to: Buyer's country; by default the owner's.
        origin: Country whose exports are asked about.
        form: As notices name it (metal, oxide, phosphide); None for all.
        end_user: ``civil``, ``military`` or ``listed``.
        purity: As traded: ``99.99 %``, ``4N`` or ``0.9999``.
        size: Of one solid piece: ``30x700`` or ``120x120x50`` in mm, or ``5kg``.
        as_of: Nothing published later is looked at; today by default.

    Raises:
        DataError, SpecError: for a metal, form, country or end user that is not known, with the nearest names.
    """
    if form is not None and metal is None:
        raise SpecError("form needs a metal: notices name forms of metals.", hint="Give a metal.")
    for key, given in {"metal": metal, "to": to, "origin": origin, "form": form, "end_user": end_user, "size": size}.items():
        if given is not None and not isinstance(given, str):
            raise SpecError(f"{key} is a text, not {given!r}.", hint="Ask for one at a time.")
    if purity is not None and not isinstance(purity, str):
        raise SpecError(f"purity is a text, not {purity!r}.", hint=f'Write it as "{purity}" or "99.99 %".')
    context = market_of(market).context(as_of=as_of)
    route: app.Route = {
        "destination": app.check_country(to or context.settings.config.owner.country, "to"),
        "origin": app.check_country(origin, "origin", EUROPEAN_UNION),
        "end_user": end_user_of(end_user),
        "purity": app.parse_purity(purity),
        "size": None if size is None else PieceSize.parse(size),
    }
    if metal is not None:
        answer = app.controls(context, metal, form, route, context.as_of)
    else:
        answer = app.product_controls(context, route, context.as_of)
    return Controls(answer, context)
