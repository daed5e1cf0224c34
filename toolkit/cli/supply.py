"""`toolkit supply`: concentration of supply by stage, and how the official views rate each metal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from toolkit.cli.options import Common, without_prices
from toolkit.cli.terminal import console, print_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console

    from toolkit.app.supply import MetalSupply, StageSupply, SupplyAnswer
    from toolkit.cli.tables import Table
    from toolkit.supply.concentration import SupplyShares
    from toolkit.supply.criticality import PublishedScore

STAGE_WORDS = {"extraction": "mine", "processing": "refining"}
WON = {"yes": "by-product", "co-product": "co-product", "partly": "partly by-product", "no": "won for its own sake"}
"""The words of the column `by_product`, for people."""

PRODUCERS = 8
"""Countries that a line of producers names; --json gives all."""


@without_prices
def supply(
    metal: Annotated[
        str | None, typer.Argument(metavar="[METAL]", help="Metal or element symbol; default: all products.")
    ] = None,
    *,
    trade_parameter: Annotated[
        float | None,
        typer.Option("--trade-parameter", metavar="T", help="Trade parameter t of our scenario; 1 is no restriction."),
    ] = None,
    origin: Annotated[
        str, typer.Option("--origin", metavar="COUNTRY", help="Country that controls exports in our scenario.")
    ] = "CHN",
    common: Common,
) -> None:
    """Show how concentrated the supply is, stage by stage, and how the EU and the US rate the metal."""
    from toolkit.app.supply import SCENARIO_TRADE, Scenario
    from toolkit.app.supply import supply as ask

    scenario = Scenario(SCENARIO_TRADE if trade_parameter is None else trade_parameter, origin)
    answer = ask(common.context(), metal, scenario)
    if common.json:
        print_json(answer.to_json())
    elif answer.metal is None:
        _show_all(answer, console(common))
    else:
        _show(answer, answer.metals[0], console(common))


def _table(left: tuple[str, ...], right: tuple[str, ...], last: tuple[str, ...] = ()) -> Table:
    """A table of text columns, of figures, and of text again."""
    from toolkit.cli.tables import Table

    table = Table()
    for heading in left:
        table.add_column(heading)
    for heading in right:
        table.add_column(heading, justify="right")
    for heading in last:
        table.add_column(heading)
    return table


FIGURES = ("top", "share", "N-1", "HHI", "HHI max", "gov HHI", "gov max")


def _show_all(answer: SupplyAnswer, out: Console) -> None:
    out.print(f"Supply of all products, known on {answer.as_of}, most concentrated first", style="bold", markup=False)
    table = _table(("metal", "stage"), FIGURES, ("years", "source"))
    for metal in answer.metals:
        at = metal.scored
        stage = STAGE_WORDS.get(metal.stage or "", "")
        if at is None:
            table.add_row(metal.asset, stage, *[""] * len(FIGURES), "", "no shares known at this stage")
        else:
            table.add_row(metal.asset, stage, *_figures(at), _years(at.supply), at.supply.source)
    out.print(table)
    _explain_concentration(answer, out)
    out.print("How the official views rate them", style="bold")
    official = _table(("metal", "EU study"), ("SR", "EI", "over", "x at t"), ("EU 2023", "US 2025", "NIR %", "how it is won"))
    for metal in answer.metals:
        score, notes, at = metal.newest_score, metal.notes, metal.scored
        official.add_row(
            metal.asset,
            "" if score is None else _study(score),
            *(("", "", "") if score is None else (_score(score.supply_risk), _score(score.economic_importance), _over(score))),
            _ratio(at),
            _head(notes and notes.eu_list_2023),
            _head(notes and notes.list_2025),
            _head(notes and notes.net_import_reliance),
            _won(metal, _head),
        )
    out.print(official)
    out.print(
        "EU 2023, US 2025: on the list of critical materials of that year. NIR: US net import reliance, E is a net exporter.\n"
        "Lists, NIR and hosts in full: `toolkit supply METAL`. Blank: not in the data package, or not known yet.",
        markup=False,
    )
    _explain_views(answer, out)
    _sources(answer, out)


def _show(answer: SupplyAnswer, metal: MetalSupply, out: Console) -> None:
    name = "" if metal.name == metal.asset else f" ({metal.name})"
    out.print(f"Supply of {metal.asset}{name}, known on {answer.as_of}", style="bold", markup=False)
    if metal.stages:
        table = _table(("stage", "scored"), (*FIGURES, "x at t"), ("years", "source"))
        for at in metal.stages:
            scored = "yes" if at.scored else "no"
            row = STAGE_WORDS[at.supply.stage], scored, *_figures(at), _ratio(at), _years(at.supply), at.supply.source
            table.add_row(*row)
        out.print(table)
        for at in metal.stages:
            out.print(_producers(at.supply), markup=False)
            if told := _disagreement(at.supply):
                out.print(told, markup=False)
    _explain_stage(metal, out)
    if metal.stages:
        _explain_concentration(answer, out)
    _official(metal, out)
    _explain_views(answer, out)
    _study_trade(answer, metal, out)
    _sources(answer, out)


def _official(metal: MetalSupply, out: Console) -> None:
    """How the metal is won, its scores in every EU study, and the lists."""
    if metal.companion is not None and metal.companion.kind is not None:
        out.print(f"How it is won: {_won(metal)}.", markup=False)
        if metal.companion.kind == "yes":
            out.print("The supply of a by-product follows the output of its host, not its own price.")
    out.print("How the official views rate it", style="bold")
    if metal.scores:
        studies = _table(("EU study", "scored as"), ("SR", "EI", "over both"))
        for score in reversed(metal.scores):
            figures = _score(score.supply_risk), _score(score.economic_importance), _over(score)
            studies.add_row(str(score.year), f"{score.material}{' (group)' if score.scope == 'group' else ''}", *figures)
        out.print(studies)
    else:
        out.print("EU: the data package has no score of this metal on this day.")
    notes = metal.notes
    if notes is None:
        out.print("No reference note known: no lists, no US net import reliance, no host.")
        return
    for label, told in (
        ("EU list 2023", notes.eu_list_2023),
        ("US list 2025", notes.list_2025),
        ("US net import reliance, %", notes.net_import_reliance),
    ):
        out.print(f"{label}: {told or 'not noted'}", markup=False)
    out.print(f"Lists, reliance and host: {notes.source}, published {notes.known_from}.", markup=False)


def _study_trade(answer: SupplyAnswer, metal: MetalSupply, out: Console) -> None:
    """The study's own t of the country, where it has one: the ratio starts from there."""
    from toolkit.supply.criticality import NEUTRAL_TRADE

    for at in metal.stages:
        if at.ratio is not None and at.study_trade != NEUTRAL_TRADE:
            told = f"At {STAGE_WORDS[at.supply.stage]} the study itself has t = {at.study_trade:g} for {at.ratio.country}"
            aggravates = answer.scenario.trade_parameter > at.study_trade
            out.print(told + (": the ratio starts there." if aggravates else ": no scenario of more."), markup=False)


def _figures(at: StageSupply) -> tuple[str, ...]:
    supply, governed = at.supply, at.governed
    return (
        supply.top_country,
        _percent(supply.top_share),
        _percent(supply.n_minus_1),
        _index(supply.hhi),
        _index(supply.hhi_upper),
        "" if governed is None else _index(governed.hhi),
        "" if governed is None else _index(governed.hhi_upper),
    )


def _producers(supply: SupplyShares) -> str:
    pairs = list(zip(supply.countries, supply.shares, strict=True))
    told = [f"{country} {_percent(share)}" for country, share in pairs[:PRODUCERS]]
    if len(pairs) > PRODUCERS:
        told.append(f"{len(pairs) - PRODUCERS} more {_percent(sum(share for _, share in pairs[PRODUCERS:]))}")
    if supply.other:
        told.append(f"not named by the source {_percent(supply.other)}")
    return f"{STAGE_WORDS[supply.stage].capitalize()}, {_years(supply)}: {', '.join(told)}."


def _disagreement(supply: SupplyShares) -> str:
    """What other compilations give for the largest producer, and both ends of the figures; empty where none is known."""
    others = supply.elsewhere.get(supply.top_country)
    if not others:
        return ""
    given = ", ".join(f"{_percent(share)} ({compilation})" for compilation, share in others.items())
    left, index = (tuple(map(show, ends)) for show, ends in ((_percent, supply.n_minus_1_range), (_index, supply.hhi_range)))
    return (
        f"Sources disagree on {supply.top_country}: here {_percent(supply.top_share)} ({supply.source}), elsewhere {given}. "
        f"N-1 is {left[0]} to {left[1]}, HHI {index[0]} to {index[1]}; limits on countries count the highest share."
    )


def _explain_stage(metal: MetalSupply, out: Console) -> None:
    stage = STAGE_WORDS.get(metal.stage or "")
    if stage is None:
        out.print("No product and no note decides at which stage it is scored: every stage stands for itself.")
        return
    reason = "because it is a by-product" if metal.stage_basis == "by-product" else "as the products table says"
    out.print(f"Scored at the stage {stage}, {reason}. Mine and refining figures are never mixed.", markup=False)
    if metal.scored is None:
        out.print(f"No shares at the stage {stage} were known: no other stage takes their place.", markup=False)
    if metal.product_stage not in (None, metal.stage):
        other = STAGE_WORDS[metal.product_stage or ""]
        out.print(f"The products table says {other}: `exposure` and `optimize` weigh it there.", markup=False)


def _explain_concentration(answer: SupplyAnswer, out: Console) -> None:
    out.print(
        "HHI on 0..10,000, 10,000 is one supplier; read it as a rank. HHI max: the unnamed rest counted as one country.\n"
        "N-1: what is left without the top country; it flatters where that country is the main consumer too.",
        markup=False,
    )
    rated = next((at.governed for metal in answer.metals for at in metal.stages if at.governed), None)
    if rated is None:
        out.print("gov HHI is left out: no governance indicator was known.")
    else:
        out.print(f"gov HHI: each square weighted by the country's political risk 0..1 (WGI {rated.year}).", markup=False)


def _explain_views(answer: SupplyAnswer, out: Console) -> None:
    from toolkit.app.supply import PRESENT_METHOD
    from toolkit.supply.criticality import IMPORTANCE_THRESHOLD, SUPPLY_RISK_THRESHOLD

    if answer.base is not None:
        out.print(
            f"EU thresholds: critical from supply risk SR {SUPPLY_RISK_THRESHOLD:.1f} and economic importance EI"
            f" {IMPORTANCE_THRESHOLD:.1f} on; a group score is shared with other elements.\n"
            f"? : studies before {PRESENT_METHOD} had another method and threshold.",
            markup=False,
        )
        out.print(answer.base.statement, markup=False)
    if answer.scenario_label is not None:
        out.print(f"x at t: {answer.scenario_label}. A ratio; it multiplies no published score.", markup=False)


def _sources(answer: SupplyAnswer, out: Console) -> None:
    titles = {str(record["source_id"]): record["source"] for record in answer.provenance}
    out.print("Sources: " + "; ".join(f"{key}: {title}" for key, title in sorted(titles.items())) + ".", markup=False)


def _years(supply: SupplyShares) -> str:
    first, last = supply.period_start.year, supply.period_end.year
    return str(last) if first == last else f"{first}-{last}"


def _study(score: PublishedScore) -> str:
    return f"{score.year}{' (group)' if score.scope == 'group' else ''}"


def _over(score: PublishedScore) -> str:
    from toolkit.app.supply import is_critical

    return {True: "critical", False: "no", None: "?"}[is_critical(score)]


def _ratio(at: StageSupply | None) -> str:
    return "" if at is None or at.ratio is None else f"{at.ratio.ratio:.2f}"


def _won(metal: MetalSupply, shown: Callable[[str], str] = str) -> str:
    if metal.companion is None or metal.companion.kind is None:
        return ""
    kind = WON.get(metal.companion.kind, metal.companion.kind)
    return f"{kind}: {shown(metal.companion.host)}" if metal.companion.host else kind


def _head(words: str | None) -> str:
    """The first word or figure of a note whose qualifications do not fit a column."""
    return "" if words is None else words.partition(";")[0].partition(" (")[0]


def _score(value: float | None) -> str:
    return "" if value is None else f"{value:.1f}"


def _percent(share: float) -> str:
    return f"{share:.1%}"


def _index(value: float) -> str:
    return f"{value * 10_000:,.0f}"
