"""Lots by the day from which a sale is free of income tax, and what each has gained."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from toolkit.records.parts.exit import Tax, TaxLot
from toolkit.report.charts.lot_gantt import Period, lot_gantt
from toolkit.report.document import (
    Chart,
    Column,
    Figure,
    Row,
    Table,
)
from toolkit.report.findings import Findings
from toolkit.report.i18n.formats import day
from toolkit.report.i18n.text import NONE, Inline, Text, sources, strong, text
from toolkit.report.tables.lots import shown_name

TAX = "tax"
FREE, SOON = "free", "soon"
SHOWN = 12
"""Lots that are drawn, or without a drawing have a row of their own; the rest is one sum."""
MOST = 60
"""Lots up to which the data table has all of them; of more it has the first whose period still runs."""
AMOUNTS = 3
"""Columns of money, the last of a table."""
NAME = 24
"""Characters of a lot's name in the drawing."""


def tax_lots(run: Findings, tax: Tax) -> Figure | None:
    """The figure, or None where no lot has a day of purchase."""
    say, lots = run.say, tax.lots
    if not lots:
        return None
    ruled = tax.years is not None
    waiting = [lot for lot in lots if lot.state != FREE] if ruled else list(lots)
    first, rest = waiting[:SHOWN], waiting[SHOWN:]
    done = [lot for lot in lots if lot.state == FREE]
    columns = tuple(_columns(run, ruled=ruled))
    if ruled and first:
        table = _listed(run, lots if len(lots) <= MOST else waiting[:MOST], lots, columns)
        sub = text(_sub(run, tax), " ", *_sums(run, lots, done))
        return Figure(_title(run, tax, waiting), sub, (_gantt(run, first),), (), text(*_foot(run, tax)), table)
    rows = [Row(_cells(run, lot, ruled=ruled)) for lot in first]
    if rest:
        rows.append(Row(_sum(run, rest, say.counted(len(rest), "{N} further lot", "{N} further lots"), ruled=ruled)))
    if done:
        words = say.counted(len(done), "{N} lot, tax-free today", "{N} lots, tax-free today")
        rows.append(Row(_sum(run, done, words, ruled=ruled)))
    if len(lots) > 1:
        rows.append(Row(_sum(run, lots, _all(run, lots), ruled=ruled), total=True))
    data = _listed(run, lots[:MOST], lots, columns, ruled=ruled) if len(lots) > len(first) else None
    shown = columns if first else (columns[0], *columns[-AMOUNTS:])
    table = Table(say.words("Lots and their gains"), shown, tuple(rows if first else (_brief(row) for row in rows)))
    return Figure(_title(run, tax, waiting), _sub(run, tax), (table,), (), text(*_foot(run, tax)), data)


def _listed(
    run: Findings, listed: Sequence[TaxLot], lots: Sequence[TaxLot], columns: tuple[Column, ...], *, ruled: bool = True
) -> Table:
    """Lots one by one, the others as one sum, and the sum of all."""
    say, shown = run.say, {lot.lot_id for lot in listed}
    rows = [Row(_cells(run, lot, ruled=ruled)) for lot in listed]
    if rest := [lot for lot in lots if lot.lot_id not in shown]:
        rows.append(Row(_sum(run, rest, say.counted(len(rest), "{N} further lot", "{N} further lots"), ruled=ruled)))
    if len(lots) > 1:
        rows.append(Row(_sum(run, lots, _all(run, lots), ruled=ruled), total=True))
    return Table(say.words("Lots by their day of purchase"), columns, tuple(rows), stacks=False)


def _sums(run: Findings, lots: Sequence[TaxLot], done: Sequence[TaxLot]) -> Iterator[Inline]:
    """What is free of tax today, and the gain of all."""
    say = run.say
    if done:
        yield from say.counted(
            len(done),
            "{N} lot is tax-free today, {gain}. ",
            "{N} lots are tax-free today, {gain}. ",
            gain=_gain(run, done),
        )
    yield from say("{lots} together: {gain}.", lots=_all(run, lots), gain=_gain(run, lots))


def _all(run: Findings, lots: Sequence[TaxLot]) -> Text:
    """What a sum of all lots is of: one whose gain is not known is in none."""
    return run.say("All lots with a known gain") if any(lot.gain is None for lot in lots) else run.say("All lots")


def _gain(run: Findings, lots: Sequence[TaxLot]) -> str:
    """What the lots whose gain is known have gained together, or lost."""
    known = [lot.gain for lot in lots if lot.gain is not None]
    if not known:
        return run.say.words("gain not known")
    if (gain := sum(known)) < 0:
        return run.say.words("loss {loss}", loss=run.money(-gain))
    return run.say.words("gain {gain}", gain=run.money(gain))


def _title(run: Findings, tax: Tax, waiting: Sequence[TaxLot]) -> Text:
    say, fmt = run.say, run.fmt
    if tax.years is None:
        gain = sum(lot.gain or 0.0 for lot in tax.lots)
        if gain < 0:
            return say("Lots with a price have lost {loss} since they were bought", loss=run.money(-gain))
        return say("Lots with a price have gained {gain} since they were bought", gain=run.money(gain))
    soon = [lot for lot in waiting if lot.state == SOON]
    if soon:
        return say.counted(
            len(soon),
            "{N} lot becomes tax-free within {days} days, on {day}",
            "{N} lots become tax-free within {days} days, the next on {day}",
            days=tax.soon_days,
            day=run.derived(fmt.long_date(soon[0].free_from), TAX, marked=False),
        )
    if waiting:
        return say(
            "No lot becomes tax-free within {days} days; the next does on {day}",
            days=tax.soon_days,
            day=run.derived(fmt.long_date(waiting[0].free_from), TAX, marked=False),
        )
    return say("Every lot is past the period after which a sale is tax-free")


def _sub(run: Findings, tax: Tax) -> Text:
    say = run.say
    if tax.years is None:
        return say("No rule on the taxation of private sales is bundled for {place}.", place=run.place(tax.country))
    return say(
        "A private sale more than one year after the purchase is tax-free in Germany{markers}; each lot has its own clock.",
        markers=sources(*run.rests_on(TAX)),
    )


def _foot(run: Findings, tax: Tax) -> Iterator[Inline]:
    lots = tax.lots
    yield from run.say(
        "Gains are value at today’s estimated price less the purchase price, in {currency}, before the spread of a sale.",
        currency=run.currency,
    )
    yield " "
    yield from run.say(
        "Source: purchases of the file, at the last exchange rate of their day{fx}; estimated prices{prices}. Not tax advice.",
        fx=sources(*run.of_tables("fx")),
        prices=sources(*run.of_prices()),
    )
    if doubted := sum(lot.doubted for lot in lots):
        yield " "
        yield from run.say.counted(
            doubted,
            "{N} lot has a purchase price that is far from the price of its day: its gain is in no sum.",
            "{N} lots have a purchase price that is far from the price of its day: their gain is in no sum.",
        )
    unknown = sum(lot.gain is None and not lot.doubted for lot in lots)
    if unknown:
        yield " "
        yield from run.say.counted(
            unknown,
            "{N} lot without a price or without an exchange rate is in no sum.",
            "{N} lots without a price or without an exchange rate are in no sum.",
        )
    if left_out := tax.left_out:
        yield " "
        yield from run.say.counted(
            left_out,
            "{N} lot that is only planned, or has no day of purchase by now, is left out.",
            "{N} lots that are only planned, or have no day of purchase by now, are left out.",
        )


def _columns(run: Findings, *, ruled: bool) -> Iterator[Column]:
    say = run.say
    yield Column(say.words("Lot ID"), "left")
    yield Column(say.words("Metal"), "left")
    yield Column(say.words("Bought"))
    if ruled:
        yield Column(say.words("Tax-free from"))
        yield Column(say.words("In days"))
    yield Column(say.words("Purchase price, {currency}", currency=run.currency))
    yield Column(say.words("Value, {currency}", currency=run.currency))
    yield Column(say.words("Gain, {currency}", currency=run.currency))


def _amount(run: Findings, value: float | None, *, gain: bool = False) -> Text:
    if value is None:
        return text(NONE)
    words = run.fmt.number(value, signed=gain)
    return text(strong(words)) if gain else text(words)


def _cells(run: Findings, lot: TaxLot, *, ruled: bool) -> tuple[Text, ...]:
    fmt = run.fmt
    clock: tuple[Text, ...] = ()
    if ruled:
        words = fmt.short_date(lot.free_from)
        left = () if lot.state == FREE else text(fmt.number(lot.days))
        if lot.state == SOON:
            left = text(strong(fmt.number(lot.days)))
        clock = (text(run.derived(words, TAX, marked=False)), left)
    return (
        text(shown_name(run.say.lot(lot.lot_id))),
        text(run.head(lot)),
        text(fmt.short_date(lot.bought)),
        *clock,
        _amount(run, lot.cost),
        _amount(run, lot.value),
        _amount(run, lot.gain, gain=True),
    )


def _sum(run: Findings, lots: Sequence[TaxLot], words: Text, *, ruled: bool) -> tuple[Text, ...]:
    """A row that stands for several lots; a lot whose gain is not known is in none of its figures."""
    known = [(lot.cost or 0.0, lot.value or 0.0, lot.gain) for lot in lots if lot.gain is not None]
    cost, value, gain = map(sum, zip(*known, strict=True)) if known else (None, None, None)
    blank: tuple[Text, ...] = ((),) * (4 if ruled else 2)
    return (words, *blank, _amount(run, cost), _amount(run, value), _amount(run, gain, gain=True))


def _brief(row: Row) -> Row:
    """A row of a sum without its empty cells."""
    return replace(row, cells=(row.cells[0], *row.cells[-AMOUNTS:]))


def _gantt(run: Findings, lots: Sequence[TaxLot]) -> Chart:
    say, fmt = run.say, run.fmt
    periods = tuple(
        Period(
            shown_name(say.lot(lot.lot_id), NAME).text,
            say.words(
                "{metal}, tax-free from {day}, {gain}",
                metal=run.metal(lot),
                day=fmt.short_date(lot.free_from),
                gain=_gain(run, (lot,)),
            ),
            day(lot.bought),
            day(lot.free_from),
        )
        for lot in lots
        if lot.free_from is not None
    )
    told = "; ".join(f"{period.name}: {period.words}" for period in periods)
    return lot_gantt(periods, run.as_of, fmt.short_date(run.as_of), f"{told}.", fmt)
