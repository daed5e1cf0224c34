"""`--holdings last`: a strategy trades from what its last stored run proposed."""

import json
from pathlib import Path

import pytest

ARGUMENTS = ("--no-report", "--quiet", "--json")


def test_the_last_run_is_what_is_held(toolkit):
    first = json.loads(toolkit("optimize", "minimum-risk", "--as-of", "2026-10-24", *ARGUMENTS).stdout)
    again = toolkit("optimize", "minimum-risk", "--as-of", "2026-11-24", "--holdings", "last", *ARGUMENTS)
    assert again.returncode == 0, again.stderr
    record = json.loads(again.stdout)
    held = {row["asset"]: row["quantity"] for row in first["positions"]}
    for row in record["positions"]:
        assert row["previous_weight"] * record["budget"] == pytest.approx(held[row["asset"]] * row["price"], abs=0.01)
    assert any(first["run_id"] in warning for warning in record["notes"])

    named = toolkit("optimize", "minimum-risk", "--as-of", "2026-11-24", "--holdings", first["run_id"], *ARGUMENTS)
    assert json.loads(named.stdout)["positions"] == record["positions"]


def test_a_later_run_is_not_looked_at_and_none_is_told(toolkit):
    assert toolkit("optimize", "minimum-risk", "--as-of", "2026-11-24", *ARGUMENTS).returncode == 0
    early = toolkit("optimize", "minimum-risk", "--as-of", "2026-05-31", "--holdings", "last", *ARGUMENTS)
    assert early.returncode == 2
    assert "no run of 'minimum-risk' up to 2026-05-31" in json.loads(early.stdout)["error"]["message"]


def test_turnover_from_the_last_run(toolkit, tmp_path):
    shipped = json.loads(toolkit("strategies", "show", "minimum-risk", "--json").stdout)["path"]
    text = Path(shipped).read_text(encoding="utf-8")
    file = tmp_path / "turning.toml"
    file.write_text(text)
    assert toolkit("optimize", str(file), "--as-of", "2026-10-24", *ARGUMENTS).returncode == 0
    file.write_text(text + '\n[[constraint]]\nname = "little trading"\nkind = "turnover"\nupper = 0.06\n')
    result = toolkit("optimize", str(file), "--as-of", "2026-11-24", "--holdings", "last", *ARGUMENTS)
    assert result.returncode == 0, result.stderr
    record = json.loads(result.stdout)
    weights = [*record["positions"], record["cash"]]
    moved = sum(abs(row["weight"] - row["previous_weight"]) for row in weights) / 2
    limit = next(row for row in record["constraints"] if row["name"] == "little trading")
    assert moved == pytest.approx(limit["value"], abs=2e-3)
    assert limit["value"] <= 0.06 + 1e-6
