"""Records of the control ledger and the vocabulary of its columns."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

PRACTICE = "practice"
"""Kind of events that are seen, not announced."""

KINDS = ("control", PRACTICE, "policy", "market")
STANDINGS = ("official", "reported", "claimed")
PRECISIONS = ("day", "month", "approximate")
COVERAGES = ("listed", "acts_on", "dual_use_items", "none")
CERTAINTIES = ("named", "uncertain", "not_named")

CIVIL = "civil"
END_USERS = ("military", "listed", "defence")
"""End users that a measure can single out; ``all`` in the table, and ``civil`` in a question, stand for everybody else."""

EUROPEAN_UNION = "EU"
"""The one jurisdiction that is no ISO-3 country and still acts: one licence law for its members."""

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
"""Instruments of ``kind = control``. A misspelt one would silently never count, so others are refused."""

COUNTING = ("licence", "ban")
"""Instruments that make a form controlled unless the caller names others."""

SUSPENDS, EXTENDS, CLAIMS = "suspends", "extends", "claims_extension"
ENDING = ("repeals", "replaces")
RELATIONS = (SUSPENDS, EXTENDS, CLAIMS, *ENDING, "builds_on", "extends_list", "implements", "eases")
"""What an event does to those in its `acts_on`. Only official controls that suspend, extend, repeal or replace change a legal
status; repealing a suspension resumes what it suspended. The rest is context."""


def words(text: str | None) -> tuple[str, ...]:
    """The entries of a column that holds a list, `;` between them."""
    return tuple(part.strip() for part in (text or "").split(";") if part.strip())


@dataclass(frozen=True, slots=True)
class Event:
    """One row of the `controls` table: see `toolkit.core.frames.ControlEvents` for the columns."""

    event_id: str
    kind: str
    instrument: str
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
        """An event from a row of the table; list columns become tuples."""
        values: dict[str, Any] = {name: row[name] for name in cls.__dataclass_fields__ if name != "destinations"}
        values |= {"acts_on": words(row["acts_on"]), "metals": words(row["metals"])}
        return cls(**values, destinations=words(row["destination"]))

    @property
    def is_law(self) -> bool:
        """Whether the event can change a legal state: an official control, not practice, policy or a claim."""
        return self.kind == "control" and self.standing == "official"

    def ends_as_known(self, known: date) -> date | None:
        """The last day as known on `known`: a notice says when it ends; the end of practice is seen once it has come."""
        return None if self.kind == PRACTICE and self.ends and self.ends > known else self.ends

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

    def covers(self, form: str, purity: float | None) -> str | None:
        """``named`` or ``uncertain`` when the row covers `form` at `purity` (fraction; None: not known), else None."""
        if self.certainty == "not_named" or self.form not in (form, "any"):
            return None
        if self.purity_min is None:
            return self.certainty
        if purity is None:
            return "uncertain"
        return self.certainty if purity >= self.purity_min else None
