"""`toolkit frontier` as a user runs it."""

import csv
import io
import json

import pytest

DAY = ("--as-of", "2026-11-24")
RETURNS = ("--set", 'forecast.returns={kind="historical"}')


@pytest.fixture
def frontier(toolkit):
    def run(*arguments: str, **more):
        return toolkit("frontier", *arguments, **more)

    return run


def test_the_object_has_its_keys_and_its_points_hold_the_limits(frontier):
    result = frontier("minimum-risk", *RETURNS, *DAY, "--json")
    assert result.returncode == 0, result.stderr
    record = json.loads(result.stdout)
    assert {"schema_version", "as_of", "strategy", "currency", "points", "critical", "notes", "data"} <= set(record)
    assert record["against"] == "return"
    points, critical = record["points"], record["critical"]
    assert [point["point"] for point in points] == list(range(1, 51))
    volatility, expected = [p["volatility"] for p in points], [p["expected"] for p in points]
    assert volatility == sorted(volatility)
    assert expected == sorted(expected)
    for point in [*points, *critical]:
        weights = [*point["weights"].values(), point["cash"]]
        assert sum(weights) == pytest.approx(1, abs=1e-9)
        assert min(weights) >= 0
        assert max(weights) <= 0.5 + 1e-6
    assert critical[0]["changes"] == ["least risk"]
    assert critical[-1]["changes"] == ["largest return"]
    assert record["unresolved"] == []
    assert record["solver"]["worst_residual"] < 1e-6


def test_two_runs_give_the_same_bytes(frontier):
    first, second = (frontier("physical-basket", *DAY, "--json").stdout for _ in range(2))
    assert first == second
    assert json.loads(first)["against"] == "cost"
    assert json.loads(first)["points"][0]["expected"] is None


def test_csv_on_stdout_and_in_a_file_are_the_same_table(frontier, tmp_path):
    printed = frontier("minimum-risk", *RETURNS, *DAY, "--points", "8", "--csv", "-")
    target = tmp_path / "points.csv"
    written = frontier("minimum-risk", *RETURNS, *DAY, "--points", "8", "--csv", str(target))
    assert printed.returncode == written.returncode == 0
    assert target.read_text(encoding="utf-8") == printed.stdout
    rows = list(csv.DictReader(io.StringIO(printed.stdout)))
    assert [row["point"] for row in rows if row["point"]] == [str(i) for i in range(1, 9)]
    assert all(row["critical"] for row in rows if not row["point"])
    targets = [float(row["target"]) for row in rows]
    assert targets == sorted(targets)
    assert {"risk_aversion", "volatility", "expected", "cost", "gold", "cash"} <= set(rows[0])


def test_the_table_marks_turning_points(frontier):
    result = frontier("control-pressure-views", *DAY)
    assert result.returncode == 0, result.stderr
    assert "turning points" in result.stdout
    assert any(line.split()[:1] == ["*"] and "binds" in line for line in result.stdout.splitlines())


def test_what_is_missing_is_told(frontier):
    nothing = frontier("minimum-risk", *DAY)
    assert nothing.returncode == 2
    assert "forecasts no returns and has no costs" in nothing.stderr
    assert frontier("minimum-risk", *DAY, "--points", "1").returncode == 2
    assert frontier("minimum-risk", *DAY, "--json", "--csv", "-").returncode == 2
    lost = frontier("minimum-risk", *RETURNS, *DAY, "--csv", "no/such/folder/points.csv")
    assert lost.returncode == 2
    assert "cannot write" in lost.stderr


def test_contradicting_limits_are_infeasible_as_everywhere(frontier):
    result = frontier("minimum-risk", *RETURNS, *DAY, "--set", "constraint.any metal.upper=0.02", "--json")
    assert result.returncode == 5
    assert json.loads(result.stdout)["error"]["details"]["conflict"] == ["any metal", "cash"]
