"""Values by what they have in common."""

from toolkit.core.grouping import by_key, sums_by_key

PAIRS = [("b", 1.0), ("a", 2.0), ("b", 4.0)]


def test_values_stand_under_their_key_in_the_order_of_first_occurrence():
    found = by_key(iter(PAIRS))
    assert list(found.items()) == [("b", [1.0, 4.0]), ("a", [2.0])]


def test_sums_stand_under_their_key_in_the_order_of_first_occurrence():
    assert list(sums_by_key(iter(PAIRS)).items()) == [("b", 5.0), ("a", 2.0)]
    assert sums_by_key([]) == {}
