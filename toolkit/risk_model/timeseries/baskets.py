"""Factors as equally weighted baskets of series, whole and without any one of their members."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import chain
from types import MappingProxyType

import numpy as np
import polars as pl
from numpy.typing import NDArray

from toolkit.core.baskets import DOLLAR, MEMBERS
from toolkit.core.forecast import FloatArray
from toolkit.returns.observed_returns import Returns

SUPPLY = "supply_shock"
MARKET = "equal_weight"
MINIMUM_PERIODS = 12
"""Fewer joint periods than this make no factor and fit no loading."""


def mean_weights(increments: Returns, members: tuple[str, ...]) -> FloatArray:
    """Equal weights (T, n) on the members that have a change in each period; NaN rows where none has."""
    inside = np.isin(increments.series, members) & np.isfinite(increments.mean)
    count = inside.sum(axis=1, keepdims=True)
    return np.divide(inside, count, out=np.full(inside.shape, np.nan), where=count > 0)


def membership(controlled: pl.DataFrame, dates: tuple[date, ...], series: tuple[str, ...]) -> FloatArray:
    """Whether each series was under licence or ban during each period: (T, n) of 0 and 1.

    Args:
        controlled: Columns `asset`, `from`, `to` (inclusive; null: to this day). Periods of one asset may overlap.
        dates: Last dates of the T periods; a period is controlled if its last date is.
        series: n names.
    """
    place = {key: i for i, key in enumerate(series)}
    assets = controlled["asset"].to_list()
    if place.keys().isdisjoint(assets):
        return np.broadcast_to(0.0, (len(dates), len(series)))
    state = np.zeros((len(dates), len(series)))
    for asset, start, end in zip(assets, controlled["from"].to_list(), controlled["to"].to_list(), strict=True):
        if asset in place:
            first, last = bisect_left(dates, start), bisect_right(dates, end or date.max)
            state[first:last, place[asset]] = 1.0
    return state


def _without_each(values: FloatArray) -> FloatArray:
    """Sums (p + 1, T) of values (p, T) without each row, and without none in the last.

    The sum of the rows before it and after it, never the whole minus it: the rounding does not depend on it either.
    """
    p, T = values.shape
    sums, after = np.zeros((p + 1, T)), np.zeros(T)
    # Row by row: a fifth of the time of `cumsum`.
    for i in range(p):
        np.add(sums[i], values[i], out=sums[i + 1])
    for i in range(p - 1, 0, -1):
        after += values[i]
        sums[i - 1] += after
    return sums


def _mean(sums: FloatArray, counts: FloatArray, noisy: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Mean (T,) of sums over so many, NaN over none, and its weights (T, m) on the noisy members."""
    some = counts > 0
    mean = np.divide(sums, counts, out=np.full(len(counts), np.nan), where=some)
    return mean, np.divide(noisy, counts[:, None], out=np.zeros_like(noisy), where=some[:, None])


@dataclass(frozen=True, slots=True)
class Basket:
    """Equal weights on the p members that have a change in each period.

    Attributes:
        columns: (p,) positions of the members among the series.
        noisy: (T, m) 1 for the members with a change among the series that are measured with error, 0 elsewhere.
        sums, counts: (p + 1, T) over the members with a change, without each of them and (last) without none.
        whole: As of `without`, of all members: what most assets, which are none of them, are explained by.
    """

    columns: NDArray[np.intp]
    noisy: FloatArray
    sums: FloatArray
    counts: FloatArray
    whole: tuple[FloatArray, FloatArray]

    @classmethod
    def of(cls, increments: Returns, names: Collection[str], inside: NDArray[np.bool_] | None = None) -> Basket:
        """The basket of some series.

        Args:
            increments: Changes of N series in T periods.
            names: Of the series; those that are not among them do not count.
            inside: (T, N) periods of membership; None for all. A period without a change never counts.
        """
        members = np.array([i for i, name in enumerate(increments.series) if name in names], dtype=np.intp)
        values = increments.mean.T[members]
        present = np.isfinite(values)
        if inside is not None:
            present &= inside.T[members]
        if not present.all():
            some = present.any(axis=1)
            members, values, present = members[some], values[some], present[some]
            values[~present] = 0.0
        noisy = np.zeros((len(increments.dates), len(increments.noisy)))
        _, column, row = np.intersect1d(increments.noisy, members, return_indices=True)
        noisy[:, column] = present[row].T
        sums, p = _without_each(values), len(members)
        if present.all():
            counts = np.broadcast_to(np.append(np.full(p, p - 1.0), p)[:, None], sums.shape)
        else:
            counts = _without_each(present.astype(np.float64))
        return cls(members, noisy, sums, counts, _mean(sums[-1], counts[-1], noisy))

    def without(self, position: int, noisy: NDArray[np.bool_]) -> tuple[FloatArray, FloatArray]:
        """Mean change (T,), NaN where nothing is left, and weights (T, m) on the noisy series, zero there.

        Args:
            position: Of the series to leave out; negative for none, as that of a series which is no member.
            noisy: (m,) which of the noisy series it is.
        """
        at = int(np.searchsorted(self.columns, position))
        if at == len(self.columns) or int(self.columns[at]) != position:
            return self.whole
        return _mean(self.sums[at], self.counts[at], np.where(noisy, 0.0, self.noisy))

    def means_without(self, positions: Sequence[int]) -> FloatArray:
        """Mean changes (b, T) without each of b series, as of `without`."""
        at = np.searchsorted(self.columns, positions)
        member = np.append(self.columns, -1)[at] == positions
        at = np.where(member, at, len(self.columns))
        sums, counts = self.sums[at], self.counts[at]
        return np.divide(sums, counts, out=np.full(sums.shape, np.nan), where=counts > 0)


@dataclass(frozen=True, slots=True)
class BasketFactors:
    """Changes of k factors by name; the supply shock, if any, is the last.

    Attributes:
        names: k.
        mean: (T, k), NaN in periods without one.
        weights: (T, k, m) on the series that are measured with error.
    """

    names: tuple[str, ...]
    mean: FloatArray
    weights: FloatArray


@dataclass(frozen=True)  # no slots: what most assets are explained by is made once
class LeaveOneOutFactors:
    """Baskets of the factors, from which any asset can be left out.

    Attributes:
        increments: Changes of all series.
        observed: Names of the observed factors.
        baskets: By factor. The supply shock is the mean of the controlled minus that of the uncontrolled metals.
        uncontrolled: The other side of the supply shock.
    """

    increments: Returns
    observed: tuple[str, ...]
    baskets: Mapping[str, Basket]
    uncontrolled: Basket

    @classmethod
    def of(
        cls,
        increments: Returns,
        metals: tuple[str, ...],
        state: FloatArray,
        held: tuple[str, ...],
        members: Mapping[str, tuple[str, ...]] = MEMBERS,
    ) -> LeaveOneOutFactors:
        """The baskets of the observed factors and of the supply shock.

        Args:
            increments: Changes of all series.
            metals: Series that may be on either side of the supply shock.
            state: (T, N) from `membership`.
            held: Assets whose equally weighted mean is the one factor if there is no other.
            members: Series behind each observed factor.
        """
        baskets = {name: Basket.of(increments, series) for name, series in members.items()}
        baskets[SUPPLY] = Basket.of(increments, metals, state > 0)
        baskets[MARKET] = Basket.of(increments, {*held})
        return cls(increments, tuple(members), MappingProxyType(baskets), Basket.of(increments, metals, state == 0))

    def without(self, asset: str = "") -> BasketFactors:
        """The factors that the series allow, none of them containing `asset`."""
        position = self._place[asset] if asset else -1
        noisy = self.increments.noisy == position
        rows = self._without(position, noisy) if position in self._members else self._whole
        if not rows.keys() - {DOLLAR, SUPPLY}:
            rows = {MARKET: self.baskets[MARKET].without(position, noisy), **rows}
        means, weights = zip(*rows.values(), strict=True)
        return BasketFactors(tuple(rows), np.stack(means, axis=1), np.stack(weights, axis=1))

    def outsiders(self, assets: tuple[str, ...]) -> NDArray[np.intp]:
        """Which of some assets (b,) are part of no factor, save the mean of all where that is the one factor."""
        return np.array([i for i, asset in enumerate(assets) if self._place[asset] not in self._members], dtype=np.intp)

    def of_outsiders(self, assets: Sequence[str]) -> tuple[tuple[str, ...], FloatArray]:
        """Names and mean changes (b, k, T) of the factors of each of b outsiders, as of `without`."""
        means = {name: mean for name, (mean, _) in self._whole.items()}
        if not means.keys() - {DOLLAR, SUPPLY}:
            means = {MARKET: self.baskets[MARKET].means_without([self._place[asset] for asset in assets]), **means}
        found = np.empty((len(assets), len(means), len(self.increments.dates)))
        for j, mean in enumerate(means.values()):
            found[:, j] = mean
        return tuple(means), found

    @cached_property
    def _place(self) -> dict[str, int]:
        return {name: i for i, name in enumerate(self.increments.series)}

    @cached_property
    def _members(self) -> frozenset[int]:
        """Positions of the series of which a factor is made, the mean of all held aside."""
        baskets = (*(self.baskets[name] for name in (*self.observed, SUPPLY)), self.uncontrolled)
        return frozenset(chain.from_iterable(basket.columns.tolist() for basket in baskets))

    @cached_property
    def _whole(self) -> dict[str, tuple[FloatArray, FloatArray]]:
        return self._without(-1, self.increments.noisy == -1)

    def _without(self, position: int, noisy: NDArray[np.bool_]) -> dict[str, tuple[FloatArray, FloatArray]]:
        """As `Basket.without` of each observed factor and of the supply shock that has enough periods."""
        rows: dict[str, tuple[FloatArray, FloatArray]] = {}
        for name in (*self.observed, SUPPLY):
            mean, weights = self.baskets[name].without(position, noisy)
            if name == SUPPLY:
                other, other_weights = self.uncontrolled.without(position, noisy)
                mean, weights = mean - other, weights - other_weights
            if np.count_nonzero(np.isfinite(mean)) >= MINIMUM_PERIODS:
                rows[name] = mean, weights
        return rows
