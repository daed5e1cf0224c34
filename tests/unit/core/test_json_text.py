"""JSON with a line an item."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.core.messages import message
from toolkit.core.text import indented

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()


@given(st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)), st.booleans())
def test_what_is_written_is_read_again(data, ascii_only):
    text = indented(data, ascii_only=ascii_only)
    assert json.loads(text) == data
    assert text.isascii() or not ascii_only
    assert text.count("\n") == json.dumps(data, indent=1).count("\n")


def test_messages_and_tuples_are_strings_and_lists():
    data = {"a": (1, (2.5, "ü")), "b": message("{n} prices", n=3), "c": [{}, [], ()]}
    assert indented(data) == json.dumps(data, ensure_ascii=False, indent=1)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_number_that_is_not_finite_is_null(value):
    assert json.loads(indented({"a": [value]})) == {"a": [None]}


def test_half_a_character_is_no_error():
    data = {"file": "prices-\udce9.csv"}
    assert json.loads(indented(data, ascii_only=True)) == data
