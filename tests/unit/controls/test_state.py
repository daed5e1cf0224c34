"""Headlines and notes of the law, by measures made for the purpose."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from toolkit.controls.state import (
    Measure,
    doubt_note,
    headline_of,
    headline_word,
    is_listed,
    is_unconfirmed,
    piece_of,
    rests_on_uncertain,
    returned_by_dates,
    review_note,
)
from toolkit.core.size import PieceSize

REVIEWED, BEFORE, AFTER = date(2026, 10, 8), date(2026, 10, 7), date(2026, 11, 11)
LICENCE = Measure(
    "EV1", "control", "licence", "official", "in_force", REVIEWED, None, AFTER, "No. 1", "MOFCOM", "CHN", ("all",), "all", ("gallium",),
    None, None, "named", False, False, True, (), "", "", "",
)  # fmt: skip
BAN = replace(LICENCE, instrument="ban")
OFF = {"status": "suspended"}


@pytest.mark.parametrize(
    ("measures", "headline"),
    [
        ([], "not_listed"),
        ([LICENCE], "licence"),
        ([LICENCE, BAN], "ban"),
        ([LICENCE, replace(BAN, **OFF)], "licence+ban_suspended"),
        ([replace(LICENCE, **OFF), replace(BAN, **OFF)], "ban_suspended+licence_suspended"),
        ([replace(LICENCE, status="unchecked"), replace(BAN, status="unchecked")], "ban_unchecked"),
        ([BAN, replace(LICENCE, **OFF)], "ban"),
        ([replace(LICENCE, certainty="uncertain"), replace(LICENCE, certainty="above_size")], "licence_above_size"),
        ([replace(LICENCE, certainty="uncertain"), LICENCE], "licence"),
        ([replace(LICENCE, certainty="uncertain")], "licence_uncertain"),
        ([replace(LICENCE, instrument="exporter_whitelist")], "whitelist"),
        ([replace(LICENCE, instrument="reporting_duty")], "not_listed"),
        ([replace(LICENCE, conditional=True)], "not_listed"),
        ([replace(LICENCE, kind="policy")], "not_listed"),
        (
            [replace(LICENCE, kind="practice", standing="reported", status="reported", instrument="de_facto_stop")],
            "de_facto_stop",
        ),
    ],
)
def test_the_headline_is_of_the_gravest_in_force_and_of_what_may_come_back(measures, headline):
    assert headline_of(tuple(measures)) == headline
    assert is_listed(tuple(measures)) == (headline not in ("not_listed", "de_facto_stop"))
    assert rests_on_uncertain(headline) == ("uncertain" in headline or "above_size" in headline)


def test_words_of_a_headline():
    assert headline_word("licence", "in_force") == "licence"
    assert headline_word("other", "suspended", "uncertain") == "other_suspended_uncertain"
    assert rests_on_uncertain("licence_uncertain+ban_suspended")
    assert rests_on_uncertain("licence+ban_suspended_above_size")


def test_a_headline_rests_on_dates_alone_where_all_of_the_gravest_do():
    inferred = replace(LICENCE, unconfirmed=True)
    assert is_unconfirmed((inferred,))
    assert not is_unconfirmed((inferred, LICENCE))
    assert not is_unconfirmed((inferred, BAN))
    assert is_unconfirmed((replace(BAN, unconfirmed=True), LICENCE))
    assert not is_unconfirmed(())
    assert [*returned_by_dates((inferred, LICENCE, replace(inferred, number=None)))] == [("No. 1", AFTER), ("MOFCOM", AFTER)]


def test_what_came_back_after_the_last_reviewed_day_is_told_by_its_days():
    later = date(2026, 11, 28)
    told = doubt_note([("C", later), ("A", AFTER), ("B", AFTER), ("A", AFTER), ("D", REVIEWED), ("E", BEFORE)], REVIEWED)
    rest = "by the dates of the acts; whether the suspension was extended after 2026-10-08 is not known."
    assert str(told) == f"A and B: in force since 2026-11-11 {rest} C: in force since 2026-11-28 {rest}"
    assert doubt_note([("A", AFTER)], None) == ""


def test_to_which_day_the_law_is_known():
    assert str(review_note(REVIEWED, REVIEWED)) == "Ledger reviewed to 2026-10-08."
    carried = "Legal state of 2026-10-08, carried forward: what was announced since is not in the ledger."
    assert str(review_note(REVIEWED, AFTER)) == carried
    unknown = "The ledger states no day to which it was reviewed: what it does not name may still be law."
    assert str(review_note(None, AFTER)) == unknown


def test_a_piece_is_what_its_words_say():
    assert piece_of("4N", "25 x 300 mm") == {"purity": 0.9999, "size": PieceSize.parse("25 x 300 mm")}
    assert piece_of("99 - 99.99 %", None) == {"purity": None, "size": None}
    assert piece_of(None, "") == {"purity": None, "size": None}
