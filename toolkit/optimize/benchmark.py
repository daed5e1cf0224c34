"""What a portfolio is measured against: weights by name, one asset, equal weights, or what is held today."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

import numpy as np
from pydantic import AfterValidator, AliasChoices, Field

from toolkit.core.decode import Given
from toolkit.core.errors import DataError, SpecError
from toolkit.core.forecast import FloatArray
from toolkit.core.messages import message, together
from toolkit.optimize.constraints.base import ConstraintData, DataNeeds

EQUAL_WEIGHT, HELD = "equal_weight", "held"
"""Benchmarks that are no asset: the same weight for each asset of the universe, and what is held today."""
BENCHMARK = AliasChoices("target", "benchmark")
"""The key of a benchmark that an answer is to follow, and the other word for it."""


def _named(benchmark: Mapping[str, float] | str) -> Mapping[str, float] | str:
    """Refuse a benchmark without a name, and weights that add up to more than 1."""
    if not benchmark:
        raise ValueError(message("names nothing"))
    if not isinstance(benchmark, str) and (total := sum(benchmark.values())) > 1 + 1e-9:
        raise ValueError(message("adds up to {total:g}, more than 1", total=total))
    return benchmark


Benchmark = Given[Annotated[Mapping[str, Annotated[float, Field(ge=0, le=1)]] | str, AfterValidator(_named)]]


def benchmark_needs(benchmark: Mapping[str, float] | str | Literal[None]) -> DataNeeds:
    """The data that a benchmark is read from."""
    return DataNeeds(holdings=benchmark == HELD)


def benchmark_weights(benchmark: Mapping[str, float] | str, data: ConstraintData, where: str) -> FloatArray:
    """(n,) weights of a benchmark; the weight of an element or a product is shared equally by what it stands for.

    Args:
        benchmark: Weights by name (what they leave is cash), or one name.
        data: Of the universe.
        where: Whose benchmark it is, for messages.

    Raises:
        DataError: for a name that is neither an asset nor an element of the universe.
        SpecError: for what is held today where nothing is.
    """
    universe = data.universe
    if benchmark == EQUAL_WEIGHT:
        return np.full(len(universe), 1.0 / len(universe))
    if benchmark == HELD:
        if not data.held[:-1].any():
            raise SpecError(
                "{where:s}: the benchmark is what is held, and nothing is held.",
                hint="Give --holdings FILE, or --holdings last for the last stored run of this strategy.",
                where=where,
            )
        return data.held[:-1]
    weights = np.zeros(len(universe))
    for name, weight in ({benchmark: 1.0} if isinstance(benchmark, str) else benchmark).items():
        try:
            members = list(universe.members(name, (EQUAL_WEIGHT, HELD) if isinstance(benchmark, str) else ()))
        except DataError as error:
            own = message("An asset that is measured against and not held is in the universe, with an upper limit of 0.")
            raise DataError(
                message("{where:s}: {message}", where=where, message=error.message),
                hint=together(error.hint, own),
                details=error.details,
            ) from None
        weights[members] += weight / len(members)
    return weights
