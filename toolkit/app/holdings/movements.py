"""A file of movements as the stock of a day: the lots that every command takes, and what of the file cannot be."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl

from toolkit.core.errors import SpecError
from toolkit.core.messages import Message, few, message, named
from toolkit.holdings.holding_period import HoldingRule
from toolkit.holdings.movements import NOT_DELIVERED, Movement, Part, Refusal, Stock, stock_on
from toolkit.market.layouts.fields import SALE_ORDERS
from toolkit.market.layouts.propose import Question
from toolkit.market.readers.holdings.lots import DEFAULTS, SCHEMA, CellFault, Holdings, Lots, ReadFile, lot_of

_FIELDS = {one.name for one in fields(Movement)} - {"details", "source", "client"}
_DETAILS = ("origin_country", "custody", "certificate", "spread", "storage_fee", "vat_state", "destination", "end_user")


def movements_of(read: ReadFile) -> list[Movement]:
    """The movements of a file; those with a faulty cell are none. Clients whose names differ in case alone are one."""
    faulty, clients = {fault.row for fault in read.faults}, dict[str, str]()
    for name in dict.fromkeys(filter(None, (row["client"] for row in read.rows))):
        clients |= {name: clients.setdefault(name.casefold(), name)}
    return [
        Movement(
            **{key: row[key] for key in _FIELDS if key in row},
            client=row["client"] and clients[row["client"]],
            source=row["from"],
            details={**{key: row[key] for key in _DETAILS if key in row}, "due": row.get("settled")},
        )
        for row in read.rows
        if row["row"] not in faulty and row["date"] is not None
    ]


def with_stock(read: ReadFile, day: date, rule: HoldingRule | None) -> tuple[ReadFile, Stock]:
    """A file of movements with what cannot be among its faults and questions, and its stock on a day.

    Args:
        read: The file.
        day: The day.
        rule: Period after which a sale is free of tax, where one is known.
    """
    stock = stock_on(movements_of(read), day, rule=rule)
    open_sales = [one for one in stock.refusals if one.code == "which_lot"]
    refused = [one for one in stock.refusals if one.code != "which_lot"]
    if read.questions or read.faults:
        return read, stock
    questions = list[Question]()
    if open_sales:
        lots = [*dict.fromkeys(lot for one in open_sales for lot in one.values["lots"])]
        rows = tuple(message("row {row:d}", row=one.row) for one in open_sales[:3])
        asks = message(
            "movements that name no lot, and {lots} fit: which is taken first? Or name it in a column lot.",
            lots=few([*named(lots)], most=4),
        )
        questions.append(Question("sale_order", "sale_order", rows, asks, None, SALE_ORDERS))
    return replace(read, questions=questions, faults=[_fault(one) for one in refused]), stock


def settled(read: ReadFile, day: date, rule: HoldingRule | None) -> tuple[ReadFile, Stock]:
    """A file of movements of which nothing is open, and its stock on a day.

    Args:
        read: The file.
        day: The day.
        rule: Period after which a sale is free of tax, where one is known.

    Raises:
        SpecError: for a list of lots.
        Unconfirmed, FrameError: as of `ReadFile.raise_open`, for what is sold and not there too.
    """
    if read.layout.of != "movements":
        hint = message(
            "Each of its rows is a lot of today, of which `toolkit exit FILE` says what a sale brings; where each is a "
            "movement: `toolkit holdings map FILE --set of=movements`."
        )
        raise SpecError("{file:s} is a list of lots, and no list of movements.", hint=hint, file=read.table.name)
    read.raise_open()
    read, stock = with_stock(read, day, rule)
    read.raise_open()
    return read, stock


def _fault(refusal: Refusal) -> CellFault:
    """A movement that cannot be as a fault of its row."""
    said = {key: _shown(value) for key, value in refusal.values.items()} | {"row": refusal.row}
    said["lots"] = few([*named(refusal.values.get("lots", ()))])
    said["rows"] = few([message("row {row:d}", row=row) for row in refusal.values.get("rows", ())])
    column, fault, hint = _why(refusal.code, said)
    return CellFault(refusal.row, column, refusal.values.get("lot") or None, None, refusal.code, fault, hint)


def _shown(value: Any) -> Any:
    """A quantity without the zeros of its computation."""
    return f"{value.normalize():f}" if hasattr(value, "normalize") else value


def _why(code: str, said: Mapping[str, Any]) -> tuple[str, Message, Message]:  # noqa: PLR0911, PLR0912  # a reason each
    """Why a movement cannot be: the field, the fault, and what there is."""
    match code:
        case "not_there" | "not_arrived" | "too_much" if said["there"] == said["elsewhere"] == "0":
            told = message("Row {row:d}: {quantity:s} {unit:s} of {asset} leave, and nothing of it is there.", **said)
            return "quantity", message("more than is there"), told
        case "not_there":
            told = message(
                "Row {row:d}: {quantity:s} {unit:s} of {asset} leave, {there:s} are there, and {elsewhere:s} in other places "
                "or on order.",
                **said,
            )
            return "quantity", message("more than is there"), told
        case "not_arrived":
            told = message(
                "Row {row:d}: {quantity:s} {unit:s} of {asset} leave, and {elsewhere:s} are in other places or on order.",
                **said,
            )
            return "quantity", message("what has not arrived"), told
        case "too_much":
            told = message("Row {row:d}: {quantity:s} {unit:s} of {asset} arrive, and {there:s} are ordered.", **said)
            return "quantity", message("more than was ordered"), told
        case "no_lot":
            return "lot", message("a lot that is not there"), message("Row {row:d}: nothing is there of {lot:s}.", **said)
        case "which_lot" | "several":
            told = message("Row {row:d}: name one of {lots}, and where it lies in several places, the place.", **said)
            return "lot", message("a movement that fits several lots or places"), told
        case "all_of_it":
            told = message("Row {row:d}: its total is all that {lot:s} cost: give the quantity that goes back.", **said)
            return "quantity", message("a price that is taken back, or a purchase"), told
        case "not_known":
            told = message(
                "Row {row:d}: the costs of {lots} are not known in one currency, or no period free of tax is; name the lot.",
                **said,
            )
            return "sale_order", message("lots whose order is not known"), told
        case "no_order":
            return "lot", message("a delivery without an order"), message("Row {row:d}: nothing is ordered of {lot:s}.", **said)
        case "no_original":
            told = message(
                "Row {row:d}: no earlier movement of {lot:s} is as large; name its document in a column 'reverses'.", **said
            )
            return "reverses", message("a reversal of nothing"), told
        case "which_original":
            told = message("Row {row:d}: it may take back {rows}; name the document in a column 'reverses'.", **said)
            return "reverses", message("a reversal that fits several movements"), told
        case "not_paid":
            told = message(
                "Row {row:d}: write what was paid since for {lot:s} as rows of kind pay, or what is no longer owed as a "
                "reversal with that total.",
                **said,
            )
            return "lot", message("a lot that is not fully paid"), told
        case "not_owed":
            told = message("Row {row:d}: {owed:s} are owed for {lot:s}, in the currency of its purchase.", **said)
            return "total", message("a payment of more than is owed"), told
        case "no_into":
            return "into", message("a split without the name of the new lot"), message("Name it in a column 'into'.")
        case "lot_twice":
            told = message("Row {row:d}: name another lot than {lot:s}.", **said)
            return "lot", message("a lot that is there already"), told
        case _:
            told = message("Row {row:d}: {lot:s} would be below zero.", **said)
            return "quantity", message("a difference larger than the lot"), told


def lots_of(stock: Stock) -> list[tuple[str, Part]]:
    """Parts by name: a lot that lies in several places, or has partly arrived, is a lot for each."""
    parts = _merged(stock)
    of_lot: dict[tuple[str | None, str], list[Part]] = defaultdict(list)
    for part in parts:
        of_lot[part.client, part.lot].append(part)
    clients = Counter(lot for _, lot in of_lot)
    found, taken = list[tuple[str, Part]](), set[str]()
    for (client, lot), own in of_lot.items():
        first = f"{client} {lot}" if clients[lot] > 1 and client else lot
        for part in own:
            beside = part.place or "" if part.is_there(stock.day) else "ordered"
            name = first if len(own) == 1 else f"{first} {beside}".strip()
            while name in taken:
                name = f"{name} +"
            taken.add(name)
            found.append((name, part))
    return found


def _merged(stock: Stock) -> list[Part]:
    """Parts of one lot that say the same but for their quantity are one."""
    found: dict[tuple[Any, ...], Part] = {}
    for part in stock.parts:
        arrives = None if part.is_there(stock.day) else part.arrives
        key = part.client, part.lot, part.place, part.status, arrives, part.purity
        known = found.get(key)
        if known is None:
            found[key] = replace(part)
        else:
            known.quantity += part.quantity
            known.fees += part.fees
            known.taxes += part.taxes
            known.unpaid += part.unpaid
            known.cost = None if known.cost is None or part.cost is None else known.cost + part.cost
    return [*found.values()]


def _status(part: Part, day: date) -> str:
    """Where a part stands: what was bought and has not arrived is ordered, where nothing else is said."""
    return "ordered" if part.status == "stored" and not part.is_there(day) else part.status


def stock_holdings(read: ReadFile, day: date, rule: HoldingRule | None) -> Holdings:
    """The lots of a file of movements on a day; arguments and errors are those of `settled`.

    Args:
        read: The file.
        day: The day.
        rule: Period after which a sale is free of tax.
    """
    read, stock = settled(read, day, rule)
    frame = stock_frame(stock)
    told = message("Stock on {day}, of {n:d} movements: {lots:d} lots.", day=day, n=len(read.rows), lots=frame.height)
    due = {name: part.details.get("due") or part.arrives for name, part in lots_of(stock) if not part.is_there(day)}
    arrivals = {name: arrives for name, arrives in due.items() if arrives not in (None, NOT_DELIVERED)}
    notes = (*read.notes, told, *of_places(frame))
    return Holdings(Lots.validate(frame), read.table.name, notes, read.fine, arrivals=arrivals, movements=len(read.rows))


def of_places(frame: pl.DataFrame) -> list[Message]:
    """That lots lie nobody knows where, if any do."""
    stored = pl.col("status") == "stored"
    lots = frame.filter(stored, pl.col("mass").is_not_null(), pl.col("location").is_null())["lot_id"].to_list()
    return [DEFAULTS["location"](few(lots, of=frame.height))] if lots else []


def _paid(stock: Stock, part: Part) -> float | None:
    """The fraction of a price that is paid; None for all of it."""
    if not (owed := stock.owed.get((part.client, part.lot))) or not part.cost:
        return None
    whole = sum((one.cost or 0 for one in stock.parts if (one.client, one.lot) == (part.client, part.lot)), start=Decimal(0))
    return 1.0 - float(owed / whole)


def stock_frame(stock: Stock) -> pl.DataFrame:
    """The lots of a stock, under the columns of the contract `Lots`; their cost is without the fees of the purchase."""
    rows = []
    for name, part in lots_of(stock):
        quantity = float(part.quantity)
        rows.append(
            lot_of(
                {
                    **part.details, "lot_id": name, "asset": part.asset, "form": part.form, "purity": part.purity,
                    "size": part.size, "quantity": quantity, "unit": part.unit, "purchase_date": part.bought,
                    "purchase_price": None if not part.cost else float(part.cost) / quantity,
                    "paid": _paid(stock, part), "currency": part.currency if part.cost else None, "location": part.place,
                    "status": _status(part, stock.day), "client": part.client,
                }
            )
        )  # fmt: skip
    frame = pl.DataFrame(rows, schema=SCHEMA)
    unknown = pl.col("origin_country").fill_null("unknown")
    return frame.with_columns(unknown).select(Lots.column_names())
