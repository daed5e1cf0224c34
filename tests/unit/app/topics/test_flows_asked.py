"""The answer of `flows`: which rows, which names, point in time, reported points apart from series."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from toolkit.app.config import resolve
from toolkit.app.context import Context
from toolkit.app.topics.flows import flows
from toolkit.core.errors import DataError, GapError

AS_OF = date(2026, 11, 24)
HEADER = "date,partner,hs_code,quantity_kg\n"


@pytest.fixture
def settings(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return resolve({})


def customs(folder: Path, quantities: dict[str, float], code: str = "250410") -> str:
    file = folder / "mine.csv"
    file.write_text(HEADER + "".join(f"{month},JPN,{code},{q}\n" for month, q in quantities.items()), encoding="utf-8")
    return str(file)


def months(first: int, last: int, quantity: float) -> dict[str, float]:
    return {f"{year}-{month:02d}": quantity for year in range(first, last + 1) for month in range(1, 13)}


@pytest.mark.parametrize("name", ["bismuth", "Bismuth", "Bi", "Wismut"])
def test_a_metal_by_key_or_symbol(settings, name):
    answer = flows(Context(settings, AS_OF), name)
    (code,) = answer.flows
    assert (answer.asked, code.asset, code.partners[0].partner, code.flow.partner) == ("bismuth", "bismuth", "WLD", "CHN")
    assert code.flow.collapses[-1].running


def test_an_alert_appears_only_when_its_proof_is_published(settings):
    def running(day: date) -> list[str]:
        (code,) = flows(Context(settings, day), "antimony").flows
        return [one.partner for one in code.partners if one.collapses and one.collapses[-1].running]

    # July 2025 completes the run and is published on 10 September 2025.
    assert "CHN" not in running(date(2025, 9, 9))
    assert "CHN" in running(date(2025, 9, 10))


def test_a_reported_point_is_no_part_of_a_series(settings):
    answer = flows(Context(settings, AS_OF), "gallium")
    (point,) = (p for p in answer.reported if p.event_id == "EV081")
    assert "gallium 3 kg (all Malaysia)" in point.what
    assert "trade-press" in point.citation
    assert "not confirmed" in point.confidence
    data = json.loads(json.dumps(answer.to_json(), allow_nan=False))
    (code,) = data["flows"]
    april = [one["quantities"][code["months"].index("2026-04")] for one in code["partners"]]
    assert april == [5491.0, 260.0]  # US imports, which are another thing
    assert {one["partner"] for one in code["partners"]} == {"WLD", "CHN"}
    assert not flows(Context(settings, date(2026, 5, 19)), "gallium").reported[1:]  # not yet reported


def test_all_flows_give_one_total_each(settings):
    answer = flows(Context(settings, AS_OF))
    assert len(answer.flows) == len({code.hs_code for code in answer.flows}) == 11
    assert all(code.partners[0].partner == "WLD" for code in answer.flows)
    assert "us_census" in {row.source_id for row in answer.data}


def test_unknown_names_and_known_ones_without_a_flow(settings):
    with pytest.raises(DataError) as unknown:
        flows(Context(settings, AS_OF), "galium")
    assert "'gallium'" in unknown.value.hint
    with pytest.raises(GapError) as gap:
        flows(Context(settings, AS_OF), "hafnium")
    assert "gallium" in gap.value.hint
    with pytest.raises(GapError):
        flows(Context(settings, date(2023, 1, 1)), "gallium")


def test_a_file_of_ones_own_by_code(settings, tmp_path):
    path = customs(tmp_path, {**months(2021, 2023, 100.0), "2024-01": 1.0, "2024-02": 1.0, "2024-03": 0.0}, "38011000")
    answer = flows(Context(settings, AS_OF), "3801.10", path)
    (code,) = answer.flows
    assert (answer.file, code.hs_code, code.name, code.mixed) == ("mine.csv", "38011000", "HS 38011000", None)
    assert [one.partner for one in code.partners if one.collapses] == ["all listed", "JPN"]


def test_months_after_the_date_are_left_out_of_a_file(settings, tmp_path):
    path = customs(tmp_path, months(2021, 2023, 100.0), "380110")
    answer = flows(Context(settings, date(2022, 6, 15)), None, path)
    assert answer.flows[0].flow.month == "2022-05"
    assert any("left out" in note for note in answer.notes)


def test_a_mixed_code_is_found_under_each_of_its_metals_and_says_so(settings, tmp_path):
    path = customs(tmp_path, months(2021, 2024, 100.0), "811292")
    for metal in ("gallium", "indium"):
        (code,) = flows(Context(settings, AS_OF), metal, path).flows
        assert code.mixed is not None
        assert "cannot show that trade in one of them stops" in str(code.mixed)
        assert code.asset == ""
    with pytest.raises(GapError):
        flows(Context(settings, AS_OF), "tungsten", path)
    licence = next(c for c in flows(Context(settings, AS_OF), "gallium", path).flows[0].controls if c.event_id == "EV020")
    assert (licence.effective, licence.around.collapse) == ("2023-08-01", None)
