"""Supply of one metal, or of all products: concentration stage by stage, how metals are won, and the official views."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from toolkit.core.limits import HELD
from toolkit.records.findings import Parts
from toolkit.records.supply import MetalSupply, Stage, Supply
from toolkit.report.charts.basket import Slice, Stack, stacked
from toolkit.report.compose import opened, section
from toolkit.report.document import Block, Chart, Document, Figure, Missing, Notes, Row, Section, Table, left, right
from toolkit.report.findings import Findings
from toolkit.report.i18n.countries import CHINA
from toolkit.report.i18n.formats import capital
from toolkit.report.i18n.language import Language, mark
from toolkit.report.i18n.names import STAGES, stage, years
from toolkit.report.i18n.text import Text, muted, name, sentences, strong, text
from toolkit.report.topics.concentration import hosts, indices
from toolkit.report.topics.official import official, verdict
from toolkit.supply.criticality import NEUTRAL_TRADE

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


PRODUCERS = 8
"""Countries that a line of producers names; the object has all."""


def document(found: Supply, say: Language) -> Document:
    """The answer of `toolkit supply`: the sections of reports, of one metal with every stage, producer and study."""
    run, written = Findings.alone(found.as_of, Parts(supply=found), say), say.fmt.long_date(found.as_of)
    (metal, *_), one = found.metals, found.asked is not None
    rows = [(metal, at) for metal in found.metals for at in (metal.stages if one else metal.stages[:1]) if one or metal.scored]
    title = say.words("Supply of all products, known on {day}", day=written)
    blocks: list[Block] = [indices(run, rows, full=True)] if rows else []
    if one:
        title = say.words("Supply of {metal}, known on {day}", metal=run.metal(metal), day=written)
        blocks += (*_notes(_about(run, found, metal)), *opened(run, stages))
    blocks += [figure for figure in (hosts(run), _studies(run, metal) if one else None) if figure]
    blocks += opened(run, official)
    if one:
        blocks += opened(run, uses)
    blocks += _notes(_beside(run, found))
    return Document(title, say.code, found.as_of, written, "", (Section("supply", title, tuple(blocks)),))


def _notes(words: Iterator[Text]) -> tuple[Notes, ...]:
    items = tuple(("", one) for one in words)
    return (Notes(items),) if items else ()


def _about(run: Findings, found: Supply, metal: MetalSupply) -> Iterator[Text]:
    """Producers of each stage, at which stage the metal is scored and why, and what the study itself supposes."""
    say = run.say
    for at in metal.stages:
        yield _producers(run, at)
    if metal.stage not in STAGES:
        yield say("No product and no note decides at which stage it is scored: every stage stands for itself.")
    else:
        yield _scored(run, metal)
    if metal.scored and metal.stage_basis == "by-product" and metal.product_stage not in (None, metal.stage):
        other = stage(say, metal.product_stage)
        yield say("The products table says {stage}: `exposure` and `optimize` weigh it there.", stage=other)
    for at in metal.stages:
        if at.scenario_ratio is None or at.study_trade_parameter == NEUTRAL_TRADE:
            continue
        told = {
            "stage": stage(say, at.stage),
            "t": run.fmt.plain_number(at.study_trade_parameter),
            "place": run.place(found.scenario.country),
        }
        if found.scenario.trade_parameter > at.study_trade_parameter:
            yield say("At {stage} the study itself has t = {t} for {place}: the ratio starts there.", **told)
        else:
            yield say("At {stage} the study itself has t = {t} for {place}: no scenario of more.", **told)


def _producers(run: Findings, at: Stage) -> Text:
    say, fmt = run.say, run.fmt
    named, rest = at.producers[:PRODUCERS], at.producers[PRODUCERS:]
    told = [f"{run.country(one.key)} {fmt.percent(one.share)}" for one in named]
    if rest:
        told.append(say.words("{n} more {share}", n=len(rest), share=fmt.percent(sum(one.share for one in rest))))
    if at.other:
        told.append(say.words("not named by the source {share}", share=fmt.percent(at.other)))
    head = capital(stage(say, at.stage))
    return say(
        "{stage}, {years}: {producers}.", stage=head, years=years(at.period_start, at.period_end), producers=", ".join(told)
    )


def _scored(run: Findings, metal: MetalSupply) -> Text:
    """At which stage the metal is scored, and why."""
    say, at = run.say, stage(run.say, metal.stage)
    match metal.stage_basis:
        case "by-product":
            why = mark("Scored at the stage {stage}, because it is a by-product. Mine and refining figures are never mixed.")
        case "shares":
            why = mark(
                "Scored at the stage {stage}: no shares were known at {other}, where its form is made. Mine and refining "
                "figures are never mixed."
            )
        case _:
            why = mark("Scored at the stage {stage}, as the products table says. Mine and refining figures are never mixed.")
    return say(why, stage=at, other=stage(say, "processing"))


def _studies(run: Findings, metal: MetalSupply) -> Figure | None:
    """The scores of every study, the newest first; None without one."""
    say, fmt, found = run.say, run.fmt, run.part(Supply)
    if not metal.eu_studies:
        return None
    table = run.table(
        "EU studies by year",
        metal.eu_studies[::-1],
        left("EU study", lambda score: str(score.year)),
        left("Scored as", lambda score: _material(run, score.material, shared=score.scope == "group")),
        right(text("SR"), lambda score: fmt.number(score.supply_risk, 1)),
        right(text("EI"), lambda score: fmt.number(score.economic_importance, 1)),
        left("Thresholds", lambda score: verdict(run, score)),
    )
    sub = say(
        "Supply risk (SR) against economic importance (EI), without unit; critical from SR {risk} and EI {importance} on.",
        risk=fmt.number(found.thresholds.supply_risk, 1),
        importance=fmt.number(found.thresholds.economic_importance, 1),
    )
    return Figure(say("How {metal} was rated in every EU study", metal=run.metal(metal)), sub, (table,))


def _material(run: Findings, material: str, *, shared: bool) -> Text:
    return text(name(run.say.known(material)), *((muted(run.say.words(" (group)")),) if shared else ()))


def _beside(run: Findings, found: Supply) -> Iterator[Text]:
    """What is not known, what is supposed, and the sources by their titles."""
    say, one = run.say, found.asked is not None
    if without := [metal for metal in found.metals if not metal.scored]:
        if one and found.metals[0].stage in STAGES:
            yield say("No shares were known at any stage.")
        elif not one:
            yield say("Without shares at its stage, and not shown: {names}.", names=run.metals(without))
    if one and found.metals[0].eu is None:
        yield say("EU: the data package has no score of this metal on this day.")
    if one and found.metals[0].notes_source_id is None:
        yield say("No reference note known: no lists, no US net import reliance, no host.")
    yield from map(say.translate, found.assumptions.values())
    yield say("Sources: {sources}.", sources="; ".join(sorted({say.term("source", row.source) for row in found.data})))
