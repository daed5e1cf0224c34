"""`toolkit optimize --explain`: printed beside the run, never part of it."""

import json

import pytest

ARGUMENTS = ("optimize", "--no-report", "--as-of", "2026-10-02", "--quiet")


def test_the_object_gains_one_key_and_the_stored_run_none(toolkit, tmp_path):
    plain, told = tmp_path / "plain", tmp_path / "told"
    without = toolkit(*ARGUMENTS, "--json", cwd=plain)
    asked = toolkit(*ARGUMENTS, "--json", "--explain", cwd=told)
    assert (without.returncode, asked.returncode) == (0, 0), asked.stderr
    record = json.loads(asked.stdout)
    assert set(record.pop("explanation")) == {"holdings", "limits", "risk_aversion", "bets", "rounding"}
    assert record == json.loads(without.stdout)
    stored = [next(folder.glob("out/runs/*/run.json")) for folder in (plain, told)]
    assert stored[0].parent.name == stored[1].parent.name
    assert stored[0].read_bytes() == stored[1].read_bytes()


@pytest.mark.parametrize("encoding", ["cp1252", "cp949", "ascii"])
def test_people_read_why_on_any_terminal(toolkit, encoding):
    result = toolkit(*ARGUMENTS, "--explain", PYTHONIOENCODING=encoding, COLUMNS="200")
    assert result.returncode == 0, result.stderr
    why = result.stdout[result.stdout.index("Why this allocation") :]
    assert "\x1b" not in why
    assert "?" not in why
    assert "nan" not in why.lower()
    words = " ".join(why.split())
    assert "known on 2026-10-02" in " ".join(result.stdout.split())
    assert "taken from cash, would change volatility by +" in words
    assert "What a point more room is worth" in words
    assert "EUR a year, as much as" in words
    assert "if metals were divisible" in words


def test_without_the_option_nothing_is_explained(toolkit):
    result = toolkit(*ARGUMENTS)
    assert "Why this allocation" not in result.stdout
