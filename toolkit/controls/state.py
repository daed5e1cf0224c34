"""Records of the ledger: measures, dated changes, and the state of one form of one metal on one day."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import TypedDict

from toolkit.controls.chronology import IN_FORCE, SUSPENDED
from toolkit.controls.events import AGREED, CLAIMED, REPORTED
from toolkit.controls.purity import settled_purity
from toolkit.core.messages import Message, message, together
from toolkit.core.size import PieceSize


class Piece(TypedDict, total=False):
    """What is known of a piece of a material.

    Attributes:
        purity: Fraction by mass; where it is not known, a form that is listed from a purity on is uncertain.
        size: Dimensions and mass; where they are not known, a form that is listed from a size on is ``above_size``.
    """

    purity: float | None
    size: PieceSize | None


class Route(Piece, total=False):
    """What goes where, as every question to the ledger has it.

    Attributes:
        destination: ISO-3 code of the buyer's country; without one no route is asked about.
        origin: Jurisdiction whose exports are asked about; China where none is named.
        end_user: ``civil``, the default, or the `end_user` of the ledger (``military``, ``listed``), or another word for one:
            measures on other end users do not apply, and are shown as conditional.
    """

    destination: str | None
    origin: str
    end_user: str


def piece_of(purity: str | None, size: str | None) -> Piece:
    """The piece that a user's words describe."""
    return {"purity": settled_purity(purity), "size": PieceSize.parse(size) if size else None}


UNCHECKED = "unchecked"
"""Status of a licence or a ban whose text was not checked. It counts as controlled, on the safe side, and is never shown as a
duty."""

COUNTED = (IN_FORCE, UNCHECKED)
"""Statuses in which a measure counts."""

NOT_LAW = (REPORTED, AGREED, CLAIMED)
"""Statuses of what is not law, by their standing: practice that the press reports, what both governments state, and what one
side claims. They take the place of `in_force`."""

HEADLINES = {
    "ban": "ban",
    "entity_list": "entity_list",
    "watch_list": "watch_list",
    "licence": "licence",
    "technology": "technology",
    "quota": "quota",
    "exporter_whitelist": "whitelist",
}
"""Instruments that make a headline, gravest first, and their word in it. Others (reporting duties, stricter review, general
licences, extraterritorial rules) accompany a control and are shown among the measures only."""

NOT_LISTED, UNCERTAIN, ABOVE_SIZE = "not_listed", "_uncertain", "_above_size"


@dataclass(frozen=True, slots=True)
class Change:
    """A change on a date: its message, the standing of the event it rests on, and its kind."""

    date: date
    what: str
    standing: str
    kind: str


@dataclass(frozen=True, slots=True)
class Measure:
    """A measure of the control ledger that names the form on the day asked.

    Attributes:
        event_id: Id in the ledger.
        kind: control, practice, policy, ...
        instrument: licence, ban, quota, ...
        standing: official, reported, agreed or claimed.
        status: in_force, suspended, announced or unchecked for law; reported for practice; agreed; claimed.
        since: First day on which it operated; of an announced one the day that its notice gives; null for one that was
            suspended before it took effect and has never operated.
        until: Last day of the present status; null where no known date ends it.
        status_since: First day of the present status: of the suspension, or of the return to force after it.
        number: By which it is cited.
        authority: Who issued it.
        origin: ISO-3 code of the controlling country.
        destinations: ISO-3 codes, or all.
        end_user: all, civil, military or listed.
        metals: Keys of metals and groups that it names.
        scope: What it covers, in its own words.
        note: A remark of the ledger.
        certainty: named; above_size where pieces from a size on are named and the size was not given; uncertain where its
            words do not settle the form.
        conditional: Whether it applies to other destinations or end users than those asked about.
        unconfirmed: Whether it is in force because a suspension ended after the last reviewed day, by the dates of the acts
            alone. It counts.
        counts: Whether it makes the form controlled: official, in force, unconditional, a licence or a ban.
        acted_on_by: Ids of events that suspend, extend or claim to extend it at present.
        source: Citation.
        source_id: Key of the source.
        confidence: What was checked of it.
    """

    event_id: str
    kind: str
    instrument: str
    standing: str
    status: str
    since: date | None
    until: date | None
    status_since: date
    number: str | None
    authority: str
    origin: str | None
    destinations: tuple[str, ...]
    end_user: str
    metals: tuple[str, ...]
    scope: str | None
    note: str | None
    certainty: str
    conditional: bool
    unconfirmed: bool
    counts: bool
    acted_on_by: tuple[str, ...]
    source: str
    source_id: str
    confidence: str

    @property
    def is_law(self) -> bool:
        """An official control, as against practice, policy and claims."""
        return self.kind == "control" and self.standing == "official"


@dataclass(frozen=True, slots=True)
class ControlState:
    """The legal state of one form of one metal for one route on one day, and what practice adds to it.

    Attributes:
        destination: ISO-3 code; None asks for no route: measures on single destinations are then conditional.
        headline: A summary of the law, see `headline_of`; `measures` has all of it. ``not_covered`` where the export law of the
            origin is not modelled and the ledger knows no measure of it.
        coverage: How far the export law of the origin is in the ledger: modelled, partial or pointer.
        listed: A legal measure in force or suspended names the form for this route; practice and claims never do.
        uncertain: The headline rests on a notice that does not settle this form; it is counted as controlled.
        reviewed_to: Last day through which acts are in the ledger, at most `as_of`.
        unconfirmed: The headline rests on ends of suspensions after the last reviewed day alone; it counts as controlled.
        doubt: Which measures do, those on another route too, in words; empty when none does.
        named_forms: Forms of the metal that notices name, where `note` says no more of the law than that none names this form;
            else None.
        elsewhere: Legal measures of other jurisdictions on the same form and route; they do not enter the headline.
    """

    metal: str
    form: str
    origin: str
    destination: str | None
    end_user: str
    as_of: date
    headline: str
    coverage: str
    listed: bool
    uncertain: bool
    measures: tuple[Measure, ...]
    elsewhere: tuple[Measure, ...]
    next_changes: tuple[Change, ...]
    note: str
    reviewed_to: date | None
    unconfirmed: bool
    doubt: str
    named_forms: tuple[str, ...] | None

    @property
    def review(self) -> Message:
        """To which day the ledger was reviewed, and what that means for `as_of`."""
        return review_note(self.reviewed_to, self.as_of)

    def is_controlled(self, instruments: tuple[str, ...]) -> bool:
        """Whether one of `instruments` is in force on the form, unconditionally."""
        return any(
            m.is_law and m.status in COUNTED and not m.conditional and m.instrument in instruments for m in self.measures
        )


LEGAL = (IN_FORCE, UNCHECKED, SUSPENDED)
"""Statuses of law that make a headline, in this order."""

DOUBTS = {"named": "", "above_size": ABOVE_SIZE, "uncertain": UNCERTAIN}
"""How well a notice settles the form, best first, and what a word of the headline ends in."""


def _law(measures: tuple[Measure, ...], status: str) -> dict[str, str]:
    """Headline instruments with this status that apply to the route, and the best certainty of a notice about the form."""
    found: dict[str, str] = {}
    ranked = list(DOUBTS)
    for m in measures:
        if m.is_law and not m.conditional and m.status == status and m.instrument in HEADLINES:
            found[m.instrument] = min(found.get(m.instrument, ranked[-1]), m.certainty, key=ranked.index)
    return found


def headline_word(instrument: str, status: str, certainty: str = "named") -> str:
    """A word of a headline.

    Args:
        instrument: Of the ledger: ban, licence, ...
        status: Of the measure.
        certainty: How well a notice settles the form.
    """
    return HEADLINES.get(instrument, instrument) + ("" if status == IN_FORCE else f"_{status}") + DOUBTS[certainty]


def headline_of(measures: tuple[Measure, ...]) -> str:
    """One line for the law: the gravest instrument in force, then graver ones that are unchecked or only suspended.

    ``ban`` (a licence beside it adds nothing), ``licence``, ``licence+ban_suspended``, ``licence_suspended``,
    ``licence_unchecked`` (see `UNCHECKED`), ``whitelist``,
    ...; a word ends in ``_uncertain`` when no notice settles the form, in ``_above_size`` when pieces from a size on are
    named. Without any legal measure: the instrument of a reported practice such as ``de_facto_stop``, else ``not_listed``.
    """
    ranked = list(HEADLINES)
    parts: list[str] = []
    gravest = len(ranked)
    for status in LEGAL:
        found = [name for name in ranked[:gravest] if name in (law := _law(measures, status))]
        parts += [headline_word(name, status, law[name]) for name in (found if status == SUSPENDED else found[:1])]
        gravest = ranked.index(found[0]) if found and status == IN_FORCE else gravest
    if parts:
        return "+".join(parts)
    practice = sorted(m.instrument for m in measures if m.status == REPORTED and not m.conditional)
    return practice[0] if practice else NOT_LISTED


def is_listed(measures: tuple[Measure, ...]) -> bool:
    """Whether a legal measure in force, unchecked or suspended names the form for the route asked about."""
    return any(_law(measures, status) for status in LEGAL)


def rests_on_uncertain(headline: str) -> bool:
    """Whether an instrument in the headline is one that no notice settles for the form."""
    return any(part.endswith((UNCERTAIN, ABOVE_SIZE)) for part in headline.split("+"))


def is_unconfirmed(measures: tuple[Measure, ...]) -> bool:
    """Whether the gravest instrument in force for the route is so by ends of suspensions after the last reviewed day alone."""
    law = [m for m in measures if m.is_law and not m.conditional and m.status == IN_FORCE and m.instrument in HEADLINES]
    gravest = next((name for name in HEADLINES if any(m.instrument == name for m in law)), None)
    return gravest is not None and all(m.unconfirmed for m in law if m.instrument == gravest)


def doubt_note(returned: Iterable[tuple[str, date]], reviewed_to: date | None) -> str:
    """What is in force because a suspension ended after the last reviewed day; empty when nothing is.

    Args:
        returned: Title of a measure, and the day on which it came into force so.
        reviewed_to: As in `ControlState`.
    """
    days: dict[date, dict[str, None]] = {}
    for title, day in sorted(returned, key=lambda one: one[1]):
        if reviewed_to and day > reviewed_to:  # of one that covers the form by such a licence the licence is named
            days.setdefault(day, {})[title] = None
    return together(
        *(
            message(
                "{titles:and}: in force since {day:%Y-%m-%d} by the dates of the acts; whether the suspension was extended "
                "after {reviewed:%Y-%m-%d} is not known.",
                titles=tuple(titles), day=day, reviewed=reviewed_to,
            )
            for day, titles in days.items()
        )
    )  # fmt: skip


def returned_by_dates(measures: Iterable[Measure]) -> Iterator[tuple[str, date]]:
    """Title and first day of each measure that is unconfirmed."""
    return ((m.number or m.authority, m.status_since) for m in measures if m.unconfirmed)


def is_beyond_review(reviewed_to: date | None, day: date) -> bool:
    """Whether a legal state on `day` is inferred: the ledger was reviewed to an earlier day only."""
    return reviewed_to is None or day > reviewed_to


def review_note(reviewed_to: date | None, day: date) -> Message:
    """The last reviewed day, and what that means for a statement about `day`."""
    if reviewed_to is None:
        return message("The ledger states no day to which it was reviewed: what it does not name may still be law.")
    if is_beyond_review(reviewed_to, day):
        return message(
            "Legal state of {reviewed:%Y-%m-%d}, carried forward: what was announced since is not in the ledger.",
            reviewed=reviewed_to,
        )
    return message("Ledger reviewed to {reviewed:%Y-%m-%d}.", reviewed=reviewed_to)
