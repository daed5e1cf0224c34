"""The owner's own bids: read, in the reporting currency, beside the estimated price of their day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import polars as pl

from toolkit.app.context import Context
from toolkit.app.holdings.names import LotNames
from toolkit.app.prices import PriceFiles
from toolkit.core.messages import few, message
from toolkit.core.remarks import Remark, note
from toolkit.core.units import KG_PER_UNIT
from toolkit.holdings.exit import Bid, BidsSeen, bids_seen
from toolkit.market.exchange_rates import Rates, rate_on
from toolkit.market.readers.holdings.read import parse


@dataclass(frozen=True, slots=True)
class OwnBids:
    """Bids of a file, as of a day.

    Attributes:
        seen: By metal and form.
        remarks: How the file was read, and what of it is not used.
    """

    seen: tuple[BidsSeen, ...] = ()
    remarks: tuple[Remark, ...] = ()


def own_bids(context: Context, prices: PriceFiles | None) -> OwnBids:
    """The bids of the file that the settings name, or that was given; none where no file is.

    Args:
        context: With the day, the settings and the file.
        prices: The user's own price files, from which the estimated price of a day may be.

    Raises:
        DataError, FrameError: for a file that cannot be read, with what is open or wrong.
    """
    file = context.bids
    if file is None:
        return OwnBids()
    from toolkit.app.holdings.past_prices import PastPrices  # noqa: PLC0415  # loads scipy, which who has no bids does without

    read = parse(file, names=LotNames(context.ledger, context.products), today=date.today(), of="bids")
    read.raise_open()
    fx, currency, day = Rates.by_date(context.snapshot["fx"]), context.settings.config.owner.currency, context.as_of
    rows = [row for row in read.rows if row["date"] <= day]
    known = [row for row in rows if row["unit"] in KG_PER_UNIT]
    rates = {row["row"]: rate_on(fx, row["currency"], currency, row["date"]) for row in known}
    goods = sorted({(row["asset"], row["form"], row["purity"]) for row in known}, key=repr)
    past = PastPrices(context, prices, goods, sorted({*(row["date"] for row in known), day}))
    bids = list[Bid]()
    for row in known:
        level, rate = past.worth((row["asset"], row["form"], row["purity"]), row["date"]), rates[row["row"]]
        if rate is not None:
            mass = KG_PER_UNIT[row["unit"]]
            quantity = None if row["quantity"] is None else row["quantity"] * mass
            bids.append(
                Bid(
                    row["date"], row["asset"], row["form"], row["bid"] * rate / mass, level if level > 0 else None, quantity,
                    row["counterparty"], row["valid_until"],
                )
            )  # fmt: skip
    left: list[str] = [message("row {row:d}", row=row["row"]) for row in rows if rates.get(row["row"]) is None]
    remarks = [note(one) for one in read.notes]
    if left:
        text = message(
            "Bids without an exchange rate of their day, or for what is no mass, are not used: {rows}.", rows=few(left)
        )
        remarks.append(Remark("data", text, message("Bring rates with --rates FILE, or fetch them: `toolkit data fetch ecb`.")))
    return OwnBids(bids_seen(bids, day), tuple(remarks))


def with_own_spreads(lots: pl.DataFrame, bids: OwnBids) -> pl.DataFrame:
    """Lots with the spread of own bids for their metal and form, before any that the holdings file or a dealer gives.

    Args:
        lots: Columns of the holdings contract.
        bids: That were seen.
    """
    own = {(one.asset, one.form): one.spread for one in bids.seen if one.spread is not None}
    rows = zip(lots["asset"], lots["form"], lots["spread"], strict=True)
    return lots.with_columns(spread=pl.Series([own.get((asset, form), given) for asset, form, given in rows], dtype=pl.Float64))
