"""Resale of a lot: measures of its origin that single out a buyer, and the export law of its storage place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Unpack

from toolkit.controls.chronology import IN_FORCE, SUSPENDED
from toolkit.controls.coverage import MODELLED, NOT_COVERED, export_law
from toolkit.controls.events import CIVIL, END_USERS, EUROPEAN_UNION
from toolkit.controls.ledger import CHINA, ControlLedger
from toolkit.controls.state import UNCHECKED, Measure, Piece
from toolkit.core.countries import UNKNOWN_ORIGIN

RESTRICTING = ("ban", "entity_list")
"""Instruments that forbid passing goods on; a watch list makes it slow, not forbidden."""

WHITELIST = "exporter_whitelist"
"""Instrument by which the firms of a list alone may export."""
REACHING = "extraterritorial"
"""Instrument of clauses on goods made abroad: whether they reach the metal itself, passed on, the ledger does not say."""

SINGLED_OUT = (("USA", "civil"), ("USA", "military"), ("JPN", "military"))
"""Buyers that Chinese notices single out: a holder who never ships there may still want to sell there."""

YES, PERMIT, LICENCE, SUSPENDED_NO, NOT_SETTLED, NO = "yes", "permit", "licence", "suspended", "unsettled", "no"
"""Answers: nothing known stands in the way; a permit of the European Union is needed; the metal is still, or may be, where it
is exported from and needs a licence to leave; a ban is suspended today; what stands in the way is not settled (its text was not
checked, or does not settle the form or the case); forbidden to this buyer, or by a ban of exports that the lot, still there or
perhaps, is under. `NOT_COVERED`: nothing known stands in the way, and the export law that the lot has to pass is not in the
ledger, or in part."""


@dataclass(frozen=True, slots=True)
class ResaleAnswer:
    """Whether a lot may be passed on to a buyer.

    Attributes:
        answer: One of the answers above, the gravest that applies.
        measures: The measures it rests on; none for yes.
        not_in_ledger: Countries (ISO-3, or EU) that the lot has to leave and whose export law is not modelled in the ledger,
            without
            those of which a measure answers; ``unknown`` where the origin was assumed.
        licence_to_leave: Whoever buys, a licence in force, or a firm of an exporter list, comes first: the lot is still, or may
            be, where it is exported from.
        export_bans: Of `measures`, those in force that let the lot leave where it is, or may be, to no buyer.
    """

    destination: str
    end_user: str
    answer: str
    measures: tuple[Measure, ...]
    not_in_ledger: tuple[str, ...]
    licence_to_leave: bool
    export_bans: tuple[Measure, ...]


def laws_to_leave(lies_in: str | None, origin: str, *, at_origin: bool) -> frozenset[str]:
    """The jurisdictions whose export law binds a lot on its way to any buyer.

    A measure binds what leaves its own country only. A place that is not known may be any of those whose law is in the ledger.

    Args:
        lies_in: ISO-3 code of the country where the lot is stored; None where not known.
        origin: ISO-3 code of the country of origin.
        at_origin: Whether the lot is still there, or may be.
    """
    there = frozenset({export_law(origin)}) if at_origin else frozenset()
    return there | (frozenset({EUROPEAN_UNION, CHINA}) if lies_in is None else frozenset({export_law(lies_in)}))


def resale_buyers(
    ledger: ControlLedger, *, on: date, routes: Iterable[tuple[str, str]] = (), owner: str | None = None
) -> tuple[tuple[str, str], ...]:
    """(destination, end user) that resale is judged for: `SINGLED_OUT`, buyers that a measure of China names, and own ones.

    Args:
        ledger: The control ledger.
        on: Day of the question.
        routes: Where lots go, and who uses them there.
        owner: ISO-3 code of the owner's country, whose civil users need no answer of their own.
    """
    own = (route for route in routes if route != (owner, CIVIL))
    return tuple(dict.fromkeys((*SINGLED_OUT, *restricted_buyers(ledger, on=on, origin=CHINA), *own)))


def resale_answer(
    ledger: ControlLedger,
    metal: str,
    form: str,
    buyer: tuple[str, str],
    *,
    on: date,
    origin: str,
    at_origin: bool = False,
    lies_in: str | None = None,
    supposed: bool = False,
    **piece: Unpack[Piece],
) -> ResaleAnswer:
    """Whether a lot may be passed on to a buyer: the gravest obstacle.

    A duty that was not checked against its text is unsettled: neither a permit nor free.

    Args:
        ledger: The control ledger.
        metal: Asset key.
        form: As in `ControlLedger.state`.
        buyer: Destination (ISO-3, or ``EU``) and end user.
        on: Day of the question.
        origin: ISO-3 code of the country whose export controls are asked about.
        at_origin: The lot is still there, or may be, and has to leave it.
        lies_in: ISO-3 code of the country where the lot lies; None where that is not known: it may be China.
        supposed: Whether the origin was assumed: then nothing is known of the law that the lot has to leave.
        piece: What is known of a piece.
    """
    place, user = buyer
    state = ledger.state(metal, form, on=on, destination=place, origin=origin, end_user=user, **piece)
    met = sorted(_meeting(state.measures, place, user), key=lambda m: (m.status != IN_FORCE, m.instrument != "ban", m.event_id))
    barred = [m for m in met if m.status == IN_FORCE and m.certainty == "named"]
    leaving = [m for m in state.measures if at_origin and m.counts and m.is_law]
    laws = laws_to_leave(lies_in, origin, at_origin=at_origin) - {export_law(place)}
    local = [m for m in state.elsewhere if m.counts and m.origin in laws]
    told = {m.origin for m in (*leaving, *local)}
    known = laws if lies_in else laws & {export_law(origin)}  # what a place may be is asked about where it is told
    missing = tuple(sorted(law for law in known - told if ledger.coverage(law, on=on) != MODELLED))
    missing += (UNKNOWN_ORIGIN,) if supposed and at_origin and not leaving else ()
    here = [m for m in (*leaving, *(local if lies_in else ())) if m.status == IN_FORCE and m.instrument == "ban"]
    bans = [m for m in here if m not in met and m.origin != export_law(place)]
    shut = [m for m in bans if m.certainty == "named"]
    licences = [m for m in leaving if m.status == IN_FORCE and m.instrument not in RESTRICTING]
    # An exporter list counts as no control of the form, but its firms alone may take the lot out.
    licences += [m for m in state.measures if at_origin and m.is_law and m.instrument == WHITELIST and m.status == IN_FORCE]
    reaching = [
        m for m in state.measures if m.instrument == REACHING and m.is_law and m.status == IN_FORCE and not m.conditional
    ]
    open_ones = [m for m in met if m.status != SUSPENDED and m not in barred]
    open_ones += [m for m in leaving if m.status != IN_FORCE] + reaching
    open_ones += [m for m in local if m.status != IN_FORCE or m.certainty != "named" or m.origin != EUROPEAN_UNION]
    found: tuple[tuple[str, list[Measure]], ...] = (
        (NO, [*shut, *barred]),
        (NOT_SETTLED, bans),
        (LICENCE, licences),
        (NOT_SETTLED, open_ones),
        (SUSPENDED_NO, [m for m in met if m.status == SUSPENDED]),
        (PERMIT, local),
    )
    nothing = (NOT_COVERED if missing else YES, list[Measure]())
    answer, shown = next(((word, measures) for word, measures in found if measures), nothing)
    closed = tuple(m for m in shut if m.end_user == "all")
    return ResaleAnswer(place, user, answer, tuple(shown), missing, bool(licences) and not closed, closed)


def _meeting(measures: tuple[Measure, ...], place: str, user: str) -> Iterator[Measure]:
    """Bans and lists of the origin that single this buyer out, in force, unchecked or suspended; none that holds for all."""
    for m in measures:
        if not m.is_law or m.conditional or m.instrument not in RESTRICTING:
            continue
        if m.status in (IN_FORCE, UNCHECKED, SUSPENDED) and place in m.destinations and m.end_user in ("all", user):
            yield m


@dataclass(frozen=True, slots=True)
class Restriction:
    """A buyer to whom the origin forbids passing a lot on, and by which measure.

    Attributes:
        destination: ISO-3 code of the buyer's country.
        certainty: ``named``, or ``uncertain`` when no notice settles the form.
        end_user: As in the ledger: military or listed.
        instrument: licence, ban, ...
        event_id: Id in the ledger.
        number: By which it is cited.
        source: Citation.
    """

    destination: str
    end_user: str
    instrument: str
    event_id: str
    number: str | None
    certainty: str
    source: str


def restricted_buyers(ledger: ControlLedger, *, on: date, origin: str) -> tuple[tuple[str, str], ...]:
    """(destination, end user) pairs that any measure of a country singles out, sorted.

    Args:
        ledger: The control ledger.
        on: Day on which measures are in force.
        origin: ISO-3 code of the country whose measures are meant.
    """
    return tuple(
        sorted(
            {
                (destination, event.end_user)
                for event in ledger.events
                if event.is_law
                and event.origin == origin
                and event.end_user in END_USERS
                and event.instrument in RESTRICTING
                and event.known_from <= on
                and ledger.chronology.status(event, on, known=on) == IN_FORCE
                for destination in event.destinations
            }
        )
    )


def resale_restrictions(
    ledger: ControlLedger, metal: str, form: str, *, on: date, origin: str, **piece: Unpack[Piece]
) -> tuple[Restriction, ...]:
    """The buyers to whom a lot may not be passed on, one entry a buyer and measure, by destination and end user.

    Measures bind goods of their own country; a lot of another origin has no restriction of this kind.

    Args:
        ledger: The control ledger.
        metal: Asset key.
        form: Form of the lot.
        on: Day of the question.
        origin: ISO-3 code of the lot's country of origin.
        piece: What is known of a piece.
    """
    found: list[Restriction] = []
    for destination, end_user in restricted_buyers(ledger, on=on, origin=origin):
        state = ledger.state(metal, form, on=on, destination=destination, origin=origin, end_user=end_user, **piece)
        found += [
            Restriction(destination, end_user, m.instrument, m.event_id, m.number, m.certainty, m.source)
            for m in state.measures
            if m.is_law and m.status == IN_FORCE and m.end_user == end_user and m.instrument in RESTRICTING
        ]
    return tuple(found)
