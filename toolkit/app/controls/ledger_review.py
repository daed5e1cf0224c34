"""The review of the control ledger: what has to be checked before it is relied on today."""

from __future__ import annotations

from pathlib import Path

from toolkit.app.context import Context
from toolkit.app.controls.ledger_add import evidence_state
from toolkit.controls.ledger_review import review_ledger
from toolkit.controls.licence_catalogue import NOT_JUDGED, compare_with_catalogue
from toolkit.controls.state import review_note
from toolkit.market.readers.licence_catalogue import read_licence_catalogue
from toolkit.records.answers.ledger import (
    CatalogueCheck,
    CodeCounts,
    EventTitle,
    Evidence,
    LedgerReview,
)


def review(context: Context, catalogue: str | None = None) -> LedgerReview:
    """The review of the ledger in force, and of its items against a file of China's licence catalogue.

    Raises:
        DataError: for a file of own events or a catalogue that cannot be used.
    """
    found = review_ledger(context.ledger, on=context.as_of, reviewed_to=context.ledger.reviewed_to)
    folder = Path(given if isinstance(given := context.given_events, str) else "-").absolute().parent
    return LedgerReview.from_objects(
        found,
        unsettled=tuple(EventTitle(event_id=event_id, title=title) for event_id, title in found.unsettled),
        review=review_note(found.reviewed_to, found.as_of),
        own_events=context.own,
        evidence=tuple(
            Evidence(event_id=event_id, evidence=path, sha256=sha256, state=evidence_state(folder, path, sha256))
            for event_id, (path, sha256) in ({} if context.events is None else context.events.evidence).items()
            if event_id in context.own
        ),
        **({} if catalogue is None else {"catalogue": _catalogue(context, catalogue)}),
    )


def _catalogue(context: Context, file: str) -> CatalogueCheck:
    """The licence catalogue of a user's file beside the items of the ledger."""
    read = read_licence_catalogue(file)
    items, missing = compare_with_catalogue(context.ledger, read.codes, on=context.as_of)
    agreeing, in_part, lacked = (sum(len(getattr(one, key)) for one in items) for key in ("agreeing", "in_part", "lacked"))
    return CatalogueCheck.from_objects(
        read,
        file=read.name,
        items_read=read.items,
        counts=CodeCounts(codes=agreeing + in_part + lacked, agreeing=agreeing, in_part=in_part, lacked=lacked),
        items=items,
        missing_in_ledger=missing,
        not_judged=NOT_JUDGED,
    )
