"""How far the control ledger was reviewed: acts after its last reviewed day are not in it, so silence about them is no law."""

from __future__ import annotations

from datetime import date

from toolkit.core.said import Said, said


def is_beyond_review(reviewed_to: date | None, day: date) -> bool:
    """Whether a legal state on `day` is inferred from the silence of a ledger that was reviewed to an earlier day."""
    return reviewed_to is None or day > reviewed_to


def review_note(reviewed_to: date | None, day: date) -> Said:
    """The last reviewed day, and what that means for a statement about `day`."""
    if reviewed_to is None:
        return said("The ledger states no day to which it was reviewed: what it does not name may still be law.")
    if is_beyond_review(reviewed_to, day):
        return said(
            "Ledger reviewed to {reviewed:%Y-%m-%d}; later acts are not in it: "
            "states after that day hold unless an act after {reviewed:%Y-%m-%d} says otherwise.",
            reviewed=reviewed_to,
        )
    return said("Ledger reviewed to {reviewed:%Y-%m-%d}.", reviewed=reviewed_to)
