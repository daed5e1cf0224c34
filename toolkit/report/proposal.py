"""What the sections of a report ask of a run object: who is held, what rests on what, and which marker stands for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any

from toolkit.report import formats
from toolkit.report.origins import by_product, in_names, named_by_origin, product_of
from toolkit.report.text import Span, Text, name, text

HOLDS = 1e-6
"""How far beyond a limit a value may lie and still hold it: rounding of weights to twelve digits, times a margin."""
HELD = 1e-6
"""Weights below this are what a solver leaves of nothing, and no holding."""
TERMS, COSTS, STORAGE, RATE, UNCERTAIN, NORMAL = "terms", "costs", "storage", "rate", "uncertain", "normal"
OFFERS, SHOCKS = "offers", "shocks"
HALF_A_CENT = 0.005
ENTRY = {
    "spread": "half the dealer spread",
    "premium": "premiums of origin",
    "vat": "VAT",
    "impact": "market impact",
    "fees": "fees",
}
"""What entry costs are paid for."""


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
        record = named_by_origin(record)
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
        return tuple(
            sorted((p for p in self.record["positions"] if p["weight"] > HELD), key=lambda p: (-p["weight"], p["asset"]))
        )

    @property
    def unjudged(self) -> tuple[Mapping[str, Any], ...]:
        """Holdings of which the control ledger knows nothing."""
        known = {row["asset"] for row in self.record["controls"]}
        return tuple(p for p in self.held if product_of(p) not in known)

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
        gone = [p for p in self.record["positions"] if p["weight"] <= HELD < p["previous_weight"]]
        return (*self.held, *sorted(gone, key=lambda p: (-p["previous_weight"], p["asset"])))

    @property
    def limits(self) -> tuple[Mapping[str, Any], ...]:
        """Constraints that set a number."""
        return tuple(c for c in self.record["constraints"] if c["value"] is not None)

    @property
    def broken(self) -> tuple[Mapping[str, Any], ...]:
        """Limits that the proposal does not hold, and none of them may be broken for a price."""
        return tuple(c for c in self.limits if c["slack"] < -HOLDS and not is_soft(c))

    @property
    def yielded(self) -> tuple[Mapping[str, Any], ...]:
        """Soft limits that are broken at their price."""
        return tuple(c for c in self.limits if c["slack"] < -HOLDS and is_soft(c))

    @property
    def shocks(self) -> tuple[Mapping[str, Any], ...]:
        """Scenarios that the strategy names itself, the costliest first."""
        rows = (s for s in self.record["scenarios"] if s["kind"] == "shock")
        return tuple(sorted(rows, key=lambda s: (-s["loss"], s["name"])))

    @property
    def scenario_notes(self) -> tuple[str, ...]:
        """What the scenarios of the strategy rest on, in sentences."""
        return tuple(self.record.get("scenario_notes", ()))

    @property
    def entry_items(self) -> Mapping[str, float]:
        """Entry costs by what they are paid for, where the run keeps them apart; the largest first, none that is nothing."""
        items: Mapping[str, float] = self.record["costs"].get("items", {}).get("entry", {})
        return {key: items[key] for key in sorted(items, key=lambda key: (-items[key], key)) if items[key] > HALF_A_CENT}

    @property
    def entry_words(self) -> str:
        """What entering is paid for."""
        premium = any(p.get("offer_of") and p.get("abroad") for p in self.shown)
        known = [ENTRY.get(key, formats.readable(key)) for key in self.entry_items]
        return formats.series(known or [ENTRY["spread"], *([ENTRY["premium"]] if premium else [])])

    @property
    def normal_tail(self) -> bool:
        """Whether the tail is that of a normal year, where the strategy has no scenarios to read one from."""
        return is_normal(self.record)

    @property
    def assets(self) -> Mapping[str, Mapping[str, Any]]:
        """What the model believes of each asset, by key."""
        return MappingProxyType({asset["asset"]: asset for asset in self.record["assets"]})

    def sentence(self, words: str) -> str:
        """A sentence of the run in the words of this page."""
        return in_names(words, self.record["positions"])

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
    """The name of a metal in a sentence: the key of a known element, the asset's own name otherwise; offers with origin."""
    if spoken := row.get("spoken"):
        return name(spoken)
    known = row.get("element") and row["name"].casefold().startswith(row["asset"].casefold())
    return name(row["asset"] if known else row["name"])


def head(row: Mapping[str, Any]) -> Span:
    """The name of a metal at the start of a row or a title."""
    return name(formats.capital(metal(row).text))


def is_confirmed(fact: Mapping[str, Any]) -> bool:
    """Whether a fact of the control ledger is official and was looked up, as against memory, press or one side's claim."""
    return fact["standing"] == "official" and fact["confidence"].startswith("verified")


def is_soft(limit: Mapping[str, Any]) -> bool:
    """Whether a limit may be broken for a price."""
    return limit.get("soft") is not None


def is_normal(record: Mapping[str, Any]) -> bool:
    """Whether the tail of a run object is that of a normal distribution."""
    return record["risk"].get("cvar_method", NORMAL).startswith(NORMAL)


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
    assumed = [asset for asset in by_product(record["assets"]) if asset["terms"] == "assumption"]
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
    if any(p.get("offer_of") for p in record["positions"]):
        yield OFFERS, text("Premiums of an origin are the strategy’s, and lost at a sale; the origin is as offered.")
    if any(s["kind"] == "shock" for s in record["scenarios"]):
        words = "Sizes and probabilities of scenarios are the strategy’s, or the base rate and the mean of few past controls."
        yield SHOCKS, text(words)
    if is_normal(record):
        yield NORMAL, text("The mean loss of the worst year in twenty takes changes to be normal around zero.")


def _rates(assets: list[Mapping[str, Any]], key: str) -> Iterator[str | Span]:
    """Equal rates together, highest first: 15% gallium, indium; 2% gold."""
    groups: dict[float, list[str]] = {}
    for asset in assets:
        groups.setdefault(asset[key], []).append(str(metal(asset).text))
    for i, rate in enumerate(sorted(groups, reverse=True)):
        yield f"{'; ' if i else ''}{formats.limit(rate)} "
        yield name(", ".join(groups[rate]))
