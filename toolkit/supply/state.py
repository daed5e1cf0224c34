"""What the ledger answers: measures, dated changes, and the state of one form of one metal on one day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from toolkit.supply.chronology import IN_FORCE, SUSPENDED

REPORTED, CLAIMED = "reported", "claimed"
"""Status of what is not law: practice the press reports, and what one side claims. They take the place of `in_force`."""

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

NOT_LISTED, UNCERTAIN = "not_listed", "_uncertain"


@dataclass(frozen=True, slots=True)
class Change:
    """Something that changes on a date, in words, with the standing of what it rests on and the kind of change."""

    date: date
    what: str
    standing: str
    kind: str

    def to_json(self) -> dict[str, str]:
        """The object of `next_changes[]` in the contract."""
        return {"date": self.date.isoformat(), "what": self.what, "standing": self.standing}


@dataclass(frozen=True, slots=True)
class Measure:
    """A measure that names the form on the day asked.

    Attributes:
        status: ``in_force``, ``suspended`` or ``announced`` for law; ``reported`` for practice; ``claimed``.
        since: First day of the measure itself, as its notice says; a suspension does not move it.
        until: Last day of the present status, inclusive; None when no known date ends it.
        status_since: First day of the present status: of the suspension, or of the return to force after it.
        certainty: ``named``, or ``uncertain`` when the words of the notice do not settle this form.
        conditional: It applies to other destinations or end users than those asked about, and is shown as a warning.
        counts: It makes the form controlled: official, in force, unconditional, a licence or a ban.
        acted_on_by: Ids of the events that suspend, extend or claim to extend it at present.
        source: The citation; `source_id` names the table's source, `confidence` what was checked.
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
    counts: bool
    acted_on_by: tuple[str, ...]
    source: str
    source_id: str
    confidence: str

    @property
    def is_law(self) -> bool:
        """An official control, as against practice, policy and claims."""
        return self.kind == "control" and self.standing == "official"

    def to_json(self) -> dict[str, Any]:
        """The object of `measures[]` in the contract, and what a reader needs beyond it."""
        values = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return {name: _plain(value) for name, value in values.items()}


def _plain(value: Any) -> Any:
    match value:
        case date():
            return value.isoformat()
        case tuple():
            return list(value)
        case _:
            return value


@dataclass(frozen=True, slots=True)
class ControlState:
    """The legal state of one form of one metal for one route on one day, and what practice adds to it.

    Attributes:
        destination: ISO-3 code; None asks for no route: measures on single destinations are then conditional.
        headline: A summary of the law, see `headline_of`; `measures` is the truth.
        listed: A legal measure in force or suspended names the form for this route; practice and claims never do.
        uncertain: The headline rests on a notice that does not settle this form; it is counted as controlled.
        elsewhere: Legal measures of other jurisdictions on the same form and route; they do not enter the headline.
    """

    metal: str
    form: str
    origin: str
    destination: str | None
    end_user: str
    as_of: date
    headline: str
    listed: bool
    uncertain: bool
    measures: tuple[Measure, ...]
    elsewhere: tuple[Measure, ...]
    next_changes: tuple[Change, ...]
    note: str

    def is_controlled(self, instruments: tuple[str, ...]) -> bool:
        """Whether one of `instruments` is in force on the form, unconditionally."""
        return any(
            m.is_law and m.status == IN_FORCE and not m.conditional and m.instrument in instruments for m in self.measures
        )

    def to_json(self) -> dict[str, Any]:
        """The object of `toolkit controls --json`."""
        return {
            "metal": self.metal,
            "form": self.form,
            "origin": self.origin,
            "destination": self.destination,
            "end_user": self.end_user,
            "as_of": self.as_of.isoformat(),
            "headline": self.headline,
            "listed": self.listed,
            "uncertain": self.uncertain,
            "measures": [m.to_json() for m in self.measures],
            "elsewhere": [m.to_json() for m in self.elsewhere],
            "next_changes": [change.to_json() for change in self.next_changes],
            "note": self.note,
        }


def _law(measures: tuple[Measure, ...], status: str) -> dict[str, bool]:
    """Headline instruments with this status that apply to the route, and whether any notice settles the form."""
    found: dict[str, bool] = {}
    for m in measures:
        if m.is_law and not m.conditional and m.status == status and m.instrument in HEADLINES:
            found[m.instrument] = found.get(m.instrument, False) or m.certainty == "named"
    return found


def _word(instrument: str, *, named: bool, suspended: bool = False) -> str:
    return HEADLINES[instrument] + ("_suspended" if suspended else "") + ("" if named else UNCERTAIN)


def headline_of(measures: tuple[Measure, ...]) -> str:
    """One line for the law: the gravest instrument in force, then graver ones that are only suspended.

    ``ban`` (a licence beside it adds nothing), ``licence``, ``licence+ban_suspended``, ``licence_suspended``, ``whitelist``,
    ...; a word ends in ``_uncertain`` when no notice settles the form. Without any legal measure: the instrument of a
    reported practice such as ``de_facto_stop``, else ``not_listed``.
    """
    in_force, suspended = _law(measures, IN_FORCE), _law(measures, SUSPENDED)
    ranked = list(HEADLINES)
    parts: list[str] = []
    gravest = min((ranked.index(name) for name in in_force), default=len(ranked))
    if in_force:
        parts.append(_word(ranked[gravest], named=in_force[ranked[gravest]]))
    parts += [_word(name, named=suspended[name], suspended=True) for name in ranked[:gravest] if name in suspended]
    if parts:
        return "+".join(parts)
    practice = sorted(m.instrument for m in measures if m.status == REPORTED and not m.conditional)
    return practice[0] if practice else NOT_LISTED


def is_listed(measures: tuple[Measure, ...]) -> bool:
    """Whether a legal measure in force or suspended names the form for the route asked about."""
    return bool(_law(measures, IN_FORCE) or _law(measures, SUSPENDED))


def rests_on_uncertain(headline: str) -> bool:
    """Whether an instrument in the headline is one that no notice settles for the form."""
    return any(part.endswith(UNCERTAIN) for part in headline.split("+"))
