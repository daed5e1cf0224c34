"""What if supply stops: what the price of each metal does, who gains and who pays, and a check from outside."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from toolkit.core.messages import retellable
from toolkit.records.findings import Parts
from toolkit.records.whatif import AskedLoss, Effect, MetalStop, Multiples, PublishedCheck, WhatIf
from toolkit.records.whatif import Band as LossBand
from toolkit.report.answer import PRICE_KINDS
from toolkit.report.charts.bands import Bands, bands
from toolkit.report.compose import folded, section
from toolkit.report.document import (
    Block,
    Chart,
    Document,
    Figure,
    Missing,
    Notes,
    Paragraph,
    Section,
    Shown,
    Table,
    left,
    legend,
    right,
)
from toolkit.report.findings import Findings
from toolkit.report.i18n.formats import Written
from toolkit.report.i18n.language import Language, mark
from toolkit.report.i18n.names import years
from toolkit.report.i18n.text import NONE, Inline, Span, Text, plain, sentences, strong, text
from toolkit.shocks.elasticity import Elasticity


@section("whatif", mark("What if exports stop"), needs=["whatif"])
def whatif(run: Findings) -> tuple[Block, ...] | Missing:
    """Who gains and who pays, the multiples of each metal, and behind them the money and the check from outside."""
    if not (moving := _moving(run)):
        return _untouched(run)
    words = () if run.short else (Paragraph(text(*_both(run)), "body"),)
    return (*words, _multiples(run, moving), *folded(money(run), None if run.short else cases(run), outside(run)))


@section("stop", mark("What if exports stop"), needs=["exposure", "whatif"])
def stop(run: Findings) -> tuple[Block, ...] | Missing:
    """Who gains and who pays, in money; the multiples of each metal are an answer of their own."""
    if not _moving(run):
        return _untouched(run)
    return (Paragraph(text(*_both(run)), "body"), *filter(None, (money(run),)))


def _untouched(run: Findings) -> Missing:
    """Why a stop changes the price of none of the metals."""
    return Missing(plain(sentences(run.say("A stop of exports moves none of these prices."), *left_out(run))))


def document(found: WhatIf, say: Language) -> Document:
    """The answer of `toolkit shock`: the loss that is asked about, then the section of a report, and what is assumed."""
    run = Findings.alone(found.as_of, Parts(whatif=found), say, found.currency)
    written = say.fmt.long_date(found.as_of)
    title, blocks = say.words("What if exports stop"), list[Block]()
    if asked := found.asked:
        title = say.words("Shock to the supply of {metal}, known on {day}", metal=run.metal(asked), day=written)
        blocks = [_asked(run, asked), Notes(tuple(("", words) for words in _beside(run, asked)))]
    figures = (_multiples(run, moving) if (moving := _moving(run)) else None, cases(run), outside(run))
    further = asked is not None and asked.loss > found.carried_to
    made = {SUM: found.response, STOP: moving, CARRIED: moving or further, STOCKS: moving and not asked}
    words = (*(say.translate(one) for key, one in found.assumptions.items() if made[key]), say(SCENARIO))
    content = (*blocks, *filter(None, figures), Notes(tuple(("", one) for one in words)))
    return Document(title, say.code, found.as_of, written, "", (Section("shock", title, content),))


def _moving(run: Findings) -> list[MetalStop]:
    """The metals that a stop of exports touches."""
    return [metal for metal in run.part(WhatIf).metals if metal.stop or metal.state == BEYOND]


def _asked(run: Findings, asked: AskedLoss) -> Figure:
    """The band of one metal at the loss that was asked about, and what it means for who holds or waits."""
    say, fmt, e = run.say, run.fmt, asked.elasticity
    title = say(
        "If {loss} of the supply of {metal} stops, its price is multiplied by {low} to {high}",
        loss=fmt.percent(asked.loss, 0), metal=run.metal(asked),
        low=times(run, asked.levels[0].multiple), high=times(run, asked.levels[-1].multiple),
    )  # fmt: skip
    sub = say(
        "Price after over price before: (1 − loss) ^ (−1 / e), e the elasticity of supply plus demand ({basis}: {source}).",
        basis=say.word(e.basis), source=say.translate(retellable(e.source)),
    )  # fmt: skip
    names = BANDS if len(asked.levels) == len(BANDS) else dict(zip((0.0, 0.5, 1.0), ENDS, strict=True))
    table = run.table(
        "Price at a loss of supply",
        asked.levels,
        left("Band", lambda row: say.words(names[row.level])),
        right(text("e"), lambda row: fmt.number(row.elasticity, 2)),
        right("Price, multiple", lambda row: text(multiple(run, row.multiple), _unseen(run, row.multiple))),
        right("{currency}/kg", lambda row: NONE if row.price is None else fmt.number(row.price)),
        right("Stored metal gains", lambda row: fmt.percent(row.gain, 0, signed=True)),
        right("and loses on return", lambda row: fmt.percent(-row.loss_on_return, 0)),
    )
    foot = say(
        "An open order that does not arrive is lost whole; its replacement, or a planned purchase, costs as much more as "
        "stored metal gains."
    )
    return Figure(title, sub, (table,), source=sentences(foot, _never_seen(run, [row.multiple for row in asked.levels])))


BANDS = {
    0.05: mark("90 % low"),
    0.16: mark("68 % low"),
    0.5: mark("median"),
    0.84: mark("68 % high"),
    0.95: mark("90 % high"),
}
"""Levels of a posterior."""


def _beside(run: Findings, asked: AskedLoss) -> Iterator[Text]:
    """Today's price, where a substitute cuts the band, the first-order rule, and the price outside the controlling country."""
    say, fmt, price, premium = run.say, run.fmt, asked.price, asked.premium
    if price is None:
        yield say("No price of this metal is known here: the multiples hold for any.")
    else:
        yield say(
            "Today: {price} ± {error} a kg, {kind} of {day} ({basis}).",
            price=run.money(price.price, 2), error=fmt.number(price.price_today_se), day=fmt.short_date(price.date),
            kind=say.word(PRICE_KINDS.get(price.kind, price.kind)), basis=say.word(price.basis),
        )  # fmt: skip
    if asked.uncapped is not None:
        yield say(
            "Cut at a substitute’s {price} a kg; without it up to {most}.",
            price=run.money(asked.cap_price, 2), most=multiple(run, asked.uncapped),
        )  # fmt: skip
    yield say("The linear rule gives {linear}: it understates large losses.", linear=multiple(run, asked.linear_rule))
    if premium is not None:
        told = say(
            "Outside the controlling country {premium} ({basis}: {source})",
            premium=fmt.percent(premium.premium, 0, signed=True), basis=say.word(premium.basis),
            source=say.translate(premium.source),
        )  # fmt: skip
        if premium.outside_price is None:
            yield text(told, ".")
        else:
            amount = run.money(premium.outside_price)
            yield say("{premium}, {amount} a kg if the price above is the one inside.", premium=told, amount=amount)


def _both(run: Findings) -> Iterator[Inline]:
    """Whoever holds gains and whoever waits pays: both, for the smallest loss that is shown."""
    say, fmt, part = run.say, run.fmt, run.part(WhatIf)
    if gains := _gains(run):
        yield from (*_money_finding(run, gains, marked=True), ". ")
        if not {"held", "coming"} <= {*gains} and part.weights:
            least = part.weights[0]
            yield from say(
                "That is {low} to {high} of value. ",
                low=run.derived(fmt.percent(least.low, 0), SUM, marked=False),
                high=run.derived(fmt.percent(least.high, 0), SUM, marked=False),
            )
    else:
        first = first_span(run)
        yield from say(
            "If {loss} of the supply of a metal stopped, its price would be multiplied by {low} to {high}: whoever holds it "
            "gains, and whoever waits pays as much more. ",
            loss=fmt.percent(first.loss, 0),
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
    yield from say(SCENARIO)


def _multiples(run: Findings, moving: Sequence[MetalStop]) -> Figure:
    """A row a metal, those first of which the country makes most: the smallest loss that is shown, and the full stop."""
    say, fmt, part = run.say, run.fmt, run.part(WhatIf)
    order = sorted(moving, key=lambda metal: (-(metal.share or 0.0), metal.asset))
    published = {check.asset: 1.0 + check.change for check in part.checks}
    rows = [_row(run, metal, published.get(metal.asset)) for metal in order]
    first = part.shown[0]
    marked = legend(
        (True, "part", say.words("loss of {loss} of world supply", loss=fmt.percent(first.loss, 0))),
        (True, "hollow", say.words("full stop: loss of all that {country} makes", country=maker(run))),
        (any(row.outside for row in rows), "outside", say.words("published elsewhere, for a full stop")),
    )
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
        shares=run.of_sources(*(metal.source_id for metal in order)),
        assumed=run.rests_on(SUM, STOP, CARRIED),
    )
    caption = say.words("share of {country} in world production", country=maker(run))
    chart = Chart(bands(rows, caption, fmt), _told(run, order))
    foot = text(source, *(text(" ", words) for words in left_out(run)))
    return Figure(_finding(run, order), _formula(run), (chart,), marked, foot, losses(run))


def _row(run: Findings, metal: MetalStop, published: float | None) -> Bands:
    """The bars of a metal; in place of a full stop that the formula does not carry stand words."""
    first, stop = run.part(WhatIf).shown[0].loss, metal.stop
    part = next((band for band in metal.bands if band.loss == first), None)
    words = run.say.words("cannot be computed")
    if stop:
        words = run.say.words("{low} to {high}", low=multiple(run, stop.low), high=multiple(run, stop.high))
    label = f"{run.metal(metal).text} {run.fmt.percent(metal.share, 0)}"
    return Bands(label, part, stop, published, words)


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
        "If {loss} of supply goes, prices become {low} to {high} times as high; for one metal a full stop cannot be computed",
        "If {loss} of supply goes, prices become {low} to {high} times as high; for {n} metals a full stop cannot be computed",
        **values,
    )


def _formula(run: Findings) -> Text:
    say, fmt, part = run.say, run.fmt, run.part(WhatIf)
    e, response = part.elasticity, part.response
    if response is not None:
        return say(
            "Price after over price before, log scale: (1 − loss) ^ (−1 / e) for one year. Bars are 90% of what {observed} "
            "reactions to controls and {published} published models leave open, ticks the median{assumed}; past a loss of "
            "{most} no single e sets the price.",
            observed=response.observed,
            published=response.published,
            assumed=run.rests_on(SUM),
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


SUM, STOP, CARRIED, STOCKS = "elasticity_sum", "stop_of_exports", "carried_to", "stocks_above_ground"
"""Keys of the assumptions of the part."""
SCENARIO = mark("When exports resume, the gain is lost again: scenarios under stated assumptions, no forecasts.")
ENDS = (mark("low"), mark("middle"), mark("high"))
BEYOND, NOT_MADE, PRECIOUS, UNKNOWN = "beyond", "not_made", "precious", "unknown"
"""States of a metal without a figure for the full stop (`toolkit.app.topics.whatif`)."""


def times(run: Findings, value: float) -> str:
    """A multiple in a sentence."""
    return run.fmt.number(value, _decimals(value))


def _decimals(value: float) -> int:
    return 0 if value >= 10 else 1 if value >= 2 else 2


def multiple(run: Findings, value: float) -> Written:
    """A multiple in a table or beside a mark."""
    return Written(f"×{times(run, value)}", value, ('"×"0', '"×"0.0', '"×"0.00')[_decimals(value)])


def money_words(run: Findings, value: float) -> str:
    """An amount that rests on assumptions, to three digits that mean something."""
    return run.money(float(f"{value:.3g}"))


def maker(run: Findings) -> str:
    """The country whose exports stop."""
    return run.country(run.part(WhatIf).country)


def named(run: Findings, metals: Sequence[MetalStop]) -> Text:
    """Metals with the share that the country has of each."""
    shown = [text(run.metal(metal), f" {run.fmt.percent(metal.share, 0)}") for metal in metals]
    return run.say.listed(shown)


def losses(run: Findings) -> Table:
    """Multiples of each metal by loss; a dash where the formula does not carry."""
    say, fmt, part = run.say, run.fmt, run.part(WhatIf)
    metals = sorted(part.metals, key=lambda metal: (metal.share or 0.0, metal.asset))
    rows: list[tuple[float, str, LossBand | None, Inline]] = []
    for metal in metals:
        rows += [(band.loss, fmt.percent(band.loss, 0), band, run.metal(metal)) for band in metal.bands]
        if stop := metal.stop:
            rows.append((stop.loss, fmt.percent(stop.loss, 0), stop, say("full stop of {metal}", metal=run.metal(metal))))
    rows.sort(key=lambda row: row[0])
    if beyond := [metal for metal in metals[::-1] if metal.state == BEYOND]:
        over = say.words("over {share}", share=fmt.percent(part.carried_to, 0))
        what = say("full stop of {metals}: cannot be computed", metals=named(run, beyond))
        rows.append((1.0, over, None, what))

    def end(i: int) -> Shown[tuple[float, str, LossBand | None, Inline]]:
        return right(
            say(ENDS[i]), lambda row: run.derived(multiple(run, ends(b)[i]), SUM, marked=False) if (b := row[2]) else NONE
        )

    return run.table(
        "Price multiples by loss of supply",
        rows,
        left("Loss of supply", lambda row: row[1]),
        *map(end, range(len(ENDS))),
        left("Which metal", lambda row: row[3]),
    )


def ends(of: LossBand | Effect | Elasticity | Multiples) -> tuple[float, float, float]:
    """Lower end, median and upper end."""
    return of.low, of.central, of.high


def first_span(run: Findings) -> LossBand:
    """The smallest loss that is shown, with the lowest and the highest multiple of any metal at it."""
    first = run.part(WhatIf).shown[0]
    reached = [band for metal in run.part(WhatIf).metals for band in metal.bands if band.loss == first.loss] or [first]
    low, high = min(band.low for band in reached), max(band.high for band in reached)
    return first.model_copy(update={"low": low, "high": high})


def cases(run: Findings) -> Figure | None:
    """The reactions and models behind the band; None where an assumption is in use."""
    say, fmt, found = run.say, run.fmt, run.part(WhatIf).response
    if found is None:
        return None
    table = run.table(
        "Reactions of prices to losses of supply",
        found.cases,
        left("Case", lambda case: say.notice(case.title)),
        left("Metal", run.head),
        right(say("Share of {country} then", country=maker(run)), lambda case: fmt.percent(case.share_then, 0), "share"),
        right("Fall of US imports", lambda case: fmt.percent(case.fall, 0), "imports"),
        right("Loss of world supply", lambda case: fmt.percent(case.loss, 0), "loss"),
        right("Change of the price", lambda case: strong(fmt.percent(case.change, 0, signed=True)), "price"),
        right("Months", lambda case: say.words("model") if case.months is None else fmt.number(case.months), "months"),
    )
    title = say(
        "{observed} reactions to controls and {published} published models are behind the multiples",
        observed=found.observed,
        published=found.published,
    )
    sub = say(
        "Changes are over base metals. A loss is the share of {country} times the fall of US imports from there, and "
        "uncertain; a case without one does not count. In a year prices moved by some {moves} of their own besides, which no "
        "multiple holds.",
        country=maker(run),
        moves=fmt.percent(found.moves, 0),
    )
    source = say("Own calculation from control notices, customs data, shares of production and assumptions{assumed}.",
                 assumed=run.rests_on(SUM))  # fmt: skip
    return Figure(title, sub, (table,), source=source)


def left_out(run: Findings) -> Iterator[Text]:
    """Metals that the stop does not touch, or of which nothing is known, by the reason."""
    say, metals = run.say, run.part(WhatIf).metals

    def state(key: str) -> Text:
        return run.metals(metal for metal in metals if metal.state == key)

    if unmade := state(NOT_MADE):
        yield say("{country} is not among the named producers of {metals}.", country=maker(run), metals=unmade)
    if precious := state(PRECIOUS):
        yield say(
            "Precious metals are left out of the stop{assumed}: {metals}.",
            metals=precious,
            assumed=run.rests_on(STOCKS),
        )
    if unknown := state(UNKNOWN):
        yield say("No shares are known at the stage of {metals}.", metals=unknown)


def money(run: Findings) -> Figure | None:
    """Gain of what is held and cost of what is still to come, at each loss that is shown."""
    say, fmt = run.say, run.fmt
    if not (gains := _gains(run)):
        return None
    what = {
        "held": say("gain of what is held"),
        "coming": say("cost of what is still to come"),
        "whole": say("gain to whoever holds by then, cost to whoever buys later"),
    }
    names = ("held", "coming") if "held" in gains and "coming" in gains else ("whole",)
    rows = [(what[name], row, row) for name in names for row in gains[name]]
    if "planned" in gains and "ordered" in gains:
        parts = {"ordered": say("of it to replace open orders"), "planned": say("of it for what is only planned")}
        rows += [(words, row, row) for name, words in parts.items() for row in gains[name]]
    back = say("loss of what is held if as much supply comes back")
    rows += [(back, row, row.on_return) for row in gains.get("held", ()) if row.on_return]

    def end(i: int) -> Shown[tuple[Text, Effect, Multiples]]:
        return right(say(ENDS[i]), lambda row: _amount(run, ends(row[2])[i], ends(row[1].multiples)[i]))

    table = run.table(
        "Gains and costs by loss of supply",
        rows,
        left("Who", lambda row: row[0]),
        right("Loss of supply", lambda row: fmt.percent(row[1].loss, 0)),
        *map(end, range(len(ENDS))),
    )
    source = say(
        "Own calculation from values of the subject, shares of production and assumptions{assumed}.",
        assumed=run.rests_on(SUM, STOP, CARRIED, STOCKS),
    )
    unseen = _never_seen(run, [end for name in names for row in gains[name] for end in ends(row.multiples)])
    foot = sentences(source, _money_short(run, gains["whole"][-1]), unseen)
    return Figure(_money_finding(run, gains, marked=False), _money_sub(run), (table,), source=foot)


def _gains(run: Findings) -> Mapping[str, Sequence[Effect]]:
    """Gains and costs of what has a metal that moves."""
    return {name: rows for name, rows in run.part(WhatIf).money.items() if rows[0].metals}


def _amount(run: Findings, value: float, multiple: float) -> Text:
    return text(run.derived(money_words(run, value), SUM, marked=False), _unseen(run, multiple))


def _unseen(run: Findings, multiple: float) -> str:
    """A dagger where no price has been seen to rise as much in the year after a control."""
    most = run.part(WhatIf).largest_observed
    return "‡" if most is not None and multiple > most else ""


def _never_seen(run: Findings, multiples: Sequence[float]) -> Text:
    """What the dagger means, where one of the multiples has it."""
    most = run.part(WhatIf).largest_observed
    if most is None or not any(_unseen(run, one) for one in multiples):
        return ()
    change = run.fmt.percent(most - 1.0, 0, signed=True)
    return run.say("‡ With a rise of a price above {change}, the largest observed after a control.", change=change)


def _money_finding(run: Findings, gains: Mapping[str, Sequence[Effect]], *, marked: bool) -> Text:
    """Gain and cost are of different people and goods: never one sum where the subject has both."""

    def amount(value: float, *, marked: bool = False) -> Span:
        return run.derived(money_words(run, value), SUM, STOP, CARRIED, marked=marked)

    loss = run.fmt.percent(gains["whole"][0].loss, 0)
    if "held" in gains and "coming" in gains:
        return run.say(
            "A loss of {loss} of supply adds {low} to {high} to the value of what is held outside China, and {less} to {more} "
            "to the cost of what is still to come",
            loss=loss,
            low=amount(gains["held"][0].low),
            high=amount(gains["held"][0].high),
            less=amount(gains["coming"][0].low),
            more=amount(gains["coming"][0].high, marked=marked),
        )
    return run.say(
        "A loss of {loss} of supply adds {low} to {high} to the value of these metals, and to the bill of who buys later",
        loss=loss,
        low=amount(gains["whole"][0].low),
        high=amount(gains["whole"][0].high, marked=marked),
    )


def _money_sub(run: Findings) -> Text:
    return run.say(
        "In {currency}. Each metal loses what {country} makes of it, and at most the loss named.",
        currency=run.currency,
        country=maker(run),
    )


def _money_short(run: Findings, last: Effect) -> Text:
    """Of how many metals the largest loss is less than the stop takes."""
    if not last.short:
        return ()
    return run.say.counted(
        last.short,
        "For one of {total} metals {country} makes more than {most}: there the larger loss is a part of the stop, not all.",
        "For {n} of {total} metals {country} makes more than {most}: there the larger loss is a part of the stop, not all.",
        total=run.say.number_word(last.metals),
        country=maker(run),
        most=run.fmt.percent(last.loss, 0),
    )


def _implied(run: Findings, check: PublishedCheck) -> Span:
    return run.derived(run.fmt.percent(check.implied_loss, 0), SUM, marked=False)


def outside(run: Findings) -> Figure | None:
    """What others published for a full stop, and what our formula would have to assume for the same."""
    say, fmt, part = run.say, run.fmt, run.part(WhatIf)
    checks = [check for check in part.checks if check.implied_elasticity is not None]
    if not checks:
        return None
    table = run.table(
        "Published price responses",
        checks,
        left("Metal", run.head),
        right("Published change", lambda check: strong(fmt.percent(check.change, 0, signed=True)), "published"),
        right(say("Share of {country}", country=maker(run)), lambda check: fmt.percent(check.share, 0), "share"),
        right("Our formula, middle e: at a loss of", lambda check: _implied(run, check), "our loss"),
        right("e that gives it at a full stop", lambda check: fmt.number(check.implied_elasticity, 1), "elasticity"),
        left("What was published", lambda check: say.term("term", check.statement), "statement"),
    )
    most = max(checks, key=lambda check: (check.change, check.asset))
    title = say(
        "A published model has {metal} at {change} after a full stop; our formula is there at a loss of {loss}",
        metal=run.metal(most),
        change=fmt.percent(most.change, 0, signed=True),
        loss=_implied(run, most),
    )
    sub = say(
        "That model loses net exports alone and counts spare capacity elsewhere; ours loses all that {country} makes.",
        country=maker(run),
    )
    cited = say.listed(list(dict.fromkeys(say.term("term", check.citation) for check in checks)))
    keys = [check.source_id for check in checks]
    source = say("Source: {cited}{markers}.", cited=cited, markers=run.of_sources(*keys))
    return Figure(title, sub, (table,), source=source)
