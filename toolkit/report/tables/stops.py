"""Tables of a stop of exports: multiples by loss, who gains and who pays, and what others published."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from toolkit.records.parts.whatif import Band, Effect, MetalStop, Multiples, WhatIf
from toolkit.report.document import Column, Figure, Row, Table
from toolkit.report.findings import Findings
from toolkit.report.i18n.formats import Written
from toolkit.report.i18n.language import mark
from toolkit.report.i18n.text import NONE, Inline, Span, Text, sources, strong, text
from toolkit.shocks.elasticity import Elasticity

SUM, STOP, CARRIED, STOCKS = "elasticity_sum", "stop_of_exports", "carried_to", "stocks_above_ground"
"""Keys of the assumptions of the part."""
LOW, MIDDLE, HIGH = mark("low"), mark("middle"), mark("high")
BEYOND, NOT_MADE, PRECIOUS, UNKNOWN = "beyond", "not_made", "precious", "unknown"
"""States of a metal without a figure for the full stop (`toolkit.app.findings.whatif`)."""


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
    rows: list[tuple[float, Row]] = []
    for metal in metals:
        rows += [(band.loss, _loss_row(run, fmt.percent(band.loss, 0), band, text(run.metal(metal)))) for band in metal.bands]
        if stop := metal.stop:
            what = say("full stop of {metal}", metal=run.metal(metal))
            rows.append((stop.loss, _loss_row(run, fmt.percent(stop.loss, 0), stop, what)))
    rows.sort(key=lambda row: row[0])
    if beyond := [metal for metal in metals[::-1] if metal.state == BEYOND]:
        label = text(say.words("over {share}", share=fmt.percent(part.carried_to, 0)))
        what = say("full stop of {metals}: beyond what the formula can carry", metals=named(run, beyond))
        rows.append((1.0, Row((label, text(NONE), text(NONE), text(NONE), what))))
    columns = (
        Column(say.words("Loss of supply"), "left"),
        *(Column(say.words(words)) for words in (LOW, MIDDLE, HIGH)),
        Column(say.words("Which metal"), "left"),
    )
    return Table(say.words("Price multiples by loss of supply"), columns, tuple(row for _, row in rows))


def ends(of: Band | Effect | Elasticity | Multiples) -> tuple[float, float, float]:
    """Lower end, median and upper end."""
    return of.low, of.central, of.high


def first_span(run: Findings) -> Band:
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
    columns = (
        Column(say.words("Case"), "left"),
        Column(say.words("Metal"), "left"),
        Column(say.words("Share of {country} then", country=maker(run)), short=say.words("share")),
        Column(say.words("Loss of world supply"), short=say.words("loss")),
        Column(say.words("Change of the price"), short=say.words("price")),
        Column(say.words("Months"), short=say.words("months")),
    )
    rows = tuple(
        Row(
            (
                text(fmt.notices(say.term("term", case.title))),
                text(run.head(case)),
                text(NONE if case.share_then is None else fmt.percent(case.share_then, 0)),
                text(NONE if case.loss is None else fmt.percent(case.loss, 0)),
                text(strong(fmt.percent(case.change, 0, signed=True))),
                text(say.words("model") if case.months is None else fmt.number(case.months)),
            )
        )
        for case in found.cases
    )
    title = say(
        "{observed} reactions to controls and {published} published models are behind the bars",
        observed=found.observed,
        published=found.published,
    )
    sub = say(
        "Changes are over base metals. A loss is the share of {country} times the fall of US imports from there, and "
        "uncertain; a case without one does not count. In a year prices moved by some {moves} of their own besides, which no "
        "bar holds.",
        country=maker(run),
        moves=fmt.percent(found.moves, 0),
    )
    source = say("Own calculation from control notices, customs data, shares of production and assumptions{assumed}.",
                 assumed=sources(*run.rests_on(SUM)))  # fmt: skip
    return Figure(title, sub, (Table(say.words("Reactions of prices to losses of supply"), columns, rows),), source=source)


def _loss_row(run: Findings, loss: str, band: Band, what: Text) -> Row:
    figures = (run.derived(multiple(run, end), SUM, marked=False) for end in ends(band))
    return Row((text(loss), *(text(figure) for figure in figures), what))


def left_out(run: Findings) -> Iterator[Text]:
    """Metals that the stop does not touch, or of which nothing is known, by the reason."""
    say, metals = run.say, run.part(WhatIf).metals

    def state(key: str) -> Text:
        return say.listed([run.metal(metal) for metal in metals if metal.state == key])

    if unmade := state(NOT_MADE):
        yield say("{country} is not among the named producers of {metals}.", country=maker(run), metals=unmade)
    if precious := state(PRECIOUS):
        yield say(
            "Precious metals are left out of the stop{assumed}: {metals}.",
            metals=precious,
            assumed=sources(*run.rests_on(STOCKS)),
        )
    if unknown := state(UNKNOWN):
        yield say("No shares are known at the stage of {metals}.", metals=unknown)


def money(run: Findings) -> Figure | None:
    """Gain of what is held and cost of what is still to come, at each loss that is shown."""
    say, fmt, part = run.say, run.fmt, run.part(WhatIf)
    gains = {name: rows for name, rows in part.money.items() if rows[0].metals}
    if not gains:
        return None
    what = {
        "held": say("gain of what is held"),
        "coming": say("cost of what is still to come"),
        "whole": say("gain to whoever holds by then, cost to whoever buys later"),
    }
    names = ("held", "coming") if "held" in gains and "coming" in gains else ("whole",)
    rows = tuple(_money_row(run, what[name], row) for name in names for row in gains[name])
    columns = (
        Column(say.words("Who"), "left"),
        Column(say.words("Loss of supply")),
        *(Column(say.words(words)) for words in (LOW, MIDDLE, HIGH)),
    )
    table = Table(say.words("Gains and costs by loss of supply"), columns, rows)
    source = say(
        "Own calculation from values of the subject, shares of production and assumptions{assumed}.",
        assumed=sources(*run.rests_on(SUM, STOP, CARRIED, STOCKS)),
    )
    foot = text(source, *_money_short(run, gains["whole"][-1]))
    most = part.largest_observed
    if most is not None and any(end > most for name in names for row in gains[name] for end in ends(row.multiples)):
        observed = fmt.percent(most - 1.0, 0, signed=True)
        foot = text(
            foot, " ", say("‡ With a rise of a price above {change}, the largest observed after a control.", change=observed)
        )
    return Figure(_money_finding(run, gains), _money_sub(run), (table,), source=foot)


def _money_row(run: Findings, what: Text, row: Effect) -> Row:
    """A dagger where no price has been seen to rise as much in the year after a control."""
    loss, most = run.fmt.percent(row.loss, 0), run.part(WhatIf).largest_observed
    figures = (
        text(run.derived(money_words(run, end), SUM, marked=False), "‡" if most is not None and multiple > most else "")
        for end, multiple in zip(ends(row), ends(row.multiples), strict=True)
    )
    return Row((what, text(loss), *figures))


def _money_finding(run: Findings, gains: Mapping[str, Sequence[Effect]]) -> Text:
    """Gain and cost are of different people and goods: never one sum where the subject has both."""

    def amount(value: float) -> Span:
        return run.derived(money_words(run, value), SUM, marked=False)

    loss = run.fmt.percent(gains["whole"][0].loss, 0)
    if "held" in gains and "coming" in gains:
        return run.say(
            "A loss of {loss} of supply adds {low} to {high} to the value of what is held, and {less} to {more} to the cost of "
            "what is still to come",
            loss=loss,
            low=amount(gains["held"][0].low),
            high=amount(gains["held"][0].high),
            less=amount(gains["coming"][0].low),
            more=amount(gains["coming"][0].high),
        )
    return run.say(
        "A loss of {loss} of supply adds {low} to {high} to the value of these metals, and to the bill of who buys later",
        loss=loss,
        low=amount(gains["whole"][0].low),
        high=amount(gains["whole"][0].high),
    )


def _money_sub(run: Findings) -> Text:
    return run.say(
        "In {currency}. Each metal loses what {country} makes of it, and at most the loss named.",
        currency=run.currency,
        country=maker(run),
    )


def _money_short(run: Findings, last: Effect) -> Iterator[Inline]:
    """Of how many metals the largest loss is less than the stop takes."""
    if not last.short:
        return
    yield " "
    yield from run.say.counted(
        last.short,
        "For one of {total} metals {country} makes more than {most}: there the larger loss is a part of the stop, not all.",
        "For {n} of {total} metals {country} makes more than {most}: there the larger loss is a part of the stop, not all.",
        total=run.say.number_word(last.metals),
        country=maker(run),
        most=run.fmt.percent(last.loss, 0),
    )


def outside(run: Findings) -> Figure | None:
    """What others published for a full stop, and what our formula would have to assume for the same."""
    say, fmt, part = run.say, run.fmt, run.part(WhatIf)
    checks = [check for check in part.checks if check.implied_elasticity is not None]
    if not checks:
        return None
    columns = (
        Column(say.words("Metal"), "left"),
        Column(say.words("Published change"), short=say.words("published")),
        Column(say.words("Share of {country}", country=maker(run)), short=say.words("share")),
        Column(say.words("Our formula, middle e: at a loss of"), short=say.words("our loss")),
        Column(say.words("e that gives it at a full stop"), short=say.words("elasticity")),
        Column(say.words("What was published"), "left", say.words("statement")),
    )
    rows = tuple(
        Row(
            (
                text(run.head(check)),
                text(strong(fmt.percent(check.change, 0, signed=True))),
                text(fmt.percent(check.share, 0)),
                text(run.derived(fmt.percent(check.implied_loss, 0), SUM, marked=False)),
                text(fmt.number(check.implied_elasticity, 1)),
                text(say.term("term", check.statement)),
            )
        )
        for check in checks
    )
    most = max(checks, key=lambda check: (check.change, check.asset))
    title = say(
        "A published model has {metal} at {change} after a full stop; our formula is there at a loss of {loss}",
        metal=run.metal(most),
        change=fmt.percent(most.change, 0, signed=True),
        loss=run.derived(fmt.percent(most.implied_loss, 0), SUM, marked=False),
    )
    sub = say(
        "That model loses net exports alone and counts spare capacity elsewhere; ours loses all that {country} makes.",
        country=maker(run),
    )
    cited = say.listed(list(dict.fromkeys(say.term("term", check.citation) for check in checks)))
    keys = [check.source_id for check in checks]
    source = say("Source: {cited}{markers}.", cited=cited, markers=sources(*run.of_sources(*keys)))
    return Figure(title, sub, (Table(say.words("Published price responses"), columns, rows),), source=source)
