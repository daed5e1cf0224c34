"""What a sale would bring: spread and storage on the way out, the rise that pays for them, and when gains are free of tax."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from toolkit.core.grouping import by_key
from toolkit.records.exit import Exit, ExitAmounts, ProductExit, Tax, TaxLot
from toolkit.records.layouts import SellPreview
from toolkit.report.answer import Answer
from toolkit.report.charts.lot_gantt import LotPeriod, lot_gantt
from toolkit.report.charts.waterfall import WaterfallStep, waterfall
from toolkit.report.compose import WITHOUT, folded, section
from toolkit.report.document import (
    Bar,
    Block,
    Chart,
    Columns,
    Document,
    Figure,
    Missing,
    Paragraph,
    Row,
    Shown,
    Table,
    left,
    legend,
    right,
)
from toolkit.report.findings import Findings
from toolkit.report.i18n.formats import NBSP, day
from toolkit.report.i18n.language import Language, mark
from toolkit.report.i18n.text import NONE, Inline, Text, plain, sentences, strong, text
from toolkit.report.markers import COSTS, STORAGE, VAT
from toolkit.report.topics.holdings import lot_names, shown_name

DAYS, TAX = "exit_days", "tax"
"""Assumptions of the part."""
ASSUMED = ("assumption", "published_fee", "mixed")
"""Terms of which spread and storage are assumed: that a tariff which one vault published holds for any is assumed too."""
TWO = 2
"""Products that are named in one row."""
MIDDLE = 1
"""Of the horizons the one whose rise is drawn."""
PRIVATE, STORED = "private", "stored"
FREE, SOON = "free", "soon"
LOTS_DRAWN = 12
"""Lots that are drawn; the table has the others."""
LOTS_SHOWN = 60
"""Lots up to which the table has all of them; of more it has the first whose period still runs, and a sum."""
NAME = 24
"""Characters of a lot's name in the drawing."""


@section("exit", mark("Spread, exit and holding period"), needs=["exit"])
def exit_(run: Findings) -> tuple[Block, ...] | Missing:
    """The waterfall beside the rise that is needed, behind them product by product, and the tax lots."""
    part, say = run.part(Exit), run.say
    if not part.products and not (part.tax and part.tax.lots):
        return Missing(say.words(WITHOUT["exit"]))
    warning = say(
        "An estimated price, an assessment or a dealer’s list price is not a bid. Buying back is a promise of the dealer, not "
        "a market, and may be refused; what is shown here is a sale at the usual terms, or at those of your "
        "dealer where they are known."
    )
    blocks: list[Block] = [] if run.short else [Paragraph(warning, "intro")]
    if part.products and part.total.value > 0:
        blocks += [Columns((_waterfall(run, part), _rise(run, part))), *folded(_products(run, part))]
    return (*blocks, _tax_lots(run, part.tax)) if part.tax and part.tax.lots else tuple(blocks)


def _computed(run: Findings, terms: str, words: str, *keys: str) -> Inline:
    """A figure computed from rates of these terms."""
    return run.derived(words, *keys, marked=False) if terms in ASSUMED else words


def _terms(part: Exit) -> str:
    """Terms of the sums of all products, which rest on an assumption as soon as one of them does."""
    return next((row.terms for row in part.products if row.terms in ASSUMED), "")


def _waterfall(run: Findings, part: Exit) -> Figure:
    say, total, terms = run.say, part.total, _terms(part)
    guess, years = terms in ASSUMED, run.fmt.quantity(part.years)
    stored = plain(say.counted(_number(part), "Storage, one year", "Storage, {years} years", years=years))
    steps = [
        WaterfallStep(say.words("Value today"), run.money(total.value), total.value, "whole"),
        WaterfallStep(say.words("Half the spread"), run.money(-total.sale), total.sale, "cost", guess),
        WaterfallStep(say.words("Sold at once"), run.money(total.net_now), total.net_now, "whole", guess),
        WaterfallStep(stored, run.money(-total.storage_paid), total.storage_paid, "cost", guess),
        WaterfallStep(_after(run, part), run.money(total.net), total.net, "kept", guess),
    ]
    if total.entry > 0:
        paid = total.value + total.entry
        steps[:0] = [
            WaterfallStep(say.words("Paid"), run.money(paid), paid, "whole", guess),
            WaterfallStep(say.words("Entry costs"), run.money(-total.entry), total.entry, "cost", guess),
        ]
    told = "; ".join(f"{step.label}: {step.written}" for step in steps)
    net = _computed(run, terms, run.money(total.net_now), COSTS)
    title = say("Sold at once, {value} would bring {net}", value=run.money(total.value), net=net)
    marked = legend((guess, "hollow", say.words("rests on an assumption")))
    chart = Chart(waterfall(steps, run.fmt), f"{told}.")
    return Figure(title, sentences(*_what(run, part)), (chart,), marked, sentences(*_source(run, part)))


def _after(run: Findings, part: Exit) -> str:
    """The end of the holding period, in words."""
    return plain(run.say.counted(_number(part), "After one year", "After {years} years", years=run.fmt.quantity(part.years)))


def _number(part: Exit) -> int:
    """Whether the holding period is one year or another number, which need not be whole, as grammar asks."""
    return 1 if part.years == 1 else 2


def _what(run: Findings, part: Exit) -> Iterator[Text]:
    say = run.say
    yield say("In {currency}. The spread is a round trip; half of it is paid at each trade.", currency=run.currency)
    if part.open.lots:
        yield say.counted(
            part.open.lots,
            "{N} lot ({value}) is not for sale today: it has not arrived, an export control may hold it where it is, or its "
            "grade has no price.",
            "{N} lots ({value}) are not for sale today: they have not arrived, an export control may hold them where they "
            "are, or their grade has no price.",
            value=run.money(part.open.value),
        )
    if part.unpriced:
        yield say.counted(
            len(part.unpriced), "{N} lot has no price and is left out.", "{N} lots have no price and are left out."
        )


def _source(run: Findings, part: Exit) -> Iterator[Text]:
    say = run.say
    yield say(
        "Source: estimated prices{prices}; terms{terms}. No tax on income is counted.",
        prices=run.of_prices(),
        terms=run.rests_on(COSTS, STORAGE),
    )
    marks = run.rests_on(VAT)
    if part.of == "proposal":
        yield say("VAT{marks} is counted among the entry costs where the strategy sets it.", marks=marks)
        return
    states: Counter[str] = Counter()
    for row in part.products:
        states.update(row.vat)
    given = [text(shown_name(state), f" ({run.fmt.number(n)})") for state, n in sorted(states.items()) if state]
    if given:
        yield say("VAT{marks} is not computed; the file says of lots: {states}.", marks=marks, states=say.listed(given))
    else:
        yield say("VAT{marks} is not computed; the file says nothing of it.", marks=marks)


def _rise(run: Findings, part: Exit) -> Figure:
    """Bars of the rise that is needed after the middle horizon; the others stand beside it as figures."""
    say, fmt = run.say, run.fmt
    rows = sorted((row for row in part.products if row.value > 0), key=lambda row: (-_middle(row), row.asset))
    least, most, terms = _middle(rows[-1]), _middle(rows[0]), _terms(part)

    def told(rise: float | None, terms: str = terms) -> Inline:
        return _computed(run, terms, fmt.percent(rise), COSTS, STORAGE)

    alike = by_key(((tuple(map(fmt.percent, row.rise)), row.terms in ASSUMED), row) for row in rows)

    def after(i: int) -> Shown[list[ProductExit]]:
        n = part.horizons[i]
        head = plain(say.counted(n, "{years} year", "{years} years", years=fmt.number(n))).replace(" ", NBSP)
        return right(text(head), lambda those: told(those[0].rise[i], those[0].terms))

    table = run.bars(
        "Rise of the price needed",
        alike.values(),
        left("Product", lambda those: _heads(run, those)),
        *map(after, range(len(part.horizons))),
        bar=lambda those: Bar(value=_middle(those[0]) / (most or 1.0), hollow=those[0].terms in ASSUMED),
        below=[Bar.of(say("All together"), *map(told, part.total.rise), total=True)] if len(rows) > 1 else [],
    )
    years = fmt.number(part.horizons[MIDDLE])
    one = fmt.percent(least) == fmt.percent(most)
    rise = told(most) if one else say("{low} to {high}", low=told(least), high=told(most))
    title = say("After {years} years a price must be {rise} higher to pay for the way out", years=years, rise=rise)
    if part.of == "proposal":
        sub = say(
            "Rise of the price from today after which a sale returns value, entry costs and storage. Bars: {years} years.",
            years=years,
        )
    else:
        sub = say(
            "Rise of the price from today after which a sale returns today’s value and storage; what was paid once is past. "
            "Bars: {years} years.",
            years=years,
        )
    marked = legend((terms in ASSUMED, "hollow", say.words("rests on an assumption")))
    foot = say("(1 + entry + years × storage) / (1 − half spread) − 1{terms}.", terms=run.rests_on(COSTS, STORAGE))
    return Figure(title, sub, (table,), marked, foot)


def _middle(row: ProductExit) -> float:
    """The rise that is drawn."""
    return row.rise[MIDDLE] or 0.0


def _heads(run: Findings, rows: Sequence[ProductExit]) -> Text:
    """Products of the same terms in one line; of more than two the first is named, and the table behind has all."""
    if len(rows) > TWO:
        return run.say("{metal} and {others} more", metal=run.head(rows[0]), others=run.say.number_word(len(rows) - 1))
    return run.metals(rows, first=True)


def _products(run: Findings, part: Exit) -> Figure:
    say, fmt = run.say, run.fmt

    def given(row: ProductExit, rate: float | None, key: str) -> Inline:
        words = fmt.percent(rate)
        return run.assumed(words, key, marked=False) if row.terms in ASSUMED else words

    def sold(of: ExitAmounts, terms: str) -> tuple[Inline, Inline]:
        """What a sale leaves at once, and after the years."""
        now, net = fmt.number(of.net_now), fmt.number(of.net)
        return _computed(run, terms, now, COSTS), _computed(run, terms, net, COSTS, STORAGE)

    below: list[Row] = []
    if len(part.products) > 1:
        together, sums = say.words("All together"), sold(part.total, _terms(part))
        below.append(Row.of(together, strong(fmt.number(part.total.value)), "", "", *sums, "", total=True))
    after = _after(run, part)
    table = run.table(
        "Exit by product",
        part.products,
        left("Product", run.head),
        right("Value, {currency}", lambda row: strong(fmt.number(row.value))),
        right("Spread", lambda row: given(row, row.spread, COSTS)),
        right("Storage a year", lambda row: given(row, row.storage, STORAGE)),
        right("Sold at once, {currency}", lambda row: sold(row, row.terms)[0], "Sold at once"),
        right(say("{what}, {currency}", what=after, currency=run.currency), lambda row: sold(row, row.terms)[1], text(after)),
        right("Days to the money: low, middle, high", lambda row: _days_of_sale(run, row), "Days to the money"),
        below=below,
    )
    if part.of == "proposal":
        sub = say("Product by product, at the estimated price of today and the terms of the proposal.")
    else:
        sub = say(
            "Product by product, at the estimated price of today. Where the file gives spread or storage of a lot, or a "
            "dealer’s own prices the spread, these are used."
        )
    marks, days = run.rests_on(COSTS, STORAGE), run.rests_on(DAYS)
    foot = (
        say("Terms{terms}; days{days}.", terms=marks, days=days)
        if marks.refs
        else say("Terms of the file; days{days}.", days=days)
    )
    return Figure(_time(run, part), sub, (table,), (), foot)


def _time(run: Findings, part: Exit) -> Text:
    """How long a sale takes, for the quickest and for the slowest of the products."""
    say, timed = run.say, [(row.days, row) for row in part.products if row.days]
    if not timed:
        return say("How long a sale takes is known for none of these products")
    least, quick = min(timed, key=lambda row: (row[0].central, -row[1].value))
    most, slow = max(timed, key=lambda row: (row[0].high, row[1].value))
    middle = run.assumed(run.fmt.number(least.central), DAYS, marked=False)
    high = run.assumed(run.fmt.number(most.high), DAYS, marked=False)
    if least == most:
        return say("A sale takes {middle} days in the middle case, and up to {high}", middle=middle, high=high)
    return say(
        "A sale takes {middle} days in the middle case for {quick}, and up to {high} for {slow}",
        middle=middle,
        quick=run.metal(quick),
        high=high,
        slow=run.metal(slow),
    )


def _days_of_sale(run: Findings, row: ProductExit) -> Inline:
    if (days := row.days) is None:
        return NONE
    between = " · ".join(run.fmt.number(n) for n in (days.low, days.central, days.high))
    return run.assumed(between, DAYS, marked=False)


def _tax_lots(run: Findings, tax: Tax) -> Figure:
    """Lots by the day from which a sale is free of income tax, those that wait drawn, and what each has gained."""
    waiting = [lot for lot in tax.lots if lot.free_from is not None and lot.state != FREE]
    sums = () if tax.years is None else sentences(*_sums(run, tax.lots))
    drawing = (_gantt(run, waiting[:LOTS_DRAWN]),) if waiting else ()
    listed = tax.lots if len(tax.lots) <= LOTS_SHOWN else (waiting or tax.lots)[:LOTS_SHOWN]
    shown = {(lot.client, lot.lot_id) for lot in listed}
    table = _lots(run, tax, listed, [lot for lot in tax.lots if (lot.client, lot.lot_id) not in shown])
    return Figure(_title(run, tax, waiting), sentences(_rule(run, tax), sums), drawing, (), sentences(*_foot(run, tax)), table)


def _lots(run: Findings, tax: Tax, listed: Sequence[TaxLot], others: Sequence[TaxLot]) -> Table:
    """Lots one by one, the others as one sum, and the sum of all."""
    fmt, say, names, ruled = run.fmt, run.say, lot_names(tax.lots, run.say), tax.years is not None
    sums = [
        (say.counted(len(others), "{N} further lot", "{N} further lots"), others),
        (_all(run, tax.lots), tax.lots if len(tax.lots) > 1 else ()),
    ]
    blank = [""] * (4 if ruled else 2)

    def days(lot: TaxLot) -> Inline:
        words = "" if lot.state == FREE else fmt.number(lot.days)
        return strong(words) if lot.state == SOON else words

    return run.table(
        "Lots by their day of purchase",
        listed,
        left("Lot ID", lambda lot: shown_name(names[lot.lot_id])),
        left("Metal", run.head),
        right("Bought", lambda lot: fmt.short_date(lot.bought)),
        right("Tax-free from", lambda lot: run.derived(fmt.short_date(lot.free_from), TAX, marked=False)) if ruled else None,
        right("In days", days) if ruled else None,
        right("Purchase price, {currency}", lambda lot: _amount(run, lot.cost)),
        right("Value, {currency}", lambda lot: _amount(run, lot.value)),
        right("Gain, {currency}", lambda lot: _amount(run, lot.gain, gain=True)),
        below=[Row.of(words, *blank, *_total(run, lots), total=lots is tax.lots) for words, lots in sums if lots],
        stacks=False,
    )


def _amount(run: Findings, amount: float | None, *, gain: bool = False) -> Inline:
    if amount is None:
        return NONE
    words = run.fmt.number(amount, signed=gain)
    return strong(words) if gain else words


def _total(run: Findings, lots: Sequence[TaxLot]) -> tuple[Inline, ...]:
    """Cost, value and gain of several lots; one whose gain is not known is in none of them."""
    known = [(lot.cost or 0.0, lot.value or 0.0, lot.gain) for lot in lots if lot.gain is not None]
    cost, value, gain = map(sum, zip(*known, strict=True)) if known else (None, None, None)
    return _amount(run, cost), _amount(run, value), _amount(run, gain, gain=True)


def _sums(run: Findings, lots: Sequence[TaxLot]) -> Iterator[Text]:
    """What is free of tax today, and the gain of all."""
    if free := [lot for lot in lots if lot.state == FREE]:
        yield run.say.counted(
            len(free),
            "{N} lot is tax-free today, {gain}.",
            "{N} lots are tax-free today, {gain}.",
            gain=_gain(run, free),
        )
    yield text(_together(run, lots), ".")


def _together(run: Findings, lots: Sequence[TaxLot]) -> Text:
    """The gain of all, and how many lots it leaves out because no exchange rate leads from what was paid."""
    told = run.say("{lots} together: {gain}", lots=_all(run, lots), gain=_gain(run, lots))
    if not (without := [lot for lot in lots if lot.without_rate]):
        return told
    left_out = run.say.counted(
        len(without),
        "; without {n} lot paid in {currencies}, of which no exchange rate is known",
        "; without {n} lots paid in {currencies}, of which no exchange rate is known",
        currencies=run.say.listed(sorted({str(lot.without_rate) for lot in without})),
    )
    return text(told, left_out)


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
    """The next lot that becomes free of tax; without a rule what all have gained."""
    say, fmt = run.say, run.fmt
    if tax.years is None:
        return _together(run, tax.lots)
    if soon := [lot for lot in waiting if lot.state == SOON]:
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
    if tax.years == 0:
        return say("A private sale of any lot is tax-free")
    if tax.left_out:
        return say("Every lot with a day of purchase is past the period after which a sale is tax-free")
    return say("Every lot is past the period after which a sale is tax-free")


def _rule(run: Findings, tax: Tax) -> Text:
    say, markers = run.say, run.rests_on(TAX)
    if tax.years is None and tax.kind != PRIVATE:
        return say(
            "The owner is no private person: no period after which a sale is tax-free applies unless the owner sets one."
        )
    if tax.years is None and tax.law is not None:
        return say("{law} Not advice.", law=say.translate(tax.law))
    if tax.years is None:
        return say("No rule on the taxation of private sales is bundled for {place}.", place=run.place(tax.country))
    if not tax.by_law:
        return say(
            "A sale more than {years} years after the purchase counts as tax-free, as the owner set it{markers}; each lot has "
            "its own clock.",
            years=f"{tax.years:.0f}",
            markers=markers,
        )
    country = run.country(tax.country)
    if not tax.years:
        return say("{country}: a private sale is tax-free from the first day{markers}.", country=country, markers=markers)
    return say(
        "{country}: a private sale more than one year after the purchase is tax-free{markers}; each lot has its own clock.",
        country=country,
        markers=markers,
    )


def _foot(run: Findings, tax: Tax) -> Iterator[Text]:
    """How gains are counted, and why some lots have none."""
    say, lots = run.say, tax.lots
    yield say(
        "Gains are value at today’s estimated price less the purchase price, in {currency}, before the spread of a sale.",
        currency=run.currency,
    )
    yield say(
        "Source: purchases of the file, at the last exchange rate of their day{fx}; estimated prices{prices}. Not tax advice.",
        fx=run.of_tables("fx"),
        prices=run.of_prices(),
    )
    if doubted := sum(lot.doubted for lot in lots):
        yield say.counted(
            doubted,
            "{N} lot has a purchase price that is far from the price of its day: its gain is in no sum.",
            "{N} lots have a purchase price that is far from the price of its day: their gain is in no sum.",
        )
    if coming := sum(lot.status != STORED for lot in lots):
        yield say.counted(
            coming,
            "{N} lot that has not arrived, or may not come back, counts no gain: it is in no sum.",
            "{N} lots that have not arrived, or may not come back, count no gain: they are in no sum.",
        )
    if unknown := sum(lot.gain is None and not lot.doubted and lot.status == STORED for lot in lots):
        yield say.counted(
            unknown,
            "{N} lot without a price or without an exchange rate is in no sum.",
            "{N} lots without a price or without an exchange rate are in no sum.",
        )
    if left_out := tax.left_out:
        yield say.counted(
            left_out,
            "{N} lot that is only planned, or has no day of purchase by now, is left out.",
            "{N} lots that are only planned, or have no day of purchase by now, are left out.",
        )


def _gantt(run: Findings, lots: Sequence[TaxLot]) -> Chart:
    say, fmt, names = run.say, run.fmt, lot_names(lots, run.say)

    def words(lot: TaxLot) -> str:
        free = fmt.short_date(lot.free_from)
        return say.words("{metal}, tax-free from {day}, {gain}", metal=run.metal(lot), day=free, gain=_gain(run, (lot,)))

    periods = tuple(
        LotPeriod(shown_name(names[lot.lot_id], NAME).text, words(lot), day(lot.bought), day(lot.free_from))
        for lot in lots
        if lot.free_from is not None
    )
    told = "; ".join(f"{period.name}: {period.words}" for period in periods)
    return Chart(lot_gantt(periods, run.as_of, fmt), f"{told}.")


def sale(found: SellPreview, say: Language) -> Document:
    """What each order of lots makes of a sale, side by side and lot by lot."""
    answer = Answer(say, found.as_of)
    what = f"{answer.number(found.quantity, ',.6g')} {found.unit}"
    answer.heading(
        "{what} of {asset} at {price} {currency} a {unit}",
        what=what, asset=answer.metal(found.asset), price=answer.number(found.price, ",.2f"), currency=found.currency,
        unit=found.unit,
    )  # fmt: skip
    if found.price_kind:
        answer.line(
            "The price ({kind}, {day}) is wrong by more than {error} {currency} as that of today in one of three cases; "
            "--price gives an offer.",
            kind=answer.word(found.price_kind), day=answer.day(found.price_date), error=answer.number(found.price_se, ",.2f"),
            currency=found.currency,
        )  # fmt: skip

    def money(amount: float | None) -> str:
        return say.words("not known") if amount is None else answer.number(amount, ",.2f")

    done = [one for one in found.orders if one.refused is None]
    answer.table(
        "order of lots | >gain | >of it taxable | >tax | >net",
        ([say.name(one.order), money(one.gain), money(one.taxable), money(one.tax), money(one.net)] for one in done),
    )
    answer.table(
        "order of lots | lot | >quantity | bought | >proceeds | >cost | >gain | free of tax",
        (
            [
                say.name(one.order), say.name(lot.lot), f"{answer.number(lot.quantity, ',.6g')} {lot.unit}",
                answer.day(lot.bought), money(lot.proceeds), money(lot.cost), money(lot.gain),
                say.words("free") if lot.is_free else say.words("not known") if lot.days_to_free is None
                else say.counted(lot.days_to_free, "in {n} day", "in {n} days"),
            ]
            for one in done
            for lot in one.lots
        ),
    )  # fmt: skip
    answer.notes(
        answer.told("{order}: {why}", order=one.order, why=answer.phrase(one.refused))
        for one in found.orders
        if one.refused is not None
    )
    if not found.has_rule:
        answer.line("No period after which a sale is free of tax is known for this owner (owner.tax_free_after).")
    elif any(one.tax is None for one in done):
        answer.line("Net is before tax: --tax-rate or owner.tax_rate gives a rate. Not advice.")
    if found.written is not None:
        answer.line("Movements that were added to {file}: {n:d}.", n=found.written, file=found.file)
    return answer.document("sell")
