"""Rows of a list of movements: what each is, how much metal and money it moves, by the rules of the reader of lots."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from toolkit.core.countries import fold, foldings
from toolkit.core.messages import Message, few, message
from toolkit.market.layouts.fields import AS_LOT, IGNORE, KINDS_OF_MOVEMENTS, MOVEMENTS, SALE_ORDERS
from toolkit.market.layouts.layout import DIRECTIONS, OF_DOCUMENTS, Meaning
from toolkit.market.layouts.propose import Question
from toolkit.market.layouts.texts import as_answered
from toolkit.market.layouts.vocabulary import vocabulary
from toolkit.market.readers import cells
from toolkit.market.readers.holdings import values
from toolkit.market.readers.holdings.lot import AGREES, FileCells, Row, asset_of, currency_of, day_of, lot_of_row
from toolkit.market.readers.holdings.lots import DEFAULTS, Names, ReadFile
from toolkit.market.readers.holdings.rows import closed, of_all_clients, opened, rows_of, said_of, status_of_file
from toolkit.market.readers.holdings.values import Faulty

BRINGS = ("buy", "order", "deposit")
"""Kinds by which a lot comes in."""
_MONEY_ALONE = ("fee", "storage", "tax", "income", "pay")
_MAY_BE_MONEY = (*_MONEY_ALONE, "deposit", "withdraw", "transfer")
"""Kinds of rows that need no metal."""
_WHOLE = ("deliver", "transfer", "loss", "reversal", "adjust")
"""Kinds that are of all of a lot, or of its price, where they name no quantity."""
_OF_SIGN: Mapping[str, tuple[str, str]] = {
    "signed": ("buy", "sell"), "credited": ("buy", "reversal"), "moved": ("deposit", "withdraw"),
}  # fmt: skip
"""Answer on a file without kinds -> what its quantities above and below zero are."""
_SIGNED = ("quantity", "total_price", "cash", "fees", "taxes")
_PAID: Mapping[str, str] = dict.fromkeys(("buy", "order", "fee", "storage", "tax", "pay"), "paid")
"""Kinds of which money has one sign."""
KEPT_DEFAULTS = (
    "unit", "coins", "pieces", "zero", "not_mine", "day_first", "month_first", "month", "dollar", "null_date", "taken_back",
)  # fmt: skip
"""What is assumed of a movement that brings no lot, too."""
TOLD: Mapping[str, Message] = {
    "buy": message("purchase"), "order": message("order"), "pay": message("payment"),
    "deliver": message("delivery"), "sell": message("sale"),
    "transfer": message("transfer"), "transfer_in": message("transfer"), "transfer_out": message("transfer"),
    "split": message("split"), "adjust": message("adjustment"), "deposit": message("deposit"),
    "withdraw": message("withdrawal"), "loss": message("loss"), "fee": message("fee"), "storage": message("storage"),
    "tax": message("tax"), "income": message("income"), "reversal": message("reversal"),
}  # fmt: skip
"""Kind -> its name."""
CENT = Decimal("0.01")
_BESIDE = {"cash", "fees", "taxes"}
"""Money beside the price of a row."""
_ROUNDED = Decimal("0.02")
"""Most by which money of a row may differ from what its other money comes to."""
_BACK = {AS_LOT[field.key]: field.key for field in MOVEMENTS if field.key in AS_LOT}


def with_movements(read: ReadFile, names: Names, today: date, client: str | None) -> ReadFile:
    """A file with its movements, the faults of their cells, what its texts leave open, and how it was read.

    Args:
        read: Its cells and the layout by which they are read.
        names: How assets, forms and instruments are recognised.
        today: No movement is later but a planned purchase.
        client: Whose movements are meant, where the file has a column of clients; None for all.

    Raises:
        DataError: for a client that it does not name.
    """
    numbers = read.table.rows.to_list()
    file, texts = opened(read, names, today)
    texts = [(key, _of_matter(texts) if key == IGNORE else texts) for key, texts in texts]
    _merge_sides(file)
    file.lots = [(file.text("lot_id", i) or f"row {number}").lstrip("# ") for i, number in enumerate(numbers)]
    read, parts, told = rows_of(read, file, client)
    kept, status = parts.own, status_of_file(file, parts.below)
    if client is not None and (shared := of_all_clients(file, parts.kept)):
        rows = few([message("row {row:d}", row=file.table.rows[i]) for i in shared])
        told.append(message("Of all clients together, and so in the figures of none: {rows}.", rows=rows))
    kinds = _kinds(file, kept)
    if file.questions:  # what is open of rows of a kind that is asked about is asked with it
        for i in kept:
            said_of(file, texts, i, status)
    signs = _signs(file, kept, kinds)
    _check_signs(file, kinds, signs)
    _with_assets(file, kept, kinds)
    found = {
        i: one for i in kinds if (one := _movement(Row(file, i), kinds[i], signs, said_of(file, texts, i, status), status))
    }
    found = _paired(file, found)
    found = _once(file, found)
    for key, said in DEFAULTS.items():
        if named := file.defaults.get(key):
            told.append(said(few([*dict.fromkeys(named)])))
    of_fields = {AS_LOT.get(field.key, field.key): at for at, field in enumerate(MOVEMENTS)}
    faults = sorted(dict.fromkeys(file.faults), key=lambda one: (of_fields.get(one.column, -1), one.row))
    if client is not None:
        own_rows = {numbers[i] for i in kept}
        faults = [one if one.row in own_rows else replace(one, lot=None, value=None) for one in faults]
    told.insert(len(read.table.notes), message("Movements: {kinds}.", kinds=[*told_kinds([*found.values()])]))
    return closed(read, file, found, told, [replace(one, column=_BACK.get(one.column, one.column)) for one in faults])


def _of_matter(texts: Sequence[str]) -> list[str]:
    """Texts of a column that is not read: words of a sale belong there, those of a loss or a claim are asked about."""
    return [text if not vocabulary().texts["bears"].isdisjoint(fold(text).split()) else "" for text in texts]


# What a row is


def _kinds(file: FileCells, kept: Sequence[int]) -> dict[int, str]:
    """Row -> its kind, as far as that is known; what is not is asked about, or a fault."""
    if "kind" not in file.raw:
        moves_money = not {"purchase_price", "total_price", "cash"}.isdisjoint(file.raw)
        ins = "quantity_in" in file.header
        asks = message(
            "no column says what a row is: signed (below zero sold), credited (below zero taken back), moved (brought and "
            "taken, neither bought nor sold), or one kind of all rows; where each row is a lot, --set of=holdings"
        )
        answers = (*DIRECTIONS, *KINDS_OF_MOVEMENTS)
        proposed = None if moves_money and not ins else DIRECTIONS[0 if moves_money else 2]
        file.questions["kind"] = Question("kind", "kind", (), asks, proposed, answers)
        return {}
    found: dict[int, str] = {}
    known = {**vocabulary().meanings["kind"], **{one: one for one in DIRECTIONS}}
    for i in kept:
        text = file.text("kind", i)
        kind = next((known[one] for one in foldings(file.words.get(as_answered(text or ""), text or "")) if one in known), None)
        if text is None:
            file.fault(i, "kind", values.empty("kind"))
        elif kind is not None:
            found[i] = kind
        elif file.remarks.get(as_answered(text)) == "not_mine":
            file.default("not_mine", file.lots[i])
        else:
            question = file.questions.setdefault(f"kind {as_answered(text)}", Question(
                "text", text, (), message("no known kind of movement: what is it?"), None, (*KINDS_OF_MOVEMENTS, "not_mine"),
            ))  # fmt: skip
            where = (*question.cells, message("row {row:d}", row=file.table.rows[i]))[:3]
            file.questions[f"kind {as_answered(text)}"] = replace(question, cells=where)
    return found


def _merge_sides(file: FileCells) -> None:
    """Two columns of quantities, of what came in and of what went out, as one."""
    sides = [file.raw.pop(key, None) for key in ("quantity_in", "quantity_out")]
    if any(sides):
        named = [file.header[key] for key in ("quantity_in", "quantity_out") if key in file.header]
        file.header["quantity"] = replace(named[0], key="quantity")
        height = file.table.cells.height
        ins, outs = (side or [None] * height for side in sides)
        file.raw["quantity"] = [_of_sides(file, i, *both) for i, both in enumerate(zip(ins, outs, strict=True))]


def _of_sides(file: FileCells, i: int, came: Any, went: Any) -> Any:
    """The quantity of a row with two columns: below zero of what went out."""
    empty = [cell is None or not any((cells.amount(str(cell)) or cells.Amount("1")).readings.values()) for cell in (came, went)]
    if not any(empty):
        hint = message("Write what came in and what went out in two rows.")
        file.fault(i, "quantity_out", Faulty("two_sides", "a row in which something came in and went out", hint))
        return None
    return came if empty[1] else f"-{went}"


def _signs(file: FileCells, kept: Sequence[int], kinds: dict[int, str]) -> dict[tuple[str, int], bool]:
    """Field and row -> whether the number is below zero; the cells are without their sign from then on, the kinds are by it."""
    found: dict[tuple[str, int], bool] = {}
    for key in _SIGNED:
        column = file.raw.get(key, [])
        for i in kept if column else ():
            column[i], is_below = _unsigned(column[i])
            if column[i] is not None and cells.amount(str(column[i])) and _number(column[i]):
                found[key, i] = is_below
    for i, kind in [*kinds.items()]:
        if kind in _OF_SIGN:
            kinds[i] = _OF_SIGN[kind][found.pop(("quantity", i), False)]
        elif kind in ("transfer_in", "transfer_out"):
            kinds[i], found["quantity", i] = "transfer", kind == "transfer_out"
    return found


def _unsigned(cell: Any) -> tuple[Any, bool]:
    """A number without its sign, and whether it is below zero: ``-5``, ``5-``, ``(5)``."""
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        return abs(cell), cell < 0
    text = cells.tidy(str(cell)) if isinstance(cell, str) else ""
    if text.startswith("-") and not text.startswith("--"):
        return text[1:].strip() or None, True
    if values.NEGATIVE.fullmatch(text):
        return text.strip("()- "), True
    if (found := cells.amount(text)) and found.digits.startswith("-"):  # "EUR -12.50"
        return text.replace("-", "", 1), True
    return cell, False


def _number(cell: Any) -> bool:
    """Whether a cell is a number that is not zero."""
    found = cells.amount(str(cell))
    return found is None or any(found.readings.values())


def _check_signs(file: FileCells, kinds: Mapping[int, str], signs: Mapping[tuple[str, int], bool]) -> None:
    """A fault where a number has another sign than those of its kind, and where what comes in is below zero.

    Fees and taxes, and what is paid for purchases and costs, have one sign in the whole file, whichever that is.
    """
    seen: dict[tuple[str, str], set[bool]] = {}
    of_kind = {
        (key, i): (key, "" if key in ("fees", "taxes") else _PAID.get(kinds[i], kinds[i]) if key != "quantity" else kinds[i])
        for key, i in signs
        if i in kinds and (kinds[i] != "reversal" or key == "quantity") and (key, kinds[i]) not in
        (("quantity", "adjust"), ("quantity", "transfer"))
    }  # fmt: skip
    for cell, group in of_kind.items():
        seen.setdefault(group, set()).add(signs[cell])
    hint = message(
        "What takes a movement back is of kind reversal, and a refund of kind income; else write it as the others are."
    )
    for (key, i), group in of_kind.items():
        is_in = (
            kinds[i] in (*BRINGS, "deliver") if key == "quantity" else kinds[i] == "income" and key in ("total_price", "cash")
        )
        if signs[key, i] and (len(seen[group]) > 1 or is_in):
            file.fault(i, key, Faulty("sign", "a number below zero, unlike those of its kind", hint))


def _with_assets(file: FileCells, kept: Sequence[int], kinds: Mapping[int, str]) -> None:
    """The asset of a row that names a lot alone is that of its lot."""
    of_lot = {file.text("lot_id", i): file.raw["asset"][i] for i in kept if kinds.get(i) in BRINGS and file.text("lot_id", i)}
    for i in kept:
        if file.text("asset", i) is None and (lot := file.text("lot_id", i)) in of_lot:
            file.raw["asset"][i] = of_lot[lot]


# One row


@dataclass(slots=True)
class _Money:
    """What a row says of money, without signs: price of all, with fees and taxes, and these, or their part of the total."""

    total: Decimal | None
    cash: Decimal | None
    fees: Decimal
    taxes: Decimal
    rates: dict[str, Decimal]

    def settle(self) -> None:
        """Fees and taxes that are told as a part of the total, in money."""
        if self.total is not None:
            for key, rate in self.rates.items():
                setattr(self, key, (self.total * rate).quantize(CENT, ROUND_HALF_UP))
            self.rates = {}


def _movement(
    row: Row, kind: str, signs: Mapping[tuple[str, int], bool], said: set[Meaning], status: str
) -> dict[str, Any] | None:
    """The record of a row; None for one that is none of the owner, or that is only planned.

    Args:
        row: Its cells.
        kind: What it is.
        signs: As of `_signs`.
        said: What the owner said of its texts.
        status: That of the file.
    """
    if "not_mine" in said:
        return row.default("not_mine")
    if "planned" in said or values.known_word(row.text("status"), vocabulary().meanings["status"]) == "planned":
        return row.default("not_done")
    money = _money(row)
    has_metal = row.text("asset") is not None and row.cells.get("quantity") is not None and _number(row.cells["quantity"])
    if kind in BRINGS and row.text("to") is not None:
        row.cells["location"] = row.cells["to"]
    own = row.file.defaults
    row.file.defaults = {}
    if kind in _MONEY_ALONE or (kind in _MAY_BE_MONEY and row.text("asset") is None and row.text("lot_id") is None):
        found = _of_money(row, kind, money)
    elif kind in _WHOLE and not has_metal:
        found = _of_whole(row, kind, money)
    else:
        found = _of_metal(row, kind, money, said, status)
    new, row.file.defaults = row.file.defaults, own
    if kind not in BRINGS and found is not None:  # of what is there nothing is assumed
        found |= {key: None for key in ("form", "status") if key in new}
    for key, lots in new.items():
        if key != "location" and (kind in BRINGS or key in KEPT_DEFAULTS):  # where it lies is told of the stock
            own.setdefault(key, []).extend(lots)
    if found is None:
        return None
    for key in row.cells.keys() & _BESIDE:
        row.read(key, _in_currency, row, key, found["currency"], open_rate=key in money.rates)
    if found["date"] is None and row.cells.get("purchase_date") is None:
        row.fault("purchase_date", values.empty("date"))
    below = signs.get(("quantity", row.i))
    source, place = _places(row, kind, below)
    return found | {
        "row": row.file.table.rows[row.i],
        "kind": kind,
        "lot": row.lot if kind in BRINGS and found["asset"] is not None else row.text("lot_id"),
        "settled": row.read("settled", row.day, "settled"),
        "quantity": -found["quantity"] if kind == "adjust" and below and found["quantity"] else found["quantity"],
        "fees": money.fees,
        "taxes": money.taxes,
        "rate": _rate(row),
        "from": source,
        "to": None if values.is_unknown(place) else place,
        "sale_order": row.read("sale_order", _sale_order, row) if "sale_order" in row.cells else None,
        "below": below,
        **{key: row.text(key) for key in ("document", "reverses", "into", "client", "counterparty", "remark")},
    }


def _places(row: Row, kind: str, below: bool | None) -> tuple[str | None, str | None]:  # noqa: FBT001  # None for no sign
    """Places that a movement leaves and goes to; of a purchase where it lies, of half of a transfer one of them."""
    if kind in (*BRINGS, "deliver"):
        return None, row.text("to") or row.text("location")
    source = row.text("from") or row.text("location")
    if kind == "transfer" and below is not None and row.text("to") is None:  # one of two rows
        return (source, None) if below else (None, source)
    return source, row.text("to")


def _of_metal(row: Row, kind: str, money: _Money, said: set[Meaning], status: str) -> dict[str, Any] | None:
    """What a row says of metal, read as that of a lot."""
    given, sign = money.total, 1 if kind in (*BRINGS, "reversal") else -1
    if money.total is None and money.cash is not None:
        beside = sign * (money.fees + money.taxes)
        money.total = ((money.cash - beside) / (1 + sign * sum(money.rates.values()))).quantize(CENT, ROUND_HALF_UP)
        row.cells["total_price"] = float(money.total)
    lot = lot_of_row(row, status, said)
    if lot is None:
        return None
    quantity = Decimal(repr(lot["quantity"])) if lot["quantity"] is not None else None
    if money.total is None and lot["purchase_price"] and quantity:
        money.total = (Decimal(repr(lot["purchase_price"])) * quantity).quantize(CENT, ROUND_HALF_UP)
    money.settle()
    costs = money.fees + money.taxes
    if given is not None and lot["purchase_price"] and costs:
        row.read("total_price", _without_costs, row, lot, money, kind)
    if given is not None and money.cash is not None:
        row.read("cash", _adds_up, money.cash, given, costs, kind)
    currency = lot["currency"]
    if currency is None and (costs or money.total is not None):
        currency = row.read("currency", currency_of, row, lot, [], is_needed=True)
    if lot["paid"] not in (None, 1) and kind not in BRINGS:
        hint = message("Say it of the purchase; what was paid later is a row of kind pay.")
        row.fault("paid", Faulty("paid", "a part payment of what is no purchase", hint))
    details = ("origin_country", "custody", "certificate", "spread", "storage_fee", "vat_state", "destination", "end_user")
    own = ("asset", "form", "purity", "size", "unit", "status", *details)
    return {key: lot[key] for key in own} | {
        "date": lot["purchase_date"], "quantity": quantity, "total": money.total, "currency": currency,
        "unpaid": _unpaid(lot["paid"], money.total),
    }  # fmt: skip


def _unpaid(paid: float | None, total: Decimal | None) -> Decimal:
    """What is still to be paid of a price, to the cent."""
    if paid is None or total is None:
        return Decimal(0)
    return total - (total * Decimal(repr(paid))).quantize(CENT, ROUND_HALF_UP)


def _of_whole(row: Row, kind: str, money: _Money) -> dict[str, Any]:
    """What a row says that is of all of a lot, or of its price."""
    lot: dict[str, Any] = {"asset": None, "unit": None}
    if row.text("asset") is not None:
        lot["asset"] = (row.read("asset", asset_of, row) or (None,))[0]
    elif (kind != "adjust" and row.number("quantity")[0]) or not any(map(row.text, ("lot_id", "document", "reverses"))):
        hint = message("Name the lot, or the asset and the quantity.")
        row.fault("asset", Faulty("empty", "a movement of no lot", hint))
    if kind == "reversal" and money.total is None and money.cash is None:
        row.default("taken_back", message("row {row:d}", row=row.file.table.rows[row.i]))
    if kind == "adjust" and row.text("purity") is None:
        row.fault("quantity", values.empty("quantity"))
    if money.total is None and money.cash is not None:
        money.total = money.cash - money.fees - money.taxes
    needs = money.total is not None or money.fees or money.taxes
    currency = row.read("currency", currency_of, row, lot, _beside(row), is_needed=True) if needs else None
    return dict.fromkeys(("form", "size", "unit", "quantity", "status")) | {
        "asset": lot["asset"], "purity": row.text("purity"), "date": row.read("purchase_date", day_of, row, "stored"),
        "total": money.total, "currency": currency,
    }  # fmt: skip


def _of_money(row: Row, kind: str, money: _Money) -> dict[str, Any]:
    """What a row says that moves money alone; of a fee or a tax the amount may stand in the column of these."""
    lot: dict[str, Any] = {"asset": None, "unit": None}
    if row.text("asset") is not None:
        lot["asset"] = (row.read("asset", asset_of, row) or (None,))[0]
    own = {"fee": "fees", "storage": "fees", "tax": "taxes"}.get(kind)
    beside = getattr(money, own) if own else Decimal(0)
    amount = money.total
    if amount is None and money.cash is not None:  # what came is after fees and taxes, and what was paid with them
        others = money.fees + money.taxes - beside
        amount = money.cash + others if kind in ("income", "withdraw") else money.cash - others
    if amount is None and row.cells.get("quantity") is None and (price := row.number("purchase_price")[0]):
        amount = Decimal(repr(price)).quantize(CENT, ROUND_HALF_UP)
    if own and beside:
        if amount is not None and abs(amount - beside) > _ROUNDED:
            hint = message("Write the amount once.")
            row.fault(own, Faulty("two_amounts", "two amounts of one cost", hint))
        amount = beside
        setattr(money, own, Decimal(0))
    if not amount and kind != "transfer":
        row.fault("total_price", values.empty("total"))
    currency = row.read("currency", currency_of, row, lot, _beside(row), is_needed=True) if amount else None
    return dict.fromkeys(("form", "purity", "size", "unit", "quantity", "status")) | {
        "asset": lot["asset"], "date": row.read("purchase_date", day_of, row, "stored"), "total": amount, "currency": currency,
    }  # fmt: skip


def _money(row: Row) -> _Money:
    """The money of a row, to the cent."""
    read = {key: row.number(key) for key in ("total_price", "cash", "fees", "taxes")}
    found = {key: Decimal(repr(value)) for key, (value, _) in read.items() if value is not None}
    rates = {key: found.pop(key) / 100 for key in ("fees", "taxes") if key in found and _is_percent(row, key, read[key][1])}
    total, cash, fees, taxes = (found[key].quantize(CENT, ROUND_HALF_UP) if key in found else None for key in read)
    if total == 0:  # as a program writes it for none
        row.cells.pop("total_price", None)
    if row.file.once(_are_two_currencies):
        hint = message("Give fees and taxes in the currency of the price.")
        row.fault("fees", Faulty("two_currencies", "two currencies", hint))
    return _Money(total or None, cash or None, fees or Decimal(0), taxes or Decimal(0), rates)


def _is_percent(row: Row, key: str, shown: cells.Amount | None) -> bool:
    """Whether a cost is told as a part of the total."""
    return shown is not None and (row.header(key).percent or "%" in (shown.before, shown.after))


def _are_two_currencies(file: FileCells) -> bool:
    """Whether headers of money name two currencies."""
    keys = ("fees", "taxes", "cash", "total_price", "purchase_price")
    return len({file.header[key].currency for key in keys if key in file.header} - {None}) > 1


def _beside(row: Row) -> list[str]:
    """Words beside the amounts of a row, which name a currency."""
    shown = [row.number(key)[1] for key in ("purchase_price", "total_price", "cash", "fees", "taxes")]
    return [part for one in shown if one for part in (one.before, one.after) if part]


def _in_currency(row: Row, key: str, currency: str | None, *, open_rate: bool) -> None:
    """A fault for money in another currency than the price, and for a part in per cent (`open_rate`) of no total."""
    shown = row.number(key)[1]
    words = [part for part in (shown.before, shown.after) if part not in ("", "%")] if shown else []
    if open_rate:
        raise Faulty("percent", "a cost in per cent of no price", message("Write the amount of money."))
    if currency is not None and any(cells.currency(word) != currency for word in words):
        hint = message("Give fees and taxes in the currency of the price.")
        raise Faulty("two_currencies", "two currencies", hint)


def _without_costs(row: Row, lot: Mapping[str, Any], money: _Money, kind: str) -> None:
    """A fault for a total that is rather the price with the fees and taxes in it."""
    if row.cells.get("purchase_price") is None or money.total is None:
        return
    price = row.number("purchase_price")[0] or 0.0
    product = price * lot["quantity"] if abs(lot["purchase_price"] - price) <= AGREES * price else None
    costs = float(money.fees + money.taxes) * (1 if kind in (*BRINGS, "reversal") else -1)
    if product is not None and abs(float(money.total) - product - costs) < abs(float(money.total) - product) - float(CENT):
        hint = message("Say it of its column: --set {name!r:s}=cash.", name=row.header("total_price").text)
        raise Faulty("with_costs", "a total with the fees and taxes in it", hint)


def _adds_up(cash: Decimal, total: Decimal, costs: Decimal, kind: str) -> None:
    """A fault where what was paid or received is not the total with fees and taxes."""
    whole = total + costs if kind in (*BRINGS, "reversal") else total - costs
    if abs(cash - whole) > _ROUNDED:
        hint = message("Total, fees and taxes come to {whole:,.2f}: correct one of them.", whole=float(whole))
        raise Faulty("cash", "money that is not the total with its fees and taxes", hint)


def _rate(row: Row) -> float | None:
    """Own exchange rate; None for none."""
    rate = row.number("rate")[0]
    if rate is not None and rate <= 0:
        hint = message("Give the rate of the day, or leave the cell empty.")
        row.fault("rate", Faulty("positive", "an exchange rate that is not above zero", hint))
        return None
    return rate


def _sale_order(row: Row) -> str | None:
    """Which lot a sale takes that names none."""
    text = row.text("sale_order")
    found = None if text is None else fold(text).replace(" ", "_")
    if found not in (None, "named", *SALE_ORDERS):
        hint = message("Write {words:or}.", words=[*SALE_ORDERS])
        raise Faulty("unknown_sale_order", "unknown {key:s}", hint, key="sale_order")
    return None if found == "named" else found


# All rows


def _paired(file: FileCells, found: Mapping[int, dict[str, Any]]) -> dict[int, dict[str, Any]]:
    """Movements in which the two rows of a transfer are one: what leaves a place, and what arrives on that day at another."""
    transfers = {i: one for i, one in found.items() if one["kind"] == "transfer" and (one["asset"] or one["lot"])}
    leaves: dict[tuple[Any, ...], list[int]] = {}
    for i, one in transfers.items():
        if one["below"] and not one["to"]:
            leaves.setdefault(_of_pair(one), []).append(i)
    merged = dict(found)
    for i, one in transfers.items():
        if one["below"] is False and not one["from"] and (others := leaves.get(_of_pair(one))):
            other = others.pop(0)
            merged[other] = found[other] | {"to": one["to"], "lot": found[other]["lot"] or one["lot"]}
            del merged[i]
    hint = message(
        "Name the place that it goes to in a column 'to'. Where the other place is in another file, it is brought or taken: "
        "--set WORD=deposit, or withdraw."
    )
    for i, one in merged.items():
        if i in transfers and not one["to"]:
            file.fault(i, "to", Faulty("empty", "a transfer to no place", hint))
    return merged


def _of_pair(one: Mapping[str, Any]) -> tuple[Any, ...]:
    return one["date"], one["client"], one["asset"], one["quantity"], one["unit"]


def _once(file: FileCells, found: Mapping[int, dict[str, Any]]) -> dict[int, dict[str, Any]]:
    """Movements without what stands twice: of rows that say the same under one number of a document that is asked."""
    same: dict[tuple[Any, ...], list[int]] = {}
    for i, one in found.items():
        named = one["lot"] if file.text("lot_id", i) else None
        key = one["document"], one["date"], one["kind"], named, one["asset"], one["quantity"], one["total"], one["client"]
        same.setdefault(key, []).append(i)
    left: set[int] = set()
    for (document, *_), rows in same.items():
        if len(rows) > 1 and document is not None:
            said = file.remarks.get(as_answered(document))
            left |= {*rows[1:]} if said == "once" else set()
            if said not in OF_DOCUMENTS:
                where = tuple(message("row {row:d}", row=file.table.rows[i]) for i in rows[:3])
                asks = message("rows of one document that say the same: one movement, or one each?")
                file.questions[f"document {document}"] = Question("text", document, where, asks, None, OF_DOCUMENTS)
        elif len(rows) > 1:
            file.defaults.setdefault("alike", []).extend(message("row {row:d}", row=file.table.rows[i]) for i in rows)
    lots = Counter((one["client"], one["lot"]) for i, one in found.items() if one["kind"] in BRINGS and i not in left)
    hint = message("Give every purchase a lot of its own; what arrives of an order is of kind deliver.")
    for i, one in found.items():
        if one["kind"] in BRINGS and one["asset"] and lots[one["client"], one["lot"]] > 1 and i not in left:
            file.fault(i, "lot_id", Faulty("duplicate", "a lot that is bought twice", hint))
    return {i: one for i, one in found.items() if i not in left}


def told_kinds(rows: Sequence[Mapping[str, Any]]) -> Iterator[Message]:
    """How many movements there are of each kind."""
    counts = Counter(row["kind"] for row in rows)
    for kind in KINDS_OF_MOVEMENTS:
        if counts[kind]:
            yield message("{count:d} × {kind}", count=counts[kind], kind=TOLD[kind])
