"""Messages of an exposure: its three statements, what is owed, and what is not known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

import polars as pl

from toolkit.controls.ledger import CHINA, ControlLedger
from toolkit.controls.state import doubt_note
from toolkit.core.countries import CUSTOMS_CHINA, UNKNOWN_ORIGIN
from toolkit.core.grouping import by_key
from toolkit.core.messages import Message, few, message
from toolkit.core.remarks import Remark
from toolkit.holdings.exposure import (
    IN_TRANSIT,
    MAY_NOT_RETURN,
    ORDER_AT_RISK,
    PLANNED_AT_RISK,
    PLANS,
    STORED_AT_ORIGIN,
    STORED_SAFE,
    STORED_UNPLACED,
    PortfolioExposure,
    Total,
)
from toolkit.holdings.purchases import Purchase
from toolkit.holdings.resale import NOT_SETTLED


def by_dates(portfolio: PortfolioExposure, ledger: ControlLedger, on: date) -> tuple[str, ...]:
    """Which measures on the lots, their delivery or resale, are in force because a suspension has ended since the last review.

    Args:
        portfolio: The lots and what is on them.
        ledger: The control ledger.
        on: Day of knowledge.
    """
    numbers = {number for lot in portfolio.lots for number in lot.measures}
    numbers |= {number for lot in portfolio.lots for answer in lot.answers for number in answer.measures}
    named = [
        (title, event) for event in ledger.events if event.is_law and (title := event.number or event.authority) in numbers
    ]
    reviewed = ledger.reviewed_on(on)
    days = ((title, ledger.chronology.returned(event, on, known=on)) for title, event in named if event.known_from <= on)
    told = doubt_note(((title, day) for title, day in days if day and reviewed and day > reviewed), reviewed)
    return (told,) if told else ()


def statements(portfolio: PortfolioExposure, currency: str) -> Iterator[Message]:
    """The three statements with their money, and lots that belong to none of them."""
    if not portfolio.lots:
        yield message("The file lists no lots of metal.")
        return
    totals = {total.name: total for total in (*portfolio.deliveries, *portfolio.planned)}

    def money(total: Total) -> Message:
        amount = message("{amount:,.2f} {currency}", amount=total.value, currency=currency)
        if not total.unpriced:
            return amount
        without = message("{count} lots without a price", count=total.unpriced)
        if total.unpriced == 1:
            without = message("a lot without a price")
        return without if total.unpriced == total.lots else message("{money} and {without}", money=amount, without=without)

    def worth(name: str) -> Message:
        return money(totals[name])

    if totals[STORED_SAFE].lots:
        yield message(
            "Stored outside the country of origin and outside China, by the location in the file: {money}. Their "
            "export controls cannot stop it.",
            money=worth(STORED_SAFE),
        )
    yield message("Open orders that can fail to arrive: {ordered}.", ordered=worth(ORDER_AT_RISK))
    yield message(
        "Resale to certain end users is restricted for {money}, wherever stored; the measures claim liability of third "
        "parties.",
        money=money(portfolio.resale_restricted),
    )
    banned = [lot for lot in portfolio.held if any(answer.export_bans for answer in lot.answers)]
    if banned:
        yield message(
            "Under an export ban in force: {money}. While it has not left, it may go to no buyer abroad.",
            money=money(portfolio.total("export_banned", banned)),
        )
    plans = [total for total in portfolio.planned if total.lots]
    if plans:
        yield message(
            "Planned, not owned and in no total: {money}, of which {risk} under a control in force.",
            money=money(portfolio.total("planned", (lot for lot in portfolio.lots if lot.delivery in PLANS))),
            risk=worth(PLANNED_AT_RISK),
        )
    if totals[MAY_NOT_RETURN].lots:
        yield message(
            "Lent, pledged, seized or lost, by your own word: {money}. It is counted as held, and it can be neither sold nor "
            "relied on before it is given back.",
            money=worth(MAY_NOT_RETURN),
        )
    if totals[STORED_AT_ORIGIN].lots:
        yield message(
            "Stored in the country of origin, or in China: {money}. An export control there still reaches it.",
            money=worth(STORED_AT_ORIGIN),
        )
    if any(lot.delivery == STORED_AT_ORIGIN and lot.place in CUSTOMS_CHINA - {CHINA} for lot in portfolio.lots):
        yield message("Hong Kong and Macau count as China: metal there is not outside it.")
    if totals[STORED_UNPLACED].lots:
        yield message(
            "Stored at a place that is not named or not understood: {money}. Whether it can still be stopped is unknown, "
            "so what of it is under control counts as at risk. Write city and country of the warehouse.",
            money=worth(STORED_UNPLACED),
        )
    if totals[IN_TRANSIT].lots:
        yield message(
            "In transit: {money}. The file does not say whether it has left the country of origin.",
            money=worth(IN_TRANSIT),
        )
    open_lots = [
        (lot, answer) for lot in portfolio.held for answer in lot.answers if answer.answer == NOT_SETTLED and answer.measures
    ]
    if open_lots:
        yield message(
            "Resale of {assets} is not settled here: check {acts}.",
            assets=sorted({lot.asset for lot, _ in open_lots}),
            acts=few(sorted({number for _, answer in open_lots for number in answer.measures}), 3),
        )
    unread = [lot for lot in portfolio.held if any({*answer.not_in_ledger} - {UNKNOWN_ORIGIN} for answer in lot.answers)]
    if unread:
        yield message(
            "Resale of {assets} that has to leave {countries} is not covered: the export law there is not, or only in part, "
            "in the ledger.",
            assets=sorted({lot.asset for lot in unread}),
            countries=sorted(
                {place for lot in unread for answer in lot.answers for place in answer.not_in_ledger} - {UNKNOWN_ORIGIN}
            ),
        )
    if portfolio.resale_unknown.lots:
        yield message(
            "Of unknown origin: {money} that would be restricted if it came from the controlling country.",
            money=money(portfolio.resale_unknown),
        )


def without_rate(bought: Sequence[Purchase]) -> Iterator[Remark]:
    """A warning of the lots that were paid in a currency without an exchange rate: no sum of costs, gains or debts has them."""
    lots = by_key((purchase.without_rate, purchase.lot_id) for purchase in bought if purchase.without_rate)
    for currency, ids in lots.items():
        text = message(
            "No exchange rate of {currency} is known: what was paid for {lots} is in no cost, gain or debt.",
            currency=currency, lots=few(ids),
        )  # fmt: skip
        remedy = message("Bring rates with --rates FILE, or fetch them: `toolkit data fetch ecb`.")
        yield Remark("data", text, remedy, comes_first=True)


def owed(bought: Sequence[Purchase], currency: str) -> list[Message]:
    """Messages on what is still to be paid for lots."""
    open_ = {purchase.lot_id: purchase.owed for purchase in bought if purchase.owed}
    if not open_:
        return []
    return [
        message(
            "Still to be paid: {owed:,.2f} {currency} on {lots}; their values above count in full.",
            owed=sum(open_.values()),
            currency=currency,
            lots=few(list(open_)),
        )
    ]


def gaps(lots: pl.DataFrame) -> Iterator[Message]:
    """Messages on lots without a purchase in the file."""
    bought = lots.filter(pl.col("status") != "planned")
    if undated := bought.filter(pl.col("purchase_date").is_null())["lot_id"].to_list():
        yield message("No purchase date, so no holding period is told: {lots}.", lots=few(undated))
    if unpaid := bought.filter(pl.col("purchase_price").is_null())["lot_id"].to_list():
        yield message("No purchase price, so no gain is told: {lots}.", lots=few(unpaid))
