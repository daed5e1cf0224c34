"""`toolkit frontier` as a user runs it."""

import csv
import io
import json
from xml.etree import ElementTree as ET

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


def test_without_expected_returns_it_is_against_costs(frontier):
    record = json.loads(frontier("physical-basket", *DAY, "--json", "--points", "5").stdout)
    assert record["against"] == "cost"
    assert record["points"][0]["expected"] is None


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
    assert any(line.split()[:1] == ["*"] and "is reached" in line for line in result.stdout.splitlines())


def test_what_is_missing_is_told(frontier, tmp_path):
    nothing = frontier("minimum-risk", *DAY)
    assert nothing.returncode == 2
    assert "forecasts no returns and has no costs" in nothing.stderr
    assert frontier("minimum-risk", *DAY, "--points", "1").returncode == 2
    assert frontier("minimum-risk", *DAY, "--json", "--csv", "-").returncode == 2
    (tmp_path / "file").touch()
    lost = frontier("minimum-risk", *RETURNS, *DAY, "--csv", str(tmp_path / "file/points.csv"))
    assert lost.returncode == 2
    assert "cannot write" in lost.stderr


def test_contradicting_limits_are_infeasible_as_everywhere(frontier):
    result = frontier("minimum-risk", *RETURNS, *DAY, "--set", "constraint.any metal.upper=0.02", "--json")
    assert result.returncode == 5
    assert json.loads(result.stdout)["error"]["details"]["conflict"] == ["any metal", "cash"]


def test_the_chart_draws_every_point_and_turning_point_and_repeats(frontier, tmp_path):
    files = [tmp_path / name for name in ("one.svg", "two.svg")]
    runs = [frontier("control-pressure-views", *DAY, "--points", "9", "--chart", str(file), "--json") for file in files]
    assert all(run.returncode == 0 for run in runs), runs[0].stderr
    assert files[0].read_bytes() == files[1].read_bytes()
    record = json.loads(runs[0].stdout)
    root = ET.fromstring(files[0].read_text(encoding="utf-8"))
    paths = [element for element in root.iter() if element.tag.endswith("}path")]
    filled = [path for path in paths if path.get("class") == "fill-data stroke-data"]
    hollow = [path for path in paths if path.get("class") == "fill-paper stroke-dot"]
    assert (len(filled), len(hollow)) == (9, len(record["critical"]))
    title = next(element.text for element in root.iter() if element.tag.endswith("}title"))
    assert f"{len(record['critical'])} turning points" in title
    assert f"{100 * record['points'][0]['volatility']:.1f}% volatility" in title


def test_a_chart_that_cannot_be_written_is_told(frontier, tmp_path):
    (tmp_path / "file").touch()
    result = frontier("minimum-risk", *RETURNS, *DAY, "--chart", str(tmp_path / "file/f.svg"))
    assert result.returncode == 2
    assert "cannot write" in result.stderr
