"""Papers as traded."""

from __future__ import annotations

import pytest

from toolkit.holdings.traceability import traceability


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
