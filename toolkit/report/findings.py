"""What the sections of a report ask of what was found: who is held, what rests on what, and which marker stands for it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Protocol, TypeVar

from toolkit.core.limits import HELD
from toolkit.records.base import Named
from toolkit.records.conflict import Conflict
from toolkit.records.controls import ControlState, Standing
from toolkit.records.dates import Upcoming
from toolkit.records.exposure import Exposure
from toolkit.records.factors import AssetModel, Scenario
from toolkit.records.findings import Part, Parts
from toolkit.records.limits import Limit
from toolkit.records.positions import Before, BrokenLimit, Position
from toolkit.records.run import Run
from toolkit.records.subjects import BacktestSubject, Holdings, Market, Subject
from toolkit.report.document import BarTable, Shown, Table, barred, tabled
from toolkit.report.i18n import formats, names
from toolkit.report.i18n.formats import Formats
from toolkit.report.i18n.language import Language, mark
from toolkit.report.i18n.origins import Offer, offers_of
from toolkit.report.i18n.text import Inline, Span, Style, Text, name, plain
from toolkit.report.markers import (
    ENTRY,
    HALF_A_CENT,
    NORMAL,
    Assumption,
    Origin,
    assumed_by_parts,
    assumed_by_record,
    origins_of,
)

T = TypeVar("T")
PartT = TypeVar("PartT", bound=Part)
SubjectT = TypeVar("SubjectT", bound=Subject)
WRITTEN_EXCESS = 1e-6
"""How far beyond a limit a value may lie and still hold it: rounding of weights to twelve digits, times a margin."""


@dataclass(frozen=True, slots=True)
class Findings:
    """Everything one report may speak of, with its markers given out.

    Attributes:
        record: The subject: a run, a run without an answer, what one holds, a backtest, or the market alone. Sections that
            need a field of one of them say so (`Builder.needs`).
        parts: What was found beside the subject, by name: flows, history, supply, ...
        say: The language of the reader.
        offers: Offers of products by origin, by key.
        origins: Sources in the order of the markers S1, S2, ...
        assumptions: In the order of the markers A1, A2, ...; only those this report makes.
        short: Whether a section shows one picture and one table (`Definition.short`).
    """

    record: Subject
    parts: Parts
    say: Language
    offers: Mapping[str, Offer]
    origins: tuple[Origin, ...]
    assumptions: tuple[Assumption, ...]
    short: bool = False

    @classmethod
    def of(cls, record: Subject, parts: Parts | None = None, language: Language | None = None) -> Findings:
        """Findings of a subject and of the parts found beside it."""
        say, beside = language or Language(), parts or Parts()
        offers = offers_of(record.positions, record.controls, say) if isinstance(record, Run) else {}
        made = (*assumed_by_record(record, offers, say), *assumed_by_parts(beside, say))
        marked = (Assumption(key, f"A{i}", words) for i, (key, words) in enumerate(made, start=1))
        return cls(record, beside, say, offers, tuple(origins_of(record, beside)), tuple(marked))

    @classmethod
    def alone(
        cls,
        as_of: str,
        parts: Parts,
        language: Language,
        currency: str = "",
        kind: type[Market | BacktestSubject] = Market,
        **told: Any,
    ) -> Findings:
        """Findings of what a command asked, without an owner and without markers: the command names its source itself.

        Args:
            as_of: The day.
            parts: What was found.
            language: Of the reader.
            currency: Of amounts, where there are any.
            kind: Of the subject.
            told: Its fields that are known.
        """
        nothing = {"controls": (), "timeline": (), "upcoming": (), "data": (), "phrases": {}, "currency": currency}
        return cls(kind.model_construct(as_of=as_of, **nothing | told), parts, language, {}, (), ())

    @property
    def fmt(self) -> Formats:
        """Numbers and dates of the language."""
        return self.say.fmt

    def has(self, key: str) -> bool:
        """Whether the subject or a part of this name was found; an empty one was not. A subject has the name of its kind."""
        return key == self.record.kind or bool(getattr(self.record, key, None) or getattr(self.parts, key, None))

    def needed(self, kind: type[SubjectT]) -> SubjectT:
        """The subject of a section that needs one of its kind.

        Raises:
            TypeError: where it is another.
        """
        if not isinstance(self.record, kind):
            raise TypeError(f"the subject is no {kind.__name__}")
        return self.record

    @property
    def proposal(self) -> Run:
        """The subject of a section that needs positions; `TypeError` for another."""
        return self.needed(Run)

    def part(self, kind: type[PartT]) -> PartT:
        """The part that a section needs.

        Raises:
            TypeError: where it was not found.
        """
        found = next((part for part in self.parts.found if isinstance(part, kind)), None)
        if found is None:
            raise TypeError(f"no {kind.__name__} was found beside the subject")
        return found

    @property
    def strategy_run(self) -> Run | Conflict:
        """The run of a section that needs a strategy, with or without an answer; `TypeError` for another subject."""
        return self.record if isinstance(self.record, Conflict) else self.proposal

    @property
    def positions(self) -> tuple[Position, ...]:
        """Positions of a proposal; none of another subject."""
        return self.record.positions if isinstance(self.record, Run) else ()

    @property
    def exposure(self) -> Exposure | None:
        """What one holds; None for another subject."""
        return self.record.exposure if isinstance(self.record, Holdings) else None

    @property
    def as_of(self) -> date:
        """The day the report speaks of."""
        return date.fromisoformat(self.record.as_of)

    @property
    def subject(self) -> str:
        """What the report is about: titles of strategies, the name of a holdings file, nothing for the market alone."""
        if isinstance(self.record, BacktestSubject):
            asked = [one.title for one in self.record.backtest.strategies if one.role == "strategy"]
            return ", ".join(plain(self.sentence(title)) for title in asked)
        if isinstance(self.record, Run | Conflict):
            return names.of_strategy(self.record.strategy.title, self.say).text
        return self.record.subject if isinstance(self.record, Holdings) else ""

    @property
    def currency(self) -> str:
        """Currency of every amount."""
        return self.record.currency

    @property
    def held(self) -> tuple[Position, ...]:
        """Positions of the proposal, largest first, short ones behind."""
        return tuple(sorted((p for p in self.positions if abs(p.weight) > HELD), key=lambda p: (-p.weight, p.asset)))

    @property
    def controls(self) -> Mapping[str, ControlState]:
        """State of each product for the owner's country, by key."""
        return {row.asset: row for row in self.record.controls}

    def standing(self, product: str) -> Standing:
        """How a product stands; plain where the ledger knows nothing of it."""
        state = self.controls.get(product)
        return "plain" if state is None else state.standing

    @property
    def unjudged(self) -> tuple[Position, ...]:
        """Holdings of which the control ledger knows nothing."""
        return tuple(p for p in self.held if p.product not in self.controls)

    @property
    def controlled(self) -> float | None:
        """Share of value under control; None where no holding could be judged, which is not the same as zero."""
        share = self.proposal.exposures.controlled
        return None if self.held and len(self.unjudged) == len(self.held) else share

    @property
    def before(self) -> Before | None:
        """What is held today, measured the same way; None for a start in cash."""
        return self.proposal.before

    @property
    def shown(self) -> tuple[Position, ...]:
        """Positions of the proposal, then those that are sold off."""
        gone = [p for p in self.positions if abs(p.weight) <= HELD < abs(p.previous_weight)]
        return (*self.held, *sorted(gone, key=lambda p: (-p.previous_weight, p.asset)))

    @property
    def limits(self) -> tuple[Limit, ...]:
        """Constraints that set a number."""
        return tuple(Limit.model_construct(**vars(c)) for c in self.proposal.constraints if c.value is not None)

    @property
    def broken(self) -> tuple[Limit, ...]:
        """Limits that the proposal does not hold, and none of them may be broken for a price."""
        return tuple(c for c in self.limits if c.slack < -WRITTEN_EXCESS and c.soft is None)

    @property
    def broken_at_last(self) -> tuple[BrokenLimit, ...]:
        """Limits in numbers that are broken where every price is the last one that was observed."""
        names = {c.name for c in self.limits}
        return tuple(c for c in self.proposal.at_last_prices.limits_broken if c.name in names)

    @property
    def yielded(self) -> tuple[Limit, ...]:
        """Soft limits that are broken at their price."""
        return tuple(c for c in self.limits if c.slack < -WRITTEN_EXCESS and c.soft is not None)

    @property
    def shocks(self) -> tuple[Scenario, ...]:
        """Scenarios that the strategy names itself, the costliest first."""
        rows = (s for s in self.proposal.scenarios if s.kind == "shock")
        return tuple(sorted(rows, key=lambda s: (-s.loss, s.name)))

    @property
    def entry_items(self) -> Mapping[str, float]:
        """Entry costs by what they are paid for, the largest first, none that is nothing."""
        items = self.proposal.costs.by_purpose.entry
        return {key: items[key] for key in sorted(items, key=lambda key: (-items[key], key)) if items[key] > HALF_A_CENT}

    @property
    def entry_words(self) -> str:
        """What entering is paid for."""
        premium = any(map(self.is_abroad, self.shown))
        found = [*self.entry_items] or ["spread", *(["premium"] if premium else [])]
        known = [self.say.word(key, ENTRY) for key in found]
        return self.say.series(known)

    @property
    def normal_tail(self) -> bool:
        """Whether the tail is that of a normal year, where the strategy has no scenarios to read one from."""
        return self.proposal.risk.tail == NORMAL

    @property
    def assets(self) -> Mapping[str, AssetModel]:
        """What the model believes of each asset, by key."""
        return {asset.asset: asset for asset in self.proposal.assets}

    def product(self, key: str) -> names.Asset:
        """What names a product: its row among the controls, or its key alone."""
        return self.controls.get(key) or Named(asset=key, name=key, element=None)

    def metal(self, row: names.Asset) -> Span:
        """The name of a metal in a sentence; an offer with its origin."""
        offer = self.offers.get(row.asset)
        return names.metal(row, self.say) if offer is None else name(offer.spoken)

    def head(self, row: names.Asset) -> Span:
        """The name of a metal at the start of a row or a title."""
        return name(formats.capital(self.metal(row).text))

    def metals(self, rows: Iterable[names.Asset], *, first: bool = False) -> Text:
        """Names of metals as a series, `first` where it begins a row or a title."""
        return self.say.listed([self.head(row) if first and not i else self.metal(row) for i, row in enumerate(rows)])

    def is_abroad(self, row: names.Asset) -> bool:
        """Whether it is an offer from elsewhere than China."""
        offer = self.offers.get(row.asset)
        return offer is not None and offer.abroad

    def title(self, row: names.Asset) -> Span:
        """The whole name of a product, as a dealer lists it; of an offer with its origin."""
        offer = self.offers.get(row.asset)
        return self.say.name(row.name if offer is None else offer.name)

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
        told = self.say.translate(self.record.phrases.get(words, words))
        for key, offer in sorted(self.offers.items(), key=lambda item: -len(item[0])):
            told = tuple(replace(span, text=span.text.replace(key, offer.spoken)) for span in told)
        return told

    def of_tables(self, *tables: str) -> Span:
        """Markers of the sources that fill these tables."""
        return Span("", refs=tuple(origin.marker for origin in self.origins if set(tables) & set(origin.tables)))

    def of_prices(self, *tables: str, part: str = "") -> Span:
        """Markers of the sources of the prices of the subject, or of a part, and of further `tables` of it.

        Parts look at other prices than the subject, such as those that an event is measured against.
        """
        rows = (getattr(self.parts, part) if part else self.record).data
        return self.of_sources(*(row.source_id for row in rows if row.table in ("prices", "prices_annual", *tables)))

    def of_sources(self, *keys: str | None) -> Span:
        """Markers of sources by id."""
        return Span("", refs=tuple(origin.marker for origin in self.origins if origin.key in keys))

    def rests_on(self, *keys: str) -> Span:
        """Markers of the assumptions among `keys` that this run makes."""
        return Span("", refs=tuple(assumption.marker for assumption in self.assumptions if assumption.key in keys))

    def table(self, caption: Inline, things: Iterable[T], *columns: Shown[T] | None, **options: Any) -> Table:
        """A table with a row for each thing: `tabled` in this language; ``{currency}`` in its heads is that of every amount."""
        return tabled(self.say, caption, things, *columns, currency=self.currency, **options)

    def bars(self, caption: str, things: Collection[T], head: Shown[T], *columns: Shown[T] | None, **options: Any) -> BarTable:
        """A table with a bar for each thing: `barred` in this language."""
        return barred(self.say, caption, things, head, *columns, **options)

    def money(self, value: float | None, decimals: int = 0, *, signed: bool = False) -> str:
        """An amount in the reporting currency.

        Args:
            value: The amount; None is a dash.
            decimals: Of it.
            signed: Whether one above zero has a sign.
        """
        return self.fmt.money(value, self.currency, decimals, signed=signed)

    def assumed(self, words: str, *keys: str, marked: bool = True) -> Span:
        """Words that rest on assumptions, or plain words where this run makes none of them."""
        return self._resting("assumption", words, keys, marked=marked)

    def derived(self, words: str, *keys: str, marked: bool = True) -> Span:
        """Words of a figure computed from data and an assumption, or plain words where this run makes none of `keys`.

        The rule: what is taken as given is `assumed` (a spread in per cent, a lot size). A figure of which it is a factor or a
        summand is derived (that spread in euros, a count of lots, the share of a cost). What was chosen under an assumption,
        or only shares a denominator with it, stays data: weights, volatility, cash.
        """
        return self._resting("derived", words, keys, marked=marked)

    def _resting(self, style: Style, words: str, keys: tuple[str, ...], *, marked: bool) -> Span:
        markers = self.rests_on(*keys).refs
        return Span(words, style, markers if marked else ()) if markers else Span(words)


class Checked(Protocol):
    """A fact with its standing and with what was checked of it."""

    @property
    def standing(self) -> str:
        """Official, reported, agreed or claimed."""
        ...

    @property
    def confidence(self) -> str:
        """In the words of the ledger."""
        ...


def official_dates(rows: Iterable[Upcoming]) -> list[Upcoming]:
    """Changes ahead that rest on an official act that was looked up, the next first: what every page calls the next change."""
    return [row for row in rows if row.status == "ahead" and is_confirmed(row)]


def is_confirmed(fact: Checked) -> bool:
    """Whether a fact is official and was looked up, as against memory, press, a secondary quotation or one side's claim."""
    checked = fact.confidence
    return fact.standing == "official" and checked.startswith("verified") and "secondary quotation" not in checked
