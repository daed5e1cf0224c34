"""How sections on supply speak of stages and periods, and how a metal stands under control today."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal

from toolkit.report.findings import Findings
from toolkit.report.i18n.formats import DASH
from toolkit.report.i18n.language import Language, mark

STAGES: Mapping[str, str] = MappingProxyType({"extraction": mark("mining"), "processing": mark("refining")})
Standing = Literal["controlled", "unsettled", "plain"]
"""Needs a licence or is banned today; no notice settles the form; neither."""


def stage(say: Language, key: str | None) -> str:
    """The stage at which a figure is taken, in words; a dash where none decides."""
    return say.words(STAGES[key]) if key is not None and key in STAGES else DASH


def years(at: Mapping[str, Any]) -> str:
    """The years that a figure speaks of."""
    first, last = at["period_start"][:4], at["period_end"][:4]
    return last if first == last else f"{first}–{last}"


def standings(run: Findings) -> Mapping[str, Standing]:
    """How each product stands for the owner's country on the day of the report, by key."""
    found: dict[str, Standing] = {}
    for row in run.record["controls"]:
        counting = any(measure["counts"] for measure in row["measures"])
        unsettled = row["uncertain"] or row["headline"].endswith("_uncertain")
        found[row["asset"]] = "unsettled" if unsettled else "controlled" if counting else "plain"
    return found
