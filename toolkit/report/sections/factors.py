"""Factors: how prices were corrected, and what the risk of each metal moves with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from toolkit.report import formats
from toolkit.report.compose import section
from toolkit.report.language import mark
from toolkit.report.document import Block, Column, Figure, Missing, Notes, Row, Table
from toolkit.report.origins import by_product
from toolkit.report.findings import Findings, head, metal
from toolkit.report.text import NONE, Span, Text, listed, muted, name, sources, strong, text

MUCH = 1.05
"""A correction below five percent of a volatility is not one to head a figure with."""
CHANCE = 20
"""One true zero in so many has a t-statistic beyond two."""
SHOWN = 6
"""Factors that a table has room for; further ones are in `run.json`."""
SEEN = {
    "customs_unit_value": "through the noise of customs values",
    "monthly_average": "as averages of a month",
    "annual_average": "as averages of a year",
    "annual": "once a year",
    "geltner": "as smoothed assessments",
    "getmansky_lo_makarov": "as smoothed assessments",
    "as_is": "as printed",
}
"""How each observation model looks at a price."""


@section("factors", mark("What drives the risk"), needs=["positions"])
def factors(run: Findings) -> tuple[Block, ...] | Missing:
    """Corrections, then loadings and how much they explain, then who was estimated from what."""
    if "factor_model" not in run.record:
        return Missing("This run was stored before the factor model was kept with it; run the strategy again to see it.")
    model = run.record["factor_model"]
    if model is None:
        return Missing("The covariance of this strategy has no named factors, so there are no loadings to show.")
    model = {**model, "assets": by_product(model["assets"])}
    rows: Sequence[Mapping[str, Any]] = model["assets"]
    return (_corrections(run, rows), _loadings(run, model), _coverage(rows))


def _source(run: Findings) -> Text:
    return text("Own calculation", sources(*run.of_tables("prices", "fx")), ".")


def _corrections(run: Findings, rows: Sequence[Mapping[str, Any]]) -> Figure:
    """Table: the chart of the same figures is the one in the section on risk."""
    order = sorted(rows, key=lambda a: (-a["corrected"], a["asset"]))
    columns = (
        Column("Metal", "left"), Column("Seen", "left"), Column("Printed"), Column("Corrected"), Column("68% interval"),
        Column("Year ahead"), Column("Own data"),
    )  # fmt: skip
    table = Table("Volatility a year, corrected and ahead", columns, tuple(Row(_correction_cells(a)) for a in order))
    sub = (
        f"Volatility a year in {run.currency}. Corrected: of the price behind the prints, over its history. Year ahead: with"
        " the volatility of now. Own data: how far the figure follows the metal itself; the rest is its group."
    )
    return Figure(_correction_title(rows), text(sub), (table,), (), _source(run))


def _correction_title(rows: Sequence[Mapping[str, Any]]) -> Text:
    """How many volatilities the correction moves, and the one it moves most."""
    lowered = [a for a in rows if a["raw"] > MUCH * a["corrected"]]
    raised = [a for a in rows if a["corrected"] > MUCH * a["raw"]]
    if not lowered and not raised:
        return text("Correction for how prices are observed changes no volatility by more than a twentieth")
    moved = [f"{verb} {_number(len(some))}" for verb, some in (("lowers", lowered), ("raises", raised)) if some]
    most = max((*lowered, *raised), key=lambda a: (max(a["raw"] / a["corrected"], a["corrected"] / a["raw"]), a["asset"]))
    change = f" goes from {formats.percent(most['raw'], 0)} to {formats.percent(most['corrected'], 0)}"
    whole = f"of {formats.count(len(rows), 'volatility', 'volatilities')}"
    return text(f"Correction {' and '.join(moved)} {whole}; ", metal(most), change)


def _number(n: int) -> str:
    return formats.WORDS[n] if n < len(formats.WORDS) else str(n)


def _correction_cells(a: Mapping[str, Any]) -> tuple[Text, ...]:
    return (
        text(head(a)),
        text(SEEN.get(a["observation"], formats.readable(a["observation"]))),
        text(formats.percent(a["raw"])),
        text(strong(formats.percent(a["corrected"]))),
        text(f"{formats.percent(a['low'])} to {formats.percent(a['high'])}"),
        text(formats.percent(a["forecast"])),
        text(formats.percent(a["own_weight"], 0)),
    )


def _loadings(run: Findings, model: Mapping[str, Any]) -> Figure:
    rows, found, tests = model["assets"], model["factors"][:SHOWN], model["tests"]
    heads = (*(Column(formats.capital(_name(f))) for f in found), Column("Explained"))
    table = Table(
        "Loadings on factors, with t-statistics",
        (Column("Metal", "left"), *heads),
        tuple(Row(_loading_cells(a, found, tests["threshold"])) for a in rows),
    )
    chance = formats.number(tests["estimates"] / CHANCE, 0)
    sub = text(
        f"Fraction by which a price moves with a factor, t-statistic in brackets; strong from {tests['threshold']:g} on, where"
        f" chance alone would set about {chance}. Members of a group may share one estimate. Explained: share of the variance"
        " of the year ahead. Factors, each without the metal itself, and their volatility a year: ",
        listed([text(_span(f["name"]), f" {formats.percent(f['volatility'], 0)} (", name(_members(f)), ")") for f in found]),
        ".",
    )
    return Figure(_loadings_title(model), sub, (table,), (), _source(run))


def _loading_cells(a: Mapping[str, Any], found: Sequence[Mapping[str, Any]], threshold: float) -> tuple[Text, ...]:
    loadings = (_loading(a["loadings"][f["name"]], threshold) for f in found)
    return (text(head(a)), *loadings, text(formats.percent(a["fit"], 0)))


def _loadings_title(model: Mapping[str, Any]) -> Text:
    """The clearest loading, and how many estimates there is evidence for."""
    tests = model["tests"]
    if not tests["significant"]:
        return text("No loading on any factor can be told from zero")
    tested = [(a, key, loading) for a in model["assets"] for key, loading in a["loadings"].items() if loading["t"] is not None]
    asset, key, _ = max(tested, key=lambda row: (abs(row[2]["t"]), row[0]["asset"]))
    counted = f"{tests['significant']} of {tests['estimates']} estimates can be told from zero"
    return text(head(asset), " moves most clearly with ", _span(key), f"; {counted}")


def _loading(loading: Mapping[str, Any], threshold: float) -> Text:
    if loading["t"] is None:
        return text(NONE)
    figure = formats.number(loading["loading"], 2)
    t = muted(f" ({formats.number(loading['t'], 1)})")
    return text(strong(figure) if abs(loading["t"]) >= threshold else figure, t)


def _members(factor: Mapping[str, Any]) -> str:
    told = ", ".join(formats.readable(key) for key in factor["members"] if ":" not in key)
    if factor["against"]:
        return f"{told or 'none today'}; against {', '.join(formats.readable(key) for key in factor['against'])}"
    return told or "exchange rate"


def _name(factor: Mapping[str, Any]) -> str:
    return formats.readable(factor["name"])


def _span(key: str) -> Span:
    return name({"dollar": "the dollar", "supply_shock": "the supply shock"}.get(key, formats.readable(key)))


def _coverage(rows: Sequence[Mapping[str, Any]]) -> Notes:
    """Who was estimated from what: one sentence for all that were observed alike."""
    alike: dict[tuple[str, ...], list[Mapping[str, Any]]] = {}
    for a in rows:
        alike.setdefault((a["observation"], a["volatility_from"], a["comovement_from"]), []).append(a)
    notes = []
    for (observation, volatility, comovement), members in alike.items():
        counts = sorted(a["changes"] for a in members)
        n = f"{counts[0]}" if counts[0] == counts[-1] else f"{counts[0]} to {counts[-1]}"
        gaps = sum(a["gaps"] for a in members)
        words = (
            f" seen {SEEN.get(observation, formats.readable(observation))}: {n} changes each, to"
            f" {formats.month(max(a['last'] for a in members))}; volatility from {volatility} prices, co-movement from"
            f" {comovement}{' prices' if comovement.startswith('own') else ''}"
            f"{f'; {gaps} gaps, over which no change is counted' if gaps else ''}."
        )
        notes.append(("", text(listed([head(members[0]), *(metal(a) for a in members[1:])]), words)))
    return Notes(tuple(notes))
