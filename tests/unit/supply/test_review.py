from datetime import date

from toolkit.app.config import resolve
from toolkit.app.ledger import load_ledger
from toolkit.supply.review import is_beyond_review, review_note

REVIEWED = date(2026, 10, 8)


def test_the_bundled_ledger_says_to_which_day_it_was_reviewed_and_none_later_than_the_day_asked():
    settings = resolve({}, file=None)
    assert load_ledger(settings, date(2026, 11, 25)).ledger.reviewed_to == REVIEWED
    assert load_ledger(settings, date(2025, 1, 1)).ledger.reviewed_to == date(2025, 1, 1)


def test_a_state_after_the_last_reviewed_day_is_said_to_rest_on_silence():
    assert not is_beyond_review(REVIEWED, REVIEWED)
    assert review_note(REVIEWED, REVIEWED) == "Ledger reviewed to 2026-10-08."
    assert "unless an act after 2026-10-08 says otherwise" in review_note(REVIEWED, date(2026, 10, 9))
    assert is_beyond_review(None, REVIEWED)
    assert "states no day" in review_note(None, REVIEWED)
