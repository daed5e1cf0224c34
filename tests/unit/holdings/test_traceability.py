"""Purity and papers as traded."""

from __future__ import annotations

import pytest

from toolkit.controls.purity import purity_fraction, settled_purity
from toolkit.holdings.traceability import traceability


@pytest.mark.parametrize(
    ("text", "fraction"),
    [
        ("99.99 %", 0.9999), ("99.99%", 0.9999), ("99.99-99.997 %", 0.9999), ("99.9 % Hf+Zr", 0.999), ("4N", 0.9999),
        ("4n5", 0.99995), ("999.9", 0.9999), ("0.995", 0.995), ("99.9", None), ("high", None), ("", None), (None, None),
        ("150 %", None), ("99,99 % min", 0.9999), ("Oxid 99,995 %", 0.99995), ("min. 4N", 0.9999), ("4N/6N", 0.9999),
        (".925", 0.925), ("925/1000", 0.925), ("999.9 fine", 0.9999), ("18 ct", 0.75), ("22k", 22 / 24), ("sterling", 0.925),
        ("Zr < 0,5 %", None), ("Grade 1", None), ("99,5 bis 99,99 %", 0.995), ("As 0.05 %, 99.99 %", 0.9999),
        ("0,05 % As", None), ("99.5–99.99 %", 0.995),
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
    ("origin", "certificate", "expected"),
    [
        ("CHN", "CoA 4711", ("known", "known")),
        ("CHN", "yes", ("claimed", "claimed")),
        ("CHN", None, ("claimed", "unknown")),
        ("CHN", " None ", ("claimed", "unknown")),
        ("unknown", "CoA 4711", ("unknown", "known")),
        ("unknown", "", ("unknown", "unknown")),
    ],
)
def test_papers(origin, certificate, expected):
    found = traceability(origin, certificate)
    assert (found.origin, found.certificate) == expected
