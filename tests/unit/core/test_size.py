"""Sizes of a piece: what is read, and whether a piece reaches what a notice names."""

from __future__ import annotations

import pytest

from toolkit.core.errors import SpecError
from toolkit.core.size import DENSEST, PieceSize


@pytest.mark.parametrize(
    ("text", "dimensions", "mass"),
    [
        ("30x700", (700, 30, 30), None),
        ("Ø 30 mm × 700 mm", (700, 30, 30), None),
        ("⌀30*700", (700, 30, 30), None),
        ("120x120x50", (120, 120, 50), None),
        ("50 x 120,5 mm x 119.5 mm", (120.5, 119.5, 50), None),
        (" 5KG ", None, 5.0),
        ("800 g", None, 0.8),
        ("1,5 kg", None, 1.5),
        ("1 ozt", None, 0.0311034768),
        ("1/10 ozt", None, 0.00311034768),
        ("1⁄2 ozt", None, 0.0155517384),
    ],
)
def test_sizes_as_people_write_them(text, dimensions, mass):
    found = PieceSize.parse(text)
    assert found.dimensions == dimensions
    assert found.mass == pytest.approx(mass) if mass else found.mass is None
    assert PieceSize.parse(str(found)) == found


@pytest.mark.parametrize(
    "text", ["", "30", "30x", "0x700", "30x700x0", "0 kg", "11/2 ozt", "2/2 kg", "0/2 kg", "5 lb", "30x700x20x1"]
)
def test_what_is_no_size_is_refused_with_the_way_to_write_one(text):
    with pytest.raises(SpecError, match="no size of a piece") as refused:
        PieceSize.parse(text, "column size")
    assert str(refused.value).startswith(f"column size {text!r}")
    assert "30x700" in refused.value.hint


def test_the_option_is_named():
    with pytest.raises(SpecError, match=r"^--size"):
        PieceSize.parse("large")


class TestReaches:
    bar = PieceSize(dimensions=(700.0, 30.0, 30.0))

    def test_each_side_counts_in_the_order_of_size(self):
        assert self.bar.reaches((30, 700), None) is True
        assert self.bar.reaches((700, 30, 30), None) is True
        assert self.bar.reaches((31, 700), None) is False
        assert self.bar.reaches((30, 701), None) is False

    def test_a_mass_that_is_not_told_is_at_most_that_of_the_box(self):
        most = 700 * 30 * 30 * DENSEST
        assert self.bar.reaches((), most * 1.01) is False
        assert self.bar.reaches((), most) is None
        assert self.bar.reaches((30, 700), most * 1.01) is False
        assert self.bar.reaches((30, 700), most) is True

    def test_a_mass_that_is_told_is_compared(self):
        piece = PieceSize(mass=5.0)
        assert [piece.reaches((), mass) for mass in (4.9, 5.0, 5.1, None)] == [True, True, False, True]
        assert piece.reaches((30, 700), 5.0) is None
        assert piece.reaches((30, 700), 6.0) is False

    def test_of_nothing_nothing_is_known(self):
        assert PieceSize().reaches((30,), None) is None
        assert PieceSize().reaches((), 1.0) is None
