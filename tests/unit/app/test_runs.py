import pytest

from tests.records import partial
from toolkit.app.runs import put, run_files, run_id, store, with_checksums
from toolkit.core.errors import SpecError
from toolkit.records.run import Run

RECORD = {
    "run_id": "2026-01-01-x-1",
    "positions": [
        {"asset": "=cmd()", "weight": 0.5, "previous_weight": 0.0, "value": 1.0, "quantity": 2.0, "unit": "kg", "lots": None,
         "lot_size": None, "price": 0.5}
    ],
    "orders": [
        {"side": "buy", "asset": "=cmd()", "quantity": 2.0, "unit": "kg", "lots": None, "price": 0.5, "value": 1.0, "cost": 0.0,
         "owed": 0.0, "cash": -1.0, "lot_ids": ["@lot", "b"], "note": "+1", "price_from": None, "price_source": None, "price_date": None}
    ],
    "cash": {"weight": 0.5, "value": 1.0},
}  # fmt: skip


def test_a_run_is_written_in_one_step_and_an_equal_run_changes_nothing(tmp_path):
    files = with_checksums(run_files(partial(Run, RECORD)), {"a": 1})
    first = store(tmp_path / "runs", RECORD["run_id"], {**files, "report.html": b"<html>"})
    again = store(tmp_path / "runs", RECORD["run_id"], files)
    assert first == again == tmp_path / "runs" / "2026-01-01-x-1"
    assert sorted(p.name for p in again.iterdir()) == ["inputs.json", "orders.csv", "report.html", "run.json", "weights.csv"]
    assert [p.name for p in (tmp_path / "runs").iterdir()] == ["2026-01-01-x-1"]


def test_a_file_that_cannot_be_written_leaves_nothing_behind(tmp_path):
    with pytest.raises(SpecError, match="directory"):
        store(tmp_path / "runs", "x", {"no/such/folder": b""})
    assert list((tmp_path / "runs").iterdir()) == []


def test_one_file_is_replaced_in_one_step(tmp_path):
    path = put(tmp_path / "a" / "report.html", b"old")
    assert put(path, b"new").read_bytes() == b"new"
    assert [p.name for p in path.parent.iterdir()] == ["report.html"]


def test_a_folder_that_cannot_be_written_says_which_option_helps(tmp_path):
    (tmp_path / "file").write_text("")
    for write in (lambda: store(tmp_path / "file", "x", {}), lambda: put(tmp_path / "file" / "x", b"")):
        with pytest.raises(SpecError) as refused:
            write()
        assert "--out" in refused.value.hint


def test_a_spreadsheet_does_not_run_a_name(tmp_path):
    text = run_files(partial(Run, RECORD))["weights.csv"].decode()
    assert "'=cmd()" in text
    told = run_files(partial(Run, RECORD))["orders.csv"].decode().splitlines()[1]
    assert told == "buy,'=cmd(),2.0,kg,,0.5,1.0,0.0,0.0,-1.0,'@lot b,'+1,,,"


def test_the_id_is_of_the_inputs():
    assert run_id("d", "s", {"a": 1, "b": 2}) == run_id("d", "s", {"b": 2, "a": 1}) != run_id("d", "s", {"a": 1, "b": 3})
