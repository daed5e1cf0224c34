"""Who mines and who refines, and what a metal is used for: bars of the whole, one a stage or a metal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from toolkit.core.limits import HELD
from toolkit.records.supply import MetalSupply, Stage, Supply
from toolkit.report.charts.basket import Slice, Stack, stacked
from toolkit.report.compose import section
from toolkit.report.document import Block, Chart, Figure, Missing, Row, Table, left, right
from toolkit.report.findings import Findings
from toolkit.report.i18n.countries import CHINA
from toolkit.report.i18n.formats import capital
from toolkit.report.i18n.language import mark
from toolkit.report.i18n.names import STAGES, stage, years
from toolkit.report.i18n.text import Text, name, sentences, strong, text

Named = tuple[MetalSupply, Stage]
SUM_ROUNDED = 0.03
"""What rounding may take from or add to the sum of shares in whole per cent."""


@section("stages", mark("Who mines, who refines"), needs=["supply"])
def stages(run: Findings) -> tuple[Block, ...] | Missing:
    """The three largest producers of each metal at each stage, as parts of world production."""
    say, order = run.say, [*STAGES]
    rows: list[Named] = [
        (metal, at)
        for metal in _shown(run)
        for at in sorted((at for at in (metal.scored, *metal.other_stages) if at), key=lambda at: order.index(at.stage))
        if at.leading
    ]
    if not rows:
        return Missing(say.words("No production shares of these metals were known on this date."))
    one = len({metal.asset for metal, _ in rows}) == 1
    heads = [capital(stage(say, at.stage)) if one else f"{run.head(metal).text}, {stage(say, at.stage)}" for metal, at in rows]
    stacks = [Stack(head, tuple(_countries(run, at))) for head, (_, at) in zip(heads, rows, strict=True)]
    told = "; ".join(f"{row.name}: {', '.join(part.label for part in row.parts)}" for row in stacks)
    fills = {part.fill for row in stacks for part in row.parts}
    words = (("on", run.country(CHINA)), ("plain", say.words("the other largest three")), ("cash", say.words("all others")))
    sub = say(
        "Share of world production of the three largest producers, {years}.",
        years=say.listed(sorted({years(at.period_start, at.period_end) for _, at in rows})),
    )
    source = say("Source: statistics of production{markers}.", markers=run.of_sources(*(at.source_id for _, at in rows)))
    legend = tuple((css, told) for css, told in words if css in fills)
    chart = Chart(stacked(stacks, run.fmt), f"{told}.")
    return (Figure(_finding(run, rows), sub, (chart,), legend, source, _table(run, rows)),)


def _shown(run: Findings) -> Sequence[MetalSupply]:
    """Metals of which something is held; of a subject without weights all."""
    metals = run.part(Supply).metals
    return [metal for metal in metals if (metal.weight or 0.0) > HELD] or metals


def _countries(run: Findings, at: Stage) -> list[Slice]:
    fmt = run.fmt
    parts = [
        Slice(one.share, f"{run.country(one.key)} {fmt.percent(one.share, 0)}", "on" if one.key == CHINA else "plain")
        for one in at.leading
    ]
    rest = 1.0 - sum(one.share for one in at.leading)
    return [*parts, Slice(rest, run.say.words("others"), "cash")] if rest > HELD else parts


def _finding(run: Findings, rows: Sequence[Named]) -> Text:
    say = run.say
    metal, at = max(rows, key=lambda row: (row[1].top_share, row[0].asset))
    values = {
        "country": run.country(at.top_country),
        "share": run.fmt.percent(at.top_share, 0),
        "stage": stage(say, at.stage),
        "metal": run.metal(metal),
    }
    if len({row[0].asset for row in rows}) == 1:
        return say("{country} has {share} of the world’s {stage} of {metal}", **values)
    first = sum(one.top_country == CHINA for _, one in rows)
    return say(
        "China leads in {n} of {total} bars; the highest share is {share}, {country} in {stage} of {metal}",
        n=run.fmt.number(first),
        total=run.fmt.number(len(rows)),
        **values,
    )


def _table(run: Findings, rows: Sequence[Named]) -> Table:
    say, fmt = run.say, run.fmt
    return run.table(
        "Three largest producers",
        [(metal, at, one) for metal, at in rows for one in at.leading],
        left("Metal", lambda row: run.head(row[0])),
        left("Stage", lambda row: stage(say, row[1].stage)),
        left("Country", lambda row: run.country(row[2].key)),
        right("Share of production", lambda row: fmt.percent(row[2].share, 0)),
    )


@section("uses", mark("What it is used for"), needs=["supply"])
def uses(run: Findings) -> tuple[Block, ...] | Missing:
    """Uses within the European Union, the largest first."""
    say, fmt = run.say, run.fmt
    metals = [metal for metal in _shown(run) if metal.uses]
    if not metals:
        return Missing(say.words("The data have no shares by use of what is shown here."))
    most = max(metals, key=lambda metal: (metal.uses[0].share, metal.asset))
    values = {
        "metal": run.metal(most),
        "use": name(say.term("use", most.uses[0].key)),
        "share": fmt.percent(most.uses[0].share, 0),
    }
    title = say("Largest use of {metal} in the EU: {use}, {share}", **values)
    sub = say("Share of the use of a metal within the European Union, not of the world.")
    sub = sentences(sub, *(part for metal in metals for part in _total(run, metal)))
    table = run.table(
        text(capital(say.words("uses in the European Union"))),
        [(metal, one) for metal in metals for one in metal.uses if one.share > 0],
        left("Metal", lambda row: run.head(row[0])) if len(metals) > 1 else None,
        left("Use", lambda row: name(say.term("use", row[1].key))),
        right("Share of use", lambda row: strong(fmt.percent(row[1].share, 0))),
        gauge=say("share"),
        row=lambda row: Row(gauge=row[1].share),
    )
    keys = [metal.uses_source_id for metal in metals]
    source = say("Source: EU studies{study}.", study=run.of_sources(*keys))
    return (Figure(title, sub, (table,), source=source),)


def _total(run: Findings, metal: MetalSupply) -> Iterator[Text]:
    """What the shares add up to, where that is not the whole, and the uses that the study names with a share of zero."""
    say, total = run.say, sum(one.share for one in metal.uses)
    if abs(total - 1.0) <= SUM_ROUNDED:
        return
    yield say("The shares of {metal} add up to {total}, as published.", metal=run.metal(metal), total=run.fmt.percent(total, 0))
    if none := [name(say.term("use", one.key)) for one in metal.uses if one.share == 0]:
        yield say("{uses} stands in them with {none}.", uses=say.listed(none), none=run.fmt.percent(0.0, 0))
