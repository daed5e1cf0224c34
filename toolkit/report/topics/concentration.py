"""Concentration of supply: what is left without the largest producer, how few produce, and what a by-product hangs on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from toolkit.core.limits import HELD
from toolkit.records.controls import Standing
from toolkit.records.supply import MetalSupply, Stage, Supply
from toolkit.report.charts.scatter import Axis, Mark, scatter
from toolkit.report.compose import folded, section
from toolkit.report.document import Bar, Block, Chart, Figure, Missing, left, right
from toolkit.report.findings import Findings
from toolkit.report.i18n.language import mark
from toolkit.report.i18n.names import WON, stage, years
from toolkit.report.i18n.text import NONE, Inline, Span, Text, muted, plain, sentences, strong, text

Scored = tuple[MetalSupply, Stage]
"""A metal with its producers at the stage at which it is scored."""
POINTS = 10_000
"""The index is written as points of this many: one supplier alone has them all."""
STANDINGS: Mapping[Standing, str] = {
    "controlled": mark("needs a licence or is banned today"),
    "unsettled": mark("controlled only in part"),
    "plain": mark("no control applies"),
}
POINT_MARKS: Mapping[Standing, str] = {"controlled": "licensed", "unsettled": "unsettled", "plain": "free"}
BAR_MARKS: Mapping[Standing, str] = {"controlled": "on", "unsettled": "uncertain", "plain": "plain"}
"""Classes of the marks of the legend, for marks in a plane and for bars."""


@section("concentration", mark("Concentration of supply"), needs=["supply"])
def concentration(run: Findings) -> tuple[Block, ...] | Missing:
    """Marks or bars of what is left; behind them the indices, and the hosts of by-products."""
    rows = sorted(
        ((metal, at) for metal in run.part(Supply).metals if (at := metal.scored)),
        key=lambda row: (row[1].n_minus_1, -row[1].hhi, row[0].asset),
    )
    if not rows:
        return Missing(
            run.say.words("No production shares were known on this date at the stage at which these metals are scored.")
        )
    held = [row for row in rows if (row[0].weight or 0.0) > HELD]
    first = _weights(run, held) if held else _ranked(run, rows)
    first = replace(first, source=text(first.source, " ", *cautions(run, rows)))
    return (first, *folded(indices(run, rows), hosts(run)))


def _weights(run: Findings, held: Sequence[Scored]) -> Figure:
    """Weight against what is left: large and low is where a single country matters most."""
    say, fmt = run.say, run.fmt
    weighed = sorted(((metal.weight or 0.0, metal, at) for metal, at in held), key=lambda row: (-row[0], row[1].asset))
    marks = [
        Mark(
            run.metal(metal).text,
            100 * weight,
            100 * at.n_minus_1,
            run.standing(metal.asset),
            weight / weighed[0][0],
        )
        for weight, metal, at in weighed
    ]
    sign = fmt.percent(0, 0)[1:]
    across = Axis(say.words("share of value"), 1.0, sign)
    upward = Axis(say.words("world supply left without the largest producer"), 100.0, sign)
    chart = Chart(scatter(marks, across, upward, fmt), plain(text(*_told(run, held))))
    whole = run.part(Supply).portfolio
    sub = say(
        "Share of value against what is left of world supply when the largest producer drops out (N-1), at the stage at which "
        "the metal is scored, from whichever origin it is held. Area: value. Weighted by value, {left} is left.",
        left=strong(fmt.percent(whole.n_minus_1 if whole else None, 0)),
    )
    title = _finding(run, held) if len(held) == 1 else _hangs(run, held)
    table = run.table(
        "Weight and supply left",
        held,
        left("Metal", lambda row: run.head(row[0])),
        right("Share of value", lambda row: fmt.percent(row[0].weight)),
        right("remaining", lambda row: fmt.percent(row[1].n_minus_1, 0)),
    )
    return Figure(title, sub, (chart,), _legend(run, held, POINT_MARKS), _source(run, held), table)


def _hangs(run: Findings, held: Sequence[Scored]) -> Text:
    """The metal whose value, times what its largest producer makes of it, is the largest."""
    metal, at = max(held, key=lambda row: (row[0].weight or 0.0) * (1.0 - row[1].n_minus_1))
    return run.say(
        "Most value hangs on one producer: {metal} ({weight} of value, supply without {country}: {left})",
        metal=run.metal(metal),
        weight=run.fmt.percent(metal.weight),
        country=run.country(at.top_country),
        left=run.fmt.percent(at.n_minus_1, 0),
    )


def _ranked(run: Findings, rows: Sequence[Scored]) -> Figure:
    """What is left of every metal, the least first, where nobody's holdings weigh them."""
    say, fmt = run.say, run.fmt
    standing = {metal.asset: run.standing(metal.asset) for metal, _ in rows}
    table = run.bars(
        "Supply left without the largest producer",
        rows,
        left("Metal", lambda row: run.head(row[0])),
        left("largest producer", lambda row: run.country(row[1].top_country)),
        right("remaining", lambda row: strong(fmt.percent(row[1].n_minus_1, 0))),
        bar=lambda row: Bar(
            value=row[1].n_minus_1,
            controlled=standing[row[0].asset] != "plain",
            hollow=standing[row[0].asset] == "unsettled",
            free=standing[row[0].asset] == "plain",
        ),
    )
    sub = say(
        "What is left of world supply when the largest producer drops out (N-1), at the stage at which the metal is scored."
    )
    return Figure(_finding(run, rows), sub, (table,), _legend(run, rows, BAR_MARKS), _source(run, rows))


def _finding(run: Findings, rows: Sequence[Scored]) -> Text:
    say, fmt = run.say, run.fmt
    (least, first), (most, last) = rows[0], rows[-1]
    left = fmt.percent(first.n_minus_1, 0)
    if len(rows) == 1:
        return say("Without its largest producer {metal} keeps {left} of its supply", metal=run.metal(least), left=left)
    return say(
        "Without its largest producer {metal} keeps {left} of its supply, {other} {more}",
        metal=run.metal(least),
        left=left,
        other=run.metal(most),
        more=fmt.percent(last.n_minus_1, 0),
    )


def _told(run: Findings, held: Sequence[Scored]) -> Iterator[Inline]:
    yield from run.say("Share of value and supply left without the largest producer: ")
    for i, (metal, at) in enumerate(held):
        yield from ("; " if i else "", run.metal(metal))
        yield f" {run.fmt.percent(metal.weight)}, {run.fmt.percent(at.n_minus_1, 0)}"
    yield "."


def _legend(run: Findings, rows: Sequence[Scored], marks: Mapping[Standing, str]) -> tuple[tuple[str, str], ...]:
    """The marks that occur, by the class that draws them."""
    there = {run.standing(metal.asset) for metal, _ in rows}
    return tuple((marks[standing], run.say.words(words)) for standing, words in STANDINGS.items() if standing in there)


def _source(run: Findings, rows: Sequence[Scored]) -> Text:
    say = run.say
    missing = [metal for metal in run.part(Supply).metals if not metal.scored and (metal.weight or 0.0) > HELD]
    foot = say(
        "Source: statistics of production{markers}, notices{notices}.",
        markers=run.of_sources(*(at.source_id for _, at in rows)),
        notices=run.of_tables("controls"),
    )
    if not missing:
        return foot
    names = run.metals(missing)
    return text(foot, " ", say("Without shares at its stage, and not shown: {names}.", names=names))


def indices(run: Findings, rows: Sequence[Scored], *, full: bool = False) -> Figure:
    """Indices and what is left without the largest producer; in `full` all that is computed of a stage."""
    say, scenario = run.say, run.part(Supply).scenario
    weighed = any((metal.weight or 0.0) > HELD for metal, _ in rows)
    table = run.table(
        "Concentration of supply by metal",
        rows,
        left("Metal", lambda row: run.head(row[0])),
        left("Largest producer", lambda row: _largest(run, row[1]), "Largest"),
        right("Weight", lambda row: _weight(run, row[0])) if weighed else None,
        right("Left without it", lambda row: _left(run, row[1]), "Remaining"),
        right(say("HHI, of {most}", most=run.fmt.number(POINTS)), lambda row: _index(run, row[1]), text("HHI")),
        right("HHI by risk", lambda row: _at_risk(run, row[1])) if full else None,
        right("Ratio at t", lambda row: _ratio(run, row[1])) if full else None,
        right("Years", lambda row: text(years(row[1].period_start, row[1].period_end), run.of_sources(row[1].source_id))),
    )
    sub = say(
        "Index of Herfindahl and Hirschman (HHI): the squared shares of the named countries, {most} for a single one.",
        most=run.fmt.number(POINTS),
    )
    foot = say(
        "Source: statistics of production{markers}. US merger guidelines speak of high concentration above {high}. Where a "
        "source leaves countries unnamed, the second figure counts them as one; in brackets what other sources give.",
        high=run.fmt.number(POINTS * _high(run)),
        markers=run.of_sources(*(at.source_id for _, at in rows)),
    )
    if full:
        rated = next((at.governance_year for _, at in rows if at.governance_year), None)
        risk = say("HHI by risk: each square times the political risk of the country, 0 to 1 (WGI {year}).", year=str(rated))
        supposed = say(
            "Ratio at t: supply risk with a trade parameter of {t} for {place} over that without, in world supply: our "
            "scenario, not an EU figure.",
            t=run.fmt.plain_number(scenario.trade_parameter),
            place=run.place(scenario.country),
        )
        unrated = say("HHI by risk is left out: no governance indicator was known.")
        foot = sentences(foot, *((risk, supposed) if rated else (unrated,)), text(*cautions(run, rows)))
    return Figure(_above(run, rows), sub, (table,), source=foot)


def _ratio(run: Findings, at: Stage) -> Inline:
    return NONE if at.scenario_ratio is None else run.fmt.number(at.scenario_ratio, 2)


def _at_risk(run: Findings, at: Stage) -> Text:
    least, most = at.governance_hhi, at.governance_hhi_upper
    if least is None or most is None:
        return text(NONE)
    low, high = (run.fmt.number(POINTS * index) for index in (least, most))
    return text(low, *(() if low == high else (muted(f"–{high}"),)))


def _weight(run: Findings, metal: MetalSupply) -> Inline:
    weight = metal.weight or 0.0
    return run.fmt.percent(weight) if weight > HELD else NONE


def _largest(run: Findings, at: Stage) -> Text:
    country, share = run.country(at.top_country), run.fmt.percent(at.top_share, 0)
    return run.say("{country} {share} of {stage}", country=country, share=share, stage=stage(run.say, at.stage))


def _left(run: Findings, at: Stage) -> Text:
    others = "–".join(run.fmt.percent(share, 0) for share in at.n_minus_1_range or ())
    return text(strong(run.fmt.percent(at.n_minus_1, 0)), *((muted(f" ({others})"),) if others else ()))


def _index(run: Findings, at: Stage) -> Text:
    least, most = (run.fmt.number(POINTS * index) for index in (at.hhi, at.hhi_upper))
    others = "–".join(run.fmt.number(POINTS * end) for end in at.hhi_range or ())
    upper = () if least == most else (muted(f"–{most}"),)
    return text(strong(least), *upper, *((muted(f" ({others})"),) if others else ()))


def _above(run: Findings, rows: Sequence[Scored]) -> Text:
    say, fmt = run.say, run.fmt
    above = sum(at.hhi > _high(run) for _, at in rows)
    high = fmt.number(POINTS * _high(run))
    if above == len(rows):
        return say("Supply of every metal is highly concentrated (HHI over {high})", high=high)
    if not above:
        return say("Supply of no metal is highly concentrated (HHI over {high})", high=high)
    return say.counted(
        above,
        "Supply of one of {total} metals is highly concentrated (HHI over {high})",
        "Supply of {n} of {total} metals is highly concentrated (HHI over {high})",
        total=say.number_word(len(rows)),
        high=high,
    )


def cautions(run: Findings, rows: Sequence[Scored]) -> Iterator[Inline]:
    """What the figures do not say: other stages, other years, and who uses what the largest producer makes."""
    say, fmt = run.say, run.fmt
    other = _other_stage(rows)
    if other is not None:
        metal, at, there = other
        yield from say(
            "Mining and refining are different figures: the largest share of {metal} is {share} ({country}, {stage}) and "
            "{other} ({place}, {elsewhere}); a by-product is scored at refining. ",
            metal=run.metal(metal),
            country=run.country(at.top_country),
            share=fmt.percent(at.top_share, 0),
            stage=stage(say, at.stage),
            place=run.country(there.top_country),
            other=fmt.percent(there.top_share, 0),
            elsewhere=stage(say, there.stage),
        )
    for metal, at in rows:
        if at.elsewhere:
            low, high = (fmt.percent(share, 0) for share in at.top_share_range or ())
            yield from say(
                "Sources disagree on {metal}: {country} makes {low} to {high} of it (shown: {share}; {others}). ",
                metal=run.metal(metal),
                country=run.country(at.top_country),
                low=low,
                high=high,
                share=fmt.percent(at.top_share, 0),
                others=", ".join(f"{name} {fmt.percent(share, 0)}" for name, share in at.elsewhere.items()),
            )
    told = {metal.asset: years(at.period_start, at.period_end) for metal, at in rows}
    oldest = min(told.values())
    if oldest[-4:] < max(words[-4:] for words in told.values()):
        yield from say(
            "Vintages differ: the figures of {metals} are those of {years}. ",
            metals=run.metals(metal for metal, _ in rows if told[metal.asset] == oldest),
            years=oldest,
        )
    yield from say("Where the largest producer is the main consumer too, what is left overstates the shortage elsewhere.")


def _other_stage(rows: Sequence[Scored]) -> tuple[MetalSupply, Stage, Stage] | None:
    """The metal whose largest share differs most between two stages, with both; None where no other stage is known."""
    pairs = [(metal, at, there) for metal, at in rows for there in metal.other_stages]
    return max(pairs, key=lambda pair: (abs(pair[1].top_share - pair[2].top_share), pair[0].asset), default=None)


def hosts(run: Findings) -> Figure | None:
    """What each metal is won from: the supply of a by-product follows its host."""
    say, part = run.say, run.part(Supply)
    order = {kind: i for i, kind in enumerate(WON)}
    noted = sorted(
        (metal for metal in part.metals if metal.by_product in WON),
        key=lambda metal: (order[metal.by_product or ""], -(metal.weight or 0.0), metal.asset),
    )
    if not noted:
        return None
    table = run.table(
        "By-products and their hosts",
        noted,
        left("Metal", run.head),
        right("Weight", lambda metal: _weight(run, metal)) if part.portfolio is not None else None,
        left("How it is won", lambda metal: say.words(WON[metal.by_product or ""])),
        left("Won from", lambda metal: _host(run, metal)),
    )
    sub = say(
        "The supply of a by-product follows the output of its host, not its own price: a higher price brings little more of it."
    )
    used = run.of_sources(*(metal.notes_source_id for metal in noted))
    return Figure(_won(run, noted), sub, (table,), source=say("Source: reference notes{markers}.", markers=used))


def _host(run: Findings, metal: MetalSupply) -> Span:
    """The host in the words of the notes; a metal mined for itself has none."""
    host = metal.host
    if not host or host == "primary":
        return NONE
    return Span(run.say.term("term", host))


def _won(run: Findings, noted: Sequence[MetalSupply]) -> Text:
    say, whole = run.say, run.part(Supply).portfolio
    by_product = [metal for metal in noted if metal.by_product == "yes"]
    if whole is not None:
        share = whole.won.get("yes", 0.0)
        if share <= HELD:
            return say("Nothing held is won as a by-product alone")
        return say("By-products are {share} of value: their supply follows other metals", share=run.fmt.percent(share, 0))
    if not by_product:
        return say("None of these metals is a by-product alone")
    if len(noted) == 1:
        return say("{metal} is a by-product: its supply follows another metal", metal=run.head(noted[0]))
    return say.counted(
        len(by_product),
        "One of {total} metals is a by-product: its supply follows another metal",
        "{N} of {total} metals are by-products: their supply follows other metals",
        total=say.number_word(len(noted)),
    )


def _high(run: Findings) -> float:
    """The index above which a market is called highly concentrated."""
    return run.part(Supply).thresholds.highly_concentrated
