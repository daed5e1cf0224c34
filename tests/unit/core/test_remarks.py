"""Warnings come by the money that they touch, notes after them and never among them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from toolkit.core.remarks import Remark, by_money, in_record, note

VALUES = {"gold": 500.0, "gallium": 300.0, "tin": 0.0}
REMARKS = st.lists(
    st.builds(
        Remark,
        st.sampled_from(["data", "law", "answer", "terms", "note"]),
        st.text("abc", min_size=1, max_size=3),
        assets=st.none() | st.lists(st.sampled_from([*VALUES, "unpriced"]), max_size=3).map(tuple),
    ),
    max_size=12,
)


@given(REMARKS)
def test_unknown_amounts_come_first_then_the_largest_then_notes(remarks):
    told = by_money(remarks, VALUES)
    assert {remark.text for remark in told} == {remark.text for remark in remarks}
    assert len(told) == len({remark.text for remark in remarks})
    warnings = [remark for remark in told if remark.is_warning]
    assert list(told[: len(warnings)]) == warnings
    amounts = [float("inf") if remark.money is None else remark.money for remark in warnings]
    assert amounts == sorted(amounts, reverse=True)
    assert all(remark.money is None for remark in told if not remark.is_warning)


def test_money_is_that_of_what_is_held():
    told = [Remark("law", "one", assets=("gallium", "gallium")), Remark("answer", "all"), Remark("data", "?", assets=("new",))]
    unknown, everything, one = by_money(told, VALUES)
    assert (everything.money, one.money, unknown.money) == (800.0, 300.0, None)


def test_a_record_has_warnings_and_notes_apart():
    found = in_record(by_money([note("made so"), Remark("terms", "unknown", "Ask.")], VALUES))
    assert (found["warnings"], found["notes"]) == (("unknown",), ("made so",))
    assert [row["remedy"] for row in found["remarks"]] == ["Ask.", None]


def test_what_the_user_gave_and_is_not_used_comes_before_larger_money():
    thrown = Remark("data", "thrown away", "", ("gold",), comes_first=True)
    told = by_money((Remark("data", "of unknown money", "", ("brent",)), thrown, Remark("data", "all of it")), {"gold": 1.0})
    assert told[0].text == "thrown away"
