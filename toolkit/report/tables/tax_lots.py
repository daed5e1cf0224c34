"""Lots by the day from which a sale is free of income tax, and what each has gained."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from toolkit.records.exit import Tax, TaxLot
from toolkit.report.charts.lot_gantt import Period, lot_gantt
from toolkit.report.document import Chart, Figure, Row, Table, left, right
from toolkit.report.findings import Findings
from toolkit.report.i18n.formats import day
from toolkit.report.i18n.text import NONE, Inline, Text, sentences, strong, text
from toolkit.report.topics.holdings import lot_names, shown_name

TAX, PRIVATE, STORED = "tax", "private", "stored"
FREE, SOON = "free", "soon"
LOTS_DRAWN = 12
"""Lots that are drawn, or without a drawing have a row of their own; the rest is one sum."""
LOTS_SHOWN = 60
"""Lots up to which the data table has all of them; of more it has the first whose period still runs."""
NAME = 24
"""Characters of a lot's name in the drawing."""


def tax_lots(run: Findings, tax: Tax) -> Figure | None:
    """The figure, or None where no lot has a day of purchase."""
    say, lots = run.say, tax.lots
    if not lots:
        return None
    ruled = tax.years is not None
    waiting = [lot for lot in lots if lot.state != FREE] if ruled else list(lots)
    first, rest = waiting[:LOTS_DRAWN], waiting[LOTS_DRAWN:]
    done = [lot for lot in lots if lot.state == FREE]
    if ruled and first:
        table = _listed(run, tax, lots if len(lots) <= LOTS_SHOWN else waiting[:LOTS_SHOWN])
        sub = text(_sub(run, tax), " ", *_sums(run, lots, done))
        return Figure(_title(run, tax, waiting), sub, (_gantt(run, first),), (), sentences(*_foot(run, tax)), table)
    free = say.counted(len(done), "{N} lot, tax-free today", "{N} lots, tax-free today")
    table = _table(run, tax, say("Lots and their gains"), first, [_further(run, rest), (free, done), _all_of(run, lots)])
    data = _listed(run, tax, lots[:LOTS_SHOWN]) if len(lots) > len(first) else None
    return Figure(_title(run, tax, waiting), _sub(run, tax), (table,), (), sentences(*_foot(run, tax)), data)


Summed = tuple[Text, Sequence[TaxLot]]
"""Lots that one row stands for, under their words."""


def _listed(run: Findings, tax: Tax, listed: Sequence[TaxLot]) -> Table:
    """Lots one by one, the others as one sum, and the sum of all."""
    shown = {lot.lot_id for lot in listed}
    rest = [lot for lot in tax.lots if lot.lot_id not in shown]
    sums = [_further(run, rest), _all_of(run, tax.lots)]
    return _table(run, tax, run.say("Lots by their day of purchase"), listed, sums, stacks=False)


def _further(run: Findings, lots: Sequence[TaxLot]) -> Summed:
    return run.say.counted(len(lots), "{N} further lot", "{N} further lots"), lots


def _all_of(run: Findings, lots: Sequence[TaxLot]) -> Summed:
    return _all(run, lots), lots if len(lots) > 1 else ()


def _table(
    run: Findings, tax: Tax, caption: Text, listed: Sequence[TaxLot], sums: Iterable[Summed], *, stacks: bool = True
) -> Table:
    """Lots, and below them sums of some; where no lot is listed, without the columns that a sum has nothing for."""
    fmt, ruled, names = run.fmt, bool(listed) and tax.years is not None, lot_names(tax.lots, run.say)
    blank = [""] * (2 * bool(listed) + 2 * ruled)
    return run.table(
        caption,
        listed,
        left("Lot ID", lambda lot: shown_name(names[lot.lot_id])),
        left("Metal", run.head) if listed else None,
        right("Bought", lambda lot: fmt.short_date(lot.bought)) if listed else None,
        right("Tax-free from", lambda lot: run.derived(fmt.short_date(lot.free_from), TAX, marked=False)) if ruled else None,
        right("In days", lambda lot: _days(run, lot)) if ruled else None,
        right("Purchase price, {currency}", lambda lot: _amount(run, lot.cost)),
        right("Value, {currency}", lambda lot: _amount(run, lot.value)),
        right("Gain, {currency}", lambda lot: _amount(run, lot.gain, gain=True)),
        below=[Row.of(words, *blank, *_total(run, lots), total=lots is tax.lots) for words, lots in sums if lots],
        stacks=stacks,
    )


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
    yield from say(
        "{lots} together: {gain}{without}.", lots=_all(run, lots), gain=_gain(run, lots), without=_without_rate(run, lots)
    )


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


def _without_rate(run: Findings, lots: Sequence[TaxLot]) -> Text:
    """How many lots a sum of gains leaves out because no exchange rate leads from what was paid; nothing where none."""
    without = [lot for lot in lots if lot.without_rate]
    if not without:
        return ()
    return run.say.counted(
        len(without),
        "; without {n} lot paid in {currencies}, of which no exchange rate is known",
        "; without {n} lots paid in {currencies}, of which no exchange rate is known",
        currencies=run.say.listed(sorted({str(lot.without_rate) for lot in without})),
    )


def _title(run: Findings, tax: Tax, waiting: Sequence[TaxLot]) -> Text:
    say, fmt = run.say, run.fmt
    if tax.years is None:
        gain = sum(lot.gain or 0.0 for lot in tax.lots)
        if gain < 0:
            told = say("Lots with a price have lost {loss} since they were bought", loss=run.money(-gain))
        else:
            told = say("Lots with a price have gained {gain} since they were bought", gain=run.money(gain))
        return text(told, *_without_rate(run, tax.lots))
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
    if tax.left_out:
        return say("Every lot with a day of purchase is past the period after which a sale is tax-free")
    return say("Every lot is past the period after which a sale is tax-free")


def _sub(run: Findings, tax: Tax) -> Text:
    say = run.say
    if tax.years is None and tax.kind != PRIVATE:
        return say(
            "The owner is no private person: no period after which a sale is tax-free applies unless the owner sets one."
        )
    if tax.years is None:
        return say("No rule on the taxation of private sales is bundled for {place}.", place=run.place(tax.country))
    if not tax.by_law:
        return say(
            "A sale more than {years} years after the purchase counts as tax-free, as the owner set it{markers}; each lot has "
            "its own clock.",
            years=f"{tax.years:.0f}",
            markers=run.rests_on(TAX),
        )
    return say(
        "A private sale more than one year after the purchase is tax-free in Germany{markers}; each lot has its own clock.",
        markers=run.rests_on(TAX),
    )


def _foot(run: Findings, tax: Tax) -> Iterator[Text]:
    lots = tax.lots
    yield run.say(
        "Gains are value at today’s estimated price less the purchase price, in {currency}, before the spread of a sale.",
        currency=run.currency,
    )
    yield run.say(
        "Source: purchases of the file, at the last exchange rate of their day{fx}; estimated prices{prices}. Not tax advice.",
        fx=run.of_tables("fx"),
        prices=run.of_prices(),
    )
    if doubted := sum(lot.doubted for lot in lots):
        yield run.say.counted(
            doubted,
            "{N} lot has a purchase price that is far from the price of its day: its gain is in no sum.",
            "{N} lots have a purchase price that is far from the price of its day: their gain is in no sum.",
        )
    if coming := sum(lot.status != STORED for lot in lots):
        yield run.say.counted(
            coming,
            "{N} lot that has not arrived, or may not come back, counts no gain: it is in no sum.",
            "{N} lots that have not arrived, or may not come back, count no gain: they are in no sum.",
        )
    unknown = sum(lot.gain is None and not lot.doubted and lot.status == STORED for lot in lots)
    if unknown:
        yield run.say.counted(
            unknown,
            "{N} lot without a price or without an exchange rate is in no sum.",
            "{N} lots without a price or without an exchange rate are in no sum.",
        )
    if left_out := tax.left_out:
        yield run.say.counted(
            left_out,
            "{N} lot that is only planned, or has no day of purchase by now, is left out.",
            "{N} lots that are only planned, or have no day of purchase by now, are left out.",
        )


def _amount(run: Findings, value: float | None, *, gain: bool = False) -> Inline:
    if value is None:
        return NONE
    words = run.fmt.number(value, signed=gain)
    return strong(words) if gain else words


def _days(run: Findings, lot: TaxLot) -> Inline:
    days = "" if lot.state == FREE else run.fmt.number(lot.days)
    return strong(days) if lot.state == SOON else days


def _total(run: Findings, lots: Sequence[TaxLot]) -> tuple[Inline, ...]:
    """Cost, value and gain of several lots; one whose gain is not known is in none of them."""
    known = [(lot.cost or 0.0, lot.value or 0.0, lot.gain) for lot in lots if lot.gain is not None]
    cost, value, gain = map(sum, zip(*known, strict=True)) if known else (None, None, None)
    return _amount(run, cost), _amount(run, value), _amount(run, gain, gain=True)


def _gantt(run: Findings, lots: Sequence[TaxLot]) -> Chart:
    say, fmt, names = run.say, run.fmt, lot_names(lots, run.say)
    periods = tuple(
        Period(
            shown_name(names[lot.lot_id], NAME).text,
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
    return Chart(lot_gantt(periods, run.as_of, fmt), f"{told}.")
