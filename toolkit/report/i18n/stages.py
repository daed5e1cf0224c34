"""How sections on supply speak of stages and periods."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from toolkit.report.i18n.formats import DASH
from toolkit.report.i18n.language import Language, mark

STAGES: Mapping[str, str] = MappingProxyType({"extraction": mark("mining"), "processing": mark("refining")})


def stage(say: Language, key: str | None) -> str:
    """The stage at which a figure is taken, in words; a dash where none decides."""
    return say.words(STAGES[key]) if key is not None and key in STAGES else DASH


def years(start: str, end: str) -> str:
    """The years of a period by its first and last day."""
    return end[:4] if start[:4] == end[:4] else f"{start[:4]}–{end[:4]}"
