"""Events and the forms that they name: words of end users, buyers that are reached, ends as they are known."""

from __future__ import annotations

from datetime import date

import pytest

from toolkit.controls.events import Event, Scope, end_user_of
from toolkit.core.errors import DataError
from toolkit.core.size import PieceSize


@pytest.fixture
def event(frames):
    """Makes an event from values of its row."""
    return lambda **values: Event.from_row(frames({"event_id": "A", **values})[0].row(0, named=True))


@pytest.fixture
def scope(frames):
    """Makes the scope of a form from values of its row."""
    return lambda **values: Scope.from_row(
        frames({"event_id": "A"}, scopes=[{"event_id": "A", **values}])[1].row(0, named=True)
    )


@pytest.mark.parametrize(
    ("word", "user"), [("civil", "civil"), (" Military ", "military"), ("armed-forces", "military"), ("Entity-List", "listed")]
)
def test_an_end_user_is_named_by_its_word_or_another(word, user):
    assert end_user_of(word) == user


def test_an_unknown_end_user_is_told_what_may_be_written():
    with pytest.raises(DataError, match="unknown end user 'zzzzz'") as refused:
        end_user_of("zzzzz")
    assert refused.value.details == {"end_user": "zzzzz"}
    assert refused.value.hint.startswith("Known: armed forces, army, civil, ")
    with pytest.raises(DataError) as near:
        end_user_of("civl")
    assert "'civil'" in near.value.hint


def test_all_buyers_those_named_and_those_of_the_union_are_reached(event):
    for destination, reached in (("all", "DEU USA EU"), ("USA", "USA"), ("EU", "EU DEU"), ("DEU;JPN", "DEU JPN")):
        one = event(destination=destination)
        assert " ".join(to for to in ("DEU", "USA", "JPN", "EU", "CHE") if one.reaches(to)) == " ".join(
            to for to in ("DEU", "USA", "JPN", "EU", "CHE") if destination == "all" or to in reached.split()
        )


def test_a_notice_says_when_it_ends_and_the_end_of_a_practice_is_seen_once_it_has_come(event):
    end = date(2020, 6, 30)
    days = (date(2020, 6, 29), end, date(2020, 7, 1))
    assert [event(ends=end).ends_as_known(day) for day in days] == [end, end, end]
    assert [event(kind="practice", ends=end).ends_as_known(day) for day in days] == [None, end, end]
    assert event(kind="practice").ends_as_known(end) is None


def test_a_licence_on_dual_use_items_is_law_lists_and_is_no_ban(event):
    assert event().lists_dual_use
    others = ({"instrument": "ban"}, {"dual_use": False}, {"dual_use": None}, {"coverage": "acts_on"}, {"kind": "policy"})
    assert not any(event(**other).lists_dual_use for other in (*others, {"standing": "claimed"}))


def test_an_event_is_cited_by_its_number_else_by_who_acted(event):
    assert [event(number=number).title for number in ("No. 9", "none", None)] == ["No. 9", "Ministry", "Ministry"]
    assert event(acts_on="B;C", metals="gallium;tin").acts_on == ("B", "C")
    assert event(acts_on="B;C", metals="gallium;tin").metals == ("gallium", "tin")


class TestCovers:
    def test_a_form_its_purity_and_any_form(self, scope):
        assert scope().covers("metal", None, None) == "named"
        assert scope().covers("oxide", None, None) is None
        assert scope(form="any").covers("oxide", None, None) == "named"
        assert scope(certainty="not_named").covers("metal", None, None) is None
        assert scope(certainty="uncertain").covers("metal", None, None) == "uncertain"
        assert scope(aliases="ingot;shot").aliases == ("ingot", "shot")
        pure = scope(purity_min=0.999)
        assert [pure.covers("metal", purity, None) for purity in (0.9989, 0.999, None)] == [None, "named", "uncertain"]

    def test_a_piece_from_a_size_on(self, scope):
        bar = scope(piece_mm_min="30x700")
        sizes = (None, PieceSize.parse("30x699"), PieceSize.parse("30x700"), PieceSize(mass=9.0))
        assert [bar.covers("metal", None, size) for size in sizes] == ["above_size", None, "named", "above_size"]
        heavy = scope(piece_kg_min=10.0)
        masses = (None, PieceSize(mass=9.9), PieceSize(mass=10.0))
        assert [heavy.covers("metal", None, size) for size in masses] == ["above_size", None, "named"]
