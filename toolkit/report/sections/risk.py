"""Risk: who carries it, how much of a printed volatility is noise, and what may happen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from toolkit.report import formats
from toolkit.report.charts.intervals import Interval, intervals
from toolkit.report.compose import section
from toolkit.report.language import mark
from toolkit.report.document import Bar, BarTable, Block, Column, Columns, Figure, Missing, Row, Table
from toolkit.report.measures import measure_words
from toolkit.report.origins import by_product
from toolkit.report.outlook import falls, shocks, tail
from toolkit.report.findings import Findings, head, metal
from toolkit.report.text import NONE, Text, muted, sources, strong, text

NOISY = 0.5
"""A print is called noisy when less than this share of its volatility is believed."""


@section("risk", mark("Risk"), needs=["positions"])
def risk(run: Findings) -> tuple[Block, ...] | Missing:
    """Contributions beside volatilities, then falls of factors, scenarios of the strategy and their tail."""
    believed = _volatilities(run)
    if not run.held:
        return (believed,) if believed else Missing("Nothing is held, so nothing carries risk.")
    pair: tuple[Block, ...] = (Columns((_contributions(run), believed)),) if believed else (_contributions(run),)
    return (*pair, *(figure for figure in (falls(run), shocks(run), tail(run)) if figure))


def _contributions(run: Findings) -> Figure:
    shares: Mapping[str, float] = run.record["risk_contributions"]
    rows = sorted(run.held, key=lambda p: (-shares[p["asset"]], p["asset"]))
    scale = 1.05 * max(max(shares[p["asset"]], p["weight"]) for p in rows)
    bars = tuple(
        Bar(
            text(head(p)),
            (text(muted(formats.percent(p["weight"]))), text(strong(formats.percent(shares[p["asset"]])))),
            max(shares[p["asset"]], 0.0) / scale,
            p["weight"] / scale,
        )
        for p in rows
    )
    top = rows[0]
    title = text(
        head(top),
        f" carries {formats.percent(shares[top['asset']], 0)} of risk with {formats.percent(top['weight'], 0)} of value",
    )
    ratio, volatility = run.record["risk"]["diversification_ratio"], run.record["risk"]["volatility"]
    spread = "" if ratio is None else f" Held alone, the holdings would move {formats.number(ratio, 1)} times as much."
    measure = run.record["risk"]["contributions_of"]
    whole = "variance" if measure == "variance" else measure_words(measure, run.record["objective"]["confidence"])
    sub = f"Share of the whole's {whole}; volatility {formats.percent(volatility)} a year.{spread}"
    legend = ("now", "share of value"), ("new", "share of risk")
    table = BarTable("Risk contributions", "Holding", (Column("value"), Column("risk")), bars)
    return Figure(title, text(sub), (table,), legend, text("Own calculation", sources(*run.of_tables("prices", "fx")), "."))


def _volatilities(run: Findings) -> Figure | None:
    rows = sorted(by_product(run.record["assets"]), key=lambda a: (-a["volatility"]["corrected"], a["asset"]))
    if not rows:
        return None
    drawn = tuple(
        Interval(head(a).text, v["raw"], v["corrected"], v["low"], v["high"]) for a in rows for v in (a["volatility"],)
    )
    noisy = [a for a in rows if a["volatility"]["raw"] > 0 and a["volatility"]["corrected"] < NOISY * a["volatility"]["raw"]]
    if noisy:
        who = text("For ", metal(noisy[0]))
        if len(noisy) > 1:
            who = text(
                f"In {formats.WORDS[len(noisy)] if len(noisy) < len(formats.WORDS) else len(noisy)} of {len(rows)} price series"
            )
        title = text(who, " more than half of the printed volatility is noise")
    else:
        title = text(
            f"Volatility lies between {formats.percent(rows[-1]['volatility']['corrected'], 0)}",
            f" and {formats.percent(rows[0]['volatility']['corrected'], 0)} a year",
        )
    columns = (
        Column("Metal", "left"), Column("Printed"), Column("Corrected"), Column("68% interval"), Column("Noise of a print"),
        Column("n"), Column("From", "left"), Column("To", "left"), Column("Model", "left"),
    )  # fmt: skip
    data = Table("Volatility a year, printed and corrected", columns, tuple(Row(_cells(a)) for a in rows), stacks=False)
    counts = sorted(a["volatility"]["observations"] for a in rows)
    n = f"{counts[0]}" if counts[0] == counts[-1] else f"{counts[0]} to {counts[-1]}"
    sub = f"Volatility a year in {run.currency}, from {n} price changes. Band: 68% interval of the corrected figure."
    legend = (("raw", "as printed"), ("level", "corrected, with interval"))
    foot = text(
        "Source: price series",
        sources(*run.of_tables("prices", "fx")),
        ". Customs values are noisy; a model takes the noise out." if noisy else ".",
    )
    return Figure(title, text(sub), (intervals(drawn, "Volatility a year, percent.", run.fmt),), legend, foot, data)


def _cells(a: Mapping[str, Any]) -> tuple[Text, ...]:
    v = a["volatility"]
    return (
        text(head(a)),
        text(formats.percent(v["raw"])),
        text(strong(formats.percent(v["corrected"]))),
        text(f"{formats.percent(v['low'])} to {formats.percent(v['high'])}"),
        text(formats.percent(v["noise"])) if v["noise"] else text(NONE),
        text(str(v["observations"])),
        text(formats.month(v["first"])),
        text(formats.month(v["last"])),
        text(formats.readable(v["model"])),
    )
