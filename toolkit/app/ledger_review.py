"""The review of the control ledger: what has to be checked before it is relied on today."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from toolkit.app.context import Context
from toolkit.app.ledger_add import evidence_state
from toolkit.controls.ledger_review import LedgerReview, review_ledger
from toolkit.controls.licence_catalogue import NOT_JUDGED, ItemCheck, MissingCode, compare_with_catalogue
from toolkit.controls.state import review_note
from toolkit.core.plain import plain
from toolkit.market.readers.licence_catalogue import LicenceCatalogue, read_licence_catalogue


@dataclass(frozen=True, slots=True, eq=False)  # frames have no truth value, so answers are compared by identity
class CatalogueCheck:
    """The licence catalogue of a user's file beside the items of the ledger; a code counts once an item."""

    catalogue: LicenceCatalogue
    items: tuple[ItemCheck, ...]
    missing: tuple[MissingCode, ...]

    def to_json(self) -> dict[str, Any]:
        """The key `catalogue` of `toolkit ledger review --json`."""
        read = self.catalogue
        counts = {key: sum(len(getattr(one, key)) for one in self.items) for key in ("agreeing", "in_part", "lacked")}
        return {
            "file": read.name,
            "encoding": read.encoding,
            "items_read": read.items,
            "counts": {"codes": sum(counts.values()), **counts},
            "items": [{**plain(asdict(one)), "may_be_left_out": one.may_be_left_out} for one in self.items],
            "missing_in_ledger": [plain(asdict(one)) for one in self.missing],
            "unread": [plain(asdict(one)) for one in read.unread],
            "not_judged": list(NOT_JUDGED),
            "notes": [str(note) for note in read.notes],
        }


@dataclass(frozen=True, slots=True)
class ReviewAnswer:
    """The review, ids of the user's own events in it, the state of their evidence, and the licence catalogue beside it."""

    found: LedgerReview
    own: tuple[str, ...]
    evidence: tuple[dict[str, str], ...] = ()
    check: CatalogueCheck | None = None

    @property
    def review(self) -> str:
        """To which day the ledger was reviewed, and what that means for today."""
        return review_note(self.found.reviewed_to, self.found.as_of)

    def to_json(self) -> dict[str, Any]:
        """The object of `toolkit ledger review --json`."""
        told = plain(asdict(self.found))
        told["unsettled"] = [{"event_id": event_id, "title": title} for event_id, title in self.found.unsettled]
        days = {"days_since": self.found.days_since, "review": self.review}
        catalogue = {} if self.check is None else {"catalogue": self.check.to_json()}
        return {**told, **days, "own_events": list(self.own), "evidence": list(self.evidence), **catalogue}


def review(context: Context, catalogue: str | None = None) -> ReviewAnswer:
    """The review of the ledger in force, and of its items against a file of China's licence catalogue.

    Raises:
        DataError: for a file of own events or a catalogue that cannot be used.
    """
    found = review_ledger(context.ledger, on=context.as_of, reviewed_to=context.ledger.reviewed_to)
    folder = Path(given if isinstance(given := context.given_events, str) else "-").absolute().parent
    evidence = tuple(
        {"event_id": event_id, "evidence": path, "sha256": sha256, "state": evidence_state(folder, path, sha256)}
        for event_id, (path, sha256) in ({} if context.events is None else context.events.evidence).items()
        if event_id in context.own
    )
    check = None
    if catalogue is not None:
        read = read_licence_catalogue(catalogue)
        check = CatalogueCheck(read, *compare_with_catalogue(context.ledger, read.codes, on=context.as_of))
    return ReviewAnswer(found, context.own, evidence, check)
