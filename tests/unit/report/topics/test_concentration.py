"""The section on concentration: marks for holdings, bars for the market, its table, and what it says in German."""

from __future__ import annotations

import json
from datetime import date
from itertools import combinations

import pytest

from tests.blocks import figures, table_of
from tests.records import with_metals
from tests.subjects import finder
from toolkit.app.topics.supply import supply_of_report as supply_part
from toolkit.report.charts.draw import draw
from toolkit.report.charts.scatter import Anchor, Box, place
from toolkit.report.document import BarTable, Chart, Missing
from toolkit.report.i18n.formats import Formats
from toolkit.report.i18n.text import plain
from toolkit.report.topics.concentration import concentration

AS_OF = date(2026, 11, 24)


@pytest.fixture(scope="module")
def found():
    """Findings of a subject with some weights, in a language."""
    return finder(supply_part)


WEIGHTS = {"gallium": 0.4, "tungsten": 0.3, "gold": 0.2}


def test_marks_stand_where_weight_and_remaining_supply_say(found):
    run = found(weights=WEIGHTS)
    scatter, indices, hosts = figures(concentration.build(run))
    # 0.4 x 0.99 is more than 0.3 x 0.79.
    assert plain(scatter.title) == "Most value hangs on one producer: gallium (40.0% of value, supply without China: 1%)"
    (chart,) = scatter.body
    assert isinstance(chart, Chart)
    marks = {metal["asset"]: metal for metal in run.parts.to_json()["supply"]["metals"] if metal["weight"]}
    for drawing in chart.drawings:
        layers = json.loads(drawing.spec)["layer"]
        at = {key: (100 * metal["weight"], 100 * metal["scored"]["n_minus_1"]) for key, metal in marks.items()}
        # Gallium needs a licence and no notice settles the bar of tungsten: squares, one filled and one dashed.
        assert [layer["mark"].get("strokeDash") for layer in layers if layer["mark"].get("shape") == "square"] == [None, [3, 2]]
        drawn, *_ = drawing.figures
        assert [(mark.x, mark.y) for mark in drawn if mark.style == "plain"] == [pytest.approx(at["gold"])]
        (gold,) = (layer["data"]["values"] for layer in layers if layer["mark"].get("shape") == "circle")
        others = [row for layer in layers if layer["mark"].get("shape") == "square" for row in layer["data"]["values"]]
        assert all(gold[0]["y"] < row["y"] for row in others), "most is left of gold: its mark is the highest"
        assert draw(drawing.spec).count("class=") > len(at)
    assert "gallium 40.0%, 1%; tungsten 30.0%, 14%; gold 20.0%, 88%." in chart.told
    assert plain(indices.title) == "Supply of 15 of 17 metals is highly concentrated (HHI over 1,800)"
    assert plain(hosts.title) == "By-products are 40% of value: their supply follows other metals"


def test_the_table_has_the_index_and_its_upper_bound(found):
    run = found(weights=WEIGHTS)
    rows = {
        plain(row.cells[0]): [plain(cell) for cell in row.cells] for row in table_of(figures(concentration.build(run))[1]).rows
    }
    assert rows["Gallium"][1:] == ["China 99% of refining", "40.0%", "1%", "9,804", "2025"]
    assert rows["Gold"][1:] == ["China 12% of mining", "20.0%", "88%", "469–1,415", "2025"]
    assert rows["Bismuth"][3:5] == ["14% (14%–60%)", "7,453 (2,665–7,453)"]
    assert rows["Dysprosium"][2] == "–"
    assert rows["Dysprosium"][5] == "2016–2020"


def test_the_market_alone_is_a_ranking_without_weights(found):
    ranked, indices, hosts = figures(concentration.build(found()))
    (bars,) = ranked.body
    assert isinstance(bars, BarTable)
    values = [bar.value for bar in bars.bars]
    assert values == sorted(values)
    by_name = {plain(bar.label): bar for bar in bars.bars}
    assert (by_name["Gallium"].controlled, by_name["Gallium"].hollow) == (True, False)
    assert (by_name["Tungsten"].controlled, by_name["Tungsten"].hollow) == (True, True)
    assert by_name["Indium"].controlled is False
    assert "Weight" not in [column.label for column in table_of(indices).columns]
    assert indices.body == hosts.body == ()
    assert "by-products" in plain(hosts.title)
    words = plain(ranked.source)
    assert "Mining and refining are different figures" in words
    assert "Vintages differ" in words


def test_when_all_exceed_the_line_bands_are_said_to_tell_nothing(found):
    indices = figures(concentration.build(found(assets=("gallium", "indium"))))[1]
    assert plain(indices.title).startswith("Supply of every metal is highly concentrated")


def test_without_shares_it_is_missing_and_a_held_metal_without_shares_is_named(found):
    run = found(weights=WEIGHTS)
    assert "not shown: gold." in plain(concentration.build(with_metals(run, "gold", scored=None))[0].source)
    assert isinstance(concentration.build(with_metals(run, scored=None)), Missing)


def test_a_hostile_name_stays_a_name(found):
    run = with_metals(found(weights=WEIGHTS), "gallium", name="<script>\u202e", element=None)
    blocks = concentration.build(run)
    assert any(span.style == "name" and "<script>" in span.text for span in blocks[0].title)


def test_labels_do_not_meet_and_are_the_same_again():
    room = Box(0, 0, 320, 320)
    cluster = [Anchor(100 + 9 * (i % 4), 150 + 9 * (i // 4), 5, 60, 16) for i in range(12)]
    placed = place(cluster, room)
    assert placed == place(cluster, room)
    for one, other in combinations(placed, 2):
        assert one.box.overlap(other.box) == 0
    for one in placed:
        assert one.box.inside(room)
    alone = place([Anchor(100, 100, 5, 60, 16)], room)[0]
    assert (alone.led, alone.box.left) == (False, 108)


def test_axes_write_numbers_of_the_language(found):
    drawn = draw(concentration.build(found("de", weights=WEIGHTS))[0].body[0].drawings[0].spec)
    assert f"100{Formats('de').percent(0, 0)[1:]}" in drawn
