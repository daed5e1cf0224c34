"""Rows of lists of bids, needs, quotations and applications for licences, by the rules of the reader of lots."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from toolkit.core.countries import UNKNOWN_ORIGIN
from toolkit.core.messages import Message, few, message
from toolkit.core.places import place
from toolkit.core.units import KG_PER_UNIT
from toolkit.market.layouts.fields import AS_LOT, FIELDS
from toolkit.market.layouts.headers import names_month
from toolkit.market.layouts.layout import Meaning
from toolkit.market.layouts.vocabulary import vocabulary
from toolkit.market.needs import DAYS_OF, Application, Need, Quote
from toolkit.market.readers import cells
from toolkit.market.readers.holdings import values
from toolkit.market.readers.holdings.bids import bid_of
from toolkit.market.readers.holdings.lot import Row, currency_of, is_currency, lot_of_row
from toolkit.market.readers.holdings.lots import DEFAULTS, CellFault, Names, ReadFile
from toolkit.market.readers.holdings.movements import KEPT_DEFAULTS
from toolkit.market.readers.holdings.rows import closed, fold, opened, rows_of, said_of
from toolkit.market.readers.holdings.values import Faulty

Reader = Callable[[Row, set[Meaning]], Any]


def with_records(read: ReadFile, names: Names, today: date, client: str | None) -> ReadFile:  # noqa: ARG001  # as of lots
    """A file with its records, the faults of their cells, what its texts leave open, and how it was read.

    Args:
        read: Its cells and the layout by which they are read: of bids, needs, quotations or applications for licences.
        names: How assets and forms are recognised.
        today: No bid and no application is later.
        client: They are of no client.
    """
    record: Reader = {"bids": bid_of, "needs": _need, "quotes": _quote, "licences": _application}[read.layout.of]
    file, texts = opened(read, names, today)
    file.lots = [file.text("lot_id", i) or f"row {number}" for i, number in enumerate(read.table.rows)]
    read, parts, told = rows_of(read, file, None)
    found = {i: one for i in parts.kept if (one := record(Row(file, i), said_of(file, texts, i, "stored"))) is not None}
    for key in (*KEPT_DEFAULTS, "form", "period", *(("origin_country",) if read.layout.of == "quotes" else ())):
        told += [DEFAULTS[key](few([*dict.fromkeys(file.defaults[key])]))] if key in file.defaults else []
    order = {AS_LOT.get(field.key, field.key): (at, field.key) for at, field in enumerate(FIELDS[read.layout.of])}
    faults = sorted(dict.fromkeys(file.faults), key=lambda one: (order.get(one.column, (-1, ""))[0], one.row))
    return closed(read, file, found, told, [_of_record(one, order.get(one.column, (0, one.column))[1]) for one in faults])


def _of_record(one: CellFault, column: str) -> CellFault:
    """A fault in the words of a file that holds no lots: its column has a name of its own."""
    if one.rule in ("future", "past") and one.column == "purchase_date":
        return replace(one, column=column, fault=message("a bid of a day that is not"), hint=message("Correct the date."))
    if one.rule == "positive" and one.column in ("quantity", "purchase_price"):
        words = message("a {key:s} that is not positive", key=column)
        return replace(one, column=column, fault=words, hint=message("Give a number above zero."))
    if isinstance(one.fault, Message) and one.fault.values.get("key") == one.column:
        return replace(one, column=column, fault=message(one.fault.template, **{**one.fault.values, "key": column}))
    return replace(one, column=column)


def _need(row: Row, said: set[Meaning]) -> Need | None:
    lot = lot_of_row(row, "stored", said)
    if lot is None:
        return None
    of_month = any(map(names_month, fold(row.header("quantity").text).split()))
    if row.text("period") is None and not of_month:
        row.default("period")
    period = row.read("period", _word, row, "period") or "month"
    if period != "month" and of_month:
        row.fault("period", Faulty("two_periods", "another period than the header says", "Say it once."))
    start, until = (row.read(key, row.day, key) for key in ("start", "until"))
    row.read("until", _in_order, start, until)
    if period == "once" and start is None:
        row.fault("start", values.empty("start"))
    site = row.text("site")
    country = row.read("site", _country, site) if site else ""
    cost, shown = row.number("missing_cost")
    named = [row.header("missing_cost").currency or "", *((shown.before, shown.after) if shown else ())]
    currency = row.read("missing_cost", currency_of, row, lot, named, is_needed=cost is not None)
    safety = row.bare("safety", lambda word: vocabulary().meanings["period"].get(fold(word)) == "week")
    for key, value in (("safety", safety), ("missing_cost", cost)):
        row.read(key, _not_below_zero, value)
    row.read("asset", _metal, lot)
    if None in (lot["asset"], lot["form"], lot["quantity"], lot["unit"]) or country is None:
        return None
    return Need(
        row.file.table.rows[row.i], lot["asset"], lot["form"], lot["purity"], site or "", country,
        lot["quantity"] * KG_PER_UNIT.get(lot["unit"], float("nan")), period, start, until, safety or 0.0, cost, currency,
    )  # fmt: skip


def _quote(row: Row, said: set[Meaning]) -> Quote | None:
    row.read("unit", _of_quantities, row)
    amounts = {key: row.read(key, _amount, row, key) for key in ("least", "most", "lot_size")}
    row.cells["quantity"] = "1"  # a price of one unit needs a quantity of it
    if row.text("unit") is None and (unit := row.header("purchase_price").unit) is not None:
        row.cells["unit"] = unit
    lot = lot_of_row(row, "stored", said)
    if lot is None:
        return None
    lead = row.read("lead_time", _days, row)
    if row.text("purchase_price") is None:
        row.fault("purchase_price", values.empty("price"))
    freight, duty = row.bare("freight", lambda word: is_currency(word, lot)), row.number("duty")
    share = row.read("duty", values.fraction, "duty", duty, percent=row.header("duty").percent) if duty[1] else 0.0
    row.read("freight", _not_below_zero, freight)
    row.read("lead_time", _not_below_zero, lead, message("Write it in days: 60."))
    least, most = amounts["least"], amounts["most"]
    if least and most and most < least:
        row.fault("most", Faulty("most", "more at least than at most", "Correct one of the two."))
    valid, refusal = row.read("valid_until", row.day, "valid_until"), row.read("refusal", _word, row, "refusal")
    row.read("asset", _metal, lot)
    if None in (lot["asset"], lot["form"], lot["purchase_price"], lot["unit"], lot["currency"], lead):
        return None
    kg = KG_PER_UNIT.get(lot["unit"], float("nan"))
    return Quote(
        row=row.file.table.rows[row.i],
        key=row.lot,
        **{key: lot[key] for key in ("asset", "form", "purity", "currency")},
        price=lot["purchase_price"] / kg,
        origin=lot["origin_country"] or UNKNOWN_ORIGIN,
        lead=lead or 0.0,
        least=None if least is None else least * kg,
        most=None if most is None else most * kg,
        lot=(amounts["lot_size"] or 1 / kg) * kg,
        freight=None if freight is None else freight / kg,
        duty=share or 0.0,
        terms=row.text("terms"),
        valid_until=valid,
        counterparty=row.text("counterparty"),
        refusal=refusal,
    )


def _application(row: Row, said: set[Meaning]) -> Application | None:
    if "not_mine" in said:
        return None
    filed, decided = (row.read(key, row.day, key) for key in ("filed", "decided"))
    outcome = row.read("outcome", _word, row, "outcome")
    for key, found in (("filed", filed), ("outcome", outcome)):
        if found is None and row.text(key) is None and (key, outcome) != ("filed", "not_filed"):
            row.fault(key, values.empty(key))
    papers, refusal = row.read("papers", _words, row, "papers"), row.read("refusal", _word, row, "refusal")
    row.read("decided", _in_order, filed, decided)
    for key, day in (("filed", filed), ("decided", decided)):
        if day is not None and day > row.file.today:
            row.fault(key, Faulty("future", "a day that is still ahead", "Correct the date."))
    if outcome == "pending" and decided is not None:
        row.fault("decided", Faulty("outcome", "a decision of what is pending", "Correct one of the two."))
    if outcome is None or (filed is None and outcome != "not_filed"):
        return None
    basis = row.text("price_basis")
    number, lot = row.file.table.rows[row.i], row.text("lot_id") or None
    return Application(number, lot, filed, outcome, decided, papers, refusal, basis)


# Cells


def _metal(lot: Mapping[str, Any]) -> None:
    if lot["asset"] is not None and lot["unit"] is not None and lot["unit"] not in KG_PER_UNIT:
        raise Faulty("metal", message("a listed instrument, and no metal"), message("Name a metal, or leave the row out."))


def _not_below_zero(value: float | None, hint: Message | None = None) -> None:
    if value is not None and value < 0:
        hint = hint or message("Correct it, or leave the cell empty.")
        raise Faulty("positive", message("a number below zero"), hint)


def _in_order(first: date | None, last: date | None) -> None:
    if first is not None and last is not None and last < first:
        raise Faulty("order", message("the last day is before the first"), message("Correct one of the two."))


def _words(row: Row, key: str) -> frozenset[str] | None:
    """The meanings of several words of the vocabulary; None for an empty cell."""
    if (text := row.text(key)) is None:
        return None
    found = {_word_of(part.strip(), key) for part in re.split(r"[,;/+]", text) if part.strip()}
    return frozenset(found - {"none"})


def _word(row: Row, key: str) -> Any:
    """The meaning of a word of the vocabulary; None for an empty cell."""
    text = row.text(key)
    return None if text is None else _word_of(text, key)


def _word_of(text: str, key: str) -> Any:
    known: Mapping[str, str] = vocabulary().meanings[key]
    if (found := values.known_word(text, known)) is None:
        hint = message("Write {words:or}.", words=[*dict.fromkeys(known.values())])
        raise Faulty(f"unknown_{key}", "unknown {key:s}", hint, key=key)
    return found


def _country(text: str) -> str:
    """The country of a site."""
    if (found := place(text).country) is None:
        raise Faulty("place", message("a place whose country is not known"), message("Write the country, or 'Jena, Germany'."))
    return found


def _of_quantities(row: Row) -> None:
    """A price of another mass than a kg says nothing of the unit of the quantities beside it."""
    per = cells.UNITS.get(fold((row.text("purchase_price_is") or "").rpartition("/")[2].strip()))
    bare = [key for key in ("least", "most", "lot_size") if (shown := row.number(key)[1]) and not shown.after]
    if row.text("unit") is None and per in KG_PER_UNIT and per != "kg" and any(row.header(key).unit is None for key in bare):
        hint = message("Add a column 'unit', or write the unit behind them.")
        raise Faulty("unknown_unit", message("quantities without a unit, beside a price of another mass than a kg"), hint)


def _amount(row: Row, key: str) -> float | None:
    """A quantity in the unit of the row, which may stand in its cell."""
    value, shown = row.number(key)
    if value is None or shown is None:
        return None
    if shown.before:
        raise Faulty("number", "a number with words that are not known", message("Write the quantity alone, as 25 kg."))
    if value <= 0:
        raise Faulty("positive", message("a quantity that is not positive"), message("Correct it, or leave the cell empty."))
    of_row = row.text("unit") or row.header("purchase_price").unit or "kg"
    named = shown.after or row.header(key).unit or of_row
    kinds = [cells.UNITS.get(fold(text)) for text in (named, of_row)]
    if None in kinds or not {*kinds} <= {*KG_PER_UNIT}:
        raise Faulty("unknown_unit", message("a quantity in no known mass"), message("Write it in kg, g, t or lb."))
    one, other = (KG_PER_UNIT[str(kind)] for kind in kinds)
    return value * one / other


def _days(row: Row) -> float | None:
    """Days, or weeks and months by their words."""
    if row.text("lead_time") is None:
        raise values.empty("lead_time")
    value, shown = row.number("lead_time")
    if value is None or shown is None:
        return None
    if shown.before:
        raise Faulty("number", "a number with words that are not known", message("Write it in days: 60."))
    word = fold(shown.after or _unit_in(row.header("lead_time").text))
    known = vocabulary().meanings["period"]
    if word in ("", "d", "day", "days", "tag", "tage", "tagen"):
        return value
    if word not in known or known[word] not in DAYS_OF:
        raise Faulty("unit", message("a time in no known unit"), message("Write it in days: 60."))
    return value * DAYS_OF[known[word]]


def _unit_in(header: str) -> str:
    """The word of time in a header: ``Lead time (weeks)``."""
    words = fold(header).replace("(", " ").replace(")", " ").split()
    return next(
        (word for word in words if vocabulary().meanings["period"].get(word) in DAYS_OF and word.endswith(("s", "n"))), ""
    )
