"""What the sections of a report ask of what was found: who is held, what rests on what, and which marker stands for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from types import MappingProxyType
from typing import Any

from toolkit.report.i18n import formats, names
from toolkit.report.i18n.formats import Formats
from toolkit.report.i18n.language import Language, mark
from toolkit.report.i18n.origins import named_by_origin, product_of
from toolkit.report.i18n.text import Span, Text
from toolkit.report.markers import (
    ENTRY,
    HALF_A_CENT,
    Assumption,
    Origin,
    assumed_by_parts,
    assumed_by_record,
    is_normal,
    origins_of,
)

HOLDS = 1e-6
"""How far beyond a limit a value may lie and still hold it: rounding of weights to twelve digits, times a margin."""
HELD = 1e-6
"""Weights below this are what a solver leaves of nothing, and no holding."""


@dataclass(frozen=True, slots=True)
class Findings:
    """Everything one report may speak of, with its markers given out.

    Attributes:
        record: The subject, as JSON: the object of `toolkit optimize --json`, or with the same keys for controls, dates and
            data that of a holdings file or of the market alone. Sections that need a key say so (`Builder.needs`).
        parts: What was found beside the subject, by name (`toolkit.app.findings`): flows, history, supply, ...
        say: The language of the reader.
        origins: Sources in the order of the markers S1, S2, ...
        assumptions: In the order of the markers A1, A2, ...; only those this report makes.
    """

    record: Mapping[str, Any]
    parts: Mapping[str, Any]
    say: Language
    origins: tuple[Origin, ...]
    assumptions: tuple[Assumption, ...]

    @classmethod
    def of(
        cls, record: Mapping[str, Any], parts: Mapping[str, Any] | None = None, language: Language | None = None
    ) -> Findings:
        """Findings from a run object, or from the object of another subject, and the parts found beside it."""
        say = language or Language()
        record, parts = named_by_origin(record, say), parts or {}
        made = (*assumed_by_record(record, say), *assumed_by_parts(parts, say))
        marked = (Assumption(key, f"A{i}", words) for i, (key, words) in enumerate(made, start=1))
        return cls(record, MappingProxyType(dict(parts)), say, tuple(origins_of(record, parts)), tuple(marked))

    @property
    def fmt(self) -> Formats:
        """Numbers and dates of the language."""
        return self.say.fmt

    def has(self, key: str) -> bool:
        """Whether the subject or a part of this name was found; an empty one was not."""
        return bool(self.record.get(key) or self.parts.get(key))

    @property
    def as_of(self) -> date:
        """The day the report speaks of."""
        return date.fromisoformat(self.record["as_of"])

    @property
    def subject(self) -> str:
        """What the report is about: the title of a strategy, the name of a holdings file, nothing for the market alone."""
        strategy = self.record.get("strategy")
        return names.of_strategy(strategy["title"], self.say).text if strategy else self.record.get("subject", "")

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
    def broken_at_last(self) -> tuple[Mapping[str, Any], ...]:
        """Limits in numbers that are broken where every price is the last one that was observed."""
        names = {c["name"] for c in self.limits}
        return tuple(c for c in self.record["at_last_prices"]["limits_broken"] if c["name"] in names)

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
        found = [*self.entry_items] or ["spread", *(["premium"] if premium else [])]
        known = [self.say.words(ENTRY[key]) if key in ENTRY else self.say.term("term", formats.readable(key)) for key in found]
        return self.say.series(known)

    @property
    def normal_tail(self) -> bool:
        """Whether the tail is that of a normal year, where the strategy has no scenarios to read one from."""
        return is_normal(self.record)

    @property
    def assets(self) -> Mapping[str, Mapping[str, Any]]:
        """What the model believes of each asset, by key."""
        return MappingProxyType({asset["asset"]: asset for asset in self.record["assets"]})

    def metal(self, row: Mapping[str, Any]) -> Span:
        """The name of a metal in a sentence."""
        return names.metal(self._offered(row), self.say)

    def head(self, row: Mapping[str, Any]) -> Span:
        """The name of a metal at the start of a row or a title."""
        return names.head(self._offered(row), self.say)

    def _offered(self, row: Mapping[str, Any]) -> Mapping[str, Any]:
        """A row with the words for its offer: those of parts know only its key."""
        spoken = self._spoken.get(row.get("asset", ""))
        return row if spoken is None or "spoken" in row else {**row, "spoken": spoken}

    @property
    def _spoken(self) -> Mapping[str, str]:
        """What the offers of products are called in a sentence, by key."""
        return {row["asset"]: row["spoken"] for row in self.record.get("positions", ()) if "spoken" in row}

    def country(self, code: str) -> str:
        """The name of a country."""
        return names.country(code, self.say)

    def place(self, code: str) -> str:
        """The short name of a country with its article, as it follows "for" or "against"."""
        return names.place(code, self.say)

    def towards(self, code: str) -> str:
        """A place as somewhere to go, with its preposition: to Germany."""
        return names.towards(code, self.say)

    def away(self, day: str | date) -> str:
        """How far off a day is, in words."""
        say, days = self.say, (formats.day(day) - self.as_of).days
        near = {-1: mark("yesterday"), 0: mark("today"), 1: mark("tomorrow")}
        if days in near:
            return say.words(near[days])
        told = say.words("in {days} days", days=days) if days > 0 else say.words("{days} days ago", days=-days)
        return told.replace(" ", formats.NBSP)

    def sentence(self, words: str) -> Text:
        """A sentence of the run in the words of this page, with the keys of offers by name."""
        told = self.say.translate(self.record.get("phrases", {}).get(words, words))
        for key, spoken in sorted(self._spoken.items(), key=lambda item: -len(item[0])):
            told = tuple(replace(span, text=span.text.replace(key, spoken)) for span in told)
        return told

    def of_tables(self, *tables: str) -> tuple[str, ...]:
        """Markers of the sources that fill these tables."""
        return tuple(origin.marker for origin in self.origins if set(tables) & set(origin.tables))

    def of_prices(self, *tables: str, part: str = "") -> tuple[str, ...]:
        """Markers of the sources of the prices of the subject, or of a part, and of further `tables` of it.

        Parts look at other prices than the subject, such as those that an event is measured against.
        """
        rows = (self.parts[part] if part else self.record).get("data", ())
        return self.of_sources(*(row["source_id"] for row in rows if row["table"] in ("prices", "prices_annual", *tables)))

    def of_sources(self, *keys: str) -> tuple[str, ...]:
        """Markers of sources by id."""
        return tuple(origin.marker for origin in self.origins if origin.key in keys)

    def rests_on(self, *keys: str) -> tuple[str, ...]:
        """Markers of the assumptions among `keys` that this run makes."""
        return tuple(assumption.marker for assumption in self.assumptions if assumption.key in keys)

    def money(self, value: float | None, decimals: int = 0) -> str:
        """An amount in the reporting currency."""
        return self.fmt.money(value, self.currency, decimals)

    def assumed(self, words: str, *keys: str, marked: bool = True) -> Span:
        """Words that rest on assumptions, or plain words where this run makes none of them."""
        markers = self.rests_on(*keys)
        if not markers:
            return Span(words)
        return Span(words, "assumption", markers if marked else ())

    def derived(self, words: str, *keys: str, marked: bool = True) -> Span:
        """Words of a figure computed from data and an assumption, or plain words where this run makes none of `keys`.

        The rule: what is taken as given is `assumed` (a spread in per cent, a lot size). A figure of which it is a factor or a
        summand is derived (that spread in euros, a count of lots, the share of a cost). What was chosen under an assumption,
        or only shares a denominator with it, stays data: weights, volatility, cash.
        """
        markers = self.rests_on(*keys)
        if not markers:
            return Span(words)
        return Span(words, "derived", markers if marked else ())


def is_confirmed(fact: Mapping[str, Any]) -> bool:
    """Whether a fact is official and was looked up, as against memory, press, a secondary quotation or one side's claim."""
    looked_up = fact["confidence"].startswith("verified") and "secondary quotation" not in fact["confidence"]
    return fact["standing"] == "official" and looked_up


def is_soft(limit: Mapping[str, Any]) -> bool:
    """Whether a limit may be broken for a price."""
    return limit.get("soft") is not None
