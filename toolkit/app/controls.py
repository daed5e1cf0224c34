"""`controls` and `upcoming`: the state of a metal form by form, of all products, of listed items, and the calendar ahead."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import polars as pl

from toolkit.controls.events import CIVIL
from toolkit.controls.items import find_items
from toolkit.controls.ledger import CHINA
from toolkit.controls.purity import purity_fraction
from toolkit.controls.state import ControlState, review_note
from toolkit.controls.upcoming import upcoming
from toolkit.core.countries import country, country_hint
from toolkit.core.errors import SpecError
from toolkit.core.plain import plain
from toolkit.core.size import PieceSize

if TYPE_CHECKING:
    from toolkit.app.context import Context

COMMON_FORM = "metal"
UNITS = {"d": 1, "w": 7, "m": 30, "y": 365}
"""Days in the units of `--within`; a month and a year are spans to look ahead, not calendar months."""


@dataclass(frozen=True, slots=True)
class Route:
    """A route of goods: origin, destination, end user, and the purity and size of a piece.

    Attributes:
        destination: ISO-3 code of the buyer's country.
        purity: Fraction; None when not stated.
        size: Of one solid piece; None when not stated.
    """

    destination: str
    origin: str = CHINA
    end_user: str = CIVIL
    purity: float | None = None
    size: PieceSize | None = None


@dataclass(frozen=True, slots=True)
class ControlAnswer:
    """The state of a metal.

    Attributes:
        state: Of the form asked about, else of the traded form.
        basis: Choice of the form: ``asked``, ``traded`` (the products table), ``named`` (no product; a form that notices name)
            or ``metal`` (none of these).
        forms: Every form that any notice of the origin names, and the traded form, sorted; empty when one form was asked.
        own: Ids of the user's own events in the ledger.
    """

    state: ControlState
    basis: str
    forms: tuple[ControlState, ...]
    own: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """The object of the contract for `state`, and the other forms beside it."""
        forms = [{**state.to_json(), "traded": state.form == self.state.form} for state in self.forms]
        return {**self.state.to_json(), "form_basis": self.basis, "forms": forms, "own_events": list(self.own)}


def parse_purity(text: str | None) -> float | None:
    """A purity given as an option.

    Raises:
        SpecError: for a text that states none.
    """
    if text is None:
        return None
    found = purity_fraction(text)
    if found is None:
        raise SpecError(f"--purity {text!r} is no purity.", hint="Write it as '99.99 %', 4N or 0.9999.")
    return found


def controls(context: Context, metal: str, form: str | None, route: Route, as_of: date) -> ControlAnswer:
    """The state of one metal: of the form asked for, else of the traded form and of every form that a notice names.

    Args:
        context: The control ledger and the products.
        metal: Name or symbol.
        form: Form asked for; None for those traded and named.
        route: Destination, origin, end user, purity and size.
        as_of: Day of knowledge and of the state.

    Raises:
        DataError: for a metal, form, place or end user that is not known, with the nearest names.
    """
    asset = context.metal(metal)

    def state(kind: str) -> ControlState:
        return context.ledger.state(
            asset,
            kind,
            on=as_of,
            destination=route.destination,
            origin=route.origin,
            end_user=route.end_user,
            purity=route.purity,
            size=route.size,
        )

    if form is not None:
        return ControlAnswer(state(form), "asked", (), context.own)
    traded = context.products[asset].form if asset in context.products else None
    named = context.ledger.named_forms(asset, on=as_of, origin=route.origin)
    if traded is not None:
        first, basis = traded, "traded"
    elif named:
        first, basis = (COMMON_FORM if COMMON_FORM in named else named[0]), "named"
    else:
        first, basis = COMMON_FORM, "metal"
    forms = tuple(state(kind) for kind in sorted({first, *named}))
    return ControlAnswer(next(s for s in forms if s.form == first), basis, forms, context.own)


def product_controls(context: Context, route: Route, as_of: date) -> tuple[ControlState, ...]:
    """The control state of the traded form of every product, in the order of the products.

    Args:
        context: The control ledger and the products.
        route: Destination, origin and end user.
        as_of: Day of knowledge and of the state.
    """
    return tuple(
        context.ledger.state(
            asset.key, asset.form, on=as_of, destination=route.destination, origin=route.origin, end_user=route.end_user
        )
        for asset in context.products
        if asset.form is not None
    )


def items(context: Context, query: str, as_of: date) -> pl.DataFrame:
    """The controlled items that match a tariff code or words; see `toolkit.controls.items.find_items`.

    Args:
        context: The control ledger.
        query: Digits of a tariff code, or words of an item.
        as_of: Day of knowledge.
    """
    return find_items(context.ledger, query, on=as_of)


def parse_within(text: str) -> int:
    """Days in a span such as ``90d``, ``12w``, ``3m`` (of 30 days) or ``1y``.

    Raises:
        SpecError: for any other text.
    """
    match = re.fullmatch(r"(\d{1,5})\s*([dwmy]?)", text.strip().casefold())
    if match is None:
        raise SpecError(f"--within {text!r} is no span of time.", hint="Write it as 90d, 12w, 3m or 1y.")
    days = int(match[1]) * UNITS[match[2] or "d"]
    if days > 365 * 100:
        raise SpecError(f"--within {text!r} looks further ahead than a century.", hint="Give a shorter span.")
    return days


@dataclass(frozen=True, slots=True, eq=False)  # frames have no truth value, so calendars are compared by identity
class Calendar:
    """Dated changes in a window, and ids of the user's own events among them."""

    as_of: date
    within_days: int
    events: pl.DataFrame
    own: tuple[str, ...]
    reviewed_to: date | None

    @property
    def review(self) -> str:
        """To which day the ledger was reviewed, and what that means for the days ahead."""
        return review_note(self.reviewed_to, self.as_of)

    def to_json(self) -> dict[str, Any]:
        """One object: window, rows with the day and the days left (negative: past), and the user's own ids."""
        rows = [
            {**plain(row), "days": (row["date"] - self.as_of).days, "own": row["event_id"] in self.own}
            for row in self.events.iter_rows(named=True)
        ]
        return {
            "as_of": self.as_of.isoformat(),
            "within_days": self.within_days,
            "reviewed_to": None if self.reviewed_to is None else self.reviewed_to.isoformat(),
            "review": self.review,
            "upcoming": [row for row in rows if row["status"] == "ahead"],
            "lapsed": [row for row in rows if row["status"] == "lapsed"],
            "own_events": list(self.own),
        }


def calendar(context: Context, within: str) -> Calendar:
    """The calendar of the ledger in force.

    Raises:
        SpecError, DataError: for a span or a file that cannot be used.
    """
    days, as_of = parse_within(within), context.as_of
    return Calendar(as_of, days, upcoming(context.ledger, on=as_of, within_days=days), context.own, context.ledger.reviewed_to)


def check_country(text: str, option: str, *others: str) -> str:
    """The ISO-3 code of a country that an option names, or one of `others`.

    Raises:
        SpecError: with the nearest countries, for anything else.
    """
    code = text if text in others else country(text)
    if code is None:
        raise SpecError(f"{option} {text[:60]!r} is no country.", hint=country_hint(text), details={"option": option})
    return code
