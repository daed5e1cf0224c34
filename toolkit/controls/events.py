"""Records of the control ledger and the vocabulary of its columns."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from toolkit.core.errors import DataError, did_you_mean
from toolkit.core.size import PieceSize
from toolkit.core.text import words

PRACTICE = "practice"
OPEN_ENDED = ("trade_dispute", "tariff_exemption")
"""Instruments of which nobody knows the last day before it comes."""
"""Kind of events that are observed, not announced."""

KINDS = ("control", PRACTICE, "policy", "market")


OFFICIAL, AGREED, REPORTED, CLAIMED = "official", "agreed", "reported", "claimed"
STANDINGS = (OFFICIAL, AGREED, REPORTED, CLAIMED)
"""``official``: an act was seen. ``agreed``: stated by both governments, the act not seen. ``claimed``: stated by one side."""
NEUTRAL = "neutral"
"""Direction of an act that makes nothing stricter or looser: a list that takes the place of older ones."""
PRECISIONS = ("day", "month", "approximate")
DUAL_USE = "dual_use_items"
COVERAGES = ("listed", "acts_on", DUAL_USE, "none")
CERTAINTIES = ("named", "uncertain", "not_named")

CIVIL = "civil"
END_USERS = ("military", "listed")
"""End users that a measure can single out; ``all`` in the table, and ``civil`` in a question, stand for everybody else."""

END_USER_WORDS = {
    **dict.fromkeys(("defence", "defense", "armed forces", "army"), "military"),
    **dict.fromkeys(("civilian", "commercial", "industry"), CIVIL),
    **dict.fromkeys(("entity list", "entity_list", "sanctioned"), "listed"),
}
"""Other words for an end user: a notice on military users and uses means defence."""

EUROPEAN_UNION = "EU"
"""The one jurisdiction that is no ISO-3 country and still acts: one licence law for its members."""

EU_MEMBERS = frozenset(
    words("AUT;BEL;BGR;HRV;CYP;CZE;DNK;EST;FIN;FRA;DEU;GRC;HUN;IRL;ITA;LVA;LTU;LUX;MLT;NLD;POL;PRT;ROU;SVK;SVN;ESP;SWE")
)
"""A notice to ``EU`` means buyers in any of these."""

NOT_CHECKED = "not checked against the text"
"""Beginning of `confidence` where the act was not read: no duty follows from such a row."""

INSTRUMENTS = (
    "ban",
    "domestic_quota",
    "entity_list",
    "exporter_whitelist",
    "extraterritorial",
    "facilitation",
    "framework",
    "import_ban",
    "import_tariff",
    "licence",
    "quota",
    "repeal",
    "reporting",
    "strict_review",
    "suspension",
    "technology",
    "watch_list",
)
"""Instruments of ``kind = control``. Others are refused: a misspelt one would never count."""

COUNTING = ("licence", "ban")
"""Instruments that make a form controlled unless the caller names others."""

SUSPENDS, EXTENDS, CLAIMS = "suspends", "extends", "claims_extension"
ENDING = ("repeals", "replaces")
RELATIONS = (SUSPENDS, EXTENDS, CLAIMS, *ENDING, "builds_on", "extends_list", "implements", "eases")
"""What an event does to those in its `acts_on`. Only official controls that suspend, extend, repeal or replace change a legal
status; repealing a suspension resumes what it suspended. The rest is context."""


def end_user_of(name: str) -> str:
    """The end user that a word means: ``civil`` or one of `END_USERS`.

    Raises:
        DataError: for a word that means none; the nearest are in the hint.
    """
    word = name.strip().casefold().replace("-", " ")
    found = END_USER_WORDS.get(word, word)
    if found not in (CIVIL, *END_USERS):
        hint = did_you_mean(word, (CIVIL, *END_USERS, *END_USER_WORDS))
        raise DataError("unknown end user {name!r:s}.", hint=hint, details={"end_user": name}, name=name)
    return found


@dataclass(frozen=True, slots=True)
class Event:
    """One row of the `controls` table: see `toolkit.core.frames.ControlEvents` for the columns."""

    event_id: str
    kind: str
    instrument: str
    direction: str
    standing: str
    announced: date
    effective: date | None
    ends: date | None
    acts_on: tuple[str, ...]
    relation: str | None
    authority: str
    origin: str | None
    number: str | None
    destinations: tuple[str, ...]
    end_user: str
    metals: tuple[str, ...]
    scope: str | None
    coverage: str
    dual_use: bool | None
    note: str | None
    citation: str
    source: str
    confidence: str
    known_from: date

    @classmethod
    def from_row(cls, row: dict[str, Any]) -> Event:
        """An event from a row of the table; list columns become tuples, other words for an end user its own."""
        values: dict[str, Any] = {name: row[name] for name in cls.__dataclass_fields__ if name != "destinations"}
        values |= {"acts_on": words(row["acts_on"]), "metals": words(row["metals"])}
        values["end_user"] = END_USER_WORDS.get(row["end_user"], row["end_user"])
        return cls(**values, destinations=words(row["destination"]))

    @property
    def lists_dual_use(self) -> bool:
        """A licence that names forms of its own as dual-use items, for measures on all of them."""
        return self.is_law and self.instrument == "licence" and self.dual_use is True and self.coverage == "listed"

    @property
    def is_law(self) -> bool:
        """Whether the event can change a legal state: an official control, not practice, policy or a claim."""
        return self.kind == "control" and self.standing == OFFICIAL

    def reaches(self, destination: str) -> bool:
        """Whether the event names buyers in `destination` (ISO-3, or ``EU``), or all."""
        named = self.destinations
        return "all" in named or destination in named or (EUROPEAN_UNION in named and destination in EU_MEMBERS)

    def ends_as_known(self, known: date) -> date | None:
        """The last day as known on `known`: a notice says when it ends; of others the end is seen once it has come."""
        seen = self.kind == PRACTICE or self.instrument in OPEN_ENDED
        return None if seen and self.ends and self.ends > known else self.ends

    @property
    def title(self) -> str:
        """How people cite it: the number of the notice, else who acted."""
        return self.number if self.number and self.number != "none" else self.authority


@dataclass(frozen=True, slots=True)
class Scope:
    """One row of the `control_scopes` table: an event names (or pointedly does not name) one form of one metal."""

    event_id: str
    asset: str
    form: str
    group: str | None
    purity_min: float | None
    piece_mm_min: str | None
    piece_kg_min: float | None
    certainty: str
    aliases: tuple[str, ...]
    note: str | None
    source: str
    known_from: date

    @classmethod
    def from_row(cls, row: dict[str, Any]) -> Scope:
        """A scope from a row of the table."""
        values: dict[str, Any] = {name: row[name] for name in cls.__dataclass_fields__}
        return cls(**{**values, "aliases": words(row["aliases"])})

    def covers(self, form: str, purity: float | None, size: PieceSize | None) -> str | None:
        """How well the row covers a piece of material; None: not at all.

        ``named``; ``above_size`` when only pieces from a size on are named and `size` does not say whether this is one;
        ``uncertain``.

        Args:
            form: Form of the material, ``metal`` or ``oxide`` for instance.
            purity: Fraction by mass; None where not known.
            size: Dimensions and mass of the piece; None where not known.
        """
        if self.certainty == "not_named" or self.form not in (form, "any"):
            return None
        if self.purity_min is not None and purity is not None and purity < self.purity_min:
            return None
        if self.piece_mm_min is not None or self.piece_kg_min is not None:
            sides = tuple(float(side) for side in self.piece_mm_min.split("x")) if self.piece_mm_min else ()
            large = (size or PieceSize()).reaches(sides, self.piece_kg_min)
            if large is not True:
                return None if large is False else "above_size"
        return "uncertain" if self.purity_min is not None and purity is None else self.certainty


def version_on(day: date, events: Sequence[Event], scopes: Sequence[Scope], others: Iterable[date]) -> int:
    """Number of the days up to `day` from which on more was known: equal on days on which the same was.

    Args:
        day: Of the question.
        events: Of a ledger.
        scopes: Of these.
        others: Days on which anything else of the ledger was published.
    """
    known = {one.known_from for one in (*events, *scopes)} | {*others}
    known |= {event.ends for event in events if event.ends is not None}
    return sum(one <= day for one in known)


def events_of(
    assets: Iterable[str], events: Sequence[Event], scopes: Mapping[str, Collection[str]]
) -> dict[str, tuple[Event, ...]]:
    """Metal -> the events that may cover it: they name it, act on one that does, or are about all dual-use items.

    Args:
        assets: Metals.
        events: Events of a ledger, in its order.
        scopes: Id of an event -> metals that it names.
    """
    by_id = {event.event_id: event for event in events}
    dual_use = [event.event_id for event in events if event.lists_dual_use]

    @cache
    def metals(event_id: str) -> frozenset[str]:
        event = by_id[event_id]
        others = {"acts_on": event.acts_on, DUAL_USE: dual_use}.get(event.coverage, ())
        return frozenset(scopes.get(event_id, ())).union(*(metals(other) for other in others if other in by_id))

    return {asset: tuple(event for event in events if asset in metals(event.event_id)) for asset in assets}
