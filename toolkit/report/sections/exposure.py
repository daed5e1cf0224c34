"""Exposure: the countries behind the value, and what is left of each supply without its largest producer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from toolkit.report import formats
from toolkit.report.compose import section
from toolkit.report.language import mark
from toolkit.report.countries import country
from toolkit.report.document import Bar, BarTable, Block, Column, Columns, Figure, Missing
from toolkit.report.findings import UNCERTAIN, Findings, head, metal
from toolkit.report.text import NONE, Text, muted, sources, strong, text

SHOWN = 10
"""Countries with a row of their own; the rest is one sum."""
NAMELESS, UNMOVED = 0.0005, 0.005
"""Shares, and changes of a share, that are not worth a row or a word."""


@section("exposure", mark("Exposure"), needs=["positions"])
def exposure(run: Findings) -> tuple[Block, ...] | Missing:
    """Countries of supply and dependence on the largest producer."""
    if not run.held and not run.before:
        return Missing("Nothing is held, so no country stands behind it.")
    if not run.record["exposures"]["country"] and not (run.before and run.before["country"]):
        return Missing("No country of supply is known for what is held.")
    single = _single(run)
    return (Columns((_countries(run), single)),) if single else (_countries(run),)


def _countries(run: Findings) -> Figure:
    now: Mapping[str, float] = run.record["exposures"]["country"]
    before = run.before
    old: Mapping[str, float] = before["country"] if before else {}
    caps: Mapping[str, float] = run.record["caps"]["countries"]
    order = sorted({*now, *old}, key=lambda code: (-now.get(code, 0.0), -old.get(code, 0.0), code))
    first, rest = order[:SHOWN], order[SHOWN:]
    controlled = run.controlled
    limit = next((c["limit"] for c in run.limits if c["kind"] == "control_exposure" and c["side"] == "upper"), None)
    rows: list[tuple[str, float, float, float | None, bool]] = []
    if controlled is not None:
        rows.append(("Under control", controlled, (before or {}).get("controlled") or 0.0, limit, True))
    rows += [(country(code), now.get(code, 0.0), old.get(code, 0.0), caps.get(code), False) for code in first]
    others = [
        ("Other named", sum(now.get(code, 0.0) for code in rest), sum(old.get(code, 0.0) for code in rest)),
        ("Not named", run.record["exposures"]["country_other"], before["country_other"] if before else 0.0),
        ("Supply unknown", run.record["exposures"]["country_unknown"], before["country_unknown"] if before else 0.0),
    ]
    rows += [(label, new, was, None, False) for label, new, was in others if max(new, was) > NAMELESS]
    scale = 1.1 * max(max(new, was, cap or 0.0) for _, new, was, cap, _ in rows)
    bars = tuple(
        Bar(
            text(label),
            ((_cell(was, bold=False),) if before else ()) + (_cell(new, bold=True),),
            new / scale,
            was / scale if before else None,
            None if cap is None else cap / scale,
            controlled=tint,
        )
        for label, new, was, cap, tint in rows
    )
    drawn = sorted({cap for _, _, _, cap, _ in rows if cap is not None})
    marks = ((drawn[0] / scale, f"limit {formats.limit(drawn[0])}"),) if len(drawn) == 1 else ()
    legend = (("now", "now"), ("new", "proposed")) if before else (("new", "proposed"),)
    sub = "Share of value behind which each country stands as producer, at the stage at which the metal is scored."
    foot = text(
        "Source: statistics of supply",
        sources(*run.of_tables("shares"), *run.rests_on(UNCERTAIN)),
        ". “Not named” is many countries and is never counted as one.",
    )
    columns = (Column("now"), Column("new")) if before else (Column("share"),)
    table = BarTable("Country of supply", "Country", columns, bars, marks)
    legend += (("cap", "limit"),) if drawn else ()
    return Figure(_countries_finding(run, order), text(sub), (table,), legend, foot)


def _cell(value: float, *, bold: bool) -> Text:
    if value <= 0:
        return text(NONE)
    return text(strong(formats.share(value)) if bold else muted(formats.share(value)))


def _countries_finding(run: Findings, order: Sequence[str]) -> Text:
    now, before = run.record["exposures"]["country"], run.before
    if not now:
        return text("No country stands behind what is left")
    top = order[0]
    words = f"{country(top)} stands behind {formats.percent(now[top], 0)} of value"
    if before:
        old = before["country"].get(top, 0.0)
        if abs(old - now[top]) < UNMOVED:
            return text(words, ", as it does today")
        return text(words, f", {'down' if now[top] < old else 'up'} from {formats.percent(old, 0)}")
    second = next((code for code in order[1:] if now[code] > 0), None)
    return text(words, f"; {country(second)} follows with {formats.percent(now[second], 0)}" if second else "")


def _single(run: Findings) -> Figure | None:
    """N-1 of each holding as bars: they reflow, and no two labels meet."""
    rows: list[tuple[Mapping[str, Any], Mapping[str, Any]]] = [
        (p, supply) for p in run.held if (supply := run.assets[p["asset"]]["supply"]) is not None
    ]
    if not rows:
        return None
    rows.sort(key=lambda row: (row[1]["n_minus_1"], row[0]["asset"]))
    bars = tuple(
        Bar(
            text(head(p)),
            (
                text(country(s["top_country"])),
                text(strong(formats.percent(s["n_minus_1"], 0))),
                text(muted(formats.percent(p["weight"]))),
            ),
            s["n_minus_1"],
        )
        for p, s in rows
    )
    # Of an offer from one country nothing is left by its very choice: that is no finding, unless there is no other.
    chosen = [row for row in rows if not row[0].get("origin")] or rows
    least, most = chosen[0], chosen[-1]
    title = text(
        "Without its largest producer ", metal(least[0]), f" keeps {formats.percent(least[1]['n_minus_1'], 0)} of supply"
    )
    if len(chosen) > 1:
        title = text(title, ", ", metal(most[0]), f" {formats.percent(most[1]['n_minus_1'], 0)}")
    table = BarTable(
        "Supply left without the largest producer", "Metal", (Column("largest", "left"), Column("left"), Column("weight")), bars
    )
    vintage = sorted({s["period_end"][:4] for _, s in rows})
    years = vintage[0] if len(vintage) == 1 else f"{vintage[0]} to {vintage[-1]}"
    together = run.record["exposures"]["concentration"]["n_minus_1"]
    whole = "" if together is None else f" Weighted by value: {formats.percent(together, 0)}."
    sub = f"What is left of world supply when the largest producer drops out, shares of {years}.{whole}"
    return Figure(title, text(sub), (table,), (), text("Source: statistics of supply", sources(*run.of_tables("shares")), "."))
