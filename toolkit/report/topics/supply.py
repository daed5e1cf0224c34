"""Supply of one metal, or of all products: concentration stage by stage, how metals are won, and the official views."""

from __future__ import annotations

from collections.abc import Iterator

from toolkit.records.findings import Parts
from toolkit.records.supply import MetalSupply, Stage, Supply
from toolkit.report.compose import opened
from toolkit.report.document import Block, Document, Figure, Notes, Section, left, right
from toolkit.report.findings import Findings
from toolkit.report.i18n.formats import capital
from toolkit.report.i18n.language import Language, mark
from toolkit.report.i18n.names import STAGES, stage, years
from toolkit.report.i18n.text import Text, muted, name, text
from toolkit.report.topics.concentration import hosts, indices
from toolkit.report.topics.official import official, verdict
from toolkit.report.topics.stages import stages, uses
from toolkit.supply.criticality import NEUTRAL_TRADE

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
