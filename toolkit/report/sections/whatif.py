"""What if exports stop: what the price of each metal does, who gains and who pays, and a check from outside."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from toolkit.records.parts.whatif import MetalStop, WhatIf
from toolkit.report.charts.bands import Band, Bands, bands
from toolkit.report.compose import folded, section
from toolkit.report.document import Block, Figure, Missing, Paragraph
from toolkit.report.findings import Findings
from toolkit.report.i18n.language import mark
from toolkit.report.i18n.stages import years
from toolkit.report.i18n.text import Inline, Span, Text, plain, sources, strong, text
from toolkit.report.tables.stops import (
    BEYOND,
    CARRIED,
    STOP,
    SUM,
    cases,
    ends,
    first_span,
    left_out,
    losses,
    maker,
    money,
    money_words,
    multiple,
    named,
    outside,
    times,
)  # fmt: skip


@section("whatif", mark("What if exports stop"), needs=["whatif"])
def whatif(run: Findings) -> tuple[Block, ...] | Missing:
    """Who gains and who pays, the multiples of each metal, and behind them the money and the check from outside."""
    part = run.part(WhatIf)
    moving = [metal for metal in part.metals if metal.stop or metal.state == BEYOND]
    if not moving:
        return Missing(run.say.words("Of none of these metals does the country of the stop make a share that is known."))
    words = () if run.short else (Paragraph(text(*_both(run)), "body"),)
    return (*words, _multiples(run, moving), *folded(money(run), None if run.short else cases(run), outside(run)))


def _both(run: Findings) -> Iterator[Inline]:
    """Whoever holds gains and whoever waits pays: both, for the smallest loss that is shown."""
    say, fmt, part = run.say, run.fmt, run.part(WhatIf)
    gains = {name: rows[0] for name, rows in part.money.items() if rows[0].metals}
    first = first_span(run)
    loss = fmt.percent(first.loss, 0)

    def amount(value: float, *, marked: bool = False) -> Span:
        return run.derived(money_words(run, value), SUM, STOP, CARRIED, marked=marked)

    if "held" in gains and "coming" in gains:
        yield from say(
            "If {loss} of the supply of each metal stopped, what is held outside China would be worth {low} to {high} more, "
            "and what is still to come would cost {less} to {more} more. ",
            loss=loss,
            low=amount(gains["held"].low),
            high=amount(gains["held"].high),
            less=amount(gains["coming"].low),
            more=amount(gains["coming"].high, marked=True),
        )
    elif "whole" in gains and part.weights:
        weights = part.weights[0]
        yield from say(
            "If {loss} of the supply of each metal stopped, the metals here would be worth {low} to {high} more, {less} to "
            "{more} of value, to whoever holds them by then; whoever buys later pays as much more. ",
            loss=loss,
            low=amount(gains["whole"].low),
            high=amount(gains["whole"].high),
            less=run.derived(fmt.percent(weights.low, 0), SUM, marked=False),
            more=run.derived(fmt.percent(weights.high, 0), SUM, STOP, CARRIED),
        )
    else:
        yield from say(
            "If {loss} of the supply of a metal stopped, its price would be multiplied by {low} to {high}: whoever holds it "
            "gains, and whoever waits pays as much more. ",
            loss=loss,
            low=run.derived(times(run, first.low), SUM, marked=False),
            high=run.derived(times(run, first.high), SUM, STOP, CARRIED),
        )
    if part.undelivered > 0:
        yield from say(
            "Open orders of {value} that {country} may deliver, or of unknown origin, may not arrive at all. ",
            value=strong(run.money(part.undelivered)),
            country=maker(run),
        )
    if part.in_transit > 0:
        yield from say(
            "{value} in transit from {country}, or of unknown origin, may be stopped: whether it has left is not known, and "
            "none of these sums counts it. ",
            value=strong(run.money(part.in_transit)),
            country=maker(run),
        )
    yield from say("When exports resume, the gain is lost again: scenarios under stated assumptions, no forecasts.")


def _multiples(run: Findings, moving: Sequence[MetalStop]) -> Figure:
    """A row a metal, those first of which the country makes most: the smallest loss that is shown, and the full stop."""
    say, fmt, part = run.say, run.fmt, run.part(WhatIf)
    order = sorted(moving, key=lambda metal: (-(metal.share or 0.0), metal.asset))
    published = {check.asset: 1.0 + check.change for check in part.checks}
    rows = [_row(run, metal, published.get(metal.asset)) for metal in order]
    first = part.shown[0]
    legend = [
        ("part", say.words("loss of {loss} of world supply", loss=fmt.percent(first.loss, 0))),
        ("hollow", say.words("full stop: loss of all that {country} makes", country=maker(run))),
    ]
    legend += [("outside", say.words("published elsewhere, for a full stop"))] if any(row.outside for row in rows) else []
    estimated = mark(
        "Source: shares of production of {years}{shares}; elasticities are estimated from past cases, and where the formula "
        "ends is an assumption{assumed}."
    )
    assumed = mark(
        "Source: shares of production of {years}{shares}; elasticities, and the end of the formula, are assumptions{assumed}."
    )
    source = say(
        assumed if part.response is None else estimated,
        years=say.listed(sorted({years(m.period_start, m.period_end) for m in order if m.period_start and m.period_end})),
        shares=sources(*run.of_sources(*(metal.source_id for metal in order))),
        assumed=sources(*run.rests_on(SUM, STOP, CARRIED)),
    )
    caption = say.words("share of {country} in world production", country=maker(run))
    chart = bands(rows, caption, _told(run, order), fmt)
    foot = text(source, *(text(" ", words) for words in left_out(run)))
    return Figure(_finding(run, order), _formula(run), (chart,), tuple(legend), foot, losses(run))


def _row(run: Findings, metal: MetalStop, published: float | None) -> Bands:
    """The bars of a metal; in place of a full stop that the formula does not carry stand words."""
    first, stop = run.part(WhatIf).shown[0].loss, metal.stop
    part = next((band for band in metal.bands if band.loss == first), None)
    words = run.say.words("beyond the formula")
    if stop:
        words = run.say.words("{low} to {high}", low=multiple(run, stop.low), high=multiple(run, stop.high))
    label = f"{run.metal(metal).text} {run.fmt.percent(metal.share, 0)}"
    return Bands(label, Band(*ends(part)) if part else None, Band(*ends(stop)) if stop else None, published, words)


def _finding(run: Findings, order: Sequence[MetalStop]) -> Text:
    say, first = run.say, first_span(run)
    values = {
        "loss": run.fmt.percent(first.loss, 0),
        "low": run.derived(times(run, first.low), SUM, marked=False),
        "high": run.derived(times(run, first.high), SUM, marked=False),
    }
    beyond = sum(metal.state == BEYOND for metal in order)
    if not beyond:
        return say("A loss of {loss} of supply multiplies a price by {low} to {high}", **values)
    return say.counted(
        beyond,
        "A loss of {loss} of supply multiplies a price by {low} to {high}; for one metal a full stop is beyond the formula",
        "A loss of {loss} of supply multiplies a price by {low} to {high}; for {n} metals a full stop is beyond the formula",
        **values,
    )


def _formula(run: Findings) -> Text:
    say, fmt, part = run.say, run.fmt, run.part(WhatIf)
    e, response = part.elasticity, part.response
    if response is not None:
        return say(
            "Price after over price before, log scale: (1 − loss) ^ (−1 / e) for one year. Bars are 90 % of what {observed} "
            "reactions to controls and {published} published models leave open, ticks the median{assumed}; past a loss of "
            "{most} no single e sets the price.",
            observed=response.observed,
            published=response.published,
            assumed=sources(*run.rests_on(SUM)),
            most=run.assumed(fmt.percent(part.carried_to, 0), CARRIED),
        )
    low, central, high = (run.assumed(fmt.number(end, 2), SUM, marked=end == e.central) for end in ends(e))
    return say(
        "Price after over price before, log scale: (1 − loss) ^ (−1 / e) for one year. The elasticity e of supply plus demand "
        "is {low} to {high}, at the tick {central}; past a loss of {most} it no longer sets the price.",
        low=low,
        high=high,
        central=central,
        most=run.assumed(fmt.percent(part.carried_to, 0), CARRIED),
    )


def _told(run: Findings, order: Sequence[MetalStop]) -> str:
    say, fmt, first = run.say, run.fmt, first_span(run)
    told = say(
        "At a loss of {loss} prices are multiplied by {low} to {high}, by metal.",
        loss=fmt.percent(first.loss, 0),
        low=times(run, first.low),
        high=times(run, first.high),
    )
    return plain(text(*told, " ", say("{country} makes: {shares}.", country=maker(run), shares=named(run, order))))
