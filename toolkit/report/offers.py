"""Offers of one product by origin: which control holds for each, and which clauses may still reach it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from toolkit.report import formats
from toolkit.report.document import Column, Figure, Row, Table
from toolkit.report.origins import product_of
from toolkit.report.findings import OFFERS, Findings, head, is_confirmed
from toolkit.report.text import NONE, Span, Text, listed, muted, sources, strong, text

REACHING = "extraterritorial"
"""The instrument of clauses on goods made abroad."""


def offers(run: Findings) -> Figure | None:
    """The offers with their weights and control states, or None where every product has one origin."""
    rows = [p for p in run.record["positions"] if p.get("offer_of")]
    if not rows:
        return None
    columns = (
        Column("Offer", "left"),
        Column("Weight"),
        Column("Chinese control", "left"),
        Column("May still reach it", "left", "May reach it"),
    )
    states = {row["asset"]: row for row in run.record["controls"]}
    table = Table("Offers by origin", columns, tuple(Row(_cells(p, states.get(product_of(p)), run)) for p in rows))
    sub = "Controls on exports from China hold for what leaves China; an origin is as offered and takes a certificate."
    foot = text("Source: notices of the Chinese authorities", sources(*run.of_tables("controls"), *run.rests_on(OFFERS)), ".")
    return Figure(_finding(run, rows), text(sub), (table,), (), foot)


def _finding(run: Findings, rows: list[Mapping[str, Any]]) -> Text:
    held = {p["asset"] for p in run.held}
    bought = [p for p in rows if p["asset"] in held]
    abroad = sum(p["weight"] for p in bought if p.get("abroad"))
    if not bought:
        return text("No product with a choice of origin is held")
    if abroad <= 0:
        return text("Where there is a choice of origin, all that is held is from China")
    part = formats.percent(abroad)
    words = "is offered as not from China, where no Chinese export licence is needed"
    return text(f"{part} of value {words}")


def _cells(p: Mapping[str, Any], state: Mapping[str, Any] | None, run: Findings) -> tuple[Text, ...]:
    held = any(p is other for other in run.held)
    weight = text(strong(formats.percent(p["weight"]))) if held else text(NONE)
    if state is None:
        return (text(head(p)), weight, text("not known"), text(NONE))
    if not p.get("abroad"):
        return (text(head(p)), weight, _own(state), text(NONE))
    return (text(head(p)), weight, text("none: not from China"), _reaching(p, state, run))


def _own(state: Mapping[str, Any]) -> Text:
    """The measures that hold for lots from China on the way to the owner."""
    counted = [m for m in state["measures"] if m["counts"]]
    if not counted:
        return text("none in force")
    told = ", ".join(f"{formats.readable(m['instrument'])} ({formats.notices(m['number'] or m['authority'])})" for m in counted)
    return text(told, Span(", uncertain for this form", "warn") if state["uncertain"] else "")


def _reaching(p: Mapping[str, Any], state: Mapping[str, Any], run: Findings) -> Text:
    """Clauses on goods made abroad, and measures of the country that the offer is from."""
    found = [m for m in state["measures"] if m["instrument"] == REACHING]
    found += [m for m in state["elsewhere"] if m["origin"] == p["origin"]]
    if not found:
        return text(muted("no clause that the ledger knows"))
    told = []
    for m in found:
        doubt = "" if is_confirmed(m) else ", unconfirmed"
        number = formats.notices(m["number"] or m["authority"])
        told.append(text(f"{number} ({formats.readable(m['status'])}{doubt})", sources(*run.of_sources(m["source_id"]))))
    return listed(told)
