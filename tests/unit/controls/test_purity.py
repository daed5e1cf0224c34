"""Purity as traded: as a fraction, and as grades."""

from __future__ import annotations

import pytest

from toolkit.controls.purity import grades, grades_apart, purity_fraction, settled_purity


@pytest.mark.parametrize(
    ("text", "fraction"),
    [
        ("99.99 %", 0.9999), ("99.99%", 0.9999), ("99.99-99.997 %", 0.9999), ("99.9 % Hf+Zr", 0.999), ("4N", 0.9999),
        ("4n5", 0.99995), ("999.9", 0.9999), ("0.995", 0.995), ("99.9", None), ("high", None), ("", None), (None, None),
        ("150 %", None), ("99,99 % min", 0.9999), ("Oxid 99,995 %", 0.99995), ("min. 4N", 0.9999), ("4N/6N", 0.9999),
        (".925", 0.925), ("925/1000", 0.925), ("999.9 fine", 0.9999), ("18 ct", 0.75), ("22k", 22 / 24), ("sterling", 0.925),
        ("Zr < 0,5 %", None), ("Grade 1", None), ("99,5 bis 99,99 %", 0.995), ("As 0.05 %, 99.99 %", 0.9999),
        ("0,05 % As", None), ("99.5–99.99 %", 0.995), ("99.95 % to 99.99 %", 0.9995), ("99.95 to 99.99 %", 0.9995),
        ("≤ 99.5 % Zr", None), ("<99.9, 5N", 0.99999), ("99.99\u2009%", 0.9999), (" 4N ", 0.9999), ("1 %", 0.01), ("0.99 %", None),
        ("100 %", 1.0), ("0N", None), ("0N5", 0.5), ("10N", 0.9999999999), ("x4N", None), ("4Nx", None), ("3.4N", None),
        ("Sterling silver", 0.925), ("24 karat", 1.0), ("25 karat", None), ("0 karat", None), ("18-carat gold", 0.75),
        ("1", 1.0), ("1.5", None), ("499", None), ("500", 0.5), ("1000", 1.0), ("1001", None), ("925er", 0.925),
        ("ca. 4N", 0.9999), ("(4N)", 0.9999), ("purity: high", None), ("5N 99.99 %", 0.9999), ("99.9999 %, 4N5", 0.99995),
        ("100.5 % 4N", None),
    ],
)  # fmt: skip
def test_purity(text, fraction):
    assert purity_fraction(text) == fraction


@pytest.mark.parametrize(
    ("text", "fraction"), [("99,5 bis 99,99 %", None), ("99.5-99.99%", None), ("min. 99.99 %", 0.9999), ("4N5", 0.99995)]
)
def test_a_range_is_held_against_no_threshold(text, fraction):
    assert settled_purity(text) == fraction


@pytest.mark.parametrize(
    ("text", "least", "most"),
    [
        ("99.99 %", 4, 4),
        ("99.95-99.99 %", 3, 4),
        ("4N5", 4, 4),
        ("6N-7N", 6, 7),
        ("99,65 %", 2, 2),
        ("99.9 % Hf+Zr", 3, 3),
        ("zone refined", 5, 7),
        ("99.99 % zone refined", 4, 4),
        ("99.5 to 99.999 %", 2, 5),
        ("99.99-100 %", 4, 4),
        ("99.99 %, 99.9999 %", 4, 4),
        ("4N/6N", 4, 6),
        ("4N5-6N", 4, 6),
        ("90 %", 1, 1),
    ],
)
def test_grades_are_nines(text, least, most):
    assert grades(text) == (least, most)


def test_grades_apart_are_signed_and_unknown_ones_are_not_apart():
    assert [grades_apart("99.99 %", other) for other in ("7N", "3N", "99.995 %", None, "pure")] == [3, -1, 0, 0, 0]
    assert [grades_apart("4N-5N", other) for other in ("5N-6N", "6N-7N", "2N-3N", "3N-4N")] == [0, 1, -1, 0]
    assert [grades(text) for text in ("pure", None, "100 %", "")] == [None] * 4
