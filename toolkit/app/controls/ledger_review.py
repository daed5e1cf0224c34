"""The review of the control ledger: what has to be checked before it is relied on today."""

from __future__ import annotations

from pathlib import Path

from toolkit.app.context import Context
from toolkit.app.controls.ledger_add import evidence_state
from toolkit.controls.ledger_review import review_ledger
from toolkit.controls.state import review_note
from toolkit.records.answers.ledger import (
    EventTitle,
    Evidence,
    LedgerReview,
)


def review(context: Context) -> LedgerReview:
    """The review of the ledger in force.

    Raises:
        DataError: for a file of own events that cannot be used.
    """
    found = review_ledger(context.ledger, on=context.as_of, reviewed_to=context.ledger.reviewed_to)
    folder = Path(given if isinstance(given := context.given_events, str) else "-").absolute().parent
    return LedgerReview.from_objects(
        found,
        unconfirmed=tuple(EventTitle(event_id=event_id, title=title) for event_id, title in found.unconfirmed),
        review=review_note(found.reviewed_to, found.as_of),
        own_events=context.own,
        coverage=context.ledger.coverages(context.as_of),
        evidence=tuple(
            Evidence(event_id=event_id, evidence=path, sha256=sha256, state=evidence_state(folder, path, sha256))
            for event_id, (path, sha256) in ({} if context.events is None else context.events.evidence).items()
            if event_id in context.own
        ),
    )
