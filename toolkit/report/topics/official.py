"""How the EU and the US rate the metals: published scores, our scenario beside them, and what the scores cannot see."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from toolkit.core.grouping import by_key
from toolkit.records.supply import EuStudy, MetalSupply, Supply
from toolkit.report.charts.scatter import Axis, Mark, scatter
from toolkit.report.compose import folded, section
from toolkit.report.document import Block, Chart, Figure, Missing, left, right
from toolkit.report.findings import Findings
from toolkit.report.i18n.language import mark
from toolkit.report.i18n.text import NONE, Inline, Span, Text, muted, plain, strong, text

TRADE = "trade_parameter"
"""Key of the assumption behind our scenario."""
LEGEND = (
    ("scored", mark("published, of the metal alone")),
    ("shared", mark("published, of its group")),
    ("supposed", mark("our scenario, not an EU figure")),
)
RELIANCE = re.compile(r"^(>?)(\d+)\b(?:\s*\(?([^()]*)\)?)?$")
"""A US net import reliance in the notes: ``100``, ``>50``, ``67 (compounds and metals)``, ``67 group``."""
EXPORTER = re.compile(r"^E\s*\((.+)\)$")
NOT_AVAILABLE = "NA"


class Rated(NamedTuple):
    """A metal with its published score, both figures of which are known."""

    metal: MetalSupply
    score: EuStudy
    risk: float
    importance: float


@section("official", mark("How the EU and the US rate these metals"), needs=["supply"])
def official(run: Findings) -> tuple[Block, ...] | Missing:
    """The plane of the EU study, what the study cannot see, and behind them the table of both views."""
    metals = [metal for metal in run.part(Supply).metals if metal.eu or metal.us_list_2025]
    if not metals:
        return Missing(run.say.words("No official view of these metals was known on this date."))
    rated = [
        Rated(metal, score, risk, importance)
        for metal in metals
        if (score := metal.eu)
        and (risk := score.supply_risk) is not None
        and (importance := score.economic_importance) is not None
    ]
    first: tuple[Block, ...] = (_plane(run, rated),) if rated else ()
    return (*first, *folded(_views(run, metals)))


def _plane(run: Findings, rated: Sequence[Rated]) -> Figure:
    """Supply risk over economic importance, as the EU draws it, with both thresholds."""
    say, fmt, limits = run.say, run.fmt, run.part(Supply).thresholds
    important, risky = limits.economic_importance, limits.supply_risk
    across = Axis(say.words("economic importance EI"), 1.0, "", (important, f"EI {fmt.number(important, 1)}"))
    upward = Axis(say.words("supply risk SR"), 1.0, "", (risky, f"SR {fmt.number(risky, 1)}"))
    marks = [*_marks(run, rated)]
    chart = Chart(scatter(marks, across, upward, fmt), plain(text(*_told(run, rated))))
    kinds = {"shared" if one.style == "shared" else "scored" for one in marks}
    kinds |= {"supposed"} if any(one.supposed is not None for one in marks) else set()
    legend = tuple((kind, say.words(words)) for kind, words in LEGEND if kind in kinds)
    source = say(
        "Source: EU studies{study}; scenario from shares of production and governance{shares}{assumed}.",
        study=run.of_tables("criticality"),
        shares=run.of_tables("governance"),
        assumed=run.rests_on(TRADE),
    )
    if "supposed" not in kinds:
        source = say("Source: EU studies{study}.", study=run.of_tables("criticality"))
    table = run.table(
        "Supply risk and economic importance",
        rated,
        left("Metal", lambda one: run.head(one.metal)),
        right("SR", lambda one: fmt.number(one.risk, 1)),
        right("EI", lambda one: fmt.number(one.importance, 1)),
    )
    return Figure(_finding(run, rated), _sub(run, rated), (chart,), legend, text(source, " ", *_cautions(run, rated)), table)


def _marks(run: Findings, rated: Sequence[Rated]) -> Iterator[Mark]:
    """One mark a place: metals that share a score of their group share a mark and its label."""
    places = by_key(((importance, risk, score.scope == "group"), metal) for metal, score, risk, importance in rated)
    for (importance, risk, shared), members in sorted(places.items(), reverse=True):
        label = ", ".join(run.metal(metal).text for metal in members)
        supposed = max((value for metal in members if (value := _supposed(metal)) is not None), default=None)
        yield Mark(label, importance, risk, "shared" if shared else "plain", supposed=supposed)


def _supposed(metal: MetalSupply) -> float | None:
    """The supply risk of our scenario, where it differs from the published one as it is written: with one decimal."""
    value, published = metal.scenario_supply_risk, metal.eu.supply_risk if metal.eu else None
    return None if value is None or published is None or round(value, 1) == round(published, 1) else value


def _finding(run: Findings, rated: Sequence[Rated]) -> Text:
    say = run.say
    year = str(max(one.score.year for one in rated))
    judged = [one for one in rated if one.score.above_thresholds is not None]
    if not judged:
        return say("The EU study of {year} had another method: the thresholds of today do not hold for it", year=year)
    below = [one.metal for one in judged if not one.score.above_thresholds]
    if not below:
        return say("All metals rated reach both thresholds of the EU study of {year}", year=year)
    critical = len(judged) - len(below)
    if not critical:
        return say("None of these metals reaches both thresholds of the EU study of {year}", year=year)
    names = run.metals(below)
    return say.counted(
        critical,
        "One of {total} metals reaches both thresholds of the EU study of {year}; below are {names}",
        "{N} of {total} metals reach both thresholds of the EU study of {year}; below are {names}",
        total=say.number_word(len(judged)),
        year=year,
        names=names,
    )


def _sub(run: Findings, rated: Sequence[Rated]) -> Text:
    say, fmt, part = run.say, run.fmt, run.part(Supply)
    thresholds, scenario = part.thresholds, part.scenario
    words = say(
        "Supply risk (SR) against economic importance (EI), without unit; critical from SR {risk} and EI {importance} on.",
        risk=fmt.number(thresholds.supply_risk, 1),
        importance=fmt.number(thresholds.economic_importance, 1),
    )
    if not any(_supposed(one.metal) is not None for one in rated):
        return words
    supposed = say(
        "Hollow: the same score with a trade parameter of {t} for {place}.",
        t=run.assumed(fmt.plain_number(scenario.trade_parameter), TRADE),
        place=run.place(scenario.country),
    )
    return text(words, " ", supposed)


def _told(run: Findings, rated: Sequence[Rated]) -> Iterator[Inline]:
    say, fmt = run.say, run.fmt
    yield from say("Supply risk and economic importance: ")
    for i, one in enumerate(rated):
        yield "; " if i else ""
        yield from say(
            "{metal} {risk} and {importance}",
            metal=run.metal(one.metal),
            risk=fmt.number(one.risk, 1),
            importance=fmt.number(one.importance, 1),
        )
    yield "."


def _views(run: Findings, metals: Sequence[MetalSupply]) -> Figure:
    """Both views in one table; words of the notes stand as they are there."""
    say = run.say
    table = run.table(
        "Official views by metal",
        metals,
        left("Metal", run.head),
        right(text("SR"), lambda metal: _risk(run, metal.eu)),
        right("SR, our scenario", lambda metal: _scenario(run, metal), "scenario"),
        right(text("EI"), lambda metal: _figure(run, metal.eu.economic_importance) if metal.eu else NONE),
        left("Thresholds", lambda metal: verdict(run, metal.eu)),
        left("EU list 2023", lambda metal: _words(run, metal.eu_list_2023), "EU list"),
        left("US list 2025", lambda metal: _words(run, metal.us_list_2025), "US list"),
        left("US net imports", lambda metal: _reliance(run, metal.us_net_import_reliance)),
    )
    on_both = sum(_listed(metal.eu_list_2023) and _listed(metal.us_list_2025) for metal in metals)
    title = say("None of these metals is on both lists, of the EU and of the US")
    if not any(metal.eu_list_2023 or metal.us_list_2025 for metal in metals):
        title = say("Which metals are on the lists of the EU and of the US is not in the data known on this date")
    elif on_both == len(metals) == 1:
        title = say("{metal} is on both lists, of the EU and of the US", metal=run.head(metals[0]))
    elif on_both:
        title = say.counted(
            on_both,
            "One of {total} metals is on both lists, of the EU and of the US",
            "{N} of {total} metals are on both lists, of the EU and of the US",
            total=say.number_word(len(metals)),
        )
    sub = say(
        "EU study of {year}; a group before a score shares it. Lists and US net imports, as a share of apparent use, in the "
        "words of the reference notes; a dash where they have none.",
        year=str(max((metal.eu.year for metal in metals if metal.eu), default="")) or "–",
    )
    source = say(
        "Source: EU studies{study}, reference notes{notes}.",
        study=run.of_tables("criticality"),
        notes=run.of_tables("metals"),
    )
    if any(_supposed(metal) is not None for metal in metals):
        doubt = say(
            "The scenario multiplies a score that is published with one decimal, so its last digit is uncertain{markers}.",
            markers=run.rests_on(TRADE),
        )
        source = text(source, " ", doubt)
    if not run.of_tables("metals").refs:
        source = say("Source: EU studies{study}.", study=run.of_tables("criticality"))
    return Figure(title, sub, (table,), source=source)


def _listed(words: str | None) -> bool:
    return (words or "").startswith("yes")


def _scenario(run: Findings, metal: MetalSupply) -> Span:
    supposed = _supposed(metal)
    return NONE if supposed is None else run.derived(run.fmt.number(supposed, 1), TRADE, marked=False)


def _figure(run: Findings, value: float | None) -> Text:
    return text(NONE) if value is None else text(strong(run.fmt.number(value, 1)))


def _risk(run: Findings, score: EuStudy | None) -> Text:
    """The supply risk, with the group that it is shared with, and its year where that is not the newest."""
    if score is None:
        return text(NONE)
    newest = max(metal.eu.year for metal in run.part(Supply).metals if metal.eu)
    group = run.say.term("term", score.material) if score.scope == "group" else ""
    year = str(score.year) if score.year != newest else ""
    before = " ".join(word for word in (group, year) if word)
    return text(*((muted(f"{before} "),) if before else ()), _figure(run, score.supply_risk))


def verdict(run: Findings, score: EuStudy | None) -> Text:
    """Whether both thresholds are reached."""
    if score is None:
        return text(NONE)
    if score.above_thresholds is None:
        return text(muted(run.say.words("other method")))
    return run.say("both reached") if score.above_thresholds else run.say("not both")


def _words(run: Findings, words: str | None) -> Text:
    """An entry of the notes in the language of the report; a reader has no use for what it says of its own making."""
    return text(Span(run.say.term("term", words))) if words else text(NONE)


def _reliance(run: Findings, words: str | None) -> Text:
    """US net imports over apparent use, as the notes give it: a figure, a lower bound, or words."""
    say = run.say
    if not words or words == NOT_AVAILABLE:
        return text(NONE)
    if exporter := EXPORTER.match(words):
        return text(say.term("term", exporter[1]))
    found = RELIANCE.match(words.partition(";")[0].strip())
    if not found:
        return text(say.term("term", words))
    more, figure, what = found.groups()
    share = f"{more}{run.fmt.percent(int(figure) / 100, 0)}"
    qualified = say.words("of the group") if what == "group" else say.term("term", what or "")
    return text(share, f" ({qualified})" if what else "")


def _cautions(run: Findings, rated: Sequence[Rated]) -> Iterator[Inline]:
    """What the scores cannot see: every control since their base years, on metals above and below the thresholds."""
    say, base = run.say, run.part(Supply).eu_base
    if base:
        yield from say.translate(base.statement)
        yield " "
    low = [one.metal for one in rated if one.score.above_thresholds is False]
    if controlled := [metal for metal in low if run.standing(metal.asset) == "controlled"]:
        names = run.metals(controlled)
        yield from say.counted(
            len(controlled),
            "Below a threshold is no sign of free trade: {names} needs a Chinese licence today. ",
            "Below a threshold is no sign of free trade: {names} need a Chinese licence today. ",
            names=names,
        )
