"""`controls` and `upcoming`: the state of a metal form by form, of all products, of listed items, and the calendar ahead."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING

import polars as pl

from toolkit.controls.ledger import CHINA, COMMON_FORM, ControlLedger
from toolkit.controls.purity import settled_purity
from toolkit.controls.state import Route, doubt_note, returned_by_dates, review_note
from toolkit.controls.upcoming import upcoming
from toolkit.core.countries import country, country_hint
from toolkit.core.errors import DataError, SpecError
from toolkit.core.messages import message
from toolkit.core.text import words
from toolkit.records.controls import ControlledItems, Form, ListedItem, MetalControls, ProductControls, ProductState
from toolkit.records.dates import Dates, Upcoming

if TYPE_CHECKING:
    from toolkit.app.context import Context

SHORTEST_CODE = 4
"""Digits of a heading of the Harmonized System; fewer name a chapter, which is no help in a list of items."""


def _same_code(code: str, listed: str) -> bool:
    """Whether one code is the other or a heading of it: items carry 8 or 10 digits, people type 4 to 10."""
    return code.startswith(listed) or listed.startswith(code)


def find_items(ledger: ControlLedger, query: str, *, on: date) -> pl.DataFrame:
    """The controlled items that `query` finds, with the legal status of their notice on `on`.

    Args:
        ledger: A ledger built with its `control_items`.
        query: A tariff code of at least four digits (dots and spaces are ignored), or words that must all occur in the
            name of the item (English or Chinese), its metals, its control code or its notice.
        on: Day of the question; notices published later are not shown.

    Returns:
        The columns of `control_items` and `status`, in the order of the notices; empty when nothing is found.
    """
    if ledger.items is None:
        raise DataError("the ledger was built without its items.", hint="Give the table control_items to ControlLedger.of.")
    text = query.strip()
    code = text.replace(".", "").replace(" ", "")
    if not text or (code.isdecimal() and len(code) < SHORTEST_CODE):
        raise SpecError(
            "{query!r:s} is too short to look for.", hint="Give words, or at least four digits of a tariff code.", query=query
        )

    def matches(row: dict[str, str | None]) -> bool:
        if code.isdecimal():
            return any(_same_code(code, listed) for listed in words(row["hs_codes"]))
        hay = " ".join(row[name] or "" for name in ("item", "item_cn", "metals", "control_code", "notice")).casefold()
        return all(word in hay for word in text.casefold().split())

    known = ledger.items.filter(pl.col("known_from") <= on)
    found = known.filter(pl.Series([matches(row) for row in known.iter_rows(named=True)], dtype=pl.Boolean))
    status = [ledger.chronology.status(ledger[event_id], on, known=on) for event_id in found["event_id"]]
    return found.with_columns(pl.Series("status", status, dtype=pl.String)).sort("known_from", "notice", "item")


UNITS = {"d": 1, "w": 7, "m": 30, "y": 365}
"""Days in the units of `--within`; a month and a year are spans to look ahead, not calendar months."""


def parse_purity(text: str | None) -> float | None:
    """A purity given as an option.

    Raises:
        SpecError: for a text that states none.
    """
    if text is None:
        return None
    found = settled_purity(text)
    if found is None:
        raise SpecError("--purity {text!r:s} is no purity.", hint="Write it as '99.99 %', 4N or 0.9999.", text=text)
    return found


def controls(context: Context, metal: str, form: str | None, route: Route, as_of: date) -> MetalControls:
    """The state of one metal: of the form asked for, else of the traded form and of every form that a notice names.

    Args:
        context: The control ledger and the products.
        metal: Name or symbol; a form and a purity beside it count where none is given.
        form: Form asked for; None for those traded and named.
        route: What goes where.
        as_of: Day of knowledge and of the state.

    Raises:
        DataError: for a metal, form, place or end user that is not known, with the nearest names.
    """
    asset, of_name, purity = context.product(metal)
    form = form or of_name
    if purity and route.get("purity") is None:
        route = {**route, "purity": parse_purity(purity)}
    rows = context.ledger.list_adds(asset, as_of) if route.get("origin", CHINA) == CHINA else ()
    listed = tuple(ListedItem.model_validate({name: row[name] for name in ListedItem.model_fields}) for row in rows)
    if form is not None:
        asked = context.ledger.state(asset, form, on=as_of, **route)
        return MetalControls.from_objects(asked, form_basis="asked", forms=(), listed_items=listed, own_events=context.own)
    traded = context.products[asset].form if asset in context.products else None
    named = context.ledger.named_forms(asset, on=as_of, origin=route.get("origin", CHINA))
    if traded is not None:
        first, basis = traded, "traded"
    elif found := context.ledger.first_named_form(asset, on=as_of, origin=route.get("origin", CHINA)):
        first, basis = found, "named"
    else:
        first, basis = COMMON_FORM, "metal"
    forms = {kind: context.ledger.state(asset, kind, on=as_of, **route) for kind in sorted({first, *named})}
    shown = tuple(Form.from_objects(one, traded=kind == first) for kind, one in forms.items())
    return MetalControls.from_objects(forms[first], form_basis=basis, forms=shown, listed_items=listed, own_events=context.own)


def product_controls(context: Context, route: Route, as_of: date) -> ProductControls:
    """The control state of the traded form of every product, in the order of the products.

    Args:
        context: The control ledger and the products.
        route: What goes where; purity and size are those of no product.
        as_of: Day of knowledge and of the state.
    """
    traded: Route = {**route, "purity": None, "size": None}
    products = [asset for asset in context.products if asset.form is not None]
    states = [context.ledger.state(asset.key, str(asset.form), on=as_of, **traded) for asset in products]
    first = states[0]
    law = (m for state in states for m in state.measures if m.is_law and not m.conditional)
    return ProductControls.from_objects(
        first,
        doubt=doubt_note(returned_by_dates(law), first.reviewed_to),
        note=first.note if first.origin == first.destination else "",
        products=[ProductState.from_objects(state, one, asset=one.key) for one, state in zip(products, states, strict=True)],
        own_events=context.own,
    )


def items(context: Context, query: str, as_of: date) -> ControlledItems:
    """The controlled items that match a tariff code or words; see `toolkit.app.controls.answers.find_items`.

    Args:
        context: The control ledger.
        query: Digits of a tariff code, or words of an item.
        as_of: Day of knowledge.
    """
    found = find_items(context.ledger, query, on=as_of)
    reviewed_to = context.ledger.reviewed_to
    note = review_note(reviewed_to, as_of)
    told = {"query": query, "as_of": as_of, "reviewed_to": reviewed_to, "review": note, "items": found.to_dicts()}
    return ControlledItems.model_validate(told)


def parse_within(text: str) -> int:
    """Days in a span such as ``90d``, ``12w``, ``3m`` (of 30 days) or ``1y``.

    Raises:
        SpecError: for any other text.
    """
    match = re.fullmatch(r"(\d{1,5})\s*([dwmy]?)", text.strip().casefold())
    if match is None:
        raise SpecError("--within {text!r:s} is no span of time.", hint="Write it as 90d, 12w, 3m or 1y.", text=text)
    days = int(match[1]) * UNITS[match[2] or "d"]
    if days > 365 * 100:
        raise SpecError("--within {text!r:s} looks further ahead than a century.", hint="Give a shorter span.", text=text)
    return days


def dates(context: Context, within: str) -> Dates:
    """The dated changes of the ledger in force.

    Raises:
        SpecError, DataError: for a span or a file that cannot be used.
    """
    days, as_of = parse_within(within), context.as_of
    rows = [Upcoming.model_validate(row) for row in upcoming(context.ledger, on=as_of, within_days=days)]
    return Dates.from_objects(
        context,
        context.ledger,
        schema_version=2,
        within_days=days,
        review=review_note(context.ledger.reviewed_to, as_of),
        upcoming=tuple(row for row in rows if row.status == "ahead"),
        lapsed=tuple(row for row in rows if row.status == "lapsed"),
        own_events=context.own,
    )


def check_country(text: str, option: str, *others: str) -> str:
    """The ISO-3 code of a country that an option names, or one of `others`.

    Raises:
        SpecError: with the nearest countries, for anything else.
    """
    code = text if text in others else country(text)
    if code is None:
        fault = message("{option:s} {text!r:s} is no country.", option=option, text=text[:60])
        raise SpecError(fault, hint=country_hint(text), details={"option": option})
    return code
