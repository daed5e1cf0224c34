"""Lots of a holdings file as a report tells them: what an export control can do to each, and what is assumed of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from toolkit.holdings.exposure import LotExposure
from toolkit.holdings.instruments import Instrument
from toolkit.records.answers.holdings import ReadLot
from toolkit.records.exposure import Exposure
from toolkit.records.parts.exit import TaxLot
from toolkit.report.i18n.formats import day
from toolkit.report.i18n.language import Language, mark
from toolkit.report.i18n.text import Span, Text, name

Reach = Literal["safe", "clear", "unknown", "unsettled", "order", "may_not_return"]
CIVIL = "civil"
PLANNED = "planned"
"""Status of a lot that is not owned: in no total of what is held."""
DELAY, ORIGIN, FORM, LATER = "licence_delay", "origin_unknown", "form_unsettled", "bought_later"
"""Keys of what a holdings file makes a report assume."""
REACHES: Mapping[Reach, str] = {
    "safe": mark("Stored outside its origin"),
    "clear": mark("Elsewhere, with nothing in force on it"),
    "unknown": mark("Elsewhere, under an export law that is not covered by the ledger"),
    "unsettled": mark("Under control and at its origin or in China, on its way, or at a place not understood"),
    "order": mark("Ordered, can fail to arrive"),
    "may_not_return": mark("Lent, pledged, seized or lost: may not come back"),
}
"""What an export control can do to a lot, in the order of the bar: each that is held is in one, so that their totals close."""
LEGEND: Mapping[Reach, tuple[str, str]] = {
    "safe": ("plain", mark("stored outside its origin")),
    "clear": ("whitelist", mark("nothing in force on it")),
    "unknown": ("hollow", mark("not known: export law not in the ledger")),
    "unsettled": ("uncertain", mark("under control: at its origin, on its way or place unknown")),
    "order": ("on", mark("ordered, at risk")),
    "may_not_return": ("suspended", mark("may not come back")),
}
"""Class of the mark in a legend, and the words beside it."""
_OPEN: Mapping[str, Reach] = {
    "stored_safe": "safe",
    "open_order_at_risk": "order",
    "planned_at_risk": "order",
    "open_order_clear": "clear",
    "planned_clear": "clear",
    "open_order_not_covered": "unknown",
    "planned_not_covered": "unknown",
    "may_not_return": "may_not_return",
}
LONGEST_LOT_NAME = 40
"""Characters of a name from outside that a table shows; the data table has all of them."""


@dataclass(frozen=True, slots=True)
class Sum:
    """Lots in one reach: how many, their value, and how many of them have no price and are not in it."""

    reach: Reach
    lots: int
    value: float
    unpriced: int


def reach(lot: LotExposure) -> Reach:
    """What an export control in force, or a stop in practice, can do to a lot."""
    at_risk = lot.measures or lot.practice
    return _OPEN.get(lot.delivery, "unsettled" if at_risk else "unknown" if lot.not_covered else "clear")


def sums(lots: Sequence[LotExposure]) -> Mapping[Reach, Sum]:
    """The lots that are owned or ordered by reach; their values add up to the value of all of them."""
    found: dict[Reach, Sum] = {}
    for key in REACHES:
        inside = [lot for lot in lots if lot.status != PLANNED and reach(lot) == key]
        found[key] = Sum(key, len(inside), sum(lot.value or 0.0 for lot in inside), sum(lot.value is None for lot in inside))
    return found


def is_routed(owner: str, lots: Iterable[LotExposure]) -> bool:
    """Whether a lot goes elsewhere than to civil users in the owner's country (ISO-3)."""
    return any((lot.destination, lot.end_user) != (owner, CIVIL) for lot in lots)


def lot_names(lots: Iterable[LotExposure | Instrument | ReadLot | TaxLot], say: Language) -> dict[str, str]:
    """Id of each lot -> its name, with the client behind it where the lots are of several and the id does not begin with it."""
    own = {lot.lot_id: lot.client for lot in lots}
    several = len({*own.values()}) > 1
    unsaid = {lot for lot, client in own.items() if several and client and not lot.startswith(f"{client} ")}
    return {lot: f"{say.lot(lot)} ({client})" if lot in unsaid else say.lot(lot) for lot, client in own.items()}


def shown_name(words: str, most: int = LONGEST_LOT_NAME) -> Span:
    """A name from the file, cut where it would fill the page."""
    return name(words if len(words) <= most else f"{words[: most - 1]}…")


def assumed_of_lots(exposure: Exposure, as_of: date, say: Language) -> Iterator[tuple[str, Text]]:
    """(key, words) of what the exposure of lots on a day takes as given."""
    fmt, lots = say.fmt, exposure.lots
    unknown = sum(lot.assumed_origin for lot in lots)
    if unknown:
        yield (
            ORIGIN,
            say.counted(
                unknown,
                "{N} lot of unknown origin is judged as if it came from China.",
                "{N} lots of unknown origin are judged as if they came from China.",
            ),
        )
    unsettled = sum(lot.uncertain for lot in lots)
    if unsettled:
        yield (
            FORM,
            say.counted(
                unsettled,
                "Notices control part of the form of {n} lot (by size, purity or use); it counts as controlled.",
                "Notices control part of the form of {n} lots (by size, purity or use); they count as controlled.",
            ),
        )
    later = sum(row.bought is not None and day(row.bought) > as_of for row in exposure.purchases)
    if later:
        yield (
            LATER,
            say.counted(
                later,
                "{N} lot of the file was bought after this day and counts as planned.",
                "{N} lots of the file were bought after this day and count as planned.",
            ),
        )
    if delay := exposure.licence_delay:
        yield (
            DELAY,
            say(
                "Days that a licence takes: {median} in the middle, from two to three months without exports of gallium and "
                "germanium in 2023 (no licence was timed); that one in ten takes {tail} or more, and the lognormal shape, are "
                "assumed.",
                median=fmt.number(delay.median),
                tail=fmt.number(delay.tail),
            ),
        )
