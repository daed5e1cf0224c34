"""Values by what they have in common, in the order in which it first occurs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

KeyT = TypeVar("KeyT")
ValueT = TypeVar("ValueT")


def by_key(pairs: Iterable[tuple[KeyT, ValueT]]) -> dict[KeyT, list[ValueT]]:
    """Key -> the values that stand beside it."""
    found: dict[KeyT, list[ValueT]] = {}
    for key, value in pairs:
        found.setdefault(key, []).append(value)
    return found


def sums_by_key(pairs: Iterable[tuple[KeyT, float]]) -> dict[KeyT, float]:
    """Key -> the sum of the values that stand beside it."""
    found: dict[KeyT, float] = {}
    for key, value in pairs:
        found[key] = found.get(key, 0.0) + value
    return found
