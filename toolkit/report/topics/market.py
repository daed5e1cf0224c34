"""The openings of reports on the market: what changed in the law, and one metal."""

from __future__ import annotations

from collections.abc import Iterator

from toolkit.records.changes import Changes
from toolkit.records.controls import ControlState
from toolkit.records.subjects import Market
from toolkit.records.supply import Stage
from toolkit.report.charts.basket import Slice
from toolkit.report.compose import section
from toolkit.report.document import Block, Figure, Heading, KeyFigure, KeyFigures, Paragraph, Status
from toolkit.report.findings import Findings, official_dates
from toolkit.report.i18n.language import mark
from toolkit.report.i18n.names import stage
from toolkit.report.i18n.text import NONE, Inline, Text, sentences, sources, text
from toolkit.report.markers import UNCERTAIN
from toolkit.report.topics.changes import inferred, newest_months
from toolkit.report.topics.controls import STANDINGS, basket_figure
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


@section("brief-answer", "", needs=["market", "changes"], uses=["flows"])
def brief_answer(found: Findings) -> tuple[Block, ...]:
    """Heading, paragraph, what changes next, the bar, key figures and the status line."""
    return (
        Heading(_changed_law(found)),
        Paragraph(text(*_controlled_today(found)), "answer"),
        Paragraph(sentences(*next_change(found)), "next"),
        KeyFigures((_products_controlled(found), _measures_changed(found), _next_date(found))),
        *((bar,) if (bar := _every_product(found)) else ()),
        Status(tuple(_status(found))),
    )


def _counted(found: Findings) -> list[ControlState]:
    return [row for row in found.record.controls if row.counts]


def _changed_law(found: Findings) -> Text:
    say, since = found.say, found.fmt.long_date(found.part(Changes).since)
    changed = len(found.part(Changes).controls)
    if not changed:
        return say("No export control changed since {since}", since=since)
    told = inferred(found, found.part(Changes))
    return told or say.counted(changed, "One measure changed since {since}", "{N} measures changed since {since}", since=since)


def _controlled_today(found: Findings) -> Iterator[Inline]:
    say, total = found.say, len(found.record.controls)
    doubtful = sum(row.uncertain for row in _counted(found))
    need = len(_counted(found)) - doubtful
    yield from say.counted(
        need,
        "One of {total} products needs a Chinese licence for delivery {towards} today, or may not leave China{markers}. ",
        "{N} of {total} products need a Chinese licence for delivery {towards} today, or may not leave China{markers}. ",
        total=say.number_word(total),
        towards=found.towards(found.record.owner.country),
        markers=found.of_tables("controls"),
    )
    if doubtful:
        yield from say.counted(
            doubtful,
            "{N} more is controlled only in part and counts in full{marks}. ",
            "{N} more are controlled only in part and count in full{marks}. ",
            marks=found.rests_on(UNCERTAIN),
        )


def _products_controlled(found: Findings) -> KeyFigure:
    say, rows = found.say, found.record.controls
    note = say(
        "of {total} products, for delivery {towards}",
        total=len(rows),
        towards=found.towards(found.record.owner.country),
    )
    count = str(len(_counted(found)))
    rests = any(row.uncertain for row in _counted(found))
    return KeyFigure(say.words("Under export control"), text(found.derived(count, UNCERTAIN) if rests else count), note)


def _measures_changed(found: Findings) -> KeyFigure:
    say, part = found.say, found.part(Changes)
    since = found.fmt.short_date(part.since)
    note = say("by their dates alone, since {since}", since=since) if inferred(found, part) else say(
        "announced, begun or ended since {since}", since=since
    )  # fmt: skip
    return KeyFigure(say.words("Measures changed"), text(str(len(part.controls))), note)


def _next_date(found: Findings) -> KeyFigure:
    say, ahead = found.say, official_dates(found.record.upcoming)
    if not ahead:
        return KeyFigure(say.words("Next official date"), text("–"), say("none is known"))
    return KeyFigure(
        say.words("Next official date"), text(found.fmt.short_date(ahead[0].date)), text(found.away(ahead[0].date))
    )


def _status(found: Findings) -> Iterator[tuple[str, Text]]:
    say, part = found.say, found.part(Changes)
    prices, flows = [row.new for row in part.prices], [new for _, new in newest_months(found)]
    yield say.words("New prices"), say("{new} of {total}", new=sum(prices), total=len(prices))
    yield say.words("New months of customs data"), say("{new} of {total}", new=sum(flows), total=len(flows))
    yield from doubts(found)


def _every_product(run: Findings) -> Figure | None:
    """Every product, each as large as any other, by its standing."""
    rows = sorted(run.record.controls, key=lambda row: ([*STANDINGS].index(run.standing(row.asset)), run.head(row).text))
    slices = [Slice(1.0, run.head(row).text, STANDINGS[run.standing(row.asset)][0]) for row in rows]
    sub = run.say("Each product once, for delivery {towards}.", towards=run.towards(run.record.owner.country))
    return basket_figure(run, slices, [*STANDINGS.values()], sub) if slices else None


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
