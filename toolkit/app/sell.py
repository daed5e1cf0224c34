"""`toolkit sell`: which lots a sale would take by each order, with gain, tax clock and net; and the rows of one of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any

from toolkit.app.context import Context
from toolkit.app.holdings.bids import own_bids
from toolkit.app.holdings.check import names_of
from toolkit.app.holdings.movements import movements_of, settled, with_stock
from toolkit.app.holdings.names import LotNames
from toolkit.app.holdings.own_rates import OwnRates
from toolkit.app.holdings.valuation import KINDS, unit_prices
from toolkit.app.prices import PriceFiles
from toolkit.app.runs import put
from toolkit.core.errors import DataError, SpecError, did_you_mean
from toolkit.core.grouping import by_key
from toolkit.core.messages import Message, message, named
from toolkit.core.units import KG_PER_UNIT
from toolkit.holdings.holding_period import HIGHEST_COST, LEAST_TAX, NAMED, HoldingRule, LotOrder
from toolkit.holdings.movements import CENT, EXACT, ZERO, Movement, Part, Refusal, Sale, Stock, is_at, shares, stock_on
from toolkit.market.exchange_rates import Rates, rate_on
from toolkit.market.layouts.fields import SALE_ORDERS
from toolkit.market.layouts.headers import Header
from toolkit.market.readers import cells
from toolkit.market.readers.contents import content_of
from toolkit.market.readers.holdings.lots import ReadFile
from toolkit.market.readers.holdings.read import parse
from toolkit.records.layouts import SaleOrder, SellPreview, SoldLotPreview

_GROUP = 3
"""Decimals that may be a group of thousands: one zero more says that they are none."""


@dataclass(frozen=True, slots=True)
class SellRequest:
    """What is to be sold.

    Attributes:
        asset: Metal or instrument, as written.
        quantity: With its unit: ``5kg``, ``500 g``, ``12``.
        holdings: File of movements.
        price: Of one unit of `quantity`, in the reporting currency; None for the believed one of the day.
        fees: Of the whole sale, in the reporting currency.
        tax_rate: On a gain that is not free; None where it is not told.
        lots: Names of lots, in their order; empty where none is named.
        client, place: Whose, and where; None for any.
    """

    asset: str
    quantity: str
    holdings: str
    price: float | None = None
    fees: float = 0.0
    tax_rate: float | None = None
    lots: tuple[str, ...] = ()
    client: str | None = None
    place: str | None = None


def check_order(order: str | None, *, write: bool, lots: Sequence[str]) -> None:
    """`SpecError` for an order that is none, and for rows to be added without one.

    Args:
        order: As given.
        write: Whether rows are added.
        lots: That are named.
    """
    known = [*SALE_ORDERS, *([NAMED] if lots else [])]
    if order is not None and order not in known:
        raise SpecError("--order {order!r:s} is none.", hint=did_you_mean(order, known), order=order)
    if write and order is None:
        raise SpecError("--write adds the movements of one order.", hint="Say which: --order {order:s}.", order=known[-1])


class Selling:
    """A sale that is weighed, and what each order of lots makes of it.

    Args:
        request: What is to be sold.
        context: The market and the owner on the day.
        prices: Price files of the user.

    Raises:
        SpecError: for a quantity, a lot or a client that is none, and for a file of lots.
        DataError: for a file that cannot be read, a metal that is not known, and one without a price.
    """

    def __init__(self, request: SellRequest, context: Context, prices: PriceFiles | None) -> None:
        self.request, self.context, self.prices = request, context, prices
        self.names, self.known, _ = names_of(context, prices)
        self.asset = self.names.asset(request.asset)[0]
        self.quantity, self.unit = _quantity(request.quantity, self.asset, self.names)
        self.read = self._read(Path(request.holdings))
        self.movements = movements_of(self.read)
        clients = [*dict.fromkeys(one.client for one in self.movements)]
        if len(clients) > 1:
            hint = message("Name one with --client: {names:, }.", names=named(filter(None, clients)))
            raise SpecError("{file:s} is of several clients.", hint=hint, file=self.read.table.name)
        self.client = clients[0] if clients else None

    @property
    def day(self) -> date:
        """The day of the sale."""
        return self.context.as_of

    @property
    def rule(self) -> HoldingRule | None:
        """Period after which a sale is free of tax."""
        return self.context.settings.config.owner.holding_rule

    @property
    def clock(self) -> HoldingRule | None:
        """The same of the asset: a listed instrument is no metal, and has none."""
        return self.rule if self.unit in KG_PER_UNIT else None

    def _read(self, path: Path) -> ReadFile:
        read = parse(str(path), names=self.names, today=date.today(), client=self.request.client, layout=self.context.layout)
        return settled(read, self.day, self.rule)[0]

    @cached_property
    def price(self) -> tuple[float, str, date | None, float]:
        """Price of one unit of the sale in the reporting currency before the spread, its kind and day, and its error."""
        if self.request.price is not None:
            return self.request.price, "", None, 0.0
        products = tuple(one for one in self.context.products if one.key == self.asset)
        currency = self.context.settings.config.owner.currency
        levels = unit_prices(self.context.snapshot, self.known, products, currency, self.context.level_paths)
        if self.unit not in KG_PER_UNIT or not levels:
            raise DataError("no price of {asset} is known.", hint="Give it with --price.", asset=self.asset)
        level, factor = next(iter(levels.values())), KG_PER_UNIT[self.unit]
        return level.price * factor, KINDS[level.kind], level.date, level.price_today_se * factor

    def sales(self, order: str) -> tuple[Stock, list[Movement]]:
        """The stock after a sale by an order of lots, and its movements: one for each lot that is named."""
        sold = Movement(
            0, self.day, "sell", None, self.asset, quantity=self.quantity, unit=self.unit, source=self.request.place,
            client=self.client, sale_order=order, currency=self.context.settings.config.owner.currency,
        )  # fmt: skip
        lots = self._known(self.request.lots) if order == NAMED else self._ranked(order)
        moves = [sold] if lots is None else [*self._of_lots(sold, lots)]
        return stock_on([*self.movements, *moves], self.day, rule=self.rule), moves

    @cached_property
    def _there(self) -> Mapping[str, list[Part]]:
        """Lot -> what of it can be sold, in the place that is asked for."""
        parts = stock_on(self.movements, self.day, rule=self.rule).parts
        there = (one for one in parts if one.asset == self.asset and one.is_there(self.day))
        return by_key((one.lot, one) for one in there if is_at(one.place, self.request.place))

    def _ranked(self, order: str) -> Sequence[str] | None:
        """Lots as `optimize` takes them; None where less is there, or where costs or a period that decide are not known."""
        costs = {lot: self._unit_cost(parts) for lot, parts in self._there.items()}
        by_cost = order in (HIGHEST_COST, LEAST_TAX)
        there = sum((self._in_units(one.quantity, one.unit) for parts in self._there.values() for one in parts), ZERO)
        if there < self.quantity or (by_cost and None in costs.values()) or (order == LEAST_TAX and self.clock is None):
            return None
        rank, bought = LotOrder(order, self.clock).rank, {lot: parts[0].bought for lot, parts in self._there.items()}
        return sorted(costs, key=lambda lot: rank(lot, bought[lot], costs[lot], self.day))

    def _unit_cost(self, parts: Sequence[Part]) -> float | None:
        """Paid for a unit of a lot without fees, in the reporting currency at the rate of its day; None where not known."""
        costs = [self._in_currency(one.cost, one.currency, one.bought, one.rate) for one in parts]
        mass = float(sum((self._in_units(one.quantity, one.unit) for one in parts), ZERO))
        return None if None in costs else sum(filter(None, costs)) / mass

    def _in_currency(self, cost: Decimal | None, currency: str | None, day: date, own_rate: float | None) -> float | None:
        own = self.context.settings.config.owner.currency
        if cost is None or currency == own:
            return None if cost is None else float(cost)
        rate = self._rates(own_rate, currency, day)
        return None if rate is None else float(cost) * rate

    @cached_property
    def _rates(self) -> OwnRates:
        fx, own = Rates.by_date(self.context.snapshot["fx"]), self.context.settings.config.owner.currency
        stock = stock_on(self.movements, self.day, rule=self.rule)
        return OwnRates(stock, lambda base, day: None if base is None else rate_on(fx, base, own, day), own)

    def _known(self, lots: Sequence[str]) -> Sequence[str]:
        """Names of lots, each of the asset; `SpecError` for another."""
        known = [*dict.fromkeys(one.lot for one in stock_on(self.movements, self.day).parts if one.asset == self.asset)]
        for lot in lots:
            if lot not in known:
                raise SpecError("no lot {lot!r:s} of {asset}.", hint=did_you_mean(lot, known), lot=lot, asset=self.asset)
        return lots

    def _of_lots(self, sold: Movement, lots: Sequence[str]) -> Iterator[Movement]:
        """A movement of each lot in turn, until the quantity is made up; the last one takes what is left."""
        left = self.quantity
        for at, lot in enumerate(lots):
            own = sum((self._in_units(part.quantity, part.unit) for part in self._there.get(lot, ())), ZERO)
            taken = left if at == len(lots) - 1 else min(left, own)
            if taken > EXACT * self.quantity:
                yield replace(sold, row=-at, lot=lot, quantity=taken)  # no row of the file has such a number
            left -= taken

    def _in_units(self, quantity: Decimal, unit: str) -> Decimal:
        """A quantity of a lot in the unit of the sale."""
        factor = 1.0 if unit == self.unit else KG_PER_UNIT[unit] / KG_PER_UNIT[self.unit]
        return quantity if factor == 1 else quantity * Decimal(repr(factor))

    def preview(self) -> SellPreview:
        """Every order of lots side by side."""
        price, kind, day, error = self.price
        orders = [*SALE_ORDERS, *([NAMED] if self.request.lots else [])]
        return SellPreview(
            schema_version=1,
            as_of=self.day.isoformat(),
            file=self.read.table.name,
            asset=self.asset,
            quantity=float(self.quantity),
            unit=self.unit,
            price=price,
            price_kind=kind,
            price_date=None if day is None else day.isoformat(),
            price_se=error,
            currency=self.context.settings.config.owner.currency,
            tax_rate=self.request.tax_rate,
            has_rule=self.clock is not None,
            orders=tuple(map(self._order, orders)),
            written=None,
        )

    def _order(self, order: str) -> SaleOrder:
        """What an order of lots makes of the sale; why it cannot be, where it cannot."""
        stock, _ = self.sales(order)
        if stock.refusals:
            return SaleOrder(order=order, refused=self._refused(stock.refusals[0]), lots=())
        sold = sorted((one for one in stock.sales if one.row <= 0), key=lambda one: -one.row)
        fees = shares(Decimal(repr(self.request.fees)).quantize(CENT), [one.quantity for one in sold])
        lots = tuple(self._lot(one, float(fee)) for one, fee in zip(sold, fees, strict=True))
        gains = [one.gain for one in lots]
        taxed = [one.gain for one in lots if not one.is_free]
        taxable = None if None in taxed or self.clock is None else max(0.0, sum(filter(None, taxed)))
        rate = 0.0 if taxable == 0 else self.request.tax_rate
        tax = None if taxable is None or rate is None else round(taxable * rate, 2)
        proceeds = round(sum(one.proceeds - one.fees for one in lots), 2)
        return SaleOrder(
            order=order,
            refused=None,
            lots=lots,
            gain=None if None in gains else round(sum(filter(None, gains)), 2),
            taxable=taxable,
            tax=tax,
            net=round(proceeds - (tax or 0.0), 2),
        )

    def _refused(self, refusal: Refusal) -> Message:
        """Why an order of lots cannot be; `DataError` for more than is there."""
        if "there" in refusal.values:
            there, elsewhere = (float(refusal.values[key]) for key in ("there", "elsewhere"))
            raise DataError(
                "{quantity:,.6g} {unit} of {asset} are more than there is.",
                hint="{there:,.6g} {unit} are there, and {elsewhere:,.6g} in other places or on order.",
                quantity=float(self.quantity), unit=self.unit, asset=self.asset, there=there, elsewhere=elsewhere,
            )  # fmt: skip
        if refusal.code == "not_paid":
            return message("{lot} is not fully paid", lot=refusal.values["lot"])
        return message("the costs of the lots are not known in one currency, or no period free of tax is")

    def _lot(self, one: Sale, fees: float) -> SoldLotPreview:
        """What is sold of one lot, in the reporting currency: the cost at the rate of the day of its purchase."""
        mass = float(self._in_units(one.quantity, one.unit))
        product = next((asset for asset in self.context.products if asset.key == self.asset), None)
        spread = self._own_spreads.get((one.asset, one.form or (product and product.form)), self._spreads.get(one.lot))
        # A price that was given is what is received; the believed one is in the middle of the spread.
        half = (
            0.0 if self.request.price is not None else ((product.spread if product else 0.0) if spread is None else spread) / 2
        )
        proceeds = round(mass * self.price[0] * (1 - half), 2)
        paid = None if one.cost is None else one.cost + one.purchase_fees + one.purchase_taxes
        cost = self._in_currency(paid, one.cost_currency, one.bought, one.cost_rate)
        cost = None if cost is None else round(cost, 2)
        free = self.clock.free_from(one.bought) if self.clock else None
        return SoldLotPreview(
            lot=one.lot, quantity=float(one.quantity), unit=one.unit, bought=one.bought.isoformat(), proceeds=proceeds,
            fees=fees, cost=cost, gain=None if cost is None else round(proceeds - fees - cost, 2),
            free_from=None if free is None else free.isoformat(), is_free=free is not None and free <= self.day,
            days_to_free=None if free is None else max(0, (free - self.day).days),
        )  # fmt: skip

    @cached_property
    def _spreads(self) -> Mapping[str, float | None]:
        told = [(one.lot, one.details.get("spread")) for one in self.movements if one.lot is not None and one.details]
        return dict(reversed(told))

    @cached_property
    def _own_spreads(self) -> Mapping[tuple[str, str | None], float]:
        """(metal, form) -> spread of own bids, which goes before any other."""
        seen = own_bids(self.context, self.prices).seen
        return {(one.asset, one.form): one.spread for one in seen if one.spread is not None}

    def write(self, order: str) -> int:
        """Append the movements of an order of lots to the file, one a lot; the file read again must say them.

        Raises:
            SpecError: for a file that is no CSV, or whose columns cannot say them; nothing is written then.
        """
        stock, _ = self.sales(order)
        if stock.refusals:
            raise SpecError("no sale by {order:s}: {why}.", order=order, why=self._refused(stock.refusals[0]))
        fees = Decimal(repr(self.request.fees)).quantize(CENT)
        sold = [one for one in stock.sales if one.row <= 0]
        shared = shares(fees, [one.quantity for one in sold])
        lots = [self._lot(one, float(fee)) for one, fee in zip(sold, shared, strict=True)]
        rows = [self._row(lot, one) for lot, one in zip(lots, sold, strict=True)]
        currency = self.context.settings.config.owner.currency
        path, table = Path(self.request.holdings), self.read.table
        raw = content_of(path)[1] if table.separator and table.encoding in ("utf-8", "cp1252") else b""
        if not raw or not path.is_file():
            raise _unwritten(self.read, message("Rows are added to a CSV file alone, in UTF-8 or Windows-1252."))
        encoding = "utf-8" if table.encoding == "utf-8" else "cp1252"
        lines = "".join(f"{table.separator.join(map(_quoted(table.separator), row))}\n" for row in rows)
        content = raw + (b"" if raw.endswith(b"\n") else b"\n") + lines.encode(encoding)
        self._check(content, stock, encoding, [(one.lot, one.proceeds, one.fees, currency) for one in lots])
        put(path, content)
        return len(rows)

    def _check(self, content: bytes, stock: Stock, encoding: str, sold: Sequence[tuple[str, float, float, str]]) -> None:
        """Refuse content that, read by the layout of the file, does not leave the stock and the money of the sale.

        Args:
            content: Of the file.
            stock: That the sale leaves.
            encoding: Of the content.
            sold: Lot, proceeds, fees and currency of each movement.
        """
        table = self.read.table
        text = content.decode(encoding).lstrip("\ufeff")
        layout = self.read.layout if self.read.by or self.context.layout else None  # as it is read the next time
        again = parse(
            _stream(text, table.name), names=self.names, today=date.today(), client=self.request.client, layout=layout
        )
        after = with_stock(again, self.day, self.rule)[1]
        left = [[(part.lot, part.place, part.quantity, part.cost) for part in one.parts] for one in (stock, after)]
        own = [one for one in after.sales if one.row not in {sale.row for sale in stock.sales if sale.row > 0}]
        money = [(one.lot, float(one.proceeds or 0), float(one.fees), one.currency) for one in own]
        if again.questions or again.faults or after.refusals or left[0] != left[1] or sorted(money) != sorted(sold):
            raise _unwritten(self.read, message("Its columns do not say such a row: add it by hand."))

    def _row(self, lot: SoldLotPreview, one: Sale) -> list[str]:
        """A row of the file for the sale of a lot: what each of its columns holds."""
        by = {header.key: header for header in self.read.headers if header.key}
        needed = ("date", "kind", "lot", "quantity")
        lacking = [key for key in needed if key not in by]
        if lacking or not {"total", "cash", "price"} & by.keys():
            lacks = [*lacking, *([] if {"total", "cash", "price"} & by.keys() else ["total"])]
            raise _unwritten(self.read, message("It has no column {names:, }.", names=named(lacks)))
        is_below = any(row["below"] for row in self.read.rows if row["kind"] == "sell")
        unit = by["quantity"].unit or self._unit_of_file(one, by)
        factor = 1.0 if unit == one.unit else KG_PER_UNIT[one.unit] / KG_PER_UNIT[unit]
        quantity = one.quantity if factor == 1 else one.quantity * Decimal(repr(factor))
        if lot.lot not in {str(cell) for cell in self.read.table.cells[by["lot"].text]}:
            raise _unwritten(self.read, message("Its lot {lot:s} has no name: give it one.", lot=lot.lot))
        values: Mapping[str, str] = {
            "date": self.day.isoformat(), "kind": "sell", "lot": lot.lot, "asset": self.asset, "unit": unit,
            "quantity": f"{'-' if is_below else ''}{self._number(quantity)}",
            "total": self._number(Decimal(repr(lot.proceeds))),
            "price": self._price(by, lot.proceeds / float(quantity), unit),
            "cash": self._number(Decimal(repr(round(lot.proceeds - lot.fees, 2)))),
            "fees": self._number(Decimal(repr(lot.fees))), "client": self.client or "", "from": self.request.place or "",
            "currency": self.context.settings.config.owner.currency,
        }  # fmt: skip
        return [values.get(header.key or "", "") for header in self.read.headers]

    def _price(self, by: Mapping[str, Header], price: float, unit: str) -> str:
        """The price of one unit, by which the total is known for what it is; nothing where its header names another unit."""
        per = by["price"].unit if "price" in by and by["price"].per_unit else None
        return self._number(Decimal(f"{price:.8g}")) if per in (None, unit) and "price_is" not in by else ""

    def _unit_of_file(self, one: Sale, by: Mapping[str, Header]) -> str:
        """The unit of a row: the lot's own where a column says it, else that of all rows."""
        return one.unit if "unit" in by else self.read.layout.every.get("unit", "kg" if one.unit in KG_PER_UNIT else one.unit)

    def _number(self, number: Decimal) -> str:
        """A number in the decimal mark of the file, so that it can be read in one way."""
        text = f"{number.normalize():f}"
        whole, mark, decimals = text.partition(".")
        if len(decimals) == _GROUP:
            decimals += "0"
        comma = any(
            found.readings.keys() == {","} or (self.read.layout.decimal == "," and found)
            for column in self.read.table.cells.iter_columns()
            for cell in column.drop_nulls().head(200)
            if isinstance(cell, str) and (found := cells.amount(cell)) and not (found.before and found.after)
        )
        return f"{whole}{',' if comma and mark else mark}{decimals}"


def _quoted(separator: str):
    def quote(text: str) -> str:
        return '"' + text.replace('"', '""') + '"' if any(sign in text for sign in (separator, '"', "\n")) else text

    return quote


def _stream(text: str, name: str) -> Any:
    import io  # noqa: PLC0415  # of one call

    stream = io.BytesIO(text.encode("utf-8"))
    stream.name = name
    return stream


def _unwritten(read: ReadFile, hint: Message) -> SpecError:
    return SpecError("nothing was added to {file:s}.", hint=hint, file=read.table.name)


def _quantity(text: str, asset: str, names: LotNames) -> tuple[Decimal, str]:
    """A quantity and its unit: ``5kg``, ``500 g``, ``12``."""
    found = cells.amount(cells.tidy(text))
    value = cells.number("QUANTITY", found.digits) if found is not None and not found.before else 0.0
    if found is None or value <= 0:
        hint = message("Write it as 5kg, 500 g or 12.5 kg.")
        raise SpecError("{text!r:s} is no quantity above zero.", hint=hint, text=text)
    is_listed = names.is_listed(asset)
    unit = cells.unit(found.after, precious=names.is_precious(asset), listed=is_listed) if found.after else ""
    return Decimal(repr(value)), unit or (cells.PIECE if is_listed else "kg")
