"""The section on official views: the plane with our scenario apart, the words of the notes, and what scores cannot see."""

from __future__ import annotations

import json
from datetime import date

import pytest

from tests.blocks import table_of
from tests.records import with_metals
from tests.subjects import finder
from toolkit.app.topics.supply import supply_of_report as supply_part
from toolkit.report.document import Figure, Missing
from toolkit.report.i18n.text import plain
from toolkit.report.topics.official import official

AS_OF = date(2026, 11, 24)


@pytest.fixture(scope="module")
def found():
    """Findings of a subject with some weights, in a language."""
    return finder(supply_part)


def layers(figure):
    return json.loads(figure.body[0].drawings[1].spec)["layer"]


def points(figure, style):
    return [(mark.x, mark.y) for mark in figure.body[0].drawings[1].figures[0] if mark.style == style]


def test_the_plane_has_the_published_scores_and_both_thresholds(found):
    plane = official.build(found())[0]
    assert plain(plane.title) == (
        "Eleven of 17 metals reach both thresholds of the EU study of 2023; below are indium, tellurium, molybdenum, rhenium, "
        "gold and silver"
    )
    circles, groups = points(plane, "plain"), points(plane, "shared")
    assert {(3.7, 3.9), (2.6, 0.6), (2.3, 0.5)} <= {*circles}
    # Dysprosium and terbium share the score of their group, and one mark.
    assert groups.count((4.2, 5.1)) == 1
    shapes = [layer["mark"]["shape"] for layer in layers(plane) if layer["mark"].get("shape")]
    assert (shapes.count("circle"), shapes.count("diamond")) == (len(circles), len(groups))
    names = [row["label"] for layer in layers(plane) for row in layer["data"].get("values", []) if "label" in row]
    assert "dysprosium, terbium" in names
    assert {"EI 2.8", "SR 1.0"} <= set(names)


def test_our_scenario_is_hollow_joined_and_named_as_ours(found):
    run = found()
    plane = official.build(run)[0]
    hollow = [
        row for layer in layers(plane) if layer["mark"]["type"] == "point" and not layer["mark"].get("shape")
        for row in layer["data"]["values"]
    ]  # fmt: skip
    joined = [row for layer in layers(plane) if layer["mark"].get("strokeDash") == [3, 2] for row in layer["data"]["values"]]
    supposed = {
        round(m["scenario_supply_risk"], 9) for m in run.parts.to_json()["supply"]["metals"] if m["scenario_supply_risk"]
    }
    moved = [mark for mark in plane.body[0].drawings[1].figures[0] if mark.supposed is not None]
    assert {round(mark.supposed, 9) for mark in moved} <= supposed
    assert len(hollow) == len(moved)
    assert sorted((row["x"], row["y"]) for row in joined) == sorted((row["x"], row["y"]) for row in hollow)
    assert ("supposed", "our scenario, not an EU figure") in plane.legend
    assert any(span.style == "assumption" and span.text == "1.3" and span.refs for span in plane.sub)


def test_the_table_speaks_in_the_words_of_the_notes(found):
    views = official.build(found())[1]
    rows = {plain(row.cells[0]): [plain(cell) for cell in row.cells] for row in table_of(views).rows}
    assert rows["Gallium"][1:] == ["3.9", "5.1", "3.7", "both reached", "yes (critical and strategic)", "yes", "100%"]
    assert rows["Germanium"][7] == ">50%"
    assert rows["Neodymium"][7] == "67% (compounds and metals)"
    assert rows["Dysprosium"][1] == "HREEs 5.1"
    assert rows["Dysprosium"][7] == "67% (of the group)"
    assert rows["Molybdenum"][7] == "net exporter"
    assert rows["Hafnium"][7] == "–"
    assert rows["Rhenium"][6] == "yes (added back 2025)"
    assert rows["Gold"][5:] == ["–", "–", "–"]


def test_what_the_scores_cannot_see_is_said(found):
    words = plain(official.build(found())[0].source)
    assert "rests on 2016-2020 and is blind to controls of China since Aug\u00a02023 (No.\u00a023/2023)" in words
    # Of molybdenum no notice settles whether the traded powder is what is named: it is not said to need a licence.
    assert "tellurium needs a Chinese licence today" in words


def test_one_metal_below_and_none_above(found):
    plane, views = official.build(found(assets=("indium",)))
    assert plain(plane.title) == "None of these metals reaches both thresholds of the EU study of 2023"
    assert plain(views.title) == "None of these metals is on both lists, of the EU and of the US"
    assert "need" not in plain(plane.source)


def test_scores_without_figures_are_dashes_and_without_any_view_it_is_missing(found):
    run = with_metals(found(assets=("gallium", "gold")), eu=None)
    blocks = official.build(run)
    assert [type(block) for block in blocks] == [Figure]
    assert [plain(cell) for cell in table_of(blocks[0]).rows[0].cells[1:4]] == ["–", "–", "–"]
    assert isinstance(official.build(with_metals(run, us_list_2025=None)), Missing)


def test_lists_that_are_not_known_are_no_metals_on_no_list():
    blocks = official.build(finder(supply_part, date(2023, 9, 15))(assets=("gallium", "indium")))
    titles = [plain(block.title) for block in blocks if isinstance(block, Figure)]
    assert not any("both lists" in words for words in titles)
    assert "Which metals are on the lists of the EU and of the US is not in the data known on this date" in titles
