"""The section on a stop of exports: both sides in one paragraph, no figure past the rule, the check from outside quoted."""

from __future__ import annotations

import dataclasses
import json
import math
import re
from datetime import date

import pytest

from tests.blocks import figures, table_of, told
from tests.subjects import finder
from toolkit.app.topics.whatif import whatif as whatif_part
from toolkit.records.whatif import WhatIf
from toolkit.report.charts.theme import TOKENS, width
from toolkit.report.document import Missing
from toolkit.report.i18n.text import plain
from toolkit.report.topics.whatif import whatif

AS_OF = date(2026, 11, 24)


@pytest.fixture(scope="module")
def found():
    """Findings of a subject with some weights, in a language."""
    return finder(whatif_part)


SURE = {"origin": "CHN", "export_from": "CHN", "assumed_origin": False, "uncertain": False}
LOTS = [
    {
        "asset": "gallium",
        "value": 10_000.0,
        "status": "stored",
        "delivery": "stored_safe",
        "origin": "CHN",
        "export_from": "CHN",
        **SURE,
    },
    {
        "asset": "antimony",
        "value": 4_000.0,
        "status": "ordered",
        "delivery": "open_order_at_risk",
        "origin": "CHN",
        "export_from": "CHN",
        **SURE,
    },
]
HOLDINGS = {
    "weights": {"gallium": 10 / 14, "antimony": 4 / 14},
    "exposure": {"lots": LOTS, "purchases": [], "licence_delay": None},
}
POSITIONS = [
    {"asset": "gallium", "name": "Gallium ingot", "element": "Ga", "weight": 0.5, "previous_weight": 0.0, "value": 5_000.0},
    {"asset": "gold", "name": "Gold bar", "element": "Au", "weight": 0.5, "previous_weight": 0.0, "value": 5_000.0},
]
PROPOSAL = {"positions": POSITIONS, "budget": 10_000.0}


def euros(amount):
    return f"€{float(f'{amount:.3g}'):,.0f}"


def test_the_cases_stand_beside_the_band_with_their_losses(found):
    run = found()
    cases = next(figure for figure in figures(whatif.build(run)) if "reactions to controls" in plain(figure.title))
    assert plain(cases.title).startswith("10 reactions to controls and 2 published models")
    rows = [[plain(cell).replace("\xa0", " ") for cell in row.cells] for row in table_of(cases).rows]
    assert ["No. 33/2024", "Antimony", "52%", "44%", "23%", "+264%", "12"] in rows
    assert ["No. 39/2023", "Graphite (natural)", "–", "9%", "–", "+11%", "12"] in rows
    assert [row[-1] for row in rows].count("model") == 2
    assert len(rows) == len(run.parts.to_json()["whatif"]["response"]["cases"])


def test_before_enough_cases_the_elasticity_is_an_assumption(found):
    run = found()
    elasticity = dataclasses.replace(run.part(WhatIf).elasticity, low=0.25, central=0.4, high=0.7)
    early = run.part(WhatIf).model_copy(update={"response": None, "elasticity": elasticity})
    run = dataclasses.replace(run, parts=run.parts.model_copy(update={"whatif": early}))
    multiples = figures(whatif.build(run))[0]
    assert [span.text for span in multiples.sub if span.style == "assumption"] == ["0.25", "0.70", "0.40", "50%"]
    assert "are assumptions" in plain(multiples.source)


def test_both_sides_stand_in_one_paragraph(found):
    first = plain(whatif.build(found(**HOLDINGS))[0].text)
    ga, sb = (found(**HOLDINGS).parts.to_json()["whatif"]["money"][name][0] for name in ("held", "coming"))
    assert f"adds {euros(ga['low'])} to {euros(ga['high'])} to the value of what is held outside China" in first
    assert f"{euros(sb['low'])} to {euros(sb['high'])} to the cost of what is still to come" in first
    assert 0 < ga["low"] < ga["high"] < 10_000
    assert "Open orders of €4,000" in first
    bought = plain(whatif.build(found(**PROPOSAL))[0].text)
    assert f"adds {euros(ga['low'] / 2)} to {euros(ga['high'] / 2)} to the value of these metals" in bought
    assert "to the bill of who buys later. That is 1% to 10% of value." in bought
    alone = plain(whatif.build(found())[0].text)
    assert re.search(r"multiplied by 1\.\d\d to \d\.\d: whoever holds it gains, and whoever waits pays", alone)
    for words in (first, bought, alone):
        assert "no forecasts" in words


def test_a_stop_past_half_is_a_dash_and_words(found):
    run = found()
    multiples, *_, check = figures(whatif.build(run))
    table = [[plain(cell) for cell in row.cells] for row in table_of(multiples).rows]
    rows = {row[0]: row[1:] for row in table}
    metals = {metal["asset"]: metal for metal in run.parts.to_json()["whatif"]["metals"]}
    for loss, band in (("20%", metals["gallium"]["bands"][0]), ("50%", metals["gallium"]["bands"][1])):
        (shown,) = (row[1:4] for row in table if row[0] == loss and row[4] == "gallium")
        assert [float(cell.removeprefix("×")) for cell in shown] == [
            pytest.approx(band[side], rel=0.05) for side in ("low", "central", "high")
        ]
    assert rows["37%"][3] == "full stop of molybdenum"
    assert rows["over 50%"][:3] == ["–", "–", "–"]
    assert "gallium 99%" in rows["over 50%"][3]
    assert rows["over 50%"][3].endswith("cannot be computed")
    assert plain(multiples.title).endswith("for eleven metals a full stop cannot be computed")
    assert "Precious metals are left out of the stop: gold, silver and platinum." in plain(multiples.source)
    numbers = [float(found) for line in told((multiples, check)) for found in re.findall(r"×(\d+(?:\.\d+)?)", line)]
    assert max(numbers) == pytest.approx(max(band["high"] for m in metals.values() for band in m["bands"]), abs=0.5)


def test_what_rests_on_assumptions_is_set_so(found):
    multiples = figures(whatif.build(found()))[0]
    assert [span.text for span in multiples.sub if span.style == "assumption"] == ["50%"]
    assert any(ref.startswith("A") for span in multiples.sub for ref in span.refs)
    for row in table_of(multiples).rows:
        for cell in row.cells[1:4]:
            assert plain(cell) == "–" or [span.style for span in cell] == ["derived"]
    assert any(ref.startswith("A") for span in multiples.source for ref in span.refs)


def test_every_bar_is_hollow_and_none_is_drawn_past_the_formula(found):
    run = found()
    chart = figures(whatif.build(run))[0].body[0]
    layers = json.loads(chart.drawings[2].spec)["layer"]
    part, stop = (layer for layer in layers if layer["mark"]["type"] == "bar")
    assert {layer["mark"]["fill"] for layer in (part, stop)} == {TOKENS["paper"]}
    metals = sorted(
        (m for m in run.parts.to_json()["whatif"]["metals"] if m["state"] in ("counted", "beyond")),
        key=lambda m: (-m["share"], m["asset"]),
    )
    counted = {i: metal["stop"] for i, metal in enumerate(metals) if metal["state"] == "counted"}
    drawn = {row["key"]: (row["low"], row["middle"], row["high"]) for row in stop["data"]["values"]}
    assert drawn == {i: pytest.approx((band["low"], band["central"], band["high"])) for i, band in counted.items()}
    assert {row["key"] for row in part["data"]["values"]} == {i for i, metal in enumerate(metals) if metal["share"] >= 0.2}
    told_of = {row["key"]: row["label"] for layer in layers if layer["mark"]["type"] == "text"
               for row in layer["data"]["values"] if "key" in row}  # fmt: skip
    assert {i for i, words in told_of.items() if words == "cannot be computed"} == set(range(len(metals))) - set(counted)
    published = next(layer for layer in layers if layer["mark"].get("shape") == "diamond")["data"]["values"]
    assert {metals[row["key"]]["asset"]: row["low"] for row in published} == {"gallium": 2.5, "germanium": pytest.approx(1.26)}
    assert "At a loss of 20% prices are multiplied by 1.0" in chart.told


def test_every_word_and_mark_of_the_bars_is_inside_the_axis(found):
    for drawing in figures(whatif.build(found()))[0].body[0].drawings:
        spec = json.loads(drawing.spec)
        end = next(layer["encoding"]["x"]["scale"]["domain"][1] for layer in spec["layer"] if layer["mark"]["type"] == "bar")
        for layer in spec["layer"]:
            for row in layer["data"].get("values", []):
                at = row.get("high", row.get("low"))
                if at is not None:
                    words = width(row["label"], 11.5) if "label" in row else 0.0
                    assert math.log(at) / math.log(end) * spec["width"] + words <= spec["width"]


def test_the_outside_check_is_quoted_with_its_source(found):
    check = figures(whatif.build(found()))[-1]
    rows = {plain(row.cells[0]): [plain(cell) for cell in row.cells[1:5]] for row in table_of(check).rows}
    assert rows == {"Gallium": ["+150%", "99%", "95%", "5.0"], "Germanium": ["+26%", "93%", "66%", "11.7"]}
    assert "USGS Open-File Report 2024-1057" in plain(check.source)
    assert any(ref.startswith("S") for span in check.source for ref in span.refs)


def test_money_adds_up_to_the_part(found):
    run = found(**HOLDINGS)
    money = figures(whatif.build(run))[1]
    rows = [[plain(cell) for cell in row.cells] for row in table_of(money).rows]
    assert [row[:2] for row in rows] == [
        ["gain of what is held", "20%"],
        ["gain of what is held", "50%"],
        ["cost of what is still to come", "20%"],
        ["cost of what is still to come", "50%"],
        ["loss of what is held if as much supply comes back", "20%"],
        ["loss of what is held if as much supply comes back", "50%"],
    ]
    held, coming = (run.parts.to_json()["whatif"]["money"][name] for name in ("held", "coming"))
    assert rows[1][2:] == [euros(held[1][side]) for side in ("low", "central", "high")]
    most = run.parts.to_json()["whatif"]["largest_observed"]
    assert coming[1]["multiples"]["high"] > most > coming[1]["multiples"]["central"]
    assert [cell.endswith("‡") for row in rows[:4] for cell in row[2:]] == [False] * 11 + [
        True
    ]  # beyond what was ever observed
    assert "For two of two metals China makes more than 50%" in plain(money.source)


def test_nothing_that_moves_is_missing(found):
    assert isinstance(whatif.build(found(assets=("gallium", "gold"))), tuple)
    run = found(assets=("gallium",))
    still = run.part(WhatIf).metals[0].model_copy(update={"state": "not_made", "stop": None, "bands": (), "share": 0.0})
    part = run.part(WhatIf).model_copy(update={"metals": (still,)})
    run = dataclasses.replace(run, parts=run.parts.model_copy(update={"whatif": part}))
    assert isinstance(whatif.build(run), Missing)


def test_of_a_proposal_the_metals_that_it_holds_are_told_and_no_other(records, subjects):
    held = {row["asset"] for row in records["normal"]["positions"] if row["weight"]}
    told = {row["asset"] for row in subjects["normal"].parts["whatif"]["metals"]}
    assert told == held < {row["asset"] for row in records["normal"]["positions"]}
