import json
import math

import pytest

from toolkit.app.record import rounded
from toolkit.app.runs import run_id, store
from toolkit.core.errors import SpecError

RECORD = {
    "run_id": "2026-01-01-x-1",
    "positions": [
        {"asset": "=cmd()", "weight": 0.5, "previous_weight": 0.0, "value": 1.0, "quantity": 2.0, "unit": "kg", "lots": None,
         "lot_size": None, "price": 0.5}
    ],
    "cash": {"weight": 0.5, "value": 1.0},
}  # fmt: skip


def test_a_run_is_written_in_one_step_and_an_equal_run_replaces_it(tmp_path):
    first = store(tmp_path, RECORD, {"a": 1}, lambda: "<html>")
    again = store(tmp_path, RECORD, {"a": 1}, None)
    assert first == again == tmp_path / "runs" / "2026-01-01-x-1"
    assert sorted(p.name for p in again.iterdir()) == ["inputs.json", "run.json", "weights.csv"]
    assert [p.name for p in (tmp_path / "runs").iterdir()] == ["2026-01-01-x-1"]


def test_a_failed_report_leaves_nothing_behind(tmp_path):
    def broken() -> str:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        store(tmp_path, RECORD, {}, broken)
    assert list((tmp_path / "runs").iterdir()) == []


def test_a_folder_that_cannot_be_written_says_which_option_helps(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SpecError) as refused:
        store(tmp_path / "file", RECORD, {}, None)
    assert "--out" in refused.value.hint


def test_a_spreadsheet_does_not_run_a_name(tmp_path):
    text = (store(tmp_path, RECORD, {}, None) / "weights.csv").read_text()
    assert "'=cmd()" in text


def test_the_id_is_of_the_inputs():
    assert run_id("d", "s", {"a": 1, "b": 2}) == run_id("d", "s", {"b": 2, "a": 1}) != run_id("d", "s", {"a": 1, "b": 3})


def test_what_leaves_is_finite_json():
    data = rounded({"x": math.nan, "y": (1 / 3, -0.0, math.inf), "z": True})
    assert json.dumps(data, allow_nan=False) == '{"x": null, "y": [0.333333333333, 0.0, null], "z": true}'
