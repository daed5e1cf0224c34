"""The review of the control ledger: what a user has to look up before relying on it today."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from toolkit.app.context import Context
from toolkit.app.ledger_add import evidence_state
from toolkit.app.plain import plain
from toolkit.supply.ledger_review import LedgerReview, review_ledger
from toolkit.supply.state import review_note


@dataclass(frozen=True, slots=True)
class ReviewAnswer:
    """The review, ids of the user's own events in it, and whether their evidence is still what it was."""

    found: LedgerReview
    own: tuple[str, ...]
    evidence: tuple[dict[str, str], ...] = ()

    @property
    def review(self) -> str:
        """To which day the ledger was reviewed, and what that means for today."""
        return review_note(self.found.reviewed_to, self.found.as_of)

    def to_json(self) -> dict[str, Any]:
        """The object of `toolkit ledger review --json`."""
        told = plain(asdict(self.found))
        told["unsettled"] = [{"event_id": event_id, "title": title} for event_id, title in self.found.unsettled]
        days = {"days_since": self.found.days_since, "review": self.review}
        return {**told, **days, "own_events": list(self.own), "evidence": list(self.evidence)}


def review(context: Context) -> ReviewAnswer:
    """The review of the ledger in force.

    Raises:
        DataError: for a file of own events that cannot be used.
    """
    found = review_ledger(context.ledger, on=context.as_of, reviewed_to=context.ledger.reviewed_to)
    folder = Path(given if isinstance(given := context.given_events, str) else "-").absolute().parent
    evidence = tuple(
        {"event_id": event_id, "evidence": path, "sha256": sha256, "state": evidence_state(folder, path, sha256)}
        for event_id, (path, sha256) in ({} if context.events is None else context.events.evidence).items()
        if event_id in context.own
    )
    return ReviewAnswer(found, context.own, evidence)
