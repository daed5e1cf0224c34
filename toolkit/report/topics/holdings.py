"""Lots of a holdings file: what of them can still be stopped, lot by lot, what hangs on the orders, and at which prices."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Literal

from toolkit.holdings.exposure import LotExposure, Total
from toolkit.holdings.instruments import Instrument
from toolkit.holdings.purchases import Purchase
from toolkit.holdings.unit_price import STALE_PRICE_DAYS, UnitPrice
from toolkit.records.exit import LotSale, TaxLot
from toolkit.records.exposure import Exposure
from toolkit.records.findings import Parts
from toolkit.records.layouts import ReadLot
from toolkit.records.subjects import Holdings, Subject
from toolkit.report.answer import PRICE_KINDS
from toolkit.report.charts.basket import Slice
from toolkit.report.compose import ReportDefinition, compose, looked_at, section, tabled_once
from toolkit.report.document import (
    Block,
    Document,
    Figure,
    Heading,
    KeyFigure,
    KeyFigures,
    Missing,
    Notes,
    Paragraph,
    Row,
    Section,
    Shown,
    Status,
    Table,
    left,
    right,
)
from toolkit.report.findings import Findings
from toolkit.report.i18n.formats import NBSP, day
from toolkit.report.i18n.language import Language, mark
from toolkit.report.i18n.names import source_of_dealer
from toolkit.report.i18n.text import NONE, Inline, Span, Text, joined, muted, name, sentences, sources, strong, text
from toolkit.report.markers import COSTS, DELAY, FORM, LATER, ORIGIN
from toolkit.report.topics.controls import basket_figure
from toolkit.report.topics.dates import PLANNED, next_change
from toolkit.report.topics.measures import doubts

Reach = Literal["safe", "clear", "unknown", "unsettled", "order", "may_not_return"]
CIVIL = "civil"
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
    "may_not_return": "may_not_return",
    "open_order_at_risk": "order",
    "planned_at_risk": "order",
    "open_order_clear": "clear",
    "planned_clear": "clear",
    "open_order_not_covered": "unknown",
    "planned_not_covered": "unknown",
}
LONGEST_LOT_NAME = 40
"""Characters of a name from outside that a table shows; the data table has all of them."""


@dataclass(frozen=True, slots=True)
class HoldingsSum:
    """Lots in one reach: how many, their value, and how many of them have no price and are not in it."""

    reach: Reach
    lots: int
    value: float
    unpriced: int


def reach(lot: LotExposure) -> Reach:
    """What an export control in force, or a stop in practice, can do to a lot."""
    at_risk = lot.measures or lot.practice
    return _OPEN.get(lot.delivery, "unsettled" if at_risk else "unknown" if lot.not_covered else "clear")


def sums(lots: Sequence[LotExposure]) -> Mapping[Reach, HoldingsSum]:
    """The lots that are owned or ordered by reach; their values add up to the value of all of them."""
    found: dict[Reach, HoldingsSum] = {}
    for key in REACHES:
        inside = [lot for lot in lots if lot.status != PLANNED and reach(lot) == key]
        found[key] = HoldingsSum(
            key, len(inside), sum(lot.value or 0.0 for lot in inside), sum(lot.value is None for lot in inside)
        )
    return found


def is_routed(owner: str, lots: Iterable[LotExposure]) -> bool:
    """Whether a lot goes elsewhere than to civil users in the owner's country (ISO-3)."""
    return any((lot.destination, lot.end_user) != (owner, CIVIL) for lot in lots)


ANCHOR = 40
"""Characters of the id of a lot at most."""


def lot_anchors(lots: Iterable[str]) -> dict[str, str]:
    """Lot -> id of its row on a page, that a mail may link to: ``lot-4711``; names of one spelling are counted."""
    found, counts = dict[str, str](), Counter[str]()
    for lot in lots:
        plainly = "-".join(["lot", *re.findall(r"\w+", lot.casefold())])[:ANCHOR]
        counts[plainly] += 1
        found[lot] = f"{plainly}.{counts[plainly]}" if counts[plainly] > 1 else plainly
    return found


def lot_names(lots: Iterable[LotExposure | Instrument | ReadLot | TaxLot | LotSale], say: Language) -> dict[str, str]:
    """Id of each lot -> its name, with the client behind it where the lots are of several and the id does not begin with it."""
    own = {lot.lot_id: lot.client for lot in lots}
    several = len({*own.values()}) > 1
    return {lot: lot_name(lot, client, say, several=several) for lot, client in own.items()}


def lot_name(lot: str, client: str | None, say: Language, *, several: bool) -> str:
    """Name of a lot, with the client behind it where the lots are of `several` and its id does not begin with it."""
    return f"{say.lot(lot)} ({client})" if several and client and not lot.startswith(f"{client} ") else say.lot(lot)


def shown_name(words: str, most: int = LONGEST_LOT_NAME) -> Span:
    """A name from the file, cut where it would fill the page."""
    return name(words if len(words) <= most else f"{words[: most - 1]}…")


NAMES_BESIDE_BAR = 14
"""Names beside a bar of lots; smaller ones are one part."""
RISK: tuple[Reach, ...] = ("may_not_return", "order", "unsettled", "unknown", "clear", "safe")
"""What a control can do to a lot, the worst first."""


ORDERED, STORED = mark("{value} ordered"), mark("{value} within the reach of a control")
CLIENTS = 5
"""Clients that are named, the largest first; of more the rest is a number."""
HALF_A_UNIT = 0.5
"""Of the currency: less is written as nothing."""


ANSWER = ReportDefinition(
    "Exposure report",
    (
        "holdings-answer",
        "holdings",
        "terms",
        "calendar",
        "resale",
        "exit",
        "stop",
        "held-exposure",
    ),
)
"""Sections of the answer of `toolkit exposure`, at full length."""
BASIS = ReportDefinition("", ("sources", "assumptions"), short=True)
"""What they rest on, in short."""


def document(
    record: Subject, parts: Parts, reading: Sequence[str], say: Language, definition: ReportDefinition = ANSWER
) -> Document:
    """The answer of `toolkit exposure`, or of `toolkit exit`: sections of reports on lots, and how their file was read.

    Args:
        record: What one holds.
        parts: What was found beside it.
        reading: Sentences on how the file was read.
        say: The language.
        definition: The sections.
    """
    found = Findings.of(record, looked_at(parts, definition), say)
    composed, notes = compose(found, definition), tuple(("", found.sentence(words)) for words in reading)
    shown = [one if one.missing else replace(one, content=tabled_once(one.blocks)) for one in composed.sections]
    read = [Section("file", say.words("How the file was read"), (Notes(notes),))] if notes else []
    return replace(composed, sections=(*shown, *read, *compose(found, BASIS).sections))


@section("holdings-answer", "", needs=["exposure"], uses=["exit"])
def holdings_answer(run: Findings) -> tuple[Block, ...]:
    """Heading, paragraph, what changes next, three figures, the bar and the status line."""
    exposure = run.needed(Holdings).exposure
    found = sums(exposure.lots)
    return (
        Heading(_result(run, found, exposure.at_risk)),
        Paragraph(sentences(*_paragraph(run, exposure)), "answer"),
        Paragraph(sentences(*next_change(run)), "next"),
        *((KeyFigures(_figures(run, found, exposure)),) if any(part.lots for part in found.values()) else ()),
        *((bar,) if (bar := _owned(run, exposure.lots)) else ()),
        Status(tuple(_status(run, exposure))),
    )


def _figures(run: Findings, found: Mapping[Reach, HoldingsSum], exposure: Exposure) -> tuple[KeyFigure, ...]:
    return (
        _stoppable(run, found["order"], exposure),
        _resale(run, exposure),
        _sale(run) or _safe(run, found["safe"], exposure),
    )


def _result(run: Findings, found: Mapping[Reach, HoldingsSum], at_risk: Total) -> Text:
    say, total = run.say, sum(part.value for part in found.values())
    if at_risk.lots:
        return _at_risk(run, at_risk, found["safe"].value, total)
    if not any(part.lots for part in found.values()):
        listed = bool(run.needed(Holdings).exposure.lots)
        return say("All that the file lists is only planned") if listed else say("The file lists no lots of metal")
    if total > 0 and found["unknown"].value > 0:
        return say(
            "Nothing of {total} can be stopped by an export control that the ledger knows; for {value} it does not cover the "
            "export law",
            total=run.money(total),
            value=run.money(found["unknown"].value),
        )
    if total > 0:
        return say("Nothing of {total} can be stopped by an export control that the ledger knows", total=run.money(total))
    return say("Nothing in the file can be stopped by an export control that the ledger knows")


def _at_risk(run: Findings, at_risk: Total, safe: float, total: float) -> Text:
    """What a control may stop, on its way or where it is stored."""
    say, value = run.say, at_risk.value
    if value > 0 and at_risk.unpriced:
        return say.counted(
            at_risk.unpriced,
            "An export control may stop {risk} of {total}, and {n} lot without a price",
            "An export control may stop {risk} of {total}, and {n} lots without a price",
            risk=run.money(value),
            total=run.money(total),
        )
    if value > 0 and safe > 0:
        return say(
            "An export control may stop {risk} of {total}; {safe} is stored outside the country of origin",
            risk=run.money(value),
            total=run.money(total),
            safe=run.money(safe),
        )
    if value > 0:
        return say("An export control may stop {risk} of {total}", risk=run.money(value), total=run.money(total))
    return say.counted(
        at_risk.lots,
        "An export control may stop {n} lot without a price",
        "An export control may stop {n} lots without a price",
    )


def _paragraph(run: Findings, exposure: Exposure) -> Iterator[Text]:
    say, lots = run.say, [lot for lot in exposure.lots if lot.status != PLANNED]
    plans = [lot for lot in exposure.lots if lot.status == PLANNED]
    if exposure.value > 0:
        yield say.counted(
            len(lots),
            "The file {file} lists {n} lot worth {total} ± {error}{prices}; {share} of value is in a form under licence or "
            "ban for delivery {towards}{controls}.",
            "The file {file} lists {n} lots worth {total} ± {error}{prices}; {share} of value is in a form under licence or "
            "ban for delivery {towards}{controls}.",
            file=shown_name(run.subject),
            total=run.money(exposure.value),
            error=run.fmt.number(exposure.value_se),
            prices=sources(run.of_prices(), run.rests_on(LATER)),
            share=_share(run, exposure.controlled.value),
            towards=towards_of(run, exposure.lots),
            controls=sources(run.of_tables("controls"), run.rests_on(ORIGIN, FORM)),
        )
        if without := sum(lot.value is None for lot in lots):
            yield say.counted(
                without, "{N} of them has no price and is in no total.", "{N} of them have no price and are in no total."
            )
    elif lots:
        yield say.counted(
            len(lots),
            "The file {file} lists {n} lot, and no price is known for its form.",
            "The file {file} lists {n} lots, and no price is known for any of their forms.",
            file=shown_name(run.subject),
        )
    else:
        yield say("The file {file} lists no metal that is owned or ordered.", file=shown_name(run.subject))
    if len(exposure.clients) > 1:
        worth = [
            text(shown_name(one.client) if one.client else say.words("not named"), f" ({run.money(one.held.value)})")
            for one in exposure.clients
        ]
        if len(worth) > CLIENTS + 1:
            worth = [*worth[:CLIENTS], text(say.words("{n} others", n=len(worth) - CLIENTS))]
        yield say("They are of {clients}; every figure is of all of them together.", clients=say.listed(worth))
    if plans:
        priced = [lot.value for lot in plans if lot.value is not None]
        yield say.counted(
            len(plans),
            "{N} more lot, {worth}, is only planned: not owned, and in no total.",
            "{N} more lots, {worth}, are only planned: not owned, and in no total.",
            worth=say("worth {total}", total=run.money(sum(priced))) if priced else say("without a price"),
        )


def _share(run: Findings, value: float) -> str:
    return run.fmt.percent(value / run.needed(Holdings).exposure.value)


def _figure(run: Findings, label: str, of: HoldingsSum | Total, note: Text) -> KeyFigure:
    """A key figure in money; where none of its lots has a price it counts them, and shares of nothing are not told."""
    without = _without(run, of)
    if run.needed(Holdings).exposure.value <= 0 or (of.lots and of.unpriced == of.lots):
        return KeyFigure(label, text(run.fmt.number(of.lots)), without)
    return KeyFigure(label, text(run.money(of.value)), text(*note, "; ", *without) if of.unpriced else note)


def _worth(run: Findings, of: Total) -> Text:
    """The value of some lots, or how many of them have no price."""
    return _without(run, of) if of.lots == of.unpriced else text(run.money(of.value))


def _without(run: Findings, of: HoldingsSum | Total) -> Text:
    counted = run.say.counted(of.unpriced, "{n} lot without a price", "{n} lots without a price")
    return counted if of.unpriced else ()


def _safe(run: Findings, part: HoldingsSum, exposure: Exposure) -> KeyFigure:
    note = ()
    if exposure.value > 0:
        note = run.say.counted(
            part.lots,
            "{n} lot, {share} of value, outside the country of its origin",
            "{n} lots, {share} of value, outside the country of their origin",
            share=_share(run, part.value),
        )
    return _figure(run, run.say.words("Stored safe"), part, note)


def _sale(run: Findings) -> KeyFigure | None:
    """What a sale today costs, and the metal that loses most by it; None where no lot with a price can be sold."""
    part = run.parts.exit
    if part is None or not part.products or part.total.value <= 0:
        return None
    say, total, most = run.say, part.total, max(part.products, key=lambda product: product.sale)
    note = say("half the spread on {value} that can be sold today", value=run.money(total.value))
    if len(part.products) > 1 and most.sale > HALF_A_UNIT:
        lost = run.derived(run.money(most.sale), COSTS)
        note = text(note, "; ", say("most in {metal}: {lost}", metal=run.metal(most), lost=lost))
    return KeyFigure(say.words("Lost in a sale today"), text(run.derived(run.money(total.sale), COSTS, marked=False)), note)


def _stoppable(run: Findings, order: HoldingsSum, exposure: Exposure) -> KeyFigure:
    total, note = exposure.at_risk, ()
    if exposure.value > 0:
        parts = [
            run.say(words, value=run.money(value))
            for words, value in ((ORDERED, order.value), (STORED, total.value - order.value))
            if value > HALF_A_UNIT
        ]
        share = run.say("{share} of value", share=_share(run, total.value))
        note = text(*(span for part in parts for span in (*part, ", ")), *share) if parts else share
    return _figure(run, run.say.words("May be stopped"), total, note)


def _resale(run: Findings, exposure: Exposure) -> KeyFigure:
    say, barred, unknown, note = run.say, exposure.resale_restricted, exposure.resale_unknown_origin, ()
    if unknown.value > 0 and not barred.value:
        note = say(
            "{share} of value, barred from some buyers if it is from China",
            share=_share(run, unknown.value),
        )
        if barred.unpriced:
            note = text(note, "; ", _without(run, barred))
        return KeyFigure(say.words("Resale restricted"), text(run.derived(run.money(unknown.value), ORIGIN)), note)
    if unknown.value > 0:
        note = say(
            "{share} of value, barred from some buyers; {more} more if it is from China",
            share=_share(run, barred.value),
            more=run.derived(run.money(unknown.value), ORIGIN),
        )
    elif exposure.value > 0:
        note = say("{share} of value, barred from some buyers", share=_share(run, barred.value))
    return _figure(run, say.words("Resale restricted"), barred, note)


def _status(run: Findings, exposure: Exposure) -> Iterator[tuple[str, Text]]:
    say, fmt = run.say, run.fmt
    old = sum((run.as_of - day(price.date)).days > STALE_PRICE_DAYS for price in exposure.prices)
    if exposure.owed:
        yield say.words("Still to be paid"), text(run.money(exposure.owed, 2))
    if exposure.not_covered.lots:
        yield say.words("Export law not covered"), _worth(run, exposure.not_covered)
    yield from doubts(run)
    yield (
        say.words("Prices older than {days} days", days=STALE_PRICE_DAYS),
        say("{late} of {total}", late=old, total=len(exposure.prices)),
    )
    unpriced = len(exposure.unpriced)
    yield say.words("Lots without a price"), text(fmt.number(unpriced)) if unpriced else text(NONE)


def _owned(run: Findings, lots: Sequence[LotExposure]) -> Figure | None:
    """What is owned or ordered by metal, what can be stopped first; behind it the totals."""
    say, fmt = run.say, run.fmt
    values: dict[tuple[Reach, str], float] = {}
    for lot in lots:
        if lot.status != PLANNED and lot.value:
            key = (reach(lot), lot.asset)
            values[key] = values.get(key, 0.0) + lot.value
    if not values:
        return None
    rows = sorted(values.items(), key=lambda row: (RISK.index(row[0][0]), -row[1], row[0][1]))
    small = sorted(rows, key=lambda row: -row[1])[NAMES_BESIDE_BAR:]
    small = [row for row in small if sum(other[0][0] == row[0][0] for other in small) > 1]  # one alone has its name
    slices = [
        Slice(value, f"{run.head(run.product(asset)).text} {run.money(value)}", LEGEND[where][0])
        for (where, asset), value in rows
        if ((where, asset), value) not in small
    ]
    for where in RISK:
        if rest := [value for (at, _), value in small if at == where]:
            words = say.words("{n} more, {value}", n=fmt.number(len(rest)), value=run.money(sum(rest)))
            slices.append(Slice(sum(rest), words, LEGEND[where][0]))
    slices.sort(key=lambda part: [LEGEND[where][0] for where in RISK].index(part.fill))
    marks = [LEGEND[where] for where in RISK]
    sub = say("Each metal by its value: what can be stopped stands above, what is stored outside its origin below.")
    return replace(basket_figure(run, slices, marks, sub, ORIGIN, FORM), data=_totals(run, sums(lots), lots))


LOT_ROWS, SHORT_LOT_ROWS = 30, 15
"""Lots with a row of their own, and in a short report unless more are at risk; the rest is one sum, the data table has all."""
UNPRICED_NAMED = 3
ARRIVING = ("ordered", "in_transit")
"""Statuses of what is bought and has not arrived."""
ANNUAL = "annual_average"
"""Kind of a price that is the average of a year."""
PRICED: Mapping[str, str] = {
    "dealer": mark("at a dealer’s prices"),
    "own_price": mark("at own prices of a day"),
    "filtered": mark("at estimated prices"),
    "last_print": mark("at last observed prices"),
    ANNUAL: mark("at averages of a year"),
}
"""What a price is: of a single price (`quote`) whose it is, of another its kind."""
RISKY: tuple[Reach, ...] = ("may_not_return", "order", "unsettled")
"""What may become of a lot that stands first in the list."""
ALWAYS: tuple[Reach, ...] = ("safe", "order")
"""Told even where no lot is in them: that nothing is at risk is the answer."""
STATUS: Mapping[str, str] = {
    "stored": mark("stored"),
    "in_transit": mark("in transit"),
    "ordered": mark("ordered"),
    "planned": mark("planned"),
    "at_risk": mark("lent, pledged or lost"),
}
STOP: Mapping[str, str] = {
    "safe": mark("no: outside its origin"),
    "safe_abroad": mark("no: outside China"),
    "clear": mark("no: nothing in force on it"),
    "unread": mark("not known: the export law of its origin is not covered by the ledger"),
    "stored_at_origin": mark("yes, when it is to leave the country"),
    "stored_place_unknown": mark("unknown: its place is not clear"),
    "in_transit": mark("unknown: it may have left its origin"),
    "licence": mark("yes: it needs a licence"),
    "ban": mark("yes: it may not leave its origin"),
    "whitelist": mark("no, if its exporter is on the list"),
    "quota": mark("yes, beyond the quota of its origin"),
    "practice": mark("in practice: a stop is reported, no law"),
    "uncertain": mark("yes, if the form is covered"),
    "may_not_return": mark("not known: it is not in your hands"),
}
YES, NO, UNKNOWN = mark("Yes"), mark("No"), mark("Unknown")
BRIEFLY: Mapping[str, str] = {
    **dict.fromkeys(("safe", "safe_abroad", "clear"), NO),
    **dict.fromkeys(
        ("unread", "whitelist", "stored_place_unknown", "in_transit", "practice", "uncertain", "may_not_return"), UNKNOWN
    ),
    **dict.fromkeys(("stored_at_origin", "licence", "ban", "quota"), YES),
}
"""The same keys in a word."""
UNKNOWN_ORIGIN = mark("origin unknown")


@section("holdings", mark("What of it could fail to arrive"), needs=["exposure"])
def holdings(run: Findings) -> tuple[Block, ...] | Missing:
    """The lots, whose they are, at which prices, what is listed beside them, and how long a licence takes."""
    lots = run.needed(Holdings).exposure.lots
    if not lots:
        return Missing(run.say.words("The file lists no lots of metal."))
    figures = (_clients(run), _prices(run), _instruments(run))
    return (_lots(run, lots), *(figure for figure in figures if figure))


@section("terms", mark("What hangs on the orders"), needs=["exposure"])
def terms(run: Findings) -> tuple[Block, ...]:
    """Of each lot that has not arrived: paid, owed, its replacement, and when a licence may come; nothing where none is."""
    say, fmt, exposure = run.say, run.fmt, run.needed(Holdings).exposure
    lots = exposure.lots
    bought = {one.lot_id: one for one in exposure.purchases}
    orders = sorted((lot for lot in lots if lot.status in ARRIVING), key=lambda lot: -_stake(lot, bought))[:LOT_ROWS]
    purchases = [bought[lot.lot_id] for lot in orders]
    if not any(one.cost for one in purchases):
        return ()
    delay, names = exposure.licence_delay, lot_names(lots, say)

    def licence(lot: LotExposure) -> Inline:
        if delay is None or reach(lot) != "order":
            return NONE
        half, most = (run.assumed(fmt.number(days), DELAY, marked=False) for days in (delay.median, delay.tail))
        return text(half, "; ", most)

    def amount(one: float | None) -> Inline:
        return NONE if one is None else fmt.number(one)

    def paid(lot: LotExposure) -> Inline:
        one = bought[lot.lot_id]
        return NONE if one.cost is None else strong(fmt.number(one.cost - one.owed))

    table = run.table(
        "What hangs on each order",
        orders,
        left("Lot ID", lambda lot: text(Span("▲ " if _is_at_risk(lot) else "", "warn"), shown_name(names[lot.lot_id]))),
        left("What", lambda lot: _what(run, lot, with_origin=False)),
        right("Paid, {currency}", paid),
        right("Still owed, {currency}", lambda lot: amount(bought[lot.lot_id].owed or None)),
        right("To replace today, {currency}", lambda lot: amount(lot.value)),
        right("Days to a licence: half; nine in ten", licence),
    )
    total = sum(one.cost - one.owed for one in purchases if one.cost is not None)
    paid_all = run.money(total)
    if any(one.owed for one in purchases):
        owed = run.money(sum(one.owed for one in purchases))
        title = say("{paid} is paid and {owed} still owed for what has not arrived", paid=paid_all, owed=owed)
    else:
        title = say("{paid} is paid for what has not arrived", paid=paid_all)
    sub = say(
        "If an order is stopped, what is paid may be lost or come back late, what is owed may fall due all the same, and the "
        "metal costs the price of the day. Who bears a refused licence stands in the contract, not in this file."
    )
    return (Figure(title, sub, (table,), (), sentences(*_source(run))),)


def _totals(run: Findings, found: Mapping[Reach, HoldingsSum], lots: Sequence[LotExposure]) -> Table:
    """Value by what a control can do, which adds up to all that is owned or ordered."""
    say, fmt = run.say, run.fmt
    total, plans = sum(part.value for part in found.values()), [lot for lot in lots if lot.status == PLANNED]
    owned, whole = fmt.number(len(lots) - len(plans)), muted(fmt.percent(1.0)) if total else NONE
    below = [Row.of(say.words("Owned or ordered"), owned, strong(fmt.number(total)), whole, total=True)]
    if plans:
        value = sum(lot.value or 0.0 for lot in plans)
        worth = fmt.number(value) if value else NONE
        below.append(Row.of(say.words("Planned, not owned, in no total"), fmt.number(len(plans)), worth, NONE))
    return run.table(
        "Value by what a control can do",
        [part for part in found.values() if part.lots or part.reach in ALWAYS],
        left("Where it stands", lambda part: say.words(REACHES[part.reach])),
        right("Number of lots", lambda part: fmt.number(part.lots) if part.lots else NONE),
        right("Value, {currency}", lambda part: strong(fmt.number(part.value)) if part.value else NONE),
        right("Share", lambda part: muted(fmt.percent(part.value / total)) if part.value else NONE),
        below=below,
    )


def _priced(run: Findings, prices: Sequence[UnitPrice]) -> Iterator[Text]:
    """What the prices are, each kind with its sources: markers, and names of files of the user, which have none."""
    for kind, words in PRICED.items():
        of = {price.source for price in prices if kind in (price.kind, price.price_from)}
        if not of:
            continue
        origins = {origin.key for origin in run.origins}
        own = [name(source) for source in sorted({source_of_dealer(source) for source in of - origins})]
        files = (f"{NBSP}(", run.say.listed(own), ")") if own else ()
        yield text(run.say.words(words), *files, run.of_sources(*of))


def _source(run: Findings) -> Iterator[Text]:
    say, exposure = run.say, run.needed(Holdings).exposure
    yield say(
        "Source: lots of the file {prices}; notices{notices}.",
        prices=say.listed([*_priced(run, exposure.prices)]),
        notices=sources(run.of_tables("controls"), run.rests_on(ORIGIN, FORM)),
    )
    if unpriced := exposure.unpriced:
        first: list[Inline] = [shown_name(say.lot(lot)) for lot in islice(unpriced, UNPRICED_NAMED)]
        yield say.counted(
            len(unpriced),
            "{N} lot has no price for its form and is in no total: {lots}.",
            "{N} lots have no price for their form and are in no total: {lots}.",
            lots=text(say.listed(first), *((" …",) if len(unpriced) > len(first) else ())),
        )


def _lots(run: Findings, lots: Sequence[LotExposure]) -> Figure:
    say, fmt = run.say, run.fmt
    bought = {one.lot_id: one for one in run.needed(Holdings).exposure.purchases}
    order = sorted(lots, key=lambda lot: (not _is_at_risk(lot), -_stake(lot, bought), lot.lot_id))
    most = min(max(SHORT_LOT_ROWS, sum(map(_is_at_risk, order))), LOT_ROWS) if run.short else LOT_ROWS
    first, rest = order[:most], order[most:]
    unknown, names = all(lot.assumed_origin for lot in lots), lot_names(lots, say)
    routed, anchors = is_routed(run.record.owner.country, lots), lot_anchors(lot.lot_id for lot in order)
    told = []
    has_cost = any(one.cost for one in bought.values())
    cost: Shown[LotExposure] | None = right("Bought for, {currency}", lambda lot: fmt.number(bought[lot.lot_id].cost))
    cost = cost if has_cost else None
    if rest:
        value = sum(lot.value or 0.0 for lot in rest)
        words = say.counted(len(rest), "{N} further lot", "{N} further lots")
        blank, papers = [""] * (2 + routed), [""] * (not run.short)
        told.append(Row.of(words, "", "", "", strong(fmt.number(value)), *blank, _rest(run, rest), *papers, total=True))
    what = say("Metal and form") if unknown else say("Metal, form and origin")
    data = run.table(
        "All lots",
        order,
        left("Lot ID", lambda lot: say.name(names[lot.lot_id])),
        left(what, lambda lot: ", ".join(_plainly(run, lot)), "What"),
        right("Quantity, kg", lambda lot: fmt.quantity(lot.mass), "kg"),
        right("Value, {currency}", lambda lot: _value(run, lot)),
        cost,
        left("Where", lambda lot: _where(run, lot, name(lot.location or ""))),
        left("Goes to", lambda lot: _to(run, lot)) if routed else None,
        left("Measure", lambda lot: _numbers(run, lot)),
        left("Can it be stopped?", lambda lot: say.words(BRIEFLY[_stop(lot)]), "Stopped?"),
        stacks=False,
    )
    table = run.table(
        "Lots",
        first,
        left("Lot ID", lambda lot: text(Span("▲ " if _is_at_risk(lot) else "", "warn"), shown_name(names[lot.lot_id]))),
        left(what, lambda lot: _what(run, lot, with_origin=not unknown), "What"),
        right("Quantity, kg", lambda lot: fmt.quantity(lot.mass), "kg"),
        right("Price of a kg, {currency}", lambda lot: _price(run, lot), "Price of a kg"),
        right("Value, {currency}", lambda lot: _value(run, lot, bold=True)),
        left("Where", lambda lot: _where(run, lot, shown_name(run.country(lot.location or "")))),
        left("Goes to", lambda lot: _to(run, lot)) if routed else None,
        left("Measure", lambda lot: _numbers(run, lot) or NONE),
        left("Can it be stopped?", lambda lot: _stopped(run, lot), "Stopped?"),
        None if run.short else left("Origin; certificate", lambda lot: _papers(run, lot)),
        below=told,
        row=lambda lot: Row(anchor=anchors[lot.lot_id]),
    )
    sub = say(
        "What a control can stop first (▲), then by value. ○ is the average of a year, with the range that holds 95% of "
        "prices of today; ± is one standard error as the price of today. Measures are those on the form of the lot for "
        "delivery from its origin {towards}; a notice names forms, not metals.",
        towards=towards_of(run, lots),
    )
    if unknown:
        markers = run.rests_on(ORIGIN)
        sub = text(
            sub, " ", say("The file names no origin: every lot is judged as if it came from China{markers}.", markers=markers)
        )
    return Figure(
        _largest(run, order, bought),
        sub,
        (table,),
        (),
        sentences(*_source(run)),
        data if rest or _cut(lots, names) else None,
    )


def _stake(lot: LotExposure, bought: Mapping[str, Purchase]) -> float:
    """Money that hangs on a lot: its value, or what it was bought for where that is more or it has no price."""
    return max(lot.value or 0.0, bought[lot.lot_id].cost or 0.0)


def _largest(run: Findings, order: Sequence[LotExposure], bought: Mapping[str, Purchase]) -> Text:
    """Of what is at risk the lot on which most money hangs, else the largest of all."""
    say = run.say
    if risky := [lot for lot in order if _is_at_risk(lot)]:
        lot = max(risky, key=lambda lot: _stake(lot, bought))
        said = {"mass": run.fmt.kilograms(lot.mass), "metal": run.metal(run.product(lot.asset))}
        cost = bought[lot.lot_id].cost
        if cost is not None and cost > (lot.value or 0.0):
            return say("The largest lot at risk is {mass} {metal}, bought for {cost}", cost=run.money(cost), **said)
        if lot.value is None:
            return say("A lot at risk has no price: {mass} {metal}", **said)
        return say("The largest lot at risk is {mass} {metal}, worth {value}", value=run.money(lot.value), **said)
    lot = max((lot for lot in order if lot.status != PLANNED), key=lambda lot: lot.value or 0.0, default=order[0])
    if lot.value is None:
        return say("No lot has a price")
    return say(
        "The largest lot is {mass} {metal}, worth {value}",
        mass=run.fmt.kilograms(lot.mass), metal=run.metal(run.product(lot.asset)), value=run.money(lot.value),
    )  # fmt: skip


def _cut(lots: Sequence[LotExposure], names: Mapping[str, str]) -> bool:
    """Whether a name is too long for the table that is shown."""
    return any(len(shown_name(words).text) < len(words) for lot in lots for words in (names[lot.lot_id], lot.location or ""))


def _clients(run: Findings) -> Figure | None:
    """Whose the lots are, where they are of several clients."""
    say, fmt, clients = run.say, run.fmt, run.needed(Holdings).exposure.clients
    if len(clients) < 2:
        return None

    def worth(total: Total) -> str:
        return say.words("no price") if total.unpriced == total.lots else fmt.number(total.value)

    table = run.table(
        "Value by client",
        clients,
        left("Client", lambda one: shown_name(one.client) if one.client else say.words("not named")),
        right("Number of lots", lambda one: fmt.number(one.held.lots)),
        right("Value, {currency}", lambda one: strong(worth(one.held))),
        right("Share", lambda one: muted(fmt.percent(one.held.share)) if one.held.value else NONE),
        right("May be stopped, {currency}", lambda one: worth(one.at_risk) if one.at_risk.lots else NONE),
    )
    title = say("The lots are of {n} clients, and every figure is of all of them together", n=say.number_word(len(clients)))
    sub = say("Holding periods, limits and orders are a client’s own: make a report of each with --client.")
    return Figure(title, sub, (table,), (), sentences(*_source(run)))


def _papers(run: Findings, lot: LotExposure) -> str:
    """What of the origin and the quality of a lot can be shown."""
    return f"{run.say.word(lot.traceability.origin)}; {run.say.word(lot.traceability.certificate)}"


def _what(run: Findings, lot: LotExposure, *, with_origin: bool) -> Text:
    origin: Inline = run.country(lot.origin)
    if lot.assumed_origin:
        origin = run.assumed(run.say.words(UNKNOWN_ORIGIN), ORIGIN, marked=False)
    form = name(run.say.term("term", lot.form))
    return text(run.head(run.product(lot.asset)), ", ", form, *((", ", origin) if with_origin else ()))


def _plainly(run: Findings, lot: LotExposure) -> tuple[str, str, str]:
    """Metal, form and origin for the data table: as short as they can be said, since there may be thousands of lots."""
    origin = run.say.words(UNKNOWN_ORIGIN) if lot.assumed_origin else run.country(lot.origin)
    return run.head(run.product(lot.asset)).text, run.say.term("term", lot.form), origin


def _value(run: Findings, lot: LotExposure, *, bold: bool = False) -> Inline:
    if lot.value is None:
        return NONE
    written = run.fmt.number(lot.value)
    return text("≤ " if lot.nines < 0 else "≥ " if lot.nines > 0 else "", strong(written) if bold else written)


def _where(run: Findings, lot: LotExposure, place: Span) -> Text:
    return text(run.say.words(STATUS[lot.status]), *((", ", place) if lot.location else ()))


def towards_of(run: Findings, lots: Iterable[LotExposure]) -> Text | str:
    """Where lots go, with its preposition: the owner's country, unless one says otherwise."""
    owner = run.record.owner.country
    return run.say("to where it goes") if is_routed(owner, lots) else run.towards(owner)


def _to(run: Findings, lot: LotExposure) -> str:
    """Where a lot goes, and who uses it there where that is not anybody."""
    place = run.country(lot.destination)
    return place if lot.end_user == CIVIL else f"{place}, {run.say.term('term', lot.end_user)}"


def _stopped(run: Findings, lot: LotExposure) -> Inline:
    words = run.say.words(STOP[_stop(lot)])
    return strong(words) if _is_at_risk(lot) else words


def _is_at_risk(lot: LotExposure) -> bool:
    """Whether a lot that is owned or ordered can be stopped, or it is not settled that it cannot."""
    return reach(lot) in RISKY and lot.status != PLANNED


def _price(run: Findings, lot: LotExposure) -> Text:
    """The price of a kg of its form with its error, its month or year, and its own source; nothing where there is none."""
    fmt = run.fmt
    price = next((p for p in run.needed(Holdings).exposure.prices if (p.asset, p.form) == (lot.asset, lot.form)), None)
    if price is None or lot.value is None:
        return text(NONE)
    error = (" ± ", fmt.price(price.price_today_se, like=price.price)) if price.price_today_se else ()
    annual = price.kind == ANNUAL
    if annual:
        error = (" (", *_interval(run, price), ")")
    day = muted(f" {_of_day(run, price)}")
    return text("○ " if annual else "", fmt.price(price.price), *error, day, run.of_sources(price.source))


def _numbers(run: Findings, lot: LotExposure) -> str:
    return ", ".join(run.say.notice(number) for number in lot.measures)


def _stop(lot: LotExposure) -> str:
    """Key of STOP for a lot."""
    standing = reach(lot)
    if standing == "safe" and lot.assumed_origin:
        return "safe_abroad"
    if standing == "unknown":
        return "unread"
    if standing in ("safe", "clear"):
        return "whitelist" if standing == "clear" and lot.headline.startswith("whitelist") else standing
    if standing in ("unsettled", "may_not_return"):
        return lot.delivery
    if not lot.controlled:
        return "practice" if lot.practice else "quota"
    return "uncertain" if lot.uncertain else "ban" if lot.headline.startswith("ban") else "licence"


def _rest(run: Findings, rest: Sequence[LotExposure]) -> Text:
    risky = sum(map(_is_at_risk, rest))
    if not risky:
        return run.say("none of them is at risk")
    return run.say.counted(risky, "{n} of them is at risk", "{n} of them are at risk")


def _prices(run: Findings) -> Figure | None:
    """The prices that lots are valued at, and what was quoted in Europe beside averages of a year.

    A short report tells of those averages alone; None where there is nothing to tell.
    """
    say, fmt, exposure = run.say, run.fmt, run.needed(Holdings).exposure
    prices = exposure.prices
    yearly = {price.asset: price for price in prices if price.kind == ANNUAL}
    value = sum(lot.value or 0.0 for lot in exposure.lots if lot.asset in yearly and lot.status != PLANNED)
    if not prices or (run.short and value <= 0):
        return None
    title = say("The oldest of the prices is of {day}", day=fmt.long_date(min(price.date for price in prices)))
    if value > 0:
        title = say(
            "{share} of value is priced at an average of a year, up to {day}",
            share=fmt.percent(value / exposure.value, 0),
            day=fmt.long_date(max(price.date for price in yearly.values())),
        )
    quoted = [(there, price) for price in prices if (there := price.in_europe)]
    if quoted and value > 0:
        there, most = max(quoted, key=lambda row: row[0].multiple)
        title = text(
            title,
            "; ",
            say(
                "{metal} was quoted at {multiple} times that in Europe",
                metal=run.metal(run.product(most.asset)),
                multiple=fmt.number(there.multiple, 1),
            ),
        )
    sub = say(
        "Amounts per kg. The standard error is that as the price of today; nineteen of twenty prices of today would lie in the "
        "range, by what such prices missed in the past. The average of a year is no price of today."
    )
    if quoted:
        sub = text(sub, " ", say(
            "The values of lots use the average: what was quoted in Europe on one day is no series. Metal outside China may be "
            "worth that, and an order cost it."
        ))  # fmt: skip
    table = run.table(
        "Prices of the lots",
        prices,
        left("Metal", lambda price: _good(run, price)),
        right("Price used, {currency}", lambda price: strong(fmt.price(price.price))),
        right("Standard error", lambda price: fmt.price(price.price_today_se, like=price.price)),
        right("95% of prices of today, {currency}", lambda price: _interval(run, price), "95% of prices of today"),
        left("Kind", lambda price: say.word(PRICE_KINDS.get(price.kind, price.kind))),
        left("Basis", lambda price: text(fmt.sentence(say.word(price.basis)), muted(f" {_of_day(run, price)}"))),
        left("Paid in", lambda price: run.country(price.place) if price.place else say.words("not stated")),
        *(_quoted(run) if quoted else ()),
    )
    quotations = run.of_sources(*(there.source for there, _ in quoted))
    foot = say("Source: {prices}{sources}.", prices=say.listed([*_priced(run, prices)]), sources=quotations)
    return Figure(title, sub, (table,), (), foot)


def _good(run: Findings, price: UnitPrice) -> Text:
    """What a price is of: the metal, its form and the purity that the price is for."""
    return joined([run.head(run.product(price.asset)), run.say.term("term", price.form), *filter(None, (price.purity,))], ", ")


def _of_day(run: Findings, price: UnitPrice) -> str:
    """The month of a price, or the year of an average."""
    return str(price.date)[:4] if price.kind == ANNUAL else run.fmt.month(price.date)


def _instruments(run: Findings) -> Figure | None:
    """Lots of listed instruments, which no control reaches; None without any."""
    say, fmt, exposure = run.say, run.fmt, run.needed(Holdings).exposure
    if not (listed := exposure.instruments):
        return None
    names = lot_names([*exposure.lots, *listed], say)
    table = run.table(
        "Listed instruments",
        listed,
        left("Lot ID", lambda lot: shown_name(names[lot.lot_id])),
        left("Instrument", lambda lot: name(lot.asset)),
        right("Units", lambda lot: fmt.quantity(lot.quantity)),
        right("Price, {currency}", lambda lot: fmt.price(lot.price)),
        left("Day", lambda lot: fmt.short_date(lot.date)),
        right("Value, {currency}", lambda lot: strong(fmt.number(lot.value))),
    )
    title = say.counted(
        len(listed), "{N} lot is a listed instrument, in no total", "{N} lots are listed instruments, in no total"
    )
    return Figure(title, (), (table,))


def _interval(run: Findings, price: UnitPrice) -> Text:
    """The interval that 95 % of prices of today lie in."""
    return joined([run.fmt.price(end, like=price.price) for end in (price.price_today_low, price.price_today_high)], "–")


def _quoted(run: Findings) -> tuple[Shown[UnitPrice], Shown[UnitPrice]]:
    """What was quoted in Europe, and when."""
    say, fmt = run.say, run.fmt

    def ends(price: UnitPrice) -> Inline:
        if not (there := price.in_europe):
            return NONE
        return joined(map(strong, dict.fromkeys(fmt.price(end, like=there.low) for end in (there.low, there.high))), "–")

    def quotation(price: UnitPrice) -> Inline:
        if not (there := price.in_europe):
            return NONE
        return text(name(fmt.sentence(say.term("term", there.basis))), muted(f", {fmt.short_date(there.date)}"))

    return right("Quoted in Europe, {currency}", ends, "In Europe"), left("Quotation", quotation)
