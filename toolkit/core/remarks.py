"""Remarks on an answer: warnings, with the money they concern, and notes on how it was made."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

Kind = Literal["data", "law", "answer", "terms", "note"]


@dataclass(frozen=True, slots=True)
class Remark:
    """A warning, or a ``note``.

    Attributes:
        kind: What is weak: ``data``; ``law``, the state of controls; ``answer``, what was found; ``terms`` of trade.
        text: A sentence.
        remedy: What to do about it, for the terminal; a note may have none.
        assets: Keys of what it is about; None for everything that is held.
        money: Value held of `assets`, in the reporting currency; None where unknown.
        comes_first: Whether it is shown before others whatever the money: an input is not used, is old or looks wrong.
    """

    kind: Kind
    text: str
    remedy: str = ""
    assets: tuple[str, ...] | None = None
    money: float | None = None
    comes_first: bool = False

    @property
    def is_warning(self) -> bool:
        """Whether `--strict` fails on it."""
        return self.kind != "note"

    def to_json(self) -> dict[str, Any]:
        """Kind, money, text and remedy."""
        return {"kind": self.kind, "money": self.money, "text": self.text, "remedy": self.remedy or None}


def note(text: str) -> Remark:
    """A note: how something was read or computed."""
    return Remark("note", text)


def by_money(remarks: Iterable[Remark], values: Mapping[str, float]) -> tuple[Remark, ...]:
    """Each remark once with the money that it concerns: unknown amounts before the largest; notes last, in their order.

    Args:
        remarks: In any order, some of them twice.
        values: Asset key -> value held in the reporting currency; that of an absent asset is unknown.
    """
    once: dict[str, Remark] = {}
    for remark in remarks:
        once.setdefault(remark.text, remark)
    found = [_priced(remark, values) for remark in once.values()]
    warnings = [remark for remark in found if remark.is_warning]
    warnings.sort(key=lambda remark: (not remark.comes_first, -math.inf if remark.money is None else -remark.money))
    return (*warnings, *(remark for remark in found if not remark.is_warning))


def in_record(remarks: Iterable[Remark]) -> dict[str, Any]:
    """The fields of a record: texts of warnings and of notes, and both with what is known of them."""
    told = tuple(remarks)
    return {
        "warnings": tuple(remark.text for remark in told if remark.is_warning),
        "notes": tuple(remark.text for remark in told if not remark.is_warning),
        "remarks": tuple(remark.to_json() for remark in told),
    }


def _priced(remark: Remark, values: Mapping[str, float]) -> Remark:
    if remark.money is not None or not remark.is_warning:
        return remark
    if remark.assets is None:
        return replace(remark, money=sum(values.values()))
    if not {*remark.assets} <= values.keys():
        return remark
    return replace(remark, money=sum(values[asset] for asset in dict.fromkeys(remark.assets)))
