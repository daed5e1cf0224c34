"""Allocation: weights now and proposed, what entering costs, and the orders in whole lots."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from toolkit.report import formats
from toolkit.report.compose import section
from toolkit.report.language import mark
from toolkit.report.document import Bar, BarTable, Block, Column, Columns, Figure, Missing, Paragraph, Row, Table
from toolkit.report.findings import COSTS, OFFERS, RATE, TERMS, Findings, head, metal
from toolkit.report.text import NONE, Text, listed, muted, name, sources, strong, text

ASSUMED = "assumption"
LINES = {"spread": "half spread", "premium": "origin premium", "vat": "VAT", "impact": "market impact"}
YEARLY = {"storage": "a year: storage", "sites": "a year: sites"}
"""Parts of the costs where room is scarce."""
UNCHANGED = 0.0005
"""A change of weight that would be shown as zero."""


@section("allocation", mark("Allocation"), needs=["positions"])
def allocation(run: Findings) -> tuple[Block, ...] | Missing:
    """Weights and costs side by side, then the orders and the sum that closes."""
    if not run.shown:
        return Missing(f"Nothing is held and nothing is bought: {run.money(run.record['cash']['value'], 2)} stays in cash.")
    costs = _costs(run)
    first: tuple[Block, ...] = (Columns((_weights(run), costs)),) if costs else (_weights(run),)
    return (*first, _orders(run), Paragraph(_equation(run), "equation"))


def _weights(run: Findings) -> Figure:
    before, cash = run.before, run.record["cash"]
    caps: Mapping[str, float] = run.record["caps"]["assets"]
    shown = run.shown
    known = {p["asset"]: caps.get(p["asset"], caps.get(p["element"])) for p in shown}
    top = max(
        [
            *(p["weight"] for p in shown),
            *(p["previous_weight"] for p in shown),
            cash["weight"],
            *(c for c in known.values() if c),
        ]
    )
    scale = top * 1.12
    bars = [
        Bar(
            text(head(p)),
            _weight_cells(p["weight"], p["previous_weight"], known=before is not None),
            p["weight"] / scale,
            p["previous_weight"] / scale if before else None,
            None if (cap := known[p["asset"]]) is None else cap / scale,
        )
        for p in shown
    ]
    cash_cells = _weight_cells(cash["weight"], cash["previous_weight"], known=before is not None)
    bars.append(
        Bar(
            text("Cash"),
            cash_cells,
            cash["weight"] / scale,
            max(cash["previous_weight"], 0) / scale if before else None,
            total=True,
        )
    )
    columns = (Column("now"), Column("new"), Column("change")) if before else (Column("weight"),)
    distinct = sorted({cap for cap in known.values() if cap is not None})
    marks = ((distinct[0] / scale, f"limit {formats.limit(distinct[0])}"),) if len(distinct) == 1 else ()
    legend = (("now", "now"),) * bool(before) + (("new", "proposed"),) + (("cap", "limit per holding"),) * bool(distinct)
    sub = "Share of value after entry costs." + (
        " Grey is today, blue is proposed; change in percentage points." if before else ""
    )
    table = BarTable("Weights", "Holding", columns, tuple(bars), marks)
    return Figure(
        _weights_finding(run), text(sub), (table,), legend, text("Own calculation", sources(*run.of_tables("prices")), ".")
    )


def _weight_cells(new: float, old: float, *, known: bool) -> tuple[Text, ...]:
    # Cash below zero is a debt, and no dash.
    now = text(strong(formats.percent(new))) if new > 0 or new < -UNCHANGED else text(NONE)
    if not known:
        return (now,)
    change = text(NONE) if abs(new - old) < UNCHANGED else text(muted(formats.points(new - old)))
    return (text(muted(formats.percent(old))) if old > 0 else text(NONE), now, change)


def _weights_finding(run: Findings) -> Text:
    if not run.held:
        return text("Everything held today is sold")
    if run.before:
        moved = sorted(run.shown, key=lambda p: -abs(p["weight"] - p["previous_weight"]))
        largest = moved[0]
        step = largest["weight"] - largest["previous_weight"]
        verb = "gains" if step > 0 else "loses"
        return text("The largest change is in ", metal(largest), f", which {verb} {formats.number(100 * abs(step), 1)} points")
    largest = run.held[0]
    if len(run.held) == 1:
        return text(head(largest), f" is the one holding, with {formats.percent(largest['weight'])} of value")
    if len(run.held) <= 3:
        return text(head(largest), f" is the largest holding, with {formats.percent(largest['weight'])} of value")
    three = run.held[:3]
    together = sum(p["weight"] for p in three)
    return text(*_capital(listed([metal(p) for p in three])), f" hold {formats.percent(together, 0)} of value together")


def _capital(words: Text) -> Text:
    """The first name of a title with a capital letter."""
    first = words[0]
    return (type(first)(formats.capital(first.text), first.style, first.refs), *words[1:])


def _costs(run: Findings) -> Figure | None:
    paid = sorted((p for p in run.shown if p["cost"] > 0), key=lambda p: -p["cost"])
    if not paid:
        return None
    total = run.record["costs"]["entry"]
    assumed = any(p["terms"] == ASSUMED for p in paid)
    sum_of_all = run.assumed(formats.number(total), COSTS, marked=False) if assumed else formats.number(total)

    bars = [
        Bar(
            text(head(p)),
            (_figure(run, p, formats.number(p["cost"])), text(muted(formats.percent(p["cost"] / total, 0)))),
            p["cost"] / paid[0]["cost"],
            hollow=p["terms"] == ASSUMED,
        )
        for p in paid
    ]
    bars.append(Bar(text("Entry cost"), (text(sum_of_all), text(muted(formats.percent(1.0, 0)))), None, total=True))
    bars += _lines(run, total)
    half = min(range(1, len(paid) + 1), key=lambda k: (sum(p["cost"] for p in paid[:k]) < total / 2, k))
    who = listed([metal(p) for p in paid[:half]])
    part = formats.percent(sum(p["cost"] for p in paid[:half]) / total, 0)
    title = text(
        *_capital(who),
        f" {'takes' if half == 1 else 'take'} {part} of the ",
        run.assumed(run.money(total), COSTS, marked=False),
        " entry cost",
    )
    if len(paid) == 1:
        title = text("Entering costs ", run.assumed(run.money(total), COSTS, marked=False), ", all for ", metal(paid[0]))
    columns = (Column(run.currency), Column("share"))
    table = BarTable("Entry cost by trade", "Trade", columns, tuple(bars))
    sub = f"{formats.capital(run.entry_words)} on each trade, in {run.currency}."
    return Figure(
        title,
        text(sub),
        (table,),
        (("hollow", "rests on an assumption"),) * assumed,
        text("Source: ", run.assumed("typical dealer terms", COSTS, OFFERS) if assumed else "terms of the products", "."),
    )


def _lines(run: Findings, total: float) -> list[Bar]:
    """What the entry cost is paid for, and what is paid every year, where more than a spread and storage count."""
    yearly: Mapping[str, float] = run.record["costs"].get("items", {}).get("yearly", {})
    entry = run.entry_items

    def line(words: str, amount: float, part: Text) -> Bar:
        return Bar(text(muted(words)), (text(run.assumed(formats.number(amount), COSTS, marked=False)), part), None)

    rows: list[Bar] = []
    if len(entry) > 1:
        rows += [
            line(f"of it {LINES.get(key, formats.readable(key))}", amount, text(muted(formats.percent(amount / total, 0))))
            for key, amount in entry.items()
        ]
    if yearly.get("sites", 0.0) > 0:
        rows += [line(YEARLY.get(key, formats.readable(key)), amount, text("")) for key, amount in yearly.items() if amount > 0]
    return rows


def _orders(run: Findings) -> Figure:
    lots = any(p["lots"] is not None for p in run.shown)
    cur = run.currency
    columns = (
        Column("Product", "left"),
        Column(f"Order, {cur}"),
        Column("Lots" if lots else "Quantity"),
        Column("Lot" if lots else "Unit"),
        Column(f"Level ± error, {cur}", short=f"Level, {cur}"),
        Column(f"Last print, {cur}", short="Last print"),
        Column(f"Value, {cur}"),
        Column(f"Cost, {cur}"),
    )
    rows = [Row(_order(run, p)) for p in run.shown]
    cash = run.record["cash"]
    blank: Text = text("")
    rows.append(Row((text("Cash"), *(blank,) * 5, text(strong(formats.number(cash["value"]))), blank), total=True))
    trades = [p for p in run.shown if abs(_trade(run, p)) > 0.005]
    title = formats.capital(formats.count(len(trades), "order")) + (" in whole lots" if lots else "")
    title += ", indicative until a dealer confirms"
    sub = (
        "Price of one unit: the level the model believes with one standard error, and the last print beside it. "
        "A level is no offer."
    )
    foot = text(
        "Source: price series",
        sources(*run.of_tables("prices"), *run.rests_on(RATE)),
        *(("; lots and costs ", run.assumed("typical dealer terms", TERMS, COSTS)) if run.rests_on(TERMS, COSTS) else ()),
        ".",
    )
    return Figure(text(title), text(sub), (Table("Orders", columns, tuple(rows)),), source=foot)


def _trade(run: Findings, p: Mapping[str, Any]) -> float:
    return p["value"] - p["previous_weight"] * run.record["budget"]


def _order(run: Findings, p: Mapping[str, Any]) -> tuple[Text, ...]:
    trade = _trade(run, p)
    act = "hold" if abs(trade) <= 0.005 else "buy" if trade > 0 else "sell"
    size = "" if p["lot_size"] is None else f"{formats.quantity(p['lot_size'])} {p['unit']}"
    count = formats.quantity(p["quantity"]) if p["lots"] is None else formats.number(p["lots"])
    level = formats.price(p["price"])
    if p["price_se"]:
        level += f" ± {formats.price(p['price_se'], like=p['price'])}"
    return (
        text(name(p["name"])),
        text(strong(act), "" if act == "hold" else f" {formats.number(abs(trade))}"),
        _figure(run, p, count) if p["lots"] is not None else text(count),
        _figure(run, p, size) if size else text(p["unit"]),
        text(level),
        text(muted(f"{formats.price(p['price_raw'], like=p['price'])}, {formats.month(p['price_date'])}")),
        text(strong(formats.number(p["value"]))) if p["value"] else text(NONE),
        _figure(run, p, formats.number(p["cost"])) if p["cost"] else text(NONE),
    )


def _figure(run: Findings, p: Mapping[str, Any], words: str) -> Text:
    """A figure that rests on the dealer terms of a position, in the type of what those terms are."""
    return text(run.assumed(words, COSTS, marked=False)) if p["terms"] == ASSUMED else text(words)


def _equation(run: Findings) -> Text:
    """Values, cash and costs add up to the budget; a continuous proposal may miss it by rounding, and then says so."""
    placed = sum((Decimal(str(p["value"])) for p in run.record["positions"]), Decimal(0))
    parts = (placed, Decimal(str(run.record["cash"]["value"])), Decimal(str(run.record["costs"]["entry"])))
    cent = Decimal("0.01")
    rounded = [part.quantize(cent, ROUND_HALF_UP) for part in parts]
    budget = Decimal(str(run.record["budget"])).quantize(cent, ROUND_HALF_UP)
    sign = "=" if sum(rounded) == budget else "≈"
    metals, cash, costs = (run.money(float(part), 2) for part in rounded)
    return text(
        strong(metals), " placed + ", strong(cash), " in cash + ", run.assumed(costs, COSTS),
        f" entry costs {sign} ", strong(run.money(float(budget), 2)), " budget",
    )  # fmt: skip
