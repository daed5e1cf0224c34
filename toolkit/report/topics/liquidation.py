"""What of holdings could be money within some days, at which spread, and what each lot lacks to be sold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from toolkit.records.exit import Exit, GoodLadder, Ladder, LotSale
from toolkit.report.compose import ReportDefinition, section
from toolkit.report.document import Block, Figure, Missing, Paragraph, Row, Shown, left, right
from toolkit.report.findings import Findings
from toolkit.report.i18n.language import mark
from toolkit.report.i18n.text import NONE, Inline, Text, joined, sentences, strong, text
from toolkit.report.markers import COSTS
from toolkit.report.topics.exit import ASSUMED, DAYS
from toolkit.report.topics.holdings import lot_names, shown_name

ANSWER = ReportDefinition("What could be sold", ("liquidation", "saleability", "exit"))
"""Sections of the answer of `toolkit exit`."""
TERMS: Mapping[str, str] = {
    "bids": mark("own bids"),
    "given": mark("your file or dealer"),
    "assumption": mark("dealer terms, assumed"),
    "published_fee": mark("dealer terms, assumed"),
    "published": mark("dealer terms, published"),
    "mixed": mark("in part assumed"),
    "unknown": mark("not known"),
}
"""What a spread rests on."""
LACKS: Mapping[str, str] = {
    "arrival": mark("it has not arrived"),
    "return": mark("lent, pledged, seized or disputed"),
    "licence": mark("an export licence where it lies"),
    "place": mark("a place that is known"),
    "price": mark("a price of its form and grade"),
    "certificate": mark("a certificate"),
    "certificate_number": mark("the number of its certificate"),
    "origin": mark("its country of origin"),
    "origin_paper": mark("a paper that shows its origin"),
    "title": mark("title to pieces of its own (collective custody)"),
    "custody": mark("the kind of custody, and with it title"),
    "customs": mark("release from customs (duty and VAT fall due)"),
    "payment": mark("the rest of its purchase price"),
}
"""What a lot lacks, as of `toolkit.records.exit.Lack`."""
MIDDLE = 1
"""Of the rungs the one that the title tells."""


@section("liquidation", mark("What could be money, and when"), needs=["exit"])
def liquidation(run: Findings) -> tuple[Block, ...] | Missing:
    """Money by days and metal, the bids behind it, and what is in none of it."""
    part = run.part(Exit)
    if part.ladder is None:
        return Missing(run.say.words("This report is not about holdings."))
    if not part.ladder.goods:
        return Missing(run.say.words("Nothing of it can be sold today."))
    warning = run.say(
        "At the prices of today, and to buyers of the trade. A bid that was seen is no promise, and a price may change until "
        "the money is there."
    )
    blocks: list[Block] = [] if run.short else [Paragraph(warning, "intro")]
    blocks.append(_ladder(run, part.ladder))
    if any(one.seen for one in part.ladder.goods):
        blocks.append(_bids(run, part.ladder))
    return tuple(blocks)


def _ladder(run: Findings, ladder: Ladder) -> Figure:
    say, fmt = run.say, run.fmt

    def within(at: int) -> Shown[GoodLadder]:
        head = say("{days} days", days=fmt.number(ladder.rungs[at].days))
        return right(head, lambda one: _money(run, one, one.rungs[at].money))

    below = [
        Row.of(say.words("All together"), "", strong(fmt.number(sum(one.value for one in ladder.goods))), "", "",
               *(fmt.number(rung.money) for rung in ladder.rungs), fmt.number(ladder.later), total=True),
        Row.of(say.words("Lower end"), "", "", "", "", *(fmt.number(rung.low) for rung in ladder.rungs), ""),
        Row.of(say.words("Upper end"), "", "", "", "", *(fmt.number(rung.high) for rung in ladder.rungs), ""),
    ]  # fmt: skip
    table = run.table(
        "Money by days",
        ladder.goods,
        left("Product", lambda one: say("{metal}, {form}", metal=run.head(one), form=say.word(one.form))),
        right("kg", lambda one: fmt.quantity(one.quantity)),
        right("Value, {currency}", lambda one: strong(fmt.number(one.value))),
        right("Spread", lambda one: _spread(run, one)),
        left("by", lambda one: say.words(TERMS.get(one.terms, one.terms))),
        *map(within, range(len(ladder.rungs))),
        right("Later, or not known", lambda one: _money(run, one, one.later)),
        below=below,
    )
    first = ladder.rungs[MIDDLE]
    title = say(
        "Within {days} days {money} could be money, of {value} that is for sale",
        days=fmt.number(first.days), money=run.money(first.money), value=run.money(sum(one.value for one in ladder.goods)),
    )  # fmt: skip
    return Figure(title, sentences(*_how(run, ladder)), (table,), (), sentences(*_source(run, ladder)))


def _money(run: Findings, one: GoodLadder, amount: float) -> Inline:
    words = run.fmt.number(amount)
    keys = (DAYS, COSTS) if one.terms in ASSUMED else (DAYS,)
    return run.derived(words, *keys, marked=False)


def _spread(run: Findings, one: GoodLadder) -> Inline:
    words = run.fmt.percent(one.spread)
    return run.assumed(words, COSTS, marked=False) if one.terms in ASSUMED else words


def _how(run: Findings, ladder: Ladder) -> Iterator[Text]:
    say, fmt = run.say, run.fmt
    yield say("In {currency}, less half of the spread; each column holds the one before it.", currency=run.currency)
    yield say(
        "Spread: of {fewest} bids or more of the last {window} days for a metal and form their median, against the estimated "
        "price of the day of each; else that of your file or dealer, else the usual terms of dealers.",
        fewest=fmt.number(ladder.fewest), window=fmt.number(ladder.window),
    )  # fmt: skip
    yield say(
        "Days: a bid that holds today and tells its quantity is money after the quickest days of its group of metals, what "
        "bids were seen for after the middle ones, the rest after the slowest; where no bid tells a quantity, all of it after "
        "the middle ones."
    )
    yield say(
        "Ends: the lowest and the highest of own bids, else the middle 90 % of the estimated price; those of all together are "
        "those of each at once."
    )


def _source(run: Findings, ladder: Ladder) -> Iterator[Text]:
    say, fmt = run.say, run.fmt
    yield say(
        "Source: estimated prices{prices}; terms{terms}; days{days}.",
        prices=run.of_prices(), terms=run.rests_on(COSTS), days=run.rests_on(DAYS),
    )  # fmt: skip
    if unknown := [one for one in ladder.goods if one.days is None]:
        yield say("How long a sale takes is not known of {metals}.", metals=run.metals(unknown))
    if ladder.licence is not None:
        yield say(
            "Lots that need a licence are in no column: half of the licences take at most {median} days, nine in ten {tail}, "
            "and one may be refused.",
            median=fmt.number(ladder.licence.median), tail=fmt.number(ladder.licence.tail),
        )  # fmt: skip


def _bids(run: Findings, ladder: Ladder) -> Figure:
    say, fmt = run.say, run.fmt
    seen = [(one, one.seen) for one in ladder.goods if one.seen]

    def ratio(share: float | None) -> Inline:
        return NONE if share is None else fmt.percent(share)

    table = run.table(
        "Own bids",
        seen,
        left("Product", lambda pair: run.head(pair[0])),
        right("Bids", lambda pair: fmt.number(pair[1].bids)),
        right("First bid", lambda pair: fmt.short_date(pair[1].first)),
        right("Last bid", lambda pair: fmt.short_date(pair[1].last)),
        right("Lowest, of the estimated price", lambda pair: ratio(pair[1].low)),
        right("Highest, of the estimated price", lambda pair: ratio(pair[1].high)),
        right("For kg in all", lambda pair: NONE if pair[1].quantity is None else fmt.quantity(pair[1].quantity)),
        right("Holds today, kg", lambda pair: fmt.quantity(sum(offer.quantity for offer in pair[1].offers))),
    )
    few = [pair[0] for pair in seen if pair[1].spread is None]
    told = say(
        "Fewer than {n} bids of {metals}: their spread is not used.", n=fmt.number(ladder.fewest), metals=run.metals(few)
    )
    return Figure(say("What was bid for it"), told if few else text(""), (table,), (), text(""))


@section("saleability", mark("What each lot lacks to be sold"), needs=["exit"])
def saleability(run: Findings) -> tuple[Block, ...] | Missing:
    """A table of what is missing, each with where that is known from."""
    ladder, say, fmt = run.part(Exit).ladder, run.say, run.fmt
    if ladder is None:
        return Missing(say.words("This report is not about holdings."))
    names = lot_names(ladder.lots, say)
    stopped = [lot for lot in ladder.lots if not lot.for_sale]
    table = run.table(
        "Lots and what they lack",
        ladder.lots,
        left("Lot ID", lambda lot: shown_name(names[lot.lot_id])),
        left("Metal", run.head),
        right("Value, {currency}", lambda lot: NONE if lot.value is None else fmt.number(lot.value)),
        left("For sale today", lambda lot: say.words("yes") if lot.for_sale else strong(say.words("not today"))),
        left("Lacks", lambda lot: _lacks(run, lot)),
    )
    title = (
        say.counted(len(stopped), "{N} lot cannot be sold today", "{N} lots cannot be sold today")
        if stopped
        else say("Nothing stops the sale of any lot today")
    )
    foot = say(
        "By your file, and licences by the control ledger. No column of the file tells whether a lot is in its original "
        "packing, which a buyer asks."
    )
    return (Figure(title, text(""), (table,), (), foot),)


def _lacks(run: Findings, lot: LotSale) -> Inline:
    say = run.say
    if not lot.lacks:
        return say.words("nothing that the file tells")
    told = [(say.words(LACKS[one.what]), one.source) for one in lot.lacks]
    shown = [
        say("{what} ({source})", what=what, source=run.fmt.notices(by)) if by != "file" else text(what) for what, by in told
    ]
    return joined(shown, "; ")
