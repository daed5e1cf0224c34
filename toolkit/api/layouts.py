"""Layouts of files of lots and of prices: proposed, confirmed, and the lots that are read by them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from os import PathLike
from typing import Any

import polars as pl
from pydantic import ValidationError

from toolkit.api.frames import as_polars
from toolkit.api.market import holdings_of
from toolkit.app.config import resolve
from toolkit.app.context import Context
from toolkit.app.data.map_prices import map_prices
from toolkit.app.holdings.check import accepted, map_holdings
from toolkit.app.holdings.lots import read_lots, with_known_texts
from toolkit.core.errors import SpecError
from toolkit.market.layouts.layout import Layout
from toolkit.market.readers.holdings.read import NO_ANSWERS
from toolkit.market.readers.tabular import table_of
from toolkit.records.layouts import HoldingsMap, PricesMap


def propose_layout(
    holdings: Any, *, answers: Mapping[str, str] = NO_ANSWERS, layout: Layout | None = None, accept: bool = False
) -> tuple[Layout, HoldingsMap]:
    """How a file of lots is read: the layout, and what of it is open.

    Args:
        holdings: File or frame of lots (docs/holdings.md).
        answers: Header -> field or ``ignore``; text -> what it says of its lot; ``decimal`` and ``dates``.
        layout: Of a file much like it; None for the one beside it.
        accept: Whether every answer that is proposed is taken.

    Returns:
        The layout, and the record of `toolkit holdings map`: columns, questions, notes.

    Raises:
        DataError: for a file that is no table, or in which no column can be the asset or the quantity.
        SpecError: for an answer that is none.
    """
    layout = _layout_of(layout)
    today = date.today()
    context = Context(resolve({}), today, None, today)
    found = map_holdings(holdings_of(holdings), context, layout=layout, answers=answers)
    if accept and (proposed := accepted(found)):
        found = map_holdings(holdings_of(holdings), context, layout=layout, answers={**proposed, **answers})
    return found.read.layout, found.record(None)


def propose_prices(
    prices: Any, *, answers: Mapping[str, str] = NO_ANSWERS, layout: Layout | None = None
) -> tuple[Layout, PricesMap]:
    """How a price file or a frame of prices is read: the layout, and what of it is open.

    Args:
        prices: File or frame (docs/prices.md).
        answers: Header -> field or ``ignore``; text -> what it says of its price; ``currency``, ``unit``, ``decimal``.
        layout: Of a file much like it; None for the one beside it.

    Returns:
        The layout, and the record of `toolkit data map`: columns, questions, series.

    Raises:
        DataError: for a file that is no table.
        SpecError: for an answer that is none.
    """
    today = date.today()
    given = str(prices) if isinstance(prices, str | PathLike) else table_of(as_polars(prices, "prices"), "prices")
    found = map_prices(given, Context(resolve({}), today, None, today), layout=layout, answers=answers)
    return found.columns.layout, found.record(None)


def read_holdings(holdings: Any, *, layout: Layout | None = None, client: str | None = None) -> pl.DataFrame:
    """The lots of a file, under the names of the fields, as `exposure` and `optimize` take them.

    Args:
        holdings: File or frame of lots, or of movements: then the lots of today.
        layout: By which it is read; None for the one beside it, or for its exact words.
        client: Whose lots are meant, where the file has a column of clients.

    Returns:
        One row a lot: `lot_id`, `asset`, `form`, `quantity`, `unit` and the other columns of docs/holdings.md.

    Raises:
        DataError: for a file of which something is open, with its questions; FrameError: for cells that break a rule.
    """
    today = date.today()
    context = Context(resolve({}), today, None, today)
    given = {"instruments": context.listed, "client": client, "layout": _layout_of(layout) or context.layout}
    given["rule"] = context.settings.config.owner.holding_rule
    lots = read_lots(holdings_of(holdings), context.ledger, context.products, today, **given).frame.drop("mass")
    return with_known_texts(lots)


def _layout_of(given: Layout | Mapping[str, Any] | None) -> Layout | None:
    """A layout, or one of its fields by name; `SpecError` for anything else."""
    if given is None or isinstance(given, Layout):
        return given
    try:
        return Layout.model_validate(given)
    except ValidationError as error:
        raise SpecError(f"not a layout: {error.errors()[0]['msg']}.", hint="Give a tk.Layout.") from None
