"""What of the holdings could fail to arrive: one bar by what a control can do, then lot by lot."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice

from toolkit.holdings.exposure import LotExposure, Total
from toolkit.holdings.purchases import Purchase
from toolkit.holdings.unit_price import UnitPrice
from toolkit.records.subjects import Holdings
from toolkit.report.charts.basket import Slice, status_bar
from toolkit.report.compose import section
from toolkit.report.document import Block, Chart, Figure, Missing, Row, Shown, left, right
from toolkit.report.findings import Findings
from toolkit.report.i18n.formats import NBSP
from toolkit.report.i18n.language import mark
from toolkit.report.i18n.names import source_of_dealer
from toolkit.report.i18n.text import NONE, Inline, Span, Text, joined, muted, name, sentences, sources, strong, text
from toolkit.report.tables.lots import (
    CIVIL,
    DELAY,
    FORM,
    LEGEND,
    ORIGIN,
    PLANNED,
    REACHES,
    Reach,
    Sum,
    is_routed,
    lot_names,
    reach,
    shown_name,
    sums,
)

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
RISKY: tuple[Reach, ...] = ("order", "unsettled", "may_not_return")
"""What a control can do to a lot that stands first in the list."""
ALWAYS: tuple[Reach, ...] = ("safe", "order")
"""Told even where no lot is in them: that nothing is at risk is the answer."""
STATUS: Mapping[str, str] = {
    "stored": mark("stored"),
    "in_transit": mark("in transit"),
    "ordered": mark("ordered"),
    "planned": mark("planned"),
    "at_risk": mark("at risk"),
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
    """The bar, its totals behind it, the lots, whose they are, and how long a licence takes."""
    lots = run.needed(Holdings).exposure.lots
    if not lots:
        return Missing(run.say.words("The file lists no lots of metal."))
    bar = () if run.short else (_bar(run, lots),)  # the first screen has one
    return (*bar, _lots(run, lots), *(figure for figure in (_clients(run), _yearly(run), _delay(run)) if figure))


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


def _bar(run: Findings, lots: Sequence[LotExposure]) -> Figure:
    say, fmt, found = run.say, run.fmt, sums(lots)
    total, plans = sum(part.value for part in found.values()), [lot for lot in lots if lot.status == PLANNED]
    shown = [part for part in found.values() if part.lots or part.reach in ALWAYS]
    columns: tuple[Shown[Sum], ...] = (
        left("Where it stands", lambda part: say.words(REACHES[part.reach])),
        right("Number of lots", lambda part: fmt.number(part.lots) if part.lots else NONE),
        right("Value, {currency}", lambda part: strong(fmt.number(part.value)) if part.value else NONE),
        right("Share", lambda part: muted(fmt.percent(part.value / total)) if part.value else NONE),
    )
    owned, whole = fmt.number(len(lots) - len(plans)), muted(fmt.percent(1.0)) if total else NONE
    below = [Row.of(say.words("Owned or ordered"), owned, strong(fmt.number(total)), whole, total=True)]
    if plans:
        value = sum(lot.value or 0.0 for lot in plans)
        worth = fmt.number(value) if value else NONE
        below.append(Row.of(say.words("Planned, not owned, in no total"), fmt.number(len(plans)), worth, NONE))
    table = run.table("Value by what a control can do", shown, *columns, below=below)
    drawn = [part for part in shown if part.value > 0]
    told = "; ".join(f"{say.words(LEGEND[part.reach][1])}: {run.money(part.value)}" for part in drawn)
    parts = tuple(Slice(part.value, run.money(part.value), LEGEND[part.reach][0]) for part in drawn)
    legend = tuple((LEGEND[part.reach][0], say.words(LEGEND[part.reach][1])) for part in drawn)
    sub = say(
        "Value of the lots in {currency} by what an export control in force on {day} can do to them.",
        currency=run.currency,
        day=fmt.long_date(run.as_of),
    )
    title, foot = _finding(run, found, total), sentences(*_source(run))
    if not parts:
        return Figure(title, sub, (table,), (), foot)
    return Figure(title, sub, (Chart(status_bar(parts, fmt), f"{told}."),), legend, foot, table)


def _finding(run: Findings, found: Mapping[Reach, Sum], total: float) -> Text:
    say = run.say
    ordered, safe, lots = found["order"].value, found["safe"].value, found["order"].lots
    if ordered > 0:
        shares = {"share": run.fmt.percent(ordered / total), "safe": run.fmt.percent(safe / total)}
        return say("{share} of value is ordered under a control in force; {safe} is stored outside its origin", **shares)
    if lots:
        return say.counted(
            lots,
            "{N} lot without a price is on order and can be stopped",
            "{N} lots without a price are on order and can be stopped",
        )
    if found["unsettled"].lots and not found["unsettled"].value:
        return say("No order can be stopped; of a lot without a price it is not settled whether it has left its origin")
    if found["unsettled"].lots:
        return say(
            "No order can be stopped; of {value} under control it is not settled whether it has left its origin",
            value=run.money(found["unsettled"].value),
        )
    if found["unknown"].lots:
        return say(
            "No order is under a control in force that the ledger knows; it does not cover the export law of every origin"
        )
    return say("No order is under a control in force today")


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
    routed = is_routed(run.record.owner.country, lots)
    told = []
    has_cost = any(one.cost for one in bought.values())
    cost: Shown[LotExposure] | None = right("Bought for, {currency}", lambda lot: fmt.number(bought[lot.lot_id].cost))
    cost = cost if has_cost else None
    if rest:
        value = sum(lot.value or 0.0 for lot in rest)
        words = say.counted(len(rest), "{N} further lot", "{N} further lots")
        blank = [""] * (2 + routed)
        told.append(Row.of(words, "", "", "", strong(fmt.number(value)), *blank, _rest(run, rest), total=True))
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
        below=told,
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
        _largest(run, order, bought), sub, (table,), (), sentences(*_source(run)), data if rest or _cut(lots, names) else None
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
        right("Share", lambda one: muted(fmt.percent(one.held.share))),
        right("May be stopped, {currency}", lambda one: worth(one.at_risk) if one.at_risk.lots else NONE),
    )
    title = say("The lots are of {n} clients, and every figure is of all of them together", n=say.number_word(len(clients)))
    sub = say("Holding periods, limits and orders are a client’s own: make a report of each with --client.")
    return Figure(title, sub, (table,), (), sentences(*_source(run)))


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
    day = str(price.date)[:4] if annual else fmt.month(price.date)
    return text("○ " if annual else "", fmt.price(price.price), *error, muted(f" {day}"), run.of_sources(price.source))


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


def _yearly(run: Findings) -> Figure | None:
    """The prices that are averages of a year: where they are paid, and what was quoted in Europe; None without one."""
    say, fmt, exposure = run.say, run.fmt, run.needed(Holdings).exposure
    prices = {price.asset: price for price in exposure.prices if price.kind == ANNUAL}
    held = [lot for lot in exposure.lots if lot.status != PLANNED]
    value = sum(lot.value or 0.0 for lot in held if lot.asset in prices)
    if value <= 0:
        return None
    title = say(
        "{share} of value is priced at an average of a year, up to {day}",
        share=fmt.percent(value / exposure.value, 0),
        day=fmt.long_date(max(price.date for price in prices.values())),
    )
    quoted = [(there, price) for price in prices.values() if (there := price.in_europe)]
    if quoted:
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
        "Amounts per kg. The average of a year is no price of today: nineteen of twenty prices of today would lie in the "
        "range, by what such averages missed in the past."
    )
    if quoted:
        sub = text(sub, " ", say(
            "The values of lots use the average: what was quoted in Europe on one day is no series. Metal outside China may be "
            "worth that, and an order cost it."
        ))  # fmt: skip
    table = run.table(
        "Prices that are averages of a year",
        prices.values(),
        left("Metal", lambda price: run.head(run.product(price.asset))),
        right("Price used, {currency}", lambda price: strong(fmt.price(price.price))),
        right("95% of prices of today, {currency}", lambda price: _interval(run, price), "95% of prices of today"),
        left("Basis", lambda price: text(fmt.sentence(say.term("term", price.basis)), muted(f" {str(price.date)[:4]}"))),
        left("Paid in", lambda price: run.country(price.place) if price.place else say.words("not stated")),
        *(_quoted(run) if quoted else ()),
    )
    keys = (*(price.source for price in prices.values()), *(there.source for there, _ in quoted))
    foot = say("Source: averages of a year{sources}.", sources=run.of_sources(*keys))
    return Figure(title, sub, (table,), (), foot)


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


def _delay(run: Findings) -> Figure | None:
    """How long a licence takes, and how far what is stored reaches where the use is known."""
    exposure, say, fmt = run.needed(Holdings).exposure, run.say, run.fmt
    delay = exposure.licence_delay
    if delay is None or not any(reach(lot) == "order" for lot in exposure.lots):
        return None

    def days(count: float) -> Inline:
        return run.assumed(fmt.number(count), DELAY, marked=False)

    title = say(
        "Half of the licences are assumed to come within {median} days; one in ten takes {tail} or more",
        median=days(delay.median),
        tail=days(delay.tail),
    )
    within = run.derived(fmt.percent(delay.within_statutory, 0), DELAY)
    sub = say(
        "The authority has {days} calendar days to decide; by this distribution {share} of licences come within them.",
        days=fmt.number(delay.statutory),
        share=within,
    )
    covers = [row for row in exposure.cover if row.days is not None and row.monthly_use is not None]
    if not covers:
        unknown = say("How long the stored metal lasts is not known: the report was given no use a month.")
        return Figure(title, text(sub, " ", unknown), ())
    table = run.table(
        "Cover of stored metal",
        covers,
        left("Metal", lambda row: run.head(run.product(row.asset))),
        right("Stored, kg", lambda row: fmt.quantity(row.stored)),
        right("Use a month, kg", lambda row: fmt.quantity(row.monthly_use or 0.0)),
        right("Cover, days", lambda row: strong(fmt.number(row.days))),
        right("A licence takes longer", lambda row: run.derived(fmt.percent(row.shortfall, 0), DELAY, marked=False)),
    )
    return Figure(title, sub, (table,), (), say("Use a month as given to the report."))
