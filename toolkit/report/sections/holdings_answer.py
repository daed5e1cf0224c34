"""The opening of an exposure report: what of the holdings can still be stopped, and what is stored outside its origin."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from toolkit.holdings.exposure import Total
from toolkit.holdings.unit_price import STALE_PRICE_DAYS
from toolkit.records.exposure import Exposure
from toolkit.records.subjects import Holdings
from toolkit.report.compose import section
from toolkit.report.document import Block, Heading, KeyFigure, KeyFigures, Paragraph, Status
from toolkit.report.findings import Findings
from toolkit.report.i18n.formats import day
from toolkit.report.i18n.language import mark
from toolkit.report.i18n.text import NONE, Text, sentences, sources, text
from toolkit.report.markers import COSTS
from toolkit.report.sections.holdings import towards_of
from toolkit.report.tables.basket import owned
from toolkit.report.tables.facts import doubts
from toolkit.report.tables.lots import FORM, LATER, ORIGIN, PLANNED, Reach, Sum, shown_name, sums
from toolkit.report.topics.dates import next_change

ORDERED, STORED = mark("{value} ordered"), mark("{value} within the reach of a control")
CLIENTS = 5
"""Clients that are named, the largest first; of more the rest is a number."""
HALF_A_UNIT = 0.5
"""Of the currency: less is written as nothing."""


@section("holdings-answer", "", needs=["exposure"], uses=["exit"])
def holdings_answer(run: Findings) -> tuple[Block, ...]:
    """Heading, paragraph, what changes next, three figures, the bar and the status line."""
    exposure = run.needed(Holdings).exposure
    found = sums(exposure.lots)
    return (
        Heading(_result(run, found, exposure.at_risk)),
        Paragraph(sentences(*_paragraph(run, exposure)), "answer"),
        Paragraph(sentences(*next_change(run)), "next"),
        *((KeyFigures(_figures(run, found, exposure)),) if any(part.lots for part in found.values()) else ()),
        *((bar,) if (bar := owned(run, exposure.lots)) else ()),
        Status(tuple(_status(run, exposure))),
    )


def _figures(run: Findings, found: Mapping[Reach, Sum], exposure: Exposure) -> tuple[KeyFigure, ...]:
    return (
        _stoppable(run, found["order"], exposure),
        _resale(run, exposure),
        _sale(run) or _safe(run, found["safe"], exposure),
    )


def _result(run: Findings, found: Mapping[Reach, Sum], at_risk: Total) -> Text:
    say, total = run.say, sum(part.value for part in found.values())
    if at_risk.lots:
        return _at_risk(run, at_risk, found["safe"].value, total)
    if not any(part.lots for part in found.values()):
        listed = bool(run.needed(Holdings).exposure.lots)
        return say("All that the file lists is only planned") if listed else say("The file lists no lots of metal")
    if total > 0 and found["unknown"].value > 0:
        return say(
            "Nothing of {total} can be stopped by an export control that the ledger knows; for {value} it does not cover the "
            "export law",
            total=run.money(total),
            value=run.money(found["unknown"].value),
        )
    if total > 0:
        return say("Nothing of {total} can be stopped by an export control that the ledger knows", total=run.money(total))
    return say("Nothing in the file can be stopped by an export control that the ledger knows")


def _at_risk(run: Findings, at_risk: Total, safe: float, total: float) -> Text:
    """What a control may stop, on its way or where it is stored."""
    say, value = run.say, at_risk.value
    if value > 0 and at_risk.unpriced:
        return say.counted(
            at_risk.unpriced,
            "An export control may stop {risk} of {total}, and {n} lot without a price",
            "An export control may stop {risk} of {total}, and {n} lots without a price",
            risk=run.money(value),
            total=run.money(total),
        )
    if value > 0 and safe > 0:
        return say(
            "An export control may stop {risk} of {total}; {safe} is stored outside the country of origin",
            risk=run.money(value),
            total=run.money(total),
            safe=run.money(safe),
        )
    if value > 0:
        return say("An export control may stop {risk} of {total}", risk=run.money(value), total=run.money(total))
    return say.counted(
        at_risk.lots,
        "An export control may stop {n} lot without a price",
        "An export control may stop {n} lots without a price",
    )


def _paragraph(run: Findings, exposure: Exposure) -> Iterator[Text]:
    say, lots = run.say, [lot for lot in exposure.lots if lot.status != PLANNED]
    plans = [lot for lot in exposure.lots if lot.status == PLANNED]
    if exposure.value > 0:
        yield say.counted(
            len(lots),
            "The file {file} lists {n} lot worth {total} ± {error}{prices}; {share} of value is in a form under licence or "
            "ban for delivery {towards}{controls}.",
            "The file {file} lists {n} lots worth {total} ± {error}{prices}; {share} of value is in a form under licence or "
            "ban for delivery {towards}{controls}.",
            file=shown_name(run.subject),
            total=run.money(exposure.value),
            error=run.fmt.number(exposure.value_se),
            prices=sources(run.of_prices(), run.rests_on(LATER)),
            share=_share(run, exposure.controlled.value),
            towards=towards_of(run, exposure.lots),
            controls=sources(run.of_tables("controls"), run.rests_on(ORIGIN, FORM)),
        )
        if without := sum(lot.value is None for lot in lots):
            yield say.counted(
                without, "{N} of them has no price and is in no total.", "{N} of them have no price and are in no total."
            )
    elif lots:
        yield say.counted(
            len(lots),
            "The file {file} lists {n} lot, and no price is known for its form.",
            "The file {file} lists {n} lots, and no price is known for any of their forms.",
            file=shown_name(run.subject),
        )
    else:
        yield say("The file {file} lists no metal that is owned or ordered.", file=shown_name(run.subject))
    if len(exposure.clients) > 1:
        worth = [
            text(shown_name(one.client) if one.client else say.words("not named"), f" ({run.money(one.held.value)})")
            for one in exposure.clients
        ]
        if len(worth) > CLIENTS + 1:
            worth = [*worth[:CLIENTS], text(say.words("{n} others", n=len(worth) - CLIENTS))]
        yield say("They are of {clients}; every figure is of all of them together.", clients=say.listed(worth))
    if plans:
        priced = [lot.value for lot in plans if lot.value is not None]
        yield say.counted(
            len(plans),
            "{N} more lot, {worth}, is only planned: not owned, and in no total.",
            "{N} more lots, {worth}, are only planned: not owned, and in no total.",
            worth=say("worth {total}", total=run.money(sum(priced))) if priced else say("without a price"),
        )


def _share(run: Findings, value: float) -> str:
    return run.fmt.percent(value / run.needed(Holdings).exposure.value)


def _figure(run: Findings, label: str, of: Sum | Total, note: Text) -> KeyFigure:
    """A key figure in money; where none of its lots has a price it counts them, and shares of nothing are not told."""
    without = _without(run, of)
    if run.needed(Holdings).exposure.value <= 0 or (of.lots and of.unpriced == of.lots):
        return KeyFigure(label, text(run.fmt.number(of.lots)), without)
    return KeyFigure(label, text(run.money(of.value)), text(*note, "; ", *without) if of.unpriced else note)


def _worth(run: Findings, of: Total) -> Text:
    """The value of some lots, or how many of them have no price."""
    return _without(run, of) if of.lots == of.unpriced else text(run.money(of.value))


def _without(run: Findings, of: Sum | Total) -> Text:
    counted = run.say.counted(of.unpriced, "{n} lot without a price", "{n} lots without a price")
    return counted if of.unpriced else ()


def _safe(run: Findings, part: Sum, exposure: Exposure) -> KeyFigure:
    note = ()
    if exposure.value > 0:
        note = run.say.counted(
            part.lots,
            "{n} lot, {share} of value, outside the country of its origin",
            "{n} lots, {share} of value, outside the country of their origin",
            share=_share(run, part.value),
        )
    return _figure(run, run.say.words("Stored safe"), part, note)


def _sale(run: Findings) -> KeyFigure | None:
    """What a sale today costs, and the metal that loses most by it; None where no lot with a price can be sold."""
    part = run.parts.exit
    if part is None or not part.products or part.total.value <= 0:
        return None
    say, total, most = run.say, part.total, max(part.products, key=lambda product: product.sale)
    note = say("half the spread on {value} that can be sold today", value=run.money(total.value))
    if len(part.products) > 1 and most.sale > HALF_A_UNIT:
        lost = run.derived(run.money(most.sale), COSTS)
        note = text(note, "; ", say("most in {metal}: {lost}", metal=run.metal(most), lost=lost))
    return KeyFigure(say.words("Lost in a sale today"), text(run.derived(run.money(total.sale), COSTS, marked=False)), note)


def _stoppable(run: Findings, order: Sum, exposure: Exposure) -> KeyFigure:
    total, note = exposure.at_risk, ()
    if exposure.value > 0:
        parts = [
            run.say(words, value=run.money(value))
            for words, value in ((ORDERED, order.value), (STORED, total.value - order.value))
            if value > HALF_A_UNIT
        ]
        share = run.say("{share} of value", share=_share(run, total.value))
        note = text(*(span for part in parts for span in (*part, ", ")), *share) if parts else share
    return _figure(run, run.say.words("May be stopped"), total, note)


def _resale(run: Findings, exposure: Exposure) -> KeyFigure:
    say, barred, unknown, note = run.say, exposure.resale_restricted, exposure.resale_unknown_origin, ()
    if unknown.value > 0 and not barred.value:
        note = say(
            "{share} of value, barred from some buyers if it is from China",
            share=_share(run, unknown.value),
        )
        if barred.unpriced:
            note = text(note, "; ", _without(run, barred))
        return KeyFigure(say.words("Resale restricted"), text(run.derived(run.money(unknown.value), ORIGIN)), note)
    if unknown.value > 0:
        note = say(
            "{share} of value, barred from some buyers; {more} more if it is from China",
            share=_share(run, barred.value),
            more=run.derived(run.money(unknown.value), ORIGIN),
        )
    elif exposure.value > 0:
        note = say("{share} of value, barred from some buyers", share=_share(run, barred.value))
    return _figure(run, say.words("Resale restricted"), barred, note)


def _status(run: Findings, exposure: Exposure) -> Iterator[tuple[str, Text]]:
    say, fmt = run.say, run.fmt
    old = sum((run.as_of - day(price.date)).days > STALE_PRICE_DAYS for price in exposure.prices)
    if exposure.owed:
        yield say.words("Still to be paid"), text(run.money(exposure.owed, 2))
    if exposure.not_covered.lots:
        yield say.words("Export law not covered"), _worth(run, exposure.not_covered)
    yield from doubts(run)
    yield (
        say.words("Prices older than {days} days", days=STALE_PRICE_DAYS),
        say("{late} of {total}", late=old, total=len(exposure.prices)),
    )
    unpriced = len(exposure.unpriced)
    yield say.words("Lots without a price"), text(fmt.number(unpriced)) if unpriced else text(NONE)
