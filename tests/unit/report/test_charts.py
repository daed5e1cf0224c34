"""Drawings: theme classes in place of colours, one title, no ids, names as text."""

from __future__ import annotations

import json
import re
from xml.etree import ElementTree as ET

import pytest

from toolkit.report.charts import Interval, draw, intervals

ROWS = (Interval("<Ga>", 1.2, 0.4, 0.3, 0.5), Interval("Au", 0.12, 0.12, 0.1, 0.14), Interval("Au", 0.2, 0.2, 0.2, 0.2))


def test_a_drawing_has_one_title_with_the_numbers_and_nothing_that_is_not_the_themes():
    for drawing in intervals(ROWS, "Volatility").drawings:
        root = ET.fromstring(drawing.svg)
        assert root.attrib["role"] == "img"
        titles = [e.text for e in root.iter() if e.tag.endswith("}title")]
        assert titles == [
            "Volatility. <Ga> printed 120%, corrected 40%; Au printed 12%, corrected 12%; Au printed 20%, corrected 20%."
        ]
        assert not re.search(r"#[0-9a-f]{3,6}|aria-|font-family| id=|clip-path", drawing.svg)
        assert {"fill-data", "stroke-data", "fill-paper", "stroke-dot"} <= {
            c for e in root.iter() for c in e.attrib.get("class", "").split()
        }
        assert [e.text for e in root.iter() if e.tag.endswith("}text")].count("Au") == 2


def test_higher_volatility_lies_further_right():
    root = ET.fromstring(intervals(ROWS, "V").drawings[0].svg)
    dots = [e.attrib["transform"] for e in root.iter() if "fill-data" in e.attrib.get("class", "")]
    positions = [float(re.match(r"translate\(([\d.]+)", dot)[1]) for dot in dots]
    assert positions[0] > positions[2] > positions[1]


def test_a_flat_series_is_drawn_on_a_linear_axis():
    chart = intervals((Interval("flat", 0.0, 0.0, 0.0, 0.0),), "V")
    assert "NaN" not in chart.drawings[0].svg
    assert "flat" in chart.drawings[0].svg


def test_a_colour_outside_the_theme_is_refused():
    spec = {
        "data": {"values": [{"x": 1}]},
        "mark": {"type": "point", "stroke": "#123456"},
        "encoding": {"x": {"field": "x", "type": "quantitative"}},
    }
    with pytest.raises(ValueError, match="no token of the theme"):
        draw(json.dumps(spec), "t")
