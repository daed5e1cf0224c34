"""The opening of the page on one metal: who makes it, what the law asks, its price, and what arrives."""

from __future__ import annotations

from collections.abc import Iterator

from toolkit.records.subjects import Market
from toolkit.records.supply import Stage
from toolkit.report.compose import section
from toolkit.report.document import Block, Heading, KeyFigure, KeyFigures, Paragraph, Status
from toolkit.report.findings import Findings, official_dates
from toolkit.report.i18n.language import mark
from toolkit.report.i18n.names import stage
from toolkit.report.i18n.text import NONE, Text, sentences, sources, text
from toolkit.report.markers import UNCERTAIN
from toolkit.report.topics.dates import next_change
from toolkit.report.topics.measures import doubts, suspended_until

LAW = {
    "controlled": mark("its traded form needs a Chinese licence or may not leave China"),
    "unsettled": mark("its traded form is controlled only in part"),
    "plain": mark("no Chinese control applies to its traded form"),
}
"""The law of today in a clause, by how the product stands."""
IN_FORCE = {
    "ban": mark("a Chinese ban on exports {towards} is in force on its traded form"),
    "licence": mark("its traded form needs a Chinese licence"),
}
"""The clause where the law is in force, by the first word of the headline."""


@section("metal-answer", "", needs=["metal"], uses=["supply", "prices", "flows"])
def metal_answer(run: Findings) -> tuple[Block, ...]:
    """Heading, paragraph, what changes next, three figures and the status line."""
    key = run.needed(Market).metal or ""
    figures = (_price(run, key), _left(run, key), _arrives(run, key))
    return (
        Heading(_result(run, key)),
        Paragraph(sentences(*_paragraph(run, key)), "answer"),
        Paragraph(sentences(*next_change(run), *_unnamed(run, key)), "next"),
        KeyFigures(tuple(figure for figure in figures if figure)),
        Status(doubts(run)),
    )


def _result(run: Findings, key: str) -> Text:
    say, row, law = run.say, run.controls.get(key), LAW[run.standing(key)]
    law = IN_FORCE.get(row.headline.partition("+")[0], law) if row else law
    law = say.words(law, towards=run.towards(run.record.owner.country))
    metal, at = run.head(run.product(key)), _scored(run, key)
    if at is None:
        return say("{metal}: {law}", metal=metal, law=law)
    return say(
        "{metal}: {country} has {share} of the world’s {stage}; {law}",
        metal=metal,
        country=run.country(at.top_country),
        share=run.fmt.percent(at.top_share, 0),
        stage=stage(say, at.stage),
        law=law,
    )


def _paragraph(run: Findings, key: str) -> Iterator[Text]:
    say, row = run.say, run.controls.get(key)
    if row is None:
        yield say("The control ledger knows nothing of this metal.")
        return
    yield say(
        "State for delivery {towards}, of the form {form}: notices name forms, not elements{markers}.",
        towards=run.towards(run.record.owner.country),
        form=say.term("term", row.form),
        markers=sources(run.of_tables("controls"), run.rests_on(UNCERTAIN)),
    )


def _unnamed(run: Findings, key: str) -> Iterator[Text]:
    """That the date ahead is of other metals, where it is."""
    ahead = official_dates(run.record.upcoming)
    named = {asset for row in suspended_until(run, ahead[0].date) for asset in row.assets} if ahead else set[str]()
    if named and key not in named:
        yield run.say("It does not name {metal}.", metal=run.metal(run.product(key)))


def _scored(run: Findings, key: str) -> Stage | None:
    supply = run.parts.supply
    return next((metal.scored for metal in supply.metals if metal.asset == key), None) if supply else None


def _price(run: Findings, key: str) -> KeyFigure | None:
    """The last price of a unit with its error, its month and its source; the average of a year where no month has one."""
    say, fmt, prices = run.say, run.fmt, run.parts.prices
    one = next((one for one in prices.series if one.asset == key), None) if prices else None
    if one is None or one.last.print is None:
        return None
    value, last = one.last.level or one.last.print, one.last
    label = say.words("Price of one {unit}", unit=say.term("term", one.unit))
    markers = run.of_prices(part="prices")
    if last.level is None or last.error is None:
        return KeyFigure(
            label, text(run.money(value)), say("as published, {month}{markers}", month=fmt.month(last.month), markers=markers)
        )
    note = say(
        "± {error} estimated, {month}; last observed {print}{markers}",
        error=fmt.price(last.error, like=value),
        month=fmt.month(last.month),
        print=fmt.price(last.print, like=value),
        markers=markers,
    )
    return KeyFigure(label, text(run.money(value)), note)


def _left(run: Findings, key: str) -> KeyFigure | None:
    at = _scored(run, key)
    if at is None:
        return None
    note = run.say(
        "of world supply, without {country} ({stage}){markers}",
        country=run.country(at.top_country),
        stage=stage(run.say, at.stage),
        markers=run.of_sources(at.source_id),
    )
    return KeyFigure(run.say.words("Left without the largest"), text(run.fmt.percent(at.n_minus_1, 0)), note)


def _arrives(run: Findings, key: str) -> KeyFigure | None:
    """What the newest twelve months of customs data have of it."""
    say, fmt, flows = run.say, run.fmt, run.parts.flows
    flow = next((flow for flow in flows.flows if flow.asset == key), None) if flows else None
    if flow is None or flow.flow.year is None or flow.flow.year_before is None:
        return None
    note = say(
        "from {origin}, mean of twelve months to {month}; {before} in the twelve before{markers}",
        origin=run.country(flow.flow.partner) if flow.watched else "",
        month=fmt.month(f"{flow.flow.month}-01"),
        before=fmt.number(flow.flow.year_before),
        markers=run.of_tables("flows"),
    )
    label = say.words("Imports {towards}, kg a month", towards=run.towards(flow.reporter or ""))
    return KeyFigure(label, text(fmt.number(flow.flow.year)) if flow.flow.year else text(NONE), note)
