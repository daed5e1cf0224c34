"""The control ledger: which measures name a form of a metal, for a route, on a day. Law and practice are kept apart.

Everything is computed from dates and scopes; no status is stored. Nothing published after the day asked about is looked at,
so a ledger that knows the future answers a question about the past as one could have answered it then.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from types import MappingProxyType
from typing import Unpack

import polars as pl

from toolkit.controls.changes import change_ahead
from toolkit.controls.chronology import ANNOUNCED, EXPIRED, IN_FORCE, REPEALED, Chronology, remembered
from toolkit.controls.coverage import (
    LAWS,
    MODELLED,
    NOT_COVERED,
    PARTIAL,
    POINTER,
    LawCoverage,
    coverage_of,
    export_law,
    uncovered_note,
)
from toolkit.controls.dual_use_list import Row, added, scopes_added
from toolkit.controls.events import (
    CIVIL,
    CLAIMS,
    COUNTING,
    DUAL_USE,
    EUROPEAN_UNION,
    EXTENDS,
    NOT_CHECKED,
    PRACTICE,
    SUSPENDS,
    Event,
    Scope,
    end_user_of,
    events_of,
    version_on,
)
from toolkit.controls.ledger_checks import EVENTS, ITEMS, SCOPES, check_events, check_items, check_scopes
from toolkit.controls.state import (
    COUNTED,
    DOUBTS,
    NOT_LAW,
    NOT_LISTED,
    UNCHECKED,
    Change,
    ControlState,
    Measure,
    Piece,
    Route,
    doubt_note,
    headline_of,
    is_listed,
    is_unconfirmed,
    rests_on_uncertain,
    returned_by_dates,
)
from toolkit.core.countries import country, country_hint, foldings
from toolkit.core.errors import DataError, did_you_mean
from toolkit.core.grouping import by_key
from toolkit.core.messages import message, together
from toolkit.core.trade_names import ANY_COMPOUND, COMPOUNDS, FORMS, METALS, POWDER, metal_and_form, metal_hint

CHINA = "CHN"
"""The default origin of every question: the exporter most notices in the ledger come from."""

NOT_NAMED = "No Chinese notice in the ledger names"
"""How a note of the data begins that says no more of the law than that no notice names the form."""
COMMON_FORM = "metal"
"""Form that a metal means where nothing else is said."""
NO_GOODS = ("equipment", "technology")
"""Forms of scopes that are no form of a metal."""
MODIFIERS = ("suspension", "repeal")
"""Instruments that only change other events: they are seen in the status of those, not as measures of their own."""
OF_EVENT = tuple(name for name in Measure.__dataclass_fields__ if name in Event.__dataclass_fields__ and name != "source")
"""Fields that a measure has of its event."""


def _stays(origin: str, destination: str | None) -> bool:
    """Whether goods leave no country, so that no export control binds them; the European Union is more than one."""
    return destination == origin != EUROPEAN_UNION


def _spoken(word: str) -> str:
    """A word for a form as the ledger looks it up: ``zone-refined_ingot`` is ``zone refined ingot``."""
    return word.strip().casefold().replace("_", " ").replace("-", " ")


@dataclass(frozen=True, slots=True)
class ControlLedger:
    """Control events, the forms they name and the controlled items, checked against each other.

    Attributes:
        items: The `control_items` table, or None.
        assets, forms: Every metal and form a question may name. A metal in no notice is a valid question.
        reviewed_to: Last day through which acts are in the ledger, at most the day it is looked at; None: not stated.
        list_rows: Rows of China's list of dual-use items whose item no notice names.
        of_metal: Metal -> the events that may cover it.
    """

    chronology: Chronology
    scopes: tuple[Scope, ...]
    items: pl.DataFrame | None
    assets: tuple[str, ...]
    forms: tuple[str, ...]
    reviewed_to: date | None
    _by_id: Mapping[str, Event] = field(repr=False, compare=False)
    of_metal: Mapping[str, tuple[Event, ...]] = field(repr=False, compare=False)
    _scopes_of: Mapping[str, Mapping[str, tuple[Scope, ...]]] = field(repr=False, compare=False)
    _words: Mapping[str, str] = field(repr=False, compare=False)
    _own_words: Mapping[str, Mapping[str, str]] = field(repr=False, compare=False)
    _members: Mapping[str, tuple[str, ...]] = field(repr=False, compare=False)
    _versions: dict[int, ControlLedger] = field(repr=False, compare=False, init=False, default_factory=dict)
    list_rows: tuple[Row, ...] = field(default=(), repr=False, compare=False)

    @classmethod
    def of(
        cls,
        events: pl.DataFrame,
        scopes: pl.DataFrame,
        items: pl.DataFrame | None = None,
        dual_use_list: pl.DataFrame | None = None,
        *,
        assets: Iterable[str] = (),
        forms: Iterable[str] = (),
        reviewed_to: date | None = None,
        files: tuple[str, str, str] = (EVENTS, SCOPES, ITEMS),
    ) -> ControlLedger:
        """A ledger from tables that hold the contracts of `toolkit.core.frames`.

        Args:
            events: Table `controls`.
            scopes: Table `control_scopes`.
            items: Table `control_items`, or None.
            dual_use_list: Table `dual_use_list`, or None.
            assets: Metals that can be asked about although no notice names them (the keys of the products, for instance).
            forms: Forms that can be asked about although no notice names them.
            reviewed_to: Last day through which acts are in the tables; None where their sources do not say.
            files: Names of the three files in error messages.

        Raises:
            FrameError: for a double id, an expiry before effect, an unknown metal, dangling or circular references, a
                missing source; it names the file, the row and the remedy.
        """
        check_events(events, files[0])
        assets = tuple(assets)
        check_scopes(scopes, events, assets, files[1])
        if items is not None:
            check_items(items, events, files[2])
        records = tuple(Event.from_row(row) for row in events.sort("event_id").iter_rows(named=True))
        named = tuple(Scope.from_row(row) for row in scopes.sort("event_id", "asset", "form").iter_rows(named=True))
        rows = () if dual_use_list is None else added(dual_use_list, items, named)
        named += scopes_added(rows, named, records)
        return replace(cls._build(records, named, items, assets, forms, reviewed_to), list_rows=rows)

    @classmethod
    def _build(
        cls,
        events: tuple[Event, ...],
        scopes: tuple[Scope, ...],
        items: pl.DataFrame | None,
        assets: Iterable[str],
        forms: Iterable[str],
        reviewed_to: date | None,
    ) -> ControlLedger:
        scopes_of: dict[str, dict[str, tuple[Scope, ...]]] = {}
        words = {_spoken(alias): scope.form for scope in scopes for alias in scope.aliases}
        own_words: dict[str, dict[str, str]] = {}
        members: dict[str, set[str]] = {}
        for scope in scopes:
            own_scopes = scopes_of.setdefault(scope.event_id, {})
            own_scopes[scope.asset] = (*own_scopes.get(scope.asset, ()), scope)
            own = own_words.setdefault(scope.asset, {})
            own.update({_spoken(alias): scope.form for alias in scope.aliases})
            if scope.group:
                members.setdefault(scope.group, set()).add(scope.asset)
        for scope in scopes:  # a form is its own word, whatever else uses it
            own_words[scope.asset][scope.form] = scope.form
        return cls(
            chronology=Chronology.of(events),
            scopes=scopes,
            items=items,
            assets=tuple(sorted({*assets, *(scope.asset for scope in scopes)})),
            forms=tuple(sorted({*(f for f in forms if f), *(scope.form for scope in scopes)})),
            reviewed_to=reviewed_to,
            _by_id=MappingProxyType({event.event_id: event for event in events}),
            of_metal=MappingProxyType(events_of(own_words, events, scopes_of)),
            _scopes_of=MappingProxyType(scopes_of),
            _words=MappingProxyType(words),
            _own_words=MappingProxyType(own_words),
            _members=MappingProxyType({group: tuple(sorted(named)) for group, named in members.items()}),
        )

    @property
    def events(self) -> tuple[Event, ...]:
        """All events, by id."""
        return self.chronology.events

    def scopes_of(self, event_id: str) -> Mapping[str, tuple[Scope, ...]]:
        """Metal -> the forms of it that an event names, or pointedly does not name."""
        return self._scopes_of.get(event_id, {})

    def __getitem__(self, event_id: str) -> Event:
        if event_id not in self._by_id:
            told = message("no event {event_id!r:s} in the ledger.", event_id=event_id)
            raise DataError(told, hint=did_you_mean(event_id, self._by_id))
        return self._by_id[event_id]

    def known(self, as_of: date) -> ControlLedger:
        """The ledger as it was known on `as_of`; the names that can be asked about stay."""
        version = version_on(as_of, self.events, self.scopes, () if self.items is None else self.items["known_from"])
        if version not in self._versions:
            events = tuple(replace(e, ends=e.ends_as_known(as_of)) for e in self.events if e.known_from <= as_of)
            scopes = tuple(s for s in self.scopes if s.known_from <= as_of and self[s.event_id].known_from <= as_of)
            items = None if self.items is None else self.items.filter(pl.col("known_from") <= as_of)
            self._versions[version] = self._build(events, scopes, items, self.assets, self.forms, None)
        return replace(self._versions[version], reviewed_to=self.reviewed_on(as_of), list_rows=self.list_rows)

    def list_adds(self, asset: str, on: date) -> tuple[Row, ...]:
        """The rows of China's list of dual-use items on a metal, known on a day, whose item no notice names."""
        return tuple(row for row in self.list_rows if row["asset"] == asset and row["known_from"] <= on)

    def reviewed_on(self, on: date) -> date | None:
        """The last day through which acts known on a day are in the ledger: of a past day the last day of an act in it."""
        if self.reviewed_to is None or self.reviewed_to <= on:
            return self.reviewed_to
        return max((event.known_from for event in self.events if event.known_from <= on), default=None)

    def metal(self, name: str) -> str:
        """The asset key that `name` (key, symbol, English or German name) means.

        Raises:
            DataError: with the nearest names; for a group, with its members.
        """
        key = name.strip().casefold().replace(" ", "_").replace("-", "_")
        if key not in self.assets and key not in self._members:
            key = next((METALS[spelling] for spelling in foldings(name) if spelling in METALS), key)
        if key in self._members and key not in self._own_words:
            group = message("{name!r:s} is a group; notices and holdings name metals.", name=name)
            members = message("Ask for one of: {names:s}.", names=", ".join(self._members[key]))
            raise DataError(group, hint=members, details={"metal": name})
        if key not in self.assets:
            raise DataError("unknown metal {name!r:s}.", hint=metal_hint(name, self.assets), details={"metal": name}, name=name)
        return key

    def form(self, asset: str, name: str) -> str:
        """The form that `name` means for `asset`: a form, or another word for one (a formula, a trade word, a product's name).

        Words of the same metal go first, then any known form, then words of the trade and those used for other metals, but
        for their compounds. This is the one rule for forms: of options, of holdings and of the user's own events.

        Raises:
            DataError: for a word nobody uses; the nearest are in the hint. As `known_form`.
        """
        if found := self.known_form(asset, name):
            return found
        near = {*self.forms, *(alias for scope in self.scopes if scope.asset == asset for alias in scope.aliases)}
        unknown = message("unknown form {name!r:s} of {asset:s}.", name=name, asset=asset)
        raise DataError(unknown, hint=did_you_mean(name, near), details={"form": name})

    def known_form(self, asset: str, name: str) -> str | None:
        """The form that `name` means for `asset`, as `form`; None for a word nobody uses.

        Raises:
            DataError: for powder of a metal that is traded as oxide too, for a compound, or a wafer of a metal that makes
                wafers in compounds alone, where notices name which, and for a compound of another metal.
        """
        fold, spellings = _spoken(name), foldings(name)
        own = self._own_words.get(asset, {})
        if POWDER.intersection(spellings) and "powder" not in own and "oxide" in own:
            two = message("{name!r:s} of {asset:s} may be the metal or the oxide.", name=name, asset=asset)
            raise DataError(two, hint="Write 'metal powder' or 'oxide'.", details={"form": name})
        trade = next((FORMS[spelling] for spelling in spellings if FORMS.get(spelling) in self.forms), None)
        open_word = trade == "substrate" or ANY_COMPOUND.intersection(spellings)
        named = {s.form for s in self.scopes if open_word and s.asset == asset and s.certainty == "named"}
        if open_word and trade not in named and COMPOUNDS.intersection(named):
            of_one = message("{name!r:s} of {asset:s} is of one of its compounds.", name=name, asset=asset)
            names = ", ".join(sorted(COMPOUNDS.intersection(own)))
            which = message("Write which: {names:s}. Of another one nothing is told here.", names=names)
            raise DataError(of_one, hint=which, details={"form": name})
        if found := own.get(fold) or (fold if fold in self.forms else None):
            return found
        other, product = metal_and_form(name, METALS) or (asset, None)
        if other != asset and product not in (None, "magnet"):  # magnets are of several metals
            unknown = message("unknown form {name!r:s} of {asset:s}.", name=name, asset=asset)
            hint = message("{name!r:s} is of {other:s}: write the metal and the form that it is.", name=name, other=other)
            raise DataError(unknown, hint=hint, details={"form": name})
        word = self._words.get(fold)
        if found := trade or (word if word not in COMPOUNDS else None):  # InGaAs is of no other metal
            return found
        if POWDER.intersection(spellings):
            return own.get("powder", "metal powder")
        return self.form(asset, product) if product else None

    def named_forms(self, metal: str, *, on: date, origin: str = CHINA) -> tuple[str, ...]:
        """Forms of a metal that notices known on `on` name and that have not run out, sorted.

        Args:
            metal: Name or symbol.
            on: Day of knowledge and of the status.
            origin: ISO-3 code of the country whose notices are meant.
        """
        applying = self._applying(self.metal(metal), origin, on)
        return tuple(sorted({scope.form for scope in applying if scope.certainty != "not_named"}))

    def first_named_form(self, metal: str, *, on: date, origin: str = CHINA) -> str | None:
        """The form that an official act of a country named first: of several the metal, then one that is certain.

        It is the same on every day from that act on, whatever is named later or runs out. None where no act names one.

        Args:
            metal: Name or symbol.
            on: Day of knowledge.
            origin: ISO-3 code of the country whose acts are meant.
        """
        acts = {event.event_id for event in self.events if event.is_law and event.origin == origin and event.known_from <= on}
        scopes = [scope for scope in self.scopes if scope.asset == self.metal(metal) and scope.event_id in acts]
        found = [
            (scope.known_from, scope.form != COMMON_FORM, scope.certainty != "named", scope.form)
            for scope in scopes
            if scope.certainty != "not_named" and scope.form not in NO_GOODS
        ]
        return min(found)[-1] if found else None

    def _applying(self, asset: str, origin: str, on: date) -> Iterator[Scope]:
        """What official acts of a country that are known on a day and have not run out say of a metal."""
        for event in self.of_metal.get(asset, ()):
            if event.is_law and event.origin == origin and event.known_from <= on:
                scopes = self.scopes_of(event.event_id).get(asset, ())
                if scopes and self.chronology.status(event, on, known=on) not in (EXPIRED, REPEALED):
                    yield from scopes

    def certainty(self, event: Event, asset: str, form: str, *, on: date, **piece: Unpack[Piece]) -> str | None:
        """``named``, ``above_size`` or ``uncertain`` when `event` covers the form on `on`, else None.

        A measure on all dual-use items covers a form exactly while a dual-use licence of the same origin does: such
        measures name no form themselves.

        Args:
            event: A measure.
            asset: Asset key of the metal.
            form: Form of the material.
            on: Day of knowledge and of the status.
            piece: What is known of a piece.
        """
        match event.coverage:
            case "listed":
                rows = self.scopes_of(event.event_id).get(asset, ())
                found = {row.covers(form, piece.get("purity"), piece.get("size")) for row in rows if row.known_from <= on}
            case "acts_on":
                found = {self.certainty(self[target], asset, form, on=on, **piece) for target in event.acts_on}
            case "dual_use_items":
                found = {self.certainty(licence, asset, form, on=on, **piece) for licence in self._licences(event, asset, on)}
            case _:
                return None
        return next((word for word in DOUBTS if word in found), None)

    def _licences(self, event: Event, asset: str, on: date) -> Iterator[Event]:
        """The dual-use licences of the origin of `event` that are in force on a metal."""
        for licence in self.of_metal.get(asset, ()):
            of_origin = licence.lists_dual_use and licence.origin == event.origin and licence.known_from <= on
            if of_origin and self.chronology.status(licence, on, known=on) == IN_FORCE:
                yield licence

    def _is_unconfirmed(self, event: Event, asset: str, form: str, on: date, **piece: Unpack[Piece]) -> bool:
        """Whether `event`, or every licence by which it covers the form, is in force by the end of a suspension alone."""
        reviewed = self.reviewed_on(on)
        if reviewed is None or not event.is_law:
            return False
        bases = [event]
        if event.coverage == DUAL_USE:
            bases += [one for one in self._licences(event, asset, on) if self.certainty(one, asset, form, on=on, **piece)]
        doubted = [(self.chronology.returned(one, on, known=on) or reviewed) > reviewed for one in bases]
        return doubted[0] or (len(doubted) > 1 and all(doubted[1:]))

    def _origin(self, event: Event) -> str | None:
        """The jurisdiction whose exports the event is about; a claim is about those it claims to extend."""
        return self._origin(self[event.acts_on[0]]) if event.relation == CLAIMS else event.origin

    def _measure(self, event: Event, asset: str, form: str, on: date, route: Route) -> Measure | None:
        """The measure that `event` is for the form and the route on `on`; None when it does not apply to them."""
        destination, end_user = route.get("destination"), route.get("end_user", CIVIL)
        claim = event.relation == CLAIMS
        if event.known_from > on or (event.kind not in ("control", PRACTICE) and not claim) or event.instrument in MODIFIERS:
            return None
        everywhere = "all" in event.destinations
        if not everywhere and destination is not None and not event.reaches(destination):
            return None
        certainty = self.certainty(event, asset, form, on=on, purity=route.get("purity"), size=route.get("size"))
        if certainty is None:
            return None
        period = self.chronology.period(event, on)
        if period.status in (EXPIRED, REPEALED):
            return None
        status = period.status
        if not event.is_law and status == IN_FORCE:
            status = event.standing if event.standing in NOT_LAW else NOT_LAW[0]
        if event.is_law and status == IN_FORCE and event.instrument in COUNTING and event.confidence.startswith(NOT_CHECKED):
            status = UNCHECKED
        piece: Piece = {"purity": route.get("purity"), "size": route.get("size")}
        conditional = (not everywhere and destination is None) or event.end_user not in ("all", end_user)
        return Measure(
            **{name: getattr(event, name) for name in OF_EVENT},
            status=status,
            since=event.effective if period.status == ANNOUNCED else self.chronology.first_day(event, on),
            until=period.until,
            status_since=period.since,
            certainty=certainty,
            conditional=conditional,
            unconfirmed=status == IN_FORCE and self._is_unconfirmed(event, asset, form, on, **piece),
            counts=status in COUNTED and not conditional and event.instrument in COUNTING,
            acted_on_by=tuple(other.event_id for other in self._acting_now(event, on)),
            source=event.citation,
            source_id=event.source,
        )

    def _acting_now(self, event: Event, on: date) -> tuple[Event, ...]:
        """Suspensions and extensions in force on `on`, and claims that these go on."""
        acting = self.chronology.acting_on(event, SUSPENDS, EXTENDS, CLAIMS, known=on)
        now = tuple(other for other in acting if self.chronology.status(other, on, known=on) == IN_FORCE)
        suspensions = self.chronology.acting_on(event, SUSPENDS, known=on)
        claims = tuple(
            claim
            for suspension in suspensions
            for claim in self.chronology.acting_on(suspension, CLAIMS, known=on)
            if self.chronology.status(claim, on, known=on) == IN_FORCE
        )
        return (*now, *claims)

    def _export_acts(self, on: date) -> dict[str, list[Event]]:
        """Jurisdiction -> its official acts on exports that are known on a day."""
        law = (e for e in self.events if e.is_law and not e.instrument.startswith("import_") and e.known_from <= on)
        return by_key((place, event) for event in law if (place := self._origin(event)))

    @remembered
    def coverage(self, country: str, *, on: date) -> str:
        """How far the export law of a country (ISO-3, or EU) was in the ledger on a day: modelled, partial or pointer."""
        law = export_law(country)
        return coverage_of(law, self._export_acts(on).get(law, ()), on)

    def coverages(self, on: date) -> tuple[LawCoverage, ...]:
        """The table of coverage on a day: laws that holders meet, then countries with single acts."""
        acts, rest = self._export_acts(on), message("single acts; no list of goods")
        return tuple(
            LawCoverage(
                law,
                LAWS[law].name if law in LAWS else None,
                self.coverage(law, on=on),
                len(acts.get(law, ())),
                tuple(sorted({metal for act in acts.get(law, ()) for metal in self.scopes_of(act.event_id)})),
                LAWS[law].reason if law in LAWS else rest,
            )
            for law in dict.fromkeys((*LAWS, *sorted(acts)))
        )

    @remembered
    def state(self, metal: str, form: str, *, on: date, **route: Unpack[Route]) -> ControlState:
        """The measures on one form of one metal for one route on one day, and their headline.

        Args:
            metal: Asset key, e.g. ``gallium``.
            form: Form in the words of the notices, or another word for it (``InP``).
            on: The day, end dates inclusive; nothing published later is looked at.
            route: What goes where; for whom, from where.

        Raises:
            DataError: for a metal, form or end user that is not known, with the nearest names, and for a place not in ISO-3.
        """
        asset = self.metal(metal)
        kind = self.form(asset, form)
        destination, origin = route.get("destination"), route.get("origin", CHINA)
        route["end_user"] = end_user_of(route.get("end_user", CIVIL))
        for role, place in (("destination", destination), ("origin", origin)):
            if place is not None and place != EUROPEAN_UNION and country(place) != place:
                # A place written otherwise would match no measure and pass for a place without controls.
                told = message("{role:s} {place!r:s} is no ISO-3 code.", role=role, place=place)
                raise DataError(told, hint=country_hint(place), details={role: place})
        stays = _stays(origin, destination)
        pairs = [
            (self._origin(event), measure)
            for event in self.of_metal.get(asset, ())
            if (measure := self._measure(event, asset, kind, on, route))
        ]
        measures = tuple(measure for place, measure in pairs if place == origin and not stays)
        headline, coverage = headline_of(measures), self.coverage(origin, on=on)
        exported = destination is None or export_law(destination) != export_law(origin)
        if headline == NOT_LISTED and coverage != MODELLED and exported:
            headline = NOT_COVERED
        reviewed = self.reviewed_on(on)
        note, named_forms = self._note(asset, kind, on=on, origin=origin, listed=is_listed(measures))
        if stays:
            told = message("What stays in {origin} is not exported: no export control applies to it.", origin=origin)
            note, named_forms = told, None
        return ControlState(
            metal=asset,
            form=kind,
            origin=origin,
            destination=destination,
            end_user=route["end_user"],
            as_of=on,
            headline=headline,
            coverage=coverage,
            listed=is_listed(measures),
            uncertain=rests_on_uncertain(headline),
            measures=measures,
            elsewhere=tuple(measure for place, measure in pairs if place != origin and measure.is_law),
            next_changes=self._next_changes(measures, on),
            note=note,
            named_forms=named_forms,
            reviewed_to=reviewed,
            unconfirmed=is_unconfirmed(measures),
            doubt=doubt_note(returned_by_dates(measures), reviewed),
        )

    @remembered
    def is_controlled(
        self, metal: str, form: str, *, on: date, instruments: tuple[str, ...] = COUNTING, **route: Unpack[Route]
    ) -> bool:
        """Whether one of `instruments` is in force on a form for a route.

        A form that a notice leaves uncertain counts as controlled (an assumption on the safe side; `ControlState.uncertain`
        shows it). Whitelists, domestic quotas, frameworks and entity lists count only when named in `instruments`.

        Args:
            metal: Name or symbol.
            form: Form of the material.
            on: Day of knowledge and of the status.
            instruments: Kinds of measures that count.
            route: What goes where; without a destination anywhere.
        """
        asset = self.metal(metal)
        kind, origin = self.form(asset, form), route.get("origin", CHINA)
        route["end_user"] = end_user_of(route.get("end_user", CIVIL))
        for event in () if _stays(origin, route.get("destination")) else self.of_metal.get(asset, ()):
            if event.is_law and event.instrument in instruments and self._origin(event) == origin:
                measure = self._measure(event, asset, kind, on, route)
                if measure is not None and measure.status in COUNTED and not measure.conditional:
                    return True
        return False

    def _next_changes(self, measures: tuple[Measure, ...], on: date) -> tuple[Change, ...]:
        """What changes for these measures: their own dates, and the last days of what suspends them or claims to."""
        events = (self[measure.event_id] for measure in measures)
        sources = (source for event in events for source in (event, *self._acting_now(event, on)))
        changes = {change for source in sources if (change := change_ahead(self.chronology, source, on))}
        return tuple(sorted(changes, key=lambda change: (change.date, change.what)))

    def _note(self, asset: str, form: str, *, on: date, origin: str, listed: bool) -> tuple[str, tuple[str, ...] | None]:
        """The notes of the data on this form, newest notice first; without any, which forms are named. And `named_forms`."""
        rows = [
            (self[scope.event_id].announced, scope.note)
            for scope in self._applying(asset, origin, on)
            if scope.form in (form, "any") and scope.note and scope.known_from <= on
        ]
        notes = dict.fromkeys(note for _, note in sorted(rows, reverse=True))
        if notes or listed:
            return together(*notes), () if notes and all(note.startswith(NOT_NAMED) for note in notes) else None
        if (coverage := self.coverage(origin, on=on)) != MODELLED:
            return uncovered_note(
                [export_law(origin)] if coverage == PARTIAL else [], [origin] if coverage == POINTER else []
            ), None
        told = message("No notice of {origin} that applies names this form of {asset}.", origin=origin, asset=asset)
        if named := self.named_forms(asset, on=on, origin=origin):
            told = together(told, message("Forms of it that notices name: {forms}.", forms=named))
        return told, named
