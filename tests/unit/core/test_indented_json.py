"""JSON with a line an item: the bytes of the standard library's own writer."""

from __future__ import annotations

import json
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.core.indented_json import indented
from toolkit.core.messages import message

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
KEYS = st.text() | st.integers() | st.booleans() | st.none() | st.floats(allow_nan=False, allow_infinity=False)


@given(st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner)), st.booleans())
def test_the_bytes_are_those_of_the_standard_library(data, ascii_only):
    assert indented(data, ascii_only=ascii_only) == json.dumps(data, ensure_ascii=ascii_only, allow_nan=False, indent=1)


def test_messages_and_tuples_are_strings_and_lists():
    data = {"a": (1, (2.5, "ü")), "b": message("{n} prices", n=3), "c": [{}, [], ()]}
    assert indented(data) == json.dumps(data, ensure_ascii=False, indent=1)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_json_does_not_have_is_refused(value):
    with pytest.raises(ValueError, match="JSON compliant"):
        indented({"a": [value]})


def test_numbers_are_not_written_one_by_one_in_python():
    """A list of a thousand numbers takes as many calls as one of ten."""

    def calls(count: int) -> int:
        found = 0

        def seen(frame, event, argument):
            nonlocal found
            found += event == "call"

        data = {"rows": [{"a": 1.5, "b": "x"}], "values": [0.5] * count}
        indented(data)
        sys.setprofile(seen)
        try:
            indented(data)
        finally:
            sys.setprofile(None)
        return found

    assert calls(10) <= calls(1000) < calls(10) + 30
