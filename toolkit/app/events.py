"""`event`: the price path after one control event, beside all comparable cases and the dated price points."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from toolkit.app.config import Settings
from toolkit.app.ledger import LedgerInputs, load_ledger
from toolkit.app.plain import plain
from toolkit.factors.factors import MEMBERS
from toolkit.supply.event_study import (
    ANNOUNCEMENT,
    NO_REACTION,
    NOISY,
    SMOOTHING,
    Case,
    EventStudy,
    Summary,
    find_event,
    notice_key,
    study,
    summary,
)
from toolkit.supply.events import COUNTING
from toolkit.supply.spells import control_spells

BENCHMARK, METAL = "base_metals", "metal"


@dataclass(frozen=True, slots=True, eq=False)  # frames have no truth value, so answers are compared by identity
class EventAnswer:
    """The study of one event.

    Attributes:
        benchmark: Series of the basket: base metals that no measure of the ledger controls.
        points: Dated price points of the same notice, each with its basis; never part of a series.
        comparable: Cases from the announcement of every official licence or ban that names the form of a series.
    """

    as_of: date
    study: EventStudy
    benchmark: tuple[str, ...]
    points: pl.DataFrame
    comparable: tuple[Case, ...]
    summaries: tuple[Summary, ...]
    own: bool

    def to_json(self) -> dict[str, Any]:
        """One object: the event, its cases, the summary over comparable cases, the price points."""
        event = self.study.event
        return plain(
            {
                "schema_version": 1,
                "as_of": self.as_of,
                "event": {
                    name: getattr(event, name)
                    for name in ("event_id", "kind", "instrument", "standing", "announced", "effective", "ends", "number",
                                 "authority", "metals", "scope", "citation", "confidence")
                },
                "own": self.own,
                "method": self.method,
                "benchmark": self.benchmark,
                "cases": [_case(case) for case in self.study.cases],
                "without_series": self.study.without_series,
                "outside_series": self.study.outside_series,
                "comparable": {"cases": [_case(case) for case in self.comparable], "summary": self.summaries},
                "price_points": self.points,
            }
        )  # fmt: skip

    @property
    def method(self) -> str:
        """How the figures were made, in words."""
        return (
            f"Customs unit values are noisy: a level is the quantity-weighted mean of up to {SMOOTHING} months, from before the"
            " month of the event and from after it; other bases are month averages. Adjusted: over the geometric mean change"
            f" of the benchmark. A change below {NO_REACTION:.0%} counts as no reaction. Few, overlapping cases: no p-values."
        )


def _case(case: Case) -> dict[str, Any]:
    reactions = [{**plain(reaction), "verdict": reaction.verdict} for reaction in case.reactions]
    return {**plain(case), "reactions": reactions}


def event_study(settings: Settings, as_of: date, name: str, events: str | None = None) -> EventAnswer:
    """The study of the event with this id or number, on what was known on `as_of`.

    Raises:
        DataError: for an event that is not known, with the nearest names.
    """
    inputs = load_ledger(settings, as_of, events)
    snapshot, ledger = inputs.snapshot, inputs.ledger
    event = find_event(ledger, name)
    benchmark = _benchmark(inputs, as_of)
    # Base metals are no products here; their series are of metal, so an ore ban does not name what they price.
    traded = {**dict.fromkeys(MEMBERS[BENCHMARK], METAL), **{asset.key: asset.form for asset in inputs.products if asset.form}}
    prices = snapshot["prices"]
    comparable = tuple(
        case
        for other in ledger.events
        if other.is_law and other.instrument in COUNTING
        for case in study(ledger, other, prices, traded=traded, benchmark=benchmark).cases
        if case.zero == ANNOUNCEMENT and case.form_named
    )
    key = notice_key(event.number) if event.number else None
    points = snapshot["price_points"]
    same = pl.Series([notice_key(label) == key for label in points["event"]], dtype=pl.Boolean)
    return EventAnswer(
        as_of=as_of,
        study=study(ledger, event, prices, traded=traded, benchmark=benchmark),
        benchmark=benchmark,
        points=points.filter(same).sort("asset", "basis", "date"),
        comparable=comparable,
        summaries=summary(comparable),
        own=event.event_id in inputs.own,
    )


def _benchmark(inputs: LedgerInputs, as_of: date) -> tuple[str, ...]:
    """Base metals with a series of month averages that no licence or ban has ever covered in any form named.

    A metal whose stop in practice or ban by another country is in the ledger is no quiet comparison either.
    """
    prices = inputs.snapshot["prices"]
    averaged = set(prices.filter(pl.col("basis") != NOISY)["asset"])
    touched = {scope.asset for scope in inputs.ledger.scopes if scope.certainty != "not_named"}
    controlled = set(control_spells(inputs.ledger, [*inputs.products], until=as_of)["asset"])
    return tuple(metal for metal in MEMBERS[BENCHMARK] if metal in averaged and metal not in touched | controlled)
