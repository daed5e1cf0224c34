"""What was paid for a lot: its price, payment and currency, from the cells and headers that name them."""

from __future__ import annotations

import re
from typing import Any

from toolkit.core.countries import fold, foldings
from toolkit.core.errors import DataError
from toolkit.core.messages import message
from toolkit.core.size import PieceSize
from toolkit.core.units import KG_PER_UNIT
from toolkit.market.layouts.vocabulary import vocabulary
from toolkit.market.readers import cells
from toolkit.market.readers.holdings.cells import RowCells
from toolkit.market.readers.holdings.lots import ARRIVING

AGREES = 5e-3
"""Relative difference below which a total agrees with what it totals: both were rounded."""


class PurchaseCells(RowCells):
    """Reads what a row says of its purchase."""

    __slots__ = ()

    def _price(self, i: int, row: dict[str, Any], pieces: float | None) -> None:
        """The price of one unit and its currency, from the price, the total, or both where they agree.

        Args:
            i: Position of the row.
            row: What is read of it, to which price, currency and payment are added.
            pieces: How many its quantity is the mass of, where it is: a price may then be that of a piece.
        """
        price, shown = self._number(i, "purchase_price")
        total, shown_total = self._number(i, "total_price")
        for key, value in (("purchase_price", price), ("total_price", total)):
            if value is not None and value <= 0:
                hint = message("Give a price above zero, or leave the cell empty.")
                self._fault(i, key, "positive", "a {key:s} that is not positive", hint, key=key)
                return
        paid, is_fraction, shown_paid = self._payment(i)
        row["currency"] = self._currency(i, row, shown, shown_total, shown_paid, needed=price is not None or total is not None)
        is_given = self._text("purchase_price_is", i) is not None
        is_what, count, mass = self._basis(i, row["asset"]) if is_given else ("unit", 1.0, None)
        per = self._priced_per(row["asset"], shown)
        if per and mass and (per, 1.0) != (mass, count):
            hint = message("Say it in one of the two.")
            self._fault(
                i, "purchase_price_is", "two_units", "a price that its cell or header says is per {per:s}", hint, per=per
            )
            return
        per = per or mass
        if price is not None and per in cells.NO_ONE_MASS:
            words = message("a price per {unit:s}, which is not one mass", unit=per)
            self._fault(i, "purchase_price", "price_is", words, cells.NO_ONE_MASS[per])
            return
        # A price of a piece, beside a mass: that of one piece is asked for; a price of a "unit" is of the unit of the quantity.
        is_apart = per == cells.PIECE and row["unit"] in KG_PER_UNIT and not pieces and self._names_a_piece(shown)
        one = PieceSize.parse(row["size"]).mass if is_apart and row["size"] else None
        if pieces and price is not None and per == cells.PIECE:
            price, per = price * pieces / row["quantity"], "kg"
        elif is_apart and price is not None and one:
            price, per = price / one, "kg"
        elif (pieces or is_apart) and price is not None and is_what == "unit" and per not in KG_PER_UNIT:
            hint = message("Give the price of a mass, as EUR/kg, or that of the lot as total_price.")
            self._fault(i, "purchase_price", "price_is", "a price that may be of a piece or of a kg", hint)
            return
        quantity, unit = row["quantity"], row["unit"]
        if quantity is None or unit is None or is_what is None:
            return
        if price is not None and per in KG_PER_UNIT and unit in KG_PER_UNIT:
            price = float(f"{price * KG_PER_UNIT[unit] / KG_PER_UNIT[per] / count:.15g}")
        elif price is not None:
            price /= quantity if is_what == "total" else count
        if total is not None:
            if price is not None and abs(price * quantity - total) > AGREES * total:
                hint = message(
                    "{price:,.6g} times {quantity:,.6g} is {product:,.2f}: correct one of them, or leave one out.",
                    price=price,
                    quantity=quantity,
                    product=price * quantity,
                )
                self._fault(i, "total_price", "total_price", "a total that is not the price times the quantity", hint)
                return
            price = total / quantity if price is None else price
        row["purchase_price"] = price
        self._paid(i, row, paid, is_fraction=is_fraction)

    def _basis(self, i: int, asset: str | None) -> tuple[str | None, float, str | None]:
        """What the price of a row is per: ``unit`` or ``total``, how many units, and the mass that they are counted in.

        ``t``, ``EUR/kg``, ``je 100 g`` and, of 100 units of the quantity, ``100``.
        """
        text = self._text("purchase_price_is", i) or ""
        per = re.sub(r"^(per|je|pro)\b", "", text.rpartition("/")[2].strip().casefold()).strip()
        found = cells.amount(per)
        count = next(iter(found.readings.values())) if found and not found.before and not found.is_ambiguous else None
        unit = self._unit_named(asset, found.after if found and count else per)
        if unit in KG_PER_UNIT and (count is None or count > 0):
            return "unit", count or 1.0, unit
        if found and count and count > 0 and not found.after:
            return "unit", count, None
        remedy = message("Write unit, total, or the mass, as t or EUR/kg.")
        known = vocabulary().meanings["price_is"]
        return self._word(i, "purchase_price_is", known, default="unit", remedy=remedy), 1.0, None

    def _names_a_piece(self, shown: cells.Amount | None) -> bool:
        """Whether the cell of a price, or its header, says that it is of a piece: ``Preis/Stk.``, ``155 €/Stück``."""
        texts = (self.header["purchase_price"].text, shown.after if shown else "")
        return any(re.search(r"\b(stk|stck|stue?ck|pieces?|pcs?)\b", fold(text)) for text in texts)

    def _priced_per(self, asset: str | None, shown: cells.Amount | None) -> str | None:
        """The unit that the cell of a price says it is per, ``t`` of ``11.500 EUR/t``, else its header."""
        header = self.header.get("purchase_price")
        named = header.unit if header is not None and header.per_unit else None
        return self._unit_named(asset, shown.after.partition("/")[2] if shown else "") or self._unit_named(asset, named or "")

    def _unit_named(self, asset: str | None, per: str) -> str | None:
        """The unit that a word names; the ounce of a precious metal is the troy ounce."""
        found = cells.UNITS.get(fold(per))
        return cells.OZT if found == "oz" and self._is_precious(asset) else found

    def _payment(self, i: int) -> tuple[float | None, bool, cells.Amount | None]:
        """The payment in a cell, whether it is a fraction of the price, and the cell where it is an amount."""
        known = vocabulary().meanings["paid"]
        words = next((known[spelling] for spelling in foldings(self._text("paid", i) or "") if spelling in known), None)
        if words is not None:
            return float(words == "all"), True, None
        value, found = self._number(i, "paid")
        if value is None or found is None:
            return None, False, None
        if found.after == "%" or self.header["paid"].percent:
            return value / 100, True, None
        if 0 < value <= 1 and not (found.before or found.after):
            hint = message("Write {value:.0%}, or the amount with its currency, as {value:.2f} EUR.", value=value)
            self._fault(i, "paid", "paid", "a payment that may be a fraction or an amount", hint)
            return None, False, None
        return value, value == 0, found

    def _paid(self, i: int, row: dict[str, Any], paid: float | None, *, is_fraction: bool) -> None:
        """The fraction of the purchase price that is paid; None where the file says nothing, which counts as all of it."""
        if paid is None:
            if self._text("paid", i) is None and row["status"] in ARRIVING:
                self._default("paid", row["lot_id"])
            return
        price = row["purchase_price"]
        if price is None and not (is_fraction and paid == 1):
            hint = message("Fill in purchase_price or total_price; a column that is itself the price is total_price.")
            self._fault(i, "paid", "paid_of_what", "a part of an unknown purchase price", hint)
            return
        share = paid if is_fraction else paid / (price * row["quantity"])
        if not 0 <= share <= 1 + AGREES:
            hint = message("Give what is paid, as 30 % or as an amount.")
            self._fault(i, "paid", "paid", "a payment that is not between nothing and the purchase price", hint)
        elif share > 0 and row["status"] == "planned":
            self._fault(i, "paid", "paid", "a payment for a lot that is only planned", "Give it the status 'ordered'.")
        else:
            row["paid"] = min(share, 1.0)

    def _currency(self, i: int, row: dict[str, Any], *shown: cells.Amount | None, needed: bool) -> str | None:
        texts = [self._text("currency", i), *(part for one in shown if one for part in (one.before, one.after) if part)]
        basis = self._text("purchase_price_is", i) or ""
        texts += [basis] if basis.partition("/")[1] and basis.partition("/")[0].strip() else []
        texts += [h.currency for key in ("purchase_price", "total_price", "paid") if (h := self.header.get(key)) and h.currency]
        texts = texts if any(texts) else [self.layout.every.get("currency")]
        found: set[str] = set()
        for text in texts:
            if text is None:
                continue
            word, _, per = (part.strip() for part in text.partition("/"))
            unit, named = row["unit"], self._unit_named(row["asset"], per)
            if per and unit and not {named, unit} <= {*KG_PER_UNIT} and named != unit and named not in cells.NO_ONE_MASS:
                hint = message("The price is per {per:s} and the quantity in {unit:s}: use one unit.", per=per, unit=unit)
                self._fault(i, "purchase_price", "two_units", "two units", hint)
            try:
                found.add(cells.currency(word))
            except DataError as error:
                return self._fault(i, "currency", "currency", error.message, error.hint, cell=text)
            if word.strip() == "$":
                self._default("dollar", self.lots[i])
        if len(found) > 1:
            hint = message("Keep one of {words:s}.", words=", ".join(sorted(found)))
            return self._fault(i, "currency", "two_currencies", "two currencies", hint)
        if not found and needed:
            hint = message("Fill in the currency, or put it into the header, as 'purchase_price EUR'.")
            self._fault(i, "currency", "empty", "a purchase_price without currency", hint)
        return found.pop() if found else None
