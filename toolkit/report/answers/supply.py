"""Concentration of supply by stage, and how the official views rate each metal."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from toolkit.records.answers.supply import EuStudy, Metal, Stage, Supply
from toolkit.report.answers.answer import Answer, Cell
from toolkit.report.document import Document
from toolkit.report.i18n.language import Language, mark
from toolkit.report.i18n.names import STAGES, WON
from toolkit.report.i18n.text import plain
from toolkit.supply.criticality import (
    IMPORTANCE_THRESHOLD,
    NEUTRAL_TRADE,
    PRESENT_METHOD,
    SUPPLY_RISK_THRESHOLD,
)

OVER = {True: mark("critical"), False: mark("no"), None: ""}
PRODUCERS = 8
"""Countries that a line of producers names; the object has all."""


def supply(found: Supply, say: Language) -> Document:
    """Every product, most concentrated first, or one metal in full."""
    answer = Answer(say, found.as_of)
    if found.metal is None:
        _all(answer, found)
    else:
        _one(answer, found, found.metals[0])
    _views(answer, found)
    if found.metal is not None:
        _study_trade(answer, found)
    titles = {row.source_id: say.term("source", row.source) for row in found.data}
    answer.line("Sources: {sources}.", sources="; ".join(f"{key}: {title}" for key, title in sorted(titles.items())))
    return answer.document("supply")


def _all(answer: Answer, found: Supply) -> None:
    answer.heading("Supply of all products, known on {day:%Y-%m-%d}, most concentrated first", day=found.as_of)
    answer.table(
        "metal | stage | >top | >share | >N-1 | >HHI | >HHI max | >gov HHI | >gov max | years | source",
        (_concentration(answer, metal) for metal in found.metals),
    )
    _explain_concentration(answer, found)
    answer.subtitle("How the official views rate them")
    answer.table(
        "metal | EU study | >SR | >EI | >over | >x at t | EU 2023 | US 2025 | NIR % | how it is won",
        (_official(answer, metal) for metal in found.metals),
    )
    answer.line(
        "EU 2023, US 2025: on the list of critical materials of that year. NIR: US net import reliance, E is a net exporter. "
        "Lists, NIR and hosts in full: `toolkit supply METAL`. Blank: not in the data package, or not known yet."
    )


def _concentration(answer: Answer, metal: Metal) -> Iterator[Cell]:
    yield answer.metal(metal.asset)
    yield answer.words(STAGES, metal.stage or "") if metal.stage in STAGES else ""
    if metal.scored is None:
        yield from [""] * 8
        yield answer.say.words("no shares known at this stage")
    else:
        yield from _figures(answer, metal.scored)
        yield metal.scored.years
        yield metal.scored.source_id


def _official(answer: Answer, metal: Metal) -> Iterator[Cell]:
    score = metal.eu
    yield answer.metal(metal.asset)
    yield "" if score is None else str(score.year) + _group(answer, score)
    yield from ("", "", "") if score is None else _rating(answer, score)
    yield _ratio(answer, metal.scored)
    for words in (metal.eu_list_2023, metal.us_list_2025, metal.us_net_import_reliance):
        yield _first(answer.say.known(words)) if words else ""
    yield _won(answer, metal, _first)


def _one(answer: Answer, found: Supply, metal: Metal) -> None:
    name = "" if metal.name == metal.asset else f" ({answer.say.term('name', metal.name)})"
    answer.heading("Supply of {metal}{name}, known on {day:%Y-%m-%d}", metal=metal.asset, name=name, day=found.as_of)
    answer.table(
        "stage | scored | >top | >share | >N-1 | >HHI | >HHI max | >gov HHI | >gov max | >x at t | years | source",
        (
            (
                answer.words(STAGES, at.stage), answer.say.words("yes") if at.scored else answer.say.words("no"),
                *_figures(answer, at), _ratio(answer, at), at.years, at.source_id,
            )
            for at in metal.stages
        ),
    )  # fmt: skip
    for at in metal.stages:
        _producers(answer, at)
        _disagreement(answer, at)
    _stage(answer, metal)
    if metal.stages:
        _explain_concentration(answer, found)
    if metal.by_product is not None:
        answer.line("How it is won: {how}.", how=_won(answer, metal))
        if metal.by_product == "yes":
            answer.line("The supply of a by-product follows the output of its host, not its own price.")
    answer.subtitle("How the official views rate it")
    rated = (
        (str(score.year), answer.say.known(score.material) + _group(answer, score), *_rating(answer, score))
        for score in reversed(metal.eu_studies)
    )
    if not answer.table("EU study | scored as | >SR | >EI | >over both", rated):
        answer.line("EU: the data package has no score of this metal on this day.")
    if metal.notes_source is None:
        answer.line("No reference note known: no lists, no US net import reliance, no host.")
        return
    none = answer.say.words("not noted")
    answer.line("EU list 2023: {words}", words=metal.eu_list_2023 or none)
    answer.line("US list 2025: {words}", words=metal.us_list_2025 or none)
    answer.line("US net import reliance, %: {words}", words=metal.us_net_import_reliance or none)
    answer.line(
        "Lists, reliance and host: {source}, published {day:%Y-%m-%d}.", source=metal.notes_source, day=metal.notes_known_from
    )


def _producers(answer: Answer, at: Stage) -> None:
    pairs = list(at.producers.items())
    told = [f"{country} {answer.number(share, '.1%')}" for country, share in pairs[:PRODUCERS]]
    if rest := pairs[PRODUCERS:]:
        told.append(plain(answer.told("{n} more {share:.1%}", n=len(rest), share=sum(share for _, share in rest))))
    if at.other:
        told.append(plain(answer.told("not named by the source {share:.1%}", share=at.other)))
    stage = answer.words(STAGES, at.stage).capitalize()
    answer.line("{stage}, {years}: {producers}.", stage=stage, years=at.years, producers=", ".join(told))


def _disagreement(answer: Answer, at: Stage) -> None:
    """What other compilations give for the largest producer, and both ends of the figures."""
    if not at.elsewhere or at.n_minus_1_range is None or at.hhi_range is None:
        return
    (low, high), (least, most) = at.n_minus_1_range, at.hhi_range
    answer.line(
        "Sources disagree on {country}: here {share:.1%} ({source}), elsewhere {given}. N-1 is {low:.1%} to {high:.1%}, HHI "
        "{least:,.0f} to {most:,.0f}; limits on countries count the highest share.",
        country=at.top_country, share=at.top_share, source=at.source_id, low=low, high=high,
        given=", ".join(f"{answer.number(share, '.1%')} ({compilation})" for compilation, share in at.elsewhere.items()),
        least=10_000 * least, most=10_000 * most,
    )  # fmt: skip


def _stage(answer: Answer, metal: Metal) -> None:
    if metal.stage not in STAGES:
        answer.line("No product and no note decides at which stage it is scored: every stage stands for itself.")
        return
    stage = answer.words(STAGES, metal.stage or "")
    if metal.stage_basis == "by-product":
        answer.line(
            "Scored at the stage {stage}, because it is a by-product. Mine and refining figures are never mixed.", stage=stage
        )
    elif metal.stage_basis == "shares":
        answer.line(
            "Scored at the stage {stage}: no shares were known at {other}, where its form is made. Mine and refining figures "
            "are never mixed.",
            stage=stage,
            other=answer.words(STAGES, "processing"),
        )
    else:
        answer.line(
            "Scored at the stage {stage}, as the products table says. Mine and refining figures are never mixed.", stage=stage
        )
    if metal.scored is None:
        answer.line("No shares were known at any stage.")
    elif metal.product_stage not in (None, metal.stage) and metal.stage_basis == "by-product":
        other = answer.words(STAGES, metal.product_stage or "")
        answer.line("The products table says {stage}: `exposure` and `optimize` weigh it there.", stage=other)


def _explain_concentration(answer: Answer, found: Supply) -> None:
    answer.line(
        "HHI on 0..10,000, 10,000 is one supplier; read it as a rank. HHI max: the unnamed rest counted as one country. "
        "N-1: what is left without the top country; it flatters where that country is the main consumer too."
    )
    rated = next((at.governance_year for metal in found.metals for at in metal.stages if at.governance_year), None)
    if rated is None:
        answer.line("gov HHI is left out: no governance indicator was known.")
    else:
        answer.line("gov HHI: each square weighted by the country's political risk 0..1 (WGI {year}).", year=str(rated))


def _views(answer: Answer, found: Supply) -> None:
    if found.eu_base is not None:
        answer.line(
            "EU thresholds: critical from supply risk SR {risk:.1f} and economic importance EI {importance:.1f} on; a group "
            "score is shared with other elements. ? : studies before {year} had another method and threshold.",
            risk=SUPPLY_RISK_THRESHOLD, importance=IMPORTANCE_THRESHOLD, year=str(PRESENT_METHOD),
        )  # fmt: skip
        answer.lines(found.eu_base.statement)
    if found.scenario.label is not None:
        answer.line("x at t: {label}. A ratio; it multiplies no published score.", label=found.scenario.label)


def _study_trade(answer: Answer, found: Supply) -> None:
    """The study's own t of the country, where it has one: the ratio starts from there."""
    for at in found.metals[0].stages:
        if at.scenario_ratio is None or at.study_trade_parameter == NEUTRAL_TRADE:
            continue
        told = {"stage": answer.words(STAGES, at.stage), "t": at.study_trade_parameter, "country": found.scenario.country}
        if found.scenario.trade_parameter > at.study_trade_parameter:
            answer.line("At {stage} the study itself has t = {t:g} for {country}: the ratio starts there.", **told)
        else:
            answer.line("At {stage} the study itself has t = {t:g} for {country}: no scenario of more.", **told)


def _figures(answer: Answer, at: Stage) -> Iterator[Cell]:
    yield at.top_country
    for share in (at.top_share, at.n_minus_1):
        yield answer.number(share, ".1%")
    for index in (at.hhi, at.hhi_upper, at.governance_hhi, at.governance_hhi_upper):
        yield answer.number(None if index is None else 10_000 * index, ",.0f")


def _rating(answer: Answer, score: EuStudy) -> Iterator[Cell]:
    yield answer.number(score.supply_risk, ".1f")
    yield answer.number(score.economic_importance, ".1f")
    yield answer.say.words(OVER[score.above_thresholds]) if OVER[score.above_thresholds] else "?"


def _group(answer: Answer, score: EuStudy) -> str:
    return answer.say.words(" (group)") if score.scope == "group" else ""


def _ratio(answer: Answer, at: Stage | None) -> str:
    return "" if at is None or at.scenario_ratio is None else answer.number(at.scenario_ratio, ".2f")


def _won(answer: Answer, metal: Metal, shown: Callable[[str], str] = str) -> str:
    if metal.by_product is None:
        return ""
    kind = answer.words(WON, metal.by_product)
    return f"{kind}: {shown(answer.say.known(metal.host))}" if metal.host else kind


def _first(words: str) -> str:
    """The first word or figure of a note whose qualifications do not fit a column."""
    return words.partition(";")[0].partition(" (")[0]
