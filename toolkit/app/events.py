"""Comparable cases of the event study: every official licence or ban that names the form of a series."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from toolkit.controls.events import COUNTING, NEUTRAL
from toolkit.controls.periods import control_periods
from toolkit.core.baskets import MEMBERS
from toolkit.shocks.event_study import ANNOUNCEMENT, Case, Summary, study, summary
from toolkit.shocks.monthly_series import NOISY, MonthlySeries, monthly

if TYPE_CHECKING:
    from toolkit.app.context import Context

BENCHMARK, METAL = "base_metals", "metal"


@dataclass(frozen=True, slots=True)
class ComparableCases:
    """Every official licence or ban that names the form of a series, from its announcement; non-reactions are among them.

    Attributes:
        series: Visible monthly prices.
        traded: Asset key -> the form that its price series is of.
        benchmark: Series of the basket: base metals that no measure of the ledger controls.
    """

    series: Mapping[str, MonthlySeries]
    traded: Mapping[str, str]
    benchmark: tuple[str, ...]
    cases: tuple[Case, ...]

    @property
    def summaries(self) -> tuple[Summary, ...]:
        """Median and range at each horizon."""
        return summary(self.cases)


def comparable_cases(context: Context) -> ComparableCases:
    """The comparable cases on what was known on the day; `Context.comparable_cases` keeps them."""
    series = monthly(context.snapshot["prices"])
    benchmark, traded = _benchmark(context), _traded(context)
    found = (
        study(context.ledger, event, series, traded=traded, benchmark=benchmark).cases
        for event in context.ledger.events
        if event.is_law and event.instrument in COUNTING and event.direction != NEUTRAL
    )
    cases = tuple(case for of_event in found for case in of_event if case.zero == ANNOUNCEMENT and case.form_named)
    return ComparableCases(series, traded, benchmark, cases)


def _traded(context: Context) -> dict[str, str]:
    """Asset key -> the form that its price series is of.

    Base metals are no products here; their series are of metal, so an ore ban does not name what they price.
    """
    return {**dict.fromkeys(MEMBERS[BENCHMARK], METAL), **{asset.key: asset.form for asset in context.products if asset.form}}


def _benchmark(context: Context) -> tuple[str, ...]:
    """Base metals with a series of month averages that no licence or ban has ever covered in any form named.

    A metal with a reported stop or a ban by another country in the ledger is left out too.
    """
    prices = context.snapshot["prices"]
    averaged = set(prices.filter(pl.col("basis") != NOISY)["asset"])
    touched = {scope.asset for scope in context.ledger.scopes if scope.certainty != "not_named"}
    untouched = [metal for metal in MEMBERS[BENCHMARK] if metal in averaged - touched]
    products = [product for product in context.products if product.key in untouched]
    controlled = set(control_periods(context.ledger, products, until=context.as_of)["asset"])
    return tuple(metal for metal in untouched if metal not in controlled)
