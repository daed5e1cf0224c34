"""The fields of people's files: what a column of each holds, and what is assumed without it. One entry a field, here alone.

Their words, by language, are in `vocabulary/`; the contract of what is read is `toolkit.market.readers.holdings.lots`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Field:
    """One field; its words are translated in the context `column` of the catalogues.

    Attributes:
        key: Its canonical header.
        holds: What a cell says.
        absent: What an empty cell, or a file without the column, means.
        example: A cell.
        cells: Text that is kept as it is, a number, a fraction (a number too), or what the reader has a rule of its own for.
    """

    key: str
    holds: str
    absent: str
    example: str
    cells: Literal["own", "text", "number", "fraction"] = "own"


HOLDINGS = (
    Field("lot_id", "name of the lot, unique in the file", "the number of its row", "GA-01"),
    Field(
        "asset",
        "metal by key, symbol or name (gallium, Ga, Wolfram, Gallium ingot), or a listed instrument of your own prices",
        "required",
        "gallium",
    ),
    Field("form", "form or product: metal, oxide, bar, ingot, pellets, Barren, Pulver", "the form that is traded", "ingot"),
    Field("purity", "as traded: 99.99 %, 4N5, 999.9", "unknown", "99.99 %"),
    Field("quantity", "how much, above zero; below it of a listed instrument that was sold short", "required", "12", "number"),
    Field("pieces", "number of pieces, each of the mass in size; units of a listed instrument", "as in quantity", "", "number"),
    Field(
        "ordered",
        "how much is ordered and has not arrived, in place of quantity",
        "as in quantity",
        "",
        "number",
    ),
    Field(
        "unit",
        "kg, g, t, lb or ozt; of a listed instrument: unit",
        "kg, and asked of precious metals and beside other units; of a listed instrument the unit",
        "kg",
    ),
    Field("purchase_date", "2024-06-10, 10.06.2024 or 10 June 2024", "unknown: no tax period is told", "2024-06-10"),
    Field(
        "purchase_price",
        "price of one unit (of the column unit), unless purchase_price_is says otherwise",
        "unknown: no gain is told",
        "580",
        "number",
    ),
    Field("purchase_price_is", "what purchase_price is per: unit, piece, total, or a mass (t, EUR/kg, 100 g)", "unit", "unit"),
    Field(
        "total_price",
        "price of the whole lot, in place of purchase_price or to check it",
        "purchase_price times quantity",
        "6960",
        "number",
    ),
    Field("paid", "how much of the purchase price is paid: an amount, 30 %, yes or no", "all of it", "30 %", "number"),
    Field("currency", "ISO 4217: EUR, USD, JPY", "the one in the header or in the price cell", "EUR"),
    Field(
        "origin_country",
        "country that the metal comes from: CHN, CN, China, or unknown",
        "unknown, which counts as the controlling country",
        "CHN",
    ),
    Field("location", "where it lies: a country, a port or a town", "unknown, which is never called safe", "Frankfurt", "text"),
    Field(
        "status",
        "stored, in_transit, ordered or planned; at_risk of what may not come back: lent, pledged, seized, lost, disputed",
        "stored",
        "stored",
    ),
    Field("received", "day on which it arrived", "not told", "2026-10-15"),
    Field("arrival", "day on which it is due: 2026-12-15, KW 3/2027, Q1 2027", "not told", ""),
    Field("custody", "how it is kept: segregated, collective, bonded, at home", "unknown", "segregated", "text"),
    Field("certificate", "paper of quality or origin", "none", "COA 123", "text"),
    Field(
        "spread",
        "round-trip spread of the dealer, as a fraction or in per cent",
        "the dealer's usual terms",
        "0.15",
        "fraction",
    ),
    Field(
        "storage_fee",
        "storage and insurance a year, as a fraction of the value or in per cent",
        "the dealer's usual terms",
        "0.015",
        "fraction",
    ),
    Field("vat_state", "state of the value added tax: customs_warehouse, paid", "unknown", "customs_warehouse", "text"),
    Field(
        "size",
        "size of one piece: diameter x length or three sides in mm, or its mass",
        "unknown: where a notice names large pieces alone, it is not settled",
        "30x700 mm",
    ),
    Field(
        "destination",
        "country that it goes to, or is used in: USA, US, Japan",
        "that of --destination, else the owner's",
        "USA",
    ),
    Field("end_user", "who uses it there: civil, military or listed", "that of --end-user, else civil", "civil"),
    Field(
        "client",
        "whose lot it is, in a file of several clients or owners; --client takes the lots of one",
        "not told",
        "Meier",
        "text",
    ),
    Field("remark", "what else is written of the lot; each text that is not known is asked about once", "none", ""),
    Field("nothing", "nothing or zero when its layout was confirmed; a cell with more is asked about", "as it was", ""),
    Field("snapshot", "day of the stock, where a file lists that of several days: the newest is read", "one day", ""),
)
PRICES = (
    Field("date", "day or month of the price", "the day in a line above the header", "2026-11-25"),
    Field("asset", "metal by key, symbol or name, or the name of a series of your own", "required in a long file", "gallium"),
    Field("price", "price of one unit", "required in a long file", "1400", "number"),
    Field("series", "prices of what the header names, in a file of a column for each", "none", "1400", "number"),
    Field("bid", "what a dealer pays", "none", "1210", "number"),
    Field("ask", "what a dealer asks", "none", "1480", "number"),
    Field("low", "lower end of a range, or lowest price of a day", "none", "1380", "number"),
    Field("high", "upper end of a range, or highest price of a day", "none", "1420", "number"),
    Field("open", "first price of a day of trading, which is not read", "none", "1390", "number"),
    Field("close", "last price of a day of trading", "none", "1400", "number"),
    Field("adjusted", "close, adjusted for dividends and splits", "the close", "1400", "number"),
    Field("currency", "ISO 4217: EUR, USD, JPY", "the one in the header or the cell, else --prices-currency", "EUR"),
    Field("unit", "what the price is of: kg, g, 100 g, t, lb or ozt", "that in the header; of a metal kg", "kg"),
    Field("quantity", "how much was traded, in kg", "not told", "25", "number"),
    Field("form", "form or product: metal, oxide, ingot; another than is traded is a series of its own", "as traded", "metal"),
    Field("purity", "as quoted: 99.99 %, 4N; another than is traded is a series of its own", "as traded", "99.99 %"),
    Field("place", "country or town in which the price is paid", "not told", "Rotterdam"),
    Field("side", "bid, ask, mid or trade", "a price between the sides", "ask"),
    Field("status", "final, settled; what is no price of today, such as a target, is asked about", "final", "final"),
    Field("basis", "kind of price, one a series", "as given", "warehouse"),
    Field("terms", "terms of delivery, one a series", "not told", "CIF Rotterdam"),
    Field("delivery", "when it is delivered: spot, or a month ahead, which is a forward and no price of today", "spot", "spot"),
    Field("valid_until", "last day of an offer", "open", "2026-12-31"),
    Field("counterparty", "whose price it is", "not told", "ACME", "text"),
    Field("least", "least quantity that is sold at it: no purchase below it is proposed", "none", "25 kg"),
    Field("most", "largest quantity that is sold at it, which is not read", "none", "500 kg"),
    Field("source", "where the price is from", "the name of the file", "SMM", "text"),
    Field("known_from", "day from which it was known", "its date", "2026-12-01"),
    Field("remark", "what else is written of a price; each text that is not known is asked about once", "none", ""),
    Field("nothing", "nothing or zero when its layout was confirmed; a cell with more is asked about", "as it was", ""),
)
BY_KEY = {field.key: field for field in HOLDINGS}
KINDS_OF_MOVEMENTS = (
    "buy", "order", "pay", "deliver", "sell", "transfer", "transfer_in", "transfer_out", "split", "adjust", "deposit",
    "withdraw", "loss", "fee", "storage", "tax", "income", "reversal",
)  # fmt: skip
"""What a movement is. A transfer may stand in two rows: what leaves a place, and what arrives at another."""
SALE_ORDERS = ("fifo", "lifo", "highest_cost", "least_tax")
"""Which lot a sale takes that names none."""
MOVEMENTS = (
    Field("date", "day of the contract: 2024-06-10, 10.06.2024 or 10 June 2024", "required", "2024-06-10"),
    Field("settled", "day of delivery; until then what was bought is ordered", "the day of the contract", ""),
    Field("kind", "buy, order, pay, deliver, sell, transfer, split, adjust, deposit, withdraw, loss, ...", "required", "buy"),
    Field(
        "lot",
        "whose lot: that of a purchase is new, all else names one that is there",
        "the number of its row; the one that fits",
        "GA-01",
    ),
    *(BY_KEY[key] for key in ("asset", "form", "purity")),
    Field("quantity", "how much; with a sign, it is that of the kind", "required where metal moves", "12", "number"),
    Field("quantity_in", "how much came in, beside a column of what went out", "none", "", "number"),
    Field("quantity_out", "how much went out", "none", "", "number"),
    *(BY_KEY[key] for key in ("pieces", "unit", "size")),
    Field("price", "of one unit, paid or received", "total by quantity", "580", "number"),
    Field("price_is", BY_KEY["purchase_price_is"].holds.replace("purchase_price", "price"), "unit", "unit"),
    Field("total", "price of all, paid or received, without fees and taxes", "price times quantity", "6960", "number"),
    Field("cash", "what was paid or received in all, with fees and taxes", "total with fees and taxes", "", "number"),
    BY_KEY["paid"],
    Field("fees", "of the dealer, the broker or the carrier: money, or % of the total", "none", "25", "number"),
    Field("taxes", "withheld or paid with it", "none", "", "number"),
    Field("currency", "ISO 4217: EUR, USD, JPY", "the one in the header or in the price cell", "EUR"),
    Field(
        "rate", "own exchange rate of its currency, used by `performance` and `sell`", "the ECB's of the day", "", "number"
    ),
    Field("from", "place that it leaves", "where the lot lies", "", "text"),
    Field("to", "place that it goes to, or lies in from then on", "see location", "Frankfurt", "text"),
    Field("location", "where it lies: of a purchase as `to`, of all else as `from`", "unknown, which is never called safe", ""),
    Field("counterparty", "who sold or bought it", "not told", "ACME", "text"),
    Field("document", "number of the invoice or the trade; the same twice is asked about", "not told", "RE-2024-17", "text"),
    Field("reverses", "document of the movement that a reversal takes back", "that of the same document, else lot", "", "text"),
    Field("into", "name of the lot that is divided off", "required of a split", "", "text"),
    Field("sale_order", "fifo, lifo, highest_cost or least_tax, where a sale names no lot", "asked where several fit", ""),
    *(
        BY_KEY[key]
        for key in (
            "origin_country", "status", "custody", "certificate", "spread", "storage_fee", "vat_state", "destination",
            "end_user", "client", "remark", "nothing",
        )
    ),
)  # fmt: skip
BIDS = (
    Field("date", "day of the bid: 2026-11-25, 25.11.2026 or 25 November 2026", "required", "2026-11-25"),
    *(BY_KEY[key] for key in ("asset", "form", "purity")),
    Field("bid", "what was offered for one unit", "required", "1180", "number"),
    Field("ask", "what was asked for one unit by the same one, which no figure uses", "none", "1420", "number"),
    Field("quantity", "how much the bid is for", "not known: it says nothing of how much can be sold", "10", "number"),
    *(BY_KEY[key] for key in ("unit", "currency")),
    Field("counterparty", "who made the bid", "not told", "ACME", "text"),
    Field("valid_until", "last day on which the bid holds", "none on which it is known to hold", "2026-12-04"),
    *(BY_KEY[key] for key in ("remark", "nothing")),
)
"""Bids for what one holds. Those of any unit are of the unit of `quantity`."""
NEEDS = (
    *(BY_KEY[key] for key in ("asset", "form", "purity")),
    Field("quantity", "how much is used in one period", "required", "40", "number"),
    BY_KEY["unit"],
    Field("period", "week, month, quarter or year; once: on the day of start alone", "month", "month"),
    Field("start", "first day: 2027-01-01 or 01.01.2027", "tomorrow", "2027-01-01"),
    Field("until", "last day", "no end", ""),
    Field("site", "where it is used: a country, a port or a town", "the owner's country", "Jena", "text"),
    Field("safety", "weeks of use that shall always be there", "none", "4", "number"),
    Field(
        "missing_cost",
        "money that a month without the metal costs; once: that it costs to miss it",
        "not told",
        "80000",
        "number",
    ),
    *(BY_KEY[key] for key in ("currency", "remark", "nothing")),
)
"""What is used."""
QUOTES = (
    Field("quote", "name of the quotation", "the number of its row", "Q-1"),
    *(BY_KEY[key] for key in ("asset", "form", "purity")),
    Field("price", "price of one unit", "required", "1450", "number"),
    Field("price_is", BY_KEY["purchase_price_is"].holds.replace("purchase_price", "price"), "unit", "unit"),
    *(BY_KEY[key] for key in ("unit", "currency")),
    Field("least", "least quantity that is sold at it, in the unit", "one lot", "25", "number"),
    Field("most", "largest quantity that is sold at it, in the unit", "no limit", "500", "number"),
    Field("lot_size", "quantity in whose multiples it is sold, in the unit", "1 kg", "5", "number"),
    BY_KEY["origin_country"],
    Field("lead_time", "days from the order to the arrival at the site; or 6 weeks, 2 months", "required", "60"),
    Field("freight", "freight and insurance of one unit to the site, in the currency of the price", "not told", "12", "number"),
    Field("duty", "import duty, as a fraction or in per cent", "none", "0.03", "fraction"),
    Field("terms", "terms of delivery", "not told", "CIF Hamburg", "text"),
    Field("valid_until", "last day on which it holds", "no end", "2026-12-31"),
    Field("counterparty", "who offers it", "not told", "ACME", "text"),
    Field("refusal", "who bears a licence that is refused: buyer or seller", "not told", "seller"),
    *(BY_KEY[key] for key in ("remark", "nothing")),
)
"""What can be ordered; several prices of one quotation by quantity are a row each."""
LICENCES = (
    Field("lot", "name of the order that it is for, as in the holdings", "none that is open", "GA-07", "text"),
    Field("filed", "day of the application", "required, but of one that is not filed yet", "2026-09-01"),
    Field("outcome", "approved, refused, pending, or not_filed", "required", "approved"),
    Field("decided", "day of the decision", "not told", "2026-11-15"),
    Field("papers", "which it has: contract, specification, end_use, importer, identity; all or none", "not told", "contract"),
    Field("refusal", "who bears a licence that is refused: buyer or seller", "not told", "seller"),
    Field("price_basis", "what its price follows: fixed, or the name of a published price", "not told", "fixed", "text"),
    *(BY_KEY[key] for key in ("remark", "nothing")),
)
"""Applications for export licences, and what was agreed of their orders."""
FIELDS = {
    "holdings": HOLDINGS, "prices": PRICES, "movements": MOVEMENTS, "bids": BIDS, "needs": NEEDS, "quotes": QUOTES,
    "licences": LICENCES,
}  # fmt: skip
AS_LOT = {
    "date": "purchase_date", "lot": "lot_id", "price": "purchase_price", "price_is": "purchase_price_is",
    "total": "total_price", "bid": "purchase_price", "quote": "lot_id",
}  # fmt: skip
"""Field of a movement or a bid -> that of a lot by whose rules its cells are read."""
IGNORE = "ignore"
"""What a layout says of a column that is not read."""
NOTHING = "nothing"
SEVERAL = {
    **dict.fromkeys(("holdings", "movements", "bids", "needs", "quotes", "licences"), ("remark", NOTHING)),
    "prices": ("remark", "series", "most", "status", NOTHING),
}
"""Kind of file -> fields that several columns may be read as."""
