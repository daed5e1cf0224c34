"""What the sections of a report ask of a run object: who is held, what rests on what, and which marker stands for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any

from toolkit.report import formats
from toolkit.report.text import Span, Text, name, text

HOLDS = 1e-6
"""How far beyond a limit a value may lie and still hold it: rounding of weights to twelve digits, times a margin."""
TERMS, COSTS, STORAGE, RATE, UNCERTAIN, NORMAL = "terms", "costs", "storage", "rate", "uncertain", "normal"


@dataclass(frozen=True, slots=True)
class Origin:
    """A source of data, the tables it fills, and how old it is: one row of the table of sources."""

    key: str
    marker: str
    title: str
    licence: str
    tables: tuple[str, ...]
    newest: str | None
    known_from: str
    overdue_days: int


@dataclass(frozen=True, slots=True)
class Assumption:
    """Something the run takes as given without data."""

    key: str
    marker: str
    words: Text


@dataclass(frozen=True, slots=True)
class Proposal:
    """A run object with its markers given out.

    Attributes:
        record: The object of `toolkit optimize --json`.
        origins: Sources in the order of the markers S1, S2, ...
        assumptions: In the order of the markers A1, A2, ...; only those this run makes.
    """

    record: Mapping[str, Any]
    origins: tuple[Origin, ...]
    assumptions: tuple[Assumption, ...]

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> Proposal:
        """A proposal from a run object."""
        found = tuple(_assumptions(record))
        marked = (Assumption(key, f"A{i}", words) for i, (key, words) in enumerate(found, start=1))
        return cls(record, tuple(_origins(record)), tuple(marked))

    @property
    def as_of(self) -> date:
        """The day the report speaks of."""
        return date.fromisoformat(self.record["as_of"])

    @property
    def currency(self) -> str:
        """Currency of every amount."""
        return self.record["currency"]

    @property
    def held(self) -> tuple[Mapping[str, Any], ...]:
        """Positions of the proposal, largest first."""
        return tuple(sorted((p for p in self.record["positions"] if p["weight"] > 0), key=lambda p: (-p["weight"], p["asset"])))

    @property
    def unjudged(self) -> tuple[Mapping[str, Any], ...]:
        """Holdings of which the control ledger knows nothing."""
        known = {row["asset"] for row in self.record["controls"]}
        return tuple(p for p in self.held if p["asset"] not in known)

    @property
    def controlled(self) -> float | None:
        """Share of value under control; None where no holding could be judged, which is not the same as zero."""
        share = self.record["exposures"]["controlled"]
        return None if self.held and len(self.unjudged) == len(self.held) else share

    @property
    def before(self) -> Mapping[str, Any] | None:
        """What is held today, measured the same way; None for a start in cash."""
        return self.record["before"]

    @property
    def shown(self) -> tuple[Mapping[str, Any], ...]:
        """Positions of the proposal, then those that are sold off."""
        gone = [p for p in self.record["positions"] if p["weight"] <= 0 < p["previous_weight"]]
        return (*self.held, *sorted(gone, key=lambda p: (-p["previous_weight"], p["asset"])))

    @property
    def limits(self) -> tuple[Mapping[str, Any], ...]:
        """Constraints that set a number."""
        return tuple(c for c in self.record["constraints"] if c["value"] is not None)

    @property
    def broken(self) -> tuple[Mapping[str, Any], ...]:
        """Limits that the proposal does not hold."""
        return tuple(c for c in self.limits if c["slack"] < -HOLDS)

    @property
    def assets(self) -> Mapping[str, Mapping[str, Any]]:
        """What the model believes of each asset, by key."""
        return MappingProxyType({asset["asset"]: asset for asset in self.record["assets"]})

    def of_tables(self, *tables: str) -> tuple[str, ...]:
        """Markers of the sources that fill these tables."""
        return tuple(origin.marker for origin in self.origins if set(tables) & set(origin.tables))

    def of_sources(self, *keys: str) -> tuple[str, ...]:
        """Markers of sources by id."""
        return tuple(origin.marker for origin in self.origins if origin.key in keys)

    def rests_on(self, *keys: str) -> tuple[str, ...]:
        """Markers of the assumptions among `keys` that this run makes."""
        return tuple(assumption.marker for assumption in self.assumptions if assumption.key in keys)

    def money(self, value: float | None, decimals: int = 0) -> str:
        """An amount in the reporting currency."""
        return formats.money(value, self.currency, decimals)

    def assumed(self, words: str, *keys: str, marked: bool = True) -> Span:
        """Words that rest on assumptions, or plain words where this run makes none of them."""
        markers = self.rests_on(*keys)
        if not markers:
            return Span(words)
        return Span(words, "assumption", markers if marked else ())


def metal(row: Mapping[str, Any]) -> Span:
    """The name of a metal in a sentence: the key of a known element, the asset's own name otherwise."""
    known = row.get("element") and row["name"].casefold().startswith(row["asset"].casefold())
    return name(row["asset"] if known else row["name"])


def head(row: Mapping[str, Any]) -> Span:
    """The name of a metal at the start of a row or a title."""
    return name(formats.capital(metal(row).text))


def is_confirmed(fact: Mapping[str, Any]) -> bool:
    """Whether a fact of the control ledger is official and was looked up, as against memory, press or one side's claim."""
    return fact["standing"] == "official" and fact["confidence"].startswith("verified")


def _origins(record: Mapping[str, Any]) -> Iterator[Origin]:
    rows: dict[str, list[Mapping[str, Any]]] = {}
    for row in record["data"]:
        rows.setdefault(row["source_id"], []).append(row)
    # Assumed dealer terms are among the assumptions; a reader would take a place among the sources for evidence.
    evidence = {key: found for key, found in rows.items() if key != "dealer_terms"}
    for i, (key, found) in enumerate(evidence.items(), start=1):
        yield Origin(
            key=key,
            marker=f"S{i}",
            title=found[0]["source"],
            licence=found[0]["licence"],
            tables=tuple(row["table"] for row in found),
            newest=max((row["as_of"] for row in found if row["as_of"]), default=None),
            known_from=max(row["known_from"] for row in found),
            overdue_days=max(row["overdue_days"] for row in found),
        )


def _assumptions(record: Mapping[str, Any]) -> Iterator[tuple[str, Text]]:
    assumed = [asset for asset in record["assets"] if asset["terms"] == "assumption"]
    if assumed:
        yield TERMS, text("Lot sizes, purities and forms are typical dealer terms.")
        spreads = _rates(assumed, "spread")
        yield COSTS, text(*("Spread between buying and selling: ", *spreads, "; half is paid at each trade."))
        years = formats.quantity(record["costs"]["holding_years"])
        yield STORAGE, text("Storage and insurance a year: ", *_rates(assumed, "storage"), f". Holding period {years} years.")
    for rate in record["rates"]:
        words = f"{rate['base']} is converted to {rate['quote']} at {rate['rate']:.4f}, the last known rate"
        yield RATE, text(f"{words} ({formats.month(rate['date'])}), for every price.")
    uncertain = [row for row in record["controls"] if row["uncertain"] or row["headline"].endswith("_uncertain")]
    if uncertain:
        names = ", ".join(row["name"] for row in uncertain)
        yield UNCERTAIN, text(name(names), ": no notice settles the form, so it counts as controlled.")
    yield NORMAL, text("The mean loss of the worst year in twenty takes changes to be normal around zero.")


def _rates(assets: list[Mapping[str, Any]], key: str) -> Iterator[str | Span]:
    """Equal rates together, highest first: 15% gallium, indium; 2% gold."""
    groups: dict[float, list[str]] = {}
    for asset in assets:
        groups.setdefault(asset[key], []).append(str(metal(asset).text))
    for i, rate in enumerate(sorted(groups, reverse=True)):
        yield f"{'; ' if i else ''}{formats.limit(rate)} "
        yield name(", ".join(groups[rate]))
