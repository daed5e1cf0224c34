"""Drawings: theme classes in place of colours, one title, no ids, names as text; charts of intervals and of levels."""

from __future__ import annotations

import itertools
import json
import re
from datetime import date
from xml.etree import ElementTree as ET

import pytest

from toolkit.report.charts.basket import FILLS
from toolkit.report.charts.draw import draw, titled
from toolkit.report.charts.intervals import IntervalRow, intervals, is_logarithmic
from toolkit.report.charts.levels import GRIDLINES, Month, levels, price_axis
from toolkit.report.charts.theme import DARK, LIGHT, PANEL, TOKENS
from toolkit.report.document import Chart
from toolkit.report.formats.brand import contrast
from toolkit.report.i18n.formats import Formats

FMT = Formats()
ROWS = (
    IntervalRow("<Ga>", 1.2, 0.4, 0.3, 0.5),
    IntervalRow("Au", 0.12, 0.12, 0.1, 0.14),
    IntervalRow("Au", 0.2, 0.2, 0.2, 0.2),
)


def svg(chart, at=0):
    return titled(draw(chart.drawings[at].spec), chart.told)


def texts(root):
    return [e.text for e in root.iter() if e.tag.endswith("}text")]


def places(root, name):
    """Coordinates of the marks that are filled with a colour."""
    marks = [
        e.attrib["transform"] for e in root.iter() if f"fill-{name}" in e.attrib.get("class", "") and "transform" in e.attrib
    ]
    return [tuple(float(v) for v in re.match(r"translate\(([\d.]+),([\d.]+)", mark).groups()) for mark in marks]


def test_a_drawing_has_one_title_with_the_words_it_is_given_and_nothing_that_is_not_the_themes():
    chart = Chart(intervals(ROWS, FMT), "Volatility: <Ga> 40%.")
    for at in range(len(chart.drawings)):
        root = ET.fromstring(svg(chart, at))
        assert root.attrib["role"] == "img"
        assert [e.text for e in root.iter() if e.tag.endswith("}title")] == ["Volatility: <Ga> 40%."]
        assert not re.search(r"#[0-9a-f]{3,6}|aria-|font-family| id=|clip-path", svg(chart, at))
        classes = {c for e in root.iter() for c in e.attrib.get("class", "").split()}
        assert {"fill-data", "stroke-data", "fill-paper", "stroke-dot"} <= classes
        assert texts(root).count("Au") == 2
        assert "<Ga>" in texts(root)


def test_higher_volatility_lies_further_right():
    positions = [x for x, _ in places(ET.fromstring(svg(Chart(intervals(ROWS, FMT), "Told."))), "data")]
    assert positions[0] > positions[2] > positions[1]


def test_a_flat_series_is_drawn_on_a_linear_axis():
    flat = (IntervalRow("flat", 0.0, 0.0, 0.0, 0.0),)
    assert is_logarithmic(ROWS)
    assert not is_logarithmic(flat)
    drawn = svg(Chart(intervals(flat, FMT), "Told."))
    assert "NaN" not in drawn
    assert "flat" in drawn


def test_a_long_name_is_cut_with_an_ellipsis():
    names = texts(ET.fromstring(svg(Chart(intervals((IntervalRow("x" * 300, 0.2, 0.2, 0.1, 0.3),), FMT), "V"))))
    assert any(name.endswith("…") and len(name) < 30 for name in names)


def test_percent_signs_are_those_of_the_language():
    german = Formats("de")
    assert any(words.endswith("\u202f%") for words in texts(ET.fromstring(svg(Chart(intervals(ROWS, german), "Told.")))))


def test_a_colour_outside_the_theme_is_refused():
    spec = {
        "data": {"values": [{"x": 1}]},
        "mark": {"type": "point", "stroke": "#123456"},
        "encoding": {"x": {"field": "x", "type": "quantitative"}},
    }
    with pytest.raises(ValueError, match="no token of the theme"):
        draw(json.dumps(spec))


MONTHS = tuple(
    Month(date(2025, month, 28), printed, level, 0.1)
    for month, printed, level in ((1, 900.0, 1000.0), (2, 3000.0, 1100.0), (3, None, 1150.0), (4, 1200.0, 1200.0))
)
SPAN = date(2024, 11, 30), date(2025, 4, 30)


def test_levels_are_drawn_with_a_dot_for_each_print_and_the_last_level_in_words():
    chart = Chart(levels(MONTHS, SPAN, FMT), "Gallium: level 1,200.")
    root = ET.fromstring(svg(chart))
    assert root.attrib["viewBox"].split()[2] == str(PANEL)
    dots = places(root, "dot")
    assert len(dots) == 3
    assert min(dots, key=lambda at: at[1]) == dots[1], "the highest print is the highest dot"
    assert "1,200" in texts(root)
    assert {"Nov\u00a02024", "Apr\u00a02025"} <= {*texts(root)}, "of less than two Januaries the months are named"
    years = texts(ET.fromstring(svg(Chart(levels(MONTHS, (date(2023, 1, 1), SPAN[1]), FMT), "t"))))
    assert {"2023", "2024", "2025"} <= {*years}


def test_a_series_as_published_is_a_line_without_dots():
    exact = tuple(Month(one.month, one.printed) for one in MONTHS)
    root = ET.fromstring(svg(Chart(levels(exact, SPAN, FMT), "t")))
    classes = {c for e in root.iter() for c in e.attrib.get("class", "").split()}
    assert "stroke-data" in classes
    assert not {"fill-dot", "fill-band"} & classes
    lines = [e.attrib["d"] for e in root.iter() if "stroke-data" in e.attrib.get("class", "") and "d" in e.attrib]
    assert len(lines) == 2, "a gap is not joined"


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (330.0, 1500.0, [500.0, 1000.0]),
        (11.0, 19.0, [10.0, 20.0]),
        (45.0, 49.0, [50.0, 100.0]),
        (90.0, 1200.0, [100.0, 200.0, 500.0, 1000.0]),
        (0.9, 5000.0, [1.0, 10.0, 100.0, 1000.0]),
        (0.03, 0.25, [0.05, 0.1, 0.2]),
        (7.0, 7.0, [5.0, 10.0]),
    ],
)
def test_prices_have_ticks_of_1_2_5(low, high, ticks):
    (bottom, top), found = price_axis(low, high)
    assert found == ticks
    assert bottom < low <= high < top
    assert 2 <= len(found) <= GRIDLINES
    assert all(bottom <= tick <= top for tick in found)


@pytest.mark.parametrize("colours", [LIGHT, DARK])
def test_parts_of_a_bar_are_told_apart_in_grey(colours):
    """China and the other producers, and what is and is not under control, were one grey: `ctl` and `data` are alike."""
    names = {stand_in: name for name, stand_in in TOKENS.items()}

    def look(style):
        fill, edge = names[style["fill"]], names[style["stroke"]]
        return fill == "hatch", edge == "paper", "strokeDash" in style, colours.get(fill, colours["paper"])

    for one, other in itertools.combinations(map(look, FILLS.values()), 2):
        assert one[:3] != other[:3] or contrast(one[3], other[3]) > 1.2
