"""Parts of a report: their protocol, their input and their discovery."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date

import polars as pl

from toolkit.app.context import Context
from toolkit.app.holdings.exposure import ExposureRequest
from toolkit.core.discovery import values_by_name
from toolkit.core.grouping import sums_by_key
from toolkit.holdings.exposure import PLANS, LotExposure
from toolkit.records.base import Named
from toolkit.records.findings import Part as Found
from toolkit.records.findings import Parts
from toolkit.records.positions import Position
from toolkit.records.run import Run
from toolkit.records.sources import Provenance
from toolkit.records.subjects import Holdings, Subject


@dataclass(frozen=True, slots=True)
class Ask:
    """Input of a part.

    Attributes:
        context: The owner, and the ledger and the snapshot of the market on the day.
        assets: Keys of the products that the report is about, those held first; all products for the market alone.
        record: The subject.
        request: For the holdings that the subject is; None of another subject.
        loss, elasticity, cap: Of supply in a stop of exports, beside the usual ones, as of `toolkit.app.stops`; None for none.
    """

    context: Context
    assets: tuple[str, ...]
    record: Subject
    loss: float | None = None
    elasticity: str | None = None
    cap: float | None = None
    request: ExposureRequest | None = None

    @property
    def as_of(self) -> date:
        """Nothing known later is looked at."""
        return self.context.as_of

    @property
    def currency(self) -> str:
        """The reporting currency."""
        return self.context.settings.config.owner.currency

    @property
    def weights(self) -> Mapping[str, float]:
        """Share of value by product, of what is proposed or held; empty for the market alone. Cash is none of them."""
        if isinstance(self.record, Holdings):
            return self.record.weights
        return sums_by_key((row.product, row.weight) for row in self.positions)

    @property
    def positions(self) -> tuple[Position, ...]:
        """Positions of a proposal; none of another subject."""
        return self.record.positions if isinstance(self.record, Run) else ()

    def named(self, asset: str) -> Named:
        """`named` in this context."""
        return named(self.context, asset)

    @property
    def lots(self) -> tuple[LotExposure, ...]:
        """Lots that are owned or ordered; none of another subject than holdings."""
        lots = self.record.exposure.lots if isinstance(self.record, Holdings) else ()
        return tuple(lot for lot in lots if lot.delivery not in PLANS)

    def provenance(self, **tables: pl.DataFrame) -> tuple[Provenance, ...]:
        """Rows of `data[]` for the rows of tables that were used."""
        return self.context.snapshot.provenance(tables)


def named(context: Context, asset: str) -> Named:
    """What names a metal in a table: its product, or else its key."""
    if asset not in context.products:
        return Named(asset=asset, name=asset, element=None)
    return Named.from_objects(context.products[asset], asset=asset)


Find = Callable[[Ask], Found | None]


@dataclass(frozen=True, slots=True)
class Part:
    """A part by name."""

    name: str
    find: Find


def part(name: str) -> Callable[[Find], Part]:
    """Turn a function into the part `name`, a field of `toolkit.records.findings.Parts`: it returns its record, or None.

    Fields with a meaning for every report: ``data``, rows of provenance, and ``assumptions``, key -> sentence.
    """
    return lambda find: Part(name, find)


def parts() -> Mapping[str, Part]:
    """Every part by name, from the modules of this package; two of one name are refused."""
    return values_by_name(("toolkit.app.topics",), Part)


def findings(ask: Ask, wanted: Collection[str] | None = None) -> Parts:
    """Every part that the data of the day hold, or those of them that are wanted."""
    asked = [(name, one) for name, one in parts().items() if wanted is None or name in wanted]
    return Parts.model_validate({name: found for name, one in asked if (found := one.find(ask)) is not None})
