"""Labels of marks in a plane: none stands beyond a line of the plot, no line to a mark runs through another name."""

from __future__ import annotations

import pytest

from toolkit.report.charts.scatter import Anchor, Box, place

ROOM = Box(0, -8, 600, 308)


def middle(box):
    return (box.left + box.right) / 2, (box.top + box.bottom) / 2


@pytest.mark.parametrize(("across", "side"), [(294, -1), (306, 1)])
def test_a_name_stands_on_the_side_of_the_limit_where_its_mark_is(across, side):
    limit = Box(299, 0, 301, 300)
    near = Anchor(across, 150, 4, 60, 16)
    # What stands beside it, so that the place across the line would be the nearest free one.
    others = [Box(across + side * 8 - 2, 140, across + side * 8 + 2, 160)]
    (found,) = place([near], ROOM, [limit], others)
    assert (middle(found.box)[0] - 300) * side > 0
    assert not found.box.overlap(limit)


def test_no_line_to_a_mark_runs_through_the_name_of_another():
    marks = [Anchor(12, 300, 5, 42, 16), Anchor(38, 300, 5, 62, 16)]
    first, second = place(marks, ROOM, [Box(0, 299.5, 600, 300.5)])
    assert not first.box.overlap(second.box)
    for mark, own, other in ((marks[0], first, second), (marks[1], second, first)):
        if own.led:
            end = min(max(mark.x, own.box.left), own.box.right), min(max(mark.y, own.box.top), own.box.bottom)
            assert not other.box.crossed((mark.x, mark.y), end)


def test_a_box_is_crossed_by_what_runs_through_it_and_by_nothing_that_begins_inside():
    box = Box(10, 10, 20, 20)
    assert box.crossed((0, 15), (30, 15))
    assert box.crossed((0, 0), (30, 30))
    assert not box.crossed((0, 0), (30, 5))
    assert not box.crossed((15, 15), (30, 15))
    assert not box.crossed((0, 15), (8, 15))
