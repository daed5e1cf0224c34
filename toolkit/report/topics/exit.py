"""What a sale would bring: spread and storage on the way out, and the rise that pays for them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from toolkit.core.grouping import by_key
from toolkit.records.exit import Exit, ProductExit
from toolkit.report.charts.waterfall import Step, waterfall
from toolkit.report.compose import folded, section
from toolkit.report.document import Bar, Block, Chart, Columns, Figure, Paragraph, Row, Shown, left, legend, right
from toolkit.report.findings import Findings
from toolkit.report.i18n.formats import NBSP
from toolkit.report.i18n.language import mark
from toolkit.report.i18n.text import NONE, Inline, Text, plain, sentences, strong, text
from toolkit.report.markers import COSTS, STORAGE, VAT
from toolkit.report.tables.tax_lots import tax_lots
from toolkit.report.topics.holdings import shown_name

DAYS = "exit_days"
ASSUMED = ("assumption", "published_fee", "mixed")
"""Terms of which spread and storage are assumed: that a tariff which one vault published holds for any is assumed too."""
TWO = 2
"""Products that are named in one row."""
MIDDLE = 1
"""Of the horizons the one whose rise is drawn."""


@section("exit", mark("Spread, exit and holding period"), needs=["exit"])
def exit_(run: Findings) -> tuple[Block, ...]:
    """The waterfall beside the rise that is needed, behind them product by product, and the tax lots."""
    part, say = run.part(Exit), run.say
    warning = say(
        "An estimated price, an assessment or a dealer’s list price is not a bid. Buying back is a promise of the dealer, not "
        "a market, and may be refused; what is shown here is a sale at the usual terms, or at those of your "
        "dealer where they are known."
    )
    blocks: list[Block] = [] if run.short else [Paragraph(warning, "intro")]
    if part.products and part.total.value > 0:
        blocks += [Columns((_waterfall(run, part), _rise(run, part))), *folded(_products(run, part))]
    clock = tax_lots(run, part.tax) if part.tax else None
    return (*blocks, *((clock,) if clock else ()))


def _given(run: Findings, terms: str, words: str, key: str) -> Inline:
    """A rate of the terms, in the type of what it is."""
    return run.assumed(words, key, marked=False) if terms in ASSUMED else words


def _derived(run: Findings, terms: str, words: str, *keys: str) -> Inline:
    """A figure computed from such a rate."""
    return run.derived(words, *keys, marked=False) if terms in ASSUMED else words


def _terms(part: Exit) -> str:
    """Terms of the sums of all products, which rest on an assumption as soon as one of them does."""
    return next((row.terms for row in part.products if row.terms in ASSUMED), "")


def _waterfall(run: Findings, part: Exit) -> Figure:
    say, total, terms = run.say, part.total, _terms(part)
    years, guess = run.fmt.quantity(part.years), terms in ASSUMED
    value, entry = total.value, total.entry
    steps = []
    if entry > 0:
        paid = value + entry
        steps += [
            Step(say.words("Paid"), run.money(paid), paid, "whole", guess),
            Step(say.words("Entry costs"), run.money(-entry), entry, "cost", guess),
        ]
    steps += [
        Step(say.words("Value today"), run.money(value), value, "whole"),
        Step(say.words("Half the spread"), run.money(-total.sale), total.sale, "cost", guess),
        Step(say.words("Sold at once"), run.money(total.net_now), total.net_now, "whole", guess),
        Step(
            plain(say.counted(_number(part), "Storage, one year", "Storage, {years} years", years=years)),
            run.money(-total.storage_paid),
            total.storage_paid,
            "cost",
            guess,
        ),
        Step(_after(run, part), run.money(total.net), total.net, "kept", guess),
    ]
    told = "; ".join(f"{step.label}: {step.written}" for step in steps)
    title = say(
        "Sold at once, {value} would bring {net}",
        value=run.money(value),
        net=_derived(run, terms, run.money(total.net_now), COSTS),
    )
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
        return _derived(run, terms, fmt.percent(rise), COSTS, STORAGE)

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
    if fmt.percent(least) == fmt.percent(most):
        title = say("After {years} years a price must be {rise} higher to pay for the way out", years=years, rise=told(most))
    else:
        title = say(
            "After {years} years a price must be {least} to {most} higher to pay for the way out",
            years=years,
            least=told(least),
            most=told(most),
        )
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
    below: list[Row] = []
    if len(part.products) > 1:
        total, terms = part.total, _terms(part)
        now = _derived(run, terms, fmt.number(total.net_now), COSTS)
        net = _derived(run, terms, fmt.number(total.net), COSTS, STORAGE)
        below.append(Row.of(say.words("All together"), strong(fmt.number(total.value)), "", "", now, net, "", total=True))
    after = _after(run, part)
    table = run.table(
        "Exit by product",
        part.products,
        left("Product", run.head),
        right("Value, {currency}", lambda row: strong(fmt.number(row.value))),
        right("Spread", lambda row: _given(run, row.terms, fmt.percent(row.spread), COSTS)),
        right("Storage a year", lambda row: _given(run, row.terms, fmt.percent(row.storage), STORAGE)),
        right("Sold at once, {currency}", lambda row: _derived(run, row.terms, fmt.number(row.net_now), COSTS), "Sold at once"),
        right(
            say("{what}, {currency}", what=after, currency=run.currency),
            lambda row: _derived(run, row.terms, fmt.number(row.net), COSTS, STORAGE),
            text(after),
        ),
        right("Days to the money: low, middle, high", lambda row: _days(run, row), "Days to the money"),
        below=below,
    )
    sub = say(
        "Product by product, at the estimated price of today. Where the file gives spread or storage of a lot, or a "
        "dealer’s own prices the spread, these are used."
    )
    if part.of == "proposal":
        sub = say("Product by product, at the estimated price of today and the terms of the proposal.")
    marks, days = run.rests_on(COSTS, STORAGE), run.rests_on(DAYS)
    foot = say("Terms of the file; days{days}.", days=days)
    if marks.refs:
        foot = say("Terms{terms}; days{days}.", terms=marks, days=days)
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


def _days(run: Findings, row: ProductExit) -> Inline:
    if (days := row.days) is None:
        return NONE
    between = " · ".join(run.fmt.number(n) for n in (days.low, days.central, days.high))
    return run.assumed(between, DAYS, marked=False)
